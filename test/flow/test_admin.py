"""The home itself: making and founding it, its roster and agencies, doctor, fsck, the log, and a home
whose ticks a ticker closes. SPDX-License-Identifier: Apache-2.0"""
import base64
import hashlib
import json
import os
import pty
import re
import sqlite3
import stat
import struct
import subprocess
import sys

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
FOUNDERS = {"Ana": ("decide", "roster", "halt"), "Ben": ("approve", "roster"), "Chi": ("approve", "roster")}


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture
def home(town):
    return town.home()


@pytest.fixture
def bare(town):
    """A home that is not made yet."""
    town.count += 1
    return town.keep(life.Home(town.world, town.base / f"bare{town.count}"))


def no(home, status, *words, says="", **more):
    before = home.acts_in_all()
    version = home.json("roster", "list")["roster_version"]
    got = home.run(*words, **more)
    assert got.exit == status and re.search(says, got.err), (words, got)
    assert home.acts_in_all() == before and home.json("roster", "list")["roster_version"] == version
    home.sound()


def new_key(home, name):
    life.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", home.base / name)
    return home.base / f"{name}.pub"


def add(home, name, pub, *may, as_="Ana", key=("ana", "ben"), run=None):
    words = [w for m in may for w in ("--may", m)]
    return (run or home.ok)("roster", "add", "--name", name, "--user", name.lower(), "--pub", pub, *words, as_=as_, key=key)


def people(home):
    return {(r["name"], tuple(r["may"])) for r in home.json("roster", "list")["rows"]}


# ---- init ----

def test_made_and_founded_in_one_go(bare):
    answers = bare.world.answers(bare.base / "a.yaml")
    got = bare.run("init", "--single-user", "--answers", answers, key=("ana", "ben"))
    assert got.exit == 0 and "is founded" in got.out and "writ agency add --id pj-paris" in got.err
    for name, mode in (("", 0o700), ("seal", 0o700), ("vault", 0o700), ("blob", 0o700), ("writ.db", 0o600), ("seal.pub", 0o644)):
        assert stat.S_IMODE((bare.dir / name).stat().st_mode) == mode, name
    founding = json.loads((bare.dir / "founding.json").read_text())
    assert founding["action"] == "found" and founding["provider"] == "Example Mail SAS"
    assert {p["name"] for p in founding["people"]} == set(life.STAFF) and founding["policy"]["approvals"] == "2"
    assert founding["document_key"] == (bare.dir / "seal.pub").read_text().strip()
    assert [a for _, _, a in bare.acts_in_all()] == ["founded"]
    assert bare.sound()["size"] == 1 and len(bare.seal_acts("founding")) == 1
    assert people(bare) == {(n, may) for n, may in life.STAFF.items()}
    assert "writ-seal --init" not in got.err and not (bare.dir / "init.json").exists()


def test_nine_questions_each_until_it_is_answered(bare):
    """On a terminal; what cannot stand is asked again, and nothing else is."""
    pub = {who: f"{bare.world.key(who)}.pub" for who in ("ana", "ben")}
    lines = ["Example Mail", "", "mail.example", "Germany", "D\"", "DE", "", "Ana", life.USER, bare.base / "none.pub", pub["ana"], "Ben", life.USER,
             "ssh-ed25519 AAAA", pub["ben"], "", "", "", "sometimes", "10s", "-1", "soon", "30", ""]
    parent, child = pty.openpty()
    os.write(parent, "".join(f"{line}\n" for line in lines).encode())
    with subprocess.Popen([bare.bin / "writ", "init", "--single-user"], stdin=child, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=bare.env(), text=True) as run:
        out, err = run.communicate(timeout=120)
    os.close(parent)
    os.close(child)
    assert run.returncode == 0, err
    for again in ("this one needs an answer", "two capitals, such as DE or FR", "none.pub does not exist", "on-demand, or 10s", "a number of days"):
        assert again in err, again
    founding = json.loads((bare.dir / "founding.json").read_text())
    assert [p["name"] for p in founding["people"]] == ["Ana", "Ben"] and founding["provider"] == "Example Mail"
    # It waits, and says so whatever is asked; no answer is asked for in vain.
    for words in (("init", "--single-user"), ("doctor",), ("order", "list"), ("serve",)):
        got = bare.run(*words)
        assert got.exit == 4 and "waits for the signatures of its founders" in got.err and "writ init --signature A.sig" in got.err, (words, got)


