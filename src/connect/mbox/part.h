/*
 * What the files of the mbox connector share. Nobody else includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_MBOX_PART_H
#define CONNECT_MBOX_PART_H

#include <sys/stat.h>

#include "connect/connector.h"
#include "connect/mbox/split.h"

struct mbox_folder {
	struct span name;       /* the file's, below the account's folder; INBOX for a lone file */
	int fd;
	int64_t bound;          /* its length when nobody held a lock: what comes later is new */
};

struct mbox {
	struct mbox_folder *folder;
	size_t folder_count;
	struct unreadables blocked;     /* folders in scope that cannot be opened, or are locked */
	uint64_t key;                   /* of the sums; drawn before the cage closes */
	int waits;                      /* for locks, until no more is waited */
	/* the item that is being read */
	const struct mbox_folder *in;
	int64_t at, left;               /* what is still to come of it */
	struct mbox_sum sum;
	uint64_t sum_planned;
};

/* Where the account's mail lies: a file, or a folder of files. */
struct mbox_place {
	int fd;                         /* O_PATH */
	const struct store *store;
	struct span account;
	const char *path;               /* given outright, else NULL: by template and account */
};
/* Opens all that the line wants. What cannot be is in m->blocked; no such folder is the source's
 * problem. Folders are in order of their names. */
enum err mbox_folders_open(struct ctx *c, struct source *s, const struct mbox_place *at) MUST_USE;
void mbox_folders_close(struct mbox *m);

/* Reads from there on until p is full or the file ends; false with errno. */
bool mbox_read_at(struct ctx *c, int fd, int64_t at, unsigned char *p, size_t max, size_t *n_out);
/* Fills the plan with the items of every folder, dated as the line says. */
enum err mbox_scan(struct ctx *c, struct source *s, struct plan *p) MUST_USE;
/* NULL, or how the file is not any more what it was when it was opened. */
const char *mbox_changed(const struct mbox_folder *f, struct stat *st_out);

/* An item's name in the plan's pool: its source id (the offset of its From_ line in twelve digits
 * or more), the sum of its bytes, and the From_ line as far as there is room. */
#define MBOX_SUM_BYTES sizeof(uint64_t)

#endif
