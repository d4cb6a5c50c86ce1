/*
 * Loading of rule packs: the closed form of a pack, every word looked up, every mistake with file
 * and line. It refuses what could widen: a policy pack gives nothing, and no row gives a verdict
 * where its table settles none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "format/facts.h"

const struct law_table law_tables[TABLE_COUNT] = {
#define X(name, scope, flags, reason, what) { #name, TABLE_##scope, flags, reason, what },
#include "law/table.def"
#undef X
};

static const char *const reason_codes[] = {
#define X(code, words, cure) code,
#include "law/reason.def"
#undef X
};

struct word {
	const char *word;
	int value;
};
static const struct word gives[] = { { "SUFFICIENT", GIVE_SUFFICIENT },
				     { "LAWYER", GIVE_LAWYER },
				     { "INSUFFICIENT", GIVE_INSUFFICIENT },
				     { NULL, 0 } };
static const struct word modes[] = { { "COMPELLED", MODE_COMPELLED },
				     { "PERMITTED", MODE_PERMITTED },
				     { "PRESERVE_ONLY", MODE_PRESERVE_ONLY },
				     { NULL, 0 } };
static const struct word notices[] = {
	{ "MUST", NOTICE_MUST }, { "MAY", NOTICE_MAY },
	{ "ISSUER_DOES", NOTICE_ISSUER_DOES }, { "HOLD", NOTICE_HOLD },
	{ "MUST_NOT_UNTIL", NOTICE_MUST_NOT_UNTIL }, { "MUST_NOT", NOTICE_MUST_NOT },
	{ NULL, 0 }
};
static const struct word redirects[] = { { "ASK", REDIRECT_ASK },
					 { "REQUIRE", REDIRECT_REQUIRE },
					 { NULL, 0 } };
static const struct word routes[] = { { "DIRECT", ROUTE_DIRECT },
				      { "MLAT", ROUTE_MLAT },
				      { "CLOUD", ROUTE_CLOUD },
				      { "EEVIDENCE", ROUTE_EEVIDENCE },
				      { "BUDAPEST_24X7", ROUTE_BUDAPEST_24X7 },
				      { "LEGAT", ROUTE_LEGAT },
				      { NULL, 0 } };
static const struct word costs[] = { { "CLAIMABLE", COST_CLAIMABLE },
				     { "NOT_CLAIMABLE", COST_NOT_CLAIMABLE },
				     { NULL, 0 } };
static const struct word kinds[] = { { "law", PACK_LAW },
				     { "overlay", PACK_OVERLAY },
				     { "common", PACK_COMMON },
				     { "policy", PACK_POLICY },
				     { NULL, 0 } };
static const struct word states[] = { { "DRAFT", LAW_DRAFT },
				      { "REVIEWED", LAW_REVIEWED },
				      { "STALE", LAW_STALE },
				      { "ADOPTED", LAW_ADOPTED },
				      { NULL, 0 } };
static const char watches[] =
	"MOTION_2703H OBJECTION_ART17 OBJECTION VALIDATION_EX_POST "
	"ENFORCING_AUTHORITY_96H PRESERVATION_RENEWABLE_UNTIL "
	"FOLLOW_UP_PROCESS SECURITY_ALERT SECRECY_ENDS COUNT_1874_BAND FORM_III "
	"TELL_CONTROLLER TELL_PARTNER_AUTHORITY ASK_ISSUER CHALLENGE_SECRECY";
static const char confidences[] = "statute case secondary background product disputed";

static const char rule_keys[] = "id when unless from until give mode reasons route redirect notice "
				"notice_until due hold preserve cost watch defeats cite text cure "
				"confidence";

struct loading {
	struct ctx *c;
	struct law *law;
	struct law_pack *pack;
};

/* Puts file and line before the recorded words, once. */
static enum err at(const struct loading *l, const struct json *j, enum err e)
{
	struct span why = span_str(l->c->why);

