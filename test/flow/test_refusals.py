"""Lives of orders that are refused, narrowed, stopped or kept secret, at every stage. After each refusal the acts are as
before and the log holds. SPDX-License-Identifier: Apache-2.0"""
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.life import demand  # noqa: E402
from harness.lifefixtures import clocked, ended, home, letter, no, nothing_left, town  # noqa: E402,F401

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
ALICE, BOB = "alice@mail.example", "bob@mail.example"


# ---- refuse, ask, redirect ----

REASONS = ["AUTH-UNVERIFIED", "AUTH-IMPERSONATION-SIGNS", "ISS-NO-VALIDATION", "INST-UNSIGNED", "CAT-NEEDS-JUDGE", "THR-PENALTY",
           "PART-BULK", "SCOPE-EXCESS", "TERR-ART48", "ROUTE-MLAT", "SERV-WRONG-ENTITY", "SECR-OMNIBUS", "EMER-NOT-SHOWN",
           "PRIV-PRESS", "BIZ-PROCESSOR", "PRES-ONLY", "RT-OUT-OF-SCOPE", "CLASSIFIED-ROUTE", "LAW-SPLIT", "PACK-NONE",
           "FACT-UNKNOWN(purpose.offence)"]


@pytest.mark.parametrize("code", REASONS)
def test_refused_with_a_letter_and_no_data(town, code):
    home = town.home("received" if code.startswith("AUTH") else "authenticated")
    home.decide("refuse", "--reason", code)
    assert home.state() == "refused"
    text = letter(home, "refusal")
    assert f"1. {code}: " in text and "Nothing was handed over" in text and home.ref in text
    nothing_left(home)
    assert home.seal_acts("ticket") == []
    home.sound()


def test_every_family_of_reasons_is_tried(town):
    codes = [line.split()[0] for line in town.home().ok("help", "reasons").splitlines()]
    assert {c.split("-")[0] for c in codes} == {r.split("-")[0] for r in REASONS if not r.startswith("FACT")}
    assert set(REASONS) - {"FACT-UNKNOWN(purpose.offence)"} <= set(codes)


def test_several_reasons_stand_in_the_letter_in_their_order(town):
    home = town.home("authenticated")
    home.decide("refuse", "--reason", "TERR-ART48", "--reason", "ROUTE-MLAT")
    text = letter(home, "refusal")
    assert text.index("1. TERR-ART48") < text.index("2. ROUTE-MLAT")
    ended(home)


def test_refused_after_the_collection_destroys_its_key(town):
    home = town.home("approved")
    (ticket,) = [a["body"]["ticket"] for a in home.acts("collected")]
    kept = home.base / "kept"
    shutil.copytree(home.dir, kept, ignore=shutil.ignore_patterns("run", "seal"))
    home.decide("refuse", "--reason", "AUTH-IMPERSONATION-SIGNS")
    assert [a["body"]["tickets"] for a in home.acts("destroyed")] == [[ticket]]
    assert [a["body"]["ticket"] for a in home.seal_acts("destroy")] == [ticket]
    assert not (home.dir / "seal" / "id" / ticket).exists()
    ended(home)
    nothing_left(home)
    # The copy of the home made before it, minus the seal's directory, opens nothing.
    for identity in ("paris", "berlin", "stranger"):
        got = subprocess.run(["age", "-d", "-i", home.world.age(identity), kept / "vault" / ticket], capture_output=True, check=False)
        assert got.returncode != 0 and got.stdout == b""


@pytest.mark.parametrize("decision, name", [("ask", "clarification"), ("redirect", "redirect")])
def test_asked_and_redirected(town, decision, name):
    home = town.home("authenticated")
    code = "INST-NO-CERTIFICATE" if decision == "ask" else "BIZ-REDIRECT"
    home.decide(decision, "--reason", code)
    assert home.state() == decision + ("ed" if decision == "ask" else "ed")
    assert code in letter(home, name)
    nothing_left(home)
    for words, more in ((("collect", home.ref), {"as_": "Ben"}), (("release", home.ref), {"as_": "Chi"})):
        no(home, 4, *words, **more)


def test_asked_after_the_collection_nothing_is_released(town):
    home = town.home("approved")
    home.decide("ask", "--reason", "INST-UNSIGNED")
    no(home, 4, "release", home.ref, as_="Chi")
    no(home, 4, "approve", home.ref, as_="Ben", key="ben")
    home.decide()
    no(home, 4, "release", home.ref, as_="Chi", says="collect")


