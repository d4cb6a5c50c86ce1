/*
 * SSHSIG (OpenSSH PROTOCOL.sshsig) and SSH public keys: ssh-ed25519, ecdsa-sha2-nistp256/384/521,
 * ssh-rsa (rsa-sha2-256 and -512, from 2048 bits, no SHA-1), sk-ssh-ed25519@openssh.com and
 * sk-ecdsa-sha2-nistp256@openssh.com (PROTOCOL.u2f). No certificates, no DSA. A hardware key's
 * signature counts only with its user-present flag; whether the user was verified is told.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_SSHSIG_H
#define CRYPT_SSHSIG_H

#include "base/ctx.h"
#include "base/span.h"

struct ssh_key {
	struct span type;       /* "ssh-ed25519" ... */
	struct span blob;       /* the public key blob, which identifies it */
};

/* Reads a line of an authorized_keys or .pub file: "type base64 [comment]"; refuses kinds and
 * sizes that are not listed above. */
enum err ssh_key_parse(struct ctx *c, struct span line, struct ssh_key *out) MUST_USE;
/* "type base64" without comment: the form in which keys are stored and compared. */
enum err ssh_key_line(struct ctx *c, const struct ssh_key *key, struct span *out) MUST_USE;
/* "SHA256:..." as ssh-keygen -l prints it. */
enum err ssh_key_fingerprint(struct ctx *c, const struct ssh_key *key, struct span *out) MUST_USE;
bool ssh_key_eq(const struct ssh_key *a, const struct ssh_key *b);
bool ssh_key_is_hardware(const struct ssh_key *key);

struct sshsig {
	struct ssh_key key;     /* who signed, by its own claim, proven by the check */
	bool user_verified;     /* hardware key with the user-verified flag */
};
/* Checks an armoured signature file over message in that namespace. ERR_FORMAT if it is none,
 * ERR_VERIFY if it does not hold (other message, other namespace, flags 0 ...). The armour must
 * be in ssh-keygen's own form: 70 characters a line, nothing before or after. */
enum err sshsig_verify(struct ctx *c, struct span armoured, const char *name_space,
		       struct span message, struct sshsig *out) MUST_USE;

/* The key and the namespace that an armoured signature claims; nothing is checked. */
enum err sshsig_claims(struct ctx *c, struct span armoured, struct ssh_key *key_out,
		       struct span *namespace_out) MUST_USE;

/* In crypt_sign only: an armoured signature by an Ed25519 secret key (the seal's document key). */
enum err sshsig_sign_ed25519(struct ctx *c, struct span secret, const char *name_space,
			     struct span message, struct span *armoured_out) MUST_USE;
/* "ssh-ed25519 AAAA..." of a raw Ed25519 public key. */
enum err ssh_key_of_ed25519(struct ctx *c, struct span public_key, struct ssh_key *out) MUST_USE;

#endif
