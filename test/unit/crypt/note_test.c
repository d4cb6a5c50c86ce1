/*
 * src/crypt/note.c, note_secret.c and proof.c: the examples of C2SP, every malformed line we could
 * think of, and a whole way from an act to a signed checkpoint with each byte of it changed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt_test.h"

#include "base/num.h"
#include "crypt/note.h"
#include "crypt/sign.h"

#define DASH "\xe2\x80\x94 "
#define ORIGIN "log.example.com/writ"

struct signer {
	unsigned char secret[32];
	struct note_key key;
};

static void signer_make(struct ctx *c, const char *name, unsigned char seed, struct signer *out)
{
	unsigned char public_key[32];

	memset(out->secret, seed, sizeof out->secret);
	ok(c, ed25519_public_of(c, span_of(out->secret, 32), public_key));
	ok(c, note_key_make(c, span_str(name), span_of(public_key, 32), &out->key));
}

static struct span signed_by(struct ctx *c, const struct signer *s, struct span body)
{
	struct span note;

	ok(c, note_sign(c, body, &s->key, span_of(s->secret, 32), &note));
	return note;
}

static struct span joined(struct ctx *c, struct span a, struct span b)
{
	struct span out;

	ok(c, span_fmt(c, &out, "%.*s%.*s", SPAN_ARG(a), SPAN_ARG(b)));
	return out;
}

static struct checkpoint some_checkpoint(void)
{
	struct checkpoint cp = { .origin = SPAN(ORIGIN), .size = 20852163 };

	memset(cp.root.b, 0xab, sizeof cp.root.b);
	return cp;
}

static struct span body_of(struct ctx *c, const struct checkpoint *cp)
{
	struct span body;

	ok(c, checkpoint_body(c, cp, &body));
	return body;
}

/* The example of signed-note: its key must verify its note. The text is no checkpoint, so that is
 * asked of ed25519_verify with what note.c reads. */
static void test_example_key(void **state)
{
	static const char vkey[] =
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	static const char sig[] = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
				  "OBH3mFXmRKuwHjG1Yu72IneyaQM=";
	CTX(c);
	struct note_key k;
	struct span text, raw;

	(void)state;
	ok(&c, note_key_parse(&c, span_str(vkey), &k));
	ok(&c, note_key_text(&c, &k, &text));
	assert_true(span_is(text, vkey));
	ok(&c, b64_decode(&c, span_str(sig), &raw));
	assert_memory_equal(raw.p, k.id, 4);
	ok(&c, ed25519_verify(&c, span_of(k.key, 32), SPAN("This is an example message.\n"),
			      span_cut(raw, 4, 64)));
	fails(&c, ERR_VERIFY,
		ed25519_verify(&c, span_of(k.key, 32), SPAN("This is an example message!\n"),
			       span_cut(raw, 4, 64)));
}

