/*
 * The part of check.h for what stands in a pack beside its rules: the days of its head, and sets
 * and calendars that no rule names. It looks at no rule's meaning.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "law/check.h"
#include "law/pack.h"

static void found(struct ctx *c, struct json *findings, const struct law_pack *p, unsigned line,
		  struct span name, const char *what)
{
	struct json *o = json_object(c);

	json_set_str(c, o, "file", p->name);
	json_set_int(c, o, "line", line);
	json_set_text(c, o, "rule", name);
	json_set_str(c, o, "what", what);
	json_add(c, findings, o);
}

static unsigned head_line(const struct law_pack *p, const char *key)
{
	const struct json *j = json_get(json_get(p->doc, "pack"), key);

	return j ? j->line : 1;
}

static void check_head(struct ctx *c, const struct law_pack *p, int64_t today,
		       struct json *findings)
{
	if (p->next_review <= p->law_as_of)
		found(c, findings, p, head_line(p, "next_review"), p->id,
		      "the next review is not after the day of the law");
	if (!p->reviewer.n)
		return;
	if (p->reviewed_on > today)
		found(c, findings, p, head_line(p, "reviewed_on"), p->id,
		      "it was reviewed on a day that has not come");
	if (p->reviewed_on < p->law_as_of)
		found(c, findings, p, head_line(p, "reviewed_on"), p->id,
		      "it was reviewed before the day of its law");
	if (p->reviewed_on >= p->next_review)
		found(c, findings, p, head_line(p, "next_review"), p->id,
		      "the next review is not after the last");
}

/* Does the name stand in a sentence, whole and after that word: "... is in NAME", "... on NAME"? */
static bool says(struct span text, const char *word, struct span name)
{
	size_t w = strlen(word);

	for (size_t i = 0; i + w + name.n <= text.n; i++)
		if (!memcmp(text.p + i, word, w) && !memcmp(text.p + i + w, name.p, name.n) &&
		    (i + w + name.n == text.n || text.p[i + w + name.n] == ' '))
			return true;
	return false;
}

static bool rule_says(const struct json *rule, const char *word, struct span name)
{
	JSON_EACH(member, rule) {
		if (member->type == JSON_TEXT && says(member->s, word, name))
			return true;
		if (member->type != JSON_LIST)
			continue;
		JSON_EACH(item, member)
			if (item->type == JSON_TEXT && says(item->s, word, name))
				return true;
	}
	return false;
}

static bool any_rule_says(const struct law *law, const char *word, struct span name)
{
	for (unsigned i = 0; i < law->packs; i++)
		for (int t = 0; t < TABLE_COUNT; t++)
			JSON_EACH(rule, json_get(law->pack[i].doc, law_tables[t].name))
				if (rule_says(rule, word, name))
					return true;
	return false;
}

static void check_names(struct ctx *c, const struct law *law, const struct law_pack *p,
			struct json *findings)
{
	JSON_EACH(set, json_get(p->doc, "sets"))
		if (!any_rule_says(law, " in ", json_opt_text(set, "id", SPAN_NONE)))
			found(c, findings, p, set->line, json_opt_text(set, "id", SPAN_NONE),
			      "no rule asks for this set");
	JSON_EACH(calendar, json_get(p->doc, "calendars"))
		if (!any_rule_says(law, " on ", json_opt_text(calendar, "id", SPAN_NONE)))
			found(c, findings, p, calendar->line,
			      json_opt_text(calendar, "id", SPAN_NONE),
			      "no period counts on this calendar");
}

enum err law_check_packs(struct ctx *c, const struct law *law, int64_t now_utc_s,
			 struct json *findings)
{
	for (unsigned i = 0; i < law->packs; i++) {
		check_head(c, &law->pack[i], now_utc_s / 86400, findings);
		check_names(c, law, &law->pack[i], findings);
	}
	return ERR_OK;
}

enum err law_check_add(struct ctx *c, const struct law *law, struct span rule, const char *what,
		       struct json *findings)
{
	for (unsigned i = 0; i < law->rules; i++)
		if (span_eq(law->rule[i]->id, rule))
			found(c, findings, law->rule[i]->pack, law->rule[i]->line, rule, what);
	return ERR_OK;
}
