/*
 * The arguments of a command: options by the command's own list, the rest in order. An option
 * that the command does not have is an error that names it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_ARGS_H
#define CMD_ARGS_H

#include "base/ctx.h"
#include "format/json.h"

#define ARGS_MAX 64u

struct args {
	const char *rest[ARGS_MAX];     /* positional arguments */
	size_t count;
	struct {
		const char *name, *value;       /* value NULL for a flag */
	} option[ARGS_MAX];
	size_t options;
};

/* spec: "by= reason=* json" : with value, with value and repeatable, flag. home=, as= and json are
 * known to every command. */
enum err args_parse(struct ctx *c, const char *spec, int argc, const char *const *argv,
		    struct args *out) MUST_USE;
const char *args_get(const struct args *a, const char *name);   /* the last, or NULL */
bool args_has(const struct args *a, const char *name);
struct json *args_list(struct ctx *c, const struct args *a,
		       const char *name); /* every value, in order */
size_t args_count(const struct args *a, const char *name);
size_t args_each(const struct args *a, const char *name, const char **values, size_t max);
static inline struct span args_span(const struct args *a, const char *name)
{
	return span_str(args_get(a, name));
}
/* ERR_USAGE unless exactly n positional arguments stand there. */
enum err args_need(struct ctx *c, const struct args *a, size_t n, const char *usage) MUST_USE;

#endif