static void test_key_refusals(void **state)
{
	static const char *const bad[] = {
		"",
		"+",
		"++",
		"example.com/foo",
		"example.com/foo+530d903a",
		"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* another
											    id */
		"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* another
											    name */
		"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* type 02
											  */
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAA==",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
		"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	};
	static const char *const names[] = { "",
					     "a b",
					     "a\tb",
					     "a+b",
					     "a\nb",
					     "a\xc2\xa0"
					     "b",
					     "a\xe3\x80\x80",
					     "a\xe2\x80\xa8",
					     "\xff",
					     "a\x7f" };
	unsigned char key[33] = { 0 };
	struct note_key k;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		fails(&c, ERR_FORMAT, note_key_parse(&c, span_str(bad[i]), &k));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		fails(&c, ERR_FORMAT,
			note_key_make(&c, span_str(names[i]), span_of(key, 32), &k));
	ok(&c, note_key_make(&c,
			     SPAN("gr\xc3\xbc\xc3\x9f"
				  "e"),
			     span_of(key, 32), &k));
	fails(&c, ERR_FORMAT, note_key_make(&c, SPAN("a"), span_of(key, 31), &k));
	fails(&c, ERR_FORMAT, note_key_make(&c, SPAN("a"), span_of(key, 33), &k));
}

static void test_key_round_trip(void **state)
{
	(void)state;
	/* Many keys, so that some have a plus in their base64. */
	for (unsigned seed = 0; seed < 200; seed++) {
		CTX(c);
		struct signer s;
		struct note_key k;
		struct span text;

		signer_make(&c, ORIGIN, (unsigned char)seed, &s);
		ok(&c, note_key_text(&c, &s.key, &text));
		ok(&c, note_key_parse(&c, text, &k));
		assert_true(span_eq(k.name, s.key.name));
		assert_memory_equal(k.key, s.key.key, 32);
		assert_memory_equal(k.id, s.key.id, 4);
	}
}

static void test_checkpoint(void **state)
{
	CTX(c);
	struct checkpoint cp = some_checkpoint(), read, empty = { .origin = SPAN(ORIGIN) };
	struct signer s, other, same_name;
	struct span note;

	(void)state;
	signer_make(&c, ORIGIN, 1, &s);
	signer_make(&c, "witness.example.com", 2, &other);
	signer_make(&c, ORIGIN, 3, &same_name);
	note = signed_by(&c, &s, body_of(&c, &cp));
	ok(&c, checkpoint_open(&c, note, &s.key, &read));
	assert_true(read.size == cp.size && span_eq(read.origin, cp.origin));
	assert_memory_equal(read.root.b, cp.root.b, 32);
	fails(&c, ERR_VERIFY, checkpoint_open(&c, note, &other.key, &read));
	fails(&c, ERR_VERIFY, checkpoint_open(&c, note, &same_name.key, &read));
	/* Another log's checkpoint, signed by a key that we know: its origin is not the key's name.
	 */
	note = signed_by(&c, &other, body_of(&c, &cp));
	fails(&c, ERR_VERIFY, checkpoint_open(&c, note, &other.key, &read));
	ok(&c, tree_empty_root(&c, &empty.root));
	ok(&c, checkpoint_open(&c, signed_by(&c, &s, body_of(&c, &empty)), &s.key, &read));
	assert_int_equal(read.size, 0);
	empty.root.b[0] ^= 1;
	fails(&c, ERR_FORMAT,
		checkpoint_open(&c, signed_by(&c, &s, body_of(&c, &empty)), &s.key, &read));
	cp.origin = SPAN("a b");
	fails(&c, ERR_FORMAT, checkpoint_body(&c, &cp, &note));
}

static void test_checkpoint_bodies(void **state)
{
#define ROOT "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="
	static const char *const bad[] = {
		ORIGIN "\n05\n" ROOT "\n",
		ORIGIN "\n00\n" ROOT "\n",
		ORIGIN "\n-5\n" ROOT "\n",
		ORIGIN "\n+5\n" ROOT "\n",
		ORIGIN "\n5 \n" ROOT "\n",
		ORIGIN "\n\n" ROOT "\n",
		ORIGIN "\n0x5\n" ROOT "\n",
		ORIGIN "\n18446744073709551616\n" ROOT "\n",
		ORIGIN "\n5\n" ROOT "\nextension\n",
		ORIGIN "\n5\n" ROOT "\n\n",
		ORIGIN "\n5\n",
		ORIGIN "\n",
		"\n5\n" ROOT "\n",
		ORIGIN "\n5\n" ROOT "=\n",
		ORIGIN "\n5\nq6urq6s=\n",
		ORIGIN "\n5\n\n",
		" " ORIGIN "\n5\n" ROOT "\n",
		ORIGIN "\n5\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6t=\n", /* spare bits */
		ORIGIN "\n5\n" ROOT " \n",
		ORIGIN "\n5\n" ROOT "\n" ORIGIN "\n5\n" ROOT "\n",
	};
	CTX(c);
	struct checkpoint read;
	struct signer s;

	(void)state;
	signer_make(&c, ORIGIN, 1, &s);
	ok(&c,
	   checkpoint_open(&c, signed_by(&c, &s, SPAN(ORIGIN "\n5\n" ROOT "\n")), &s.key, &read));
	/* Each of these is well signed: the body alone is at fault. */
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (checkpoint_open(&c, signed_by(&c, &s, span_str(bad[i])), &s.key, &read) !=
		    ERR_FORMAT)
			fail_msg("taken: %s", bad[i]);
		err_clear(&c);
	}
}

