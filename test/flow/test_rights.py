"""Who may do what, until when, and what a change of people, policy or home does to it: everything that a command must not
do. After each refusal the acts are as before and the log holds. SPDX-License-Identifier: Apache-2.0"""
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.lifefixtures import clocked, home, no, town  # noqa: E402,F401

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
HOUR = 3600


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
