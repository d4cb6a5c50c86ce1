/*
 * The catalogue of words: one file for each language, all with the same ids and arguments. Words
 * that nobody uses, that are asked for and not there, or that a language lacks, fail the build.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

#include <stdio.h>

#include "base/file.h"

const char *const plural_names[PLURAL_COUNT] = { "zero", "one", "two", "few", "many", "other" };

struct word *word_find(const struct language *l, struct span id)
{
	for (struct word *w = l ? l->words : NULL; w; w = w->next)
		if (span_eq(w->id, id))
			return w;
	return NULL;
}

static struct word_arg *arg_find(const struct word *w, struct span name)
{
	for (struct word_arg *a = w->args; a; a = a->next)
		if (span_eq(a->name, name))
			return a;
	return NULL;
}

/* "{name}" and "{name:type}" of one text; the first time a type is given it counts. */
static enum err read_slots(struct scan *p, struct word *w, struct span text)
{
	struct reader r = { .s = text };
	struct span before, slot, name, type;

	while (take_until(&r, '{', &before) && r.at <= text.n) {
		struct word_arg **end = &w->args, *a;
		enum type t = TYPE_TEXT;

		if (memchr(before.p, '}', before.n) || !memchr(text.p + r.at, '}', text.n - r.at))
			FAIL_AT(p->c, &p->at, "a brace that is no pair: {name} is an argument");
		if (!take_until(&r, '}', &slot))
			break;
		name = slot;
		if (span_split(slot, ':', &name, &type) && !type_of_word(type, &t))
			FAIL_AT(p->c, &p->at, "unknown type '%.*s' of argument '%.*s'",
				SPAN_ARG(type), SPAN_ARG(name));
		a = arg_find(w, name);
		if (a && name.n == slot.n)
			continue;
		if (a && a->type != t)
			FAIL_AT(p->c, &p->at, "argument '%.*s' has two types", SPAN_ARG(name));
		if (a)
			continue;
		for (size_t i = 0; i < name.n; i++)
			if (!((name.p[i] >= 'a' && name.p[i] <= 'z') ||
			      (i && (name.p[i] == '_' || (name.p[i] >= '0' && name.p[i] <= '9')))))
				FAIL_AT(p->c, &p->at, "the name of an argument has a-z, 0-9 and _");
		if (is_word_of_c(name))
			FAIL_AT(p->c, &p->at, "'%.*s' is a word of C, no name of an argument",
				SPAN_ARG(name));
		if (name.n == 0 || t == TYPE_BOOL || t == TYPE_LINK)
			FAIL_AT(p->c, &p->at,
				"an argument is {name} or {name:type}; %s cannot be said",
				name.n ? type_word(t) : "nothing");
		TRY(NEW(p->c, a));
		*a = (struct word_arg){ .name = name, .type = t };
		while (*end)
			end = &(*end)->next;
		*end = a;
	}
	if (memchr(text.p + r.at, '}', text.n - r.at))
		FAIL_AT(p->c, &p->at, "a brace that is no pair: {name} is an argument");
	return ERR_OK;
}

/* The rest of the line and the indented lines after it, as one text. */
static enum err read_text(struct scan *p, bool deep, struct span *out)
{
	struct buf b;

	buf_begin(&b, p->c, FILE_MAX);
	for (;;) {
		size_t from = p->i;

		while (p->i < p->s.n && p->s.p[p->i] != '\n')
			scan_skip(p, 1);
		from = from > p->i ? p->i : from;
		if (b.n)
			buf_byte(&b, ' ');
		buf_add(&b, span_trim(span_cut(p->s, from, p->i - from)));
		if (!scan_is(p, deep ? "\n\t\t" : "\n\t"))
			break;
		scan_skip(p, 1);
	}
	return buf_done(p->c, &b, out);
}

static enum err one_range(struct scan *p, const char *subject, struct buf *b)
{
	struct expr lo, hi;
	bool range;
	size_t n = 0;

