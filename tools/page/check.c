/*
 * What may stand where in a page, which attributes there are, and how a slot is to be escaped:
 * each slot gets the place it stands in, or the page does not compile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "html.h"

#include <stdio.h>

struct walk {
	struct site *site;
	struct ctx *c;
	struct ids *ids;
};

static enum err check_list(struct walk *w, struct node *n, const struct inside *in) MUST_USE;

static const struct node *element_around(const struct inside *in)
{
	while (in && !in->element)
		in = in->outer;
	return in ? in->element : NULL;
}

/* Letters that people read come from the catalogue; digits, signs and spaces may stand anywhere. */
static enum err no_words(struct walk *w, const struct node *n)
{
	for (size_t i = 0; i < n->text.n; i++) {
		unsigned char x = n->text.p[i];
		size_t from = i;

		if (!((x | 0x20) >= 'a' && (x | 0x20) <= 'z') && !(x >= 0xc3 && x <= 0xdf))
			continue;
		while (i < n->text.n && i - from < 30 && n->text.p[i] != '\n')
			i++;
		FAIL_AT(w->c, &n->at,
			"\"%.*s\": words for people stand in the catalogue, write {{ @id }}",
			SPAN_ARG(span_trim(span_cut(n->text, from, i - from))));
	}
	return ERR_OK;
}

static bool is_blank(const struct node *n)
{
	return n->kind == NODE_TEXT && span_trim(n->text).n == 0;
}

/* Attributes. */

static enum err slots_at(struct walk *w, struct node *n, const char *where, bool words)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_IF) {
			TRY(slots_at(w, n->nodes, where, words));
			TRY(slots_at(w, n->otherwise, where, words));
		} else if (n->kind == NODE_TEXT) {
			if (words)
				TRY(no_words(w, n));
		} else {
			n->where = where;
			if (n->value.type == TYPE_LINK && !n->word)
				FAIL_AT(w->c, &n->at, "a link can only be a whole href");
		}
	}
	return ERR_OK;
}

static enum err check_ids(struct walk *w, const struct node *attr, struct node *n)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_IF) {
			TRY(check_ids(w, attr, n->nodes));
			TRY(check_ids(w, attr, n->otherwise));
		} else if (n->kind == NODE_SLOT) {
			if (n->word || (n->value.type != TYPE_TEXT && n->value.type != TYPE_INT))
				FAIL_AT(w->c, &n->at, "only a text or an int can be part of %.*s",
					SPAN_ARG(attr->name));
			n->where = "HTML_ID";
		}
	}
	return ERR_OK;
}

static enum err no_slots(struct walk *w, const struct node *attr, struct node *n, bool ifs)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_SLOT && ifs && !n->word && n->value.type == TYPE_INT)
			n->where = "HTML_ID";
		else if (n->kind == NODE_SLOT)
			FAIL_AT(w->c, &n->at, "a slot in %.*s: its value is written out%s",
				SPAN_ARG(attr->name), ifs ? ", an int or {% if %} can choose" : "");
		if (n->kind == NODE_IF && !ifs)
			FAIL_AT(w->c, &n->at,
				"{%% if %%} in %.*s: put it around the whole attribute",
				SPAN_ARG(attr->name));
		if (n->kind != NODE_IF)
			continue;
		TRY(no_slots(w, attr, n->nodes, ifs));
		TRY(no_slots(w, attr, n->otherwise, ifs));
	}
	return ERR_OK;
}

static enum err check_fixed(struct walk *w, const struct node *element, const struct node *attr,
			    const char *values)
{
	struct span text;

	TRY(no_slots(w, attr, attr->nodes, false));
	text = attr->nodes ? attr->nodes->text : SPAN_NONE;
	if (attr->nodes && attr->nodes->next)   /* parameters that were put together */
		return ERR_OK;
	if (values[0] && !word_in(values, text))
		FAIL_AT(w->c, &attr->at, "%.*s=\"%.*s\" of <%.*s>: only %s %s known",
			SPAN_ARG(attr->name), SPAN_ARG(text), SPAN_ARG(element->name), values,
			strchr(values, ' ') ? "are" : "is");
	return ERR_OK;
}

