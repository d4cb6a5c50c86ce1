"""The kill switch at the desk: one signature halts, two people end it, and every page says that it is on. Then what
else every page of a home says that is not well: nothing where nothing is wrong, nothing to who is not signed in.
SPDX-License-Identifier: Apache-2.0
"""
import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, web  # noqa: E402
from harness.refusals import refused, says  # noqa: E402

HALTED = "Releases are halted"
MAY_NOT = says("your rights do not let you", also="halt every release")


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        made = town.home("collected")
        made.hire("Hal", "halt")
        yield made.invent()


def degraded(page):
    return "Degraded." in desk.words(page)


def halt(person, because="a key was stolen"):
    return person.send(person.go("/halt", because=because), "/halt")


def test_a_home_that_is_well_says_nothing(home, server, who):
    for path in ("/desk", f"/order/{home.ref}", "/people", "/halt"):
        assert not degraded(who("Ana").get(path)), path


def test_who_may_not_halt_does_not(home, who):
    chi = who("Chi")
    refused(chi.get("/halt"), MAY_NOT)
    assert "/halt" not in chi.get("/desk").text
    page = who("Ana").get("/halt")
    fields, _ = who("Ana").form(page, "/halt")
    refused(chi.post("/halt", fields | {"token": chi.form(chi.get("/desk"), "/sign-out")[0]["token"], "because": "x"}), MAY_NOT)
    assert not home.seal_acts("halt")


def test_a_halt_says_why(home, who):
    got = who("Ana").go("/halt", because="  ")
    refused(got, says("say why", of="src/web/desk/halt.c"))
    assert not home.seal_acts("halt")


def test_one_halts_and_two_resume(home, server, who):
    ana, ben, hal = who("Ana"), who("Ben"), who("Hal")
    asked = ana.go("/halt", because="a key was stolen")
    assert asked.status == 200 and "a key was stolen" in asked.text and not home.seal_acts("halt")
    # What is signed is what was shown: another document is not taken.
    fields, _ = ana.form(asked, "/halt")
    got = ana.post("/halt", fields | {"document": fields["document"].replace('"kind":"halt"', '"kind":"void"')})
    assert got.status == 400 and "the document is not well formed: 'halt_epoch' is not known here" in desk.words(got)     # the seal's words
    assert not home.seal_acts("halt")
    assert ana.send(asked, "/halt").location == "/halt"
    assert len(home.seal_acts("halt")) == 1
    web.wait(lambda: all(HALTED in p.get("/desk").text for p in (ana, ben, hal)), "the banner")
    assert HALTED in ben.get(f"/order/{home.ref}").text
    assert HALTED not in server.get("/").text and not degraded(desk.Person(server).get("/sign-in"))
    assert home.run("approve", home.ref, as_="Ben", key="ben").exit != 0

    first = ana.go("/halt", because="the key is revoked")
    assert "End the halt" in first.text
    assert ana.send(first, "/halt").location == "/halt"
    assert not home.seal_acts("resume")
    # The first signs once: a second signature of the same person ends nothing.
    again = ana.get("/halt")
    assert "Another person" in again.text
    got = ana.post("/halt", ana.form(first, "/halt")[0])
    refused(got, "you have signed it: another person signs it, too")
    assert not home.seal_acts("resume")
    page = ben.get("/halt")
    assert "the key is revoked" in page.text
    assert ben.send(page, "/halt").location == "/halt"
    assert len(home.seal_acts("resume")) == 1
    web.wait(lambda: not any(degraded(p.get("/desk")) for p in (ana, ben, hal)), "the end of the banner")
    # The signatures were for that halt alone.
    assert halt(hal).location == "/halt" and len(home.seal_acts("halt")) == 2
    web.wait(lambda: HALTED in ben.get("/desk").text, "the banner")
    old = ben.form(page, "/halt")[0]
    assert ben.post("/halt", old).location == "/halt"     # a first signature, again, for what is over
    assert len(home.seal_acts("resume")) == 1 and "the key is revoked" not in who("Ana").get("/halt").text
    home.ok("resume", "--because", "it was a drill", as_="Ana", key=("ana", "ben"))
    web.wait(lambda: not degraded(ben.get("/desk")), "the end of the banner")
    assert home.sound()


def test_a_log_that_nobody_compared_for_days_is_told(home, who):
    mark = home.dir / "last-verify"
    home.ok("log", "verify")
    before = mark.read_text()
    assert not degraded(who("Ana").get("/desk"))
    mark.write_text(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 9 * 86400)) + "\n")
    web.wait(lambda: "Nobody has compared the log for 9 days" in who("Ana").get("/people").text, "the banner")
    mark.write_text(before)
    web.wait(lambda: not degraded(who("Ana").get("/desk")), "its end")
