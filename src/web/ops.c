/*
 * What those ask who run the service: is it alive, what has it done. Neither says anything of an
 * order or a person.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/server.h"
#include "web/site.h"

#define METRICS_TEXT_MAX ((size_t)1 << 20)

enum err ops_health(struct request *r, struct answer *a)
{
	return answer_text(r, a, 200, "ok\n");
}

enum err ops_metrics(struct request *r, struct answer *a)
{
	const struct server_config *server = r->server;
	const char **names;
	struct buf b;

	TRY(NEW_ARRAY(r->c, names, r->site->route_count));
	for (size_t i = 0; i < r->site->route_count; i++)
		names[i] = r->site->routes[i].name;
	buf_begin(&b, r->c, METRICS_TEXT_MAX);
	metrics_write(&b, server->metrics, server->processes, names, r->site->route_count);
	TRY(buf_done(r->c, &b, &a->body));
	a->status = 200;
	a->type = SPAN("text/plain; version=0.0.4; charset=utf-8");
	return ERR_OK;
}
