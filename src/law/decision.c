/*
 * The decision document (decision.schema.json of the law set): lines put together by the rule of
 * aggregation, everything in an order that depends on nothing but the facts and the packs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "format/facts.h"
#include "format/time.h"
#include "law/judge.h"

#define TEXTS_MAX 1200u

static const char *const verdicts[] = { "INSUFFICIENT", "LAWYER", "SUFFICIENT" };
static const char *const modes[] = { "NO_POWER", "COMPELLED", "PERMITTED", "PRESERVE_ONLY" };
static const char *const notices[] = { "MAY",  "MUST",		"MAY",     "ISSUER_DOES",
				       "HOLD", "MUST_NOT_UNTIL", "MUST_NOT" };
static const char *const redirects[] = { "NO", "ASK", "REQUIRE" };
static const char *const routes[] = { "DIRECT", "DIRECT", "MLAT", "CLOUD", "EEVIDENCE",
				      "BUDAPEST_24X7", "LEGAT" };
static const char *const costs[] = { "NOT_CLAIMABLE", "NOT_CLAIMABLE", "CLAIMABLE" };

struct texts {
	struct span item[TEXTS_MAX];
	unsigned n;
};

static void texts_add(struct texts *t, struct span s)
{
	for (unsigned i = 0; i < t->n; i++)
		if (span_eq(t->item[i], s))
			return;
	if (t->n < TEXTS_MAX)
		t->item[t->n++] = s;
}

static int by_text(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return span_cmp(*x, *y);
}

static struct json *json_of(struct ctx *c, struct texts *t, bool sorted)
{
	struct json *list = json_list(c);

	if (sorted)
		qsort(t->item, t->n, sizeof t->item[0], by_text);
	for (unsigned i = 0; i < t->n; i++)
		json_add(c, list, json_text(c, t->item[i]));
	return list;
}

/* FACT-UNKNOWN(field) for each fact that left something open. */
static enum err add_unknown(struct ctx *c, const struct field_set *u, struct texts *t)
{
	size_t count;
	const struct fact_field *field = facts_fields(&count);

	for (unsigned i = 0; i < count; i++) {
		const char *path = field[i].path;
		struct span s;

		if (!(u->bit[i / 64] & (UINT64_C(1) << (i % 64))))
			continue;
		if (field_is_of_line(i))
			TRY(span_fmt(c, &s, "FACT-UNKNOWN(demand.%s)", path + 10));
		else
			TRY(span_fmt(c, &s, "FACT-UNKNOWN(%s)", path));
		texts_add(t, s);
	}
	return ERR_OK;
}

static enum err reasons_of(struct ctx *c, const struct law_finding *f, struct texts *t)
{
	for (unsigned i = 0; i < f->reason.n; i++)
		texts_add(t, f->reason.item[i]);
	return add_unknown(c, &f->unknown, t);
}

static struct json *list_of(struct ctx *c, const struct span_list *l)
{
	struct json *list = json_list(c);

	for (unsigned i = 0; i < l->n; i++)
		json_add(c, list, json_text(c, l->item[i]));
	return list;
}

static enum err set_moment(struct ctx *c, struct json *o, const char *key,
			   const struct law_due *due)
{
	struct span text;

	if (!due->has) {
		json_set(c, o, key, NULL);
		return ERR_OK;
	}
	TRY(moment_text(c, due->at, &text));
	json_set_text(c, o, key, text);
	return ERR_OK;
}

static enum err line_of(struct ctx *c, const struct law_line *line, const struct law_finding *f,
			struct texts *all, struct json **out)
{
	struct json *o = json_object(c);
	int verdict = finding_verdict(f);
	struct texts *reasons;

	TRY(NEW(c, reasons));
	TRY(reasons_of(c, f, reasons));
	for (unsigned i = 0; i < reasons->n; i++)
		texts_add(all, reasons->item[i]);
	json_set_text(c, o, "id", line->id);
	json_set_str(c, o, "verdict", verdicts[verdict + 1]);
	json_set_str(c, o, "mode", verdict < 0 ? "NO_POWER" : modes[f->mode]);
	json_set(c, o, "reasons", json_of(c, reasons, true));
	json_set(c, o, "citations", list_of(c, &f->cite));
	json_set(c, o, "rules", list_of(c, &f->rule));
	*out = o;
	return ERR_OK;
}

/* Which word the secrecy gets: what binds is SUFFICIENT, doubt comes before it. */
static const char *secrecy_word(const struct law_judgement *j, unsigned kind_field)
{
	const struct law_value *kind = case_value(j->facts, NULL, kind_field);
	const struct law_finding *f = &j->secrecy;

	if (kind->known && span_is(kind->item[0], "NONE"))
		return "NONE";
	if (f->doubt || f->nothing)
		return "LAWYER";
	return f->good ? "SUFFICIENT" : "INSUFFICIENT";
}

