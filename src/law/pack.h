/*
 * What the engine's own files share: packs, rules and conditions after loading, the facts of a
 * case, and how a condition is weighed. Nobody outside this folder includes it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAW_PACK_H
#define LAW_PACK_H

#include "law/law.h"
#include "law/period.h"

#define LAW_FIELDS_MAX 128u
#define LAW_SET_MAX 300u        /* values of one condition */

enum kleene { LAW_NO, LAW_UNKNOWN, LAW_YES };

enum law_table_id {
#define X(name, scope, flags, reason, what) TABLE_##name,
#include "law/table.def"
#undef X
	TABLE_COUNT
};
enum { TABLE_NEEDS = 1, TABLE_ONE = 2, TABLE_EVERY_LAW = 4, TABLE_EFFECT = 8 };
enum law_table_scope { TABLE_LINE, TABLE_ORDER };

struct law_table {
	const char *name;
	enum law_table_scope scope;
	unsigned flags;
	const char *no_row;     /* reason where no row decides */
	const char *what;
};
extern const struct law_table law_tables[TABLE_COUNT];

enum law_op {
	LAW_IS,                 /* one of the values */
	LAW_IS_NOT,
	LAW_KNOWN,
	LAW_IS_UNKNOWN,
	LAW_GIVEN,              /* the facts name it, if only as unknown */
	LAW_NOT_GIVEN,
	LAW_AT_LEAST,
	LAW_BELOW,
	LAW_SAME,               /* as another field */
	LAW_NOT_SAME,
	LAW_BEFORE,             /* a moment before another */
	LAW_NOT_BEFORE,
};

/* One sentence of a rule, e.g. "demand.category is SUB_ID or SUB_PAY" (sentence.c). */
struct law_cond {
	struct span text;
	enum law_op op;
	unsigned field;
	const struct span *value;       /* IS, IS_NOT */
	unsigned values;
	int64_t number;                 /* AT_LEAST, BELOW */
	unsigned other;                 /* SAME */
	struct law_period left, right;  /* BEFORE */
};

enum law_give { GIVE_NOTHING, GIVE_SUFFICIENT, GIVE_LAWYER, GIVE_INSUFFICIENT };
enum law_mode { MODE_NONE, MODE_COMPELLED, MODE_PERMITTED, MODE_PRESERVE_ONLY };
/* From what lets most to what forbids most; the most restrictive row counts. */
enum law_notice { NOTICE_NONE, NOTICE_MUST, NOTICE_MAY, NOTICE_ISSUER_DOES, NOTICE_HOLD,
	NOTICE_MUST_NOT_UNTIL, NOTICE_MUST_NOT };
enum law_redirect { REDIRECT_NO, REDIRECT_ASK, REDIRECT_REQUIRE };
enum law_route { ROUTE_NONE, ROUTE_DIRECT, ROUTE_MLAT, ROUTE_CLOUD, ROUTE_EEVIDENCE,
	ROUTE_BUDAPEST_24X7, ROUTE_LEGAT };
enum law_cost { COST_NONE, COST_NOT_CLAIMABLE, COST_CLAIMABLE };

struct law_watch {
	struct span what;
	bool dated;
	struct law_period by;
};

struct law_pack;

struct law_rule {
	const struct law_pack *pack;
	enum law_table_id table;
	struct span id, cite, text, cure, confidence;
	int64_t from, until;            /* days since 1970, both included */
	struct law_cond *cond;
	unsigned conds, first_unless;   /* cond[first_unless..] must not hold */
	enum law_give give;
	enum law_mode mode;
	const struct span *reason;
	unsigned reasons;
	enum law_notice notice;
	unsigned notice_until;          /* field, where has_until */
	bool has_until, has_due, has_hold, has_preserve;
	struct law_period due, hold, preserve;
	enum law_redirect redirect;
	enum law_route route;
	enum law_cost cost;
	const struct law_watch *watch;
	unsigned watches;
	const struct span *defeats;     /* ids */
	unsigned defeated;              /* how many */
	const unsigned *defeated_by;    /* numbers of rules */
	unsigned defeaters;
	unsigned number;                /* in law->rule */
	unsigned line;                  /* in the file */
};

