/*
 * The judgement in words for an authority; see told.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/3_judge/told.h"

#include "order/law_packs.h"
#include "order/letter.h"

#define SEEN_MAX 256u
#define NAMED_MAX 5u            /* lines that a reason describes; of more it gives the ids */
#define PIECE_MAX ((size_t)64 << 10)

enum err told_open(struct ctx *c, struct session *s, const struct order *o,
		   const struct json *document, struct told *out)
{
	struct json *codes;
	struct law *law;

	*out = (struct told){ .c = c, .o = o, .document = document, .decision = DECIDE_REFUSE };
	(void)decision_parse(json_opt_text(document, "decision", SPAN_NONE), &out->decision);
	TRY(in_view_outward(c, o, document, &codes));
	out->codes = codes;
	out->body = in_view_judged(o, document);
	if (!out->body)
		return ERR_OK;
	out->judged = json_get(out->body, "decision");
	TRY(packs_again(c, s, json_get(out->body, "packs"), &law));
	out->law = law;
	return ERR_OK;
}

/* ---- lines ---- */

static struct span id_of(const struct json *line)
{
	return json_opt_text(line, "id", SPAN_NONE);
}

bool told_line_has(const struct told *t, const struct json *line, struct span code)
{
	return !json_with_id(json_get(t->document, "lines"), id_of(line)) &&
	       json_has_text(json_get(line, "reasons"), code);
}

enum err told_demand(const struct told *t, struct span id, struct span *out)
{
	const struct json *demand =
		json_with_id(json_get(json_get(t->o->received, "facts"), "demands"), id);

	return span_fmt(t->c, out, "%.*s: %s", SPAN_ARG(letter_target(demand)),
			category_words(json_opt_text(demand, "category", SPAN_NONE)));
}

/* "It concerns lines d2 (...) and d3 (...)"; nothing where the order has one line only. */
static enum err concerned(const struct told *t, struct span code, struct span *out)
{
	const struct json *lines = json_get(t->judged, "demands");
	size_t all = json_count(lines), n = 0, at = 0;
	struct span what;
	struct buf b;

	buf_begin(&b, t->c, LETTER_MAX);
	JSON_EACH(line, lines)
		n += told_line_has(t, line, code);
	if (n == 0 || all == 1)
		return buf_done(t->c, &b, out);
	if (n == all) {
		buf_str(&b, "It concerns every line of the order.");
		return buf_done(t->c, &b, out);
	}
	buf_str(&b, n == 1 ? "It concerns line " : "It concerns lines ");
	JSON_EACH(line, lines) {
		if (!told_line_has(t, line, code))
			continue;
		buf_fmt(&b, "%s%.*s", at == 0 ? "" : at + 1 == n ? " and " : ", ",
			SPAN_ARG(id_of(line)));
		at++;
		if (n > NAMED_MAX)
			continue;
		TRY(told_demand(t, id_of(line), &what));
		buf_fmt(&b, " (%.*s)", SPAN_ARG(what));
	}
	buf_byte(&b, '.');
	return buf_done(t->c, &b, out);
}

/* ---- rules ---- */

/* Rules that stand in the letter already, and under which number. */
struct seen {
	struct span rule[SEEN_MAX];
	int number[SEEN_MAX];
	unsigned n;
};

static int seen_at(const struct seen *s, struct span rule)
{
	for (unsigned i = 0; i < s->n; i++)
		if (span_eq(s->rule[i], rule))
			return s->number[i];
	return 0;
}

static void seen_add(struct seen *s, struct span rule, int number)
{
	if (s->n < SEEN_MAX) {
		s->rule[s->n] = rule;
		s->number[s->n++] = number;
	}
}

/* A source that is our own is no citation for others. */
static bool is_own(struct span source)
{
	return span_ieq(span_cut(source, 0, 12), "product rule") ||
	       span_ieq(span_cut(source, 0, 17), "cross-border step");
}

