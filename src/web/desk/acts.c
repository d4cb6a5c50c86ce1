/*
 * Steps without a signature, once the sender is checked: the notice to the customer, secrecy,
 * collecting, reading, releasing, delivering. Each asks one function of src/order, or starts the
 * command that does; nothing is decided here. How the sender was checked: sender.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>

#include "base/file.h"
#include "order/6_release/release.h"
#include "order/8_notify/notify.h"
#include "order/reading.h"
#include "order/vault.h"
#include "web/desk/order_page.h"
#include "web/desk/step.h"
#include "order/work.h"

/* ---- notice and secrecy ---- */

static enum err notice(struct visit *v)
{
	struct span decision = typed(v, "decision");

	TRY(step_check(v));
	if (span_is(decision, "sent"))
		return order_notice(v->c, &v->s, &v->order, true, SPAN_NONE);
	if (!notice_because_words(decision)) {
		err_next(v->c, "choose one of the reasons above");
		FAIL(v->c, ERR_USAGE, "say whether the customer is told, and if not, why not");
	}
	return order_notice(v->c, &v->s, &v->order, false, decision);
}

static const char *const becauses[] = {
#define X(code, words) code,
#include "order/8_notify/notice.def"
#undef X
};

void notice_fields(struct step *s)
{
	const struct page_base *w = s->v->base;

	step_radios(s, "decision", word_notice_decision(w), SPAN_NONE);
	step_choice(s, SPAN("sent"), word_notice_sent(w), SPAN_NONE, false);
	for (size_t i = 0; i < COUNT_OF(becauses); i++) {
		struct span code = span_str(becauses[i]), label = SPAN_NONE;

		if (s->e == ERR_OK)
			s->e = word_notice_withheld(s->v->c, w,
						    span_str(notice_because_words(code)), &label);
		step_choice(s, code, label, SPAN_NONE, false);
	}
}

enum err notice_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;

	if (is_post(v)) {
		enum err e = notice(v);

		if (e == ERR_OK)
			return approve_next(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_notice(w), word_notice_says(w), word_notice_do(w));
	notice_fields(&s);
	return step_show(&s);
}

static enum err secrecy(struct visit *v)
{
	TRY(step_check(v));
	if (!typed(v, "basis").n) {
		err_next(v->c, "its number or article stands on the paper");
		FAIL(v->c, ERR_USAGE, "say by which order or statute it is to be kept secret");
	}
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
			return step_to_order(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_secrecy(w), word_secrecy_says(w), word_secrecy_do(w));
	step_input(&s, "basis", word_secrecy_basis(w), word_secrecy_basis_hint(w));
	step_input(&s, "until", word_secrecy_until(w), word_secrecy_until_hint(w));
	step_paper(&s, into);
	return step_show(&s);
}

/* ---- what takes longer ---- */

/* Once released, only its timestamp may still be missing: the same command asks for it again. */
static enum err release_may(struct visit *v, bool unstamped)
{
	TRY(step_check(v));
	return unstamped ? ERR_OK : order_permit(v->c, &v->s, &v->order, ACT_RELEASED);
}

/* The authority that stamps it answers when it likes, so this takes longer. What cannot be released
 * now is said before anything is begun. */
enum err release_step(struct visit *v)
{
	static const char *const releases[] = { "release", NULL };
	const struct page_base *w = v->base;
	bool unstamped;
	enum err e;

	TRY(timestamp_is_due(v->c, &v->s, &v->order, &unstamped));
	if (unstamped)
		v->problem = word_release_unstamped(w);
	e = is_post(v) ? release_may(v, unstamped) : ERR_OK;
	if (e == ERR_OK)
		return long_step(v, "release", word_release(w), word_release_says(w),
				 word_release_do(w),
				 v->order.timestamped ? ACT_TIMESTAMPED : ACT_RELEASED, releases,
				 NULL, NULL);
	TRY(step_failed(v, e));
	return long_form(v, word_release(w), word_release_says(w), word_release_do(w));
}

static const char *const collects[] = { "collect", NULL };

static const char *again(const struct visit *v)
{
	return v->order.state == ORDER_COLLECTING || v->order.collected ? "--again" : NULL;
}

enum err collect_step(struct visit *v)
{
	const struct page_base *w = v->base;

	return long_step(v, "collect", word_collect(w), word_collect_says(w), word_collect_do(w),
			 ACT_COLLECTED, collects, again(v), NULL);
}

enum err collect_next(struct visit *v)
{
	enum err e;

	TRY(step_done(v));
	if (v->order.state != ORDER_DECIDED || !permit_has(PERMIT_COLLECT, v->roles))
		return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
	e = long_begin(v, "collect", collects, again(v), NULL);
	if (e == ERR_OK)
		return ERR_OK;
	TRY(step_failed(v, e));         /* decided all the same: the order says what is next */
	return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
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

static const char *const reads[] = { "paper", "read", NULL };

enum err read_begin(struct visit *v)
{
	return work_order(v->c, &v->s, v->order.ref, "read", reads, NULL, NULL);
}

/* Every paper once more: what stands of each stays until the new reading is whole. */
static enum err read_again(struct visit *v)
{
	int64_t since = reading_last_ns(v->desk->reading);

	TRY(work_order(v->c, &v->s, v->order.ref, "read", reads, "--again", NULL));
	return answer_see(v->r, v->a, "/order/%.*s/read?since=%lld", SPAN_ARG(v->order.ref),
			  (long long)since);
}

static enum err all_read_since(struct visit *v, int64_t since, bool *out)
{
	struct sha256 hash;
	int64_t at;

	*out = true;
	JSON_EACH(paper, json_get(v->order.received, "papers")) {
		TRY(json_need_hex(v->c, paper, "sha256", hash.b, sizeof hash.b));
		TRY(reading_at(v->c, &v->s, &hash, &at));
		*out = *out && at > since;
	}
	return ERR_OK;
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
	int64_t since;
	struct step s;
	bool done;

	TRY(read_name(v, &name));
	if (is_post(v) && typed(v, "again").n)
		return read_again(v);
	if (!is_post(v) && span_to_i64(web_value(v->r->query, "since"), &since)) {
		TRY(all_read_since(v, since, &done));
		return long_show(v, name, word_paper_read(w), word_paper_read_do(w), done);
	}
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
		return long_show(v, name, word_paper_read(w), word_paper_read_do(w), done);
	step_begin(v, &s, word_paper_read(w), word_paper_read_says(w), word_paper_read_do(w));
	return step_show(&s);
}

enum err deliver_step(struct visit *v)
{
	static const char *const first[] = { "deliver", NULL }, *const again[] = { "deliver",
									"--resume", NULL };
	const struct page_base *w = v->base;
	char *path;

	TRY(dir_make(v->c, v->s.home.delivered, 0700));
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
	TRY(file_open(v->c, path, O_RDONLY, 0, &fd));
	return answer_file(v->r, v->a, fd, "application/x-tar", tag, name);
}
