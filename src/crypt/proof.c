/*
 * c2sp.org/tlog-proof@v1 of a tick's entry that carries the inner path of one act in its extra
 * line, and the names of tiles. What stands in extra is believed only as far as it leads to the
 * entry, and the entry only as far as it leads to the signed root. Refuses every form that
 * act_proof_write would not write.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "crypt/note.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"
#define EXTRA_VERSION 0x01
#define PROOF_MAX ((size_t)160 << 10)

static enum err extra_make(struct ctx *c, const struct act_proof *p, struct span *out)
{
	struct buf b;

	if (p->tick_time_ms < 0)
		FAIL(c, ERR_FORMAT, "the time of a tick lies before 1970");
	buf_begin(&b, c, ACT_EXTRA_BYTES);
	buf_byte(&b, EXTRA_VERSION);
	buf_u64(&b, (uint64_t)p->tick_time_ms);
	buf_u16(&b, p->path.place);
	for (size_t i = 0; i < INNER_DEPTH; i++)
		buf_add(&b, sha256_span(&p->path.sibling[i]));
	buf_add(&b, span_of(p->salt, sizeof p->salt));
	return buf_done(c, &b, out);
}

enum err act_proof_write(struct ctx *c, const struct act_proof *p, struct span *text_out)
{
	struct span extra, b64;
	struct buf b;

	if (p->outer.count > TREE_PROOF_MAX)
		FAIL(c, ERR_FORMAT, "an inclusion proof is longer than any tree is deep");
	TRY(extra_make(c, p, &extra));
	TRY(b64_encode(c, extra, &b64));
	buf_begin(&b, c, PROOF_MAX);
	buf_str(&b, FIRST_LINE "\nextra ");
	buf_add(&b, b64);
	buf_fmt(&b, "\nindex %llu\n", (unsigned long long)p->index);
	for (size_t i = 0; i < p->outer.count; i++) {
		TRY(b64_encode(c, sha256_span(&p->outer.hash[i]), &b64));
		buf_add(&b, b64);
		buf_byte(&b, '\n');
	}
	buf_byte(&b, '\n');
	buf_add(&b, p->checkpoint);
	return buf_done(c, &b, text_out);
}

static enum err extra_read(struct ctx *c, struct span line, struct act_proof *out)
{
	struct span bytes, part;
	struct reader r;
	uint8_t version;
	uint64_t time;

	if (!span_starts(line, "extra "))
		FAIL(c, ERR_FORMAT, "a proof of an act has no extra line");
	TRY(b64_decode(c, span_cut(line, 6, line.n), &bytes));
	r = (struct reader){ .s = bytes };
	if (bytes.n != ACT_EXTRA_BYTES || !take_u8(&r, &version) || version != EXTRA_VERSION ||
	    !take_u64(&r, &time) || time > INT64_MAX || !take_u16(&r, &out->path.place))
		FAIL(c, ERR_FORMAT,
		     "the extra line of a proof is not a path of version 1 and %u bytes",
		     ACT_EXTRA_BYTES);
	out->tick_time_ms = (int64_t)time;
	for (size_t i = 0; i < INNER_DEPTH && take_bytes(&r, SHA256_BYTES, &part); i++)
		memcpy(out->path.sibling[i].b, part.p, SHA256_BYTES);
	if (!take_bytes(&r, sizeof out->salt, &part) || !reader_done(&r))
		FAIL(c, ERR_FORMAT, "the extra line of a proof has another length");
	memcpy(out->salt, part.p, sizeof out->salt);
	return ERR_OK;
}

/* The hashes up to and with the empty line. */
static enum err outer_read(struct ctx *c, struct reader *r, struct tree_proof *out)
{
	struct span line, raw;

