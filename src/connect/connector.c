/*
 * The connectors of this build, and opening all that a scope needs. Knows no kind of store by
 * itself: a new one is a folder and a row here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/connector.h"

#include "connect/maildir/maildir.h"
#include "connect/mbox/mbox.h"

static const struct connector *const connectors[] = {
	&maildir_connector,
	&mbox_connector,
};

const struct connector *connector_find(struct span kind)
{
	for (size_t i = 0; i < sizeof connectors / sizeof connectors[0]; i++)
		if (span_is(kind, connectors[i]->kind))
			return connectors[i];
	return NULL;
}

enum err unreadable_add(struct ctx *c, struct unreadables *u, const struct unreadable *what)
{
	struct unreadable *kept;

	if (u->count++ >= UNREADABLE_LISTED_MAX)
		return ERR_OK;
	TRY(NEW(c, kept));
	*kept = *what;
	kept->next = NULL;
	TRY(span_copy(c, what->folder, &kept->folder));
	TRY(span_copy(c, what->source_id, &kept->source_id));
	TRY(span_copy(c, what->why, &kept->why));
	if (u->last)
		u->last->next = kept;
	else
		u->first = kept;
	u->last = kept;
	return ERR_OK;
}

static enum err source_problem(struct ctx *c, const struct store *s, const struct demand_line *line,
			       struct span why, struct source **out)
{
	TRY(NEW(c, *out));
	(*out)->store = s;
	(*out)->line = line;
	(*out)->problem = why;
	return ERR_OK;
}

static enum err source_open(struct ctx *c, const struct stores *stores,
			    const struct demand_line *line, struct span name, struct source **out)
{
	const struct store *s = stores_find(stores, name);
	struct store *missing;

	if (s && store_serves(s, line->category))
		return s->connector->open(c, s, line, out);
	if (s)
		return source_problem(c, s, line, SPAN("this category is not held in this store"),
				      out);
	TRY(NEW(c, missing));
	missing->name = name;
	TRY(source_problem(c, missing, line, SPAN("there is no such store"), out));
	(*out)->held = line->category != CATEGORY_OTHER;
	return ERR_OK;
}

enum err sources_open(struct ctx *c, const struct stores *stores, const struct demand_lines *lines,
		      struct source ***list_out, size_t *count_out)
{
	struct source **list;
	size_t total = 0;

	*list_out = NULL;
	*count_out = 0;
	for (size_t i = 0; i < lines->count; i++)
		total += lines->line[i].store_count;
	TRY(NEW_ARRAY(c, list, total));
	*list_out = list;
	for (size_t i = 0; i < lines->count; i++) {
		const struct demand_line *line = &lines->line[i];

		for (size_t j = 0; j < line->store_count; j++) {
			enum err e =
				source_open(c, stores, line, line->stores[j], &list[*count_out]);

			if (e != ERR_OK) {
				sources_close(list, *count_out);
				*count_out = 0;
				return e;
			}
			(*count_out)++;
		}
	}
	return ERR_OK;
}

void sources_close(struct source **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] && list[i]->connector)
			list[i]->connector->close(&list[i]);
}
