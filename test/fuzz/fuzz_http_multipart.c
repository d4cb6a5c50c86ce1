/*
 * Forms with files, boundary "b": read as a whole and in pieces whose sizes the first byte chooses,
 * with the same outcome; parts begin and end in turn, and all data together is no longer than what
 * came.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "fuzz.h"
#include "web/multipart.h"

struct told {
	size_t bytes, begun, ended;
	struct buf text;
};

static enum err begin(struct ctx *c, void *of, const struct multipart_part *p)
{
	struct told *t = of;

	(void)c;
	CHECK(t->begun == t->ended);
	CHECK(p->is_file || p->filename.n == 0);
	CHECK(!p->name.n ||
	      (!memchr(p->name.p, '"', p->name.n) && !memchr(p->name.p, '\n', p->name.n)));
	t->begun++;
	buf_string(&t->text, p->name);
	buf_string(&t->text, p->filename);
	buf_string(&t->text, p->type);
	return ERR_OK;
}

static enum err data(struct ctx *c, void *of, struct span s)
{
	struct told *t = of;

	(void)c;
	CHECK(t->begun == t->ended + 1 && s.n > 0);
	t->bytes += s.n;
	buf_add(&t->text, s);
	return ERR_OK;
}

static enum err end(struct ctx *c, void *of)
{
	struct told *t = of;

	(void)c;
	t->ended++;
	CHECK(t->begun == t->ended);
	buf_byte(&t->text, ']');
	return ERR_OK;
}

static enum err feed(struct ctx *c, struct span s, size_t piece, struct told *t)
{
	struct multipart_sink sink = { t, begin, data, end };
	struct multipart m;

	TRY(multipart_begin(c, &m, SPAN("multipart/form-data; boundary=b"), &sink));
	for (size_t i = 0; i < s.n; i += piece)
		TRY(multipart_add(c, &m, span_cut(s, i, piece)));
	return multipart_end(c, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct told whole = { 0 }, pieces = { 0 };
	struct multipart_sink sink = { &whole, begin, data, end };
	struct multipart m;
	struct span s;
	struct ctx c;
	enum err e;

	if (size == 0 || size > INPUT_MAX || ctx_begin(&c, ARENA_MAX) != ERR_OK)
		return 0;
	s = span_of(bytes + 1, size - 1);
	buf_begin(&whole.text, &c, 8 << 20);
	buf_begin(&pieces.text, &c, 8 << 20);
	e = feed(&c, s, size, &whole);
	check_result(&c, e);
	err_clear(&c);
	CHECK(feed(&c, s, bytes[0] % 16 + 1u, &pieces) == e);
	CHECK(whole.bytes <= s.n && whole.begun <= s.n);
	if (e == ERR_OK) {
		CHECK(whole.begun == whole.ended && whole.bytes == pieces.bytes);
		CHECK(whole.text.n == pieces.text.n &&
		      !memcmp(whole.text.p ? whole.text.p : bytes,
			      pieces.text.p ? pieces.text.p : bytes, whole.text.n));
	}
	err_clear(&c);
	/* As a type with a boundary it is well read or refused. */
	e = multipart_begin(&c, &m, s, &sink);
	check_result(&c, e);
	CHECK(e != ERR_OK || m.delimiter_n <= sizeof m.delimiter);
	ctx_end(&c);
	return 0;
}
