/*
 * What the table said of a sitting and of the last act of an order, remembered by one process while
 * nothing at all is committed to the database (store_mark): the same answer, without asking.
 * It decides nothing and knows no clock; whether a sitting has ended meanwhile its caller says.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_MEMO_H
#define WEB_DESK_MEMO_H

#include "web/desk/sitting.h"

/* It lives in c. */
enum err memo_open(struct ctx *c, struct memo **out) MUST_USE;
/* The sitting of that hash and that order's last act (state is left to the caller), copied into c.
 * *out_found false where it is not known, or may have changed. */
enum err memo_find(struct ctx *c, const struct memo *m, const struct store_mark *mark,
		   struct span id, struct span order, struct sitting *out,
		   bool *found_out) MUST_USE;
/* mark: from before the table was asked. One that is too long or for which there is no memory is
 * not remembered, which is no failure. */
void memo_keep(struct memo *m, const struct store_mark *mark, struct span order,
	       const struct sitting *s);

#endif
