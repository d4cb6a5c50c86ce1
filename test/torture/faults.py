"""Writes that fail: each call of a command that changes the disk, one after the other, fails with ENOSPC
and with EIO, once, for ever, or after half of it. The command must say so clearly, the order be as it was,
the log hold; then there is room again and the same command goes through, and what is delivered verifies.
What a failed fsync was for counts as gone: the last image holds only what was made safe again.
SPDX-License-Identifier: Apache-2.0
"""
import collections
import contextlib
import errno
import json
import random
import re
import shutil
import sqlite3
import subprocess

from harness import life
from torture import disk

HOWS = {"ENOSPC once": (disk.ONCE, errno.ENOSPC), "ENOSPC for ever": (disk.EVER, errno.ENOSPC),
        "ENOSPC after half": (disk.SHORT, errno.ENOSPC), "EIO once": (disk.ONCE, errno.EIO),
        "EIO for ever": (disk.EVER, errno.EIO), "kill -9": (disk.KILL, 0)}
NAMED = re.compile(r"No space left on device|Input/output error|disk")
FORTNIGHT = ("2026-10-31 23:00:00", "2026-11-14 23:00:00")


class Wrong(AssertionError):
    """A wrong outcome; its words say which."""


def need(true, *words):
    if not true:
        raise Wrong(" ".join(str(w) for w in words))


Scene = collections.namedtuple("Scene", "name stage words who keys done then")


def order_is(*states):
    return lambda home: home.state() in states


def policy_is(home):
    return home.json("roster", "list")["policy"]["statement_hours"] == "5"


def delivered(*stages):
    def then(home):
        if home.state() == "delivered":
            return
        for stage in (*stages, "delivered"):
            home.step(stage)
    return then


def refused(home):
    need(len([a for a in home.acts("lettered") if a["body"]["template"] == "refusal"]) == 1, "not one letter of refusal")
    need(list((home.dir / "seal" / "id").iterdir()) == [], "a refused order's key is left")
    need(home.run("release", home.ref, as_="Chi").exit == 4, "a refused order is released")


def nothing(home):
    home.ok("tick")


SCENES = [
    Scene("submit", "founded", ("order", "submit", "{base}/order.yaml", "--paper", "{paper}"), "Ana", (), None,
          delivered("authenticated", "decided", "collected", "noticed", "approved", "released")),
    Scene("collect", "decided", ("collect", "{ref}"), "Ben", (), order_is("collected"), delivered("noticed", "approved", "released")),
    Scene("collect anew", "collected", ("collect", "{ref}", "--again"), "Ben", (), None, delivered("noticed", "approved", "released")),
    Scene("approve", "noticed", ("approve", "{ref}"), "Ben", ("ben",), None, None),
    Scene("release", "approved", ("release", "{ref}"), "Chi", (), order_is("released"), delivered()),
    Scene("deliver", "released", ("deliver", "{ref}", "--out", "{base}/out.tar"), "Chi", (), order_is("delivered"), delivered()),
    Scene("refuse", "collected", ("decide", "{ref}", "refuse", "--reason", "INST-UNSIGNED"), "Ana", ("ana",),
          order_is("refused"), refused),
    Scene("roster", "decided", ("roster", "add", "--policy", "statement_hours", "--value", "5"), "Ana", ("ana", "ben"),
          policy_is, delivered("collected", "noticed", "approved", "released")),
    Scene("tick", "decided", ("tick",), None, (), None, nothing),
    Scene("tick 256", "255", ("tick",), None, (), None, nothing),
]


def after_ben(home):
    """From one approval, which the fault may have cost, to the end."""
    if home.state() == "delivered":
        return
    if len(home.acts("approved")) < 1:
        home.approve("Ben")
    home.approve("Chi")
    for stage in ("released", "delivered"):
        home.step(stage)


class Stage:
    """A town with two stages more: a log that is about to fill its first tile."""

    def __init__(self):
        self.town = life.Town()

    def home(self, stage):
        if not stage.isdigit():
            return self.town.home(stage)
        if stage not in self.town.frozen:
            home = self.town.frozen[stage] = self.town.home("decided")
            while home.json("tick")["size"] < int(stage):
                pass
        self.town.count += 1
        return self.town.keep(self.town.frozen[stage].twin(self.town.base / f"h{self.town.count}"))

    def close(self):
        self.town.close()


def watched(home, mebibytes=16):
    """The home's programs see this disk from now on."""
    made, plain = disk.Disk(home.base, mebibytes), home.env
    home.env = lambda **more: plain(**more) | made.env()
    home.on = made
    return made


def acts_at_rest(home):
    """Every act of a home in which no command runs, without touching its files."""
    need(not (home.dir / "writ.db-wal").exists() or (home.dir / "writ.db-wal").stat().st_size == 0, "the database is not at rest")
    with contextlib.closing(sqlite3.connect(f"file:{home.dir}/writ.db?immutable=1", uri=True)) as db:
        return db.execute("SELECT order_ref, seq, act FROM act ORDER BY id").fetchall()


def watched_at(stage, name):
    """A home at that stage, on a disk that is seen and does not fail."""
    home = stage.home(name)
    watched(home)
    home.on.arm()
    return home


