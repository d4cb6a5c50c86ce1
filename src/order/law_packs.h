/*
 * Where rule packs come from: a folder of YAML files, read by a hand, hashed, given to the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_LAW_PACKS_H
#define ORDER_LAW_PACKS_H

#include "law/law.h"
#include "order/session.h"

/* The folder of packs: dir where it is given, else the home's, else law/ beside the build tree,
 * else that of the installation. */
enum err packs_dir(struct ctx *c, const char *dir, const struct home *home, char **out) MUST_USE;
/* Every *.yaml of the folder, in the state that the operator gave it. */
enum err packs_load(struct ctx *c, struct session *s, const char *dir, struct law **out) MUST_USE;
/* Every *.yaml of a folder as tests of packs. */
struct trial_set;
enum err trials_load(struct ctx *c, struct session *s, const char *dir,
		     struct trial_set **out) MUST_USE;
/* A FACTS document, read by a hand. */
enum err facts_read(struct ctx *c, struct session *s, const char *path,
		    const struct json **out) MUST_USE;

#endif
