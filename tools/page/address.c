/*
 * Addresses: paths of our own, in which a slot is a whole value that cannot become anything else;
 * in a link also other places that are written out. An address that came from elsewhere is one
 * slot of type link, which the running program judges.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "html.h"

enum part { PART_PLACE, PART_PATH, PART_QUERY, PART_FRAGMENT };

struct address {
	struct site *site;
	enum part part;
	bool began, own;
	bool slot_before;               /* no literal character since the last slot */
	bool solid;                     /* this segment has a literal character that is no dot */
	bool dots, slot;                /* this segment has dots, a slot */
	unsigned char last;
	struct node *last_slot;
};

static enum err end_segment(struct address *a, const struct place *at)
{
	if (a->slot && a->dots && !a->solid)
		FAIL_AT(a->site->c, at,
			"a slot beside dots alone: together they could become '..'");
	if (a->last_slot && !a->solid)
		a->last_slot->where = "HTML_SEGMENT";
	a->last_slot = NULL;
	a->solid = a->dots = a->slot = false;
	return ERR_OK;
}

static enum err begin(struct address *a, const struct node *n)
{
	struct span s = n->text;
	static const char *const foreign[] = { "https://", "mailto:", "tel:" };

	a->began = true;
	for (size_t i = 0; !a->own && i < sizeof foreign / sizeof foreign[0]; i++)
		if (span_starts(s, foreign[i])) {
			a->part = PART_PLACE;
			return ERR_OK;
		}
	if (span_starts(s, "//"))
		FAIL_AT(a->site->c, &n->at, "'//' begins the address of another place");
	if (span_starts(s, "/") || span_starts(s, "?") || (span_starts(s, "#") && !a->own))
		return ERR_OK;
	FAIL_AT(a->site->c, &n->at, "an address begins with '/' or '?'%s; nothing else is known",
		a->own ? "" : ", '#', https://, mailto: or tel:");
}

static enum err one_char(struct address *a, const struct place *at, unsigned char x)
{
	if (x <= 0x20 || x >= 0x7f || strchr("\"'<>\\^`{|}", x))
		FAIL_AT(a->site->c, at, "a character that no address has");
	if (x == '#') {
		TRY(end_segment(a, at));
		a->part = PART_FRAGMENT;
	} else if (x == '?' && a->part != PART_FRAGMENT) {
		TRY(end_segment(a, at));
		a->part = PART_QUERY;
	} else if (a->part == PART_PATH && x == '/') {
		if (a->last == '/' && !a->slot_before)
			FAIL_AT(a->site->c, at,
				"'//' in a path: at its beginning another place follows");
		TRY(end_segment(a, at));
	} else if (a->part == PART_PATH) {
		a->dots = a->dots || x == '.';
		a->solid = a->solid || x != '.';
	}
	a->slot_before = false;
	a->last = x;
	return ERR_OK;
}

static enum err one_slot(struct address *a, struct node *n)
{
	if (n->word || (n->value.type != TYPE_TEXT && n->value.type != TYPE_INT))
		FAIL_AT(a->site->c, &n->at, "only a text or an int can be part of an address");
	if (!a->began)
		FAIL_AT(a->site->c, &n->at,
			"an address that begins with a slot: only a slot of type link "
			"can be a whole address");
	if (a->part == PART_PLACE)
		FAIL_AT(a->site->c, &n->at, "a slot in the address of another place");
	if (a->slot_before)
		FAIL_AT(a->site->c, &n->at, "two slots without anything between them");
	if (a->part == PART_QUERY && a->last != '=')
		FAIL_AT(a->site->c, &n->at, "a slot in a query stands behind '=' only");
	n->where = a->part == PART_FRAGMENT ? "HTML_ID" : "HTML_QUERY";
	if (a->part == PART_PATH) {
		if (a->slot)
			FAIL_AT(a->site->c, &n->at, "a second slot in one segment of a path");
		a->slot = true;
		a->last_slot = n;
	}
	a->slot_before = true;
	return ERR_OK;
}

static enum err walk(struct address *a, struct node *n)
{
	for (; n; n = n->next) {
		struct address r = *a;

		if (n->kind == NODE_SLOT) {
			TRY(one_slot(a, n));
			continue;
		}
		if (n->kind == NODE_IF) {
			if (a->part != PART_QUERY)
				FAIL_AT(a->site->c, &n->at,
					"{%% if %%} in an address: only behind '?'");
			TRY(walk(a, n->nodes));
			TRY(walk(&r, n->otherwise));
			if (a->part != PART_QUERY || r.part != PART_QUERY ||
			    a->slot_before != r.slot_before)
				FAIL_AT(a->site->c, &n->at,
					"the branches of this {%% if %%} end differently");
			continue;
		}
		if (!a->began)
			TRY(begin(a, n));
		for (size_t i = 0; i < n->text.n; i++)
			TRY(one_char(a, &n->at, n->text.p[i]));
	}
	return ERR_OK;
}

enum err address_check(struct site *s, const struct node *attr, bool own)
{
	struct address a = { .site = s, .part = PART_PATH, .own = own };
	struct node *n = attr->nodes;

	if (!n)
		FAIL_AT(s->c, &attr->at, "%.*s is empty", SPAN_ARG(attr->name));
	if (n->kind == NODE_SLOT && !n->next && !n->word && n->value.type == TYPE_LINK) {
		n->where = own ? "true" : "false";
		return ERR_OK;
	}
	TRY(walk(&a, n));
	return end_segment(&a, &attr->at);
}
