/*
 * What the touch job is made of: the security keys that are plugged in, spoken to by libfido2 over
 * descriptors that were opened before the cage closed (touch_key.c, the one place that knows
 * libfido2), and the terminal on which a PIN is typed (touch_pin.c).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_TOUCH_H
#define HAND_TOUCH_H

#include "base/ctx.h"
#include "base/span.h"

#define KEYS_MAX 8u             /* security keys at once */
#define PIN_BYTES 64u           /* CTAP 2.1 section 6.5.1: at most 63, and a NUL */

/* What a key is asked for: to sign, or to make a new passkey for that site. */
struct touch_ask {
	bool make;
	const char *rp_id;
	struct span credential;         /* to sign */
	const char *user;               /* to make: what the key shows, and the handle */
	struct span user_id;
	struct span client_data;
};
struct touch_got {
	struct span authenticator_data; /* make: within the attestation object */
	struct span signature;
	struct span attestation_object;
};

/* Opens what is plugged in; ERR_NOT_FOUND where nothing is. Before the cage. */
enum err keys_open(struct ctx *c, size_t *count_out) MUST_USE;
int key_fd(size_t i);
/* The rest inside the cage. Says hello; an error says why this key cannot be used. */
enum err key_greet(struct ctx *c, size_t i) MUST_USE;
bool key_by_itself(size_t i);   /* it verifies its user without a PIN: a finger */
/* Does it hold that passkey? Asked without a touch. */
enum err key_holds(struct ctx *c, size_t i, const struct touch_ask *ask, bool *out) MUST_USE;
/* pin NULL: the key verifies its user by itself. *again_out: the PIN was wrong and may be asked for
 * again, or is needed after all; c says why. */
enum err key_do(struct ctx *c, size_t i, const struct touch_ask *ask, const char *pin,
		struct touch_got *out, bool *again_out) MUST_USE;

/* From here on SIGINT and SIGTERM are heard in touch_wait alone. */
enum err touch_signals(struct ctx *c) MUST_USE;
bool touch_stopped(void);
enum touch_heard { HEARD, HEARD_NOTHING, HEARD_STOP, HEARD_END };
/* Waits until fd can be read; HEARD_NOTHING after wait_ms (below 0: never). */
enum touch_heard touch_wait(int fd, int64_t wait_ms);
enum err touch_say_stopped(struct ctx *c) MUST_USE;

/* Asks on the terminal, without showing what is typed. */
enum err pin_ask(struct ctx *c, int terminal, char pin[PIN_BYTES]) MUST_USE;

#endif
