/*
 * Letters; see letter.h. A slot is text and nothing else: what a sender wrote cannot make a
 * template do anything.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/letter.h"

#include "format/time.h"
#include "order/embedded.h"
#include "order/vault.h"

static const struct embedded *find(const char *name)
{
	for (const struct embedded *t = letter_templates; t->name; t++)
		if (span_is(span_str(name), t->name))
			return t;
	return NULL;
}

static enum err value_of(struct ctx *c, const char *template_name, struct span slot,
			 const struct letter_slot *slots, size_t count, struct span *out)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(slot, slots[i].name)) {
			*out = slots[i].value;
			return ERR_OK;
		}
	FAIL(c, ERR_FAILED, "the letter '%s' has a slot '%.*s' that nobody fills", template_name,
	     SPAN_ARG(slot));
}

/* One line; a line whose only slots are empty vanishes. */
static enum err fill_line(struct ctx *c, const char *template_name, struct span line,
			  const struct letter_slot *slots, size_t count, struct buf *b)
{
	struct buf text;
	struct span done, value;
	size_t named = 0, filled = 0;

	buf_begin(&text, c, LETTER_MAX);
	while (line.n) {
		struct span slot, rest;
		size_t at = 0;

		while (at + 1 < line.n && !(line.p[at] == '{' && line.p[at + 1] == '{'))
			at++;
		if (at + 1 >= line.n) {
			buf_add(&text, line);
			break;
		}
		buf_add(&text, span_cut(line, 0, at));
		if (!span_split(span_cut(line, at + 2, line.n), '}', &slot, &rest))
			FAIL(c, ERR_FAILED, "the letter '%s' has an open slot", template_name);
		TRY(value_of(c, template_name, slot, slots, count, &value));
		buf_add(&text, value);
		named++;
		filled += value.n > 0;
		line = span_cut(rest, 1, rest.n);
	}
	TRY(buf_done(c, &text, &done));
	if (named == 0 || filled > 0) {
		buf_add(b, done);
		buf_byte(b, '\n');
	}
	return ERR_OK;
}

enum err letter_fill(struct ctx *c, const char *template_name, const struct letter_slot *slots,
		     size_t count, struct span *text_out)
{
	const struct embedded *t = find(template_name);
	struct reader r;
	struct span line;
	struct buf b;

	if (!t)
		FAIL(c, ERR_FAILED, "there is no letter '%s'", template_name);
	r = (struct reader){ span_of(t->bytes, t->n), 0 };
	buf_begin(&b, c, LETTER_MAX);
	while (take_line(&r, &line))
		TRY(fill_line(c, template_name, line, slots, count, &b));
	return buf_done(c, &b, text_out);
}

enum err letter_reasons(struct ctx *c, const struct json *codes, struct span *out)
{
	struct span words, line;
	struct buf b;
	int n = 0;

	buf_begin(&b, c, LETTER_MAX);
	JSON_EACH(code, codes) {
		TRY(letter_reason(c, code->s, &words));
		TRY(span_fmt(c, &line, "%d. %.*s: %.*s.", ++n, SPAN_ARG(code->s),
			     SPAN_ARG(words)));
		letter_put(&b, LETTER_ITEM, line);
	}
	return buf_done(c, &b, out);
}

static enum err papers_lines(struct ctx *c, const struct json *papers, struct span *out)
{
	struct buf b;

	buf_begin(&b, c, LETTER_MAX);
	JSON_EACH(paper, papers)
		buf_fmt(&b, "%s  %.*s  %.*s", b.n ? "\n" : "",
			SPAN_ARG(json_opt_text(paper, "sha256", SPAN_NONE)),
			SPAN_ARG(json_opt_text(paper, "name", SPAN_NONE)));
	return buf_done(c, &b, out);
}

static enum err demand_lines(struct ctx *c, const struct json *demands, struct span *out)
{
	struct span line;
	struct buf b;

	buf_begin(&b, c, LETTER_MAX);
	JSON_EACH(d, demands) {
		TRY(span_fmt(c, &line, "%.*s: %s",
			     SPAN_ARG(letter_target(d)),
			     category_words(json_opt_text(d, "category", SPAN_NONE))));
		letter_put(&b, LETTER_ITEM, line);
	}
	return buf_done(c, &b, out);
}

static void slot(struct letter_slot *slots, size_t *count, const char *name, struct span value)
{
	slots[(*count)++] = (struct letter_slot){ name, value };
}