static void test_note_lines(void **state)
{
	static const char *const bad[] = {
		"- x AAAAAAAA\n",
		DASH "x\n",
		DASH "x  AAAAAAAA\n",
		DASH " AAAAAAAA\n",
		DASH "x AAAAAAAA \n",
		DASH "x AAAA\n",
		DASH "x AAAAAA==\n",
		DASH "x AAAAAAA\n",
		DASH "x AAAAAAA=\n"
		     "x\n",
		DASH "a+b AAAAAAAA\n",
		DASH "x AAAAAAA!\n",
		"\xe2\x80\x94x AAAAAAAA\n",
		DASH "x AAAAAAAA",
		"\n",
		"x\n",
		DASH "x AAAAAAAA\r\n",
		DASH "x\t AAAAAAAA\n",
		DASH "\xff AAAAAAAA\n",
		DASH "x AAAAAAB=\n",
	};
	CTX(c);
	struct checkpoint cp = some_checkpoint(), read;
	struct signer s, other;
	struct span body = body_of(&c, &cp), note, line, more;

	(void)state;
	signer_make(&c, ORIGIN, 1, &s);
	signer_make(&c, "witness.example.com", 2, &other);
	note = signed_by(&c, &s, body);
	line = span_cut(note, body.n + 1, note.n);
	/* Lines of strangers, before and behind, even under our name with another id. */
	more = joined(&c, note, SPAN(DASH "x AAAAAAAA\n" DASH ORIGIN " AAAAAAAA\n"));
	ok(&c, checkpoint_open(&c, more, &s.key, &read));
	more = joined(&c, joined(&c, body, SPAN("\n" DASH "x AAAAAAAA\n")), line);
	ok(&c, checkpoint_open(&c, more, &s.key, &read));
	for (int i = 0; i < 20; i++)
		more = joined(&c, more, SPAN(DASH "x AAAAAAAA\n"));
	ok(&c, checkpoint_open(&c, more, &s.key, &read));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (checkpoint_open(&c, joined(&c, note, span_str(bad[i])), &s.key, &read) !=
		    ERR_FORMAT)
			fail_msg("taken: %s", bad[i]);
		err_clear(&c);
	}
	fails(&c, ERR_VERIFY, checkpoint_open(&c, joined(&c, note, line), &s.key, &read));
	fails(&c, ERR_FORMAT, checkpoint_open(&c, body, &s.key, &read));
	fails(&c, ERR_FORMAT, checkpoint_open(&c, joined(&c, body, SPAN("\n")), &s.key, &read));
	fails(&c, ERR_FORMAT, checkpoint_open(&c, joined(&c, body, line), &s.key, &read));
	fails(&c, ERR_FORMAT, checkpoint_open(&c, SPAN_NONE, &s.key, &read));
	fails(&c, ERR_FORMAT, checkpoint_open(&c, SPAN("\n"), &s.key, &read));
	fails(&c, ERR_FORMAT, checkpoint_open(&c, SPAN("\n\n"), &s.key, &read));
	/* Our line, one byte of signature too few. */
	ok(&c, b64_decode(&c, span_trim(span_cut(line, sizeof(DASH ORIGIN), line.n)), &more));
	ok(&c, b64_encode(&c, span_cut(more, 0, more.n - 1), &more));
	ok(&c, span_fmt(&c, &more, "%.*s\n" DASH ORIGIN " %.*s\n", SPAN_ARG(body), SPAN_ARG(more)));
	fails(&c, ERR_VERIFY, checkpoint_open(&c, more, &s.key, &read));
}

