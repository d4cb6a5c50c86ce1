"""Torture, short: thirty kills, some failing calls and some images of a loss of power; 'make torture' is the
whole. And each defect that torture found, at its own call. SPDX-License-Identifier: Apache-2.0
"""
import os
import random
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import tools  # noqa: E402
from torture import disk, faults, images, kills  # noqa: E402

if not tools.program("writ") or not disk.library():
    pytest.fail("writ or its disk is not built (WRIT_BUILD)", pytrace=False)
SEED = random.SystemRandom().randrange(10 ** 6)
SCENES = {scene.name: scene for scene in faults.SCENES}


@pytest.fixture(scope="module")
def stage():
    made = faults.Stage()
    yield made
    made.close()


@pytest.fixture
def home(stage):
    """Makes homes on a disk that is watched, and takes them away."""
    made = []

    def make(name):
        made.append(faults.watched_at(stage, name))
        return made[-1]
    yield make
    for one in made:
        faults.forget(one)


def number_of(home, op, path, program=None, nth=-1):
    """Which of the calls on the tape that was: the nth of those of this kind on such a path."""
    files, found = {}, []
    for call in home.on.calls():
        if call.path:
            files[call.ino] = call.to or call.path
        if call.op == op and program in (None, call.program) and (call.to or call.path or files.get(call.ino, "")).endswith(path):
            found.append(call.number)
    return found[nth]


def sync_after(home, op, path, nth=-1):
    """The first fsync behind that call."""
    at = number_of(home, op, path, nth=nth)
    return next(c.number for c in home.on.calls() if c.op == disk.SYNC and c.number > at)


# ---- thirty kills, some calls, some images ----

def test_kills(stage):
    run = kills.kills(stage.town, random.Random(SEED), int(os.environ.get("KILLS", "30")))
    assert sum(run.hits.values()) >= 30 and run.finished, f"seed {SEED}"


@pytest.mark.parametrize("name", SCENES)
def test_faults(stage, name):
    rng, scene = random.Random(f"{SEED}{name}"), SCENES[name]
    count, _ = faults.reference(stage, scene)
    assert count > 20
    how, at = rng.choice(list(faults.HOWS)), rng.randint(1, count)
    try:
        faults.fault(stage, scene, how, at)
    except faults.Wrong as e:
        pytest.fail(f"seed {SEED}: {how} at call {at} of {count}: {e}", pytrace=False)


@pytest.mark.parametrize("name", ["answered, with kills", "refused late, with kills", "roster, with kills"])
def test_images(stage, name):
    wrong, rng = [], random.Random(f"{SEED}{name}")
    tape = images.Tape(stage, name, rng)
    made = images.images(tape, rng, 8, 4, stage.town.base, wrong.append)
    tape.close()
    assert not wrong, f"seed {SEED}: {wrong[0]}"
    assert made["images"] == 8 and made["to the end"] == 2


# ---- the torture itself can tell ----

def test_a_lie_of_the_disk_is_found(stage):
    """A disk whose fsync does nothing loses what was acknowledged: the images must say so."""
    tape, wrong = images.Tape(stage, "answered", random.Random(1)), []
    tape.calls = [call for call in tape.calls if call.op != disk.SYNC]
    images.images(tape, random.Random(1), 12, 100, stage.town.base, wrong.append)
    tape.close()
    assert len(wrong) >= 3, wrong


def test_a_failed_fsync_is_never_made_good(tmp_path):
    (tmp_path / "home").mkdir()
    model, rng = disk.Model(tmp_path), random.Random(1)
    path = str(tmp_path / "home" / "a")
    call = disk.Call(disk.CREATE, False, "w", 1, 99, 0, 0, b"", path, None)
    folder = call._replace(op=disk.SYNC, ino=os.stat(tmp_path / "home").st_ino)
    for one in (call, call._replace(op=disk.WRITE, length=4, data=b"gone"), call._replace(op=disk.SYNC, failed=True),
                call._replace(op=disk.WRITE, at=4, length=4, data=b"kept"), call._replace(op=disk.SYNC), folder):
        model.take(one)
    model.image(tmp_path / "image", "safe", "safe", rng)
    assert (tmp_path / "image" / "home" / "a").read_bytes() == b"\0\0\0\0kept"


# ---- what torture found ----

def safe(home, model):
    """The home as the hardest loss of power leaves it."""
    for call in home.on.calls():
        model.take(call)
    base = home.base.parent / (home.base.name + "-left")
    model.image(base, "safe", "safe", random.Random(1))
    left = faults.life.Home(home.world, base)
    left.ref = home.ref
    return left


