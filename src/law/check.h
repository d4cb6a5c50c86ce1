/*
 * What the loader cannot see in one rule alone: that every instrument a law recognises has exactly
 * one ceiling for every category on every day, that no two rows recognise the same order, that no
 * rule contradicts itself or is always defeated, and that nothing is declared in vain.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAW_CHECK_H
#define LAW_CHECK_H

#include "law/law.h"

/* Findings as {file, line, rule (may be absent), what}; empty where nothing was found. */
enum err law_check(struct ctx *c, const struct law *law, struct json **findings_out) MUST_USE;

#endif
