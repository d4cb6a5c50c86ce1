/*
 * The home's log: its key as the founding document pins it, its conversation with the seal, and
 * the tick that every writing command closes where the ticks are on demand.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log/log.h"
#include "order/order.h"

static enum err ask(struct ctx *c, void *of, struct json *request, struct span place, int fd,
		    struct ipc_msg *msg_out, const struct json **answer_out)
{
	return seal_ask_fds(c, of, request, place, &fd, fd >= 0 ? 1 : 0, msg_out, answer_out);
}

enum err order_log(struct ctx *c, struct session *s, struct log *out)
{
	const struct json *founded;
	struct note_key *key;
	struct json *document;
	struct span text, vkey;

	/* From the home's own first act, not from the seal of the moment: the key is pinned. */
	TRY(home_last(c, s, "founded", &founded));
	if (!founded)
		FAIL(c, ERR_STATE, "this home has not been founded; 'writ init' does it");
	TRY(json_need_text(c, founded, "document", &text));
	TRY(json_parse(c, text, &document));
	TRY(json_need_text(c, document, "log_vkey", &vkey));
	TRY(NEW(c, key));
	TRY(note_key_parse(c, vkey, key));
	*out = (struct log){
		.dir = s->home.log, .store = s->store, .key = key, .seal = { .of = s, .ask = ask }
	};
	return ERR_OK;
}

enum err order_close_tick(struct ctx *c, struct session *s)
{
	const struct json *founded;
	struct log_tick tick;
	struct log l;

	TRY(home_last(c, s, "founded", &founded));
	if (!span_is(json_opt_text(founded, "ticks", SPAN("on-demand")), "on-demand"))
		return ERR_OK;
	if (order_log(c, s, &l) == ERR_OK && log_tick(c, &l, &tick) == ERR_OK)
		return ERR_OK;
	/* The work itself is done: the answer is 'degraded', and the next tick takes it. */
	c->code = ERR_OK;
	err_note(c, "done, but not yet in the log");
	err_next(c, "'writ tick' closes the tick; 'writ doctor' says what is wrong");
	c->code = ERR_DEGRADED;
	return ERR_DEGRADED;
}
