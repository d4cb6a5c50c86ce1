/*
 * The compiler of pages: what its files share. scan.c and read.c make trees of templates, words.c
 * reads the catalogue, expand.c (with resolve.c and decide.c) puts parts into pages and gives each
 * slot its type, check.c (with html.c, ids.c, address.c) knows HTML and gives each slot its place,
 * emit.c writes C. It refuses whatever it does not know, with the place, what, and why.
 * src/web/page/README.md is the language. SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/buf.h"

#define DEPTH_MAX 64u           /* elements and statements within each other */
#define INCLUDE_MAX 16u         /* parts within each other */
#define FILE_MAX ((size_t)1 << 20)
#define OUT_MAX ((size_t)64 << 20)
#define ARGS_MAX 24u

/* Where something stands; through: where the part that holds it was put into the page. */
struct place {
	const char *file;
	unsigned line, column;
	const struct place *through;
};

enum type {
#define X(name, word, c_type, words) TYPE_##name,
#include "type.def"
#undef X
	TYPE_SHAPE, TYPE_LIST, TYPE_COUNT
};

struct shape;
struct node;

struct expr {
	enum { EXPR_PATH, EXPR_NODES, EXPR_INT, EXPR_BOOL, EXPR_WORD } kind;
	struct place at;
	struct span text;               /* the path as written; the id of a word */
	int64_t number;                 /* EXPR_INT, EXPR_BOOL */
	struct node *nodes;             /* EXPR_NODES: a string, perhaps with slots */
	struct arg *args;               /* EXPR_WORD */
};

struct arg {
	struct span name;
	struct expr *value;
	struct place at;
	struct arg *next;
};

struct cond {
	enum { COND_TRUE, COND_NOT, COND_AND, COND_OR, COND_EQ, COND_NE, COND_LT, COND_GT } kind;
	struct place at;
	struct expr *a, *b;
	struct cond *l, *r;
};

/* A slot of a shape, a page or a part. */
struct slot {
	struct span name, type_name;
	enum type type;
	struct shape *shape;            /* of TYPE_SHAPE and TYPE_LIST */
	bool is_list, used;
	struct expr *otherwise;         /* of a part: what it is where nobody says */
	struct place at;
	struct slot *next;
};

enum shape_kind { SHAPE_SHAPE, SHAPE_PART, SHAPE_PAGE };

struct shape {
	enum shape_kind kind;
	struct span name;
	struct slot *slots;
	struct node *nodes;             /* of a part or a page */
	bool has_body, used;
	unsigned state;                 /* while ordering structs */
	struct place at;
	struct shape *next;
};

/* What a name stands for in the expanded page. */
struct value {
	enum { VALUE_C, VALUE_NODES, VALUE_INT, VALUE_BOOL } kind;
	enum type type;                 /* of VALUE_C */
	struct shape *shape;
	struct span c;                  /* C expression */
	bool arrow;                     /* its members follow "->" */
	uint64_t loops;                 /* the {% each %} on which it depends, one bit each */
	int64_t number;
	struct node *nodes;             /* VALUE_NODES: expanded */
};

struct word;

struct word_use {
	struct word *word;
	struct value *args;             /* in the order of the word's own arguments */
};

enum node_kind {
	NODE_TEXT, NODE_SLOT, NODE_ELEMENT, NODE_ATTR, NODE_IF, NODE_EACH, NODE_INCLUDE, NODE_BODY,
	NODE_DOCTYPE
};

struct node {
	enum node_kind kind;
	struct place at;
	struct node *next;
	struct span name;               /* element, attribute, part, variable of an each */
	struct span text;               /* of NODE_TEXT, as it is to be read, not escaped */
	struct span index;              /* of an each: the name of its number */
	struct node *nodes, *otherwise; /* children; else */
	struct node *attrs;             /* of an element: attributes, and ifs around them */
	bool has_value;                 /* of an attribute */
	struct expr *expr;              /* slot, each */
	struct cond *cond;              /* if; of a boolean attribute */
	struct arg *args;               /* of an include */
	bool wraps;                     /* {% wrap %} */
	/* After expand.c: */
	bool expanded;
	struct value value;             /* slot, each */
	struct word_use *word;          /* slot */
	struct span c;                  /* condition in C */
	unsigned loop;                  /* number of an each */
	const char *where;              /* the place of a slot, set by check.c */
};

