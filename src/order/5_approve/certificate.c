/*
 * README.txt and certificate.pdf of the delivered file: how to open and check it with stock tools;
 * and the certificate of authenticity, which states order, custodian, scope, manifest, items and
 * bytes, and names no later hash (doc/delivered-file.md).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "order/5_approve/approve.h"
#include "order/letter.h"
#include "order/pdf.h"

enum err readme_make(struct ctx *c, struct session *s, const struct order *o, struct span *out)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	const struct json *state;
	size_t count = 0;
	bool stamped;

	TRY(letter_slots(c, s, o, slots, &count));
	TRY(seal_state(c, s, false, &state));
	/* The seal lets nothing out under another policy than the approved one. */
	stamped = !span_is(json_opt_text(json_get(state, "policy"), "timestamp", SPAN("none")),
			   "none");
	slots[count++] = (struct letter_slot){ "timestamp",
					       stamped ? SPAN("statement.tsr") : SPAN_NONE };
	return letter_fill(c, "readme", slots, count, out);
}

static enum err certificate_text(struct ctx *c, struct session *s, const struct order *o,
				 struct span *out)
{
	static const char *const texts[] = { "scope_sha256", "manifest_sha256" },
				 *const numbers[] = { "items", "bytes" };
	struct letter_slot slots[LETTER_SLOTS_MAX];
	struct json *receipt;
	struct span text;
	size_t count = 0;

	TRY(json_need_text(c, o->collected, "receipt", &text));
	TRY(json_parse_canonical(c, text, &receipt));
	TRY(letter_slots(c, s, o, slots, &count));
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		TRY(json_need_text(c, receipt, texts[i], &text));
		slots[count++] = (struct letter_slot){ texts[i], text };
	}
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		TRY(span_fmt(c, &text, "%lld", (long long)json_opt_int(receipt, numbers[i], -1)));
		slots[count++] = (struct letter_slot){ numbers[i], text };
	}
	return letter_fill(c, "certificate", slots, count, out);
}

enum err certificate_make(struct ctx *c, struct session *s, const struct order *o,
			  struct span *pdf_out)
{
	struct pdf_page page = { .title = SPAN("Certificate of authenticity"),
				 .reference = o->ref,
				 .made_utc = c->seam->now_ms() / 1000 };
	struct span text;
	int64_t missing;

	TRY(certificate_text(c, s, o, &text));
	/* A name in letters that no font here has stands in return.json in any case. */
	return pdf_of_text(c, s, &page, text, pdf_out, &missing);
}
