/*
 * Authentication; see authenticate.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/2_authenticate/authenticate.h"

#include "base/num.h"
#include "format/facts.h"
#include "format/time.h"
#include "order/1_receive/receive.h"

#define AHEAD_MAX_S 60

/* The ways, and the word of the law for each (FACTS: issuer.contact_check). */
static const struct {
	const char *by, *contact_check;
	bool verifies;
} ways[] = {
	{ "callback", "CALL_BACK", true },
	{ "certificate", "CERTIFICATE", true },
	{ "official-channel", "OFFICIAL_CHANNEL", true },
	{ "domain", "DOMAIN_ONLY", false },
	{ "none", "NONE", false },
};

static enum err way_of(struct ctx *c, struct span by, size_t *out)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		if (span_is(by, ways[i].by)) {
			*out = i;
			return ERR_OK;
		}
	err_next(c, "one of: callback, certificate, official-channel, domain, none");
	FAIL(c, ERR_USAGE, "'%.*s' is no way to verify a sender", SPAN_ARG(by));
}

static enum err check_signs(struct ctx *c, const struct json *list)
{
	const struct fact_field *field = facts_field(SPAN("issuer.impersonation_signs"));

	if (json_has_text(list, SPAN("NONE")) && json_count(list) > 1) {
		err_next(c, "leave NONE out, or the others");
		FAIL(c, ERR_USAGE, "NONE says that no sign was found, and one is named beside it");
	}
	JSON_EACH(sign, list) {
		if (facts_value_ok(field, sign->s))
			continue;
		err_next(c, "one of: %s", field->words);
		FAIL(c, ERR_USAGE, "'%.*s' is no sign of a false sender that writ knows",
		     SPAN_ARG(sign->s));
	}
	return ERR_OK;
}

/* A sender who is verified must be an agency of the register: delivery goes to its keys alone. */
static enum err check_agency(struct ctx *c, struct session *s, struct span agency)
{
	const struct json *row;

	TRY(roster_agency(c, s, agency, &row));
	if (row)
		return ERR_OK;
	err_next(c, "two people register it: writ agency add --id %.*s ...", SPAN_ARG(agency));
	FAIL(c, ERR_STATE, "the agency '%.*s' is not in the register", SPAN_ARG(agency));
}

/* What staff do not set fact by fact, though it is not the sender's either, and why. */
static const struct {
	const char *start, *why;
} elsewhere[] = {
	{ "issuer.contact_check", "say how the sender was checked with --by" },
	{ "issuer.impersonation_signs", "say the signs of a false sender with --sign" },
	{ "provider", "the provider's profile is provider.yaml in the home" },
	{ "order.id", "it is the order's reference" },
	{ "facts_version", "it is the form of the document" },
	{ "evaluate_at", "an order is judged as of its receipt" },
};

/* Facts that only the provider may set are marked in facts.def (man writ-order). NULL: staff do. */
static const char *why_not_ours(struct span path, const struct fact_field *field)
{
	if (!field)
		return "there is no such fact";
	for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
		if (span_starts(path, elsewhere[i].start))
			return elsewhere[i].why;
	if (!(field->flags & FACT_OURS))
		return "it is the sender's to state, not ours";
	return field->type == FACT_GROUP ? "it is a group of facts" : NULL;
}

bool order_fact_is_ours(struct span path)
{
	return why_not_ours(path, facts_field(path)) == NULL;
}

static bool is_to_come(struct ctx *c, struct span path, struct span value)
{
	int64_t utc_s;

	return span_is(path, "order.received_at") && time_parse(value, &utc_s) &&
	       utc_s > c->seam->now_ms() / 1000 + AHEAD_MAX_S;
}

static enum err check_fact(struct ctx *c, const struct json *fact)
{
	struct span path = json_opt_text(fact, "path", SPAN_NONE),
		    value = json_opt_text(fact, "value", SPAN_NONE);
	const struct fact_field *field = facts_field(path);
	const char *why = why_not_ours(path, field);

	if (why) {
		err_next(c, "staff set order.received_at, order.received_via, "
			    "issuer.court_competent, customer.*, data.* (man writ-order)");
		FAIL(c, ERR_DENIED, "the fact '%.*s' is not set so: %s", SPAN_ARG(path), why);
	}
	if (is_to_come(c, path, value))
		FAIL(c, ERR_USAGE, "%.*s has not come: nothing was received then", SPAN_ARG(value));
	if (facts_value_ok(field, value))
		return ERR_OK;
	if (field->type == FACT_WORD)
		err_next(c, "one of: %s unknown", field->words);
	else
		err_next(c, "it is %s", facts_wanted(field));
	FAIL(c, ERR_USAGE, "'%.*s' is no value of %.*s", SPAN_ARG(value), SPAN_ARG(path));
}

static enum err facts_body(struct ctx *c, const struct json *facts, struct json **body_out)
{
	struct json *copy;

	JSON_EACH(fact, facts)
		TRY(check_fact(c, fact));
	TRY(json_clone(c, facts, &copy));
	*body_out = json_object(c);
	json_set(c, *body_out, "facts", copy);
	return ERR_OK;
}

enum err order_authenticate(struct ctx *c, struct session *s, struct order *o,
			    const struct authentication *a)
{
	struct span agency = a->agency.n ? a->agency
					 : json_opt_text(o->received, "agency", SPAN_NONE);
	struct json *body = json_object(c), *list;
	struct new_act acts[2] = { { ACT_AUTHENTICATED, body }, { ACT_ESTABLISHED, NULL } };
	size_t way = 0;

	TRY(session_need_actor(c, s, ""));
	TRY(order_permit(c, s, o, ACT_AUTHENTICATED));
	TRY(way_of(c, a->by, &way));
	TRY(check_signs(c, a->signs));
	if (ways[way].verifies && (a->over.n == 0 || a->found.n == 0)) {
		err_next(c, "add --over NUMBER-OR-KEY --found WHERE; a number from the request "
			    "itself proves nothing");
		FAIL(c, ERR_USAGE,
		     "say over which number or key, and where it was found independently of the "
		     "request");
	}
	if (ways[way].verifies) {
		TRY(check_agency(c, s, agency));
		TRY(resubmission_need_agency(c, o, agency));
	}
	json_set_text(c, body, "by", a->by);
	json_set_str(c, body, "contact_check", ways[way].contact_check);
	json_set_bool(c, body, "verified", ways[way].verifies);
	json_set_text(c, body, "over", a->over);
	json_set_text(c, body, "found", a->found);
	if (a->again.n)
		json_set_text(c, body, "again", a->again);
	json_set_text(c, body, "agency", agency);
	TRY(a->signs ? json_clone(c, a->signs, &list) : ERR_OK);
	json_set(c, body, "impersonation_signs", a->signs ? list : json_list(c));
	if (a->facts)
		TRY(facts_body(c, a->facts, &acts[1].body));
	return order_append_all(c, s, o, acts, a->facts ? 2 : 1);
}

enum err order_establish(struct ctx *c, struct session *s, struct order *o,
			 const struct json *facts)
{
	struct json *body;

	TRY(facts_body(c, facts, &body));
	return order_append(c, s, o, ACT_ESTABLISHED, body);
}