@pytest.mark.parametrize("words, says", [
    (("refuse",), "at least one reason"), (("narrow", "--line", "d1"), "at least one reason"), (("ask",), "at least one reason"),
    (("redirect",), "at least one reason"), (("refuse", "--reason", "BECAUSE"), "no reason code"),
    (("refuse", "--reason", "FACT-UNKNOWN()"), "no reason code"), (("postpone",), "no decision"),
    (("narrow", "--line", "d9", "--reason", "SCOPE-EXCESS"), "no line is left"),
    (("comply", "--undated", "maybe"), "list or deliver"), ((), "argument is missing"), (("comply", "x"), "too many arguments"),
    (("comply", "--lines", "d1"), "no option --lines"), (("comply", "--line"), "needs a value")])
def test_decisions_that_are_none(town, words, says):
    home = town.home("authenticated")
    no(home, 2, "decide", "--as", "Ana", "--key", home.world.key("ana"), home.ref, *words, says=says)
    nothing_left(home)


def test_to_comply_is_to_take_every_line(home):
    home.submit([demand(), demand(BOB)])
    home.authenticate()
    no(home, 2, "decide", home.ref, "comply", "--line", "d1", as_="Ana", key="ana", says="to comply is to take every line")


# ---- who sent it ----

def test_a_forged_order_is_not_complied_with(town):
    home = town.home("received")
    for _ in "before, and after domain and none are on file":
        no(home, 4, "decide", home.ref, "comply", as_="Ana", key="ana", says="sender .* is not verified")
        no(home, 4, "decide", home.ref, "narrow", "--line", "d1", "--reason", "SCOPE-EXCESS", as_="Ana", key="ana",
           says="is not verified")
        home.ok("authenticate", home.ref, "--by", "domain", "--sign", "LOOKALIKE_DOMAIN", as_="Ana")
        home.ok("authenticate", home.ref, "--by", "none", "--sign", "REFUSES_CALL_BACK", as_="Ana")
        assert home.state() == "received", "a domain proves nothing"
        if len(home.acts("authenticated")) > 2:
            break
    home.decide("refuse", "--reason", "AUTH-IMPERSONATION-SIGNS")
    ended(home)
    nothing_left(home)


def test_a_sender_found_out_later_is_not_complied_with(town):
    home = town.home("authenticated")
    home.ok("authenticate", home.ref, "--by", "none", "--sign", "ALTERED_DOCUMENT", as_="Ana")
    assert home.state() == "received"
    no(home, 4, "decide", home.ref, "comply", as_="Ana", key="ana", says="is not verified")


def test_a_scope_signed_before_the_sender_was_found_out_is_not_taken(town):
    home = town.home("authenticated")
    path = home.base / "scope.json"
    home.ok("decide", home.ref, "comply", "--print", path, as_="Ana")
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key("ana"), "-n", "writ-scope@v1", path)
    home.ok("authenticate", home.ref, "--by", "none", as_="Ana")
    no(home, 4, "decide", home.ref, "comply", "--signature", f"{path}.sig", as_="Ana", says="is not verified")


@pytest.mark.parametrize("words, status, says", [
    (("--by", "callback"), 2, "independently"), (("--by", "callback", "--over", "+331"), 2, "independently"),
    (("--by", "certificate", "--found", "x"), 2, "independently"), (("--by", "telepathy"), 2, "no way to verify"),
    ((), 2, "no way to verify"), (("--by", "domain", "--sign", "FUNNY"), 2, "no sign of a false sender"),
    (("--by", "callback", "--over", "1", "--found", "x", "--agency", "lapd"), 4, "not in the register"),
    (("--by", "none", "--fact", "issuer.country=DE"), 4, "sender's to state"),
    (("--by", "none", "--fact", "customer.kind=ROBOT"), 2, "no value(.|\n)*one of: CONSUMER"),
    (("--by", "none", "--fact", "customer.us_person=perhaps"), 2, "no value(.|\n)*yes, no or unknown"),
    (("--by", "none", "--fact", "data.stored_in=Mars"), 2, "no value(.|\n)*two capitals"),
    (("--by", "none", "--fact", "order.received_at=yesterday"), 2, "no value(.|\n)*an instant such as"),
    (("--by", "none", "--fact", "order.received_at=2996-01-01T00:00:00Z"), 2, "has not come"),
    (("--by", "none", "--fact", "contact_check=CALL_BACK"), 4, "no such fact(.|\n)*staff set"),
    (("--by", "domain", "--fact", "issuer.contact_check=CALL_BACK"), 4, "with --by"),
    (("--by", "none", "--fact", "issuer.impersonation_signs=NONE"), 4, "with --sign"),
    (("--by", "none", "--fact", "provider.subject_to_us_law=no"), 4, "provider.yaml"),
    (("--by", "none", "--fact", "order.id=W-2222-2222"), 4, "reference"), (("--by", "none", "--fact", "customer=CONSUMER"), 4, "a group"),
    (("--by", "none", "--fact", "evaluate_at=2020-01-01T00:00:00Z"), 4, "as of its receipt"), (("--by", "none", "--fact", "customer.kind"), 2, "PATH=VALUE")])
