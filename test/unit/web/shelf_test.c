/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include "web/desk/shelf.h"

#define MADE INT64_C(1800000000)
#define PAGES 5000u

/* A shelf, and the page of order number n for one sitting; all pages of one number say the same. */
struct desk {
	struct ctx c;
	struct shelf *shelf;
};

static void desk_begin(struct desk *d)
{
	assert_int_equal(ctx_begin(&d->c, (size_t)16 << 20), ERR_OK);
	ok(&d->c, shelf_open(&d->c, &d->shelf));
}

static struct shelf_page page_of(struct desk *d, unsigned n, struct span body)
{
	struct shelf_page p = { .sitting = SPAN("sitting"), .origin = SPAN("https://localhost"),
				.last_seq = 9, .told = 1, .until_utc = MADE + SHELF_S,
				.body = body };

	ok(&d->c, span_fmt(&d->c, &p.target, "/order/W-%u", n));
	return p;
}

static void put(struct desk *d, unsigned n, int64_t now)
{
	struct shelf_page p = page_of(d, n, SPAN_NONE);

	p.body = p.target;
	shelf_put(d->shelf, &p, now);
}

/* Whether it is given; what is given is its own. */
static bool given(struct desk *d, const struct shelf_page *p, int64_t now)
{
	struct answer a = { .fd = -1 };
	bool is = shelf_answer(d->shelf, p, now, &a);

	if (is)
		assert_true(span_eq(a.body, p->target));
	kept_answer_done(&a);
	return is;
}

static bool has(struct desk *d, unsigned n, int64_t now)
{
	struct shelf_page p = page_of(d, n, SPAN_NONE);

	return given(d, &p, now);
}

/* All places are emptied: what an arena of its own holds is not the desk's. */
static void desk_end(struct desk *d, unsigned pages)
{
	for (unsigned n = 0; n < pages; n++)
		assert_false(has(d, n, MADE + SHELF_S));
	ctx_end(&d->c);
}

static void test_many_have_their_place(void **state)
{
	unsigned kept = 0;
	struct desk d;

	(void)state;
	desk_begin(&d);
	for (unsigned n = 0; n < PAGES; n++)
		put(&d, n, MADE);
	for (unsigned n = 0; n < PAGES; n++)
		kept += has(&d, n, MADE + 1);
	assert_true(kept > PAGES - PAGES / 50);
	desk_end(&d, PAGES);
}

static void test_a_newer_one_takes_its_own_place(void **state)
{
	struct shelf_page p;
	struct desk d;

	(void)state;
	desk_begin(&d);
	put(&d, 1, MADE);
	p = page_of(&d, 1, SPAN("/order/W-1"));
	p.last_seq = 10;
	shelf_put(d.shelf, &p, MADE + 1);
	assert_true(given(&d, &p, MADE + 2));
	/* The older of one key is gone, not beside it; and to ask for it ends the newer. */
	assert_false(has(&d, 1, MADE + 2));
	assert_false(given(&d, &p, MADE + 2));
	/* One that is not kept ends what was. */
	put(&d, 1, MADE);
	p = page_of(&d, 1, SPAN("x"));
	p.until_utc = MADE;
	shelf_put(d.shelf, &p, MADE);
	assert_false(has(&d, 1, MADE));
	desk_end(&d, 2);
}

static void test_to_no_other(void **state)
{
	struct shelf_page p;
	struct desk d;

	(void)state;
	desk_begin(&d);
	put(&d, 1, MADE);
	p = page_of(&d, 1, SPAN_NONE);
	p.sitting = SPAN("another");
	assert_false(given(&d, &p, MADE));
	p = page_of(&d, 1, SPAN_NONE);
	p.origin = SPAN("https://elsewhere");
	assert_false(given(&d, &p, MADE));
	assert_false(has(&d, 2, MADE));
	assert_true(has(&d, 1, MADE));
	/* What it was made by has changed: gone for good. */
	p = page_of(&d, 1, SPAN_NONE);
	p.told = 2;
	assert_false(given(&d, &p, MADE));
	assert_false(has(&d, 1, MADE));
	desk_end(&d, 2);
}

static void test_the_oldest_goes_first(void **state)
{
	unsigned kept = 0;
	struct desk d;

	(void)state;
	desk_begin(&d);
	for (unsigned n = 0; n < 5 * PAGES; n++)
		put(&d, n, n < 4 * PAGES ? MADE : MADE + 1);
	for (unsigned n = 4 * PAGES; n < 5 * PAGES; n++)
		kept += has(&d, n, MADE + 2);
	assert_true(kept > PAGES - PAGES / 50);
	desk_end(&d, 5 * PAGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_have_their_place),
		cmocka_unit_test(test_a_newer_one_takes_its_own_place),
		cmocka_unit_test(test_to_no_other),
		cmocka_unit_test(test_the_oldest_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
