/*
 * The packing pipeline: what is stored where, that nothing is packed that changed, and the borders
 * of its stages. The whole package is checked with stock tools in test/flow/test_pack.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../connect/connect_test.h"

#include <sys/mman.h>

#include "base/file.h"
#include "hand/pack_part.h"

#define DATED(seconds)                                                                             \
	"Date: Thu, 1 Jan 1970 00:00:" seconds " +0000\nFrom: a@b.org\nSubject: secret\n\nbody\n"

struct packed {
	struct store store;
	struct stores stores;
	struct demand_line line[3];
	struct demand_lines lines;
	struct span name;
	struct source **source;
	size_t count;
	struct pack_job job;
	struct pack *pack;
	struct pack_counts counts;
};

static void plan_lines(struct fixture *f, struct packed *x, size_t lines)
{
	x->store = store_in(f);
	x->stores = (struct stores){ &x->store, 1 };
	x->name = SPAN("main");
	for (size_t i = 0; i < lines; i++) {
		x->line[i].stores = &x->name;
		x->line[i].store_count = 1;
	}
	x->lines = (struct demand_lines){ x->line, lines };
	assert_int_equal(sources_open(&f->c, &x->stores, &x->lines, &x->source, &x->count), ERR_OK);
	x->job = (struct pack_job){ .order = SPAN("W-TEST-0001"),
				    .lines = &x->lines,
				    .sources = x->source,
				    .source_count = x->count };
	assert_int_equal(pack_plan(&f->c, &x->job, &x->pack, &x->counts), ERR_OK);
}

static enum err write_out(struct fixture *f, struct packed *x, struct pack_result *out)
{
	FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC);
	struct age_identity id;
	struct age_recipient to;
	struct belt *belt;
	enum err e;

	assert_int_equal(age_identity_make(&f->c, &id), ERR_OK);
	assert_int_equal(age_recipient_of(&f->c, &id, &to), ERR_OK);
	assert_int_equal(belt_open(&f->c, fd, &belt), ERR_OK);
	e = pack_write(&f->c, x->pack, 1700000000, &to, belt, out);
	belt_close(&belt);
	return e;
}

static void expect_path(struct walk *w, const char *want)
{
	struct span path;

	assert_non_null(walk_next(w, &path));
	assert_int_equal(path.n, strlen(want));
	assert_memory_equal(path.p, want, path.n);
}

static void orders_and_names(void **state)
{
	struct fixture *f = *state;
	struct packed x = { .line = { line_of("a+b@c.org") } };
	struct walk w;
	struct span path;

	maildir(f, "a+b@c.org");
	maildir(f, "a+b@c.org/.Sent Items");
	maildir(f, "a+b@c.org/...");
	file_at(f, "a+b@c.org/cur/1.x", DATED("20"), 1);
	file_at(f, "a+b@c.org/cur/2.x", DATED("10"), 2);
	file_at(f, "a+b@c.org/cur/3.x", "undated", 3);
	file_at(f, "a+b@c.org/.Sent Items/cur/4.x", DATED("05"), 4);
	file_at(f, "a+b@c.org/.../cur/5.x", DATED("05"), 4);
	x.line[0].meaning = DATE_BY_HEADER;
	x.line[0].deliver_undated = true;
	x.line[0].id = SPAN("d/1=");
	plan_lines(f, &x, 1);
	walk_begin(&f->c, x.pack, &w);
	expect_path(&w, "data/d%2F1%3D/a+b@c.org/%2E%2E/000001.eml");
	expect_path(&w, "data/d%2F1%3D/a+b@c.org/INBOX/000001.eml");
	expect_path(&w, "data/d%2F1%3D/a+b@c.org/INBOX/000002.eml");
	expect_path(&w, "data/d%2F1%3D/a+b@c.org/INBOX/000003.eml");
	expect_path(&w, "data/d%2F1%3D/a+b@c.org/Sent%20Items/000001.eml");
	assert_null(walk_next(&w, &path));
	assert_int_equal(entry_item(x.pack, &x.pack->entry[1])->date_utc, 10);
	assert_int_equal(entry_item(x.pack, &x.pack->entry[3])->date_utc, DATE_UNKNOWN);
	assert_int_equal(x.counts.items, 5);
	assert_int_equal(x.counts.undated, 1);
	sources_close(x.source, x.count);
}

static void stores_once_under_the_first_line(void **state)
{
	struct fixture *f = *state;
	struct packed x = { .line = { line_of("alice"), line_of("alice"), line_of("alice") } };
	struct span sent = SPAN("Sent");

	maildir(f, "alice");
	maildir(f, "alice/.Sent");
	file_at(f, "alice/cur/1.x", DATED("10"), 10);
	file_at(f, "alice/cur/2.x", "undated", 20);
	file_at(f, "alice/.Sent/cur/3.x", DATED("30"), 30);
	/* d1 by header takes 1 and 3, lists 2; d2 by delivery takes all; d3 takes metadata. */
	x.line[0].meaning = DATE_BY_HEADER;
	x.line[1].id = SPAN("d2");
	x.line[2].id = SPAN("d3");
	x.line[2].category = CATEGORY_MSG_META;
	x.line[2].all_folders = false;
	x.line[2].folders = &sent;
	x.line[2].folder_count = 1;
	plan_lines(f, &x, 3);
	assert_int_equal(x.counts.line[0].items, 2);
	assert_int_equal(x.counts.line[0].undated, 1);
	assert_int_equal(x.counts.line[1].items, 1);
	assert_int_equal(x.counts.line[1].undated, 0);
	assert_int_equal(x.counts.line[2].items, 1);
	assert_int_equal(x.counts.items, 4);
	assert_int_equal(x.pack->entry_count, 4);
	assert_int_equal(x.pack->also[x.pack->entry[0].also - 1].line, 1);
	assert_int_equal(x.pack->also[x.pack->entry[1].also - 1].line, 1);
	assert_int_equal(x.pack->entry[2].also, 0);
	assert_int_equal(x.pack->entry[3].also, 0);
	sources_close(x.source, x.count);
}

