/*
 * Receiving an order; see receive.h. The papers are in the blob store before the act that names
 * them, so that an acknowledged order never misses one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/1_receive/receive.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "format/time.h"
#include "order/letter.h"
#include "store/blob.h"

#define ORDER_FILE_MAX ((size_t)1 << 20)
#define PAPER_MAX ((int64_t)256 << 20)

/* Without 0, 1, I, O: a reference is read out over the telephone. */
static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

static enum err new_ref(struct ctx *c, struct span *out)
{
	unsigned char r[8];
	char text[12] = "W-";
	size_t n = 2;

	if (c->seam->random(r, sizeof r) != 0)
		FAIL(c, ERR_IO, "the machine gives no randomness");
	for (size_t i = 0; i < sizeof r; i++) {
		if (i == 4)
			text[n++] = '-';
		text[n++] = alphabet[r[i] % (sizeof alphabet - 1)];
	}
	return span_copy(c, span_of(text, n), out);
}

static struct span base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_str(slash ? slash + 1 : path);
}

static enum err keep(struct ctx *c, struct session *s, const struct submitted_file *f,
		     int64_t max_bytes, struct json *list)
{
	struct json *paper = json_object(c);
	struct sha256 hash;
	struct span hex;
	int64_t bytes;

	TRY(blob_put_fd(c, s->home.blob, f->fd, max_bytes, &hash, &bytes));
	TRY(hex_encode(c, sha256_span(&hash), &hex));
	json_set_text(c, paper, "name", base_name(f->name));
	json_set_text(c, paper, "sha256", hex);
	json_set_int(c, paper, "bytes", bytes);
	json_add(c, list, paper);
	return ERR_OK;
}

static enum err check_document_hash(struct ctx *c, const struct json *facts,
				    const struct json *papers)
{
	struct span claimed = json_opt_text(json_get(facts, "order"), "document_sha256", SPAN_NONE);
	struct span first = json_opt_text(papers->first, "sha256", SPAN_NONE);

	if (!papers->first) {
		err_next(c, "hand in the order itself with --paper FILE");
		FAIL(c, ERR_FORMAT, "there is no paper: the first --paper is the order");
	}
	if (claimed.n && !span_is(claimed, "unknown") && !span_eq(claimed, first)) {
		err_next(c, "hand in the paper that the order file was written for, or correct "
			    "facts.order.document_sha256");
		FAIL(c, ERR_FORMAT, "the paper's SHA-256 is %.*s, the order file says %.*s",
		     SPAN_ARG(first), SPAN_ARG(claimed));
	}
	return ERR_OK;
}

/* What the order file said, as the body of the act: facts as the sender claims them. */
static enum err received_body(struct ctx *c, const struct json *read, const struct json *papers,
			      const struct json *file, struct json **out)
{
	struct json *body = json_object(c), *copy;

	for (const char *const *key = (const char *const[]){ "facts", "authority_reference",
							     "agency", "recipients", "lines",
							     NULL };
	     *key; key++) {
		if (!json_get(read, *key))
			FAIL(c, ERR_FORMAT, "the order file has no '%s'", *key);
		TRY(json_clone(c, json_get(read, *key), &copy));
		json_set(c, body, *key, copy);
	}
	TRY(json_clone(c, papers, &copy));
	json_set(c, body, "papers", copy);
	TRY(json_clone(c, file->first, &copy));
	json_set(c, body, "order_file", copy);
	*out = body;
	return ERR_OK;
}

enum err order_receive(struct ctx *c, struct session *s, const struct submission *in,
		       struct order *out, struct span *receipt_out, const struct json **record_out)
{
	struct json *papers = json_list(c), *file = json_list(c), *body = NULL;
	const struct json *read;

	TRY(session_need_actor(c, s, ""));
	TRY(hand_read(c, s, "order", in->order.name, in->order.fd, &read));
	if (lseek(in->order.fd, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "the order file must be a file that can be read twice");
	TRY(keep(c, s, &in->order, (int64_t)ORDER_FILE_MAX, file));
	for (size_t i = 0; i < in->papers; i++)
		TRY(keep(c, s, &in->paper[i], PAPER_MAX, papers));
	TRY(check_document_hash(c, json_get(read, "facts"), papers));
	seam_crash_point(CRASH_RECEIVE_AFTER_PAPERS);
	TRY(received_body(c, read, papers, file, &body));
	*out = (struct order){ .last_seq = 0 };
	TRY(new_ref(c, &out->ref));
	TRY(receipt_make(c, s, out->ref, body, receipt_out, record_out));
	TRY(order_append(c, s, out, ACT_RECEIVED, body));
	seam_crash_point(CRASH_RECEIVE_AFTER_ACT);
	return ERR_OK;
}

static enum err write_paper(struct ctx *c, struct session *s, const struct json *paper, int number,
			    const char *dir)
{
	struct span bytes, name = json_opt_text(paper, "name", SPAN("paper"));
	struct sha256 hash;
	char *path;

	TRY(json_need_hex(c, paper, "sha256", hash.b, sizeof hash.b));
	TRY(blob_read(c, s->home.blob, &hash, (size_t)PAPER_MAX, &bytes));
	TRY(path_fmt(c, &path, "%s/%02d-%.*s", dir, number, SPAN_ARG(name)));
	return file_write_once(c, path, bytes, 0600);
}

enum err order_papers(struct ctx *c, struct session *s, const struct order *o, const char *dir,
		      int64_t *count_out)
{
	int number = 0;

	TRY(dir_make(c, dir, 0700));
	TRY(write_paper(c, s, json_get(o->received, "order_file"), number, dir));
	JSON_EACH(paper, json_get(o->received, "papers"))
		TRY(write_paper(c, s, paper, ++number, dir));
	*count_out = number + 1;
	return ERR_OK;
}
