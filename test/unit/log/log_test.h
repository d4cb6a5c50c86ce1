/*
 * What the tests of src/log share: a seal made of crypt/tree.h and a signing key, a home with its
 * log, and acts as the order layer makes them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LOG_TEST_H
#define LOG_TEST_H

#include "../store/store_test.h"

#include "crypt/sign.h"
#include "format/time.h"
#include "log/log.h"

#define FAKE_ACTS_MAX 4

struct fake_seal {
	struct note_key key;
	struct ctx *keep;               /* what outlives one request */
	struct tree_edge edge;
	int64_t last_ms, seal_seq;
	struct span own[FAKE_ACTS_MAX]; /* acts that the next tick contains */
	size_t own_count;
	/* The last answer, kept until the next. */
	struct json *last;
	struct span last_paths;
	int64_t last_size, last_count;
	struct span last_place;
	/* What it does wrong in its next answer. */
	enum {
		RIGHT,
		WRONG_TIME,
		WRONG_ROOT,
		WRONG_KEY,
		WRONG_PATH,
		WRONG_ENTRY,
		WRONG_SIZE,
		WRONG_COUNT,
		WRONG_SEQ,
		NO_PATHS,
		WRONGS
	} wrong;
	bool gone;                      /* nobody answers */
	bool lose_answer;               /* the state is kept, the answer is lost */
};

static const unsigned char fake_secret[32] = "the fake seal signs with this k";
static const unsigned char fake_pad[32] = "the fake seal pads its ticks wi";

/* The test's own clock. */
static int64_t clock_ms = 1790000000000;
static inline int64_t clock_now(void)
{
	return clock_ms;
}
static struct seam test_seam;
/* Nobody pulls the plug of a test: what must be durable is counted in one test, not waited for. */
static inline int no_fsync(int fd)
{
	(void)fd;
	return 0;
}
static inline void use_test_clock(struct ctx *c)
{
	test_seam = *seam_world();
	test_seam.now_ms = clock_now;
	test_seam.fsync = no_fsync;
	c->seam = &test_seam;
}

static inline void fake_begin(struct ctx *c, struct fake_seal *f)
{
	unsigned char public_key[32];

	*f = (struct fake_seal){ .keep = c };
	ok(c, ed25519_public_of(c, span_of(fake_secret, 32), public_key));
	ok(c, note_key_make(c, SPAN("log.example.org/writ"), span_of(public_key, 32), &f->key));
}

static inline void fake_act(struct fake_seal *f, const char *act, const char *order)
{
	struct ctx *c = f->keep;
	struct json *j = json_object(c);

	json_set_int(c, j, "version", 1);
	json_set_str(c, j, "kind", "act");
	json_set_str(c, j, "act", act);
	json_set_str(c, j, "actor", "seal");
	json_set_int(c, j, "seal_seq", ++f->seal_seq);
	json_set_str(c, j, "order", order);
	json_set(c, j, "body", json_object(c));
	assert_true(f->own_count < FAKE_ACTS_MAX);
	ok(c, json_write(c, j, 10000, &f->own[f->own_count++]));
}

static inline void fake_paths(struct ctx *c, const struct inner_path *paths, size_t n,
			      struct span *out)
{
	struct buf b;

	buf_begin(&b, c, n * 514 + 1);
	for (size_t i = 0; i < n; i++) {
		buf_u16(&b, paths[i].place);
		buf_add(&b, span_of(paths[i].sibling, sizeof paths[i].sibling));
	}
	ok(c, buf_done(c, &b, out));
}

static inline enum err fake_sign(struct fake_seal *f, struct span body, struct span *note)
{
	unsigned char public_key[32];
	struct note_key other;

	if (f->wrong != WRONG_KEY)
		return note_sign(f->keep, body, &f->key, span_of(fake_secret, 32), note);
	TRY(ed25519_public_of(f->keep, span_of(fake_pad, 32), public_key));
	TRY(note_key_make(f->keep, f->key.name, span_of(public_key, 32), &other));
	return note_sign(f->keep, body, &other, span_of(fake_pad, 32), note);
}

