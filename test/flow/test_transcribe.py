"""Orders that come as paper alone: received at once, written out by staff in the form of an order file, and then like
any other. Most of it is what must be refused. SPDX-License-Identifier: Apache-2.0"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life  # noqa: E402
from harness.paper import pdf  # noqa: E402

PAPER = pdf(b"a search warrant")
FORTNIGHT = "2026-10-31 23:00:00", "2026-11-14 23:00:00"


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture
def home(town):
    return alone(town.home())


def alone(home, *more):
    path = home.base / "warrant.pdf"
    path.write_bytes(PAPER)
    home.ref = home.ok("order", "submit", "--paper", path, *more, as_="Ana").strip()
    return home


def written(home, name="out.yaml", paper=PAPER, **more):
    """What staff write out of the paper; change: of the whole tree."""
    def change(tree):
        tree["facts"]["order"]["document_sha256"] = life.sha(paper)
        more.get("change", lambda tree: None)(tree)
    return life.order_file(home.base / name, home.world, more.get("demands"), change=change)


def refused(home, *words, says, exit_=None, **more):
    before = len(home.acts())
    got = home.run(*words, **more)
    assert got.exit not in (0, 7) and says in got.err, got
    assert exit_ is None or got.exit == exit_, got
    assert len(home.acts()) == before
    return got


def test_the_life_of_an_order_on_paper(home):
    body = home.acts("received")[0]["body"]
    assert body["order_file"] is None and [p["name"] for p in body["papers"]] == ["warrant.pdf"] and body["lines"] == []
    shown = home.ok("show", home.ref)
    assert "paper alone" in shown and "write out what the paper says" in shown
    assert life.sha(PAPER) in home.ok("letter", home.ref, "receipt")
    home.ok("order", "transcribe", home.ref, written(home), as_="Ben")
    assert [a["act"] for a in home.acts()] == ["received", "transcribed"] and home.acts("transcribed")[0]["actor"]["name"] == "Ben"
    assert "written out by staff" in home.ok("show", home.ref)
    home.authenticate()
    home.ok("judge", home.ref, as_="Ben")
    judged = home.acts("judged")[0]["body"]["facts"]
    assert judged["issuer"]["authority_name"] == "Tribunal judiciaire de Paris" and judged["order"]["document_sha256"] == life.sha(PAPER)
    assert judged["order"]["received_at"] == home.acts("received")[0]["made_at"]        # the clock runs from the paper
    reasons = [w for r in home.acts("judged")[0]["body"]["decision"]["reasons"] for w in ("--reason", r)]
    home.decide("comply", *reasons)
    home.collect()
    home.withhold()
    home.approve("Ben")
    home.approve("Chi")
    home.release()
    out = home.deliver()
    assert home.verify(out).exit == 0
    assert home.open(out, "opened").hashes() == home.world.expect("alice@mail.example", *FORTNIGHT)
    home.sound()
    home.ok("fsck")


def test_the_time_of_receipt_is_the_paper_s(home):
    first = home.acts("received")[0]["made_at"]
    home.ok("order", "transcribe", home.ref, written(home), as_="Ana")
    rows = home.json("order", "list")["orders"]
    assert [r["received_at"] for r in rows if r["order"] == home.ref] == [first]


def test_nothing_is_answered_before_it_is_written_out(home):
    refused(home, "judge", home.ref, as_="Ana", says="nobody has written out")
    refused(home, "authenticate", home.ref, "--by", "callback", "--over", "+33100000000", "--found", "directory", as_="Ana", says="not in the register")
    home.ok("authenticate", home.ref, "--by", "callback", "--over", "+33100000000", "--found", "directory", "--agency", "pj-paris", as_="Ana")
    refused(home, "decide", home.ref, "comply", as_="Ana", key="ana", says="nobody has written out")
    refused(home, "decide", home.ref, "narrow", "--line", "d1", "--reason", "PART-OVERBROAD", as_="Ana", key="ana", says="nobody has written out")
    assert [a["act"] for a in home.acts()] == ["received", "authenticated"]
    home.ok("decide", home.ref, "ask", "--reason", "AUTH-UNVERIFIED", as_="Ana", key="ana")      # what cannot be read is asked about
    assert home.ref in home.ok("letter", home.ref, "clarification") and home.state() == "asked"


WHY = ("--because", "the account was misread")


def decide(home):
    """Judged and complied with, whatever the packs have to say."""
    home.ok("judge", home.ref, as_="Ana")
    home.decide("comply", *[w for r in home.acts("judged")[-1]["body"]["decision"]["reasons"] for w in ("--reason", r)])


def test_it_is_corrected_with_a_reason(home):
    home.ok("order", "transcribe", home.ref, written(home, demands=[life.demand(target="bob@mail.example")]), as_="Ana")
    assert "changed" not in home.acts("transcribed")[0]["body"]
    home.authenticate()
    home.ok("judge", home.ref, as_="Ana")
    for words in ((), ("--because", ""), ("--because", "  ")):
        refused(home, "order", "transcribe", home.ref, written(home), *words, as_="Ben", says="say why that is corrected", exit_=2)
    home.ok("order", "transcribe", home.ref, written(home, demands=[life.demand(since="2026-11-02"), life.demand(target="bob@mail.example")]),
            *WHY, as_="Ben")
    assert "judge-again" in home.ok("order", "list", "--view", "open")
    body = home.acts("transcribed")[-1]["body"]
    assert body["because"] == "the account was misread"
    changed = {(c["field"], c["demand"]): (c["before"], c["now"]) for c in body["changed"]}
    assert changed[("demands[].target", "d1")] == ("bob@mail.example", "alice@mail.example")
    assert changed[("demands[].from", "d1")] == ("2026-11-01", "2026-11-02") and changed[("demands[].target", "d2")] == (None, "bob@mail.example")
    assert ("stores", "d2") in changed and ("zone", "d1") not in changed and not any(f.startswith("issuer") for f, _ in changed)
    home.ok("order", "transcribe", home.ref, written(home), *WHY, as_="Ben")
    changed = {(c["field"], c["demand"]): (c["before"], c["now"]) for c in home.acts("transcribed")[-1]["body"]["changed"]}
    assert changed[("demands[].target", "d2")] == ("bob@mail.example", None) and changed[("demands[].from", "d1")] == ("2026-11-02", "2026-11-01")
    home.ok("order", "transcribe", home.ref, written(home), *WHY, as_="Ben")
    assert home.acts("transcribed")[-1]["body"]["changed"] == []
    assert "alice@mail.example" in home.ok("show", home.ref)
    home.sound()


def test_what_was_decided_on_the_old_words_stands_no_more(home):
    home.ok("order", "transcribe", home.ref, written(home, demands=[life.demand(target="bob@mail.example")]), as_="Ana")
    home.authenticate()
    decide(home)
    home.collect()
    home.withhold()
    home.approve("Ben")
    home.approve("Chi")
    refused(home, "order", "transcribe", home.ref, written(home), *WHY, as_="Ben", says="Ben may not decide")
    assert home.state() == "approved"
    home.ok("order", "transcribe", home.ref, written(home), *WHY, as_="Ana")
    assert home.state() == "authenticated" and "counsel" in home.ok("show", home.ref)
    for words in (("collect",), ("approve", "--print", home.base / "statement.json"), ("release",), ("deliver", "--out", home.base / "no.tar")):
        got = home.run(words[0], home.ref, *words[1:], as_="Chi")
        assert got.exit == 4 and "is not possible now" in got.err, (words, got)
    decide(home)
    home.collect()
    for who in ("Ben", "Chi"):
        home.approve(who)
    home.release()
    out = home.deliver()
    assert home.verify(out).exit == 0 and home.open(out, "corrected").hashes() == home.world.expect("alice@mail.example", *FORTNIGHT)
    refused(home, "order", "transcribe", home.ref, written(home), *WHY, as_="Ana", says="is not possible now")
    home.sound()


def test_paper_alone_corrects_paper_alone(home):
    first = home.ref
    refused(home, "order", "submit", "--paper", home.base / "warrant.pdf", "--resubmits", first, as_="Ana", says="was not returned")
    home.ok("decide", first, "ask", "--reason", "AUTH-UNVERIFIED", as_="Ana", key="ana")
    refused(home, "order", "submit", "--paper", home.base / "warrant.pdf", "--resubmits", first, as_="Ana", says="not a correction")
    better = home.base / "better.pdf"
    better.write_bytes(PAPER + b"\n% better\n")
    home.ref = home.ok("order", "submit", "--paper", better, "--resubmits", first, as_="Ana").splitlines()[0].strip()
    assert home.acts("received")[0]["body"]["resubmits"]["order"] == first and home.acts("resubmitted", first)
    refused(home, "order", "submit", "--paper", home.base / "warrant.pdf", "--paper", better, "--resubmits", first, as_="Ana", says=home.ref)
    home.ok("authenticate", home.ref, "--by", "callback", "--over", "+33100000000", "--found", "directory", "--agency", "pj-paris", as_="Ana")
    home.sound()


def test_paper_alone_corrects_an_order_of_the_same_agency(home):
    """Whose it is, is known once its sender is checked; then it is compared."""
    home.ok("order", "transcribe", home.ref, written(home), as_="Ana")
    home.authenticate()
    home.ok("decide", home.ref, "ask", "--reason", "PART-NO-RANGE", as_="Ana", key="ana")
    first, better = home.ref, home.base / "better.pdf"
    better.write_bytes(PAPER + b"\n% better\n")
    home.ref = home.ok("order", "submit", "--paper", better, "--resubmits", first, as_="Ana").splitlines()[0].strip()
    refused(home, "authenticate", home.ref, "--by", "callback", "--over", "+4930123", "--found", "directory", "--agency", "lka-berlin", as_="Ana",
            says="which is of the agency 'pj-paris'")
    home.ok("authenticate", home.ref, "--by", "callback", "--over", "+33100000000", "--found", "directory", "--agency", "pj-paris", as_="Ana")
    assert home.state() == "authenticated"


def test_a_scope_of_what_was_written_before_is_not_taken(home):
    """Signed over the first reading, handed in after the second."""
    home.ok("order", "transcribe", home.ref, written(home, demands=[life.demand(target="bob@mail.example")]), as_="Ana")
    home.authenticate()
    document = home.base / "scope.json"
    home.ok("decide", home.ref, "comply", "--print", document, as_="Ana")
    home.ok("order", "transcribe", home.ref, written(home), *WHY, as_="Ben")
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key("ana"), "-n", "writ-scope@v1", document)
    got = home.run("decide", home.ref, "comply", "--signature", f"{document}.sig", as_="Ana")
    assert got.exit not in (0, 7) and not home.acts("decided"), got


@pytest.mark.parametrize("change,says", [
    (lambda t: t["facts"]["order"].update(document_sha256="0" * 64), "the paper's SHA-256 is"),
    (lambda t: t["facts"]["instrument"].update(kind="LETTER"), "none of WARRANT"),
    (lambda t: t["facts"]["instrument"].update(issued_on="2026-02-30"), "not a day such as"),
    (lambda t: t["facts"].pop("demands"), "demands"),
    (lambda t: t["lines"][0].update(id="d9"), "no demand of the facts has the id d9"),
    (lambda t: t["lines"][0].update(zone="Europe/Nowhere"), "line d1"),
    (lambda t: t.update(order_version="2"), "order_version must be 1"),
])
def test_what_is_no_order_is_not_written_out(home, change, says):
    path = written(home, change=change)
    refused(home, "order", "transcribe", home.ref, path, as_="Ana", says=says)


def test_who_may_not_and_what_may_not(town, home):
    path = written(home)
    refused(home, "order", "transcribe", home.ref, path, as_="Nobody", says="")
    refused(home, "order", "transcribe", "W-2222-2222", path, as_="Ana", says="no order", exit_=3)
    refused(home, "order", "transcribe", home.ref, as_="Ana", says="an argument is missing", exit_=2)
    paper = home.ref
    home.ref = home.ok("order", "submit", written(home, "file.yaml"), "--paper", home.base / "warrant.pdf", as_="Ana").splitlines()[0].strip()
    refused(home, "order", "transcribe", home.ref, path, as_="Ana", says="came with an order file")
    home.ok("void", paper, "--because", "the same paper", as_="Ana", key="ana")
    home.ref = paper
    refused(home, "order", "transcribe", paper, path, as_="Ana", says="is not possible now")


@pytest.mark.parametrize("words,says", [
    ((), "an argument is missing"),
    (("--paper", "empty.pdf"), "empty.pdf is empty"),
    (("--paper", "warrant.pdf", "--language", "french"), "no language"),
    (("--paper", "warrant.pdf", "--resubmits", "W-2222-2222"), "no order"),
    (("--paper", "missing.pdf"), "missing.pdf"),
])
def test_paper_that_is_not_taken_in(home, words, says):
    (home.base / "empty.pdf").write_bytes(b"")
    rows = len(home.json("order", "list")["orders"])
    got = home.run("order", "submit", *words, as_="Ana")
    assert got.exit not in (0, 7) and says in got.err, got
    assert len(home.json("order", "list")["orders"]) == rows


def test_the_same_paper_twice_is_noticed(home):
    first = home.ref
    alone(home)
    assert home.acts("received")[0]["body"]["seen_in"] == [first] and "seen-before" in home.ok("order", "list", "--view", "open")
    out = home.base / "papers"
    home.ok("paper", home.ref, "--out", out)
    assert [p.read_bytes() for p in out.iterdir()] == [PAPER]


def test_papers_are_missed(home):
    home.ok("order", "transcribe", home.ref, written(home), as_="Ana")
    file = home.acts("transcribed")[0]["body"]["order_file"]["sha256"]
    blob = next(p for p in (home.dir / "blob").rglob("*") if file in (p.name, p.parent.name + p.name))
    blob.unlink()
    got = home.run("log", "verify")
    assert got.exit == 5 and file in got.out + got.err
