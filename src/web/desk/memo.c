/*
 * What the table said of a sitting; see memo.h. Each has one place, by its hash and its order; a
 * newer one takes it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/memo.h"

#include <string.h>

#define PLACES 16384u                   /* a power of two */
#define TEXT_MAX 320u /* of one sitting: two hashes, a name, a browser, an order */

struct row {
	struct store_mark mark;
	struct sitting sitting;         /* its texts stand below */
	struct span order;
	unsigned char text[TEXT_MAX];
};

struct memo {
	struct ctx *c;
	struct row *places[PLACES];
};

enum err memo_open(struct ctx *c, struct memo **out)
{
	TRY(NEW(c, *out));
	(*out)->c = c;
	return ERR_OK;
}

static size_t place_of(struct span id, struct span order)
{
	uint32_t h = span_spread(span_spread(SPAN_SPREAD, id), order);

	return (h ^ h >> 16) & (PLACES - 1);
}

enum err memo_find(struct ctx *c, const struct memo *m, const struct store_mark *mark,
		   struct span id, struct span order, struct sitting *out, bool *found_out)
{
	const struct row *row = m->places[place_of(id, order)];

	*found_out = row && !memcmp(&row->mark, mark, sizeof *mark) &&
		     span_eq_secret(row->sitting.id, id) && span_eq(row->order, order);
	if (!*found_out)
		return ERR_OK;
	*out = row->sitting;
	TRY(span_copy(c, row->sitting.id, &out->id));
	TRY(span_copy(c, row->sitting.person, &out->person));
	TRY(span_copy(c, row->sitting.key_sha256, &out->key_sha256));
	return span_copy(c, row->sitting.agent, &out->agent);
}

static void put_text(unsigned char **at, struct span from, struct span *out)
{
	if (from.n)
		memcpy(*at, from.p, from.n);
	*out = span_of(*at, from.n);
	*at += from.n;
}

void memo_keep(struct memo *m, const struct store_mark *mark, struct span order,
	       const struct sitting *s)
{
	struct row **place = &m->places[place_of(s->id, order)], *row = *place;
	unsigned char *text;

	if (s->id.n + s->person.n + s->key_sha256.n + s->agent.n + order.n > TEXT_MAX)
		return;
	if (!row)
		row = arena_take(m->c->arena, sizeof *row);
	if (!row)
		return;
	text = row->text;
	row->mark = *mark;
	row->sitting = *s;
	put_text(&text, s->id, &row->sitting.id);
	put_text(&text, s->person, &row->sitting.person);
	put_text(&text, s->key_sha256, &row->sitting.key_sha256);
	put_text(&text, s->agent, &row->sitting.agent);
	put_text(&text, order, &row->order);
	*place = row;
}
