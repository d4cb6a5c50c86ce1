/*
 * What the files of the Maildir connector share. Nobody else includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_MAILDIR_PART_H
#define CONNECT_MAILDIR_PART_H

#include <sys/types.h>

#include "connect/connector.h"
#include "connect/plan.h"

/* new before cur: a message moves from new to cur, so it cannot slip through between the two. */
enum { PART_NEW, PART_CUR, PARTS };
extern const char *const maildir_part[PARTS];

struct maildir_folder {
	struct span name;       /* without leading dot; INBOX for the top */
	struct span on_disk;    /* "" for the top, else with leading dot */
	int fd[PARTS];          /* -1: it has none */
};

/* Files that will be read soon, open and on their way into memory. They are counted by their place
 * in the order of reading: the plan's, or, while it is made, that of addition. */
#define AHEAD_MAX 32u
struct maildir_ahead {
	int fd[AHEAD_MAX];      /* of place i at i % AHEAD_MAX; -1: not open */
	size_t from, to;        /* places that are (or could not be) opened: from..to-1 */
	bool ranked;            /* the plan's order */
};

struct maildir {
	struct maildir_folder *folder;
	size_t folder_count;
	struct unreadables blocked;     /* folders in scope that cannot be opened */
	uint32_t *by_id;                /* items by folder and source id, made when needed */
	struct plan *indexed;           /* whose items by_id lists */
	uint64_t key;                   /* of the sums of scans; drawn before the cage closes */
	struct maildir_ahead ahead;
	int file;                       /* the item that is being read, else -1 */
	int64_t bytes, left;            /* its length, and what is still to come of it */
	struct timespec changed;        /* its modification time when it was opened */
};

/* Names in a folder, one after another. One walk at a time: there is one buffer for all. */
struct maildir_walk {
	int fd;
	size_t at, n;
	uint64_t inode;         /* of the name that came last */
	int failed;             /* errno: it ended early, for the folder cannot be listed */
};
void maildir_walk_begin(int fd, struct maildir_walk *w);
/* False at the end. Names that begin with a dot are left out unless dots. */
bool maildir_walk_next(struct maildir_walk *w, bool dots, struct span *name_out);
/* The same in two steps, for names are kept in the buffer until the next fill: false at the end of
 * the folder, false at the end of the buffer. */
bool maildir_walk_fill(struct maildir_walk *w);
bool maildir_walk_in(struct maildir_walk *w, bool dots, struct span *name_out);

/* Length of the part before ":2,". */
size_t maildir_id_length(struct span name);

/* Scans until two scans agree; fills the plan with the candidates, dated by delivery. */
enum err maildir_scan(struct ctx *c, struct source *s, struct plan *p) MUST_USE;
/* Opens the item at a place in the order of reading, and the next ones ahead of it: their first
 * bytes are asked for. It is found wherever it was renamed to. *fd_out is -1 and *why_out says why
 * if not. */
enum err maildir_item_open(struct ctx *c, struct maildir *m, struct plan *p, size_t place,
			   off_t bytes, int *fd_out, struct timespec *changed_out,
			   const char **why_out) MUST_USE;
/* The item as it was last seen: a descriptor, or -1 where it is not there or not what was planned.
 * May be called on two threads. */
int maildir_item_try(const struct maildir *m, const struct plan *p, const struct item *it,
		     off_t bytes);
/* Begins at the first place of an order of reading. */
void maildir_ahead_begin(struct maildir *m, bool ranked);
void maildir_ahead_end(struct maildir *m);

#endif
