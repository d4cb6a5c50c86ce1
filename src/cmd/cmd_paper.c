/*
 * The papers of an order: their original bytes, and what a caged hand reads on them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "order/1_receive/receive.h"
#include "order/reading.h"

#define WAITS_MS 5000   /* how often it is said that others come first */

struct paper_place {
	const char *path;
	struct buf names;
};

/* Into the folder, or, where the caller lent descriptors (step.c), into the one of that number. */
static enum err put_bytes(struct ctx *c, const struct paper_place *to, int number, int descriptor,
			  struct span name, struct span bytes)
{
	char *path;

	if (user_lent(to->path))
		return user_write_beside(c, to->path, "", descriptor, bytes, 0600);
	TRY(path_fmt(c, &path, "%s/%02d-%.*s", to->path, number, SPAN_ARG(name)));
	return file_write_once(c, path, bytes, 0600);
}

static enum err put_paper(struct ctx *c, void *of, int number, struct span name, struct span bytes)
{
	struct paper_place *to = of;

	if (user_lent(to->path))
		buf_fmt(&to->names, "%02d-%.*s\n", number, SPAN_ARG(name));
	return put_bytes(c, to, number, number + 1, name, bytes);
}

enum err cmd_paper(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct paper_place to = { NULL };
	struct order o;
	int64_t count;

	buf_begin(&to.names, c, 16384);
	TRY(command_order(c, self, a, &s, &o));
	if (!args_get(a, "out"))
		FAIL(c, ERR_USAGE, "say where to: --out DIR");
	to.path = args_get(a, "out");
	if (!user_lent(to.path))
		TRY(dir_make(c, to.path, 0700));
	TRY(order_papers(c, &s, &o, put_paper, &to, &count));
	if (user_lent(to.path))
		TRY(user_write(c, to.path, span_of(to.names.p, to.names.n), 0600));
	say("%lld files in %s (00 is the order file); their hashes are in 'writ show %.*s'",
	    (long long)count, user_name(to.path), SPAN_ARG(o.ref));
	return ERR_OK;
}

/* ---- what is read on them ---- */

struct papers_read {
	struct ctx *c;
	struct session *s;
	const struct order *o;
	const struct args *a;
	struct paper_place to;
	struct json *list;
	int pictures;
	int64_t told_ms;                /* when it was last said that others come first */
};

static void read_progress(void *of, int64_t done, int64_t pages)
{
	const struct papers_read *p = of;

	if (p->s->talk && pages > 1)
		talk("  page %lld of %lld", (long long)done, (long long)pages);
}

static void read_waits(void *of, int64_t before)
{
	struct papers_read *p = of;
	int64_t now_ms = p->c->seam->mono_ms();

	if (p->told_ms && now_ms - p->told_ms < WAITS_MS)
		return;
	p->told_ms = now_ms;
	talk("  waits: %lld of other papers are read first, a page each", (long long)before);
}

static struct span shown(struct ctx *c, const struct json *o, const char *key)
{
	return plain(c, json_opt_text(o, key, SPAN("-")));
}

static void say_suggestions(struct ctx *c, const struct json *list)
{
	if (json_count(list))
		say("  suggested, to be looked at on the page:");
	JSON_EACH(one, list)
		say("    %-24.*s %-24.*s page %lld line %-3lld %.*s",
		    SPAN_ARG(json_get(one, "field")->type == JSON_TEXT ? shown(c, one, "field") :
									 shown(c, one, "what")),
		    SPAN_ARG(shown(c, one, "value")), (long long)json_opt_int(one, "page", 0),
		    (long long)json_opt_int(one, "line", 0), SPAN_ARG(shown(c, one, "quote")));
}