def test_authentications_that_are_none(town, words, status, says):
    home = town.home("received")
    no(home, status, "authenticate", home.ref, *words, as_="Ana", says=says)
    assert home.state() == "received"


def test_the_key_of_another_agency_gets_nothing(home):
    """The order claims one agency and names the key of another."""
    home.submit(recipients=("LKA 2026",))
    home.authenticate()
    for stage in ("decided", "collected", "noticed"):
        home.step(stage)
    no(home, 4, "approve", home.ref, as_="Ben", key="ben", says="RECIPIENT_AGENCY")


def test_a_key_that_is_not_registered_gets_nothing(home):
    home.submit(recipients=("PJ-Paris 2026", "PJ-Paris 1999"))
    home.authenticate()
    for stage in ("decided", "collected", "noticed"):
        home.step(stage)
    no(home, 3, "approve", home.ref, as_="Ben", key="ben", says="RECIPIENT_ROSTERED")


def test_authenticated_as_another_agency_than_claimed(home):
    """Staff find out that Berlin sent it: nothing goes to the key that the order names."""
    home.submit()
    home.ok("authenticate", home.ref, "--by", "callback", "--over", "1", "--found", "x", "--agency", "lka-berlin", as_="Ana")
    for stage in ("decided", "collected", "noticed"):
        home.step(stage)
    no(home, 4, "approve", home.ref, as_="Ben", key="ben", says="RECIPIENT_AGENCY")


def test_an_agency_key_that_ended_gets_nothing(town):
    home = town.home("approved")
    home.ok("agency", "end", "--id", "pj-paris", "--label", "PJ-Paris 2026", as_="Ana", key=("ana", "ben"))
    no(home, 4, "release", home.ref, as_="Chi", says="RECIPIENT_NOT_ENDED|ROSTER_SAME")
    no(home, 4, "approve", home.ref, as_="Ben", key="ben", says="RECIPIENT_NOT_ENDED|no longer in the register")


# ---- withdrawn, void, destroyed ----

@pytest.mark.parametrize("stage", ["received", "authenticated", "decided", "collected", "approved"])
def test_withdrawn_at_every_stage(town, stage):
    home = town.home(stage)
    home.ok("withdraw", home.ref, "--because", "case closed", as_="Ana", key="ana")
    assert home.state() == "withdrawn"
    assert "has been withdrawn" in letter(home, "withdrawal")
    assert [a["order"] for a in home.seal_acts("void")] == [home.ref]
    ended(home)
    no(home, 4, "withdraw", home.ref, as_="Ana", key="ana")


@pytest.mark.parametrize("stage", ["authenticated", "approved"])
def test_void_at_every_stage(town, stage):
    home = town.home(stage)
    no(home, 2, "void", home.ref, as_="Ana", key="ana", says="say why")
    no(home, 4, "void", home.ref, "--because", "x", as_="Ben", key="ben", says="may not")
    no(home, 2, "void", home.ref, "--because", "x", as_="Ana", says="a person's signature")
    home.ok("void", home.ref, "--because", "sent to us by mistake", as_="Ana", key="ana")
    assert home.state() == "void"
    ended(home)


def test_the_seal_itself_keeps_a_void_order_void(town):
    """writ is assumed captured: a home whose database forgets the void is refused by the seal."""
    home = town.home("approved")
    home.stop()
    kept = home.base / "kept.db"
    with sqlite3.connect(home.dir / "writ.db") as db, sqlite3.connect(kept) as copy:
        db.backup(copy)
    home.ok("void", home.ref, "--because", "mistake", as_="Ana", key="ana")
    home.stop()
    for leftover in home.dir.glob("writ.db*"):
        leftover.unlink()
    shutil.copy(kept, home.dir / "writ.db")
    got = home.run("release", home.ref, as_="Chi")
    assert got.exit == 4 and "ORDER_VOID" in got.err
    assert not any((home.dir / "vault").glob("*.head"))


