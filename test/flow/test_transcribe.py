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


def test_it_is_corrected_until_somebody_decides(home):
    home.ok("order", "transcribe", home.ref, written(home, demands=[life.demand(target="bob@mail.example")]), as_="Ana")
    home.authenticate()
    home.ok("judge", home.ref, as_="Ana")
    home.ok("order", "transcribe", home.ref, written(home), as_="Ben")
    assert "judge-again" in home.ok("order", "list", "--view", "open")
    assert "alice@mail.example" in home.ok("show", home.ref) and "bob@mail.example" not in home.ok("show", home.ref)
    home.ok("judge", home.ref, as_="Ana")
    reasons = [w for r in home.acts("judged")[-1]["body"]["decision"]["reasons"] for w in ("--reason", r)]
    home.decide("comply", *reasons)
    refused(home, "order", "transcribe", home.ref, written(home), as_="Ana", says="is not possible now")


def test_a_scope_of_what_was_written_before_is_not_taken(home):
    """Signed over the first reading, handed in after the second."""
    home.ok("order", "transcribe", home.ref, written(home, demands=[life.demand(target="bob@mail.example")]), as_="Ana")
    home.authenticate()
    document = home.base / "scope.json"
    home.ok("decide", home.ref, "comply", "--print", document, as_="Ana")
    home.ok("order", "transcribe", home.ref, written(home), as_="Ben")
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
    (("--paper", "warrant.pdf", "--resubmits", "W-2222-2222"), "order file"),
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
