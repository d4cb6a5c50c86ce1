/*
 * The header block of a message as MSG_META: whatever stands in it, the line is one line of
 * canonical JSON with the nine members of the category, and nothing behind the block gets in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "hand/pack_part.h"

#define LINE_BYTES ((size_t)2 << 20)

static struct span line_of(struct ctx *c, struct span block, int64_t bytes)
{
	struct header_dates dates;
	struct span line;
	struct buf b;

	header_dates_of(block, &dates);
	buf_begin(&b, c, LINE_BYTES);
	CHECK(meta_line(c, block, bytes, 1795341600, &dates, &b) == ERR_OK);
	CHECK(buf_done(c, &b, &line) == ERR_OK);
	return line;
}

static void check_line(struct ctx *c, struct span line)
{
	static const char *const may_be_null[] = { "from", "to",   "cc",       "bcc",
						   "date", "message_id", "received" };
	struct json *j;

	CHECK(line.n > 1 && line.p[line.n - 1] == '\n');
	CHECK(json_parse_canonical(c, span_cut(line, 0, line.n - 1), &j) == ERR_OK);
	CHECK(json_count(j) == 9);
	CHECK(json_only(c, j, "bytes bcc cc date delivery from message_id received to") == ERR_OK);
	for (size_t i = 0; i < sizeof may_be_null / sizeof *may_be_null; i++) {
		const struct json *at = json_get(j, may_be_null[i]);

		CHECK(at->type == JSON_NULL || at->type == JSON_TEXT);
		CHECK(at->type == JSON_NULL || at->s.n == 0 ||
		      (!memchr(at->s.p, '\n', at->s.n) && !memchr(at->s.p, '\r', at->s.n)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct span all = span_of(data, size), block, line;
	size_t n = header_block_length(all);

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	block = n ? span_cut(all, 0, n) : all;
	line = line_of(&c, block, (int64_t)size);
	check_line(&c, line);
	CHECK(span_eq(line, line_of(&c, all, (int64_t)size)));
	return 0;
}
