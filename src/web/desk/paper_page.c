/*
 * The papers of an order at the desk: their bytes as they came, and what a caged hand has read on
 * them, page by page, for the pages where somebody compares or quotes. Shows what is kept and
 * starts no hand; what is suggested it only shows.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "order/reading.h"
#include "store/blob.h"
#include "web/desk/order_page.h"

#define MARK_ROOM 25            /* around the letters, in 1/10000 of the page */
#define LINE_BYTES ((size_t)1 << 20)

/* ---- which ---- */

/* The paper of that number, 0 = the order file; NULL where there is none. */
static const struct json *paper_of(const struct order *o, int64_t number)
{
	const struct json *papers = json_get(o->received, "papers"), *found;

	if (number == 0) {
		found = json_get(o->received, "order_file");
		return found && found->type == JSON_OBJECT ? found : NULL;
	}
	found = papers && number > 0 ? papers->first : NULL;
	for (int64_t i = 1; found && i < number; i++)
		found = found->next;
	return found;
}

static enum err need_paper(struct visit *v, int64_t *number_out, struct sha256 *hash,
			   const struct json **out)
{
	*out = NULL;
	if (span_to_i64(v->r->args[1], number_out))
		*out = paper_of(&v->order, *number_out);
	if (!*out) {
		err_next(v->c, "its papers stand on the page of the order");
		FAIL(v->c, ERR_NOT_FOUND, "this order has no such paper");
	}
	return json_need_hex(v->c, *out, "sha256", hash->b, sizeof hash->b);
}

/* The bytes as they came, kept and never opened: a browser may not show them as a page of ours. */
enum err paper_page(struct visit *v)
{
	const struct json *wanted;
	struct sha256 hash;
	int64_t number;
	int fd;

	TRY(need_paper(v, &number, &hash, &wanted));
	TRY(blob_open(v->c, v->s.home.blob, &hash, &fd));
	return answer_file(v->r, v->a, fd, "application/octet-stream",
			   json_opt_text(wanted, "sha256", SPAN_NONE),
			   json_opt_text(wanted, "name", SPAN("paper")));
}

/* Pixels alone: checked to be a plain PNG when they were kept, and again here. */
enum err picture_page(struct visit *v)
{
	const struct json *wanted;
	int64_t number, page;
	struct sha256 hash;

	TRY(need_paper(v, &number, &hash, &wanted));
	if (number == 0 || !span_to_i64(v->r->args[2], &page)) {
		err_next(v->c, "begin with the first page");
		FAIL(v->c, ERR_NOT_FOUND, "this paper has no such page");
	}
	TRY(reading_picture(v->c, &v->s, &hash, page, &v->a->body));
	v->a->status = 200;
	v->a->type = SPAN("image/png");
	return ERR_OK;
}

/* ---- its words ---- */

static int64_t line_at(const struct json *word)
{
	return json_opt_int(word, "line", 0);
}

/* Words of one line with blanks between. */
static enum err lines_of(struct ctx *c, const struct json *words, struct page_paper *p)
{
	const struct json *word = words ? words->first : NULL;
	struct page_paper_line *list;
	struct buf b;

	TRY(NEW_ARRAY(c, list, json_count(words) + 1));
	p->lines = list;
	while (word) {
		struct page_paper_line *line = &list[p->lines_n++];

		line->number = line_at(word);
		buf_begin(&b, c, LINE_BYTES);
		for (; word && line_at(word) == line->number; word = word->next)
			buf_fmt(&b, "%s%.*s", b.n ? " " : "",
				SPAN_ARG(json_opt_text(word, "text", SPAN_NONE)));
		TRY(buf_done(c, &b, &line->words));
	}
	return ERR_OK;
}

/* ---- what it suggests ---- */

static enum err link_to_page(struct visit *v, const struct page_paper *p, int64_t page,
			  struct span *out)
{
	return span_fmt(v->c, out, "%.*s?paper=%lld&page=%lld", SPAN_ARG(v->r->path),
			(long long)p->number, (long long)page);
}

/* What the order file says in that field; empty where it says nothing of it. */
static enum err stated(struct visit *v, struct span field, struct span value, struct span *out)
{
	const struct json *at = json_get(v->order.received, "facts");
	struct span name, rest;
	char *key;

