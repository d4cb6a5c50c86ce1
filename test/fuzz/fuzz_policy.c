/*
 * What a verifier brings along: a policy that is accepted says everything that is compared with it,
 * a file of identities has at least one, and what is refused is wrong usage with words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "verify/given.h"
#include "world.h"

static void check_policy(struct ctx *c, const char *path)
{
	const struct policy *p;
	enum err e = given_policy(c, path, &p);

	check_result(c, e);
	CHECK(e == ERR_OK || e == ERR_USAGE || e == ERR_LIMIT);
	CHECK((e == ERR_OK) == (p != NULL));
	if (e == ERR_OK)
		CHECK(p->certificates->type == JSON_LIST && p->provider.p && p->document_key.p &&
		      p->log_vkey.p);
	err_clear(c);
}

static void check_identities(struct ctx *c, const char *path)
{
	struct age_identity *list;
	struct span text;
	const char *said;
	size_t count;
	enum err e = given_identities(c, path, &list, &count);

	check_result(c, e);
	CHECK(e == ERR_OK || e == ERR_USAGE || e == ERR_LIMIT);
	CHECK(e != ERR_OK || (count > 0 && count <= IDENTITIES_MAX));
	/* The words go to a terminal and to logs; they may say how a key looks, never one. */
	said = strstr(c->why, "AGE-SECRET-KEY-1");
	CHECK(!said || said[16] == '.');
	err_clear(c);
	for (size_t i = 0; e == ERR_OK && i < count; i++)
		CHECK(age_identity_text(c, &list[i], &text) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	FD_SCOPED int fd = -1;
	char path[32];

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	fd = world_file(span_of(data, size), path);
	check_policy(&c, path);
	check_identities(&c, path);
	return 0;
}
