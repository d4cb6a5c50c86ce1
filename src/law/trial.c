/*
 * Tests of rule packs; see trial.h. A test is
 *     id, of: a base, set: changes, expect: sentences
 * A change is 'FACT is VALUE {or VALUE}' (or unknown, or 'not given'); demand.x is of the first
 * line, d2.x of the line d2. What is expected is one of
 *     order is VERDICT                      LINE is VERDICT [because REASON {and REASON}]
 *     LINE may be MODE                      LINE|secrecy is not because REASON
 *     LINE rests on RULE                    LINE does not rest on RULE
 *     secrecy is VERDICT [because REASON]   notice is RULE [until DAY]
 *     due|hold|preserve is DAY|INSTANT|none redirect|route|cost is WORD
 *     watch WHAT [by DAY|INSTANT]           no watch WHAT
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/trial.h"

#include <string.h>

#include "format/facts.h"
#include "law/pack.h"

#define BASES_MAX 200u
#define TRIALS_MAX 4000u
#define TRIAL_MEMORY ((size_t)8 << 20)
#define MUTATE_MEMORY ((size_t)64 << 20)

struct base {
	struct span id;
	const struct json *facts;
};

struct trial {
	const char *file;
	const struct json *doc;
	struct span id;
	const struct json *facts;
};

struct trial_set {
	struct base base[BASES_MAX];
	struct trial trial[TRIALS_MAX];
	unsigned bases, trials;
};

static enum err wrong(struct ctx *c, const char *file, const struct json *at, const char *what)
{
	FAIL(c, ERR_FORMAT, "%s:%u: %s", file, at->line, what);
}

enum err trials_open(struct ctx *c, struct trial_set **out)
{
	return NEW(c, *out);
}

/* ---- changes ---- */

/* The object that holds the fact and the fact's own name in it; groups are made where missing. */
static enum err place_of(struct ctx *c, struct json *facts, struct span path, struct json **in,
			 struct span *name)
{
	struct span head, rest = path;
	const struct json *demands = json_get(facts, "demands");

	*in = facts;
	if (span_split(path, '.', &head, &rest)) {
		for (struct json *line = demands ? demands->first : NULL; line; line = line->next)
			if (span_is(head, "demand") ||
			    span_eq(json_opt_text(line, "id", SPAN_NONE), head)) {
				*in = line;
				*name = rest;
				return ERR_OK;
			}
	}
	rest = path;
	while (span_split(rest, '.', &head, &rest)) {
		char *key;
		struct json *next;

		TRY(span_cstr(c, head, &key));
		for (next = (*in)->first; next && !span_eq(next->key, head);)
			next = next->next;
		if (!next) {
			next = json_object(c);
			json_set(c, *in, key, next);
		}
		*in = next;
	}
	*name = rest;
	return ERR_OK;
}

/* The row of facts.def for "demand.x", "d2.x" or a path. */
static const struct fact_field *row_of(struct ctx *c, const struct json *facts, struct span path)
{
	struct span head, rest, full = path;
	bool line = false;

	if (span_split(path, '.', &head, &rest)) {
		line = span_is(head, "demand");
		JSON_EACH(one, json_get(facts, "demands"))
			line |= span_eq(json_opt_text(one, "id", SPAN_NONE), head);
		if (line && span_fmt(c, &full, "demands[].%.*s", SPAN_ARG(rest)) != ERR_OK)
			return NULL;
	}
	return facts_field(full);
}

static enum err change(struct ctx *c, const char *file, const struct json *at, struct json *facts)
{
	struct span path, values, one, name;
	const struct fact_field *row;
	struct json *in, *list = json_list(c);
	char *key;

