/*
 * items.jsonl and undated.jsonl against the payload and the account that was approved: paths and
 * numbers, counts per line, dates within the line's time and in order, and the undated told apart.
 * Reads line by line and keeps only sums.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "format/time.h"
#include "verify/bag.h"

#define FOLDERS_MAX ((size_t)1 << 18)
#define LINES_MAX 10000u

/* RFC 3339, or null where the interval is open. */
static enum err instant(struct ctx *c, const struct json *line, const char *key, int64_t open_utc,
			int64_t *out)
{
	const struct json *value = json_get(line, key);

	*out = open_utc;
	if (value && value->type == JSON_NULL)
		return ERR_OK;
	return verify_when(c, line, key, out);
}

static enum err line_read(struct bag *b, const struct json *line, struct line_state *out)
{
	struct ctx *c = b->v->c;

	if (line->type != JSON_OBJECT)
		FAIL(c, ERR_FORMAT, "a line of return.json is no object");
	out->line = line;
	TRY(json_need_text(c, line, "id", &out->id));
	TRY(json_need_text(c, line, "category", &out->category));
	TRY(json_need_text(c, line, "date_meaning", &out->date_meaning));
	TRY(json_need_text(c, line, "store", &out->store));
	out->account = json_opt_text(line, "account", SPAN_NONE);
	TRY(instant(c, line, "from", INT64_MIN, &out->from_utc));
	TRY(instant(c, line, "until", INT64_MAX, &out->until_utc));
	if (!span_is(out->date_meaning, "delivery") && !span_is(out->date_meaning, "header") &&
	    !span_is(out->date_meaning, "received"))
		FAIL(c, ERR_FORMAT, "a line of return.json goes by an unknown date");
	return ERR_OK;
}

enum err bag_lines_read(struct bag *b)
{
	const struct json *lines;
	size_t i = 0;

	b->v->now = VERIFY_BAG_LIST;
	TRY(json_need_list(b->v->c, b->v->ret, "lines", &lines));
	if (json_count(lines) > LINES_MAX)
		FAIL(b->v->c, ERR_LIMIT, "return.json has more than %u lines", LINES_MAX);
	b->line_count = json_count(lines);
	TRY(NEW_ARRAY(b->v->c, b->line, b->line_count));
	JSON_EACH(one, lines)
		TRY(line_read(b, one, &b->line[i++]));
	return ERR_OK;
}

/* First line of that id; the others of one id differ in store and account alone. */
static const struct line_state *line_of(const struct bag *b, struct span id)
{
	for (size_t i = 0; i < b->line_count; i++)
		if (span_eq(b->line[i].id, id))
			return &b->line[i];
	return NULL;
}

static struct line_state *line_at(struct bag *b, struct span id, struct span store,
				  struct span account)
{
	for (size_t i = 0; i < b->line_count; i++)
		if (span_eq(b->line[i].id, id) && span_eq(b->line[i].store, store) &&
		    span_eq(b->line[i].account, account))
			return &b->line[i];
	return NULL;
}

static enum err any_order_add(struct ctx *c, struct any_order *sum, const struct span part[5])
{
	struct sha256 h;
	struct span all;
	struct buf b;

	buf_begin(&b, c, (size_t)8 * LINE_MAX_BYTES);
	for (int i = 0; i < 5; i++)
		buf_string(&b, part[i]);
	TRY(buf_done(c, &b, &all));
	TRY(sha256_of(c, all, &h));
	for (int i = 0; i < 4; i++) {
		uint64_t x;

		memcpy(&x, h.b + 8 * i, sizeof x);
		sum->lane[i] += x;
	}
	sum->count++;
	return ERR_OK;
}

static bool dots_alone(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.')
			return false;
	return true;
}

/* doc/protocol.md section 6: percent-encoded outside [A-Za-z0-9._@+-], dots alone wholly. keep is
 * "%" for a stored name that is no UTF-8: it stands in the list percent-encoded already. */
static void put_quoted(struct buf *out, struct span s, const char *keep)
{
	bool dots = dots_alone(s);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		bool plain = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') ||
			     (x >= '0' && x <= '9') ||
			     (x && (strchr("._@+-", x) || strchr(keep, x)));

		if (plain && !dots)
			buf_byte(out, x);
		else
			buf_fmt(out, "%%%02X", x);
	}
}

/* A folder comes once, all its items behind one another. */
static enum err folder_new(struct bag *b, struct ctx *own, struct span where)
{
	struct sha256 h;
	uint64_t mark, *more;