def forget(home):
    home.stop()
    if hasattr(home, "on"):
        home.on.close()
    shutil.rmtree(home.base)


def words_of(home, scene):
    return [w.format(base=home.base, ref=getattr(home, "ref", ""), paper=home.world.paper) for w in scene.words]


def run(home, scene, *more):
    return home.run(*words_of(home, scene), *more, as_=scene.who, key=scene.keys)


def again(home, scene):
    """The same command as a person gives it after an error: only if it is not done, and --resume where it began."""
    if scene.name == "submit" and home.json("order", "list")["orders"]:
        home.ref = home.json("order", "list")["orders"][0]["order"]
        return
    if scene.name == "approve" and home.acts("approved"):
        return
    if scene.done and scene.done(home):
        return
    got = run(home, scene, *(["--resume"] if scene.name == "deliver" and (home.base / "out.tar").exists() else []))
    need(got.exit == 0, "with room again:", got)
    if scene.name == "submit":
        home.ref = got.out.split()[0]


def check_end(home, scene):
    if scene.name == "refuse":
        return refused(home)
    if scene.name.startswith("tick"):
        return home.sound()
    out = home.base / "out.tar"
    need(len(home.seal_acts("released")) == 1 and len(home.acts("released")) == 1, "not released once")
    need(len(home.acts("delivered")) == 1, "not delivered once")
    need(home.verify(out).exit == 0, "the delivered file does not verify")
    need(home.open(out).hashes() == home.world.expect("alice@mail.example", *FORTNIGHT), "other mails than ordered")
    return None


def sound(home):
    for words in (("log", "verify"), ("fsck",)):
        got = home.run(*words, "--json")
        try:
            found = json.loads(got.out)
        except ValueError:
            raise Wrong(" ".join(words), got) from None
        need(got.exit == 0 and found["differences"] == 0, " ".join(words), got.exit, found.get("findings"), got.err)


def check_words(got, calls):
    """An error that helps: what failed, and what to do."""
    broken = [c for c in calls if c.failed]
    need("next: " in got.err, "no advice:", got, broken[:1])
    need(NAMED.search(got.err), "the error does not name the disk:", got, broken[:1])


def check_safe(home, scene, model, calls, rng):
    """A loss of power after all this takes nothing that was acknowledged."""
    for call in calls:
        model.take(call)
    base = home.base.parent / (home.base.name + "-safe")
    model.image(base, "safe", "safe", rng)
    image = life.Home(home.world, base)
    image.ref = getattr(home, "ref", None)
    try:
        sound(image)
        need(image.acts_in_all() == home.acts_in_all(), "acts are lost:", len(image.acts_in_all()), len(home.acts_in_all()))
        if scene.name not in ("refuse", "tick", "tick 256"):
            need(image.deliver("again.tar").read_bytes() == (home.base / "out.tar").read_bytes(), "another delivered file")
            need((base / "out.tar").exists() and (base / "out.tar").read_bytes() == (home.base / "out.tar").read_bytes(),
                 "the delivered file is lost")
    except AssertionError as e:
        raise Wrong("after a loss of power:", e) from None
    finally:
        forget(image)


def reference(stage, scene):
    """How many calls the command makes that may fail, and which."""
    home = prepare(stage, scene)
    got = run(home, scene)
    need(got.exit == 0, "the reference run:", got)
    calls = [c for c in home.on.calls() if c.number]
    count = home.on.seen
    forget(home)
    return count, {c.number: c for c in calls}


def prepare(stage, scene):
    home = watched_at(stage, scene.stage)
    if scene.name == "submit":
        life.order_file(home.base / "order.yaml", home.world)
    return home


def fault(stage, scene, how, at, thorough=True):
    """One call fails. Gives whether it did, and raises Wrong."""
    kind, number = HOWS[how]
    home = prepare(stage, scene)
    try:
        model, before = disk.Model(home.base), acts_at_rest(home)
        home.on.arm(kind, at, number)
        got = run(home, scene)
        failed = home.on.disarm()
        if kind == disk.KILL:
            home.on.unlock()
        calls = home.on.calls()
        if failed and kind != disk.KILL and got.exit != 0:
            check_words(got, calls)
        sound(home)
        need(home.acts_in_all()[:len(before)] == before, "an act is gone")
        if got.exit == 0 and scene.done:
            need(scene.done(home), "acknowledged and not done:", got)
        if scene.name == "submit":
            told = re.findall(r"^W-\S+$", got.out, re.M)
            need(set(told) <= {o["order"] for o in home.json("order", "list")["orders"]}, "an acknowledged order is lost")
        again(home, scene)
        (scene.then or after_ben)(home)
        sound(home)
        home.stop()
        if thorough:
            check_end(home, scene)
        if kind in (disk.ONCE, disk.KILL):
            check_safe(home, scene, model, home.on.calls(), random.Random(at))
        return failed
    except subprocess.TimeoutExpired as e:
        raise Wrong("a command does not end:", e) from None
    except Wrong:
        raise
    except (AssertionError, OSError, ValueError, KeyError, IndexError) as e:
        raise Wrong(type(e).__name__, e) from e
    finally:
        forget(home)
