/*
 * The fetch job: exactly the scope of one ticket, from the stores into one encrypted file, and the
 * seal's receipt for it. It takes scope and key from the ticket, never from writ alone, and gives
 * a whole package or none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/halves.h"
#include "connect/select.h"
#include "hand/job.h"
#include "hand/pack.h"
#include "hand/seal_client.h"
#include "hand/ticket.h"

struct talk {
	struct ctx *c;
	int writ;
	bool gone;              /* nobody listens any more */
};

static void tell_progress(void *of, const struct pack_progress *p)
{
	struct talk *t = of;
	char text[256];
	int n = snprintf(text, sizeof text,
			 "{\"progress\":{\"bytes\":%lld,\"done_bytes\":%lld,"
			 "\"done_items\":%lld,\"items\":%lld}}",
			 (long long)p->bytes, (long long)p->done_bytes, (long long)p->done_items,
			 (long long)p->items);

	if (t->gone || n < 0 || t->c->code != ERR_OK)
		return;
	if (ipc_send(t->c, t->writ, span_of(text, (size_t)n), NULL, 0) != ERR_OK) {
		t->gone = true;
		err_clear(t->c);
	}
}

/* What was signed can be collected, or nothing is: an account or store that is missing must be
 * decided by people. What the store does not hold was never in it (doc/protocol.md 8). */
static enum err check_sources(struct ctx *c, const struct opened *o)
{
	for (size_t i = 0; i < o->source_count; i++) {
		const struct source *s = o->source[i];

		if (s->problem.n && s->held)
			FAIL(c, ERR_NOT_FOUND, "line %.*s, store %.*s: %.*s", SPAN_ARG(s->line->id),
			     SPAN_ARG(s->store->name), SPAN_ARG(s->problem));
	}
	return ERR_OK;
}

static enum err check_vault(struct ctx *c, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		FAIL(c, ERR_FORMAT, "the vault file is not an empty regular file");
	return ERR_OK;
}

/* Names of a store need not be UTF-8; they are told as items.jsonl tells them. */
static struct json *name_json(struct ctx *c, struct span name)
{
	struct span text = SPAN_NONE;

	return name_text(c, name, &text) == ERR_OK ? json_text(c, text) : NULL;
}

static struct json *unreadable_json(struct ctx *c, const struct unreadables *all)
{
	struct json *list = json_list(c);

	for (const struct unreadable *u = all->first; u; u = u->next) {
		struct json *o = json_object(c);

		json_set(c, o, "store", name_json(c, u->store));
		json_set(c, o, "account", name_json(c, u->account));
		json_set(c, o, "folder", name_json(c, u->folder));
		json_set(c, o, "source_id", name_json(c, u->source_id));
		json_set(c, o, "why", name_json(c, u->why));
		json_add(c, list, o);
	}
	return list;
}

static enum err collect(struct ctx *c, struct job *job, const struct ticket *t,
			const struct opened *o, int seal, struct belt *belt)
{
	struct talk talk = { c, job->writ, false };
	struct pack_job what = { .order = t->order,
				 .lines = &o->lines,
				 .sources = o->source,
				 .source_count = o->source_count,
				 .of = &talk,
				 .progress = tell_progress };
	struct pack_counts counts = { .line_count = 0 };
	struct pack_result result = { .payload_bytes = 0 };
	struct span receipt, receipt_seal;
	struct pack *pack;
	enum err e;

	TRY(pack_plan(c, &what, &pack, &counts));
	e = pack_write(c, pack, t->made_at_utc, &t->recipient, belt, &result);
	if (e == ERR_DEGRADED)
		json_set(c, job->answer, "unreadable",
			 unreadable_json(c, &result.counts.unreadable));
	TRY(e);
	/* Once more, whatever the pipeline told: a receipt is for a file that somebody waits for.
	 */
	tell_progress(&talk, &(struct pack_progress){ .done_items = result.counts.items,
						      .items = result.counts.items,
						      .done_bytes = result.counts.bytes,
						      .bytes = result.counts.bytes });
	if (talk.gone)
		FAIL(c, ERR_NOT_FOUND, "writ has gone: the file is nobody's and gets no receipt");
	TRY(seal_receipt(c, seal, t, &result, &receipt, &receipt_seal));
	json_set_text(c, job->answer, "receipt", receipt);
	json_set_text(c, job->answer, "receipt_seal", receipt_seal);
	return ERR_OK;
}

/* The vault file and the threads that write it; the one that helps to look at the mailbox. */
struct writing {
	struct belt *belt;
	struct halves *halves;
	int fd;
};

static enum err writing_start(struct ctx *c, void *of)
{
	struct writing *w = of;

	TRY(halves_open(c, &w->halves));
	return belt_open(c, w->fd, &w->belt);
}

static void writing_end(struct writing *w)
{
	belt_close(&w->belt);
	halves_close(&w->halves);
}

enum err job_fetch(struct ctx *c, struct job *job)
{
	__attribute__((cleanup(writing_end))) struct writing writing = { .fd = job->msg->fd[0] };
	OPENED_SCOPED struct opened open = { .source_count = 0 };
	struct ticket ticket = { .scope = NULL };
	FD_SCOPED int seal = -1;
	struct home home;

	TRY(home_find(c, job->home_dir, &home));
	TRY(ticket_check(c, &home, job->ask, "collect", &ticket));
	TRY(check_vault(c, job->msg->fd[0]));
	TRY(opened_make(c, &home, &ticket, &open));
	TRY(check_sources(c, &open));
	TRY(seal_connect(c, &home, &seal));
	struct cage cage = { .profile = CAGE_FETCH,
			     .answer = job->writ,
			     .seal = seal,
			     .in = -1,
			     .out = writing.fd,
			     .below = open.below,
			     .below_count = open.below_count,
			     .landlock_may_lack = open.no_landlock_accepted,
			     .threads = writing_start,
			     .of = &writing };
	TRY(job_close_cage(c, job, &cage));
	c->halves = writing.halves;
	return collect(c, job, &ticket, &open, seal, writing.belt);
}
