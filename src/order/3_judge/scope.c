/*
 * Compiling demand lines to instants (doc/protocol.md 8): every interval is half-open, a date
 * in `from` begins at 00:00 of that day in the line's zone, a date in `until` includes that day.
 * What the order does not say is never guessed: counsel must decide.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "base/zone.h"
#include "format/time.h"
#include "order/3_judge/judge.h"

/* 64 folders of 400 characters of four bytes (writ-order(5)), and what stands between them. */
#define NAMES_MAX ((size_t)128 << 10)

/* The categories that a mail store serves (doc/protocol.md 8). */
static bool served(struct span category)
{
	return span_is(category, "CONTENT_COMM") || span_is(category, "MSG_META");
}

static const struct json *demand_of(const struct order *o, struct span id)
{
	return json_with_id(json_get(json_get(o->received, "facts"), "demands"), id);
}

static const struct json *file_line_of(const struct order *o, struct span id)
{
	return json_with_id(json_get(o->received, "lines"), id);
}

/* A date or instant as UTC seconds; a date that is an end is the first instant after that day. */
static enum err instant_of(struct ctx *c, struct span words, struct span zone, bool is_end,
			   int64_t *out)
{
	int year, month, day;

	if (time_parse(words, out))
		return ERR_OK;
	if (!date_parse(words, &year, &month, &day))
		FAIL(c, ERR_FORMAT, "'%.*s' is neither a date nor an instant", SPAN_ARG(words));
	if (is_end)
		civil_of_days(days_of_civil(year, month, day) + 1, &year, &month, &day);
	return zone_day_start(c, zone, year, month, day, out);
}

/* Sets one end of the interval and its words. */
static enum err set_end(struct ctx *c, struct json *line, struct span words, bool is_end)
{
	struct span zone = json_opt_text(line, "zone", SPAN("UTC"));
	int64_t utc;

	TRY(instant_of(c, words, zone, is_end, &utc));
	json_set_text(c, line, is_end ? "until_words" : "from_words", words);
	json_set_int(c, line, is_end ? "until" : "from", utc);
	return ERR_OK;
}

static void set_open(struct ctx *c, struct json *line, const char *words)
{
	json_set_str(c, line, "from_words", words);
	json_set_str(c, line, "until_words", words);
	json_set(c, line, "from", NULL);
	json_set(c, line, "until", NULL);
}

static bool is_known(struct span words)
{
	return words.n > 0 && !span_is(words, "unknown");
}

static enum err check_interval(struct ctx *c, const struct json *line)
{
	const struct json *from = json_get(line, "from"), *until = json_get(line, "until");

	if (!from || !until || from->type != JSON_INT || until->type != JSON_INT ||
	    from->i < until->i)
		return ERR_OK;
	FAIL(c, ERR_FORMAT, "line %.*s ends (%.*s) before it begins (%.*s)",
	     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)),
	     SPAN_ARG(json_opt_text(line, "until_words", SPAN_NONE)),
	     SPAN_ARG(json_opt_text(line, "from_words", SPAN_NONE)));
}

static enum err compile_range(struct ctx *c, const struct json *demand, struct json *line,
			      bool *open_out)
{
	struct span range = json_opt_text(demand, "range", SPAN("unknown"));
	struct span from = json_opt_text(demand, "from", SPAN_NONE),
		    until = json_opt_text(demand, "until", SPAN_NONE);

	*open_out = false;
	if (!served(json_opt_text(demand, "category", SPAN_NONE)) ||
	    span_is(range, "WHOLE_ACCOUNT")) {
		set_open(c, line,
			 span_is(range, "WHOLE_ACCOUNT") ? "the whole account"
							 : "not in a mail store");
		return ERR_OK;
	}
	if (!span_is(range, "DATES") || !is_known(from) || !is_known(until)) {
		*open_out = true;
		set_open(c, line, "not stated");
	}
	/* The end that is stated binds also where counsel must write the other. */
	if (span_is(range, "DATES") && is_known(from))
		TRY(set_end(c, line, from, false));
	if (span_is(range, "DATES") && is_known(until))
		TRY(set_end(c, line, until, true));
	return check_interval(c, line);
}

static enum err compile_line(struct ctx *c, const struct order *o, const struct json *demand,
			     struct json **out, bool *open_out)
{
	struct span id = json_opt_text(demand, "id", SPAN_NONE);
	const struct json *file_line = file_line_of(o, id);
	struct json *line = json_object(c), *list;

