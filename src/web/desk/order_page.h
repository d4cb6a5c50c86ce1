/*
 * What the page of an order and the pages of what is done to it share: the acts as a timeline, and
 * what its person can do next.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_ORDER_PAGE_H
#define WEB_DESK_ORDER_PAGE_H

#include "web/desk/desk.h"
#include "web/pages.h"

/* The acts after that number, each with how long after the one before it. */
enum err order_acts(struct visit *v, int64_t after, struct page_order_act **list_out,
		    size_t *n_out) MUST_USE;

/* Adds to the detail of an act what a correction of what was written out has changed. */
enum err order_corrections(struct visit *v, const struct json *act, struct span *detail) MUST_USE;
/* A paper came alone, and nobody has written out what it demands. */
bool order_is_unwritten(const struct order *o);
/* The acts of the page, or what of them the query asks for, or who looked. */
enum err order_timeline(struct visit *v, struct page_order *p) MUST_USE;

/* What this person can do with the order now: what it waits for, and what else. */
struct order_steps {
	const struct page_order_step *turn, *rest;
	size_t turn_n, rest_n;
};
enum err order_steps(struct visit *v, struct order_steps *out) MUST_USE;

/* The question that the order waits for, where its person can answer it on the order's page;
 * without a button there is none. What is asked is taken out of the steps. */
struct order_ask {
	struct page_order_form form;
	const struct page_step_field *fields;
	struct page_step_button buttons[5];
	size_t fields_n, buttons_n;
};
enum err order_ask(struct visit *v, struct order_steps *can, struct order_ask *out) MUST_USE;

/* What differs from the statement that was approved last and stands no more; without "who" there is
 * none. */
enum err order_changed(struct visit *v, struct page_order_changed *out) MUST_USE;

/* The lines that the document takes against the rule packs, and what these say of them. */
enum err order_overruled(struct visit *v, const struct json *document,
			 const struct page_order_demand **list_out, size_t *n_out) MUST_USE;

/* Whether the last judgement asks for facts that the page of facts takes. */
bool facts_are_missed(const struct visit *v);
/* The bar of every page of this order: clock, kind, whose turn; flags_out: words of flag.def, or
 * NULL. */
enum err order_head(struct visit *v, struct page_order_head *out, struct span *flags_out) MUST_USE;

/* The paper and page that the query names, as they were read; the first where it names none. */
enum err order_paper(struct visit *v, struct page_paper *p) MUST_USE;
/* What is suggested on the first paper, the order itself; NULL where it was not read. */
enum err order_suggestions(struct visit *v, const struct json **out) MUST_USE;
/* What is suggested of that kind, and has a value, is offered for that field; whether there is any.
 */
bool order_paper_offer(struct page_paper *p, const char *what, const char *field);

#endif
