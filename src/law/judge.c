/*
 * The tables, asked in order for each line: which law, who, how far, on what grounds, in what form,
 * against whom, and whether another law forbids it. Law is looked up at the day of issue and at the
 * day of judgement; the worse of the two counts. See law.h and table.def.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/judge.h"

#include "format/facts.h"

bool span_list_has(const struct span_list *l, struct span s)
{
	for (unsigned i = 0; i < l->n; i++)
		if (span_eq(l->item[i], s))
			return true;
	return false;
}

void span_list_add(struct span_list *l, struct span s)
{
	if (s.n && l->n < LAW_LIST_MAX && !span_list_has(l, s))
		l->item[l->n++] = s;
}

int finding_verdict(const struct law_finding *f)
{
	return f->bad ? -1 : f->doubt || !f->good ? 0 : 1;
}

/* One question: the rules in play for this line (NULL: for the order) on this day. */
struct asking {
	struct law_judgement *j;
	const struct law_line *line;
	int64_t day;
	const struct law_pack *governing;       /* NULL where no law recognises the instrument */
	bool recognised;                        /* and it is one that can be answered */
	struct law_finding *into;
};

static bool in_force(const struct law_rule *r, int64_t day)
{
	return r->from <= day && day <= r->until;
}

static bool in_play(const struct asking *a, const struct law_rule *r)
{
	return r->pack->kind != PACK_LAW || r->pack == a->governing ||
	       (law_tables[r->table].flags & TABLE_EVERY_LAW);
}

static void add_unknown(struct law_finding *f, const struct field_set *u)
{
	for (unsigned b = 0; b < LAW_FIELDS_MAX / 64; b++)
		f->unknown.bit[b] |= u->bit[b];
}

/* A rule that another defeats holds only where that one does not. */
static enum kleene weigh_with_defeats(const struct asking *a, const struct law_rule *r,
				      struct field_set *unknown)
{
	const struct law *law = a->j->law;
	enum kleene holds = weigh_rule(r, a->j->facts, a->line, unknown);

	for (unsigned i = 0; i < r->defeaters && holds != LAW_NO; i++) {
		const struct law_rule *winner = law->rule[r->defeated_by[i]];
		struct field_set open = { { 0 } };
		enum kleene wins = LAW_NO;

		if (in_play(a, winner) && in_force(winner, a->day))
			wins = weigh_rule(winner, a->j->facts, a->line, &open);
		if (wins == LAW_YES)
			return LAW_NO;
		if (wins == LAW_UNKNOWN) {
			holds = LAW_UNKNOWN;
			for (unsigned b = 0; b < LAW_FIELDS_MAX / 64; b++)
				unknown->bit[b] |= open.bit[b];
		}
	}
	return holds;
}

/* ---- what a rule that holds brings about ---- */

static struct law_due moment_by(const struct asking *a, const struct law_period *p)
{
	struct field_set ignored = { { 0 } };
	struct law_due due = { .has = false };

	due.has = weigh_period(p, a->j->facts, a->line, &due.at, &ignored);
	return due;
}

static void keep(struct law_due *best, struct law_due one, bool earliest)
{
	if (!one.has)
		return;
	if (!best->has || (moment_cmp(one.at, best->at) < 0) == earliest)
		*best = one;
}

/* The earliest day to answer, the latest to hold back and to preserve. */
static void keep_limits(const struct asking *a, const struct law_rule *r)
{
	struct law_finding *f = a->into;

	keep(&f->due, r->has_due ? moment_by(a, &r->due) : (struct law_due){ 0 }, true);
	keep(&f->hold, r->has_hold ? moment_by(a, &r->hold) : (struct law_due){ 0 }, false);
	keep(&f->preserve, r->has_preserve ? moment_by(a, &r->preserve) : (struct law_due){ 0 },
	     false);
}

static void add_watches(const struct asking *a, const struct law_rule *r)
{
	struct law_finding *f = a->into;

	for (unsigned i = 0; i < r->watches; i++) {
		struct law_due by = { .has = false };

		if (r->watch[i].dated)
			by = moment_by(a, &r->watch[i].by);
		if (f->watches < LAW_LIST_MAX)
			f->watch[f->watches++] = (struct law_watched){ r->watch[i].what, by };
	}
}

static void add_notice(const struct asking *a, const struct law_rule *r)
{
	struct law_finding *f = a->into;

	if (r->has_until) {
		struct law_period p = { .field = r->notice_until };

		keep(&f->until, moment_by(a, &p), false);
	}
	if (r->notice > f->notice)
		f->notice = r->notice;
}