def test_the_name_of_the_delivered_file_is_safe(stage, home):
    one = home("released")
    model = disk.Model(one.base)
    out = one.deliver()
    left = safe(one, model)
    assert (left.base / "out.tar").read_bytes() == out.read_bytes()
    faults.forget(left)


def test_a_delivery_whose_fsync_failed_begins_anew(stage, home):
    one = home("released")
    one.deliver("reference.tar")
    at = number_of(one, disk.SYNC, "reference.tar")
    one = home("released")
    model = disk.Model(one.base)
    one.on.arm(disk.ONCE, at, 5)
    got = one.run("deliver", one.ref, "--out", one.base / "out.tar", as_="Chi")
    assert got.exit == 1 and "Input/output error" in got.err and "--resume" in got.err and one.on.disarm() == 1
    one.ok("deliver", one.ref, "--out", one.base / "out.tar", "--resume", as_="Chi")
    left = safe(one, model)
    assert (left.base / "out.tar").read_bytes() == (one.base / "out.tar").read_bytes()
    faults.forget(left)


def test_a_database_that_cannot_be_written_is_no_lack_of_rights(stage, home):
    one = home("decided")
    (one.dir / "writ.db-wal").touch()   # as beside another command
    one.on.arm(disk.ONCE, 1, 28)
    got = one.run("collect", one.ref, as_="Ben")
    assert one.on.disarm() == 1 and got.exit == 1
    assert "disk" in got.err and "not allowed" not in got.err and "roster" not in got.err


def test_the_seal_never_gets_two_ticks_ahead(stage, home):
    """A tick is killed between the checkpoint's new name and the fsync of its folder; the next one goes on."""
    one = home("decided")
    one.ok("tick")
    at = sync_after(one, disk.RENAME, "/log/checkpoint")
    one = home("decided")
    model = disk.Model(one.base)
    one.on.arm(disk.KILL, at, 0)
    assert one.run("tick").exit == -9 and one.on.disarm() == 1
    seen = one.on.used
    one.run("tick")
    calls = one.on.calls()
    cut = next(n for n, c in enumerate(calls) if c.op == disk.RENAME and c.to.endswith("/seal/tick.json") and
               n >= len(one.on.calls(0, seen))) + 2
    one.on.calls = lambda: calls[:cut]
    left = safe(one, model)
    left.ok("tick")
    left.sound()
    faults.forget(left)


def test_tiles_above_the_first_level_are_safe(stage, home):
    one = home("255")
    model = disk.Model(one.base)
    one.ok("tick")
    left = safe(one, model)
    assert (left.dir / "log" / "tile" / "1" / "000.p" / "1").stat().st_size == 32
    left.sound()
    faults.forget(left)


def test_a_seal_that_was_killed_makes_safe_what_it_named(stage, home):
    """Killed between the journal's new name and the fsync of the folder; the command asks a new seal the same."""
    change = ("roster", "add", "--policy", "statement_hours", "--value", "5")
    one = home("decided")
    one.ok(*change, as_="Ana", key=("ana", "ben"))
    at = sync_after(one, disk.RENAME, "/seal/journal.json", nth=0)
    one = home("decided")
    model = disk.Model(one.base)
    one.on.arm(disk.KILL, at, 0)
    one.run(*change, as_="Ana", key=("ana", "ben"))
    assert one.on.disarm() == 1
    calls = one.on.calls()
    # Before the new seal redoes the first thing, what it redoes must be safe.
    named = [n for n, c in enumerate(calls) if c.op == disk.RENAME and "/seal/" in c.to]
    assert calls[named[0]].to.endswith("/journal.json") and not calls[named[1]].to.endswith("/journal.json")
    one.on.calls = lambda: calls[:named[1] + 1]
    left = safe(one, model)
    assert (left.dir / "seal" / "journal.json").exists()
    assert left.json("roster", "list")["policy"]["statement_hours"] == "5"
    left.sound()
    faults.forget(left)


def test_a_paper_that_is_there_is_safe(stage, home):
    """Killed before the fsync of a blob's folder; the next submission finds the blob and relies on it."""
    submit = SCENES["submit"]
    one = faults.prepare(stage, submit)
    assert faults.run(one, submit).exit == 0
    blob = next(c for c in one.on.calls() if c.op == disk.RENAME and "/blob/" in c.to)
    at = next(c.number for c in one.on.calls() if c.op == disk.SYNC and c.number > blob.number)
    faults.forget(one)
    one = faults.prepare(stage, submit)
    model = disk.Model(one.base)
    one.on.arm(disk.KILL, at, 0)
    assert faults.run(one, submit).exit == -9 and one.on.disarm() == 1
    one.ref = faults.run(one, submit).out.split()[0]
    left = safe(one, model)
    assert left.state() == "received"
    left.sound()
    faults.forget(left)
    faults.forget(one)
