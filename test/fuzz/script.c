/*
 * The $words; see script.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "script.h"

#include "crypt/age.h"
#include "crypt/hash.h"
#include "crypt/sign.h"
#include "crypt/sshsig.h"
#include "format/time.h"

#define TEXT_MAX ((size_t)16 << 20)
#define DEPTH_MAX 40

void script_secret(unsigned who, unsigned char out[32])
{
	memset(out, 0, 32);
	out[0] = (unsigned char)(who + 1);
}

void script_key_line(struct ctx *c, unsigned who, struct span *out)
{
	unsigned char secret[32], public[32];
	struct ssh_key key;

	script_secret(who, secret);
	CHECK(ed25519_public_of(c, span_of(secret, 32), public) == ERR_OK);
	CHECK(ssh_key_of_ed25519(c, span_of(public, 32), &key) == ERR_OK);
	CHECK(ssh_key_line(c, &key, out) == ERR_OK);
}

void script_set(struct script *s, const char *name, struct span value)
{
	struct span copy, key = span_str(name);
	size_t i = 0;

	CHECK(span_copy(s->c, value, &copy) == ERR_OK);
	while (i < s->vars && !span_eq(s->var[i].name, key))
		i++;
	if (i == SCRIPT_VARS)
		return;
	if (i == s->vars) {
		CHECK(span_copy(s->c, key, &s->var[i].name) == ERR_OK);
		s->vars++;
	}
	s->var[i].value = copy;
}

struct span script_get(const struct script *s, struct span name)
{
	for (size_t i = 0; i < s->vars; i++)
		if (span_eq(s->var[i].name, name))
			return s->var[i].value;
	return SPAN_NONE;
}

void script_learn(struct script *s, const struct json *answer)
{
	JSON_EACH(at, answer) {
		char *name;

		if (at->type == JSON_TEXT && span_cstr(s->c, at->key, &name) == ERR_OK)
			script_set(s, name, at->s);
	}
	err_clear(s->c);
}

static struct json *text_of_time(struct script *s, int64_t utc)
{
	struct span text;

	CHECK(time_span(s->c, utc, &text) == ERR_OK);
	return json_text(s->c, text);
}

/* A member of a document that an answer held, of whatever type. */
static struct json *member(struct script *s, const char *document, struct span name)
{
	struct json *j, *copy;
	char *key;

	if (json_parse(s->c, script_get(s, span_str(document)), &j) == ERR_OK &&
	    span_cstr(s->c, name, &key) == ERR_OK && json_get(j, key) &&
	    json_clone(s->c, json_get(j, key), &copy) == ERR_OK)
		return copy;
	err_clear(s->c);
	return NULL;
}

static struct json *hash_of(struct script *s, struct span name)
{
	struct span hex;

	CHECK(sha256_hex(s->c, script_get(s, name), &hex) == ERR_OK);
	return json_text(s->c, hex);
}

/* The fuzzer's own recipient: an agency's key. */
static struct json *agency(struct script *s)
{
	struct age_identity id = { { 5 } };
	struct age_recipient to;
	struct span text;

	CHECK(age_recipient_of(s->c, &id, &to) == ERR_OK);
	CHECK(age_recipient_text(s->c, &to, &text) == ERR_OK);
	return json_text(s->c, text);
}

static struct json *header(struct script *s)
{
	static const unsigned char file_key[AGE_FILE_KEY_BYTES] = { 3 };
	struct json *to = member(s, "ticket", SPAN("recipient"));
	struct age_recipient recipient;
	struct span text, base64;

	if (!to || to->type != JSON_TEXT ||
	    age_recipient_parse(s->c, to->s, &recipient) != ERR_OK) {
		err_clear(s->c);
		return NULL;
	}
	CHECK(age_header_make(s->c, span_of(file_key, sizeof file_key), &recipient, 1, &text) ==
	      ERR_OK);
	CHECK(b64_encode(s->c, text, &base64) == ERR_OK);
	return json_text(s->c, base64);
}

/* What a request is about, and the namespace in which that is signed. */
static struct span signed_text(struct script *s, const struct json *ask, struct span *kind_out)
{
	struct span text = json_opt_text(ask, "scope", json_opt_text(ask, "document", SPAN_NONE));
	struct json *j;