enum err letter_slots(struct ctx *c, struct session *s, const struct order *o,
		      struct letter_slot *slots, size_t *count)
{
	const struct json *facts = json_get(o->received, "facts"),
			  *issuer = json_get(facts, "issuer"), *founded;
	struct span now, date, received, received_date, demands;

	TRY(home_last(c, s, "founded", &founded));
	TRY(time_span(c, c->seam->now_ms() / 1000, &now));
	TRY(letter_date(c, span_cut(now, 0, 10), &date));
	TRY(time_span(c, o->received_utc, &received));
	TRY(letter_date(c, received, &received_date));
	TRY(demand_lines(c, json_get(facts, "demands"), &demands));
	slot(slots, count, "provider", json_opt_text(founded, "provider", SPAN("the provider")));
	slot(slots, count, "order", o->ref);
	slot(slots, count, "now", now);
	slot(slots, count, "date", date);
	slot(slots, count, "received", received);
	slot(slots, count, "received_date", received_date);
	slot(slots, count, "demands", demands);
	slot(slots, count, "authority_reference",
	     json_opt_text(o->received, "authority_reference", SPAN("unknown")));
	slot(slots, count, "earlier",
	     json_opt_text(json_get(o->received, "resubmits"), "order", SPAN_NONE));
	slot(slots, count, "authority_name",
	     json_opt_text(issuer, "authority_name", SPAN("unknown")));
	slot(slots, count, "authority_country", json_opt_text(issuer, "country", SPAN("unknown")));
	return ERR_OK;
}

static enum err ask_sign(struct ctx *c, struct session *s, const char *what, struct span ref,
			 const char *template_name, struct span sha256_text,
			 const struct json **answer_out)
{
	struct json *request = json_object(c);
	struct span place;

	json_set_str(c, request, "request", "sign");
	json_set_str(c, request, "for", what);
	json_set_text(c, request, "order", ref);
	json_set_str(c, request, "template", template_name);
	json_set_text(c, request, "sha256", sha256_text);
	TRY(span_fmt(c, &place, "%.*s/%s", SPAN_ARG(ref), template_name));
	return seal_ask(c, s, request, place, answer_out);
}

/* Keeps the text, has the record signed, and puts what came of it into body. */
static enum err keep_and_sign(struct ctx *c, struct session *s, const char *what, struct span ref,
			      const char *template_name, struct span text, struct json *body,
			      const struct json **answer_out)
{
	TRY(keep_blob(c, s, text, body, "sha256"));
	TRY(ask_sign(c, s, what, ref, template_name, json_get(body, "sha256")->s, answer_out));
	json_set_str(c, body, "template", template_name);
	json_set_text(c, body, "record", json_opt_text(*answer_out, "record", SPAN_NONE));
	json_set_text(c, body, "record_seal", json_opt_text(*answer_out, "record_seal", SPAN_NONE));
	return ERR_OK;
}

enum err letter_text_now(struct ctx *c, struct session *s, const struct order *o,
		     const char *template_name, const struct letter_slot *more, size_t more_count,
		     struct span *out)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	size_t count = 0;

	TRY(letter_slots(c, s, o, slots, &count));
	for (size_t i = 0; i < more_count && count < LETTER_SLOTS_MAX; i++)
		slots[count++] = more[i];
	return letter_fill(c, template_name, slots, count, out);
}

enum err letter_make(struct ctx *c, struct session *s, const struct order *o,
		     const char *template_name, const struct letter_slot *more, size_t more_count,
		     struct json **body_out)
{
	const struct json *answer;
	struct span text;

	*body_out = json_object(c);
	TRY(letter_text_now(c, s, o, template_name, more, more_count, &text));
	TRY(keep_and_sign(c, s, "letter", o->ref, template_name, text, *body_out, &answer));
	json_set_int(c, *body_out, "about_seq", o->last_seq + 1);
	return ERR_OK;
}

enum err receipt_make(struct ctx *c, struct session *s, struct span ref, struct json *body,
		      struct span *text_out, const struct json **record_out)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	struct order o = { .ref = ref, .received = body, .received_utc = c->seam->now_ms() / 1000 };
	struct json *receipt = json_object(c);
	size_t count = 0;
	struct span papers;

	TRY(letter_slots(c, s, &o, slots, &count));
	TRY(papers_lines(c, json_get(body, "papers"), &papers));
	slots[count++] = (struct letter_slot){ "papers", papers };
	TRY(letter_fill(c, "receipt", slots, count, text_out));
	TRY(keep_and_sign(c, s, "intake", ref, "receipt", *text_out, receipt, record_out));
	json_set(c, body, "receipt", receipt);
	return ERR_OK;
}