	if (e != ERR_OK && !(span_starts(why, l->pack->name) && why.n > strlen(l->pack->name) &&
			     why.p[strlen(l->pack->name)] == ':'))
		err_note(l->c, "%s:%u", l->pack->name, j->line);
	return e;
}

#define WRONG(l, j, ...)                                                                           \
	return at((l), (j), err_set((l)->c, ERR_FORMAT, __FILE__, __LINE__, __VA_ARGS__))

static bool in_words(const char *words, struct span s)
{
	struct span rest = span_str(words), word;

	while (span_split(rest, ' ', &word, &rest))
		if (span_eq(word, s))
			return true;
	return span_eq(rest, s);
}

/* Only these keys; the one that is none is named with its own line. */
static enum err only(const struct loading *l, const struct json *o, const char *keys)
{
	JSON_EACH(member, o)
		if (!in_words(keys, member->key))
			WRONG(l, member, "'%.*s' is not known here; known are: %s",
			      SPAN_ARG(member->key), keys);
	return ERR_OK;
}

/* One of a closed list; *out keeps its value where the key is absent. */
static enum err take_word(const struct loading *l, const struct json *rule, const char *key,
			  const struct word *words, int *out)
{
	const struct json *j = json_get(rule, key);

	if (!j)
		return ERR_OK;
	for (; words->word; words++)
		if (j->type == JSON_TEXT && span_is(j->s, words->word)) {
			*out = words->value;
			return ERR_OK;
		}
	WRONG(l, j, "%s: unknown word", key);
}

static enum err take_text(const struct loading *l, const struct json *o, const char *key,
			  bool needed, struct span *out)
{
	const struct json *j = json_get(o, key);

	if (!j && needed)
		WRONG(l, o, "%s is missing", key);
	if (j && (j->type != JSON_TEXT || j->s.n == 0))
		WRONG(l, j, "%s is one text", key);
	*out = j ? j->s : SPAN_NONE;
	return ERR_OK;
}

static enum err take_day(const struct loading *l, const struct json *o, const char *key,
			 bool needed, int64_t *out)
{
	const struct json *j = json_get(o, key);
	struct law_moment m;

	if (!j && needed)
		WRONG(l, o, "%s is missing", key);
	if (!j)
		return ERR_OK;
	if (j->type != JSON_TEXT || !moment_of(j->s, &m) || m.exact)
		WRONG(l, j, "%s is no day that exists, such as 2026-11-22", key);
	*out = m.day;
	return ERR_OK;
}

/* A list of texts, checked to have none twice; NULL and 0 where the key is absent. */
static enum err take_list(const struct loading *l, const struct json *o, const char *key,
			  const struct span **out, unsigned *count_out)
{
	const struct json *list = json_get(o, key);
	struct span *item;
	unsigned n = 0;

	*out = NULL;
	*count_out = 0;
	if (!list)
		return ERR_OK;
	if (list->type != JSON_LIST)
		WRONG(l, list, "%s is a list", key);
	TRY(NEW_ARRAY(l->c, item, json_count(list)));
	JSON_EACH(j, list) {
		if (j->type != JSON_TEXT)
			WRONG(l, j, "an entry of %s is one text", key);
		for (unsigned i = 0; i < n; i++)
			if (span_eq(item[i], j->s))
				WRONG(l, j, "'%.*s' stands here twice", SPAN_ARG(j->s));
		item[n++] = j->s;
	}
	*out = item;
	*count_out = n;
	return ERR_OK;
}

static enum err take_conditions(const struct loading *l, const struct json *o, const char *key,
				struct law_rule *rule)
{
	const struct json *list = json_get(o, key);

	if (list && list->type != JSON_LIST)
		WRONG(l, list, "%s is a list of conditions", key);
	JSON_EACH(j, list) {
		struct law_cond *cond = &rule->cond[rule->conds++];

		if (j->type != JSON_TEXT)
			WRONG(l, j, "a condition is one sentence");
		TRY(at(l, j, sentence_cond(l->c, l->law->names, j->s, cond)));
		if (law_tables[rule->table].scope == TABLE_ORDER && sentence_asks_line(cond))
			WRONG(l, j, "the table %s is asked for the whole order, not for a line",
			      law_tables[rule->table].name);
	}
	return ERR_OK;
}

