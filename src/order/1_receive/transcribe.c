/*
 * An order that came as paper alone: received at once with nothing known, so that the time of its
 * receipt stands; later staff write out what the paper says, in the form of an order file. Which
 * value was taken from which place of the paper goes with it. Nothing is guessed here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "format/facts.h"
#include "order/1_receive/receive_part.h"

#define TAKEN_MAX 400u

enum err submitted_nothing(struct ctx *c, struct span language, struct json **out)
{
	struct json *read = json_object(c), *facts = json_object(c), *order = json_object(c);
	struct json *demands = json_list(c), *demand = json_object(c);

	if (language.n && !facts_value_ok(facts_field(SPAN("order.language")), language))
		FAIL(c, ERR_USAGE, "'%.*s' is no language: two small letters", SPAN_ARG(language));
	json_set_text(c, order, "language", language.n ? language : SPAN("unknown"));
	json_set_str(c, demand, "id", "d1");
	json_add(c, demands, demand);
	json_set_str(c, facts, "facts_version", "1");
	json_set(c, facts, "order", order);
	json_set(c, facts, "issuer", json_object(c));
	json_set(c, facts, "instrument", json_object(c));
	json_set(c, facts, "demands", demands);
	json_set(c, read, "facts", facts);
	json_set_str(c, read, "authority_reference", "unknown");
	json_set_str(c, read, "agency", "unknown");
	json_set(c, read, "recipients", json_list(c));
	json_set(c, read, "lines", json_list(c));
	*out = read;
	return ERR_OK;
}

static enum err need_from_paper(struct ctx *c, const struct order *o)
{
	if (o->from_paper)
		return ERR_OK;
	err_next(c, "what it says is its sender's to correct: it comes again with --resubmits, "
		    "once it was returned");
	FAIL(c, ERR_DENIED, "order %.*s came with an order file", SPAN_ARG(o->ref));
}

/* ---- what was taken from where ---- */

/* The value or list of that path, below the demand of that id where it is of one. */
static const struct json *stands_at(struct ctx *c, const struct json *read, struct span field,
				    struct span demand)
{
	const struct json *at = json_get(read, "facts");
	struct span name, rest = field;
	char *key;

	if (span_is(field, "authority_reference"))
		return json_get(read, "authority_reference");
	if (span_starts(field, "demands[].")) {
		rest = span_cut(field, sizeof "demands[]." - 1, SIZE_MAX);
		for (at = json_get(at, "demands")->first; at; at = at->next)
			if (span_eq(json_opt_text(at, "id", SPAN_NONE), demand))
				break;
	}
	for (bool more = true; at && more;) {
		struct span tail = SPAN_NONE;

		more = span_split(rest, '.', &name, &tail);
		if (span_cstr(c, more ? name : rest, &key) != ERR_OK)
			return NULL;
		at = json_get(at, key);
		rest = tail;
	}
	return at;
}

static enum err check_one(struct ctx *c, const struct order *o, const struct json *read,
			  const struct json *one)
{
	int64_t papers = (int64_t)json_count(json_get(o->received, "papers")), paper, page, line;
	struct span field, value;
	const struct json *there;

	TRY(json_only(c, one, "field demand value paper page line"));
	TRY(json_need_text(c, one, "field", &field));
	TRY(json_need_text(c, one, "value", &value));
	TRY(json_need_int(c, one, "paper", &paper));
	TRY(json_need_int(c, one, "page", &page));
	TRY(json_need_int(c, one, "line", &line));
	if (paper < 1 || paper > papers || page < 1 || line < 0)
		FAIL(c, ERR_FORMAT, "a value was taken from where there is no paper");
	there = stands_at(c, read, field, json_opt_text(one, "demand", SPAN_NONE));
	if (there && ((there->type == JSON_TEXT && span_eq(there->s, value)) ||
		      (there->type == JSON_LIST && json_has_text(there, value))))
		return ERR_OK;
	FAIL(c, ERR_FORMAT, "%.*s does not say what was taken from the paper", SPAN_ARG(field));
}

static enum err check_taken(struct ctx *c, const struct order *o, const struct json *read,
			    const struct json *taken, struct json **out)
{
	if (json_count(taken) > TAKEN_MAX)
		FAIL(c, ERR_LIMIT, "more than %u values taken from a paper", TAKEN_MAX);
	JSON_EACH(one, taken)
		TRY(check_one(c, o, read, one));
	*out = json_list(c);
	return taken ? json_clone(c, taken, out) : ERR_OK;
}

enum err order_transcribe(struct ctx *c, struct session *s, struct order *o,
			  const struct submitted_file *file, const struct json *taken)
{
	struct json *kept = json_list(c), *body, *places;
	const struct json *read;
	FD_SCOPED int fd = -1;
	bool before = false;

	TRY(session_need_actor(c, s, ""));
	TRY(need_from_paper(c, o));
	TRY(order_permit(c, s, o, ACT_TRANSCRIBED));
	TRY(submitted_read(c, s, file, &fd, &read));
	TRY(submitted_check_hash(c, json_get(read, "facts"), json_get(o->received, "papers")));
	TRY(check_taken(c, o, read, taken, &places));
	TRY(submitted_keep(c, s, &(struct submitted_file){ file->name, fd },
			   (int64_t)ORDER_FILE_MAX, kept, &before));
	TRY(submitted_body(c, read, kept, &body));
	json_set(c, body, "taken", places);
	return order_append(c, s, o, ACT_TRANSCRIBED, body);
}