static inline enum err fake_close(struct fake_seal *f, const struct sha256 *sent, size_t sent_count)
{
	struct ctx *c = f->keep;
	size_t n = sent_count + f->own_count;
	unsigned char salt[32] = { 7 }, entry[TICK_ENTRY_BYTES];
	struct sha256 *all, key, inner, leaf;
	struct inner_path *paths;
	struct json *acts = json_list(c), *answer = json_object(c);
	struct checkpoint cp = { .origin = f->key.name };
	struct span hex, note, body;

	TRY(NEW_ARRAY(c, all, n + 1));
	TRY(NEW_ARRAY(c, paths, n + 1));
	if (sent_count)
		memcpy(all, sent, sent_count * sizeof *all);
	for (size_t i = 0; i < f->own_count; i++) {
		struct json *item = json_object(c);

		salt[1] = (unsigned char)(f->seal_seq - (int64_t)i);
		TRY(hex_encode(c, span_of(salt, 32), &hex));
		json_set_text(c, item, "act", f->own[i]);
		json_set_text(c, item, "salt", hex);
		json_add(c, acts, item);
		TRY(act_commitment(c, span_of(salt, 32), f->own[i], &all[sent_count + i]));
	}
	TRY(inner_tick_key(c, span_of(fake_pad, 32), f->edge.size, &key));
	TRY(inner_build(c, &key, all, n, &inner, paths));
	f->last_ms = clock_ms > f->last_ms ? clock_ms : f->last_ms + 1;
	tick_entry(f->wrong == WRONG_TIME ? f->last_ms - 1000000000 : f->last_ms, &inner, entry);
	TRY(tree_leaf(c, span_of(entry, sizeof entry), &leaf));
	TRY(tree_edge_add(c, &f->edge, &leaf));
	cp.size = f->edge.size;
	TRY(tree_edge_root(c, &f->edge, &cp.root));
	if (f->wrong == WRONG_ROOT)
		cp.root.b[5] ^= 1;
	TRY(checkpoint_body(c, &cp, &body));
	TRY(fake_sign(f, body, &note));
	if (f->wrong == WRONG_ENTRY)
		entry[20] ^= 1;
	if (f->wrong == WRONG_PATH)
		paths[n - 1].sibling[3].b[0] ^= 1;
	TRY(hex_encode(c, span_of(entry, sizeof entry), &hex));
	json_set_int(c, answer, "size", (int64_t)f->edge.size + (f->wrong == WRONG_SIZE));
	json_set_text(c, answer, "entry", hex);
	json_set_text(c, answer, "checkpoint", note);
	json_set_int(c, answer, "time_ms",
		     f->wrong == WRONG_TIME ? f->last_ms - 1000000000 : f->last_ms);
	json_set_int(c, answer, "count", (int64_t)sent_count + (f->wrong == WRONG_COUNT));
	json_set(c, answer, "acts", acts);
	fake_paths(c, paths, n, &f->last_paths);
	f->last = answer;
	f->own_count = 0;
	return ERR_OK;
}

static inline enum err fake_tick(struct ctx *c, struct fake_seal *f, const struct json *request,
				 struct span place, int fd)
{
	int64_t size = json_opt_int(request, "size", -1),
		count = json_opt_int(request, "count", -1);
	struct sha256 *sent;
	struct span all;

	if (f->last && f->last_size == size && f->last_count == count &&
	    span_eq(place, f->last_place))
		return ERR_OK;
	if (size != (int64_t)f->edge.size)
		FAIL(c, ERR_STATE, "TICK_SIZE: the tree has another size");
	assert_true(fd >= 0);
	TRY(fd_read_all(f->keep, fd, 65536 * 32, &all));
	assert_int_equal(all.n, (size_t)count * 32);
	TRY(NEW_ARRAY(f->keep, sent, (size_t)count + 1));
	if (all.n)
		memcpy(sent, all.p, all.n);
	f->last_size = size;
	f->last_count = count;
	TRY(span_copy(f->keep, place, &f->last_place));
	return fake_close(f, sent, (size_t)count);
}

static inline enum err fake_ask(struct ctx *c, void *of, struct json *request, struct span place,
				int fd, struct ipc_msg *msg_out, const struct json **answer_out)
{
	struct fake_seal *f = of;
	struct json *answer;

	*msg_out = (struct ipc_msg){ .fd_count = 0 };
	if (f->gone)
		FAIL(c, ERR_AGAIN, "nobody answers");
	if (span_is(json_opt_text(request, "request", SPAN_NONE), "tick")) {
		TRY(fake_tick(c, f, request, place, fd));
		TRY(json_clone(c, f->last, &answer));
	} else {
		assert_true(span_is(json_opt_text(request, "request", SPAN_NONE), "state"));
		answer = json_object(c);
		json_set(c, answer, "last_tick", f->last);
	}
	if (f->lose_answer)
		FAIL(c, ERR_AGAIN, "the answer was lost");
	*answer_out = answer;
	if (f->last_paths.n && f->wrong != NO_PATHS) {
		TRY(memfd_of(c, "paths", f->last_paths, &msg_out->fd[0]));
		msg_out->fd_count = 1;
	}
	return ERR_OK;
}

