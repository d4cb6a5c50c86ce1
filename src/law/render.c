/*
 * A rule pack as a document for a lawyer's signature: each table with its rules side by side with
 * their sources, words and confidence, as they stand in the pack and in the order of the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/html.h"
#include "format/time.h"
#include "law/pack.h"

#define RENDER_MAX ((size_t)8 << 20)

static const char style[] =
	"body{font:10pt/1.35 serif;margin:2em;color:#000;background:#fff}"
	"table{border-collapse:collapse;width:100%;margin:0 0 2em}"
	"th,td{border:1px solid #777;padding:.3em .5em;text-align:left;vertical-align:top}"
	"th{background:#eee}tr{break-inside:avoid}thead{display:table-header-group}"
	"ul{margin:0;padding-left:1.1em}p{margin:.2em 0}"
	"@page{size:A4 landscape;margin:12mm}";

static const char *const effects[] = { "give",   "mode", "reasons",  "route", "redirect",
				       "notice", "notice_until", "due",   "hold",  "preserve",
				       "cost",   "watch", "defeats" };

static void put_list(struct html *h, const char *head, const struct json *list)
{
	if (!list)
		return;
	html_put(h, "p", span_str(head));
	html_open(h, "ul");
	JSON_EACH(item, list)
		html_put(h, "li", item->s);
	html_close(h);
}

static void put_effects(struct html *h, const struct json *rule)
{
	html_open(h, "td");
	for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
		const struct json *value = json_get(rule, effects[i]);

		if (!value)
			continue;
		html_open(h, "p");
		html_text(h, span_str(effects[i]));
		html_text(h, SPAN(": "));
		html_text(h, value->type == JSON_TEXT ? value->s : SPAN_NONE);
		JSON_EACH(item, value->type == JSON_LIST ? value : NULL) {
			html_text(h, item->s);
			html_text(h, item->next ? SPAN(", ") : SPAN_NONE);
		}
		html_close(h);
	}
	html_close(h);
}

static void put_rule(struct html *h, const struct law_rule *r)
{
	const struct json *rule = rule_source(r);

	html_open(h, "tr");
	html_put(h, "td", r->id);
	html_open(h, "td");
	html_put(h, "p", r->text);
	if (r->cure.n) {
		html_put(h, "p", SPAN("What would cure it:"));
		html_put(h, "p", r->cure);
	}
	html_close(h);
	html_open(h, "td");
	put_list(h, "where", json_get(rule, "when"));
	put_list(h, "but not where", json_get(rule, "unless"));
	html_close(h);
	put_effects(h, rule);
	html_put(h, "td", r->cite);
	html_put(h, "td", r->confidence);
	html_open(h, "td");
	html_put(h, "p", json_opt_text(rule, "from", SPAN_NONE));
	html_put(h, "p", json_opt_text(rule, "until", SPAN_NONE));
	html_close(h);
	html_put(h, "td", SPAN_NONE);
	html_close(h);
}

static void put_heads(struct html *h, const char *const *head)
{
	html_open(h, "thead");
	html_open(h, "tr");
	for (; *head; head++)
		html_put(h, "th", span_str(*head));
	html_close(h);
	html_close(h);
}

static void put_table(struct html *h, const struct law *law, const struct law_pack *pack,
		      enum law_table_id table)
{
	static const char *const heads[] = { "Rule", "In plain words", "It holds",
					     "It brings about", "Source", "Confidence",
					     "From, until", "Reviewer", NULL };
	bool begun = false;

	for (unsigned i = pack->first; i < pack->first + pack->rules; i++) {
		if (law->rule[i]->table != table)
			continue;
		if (!begun) {
			html_put(h, "h2", span_str(law_tables[table].name));
			html_put(h, "p", span_str(law_tables[table].what));
			html_open(h, "table");
			put_heads(h, heads);
			html_open(h, "tbody");
			begun = true;
		}
		put_rule(h, law->rule[i]);
	}
	if (begun) {
		html_close(h);
		html_close(h);
	}
}

static void put_pair(struct html *h, const char *key, struct span value)
{
	html_open(h, "tr");
	html_put(h, "th", span_str(key));
	html_put(h, "td", value);
	html_close(h);
}

static void put_head(struct html *h, const struct law_pack *p)
{
	static const char *const keys[] = { "id",     "version",   "kind",        "country",
					    "status", "law_as_of", "next_review", "reviewer",
					    "reviewed_on" };
	const struct json *head = json_get(p->doc, "pack");

	html_put(h, "h1", p->title);
	html_open(h, "table");
	html_open(h, "tbody");
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (json_get(head, keys[i]))
			put_pair(h, keys[i], json_opt_text(head, keys[i], SPAN_NONE));
	put_pair(h, "sha256", p->sha256);
	html_close(h);
	html_close(h);
}

/* Sets, calendars and words: what names in the sentences stand for. */
static void put_names(struct html *h, const struct json *doc, const char *key, const char *id,
		      const char *of)
{
	if (!json_get(doc, key))
		return;
	html_put(h, "h2", span_str(key));
	html_open(h, "table");
	html_open(h, "tbody");
	JSON_EACH(one, json_get(doc, key)) {
		html_open(h, "tr");
		html_put(h, "th", json_opt_text(one, id, SPAN_NONE));
		html_open(h, "td");
		JSON_EACH(item, json_get(one, of)) {
			html_text(h, item->s);
			html_text(h, item->next ? SPAN("; ") : SPAN_NONE);
		}
		html_close(h);
		html_put(h, "td", json_opt_text(one, "cite", SPAN_NONE));
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

static void put_signature(struct html *h, const struct law_pack *p)
{
	html_put(h, "h2", SPAN("Signature"));
	html_put(h, "p", SPAN("I have compared the rules above with the sources that they name."));
	html_open(h, "table");
	html_open(h, "tbody");
	put_pair(h, "Rule pack SHA-256", p->sha256);
	put_pair(h, "Rules excepted", SPAN_NONE);
	put_pair(h, "Name", SPAN_NONE);
	put_pair(h, "Bar number", SPAN_NONE);
	put_pair(h, "Place, date", SPAN_NONE);
	put_pair(h, "Signature", SPAN_NONE);
	html_close(h);
	html_close(h);
}

unsigned law_count(const struct law *law)
{
	return law->packs;
}

enum err law_render(struct ctx *c, const struct law *law, unsigned number, struct span *id_out,
		    struct span *html_out)
{
	const struct law_pack *p = &law->pack[number];
	struct html h;

	html_begin(&h, c, RENDER_MAX, p->title, style);
	put_head(&h, p);
	for (int t = 0; t < TABLE_COUNT; t++)
		put_table(&h, law, p, (enum law_table_id)t);
	put_names(&h, p->doc, "sets", "id", "of");
	put_names(&h, p->doc, "calendars", "id", "holidays");
	put_names(&h, p->doc, "words", "field", "of");
	put_signature(&h, p);
	*id_out = p->id;
	return html_done(c, &h, html_out);
}
