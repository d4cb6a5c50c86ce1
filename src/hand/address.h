/*
 * addresses.yaml: where a hand may send, beside stores.yaml and as much the provider's own. writ
 * names a row; where it leads and whose answer counts stands here alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_ADDRESS_H
#define HAND_ADDRESS_H

#include "crypt/hash.h"
#include "hand/job.h"

#define ADDRESS_TIMESTAMP "timestamp"   /* the one name there is */

struct address {
	struct span url, ca;            /* ca: path of the authorities that TLS trusts, or empty */
	int64_t timeout_s;
	struct sha256 *certificates;    /* of the timestamp authority, old ones too */
	size_t certificate_count;
};

/* ERR_NOT_FOUND where the home has no such file, or the file no such row. */
enum err address_find(struct ctx *c, const struct home *home, struct span name,
		      struct address *out) MUST_USE;
/* What a describe job says of them: name, certificates, problem; never where they lead. */
enum err addresses_describe(struct ctx *c, const struct home *home,
			    struct json **list_out) MUST_USE;

#endif
