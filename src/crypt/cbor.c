/*
 * The reader of cbor.h. An item is checked as a whole first; what is asked of it later walks over
 * bytes that are known to be well formed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/cbor.h"

#define DEPTH_MAX 4u    /* CTAP2 section 8: at most four levels of nesting */

/* RFC 8949 section 3.1 */
enum major { CBOR_UINT, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_LIST, CBOR_MAP, CBOR_TAG,
	     CBOR_SIMPLE };

struct head {
	enum major major;
	uint64_t n;
};

/* The first byte of an item and the number behind it, which must not fit a shorter form. */
static bool take_head(struct reader *r, struct head *out)
{
	uint8_t first, n8;
	uint16_t n16;
	uint32_t n32;

	if (!take_u8(r, &first))
		return false;
	out->major = (enum major)(first >> 5);
	out->n = first & 31;
	if (out->major == CBOR_TAG || (out->major == CBOR_SIMPLE && (out->n < 20 || out->n > 22)))
		return false;
	switch (out->n) {
	case 24:
		return take_u8(r, &n8) && (out->n = n8) >= 24;
	case 25:
		return take_u16(r, &n16) && (out->n = n16) > UINT8_MAX;
	case 26:
		return take_u32(r, &n32) && (out->n = n32) > UINT16_MAX;
	case 27:
		return take_u64(r, &out->n) && out->n > UINT32_MAX;
	default:
		return out->n < 24;
	}
}

static bool take_item(struct reader *r, unsigned depth, struct span *item);

/* Canonical order: by the first byte, then the shorter, then by bytes. With the shortest form of
 * the number in front, the order of the bytes is all three. */
static bool after(struct span earlier, struct span later)
{
	size_t n = earlier.n < later.n ? earlier.n : later.n;
	int order = memcmp(earlier.p, later.p, n);

	return order < 0 || (order == 0 && earlier.n < later.n);
}

static bool take_map(struct reader *r, unsigned depth, uint64_t members)
{
	struct span before = SPAN_NONE, key, value;

	for (uint64_t i = 0; i < members; i++) {
		if (!take_item(r, depth, &key) || (i > 0 && !after(before, key)) ||
		    !take_item(r, depth, &value))
			return false;
		before = key;
	}
	return true;
}

static bool take_list(struct reader *r, unsigned depth, uint64_t entries)
{
	struct span entry;

	for (uint64_t i = 0; i < entries; i++)
		if (!take_item(r, depth, &entry))
			return false;
	return true;
}

static bool take_rest(struct reader *r, unsigned depth, const struct head *head)
{
	struct span s;

	switch (head->major) {
	case CBOR_BYTES:
		return head->n <= SIZE_MAX && take_bytes(r, (size_t)head->n, &s);
	case CBOR_TEXT:
		return head->n <= SIZE_MAX && take_bytes(r, (size_t)head->n, &s) && span_is_utf8(s);
	case CBOR_LIST:
		return depth > 0 && take_list(r, depth - 1, head->n);
	case CBOR_MAP:
		return depth > 0 && take_map(r, depth - 1, head->n);
	default:
		return true;
	}
}

static bool take_item(struct reader *r, unsigned depth, struct span *item)
{
	size_t from = r->at;
	struct head head;

	if (!take_head(r, &head) || !take_rest(r, depth, &head))
		return false;
	*item = span_cut(r->s, from, r->at - from);
	return true;
}

bool take_cbor(struct reader *r, struct span *item)
{
	struct reader at = *r;

	if (!take_item(&at, DEPTH_MAX, item))
		return false;
	*r = at;
	return true;
}

static bool opened(struct span item, enum major major, struct reader *r, struct head *head)
{
	*r = (struct reader){ .s = item };
	return take_head(r, head) && head->major == major;
}

bool cbor_is_map(struct span item)
{
	struct reader r;
	struct head head;

	return opened(item, CBOR_MAP, &r, &head);
}

size_t cbor_count(struct span item)
{
	struct reader r;
	struct head head;

	if (!opened(item, CBOR_MAP, &r, &head) && !opened(item, CBOR_LIST, &r, &head))
		return 0;
	return (size_t)head.n;
}

bool cbor_bytes(struct span item, struct span *out)
{
	struct reader r;
	struct head head;

	return opened(item, CBOR_BYTES, &r, &head) && take_bytes(&r, (size_t)head.n, out);
}

bool cbor_text_is(struct span item, const char *z)
{
	struct reader r;
	struct head head;
	struct span s;

	return opened(item, CBOR_TEXT, &r, &head) && take_bytes(&r, (size_t)head.n, &s) &&
	       span_is(s, z);
}

bool cbor_int(struct span item, int64_t *out)
{
	struct reader r;
	struct head head;

	if (opened(item, CBOR_UINT, &r, &head) && head.n <= INT64_MAX) {
		*out = (int64_t)head.n;
		return true;
	}
	if (!opened(item, CBOR_NEGATIVE, &r, &head) || head.n > INT64_MAX)
		return false;
	*out = -1 - (int64_t)head.n;
	return true;
}

static bool key_is(struct span item, const char *text, int64_t number)
{
	int64_t n;

	return text ? cbor_text_is(item, text) : cbor_int(item, &n) && n == number;
}

static bool find(struct span map, const char *text, int64_t number, struct span *value)
{
	struct reader r;
	struct head head;
	struct span key;

	if (!opened(map, CBOR_MAP, &r, &head))
		return false;
	for (uint64_t i = 0; i < head.n; i++) {
		if (!take_cbor(&r, &key) || !take_cbor(&r, value))
			return false;
		if (key_is(key, text, number))
			return true;
	}
	return false;
}

bool cbor_member(struct span map, const char *key, struct span *value)
{
	return find(map, key, 0, value);
}

bool cbor_numbered(struct span map, int64_t key, struct span *value)
{
	return find(map, NULL, key, value);
}

bool cbor_first(struct span list, struct span *entry)
{
	struct reader r;
	struct head head;

	return opened(list, CBOR_LIST, &r, &head) && head.n > 0 && take_cbor(&r, entry);
}