static enum err check_number(struct walk *w, const struct node *attr)
{
	struct node *n = attr->nodes;
	int64_t i;

	if (n && !n->next && n->kind == NODE_SLOT && !n->word && n->value.type == TYPE_INT) {
		n->where = "HTML_VALUE";
		return ERR_OK;
	}
	if (!n || n->next || n->kind != NODE_TEXT || !span_to_i64(n->text, &i) || i < 0)
		FAIL_AT(w->c, &attr->at, "%.*s is a number or a slot of type int",
			SPAN_ARG(attr->name));
	return ERR_OK;
}

static enum err check_kind(struct walk *w, const struct node *element, struct node *attr,
			   enum attr_kind kind, const char *values)
{
	if (!attr->has_value && kind != ATTR_BOOL && !span_starts(attr->name, "data-"))
		FAIL_AT(w->c, &attr->at, "%.*s has no value", SPAN_ARG(attr->name));
	switch (kind) {
	case ATTR_WORDS:
		return slots_at(w, attr->nodes, "HTML_ATTR", true);
	case ATTR_DATA:
		return slots_at(w, attr->nodes, "HTML_VALUE", false);
	case ATTR_ID:
	case ATTR_IDS:
		return check_ids(w, attr, attr->nodes);
	case ATTR_CLASS:
		return no_slots(w, attr, attr->nodes, true);
	case ATTR_FIXED:
		return check_fixed(w, element, attr, values);
	case ATTR_NUMBER:
		return check_number(w, attr);
	case ATTR_BOOL:
		return ERR_OK;
	case ATTR_PATH:
	case ATTR_LINK:
		return address_check(w->site, attr, kind == ATTR_PATH);
	}
	FAIL(w->c, ERR_FAILED, "an attribute of no kind");
}

static bool has_twice(const struct node *attr, const struct node *among)
{
	for (; among; among = among->next)
		if (among != attr && among->kind == NODE_ATTR && span_eq(among->name, attr->name))
			return true;
	return false;
}

static enum err check_attrs(struct walk *w, const struct node *element, struct node *n, bool deep)
{
	for (; n; n = n->next) {
		enum attr_kind kind;
		const char *values;

		if (n->kind == NODE_IF) {
			TRY(check_attrs(w, element, n->nodes, true));
			TRY(check_attrs(w, element, n->otherwise, true));
			continue;
		}
		if (span_is(n->name, "style"))
			FAIL_AT(w->c, &n->at,
				"a style attribute: the policy of the page forbids it; use a "
				"class");
		if (span_starts(n->name, "on"))
			FAIL_AT(w->c, &n->at,
				"%.*s: code in a page is forbidden; a module of its own can do it",
				SPAN_ARG(n->name));
		if (!attr_kind_of(element->name, n->name, &kind, &values))
			FAIL_AT(w->c, &n->at, "<%.*s> has no attribute '%.*s' that is known here",
				SPAN_ARG(element->name), SPAN_ARG(n->name));
		if (has_twice(n, n->next) || (deep && has_twice(n, element->attrs)))
			FAIL_AT(w->c, &n->at, "%.*s is there twice", SPAN_ARG(n->name));
		TRY(check_kind(w, element, n, kind, values));
	}
	return ERR_OK;
}

/* Elements. */

static enum err check_needs(struct walk *w, const struct node *n, const struct element *e)
{
	struct span rest = span_str(e->needs), head, tail;
	char name[32];

	for (; rest.n; rest = tail) {
		tail = SPAN_NONE;
		head = rest;
		span_split(rest, ' ', &head, &tail);
		snprintf(name, sizeof name, "%.*s", SPAN_ARG(head));
		if (!attr_find(n, name))
			FAIL_AT(w->c, &n->at, "<%.*s> lacks %s", SPAN_ARG(n->name), name);
	}
	return ERR_OK;
}

