/*
 * What the loader cannot see in one rule alone: that every instrument a law recognises has exactly
 * one ceiling for every category on every day, that no two rows recognise the same order, that no
 * rule contradicts itself, is always defeated or never asked, and that nothing is declared in vain.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAW_CHECK_H
#define LAW_CHECK_H

#include "law/law.h"

/* Findings as {file, line, rule (may be absent), what}; empty where nothing was found. Reviews are
 * held against the present day. */
enum err law_check(struct ctx *c, const struct law *law, int64_t now_utc_s,
		   struct json **findings_out) MUST_USE;
/* A finding about the rule of that id. */
enum err law_check_add(struct ctx *c, const struct law *law, struct span rule, const char *what,
		       struct json *findings) MUST_USE;
/* Its part for what stands in packs beside rules (check_pack.c); adds to findings. */
enum err law_check_packs(struct ctx *c, const struct law *law, int64_t now_utc_s,
			 struct json *findings) MUST_USE;

#endif
