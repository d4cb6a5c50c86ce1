/*
 * The sentences of a rule. A condition is
 *     FIELD is [not] VALUE {or VALUE}        FIELD is [not] in SET
 *     FIELD is known        FIELD is unknown        FIELD is [not] given
 *     FIELD is at least NUMBER               FIELD is below NUMBER
 *     FIELD is [not] the same as FIELD
 *     PERIOD is [not] before PERIOD
 * and a period
 *     FIELD|DAY [plus NUMBER hours|days|business days|months [counting the first day]]
 *     [on CALENDAR | rolling on CALENDAR]
 * FIELD is a path of facts.def, demand.x for a field of the line. Nothing else is a sentence: no
 * brackets, no arithmetic, no names but these.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/facts.h"
#include "law/pack.h"

enum err sentence_field(struct ctx *c, struct span path, unsigned *out)
{
	struct span wanted = path;
	const struct fact_field *field, *all;
	size_t count;

	if (span_starts(path, "demand."))
		TRY(span_fmt(c, &wanted, "demands[].%.*s", SPAN_ARG(span_cut(path, 7, path.n))));
	else if (span_starts(path, "demands"))
		FAIL(c, ERR_FORMAT, "a field of a demand line is written demand.category");
	field = facts_field(wanted);
	all = facts_fields(&count);
	if (!field || field->type == FACT_GROUP || field->type == FACT_LINES)
		FAIL(c, ERR_FORMAT, "there is no fact '%.*s'", SPAN_ARG(path));
	*out = (unsigned)(field - all);
	return ERR_OK;
}

static const struct fact_field *row(unsigned field)
{
	size_t count;

	return &facts_fields(&count)[field];
}

static bool take(struct span *s, const char *start)
{
	if (!span_starts(*s, start))
		return false;
	*s = span_cut(*s, strlen(start), s->n);
	return true;
}

/* A period needs a moment to begin with. */
static enum err need_moment(struct ctx *c, struct span path, unsigned field)
{
	enum fact_type type = row(field)->type;

	if (type != FACT_DATE && type != FACT_INSTANT && type != FACT_DATE_OR_INSTANT)
		FAIL(c, ERR_FORMAT, "%.*s is no day or instant", SPAN_ARG(path));
	return ERR_OK;
}

static enum err take_number(struct ctx *c, struct span *rest, int64_t *out)
{
	struct span number;

	if (!span_split(*rest, ' ', &number, rest) || !span_to_i64(number, out) || *out < 0 ||
	    *out > 100000)
		FAIL(c, ERR_FORMAT, "after 'plus' stands a number from 0 to 100000 and its unit");
	return ERR_OK;
}

static enum err take_unit(struct ctx *c, struct span *rest, enum law_unit *out)
{
	static const struct {
		const char *word;
		enum law_unit unit;
	} units[] = { { "business days", UNIT_BUSINESS_DAY }, { "business day", UNIT_BUSINESS_DAY },
		      { "hours", UNIT_HOUR }, { "days", UNIT_DAY }, { "day", UNIT_DAY },
		      { "months", UNIT_MONTH }, { "month", UNIT_MONTH } };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (take(rest, units[i].word) && (rest->n == 0 || rest->p[0] == ' ')) {
			*out = units[i].unit;
			return ERR_OK;
		}
	FAIL(c, ERR_FORMAT, "a unit is hours, days, business days or months");
}

static enum err take_calendar(struct ctx *c, const struct law_names *n, struct span id,
			      struct law_period *out)
{
	out->calendar = names_calendar(n, id);
	if (!out->calendar)
		FAIL(c, ERR_FORMAT, "there is no calendar '%.*s'", SPAN_ARG(id));
	return ERR_OK;
}

enum err sentence_period(struct ctx *c, const struct law_names *n, struct span text,
			 struct law_period *out)
{
	struct span start = text, rest = SPAN_NONE;

	*out = (struct law_period){ 0 };
	if (span_split_at(text, " rolling on ", &text, &rest)) {
		TRY(take_calendar(c, n, rest, out));
		out->roll = true;
	} else if (span_split_at(text, " on ", &text, &rest)) {
		TRY(take_calendar(c, n, rest, out));
	}
	start = text;
	rest = SPAN_NONE;
	if (span_split_at(text, " plus ", &start, &rest)) {
		TRY(take_number(c, &rest, &out->number));
		TRY(take_unit(c, &rest, &out->unit));
		out->first_day_counts = take(&rest, " counting the first day");
		if (rest.n)
			FAIL(c, ERR_FORMAT, "'%.*s' is not understood", SPAN_ARG(rest));
	}
	if (out->unit == UNIT_BUSINESS_DAY && !out->calendar)
		FAIL(c, ERR_FORMAT, "business days are counted on a calendar: '... on CALENDAR'");
	if (moment_of(start, &out->day)) {
		out->literal = true;
		return ERR_OK;
	}
	TRY(sentence_field(c, start, &out->field));
	return need_moment(c, start, out->field);
}

/* ---- conditions ---- */

/* A value must be one that this field can have; free fields are closed by what packs declare. */
static enum err check_value(struct ctx *c, const struct law_names *n, unsigned field,
			    struct span value)
{
	const struct fact_field *f = row(field);
	bool closed = f->type == FACT_TEXT || f->type == FACT_CODE;

	if (span_is(value, "unknown"))
		FAIL(c, ERR_FORMAT, "write '%s is unknown' alone", f->path);
	if (closed && span_is(value, "NONE"))
		return ERR_OK;
	if (closed ? !names_value_ok(n, field, value) : !facts_value_ok(f, value))
		FAIL(c, ERR_FORMAT, "'%.*s' is no word of %s%s", SPAN_ARG(value), f->path,
		     closed ? " that a pack declares" : "");
	return ERR_OK;
}

