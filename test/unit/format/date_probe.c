/*
 * Helper of date_corpus_test.py: for each path on standard input one line
 * "HEADER RECEIVED FURTHER" (s since 1970 UTC or null), as header_dates_of sees that file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "format/date.h"

static void print_date(int64_t utc_s)
{
	if (utc_s == DATE_UNKNOWN)
		printf("null ");
	else
		printf("%lld ", (long long)utc_s);
}

int main(void)
{
	static unsigned char head[HEADER_BLOCK_MAX];
	char path[4096];

	while (fgets(path, sizeof path, stdin)) {
		FD_SCOPED int fd = -1;
		struct header_dates dates;
		ssize_t n;

		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, head, sizeof head);
		if (n < 0) {
			perror(path);
			return 1;
		}
		header_dates_of(span_of(head, (size_t)n), &dates);
		print_date(dates.header_utc);
		print_date(dates.received_utc);
		printf("%d\n", dates.further_dates);
	}
	return 0;
}
