/*
 * Suggestions; see suggest.h. Here: the words of a page in a row, the phrases of suggest.def, and
 * what makes a suggestion. What is found by its form is in suggest_form.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/suggest.h"

#include "base/num.h"
#include "hand/suggest_part.h"

#define TOKENS_MAX 4096u
#define QUOTE_BYTES_MAX 400u
#define LINE_TOKENS_MAX 24u

static const struct {
	const char *what, *field, *value, *words;
} phrases[] = {
#define PHRASE(what, field, value, words) { what, field, value, words },
#define AUTHORITY(words)
#define MONTH(number, words)
#define ACT(words, prefix)
#include "hand/suggest.def"
#undef PHRASE
#undef AUTHORITY
};
static const char *const authorities[] = {
#define PHRASE(what, field, value, words)
#define AUTHORITY(words) words,
#include "hand/suggest.def"
#undef PHRASE
#undef AUTHORITY
#undef MONTH
#undef ACT
};

/* ---- tokens ---- */

static bool is_fringe(unsigned char x)
{
	return x <= ' ' || strchr("\"'.,;:()[]{}<>*_|", x) != NULL;
}

/* An opening bracket belongs to what it opens: "2703(d)" keeps its own. */
static struct span bare_of(struct span s)
{
	while (s.n && is_fringe(s.p[0]))
		s = span_cut(s, 1, s.n);
	while (s.n && is_fringe(s.p[s.n - 1]) &&
	       !(s.p[s.n - 1] == ')' && memchr(s.p, '(', s.n)))
		s.n--;
	return s;
}

/* ASCII, and the letters of Latin-1 in UTF-8: 0xc3 0x80..0x9e are the capitals of 0xa0..0xbe. */
static void lower(struct span s, char out[TOKEN_BYTES_MAX + 1])
{
	size_t n = s.n < TOKEN_BYTES_MAX ? s.n : TOKEN_BYTES_MAX;

	for (size_t i = 0; i < n; i++) {
		unsigned char x = s.p[i];

		if (x >= 'A' && x <= 'Z')
			x = (unsigned char)(x + 32);
		else if (i && s.p[i - 1] == 0xc3 && x >= 0x80 && x <= 0x9e && x != 0x97)
			x = (unsigned char)(x + 32);
		out[i] = (char)x;
	}
	out[n] = '\0';
}

static bool token_read(const struct json *word, struct token *out)
{
	const struct json *box = json_get(word, "box");
	size_t i = 0;

	out->text = json_opt_text(word, "text", SPAN_NONE);
	out->bare = bare_of(out->text);
	out->line = json_opt_int(word, "line", 0);
	out->sure = json_opt_int(word, "sure", 0);
	JSON_EACH(at, box) {
		if (at->type != JSON_INT || i == 4)
			return false;
		out->box[i++] = at->i;
	}
	lower(out->bare, out->low);
	return i == 4 && out->text.n;
}

bool token_in(const struct suggester *s, size_t at, const char *words)
{
	struct span rest = span_str(words), word;

	if (at >= s->count)
		return false;
	while (span_next(&rest, '|', &word))
		if (span_is(word, s->token[at].low))
			return true;
	return false;
}

size_t token_phrase(const struct suggester *s, size_t at, const char *phrase)
{
	struct span rest = span_str(phrase), word;
	size_t n = 0;
	char low[TOKEN_BYTES_MAX + 1];

	for (; span_next(&rest, ' ', &word); n++) {
		if (at + n >= s->count)
			return 0;
		lower(bare_of(word), low);
		if (strcmp(low, s->token[at + n].low) != 0)
			return 0;
	}
	return n;
}

size_t digits_in(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += is_digit(s.p[i]);
	return n;
}

/* ---- what makes a suggestion ---- */

static bool said_enough(const struct suggester *s, const char *what, const char *field,
			struct span value)
{
	size_t same = 0;

	JSON_EACH(one, s->list)
		if (json_opt_int(one, "page", 0) == s->page &&
		    span_is(json_opt_text(one, "what", SPAN_NONE), what) &&
		    span_is(json_opt_text(one, "field", SPAN_NONE), field ? field : "") &&
		    span_eq(json_opt_text(one, "value", SPAN_NONE), value))
			same++;
	return s->made >= SUGGEST_PAGE_MAX || same >= SUGGEST_SAME_MAX;
}

static struct json *box_of(const struct suggester *s, size_t from, size_t n)
{
	struct json *list = json_list(s->c);
	int64_t box[4];

