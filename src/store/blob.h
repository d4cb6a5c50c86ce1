/*
 * Content-addressed files: what came from outside and what was made once, kept byte for byte under
 * its SHA-256. A blob never changes; reading checks it against its name.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "base/ctx.h"
#include "base/span.h"
#include "crypt/hash.h"

/* dir is the home's blob folder (struct home.blob); DIR/xx/SHA256. Durable when put returns; what
 * is there already is kept if it is whole, else replaced. */
enum err blob_put(struct ctx *c, const char *dir, struct span s, struct sha256 *out) MUST_USE;
/* From where fd stands to its end, streamed; ERR_LIMIT above max_bytes. bytes_out may be NULL. */
enum err blob_put_fd(struct ctx *c, const char *dir, int fd, int64_t max_bytes, struct sha256 *out,
		     int64_t *bytes_out) MUST_USE;
/* ERR_NOT_FOUND, or ERR_VERIFY if the bytes are not those of the name. */
enum err blob_read(struct ctx *c, const char *dir, const struct sha256 *name, size_t max_bytes,
		   struct span *out) MUST_USE;
/* For reading, at the start, checked against its name. */
enum err blob_open(struct ctx *c, const char *dir, const struct sha256 *name, int *fd_out) MUST_USE;
enum err blob_exists(struct ctx *c, const char *dir, const struct sha256 *name, bool *out) MUST_USE;
enum err blob_remove(struct ctx *c, const char *dir, const struct sha256 *name)
	MUST_USE; /* a missing one is fine */

#endif
