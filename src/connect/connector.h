/*
 * What a data store must be able to do, and what is asked of it: a store of stores.yaml, a demand
 * line of a scope, an opened source (one store for one line), the plan of its items. A connector
 * takes exactly what the line says, never more, and names what it could not read; it knows no
 * order, no database and no key.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_CONNECTOR_H
#define CONNECT_CONNECTOR_H

#include "base/ctx.h"
#include "base/span.h"
#include "format/date.h"
#include "format/json.h"

#define STORES_MAX 64u          /* rows of stores.yaml */
#define LINES_MAX 100u          /* demand lines of one scope (doc/protocol.md section 2) */
#define FOLDERS_MAX 4096u       /* of one account */
#define ACCOUNT_PART_MAX 128u

/* Categories that our kinds of store can serve; any other is "not held in this store". */
enum category { CATEGORY_OTHER = 0, CATEGORY_CONTENT_COMM = 1, CATEGORY_MSG_META = 2 };
enum date_meaning { DATE_BY_DELIVERY, DATE_BY_HEADER, DATE_BY_RECEIVED };

/* ---- stores.yaml ---- */
struct connector;

struct store {
	struct span name;               /* as lines call it: [a-z0-9_-]{1,64} */
	struct span kind;               /* "maildir", "mbox" */
	const struct connector *connector;
	struct span path;               /* template with {domain} {local} {account} */
	struct span domain;             /* the one domain that it serves, or empty */
	struct span region, law;        /* where it lies and whose law governs it */
	unsigned categories;            /* bits of enum category */
	bool ciphertext_only;
	struct span retention, credential;
	struct span aliases;            /* path of a file of "alias: account" lines, or empty */
	bool content_length;            /* mbox: trust that field */
	unsigned line;                  /* where the row begins in the file */
};

struct stores {
	struct store *row;
	size_t count;
};

/* Types what the strict YAML reader gave. name is the file's, for "name:line: what is wrong". */
enum err stores_read(struct ctx *c, const struct json *yaml, const char *name,
		     struct stores *out) MUST_USE;
const struct store *stores_find(const struct stores *all, struct span name);    /* NULL if none */
/* What a `describe` job says of each store: no path, no credential, nothing inside. */
enum err stores_describe(struct ctx *c, const struct stores *all, struct json **list_out) MUST_USE;

/* ---- demand lines of a scope document ---- */
struct demand_line {
	struct span id, category_name;
	enum category category;
	struct span target_kind, target;
	struct span *stores, *folders;
	size_t store_count, folder_count;
	bool all_folders;
	enum date_meaning meaning;
	int64_t from_utc, until_utc;    /* half-open, s; INT64_MIN and INT64_MAX are open ends */
	bool deliver_undated;
};

struct demand_lines {
	struct demand_line *line;
	size_t count;
};

/* From the scope document (doc/protocol.md section 3). */
enum err lines_read(struct ctx *c, const struct json *scope, struct demand_lines *out) MUST_USE;
bool date_meaning_of(struct span word, enum date_meaning *out);
const char *date_meaning_word(enum date_meaning m);
const char *category_word(enum category k);
/* May the line take this from the store? A line never takes more than its category. */
bool store_serves(const struct store *s, enum category k);
/* Is this instant in the line's interval? Never for DATE_UNKNOWN. */
bool line_takes(const struct demand_line *line, int64_t utc);

/* ---- the plan of one source ---- */
/* One message, a few dozen bytes; its name lies in the plan's pool. */
struct item {
	int64_t date_utc;               /* by the line's meaning; DATE_UNKNOWN: undated */
	int64_t delivery_utc;
	int64_t bytes;
	uint64_t place;                 /* the connector's own: inode, offset */
	uint32_t name;                  /* the connector's own: record in the pool */
	uint16_t folder;                /* index into plan.folder */
	uint16_t part;                  /* the connector's own: cur or new */
};

/* What could not be read. Without source_id it is the whole folder, without folder the account. */
struct unreadable {
	struct span store, account, folder, source_id, why;
	struct unreadable *next;
};
#define UNREADABLE_LISTED_MAX 1000u
struct unreadables {
	struct unreadable *first, *last;        /* the first UNREADABLE_LISTED_MAX of them */
	size_t count;
};
enum err unreadable_add(struct ctx *c, struct unreadables *u,
			const struct unreadable *what) MUST_USE;

/* What lies just inside and just outside the line's dates: a wrong zone or day shows there. Numbers
 * of dated items; 0 at an open end. */
