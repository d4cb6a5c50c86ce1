/*
 * The home itself: making one, its founding, and the changes of its roster. The keys are made by
 * writ-seal; the founding document is signed by two people and is the log's first act.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_HOME_H
#define ORDER_HOME_H

#include "order/order.h"

/* ERR_STATE where a home stands at dir, or one waits there for its founders' signatures. */
enum err home_none_yet(struct ctx *c, const char *dir, bool single_user) MUST_USE;
/* Makes folders, configuration and keys for what the answers say (keys: provider, domain, country,
 * founders, agencies, stores, ticks, retention, notice; policy is optional) and gives the founding
 * document. ERR_STATE where a home stands already. */
enum err home_make(struct ctx *c, const char *dir, bool single_user, const struct json *answers,
		   struct span *document_out) MUST_USE;
/* The same for a home whose seal is lost: everything is taken from its own acts (again.h).
 * *agencies_out: whose keys are to be registered again. */
enum err home_again(struct ctx *c, const char *dir, struct span *document_out,
		    const struct json **agencies_out) MUST_USE;
/* Makes the home live with two signatures over its founding document (files beside it). */
enum err home_found(struct ctx *c, const char *dir, const char *document_file,
		    const char *const *signature_files, size_t count) MUST_USE;
/* Reads the answers in a read hand, before there is a home. */
enum err answers_read(struct ctx *c, const char *dir, bool single_user, const char *name, int fd,
		      const struct json **out) MUST_USE;

/* A roster document for one row: action begin or end; the row of an end is found by its key
 * members (person: name and key; agency: id and label; policy: name). */
enum err roster_document(struct ctx *c, struct session *s, const char *action, struct json *row,
			 struct span *document_out) MUST_USE;
enum err roster_find(struct ctx *c, struct session *s, const struct json *like,
		     struct json **row_out) MUST_USE;
/* Hands a signed roster document to the seal and records it. */
enum err roster_take(struct ctx *c, struct session *s, struct span document,
		     const struct json *signatures) MUST_USE;
/* What verifiers pin: the policy file (doc/protocol.md section 5). */
enum err policy_export(struct ctx *c, struct session *s, struct span *out) MUST_USE;

#endif
