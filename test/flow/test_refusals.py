"""Lives of orders that are refused, narrowed, stopped or wrong, and everything that a command must not
do. After each refusal the acts are as before and the log holds. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.life import demand  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
ALICE, BOB = "alice@mail.example", "bob@mail.example"
NOON = life.utc("2026-11-22 12:00:00")
HOUR = 3600


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def clocked(town):
    """The same world in the build with a test clock."""
    if not tools.program("writ", hooks=True):
        pytest.fail("the build with test hooks is not there (WRIT_BUILD_HOOKS)", pytrace=False)
    with life.Town(hooks=True, clock=NOON, world=town.world) as made:
        yield made


@pytest.fixture
def home(town):
    return town.home()


def no(home, status, *words, says="", **more):
    """The command says no with that status and those words, and nothing has happened."""
    before = home.acts_in_all()
    got = home.run(*words, **more)
    assert got.exit == status, f"writ {' '.join(map(str, words))}: {got.exit}, not {status}\n{got.out}{got.err}"
    assert re.search(says, got.err), got.err
    assert home.acts_in_all() == before
    home.sound()
    return got


def nothing_left(home):
    """No data: nothing in the vault, and nothing was ever released."""
    assert list((home.dir / "vault").iterdir()) == [] and home.seal_acts("released") == []


def ended(home):
    """No command brings data of this order out any more."""
    for words, more in ((("decide", home.ref, "comply"), {"as_": "Ana", "key": "ana"}), (("collect", home.ref), {"as_": "Ben"}),
                        (("approve", home.ref), {"as_": "Ben", "key": "ben"}), (("release", home.ref), {"as_": "Chi"}),
                        (("deliver", home.ref, "--out", home.base / "never.tar"), {"as_": "Chi"})):
        no(home, 4, *words, **more)
    assert not (home.base / "never.tar").exists() and home.seal_acts("released") == []


def letter(home, name):
    body = [a["body"] for a in home.acts("lettered") if a["body"]["template"] == name]
    assert len(body) == 1
    text = home.ok("letter", home.ref, name) + "\n"
    assert body[0]["sha256"] == life.sha(text.encode()) == json.loads(body[0]["record"])["sha256"]
    return text


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


# ---- who may ----

def test_deciding_without_the_right(town):
    home = town.home("authenticated")
    no(home, 4, "decide", home.ref, "comply", as_="Ben", key="ben", says="Ben may not decide")
    no(home, 4, "decide", home.ref, "comply", as_="Ana", key="ben", says="Ben may not decide")
    no(home, 4, "decide", home.ref, "comply", as_="Ana", key="eve", says="not rostered")
    no(home, 2, "decide", home.ref, "comply", as_="Ana", says="a person's signature")
    no(home, 1, "decide", home.ref, "comply", "--key", home.base / "no-such-key", as_="Ana", says="did not sign")


def test_approving_without_the_right(town):
    home = town.home("noticed")
    no(home, 4, "approve", home.ref, as_="Ana", key="ana", says="Ana may not approve")
    home.ok("approve", home.ref, "--print", home.base / "st.json", as_="Ben")
    for who in ("ana", "eve"):
        no(home, 4, "approve", home.ref, as_="Ben", key=who, says="nobody who may approve")


def test_the_decider_does_not_approve(home):
    life.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home.base / "ana2")
    home.ok("roster", "add", "--name", "Ana", "--user", life.USER, "--pub", home.base / "ana2.pub", "--may", "approve",
            as_="Ben", key=("ben", "chi"))
    home.to("noticed")
    home.ok("approve", home.ref, "--print", home.base / "st.json", as_="Ana")
    no(home, 2, "approve", home.ref, as_="Ana", says="a person's signature")
    no(home, 4, "approve", home.ref, "--key", home.base / "ana2", as_="Ana", says="Ana decided this order and may not approve it")
    home.step("approved")
    home.release()


def test_one_person_with_two_keys_is_one_person(home):
    life.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home.base / "ben2")
    home.ok("roster", "add", "--name", "Ben", "--user", life.USER, "--pub", home.base / "ben2.pub", "--may", "approve",
            as_="Ana", key=("ana", "chi"))
    home.to("noticed")
    home.approve("Ben")
    home.approve("Ben")
    home.ok("approve", home.ref, "--key", home.base / "ben2", as_="Ben")
    assert home.state() == "collected"
    no(home, 4, "release", home.ref, as_="Chi")
    home.approve("Chi")
    assert home.state() == "approved"


def test_approving_and_releasing_too_early(town):
    for stage in ("received", "authenticated", "decided"):
        home = town.home(stage)
        no(home, 4, "approve", home.ref, as_="Ben", key="ben", says="whose turn it is")
        no(home, 4, "release", home.ref, as_="Chi", says="whose turn it is")
        no(home, 4, "deliver", home.ref, "--out", home.base / "x.tar", as_="Chi", says="whose turn it is")
        assert not (home.base / "x.tar").exists()
    home = town.home("collected")
    no(home, 4, "approve", home.ref, as_="Ben", key="ben", says="no notice decision is on file")
    home.withhold()
    no(home, 4, "approve", home.ref, "--signature", home.world.key("ben"), "--document", home.world.paper, as_="Ben",
       says="no statement to approve")
    home.approve("Ben")
    no(home, 4, "release", home.ref, as_="Chi")


def test_collecting_too_early_and_too_late(town):
    for stage in ("received", "authenticated", "released", "delivered"):
        no(town.home(stage), 4, "collect", town.homes[-1].ref, as_="Ben", says="whose turn it is")


def test_names_that_are_not_the_callers(home):
    home.submit()
    no(home, 4, "collect", home.ref, as_="Mallory", says="'Mallory' is not rostered for the user")
    no(home, 2, "notify", home.ref, "--sent", says="several people share the user")
    no(home, 4, "show", home.ref, as_="Mallory")


def test_a_person_of_another_user_is_not_taken_with_as(home):
    life.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home.base / "gus")
    home.ok("roster", "add", "--name", "Gus", "--user", "nobody", "--pub", home.base / "gus.pub", "--may", "approve",
            as_="Ana", key=("ana", "ben"))
    home.submit()
    no(home, 4, "authenticate", home.ref, "--by", "none", as_="Gus", says="'Gus' is not rostered for the user")


@pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: another user needs root (setpriv --reuid)")
def test_a_user_without_a_row_only_reads(town):
    """The home is that user's own, its people are others."""
    place = tempfile.mkdtemp(prefix="writ-nobody-")
    home = life.Home(town.world, os.path.join(place, "h"))
    as_nobody = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups")
    try:
        os.chmod(place, 0o755)
        home.bin = type(home.bin)(place) / "bin"
        shutil.copytree(life.folder_of_programs(), home.bin, ignore=lambda d, names: [n for n in names if n not in life.PROGRAMS])
        for name in ("ana", "ben"):
            shutil.copy(town.world.key(name), home.base)
            shutil.copy(f"{town.world.key(name)}.pub", home.base)
        text = town.world.answers(home.base / "answers.yaml").read_text()
        (home.base / "answers.yaml").write_text(text)
        (home.base / "o.yaml").write_text("order_version: 1\n")
        subprocess.run(["chown", "-R", "nobody", home.base], check=True)
        people = re.sub(r"key: \S*/(\w+)\.pub", lambda m: "key: \"" + " ".join(
            open(f"{town.world.key(m.group(1))}.pub").read().split()[:2]) + "\"", text)
        (home.base / "answers.yaml").write_text(people)
        home.ok("init", "--single-user", "--answers", home.base / "answers.yaml", "--key", home.base / "ana", "--key",
                home.base / "ben", prefix=as_nobody)
        for words in (("order", "list"), ("roster", "list"), ("agency", "list"), ("log", "verify"), ("log", "checkpoint"),
                      ("policy", "export"), ("fsck",)):
            assert home.run(*words, prefix=as_nobody).exit == 0, words
        for words in (("order", "submit", home.base / "o.yaml"), ("store", "check"), ("halt", "--because", "x"),
                      ("agency", "end", "--id", "x", "--label", "x", "--key", home.base / "ana", "--key", home.base / "ben"),
                      ("roster", "add", "--policy", "approvals", "--value", "3", "--key", home.base / "ana", "--key", home.base / "ben")):
            got = home.run(*words, prefix=as_nobody)
            assert got.exit in (3, 4) and ("the user nobody is not rostered here" in got.err or words[0] == "agency"), (words, got)
            got = home.run(*words, "--as", "Ana", prefix=as_nobody)
            assert got.exit == 4 and "'Ana' is not rostered for the user nobody" in got.err, (words, got)
        with sqlite3.connect(f"file:{home.dir}/writ.db?mode=ro", uri=True) as db:
            assert db.execute("SELECT count(*) FROM act").fetchone() == (1,), "the founding alone"
    finally:
        home.stop()
        shutil.rmtree(place)


