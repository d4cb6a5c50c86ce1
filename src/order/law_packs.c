/*
 * Rule packs from a folder; see law_packs.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/law_packs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "law/trial.h"

#define PACK_BYTES_MAX ((size_t)1 << 20)
#define PACKS_BYTES_MAX ((size_t)8 << 20)
#define PACK_JSON_MAX ((size_t)4 << 20)

static bool is_dir(const char *path)
{
	return access(path, R_OK | X_OK) == 0;
}

/* BUILD/src/cmd/writ and BUILD/writ both stand below the folder that holds law/. */
static enum err beside_build(struct ctx *c, char **out)
{
	static const char *const up[] = { "../law", "../../../law" };
	char self[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	*out = NULL;
	if (n <= 0)
		return ERR_OK;
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	for (size_t i = 0; i < sizeof up / sizeof up[0]; i++) {
		char *path;

		TRY(path_fmt(c, &path, "%s/%s", self, up[i]));
		if (is_dir(path)) {
			*out = path;
			return ERR_OK;
		}
	}
	return ERR_OK;
}

enum err packs_dir(struct ctx *c, const char *dir, const struct home *home, char **out)
{
	if (dir)
		return path_fmt(c, out, "%s", dir);
	if (home && home->dir) {
		TRY(path_fmt(c, out, "%s/law", home->dir));
		if (is_dir(*out))
			return ERR_OK;
	}
	TRY(beside_build(c, out));
	if (*out)
		return ERR_OK;
	TRY(path_fmt(c, out, "/usr/share/writ/law"));
	if (is_dir(*out))
		return ERR_OK;
	err_next(c, "name their folder with --packs DIR");
	FAIL(c, ERR_NOT_FOUND, "no folder of rule packs");
}

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static bool is_pack(const char *name)
{
	return name[0] != '.' && !strchr(name, ' ') && span_ends(span_str(name), ".yaml");
}

static enum err list_packs(struct ctx *c, const char *dir, const char **name, unsigned *count_out)
{
	DIR *d = opendir(dir);
	unsigned n = 0;
	enum err e = ERR_OK;

	if (!d)
		FAIL(c, ERR_NOT_FOUND, "%s: %s", dir, strerror(errno));
	for (struct dirent *entry; e == ERR_OK && (entry = readdir(d));) {
		char *copy;

		if (!is_pack(entry->d_name))
			continue;
		if (n == LAW_PACKS_MAX)
			e = err_set(c, ERR_LIMIT, __FILE__, __LINE__, "%s: more than %u packs", dir,
				    LAW_PACKS_MAX);
		else
			e = path_fmt(c, &copy, "%s", entry->d_name);
		if (e == ERR_OK)
			name[n++] = copy;
	}
	closedir(d);
	TRY(e);
	if (n == 0)
		FAIL(c, ERR_NOT_FOUND, "%s holds no rule pack (*.yaml)", dir);
	qsort(name, n, sizeof *name, by_name);
	*count_out = n;
	return ERR_OK;
}

/* All of them in one document, so that one hand reads them. */
static enum err bundle(struct ctx *c, const char *dir, struct span *out)
{
	const char *name[LAW_PACKS_MAX];
	struct span text;
	unsigned count = 0;
	struct buf b;
	char *path;

	TRY(list_packs(c, dir, name, &count));
	buf_begin(&b, c, PACKS_BYTES_MAX);
	for (unsigned i = 0; i < count; i++) {
		TRY(path_fmt(c, &path, "%s/%s", dir, name[i]));
		TRY(file_read(c, path, PACK_BYTES_MAX, &text));
		buf_fmt(&b, "%s %zu\n", name[i], text.n);
		buf_add(&b, text);
	}
	return buf_done(c, &b, out);
}

/* The document of one file with its lines put back. */
static enum err doc_of(struct ctx *c, const struct json *read, char **name, struct json **out)
{
	const struct json *lines;
	struct span text;

	TRY(json_need_text(c, read, "name", &text));
	TRY(span_cstr(c, text, name));
	if (!json_get(read, "doc"))
		FAIL(c, ERR_FORMAT, "%s was not read", *name);
	TRY(json_clone(c, json_get(read, "doc"), out));
	TRY(json_need_list(c, read, "lines", &lines));
	return json_lines_set(c, *out, lines);
}

static enum err read_all(struct ctx *c, struct session *s, const char *dir,
			 const struct json **out)
{
	FD_SCOPED int fd = -1;
	struct span text;

	TRY(bundle(c, dir, &text));
	TRY(memfd_of(c, "packs", text, &fd));
	return hand_read(c, s, "packs", "packs", fd, out);
}

enum err packs_load(struct ctx *c, struct session *s, const char *dir, struct law **out)
{
	const struct json *list;

	TRY(read_all(c, s, dir, &list));
	TRY(law_open(c, out));
	JSON_EACH(one, list) {
		struct span canonical, hex;
		struct json *doc;
		char *name;

		TRY(doc_of(c, one, &name, &doc));
		TRY(json_write(c, doc, PACK_JSON_MAX, &canonical));
		TRY(sha256_hex(c, canonical, &hex));
		TRY(law_add(c, *out, name, doc, hex, LAW_DRAFT));
	}
	return law_close(c, *out);
}

enum err trials_load(struct ctx *c, struct session *s, const char *dir, struct trial_set **out)
{
	const struct json *list;

	TRY(read_all(c, s, dir, &list));
	TRY(trials_open(c, out));
	JSON_EACH(one, list) {
		struct json *doc;
		char *name;

		TRY(doc_of(c, one, &name, &doc));
		TRY(trials_add(c, *out, name, doc));
	}
	return ERR_OK;
}

enum err facts_read(struct ctx *c, struct session *s, const char *path, const struct json **out)
{
	const char *slash = strrchr(path, '/');
	FD_SCOPED int fd = -1;

	TRY(file_open(c, path, O_RDONLY, 0, &fd));
	return hand_read(c, s, "facts", slash ? slash + 1 : path, fd, out);
}