/* Up to a semicolon that stands in no brackets. */
static struct span take_source(struct span *rest)
{
	size_t n = 0, depth = 0;
	struct span one;

	for (; n < rest->n && (rest->p[n] != ';' || depth); n++) {
		depth += rest->p[n] == '(';
		depth -= depth && rest->p[n] == ')';
	}
	one = span_trim(span_cut(*rest, 0, n));
	*rest = span_cut(*rest, n + 1, rest->n);
	return one;
}

static bool put_source(struct buf *b, struct span cite)
{
	size_t before = b->n;

	while (cite.n) {
		struct span one = take_source(&cite);

		if (!is_own(one))
			buf_fmt(b, "%s%.*s", b->n == before ? "" : "; ", SPAN_ARG(one));
	}
	return b->n > before;
}

static void end_sentence(struct buf *b)
{
	if (b->n && b->p[b->n - 1] != '.')
		buf_byte(b, '.');
}

static enum err put_ground(const struct told *t, const struct law_ground *g, struct buf *b)
{
	struct span source, text;
	struct buf s, p;
	bool law;

	buf_begin(&s, t->c, PIECE_MAX);
	buf_begin(&p, t->c, PIECE_MAX);
	law = put_source(&s, g->cite);
	TRY(buf_done(t->c, &s, &source));
	buf_fmt(&p, "%s%.*s", law ? "Law: " : "A rule of our own", SPAN_ARG(source));
	end_sentence(&p);
	/* The words of a rule that leaves it to a lawyer are ours. */
	if (!g->doubt)
		buf_fmt(&p, " %.*s", SPAN_ARG(g->text));
	TRY(buf_done(t->c, &p, &text));
	letter_put(b, LETTER_PART, text);
	return ERR_OK;
}

static enum err put_cure(const struct told *t, struct span cure, struct buf *b)
{
	struct span text;
	struct buf p;

	buf_begin(&p, t->c, PIECE_MAX);
	buf_fmt(&p, "What would cure it: %.*s", SPAN_ARG(cure));
	end_sentence(&p);
	TRY(buf_done(t->c, &p, &text));
	letter_put(b, LETTER_PART, text);
	return ERR_OK;
}

/* The rules of one judged line, or of the secrecy, that gave a reason. */
static enum err each_ground(const struct told *t, const struct json *judged, struct span code,
			    enum err (*fn)(const struct told *t, void *of, struct span rule,
					   const struct law_ground *g),
			    void *of)
{
	struct law_ground g;

	JSON_EACH(rule, json_get(judged, "rules"))
		if (law_ground_of(t->law, rule->s, code, &g))
			TRY(fn(t, of, rule->s, &g));
	return ERR_OK;
}

static enum err each_ground_of_order(const struct told *t, struct span code,
				     enum err (*fn)(const struct told *t, void *of,
						    struct span rule,
						    const struct law_ground *g),
				     void *of)
{
	if (!t->law)
		return ERR_OK;
	JSON_EACH(line, json_get(t->judged, "demands"))
		if (told_line_has(t, line, code))
			TRY(each_ground(t, line, code, fn, of));
	return each_ground(t, json_get(t->judged, "secrecy"), code, fn, of);
}

struct reason_put {
	struct buf *b;
	struct seen *seen;
	struct span cure[SEEN_MAX];
	unsigned cures;
	int number, as_under;   /* of an earlier reason whose rule gave this one too */
};

static enum err put_reason_ground(const struct told *t, void *of, struct span rule,
				  const struct law_ground *g)
{
	struct reason_put *r = of;
	int at = seen_at(r->seen, rule);

	if (at) {
		if (at != r->number && !r->as_under)
			r->as_under = at;
		return ERR_OK;
	}
	seen_add(r->seen, rule, r->number);
	TRY(put_ground(t, g, r->b));
	for (unsigned i = 0; i < r->cures; i++)
		if (span_eq(r->cure[i], g->cure))
			return ERR_OK;
	if (g->cure.n && r->cures < SEEN_MAX)
		r->cure[r->cures++] = g->cure;
	return ERR_OK;
}

