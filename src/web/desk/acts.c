/*
 * Steps without a signature: how the sender was checked, judging, the notice to the customer,
 * secrecy, counting, collecting, releasing, delivering. Each asks one function of src/order, or
 * starts the command that does; nothing is decided here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "order/2_authenticate/authenticate.h"
#include "order/3_judge/judgement.h"
#include "order/6_release/release.h"
#include "order/8_notify/notify.h"
#include "order/reading.h"
#include "web/desk/order_page.h"
#include "web/desk/step.h"
#include "web/work.h"

static bool is_post(const struct visit *v)
{
	return v->r->method == WEB_POST;
}

static enum err to_order(struct visit *v)
{
	TRY(step_done(v));
	return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
}

/* ---- the sender ---- */

static enum err authenticate(struct visit *v)
{
	struct json *signs = json_list(v->c);
	struct authentication a = { .by = typed(v, "by"), .over = typed(v, "over"),
				    .found = typed(v, "found"), .agency = typed(v, "agency") };
	struct span sign;
	size_t at = 0;

	while (web_next(v->typed, "sign", &at, &sign))
		json_add(v->c, signs, json_text(v->c, sign));
	a.signs = signs->first ? signs : NULL;
	TRY(step_check(v));
	return order_authenticate(v->c, &v->s, &v->order, &a);
}

enum err authenticate_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;

	if (is_post(v)) {
		enum err e = authenticate(v);

		if (e == ERR_OK)
			return to_order(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_authenticate(w), word_authenticate_says(w), word_authenticate_do(w));
	step_radios(&s, "by", word_authenticate_by(w), SPAN_NONE);
	step_choice(&s, SPAN("callback"), word_by_callback(w), word_by_callback_hint(w), true);
	step_choice(&s, SPAN("certificate"), word_by_certificate(w), SPAN_NONE, false);
	step_choice(&s, SPAN("official-channel"), word_by_channel(w), SPAN_NONE, false);
	step_choice(&s, SPAN("domain"), word_by_domain(w), word_by_domain_hint(w), false);
	step_choice(&s, SPAN("none"), word_by_none(w), SPAN_NONE, false);
	step_input(&s, "over", word_fact_over(w), word_over_hint(w));
	step_input(&s, "found", word_fact_found(w), word_found_hint(w));
	step_input(&s, "agency", word_agency_id(w), word_agency_hint(w));
	step_checks(&s, "sign", word_signs(w), SPAN_NONE);
	step_choice(&s, SPAN("LOOKALIKE_DOMAIN"), word_sign_domain(w), SPAN_NONE, false);
	step_choice(&s, SPAN("REFUSES_CALL_BACK"), word_sign_refuses(w), SPAN_NONE, false);
	step_choice(&s, SPAN("ALTERED_DOCUMENT"), word_sign_altered(w), SPAN_NONE, false);
	step_choice(&s, SPAN("REUSED_DOCUMENT"), word_sign_reused(w), SPAN_NONE, false);
	step_choice(&s, SPAN("WRONG_STATUTE_FOR_ISSUER"), word_sign_statute(w), SPAN_NONE, false);
	step_choice(&s, SPAN("UNKNOWN_JUDGE"), word_sign_judge(w), SPAN_NONE, false);
	step_choice(&s, SPAN("ODD_HOUR"), word_sign_hour(w), SPAN_NONE, false);
	return step_show(&s);
}

/* ---- the rule packs ---- */

static enum err judge(struct visit *v)
{
	struct span page;

	TRY(step_check(v));
	return judgement_make(v->c, &v->s, &v->order, &page);
}

enum err judge_step(struct visit *v)
{
	struct step s;

	if (is_post(v)) {
		enum err e = judge(v);

		if (e == ERR_OK)
			return to_order(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_judge(v->base), word_judge_says(v->base), word_judge_do(v->base));
	return step_show(&s);
}

/* ---- notice and secrecy ---- */

static enum err notice(struct visit *v)
{
	bool sent = span_is(typed(v, "decision"), "sent");

	TRY(step_check(v));
	if (!sent && !span_is(typed(v, "decision"), "withheld"))
		FAIL(v->c, ERR_USAGE, "say whether the customer is told");
	return order_notice(v->c, &v->s, &v->order, sent, typed(v, "because"));
}

static const char *const becauses[] = {
#define X(code, words) code,
#include "order/8_notify/notice.def"
#undef X
};

enum err notice_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;