	if (!span_split_at(at->s, " is ", &path, &values))
		return wrong(c, file, at, "a change is 'FACT is VALUE'");
	row = row_of(c, facts, path);
	if (!row || row->type == FACT_GROUP || row->type == FACT_LINES)
		return wrong(c, file, at, "there is no such fact");
	TRY(place_of(c, facts, path, &in, &name));
	if (span_is(values, "not given")) {
		json_drop(in, name);
		return ERR_OK;
	}
	TRY(span_cstr(c, name, &key));
	if (!(row->flags & FACT_LIST)) {
		if (!facts_value_ok(row, values))
			return wrong(c, file, at, "the fact cannot have this value");
		json_set_text(c, in, key, values);
		return ERR_OK;
	}
	while (values.n) {
		if (!span_split_at(values, " or ", &one, &values)) {
			one = values;
			values = SPAN_NONE;
		}
		if (!facts_value_ok(row, one))
			return wrong(c, file, at, "the fact cannot have this value");
		json_add(c, list, json_text(c, one));
	}
	json_set(c, in, key, list);
	return ERR_OK;
}

/* ---- loading ---- */

/* Only these keys; the one that is none is named with its own line. */
static enum err only(struct ctx *c, const char *file, const struct json *o, const char *keys)
{
	struct span word, rest;

	JSON_EACH(member, o) {
		bool known = false;

		for (rest = span_str(keys); span_split(rest, ' ', &word, &rest);)
			known |= span_eq(word, member->key);
		if (!known && !span_eq(rest, member->key))
			FAIL(c, ERR_FORMAT, "%s:%u: '%.*s' is not known here; known are: %s", file,
			     member->line, SPAN_ARG(member->key), keys);
	}
	return ERR_OK;
}

static const struct json *base_of(const struct trial_set *t, struct span id)
{
	for (unsigned i = 0; i < t->bases; i++)
		if (span_eq(t->base[i].id, id))
			return t->base[i].facts;
	return NULL;
}

static enum err add_base(struct ctx *c, struct trial_set *t, const char *file,
			 const struct json *j)
{
	struct base *b = &t->base[t->bases];

	TRY(only(c, file, j, "id facts"));
	TRY(json_need_text(c, j, "id", &b->id));
	TRY(json_need_object(c, j, "facts", &b->facts));
	if (base_of(t, b->id))
		return wrong(c, file, j, "a second base of this name");
	TRY(facts_check(c, file, b->facts, FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_REQUIRED));
	if (++t->bases == BASES_MAX)
		return wrong(c, file, j, "too many bases");
	return ERR_OK;
}

static enum err add_trial(struct ctx *c, struct trial_set *t, const char *file,
			  const struct json *j)
{
	struct trial *one = &t->trial[t->trials];
	const struct json *base;
	struct json *facts;
	struct span of;

	TRY(only(c, file, j, "id of set expect"));
	TRY(json_need_text(c, j, "id", &one->id));
	TRY(json_need_text(c, j, "of", &of));
	base = base_of(t, of);
	if (!base)
		return wrong(c, file, j, "there is no base of this name");
	if (!json_count(json_get(j, "expect")))
		return wrong(c, file, j, "a test that expects nothing cannot fail");
	TRY(json_clone(c, base, &facts));
	JSON_EACH(at, json_get(j, "set"))
		TRY(change(c, file, at, facts));
	one->file = file;
	one->doc = j;
	one->facts = facts;
	for (unsigned i = 0; i < t->trials; i++)
		if (span_eq(t->trial[i].id, one->id))
			return wrong(c, file, j, "a second test of this name");
	if (++t->trials == TRIALS_MAX)
		return wrong(c, file, j, "too many tests");
	return ERR_OK;
}

/* Puts file and line before the recorded words, once. */
static enum err at_line(struct ctx *c, const char *file, const struct json *j, enum err e)
{
	if (e != ERR_OK && !span_starts(span_str(c->why), file))
		err_note(c, "%s:%u", file, j->line);
	return e;
}

static enum err need_texts(struct ctx *c, const char *file, const struct json *list)
{
	if (list && list->type != JSON_LIST)
		return wrong(c, file, list, "this is a list of sentences");
	JSON_EACH(item, list)
		if (item->type != JSON_TEXT)
			return wrong(c, file, item, "this is one sentence");
	return ERR_OK;
}

