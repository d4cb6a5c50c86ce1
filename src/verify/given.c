/*
 * Reading the policy for verifiers (doc/protocol.md section 5) and a file of age identities.
 * Refuses a policy that asks for witnesses: this version could not check them, and would promise
 * more than it keeps.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/given.h"

#include <string.h>

#include "base/file.h"
#include "base/num.h"

#define GIVEN_MAX ((size_t)1 << 20)

/* "log VKEY\nquorum none\n", of tlog-policy all that is understood here. */
static enum err read_log(struct ctx *c, struct span text, struct span *vkey_out)
{
	struct reader r = { .s = text };
	struct span log, quorum;

	if (!take_until(&r, '\n', &log) || !take_until(&r, '\n', &quorum) || !reader_done(&r) ||
	    !span_starts(log, "log ") || !span_is(quorum, "quorum none"))
		FAIL(c, ERR_FORMAT,
		     "tlog_policy must be the two lines 'log VKEY' and 'quorum none': "
		     "witnesses are not understood by this version");
	*vkey_out = span_cut(log, 4, log.n);
	return ERR_OK;
}

static enum err read_policy(struct ctx *c, struct span text, struct policy *out)
{
	struct json *o;
	struct span log;
	int64_t version;

	TRY(json_parse(c, text, &o));
	if (o->type != JSON_OBJECT)
		FAIL(c, ERR_FORMAT, "it is no object");
	TRY(json_need_int(c, o, "policy_version", &version));
	if (version != 1)
		FAIL(c, ERR_FORMAT, "policy_version is %lld, only 1 is known", (long long)version);
	TRY(json_need_text(c, o, "provider", &out->provider));
	TRY(json_need_text(c, o, "document_key", &out->document_key));
	TRY(json_need_hex(c, o, "founding_sha256", out->founding.b, sizeof out->founding.b));
	TRY(json_need_list(c, o, "seal_certificates", &out->certificates));
	TRY(json_need_list(c, o, "tsa_certificates", &out->tsa_certificates));
	TRY(json_need_text(c, o, "tlog_policy", &log));
	return read_log(c, log, &out->log_vkey);
}

static enum err wrong_usage(struct ctx *c, const char *path, const char *what)
{
	char why[sizeof c->why];

	memcpy(why, c->why, sizeof why);
	err_clear(c);
	FAIL(c, ERR_USAGE, "%s is no %s: %s", path, what, why);
}

enum err given_policy(struct ctx *c, const char *path, const struct policy **out)
{
	struct policy *p;
	struct span text;

	*out = NULL;
	if (!path)
		return ERR_OK;
	TRY(file_read(c, path, GIVEN_MAX, &text));
	TRY(NEW(c, p));
	if (read_policy(c, text, p) != ERR_OK) {
		err_next(c, "ask the provider for what 'writ policy export' writes");
		return wrong_usage(c, path, "policy");
	}
	*out = p;
	return ERR_OK;
}

static enum err read_identities(struct ctx *c, struct span text, struct age_identity *out,
				size_t *count_out)
{
	struct reader r = { .s = text };
	struct span line;

	while (take_line(&r, &line)) {
		line = span_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (*count_out == IDENTITIES_MAX)
			FAIL(c, ERR_LIMIT, "more than %u keys", IDENTITIES_MAX);
		TRY(age_identity_parse(c, line, &out[(*count_out)++]));
	}
	if (*count_out == 0)
		FAIL(c, ERR_FORMAT, "there is no line AGE-SECRET-KEY-1...");
	return ERR_OK;
}

enum err given_identities(struct ctx *c, const char *path, struct age_identity **out,
			  size_t *count_out)
{
	struct span text;

	*count_out = 0;
	*out = NULL;
	if (!path)
		return ERR_OK;
	TRY(file_read(c, path, GIVEN_MAX, &text));
	TRY(NEW_ARRAY(c, *out, IDENTITIES_MAX));
	if (read_identities(c, text, *out, count_out) != ERR_OK) {
		err_next(c, "give the file that age-keygen wrote for the recipient");
		return wrong_usage(c, path, "file of age identities");
	}
	return ERR_OK;
}
