/*
 * Invented mail for the demonstration: a few Maildirs, the same at every call.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_MAILGEN_H
#define CMD_MAILGEN_H

#include "base/ctx.h"

/* Makes DIR/mail.example/NAME/Maildir for five names, about 40 messages each in October and
 * November 2026, some in Sent, a few odd (no date, no zone, two dates). */
enum err mailgen(struct ctx *c, const char *dir) MUST_USE;

#endif
