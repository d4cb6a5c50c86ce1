/*
 * One request and its answer. See exchange.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/exchange.h"

#include <string.h>
#include <unistd.h>

#include "web/access.h"
#include "web/form.h"
#include "web/reply.h"
#include "web/route.h"

static struct metrics_slot *numbers_of(const struct exchange *x)
{
	return &x->config->metrics->slots[x->config->process];
}

/* The name of a request in the log and on a page of trouble: random, so that it tells nothing of
 * others; taken from the machine for many at a time. */
static bool draw_id(const struct seam *seam, unsigned char out[8])
{
	static unsigned char drawn[512];
	static size_t left;

	if (left == 0) {
		if (seam->random(drawn, sizeof drawn) != 0)
			return false;
		left = sizeof drawn;
	}
	left -= 8;
	memcpy(out, drawn + left, 8);
	return true;
}

struct exchange *exchange_open(const struct server_config *config, const struct seam *seam,
			       const char *target)
{
	unsigned char id[8];
	struct exchange *x;
	struct ctx c;

	if (ctx_begin(&c, WEB_REQUEST_BYTES) != ERR_OK)
		return NULL;
	x = arena_take(c.arena, sizeof *x);
	if (!x || !draw_id(seam, id) ||
	    hex_encode(&c, span_of(id, sizeof id), &x->r.id) != ERR_OK ||
	    span_copy(&c, span_str(target), &x->target) != ERR_OK) {
		ctx_end(&c);
		return NULL;
	}
	x->c = c;
	x->config = config;
	x->a.fd = -1;
	x->begun_ms = seam->mono_ms();
	x->r.c = &x->c;
	x->r.site = config->site;
	x->r.home = config->home;
	x->r.server = config;
	x->r.now_ms = seam->now_ms();
	x->r.origin = config->origin;
	x->r.target = x->target;
	numbers_of(x)->requests_open++;
	return x;
}

static size_t route_index(const struct exchange *x)
{
	return x->r.route ? (size_t)(x->r.route - x->config->site->routes) : METRICS_ROUTES_MAX;
}

void exchange_close(struct exchange *x, const char *ended)
{
	int64_t took_ms = x->c.seam->mono_ms() - x->begun_ms;
	const char *method = x->found.method == WEB_POST ? "POST" : "GET";
	struct metrics_slot *numbers = numbers_of(x);
	struct access line = { .id = x->r.id,
			       .remote = x->r.remote,
			       .route = x->r.route ? x->r.route->name : NULL,
			       .method = x->found.head_only ? "HEAD" : method,
			       .status = x->status,
			       .at_ms = x->r.now_ms,
			       .took_ms = took_ms,
			       .bytes_in = x->bytes_in,
			       .bytes_out = x->bytes_out,
			       .ended = ended,
			       .file = x->c.file,
			       .line = x->c.line };
	struct ctx c = x->c;

	access_write(&line);
	metrics_count(numbers, route_index(x), x->status, took_ms);
	numbers->bytes_in += (uint64_t)x->bytes_in;
	numbers->bytes_out += (uint64_t)x->bytes_out;
	metrics_less(&numbers->requests_open);
	if (x->config->site->end)
		x->config->site->end(&x->r);
	body_close(x->body);
	kept_answer_done(&x->a);
	if (x->a.fd >= 0)
		close(x->a.fd);
	ctx_end(&c);
}

void exchange_trouble(struct exchange *x, enum err e, unsigned status)
{
	const struct web_site *site = x->config->site;
	const char *next = x->c.next;

	kept_answer_done(&x->a);
	if (x->a.fd >= 0)
		close(x->a.fd);
	x->a = (struct answer){ .fd = -1, .status = status };
	if (site->trouble && site->trouble(&x->r, e, status, &x->a) == ERR_OK && x->a.status)
		return;
	x->a = (struct answer){ .fd = -1, .status = status };
	if (answer_text(&x->r, &x->a, status, "%u %s\n%s%s%s%s", status, reply_words(status),
			x->c.why, *x->c.why ? "\n" : "", next, *next ? "\n" : "") != ERR_OK)
		x->a.status = status;
}

enum err exchange_ask(struct exchange *x, unsigned *status_out)
{
	struct span segments[WEB_SEGMENTS_MAX], query;
	const struct web_site *site = x->config->site;
	struct request *r = &x->r;
	size_t count = 0;

	*status_out = 0;
	r->method = x->found.method;
	r->head = x->found.head_only;
	TRY(span_fmt(&x->c, &r->origin, "https://%.*s", SPAN_ARG(x->found.host)));
	if (!guard_path(&x->c, x->target, &r->path, &query, segments, &count)) {
		*status_out = 404;
		FAIL(&x->c, ERR_NOT_FOUND, "there is no such page");
	}
	r->route = route_find(site, r->method, segments, count, r->args, status_out);
	if (!r->route)
		FAIL(&x->c, ERR_NOT_FOUND, *status_out == 405 ? "this page takes no such request"
							       : "there is no such page");
	TRY(form_read(&x->c, query, &r->query));
	TRY(cookies_read(&x->c, web_header(r, "Cookie"), &r->cookies));
	if (r->route->door == DOOR_LOOPBACK && !r->remote_loopback)
		FAIL(&x->c, ERR_DENIED, "this is for the machine itself");
	if (x->found.body_bytes > r->route->body_max)
		FAIL(&x->c, ERR_LIMIT, "this takes at most %lld bytes",
		     (long long)r->route->body_max);
	if (r->route->door == DOOR_PERSON && !site->admit)
		FAIL(&x->c, ERR_DENIED, "nobody may enter here");
	return site->admit ? site->admit(r, &x->a) : ERR_OK;
}
