"""Paper alone at the desk, by forms without script: taken in, read in a cage, written out beside its pages, judged; and
the facts that are the provider's own. Half of it is what must be refused, and what must not be lost.
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import sqlite3
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, tools, web  # noqa: E402
from harness.paper import pdf, png  # noqa: E402
from harness.refusals import refused, says  # noqa: E402

WORDS = b"Dated 15 November 2019, File No. NSL-19-123456, under 18 U.S.C. 2709 <b>words</b>"
PAPER = pdf(WORDS, pages=2)
PDFS = tools.shared("corpora", "pdf")
LINE = {"d1-category": "CONTENT_COMM", "d1-target_kind": "EMAIL", "d1-target": "alice@mail.example", "d1-range": "DATES",
        "d1-from": "2026-11-01", "d1-until": "2026-11-14", "d1-zone": "Europe/Paris", "d1-stores": ["main"]}


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        made = town.home("founded")
        yield made.invent()


@pytest.fixture(scope="module")
def ben(server):
    one = desk.Person(server)
    assert one.demo("Ben").location == "/desk"
    return one


def take_in(ben, *papers, **fields):
    token = ben.form(ben.get("/intake"), "/intake")[0]["token"]
    return ben.taken(ben.upload("/intake", {"token": token} | fields, [("paper", name, data) for name, data in papers]))


def read(ben, got):
    """Waits for the reading by the page alone; gives where it leads."""
    assert got.status == 303 and got.location.endswith("/read"), desk.words(got)

    def over():
        page = ben.get(got.location)
        assert page.status in (200, 303) and "without success" not in page.text, desk.words(page)
        return page.location
    return web.wait(over, "the reading")


@pytest.fixture
def paper(ben, home):
    """A paper that came alone, read: the address of what is written out of it."""
    here = read(ben, take_in(ben, ("letter.pdf", PAPER)))
    home.ref = here.split("/")[2]
    assert here == f"/order/{home.ref}/transcribe"
    return here


def filled(ben, here, **more):
    fields, _ = ben.form(ben.get(here), here)
    return fields | LINE | more


# ---- taking in ----

def test_paper_alone_is_taken_in_at_once(ben, home, paper):
    acts = home.acts()
    assert [a["act"] for a in acts] == ["received"] and acts[0]["actor"]["name"] == "Ben"
    assert [p["sha256"] for p in acts[0]["body"]["papers"]] == [life.sha(PAPER)]
    page = ben.get(f"/order/{home.ref}")
    assert "Write out what the paper says" in desk.words(page) and f'href="{paper}"' in page.text
    assert "/judge" not in re.search(r"<nav aria-label=\"What you can do\">.*?</nav>", page.text, re.S)[0]
    assert life.sha(PAPER) in ben.get(f"/order/{home.ref}/letter/receipt").text
    assert ben.get(f"/order/{home.ref}/paper/1").body == PAPER
    refused(ben.get(f"/order/{home.ref}/paper/0"), "this order has no such paper")


@pytest.mark.parametrize("papers,fields,why,status", [
    ([], {}, says("choose the papers"), 400),
    ([("scan.pdf", b""), ("fine.pdf", PAPER), ("b<i>.pdf", b"")], {}, says("intake_empty", also="scan.pdf is empty. b<i>.pdf is empty."), 400),
    ([("fine.pdf", PAPER)], {"language": "french"}, says("is no language"), 400),
    ([("fine.pdf", PAPER)], {"resubmits": "W-2222-2222"}, says("in this home"), 404),
    ([(f"{i}.pdf", PAPER) for i in range(33)], {}, says("an order has at most %u papers"), 413),
    ([("fine.pdf", PAPER)], {"order": ["a.yaml", "b.yaml"]}, says("papers, and at most one order file"), 400),
])
def test_what_is_not_taken_in_says_why_and_what_was_typed_stays(ben, home, papers, fields, why, status):
    before = len(home.json("order", "list")["orders"])
    if "order" in fields:
        token = ben.form(ben.get("/intake"), "/intake")[0]["token"]
        got = ben.upload("/intake", {"token": token}, [("paper", *papers[0]), *(("order", name, b"version: 1") for name in fields.pop("order"))])
    else:
        got = take_in(ben, *papers, **fields)
    refused(got, why, status)
    again, _ = ben.form(got, "/intake")
    assert all(again[name] == value for name, value in fields.items())
    assert len(home.json("order", "list")["orders"]) == before


def test_the_limits_stand_before_the_upload(ben):
    page = desk.words(ben.get("/intake"))
    assert "64 MB" in page and "32 files" in page and "PDF, or a scan as PNG, JPEG or TIFF" in page


@pytest.mark.parametrize("name,data", [("hello.txt", b"hello, no paper"), ("broken.pdf", PAPER[:90]), ("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 9)])
def test_what_cannot_be_read_is_kept_and_written_out_by_hand(ben, home, name, data):
    here = read(ben, take_in(ben, (name, data)))
    page = ben.get(here)
    assert page.status == 200 and "This paper cannot be read here" in desk.words(page) and 'name="take"' not in page.text
    home.ref = here.split("/")[2]
    assert ben.get(f"/order/{home.ref}/paper/1").body == data
    got = ben.post(here, filled(ben, here))
    assert got.location == f"/order/{home.ref}", desk.words(got)


def test_a_scan_has_its_page_beside_the_form(ben, home):
    here = read(ben, take_in(ben, ("scan.png", png(200, 100)), ("second.pdf", PAPER), language="fr"))
    page = ben.get(here)
    home.ref = here.split("/")[2]
    assert f'src="/order/{home.ref}/paper/1/page/1"' in page.text
    fields, _ = ben.form(page, here)
    assert fields["order-language"] == "fr"
    second = ben.post(here, fields | {"show": "2.2"})
    assert f'src="/order/{home.ref}/paper/2/page/2"' in second.text
    assert f'src="/order/{home.ref}/paper/2/page/2"' in ben.post(here, ben.form(second, here)[0] | {"more": "1"}).text      # it stays there


# ---- writing out ----

def test_nothing_fills_itself_in_and_what_was_found_is_offered(ben, home, paper):
    page = ben.get(paper)
    fields, _ = ben.form(page, paper)
    assert {k: v for k, v in fields.items() if v and k not in ("token", "seq", "at", "lines")} == {"d1-date_meaning": "delivery", "d1-folders": "ALL"}
    offers = re.findall(r'name="take" value="([^"]*)"[^>]*>([^<]*)</button>', page.text)
    assert [(name.split()[0], value) for name, value in offers] == [
        ("instrument-provisions", "18 USC 2709"), ("instrument-issued_on", "2019-11-15"), ("instrument-case_number", "NSL-19-123456")]
    assert page.text.count("<rect") == 3 and 'class="chosen"' not in page.text
    assert "<b>words" not in page.text and "&lt;b&gt;words" in page.text
    first = re.search(r'<button type="submit"[^>]*>', page.text[page.text.index('id="step"'):])[0]
    assert "name=" not in first                                         # the Enter key saves, and takes nothing over


def test_what_was_found_is_shown_and_taken_over_with_its_place(ben, home, paper):
    page = ben.get(paper)
    fields, _ = ben.form(page, paper)
    shown = ben.post(paper, fields | {"show": "1.1.1", "issuer-country": "US"})
    assert shown.status == 200 and 'class="chosen"' in shown.text and 'value="US"' in shown.text
    take = re.search(r'name="take" value="(instrument-issued_on [0-9.]+)"', page.text)[1]
    got = ben.post(paper, ben.form(shown, paper)[0] | {"take": take})
    fields, _ = ben.form(got, paper)
    assert fields["instrument-issued_on"] == "2019-11-15" and fields["from-instrument-issued_on"] == "1.1.1" and fields["issuer-country"] == "US"
    assert "Taken from page 1, line 1" in desk.words(got)
    take = re.search(r'name="take" value="(instrument-provisions [0-9.]+)"', page.text)[1]
    got = ben.post(paper, fields | {"take": take, "instrument-provisions": "CPP 99-4"})
    fields, _ = ben.form(got, paper)
    assert fields["instrument-provisions"] == "CPP 99-4\n18 USC 2709"
    changed = ben.post(paper, fields | {"more": "1", "instrument-issued_on": "2019-11-16"})
    assert "from-instrument-issued_on" not in ben.form(changed, paper)[0]        # what was changed is no more the paper's
    assert "d2-target" in ben.form(changed, paper)[0] and len(home.acts()) == 1
    got = ben.post(paper, fields | LINE)
    assert got.location == f"/order/{home.ref}", desk.words(got)
    body = home.acts("transcribed")[0]["body"]
    assert body["taken"] == [{"demand": None, "field": f"instrument.{k}", "line": 1, "page": 1, "paper": 1, "value": v}
                             for k, v in (("provisions", "18 USC 2709"), ("issued_on", "2019-11-15"))]
    assert body["facts"]["instrument"]["provisions"] == ["CPP 99-4", "18 USC 2709"]
    again, _ = ben.form(ben.get(paper), paper)
    assert again["from-instrument-issued_on"] == "1.1.1" and again["d1-target"] == "alice@mail.example" and again["d1-stores"] == "main"


@pytest.mark.parametrize("field,value,why", [
    ("issuer-country", "France", "a country in two capitals"),
    ("instrument-issued_on", "15.11.2019", "It must be a day such as"),
    ("instrument-issued_on", "2019-02-30", "It must be a day such as"),
    ("instrument-kind", "LETTER", "one of the words"),
    ("instrument-kind", "WARRANT\nagency: x", "one of the words"),
    ("d1-zone", "Europe/Nowhere", "a time zone"),
    ("d1-zone", "", "a time zone"),
    ("d1-stores", [], "chosen"),
    ("d1-stores", ["elsewhere"], "chosen"),
    ("issuer-authority_name", "x" * 401, "400 characters"),
    ("issuer-authority_name", "a\nb", "without control characters"),
    ("emergency-claimed", "perhaps", "yes, no or unknown"),
])
def test_what_may_not_stand_in_a_field_is_said_beside_it(ben, home, paper, field, value, why):
    got = ben.post(paper, filled(ben, paper) | {"instrument-case_number": "kept & <safe>", field: value})
    assert got.status == 400 and not home.acts("transcribed"), desk.words(got)
    assert f'<a href="#{field}">' in got.text and f'id="{field}-error"' in got.text
    assert why in desk.words(got)
    fields, _ = ben.form(got, paper)
    assert fields["instrument-case_number"] == "kept & <safe>" and fields["d1-target"] == "alice@mail.example"


@pytest.mark.parametrize("value", ['"', "\\", '\\" and "\\', "- x", "a: b # c", "'", "{[&*!|>%@`", "unknown", "NO", "  wide   within  ", "é ☂ 漢字 \U0001F40D", "\u202ereversed"])
def test_any_text_stands_in_the_order_as_it_was_typed_or_not_at_all(ben, home, paper, value):
    got = ben.post(paper, filled(ben, paper) | {"issuer-authority_name": value, "reference": value})
    if "\u202e" in value:
        assert got.status == 400 and "without control characters" in desk.words(got) and not home.acts("transcribed")
        return
    assert got.location == f"/order/{home.ref}", desk.words(got)
    body = home.acts("transcribed")[0]["body"]
    assert body["facts"]["issuer"]["authority_name"] == body["authority_reference"] == value.strip()


def test_a_paper_that_says_nothing_stays_unknown(ben, home, paper):
    fields, _ = ben.form(ben.get(paper), paper)
    got = ben.post(paper, fields)
    assert got.location == f"/order/{home.ref}", desk.words(got)
    body = home.acts("transcribed")[0]["body"]
    assert body["agency"] == body["authority_reference"] == "unknown" and body["facts"]["demands"] == [{"id": "d1"}] and body["taken"] == []
    assert body["facts"]["issuer"] == {"country": "unknown"}


def test_lines_beside_each_other_and_empty_ones_left_out(ben, home, paper):
    fields = filled(ben, paper)
    for n in (2, 3):
        fields, _ = ben.form(ben.post(paper, fields | {"more": "1"}), paper)
    third = {k.replace("d1-", "d3-"): v for k, v in LINE.items()} | {"d3-category": "MSG_META"}
    got = ben.post(paper, fields | third)
    assert got.location == f"/order/{home.ref}", desk.words(got)
    body = home.acts("transcribed")[0]["body"]
    assert [(d["id"], d["category"]) for d in body["facts"]["demands"]] == [("d1", "CONTENT_COMM"), ("d3", "MSG_META")]
    assert [line["id"] for line in body["lines"]] == ["d1", "d3"]
    most = ben.post(paper, fields | {"lines": "99999999999"})
    assert most.status in (200, 400, 409) and "d13-target" not in most.text


@pytest.mark.parametrize("typed,want", [({"d1-range": ""}, "DATES"), ({"d1-range": "", "d1-until": ""}, "DATES"),
                                        ({"d1-range": "", "d1-from": "", "d1-until": ""}, None), ({"d1-range": "WHOLE_ACCOUNT", "d1-from": "", "d1-until": ""}, "WHOLE_ACCOUNT")])
def test_days_that_were_typed_are_meant(ben, home, paper, typed, want):
    assert ben.post(paper, filled(ben, paper) | typed).location == f"/order/{home.ref}"
    demand, = home.acts("transcribed")[0]["body"]["facts"]["demands"]
    assert demand.get("range") == want


def test_choices_stand_in_words(ben, paper):
    page = ben.get(paper).text
    for value, words in (("MSG_META", "sender, recipients, dates, sizes and routes of messages"), ("EPOC", "European Production Order (EPOC)"),
                         ("ELECTRONIC_QUALIFIED", "electronically, qualified"), ("COURT_ORDER_DATED", "a court&#39;s order with a last day")):
        assert f'<option value="{value}">{words}</option>' in page
    assert not re.findall(r"<option[^>]*>[^<]*_", page)


def test_the_clock_stands_on_every_step(ben, home, paper):
    assert ben.post(paper, filled(ben, paper) | {"instrument-return_by": "2999-01-01T10:00:00Z"}).status == 303
    for step in ("transcribe", "facts", "authenticate", "secrecy"):
        page = ben.get(f"/order/{home.ref}/{step}")
        assert page.status == 200 and 'class="clockbar"' in page.text and "the order's own date" in desk.words(page), step
        assert f'<a href="/order/{home.ref}">{home.ref}</a>' in page.text
    assert "2999-01-01 10:00, UTC" in desk.words(ben.get(f"/order/{home.ref}"))
    assert 'class="clockbar"' not in ben.get("/intake").text


def test_signs_of_a_false_sender_are_looked_for_or_not(ben, home):
    home.submit()
    here = f"/order/{home.ref}/authenticate"
    known = {"by": "callback", "over": "+33140000001", "found": "ministry directory"}
    got = ben.send(ben.get(here), here, **known, sign=["NONE", "ODD_HOUR"])
    assert got.status == 400 and "one is named beside it" in desk.words(got) and not home.acts("authenticated")
    ben.send(ben.get(here), here, **known, sign=["NONE"])
    assert home.acts("authenticated")[0]["body"]["impersonation_signs"] == ["NONE"]


def test_the_second_to_write_is_told_and_loses_nothing(ben, server, home, paper):
    mine = filled(ben, paper) | {"issuer-authority_name": "Mine & only"}
    chi = desk.Person(server)
    chi.demo("Chi")
    assert chi.post(paper, filled(chi, paper)).location == f"/order/{home.ref}"
    got = ben.post(paper, mine)
    refused(got, "somebody was faster", 409)
    assert "written out from its paper by staff" in desk.words(got)
    fields, _ = ben.form(got, paper)
    assert fields["issuer-authority_name"] == "Mine & only" and len(home.acts("transcribed")) == 1
    refused(ben.post(paper, fields), says("ask_because_needed"), 400)
    got = ben.post(paper, fields | {"because": "his was <wrong>"})
    assert got.location == f"/order/{home.ref}" and len(home.acts("transcribed")) == 2
    told = desk.words(ben.get(got.location))
    assert "his was <wrong>" in told and "→ Mine & only" in told


def test_what_was_decided_is_corrected_by_who_may_decide(ben, server, home, paper):
    here = paper.removesuffix("/transcribe")
    assert ben.post(paper, filled(ben, paper)).location == here
    home.ok("authenticate", home.ref, "--by", "callback", "--over", "+33100000000", "--found", "directory", "--agency", "pj-paris", as_="Ana")
    home.ok("decide", home.ref, "ask", "--reason", "PART-NO-RANGE", as_="Ana", key="ana")
    assert f'href="{paper}"' not in ben.get(here).text
    fields, _ = ben.form(ben.get(paper), paper)
    got = ben.post(paper, fields | {"because": "a slip"})
    assert got.status == 403 and "Ben may not decide" in desk.words(got)
    ana = desk.Person(server)
    ana.demo("Ana")
    page = ana.get(paper)
    assert "stands no more once you correct this" in desk.words(page) and f'href="{paper}"' in ana.get(here).text
    fields, _ = ana.form(page, paper)
    assert ana.post(paper, fields | {"because": "a slip", "issuer-authority_name": "Another court"}).location == here
    assert home.state() == "authenticated" and "Another court" in ana.get(here).text


def test_what_was_typed_outlives_the_session(ben, server, home, paper):
    chi = desk.Person(server)
    chi.demo("Chi")
    fields = filled(chi, paper) | {"issuer-authority_name": "Typed late & long"}
    with sqlite3.connect(home.dir / "writ.db") as db:
        db.execute("UPDATE sitting SET seen_at_utc = seen_at_utc - 7200 WHERE person = 'Chi'")
    got = chi.post(paper, fields)
    assert got.location == f"/sign-in?to={paper}" and not home.acts("transcribed")
    assert chi.demo("Chi", to=paper).location == paper
    page = chi.get(paper)
    again, _ = chi.form(page, paper)
    assert again["issuer-authority_name"] == "Typed late & long" and again["d1-target"] == "alice@mail.example"
    assert chi.post(paper, again).location == f"/order/{home.ref}"


@pytest.mark.parametrize("twist", [{"take": "instrument-issued_on 9.9"}, {"take": "x"}, {"take": ""}, {"take": "seq 1.1"}, {"take": "token 1.1"},
                                   {"show": "9.9.9"}, {"show": "x"}, {"show": "1.-1.5"}, {"at": "<b>"}, {"show": "1.1.99999999999999999999"}])
def test_buttons_that_nobody_showed_do_nothing(ben, home, paper, twist):
    fields = filled(ben, paper)
    got = ben.post(paper, fields | {"more": "1"} | twist)
    assert got.status == 200 and not home.acts("transcribed") and "<b>" not in got.text
    again, _ = ben.form(got, paper)
    assert again["seq"] == fields["seq"] and again["instrument-issued_on"] == "" and again["d1-target"] == "alice@mail.example"


def test_a_place_that_is_none_is_not_recorded(ben, home, paper):
    got = ben.post(paper, filled(ben, paper) | {"instrument-issued_on": "2019-11-15", "from-instrument-issued_on": "1.7.7 9.9.9 x",
                                                "from-instrument-kind": "1.1.1"})
    assert got.location == f"/order/{home.ref}" and home.acts("transcribed")[0]["body"]["taken"] == []


def test_what_came_with_an_order_file_is_not_written_out(ben, home):
    home.submit()
    refused(ben.get(f"/order/{home.ref}/transcribe"), "this order came with an order file")
    assert f"/order/{home.ref}/transcribe" not in ben.get(f"/order/{home.ref}").text


# ---- the facts that are the provider's own ----

def unsure(ben, home, check):
    return f'<span class="open">{check}</span>' in ben.get(f"/order/{home.ref}").text


def test_missing_facts_come_first_and_are_put_on_file(ben, home, paper):
    assert ben.post(paper, filled(ben, paper) | {"issuer-country": "FR", "issuer-authority_kind": "JUDGE_COURT", "instrument-kind": "COURT_PRODUCTION_ORDER",
                                                     "agency": "pj-paris"}).status == 303
    here = f"/order/{home.ref}/facts"
    home.authenticate()
    home.ok("judge", home.ref, as_="Ben")
    missed = [r for r in home.acts("judged")[0]["body"]["decision"]["reasons"] if r.startswith("FACT-UNKNOWN(")]
    page = ben.get(here)
    assert f'href="{here}"' in ben.get(f"/order/{home.ref}").text.split("What else can be done")[0]
    # What the packs could not tell is no more than open.
    assert "FACT-UNKNOWN(customer.kind)" in missed and unsure(ben, home, "Nobody else should be asked first")
    assert unsure(ben, home, "No law of another country forbids the answer")
    asked = page.text.split("The others</h2>")[0] if "The rule packs asked for these" in page.text else ""
    for reason in missed:
        path = reason[13:-1]
        if path.startswith(("customer.", "data.")):
            assert f'id="{path.replace(".", "-")}"' in asked, (path, missed)
    got = ben.send(page, here, **{"customer-kind": "CONSUMER", "data-stored_in": "FR\nDE"})
    assert got.location == f"/order/{home.ref}", desk.words(got)
    assert home.acts("established")[0]["body"]["facts"] == [{"path": "customer.kind", "value": "CONSUMER"},
                                                           {"path": "data.stored_in", "value": "FR"}, {"path": "data.stored_in", "value": "DE"}]
    # Judged again by itself, and what is on file is asked for no more.
    assert len(home.acts("judged")) == 2 and "FACT-UNKNOWN(customer.kind)" not in home.acts("judged")[1]["body"]["decision"]["reasons"]
    assert "facts have changed" not in ben.get(f"/order/{home.ref}").text
    again, _ = ben.form(ben.get(here), here)
    assert again["customer-kind"] == "CONSUMER" and again["data-stored_in"] == "FR\nDE"
    got = ben.post(here, again | {"customer-kind": "", "data-stored_in": "DE"})
    assert got.status == 303 and home.acts("established")[1]["body"]["facts"] == [{"path": "customer.kind", "value": "unknown"}, {"path": "data.stored_in", "value": "DE"}]


NO_CHANGE = says("nothing was changed")


@pytest.mark.parametrize("fields,why", [
    ({}, NO_CHANGE),
    ({"customer-residence": "France"}, "a country in two capitals"),
    ({"customer-kind": "FRIEND"}, "one of the words"),
    ({"order-received_at": "2999-01-01T00:00:00Z"}, "has not come"),
    ({"issuer-country": "FR"}, NO_CHANGE),          # the sender's to state
    ({"provider-name": "x"}, NO_CHANGE),
    ({"issuer-contact_check": "CALL_BACK"}, NO_CHANGE),
])
def test_facts_that_are_not_put_on_file(ben, home, fields, why):
    home.submit()
    here = f"/order/{home.ref}/facts"
    got = ben.send(ben.get(here), here, **fields)
    assert got.status == 400 and why in desk.words(got) and not home.acts("established"), desk.words(got)
    if why == NO_CHANGE:
        refused(got, why)


# ---- papers of strangers ----

@pytest.mark.skipif(not PDFS, reason="no shared corpora here: papers of strangers are not taken in")
def test_papers_of_strangers_leave_the_desk_unharmed(ben, server, home):
    some = sorted(PDFS.rglob("*.pdf"))[::31]
    assert len(some) >= 5
    for path in some:
        data = path.read_bytes()
        here = read(ben, take_in(ben, (path.name, data)))
        page = ben.get(here)
        assert page.status == 200 and ("cannot be read here" in desk.words(page) or "<img src=\"/order" in page.text), path.name
        assert ben.get(here.replace("/transcribe", "/paper/1")).body == data
    assert server.get("/health").status == 200
