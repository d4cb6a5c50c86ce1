/*
 * Letters: text made from templates (src/order/letter/NAME.txt, compiled in), kept as a blob,
 * recorded as an act and signed by the seal as a record of order, template and hash.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_LETTER_H
#define ORDER_LETTER_H

#include "order/order.h"

/* What a template may name: {{slot}}. A slot that is missing or empty makes its line vanish. */
struct letter_slot {
	const char *name;
	struct span value;
};
/* Fills a template; ERR_FAILED for a template or slot that does not exist (a fault of ours). */
enum err letter_fill(struct ctx *c, const char *template_name, const struct letter_slot *slots,
		     size_t count, struct span *text_out) MUST_USE;
/* The standing slots of every letter about an order: reference, authority, dates, provider. */
#define LETTER_SLOTS_MAX 32u
#define LETTER_MAX ((size_t)2 << 20)     /* an order file of 1 MiB can fill one */
enum err letter_slots(struct ctx *c, struct session *s, const struct order *o,
		      struct letter_slot *slots, size_t *count) MUST_USE;
/* Lists of letters: an item stands two spaces in, what belongs to it five, and both go on at more
 * (pdf.h sets them the same way). Text is broken between words. */
enum { LETTER_ITEM = 2, LETTER_PART = 5 };
void letter_put(struct buf *b, unsigned indent, struct span text);
/* What a letter says for a reason code, and what would cure it where no rule says. A fact that is
 * not known is named in words. */
enum err letter_reason(struct ctx *c, struct span code, struct span *out) MUST_USE;
enum err letter_cure(struct ctx *c, struct span code, struct span *out) MUST_USE;
/* A fact in words for people. */
struct fact_field;
const char *fact_words(const struct fact_field *field);
/* What stands for a value of that field, "a court's order with a last day"; code where no row of
 * value.def says. */
struct span value_words(const char *path, struct span code);
/* Whether the fact of a code FACT-UNKNOWN(field) is the provider's own to know. */
bool reason_is_ours(struct span code);
const char *category_words(struct span category);
struct span letter_target(const struct json *demand);   /* whose data */
/* "22 November 2026", or "22 November 2026, 10:00 UTC" where it is an instant. */
enum err letter_date(struct ctx *c, struct span when, struct span *out) MUST_USE;
/* The reasons as numbered lines "CODE: words". */
enum err letter_reasons(struct ctx *c, const struct json *codes, struct span *out) MUST_USE;
/* The text that a letter would have now; nothing is kept. */
enum err letter_text_now(struct ctx *c, struct session *s, const struct order *o,
		     const char *template_name, const struct letter_slot *more, size_t more_count,
		     struct span *out) MUST_USE;
/* Makes and keeps a letter and has it signed; it is sent when the act ACT_LETTERED with that body
 * is recorded, together with the act that it tells of, which follows o's last. */
enum err letter_make(struct ctx *c, struct session *s, const struct order *o,
		     const char *template_name, const struct letter_slot *more, size_t more_count,
		     struct json **body_out) MUST_USE;
/* The receipt of an order that is about to be recorded; puts receipt, record and seal into body. */
enum err receipt_make(struct ctx *c, struct session *s, struct span ref, struct json *body,
		      struct span *text_out, const struct json **record_out) MUST_USE;

#endif
