/*
 * libmicrohttpd behind server.h: the one file that knows it. It hands heads to the guard, bodies to
 * body.c and answers to reply.c; it decides nothing of what they are about. Its settings are those
 * without which the library lets requests be smuggled, sends no session tickets, or believes any
 * client certificate (ARCHITECTURE.md section 8).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <microhttpd.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ipc.h"
#include "base/num.h"
#include "web/access.h"
#include "web/exchange.h"
#include "web/listen.h"
#include "web/reply.h"
#include "web/server.h"
#include "web/signals.h"

#define POOL_BYTES ((size_t)16 << 10)   /* of one connection: its head has to fit */
#define CORKED_MAX 1400                 /* a shorter answer the library corks, and the next ones */
#define HELD_MAX 14000                  /* with a head it fits in one record of TLS */
#define DRAIN_MAX                                                                                  \
	(INT64_C(8) << 20) /* a refused body up to here is read: a browser that still              \
			    * sends would else show a broken connection, not the page */

struct server;

struct connection {
	struct connection *next_free;
	struct exchange *exchange;      /* under way, or NULL */
	int fd;
	void *tls;                      /* the library's session */
	bool open;
	bool held;                      /* an answer waits for room in its socket */
	bool corked;                    /* the library may have set TCP_CORK */
	int64_t since_ms;               /* it waits for a head since then */
};

struct server {
	const struct server_config *config;
	struct MHD_Daemon *daemon;
	struct metrics_slot *numbers;
	struct connection *connections, *free;
	size_t held;                    /* connections */
	struct ctx *c;
	int64_t stop_at_ms;             /* 0: it serves */
};

static void cut(struct server *s, struct connection *connection)
{
	if (connection->fd >= 0)
		shutdown(connection->fd, SHUT_RDWR);
	connection->fd = -1;    /* once is enough; the library closes it */
	s->numbers->cut++;
}

/* ---- answering ---- */

static struct connection *connection_of(struct MHD_Connection *mc)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* whole: its body is in memory. A short one goes with its head, in one record. */
static enum MHD_Result queue(struct exchange *x, struct MHD_Connection *mc,
			     struct MHD_Response *response, unsigned status, bool whole)
{
	enum MHD_Result result = response ? MHD_queue_response(mc, status, response) : MHD_NO;
	struct connection *connection = connection_of(mc);

	x->queued = result == MHD_YES;
	x->status = status;
	if (!connection || !connection->tls)
		return result;
	if (x->queued && whole && x->bytes_out <= HELD_MAX)
		tls_hold(connection->tls);
	if (!whole || x->bytes_out < CORKED_MAX)
		connection->corked = true;
	return result;
}

/* NULL where it cannot be made. */
static struct MHD_Response *with_headers(struct MHD_Response *response, const struct reply *reply)
{
	bool added = response != NULL;

	for (size_t i = 0; added && i < reply->count; i++)
		added = MHD_add_response_header(response, reply->names[i], reply->values[i]) ==
			MHD_YES;
	if (response && !added)
		MHD_destroy_response(response);
	return added ? response : NULL;
}

/* The library sends it no more. Where it could not be made at all it is still its keeper's. */
static void kept_unsent(void *of)
{
	struct kept_answer *k = of;

	if (k->made)
		arena_close(k->own);
}

static void kept_end(struct kept_answer *k)
{
	if (k->made)
		MHD_destroy_response(k->made);
	else
		arena_close(k->own);
}

void kept_answer_done(struct answer *a)
{
	struct kept_answer *k = a->kept;

	a->kept = NULL;
	if (k && --k->users == 0 && k->forgotten)
		kept_end(k);
}

void kept_answer_forget(struct kept_answer *k)
{
	k->forgotten = true;
	if (k->users == 0)
		kept_end(k);
}

/* Makes once what is sent each time; it owns the arena from then on. */
static struct MHD_Response *kept_make(struct exchange *x, struct kept_answer *k)
{
	struct reply reply;