def sign(home, who, path, namespace="writ-roster@v1"):
    target = home.base / f"{who}.{path.name}.sig"
    path.with_suffix(path.suffix + ".sig").unlink(missing_ok=True)
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key(who), "-n", namespace, path)
    path.with_suffix(path.suffix + ".sig").rename(target)
    return target


def test_founded_by_signatures_that_come_later(bare):
    answers = bare.world.answers(bare.base / "a.yaml")
    got = bare.run("init", "--single-user", "--answers", answers)
    assert got.exit == 0 and "ssh-keygen -Y sign -f KEY -n writ-roster@v1 founding.json" in got.err
    founding = bare.dir / "founding.json"
    text = founding.read_bytes()
    for words in (("order", "list"), ("roster", "list"), ("tick",), ("doctor",)):
        assert bare.run(*words).exit != 0, "nothing works before the founding"
    ana, ben, dan, eve = (sign(bare, who, founding) for who in ("ana", "ben", "dan", "eve"))
    other_space = sign(bare, "chi", founding, "file")

    def found(*signatures):
        return bare.run("init", "--single-user", *[w for s in signatures for w in ("--signature", s)])
    for signatures in ((ana,), (ana, ana), (ana, eve), (ana, dan), (ana, other_space)):
        assert found(*signatures).exit != 0, signatures
        assert bare.run("order", "list").exit != 0
    founding.write_bytes(text.replace(b'"approvals":"2"', b'"approvals":"3"'))
    assert found(ana, ben).exit != 0
    founding.write_bytes(text)
    assert found(ana, ben).exit == 0
    bare.sound()
    assert people(bare) == {(n, may) for n, may in life.STAFF.items()}
    assert found(ana, ben).exit != 0, "a home is founded once"
    assert bare.sound()["acts"] == 2


def test_no_home_is_made_where_one_stands(home):
    before, founding = home.acts_in_all(), (home.dir / "founding.json").read_bytes()
    answers = home.world.answers(home.base / "a.yaml")
    got = home.run("init", "--single-user", "--answers", answers, key=("ana", "ben"))
    assert got.exit == 4 and "a home stands already" in got.err
    assert home.acts_in_all() == before and (home.dir / "founding.json").read_bytes() == founding
    home.sound()


@pytest.mark.parametrize("old, new, says", [
    ("provider: Example Mail SAS\n", "", "provider"), ("ticks: on-demand", "ticks: hourly", "10s"), ("country: FR", "county: FR", "county"),
    ("retention: \"90\"\n", "", "retention"), ("- decide", "- dance", "dance|may"), ("ana.pub", "absent.pub", "absent.pub"),
    ("ana.pub", "ana", "key"), ("notice: \"7\"\n", "notice: \"7\"\npolicy:\n  approvals: \"1\"\n", "two approvals"),
    ("notice: \"7\"\n", "notice: \"7\"\npolicy:\n  approvals: \"9\"\n", "approve"),
    ("notice: \"7\"\n", "notice: \"7\"\npolicy:\n  colour: \"9\"\n", "polic"), ("ben.pub", "ana.pub", "another person"),
    ("founders:\n", "founders: none\nx:\n", "x|founders")])
def test_answers_that_make_no_home(bare, old, new, says):
    answers = bare.world.answers(bare.base / "a.yaml")
    good = answers.read_text()
    assert old in good
    answers.write_text(good.replace(old, new))
    got = bare.run("init", "--single-user", "--answers", answers, key=("ana", "ben"))
    assert got.exit in (1, 2, 3, 4) and re.search(says, got.err), got
    assert not (bare.dir / "writ.db").exists()
    answers.write_text(good.replace("mail/main", "mail/archive"))
    bare.ok("init", "--single-user", "--answers", answers, key=("ana", "ben"))
    assert "mail/main" not in (bare.dir / "stores.yaml").read_text(), "what was wrong leaves nothing behind"
    bare.sound()


