/*
 * writ scope --store KIND:PATH: the selection of a demand line without order or home, in the
 * caller's own process and with the caller's own rights; it writes nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_SCOPE_STORE_H
#define CMD_SCOPE_STORE_H

#include "cmd/args.h"

enum err scope_store(struct ctx *c, const struct args *a) MUST_USE;

#endif