	*out = SPAN_NONE;
	if (span_is(field, "authority_reference"))
		at = v->order.received;
	for (; span_split(field, '.', &name, &rest); field = rest) {
		TRY(span_cstr(v->c, name, &key));
		at = json_get(at, key);
	}
	TRY(span_cstr(v->c, field, &key));
	at = json_get(at, key);
	if (at && at->type == JSON_LIST)
		*out = json_has_text(at, value) ? value : SPAN_NONE;
	else if (at && at->type == JSON_TEXT)
		*out = at->s;
	return ERR_OK;
}

static enum err suggestions_of(struct visit *v, const struct json *told, struct page_paper *p)
{
	const struct json *all = json_get(told, "suggestions");
	struct page_suggestion *list;

	TRY(NEW_ARRAY(v->c, list, json_count(all) + 1));
	p->suggestions = list;
	JSON_EACH(one, all) {
		struct page_suggestion *row = &list[p->suggestions_n];
		struct span field = json_opt_text(one, "field", SPAN_NONE);

		row->page = json_opt_int(one, "page", 0);
		row->line = json_opt_int(one, "line", 0);
		if (row->page != p->page)
			continue;
		row->what = json_opt_text(one, "what", SPAN_NONE);
		row->value = json_opt_text(one, "value", SPAN_NONE);
		row->quote = json_opt_text(one, "quote", SPAN_NONE);
		if (field.n && row->value.n)
			TRY(stated(v, field, row->value, &row->stated));
		row->same = row->stated.n && span_eq(row->stated, row->value);
		p->suggestions_n++;
	}
	return ERR_OK;
}

/* ---- where it stands on the picture ---- */

/* The corners of a box, made wide enough to be seen around its letters. */
static bool add_mark(struct page_paper_mark *m, const struct json *box)
{
	int64_t at[4] = { 0, 0, 0, 0 };
	size_t n = 0;

	JSON_EACH(corner, box)
		if (n < COUNT_OF(at))
			at[n++] = corner->i;
	if (n != COUNT_OF(at) || at[0] > at[2] || at[1] > at[3])
		return false;
	if (m->width) {
		int64_t right = m->x + m->width - MARK_ROOM, below = m->y + m->height - MARK_ROOM;

		at[0] = at[0] < m->x + MARK_ROOM ? at[0] : m->x + MARK_ROOM;
		at[1] = at[1] < m->y + MARK_ROOM ? at[1] : m->y + MARK_ROOM;
		at[2] = at[2] > right ? at[2] : right;
		at[3] = at[3] > below ? at[3] : below;
	}
	m->x = at[0] > MARK_ROOM ? at[0] - MARK_ROOM : 0;
	m->y = at[1] > MARK_ROOM ? at[1] - MARK_ROOM : 0;
	m->width = at[2] + MARK_ROOM - m->x;
	m->height = at[3] + MARK_ROOM - m->y;
	return true;
}

/* A frame around each suggestion of the page, and one around the line that somebody asked for. */
static enum err marks_of(struct ctx *c, const struct json *told, const struct json *page,
			 int64_t line, struct page_paper *p)
{
	const struct json *all = json_get(told, "suggestions");
	struct page_paper_mark *list, *chosen;

	TRY(NEW_ARRAY(c, list, json_count(all) + 1));
	p->marks = list;
	JSON_EACH(one, all)
		if (json_opt_int(one, "page", 0) == p->page &&
		    json_opt_text(one, "value", SPAN_NONE).n)
			p->marks_n += add_mark(&list[p->marks_n], json_get(one, "box"));
	chosen = &list[p->marks_n];
	JSON_EACH(word, json_get(page, "words"))
		if (line > 0 && line_at(word) == line && add_mark(chosen, json_get(word, "box")))
			chosen->chosen = true;
	p->marks_n += chosen->chosen;
	return ERR_OK;
}

/* ---- one page beside the work ---- */

static enum err page_of_paper(struct visit *v, const struct sha256 *hash, const struct json *told,
			      int64_t line, struct page_paper *p)
{
	const struct json *page, *picture;

	p->at.page = p->page;
	p->at.of = json_opt_int(told, "pages_read", 0);
	if (p->page < 1 || p->page > p->at.of) {
		p->at.page = p->page = 1;
		p->no_such_page = true;
	}
	p->before = p->page - 1;
	p->after = p->page + 1;
	if (p->page > 1)
		TRY(link_to_page(v, p, p->page - 1, &p->at.previous));
	if (p->page < p->at.of)
		TRY(link_to_page(v, p, p->page + 1, &p->at.next));
	TRY(reading_page(v->c, &v->s, hash, p->page, &page));
	if (!page)
		return ERR_OK;
	picture = json_get(page, "picture");
	p->shown = picture && picture->type == JSON_OBJECT;
	p->width = json_opt_int(picture, "width", 0);
	p->height = json_opt_int(picture, "height", 0);
	p->letters = span_is(json_opt_text(page, "from", SPAN_NONE), "letters");
	if (!p->why.n)
		p->why = json_opt_text(page, "why", SPAN_NONE);
	TRY(suggestions_of(v, told, p));
	TRY(marks_of(v->c, told, page, line, p));
	return lines_of(v->c, json_get(page, "words"), p);
}

