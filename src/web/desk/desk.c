/*
 * The way into the desk; see desk.h. A request is admitted before its body is read, and looked at
 * once more when the page is made: a sitting may have ended and the roster changed meanwhile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/desk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "order/order.h"
#include "order/reading.h"
#include "order/work.h"
#include "web/desk/scope_page.h"
#include "web/form.h"
#include "web/look/look.h"
#include "web/pages.h"
#include "web/server.h"
#include "web/server.h"

#define DESK_MEMORY ((size_t)64 << 20)
#define SWEEP_MS 600000
#define WORK_KNOWN_S 86400      /* so long it is told how an intake ended */
#define COARSE_MS 100           /* times of files are that coarse at worst */
#define SEAL_WAIT_MS 10000      /* for one thing it is asked to do: all others wait meanwhile */

/* What each row of the table of routes is, for the desk: no handler where it is not of the desk. */
static const struct {
	enum permit permit;
	visit_fn *run;
} entries[] = {
#define X(name, method, path, body, most, door, handler) { PERMIT_PUBLIC_SEE, NULL },
#define DESK(name, method, path, body, most, permit, handler) { PERMIT_##permit, handler },
#include "web/route.def"
#undef X
#undef DESK
};

/* ---- who it is ---- */

/* Whether that person still has the key with which it signed in. */
static bool key_is_live(struct visit *v, const struct sitting *sitting)
{
	const struct json *roster = json_get(v->desk->seal_state, "roster");
	struct span hash;

	JSON_EACH(row, roster) {
		if (!roster_row_is(row, "person", v->r->now_ms / 1000) ||
		    !span_eq(json_opt_text(row, "name", SPAN_NONE), sitting->person))
			continue;
		if (sha256_hex(v->c, json_opt_text(row, "key", SPAN_NONE), &hash) == ERR_OK &&
		    span_eq(hash, sitting->key_sha256))
			return true;
	}
	return false;
}

/* A page that keeps itself true (live.js) asks without anybody looking: it prolongs nothing. */
static bool nobody_looks(const struct request *r)
{
	return web_header(r, "Writ-Live").n > 0;
}

static enum err find_person(struct visit *v)
{
	const char *agent = agent_family(web_header(v->r, "User-Agent"));

	v->token = web_cookie(v->r, "writ");
	if (v->token.n != TOKEN_TEXT)
		v->token = SPAN_NONE;
	if (!v->token.n)
		return ERR_OK;
	TRY(sitting_find(v->c, v->desk->store, v->desk->memo, v->token, agent, !nobody_looks(v->r),
			 permit_object(v->permit) == OBJECT_ORDER ? v->r->args[0] : SPAN_NONE,
			 &v->sitting));
	if (v->sitting.state != SITTING_LIVE)
		return ERR_OK;
	v->who = team_find(v->desk->team, v->sitting.person);
	if (v->who && key_is_live(v, &v->sitting))
		return ERR_OK;
	v->who = NULL;
	v->sitting.state = SITTING_NONE;
	return sitting_end(v->c, v->desk->store, v->sitting.id);
}

/* What whoever works here has to know of the home, whatever page it is on; nothing where all is
 * well, and nothing for the public. */
static enum err degraded(struct visit *v, struct span *out)
{
	const struct health *h = &v->desk->health;
	const struct page_base *w = v->base;
	struct span text;
	struct buf b;

	*out = SPAN_NONE;
	if (!v->who)
		return ERR_OK;
	buf_begin(&b, v->c, 4096);
	if (v->desk->silent_utc) {
		TRY(word_degraded_seal(v->c, w, v->desk->silent_utc, &text));
		buf_fmt(&b, "%.*s ", SPAN_ARG(text));
	}
	if (h->halted)
		buf_fmt(&b, "%.*s ", SPAN_ARG(word_degraded_halted(w)));
	if (h->tick_late)
		buf_fmt(&b, "%.*s ", SPAN_ARG(word_degraded_ticks(w)));
	if (h->clock_behind)
		buf_fmt(&b, "%.*s ", SPAN_ARG(word_degraded_clock(w)));
	if (h->disk_low) {
		TRY(word_degraded_disk(v->c, w, (int64_t)h->disk_bytes, &text));
		buf_fmt(&b, "%.*s ", SPAN_ARG(text));
	}
	if (h->verify_late) {
		TRY(word_degraded_verify(v->c, w, h->verify_days, &text));
		buf_fmt(&b, "%.*s ", SPAN_ARG(text));
	}
	if (h->unknown)
		buf_fmt(&b, "%.*s ", SPAN_ARG(word_degraded_unknown(w)));
	return buf_done(v->c, &b, out);
}