	*kind_out = SPAN("approval");
	if (json_get(ask, "statement_sha256"))
		return script_get(s, SPAN("statement"));
	if (json_get(ask, "ticket_seal")) {
		*kind_out = SPAN("seal");
		return json_opt_text(ask, "ticket", SPAN_NONE);
	}
	if (json_parse(s->c, text, &j) == ERR_OK)
		*kind_out = json_opt_text(j, "kind", *kind_out);
	err_clear(s->c);
	return text;
}

static struct json *signature(struct script *s, const struct json *ask, struct span words)
{
	struct span number, kind, other = SPAN_NONE, out, text = signed_text(s, ask, &kind);
	unsigned char secret[32];
	char *name_space;
	int64_t who;

	if (!span_split(words, '.', &number, &other))
		number = words;
	if (!span_to_i64(number, &who) || who < 0 ||
	    (who >= (int64_t)SCRIPT_PEOPLE && who != SCRIPT_SEAL))
		return NULL;
	script_secret((unsigned)who, secret);
	if (path_fmt(s->c, &name_space, "writ-%.*s@v1", SPAN_ARG(other.n ? other : kind)) !=
		    ERR_OK ||
	    sshsig_sign_ed25519(s->c, span_of(secret, 32), name_space, text, &out) != ERR_OK) {
		err_clear(s->c);
		return NULL;
	}
	if (!other.n && who < (int64_t)SCRIPT_PEOPLE)
		s->signed_by |= 1u << who;
	s->seal_signed |= who == SCRIPT_SEAL;
	return json_text(s->c, out);
}

static struct json *word(struct script *s, const struct json *ask, struct span w)
{
	struct span line;
	int64_t n;

	if (span_is(w, "now"))
		return text_of_time(s, world_clock_ms / 1000);
	if (span_is(w, "soon"))
		return text_of_time(s, world_clock_ms / 1000 + 3600);
	if (span_is(w, "agency"))
		return agency(s);
	if (span_is(w, "header"))
		return header(s);
	if (span_starts(w, "sign."))
		return signature(s, ask, span_cut(w, 5, w.n));
	if (span_starts(w, "t."))
		return member(s, "ticket", span_cut(w, 2, w.n));
	if (span_starts(w, "r."))
		return member(s, "receipt", span_cut(w, 2, w.n));
	if (span_starts(w, "sha."))
		return hash_of(s, span_cut(w, 4, w.n));
	if (span_starts(w, "key") && span_to_i64(span_cut(w, 3, w.n), &n) && n >= 0 && n < 100) {
		script_key_line(s->c, (unsigned)n, &line);
		return json_text(s->c, line);
	}
	return json_text(s->c, script_get(s, w));
}

static struct json *expand(struct script *s, const struct json *ask, const struct json *j,
			   unsigned depth)
{
	struct json *out, *value;
	char *key;

	if (depth > DEPTH_MAX)
		return NULL;
	if (j->type == JSON_TEXT && j->s.n > 1 && j->s.p[0] == '$')
		return word(s, ask, span_cut(j->s, 1, j->s.n));
	if (j->type != JSON_LIST && j->type != JSON_OBJECT)
		return json_clone(s->c, j, &out) == ERR_OK ? out : NULL;
	out = j->type == JSON_LIST ? json_list(s->c) : json_object(s->c);
	JSON_EACH(at, j) {
		value = expand(s, ask, at, depth + 1);
		if (j->type == JSON_LIST && value)
			json_add(s->c, out, value);
		else if (j->type == JSON_OBJECT && span_cstr(s->c, at->key, &key) == ERR_OK)
			json_set(s->c, out, key, value);
	}
	return out;
}

/* Objects that travel as texts, in the order in which one may name another. */
static void to_text(struct script *s, struct json *ask, const char *key)
{
	const struct json *at = json_get(ask, key);
	struct json *expanded;
	struct span text;

	if (!at || at->type != JSON_OBJECT)
		return;
	expanded = expand(s, ask, at, 1);
	if (!expanded || json_write(s->c, expanded, TEXT_MAX, &text) != ERR_OK) {
		err_clear(s->c);
		return;
	}
	json_set_text(s->c, ask, key, text);
	script_set(s, key, text);
}

struct json *script_expand(struct script *s, const struct json *ask)
{
	static const char *const documents[] = { "scope", "document", "return", "ticket" };
	struct json *copy;

	s->signed_by = 0;
	if (json_clone(s->c, ask, &copy) != ERR_OK)
		return NULL;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		to_text(s, copy, documents[i]);
	return expand(s, copy, copy, 0);
}
