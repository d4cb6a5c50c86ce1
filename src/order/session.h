/*
 * A session: one command at work on one home. It holds the store, the conversation with writ-seal
 * and the actor, and is the only way by which the life of an order reaches the other programs.
 * It holds no key and opens no document from outside.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_SESSION_H
#define ORDER_SESSION_H

#include "base/ctx.h"
#include "base/home.h"
#include "base/ipc.h"
#include "format/json.h"
#include "store/store.h"

struct session {
	struct home home;
	struct store *store;
	int seal;                       /* connection to writ-seal, -1 until it is needed */
	const struct json *seal_state;  /* the last answer to `state`, NULL until it is needed */
	int seal_wait_ms;               /* so long it may take; 0: as long as a command may */
	bool seal_silent;               /* it is not asked: what needs it fails at once */
	struct span actor;              /* rostered name, empty if none */
	struct span unix_user;          /* the caller's real user (SUDO_UID's where through sudo) */
	bool talk;                      /* progress and remarks on stderr */
};

/* Opens the home; dir NULL as in home_find, as NULL or the name given with --as. The actor is
 * the rostered person whose unix_user is the caller's; not being one is no error here. */
enum err session_open(struct ctx *c, const char *dir, const char *as, struct session *out) MUST_USE;
void session_close(struct session *s);
#define SESSION_SCOPED __attribute__((cleanup(session_close)))
/* ERR_DENIED unless the caller is a rostered person; may "" = any, else one of decide, approve ...
 */
enum err session_need_actor(struct ctx *c, struct session *s, const char *may) MUST_USE;

/* ---- writ-seal ---- */

/* Asks once and gives the answer; a refusal becomes an error with the seal's own words. fds and
 * fds_out as in ipc.h; fds_out may be NULL where no descriptor is expected. The number is made
 * from place (what this request is for: order, seq) and the request's content. */
enum err seal_ask(struct ctx *c, struct session *s, struct json *request, struct span place,
		  const struct json **answer_out) MUST_USE;
enum err seal_ask_fds(struct ctx *c, struct session *s, struct json *request, struct span place,
		      const int *fds, int fd_count, struct ipc_msg *msg_out,
		      const struct json **answer_out) MUST_USE;
/* The state of the seal without any order, cached for the session; fresh = ask again. */
enum err seal_state(struct ctx *c, struct session *s, bool fresh, const struct json **out) MUST_USE;
/* The tickets of an order as the seal has them (list). */
enum err seal_order_state(struct ctx *c, struct session *s, struct span ref,
			  const struct json **tickets_out) MUST_USE;
/* ERR_AGAIN where the seal is known to be silent: for what would begin and then wait for it. */
enum err seal_need(struct ctx *c, const struct session *s) MUST_USE;
/* The same question put, and its answer taken when it comes: for who has others waiting. Until it
 * has come nothing else is asked of this connection. ERR_AGAIN: not within that time. */
enum err seal_state_put(struct ctx *c, struct session *s) MUST_USE;
enum err seal_state_take(struct ctx *c, struct session *s, int wait_ms,
			 const struct json **out) MUST_USE;
/* Drops the conversation, so that the next request makes a new one. */
void seal_drop(struct session *s);

/* ---- writ-hand ---- */

typedef void hand_progress(void *of, const struct json *progress);
/* Runs one job in a fresh hand and gives its last message; a failure becomes an error. Where
 * failed_out is not NULL the last message of a failed job is given there as well. A touch job
 * needs no home: s is NULL. */
enum err hand_run(struct ctx *c, struct session *s, struct json *job, const int *fds, int fd_count,
		  hand_progress *progress, void *of, const struct json **answer_out,
		  const struct json **failed_out) MUST_USE;
/* Reads a document from outside in a read hand: what is order, answers or stores. */
enum err hand_read(struct ctx *c, struct session *s, const char *what, const char *name,
		   int document_fd, const struct json **out) MUST_USE;

/* ---- the roster, as the seal keeps it ---- */

/* Live person rows by that unix user; the row of a key; the live agency rows of an id. */
enum err roster_person_of_user(struct ctx *c, struct session *s, struct span unix_user,
			       const struct json **row_out) MUST_USE;
enum err roster_person_of_key(struct ctx *c, struct session *s, struct span key_line,
			      const struct json **row_out) MUST_USE;
enum err roster_agency(struct ctx *c, struct session *s, struct span id,
		       const struct json **first_row_out) MUST_USE;
bool roster_row_live(const struct json *row, int64_t now_utc);
/* Live, and of that kind: "person" or "agency". */
bool roster_row_is(const struct json *row, const char *kind, int64_t now_utc);
bool roster_may(const struct json *row, const char *what);
/* ERR_DENIED where the row demands a verified user and the signature does not say so: the seal
 * would refuse it later, together with everything that was signed beside it. */
enum err roster_need_verified(struct ctx *c, const struct json *row, bool user_verified) MUST_USE;
/* Who signed a document of that kind: a person with that right. What is for the seal to decide it
 * checks again by itself. */
enum err roster_signer(struct ctx *c, struct session *s, const char *kind, const char *may,
		       struct span document, struct span signature,
		       struct span *name_out) MUST_USE;
/* The labels of the list that are no live key of that agency now. */
enum err roster_missing_labels(struct ctx *c, struct session *s, struct span agency,
			       const struct json *labels, struct json **out) MUST_USE;

#endif