def test_nothing_of_a_released_order_is_withdrawn(town):
    home = town.home("released")
    for word in ("withdraw", "void"):
        no(home, 4, word, home.ref, "--because", "too late", as_="Ana", key="ana")
    no(home, 4, "collect", home.ref, as_="Ben")
    no(home, 4, "decide", home.ref, "refuse", "--reason", "PART-BULK", as_="Ana", key="ana")
    no(home, 4, "approve", home.ref, as_="Ben", key="ben")


def test_destroyed_by_a_signed_document(town):
    home = town.home("approved")
    no(home, 4, "destroy", home.ref, as_="Ana", says="DESTROY_IN_TIME")
    no(home, 2, "destroy", home.ref, as_="Ana", key="ana", says="say why")
    home.ok("destroy", home.ref, "--because", "the court asked for it", as_="Ana", key="ana")
    assert home.acts("destroyed") and home.seal_acts("destroy")
    nothing_left(home)
    no(home, 4, "release", home.ref, as_="Chi")
    no(home, 4, "collect", home.ref, as_="Ben", says="ORDER_DESTROYED|destroyed")


def test_destroyed_once_it_has_been_delivered(town):
    home = town.home("delivered")
    home.ok("destroy", home.ref, as_="Ana")
    assert home.acts("destroyed")
    no(home, 4, "deliver", home.ref, "--out", home.base / "again.tar", as_="Chi", says="destroyed")
    assert not (home.base / "again.tar").exists()
    assert home.verify(home.base / "out.tar").exit == 0 if (home.base / "out.tar").exists() else True


# ---- notice and secrecy ----

def test_a_gag_on_file_forbids_the_notice(town):
    home = town.home("collected")
    home.ok("gag", home.ref, "--basis", "CPP 60-1-2", "--until", "2099-02-21", as_="Ana")
    no(home, 4, "notify", home.ref, "--sent", as_="Ana", says="secrecy order on file forbids the notice until 2099-02-21")
    no(home, 4, "approve", home.ref, as_="Ben", key="ben", says="no notice decision is on file")
    assert all(x["body"]["template"] != "notice" for x in home.acts("lettered"))
    home.withhold()
    home.approve("Ben")


def test_a_gag_without_an_end_forbids_the_notice(town):
    home = town.home("collected")
    home.ok("gag", home.ref, "--basis", "CPP 60-1-2", "--indefinite", as_="Ana")
    no(home, 4, "notify", home.ref, "--sent", as_="Ana", says="secrecy order on file")
    assert "no end: review it" in home.ok("show", home.ref)


def test_a_gag_ends_with_its_last_day_wherever_it_ends_last(clocked):
    home = clocked.home("collected")
    home.ok("gag", home.ref, "--basis", "CPP 60-1-2", "--until", "2026-11-23", as_="Ana")
    home.set_clock(life.utc("2026-11-24 11:59:59"))
    no(home, 4, "notify", home.ref, "--sent", as_="Ana", says="secrecy order on file")
    home.set_clock(life.utc("2026-11-24 12:00:00"))
    home.ok("notify", home.ref, "--sent", as_="Ana")


@pytest.mark.parametrize("words, says", [
    (("notify",), "--sent, or --withheld"), (("notify", "--sent", "--withheld"), "--sent, or --withheld"),
    (("notify", "--withheld"), "say why"), (("notify", "--withheld", "--because", "LAZY"), "say why"),
    (("gag", "--until", "2099-01-01"), "on what the secrecy rests"), (("gag", "--basis", "x"), "--until DAY"),
    (("gag", "--basis", "x", "--until", "2099-02-30"), "is not a day"), (("gag", "--basis", "x", "--until", "soon"), "is not a day"),
    (("preserve",), "is not a day"), (("preserve", "--until", "tomorrow"), "is not a day")])
def test_notices_that_are_none(town, words, says):
    home = town.home("collected")
    no(home, 2, words[0], home.ref, *words[1:], as_="Ana", says=says)


def test_a_new_notice_decision_ends_the_approvals(town):
    home = town.home("approved")
    home.ok("notify", home.ref, "--withheld", "--because", "DANGER", as_="Ana")
    assert home.state() == "collected"
    no(home, 4, "release", home.ref, as_="Chi")
