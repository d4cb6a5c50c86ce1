/*
 * Suggestions of things that are known by their form: dates, provisions of laws, numbers of cases,
 * addresses, telephone numbers, limits in time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/num.h"
#include "hand/suggest_part.h"

static const struct {
	int number;
	const char *words;
} months[] = {
#define PHRASE(what, field, value, words)
#define AUTHORITY(words)
#define MONTH(number, words) { number, words },
#define ACT(words, prefix)
#include "hand/suggest.def"
#undef MONTH
#undef ACT
};
static const struct {
	const char *words, *prefix;
} laws[] = {
#define MONTH(number, words)
#define ACT(words, prefix) { words, prefix },
#include "hand/suggest.def"
#undef PHRASE
#undef AUTHORITY
#undef MONTH
#undef ACT
};

/* ---- dates ---- */

/* Digits from there on, at most most of them; how many there were. */
static size_t number_at(struct span s, size_t at, size_t most, int *out)
{
	size_t n = 0;

	*out = 0;
	while (n < most && at + n < s.n && is_digit(s.p[at + n])) {
		*out = *out * 10 + (s.p[at + n] - '0');
		n++;
	}
	return n;
}

static bool is_day(const int ymd[3])
{
	return ymd[0] >= 1970 && ymd[0] <= 2100 && civil_exists(ymd[0], ymd[1], ymd[2]);
}

/* 2019-11-15, 15.11.2019, 15/11/2019, 11/15/2019. *sure: whether day and month are told apart. */
static bool date_of_numbers(struct span s, int ymd[3], bool *sure)
{
	int a, b, y;
	size_t n = number_at(s, 0, 4, &a), m, k;
	unsigned char sep = n < s.n ? s.p[n] : 0;

	*sure = true;
	if (!n || !sep || !strchr("-./", sep))
		return false;
	m = number_at(s, n + 1, 2, &b);
	if (!m || n + 1 + m >= s.n || s.p[n + 1 + m] != sep)
		return false;
	k = number_at(s, n + m + 2, 4, &y);
	if (n + m + 2 + k != s.n)
		return false;
	if (n == 4 && k && k <= 2) {
		ymd[0] = a;
		ymd[1] = b;
		ymd[2] = y;
	} else if (n <= 2 && k == 4) {
		bool american = sep != '.' && b > 12;

		*sure = sep == '.' || a > 12 || b > 12 || a == b;
		ymd[0] = y;
		ymd[1] = american ? a : b;
		ymd[2] = american ? b : a;
	} else {
		return false;
	}
	return is_day(ymd);
}

static int month_of(const struct suggester *s, size_t at)
{
	for (size_t i = 0; i < COUNT_OF(months); i++)
		if (token_in(s, at, months[i].words))
			return months[i].number;
	return 0;
}

/* "15", "1st", "1er", "3." */
static int day_of(const struct suggester *s, size_t at)
{
	struct span t = at < s->count ? s->token[at].bare : SPAN_NONE, tail;
	size_t n;
	int day;

	n = number_at(t, 0, 2, &day);
	tail = span_cut(t, n, t.n);
	if (!n || !(tail.n == 0 || span_ieq(tail, "st") || span_ieq(tail, "nd") ||
		    span_ieq(tail, "rd") || span_ieq(tail, "th") || span_ieq(tail, "er")))
		return 0;
	return day;
}

static int year_of(const struct suggester *s, size_t at)
{
	struct span t = at < s->count ? s->token[at].bare : SPAN_NONE;
	int year;

	return t.n == 4 && number_at(t, 0, 4, &year) == 4 ? year : 0;
}

static size_t past(const struct suggester *s, size_t at)
{
	return token_in(s, at, "of|de|day") ? at + 1 : at;
}

/* 15 November 2019, 15 de noviembre de 2019; November 15, 2019. */
static size_t date_of_words(const struct suggester *s, size_t at, int ymd[3])
{
	size_t next;

	ymd[2] = day_of(s, at);
	if (ymd[2]) {
		next = past(s, past(s, at + 1));
		ymd[1] = month_of(s, next);
		next = past(s, next + 1);
	} else {
		ymd[1] = month_of(s, at);
		ymd[2] = ymd[1] ? day_of(s, at + 1) : 0;
		next = at + 2;
	}
	ymd[0] = ymd[1] ? year_of(s, next) : 0;
	return ymd[0] && is_day(ymd) ? next - at + 1 : 0;
}

static bool before(const struct suggester *s, size_t at, size_t reach, const char *words)
{
	for (size_t i = 1; i <= reach && i <= at; i++)
		if (token_in(s, at - i, words))
			return true;
	return false;
}

