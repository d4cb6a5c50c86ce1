/*
 * The public page: the log's checkpoint, the keys by which everything of this provider is checked,
 * and what writ never does. It tells nothing of any order, not even how many there are.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log/log.h"
#include "web/desk/desk.h"
#include "web/pages.h"

/* Only a log that is closed every ten seconds may be published (doc/protocol.md section 9): another
 * one tells when something happened. */
static enum err public_checkpoint(struct visit *v, struct span *note_out)
{
	const struct json *founded;
	struct checkpoint cp;
	struct log l;
	enum err e;

	*note_out = SPAN_NONE;
	TRY(home_last(v->c, &v->s, "founded", &founded));
	if (!span_is(json_opt_text(founded, "ticks", SPAN_NONE), "10s"))
		return ERR_OK;
	TRY(order_log(v->c, &v->s, &l));
	e = log_checkpoint(v->c, &l, &cp, note_out);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(v->c);
	return ERR_OK;
}

enum err start_page(struct visit *v)
{
	const struct json *state;
	struct page_start page = { .checkpoint = SPAN_NONE };
	struct json *founding;
	struct span text;
	struct buf b;

	TRY(seal_state(v->c, &v->s, false, &state));
	TRY(public_checkpoint(v, &page.checkpoint));
	page.log_key = json_opt_text(json_get(state, "log"), "vkey", SPAN_NONE);
	page.document_key = json_opt_text(state, "document_key", SPAN_NONE);
	page.certificate = json_opt_text(state, "certificate_sha256", SPAN_NONE);
	text = json_opt_text(state, "founding", SPAN_NONE);
	TRY(sha256_hex(v->c, text, &page.founding));
	TRY(json_parse(v->c, text, &founding));
	/* These keys are the founding document's, so they are as old as it is; its day alone. */
	page.since = span_cut(json_opt_text(founding, "made_at", SPAN_NONE), 0, 10);
	page.view = v->view;
	visit_buf(v, &b);
	TRY(page_start(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}
