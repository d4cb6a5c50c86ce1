/*
 * YAML of the strict kind as it stands, whatever its schema; see read.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/json_part.h"
#include "format/yaml.h"
#include "hand/read.h"

static enum err check_keys(struct ctx *c, const char *name, const struct json *j)
{
	JSON_EACH(at, j) {
		if (j->type == JSON_OBJECT && !json_key_ok(at->key))
			FAIL(c, ERR_FORMAT, "%s:%u: a key is made of a-z, 0-9 and _", name,
			     at->line);
		TRY(check_keys(c, name, at));   /* the YAML reader has bounded the depth */
	}
	return ERR_OK;
}

enum err read_yaml(struct ctx *c, const char *name, struct span text, struct json **out)
{
	TRY(yaml_parse(c, name, text, out));
	return check_keys(c, name, *out);
}
