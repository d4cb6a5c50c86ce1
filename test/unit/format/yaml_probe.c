/*
 * Helper of yaml_oracle_test.py: for each path on standard input one line, "OK " and the canonical
 * JSON of that YAML file, or what is wrong with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "format/yaml.h"

static enum err read_one(struct ctx *c, const char *path, struct span *out)
{
	struct json *j;
	struct span text;

	TRY(file_read(c, path, YAML_BYTES_MAX, &text));
	TRY(yaml_parse(c, "file", text, &j));
	return json_write(c, j, YAML_BYTES_MAX, out);
}

int main(void)
{
	char path[4096];

	while (fgets(path, sizeof path, stdin)) {
		CTX_SCOPED struct ctx c;
		struct span out;

		path[strcspn(path, "\n")] = '\0';
		if (ctx_begin(&c, (size_t)64 << 20) != ERR_OK)
			return 1;
		if (read_one(&c, path, &out) == ERR_OK)
			printf("OK %.*s\n", SPAN_ARG(out));
		else
			printf("%s\n", c.why);
	}
	return 0;
}
