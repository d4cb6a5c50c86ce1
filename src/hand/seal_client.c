/*
 * Asking the seal for a receipt; see seal_client.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/seal_client.h"

#include <errno.h>
#include <string.h>

#include "base/ipc.h"
#include "base/num.h"

#define ANSWER_WAIT_MS 120000
#define ASK_MAX ((size_t)1 << 20)

enum err seal_connect(struct ctx *c, const struct home *home, int *fd_out)
{
	*fd_out = c->seam->connect(home->seal_sock);
	if (*fd_out < 0) {
		err_next(c, "start writ-seal, then collect again");
		FAIL(c, ERR_AGAIN, "the seal cannot be reached: %s", strerror(errno));
	}
	return ERR_OK;
}

/* One row for each store of each line: what was ordered and is not held there has no account. */
static struct json *lines_json(struct ctx *c, const struct pack_counts *counts)
{
	struct json *list = json_list(c);

	for (size_t i = 0; i < counts->line_count; i++)
		json_add(c, list, pack_line_json(c, &counts->line[i]));
	return list;
}

static enum err set_hash(struct ctx *c, struct json *o, const char *key, const struct sha256 *hash)
{
	struct span hex;

	TRY(hex_encode(c, sha256_span(hash), &hex));
	json_set_text(c, o, key, hex);
	return ERR_OK;
}

/* The number of a request comes from its content: asked again it is the same request. */
static enum err set_number(struct ctx *c, struct json *o)
{
	struct span text;
	struct sha256 hash;
	int64_t number = 0;

	TRY(json_write(c, o, ASK_MAX, &text));
	TRY(sha256_of(c, text, &hash));
	for (size_t i = 0; i < 6; i++)
		number = number << 8 | hash.b[i];
	json_set_int(c, o, "number", number);
	return ERR_OK;
}

static enum err ask_text(struct ctx *c, const struct ticket *t, const struct pack_result *r,
			 struct span *out)
{
	struct json *o = json_object(c);
	struct span header;

	TRY(b64_encode(c, r->header, &header));
	json_set_int(c, o, "version", 1);
	json_set_str(c, o, "request", "receipt");
	json_set_text(c, o, "ticket", t->id);
	TRY(set_hash(c, o, "manifest_sha256", &r->manifest));
	TRY(set_hash(c, o, "tagmanifest_sha256", &r->tagmanifest));
	json_set_int(c, o, "items", r->counts.items);
	json_set_int(c, o, "bytes", r->counts.bytes);
	json_set_int(c, o, "undated", r->counts.undated);
	json_set(c, o, "lines", lines_json(c, &r->counts));
	json_set_text(c, o, "header", header);
	json_set_int(c, o, "payload_bytes", r->payload_bytes);
	TRY(set_number(c, o));
	return json_write(c, o, ASK_MAX, out);
}

static enum err refused(struct ctx *c, const struct json *answer)
{
	struct span why = json_opt_text(answer, "why", SPAN("it gave no reason"));
	struct span next = json_opt_text(answer, "next", SPAN_NONE);
	struct span name = json_opt_text(answer, "error", SPAN_NONE);

	err_next(c, "%.*s", SPAN_ARG(next));
	FAIL(c, err_of_name((const char *)name.p, name.n),
	     "the seal gives no receipt: %.*s", SPAN_ARG(why));
}

static enum err check_answer(struct ctx *c, const struct ticket *t, const struct json *answer,
			     struct span *receipt, struct span *receipt_seal)
{
	struct sshsig by;
	bool yes;

	TRY(json_need_bool(c, answer, "ok", &yes));
	if (!yes)
		return refused(c, answer);
	TRY(json_need_text(c, answer, "receipt", receipt));
	TRY(json_need_text(c, answer, "receipt_seal", receipt_seal));
	TRY(sshsig_verify(c, *receipt_seal, "writ-seal@v1", *receipt, &by));
	if (!ssh_key_eq(&by.key, &t->seal))
		FAIL(c, ERR_VERIFY, "the receipt is signed by another key than the ticket");
	return ERR_OK;
}

enum err seal_receipt(struct ctx *c, int seal, const struct ticket *t, const struct pack_result *r,
		      struct span *receipt_out, struct span *receipt_seal_out)
{
	IPC_MSG_SCOPED struct ipc_msg msg = { .fd_count = 0 };
	struct json *answer;
	struct span text;
	enum err e;

	TRY(ask_text(c, t, r, &text));
	e = ipc_send(c, seal, text, NULL, 0);
	if (e == ERR_OK)
		e = ipc_recv(c, seal, ANSWER_WAIT_MS, &msg);
	if (e == ERR_NOT_FOUND) {
		err_clear(c);
		err_next(c, "collect again; if this comes again, 'writ doctor'");
		FAIL(c, ERR_AGAIN, "the seal ended before it gave a receipt");
	}
	TRY(e);
	TRY(json_parse(c, msg.text, &answer));
	return check_answer(c, t, answer, receipt_out, receipt_seal_out);
}
