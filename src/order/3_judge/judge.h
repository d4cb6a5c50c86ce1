/*
 * Judging an order: the scope compiled from its demand lines, counsel's decision over it, and the
 * letter that follows. What the rule packs make of the order (judgement.h) stands before counsel;
 * the decision is a person's and is signed, by two where it overrules the packs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_JUDGE_H
#define ORDER_JUDGE_H

#include "order/order.h"

enum decision {
	DECIDE_COMPLY,
	DECIDE_NARROW,
	DECIDE_REFUSE,
	DECIDE_ASK,
	DECIDE_REDIRECT,
	DECISIONS
};
const char *decision_word(enum decision d);
bool decision_parse(struct span word, enum decision *out);
static inline bool decision_has_scope(enum decision d)
{
	return d == DECIDE_COMPLY || d == DECIDE_NARROW;
}

struct decision_asked {
	enum decision decision;
	const struct json *reasons;     /* list of codes */
	/* Ids to keep, for comply and narrow; NULL = all, and in a narrowing all that the rule
	 * packs do not call INSUFFICIENT. */
	const struct json *lines;
	const struct json *edited;      /* what scope_edit_read gave, or NULL */
	bool undated_deliver;
};

/* The demand lines compiled to what a hand can execute (doc/protocol.md 3, 8). In *open_out
 * stand the lines that counsel must decide: no dates, or one end only; and those that cannot be
 * compiled at all, which have "problem" instead. */
enum err scope_compile(struct ctx *c, const struct order *o, struct json **lines_out,
		       struct json **open_out) MUST_USE;
/* ERR_DENIED with words if the line is wider in any field than the order's demand of that id. */
enum err scope_line_within(struct ctx *c, const struct order *o, const struct json *line) MUST_USE;
/* A line that counsel edited: id, from, until, undated, stores, folders over the order's line. */
enum err scope_line_edited(struct ctx *c, const struct order *o, const struct json *edit,
			   struct json **line_out) MUST_USE;
/* Whether a line is one of mail, which has dates and folders. */
bool scope_served(const struct json *line);
/* The line in words: what, whose, from when until when, by which date. */
enum err scope_line_words(struct ctx *c, const struct json *line, struct span *out) MUST_USE;

/* The document that counsel signs: kind scope or decision. */
enum err decision_document(struct ctx *c, struct session *s, const struct order *o,
			   const struct decision_asked *a, struct span *document_out,
			   const char **kind_out) MUST_USE;
/* An unsigned scope for counting: at most 100 lines, numbers only. edited: as in decision_asked. */
enum err count_document(struct ctx *c, struct session *s, const struct order *o,
			const struct json *edited, struct span *document_out) MUST_USE;
/* The letter that would go out with that document; empty where none would. */
enum err decision_letter(struct ctx *c, struct session *s, const struct order *o,
			 struct span document, struct span *text_out) MUST_USE;
/* Takes the signed document in: checks it against the order and its judgement, records the
 * decision, makes the letter, and ends the keys of a refused order. */
enum err decision_take(struct ctx *c, struct session *s, struct order *o, struct span document,
		       const struct json *signatures) MUST_USE;
/* Whether two people sign that document: it takes a line against the rule packs. */
bool decision_takes_two(const struct json *document);
/* The two signatures one after the other, by two people at two screens: the first is checked as
 * above and put on file, and binds nobody; the second, over the same document, decides. A new
 * judgement or fact ends it meanwhile, and any decision; one of the deciders lets it be. */
enum err decision_propose(struct ctx *c, struct session *s, struct order *o, struct span document,
			  struct span signature) MUST_USE;
enum err decision_second(struct ctx *c, struct session *s, struct order *o,
			 struct span signature) MUST_USE;
enum err decision_let_be(struct ctx *c, struct session *s, struct order *o) MUST_USE;

/* ERR_STATE or ERR_DENIED with words unless the lines may be collected in view of the last
 * judgement of the rule packs: no fact has changed since; what it calls INSUFFICIENT is overruled;
 * over each doubt, redirection and conflict of laws counsel has decided, naming it among the
 * reasons. */
enum err in_view_allows(struct ctx *c, const struct order *o, const struct json *lines,
		     const struct json *overrules, const struct json *reasons) MUST_USE;
/* The reasons why the document leaves out a demand, as the authority is told. */
enum err in_view_left_out(struct ctx *c, const struct order *o, const struct json *document,
		       struct span id, struct json **out) MUST_USE;

/* Lines as a file that counsel can edit, and back (through a read hand). */
enum err scope_edit_text(struct ctx *c, const struct order *o, const struct json *lines,
			 const struct json *open, struct span *yaml_out) MUST_USE;
enum err scope_edit_read(struct ctx *c, struct session *s, const char *name, int fd,
			 const struct json **lines_out) MUST_USE;

#endif
