"""writ doctor: each finding both ways, its grade and the exit status; it changes nothing.
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.lifefixtures import NOON, clocked, town  # noqa: E402,F401

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
DAY = 86400


def findings(home, status=None, prefix=()):
    """{what: [(grade, words)]}; the exit status says whether anything is missing."""
    got = home.run("doctor", "--json", prefix=prefix)
    said = json.loads(got.out)
    missing = sum(f["grade"] == "MISSING" for f in said["findings"])
    assert got.exit == (7 if missing else 0) and said["missing"] == missing and said["ready"] == (missing == 0), got
    assert status in (None, got.exit), got
    out = {}
    for f in said["findings"]:
        out.setdefault(f["what"], []).append((f["grade"], f["words"]))
    return out


def grades(home, what, **more):
    return {g for g, _ in findings(home, **more).get(what, [])}


def test_a_good_home(town):
    home = town.home("founded")
    found = findings(home, 0)
    for what in ("seal", "seal.pub", "people", "agencies", "roster", "halt", "expiry", "store", "log", "folders", "seccomp",
                 "zones", "letters", "papers", "security-keys", "clock"):
        assert {g for g, _ in found[what]} == {"ok"}, what
    for what in ("users", "ticks", "backup", "verify", "decide"):       # a trial home, on demand, one counsel
        assert {g for g, _ in found[what]} == {"remark"}, what
    text = home.run("doctor")
    assert text.exit == 0 and "orders may come in" in text.err and "MISSING" not in text.out


def test_without_the_hand_of_security_keys(town, tmp_path):
    """Everything but a native signature goes on: a remark, and how it is mended."""
    home = town.home("founded")
    for program in life.PROGRAMS:
        if program != "writ-touch":
            shutil.copy2(tools.program(program), tmp_path / program)
    if os.access("/usr/lib/writ/writ-touch", os.X_OK):
        pytest.skip("a writ-touch is installed on this machine")
    got = subprocess.run([tmp_path / "writ", "doctor", "--json", "--home", home.dir], env=home.env(), capture_output=True, check=False, timeout=60)
    (grade, words), = [(f["grade"], f["words"]) for f in json.loads(got.stdout)["findings"] if f["what"] == "security-keys"]
    assert grade == "remark" and "writ-touch is not installed" in words and "install all programs" in words


def tree(folder):
    return {str(p.relative_to(folder)): (p.lstat().st_mtime_ns, p.lstat().st_size) for p in folder.rglob("*")
            if p.is_file() and p.name not in ("writ.db-shm", "writ.db-wal", "said", "lock")}


def test_it_changes_nothing(town):
    home = town.home("collected")
    findings(home)
    before = tree(home.dir)
    findings(home)
    assert tree(home.dir) == before


@pytest.mark.parametrize("name, mode, mends", [("blob", 0o750, 0o700), ("vault", 0o701, 0o700), ("log", 0o775, 0o755),
                                               ("writ.db", 0o640, 0o600), (".", 0o777, 0o700)])
def test_folders_that_others_reach(town, name, mode, mends):
    home = town.home("founded")
    (home.dir / name).chmod(mode)
    assert "MISSING" in grades(home, "folders", status=7)
    (home.dir / name).chmod(mends)
    assert grades(home, "folders", status=0) == {"ok"}


def test_nobody_adopted_a_pack_and_there_is_no_profile(town):
    home = town.home("founded")
    found = findings(home, 0)
    assert [g for g, _ in found["provider"] + found["packs"]] == ["remark"] * 2
    assert "provider.yaml" in found["provider"][0][1] and "nobody has adopted" in found["packs"][0][1]
    assert {"common", "fr", "us-federal"} <= set(found["packs"][0][1].split(": ")[1].split(", "))
    (home.dir / "provider.yaml").write_text("provider_version: 1\nname: EX\nlegal_entity: Example Mail SAS\n")
    home.ok("law", "adopt", "fr", as_="Ana", key="ana")
    found = findings(home, 0)
    assert found["provider"] == [("ok", "the profile is of Example Mail SAS")]
    assert sorted(found["packs"])[0] == ("ok", "adopted: fr") and ", fr," not in sorted(found["packs"])[1][1]


def test_a_profile_and_packs_that_cannot_be_read(town):
    home = town.home("founded")
    (home.dir / "provider.yaml").write_text("provider_version: 1\nname: EX\nlegal_entity: [\n")
    (home.dir / "law").mkdir()
    (home.dir / "law" / "x.yaml").write_text("pack:\n  id: x\n")
    found = findings(home, 7)
    assert {g for g, _ in found["provider"] + found["packs"]} == {"MISSING"}
    assert "provider.yaml:3" in found["provider"][0][1] and "x.yaml:2: version is missing" in found["packs"][0][1]


def test_a_folder_that_is_not_there(town):
    home = town.home("founded")
    (home.dir / "vault").rmdir()
    assert "MISSING" in grades(home, "folders", status=7)


def test_a_seal_that_does_not_answer(town):
    home = town.home("founded")
    home.stop()
    (home.dir / "seal" / "founding.json").rename(home.base / "gone")
    assert grades(home, "seal", status=7) == {"MISSING"}
    (home.base / "gone").rename(home.dir / "seal" / "founding.json")
    assert grades(home, "seal", status=0) == {"ok"}


def test_another_key_than_the_seals(town):
    home = town.home("founded")
    kept = (home.dir / "seal.pub").read_text()
    (home.dir / "seal.pub").write_text((home.world.base / "k" / "ana.pub").read_text())
    assert grades(home, "seal.pub", status=7) == {"MISSING"}
    (home.dir / "seal.pub").write_text(kept)
    findings(home, 0)


def test_halted(town):
    home = town.home("founded")
    home.ok("halt", "--because", "x", as_="Ana", key="ana")
    assert grades(home, "halt", status=7) == {"MISSING", "ok"}
    home.ok("resume", "--because", "x", as_="Ana", key=("ana", "ben"))
    assert grades(home, "halt", status=0) == {"ok"}


def test_a_store_that_cannot_be_read(town):
    home = town.home("founded")
    text = (home.dir / "stores.yaml").read_text()
    (home.dir / "stores.yaml").write_text(text.replace("/mail/archive/", "/mail/nowhere/"))
    assert ("MISSING" in grades(home, "store", status=7))
    (home.dir / "stores.yaml").write_text("stores_version: 1\nstores:\n  - name: x\n    surprise: yes\n")
    assert "MISSING" in grades(home, "hands", status=7)
    (home.dir / "stores.yaml").write_text(text)
    assert grades(home, "store", status=0) == {"ok"}


@pytest.mark.parametrize("may, name, grade", [("halt", "Ben", "remark"), ("decide", "Ana", "MISSING"), ("approve", "Dan", "ok")])
def test_rights_that_hang_on_one_person(town, may, name, grade):
    home = town.home("founded")
    others = [n for n in ("ana", "ben", "chi") if n != name.lower()][:2]
    home.ok("roster", "end", "--name", name, "--pub", f"{home.world.key(name)}.pub", as_=others[0].title(), key=others)
    assert grade in grades(home, {"approve": "people"}.get(may, may), status=7 if grade == "MISSING" else 0)
    # The seal itself keeps two who may change the roster, and enough approvers.
    assert grades(home, "roster") == {"ok"}


def test_too_few_approvers_beside_counsel(town):
    people = {"Ana": ("decide", "approve", "roster", "halt"), "Ben": ("approve", "roster", "halt")}
    with life.Town(world=town.world, people=people) as made:
        assert "MISSING" in grades(made.home("founded"), "people", status=7)


def test_keys_that_end_soon(clocked):
    home = clocked.home("founded")
    until = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(NOON + 40 * DAY))
    home.ok("roster", "add", "--name", "Eve", "--user", life.USER, "--pub", f"{home.world.key('eve')}.pub", "--may", "approve",
            "--until", until, as_="Ana", key=("ana", "ben"))
    assert grades(home, "expiry") == {"ok"}
    home.wait(12 * DAY)
    found = findings(home)["expiry"]
    assert [g for g, _ in found] == ["remark"] and "Eve" in found[0][1]
    home.wait(40 * DAY)         # it has ended: no finding of what ends soon
    assert grades(home, "expiry") == {"ok"}


def test_no_agency(town):
    with life.Town(world=town.world, agencies=()) as made:
        home = made.home("founded")
        assert grades(home, "agencies", status=7) == {"MISSING"}
        home.agency_add("pj-paris")
        assert grades(home, "agencies", status=0) == {"ok"}


def test_a_ticker_that_does_not_run(town):
    with life.Town(world=town.world, ticks="10s") as made:
        home = made.home("founded")
        assert grades(home, "ticks", status=7) == {"MISSING"}
        home.ok("tick")
        assert grades(home, "ticks", status=0) == {"ok"}
        old = time.time() - 600
        os.utime(home.dir / "log" / "checkpoint", (old, old))
        assert grades(home, "ticks", status=7) == {"MISSING"}


def test_acts_that_wait(town):
    home = town.home("received")
    home.stop()
    (home.dir / "seal" / "founding.json").rename(home.base / "gone")
    assert home.run("backup", "--out", home.base / "b.tar").exit == 7      # an act, and nobody to close its tick
    (home.base / "gone").rename(home.dir / "seal" / "founding.json")
    assert grades(home, "waiting", status=7) == {"MISSING"}
    home.ok("tick")
    assert grades(home, "waiting", status=0) == set()


def test_backup_and_verify_grow_old(clocked):
    home = clocked.home("founded")
    assert grades(home, "backup") == grades(home, "verify") == {"remark"}
    home.ok("backup", "--out", home.base / "b.tar")
    home.ok("log", "verify")
    assert grades(home, "backup") == grades(home, "verify") == {"ok"}
    home.wait(3 * DAY)
    assert (grades(home, "backup"), grades(home, "verify")) == ({"remark"}, {"ok"})
    home.wait(6 * DAY)
    assert grades(home, "verify") == {"remark"}
    # A verification that finds something is none.
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db:
        db.execute("UPDATE act SET made_at_utc = made_at_utc + 1 WHERE id = 1")
        db.commit()
    assert home.run("log", "verify").exit == 5 and grades(home, "verify") == {"remark"}


def test_a_clock_behind_the_log(clocked):
    home = clocked.home("founded")
    assert grades(home, "clock") == {"ok"}
    home.wait(-3600)
    assert grades(home, "clock", status=7) == {"MISSING"}


def test_a_disk_without_room(town):
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("a small disk needs root and a mount namespace")
    home = town.home("founded")
    home.stop()
    kept = home.base / "kept"
    shutil.copytree(home.dir, kept)
    script = f'mount -t tmpfs -o size=64m,mode=700 none {home.dir} && cp -a {kept}/. {home.dir}/ && exec "$@"'
    got = home.run("doctor", "--json", prefix=("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"))
    disk = [f["grade"] for f in json.loads(got.out)["findings"] if f["what"] == "disk"]
    assert (got.exit, disk) == (7, ["MISSING"])
    assert "MISSING" not in grades(home, "disk")


def test_no_home(town):
    home = town.home("founded")
    got = home.run("doctor", env={"WRIT_HOME": home.base / "nothing"})
    assert got.exit == 3 and got.out == ""
    assert home.run("doctor", "surprise").exit == 2
