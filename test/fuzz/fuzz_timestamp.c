/*
 * Timestamps of RFC 3161: what is taken from an answer is in the one form, so that it is taken
 * again as itself. By the certificate of corpus/timestamp/known there is one token over this
 * imprint: no other bytes may pass as one. SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/timestamp.h"

#include <string.h>

#include "world.h"

static const unsigned char nonce[TIMESTAMP_NONCE_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static struct span known_answer(void)
{
	static struct ctx c;
	static struct span answer;

	if (!answer.n) {
		CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
		CHECK(file_read(&c, FUZZ_DIR "/corpus/timestamp/known", 1 << 16, &answer) ==
		      ERR_OK);
	}
	return answer;
}

static void check_verified(struct ctx *c, struct span tsr, const struct sha256 *imprint)
{
	struct sha256 other = *imprint;
	struct timestamp known, got;
	struct span whole;
	enum err e = timestamp_verify(c, tsr, imprint, &got);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	other.b[0] ^= 1;
	CHECK(timestamp_verify(c, tsr, &other, &known) != ERR_OK);
	err_clear(c);
	CHECK(timestamp_take(c, known_answer(), nonce, &whole) == ERR_OK);
	CHECK(timestamp_verify(c, whole, imprint, &known) == ERR_OK);
	CHECK(!span_eq(sha256_span(&known.certificate), sha256_span(&got.certificate)) ||
	      (known.made_utc == got.made_utc && span_eq(tsr, whole)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct span tsr, again, answer = span_of(data, size);
	struct sha256 imprint;
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	CHECK(sha256_of(&c, SPAN("{}"), &imprint) == ERR_OK);
	check_verified(&c, answer, &imprint);
	e = timestamp_take(&c, answer, nonce, &tsr);
	check_result(&c, e);
	err_clear(&c);
	if (e != ERR_OK)
		return 0;
	CHECK(tsr.n <= TIMESTAMP_BYTES_MAX);
	CHECK(timestamp_take(&c, tsr, nonce, &again) == ERR_OK && span_eq(tsr, again));
	check_verified(&c, tsr, &imprint);
	return 0;
}
