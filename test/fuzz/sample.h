/*
 * The delivered file of test/data/sample, taken apart, so that a target can put other bytes into
 * one place of it and leave everything else as it was signed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FUZZ_SAMPLE_H
#define FUZZ_SAMPLE_H

#include "base/buf.h"
#include "crypt/age.h"
#include "verify/verify.h"
#include "world.h"

enum sample_part {
	SAMPLE_README, SAMPLE_CERTIFICATE, SAMPLE_RETURN, SAMPLE_APPROVALS, SAMPLE_STATEMENT,
	SAMPLE_P7S, SAMPLE_RELEASE, SAMPLE_PROOF, SAMPLE_PACKAGE, SAMPLE_PARTS
};

struct sample {
	struct ctx c;
	struct span file, name[SAMPLE_PARTS], part[SAMPLE_PARTS];
	int64_t mtime_utc;
	struct span header, nonce, bag; /* of the package: age header, nonce, what it opens to */
	unsigned char file_key[AGE_FILE_KEY_BYTES];
};

/* Read once. */
const struct sample *sample_get(void);
/* The file with other bytes in one part. */
struct span sample_with(struct ctx *c, enum sample_part part, struct span bytes);
/* A package that holds this bag, under the header and nonce of the sample. */
struct span sample_package(struct ctx *c, struct span bag);
/* Verifies with policy and identity of the sample; the exit status is the verdict. */
int sample_verify(struct ctx *c, struct span file, struct verify_report *out);

#endif
