/*
 * What sentences of papers suggest, in the languages that they are written in, and what they must
 * not suggest. SPDX-License-Identifier: Apache-2.0
 */
#include "hand/paper.h"
#include "hand/suggest.h"

#include "../test.h"
#include "format/facts.h"

/* Each line of the text becomes a line of words on one page. */
static struct json *suggestions(struct ctx *c, const char *text)
{
	struct reader lines = { .s = span_str(text) };
	struct span line, word, tsv;
	struct json *result;
	struct buf b;
	int y = 10, x;

	buf_begin(&b, c, (size_t)4 << 20);
	buf_str(&b, "1\t1\t0\t0\t0\t0\t0\t0\t1000\t1000\t-1\t\n");
	for (bool more = true; more; y += 10) {
		more = take_until(&lines, '\n', &line);
		if (!more)
			line = span_cut(lines.s, lines.at, lines.s.n);
		buf_str(&b, "4\t1\t0\t0\t0\t0\t0\t0\t1\t1\t-1\t\n");
		x = 10;
		for (bool on = true; on; x += 10) {
			on = span_split(line, ' ', &word, &line);
			buf_fmt(&b, "5\t1\t0\t0\t0\t0\t%d\t%d\t8\t8\t90\t%.*s\n", x % 900, y % 900,
				SPAN_ARG(on ? word : line));
		}
	}
	ok(c, buf_done(c, &b, &tsv));
	ok(c, paper_words(c, tsv, 1, 1, 0, &result));
	return result;
}

static bool suggests(const struct json *result, const char *field, const char *value)
{
	JSON_EACH(one, json_get(result, "suggestions"))
		if (span_is(json_opt_text(one, "field", SPAN("-")), field) &&
		    span_is(json_opt_text(one, "value", SPAN("-")), value))
			return true;
	return false;
}

static const struct {
	const char *text, *field, *value;
} found[] = {
	{ "November 15, 2019", "instrument.issued_on", "2019-11-15" },
	{ "Dated this 3rd day of May 2021", "instrument.issued_on", "2021-05-03" },
	{ "Paris, le 1er décembre 2026", "instrument.issued_on", "2026-12-01" },
	{ "Berlin, den 3. März 2026", "instrument.issued_on", "2026-03-03" },
	{ "Madrid, 15 de noviembre de 2025", "instrument.issued_on", "2025-11-15" },
	{ "Roma, 7 luglio 2024", "instrument.issued_on", "2024-07-07" },
	{ "Datum: 09.11.2026", "instrument.issued_on", "2026-11-09" },
	{ "2026-11-09", "instrument.issued_on", "2026-11-09" },
	{ "11/25/2026", "instrument.issued_on", "2026-11-25" },
	{ "25/11/2026", "instrument.issued_on", "2026-11-25" },
	{ "2026-11-01\nno later than 12 December 2026", "instrument.return_by", "2026-12-12" },
	{ "2026-11-01\nspätestens am 12.12.2026", "instrument.return_by", "2026-12-12" },
	{ "from January 1, 2020 to March 3, 2020", "demands[].from", "2020-01-01" },
	{ "from January 1, 2020 to March 3, 2020", "demands[].until", "2020-03-03" },
	{ "du 1 mars 2026 au 3 avril 2026", "demands[].until", "2026-04-03" },
	{ "vom 01.03.2026 bis zum 03.04.2026", "demands[].from", "2026-03-01" },
	{ "This warrant expires on 5 June 2026", "instrument.valid_until", "2026-06-05" },
	{ "Pursuant to 18 U.S.C. \xc2\xa7 2703(d), you", "instrument.provisions",
	  "18 USC 2703(d)" },
	{ "under 18 U.S.C. \xc2\xa7\n2709.", "instrument.provisions", "18 USC 2709" },
	{ "18 USC 2703(c)(2)", "instrument.provisions", "18 USC 2703(c)(2)" },
	{ "Title 18, United States Code (U.S.C.), Section 2709", "instrument.provisions",
	  "18 USC 2709" },
	{ "gem\xc3\xa4\xc3\x9f \xc2\xa7 100g StPO", "instrument.provisions", "StPO 100g" },
	{ "\xc2\xa7\xc2\xa7 100j Abs. 1 StPO", "instrument.provisions", "StPO 100j(1)" },
	{ "Vu l'article 60-1 du code de procédure pénale", "instrument.provisions", "CPP 60-1" },
	{ "articles 99-3 du CPP", "instrument.provisions", "CPP 99-3" },
	{ "section 60A of the Investigatory Powers Act 2016", "instrument.provisions",
	  "IPA 2016 s 60A" },
	{ "section 487.014 of the Criminal Code", "instrument.provisions",
	  "Criminal Code 487.014" },
	{ "Article 5 of Regulation (EU) 2023/1543", "instrument.provisions",
	  "Reg (EU) 2023/1543 art 5" },
	{ "File No. NSL-19-492212", "instrument.case_number", "NSL-19-492212" },
	{ "Case No.: 1:19-mj-00123-ABC", "instrument.case_number", "1:19-mj-00123-ABC" },
	{ "Aktenzeichen: 12 Js 345/21", "instrument.case_number", "12 Js 345/21" },
	{ "Reference: 26-1001", "authority_reference", "26-1001" },
	{ "Docket Number 19-4521", "instrument.case_number", "19-4521" },
	{ "N\xc2\xb0 Parquet : 26123000045", "instrument.case_number", "26123000045" },
	{ "records of alice@mail.example and", "demands[].target", "alice@mail.example" },
	{ "address 192.0.2.17 was", "demands[].target", "192.0.2.17" },
	{ "Account ID: 1234567890", "demands[].target", "1234567890" },
	{ "U.S. Department of Justice", "issuer.authority_name", "U.S. Department of Justice" },
	{ "AMTSGERICHT Musterstadt", "issuer.authority_name", "AMTSGERICHT Musterstadt" },
	{ "Le Procureur de la République près", "issuer.authority_name",
	  "Le Procureur de la République près" },
	{ "this National Security Letter", "instrument.kind", "NATIONAL_SECURITY_LETTER" },
	{ "RÉQUISITION JUDICIAIRE", "instrument.kind", "POLICE_REQUISITION" },
	{ "you shall not disclose that", "secrecy.kind", "-" },
	{ "the nondisclosure requirement", "secrecy.kind", "-" },
	{ "within ten (10) business days", "instrument.return_by", "-" },
	{ "innerhalb von 14 Tagen", "instrument.return_by", "-" },
	{ "dans un délai de 10 jours", "instrument.return_by", "-" },
};

