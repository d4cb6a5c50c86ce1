/*
 * What is wrong with a home; see health.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/health.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "log/log.h"
#include "order/backup.h"
#include "order/home.h"

#define DAY_S ((int64_t)86400)

static enum err look_at_ticks(struct ctx *c, struct session *s, struct health *out)
{
	int64_t now_ms = c->seam->now_ms();
	struct store_value last[2], tick[4];
	const struct json *founded;
	struct stat st;
	char *path;
	bool found;

	TRY(home_last(c, s, "founded", &founded));
	if (span_is(json_opt_text(founded, "ticks", SPAN_NONE), "10s")) {
		TRY(path_fmt(c, &path, "%s/checkpoint", s->home.log));
		out->tick_late = stat(path, &st) != 0 ||
				 now_ms / 1000 - st.st_mtime > HEALTH_TICK_LATE_S;
	}
	TRY(store_one(c, s->store, QUERY_TICK_LAST, PARAMS_NONE, last, 2, &found));
	if (found)
		TRY(store_one(c, s->store, QUERY_TICK_GET, PARAMS(P_INT(last[0].i)), tick, 4,
			      &found));
	out->clock_behind = found && tick[0].i > now_ms + LOG_BEHIND_MS;
	return ERR_OK;
}

/* A home that is younger than that has had no time for it. */
static enum err look_at_verify(struct ctx *c, struct session *s, struct health *out)
{
	int64_t at, now = c->seam->now_ms() / 1000;
	struct stat st;
	char *founding;

	TRY(mark_get(c, s, "verify", &at));
	if (at == 0) {
		TRY(path_fmt(c, &founding, "%s/founding.json", s->home.dir));
		at = stat(founding, &st) == 0 ? st.st_mtime : 0;
	}
	out->verify_days = (now - at) / DAY_S;
	out->verify_late = now - at > HEALTH_VERIFY_DAYS * DAY_S;
	return ERR_OK;
}

void health_look(struct ctx *c, struct session *s, const struct json *state, struct health *out)
{
	const struct json *halted = json_get(state, "halted");
	struct statvfs fs;

	*out = (struct health){ .halted = halted && halted->type == JSON_BOOL && halted->b };
	if (look_at_ticks(c, s, out) != ERR_OK || look_at_verify(c, s, out) != ERR_OK) {
		out->unknown = true;
		err_clear(c);
	}
	if (statvfs(s->home.dir, &fs) != 0) {
		out->unknown = true;
		return;
	}
	out->disk_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	out->disk_low = out->disk_bytes < HEALTH_DISK_NEEDED;
}