	while (p->i + n < p->s.n && p->s.p[p->i + n] >= '0' && p->s.p[p->i + n] <= '9')
		n++;
	if (!span_to_i64(span_cut(p->s, p->i, n), &lo.number))
		FAIL_AT(p->c, &p->at, "no number here: n = 1, or n %% 10 = 2..4");
	scan_skip(p, n);
	range = scan_eat(p, "..");
	for (n = 0;
	     range && p->i + n < p->s.n && p->s.p[p->i + n] >= '0' && p->s.p[p->i + n] <= '9';)
		n++;
	if (range && !span_to_i64(span_cut(p->s, p->i, n), &hi.number))
		FAIL_AT(p->c, &p->at, "no number after '..'");
	scan_skip(p, range ? n : 0);
	if (!range)
		buf_fmt(b, "%s == %lld", subject, (long long)lo.number);
	else if (lo.number == 0)
		buf_fmt(b, "%s <= %lld", subject, (long long)hi.number);
	else
		buf_fmt(b, "(%s >= %lld && %s <= %lld)", subject, (long long)lo.number, subject,
			(long long)hi.number);
	return ERR_OK;
}

/* n, or n % 10; then = or !=, and numbers or ranges between commas. */
static enum err one_relation(struct scan *p, struct buf *b)
{
	char subject[32] = "n_";
	struct expr e;

	scan_space(p);
	TRY(scan_need(p, "n", "a rule is about n"));
	scan_space(p);
	if (scan_eat(p, "%")) {
		size_t n = 0;

		scan_space(p);
		while (p->i + n < p->s.n && p->s.p[p->i + n] >= '0' && p->s.p[p->i + n] <= '9')
			n++;
		if (!span_to_i64(span_cut(p->s, p->i, n), &e.number) || e.number < 1 ||
		    e.number > 1000000)
			FAIL_AT(p->c, &p->at, "no number after '%%'");
		scan_skip(p, n);
		snprintf(subject, sizeof subject, "n_ %% %lld", (long long)e.number);
		scan_space(p);
	}
	buf_str(b, scan_eat(p, "!") ? "!(" : "(");
	TRY(scan_need(p, "=", "a rule compares n: n = 1"));
	scan_space(p);
	TRY(one_range(p, subject, b));
	while (scan_eat(p, ",")) {
		scan_space(p);
		buf_str(b, " || ");
		TRY(one_range(p, subject, b));
	}
	buf_byte(b, ')');
	return ERR_OK;
}

/* The relations of CLDR: n % 10 = 2..4 and n % 100 != 12..14. */
static enum err read_rule(struct scan *p, struct span *out)
{
	struct span word;
	struct buf b;

	buf_begin(&b, p->c, 4096);
	buf_byte(&b, '(');
	TRY(one_relation(p, &b));
	while (p->i < p->s.n && p->s.p[p->i] == ' ') {
		scan_space(p);
		scan_name(p, &word);
		if (!span_is(word, "and") && !span_is(word, "or"))
			FAIL_AT(p->c, &p->at, "'and' or 'or' was expected between two rules");
		buf_str(&b, span_is(word, "and") ? " && " : ") || (");
		TRY(one_relation(p, &b));
	}
	buf_byte(&b, ')');
	return buf_done(p->c, &b, out);
}

static bool plural_of(struct span name, enum plural *out)
{
	for (size_t i = 0; i < PLURAL_COUNT; i++)
		if (span_is(name, plural_names[i]))
			return *out = (enum plural)i, true;
	return false;
}

static enum err read_plural_rule(struct scan *p, struct language *l)
{
	enum plural which;
	struct span name;

	scan_space(p);
	if (!scan_name(p, &name) || !plural_of(name, &which) || which == PLURAL_OTHER)
		FAIL_AT(p->c, &p->at,
			"plural zero, one, two, few or many; 'other' is what remains");
	TRY(scan_need(p, ":", "plural NAME: RULE"));
	return read_rule(p, &l->rules[which]);
}

