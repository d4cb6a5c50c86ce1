/*
 * Passkeys: the same bytes as a line, as an attestation object, as the data of an authenticator, as
 * what a browser says, and as a signature document. What is taken has one form.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/buf.h"
#include "crypt/passkey.h"
#include "crypt/signature.h"
#include "fuzz.h"

#define RP SPAN("desk.example.org")
#define ORIGIN SPAN("https://desk.example.org:8443")
#define CHALLENGE SPAN("0123456789abcdef0123456789abcdef")
#define MADE                                                                                       \
	SPAN("{\"type\":\"webauthn.create\",\"challenge\":"                                        \
	     "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\",\"origin\":"                         \
	     "\"https://desk.example.org:8443\"}")
#define KEY                                                                                        \
	SPAN("passkey desk.example.org https://desk.example.org:8443 "                             \
	     "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE= aWQ")

static void check_line(struct ctx *c, struct span text)
{
	struct passkey key;
	struct span again;
	enum err e = passkey_parse(c, text, &key);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	CHECK(passkey_line(c, &key, &again) == ERR_OK && span_eq(again, text));
	CHECK(person_key_same(text, again));
}

static void check_object(struct ctx *c, struct span bytes)
{
	struct passkey_registration r = { bytes, MADE };
	struct passkey_made made;
	struct passkey again;
	struct span line;
	enum err e = passkey_register(c, RP, ORIGIN, CHALLENGE, &r, &made);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	CHECK(passkey_line(c, &made.key, &line) == ERR_OK);
	CHECK(passkey_parse(c, line, &again) == ERR_OK);
	CHECK(span_eq(again.credential, made.key.credential));
}

/* Nobody who fuzzes can sign: it must fail, whatever stands there. */
static void check_assertion(struct ctx *c, struct span bytes)
{
	struct passkey_assertion as_data = { bytes, MADE, SPAN("s") },
				 as_client = { SPAN("d"), bytes, SPAN("s") };
	struct passkey_used used;
	struct passkey key;

	CHECK(passkey_parse(c, KEY, &key) == ERR_OK);
	CHECK(passkey_verify(c, &key, CHALLENGE, &as_data, &used) != ERR_OK);
	err_clear(c);
	CHECK(passkey_verify(c, &key, CHALLENGE, &as_client, &used) != ERR_OK);
	err_clear(c);
}

static void check_document(struct ctx *c, struct span text)
{
	struct signature claims, sig;
	enum err e = signature_claims(c, text, &claims), verified;

	check_result(c, e);
	err_clear(c);
	verified = signature_verify(c, text, "writ-scope@v1", SPAN("{\"kind\":\"scope\"}"), &sig);
	check_result(c, verified);
	err_clear(c);
	/* What holds also claims, and the same. */
	CHECK(verified != ERR_OK || (e == ERR_OK && span_eq(claims.key, sig.key)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct span bytes = span_of(data, size);

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	check_line(&c, bytes);
	check_object(&c, bytes);
	check_assertion(&c, bytes);
	check_document(&c, bytes);
	return 0;
}
