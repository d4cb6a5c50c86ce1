"""Order files, papers, scopes and words on the command line that are wrong, and what a hand refuses to collect. After each
refusal the acts are as before and the log holds. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.life import demand  # noqa: E402
from harness.lifefixtures import home, letter, no, nothing_left, town  # noqa: E402,F401

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
ALICE, BOB = "alice@mail.example", "bob@mail.example"


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
    (("dance",), 2, "no command 'dance'\n  next: 'writ help'"), (("shwo", "W-2222-2222"), 2, "perhaps 'writ show'"),
    (("policy",), 2, "perhaps 'writ policy export'"), (("order", "lits"), 2, "perhaps 'writ order list'"), (("--home", "/x", "show"), 2, "options stand after"),
    (("backup",), 2, "'writ help COMMAND'"), (("order", "submit", "/nonexistent"), 3, "check the name"),
    (("order", "list", "--view", "late"), 2, "--view is open"), (("order", "list", "--view", "open", "--state", "decided"), 2, "without --view"), (("order",), 2, "no command 'order"), (("order", "eat"), 2, "no command 'order eat'"),
    (("order", "list", "--limit", "0"), 2, "number from 1"), (("order", "list", "--limit", "x"), 2, "number from 1"),
    (("order", "list", "--nonsense"), 2, "no option --nonsense"), (("order", "list", "x"), 2, "too many"),
    (("order", "submit"), 2, "argument is missing"), (("tick", "--json=yes"), 2, "takes no value"), (("listen",), 2, "no command"),
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
