"""The timeline of an order as a file that a court keeps: writ-verify and a second verifier, made from doc/protocol.md
alone, tell the same of a good one and of every bad one; and it is made whole or not at all.
SPDX-License-Identifier: Apache-2.0
"""
import copy
import json
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "harness"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import makepackage  # noqa: E402
import pyverify  # noqa: E402
from harness import life  # noqa: E402
from pyformats import Bad, canonical, document, utc  # noqa: E402

MEMBERS = ["acts", "kind", "log_vkey", "made_at", "order", "provider", "seal_acts", "version"]


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def home(town):
    made = town.home("delivered")
    made.policy = made.base / "policy.json"
    made.ok("policy", "export", "--out", made.policy)
    return made


@pytest.fixture(scope="module")
def good(home):
    return json.loads(home.ok("log", "export", home.ref))


@pytest.fixture(scope="module")
def other(town):
    """The same of another provider, with another log."""
    with life.Town(world=town.world) as far:
        made = far.home("authenticated")
        return json.loads(made.ok("log", "export", made.ref))


def read(raw, kind):
    try:
        return document(raw, kind)
    except Bad as e:
        raise Bad("form", str(e)) from e


def check(data, policy):
    """What of it is told; Bad names the check that fails."""
    t, told = read(data, "timeline"), []
    try:
        lists = [[(row, read(row["act"], "act"), row["proof"].encode()) for row in t[name]] for name in ("acts", "seal_acts")]
    except (KeyError, TypeError, AttributeError) as e:
        raise Bad("form", "members") from e
    if sorted(t) != MEMBERS or not all(isinstance(t[name], list) for name in ("acts", "seal_acts")):
        raise Bad("form", "members")
    if policy and (f"log {t['log_vkey']}\nquorum none\n", t["provider"]) != (policy["tlog_policy"], policy["provider"]):
        raise Bad("log-key", "not the policy's")
    pyverify.vkey_parse(t["log_vkey"], "log-key")
    acts, seals = ([act for _, act, _ in rows] for rows in lists)
    if [a.get("seq") for a in acts] != list(range(1, len(acts) + 1)) or not acts:
        raise Bad("acts", "numbers")
    numbers = [a.get("seal_seq") for a in seals]
    if numbers != sorted(set(numbers)) or any(a.get("order") != t["order"] for a in acts + seals):
        raise Bad("acts", "numbers")
    for rows in lists:
        last = 0
        for row, act, proof in rows:
            millis, index = pyverify.prove(row["act"].encode(), proof, t["log_vkey"])
            if index < last or millis < utc(act["made_at"], "log-time") * 1000 - 60000:
                raise Bad("log-time", "order")
            last = index
            told.append((act.get("seq", 0), act.get("seal_seq", 0), act["act"], index))
    return told


def second(data, policy):
    """The check that fails by the other verifier, or None; and the acts."""
    try:
        return None, check(data, policy)
    except Bad as e:
        return e.check, []


def both(home, data, policy=True):
    """(exit of writ-verify, its first failed check), which both agree on."""
    path = home.base / "t.json"
    path.write_bytes(data)
    code, out, _ = home_verify(path, *(("--policy", home.policy) if policy else ()))
    report = json.loads(out)
    failed = [c["check"] for c in report["checks"] if c["ok"] is False]
    theirs, told = second(data, json.loads(home.policy.read_text()) if policy else None)
    assert report["exit"] == code and (failed[:1] or [None])[0] == theirs, (failed, theirs)
    assert sorted((a.get("seq", 0), a.get("seal_seq", 0), a["act"], a["tick"]) for a in report["acts"]) == sorted(told) or theirs
    assert not (theirs and report["acts"])
    return code, theirs