static void add_route(struct law_finding *f, const struct law_rule *r)
{
	bool defect = r->give == GIVE_INSUFFICIENT || r->give == GIVE_LAWYER;

	if (r->route == ROUTE_NONE || (f->route_of_defect && !defect))
		return;
	if (f->route == ROUTE_NONE || (defect && !f->route_of_defect) || r->route > f->route)
		f->route = r->route;
	f->route_of_defect |= defect;
}

static void apply(const struct asking *a, const struct law_rule *r)
{
	struct law_finding *f = a->into;

	if (a->j->how->reached)
		a->j->how->reached[r->number] = true;
	f->packs |= UINT64_C(1) << r->pack->number;
	f->bad |= r->give == GIVE_INSUFFICIENT;
	f->doubt |= r->give == GIVE_LAWYER;
	f->unverified |= r->give == GIVE_INSUFFICIENT && r->table == TABLE_authenticity;
	for (unsigned i = 0; i < r->reasons; i++)
		span_list_add(&f->reason, r->reason[i]);
	span_list_add(&f->cite, r->cite);
	span_list_add(&f->rule, r->id);
	if (r->mode > f->mode)
		f->mode = r->mode;
	if (r->redirect > f->redirect)
		f->redirect = r->redirect;
	if (r->cost != COST_NONE && (f->cost == COST_NONE || r->cost < f->cost))
		f->cost = r->cost;
	add_route(f, r);
	add_notice(a, r);
	add_watches(a, r);
	keep_limits(a, r);
}

/* ---- one table ---- */

struct tally {
	unsigned good, any, maybe;      /* any: rows that give a verdict, whichever */
	struct field_set unknown;       /* of rows that would give SUFFICIENT */
	const struct law_pack *pack;    /* of the last row that held */
};

/* A restriction that may apply restricts: unknown never lets more through. A limit that may run is
 * kept likewise. */
static void apply_unknown(const struct asking *a, const struct law_rule *r,
			  const struct field_set *open)
{
	struct law_finding *f = a->into;

	f->packs |= UINT64_C(1) << r->pack->number;
	if (r->give != GIVE_NOTHING) {
		f->doubt = true;
		add_unknown(f, open);
	}
	if (r->redirect > f->redirect)
		f->redirect = r->redirect;
	if (r->notice == NOTICE_MUST_NOT || r->notice == NOTICE_MUST_NOT_UNTIL ||
	    r->notice == NOTICE_HOLD)
		f->notice = f->notice > NOTICE_HOLD ? f->notice : NOTICE_HOLD;
	keep_limits(a, r);
}

static void ask_table(const struct asking *a, enum law_table_id table, struct tally *t)
{
	const struct law *law = a->j->law;

	*t = (struct tally){ 0 };
	for (unsigned i = 0; i < law->rules; i++) {
		const struct law_rule *r = law->rule[i];
		struct field_set open = { { 0 } };
		enum kleene holds;

		if (r->table != table || !in_play(a, r) || !in_force(r, a->day))
			continue;
		holds = weigh_with_defeats(a, r, &open);
		if (holds == LAW_YES) {
			t->any += r->give != GIVE_NOTHING;
			t->good += r->give == GIVE_SUFFICIENT;
			t->pack = r->pack;
			apply(a, r);
		} else if (holds == LAW_UNKNOWN && r->give == GIVE_SUFFICIENT) {
			t->maybe++;
			for (unsigned b = 0; b < LAW_FIELDS_MAX / 64; b++)
				t->unknown.bit[b] |= open.bit[b];
		} else if (holds == LAW_UNKNOWN) {
			apply_unknown(a, r, &open);
		}
	}
}

/* What follows where a table that needs a row that gives SUFFICIENT has none, or too many. */
static void close_table(const struct asking *a, enum law_table_id table, const struct tally *t)
{
	const struct law_table *row = &law_tables[table];
	struct law_finding *f = a->into;

	if (!(row->flags & TABLE_NEEDS))
		return;
	if ((row->flags & TABLE_ONE) && t->any > 1) {
		f->doubt = true;
		span_list_add(&f->reason, SPAN("LAW-SPLIT"));
	}
	if (t->good)
		return;
	if (t->maybe) {
		f->doubt = true;
		add_unknown(f, &t->unknown);
	} else if (t->any == 0) {
		f->doubt = true;
		if (!f->bad)
			span_list_add(&f->reason, span_str(row->no_row));
	}
}

/* ---- which law governs ---- */

static bool has_country(const struct law *law, struct span country)
{
	for (unsigned i = 0; i < law->packs; i++)
		if (law->pack[i].kind == PACK_LAW && span_eq(law->pack[i].country, country))
			return true;
	return false;
}

