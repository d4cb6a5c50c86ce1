"""An order that was returned with a defect and comes again, corrected: linked to the earlier one on both
sides, answered once. SPDX-License-Identifier: Apache-2.0"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture
def home(town):
    return town.home("authenticated")


def again(home, ref, corrected=True, **more):
    """The order file handed in once more, corrected or not, as a correction of ref."""
    change = (lambda tree: tree["facts"]["instrument"].update(case_number="26-1001 corrected")) if corrected else None
    path = life.order_file(home.base / "order.yaml", home.world, change=change, **more)
    return home.run("order", "submit", path, "--paper", home.world.paper, "--resubmits", ref, as_="Ana")


def no(got, status, says):
    assert got.exit == status and says in got.err and "next: " in got.err and got.out == "", got


def link(home, ref):
    shown = home.json("show", ref)
    return shown["resubmits"], shown["resubmitted_as"]


def orders(home):
    return {row["order"]: row for row in home.json("order", "list")["orders"]}


@pytest.mark.parametrize("decision", ["refuse", "ask", "redirect"])
def test_a_returned_order_comes_again(home, decision):
    first = home.ref
    home.decide(decision, "--reason", "INST-UNSIGNED")
    got = again(home, first.lower())
    assert got.exit == 0 and "REMARK" not in got.err, got
    second = home.ref = got.out.strip()
    assert second != first and link(home, first) == ("", second) and link(home, second) == (first, "")
    assert home.acts("resubmitted", first)[0]["body"] == {"order": second}
    for ref, other, words in ((first, second, "came again, corrected, as another order"), (second, first, "received")):
        timeline = home.ok("show", ref).split("\nacts\n")[1].splitlines()
        assert [ln for ln in timeline if words in ln and ln.endswith("  " + other)], timeline
    assert home.state(first) == {"refuse": "refused", "ask": "asked", "redirect": "redirected"}[decision]
    assert decision == "refuse" or "came again" in orders(home)[first]["waiting_for"]
    assert f"In place of        {first}" in home.ok("letter", second, "receipt")
    home.authenticate()
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    letter = home.ok("letter", second, "refusal")
    assert f"In place of        {first}" in letter and "In place of" not in home.ok("letter", first, "receipt")
    home.sound()


def test_the_corrected_order_is_answered_and_its_certificate_names_the_earlier(home):
    first = home.ref
    home.decide("ask", "--reason", "PART-NO-RANGE")
    home.ref = again(home, first).out.strip()
    home.authenticate()
    home.decide()
    for stage in ("collected", "noticed", "approved", "released"):
        home.step(stage)
    out = home.deliver()
    assert home.verify(out).exit == 0
    no(home.run("decide", first, "comply", as_="Ana", key="ana"), 4, "is answered there")
    home.decide("refuse", "--reason", "PART-NO-RANGE", ref=first)
    assert home.state(first) == "refused"
    home.sound()


def test_the_rest_of_an_order_that_was_answered_in_part(town):
    home = town.home()
    home.submit([life.demand(), life.demand("bob@mail.example")])
    home.authenticate()
    first = home.ref
    home.decide("narrow", "--line", "d1", "--reason", "PART-NO-RANGE")
    got = again(home, first)
    assert got.exit == 0, got
    home.collect()
    assert home.state(first) == "collected", "the part that was decided goes on"
    no(home.run("decide", first, "comply", as_="Ana", key="ana"), 4, got.out.strip())
    home.sound()


def test_a_chain(home):
    first, refs = home.ref, [home.ref]
    for n in range(2):
        home.decide("refuse", "--reason", "INST-UNSIGNED")
        path = life.order_file(home.base / "order.yaml", home.world,
                               change=lambda tree: tree["facts"]["instrument"].update(case_number=f"{n}"))  # noqa: B023
        home.ref = home.ok("order", "submit", path, "--paper", home.world.paper, "--resubmits", refs[-1], as_="Ana")
        home.authenticate()
        refs.append(home.ref)
    at = [home.acts("received", ref)[0] for ref in refs]
    assert [a["body"]["resubmits"] and a["body"]["resubmits"]["order"] for a in at] == [None, *refs[:2]]
    assert {a["body"]["resubmits"]["first_received_at"] for a in at[1:]} == {at[0]["made_at"]}
    no(again(home, first), 4, "is answered there")


def test_the_clock_begins_anew_unless_staff_say_which_receipt_counts(home):
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    first, earlier = home.ref, home.acts("received", home.ref)[0]["made_at"]
    home.ref = again(home, first).out.strip()
    received = home.acts("received", home.ref)[0]["made_at"]
    assert f"first received         {earlier}" in home.ok("show", home.ref)
    over = ("--over", "+33100000000", "--found", "ministry directory")
    for words, at in (((), received), (("--fact", "order.received_at=2026-11-20T10:00:00Z"), "2026-11-20T10:00:00Z")):
        home.ok("authenticate", home.ref, "--by", "callback", *over, *words, as_="Ana")
        home.ok("judge", home.ref, as_="Ana")
        assert home.acts("judged", home.ref)[-1]["body"]["facts"]["order"]["received_at"] == at


# ---- what is no resubmission ----

def test_of_an_order_that_is_not_there(home):
    no(again(home, "W-2222-2222"), 3, "there is no order W-2222-2222")
    no(again(home, "W-22"), 3, "not a reference")
    assert list(orders(home)) == [home.ref]


@pytest.mark.parametrize("stage,says", [("received", "no answer yet"), ("authenticated", "no answer yet"),
                                        ("decided", "nothing of it was returned"), ("delivered", "nothing of it was returned")])
def test_of_an_order_that_was_not_returned(town, stage, says):
    home = town.home(stage)
    no(again(home, home.ref), 4, says)
    assert list(orders(home)) == [home.ref] and not home.acts("resubmitted")


@pytest.mark.parametrize("end", ["withdraw", "void"])
def test_of_an_order_that_is_over(home, end):
    home.decide("ask", "--reason", "INST-UNSIGNED")
    home.ok(end, home.ref, "--because", "over", as_="Ana", key="ana")
    no(again(home, home.ref), 4, "nothing of it was returned")


def test_of_another_agencys_order(home):
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    no(again(home, home.ref, agency="lka-berlin", recipients=("LKA 2026",)), 4, "of the agency 'pj-paris'")
    assert not home.acts("resubmitted")


def test_verified_as_another_agency_than_the_earlier(home):
    """Its letters name the earlier reference: another agency does not read it."""
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    home.ref = again(home, home.ref).out.strip()
    over = ("--over", "+4930000", "--found", "court register")
    no(home.run("authenticate", home.ref, "--by", "callback", *over, "--agency", "lka-berlin", as_="Ana"), 4, "pj-paris")
    assert home.state() == "received"
    home.authenticate()


def test_of_itself(home):
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    no(again(home, home.ref, corrected=False), 4, "that order itself")
    more = home.base / "annex.bin"
    more.write_bytes(b"the page that was missing")
    papers = ("--paper", home.world.paper, "--paper", more)
    home.ok("order", "submit", home.base / "order.yaml", *papers, "--resubmits", home.ref, as_="Ana")


def test_twice_but_for_one_that_was_made_void(home):
    first = home.ref
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    second = again(home, first).out.strip()
    no(again(home, first), 4, second)
    home.ok("void", second, "--because", "linked to the wrong order", as_="Ana", key="ana")
    third = again(home, first).out.strip()
    assert link(home, first) == ("", third)
    no(again(home, first), 4, third)
    home.sound()
