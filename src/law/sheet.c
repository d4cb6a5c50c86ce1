/*
 * A rule pack as a text in the form of letters, to be drawn as pages and signed on paper: each rule
 * with its source beside its words, as they stand in the pack and in the order of the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/pack.h"

#define SHEET_MAX ((size_t)2 << 20)     /* what is drawn at once */
#define LINE "........................................................"

static const char *const effects[] = { "give",   "mode", "reasons",  "route", "redirect",
				       "notice", "notice_until", "due",   "hold",  "preserve",
				       "cost",   "watch", "defeats" };

static void put_row(struct buf *b, const char *label, struct span value)
{
	if (value.n)
		buf_fmt(b, "%-17s  %.*s\n", label, SPAN_ARG(value));
}

static void put_list(struct buf *b, const char *label, const struct json *list, const char *between)
{
	if (!list || !list->first)
		return;
	buf_fmt(b, "%-17s  ", label);
	JSON_EACH(item, list)
		buf_fmt(b, "%.*s%s", SPAN_ARG(item->s), item->next ? between : "\n");
}

static void put_effects(struct buf *b, const struct json *rule)
{
	const char *before = "";

	buf_fmt(b, "%-17s  ", "Brings about");
	for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
		const struct json *value = json_get(rule, effects[i]);

		if (!value)
			continue;
		buf_fmt(b, "%s%s: %.*s", before, effects[i],
			SPAN_ARG(value->type == JSON_TEXT ? value->s : SPAN_NONE));
		JSON_EACH(item, value->type == JSON_LIST ? value : NULL)
			buf_fmt(b, "%.*s%s", SPAN_ARG(item->s), item->next ? ", " : "");
		before = "; ";
	}
	buf_byte(b, '\n');
}

static void put_rule(struct buf *b, const struct law_rule *r)
{
	const struct json *rule = rule_source(r);
	struct span until = json_opt_text(rule, "until", SPAN_NONE);

	put_row(b, "Rule", r->id);
	put_row(b, "Source", r->cite);
	put_row(b, "In plain words", r->text);
	put_row(b, "Would cure it", r->cure);
	put_list(b, "Holds where", json_get(rule, "when"), "; and ");
	put_list(b, "But not where", json_get(rule, "unless"), "; or ");
	put_effects(b, rule);
	put_row(b, "Confidence", r->confidence);
	buf_fmt(b, "%-17s  from %.*s%s%.*s\n", "In force",
		SPAN_ARG(json_opt_text(rule, "from", SPAN_NONE)), until.n ? " until " : "",
		SPAN_ARG(until));
	put_row(b, "Reviewed", SPAN(LINE));
	buf_byte(b, '\n');
}

static void put_table(struct buf *b, const struct law *law, const struct law_pack *pack,
		      enum law_table_id table)
{
	bool begun = false;

	for (unsigned i = pack->first; i < pack->first + pack->rules; i++) {
		if (law->rule[i]->table != table)
			continue;
		if (!begun)
			buf_fmt(b, "Table %s: %s\n\n", law_tables[table].name,
				law_tables[table].what);
		begun = true;
		put_rule(b, law->rule[i]);
	}
}

static void put_names(struct buf *b, const struct json *doc, const char *key, const char *head,
		      const char *id, const char *of)
{
	if (!json_get(doc, key))
		return;
	buf_fmt(b, "%s\n\n", head);
	JSON_EACH(one, json_get(doc, key)) {
		put_row(b, "Name", json_opt_text(one, id, SPAN_NONE));
		put_row(b, "Source", json_opt_text(one, "cite", SPAN_NONE));
		put_list(b, "Stands for", json_get(one, of), "; ");
		buf_byte(b, '\n');
	}
}

static void put_head(struct buf *b, const struct law_pack *p)
{
	static const char *const keys[][2] = { { "id", "Rule pack" },
					       { "version", "Version" },
					       { "kind", "Kind" },
					       { "country", "Country" },
					       { "status", "Status" },
					       { "reviewer", "Reviewer" },
					       { "next_review", "To be reviewed by" } };
	const struct json *head = json_get(p->doc, "pack");

	buf_fmt(b, "%.*s\nLaw as of %.*s\n\n", SPAN_ARG(p->title),
		SPAN_ARG(json_opt_text(head, "law_as_of", SPAN_NONE)));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		put_row(b, keys[i][1], json_opt_text(head, keys[i][0], SPAN_NONE));
	put_row(b, "Rule pack SHA-256", p->sha256);
	buf_str(b, "\nRules beside their sources, to be compared and signed\n\n");
}

static void put_signature(struct buf *b, const struct law_pack *p)
{
	static const char *const rows[] = { "Rules excepted", "Name", "Bar number", "Place, date",
					    "Signature" };

	buf_str(b, "Signature\n\n");
	buf_str(b, "I have compared the rules above with the sources that they name.\n\n");
	put_row(b, "Rule pack SHA-256", p->sha256);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		buf_fmt(b, "\n%-17s  %s\n", rows[i], LINE);
}

enum err law_sheet(struct ctx *c, const struct law *law, unsigned number, struct law_sheet *out)
{
	const struct law_pack *p = &law->pack[number];
	struct buf b;

	buf_begin(&b, c, SHEET_MAX);
	put_head(&b, p);
	for (int t = 0; t < TABLE_COUNT; t++)
		put_table(&b, law, p, (enum law_table_id)t);
	put_names(&b, p->doc, "sets", "Sets", "id", "of");
	put_names(&b, p->doc, "calendars", "Calendars", "id", "holidays");
	put_names(&b, p->doc, "words", "Words of free fields", "field", "of");
	put_signature(&b, p);
	out->title = p->title;
	out->sha256 = p->sha256;
	out->as_of_day = p->law_as_of;
	return buf_done(c, &b, &out->text);
}
