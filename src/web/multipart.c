/*
 * multipart/form-data as it comes in. See multipart.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/multipart.h"

/* RFC 2046: bchars, of which we take no blank. */
static bool is_boundary(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		bool letter = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');

		if (!letter && !(x >= '0' && x <= '9') && !memchr("'()+_,-./:=?", x, 12))
			return false;
	}
	return s.n > 0 && s.n <= MULTIPART_BOUNDARY_MAX;
}

static struct span unquoted(struct span s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return span_cut(s, 1, s.n - 2);
	return s;
}

enum err multipart_begin(struct ctx *c, struct multipart *m, struct span content_type,
			 const struct multipart_sink *sink)
{
	struct span kind, parameter, name, boundary;

	if (!span_split(content_type, ';', &kind, &parameter) ||
	    !span_ieq(span_trim(kind), "multipart/form-data"))
		FAIL(c, ERR_FORMAT, "the body is no form with files");
	if (!span_split(parameter, '=', &name, &boundary) ||
	    !span_ieq(span_trim(name), "boundary") ||
	    !is_boundary(unquoted(span_trim(boundary))))
		FAIL(c, ERR_FORMAT, "a form with files needs one boundary, and nothing else");
	boundary = unquoted(span_trim(boundary));
	*m = (struct multipart){ .sink = *sink, .matched = 2 };
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary.p, boundary.n);
	m->delimiter_n = boundary.n + 4;
	return ERR_OK;
}

/* The quoted value behind NAME=" in a list of parameters. Browsers write a quote in a name as %22
 * (HTML section 4.10.21.8), so the first quote ends it. *rest_out: what follows. */
static bool take_parameter(struct span s, struct span *name_out, struct span *value_out,
			   struct span *rest_out)
{
	struct span behind;

	s = span_trim(s);
	if (!span_split(s, '=', name_out, &behind) || behind.n < 2 || behind.p[0] != '"')
		return false;
	behind = span_cut(behind, 1, behind.n);
	return span_split(behind, '"', value_out, rest_out);
}

static enum err read_disposition(struct ctx *c, struct span value, struct multipart_part *part)
{
	struct span kind, rest, name, text;
	bool named = false;

	if (!span_split(value, ';', &kind, &rest) || !span_ieq(span_trim(kind), "form-data"))
		FAIL(c, ERR_FORMAT, "a part of the form is no field");
	for (bool more = true; more;) {
		if (!take_parameter(rest, &name, &text, &rest))
			FAIL(c, ERR_FORMAT, "the head of a part cannot be read");
		if (span_is(name, "name") && !named) {
			part->name = text;
			named = true;
		} else if (span_is(name, "filename") && !part->is_file) {
			part->filename = text;
			part->is_file = true;
		} else {
			FAIL(c, ERR_FORMAT, "a part of the form has a parameter that none has");
		}
		rest = span_trim(rest);
		more = rest.n > 0;
		if (more && rest.p[0] != ';')
			FAIL(c, ERR_FORMAT, "the head of a part cannot be read");
		rest = span_cut(rest, 1, rest.n);
	}
	if (!named)
		FAIL(c, ERR_FORMAT, "a part of the form has no name");
	return ERR_OK;
}

/* head: lines that end in CR LF, without the empty one. */
static enum err read_head(struct ctx *c, struct span head, struct multipart_part *part)
{
	bool disposed = false, typed = false;
	struct span line, name, value;
	struct reader r = { head, 0 };

	*part = (struct multipart_part){ 0 };
	while (take_until(&r, '\n', &line)) {
		if (!span_ends(line, "\r") || memchr(line.p, '\0', line.n) ||
		    memchr(line.p, '\r', line.n - 1) || line.p[0] == ' ' || line.p[0] == '\t')
			FAIL(c, ERR_FORMAT, "a header of a part is no line");
		line.n--;
		if (!span_split(line, ':', &name, &value))
			FAIL(c, ERR_FORMAT, "a header of a part has no colon");
		if (span_ieq(name, "Content-Disposition")) {
			if (disposed)
				FAIL(c, ERR_FORMAT, "a part of the form has two names");
			disposed = true;
			TRY(read_disposition(c, span_trim(value), part));
		} else if (span_ieq(name, "Content-Type")) {
			if (typed)
				FAIL(c, ERR_FORMAT, "a part of the form has two types");
			typed = true;
			part->type = span_trim(value);
		}
	}
	if (!reader_done(&r) || !disposed)
		FAIL(c, ERR_FORMAT, "a part of the form has no Content-Disposition");
	return ERR_OK;
}