/* What the words before a date say of it. */
static const char *date_field(struct suggester *s, size_t at)
{
	if (before(s, at, 4, "expires|expiry|expiration|gültig|expire|ablauf"))
		return "instrument.valid_until";
	if (before(s, at, 3, "from|since|between|vom|du|desde|dal|ab|seit"))
		return "demands[].from";
	if (before(s, at, 4,
		   "later|before|deadline|due|returnable|spätestens|avant|échéance|frist"))
		return "instrument.return_by";
	if (before(s, at, 2, "to|through|until|and|bis|au|jusqu'au|hasta|al|zum|till"))
		return "demands[].until";
	if (before(s, at, 2, "by"))
		return "instrument.return_by";
	if (s->dated && !before(s, at, 3, "dated|issued|date|datum|fait|signed|ausgestellt"))
		return NULL;
	s->dated = true;
	return "instrument.issued_on";
}

size_t suggest_date(struct suggester *s, size_t at)
{
	bool sure = true;
	char iso[32];
	size_t n = 1;
	int ymd[3];

	if (!date_of_numbers(s->token[at].bare, ymd, &sure))
		n = date_of_words(s, at, ymd);
	if (!n)
		return 0;
	snprintf(iso, sizeof iso, "%04d-%02d-%02d", ymd[0], ymd[1], ymd[2]);
	struct span value = SPAN_NONE;
	if (sure && span_copy(s->c, span_str(iso), &value) != ERR_OK)
		return n;
	suggest_add(s, "date", date_field(s, at), value, at, n);
	return n;
}

/* ---- provisions ---- */

static bool is_section_sign(const struct suggester *s, size_t at)
{
	return at < s->count &&
	       (span_is(s->token[at].text, "\xc2\xa7") ||
		span_is(s->token[at].text, "\xc2\xa7\xc2\xa7") ||
		token_in(s, at, "section|sections|s|sec|art|article|artikel|articles|"
				"l'article|l\xe2\x80\x99" "article"));
}

/* "2703(d)", "100g", "60-1-2", "487.014", glued to a sign or not. Empty if it is none. */
static struct span section_of(const struct suggester *s, size_t at)
{
	struct span t = at < s->count ? s->token[at].bare : SPAN_NONE;

	while (t.n > 2 && t.p[0] == 0xc2 && t.p[1] == 0xa7)
		t = span_cut(t, 2, t.n);
	if (!t.n || t.n > 30 || !is_digit(t.p[0]))
		return SPAN_NONE;
	for (size_t i = 0; i < t.n; i++)
		if (!is_digit(t.p[i]) && !is_letter(t.p[i]) && !strchr("()-.", t.p[i]))
			return SPAN_NONE;
	return t;
}

static size_t provision(struct suggester *s, size_t at, size_t n, const char *before_it,
			struct span section, const char *after_it)
{
	struct span value;

	if (span_fmt(s->c, &value, "%s%.*s%s", before_it, SPAN_ARG(section), after_it) != ERR_OK)
		return n;
	suggest_add(s, "provision", "instrument.provisions", value, at, n);
	return n;
}

/* 18 U.S.C. § 2703(d); Title 18, United States Code, Section 2709. */
static size_t us_code(struct suggester *s, size_t at)
{
	size_t title = at + (token_in(s, at, "title") ? 1 : 0), next, words;
	struct span number = title < s->count ? s->token[title].bare : SPAN_NONE, section;
	char prefix[16];

	if (!number.n || number.n > 2 || digits_in(number) != number.n)
		return 0;
	words = token_phrase(s, title + 1, "united states code");
	if (!words && token_in(s, title + 1, "u.s.c|usc|u.s.code"))
		words = 1;
	if (!words && token_phrase(s, title + 1, "u.s. c"))
		words = 2;
	if (!words)
		return 0;
	next = title + 1 + words;
	if (token_in(s, next, "u.s.c|usc"))
		next++;
	if (is_section_sign(s, next))
		next++;
	section = section_of(s, next);
	if (!section.n)
		return 0;
	snprintf(prefix, sizeof prefix, "%.*s USC ", SPAN_ARG(number));
	return provision(s, at, next - at + 1, prefix, section, "");
}