	if (k->made || reply_make(&x->r, &x->a, false, &reply) != ERR_OK)
		return k->made;
	k->made = with_headers(MHD_create_response_from_buffer_with_free_callback_cls(
				       k->body.n, (void *)(uintptr_t)k->body.p, kept_unsent, k),
			       &reply);
	return k->made;
}

/* Hands the answer over. Its body lives in the exchange, which ends after it was sent. */
static enum MHD_Result send_answer(struct exchange *x, struct MHD_Connection *mc, bool closing)
{
	struct MHD_Response *response;
	struct reply reply;
	enum MHD_Result result;

	if (x->a.kept && !closing && !x->stopping && kept_make(x, x->a.kept)) {
		x->bytes_out = x->found.head_only ? 0 : (int64_t)x->a.body.n;
		return queue(x, mc, x->a.kept->made, x->a.status, true);
	}
	if (reply_make(&x->r, &x->a, closing || x->stopping, &reply) != ERR_OK) {
		exchange_trouble(x, ERR_FAILED, 500);
		if (reply_make(&x->r, &x->a, true, &reply) != ERR_OK)
			return MHD_NO;
	}
	if (reply.fd >= 0) {
		response = MHD_create_response_from_fd_at_offset64((uint64_t)reply.bytes, reply.fd,
								   (uint64_t)reply.from);
		if (response)
			x->a.fd = -1;   /* the response closes it */
		x->bytes_out = reply.bytes;
	} else {
		response = MHD_create_response_from_buffer(reply.body.n,
							   (void *)(uintptr_t)reply.body.p,
							   MHD_RESPMEM_PERSISTENT);
		x->bytes_out = (int64_t)reply.body.n;
	}
	if (x->found.head_only)
		x->bytes_out = 0;
	response = with_headers(response, &reply);
	result = queue(x, mc, response, reply.status, reply.fd < 0 && !closing && !x->stopping);
	if (response)
		MHD_destroy_response(response);
	return result;
}

/* A refusal before the body: at once where much is to come or nothing is under way yet. */
static enum MHD_Result refuse(struct exchange *x, struct MHD_Connection *mc, bool closing)
{
	x->refused = true;
	if (closing || x->found.body_bytes > DRAIN_MAX ||
	    (x->found.expects && x->found.body_bytes > 0))
		return send_answer(x, mc, true);
	return MHD_YES;
}

static enum MHD_Result refuse_for(struct exchange *x, struct MHD_Connection *mc, enum err e,
				  unsigned status, bool closing)
{
	exchange_trouble(x, e, status);
	return refuse(x, mc, closing);
}

/* ---- the head ---- */

struct collected {
	struct exchange *x;
	struct web_field *fields;
	size_t n;
	const char *at;         /* where the next name must stand */
	bool exact, failed;
};

/*
 * The library cuts its read buffer at CR LF and at a bare LF alike and joins folded lines
 * elsewhere, and tells neither. But it keeps the order and changes no byte's place: so each name
 * stands two bytes behind the value before it, or the line did not end in one CR LF.
 */
static enum MHD_Result collect(void *of, enum MHD_ValueKind kind, const char *name, size_t name_n,
			       const char *value, size_t value_n)
{
	struct collected *k = of;
	struct span n = SPAN_NONE, v = SPAN_NONE;

	(void)kind;
	if (!value)
		value_n = 0;
	k->exact = k->exact && name == k->at && value && value >= name + name_n + 1;
	k->at = value ? value + value_n + 2 : NULL;
	if (k->n == WEB_HEADERS_MAX + 1)
		return MHD_YES;
	if (span_copy(&k->x->c, span_of(name, name_n), &n) != ERR_OK ||
	    span_copy(&k->x->c, span_trim(span_of(value, value_n)), &v) != ERR_OK) {
		k->failed = true;
		return MHD_NO;
	}
	k->fields[k->n++] = (struct web_field){ n, v };
	return MHD_YES;
}

