/*
 * age headers and keys: what is accepted as a header has a length that is its own, another byte
 * behind it changes nothing, and a header that opens still opens to the same key when it is made
 * again for the same recipient. Keys have one text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "crypt/age.h"
#include "world.h"

static void check_key_texts(struct ctx *c, struct span s)
{
	struct age_identity id;
	struct age_recipient r;
	struct span text;

	if (age_recipient_parse(c, s, &r) == ERR_OK) {
		CHECK(age_recipient_text(c, &r, &text) == ERR_OK && span_eq(text, s));
	}
	err_clear(c);
	if (age_identity_parse(c, s, &id) == ERR_OK) {
		CHECK(age_identity_text(c, &id, &text) == ERR_OK && span_eq(text, s));
	}
	err_clear(c);
}

static void check_opens(struct ctx *c, struct span header)
{
	unsigned char key[AGE_FILE_KEY_BYTES], again[AGE_FILE_KEY_BYTES];
	struct age_identity id;
	struct age_recipient to;
	struct span made;
	size_t count;

	memset(&id, 7, sizeof id);
	if (age_header_open(c, header, &id, key) != ERR_OK)
		return;
	CHECK(age_header_recipients(c, header, &count) != ERR_OK || count > 0);
	err_clear(c);
	CHECK(age_recipient_of(c, &id, &to) == ERR_OK);
	CHECK(age_header_make(c, span_of(key, sizeof key), &to, 1, &made) == ERR_OK);
	CHECK(age_header_open(c, made, &id, again) == ERR_OK);
	CHECK(memcmp(key, again, sizeof key) == 0);
}

static void check_header(struct ctx *c, struct span s)
{
	size_t n, longer, count;
	struct span header;
	enum err e = age_header_length(c, s, &n);

	check_result(c, e);
	if (e != ERR_OK)
		return;
	CHECK(n <= s.n && n <= AGE_HEADER_MAX);
	header = span_cut(s, 0, n);
	CHECK(age_header_length(c, header, &longer) == ERR_OK && longer == n);
	CHECK(span_ends(header, "\n") && span_starts(header, "age-encryption.org/v1\n"));
	e = age_header_recipients(c, header, &count);
	check_result(c, e);
	CHECK(e != ERR_OK || (count > 0 && count <= AGE_RECIPIENTS_MAX));
	err_clear(c);
	check_opens(c, header);
	err_clear(c);
	CHECK(n == s.n || age_header_recipients(c, s, &count) != ERR_OK);
}

/* One chunk under a known key: the fuzzer cannot make one that holds. */
static void check_stream(struct ctx *c, struct span s)
{
	static unsigned char out[AGE_CHUNK];
	struct age_stream *stream = NULL;
	unsigned char key[AGE_FILE_KEY_BYTES] = { 1 }, nonce[AGE_NONCE_BYTES] = { 2 };

	if (s.n > AGE_CHUNK + AGE_TAG)
		return;
	CHECK(age_stream_open(c, span_of(key, sizeof key), span_of(nonce, sizeof nonce), &stream) ==
	      ERR_OK);
	CHECK(age_stream_unseal(c, stream, s.p, s.n, true, out) != ERR_OK);
	age_stream_close(&stream);
	err_clear(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct seam seam = world_begin();

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	c.seam = &seam;
	check_key_texts(&c, span_of(data, size));
	check_stream(&c, span_of(data, size));
	check_header(&c, span_of(data, size));
	return 0;
}
