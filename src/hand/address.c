/*
 * Reading addresses.yaml; see address.h. Unknown keys and wrong types are errors with file and
 * line; nothing is guessed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/address.h"

#include "base/file.h"
#include "format/yaml.h"

#define FILE_NAME "addresses.yaml"
#define VERSION_KEY "addresses_version"
#define URL_MAX_BYTES 512u
#define CERTIFICATES_MAX 32u
#define TIMEOUT_USUAL_S 20
#define TIMEOUT_MOST_S 120

static enum err bad(struct ctx *c, const struct json *node, const char *what)
{
	FAIL(c, ERR_FORMAT, FILE_NAME ":%u: %s", node->line, what);
}

static enum err text_of(struct ctx *c, const struct json *v, struct span *out)
{
	if (v->type != JSON_TEXT || v->s.n == 0 || v->s.n > URL_MAX_BYTES)
		return bad(c, v, "one text of 1 to 512 bytes belongs here");
	for (size_t i = 0; i < v->s.n; i++)
		if (v->s.p[i] <= ' ' || v->s.p[i] >= 0x7f)
			return bad(c, v, "printable ASCII without blanks belongs here");
	*out = v->s;
	return ERR_OK;
}

static enum err certificates_of(struct ctx *c, const struct json *v, struct address *a)
{
	if (v->type != JSON_LIST || json_count(v) == 0 || json_count(v) > CERTIFICATES_MAX)
		return bad(c, v, "certificates must be a list of 1 to 32 fingerprints");
	TRY(NEW_ARRAY(c, a->certificates, json_count(v)));
	JSON_EACH(one, v)
		if (one->type != JSON_TEXT ||
		    !hex_decode(one->s, a->certificates[a->certificate_count++].b, SHA256_BYTES))
			return bad(c, one,
				   "a certificate is named by its SHA-256, 64 lower-case hex "
				   "digits");
	return ERR_OK;
}

static enum err key_read(struct ctx *c, const struct json *v, struct span *name, struct address *a)
{
	if (span_is(v->key, "name"))
		return text_of(c, v, name);
	if (span_is(v->key, "url"))
		return text_of(c, v, &a->url);
	if (span_is(v->key, "certificates"))
		return certificates_of(c, v, a);
	if (span_is(v->key, "ca")) {
		TRY(text_of(c, v, &a->ca));
		return span_starts(a->ca, "/") ? ERR_OK : bad(c, v, "ca is a path from the root");
	}
	if (!span_is(v->key, "timeout_seconds"))
		return bad(c, v,
			   "an address has name, url, ca, timeout_seconds and certificates, no "
			   "other key");
	if (v->type != JSON_TEXT || !span_to_i64(v->s, &a->timeout_s) || a->timeout_s < 1 ||
	    a->timeout_s > TIMEOUT_MOST_S)
		return bad(c, v, "timeout_seconds is a number from 1 to 120");
	return ERR_OK;
}

static enum err row_read(struct ctx *c, const struct json *row, struct span *name,
			 struct address *a)
{
	bool https;

	*a = (struct address){ .timeout_s = TIMEOUT_USUAL_S };
	*name = SPAN_NONE;
	if (row->type != JSON_OBJECT)
		return bad(c, row, "an address is a list of keys");
	JSON_EACH(v, row)
		TRY(key_read(c, v, name, a));
	if (!span_is(*name, ADDRESS_TIMESTAMP))
		return bad(c, row, "the name of an address is " ADDRESS_TIMESTAMP);
	https = span_starts(a->url, "https://");
	if (!https && !span_starts(a->url, "http://"))
		return bad(c, row, "an address has a url that begins with http:// or https://");
	if (https && a->ca.n == 0)
		return bad(c, row, "https needs ca, the file of the authorities that it trusts");
	if (!https && a->ca.n != 0)
		return bad(c, row, "http has no authorities: take ca away, or use https");
	if (a->certificate_count == 0)
		return bad(c, row,
			   "certificates are missing: without them anybody on the way could stamp");
	return ERR_OK;
}

static enum err head_read(struct ctx *c, const struct json *yaml, const struct json **list_out)
{
	const struct json *version = json_get(yaml, VERSION_KEY);

	*list_out = NULL;
	if (yaml->type != JSON_OBJECT || !version || version->type != JSON_TEXT ||
	    !span_is(version->s, "1"))
		return bad(c, version ? version : yaml, VERSION_KEY ": 1 is missing");
	JSON_EACH(v, yaml) {
		if (span_is(v->key, "addresses"))
			*list_out = v;
		else if (!span_is(v->key, VERSION_KEY))
			return bad(c, v, "there is no such key here");
	}
	if (*list_out && (*list_out)->type != JSON_LIST)
		return bad(c, *list_out, "addresses must be a list");
	return ERR_OK;
}

/* *found_out false: the file is there, and names none. */
static enum err read_file(struct ctx *c, const struct home *home, struct address *out,
			  bool *found_out)
{
	const struct json *list;
	struct json *yaml;
	struct span text, name;

	*found_out = false;
	TRY(job_own_file(c, home, home->addresses, YAML_BYTES_MAX, &text));
	TRY(yaml_parse(c, FILE_NAME, text, &yaml));
	TRY(head_read(c, yaml, &list));
	JSON_EACH(row, list) {
		TRY(row_read(c, row, &name, out));
		if (*found_out)
			return bad(c, row, "the address " ADDRESS_TIMESTAMP " stands twice");
		*found_out = true;
	}
	return ERR_OK;
}

enum err address_find(struct ctx *c, const struct home *home, struct span name,
		      struct address *out)
{
	bool found = false;

	if (!span_is(name, ADDRESS_TIMESTAMP))
		FAIL(c, ERR_NOT_FOUND, "a hand knows no address '%.*s'",
		     (int)(name.n > 40 ? 40 : name.n), (const char *)name.p);
	if (file_exists(home->addresses))
		TRY(read_file(c, home, out, &found));
	if (found)
		return ERR_OK;
	err_next(c, "name it in %s (man writ-addresses)", home->addresses);
	FAIL(c, ERR_NOT_FOUND, "no timestamp authority is configured");
}

enum err addresses_describe(struct ctx *c, const struct home *home, struct json **list_out)
{
	struct json *row = json_object(c), *hashes = json_list(c);
	bool found = false;
	struct address a = { .certificate_count = 0 };
	struct span hex, problem = SPAN_NONE;

	*list_out = json_list(c);
	if (!file_exists(home->addresses))
		return ERR_OK;
	if (read_file(c, home, &a, &found) != ERR_OK) {
		TRY(span_copy(c, span_str(c->why), &problem));
		err_clear(c);
		a.certificate_count = 0;
	}
	if (!found && !problem.n)
		return ERR_OK;
	for (size_t i = 0; i < a.certificate_count; i++) {
		TRY(hex_encode(c, sha256_span(&a.certificates[i]), &hex));
		json_add(c, hashes, json_text(c, hex));
	}
	json_set_str(c, row, "name", ADDRESS_TIMESTAMP);
	json_set(c, row, "certificates", hashes);
	json_set(c, row, "problem", problem.n ? json_text(c, problem) : NULL);
	json_add(c, *list_out, row);
	return c->code;
}