static enum err take_period(const struct loading *l, const struct json *o, const char *key,
			    struct law_period *out, bool *has_out)
{
	struct span text;

	TRY(take_text(l, o, key, false, &text));
	*has_out = text.n > 0;
	if (!*has_out)
		return ERR_OK;
	return at(l, json_get(o, key), sentence_period(l->c, l->law->names, text, out));
}

static enum err take_reasons(const struct loading *l, const struct json *o, struct law_rule *rule)
{
	TRY(take_list(l, o, "reasons", &rule->reason, &rule->reasons));
	JSON_EACH(code, json_get(o, "reasons")) {
		bool known = false;

		for (size_t r = 0; r < COUNT_OF(reason_codes); r++)
			known |= span_is(code->s, reason_codes[r]);
		if (!known)
			WRONG(l, code, "'%.*s' is no reason code that letters have words for",
			      SPAN_ARG(code->s));
	}
	return ERR_OK;
}

/* "FORM_III", or "MOTION_2703H by order.received_at plus 14 days". */
static enum err take_watches(const struct loading *l, const struct json *o, struct law_rule *rule)
{
	const struct json *list = json_get(o, "watch"), *where = list ? list->first : NULL;
	const struct span *text;
	struct law_watch *watch;
	unsigned n;

	TRY(take_list(l, o, "watch", &text, &n));
	TRY(NEW_ARRAY(l->c, watch, n ? n : 1));
	for (unsigned i = 0; i < n; i++, where = where->next) {
		struct span by;

		watch[i].what = text[i];
		if (span_split(text[i], ' ', &watch[i].what, &by)) {
			watch[i].dated = true;
			if (!span_starts(by, "by "))
				WRONG(l, where, "a thing to watch is 'WHAT by PERIOD'");
			TRY(at(l, where, sentence_period(l->c, l->law->names,
							 span_cut(by, 3, by.n), &watch[i].by)));
		}
		if (!in_words(watches, watch[i].what))
			WRONG(l, where, "'%.*s' is nothing to watch", SPAN_ARG(watch[i].what));
	}
	rule->watch = watch;
	rule->watches = n;
	return ERR_OK;
}

static enum err take_effects(const struct loading *l, const struct json *o, struct law_rule *rule)
{
	int give = 0, mode = 0, notice = 0, redirect = 0, route = 0, cost = 0;
	struct span until;

	TRY(take_word(l, o, "give", gives, &give));
	TRY(take_word(l, o, "mode", modes, &mode));
	TRY(take_word(l, o, "notice", notices, &notice));
	TRY(take_word(l, o, "redirect", redirects, &redirect));
	TRY(take_word(l, o, "route", routes, &route));
	TRY(take_word(l, o, "cost", costs, &cost));
	rule->give = (enum law_give)give;
	rule->mode = (enum law_mode)mode;
	rule->notice = (enum law_notice)notice;
	rule->redirect = (enum law_redirect)redirect;
	rule->route = (enum law_route)route;
	rule->cost = (enum law_cost)cost;
	TRY(take_text(l, o, "notice_until", false, &until));
	rule->has_until = until.n > 0;
	if (until.n)
		TRY(at(l, json_get(o, "notice_until"),
		       sentence_field(l->c, until, &rule->notice_until)));
	TRY(take_reasons(l, o, rule));
	TRY(take_period(l, o, "due", &rule->due, &rule->has_due));
	TRY(take_period(l, o, "hold", &rule->hold, &rule->has_hold));
	TRY(take_period(l, o, "preserve", &rule->preserve, &rule->has_preserve));
	return take_watches(l, o, rule);
}

