/*
 * Receiving an order; see receive.h. The papers are in the blob store before the act that names
 * them, so that an acknowledged order never misses one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/1_receive/receive_part.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/zone.h"
#include "format/facts.h"
#include "format/time.h"
#include "order/letter.h"
#include "store/blob.h"

#define PAPER_MAX ((int64_t)256 << 20)
#define NAME_BYTES_MAX 120u

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

/* A file's name is its sender's: it stands in the receipt and on terminals, so it is one line of
 * text there, or what is left of it. */
static enum err clean_name(struct ctx *c, const char *path, struct span *out)
{
	static const struct fact_field text = { .path = "", .type = FACT_TEXT };
	struct span name = base_name(path);
	struct buf b;

	if (name.n <= NAME_BYTES_MAX && facts_value_ok(&text, name) && !span_is(name, ".") &&
	    !span_is(name, "..")) {
		*out = name;
		return ERR_OK;
	}
	buf_begin(&b, c, NAME_BYTES_MAX + 1);
	for (size_t i = 0; i < name.n && i < NAME_BYTES_MAX; i++)
		buf_byte(&b, name.p[i] > 0x20 && name.p[i] < 0x7f ? name.p[i] : '_');
	TRY(buf_done(c, &b, out));
	if (out->n == 0 || span_is(*out, ".") || span_is(*out, ".."))
		*out = SPAN("paper");
	return ERR_OK;
}

/* Is a file with these bytes kept already? A pipe cannot be asked twice: perhaps. */
static enum err kept_before(struct ctx *c, const struct session *s, int fd, bool *out)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct sha256 hash;

	*out = true;
	if (at < 0)
		return ERR_OK;
	TRY(sha256_of_fd(c, fd, &hash, NULL));
	if (lseek(fd, at, SEEK_SET) < 0)
		FAIL(c, ERR_IO, "cannot go back in a paper");
	return blob_exists(c, s->home.blob, &hash, out);
}

enum err submitted_keep(struct ctx *c, struct session *s, const struct submitted_file *f,
			int64_t max_bytes, struct json *list, bool *seen)
{
	struct json *paper = json_object(c);
	struct span hex, clean = SPAN_NONE;
	struct sha256 hash;
	int64_t bytes = 0;
	bool before;

	TRY(clean_name(c, f->name, &clean));
	TRY(kept_before(c, s, f->fd, &before));
	*seen |= before;
	if (blob_put_fd(c, s->home.blob, f->fd, max_bytes, &hash, &bytes) != ERR_OK) {
		err_note(c, "%.*s", SPAN_ARG(clean));
		return c->code;
	}
	if (bytes == 0)
		FAIL(c, ERR_FORMAT, "%.*s is empty", SPAN_ARG(clean));
	TRY(hex_encode(c, sha256_span(&hash), &hex));
	json_set_text(c, paper, "name", clean);
	json_set_text(c, paper, "sha256", hex);
	json_set_int(c, paper, "bytes", bytes);
	json_add(c, list, paper);
	return ERR_OK;
}

enum err submitted_check_hash(struct ctx *c, const struct json *facts, const struct json *papers)
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

/* A hand that read a hostile file may have been taken over by it: its answer is checked here for
 * everything that would reach a letter, a document or a terminal. */
static enum err check_texts(struct ctx *c, const struct json *j)
{
	static const struct fact_field text = { .path = "", .type = FACT_TEXT };

	if (j->type == JSON_TEXT && !facts_value_ok(&text, j->s))
		FAIL(c, ERR_FORMAT, "the order file has a text that is none");
	JSON_EACH(item, j)
		TRY(check_texts(c, item));
	return ERR_OK;
}

static enum err check_zone(struct ctx *c, const struct json *line)
{
	struct span zone, id;

