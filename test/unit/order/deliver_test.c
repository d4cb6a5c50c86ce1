/* SPDX-License-Identifier: Apache-2.0 */
#include "order_test.h"

#include <fcntl.h>

#include "order/7_deliver/deliver.h"

static unsigned next_random;

/* Small and the same in every run. */
static int64_t below(int64_t n)
{
	next_random = next_random * 1664525u + 1013904223u;
	return (int64_t)((uint64_t)(next_random >> 4) % (uint64_t)n);
}

static struct span noise(struct ctx *c, size_t n)
{
	unsigned char *p = arena_alloc(c, n + 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)below(256);
	return span_of(p, n);
}

/* A delivery of that many bytes of head, payload and tail; *whole_out is what it must be. */
static void compose(struct ctx *c, struct delivery *d, const size_t parts[3],
		    struct span *whole_out)
{
	struct span payload = noise(c, parts[1]);
	struct buf b;

	*d = (struct delivery){ .head = noise(c, parts[0]), .tail = noise(c, parts[2]) };
	ok(c, file_write(c, in_folder(c, "payload"), payload, 0600));
	ok(c, file_open(c, in_folder(c, "payload"), O_RDONLY, 0, &d->payload_fd));
	d->payload_bytes = (int64_t)payload.n;
	buf_begin(&b, c, parts[0] + parts[1] + parts[2] + 1);
	buf_add(&b, d->head);
	buf_add(&b, payload);
	buf_add(&b, d->tail);
	ok(c, buf_done(c, &b, whole_out));
	d->bytes = (int64_t)whole_out->n;
}

/* Reads [at, at + n) in pieces of random sizes. */
static void range_is(struct ctx *c, const struct delivery *d, struct span whole, int64_t at,
		     int64_t n)
{
	unsigned char piece[4096];

	while (n > 0) {
		size_t want = (size_t)(1 + below(sizeof piece)), got = 99999;

		if ((int64_t)want > n)
			want = (size_t)n;
		ok(c, delivery_read(c, d, at, piece, want, &got));
		assert_true(got <= want);
		if (at >= d->bytes) {
			assert_int_equal(got, 0);
			return;
		}
		assert_true(got > 0);
		assert_memory_equal(piece, whole.p + at, got);
		at += (int64_t)got;
		n -= (int64_t)got;
	}
}

static void test_any_range(void **state)
{
	static const size_t shapes[][3] = {
		{ 30000, 100000, 2000 }, { 1, 1, 1 }, { 5000, 0, 1536 }, { 0, 70000, 1024 },
		{ 4096, 4096, 4096 }, { 0, 0, 0 },
	};

	(void)state;
	next_random = 22;
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		CTX(c);
		struct delivery DELIVERY_SCOPED d;
		struct span whole;

		compose(&c, &d, shapes[i], &whole);
		range_is(&c, &d, whole, 0, d.bytes + 1);
		for (int round = 0; round < 500; round++)
			range_is(&c, &d, whole, below(d.bytes + 10), 1 + below(20000));
		/* across both seams, byte by byte */
		for (int64_t edge = 0; edge < 2; edge++)
			for (int64_t at = -3; at < 3; at++) {
				int64_t seam = (int64_t)shapes[i][0] +
					       (edge ? (int64_t)shapes[i][1] : 0);

				if (seam + at >= 0)
					range_is(&c, &d, whole, seam + at, 5);
			}
	}
}

static void test_what_is_no_range(void **state)
{
	static const size_t shape[3] = { 10, 10, 10 };
	unsigned char piece[8];
	struct span whole;
	size_t got;

	(void)state;
	CTX(c);
	struct delivery DELIVERY_SCOPED d;

	compose(&c, &d, shape, &whole);
	for (int64_t at = 30; at < 33; at++) {
		ok(&c, delivery_read(&c, &d, at, piece, sizeof piece, &got));
		assert_int_equal(got, 0);
	}
	ok(&c, delivery_read(&c, &d, -1, piece, sizeof piece, &got));
	assert_int_equal(got, 0);
	/* cut behind our back */
	ok(&c, file_write(&c, in_folder(&c, "payload"), span_cut(whole, 10, 4), 0600));
	fd_close(&d.payload_fd);
	ok(&c, file_open(&c, in_folder(&c, "payload"), O_RDONLY, 0, &d.payload_fd));
	refused(&c, ERR_IO, "shorter than it was",
		delivery_read(&c, &d, 14, piece, sizeof piece, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_range),
		cmocka_unit_test(test_what_is_no_range),
	};

	return cmocka_run_group_tests_name("order_deliver", tests, folder_make, folder_drop);
}
