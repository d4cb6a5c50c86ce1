/*
 * For those who review rule packs: what a new version decides in another way, and the packs as
 * documents to sign.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "base/home.h"
#include "cmd/cmd.h"
#include "law/trial.h"
#include "order/law_packs.h"
#include "order/pdf.h"

#define FILES_MAX 2000u
#define ONE_MEMORY ((size_t)16 << 20)

/* FACTS files of a folder as {name, facts}. */
static enum err facts_of(struct ctx *c, struct session *s, const char *dir, struct json **out)
{
	char **name, *path;
	unsigned n = 0;

	TRY(yaml_names(c, dir, FILES_MAX, "facts", &name, &n));
	*out = json_list(c);
	for (unsigned i = 0; i < n; i++) {
		struct json *o = json_object(c), *copy;
		const struct json *facts;

		TRY(path_fmt(c, &path, "%s/%s", dir, name[i]));
		TRY(facts_read(c, s, path, &facts));
		TRY(json_clone(c, facts, &copy));
		json_set_str(c, o, "name", name[i]);
		json_set(c, o, "facts", copy);
		json_add(c, *out, o);
	}
	return ERR_OK;
}

/* The tests that stand beside the new packs. */
static enum err tests_of(struct ctx *c, struct session *s, const char *packs, struct json **out)
{
	struct trial_set *tests = NULL;
	char *path;

	TRY(path_fmt(c, &path, "%s/test", packs));
	TRY(trials_load(c, s, path, &tests));
	return trials_facts(c, tests, out);
}

/* What of a decision is compared, by the words that are shown. */
static enum err line_text(struct ctx *c, const struct json *line, struct span *out)
{
	struct buf b;

	buf_begin(&b, c, ONE_MEMORY);
	buf_fmt(&b, "%.*s", SPAN_ARG(json_opt_text(line, "verdict", SPAN_NONE)));
	if (json_get(line, "mode"))
		buf_fmt(&b, " %.*s", SPAN_ARG(json_opt_text(line, "mode", SPAN_NONE)));
	JSON_EACH(reason, json_get(line, "reasons"))
		buf_fmt(&b, " %.*s", SPAN_ARG(reason->s));
	return buf_done(c, &b, out);
}

struct comparing {
	struct ctx *c;
	struct json *changes;
	struct span name;
};

static enum err compare(const struct comparing *k, struct span what, struct span old,
			struct span now)
{
	struct json *o = json_object(k->c);

	if (span_eq(old, now))
		return ERR_OK;
	json_set_text(k->c, o, "facts", k->name);
	json_set_text(k->c, o, "what", what);
	json_set_text(k->c, o, "old", old);
	json_set_text(k->c, o, "new", now);
	json_add(k->c, k->changes, o);
	return ERR_OK;
}

static enum err compare_decisions(const struct comparing *k, const struct json *old,
				  const struct json *now)
{
	static const char *const keys[] = { "verdict",  "due_at", "hold_until", "preserve_until",
					    "redirect", "route",  "cost" };
	const struct json *other = json_get(now, "demands")->first;
	struct span a, b;

	JSON_EACH(line, json_get(old, "demands")) {
		TRY(line_text(k->c, line, &a));
		TRY(line_text(k->c, other, &b));
		TRY(compare(k, json_opt_text(line, "id", SPAN_NONE), a, b));
		other = other->next;
	}
	TRY(line_text(k->c, json_get(old, "secrecy"), &a));
	TRY(line_text(k->c, json_get(now, "secrecy"), &b));
	TRY(compare(k, SPAN("secrecy"), a, b));
	TRY(compare(k, SPAN("notice"), json_opt_text(json_get(old, "notice"), "rule", SPAN_NONE),
		    json_opt_text(json_get(now, "notice"), "rule", SPAN_NONE)));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		TRY(compare(k, span_str(keys[i]), json_opt_text(old, keys[i], SPAN("none")),
			    json_opt_text(now, keys[i], SPAN("none"))));
	return ERR_OK;
}

/* Every pack as if adopted: what a change of the law changes, whoever relies on it. */
static enum err compare_all(struct ctx *c, const struct law *old, const struct law *now,
			    const struct json *list, struct json **changes_out)
{
	struct law_how how = { .what_if = true, .state = LAW_ADOPTED,
			       .now_utc_s = c->seam->now_ms() / 1000 };
	struct comparing k = { .c = c, .changes = json_list(c) };

	JSON_EACH(one, list) {
		struct ctx CTX_SCOPED once;
		struct json *a, *b;

		TRY(ctx_begin(&once, ONE_MEMORY));
		k.name = json_opt_text(one, "name", SPAN_NONE);
		if (law_judge(&once, old, json_get(one, "facts"), &how, &a) != ERR_OK ||
		    law_judge(&once, now, json_get(one, "facts"), &how, &b) != ERR_OK)
			FAIL(c, once.code, "%.*s: %s", SPAN_ARG(k.name), once.why);
		TRY(json_clone(c, a, &a));
		TRY(json_clone(c, b, &b));
		TRY(compare_decisions(&k, a, b));
	}
	*changes_out = k.changes;
	return ERR_OK;
}

