/*
 * The touch job: a security key that is plugged in signs what no browser has a hand in, or makes a
 * passkey. It finds the key that is meant, asks for the PIN on the terminal and for a touch; it
 * refuses to sign without either, and knows neither the document nor what is done with the answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "hand/job.h"
#include "hand/touch.h"

#define PIN_TRIES 3     /* a key wants to be taken out after that many */

static enum err base64(struct ctx *c, const struct json *o, const char *member, struct span *out)
{
	struct span text;

	TRY(json_need_text(c, o, member, &text));
	return b64_decode(c, text, out);
}

static enum err word(struct ctx *c, const struct json *o, const char *member, const char **out)
{
	struct span text;
	char *z;

	TRY(json_need_text(c, o, member, &text));
	TRY(span_cstr(c, text, &z));
	*out = z;
	return ERR_OK;
}

/* A list of what may sign; to make, one row that names the user. */
static enum err wish_of(struct ctx *c, const struct json *row, struct span client_data,
			struct touch_ask *out)
{
	*out = (struct touch_ask){ .make = json_get(row, "user"), .client_data = client_data };
	TRY(json_only(c, row, out->make ? "rp_id user user_id" : "rp_id credential"));
	TRY(word(c, row, "rp_id", &out->rp_id));
	if (!out->make)
		return base64(c, row, "credential", &out->credential);
	TRY(word(c, row, "user", &out->user));
	return base64(c, row, "user_id", &out->user_id);
}

static enum err wishes_of(struct ctx *c, const struct json *ask, struct touch_ask **out,
			  size_t *count_out)
{
	const struct json *list;
	struct span client_data;
	size_t n = 0;

	TRY(json_need_text(c, ask, "client_data", &client_data));
	TRY(json_need_list(c, ask, "keys", &list));
	TRY(NEW_ARRAY(c, *out, json_count(list) + 1));
	JSON_EACH(row, list)
		TRY(wish_of(c, row, client_data, &(*out)[n++]));
	if (n == 0)
		FAIL(c, ERR_FORMAT, "no passkey is named");
	*count_out = n;
	return ERR_OK;
}

static enum err close_cage(struct ctx *c, struct job *job, int terminal, size_t count)
{
	static int fds[KEYS_MAX];

	for (size_t i = 0; i < count; i++)
		fds[i] = key_fd(i);
	struct cage cage = { .profile = CAGE_TOUCH, .answer = job->writ, .seal = -1, .in = terminal,
			     .out = -1, .keys = fds, .keys_count = count };
	return job_close_cage(c, job, &cage);
}

static enum err look(struct ctx *c, size_t key, const struct touch_ask *wishes, size_t n,
		     size_t *wish_out)
{
	bool holds = false;

	TRY(key_greet(c, key));
	for (size_t w = 0; w < n && !holds; w++) {
		*wish_out = w;
		TRY(key_holds(c, key, &wishes[w], &holds));
	}
	if (holds)
		return ERR_OK;
	err_next(c, "plug in the key that was enrolled here; 'writ roster list' shows whose are");
	FAIL(c, ERR_NOT_FOUND, "the security key that is plugged in holds none of the passkeys");
}

/* Which key holds which of the passkeys? The first that does; one of no use hides no other. */
static enum err choose(struct ctx *c, size_t keys, const struct touch_ask *wishes, size_t n,
		       size_t *key_out, size_t *wish_out)
{
	for (size_t i = 0; i < keys; i++) {
		*key_out = i;
		if (look(c, i, wishes, n, wish_out) == ERR_OK)
			return ERR_OK;
		if (keys == 1 || touch_stopped())
			return c->code;
		err_clear(c);
	}
	err_next(c, "leave the one that is meant, and run it again: then it says what is wrong");
	FAIL(c, ERR_NOT_FOUND, "none of the %zu security keys can sign this", keys);
}

static enum err choose_new(struct ctx *c, size_t keys)
{
	if (keys > 1) {
		err_next(c, "leave the one that is meant");
		FAIL(c, ERR_STATE, "%zu security keys are plugged in", keys);
	}
	return key_greet(c, 0);
}

static void pin_wipe(char (*pin)[PIN_BYTES])
{
	explicit_bzero(*pin, sizeof *pin);
}

/* A touch, and a finger or a PIN; a wrong one is told, with what is left of its tries. */
static enum err touched(struct ctx *c, size_t key, const struct touch_ask *ask, int terminal,
			struct touch_got *out)
{
	__attribute__((cleanup(pin_wipe))) char pin[PIN_BYTES] = "";
	bool asks = !key_by_itself(key), again = true;
	enum err e = ERR_OK;

	for (int tries = 0; again && tries < PIN_TRIES; tries++) {
		if (e != ERR_OK)
			fprintf(stderr, "%s\n", c->why);
		err_clear(c);
		if (asks)
			TRY(pin_ask(c, terminal, pin));
		fputs("touch your security key now\n", stderr);
		e = key_do(c, key, ask, asks ? pin : NULL, out, &again);
		asks = true;
	}
	if (again)
		err_next(c, "run it again, with the key's own PIN");
	return e;
}

static enum err put(struct ctx *c, struct json *answer, const char *member, struct span bytes)
{
	struct span text;

	TRY(b64_encode(c, bytes, &text));
	json_set_text(c, answer, member, text);
	return ERR_OK;
}

enum err job_touch(struct ctx *c, struct job *job)
{
	FD_SCOPED int terminal = -1;
	struct touch_got got = { .signature = SPAN_NONE };
	struct touch_ask *wishes;
	size_t n = 0, keys, key = 0, wish = 0;

	TRY(wishes_of(c, job->ask, &wishes, &n));
	TRY(keys_open(c, &keys));
	terminal = c->seam->open("/dev/tty", O_RDWR | O_NOCTTY, 0);
	TRY(touch_signals(c));
	TRY(close_cage(c, job, terminal, keys));
	TRY(wishes[0].make ? choose_new(c, keys) : choose(c, keys, wishes, n, &key, &wish));
	TRY(touched(c, key, &wishes[wish], terminal, &got));
	json_set_int(c, job->answer, "key", (int64_t)wish);
	if (wishes[0].make)
		return put(c, job->answer, "attestation_object", got.attestation_object);
	TRY(put(c, job->answer, "authenticator_data", got.authenticator_data));
	return put(c, job->answer, "signature", got.signature);
}