/* No bit of a note that one key signed can change. */
static void test_note_mutants(void **state)
{
	CTX(keep);
	struct checkpoint cp = some_checkpoint(), read;
	struct signer s;
	struct span note;
	unsigned char *p;

	(void)state;
	signer_make(&keep, ORIGIN, 1, &s);
	note = signed_by(&keep, &s, body_of(&keep, &cp));
	p = arena_alloc(&keep, note.n);
	for (size_t i = 0; i < note.n; i++) {
		CTX(c);

		for (unsigned bit = 0; bit < 8; bit++) {
			enum err e;

			memcpy(p, note.p, note.n);
			p[i] ^= (unsigned char)(1u << bit);
			e = checkpoint_open(&c, span_of(p, note.n), &s.key, &read);
			if (e != ERR_FORMAT && e != ERR_VERIFY)
				fail_msg("byte %zu bit %u: %s", i, bit, err_name(e));
			err_clear(&c);
		}
		assert_int_not_equal(checkpoint_open(&c, span_cut(note, 0, i), &s.key, &read),
				     ERR_OK);
	}
}

static void test_sign_refusals(void **state)
{
	CTX(c);
	struct signer s, other;
	struct span note;

	(void)state;
	signer_make(&c, ORIGIN, 1, &s);
	signer_make(&c, ORIGIN, 2, &other);
	fails(&c, ERR_FORMAT,
		note_sign(&c, SPAN("no newline"), &s.key, span_of(s.secret, 32), &note));
	fails(&c, ERR_FORMAT, note_sign(&c, SPAN_NONE, &s.key, span_of(s.secret, 32), &note));
	fails(&c, ERR_FORMAT,
		note_sign(&c, SPAN("a\tb\n"), &s.key, span_of(s.secret, 32), &note));
	fails(&c, ERR_FORMAT,
		note_sign(&c, SPAN("a\xff\n"), &s.key, span_of(s.secret, 32), &note));
	fails(&c, ERR_CRYPTO,
		note_sign(&c, SPAN("a\n"), &s.key, span_of(other.secret, 32), &note));
	fails(&c, ERR_FORMAT, note_sign(&c, SPAN("a\n"), &s.key, span_of(s.secret, 31), &note));
}

/* A log of so many ticks; the acts of one of them with everything a proof needs. */
#define TICKS 13u
#define ACTS 5u

struct world {
	struct signer s;
	struct sha256 leaf[TICKS];
	struct act_proof proof[ACTS];
	struct span act[ACTS];
};

static enum err world_node(struct ctx *c, void *of, unsigned level, uint64_t index,
			   struct sha256 *out)
{
	const struct world *w = of;
	struct sha256 l, r;

	if (level == 0) {
		*out = w->leaf[index];
		return ERR_OK;
	}
	TRY(world_node(c, of, level - 1, 2 * index, &l));
	TRY(world_node(c, of, level - 1, 2 * index + 1, &r));
	return tree_node(c, &l, &r, out);
}

static void world_acts(struct ctx *c, struct world *w, uint64_t tick, struct sha256 *inner_out)
{
	struct sha256 commitment[ACTS], key;
	struct inner_path path[ACTS];

	for (unsigned i = 0; i < ACTS; i++) {
		memset(w->proof[i].salt, (int)(i + 1), 32);
		ok(c, span_fmt(c, &w->act[i], "{\"act\":\"received\",\"seq\":%u}", i));
		ok(c, act_commitment(c, span_of(w->proof[i].salt, 32), w->act[i], &commitment[i]));
	}
	ok(c, inner_tick_key(c, SPAN("pad"), tick, &key));
	ok(c, inner_build(c, &key, commitment, ACTS, inner_out, path));
	for (unsigned i = 0; i < ACTS; i++)
		w->proof[i].path = path[i];
}

static void world_make(struct ctx *c, struct world *w, uint64_t tick)
{
	struct tree_source src = { w, world_node };
	struct checkpoint cp = { .origin = SPAN(ORIGIN), .size = TICKS };
	struct span note;

	signer_make(c, ORIGIN, 1, &w->s);
	for (unsigned n = 0; n < TICKS; n++) {
		struct sha256 inner = { { (unsigned char)n } };
		unsigned char entry[TICK_ENTRY_BYTES];

		if (n == tick)
			world_acts(c, w, tick, &inner);
		tick_entry(1700000000000 + 10000 * (int64_t)n, &inner, entry);
		ok(c, tree_leaf(c, span_of(entry, sizeof entry), &w->leaf[n]));
	}
	ok(c, tree_root_of(c, &src, TICKS, &cp.root));
	note = signed_by(c, &w->s, body_of(c, &cp));
	for (unsigned i = 0; i < ACTS; i++) {
		w->proof[i].tick_time_ms = 1700000000000 + 10000 * (int64_t)tick;
		w->proof[i].index = tick;
		w->proof[i].checkpoint = note;
		ok(c, tree_prove_inclusion(c, &src, tick, TICKS, &w->proof[i].outer));
	}
}