/* A row that would hold on another day: the instrument is of a law that is not, or no longer, in
 * force on this one. */
static const struct law_rule *of_another_day(const struct asking *a)
{
	const struct law *law = a->j->law;

	for (unsigned i = 0; i < law->rules; i++) {
		const struct law_rule *r = law->rule[i];
		struct field_set ignored = { { 0 } };

		if (r->table == TABLE_recognise && !in_force(r, a->day) &&
		    weigh_rule(r, a->j->facts, NULL, &ignored) == LAW_YES)
			return r;
	}
	return NULL;
}

static void not_in_force(struct asking *a, const struct law_rule *r)
{
	struct law_finding *f = a->into;
	bool begins_later = r->from > a->day;

	a->governing = r->pack;
	f->packs |= UINT64_C(1) << r->pack->number;
	f->bad |= begins_later;
	f->doubt |= !begins_later;
	span_list_add(&f->reason, begins_later ? SPAN("INST-NOT-IN-FORCE") : SPAN("INST-REPEALED"));
	span_list_add(&f->cite, r->cite);
	span_list_add(&f->rule, r->id);
}

/* Finds the governing law and leaves in a->into what recognising it brought about. */
static void recognise(struct asking *a, unsigned country_field)
{
	const struct law_value *country = case_value(a->j->facts, NULL, country_field);
	const struct law_rule *other;
	struct tally t;

	ask_table(a, TABLE_recognise, &t);
	if (t.any) {
		a->governing = t.pack;
		a->recognised = t.good > 0;
		close_table(a, TABLE_recognise, &t);
		return;
	}
	other = of_another_day(a);
	if (other) {
		not_in_force(a, other);
		return;
	}
	a->into->doubt = true;
	if (t.maybe || !country->known || has_country(a->j->law, country->item[0]))
		span_list_add(&a->into->reason, SPAN("INST-UNKNOWN"));
	else
		span_list_add(&a->into->reason, SPAN("PACK-NONE"));
	add_unknown(a->into, &t.unknown);
}

/* ---- lines ---- */

/* A governing law's state is that of the packs that were relied on; the common packs are always.
 * Law is looked up on the days of issue and receipt; whether a reading is still good is a question
 * of the day on which somebody relies on it. The day of the next review itself is still in time. */
static enum law_state state_of(const struct law_judgement *j, uint64_t packs)
{
	enum law_state worst = LAW_ADOPTED;
	int64_t now_utc_s = j->how->now_utc_s, at_utc_s = j->facts->evaluated_at;
	int64_t relied_on = (now_utc_s > at_utc_s ? now_utc_s : at_utc_s) / 86400;

	for (unsigned i = 0; i < j->law->packs; i++) {
		const struct law_pack *p = &j->law->pack[i];
		enum law_state s = j->how->what_if ? j->how->state : p->state;

		if (!(packs & (UINT64_C(1) << i)))
			continue;
		if (!j->how->what_if && s != LAW_DRAFT && p->next_review < relied_on)
			s = LAW_STALE;
		if (s < worst)
			worst = s;
	}
	return worst;
}

static void ask_line(struct asking *a)
{
	struct law_finding *f = a->into;

	for (int t = 0; t < TABLE_COUNT; t++) {
		struct tally tally;

		if (law_tables[t].scope != TABLE_LINE)
			continue;
		ask_table(a, (enum law_table_id)t, &tally);
		if (a->recognised)
			close_table(a, (enum law_table_id)t, &tally);
	}
	f->good = true;         /* a missing row has left its doubt */
}

static void merge_lists(struct span_list *into, const struct span_list *from)
{
	for (unsigned i = 0; i < from->n; i++)
		span_list_add(into, from->item[i]);
}

/* The worse of two looks at one line: what was found on the day of issue counts as well. */
static void merge(struct law_finding *into, const struct law_finding *from)
{
	into->unverified |= from->unverified;
	into->bad |= from->bad;
	into->doubt |= from->doubt;
	merge_lists(&into->reason, &from->reason);
	merge_lists(&into->cite, &from->cite);
	merge_lists(&into->rule, &from->rule);
	add_unknown(into, &from->unknown);
	into->packs |= from->packs;
	if (from->mode > into->mode)
		into->mode = from->mode;
	if (from->redirect > into->redirect)
		into->redirect = from->redirect;
	if (into->route == ROUTE_NONE || (from->route_of_defect && !into->route_of_defect))
		into->route = from->route;
	into->route_of_defect |= from->route_of_defect;
}

