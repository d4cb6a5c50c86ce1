/*
 * The window and the tar that passes through it: whatever the size of the pieces in which bytes
 * arrive, the same is read; cut, padded or longer tars are refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

#include "verify/inflow.h"

struct drip {
	struct span s;
	size_t at, step;
};

static enum err drip_fill(struct ctx *c, void *of, unsigned char *to, size_t room, size_t *got_out)
{
	struct drip *d = of;
	size_t n = d->s.n - d->at;

	(void)c;
	assert_true(room >= INFLOW_ROOM);
	n = n < d->step ? n : d->step;
	n = n < room ? n : room;
	if (n)
		memcpy(to, d->s.p + d->at, n);
	d->at += n;
	*got_out = n;
	return ERR_OK;
}

static void put_file(struct ctx *c, struct buf *b, const char *name, struct span body)
{
	ok(c, tar_head(c, b, span_str(name), (int64_t)body.n, 1000));
	buf_add(b, body);
	for (size_t i = tar_padding((int64_t)body.n); i; i--)
		buf_byte(b, 0);
}

static struct span big(struct ctx *c, size_t n)
{
	unsigned char *p = arena_alloc(c, n);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(i * 7 + i / 251);
	return span_of(p, n);
}

static struct span make_tar(struct ctx *c)
{
	struct span s;
	struct buf b;

	buf_begin(&b, c, (size_t)8 << 20);
	put_file(c, &b, "one", SPAN("first\nsecond\nthird\n"));
	put_file(c, &b, "empty", SPAN_NONE);
	put_file(c, &b, "big", big(c, 700001));
	put_file(c, &b, "block", big(c, 1024));
	tar_end(&b);
	ok(c, buf_done(c, &b, &s));
	return s;
}

static void walk_begin(struct ctx *c, struct tar_walk *w, struct inflow *in, struct drip *d,
		       struct span s, size_t step)
{
	*d = (struct drip){ .s = s, .step = step };
	ok(c, inflow_open(c, d, drip_fill, in));
	memset(w, 0, sizeof *w);
	w->in = in;
}

static void check_walk(struct ctx *c, struct span s, size_t step)
{
	struct span line, body;
	struct inflow in;
	struct tar_walk w;
	struct drip d;
	bool end;

	walk_begin(c, &w, &in, &d, s, step);
	ok(c, tar_walk_next(c, &w, &end));
	assert_true(!end && span_is(w.name, "one") && w.bytes == 19 && w.mtime_utc == 1000);
	ok(c, tar_walk_line(c, &w, &line, &end));
	assert_true(!end && span_is(line, "first"));
	ok(c, tar_walk_line(c, &w, &line, &end));
	assert_true(!end && span_is(line, "second"));
	ok(c, tar_walk_next(c, &w, &end));      /* the third line is passed over */
	assert_true(!end && span_is(w.name, "empty") && w.bytes == 0);
	ok(c, tar_walk_line(c, &w, &line, &end));
	assert_true(end);
	ok(c, tar_walk_next(c, &w, &end));
	assert_true(!end && span_is(w.name, "big"));
	ok(c, tar_walk_whole(c, &w, 700001, &body));
	assert_true(span_eq(body, big(c, 700001)));
	ok(c, tar_walk_next(c, &w, &end));
	assert_true(!end && span_is(w.name, "block"));
	ok(c, tar_walk_next(c, &w, &end));
	assert_true(end);
}

static void test_any_step(void **state)
{
	static const size_t steps[] = { 1, 511, 512, 513, 65536, 1 << 20 };
	(void)state;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		CTX(c);
		check_walk(&c, make_tar(&c), steps[i]);
	}
}

/* Passes over the whole of a tar. */
static enum err skim(struct ctx *c, struct span s)
{
	struct inflow in;
	struct tar_walk w;
	struct drip d;
	bool end = false;

	walk_begin(c, &w, &in, &d, s, 4096);
	while (!end)
		TRY(tar_walk_next(c, &w, &end));
	return ERR_OK;
}

static void test_refused(void **state)
{
	CTX(c);
	struct span s = make_tar(&c), longer;
	unsigned char *p;
	struct buf b;
	(void)state;

	ok(&c, skim(&c, s));
	refused(&c, ERR_FORMAT, "", skim(&c, SPAN_NONE));
	refused(&c, ERR_FORMAT, "", skim(&c, span_cut(s, 0, s.n - 1)));
	refused(&c, ERR_FORMAT, "", skim(&c, span_cut(s, 0, s.n - 1024)));
	refused(&c, ERR_FORMAT, "ends within one", skim(&c, span_cut(s, 0, 520)));
	refused(&c, ERR_FORMAT, "ends within one", skim(&c, span_cut(s, 0, 1000)));
	refused(&c, ERR_FORMAT, "ends within big", skim(&c, span_cut(s, 0, 300000)));
	buf_begin(&b, &c, (size_t)8 << 20);
	buf_add(&b, s);
	buf_byte(&b, 0);
	ok(&c, buf_done(&c, &b, &longer));
	refused(&c, ERR_FORMAT, "behind the end", skim(&c, longer));
	p = arena_alloc(&c, s.n);
	assert_non_null(p);
	memcpy(p, s.p, s.n);
	p[1023] = 1;
	refused(&c, ERR_FORMAT, "padding behind one", skim(&c, span_of(p, s.n)));
	p[1023] = 0;
	p[100] ^= 1;
	refused(&c, ERR_FORMAT, "", skim(&c, span_of(p, s.n)));
}

static void test_limits(void **state)
{
	CTX(c);
	struct inflow in;
	struct tar_walk w;
	struct span line;
	struct drip d;
	bool end;
	(void)state;

	walk_begin(&c, &w, &in, &d, make_tar(&c), 4096);
	ok(&c, tar_walk_next(&c, &w, &end));
	refused(&c, ERR_LIMIT, "one has more than 18 bytes", tar_walk_whole(&c, &w, 18, &line));
	ok(&c, tar_walk_next(&c, &w, &end));
	ok(&c, tar_walk_next(&c, &w, &end));
	for (end = false; !end;) {
		enum err e = tar_walk_line(&c, &w, &line, &end);

		if (e != ERR_OK) {      /* the last line has no end */
			refused(&c, ERR_FORMAT, "does not end", e);
			break;
		}
	}
	assert_false(end);
	refused(&c, ERR_LIMIT, "window", inflow_peek(&c, &in, INFLOW_WINDOW, &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_step),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
