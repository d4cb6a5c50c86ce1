"""Backup and the rehearsed restore of doc/restore.md: what is in a backup, going on after the home's disk is
lost, after an old copy was put back, and after the seal is lost. SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import homes, life, tools  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


def backup(home, name="b.tar"):
    path = home.base / name
    home.ok("backup", "--out", path)
    return path


def unpack(path, to):
    """As doc/restore.md says, with stock tools alone."""
    to.mkdir(mode=0o700)
    life.call("sh", "-c", 'umask 077 && tar --no-same-owner --no-same-permissions -xf "$1" -C "$2"', "sh", path, to)
    life.call("sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS", cwd=to)
    for name in ("run", "vault", "blob"):
        (to / name).mkdir(mode=0o700, exist_ok=True)


def restore(home, path, seal=None):
    """The home's disk is lost; the seal's is put beside what the backup has."""
    home.stop()
    if seal is None:
        seal = home.base / "seal-kept"
        shutil.copytree(home.dir / "seal", seal)
    shutil.rmtree(home.dir)
    unpack(path, home.dir)
    if seal:
        shutil.copytree(seal, home.dir / "seal")


def again(home, key=("ana", "ben"), status=0):
    """A founding after the seal was lost."""
    got = home.run("init", "--continue", key=key)
    assert got.exit == status, got
    if status == 0:
        home.ok("policy", "export", "--out", home.base / "policy.json")
    return got


# ---- what a backup is ----

def test_a_backup_is_whole_and_holds_no_key(town):
    home = town.home("collected")
    (home.dir / "tls").mkdir()
    (home.dir / "tls" / "key.pem").write_text("the desk's")
    said = home.json("backup", "--out", home.base / "b.tar")
    path = home.base / "b.tar"
    assert said["sha256"] == life.sha(path.read_bytes()) and said["bytes"] == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as tar:
        names = tar.getnames()
        cover = json.loads(tar.extractfile("backup.json").read())
    assert len(names) == len(set(names)) == said["files"] and names[0] == "backup.json" and names[-1] == "SHA256SUMS"
    assert not [n for n in names if n.startswith(("seal/", "run/", "tls", "/", "..")) or n.endswith((".tmp", "-wal", "lock"))]
    assert {n.split("/")[0] for n in names} >= {"writ.db", "blob", "vault", "log", "stores.yaml", "seal.pub", "founding.json"}
    assert cover["kind"] == "backup" and cover["log_size"] == said["log_size"] and "seal" in cover["not_in_it"][0]
    # Every secret that the seal's folder holds, in any coding, is in no member.
    home.stop()
    secrets = homes.raw_keys(home.dir / "seal" / "key") | homes.raw_keys(home.dir / "seal" / "id")
    unpack(path, home.base / "look")
    everything = b"".join(p.read_bytes() for p in sorted((home.base / "look").rglob("*")) if p.is_file())
    assert len(secrets) >= 3
    for secret in secrets:
        assert not [code for code in (secret, secret.hex().encode()) if code in everything]
    assert not homes.age_material(home.base / "look")[0]


def test_it_tells_who_took_it(town):
    home = town.home("received")
    before = len(home.acts_in_all())
    backup(home)
    assert [a for _, _, a in home.acts_in_all()][before:] == ["backup"]
    home.sound()


def test_it_replaces_nothing_and_leaves_no_half(town):
    home = town.home("received")
    path = backup(home)
    first = path.read_bytes()
    got = home.run("backup", "--out", path)
    assert got.exit == 4 and "exists already" in got.err and path.read_bytes() == first
    assert home.run("backup").exit == 2
    assert home.run("backup", "--out", home.base / "no" / "b.tar").exit == 3
    (home.dir / "blob" / "zz").mkdir()
    (home.dir / "blob" / "zz" / "x").write_text("x")
    (home.dir / "blob" / "zz" / "x").chmod(0)
    if os.geteuid() != 0:
        assert home.run("backup", "--out", home.base / "c.tar").exit == 1
        assert not (home.base / "c.tar").exists()
    assert not list(home.dir.glob("*.copy"))


def test_a_full_disk_leaves_nothing(town):
    if not tools.program("writ", hooks=True):
        pytest.skip("the build with test hooks is not there")
    with life.Town(hooks=True, world=town.world) as hooked:
        home = hooked.home("received")
        for n in (1, 5, 20):
            got = home.run("backup", "--out", home.base / "b.tar", env={"WRIT_FAIL": f"write:{n}:ENOSPC"})
            # 7: the act waits for its tick, and the copy is whole. Anything else leaves no file.
            assert got.exit in (0, 1, 6, 7) and (got.exit == 0 or "next:" in got.err), got
            assert (home.base / "b.tar").exists() == (got.exit in (0, 7))
            if got.exit in (0, 7):
                unpack(home.base / "b.tar", home.base / f"look{n}")
                (home.base / "b.tar").unlink()
        home.stop()     # the seal that was started with the failing disk
        home.ok("tick")
        home.sound()
        backup(home)


def test_in_the_home_itself_it_is_not_in_itself(town):
    home = town.home("received")
    home.ok("backup", "--out", home.dir / "a.tar")
    assert "a.tar" not in tarfile.open(home.dir / "a.tar").getnames()


def test_without_the_seal_it_is_taken_all_the_same(town):
    home = town.home("collected")
    home.stop()
    (home.dir / "seal" / "founding.json").rename(home.base / "gone")
    got = home.run("backup", "--out", home.base / "b.tar")
    assert got.exit == 7 and "whole" in got.err
    unpack(home.base / "b.tar", home.base / "look")


# ---- the home's disk is lost, the seal's is kept ----

@pytest.mark.parametrize("stage", ["founded", "collected", "noticed", "released"])
def test_the_newest_backup_goes_on_as_if_nothing_had_been(town, stage):
    home = town.home(stage)
    restore(home, backup(home))
    home.sound()
    home.ok("doctor")
    if stage == "founded":
        home.submit()
    else:
        if stage in ("collected", "noticed"):
            for step in home.STAGES[home.STAGES.index(stage) + 1:-1]:
                home.step(step)
        assert home.verify(home.deliver("mine.tar")).exit == 0
    home.sound()


def test_an_older_backup_is_noticed_and_cannot_go_on(town):
    home = town.home("authenticated")
    old = backup(home)
    home.decide()
    home.collect()
    restore(home, old)
    status, places, said = homes.findings(home)
    assert status == 5 and [what for place, what in places if place == "log/checkpoint" and "the seal's has" in what], places
    # Nothing is lost by trying: a command that writes says that it is not in the log.
    got = home.run("gag", home.ref, "--basis", "x", "--indefinite", as_="Ana")
    assert got.exit in (4, 5, 7) and "next:" in got.err
    # The seal is there, so it is not lost; who means it moves its folder away.
    got = again(home, status=4)
    assert "not lost" in got.err


def test_an_older_seal_is_noticed(town):
    home = town.home("authenticated")
    home.stop()
    shutil.copytree(home.dir / "seal", home.base / "old-seal")
    home.decide()
    home.submit()
    restore(home, backup(home), home.base / "old-seal")
    got = home.run("order", "submit", home.base / "order.yaml", "--paper", home.world.paper, as_="Ana")
    assert got.exit != 0 and "the state was put back" in got.err
    assert homes.findings(home)[0] in (0, 5)        # the home agrees with itself; the seal does not start


# ---- the seal is lost ----

def test_a_lost_seal(town):
    home = town.home("authenticated")
    done = home.ref
    for step in home.STAGES[2:]:
        home.step(step)
    first = home.base / "out.tar"
    shutil.copy(home.base / "policy.json", home.base / "policy.old.json")
    sealed = {}
    for stage in ("collected", "approved", "released", "decided"):
        home.submit()
        for step in home.STAGES[1:home.STAGES.index(stage) + 1]:
            home.step(step)
        sealed[stage] = home.ref
    checkpoint = (home.dir / "log" / "checkpoint").read_text()
    acts = home.acts_in_all()
    restore(home, backup(home), seal=False)
    checkpoint = (home.dir / "log" / "checkpoint").read_text()

    got = again(home)
    assert "pj-paris" in got.err and "collected again" in got.err
    document = json.loads((home.dir / "founding.json").read_text())
    assert document["continues"]["checkpoint"] == checkpoint
    assert {p["name"] for p in document["people"]} == set(life.STAFF)
    assert document["log_vkey"] != document["continues"]["log_vkey"]
    # The old log and database are there still, and every act is in the new one.
    assert (home.dir / "before-1" / "log" / "checkpoint").read_text() == checkpoint
    now = home.acts_in_all()
    assert now[:len(acts)] == acts
    assert [a for _, _, a in now[len(acts):]] == ["backup", "founded", "seal_lost", "seal_lost", "seal_lost"]
    home.sound()
    assert [home.state(sealed[s]) for s in ("collected", "approved", "released", "decided")] == ["decided"] * 4
    assert home.state(done) == "delivered"
    assert not list((home.dir / "vault").glob(sealed["collected"] + "*"))

    # Agencies are registered again, and every order that was not delivered goes its way.
    got = home.run("collect", sealed["released"], as_="Ben")
    assert got.exit == 0
    for id_ in life.AGENCIES:
        home.agency_add(id_)
    home.ok("store", "check", as_="Ana")
    home.ref = sealed["released"]
    for step in ("approved", "released"):       # the notice decision stays on file
        home.step(step)
    second = home.deliver("second.tar")
    ours = home.verify(second)
    assert ours.exit == 0 and "goes on from" in ours.out
    assert home.verify(second, policy=False).exit == 7
    # What left before is checked as before, with the policy of then.
    shutil.copy(home.base / "policy.old.json", home.base / "policy.json")
    if first.exists():
        assert home.verify(first).exit == 0
    assert home.verify(second).exit == 5
    home.sound()


def test_twice_lost(town):
    home = town.home("collected")
    for n in (1, 2):
        home.stop()
        shutil.rmtree(home.dir / "seal")
        again(home)
        assert (home.dir / f"before-{n}" / "writ.db").exists()
        home.sound()
    assert home.state() == "decided"
    home.collect()
    home.sound()


def test_it_needs_two_rostered_people(town):
    home = town.home("collected")
    home.stop()
    shutil.rmtree(home.dir / "seal")
    assert "roster" in again(home, key=("ana", "eve"), status=1).err
    assert not (home.dir / "before-1").exists()
    # The document is there: the right people sign it.
    for name in ("ana", "ben"):
        life.call("sh", "-c", 'ssh-keygen -Y sign -f "$1" -n writ-roster@v1 < "$2" > "$3"', "sh", home.world.key(name),
                  home.dir / "founding.json", home.base / f"{name}.sig")
    got = home.run("init", "--signature", home.base / "ana.sig", "--signature", home.base / "ana.sig")
    assert got.exit == 1 and "KEY_TWICE" in got.err
    home.ok("init", "--signature", home.base / "ana.sig", "--signature", home.base / "ben.sig")
    home.sound()
    assert home.run("init", "--signature", home.base / "ana.sig", "--signature", home.base / "ben.sig").exit == 1
    home.sound()


def test_people_and_policy_are_those_of_then(town):
    home = town.home("founded")
    home.ok("roster", "add", "--name", "Eve", "--user", life.USER, "--pub", f"{home.world.key('eve')}.pub", "--may", "roster",
            as_="Ana", key=("ana", "ben"))
    home.ok("roster", "end", "--name", "Dan", "--pub", f"{home.world.key('dan')}.pub", as_="Ana", key=("ana", "ben"))
    home.ok("roster", "add", "--policy", "scope_hours", "--value", "48", as_="Ana", key=("ana", "ben"))
    home.ok("roster", "add", "--policy", "ticket_hours", "--value", "12", as_="Ana", key=("ana", "ben"))
    home.stop()
    shutil.rmtree(home.dir / "seal")
    again(home, key=("eve", "ben"))
    document = json.loads((home.dir / "founding.json").read_text())
    assert {p["name"] for p in document["people"]} == {"Ana", "Ben", "Chi", "Eve"}
    assert document["policy"]["scope_hours"] == "48" and document["policy"]["ticket_hours"] == "12"
    home.sound()


def test_what_is_not_lost_is_not_founded_again(town):
    home = town.home("collected")
    assert "not lost" in again(home, status=4).err
    nowhere = home.base / "nowhere"
    assert home.run("init", "--continue", env={"WRIT_HOME": nowhere}).exit == 3
    home.stop()
    shutil.rmtree(home.dir / "seal")
    (home.dir / "log" / "checkpoint").unlink()
    assert home.run("init", "--continue", key=("ana", "ben")).exit in (3, 5)
    assert not (home.dir / "seal" / "founding.json").exists()


def rewritten(home, change):
    """The last founding's body, changed behind writ's back together with salt and commitment: what a thief of the
    database can do to an act that waits."""
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db:
        body, salt, old = db.execute("SELECT body, salt, commitment FROM act WHERE act = 'founded' ORDER BY id DESC").fetchone()
        act = json.loads(body)
        change(act["body"])
        text = json.dumps(act, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        new = hashlib.sha256(b"writ/act/v1\0" + bytes.fromhex(salt) + text.encode()).hexdigest()
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("UPDATE act SET body = ?, commitment = ? WHERE commitment = ?", (text, new, old))
        db.commit()


@pytest.mark.parametrize("what, change", [
    ("signatures of two people", lambda b: b.update(signatures=b["signatures"][:1])),
    ("signatures of two people", lambda b: b.update(signatures=[b["signatures"][0]] * 2)),
    ("continues", lambda b: b.update(document=b["document"].replace('"founding_sha256":"', '"founding_sha256":"0'))),
])
def test_log_verify_checks_a_founding_that_goes_on(town, what, change):
    home = town.home("received")
    home.stop()
    shutil.rmtree(home.dir / "seal")
    again(home)
    rewritten(home, change)
    status, places, _ = homes.findings(home)
    assert status == 5 and [w for p, w in places if p.startswith("act[HOME") and what in w], places


def test_the_seal_refuses_a_log_that_nobody_signed(town):
    home = town.home("received")
    document = json.loads((home.dir / "founding.json").read_text())
    note = (home.dir / "log" / "checkpoint").read_text()
    people = [{k: v for k, v in p.items() if k != "from"} for p in document["people"]]
    good = {"checkpoint": note, "founding_sha256": "0" * 64, "log_vkey": document["log_vkey"]}
    for n, (change, status) in enumerate([({}, 0), ({"checkpoint": note.replace("\n", "\nx", 1)}, None), ({"checkpoint": ""}, None),
                                          ({"founding_sha256": "0" * 63}, None), ({"log_vkey": "x"}, None), ({"more": "x"}, None)]):
        given = {"provider": "P", "people": people, "continues": good | change}
        done = subprocess.run([home.bin / "writ-seal", "--init", home.base / f"s{n}"], input=json.dumps(given).encode(),
                              capture_output=True, check=False)
        assert (done.returncode == 0) == (status == 0), (change, done.stderr)
        if status == 0:
            assert json.loads(done.stdout)["continues"] == good
        else:
            assert not (home.base / f"s{n}" / "founding.json").exists()