@pytest.mark.parametrize("law", [r'"FR \"as amended\""', r'"C:\\x"', '"no: yes # 1"'])
def test_what_stands_in_an_answer_stands_in_stores_yaml(bare, law):
    """Whatever marks it holds, it stays one text, and no key of its own."""
    answers = bare.world.answers(bare.base / "a.yaml")
    answers.write_text(answers.read_text().replace("    law: FR\n", f"    law: {law}\n"))
    bare.ok("init", "--single-user", "--answers", answers, key=("ana", "ben"))
    written = yaml.safe_load((bare.dir / "stores.yaml").read_text())
    assert {s["law"] for s in written["stores"]} == {yaml.safe_load(law)}
    assert {s["name"] for s in bare.json("store", "check", as_="Ana")["stores"]} == {"main", "archive"}


def test_questions_want_a_terminal(bare):
    got = bare.run("init", "--single-user")
    assert got.exit == 2 and "--answers FILE" in got.err


# ---- roster, policy, agencies ----

def test_two_people_change_the_roster(home):
    pub = new_key(home, "gus")
    no(home, 4, "roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "approve", as_="Ana", key="ana", says="ROSTER_TWO")
    no(home, 4, "roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "approve", as_="Ana", key=("ana", "ana"),
       says="KEY_TWICE|ROSTER_TWO")
    no(home, 4, "roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "approve", as_="Ana", key=("ana", "dan"), says="MAY")
    no(home, 4, "roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "approve", as_="Ana", key=("ana", "eve"),
       says="KEY_ROSTERED")
    no(home, 4, "roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "approve", as_="Dan", key=("ana", "ben"),
       says="Dan may not roster")
    no(home, 2, "roster", "add", "--name", "Gus", "--user", "gus", "--may", "approve", as_="Ana", key=("ana", "ben"), says="--pub")
    no(home, 1, "roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "dance", as_="Ana", key=("ana", "ben"), says="ROW_FORM")
    add(home, "Gus", pub, "approve", "halt")
    assert ("Gus", ("approve", "halt")) in people(home)
    no(home, 4, "roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "approve", as_="Ana", key=("ana", "ben"), says="KEY_THERE")
    no(home, 4, "roster", "add", "--name", "Hal", "--user", "hal", "--pub", pub, "--may", "approve", as_="Ana", key=("ana", "ben"),
       says="KEY_OF_ANOTHER")
    home.ok("roster", "end", "--name", "Gus", "--pub", pub, as_="Ana", key=("ana", "ben"))
    assert all(n != "Gus" for n, _ in people(home))
    assert any(r["name"] == "Gus" and r["until"] for r in home.json("roster", "list", "--all")["rows"])
    no(home, 3, "roster", "end", "--name", "Gus", "--pub", pub, as_="Ana", key=("ana", "ben"), says="no live row")
    no(home, 4, "roster", "add", "--name", "Hal", "--user", "hal", "--pub", pub, "--may", "approve", as_="Ana", key=("ana", "ben"),
       says="KEY_OF_ANOTHER")
    assert [a["body"]["roster_version"] for a in home.seal_acts("roster")][-2:] == [home.json("roster", "list")["roster_version"] - 1,
                                                                              home.json("roster", "list")["roster_version"]]
    home.sound()


def test_the_end_of_a_key_in_any_zone_is_kept_in_utc(home):
    """Each verifier refuses a package under a roster with any other form of a time."""
    pub = new_key(home, "hal")
    words = ("roster", "add", "--name", "Hal", "--user", "hal", "--pub", pub, "--may", "halt", "--until")
    for bad in ("2100-01-01", "2100-02-30T00:00:00Z", "soon", ""):
        no(home, 2, *words, bad, as_="Ana", key=("ana", "ben"), says="with its zone")
    home.ok(*words, "2100-01-01T01:00:00+01:00", as_="Ana", key=("ana", "ben"))
    assert [r["until"] for r in home.json("roster", "list")["rows"] if r["name"] == "Hal"] == ["2100-01-01T00:00:00Z"]
    home.ok("roster", "end", "--name", "Hal", "--pub", pub, as_="Ana", key=("ana", "ben"))
    home.sound()


def test_the_person_whom_it_is_about_does_not_count(home):
    pub = f"{home.world.key('ben')}.pub"
    no(home, 4, "roster", "end", "--name", "Ben", "--pub", pub, as_="Ana", key=("ana", "ben"), says="ROSTER_OTHERS")
    more = new_key(home, "ben2")
    no(home, 4, "roster", "add", "--name", "Ben", "--user", "x", "--pub", more, "--may", "decide", as_="Ben", key=("ben", "ana"),
       says="ROSTER_OTHERS")
    home.ok("roster", "end", "--name", "Ben", "--pub", pub, as_="Ana", key=("ana", "chi"))
    assert all(n != "Ben" for n, _ in people(home))
    no(home, 4, "halt", "--because", "x", as_="Ben", key="ben", says="not rostered")


def test_the_roster_is_not_emptied(home):
    def end(name, *key):
        return ("roster", "end", "--name", name, "--pub", f"{home.world.key(name)}.pub"), {"as_": key[0].capitalize(), "key": key}
    words, more = end("Dan", "ana", "ben")
    home.ok(*words, **more)
    words, more = end("Chi", "ana", "ben")
    no(home, 4, *words, says="KEEPS_APPROVERS", **more)
    words, more = end("Ana", "ben", "chi")
    home.ok(*words, **more)
    words, more = end("Ben", "chi", "ben")
    no(home, 4, *words, says="KEEPS_ROSTER|KEEPS_APPROVERS", **more)


def test_a_change_signed_on_other_machines(home):
    pub, path = new_key(home, "gus"), home.base / "gus.json"
    home.ok("roster", "add", "--name", "Gus", "--user", "gus", "--pub", pub, "--may", "approve", "--print", path, as_="Ana")
    assert all(n != "Gus" for n, _ in people(home))
    ana, ben = sign(home, "ana", path), sign(home, "ben", path)
    no(home, 4, "roster", "add", "--document", path, "--signature", ana, as_="Ana", says="ROSTER_TWO")
    home.ok("roster", "add", "--document", path, "--signature", ana, "--signature", ben, as_="Ana")
    assert ("Gus", ("approve",)) in people(home)
    # A document made for an earlier version of the roster is none any more.
    late = home.base / "late.json"
    home.ok("roster", "end", "--name", "Gus", "--pub", pub, "--print", late, as_="Ana")
    add(home, "Hal", new_key(home, "hal"), "halt")
    no(home, 4, "roster", "end", "--document", late, "--signature", sign(home, "ana", late), "--signature", sign(home, "ben", late),
       as_="Ana", says="ROSTER_VERSION")


def test_policy_values(home):
    def change(name, value, run=home.ok):
        return run("roster", "add", "--policy", name, "--value", value, as_="Ana", key=("ana", "ben"))
    assert home.json("roster", "list")["policy"]["statement_hours"] == "4"
    change("statement_hours", "8")
    change("decider_may_approve", "yes")
    policy = home.json("roster", "list")["policy"]
    assert policy["statement_hours"] == "8" and policy["decider_may_approve"] == "yes"
    for name, value, says in (("approvals", "1", "APPROVALS_TWO"), ("approvals", "0", "APPROVALS_TWO"), ("approvals", "9", "KEEPS_APPROVERS"),
                              ("approvals", "two", "POLICY_VALUE"), ("statement_hours", "-1", "POLICY_VALUE"), ("colour", "red", "POLICY_NAME"),
                              ("decider_may_approve", "perhaps", "POLICY_VALUE"), ("timestamp", "perhaps", "POLICY_VALUE")):
        no(home, change(name, value, home.run).exit, "roster", "add", "--policy", name, "--value", value, as_="Ana", key=("ana", "ben"),
           says=says)
    assert home.json("roster", "list")["policy"] == policy
    assert "statement_hours      8" in home.ok("roster", "list")


def test_a_policy_that_lets_the_decider_approve(home):
    home.ok("roster", "add", "--policy", "decider_may_approve", "--value", "yes", as_="Ana", key=("ana", "ben"))
    home.ok("roster", "add", "--name", "Ben", "--user", life.USER, "--pub", new_key(home, "ben2"), "--may", "decide", as_="Ana", key=("ana", "chi"))
    home.to("authenticated")
    home.ok("decide", home.ref, "comply", "--key", home.base / "ben2", as_="Ben")
    for stage in ("collected", "noticed", "approved"):
        home.step(stage)
    home.release()
    assert home.verify(home.deliver()).exit == 0


def test_agencies_and_their_keys(home):
    base = ["agency", "add", "--id", "nca", "--name", "NCA", "--country", "GB", "--label", "NCA 1", "--checked", "in person"]
    paris, fresh = home.world.recipients["paris"], home.world.recipients["stranger"]
    for words, says in (([*base, "--recipient", paris], "AGENCY_KEY_THERE"), ([*base, "--recipient", "age1xyz"], "ROW_FORM"),
                        ([*base, "--recipient", fresh.upper()], "ROW_FORM")):
        got = home.run(*words, as_="Ana", key=("ana", "ben"))
        no(home, got.exit, *words, as_="Ana", key=("ana", "ben"), says=says)
        assert got.exit in (1, 4)
    no(home, 4, *base, "--recipient", fresh, as_="Ana", key="ana", says="ROSTER_TWO")
    no(home, 2, *base[:-2], "--recipient", fresh, as_="Ana", key=("ana", "ben"), says="--checked is missing")
    home.ok(*base, "--recipient", fresh, as_="Ana", key=("ana", "ben"))
    assert '"NCA 1"' in home.ok("agency", "list")
    no(home, 4, *base, "--recipient", home.world.recipients["berlin"], as_="Ana", key=("ana", "ben"), says="LABEL_THERE|AGENCY_KEY_THERE")
    no(home, 3, "agency", "end", "--id", "nca", "--label", "NCA 2", as_="Ana", key=("ana", "ben"), says="no live row")
    home.ok("agency", "end", "--id", "nca", "--label", "NCA 1", as_="Ana", key=("ana", "ben"))
    assert "NCA" not in home.ok("agency", "list") and "NCA" in home.ok("agency", "list", "--all")
    home.sound()


# ---- doctor ----

def doctor(home):
    got = home.run("doctor", "--json")
    told = json.loads(got.out)
    missing = [(f["what"], f["words"]) for f in told["findings"] if f["grade"] == "MISSING"]
    assert got.exit == (7 if missing else 0) and told["missing"] == len(missing)
    return dict(missing)


def test_doctor_of_a_home_in_order(home):
    assert doctor(home) == {}
    got = home.run("doctor")
    assert got.exit == 0 and "orders may come in" in got.err and "nothing here is protected from that user" in got.out


def test_doctor_before_an_agency_is_registered(bare):
    bare.init(agencies=())
    assert list(doctor(bare)) == ["agencies"]
    got = bare.run("doctor")
    assert got.exit == 7 and "MISSING  agencies" in got.out and "1 things are missing" in got.err
    bare.agency_add("pj-paris")
    assert doctor(bare) == {}


@pytest.mark.parametrize("staff, says", [
    ({"Ana": ("decide", "approve", "roster"), "Ben": ("approve", "roster")}, "2 approvals are needed, and 1 person may give one"),
    ({"Ana": ("approve", "roster"), "Ben": ("approve", "roster")}, "0 may 'decide'")], ids=["too few approvers", "nobody decides"])
def test_doctor_of_too_few_people(bare, staff, says):
    bare.init(agencies=("pj-paris",), people=staff)
    got = bare.run("doctor")
    assert got.exit == 7 and says in got.out


def test_doctor_when_releases_are_halted(home):
    home.ok("halt", "--because", "x", as_="Ana", key="ana")
    assert list(doctor(home)) == ["halt"]
    home.ok("resume", "--because", "x", as_="Ana", key=("ana", "ben"))
    assert doctor(home) == {}


def test_doctor_when_the_seal_does_not_answer(home):
    home.stop()
    (home.dir / "seal").rename(home.dir / "away")
    assert "seal" in doctor(home)
    (home.dir / "away").rename(home.dir / "seal")
    assert doctor(home) == {}


def test_doctor_when_the_hands_know_another_seal(home):
    path = home.dir / "seal.pub"
    good = path.read_text()
    path.write_text(" ".join((home.world.base / "k" / "eve.pub").read_text().split()[:2]) + "\n")
    assert list(doctor(home)) == ["seal.pub"]
    path.unlink()
    assert "seal.pub" in doctor(home)
    path.write_text(good)
    assert doctor(home) == {}


def test_doctor_of_stores(home):
    path = home.dir / "stores.yaml"
    good = path.read_text()
    for text, what, says in ((good.replace("kind:", "kin:", 1), "hands", r"stores\.yaml:\d+"),
                             (good.replace("mail/archive", "mail/nowhere", 1), "store", "archive: the store cannot be opened"),
                             (good[:good.index("stores:")], "hands|store", "stores"),
                             (good.replace('"maildir"', '"imap"', 1), "hands", "no connector"), ("", "hands", "empty")):
        path.write_text(text)
        found = doctor(home)
        assert len(found) == 1 and re.fullmatch(what, next(iter(found))) and re.search(says, next(iter(found.values()))), (text, found)
    path.unlink()
    assert list(doctor(home)) == ["hands"]
    path.write_text(good)
    assert doctor(home) == {}
    assert home.run("store", "check", as_="Ana").exit == 0


def test_store_check_says_what_cannot_be_reached(home):
    path = home.dir / "stores.yaml"
    path.write_text(path.read_text().replace("mail/archive", "mail/nowhere"))
    got = home.run("store", "check", as_="Ana")
    assert got.exit == 7 and "a store cannot be reached" in got.err and "main" in got.out
    assert "nowhere" not in got.out + got.err, "no path leaves the hand"
    home.sound()


def test_doctor_of_the_log(home):
    path = home.dir / "log" / "checkpoint"
    good = path.read_bytes()
    path.write_bytes(good.replace(b"\n", b"\nx", 1))
    assert "log" in doctor(home)
    path.write_bytes(good)
    assert doctor(home) == {}


# ---- fsck ----

@pytest.mark.parametrize("sql", ["UPDATE order_view SET state = 'delivered'", "UPDATE order_view SET agency = NULL",
                                 "UPDATE order_view SET received_at = 0", "UPDATE order_view SET waiting_for = ''",
                                 "UPDATE order_view SET due_at = 1", "UPDATE order_view SET last_seq = last_seq + 1",
                                 "DELETE FROM order_view"])
def test_the_projection_is_made_anew(town, sql):
    home = town.home("decided")
    want = home.json("order", "list")
    with sqlite3.connect(home.dir / "writ.db") as db:
        assert db.execute(sql).rowcount == 1
    db.close()
    got = home.run("log", "verify")
    assert got.exit == 5 and "DIFFERENCE" in got.out and home.ref in got.out
    assert home.run("fsck").exit == 5
    got = home.run("fsck", "--rebuild")
    assert got.exit == 0 and "1 orders were made anew" in got.out + got.err
    assert home.json("order", "list") == want
    home.sound()


def test_an_order_that_never_was_vanishes_from_the_projection(town):
    home = town.home("decided")
    with sqlite3.connect(home.dir / "writ.db") as db:
        row = dict(zip([d[1] for d in db.execute("PRAGMA table_info(order_view)")], db.execute("SELECT * FROM order_view").fetchone()))
        row["ref"] = "W-2222-2222"
        db.execute(f"INSERT INTO order_view ({','.join(row)}) VALUES ({','.join('?' * len(row))})", list(row.values()))
    db.close()
    assert home.run("log", "verify").exit == 5
    home.ok("fsck", "--rebuild")
    assert [o["order"] for o in home.json("order", "list")["orders"]] == [home.ref]
    home.sound()


def test_a_rebuild_does_not_hide_an_edited_act(town):
    home = town.home("decided")
    with sqlite3.connect(home.dir / "writ.db") as db:
        db.execute("UPDATE act SET body = replace(body, 'callback', 'certificate') WHERE act = 'authenticated'")
    db.close()
    got = home.run("fsck", "--rebuild")
    assert got.exit == 5 and home.ref in got.out and "DIFFERENCE" in got.out


# ---- the log ----

def inner_root(extra, act):
    """The root that a proof's 552 bytes give for an act (formats: log)."""
    assert len(extra) == 555 and extra[0] == 1
    at, place = struct.unpack(">QH", extra[1:11])
    siblings, salt = [extra[11 + 32 * i:43 + 32 * i] for i in range(16)], extra[523:]
    node = hashlib.sha256(b"writ/act/v1\0" + salt + act).digest()
    for level, sibling in enumerate(siblings):
        pair = sibling + node if place >> level & 1 else node + sibling
        node = hashlib.sha256(b"\x01" + pair).digest()
    return at, node


def rfc6962_root(index, size, leaf, path):
    """RFC 9162 section 2.1.3.2."""
    fn, sn, node = index, size - 1, leaf
    for step in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            node = hashlib.sha256(b"\x01" + step + node).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + step).digest()
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return node


def check_note(text, vkey):
    """The lines of a signed note whose Ed25519 signature by vkey holds (C2SP signed-note)."""
    name, number, key = vkey.split("+", 2)
    raw = base64.b64decode(key)
    body, signatures = text.rsplit("\n\n", 1)
    blobs = [base64.b64decode(line.split(" ")[2]) for line in signatures.splitlines() if line.split(" ")[1] == name]
    (blob,) = [b for b in blobs if b[:4].hex() == number]
    ed25519.Ed25519PublicKey.from_public_bytes(raw[1:]).verify(blob[4:], (body + "\n").encode())
    return body.split("\n")


def test_every_act_is_proven(town):
    home = town.home("decided")
    vkey = json.loads((home.dir / "founding.json").read_text())["log_vkey"]
    for seq in range(1, len(home.acts()) + 1):
        path = home.base / f"p{seq}"
        home.ok("log", "prove", home.ref, "--seq", seq, "--out", path)
        act = (home.base / f"p{seq}.act").read_bytes()
        assert json.loads(act) == home.acts()[seq - 1]
        proof, note = path.read_text().split("\n\n", 1)
        head, extra, index, *hashes = proof.splitlines()
        assert head == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and index.startswith("index ")
        at, root = inner_root(base64.b64decode(extra[6:]), act)
        leaf = hashlib.sha256(b"\0\x01" + struct.pack(">Q", at) + root).digest()
        origin, size, top = check_note(note, vkey)[:3]
        assert rfc6962_root(int(index[6:]), int(size), leaf, [base64.b64decode(h) for h in hashes]) == base64.b64decode(top)
        assert origin == vkey.split("+")[0]
    assert home.ok("log", "prove", home.ref) == (home.base / f"p{seq}").read_text().strip()
    assert home.run("log", "prove", home.ref, "--seq", "99").exit == 3
    assert home.run("log", "prove", home.ref, "--seq", "x").exit == 2


def test_the_checkpoint_is_a_signed_note(home):
    vkey = json.loads((home.dir / "founding.json").read_text())["log_vkey"]
    text = home.ok("log", "checkpoint") + "\n"
    assert text == (home.dir / "log" / "checkpoint").read_text()
    assert int(check_note(text, vkey)[1]) == home.sound()["size"]
    policy = json.loads((home.base / "policy.json").read_text())
    assert policy["tlog_policy"] == f"log {vkey}\nquorum none\n"
    assert policy["founding_sha256"] == life.sha((home.dir / "founding.json").read_bytes())


def test_ticks_are_closed_at_will(home):
    before = home.sound()["size"]
    told = [home.json("tick") for _ in range(3)]
    assert [t["size"] for t in told] == [before + 1, before + 2, before + 3] and all(t["acts"] == 0 for t in told)
    assert told[0]["time_ms"] < told[1]["time_ms"] < told[2]["time_ms"]
    assert f"tick {before + 3} closed: 0 acts" in home.ok("tick")
    assert home.sound()["size"] == before + 4


def test_a_home_with_a_ticker(bare):
    """ticks: 10s: commands close no tick, so that the log does not tell when something happened."""
    bare.init(ticks="10s", agencies=("pj-paris",))
    size = bare.sound()["size"]
    bare.to("released")
    assert bare.sound()["size"] == size, "no command closed a tick"
    out = bare.base / "out.tar"
    got = bare.run("deliver", bare.ref, "--out", out, as_="Chi")
    assert got.exit == 75 and "writ tick" in got.err and not out.exists()
    got = bare.run("log", "prove", bare.ref)
    assert got.exit == 75 and "waits for its tick" in got.err
    assert bare.json("tick")["acts"] >= 12
    assert bare.sound()["size"] == size + 1
    assert bare.verify(bare.deliver()).exit == 0
    ticks = [f for f in bare.json("doctor")["findings"] if f["what"] == "ticks"]
    assert [f["grade"] for f in ticks] == ["ok"] and "published" not in ticks[0]["words"], "such a log may be published"


def test_the_policy_file_is_the_same_each_time(home):
    one = home.ok("policy", "export")
    home.submit()
    assert home.ok("policy", "export") == one == (home.base / "policy.json").read_text().strip()
    assert json.loads(one)["provider"] == "Example Mail SAS"
