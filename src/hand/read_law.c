/*
 * What the law engine reads, as documents from outside: FACTS, the provider's profile, rule packs.
 * Their form only; the words of a pack are src/law's to know.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/facts.h"
#include "format/yaml.h"
#include "hand/read.h"

#define PACK_JSON_MAX ((size_t)4 << 20)

enum err read_facts(struct ctx *c, const char *name, struct span text, struct json **out)
{
	TRY(yaml_parse(c, name, text, out));
	return facts_check(c, name, *out, FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_REQUIRED);
}

enum err read_provider(struct ctx *c, const char *name, struct span text, struct json **out)
{
	const struct json *version;
	struct json *doc, *copy;
	char *key;

	TRY(yaml_parse(c, name, text, &doc));
	version = doc->type == JSON_OBJECT ? json_get(doc, "provider_version") : NULL;
	if (!version || version->type != JSON_TEXT || !span_is(version->s, "1"))
		FAIL(c, ERR_FORMAT, "%s: it lacks 'provider_version: 1'", name);
	*out = json_object(c);
	(*out)->line = doc->line;
	JSON_EACH(member, doc) {
		if (member == version)
			continue;
		TRY(json_clone(c, member, &copy));
		TRY(span_cstr(c, member->key, &key));
		json_set(c, *out, key, copy);
	}
	return facts_check_provider(c, name, *out);
}

static enum err read_pack(struct ctx *c, struct span name, struct span text, struct json *list)
{
	struct json *one = json_object(c), *doc, *canonical, *lines;
	char *z;

	TRY(span_cstr(c, name, &z));
	TRY(read_yaml(c, z, text, &doc));
	TRY(json_lines_of(c, doc, PACK_JSON_MAX, &canonical, &lines));
	json_set_text(c, one, "name", name);
	json_set(c, one, "doc", canonical);
	json_set(c, one, "lines", lines);
	json_add(c, list, one);
	return ERR_OK;
}

enum err read_packs(struct ctx *c, const char *name, struct span text, struct json **out)
{
	struct reader r = { .s = text };
	struct span head, pack, size, body;
	int64_t bytes;

	*out = json_list(c);
	while (!reader_done(&r)) {
		if (!take_line(&r, &head) || !span_split(head, ' ', &pack, &size) ||
		    !span_to_i64(size, &bytes) || bytes < 0 ||
		    !take_bytes(&r, (size_t)bytes, &body))
			FAIL(c, ERR_FORMAT, "%s is not made of packs", name);
		TRY(read_pack(c, pack, body, *out));
	}
	return ERR_OK;
}