enum err cmd_law_diff(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *list, *changes = NULL, *out = json_object(c);
	struct law *old, *now;

	TRY(usage_check(c, self, a, 2));
	TRY(home_paths(c, "/nonexistent", true, &s.home));
	TRY(packs_load(c, &s, a->rest[0], &old, NULL));
	TRY(packs_load(c, &s, a->rest[1], &now, NULL));
	TRY(args_has(a, "orders") ? facts_of(c, &s, args_get(a, "orders"), &list)
				  : tests_of(c, &s, a->rest[1], &list));
	TRY(compare_all(c, old, now, list, &changes));
	if (args_has(a, "json")) {
		json_set_int(c, out, "compared", (int64_t)json_count(list));
		json_set(c, out, "changes", changes);
		return say_json(c, out);
	}
	JSON_EACH(one, changes)
		say("%.*s: %.*s: %.*s -> %.*s",
		    SPAN_ARG(plain(c, json_opt_text(one, "facts", SPAN_NONE))),
		    SPAN_ARG(plain(c, json_opt_text(one, "what", SPAN_NONE))),
		    SPAN_ARG(plain(c, json_opt_text(one, "old", SPAN_NONE))),
		    SPAN_ARG(plain(c, json_opt_text(one, "new", SPAN_NONE))));
	talk("%zu orders judged by both, %zu differences", json_count(list), json_count(changes));
	return ERR_OK;
}

/* An id becomes the name of a file. */
static enum err need_name(struct ctx *c, struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", id.p[i]) || !id.p[i])
			FAIL(c, ERR_FORMAT, "the id of a rule pack is no name of a file: %.*s",
			     SPAN_ARG(id));
	return ERR_OK;
}

/* ID.pdf: the same pack gives the same bytes, so the document's date is that of its law. */
static enum err put_pdf(struct ctx *c, struct session *s, const struct law *law, unsigned number,
			struct span id, const char *dir)
{
	struct pdf_page page = { .sha256_text = SPAN_NONE };
	struct law_sheet sheet;
	int64_t missing;
	struct span pdf;
	char *path;

	TRY(law_sheet(c, law, number, &sheet));
	page.title = sheet.title;
	page.made_utc = sheet.as_of_day * 86400;
	TRY(span_fmt(c, &page.reference, "Rule pack %.*s\nSHA-256 %.*s", SPAN_ARG(id),
		     SPAN_ARG(sheet.sha256)));
	TRY(pdf_of_text(c, s, &page, sheet.text, &pdf, &missing));
	TRY(path_fmt(c, &path, "%s/%.*s.pdf", dir, SPAN_ARG(id)));
	TRY(file_write(c, path, pdf, 0644));
	say("%s", path);
	if (missing == 0)
		return ERR_OK;
	err_next(c, "install a font that has them (fonts-noto-core), and render again");
	FAIL(c, ERR_DEGRADED, "no font of this machine has %lld characters of %s",
	     (long long)missing, path);
}

enum err cmd_law_render(struct ctx *c, const struct command *self, const struct args *a)
{
	const char *to = args_has(a, "out") ? args_get(a, "out") : ".";
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct law *law;
	char *dir, *path;

	TRY(usage_check(c, self, a, 0));
	TRY(home_paths(c, args_get(a, "home") ? args_get(a, "home") : "/nonexistent", true,
		       &s.home));
	TRY(packs_dir(c, args_get(a, "packs"), args_get(a, "home") ? &s.home : NULL, &dir));
	TRY(packs_load(c, &s, dir, &law, NULL));
	for (unsigned i = 0; i < law_count(law); i++) {
		struct span id, html;

		TRY(law_render(c, law, i, &id, &html));
		TRY(need_name(c, id));
		TRY(path_fmt(c, &path, "%s/%.*s.html", to, SPAN_ARG(id)));
		TRY(file_write(c, path, html, 0644));
		say("%s", path);
		if (args_has(a, "pdf"))
			TRY(put_pdf(c, &s, law, i, id, to));
	}
	return ERR_OK;
}
