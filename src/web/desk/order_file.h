/*
 * An order file as text, of the same tree as a hand gives for one that it has read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_ORDER_FILE_H
#define WEB_DESK_ORDER_FILE_H

#include "format/json.h"

/* Groups, lists and texts; empty groups are left out. Each text in double quotes, so that no value
 * is ever anything else. */
enum err order_file_text(struct ctx *c, const struct json *tree, struct span *yaml_out) MUST_USE;

#endif