def home_verify(path, *more):
    done = subprocess.run([life.folder_of_programs() / "writ-verify", path, "--json", *more], capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_every_act_with_its_proof(home, good):
    assert both(home, canonical(good)) == (0, None)
    assert both(home, canonical(good), policy=False) == (7, None)
    assert [json.loads(row["act"])["act"] for row in good["acts"]] == [a["act"] for a in home.acts()]
    assert {"ticket", "receipt", "released"} <= {json.loads(row["act"])["act"] for row in good["seal_acts"]}


def test_it_is_told_to_people(home, good):
    path = home.base / "shown.json"
    assert "writ-verify" in home.ok("log", "export", home.ref, "--out", path)
    assert path.read_bytes() == canonical(json.loads(path.read_text())) and path.stat().st_mode & 0o777 == 0o600
    said = home.ok("verify", path, "--policy", home.policy)
    assert said.startswith(f"The file says: timeline of order {home.ref}, from Example Mail SAS, made 20")
    for act in home.acts():
        assert re.search(rf"  {act['made_at']}  {act['act']} +{act['actor']['name']} +tick \d+, 20", said), act
    assert re.search(r"released +seal +tick", said)
    assert said.rstrip().split("\n")[-1].startswith("Every act in this file stands in the log of Example Mail SAS")
    without = home.run("verify", path)
    assert without.exit == 7 and "anybody could have made such a file" in without.out


def change(text, **more):
    return canonical(json.loads(text) | more).decode()


TWISTS = {
    "form": [lambda t, o: t | {"version": 2}, lambda t, o: t | {"kind": "return"}, lambda t, o: t | {"more": 1},
             lambda t, o: t | {"made_at": "yesterday"}, lambda t, o: t | {"acts": {}}, lambda t, o: {k: v for k, v in t.items() if k != "provider"},
             lambda t, o: t | {"acts": [{"act": t["acts"][0]["act"]}]},
             lambda t, o: t | {"acts": [t["acts"][0] | {"act": t["acts"][0]["act"] + " "}]}],
    "log-key": [lambda t, o: o, lambda t, o: t | {"log_vkey": o["log_vkey"]}, lambda t, o: t | {"log_vkey": "x"}, lambda t, o: t | {"provider": "Another"}],
    "acts": [lambda t, o: t | {"acts": t["acts"][1:]}, lambda t, o: t | {"acts": t["acts"][:2] + t["acts"][3:]}, lambda t, o: t | {"acts": []},
             lambda t, o: t | {"acts": t["acts"][:1] + t["acts"]}, lambda t, o: t | {"order": "W-2222-2222"},
             lambda t, o: t | {"acts": [t["acts"][1], t["acts"][0]] + t["acts"][2:]},
             lambda t, o: t | {"seal_acts": t["seal_acts"][::-1]}, lambda t, o: t | {"seal_acts": t["seal_acts"] + t["seal_acts"][-1:]}],
    "log-proof": [lambda t, o: t | {"acts": t["acts"][:1] + [t["acts"][1] | {"act": change(t["acts"][1]["act"], made_at="2026-01-01T00:00:00Z")}] + t["acts"][2:]},
                  lambda t, o: t | {"acts": [t["acts"][0] | {"act": change(t["acts"][0]["act"], actor={"name": "Ben", "unix_user": "ben"})}] + t["acts"][1:]},
                  lambda t, o: t | {"acts": [t["acts"][0] | {"proof": t["acts"][1]["proof"]}] + t["acts"][1:]},
                  lambda t, o: t | {"acts": [t["acts"][0] | {"proof": o["acts"][0]["proof"]}] + t["acts"][1:]},
                  lambda t, o: t | {"acts": [t["acts"][0] | {"proof": t["acts"][0]["proof"] + "\u2014 x AAAA\n"}] + t["acts"][1:]},
                  lambda t, o: t | {"acts": [t["acts"][0] | {"proof": ""}] + t["acts"][1:]},
                  lambda t, o: t | {"seal_acts": [t["seal_acts"][0] | {"act": change(t["seal_acts"][0]["act"], actor="Ana")}] + t["seal_acts"][1:]}],
}


@pytest.mark.parametrize("check", TWISTS)
def test_one_thing_wrong(home, good, other, check):
    for n, twist in enumerate(TWISTS[check]):
        assert both(home, canonical(twist(copy.deepcopy(good), other))) == (5, check), (check, n)


def test_bytes_that_are_no_timeline(home, good):
    data = canonical(good)
    for bad in (data[:-1], data + b"\n", data + b" ", b"{}", b"{", data.replace(b'"acts"', b'"acts" ', 1)):
        assert both(home, bad) == (5, "form")
    assert home.run("verify", home.base / "none.json").exit == 3
    path = home.base / "t.json"
    path.write_bytes(data)
    got = home.run("verify", path, "--identity", home.world.age("paris"))
    assert got.exit == 2 and "not locked" in got.err


def test_it_can_be_cut_short_and_says_so(home, good):
    """A file can hold less than there was; nothing but a newer one shows that, and both say it is fine so far."""
    short = good | {"acts": good["acts"][:-1], "seal_acts": good["seal_acts"][:-1]}
    assert both(home, canonical(short)) == (0, None)
    assert "no file can show" in home.ok("verify", home.base / "t.json", "--policy", home.policy)


class Own:
    """A log of our own, in which an act stands where and when we say."""

    def __init__(self, folder):
        self.base, self.at = folder, {}
        self.maker = makepackage.Maker(1, items=1, twist={"log": lambda plan: plan | self.at})
        self.maker.make()
        self.policy = folder / "policy.json"
        self.policy.write_text(self.maker.policy_text())

    def prove(self, act, **at):
        self.maker.release, self.at = canonical(act), at
        self.maker.make_proof()
        return {"act": self.maker.release.decode(), "proof": self.maker.proof.decode()}

    def timeline(self, *ticks):
        """(index, ms) of the ticks of its acts."""
        base = {"version": 1, "kind": "act", "order": "W-7KQF-2M9D", "made_at": "2026-11-22T10:00:00Z"}
        acts = [self.prove(base | {"seq": n + 1, "act": "received", "actor": {"name": "Ana", "unix_user": "ana"}, "body": {}}, index=index, millis=ms)
                for n, (index, ms) in enumerate(ticks)]
        return canonical({"version": 1, "kind": "timeline", "order": base["order"], "made_at": base["made_at"], "provider": "Example Mail",
                          "log_vkey": self.maker.vkey(), "acts": acts, "seal_acts": []})


def test_times_that_cannot_be(tmp_path):
    own, then = Own(tmp_path), utc("2026-11-22T10:00:00Z", "") * 1000
    assert both(own, own.timeline((3, then), (3, then), (9, then + 1))) == (0, None)
    assert both(own, own.timeline((3, then - 60000))) == (0, None)
    for ticks in [(3, then - 60001)], [(3, then), (2, then)], [(3, then), (4, then - 86400000)]:
        assert both(own, own.timeline(*ticks)) == (5, "log-time"), ticks


def test_whole_or_not_at_all(town):
    """While an act waits for its tick there is no file."""
    with life.Town(world=town.world, ticks="10s") as made:
        home = made.home("received")
        assert home.run("log", "export", "W-2222-2222").exit == 3 and home.run("log", "export").exit == 2
        got = home.run("log", "export", home.ref)
        assert (got.exit, got.out) == (75, "") and "waits for its tick" in got.err
        home.ok("tick")
        assert len(json.loads(home.ok("log", "export", home.ref))["acts"]) == len(home.acts())