static void nav_add(struct page_view *view, struct page_nav_link *nav, const char *href,
		    struct span label, struct span path)
{
	nav[view->nav_n++] = (struct page_nav_link){ .href = span_str(href), .label = label,
						     .here = span_eq(path, span_str(href)) };
}

/* What all pages of a visit have; where a person may go, and nothing else. */
static enum err dress(struct visit *v)
{
	struct page_nav_link *nav;
	struct page_view *view;

	if (v->token.n)
		TRY(form_token(v->c, v->token, &v->form));
	TRY(NEW(v->c, view));
	TRY(NEW_ARRAY(v->c, nav, 6));
	*view = (struct page_view){
		.base = { .now_utc_s = v->r->now_ms / 1000, .zone = v->desk->zone,
			  .zone_name = v->desk->zone_name, .token = v->form },
		.provider = v->desk->provider,
		.version = SPAN(WRIT_VERSION),
		.look = span_str(look_version),
		.person = v->who ? v->who->name : SPAN_NONE,
		.nav = nav,
		.demo = v->desk->demo_keys.n > 0,
		.single_user = v->desk->home.single_user,
	};
	v->view = view;
	v->base = &view->base;
	TRY(degraded(v, &view->degraded));
	if (v->who && permit_has(PERMIT_QUEUE_SEE, v->roles))
		nav_add(view, nav, "/desk", word_nav_orders(v->base), v->r->path);
	if (v->who && permit_has(PERMIT_RECEIVE, v->roles))
		nav_add(view, nav, "/intake", word_nav_intake(v->base), v->r->path);
	if (v->who && permit_has(PERMIT_PEOPLE_SEE, v->roles))
		nav_add(view, nav, "/people", word_nav_people(v->base), v->r->path);
	if (v->who && permit_has(PERMIT_HALT, v->roles))
		nav_add(view, nav, "/halt", word_nav_halt(v->base), v->r->path);
	if (v->who && permit_has(PERMIT_AUDIT_SEE, v->roles))
		nav_add(view, nav, "/audit", word_nav_audit(v->base), v->r->path);
	return ERR_OK;
}

/* A copy that cannot be removed is told where the server writes and tried again: it keeps nobody
 * from the orders. */
static enum err sweep(struct visit *v)
{
	TRY(sitting_sweep(v->c, v->desk->store));
	TRY(work_sweep(v->c, &v->desk->home, INTAKE_WORK, v->r->now_ms / 1000 - WORK_KNOWN_S));
	TRY(work_sweep(v->c, &v->desk->home, SCOPE_LINES, v->r->now_ms / 1000 - WORK_KNOWN_S));
	if (delivered_sweep(v->c, v->desk, v->r->now_ms / 1000) == ERR_OK)
		return ERR_OK;
	fprintf(stderr, "writ serve: %s\n", v->c->why);
	err_clear(v->c);
	return ERR_OK;
}

static enum err visit_begin(struct visit *v)
{
	struct desk *d = v->desk;
	enum err e;

	e = told_ask(d, v->c, v->r->now_ms);
	v->r->server->metrics->slots[v->r->server->process].seal_silent = d->silent_utc != 0;
	TRY(e);
	if (v->r->now_ms - d->swept_ms >= SWEEP_MS) {
		TRY(sweep(v));
		d->swept_ms = v->r->now_ms;
	}
	TRY(access_tell(v->c, d->store, &d->refused));
	v->sitting = (struct sitting){ .state = SITTING_NONE };
	v->who = NULL;
	TRY(find_person(v));
	v->roles = roles_of(v->who);
	v->s = (struct session){ .home = d->home, .store = d->store,
				 .seal = d->silent_utc ? -1 : d->seal,
				 .seal_wait_ms = SEAL_WAIT_MS, .seal_silent = d->silent_utc != 0,
				 .seal_state = d->seal_state, .unix_user = d->unix_user,
				 .actor = v->who ? v->who->name : SPAN_NONE };
	return ERR_OK;
}

