/*
 * One step of a person at the desk: a page with fields and one button, sent to the address that
 * showed it. It carries the number of the order's last act, so that the second to save is told what
 * changed; what was typed stands in the fields again, whatever went wrong.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_STEP_H
#define WEB_DESK_STEP_H

#include "web/desk/desk.h"
#include "web/pages.h"

#define STEP_FIELDS_MAX 512u            /* what was typed of 100 lines goes along */
#define STEP_CHOICES_MAX 96u

struct step {
	struct visit *v;
	struct page_step page;
	struct page_step_field field[STEP_FIELDS_MAX];
	enum err e;                     /* the first failure of the builders */
};

void step_begin(struct visit *v, struct step *s, struct span title, struct span lead,
		struct span button);
void step_input(struct step *s, const char *name, struct span label, struct span hint);
void step_long(struct step *s, const char *name, struct span label, struct span hint);
void step_files(struct step *s, const char *name, struct span label, struct span hint);
/* One of several, or any of them; then the choices. */
void step_radios(struct step *s, const char *name, struct span label, struct span hint);
void step_checks(struct step *s, const char *name, struct span label, struct span hint);
/* The boxes that were begun last are behind their label, which opens them. */
void step_fold(struct step *s, bool open);
void step_choice(struct step *s, struct span value, struct span label, struct span hint,
		 bool by_itself);
/* One that says that something was done just now: it is chosen only in a form that was sent just
 * now, never in one that was kept. */
void step_choice_fresh(struct step *s, struct span value, struct span label, struct span hint);
/* A value that goes along unseen. */
void step_hidden(struct step *s, struct span name, struct span value);
/* What was typed on the page before goes along unseen, so that it is there when it is needed again.
 */
void step_keep(struct step *s);
/* The paper beside the form. With a list up to {NULL, NULL} a click quotes a line of it into the
 * field used last, and what is suggested of that kind has a button that puts it into that field. */
struct step_take {
	const char *what, *field;
};
void step_paper(struct step *s, const struct step_take *into);
/* Whether the form was sent to take a suggestion over: the page is shown again, nothing is done. */
bool step_takes(const struct visit *v);
enum err step_show(struct step *s) MUST_USE;
/* The acts since the form that was sent was shown. */
enum err step_meanwhile(struct visit *v, struct page_order_act **list_out, size_t *n_out) MUST_USE;
/* The words by which people compare a document: those of its hash. */
enum err step_words(struct visit *v, struct span document, struct page_code_word **list_out,
		    size_t *n_out) MUST_USE;

/* Has the papers of the order read, by a process of its own; their page says how it goes. */
enum err read_begin(struct visit *v) MUST_USE;
/* ERR_BUSY with words where the order has changed since this form was shown. */
enum err step_check(struct visit *v) MUST_USE;
/* After an act: closes the tick of a home that wants that; done is done, logged or not. */
enum err step_done(struct visit *v) MUST_USE;
/* The same, and on to the page of the order. */
enum err step_to_order(struct visit *v) MUST_USE;
/* Takes a failure that the person can do something about, so that the form is shown again; passes
 * on the others. */
enum err step_failed(struct visit *v, enum err e) MUST_USE;


/* ---- fields that stand on the order's page as well ---- */
/* What the rule packs found, as reasons to name (decide.c). */
enum err decide_reasons(struct step *s) MUST_USE;
/* Whether the customer is told (acts.c). */
void notice_fields(struct step *s);
/* The numbers by which this agency was rung before (sender.c). */
enum err sender_again(struct step *s, bool *any_out) MUST_USE;

/* ---- what follows by itself ---- */
/* The decided scope is collected; else back to the order (acts.c). */
enum err collect_next(struct visit *v) MUST_USE;
/* The seal states what would leave; who may approve comes to that page (approve.c). */
enum err approve_next(struct visit *v) MUST_USE;

/* ---- what takes longer: a command in a process of its own (long_step.c) ---- */
/* The number of the order's last act of that kind, 0 where there is none. */
int64_t order_last_act(const struct order *o, enum act_kind kind);
/* Starts 'writ WORDS REF [MORE [VALUE]]' as this person, as work "REF.WHAT", and leads to the page
 * that says how it goes: with the act in its address from which on the end counts. */
enum err long_begin(struct visit *v, const char *what, const char *const *words, const char *more,
		    const char *value) MUST_USE;
enum err long_show(struct visit *v, struct span name, struct span title, struct span button,
		   bool done) MUST_USE;
enum err long_form(struct visit *v, struct span title, struct span says,
		   struct span button) MUST_USE;
/* A form that begins it, and that page. It is done once there is a new act of that kind, and
 * nothing that v->problem tells is still missing. */
enum err long_step(struct visit *v, const char *what, struct span title, struct span says,
		   struct span button, enum act_kind done, const char *const *words,
		   const char *more, const char *value) MUST_USE;

/* What a page needs to have this document signed by the person who looks at it. */
struct signing {
	struct span challenge, rp, allow;
	bool demo;                      /* the key of the demonstration signs */
};
enum err sign_prepare(struct visit *v, const char *kind, struct span document,
		      struct signing *out) MUST_USE;
/* Asks for a signature of this document of that kind under the form; ERR_STATE with words where
 * this person's sitting has no key that signs here. */
enum err sign_ask(struct step *s, const char *kind, struct span document) MUST_USE;
/* The signature that came with the form: a passkey's, or in an invented home the demo's key. */
enum err sign_take(struct visit *v, const char *kind, struct span document,
		   struct span *signature_out) MUST_USE;

#endif