/* After the words of a reason: where the law says so, and what would cure it. */
static enum err put_law_and_cure(const struct told *t, struct reason_put *r, struct span code,
				 unsigned rules_before)
{
	struct span text;

	if (r->as_under && r->seen->n == rules_before) {
		TRY(span_fmt(t->c, &text, "Law and cure: as under %d.", r->as_under));
		letter_put(r->b, LETTER_PART, text);
		return ERR_OK;
	}
	for (unsigned i = 0; i < r->cures; i++)
		TRY(put_cure(t, r->cure[i], r->b));
	if (r->cures)
		return ERR_OK;
	TRY(letter_cure(t->c, code, &text));
	return put_cure(t, text, r->b);
}

static enum err put_head(const struct told *t, int number, struct span code, struct buf *b)
{
	struct span words, text;

	TRY(letter_reason(t->c, code, &words));
	TRY(span_fmt(t->c, &text, "%d. %.*s: %.*s.", number, SPAN_ARG(code), SPAN_ARG(words)));
	letter_put(b, LETTER_ITEM, text);
	return ERR_OK;
}

static enum err put_reason(const struct told *t, struct seen *seen, int number, struct span code,
			   struct buf *b)
{
	struct reason_put *r;
	unsigned before = seen->n;
	struct span lines;

	TRY(NEW(t->c, r));
	*r = (struct reason_put){ .b = b, .seen = seen, .number = number };
	TRY(put_head(t, number, code, b));
	TRY(concerned(t, code, &lines));
	if (lines.n)
		letter_put(b, LETTER_PART, lines);
	TRY(each_ground_of_order(t, code, put_reason_ground, r));
	return put_law_and_cure(t, r, code, before);
}

enum err told_reasons(const struct told *t, struct span *out)
{
	struct seen *seen;
	struct buf b;
	int number = 0;

	if (!t->law)
		return letter_reasons(t->c, t->codes, out);
	TRY(NEW(t->c, seen));
	buf_begin(&b, t->c, LETTER_MAX);
	JSON_EACH(code, t->codes)
		TRY(put_reason(t, seen, ++number, code->s, &b));
	return buf_done(t->c, &b, out);
}

/* ---- for the form ---- */

struct sources {
	struct buf b;
	struct seen seen;
};

static enum err add_source(const struct told *t, void *of, struct span rule,
			   const struct law_ground *g)
{
	struct sources *p = of;
	size_t before;

	(void)t, (void)rule;
	if (seen_at(&p->seen, g->cite))
		return ERR_OK;
	seen_add(&p->seen, g->cite, 1);
	before = p->b.n;
	buf_str(&p->b, before ? "; " : "");
	if (!put_source(&p->b, g->cite))
		p->b.n = before;
	return ERR_OK;
}

enum err told_sources(const struct told *t, struct span code, struct span *out)
{
	struct sources *p;

	TRY(NEW(t->c, p));
	buf_begin(&p->b, t->c, PIECE_MAX);
	TRY(each_ground_of_order(t, code, add_source, p));
	return buf_done(t->c, &p->b, out);
}

static enum err first_cure(const struct told *t, void *of, struct span rule,
			   const struct law_ground *g)
{
	struct span *cure = of;

	(void)t, (void)rule;
	if (!cure->n)
		*cure = g->cure;
	return ERR_OK;
}

enum err told_cure(const struct told *t, struct span code, struct span *out)
{
	*out = SPAN_NONE;
	TRY(each_ground_of_order(t, code, first_cure, out));
	return out->n ? ERR_OK : letter_cure(t->c, code, out);
}

/* ---- the lines of a narrowed scope ---- */

