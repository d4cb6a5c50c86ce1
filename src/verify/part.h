/*
 * What the files of this folder share: the package as far as it was read, and the judgement of a
 * check. Nobody outside src/verify includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VERIFY_PART_H
#define VERIFY_PART_H

#include "crypt/age.h"
#include "crypt/hash.h"
#include "format/json.h"
#include "verify/inflow.h"
#include "verify/verify.h"

#define IDENTITIES_MAX 64u

/* The parts before package.age, in their order; PART_TSR is there where the rules demand it. */
enum part {
	PART_README, PART_CERTIFICATE, PART_RETURN, PART_APPROVALS,
	PART_STATEMENT, PART_P7S, PART_TSR, PART_RELEASE, PART_PROOF, PART_COUNT
};
#define PACKAGE_NAME "package.age"

struct policy {
	struct span provider, document_key, log_vkey;
	struct sha256 founding;
	const struct json *certificates;        /* list of SHA-256 */
	const struct json *tsa_certificates;    /* the same */
};

struct verify {
	struct ctx *c;
	struct verify_report *r;
	const struct policy *policy;            /* NULL without --policy */
	struct age_identity *identities;
	size_t identity_count;

	struct span part[PART_COUNT];
	bool stamped;                           /* PART_TSR is in the file */
	struct json *ret, *approvals, *statement, *release;    /* set when DOCUMENTS is fine */
	struct json *approval, *receipt, *founding;
	int64_t mtime_utc, released_utc;
	struct span header;                     /* age header of package.age */
	int64_t payload_bytes;
	unsigned char file_key[AGE_FILE_KEY_BYTES];
	enum verify_check now; /* which check an error of the reading bag belongs to */
};

/* The seal and the ticker read one clock; a tick can be a little behind (doc/protocol.md 9). */
#define VERIFY_TICK_TOLERANCE_MS INT64_C(60000)

/* Records how a check came out. True if e is ERR_OK. What is no finding about the file (no memory,
 * unreadable disk) stays recorded in the context for verify_stuck. */
bool verify_judge(struct verify *v, enum verify_check check, enum err e);
bool verify_judge_line(struct ctx *c, struct verify_line *line, enum err e);
/* Passes on what verify_judge left. */
enum err verify_stuck(struct verify *v) MUST_USE;
/* The text of one of the hashes is that of h. */
enum err verify_hash_is(struct ctx *c, const struct json *o, const char *key,
			const struct sha256 *h) MUST_USE;
enum err verify_when(struct ctx *c, const struct json *o, const char *key,
		     int64_t *utc_out) MUST_USE;
/* Parses a document, demands canonical form, version 1, that kind and a time. */
enum err verify_document(struct ctx *c, struct span text, const char *kind,
			 struct json **out) MUST_USE;
/* One signature line, the log's. Lines of others could be added by anybody unseen. */
enum err verify_signed_alone(struct ctx *c, struct span note) MUST_USE;
/* How reports say things (report.c): text of the file without what would steer a terminal. */
enum err verify_clean(struct ctx *c, struct span s, struct span *out) MUST_USE;
enum err verify_json_clean(struct ctx *c, struct json *o, const char *key, struct span s) MUST_USE;
struct verify_words {
	const char *id, *fine, *broken, *needs;
};
enum err verify_put_line(struct ctx *c, const struct verify_line *line,
			 const struct verify_words *words, struct buf *b) MUST_USE;
enum err verify_json_line(struct ctx *c, const struct verify_line *line,
			  const struct verify_words *words, struct json *list) MUST_USE;
/* Name of a part in the delivered file. */
const char *verify_part_name(enum part part);

/* Each stage judges its checks itself; a stage whose ground is missing leaves them open. */
void verify_documents(struct verify *v); /* documents.c: after the parts, before the payload */
void verify_signatures(struct verify *v);       /* signatures.c */
void verify_approvals(struct verify *v);        /* approvals.c */
void verify_numbers(struct verify *v);          /* numbers.c */
void verify_proof(struct verify *v);            /* proof.c */
bool verify_opens(struct verify *v);            /* bag.c */
/* bag.c: reads the payload to its end where it can; w stands behind the header. */
enum err verify_bag(struct verify *v, struct tar_walk *w) MUST_USE;

/* What the roster says about the people (roster.c). */
struct person {
	const struct json *row;
	int64_t from_utc, until_utc;
	struct person *next;
};
struct roster {
	struct person *people;
	struct json *policy;
	int64_t version;
};
#define SIGNERS_MAX 32u
struct signers {
	const struct person *person[SIGNERS_MAX];
	bool native[SIGNERS_MAX];               /* signed without a browser */
	size_t count;
};
/* Founding document and chain; judges both. False if either is broken. */
bool roster_read(struct verify *v, struct roster *out);
/* What is demanded of signers: the namespace, a right (NULL: none), and to have been on the list at
 * some moment from since to until, as a document says when it was made and not when it was used. */
struct demand {
	const char *name_space, *may;
	int64_t since_utc, until_utc;
};
/* Every signature must hold over text and be by somebody of the roster who meets the demand. */
enum err roster_signers(struct verify *v, const struct roster *r, struct span text,
			const struct json *signatures, const struct demand *demand,
			struct signers *out) MUST_USE;
/* Different people among them; native: among those who signed without a browser. */
size_t signers_people(const struct signers *s, bool native);

#endif