/* ---- in ---- */

/* A target of our own as a value in a query: %XX where it must. */
static enum err target_escape(struct ctx *c, struct span target, struct span *out)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/";
	struct buf b;

	buf_begin(&b, c, 3 * WEB_TEXT_MAX);
	for (size_t i = 0; i < target.n; i++) {
		if (target.p[i] && strchr(plain, target.p[i]))
			buf_byte(&b, target.p[i]);
		else
			buf_fmt(&b, "%%%02X", target.p[i]);
	}
	return buf_done(c, &b, out);
}

static enum err to_sign_in(struct visit *v, struct span target)
{
	struct span to;

	TRY(target_escape(v->c, target, &to));
	return answer_see(v->r, v->a, "/sign-in?to=%.*s", SPAN_ARG(to));
}

/* A form whose sitting has ended meanwhile is read all the same, and kept for that person. */
static bool is_late_form(const struct visit *v)
{
	return is_post(v) && v->sitting.state == SITTING_OVER &&
	       !permit_has(v->permit, ROLE_NOBODY);
}

/* When anything was last read on a paper; asked once in a millisecond. */
static int64_t last_read_ns(struct desk *d, const struct seam *seam)
{
	int64_t now_ms = seam->mono_ms();

	if (d->read_asked_ms != now_ms)
		d->read_ns = reading_last_ns(d->reading);
	d->read_asked_ms = now_ms;
	return d->read_ns;
}

/* The page of an order that this sitting was given a moment ago, where nothing that it says can
 * have changed: the answer. Else only what its new one will be kept by. */
static enum err take_kept(struct visit *v)
{
	struct request *r = v->r;
	struct shelf_page *p;
	int64_t since_read_ms;

	if (entries[r->route - r->site->routes].run != order_page || !v->who || v->s.seal_silent ||
	    !v->sitting.last_seq || !span_eq(r->target, r->path) || web_cookie(r, "draft").n)
		return ERR_OK;
	TRY(NEW(v->c, p));
	*p = (struct shelf_page){ .sitting = v->sitting.id, .origin = r->origin,
				  .target = r->target, .last_seq = v->sitting.last_seq,
				  .told = v->desk->told_number,
				  .read_ns = last_read_ns(v->desk, v->c->seam) };
	/* So soon after one reading the next could leave the same time: such a page is not kept. */
	since_read_ms = llabs(r->now_ms - p->read_ns / 1000000);
	if (!shelf_answer(v->desk->shelf, p, r->now_ms / 1000, v->a) && since_read_ms > COARSE_MS)
		v->keep = p;
	return ERR_OK;
}

static enum err admit(struct request *r, struct answer *a)
{
	size_t at = (size_t)(r->route - r->site->routes);
	struct visit *v;

	if (!entries[at].run)
		return ERR_OK;
	TRY(NEW(r->c, v));
	*v = (struct visit){ .r = r, .a = a, .c = r->c, .desk = r->site->of };
	v->permit = entries[at].permit;
	TRY(visit_begin(v));
	r->person = v;
	if (permit_has(v->permit, v->roles) || is_late_form(v))
		return r->route->body == WEB_BODY_FILES ? upload_begin(v) : take_kept(v);
	if (!v->who)
		return to_sign_in(v, r->method == WEB_GET ? r->target : SPAN("/desk"));
	if (permit_object(v->permit) == OBJECT_ORDER)
		return permit_order(v->c, &v->s, v->permit, v->roles, r->args[0], &v->order);
	return permit_need(v->c, v->permit, v->roles);
}

/* Fields as a form would send them, but for the token, which was that sitting's. */
static enum err encode_fields(struct ctx *c, struct web_fields f, struct span *out)
{
	struct span name, value;
	struct buf b;

	buf_begin(&b, c, DRAFT_MAX + 1);
	for (size_t i = 0; i < f.n; i++) {
		if (span_is(f.at[i].name, "token"))
			continue;
		TRY(target_escape(c, f.at[i].name, &name));
		TRY(target_escape(c, f.at[i].value, &value));
		buf_fmt(&b, "%s%.*s=%.*s", b.n ? "&" : "", SPAN_ARG(name), SPAN_ARG(value));
	}
	return buf_done(c, &b, out);
}