	if (is_post(v)) {
		enum err e = notice(v);

		if (e == ERR_OK)
			return to_order(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_notice(w), word_notice_says(w), word_notice_do(w));
	step_radios(&s, "decision", word_notice_decision(w), SPAN_NONE);
	step_choice(&s, SPAN("sent"), word_notice_sent(w), SPAN_NONE, !v->order.gag);
	step_choice(&s, SPAN("withheld"), word_notice_withheld(w), SPAN_NONE, v->order.gag != NULL);
	step_radios(&s, "because", word_notice_because(w), word_notice_because_hint(w));
	for (size_t i = 0; i < COUNT_OF(becauses); i++)
		step_choice(&s, span_str(becauses[i]),
			    span_str(notice_because_words(span_str(becauses[i]))), SPAN_NONE,
			    i == 0 && v->order.gag);
	return step_show(&s);
}

static enum err secrecy(struct visit *v)
{
	TRY(step_check(v));
	if (!typed(v, "basis").n)
		FAIL(v->c, ERR_USAGE, "say by which order or statute it is to be kept secret");
	return order_gag(v->c, &v->s, &v->order, typed(v, "basis"), typed(v, "until"));
}

enum err secrecy_step(struct visit *v)
{
	static const struct step_take into[] = {
		{ "provision", "basis" }, { "date", "until" }, { NULL, NULL },
	};
	const struct page_base *w = v->base;
	struct step s;

	if (is_post(v) && !step_takes(v)) {
		enum err e = secrecy(v);

		if (e == ERR_OK)
			return to_order(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_secrecy(w), word_secrecy_says(w), word_secrecy_do(w));
	step_input(&s, "basis", word_secrecy_basis(w), word_secrecy_basis_hint(w));
	step_input(&s, "until", word_secrecy_until(w), word_secrecy_until_hint(w));
	step_paper(&s, into);
	return step_show(&s);
}

/* ---- release ---- */

static enum err release(struct visit *v)
{
	enum err e;

	TRY(step_check(v));
	e = order_release(v->c, &v->s, &v->order);
	if (e != ERR_DEGRADED)
		return e;
	err_clear(v->c);        /* released; the timestamp is asked for again by 'deliver' */
	return ERR_OK;
}

enum err release_step(struct visit *v)
{
	struct step s;

