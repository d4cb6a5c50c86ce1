/*
 * Helper of zone_days_test.py: for each line "ZONE FIRST LAST" on standard input (days since
 * 1970-01-01) a line with the beginning of every such day and the offset in s just then.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/zone.h"

static enum err answer(struct ctx *c, const char *name, long first, long last)
{
	const struct zone *z;

	TRY(zone_open(c, span_str(name), &z));
	for (long day = first; day <= last; day++) {
		int64_t at = zone_start_of(z, day);

		printf("%lld %lld ", (long long)at, (long long)zone_offset_s(z, at));
	}
	printf("\n");
	return ERR_OK;
}

int main(void)
{
	char name[ZONE_NAME_MAX + 1];
	long first, last;

	while (scanf("%64s %ld %ld", name, &first, &last) == 3) {
		CTX_SCOPED struct ctx c = { .code = ERR_OK };

		if (ctx_begin(&c, (size_t)4 << 20) != ERR_OK ||
		    answer(&c, name, first, last) != ERR_OK) {
			fprintf(stderr, "%s\n", c.why);
			return 1;
		}
	}
	return 0;
}
