/*
 * MSG_META: one JSON line per message with sender, recipients, dates, length and message id, from
 * the header block alone. No subject and nothing of the body ever gets here (doc/protocol.md 8).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "hand/pack_part.h"

#define FIELD_BYTES ((size_t)64 << 10)

/* One UTF-8 sequence at the start of s, or 0. NUL is none of our JSON. */
static size_t sequence(struct span s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++)
		if (span_is_utf8(span_cut(s, 0, n)))
			return s.p[0] == 0 ? 0 : n;
	return 0;
}

/* Unfolded (RFC 5322 section 2.2.3); bytes that are no UTF-8 become U+FFFD each. */
static enum err field_text(struct ctx *c, struct span body, struct span *out)
{
	struct buf b;

	body = span_trim(body);
	buf_begin(&b, c, body.n * 3 + 1);
	while (body.n) {
		size_t n = sequence(body);

		if (n == 0)
			buf_str(&b, "\xef\xbf\xbd");
		else if (body.p[0] != '\r' && body.p[0] != '\n')
			buf_add(&b, span_cut(body, 0, n));
		body = span_cut(body, n ? n : 1, body.n);
	}
	return buf_done(c, &b, out);
}

static enum err set_field(struct ctx *c, struct json *o, const char *key, struct span block,
			  const char *name)
{
	struct span body, text;

	json_set(c, o, key, NULL);
	if (!header_field(block, name, &body))
		return ERR_OK;
	/* A field of tens of kilobytes is no list of addresses any more; what is cut is seen by its
	 * length, and the message itself is named by source_id. */
	TRY(field_text(c, span_cut(body, 0, FIELD_BYTES), &text));
	json_set_text(c, o, key, text);
	return ERR_OK;
}

static enum err set_time(struct ctx *c, struct json *o, const char *key, int64_t utc)
{
	struct span text;

	json_set(c, o, key, NULL);
	if (utc == DATE_UNKNOWN)
		return ERR_OK;
	TRY(time_span(c, utc, &text));
	json_set_text(c, o, key, text);
	return ERR_OK;
}

static enum err meta_object(struct ctx *c, struct span block, int64_t bytes, int64_t delivery_utc,
			    const struct header_dates *dates, struct json **out)
{
	static const struct {
		const char *key, *field;
	} fields[] = {
		{ "from", "From" },
		{ "to", "To" },
		{ "cc", "Cc" },
		{ "bcc", "Bcc" },
		{ "message_id", "Message-ID" },
	};
	struct json *o = json_object(c);

	json_set_int(c, o, "bytes", bytes);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		TRY(set_field(c, o, fields[i].key, block, fields[i].field));
	TRY(set_time(c, o, "date", dates->header_utc));
	TRY(set_time(c, o, "received", dates->received_utc));
	TRY(set_time(c, o, "delivery", delivery_utc));
	*out = o;
	return c->code;
}

enum err meta_line(struct ctx *c, struct span block, int64_t bytes, int64_t delivery_utc,
		   const struct header_dates *dates, struct buf *out)
{
	CTX_SCOPED struct ctx own = { 0 };
	struct json *o;
	struct span text;
	enum err e = ctx_begin(&own, 16 * HEADER_BLOCK_MAX);

	/* An arena of its own: a million messages must not add up. */
	if (e == ERR_OK)
		e = meta_object(&own, block, bytes, delivery_utc, dates, &o);
	if (e == ERR_OK)
		e = json_write(&own, o, out->max - 1, &text);
	if (e != ERR_OK)
		FAIL(c, e, "the metadata of a message: %s", own.why);
	out->n = 0;
	buf_add(out, text);
	buf_byte(out, '\n');
	return ERR_OK;
}
