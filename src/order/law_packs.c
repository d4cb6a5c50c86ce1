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
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "law/trial.h"
#include "order/adopt.h"
#include "store/blob.h"

#define PACK_BYTES_MAX ((size_t)1 << 20)
#define PACKS_BYTES_MAX ((size_t)8 << 20)
#define PACK_JSON_MAX ((size_t)4 << 20)

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
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

enum err yaml_names(struct ctx *c, const char *dir, unsigned max, const char *what, char ***out,
		    unsigned *count_out)
{
	enum err e = NEW_ARRAY(c, *out, max);
	unsigned n = 0;
	DIR *d;

	TRY(e);
	d = opendir(dir);
	if (!d)
		FAIL(c, ERR_NOT_FOUND, "%s: %s", dir, strerror(errno));
	for (struct dirent *entry; e == ERR_OK && (entry = readdir(d));) {
		if (entry->d_name[0] == '.' || !span_ends(span_str(entry->d_name), ".yaml"))
			continue;
		if (n == max)
			e = err_set(c, ERR_LIMIT, __FILE__, __LINE__, "%s: more than %u files", dir,
				    max);
		else
			e = path_fmt(c, &(*out)[n++], "%s", entry->d_name);
	}
	closedir(d);
	TRY(e);
	if (n == 0)
		FAIL(c, ERR_NOT_FOUND, "%s holds no %s (*.yaml)", dir, what);
	qsort(*out, n, sizeof **out, by_name);
	*count_out = n;
	return ERR_OK;
}

/* All of them in one document, so that one hand reads them. */
static enum err bundle(struct ctx *c, const char *dir, struct span *out)
{
	struct span text;
	unsigned count = 0;
	char **name, *path;
	struct buf b;

	TRY(yaml_names(c, dir, LAW_PACKS_MAX, "rule pack", &name, &count));
	buf_begin(&b, c, PACKS_BYTES_MAX);
	for (unsigned i = 0; i < count; i++) {
		if (strchr(name[i], ' '))
			FAIL(c, ERR_FORMAT, "%s/%s: the name of a rule pack holds no space", dir,
			     name[i]);
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

/* Adopted where counsel signed exactly these bytes; else what the file says of itself. */
static enum law_state state_of(const struct json *doc, const struct json *adopted, struct span hex)
{
	struct span status = json_opt_text(json_get(doc, "pack"), "status", SPAN_NONE);

	if (adoption_of(adopted, hex))
		return LAW_ADOPTED;
	return span_is(status, "reviewed") ? LAW_REVIEWED : LAW_DRAFT;
}

static struct json *kept_row(struct ctx *c, const char *name, const struct json *doc,
			     struct span hex, struct span canonical, enum law_state state)
{
	const struct json *head = json_get(doc, "pack");
	struct json *row = json_object(c);

	json_set_str(c, row, "name", name);
	json_set_text(c, row, "id", json_opt_text(head, "id", SPAN_NONE));
	json_set_text(c, row, "version", json_opt_text(head, "version", SPAN_NONE));
	json_set_text(c, row, "next_review", json_opt_text(head, "next_review", SPAN_NONE));
	json_set_text(c, row, "sha256", hex);
	json_set_str(c, row, "state", law_state_word(state));
	json_set_text(c, row, "text", canonical);
	return row;
}

enum err packs_load(struct ctx *c, struct session *s, const char *dir, struct law **out,
		    struct json **kept_out)
{
	struct json *kept = json_list(c), *adopted;
	const struct json *list;

	TRY(adoptions(c, s, &adopted));
	TRY(read_all(c, s, dir, &list));
	TRY(law_open(c, out));
	JSON_EACH(one, list) {
		struct span canonical, hex;
		enum law_state state;
		struct json *doc;
		char *name;

		TRY(doc_of(c, one, &name, &doc));
		TRY(json_write(c, doc, PACK_JSON_MAX, &canonical));
		TRY(sha256_hex(c, canonical, &hex));
		state = state_of(doc, adopted, hex);
		TRY(law_add(c, *out, name, doc, hex, state));
		json_add(c, kept, kept_row(c, name, doc, hex, canonical, state));
	}
	if (kept_out)
		*kept_out = kept;
	return law_close(c, *out);
}

enum err packs_again(struct ctx *c, struct session *s, const struct json *kept, struct law **out)
{
	TRY(law_open(c, out));
	JSON_EACH(row, kept) {
		struct span text, name, hex;
		struct sha256 hash;
		enum law_state state;
		struct json *doc;
		char *z;

		TRY(json_need_hex(c, row, "sha256", hash.b, sizeof hash.b));
		TRY(json_need_text(c, row, "sha256", &hex));
		TRY(json_need_text(c, row, "name", &name));
		TRY(span_cstr(c, name, &z));
		if (!law_state_of(json_opt_text(row, "state", SPAN_NONE), &state))
			FAIL(c, ERR_FORMAT, "the judgement names no state of the pack %s", z);
		TRY(blob_read(c, s->home.blob, &hash, PACK_JSON_MAX, &text));
		TRY(json_parse_canonical(c, text, &doc));
		TRY(law_add(c, *out, z, doc, hex, state));
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

static enum err provider_unknown(struct ctx *c, struct session *s, struct json **out)
{
	const struct json *founded;

	TRY(home_last(c, s, "founded", &founded));
	*out = json_object(c);
	json_set_text(c, *out, "name", json_opt_text(founded, "provider", SPAN("unknown")));
	json_set_str(c, *out, "legal_entity", "unknown");
	return ERR_OK;
}

enum err provider_read(struct ctx *c, struct session *s, struct json **out)
{
	FD_SCOPED int fd = -1;
	const struct json *read;
	char *path;

	TRY(path_fmt(c, &path, "%s/provider.yaml", s->home.dir));
	if (!file_exists(path))
		return provider_unknown(c, s, out);
	TRY(file_open(c, path, O_RDONLY, 0, &fd));
	TRY(hand_read(c, s, "provider", "provider.yaml", fd, &read));
	return json_clone(c, read, out);
}