static enum err tabs(struct visit *v, struct page_paper *p)
{
	const struct json *papers = json_get(v->order.received, "papers");
	struct page_paper_tab *list;
	int64_t number = 0;

	TRY(NEW_ARRAY(v->c, list, json_count(papers) + 1));
	p->tabs = list;
	if (json_count(papers) < 2)
		return ERR_OK;
	JSON_EACH(paper, papers) {
		struct page_paper_tab *tab = &list[p->tabs_n++];

		tab->name = json_opt_text(paper, "name", SPAN("paper"));
		tab->here = ++number == p->number;
		tab->number = number;
		TRY(span_fmt(v->c, &tab->href, "%.*s?paper=%lld&page=1", SPAN_ARG(v->r->path),
			     (long long)number));
	}
	return ERR_OK;
}

/* Paper, page and line: of the address, or of a form that shows the paper beside it ("1.2.7"). */
static void asked_place(struct visit *v, struct page_paper *p, int64_t *line_out)
{
	struct span at = typed(v, web_has(v->typed, "show") ? "show" : "at"), rest, part, line;

	*line_out = 0;
	p->page = 1;
	if (!at.n) {
		(void)span_to_i64(web_value(v->r->query, "paper"), &p->number);
		(void)span_to_i64(web_value(v->r->query, "page"), &p->page);
		(void)span_to_i64(web_value(v->r->query, "line"), line_out);
	} else if (span_split(at, '.', &part, &rest)) {
		(void)span_to_i64(part, &p->number);
		if (!span_split(rest, '.', &part, &line))
			part = rest;
		else
			(void)span_to_i64(line, line_out);
		(void)span_to_i64(part, &p->page);
	}
	if (p->number < 1 || !paper_of(&v->order, p->number))
		p->number = 1;
}

enum err order_paper(struct visit *v, struct page_paper *p)
{
	const struct json *paper, *told;
	struct sha256 hash;
	int64_t line;

	*p = (struct page_paper){ .reference = v->order.ref };
	asked_place(v, p, &line);
	paper = paper_of(&v->order, p->number);
	if (!paper)
		return ERR_OK;
	p->there = true;
	p->name = json_opt_text(paper, "name", SPAN("paper"));
	TRY(json_need_hex(v->c, paper, "sha256", hash.b, sizeof hash.b));
	TRY(tabs(v, p));
	TRY(reading_told(v->c, &v->s, &hash, &told));
	p->may_read = permit_has(PERMIT_PAPER_READ, v->roles);
	p->read = told != NULL;
	if (!told)
		return ERR_OK;
	p->why = json_opt_text(told, "why", SPAN_NONE);
	p->unreadable = json_opt_int(told, "pages_read", 0) == 0;
	return p->unreadable ? ERR_OK : page_of_paper(v, &hash, told, line, p);
}

enum err order_suggestions(struct visit *v, const struct json **out)
{
	const struct json *paper = paper_of(&v->order, 1), *told;
	struct sha256 hash;

	*out = NULL;
	if (!paper)
		return ERR_OK;
	TRY(json_need_hex(v->c, paper, "sha256", hash.b, sizeof hash.b));
	TRY(reading_told(v->c, &v->s, &hash, &told));
	*out = json_get(told, "suggestions");
	return ERR_OK;
}

bool order_paper_offer(struct page_paper *p, const char *what, const char *field)
{
	struct page_suggestion *list;
	bool any = false;

	/* The list was made here, for writing. */
	memcpy(&list, &p->suggestions, sizeof list);
	for (size_t i = 0; i < p->suggestions_n; i++) {
		if (!span_is(list[i].what, what) || !list[i].value.n)
			continue;
		list[i].take = span_str(field);
		any = true;
	}
	return any;
}
