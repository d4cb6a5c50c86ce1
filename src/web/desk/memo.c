/*
 * What the table said of a sitting; see memo.h. Each belongs in one row of a few places, by its
 * hash and its order; where all are taken a newer one takes the first.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/memo.h"

#include <string.h>

#define PLACES 32768u                   /* a power of two */
#define ROW 4u
#define TEXT_MAX 320u /* of one sitting: two hashes, a name, a browser, an order */

struct known {
	struct store_mark mark;
	struct sitting sitting;         /* its texts stand below */
	struct span order;
	unsigned char text[TEXT_MAX];
};

struct memo {
	struct ctx *c;
	struct known *places[PLACES];
};

enum err memo_open(struct ctx *c, struct memo **out)
{
	TRY(NEW(c, *out));
	(*out)->c = c;
	return ERR_OK;
}

/* Its place, or a free one, or the first of its row. */
static size_t place_of(const struct memo *m, struct span id, struct span order)
{
	uint32_t h = span_spread(span_spread(SPAN_SPREAD, id), order);
	size_t row = (h ^ h >> 16) & (PLACES - ROW);

	for (size_t at = row; at < row + ROW; at++) {
		const struct known *k = m->places[at];

		if (!k || (span_eq_secret(k->sitting.id, id) && span_eq(k->order, order)))
			return at;
	}
	return row;
}

enum err memo_find(struct ctx *c, const struct memo *m, const struct store_mark *mark,
		   struct span id, struct span order, struct sitting *out, bool *found_out)
{
	const struct known *k = m->places[place_of(m, id, order)];

	*found_out = k && !memcmp(&k->mark, mark, sizeof *mark) &&
		     span_eq_secret(k->sitting.id, id) && span_eq(k->order, order);
	if (!*found_out)
		return ERR_OK;
	*out = k->sitting;
	TRY(span_copy(c, k->sitting.id, &out->id));
	TRY(span_copy(c, k->sitting.person, &out->person));
	TRY(span_copy(c, k->sitting.key_sha256, &out->key_sha256));
	return span_copy(c, k->sitting.agent, &out->agent);
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
	struct known **place = &m->places[place_of(m, s->id, order)], *k = *place;
	unsigned char *text;

	if (s->id.n + s->person.n + s->key_sha256.n + s->agent.n + order.n > TEXT_MAX)
		return;
	if (!k)
		k = arena_take(m->c->arena, sizeof *k);
	if (!k)
		return;
	text = k->text;
	k->mark = *mark;
	k->sitting = *s;
	put_text(&text, s->id, &k->sitting.id);
	put_text(&text, s->person, &k->sitting.person);
	put_text(&text, s->key_sha256, &k->sitting.key_sha256);
	put_text(&text, s->agent, &k->sitting.agent);
	put_text(&text, order, &k->order);
	*place = k;
}