static enum err read_head(struct exchange *x, struct MHD_Connection *mc, const char *method,
			  const char *version, struct guard_head *out)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(mc, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	size_t method_n = strlen(method), version_n = strlen(version);
	struct collected k = { .x = x, .at = version + version_n + 2 };

	TRY(NEW_ARRAY(&x->c, k.fields, WEB_HEADERS_MAX + 1));
	k.exact = size && version == method + method_n + 1 + x->target.n + 1;
	MHD_get_connection_values_n(mc, MHD_HEADER_KIND, collect, &k);
	if (k.failed)
		return ERR_NOMEM;
	/* The empty line. */
	k.exact = k.exact && k.at && k.at + 2 == method + size->header_size;
	TRY(span_copy(&x->c, span_of(method, method_n), &out->method));
	TRY(span_copy(&x->c, span_of(version, version_n), &out->version));
	out->target = x->target;
	out->headers = (struct web_fields){ k.fields, k.n };
	out->exact = k.exact;
	return ERR_OK;
}

/* What one question is told is used before the next: since 1.0 the library answers in one place. */
static enum err read_peer(struct exchange *x, struct MHD_Connection *mc)
{
	const union MHD_ConnectionInfo *info;
	void *session;

	info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	TRY(listen_name(&x->c, info ? info->client_addr : NULL, &x->r.remote,
			&x->r.remote_loopback));
	info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	session = info ? info->tls_session : NULL;
	x->r.tls = session != NULL;
	return session ? tls_client(&x->c, session, &x->r.client) : ERR_OK;
}

static enum MHD_Result on_head(struct exchange *x, struct MHD_Connection *mc, const char *method,
			       const char *version)
{
	const struct server_config *config = x->config;
	const struct guard_rules rules = { config->hosts, config->host_count };
	struct guard_head head = { .exact = false };
	unsigned status = 0;
	enum err e;

	if (!x->target.p || read_head(x, mc, method, version, &head) != ERR_OK ||
	    read_peer(x, mc) != ERR_OK)
		return MHD_NO;
	x->r.headers = head.headers;
	x->r.target = x->target;
	guard_look(&x->c, &rules, &head, &x->found);
	if (x->found.status)
		return refuse_for(x, mc, ERR_OK, x->found.status, true);
	e = exchange_ask(x, &status);
	if (e != ERR_OK)
		return refuse_for(x, mc, e, status ? status : (unsigned)err_http_status(e), false);
	if (x->a.status)
		return refuse(x, mc, false);
	if (x->r.route->body == WEB_BODY_NONE)
		return MHD_YES;
	e = body_open(&x->c, x->r.route->body, web_header(&x->r, "Content-Type"),
		      config->home->blob, &x->body);
	if (e != ERR_OK)
		return refuse_for(x, mc, e, e == ERR_FORMAT ? 415 : (unsigned)err_http_status(e),
				  false);
	return MHD_YES;
}

/* ---- body and end ---- */

static void on_body(struct exchange *x, struct span s)
{
	enum err e;

	x->bytes_in += (int64_t)s.n;
	if (x->refused)
		return;
	e = x->body ? body_add(&x->c, x->body, s) : ERR_FORMAT;
	if (e != ERR_OK) {
		/* The library takes no answer in the middle of a body: the rest is thrown away. */
		exchange_trouble(x, e, (unsigned)err_http_status(e));
		x->refused = true;
	}
}

static enum MHD_Result on_end(struct exchange *x, struct MHD_Connection *mc)
{
	enum err e = ERR_OK;

	if (x->queued)
		return MHD_YES;
	if (!x->refused) {
		if (x->body)
			e = body_end(&x->c, x->body, &x->r);
		if (e == ERR_OK)
			e = x->r.route->run(&x->r, &x->a);
		if (e == ERR_OK && !x->a.status)
			e = err_set(&x->c, ERR_FAILED, __FILE__, __LINE__, "no answer was made");
		if (e != ERR_OK)
			exchange_trouble(x, e, (unsigned)err_http_status(e));
	}
	return send_answer(x, mc, false);
}

/* The first line is there: the target as it was sent. */
static void *on_target(void *of, const char *target, struct MHD_Connection *mc)
{
	struct connection *connection = connection_of(mc);
	struct server *s = of;

	if (!connection)
		return NULL;
	/* It asks on and has not read: what waits for it stays one answer. */
	if (connection->held)
		cut(s, connection);
	connection->exchange = exchange_open(s->config, s->c->seam, target);
	return connection->exchange;
}