	TRY(sha256_of(own, where, &h));
	memcpy(&mark, h.b, sizeof mark);
	for (size_t i = 0; i < b->folder_count; i++)
		if (b->folder[i] == mark)
			FAIL(own, ERR_VERIFY, "the folder %.*s comes twice", SPAN_ARG(where));
	if (b->folder_count == FOLDERS_MAX)
		FAIL(own, ERR_LIMIT, "more than %zu folders", FOLDERS_MAX);
	if (b->folder_count == b->folder_cap) {
		b->folder_cap = b->folder_cap ? b->folder_cap * 2 : 256;
		TRY(NEW_ARRAY(b->v->c, more, b->folder_cap));
		if (b->folder_count)
			memcpy(more, b->folder, b->folder_count * sizeof *more);
		b->folder = more;
	}
	b->folder[b->folder_count++] = mark;
	return ERR_OK;
}

static struct span keep(struct bag *b, int room, struct span s)
{
	memcpy(b->room[room], s.p, s.n < LINE_MAX_BYTES ? s.n : LINE_MAX_BYTES);
	return span_of(b->room[room], s.n < LINE_MAX_BYTES ? s.n : LINE_MAX_BYTES);
}

struct item {
	struct span path, sha256, store, account, folder, source;
	int64_t bytes;
	const struct json *row, *lines;
	const struct line_state *line;  /* under which it is stored */
};

static enum err item_read(struct bag *b, struct ctx *own, struct span text, struct item *out)
{
	struct json *row;

	TRY(json_parse_canonical(own, text, &row));
	if (row->type != JSON_OBJECT)
		FAIL(own, ERR_FORMAT, "a line of items.jsonl is no object");
	out->row = row;
	TRY(json_need_text(own, row, "path", &out->path));
	TRY(json_need_text(own, row, "sha256", &out->sha256));
	TRY(json_need_text(own, row, "store", &out->store));
	TRY(json_need_text(own, row, "account", &out->account));
	TRY(json_need_text(own, row, "folder", &out->folder));
	TRY(json_need_text(own, row, "source_id", &out->source));
	TRY(json_need_int(own, row, "bytes", &out->bytes));
	TRY(json_need_list(own, row, "lines", &out->lines));
	JSON_EACH(id, out->lines) {
		if (id->type != JSON_TEXT || !line_of(b, id->s))
			FAIL(own, ERR_VERIFY, "%.*s is listed under an unknown line",
			     SPAN_ARG(out->path));
		for (const struct json *other = id->next; other; other = other->next)
			if (json_equal(id, other))
				FAIL(own, ERR_VERIFY, "%.*s names a line twice",
				     SPAN_ARG(out->path));
	}
	out->line = out->lines->first ? line_of(b, out->lines->first->s) : NULL;
	if (!out->line)
		FAIL(own, ERR_VERIFY, "%.*s is listed under no line", SPAN_ARG(out->path));
	return ERR_OK;
}

/* "data/line/account/folder/" */
static enum err item_folder(struct ctx *own, const struct item *it, const char *keep,
			    struct span *out)
{
	struct buf b;

	buf_begin(&b, own, (size_t)4 * LINE_MAX_BYTES);
	buf_str(&b, "data/");
	put_quoted(&b, it->line->id, "");
	buf_byte(&b, '/');
	put_quoted(&b, it->account, "");
	buf_byte(&b, '/');
	put_quoted(&b, it->folder, keep);
	buf_byte(&b, '/');
	TRY(buf_done(own, &b, out));
	if (out->n > LINE_MAX_BYTES)
		FAIL(own, ERR_VERIFY, "a path is too long");
	return ERR_OK;
}

/* The path follows from line, account, folder and number. */
static enum err item_path(struct bag *b, struct ctx *own, const struct item *it)
{
	const struct line_state *line = it->line;
	const char *ext = NULL;
	struct span where, path;

	if (span_is(line->category, "CONTENT_COMM"))
		ext = "eml";
	if (span_is(line->category, "MSG_META"))
		ext = "json";
	if (!ext)
		FAIL(own, ERR_VERIFY, "a line of the category %.*s has items",
		     SPAN_ARG(line->category));
	TRY(item_folder(own, it, "", &where));
	if (!span_eq(span_cut(it->path, 0, where.n), where))
		TRY(item_folder(own, it, "%", &where));
	if (!b->last.any || !span_eq(where, b->last.where)) {
		TRY(folder_new(b, own, where));
		b->last.where = keep(b, 0, where);
		b->last.number = 0;
		b->last.any = false;
	}
	TRY(span_fmt(own, &path, "%.*s%06lld.%s", SPAN_ARG(where), (long long)++b->last.number,
		     ext));
	if (!span_eq(path, it->path))
		FAIL(own, ERR_VERIFY, "%.*s should be %.*s", SPAN_ARG(it->path), SPAN_ARG(path));
	return ERR_OK;
}

