"""Loss of power: whole lives of orders are written down call by call, and at random moments the images are
made that a disk could have been left with: what was not yet made safe is dropped, kept, torn or comes in
another order. Each image is put into a home and opened by the real commands: what was acknowledged before
that moment must be there, the log hold, and the life go on to its end with one release and one delivery.
SPDX-License-Identifier: Apache-2.0
"""
import bisect
import collections
import json
import re

from harness import life
from torture import disk, kills
from torture.faults import FORTNIGHT, Wrong, acts_at_rest, forget, need, sound, watched

NAMES, DATA = ("safe", "all", "first", "some"), ("safe", "all", "some", "torn")
# name: stage from which it starts, steps, is every command killed once on its way
TAPES = {
    "answered": ("founded", kills.ROADS["answered"], False),
    "answered, with kills": ("founded", kills.ROADS["answered"], True),
    "twice collected": ("founded", kills.ROADS["twice collected"], False),
    "refused late": ("founded", kills.ROADS["refused late"], False),
    "refused late, with kills": ("founded", kills.ROADS["refused late"], True),
    "void": ("founded", kills.ROADS["void"], False),
    "roster": ("decided", ("policy", "tick"), False),
    "roster, with kills": ("decided", ("policy", "tick", "policy"), True),
    "tick 256": ("254", ("tick",) * 4, False),
    "tick 256, with kills": ("254", ("tick",) * 4, True),
}
Known = collections.namedtuple("Known", "at acts size ref out")


class Tape:
    """A life, its calls, and what was acknowledged when."""

    def __init__(self, stage, name, random):
        start, self.road, self.killed = TAPES[name]
        self.name, self.home = name, stage.home(start)
        self.start_ref = getattr(self.home, "ref", None)
        watched(self.home, 32)
        self.model = disk.Model(self.home.base)
        self.task = kills.Task(self.home.world, self.road, 1)
        self.task.ref = self.start_ref
        self.known = [Known(0, acts_at_rest(self.home), self.size(), self.start_ref, None)]
        self.record(random)
        self.home.stop()
        self.calls = self.home.on.calls()

    def size(self):
        """Of the log, by its checkpoint."""
        path = self.home.dir / "log" / "checkpoint"
        return int(path.read_text().splitlines()[1]) if path.exists() else 0

    def record(self, random):
        task, on = self.task, self.home.on
        while task.step:
            for kill in ((True, True, False) if self.killed else (False,)):
                words, who, keys = task.words(self.home)
                on.arm(disk.KILL if kill else 0, random.randint(1, 150))
                got = self.home.run(*words, as_=who, key=keys)
                on.disarm()
                on.unlock()
                self.learn(got)
                if got.exit in (0, 7) or self.is_done():
                    break
            need(got.exit in (0, 7) or self.is_done(), "on the tape:", self.name, task.step, got)
            task.at += 1
            self.keep()

    def learn(self, got):
        if self.task.step == "submit":
            told = re.findall(r"^W-\S+$", got.out, re.M)
            listed = [o["order"] for o in self.home.json("order", "list")["orders"]]
            self.task.ref = (told + listed + [None])[0]

    def is_done(self):
        if self.task.step in ("tick", "policy", "scope"):
            return False
        return bool(self.task.ref) and (self.task.step == "submit" or self.task.done(self.home.show(self.task.ref)["acts"]))

    def keep(self):
        """What somebody knows by now."""
        out = self.task.out.read_bytes() if self.task.out and self.task.out.exists() else None
        self.known.append(Known(len(self.home.on.calls()), acts_at_rest(self.home), self.size(), self.task.ref, out))

    def close(self):
        forget(self.home)


class Image:
    """A home as a loss of power left it."""

    def __init__(self, tape, at, base):
        self.tape, self.at = tape, at
        step = bisect.bisect_right([k.at for k in tape.known], at) - 1
        self.known = tape.known[step]
        self.home = life.Home(tape.home.world, base)
        self.task = kills.Task(tape.home.world, tape.road, 1)
        self.task.at, self.task.ref = step, self.known.ref

    def check(self, to_the_end):
        sound(self.home)
        acts = self.home.acts_in_all()
        need(acts[:len(self.known.acts)] == self.known.acts, "acknowledged acts are lost:", len(acts), len(self.known.acts))
        checkpoint = (self.home.dir / "log" / "checkpoint").read_text().splitlines()
        need(int(checkpoint[1]) >= self.known.size, "the log is shorter than was acknowledged:", checkpoint[1], self.known.size)
        if self.known.out is not None:
            path = self.home.base / self.tape.task.out.name
            need(path.exists() and path.read_bytes() == self.known.out, "the delivered file is lost")
        self.home.ok("tick")
        sound(self.home)
        need(self.home.acts_in_all() == acts, "the tick changed the acts")
        if to_the_end:
            self.go_on()

    def go_on(self):
        """The commands that are due, as a person gives them; the command that was cut off is the first."""
        task, home = self.task, self.home
        for _ in range(40):
            if not task.step:
                break
            if task.step == "submit" and not task.ref:
                task.ref = ([o["order"] for o in home.json("order", "list")["orders"]] + [None])[0]
            if not self.is_done():
                words, who, keys = task.words(home)
                got = home.run(*words, as_=who, key=keys)
                need(got.exit in (0, 7), "after a loss of power:", task.step, got)
                task.ref = task.ref or got.out.split()[0]
            task.at += 1
        sound(home)
        ref = task.ref
        released = [a for a in kills.seal_acts_whole(home)("released") if a["order"] == ref]
        if "deliver" in task.road:
            need(len(released) == 1 and len(home.acts("released", ref)) == 1, "not released once")
            need(len(home.acts("delivered", ref)) == 1, "not delivered once")
            out = home.base / f"{ref}.tar"
            need(home.verify(out).exit == 0, "the delivered file does not verify")
            need(home.open(out).hashes() == home.world.expect("alice@mail.example", *FORTNIGHT), "other mails than ordered")
        else:
            need(released == [], "released though", task.road[-1])

    def is_done(self):
        if self.task.step in ("tick", "policy", "scope"):
            return False
        return bool(self.task.ref) and (self.task.step == "submit" or
                                        self.task.done(self.home.show(self.task.ref)["acts"]))


def images(tape, random, count, whole, base, wrong):
    """count images of that tape; every whole-th goes on to the end. wrong(words) is told what is wrong."""
    made = collections.Counter()
    cuts = sorted(random.randint(0, len(tape.calls)) for _ in range(count))
    at = 0
    for n, cut in enumerate(cuts):
        while at < cut:
            tape.model.take(tape.calls[at])
            at += 1
        names, data = random.choice(NAMES), random.choice(DATA)
        place = base / f"image{n}"
        tape.model.image(place, names, data, random)
        image = Image(tape, cut, place)
        made["changes at risk"] += tape.model.unsafe()
        made[f"names {names}, bytes {data}"] += 1
        try:
            image.check(n % whole == 0)
            made["images"] += 1
            made["to the end"] += n % whole == 0
        except (AssertionError, OSError, ValueError, KeyError, IndexError) as e:
            made["images"] += 1
            made["wrong"] += 1
            call = tape.calls[cut - 1] if cut else None
            wrong(f"image of '{tape.name}' at call {cut} of {len(tape.calls)} "
                  f"({disk.WORDS[call.op] if call else 'start'} by {disk.PROGRAMS[call.program] if call else 'nobody'}), "
                  f"names {names}, bytes {data}: {type(e).__name__ if not isinstance(e, Wrong) else ''} {str(e)[:1500]}")
        finally:
            forget(image.home)
    return made
