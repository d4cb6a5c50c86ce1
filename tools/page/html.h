/*
 * What is known of HTML: tables, asked by check.c and its helpers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include "page.h"

enum element_is { IS_BLOCK, IS_INLINE, IS_NEVER };
enum element_holds { HOLDS_FLOW, HOLDS_PHRASE, HOLDS_LISTED, HOLDS_WORDS, HOLDS_NOTHING, HOLDS_VOID };

struct element {
	const char *name;
	enum element_is is;
	enum element_holds holds;
	const char *in, *needs;
};

const struct element *element_of(struct span name);
bool word_in(const char *words, struct span word);
/* The attribute that stands in the tag whatever is the case. */
const struct node *attr_direct(const struct node *element, const char *name);
/* The value of an attribute that is written out. */
struct span attr_fixed(const struct node *element, const char *name);

/* Where a walk through a page is. */
struct inside {
	const struct node *element;     /* NULL: an if or each */
	const struct node *choice;      /* the if in whose branch this is */
	bool otherwise;
	uint64_t loops;                 /* the each around */
	const struct inside *outer;
};

/* ids.c: ids are unique, and each field has its label */
struct ids;
enum err ids_begin(struct site *s, struct ids **out) MUST_USE;
enum err ids_element(struct site *s, struct ids *ids, const struct node *n, const struct inside *in) MUST_USE;
enum err ids_end(struct site *s, const struct ids *ids) MUST_USE;
/* address.c: the grammar of addresses with slots */
enum err address_check(struct site *s, const struct node *attr, bool own) MUST_USE;

#endif