/* A home with its log. */
struct place {
	char *dir;
	struct ctx keep;
	struct fake_seal seal;
	struct store *store;
	char *db, *log_dir;
	struct log log;
};

static inline void place_begin(struct place *p)
{
	memset(p, 0, sizeof *p);
	p->dir = folder_begin();
	assert_int_equal(ctx_begin(&p->keep, (size_t)1 << 30), ERR_OK);
	use_test_clock(&p->keep);
	fake_begin(&p->keep, &p->seal);
	ok(&p->keep, path_fmt(&p->keep, &p->db, "%s/writ.db", p->dir));
	ok(&p->keep, path_fmt(&p->keep, &p->log_dir, "%s/log", p->dir));
	ok(&p->keep, store_open(&p->keep, p->db, STORE_CREATE, &p->store));
	p->log = (struct log){ p->log_dir, p->store, &p->seal.key, { &p->seal, fake_ask } };
}

static inline void place_end(struct place *p)
{
	store_close(&p->store);
	ctx_end(&p->keep);
	folder_end(&p->dir);
}
#define PLACE(p) __attribute__((cleanup(place_end))) struct place p; place_begin(&p)
#define LOG_CTX(c) CTX(c); use_test_clock(&c)

/* Closes the store and opens it again, as the next command does. */
static inline void place_reopen(struct place *p)
{
	store_close(&p->store);
	ok(&p->keep, store_open(&p->keep, p->db, STORE_WRITE, &p->store));
	p->log.store = p->store;
}

static inline void add_act(struct ctx *c, struct store *st, const char *order, const char *act,
			   struct json *body)
{
	struct json *j = json_object(c), *actor = json_object(c);
	struct span text, at, salt_hex, commitment_hex;
	struct sha256 commitment;
	unsigned char salt[32];
	struct store_value last;

	ok(c, store_one(c, st, QUERY_ACT_LAST_SEQ, PARAMS(P_STR(order)), &last, 1, NULL));
	ok(c, time_span(c, clock_ms / 1000, &at));
	json_set_int(c, j, "version", 1);
	json_set_str(c, j, "kind", "act");
	json_set_str(c, j, "order", order);
	json_set_text(c, j, "made_at", at);
	json_set_int(c, j, "seq", last.i + 1);
	json_set_str(c, j, "act", act);
	json_set(c, actor, "name", NULL);
	json_set_str(c, actor, "unix_user", "tester");
	json_set(c, j, "actor", actor);
	json_set(c, j, "body", body ? body : json_object(c));
	ok(c, json_write(c, j, 100000, &text));
	assert_int_equal(c->seam->random(salt, sizeof salt), 0);
	ok(c, act_commitment(c, span_of(salt, 32), text, &commitment));
	ok(c, hex_encode(c, span_of(salt, 32), &salt_hex));
	ok(c, hex_encode(c, sha256_span(&commitment), &commitment_hex));
	ok(c, store_run(c, st, QUERY_ACT_ADD,
			PARAMS(P_STR(order), P_INT(last.i + 1), P_INT(clock_ms / 1000), P_STR(act),
			       P_TEXT(text), P_TEXT(salt_hex), P_TEXT(commitment_hex)),
			NULL, NULL));
}

static inline void add_acts(struct place *p, size_t n)
{
	STORE_WORK_SCOPED struct store_work w = { NULL };
	LOG_CTX(c);
	char ref[32];

	ok(&c, store_begin(&c, p->store, &w));
	for (size_t i = 0; i < n; i++) {
		snprintf(ref, sizeof ref, "W-%04zu", (size_t)rand() % 40);
		add_act(&c, p->store, ref, "received", NULL);
	}
	ok(&c, store_commit(&c, &w));
}

static inline void tick_at(struct place *p, struct log_tick *out, const char *file, int line)
{
	LOG_CTX(c);

	ok_at(&c, log_tick(&c, &p->log, out), file, line);
	clock_ms += 10000;
}
#define tick(p, out) tick_at((p), (out), __FILE__, __LINE__)

#endif
