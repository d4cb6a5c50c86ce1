/*
 * The strict YAML of order files, stores.yaml, answers and, later, rule packs (../law/README.md):
 * block mappings and block lists, one value on a line, plain or "double-quoted" (escapes \" and
 * \\ only), # comments; no anchors, tags, aliases, flow style, multi-line text, document marks,
 * tabs or repeated keys. Every scalar is text, typed by the schema. libyaml events behind it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_YAML_H
#define FORMAT_YAML_H

#include "format/json.h"

#define YAML_BYTES_MAX ((size_t)1 << 20)
#define YAML_DEPTH_MAX 8
#define YAML_NODES_MAX 20000

/* An object whose scalars are all JSON_TEXT, each node with its line. Errors say "name:line: what".
 */
enum err yaml_parse(struct ctx *c, const char *name, struct span text, struct json **out) MUST_USE;

#endif
