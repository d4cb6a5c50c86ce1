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
static const struct page_nav_link pages[] = {
	{ S("/order/W-7KQF-2M9D"), S("Read and decide"), false, S("1") },
	{ S("/order/W-7KQF-2M9D/scope"), S("Scope"), true, S("2") },
	{ S("/order/W-7KQF-2M9D/letters"), S("Letters"), false, S("3") },
	{ S("/order/W-7KQF-2M9D/acts"), S("Timeline"), false, S("4") },
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
	.pages = pages,
	.pages_n = COUNT_OF(pages),
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
	{ S("1"), S("alice@example.org"), S("mail headers"), S("13 Nov 2026 00:00"),
	  S("15 Nov 2026 00:00, Europe/Paris"), true, 412, 3100000, S("page 2, line 5"),
	  S("/order/W-7KQF-2M9D#p2") },
	{ S("2"), S("alice@example.org"), S("mail content"), S("13 Nov 2026 00:00"),
	  S("15 Nov 2026 00:00, Europe/Paris"), true, 96, 210000000, S("page 2, line 6"),
	  S("/order/W-7KQF-2M9D#p2") },
};

static void scope_pages(void **state)
{
	static const struct page_scope_line hostile[] = {
		{ S(HOSTILE), S(HOSTILE), S(HOSTILE), S(HOSTILE), S(HOSTILE), false, 0, 0,
		  S(HOSTILE), S("javascript:alert(1)") },
	};

	(void)state;
	SHOW("scope", scope, .view = &somebody, .order = head, .lines = lines, .lines_n = 2,
	     .counted = true, .counted_at = NOW - 500, .items = 508, .size = 213100000,
	     .edges =
		     (const struct page_scope_edge[]){
			     { S("cur/1763161199.M11P2.mx:2,S"), S("14 Nov 23:59:59"), true },
			     { S("cur/1763161200.M12P2.mx:2,S"), S("15 Nov 00:00:00"), false },
			     { S("new/1762987654.M19P7.mx"), S("none"), false } },
	     .edges_n = 3, .undated = 1,
	     .rest = (const struct page_scope_rest[]){ { S("Contacts"), S("1,204") },
						       { S("Drive"), S("9 GB") } },
	     .rest_n = 2, .others = 38, .stores = S("eu-west (Ireland), us-east"), .words = words,
	     .words_n = COUNT_OF(words), .sign = sign, .edit = S("/order/W-7KQF-2M9D/lines"));
	SHOW("scope-empty", scope, .view = &somebody, .order = head,
	     .stores = S("eu-west (Ireland)"));
	SHOW("scope-hostile", scope, .view = &hostile_view, .order = head, .lines = hostile,
	     .lines_n = 1, .stores = S(HOSTILE), .edit = S("//evil.example/"));
}

static const struct page_approve_fact facts[] = {
	{ S("Line 1"), S("412 mail headers, 13 to 14 Nov") },
	{ S("Line 2"), S("96 mails, 13 to 14 Nov") },
	{ S("Manifest"), S("9f2c 77ab 01de 54c3") },
	{ S("Refused"), S("contacts: not named in the order") },
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
	     .command = S("writ approve W-7KQF-2M9D"),
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