static enum err add_value(struct ctx *c, const struct law_names *n, struct law_cond *cond,
			  struct span *list, struct span value)
{
	TRY(check_value(c, n, cond->field, value));
	for (unsigned i = 0; i < cond->values; i++)
		if (span_eq(list[i], value))
			FAIL(c, ERR_FORMAT, "'%.*s' stands here twice", SPAN_ARG(value));
	if (cond->values == LAW_SET_MAX)
		FAIL(c, ERR_LIMIT, "more than %u values", LAW_SET_MAX);
	list[cond->values++] = value;
	return ERR_OK;
}

static enum err take_values(struct ctx *c, const struct law_names *n, struct span text,
			    struct law_cond *cond)
{
	struct span *list, value;

	TRY(NEW_ARRAY(c, list, LAW_SET_MAX));
	cond->value = list;
	if (take(&text, "in ")) {
		const struct json *set = names_set(n, text);

		if (!set)
			FAIL(c, ERR_FORMAT, "there is no set '%.*s'", SPAN_ARG(text));
		JSON_EACH(item, set)
			TRY(add_value(c, n, cond, list, item->s));
		return ERR_OK;
	}
	while (span_split_at(text, " or ", &value, &text))
		TRY(add_value(c, n, cond, list, value));
	return add_value(c, n, cond, list, text);
}

static enum err take_bound(struct ctx *c, struct span text, struct law_cond *cond)
{
	if (row(cond->field)->type != FACT_NUMBER)
		FAIL(c, ERR_FORMAT, "%s is no number", row(cond->field)->path);
	if (!span_to_i64(text, &cond->number) || cond->number < 0)
		FAIL(c, ERR_FORMAT, "'%.*s' is no number", SPAN_ARG(text));
	return ERR_OK;
}

/* Fields of other types are never the same: a rule that compares them could not be meant. */
static enum err take_other(struct ctx *c, struct span text, struct law_cond *cond)
{
	enum fact_type a = row(cond->field)->type, b;

	TRY(sentence_field(c, text, &cond->other));
	b = row(cond->other)->type;
	a = a == FACT_COUNTRY_OR_NONE ? FACT_COUNTRY : a;
	b = b == FACT_COUNTRY_OR_NONE ? FACT_COUNTRY : b;
	if (a != b)
		FAIL(c, ERR_FORMAT, "%s and %s can never be the same", row(cond->field)->path,
		     row(cond->other)->path);
	return ERR_OK;
}

static enum err take_moments(struct ctx *c, const struct law_names *n, struct span left,
			     struct span right, struct law_cond *cond)
{
	TRY(sentence_period(c, n, left, &cond->left));
	return sentence_period(c, n, right, &cond->right);
}

enum err sentence_cond(struct ctx *c, const struct law_names *n, struct span text,
		       struct law_cond *out)
{
	struct span left, right;
	bool negative;

	*out = (struct law_cond){ .text = text };
	if (!span_split_at(text, " is ", &left, &right))
		FAIL(c, ERR_FORMAT, "a condition is 'FACT is ...'");
	negative = take(&right, "not ");
	if (take(&right, "before ")) {
		out->op = negative ? LAW_NOT_BEFORE : LAW_BEFORE;
		return take_moments(c, n, left, right, out);
	}
	TRY(sentence_field(c, left, &out->field));
	if (take(&right, "the same as ")) {
		out->op = negative ? LAW_NOT_SAME : LAW_SAME;
		return take_other(c, right, out);
	}
	if (!negative && (span_is(right, "known") || span_is(right, "unknown"))) {
		out->op = span_is(right, "known") ? LAW_KNOWN : LAW_IS_UNKNOWN;
		return ERR_OK;
	}
	if (span_is(right, "given")) {
		out->op = negative ? LAW_NOT_GIVEN : LAW_GIVEN;
		return ERR_OK;
	}
	if (!negative && (take(&right, "at least "))) {
		out->op = LAW_AT_LEAST;
		return take_bound(c, right, out);
	}
	if (!negative && (take(&right, "below "))) {
		out->op = LAW_BELOW;
		return take_bound(c, right, out);
	}
	out->op = negative ? LAW_IS_NOT : LAW_IS;
	return take_values(c, n, right, out);
}

static bool period_asks_line(const struct law_period *p)
{
	return !p->literal && field_is_of_line(p->field);
}

bool sentence_asks_line(const struct law_cond *cond)
{
	if (cond->op == LAW_BEFORE || cond->op == LAW_NOT_BEFORE)
		return period_asks_line(&cond->left) || period_asks_line(&cond->right);
	if (cond->op == LAW_SAME || cond->op == LAW_NOT_SAME)
		return field_is_of_line(cond->field) || field_is_of_line(cond->other);
	return field_is_of_line(cond->field);
}

enum law_op law_op_opposite(enum law_op op)
{
	switch (op) {
	case LAW_IS:
		return LAW_IS_NOT;
	case LAW_IS_NOT:
		return LAW_IS;
	case LAW_KNOWN:
		return LAW_IS_UNKNOWN;
	case LAW_IS_UNKNOWN:
		return LAW_KNOWN;
	case LAW_GIVEN:
		return LAW_NOT_GIVEN;
	case LAW_NOT_GIVEN:
		return LAW_GIVEN;
	case LAW_AT_LEAST:
		return LAW_BELOW;
	case LAW_BELOW:
		return LAW_AT_LEAST;
	case LAW_SAME:
		return LAW_NOT_SAME;
	case LAW_NOT_SAME:
		return LAW_SAME;
	case LAW_BEFORE:
		return LAW_NOT_BEFORE;
	case LAW_NOT_BEFORE:
		return LAW_BEFORE;
	}
	return op;
}