/* by ARGUMENT = and a line for each form. */
static enum err read_forms(struct scan *p, const struct language *l, struct word *w)
{
	struct word_arg *by;
	enum plural which;
	struct span name;

	while (scan_eat(p, "\n\t")) {
		if (!scan_name(p, &name) || !plural_of(name, &which))
			FAIL_AT(p->c, &p->at, "no form here: zero, one, two, few, many or other");
		if (which != PLURAL_OTHER && !l->rules[which].n)
			FAIL_AT(p->c, &p->at,
				"this language has no form '%s': no line 'plural %s: ...'",
				plural_names[which], plural_names[which]);
		if (w->forms[which].n)
			FAIL_AT(p->c, &p->at, "form '%s' twice", plural_names[which]);
		TRY(scan_need(p, ":", "FORM: text"));
		TRY(read_text(p, true, &w->forms[which]));
		TRY(read_slots(p, w, w->forms[which]));
	}
	for (size_t i = 0; i < PLURAL_COUNT; i++)
		if (!w->forms[i].n && (i == PLURAL_OTHER || l->rules[i].n))
			FAIL_AT(p->c, &w->at, "'%.*s' lacks the form '%s'", SPAN_ARG(w->id),
				plural_names[i]);
	by = arg_find(w, w->by);
	if (!by || by->type != TYPE_INT)
		FAIL_AT(p->c, &w->at, "'%.*s' by %.*s: no form has {%.*s:int}", SPAN_ARG(w->id),
			SPAN_ARG(w->by), SPAN_ARG(w->by));
	return ERR_OK;
}

static enum err read_word(struct scan *p, struct language *l)
{
	struct word *w, **end = &l->words;
	struct span by;

	TRY(NEW(p->c, w));
	w->at = p->at;
	if (!scan_name(p, &w->id))
		FAIL_AT(p->c, &p->at, "no word here: id = text");
	for (; *end; end = &(*end)->next)
		if (span_eq((*end)->id, w->id))
			FAIL_AT(p->c, &w->at, "'%.*s' is there already, at %s:%u", SPAN_ARG(w->id),
				(*end)->at.file, (*end)->at.line);
	scan_space(p);
	if (scan_name(p, &by)) {
		scan_space(p);
		if (!span_is(by, "by") || !scan_name(p, &w->by))
			FAIL_AT(p->c, &p->at,
				"'%.*s' after the id: 'by ARGUMENT' or '=' was expected",
				SPAN_ARG(by));
		scan_space(p);
	}
	*end = w;
	TRY(scan_need(p, "=", "id = text"));
	if (w->by.n)
		return read_forms(p, l, w);
	TRY(read_text(p, false, &w->forms[PLURAL_OTHER]));
	if (!w->forms[PLURAL_OTHER].n)
		FAIL_AT(p->c, &w->at, "'%.*s' has no text", SPAN_ARG(w->id));
	return read_slots(p, w, w->forms[PLURAL_OTHER]);
}

static enum err read_line(struct scan *p, struct language *l)
{
	struct scan at = *p;
	struct span word;

	scan_name(&at, &word);
	if (!span_is(word, "language") && !span_is(word, "plural"))
		return read_word(p, l);
	scan_space(&at);
	if (scan_is(&at, "="))
		FAIL_AT(p->c, &p->at, "'%.*s' is no id of a word: it begins a line of its own kind",
			SPAN_ARG(word));
	*p = at;
	return span_is(word, "plural") ? read_plural_rule(p, l) : read_text(p, false, &l->name);
}

static enum err language_of(struct site *s, const char *path, struct language **out)
{
	const char *slash = strrchr(path, '/');
	struct span name = span_str(slash ? slash + 1 : path);
	struct place at = { .file = path, .line = 1, .column = 1 };
	struct language **end = &s->languages;