/* An overlay is a law that adds to another (California's to the federal one): its rows say when. */
enum law_pack_kind { PACK_LAW, PACK_OVERLAY, PACK_COMMON, PACK_POLICY };

struct law_pack {
	const char *name;               /* of the file */
	struct span id, version, title, country, sha256, reviewer;
	enum law_pack_kind kind;
	enum law_state state;
	int64_t law_as_of, next_review; /* days since 1970 */
	int64_t reviewed_on;            /* where there is a reviewer */
	unsigned first, rules;          /* in law->rule, by table */
	unsigned number;
	const struct json *doc;
};

struct law {
	struct law_pack pack[LAW_PACKS_MAX];
	unsigned packs;
	struct law_rule *rule[LAW_RULES_MAX];
	unsigned rules;
	struct law_names *names;        /* sets, calendars, provisions, words (names.c) */
	bool closed;
};

/* The rule as it stands in its pack (pack.c). */
const struct json *rule_source(const struct law_rule *r);

/* ---- names.c: what packs declare for all ---- */
struct law_names;
struct law_calendar;
enum err names_open(struct ctx *c, struct law_names **out) MUST_USE;
enum err names_add(struct ctx *c, struct law_names *n, const struct law_pack *pack) MUST_USE;
/* The values of a set, or NULL. */
const struct json *names_set(const struct law_names *n, struct span id);
const struct law_calendar *names_calendar(const struct law_names *n, struct span id);
/* Whether packs may compare this free field (provisions, courts, ranks) with this value. */
bool names_value_ok(const struct law_names *n, unsigned field, struct span value);

/* ---- sentence.c ---- */
enum err sentence_cond(struct ctx *c, const struct law_names *n, struct span text,
		       struct law_cond *out) MUST_USE;
enum err sentence_period(struct ctx *c, const struct law_names *n, struct span text,
			 struct law_period *out) MUST_USE;
/* The number of a field in facts.def; "demand.x" is "demands[].x". */
enum err sentence_field(struct ctx *c, struct span path, unsigned *out) MUST_USE;
bool sentence_asks_line(const struct law_cond *cond);   /* a field of a demand line */
enum law_op law_op_opposite(enum law_op op);

/* ---- fact.c: the facts of one case ---- */
struct law_value {
	const struct span *item;
	unsigned n;
	bool known;             /* a list may hold unknown beside known items */
	bool partly;
};
struct law_line {
	struct span id;
	struct law_value value[LAW_FIELDS_MAX];
};
struct law_case {
	struct law_value value[LAW_FIELDS_MAX];
	struct law_line *line;
	unsigned lines;
	int64_t evaluated_at;
	struct span evaluated_text;
};
enum err case_make(struct ctx *c, const struct json *facts, int64_t now_utc_s,
		   struct law_case *out) MUST_USE;
const struct law_value *case_value(const struct law_case *k, const struct law_line *line,
				   unsigned field);
bool field_is_of_line(unsigned field);

/* ---- weigh.c ---- */
struct field_set {
	uint64_t bit[LAW_FIELDS_MAX / 64];
};
/* Does the rule hold? Fields whose being unknown left it open are added to unknown. */
enum kleene weigh_rule(const struct law_rule *rule, const struct law_case *k,
		       const struct law_line *line, struct field_set *unknown);
/* One condition by itself; which facts were unknown is not told. */
enum kleene weigh_cond(const struct law_cond *cond, const struct law_case *k,
		       const struct law_line *line);
/* The moment that a period names in this case; false where a fact is unknown. */
bool weigh_period(const struct law_period *p, const struct law_case *k,
		  const struct law_line *line, struct law_moment *out, struct field_set *unknown);

#endif
