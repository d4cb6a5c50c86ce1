/*
 * Blobs, the vault and the destruction of keys; see vault.h. It opens no content: what lies here
 * is encrypted to a key that only the seal holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "store/blob.h"

enum err keep_blob(struct ctx *c, const struct session *s, struct span bytes, struct json *body,
		   const char *key)
{
	struct sha256 hash;
	struct span hex;

	TRY(blob_put(c, s->home.blob, bytes, &hash));
	TRY(hex_encode(c, sha256_span(&hash), &hex));
	json_set_text(c, body, key, hex);
	return ERR_OK;
}

/* The name of a file is a ticket's id and nothing else, whoever wrote the database. */
static enum err check_ticket(struct ctx *c, struct span ticket)
{
	unsigned char id[16];

	if (!hex_decode(ticket, id, sizeof id))
		FAIL(c, ERR_VERIFY, "'%.*s' is no id of a ticket", SPAN_ARG(ticket));
	return ERR_OK;
}

enum err vault_path(struct ctx *c, const struct session *s, struct span ticket, char **out)
{
	TRY(check_ticket(c, ticket));
	return path_fmt(c, out, "%s/%.*s", s->home.vault, SPAN_ARG(ticket));
}

enum err vault_head_path(struct ctx *c, const struct session *s, struct span ticket, char **out)
{
	TRY(check_ticket(c, ticket));
	return path_fmt(c, out, "%s/%.*s.head", s->home.vault, SPAN_ARG(ticket));
}

enum err delivered_path(struct ctx *c, const struct home *home, struct span ref, char **out)
{
	return path_fmt(c, out, "%s/%.*s.writ.tar", home->delivered, SPAN_ARG(ref));
}

enum err vault_create(struct ctx *c, const struct session *s, struct span ticket, int *fd_out)
{
	char *path;

	TRY(vault_path(c, s, ticket, &path));
	TRY(file_open(c, path, O_RDWR | O_CREAT | O_EXCL, 0600, fd_out));
	if (flock(*fd_out, LOCK_EX | LOCK_NB) != 0)
		FAIL(c, ERR_BUSY, "cannot hold %s: %s", path, strerror(errno));
	return dir_sync(c, s->home.vault);
}

enum err vault_need_idle(struct ctx *c, const struct session *s, const struct order *o)
{
	FD_SCOPED int fd = -1;
	char *path;

	if (o->state != ORDER_COLLECTING)
		return ERR_OK;
	TRY(vault_path(c, s, json_opt_text(o->begun, "ticket", SPAN_NONE), &path));
	if (!file_exists(path))
		return ERR_OK;
	TRY(file_open(c, path, O_RDONLY, 0, &fd));
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return ERR_OK;
	err_next(c, "wait until it has ended, or end its process");
	FAIL(c, ERR_BUSY, "a collection of order %.*s is running", SPAN_ARG(o->ref));
}

static bool counts(const struct order *o, struct span ticket)
{
	const struct json *keep = o->state == ORDER_COLLECTING ? o->begun : o->collected;

	if (!o->released)
		return keep && span_eq(ticket, json_opt_text(keep, "ticket", SPAN_NONE)) &&
		       order_state_is_open(o->state);
	if (o->destroyed && (o->delivered || json_get(o->destroyed, "document")))
		return false;
	return span_eq(ticket, json_opt_text(o->released, "ticket", SPAN_NONE));
}

static enum err sweep_delivered(struct ctx *c, const struct session *s, const struct order *o)
{
	char *path;

	if (o->released && counts(o, json_opt_text(o->released, "ticket", SPAN_NONE)))
		return ERR_OK;
	TRY(delivered_path(c, &s->home, o->ref, &path));
	return file_exists(path) ? file_remove(c, path) : ERR_OK;
}

enum err vault_sweep(struct ctx *c, const struct session *s, const struct order *o)
{
	TRY(sweep_delivered(c, s, o));
	JSON_EACH(act, o->acts) {
		struct span ticket = json_opt_text(json_get(act, "body"), "ticket", SPAN_NONE);
		char *path, *head;

		if (!span_is(json_opt_text(act, "act", SPAN_NONE),
			     act_word(ACT_COLLECTION_BEGUN)) ||
		    counts(o, ticket))
			continue;
		TRY(vault_path(c, s, ticket, &path));
		TRY(vault_head_path(c, s, ticket, &head));
		TRY(file_exists(path) ? file_remove(c, path) : ERR_OK);
		TRY(file_exists(head) ? file_remove(c, head) : ERR_OK);
	}
	return ERR_OK;
}

/* What the seal says of a ticket is null until it is so. */
bool ticket_is(const struct json *row, const char *what)
{
	const struct json *is = json_get(row, what);

	return is && is->type != JSON_NULL;
}

enum err keys_destroy(struct ctx *c, struct session *s, const struct order *o,
		      struct span document, struct span signature, struct span ticket,
		      struct json *gone)
{
	struct json *request = json_object(c), *signatures = json_list(c), *copy;
	const struct json *answer;
	struct span place;

	json_set_str(c, request, "request", "destroy");
	json_set(c, request, "document", document.n ? json_text(c, document) : NULL);
	if (document.n)
		json_add(c, signatures, json_text(c, signature));
	json_set(c, request, "signatures", signatures);
	json_set(c, request, "ticket", ticket.n ? json_text(c, ticket) : NULL);
	TRY(order_place(c, o, &place));
	TRY(seal_ask(c, s, request, place, &answer));
	JSON_EACH(id, json_get(answer, "tickets")) {
		TRY(json_clone(c, id, &copy));
		json_add(c, gone, copy);
	}
	return ERR_OK;
}
