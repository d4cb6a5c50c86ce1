/*
 * The checks of check.h. Exactly one ceiling: for an instrument, a category and a day the rows are
 * cut down to what is still open (their atoms: further conditions), and every way in which these
 * can hold together is tried. All facts are taken as known; what is unknown is the engine's to
 * refuse. SPDX-License-Identifier: Apache-2.0
 */
#include "law/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/facts.h"
#include "law/pack.h"

#define ATOMS_MAX 14u
#define ROWS_MAX 200u
#define DAYS_MAX 4000u

struct checking {
	struct ctx *c;
	const struct law *law;
	struct json *findings;
	unsigned kind, category, country;       /* fields */
};

/* The same fault of a rule is told once, on however many days it shows. */
static bool is_told(const struct json *findings, struct span rule, struct span what)
{
	JSON_EACH(one, findings)
		if (span_eq(json_opt_text(one, "rule", SPAN_NONE), rule) &&
		    span_eq(json_opt_text(one, "what", SPAN_NONE), what))
			return true;
	return false;
}

static enum err PRINTF(3, 4)
	found(struct checking *k, const struct law_rule *rule, const char *fmt, ...)
{
	struct json *o = json_object(k->c);
	struct span text;
	char what[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	if (is_told(k->findings, rule->id, span_str(what)))
		return ERR_OK;
	json_set_str(k->c, o, "file", rule->pack->name);
	json_set_int(k->c, o, "line", rule->line);
	json_set_text(k->c, o, "rule", rule->id);
	TRY(span_copy(k->c, span_str(what), &text));
	json_set_text(k->c, o, "what", text);
	json_add(k->c, k->findings, o);
	return ERR_OK;
}

/* ---- atoms ---- */

struct literal {
	unsigned atom;
	bool holds;
};

struct row {
	const struct law_rule *rule;
	struct literal literal[ATOMS_MAX];
	unsigned literals;
};

struct table {
	const struct law_cond *atom[ATOMS_MAX];
	unsigned atoms;
	struct row row[ROWS_MAX];
	unsigned rows;
	bool too_many;
};

static bool is_scalar(unsigned field)
{
	size_t count;

	return !(facts_fields(&count)[field].flags & FACT_LIST);
}

/* Is every value of a one of b? */
static bool within(const struct law_cond *a, const struct law_cond *b)
{
	for (unsigned i = 0; i < a->values; i++) {
		bool in = false;

		for (unsigned j = 0; j < b->values; j++)
			in |= span_eq(a->value[i], b->value[j]);
		if (!in)
			return false;
	}
	return true;
}

static bool same_values(const struct law_cond *a, const struct law_cond *b)
{
	return a->values == b->values && within(a, b);
}

/* The same statement, its negative form taken as its positive one. */
static enum law_op plain_op(enum law_op op)
{
	switch (op) {
	case LAW_IS_NOT:
		return LAW_IS;
	case LAW_IS_UNKNOWN:
		return LAW_KNOWN;
	case LAW_NOT_GIVEN:
		return LAW_GIVEN;
	case LAW_BELOW:
		return LAW_AT_LEAST;
	case LAW_NOT_SAME:
		return LAW_SAME;
	case LAW_NOT_BEFORE:
		return LAW_BEFORE;
	case LAW_IS:
	case LAW_KNOWN:
	case LAW_GIVEN:
	case LAW_AT_LEAST:
	case LAW_SAME:
	case LAW_BEFORE:
		break;
	}
	return op;
}

/* Is it about whether there is a fact at all? */
static bool of_presence(const struct law_cond *cond)
{
	enum law_op op = plain_op(cond->op);

	return op == LAW_KNOWN || op == LAW_GIVEN;
}

static bool same_period(const struct law_period *a, const struct law_period *b)
{
	return a->literal == b->literal && a->field == b->field && a->unit == b->unit &&
	       a->number == b->number && a->first_day_counts == b->first_day_counts &&
	       a->day.day == b->day.day;
}

static bool same_atom(const struct law_cond *a, const struct law_cond *b)
{
	return plain_op(a->op) == plain_op(b->op) && a->field == b->field &&
	       a->number == b->number && a->other == b->other && same_values(a, b) &&
	       same_period(&a->left, &b->left) && same_period(&a->right, &b->right);
}

static bool add_literal(struct table *t, struct row *row, const struct law_cond *cond, bool unless)
{
	unsigned i = 0;

	while (i < t->atoms && !same_atom(t->atom[i], cond))
		i++;
	if (i == ATOMS_MAX || row->literals == ATOMS_MAX) {
		t->too_many = true;
		return false;
	}
	if (i == t->atoms)
		t->atom[t->atoms++] = cond;
	row->literal[row->literals++] =
		(struct literal){ i, (plain_op(cond->op) == cond->op) != unless };
	return true;
}

/* Adds what is still open of a rule once the known facts are set; nothing where one rules it out.
 */
static void add_row(struct table *t, const struct law_rule *rule, const struct law_case *facts,
		    const struct law_line *line)
{
	struct row *row = &t->row[t->rows];

	if (t->rows == ROWS_MAX) {
		t->too_many = true;
		return;
	}
	*row = (struct row){ .rule = rule };
	for (unsigned i = 0; i < rule->conds; i++) {
		bool unless = i >= rule->first_unless;
		enum kleene holds = of_presence(&rule->cond[i])
					    ? LAW_UNKNOWN
					    : weigh_cond(&rule->cond[i], facts, line);

		if (holds != LAW_UNKNOWN && (holds == LAW_YES) == unless)
			return;
		if (holds == LAW_UNKNOWN && !add_literal(t, row, &rule->cond[i], unless))
			return;
	}
	t->rows++;
}

static bool overlap(const struct law_cond *a, const struct law_cond *b)
{
	for (unsigned i = 0; i < a->values; i++)
		for (unsigned j = 0; j < b->values; j++)
			if (span_eq(a->value[i], b->value[j]))
				return true;
	return false;
}

/* Can two atoms have these truths together? A fact that is not known is nothing. */
static bool agree(const struct law_cond *a, bool x, const struct law_cond *b, bool y)
{
	if (a->field != b->field)
		return true;
	if (of_presence(a) || of_presence(b))
		return (x || !of_presence(a) || !y) && (y || !of_presence(b) || !x);
	if (plain_op(a->op) != plain_op(b->op))
		return true;
	if (plain_op(a->op) == LAW_IS) {
		if (x && !y && within(a, b))
			return false;
		if (y && !x && within(b, a))
			return false;
		return !(x && y && is_scalar(a->field) && !overlap(a, b));
	}
	if (plain_op(a->op) == LAW_AT_LEAST)
		return !(x && !y && a->number >= b->number) && !(y && !x && b->number >= a->number);
	return true;
}

/* Is there a word left that the field of this atom can have? Where its words are listed, one of
 * them must stand there. */
static bool has_word(const struct table *t, unsigned truth, const struct law_cond *atom)
{
	size_t count;
	const struct fact_field *field = &facts_fields(&count)[atom->field];
	struct span rest = span_str(field->type == FACT_YES_NO ? "yes no" : field->words), word;
	bool listed = plain_op(atom->op) == LAW_IS && is_scalar(atom->field) && rest.n;

	while (listed && span_next(&rest, ' ', &word)) {
		bool fits = true;

		for (unsigned i = 0; i < t->atoms; i++) {
			const struct law_cond *other = t->atom[i];
			bool in = false;

			if (other->field != atom->field || plain_op(other->op) != LAW_IS)
				continue;
			for (unsigned v = 0; v < other->values; v++)
				in |= span_eq(other->value[v], word);
			fits &= in == (bool)(truth >> i & 1);
		}
		if (fits)
			return true;
	}
	return !listed;
}

/* all_known: no fact that a condition names is unknown. */
static bool possible(const struct table *t, unsigned truth, bool all_known)
{
	for (unsigned i = 0; i < t->atoms; i++) {
		bool x = truth >> i & 1;

		if (all_known && of_presence(t->atom[i]) && !x)
			return false;
		if (all_known && !has_word(t, truth, t->atom[i]))
			return false;
		for (unsigned j = i + 1; j < t->atoms; j++)
			if (!agree(t->atom[i], x, t->atom[j], truth >> j & 1))
				return false;
	}
	return true;
}

static bool row_holds(const struct row *row, unsigned truth)
{
	for (unsigned i = 0; i < row->literals; i++)
		if ((truth >> row->literal[i].atom & 1) != row->literal[i].holds)
			return false;
	return true;
}

/* The rows that hold, those that another one defeats left out. */
static unsigned hits(const struct table *t, unsigned truth, const struct law_rule **first,
		     const struct law_rule **second)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->rows; i++) {
		const struct law_rule *rule = t->row[i].rule;
		bool defeated = false;

		if (!row_holds(&t->row[i], truth))
			continue;
		for (unsigned j = 0; j < t->rows; j++)
			for (unsigned d = 0; d < rule->defeaters; d++)
				defeated |= t->row[j].rule->number == rule->defeated_by[d] &&
					    row_holds(&t->row[j], truth);
		if (defeated)
			continue;
		*(n++ ? second : first) = rule;
	}
	return n;
}