static enum err check_parent(struct walk *w, const struct node *n, const struct element *e,
			     const struct inside *in)
{
	const struct node *parent = element_around(in);
	const struct element *p = parent ? element_of(parent->name) : NULL;

	if (!parent) {
		if (!span_is(n->name, "html"))
			FAIL_AT(w->c, &n->at, "<%.*s> outside of <html>: a page wraps a layout",
				SPAN_ARG(n->name));
		return ERR_OK;
	}
	if (word_in(e->in, parent->name))
		return ERR_OK;
	if (e->is != IS_NEVER &&
	    (p->holds == HOLDS_FLOW || (p->holds == HOLDS_PHRASE && e->is == IS_INLINE)))
		return ERR_OK;
	if (e->is == IS_NEVER)
		FAIL_AT(w->c, &n->at, "<%.*s> in <%.*s>: it stands in %s only", SPAN_ARG(n->name),
			SPAN_ARG(parent->name), e->in[0] ? e->in : "nothing");
	FAIL_AT(w->c, &n->at, "<%.*s> in <%.*s>, which holds %s", SPAN_ARG(n->name),
		SPAN_ARG(parent->name),
		p->holds == HOLDS_PHRASE   ? "words, no blocks"
		: p->holds == HOLDS_WORDS  ? "text alone"
		: p->holds == HOLDS_LISTED ? "certain elements only"
					   : "nothing");
}

/* What can be pressed or filled in never stands in another such thing. */
static enum err check_within(struct walk *w, const struct node *n, const struct inside *in)
{
	static const struct {
		const char *inner, *outer;
	} never[] = {
		{ "a", "a button label summary" },
		{ "button", "a button label summary" },
		{ "form", "form" },
		{ "label", "label a button" },
		{ "select", "a button" },
		{ "textarea", "a button" },
		{ "input", "a button" },
		{ "main", "main article aside nav" },
		{ "table", "table" },
	};

	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
		if (!span_is(n->name, never[i].inner))
			continue;
		for (const struct inside *o = in; o; o = o->outer)
			if (o->element && word_in(never[i].outer, o->element->name))
				FAIL_AT(w->c, &n->at, "<%.*s> within <%.*s>", SPAN_ARG(n->name),
					SPAN_ARG(o->element->name));
	}
	return ERR_OK;
}

static const struct node *form_around(const struct inside *in)
{
	for (; in; in = in->outer)
		if (in->element && span_is(in->element->name, "form"))
			return in->element;
	return NULL;
}

/* A form that posts carries its token; this program puts it there, and nobody else. */
static enum err check_form(struct walk *w, const struct node *n, const struct inside *in)
{
	const struct node *form = form_around(in);
	struct span type = attr_fixed(n, "type");

	if ((span_is(n->name, "form") && !attr_direct(n, "method")) ||
	    (span_is(n->name, "input") && !attr_direct(n, "type")))
		FAIL_AT(w->c, &n->at,
			"%s of <%.*s> in an {%% if %%}: what is checked and added hangs on it",
			span_is(n->name, "form") ? "method" : "type", SPAN_ARG(n->name));
	if (span_is(attr_fixed(n, "name"), "token"))
		FAIL_AT(w->c, &n->at,
			"a field of the name 'token': it is the form's own, and is put there by "
			"itself");
	if ((attr_find(n, "name") || attr_find(n, "formaction")) && attr_find(n, "form"))
		FAIL_AT(w->c, &n->at, "form: a field stands in the form it belongs to");
	if (span_is(n->name, "button") && span_is(type, "submit") && !form)
		FAIL_AT(w->c, &n->at, "a button that submits, outside of any form");
	if (!span_is(n->name, "input"))
		return ERR_OK;
	if (!attr_find(n, "name") && !span_is(type, "submit"))
		FAIL_AT(w->c, &n->at, "<input> lacks name");
	if (attr_find(n, "value") && span_is(type, "file"))
		FAIL_AT(w->c, &n->at, "a field for files has no value");
	if (span_is(type, "file") && form &&
	    !span_is(attr_fixed(form, "enctype"), "multipart/form-data"))
		FAIL_AT(w->c, &n->at,
			"a field for files in a form without enctype=\"multipart/form-data\": "
			"only the names would be sent");
	return ERR_OK;
}

