"""A seal that does not answer: every page says so and goes on being read; what needs the seal is refused in words and
leaves nothing behind; and when the seal is back the same goes through.  SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, web  # noqa: E402
from harness.paper import pdf  # noqa: E402

SILENT = "The seal has not answered since"
NEEDED = "writ-seal, which does not answer"


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        made = town.home("collected")
        made.withhold()
        made.hire("Eva", "audit")
        yield made.invent()


@contextlib.contextmanager
def lost(home, who):
    """There is none, and none can be started."""
    state, away = home.dir / "seal", home.dir / "seal.away"
    assert SILENT not in who("Ana").get("/desk").text
    state.rename(away)
    life.end(lambda: life.seals(state))
    try:
        web.wait(lambda: SILENT in who("Ana").get("/desk").text, "the banner")
        yield
    finally:
        away.rename(state)


def back(who):
    web.wait(lambda: SILENT not in who("Ana").get("/desk").text, "the end of the banner")


def orders(home):
    return len({ref for ref, _, _ in home.acts_in_all()})


def read_all(home, who, server):
    ana, eva, pages = who("Ana"), who("Eva"), ["", "/timeline", "/paper/1", "/letter/receipt", "/letter/receipt?pdf=1", "/scope", "/collect"]
    for path in ["/desk", "/desk?view=all", "/people", "/halt", *(f"/order/{home.ref}{page}" for page in pages)]:
        got = ana.get(path)
        assert got.status == 200, (path, desk.words(got))
        assert not got.headers["content-type"].startswith("text/html") or SILENT in got.text, path
    for path in ("/audit", "/audit/tile/0/0", f"/audit/prove?order={home.ref}&seq=1"):
        assert eva.get(path).status == 200, path
    # Who is not signed in is told nothing of it, and signs in as before.
    for path in ("/", "/sign-in"):
        got = server.get(path)
        assert got.status == 200 and SILENT not in got.text and "Degraded" not in got.text
    assert desk.Person(server).demo("Ben").location == "/desk"
    assert server.get("/health").status == 200


def refuse_all(home, who):
    """What needs the seal says so, and nothing of it has happened; what needs none is recorded."""
    ben, before = who("Ben"), orders(home)
    got = ben.go(f"/order/{home.ref}/approve")
    assert got.status == 503 and NEEDED in got.text and "writ doctor" in got.text and "stated" not in str(home.acts_in_all())
    intake = ben.get("/intake")
    paper = [("paper", "order.pdf", pdf(b"An order"))]
    got = ben.upload("/intake", ben.form(intake, "/intake")[0], paper)
    assert got.status == 503 and NEEDED in got.text and orders(home) == before
    got = who("Ana").go(f"/order/{home.ref}/collect")
    assert got.status == 503 and NEEDED in got.text
    assert ben.go(f"/order/{home.ref}/secrecy", basis="order of that day", until="2027-02-21").status == 303


def test_a_seal_that_is_stopped(home, who, server):
    """It stops while it is asked: refused in words. Then all is read, and nothing waits for it."""
    ana = who("Ana")
    asked = ana.go("/halt", because="a key was stolen")
    pids = life.seals(home.dir / "seal")
    assert pids and SILENT not in asked.text
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        got = ana.send(asked, "/halt")
        assert got.status == 503 and "does not answer" in got.text and "again" in got.text
        web.wait(lambda: SILENT in ana.get("/desk").text, "the banner")
        read_all(home, who, server)
        refuse_all(home, who)
        got = ana.send(asked, "/halt")
        assert got.status == 503 and NEEDED in got.text
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    back(who)
    # What it was asked before it stopped it has done now: every page says so, and it was done once.
    web.wait(lambda: "Releases are halted" in ana.get("/desk").text, "the halt")
    home.ok("tick")
    assert len(home.seal_acts("halt")) == 1
    home.sound()


def test_a_seal_that_is_lost(home, who, server):
    with lost(home, who):
        read_all(home, who, server)
        refuse_all(home, who)
        assert server.metrics()["writ_desk_seal_silent"] == 1
    back(who)
    assert server.metrics()["writ_desk_seal_silent"] == 0
    home.ok("tick")
    home.sound()


def test_a_desk_that_begins_without_a_seal_says_so(home, who):
    """It knows nobody then, so it lets nobody in; and everybody as soon as the seal answers."""
    with lost(home, who), web.serve(home) as other:
        ana = desk.Person(other)
        for path in ("/", "/sign-in", "/desk"):
            got = ana.get(path)
            assert got.status == 503 and "writ-seal" in got.text, path
        assert other.get("/health").status == 200
        ana.cookies = who("Ana").cookies
        assert ana.get("/desk").status == 503
        assert who("Ana").get("/desk").status == 200
        (home.dir / "seal.away").rename(home.dir / "seal")
        web.wait(lambda: ana.get("/desk").status == 200, "the seal")
        (home.dir / "seal").rename(home.dir / "seal.away")
    back(who)
