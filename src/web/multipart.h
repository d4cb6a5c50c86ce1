/*
 * multipart/form-data (RFC 7578) as it comes in, piece by piece, with the memory of one header:
 * parts are told to a sink. Strict: no text before the first boundary or behind the last, no
 * folded headers, no filename*. It keeps nothing and knows no request.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_MULTIPART_H
#define WEB_MULTIPART_H

#include "base/ctx.h"
#include "base/span.h"

#define MULTIPART_BOUNDARY_MAX 70u      /* RFC 2046 section 5.1.1 */
#define MULTIPART_HEAD_MAX 4096u        /* all headers of one part, bytes */

struct multipart_part {
	struct span name;               /* as sent */
	struct span filename, type;     /* as sent, nothing where there is none */
	bool is_file;                   /* has a filename, an empty one, too */
};

struct multipart_sink {
	void *of;
	/* The spans of a part end with the call. */
	enum err (*begin)(struct ctx *c, void *of, const struct multipart_part *part);
	enum err (*data)(struct ctx *c, void *of, struct span s);
	enum err (*end)(struct ctx *c, void *of);
};

struct multipart {
	struct multipart_sink sink;
	unsigned char delimiter[4 + MULTIPART_BOUNDARY_MAX];    /* CR LF - - boundary */
	unsigned char head[MULTIPART_HEAD_MAX];
	size_t delimiter_n, head_n;
	size_t matched;         /* bytes of the delimiter that have just been seen */
	enum { MULTIPART_FIRST, MULTIPART_AFTER, MULTIPART_HEAD, MULTIPART_DATA, MULTIPART_END } at;
	unsigned char after[2];
	size_t after_n;
	size_t behind_n;        /* bytes behind the last boundary: at most one CR LF */
};

/* The boundary of a Content-Type; ERR_FORMAT where it is none of multipart/form-data. */
enum err multipart_begin(struct ctx *c, struct multipart *m, struct span content_type,
			 const struct multipart_sink *sink) MUST_USE;
enum err multipart_add(struct ctx *c, struct multipart *m, struct span s) MUST_USE;
/* ERR_FORMAT unless the last boundary has come. */
enum err multipart_end(struct ctx *c, const struct multipart *m) MUST_USE;

#endif