static void let_go(struct server *s, struct connection *connection)
{
	bool held = connection->tls && !tls_let_go(connection->tls);

	if (connection->corked && connection->fd >= 0)
		listen_push(connection->fd);
	s->held += (size_t)held - (size_t)connection->held;
	connection->held = held;
}

static enum MHD_Result on_request(void *of, struct MHD_Connection *mc, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_n, void **exchange)
{
	struct exchange *x = *exchange;
	struct server *s = of;

	(void)url;
	if (!x || !method || !version)
		return MHD_NO;
	x->stopping = s->stop_at_ms != 0;
	if (!x->seen) {
		x->seen = true;
		return on_head(x, mc, method, version);
	}
	if (*upload_n == 0)
		return on_end(x, mc);
	on_body(x, span_of(upload, *upload_n));
	*upload_n = 0;
	return MHD_YES;
}

static void on_done(void *of, struct MHD_Connection *mc, void **exchange,
		    enum MHD_RequestTerminationCode why)
{
	static const char *const words[] = {
		[MHD_REQUEST_TERMINATED_COMPLETED_OK] = "done",
		[MHD_REQUEST_TERMINATED_WITH_ERROR] = "cut",
		[MHD_REQUEST_TERMINATED_TIMEOUT_REACHED] = "timeout",
		[MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN] = "stop",
		[MHD_REQUEST_TERMINATED_READ_ERROR] = "cut",
		[MHD_REQUEST_TERMINATED_CLIENT_ABORT] = "cut",
	};
	const union MHD_ConnectionInfo *info;
	struct connection *connection = connection_of(mc);
	struct exchange *x = *exchange;
	struct server *s = of;

	*exchange = NULL;
	if (!x)
		return;
	if (connection) {
		connection->exchange = NULL;
		connection->since_ms = s->c->seam->mono_ms();
		let_go(s, connection);
	}
	/* What the library answered by itself: a head that is none, or too long. */
	info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_HTTP_STATUS);
	if (!x->status && info)
		x->status = info->http_status;
	exchange_close(x, (size_t)why < COUNT_OF(words) && words[why] ? words[why] : "cut");
}

/* ---- connections ---- */

static void on_connection(void *of, struct MHD_Connection *mc, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct server *s = of;
	struct connection *connection = *context;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (!connection)
			return;
		s->held -= connection->held;
		*connection = (struct connection){ .next_free = s->free, .fd = -1 };
		s->free = connection;
		metrics_less(&s->numbers->connections_open);
		return;
	}
	s->numbers->connections++;
	s->numbers->connections_open++;
	connection = s->free;
	if (!connection)
		return; /* there are as many as the library may open */
	s->free = connection->next_free;
	info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD);
	*connection = (struct connection){ .fd = info ? info->connect_fd : -1,
					   .open = true,
					   .since_ms = s->c->seam->mono_ms() };
	*context = connection;
	info = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (!info || !info->tls_session)
		return;
	connection->tls = info->tls_session;
	listen_push(connection->fd);
	tls_session(connection->tls, s->config->ticket_key, s->config->client_authorities != NULL);
}

/* Sockets that had no room for a short answer are few, and never those of a client that reads. */
static void let_go_held(struct server *s)
{
	for (size_t i = 0; s->held && i < s->config->connections; i++)
		if (s->connections[i].held)
			let_go(s, &s->connections[i]);
}

/* The library forgives every client that sends one byte a minute. */
static void cut_slow(struct server *s, int64_t now_ms)
{
	for (size_t i = 0; i < s->config->connections; i++) {
		struct connection *connection = &s->connections[i];
		struct exchange *x = connection->exchange;
		int64_t waits_ms = now_ms - connection->since_ms;

		if (!connection->open || connection->fd < 0)
			continue;
		if (!x || !x->seen) {
			if (waits_ms > SERVER_HEAD_S * 1000 || (s->stop_at_ms && waits_ms > 500))
				cut(s, connection);
			continue;
		}
		if (!x->queued && now_ms - x->begun_ms > SERVER_BODY_S * 1000 +
						x->bytes_in * 1000 / SERVER_BODY_RATE)
			cut(s, connection);
	}
}

