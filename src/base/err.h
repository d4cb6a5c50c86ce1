/*
 * One error type for the whole program. A function that can fail returns enum err,
 * which must be used; the words for people (what, why, what next) stand in the context
 * passed first. Bad input is never an assertion and never ends a process.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

enum err {
#define X(name, text, exit_status, http, next) ERR_##name,
#include "base/err.def"
#undef X
	ERR_COUNT
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

struct ctx;

/* Records what failed and why; returns code, so that FAIL can pass it on. The first record of
 * a failure wins until err_clear: callers add to it with err_note. */
enum err err_set(struct ctx *c, enum err code, const char *file, int line, const char *fmt, ...)
	PRINTF(5, 6);
/* Puts "fmt: " before the recorded words: err_note(c, "%s line %d", name, line). */
void err_note(struct ctx *c, const char *fmt, ...) PRINTF(2, 3);
/* Says what to do next; call it just before FAIL where the table's hint is not good enough. */
void err_next(struct ctx *c, const char *fmt, ...) PRINTF(2, 3);
void err_clear(struct ctx *c);

const char *err_text(enum err code);    /* the table's words */
const char *err_name(enum err code);    /* "NOT_FOUND" */
const char *err_hint(enum err code);
/* The code of such a name, ERR_FAILED where none has it: for answers of other programs. */
enum err err_of_name(const char *name, size_t n);
int err_exit_status(enum err code);
int err_http_status(enum err code);

/* The only two macros with control flow in this program. */
#define TRY(expr)                                                                                  \
	do {                                                                                       \
		enum err try_err_ = (expr);                                                        \
		if (try_err_ != ERR_OK)                                                            \
			return try_err_;                                                           \
	} while (0)
#define FAIL(c, code, ...) return err_set((c), (code), __FILE__, __LINE__, __VA_ARGS__)

#endif
