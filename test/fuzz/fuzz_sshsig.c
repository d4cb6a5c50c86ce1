/*
 * SSHSIG: as armoured files, and as blobs that are put into their armour, so that fuzzing gets past
 * the base64. A signature that holds is by a key that has a line, and holds over one message alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "crypt/sshkey.h"
#include "fuzz.h"

#define MESSAGE SPAN("{\"kind\":\"scope\"}")

static void check_armoured(struct ctx *c, struct span armoured)
{
	struct span line, name_space;
	struct ssh_key again;
	struct sshsig sig;
	enum err e = sshsig_verify(c, armoured, "writ-scope@v1", MESSAGE, &sig);

	check_result(c, e);
	err_clear(c);
	if (e == ERR_OK) {
		CHECK(ssh_key_line(c, &sig.key, &line) == ERR_OK);
		CHECK(ssh_key_parse(c, line, &again) == ERR_OK && ssh_key_eq(&again, &sig.key));
		CHECK(!sig.user_verified || ssh_key_is_hardware(&sig.key));
		CHECK(sshsig_verify(c, armoured, "writ-void@v1", MESSAGE, &sig) != ERR_OK);
		err_clear(c);
	}
	e = sshsig_claims(c, armoured, &again, &name_space);
	check_result(c, e);
	err_clear(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct span armoured;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	check_armoured(&c, span_of(data, size));
	if (sshsig_armour(&c, span_of(data, size), &armoured) == ERR_OK)
		check_armoured(&c, armoured);
	return 0;
}