# ---- time ----

def test_a_statement_past_its_time(clocked):
    home = clocked.home("approved")
    home.wait(4 * HOUR + 60)
    no(home, 4, "release", home.ref, as_="Chi", says="STATEMENT_EXPIRED")
    home.step("approved")
    home.release()
    assert home.verify(home.deliver()).exit == 0


def test_a_scope_past_its_time(clocked):
    home = clocked.home("decided")
    home.wait(72 * HOUR + 60)
    no(home, 4, "collect", home.ref, as_="Ben", says="DOCUMENT_EXPIRED")
    home.decide()
    home.collect()


def test_a_scope_handed_in_too_late(clocked):
    home = clocked.home("authenticated")
    path = home.base / "scope.json"
    home.ok("decide", home.ref, "comply", "--print", path, as_="Ana")
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key("ana"), "-n", "writ-scope@v1", path)
    home.wait(72 * HOUR + 60)
    no(home, 4, "decide", home.ref, "comply", "--signature", f"{path}.sig", as_="Ana", says="was good until")


def test_keys_die_when_they_have_been_kept_long_enough(clocked):
    home = clocked.home("noticed")
    (ticket,) = [a["body"]["ticket"] for a in home.acts("collected")]
    home.wait(31 * 24 * HOUR)
    no(home, 4, "approve", home.ref, as_="Ben", key="ben", says="TICKET_DESTROYED")
    assert not (home.dir / "seal" / "id" / ticket).exists()