/* What an operator may add by itself: doubts, refusals, waiting, silence. */
static bool restricts(const struct law_rule *r)
{
	bool tells = r->notice != NOTICE_NONE && r->notice < NOTICE_HOLD;
	bool frees = r->table == TABLE_secrecy && r->give == GIVE_INSUFFICIENT;

	return r->give != GIVE_SUFFICIENT && r->defeated == 0 && r->mode == MODE_NONE && !tells &&
	       !frees && r->cost != COST_CLAIMABLE;
}

/* What the form alone cannot say. */
static enum err check_rule(const struct loading *l, const struct json *o,
			   const struct law_rule *rule)
{
	const struct law_table *t = &law_tables[rule->table];
	bool positive = rule->give == GIVE_SUFFICIENT;

	if (!in_words(confidences, rule->confidence))
		WRONG(l, json_get(o, "confidence"), "confidence is one of %s", confidences);
	if (rule->until < rule->from)
		WRONG(l, json_get(o, "until"), "the rule ends before it begins");
	if (rule->give != GIVE_NOTHING && (t->flags & TABLE_EFFECT))
		WRONG(l, json_get(o, "give"), "the table %s gives no verdict", t->name);
	if (positive && !(t->flags & TABLE_NEEDS) && rule->table != TABLE_secrecy)
		WRONG(l, json_get(o, "give"), "the table %s gives no SUFFICIENT", t->name);
	if (positive && rule->table == TABLE_recognise && rule->mode == MODE_NONE)
		WRONG(l, o, "a rule that recognises an instrument says the mode");
	if (!positive && rule->give != GIVE_NOTHING && rule->reasons == 0)
		WRONG(l, o, "a rule that gives no SUFFICIENT says the reason");
	if (rule->notice == NOTICE_MUST_NOT_UNTIL && !rule->has_until)
		WRONG(l, o, "MUST_NOT_UNTIL needs notice_until");
	if (l->pack->kind == PACK_POLICY && !restricts(rule))
		WRONG(l, o, "a policy pack can restrict only: no SUFFICIENT, defeats or mode, "
			    "no end of secrecy, no telling, no cost");
	if (rule->table == TABLE_recognise && l->pack->kind != PACK_LAW)
		WRONG(l, o, "only a pack of a law recognises instruments");
	return ERR_OK;
}

static enum err add_rule(const struct loading *l, enum law_table_id table, const struct json *o)
{
	size_t conds = json_count(json_get(o, "when")) + json_count(json_get(o, "unless"));
	struct law_rule *rule;

	if (o->type != JSON_OBJECT)
		WRONG(l, o, "a rule has fields of its own");
	TRY(only(l, o, rule_keys));
	if (l->law->rules == LAW_RULES_MAX)
		WRONG(l, o, "more than %u rules", LAW_RULES_MAX);
	TRY(NEW(l->c, rule));
	rule->pack = l->pack;
	rule->table = table;
	rule->line = o->line;
	rule->until = INT64_MAX;
	TRY(NEW_ARRAY(l->c, rule->cond, conds ? conds : 1));
	TRY(take_text(l, o, "id", true, &rule->id));
	TRY(take_text(l, o, "cite", true, &rule->cite));
	TRY(take_text(l, o, "text", true, &rule->text));
	TRY(take_text(l, o, "cure", false, &rule->cure));
	TRY(take_text(l, o, "confidence", true, &rule->confidence));
	TRY(take_day(l, o, "from", true, &rule->from));
	TRY(take_day(l, o, "until", false, &rule->until));
	TRY(take_conditions(l, o, "when", rule));
	rule->first_unless = rule->conds;
	TRY(take_conditions(l, o, "unless", rule));
	TRY(take_list(l, o, "defeats", &rule->defeats, &rule->defeated));
	TRY(take_effects(l, o, rule));
	TRY(check_rule(l, o, rule));
	for (unsigned i = 0; i < l->law->rules; i++)
		if (span_eq(l->law->rule[i]->id, rule->id))
			WRONG(l, o, "the rule %.*s stands in %s, line %u, too", SPAN_ARG(rule->id),
			      l->law->rule[i]->pack->name, l->law->rule[i]->line);
	l->law->rule[l->law->rules++] = rule;
	return ERR_OK;
}

