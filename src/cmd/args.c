/*
 * Arguments; see args.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/args.h"

#include <string.h>

#define EVERYWHERE " home= as= json help"

enum takes { UNKNOWN, FLAG, VALUE, VALUES };

static enum takes look_up(const char *spec, struct span name)
{
	struct reader r = { span_str(spec), 0 };
	struct span word;

	while (!reader_done(&r)) {
		if (!take_until(&r, ' ', &word)) {
			word = span_cut(r.s, r.at, r.s.n);
			r.at = r.s.n;
		}
		bool more = word.n && word.p[word.n - 1] == '*';

		if (more)
			word.n--;
		bool value = word.n && word.p[word.n - 1] == '=';

		if (value)
			word.n--;
		if (word.n && span_eq(word, name))
			return !value ? FLAG : more ? VALUES : VALUE;
	}
	return UNKNOWN;
}

static enum err take_option(struct ctx *c, const char *spec, int argc, const char *const *argv,
			    int *i, struct args *out)
{
	struct span name = span_str(argv[*i] + 2), value = SPAN_NONE;
	bool joined = span_split(name, '=', &name, &value);
	enum takes takes = look_up(spec, name);
	char *own;

	if (takes == UNKNOWN)
		takes = look_up(EVERYWHERE, name);
	if (takes == UNKNOWN)
		FAIL(c, ERR_USAGE, "there is no option --%.*s here", SPAN_ARG(name));
	if (takes == FLAG && joined)
		FAIL(c, ERR_USAGE, "--%.*s takes no value", SPAN_ARG(name));
	for (size_t k = 0; takes == VALUE && k < out->options; k++)
		if (span_is(name, out->option[k].name))
			FAIL(c, ERR_USAGE, "--%.*s is given twice", SPAN_ARG(name));
	if (out->options >= ARGS_MAX)
		FAIL(c, ERR_USAGE, "more than %u options", ARGS_MAX);
	TRY(span_cstr(c, name, &own));
	out->option[out->options].name = own;
	out->option[out->options].value = joined ? argv[*i] + 2 + name.n + 1 : NULL;
	if (takes != FLAG && !joined) {
		if (*i + 1 >= argc)
			FAIL(c, ERR_USAGE, "--%s needs a value", own);
		out->option[out->options].value = argv[++*i];
	}
	out->options++;
	return ERR_OK;
}

enum err args_parse(struct ctx *c, const char *spec, int argc, const char *const *argv,
		    struct args *out)
{
	bool only_rest = false;

	*out = (struct args){ .count = 0 };
	for (int i = 0; i < argc; i++) {
		if (!only_rest && !strcmp(argv[i], "--")) {
			only_rest = true;
		} else if (!only_rest && !strncmp(argv[i], "--", 2)) {
			TRY(take_option(c, spec, argc, argv, &i, out));
		} else {
			if (out->count >= ARGS_MAX)
				FAIL(c, ERR_USAGE, "more than %u arguments", ARGS_MAX);
			out->rest[out->count++] = argv[i];
		}
	}
	return ERR_OK;
}

const char *args_get(const struct args *a, const char *name)
{
	for (size_t i = a->options; i > 0; i--)
		if (!strcmp(a->option[i - 1].name, name))
			return a->option[i - 1].value;
	return NULL;
}

bool args_has(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->options; i++)
		if (!strcmp(a->option[i].name, name))
			return true;
	return false;
}

size_t args_count(const struct args *a, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < a->options; i++)
		n += !strcmp(a->option[i].name, name);
	return n;
}

struct json *args_list(struct ctx *c, const struct args *a, const char *name)
{
	struct json *list = json_list(c);

	for (size_t i = 0; i < a->options; i++)
		if (!strcmp(a->option[i].name, name))
			json_add(c, list, json_text(c, span_str(a->option[i].value)));
	return list;
}

size_t args_each(const struct args *a, const char *name, const char **values, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < a->options && n < max; i++)
		if (!strcmp(a->option[i].name, name))
			values[n++] = a->option[i].value;
	return n;
}

enum err args_need(struct ctx *c, const struct args *a, size_t n, const char *usage)
{
	if (a->count == n)
		return ERR_OK;
	err_next(c, "usage: writ %s", usage);
	if (a->count < n)
		FAIL(c, ERR_USAGE, "an argument is missing");
	FAIL(c, ERR_USAGE, "too many arguments, from '%s' on", a->rest[n]);
}
