/*
 * Kleene's three-valued logic over the conditions of a rule: false and unknown is false, true and
 * unknown is unknown. (S. C. Kleene, Introduction to Metamathematics, section 64.)
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/pack.h"

static void note(struct field_set *unknown, unsigned field)
{
	unknown->bit[field / 64] |= UINT64_C(1) << (field % 64);
}

static enum kleene not(enum kleene a)
{
	return a == LAW_YES ? LAW_NO : a == LAW_NO ? LAW_YES : LAW_UNKNOWN;
}

/* Of a value that has unknown beside known items, a hit is a hit, and no hit is unknown. */
static enum kleene weigh_is(const struct law_cond *cond, const struct law_value *v,
			    struct field_set *unknown)
{
	for (unsigned i = 0; i < v->n; i++)
		for (unsigned j = 0; j < cond->values; j++)
			if (span_eq(v->item[i], cond->value[j]))
				return LAW_YES;
	if (v->known)
		return LAW_NO;
	note(unknown, cond->field);
	return LAW_UNKNOWN;
}

static enum kleene weigh_same(const struct law_cond *cond, const struct law_value *a,
			      const struct law_value *b, struct field_set *unknown)
{
	for (unsigned i = 0; i < a->n; i++)
		for (unsigned j = 0; j < b->n; j++)
			if (span_eq(a->item[i], b->item[j]) && !span_is(a->item[i], "NONE"))
				return LAW_YES;
	if (a->known && b->known)
		return LAW_NO;
	if (!a->known)
		note(unknown, cond->field);
	if (!b->known)
		note(unknown, cond->other);
	return LAW_UNKNOWN;
}

static enum kleene weigh_bound(const struct law_cond *cond, const struct law_value *v,
			       struct field_set *unknown)
{
	int64_t number;

	if (!v->known || !span_to_i64(v->item[0], &number)) {
		note(unknown, cond->field);
		return LAW_UNKNOWN;
	}
	return (number >= cond->number) == (cond->op == LAW_AT_LEAST) ? LAW_YES : LAW_NO;
}

bool weigh_period(const struct law_period *p, const struct law_case *k,
		  const struct law_line *line, struct law_moment *out, struct field_set *unknown)
{
	struct law_moment start = p->day;

	if (!p->literal) {
		const struct law_value *v = case_value(k, line, p->field);

		if (!v->known || !moment_of(v->item[0], &start)) {
			note(unknown, p->field);
			return false;
		}
	}
	*out = period_end(p, start);
	return true;
}

static enum kleene weigh_before(const struct law_cond *cond, const struct law_case *k,
				const struct law_line *line, struct field_set *unknown)
{
	struct law_moment left, right;
	bool a = weigh_period(&cond->left, k, line, &left, unknown);
	bool b = weigh_period(&cond->right, k, line, &right, unknown);

	if (!a || !b)
		return LAW_UNKNOWN;
	return moment_cmp(left, right) < 0 ? LAW_YES : LAW_NO;
}

static enum kleene weigh(const struct law_cond *cond, const struct law_case *k,
			 const struct law_line *line, struct field_set *unknown)
{
	const struct law_value *v = case_value(k, line, cond->field);

	switch (cond->op) {
	case LAW_IS:
		return weigh_is(cond, v, unknown);
	case LAW_IS_NOT:
		return not(weigh_is(cond, v, unknown));
	case LAW_KNOWN:
		return v->known ? LAW_YES : LAW_NO;
	case LAW_IS_UNKNOWN:
		return v->known ? LAW_NO : LAW_YES;
	case LAW_GIVEN:
		return v->known || v->partly ? LAW_YES : LAW_NO;
	case LAW_NOT_GIVEN:
		return v->known || v->partly ? LAW_NO : LAW_YES;
	case LAW_AT_LEAST:
	case LAW_BELOW:
		return weigh_bound(cond, v, unknown);
	case LAW_SAME:
		return weigh_same(cond, v, case_value(k, line, cond->other), unknown);
	case LAW_NOT_SAME:
		return not(weigh_same(cond, v, case_value(k, line, cond->other), unknown));
	case LAW_BEFORE:
		return weigh_before(cond, k, line, unknown);
	case LAW_NOT_BEFORE:
		return not(weigh_before(cond, k, line, unknown));
	}
	return LAW_UNKNOWN;
}

enum kleene weigh_cond(const struct law_cond *cond, const struct law_case *k,
		       const struct law_line *line)
{
	struct field_set ignored = { { 0 } };

	return weigh(cond, k, line, &ignored);
}

enum kleene weigh_rule(const struct law_rule *rule, const struct law_case *k,
		       const struct law_line *line, struct field_set *unknown)
{
	struct field_set seen = { { 0 } };
	enum kleene all = LAW_YES;

	for (unsigned i = 0; i < rule->conds; i++) {
		struct field_set open = { { 0 } };
		enum kleene one = weigh(&rule->cond[i], k, line, &open);

		if (i >= rule->first_unless)
			one = not(one);
		if (one == LAW_NO)
			return LAW_NO;
		if (one == LAW_UNKNOWN) {
			all = LAW_UNKNOWN;
			for (unsigned b = 0; b < LAW_FIELDS_MAX / 64; b++)
				seen.bit[b] |= open.bit[b];
		}
	}
	for (unsigned b = 0; b < LAW_FIELDS_MAX / 64; b++)
		unknown->bit[b] |= seen.bit[b];
	return all;
}
