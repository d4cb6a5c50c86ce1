/*
 * What the handler of a page sees: a request that was taken apart and checked, and the answer it
 * fills in. Nothing here knows the library that speaks HTTP; nothing here may block for long.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One request goes this way, in one process and one thread, one after the other:
 *   1. guard (guard.h)     what could smuggle, a foreign Host, a cross-origin POST: refused
 *   2. route (route.def)   404, 405, or the row; WEB_BODY_* and the most bytes of its body
 *   3. site->admit         before one byte of the body: who is it, may they; the early answer
 *   4. the body            fields into the arena, files into nameless files on disk, hashed
 *   5. route->run          fills the answer, or fails: then site->trouble makes the page
 *
 * LONG WORK. A handler returns within milliseconds: all others wait for it. What takes longer
 * (count, collect, deliver, reading papers) is a process of its own, and the person comes back:
 *
 *	TRY(work_start(r->c, r->home, "W-7KQF-2M9D.collect", argv));      (order/work.h)
 *	return answer_see(r, a, "/order/%.*s/collect", SPAN_ARG(ref));   303, a GET follows
 *
 * and the GET asks work_look(): WORK_RUNS gives a page with `a->refresh_s = 2` (a header, works
 * without script), WORK_ENDED gives what it said, WORK_NONE the form that starts it. It goes on
 * when this server dies; the acts in the database, not the process, are what happened.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "base/buf.h"
#include "base/home.h"
#include "crypt/hash.h"

/* Limits; what is beyond is refused with words. */
#define WEB_REQUEST_BYTES ((size_t)48 << 20)    /* arena of one request, hard total */
#define WEB_TARGET_MAX 4096u                    /* bytes of a request target */
#define WEB_SEGMENTS_MAX 16u                    /* of a path */
#define WEB_ARGS_MAX 4u                         /* {slots} of a route */
#define WEB_HEADERS_MAX 64u
#define WEB_COOKIES_MAX 16u
#define WEB_FIELDS_MAX 512u                     /* of a form, or of a query */
#define WEB_FIELD_NAME_MAX 64u
#define WEB_TEXT_MAX ((size_t)2 << 20)          /* all fields of one form together, bytes */
#define WEB_FILES_MAX 64u                       /* of one form */
#define WEB_FILE_NAME_MAX 255u
#define WEB_PAGE_MAX ((size_t)8 << 20)          /* a good maximum for the buf of a page */

enum web_method { WEB_GET, WEB_POST };          /* a HEAD is a GET whose body stays here */

enum web_body {
	WEB_BODY_NONE,          /* any body is refused before it is read */
	WEB_BODY_FORM,          /* application/x-www-form-urlencoded */
	WEB_BODY_FILES,         /* multipart/form-data: fields and files */
};

enum web_door {
	DOOR_LOOPBACK,          /* for this machine alone: /metrics */
	DOOR_PUBLIC,            /* anybody */
	DOOR_PERSON,            /* site->admit decides who */
};

/* Name and value. Of a form: UTF-8, CRLF has become LF, any other control character but tab
 * U+FFFD. The same name may come several times. */
struct web_field {
	struct span name, value;
};

struct web_fields {
	const struct web_field *at;
	size_t n;
};

/* A file of a form. It has no name on disk: what nobody keeps is gone with the request. */
struct web_file {
	struct span field;      /* name of its input */
	struct span name;       /* as the sender calls it, without folders; never a path */
	struct span type;       /* as the sender says; worth nothing */
	int fd;                 /* read and write, at its start; ends with the request */
	int64_t bytes;
	struct sha256 sha256;
};

struct request;
struct answer;
struct server_config;

struct web_route {
	const char *name;       /* what log and metrics call it: they never see a path */
	enum web_method method;
	const char *path;       /* "/order/{ref}/decide": a slot is one whole segment */
	enum web_body body;
	int64_t body_max;       /* bytes */
	enum web_door door;
	enum err (*run)(struct request *r, struct answer *a);
};

struct request {
	struct ctx *c;                  /* ends with the answer; every span here lives as long */
	const struct web_site *site;
	const struct home *home;
	const struct server_config *server;     /* for ops.c, and for its key */
	const struct web_route *route;  /* NULL in trouble before a route was found */
	enum web_method method;
	bool head;                      /* of the answer only its head goes out */
	struct span target;             /* path and query as sent: "/order/W-7KQF-2M9D?tab=2" */
	struct span path;               /* without the query */
	struct span args[WEB_ARGS_MAX]; /* the route's slots in their order, decoded */
	struct web_fields query, form, cookies, headers;
	struct web_file *files;
	size_t file_count;
	struct span origin;             /* "https://localhost:8443", from our own names */
	struct span remote;             /* address without port */
	bool remote_loopback;
	bool tls;
	struct span client;             /* subject of the verified client certificate, or nothing */
	struct span id;                 /* of this request: log line, error page */
	int64_t now_ms;                 /* when it came */
	void *person;                   /* what site->admit found out about the sender */
};