/* A list of objects, each given to add. */
static enum err add_each(struct ctx *c, struct trial_set *t, const char *file,
			 const struct json *list,
			 enum err (*add)(struct ctx *c, struct trial_set *t, const char *file,
					 const struct json *j))
{
	if (list && list->type != JSON_LIST)
		return wrong(c, file, list, "this is a list");
	JSON_EACH(j, list) {
		if (j->type != JSON_OBJECT)
			return wrong(c, file, j, "an entry has fields of its own");
		TRY(need_texts(c, file, json_get(j, "set")));
		TRY(need_texts(c, file, json_get(j, "expect")));
		TRY(at_line(c, file, j, add(c, t, file, j)));
	}
	return ERR_OK;
}

enum err trials_add(struct ctx *c, struct trial_set *t, const char *name, const struct json *doc)
{
	TRY(only(c, name, doc, "bases tests"));
	TRY(add_each(c, t, name, json_get(doc, "bases"), add_base));
	return add_each(c, t, name, json_get(doc, "tests"), add_trial);
}

/* ---- what is expected ---- */

static const struct json *line_of(const struct json *decision, struct span id)
{
	JSON_EACH(line, json_get(decision, "demands"))
		if (span_eq(json_opt_text(line, "id", SPAN_NONE), id))
			return line;
	return NULL;
}

static bool verdict_holds(const struct json *of, struct span rest)
{
	struct span verdict = rest, reasons = SPAN_NONE, one;

	if (!span_split_at(rest, " because ", &verdict, &reasons))
		reasons = SPAN_NONE;
	if (!span_eq(json_opt_text(of, "verdict", SPAN_NONE), verdict))
		return false;
	while (reasons.n) {
		if (!span_split_at(reasons, " and ", &one, &reasons)) {
			one = reasons;
			reasons = SPAN_NONE;
		}
		if (!json_has_text(json_get(of, "reasons"), one))
			return false;
	}
	return true;
}

static bool watch_holds(const struct json *decision, struct span rest)
{
	struct span what = rest, by = SPAN_NONE;

	if (!span_split_at(rest, " by ", &what, &by))
		by = SPAN_NONE;
	JSON_EACH(one, json_get(decision, "watch"))
		if (span_eq(json_opt_text(one, "what", SPAN_NONE), what) &&
		    span_eq(json_opt_text(one, "by", SPAN_NONE), by))
			return true;
	return false;
}

static bool notice_holds(const struct json *decision, struct span rest)
{
	const struct json *notice = json_get(decision, "notice");
	struct span rule = rest, until = SPAN_NONE;

	if (!span_split_at(rest, " until ", &rule, &until))
		until = SPAN_NONE;
	return span_eq(json_opt_text(notice, "rule", SPAN_NONE), rule) &&
	       span_eq(json_opt_text(notice, "until", SPAN_NONE), until);
}

/* A member of the decision by the word that sentences use for it, or NULL. */
static const char *member_of(struct span word)
{
	static const char *const names[][2] = { { "due", "due_at" },
						{ "hold", "hold_until" },
						{ "preserve", "preserve_until" },
						{ "redirect", "redirect" },
						{ "route", "route" },
						{ "cost", "cost" },
						{ "order", "verdict" } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_is(word, names[i][0]))
			return names[i][1];
	return NULL;
}

static bool member_holds(const struct json *decision, const char *member, struct span rest)
{
	struct span got = json_opt_text(decision, member, SPAN("none"));

	return span_eq(got, rest);
}

enum holds { FAILS, HOLDS, NO_SENTENCE };

static enum holds sentence_holds(const struct json *d, struct span s)
{
	struct span head, rest;
	const struct json *line;

