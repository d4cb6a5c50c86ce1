/*
 * What the tests of src/order share: a session without programs behind it, and orders from acts
 * written by hand.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_TEST_H
#define ORDER_TEST_H

#include "../test.h"

#include "order/order.h"

/* The roster that the fake seal's state holds: Ana decides, Ben approves, Eve may nothing more,
 * Eva audits. */
#define PERSON(name, may)                                                                          \
	"{\"row\":\"person\",\"name\":\"" name "\",\"unix_user\":\"u\",\"key\":\"k " name          \
	"\",\"may\":[" may "],\"from\":\"2020-01-01T00:00:00Z\",\"until\":null}"
#define AGENCY                                                                                     \
	"{\"row\":\"agency\",\"id\":\"pj-paris\",\"label\":\"PJ-Paris 2026\","                     \
	"\"from\":\"2020-01-01T00:00:00Z\",\"until\":null}"

static inline const struct json *seal_says(struct ctx *c)
{
	struct json *state;

	ok(c, json_parse(c,
			 SPAN("{\"policy\":{\"scope_hours\":\"72\"},\"roster\":["
			      PERSON("Ana", "\"decide\"") "," PERSON("Ben", "\"approve\"") ","
			      PERSON("Eve", "") "," PERSON("Eva", "\"audit\"") "," AGENCY "]}"),
			 &state));
	return state;
}

static inline void session_fake(struct ctx *c, struct session *s, const char *actor)
{
	*s = (struct session){ .seal = -1, .seal_state = seal_says(c), .actor = span_str(actor),
			       .unix_user = SPAN("u") };
}

static inline struct json *parsed(struct ctx *c, const char *text)
{
	struct json *j;

	ok(c, json_parse(c, span_str(text), &j));
	return j;
}

/* Folds one act into o, as a load from the database would. */
static inline enum err fold(struct ctx *c, struct order *o, const char *word, const char *body)
{
	struct json *act = json_object(c);

	json_set_int(c, act, "version", 1);
	json_set_str(c, act, "kind", "act");
	json_set_text(c, act, "order", o->ref);
	json_set_str(c, act, "made_at", "2026-11-22T10:00:00Z");
	json_set_int(c, act, "seq", o->last_seq + 1);
	json_set_str(c, act, "act", word);
	json_set(c, act, "body", parsed(c, body));
	return order_fold(c, o, act);
}

#endif