#define NEAR_S 86400
struct plan_near {
	int64_t outside;                /* all that the dates leave out */
	int64_t first_day, day_before;  /* within NEAR_S of the beginning: taken, and not */
	int64_t last_day, day_after;    /* of the end */
};

struct item_pool;               /* connect/plan.h */
struct plan {
	struct span *folder;            /* names, sorted by bytes */
	size_t folder_count;
	struct item_pool *pool;
	/* Order: folder, dated before undated, the line's date, source id. Undated ones are in the
	 * plan whatever the interval; whether they are delivered is the line's matter. */
	size_t count;                   /* the undated ones included */
	size_t undated;
	int64_t bytes;                  /* of the dated ones */
	int64_t undated_bytes;
	struct plan_near near;
	struct unreadables unreadable;  /* not empty: the plan is not complete */
};
const struct item *plan_item(const struct plan *p, size_t i);   /* i-th in that order */
/* The name before ":2,", as stored (maybe no UTF-8). */
struct span plan_source_id(const struct plan *p, const struct item *it);

/* ---- a source: one store, opened for one line ---- */
struct source {
	const struct connector *connector;
	const struct store *store;
	const struct demand_line *line;
	bool held;                      /* false: the line's category is not held in this store */
	struct span account;            /* resolved; empty: no such account, or not held */
	struct span problem;            /* why it cannot be collected; empty: it can */
	void *of;                       /* the connector's own */
};

struct connector {
	const char *kind;
	unsigned categories;            /* that this kind can serve at all */
	/* Can it be reached? *problem_out is empty if so; it names no path and no account. */
	enum err (*check)(struct ctx *c, const struct store *s, struct span *problem_out) MUST_USE;
	/* Resolves the account and opens every descriptor that is needed, BEFORE the cage closes.
	 * No such account or folder is no error but a problem of the source: `count` reports it, a
	 * fetch must refuse. Afterwards only these calls are made: openat below the descriptors of
	 * fds(), newfstatat, fstat, getdents64, lseek, read, fadvise64, close. */
	enum err (*open)(struct ctx *c, const struct store *s, const struct demand_line *line,
			 struct source **out) MUST_USE;
	/* The same for a place given outright ("scope --store": no template, no aliases); account
	 * is its label only. */
	enum err (*open_path)(struct ctx *c, const char *path, const struct store *s,
			      struct span account, const struct demand_line *line,
			      struct source **out) MUST_USE;
	/* The folders below which the cage must allow reading (Landlock LANDLOCK_RULE_PATH_BENEATH
	 * takes them as parent_fd). Returns how many there are; fills at most max. */
	size_t (*fds)(const struct source *s, int *fd, size_t max);
	/* Lists what the line selects. Unreadable items are listed in the plan, no error. */
	enum err (*plan)(struct ctx *c, struct source *s, struct plan *out) MUST_USE;
	/* Name inside the source as it was last seen ("cur/...", ".Sent/new/..."). */
	enum err (*path)(struct ctx *c, const struct source *s, const struct plan *p,
			 const struct item *it, struct span *out) MUST_USE;
	/* The From_ line of an item of an mbox, without its line end, maybe cut; it need not be
	 * UTF-8. NULL: items of this kind have none. */
	struct span (*from_line)(const struct plan *p, const struct item *it);
	/* Bytes of the i-th item, streamed: begin, read until *n_out is 0, end. Fails with
	 * ERR_DEGRADED when the item is not what was planned (it grew, shrank, vanished). A read
	 * fills p unless the item ends, so a first read of HEADER_BLOCK_MAX has the whole header
	 * block. end may be called at any time. */
	enum err (*begin)(struct ctx *c, struct source *s, struct plan *p, size_t i) MUST_USE;
	enum err (*read)(struct ctx *c, struct source *s, unsigned char *p, size_t max,
			 size_t *n_out) MUST_USE;
	void (*end)(struct source *s);
	void (*close)(struct source **s);       /* NULL is fine */
};

const struct connector *connector_find(struct span kind);       /* NULL: this build has none */
/* Opens every store of every line, in order of lines and of their stores. What cannot be collected
 * (no such store or account, category not held) is a source with a problem. */
enum err sources_open(struct ctx *c, const struct stores *stores, const struct demand_lines *lines,
		      struct source ***list_out, size_t *count_out) MUST_USE;
void sources_close(struct source **list, size_t count);

#endif
