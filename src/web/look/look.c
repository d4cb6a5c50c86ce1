/*
 * look: finds a file of the look by version and name. It compares whole names and opens nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/look/look.h"

const struct look_file *look_find(struct span version_and_name)
{
	struct span version, name;

	if (!span_split(version_and_name, '/', &version, &name) || !span_is(version, look_version))
		return NULL;
	for (const struct look_file *f = look_files; f->name; f++)
		if (span_is(name, f->name))
			return f;
	return NULL;
}