/* § 100j Abs. 1 StPO; article 60-1 du code de procédure pénale; section 60A of the ... Act. */
static size_t named_law(struct suggester *s, size_t at)
{
	size_t next = at + (is_section_sign(s, at) ? 1 : 0), n;
	struct span section = section_of(s, next);
	char part[8] = "";
	int number;

	if (!section.n || (next == at && s->token[at].text.p[0] != 0xc2))
		return 0;
	next++;
	if (token_in(s, next, "abs|absatz") && next + 1 < s->count &&
	    number_at(s->token[next + 1].bare, 0, 2, &number)) {
		snprintf(part, sizeof part, "(%d)", number);
		next += 2;
	}
	if (token_in(s, next, "stpo"))
		return provision(s, at, next - at + 1, "StPO ", section, part);
	if (token_in(s, next, "tdddg"))
		return provision(s, at, next - at + 1, "TDDDG ", section, part);
	if (token_in(s, next, "du|of|des"))
		next++;
	if (token_in(s, next, "the"))
		next++;
	if (token_in(s, next, "cpp"))
		return provision(s, at, next - at + 1, "CPP ", section, "");
	n = token_phrase(s, next, "code de procédure pénale");
	if (n)
		return provision(s, at, next - at + n, "CPP ", section, "");
	for (size_t i = 0; i < COUNT_OF(laws); i++) {
		n = token_phrase(s, next, laws[i].words);
		if (n)
			return provision(s, at, next - at + n, laws[i].prefix, section, "");
	}
	return 0;
}

size_t suggest_provision(struct suggester *s, size_t at)
{
	struct span article;
	size_t n = us_code(s, at);

	if (!n)
		n = named_law(s, at);
	if (n || !token_in(s, at, "2023/1543"))
		return n;
	/* Which of its articles stands before it or nowhere. */
	for (size_t back = 2; back <= 5 && back <= at; back++)
		if (token_in(s, at - back, "article|art|artikel")) {
			article = section_of(s, at - back + 1);
			if (article.n)
				return provision(s, at, 1, "Reg (EU) 2023/1543 art ", article, "");
		}
	suggest_add(s, "provision", "instrument.provisions", SPAN_NONE, at, 1);
	return 1;
}

/* ---- numbers of cases ---- */

static bool is_number_word(const struct suggester *s, size_t at)
{
	return token_in(s, at, "no|number|nr|n\xc2\xb0|n\xc2\xba|num|#|numéro|nummer|id");
}

/* "NSL-19-492212", "1:19-mj-00123": known without a word before it. */
static bool speaks_for_itself(struct span t)
{
	struct span head, rest, middle, tail;

	if (t.n < 8 || t.n > 40)
		return false;
	if (span_split(t, '-', &head, &rest) && span_split(rest, '-', &middle, &tail)) {
		bool court = digits_in(head) >= 2 && memchr(head.p, ':', head.n) &&
			     middle.n == 2 && digits_in(middle) == 0 && digits_in(tail) >= 3;
		bool letters = head.n >= 2 && head.n <= 6 && digits_in(head) == 0 &&
			       digits_in(middle) == middle.n && middle.n == 2 &&
			       digits_in(tail) == tail.n && tail.n >= 3;

		return court || letters;
	}
	return false;
}

/* How many tokens of the number itself stand there: "12 Js 345/21" has three. */
static size_t number_tokens(const struct suggester *s, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < 4 && at + i < s->count; i++) {
		const struct token *t = &s->token[at + i];

		if (t->line != s->token[at].line)
			break;
		if (digits_in(t->bare))
			n = i + 1;
		else if (t->bare.n > 4 || !t->bare.n)
			break;
		if (digits_in(t->bare) >= 3)
			break;
	}
	return n;
}

size_t suggest_reference(struct suggester *s, size_t at)
{
	static const char *const docket =
		"case|docket|aktenzeichen|az|geschäftszeichen|dossier|parquet|procédure|cause|"
		"expediente|procedimento|zaaknummer|instruction";
	static const char *const other = "reference|ref|réf|référence|file|unser|matter|"
					 "referenz";
	bool own = speaks_for_itself(s->token[at].bare), is_docket = token_in(s, at, docket);
	size_t next = at, n;
	struct span value;

	if (own) {
		suggest_add(s, "reference", "instrument.case_number", s->token[at].bare, at, 1);
		return 1;
	}
	if (!is_docket && !token_in(s, at, other))
		return 0;
	next++;
	while (next - at < 4 && next < s->count &&
	       (is_number_word(s, next) || token_in(s, next, "zeichen") || !s->token[next].bare.n))
		next++;
	/* "case" alone is a word of every sentence: a number word or a colon makes it a heading. */
	if (next == at + 1 && !span_ends(s->token[at].text, ":"))
		return 0;
	n = next < s->count ? number_tokens(s, next) : 0;
	if (!n || speaks_for_itself(s->token[next + n - 1].bare))
		return 0;
	struct buf b;
	buf_begin(&b, s->c, 4096);
	for (size_t i = 0; i < n; i++) {
		buf_str(&b, i ? " " : "");
		buf_add(&b, s->token[next + i].bare);
	}
	if (buf_done(s->c, &b, &value) != ERR_OK)
		return 0;
	suggest_add(s, "reference", is_docket ? "instrument.case_number" : "authority_reference",
		    value, at, next - at + n);
	return next - at + n;
}

