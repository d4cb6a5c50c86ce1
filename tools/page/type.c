/*
 * Types of slots, and texts as C strings.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

static const struct {
	const char *word, *c_type;
} types[] = {
#define X(name, word, c_type, words) { word, c_type },
#include "type.def"
#undef X
};

const char *type_word(enum type t)
{
	return t == TYPE_SHAPE ? "shape" : t == TYPE_LIST ? "list" : types[t].word;
}

const char *type_c(enum type t)
{
	return types[t].c_type;
}

bool type_of_word(struct span name, enum type *out)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!span_is(name, types[i].word))
			continue;
		*out = (enum type)i;
		return true;
	}
	return false;
}

bool is_word_of_c(struct span name)
{
	static const char *const words[] = {
		"auto",     "bool",     "break",  "case",    "char",   "const",    "continue",
		"default",  "do",       "double", "else",    "enum",   "extern",   "false",
		"float",    "for",      "goto",   "if",      "inline", "int",      "long",
		"register", "restrict", "return", "short",   "signed", "sizeof",   "static",
		"struct",   "switch",   "true",   "typedef", "union",  "unsigned", "void",
		"volatile", "while",    "and",    "or",      "not",    "in",
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_is(name, words[i]))
			return true;
	return false;
}

void emit_string(struct buf *b, struct span s)
{
	size_t column = 0;

	buf_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];

		if (x == '\n')
			buf_str(b, "\\n");
		else if (x == '\t')
			buf_str(b, "\\t");
		else if (x == '"' || x == '\\')
			buf_fmt(b, "\\%c", x);
		else if (x < 0x20 || x >= 0x7f || x == '?')
			buf_fmt(b, "\\%03o", x);
		else
			buf_byte(b, x);
		if (++column >= 80 && i + 1 < s.n) {
			buf_str(b, "\"\n\t\t\"");
			column = 0;
		}
	}
	buf_byte(b, '"');
}
