/*
 * Numbers of what was served. See metrics.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/metrics.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"

static const int64_t times_ms[METRICS_TIMES] = { 1, 5, 20, 100, 500, 2000, 10000 };

enum err metrics_map(struct ctx *c, int fd, struct metrics **out)
{
	void *p = mmap(NULL, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		FAIL(c, ERR_IO, "the numbers of this server cannot be shared");
	*out = p;
	return ERR_OK;
}

enum err metrics_make(struct ctx *c, int *fd_out, struct metrics **out)
{
	*fd_out = memfd_create("writ-metrics", MFD_CLOEXEC);
	if (*fd_out < 0 || ftruncate(*fd_out, sizeof **out) != 0)
		FAIL(c, ERR_IO, "no memory for the numbers of this server");
	return metrics_map(c, *fd_out, out);
}

void metrics_count(struct metrics_slot *s, size_t route, unsigned status, int64_t took_ms)
{
	size_t i = 0;

	s->requests[route < METRICS_ROUTES_MAX ? route : METRICS_ROUTES_MAX]
		   [status / 100 < 6 ? status / 100 : 0]++;
	while (i < METRICS_TIMES && took_ms > times_ms[i])
		i++;
	s->took_ms[i]++;
	s->took_ms_sum += (uint64_t)took_ms;
}

static uint64_t sum(const struct metrics *m, size_t processes, size_t offset)
{
	uint64_t total = 0;

	for (size_t i = 0; i < processes; i++)
		total += *(const uint64_t *)(const void *)((const char *)&m->slots[i] + offset);
	return total;
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_requests(struct buf *b, const struct metrics *m, size_t processes,
			   const char *const *routes, size_t route_count)
{
	head(b, "writ_http_requests_total", "counter", "Requests by route and class of status.");
	for (size_t route = 0; route <= METRICS_ROUTES_MAX; route++) {
		const char *name = route < route_count ? routes[route] : "none";

		if (route >= route_count && route != METRICS_ROUTES_MAX)
			continue;
		for (size_t k = 0; k < 6; k++) {
			size_t at = offsetof(struct metrics_slot, requests) +
				    (route * 6 + k) * sizeof(uint64_t);
			uint64_t n = sum(m, processes, at);

			if (n)
				buf_fmt(b,
					"writ_http_requests_total{route=\"%s\",status=\"%zuxx\"} "
					"%llu\n",
					name, k, (unsigned long long)n);
		}
	}
}

static void write_times(struct buf *b, const struct metrics *m, size_t processes)
{
	static const char name[] = "writ_http_request_duration_seconds";
	uint64_t n = 0;

	head(b, name, "histogram", "From the head of a request to the end of its answer.");
	for (size_t i = 0; i <= METRICS_TIMES; i++) {
		n += sum(m, processes,
			 offsetof(struct metrics_slot, took_ms) + i * sizeof(uint64_t));
		if (i < METRICS_TIMES)
			buf_fmt(b, "%s_bucket{le=\"%lld.%03lld\"} %llu\n", name,
				(long long)(times_ms[i] / 1000), (long long)(times_ms[i] % 1000),
				(unsigned long long)n);
	}
	buf_fmt(b, "%s_bucket{le=\"+Inf\"} %llu\n%s_count %llu\n", name, (unsigned long long)n,
		name, (unsigned long long)n);
	n = sum(m, processes, offsetof(struct metrics_slot, took_ms_sum));
	buf_fmt(b, "%s_sum %llu.%03llu\n", name, (unsigned long long)(n / 1000),
		(unsigned long long)(n % 1000));
}

void metrics_write(struct buf *b, const struct metrics *m, size_t processes,
		   const char *const *routes, size_t route_count)
{
	static const struct {
		const char *name, *type, *help;
		size_t offset;
	} rows[] = {
#define ROW(name, type, help, field) { name, type, help, offsetof(struct metrics_slot, field) }
		ROW("writ_http_request_body_bytes_total", "counter", "Bodies of requests.",
		    bytes_in),
		ROW("writ_http_response_body_bytes_total", "counter", "Bodies of answers.",
		    bytes_out),
		ROW("writ_http_connections_total", "counter", "Connections accepted.", connections),
		ROW("writ_http_connections", "gauge", "Connections open.", connections_open),
		ROW("writ_http_requests_open", "gauge", "Requests under way.", requests_open),
		ROW("writ_http_slow_connections_total", "counter",
		    "Connections cut for being slow.", cut),
		ROW("writ_http_process_starts_total", "counter", "Starts of a process.", starts),
		ROW("writ_desk_seal_silent", "gauge",
		    "Processes to which the seal did not answer when a page was asked for last.",
		    seal_silent),
#undef ROW
	};

	write_requests(b, m, processes, routes, route_count);
	write_times(b, m, processes);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		head(b, rows[i].name, rows[i].type, rows[i].help);
		buf_fmt(b, "%s %llu\n", rows[i].name,
			(unsigned long long)sum(m, processes, rows[i].offset));
	}
}
