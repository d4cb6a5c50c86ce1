/*
 * Looking things up in the roster that the seal keeps. The seal decides by its own copy; what is
 * read here only tells people early what would be refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/signature.h"
#include "format/time.h"
#include "order/session.h"

bool roster_row_live(const struct json *row, int64_t now_utc)
{
	struct span until = json_opt_text(row, "until", SPAN_NONE);
	int64_t from_utc, until_utc;

	if (!time_parse(json_opt_text(row, "from", SPAN_NONE), &from_utc) || now_utc < from_utc)
		return false;
	return until.n == 0 || (time_parse(until, &until_utc) && now_utc < until_utc);
}

bool roster_row_is(const struct json *row, const char *kind, int64_t now_utc)
{
	return span_is(json_opt_text(row, "row", SPAN_NONE), kind) && roster_row_live(row, now_utc);
}

bool roster_may(const struct json *row, const char *what)
{
	JSON_EACH(may, json_get(row, "may"))
		if (span_is(may->s, what))
			return true;
	return false;
}

enum err roster_need_verified(struct ctx *c, const struct json *row, bool user_verified)
{
	const struct json *demands = json_get(row, "user_verified");

	if (user_verified || !demands || demands->type != JSON_BOOL || !demands->b)
		return ERR_OK;
	err_next(c,
		 "sign with the PIN or fingerprint of the passkey or security key: ssh-keygen -Y "
		 "sign -O verify-required");
	FAIL(c, ERR_DENIED, "%.*s's key must verify its user, and this signature did not",
	     SPAN_ARG(json_opt_text(row, "name", SPAN_NONE)));
}

enum err roster_missing_labels(struct ctx *c, struct session *s, struct span agency,
			       const struct json *labels, struct json **out)
{
	const struct json *state, *roster;
	int64_t now_utc = c->seam->now_ms() / 1000;

	*out = json_list(c);
	TRY(seal_state(c, s, false, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(label, labels) {
		bool found = false;

		JSON_EACH(row, roster)
			found |= roster_row_is(row, "agency", now_utc) &&
				 span_eq(json_opt_text(row, "id", SPAN_NONE), agency) &&
				 span_eq(json_opt_text(row, "label", SPAN_NONE), label->s);
		if (!found)
			json_add(c, *out, json_text(c, label->s));
	}
	return ERR_OK;
}

/* The first live row of that kind whose member has that value, or NULL. */
static enum err find(struct ctx *c, struct session *s, const char *kind, const char *member,
		     struct span value, const struct json **row_out)
{
	const struct json *state, *roster;
	int64_t now_utc = c->seam->now_ms() / 1000;

	*row_out = NULL;
	TRY(seal_state(c, s, false, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(row, roster) {
		if (!roster_row_is(row, kind, now_utc) ||
		    !span_eq(json_opt_text(row, member, SPAN_NONE), value))
			continue;
		*row_out = row;
		break;
	}
	return ERR_OK;
}

enum err roster_person_of_user(struct ctx *c, struct session *s, struct span unix_user,
			       const struct json **row_out)
{
	return find(c, s, "person", "unix_user", unix_user, row_out);
}

enum err roster_person_of_key(struct ctx *c, struct session *s, struct span key_line,
			      const struct json **row_out)
{
	return find(c, s, "person", "key", key_line, row_out);
}

enum err roster_agency(struct ctx *c, struct session *s, struct span id,
		       const struct json **first_row_out)
{
	return find(c, s, "agency", "id", id, first_row_out);
}

enum err roster_signer(struct ctx *c, struct session *s, const char *kind, const char *may,
		       struct span document, struct span signature, struct span *name_out)
{
	const struct json *row;
	struct signature sig;
	struct span name_space;
	char *space;

	TRY(span_fmt(c, &name_space, "writ-%s@v1", kind));
	TRY(span_cstr(c, name_space, &space));
	TRY(signature_verify(c, signature, space, document, &sig));
	TRY(roster_person_of_key(c, s, sig.key, &row));
	if (!row)
		FAIL(c, ERR_DENIED, "the key that signed is not rostered");
	if (!roster_may(row, may))
		FAIL(c, ERR_DENIED, "%.*s may not %s",
		     SPAN_ARG(json_opt_text(row, "name", SPAN_NONE)), may);
	*name_out = json_opt_text(row, "name", SPAN_NONE);
	return roster_need_verified(c, row, sig.user_verified);
}
