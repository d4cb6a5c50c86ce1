/*
 * What the tables html.def and attr.def say.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "html.h"

static const struct element elements[] = {
#define X(name, is, holds, in, needs) { name, IS_##is, HOLDS_##holds, in, needs },
#include "html.def"
#undef X
};

static const struct {
	const char *name, *elements;
	enum attr_kind kind;
	const char *values;
} attrs[] = {
#define X(name, elements, kind, values) { name, elements, ATTR_##kind, values },
#include "attr.def"
#undef X
};

bool word_in(const char *words, struct span word)
{
	struct span rest = span_str(words), head;

	while (rest.n) {
		struct span tail = SPAN_NONE;

		head = rest;
		span_split(rest, ' ', &head, &tail);
		if (span_eq(head, word))
			return true;
		rest = tail;
	}
	return false;
}

const struct element *element_of(struct span name)
{
	for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
		if (span_is(name, elements[i].name))
			return &elements[i];
	return NULL;
}

bool element_is_void(struct span name)
{
	const struct element *e = element_of(name);

	return e && e->holds == HOLDS_VOID;
}

bool element_keeps_space(struct span name)
{
	return span_is(name, "pre") || span_is(name, "textarea");
}

bool attr_kind_of(struct span element, struct span attr, enum attr_kind *out, const char **values)
{
	*values = "";
	*out = ATTR_DATA;
	for (size_t i = 0; i < sizeof attrs / sizeof attrs[0]; i++) {
		if (!span_is(attr, attrs[i].name) ||
		    (strcmp(attrs[i].elements, "*") != 0 && !word_in(attrs[i].elements, element)))
			continue;
		*out = attrs[i].kind;
		*values = attrs[i].values;
		return true;
	}
	return span_starts(attr, "data-") && attr.n > 5;
}

/* Also within an {% if %}; which of several does not matter to who asks. */
static struct node *find_in(struct node *n, const char *name)
{
	for (; n; n = n->next) {
		struct node *m;

		if (n->kind == NODE_ATTR && span_is(n->name, name))
			return n;
		if (n->kind != NODE_IF)
			continue;
		m = find_in(n->nodes, name);
		m = m ? m : find_in(n->otherwise, name);
		if (m)
			return m;
	}
	return NULL;
}

struct node *attr_find(const struct node *element, const char *name)
{
	return find_in(element->attrs, name);
}

const struct node *attr_direct(const struct node *element, const char *name)
{
	for (const struct node *n = element->attrs; n; n = n->next)
		if (n->kind == NODE_ATTR && span_is(n->name, name))
			return n;
	return NULL;
}

struct span attr_fixed(const struct node *element, const char *name)
{
	const struct node *a = attr_find(element, name);

	return a && a->nodes && a->nodes->kind == NODE_TEXT && !a->nodes->next ? a->nodes->text
									       : SPAN_NONE;
}
