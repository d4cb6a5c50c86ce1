"""Every page that a link of the desk leads to, for everybody who is there, without script.
SPDX-License-Identifier: Apache-2.0
"""
import collections
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import busy, life, web  # noqa: E402

LONG = True


@pytest.fixture(scope="module")
def walked():
    """What each of them finds: pages by their address, and forms by their route."""
    with life.Town(hooks=True) as town, web.serve(busy.make(town)) as server:
        yield {name: busy.walk(busy.Sitting(server, name)) for name in (*busy.RIGHTS, *busy.FOUNDERS, None)}


# What no page leads to: an invitation and the address of a delivered file go from person to person; a picture is part
# of a page; a signature of two needs a passkey that was made; what a comparison found wrong, a log with something wrong
# (test_audit.py). What is one click has its page where it was refused.
GIVEN = {"audit-findings", "enrol", "enrol-do", "pickup", "pickup-file", "picture", "admit", "admit-do"}


def test_every_page_and_every_form_is_reached_without_script(walked):
    reached = collections.defaultdict(set)
    for name, rights in {**busy.RIGHTS, **busy.FOUNDERS, None: None}.items():
        pages, forms = walked[name]
        there = {busy.find_route("GET", path) for path in pages} | set(forms)
        assert None not in there, (name, [path for path in pages if not busy.find_route("GET", path)])
        for route in (r for r in busy.ROUTES if r["name"] in there):
            assert busy.may(rights, route["permit"]), (name, route["name"])     # nothing is offered that one may not do
            reached[route["name"]].add(name)
    clicks = {r["path"] for r in busy.ROUTES if r["method"] == "POST" and reached[r["name"]]}
    missing = [r["name"] for r in busy.ROUTES if not reached[r["name"]] and r["name"] not in GIVEN and not (r["method"] == "GET" and r["path"] in clicks)]
    assert not missing, missing


def test_no_button_without_a_form(walked):
    """Without script such a button would do nothing: it is hidden until a script says that it works."""
    for name in ("Ana", "Ben", "Eva", None):
        for path, tree in walked[name][0].items():
            if tree is None:
                continue
            hidden = {id(e) for top in tree.iter() if top.get("hidden") is not None or top.tag == "dialog" for e in top.iter()}
            inside = {id(e) for form in tree.iter("form") for e in form.iter()}
            for e in tree.iter("button"):
                assert id(e) in hidden or (id(e) in inside and e.get("type", "submit") == "submit"), (path, busy.words(e))
