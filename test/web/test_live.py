"""The desk with an order in every state and a person for every role: each row of route.def for each of them, and
nothing but what desk/permit.def says, which is read here and not copied; forms of others, wrong methods, and what is
not there.
SPDX-License-Identifier: Apache-2.0
"""
import collections
import os
import re
import sqlite3
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import busy, desk, life, web  # noqa: E402
from harness.busy import NO_SUCH, PERMITS, ROUTES  # noqa: E402
from harness.refusals import refused, says  # noqa: E402

LEAVE = ("sign-out", "sittings-end")        # they end the sitting that asks
METHODS = {path: {r["method"] for r in ROUTES if r["path"] == path} for path in dict.fromkeys(r["path"] for r in ROUTES)}
NO_ORDER, NOT_YOURS, NO_METHOD = says("there is no such order here"), says("this form is not of your session"), says("nothing here but GET, HEAD and POST")
NO_SUCH_REQUEST, OTHER_SITE, NO_SITE = says("takes no such request"), says("comes from another site"), says("nothing says from which site")
# Whose row of the roster has ended, and whose sitting is over: nobody, though each has a cookie.
GONE = {"Vic": ("approve",), "Old": ("decide", "approve", "roster")}


@pytest.fixture(scope="module")
def gone(home, server):
    """Sittings that were live, and are not any more."""
    for name, rights in GONE.items():
        home.hire(name, *rights)
    made = {name: None for name in GONE}
    for name in made:
        web.wait(lambda: f'value="{name}"' in desk.Person(server).get("/sign-in").text, f"the row of {name}")
        made[name] = busy.Sitting(server, name)
        assert made[name].get("/desk").status == 200
    home.ok("roster", "end", "--name", "Vic", "--pub", home.base / "keys" / "vic.key.pub", as_="Ana", key=("ana", "ben"))
    with sqlite3.connect(home.dir / "writ.db") as db:
        db.execute("UPDATE sitting SET seen_at_utc = seen_at_utc - 7200 WHERE person = 'Old'")
    web.wait(lambda: made["Vic"].get("/desk").status == 303, "the end of the key")
    return made


def place(home, route, **slots):
    """An address of that route that leads to something that is there."""
    return busy.address(route["path"], **{"ref": home.ref, "name": "receipt", "number": 1, "page": 1, "id": "0" * 64, "code": "x" * 43} | slots)


def said(answer):
    """A page as one reads it; nothing of a picture or a file."""
    return desk.words(answer) if answer.headers.get("content-type", "").startswith("text/html") else ""


def alike(answer):
    """What of an answer anybody can tell apart."""
    return answer.status, answer.location, re.sub(r"Reference of this request: \w+", "", desk.words(answer)), sorted(
        (name, value) for name, value in answer.all if name.lower() not in ("date", "content-length", "set-cookie"))


def to_sign_in(answer, path):
    assert answer.status == 303 and answer.location == f"/sign-in?to={path}", (path, answer.status, answer.location)


def denied(answer, permit):
    refused(answer, says("your rights do not let you", also=PERMITS[permit]["words"]))


# ---- the table ----

def test_every_route_is_of_the_permit_table():
    assert {r["permit"] for r in ROUTES} == set(PERMITS)
    for route in ROUTES:
        assert ("{ref}" in route["path"]) == (PERMITS[route["permit"]]["object"] == "ORDER"), route
        assert route["method"] == "GET" or route["body"] in ("FORM", "FILES"), route      # else it would have no token
    known = set().union(*(busy.roles(rights) for rights in (*busy.RIGHTS.values(), None)))
    assert {role for p in PERMITS.values() for role in p["roles"].split("|")} <= known, "a role that nobody here has"


@pytest.mark.parametrize("name", [*busy.RIGHTS, *busy.FOUNDERS, None], ids=str)
def test_every_route_for_every_role(home, sittings, name):
    rights = (busy.RIGHTS | busy.FOUNDERS).get(name)
    person, before, tried = sittings[name], home.acts_in_all(), collections.Counter()
    for route in (r for r in ROUTES if r["name"] not in LEAVE):
        for ref in dict.fromkeys((home.ref, home.refs["received"], home.refs["delivered"])) if "{ref}" in route["path"] else [home.ref]:
            path = place(home, route, ref=ref)
            got = person.ask(route, path)
            told = (route["name"], name, path, got.status, got.location, said(got)[:300])
            assert got.status < 500, told
            if busy.may(rights, route["permit"]):
                assert got.status != 403 and not NO_ORDER.is_said(got), told
                assert not (got.location or "").startswith("/sign-in"), told
            elif name is None:
                to_sign_in(got, path if route["method"] == "GET" else "/desk")
            elif PERMITS[route["permit"]]["object"] == "ORDER" and not busy.may(rights, "ORDER_SEE"):
                refused(got, NO_ORDER, 404)
            else:
                denied(got, route["permit"])
            tried[got.status] += 1
    assert home.acts_in_all() == before     # a form without a word in it does nothing, whoever sends it
    assert sum(tried.values()) >= len(ROUTES) - len(LEAVE)


