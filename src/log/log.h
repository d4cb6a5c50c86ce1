/*
 * The log: ticks closed with the seal, tiles on the disk in C2SP tlog-tiles form below HOME/log,
 * proofs, and the check of everything that the database and the files say against each other.
 * It makes no signature and no padding: the seal does; it believes no answer that it can compute.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/ctx.h"
#include "base/ipc.h"
#include "crypt/note.h"
#include "format/json.h"
#include "store/store.h"
#include "store/view.h"

/* A conversation with the seal: one request ("tick" or "state", without version and number), its
 * answer where ok is true, with the descriptors that came; a refusal is an error. place says what
 * the request is for, so that the same place and content give the same number. fd goes with the
 * request as its first descriptor, -1 = none. */
struct log_seal {
	void *of;
	enum err (*ask)(struct ctx *c, void *of, struct json *request, struct span place, int fd,
			struct ipc_msg *msg_out, const struct json **answer_out);
};

struct log {
	const char *dir;                /* HOME/log */
	struct store *store;
	const struct note_key *key;     /* the log's, as the founding document pins it */
	struct log_seal seal;           /* needed by log_tick and log_recover */
};

#define LOG_TICK_ACTS 65536u            /* more wait for the next tick */
#define LOG_BEHIND_MS 60000             /* a clock that far behind the last tick is an alarm */
#define LOG_BUSY_MS 5000

struct log_tick {
	uint64_t size;                  /* of the tree now */
	int64_t time_ms;
	int64_t acts, seal_acts;        /* taken by this tick */
	int64_t waiting;                /* acts that wait for the next one */
	int64_t behind_ms; /* how far this clock stands behind the tick; alarm above LOG_BEHIND_MS
			    */
	bool recovered;                 /* an unfinished tick was finished first */
};

/* Closes one tick, under log/lock: at most LOG_TICK_ACTS waiting commitments and the seal's own
 * acts. Before anything is stored the entry, the checkpoint's signature, every path and the root
 * over the stored tiles are computed again. Then database (not for an idle tick), entries, tiles,
 * last the checkpoint. After an error nothing is half done that log_recover does not finish. */
enum err log_tick(struct ctx *c, const struct log *l, struct log_tick *out) MUST_USE;
/* After a crash: asks the seal for its last tick and finishes what of it is missing here. Harmless
 * at any time. ERR_STATE if the seal is ahead by more than that tick, or behind; ERR_VERIFY if the
 * checkpoint is lost or damaged, which no crash does. */
enum err log_recover(struct ctx *c, const struct log *l, bool *finished_out) MUST_USE;

/* log/lock: no tick is closed until the descriptor is; ERR_BUSY after LOG_BUSY_MS. */
enum err log_lock(struct ctx *c, const struct log *l, int *fd_out) MUST_USE;

/* For 'fsck': puts a lost or damaged checkpoint back from the seal's last tick, and makes the right
 * edge of the tiles above level 0 again. Only what follows from the seal's signature and from level
 * 0 is written; run log_verify before, for it names what is mended here. */
enum err log_mend(struct ctx *c, const struct log *l, bool *mended_out) MUST_USE;

/* The checkpoint as it stands; ERR_NOT_FOUND before the first tick. note_out may be NULL. */
enum err log_checkpoint(struct ctx *c, const struct log *l, struct checkpoint *out,
			struct span *note_out) MUST_USE;
/* c2sp.org/tlog-proof of one act at the present checkpoint, and the act's text, which belongs to
 * it. ERR_AGAIN while the act waits for its tick, ERR_STATE where retention has removed its body.
 */
enum err log_prove(struct ctx *c, const struct log *l, struct span order_ref, int64_t seq,
		   struct span *proof_out, struct span *act_out) MUST_USE;
enum err log_prove_seal(struct ctx *c, const struct log *l, int64_t seal_seq,
			struct span *proof_out, struct span *act_out) MUST_USE;
/* RFC 9162 proof that the tree of old_size is the beginning of the present one (for witnesses). */
enum err log_prove_consistency(struct ctx *c, const struct log *l, uint64_t old_size,
			       struct tree_proof *out) MUST_USE;

/* The trees that the log was, from the one of size below down: size, time of its last tick, root
 * over the stored tiles. */
struct log_past {
	uint64_t size;
	int64_t time_ms;
	struct sha256 root;
};
enum err log_history(struct ctx *c, const struct log *l, uint64_t below, size_t most,
		     struct log_past *out, size_t *n_out) MUST_USE;
/* A tile as it stands, of 1 to 256 items; level LOG_TILE_ENTRIES: the entries themselves.
 * ERR_NOT_FOUND where the log has none. */
#define LOG_TILE_ENTRIES (-1)
enum err log_tile(struct ctx *c, const struct log *l, int level, uint64_t index,
		  unsigned *width_out, struct span *out) MUST_USE;

/* Retention. An act may lose its body only if another act says so: log_removal makes that act's
 * body (LOG_ACT_REMOVED, order HOME: {"acts":[{"order","seq","commitment"}]}) for all acts of an
 * order that still have one; the caller appends it; then log_remove empties exactly those rows. */
#define LOG_ACT_REMOVED "removed"
enum err log_removal(struct ctx *c, struct store *st, struct span order_ref, struct json **body_out)
	MUST_USE;
enum err log_remove(struct ctx *c, struct store *st, const struct json *body) MUST_USE;

/* One finding. difference false: a remark that is no fault (acts that wait, bodies removed). place
 * is "table[key].column" or "file" or "file entry N". */
struct log_report {
	void *of;
	void (*say)(void *of, bool difference, const char *place, const char *what);
};
/* What the acts of an order say that its row in order_view must be; *exists_out false for none.
 * ERR_STATE: retention has removed the bodies, so there must be none. */
struct log_fold {
	void *of;
	enum err (*fold)(struct ctx *c, void *of, struct span ref, struct order_view *out,
			 bool *exists_out);
};
struct log_sum {
	uint64_t size;
	int64_t orders, acts, seal_acts, waiting, removed, differences;
};
/* Everything against everything: entries, hash tiles of every level and the checkpoint; each act's
 * canonical form, columns, commitment, path and tick; numbers without gap; the schema, the meta
 * rows, references and pages of the database; the projection against fold (NULL: not compared).
 * ERR_OK also where there are differences: out->differences counts them. Needs no key of the seal.
 * To be run after log_recover, else an unfinished tick is reported.
 *
 * Any changed column of any row and any changed byte of a file under log/ is found, but for: the
 * content of log/lock (empty, never read), the hidden row numbers of tables with a text key and the
 * counters in the head of the database file, none of which writ reads. An act that waits is no
 * more than a row until its tick: who writes to the database may add or change it together with
 * its salt and commitment. An act taken out together with its proof is missed where it was the
 * last of its order and every later id was lowered by one: the tree hides how many acts a tick
 * took. The receipt that the sender of an order holds is the witness there. */
enum err log_verify(struct ctx *c, const struct log *l, const struct log_fold *fold,
		    const struct log_report *report, struct log_sum *out) MUST_USE;

#endif