	/* What no store holds needs no line in the order file: it is listed as not held. */
	if (!file_line && served(json_opt_text(demand, "category", SPAN_NONE))) {
		err_next(c, "the order file needs a line with this id under 'lines'");
		FAIL(c, ERR_FORMAT,
		     "demand %.*s has no line that says date meaning, zone, stores and folders",
		     SPAN_ARG(id));
	}
	json_set_text(c, line, "id", id);
	for (const char *const *key =
		     (const char *const[]){ "category", "target_kind", "target", NULL };
	     *key; key++)
		json_set_text(c, line, *key, json_opt_text(demand, *key, SPAN("unknown")));
	json_set_text(c, line, "date_meaning",
		      json_opt_text(file_line, "date_meaning", SPAN("delivery")));
	json_set_text(c, line, "zone", json_opt_text(file_line, "zone", SPAN("UTC")));
	json_set_str(c, line, "undated", "list");
	for (const char *const *key = (const char *const[]){ "stores", "folders", NULL }; *key;
	     key++) {
		TRY(json_get(file_line, *key) ? json_clone(c, json_get(file_line, *key), &list)
					      : ERR_OK);
		json_set(c, line, *key, json_get(file_line, *key) ? list : json_list(c));
	}
	TRY(compile_range(c, demand, line, open_out));
	*out = line;
	return ERR_OK;
}

/* A line that says nothing that can be executed must not hide the others. */
static enum err broken_line(struct ctx *c, const struct json *demand, struct json **out)
{
	struct json *line = json_object(c);
	struct span problem;

	TRY(span_fmt(c, &problem, "%s", c->why));
	err_clear(c);
	json_set_text(c, line, "id", json_opt_text(demand, "id", SPAN_NONE));
	for (const char *const *key =
		     (const char *const[]){ "category", "target_kind", "target", NULL };
	     *key; key++)
		json_set_text(c, line, *key, json_opt_text(demand, *key, SPAN("unknown")));
	json_set_text(c, line, "problem", problem);
	*out = line;
	return ERR_OK;
}

enum err scope_compile(struct ctx *c, const struct order *o, struct json **lines_out,
		       struct json **open_out)
{
	struct json *lines = json_list(c), *open = json_list(c), *line;
	bool is_open;

	JSON_EACH(demand, json_get(json_get(o->received, "facts"), "demands")) {
		enum err e = compile_line(c, o, demand, &line, &is_open);

		if (e == ERR_FORMAT)
			TRY(broken_line(c, demand, &line));
		else
			TRY(e);
		json_add(c, e == ERR_FORMAT || is_open ? open : lines, line);
	}
	*lines_out = lines;
	*open_out = open;
	return ERR_OK;
}

enum err scope_line_edited(struct ctx *c, const struct order *o, const struct json *edit,
			   struct json **line_out)
{
	struct span id = json_opt_text(edit, "id", SPAN_NONE),
		    undated = json_opt_text(edit, "undated", SPAN("list"));
	struct span from = json_opt_text(edit, "from", SPAN_NONE),
		    until = json_opt_text(edit, "until", SPAN_NONE);
	const struct json *demand = demand_of(o, id);
	struct json *line, *list;
	bool is_open;

	if (!demand)
		FAIL(c, ERR_DENIED, "line '%.*s' is not in the order", SPAN_ARG(id));
	TRY(compile_line(c, o, demand, &line, &is_open));
	if (!span_is(undated, "list") && !span_is(undated, "deliver"))
		FAIL(c, ERR_FORMAT, "line %.*s: undated is list or deliver", SPAN_ARG(id));
	json_set_text(c, line, "undated", undated);
	if (from.n && !span_is(from, "open"))
		TRY(set_end(c, line, from, false));
	if (until.n && !span_is(until, "open"))
		TRY(set_end(c, line, until, true));
	for (const char *const *key = (const char *const[]){ "stores", "folders", NULL }; *key;
	     key++) {
		if (!json_get(edit, *key))
			continue;
		TRY(json_clone(c, json_get(edit, *key), &list));
		json_set(c, line, *key, list);
	}
	*line_out = line;
	return ERR_OK;
}

static enum err list_within(struct ctx *c, const struct json *line, const struct json *ordered,
			    const char *key)
{
	const struct json *list = json_get(line, key);

	if (!list || list->type != JSON_LIST ||
	    (!list->first && served(json_opt_text(line, "category", SPAN_NONE))))
		FAIL(c, ERR_FORMAT, "line %.*s names no %s",
		     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), key);
	if (json_has_text(json_get(ordered, key), SPAN("ALL")))
		return ERR_OK;
	JSON_EACH(item, list)
		if (!json_has_text(json_get(ordered, key), item->s))
			FAIL(c, ERR_DENIED,
			     "line %.*s takes %s '%.*s', which the order does not name",
			     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), key,
			     SPAN_ARG(item->s));
	return ERR_OK;
}

/* What people and courts read of an end is what the hand will execute. */
static enum err check_words(struct ctx *c, const struct json *line, const struct json *ordered,
			    bool is_end)
{
	const char *key = is_end ? "until" : "from",
		   *words_key = is_end ? "until_words" : "from_words";
	struct span words = json_opt_text(line, words_key, SPAN_NONE);
	const struct json *end = json_get(line, key);
	int64_t utc;

	if (end && end->type == JSON_INT) {
		TRY(instant_of(c, words, json_opt_text(line, "zone", SPAN("UTC")), is_end, &utc));
		if (utc == end->i)
			return ERR_OK;
	} else if (span_eq(words, json_opt_text(ordered, words_key, SPAN_NONE))) {
		return ERR_OK;
	}
	FAIL(c, ERR_DENIED, "line %.*s: the words of '%s' (%.*s) say another instant",
	     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), key, SPAN_ARG(words));
}