enum plural { PLURAL_ZERO, PLURAL_ONE, PLURAL_TWO, PLURAL_FEW, PLURAL_MANY, PLURAL_OTHER, PLURAL_COUNT };
extern const char *const plural_names[PLURAL_COUNT];

struct word_arg {
	struct span name;
	enum type type;
	struct word_arg *next;
};

struct word {
	struct span id, by;             /* by: the number that decides the form */
	struct word_arg *args;
	struct span forms[PLURAL_COUNT];
	bool used;
	struct place at;
	struct word *next;
};

struct language {
	struct span code, name;
	struct span rules[PLURAL_COUNT];        /* C condition on n */
	struct place at;
	struct word *words;
	struct language *next;
};

struct mention {
	struct span id;
	struct place at;
	struct mention *next;
};

struct site {
	struct ctx *c;
	struct shape *shapes;           /* shapes, parts and pages, in order of reading */
	struct language *languages;     /* the first is what the others are compared with */
	unsigned loops;                 /* of the page that is made */
	struct mention *mentions;       /* @id in templates */
};

/* Errors: "file:line:column: what: why". */
enum err fail_at(struct ctx *c, const struct place *at, const char *fmt, ...) MUST_USE PRINTF(3, 4);
#define FAIL_AT(c, at, ...) return fail_at((c), (at), __VA_ARGS__)

/* type.c */
const char *type_word(enum type t);
const char *type_c(enum type t);
bool type_of_word(struct span name, enum type *out);
bool is_word_of_c(struct span name);    /* or of the templates */
void emit_string(struct buf *b, struct span s); /* a C string literal */

/* scan.c: characters, words and expressions */
struct scan {
	struct site *site;
	struct ctx *c;
	struct place at;
	struct span s;
	size_t i;
	unsigned depth;
};
bool scan_is(const struct scan *p, const char *z);
bool scan_eat(struct scan *p, const char *z);
void scan_skip(struct scan *p, size_t n);
void scan_space(struct scan *p);
bool scan_name(struct scan *p, struct span *out);
enum err scan_need(struct scan *p, const char *z, const char *why) MUST_USE;
enum err scan_expr(struct scan *p, struct expr **out) MUST_USE;
enum err scan_cond(struct scan *p, struct cond **out) MUST_USE;
enum err scan_args(struct scan *p, const char *until, struct arg **out) MUST_USE;

/* read.c */
enum read_mode { READ_CONTENT, READ_ATTRS, READ_VALUE };
enum err read_list(struct scan *p, enum read_mode mode, struct node **out) MUST_USE;
enum err read_file(struct site *s, const char *path) MUST_USE;

/* words.c */
enum err words_read(struct site *s, const char *path) MUST_USE;
enum err words_check(struct site *s) MUST_USE;          /* languages against each other */
enum err words_mentioned(struct site *s) MUST_USE;      /* by templates: unknown ones are an error */
enum err words_used(struct site *s) MUST_USE;           /* unused ones are an error */
enum err words_scan(struct site *s, const char *path) MUST_USE; /* word_ID in a C file */
struct word *word_find(const struct language *l, struct span id);
enum err words_emit_h(struct site *s, struct buf *b) MUST_USE;
enum err words_emit_c(struct site *s, struct buf *b) MUST_USE;

/* expand.c */
struct shape *shape_find(const struct site *s, enum shape_kind kind, struct span name);
enum err shapes_resolve(struct site *s) MUST_USE;
enum err page_expand(struct site *s, struct shape *page, struct node **out) MUST_USE;
enum err page_check_slots(struct site *s) MUST_USE;
bool node_is_empty(const struct node *n);

/* check.c */
enum err page_check(struct site *s, struct node *nodes) MUST_USE;
enum attr_kind {
#define X(name, words) ATTR_##name,
#include "attr_kind.def"
#undef X
};
bool element_is_void(struct span name);
bool element_keeps_space(struct span name);
bool attr_kind_of(struct span element, struct span attr, enum attr_kind *out, const char **values);
struct node *attr_find(const struct node *element, const char *name);

/* emit.c */
enum err pages_emit_h(struct site *s, struct buf *b) MUST_USE;
enum err page_emit_c(struct site *s, const struct shape *page, const struct node *nodes,
		     struct buf *b) MUST_USE;

/* fill.c */
void pages_emit_fill(struct site *s, struct buf *b);

#endif
