/*
 * Files, durably: a write is a temporary file, fsync, rename, fsync of the folder. A failed fsync
 * is never retried (PostgreSQL 2018): the caller fails and the old file stands.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/ctx.h"
#include "base/span.h"

/* A descriptor that closes itself: FD_SCOPED int fd = -1; */
void fd_close(int *fd);
#define FD_SCOPED __attribute__((cleanup(fd_close)))

enum err file_open(struct ctx *c, const char *path, int flags, mode_t mode, int *fd_out) MUST_USE;
/* Whole file into the arena, ERR_LIMIT above max_bytes, ERR_NOT_FOUND if it does not exist. */
enum err file_read(struct ctx *c, const char *path, size_t max_bytes, struct span *out) MUST_USE;
enum err fd_read_all(struct ctx *c, int fd, size_t max_bytes, struct span *out) MUST_USE;
enum err fd_write_all(struct ctx *c, int fd, struct span s) MUST_USE;
enum err fd_sync(struct ctx *c, int fd) MUST_USE;
/* Durable when it returns: path + ".tmp", fsync, rename, fsync of the folder. A link that lies in
 * either place is never written through. */
enum err file_write(struct ctx *c, const char *path, struct span s, mode_t mode) MUST_USE;
/* The same, but fails with ERR_STATE if path exists with other bytes; equal bytes are fine. */
enum err file_write_once(struct ctx *c, const char *path, struct span s, mode_t mode) MUST_USE;
enum err dir_sync(struct ctx *c, const char *path) MUST_USE;
/* The folder in which path lies: its names are durable then. */
enum err parent_sync(struct ctx *c, const char *path) MUST_USE;
enum err dir_make(struct ctx *c, const char *path, mode_t mode)
	MUST_USE; /* with parents; existing is fine */
enum err file_remove(struct ctx *c, const char *path)
	MUST_USE; /* durable; a missing file is fine */
bool file_exists(const char *path);
/* The path without symbolic links, dots and a missing beginning. */
enum err path_real(struct ctx *c, const char *path, char **out) MUST_USE;
/* A path of at most 4,095 bytes, formatted; in the arena. */
enum err path_fmt(struct ctx *c, char **out, const char *fmt, ...) MUST_USE PRINTF(3, 4);
/* An anonymous file in memory with these bytes, read position at the start. */
enum err memfd_of(struct ctx *c, const char *name, struct span s, int *fd_out) MUST_USE;

#endif