static enum err checked(struct ctx *c, struct span text, struct span act,
			const struct note_key *key)
{
	struct checkpoint cp;
	struct act_proof p;

	TRY(act_proof_parse(c, text, &p));
	return act_proof_check(c, &p, act, key, &cp);
}

static void test_proof(void **state)
{
	(void)state;
	assert_int_equal(ACT_EXTRA_BYTES, 555);
	for (uint64_t tick = 0; tick < TICKS; tick++) {
		CTX(c);
		struct act_proof read;
		struct signer other;
		struct span text, again;
		struct world *w;
		size_t length = 0;

		ok(&c, NEW(&c, w));
		world_make(&c, w, tick);
		signer_make(&c, ORIGIN, 9, &other);
		for (unsigned i = 0; i < ACTS; i++) {
			ok(&c, act_proof_write(&c, &w->proof[i], &text));
			assert_true(span_starts(text, "c2sp.org/tlog-proof@v1\nextra AQ"));
			ok(&c, checked(&c, text, w->act[i], &w->s.key));
			fails(&c, ERR_VERIFY,
				checked(&c, text, w->act[(i + 1) % ACTS], &w->s.key));
			fails(&c, ERR_VERIFY, checked(&c, text, w->act[i], &other.key));
			ok(&c, act_proof_parse(&c, text, &read));
			ok(&c, act_proof_write(&c, &read, &again));
			assert_true(span_eq(text, again));
			/* The length tells nothing about the act or how many there were. */
			assert_true(length == 0 || length == text.n);
			length = text.n;
		}
	}
}

static void test_proof_mutants(void **state)
{
	CTX(keep);
	struct span text;
	struct world *w;
	unsigned char *p;

	(void)state;
	ok(&keep, NEW(&keep, w));
	world_make(&keep, w, 10);
	ok(&keep, act_proof_write(&keep, &w->proof[2], &text));
	p = arena_alloc(&keep, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		CTX(c);

		for (unsigned bit = 0; bit < 8; bit++) {
			enum err e;

			memcpy(p, text.p, text.n);
			p[i] ^= (unsigned char)(1u << bit);
			e = checked(&c, span_of(p, text.n), w->act[2], &w->s.key);
			if (e != ERR_FORMAT && e != ERR_VERIFY)
				fail_msg("byte %zu bit %u: %s", i, bit, err_name(e));
			err_clear(&c);
		}
		assert_int_not_equal(checked(&c, span_cut(text, 0, i), w->act[2], &w->s.key),
				     ERR_OK);
		err_clear(&c);
		/* Without this byte; text in front of it is not moved. */
		memcpy(p, text.p, i);
		memcpy(p + i, text.p + i + 1, text.n - i - 1);
		assert_int_not_equal(checked(&c, span_of(p, text.n - 1), w->act[2], &w->s.key),
				     ERR_OK);
	}
}

