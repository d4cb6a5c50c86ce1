/*
 * The files that acts name; see papers.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/papers.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "crypt/hash.h"
#include "store/blob.h"

/* Where an act's body names a file: act, member that holds the object or list ("" = the body
 * itself), member with the hash. */
static const struct {
	enum act_kind act;
	const char *in, *key;
} named[] = {
	{ ACT_RECEIVED, "papers", "sha256" },
	{ ACT_RECEIVED, "order_file", "sha256" },
	{ ACT_RECEIVED, "receipt", "sha256" },
	{ ACT_TRANSCRIBED, "order_file", "sha256" },
	{ ACT_JUDGED, "packs", "sha256" },
	{ ACT_LETTERED, "", "sha256" },
	{ ACT_STATED, "", "readme_sha256" },
	{ ACT_STATED, "", "certificate_sha256" },
	{ ACT_STATED, "", "return_sha256" },
	{ ACT_RELEASED, "", "approvals_sha256" },
	{ ACT_RELEASED, "", "header_sha256" },
	{ ACT_RELEASED, "", "statement_sha256" },
	{ ACT_RELEASED, "", "p7s_sha256" },
	{ ACT_RELEASED, "", "release_sha256" },
	{ ACT_TIMESTAMPED, "", "tsr_sha256" },
};

struct check {
	struct session *s;
	papers_say *say;
	void *of;
	int64_t differences;
};

static enum err check_file(struct ctx *c, struct check *k, const struct json *act,
			   const struct json *object, const char *key)
{
	struct span order = json_opt_text(act, "order", SPAN_NONE);
	struct span hex = json_opt_text(object, key, SPAN_NONE);
	struct sha256 hash;
	char place[80], what[512];
	FD_SCOPED int fd = -1;

	if (hex_decode(hex, hash.b, sizeof hash.b) &&
	    blob_open(c, k->s->home.blob, &hash, &fd) == ERR_OK)
		return ERR_OK;
	snprintf(place, sizeof place, "blob %.*s", (int)(hex.n > 64 ? 64 : hex.n),
		 (const char *)hex.p);
	snprintf(what, sizeof what, "act %lld of %.*s (%s) names it: %.200s",
		 (long long)json_opt_int(act, "seq", 0), (int)(order.n > 20 ? 20 : order.n),
		 (const char *)order.p, key, c->why[0] ? c->why : "that is no hash");
	err_clear(c);
	k->say(k->of, true, place, what);
	k->differences++;
	return ERR_OK;
}

static enum err check_act(struct ctx *c, struct check *k, const struct json *act)
{
	const struct json *body = json_get(act, "body");
	struct span word = json_opt_text(act, "act", SPAN_NONE);

	for (size_t i = 0; i < COUNT_OF(named); i++) {
		const struct json *in = *named[i].in ? json_get(body, named[i].in) : body;

		if (!span_is(word, act_word(named[i].act)))
			continue;
		/* An order that came as paper alone has no order file. */
		if (in && in->type == JSON_NULL)
			continue;
		if (!in || in->type != JSON_LIST) {
			TRY(check_file(c, k, act, in, named[i].key));
			continue;
		}
		JSON_EACH(item, in)
			TRY(check_file(c, k, act, item, named[i].key));
	}
	return ERR_OK;
}

/* Each act in an arena of its own: a home may have many. */
static enum err check_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct ctx CTX_SCOPED own = { .arena = NULL };
	struct json *act;

	(void)c;
	if (row->v[5].kind == STORE_NULL)
		return ERR_OK;
	TRY(ctx_begin(&own, (size_t)64 << 20));
	/* An act that is no JSON has been told by log_verify already. */
	if (json_parse(&own, row->v[5].s, &act) != ERR_OK)
		return ERR_OK;
	return check_act(&own, of, act);
}

enum err papers_check(struct ctx *c, struct session *s, papers_say *say, void *of,
		      int64_t *differences_out)
{
	struct check k = { .s = s, .say = say, .of = of };

	TRY(store_run(c, s->store, QUERY_ACT_AFTER, PARAMS(P_INT(0), P_INT(INT64_MAX)), check_row,
		      &k));
	*differences_out = k.differences;
	return ERR_OK;
}
