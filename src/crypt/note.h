/*
 * C2SP signed notes, checkpoints and tlog-proofs (Ed25519 only; other signature lines are carried
 * but not understood). https://c2sp.org/signed-note, tlog-checkpoint, tlog-proof, tlog-tiles.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_NOTE_H
#define CRYPT_NOTE_H

#include "base/ctx.h"
#include "base/span.h"
#include "crypt/hash.h"
#include "crypt/tree.h"

/* "name+hexid+base64(0x01 key)". The name of a log is its origin. */
struct note_key {
	struct span name;
	unsigned char id[4];
	unsigned char key[32];
};
enum err note_key_make(struct ctx *c, struct span name, struct span public_key,
		       struct note_key *out) MUST_USE;
enum err note_key_text(struct ctx *c, const struct note_key *k, struct span *vkey_out) MUST_USE;
enum err note_key_parse(struct ctx *c, struct span vkey, struct note_key *out) MUST_USE;

struct checkpoint {
	struct span origin;
	uint64_t size;
	struct sha256 root;
};
enum err checkpoint_body(struct ctx *c, const struct checkpoint *cp, struct span *body_out)
	MUST_USE;
/* Checks the note's signature by key (exactly one line by it must hold; lines by others are
 * ignored, malformed ones refused) and reads the body; extension lines are refused. */
enum err checkpoint_open(struct ctx *c, struct span note, const struct note_key *key,
			 struct checkpoint *out) MUST_USE;
/* In crypt_sign only: body + "\n" + signature line. */
enum err note_sign(struct ctx *c, struct span body, const struct note_key *key, struct span secret,
		   struct span *note_out) MUST_USE;

/* tlog-proof of one tick's entry, with the inner path of one act in extra (doc/protocol.md 9).
 */
#define ACT_EXTRA_BYTES (1u + 8u + 2u + INNER_DEPTH * SHA256_BYTES + 32u)      /* 555 */
struct act_proof {
	int64_t tick_time_ms;
	struct inner_path path;
	unsigned char salt[32];
	uint64_t index;
	struct tree_proof outer;
	struct span checkpoint;         /* the signed note */
};
enum err act_proof_write(struct ctx *c, const struct act_proof *p, struct span *text_out) MUST_USE;
enum err act_proof_parse(struct ctx *c, struct span text, struct act_proof *out) MUST_USE;
/* act bytes -> commitment -> inner root -> entry -> outer root = the checkpoint's, signed by key.
 */
enum err act_proof_check(struct ctx *c, const struct act_proof *p, struct span act,
			 const struct note_key *key, struct checkpoint *out) MUST_USE;

/* Path of a tile below log/: "tile/0/x001/234" or "tile/entries/000.p/12" (width 256 = full). */
enum err tile_path(struct ctx *c, const char *kind, uint64_t index, unsigned width, char **out)
	MUST_USE;

#endif
