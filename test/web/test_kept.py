"""Pages of orders that the desk keeps for a moment: what a new one would say, for the one sitting they were made for,
and gone with what they tell of. SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import os
import re
import sqlite3
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, homes, life, web  # noqa: E402

SHELF_S = 30                # web/desk/shelf.h
TOLD_S = 3                  # the seal is asked every two seconds
NOON = life.utc("2026-11-22 12:00:00")


@pytest.fixture(scope="module")
def town():
    with life.Town(hooks=True, clock=NOON) as made:
        yield made


@pytest.fixture
def home(town):
    made = town.home("noticed")
    made.invent()
    return made


@pytest.fixture
def server(home):
    with web.serve(home) as made:
        yield made


def sign_in(server, name):
    person = desk.Person(server)
    assert person.demo(name).status == 303
    return person


def page(person, home):
    """The page, but for the token that its sitting's forms carry."""
    got = person.get(f"/order/{home.ref}")
    assert got.status == 200, got.text
    return re.sub(r'(name="token" value=")[0-9a-f]+', r"\1", got.text)


def tokens(person, home):
    return set(re.findall(r'name="token" value="([0-9a-f]+)"', person.get(f"/order/{home.ref}").text))


def view_says(home, agency):
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db, db:
        assert db.execute("UPDATE order_view SET agency = ? WHERE ref = ?", (agency, home.ref)).rowcount == 1


def test_a_page_is_kept_and_not_for_long(home, server):
    """Nothing tells the desk of a row of the projection that changes behind its back: so a page that still has the old
    one was kept, and one that has the new one was not."""
    ana = sign_in(server, "Ana")
    first = page(ana, home)
    view_says(home, "behind-its-back")
    kept = page(ana, home)
    assert "behind-its-back" not in kept and kept == first
    assert "behind-its-back" in page(sign_in(server, "Ana"), home), "another sitting of the same person"
    home.wait(SHELF_S)
    assert "behind-its-back" in page(ana, home)


def test_its_clocks_are_right(home, server):
    """At every moment it is what a sitting that has none gets, to the letter."""
    ana = sign_in(server, "Ana")
    seen = set()
    for step in (0, 1, 1, 1, 27, 28, 1, 1, 1, 1, 29, 30, 58, 1, 1, 61, 119, 3, 600):
        home.wait(step)
        for _ in range(2):
            mine = page(ana, home)
        assert mine == page(sign_in(server, "Ana"), home), step
        seen.add(mine)
    assert len(seen) > 5


def test_clocks_that_run_out(home, server):
    """The last minutes before an order is late, second by second."""
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db, db:
        db.execute("UPDATE order_view SET clock_at = ? WHERE ref = ?", (home.now + 62, home.ref))
    ana = sign_in(server, "Ana")
    for second in range(66):
        mine = page(ana, home)
        assert mine == page(ana, home)
        if second in (0, 1, 2, 3, 30, 31, 32, 33, 54, 55, 56, 60, 61, 62, 63, 64):
            assert mine == page(sign_in(server, "Ana"), home), second
        home.wait(1)
    assert "+00:0" in page(ana, home)


def test_nobody_gets_anothers(home, server):
    people = {name: sign_in(server, name) for name in ("Ana", "Ben", "Chi")}
    second = sign_in(server, "Ana")
    own = {}
    for _ in range(3):
        for name, person in people.items():
            text = page(person, home)
            assert f'data-person="{name}"' in text
            assert not any(f'data-person="{other}"' in text for other in people if other != name)
            own.setdefault(name, set()).update(tokens(person, home))
    own["again"] = tokens(second, home) | tokens(second, home)
    assert all(len(mine) == 1 for mine in own.values()), own
    assert len(set.union(*own.values())) == len(own), "a form's token belongs to one sitting"


def test_who_may_not_see_it_is_asked_each_time(home, server):
    ana, ben = sign_in(server, "Ana"), sign_in(server, "Ben")
    cookies = dict(ana.cookies)
    for person in (ana, ben):
        page(person, home)
        page(person, home)
    assert desk.Person(server).get(f"/order/{home.ref}").status == 303
    other = desk.Person(server, agent="Mozilla/5.0 (X11) Chrome/148.0.0.0 Safari/537.36")
    other.cookies = dict(ben.cookies)
    assert other.get(f"/order/{home.ref}").status == 303, "another kind of browser"
    assert ben.get(f"/order/{home.ref}").status == 303, "which ended it"
    ana.send(ana.get("/desk"), "/sign-out")
    ana.cookies = cookies
    assert ana.get(f"/order/{home.ref}").status == 303, "signed out"
    chi = sign_in(server, "Chi")
    page(chi, home)
    home.wait(1801)
    assert chi.get(f"/order/{home.ref}").status == 303, "idle too long"


def test_an_act_shows_at_once(home, server):
    ana = sign_in(server, "Ana")
    before = page(ana, home)
    assert page(ana, home) == before
    home.approve("Ben")
    after = page(ana, home)
    assert after.count('<li id="act-') > before.count('<li id="act-')


def test_people_and_rules_show_within_two_seconds(home, server):
    ana = sign_in(server, "Ana")
    assert "Ben, Chi, Dan" in page(ana, home)
    life.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home.base / "zoe")
    home.ok("roster", "add", "--name", "Zoe", "--user", life.USER, "--pub", home.base / "zoe.pub", "--may", "approve",
            as_="Ana", key=("ana", "ben"))
    home.wait(TOLD_S)
    assert "Ben, Chi, Dan" not in page(ana, home)
    assert page(ana, home) == page(sign_in(server, "Ana"), home)


def test_what_retention_removed_is_not_shown_again(home, server):
    ana = sign_in(server, "Ana")
    page(ana, home)
    page(ana, home)
    homes.act_tool(home, "Ana", "remove", home.ref)
    got = ana.get(f"/order/{home.ref}")
    assert got.status != 200 and "alice@" not in got.text


def test_a_reading_shows_at_once(home, server):
    """Whoever has read a paper touches the folder, last of all."""
    ana = sign_in(server, "Ana")
    page(ana, home)
    view_says(home, "seen-with-the-reading")
    assert "seen-with-the-reading" not in page(ana, home)
    os.utime(home.dir / "reading")
    assert "seen-with-the-reading" in page(ana, home)