/* "reasons 1 and 3": where the codes of a line stand in the letter. */
static void put_numbers(const struct told *t, const struct json *line, struct buf *b)
{
	size_t n = 0, at = 0, number = 0;

	JSON_EACH(code, t->codes)
		n += json_has_text(json_get(line, "reasons"), code->s);
	if (n == 0)
		return;
	buf_str(b, n == 1 ? " (reason " : " (reasons ");
	JSON_EACH(code, t->codes) {
		number++;
		if (!json_has_text(json_get(line, "reasons"), code->s))
			continue;
		buf_fmt(b, "%s%zu", at == 0 ? "" : at + 1 == n ? " and " : ", ", number);
		at++;
	}
	buf_byte(b, ')');
}

static bool is_narrower(const struct json *line, const struct json *ordered)
{
	for (const char *const *key = (const char *const[]){ "from", "until", "stores", "folders",
							     NULL };
	     ordered && *key; key++) {
		const struct json *a = json_get(line, *key), *b = json_get(ordered, *key);

		if ((a && a->type != JSON_NULL) != (b && b->type != JSON_NULL) ||
		    (a && b && !json_equal(a, b)))
			return true;
	}
	return false;
}

static enum err put_answered(const struct told *t, const struct json *line,
			     const struct json *ordered, struct buf *b)
{
	struct span words, asked, text;

	TRY(scope_served(line) ? scope_line_words(t->c, line, &words)
			       : told_demand(t, id_of(line), &words));
	TRY(span_fmt(t->c, &text, "%.*s: answered%s: %.*s.", SPAN_ARG(id_of(line)),
		     is_narrower(line, ordered) ? " in part" : "", SPAN_ARG(words)));
	letter_put(b, LETTER_ITEM, text);
	if (!is_narrower(line, ordered))
		return ERR_OK;
	TRY(scope_line_words(t->c, ordered, &asked));
	TRY(span_fmt(t->c, &text, "The order asks for %.*s.", SPAN_ARG(asked)));
	letter_put(b, LETTER_PART, text);
	return ERR_OK;
}

static enum err put_lines(const struct told *t, struct buf *b)
{
	struct json *ordered, *open;
	struct span what, text;
	struct buf p;

	TRY(scope_compile(t->c, t->o, &ordered, &open));
	buf_str(b, "\n\nLine by line\n");
	JSON_EACH(line, json_get(t->judged, "demands")) {
		const struct json *kept = json_with_id(json_get(t->document, "lines"), id_of(line));

		if (kept) {
			TRY(put_answered(t, kept, json_with_id(ordered, id_of(line)), b));
			continue;
		}
		TRY(told_demand(t, id_of(line), &what));
		buf_begin(&p, t->c, PIECE_MAX);
		buf_fmt(&p, "%.*s: not answered", SPAN_ARG(id_of(line)));
		put_numbers(t, line, &p);
		buf_fmt(&p, ": %.*s.", SPAN_ARG(what));
		TRY(buf_done(t->c, &p, &text));
		letter_put(b, LETTER_ITEM, text);
	}
	return ERR_OK;
}

/* ---- secrecy ---- */

/* What binds nobody is always told; a doubt only where questions are asked. */
static bool tells_secrecy(const struct told *t)
{
	struct span verdict = json_opt_text(json_get(t->judged, "secrecy"), "verdict", SPAN_NONE);

	return span_is(verdict, "INSUFFICIENT") ||
	       (span_is(verdict, "LAWYER") && t->decision == DECIDE_ASK);
}

static enum err put_secrecy(const struct told *t, struct buf *b)
{
	const struct json *secrecy = json_get(t->judged, "secrecy");
	struct seen *seen;
	int number = 0;