	if (span_starts(s, "watch "))
		return watch_holds(d, span_cut(s, 6, s.n)) ? HOLDS : FAILS;
	if (span_starts(s, "no watch ")) {
		JSON_EACH(one, json_get(d, "watch"))
			if (span_eq(json_opt_text(one, "what", SPAN_NONE), span_cut(s, 9, s.n)))
				return FAILS;
		return HOLDS;
	}
	if (span_split_at(s, " may be ", &head, &rest)) {
		line = line_of(d, head);
		return !line                                                   ? NO_SENTENCE
		       : span_eq(json_opt_text(line, "mode", SPAN_NONE), rest) ? HOLDS
									       : FAILS;
	}
	if (span_split_at(s, " is not because ", &head, &rest)) {
		line = span_is(head, "secrecy") ? json_get(d, "secrecy") : line_of(d, head);
		return !line ? NO_SENTENCE
			     : json_has_text(json_get(line, "reasons"), rest) ? FAILS : HOLDS;
	}
	if (span_split_at(s, " does not rest on ", &head, &rest)) {
		line = line_of(d, head);
		return !line ? NO_SENTENCE
			     : json_has_text(json_get(line, "rules"), rest) ? FAILS : HOLDS;
	}
	if (span_split_at(s, " rests on ", &head, &rest)) {
		line = line_of(d, head);
		return !line ? NO_SENTENCE
			     : json_has_text(json_get(line, "rules"), rest) ? HOLDS : FAILS;
	}
	if (!span_split_at(s, " is ", &head, &rest))
		return NO_SENTENCE;
	if (member_of(head))
		return member_holds(d, member_of(head), rest) ? HOLDS : FAILS;
	if (span_is(head, "notice"))
		return notice_holds(d, rest) ? HOLDS : FAILS;
	line = span_is(head, "secrecy") ? json_get(d, "secrecy") : line_of(d, head);
	return !line ? NO_SENTENCE : verdict_holds(line, rest) ? HOLDS : FAILS;
}

/* ---- running ---- */

struct running {
	struct ctx *c;
	const struct law *law;
	struct json *findings;
	bool *used;     /* by number of the rule */
};

static enum err tell(struct running *r, const struct trial *t, const struct json *at,
		     const char *what)
{
	struct json *o = json_object(r->c);
	struct span text;

	TRY(span_fmt(r->c, &text, "%s: %.*s", what, SPAN_ARG(at->s)));
	json_set_str(r->c, o, "file", t->file);
	json_set_int(r->c, o, "line", at->line);
	json_set_text(r->c, o, "rule", t->id);
	json_set_text(r->c, o, "what", text);
	json_add(r->c, r->findings, o);
	return ERR_OK;
}

static enum err run(struct running *r, const struct trial *t)
{
	struct ctx CTX_SCOPED once;
	struct law_how how = { .what_if = true, .state = LAW_ADOPTED, .reached = r->used };
	struct json *decision;

	TRY(ctx_begin(&once, TRIAL_MEMORY));
	if (law_judge(&once, r->law, t->facts, &how, &decision) != ERR_OK)
		FAIL(r->c, once.code, "%s: %.*s: %s", t->file, SPAN_ARG(t->id), once.why);
	JSON_EACH(at, json_get(t->doc, "expect")) {
		enum holds holds = sentence_holds(decision, at->s);

		if (holds == NO_SENTENCE)
			return wrong(r->c, t->file, at, "this is no expectation");
		if (holds == FAILS)
			TRY(tell(r, t, at, "does not hold"));
	}
	return ERR_OK;
}

enum err trials_run(struct ctx *c, const struct trial_set *t, const struct law *law,
		    struct json **findings_out, struct json **rules_out, size_t *count_out)
{
	struct running r = { .c = c, .law = law, .findings = json_list(c) };

	TRY(NEW_ARRAY(c, r.used, law->rules + 1));
	for (unsigned i = 0; i < t->trials; i++)
		TRY(run(&r, &t->trial[i]));
	*findings_out = r.findings;
	*count_out = t->trials;
	if (rules_out) {
		*rules_out = json_list(c);
		for (unsigned i = 0; i < law->rules; i++)
			if (!r.used[i])
				json_add(c, *rules_out, json_text(c, law->rule[i]->id));
	}
	return ERR_OK;
}

enum err trials_facts(struct ctx *c, const struct trial_set *t, struct json **out)
{
	*out = json_list(c);
	for (unsigned i = 0; i < t->trials; i++) {
		struct json *o = json_object(c), *facts;
		struct span name;

		TRY(span_fmt(c, &name, "%s:%u: %.*s", t->trial[i].file, t->trial[i].doc->line,
			     SPAN_ARG(t->trial[i].id)));
		TRY(json_clone(c, t->trial[i].facts, &facts));
		json_set_text(c, o, "name", name);
		json_set(c, o, "facts", facts);
		json_add(c, *out, o);
	}
	return ERR_OK;
}

/* ---- the same with one rule changed ---- */

