/*
 * Reading JSON: jansson parses, we take over what is of our kind and refuse the rest. All that
 * jansson allocates comes from an arena of its own with a hard total, dropped before we return.
 * SPDX-License-Identifier: Apache-2.0
 */
/* jansson and json.h have words in common; its header is read with its words changed. */
#define json_type jansson_type
#define json_object jansson_object
#define json_equal jansson_equal
#define JSON_NULL JANSSON_NULL
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>
#undef json_type
#undef json_object
#undef json_equal
#undef JSON_NULL
#undef JSON_OBJECT

#include "format/json.h"
#include "format/json_part.h"

/* An empty object costs jansson about 210 bytes for 3 bytes of text, the worst there is. */
#define SCRATCH_PER_BYTE 128u
#define SCRATCH_BASE ((size_t)64 << 10)

static _Thread_local struct arena *scratch;
static _Thread_local bool scratch_full;

static void *scratch_take(size_t n)
{
	void *p = scratch ? arena_take(scratch, n) : NULL;

	if (!p)
		scratch_full = true;
	return p;
}

static void scratch_leave(void *p)
{
	(void)p;
}

/* What jansson allocates from, as long as a variable of this kind lives. */
struct loan {
	struct arena *arena;
	json_malloc_t take_before;
	json_free_t leave_before;
};

static void loan_end(struct loan *l)
{
	if (!l->arena)
		return;
	json_set_alloc_funcs(l->take_before, l->leave_before);
	scratch = NULL;
	arena_close(l->arena);
}

static enum err loan_begin(struct ctx *c, struct loan *l, size_t text_bytes)
{
	size_t room;

	if (!size_mul(text_bytes, SCRATCH_PER_BYTE, &room) || !size_add(room, SCRATCH_BASE, &room))
		FAIL(c, ERR_LIMIT, "%zu bytes are too many for one document", text_bytes);
	l->arena = arena_open(room);
	if (!l->arena)
		FAIL(c, ERR_NOMEM, "no memory for reading JSON");
	json_get_alloc_funcs(&l->take_before, &l->leave_before);
	json_set_alloc_funcs(scratch_take, scratch_leave);
	scratch = l->arena;
	scratch_full = false;
	return ERR_OK;
}

/* jansson would open /dev/urandom by itself, which a caged process cannot. */
static enum err seed_hashes(struct ctx *c)
{
	static bool done;
	size_t seed;

	if (done)
		return ERR_OK;
	if (c->seam->random(&seed, sizeof seed) != 0)
		FAIL(c, ERR_IO, "no randomness for reading JSON");
	json_object_seed(seed | 1);
	done = true;
	return ERR_OK;
}

/* What is taken over: our kind of keys alone, or whatever keys a browser chose. */
enum keys { KEYS_OURS, KEYS_ANY };

static enum err take_over(struct ctx *c, json_t *from, enum keys keys, unsigned depth,
			  struct json **out);

static enum err take_list(struct ctx *c, json_t *from, enum keys keys, unsigned depth,
			  struct json *list)
{
	for (size_t i = 0; i < json_array_size(from); i++) {
		struct json *j;

		TRY(take_over(c, json_array_get(from, i), keys, depth + 1, &j));
		json_append(list, j);
	}
	return ERR_OK;
}

static enum err take_object(struct ctx *c, json_t *from, enum keys keys, unsigned depth,
			    struct json *object)
{
	for (void *at = json_object_iter(from); at; at = json_object_iter_next(from, at)) {
		struct span key = span_of(json_object_iter_key(at), json_object_iter_key_len(at));
		struct json *j;

		if (keys == KEYS_OURS && !json_key_ok(key))
			FAIL(c, ERR_FORMAT, "a key has characters other than a-z, 0-9 and _");
		TRY(take_over(c, json_object_iter_value(at), keys, depth + 1, &j));
		TRY(span_copy(c, key, &j->key));
		json_append(object, j);
	}
	return ERR_OK;
}

static enum err take_over(struct ctx *c, json_t *from, enum keys keys, unsigned depth,
			  struct json **out)
{
	struct json *j;

	TRY(NEW(c, j));
	*out = j;
	if ((json_is_array(from) || json_typeof(from) == JANSSON_OBJECT) && depth >= JSON_DEPTH_MAX)
		FAIL(c, ERR_FORMAT, "more than %u deep", JSON_DEPTH_MAX);
	switch (json_typeof(from)) {
	case JANSSON_NULL:
		j->type = JSON_NULL;
		return ERR_OK;
	case JSON_TRUE:
	case JSON_FALSE:
		j->type = JSON_BOOL;
		j->b = json_is_true(from);
		return ERR_OK;
	case JSON_INTEGER:
		j->type = JSON_INT;
		j->i = json_integer_value(from);
		if (!json_int_ok(j->i))
			FAIL(c, ERR_FORMAT, "a number is 2^53 or more");
		return ERR_OK;
	case JSON_REAL:
		FAIL(c, ERR_FORMAT, "a number is not written as a whole number");
	case JSON_STRING:
		j->type = JSON_TEXT;
		return span_copy(c, span_of(json_string_value(from), json_string_length(from)),
				 &j->s);
	case JSON_ARRAY:
		j->type = JSON_LIST;
		return take_list(c, from, keys, depth, j);
	case JANSSON_OBJECT:
		j->type = JSON_OBJECT;
		return take_object(c, from, keys, depth, j);
	}
	FAIL(c, ERR_FORMAT, "a value of no known type");
}

/* jansson's words end in "near '...'", a piece of the document: no matter for messages. */
static enum err refuse(struct ctx *c, const json_error_t *error)
{
	struct span words = span_str(error->text), head, tail;

	if (scratch_full)
		FAIL(c, ERR_NOMEM, "no memory for reading JSON");
	if (span_split(words, '\'', &head, &tail))
		words = span_trim(head);
	if (span_ends(words, " near"))
		words.n -= 5;
	FAIL(c, ERR_FORMAT, "line %d, column %d: %.*s", error->line, error->column,
	     SPAN_ARG(words));
}

static enum err parse(struct ctx *c, struct span text, enum keys keys, struct json **out)
{
	__attribute__((cleanup(loan_end))) struct loan loan = { .arena = NULL };
	json_error_t error = { .line = 0 };
	json_t *root;

	*out = NULL;
	/* jansson takes a NUL between values for the end of the document. */
	if (text.n && memchr(text.p, 0, text.n))
		FAIL(c, ERR_FORMAT, "a NUL byte stands in this JSON");
	TRY(seed_hashes(c));
	TRY(loan_begin(c, &loan, text.n));
	root = json_loadb(text.n ? (const char *)text.p : "", text.n,
			  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!root)
		return refuse(c, &error);
	return take_over(c, root, keys, 0, out);
}

enum err json_parse(struct ctx *c, struct span text, struct json **out)
{
	return parse(c, text, KEYS_OURS, out);
}

enum err json_parse_any_keys(struct ctx *c, struct span text, struct json **out)
{
	return parse(c, text, KEYS_ANY, out);
}

enum err json_parse_canonical(struct ctx *c, struct span text, struct json **out)
{
	struct span again;

	TRY(json_parse(c, text, out));
	TRY(json_write(c, *out, text.n + 64, &again));
	if (!span_eq(again, text))
		FAIL(c, ERR_FORMAT, "this JSON is not in its canonical form (RFC 8785)");
	return ERR_OK;
}
