/*
 * What passkey.c and passkey_made.c share: clientDataJSON, the head of authenticator data, public
 * keys. Nobody outside src/crypt includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_PASSKEY_PART_H
#define CRYPT_PASSKEY_PART_H

#include "crypt/ossl.h"
#include "crypt/passkey.h"

#define CREDENTIAL_MAX 1023u            /* bytes; WebAuthn section 4 */

/* Flags of authenticator data (WebAuthn section 6.1) */
#define FLAG_UP 0x01u                   /* the user was present */
#define FLAG_UV 0x04u                   /* and verified */
#define FLAG_BE 0x08u                   /* the key may be copied */
#define FLAG_BS 0x10u                   /* and is */
#define FLAG_AT 0x40u                   /* a new key stands in it */
#define FLAG_ED 0x80u                   /* extensions stand in it */
#define FLAG_UNKNOWN 0x22u

struct authenticator_data {
	uint8_t flags;
	uint32_t counter;
	struct span rest;               /* behind the counter */
};
/* Hash of the RP id, flags and counter; ERR_VERIFY for another RP id or an absent user. */
enum err authenticator_data_open(struct ctx *c, struct span data, struct span rp_id,
				 struct authenticator_data *out) MUST_USE;
/* What stands at the end: extensions where the flag says so, else nothing. */
enum err authenticator_data_end(struct ctx *c, const struct authenticator_data *data,
				struct reader *rest) MUST_USE;

/* type: "webauthn.create" or "webauthn.get" (WebAuthn section 5.8.1); native: no browser made it */
enum err client_data_check(struct ctx *c, struct span client_data, const char *type,
			   struct span challenge, struct span origin, bool *native_out) MUST_USE;
/* authenticator data and the hash of client data: what every signature is over. */
enum err passkey_signed_bytes(struct ctx *c, struct span authenticator_data,
			      struct span client_data, struct span *out) MUST_USE;

/* One of the three algorithms, by the kind of the key. */
enum err passkey_check(struct ctx *c, EVP_PKEY *key, struct span data, struct span sig) MUST_USE;
/* The DER of a SubjectPublicKeyInfo, and back from the form that passkey_key_der gives. */
enum err passkey_key_der(struct ctx *c, EVP_PKEY *key, struct span *out) MUST_USE;
enum err passkey_key_open(struct ctx *c, struct span der, EVP_PKEY **out) MUST_USE;

#endif
