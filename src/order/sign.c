/*
 * Signing by people; see sign.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/sign.h"

#include "base/run.h"
#include "crypt/sshsig.h"

#define SIGNATURE_MAX ((size_t)64 << 10)

enum err person_sign(struct ctx *c, const char *key_file, const char *kind, struct span document,
		     struct span *signature_out)
{
	struct span name_space;
	struct sshsig sig;
	char *space;
	int status;

	TRY(span_fmt(c, &name_space, "writ-%s@v1", kind));
	TRY(span_cstr(c, name_space, &space));
	TRY(run_program(c,
			(const char *const[]){ "ssh-keygen", "-q", "-Y", "sign", "-f", key_file,
					       "-n", space, NULL },
			document, SIGNATURE_MAX, signature_out, &status));
	if (status != 0) {
		err_next(c, "--key names a private SSH key, or the .pub of a key in your agent");
		FAIL(c, ERR_FAILED, "ssh-keygen did not sign with %s (its words are above)",
		     key_file);
	}
	return sshsig_verify(c, *signature_out, space, document, &sig);
}
