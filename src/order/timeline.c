/*
 * Making the file of an order's timeline; see timeline.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/timeline.h"

#include "format/time.h"
#include "log/log.h"

#define TEXT_MAX ((size_t)32 << 20)

static void add_proved(struct ctx *c, struct json *list, struct span act, struct span proof)
{
	struct json *row = json_object(c);

	json_set_text(c, row, "act", act);
	json_set_text(c, row, "proof", proof);
	json_add(c, list, row);
}

struct numbers {
	int64_t *list;
	size_t n, room;
};

static enum err take_number(struct ctx *c, void *of, const struct store_row *row)
{
	struct numbers *k = of;
	int64_t *more;

	if (k->n == k->room) {
		k->room = k->room ? 2 * k->room : 16;
		TRY(NEW_ARRAY(c, more, k->room));
		for (size_t i = 0; i < k->n; i++)
			more[i] = k->list[i];
		k->list = more;
	}
	k->list[k->n++] = row->v[0].i;
	return ERR_OK;
}

static enum err acts_of_seal(struct ctx *c, const struct log *l, struct span ref, struct json *list)
{
	struct numbers k = { .n = 0 };
	struct span act, proof;

	TRY(store_run(c, l->store, QUERY_SEAL_ACT_OF, PARAMS(P_TEXT(ref)), take_number, &k));
	for (size_t i = 0; i < k.n; i++) {
		TRY(log_prove_seal(c, l, k.list[i], &proof, &act));
		add_proved(c, list, act, proof);
	}
	return ERR_OK;
}

static enum err provider_of(struct ctx *c, struct session *s, struct json *doc)
{
	const struct json *founded;
	struct json *founding;
	struct span text, vkey;

	TRY(home_last(c, s, "founded", &founded));
	TRY(json_need_text(c, founded, "document", &text));
	TRY(json_parse(c, text, &founding));
	TRY(json_need_text(c, founding, "log_vkey", &vkey));
	json_set_text(c, doc, "provider", json_opt_text(founding, "provider", SPAN("unknown")));
	json_set_text(c, doc, "log_vkey", vkey);
	return ERR_OK;
}

enum err timeline_export(struct ctx *c, struct session *s, const struct order *o, struct span *out)
{
	struct json *doc = json_object(c), *acts = json_list(c), *seal_acts = json_list(c);
	struct span act, proof, now;
	struct log l;

	TRY(order_log(c, s, &l));
	TRY(time_span(c, c->seam->now_ms() / 1000, &now));
	json_set_int(c, doc, "version", 1);
	json_set_str(c, doc, "kind", "timeline");
	json_set_text(c, doc, "order", o->ref);
	json_set_text(c, doc, "made_at", now);
	TRY(provider_of(c, s, doc));
	for (int64_t seq = 1; seq <= o->last_seq; seq++) {
		TRY(log_prove(c, &l, o->ref, seq, &proof, &act));
		add_proved(c, acts, act, proof);
	}
	TRY(acts_of_seal(c, &l, o->ref, seal_acts));
	json_set(c, doc, "acts", acts);
	json_set(c, doc, "seal_acts", seal_acts);
	return json_write(c, doc, TEXT_MAX, out);
}
