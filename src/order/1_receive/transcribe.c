/*
 * An order that came as paper alone: received at once with nothing known, so that the time of its
 * receipt stands; later staff write out what the paper says, in the form of an order file. Which
 * value was taken from which place of the paper goes with it, and what a correction changes and
 * why. Nothing is guessed here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "format/facts.h"
#include "order/1_receive/receive_part.h"

#define TAKEN_MAX 400u
#define CHANGED_BYTES ((size_t)64 << 10)

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

/* ---- a correction ---- */

static enum err need_reason(struct ctx *c, struct session *s, const struct order *o,
			    struct span because)
{
	if (o->decided)
		TRY(session_need_actor(c, s, "decide"));
	if (!o->transcribed || because.n)
		return ERR_OK;
	err_next(c, "one sentence is enough: --because TEXT");
	FAIL(c, ERR_USAGE, "%.*s was written out before: say why that is corrected",
	     SPAN_ARG(o->ref));
}

/* A value, or several with commas between; empty where it is not known. */
static enum err value_text(struct ctx *c, const struct json *value, struct span *out)
{
	struct buf b;

	*out = SPAN_NONE;
	if (value && value->type == JSON_TEXT && !span_is(value->s, "unknown"))
		*out = value->s;
	if (!value || value->type != JSON_LIST)
		return ERR_OK;
	buf_begin(&b, c, CHANGED_BYTES);
	JSON_EACH(one, value)
		if (one->type == JSON_TEXT && !span_is(one->s, "unknown"))
			buf_fmt(&b, "%s%.*s", b.n ? ", " : "", SPAN_ARG(one->s));
	return buf_done(c, &b, out);
}

struct correction {
	const struct json *before, *now;        /* in the form of an order file that was read */
	struct json *changed;
};

static void put_text(struct ctx *c, struct json *row, const char *key, struct span text)
{
	json_set(c, row, key, text.n ? json_text(c, text) : NULL);
}

static enum err changed(struct ctx *c, struct correction *k, const char *field, struct span demand,
			const struct json *before, const struct json *now)
{
	struct json *row = json_object(c);
	struct span then, is;

	TRY(value_text(c, before, &then));
	TRY(value_text(c, now, &is));
	if (span_eq(then, is))
		return ERR_OK;
	json_set_str(c, row, "field", field);
	put_text(c, row, "demand", demand);
	put_text(c, row, "before", then);
	put_text(c, row, "now", is);
	json_add(c, k->changed, row);
	return ERR_OK;
}

/* How a line is collected, beside what it demands. */
static enum err changed_line(struct ctx *c, struct correction *k, struct span id)
{
	static const char *const keys[] = { "date_meaning", "zone", "stores", "folders" };
	const struct json *before = json_with_id(json_get(k->before, "lines"), id);
	const struct json *now = json_with_id(json_get(k->now, "lines"), id);

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		TRY(changed(c, k, keys[i], id, json_get(before, keys[i]), json_get(now, keys[i])));
	return ERR_OK;
}

static enum err changed_demand(struct ctx *c, struct correction *k, struct span id)
{
	const struct fact_field *fields;
	size_t n;

	fields = facts_fields(&n);
	for (size_t i = 0; i < n; i++) {
		struct span path = span_str(fields[i].path);

		if (span_starts(path, "demands[].") && fields[i].type != FACT_NAME)
			TRY(changed(c, k, fields[i].path, id, stands_at(c, k->before, path, id),
				    stands_at(c, k->now, path, id)));
	}
	return changed_line(c, k, id);
}

static enum err changed_facts(struct ctx *c, struct correction *k)
{
	const struct fact_field *fields;
	size_t n;

	fields = facts_fields(&n);
	for (size_t i = 0; i < n; i++) {
		struct span path = span_str(fields[i].path);

		if (!span_starts(path, "demands[].") && !(fields[i].flags & FACT_OURS))
			TRY(changed(c, k, fields[i].path, SPAN_NONE,
				    stands_at(c, k->before, path, SPAN_NONE),
				    stands_at(c, k->now, path, SPAN_NONE)));
	}
	return ERR_OK;
}

/* Field by field what stands there otherwise than before: list of {field, demand, before, now},
 * null where there was or is nothing. */
static enum err changes(struct ctx *c, const struct json *before, const struct json *now,
			struct json **out)
{
	static const char *const members[] = { "authority_reference", "agency", "recipients" };
	struct correction k = { before, now, json_list(c) };
	const struct json *was = json_get(json_get(before, "facts"), "demands");
	const struct json *is = json_get(json_get(now, "facts"), "demands");

	TRY(changed_facts(c, &k));
	for (size_t i = 0; i < COUNT_OF(members); i++)
		TRY(changed(c, &k, members[i], SPAN_NONE, json_get(before, members[i]),
			    json_get(now, members[i])));
	JSON_EACH(demand, was)
		TRY(changed_demand(c, &k, json_opt_text(demand, "id", SPAN_NONE)));
	JSON_EACH(demand, is)
		if (!json_with_id(was, json_opt_text(demand, "id", SPAN_NONE)))
			TRY(changed_demand(c, &k, json_opt_text(demand, "id", SPAN_NONE)));
	*out = k.changed;
	return ERR_OK;
}

enum err order_transcribe(struct ctx *c, struct session *s, struct order *o,
			  const struct submitted_file *file, const struct json *taken,
			  struct span because)
{
	struct json *kept = json_list(c), *body, *places, *rows;
	const struct json *read;
	FD_SCOPED int fd = -1;
	bool before = false;

	TRY(session_need_actor(c, s, ""));
	TRY(need_from_paper(c, o));
	TRY(order_permit(c, s, o, ACT_TRANSCRIBED));
	TRY(need_reason(c, s, o, span_trim(because)));
	TRY(submitted_read(c, s, file, &fd, &read));
	TRY(submitted_check_hash(c, json_get(read, "facts"), json_get(o->received, "papers")));
	TRY(check_taken(c, o, read, taken, &places));
	TRY(submitted_keep(c, s, &(struct submitted_file){ file->name, fd },
			   (int64_t)ORDER_FILE_MAX, kept, &before));
	TRY(submitted_body(c, read, kept, &body));
	json_set(c, body, "taken", places);
	if (o->transcribed) {
		TRY(changes(c, o->received, read, &rows));
		json_set(c, body, "changed", rows);
		json_set_text(c, body, "because", span_trim(because));
	}
	return order_append(c, s, o, ACT_TRANSCRIBED, body);
}