	if (!tells_secrecy(t))
		return ERR_OK;
	TRY(NEW(t->c, seen));
	JSON_EACH(code, json_get(secrecy, "reasons")) {
		unsigned before = seen->n;
		struct reason_put *r;

		if (span_starts(code->s, "PACK-") || json_has_text(t->codes, code->s))
			continue;
		if (number == 0)
			buf_str(b, "\n\nThe secrecy that the order asks for\n");
		TRY(NEW(t->c, r));
		*r = (struct reason_put){ .b = b, .seen = seen, .number = ++number };
		TRY(put_head(t, number, code->s, b));
		TRY(each_ground(t, secrecy, code->s, put_reason_ground, r));
		TRY(put_law_and_cure(t, r, code->s, before));
	}
	return ERR_OK;
}

/* ---- dates ---- */

/* What is to be done by then; what only we look at later is not told. */
static const struct {
	const char *what, *words;
} watched[] = {
	{ "OBJECTION_ART17",
	  "A reasoned objection under Regulation (EU) 2023/1543, art. 17, can be "
	  "made until " },
	{ "MOTION_2703H", "A motion to modify or quash under 18 USC 2703(h) can be made until " },
	{ "OBJECTION", "An objection can be made until " },
	{ "VALIDATION_EX_POST", "The validation that follows an emergency is due by " },
	{ "ENFORCING_AUTHORITY_96H", "The enforcing authority can object until " },
	{ "FOLLOW_UP_PROCESS", "The process that follows the emergency is due by " },
	{ "PRESERVATION_RENEWABLE_UNTIL", "The preservation can be renewed until " },
};

static enum err put_date(const struct told *t, struct span when, const char *words, int *count,
			 struct buf *b)
{
	struct span date, text;

	if (!when.n)
		return ERR_OK;
	if ((*count)++ == 0)
		buf_str(b, "\n\nDates\n");
	TRY(letter_date(t->c, when, &date));
	/* A day ends when it ends. */
	TRY(span_fmt(t->c, &text, "%s%s%.*s.", words, when.n == 10 ? "the end of " : "",
		     SPAN_ARG(date)));
	letter_put(b, LETTER_ITEM, text);
	return ERR_OK;
}

static enum err put_dates(const struct told *t, struct buf *b)
{
	const struct json *notice = json_get(t->judged, "notice");
	int count = 0;

	TRY(put_date(t, json_opt_text(t->judged, "due_at", SPAN_NONE),
		     "The answer to the order is due by ", &count, b));
	TRY(put_date(t, json_opt_text(t->judged, "hold_until", SPAN_NONE),
		     "Nothing may be handed over before ", &count, b));
	TRY(put_date(t, json_opt_text(t->judged, "preserve_until", SPAN_NONE),
		     "The data are to be preserved until ", &count, b));
	TRY(put_date(t, json_opt_text(notice, "until", SPAN_NONE),
		     "The secrecy of the order lasts until ", &count, b));
	JSON_EACH(watch, json_get(t->judged, "watch"))
		for (size_t i = 0; i < COUNT_OF(watched); i++)
			if (span_is(json_opt_text(watch, "what", SPAN_NONE), watched[i].what))
				TRY(put_date(t, json_opt_text(watch, "by", SPAN_NONE),
					     watched[i].words, &count, b));
	return ERR_OK;
}

enum err told_rest(const struct told *t, struct span *out)
{
	struct buf b;

	buf_begin(&b, t->c, LETTER_MAX);
	if (t->law && t->decision == DECIDE_NARROW)
		TRY(put_lines(t, &b));
	if (t->law) {
		TRY(put_secrecy(t, &b));
		TRY(put_dates(t, &b));
	}
	return buf_done(t->c, &b, out);
}

/* ---- which letter ---- */

bool told_objects(const struct told *t)
{
	return t->law && t->decision == DECIDE_ASK &&
	       (json_has_text(t->codes, SPAN("TERR-CONFLICT")) ||
		json_has_text(t->codes, SPAN("TERR-BLOCKING-LAW")));
}