	TRY(json_need_text(c, line, "id", &id));
	TRY(json_need_text(c, line, "zone", &zone));
	if (zone_check(c, zone) == ERR_OK)
		return ERR_OK;
	err_next(c, "correct the zone of that line (names are like Europe/Paris), and hand the "
		    "file in again");
	err_note(c, "line %.*s", SPAN_ARG(id));
	return c->code;
}

enum err order_check_read(struct ctx *c, const struct json *read)
{
	const struct json *facts, *list;
	struct span text;

	TRY(check_texts(c, read));
	TRY(json_need_object(c, read, "facts", &facts));
	TRY(facts_check(c, "the order file", facts, FACTS_PROVIDER_ABSENT | FACTS_ORDER_ID_ABSENT));
	TRY(json_need_text(c, read, "authority_reference", &text));
	TRY(json_need_text(c, read, "agency", &text));
	TRY(json_need_list(c, read, "recipients", &list));
	TRY(json_need_list(c, read, "lines", &list));
	JSON_EACH(line, list)
		TRY(check_zone(c, line));
	return ERR_OK;
}

enum err submitted_body(struct ctx *c, const struct json *read, const struct json *file,
			struct json **out)
{
	struct json *body = json_object(c), *copy;

	for (const char *const *key = (const char *const[]){ "facts", "authority_reference",
							     "agency", "recipients", "lines",
							     NULL };
	     *key; key++) {
		TRY(json_clone(c, json_get(read, *key), &copy));
		json_set(c, body, *key, copy);
	}
	TRY(file->first ? json_clone(c, file->first, &copy) : ERR_OK);
	json_set(c, body, "order_file", file->first ? copy : NULL);
	*out = body;
	return ERR_OK;
}

struct seen {
	const struct json *files[2];
	struct json *refs;
};

/* The acts are large: the hash is looked for as bytes. */
static enum err seen_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct seen *seen = of;
	struct span ref = SPAN_NONE;

	if (row->v[3].kind == STORE_NULL)
		return ERR_OK;
	for (size_t i = 0; i < COUNT_OF(seen->files); i++)
		JSON_EACH(file, seen->files[i]) {
			struct span hex = json_opt_text(file, "sha256", SPAN_NONE);

			if (!memmem(row->v[3].s.p, row->v[3].s.n, hex.p, hex.n) ||
			    json_has_text(seen->refs, row->v[1].s))
				continue;
			TRY(span_copy(c, row->v[1].s, &ref));
			json_add(c, seen->refs, json_text(c, ref));
		}
	return ERR_OK;
}

static enum err free_ref(struct ctx *c, struct session *s, struct span *out)
{
	bool taken = true;

	for (int i = 0; taken && i < 16; i++) {
		TRY(new_ref(c, out));
		TRY(order_exists(c, s, *out, &taken));
	}
	if (taken)
		FAIL(c, ERR_IO, "the machine's randomness gives no free reference");
	return ERR_OK;
}

/* Reads the order file in a hand. What the hand reads and what is kept are the same bytes, whatever
 * becomes of the file meanwhile. */
