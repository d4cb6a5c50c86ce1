/*
 * Reads TZif files (RFC 8536 section 3) and their rule text (POSIX TZ with the extensions of
 * section 3.3.1). Refuses version 1, leap seconds ("right/...") and names that are no zone names.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/zone_file.h"

#include "base/file.h"
#include "base/num.h"

#define FOLDER "/usr/share/zoneinfo"
#define FILE_MAX ((size_t)1 << 20)
#define OFFSET_MAX 93599        /* RFC 8536 section 3.2: offsets are from -25 to 26 hours */
#define RULE_OFFSET_MAX 89999   /* its section 3.3.1, by POSIX: at most 24:59:59 */
#define HEAD_BYTES 44u

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool take_head(struct reader *r, uint8_t *version, struct counts *n)
{
	struct span magic, unused;

	return take_bytes(r, 4, &magic) && span_is(magic, "TZif") && take_u8(r, version) &&
	       take_bytes(r, 15, &unused) && take_u32(r, &n->isut) && take_u32(r, &n->isstd) &&
	       take_u32(r, &n->leap) && take_u32(r, &n->time) && take_u32(r, &n->type) &&
	       take_u32(r, &n->chars);
}

/* The block of version 1 has times of 4 bytes; nobody needs it. */
static bool skip_first(struct reader *r, const struct counts *n)
{
	uint64_t bytes = (uint64_t)n->time * 5 + (uint64_t)n->type * 6 + n->chars +
			 (uint64_t)n->leap * 8 + n->isstd + n->isut;
	struct span unused;

	return bytes <= FILE_MAX && take_bytes(r, (size_t)bytes, &unused);
}

static bool offset_of_type(struct span types, size_t type, int64_t *offset_s)
{
	struct reader r = { types, type * 6 };
	uint32_t bits;

	if (type * 6 >= types.n || !take_u32(&r, &bits))
		return false;
	*offset_s = (int32_t)bits;
	return *offset_s >= -OFFSET_MAX && *offset_s <= OFFSET_MAX;
}

