/*
 * Receiving an order: its papers are kept byte for byte, the order file is read in a cage, and
 * what the sender says is kept as claimed. Nothing is judged here.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_RECEIVE_H
#define ORDER_RECEIVE_H

#include "order/order.h"

#define PAPERS_MAX 32u

struct submitted_file {
	const char *name;       /* for people; the path's last part is kept */
	int fd;                 /* read from its present position */
};

struct submission {
	struct submitted_file order;                    /* fd -1: the paper came alone */
	struct submitted_file paper[PAPERS_MAX];        /* the first is the order itself */
	size_t papers;
	struct span language;   /* of paper that came alone, two letters; may be none */
	struct span resubmits;  /* the earlier order that it corrects; may be none */
};

/* The act's body also has "resubmits" {order, agency, first_received_at} (null where it is none;
 * the earlier order gets an act in the same transaction), and "seen_in": the orders
 * in which one of these files was handed in before (a resubmission, or a reused document). The
 * reference, and a receipt signed by the seal: its text, the record and the signature. */
enum err order_receive(struct ctx *c, struct session *s, const struct submission *in,
		       struct order *out, struct span *receipt_out, const struct json **record_out)
	MUST_USE;
/* What staff wrote out of the paper of an order that came without an order file, in the form of
 * one and checked as one; again with a reason (because), and once somebody has decided by one who
 * may decide: then it is to be decided anew. taken: list of {field, demand (or
 * null), value, paper, page, line}, the values that were taken over from the reading of a paper,
 * each of which stands in that field; NULL where there is none. */
enum err order_transcribe(struct ctx *c, struct session *s, struct order *o,
			  const struct submitted_file *file, const struct json *taken,
			  struct span because) MUST_USE;
/* The order in body comes again, corrected, in place of the one of that reference: which was
 * returned, is of the same agency and other files, and has not come again already. Of paper alone
 * the agency is compared once the sender is known. */
enum err resubmission_check(struct ctx *c, struct session *s, struct json *body, struct span ref,
			    struct order *earlier_out) MUST_USE;
/* The sender, once it is known, is the agency that the earlier order was returned to. */
enum err resubmission_need_agency(struct ctx *c, const struct order *o, struct span agency)
	MUST_USE;
/* What a hand says that it read in an order file: fails unless every part of it is there and every
 * text can stand in a letter. */
enum err order_check_read(struct ctx *c, const struct json *read) MUST_USE;
/* The original bytes of the order file (number 0) and of every paper; a name is one plain word of a
 * file system. */
typedef enum err paper_fn(struct ctx *c, void *of, int number, struct span name, struct span bytes);
enum err order_papers(struct ctx *c, struct session *s, const struct order *o, paper_fn *put,
		      void *of, int64_t *count_out) MUST_USE;

#endif
