/*
 * What receiving an order and writing one out of its paper share: files that were handed in, kept
 * and read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_RECEIVE_PART_H
#define ORDER_RECEIVE_PART_H

#include "order/1_receive/receive.h"

#define ORDER_FILE_MAX ((size_t)1 << 20)

/* Keeps the file and adds {name, sha256, bytes} to the list; *seen: there was one like it. */
enum err submitted_keep(struct ctx *c, struct session *s, const struct submitted_file *f,
			int64_t max_bytes, struct json *list, bool *seen) MUST_USE;
/* Reads an order file in a hand: what it says, checked, and the bytes that were read. */
enum err submitted_read(struct ctx *c, struct session *s, const struct submitted_file *f,
			int *kept_out, const struct json **read_out) MUST_USE;
/* The facts are about the first of these papers, or do not say. */
enum err submitted_check_hash(struct ctx *c, const struct json *facts,
			      const struct json *papers) MUST_USE;
/* What an order file said, for the body of an act; file: a list of the file, or empty. */
enum err submitted_body(struct ctx *c, const struct json *read, const struct json *file,
			struct json **out) MUST_USE;
/* What is known of a paper that nobody has read yet, in the form of an order file that was read. */
enum err submitted_nothing(struct ctx *c, struct span language, struct json **out) MUST_USE;

#endif
