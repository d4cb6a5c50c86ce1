"""A decision against the rule packs at the desk, by forms alone: one signs first and binds nobody, another reads what is
overruled and signs, or lets it be. Refused: the same person twice, who may not decide, what was changed or is another
document, what was let be.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, testland, web  # noqa: E402
from harness.refusals import refused  # noqa: E402

PEOPLE = {"Ana": ("decide", "roster", "halt"), "Ben": ("approve", "roster", "halt"), "Chi": ("approve", "roster", "decide")}
KNOWN = ("--sign", "NONE", "--fact", "customer.kind=CONSUMER", "--fact", "data.foreign_law_conflict=NONE")
REASON = "CAT-EXCEEDS"


class Desk(desk.Desk):
    def judged(self):
        """An order of two lines, of which the packs call the second INSUFFICIENT; its address."""
        def plain(tree):
            tree["facts"]["secrecy"] = {"kind": "NONE"}
        self.home.submit([life.demand(), life.demand(category="MSG_META")], change=plain)
        self.home.ok("authenticate", self.home.ref, "--by", "callback", "--over", "+33100000000", "--found",
                     "ministry directory", *KNOWN, as_="Ana")
        body = self.home.json("judge", self.home.ref, as_="Ben")
        assert [d["verdict"] for d in body["decision"]["demands"]] == ["SUFFICIENT", "INSUFFICIENT"]
        return f"/order/{self.home.ref}"

    def first(self, name="Ana"):
        """Signed by the first of two; its address."""
        here = self.judged()
        who, path = self.sit(name), f"{here}/decide"
        page = who.go(path, decision="comply", reason=[REASON])
        assert who.send(page, path).location == here
        return here

    def see(self, name, here):
        """The page of what was signed first."""
        who = self.sit(name)
        return who.send(who.get(here), f"{here}/decide", proposed="1")

    def nothing_decided(self):
        assert not self.home.acts("decided")


@pytest.fixture(scope="module")
def at():
    with life.Town(people=PEOPLE) as town:
        home = testland.put(town.home()).invent()
        home.ok("law", "adopt", "testland", as_="Ana", key="ana")
        with web.serve(home) as server:
            yield Desk(home, server)


def code(page):
    return re.findall(r"<li>([A-Z]+)</li>", re.search(r'<ol class="words.*?</ol>', page.text, re.S)[0])


def test_two_sign_one_after_the_other(at):
    here = at.judged()
    ana, chi, path = at.sit("Ana"), at.sit("Chi"), f"{here}/decide"
    page = ana.go(path, decision="comply")
    assert page.status == 403 and "line d2 INSUFFICIENT" in desk.words(page)
    page = ana.send(page, path, decision="comply", reason=[REASON])
    words = desk.words(page)
    assert "Against the rule packs" in words and REASON in words and "Code of Testland, art. 5" in words and "d1" not in \
        page.text.split('id="overruled"')[1].split("</section>")[0]
    assert "Sign as the first of two" in words
    assert ana.send(page, path).location == here
    body = at.home.acts("proposed")[-1]["body"]
    assert body["name"] == "Ana" and json.loads(body["document"])["overrules"] == ["d2"]
    at.nothing_decided()
    assert "waits for Chi" in desk.words(ana.get(here)) and "Chi" in desk.words(ana.get("/desk"))
    assert "Ana has signed a decision against the rule packs" in desk.words(chi.get(here))
    second = at.see("Chi", here)
    assert code(second) == code(page) and REASON in second.text and "Ana has signed this decision" in desk.words(second)
    assert chi.end_of(chi.send(second, path), "the collection").status == 200
    body = at.home.acts("decided")[-1]["body"]
    assert body["names"] == ["Ana", "Chi"] and len(body["signatures"]) == 2 and body["document"] == at.home.acts("proposed")[-1]["body"]["document"]
    assert at.home.state() == "collected"
    at.home.sound()


def test_nobody_signs_twice(at):
    here = at.first()
    ana, path = at.sit("Ana"), f"{here}/decide"
    own = at.see("Ana", here)
    assert "Take it back" in own.text and "Sign as the second" not in own.text
    second = at.see("Chi", here)
    fields, _ = ana.form(own, path)
    got = ana.post(path, fields | {"document": at.sit("Chi").form(second, path)[0]["document"]})
    assert got.status == 403 and "Ana has signed twice" in desk.words(got)
    at.nothing_decided()


def test_who_may_not_decide_does_not_sign(at):
    here = at.first()
    ben, second = at.sit("Ben"), at.see("Chi", here)
    fields, _ = at.sit("Chi").form(second, f"{here}/decide")
    token, _ = ben.form(ben.get(f"{here}/scope"), f"{here}/scope")
    got = ben.post(f"{here}/decide", fields | {"token": token["token"]})
    assert got.status == 403 and "decide" in desk.words(got)
    assert "second signature" not in desk.words(ben.get(here)).lower()
    at.nothing_decided()


@pytest.mark.parametrize("who, button, says", [("Chi", "Let it be", "somebody was faster"), ("Ana", "Take it back", "somebody was faster")])
def test_let_be_or_taken_back(at, who, button, says):
    here = at.first()
    chi, path = at.sit("Chi"), f"{here}/decide"
    old, page = at.see("Chi", here), at.see(who, here)
    assert button in page.text
    assert at.sit(who).send(page, path, let_be="1").location == here
    last = at.home.acts()[-1]
    assert last["act"] == "let_be" and last["actor"]["name"] == who
    got = chi.send(old, path)
    assert got.status == 409 and says in desk.words(got) and "no second signature" in desk.words(got)
    fields, _ = chi.form(old, path)
    got = chi.post(path, fields | {"seq": last["seq"]})
    refused(got, "not the decision that waits", 409)
    got = chi.post(path, fields | {"seq": last["seq"], "let_be": "1"})
    assert got.status == 409 and "waits for a second signature" in desk.words(got)
    at.nothing_decided()


def test_what_changed_meanwhile_is_told_and_not_signed(at):
    here = at.first()
    chi, path, old = at.sit("Chi"), f"{here}/decide", at.see("Chi", here)
    at.home.ok("authenticate", at.home.ref, "--by", "callback", "--over", "+33100000000", "--found", "ministry directory",
               "--sign", "NONE", "--fact", "customer.kind=ENTERPRISE_TENANT", "--fact", "data.foreign_law_conflict=NONE", as_="Ben")
    got = chi.send(old, path)
    words = desk.words(got)
    assert got.status == 409 and "somebody was faster" in words and "sender checked Ben" in words
    assert "Ana has signed" not in desk.words(chi.get(here))
    at.nothing_decided()


def test_another_document_is_not_the_one_that_waits(at):
    here = at.first()
    chi, path = at.sit("Chi"), f"{here}/decide"
    fields, _ = chi.form(at.see("Chi", here), path)
    other = json.loads(fields["document"])
    other["lines"] = other["lines"][1:]
    got = chi.post(path, fields | {"document": json.dumps(other, sort_keys=True, separators=(",", ":"))})
    refused(got, "not the decision that waits", 409)
    at.nothing_decided()


def test_another_decision_ends_it(at):
    here = at.first()
    chi, path, old = at.sit("Chi"), f"{here}/decide", at.see("Chi", here)
    page = chi.send(chi.get(here), path, decision="refuse", reason=[REASON])
    if "Go on" in page.text:
        page = chi.send(page, path, decision="refuse", reason=[REASON])
    assert chi.send(page, path).location == here and at.home.state() == "refused"
    got = chi.send(old, path)
    assert got.status == 409 and "somebody was faster" in desk.words(got)