/* Every line that names the item: its date lies within the line's time, or it is undated there. */
static enum err item_dates(struct bag *b, struct ctx *own, const struct item *it)
{
	JSON_EACH(id, it->lines) {
		const struct line_state *line = line_of(b, id->s);
		const struct json *date;
		char key[16];
		int64_t at;

		if (!line)
			FAIL(own, ERR_VERIFY, "%.*s is listed under an unknown line",
			     SPAN_ARG(it->path));
		snprintf(key, sizeof key, "%.*s", SPAN_ARG(line->date_meaning));
		date = json_get(it->row, key);
		if (!date || (date->type != JSON_NULL && date->type != JSON_TEXT))
			FAIL(own, ERR_VERIFY, "%.*s has no %s date", SPAN_ARG(it->path), key);
		if (date->type == JSON_NULL) {
			TRY(any_order_add(own, &b->undated_items,
					  (struct span[]){ id->s, it->store, it->account,
							   it->folder, it->source }));
			continue;
		}
		TRY(verify_when(own, it->row, key, &at));
		if (at < line->from_utc || at >= line->until_utc)
			FAIL(own, ERR_VERIFY, "%.*s lies outside the time of line %.*s",
			     SPAN_ARG(it->path), SPAN_ARG(id->s));
	}
	return ERR_OK;
}

static bool encoded(struct span s)
{
	return s.n && memchr(s.p, '%', s.n);
}

/* Within a folder: by date (times of one form sort as text), undated last, then by source. Sources
 * are in the order of their stored bytes, of which an encoded name does not tell. */
static enum err item_order(struct bag *b, struct ctx *own, const struct item *it)
{
	const struct line_state *line = it->line;
	struct span date;
	char key[16];
	int by_date;

	snprintf(key, sizeof key, "%.*s", SPAN_ARG(line->date_meaning));
	date = json_opt_text(it->row, key, SPAN("~"));  /* behind every digit */
	if (b->last.any) {
		by_date = span_cmp(b->last.date, date);
		if (by_date == 0 && !encoded(b->last.source) && !encoded(it->source))
			by_date = span_cmp(b->last.source, it->source);
		if (by_date > 0)
			FAIL(own, ERR_VERIFY, "%.*s is not in its place", SPAN_ARG(it->path));
	}
	b->last.any = true;
	b->last.date = keep(b, 1, date);
	b->last.source = keep(b, 2, it->source);
	return ERR_OK;
}

static enum err item_count(struct bag *b, struct ctx *own, const struct item *it)
{
	struct line_state *line = line_at(b, it->line->id, it->store, it->account);

	if (!line)
		FAIL(own, ERR_VERIFY, "%.*s comes from a store or account that was not told",
		     SPAN_ARG(it->path));
	line->items++;
	if (__builtin_add_overflow(line->bytes, it->bytes, &line->bytes))
		FAIL(own, ERR_VERIFY, "a number cannot be");
	return ERR_OK;
}

/* What went wrong in a line's own context is judged; the first word on each check stands. */
static bool judge_own(struct bag *b, struct ctx *own, enum verify_check check, enum err e)
{
	struct verify *v = b->v;

	if (e != ERR_OK && v->c->code == ERR_OK)
		err_set(v->c, e, __FILE__, __LINE__, "%s", own->why);
	err_clear(own);
	return verify_judge(v, check, e);
}

static enum err one_item(struct bag *b, struct span text)
{
	__attribute__((cleanup(ctx_end))) struct ctx own;
	struct item it;

	TRY(ctx_begin(&own, SCRATCH_BYTES));
	own.seam = b->v->c->seam;
	if (!judge_own(b, &own, VERIFY_BAG_LIST, item_read(b, &own, text, &it)))
		return verify_stuck(b->v);
	TRY(bag_mark(b, b->listed, it.path, it.sha256, it.bytes));
	judge_own(b, &own, VERIFY_BAG_LIST, item_path(b, &own, &it));
	judge_own(b, &own, VERIFY_BAG_COUNTS, item_count(b, &own, &it));
	judge_own(b, &own, VERIFY_BAG_DATES, item_dates(b, &own, &it));
	judge_own(b, &own, VERIFY_BAG_DATES, item_order(b, &own, &it));
	return verify_stuck(b->v);
}

