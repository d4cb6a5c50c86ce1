"""The scope at the desk, by forms alone: lines counted before anything is collected, made smaller, counted again, decided
on, frozen; what is wider is refused in words and stays typed. An earlier number is offered and never taken for a call.
What changed since an approval is told.
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import fcntl
import hashlib
import json
import os
import re
import struct
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, web  # noqa: E402
from harness.refusals import refused, says  # noqa: E402

F_OFD_SETLK = 37        # linux/fcntl.h; Python has no name for it
TWO = [life.demand(), life.demand(target="bob@mail.example", since="2026-11-01", until="2026-11-30")]


class Desk(desk.Desk):
    def take_in(self, *demands, **more):
        self.home.submit(list(demands) or None, **more)
        self.here = f"/order/{self.home.ref}"
        return self.here


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def at(town):
    home = town.home().invent()
    with web.serve(home) as server:
        yield Desk(home, server)


def typed(page, name):
    found = re.search(rf'name="{re.escape(name)}"[^>]*value="([^"]*)"', page.text)
    return found and found[1]


def choices(page, name):
    return re.findall(rf'name="{name}" type="(?:radio|checkbox)" value="([^"]*)"', page.text)


def numbers(rows):
    return {r["id"]: (r["items"], r["bytes"], r["undated"]) for r in rows}


# ---- what nobody sees ----

def test_what_nobody_sees_is_shown_in_its_field_and_kept_as_it_was_typed(at):
    hidden = "by \u202ejudge\u2069\u200b of\nTuesday"
    here = at.take_in()
    ben, ana, path = at.sit("Ben"), at.sit("Ana"), f"{here}/secrecy"
    page = ben.go(path, basis=hidden, until="soon")
    assert page.status == 400 and "\u27e6U+202E\u27e7judge\u27e6U+2069\u27e7\u27e6U+200B\u27e7 of" in page.text and not set("\u202e\u2069\u200b") & set(page.text)
    assert ben.send(page, path, until="2027-02-21").location == here and at.home.acts("gagged")[-1]["body"]["basis"] == hidden
    page = ana.go(f"{here}/end", because=hidden)
    assert page.status == 400 and "\u27e6U+202E\u27e7judge" in page.text
    page = ana.send(page, f"{here}/end", who="us")
    assert ana.send(page, f"{here}/end").location == here
    assert json.loads(at.home.acts("voided")[-1]["body"]["document"])["because"] == hidden


def test_a_document_with_such_a_character_is_signed_as_it_is(at):
    here = at.take_in(life.demand(target="ali\u200bce@mail.example"))
    at.home.authenticate()
    ana, path = at.sit("Ana"), f"{here}/decide"
    page = ana.go(path, decision="comply")
    assert "ali[U+200B]ce" in page.text
    ana.send(page, path)
    assert json.loads(at.home.acts("decided")[-1]["body"]["document"])["lines"][0]["target"] == "ali\u200bce@mail.example"


# ---- counting and narrowing ----

def test_lines_are_counted_made_smaller_and_counted_again(at):
    here = at.take_in(*TWO)
    at.home.authenticate()
    ben, path = at.sit("Ben"), f"{here}/scope"
    page = ben.get(path)
    assert "Not counted yet" in page.text and typed(page, "from-1") == "2026-11-01" and typed(page, "until-2") == "2026-11-30"
    assert "store archive" in desk.words(page).lower() and "cannot be told by a count" in page.text
    page = ben.end_of(ben.send(page, path), "the count")
    body = at.home.acts("counted")[-1]["body"]
    mail = at.home.world
    whole = mail.expect("alice@mail.example", "2026-10-31 23:00:00", "2026-11-14 23:00:00")
    row = next(r for r in body["lines"] if r["id"] == "d1")
    assert row["items"] == len(whole) and f"{len(whole)} items" in page.text

    def within(since, until):
        return len(mail.expect("alice@mail.example", since, until))
    edges = (within("2026-10-31 23:00:00", "2026-11-01 23:00:00"), within("2026-10-30 23:00:00", "2026-10-31 23:00:00"),
             within("2026-11-13 23:00:00", "2026-11-14 23:00:00"), within("2026-11-14 23:00:00", "2026-11-15 23:00:00"))
    assert (row["first_day"], row["day_before"], row["last_day"], row["day_after"]) == edges and edges[2] and edges[3]
    assert row["outside"] == len(mail.expect("alice@mail.example", "2000-01-01 00:00:00", "2030-01-01 00:00:00")) - len(whole)
    words = desk.words(page)
    assert f"{edges[2]} in the last 24 hours, {edges[3]} in the 24 hours after" in words and "Counted by Ben" in words
    page = ben.end_of(ben.send(page, path, **{"line": ["d1"], "from-1": "2026-11-03", "until-1": "2026-11-04"}), "the count")
    body = at.home.acts("counted")[-1]["body"]
    few = within("2026-11-02 23:00:00", "2026-11-04 23:00:00")
    assert [r["id"] for r in body["lines"]] == ["d1"] and body["lines"][0]["items"] == few and f"{few} items" in page.text
    assert typed(page, "from-1") == "2026-11-03" and not re.search(r'value="d2"[^>]*checked', page.text)
    assert not at.home.acts("decided")


def test_the_desk_counts_what_the_command_line_counts(at):
    here = at.take_in(*TWO)
    at.home.authenticate()
    ben = at.sit("Ben")
    ben.end_of(ben.go(f"{here}/scope", **{"from-1": "2026-11-03", "until-2": "2026-11-05"}), "the count")
    by_desk = at.home.acts("counted")[-1]["body"]
    file = at.home.base / "edited.yaml"
    at.home.ok("scope", at.home.ref, "--edit", file, as_="Ana")
    text = file.read_text().replace("from: 2026-11-01", "from: 2026-11-03", 1).replace("until: 2026-11-30", "until: 2026-11-05")
    file.write_text(text)
    counted = at.home.json("scope", at.home.ref, "--scope", file, as_="Ana")
    assert numbers(counted["counts"]) == numbers(by_desk["lines"]) and counted["lines"] == by_desk["scope"]
    file.write_text(text.replace("from: 2026-11-03", "from: 2026-10-01"))
    got = at.home.run("scope", at.home.ref, "--scope", file, as_="Ana")
    assert got.exit == 4 and "covers more time than the order" in got.err


@contextlib.contextmanager
def counting(at):
    """As long as a count of this order goes on: its process holds the file of its words."""
    path = at.home.dir / "run" / "work" / f"{at.home.ref}.scope"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with open(path, "r+b" if path.exists() else "w+b") as f:
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)

        def free():
            try:
                return fcntl.fcntl(f, F_OFD_SETLK, lock) or True
            except BlockingIOError:
                return False
        web.wait(free, "the end of a count")
        yield


def test_two_who_narrow_at_once(at):
    here = at.take_in(*TWO)
    at.home.authenticate()
    ana, ben, path = at.sit("Ana"), at.sit("Ben"), f"{here}/scope"
    less, other = {"line": ["d1"], "from-1": "2026-11-03", "until-1": "2026-11-04"}, {"line": ["d2"], "from-2": "2026-11-05"}
    first, second = ana.get(path), ben.get(path)
    started = ana.send(first, path, **less)
    with counting(at):
        got = ben.send(second, path, **other)
        assert got.status == 409 and typed(got, "from-2") == "2026-11-05" and not re.search(r'value="d1"[^>]*checked', got.text)
        assert "It is running" in desk.words(ana.get(started.location))
    assert "somebody was faster" in desk.words(got) and "counted" in desk.words(got)
    got = ben.send(got, path, **other)
    assert "Counted by Ben" in desk.words(ben.end_of(got, "the second count"))
    assert [[r["id"] for r in a["body"]["scope"]] for a in at.home.acts("counted")] == [["d1"], ["d2"]]
    page = ana.end_of(started, "the first count")               # hers came to its end, his numbers stand
    assert "Counted by Ben" in desk.words(page)
    assert not list((at.home.dir / "run" / "work").glob(f"lines.{at.home.ref}.*"))


def test_who_asks_while_another_counts_keeps_what_was_typed(at):
    here = at.take_in(*TWO)
    at.home.authenticate()
    ben, path = at.sit("Ben"), f"{here}/scope"
    with counting(at):
        got = ben.go(path, **{"line": ["d2"], "from-2": "2026-11-05"})
        refused(got, "somebody else has other lines", 409)
        assert typed(got, "from-2") == "2026-11-05"
    page = ben.get(f"{path}?since={len(at.home.acts())}")
    assert page.status == 303 and page.location == path          # nothing of theirs runs
    assert not at.home.acts("counted")


def test_a_count_that_failed_shows_the_lines_of_who_asked(at):
    here = at.take_in(*TWO)
    at.home.authenticate()
    ana, ben, path = at.sit("Ana"), at.sit("Ben"), f"{here}/scope"
    seq = len(at.home.acts())
    ben.end_of(ben.go(path, **{"line": ["d2"], "from-2": "2026-11-05"}), "the count")
    sitting = hashlib.sha256(ana.cookies["__Host-writ"].encode()).hexdigest()[:16]
    lines = at.home.acts("counted")[-1]["body"]["scope"]
    kept = at.home.dir / "run" / "work" / f"lines.{at.home.ref}.{sitting}"
    with counting(at):
        kept.write_text(json.dumps(lines, sort_keys=True, separators=(",", ":")))
        ask = {"line": ["d2"], "from-2": "2026-11-05"}
        assert ana.go(path, **ask).location.startswith(f"{path}?since=")      # the same once more: it goes on
        got = ana.go(path, **ask | {"from-2": "2026-11-06"})
        assert got.status == 409 and typed(got, "from-2") == "2026-11-06"
    kept.write_text(json.dumps([lines[0] | {"id": "d1", "from_words": "2026-11-09"}], sort_keys=True, separators=(",", ":")))
    page = ana.get(f"{path}?since={seq}")
    words = desk.words(page)
    assert "ended without success" in words and typed(page, "from-1") == "2026-11-09" and "counted, nothing read" in words and "Ben" in words
    assert "ended without success" not in desk.words(ben.get(path))


@pytest.mark.parametrize("change, why", [
    ({"from-1": "2026-10-31"}, says("covers more time than the order")),
    ({"until-1": "2026-11-14T23:00:01Z"}, says("covers more time than the order")),
    ({"from-1": ""}, says("has no date where its time", also="has no date where its time begins")),
    ({"until-1": "2026-13-01"}, says("neither a date nor an instant")),
    ({"from-1": "2026-11-09", "until-1": "2026-11-08"}, says("line %.*s ends (%.*s) before", also="ends (2026-11-08) before it begins")),
    ({"line": []}, says("no line is left")),
    ({"undated-1": "burn"}, says("line %.*s: undated is list or deliver")),
])
def test_what_is_no_narrowing_is_refused_and_stays_typed(at, change, why):
    if not getattr(at, "narrowed", None):
        at.narrowed = at.take_in()
        at.home.authenticate()
        at.narrowed_ref = at.home.ref
    ben, path = at.sit("Ben"), f"{at.narrowed}/scope"
    page = ben.go(path, **change)
    refused(page, why)
    for name, value in change.items():
        if not name.startswith(("line", "undated")):
            assert typed(page, name) == value
    assert not at.home.acts("counted", ref=at.narrowed_ref)


def test_counsel_decides_on_smaller_lines_and_they_are_frozen(at):
    here = at.take_in(*TWO)
    at.home.authenticate()
    ana, path = at.sit("Ana"), f"{here}/decide"
    less = {"line": ["d1"], "from-1": "2026-11-03", "until-1": "2026-11-04T10:00:00Z"}
    page = ana.go(path, decision="comply", **less)
    refused(page, "less than the order asks for")
    assert typed(page, "from-1") == "2026-11-03"
    page = ana.send(page, path, decision="narrow")
    refused(page, "at least one reason")
    assert typed(page, "until-1") == "2026-11-04T10:00:00Z"
    page = ana.send(page, path, decision="narrow", reason=["PART-OVERBROAD"], **{"from-1": "2026-10-01"})
    refused(page, "covers more time than the order")
    page = ana.send(page, path, decision="narrow", reason=["PART-OVERBROAD"], **{"from-1": "2026-11-03"})
    assert page.status == 200, desk.words(page)[:1500]
    words = re.findall(r'<ol class="words[^>]*>(.*?)</ol>', page.text, re.S)[0]
    said = re.findall(r"<li>(\w+)</li>", words)
    document = ana.form(page, path)[0]["document"]
    assert len(said) == 6 and "PART-OVERBROAD" in document
    ana.end_of(ana.send(page, path), "the collection")
    lines = json.loads(at.home.acts("decided")[0]["body"]["document"])["lines"]
    assert [(x["id"], x["from_words"], x["until_words"]) for x in lines] == [("d1", "2026-11-03", "2026-11-04T10:00:00Z")]
    taken = json.loads(at.home.acts("collected")[0]["body"]["receipt"])
    assert taken["items"] == len(at.home.world.expect("alice@mail.example", "2026-11-02 23:00:00", "2026-11-04 10:00:00"))
    page = ana.get(f"{here}/scope")
    assert (typed(page, "from-1"), typed(page, "until-1")) == ("2026-11-03", "2026-11-04T10:00:00Z") and not re.search(r'value="d2"[^>]*checked', page.text)
    assert "Frozen by the signature of Ana" in page.text and all(f"<li>{w}</li>" in page.text for w in said)


def test_the_second_to_count_is_told_what_changed(at):
    here = at.take_in()
    ben, path = at.sit("Ben"), f"{here}/scope"
    page = ben.get(path)
    at.home.authenticate()
    page = ben.send(page, path, **{"from-1": "2026-11-05"})
    refused(page, "somebody was faster", 409)
    assert "sender checked" in page.text and typed(page, "from-1") == "2026-11-05"
    assert not at.home.acts("counted")


def test_dates_that_the_order_leaves_open_are_counsels(at):
    here = at.take_in(life.demand(span="CURRENT"))
    at.home.authenticate()
    ana, path = at.sit("Ana"), f"{here}/decide"
    page = ana.get(path)
    assert "does not state both dates" in page.text and typed(page, "from-1") == ""
    page = ana.send(page, path, decision="narrow", reason=["PART-OVERBROAD"])
    refused(page, "does not state this date, so counsel must")
    page = ana.send(page, path, decision="narrow", reason=["PART-OVERBROAD"], **{"from-1": "2026-11-02", "until-1": "2026-11-03"})
    assert page.status == 200 and '"from_words":"2026-11-02"' in ana.form(page, path)[0]["document"], desk.words(page)[:1500]


# ---- the sender, checked before ----

def test_an_earlier_number_is_offered_and_the_call_is_said(at):
    at.take_in()
    first, ben = at.home.ref, at.sit("Ben")
    ben.end_of(ben.go(f"{at.here}/authenticate", by="callback", over="+33111111111", found="ministry list"), "the count")
    here = at.take_in()
    page = ben.get(here)
    assert f"again:{first}" in choices(page, "by") and not re.search(r'name="by"[^>]*\schecked', page.text)
    assert "+33111111111" in page.text and "ministry list" in page.text
    got = ben.send(page, f"{here}/authenticate")
    refused(got, "say how the sender was checked")
    assert not at.home.acts("authenticated")
    got = ben.send(page, f"{here}/authenticate", by="again:W-2222-2222")
    refused(got, "no number of this agency is on record")
    assert not at.home.acts("authenticated")
    got = ben.send(got, f"{here}/authenticate", by=f"again:{first}", over="+33999999999")
    refused(got, "an earlier number is chosen, and another one")
    assert not at.home.acts("authenticated")
    ben.end_of(ben.send(page, f"{here}/authenticate", by=f"again:{first}"), "the count")
    body = at.home.acts("authenticated")[0]["body"]
    assert (body["by"], body["over"], body["found"], body["again"]) == ("callback", "+33111111111", "ministry list", first)
    assert at.home.acts("judged") and at.home.acts("counted")


@pytest.mark.parametrize("how", ["unverified", "doubtful", "another agency", "void"])
def test_no_number_is_offered_that_nobody_could_trust(town, how):
    home = town.home().invent()
    other = how == "another agency"
    home.submit(**({"agency": "lka-berlin", "recipients": ("LKA 2026",)} if other else {}))
    more = {"unverified": ("--by", "domain"), "doubtful": ("--by", "callback", "--sign", "ODD_HOUR")}.get(how, ("--by", "callback"))
    home.ok("authenticate", home.ref, *more, "--over", "+33122222222", "--found", "a list", as_="Ana")
    if how == "void":
        home.ok("void", home.ref, "--because", "a fake", as_="Ana", key="ana")
    home.submit()
    with web.serve(home) as server:
        ben = desk.Person(server)
        ben.demo("Ben")
        page = ben.get(f"/order/{home.ref}/authenticate")
        assert page.status == 200 and "+33122222222" not in page.text and not [c for c in choices(page, "by") if "again" in c]


def test_a_sender_who_is_not_verified_is_judged_and_not_counted(at):
    here = at.take_in()
    ben = at.sit("Ben")
    assert ben.go(f"{here}/authenticate", by="none").location == here
    assert at.home.acts("judged") and not at.home.acts("counted")


# ---- what changed since somebody approved ----

def test_what_changed_since_the_first_approval(town):
    home = town.home("noticed").invent()
    home.approve("Ben")
    here = f"/order/{home.ref}"
    with web.serve(home) as server:
        ben, chi, ana = (desk.Person(server) for _ in range(3))
        for person, name in ((ben, "Ben"), (chi, "Chi"), (ana, "Ana")):
            person.demo(name)
        assert "What was approved stands no more" not in chi.get(f"{here}/approve").text
        assert "Any change of scope" in chi.get(f"{here}/approve").text
        page = ana.go(f"{here}/decide", decision="narrow", reason=["PART-OVERBROAD"], **{"until-1": "2026-11-05"})
        page = ana.end_of(ana.send(page, f"{here}/decide"), "the collection")
        page = chi.get(here)
        assert "What was approved stands no more" in page.text and "Nothing stands to be approved" in page.text
        assert "decided by counsel" in desk.words(page)
        assert chi.go(f"{here}/notice", decision="sent").location == f"{here}/approve"
        words = desk.words(chi.get(f"{here}/approve"))
        old, new = (json.loads(a["body"]["statement"]) for a in home.acts("stated"))
        for told in (f"{old['items']} items", f"{new['items']} items", "What has changed since Ben approved", "until 2026-11-05",
                     "withheld", "sent", "Scope that counsel signed"):
            assert told in words, (told, words[:3000])
        assert "Key that can open it" not in words and old["items"] > new["items"]
        got = ben.send(ben.get(f"{here}/approve"), f"{here}/approve")
        assert got.location == here, desk.words(got)
        assert home.acts("approved")[-1]["actor"]["name"] == "Ben"
        assert "Tell who may decide again or end it: Ana" in desk.words(chi.get(f"{here}/approve"))
