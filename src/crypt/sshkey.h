/*
 * What sshkey.c gives to sshsig.c and sshsig_secret.c: an SSH public key opened for checking, and
 * the parts of SSHSIG that signing and checking share. Nobody outside src/crypt includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_SSHKEY_H
#define CRYPT_SSHKEY_H

#include "crypt/ossl.h"
#include "crypt/sshsig.h"

enum ssh_family { SSH_ED25519, SSH_ECDSA, SSH_RSA };

struct ssh_kind {
	const char *type;       /* first string of the key blob */
	enum ssh_family family;
	bool hardware;          /* PROTOCOL.u2f: an application follows the key */
	const char *curve;      /* ECDSA: OpenSSH's name */
	const char *group;      /* ECDSA: OpenSSL's name */
	size_t point_bytes;     /* ECDSA: an uncompressed point */
	const char *hash;       /* ECDSA: RFC 5656 section 6.2.1 ties it to the curve */
};

struct ssh_public {
	const struct ssh_kind *kind;
	EVP_PKEY *pkey;
	struct span application;        /* hardware kinds */
	size_t modulus_bytes;           /* RSA */
};

void ssh_public_close(struct ssh_public *p);
#define SSH_PUBLIC_SCOPED __attribute__((cleanup(ssh_public_close)))
/* Opens a public key blob; ERR_FORMAT if it is not canonical, or a kind or size that we do not
 * take. */
enum err ssh_public_open(struct ctx *c, struct span blob, struct ssh_public *out) MUST_USE;

/* A positive mpint in its one shortest form (RFC 4251 section 5), without the sign byte. */
bool take_mpint(struct reader *r, struct span *out);

/* The bytes that are signed (PROTOCOL.sshsig section 3); hash_name is "sha256" or "sha512". */
enum err sshsig_signed_bytes(struct ctx *c, struct span name_space, struct span hash_name,
			     struct span message, struct span *out) MUST_USE;
/* Blob into armour as ssh-keygen writes it. */
enum err sshsig_armour(struct ctx *c, struct span blob, struct span *out) MUST_USE;

#endif
