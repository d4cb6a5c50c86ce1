/*
 * What a court clerk reads, and what a machine reads: one line per check, and at the end what it
 * comes to. Words out of the package are shown without control characters.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/json.h"
#include "verify/part.h"

#define TEXT_MAX ((size_t)1 << 20)

#define COMPLETE                                                                                   \
	"This package is complete and unaltered: it is what %.*s collected for order %.*s, "       \
	"approved, released and logged."
#define AS_FAR "This package is free of contradictions as far as it was checked."
#define NOT_COMPARED                                                                               \
	" Its keys were not compared: anybody could have made such a file with keys of his own; "  \
	"ask the provider for the policy and run it again with --policy FILE."
#define NOT_OPENED                                                                                 \
	" Contents not checked: run it again with --identity AGEKEYFILE where the recipient's "    \
	"key is."

static const struct verify_words rows[VERIFY_COUNT] = {
#define X(name, id, needs, fine, broken) [VERIFY_##name] = { id, fine, broken, #needs },
#include "verify/check.def"
#undef X
};

static const char *const words[] = {
	[VERIFY_OPEN] = "not reached ", [VERIFY_FINE] = "fine        ",
	[VERIFY_BROKEN] = "FAILED      ", [VERIFY_NOT_COMPARED] = "not compared",
	[VERIFY_NOT_CHECKED] = "not checked ",
};

const char *verify_check_id(enum verify_check check)
{
	return rows[check].id;
}

static size_t count(const struct verify_report *r, enum verify_result result)
{
	size_t n = 0;

	for (int i = 0; i < VERIFY_COUNT; i++)
		n += r->line[i].result == result;
	return n;
}

int verify_exit_status(const struct verify_report *r)
{
	if (count(r, VERIFY_BROKEN))
		return err_exit_status(ERR_VERIFY);
	if (count(r, VERIFY_FINE) == VERIFY_COUNT)
		return err_exit_status(ERR_OK);
	/* Open lines without a broken one would be a fault of ours: never fine. */
	return err_exit_status(count(r, VERIFY_OPEN) ? ERR_VERIFY : ERR_DEGRADED);
}

/* Text of the package for a terminal: control characters and what is no UTF-8 become '?'. */
enum err verify_clean(struct ctx *c, struct span s, struct span *out)
{
	bool utf8 = span_is_utf8(s);
	struct buf b;

	buf_begin(&b, c, TEXT_MAX);
	for (size_t i = 0; i < s.n; i++) {
		bool c1 = s.p[i] == 0xc2 && i + 1 < s.n && s.p[i + 1] < 0xa0;

		if (s.p[i] < ' ' || s.p[i] == 0x7f || (s.p[i] >= 0x80 && !utf8))
			buf_byte(&b, '?');
		else if (c1)
			buf_byte(&b, '?');
		else
			buf_byte(&b, s.p[i]);
		i += c1 && utf8;
	}
	return buf_done(c, &b, out);
}

static enum err put_head(struct ctx *c, const struct verify_report *r, struct buf *b)
{
	struct span order, provider, agency;

	if (r->order.n == 0)
		return ERR_OK;
	TRY(verify_clean(c, r->order, &order));
	TRY(verify_clean(c, r->provider, &provider));
	TRY(verify_clean(c, r->agency, &agency));
	buf_fmt(b,
		"The file says: order %.*s, from %.*s for %.*s, released %.*s, %lld items with "
		"%lld bytes.\n\n",
		SPAN_ARG(order), SPAN_ARG(provider), SPAN_ARG(agency), SPAN_ARG(r->released_at),
		(long long)r->items, (long long)r->bytes);
	return ERR_OK;
}

enum err verify_put_line(struct ctx *c, const struct verify_line *line,
			 const struct verify_words *say, struct buf *b)
{
	struct span why;

	buf_fmt(b, "%s  %s\n", words[line->result], say->fine);
	if (line->result != VERIFY_BROKEN)
		return ERR_OK;
	TRY(verify_clean(c, line->why, &why));
	buf_fmt(b, "              No: %s (%s: %.*s).\n", say->broken, say->id, SPAN_ARG(why));
	return ERR_OK;
}

static enum err put_lines(struct ctx *c, const struct verify_report *r, struct buf *b)
{
	for (int i = 0; i < VERIFY_COUNT; i++)
		TRY(verify_put_line(c, &r->line[i], &rows[i], b));
	return ERR_OK;
}

static enum err put_key(struct ctx *c, struct buf *b, const char *what, struct span fingerprint)
{
	struct span s;

	if (fingerprint.n == 0)
		return ERR_OK;
	TRY(verify_clean(c, fingerprint, &s));
	buf_fmt(b, "  %-21s %.*s\n", what, SPAN_ARG(s));
	return ERR_OK;
}

static enum err put_keys(struct ctx *c, const struct verify_report *r, struct buf *b)
{
	buf_str(b,
		r->policy
			? "\nKeys, compared with the policy:\n"
			: "\nKeys, taken from the file itself and *not compared* with anything:\n");
	TRY(put_key(c, b, "certificate (SHA-256)", r->certificate));
	TRY(put_key(c, b, "timestamps (SHA-256)", r->tsa));
	TRY(put_key(c, b, "seal's document key", r->document_key));
	TRY(put_key(c, b, "founding document", r->founding));
	TRY(put_key(c, b, "log", r->log_key));
	/* A seal that was lost: a new log, which begins with the old one's last checkpoint. */
	return r->continues.n ? put_key(c, b, "  which goes on from", r->continues) : ERR_OK;
}

