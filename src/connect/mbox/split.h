/*
 * Where the items of an mbox are (doc/protocol.md 8), found in one pass with bounded memory, and
 * what a From_ line says about its date. Decides by line ends, From_ lines and, where it is
 * trusted, Content-Length alone; knows no store and no selection.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_MBOX_SPLIT_H
#define CONNECT_MBOX_SPLIT_H

#include "base/span.h"

#define FROM_LINE_MAX 1024u     /* bytes of a From_ line; a longer one has no date */
#define WINDOW_MIN 64u

/* A sum over bytes, however they come in pieces. It tells that an item is what was planned; it
 * withstands accidents, and who does not know its key. Not a hash that anybody else is shown. */
struct mbox_sum {
	uint64_t h, bytes;
	unsigned char rest[8];
};
void mbox_sum_begin(struct mbox_sum *s, uint64_t key);
void mbox_sum_add(struct mbox_sum *s, struct span bytes);
uint64_t mbox_sum_end(const struct mbox_sum *s);

struct mbox_split {
	/* Up to max bytes from there on, fewer only at the end; false if it cannot be read. */
	bool (*read_at)(void *of, int64_t at, unsigned char *p, size_t max, size_t *n_out);
	void *of;
	int64_t size;                   /* what lies behind it is not looked at */
	uint64_t key;
	unsigned char *window;          /* window_max bytes, at least WINDOW_MIN */
	size_t window_max;
	unsigned char *head;            /* HEADER_BLOCK_MAX bytes: trust Content-Length. NULL: no */

	/* its own, 0 at first */
	int64_t window_at, keep;
	size_t window_n;
	int64_t next;                   /* the next From_ line, or size */
	bool failed;                    /* something could not be read */
	unsigned char from[FROM_LINE_MAX];
};

struct mbox_item {
	int64_t at;                     /* of its From_ line */
	int64_t begin, end;             /* of its bytes */
	uint64_t sum;                   /* over them */
	struct span from_line;          /* without line end, valid until the next call */
	bool from_cut;                  /* it is longer than FROM_LINE_MAX */
};

/* Finds the first From_ line. *stray_out: how many bytes lie before it, if they are more than line
 * ends (or a byte order mark): they belong to no item. false if something cannot be read. */
bool mbox_split_begin(struct mbox_split *s, int64_t *stray_out);
/* The next item; false at the end, or when s->failed. */
bool mbox_split_next(struct mbox_split *s, struct mbox_item *out);
/* May a From_ line, which follows on an empty line, begin at this place? What lies there is given;
 * a line that is still being written may be cut short. before: the bytes in front of it. */
bool mbox_continues(struct span before, struct span there);

/* The date of a From_ line in s since 1970, or DATE_UNKNOWN. Without a zone it is UTC. */
int64_t mbox_from_date(struct span from_line);

#endif