/* ---- the loop ---- */

static enum err start(struct ctx *c, struct server *s)
{
	static const unsigned flags = MHD_USE_EPOLL | MHD_USE_TLS;
	const struct server_config *config = s->config;
	struct MHD_OptionItem more[] = {
		{ MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)config->client_authorities },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (!config->client_authorities)
		more[0] = more[1];
	s->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, config->listen_fd,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, config->connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, SERVER_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		POOL_BYTES, MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_done, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_HTTPS_MEM_KEY, config->tls.key, MHD_OPTION_HTTPS_MEM_CERT,
		config->tls.certificate, MHD_OPTION_HTTPS_PRIORITIES,
		"NORMAL:-VERS-ALL:+VERS-TLS1.3", MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_ARRAY, more, MHD_OPTION_END);
	if (!s->daemon) {
		err_next(c, "look at HOME/tls: key.pem and certificate.pem must belong together");
		FAIL(c, ERR_CRYPTO, "the server cannot begin to serve");
	}
	return ERR_OK;
}

static enum err prepare(struct ctx *c, struct server *s)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	TRY(NEW_ARRAY(c, s->connections, s->config->connections));
	for (size_t i = s->config->connections; i > 0; i--) {
		s->connections[i - 1].next_free = s->free;
		s->free = &s->connections[i - 1];
	}
	return start(c, s);
}

/* Everything is done, or its time is over. */
static bool is_over(const struct server *s, int64_t now_ms)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	if (!s->stop_at_ms)
		return false;
	return now_ms > s->stop_at_ms || (info && info->num_connections == 0);
}

static void turn(struct server *s, struct signals *signals, int epoll_fd)
{
	struct pollfd fds[] = { { .fd = epoll_fd, .events = POLLIN },
				{ .fd = signals->fd, .events = POLLIN },
				{ .fd = s->stop_at_ms ? -1 : s->config->parent_fd,
				  .events = POLLIN } };
	int wait_ms = s->held ? 20 : s->stop_at_ms ? 50 : 1000;
	MHD_UNSIGNED_LONG_LONG within_ms;

	if (MHD_get_timeout(s->daemon, &within_ms) == MHD_YES && within_ms < (unsigned)wait_ms)
		wait_ms = (int)within_ms;
	if (poll(fds, COUNT_OF(fds), wait_ms) > 0 && fds[2].revents)
		signals->stop = true;
	signals_look(signals);
	MHD_run(s->daemon);
	let_go_held(s);
	access_flush();
}

enum err server_run(struct ctx *c, const struct server_config *config)
{
	struct server s = { .config = config, .c = c };
	const union MHD_DaemonInfo *info;
	struct signals signals;
	int64_t now_ms, looked_ms = 0;

	s.numbers = &config->metrics->slots[config->process];
	TRY(signals_catch(c, &signals));
	TRY(prepare(c, &s));
	s.numbers->connections_open = s.numbers->requests_open = 0;
	s.numbers->starts++;
	info = MHD_get_daemon_info(s.daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		FAIL(c, ERR_FAILED, "the library has no epoll here");
	TRY(ipc_send(c, config->parent_fd, SPAN("ready"), NULL, 0));
	for (now_ms = c->seam->mono_ms(); !is_over(&s, now_ms); now_ms = c->seam->mono_ms()) {
		if (signals.stop && !s.stop_at_ms) {
			s.stop_at_ms = now_ms + SERVER_STOP_S * 1000;
			MHD_quiesce_daemon(s.daemon);
		}
		if (now_ms - looked_ms >= (s.stop_at_ms ? 50 : 1000)) {
			cut_slow(&s, now_ms);
			looked_ms = now_ms;
		}
		turn(&s, &signals, info->epoll_fd);
	}
	MHD_stop_daemon(s.daemon);
	access_flush();
	return ERR_OK;
}
