"""A captured desk: a process that answers and asks at will (harness/captured.py says what it holds) cannot obtain a
ticket, a release, an unsealing, a change of the roster, an agency's key or a rewritten log from writ-seal, nor a hand's
work without a ticket. Each row of ATTACKS is one attack by name and the row of src/seal/check.def that says no; HANDS are
those on a hand, STORE those on the rows that an honest program reads. Last, every request in its honest form is granted.

Beside it: test_gate.py has every row of check.def and every way to be wrong, test_three_users.py the users of an
installed home, test_edits.py what 'log verify' finds, test/web/test_desk.py what comes over HTTP.
SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import os
import pathlib
import sqlite3
import sys

import pytest

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST), str(TEST / "harness")]
import sealclient  # noqa: E402
from captured import Captured, NOON, edited  # noqa: E402
from harness import life  # noqa: E402
from passkey import UP, canonical  # noqa: E402


@pytest.fixture(scope="module")
def town():
    with life.Town(hooks=True, clock=NOON) as made:
        yield made


@pytest.fixture(scope="module")
def desk(town):
    made = Captured(town)
    yield made
    made.connection.close()


# ---- the release, and opening what was collected ----

def release(*signatures):
    """Of B, by whom a function says."""
    return lambda d: ("release", d.releasing(d.b, [make(d) for make in signatures]))


def good(name, at=("Ben", "Chi")):
    return lambda d: d.b.approvals[at.index(name)]


def over_b(name, **twist):
    return lambda d: d.sign(name, d.b.statement, **twist)


def state(**more):
    return lambda d: ("statement", d.stating(**{k: v(d) if callable(v) else v for k, v in more.items()}))


def returned(**values):
    return state(ret=lambda d: edited(d.b.ret, **values))


def receipt(order, **more):
    return lambda d: ("receipt", d.receipting(order(d), **{k: v(d) for k, v in more.items()}))


RELEASE = {
    "two sign-ins as approvals": (release(lambda d: d.sign_in("Ben"), lambda d: d.sign_in("Chi")), "SIGNATURE_HOLDS"),
    "one approval and a sign-in": (release(good("Ben"), lambda d: d.sign_in("Chi")), "SIGNATURE_HOLDS"),
    "approvals of another order": (lambda d: ("release", d.releasing(d.b, d.a.approvals)), "SIGNATURE_HOLDS"),
    "one approval of another order": (release(good("Ben"), lambda d: d.a.approvals[1]), "SIGNATURE_HOLDS"),
    "a signature of the roster as an approval": (release(good("Ben"), lambda d: d.sign("Chi", d.zoe)), "SIGNATURE_HOLDS"),
    "an approval without verification of the user": (release(good("Ben"), over_b("Chi", flags=UP)), "USER_VERIFIED"),
    "an approval for another site": (release(good("Ben"), over_b("Chi", rp_id="evil.example")), "SIGNATURE_HOLDS"),
    "an approval at another origin": (release(good("Ben"), over_b("Chi", origin="https://localhost:1")), "SIGNATURE_HOLDS"),
    "an approval inside another site's page": (release(good("Ben"), over_b("Chi", crossOrigin=True)), "SIGNATURE_HOLDS"),
    "a registration as an approval": (release(good("Ben"), over_b("Chi", kind="webauthn.create")), "SIGNATURE_HOLDS"),
    "a counter that was used": (release(good("Ben"), lambda d: d.sign("Chi", d.b.statement, counter=d.used)), "COUNTER"),
    "one assertion as two people": (release(good("Ben"), good("Ben")), "KEY_TWICE"),
    "two assertions of one person": (release(good("Ben"), over_b("Ben")), "KEY_TWICE"),
    "two keys of one person": (release(good("Ben"), lambda d: d.ssh("ben", "approval", d.b.statement)), "APPROVERS"),
    "one approval": (release(good("Chi")), "APPROVERS"),
    "a passkey of the desk's own": (release(good("Ben"), lambda d: d.mine.sign("", d.b.statement)), "KEY_ROSTERED"),
    "a passkey of its own under another name": (
        release(good("Ben"), lambda d: d.mine.sign("", d.b.statement, claims=d.keys["Chi"])), "SIGNATURE_HOLDS"),
    "counsel who decided approves": (release(good("Ben"), over_b("Ana")), "MAY"),
    "approvals of a statement of its own": (lambda d: ("release", {
        "statement_sha256": life.sha(edited(d.b.statement, manifest_sha256="0" * 64).encode()), "signatures": d.b.approvals}), "STATEMENT_KNOWN"),
    "approvals that were made void": (lambda d: ("release", d.releasing(d.v, d.v.approvals)), "ORDER_VOID"),
    "a second release": (lambda d: ("release", d.releasing(d.a, d.a.approvals)), "ALREADY_RELEASED"),
    "a statement for a key of its own": (state(recipients=lambda d: [d.mine_age.recipient]), "RECIPIENT_ROSTERED"),
    "a statement for another agency": (state(recipients=["LKA 2026"]), "RECIPIENT_AGENCY"),
    "a statement for nobody": (state(recipients=[]), "RECIPIENTS_SOME"),
    "a statement over another manifest": (returned(manifest_sha256="0" * 64), "RETURN_MANIFEST"),
    "a statement over fewer items": (returned(items=1), "RETURN_ITEMS"),
    "a statement over another receipt": (
        state(ret=lambda d: edited(d.b.ret, receipt=edited(d.b.receipt, header="AAAA"))), "RETURN_RECEIPT"),
    "a statement over the papers of another order": (returned(paper_sha256=["0" * 64]), "RETURN_PAPERS"),
    "a statement of what was only counted": (state(ticket=lambda d: json.loads(d.count)["ticket"]), "TICKET_COLLECTS"),
    "a statement of what was made void": (state(ticket=lambda d: d.v.id), "ORDER_VOID"),
    "a receipt that its own key opens": (receipt(lambda d: d.d, recipients=lambda d: [d.mine_age.recipient]), "HEADER_OPENS"),
    "a receipt that its own key opens, too": (
        receipt(lambda d: d.d, recipients=lambda d: [json.loads(d.d.ticket)["recipient"], d.mine_age.recipient]), "HEADER_ALONE"),
    "a receipt of a store outside the scope": (receipt(lambda d: d.d, store=lambda d: "archive"), "RECEIPT_LINES"),
    "a second receipt, of something else": (receipt(lambda d: d.b), "RECEIPT_ONCE"),
}


# ---- tickets ----

def ticket(change=None, by=None, **more):
    """For C, with a changed scope, signed by whom a function says; as counsel signed it where it says nothing."""
    def make(d):
        scope = edited(d.c.scope, **change) if change else d.c.scope
        return "ticket", d.ticketing(d.c, scope, by and by(d, scope), **{k: v(d) for k, v in more.items()})
    return make


TICKET = {
    "counsel's sign-in as a scope": (ticket(by=lambda d, scope: [d.sign_in("Ana")]), "SIGNATURE_HOLDS"),
    "counsel's signature of another order": (ticket(by=lambda d, scope: [d.a.counsel]), "SIGNATURE_HOLDS"),
    "a scope of more days": (ticket({"until": NOON + 9 * 86400}), "SIGNATURE_HOLDS"),
    "a scope of another account": (ticket({"target": "bob@mail.example"}), "SIGNATURE_HOLDS"),
    "a scope of another store": (ticket({"stores": ["archive"]}), "SIGNATURE_HOLDS"),
    "a scope for another agency": (ticket({"agency": "lka-berlin"}), "SIGNATURE_HOLDS"),
    "a scope that nobody signed": (ticket(by=lambda d, scope: []), "SCOPE_SIGNED"),
    "a scope that an approver signed unseeing": (ticket(by=lambda d, scope: [d.sign("Chi", scope)]), "MAY"),
    "a scope that its own passkey signed": (ticket(by=lambda d, scope: [d.mine.sign("", scope)]), "KEY_ROSTERED"),
    "a scope signed without verification of the user": (ticket(by=lambda d, scope: [d.sign("Ana", scope, flags=UP)]), "USER_VERIFIED"),
    "a signed scope that is past its time": (
        ticket({"made_at": "2026-11-18T12:00:00Z", "good_until": "2026-11-20T12:00:00Z"}, lambda d, scope: [d.sign("Ana", scope)]),
        "DOCUMENT_EXPIRED"),
    "a signed scope that is good for ever": (
        ticket({"good_until": "2027-11-22T12:00:00Z"}, lambda d, scope: [d.sign("Ana", scope)]), "DOCUMENT_TOO_LONG"),
    "a statement in the place of a scope": (
        lambda d: ("ticket", d.ticketing(d.b, d.b.statement, d.b.approvals)), "DOCUMENT_FORM"),
    "a second ticket beside a live one": (lambda d: ("ticket", d.ticketing(d.b)), "ONE_TICKET"),
    "a ticket that kills another order's": (ticket(replaces=lambda d: d.b.id), "REPLACES_SAME_SCOPE"),
    "a ticket for what was released": (lambda d: ("ticket", d.ticketing(d.a)), "ALREADY_RELEASED"),
    "a ticket for what was made void": (lambda d: ("ticket", d.ticketing(d.v)), "ORDER_VOID"),
    "a ticket for both uses": (lambda d: ("ticket", d.ticketing(d.c) | {"for": "count and collect"}), "TICKET_FOR"),
}


# ---- the roster, and agencies' keys ----

def roster(make, *names, **twist):
    return lambda d: ("roster", d.by_two(make(d), *names, **twist))


def swapped(honest, **values):
    """Two signed the row; another goes to the seal under their signatures."""
    def make(d):
        text = honest(d)
        return "roster", d.by_two(text) | {"document": edited(text, **{k: v(d) for k, v in values.items()})}
    return make


def signed(make, *signatures):
    def sign(d):
        text = make(d)
        return "roster", {"document": text, "signatures": [one(d, text) for one in signatures]}
    return sign


def zoe(d):
    return d.zoe


def bka(d):
    return d.bka


def mallory(d):
    return d.row()


def by(name):
    return lambda d, text: d.sign(name, text)


ROSTER = {
    "a person whom one signed": (roster(mallory, "Ben"), "ROSTER_TWO"),
    "a person whom one signed with two keys": (signed(mallory, by("Ben"), lambda d, text: d.ssh("ben", "roster", text)), "ROSTER_TWO"),
    "a person whom one signed twice": (roster(mallory, "Ben", "Ben"), "KEY_TWICE"),
    "a person under two sign-ins": (signed(mallory, lambda d, text: d.sign_in("Ben"), lambda d, text: d.sign_in("Chi")), "SIGNATURE_HOLDS"),
    "a person under two approvals": (lambda d: ("roster", {"document": d.row(), "signatures": d.b.approvals}), "SIGNATURE_HOLDS"),
    "a person whom it signs itself": (signed(mallory, by("Ben"), lambda d, text: d.mine.sign("", text)), "KEY_ROSTERED"),
    "a person signed without verification of the users": (roster(mallory, flags=UP), "USER_VERIFIED"),
    "an invited person's key exchanged after two signed": (swapped(zoe, key=lambda d: d.mine.line), "SIGNATURE_HOLDS"),
    "an invited person's rights widened after two signed": (swapped(zoe, may=lambda d: ["approve", "decide", "roster"]), "SIGNATURE_HOLDS"),
    "an invited person's key need not verify any more": (swapped(zoe, user_verified=lambda d: False), "SIGNATURE_HOLDS"),
    "a row that was signed before, again": (lambda d: ("roster", d.state()["roster_documents"][-1]), "ROSTER_VERSION"),
    "an approver's key under a second name": (roster(lambda d: d.row(key=d.keys["Chi"].line), "Ana", "Ben"), "KEY_OF_ANOTHER"),
    "an approver's key at another site under a second name": (
        roster(lambda d: d.row(key=d.keys["Chi"].twin(origin="https://localhost:1").line), "Ana", "Ben"), "KEY_OF_ANOTHER"),
    "a new key that its person vouches for": (roster(lambda d: d.row(name="Ben"), "Ben", "Chi"), "ROSTER_OTHERS"),
    "one approval as the policy": (
        roster(lambda d: d.roster_document({"row": "policy", "name": "approvals", "value": "1"})), "APPROVALS_TWO"),
    "a policy that one signed": (
        roster(lambda d: d.roster_document({"row": "policy", "name": "decider_may_approve", "value": "yes"}), "Ben"), "ROSTER_TWO"),
    "a key of its own for an agency, which one signed": (roster(lambda d: d.agency(d.mine_age.recipient), "Ben"), "ROSTER_TWO"),
    "a key of its own for an agency under two sign-ins": (
        signed(lambda d: d.agency(d.mine_age.recipient), lambda d, text: d.sign_in("Ben"), lambda d, text: d.sign_in("Chi")), "SIGNATURE_HOLDS"),
    "an agency's key exchanged after two signed": (swapped(bka, recipient=lambda d: d.mine_age.recipient), "SIGNATURE_HOLDS"),
    "an agency's key moved to another agency after two signed": (swapped(bka, id=lambda d: "lka-berlin"), "SIGNATURE_HOLDS"),
    "a key of its own under an agency's label": (roster(lambda d: d.agency(d.mine_age.recipient, label="PJ-Paris 2026")), "LABEL_THERE"),
    "an agency's key for another agency": (
        roster(lambda d: d.agency(d.town.world.recipients["berlin"])), "AGENCY_KEY_THERE"),
}


# ---- the log ----

def tick(by_, *commitments):
    def make(d):
        return "tick", {"size": d.state()["log"]["size"] + by_, "count": len(commitments)}, [sealclient.memfd(b"".join(commitments))]
    return make


REWRITTEN = hashlib.sha256(b"an act as it should have been").digest()
LOG = {
    "acts of the last tick rewritten": (tick(-1, REWRITTEN), "TICK_SIZE"),
    "a log that begins anew": (lambda d: ("tick", {"size": 0, "count": 1}, [sealclient.memfd(REWRITTEN)]), "TICK_SIZE"),
    "a longer tree of its own": (tick(1), "TICK_SIZE"),
    "more acts than it hands in": (
        lambda d: ("tick", {"size": d.state()["log"]["size"], "count": 2}, [sealclient.memfd(REWRITTEN)]), "TICK_COUNT"),
    "a checkpoint as a record": (lambda d: ("sign", {"for": "checkpoint", "order": d.b.ref, "template": "x", "sha256": "0" * 64}), "SIGN_FOR"),
    "a release as a record": (lambda d: ("sign", {"for": "statement", "order": d.b.ref, "template": "x", "sha256": "0" * 64}), "SIGN_FOR"),
}

ATTACKS = {**RELEASE, **TICKET, **ROSTER, **LOG}


@pytest.mark.parametrize("what", ATTACKS)
def test_the_seal_says_no(desk, what):
    make, check = ATTACKS[what]
    request, fields, *fds = make(desk)
    before = desk.visible()
    try:
        answer = desk.ask(request, fields, *fds)
    finally:
        for fd in (fd for one in fds for fd in one):
            os.close(fd)
    assert (answer["ok"], answer.get("check")) == (False, check), answer
    assert answer["why"] and answer["next"] and desk.visible() == before


# ---- the hands ----

def fetch(ticket, seal, scope):
    return lambda d: d.fetch(ticket(d), seal(d), scope(d))


def forged(d):
    """A ticket of its own making, signed with a key of its own."""
    text = edited(d.d.ticket, recipient=d.mine_age.recipient)
    return text, d.ssh("eve", "seal", text)


HANDS = {
    "no ticket": (lambda d: d.fetch(None, None, d.d.scope), "FORMAT", ""),
    "no signature of the seal": (lambda d: d.fetch(d.d.ticket, "", d.d.scope), "FORMAT", ""),
    "a ticket for a key of its own": (
        lambda d: d.fetch(edited(d.d.ticket, recipient=d.mine_age.recipient), d.d.ticket_seal, d.d.scope), "VERIFY", ""),
    "a ticket that it signed itself": (lambda d: d.fetch(*forged(d), d.d.scope), "VERIFY", "another key"),
    "a ticket for longer": (lambda d: d.fetch(edited(d.d.ticket, expires_at="2027-11-22T12:00:00Z"), d.d.ticket_seal, d.d.scope), "VERIFY", ""),
    "a wider scope": (lambda d: d.fetch(d.d.ticket, d.d.ticket_seal, edited(d.d.scope, until=NOON + 9 * 86400)), "VERIFY", "another scope"),
    "another account": (lambda d: d.fetch(d.d.ticket, d.d.ticket_seal, edited(d.d.scope, target="bob@mail.example")), "VERIFY", "another scope"),
    "the scope of another order": (lambda d: d.fetch(d.d.ticket, d.d.ticket_seal, d.c.scope), "VERIFY", "another scope"),
    "a ticket for counting": (lambda d: d.fetch(d.count, d.count_seal, d.c.scope), "VERIFY", "for count"),
    "a receipt as a ticket": (lambda d: d.fetch(d.b.receipt, d.b.receipt_seal, d.b.scope), "VERIFY", "ticket of version 1"),
    "a ticket that was used": (lambda d: d.fetch(d.u.ticket, d.u.ticket_seal, d.u.scope), "STATE", "receipt for this ticket already"),
}


@pytest.mark.parametrize("what", HANDS)
def test_a_hand_says_no(desk, what):
    make, error, says = HANDS[what]
    before = desk.visible()
    answer = make(desk)
    assert answer["ok"] is False and answer["error"] == error and says in answer["why"], answer
    assert "receipt" not in answer and desk.visible() == before


# ---- rows of the database, under a program that is honest ----

def act(home, word, change):
    """Edits the last act of that kind."""
    with sqlite3.connect(home.dir / "writ.db") as db:
        rowid, text = db.execute("SELECT rowid, body FROM act WHERE act = ? ORDER BY id DESC LIMIT 1", (word,)).fetchone()
        tree = json.loads(text)
        change(tree["body"])
        db.execute("UPDATE act SET body = ? WHERE rowid = ?", (canonical(tree), rowid))


def wider(body):
    body["document"] = edited(body["document"], until=NOON + 9 * 86400)


def once_more(home):
    return lambda body: body.update(signature=home.acts("approved")[0]["body"]["signature"])


STORE = {
    "a wider scope under counsel's signature": (
        "decided", lambda home: act(home, "decided", wider), ("collect",), "does not hold over this document"),
    "another agency's key as the recipient": (
        "noticed", lambda home: act(home, "received", lambda body: body.update(recipients=["LKA 2026"])), ("approve", "--print", "statement"),
        "belongs to another agency"),
    "fewer items in the receipt": (
        "noticed", lambda home: act(home, "collected", lambda body: body.update(receipt=edited(body["receipt"], items=1))),
        ("approve", "--print", "statement"), "receipt"),
    "one approval as two": ("approved", lambda home: act(home, "approved", once_more(home)), ("release",), "the same key signed twice"),
}


@pytest.mark.parametrize("what", STORE)
def test_an_edited_row_gains_nothing(town, what):
    stage, edit, (command, *more), says = STORE[what]
    home = town.home(stage)
    edit(home)
    before = home.acts_in_all()
    got = home.run(command, home.ref, *more, as_="Ben")
    assert got.exit in (1, 4, 5) and says in got.err, got
    assert home.acts_in_all() == before and home.run("log", "verify").exit != 0


# ---- the same requests in their honest form ----

def test_the_honest_forms_are_granted(desk):
    """What is refused above differs from these in what its name says. In a home for one user a receipt may come from
    the desk, too; where there are three it may not (CALLER)."""
    d, old, approvals = desk, desk.b.statement, desk.b.approvals
    d.b.statement = d.must("statement", d.stating())["statement"]
    late = d.ask("release", {"statement_sha256": life.sha(old.encode()), "signatures": approvals})
    assert late["check"] == "STATEMENT_LIVE", "approvals of the statement before"
    d.b.approvals = [d.sign("Ben", d.b.statement), d.sign("Chi", d.b.statement)]
    assert d.must("release", d.releasing(d.b, d.b.approvals))["header"]
    given = d.must("ticket", d.ticketing(d.c))
    answer = d.fetch(given["ticket"], given["ticket_seal"], d.c.scope)
    assert answer["ok"] and json.loads(answer["receipt"])["items"] > 0, answer
    d.must("receipt", d.receipting(d.d))
    before = d.state()["roster_version"]
    d.must("roster", d.by_two(d.zoe))
    d.must("roster", d.by_two(d.agency(d.town.world.recipients["stranger"])))
    assert d.state()["roster_version"] == before + 2
    d.must("sign", {"for": "letter", "order": d.b.ref, "template": "refusal", "sha256": "0" * 64})
    size = d.state()["log"]["size"]
    request, fields, fds = tick(0, REWRITTEN)(d)
    assert d.must(request, fields, fds)["size"] == d.state()["log"]["size"] == size + 1
    os.close(*fds)


def test_what_is_past_its_time(desk):
    """Approvals and a ticket that were good yesterday; the last of all, for the clock goes on."""
    desk.home.wait(25 * 3600)
    assert desk.ask("release", desk.releasing(desk.late, desk.late.approvals))["check"] == "STATEMENT_EXPIRED"
    answer = desk.fetch(desk.d.ticket, desk.d.ticket_seal, desk.d.scope)     # that a hand looks, too, is in test_hand.py
    assert answer["ok"] is False and "past its expires_at" in answer["why"] and "receipt" not in answer, answer
