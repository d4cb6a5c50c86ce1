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
/* The *.yaml of a folder, in order of their names' bytes, at most max; ERR_NOT_FOUND where it holds
 * none: "holds no WHAT". */
enum err yaml_names(struct ctx *c, const char *dir, unsigned max, const char *what, char ***out,
		    unsigned *count_out) MUST_USE;
/* Every *.yaml of the folder, adopted where the home has an adoption of exactly these bytes (a
 * session without a home has none), else in the state that the file says. kept_out (NULL where it
 * is not wanted): list of {name, id, version, next_review, sha256, state, text}, text being the
 * canonical form. */
enum err packs_load(struct ctx *c, struct session *s, const char *dir, struct law **out,
		    struct json **kept_out) MUST_USE;
/* The same from what was kept of an earlier judgement: list of {name, sha256, state}, the texts
 * from the home's blobs. */
enum err packs_again(struct ctx *c, struct session *s, const struct json *kept,
		     struct law **out) MUST_USE;
/* Every *.yaml of a folder as tests of packs. */
struct trial_set;
enum err trials_load(struct ctx *c, struct session *s, const char *dir,
		     struct trial_set **out) MUST_USE;
/* A FACTS document, read by a hand. */
enum err facts_read(struct ctx *c, struct session *s, const char *path,
		    const struct json **out) MUST_USE;
/* The provider's profile of this home (provider.yaml), read by a hand; where there is none, the
 * name alone and everything else unknown. */
enum err provider_read(struct ctx *c, struct session *s, struct json **out) MUST_USE;

#endif
