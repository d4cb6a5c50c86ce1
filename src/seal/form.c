/*
 * The form of the seal's own files, member by member, whenever one is read: whoever works with
 * them may rely on it, and a file that was damaged or is of a later version is refused as a whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/num.h"
#include "seal/state.h"

static enum err version_check(struct ctx *c, const struct json *o)
{
	int64_t n;

	TRY(json_need_int(c, o, "version", &n));
	if (n != 1)
		FAIL(c, ERR_FORMAT, "it is of version %lld, this program knows version 1",
		     (long long)n);
	return ERR_OK;
}

static enum err texts_check(struct ctx *c, const struct json *o, const char *const *keys,
			    size_t count, bool or_null)
{
	struct span s;

	for (size_t i = 0; i < count; i++) {
		const struct json *at = json_get(o, keys[i]);

		if (or_null && at && at->type == JSON_NULL)
			continue;
		TRY(json_need_text(c, o, keys[i], &s));
	}
	return ERR_OK;
}

static enum err lists_check(struct ctx *c, const struct json *o, const char *const *keys,
			    size_t count)
{
	const struct json *list;

	for (size_t i = 0; i < count; i++)
		TRY(json_need_list(c, o, keys[i], &list));
	return ERR_OK;
}

static enum err numbers_check(struct ctx *c, const struct json *o, const char *const *keys,
			      size_t count)
{
	int64_t n;

	for (size_t i = 0; i < count; i++)
		TRY(json_need_int(c, o, keys[i], &n));
	return ERR_OK;
}

static enum err bools_check(struct ctx *c, const struct json *o, const char *const *keys,
			    size_t count)
{
	bool b;

	for (size_t i = 0; i < count; i++)
		TRY(json_need_bool(c, o, keys[i], &b));
	return ERR_OK;
}

static enum err answers_check(struct ctx *c, const struct json *answers)
{
	static const char *const number[] = { "number" }, *const sha[] = { "sha256" },
				 *const answer[] = { "answer" };

	JSON_EACH(at, answers) {
		TRY(json_only(c, at, "number sha256 answer"));
		TRY(numbers_check(c, at, number, 1));
		TRY(texts_check(c, at, sha, 1, false));
		TRY(texts_check(c, at, answer, 1, true));
	}
	return ERR_OK;
}

/* Without its time an identity would never be destroyed. */
static enum err identities_check(struct ctx *c, const struct json *identities)
{
	static const char *const texts[] = { "ticket", "order" }, *const time[] = { "keep_until" };

	JSON_EACH(at, identities) {
		TRY(json_only(c, at, "ticket order keep_until"));
		TRY(texts_check(c, at, texts, COUNT_OF(texts), false));
		TRY(numbers_check(c, at, time, 1));
	}
	return ERR_OK;
}

/* A counter that cannot be read would let a copy of a passkey sign. */
static enum err counters_check(struct ctx *c, const struct json *core)
{
	static const char *const numbers[] = { "counter", "at" };
	const struct json *list;

	/* A state from before there were passkeys has none; state_load adds the list. */
	if (!json_get(core, "counters"))
		return ERR_OK;
	TRY(json_need_list(c, core, "counters", &list));
	JSON_EACH(at, list) {
		unsigned char key[32];

		TRY(json_only(c, at, "key counter at"));
		TRY(json_need_hex(c, at, "key", key, sizeof key));
		TRY(numbers_check(c, at, numbers, COUNT_OF(numbers)));
	}
	return ERR_OK;
}

enum err core_check(struct ctx *c, const struct json *core)
{
	static const char *const lists[] = { "rows", "pending", "identities", "answers" };
	static const char *const numbers[] = { "roster_version", "halt_epoch", "seal_seq" };
	static const char *const bools[] = { "halted" };
	const struct json *at;

	TRY(json_only(c, core,
		      "version roster_version rows policy halted halt_epoch seal_seq pending "
		      "identities answers counts counters"));
	TRY(version_check(c, core));
	TRY(lists_check(c, core, lists, COUNT_OF(lists)));
	TRY(numbers_check(c, core, numbers, COUNT_OF(numbers)));
	TRY(bools_check(c, core, bools, COUNT_OF(bools)));
	TRY(json_need_object(c, core, "policy", &at));
	TRY(json_need_object(c, core, "counts", &at));
	TRY(identities_check(c, json_get(core, "identities")));
	TRY(counters_check(c, core));
	return answers_check(c, json_get(core, "answers"));
}

enum err tick_check(struct ctx *c, const struct json *tick)
{
	static const char *const numbers[] = { "size", "time_ms", "acts_done", "number" };
	static const char *const texts[] = { "sha256", "answer", "commitments" };
	static const char *const lists[] = { "edge" };

	TRY(json_only(c, tick,
		      "version size edge time_ms acts_done number sha256 answer commitments"));
	TRY(version_check(c, tick));
	TRY(numbers_check(c, tick, numbers, COUNT_OF(numbers)));
	TRY(texts_check(c, tick, texts, COUNT_OF(texts), false));
	return lists_check(c, tick, lists, COUNT_OF(lists));
}

static enum err ticket_check(struct ctx *c, const struct json *ticket)
{
	static const char *const texts[] = { "ticket", "for", "scope", "scope_sha256", "document",
					     "document_seal" };
	static const char *const later[] = { "receipt",        "receipt_seal", "statement",
					     "statement_seal", "released",     "destroyed" };
	static const char *const lists[] = { "deciders", "earlier" };
	static const char *const bools[] = { "replaced" };

	TRY(json_only(c, ticket,
		      "ticket for scope scope_sha256 deciders document document_seal replaced "
		      "earlier receipt receipt_seal statement statement_seal released destroyed"));
	TRY(texts_check(c, ticket, texts, COUNT_OF(texts), false));
	TRY(texts_check(c, ticket, later, COUNT_OF(later), true));
	TRY(lists_check(c, ticket, lists, COUNT_OF(lists)));
	return bools_check(c, ticket, bools, COUNT_OF(bools));
}

enum err order_file_check(struct ctx *c, const struct json *order, struct span ref)
{
	static const char *const ends[] = { "void" };
	static const char *const lists[] = { "tickets", "answers" };
	static const char *const bools[] = { "destroyed", "released" };

	TRY(json_only(c, order, "version order void destroyed released tickets answers"));
	TRY(version_check(c, order));
	if (!span_eq(json_opt_text(order, "order", SPAN_NONE), ref))
		FAIL(c, ERR_FORMAT, "it is of another order");
	TRY(texts_check(c, order, ends, COUNT_OF(ends), true));
	TRY(lists_check(c, order, lists, COUNT_OF(lists)));
	TRY(bools_check(c, order, bools, COUNT_OF(bools)));
	JSON_EACH(ticket, json_get(order, "tickets"))
		TRY(ticket_check(c, ticket));
	return answers_check(c, json_get(order, "answers"));
}
