/*
 * What lives as long as the process: the folder of the state, who may ask, the keys. Everything
 * else is read from the disk for each request and written before its answer leaves.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include "crypt/note.h"
#include "format/json.h"

#define SEAL_FILE_MAX ((size_t)32 << 20)        /* of any file of the state */
#define SEAL_TURN_BYTES ((size_t)512 << 20) /* memory of one request; a full tick takes 150 MB */

struct keys {
	unsigned char document[32], log[32], pad[32];
	struct span cms_key;            /* PEM */
};

struct seal {
	struct ctx life;
	const char *dir, *log_dir;      /* log_dir may be NULL */
	uid_t own, writ, hand;
	int lock;
	bool broken; /* a write failed: answer, then end; the next start reads the disk */
	struct keys keys;
	struct note_key note;
	const struct json *founding;    /* DIR/founding.json */
	struct span provider, origin, document_key, vkey;
	struct span certificate, certificate_sha256, request;
	struct span document;           /* the founding document */
};

/* Reads DIR/founding.json and the keys and takes the lock; ERR_BUSY if another seal has it. */
enum err seal_open(struct seal *s, const char *dir, bool secrets) MUST_USE;
void seal_close(struct seal *s);
const char *seal_separation(const struct seal *s);
/* No core file and no tracer: before anything else, also where the keys are made. */
void seal_hide(void);
/* Locks what holds keys into memory, where that is permitted. */
void seal_lock_memory(struct seal *s);

/* init.c: the three ways to run that are no daemon. */
enum err init_make(struct ctx *c, const char *dir, const char *writ_user, const char *hand_user,
		   int out) MUST_USE;
enum err init_sign(struct ctx *c, const char *dir, const char *doc, char *const *sigs, int count)
	MUST_USE;
enum err init_show(struct ctx *c, const char *dir, int out) MUST_USE;

/* serve.c: where the connections come from. */
enum err serve(struct seal *s, const char *listen_path, bool idle_exit) MUST_USE;

#endif
