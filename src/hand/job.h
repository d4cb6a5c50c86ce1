/*
 * One job of a hand: the message that named it, where this home lies, the cage, the answer. The
 * kinds of job are the rows of a table in job.c; each closes the cage before it reads anything
 * from outside.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_JOB_H
#define HAND_JOB_H

#include "base/ctx.h"
#include "base/home.h"
#include "base/ipc.h"
#include "format/json.h"
#include "hand/cage.h"

/* Hands that are executables of their own with one job each, for what stands behind them: the
 * one that sends has libcurl in it, the one that draws pango and cairo, the one that looks at
 * papers leptonica, and it starts tools that are not ours, the one that has a security key sign
 * libfido2 and udev. */
#if defined(WRIT_SENDS)
#define HAND_PROGRAM "writ-send"
#elif defined(WRIT_DRAWS)
#define HAND_PROGRAM "writ-draw"
#elif defined(WRIT_LOOKS)
#define HAND_PROGRAM "writ-look"
#elif defined(WRIT_TOUCHES)
#define HAND_PROGRAM "writ-touch"
#else
#define HAND_PROGRAM "writ-hand"
#endif

struct job {
	const char *kind;               /* row of the table */
	const struct json *ask;         /* the message */
	struct ipc_msg *msg;            /* its descriptors */
	int writ;                       /* the connection */
	const char *home_dir;
	bool journal;                   /* started by systemd: log what the cage enforces */
	struct json *answer; /* what the job adds to the answer, in success and failure */
	struct cage_told cage;
};

/* Takes one job from the connection, does it, answers. Fails only where no answer could be given;
 * a job that failed is an answer. */
enum err job_run(struct ctx *c, int writ, const char *home_dir, bool journal) MUST_USE;
#define JOB_ASK_MAX ((size_t)128 << 20)         /* memory for reading the message */

/* Closes the cage for a job; started by systemd it logs what is enforced, one line of JSON. */
enum err job_close_cage(struct ctx *c, struct job *job, const struct cage *plan) MUST_USE;
/* A file of the provider's own (stores.yaml, seal.pub): it must belong to root, or to this very
 * user in a single-user home, and nobody else may be able to change it. */
enum err job_own_file(struct ctx *c, const struct home *home, const char *path, size_t max_bytes,
		      struct span *out) MUST_USE;

/* The jobs (read.c, describe.c, count.c, fetch.c; send.c; draw.c; look.c; touch.c). */
enum err job_read(struct ctx *c, struct job *job) MUST_USE;
enum err job_describe(struct ctx *c, struct job *job) MUST_USE;
enum err job_count(struct ctx *c, struct job *job) MUST_USE;
enum err job_fetch(struct ctx *c, struct job *job) MUST_USE;
enum err job_send(struct ctx *c, struct job *job) MUST_USE;
enum err job_draw(struct ctx *c, struct job *job) MUST_USE;
enum err job_look(struct ctx *c, struct job *job) MUST_USE;
enum err job_touch(struct ctx *c, struct job *job) MUST_USE;

#endif
