/*
 * What a hand says that it read on a page, before it is kept and shown; see reading.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/facts.h"
#include "order/reading.h"

#define PLACE_MAX 10000
#define SURE_MAX 100
#define NUMBER_MAX 1000000

static enum err number(struct ctx *c, const struct json *o, const char *key, int64_t least,
		       int64_t most)
{
	int64_t n;

	TRY(json_need_int(c, o, key, &n));
	if (n < least || n > most)
		FAIL(c, ERR_FORMAT, "a hand says that %s is %lld", key, (long long)n);
	return ERR_OK;
}

static enum err check_place(struct ctx *c, const struct json *o)
{
	const struct json *box;
	int64_t at[4];
	size_t n = 0;

	TRY(json_need_list(c, o, "box", &box));
	JSON_EACH(x, box) {
		if (n == 4 || x->type != JSON_INT || x->i < 0 || x->i > PLACE_MAX)
			FAIL(c, ERR_FORMAT, "a hand names a place that is not on the page");
		at[n++] = x->i;
	}
	if (n != 4 || at[0] > at[2] || at[1] > at[3])
		FAIL(c, ERR_FORMAT, "a hand names a place that is none");
	TRY(number(c, o, "line", 0, NUMBER_MAX));
	return number(c, o, "sure", 0, SURE_MAX);
}

static enum err check_page(struct ctx *c, const struct json *page)
{
	const struct json *words;
	struct span text;

	TRY(json_only(c, page, "page width height words cut"));
	TRY(number(c, page, "page", 1, NUMBER_MAX));
	TRY(number(c, page, "width", 1, NUMBER_MAX));
	TRY(number(c, page, "height", 1, NUMBER_MAX));
	TRY(json_need_list(c, page, "words", &words));
	JSON_EACH(word, words) {
		TRY(json_only(c, word, "text box line sure"));
		TRY(json_need_text(c, word, "text", &text));
		TRY(check_place(c, word));
	}
	return ERR_OK;
}

static bool is_text_or_null(const struct json *j)
{
	return j && (j->type == JSON_TEXT || j->type == JSON_NULL);
}

static enum err check_suggestion(struct ctx *c, const struct json *one)
{
	struct span text, field = json_opt_text(one, "field", SPAN_NONE);

	TRY(json_only(c, one, "what field value quote page line box sure"));
	TRY(json_need_text(c, one, "what", &text));
	TRY(json_need_text(c, one, "quote", &text));
	TRY(number(c, one, "page", 1, NUMBER_MAX));
	TRY(check_place(c, one));
	if (!is_text_or_null(json_get(one, "field")) || !is_text_or_null(json_get(one, "value")))
		FAIL(c, ERR_FORMAT, "a hand suggests what is no text");
	if (field.n && !span_is(field, "authority_reference") && !facts_field(field))
		FAIL(c, ERR_FORMAT, "a hand suggests a field that no order file has");
	return ERR_OK;
}

enum err reading_check_words(struct ctx *c, const struct json *words)
{
	const struct json *list;

	TRY(json_only(c, words, "pages suggestions"));
	TRY(json_need_list(c, words, "pages", &list));
	JSON_EACH(page, list)
		TRY(check_page(c, page));
	TRY(json_need_list(c, words, "suggestions", &list));
	JSON_EACH(one, list)
		TRY(check_suggestion(c, one));
	return ERR_OK;
}
