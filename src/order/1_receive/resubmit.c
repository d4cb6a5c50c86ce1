/*
 * An order that was returned with a defect and comes again, corrected: is the earlier one such an
 * order, of this agency, and not answered otherwise meanwhile? It links and judges nothing: the new
 * order is an order of its own, with its own papers, authentication, clock and decision.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "order/1_receive/receive.h"

/* Returned in whole, or for a part of it. */
static enum err need_returned(struct ctx *c, const struct order *o)
{
	bool narrowed = span_is(json_opt_text(o->scope, "decision", SPAN_NONE), "narrow");
	bool is_over = o->state == ORDER_WITHDRAWN || o->state == ORDER_VOID;

	if (o->state == ORDER_REFUSED || o->state == ORDER_ASKED || o->state == ORDER_REDIRECTED ||
	    (narrowed && !is_over))
		return ERR_OK;
	if (is_over || o->scope) {
		err_next(c, "hand it in as an order of its own, without --resubmits");
		FAIL(c, ERR_STATE,
		     "order %.*s is %s (%s): nothing of it was returned for correction",
		     SPAN_ARG(o->ref), order_state_word(o->state), order_state_means(o->state));
	}
	err_next(c, "decide on it first: writ decide %.*s ask|refuse|narrow ...", SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE, "order %.*s is %s and was not returned: it has no answer yet",
	     SPAN_ARG(o->ref), order_state_word(o->state));
}

static struct span agency_of(const struct order *o)
{
	return json_opt_text(o->authenticated, "agency",
			     json_opt_text(o->received, "agency", SPAN_NONE));
}

static enum err need_same_agency(struct ctx *c, const struct order *o, const struct json *body)
{
	struct span is = json_opt_text(body, "agency", SPAN_NONE);

	/* Nothing is known of paper alone; whoever checks its sender compares. */
	if (span_eq(is, agency_of(o)) || json_get(body, "order_file")->type == JSON_NULL)
		return ERR_OK;
	err_next(c, "hand it in as an order of its own, without --resubmits");
	FAIL(c, ERR_DENIED, "order %.*s is of the agency '%.*s', this one of '%.*s'",
	     SPAN_ARG(o->ref), SPAN_ARG(agency_of(o)), SPAN_ARG(is));
}

static struct span hash_of(const struct json *file)
{
	return json_opt_text(file, "sha256", SPAN_NONE);
}

static bool has_file(const struct json *body, struct span sha256)
{
	if (span_eq(hash_of(json_get(body, "order_file")), sha256))
		return true;
	JSON_EACH(paper, json_get(body, "papers"))
		if (span_eq(hash_of(paper), sha256))
			return true;
	return false;
}

/* Who corrects hands in something that was not there. */
static enum err need_correction(struct ctx *c, const struct order *o, const struct json *body)
{
	const struct json *file = json_get(body, "order_file");
	bool same = file->type == JSON_NULL || has_file(o->received, hash_of(file));

	JSON_EACH(paper, json_get(body, "papers"))
		same &= has_file(o->received, hash_of(paper));
	if (!same)
		return ERR_OK;
	err_next(c, "hand in what was corrected; the order that is there is %.*s",
		 SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE, "every file of it is one of order %.*s: it is that order itself, not a "
			   "correction", SPAN_ARG(o->ref));
}

enum err resubmission_check(struct ctx *c, struct session *s, struct json *body, struct span ref,
			    struct order *earlier_out)
{
	struct json *link = json_object(c);
	struct span first;

	TRY(order_load(c, s, ref, earlier_out));
	TRY(need_returned(c, earlier_out));
	TRY(order_need_last(c, s, earlier_out));
	TRY(need_same_agency(c, earlier_out, body));
	TRY(need_correction(c, earlier_out, body));
	TRY(time_span(c, earlier_out->received_utc, &first));
	json_set_text(c, link, "order", earlier_out->ref);
	json_set_text(c, link, "agency", agency_of(earlier_out));
	json_set_text(c, link, "first_received_at",
		      json_opt_text(json_get(earlier_out->received, "resubmits"),
				    "first_received_at", first));
	json_set(c, body, "resubmits", link);
	return ERR_OK;
}

enum err resubmission_need_agency(struct ctx *c, const struct order *o, struct span agency)
{
	const struct json *link = json_get(o->received, "resubmits");
	struct span earlier = json_opt_text(link, "agency", SPAN_NONE);

	/* An earlier one of an unknown sender was answered with no data, and says nothing of it. */
	if (!link || link->type != JSON_OBJECT || span_eq(earlier, agency) ||
	    span_is(earlier, "unknown"))
		return ERR_OK;
	err_next(c, "void it, and hand it in as an order of its own, without --resubmits");
	FAIL(c, ERR_DENIED,
	     "it was handed in as a correction of %.*s, which is of the agency '%.*s'",
	     SPAN_ARG(json_opt_text(link, "order", SPAN_NONE)),
	     SPAN_ARG(json_opt_text(link, "agency", SPAN_NONE)));
}
