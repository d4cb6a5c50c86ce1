/*
 * The decision as a page for a lawyer: for each line the verdict, the rules that decided with their
 * words and sources, and what would cure it; then secrecy, dates, notice, what to look at later.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/pack.h"

#define PAGE_MAX ((size_t)1 << 20)
#define WIDTH 78u

struct words {
	const char *word, *says;
};

static const struct words reason_words[] = {
#define X(code, text, cure) { code, text },
#include "law/reason.def"
#undef X
	{ NULL, NULL }
};
static const struct words mode_words[] = {
	{ "COMPELLED", "it must be given" },
	{ "PERMITTED", "it may be given" },
	{ "PRESERVE_ONLY", "freeze it and give nothing" },
	{ "NO_POWER", "nothing may be given" },
	{ NULL, NULL }
};
static const struct words notice_words[] = {
	{ "MUST", "the customer must be told" },
	{ "MAY", "the customer may be told" },
	{ "HOLD", "wait before telling the customer: danger lasts, or counsel looks first" },
	{ "MUST_NOT_UNTIL", "the customer must not be told until the end of" },
	{ "MUST_NOT", "the customer must not be told" },
	{ "ISSUER_DOES", "the issuer tells the customer" },
	{ NULL, NULL }
};
static const struct words redirect_words[] = {
	{ "ASK", "propose that the business or the account holder is asked; the clock runs on" },
	{ "REQUIRE", "the law wants the business asked first" },
	{ NULL, NULL }
};

static const char *says(const struct words *list, struct span word)
{
	for (; list->word; list++)
		if (span_is(word, list->word))
			return list->says;
	return "";
}

/* One paragraph, broken between words, each line after the first indented. */
static void put_lines(struct buf *b, unsigned indent, struct span text)
{
	size_t column = indent;
	struct span word;

	buf_fmt(b, "%*s", (int)indent, "");
	while (span_next(&text, ' ', &word)) {
		if (column > indent && column + 1 + word.n > WIDTH) {
			buf_fmt(b, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_byte(b, ' ');
			column++;
		}
		buf_add(b, word);
		column += word.n;
	}
	buf_byte(b, '\n');
}

static const struct law_rule *rule_of(const struct law *law, struct span id)
{
	for (unsigned i = 0; i < law->rules; i++)
		if (span_eq(law->rule[i]->id, id))
			return law->rule[i];
	return NULL;
}

bool law_ground_of(const struct law *law, struct span rule, struct span reason,
		   struct law_ground *out)
{
	const struct law_rule *r = rule_of(law, rule);

	if (!r)
		return false;
	*out = (struct law_ground){ r->cite, r->text, r->cure,
				    r->give != GIVE_INSUFFICIENT && r->give != GIVE_SUFFICIENT };
	for (unsigned i = 0; i < r->reasons; i++)
		if (span_eq(r->reason[i], reason))
			return true;
	return false;
}

/* Where a line was refused or is doubtful, only the rules that say so: the others held as well, and
 * do not matter. */
static bool matters(const struct law_rule *r, struct span verdict)
{
	if (span_is(verdict, "SUFFICIENT"))
		return law_tables[r->table].scope == TABLE_LINE || r->table == TABLE_recognise;
	return r->give == GIVE_INSUFFICIENT || r->give == GIVE_LAWYER;
}

static void put_rules(struct buf *b, const struct law *law, const struct json *of,
		      struct span verdict)
{
	JSON_EACH(id, json_get(of, "rules")) {
		const struct law_rule *r = rule_of(law, id->s);

		if (!r || !matters(r, verdict))
			continue;
		buf_fmt(b, "    %.*s: %.*s [%.*s]\n", SPAN_ARG(r->id), SPAN_ARG(r->cite),
			SPAN_ARG(r->confidence));
		put_lines(b, 8, r->text);
		if (r->cure.n && r->give != GIVE_SUFFICIENT) {
			buf_str(b, "        cure:\n");
			put_lines(b, 10, r->cure);
		}
	}
}

static void put_reasons(struct buf *b, const struct json *of)
{
	JSON_EACH(reason, json_get(of, "reasons")) {
		const char *words = says(reason_words, reason->s);

		if (span_starts(reason->s, "FACT-UNKNOWN("))
			words = "this fact matters and is not known";
		buf_fmt(b, "    %-24.*s %s\n", SPAN_ARG(reason->s), words);
	}
}

static const struct json *demand_of(const struct json *facts, struct span id)
{
	JSON_EACH(line, json_get(facts, "demands"))
		if (span_eq(json_opt_text(line, "id", SPAN_NONE), id))
			return line;
	return NULL;
}

static void put_line(struct buf *b, const struct law *law, const struct json *facts,
		     const struct json *line)
{
	struct span id = json_opt_text(line, "id", SPAN_NONE);
	struct span verdict = json_opt_text(line, "verdict", SPAN_NONE);
	const struct json *demand = demand_of(facts, id);

	buf_fmt(b, "\n%.*s  %.*s of %.*s: %.*s, %s\n", SPAN_ARG(id),
		SPAN_ARG(json_opt_text(demand, "category", SPAN("unknown"))),
		SPAN_ARG(json_opt_text(demand, "target", SPAN("unknown"))), SPAN_ARG(verdict),
		says(mode_words, json_opt_text(line, "mode", SPAN_NONE)));
	put_reasons(b, line);
	put_rules(b, law, line, verdict);
}

static void put_date(struct buf *b, const struct json *decision, const char *key,
		     const char *words)
{
	struct span day = json_opt_text(decision, key, SPAN_NONE);

	if (day.n)
		buf_fmt(b, "%-16s %.*s\n", words, SPAN_ARG(day));
}

static void put_order(struct buf *b, const struct json *d)
{
	const struct json *notice = json_get(d, "notice");
	struct span rule = json_opt_text(notice, "rule", SPAN_NONE);
	struct span redirect = json_opt_text(d, "redirect", SPAN_NONE);
	struct span until = json_opt_text(notice, "until", SPAN_NONE);

	buf_byte(b, '\n');
	put_date(b, d, "due_at", "answer by");
	put_date(b, d, "hold_until", "not before");
	put_date(b, d, "preserve_until", "preserve until");
	buf_fmt(b, "%-16s %s%s%.*s\n", "notice", says(notice_words, rule), until.n ? " " : "",
		SPAN_ARG(until));
	if (!span_is(redirect, "NO"))
		buf_fmt(b, "%-16s %s\n", "redirect", says(redirect_words, redirect));
	buf_fmt(b, "%-16s %.*s\n", "route", SPAN_ARG(json_opt_text(d, "route", SPAN_NONE)));
	buf_fmt(b, "%-16s %.*s\n", "cost", SPAN_ARG(json_opt_text(d, "cost", SPAN_NONE)));
	JSON_EACH(watch, json_get(d, "watch"))
		buf_fmt(b, "%-16s %.*s %.*s\n", "watch",
			SPAN_ARG(json_opt_text(watch, "what", SPAN_NONE)),
			SPAN_ARG(json_opt_text(watch, "by", SPAN_NONE)));
}

enum err law_page(struct ctx *c, const struct law *law, const struct json *facts,
		  const struct json *decision, struct span *out)
{
	const struct json *secrecy = json_get(decision, "secrecy");
	struct span verdict = json_opt_text(secrecy, "verdict", SPAN_NONE);
	struct buf b;

	buf_begin(&b, c, PAGE_MAX);
	buf_fmt(&b, "Order %.*s: %.*s\n",
		SPAN_ARG(json_opt_text(decision, "order_id", SPAN_NONE)),
		SPAN_ARG(json_opt_text(decision, "verdict", SPAN_NONE)));
	buf_fmt(&b, "judged as of %.*s by",
		SPAN_ARG(json_opt_text(decision, "evaluated_at", SPAN_NONE)));
	JSON_EACH(pack, json_get(decision, "packs"))
		buf_fmt(&b, " %.*s %.*s%s", SPAN_ARG(json_opt_text(pack, "id", SPAN_NONE)),
			SPAN_ARG(json_opt_text(pack, "version", SPAN_NONE)), pack->next ? "," : "");
	buf_str(&b, "\n");
	if (json_get(decision, "what_if")->b)
		buf_str(&b, "what if: the state of the packs was assumed; nothing accepts this\n");
	JSON_EACH(line, json_get(decision, "demands"))
		put_line(&b, law, facts, line);
	buf_fmt(&b, "\nsecrecy: %.*s\n", SPAN_ARG(verdict));
	put_reasons(&b, secrecy);
	put_rules(&b, law, secrecy, verdict);
	put_order(&b, decision);
	return buf_done(c, &b, out);
}

static void put_source(struct buf *b, const struct json *rule)
{
	static const char *const keys[] = { "when", "unless", "give", "mode", "reasons", "route",
		"redirect", "notice", "notice_until", "due", "hold", "preserve", "cost", "watch",
		"defeats", "from", "until", "cite", "confidence", "cure" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct json *value = json_get(rule, keys[i]);

		if (!value)
			continue;
		if (value->type == JSON_TEXT)
			buf_fmt(b, "  %-12s %.*s\n", keys[i], SPAN_ARG(value->s));
		JSON_EACH(item, value->type == JSON_LIST ? value : NULL)
			buf_fmt(b, "  %-12s %.*s\n", item == value->first ? keys[i] : "",
				SPAN_ARG(item->s));
	}
}

enum err law_explain(struct ctx *c, const struct law *law, struct span rule, struct span *out)
{
	const struct law_rule *r = rule_of(law, rule);
	struct buf b;

	if (!r) {
		err_next(c, "'writ law judge' names the rules that decided");
		FAIL(c, ERR_NOT_FOUND, "no rule pack has a rule '%.*s'", SPAN_ARG(rule));
	}
	buf_begin(&b, c, PAGE_MAX);
	buf_fmt(&b, "%.*s  (%.*s %.*s, %s line %u)\n%s: %s\n\n", SPAN_ARG(r->id),
		SPAN_ARG(r->pack->title), SPAN_ARG(r->pack->version), r->pack->name, r->line,
		law_tables[r->table].name, law_tables[r->table].what);
	put_lines(&b, 2, r->text);
	buf_byte(&b, '\n');
	put_source(&b, rule_source(r));
	for (unsigned i = 0; i < r->defeaters; i++)
		buf_fmt(&b, "  %-12s %.*s\n", i ? "" : "defeated by",
			SPAN_ARG(law->rule[r->defeated_by[i]]->id));
	return buf_done(c, &b, out);
}