static void test_proof_fields(void **state)
{
	CTX(c);
	struct checkpoint cp;
	struct act_proof p;
	struct world *w;
	struct span text;

	(void)state;
	ok(&c, NEW(&c, w));
	world_make(&c, w, 4);
	p = w->proof[0];
	ok(&c, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	assert_int_equal(cp.size, TICKS);
	p.index = TICKS;
	fails(&c, ERR_VERIFY, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	p.index = UINT64_MAX;
	fails(&c, ERR_VERIFY, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	p = w->proof[0];
	p.tick_time_ms++;
	fails(&c, ERR_VERIFY, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	p.tick_time_ms = -1;
	fails(&c, ERR_FORMAT, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	fails(&c, ERR_FORMAT, act_proof_write(&c, &p, &text));
	p = w->proof[0];
	p.path = w->proof[1].path;
	fails(&c, ERR_VERIFY, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	p = w->proof[0];
	memcpy(p.salt, w->proof[1].salt, sizeof p.salt);
	fails(&c, ERR_VERIFY, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	p = w->proof[0];
	p.outer.count--;
	fails(&c, ERR_VERIFY, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
	p.outer.count = TREE_PROOF_MAX + 1;
	fails(&c, ERR_FORMAT, act_proof_write(&c, &p, &text));
	fails(&c, ERR_VERIFY, act_proof_check(&c, &p, w->act[0], &w->s.key, &cp));
}

/* Each line left out, doubled, or with a space or a carriage return at its end. */
static void test_proof_lines(void **state)
{
	CTX(c);
	struct reader r;
	struct span text, line;
	struct world *w;

	(void)state;
	ok(&c, NEW(&c, w));
	world_make(&c, w, 4);
	ok(&c, act_proof_write(&c, &w->proof[0], &text));
	for (r = (struct reader){ .s = text }; take_line(&r, &line);) {
		size_t from = (size_t)(line.p - text.p), to = from + line.n + 1;
		struct span before = span_cut(text, 0, from), after = span_cut(text, to, text.n),
			    whole = span_cut(text, from, to - from);
		struct span bad[4] = {
			joined(&c, before, after),
			joined(&c, joined(&c, before, whole), joined(&c, whole, after)),
			joined(&c, joined(&c, before, line), joined(&c, SPAN(" \n"), after)),
			joined(&c, joined(&c, before, line), joined(&c, SPAN("\r\n"), after))
		};

		for (size_t i = 0; i < COUNT_OF(bad); i++) {
			assert_int_not_equal(checked(&c, bad[i], w->act[0], &w->s.key), ERR_OK);
			err_clear(&c);
		}
	}
	fails(&c, ERR_FORMAT, checked(&c, SPAN_NONE, w->act[0], &w->s.key));
	fails(&c, ERR_FORMAT,
		checked(&c, SPAN("c2sp.org/tlog-proof@v2\n"), w->act[0], &w->s.key));
	fails(&c, ERR_FORMAT,
		checked(&c, SPAN("c2sp.org/tlog-proof@v1\n"), w->act[0], &w->s.key));
}

static void tile_is(struct ctx *c, const char *kind, uint64_t index, unsigned width,
		    const char *want)
{
	char *path;

	ok(c, tile_path(c, kind, index, width, &path));
	assert_string_equal(path, want);
}

static void test_tiles(void **state)
{
	static const char *const kinds[] = { "",	"64",	 "-1",	 "00",
					     "Entries", "entry", "0/..", "tile/0" };
	CTX(c);
	char *path;

	(void)state;
	tile_is(&c, "0", 1234067, 256, "tile/0/x001/x234/067");
	tile_is(&c, "0", 1234, 256, "tile/0/x001/234");
	tile_is(&c, "0", 0, 256, "tile/0/000");
	tile_is(&c, "63", 999, 255, "tile/63/999.p/255");
	tile_is(&c, "1", 1000, 1, "tile/1/x001/000.p/1");
	tile_is(&c, "entries", 0, 12, "tile/entries/000.p/12");
	tile_is(&c, "0", UINT64_MAX, 256, "tile/0/x018/x446/x744/x073/x709/x551/615");
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		fails(&c, ERR_USAGE, tile_path(&c, kinds[i], 0, 1, &path));
	fails(&c, ERR_USAGE, tile_path(&c, "0", 0, 0, &path));
	fails(&c, ERR_USAGE, tile_path(&c, "0", 0, 257, &path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_key),
		cmocka_unit_test(test_key_refusals),
		cmocka_unit_test(test_key_round_trip),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_checkpoint_bodies),
		cmocka_unit_test(test_note_lines),
		cmocka_unit_test(test_note_mutants),
		cmocka_unit_test(test_sign_refusals),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_proof_mutants),
		cmocka_unit_test(test_proof_fields),
		cmocka_unit_test(test_proof_lines),
		cmocka_unit_test(test_tiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