static const char *first_broken(const struct verify_report *r)
{
	for (int i = 0; i < VERIFY_COUNT; i++)
		if (r->line[i].result == VERIFY_BROKEN)
			return rows[i].broken;
	return "the check did not come to its end";
}

static enum err conclusion(struct ctx *c, const struct verify_report *r, struct span *out)
{
	struct span order, provider;
	int status = verify_exit_status(r);

	if (status == err_exit_status(ERR_VERIFY))
		return span_fmt(c, out, "Do not rely on it: %s.", first_broken(r));
	TRY(verify_clean(c, r->order, &order));
	TRY(verify_clean(c, r->provider, &provider));
	if (status == 0)
		return span_fmt(c, out, COMPLETE, SPAN_ARG(provider), SPAN_ARG(order));
	return span_fmt(c, out, "%s%s%s", AS_FAR, r->policy ? "" : NOT_COMPARED,
			r->identity ? "" : NOT_OPENED);
}

enum err verify_text(struct ctx *c, const struct verify_report *r, struct span *out)
{
	struct span end;
	struct buf b;

	buf_begin(&b, c, TEXT_MAX);
	TRY(put_head(c, r, &b));
	TRY(put_lines(c, r, &b));
	TRY(put_keys(c, r, &b));
	TRY(conclusion(c, r, &end));
	buf_byte(&b, '\n');
	buf_add(&b, end);
	buf_byte(&b, '\n');
	return buf_done(c, &b, out);
}

static void set_ok(struct ctx *c, struct json *o, enum verify_result result)
{
	if (result == VERIFY_FINE || result == VERIFY_BROKEN)
		json_set_bool(c, o, "ok", result == VERIFY_FINE);
	else
		json_set(c, o, "ok", NULL);
}

enum err verify_json_line(struct ctx *c, const struct verify_line *line,
			  const struct verify_words *say, struct json *list)
{
	static const char *const results[] = { "not_reached", "fine", "failed", "not_compared",
					       "not_checked" };
	struct json *o = json_object(c);
	struct span why;

	TRY(verify_clean(c, line->why, &why));
	json_set_str(c, o, "check", say->id);
	set_ok(c, o, line->result);
	json_set_str(c, o, "result", results[line->result]);
	json_set_str(c, o, "words", line->result == VERIFY_BROKEN ? say->broken : say->fine);
	if (why.n)
		json_set_text(c, o, "because", why);
	json_add(c, list, o);
	return ERR_OK;
}

enum err verify_json_clean(struct ctx *c, struct json *o, const char *key, struct span s)
{
	struct span shown;

	TRY(verify_clean(c, s, &shown));
	if (s.n)
		json_set_text(c, o, key, shown);
	else
		json_set(c, o, key, NULL);
	return ERR_OK;
}

static enum err json_keys(struct ctx *c, const struct verify_report *r, struct json *o)
{
	struct json *keys = json_object(c);

	json_set_bool(c, keys, "compared", r->policy);
	TRY(verify_json_clean(c, keys, "certificate", r->certificate));
	TRY(verify_json_clean(c, keys, "timestamp_certificate", r->tsa));
	TRY(verify_json_clean(c, keys, "document_key", r->document_key));
	TRY(verify_json_clean(c, keys, "founding", r->founding));
	TRY(verify_json_clean(c, keys, "log", r->log_key));
	TRY(verify_json_clean(c, keys, "log_continues", r->continues));
	json_set(c, o, "keys", keys);
	return ERR_OK;
}

enum err verify_json(struct ctx *c, const struct verify_report *r, struct span *out)
{
	struct json *o = json_object(c), *checks = json_list(c);
	struct span end;

	json_set_int(c, o, "verify_version", 1);
	TRY(verify_json_clean(c, o, "file", span_str(r->file)));
	TRY(verify_json_clean(c, o, "order", r->order));
	TRY(verify_json_clean(c, o, "provider", r->provider));
	TRY(verify_json_clean(c, o, "released_at", r->released_at));
	json_set_int(c, o, "exit", verify_exit_status(r));
	TRY(conclusion(c, r, &end));
	json_set_text(c, o, "words", end);
	TRY(json_keys(c, r, o));
	for (int i = 0; i < VERIFY_COUNT; i++)
		TRY(verify_json_line(c, &r->line[i], &rows[i], checks));
	json_set(c, o, "checks", checks);
	return json_write_pretty(c, o, TEXT_MAX, out);
}

static const char *option_of(const char *needs)
{
	if (span_is(span_str(needs), "POLICY"))
		return "--policy";
	return span_is(span_str(needs), "IDENTITY") ? "--identity" : "";
}

enum err verify_checks_text(struct ctx *c, struct span *out)
{
	struct buf b;

	buf_begin(&b, c, TEXT_MAX);
	buf_str(&b, "| check | needs | when it is fine | when it is not |\n");
	buf_str(&b, "| --- | --- | --- | --- |\n");
	for (int i = 0; i < VERIFY_COUNT; i++)
		buf_fmt(&b, "| `%s` | %s | %s | %s |\n", rows[i].id, option_of(rows[i].needs),
			rows[i].fine, rows[i].broken);
	return buf_done(c, &b, out);
}
