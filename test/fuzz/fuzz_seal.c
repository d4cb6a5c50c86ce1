/*
 * The seal: conversations of writ, a hand and a stranger with one seal, decoder and dispatch and
 * all of what stands behind them, on a state in memory. A line is who speaks (w, h, x) and a
 * request with $words (script.h), or "t SECONDS": time passes. Whatever is said: an answer is
 * canonical and has its number, a refusal says why, the state stays one that a start accepts, the
 * same request has the same answer, and nothing is released, decided or changed without enough
 * people's signatures. SPDX-License-Identifier: Apache-2.0
 */
#include <ftw.h>
#include <stdlib.h>

#include "crypt/sshsig.h"
#include "script.h"
#include "seal/make.h"
#include "seal/start.h"
#include "seal/state.h"

#define LINES_MAX 24
#define TURN_BYTES ((size_t)256 << 20)
#define WRIT_UID "61002"
#define HAND_UID "61003"
#define KEPT_MAX 32

static const char *dir;
static struct seal seal;
static struct {
	char *path;
	struct span bytes;
} kept[KEPT_MAX];
static size_t kept_count;
static struct ctx life;

/* ---- the founding, and the state as it was then ---- */

static struct json *person(struct ctx *c, unsigned who, const char *name, const char *const *may)
{
	struct json *j = json_object(c), *list = json_list(c);
	struct span line;

	script_key_line(c, who, &line);
	for (; *may; may++)
		json_add(c, list, json_text(c, span_str(*may)));
	json_set_str(c, j, "row", "person");
	json_set_str(c, j, "name", name);
	json_set_str(c, j, "unix_user", name);
	json_set(c, j, "may", list);
	json_set_text(c, j, "key", line);
	json_set_bool(c, j, "user_verified", false);
	return j;
}

static struct span founding_input(struct ctx *c)
{
#define MAY(...) ((const char *const[]){ __VA_ARGS__, NULL })
	struct json *j = json_object(c), *people = json_list(c);
	struct span text;

	json_add(c, people, person(c, 0, "ana", MAY("decide", "roster", "halt")));
	json_add(c, people, person(c, 1, "ben", MAY("approve", "roster", "halt")));
	json_add(c, people, person(c, 2, "cleo", MAY("approve", "roster")));
	json_add(c, people, person(c, 3, "dan", MAY("decide", "approve")));
#undef MAY
	json_set_str(c, j, "provider", "Example Mail");
	json_set_str(c, j, "log_origin", "example.org/writ");
	json_set(c, j, "people", people);
	json_set(c, j, "policy", json_object(c));
	CHECK(json_write(c, j, 1 << 16, &text) == ERR_OK);
	return text;
}

/* As the command line does it: the input on descriptor 0, the document on out. */
static void found(struct ctx *c)
{
	unsigned char secret[32];
	struct span document, sig;
	char doc[32], in[32], path[2][32], *sigs[2] = { path[0], path[1] };
	int out = world_file(SPAN_NONE, doc), input = world_file(founding_input(c), in);
	int was = dup(STDIN_FILENO);

	CHECK(dup2(input, STDIN_FILENO) == 0);
	CHECK(init_make(c, dir, WRIT_UID, HAND_UID, out) == ERR_OK);
	if (was >= 0)
		CHECK(dup2(was, STDIN_FILENO) == 0);
	CHECK(lseek(out, 0, SEEK_SET) == 0 && fd_read_all(c, out, 1 << 20, &document) == ERR_OK);
	for (unsigned i = 0; i < 2; i++) {
		script_secret(i, secret);
		CHECK(sshsig_sign_ed25519(c, span_of(secret, 32), "writ-roster@v1", document,
					  &sig) == ERR_OK);
		world_file(sig, path[i]);
	}
	CHECK(init_sign(c, dir, doc, sigs, 2) == ERR_OK);
}

static int keep_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)where;
	if (kind != FTW_F)
		return 0;
	CHECK(kept_count < KEPT_MAX);
	kept[kept_count].path = strdup(path);
	CHECK(kept[kept_count].path);
	CHECK(file_read(&life, path, 1 << 20, &kept[kept_count++].bytes) == ERR_OK);
	return 0;
}

