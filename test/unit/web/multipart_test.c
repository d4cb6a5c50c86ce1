/*
 * Forms with files, cut into pieces at every place, and what is none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/multipart.h"

#include "base/buf.h"

#include "../test.h"

#define TYPE "multipart/form-data; boundary=AaB03x"
#define PART(head, body) "--AaB03x\r\n" head "\r\n\r\n" body "\r\n"
#define NAMED(name) "Content-Disposition: form-data; name=\"" name "\""
#define END "--AaB03x--\r\n"

/* Writes down what it is told. */
static enum err begin(struct ctx *c, void *of, const struct multipart_part *p)
{
	(void)c;
	buf_fmt(of, "[%.*s|%s%.*s|%.*s:", SPAN_ARG(p->name), p->is_file ? "@" : "",
		SPAN_ARG(p->filename), SPAN_ARG(p->type));
	return ERR_OK;
}

static enum err data(struct ctx *c, void *of, struct span s)
{
	(void)c;
	assert_true(s.n > 0);
	buf_add(of, s);
	return ERR_OK;
}

static enum err end(struct ctx *c, void *of)
{
	(void)c;
	buf_byte(of, ']');
	return ERR_OK;
}

/* The body in pieces of so many bytes. */
static enum err take(struct ctx *c, struct span body, size_t piece, struct span *out)
{
	struct buf b;
	struct multipart_sink sink = { &b, begin, data, end };
	struct multipart m;

	buf_begin(&b, c, 100000);
	TRY(multipart_begin(c, &m, SPAN(TYPE), &sink));
	for (size_t i = 0; i < body.n; i += piece)
		TRY(multipart_add(c, &m, span_cut(body, i, piece)));
	TRY(multipart_end(c, &m));
	return buf_done(c, &b, out);
}

static void forms(void **state)
{
	static const struct {
		const char *body, *told;
	} rows[] = {
		{ END, "" },
		{ "--AaB03x--", "" },
		{ PART(NAMED("a"), "b") END, "[a||:b]" },
		{ PART(NAMED("a"), "") END, "[a||:]" },
		{ PART(NAMED("a"), "\r\n") END, "[a||:\r\n]" },
		{ PART(NAMED("a"), "\r\n--AaB03\r\n-\r\n--\r\r\n") END,
		  "[a||:\r\n--AaB03\r\n-\r\n--\r\r\n]" },
		{ PART(NAMED("a"), "--AaB03x") PART(NAMED("b"), "\r") END,
		  "[a||:--AaB03x][b||:\r]" },
		{ PART(NAMED("f") "; filename=\"\"", "") END, "[f|@|:]" },
		{ PART("content-type:  a/b \r\ncontent-disposition:form-data ; name=\"f\"; "
		       "filename=\"C:\\x.pdf\"\r\nX-Any: y",
		       "%PDF")
			  END,
		  "[f|@C:\\x.pdf|a/b:%PDF]" },
		{ PART("Content-Disposition: form-data; filename=\"x;y=z\"; name=\"f\"", "") END,
		  "[f|@x;y=z|:]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		for (size_t piece = 1; piece < 200; piece += piece < 20 ? 1 : 60) {
			struct span told;
			CTX(c);

			ok(&c, take(&c, span_str(rows[i].body), piece, &told));
			text_is(told, rows[i].told);
		}
	}
}

static void no_forms(void **state)
{
	static const char *const bad[] = {
		"", "x", "\r\n" END, "-" END, "--AaB03", "--AaB03x", "--AaB03x-", "--AaB03x-x",
		"--AaB03x\r", "--AaB03xy\r\n", "--AaB03x \r\n", END "x", END "\r\n",
		PART(NAMED("a"), "b"), PART(NAMED("a"), "b") "--AaB03x\r\n",
		"--AaB03x\r\n" NAMED("a") "\r\n--AaB03x--\r\n",
		"--AaB03x\r\n\r\nb\r\n" END,
		"--AaB03x\n" NAMED("a") "\n\nb\n" END,
		PART(NAMED("a") "\nX: y", "b") END,
		PART(NAMED("a") "\r\n X: y", "b") END,
		PART(NAMED("a") "\r\n" NAMED("a"), "b") END,
		PART(NAMED("a") "\r\nContent-Type: x\r\nContent-Type: x", "b") END,
		PART(NAMED("a") "\r\nX", "b") END,
		PART(NAMED("a") "\r\nX: a\rb", "b") END,
		PART("X: y", "b") END,
		PART("Content-Disposition: form-data", "b") END,
		PART("Content-Disposition: form-data;", "b") END,
		PART("Content-Disposition: form-data; name=a", "b") END,
		PART("Content-Disposition: form-data; name=\"a", "b") END,
		PART("Content-Disposition: form-data; name=\"a\"x", "b") END,
		PART("Content-Disposition: form-data; name=\"a\";", "b") END,
		PART("Content-Disposition: form-data; filename=\"a\"", "b") END,
		PART("Content-Disposition: file; name=\"a\"", "b") END,
		PART(NAMED("a") "; name=\"b\"", "b") END,
		PART(NAMED("a") "; filename=\"b\"; filename=\"c\"", "b") END,
		PART(NAMED("a") "; filename*=UTF-8''b", "b") END,
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		for (size_t piece = 1; piece < 200; piece += 99) {
			struct span told;
			CTX(c);

			if (take(&c, span_str(bad[i]), piece, &told) != ERR_FORMAT)
				fail_msg("row %zu passed in pieces of %zu", i, piece);
		}
	}
}

static void long_heads(void **state)
{
	unsigned char body[MULTIPART_HEAD_MAX + 100];
	struct span told;
	CTX(c);

	(void)state;
	memset(body, 'x', sizeof body);
	memcpy(body, "--AaB03x\r\n", 10);
	fails(&c, ERR_LIMIT, take(&c, span_of(body, sizeof body), sizeof body, &told));
}

static void boundaries(void **state)
{
	static const char *const bad[] = {
		"", "multipart/form-data", "multipart/form-data;", "multipart/form-data; boundary",
		"multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=a b", "multipart/form-data; boundary=a; x=y",
		"multipart/form-data; x=y; boundary=a", "multipart/mixed; boundary=a",
		"multipart/form-data; boundary=\"a", "multipart/form-data; boundary=\xc3\xa9",
		"multipart/form-data; boundary=a\r\nb",
		"multipart/form-data; boundary="
		"12345678901234567890123456789012345678901234567890123456789012345678901",
	};
	static const char *const good[] = {
		"multipart/form-data; boundary=a", "Multipart/Form-Data ;BOUNDARY=\"a:b?c\"",
		"multipart/form-data; boundary=----WebKitFormBoundaryx0"
	};
	const struct multipart_sink sink = { NULL, begin, data, end };
	struct multipart m;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		ok(&c, multipart_begin(&c, &m, span_str(good[i]), &sink));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(&c, ERR_FORMAT, "form with files",
			multipart_begin(&c, &m, span_str(bad[i]), &sink));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(forms), cmocka_unit_test(no_forms),
					    cmocka_unit_test(long_heads),
					    cmocka_unit_test(boundaries) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