static enum err keep_late_form(struct visit *v)
{
	struct draft d = { .target = v->r->path };
	struct span token;

	TRY(encode_fields(v->c, v->r->form, &d.form));
	TRY(draft_keep(v->c, v->desk->store, v->sitting.person, &d, &token));
	TRY(answer_cookie(v->r, v->a, "draft", token, DRAFT_S));
	return to_sign_in(v, v->r->path);
}

/* What was typed when a sitting ended is typed again, where the same person comes back to it. */
static enum err take_draft(struct visit *v)
{
	struct span token = web_cookie(v->r, "draft");
	struct draft d;
	bool found;

	if (v->r->method != WEB_GET || !v->who || !token.n)
		return ERR_OK;
	TRY(draft_take(v->c, v->desk->store, token, v->who->name, v->r->path, &d, &found));
	if (!found)
		return ERR_OK;
	TRY(answer_cookie(v->r, v->a, "draft", SPAN_NONE, -1));
	v->problem = word_session_ended(v->base);
	return form_read(v->c, d.form, &v->typed);
}

/* Once in a sitting: who looked at which order is told by the access report. */
static enum err note_look(struct visit *v)
{
	bool seen;

	TRY(access_seen(v->c, v->desk->store, v->who->name, v->order.ref, v->sitting.created_utc,
			&seen));
	return seen ? ERR_OK
		    : access_note(v->c, v->desk->store, "looked at", v->who->name, v->order.ref,
				  v->sitting.agent);
}

static enum err go_in(struct visit *v)
{
	struct request *r = v->r;

	if (is_post(v) &&
	    !form_token_holds(v->c, v->token, web_value(r->form, "token"))) {
		err_next(v->c, "go back, load the page again, and send the form from there");
		FAIL(v->c, ERR_DENIED, "this form is not of your session");
	}
	if (is_late_form(v))
		return keep_late_form(v);
	if (permit_object(v->permit) == OBJECT_ORDER) {
		TRY(permit_order(v->c, &v->s, v->permit, v->roles, r->args[0], &v->order));
		TRY(note_look(v));
	} else {
		TRY(permit_need(v->c, v->permit, v->roles));
	}
	v->typed = r->form;
	TRY(take_draft(v));
	return entries[r->route - r->site->routes].run(v);
}

enum err desk_enter(struct request *r, struct answer *a)
{
	struct visit *v = r->person;
	enum err e;

	v->a = a;
	TRY(visit_begin(v));
	TRY(dress(v));
	e = go_in(v);
	if (!v->s.seal_silent)
		v->desk->seal = v->s.seal;
	return e;
}

/* ---- what all pages have ---- */

enum err visit_need_token(struct visit *v)
{
	unsigned char bytes[32];

	if (v->token.n)
		return ERR_OK;
	if (v->c->seam->random(bytes, sizeof bytes) != 0)
		FAIL(v->c, ERR_IO, "the machine gives no randomness");
	TRY(hex_encode(v->c, span_of(bytes, sizeof bytes), &v->token));
	TRY(form_token(v->c, v->token, &v->form));
	v->view->base.token = v->form;
	return answer_cookie(v->r, v->a, "writ", v->token, 0);
}

/* A key that every process of this server has and no disk: what was asked for before the server was
 * started is asked for again. */
static enum err challenge_key(struct visit *v, struct sha256 *out)
{
	const struct server_config *server = v->r->server;

	return hmac_sha256(v->c, span_of(server->ticket_key, sizeof server->ticket_key),
			   SPAN("writ/challenge-key/v1"), out);
}

static void forget(struct sha256 *key)
{
	wipe(key->b, sizeof key->b);
}
#define KEY_SCOPED __attribute__((cleanup(forget)))

enum err visit_challenge(struct visit *v, const char *what, struct span *challenge_out)
{
	struct sha256 KEY_SCOPED key;

	TRY(challenge_key(v, &key));
	return challenge_make(v->c, sha256_span(&key), what, v->form, challenge_out);
}

enum err visit_challenged(struct visit *v, const char *what, struct span challenge)
{
	struct sha256 KEY_SCOPED key;

	TRY(challenge_key(v, &key));
	return challenge_check(v->c, sha256_span(&key), what, v->form, challenge);
}