static void say_reading(struct ctx *c, int number, struct span name, const struct json *reading)
{
	struct span why = json_opt_text(reading, "why", SPAN_NONE);

	say("paper %d  %.*s  %.*s", number, SPAN_ARG(plain(c, name)),
	    SPAN_ARG(shown(c, reading, "kind")));
	if (why.n)
		say("  %.*s", SPAN_ARG(plain(c, why)));
	JSON_EACH(page, json_get(reading, "page")) {
		why = json_opt_text(page, "why", SPAN_NONE);
		say("  page %lld of %lld: %zu words (%.*s)%s%.*s",
		    (long long)json_opt_int(page, "page", 0),
		    (long long)json_opt_int(reading, "pages", 0),
		    json_count(json_get(page, "words")), SPAN_ARG(shown(c, page, "from")),
		    why.n ? "; " : "", SPAN_ARG(plain(c, why)));
	}
	say_suggestions(c, json_get(reading, "suggestions"));
}

/* Pictures go where papers go, under the paper's number. */
static enum err put_pictures(struct papers_read *p, const struct sha256 *hash, int number,
			     const struct json *reading)
{
	JSON_EACH(page, json_get(reading, "page")) {
		int64_t at = json_opt_int(page, "page", 0);
		struct span png, name;

		if (json_get(page, "picture")->type != JSON_OBJECT)
			continue;
		if (user_lent(p->to.path) && p->pictures == LENT_FILES_MAX) {
			talk("the first %d pages are written; the papers themselves have all of "
			     "them (writ paper)", LENT_FILES_MAX);
			return ERR_OK;
		}
		TRY(reading_picture(p->c, p->s, hash, at, &png));
		TRY(span_fmt(p->c, &name, "page-%03lld.png", (long long)at));
		if (user_lent(p->to.path))
			buf_fmt(&p->to.names, "%02d-%.*s\n", number, SPAN_ARG(name));
		TRY(put_bytes(p->c, &p->to, number, ++p->pictures, name, png));
	}
	return ERR_OK;
}

static enum err read_one(struct papers_read *p, int number, const struct json *paper)
{
	const struct json *facts = json_get(p->o->received, "facts"), *reading;
	struct sha256 hash;
	bool no_better;
	struct reading_ask ask = {
		.paper = &hash,
		.no_better = &no_better,
		.language = json_opt_text(json_get(facts, "order"), "language", SPAN_NONE),
		.again = args_has(p->a, "again"),
		.progress = read_progress,
		.waits = read_waits,
		.of = p,
	};
	struct span name = json_opt_text(paper, "name", SPAN("paper"));
	struct json *one = json_object(p->c), *copy;

	TRY(json_need_hex(p->c, paper, "sha256", hash.b, sizeof hash.b));
	TRY(reading_get(p->c, p->s, &ask, &reading));
	if (no_better)
		talk("REMARK: paper %d: the new reading has fewer pages; the earlier one stays",
		     number);
	if (args_get(p->a, "out"))
		TRY(put_pictures(p, &hash, number, reading));
	if (!args_has(p->a, "json")) {
		say_reading(p->c, number, name, reading);
		return ERR_OK;
	}
	TRY(json_clone(p->c, reading, &copy));
	json_set_int(p->c, one, "number", number);
	json_set_text(p->c, one, "name", name);
	json_set(p->c, one, "reading", copy);
	json_add(p->c, p->list, one);
	return ERR_OK;
}

enum err cmd_paper_read(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct papers_read p = { .c = c, .s = &s, .a = a, .list = json_list(c),
				 .to.path = args_get(a, "out") };
	struct json *out = json_object(c);
	struct order o;
	int number = 0;

	buf_begin(&p.to.names, c, 16384);
	TRY(command_order(c, self, a, &s, &o));
	p.o = &o;
	if (p.to.path && !user_lent(p.to.path))
		TRY(dir_make(c, p.to.path, 0700));
	JSON_EACH(paper, json_get(o.received, "papers"))
		TRY(read_one(&p, ++number, paper));
	if (p.to.path && user_lent(p.to.path))
		TRY(user_write(c, p.to.path, span_of(p.to.names.p, p.to.names.n), 0600));
	if (number == 0)
		talk("the order came without papers");
	if (!args_has(a, "json"))
		return ERR_OK;
	json_set_text(c, out, "order", o.ref);
	json_set(c, out, "papers", p.list);
	return say_json(c, out);
}