/* ---- exactly one ceiling ---- */

static bool in_force(const struct law_rule *r, int64_t day)
{
	return r->from <= day && day <= r->until;
}

static void set_value(struct law_value *v, const struct span *word)
{
	*v = (struct law_value){ .item = word, .n = 1, .known = true };
}

static enum err ceiling_on(struct checking *k, const struct law_rule *recognise,
			   struct span kind, struct span category, int64_t day)
{
	const struct law_rule *a = NULL, *b = NULL;
	struct law_case *facts;
	struct law_line *line;
	struct table *t;

	TRY(NEW(k->c, facts));
	TRY(NEW(k->c, line));
	TRY(NEW(k->c, t));
	set_value(&facts->value[k->kind], &kind);
	set_value(&line->value[k->category], &category);
	if (recognise->pack->country.n)
		set_value(&facts->value[k->country], &recognise->pack->country);
	for (unsigned i = 0; i < k->law->rules; i++) {
		const struct law_rule *r = k->law->rule[i];

		if (r->table == TABLE_ceiling && in_force(r, day) &&
		    (r->pack == recognise->pack || r->pack->kind != PACK_LAW))
			add_row(t, r, facts, line);
	}
	if (t->too_many)
		return found(k, recognise, "%.*s of %.*s: more conditions than can be checked",
			     SPAN_ARG(category), SPAN_ARG(kind));
	for (unsigned truth = 0; truth < 1u << t->atoms; truth++) {
		unsigned n;

		if (!possible(t, truth, true))
			continue;
		n = hits(t, truth, &a, &b);
		if (n == 1)
			continue;
		return n ? found(k, a, "%.*s by %.*s: a second ceiling, %.*s", SPAN_ARG(category),
				 SPAN_ARG(kind), SPAN_ARG(b->id))
			 : found(k, recognise, "%.*s by %.*s has no ceiling where %u more %s",
				 SPAN_ARG(category), SPAN_ARG(kind), t->atoms,
				 t->atoms ? "conditions are not met" : "conditions stand");
	}
	return ERR_OK;
}

