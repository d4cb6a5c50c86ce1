/*
 * Answers that are kept, so that a request which is repeated after a crash gets what it got: in
 * the order that it concerns, else in state.json (the last 64), a tick's in tick.json until the
 * next. Refusals are not kept: the state may have changed. A destroyed order keeps numbers alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "seal/make.h"
#include "seal/state.h"

#define ANSWERS_WITHOUT_ORDER 64

/* The last under that number: an earlier one was forgotten. */
static const struct json *answer_in(const struct json *list, int64_t number)
{
	const struct json *found = NULL;

	JSON_EACH(at, list)
		if (json_opt_int(at, "number", -1) == number)
			found = at;
	return found;
}

static enum err find_with_order(struct turn *t, const struct json **out)
{
	struct span key;
	bool found;

	TRY(span_fmt(t->c, &key, "%lld", (long long)t->number));
	TRY(state_find(t, "n", key, &found));
	if (found)
		*out = answer_in(json_get(t->order, "answers"), t->number);
	return ERR_OK;
}

enum err answer_find(struct turn *t, struct span *answer_out, int *fd_out, bool *found_out,
		     bool *same_out)
{
	const struct json *kept = answer_in(json_get(t->core, "answers"), t->number);
	bool of_tick = json_opt_int(t->tick, "number", -1) == t->number;

	if (of_tick)
		kept = t->tick;
	if (!kept)
		TRY(find_with_order(t, &kept));
	*same_out = kept && span_eq(json_opt_text(kept, "sha256", SPAN_NONE), t->asked);
	/* An answer that was forgotten is no answer: the request is a new one, with its old number.
	 */
	if (*same_out && json_get(kept, "answer")->type == JSON_NULL)
		kept = NULL;
	*found_out = kept != NULL;
	*same_out = *same_out && kept;
	if (*same_out) {
		*answer_out = json_opt_text(kept, "answer", SPAN_NONE);
		if (of_tick)
			TRY(tick_paths(t, t->tick, fd_out));
	}
	return ERR_OK;
}

void answers_forget(struct turn *t)
{
	for (struct json *at = own(t->order, "answers")->first; at; at = at->next)
		json_set(t->c, at, "answer", NULL);
	t->order_dirty = true;
}

/* The list without its oldest members beyond the limit. */
static struct json *newest(struct ctx *c, const struct json *list, size_t most)
{
	struct json *left = json_list(c);
	size_t skip = json_count(list);

	skip = skip > most ? skip - most : 0;
	JSON_EACH(at, list) {
		struct json *copy;

		if (skip) {
			skip--;
			continue;
		}
		if (json_clone(c, at, &copy) == ERR_OK)
			json_add(c, left, copy);
	}
	return left;
}

enum err answer_keep(struct turn *t, struct span answer)
{
	struct json *kept = json_object(t->c);
	struct span key;

	if (t->place == PLACE_tick) {
		json_set_int(t->c, t->tick, "number", t->number);
		json_set_text(t->c, t->tick, "sha256", t->asked);
		json_set_text(t->c, t->tick, "answer", answer);
		return ERR_OK;
	}
	json_set_int(t->c, kept, "number", t->number);
	json_set_text(t->c, kept, "sha256", t->asked);
	json_set_text(t->c, kept, "answer", answer);
	if (!t->order) {
		json_add(t->c, own(t->core, "answers"), kept);
		json_set(t->c, t->core, "answers",
			 newest(t->c, json_get(t->core, "answers"), ANSWERS_WITHOUT_ORDER));
		t->core_dirty = true;
		return ERR_OK;
	}
	json_add(t->c, own(t->order, "answers"), kept);
	t->order_dirty = true;
	TRY(span_fmt(t->c, &key, "%lld", (long long)t->number));
	return state_index(t, "n", key);
}
