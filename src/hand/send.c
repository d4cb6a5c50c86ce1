/*
 * The send job: the timestamp of one hash from the authority that addresses.yaml names. writ gives
 * 32 bytes and gets what was checked here; it chooses neither the address nor a word that is sent.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/timestamp.h"
#include "format/time.h"
#include "hand/exchange.h"

#define CA_BYTES_MAX ((size_t)1 << 20)

static enum err nonce_draw(struct ctx *c, unsigned char nonce[TIMESTAMP_NONCE_BYTES])
{
	if (c->seam->random(nonce, TIMESTAMP_NONCE_BYTES) != 0)
		FAIL(c, ERR_CRYPTO, "no randomness for a nonce");
	return ERR_OK;
}

static enum err ca_read(struct ctx *c, const struct home *home, const struct address *a,
			struct span *out)
{
	char *path;

	*out = SPAN_NONE;
	if (a->ca.n == 0)
		return ERR_OK;
	TRY(span_cstr(c, a->ca, &path));
	TRY(job_own_file(c, home, path, CA_BYTES_MAX, out));
	if (out->n == 0)
		FAIL(c, ERR_FORMAT, "%s is empty", path);
	return ERR_OK;
}

static enum err check_certificate(struct ctx *c, const struct address *a,
				  const struct sha256 *certificate)
{
	struct span hex;

	for (size_t i = 0; i < a->certificate_count; i++)
		if (span_eq(sha256_span(&a->certificates[i]), sha256_span(certificate)))
			return ERR_OK;
	TRY(hex_encode(c, sha256_span(certificate), &hex));
	err_next(c, "ask the authority whether that is its certificate; if it is, add it to "
		    "addresses.yaml");
	FAIL(c, ERR_VERIFY, "the timestamp is by the certificate %.*s, which addresses.yaml does "
			    "not list", SPAN_ARG(hex));
}

static enum err check_clock(struct ctx *c, const struct timestamp *t)
{
	int64_t now_s = c->seam->now_ms() / 1000;

	if (t->made_utc >= now_s - TIMESTAMP_SKEW_S && t->made_utc <= now_s + TIMESTAMP_SKEW_S)
		return ERR_OK;
	err_next(c, "see that this machine's clock is right");
	FAIL(c, ERR_VERIFY, "the timestamp's time is %lld seconds off this machine's",
	     (long long)(t->made_utc - now_s));
}

static enum err answer_tell(struct ctx *c, struct job *job, struct span tsr,
			    const struct timestamp *t)
{
	struct span text, at, hex;

	TRY(b64_encode(c, tsr, &text));
	TRY(time_span(c, t->made_utc, &at));
	TRY(hex_encode(c, sha256_span(&t->certificate), &hex));
	json_set_text(c, job->answer, "tsr", text);
	json_set_text(c, job->answer, "stamped_at", at);
	json_set_text(c, job->answer, "certificate_sha256", hex);
	return c->code;
}

enum err job_send(struct ctx *c, struct job *job)
{
	EXCHANGE_SCOPED struct exchange *x = NULL;
	unsigned char nonce[TIMESTAMP_NONCE_BYTES];
	struct span name, ca, query, answer, tsr;
	struct sha256 imprint;
	struct timestamp t;
	struct address a;
	struct home home;

	TRY(json_need_text(c, job->ask, "address", &name));
	TRY(json_need_hex(c, job->ask, "imprint_sha256", imprint.b, sizeof imprint.b));
	TRY(home_find(c, job->home_dir, &home));
	TRY(address_find(c, &home, name, &a));
	TRY(ca_read(c, &home, &a, &ca));
	TRY(nonce_draw(c, nonce));
	TRY(timestamp_query(c, &imprint, nonce, &query));
	TRY(exchange_open(c, &a, ca, query, &x));
	struct cage cage = { .profile = CAGE_SEND, .answer = job->writ, .seal = -1,
			     .in = exchange_socket(x), .out = -1 };
	TRY(job_close_cage(c, job, &cage));

	TRY(exchange_do(c, x, TIMESTAMP_BYTES_MAX, &answer));
	TRY(timestamp_take(c, answer, nonce, &tsr));
	TRY(timestamp_verify(c, tsr, &imprint, &t));
	TRY(check_certificate(c, &a, &t.certificate));
	TRY(check_clock(c, &t));
	return answer_tell(c, job, tsr, &t);
}