/* ---- addresses ---- */

static bool is_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && !is_letter(s.p[i]) && !strchr("._%+-'", s.p[i]))
			return false;
	return s.n > 0;
}

/* Of those who write orders, not of those whom orders are about. */
static bool is_official(struct span domain)
{
	static const char *const ends[] = { ".gov", ".mil", ".police.uk", ".gov.uk", ".gouv.fr",
					    ".bund.de", ".polizei.de", ".justiz.de", ".europa.eu",
					    ".gc.ca", ".gov.au", ".gov.br", ".just.fgov.be" };
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (span_ends(domain, ends[i]) || span_is(domain, ends[i] + 1))
			return true;
	return false;
}

static bool is_ipv4(struct span s)
{
	size_t parts = 0;
	struct span head = s, rest = s;

	for (bool more = true; more && parts < 5; parts++) {
		int n;

		more = span_split(rest, '.', &head, &rest);
		if (!more)
			head = rest;
		if (!head.n || head.n > 3 || number_at(head, 0, 3, &n) != head.n || n > 255)
			return false;
	}
	return parts == 4;
}

size_t suggest_address(struct suggester *s, size_t at)
{
	struct span t = s->token[at].bare, local, domain;

	if (span_split(t, '@', &local, &domain)) {
		if (!is_name(local) || !is_name(domain) || !memchr(domain.p, '.', domain.n))
			return 0;
		suggest_add(s, "e-mail", is_official(domain) ? NULL : "demands[].target", t, at, 1);
		return 1;
	}
	if (is_ipv4(t)) {
		suggest_add(s, "ip address", "demands[].target", t, at, 1);
		return 1;
	}
	if (token_in(s, at, "account|user|username|imei|imsi|customer|kundennummer|identifiant|"
			    "benutzerkennung|compte")) {
		size_t next = at + 1;

		while (next - at < 3 && is_number_word(s, next))
			next++;
		if (next > at + 1 && next < s->count && digits_in(s->token[next].bare) >= 4) {
			suggest_add(s, "account", "demands[].target", s->token[next].bare, at,
				    next - at + 1);
			return next - at + 1;
		}
	}
	return 0;
}

/* ---- telephones ---- */

static bool is_phone_part(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && !strchr("+()-./", s.p[i]))
			return false;
	return s.n > 0 && (digits_in(s) > 0 || s.n == 1);
}

/* A number that is on a paper is never the one to call back: it suggests no field, only that it is
 * there; staff find a number independently (FACTS, issuer.contact_check). */
size_t suggest_phone(struct suggester *s, size_t at)
{
	bool called = before(s, at, 2,
			     "tel|phone|telephone|téléphone|telefon|fax|mobile|tél|cell|"
			     "teléfono|telefono|telefax|durchwahl");
	struct span first = s->token[at].text;
	size_t n = 0, digits = 0;

	if (!called && first.p[0] != '+' && first.p[0] != '(' &&
	    !(first.n == 12 && first.p[3] == '-' && first.p[7] == '-'))
		return 0;
	for (; n < 6 && at + n < s->count; n++) {
		if (!is_phone_part(s->token[at + n].text) ||
		    s->token[at + n].line != s->token[at].line)
			break;
		digits += digits_in(s->token[at + n].text);
	}
	if (digits < 7 || digits > 16)
		return 0;
	suggest_add(s, "telephone", NULL, SPAN_NONE, at, n);
	return n;
}

/* ---- limits in time ---- */

size_t suggest_time_limit(struct suggester *s, size_t at)
{
	static const char *const numbers =
		"one|two|three|four|five|six|seven|eight|nine|ten|fourteen|fifteen|twenty|thirty|"
		"sixty|ninety|einer|eines|zwei|drei|sieben|zehn|vierzehn|deux|trois|huit|dix|"
		"quinze|"
		"trente|tre|cinque|dieci|tres|cinco|diez";
	static const char *const units =
		"day|days|hour|hours|week|weeks|month|months|tage|tagen|stunden|wochen|monaten|"
		"jours|"
		"heures|mois|giorni|ore|días|horas|dias|dagen|uur|weken|semaines";
	bool counted = false;

	if (!token_in(s, at, "within|binnen|innerhalb|sous|délai|entro|plazo|prazo|dentro"))
		return 0;
	for (size_t next = at + 1; next <= at + 6 && next < s->count; next++) {
		if (digits_in(s->token[next].bare) || token_in(s, next, numbers))
			counted = true;
		if (counted && token_in(s, next, units)) {
			suggest_add(s, "time limit", "instrument.return_by", SPAN_NONE, at,
				    next - at + 1);
			return next - at + 1;
		}
	}
	return 0;
}
