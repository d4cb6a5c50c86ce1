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


@pytest.fixture(scope="module")
def who(server):
    made = {}

    def sign_in(name):
        if name not in made:
            made[name] = desk.Person(server)
            assert made[name].demo(name).status == 303
        return made[name]
    return sign_in


@contextlib.contextmanager
def stopped(home, who):
    """The seal is there and says nothing."""
    assert SILENT not in who("Ana").get("/desk").text
    pids = life.seals(home.dir / "seal")
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        web.wait(lambda: SILENT in who("Ana").get("/desk").text, "the banner")
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


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
    return len(home.ok("order", "list", "--view", "all").split("\n"))


@pytest.mark.parametrize("silence", [stopped, lost])
def test_all_that_is_read_goes_on(home, who, server, silence):
    ana, eva, pages = who("Ana"), who("Eva"), ["", "/paper/1", "/letter/receipt", "/letter/receipt?pdf=1", "/scope", "/collect"]
    with silence(home, who):
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
    back(who)


@pytest.mark.parametrize("silence", [stopped, lost])
def test_what_needs_the_seal_is_refused_and_goes_through_later(home, who, silence):
    ben, path, before = who("Ben"), f"/order/{home.ref}/approve", orders(home)
    with silence(home, who):
        got = ben.go(path)
        assert got.status == 503 and NEEDED in got.text and "writ doctor" in got.text and not home.acts("stated")
        got = ben.upload("/intake", ben.form(ben.get("/intake"), "/intake")[0], [("paper", "order.pdf", pdf(b"An order"))])
        assert got.status == 503 and NEEDED in got.text
        halt = who("Ana").go("/halt", because="a key was stolen")
        got = who("Ana").send(halt, "/halt")
        assert got.status == 503 and NEEDED in got.text
        # What needs no seal is recorded, and gets into the log later.
        assert ben.go(f"/order/{home.ref}/secrecy", basis=f"order of the {silence.__name__} seal", until="2027-02-21").status == 303
    back(who)
    assert orders(home) == before and not home.seal_acts("halt") and silence.__name__ in str(home.acts("gagged"))
    home.ok("tick")
    home.sound()
    got = ben.upload("/intake", ben.form(ben.get("/intake"), "/intake")[0], [("paper", "order.pdf", pdf(b"An order"))])
    assert got.status == 303 and orders(home) == before + 1
    if silence is lost:
        assert ben.go(path).location == path and home.acts("stated")


def test_a_seal_that_stops_while_it_is_asked(home, who):
    """Whether the desk had noticed or not: refused in words, and the same again is done once."""
    pids = life.seals(home.dir / "seal")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        got = who("Ana").send(who("Ana").go("/halt", because="a key was stolen"), "/halt")
        assert got.status == 503 and "does not answer" in got.text and "again" in got.text
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    back(who)
    halted = who("Ana").send(who("Ana").go("/halt", because="a key was stolen"), "/halt")
    assert halted.location == "/halt" and len(home.seal_acts("halt")) == 1


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
