/*
 * Every page that no handler is needed for, with invented people and orders, and once more with
 * what somebody might type to break it: in memory as a unit test, or as files for a browser.
 *	gallery [FOLDER]
 * SPDX-License-Identifier: Apache-2.0
 */
#include <limits.h>

#include "../test.h"
#include "web/look/look.h"
#include "web/pages.h"

#define S(text) SPAN(text)
#define NOW 1794572911 /* 13 Nov 2026, 14:28:31 in Paris */
#define HOSTILE                                                                                    \
	"\"><script>document.title='x'</script><img src=x onerror=alert(1)>' \xe2\x80\xae {{x}} "  \
	"<b"

static struct ctx ctx;
static const char *into;

static const struct page_nav_link nav[] = {
	{ S("/desk"), S("Queue"), true, S("q") },
	{ S("/take-in"), S("Take in an order"), false, S("n") },
	{ S("/audit"), S("Log"), false, S("l") },
};
static const struct page_code_word words[] = { { S("RIVER") }, { S("COAL") }, { S("MAPLE") },
					       { S("SIX") },   { S("TUNE") }, { S("ARC") } };
static const struct page_order_head head = {
	.reference = S("W-7KQF-2M9D"),
	.clock = S("06:50"),
	.eighths = 2,
	.clock_of = S("left of 30:00, emergency request"),
	.kind = S("emergency request"),
	.agency = S("PJ Paris"),
	.for_me = true,
};
static const struct page_to_sign sign = { S("q83vEjRWeJo"), S("localhost"), S("AQID"),
					  S("{\"words\":\"RIVER COAL\"}") };
static struct page_view somebody, nobody, hostile_view;

static void begin_views(void)
{
	somebody = (struct page_view){ .provider = S("Example Mail SARL"),
				       .version = S("0.1.0"),
				       .look = span_str(look_version),
				       .person = S("Ana K."),
				       .nav = nav,
				       .nav_n = COUNT_OF(nav),
				       .phone = S("+33 1 00 00 00 00"),
				       .phone_link = S("tel:+33100000000"),
				       .demo = true };
	somebody.base = (struct page_base){ .now_utc_s = NOW,
					    .zone_name = S("Europe/Paris"),
					    .token = S("0123456789abcdef") };
	ok(&ctx, zone_open(&ctx, S("Europe/Paris"), &somebody.base.zone));
	nobody = somebody;
	nobody.person = SPAN_NONE;
	nobody.nav_n = 0;
	nobody.demo = false;
	nobody.single_user = true;
	hostile_view = somebody;
	hostile_view.provider = hostile_view.person = hostile_view.degraded = S(HOSTILE);
	hostile_view.phone = S(HOSTILE);
	hostile_view.phone_link = S("javascript:alert(1)");
}

/* What no page may hold, whatever was put into it. */
static void check(const char *name, struct span page)
{
	static const char *const never[] = { "<script>",   "onerror=alert(1)>'",
					     "<img src=x", "href=\"javascript:",
					     " style=",
					     "<b" };

	for (size_t i = 0; i < COUNT_OF(never); i++) {
		const unsigned char *at = memmem(page.p, page.n, never[i], strlen(never[i]));

		/* <body> and <button> begin like <b. */
		while (at && !strcmp(never[i], "<b") && (at[2] == 'o' || at[2] == 'u'))
			at = memmem(at + 2, page.n - (size_t)(at + 2 - page.p), never[i], 2);
		if (at)
			fail_msg("%s holds %s", name, never[i]);
	}
	/* The whole of a first load stays below 60 kB with what look_test allows for the rest. */
	assert_true(page.n < 60000);
}

static void show(const char *name, enum err e, struct buf *b)
{
	struct span page;
	char path[PATH_MAX];
	FILE *f;

	ok(&ctx, e);
	ok(&ctx, buf_done(&ctx, b, &page));
	check(name, page);
	if (!into)
		return;
	snprintf(path, sizeof path, "%s/%s.html", into, name);
	f = fopen(path, "w");
	if (!f || fwrite(page.p, 1, page.n, f) != page.n || fclose(f) != 0)
		fail_msg("cannot write %s", path);
}

#define SHOW(file, kind, ...)                                                                      \
	do {                                                                                       \
		struct page_##kind page_ = { __VA_ARGS__ };                                        \
		struct buf b_;                                                                     \
		buf_begin(&b_, &ctx, 1 << 20);                                                     \
		enum err e_ = page_##kind(&ctx, &page_, &b_);                                      \
		show(file, e_, &b_);                                                               \
	} while (0)