	for (out->count = 0; take_until(r, '\n', &line) && line.n != 0; out->count++) {
		if (out->count == TREE_PROOF_MAX)
			FAIL(c, ERR_FORMAT, "a proof has more than %d hashes", TREE_PROOF_MAX);
		TRY(b64_decode(c, line, &raw));
		if (raw.n != SHA256_BYTES)
			FAIL(c, ERR_FORMAT, "a hash of a proof has %zu bytes, not 32", raw.n);
		memcpy(out->hash[out->count].b, raw.p, SHA256_BYTES);
	}
	if (r->at == 0 || r->s.p[r->at - 1] != '\n' || r->at < 2 || r->s.p[r->at - 2] != '\n')
		FAIL(c, ERR_FORMAT, "a proof is cut off before its checkpoint");
	return ERR_OK;
}

enum err act_proof_parse(struct ctx *c, struct span text, struct act_proof *out)
{
	struct reader r = { .s = text };
	struct span line;
	int64_t index;

	*out = (struct act_proof){ 0 };
	if (text.n > PROOF_MAX)
		FAIL(c, ERR_LIMIT, "a proof is longer than %zu bytes", PROOF_MAX);
	if (!take_until(&r, '\n', &line) || !span_is(line, FIRST_LINE))
		FAIL(c, ERR_FORMAT, "this is no proof: its first line is not " FIRST_LINE);
	if (!take_until(&r, '\n', &line))
		FAIL(c, ERR_FORMAT, "a proof is cut off after its first line");
	TRY(extra_read(c, line, out));
	if (!take_until(&r, '\n', &line) || !span_starts(line, "index ") ||
	    !span_to_i64(span_cut(line, 6, line.n), &index) || index < 0)
		FAIL(c, ERR_FORMAT, "a proof has no index, or one with leading zeros");
	out->index = (uint64_t)index;
	TRY(outer_read(c, &r, &out->outer));
	out->checkpoint = span_cut(text, r.at, text.n);
	if (out->checkpoint.n == 0)
		FAIL(c, ERR_FORMAT, "a proof has no checkpoint");
	return ERR_OK;
}

enum err act_proof_check(struct ctx *c, const struct act_proof *p, struct span act,
			 const struct note_key *key, struct checkpoint *out)
{
	unsigned char entry[TICK_ENTRY_BYTES];
	struct sha256 h;

	if (p->tick_time_ms < 0)
		FAIL(c, ERR_FORMAT, "the time of a tick lies before 1970");
	TRY(checkpoint_open(c, p->checkpoint, key, out));
	if (p->index >= out->size)
		FAIL(c, ERR_VERIFY, "a proof names entry %llu of a log of %llu",
		     (unsigned long long)p->index, (unsigned long long)out->size);
	TRY(act_commitment(c, span_of(p->salt, sizeof p->salt), act, &h));
	TRY(inner_root_of_path(c, &h, &p->path, &h));
	tick_entry(p->tick_time_ms, &h, entry);
	TRY(tree_leaf(c, span_of(entry, sizeof entry), &h));
	return tree_check_inclusion(c, &h, p->index, out->size, &p->outer, &out->root);
}

enum err tile_path(struct ctx *c, const char *kind, uint64_t index, unsigned width, char **out)
{
	char groups[3 + 6 * 5 + 1]; /* 20 digits make seven groups */
	size_t at = sizeof groups - 1;
	struct span level = span_str(kind);
	int64_t number;

	if (!span_is(level, "entries") &&
	    (!span_to_i64(level, &number) || number < 0 || number > 63))
		FAIL(c, ERR_USAGE, "a tile is of a level 0 to 63 or of entries, not of '%s'", kind);
	if (width == 0 || width > 256)
		FAIL(c, ERR_USAGE, "a tile is 1 to 256 wide, not %u", width);
	/* Groups of three digits, an x before all but the last: x001/x234/067 (tlog-tiles). */
	groups[at] = '\0';
	for (bool last = true; last || index != 0; index /= 1000, last = false) {
		if (!last)
			groups[--at] = '/';
		groups[--at] = (char)('0' + index % 10);
		groups[--at] = (char)('0' + index / 10 % 10);
		groups[--at] = (char)('0' + index / 100 % 10);
		if (!last)
			groups[--at] = 'x';
	}
	if (width == 256)
		return path_fmt(c, out, "tile/%s/%s", kind, groups + at);
	return path_fmt(c, out, "tile/%s/%s.p/%u", kind, groups + at, width);
}