/* Who says that a pack was reviewed says by whom and when; a draft claims neither. */
static enum err take_review(const struct loading *l, const struct json *head, bool reviewed)
{
	const struct json *claimed = json_get(head, "reviewer");

	claimed = claimed ? claimed : json_get(head, "reviewed_on");
	if (claimed && !reviewed)
		WRONG(l, claimed, "a draft has no reviewer and no day of review");
	TRY(take_text(l, head, "reviewer", reviewed, &l->pack->reviewer));
	return take_day(l, head, "reviewed_on", reviewed, &l->pack->reviewed_on);
}

static enum err take_country(const struct loading *l, const struct json *head)
{
	const struct fact_field *country = facts_field(SPAN("issuer.country"));

	TRY(take_text(l, head, "country", false, &l->pack->country));
	if (l->pack->country.n &&
	    (l->pack->country.n != 2 || !facts_value_ok(country, l->pack->country)))
		WRONG(l, json_get(head, "country"), "country is two letters of ISO 3166-1");
	return ERR_OK;
}

static enum err take_head(const struct loading *l, const struct json *doc)
{
	const struct json *head = json_get(doc, "pack");
	struct law_pack *p = l->pack;
	int kind = PACK_LAW;
	struct span status;

	if (!head || head->type != JSON_OBJECT)
		WRONG(l, doc, "a rule pack begins with 'pack:' and its fields");
	TRY(only(l, head, "id version title kind country status law_as_of next_review reviewer "
			  "reviewed_on"));
	TRY(take_text(l, head, "id", true, &p->id));
	TRY(take_text(l, head, "version", true, &p->version));
	TRY(take_text(l, head, "title", true, &p->title));
	TRY(take_country(l, head));
	TRY(take_text(l, head, "status", true, &status));
	if (!span_is(status, "draft") && !span_is(status, "reviewed"))
		WRONG(l, json_get(head, "status"),
		      "status is draft or reviewed; adopting a pack is a signed act");
	TRY(take_review(l, head, span_is(status, "reviewed")));
	TRY(take_word(l, head, "kind", kinds, &kind));
	p->kind = (enum law_pack_kind)kind;
	TRY(take_day(l, head, "law_as_of", true, &p->law_as_of));
	TRY(take_day(l, head, "next_review", true, &p->next_review));
	for (unsigned i = 0; i < l->law->packs; i++)
		if (span_eq(l->law->pack[i].id, p->id))
			WRONG(l, head, "the pack %.*s is %s already", SPAN_ARG(p->id),
			      l->law->pack[i].name);
	return ERR_OK;
}

enum err law_open(struct ctx *c, struct law **out)
{
	TRY(NEW(c, *out));
	return names_open(c, &(*out)->names);
}

enum err law_add(struct ctx *c, struct law *law, const char *name, const struct json *doc,
		 struct span sha256, enum law_state state)
{
	struct loading l = { c, law, &law->pack[law->packs] };

	if (law->packs == LAW_PACKS_MAX)
		FAIL(c, ERR_LIMIT, "more than %u rule packs", LAW_PACKS_MAX);
	*l.pack = (struct law_pack){ .name = name, .sha256 = sha256, .state = state, .doc = doc,
				     .number = law->packs };
	if (doc->type != JSON_OBJECT)
		WRONG(&l, doc, "a rule pack begins with 'pack:' and its fields");
	TRY(take_head(&l, doc));
	TRY(names_add(c, law->names, l.pack));
	law->packs++;
	return ERR_OK;
}

static int by_id(const void *a, const void *b)
{
	const struct law_rule *const *x = a, *const *y = b;

	return span_cmp((*x)->id, (*y)->id);
}

/* The rules of a table stand in the order of their ids: that of the file cannot matter. */
static enum err add_tables(struct ctx *c, struct law *law, struct law_pack *pack)
{
	struct loading l = { c, law, pack };

