/*
 * Detached CMS signatures and certificates. Over the sample's statement one signature by the
 * sample's certificate is known: no other bytes may pass as one. Bytes that are a certificate have
 * the same hash as the DER in them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/cms.h"
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct span s = span_of(data, size);
	struct sha256 own, got;
	const struct sample *known = sample_get();
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = cms_verify(&c, s, known->part[SAMPLE_STATEMENT], &got);
	check_result(&c, e);
	err_clear(&c);
	if (e == ERR_OK) {
		/* The original gives the hash that counts. */
		CHECK(cms_verify(&c, known->part[SAMPLE_P7S], known->part[SAMPLE_STATEMENT],
				 &own) == ERR_OK);
		CHECK(!span_eq(sha256_span(&own), sha256_span(&got)) ||
		      span_eq(s, known->part[SAMPLE_P7S]));
		CHECK(cms_verify(&c, s, SPAN("{}"), &got) != ERR_OK);
		err_clear(&c);
	}
	e = certificate_hash(&c, s, &got);
	check_result(&c, e);
	return 0;
}
