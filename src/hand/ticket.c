/*
 * The ticket and what its scope opens; see ticket.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/ticket.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "crypt/hash.h"
#include "format/time.h"
#include "format/yaml.h"

#define SEAL_PUB_MAX 4096u
#define ACCEPT_KEY "accept_no_landlock"
#define SCOPE_KEYS                                                                                 \
	"version kind order made_at good_until paper_sha256 agency decision reasons "              \
	"judgement_sha256 overrules lines"
#define TICKET_KEYS                                                                                \
	"version kind order made_at ticket for scope_sha256 recipient expires_at keep_until"

/* Version, kind and nothing unknown: a document that the seal might have made for another end is
 * refused by its kind. */
static enum err open_document(struct ctx *c, struct span text, const char *kind, const char *keys,
			      const struct json **out)
{
	struct json *j;
	struct span word;
	int64_t version;

	TRY(json_parse_canonical(c, text, &j));
	TRY(json_need_int(c, j, "version", &version));
	TRY(json_need_text(c, j, "kind", &word));
	if (version != 1 || !span_is(word, kind))
		FAIL(c, ERR_VERIFY, "a %s of version 1 is needed, this is '%.*s' of version %lld",
		     kind, (int)(word.n > 40 ? 40 : word.n), (const char *)word.p,
		     (long long)version);
	*out = j;
	return json_only(c, j, keys);
}

static enum err need_time(struct ctx *c, const struct json *o, const char *key, int64_t *out)
{
	struct span text;

	TRY(json_need_text(c, o, key, &text));
	if (!time_parse(text, out))
		FAIL(c, ERR_FORMAT, "'%s' is no time", key);
	return ERR_OK;
}

static enum err check_signature(struct ctx *c, const struct home *home, struct span document,
				struct span seal, struct ssh_key *key_out)
{
	struct span line;
	struct sshsig by;

	TRY(job_own_file(c, home, home->seal_pub, SEAL_PUB_MAX, &line));
	TRY(ssh_key_parse(c, span_trim(line), key_out));
	TRY(sshsig_verify(c, seal, "writ-seal@v1", document, &by));
	if (!ssh_key_eq(&by.key, key_out))
		FAIL(c, ERR_VERIFY, "the ticket is signed by another key than this home's seal");
	return ERR_OK;
}

static enum err check_use(struct ctx *c, const struct json *ticket, const char *use,
			  struct ticket *t)
{
	struct span word, recipient;

	TRY(json_need_text(c, ticket, "for", &word));
	if (!span_is(word, use))
		FAIL(c, ERR_VERIFY, "the ticket is for %.*s, not for %s",
		     (int)(word.n > 40 ? 40 : word.n), (const char *)word.p, use);
	TRY(need_time(c, ticket, "made_at", &t->made_at_utc));
	TRY(need_time(c, ticket, "expires_at", &t->expires_at_utc));
	if (c->seam->now_ms() >= t->expires_at_utc * 1000) {
		err_next(c, "ask the seal for a new ticket: 'writ collect' does");
		FAIL(c, ERR_VERIFY, "the ticket has expired");
	}
	if (strcmp(use, "collect") != 0)
		return ERR_OK;
	TRY(json_need_text(c, ticket, "recipient", &recipient));
	return age_recipient_parse(c, recipient, &t->recipient);
}

static enum err check_scope(struct ctx *c, struct span text, struct ticket *t)
{
	struct span hash, order;

	TRY(sha256_hex(c, text, &hash));
	if (!span_eq(hash, t->scope_sha256))
		FAIL(c, ERR_VERIFY,
		     "the ticket is for another scope than the one that was handed over");
	TRY(open_document(c, text, "scope", SCOPE_KEYS, &t->scope));
	TRY(json_need_text(c, t->scope, "order", &order));
	if (!span_eq(order, t->order))
		FAIL(c, ERR_VERIFY, "ticket and scope are of two orders");
	return ERR_OK;
}