/* The first value of that name, empty where there is none; and whether there is one. Names of
 * headers are compared without case. */
struct span web_value(struct web_fields f, const char *name);
bool web_has(struct web_fields f, const char *name);
/* The next value of that name after *at (start with 0); false at the end. */
bool web_next(struct web_fields f, const char *name, size_t *at, struct span *out);
struct span web_header(const struct request *r, const char *name);
/* A cookie that answer_cookie set: its name without "__Host-". */
struct span web_cookie(const struct request *r, const char *name);

#define ANSWER_COOKIES_MAX 4u

struct answer {
	unsigned status;                /* 0: not answered yet */
	struct span type;               /* Content-Type */
	struct span body;               /* lives as long as the request, or for ever */
	int fd;                         /* -1, or the body is this file, which then is ours */
	int64_t fd_bytes;
	struct span etag;               /* without quotes; a file with one can be resumed */
	struct span location;
	struct span download;           /* name under which a browser keeps it */
	struct span encoding;           /* Content-Encoding, or nothing */
	struct span cookies[ANSWER_COOKIES_MAX];
	size_t cookie_count;
	unsigned refresh_s;             /* the browser asks again after so many seconds */
	bool keep;                      /* these bytes never change under this address */
	bool close;                     /* the connection ends with this answer */
	struct kept_answer *kept;       /* NULL, or the body is this one's, which is in use */
};

/* A page that is given again as it is, with what http.c has made of it. It lives until its keeper
 * has forgotten it and nobody uses it. Its answer is status 200 and a page, and nothing else. */
struct kept_answer {
	struct arena *own;              /* it lies in it itself, with all that it has */
	struct span body;
	void *made;                     /* http.c's */
	unsigned users;
	bool forgotten;
};
void kept_answer_use(struct answer *a, struct kept_answer *k);
/* The answer of a request is done with; nothing where it uses none. */
void kept_answer_done(struct answer *a);
void kept_answer_forget(struct kept_answer *k);

/* A page (text/html, 200 unless a->status says otherwise), a text, JSON. */
enum err answer_page(struct request *r, struct answer *a, const struct buf *page) MUST_USE;
enum err answer_text(struct request *r, struct answer *a, unsigned status, const char *fmt, ...)
	MUST_USE PRINTF(4, 5);
enum err answer_json(struct request *r, struct answer *a, unsigned status, struct span json)
	MUST_USE;
/* 303: the browser goes there with a GET. The path begins with "/"; an address of another place
 * fails with ERR_FORMAT, so that no query field leads people away. */
enum err answer_see(struct request *r, struct answer *a, const char *fmt, ...)
	MUST_USE PRINTF(3, 4);
/* A file from its start, with ranges, resumable where etag is not empty (its SHA-256 in hex is
 * a good one). download empty: shown in the page, else kept under that name. Takes fd. */
enum err answer_file(struct request *r, struct answer *a, int fd, const char *type,
		     struct span etag, struct span download) MUST_USE;
/* __Host-NAME=VALUE; Path=/; Secure; HttpOnly; SameSite=Strict. max_age_s 0: until the browser is
 * closed; below 0: it ends now. value: [A-Za-z0-9_-], at most 512 bytes. */
enum err answer_cookie(struct request *r, struct answer *a, const char *name, struct span value,
		       int64_t max_age_s) MUST_USE;

/* May a body be sent compressed with gzip? */
bool web_takes_gzip(const struct request *r);

/* What is served; one for the life of a process. */
struct web_site {
	const struct web_route *routes;
	size_t route_count;
	void *of;                       /* the site's own */
	/* Before the body: sets r->person, or fails, or answers (a->status). NULL: a DOOR_PERSON is
	 * shut. */
	enum err (*admit)(struct request *r, struct answer *a);
	/* The page for a failure; r->c says why and what next. status is what a->status must be, e
	 * ERR_OK where HTTP itself was wrong. NULL: a plain text. */
	enum err (*trouble)(struct request *r, enum err e, unsigned status, struct answer *a);
	/* After each request, whatever came of it; NULL: nothing. */
	void (*end)(struct request *r);
};

#endif