static void packs(void **state)
{
	struct fixture *f = *state;
	struct packed x = { .line = { line_of("alice"), line_of("alice") } };
	struct pack_result r;

	maildir(f, "alice");
	file_at(f, "alice/cur/1.x", DATED("10"), 10);
	x.line[1].category = CATEGORY_MSG_META;
	x.line[1].id = SPAN("d2");
	plan_lines(f, &x, 2);
	assert_int_equal(write_out(f, &x, &r), ERR_OK);
	assert_int_equal(r.counts.items, 2);
	assert_int_equal(r.counts.line[0].bytes, (int)strlen(DATED("10")));
	assert_int_equal(r.counts.bytes, r.counts.line[0].bytes + r.counts.line[1].bytes);
	assert_true(age_plain_bytes(r.payload_bytes) % 512 == 0);
	sources_close(x.source, x.count);
}

static int writes_left;

static ssize_t write_until_full(int fd, const void *p, size_t n)
{
	if (writes_left-- > 0)
		return write(fd, p, n);
	errno = ENOSPC;
	return -1;
}

/* What fails on the second thread ends the collection, in words. */
static void refuses_when_the_disk_is_full(void **state)
{
	struct fixture *f = *state;
	struct packed x = { .line = { line_of("alice") } };
	const struct seam *world = f->c.seam;
	struct seam full = *world;
	struct pack_result r;

	maildir(f, "alice");
	for (int i = 1; i <= 100; i++) {
		char name[32];

		snprintf(name, sizeof name, "alice/cur/%d.x", i);
		file_at(f, name, "text", i);
		assert_int_equal(truncate(at(f, name), 200000), 0);
	}
	plan_lines(f, &x, 1);
	full.write = write_until_full;
	f->c.seam = &full;
	for (int room = 0; room <= 18; room += 6) {
		writes_left = room;
		expect(&f->c, write_out(f, &x, &r), ERR_IO, "No space left on device");
		assert_int_equal(r.payload_bytes, 0);
	}
	writes_left = 100;
	assert_int_equal(write_out(f, &x, &r), ERR_OK);
	f->c.seam = world;
	sources_close(x.source, x.count);
}

/* A package is whole or there is none, and every item that spoils it is named. */
static void refuses_what_changed(void **state)
{
	struct fixture *f = *state;
	struct packed x = { .line = { line_of("alice") } };
	struct pack_result r;
	struct unreadable *u;

	maildir(f, "alice");
	for (int i = 1; i <= 5; i++) {
		char name[32];

		snprintf(name, sizeof name, "alice/cur/%d.x", i);
		file_at(f, name, "text", i);
	}
	plan_lines(f, &x, 1);
	file_at(f, "alice/cur/2.x", "text that grew", 2);
	assert_int_equal(unlink(at(f, "alice/cur/4.x")), 0);
	file_at(f, "alice/cur/5.x", "t", 5);
	expect(&f->c, write_out(f, &x, &r), ERR_DEGRADED,
	       "3 items or folders cannot be read, or changed");
	assert_int_equal(r.counts.unreadable.count, 3);
	u = r.counts.unreadable.first;
	assert_true(span_is(u->source_id, "2.x") &&
		    span_is(u->why, "it grew after it was planned"));
	assert_true(span_is(u->folder, "INBOX") && span_is(u->store, "main") &&
		    span_is(u->account, "alice"));
	u = u->next;
	assert_true(span_is(u->source_id, "4.x") &&
		    span_is(u->why, "it vanished after it was planned"));
	assert_true(span_is(u->next->source_id, "5.x"));
	sources_close(x.source, x.count);
}