# ---- the roster, halt and resume between approval and release ----

def test_a_change_of_the_roster_ends_the_approvals(town):
    home = town.home("approved")
    life.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home.base / "new")
    home.ok("roster", "add", "--name", "Eve", "--user", "eve", "--pub", home.base / "new.pub", "--may", "approve",
            as_="Ana", key=("ana", "ben"))
    no(home, 4, "release", home.ref, as_="Chi", says="ROSTER_SAME")
    home.step("approved")
    home.release()
    assert home.verify(home.deliver()).exit == 0


def test_an_approver_who_left_does_not_count(town):
    home = town.home("approved")
    home.ok("roster", "end", "--name", "Chi", "--pub", f"{home.world.key('chi')}.pub", as_="Ana", key=("ana", "ben"))
    no(home, 4, "release", home.ref, as_="Ana", says="KEY_NOT_ENDED|ROSTER_SAME")
    no(home, 4, "approve", home.ref, as_="Chi", key="chi", says="not rostered")


def test_a_change_of_the_policy_ends_the_approvals(town):
    home = town.home("approved")
    home.ok("roster", "add", "--policy", "approvals", "--value", "3", as_="Ana", key=("ana", "ben"))
    no(home, 4, "release", home.ref, as_="Chi", says="POLICY_SAME|ROSTER_SAME")
    for who in ("Ben", "Chi"):
        home.approve(who)
    no(home, 4, "release", home.ref, as_="Chi", says="whose turn it is")
    home.approve("Dan")
    home.release()
    assert home.verify(home.deliver()).exit == 0


def test_halted_and_resumed(town):
    home = town.home("approved")
    no(home, 2, "halt", as_="Ana", key="ana", says="say why")
    no(home, 4, "halt", "--because", "x", as_="Dan", key="dan", says="Dan may not halt")
    no(home, 4, "halt", "--because", "x", as_="Ana", key="dan", says="MAY")
    home.ok("halt", "--because", "a key was stolen", as_="Ben", key="ben")
    for words, more in ((("release", home.ref), {"as_": "Chi"}), (("collect", home.ref, "--again"), {"as_": "Ben"})):
        no(home, 4, *words, says="HALTED", **more)
    assert "releases are halted" in home.run("doctor").out
    no(home, 4, "halt", "--because", "again", as_="Ana", key="ana", says="HALTED_ALREADY")
    no(home, 4, "resume", "--because", "found it", as_="Ben", key="ben", says="RESUME_TWO")
    no(home, 4, "resume", "--because", "found it", as_="Ben", key=("ben", "ben"), says="KEY_TWICE|RESUME_TWO")
    no(home, 4, "resume", "--because", "found it", as_="Ben", key=("ben", "dan"), says="MAY")
    home.ok("resume", "--because", "it was in the drawer", as_="Ben", key=("ben", "ana"))
    no(home, 4, "resume", "--because", "again", as_="Ben", key=("ben", "ana"), says="NOT_HALTED")
    no(home, 4, "release", home.ref, as_="Chi", says="EPOCH_SAME")
    home.step("approved")
    home.release()
    assert [len(home.seal_acts(w)) for w in ("halt", "resume", "released")] == [1, 1, 1]
    home.sound()


