/*
 * A sitting: one person signed in at the desk in one browser, from the sign-in to its end. Its
 * token is in that browser's cookie alone; the table knows the hash. Beside it what belongs to
 * signing in: challenges, which count once and soon; counters of passkeys; the access report; and
 * what was typed when a sitting ended. Nothing of this is an act, and no order depends on it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_SITTING_H
#define WEB_DESK_SITTING_H

#include "crypt/hash.h"
#include "store/store.h"

#define SITTING_IDLE_S 1800             /* without a request */
#define SITTING_MAX_S 43200             /* however busy */
#define SITTING_KNOWN_S 86400           /* so long one that is over is told from none */
#define CHALLENGE_S 120
#define DRAFT_S 3600
#define DRAFT_MAX ((size_t)1 << 20)
#define DRAFTS_MAX (8 * DRAFT_MAX)      /* all of one person */
#define TOKEN_TEXT 64u                  /* hex digits of a token */

enum sitting_state { SITTING_NONE, SITTING_OVER, SITTING_LIVE };

struct sitting {
	enum sitting_state state;
	struct span id;                 /* hash of the token, hex */
	struct span person, key_sha256, agent;
	int64_t created_utc, seen_utc, ends_utc;
	int64_t last_seq; /* of the order that was asked for; 0 where it has no acts */
};

struct memo;                    /* memo.h */

/* "Firefox", "Chrome" ...: what a browser keeps when it is updated; "other" for the rest. */
const char *agent_family(struct span user_agent);

/* A new sitting under a fresh token, whatever cookie was there before. key_line is the roster's. */
enum err sitting_begin(struct ctx *c, struct store *st, struct span person, struct span key_line,
		       const char *agent, struct span *token_out) MUST_USE;
/* The sitting of that token, and the last act of that order, as they are in one instant; its last
 * request is now, unless nobody looks. NONE where there is none, or it comes from another kind of
 * browser, which also ends it; OVER where it was idle or long enough. */
enum err sitting_find(struct ctx *c, struct store *st, struct memo *memo, struct span token,
		      const char *agent, bool looks, struct span order,
		      struct sitting *out) MUST_USE;
enum err sitting_end(struct ctx *c, struct store *st, struct span id) MUST_USE;
enum err sitting_end_all(struct ctx *c, struct store *st, struct span person,
			 int64_t *count_out) MUST_USE;
typedef enum err sitting_fn(struct ctx *c, void *of, const struct sitting *s);
enum err sitting_each(struct ctx *c, struct store *st, struct span person, sitting_fn *row,
		      void *of) MUST_USE;
/* The token of the forms of one sitting: whoever does not have its cookie cannot make it. */
enum err form_token(struct ctx *c, struct span token, struct span *out) MUST_USE;
bool form_token_holds(struct ctx *c, struct span token, struct span given);

/* Something to sign, for what and about what. It says itself when it was made, and this server's
 * key vouches for it: nothing is kept of it until it was signed, so however many ask for one and go
 * away, nobody is shut out. */
enum err challenge_make(struct ctx *c, struct span key, const char *what, struct span about,
			struct span *challenge_out) MUST_USE;
/* ERR_VERIFY unless it was made here, for this, about this, and is not over. */
enum err challenge_check(struct ctx *c, struct span key, const char *what, struct span about,
			 struct span challenge) MUST_USE;
/* Once its signature holds: ERR_VERIFY where it was used before. */
enum err challenge_use(struct ctx *c, struct store *st, const char *what,
		       struct span challenge) MUST_USE;

/* ERR_VERIFY where a counter that counts did not grow: somebody has a copy of the key. */
enum err counter_check(struct ctx *c, struct store *st, struct span key_line,
		       uint32_t counter) MUST_USE;

/* One line of the access report; order and person may be empty. */
enum err access_note(struct ctx *c, struct store *st, const char *what, struct span person,
		     struct span order, struct span detail) MUST_USE;
/* A sign-in that was refused to somebody who proved nothing: whoever is in the network makes as
 * many as he likes, so one line of a minute says how many, and why the last; and it is written once
 * a second at most, for each writing waits for the disk, and all others with it. */
struct access_tally {
	int64_t id, minute, count, written_utc;
	bool waits;                     /* there are more than were written */
	char last[1024];
};
enum err access_refused(struct ctx *c, struct store *st, struct access_tally *tally,
			struct span why) MUST_USE;
/* Writes what waits, once a second is over; call it now and then. */
enum err access_tell(struct ctx *c, struct store *st, struct access_tally *tally) MUST_USE;
/* Whether there is one of that person and order since then. */
enum err access_seen(struct ctx *c, struct store *st, struct span person, struct span order,
		     int64_t since_utc, bool *out) MUST_USE;
struct access_line {
	int64_t id, at_utc;
	struct span what, person, order, detail;
};
/* The newest first, from below that id (INT64_MAX: all); of one person, or of all (empty). */
typedef enum err access_fn(struct ctx *c, void *of, const struct access_line *line);
enum err access_last(struct ctx *c, struct store *st, struct span person, int64_t below,
		     int64_t limit, access_fn *row, void *of) MUST_USE;

/* Keeps what was typed, for this person alone; and gives it back once, where it was typed.
 * *found_out false where there is none, it is too old, it is another's, or of another page. */
struct draft {
	struct span target, form;       /* where it was sent; its fields, URL-encoded */
};
enum err draft_keep(struct ctx *c, struct store *st, struct span person, const struct draft *d,
		    struct span *token_out) MUST_USE;
enum err draft_take(struct ctx *c, struct store *st, struct span token, struct span person,
		    struct span target, struct draft *out, bool *found_out) MUST_USE;

/* Forgets what is over; call it now and then. */
enum err sitting_sweep(struct ctx *c, struct store *st) MUST_USE;

#endif
