/*
 * The desk: pages on which the provider's people work. Here is what every page of it shares: the
 * process's hold on the home, a visit (one request of one person, or of nobody), and the way in:
 * who it is, what the permit table says, which order, which form. A page decides nothing; what it
 * brings about goes through the functions of src/order, as that person.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_DESK_H
#define WEB_DESK_DESK_H

#include "order/health.h"
#include "web/desk/permit.h"
#include "web/desk/memo.h"
#include "web/desk/shelf.h"
#include "web/desk/sitting.h"
#include "web/http.h"
#include "web/page.h"

/* What one serving process holds for all its requests. */
struct desk {
	struct ctx own;                 /* ends with the process: home, store */
	struct home home;
	struct store *store;
	struct span unix_user, provider;
	struct span demo_keys;          /* an invented home: where its people's keys lie */
	const struct zone *zone;
	struct span zone_name;
	int seal;                       /* its connection, -1 until it is needed */
	bool question_put;              /* on it, and not answered yet (told.c) */
	int64_t silent_utc;             /* since when it has not answered; 0: it does */
	struct ctx told;                /* what the seal said last: */
	bool has_told;
	const struct json *seal_state;
	struct team *team;
	struct health health;           /* told every page of who is signed in */
	int64_t told_ms, swept_ms;
	struct access_tally refused;    /* sign-ins of nobody known, in this minute */
	struct sha256 told_hash;        /* of what pages say of people, rules and home, */
	int64_t told_number;            /* which grows with each change of that */
	struct shelf *shelf;            /* pages that were made a moment ago */
	struct visit *uploads;          /* whose files are coming in */
	struct memo *memo;              /* sittings as they were last looked up */
	int reading;                    /* the folder that tells whether anything was read since */
	int64_t read_ns, read_asked_ms; /* when anything was last read on a paper */
};

struct page_view;

/* One request, by whoever sent it. Everything in it ends with the request. */
struct visit {
	struct request *r;
	struct answer *a;
	struct ctx *c;
	struct desk *desk;
	enum permit permit;
	struct session s;               /* the actor is the person; use it while a page is made */
	struct sitting sitting;
	struct span token, form;        /* of the cookie, and of its forms */
	const struct team_person *who;  /* NULL: nobody is signed in */
	unsigned roles;
	struct order order;             /* loaded where the address names one */
	struct page_view *view;         /* what all its pages have */
	const struct page_base *base;   /* words, clock and zone of them */
	struct shelf_page *keep; /* NULL, or what this page will be kept by, once it is made */
	struct web_fields typed;        /* what a form of this page holds: sent just now, or kept */
	struct span problem, remedy;    /* why the form is shown again */
	struct visit *next_upload;
};

/* Files of one person come in by a few requests at a time, so that nobody fills disk and
 * connections for the others: ERR_AGAIN. The second is for each request at its end. */
enum err upload_begin(struct visit *v) MUST_USE;
void upload_end(struct request *r);

/* Removes the copies of delivered files that are older than a day and that nobody has an address
 * for: delivered again, they are the same files. */
enum err delivered_sweep(struct ctx *c, const struct desk *d, int64_t now_utc) MUST_USE;

/* What the seal says and how the home is, where it was not asked just now; fails where the seal is
 * silent and has never said anything to this process, or too long ago. */
enum err told_ask(struct desk *d, struct ctx *c, int64_t now_ms) MUST_USE;

/* Opens the home for this process and fills in what the server asks of a site. */
enum err desk_open(struct ctx *c, const char *home_dir, struct desk *d, struct web_site *site)
	MUST_USE;

/* The handler of every row of the desk in route.def. */
enum err desk_enter(struct request *r, struct answer *a) MUST_USE;

/* Before there is a sitting a form has a token, too: of a cookie that is worth nothing else. */
enum err visit_need_token(struct visit *v) MUST_USE;
/* Something to sign for the forms of this browser, and whether that is what was signed. */
enum err visit_challenge(struct visit *v, const char *what, struct span *challenge_out) MUST_USE;
enum err visit_challenged(struct visit *v, const char *what, struct span challenge) MUST_USE;
/* The name without the port: what a passkey is bound to. */
struct span visit_rp(const struct visit *v);
/* A page with room for what it says; then answer_page. */
void visit_buf(struct visit *v, struct buf *out);
/* What to do next about a failure: what its place says, else a word for who sits at a page (the
 * hints of err.def are for a command line). */
struct span visit_next(const struct visit *v, enum err e);
/* Whether a form was sent, and not its page asked for. */
static inline bool is_post(const struct visit *v)
{
	return v->r->method == WEB_POST;
}
/* What stands in a field of the form, empty where nothing does. */
static inline struct span typed(const struct visit *v, const char *name)
{
	return web_value(v->typed, name);
}
/* When something on the page reads differently: it is not given again from then on. */
static inline void visit_until(const struct visit *v, int64_t utc_s)
{
	if (v->keep && utc_s < v->keep->until_utc)
		v->keep->until_utc = utc_s;
}

typedef enum err visit_fn(struct visit *v);
#define X(name, method, path, body, most, door, handler)
#define DESK(name, method, path, body, most, permit, handler)                                      \
	enum err handler(struct visit *v) MUST_USE;
#include "web/route.def"
#undef X
#undef DESK

#endif