static void test_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(found); i++) {
		CTX(c);
		const struct json *result = suggestions(&c, found[i].text);

		if (!suggests(result, found[i].field, found[i].value)) {
			print_error("'%s' does not suggest %s = %s\n", found[i].text,
				    found[i].field, found[i].value);
			fail();
		}
	}
}

/* A day that may be another is quoted and has no value. */
static void test_a_date_of_two_readings(void **state)
{
	(void)state;
	CTX(c);
	const struct json *result = suggestions(&c, "03/04/2026");

	assert_true(suggests(result, "instrument.issued_on", "-"));
	assert_false(suggests(result, "instrument.issued_on", "2026-04-03"));
	assert_false(suggests(result, "instrument.issued_on", "2026-03-04"));
}

static void test_nothing_is_found(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"31 February 2026",
		"32.01.2026",
		"2026-13-01",
		"1/2/3",
		"99/99/9999",
		"30.02.2026",
		"In this case the 4 records",
		"@",
		"a@",
		"@b.c",
		"a@b",
		"1.2.3.4.5",
		"256.1.1.1",
		"18 U.S.C.",
		"section of the",
		"\xc2\xa7",
		"\xc2\xa7 StPO",
		"Title 18, United",
		"within the district",
		"within 5 of us all here now days",
		"Telephone: none",
		"(see page 12)",
		"+++ --- ...",
		"the May 4",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CTX(c);
		const struct json *result = suggestions(&c, texts[i]);

		if (json_count(json_get(result, "suggestions")))
			print_error("'%s' suggests something\n", texts[i]);
		assert_int_equal(json_count(json_get(result, "suggestions")), 0);
	}
}

/* FACTS, issuer.contact_check: the number to call back is found elsewhere. */
static void test_what_names_the_sender_fills_no_field(void **state)
{
	(void)state;
	CTX(c);
	const struct json *result = suggestions(
		&c, "Tel: (202) 555-0100\nsent by agent@fbi.gov\nTelefon: +49 30 1234567");
	size_t n = 0;

	JSON_EACH(one, json_get(result, "suggestions")) {
		assert_int_equal(json_get(one, "field")->type, JSON_NULL);
		n++;
	}
	assert_int_equal(n, 3);
}

static void test_place_and_quote(void **state)
{
	struct span text;

	(void)state;
	CTX(c);
	const struct json *result = suggestions(&c, "Re:\nat 15 November 2019, we");

	ok(&c, json_write(&c, json_get(result, "suggestions"), 4096, &text));
	text_is(text, "[{\"box\":[200,200,480,280],\"field\":\"instrument.issued_on\",\"line\":2,"
		      "\"page\":1,\"quote\":\"15 November 2019,\",\"sure\":90,"
		      "\"value\":\"2019-11-15\",\"what\":\"date\"}]");
}

static void test_a_page_that_repeats_itself(void **state)
{
	struct span text;
	struct buf b;

	(void)state;
	CTX(c);
	buf_begin(&b, &c, (size_t)1 << 20);
	for (int i = 0; i < 300; i++)
		buf_fmt(&b, "18 USC %d and 18 USC 2709\n", 2000 + i);
	buf_byte(&b, '\0');
	ok(&c, buf_done(&c, &b, &text));
	const struct json *list = json_get(suggestions(&c, (const char *)text.p), "suggestions");
	size_t same = 0;

	JSON_EACH(one, list)
		same += span_is(json_opt_text(one, "value", SPAN_NONE), "18 USC 2709");
	assert_int_equal(json_count(list), SUGGEST_PAGE_MAX);
	assert_int_equal(same, SUGGEST_SAME_MAX);
}

static void test_each_field_is_one_of_the_order_file(void **state)
{
	static const char *const fields[] = {
#define PHRASE(what, field, value, words) field,
#define AUTHORITY(words)
#define MONTH(number, words)
#define ACT(words, prefix)
#include "hand/suggest.def"
		"instrument.issued_on", "instrument.valid_until", "instrument.return_by",
		"demands[].from", "demands[].until", "demands[].target", "instrument.provisions",
		"instrument.case_number", "issuer.authority_name",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		assert_non_null(facts_field(span_str(fields[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_a_date_of_two_readings),
		cmocka_unit_test(test_nothing_is_found),
		cmocka_unit_test(test_what_names_the_sender_fills_no_field),
		cmocka_unit_test(test_place_and_quote),
		cmocka_unit_test(test_a_page_that_repeats_itself),
		cmocka_unit_test(test_each_field_is_one_of_the_order_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