/* While the secrecy is for a lawyer the customer is not told, or as the court's order says that
 * binds meanwhile. */
static enum err secrecy_of(struct ctx *c, struct law_judgement *j, struct texts *all,
			   const char **verdict_out, struct json **out)
{
	struct json *o = json_object(c);
	struct texts *reasons;
	unsigned kind;
	bool lawyer;

	TRY(sentence_field(c, SPAN("secrecy.kind"), &kind));
	*verdict_out = secrecy_word(j, kind);
	TRY(NEW(c, reasons));
	TRY(reasons_of(c, &j->secrecy, reasons));
	lawyer = span_is(span_str(*verdict_out), "LAWYER");
	if (lawyer && j->order.notice < NOTICE_HOLD)
		j->order.notice = NOTICE_HOLD;
	if (lawyer && reasons->n == 0)
		texts_add(reasons, case_value(j->facts, NULL, kind)->known
					   ? SPAN("SECR-INVALID")
					   : SPAN("FACT-UNKNOWN(secrecy.kind)"));
	for (unsigned i = 0; i < reasons->n; i++)
		texts_add(all, reasons->item[i]);
	json_set_str(c, o, "verdict", *verdict_out);
	json_set(c, o, "reasons", json_of(c, reasons, true));
	json_set(c, o, "citations", list_of(c, &j->secrecy.cite));
	json_set(c, o, "rules", list_of(c, &j->secrecy.rule));
	*out = o;
	return ERR_OK;
}

/* Any LAWYER: LAWYER; else all SUFFICIENT, all INSUFFICIENT, or PARTIAL. */
static const char *verdict_of(const struct law_judgement *j, const char *secrecy)
{
	unsigned count[3] = { 0 };

	for (unsigned i = 0; i < j->facts->lines; i++)
		count[finding_verdict(&j->line[i]) + 1]++;
	if (count[1] || span_is(span_str(secrecy), "LAWYER"))
		return "LAWYER";
	return count[0] == 0 ? "SUFFICIENT" : count[2] == 0 ? "INSUFFICIENT" : "PARTIAL";
}

/* What the lines bring about for the order: the earliest limit, the longest hold. */
static void gather(struct law_judgement *j)
{
	struct law_finding *o = &j->order;

	for (unsigned i = 0; i < j->facts->lines; i++) {
		const struct law_finding *f = &j->line[i];
		bool stands = finding_verdict(f) >= 0;

		o->packs |= f->packs;
		if (f->redirect > o->redirect)
			o->redirect = f->redirect;
		if (o->route == ROUTE_NONE || (f->route_of_defect && !o->route_of_defect) ||
		    (f->route_of_defect == o->route_of_defect && f->route > o->route))
			o->route = f->route;
		o->route_of_defect |= f->route_of_defect;
		if (f->notice > o->notice)
			o->notice = f->notice;
		if (f->due.has && (!o->due.has || moment_cmp(f->due.at, o->due.at) < 0))
			o->due = f->due;
		if (stands && f->hold.has &&
		    (!o->hold.has || moment_cmp(f->hold.at, o->hold.at) > 0))
			o->hold = f->hold;
		if (stands && f->preserve.has &&
		    (!o->preserve.has || moment_cmp(f->preserve.at, o->preserve.at) > 0))
			o->preserve = f->preserve;
	}
}

/* The legal limit, else the order's own date. */
static enum err due_of(struct ctx *c, struct law_judgement *j)
{
	const struct law_value *own;
	unsigned return_by;

	TRY(sentence_field(c, SPAN("instrument.return_by"), &return_by));
	own = case_value(j->facts, NULL, return_by);
	if (!j->order.due.has && own->known)
		j->order.due.has = moment_of(own->item[0], &j->order.due.at);
	return ERR_OK;
}

struct watch_text {
	struct span what, by;
};

static int by_watch(const void *a, const void *b)
{
	const struct watch_text *x = a, *y = b;
	int order = span_cmp(x->what, y->what);

	return order ? order : span_cmp(x->by, y->by);
}

static enum err watch_add(struct ctx *c, const struct law_finding *f, struct watch_text *list,
			  unsigned *n)
{
	for (unsigned i = 0; i < f->watches; i++) {
		struct watch_text one = { f->watch[i].what, SPAN_NONE };
		bool seen = false;

		if (f->watch[i].by.has)
			TRY(moment_text(c, f->watch[i].by.at, &one.by));
		for (unsigned k = 0; k < *n; k++)
			seen |= span_eq(list[k].what, one.what) && span_eq(list[k].by, one.by);
		if (!seen && *n < TEXTS_MAX)
			list[(*n)++] = one;
	}
	return ERR_OK;
}