/* Runs tests until one fails, those of the pack's own file first. */
static enum err notices(struct ctx *c, const struct trial_set *t, const struct law *law,
			const char *pack, bool *out)
{
	struct ctx CTX_SCOPED once;
	struct running r = { .c = &once, .law = law };

	TRY(ctx_begin(&once, MUTATE_MEMORY));
	r.findings = json_list(&once);
	for (int own = 1; own >= 0 && !r.findings->first; own--)
		for (unsigned i = 0; i < t->trials && !r.findings->first; i++)
			if ((strcmp(t->trial[i].file, pack) == 0) == (own == 1) &&
			    run(&r, &t->trial[i]) != ERR_OK)
				FAIL(c, once.code, "%s", once.why);
	*out = r.findings->first != NULL;
	return ERR_OK;
}

struct mutating {
	struct ctx *c;
	const struct trial_set *t;
	struct law *law;
	struct json *findings;
	size_t count;
};

/* Runs the tests on the law as it now is; what was changed is told where none noticed. */
static enum err try_change(struct mutating *m, const struct law_rule *r, struct span what)
{
	struct json *o;
	bool seen = false;

	m->count++;
	TRY(notices(m->c, m->t, m->law, r->pack->name, &seen));
	if (seen)
		return ERR_OK;
	o = json_object(m->c);
	json_set_str(m->c, o, "file", r->pack->name);
	json_set_int(m->c, o, "line", r->line);
	json_set_text(m->c, o, "rule", r->id);
	json_set_text(m->c, o, "what", what);
	json_add(m->c, m->findings, o);
	return ERR_OK;
}

static enum law_give turned(enum law_give give)
{
	return give == GIVE_SUFFICIENT ? GIVE_INSUFFICIENT
	       : give == GIVE_INSUFFICIENT ? GIVE_LAWYER
					   : GIVE_INSUFFICIENT;
}

/* The rule left out, and its verdict turned round. */
static enum err change_rule(struct mutating *m, struct law_rule *r)
{
	const struct law_rule before = *r;
	enum err e;

	r->from = INT64_MAX;
	e = try_change(m, r, SPAN("left out, and no test noticed"));
	*r = before;
	TRY(e);
	if (r->give == GIVE_NOTHING)
		return ERR_OK;
	r->give = turned(r->give);
	e = try_change(m, r, SPAN("turned round, and no test noticed"));
	*r = before;
	return e;
}

/* A condition of a rule left out, and its opposite in its place. */
static enum err change_condition(struct mutating *m, struct law_rule *r, unsigned n)
{
	const struct law_rule before = *r;
	struct law_cond *left;
	struct span what;
	enum err e;

	TRY(NEW_ARRAY(m->c, left, before.conds));
	for (unsigned i = 0; i < before.conds; i++)
		left[i] = before.cond[i];
	left[n].op = law_op_opposite(left[n].op);
	TRY(span_fmt(m->c, &what, "the opposite of its condition %u, and no test noticed: %.*s",
		     n + 1, SPAN_ARG(before.cond[n].text)));
	r->cond = left;
	e = try_change(m, r, what);
	*r = before;
	TRY(e);
	for (unsigned i = n; i + 1 < before.conds; i++)
		left[i] = before.cond[i + 1];
	TRY(span_fmt(m->c, &what, "without its condition %u, and no test noticed: %.*s", n + 1,
		     SPAN_ARG(before.cond[n].text)));
	r->cond = left;
	r->conds = before.conds - 1;
	r->first_unless -= n < before.first_unless;
	e = try_change(m, r, what);
	*r = before;
	return e;
}

enum err trials_mutate(struct ctx *c, const struct trial_set *t, struct law *law,
		       struct json **findings_out, size_t *count_out)
{
	struct mutating m = { .c = c, .t = t, .law = law, .findings = json_list(c) };

	for (unsigned i = 0; i < law->rules; i++) {
		struct law_rule *r = law->rule[i];

		TRY(change_rule(&m, r));
		for (unsigned n = 0; n < r->conds; n++)
			TRY(change_condition(&m, r, n));
	}
	*findings_out = m.findings;
	*count_out = m.count;
	return ERR_OK;
}