static bool same_law(const struct law *law, int64_t a, int64_t b)
{
	for (unsigned i = 0; i < law->rules; i++)
		if (in_force(law->rule[i], a) != in_force(law->rule[i], b))
			return false;
	return true;
}

/* Facts without which no line may be SUFFICIENT. */
static void need_mandatory(const struct law_judgement *j, const struct law_line *line,
			   struct law_finding *f)
{
	size_t count;
	const struct fact_field *field = facts_fields(&count);
	struct field_set open = { { 0 } };

	for (unsigned i = 0; i < count; i++)
		if ((field[i].flags & FACT_MANDATORY) && !case_value(j->facts, line, i)->known)
			open.bit[i / 64] |= UINT64_C(1) << (i % 64);
	for (unsigned b = 0; b < LAW_FIELDS_MAX / 64; b++)
		f->doubt |= open.bit[b] != 0;
	add_unknown(f, &open);
}

static uint64_t common_packs(const struct law *law)
{
	uint64_t packs = 0;

	for (unsigned i = 0; i < law->packs; i++)
		if (law->pack[i].kind == PACK_COMMON || law->pack[i].kind == PACK_POLICY)
			packs |= UINT64_C(1) << i;
	return packs;
}

/* A pack that may not be relied on makes the line LAWYER whatever its rules say, but for a sender
 * who is not verified, which ends the matter first. */
static void weigh_packs(const struct law_judgement *j, struct law_finding *f)
{
	enum law_state state = state_of(j, f->packs | common_packs(j->law));
	bool none = span_list_has(&f->reason, SPAN("PACK-NONE"));

	if (state != LAW_ADOPTED)
		span_list_add(&f->reason, state == LAW_STALE ? SPAN("PACK-STALE")
							     : SPAN("PACK-UNREVIEWED"));
	if ((state != LAW_ADOPTED || none) && !f->unverified) {
		f->bad = false;
		f->doubt = true;
	}
}

/* ---- the order ---- */

static void ask_secrecy(struct asking *a)
{
	struct law_finding *f = a->into;
	struct tally t;

	ask_table(a, TABLE_secrecy, &t);
	f->good = t.good > 0;
	f->nothing = t.any == 0;
	if (t.good == 0 && t.maybe) {
		f->doubt = true;
		add_unknown(f, &t.unknown);
	}
}

/* Secrecy, notice and cost. Without a law that is known nobody is told before counsel has looked.
 */
static void judge_order(struct asking *a)
{
	struct law_judgement *j = a->j;
	struct tally t;

	a->line = NULL;
	a->into = &j->secrecy;
	ask_secrecy(a);
	a->into = &j->order;
	ask_table(a, TABLE_notice, &t);
	ask_table(a, TABLE_cost, &t);
	j->order.packs |= j->secrecy.packs;
	if (j->secrecy.notice > j->order.notice)
		j->order.notice = j->secrecy.notice;
	keep(&j->order.until, j->secrecy.until, false);
	if (!a->governing && j->order.notice < NOTICE_HOLD)
		j->order.notice = NOTICE_HOLD;
}

enum err judge_all(struct ctx *c, struct law_judgement *j)
{
	struct asking a = { .j = j };
	struct law_finding *first, *issue;
	unsigned issued_on, country;
	struct law_moment issued;
	int64_t today = (j->facts->evaluated_at - (j->facts->evaluated_at % 86400)) / 86400;
	bool twice = false;

	TRY(NEW(c, first));
	TRY(NEW(c, issue));
	TRY(NEW_ARRAY(c, j->line, j->facts->lines));
	TRY(sentence_field(c, SPAN("instrument.issued_on"), &issued_on));
	TRY(sentence_field(c, SPAN("issuer.country"), &country));
	if (j->facts->value[issued_on].known &&
	    moment_of(j->facts->value[issued_on].item[0], &issued))
		twice = !same_law(j->law, issued.day, today);
	for (unsigned look = 0; look < (twice ? 2u : 1u); look++) {
		*first = (struct law_finding){ 0 };
		a = (struct asking){ .j = j, .day = look ? issued.day : today, .into = first };
		recognise(&a, country);
		for (unsigned i = 0; i < j->facts->lines; i++) {
			*issue = *first;
			a.into = issue;
			a.line = &j->facts->line[i];
			ask_line(&a);
			if (look)
				merge(&j->line[i], issue);
			else
				j->line[i] = *issue;
		}
		if (!look)
			judge_order(&a);
	}
	j->order.packs |= common_packs(j->law);
	for (unsigned i = 0; i < j->facts->lines; i++) {
		need_mandatory(j, &j->facts->line[i], &j->line[i]);
		weigh_packs(j, &j->line[i]);
	}
	return ERR_OK;
}