static enum err watch_of(struct ctx *c, const struct law_judgement *j, struct json **out)
{
	struct watch_text *list;
	unsigned n = 0;

	*out = json_list(c);
	TRY(NEW_ARRAY(c, list, TEXTS_MAX));
	TRY(watch_add(c, &j->secrecy, list, &n));
	TRY(watch_add(c, &j->order, list, &n));
	for (unsigned i = 0; i < j->facts->lines; i++)
		TRY(watch_add(c, &j->line[i], list, &n));
	qsort(list, n, sizeof *list, by_watch);
	for (unsigned i = 0; i < n; i++) {
		struct json *o = json_object(c);

		json_set_text(c, o, "what", list[i].what);
		json_set(c, o, "by", list[i].by.n ? json_text(c, list[i].by) : NULL);
		json_add(c, *out, o);
	}
	return ERR_OK;
}

static struct json *packs_of(struct ctx *c, const struct law_judgement *j)
{
	struct json *list = json_list(c);

	for (unsigned i = 0; i < j->law->packs; i++) {
		const struct law_pack *p = &j->law->pack[i];
		struct json *o = json_object(c);

		if (!(j->order.packs & (UINT64_C(1) << i)))
			continue;
		json_set_text(c, o, "id", p->id);
		json_set_text(c, o, "version", p->version);
		json_set_text(c, o, "sha256", p->sha256);
		json_add(c, list, o);
	}
	return list;
}

static enum err notice_of(struct ctx *c, const struct law_judgement *j, struct json **out)
{
	struct law_due until = j->order.until;

	*out = json_object(c);
	until.has = until.has && j->order.notice == NOTICE_MUST_NOT_UNTIL;
	json_set_str(c, *out, "rule",
		     notices[j->order.notice == NOTICE_NONE ? NOTICE_HOLD : j->order.notice]);
	return set_moment(c, *out, "until", &until);
}

static enum err write_decision(struct ctx *c, struct law_judgement *j, const struct json *facts,
			       struct json *d)
{
	struct json *demands = json_list(c), *o;
	const char *secrecy, *verdict;
	struct texts *all;

	TRY(NEW(c, all));
	for (unsigned i = 0; i < j->facts->lines; i++) {
		TRY(line_of(c, &j->facts->line[i], &j->line[i], all, &o));
		json_add(c, demands, o);
	}
	json_set(c, d, "demands", demands);
	TRY(secrecy_of(c, j, all, &secrecy, &o));
	json_set(c, d, "secrecy", o);
	verdict = verdict_of(j, secrecy);
	for (unsigned i = 0, good = 0, bad = 0; i < j->facts->lines; i++) {
		good += finding_verdict(&j->line[i]) > 0;
		bad += finding_verdict(&j->line[i]) < 0;
		if (good && bad)
			texts_add(all, SPAN("SCOPE-EXCESS"));
	}
	json_set_int(c, d, "decision_version", 1);
	json_set_text(c, d, "order_id", json_opt_text(json_get(facts, "order"), "id", SPAN_NONE));
	json_set_str(c, d, "verdict", verdict);
	json_set(c, d, "reasons", json_of(c, all, true));
	TRY(watch_of(c, j, &o));
	json_set(c, d, "watch", o);
	TRY(notice_of(c, j, &o));
	json_set(c, d, "notice", o);
	return ERR_OK;
}

enum err law_judge(struct ctx *c, const struct law *law, const struct json *facts,
		   const struct law_how *how, struct json **decision_out)
{
	struct law_judgement j = { .law = law, .how = how };
	struct json *d = json_object(c);
	struct law_case *k;

	if (!law->closed)
		FAIL(c, ERR_FAILED, "the rule packs are not loaded to their end");
	TRY(NEW(c, k));
	TRY(case_make(c, facts, how->now_utc_s, k));
	j.facts = k;
	TRY(judge_all(c, &j));
	gather(&j);
	TRY(due_of(c, &j));
	TRY(write_decision(c, &j, facts, d));
	TRY(set_moment(c, d, "due_at", &j.order.due));
	TRY(set_moment(c, d, "hold_until", &j.order.hold));
	TRY(set_moment(c, d, "preserve_until", &j.order.preserve));
	json_set_str(c, d, "redirect", redirects[j.order.redirect]);
	json_set_str(c, d, "route", routes[j.order.route]);
	json_set_str(c, d, "cost", costs[j.order.cost]);
	json_set(c, d, "packs", packs_of(c, &j));
	json_set_text(c, d, "evaluated_at", k->evaluated_text);
	json_set_bool(c, d, "what_if", how->what_if);
	*decision_out = d;
	return ERR_OK;
}