	JSON_EACH(member, pack->doc) {
		bool known = in_words("pack sets calendars words", member->key);

		for (int t = 0; t < TABLE_COUNT; t++)
			known |= span_is(member->key, law_tables[t].name);
		if (!known)
			WRONG(&l, member, "there is no table '%.*s'", SPAN_ARG(member->key));
	}
	pack->first = law->rules;
	for (int t = 0; t < TABLE_COUNT; t++) {
		const struct json *table = json_get(pack->doc, law_tables[t].name);
		unsigned first = law->rules;

		if (table && table->type != JSON_LIST)
			WRONG(&l, table, "%s is a list of rules", law_tables[t].name);
		JSON_EACH(rule, table)
			TRY(add_rule(&l, (enum law_table_id)t, rule));
		qsort(&law->rule[first], law->rules - first, sizeof(struct law_rule *), by_id);
	}
	pack->rules = law->rules - pack->first;
	for (unsigned i = pack->first; i < law->rules; i++)
		law->rule[i]->number = i;
	return ERR_OK;
}

static struct law_rule *find_rule(const struct law *law, struct span id)
{
	for (unsigned i = 0; i < law->rules; i++)
		if (span_eq(law->rule[i]->id, id))
			return law->rule[i];
	return NULL;
}

/* Turns the defeats of all rules round: who defeats this one? A rule that is defeated may defeat
 * none itself, so that one look is enough and the order of rules cannot matter. */
static enum err link_defeats(struct ctx *c, struct law *law)
{
	for (unsigned i = 0; i < law->rules; i++) {
		struct law_rule *winner = law->rule[i];
		struct loading l = { c, law, &law->pack[winner->pack->number] };
		struct json where = { .line = winner->line };

		for (unsigned k = 0; k < winner->defeated; k++) {
			struct law_rule *loser = find_rule(law, winner->defeats[k]);
			unsigned *list;

			if (!loser || loser == winner)
				WRONG(&l, &where, "it defeats %.*s, which is no other rule",
				      SPAN_ARG(winner->defeats[k]));
			if (loser->defeated)
				WRONG(&l, &where, "it defeats %.*s, which defeats others itself",
				      SPAN_ARG(loser->id));
			TRY(NEW_ARRAY(c, list, loser->defeaters + 1));
			if (loser->defeaters)
				memcpy(list, loser->defeated_by, loser->defeaters * sizeof *list);
			list[loser->defeaters++] = winner->number;
			loser->defeated_by = list;
		}
	}
	return ERR_OK;
}

/* Packs stand in the order of their ids, so that the order of files cannot matter. */
static void sort_packs(struct law *law)
{
	for (unsigned i = 1; i < law->packs; i++)
		for (unsigned k = i; k > 0 && span_cmp(law->pack[k].id, law->pack[k - 1].id) < 0;
		     k--) {
			struct law_pack other = law->pack[k];

			law->pack[k] = law->pack[k - 1];
			law->pack[k - 1] = other;
		}
	for (unsigned i = 0; i < law->packs; i++)
		law->pack[i].number = i;
}

enum err law_close(struct ctx *c, struct law *law)
{
	if (law->packs == 0)
		FAIL(c, ERR_NOT_FOUND, "there is no rule pack");
	sort_packs(law);
	for (unsigned i = 0; i < law->packs; i++)
		TRY(add_tables(c, law, &law->pack[i]));
	TRY(link_defeats(c, law));
	law->closed = true;
	return ERR_OK;
}

bool law_state_of(struct span word, enum law_state *out)
{
	for (const struct word *w = states; w->word; w++)
		if (span_is(word, w->word)) {
			*out = (enum law_state)w->value;
			return true;
		}
	return false;
}

const char *law_state_word(enum law_state state)
{
	for (const struct word *w = states; w->word; w++)
		if (w->value == (int)state)
			return w->word;
	return "";
}

const struct json *rule_source(const struct law_rule *r)
{
	JSON_EACH(one, json_get(r->pack->doc, law_tables[r->table].name))
		if (span_eq(json_opt_text(one, "id", SPAN_NONE), r->id))
			return one;
	return NULL;
}