static const struct page_scope_line lines[] = {
	{ .id = S("d1"),
	  .account = S("alice@example.org"),
	  .data = S("mail headers"),
	  .by = S("by the date of arrival"),
	  .stores = S("eu-west"),
	  .folders = S("all"),
	  .zone = S("Europe/Paris"),
	  .verdict = S("SUFFICIENT"),
	  .mail = true,
	  .kept = true,
	  .from = S("2026-11-13"),
	  .until = S("2026-11-14"),
	  .ordered_from = S("2026-11-13"),
	  .ordered_until = S("2026-11-14"),
	  .counted = true,
	  .items = 412,
	  .size = 3100000,
	  .undated = 1,
	  .outside = 1204,
	  .begins = true,
	  .first_day = 7,
	  .day_before = 1,
	  .ends = true,
	  .last_day = 9,
	  .day_after = 3,
	  .page = 2,
	  .line = 5,
	  .at = S("/order/W-7KQF-2M9D?paper=1&page=2") },
	{ .id = S("d2"),
	  .account = S("alice@example.org"),
	  .data = S("mail content"),
	  .by = S("by the date of arrival"),
	  .stores = S("eu-west"),
	  .folders = S("INBOX, Sent"),
	  .zone = S("Europe/Paris"),
	  .verdict = S("UNCERTAIN"),
	  .mail = true,
	  .kept = true,
	  .deliver = true,
	  .from = S("2026-11-13"),
	  .until = S("2026-11-13"),
	  .ordered_from = S("2026-11-13"),
	  .ordered_until = S("2026-11-14"),
	  .counted = true,
	  .otherwise = true,
	  .items = 96,
	  .size = 210000000,
	  .trouble = S("2 items cannot be read") },
	{ .id = S("d3"),
	  .account = S("bob@example.org"),
	  .data = S("mail content"),
	  .open = true,
	  .mail = true,
	  .zone = S("UTC"),
	  .by = S("by the date of arrival") },
};
static const struct page_scope_rest rest[] = { { S("Store us-east"), S("no line names it") } };
static const struct page_scope_store stores[] = { { S("eu-west"), S("IE"), S("IE") } };

static void scope_pages(void **state)
{
	static const struct page_scope_line hostile[] = {
		{ .id = S(HOSTILE), .account = S(HOSTILE), .data = S(HOSTILE), .by = S(HOSTILE),
		  .stores = S(HOSTILE), .folders = S(HOSTILE), .zone = S(HOSTILE),
		  .verdict = S(HOSTILE), .mail = true, .from = S(HOSTILE), .until = S(HOSTILE),
		  .ordered_from = S(HOSTILE), .ordered_until = S(HOSTILE), .counted = true,
		  .trouble = S(HOSTILE), .page = 1, .line = 1, .at = S("javascript:alert(1)") },
		{ .id = S("x"), .problem = S(HOSTILE) },
	};

	(void)state;
	SHOW("scope", scope, .view = &somebody, .order = head, .lines = lines, .lines_n = 3,
	     .path = S("/order/W-7KQF-2M9D/scope"), .counts = true, .may_decide = true,
	     .counted = true, .counted_at = NOW - 500, .counted_by = S("Ben T."), .items = 508,
	     .size = 213100000, .rest = rest, .rest_n = 1, .stores = stores, .stores_n = 1,
	     .paper = { .reference = S("W-7KQF-2M9D") });
	SHOW("scope-frozen", scope, .view = &somebody, .order = head, .lines = lines, .lines_n = 2,
	     .path = S("/order/W-7KQF-2M9D/scope"), .frozen = words, .frozen_n = COUNT_OF(words),
	     .frozen_as = S("Frozen by the signature of Ana K."), .rest = rest, .rest_n = 1,
	     .paper = { .reference = S("W-7KQF-2M9D") });
	SHOW("scope-empty", scope, .view = &somebody, .order = head, .counts = true,
	     .path = S("/order/W-7KQF-2M9D/scope"), .problem = S("no line is left"),
	     .remedy = S("that is a refusal"), .paper = { .reference = S("W-7KQF-2M9D") });
	SHOW("scope-hostile", scope, .view = &hostile_view, .order = head, .lines = hostile,
	     .lines_n = 2, .counts = true, .path = S("//evil.example/"), .problem = S(HOSTILE),
	     .remedy = S(HOSTILE), .frozen_as = S(HOSTILE), .frozen = words, .frozen_n = 1,
	     .counted = true, .counted_by = S(HOSTILE));
}

static const struct page_approve_fact facts[] = {
	{ S("Line 1"), S("412 mail headers, 13 to 14 Nov") },
	{ S("Line 2"), S("96 mails, 13 to 14 Nov") },
	{ S("Manifest"), S("9f2c 77ab 01de 54c3") },
	{ S("Refused"), S("contacts: not named in the order") },
};

