/*
 * What 'writ doctor' finds about judging: the provider's profile, and which rule packs may be
 * relied on. Orders may come in without; but then every line is a lawyer's, and somebody should
 * know why. SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "cmd/doctor.h"
#include "format/time.h"
#include "order/adopt.h"
#include "order/law_packs.h"

static enum err examine_profile(struct examination *e, struct session *s)
{
	struct json *profile;
	char *path;

	TRY(path_fmt(e->c, &path, "%s/provider.yaml", s->home.dir));
	if (!file_exists(path)) {
		doctor_find(
			e, REMARK, "provider",
			"there is no %s: whom an order binds is unknown, so the rule packs let no "
			"line through (man writ-order, facts of the provider)",
			path);
		return ERR_OK;
	}
	if (provider_read(e->c, s, &profile) != ERR_OK) {
		doctor_find(e, MISSING, "provider", "%s", e->c->why);
		err_clear(e->c);
		return ERR_OK;
	}
	doctor_find(e, GOOD, "provider", "the profile is of %.*s",
		    SPAN_ARG(json_opt_text(profile, "legal_entity", SPAN("unknown"))));
	return ERR_OK;
}

struct named {
	struct buf b;
	int count;
};

static void name_pack(struct named *n, const struct json *pack)
{
	struct span id = json_opt_text(pack, "id", SPAN_NONE);

	buf_fmt(&n->b, "%s%.*s", n->count++ ? ", " : "", SPAN_ARG(id));
}

static bool is_due(const struct json *pack, int64_t now_utc_s)
{
	int year, month, day;

	return date_parse(json_opt_text(pack, "next_review", SPAN_NONE), &year, &month, &day) &&
	       now_utc_s / 86400 > days_of_civil(year, month, day);
}

static void say_packs(struct examination *e, const struct json *packs)
{
	struct named adopted = { .count = 0 }, idle = { .count = 0 }, due = { .count = 0 };

	buf_begin(&adopted.b, e->c, 4096);
	buf_begin(&idle.b, e->c, 4096);
	buf_begin(&due.b, e->c, 4096);
	JSON_EACH(pack, packs) {
		bool by = json_opt_text(pack, "adopted_by", SPAN_NONE).n > 0;

		name_pack(by ? &adopted : &idle, pack);
		if (by && is_due(pack, e->c->seam->now_ms() / 1000))
			name_pack(&due, pack);
	}
	if (idle.count)
		doctor_find(e, REMARK, "packs",
			    "nobody has adopted these rule packs as they are, so they let no line "
			    "through (writ law adopt): %.*s", (int)idle.b.n, idle.b.p);
	if (due.count)
		doctor_find(e, REMARK, "packs",
			    "past the day of their next review, so they let no line through: %.*s",
			    (int)due.b.n, due.b.p);
	if (adopted.count > due.count)
		doctor_find(e, GOOD, "packs", "adopted: %.*s", (int)adopted.b.n, adopted.b.p);
}

enum err examine_law(struct examination *e, struct session *s)
{
	struct json *packs;

	TRY(examine_profile(e, s));
	if (adoption_list(e->c, s, &packs) != ERR_OK) {
		doctor_find(e, MISSING, "packs", "%s", e->c->why);
		err_clear(e->c);
		return ERR_OK;
	}
	say_packs(e, packs);
	return ERR_OK;
}