static void begin_once(void)
{
	static struct seam seam;

	if (dir)
		return;
	dir = world_dir();
	CHECK(ctx_begin(&life, TURN_BYTES) == ERR_OK);
	seam = world_begin();
	life.seam = &seam;
	found(&life);
	CHECK(seal_open(&seal, dir, true) == ERR_OK);
	seal.life.seam = &seam;
	CHECK(nftw(dir, keep_one, 16, FTW_PHYS) == 0);
}

static int drop_new(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)where;
	if (kind != FTW_F)
		return 0;
	for (size_t i = 0; i < kept_count; i++)
		if (strcmp(kept[i].path, path) == 0)
			return 0;
	return remove(path);
}

static void begin_again(struct ctx *c)
{
	CHECK(nftw(dir, drop_new, 16, FTW_PHYS) == 0);
	for (size_t i = 0; i < kept_count; i++)
		if (!strstr(kept[i].path, "/key/") && !strstr(kept[i].path, "/lock"))
			CHECK(file_write(c, kept[i].path, kept[i].bytes, 0600) == ERR_OK);
	seal.broken = false;
}

/* ---- what must hold ---- */

struct core {
	int64_t seq, version, epoch;
	bool halted;
};

/* As a start would look at it. */
static struct core core_now(const struct seam *seam)
{
	CTX_SCOPED struct ctx c;
	struct sha256 root;
	struct core out;
	struct turn t;
	char *journal;

	CHECK(ctx_begin(&c, TURN_BYTES) == ERR_OK);
	c.seam = seam;
	turn_begin(&t, &c, &seal);
	CHECK(state_load(&t) == ERR_OK);
	CHECK(core_check(&c, t.core) == ERR_OK && tick_check(&c, t.tick) == ERR_OK);
	CHECK(tick_root(&t, &root) == ERR_OK);
	CHECK(path_fmt(&c, &journal, "%s/journal.json", dir) == ERR_OK && !file_exists(journal));
	out.seq = json_opt_int(t.core, "seal_seq", -1);
	out.version = json_opt_int(t.core, "roster_version", -1);
	out.epoch = json_opt_int(t.core, "halt_epoch", -1);
	out.halted = is_set(t.core, "halted");
	CHECK(json_opt_int(t.tick, "acts_done", -1) <= out.seq);
	return out;
}

static void check_people(const struct script *s, const struct json *ask, const struct core *before)
{
	struct span what = json_opt_text(ask, "request", SPAN_NONE);
	int people = __builtin_popcount(s->signed_by);
	bool works = span_is(what, "ticket") || span_is(what, "receipt") ||
		     span_is(what, "statement") || span_is(what, "release");

	CHECK(!before->halted || !works);
	if (span_is(what, "release") || span_is(what, "roster") || span_is(what, "resume"))
		CHECK(people >= 2);
	if (span_is(what, "halt") || span_is(what, "void") ||
	    (span_is(what, "ticket") && span_is(json_opt_text(ask, "for", SPAN_NONE), "collect")))
		CHECK(people >= 1);
}

static void check_answer(struct ctx *c, struct span answer, const struct json *ask, bool *ok_out)
{
	static const char *const words[] = { "check", "error", "why", "next" };
	struct json *j;
	int64_t n;

	CHECK(json_parse_canonical(c, answer, &j) == ERR_OK);
	CHECK(json_need_bool(c, j, "ok", ok_out) == ERR_OK);
	CHECK(json_need_int(c, j, "version", &n) == ERR_OK && n == 1);
	CHECK(json_need_int(c, j, "number", &n) == ERR_OK);
	CHECK(n == json_opt_int(ask, "number", -1));
	for (size_t i = 0; i < 4 && !*ok_out; i++) {
		struct span s;

		CHECK(json_need_text(c, j, words[i], &s) == ERR_OK && s.n);
	}
	/* Nothing here can fail for want of a disk: what fails is a state that was let in. */
	if (!*ok_out)
		CHECK(!span_is(json_opt_text(j, "error", SPAN_NONE), "IO"));
}

/* One message from its text to its answer; false if the connection ends. */
static bool ask_once(struct ctx *c, uid_t peer, struct span text, int file, struct span *answer_out)
{
	IPC_MSG_SCOPED struct ipc_msg msg = { .text = text };
	FD_SCOPED int fd = -1;
	struct turn t;
	enum err e;

	if (file >= 0) {
		CHECK(lseek(file, 0, SEEK_SET) == 0);
		msg.fd[msg.fd_count++] = dup(file);
	}
	turn_begin(&t, c, &seal);
	t.peer = peer;
	t.msg = &msg;
	e = turn_run(&t, answer_out);
	fd = t.answer_fd;
	CHECK(e == ERR_OK || c->code != ERR_OK);
	CHECK(!seal.broken);
	return e == ERR_OK;
}

