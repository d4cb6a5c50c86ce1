/*
 * tar: a header that is read is, byte for byte, the one that is written for what it says; any
 * bytes are a name that is refused or comes back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/tar.h"

#include "fuzz.h"

static void check_read(struct span input)
{
	CTX_SCOPED struct ctx c;
	struct tar_entry entry;
	struct span again;
	struct buf b;
	bool end;
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = tar_read_head(&c, input, &entry, &end);
	check_result(&c, e);
	CHECK(e == ERR_OK || !end);
	if (e != ERR_OK)
		return;
	CHECK(entry.head_bytes <= input.n && entry.head_bytes <= TAR_HEAD_MAX);
	if (end)
		return;
	CHECK(entry.bytes >= 0 && entry.mtime_utc >= 0);
	buf_begin(&b, &c, TAR_HEAD_MAX);
	CHECK(tar_head(&c, &b, entry.name, entry.bytes, entry.mtime_utc) == ERR_OK);
	CHECK(buf_done(&c, &b, &again) == ERR_OK);
	CHECK(span_eq(again, span_cut(input, 0, entry.head_bytes)));
}

static void check_name(struct span name)
{
	CTX_SCOPED struct ctx c;
	struct tar_entry entry;
	struct span head;
	struct buf b;
	bool end;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	buf_begin(&b, &c, TAR_HEAD_MAX);
	if (tar_head(&c, &b, name, 77, 1) != ERR_OK)
		return;
	CHECK(buf_done(&c, &b, &head) == ERR_OK);
	CHECK(tar_read_head(&c, head, &entry, &end) == ERR_OK && !end);
	CHECK(span_eq(entry.name, name) && entry.bytes == 77 && entry.head_bytes == head.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_read(span_of(data, size));
	check_name(span_of(data, size));
	return 0;
}
