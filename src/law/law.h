/*
 * The law engine: rule packs and the FACTS of one order in, a reasoned decision out. Packs are
 * decision tables (table.def), facts have three values (true, false, unknown: Kleene), and a line
 * is SUFFICIENT only by a complete chain of rows that hold. It refuses to guess: unknown never
 * satisfies, no row means LAWYER, and it knows neither an order, a database nor the clock.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAW_LAW_H
#define LAW_LAW_H

#include "format/json.h"

#define LAW_PACKS_MAX 64u
#define LAW_RULES_MAX 4000u
#define LAW_DECISION_MAX ((size_t)4 << 20)

/* Whether a pack may be relied on; only an adopted one may give SUFFICIENT. */
enum law_state { LAW_DRAFT, LAW_REVIEWED, LAW_STALE, LAW_ADOPTED };

struct law;     /* all packs of one judgement; lives in the arena it was opened in */

enum err law_open(struct ctx *c, struct law **out) MUST_USE;
/* One pack, as read from YAML (struct json with lines). sha256 is the hex hash of its canonical
 * JSON; state what the operator made of it. Errors are ERR_FORMAT "name:line: what". */
enum err law_add(struct ctx *c, struct law *law, const char *name, const struct json *doc,
		 struct span sha256, enum law_state state) MUST_USE;
/* After the last pack: names of sets, calendars, provisions and defeated rules are looked up. */
enum err law_close(struct ctx *c, struct law *law) MUST_USE;

struct law_how {
	/* When the packs are relied on: past their review they are stale. Also evaluated_at where
	 * the facts give neither day. */
	int64_t now_utc_s;
	bool what_if; /* states were assumed; nothing in the product accepts the decision */
	enum law_state state;   /* what_if: the state of every pack */
	bool *reached;          /* by number of the rule: those that held are marked; or NULL */
};
/* facts: a FACTS document that facts_check accepted, provider included. The decision is the
 * document of decision.schema.json, made in c. */
enum err law_judge(struct ctx *c, const struct law *law, const struct json *facts,
		   const struct law_how *how, struct json **decision_out) MUST_USE;

/* The decision on these facts as a page for a lawyer. */
enum err law_page(struct ctx *c, const struct law *law, const struct json *facts,
		  const struct json *decision, struct span *out) MUST_USE;

/* What a letter says of a rule: false where no pack has it, or where it brings about another
 * reason.
 */
struct law_ground {
	struct span cite, text, cure;   /* cure: empty where the rule names none */
	bool doubt;                     /* it settles nothing: a lawyer does */
};
bool law_ground_of(const struct law *law, struct span rule, struct span reason,
		   struct law_ground *out);

/* One rule in words: ERR_NOT_FOUND where no pack has it. */
enum err law_explain(struct ctx *c, const struct law *law, struct span rule,
		     struct span *out) MUST_USE;

unsigned law_count(const struct law *law);      /* packs */
/* One pack of them, by number, as HTML for a lawyer to read and sign. */
enum err law_render(struct ctx *c, const struct law *law, unsigned number, struct span *id_out,
		    struct span *html_out) MUST_USE;

/* The same as a text in the form of letters, to be drawn as pages and signed on paper. */
struct law_sheet {
	struct span title, sha256, text;
	int64_t as_of_day;              /* since 1970 */
};
enum err law_sheet(struct ctx *c, const struct law *law, unsigned number,
		   struct law_sheet *out) MUST_USE;

bool law_state_of(struct span word, enum law_state *out);       /* "ADOPTED" */
const char *law_state_word(enum law_state state);

#endif
