/*
 * The projection: what order_view says of an order, made of its acts alone, so that it can be made
 * again at will and compared. No clock is read here: what changes with time is the reader's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "order/order.h"
#include "store/view.h"

#define ORDER_VIEW_MARK "order_view" /* schema/003.sql: rows are to be made again */
#define TEXTS_MAX ((size_t)1 << 20)

/* The legal limit by the last judgement; without one the order's own date for the answer. */
static int64_t due_of(const struct order *o)
{
	const struct json *instrument = json_get(json_get(o->received, "facts"), "instrument");
	struct span by = json_opt_text(json_get(o->judged, "decision"), "due_at",
				       json_opt_text(instrument, "return_by", SPAN_NONE));
	int year, month, day;
	int64_t utc;

	if (time_parse(by, &utc))
		return utc;
	/* A date means its end (law/README.md). */
	if (date_parse(by, &year, &month, &day))
		return (days_of_civil(year, month, day) + 1) * 86400;
	return VIEW_NO_I64;
}

/* A day lasts until it has ended wherever on Earth it ends last (UTC-12), as in notify.c. */
static int64_t end_of_secrecy(const struct order *o)
{
	struct span until = json_opt_text(o->gag ? o->gag : o->notice,
					  o->gag ? "until" : "gag_until", SPAN_NONE);
	int year, month, day;

	if (!date_parse(until, &year, &month, &day))
		return VIEW_NO_I64;
	return (days_of_civil(year, month, day) + 1) * 86400 + 12 * 3600;
}

/* What left and was held back from the customer is told when the secrecy has ended. */
static bool owes_notice(const struct order *o)
{
	return (o->state == ORDER_RELEASED || o->state == ORDER_DELIVERED) &&
	       span_is(json_opt_text(o->notice, "decision", SPAN_NONE), "withheld") &&
	       end_of_secrecy(o) != VIEW_NO_I64;
}

static void clock_of(const struct order *o, struct order_view *v)
{
	v->clock_at = VIEW_NO_I64;
	if (order_state_is_open(o->state)) {
		v->open = 1;
		v->clock_at = v->due_at;
		v->clock_of = json_opt_text(json_get(o->judged, "decision"), "due_at", SPAN_NONE).n
				      ? SPAN("law")
				      : SPAN("order");
	} else if (owes_notice(o)) {
		v->open = 2;
		v->clock_at = end_of_secrecy(o);
		v->clock_of = SPAN("notice");
	}
	if (v->clock_at == VIEW_NO_I64)
		v->clock_of = SPAN_NONE;
}

static bool target_before(const struct json *demands, const struct json *demand)
{
	JSON_EACH(d, demands) {
		if (d == demand)
			return false;
		if (json_equal(json_get(d, "target"), json_get(demand, "target")))
			return true;
	}
	return false;
}

static int64_t targets_of(const struct order *o)
{
	const struct json *demands = json_get(json_get(o->received, "facts"), "demands");
	int64_t n = 0;

	JSON_EACH(demand, demands)
		n += !target_before(demands, demand);
	return n;
}

static void add_line(struct buf *b, struct span text, const char *between)
{
	if (b->n)
		buf_str(b, between);
	buf_add(b, text);
}

static bool judged_for(const struct order *o, const char *reason)
{
	return json_has_text(json_get(json_get(o->judged, "decision"), "reasons"),
			     span_str(reason));
}

static bool has_signs(const struct order *o)
{
	JSON_EACH(sign, json_get(o->authenticated, "impersonation_signs"))
		if (!span_is(sign->s, "NONE"))
			return true;
	return false;
}

/* Files that came before in another order than the one that this says it corrects. */
static bool seen_before(const struct order *o)
{
	struct span corrects =
		json_opt_text(json_get(o->received, "resubmits"), "order", SPAN_NONE);

	JSON_EACH(ref, json_get(o->received, "seen_in"))
		if (!span_eq(ref->s, corrects))
			return true;
	return false;
}

static bool claims_emergency(const struct order *o)
{
	const struct json *facts = json_get(o->received, "facts");

	return span_is(json_opt_text(json_get(facts, "emergency"), "claimed", SPAN_NONE), "yes") ||
	       span_is(json_opt_text(json_get(facts, "instrument"), "kind", SPAN_NONE),
		       "EMERGENCY_REQUEST");
}

static enum err flags_of(struct ctx *c, const struct order *o, struct span *out)
{
	bool holds[FLAGS] = {
		[FLAG_EMERGENCY] = order_state_is_open(o->state) && claims_emergency(o),
		[FLAG_UNVERIFIED] = order_state_is_open(o->state) && !order_is_verified(o),
		[FLAG_SIGNS] = has_signs(o),
		[FLAG_SEEN] = seen_before(o),
		[FLAG_GAG] = o->gag != NULL,
		[FLAG_GAG_NO_END] = o->gag && !json_opt_text(o->gag, "until", SPAN_NONE).n,
		[FLAG_CONFLICT] = judged_for(o, "TERR-CONFLICT") ||
				  judged_for(o, "TERR-BLOCKING-LAW") || judged_for(o, "TERR-ART48"),
		[FLAG_REDIRECT] = judged_for(o, "BIZ-REDIRECT"),
		[FLAG_JUDGE_AGAIN] = order_state_is_open(o->state) && o->judged_stale,
	};
	struct buf b;

