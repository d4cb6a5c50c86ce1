/*
 * Telling security keys among raw HID devices; see hidraw.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/hidraw.h"

#include <string.h>

#include "base/file.h"
#include "base/span.h"

#define DESCRIPTOR_MAX 4096u

enum err hidraw_key(struct ctx *c, int n, char **node_out)
{
	/* The usage page of its report descriptor (CTAP 2.1 section 11.2.8.1: 0xf1d0). */
	static const char page[] = { 0x06, (char)0xd0, (char)0xf1 };
	struct span about;
	char *path;

	*node_out = NULL;
	TRY(path_fmt(c, &path, "/sys/class/hidraw/hidraw%d/device/report_descriptor", n));
	if (!file_exists(path))
		return ERR_OK;
	if (file_read(c, path, DESCRIPTOR_MAX, &about) != ERR_OK) {
		err_clear(c);
		return ERR_OK;
	}
	if (!memmem(about.p, about.n, page, sizeof page))
		return ERR_OK;
	return path_fmt(c, node_out, "/dev/hidraw%d", n);
}
