/*
 * Our JSON: canonical (RFC 8785) in the part where nothing is hard. Keys [a-z0-9_], integers
 * below 2^53, text valid UTF-8, at most 32 deep; anything else is refused on writing and on
 * reading. Values live in the arena of the context. Parsing by jansson, writing by ourselves.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/span.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json {
	enum json_type type;
	bool b;
	int64_t i;
	struct span s;
	struct json *first, *last;      /* members or items, in order of insertion */
	struct json *next;
	struct span key;                /* of a member */
	unsigned line;                  /* where it stood in a YAML file, else 0 */
	bool held;                      /* it hangs in a parent already */
};

/* Reads any JSON of our kind (white space and member order are free). */
enum err json_parse(struct ctx *c, struct span text, struct json **out) MUST_USE;
/* The same with any key, for what others define (clientDataJSON); such a value is only read, never
 * written. A key that stands twice is refused as everywhere. */
enum err json_parse_any_keys(struct ctx *c, struct span text, struct json **out) MUST_USE;
/* Reads and demands that text is byte for byte its own canonical form. */
enum err json_parse_canonical(struct ctx *c, struct span text, struct json **out) MUST_USE;
/* The canonical form: members sorted, no white space. */
enum err json_write(struct ctx *c, const struct json *j, size_t max_bytes, struct span *out)
	MUST_USE;
/* The same for people: indented by two, members in order of insertion. */
enum err json_write_pretty(struct ctx *c, const struct json *j, size_t max_bytes, struct span *out)
	MUST_USE;
/* One text, quoted and escaped as RFC 8785 says, for writers of long line files. */
void json_put_text(struct buf *b, struct span s);

/* Building. The text of spans is not copied: it must live as long as the value. The adders never
 * fail by themselves; a lack of memory leaves ERR_NOMEM in c and json_write reports it. A key that
 * is set again replaces its value; a value that hangs somewhere already is shared, not moved. */
struct json *json_object(struct ctx *c) __asm__("writ_json_object");    /* jansson has one too */
struct json *json_list(struct ctx *c);
struct json *json_text(struct ctx *c, struct span s);
struct json *json_int(struct ctx *c, int64_t i);
void json_set(struct ctx *c, struct json *object, const char *key,
	      struct json *value); /* NULL value = null */
void json_set_text(struct ctx *c, struct json *object, const char *key, struct span s);
void json_set_str(struct ctx *c, struct json *object, const char *key,
		  const char *z); /* NULL = null */
void json_set_int(struct ctx *c, struct json *object, const char *key, int64_t i);
void json_set_bool(struct ctx *c, struct json *object, const char *key, bool b);
void json_drop(struct json *object, struct span key);   /* the member, if there is one */
void json_add(struct ctx *c, struct json *list, struct json *value);

/* Reading. json_get gives NULL for a missing member; the others fail with ERR_FORMAT and name
 * the member. json_opt_* give the fallback for a missing or null member. */
const struct json *json_get(const struct json *object, const char *key);
enum err json_need_text(struct ctx *c, const struct json *o, const char *key, struct span *out)
	MUST_USE;
enum err json_need_int(struct ctx *c, const struct json *o, const char *key, int64_t *out) MUST_USE;
enum err json_need_bool(struct ctx *c, const struct json *o, const char *key, bool *out) MUST_USE;
enum err json_need_list(struct ctx *c, const struct json *o, const char *key,
			const struct json **out) MUST_USE;
enum err json_need_object(struct ctx *c, const struct json *o, const char *key,
			  const struct json **out) MUST_USE;
/* A text that is n bytes in lower-case hex. */
enum err json_need_hex(struct ctx *c, const struct json *o, const char *key, unsigned char *out,
		       size_t n) MUST_USE;
struct span json_opt_text(const struct json *o, const char *key, struct span fallback);
int64_t json_opt_int(const struct json *o, const char *key, int64_t fallback);
size_t json_count(const struct json *list);
bool json_has_text(const struct json *list, struct span text);  /* as an item of its own */
/* The item of a list of objects whose member id that is; NULL where none is. */
const struct json *json_with_id(const struct json *list, struct span id);
/* Fails if the object has a member that is not in the space-separated list "a b c". */
enum err json_only(struct ctx *c, const struct json *o, const char *keys) MUST_USE;
bool json_equal(const struct json *a, const struct json *b) __asm__("writ_json_equal");
/* A deep copy into c's arena (for values of another context). */
enum err json_clone(struct ctx *c, const struct json *j, struct json **out) MUST_USE;

/* The lines of a document that was read from YAML, as a list of numbers beside its canonical form
 * (both made in c), and back onto that form. */
enum err json_lines_of(struct ctx *c, const struct json *doc, size_t max_bytes,
		       struct json **doc_out, struct json **lines_out) MUST_USE;
enum err json_lines_set(struct ctx *c, struct json *doc, const struct json *lines) MUST_USE;

/* Walks members or items: JSON_EACH(item, list) { ... } */
#define JSON_EACH(item, parent)                                                                    \
	for (const struct json *item = (parent) ? (parent)->first : NULL; item; item = item->next)

#endif
