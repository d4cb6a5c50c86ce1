/*
 * Public SSH keys: as lines of a .pub file, and as blobs behind the name that they give themselves.
 * A key that is accepted has one line and one blob.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/sshkey.h"
#include "fuzz.h"

static void check_line(struct ctx *c, struct span text)
{
	struct ssh_key key, again;
	struct span line, print;
	enum err e = ssh_key_parse(c, text, &key);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	CHECK(ssh_key_line(c, &key, &line) == ERR_OK);
	CHECK(ssh_key_parse(c, line, &again) == ERR_OK && ssh_key_eq(&key, &again));
	CHECK(span_eq(key.type, again.type));
	CHECK(ssh_key_fingerprint(c, &key, &print) == ERR_OK && print.n == 7 + 43);
	CHECK(span_eq(span_cut(span_trim(text), 0, key.type.n), key.type));
}

static void check_blob(struct ctx *c, struct span blob)
{
	SSH_PUBLIC_SCOPED struct ssh_public key = { 0 };
	struct reader r = { .s = blob };
	struct span type, line;
	enum err e = ssh_public_open(c, blob, &key);

	check_result(c, e);
	err_clear(c);
	if (!take_string(&r, &type))
		return;
	CHECK(e != ERR_OK || span_is(type, key.kind->type));
	if (ssh_key_line(c, &(struct ssh_key){ type, blob }, &line) == ERR_OK)
		check_line(c, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	check_line(&c, span_of(data, size));
	check_blob(&c, span_of(data, size));
	return 0;
}
