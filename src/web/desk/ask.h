/*
 * Fields of facts on a form: one for a row of facts.def, with what stands in it, what is wrong with
 * that, and what was found on the papers for it, offered with its place. Nothing fills itself in: a
 * value is taken over by a button, and its place is remembered while it stands there unchanged.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_ASK_H
#define WEB_DESK_ASK_H

#include "format/facts.h"
#include "web/desk/step.h"

struct ask_said;

struct ask {
	struct visit *v;
	bool sent;                      /* what stands in the fields was typed */
	const struct ask_said *said;    /* what was found on the papers */
	size_t said_n;
	struct span take, take_value, take_from;        /* the button that was pressed: its field */
	struct page_problem *problems;
	size_t problems_n;
	struct json *taken;             /* as order_transcribe wants it */
	struct page_ask page;
};

/* Reads what was found on the papers, and which button was pressed. */
enum err ask_begin(struct visit *v, struct ask *k) MUST_USE;
/* Whether the form was sent to be done, and not to take something over or to look at a page. */
bool ask_is_done(const struct ask *k);

/* A field that one chooses in: value, label; empty = not known. */
enum err ask_choice(struct ask *k, struct page_ask_field *f, struct span value, struct span label)
	MUST_USE;
/* A field by itself. current: a text or a list, NULL where nothing stands there. */
enum err ask_field(struct ask *k, struct span name, struct span label, struct span hint,
		   const struct json *current, struct page_ask_field *out) MUST_USE;
/* The field of that fact; demand: of which line, or empty. *value_out: what stands in it, a text or
 * a list, NULL where it is empty or wrong. */
enum err ask_fact(struct ask *k, const struct fact_field *fact, struct span name,
		  struct span demand, const struct json *current, struct page_ask_field *out,
		  struct json **value_out) MUST_USE;
/* "issuer.country" as the name of a field: "issuer-country", after start. */
enum err ask_name(struct ask *k, const char *start, const char *path, struct span *out) MUST_USE;
/* Says beside the field, and at the top, what is wrong with it. */
enum err ask_wrong(struct ask *k, struct page_ask_field *f, struct span why) MUST_USE;
/* Whether it stands among the first fields: it is asked for always, or there is something to see.
 */
bool ask_matters(const struct page_ask_field *f, const struct fact_field *fact);

/* The page, with the paper beside it. */
enum err ask_show(struct ask *k, struct span title, struct span lead, struct span button) MUST_USE;

#endif