static void refuses_what_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct packed x = { .line = { line_of("alice") } }, y = { .line = { line_of("nobody") } };
	struct packed z = { .line = { line_of("alice") } };
	struct pack_result r;

	maildir(f, "alice");
	file_at(f, "alice/cur/1.x", "text", 1);
	assert_int_equal(mkfifo(at(f, "alice/cur/2.x"), 0600), 0);
	plan_lines(f, &x, 1);
	assert_true(span_is(x.counts.line[0].problem, "1 items or folders cannot be read"));
	expect(&f->c, write_out(f, &x, &r), ERR_DEGRADED, "cannot be read");
	sources_close(x.source, x.count);
	plan_lines(f, &y, 1);
	assert_true(span_is(y.counts.line[0].problem, "there is no such account in this store"));
	expect(&f->c, write_out(f, &y, &r), ERR_NOT_FOUND,
	       "line d1, store main: there is no such account");
	sources_close(y.source, y.count);
	/* What a store does not hold was never in it: listed, no failure. */
	z.line[0].category = CATEGORY_OTHER;
	plan_lines(f, &z, 1);
	assert_true(span_is(z.counts.line[0].problem, "this category is not held in this store"));
	assert_int_equal(z.counts.line[0].account.n, 0);
	assert_int_equal(write_out(f, &z, &r), ERR_OK);
	assert_int_equal(r.counts.items, 0);
	sources_close(z.source, z.count);
}

static void members_keep_their_length(void **state)
{
	struct fixture *f = *state;
	FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC);
	struct bag b = { .top = SPAN("W-TEST-0001/"), .mtime_utc = 1 };
	struct sha256 *hash;

	assert_int_equal(belt_open(&f->c, fd, &b.belt), ERR_OK);
	buf_begin(&b.head, &f->c, TAR_HEAD_MAX);
	assert_int_equal(NEW(&f->c, hash), ERR_OK);
	assert_int_equal(bag_begin(&f->c, &b, SPAN("x"), 4, hash), ERR_OK);
	assert_int_equal(bag_put(&f->c, &b, SPAN("abc")), ERR_OK);
	expect(&f->c, bag_end(&f->c, &b), ERR_DEGRADED, "it shrank");
	expect(&f->c, bag_put(&f->c, &b, SPAN("de")), ERR_DEGRADED, "it grew");
	assert_int_equal(bag_put(&f->c, &b, SPAN("d")), ERR_OK);
	assert_int_equal(bag_end(&f->c, &b), ERR_OK);
	belt_close(&b.belt);
}

static void metadata_has_no_subject(void **state)
{
	struct fixture *f = *state;
	struct header_dates dates = { .header_utc = 10, .received_utc = DATE_UNKNOWN };
	struct buf b;
	struct span text;

	buf_begin(&b, &f->c, 4096);
	assert_int_equal(
		meta_line(&f->c,
			  SPAN("From: A <a@b.org>\r\nTo: c@d.org,\r\n\te@f.org\r\nSubject: "
			       "secret\r\nCc: \xff\r\n\r\n"),
			  99, 20, &dates, &b),
		ERR_OK);
	assert_int_equal(buf_done(&f->c, &b, &text), ERR_OK);
	assert_true(span_is(text, "{\"bcc\":null,\"bytes\":99,\"cc\":\"\xef\xbf\xbd\",\"date\":"
				  "\"1970-01-01T00:00:10Z\","
				  "\"delivery\":\"1970-01-01T00:00:20Z\",\"from\":\"A "
				  "<a@b.org>\",\"message_id\":null,"
				  "\"received\":null,\"to\":\"c@d.org,\\te@f.org\"}\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(orders_and_names),
		TEST(stores_once_under_the_first_line),
		TEST(packs),
		TEST(refuses_what_changed),
		TEST(refuses_when_the_disk_is_full),
		TEST(refuses_what_cannot_be_read),
		TEST(members_keep_their_length),
		TEST(metadata_has_no_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
