"""Whole lives of orders in a real browser with virtual authenticators: a first passkey by two, then orders that are
complied with, refused, narrowed, and worked on without script, where the command line signs. Each person has a browser
of their own, with keys that nobody else has. Half of it is what a browser must not bring about.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import shlex
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life  # noqa: E402
from harness.workplace import (ASKED, FORTNIGHT, NSL, ana, answered, approve, ben, check_again, check_sender, decide, fetch, home, town,  # noqa: E402,F401
                               withhold, zoe)

MOST = 14           # clicks and keys of everybody, counsel too, from opening an order to its second approval
EMERGENCY = {"claimed": "yes", "kind": "LIFE", "harm_described": "yes", "imminent": "yes", "process_not_possible": "yes", "follow_up_promised": "yes"}


def take_in(home, person, name, demands=None, kind=None):
    """An order and its paper by upload; gives its address."""
    paper = home.base / f"{name}.pdf"
    paper.write_bytes(NSL.read_bytes() if name == "published" else b"%PDF-1.4 a warrant on paper: " + name.encode() + b"\n")

    def change(tree):
        tree["facts"]["order"]["document_sha256"] = life.sha(paper.read_bytes())
        tree["facts"]["instrument"]["case_number"] = tree["authority_reference"] = f"26-{name}"
        if kind == "emergency":     # as formats has it: the kind of instrument, and what it claims
            tree["facts"]["instrument"] |= {"kind": "EMERGENCY_REQUEST"}
            tree["facts"]["emergency"] = EMERGENCY
            for demand in tree["facts"]["demands"]:
                demand["related_to_emergency"] = "yes"
    order = life.order_file(home.base / f"{name}.yaml", home.world, demands, change=change)
    person.open("/desk")
    person.leave('a[href="/intake"]')
    person.fill("order", order)
    person.fill("paper", paper)
    person.send()
    person.until(lambda: re.fullmatch(r"/order/W-[0-9A-Z-]+", person.path()), "the intake")
    home.ref = person.path().rsplit("/", 1)[1]
    return person.path()


@pytest.fixture(scope="module")
def known(home, ana, ben, zoe):
    """The agency was rung once before, over a number that staff had found."""
    home.submit()
    home.authenticate()
    return home


@pytest.mark.parametrize("paper", ["warrant", "emergency", pytest.param("published", marks=pytest.mark.skipif(not NSL, reason="no published orders here"))])
def test_an_order_is_complied_with(home, ana, ben, zoe, known, paper, record_testsuite_property):
    here = take_in(home, ben, paper, kind=paper)
    people = (ana, ben, zoe)
    for person in people:
        person.open("/desk")
        person.clicks, person.keys, person.did = 0, 0, []
    ben.follow(here)
    check_again(ben, here)
    ana.open("/desk")
    ana.follow(here)
    decide(ana, here, "comply")
    ben.open("/desk")
    ben.follow(here)
    withhold(ben, here)
    words = approve(ben, here, first=True)
    zoe.open("/desk")
    zoe.follow(here)
    assert approve(zoe, here) == words and words
    clicks, keys = sum(p.clicks for p in people), sum(p.keys for p in people)
    print(f"{paper}:", *(f"{p.name}: {'; '.join(p.did)}." for p in people), sep="\n")
    record_testsuite_property(f"from opening an order ({paper}) to its second approval",
                              f"{clicks} clicks and {keys} keys of three people ({MOST} are allowed), {ana.clicks + ana.keys} of them counsel's")
    assert clicks + keys <= MOST, [p.did for p in people]
    assert [a["actor"]["name"] for a in home.acts("approved")] == ["Ben", "Zoe"]
    assert all('"kind":"passkey"' in a["body"]["signature"].replace(" ", "") for a in home.acts("approved") + home.acts("decided"))
    zoe.work(here, "release", asked=True)
    zoe.work(here, "deliver", asked=True)
    opened = home.open(fetch(home, zoe, here), paper)
    assert opened.hashes() == home.world.expect("alice@mail.example", *FORTNIGHT)
    assert not [line for p in (ana, ben, zoe) for line in p.complaints()]


def test_an_order_is_narrowed(home, ana, ben, zoe, known):
    """One of two demands is left out; what leaves holds the other alone."""
    here = take_in(home, ben, "narrow", [life.demand(), life.demand(target="bob@mail.example")])
    ben.open(here)
    check_again(ben, here)
    ana.open(here)
    decide(ana, here, "narrow", "PART-OVERBROAD", drop=["d2"])
    assert [line["id"] for line in json.loads(home.acts("decided")[0]["body"]["document"])["lines"]] == ["d1"]
    ben.open(here)
    withhold(ben, here)
    assert "d1:" in ben.text() and "d2:" not in ben.text()
    ben.send(here)
    ben.follow(f"{here}/approve")
    assert "You have approved it" in ben.text() and not ben.all('main form[method="post"] button')     # one is not two
    zoe.open(here)
    approve(zoe, here)
    ben.open(here)
    ben.work(here, "release", asked=True)
    ben.work(here, "deliver", asked=True)
    opened = home.open(fetch(home, ben, here), "narrowed")
    assert opened.hashes() == opened.hashes("d1") == home.world.expect("alice@mail.example", *FORTNIGHT)


def test_an_order_is_refused(home, ana, ben):
    here = take_in(home, ben, "refuse")
    ana.open(here)
    ana.leave(f'main a[href="{here}/decide"]')
    ana.choose("decision", "refuse")
    ana.send(f"{here}/decide")
    assert ana.all('main [role="alert"]') and not home.acts("decided")      # not without a reason
    ana.choose("reason", "AUTH-UNVERIFIED")                 # the reasons are open now
    ana.send(f"{here}/decide")
    assert ana.all("main pre.letter")
    ana.send(here)
    assert home.acts("decided")[0]["body"]["decision"] == "refuse"
    assert ana.all(f'a[href="{here}/letter/refusal"]')
    ben.open(here)
    assert not ben.all(f'a[href="{here}/approve"]') and not ben.all(f'a[href="{here}/collect"]')
    ben.open(f"{here}/approve")
    assert not ben.all('main form[method="post"] input[name="statement"]')


def test_a_key_that_does_not_know_its_user_signs_nothing(home, ana, ben):
    """And once it knows, the same page is signed; nobody without the right gets so far."""
    here = take_in(home, ben, "unverified")
    check_sender(ben, here)
    ana.open(here)
    ana.leave(f'main a[href="{here}/decide"]')
    ana.choose("decision", "ask")
    ana.click("main details:has([name=reason]) summary")
    ana.choose("reason", "AUTH-UNVERIFIED")
    ana.send(f"{here}/decide")
    ana.driver.set_user_verified(False)
    try:
        ana.click('main form[method="post"] .actions button')
        ana.until(lambda: "No key has answered" in ana.text(), "that no key has answered")
        assert ana.path() == f"{here}/decide" and not home.acts("decided")
    finally:
        ana.driver.set_user_verified(True)
    ana.send(here)
    assert home.acts("decided")[0]["body"]["decision"] == "ask"
    ben.open(f"{here}/decide")
    assert "rights do not let you" in ben.text()
    ben.complaints()    # the 403 itself


def test_without_script(home, ana, ben, zoe):
    """Every step is a form; only passkeys need script, and there the command line signs, as the page says."""
    try:
        for person in (ana, ben, zoe):
            person.script(False)
        here = take_in(home, ben, "no-script")
        assert not ben.one("[data-keys-open]").is_displayed()       # no script ran
        check_sender(ben, here)
        ana.open(here)
        reasons = [box.get_attribute("value") for box in ana.all(ASKED + 'input[name="reason"]')]
        for reason in reasons:
            ana.choose("reason", reason)
        answered(ana, "comply")
        ana.send(f"{here}/decide")
        assert "no passkey has signed" in ana.text() and "command line" in ana.text() and not home.acts("decided")
        home.decide("comply", *(word for reason in reasons for word in ("--reason", reason)))
        ben.open(here)
        ben.work(here, "collect")
        ben.open(here)
        withhold(ben, here)
        said = [e.text for e in ben.all("main ol.words li")]
        command = shlex.split(ben.one("main details pre").get_property("textContent"))
        assert command[:3] == ["writ", "approve", home.ref] and command[3:] == ["--key", "SSHKEY"]
        ben.send(f"{here}/approve")
        assert "no passkey has signed" in ben.text() and not home.acts("approved")
        for name in ("Ben", "Chi"):
            assert said and " ".join(said) in home.ok(*command[1:3], as_=name, key=name.lower())
        zoe.open(here)
        zoe.work(here, "release", asked=True)
        zoe.work(here, "deliver", asked=True)
        fetch(home, zoe, here)
    finally:
        for person in (ana, ben, zoe):
            person.script(True)
            person.complaints()