static enum err check_element(struct walk *w, struct node *n, const struct inside *in)
{
	const struct element *e = element_of(n->name);
	const struct inside inner = { .element = n, .outer = in };

	if (!e && span_is(n->name, "style"))
		FAIL_AT(w->c, &n->at,
			"<style>: the policy of the page forbids it; rules stand in the style "
			"sheet");
	if (!e)
		FAIL_AT(w->c, &n->at, "unknown element <%.*s>", SPAN_ARG(n->name));
	TRY(check_parent(w, n, e, in));
	TRY(check_within(w, n, in));
	TRY(check_attrs(w, n, n->attrs, false));
	if (span_is(n->name, "html") && attr_find(n, "lang"))
		FAIL_AT(w->c, &attr_find(n, "lang")->at,
			"lang of <html> is put there by itself: the language "
			"of the request");
	TRY(check_needs(w, n, e));
	TRY(check_form(w, n, in));
	TRY(ids_element(w->site, w->ids, n, in));
	if (e->holds == HOLDS_NOTHING && n->nodes)
		FAIL_AT(w->c, &n->nodes->at,
			"code in a page is forbidden: <%.*s> is empty and has a src",
			SPAN_ARG(n->name));
	return check_list(w, n->nodes, &inner);
}

/* Text and slots between tags. */
static enum err check_text(struct walk *w, struct node *n, const struct inside *in)
{
	const struct node *parent = element_around(in);
	const struct element *p = parent ? element_of(parent->name) : NULL;

	if (is_blank(n))
		return ERR_OK;
	if (!p || p->holds == HOLDS_LISTED)
		FAIL_AT(w->c, &n->at, "text directly in <%.*s>, which holds certain elements only",
			SPAN_ARG(parent ? parent->name : SPAN("page")));
	if (n->kind == NODE_TEXT)
		return no_words(w, n);
	n->where = span_is(parent->name, "textarea") ? "HTML_VALUE"
		   : p->holds == HOLDS_WORDS	     ? "HTML_RAW"
						     : "HTML_TEXT";
	if (!n->word && n->value.type == TYPE_LINK)
		FAIL_AT(w->c, &n->at, "a link can only be a whole href");
	return ERR_OK;
}

static enum err check_list(struct walk *w, struct node *n, const struct inside *in)
{
	for (; n; n = n->next) {
		struct inside branch = { .choice = n->kind == NODE_IF ? n : NULL, .outer = in };

		if (n->kind == NODE_ELEMENT) {
			TRY(check_element(w, n, in));
		} else if (n->kind == NODE_IF || n->kind == NODE_EACH) {
			branch.loops = n->kind == NODE_EACH ? UINT64_C(1) << n->loop : 0;
			TRY(check_list(w, n->nodes, &branch));
			branch.loops = 0;
			branch.otherwise = true;
			TRY(check_list(w, n->otherwise, &branch));
		} else if (n->kind == NODE_DOCTYPE) {
			if (in)
				FAIL_AT(w->c, &n->at,
					"<!DOCTYPE html> stands at the beginning only");
		} else {
			TRY(check_text(w, n, in));
		}
	}
	return ERR_OK;
}

enum err page_check(struct site *s, struct node *nodes)
{
	struct walk w = { .site = s, .c = s->c };
	const struct node *n = nodes;
	const struct place nowhere = { .file = "page", .line = 1, .column = 1 };

	TRY(ids_begin(s, &w.ids));
	TRY(check_list(&w, nodes, NULL));
	while (n && is_blank(n))
		n = n->next;
	if (!n || n->kind != NODE_DOCTYPE)
		FAIL_AT(s->c, n ? &n->at : &nowhere,
			"a page begins with <!DOCTYPE html>: wrap a layout");
	return ids_end(s, w.ids);
}
