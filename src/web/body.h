/*
 * The body of one request as it comes in: fields into the arena, files into nameless files of one
 * folder (nothing is left behind, whatever dies), hashed on the way. Memory does not grow with
 * files. It trusts no length but counts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_BODY_H
#define WEB_BODY_H

#include "web/http.h"

struct body;

/* For a route's kind and the Content-Type; spool is the folder for files. */
enum err body_open(struct ctx *c, enum web_body kind, struct span content_type, const char *spool,
		   struct body **out) MUST_USE;
enum err body_add(struct ctx *c, struct body *b, struct span s) MUST_USE;
/* The whole has come: the request's fields and files. */
enum err body_end(struct ctx *c, struct body *b, struct request *r) MUST_USE;
/* Closes the files that nobody took; NULL is fine. */
void body_close(struct body *b);

#endif