# ---- order files and papers ----

def cut(*path):
    def change(tree):
        for name in path[:-1]:
            tree = tree[name]
        del tree[path[-1]]
    return change


def put(value, *path):
    def change(tree):
        for name in path[:-1]:
            tree = tree[name]
        tree[path[-1]] = value
    return change


FAULTS = {
    "version": (put("2", "order_version"), "order_version: 2", "order_version must be 1"),
    "unknown field": (put("x", "priority"), "priority: x", "no field 'priority'"),
    "no agency": (cut("agency"), "order_version: 1", "lacks the field agency"),
    "no recipients": (cut("recipients"), "order_version: 1", "lacks the field recipients"),
    "a recipient twice": (put(["a", "a"], "recipients"), "recipients:", "twice"),
    "unknown fact": (put("x", "facts", "issuer", "shoe_size"), "shoe_size: x", "shoe_size"),
    "a word that is none": (put("CASTLE", "facts", "instrument", "kind"), "kind: CASTLE", "kind"),
    "a day that is none": (put("2026-02-30", "facts", "instrument", "issued_on"), "issued_on: 2026-02-30", "issued_on"),
    "a country that is none": (put("France", "facts", "issuer", "country"), "country: France", "country"),
    "no demands": (cut("facts", "demands"), "facts:", "demands"),
    "a category that is none": (put("EVERYTHING", "facts", "demands", 0, "category"), "category: EVERYTHING", "category"),
    "the order's own number": (put("W-1", "facts", "order", "id"), "id: W-1", "id"),
    "the provider": (put({"name": "us"}, "facts", "provider"), "provider:", "provider"),
    "a date meaning that is none": (put("sent", "lines", 0, "date_meaning"), "date_meaning: sent", "delivery, header or received"),
    "a line without a demand": (put("d7", "lines", 0, "id"), "- id: d7", "no demand of the facts has the id d7"),
    "ALL and another folder": (put(["ALL", "Sent"], "lines", 0, "folders"), "- Sent", "ALL stands alone|ALL"),
    "a store that is no name": (put(["../x"], "lines", 0, "stores"), "- ../x", "name of a store"),
    "no folders": (cut("lines", 0, "folders"), "- id: d1", "lacks the field folders"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_order_files_are_named_with_their_line(home, name):
    change, where, says = FAULTS[name]
    path = life.order_file(home.base / "faulty.yaml", home.world, change=change)
    lines = path.read_text().splitlines()
    at = [n for n, line in enumerate(lines, 1) if where in line]
    got = home.run("order", "submit", path, "--paper", home.world.paper, as_="Ana")
    assert got.exit == 1 and re.search(says, got.err), got
    named = re.search(r"faulty\.yaml:(\d+): ", got.err)
    assert named and at and abs(int(named.group(1)) - at[-1]) <= 2, (got.err, at)
    assert home.json("order", "list")["orders"] == []
    home.sound()


@pytest.mark.parametrize("text, line", [("order_version: 1\n\tfacts: x\n", 2), ("a: &b x\n", 1), ("a: *b\n", 1), ("a: {b: c}\n", 1),
                                        ("a: x\na: y\n", 2), ("a: |\n  x\n", 1), ("a: !!str x\n", 1), ("--- \na: x\n", 1), ("", 1),
                                        ("a: 'x'\n", 1)])
def test_yaml_that_is_not_plain(home, text, line):
    path = home.base / "faulty.yaml"
    path.write_text(text)
    got = home.run("order", "submit", path, "--paper", home.world.paper, as_="Ana")
    assert got.exit == 1 and f"faulty.yaml:{line}: " in got.err, got
    assert home.json("order", "list")["orders"] == []


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", os.urandom(3000), b"a: x\n" * 300000], ids=["utf-16", "noise", "large"])
def test_files_that_are_no_order(home, data):
    (home.base / "faulty.yaml").write_bytes(data)
    got = home.run("order", "submit", home.base / "faulty.yaml", "--paper", home.world.paper, as_="Ana")
    assert got.exit == 1 and "faulty.yaml" in got.err
    assert home.json("order", "list")["orders"] == []
    home.sound()


def test_another_paper_than_the_order_file_is_for(home):
    path = life.order_file(home.base / "order.yaml", home.world)
    other = home.base / "other.pdf"
    other.write_bytes(b"another paper")
    for words, says in (((), "there is no paper"), (("--paper", other), "the paper's SHA-256 is"),
                        (("--paper", other, "--paper", home.world.paper), "the paper's SHA-256 is")):
        got = home.run("order", "submit", path, *words, as_="Ana")
        assert got.exit == 1 and says in got.err
    for words in ((path, "--paper", home.base / "absent.pdf"), (home.base / "absent.yaml", "--paper", home.world.paper)):
        assert home.run("order", "submit", *words, as_="Ana").exit in (1, 3)
    assert home.json("order", "list")["orders"] == []
    home.sound()


@pytest.mark.parametrize("change, says", [
    (put("2026-10-01", "facts", "demands", 0, "until"), "ends .* before it begins"),
    (put("Europe/Atlantis", "lines", 0, "zone"), "Europe/Atlantis")])
def test_ranges_that_cannot_be_compiled(home, change, says):
    path = life.order_file(home.base / "order.yaml", home.world, change=change)
    got = home.run("order", "submit", path, "--paper", home.world.paper, as_="Ana")
    if got.exit == 0:           # it may be received: the paper says what it says; but nobody can comply with it
        home.ref = got.out.strip()
        home.authenticate()
        got = no(home, 1, "decide", home.ref, "comply", as_="Ana", key="ana", says=says)
        no(home, 1, "scope", home.ref, as_="Ana", says=says)
        home.decide("refuse", "--reason", "PART-NO-RANGE")
    assert re.search(says, got.err)
    home.sound()


def test_references_that_name_no_order(home):
    for ref, says in (("W-2222-2222", "there is no order"), ("W-222", "not a reference"), ("", "not a reference"),
                      ("W-2222-2222-2222", "not a reference"), ("../../etc/passwd", "not a reference"), ("HOME", "not a reference")):
        for words in (("show", ref), ("collect", ref), ("letter", ref), ("approve", ref), ("release", ref), ("log", "prove", ref),
                      ("paper", ref, "--out", home.base / "p"), ("decide", ref, "comply")):
            got = home.run(*words, as_="Ana")
            assert got.exit in (3, 4) and (got.exit == 3 or "may not" in got.err), (words, got)
            assert got.exit == 4 or says in got.err, (words, got)
    home.submit()
    no(home, 3, "letter", home.ref, "refusal", says="no letter 'refusal'")


# ---- scopes that are wider than the order ----

WIDER = {
    "category": lambda d, x: x.update(category="MSG_META"), "target": lambda d, x: x.update(target=BOB),
    "target_kind": lambda d, x: x.update(target_kind="ACCOUNT_ID"), "date_meaning": lambda d, x: x.update(date_meaning="header"),
    "zone": lambda d, x: x.update(zone="UTC"), "stores": lambda d, x: x.update(stores=["main", "archive"]),
    "folders": lambda d, x: x.update(folders=["INBOX", "Sent"]), "all folders": lambda d, x: x.update(folders=["ALL"]),
    "from": lambda d, x: x.update({"from": x["from"] - 1}), "until": lambda d, x: x.update(until=x["until"] + 1),
    "open from": lambda d, x: x.update({"from": None}), "open until": lambda d, x: x.update(until=None),
    "another line": lambda d, x: d["lines"].append(dict(x, id="d2")), "the line twice": lambda d, x: d["lines"].append(dict(x)),
    "no line": lambda d, x: d["lines"].clear(), "order": lambda d, x: d.update(order="W-2222-2222"),
    "agency": lambda d, x: d.update(agency="lka-berlin"), "papers": lambda d, x: d.update(paper_sha256=["0" * 64]),
    "kind": lambda d, x: d.update(kind="decision"), "decision": lambda d, x: d.update(decision="everything"),
    "reasons": lambda d, x: d.update(decision="narrow", reasons=["BECAUSE"]), "no reason": lambda d, x: d.update(decision="narrow"),
    "good for ever": lambda d, x: d.update(good_until="2099-01-01T00:00:00Z"),
    "long past": lambda d, x: d.update(good_until="2020-01-01T00:00:00Z"),
    "overrules": lambda d, x: d.update(overrules=["d1"]), "judgement": lambda d, x: d.update(judgement_sha256="0" * 64),
    "undated": lambda d, x: x.update(undated="maybe"), "more": lambda d, x: x.update(more="x"), "version": lambda d, x: d.update(version=2),
}


@pytest.fixture(scope="module")
def ordered(town):
    """An authenticated order that names its folder and its store."""
    home = town.home()
    home.submit(lines={"d1": {"folders": ["INBOX"]}})
    home.authenticate()
    home.ok("decide", home.ref, "comply", "--print", home.base / "scope.json", as_="Ana")
    return home


@pytest.mark.parametrize("name", WIDER)
def test_a_scope_wider_than_the_order_is_not_taken(ordered, name):
    document = json.loads((ordered.base / "scope.json").read_text())
    WIDER[name](document, document["lines"][0])
    path = ordered.base / "wider.json"
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    (ordered.base / "wider.json.sig").unlink(missing_ok=True)
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", ordered.world.key("ana"), "-n", "writ-scope@v1", path)
    before = len(ordered.acts())
    got = ordered.run("decide", ordered.ref, "comply", "--signature", f"{path}.sig", as_="Ana")
    assert got.exit in (1, 2, 4), (name, got)
    assert len(ordered.acts()) == before and ordered.state() == "authenticated"
    ordered.sound()


def test_a_scope_that_was_changed_after_it_was_signed(ordered):
    path = ordered.base / "changed.json"
    shutil.copy(ordered.base / "scope.json", path)
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", ordered.world.key("ana"), "-n", "writ-scope@v1", path)
    path.write_text(path.read_text().replace('"undated":"list"', '"undated":"deliver"'))
    no(ordered, 5, "decide", ordered.ref, "comply", "--signature", f"{path}.sig", as_="Ana")
    shutil.copy(ordered.base / "scope.json", path)
    os.unlink(f"{path}.sig")
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", ordered.world.key("ana"), "-n", "file", path)
    no(ordered, 5, "decide", ordered.ref, "comply", "--signature", f"{path}.sig", as_="Ana")
    path.write_text(path.read_text() + "\n")
    no(ordered, 1, "decide", ordered.ref, "comply", "--signature", f"{path}.sig", as_="Ana", says="canonical")


@pytest.mark.parametrize("old, new, status", [
    ("from: 2026-11-01", "from: 2026-10-31", 4), ("until: 2026-11-14", "until: 2026-11-15", 4),
    ("until: 2026-11-14", "until: 2026-11-14T23:00:01Z", 4), ('- "main"', '- "archive"', 4), ('- "INBOX"', '- "Sent"', 4),
    ('- "INBOX"', '- "ALL"', 4), ("- id: d1", "- id: d2", 4), ("until: 2026-11-14", "until: later", 1),
    ("undated: list", "undated: drop", 1), ("    undated: list\n", "    target: bob@mail.example\n", 1), ("scope_version: 1", "scope_version: 2", 1),
    ("until: 2026-11-14", "until: 2026-10-01", 1)])
def test_an_edited_scope_is_only_smaller(ordered, old, new, status):
    path = ordered.base / "edit.yaml"
    ordered.ok("scope", ordered.ref, "--edit", path)
    text = path.read_text()
    assert old in text
    path.write_text(new.join(text.rsplit(old, 1)))
    no(ordered, status, "decide", ordered.ref, "narrow", "--scope", path, "--reason", "SCOPE-EXCESS", as_="Ana", key="ana")


@pytest.mark.parametrize("span", [{"span": "NONE"}, {"span": "CURRENT"}, {"span": "unknown"}, {"until": "unknown"}],
                         ids=["NONE", "CURRENT", "unknown", "no end"])
def test_dates_that_the_order_does_not_state_are_counsels(home, span):
    home.submit([demand(**span)])
    home.authenticate()
    got = home.run("scope", home.ref, as_="Ana")
    assert got.exit == 0 and "counsel must decide" in got.err
    no(home, 4, "decide", home.ref, "comply", as_="Ana", key="ana", says="the order states no dates, so counsel must")
    no(home, 4, "decide", home.ref, "narrow", "--line", "d1", "--reason", "PART-NO-RANGE", as_="Ana", key="ana", says="counsel must")
    path = home.base / "scope.yaml"
    home.ok("scope", home.ref, "--edit", path)
    no(home, 4, "decide", home.ref, "narrow", "--scope", path, "--reason", "PART-NO-RANGE", as_="Ana", key="ana", says="counsel must")
    path.write_text(path.read_text().replace("from: open", "from: 2026-11-01"))
    no(home, 4, "decide", home.ref, "narrow", "--scope", path, "--reason", "PART-NO-RANGE", as_="Ana", key="ana", says="counsel must")
    path.write_text(path.read_text().replace("until: open", "until: 2026-11-02"))
    home.decide("narrow", "--scope", path, "--reason", "PART-NO-RANGE")
    assert home.collect()["items"] == 2


# ---- what a hand refuses ----

@pytest.mark.parametrize("line, target, says", [
    ({"folders": ["Drafts"]}, ALICE, "Drafts"), ({"stores": ["attic"]}, ALICE, "attic"),
    ({"folders": ["../../bob/Maildir"]}, ALICE, "line d1|folder"), ({}, "../bob@mail.example", "account"), ({}, "a/b@mail.example", "account"),
    ({}, ".hidden@mail.example", "account"), ({}, "alice@..", "account"), ({}, "alice@../mail.example", "account"), ({}, "alice", "account"),
    ({}, "carol@mail.example", "no such account"), ({}, "alice@other.example", "no such account|another domain")])
def test_what_is_not_there_is_not_collected(home, line, target, says):
    home.submit([demand(target)], lines={"d1": line})
    home.authenticate()
    home.run("scope", home.ref, as_="Ana")
    home.decide()
    got = home.run("collect", home.ref, as_="Ben")
    assert got.exit in (1, 3, 4) and re.search(says, got.err), got
    assert home.state() == "decided" and [a["act"] for a in home.acts()][-1] == "collection_failed"
    nothing_left(home)
    home.sound()


def test_a_mailbox_behind_a_link_is_not_collected(home):
    link = home.world.mail / "main" / "mail.example" / "linked"
    link.symlink_to("alice")
    try:
        home.submit([demand("linked@mail.example")])
        home.authenticate()
        home.decide()
        got = home.run("collect", home.ref, as_="Ben")
        assert got.exit != 0 and "symbolic link" in got.err
        nothing_left(home)
    finally:
        link.unlink()


def test_an_unreadable_mailbox_gives_an_account_of_it_and_no_package(home):
    cur = home.world.mail / "main" / "mail.example" / "alice" / "Maildir" / "cur"
    bad = cur / "broken.M1P1.h:2,S"
    bad.symlink_to("/etc/passwd")
    os.utime(bad, (life.utc("2026-11-08 10:00:00"),) * 2, follow_symlinks=False)
    try:
        home.submit()
        home.authenticate()
        home.decide()
        got = home.run("collect", home.ref, as_="Ben")
        assert got.exit == 7 and re.search(r"cannot be read: store main, account alice@mail\.example, folder INBOX, broken\.M1P1\.h", got.err)
        failed = home.acts("collection_failed")[-1]["body"]
        assert [u["source_id"].split(":")[0] for u in failed["unreadable"]] == ["broken.M1P1.h"]
        assert home.state() == "decided"
        nothing_left(home)
        no(home, 4, "approve", home.ref, as_="Ben", key="ben")
        home.sound()
    finally:
        bad.unlink()
    assert home.collect()["items"] == 18
    home.sound()


# ---- another home's documents ----

@pytest.fixture(scope="module")
def other(town):
    """Another honest home with the same people, at the stage of an approved order."""
    home = town.keep(life.Home(town.world, town.base / "other").init())
    home.to("noticed")
    return home


def test_documents_of_another_home(town, other):
    home = town.home("noticed")
    home.ok("approve", home.ref, "--print", home.base / "own.json", as_="Ben")
    for who, kind, words in (("ana", "scope", ("decide", other.ref, "comply")), ("ben", "approval", ("approve", other.ref)),
                             ("ana", "void", ("void", other.ref, "--because", "x"))):
        path = other.base / f"{kind}.json"
        other.ok(*words, "--print", path, as_=who.capitalize())
        life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key(who), "-n", f"writ-{kind}@v1", path)
        here = [home.ref if w == other.ref else w for w in words]
        no(home, 4, *here, "--signature", f"{path}.sig", as_=who.capitalize(), says="is about order|not the live statement|not a void document")
    assert home.run("show", other.ref).exit == 3


def test_the_packages_of_another_home_do_not_hold_under_this_policy(town, other):
    home = town.home("released")
    out = home.deliver()
    shutil.copy(other.base / "policy.json", home.base / "policy.json")
    assert home.verify(out).exit == 5


def test_the_seal_of_another_home_is_not_ours(town, other):
    home = town.home("noticed")
    home.stop()
    shutil.rmtree(home.dir / "seal")
    other.stop()
    shutil.copytree(other.dir / "seal", home.dir / "seal")
    got = home.run("approve", home.ref, as_="Ben", key="ben")
    assert got.exit != 0
    assert home.run("doctor").exit == 7
    assert home.run("log", "verify").exit == 5 or "differences" in home.run("log", "verify").out


# ---- exit statuses and words ----

def test_busy_after_five_seconds(town):
    home = town.home("received")
    db = sqlite3.connect(home.dir / "writ.db", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    got = home.run("authenticate", home.ref, "--by", "none", as_="Ana")
    spent = time.monotonic() - begun
    db.execute("ROLLBACK")
    db.close()
    assert got.exit == 6 and "busy" in got.err and 4.5 < spent < 20
    home.ok("authenticate", home.ref, "--by", "none", as_="Ana")
    home.sound()


def test_a_short_wait_is_no_busy(town):
    home = town.home("received")
    db = sqlite3.connect(home.dir / "writ.db", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    argv = [home.bin / "writ", "authenticate", home.ref, "--by", "none", "--as", "Ana"]
    with subprocess.Popen(argv, env=home.env(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        time.sleep(1)
        db.execute("ROLLBACK")
        db.close()
        assert process.wait(timeout=30) == 0, process.stderr.read()


@pytest.mark.parametrize("words, status, says", [
    (("dance",), 2, "no command 'dance"), (("order",), 2, "no command 'order"), (("order", "eat"), 2, "no command 'order eat'"),
    (("order", "list", "--limit", "0"), 2, "number from 1"), (("order", "list", "--limit", "x"), 2, "number from 1"),
    (("order", "list", "--nonsense"), 2, "no option --nonsense"), (("order", "list", "x"), 2, "too many"),
    (("order", "submit"), 2, "argument is missing"), (("tick", "--json=yes"), 2, "takes no value"), (("serve",), 2, "no command"),
    (("render", "W-2222-2222"), 2, "no command"), (("paper", "W-2222-2222"), 3, "no order"), (("help", "love"), 2, "no command or topic"),
    (("scope", "--store", "maildir"), 2, "KIND:PATH"),
    (("scope", "--store", "maildir:/", "--account", "a", "--from", "2026-11-02", "--to", "2026-10-01"), 2, "ends before it begins"),
    (("verify", "/nonexistent"), 3, ""), (("roster", "add"), 2, "--name is missing"),
    (("agency", "add", "--id", "x"), 2, "is missing"), (("init", "--answers", "/nonexistent"), 3, ""),
    (("--home", "/nonexistent", "order", "list"), 2, "")])
def test_statuses_of_wrong_usage(home, words, status, says):
    got = home.run(*words, as_=None)
    assert got.exit == status and says in got.err, got
    assert not got.err or "next:" in got.err or words[0] == "verify", got.err


def test_homes_that_are_none(home, tmp_path):
    for place in (tmp_path / "absent", tmp_path):
        got = home.run("order", "list", "--home", place)
        assert got.exit in (1, 3) and "writ init" in got.err, got


def test_help(home):
    everything = home.ok("help")
    assert home.ok("--help") == everything
    for command in ("init", "decide", "log verify", "roster add"):
        assert command in everything
        assert f"writ {command}" in home.ok("help", *command.split())
        assert f"writ {command}" in home.ok(*command.split(), "--help")
    assert "75 try again" in home.ok("help", "exit-codes")
    assert "withdrawn" in home.ok("help", "states") and "TERR-ART48" in home.ok("help", "reasons")
    assert re.fullmatch(r"writ \d+\.\d+\.\d+", home.ok("--version"))
