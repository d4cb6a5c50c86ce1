/*
 * Landlock; see cage_landlock.h. Numbers are the kernel's (include/uapi/linux/landlock.h); the
 * header of Debian 12 knows the first three levels only.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/cage_landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

/* The attribute of the newest level that is known here; older kernels take its beginning. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* What each level can forbid beyond the level before it. */
static const struct {
	uint64_t fs, net, scoped;
	size_t bytes;           /* of struct ruleset that it takes */
} levels[] = {
	{ (UINT64_C(1) << 13) - 1, 0, 0, 8 }, /* 1: the thirteen rights of the beginning */
	{ UINT64_C(1) << 13, 0, 0, 8 }, /* 2: REFER */
	{ UINT64_C(1) << 14, 0, 0, 8 }, /* 3: TRUNCATE */
	{ 0, 3, 0, 16 }, /* 4: TCP bind and connect */
	{ UINT64_C(1) << 15, 0, 0, 16 }, /* 5: ioctl on devices */
	{ 0, 0, 3, 24 }, /* 6: abstract sockets, signals */
};

int landlock_level(void)
{
	long level = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
			     LANDLOCK_CREATE_RULESET_VERSION);

	return level > 0 ? (int)level : 0;
}

static enum err allow_reading(struct ctx *c, int ruleset, const struct landlock_place *place)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
		.parent_fd = place->fd,
	};
	struct stat st;

	/* A right to list is one that no file takes. */
	if (fstat(place->fd, &st) != 0 || S_ISDIR(st.st_mode))
		beneath.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (place->execute)
		beneath.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
		FAIL(c, ERR_FAILED, "the cage cannot be told of a store's folder: %s",
		     strerror(errno));
	return ERR_OK;
}

enum err landlock_close_places(struct ctx *c, int level, const struct landlock_place *places,
			       size_t count)
{
	struct ruleset all = { 0 };
	size_t bytes = 0;
	FD_SCOPED int fd = -1;

	for (size_t i = 0; i < COUNT_OF(levels) && (int)i < level; i++) {
		all.fs |= levels[i].fs;
		all.net |= levels[i].net;
		all.scoped |= levels[i].scoped;
		bytes = levels[i].bytes;
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, bytes, 0);
	if (fd < 0)
		FAIL(c, ERR_FAILED, "Landlock level %d does not take our rules: %s", level,
		     strerror(errno));
	for (size_t i = 0; i < count; i++)
		TRY(allow_reading(c, fd, &places[i]));
	if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		FAIL(c, ERR_FAILED, "Landlock does not close: %s", strerror(errno));
	return ERR_OK;
}

enum err landlock_close(struct ctx *c, int level, const int *below, size_t count)
{
	struct landlock_place *places;

	TRY(NEW_ARRAY(c, places, count + 1));
	for (size_t i = 0; i < count; i++)
		places[i] = (struct landlock_place){ below[i], false };
	return landlock_close_places(c, level, places, count);
}