static bool head_is_whole(const struct multipart *m)
{
	if (m->head_n == 2)
		return !memcmp(m->head, "\r\n", 2);
	return m->head_n >= 4 && !memcmp(m->head + m->head_n - 4, "\r\n\r\n", 4);
}

static enum err add_head(struct ctx *c, struct multipart *m, unsigned char x)
{
	struct multipart_part part;

	if (m->head_n == sizeof m->head)
		FAIL(c, ERR_LIMIT, "the head of a part has more than %u bytes", MULTIPART_HEAD_MAX);
	m->head[m->head_n++] = x;
	if (!head_is_whole(m))
		return ERR_OK;
	TRY(read_head(c, span_of(m->head, m->head_n - 2), &part));
	m->at = MULTIPART_DATA;
	return m->sink.begin(c, m->sink.of, &part);
}

/* Two bytes follow a delimiter: a line end and a part, or -- and the end. */
static enum err add_after(struct ctx *c, struct multipart *m, unsigned char x)
{
	m->after[m->after_n++] = x;
	if (m->after_n < 2)
		return ERR_OK;
	m->after_n = 0;
	if (!memcmp(m->after, "\r\n", 2)) {
		m->at = MULTIPART_HEAD;
		m->head_n = 0;
	} else if (!memcmp(m->after, "--", 2)) {
		m->at = MULTIPART_END;
	} else {
		FAIL(c, ERR_FORMAT, "a boundary does not end its line");
	}
	return ERR_OK;
}

static enum err add_behind(struct ctx *c, struct multipart *m, unsigned char x)
{
	if (m->behind_n == 2 || x != "\r\n"[m->behind_n])
		FAIL(c, ERR_FORMAT, "there is more behind the end of the form");
	m->behind_n++;
	return ERR_OK;
}

/*
 * CR stands in the delimiter at its begin alone, so what was matched up to a byte that does not fit
 * is data as a whole, and that byte is looked at afresh.
 */
static enum err add_data(struct ctx *c, struct multipart *m, struct span s, size_t *used_out)
{
	const unsigned char *cr;
	size_t i = 0;

	while (i < s.n && s.p[i] == m->delimiter[m->matched]) {
		i++;
		if (++m->matched == m->delimiter_n) {
			bool first = m->at == MULTIPART_FIRST;

			m->at = MULTIPART_AFTER;
			m->matched = 0;
			*used_out = i;
			return first ? ERR_OK : m->sink.end(c, m->sink.of);
		}
	}
	*used_out = i;
	if (i == s.n)
		return ERR_OK;
	if (m->at == MULTIPART_FIRST)
		FAIL(c, ERR_FORMAT, "the form does not begin with its boundary");
	if (m->matched) {
		struct span data = span_of(m->delimiter, m->matched);

		m->matched = 0;
		return m->sink.data(c, m->sink.of, data);
	}
	cr = memchr(s.p, '\r', s.n);
	*used_out = cr ? (size_t)(cr - s.p) : s.n;
	return m->sink.data(c, m->sink.of, span_cut(s, 0, *used_out));
}

enum err multipart_add(struct ctx *c, struct multipart *m, struct span s)
{
	size_t used;

	while (s.n) {
		used = 1;
		switch (m->at) {
		case MULTIPART_FIRST:
		case MULTIPART_DATA: TRY(add_data(c, m, s, &used)); break;
		case MULTIPART_AFTER: TRY(add_after(c, m, s.p[0])); break;
		case MULTIPART_HEAD: TRY(add_head(c, m, s.p[0])); break;
		case MULTIPART_END: TRY(add_behind(c, m, s.p[0])); break;
		}
		s = span_cut(s, used, s.n);
	}
	return ERR_OK;
}

enum err multipart_end(struct ctx *c, const struct multipart *m)
{
	if (m->at != MULTIPART_END)
		FAIL(c, ERR_FORMAT, "the form was cut off");
	return ERR_OK;
}
