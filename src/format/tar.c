/*
 * The one form of tar that we write and read (tar.h). Reading takes name, size and time out of a
 * header and demands the bytes that writing them again gives, so that nothing else can stand there.
 * The pax header is laid out as Python's tarfile does it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/tar.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

/* POSIX.1-2017, pax interchange format and ustar. */
#define NAME_BYTES 100u
#define SIZE_AT 124u
#define MTIME_AT 136u
#define CHECKSUM_AT 148u
#define TYPE_AT 156u
#define MAGIC_AT 257u
#define NUMBER_END (INT64_C(1) << 33)   /* eleven octal digits: 8 GiB needs a pax header */
#define PAX_NAME "././@PaxHeader"

static void put_octal(unsigned char *at, size_t digits, uint64_t x)
{
	for (size_t i = digits; i-- > 0; x >>= 3)
		at[i] = (unsigned char)('0' + (x & 7));
}

static void put_block(struct buf *b, struct span name, unsigned mode, int64_t bytes,
		      int64_t mtime_utc, char type)
{
	unsigned char block[TAR_BLOCK] = { 0 };
	uint64_t sum = 0;

	memcpy(block, name.p, name.n < NAME_BYTES ? name.n : NAME_BYTES);
	put_octal(block + 100, 7, mode);
	put_octal(block + 108, 7, 0);
	put_octal(block + 116, 7, 0);
	put_octal(block + SIZE_AT, 11, (uint64_t)bytes);
	put_octal(block + MTIME_AT, 11, (uint64_t)mtime_utc);
	memset(block + CHECKSUM_AT, ' ', 8);
	block[TYPE_AT] = (unsigned char)type;
	memcpy(block + MAGIC_AT, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	put_octal(block + CHECKSUM_AT, 6, sum);
	block[CHECKSUM_AT + 6] = '\0';
	buf_add(b, span_of(block, TAR_BLOCK));
}

/* "27 path=some/long/name\n": the number counts itself. */
static void put_record(struct buf *b, const char *key, struct span value)
{
	size_t rest = strlen(key) + value.n + 3, n = rest, was;
	char digits[24];

	do {
		was = n;
		n = rest + (size_t)snprintf(digits, sizeof digits, "%zu", was);
	} while (n != was);
	buf_str(b, digits);
	buf_byte(b, ' ');
	buf_str(b, key);
	buf_byte(b, '=');
	buf_add(b, value);
	buf_byte(b, '\n');
}

static void put_zeros(struct buf *b, size_t n)
{
	static const unsigned char zeros[2 * TAR_BLOCK];

	buf_add(b, span_of(zeros, n));
}

/* Relative, no empty, "." or ".." part, printable ASCII without '\': it unpacks anywhere. */
static bool name_ok(struct span name)
{
	struct span rest = name, part;
	bool more = true;

	if (name.n == 0 || name.n > TAR_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < ' ' || name.p[i] > '~' || name.p[i] == '\\')
			return false;
	while (more) {
		more = span_split(rest, '/', &part, &rest);
		if (!more)
			part = rest;
		if (part.n == 0 || span_is(part, ".") || span_is(part, ".."))
			return false;
	}
	return true;
}

enum err tar_head(struct ctx *c, struct buf *b, struct span name, int64_t bytes, int64_t mtime_utc)
{
	bool long_name = name.n > NAME_BYTES, large = bytes >= NUMBER_END;
	unsigned char room[TAR_NAME_MAX + TAR_BLOCK];   /* no arena: a package has many members */
	struct buf records = { .p = room, .cap = sizeof room, .max = sizeof room };
	struct span body;
	char digits[24];

	if (!name_ok(name))
		FAIL(c, ERR_FORMAT, "'%.*s' cannot be the name of a file in a package",
		     SPAN_ARG(span_cut(name, 0, NAME_BYTES)));
	if (bytes < 0 || mtime_utc < 0 || mtime_utc >= NUMBER_END)
		FAIL(c, ERR_FORMAT, "a file in a package has an impossible size or time");
	if (long_name || large) {
		if (long_name)
			put_record(&records, "path", name);
		if (large && snprintf(digits, sizeof digits, "%lld", (long long)bytes) > 0)
			put_record(&records, "size", span_str(digits));
		TRY(buf_done(c, &records, &body));
		put_block(b, SPAN(PAX_NAME), 0, (int64_t)body.n, 0, 'x');
		buf_add(b, body);
		put_zeros(b, tar_padding((int64_t)body.n));
	}
	put_block(b, name, 0644, large ? 0 : bytes, mtime_utc, '0');
	return ERR_OK;
}

size_t tar_padding(int64_t bytes)
{
	return (size_t)(-(uint64_t)bytes % TAR_BLOCK);
}

void tar_end(struct buf *b)
{
	put_zeros(b, (size_t)2 * TAR_BLOCK);
}

static bool get_octal(struct span block, size_t at, int64_t *out)
{
	*out = 0;
	for (size_t i = at; i < at + 11; i++) {
		if (block.p[i] < '0' || block.p[i] > '7')
			return false;
		*out = *out * 8 + (block.p[i] - '0');
	}
	return true;
}

/* Takes the value of "N key=value\n" if that is the next record. */
static bool take_record(struct reader *r, const char *key, struct span *value)
{
	struct reader was = *r;
	struct span digits, record, found;
	int64_t n;

	if (take_until(r, ' ', &digits) && span_to_i64(digits, &n) && n > (int64_t)digits.n + 2 &&
	    n < (int64_t)TAR_HEAD_MAX && take_bytes(r, (size_t)n - digits.n - 2, &record) &&
	    span_split(record, '=', &found, &record) && span_is(found, key)) {
		r->at++;        /* the line feed: compared with the rest */
		*value = record;
		return true;
	}
	*r = was;
	return false;
}

static bool take_pax(struct reader *r, struct span block, struct span *name, int64_t *bytes)
{
	struct span body, digits;
	struct reader records;
	int64_t n;

	if (!get_octal(block, SIZE_AT, &n) || n > (int64_t)TAR_HEAD_MAX ||
	    !take_bytes(r, (size_t)n, &body) || !take_bytes(r, tar_padding(n), &digits))
		return false;
	records = (struct reader){ body, 0 };
	(void)take_record(&records, "path", name);
	return !take_record(&records, "size", &digits) || span_to_i64(digits, bytes);
}

static bool take_entry(struct reader *r, struct tar_entry *out)
{
	struct span block, pax_name = SPAN_NONE;
	int64_t pax_bytes = -1;

	if (!take_bytes(r, TAR_BLOCK, &block))
		return false;
	if (block.p[TYPE_AT] == 'x' &&
	    (!take_pax(r, block, &pax_name, &pax_bytes) || !take_bytes(r, TAR_BLOCK, &block)))
		return false;
	if (!get_octal(block, SIZE_AT, &out->bytes) || !get_octal(block, MTIME_AT, &out->mtime_utc))
		return false;
	out->name = span_cut(block, 0, strnlen((const char *)block.p, NAME_BYTES));
	if (pax_name.n)
		out->name = pax_name;
	if (pax_bytes >= 0)
		out->bytes = pax_bytes;
	out->head_bytes = r->at;
	return name_ok(out->name);
}

static bool is_zero(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

enum err tar_read_head(struct ctx *c, struct span input, struct tar_entry *out, bool *end_out)
{
	struct reader r = { input, 0 };
	struct span name, again;
	struct buf b;

	*out = (struct tar_entry){ .bytes = 0 };
	*end_out = input.n >= (size_t)2 * TAR_BLOCK &&
		   is_zero(span_cut(input, 0, (size_t)2 * TAR_BLOCK));
	if (*end_out) {
		out->head_bytes = (size_t)2 * TAR_BLOCK;
		return ERR_OK;
	}
	if (!take_entry(&r, out))
		FAIL(c, ERR_FORMAT, "a tar header is broken or not of our form");
	TRY(span_copy(c, out->name, &name));
	out->name = name;
	buf_begin(&b, c, TAR_HEAD_MAX);
	TRY(tar_head(c, &b, name, out->bytes, out->mtime_utc));
	TRY(buf_done(c, &b, &again));
	if (!span_eq(again, span_cut(input, 0, out->head_bytes)))
		FAIL(c, ERR_FORMAT, "the tar header of '%.*s' is not in the one form that we write",
		     SPAN_ARG(span_cut(name, 0, NAME_BYTES)));
	return ERR_OK;
}
