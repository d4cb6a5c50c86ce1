/*
 * For tests: C that fills every slot of every page with one text, one number and one answer, so
 * that no page has to be remembered by who asks what a hostile text does to all of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

static void fill_list(struct buf *b, const struct slot *n)
{
	buf_fmt(b,
		"\tif (depth) {\n\t\tstatic struct page_%.*s rows[2];\n\n"
		"\t\tfor (size_t i = 0; i < 2; i++)\n\t\t\tfill_%.*s(&rows[i], f, depth - 1);\n"
		"\t\tp->%.*s = rows;\n\t\tp->%.*s_n = f->yes ? 2 : 0;\n\t}\n",
		SPAN_ARG(n->shape->name), SPAN_ARG(n->shape->name), SPAN_ARG(n->name),
		SPAN_ARG(n->name));
}

static void fill_slot(struct buf *b, const struct slot *n)
{
	if (n->type == TYPE_LIST)
		fill_list(b, n);
	else if (n->type == TYPE_SHAPE)
		buf_fmt(b, "\tfill_%.*s(&p->%.*s, f, depth);\n", SPAN_ARG(n->shape->name),
			SPAN_ARG(n->name));
	else
		buf_fmt(b, "\tp->%.*s = f->%s;\n", SPAN_ARG(n->name),
			n->type == TYPE_TEXT || n->type == TYPE_LINK ? "text"
			: n->type == TYPE_BOOL                       ? "yes"
								     : "number");
}

static void fill_head(struct buf *b, const struct shape *h, const char *end)
{
	buf_fmt(b,
		"static void fill_%.*s(struct page_%.*s *p, const struct fill *f, unsigned "
		"depth)%s",
		SPAN_ARG(h->name), SPAN_ARG(h->name), end);
}

static void fill_page(struct buf *b, const struct shape *h)
{
	buf_fmt(b,
		"static enum err show_%.*s(struct ctx *c, const struct fill *f, struct buf *b)\n{\n"
		"\tstruct page_%.*s p = { .view = f->view };\n\n"
		"\tfill_%.*s(&p, f, 2);\n\treturn page_%.*s(c, &p, b);\n}\n\n",
		SPAN_ARG(h->name), SPAN_ARG(h->name), SPAN_ARG(h->name), SPAN_ARG(h->name));
}

void pages_emit_fill(struct site *s, struct buf *b)
{
	buf_str(b, "/* Made by tools/page for tests. SPDX-License-Identifier: Apache-2.0 */\n"
		   "#include \"web/pages.h\"\n\nstruct fill {\n\tconst struct page_view "
		   "*view;\n\tstruct span text;\n"
		   "\tint64_t number;\n\tbool yes;\n};\n\n");
	for (const struct shape *h = s->shapes; h; h = h->next)
		if (h->kind != SHAPE_PART)
			fill_head(b, h, " __attribute__((unused));\n");
	buf_byte(b, '\n');
	for (const struct shape *h = s->shapes; h; h = h->next) {
		if (h->kind == SHAPE_PART)
			continue;
		fill_head(b, h, "\n{\n\t(void)p;\n\t(void)f;\n\t(void)depth;\n");
		for (const struct slot *n = h->slots; n; n = n->next)
			fill_slot(b, n);
		buf_str(b, "}\n\n");
		if (h->kind == SHAPE_PAGE)
			fill_page(b, h);
	}
	buf_str(b, "static const struct {\n\tconst char *name;\n"
		   "\tenum err (*show)(struct ctx *c, const struct fill *f, struct buf *b);\n} "
		   "all_pages[] = {\n");
	for (const struct shape *h = s->shapes; h; h = h->next)
		if (h->kind == SHAPE_PAGE)
			buf_fmt(b, "\t{ \"%.*s\", show_%.*s },\n", SPAN_ARG(h->name),
				SPAN_ARG(h->name));
	buf_str(b, "};\n");
}