	name = span_cut(name, 0, name.n > 4 ? name.n - 4 : 0);
	if (name.n != 2 || name.p[0] < 'a' || name.p[0] > 'z' || name.p[1] < 'a' || name.p[1] > 'z')
		FAIL_AT(s->c, &at, "the name of this file: two letters of the language, then .txt");
	for (; *end; end = &(*end)->next) {
		*out = *end;
		if (span_eq((*end)->code, name))
			return ERR_OK;
	}
	TRY(NEW(s->c, *out));
	**out = (struct language){ .code = name, .at = at };
	*end = *out;
	return ERR_OK;
}

enum err words_read(struct site *s, const char *path)
{
	struct scan p = { .site = s, .c = s->c, .at = { .file = path, .line = 1, .column = 1 } };
	struct language *l = NULL;

	TRY(language_of(s, path, &l));
	TRY(file_read(s->c, path, FILE_MAX, &p.s));
	if (!span_is_utf8(p.s))
		FAIL_AT(s->c, &p.at, "this file is not UTF-8");
	while (p.i < p.s.n) {
		unsigned char x = p.s.p[p.i];

		if (x == '#')
			while (p.i < p.s.n && p.s.p[p.i] != '\n')
				scan_skip(&p, 1);
		else if (x != '\n')
			TRY(read_line(&p, l));
		if (p.i < p.s.n)
			TRY(scan_need(&p, "\n", "the line ends here"));
	}
	return ERR_OK;
}

static enum err compare(struct site *s, const struct language *l, const struct word *w)
{
	const struct word *o = word_find(l, w->id);

	if (!o)
		FAIL_AT(s->c, &l->at, "this language lacks the word '%.*s' of %s:%u",
			SPAN_ARG(w->id), w->at.file, w->at.line);
	if (!span_eq(o->by, w->by))
		FAIL_AT(s->c, &o->at, "'%.*s' takes its form from another argument than in %s:%u",
			SPAN_ARG(w->id), w->at.file, w->at.line);
	for (const struct word_arg *a = w->args; a; a = a->next) {
		const struct word_arg *b = arg_find(o, a->name);

		if (!b || b->type != a->type)
			FAIL_AT(s->c, &o->at,
				"'%.*s' has no argument {%.*s:%s}, as it has in %s:%u",
				SPAN_ARG(w->id), SPAN_ARG(a->name), type_word(a->type), w->at.file,
				w->at.line);
	}
	return ERR_OK;
}

enum err words_check(struct site *s)
{
	for (struct language *l = s->languages; l; l = l->next) {
		if (!l->name.n)
			FAIL_AT(s->c, &l->at,
				"no line 'language NAME', as its own people write it");
		for (const struct word *w = s->languages->words; w; w = w->next)
			TRY(compare(s, l, w));
		for (const struct word *w = l->words; w; w = w->next)
			TRY(compare(s, s->languages, w));
	}
	return ERR_OK;
}

enum err words_mentioned(struct site *s)
{
	const struct mention *worst = NULL;

	for (const struct mention *m = s->mentions; m; m = m->next) {
		struct word *w = word_find(s->languages, m->id);

		if (w)
			w->used = true;
		else
			worst = m;      /* the list goes backwards: the first one is told */
	}
	if (worst)
		FAIL_AT(s->c, &worst->at, "unknown word '@%.*s': it stands in no catalogue",
			SPAN_ARG(worst->id));
	return ERR_OK;
}

enum err words_used(struct site *s)
{
	for (const struct word *w = s->languages ? s->languages->words : NULL; w; w = w->next)
		if (!w->used)
			FAIL_AT(s->c, &w->at, "nobody uses the word '%.*s'", SPAN_ARG(w->id));
	return ERR_OK;
}

/* word_ID and put_word_ID in C are uses; an id that is not there the C compiler finds. */
enum err words_scan(struct site *s, const char *path)
{
	struct span text, rest, id;