	memcpy(box, s->token[from].box, sizeof box);
	for (size_t i = from; i < from + n; i++) {
		const int64_t *b = s->token[i].box;

		box[0] = b[0] < box[0] ? b[0] : box[0];
		box[1] = b[1] < box[1] ? b[1] : box[1];
		box[2] = b[2] > box[2] ? b[2] : box[2];
		box[3] = b[3] > box[3] ? b[3] : box[3];
	}
	for (size_t i = 0; i < COUNT_OF(box); i++)
		json_add(s->c, list, json_int(s->c, box[i]));
	return list;
}

void suggest_add(struct suggester *s, const char *what, const char *field, struct span value,
		 size_t from, size_t n)
{
	struct json *one;
	struct span quote;
	struct buf b;
	int64_t sure = 100;

	if (!n || from + n > s->count || said_enough(s, what, field, value))
		return;
	buf_begin(&b, s->c, QUOTE_BYTES_MAX + TOKEN_BYTES_MAX * 8);
	for (size_t i = from; i < from + n && b.n < QUOTE_BYTES_MAX; i++) {
		if (i > from)
			buf_byte(&b, ' ');
		buf_add(&b, s->token[i].text);
		sure = s->token[i].sure < sure ? s->token[i].sure : sure;
	}
	if (buf_done(s->c, &b, &quote) != ERR_OK)
		return;
	one = json_object(s->c);
	json_set_str(s->c, one, "what", what);
	json_set_str(s->c, one, "field", field);
	if (value.n)
		json_set_text(s->c, one, "value", value);
	else
		json_set(s->c, one, "value", NULL);
	json_set_text(s->c, one, "quote", quote);
	json_set_int(s->c, one, "page", s->page);
	json_set_int(s->c, one, "line", s->token[from].line);
	json_set(s->c, one, "box", box_of(s, from, n));
	json_set_int(s->c, one, "sure", sure);
	json_add(s->c, s->list, one);
	s->made++;
}

/* ---- by words ---- */

static size_t phrase(struct suggester *s, size_t at)
{
	for (size_t i = 0; i < COUNT_OF(phrases); i++) {
		size_t n = token_phrase(s, at, phrases[i].words);

		if (!n)
			continue;
		suggest_add(s, phrases[i].what, phrases[i].field, span_str(phrases[i].value), at,
			    n);
		return n;
	}
	return 0;
}

/* The line in which its name stands: letterheads have one line for each office. */
static size_t authority(struct suggester *s, size_t at)
{
	size_t from = at, to = at;
	struct span value;
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(authorities); i++) {
		if (!token_phrase(s, at, authorities[i]))
			continue;
		while (from > 0 && at - from < LINE_TOKENS_MAX &&
		       s->token[from - 1].line == s->token[at].line)
			from--;
		while (to + 1 < s->count && to - from < LINE_TOKENS_MAX &&
		       s->token[to + 1].line == s->token[at].line)
			to++;
		buf_begin(&b, s->c, (size_t)16 << 10);
		for (size_t k = from; k <= to; k++) {
			buf_str(&b, k > from ? " " : "");
			buf_add(&b, s->token[k].text);
		}
		if (buf_done(s->c, &b, &value) == ERR_OK)
			suggest_add(s, "authority", "issuer.authority_name",
				    value.n <= QUOTE_BYTES_MAX ? value : SPAN_NONE, from,
				    to - from + 1);
		return to - at + 1;
	}
	return 0;
}

static void page_suggest(struct suggester *s)
{
	static size_t (*const by[])(struct suggester *s, size_t at) = {
		suggest_date, suggest_provision, suggest_reference, suggest_address,
		suggest_phone, suggest_time_limit, phrase,
	};
	size_t after = 0;       /* a line names one authority */

	for (size_t at = 0; at < s->count && s->c->code == ERR_OK;) {
		size_t n = at >= after ? authority(s, at) : 0, took = 0;

		after = n ? at + n : after;
		for (size_t i = 0; i < COUNT_OF(by) && !took; i++)
			took = by[i](s, at);
		at += took ? took : 1;
	}
}

enum err suggest_of_pages(struct ctx *c, const struct json *pages, struct json **out)
{
	struct suggester s = { .c = c, .list = json_list(c) };
	struct token *tokens;

	TRY(NEW_ARRAY(c, tokens, TOKENS_MAX));
	s.token = tokens;
	JSON_EACH(page, pages) {
		s.page = json_opt_int(page, "page", 0);
		s.count = s.made = 0;
		JSON_EACH(word, json_get(page, "words"))
			if (s.count < TOKENS_MAX && token_read(word, &tokens[s.count]))
				s.count++;
		page_suggest(&s);
	}
	*out = s.list;
	return c->code;
}
