"""Signing on an installed home when the home's own user is captured: what a person's key signs is what the person asked
for. sudo is one of ours, first in PATH: it gives back any document that a test wants signed, and remembers what came after.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import people  # noqa: E402
import tools  # noqa: E402

REF = "W-AAAA-BBBB"
NOBODY = 65534
SUDO = """#!/usr/bin/python3
import os, re, sys
here = os.path.dirname(os.path.abspath(__file__))
for word in sys.argv:
    lent = re.match("--print=fd:([0-9]+)[+]([0-9]+)[+]([0-9]+):$", word)
    for fd, name in zip(lent.groups() if lent else (), ("document", "seal", "keys")):
        with open(os.path.join(here, name), "rb") as f:
            os.write(int(fd), f.read())
for word in sys.argv:
    signed = re.match("--signature=fd:([0-9]+):", word)
    if signed:
        with open(os.path.join(here, "signed"), "ab") as f:
            f.write(os.pread(int(signed[1]), 65536, 0))
"""


class Desk:
    """A person at an installed home: a key, a home that belongs to somebody else, the sudo of a captured one."""

    def __init__(self, base):
        self.base, self.home, self.bin = base, base / "home", base / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        (self.bin / "sudo").write_text(SUDO)
        (self.bin / "sudo").chmod(0o755)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", base / "key"], check=True)
        self.line = " ".join((base / "key.pub").read_text().split()[:2])
        self.seal = people.Key()
        (self.home / "seal.pub").write_text(self.seal.line + "\n")
        os.chown(self.home, NOBODY, NOBODY)

    def ask(self, document, *words, seal=None, key=True, keys="", run=None):
        """What writ says when the home gives that document, and how much an SSH key signed. run: (program, prefix, environment)."""
        program, prefix, more = run or (tools.program("writ"), (), {})
        text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        (self.bin / "document").write_bytes(text)
        (self.bin / "seal").write_text((seal or self.seal).sign("writ-seal@v1", text))
        (self.bin / "keys").write_text(keys)
        (self.bin / "signed").unlink(missing_ok=True)
        env = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", **more}
        done = subprocess.run([str(w) for w in (*prefix, program, *words, "--home", self.home, *(("--key", self.base / "key") if key else ()))],
                              capture_output=True, text=True, env=env, timeout=60, check=False)
        self.said = done.stdout + done.stderr
        signed = (self.bin / "signed").read_text() if (self.bin / "signed").exists() else ""
        return done.returncode, signed.count("BEGIN SSH SIGNATURE")


@pytest.fixture
def desk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("SKIPPED: a home of somebody else needs root")
    return Desk(tmp_path)


def document(kind, **fields):
    return {"version": 1, "kind": kind, "made_at": "2026-11-22T10:00:00Z", **fields}


def approval(**fields):
    return document("approval", **{"order": REF, "items": 3, "bytes": 900, "undated": 0, "lines": [], "recipients": [],
                                   "notice": "sent", **fields})


def scope(**fields):
    line = {"id": "d1", "category": "CONTENT_COMM", "target": "alice@mail.example", "folders": ["ALL"], "date_meaning": "delivery",
            "zone": "UTC", "from": 0, "until": 86400, "from_words": "1970-01-01", "until_words": "1970-01-01"}
    return document("scope", **{"order": REF, "decision": "comply", "lines": [line], **fields})


def person(desk, **fields):
    return {"row": "person", "name": "Gus", "unix_user": "gus", "key": desk.line, "may": ["approve", "halt"], "user_verified": False,
            "from": "2026-11-22T10:00:00Z", "until": None, **fields}


def agency(**fields):
    return {"row": "agency", "id": "bka", "name": "BKA", "country": "DE", "label": "BKA 2027", "recipient": "age1x", "checked": "called",
            "from": "2026-11-22T10:00:00Z", "until": None, **fields}


def change(row, action="begin"):
    return document("roster", action=action, roster_version=3, row=row)


def words(desk):
    """Every command that signs, and the document that belongs to it."""
    pub = ("--pub", desk.base / "key.pub")
    add = ("roster", "add", "--name", "Gus", "--user", "gus", *pub, "--may", "approve", "--may", "halt")
    ask = ("agency", "add", "--id", "bka", "--name", "BKA", "--country", "DE", "--label", "BKA 2027", "--recipient", "age1x",
           "--checked", "called")
    return {
        "approve": (("approve", REF), approval()), "comply": (("decide", "waaaabbbb", "comply"), scope()),
        "refuse": (("decide", REF, "refuse"), document("decision", order=REF, decision="refuse")),
        "withdraw": (("withdraw", REF, "--because", "y"), document("void", order=REF, because="y")),
        "void": (("void", REF, "--because", "x"), document("void", order=REF, because="x")),
        "destroy": (("destroy", REF, "--because", "x"), document("destroy", order=REF, because="x")),
        "halt": (("halt", "--because", "x"), document("halt", halt_epoch=0, because="x")),
        "resume": (("resume", "--because", "x"), document("resume", halt_epoch=1, because="x")),
        "person": (add, change(person(desk))), "person_until": ((*add, "--until", "2100-01-01T01:00:00+01:00"),
                                                                change(person(desk, until="2100-01-01T00:00:00Z"))),
        "person_ends": (("roster", "end", "--name", "Gus", *pub), change(person(desk), "end")),
        "policy": (("roster", "add", "--policy", "approvals", "--value", "3"), change({"row": "policy", "name": "approvals", "value": "3"})),
        "agency": (ask, change(agency())), "agency_ends": (("agency", "end", "--id", "bka", "--label", "BKA 2027"), change(agency(), "end")),
        "adopt": (("law", "adopt", "fr"), document("adoption", action="begin", pack="fr")),
    }


def test_each_command_signs_its_own_document_and_no_other(desk):
    asked = words(desk)
    documents = [(n, d) for n, (_, d) in asked.items()]
    for name, (argv, own) in asked.items():
        assert desk.ask(own, *argv) == (0, 1), (name, desk.said)
        for other, wrong in documents:
            if wrong != own:
                assert desk.ask(wrong, *argv) == (5, 0), (name, other, desk.said)
                assert "something else signed than was asked for" in desk.said


LIES = {
    "approve": [("of another order", {"order": "W-AAAA-CCCC"}), ("of none", {"order": None})],
    "comply": [("of another order", {"order": "W-AAAA-CCCC"}), ("another decision", {"decision": "narrow"})],
    "refuse": [("of another order", {"order": "W-AAAA-CCCC"}), ("another decision", {"decision": "ask"})],
    "void": [("of another order", {"order": "W-AAAA-CCCC"}), ("for another reason", {"because": "y"})],
    "destroy": [("of another order", {"order": "W-AAAA-CCCC"})], "halt": [("for another reason", {"because": "y"})],
    "adopt": [("another pack", {"pack": "de"}), ("its end", {"action": "end"})],
}
ROWS = {
    "person": [{"name": "Eve"}, {"unix_user": "eve"}, {"key": people.Key().line}, {"may": ["approve", "halt", "roster"]}, {"may": ["approve"]},
               {"user_verified": True}, {"until": "2027-01-01T00:00:00Z"}, {"row": "agency"}],
    "person_until": [{"until": None}, {"until": "2100-01-01T01:00:00Z"}], "person_ends": [{"key": people.Key().line}, {"name": "Eve"}],
    "policy": [{"name": "statement_hours"}, {"value": "2"}, {"row": "person"}],
    "agency": [{"id": "lka"}, {"recipient": "age1y"}, {"label": "BKA 2026"}, {"country": "FR"}, {"until": "2027-01-01T00:00:00Z"}],
    "agency_ends": [{"label": "BKA 2026"}],
}


@pytest.mark.parametrize("name, why, fields", [(n, w, f) for n, lies in LIES.items() for w, f in lies])
def test_a_lie_in_one_member(desk, name, why, fields):
    argv, own = words(desk)[name]
    assert desk.ask({**own, **fields}, *argv) == (5, 0), desk.said


@pytest.mark.parametrize("name, fields", [(n, f) for n, lies in ROWS.items() for f in lies])
def test_a_lie_in_a_row(desk, name, fields):
    argv, own = words(desk)[name]
    assert desk.ask({**own, "row": {**own["row"], **fields}}, *argv) == (5, 0), desk.said
    assert desk.ask({**own, "action": "end" if own["action"] == "begin" else "begin"}, *argv) == (5, 0), desk.said


def test_an_approval_is_of_the_seal_and_is_shown_before_it_is_signed(desk):
    argv, own = words(desk)["approve"]
    assert desk.ask(own, *argv) == (0, 1) and "release 3 items" in desk.said
    assert desk.ask(own, *argv, seal=people.Key()) == (5, 0) and "the seal did not sign" in desk.said
    (desk.home / "seal.pub").unlink()
    assert desk.ask(own, *argv)[1] == 0


def test_a_scope_is_shown_before_it_is_signed(desk):
    argv, own = words(desk)["comply"]
    assert desk.ask(own, *argv) == (0, 1) and "alice@mail.example" in desk.said


def test_what_is_no_document_is_not_signed(desk):
    argv, own = words(desk)["approve"]
    for wrong in ([], "approval", {}, {**own, "kind": None}, {**own, "kind": "approval "}):
        assert desk.ask(wrong, *argv)[1] == 0, wrong