	TRY(file_read(s->c, path, FILE_MAX, &text));
	rest = text;
	while (rest.n) {
		const unsigned char *at = memmem(rest.p, rest.n, "word_", 5);
		struct word *w;
		size_t n = 0;

		if (!at)
			return ERR_OK;
		rest = span_of(at + 5, rest.n - (size_t)(at + 5 - rest.p));
		while (n < rest.n && (rest.p[n] == '_' || (rest.p[n] >= '0' && rest.p[n] <= '9') ||
				      (rest.p[n] >= 'a' && rest.p[n] <= 'z')))
			n++;
		id = span_cut(rest, 0, n);
		w = word_find(s->languages, id);
		if (w)
			w->used = true;
		rest = span_cut(rest, n, rest.n);
	}
	return ERR_OK;
}

static void emit_upper(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_byte(b, s.p[i] >= 'a' && s.p[i] <= 'z' ? (unsigned char)(s.p[i] - 32) : s.p[i]);
}

static void emit_params(struct buf *b, const struct word *w)
{
	for (const struct word_arg *a = w->args; a; a = a->next)
		buf_fmt(b, ", %s %.*s", type_c(a->type), SPAN_ARG(a->name));
}

static void emit_heads(struct buf *b, const struct word *w, const char *end)
{
	buf_fmt(b, "void put_word_%.*s(struct page_out *o_, enum html_place place_",
		SPAN_ARG(w->id));
	emit_params(b, w);
	buf_fmt(b, ")%s", end);
}

static void emit_maker(struct buf *b, const struct word *w, const char *end)
{
	buf_fmt(b, "enum err word_%.*s(struct ctx *c_, const struct page_base *base_",
		SPAN_ARG(w->id));
	emit_params(b, w);
	buf_fmt(b, ", struct span *out_)%s", end);
}

enum err words_emit_h(struct site *s, struct buf *b)
{
	buf_str(b, "/* Made by tools/page from the catalogue of words. SPDX-License-Identifier: "
		   "Apache-2.0 */\n"
		   "#ifndef WEB_WORDS_H\n#define WEB_WORDS_H\n\n#include \"format/html.h\"\n\n"
		   "struct page_base;\nstruct page_out;\n\nenum words_language {\n");
	for (const struct language *l = s->languages; l; l = l->next) {
		buf_str(b, "\tWORDS_");
		emit_upper(b, l->code);
		buf_str(b, ",\n");
	}
	buf_str(b, "\tWORDS_LANGUAGES\n};\n\n"
		   "/* Two letters, and the name of a language in itself. */\n"
		   "extern const struct words_language_row {\n\tconst char *code, *name;\n"
		   "} words_languages[WORDS_LANGUAGES];\n\n");
	for (const struct word *w = s->languages->words; w; w = w->next) {
		if (!w->args) {
			buf_fmt(b, "struct span word_%.*s(const struct page_base *base);\n",
				SPAN_ARG(w->id));
			continue;
		}
		emit_heads(b, w, ";\n");
		emit_maker(b, w, " MUST_USE;\n");
	}
	buf_str(b, "\n#endif\n");
	return ERR_OK;
}

static void emit_piece(struct buf *b, struct span text, const char *tabs)
{
	if (!text.n)
		return;
	buf_fmt(b, "%spage_text(o_, place_, SPAN(", tabs);
	emit_string(b, text);
	buf_str(b, "));\n");
}

/* One form: its pieces and arguments in their order. */
static void emit_form(struct buf *b, const struct word *w, struct span text, const char *tabs)
{
	struct span before, slot, name, type, rest = text;

	while (span_split(rest, '{', &before, &rest) && span_split(rest, '}', &slot, &rest)) {
		const struct word_arg *a;

		emit_piece(b, before, tabs);
		name = slot;
		span_split(slot, ':', &name, &type);
		a = arg_find(w, name);
		buf_fmt(b, "%spage_%s(o_, place_, %.*s);\n", tabs,
			type_word(a ? a->type : TYPE_TEXT), SPAN_ARG(name));
	}
	emit_piece(b, rest, tabs);
}

