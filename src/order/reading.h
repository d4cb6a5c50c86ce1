/*
 * What a caged hand reads on a paper: its pages as pictures, their words with their place, and what
 * these suggest for the order file. Derived from the paper's bytes alone, kept beside the blobs
 * (HOME/reading/SHA256/), made anew at will; no act, and nothing is filled in by it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_READING_H
#define ORDER_READING_H

#include "crypt/hash.h"
#include "order/session.h"

/* A reading by another version is made anew. */
#define READING_VERSION 2
#define READING_PAGES_MAX 100           /* of one paper */
#define READING_LETTERS_MAX 60          /* pages whose letters are read from their picture */
#define READING_MS (10 * 60 * 1000)     /* for one paper; then what was read stands */

struct reading_ask {
	const struct sha256 *paper;
	struct span language;           /* of the order, two letters; may be empty */
	bool again;                     /* although it was read before: what stands then stays until
					 * the new one is whole, and where that has fewer pages */
	bool *no_better;                /* or NULL: whether it stayed */
	void (*progress)(void *of, int64_t done, int64_t pages);       /* or NULL */
	/* Other papers have their turn, one page each: so many stand before this one. Or NULL. */
	void (*waits)(void *of, int64_t before);
	void *of;
};

/* {version, sha256, kind, pages, pages_read, why, page: list of {page, from (text, letters, none),
 * words, picture {width, height, bytes} or null, why}, suggestions}: as writ-look tells them
 * (doc/protocol.md 2.2). A paper that cannot be read is a reading, too: kind null and why. Fails
 * only where this machine or home fails: no tool, no Landlock, no such paper. */
enum err reading_get(struct ctx *c, struct session *s, const struct reading_ask *ask,
		     const struct json **out) MUST_USE;
/* Of what was read already, for a page of the desk: they start no hand, and read no more than they
 * give. The reading without its pages, NULL where there is none; one of its pages, NULL where the
 * reading has none of that number. */
enum err reading_told(struct ctx *c, struct session *s, const struct sha256 *paper,
		      const struct json **out) MUST_USE;
enum err reading_page(struct ctx *c, struct session *s, const struct sha256 *paper, int64_t page,
		      const struct json **out) MUST_USE;
/* When anything was last read, of the folder HOME/reading that fd is; 0 where nobody can tell. */
int64_t reading_last_ns(int fd);
/* The same of one paper. */
enum err reading_at(struct ctx *c, struct session *s, const struct sha256 *paper,
		    int64_t *ns_out) MUST_USE;
/* The picture of a page, checked to be a plain PNG; ERR_NOT_FOUND where the reading has none. */
enum err reading_picture(struct ctx *c, struct session *s, const struct sha256 *paper, int64_t page,
			 struct span *png_out) MUST_USE;

/* Reads a paper of our own in every way: fails where this machine cannot (for doctor). */
enum err reading_try(struct ctx *c, struct session *s) MUST_USE;

/* ERR_FORMAT unless it has that form, every place lies on its page and every field is one of an
 * order file: words is what a hand gave for words or letters. */
enum err reading_check_words(struct ctx *c, const struct json *words) MUST_USE;

#endif
