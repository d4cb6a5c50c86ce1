/*
 * Documents: canonical JSON takes its own bytes alone. What the seal takes as a document that
 * people sign, as a row of the roster or as a request is read the same by whoever else reads it:
 * the hand its scope, the verifier the documents of a delivered file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "connect/connector.h"
#include "seal/signed.h"
#include "seal/state.h"
#include "verify/part.h"
#include "world.h"

static void check_canonical(struct ctx *c, struct span s, const struct json *j)
{
	struct json *again;
	struct span text;

	CHECK(json_write(c, j, s.n, &text) == ERR_OK && span_eq(text, s));
	CHECK(json_parse(c, s, &again) == ERR_OK && json_equal(j, again));
}

static void check_scope(struct ctx *c, const struct json *j)
{
	struct demand_lines lines;
	enum err e = lines_read(c, j, &lines);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	CHECK(lines.count <= LINES_MAX && lines.count == json_count(json_get(j, "lines")));
	for (size_t i = 0; i < lines.count; i++) {
		const struct demand_line *l = &lines.line[i];

		CHECK(l->id.n && l->from_utc <= l->until_utc);
		CHECK(!line_takes(l, DATE_UNKNOWN) && !line_takes(l, l->until_utc));
		CHECK(l->from_utc == l->until_utc || l->from_utc == INT64_MIN ||
		      line_takes(l, l->from_utc));
	}
}

/* Whose form the seal knows; ref_ok is what keeps a reference from becoming a path. */
static void check_signed(struct ctx *c, const struct json *j)
{
	struct span kind = json_opt_text(j, "kind", SPAN_NONE);
	enum err e = document_check(c, j, kind);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	CHECK(!json_get(j, "order") || ref_ok(json_opt_text(j, "order", SPAN_NONE)));
	if (span_is(kind, "scope"))
		check_scope(c, j);
}

static void check_row(struct ctx *c, const struct json *row)
{
	struct json *entry = json_object(c), *copy;
	enum err e = row_check(c, row, false);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	CHECK(json_clone(c, row, &copy) == ERR_OK);
	json_set(c, entry, "row", copy);
	json_set_int(c, entry, "begun", 1);
	json_set(c, entry, "ended", NULL);
	CHECK(!row_live(entry, row_from(entry) - 1));
	CHECK(!row_live(entry, row_until(entry)));
	CHECK(row_is(entry, "person") || !row_may(entry));
}

static void check_kinds(struct ctx *c, struct span s)
{
	static const char *const kinds[] = { "return", "approvals", "statement", "act",
					     "receipt", "approval", "roster" };
	struct span kind = SPAN_NONE;
	struct json *j;
	size_t taken = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		enum err e = verify_document(c, s, kinds[i], &j);

		check_result(c, e);
		if (e == ERR_OK) {
			kind = json_opt_text(j, "kind", SPAN_NONE);
			CHECK(span_is(kind, kinds[i]));
			taken++;
		}
		err_clear(c);
	}
	CHECK(taken <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c = { 0 };
	struct span s = span_of(data, size);
	struct json *j;
	enum err e;

	if (size > INPUT_MAX)
		return 0;
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = json_parse_canonical(&c, s, &j);
	check_result(&c, e);
	err_clear(&c);
	if (e == ERR_OK)
		check_canonical(&c, s, j);
	else if (json_parse(&c, s, &j) == ERR_OK && json_write(&c, j, ARENA_MAX, &s) == ERR_OK)
		CHECK(!span_eq(s, span_of(data, size)));
	else
		return 0;
	err_clear(&c);
	check_signed(&c, j);
	check_row(&c, j);
	check_kinds(&c, s);
	return 0;
}
