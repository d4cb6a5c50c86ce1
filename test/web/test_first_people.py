"""A desk that nobody can enter yet: the first people are invited from the command line, make a passkey in their own
browser, and two sign its row there; then they sign in. Half of it is what must be refused.
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import sqlite3
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, passkey, web  # noqa: E402


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        made = town.home("founded")
        made.hire("Noa", "approve")
        yield made


def invite(home, server, name="Zoe", may=("decide", "roster"), as_="Ana", **more):
    return home.run("passkey", "invite", "--site", more.get("site", server.origin), "--name", name, "--user", more.get("user", life.USER),
                    *(w for m in may for w in ("--may", m)), as_=as_)


def make(server, link):
    """What the invited person's browser does; gives the key and the words that it shows."""
    person, key = desk.Person(server), passkey.Passkey(rp_id="localhost", origin=server.origin)
    path = link.removeprefix(server.origin)
    page = person.get(path)
    assert page.status == 200, desk.words(page)
    fields, data = person.form(page, path)
    attestation, client = key.register(desk.passkey_bytes(data["challenge"]))
    sent = person.post(path, fields | {"attestation": passkey.b64url(attestation), "client_data": passkey.b64url(client)})
    assert sent.location == path, desk.words(sent)
    return person, key, re.findall(r"<li>([A-Z]+)</li>", person.get(path).text)


def test_the_first_person_of_a_desk(home, server, tmp_path):
    got = invite(home, server)
    assert got.exit == 0 and re.fullmatch(re.escape(server.origin) + r"/enrol/[\w-]{43}\n", got.out), got.out + got.err
    assert "writ passkey invited --name Zoe" in got.err
    early = home.run("passkey", "invited", "--name", "Zoe")
    assert early.exit == 4 and "the passkey has not been made yet" in early.err
    person, key, words = make(server, got.out.strip())
    assert "has made a passkey" in home.ok("passkey", "invited")
    told = home.run("passkey", "invited", "--name", "Zoe", "--out", tmp_path / "zoe.passkey")
    assert told.exit == 0 and " ".join(words) in told.err and len(words) == 6
    assert (tmp_path / "zoe.passkey").read_text() == key.line + "\n"
    assert person.passkey(key).status == 403                        # nobody has signed yet
    # The command that it says, with a file and two keys in the places where it wants them.
    argv = re.search(r"writ (roster add .*) --pub FILE(.*) --key A --key B", told.err)
    rest = [w for w in argv[2].split() if w]
    home.ok("roster", "add", "--name", "Zoe", "--user", life.USER, "--pub", tmp_path / "zoe.passkey", *rest, as_="Ana", key=("ana", "ben"))
    assert argv[1] == f"roster add --name 'Zoe' --user {life.USER}" and rest == ["--may", "decide", "--may", "roster", "--user-verified"]
    web.wait(lambda: person.passkey(key).status == 303, "the roster that the desk reads")
    assert person.get("/desk").status == 200 and person.get("/people/invite").status == 200


@pytest.mark.parametrize("how,exit,says", [
    ({"as_": "Noa"}, 4, "Noa may not roster"),
    ({"as_": "Nobody"}, 4, "not rostered"),
    ({"site": "http://localhost"}, 2, "--site https://HOST"),
    ({"site": "https://localhost/desk"}, 1, "without a page: --site https://HOST[:PORT]"),
    ({"name": ""}, 2, "say who is invited"),
    ({"user": " "}, 2, "say who is invited"),
    ({"may": ("decide", "judge")}, 2, "there is no such right"),
])
def test_who_is_not_invited(home, server, how, exit, says):
    before = home.ok("passkey", "invited")
    got = invite(home, server, **how)
    assert got.exit == exit and says in got.err and "next: " in got.err and not got.out, got.err
    assert home.ok("passkey", "invited") == before


def test_an_invitation_that_is_over(home, server):
    link = invite(home, server, name="Late").out.strip()
    with sqlite3.connect(home.dir / "writ.db") as db:
        db.execute("UPDATE invitation SET ends_at_utc = 1 WHERE name = 'Late'")
    got = home.run("passkey", "invited", "--name", "Late")
    assert got.exit == 3 and "nobody of that name is invited" in got.err and "Late" not in home.ok("passkey", "invited")
    assert desk.Person(server).get(link.removeprefix(server.origin)).status == 404
