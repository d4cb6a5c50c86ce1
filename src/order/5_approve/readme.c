/*
 * README.txt of the delivered file: how to open and check it with stock tools.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/5_approve/approve.h"
#include "order/letter.h"

enum err readme_make(struct ctx *c, struct session *s, const struct order *o, struct span *out)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	size_t count = 0;

	TRY(letter_slots(c, s, o, slots, &count));
	return letter_fill(c, "readme", slots, count, out);
}
