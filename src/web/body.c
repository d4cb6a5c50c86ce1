/*
 * The body of one request as it comes in. See body.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/body.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "web/form.h"
#include "web/multipart.h"

struct body {
	enum web_body kind;
	const char *spool;
	struct buf text;                /* a urlencoded form as a whole, or the field under way */
	struct multipart parts;
	struct web_field fields[WEB_FIELDS_MAX];
	struct web_file files[WEB_FILES_MAX];
	size_t field_count, file_count;
	size_t text_bytes;              /* of all fields so far */
	struct span name;               /* of the field under way */
	struct hasher *hash;
	bool in_file;
};

/* The last part of what may be a path, in the way of any system. */
static struct span base_name(struct span name)
{
	for (size_t i = name.n; i > 0; i--) {
		if (name.p[i - 1] == '/' || name.p[i - 1] == '\\')
			return span_cut(name, i, name.n);
	}
	return name;
}

static enum err begin_file(struct ctx *c, struct body *b, const struct multipart_part *part)
{
	struct web_file *f = &b->files[b->file_count];

	if (b->file_count == WEB_FILES_MAX)
		FAIL(c, ERR_LIMIT, "a form has more than %u files", WEB_FILES_MAX);
	*f = (struct web_file){ .field = b->name, .fd = -1 };
	TRY(form_text(c, base_name(part->filename), &f->name));
	TRY(form_text(c, part->type, &f->type));
	if (f->name.n > WEB_FILE_NAME_MAX)
		FAIL(c, ERR_LIMIT, "the name of a file has more than %u bytes", WEB_FILE_NAME_MAX);
	TRY(file_open(c, b->spool, O_TMPFILE | O_RDWR, 0600, &f->fd));
	b->file_count++;
	if (!b->hash)
		TRY(hasher_open(c, &b->hash));
	return hasher_begin(c, b->hash);
}

static enum err begin(struct ctx *c, void *of, const struct multipart_part *part)
{
	struct body *b = of;

	TRY(form_text(c, part->name, &b->name));
	if (b->name.n == 0 || b->name.n > WEB_FIELD_NAME_MAX)
		FAIL(c, ERR_FORMAT, "the name of a field has %zu bytes; 1 to %u are possible",
		     b->name.n, WEB_FIELD_NAME_MAX);
	b->in_file = part->is_file;
	if (b->in_file)
		return begin_file(c, b, part);
	if (b->field_count == WEB_FIELDS_MAX)
		FAIL(c, ERR_LIMIT, "a form has more than %u fields", WEB_FIELDS_MAX);
	buf_begin(&b->text, c, WEB_TEXT_MAX - b->text_bytes);
	return ERR_OK;
}

static enum err data(struct ctx *c, void *of, struct span s)
{
	struct body *b = of;
	struct web_file *f = b->in_file ? &b->files[b->file_count - 1] : NULL;

	if (!f) {
		if (s.n > WEB_TEXT_MAX - b->text_bytes - b->text.n)
			FAIL(c, ERR_LIMIT, "the fields of a form have more than %zu bytes",
			     WEB_TEXT_MAX);
		buf_add(&b->text, s);
		return ERR_OK;
	}
	TRY(fd_write_all(c, f->fd, s));
	f->bytes += (int64_t)s.n;
	return hasher_add(c, b->hash, s);
}

static enum err end(struct ctx *c, void *of)
{
	struct body *b = of;
	struct web_file *f = b->in_file ? &b->files[b->file_count - 1] : NULL;
	struct span text;

	if (!f) {
		TRY(buf_done(c, &b->text, &text));
		b->text_bytes += text.n;
		b->fields[b->field_count].name = b->name;
		TRY(form_text(c, text, &b->fields[b->field_count].value));
		b->field_count++;
		return ERR_OK;
	}
	TRY(hasher_end(c, b->hash, &f->sha256));
	if (lseek(f->fd, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "a file that came cannot be read again");
	/* What a browser sends for an input that nobody filled in. */
	if (f->bytes == 0 && f->name.n == 0) {
		fd_close(&f->fd);
		b->file_count--;
	}
	return ERR_OK;
}

enum err body_open(struct ctx *c, enum web_body kind, struct span content_type, const char *spool,
		   struct body **out)
{
	struct span essence = content_type, rest;
	struct multipart_sink sink = { .begin = begin, .data = data, .end = end };

	TRY(NEW(c, *out));
	(*out)->kind = kind;
	(*out)->spool = spool;
	buf_begin(&(*out)->text, c, WEB_TEXT_MAX);
	if (kind == WEB_BODY_FILES) {
		sink.of = *out;
		return multipart_begin(c, &(*out)->parts, content_type, &sink);
	}
	span_split(content_type, ';', &essence, &rest);
	if (!span_ieq(span_trim(essence), "application/x-www-form-urlencoded"))
		FAIL(c, ERR_FORMAT, "the body is no form");
	return ERR_OK;
}

enum err body_add(struct ctx *c, struct body *b, struct span s)
{
	if (b->kind == WEB_BODY_FILES)
		return multipart_add(c, &b->parts, s);
	if (s.n > WEB_TEXT_MAX - b->text.n)
		FAIL(c, ERR_LIMIT, "the fields of a form have more than %zu bytes", WEB_TEXT_MAX);
	buf_add(&b->text, s);
	return ERR_OK;
}

enum err body_end(struct ctx *c, struct body *b, struct request *r)
{
	struct span text;

	if (b->kind == WEB_BODY_FILES) {
		TRY(multipart_end(c, &b->parts));
		r->form = (struct web_fields){ b->fields, b->field_count };
		r->files = b->files;
		r->file_count = b->file_count;
		return ERR_OK;
	}
	TRY(buf_done(c, &b->text, &text));
	return form_read(c, text, &r->form);
}

void body_close(struct body *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->file_count; i++)
		fd_close(&b->files[i].fd);
	hasher_close(&b->hash);
}
