/*
 * Ids are unique on a page, in a loop they depend on its row; each field has a label, and what is
 * named by its id (label, aria-describedby, href="#...") is there. Two branches of one if may hold
 * the same id.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "html.h"

struct id {
	struct span key;
	struct place at;
	const struct inside *in;        /* copied: the walk's own is gone */
	struct id *next;
};

struct ids {
	struct id *ids, *labels, *fields, *named;
};

enum err ids_begin(struct site *s, struct ids **out)
{
	return NEW(s->c, *out);
}

/* The choices around a place, kept. */
static enum err keep(struct site *s, const struct inside *in, const struct inside **out)
{
	struct inside *n;

	*out = NULL;
	for (; in; in = in->outer) {
		if (!in->choice)
			continue;
		TRY(NEW(s->c, n));
		*n = *in;
		TRY(keep(s, in->outer, &n->outer));
		*out = n;
		return ERR_OK;
	}
	return ERR_OK;
}

static bool exclude_each_other(const struct inside *a, const struct inside *b)
{
	for (; a; a = a->outer)
		for (const struct inside *o = b; o; o = o->outer)
			if (a->choice == o->choice && a->otherwise != o->otherwise)
				return true;
	return false;
}

static enum err key_of(struct site *s, const struct node *attr, struct span *out, uint64_t *loops)
{
	struct buf b;

	*loops = 0;
	buf_begin(&b, s->c, 4096);
	for (const struct node *n = attr->nodes; n; n = n->next) {
		if (n->kind == NODE_IF)
			FAIL_AT(s->c, &n->at, "{%% if %%} in an id: a label could not be checked");
		if (n->kind == NODE_TEXT)
			buf_add(&b, n->text);
		else
			buf_fmt(&b, "{%.*s}", SPAN_ARG(n->value.c));
		*loops |= n->value.loops;
	}
	TRY(buf_done(s->c, &b, out));
	if (!out->n)
		FAIL_AT(s->c, &attr->at, "%.*s is empty", SPAN_ARG(attr->name));
	return ERR_OK;
}

static enum err add(struct site *s, struct id **list, const struct node *attr,
		    const struct inside *in, struct id **out)
{
	uint64_t loops;

	TRY(NEW(s->c, *out));
	TRY(key_of(s, attr, &(*out)->key, &loops));
	(*out)->at = attr->at;
	TRY(keep(s, in, &(*out)->in));
	(*out)->next = *list;
	*list = *out;
	return ERR_OK;
}

/* An id that is named, as far as it is known here: the words of a list, without ifs. */
static enum err add_named(struct site *s, struct ids *ids, const struct node *attr,
			  const struct node *first, size_t skip)
{
	struct node part = *attr, copy = { 0 };
	struct span key, rest, head;
	uint64_t loops;
	struct id *mine;

	for (const struct node *n = first; n; n = n->next)
		if (n->kind == NODE_IF)
			return ERR_OK;
	if (!first)
		return ERR_OK;
	copy = *first;
	if (copy.kind == NODE_TEXT)
		copy.text = span_cut(copy.text, skip, copy.text.n);
	part.nodes = &copy;
	TRY(key_of(s, &part, &key, &loops));
	for (rest = key; rest.n;) {
		struct span tail = SPAN_NONE;

		head = rest;
		span_split(rest, ' ', &head, &tail);
		rest = tail;
		TRY(NEW(s->c, mine));
		*mine = (struct id){ .key = head, .at = attr->at, .next = ids->named };
		ids->named = mine;
	}
	return ERR_OK;
}

static enum err all_named(struct site *s, struct ids *ids, const struct node *element,
			  const struct node *n)
{
	for (; n; n = n->next) {
		enum attr_kind kind;
		const char *values;

		if (n->kind == NODE_IF) {
			TRY(all_named(s, ids, element, n->nodes));
			TRY(all_named(s, ids, element, n->otherwise));
			continue;
		}
		attr_kind_of(element->name, n->name, &kind, &values);
		if (kind == ATTR_IDS || span_is(n->name, "list"))
			TRY(add_named(s, ids, n, n->nodes, 0));
		else if (kind == ATTR_LINK && n->nodes && n->nodes->kind == NODE_TEXT &&
			 !n->nodes->next && span_starts(n->nodes->text, "#") &&
			 n->nodes->text.n > 1)
			TRY(add_named(s, ids, n, n->nodes, 1));
	}
	return ERR_OK;
}

static bool is_field(const struct node *n)
{
	struct span type = attr_fixed(n, "type");

	if (span_is(n->name, "select") || span_is(n->name, "textarea"))
		return true;
	return span_is(n->name, "input") && !span_is(type, "hidden") && !span_is(type, "submit");
}

static enum err one_id(struct site *s, struct ids *ids, const struct node *id,
		       const struct inside *in)
{
	uint64_t loops, around = 0;
	struct span key;
	struct id *mine;

	TRY(key_of(s, id, &key, &loops));
	for (const struct inside *i = in; i; i = i->outer)
		around |= i->loops;
	if (around & ~loops)
		FAIL_AT(s->c, &id->at,
			"id \"%.*s\" is in an {%% each %%} and does not depend on its row: "
			"there would be several",
			SPAN_ARG(key));
	TRY(add(s, &ids->ids, id, in, &mine));
	for (const struct id *o = mine->next; o; o = o->next)
		if (span_eq(o->key, key) && !exclude_each_other(o->in, mine->in))
			FAIL_AT(s->c, &id->at, "id \"%.*s\" is there already, at %s:%u:%u",
				SPAN_ARG(key), o->at.file, o->at.line, o->at.column);
	return ERR_OK;
}

enum err ids_element(struct site *s, struct ids *ids, const struct node *n, const struct inside *in)
{
	const struct node *id = attr_find(n, "id"), *of = attr_find(n, "for");
	struct id *mine;

	if (id)
		TRY(one_id(s, ids, id, in));
	TRY(all_named(s, ids, n, n->attrs));
	if (of && span_is(n->name, "label"))
		TRY(add(s, &ids->labels, of, in, &mine));
	if (!is_field(n) || attr_find(n, "aria-label") || attr_find(n, "aria-labelledby"))
		return ERR_OK;
	if (!id)
		FAIL_AT(s->c, &n->at, "<%.*s> has no id, so no label can be for it",
			SPAN_ARG(n->name));
	return add(s, &ids->fields, id, in, &mine);
}

static bool is_among(const struct id *list, struct span key)
{
	for (; list; list = list->next)
		if (span_eq(list->key, key))
			return true;
	return false;
}

enum err ids_end(struct site *s, const struct ids *ids)
{
	for (const struct id *f = ids->fields; f; f = f->next)
		if (!is_among(ids->labels, f->key))
			FAIL_AT(s->c, &f->at,
				"field \"%.*s\" has no <label for=\"%.*s\"> and no aria-label",
				SPAN_ARG(f->key), SPAN_ARG(f->key));
	for (const struct id *n = ids->named; n; n = n->next)
		if (n->key.n && !is_among(ids->ids, n->key))
			FAIL_AT(s->c, &n->at, "\"%.*s\" is no id of this page", SPAN_ARG(n->key));
	for (const struct id *l = ids->labels; l; l = l->next)
		if (!is_among(ids->ids, l->key))
			FAIL_AT(s->c, &l->at, "a label for \"%.*s\", which is no id of this page",
				SPAN_ARG(l->key));
	return ERR_OK;
}