enum err submitted_read(struct ctx *c, struct session *s, const struct submitted_file *f,
			int *kept_out, const struct json **read_out)
{
	struct span text, name = SPAN_NONE;
	char *z = NULL;

	TRY(clean_name(c, f->name, &name));
	TRY(span_cstr(c, name, &z));
	if (fd_read_all(c, f->fd, ORDER_FILE_MAX, &text) != ERR_OK) {
		err_note(c, "%s", z);
		return c->code;
	}
	TRY(memfd_of(c, "order", text, kept_out));
	TRY(hand_read(c, s, "order", z, *kept_out, read_out));
	TRY(order_check_read(c, *read_out));
	if (lseek(*kept_out, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot go back in the order file");
	return ERR_OK;
}

/* The order alone, or together with the act on the earlier one that it corrects. */
static enum err append_received(struct ctx *c, struct session *s, struct order *o,
				struct json *body, struct order *earlier)
{
	struct new_act received = { ACT_RECEIVED, body },
		       again = { ACT_RESUBMITTED, json_object(c) };

	if (!earlier)
		return order_append_all(c, s, o, &received, 1);
	json_set_text(c, again.body, "order", o->ref);
	return order_append_both(c, s, o, &received, earlier, &again);
}

/* What the order says: in its file, or nothing yet where the paper came alone. */
static enum err order_words(struct ctx *c, struct session *s, const struct submission *in,
			    struct json *file, const struct json **read_out, bool *before)
{
	FD_SCOPED int fd = -1;
	struct json *nothing;

	if (in->order.fd >= 0) {
		TRY(submitted_read(c, s, &in->order, &fd, read_out));
		return submitted_keep(c, s, &(struct submitted_file){ in->order.name, fd },
				      (int64_t)ORDER_FILE_MAX, file, before);
	}
	TRY(submitted_nothing(c, in->language, &nothing));
	*read_out = nothing;
	return ERR_OK;
}

enum err order_receive(struct ctx *c, struct session *s, const struct submission *in,
		       struct order *out, struct span *receipt_out, const struct json **record_out)
{
	struct json *papers = json_list(c), *file = json_list(c), *body = NULL, *copy;
	struct seen seen = { { file, papers }, json_list(c) };
	struct order earlier, *corrected = in->resubmits.n ? &earlier : NULL;
	const struct json *read = NULL;
	bool before = false;

	TRY(session_need_actor(c, s, ""));
	TRY(order_words(c, s, in, file, &read, &before));
	for (size_t i = 0; i < in->papers; i++)
		TRY(submitted_keep(c, s, &in->paper[i], PAPER_MAX, papers, &before));
	TRY(submitted_check_hash(c, json_get(read, "facts"), papers));
	seam_crash_point(CRASH_RECEIVE_AFTER_PAPERS);
	TRY(submitted_body(c, read, file, &body));
	TRY(json_clone(c, papers, &copy));
	json_set(c, body, "papers", copy);
	json_set(c, body, "resubmits", NULL);
	if (corrected)
		TRY(resubmission_check(c, s, body, in->resubmits, corrected));
	if (before)
		TRY(store_run(c, s->store, QUERY_ACT_NAMED, PARAMS(P_STR("received")), seen_row,
			      &seen));
	json_set(c, body, "seen_in", seen.refs);
	*out = (struct order){ .last_seq = 0 };
	TRY(free_ref(c, s, &out->ref));
	TRY(receipt_make(c, s, out->ref, body, receipt_out, record_out));
	TRY(append_received(c, s, out, body, corrected));
	seam_crash_point(CRASH_RECEIVE_AFTER_ACT);
	return ERR_OK;
}

static enum err one_paper(struct ctx *c, struct session *s, const struct json *paper, int number,
			  paper_fn *put, void *of)
{
	struct span bytes, name = SPAN_NONE;
	struct sha256 hash;
	char *path = NULL;

	TRY(json_need_hex(c, paper, "sha256", hash.b, sizeof hash.b));
	TRY(span_cstr(c, json_opt_text(paper, "name", SPAN("paper")), &path));
	/* Again, whoever wrote the database: the file stays in its folder. */
	TRY(clean_name(c, path, &name));
	TRY(blob_read(c, s->home.blob, &hash, (size_t)PAPER_MAX, &bytes));
	return put(c, of, number, name, bytes);
}

enum err order_papers(struct ctx *c, struct session *s, const struct order *o, paper_fn *put,
		      void *of, int64_t *count_out)
{
	const struct json *file = json_get(o->received, "order_file");
	int number = 0;

	*count_out = 0;
	if (file && file->type == JSON_OBJECT) {
		TRY(one_paper(c, s, file, number, put, of));
		*count_out += 1;
	}
	JSON_EACH(paper, json_get(o->received, "papers")) {
		TRY(one_paper(c, s, paper, ++number, put, of));
		*count_out += 1;
	}
	return ERR_OK;
}