static enum err counts_told(struct bag *b)
{
	for (size_t i = 0; i < b->line_count; i++) {
		const struct line_state *line = &b->line[i];

		if (line->items != json_opt_int(line->line, "items", -1) ||
		    line->bytes != json_opt_int(line->line, "bytes", -1))
			FAIL(b->v->c, ERR_VERIFY,
			     "line %.*s has %lld items with %lld bytes, told were %lld with %lld",
			     SPAN_ARG(line->id), (long long)line->items, (long long)line->bytes,
			     (long long)json_opt_int(line->line, "items", -1),
			     (long long)json_opt_int(line->line, "bytes", -1));
	}
	return ERR_OK;
}

static enum err list_is_payload(struct bag *b)
{
	struct sha256 got;

	TRY(hasher_end(b->v->c, b->listed, &got));
	if (!span_eq(sha256_span(&got), sha256_span(&b->want_list)))
		FAIL(b->v->c, ERR_VERIFY, "items.jsonl lists other items than there are");
	return ERR_OK;
}

/* Calls one for each line of the member at hand, and hashes the file on the way. */
static enum err each_line(struct bag *b, enum err (*one)(struct bag *b, struct span text))
{
	struct span line;
	bool end;

	for (;;) {
		TRY(tar_walk_line(b->v->c, &b->w, &line, &end));
		if (end)
			return ERR_OK;
		TRY(hasher_add(b->v->c, b->file, line));
		TRY(hasher_add(b->v->c, b->file, SPAN("\n")));
		TRY(one(b, line));
	}
}

enum err bag_items_list(struct bag *b)
{
	struct verify *v = b->v;

	v->now = VERIFY_BAG_LIST;
	TRY(each_line(b, one_item));
	verify_judge(v, VERIFY_BAG_LIST, list_is_payload(b));
	verify_judge(v, VERIFY_BAG_COUNTS, counts_told(b));
	verify_judge(v, VERIFY_BAG_DATES, ERR_OK);
	return verify_stuck(v);
}

static enum err undated_read(struct bag *b, struct ctx *own, struct span text)
{
	struct span part[5], meaning;
	const struct line_state *line;
	struct json *row;
	int64_t bytes;
	bool delivered;

	TRY(json_parse_canonical(own, text, &row));
	if (row->type != JSON_OBJECT)
		FAIL(own, ERR_FORMAT, "a line of undated.jsonl is no object");
	TRY(json_need_text(own, row, "line", &part[0]));
	TRY(json_need_text(own, row, "store", &part[1]));
	TRY(json_need_text(own, row, "account", &part[2]));
	TRY(json_need_text(own, row, "folder", &part[3]));
	TRY(json_need_text(own, row, "source_id", &part[4]));
	TRY(json_need_text(own, row, "date_meaning", &meaning));
	TRY(json_need_int(own, row, "bytes", &bytes));
	TRY(json_need_bool(own, row, "delivered", &delivered));
	line = line_of(b, part[0]);
	if (!line || !span_eq(line->date_meaning, meaning))
		FAIL(own, ERR_VERIFY,
		     "an undated item stands under a line that does not go by that date");
	b->undated_listed.count += !delivered;
	return delivered ? any_order_add(own, &b->undated_listed, part) : ERR_OK;
}

static enum err one_undated(struct bag *b, struct span text)
{
	__attribute__((cleanup(ctx_end))) struct ctx own;

	TRY(ctx_begin(&own, SCRATCH_BYTES));
	own.seam = b->v->c->seam;
	judge_own(b, &own, VERIFY_BAG_UNDATED, undated_read(b, &own, text));
	return verify_stuck(b->v);
}

static enum err undated_told(struct bag *b)
{
	const struct any_order *listed = &b->undated_listed, *items = &b->undated_items;
	int64_t told;

	TRY(json_need_int(b->v->c, b->v->receipt, "undated", &told));
	if (told != listed->count)
		FAIL(b->v->c, ERR_VERIFY, "%lld items without a date are listed, told were %lld",
		     (long long)b->undated_listed.count, (long long)told);
	if (memcmp(listed->lane, items->lane, sizeof items->lane) != 0)
		FAIL(b->v->c, ERR_VERIFY,
		     "the undated items that were delivered are not those that are listed");
	return ERR_OK;
}

enum err bag_undated_list(struct bag *b)
{
	b->v->now = VERIFY_BAG_UNDATED;
	TRY(each_line(b, one_undated));
	verify_judge(b->v, VERIFY_BAG_UNDATED, undated_told(b));
	return verify_stuck(b->v);
}
