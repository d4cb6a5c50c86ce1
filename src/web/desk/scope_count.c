/*
 * Counting the lines of a scope, at the desk: each sitting has the lines it asked for, one count of
 * an order goes on at a time, and who sends other lines meanwhile is told. The numbers are a
 * hand's, of the acts. SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "order/work.h"
#include "web/desk/scope_page.h"

#define LINES_MAX_BYTES ((size_t)1 << 20)

/* The lines of the count that this sitting has asked for, until it came to its end; none where they
 * were not narrowed. */
static enum err kept_path(struct visit *v, const char *suffix, char **out)
{
	return path_fmt(v->c, out, "%s/work/" SCOPE_LINES "%.*s.%.*s%s", v->s.home.run,
			SPAN_ARG(v->order.ref), SPAN_ARG(span_cut(v->sitting.id, 0, 16)), suffix);
}

static enum err kept_lines(struct visit *v, struct span *out)
{
	char *path;

	*out = SPAN_NONE;
	TRY(kept_path(v, "", &path));
	return file_exists(path) ? file_read(v->c, path, LINES_MAX_BYTES, out) : ERR_OK;
}

static enum err look_count(struct visit *v, struct span *name, enum work *state, struct span *said)
{
	TRY(span_fmt(v->c, name, "%.*s.scope", SPAN_ARG(v->order.ref)));
	return work_look(v->c, &v->s.home, *name, state, said);
}

/* One count of an order at a time. Who sends the same once more waits for it; who sends other lines
 * would wait for numbers that are not theirs. */
static enum err need_no_other(struct visit *v, struct span text)
{
	struct span name, said, own;
	enum work state;

	TRY(look_count(v, &name, &state, &said));
	TRY(kept_lines(v, &own));
	if (state != WORK_RUNS || span_eq(own, text))
		return ERR_OK;
	err_next(v->c, "what you typed is still here: send it again in a moment");
	FAIL(v->c, ERR_BUSY, "somebody else has other lines of this order counted just now");
}

static enum err compose(struct visit *v, const struct json *edited, struct json **out)
{
	struct json *line;

	*out = json_list(v->c);
	JSON_EACH(edit, edited) {
		TRY(scope_line_edited(v->c, &v->order, edit, &line));
		json_add(v->c, *out, line);
	}
	return ERR_OK;
}

enum err scope_count(struct visit *v, const struct json *edited)
{
	static const char *const words[] = { "scope", NULL };
	struct json *lines;
	struct span document, text;
	char *folder, *path;

	/* What is refused is refused here, while what was typed is at hand. */
	TRY(order_permit(v->c, &v->s, &v->order, ACT_COUNTED));
	TRY(count_document(v->c, &v->s, &v->order, edited, &document));
	TRY(compose(v, edited, &lines));
	TRY(json_write(v->c, lines, LINES_MAX_BYTES, &text));
	TRY(need_no_other(v, text));
	TRY(path_fmt(v->c, &folder, "%s/work", v->s.home.run));
	TRY(dir_make(v->c, folder, 0700));
	TRY(kept_path(v, "", &path));
	TRY(file_write(v->c, path, text, 0600));
	if (!edited)
		return long_begin(v, "scope", words, NULL, NULL);
	/* What 'writ scope --edit' would write: the command reads it as any other. */
	TRY(scope_edit_text(v->c, &v->order, lines, json_list(v->c), &text));
	TRY(kept_path(v, ".yaml", &path));
	TRY(file_write(v->c, path, text, 0600));
	return long_begin(v, "scope", words, "--scope", path);
}

static enum err begin_count(struct visit *v)
{
	struct scope_typed as;

	TRY(step_check(v));
	if (!scope_is_typed(v))
		return scope_count(v, NULL);
	TRY(scope_typed(v, &as));
	return scope_count(v, as.lines);
}

static bool are_these(const struct json *counted, const struct json *lines)
{
	JSON_EACH(line, lines) {
		const struct json *other = json_with_id(counted,
							json_opt_text(line, "id", SPAN_NONE));

		if (!other || !json_equal(json_get(other, "from"), json_get(line, "from")) ||
		    !json_equal(json_get(other, "until"), json_get(line, "until")))
			return false;
	}
	return !lines->first || json_count(lines) == json_count(counted);
}

/* A count since then of exactly these lines, or of all where none were narrowed. */
static bool is_counted(const struct visit *v, int64_t since, const struct json *lines)
{
	JSON_EACH(act, v->order.acts)
		if (json_opt_int(act, "seq", 0) > since &&
		    span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_COUNTED)) &&
		    are_these(json_get(json_get(act, "body"), "scope"), lines))
			return true;
	return false;
}

static enum err forget_lines(struct visit *v)
{
	static const char *const suffixes[] = { "", ".yaml" };
	char *path;

	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		TRY(kept_path(v, suffixes[i], &path));
		if (file_exists(path))
			TRY(file_remove(v->c, path));
	}
	return ERR_OK;
}

/* How the count goes; at its end the page with its numbers. */
static enum err counting(struct visit *v, int64_t since)
{
	struct span name, said, text;
	struct json *lines = NULL;
	enum work state;

	TRY(look_count(v, &name, &state, &said));
	if (state == WORK_RUNS)
		return long_show(v, name, word_count(v->base), word_scope_count(v->base), false);
	TRY(kept_lines(v, &text));
	if (text.n)
		TRY(json_parse_canonical(v->c, text, &lines));
	if (!lines || is_counted(v, since, lines)) {
		TRY(forget_lines(v));
		return answer_see(v->r, v->a, "/order/%.*s/scope", SPAN_ARG(v->order.ref));
	}
	v->problem = word_work_failed(v->base);
	v->remedy = said;
	return scope_show(v, NULL, lines->first ? lines : NULL);
}

enum err scope_step(struct visit *v)
{
	int64_t since;

	if (v->r->method == WEB_POST) {
		enum err e = begin_count(v);

		if (e == ERR_OK)
			return ERR_OK;
		TRY(step_failed(v, e));
	} else if (span_to_i64(web_value(v->r->query, "since"), &since)) {
		return counting(v, since);
	}
	return scope_show(v, NULL, NULL);
}