struct span visit_rp(const struct visit *v)
{
	struct span host = span_cut(v->r->origin, sizeof "https://" - 1, SIZE_MAX), name, port;

	return span_split(host, ':', &name, &port) ? name : host;
}

void visit_buf(struct visit *v, struct buf *out)
{
	buf_begin(out, v->c, WEB_PAGE_MAX);
}

struct span visit_next(const struct visit *v, enum err e)
{
	const struct page_base *w = v->base;

	if (v->c->next[0] || e == ERR_OK)
		return span_str(v->c->next);
	switch (e) {
	case ERR_FORMAT:
	case ERR_USAGE:
		return word_next_correct(w);
	case ERR_LIMIT:
		return word_next_less(w);
	case ERR_NOT_FOUND:
		return word_next_look(w);
	case ERR_DENIED:
		return word_next_ask(w);
	case ERR_STATE:
		return word_next_order(w);
	case ERR_VERIFY:
		return word_next_distrust(w);
	case ERR_BUSY:
	case ERR_AGAIN:
		return word_next_moment(w);
	default:
		return word_next_again(w);
	}
}

/* The page of a failure; what it was stands in r->c. */
static enum err trouble(struct request *r, enum err e, unsigned status, struct answer *a)
{
	struct visit nobody = { .r = r, .a = a, .c = r->c, .desk = r->site->of };
	struct visit *v = r->person ? r->person : &nobody;
	struct page_trouble page = { .why = span_str(r->c->why), .request_id = r->id };
	struct buf b;

	visit_buf(v, &b);
	if (!v->view)
		TRY(dress(v));
	page.next = visit_next(v, e);
	page.view = v->view;
	TRY(page_trouble(r->c, &page, &b));
	a->status = status;
	return answer_page(r, a, &b);
}

/* ---- the process ---- */

static enum err read_demo(struct desk *d)
{
	char *mark;
	struct span text;

	TRY(path_fmt(&d->own, &mark, "%s/demo", d->home.dir));
	if (!d->home.single_user || !file_exists(mark))
		return ERR_OK;
	TRY(file_read(&d->own, mark, 4096, &text));
	d->demo_keys = span_trim(text);
	return ERR_OK;
}

/* The zone in which the people of this home live: HOME/zone, one line; without it UTC. */
static enum err read_zone(struct desk *d)
{
	struct ctx *c = &d->own;
	struct span text;
	char *path;
	enum err e;

	d->zone_name = SPAN("UTC");
	TRY(path_fmt(c, &path, "%s/zone", d->home.dir));
	if (file_exists(path)) {
		TRY(file_read(c, path, 256, &text));
		d->zone_name = span_trim(text);
	}
	e = zone_open(c, d->zone_name, &d->zone);
	if (e != ERR_OK)
		err_next(c, "write a name like Europe/Paris into %s, or remove it: then it is UTC",
			 path);
	return e;
}

static enum err open_home(struct desk *d, const char *dir)
{
	struct session s = { .seal = -1 };
	const struct json *founded;
	struct ctx *c = &d->own;

	TRY(session_open(c, dir, NULL, &s));
	d->home = s.home;
	d->store = s.store;
	d->unix_user = s.unix_user;
	fd_close(&s.seal);
	TRY(home_last(c, &s, "founded", &founded));
	d->provider = json_opt_text(founded, "provider", SPAN("writ"));
	TRY(read_zone(d));
	TRY(dir_make(c, d->home.reading, 0700));
	TRY(file_open(c, d->home.reading, O_RDONLY | O_DIRECTORY, 0, &d->reading));
	TRY(shelf_open(c, &d->shelf));
	TRY(memo_open(c, &d->memo));
	return read_demo(d);
}

enum err desk_open(struct ctx *c, const char *home_dir, struct desk *d, struct web_site *site)
{
	enum err e;

	*d = (struct desk){ .seal = -1, .reading = -1 };
	TRY(ctx_begin(&d->own, DESK_MEMORY));
	e = open_home(d, home_dir);
	if (e != ERR_OK) {
		err_next(c, "%s", d->own.next);
		FAIL(c, e, "%s", d->own.why);
	}
	site->of = d;
	site->admit = admit;
	site->end = upload_end;
	site->trouble = trouble;
	return ERR_OK;
}