	if (is_post(v)) {
		enum err e = release(v);

		if (e == ERR_OK)
			return to_order(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_release(v->base), word_release_says(v->base),
		   word_release_do(v->base));
	return step_show(&s);
}

/* ---- what takes longer: the command itself, as this person, in a process of its own ---- */

struct work_of {
	const char *name;               /* in the address and the name of the file */
	enum act_kind done;             /* the act by which one knows that it is done */
};

static int64_t last_of(const struct order *o, enum act_kind kind)
{
	int64_t seq = 0;

	JSON_EACH(act, o->acts)
		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(kind)))
			seq = json_opt_int(act, "seq", 0);
	return seq;
}

static enum err start(struct visit *v, struct span name, const char *const *words, const char *more,
		      const char *value)
{
	char *program, *ref, *who;
	const char *argv[16] = { NULL };
	size_t n = 0;

	TRY(home_program(v->c, "writ", &program));
	TRY(span_cstr(v->c, v->order.ref, &ref));
	TRY(span_cstr(v->c, v->s.actor, &who));
	argv[n++] = program;
	for (; *words; words++)
		argv[n++] = *words;
	argv[n++] = ref;
	if (more) {
		argv[n++] = more;
		if (value)
			argv[n++] = value;
	}
	argv[n++] = "--as";
	argv[n++] = who;
	argv[n++] = "--home";
	argv[n++] = v->s.home.dir;
	return work_start(v->c, &v->s.home, name, argv);
}

static enum err show_work(struct visit *v, struct span name, struct span title, struct span button,
			  bool done)
{
	struct page_work page = { .view = v->view, .reference = v->order.ref, .title = title,
				  .again_path = v->r->path, .again_button = button,
				  .seq = v->order.last_seq };
	struct order_steps next;
	enum work state;
	struct buf b;

	TRY(work_look(v->c, &v->s.home, name, &state, &page.said));
	page.runs = state == WORK_RUNS;
	page.failed = !page.runs && !done;
	if (page.runs)
		v->a->refresh_s = 2;
	TRY(order_steps(v, &next));
	if (!page.runs && !page.failed) {
		page.steps = next.turn;
		page.steps_n = next.turn_n;
	}
	visit_buf(v, &b);
	TRY(page_work(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

/* A form that starts it; a page that says how it goes, with the act in its address from which on
 * the end counts. */
static enum err long_step(struct visit *v, const char *what, struct span title, struct span says,
			  struct span button, enum act_kind done, const char *const *words,
			  const char *more, const char *value)
{
	int64_t since;
	struct span name;
	struct step s;

	TRY(span_fmt(v->c, &name, "%.*s.%s", SPAN_ARG(v->order.ref), what));
	if (is_post(v)) {
		enum err e = step_check(v);

		if (e == ERR_OK)
			e = start(v, name, words, more, value);
		if (e == ERR_OK)
			return answer_see(v->r, v->a, "/order/%.*s/%s?since=%lld",
					  SPAN_ARG(v->order.ref), what,
					  (long long)v->order.last_seq);
		TRY(step_failed(v, e));
	} else if (span_to_i64(web_value(v->r->query, "since"), &since)) {
		return show_work(v, name, title, button, last_of(&v->order, done) > since);
	}
	step_begin(v, &s, title, says, button);
	return step_show(&s);
}

enum err count_step(struct visit *v)
{
	static const char *const words[] = { "scope", NULL };
	const struct page_base *w = v->base;

	return long_step(v, "count", word_count(w), word_count_says(w), word_count_do(w),
			 ACT_COUNTED, words, NULL, NULL);
}

enum err collect_step(struct visit *v)
{
	static const char *const words[] = { "collect", NULL };
	const struct page_base *w = v->base;
	bool again = v->order.state == ORDER_COLLECTING || v->order.collected;

	return long_step(v, "collect", word_collect(w), word_collect_says(w), word_collect_do(w),
			 ACT_COLLECTED, words, again ? "--again" : NULL, NULL);
}

/* Reading changes nothing of the order, so no act says that it is done: the reading does. */
static enum err all_read(struct visit *v, bool *out)
{
	const struct json *told;
	struct sha256 hash;

	*out = true;
	JSON_EACH(paper, json_get(v->order.received, "papers")) {
		TRY(json_need_hex(v->c, paper, "sha256", hash.b, sizeof hash.b));
		TRY(reading_told(v->c, &v->s, &hash, &told));
		*out = *out && told;
	}
	return ERR_OK;
}

static enum err read_name(struct visit *v, struct span *out)
{
	return span_fmt(v->c, out, "%.*s.read", SPAN_ARG(v->order.ref));
}

enum err read_begin(struct visit *v)
{
	static const char *const words[] = { "paper", "read", NULL };
	struct span name;

	TRY(read_name(v, &name));
	return start(v, name, words, NULL, NULL);
}

/* What was read is written out next, where the paper came alone. */
static const char *after_reading(const struct visit *v)
{
	return v->order.from_paper && !v->order.transcribed &&
	       permit_has(PERMIT_TRANSCRIBE, v->roles) ? "/transcribe" : "";
}

enum err read_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct span name, said;
	enum work state;
	struct step s;
	bool done;

	TRY(read_name(v, &name));
	TRY(all_read(v, &done));
	if (is_post(v)) {
		if (!done)
			TRY(read_begin(v));
		return answer_see(v->r, v->a, "/order/%.*s/read", SPAN_ARG(v->order.ref));
	}
	TRY(work_look(v->c, &v->s.home, name, &state, &said));
	if (done && state != WORK_RUNS)
		return answer_see(v->r, v->a, "/order/%.*s%s", SPAN_ARG(v->order.ref),
				  after_reading(v));
	if (state != WORK_NONE)
		return show_work(v, name, word_paper_read(w), word_paper_read_do(w), done);
	step_begin(v, &s, word_paper_read(w), word_paper_read_says(w), word_paper_read_do(w));
	return step_show(&s);
}

enum err deliver_step(struct visit *v)
{
	static const char *const first[] = { "deliver", NULL }, *const again[] = { "deliver",
									"--resume", NULL };
	const struct page_base *w = v->base;
	char *path, *folder;

	TRY(path_fmt(v->c, &folder, "%s/work", v->s.home.run));
	TRY(dir_make(v->c, folder, 0700));
	TRY(delivered_path(v->c, &v->s.home, v->order.ref, &path));
	return long_step(v, "deliver", word_deliver(w), word_deliver_says(w), word_deliver_do(w),
			 ACT_DELIVERED, file_exists(path) ? again : first, "--out", path);
}

/* The delivered file as it was written, in ranges and resumable. */
enum err download_page(struct visit *v)
{
	struct span name, tag;
	char *path;
	int fd;

	TRY(delivered_path(v->c, &v->s.home, v->order.ref, &path));
	if (!v->order.delivered || !file_exists(path)) {
		err_next(v->c, "deliver it here first");
		FAIL(v->c, ERR_NOT_FOUND, "the delivered file is not here");
	}
	TRY(span_fmt(v->c, &name, "%.*s.writ.tar", SPAN_ARG(v->order.ref)));
	TRY(sha256_hex(v->c, json_opt_text(v->order.released, "release", name), &tag));
	TRY(file_open(v->c, path, 0, 0, &fd));
	return answer_file(v->r, v->a, fd, "application/x-tar", tag, name);
}