static int by_day(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The days on which the law of a pack changes, from the first on which the row is law. */
static enum err days_of(struct checking *k, const struct law_rule *recognise, int64_t **out,
			unsigned *count_out)
{
	unsigned n = 0;

	TRY(NEW_ARRAY(k->c, *out, DAYS_MAX));
	(*out)[n++] = recognise->from;
	for (unsigned i = 0; i < k->law->rules && n + 2 < DAYS_MAX; i++) {
		const struct law_rule *r = k->law->rule[i];

		if (r->table != TABLE_ceiling ||
		    (r->pack != recognise->pack && r->pack->kind == PACK_LAW))
			continue;
		if (r->from > recognise->from && r->from <= recognise->until)
			(*out)[n++] = r->from;
		if (r->until >= recognise->from && r->until < recognise->until)
			(*out)[n++] = r->until + 1;
	}
	qsort(*out, n, sizeof **out, by_day);
	*count_out = n;
	return ERR_OK;
}

/* The words of an enumeration in facts.def. */
static enum err words_of(struct checking *k, unsigned field, struct span *list, unsigned *count_out)
{
	size_t count;
	struct span rest = span_str(facts_fields(&count)[field].words), word;
	unsigned n = 0;

	while (n < LAW_SET_MAX && span_next(&rest, ' ', &word))
		list[n++] = word;
	*count_out = n;
	(void)k;
	return ERR_OK;
}

/* Whether the row can hold for this kind of instrument. */
static enum err recognises(struct checking *k, const struct law_rule *r, const struct span *kind,
			   bool *out)
{
	struct law_case *facts;
	struct field_set ignored = { { 0 } };

	TRY(NEW(k->c, facts));
	set_value(&facts->value[k->kind], kind);
	*out = r->table == TABLE_recognise && r->give == GIVE_SUFFICIENT &&
	       weigh_rule(r, facts, NULL, &ignored) != LAW_NO;
	return ERR_OK;
}

static enum err check_ceilings(struct checking *k, const struct law_rule *r)
{
	struct span kinds[LAW_SET_MAX], categories[LAW_SET_MAX];
	unsigned kind_count, category_count, day_count;
	int64_t *day;

	TRY(words_of(k, k->kind, kinds, &kind_count));
	TRY(words_of(k, k->category, categories, &category_count));
	TRY(days_of(k, r, &day, &day_count));
	for (unsigned i = 0; i < kind_count; i++) {
		bool yes = false;

		TRY(recognises(k, r, &kinds[i], &yes));
		for (unsigned j = 0; yes && j < category_count; j++)
			for (unsigned d = 0; d < day_count; d++)
				if (d == 0 || day[d] != day[d - 1])
					TRY(ceiling_on(k, r, kinds[i], categories[j], day[d]));
	}
	return ERR_OK;
}

/* ---- rules against themselves and each other ---- */

/* The open conditions of one rule or of two together: is there a way for them all to hold? */
static enum err can_hold(struct checking *k, const struct law_rule *a, const struct law_rule *b,
			 bool *out)
{
	struct law_case *nothing;
	struct law_line *line;
	struct table *t;

	*out = true;
	TRY(NEW(k->c, nothing));
	TRY(NEW(k->c, line));
	TRY(NEW(k->c, t));
	add_row(t, a, nothing, line);
	if (b)
		add_row(t, b, nothing, line);
	if (t->too_many)
		return ERR_OK;
	for (unsigned truth = 0; truth < 1u << t->atoms; truth++)
		if (possible(t, truth, false) && t->rows == (b ? 2u : 1u) &&
		    row_holds(&t->row[0], truth) && (!b || row_holds(&t->row[1], truth)))
			return ERR_OK;
	*out = false;
	return ERR_OK;
}

static bool same_days(const struct law_rule *a, const struct law_rule *b)
{
	return a->from <= b->until && b->from <= a->until;
}

static enum err check_recognition(struct checking *k, const struct law_rule *a)
{
	for (unsigned i = a->number + 1; i < k->law->rules; i++) {
		const struct law_rule *b = k->law->rule[i];
		bool together = false;

		if (b->table != TABLE_recognise || !same_days(a, b))
			continue;
		TRY(can_hold(k, a, b, &together));
		if (together)
			TRY(found(k, a, "%.*s (%s, line %u) recognises the same orders",
				  SPAN_ARG(b->id), b->pack->name, b->line));
	}
	return ERR_OK;
}

/* A rule that is law only while another defeats it whatever the facts. */
static enum err check_reach(struct checking *k, const struct law_rule *r)
{
	bool holds = true;

	TRY(can_hold(k, r, NULL, &holds));
	if (!holds)
		return found(k, r, "its conditions contradict each other");
	for (unsigned i = 0; i < r->defeaters; i++) {
		const struct law_rule *winner = k->law->rule[r->defeated_by[i]];

		if (winner->conds == 0 && winner->from <= r->from && winner->until >= r->until)
			return found(k, r, "%.*s always defeats it", SPAN_ARG(winner->id));
		if (!same_days(winner, r))
			TRY(found(k, winner, "it defeats %.*s, which is never law on the same day",
				  SPAN_ARG(r->id)));
		TRY(can_hold(k, winner, r, &holds));
		if (!holds)
			TRY(found(k, winner, "it defeats %.*s, which never holds with it",
				  SPAN_ARG(r->id)));
	}
	return ERR_OK;
}

/* A law is asked where a row of its own recognises the order: a rule that holds beside none is
 * never asked. Rows of every law are. */
static enum err check_governed(struct checking *k, const struct law_rule *r)
{
	bool holds = law_tables[r->table].flags & TABLE_EVERY_LAW || r->pack->kind != PACK_LAW;

	for (unsigned i = r->pack->first; !holds && i < r->pack->first + r->pack->rules; i++) {
		const struct law_rule *row = k->law->rule[i];

		if (row->table == TABLE_recognise && same_days(row, r))
			TRY(can_hold(k, row, r, &holds));
	}
	return holds ? ERR_OK
		     : found(k, r, "no order that the pack recognises can meet its conditions");
}

enum err law_check(struct ctx *c, const struct law *law, int64_t now_utc_s,
		   struct json **findings_out)
{
	struct checking k = { .c = c, .law = law, .findings = json_list(c) };

	TRY(sentence_field(c, SPAN("instrument.kind"), &k.kind));
	TRY(sentence_field(c, SPAN("demand.category"), &k.category));
	TRY(sentence_field(c, SPAN("issuer.country"), &k.country));
	TRY(law_check_packs(c, law, now_utc_s, k.findings));
	for (unsigned i = 0; i < law->rules; i++) {
		const struct law_rule *r = law->rule[i];

		TRY(check_reach(&k, r));
		TRY(check_governed(&k, r));
		if (r->table != TABLE_recognise)
			continue;
		TRY(check_recognition(&k, r));
		if (r->give == GIVE_SUFFICIENT)
			TRY(check_ceilings(&k, r));
	}
	*findings_out = k.findings;
	return ERR_OK;
}
