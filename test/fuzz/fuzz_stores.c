/*
 * stores.yaml: a refusal names file and line; each store that is accepted has what makes it one,
 * its own name, and a template that cannot climb; what is told of it to others is no path.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <string.h>

#include "connect/account.h"
#include "format/yaml.h"
#include "world.h"

/* A description looks whether the store can be reached: here none can. */
static int open_nothing(const char *path, int flags, mode_t mode)
{
	(void)path;
	(void)flags;
	(void)mode;
	errno = ENOENT;
	return -1;
}

static void check_store(const struct stores *all, const struct store *s)
{
	CHECK(s->name.n && s->name.n <= 64 && stores_find(all, s->name) == s);
	CHECK(s->connector && s->region.n && s->law.n && s->line > 0);
	CHECK(s->categories && !(s->categories & ~s->connector->categories));
	CHECK(!template_problem(s->path));
	CHECK(template_names_account(s->path) || s->domain.n);
	CHECK(!s->aliases.n || s->aliases.p[0] == '/');
	CHECK(!s->domain.n || account_part_ok(s->domain));
}

static void check_described(struct ctx *c, const struct stores *all)
{
	struct json *list;
	struct span text;

	CHECK(stores_describe(c, all, &list) == ERR_OK);
	CHECK(json_count(list) == all->count);
	CHECK(json_write(c, list, ARENA_MAX, &text) == ERR_OK);
	JSON_EACH(row, list) {
		CHECK(!json_get(row, "path") && !json_get(row, "credential"));
		CHECK(json_get(row, "problem")->type == JSON_TEXT);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct seam seam = world_begin();
	struct stores all;
	struct json *yaml;
	enum err e;

	seam.open = open_nothing;
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	c.seam = &seam;
	if (yaml_parse(&c, "file", span_of(data, size), &yaml) != ERR_OK)
		return 0;
	e = stores_read(&c, yaml, "file", &all);
	check_result(&c, e);
	if (e != ERR_OK) {
		CHECK(strncmp(c.why, "file:", 5) == 0);
		return 0;
	}
	CHECK(all.count <= STORES_MAX);
	for (size_t i = 0; i < all.count; i++)
		check_store(&all, &all.row[i]);
	check_described(&c, &all);
	return 0;
}