@pytest.mark.parametrize("name", GONE)
def test_every_route_for_who_is_not_one_of_them_any_more(home, gone, name):
    person, before = gone[name], home.acts_in_all()
    kept = dict(person.cookies)
    for route in ROUTES:
        if busy.may(None, route["permit"]):
            continue
        person.cookies = dict(kept)
        path = place(home, route)
        # What was typed in a sitting that has ended is kept for that person, and for nothing else: test_desk.py.
        to_sign_in(person.ask(route, path), path if route["method"] == "GET" or name == "Old" else "/desk")
        with sqlite3.connect(home.dir / "writ.db") as db:       # no person has more than twenty
            db.execute("DELETE FROM draft")
    assert home.acts_in_all() == before


def test_what_is_not_there_and_what_may_not_be_seen_answer_alike(home, sittings):
    """To who may not see orders, an order that is there is one that is not; nor tells what an invitation's page says to
    who may not invite whether there is one."""
    rob = sittings["Rob"]
    page = rob.go("/people/invite", name="Zoe", user=life.USER, may=["decide"])
    assert page.status == 200
    with sqlite3.connect(home.dir / "writ.db") as db:
        invitation, = [row[0] for row in db.execute("SELECT code_sha256 FROM invitation")]
    for name, rights in {**busy.RIGHTS, None: None}.items():
        for route in (r for r in ROUTES if "{" in r["path"] and not busy.may(rights, r["permit"])):
            is_order = PERMITS[route["permit"]]["object"] == "ORDER"
            if is_order and rights is not None and busy.may(rights, "ORDER_SEE"):
                continue
            there = dict(ref=home.ref, id=invitation)
            for other in (dict(ref=NO_SUCH, id="0" * 64), dict(ref="HOME", id="x"), dict(ref=home.refs["void"], number=99, name="nothing", page=99)):
                one, two = (place(home, route, **(there | slots)) for slots in ({}, other))
                a, b = (alike(sittings[name].ask(route, path)) for path in (one, two))
                if a[1] and a[1].startswith("/sign-in?to="):
                    a, b = ((x[0], x[1].replace(path, "PATH"), *x[2:3]) for x, path in ((a, one), (b, two)))
                assert a == b, (route["name"], name, one, two, a, b)


def test_an_order_that_is_not_there(home, sittings):
    ana = sittings["Ana"]
    for route in (r for r in ROUTES if "{ref}" in r["path"] and busy.may(busy.FOUNDERS["Ana"], r["permit"])):
        got = ana.ask(route, place(home, route, ref=NO_SUCH))
        refused(got, NO_ORDER, 404)
    for odd in ("HOME", "W-", "W-2222-222%32", "'or'1'='1"):
        refused(ana.get(f"/order/{odd}"), NO_ORDER, 404)
    refused(ana.get("/order/..%2f"), says("there is no such page", of="src/web/exchange.c"))
    refused(ana.get("/order/%00"), "the address has a control character", 404)
    assert ana.get(f"/order/{home.ref.lower()}").status == 200       # people write it as they like


# ---- methods, forms, origins ----

@pytest.mark.parametrize("name", ["Ana", "Eva", None], ids=str)
def test_no_other_method(home, server, sittings, name):
    person = sittings[name]
    for path, methods in METHODS.items():
        here = place(home, {"path": path})
        for method in {"GET", "POST"} - methods:
            got = person.get(here) if method == "GET" else person.post(here, {"token": person.token})
            refused(got, NO_SUCH_REQUEST, 405)
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"):
            got = server.ask(server.head(method, here, f"Origin: {server.origin}", "Content-Length: 0", *person.headers()))
            refused(got, NO_METHOD)


@pytest.mark.parametrize("name", ["Ana", "Eva", None], ids=str)
def test_forms_of_others_are_refused(home, server, sittings, name):
    """Whoever may send a form, without the token of this very sitting, or from another place, it is refused."""
    rights = (busy.RIGHTS | busy.FOUNDERS).get(name)
    person, theirs, before = sittings[name], sittings["Ben"].token, home.acts_in_all()
    for route in (r for r in ROUTES if r["method"] == "POST" and busy.may(rights, r["permit"])):
        path = place(home, route)
        for token in (theirs, "", "0" * 64, person.token[:-1], person.token.upper()):
            got = person.ask(route, path, token)
            refused(got, NOT_YOURS)
        for origin, why in (("https://evil.example", OTHER_SITE), ("null", NO_SITE), (server.origin.replace("https", "http"), OTHER_SITE),
                            (server.origin + "0", OTHER_SITE)):
            kind = "application/x-www-form-urlencoded" if route["body"] == "FORM" else "multipart/form-data; boundary=x"
            body = f"token={person.token}".encode()
            got = server.ask(server.head("POST", path, f"Origin: {origin}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *person.headers()) + body)
            refused(got, why)
    assert home.acts_in_all() == before
    assert person.get("/desk" if name == "Ana" else "/audit" if name else "/").status == 200        # nobody was signed out