enum err ticket_check(struct ctx *c, const struct home *home, const struct json *ask,
		      const char *use, struct ticket *out)
{
	struct span text, seal, scope;
	const struct json *ticket;

	TRY(json_need_text(c, ask, "ticket", &text));
	TRY(json_need_text(c, ask, "ticket_seal", &seal));
	TRY(json_need_text(c, ask, "scope", &scope));
	TRY(check_signature(c, home, text, seal, &out->seal));
	TRY(open_document(c, text, "ticket", TICKET_KEYS, &ticket));
	TRY(json_need_text(c, ticket, "order", &out->order));
	TRY(json_need_text(c, ticket, "ticket", &out->id));
	TRY(json_need_text(c, ticket, "scope_sha256", &out->scope_sha256));
	TRY(check_use(c, ticket, use, out));
	return check_scope(c, scope, out);
}

/* ---- stores ---- */

/* The home's own key beside the stores: taken out here, the connectors know nothing of cages. */
static enum err take_accept(struct ctx *c, struct json *yaml, bool *accept_out)
{
	struct json **at = &yaml->first, *before = NULL;

	while (*at && !span_is((*at)->key, ACCEPT_KEY)) {
		before = *at;
		at = &before->next;
	}
	*accept_out = false;
	if (!*at)
		return ERR_OK;
	*accept_out = (*at)->type == JSON_TEXT && span_is((*at)->s, "yes");
	if (!*accept_out && !((*at)->type == JSON_TEXT && span_is((*at)->s, "no")))
		FAIL(c, ERR_FORMAT, "stores.yaml:%u: " ACCEPT_KEY " is yes or no", (*at)->line);
	if (yaml->last == *at)
		yaml->last = before;
	*at = (*at)->next;
	return ERR_OK;
}

enum err home_stores(struct ctx *c, const struct home *home, struct stores *out, bool *accept_out)
{
	bool accept = false;
	struct json *yaml;
	struct span text;

	TRY(job_own_file(c, home, home->stores, YAML_BYTES_MAX, &text));
	TRY(yaml_parse(c, "stores.yaml", text, &yaml));
	if (yaml->type == JSON_OBJECT)
		TRY(take_accept(c, yaml, &accept));
	if (accept_out)
		*accept_out = accept;
	return stores_read(c, yaml, "stores.yaml", out);
}

void opened_close(struct opened *o)
{
	sources_close(o->source, o->source_count);
	o->source_count = 0;
}

static enum err gather_folders(struct ctx *c, struct opened *o)
{
	size_t total = 0;

	for (size_t i = 0; i < o->source_count; i++)
		if (o->source[i]->connector)
			total += o->source[i]->connector->fds(o->source[i], NULL, 0);
	TRY(NEW_ARRAY(c, o->below, total));
	for (size_t i = 0; i < o->source_count; i++)
		if (o->source[i]->connector)
			o->below_count += o->source[i]->connector->fds(
				o->source[i], o->below + o->below_count, total - o->below_count);
	return ERR_OK;
}

/* Each folder of an account is a descriptor or two; the usual soft limit of 1,024 is for programs
 * that use select. */
static enum err allow_descriptors(struct ctx *c)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		FAIL(c, ERR_FAILED, "cannot read a limit: %s", strerror(errno));
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		FAIL(c, ERR_FAILED, "cannot raise a limit: %s", strerror(errno));
	return ERR_OK;
}

enum err opened_make(struct ctx *c, const struct home *home, const struct ticket *t,
		     struct opened *out)
{
	TRY(allow_descriptors(c));
	TRY(home_stores(c, home, &out->stores, &out->no_landlock_accepted));
	TRY(lines_read(c, t->scope, &out->lines));
	TRY(sources_open(c, &out->stores, &out->lines, &out->source, &out->source_count));
	return gather_folders(c, out);
}
