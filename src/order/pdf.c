/*
 * Having a text drawn; see pdf.h. SPDX-License-Identifier: Apache-2.0
 */
#include "order/pdf.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "format/time.h"

#define PDF_MAX ((size_t)64 << 20)

static enum err check_pdf(struct ctx *c, struct span pdf, int64_t bytes)
{
	static const char end[] = "%%EOF\n";
	size_t n = sizeof end - 1;

	if (span_starts(pdf, "%PDF-1.") && pdf.n > n && (int64_t)pdf.n == bytes &&
	    span_is(span_cut(pdf, pdf.n - n, n), end))
		return ERR_OK;
	FAIL(c, ERR_FAILED, "what writ-draw made is no PDF");
}

enum err pdf_of_text(struct ctx *c, struct session *s, const struct pdf_page *page,
		     struct span text, struct span *pdf_out, int64_t *missing_out)
{
	FD_SCOPED int in = -1;
	FD_SCOPED int out = -1;
	struct json *job = json_object(c);
	const struct json *answer;
	struct span made;
	int64_t bytes;

	TRY(time_span(c, page->made_utc, &made));
	json_set_str(c, job, "job", "draw");
	json_set_text(c, job, "title", page->title);
	json_set_text(c, job, "reference", page->reference);
	json_set_text(c, job, "sha256_text", page->sha256_text);
	json_set_text(c, job, "made_at", made);
	TRY(memfd_of(c, "writ-text", text, &in));
	out = memfd_create("writ-pdf", MFD_CLOEXEC);
	if (out < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	TRY(hand_run(c, s, job, (const int[]){ in, out }, 2, NULL, NULL, &answer, NULL));
	TRY(json_need_int(c, answer, "bytes", &bytes));
	TRY(json_need_int(c, answer, "missing", missing_out));
	if (lseek(out, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind the PDF: %s", strerror(errno));
	TRY(fd_read_all(c, out, PDF_MAX, pdf_out));
	return check_pdf(c, *pdf_out, bytes);
}
