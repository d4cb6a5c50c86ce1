/*
 * writ scope --store; see scope_store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/scope_store.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/home.h"
#include "base/zone.h"
#include "cmd/say.h"
#include "connect/connector.h"
#include "connect/select.h"
#include "format/time.h"

struct counting {
	struct ctx *c;
	bool list;
	int64_t items, undated;
};

static enum err line(struct ctx *c, void *of, struct span text)
{
	struct counting *n = of;
	bool undated = span_ends(text, "\"undated\":true}\n");

	(void)c;
	if (undated)
		n->undated++;
	else
		n->items++;
	if (n->list)
		fwrite(text.p, 1, text.n, stdout);
	return ERR_OK;
}

static void unreadable(void *of, const struct unreadable *what)
{
	const struct counting *n = of;

	talk("cannot be read: folder %.*s, %.*s: %.*s", SPAN_ARG(plain(n->c, what->folder)),
	     SPAN_ARG(plain(n->c, what->source_id)), SPAN_ARG(plain(n->c, what->why)));
}

/* A day means in --from its beginning and in --to its end, in UTC; an instant is exact. */
static enum err end_of(struct ctx *c, struct span text, bool is_end, int64_t *out)
{
	int year, month, day;

	if (text.n == 0) {
		*out = is_end ? INT64_MAX : INT64_MIN;
		return ERR_OK;
	}
	if (time_parse(text, out))
		return ERR_OK;
	if (!date_parse(text, &year, &month, &day)) {
		err_next(c, "write 2025-03-01 or 2025-03-01T00:00:00Z");
		FAIL(c, ERR_USAGE, "'%.*s' is neither a day nor an instant", SPAN_ARG(text));
	}
	if (is_end)
		civil_of_days(days_of_civil(year, month, day) + 1, &year, &month, &day);
	return zone_day_start(c, SPAN("UTC"), year, month, day, out);
}

/* An installed home's stores are reached by orders alone (ARCHITECTURE.md 1). */
static enum err not_of_a_home(struct ctx *c, const char *path)
{
	size_t n = strlen(HOME_INSTALLED);
	char *whole;

	if (path_real(c, path, &whole) != ERR_OK) {
		err_clear(c);   /* opening it will say why */
		return ERR_OK;
	}
	if (!strncmp(whole, HOME_INSTALLED, n) && (whole[n] == '\0' || whole[n] == '/'))
		FAIL(c, ERR_DENIED,
		     "%s belongs to an installed home; its stores are reached by orders alone",
		     path);
	return ERR_OK;
}

enum err scope_store(struct ctx *c, const struct args *a)
{
	struct span kind, path,
		date = args_get(a, "date") ? args_span(a, "date") : SPAN("delivery");
	struct counting n = { .c = c, .list = args_has(a, "list") };
	struct select_job job = {
		.account = args_span(a, "account"), .of = &n, .line = line, .unreadable = unreadable
	};
	struct json *out = json_object(c);
	char *z;

	if (!span_split(args_span(a, "store"), ':', &kind, &path))
		FAIL(c, ERR_USAGE,
		     "--store is KIND:PATH, for example maildir:/srv/mail/ana/Maildir");
	if (a->count)
		FAIL(c, ERR_USAGE, "with --store there is no order, but '%s' stands there",
		     a->rest[0]);
	TRY(span_cstr(c, path, &z));
	TRY(not_of_a_home(c, z));
	job.kind = kind;
	job.path = z;
	if (!date_meaning_of(date, &job.meaning))
		FAIL(c, ERR_USAGE, "--date is delivery, header or received");
	TRY(end_of(c, args_span(a, "from"), false, &job.from_utc));
	TRY(end_of(c, args_span(a, "to"), true, &job.until_utc));
	TRY(select_run(c, &job));
	if (n.list)
		return ERR_OK;
	json_set_int(c, out, "items", n.items);
	json_set_int(c, out, "undated", n.undated);
	if (args_has(a, "json"))
		return say_json(c, out);
	say("%lld items, and %lld that cannot be dated by their %.*s date", (long long)n.items,
	    (long long)n.undated, SPAN_ARG(date));
	return ERR_OK;
}