static bool fill_changes(struct span times, struct span kinds, struct span types, struct zone *z)
{
	struct reader time = { times, 0 };

	for (size_t i = 0; i < z->count; i++) {
		uint64_t bits;

		if (!take_u64(&time, &bits) ||
		    !offset_of_type(types, kinds.p[i], &z->changes[i].offset_s))
			return false;
		z->changes[i].utc_s = (int64_t)bits;
		if (i > 0 && z->changes[i].utc_s <= z->changes[i - 1].utc_s)
			return false;
	}
	return offset_of_type(types, 0, &z->first_s);
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool take_hours(struct reader *r, int64_t *s)
{
	int64_t part[3] = { 0 };
	int sign = 1;

	if (r->at < r->s.n && (r->s.p[r->at] == '-' || r->s.p[r->at] == '+'))
		sign = r->s.p[r->at++] == '-' ? -1 : 1;
	for (int i = 0; i < 3; i++) {
		size_t from = r->at;

		while (r->at < r->s.n && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9')
			r->at++;
		if (r->at == from || r->at - from > 3)
			return false;
		for (size_t at = from; at < r->at; at++)
			part[i] = part[i] * 10 + (r->s.p[at] - '0');
		if (i == 2 || r->at >= r->s.n || r->s.p[r->at] != ':')
			break;
		r->at++;
	}
	*s = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
	return part[0] <= 167 && part[1] < 60 && part[2] < 60;
}

static bool take_name(struct reader *r)
{
	size_t from = r->at;
	struct span unused;

	if (r->at < r->s.n && r->s.p[r->at] == '<')
		return take_until(r, '>', &unused);
	while (r->at < r->s.n && ((r->s.p[r->at] | 0x20) >= 'a' && (r->s.p[r->at] | 0x20) <= 'z'))
		r->at++;
	return r->at - from >= 3;
}

static bool take_small(struct reader *r, int min, int max, int *out)
{
	size_t from = r->at;

	*out = 0;
	while (r->at < r->s.n && r->at - from < 3 && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9')
		*out = *out * 10 + (r->s.p[r->at++] - '0');
	return r->at > from && *out >= min && *out <= max;
}

static bool take_char(struct reader *r, unsigned char x)
{
	if (r->at >= r->s.n || r->s.p[r->at] != x)
		return false;
	r->at++;
	return true;
}

/* ",M3.5.0/2", ",J60", ",59/-1:30" */
static bool take_date(struct reader *r, struct zone_date *d)
{
	*d = (struct zone_date){ .second_of_day = 7200 };
	if (!take_char(r, ','))
		return false;
	if (take_char(r, 'M')) {
		if (!take_small(r, 1, 12, &d->month) || !take_char(r, '.') ||
		    !take_small(r, 1, 5, &d->week) || !take_char(r, '.') ||
		    !take_small(r, 0, 6, &d->weekday))
			return false;
	} else {
		d->kind = take_char(r, 'J') ? ZONE_DATE_JULIAN : ZONE_DATE_ZERO;
		if (!take_small(r, d->kind == ZONE_DATE_JULIAN, 365, &d->day))
			return false;
	}
	return !take_char(r, '/') || take_hours(r, &d->second_of_day);
}

/* Offsets count to the west. */
static bool take_offset(struct reader *r, int64_t *s)
{
	if (!take_hours(r, s) || *s < -RULE_OFFSET_MAX || *s > RULE_OFFSET_MAX)
		return false;
	*s = -*s;
	return true;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3" */
static bool rule_of(struct span text, struct zone_rule *rule)
{
	struct reader r = { text, 0 };

	*rule = (struct zone_rule){ .winter_s = 0 };
	if (!take_name(&r) || !take_offset(&r, &rule->winter_s))
		return false;
	if (reader_done(&r))
		return true;
	rule->has_summer = true;
	rule->summer_s = rule->winter_s + 3600;
	if (!take_name(&r))
		return false;
	if (r.at < r.s.n && r.s.p[r.at] != ',' && !take_offset(&r, &rule->summer_s))
		return false;
	return take_date(&r, &rule->begin) && take_date(&r, &rule->end) && reader_done(&r);
}

static enum err broken(struct ctx *c, const char *name)
{
	FAIL(c, ERR_FORMAT, "the rules of the zone '%s' on this machine are not readable as TZif",
	     name);
}

enum err zone_read(struct ctx *c, const char *name, struct span file, struct zone *out)
{
	struct reader r = { file, 0 };
	struct span times, kinds, types, chars, marks, text;
	struct counts n;
	uint8_t version;

	*out = (struct zone){ .count = 0 };
	if (!take_head(&r, &version, &n) || version < '2' || !skip_first(&r, &n) ||
	    !take_head(&r, &version, &n))
		return broken(c, name);
	if (n.leap != 0)
		FAIL(c, ERR_FORMAT,
		     "the zone '%s' counts leap seconds; take the one without 'right/'", name);
	if (n.time > FILE_MAX || n.type > 256 || n.type == 0 ||
	    !take_bytes(&r, (size_t)n.time * 8, &times) || !take_bytes(&r, n.time, &kinds) ||
	    !take_bytes(&r, (size_t)n.type * 6, &types) || !take_bytes(&r, n.chars, &chars) ||
	    !take_bytes(&r, (size_t)n.isstd + n.isut, &marks))
		return broken(c, name);
	out->count = n.time;
	TRY(NEW_ARRAY(c, out->changes, out->count));
	if (!fill_changes(times, kinds, types, out))
		return broken(c, name);
	if (!take_until(&r, '\n', &text) || !take_until(&r, '\n', &text))
		return broken(c, name);
	out->has_rule = text.n > 0;
	if (out->has_rule && !rule_of(text, &out->rule))
		return broken(c, name);
	return ERR_OK;
}

static bool name_ok(struct span name)
{
	bool start = true;

	if (name.n == 0 || name.n > ZONE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char x = name.p[i], low = x | 0x20;
		bool word = (low >= 'a' && low <= 'z') || (x >= '0' && x <= '9') || x == '_';

		if (x == '/' ? start : !word && (start || (x != '+' && x != '-')))
			return false;
		start = x == '/';
	}
	return !start;
}

enum err zone_open(struct ctx *c, struct span name, const struct zone **out)
{
	struct zone *z;
	struct span file;
	char *path;
	enum err e;

	/* "localtime" is the machine's own zone under another name. */
	if (!name_ok(name) || span_is(name, "localtime") || span_is(name, "posixrules"))
		FAIL(c, ERR_FORMAT, "a zone name is like Europe/Paris or UTC");
	TRY(NEW(c, z));
	*out = z;
	if (span_is(name, "UTC"))
		return ERR_OK;
	TRY(path_fmt(c, &path, FOLDER "/%.*s", SPAN_ARG(name)));
	e = file_read(c, path, FILE_MAX, &file);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK) {
		err_clear(c);
		err_next(c, "names are like Europe/Paris or UTC; see the folder " FOLDER);
		FAIL(c, ERR_FORMAT, "there is no zone '%.*s' on this machine", SPAN_ARG(name));
	}
	return zone_read(c, path + sizeof FOLDER, file, z);
}