static const struct page_order_change changes[] = {
	{ S("All together"), S("508 items, 213 MB"), S("412 items, 3.1 MB") },
	{ S("Key that can open it"), S("PJ-Paris 2026"), S("PJ-Paris 2027") },
};
static const struct page_order_act done[] = {
	{ .number = 9, .at = NOW - 3000, .words = S("decided by counsel"), .who = S("Chi") },
};

static void approve_pages(void **state)
{
	static const struct page_approver two[] = {
		{ S("First"), S("Ana K."), true, NOW - 251, S("security key 2"), S(""), false },
		{ S("Second"), S("Ben T., you"), false, 0, S(""), S("not who read it in"), true },
	};
	static const struct page_approver hostile[] = { { S(HOSTILE), S(HOSTILE), true, NOW,
							  S(HOSTILE), S(HOSTILE), false } };
	struct page_order_head late = head;

	(void)state;
	late.late = true;
	late.clock = S("+00:12");
	late.for_me = false;
	late.waiting_for = S("Ben T.");
	SHOW("approve", approve, .view = &somebody, .order = head, .words = words,
	     .words_n = COUNT_OF(words), .items = 508, .size = 213100000,
	     .lines = S("lines 1 and 2"), .key = S("\xe2\x80\x9cPJ-Paris 2026\xe2\x80\x9d"),
	     .key_since = S("registered 2 Mar 2025"), .secrecy = S("Secret until 21 Feb 2027."),
	     .approvers = two, .approvers_n = 2, .may_sign = true, .may_refuse = true, .sign = sign,
	     .facts = facts, .facts_n = COUNT_OF(facts), .command = S("writ approve W-7KQF-2M9D"));
	SHOW("approve-not", approve, .view = &somebody, .order = late, .words = words,
	     .words_n = COUNT_OF(words), .items = 508, .size = 213100000,
	     .lines = S("lines 1 and 2"), .key = S("PJ-Paris 2026"),
	     .key_since = S("registered 2 Mar 2025"), .approvers = two, .approvers_n = 2,
	     .why_not = S("You approved it already; the second signature is another person's."),
	     .facts = facts, .facts_n = 2,
	     .command = S("writ approve W-7KQF-2M9D"), .deciders = S("Ana K., Chi"),
	     .changed = { .who = S("Ana K."), .at = NOW - 4000, .stands = true, .rows = changes,
			  .rows_n = COUNT_OF(changes), .acts = done, .acts_n = 1 },
	     .problem = S("Your key answered, but without verifying you. Nothing was signed."));
	SHOW("approve-hostile", approve, .view = &hostile_view, .order = late,
	     .words = (const struct page_code_word[]){ { S(HOSTILE) } }, .words_n = 1,
	     .lines = S(HOSTILE), .key = S(HOSTILE), .key_since = S(HOSTILE), .secrecy = S(HOSTILE),
	     .approvers = hostile, .approvers_n = 1, .may_sign = true,
	     .sign = { S(HOSTILE), S(HOSTILE), S(HOSTILE), S(HOSTILE) },
	     .command = S(HOSTILE), .problem = S(HOSTILE));
}

static void other_pages(void **state)
{
	(void)state;
	SHOW("enrol", enrol, .view = &nobody, .name = S("Ben Tournier"),
	     .rights = S("decide, approve"), .invited = true, .until = NOW + 1740,
	     .challenge = S("q83vEjRWeJo"), .rp = S("localhost"), .rp_name = S("Example Mail"),
	     .user = S("YmVu"), .code = S("7f3a"),
	     .label = { S("my key"), S("Another key of yours has this name") });
	SHOW("enrol-words", enrol, .view = &nobody, .name = S("Ben Tournier"),
	     .rights = S("decide, approve"), .words = words, .words_n = COUNT_OF(words));
	SHOW("trouble", trouble, .view = &somebody,
	     .why = S("There is no order W-0000-0000, or it is not for you."),
	     .next = S("Look for it in the queue, or search by the agency's file number."),
	     .request_id = S("7f3a90c1"));
	SHOW("trouble-hostile", trouble, .view = &hostile_view, .why = S(HOSTILE),
	     .next = S(HOSTILE), .request_id = S(HOSTILE));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(scope_pages),
					    cmocka_unit_test(approve_pages),
					    cmocka_unit_test(other_pages) };
	int failed;

	into = argc > 1 ? argv[1] : NULL;
	if (ctx_begin(&ctx, (size_t)64 << 20) != ERR_OK)
		return 1;
	begin_views();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	ctx_end(&ctx);
	return failed;
}