static void emit_language(struct buf *b, const struct language *l, const struct word *w)
{
	buf_str(b, "\tcase WORDS_");
	emit_upper(b, l->code);
	buf_str(b, ":\n");
	for (size_t i = 0; i < PLURAL_OTHER; i++) {
		if (!w->forms[i].n)
			continue;
		buf_fmt(b, "\t\tif (%.*s) {\n", SPAN_ARG(l->rules[i]));
		emit_form(b, w, w->forms[i], "\t\t\t");
		buf_str(b, "\t\t\tbreak;\n\t\t}\n");
	}
	emit_form(b, w, w->forms[PLURAL_OTHER], "\t\t");
	buf_str(b, "\t\tbreak;\n");
}

static void emit_plain(struct site *s, struct buf *b, const struct word *first)
{
	buf_fmt(b, "struct span word_%.*s(const struct page_base *base_)\n{\n"
		   "\tstatic const struct span text[WORDS_LANGUAGES] = {\n", SPAN_ARG(first->id));
	for (const struct language *l = s->languages; l; l = l->next) {
		const struct word *w = word_find(l, first->id);
		struct span text = w ? w->forms[PLURAL_OTHER] : SPAN_NONE;

		buf_str(b, "\t\t{ (const unsigned char *)");
		emit_string(b, text);
		buf_fmt(b, ", %zu },\n", text.n);
	}
	buf_str(b, "\t};\n\n\treturn text[base_->language];\n}\n\n");
}

static void emit_with_args(struct site *s, struct buf *b, const struct word *w)
{
	emit_heads(b, w, "\n{\n");
	if (w->by.n)
		buf_fmt(b,
			"\tconst uint64_t n_ = %.*s < 0 ? 0 - (uint64_t)%.*s : (uint64_t)%.*s;\n\n"
			"\t(void)n_;\n",
			SPAN_ARG(w->by), SPAN_ARG(w->by), SPAN_ARG(w->by));
	buf_str(b, "\tswitch (o_->base->language) {\n");
	for (const struct language *l = s->languages; l; l = l->next)
		if (word_find(l, w->id))
			emit_language(b, l, word_find(l, w->id));
	buf_str(b, "\tcase WORDS_LANGUAGES:\n\t\tbreak;\n\t}\n}\n\n");
	emit_maker(b, w, "\n{\n");
	buf_fmt(b,
		"\tstruct buf b_;\n\tstruct page_out o_ = { .b = &b_, .base = base_ };\n\n"
		"\tbuf_begin(&b_, c_, PAGE_WORDS_MAX);\n\tput_word_%.*s(&o_, HTML_PLAIN",
		SPAN_ARG(w->id));
	for (const struct word_arg *a = w->args; a; a = a->next)
		buf_fmt(b, ", %.*s", SPAN_ARG(a->name));
	buf_str(b, ");\n\treturn buf_done(c_, &b_, out_);\n}\n\n");
}

enum err words_emit_c(struct site *s, struct buf *b)
{
	buf_str(b, "/* Made by tools/page from the catalogue of words. SPDX-License-Identifier: "
		   "Apache-2.0 */\n"
		   "#include \"web/page.h\"\n\n"
		   "const struct words_language_row words_languages[WORDS_LANGUAGES] = {\n");
	for (const struct language *l = s->languages; l; l = l->next) {
		buf_str(b, "\t{ ");
		emit_string(b, l->code);
		buf_str(b, ", ");
		emit_string(b, l->name);
		buf_str(b, " },\n");
	}
	buf_str(b, "};\n\n");
	for (const struct word *w = s->languages->words; w; w = w->next) {
		if (w->args)
			emit_with_args(s, b, w);
		else
			emit_plain(s, b, w);
	}
	return ERR_OK;
}
