/*
 * The words of letters: reasons, categories of data, facts and days as a clerk reads them, and
 * lists as they stand in a letter; see letter.h. It knows no order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/facts.h"
#include "format/time.h"
#include "order/letter.h"

#define LINE_WIDTH 100u

struct row {
	const char *key, *words;
};
static const struct row categories[] = {
#define X(code, words) { code, words },
#include "order/category.def"
#undef X
};
static const struct row facts[] = {
#define X(path, words) { path, words },
#include "order/fact.def"
#undef X
};

static const struct value {
	const char *path, *code, *words;
} values[] = {
#define X(path, code, words) { path, code, words },
#include "order/value.def"
#undef X
};

static const char *look_up(const struct row *rows, size_t count, struct span key,
			   const char *otherwise)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(key, rows[i].key))
			return rows[i].words;
	return otherwise;
}

const char *category_words(struct span category)
{
	return look_up(categories, COUNT_OF(categories), category,
		       "data of a kind that is not stated");
}

struct span letter_target(const struct json *demand)
{
	struct span target = json_opt_text(demand, "target", SPAN("unknown"));

	return span_is(target, "unknown") ? SPAN("an account that is not named") : target;
}

const char *fact_words(const struct fact_field *field)
{
	return look_up(facts, COUNT_OF(facts), span_str(field->path), field->meaning);
}

struct span value_words(const char *path, struct span code)
{
	struct span words = code;

	if (!strcmp(path, "demands[].category"))
		return span_str(look_up(categories, COUNT_OF(categories), code, "unknown"));
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		if (!span_is(code, values[i].code))
			continue;
		if (!strcmp(values[i].path, path))
			return span_str(values[i].words);
		if (!*values[i].path)
			words = span_str(values[i].words);
	}
	return words;
}

bool reason_is_ours(struct span code)
{
	const struct fact_field *field = reason_fact(code);

	return field && (field->flags & FACT_OURS);
}

enum err letter_reason(struct ctx *c, struct span code, struct span *out)
{
	const struct fact_field *field = reason_fact(code);
	const char *words = reason_words(code);

	if (field)
		return span_fmt(c, out, "%s: %s",
				reason_is_ours(code) ? "a fact that matters is not known to us"
						     : words,
				fact_words(field));
	return span_copy(c, words ? span_str(words) : code, out);
}

enum err letter_cure(struct ctx *c, struct span code, struct span *out)
{
	const char *words = reason_is_ours(code)
				    ? "We look for it ourselves; tell us what you know of it"
				    : reason_cure(code);

	return span_copy(c, span_str(words ? words : "State it"), out);
}

/* Characters, not bytes: a line of umlauts is as wide as another. */
static size_t width_of(struct span word)
{
	size_t n = 0;

	for (size_t i = 0; i < word.n; i++)
		n += (word.p[i] & 0xc0) != 0x80;
	return n;
}

void letter_put(struct buf *b, unsigned indent, struct span text)
{
	unsigned hang = indent == LETTER_ITEM ? LETTER_PART + 2 : indent + 4;
	size_t column = indent;
	bool begun = false;
	struct span word;

	text = span_trim(text);
	if (b->n)
		buf_byte(b, '\n');
	buf_fmt(b, "%*s", (int)indent, "");
	while (span_next(&text, ' ', &word)) {
		if (begun && column + 1 + width_of(word) > LINE_WIDTH) {
			buf_fmt(b, "\n%*s", (int)hang, "");
			column = hang;
		} else if (begun) {
			buf_byte(b, ' ');
			column++;
		}
		begun = true;
		buf_add(b, word);
		column += width_of(word);
	}
}

enum err letter_date(struct ctx *c, struct span when, struct span *out)
{
	static const char *const months[] = {
		"January", "February", "March",     "April",   "May",      "June",
		"July",    "August",   "September", "October", "November", "December",
	};
	int year, month, day;

	if (!date_parse(span_cut(when, 0, 10), &year, &month, &day))
		return span_copy(c, when, out);
	if (when.n == 10)
		return span_fmt(c, out, "%d %s %d", day, months[(month + 11) % 12], year);
	return span_fmt(c, out, "%d %s %d, %.*s UTC", day, months[(month + 11) % 12], year,
			SPAN_ARG(span_cut(when, 11, 5)));
}