/* null is open: only an open end of the order may be open. */
static bool end_within(const struct json *end, const struct json *ordered, bool is_end)
{
	if (!ordered || ordered->type != JSON_INT)
		return true;
	if (!end || end->type != JSON_INT)
		return false;
	return is_end ? end->i <= ordered->i : end->i >= ordered->i;
}

enum err scope_line_within(struct ctx *c, const struct order *o, const struct json *line)
{
	struct span id = json_opt_text(line, "id", SPAN_NONE);
	const struct json *demand = demand_of(o, id);
	struct json *ordered;
	bool is_open;

	if (!demand)
		FAIL(c, ERR_DENIED, "line '%.*s' is not in the order", SPAN_ARG(id));
	TRY(compile_line(c, o, demand, &ordered, &is_open));
	for (const char *const *key = (const char *const[]){ "category", "target_kind", "target",
							     "date_meaning", "zone", NULL };
	     *key; key++)
		if (!span_eq(json_opt_text(line, *key, SPAN_NONE),
			     json_opt_text(ordered, *key, SPAN_NONE)))
			FAIL(c, ERR_DENIED, "line %.*s: %s is '%.*s', the order says '%.*s'",
			     SPAN_ARG(id), *key, SPAN_ARG(json_opt_text(line, *key, SPAN_NONE)),
			     SPAN_ARG(json_opt_text(ordered, *key, SPAN_NONE)));
	TRY(list_within(c, line, ordered, "stores"));
	TRY(list_within(c, line, ordered, "folders"));
	if (!end_within(json_get(line, "from"), json_get(ordered, "from"), false) ||
	    !end_within(json_get(line, "until"), json_get(ordered, "until"), true))
		FAIL(c, ERR_DENIED, "line %.*s covers more time than the order", SPAN_ARG(id));
	if (is_open && (!json_get(line, "from") || json_get(line, "from")->type != JSON_INT ||
			!json_get(line, "until") || json_get(line, "until")->type != JSON_INT)) {
		err_next(c,
			 "write the dates with 'writ scope %.*s --edit FILE', then decide narrow "
			 "--scope FILE",
			 SPAN_ARG(o->ref));
		FAIL(c, ERR_STATE, "line %.*s: the order states no dates, so counsel must",
		     SPAN_ARG(id));
	}
	TRY(check_words(c, line, ordered, false));
	TRY(check_words(c, line, ordered, true));
	return check_interval(c, line);
}

bool scope_served(const struct json *line)
{
	return served(json_opt_text(line, "category", SPAN_NONE));
}

static enum err end_words(struct ctx *c, const struct json *line, const char *key,
			  const char *words_key, struct span *out)
{
	const struct json *end = json_get(line, key);
	struct span text;

	if (!end || end->type != JSON_INT)
		return span_fmt(c, out, "open");
	TRY(time_span(c, end->i, &text));
	return span_fmt(c, out, "%.*s = %.*s", SPAN_ARG(json_opt_text(line, words_key, SPAN_NONE)),
			SPAN_ARG(text));
}

enum err scope_line_words(struct ctx *c, const struct json *line, struct span *out)
{
	struct span from, until, category = json_opt_text(line, "category", SPAN_NONE);
	struct buf folders;
	struct span names;

	buf_begin(&folders, c, NAMES_MAX);
	JSON_EACH(folder, json_get(line, "folders"))
		buf_fmt(&folders, "%s%.*s", folders.n ? ", " : "", SPAN_ARG(folder->s));
	TRY(buf_done(c, &folders, &names));
	TRY(end_words(c, line, "from", "from_words", &from));
	TRY(end_words(c, line, "until", "until_words", &until));
	return span_fmt(
		c, out,
		"%s of %.*s, %s%.*s, by %.*s date, from %.*s (in) until "
		"%.*s (the first instant out), zone %.*s",
		span_is(category, "CONTENT_COMM") ? "messages as stored"
		: span_is(category, "MSG_META")
			? "sender, recipients, dates and sizes of messages (no subject, no body)"
			: "data of another kind than mail",
		SPAN_ARG(json_opt_text(line, "target", SPAN_NONE)),
		span_is(names, "ALL") ? "" : "folders ",
		SPAN_ARG(span_is(names, "ALL") ? SPAN("all folders") : names),
		SPAN_ARG(json_opt_text(line, "date_meaning", SPAN_NONE)), SPAN_ARG(from),
		SPAN_ARG(until), SPAN_ARG(json_opt_text(line, "zone", SPAN_NONE)));
}