	buf_begin(&b, c, TEXTS_MAX);
	for (int i = 0; i < FLAGS; i++)
		if (holds[i])
			add_line(&b, span_str(order_flag_word((enum order_flag)i)), " ");
	*out = SPAN_NONE;
	return b.n ? buf_done(c, &b, out) : ERR_OK;
}

/* Names, one a line, each once; SPAN_NONE where there is none. */
static bool has_line(const struct buf *b, struct span name)
{
	struct span rest = span_of(b->p, b->n), line;

	while (span_split(rest, '\n', &line, &rest))
		if (span_eq(line, name))
			return true;
	return span_eq(rest, name);
}

static void add_name(struct buf *b, struct span name)
{
	if (name.n && !(b->n && has_line(b, name)))
		add_line(b, name, "\n");
}

static enum err names_done(struct ctx *c, const struct buf *b, struct span *out)
{
	*out = SPAN_NONE;
	return b->n ? buf_done(c, b, out) : ERR_OK;
}

static enum err people_of(struct ctx *c, const struct order *o, struct order_view *v)
{
	struct buf acted, decided, approved;

	buf_begin(&acted, c, TEXTS_MAX);
	buf_begin(&decided, c, TEXTS_MAX);
	buf_begin(&approved, c, TEXTS_MAX);
	JSON_EACH(name, o->people)
		add_line(&acted, name->s, "\n");
	add_name(&decided, json_opt_text(o->proposed ? o->proposed : o->decided, "name",
					 SPAN_NONE));
	JSON_EACH(name, json_get(o->proposed ? NULL : o->decided, "names"))
		add_name(&decided, name->s);
	for (size_t i = 0; i < o->approvals; i++)
		add_name(&approved, json_opt_text(o->approved[i], "name", SPAN_NONE));
	TRY(names_done(c, &acted, &v->people));
	TRY(names_done(c, &decided, &v->decided_by));
	return names_done(c, &approved, &v->approved_by);
}

static enum err view_of(struct ctx *c, const struct order *o, struct order_view *out)
{
	const struct json *instrument = json_get(json_get(o->received, "facts"), "instrument");

	*out = (struct order_view){
		.ref = o->ref,
		.state = span_str(order_state_word(o->state)),
		.agency = json_opt_text(o->authenticated, "agency",
					json_opt_text(o->received, "agency", SPAN_NONE)),
		.authority_reference = json_opt_text(o->received, "authority_reference", SPAN_NONE),
		.received_at = o->received_utc,
		.due_at = due_of(o),
		.waiting_for = order_turn(o),
		.decided = json_opt_text(o->scope, "decision", SPAN_NONE),
		.turn = span_str(order_who_word(order_who(o))),
		.kind = json_opt_text(instrument, "kind", SPAN_NONE),
		.targets = targets_of(o),
		.approvals_needed = json_opt_int(o->stated, "approvals_needed", VIEW_NO_I64),
		.last_seq = o->last_seq,
	};
	clock_of(o, out);
	TRY(flags_of(c, o, &out->flags));
	return people_of(c, o, out);
}

enum err order_project(struct ctx *c, struct session *s, const struct order *o)
{
	struct order_view v;

	TRY(view_of(c, o, &v));
	return view_put(c, s->store, &v);
}

enum err order_view_of(struct ctx *c, struct session *s, struct span ref, struct order_view *out,
		       bool *exists_out)
{
	struct order o;

	*exists_out = false;
	if (span_is(ref, "HOME"))
		return ERR_OK;
	TRY(order_load_exact(c, s, ref, &o));
	*exists_out = o.last_seq > 0;
	return *exists_out ? view_of(c, &o, out) : ERR_OK;
}

struct refs {
	struct json *list;
};

static enum err take_ref(struct ctx *c, void *of, const struct store_row *row)
{
	struct refs *refs = of;
	struct span ref;

	if (span_is(row->v[0].s, "HOME"))
		return ERR_OK;
	TRY(span_copy(c, row->v[0].s, &ref));
	json_add(c, refs->list, json_text(c, ref));
	return ERR_OK;
}

enum err order_rebuild_all(struct ctx *c, struct session *s, int64_t *orders_out)
{
	STORE_WORK_SCOPED struct store_work work = { NULL };
	struct refs refs = { json_list(c) };

	*orders_out = 0;
	TRY(store_begin(c, s->store, &work));
	TRY(store_run(c, s->store, QUERY_ACT_ORDERS, PARAMS_NONE, take_ref, &refs));
	TRY(view_clear(c, s->store));
	JSON_EACH(ref, refs.list) {
		struct order o;
		enum err e = order_load_exact(c, s, ref->s, &o);

		/* Retention has removed its bodies: such an order has no row. */
		if (e == ERR_STATE) {
			err_clear(c);
			continue;
		}
		TRY(e);
		TRY(order_project(c, s, &o));
		(*orders_out)++;
	}
	TRY(store_run(c, s->store, QUERY_META_REMOVE, PARAMS(P_STR(ORDER_VIEW_MARK)), NULL, NULL));
	return store_commit(c, &work);
}

enum err order_view_need(struct ctx *c, struct session *s)
{
	struct store_value mark;
	int64_t orders;
	bool marked;

	TRY(store_one(c, s->store, QUERY_META_GET, PARAMS(P_STR(ORDER_VIEW_MARK)), &mark, 1,
		      &marked));
	return marked ? order_rebuild_all(c, s, &orders) : ERR_OK;
}