static void say(struct script *s, uid_t peer, struct span text, int file, const struct json *ask)
{
	CTX_SCOPED struct ctx c, again;
	struct core before = core_now(s->c->seam), after;
	struct span answer, second;
	struct json *j;
	bool ok;

	CHECK(ctx_begin(&c, TURN_BYTES) == ERR_OK && ctx_begin(&again, TURN_BYTES) == ERR_OK);
	c.seam = again.seam = s->c->seam;
	if (!ask_once(&c, peer, text, file, &answer))
		return;
	CHECK(ask);
	if (getenv("FUZZ_TALK"))        /* for who writes an input by hand */
		fprintf(stderr, "%.*s\n%.*s\n", SPAN_ARG(text), SPAN_ARG(answer));
	check_answer(&c, answer, ask, &ok);
	after = core_now(s->c->seam);
	CHECK(after.seq >= before.seq && after.version >= before.version &&
	      after.epoch >= before.epoch);
	if (!ok)
		return;
	CHECK(peer == seal.writ || (peer == seal.hand));
	check_people(s, ask, &before);
	if (span_is(json_opt_text(ask, "request", SPAN_NONE), "state"))
		return;
	CHECK(ask_once(&again, peer, text, file, &second) && span_eq(answer, second));
	CHECK(core_now(s->c->seam).seq == after.seq);
	CHECK(json_parse(s->c, answer, &j) == ERR_OK);
	script_learn(s, j);
}

/* "file": N sends N bytes beside the request. */
static int take_file(struct json *ask)
{
	int64_t n = json_opt_int(ask, "file", -1);
	struct json **at = &ask->first;
	char path[32];
	int fd;

	ask->last = NULL;
	while (*at) {
		if (span_is((*at)->key, "file")) {
			*at = (*at)->next;
			continue;
		}
		ask->last = *at;
		at = &(*at)->next;
	}
	if (n < 0)
		return -1;
	fd = world_file(SPAN_NONE, path);
	CHECK(ftruncate(fd, n % 4096) == 0);
	return fd;
}

static void one_request(struct script *s, uid_t peer, struct span line, int64_t number)
{
	FD_SCOPED int file = -1;
	struct json *ask, *whole;
	struct span text;

	if (json_parse(s->c, line, &ask) != ERR_OK || ask->type != JSON_OBJECT) {
		err_clear(s->c);
		say(s, peer, line, -1, NULL);
		return;
	}
	whole = script_expand(s, ask);
	if (!whole)
		return;
	file = take_file(whole);
	if (!json_get(whole, "version"))
		json_set_int(s->c, whole, "version", 1);
	if (!json_get(whole, "number"))
		json_set_int(s->c, whole, "number", number);
	if (json_write(s->c, whole, TURN_BYTES, &text) == ERR_OK)
		say(s, peer, text, file, whole);
	err_clear(s->c);
}

static void one_line(struct script *s, struct span line, int64_t number)
{
	struct span rest = span_cut(line, 2, line.n);
	int64_t n;

	if (line.n < 2 || line.p[1] != ' ')
		return;
	if (line.p[0] == 't' && span_to_i64(rest, &n) && n > 0 && n < 400 * 86400)
		world_clock_ms += n * 1000;
	else if (line.p[0] != 't')
		one_request(s, line.p[0] == 'w' ? seal.writ : line.p[0] == 'h' ? seal.hand : 61009,
			    rest, number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct script *s;
	struct reader r = { .s = span_of(data, size) };
	struct seam seam = world_begin();
	struct span line;

	begin_once();
	seam = world_begin();
	CHECK(ctx_begin(&c, TURN_BYTES) == ERR_OK);
	c.seam = &seam;
	begin_again(&c);
	CHECK(NEW(&c, s) == ERR_OK);
	s->c = &c;
	for (int64_t i = 0; i < LINES_MAX && take_line(&r, &line); i++)
		one_line(s, line, i + 1);
	return 0;
}
