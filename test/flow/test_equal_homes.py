"""Who sees only the published log of a home learns nothing of what happens in it: of two homes under one test
clock, with as many ticks, one is idle and the other lives through 1,000 acts. Names, sizes and the tick in
which each file was last written are equal, proofs and checkpoints are equally long, and the places of acts in
their ticks are uniform (chi-square over 10,000). SPDX-License-Identifier: Apache-2.0
"""
import base64
import collections
import contextlib
import math
import os
import pathlib
import re
import sqlite3
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import sealclient  # noqa: E402
from harness import homes, life  # noqa: E402

START = life.utc("2026-11-22 10:00:00")
TICK_SECONDS = 10
WATCHED_TICKS, ALL_TICKS = 40, 300      # beyond 256: a full tile, and a hash above it
BURSTS = {3: 500, 4: 1, 9: 37, 10: 300, 25: 162}
PLACES = 65536
EXTRA_BYTES = 555


class Public:
    """The folder log/ as somebody sees it who looks after every tick."""

    def __init__(self, home):
        self.top, self.seen, self.written = home.dir / "log", {}, {}

    def look(self, tick):
        """{name: (size, mode, the tick in which it was last written)}"""
        now = {}
        for path in self.top.rglob("*"):
            st, name = path.lstat(), str(path.relative_to(self.top))
            state = st.st_ino, st.st_mtime_ns, st.st_ctime_ns, st.st_size
            if path.is_dir():
                # A folder's time is that of the last name in it.
                state = st.st_mtime_ns
            if self.seen.get(name) != state:
                self.seen[name], self.written[name] = state, tick
            now[name] = (0 if path.is_dir() else st.st_size, st.st_mode, self.written[name])
        return now

    def order(self):
        """Names in the order in which they were last written."""
        files = [p for p in self.top.rglob("*") if p.is_file()]
        return [str(p.relative_to(self.top)) for p in sorted(files, key=lambda p: p.stat().st_mtime_ns)]


class Pair:
    def __init__(self, world, base):
        self.idle, self.busy = (life.Home(world, base / name, hooks=True, clock=START) for name in ("idle", "busy"))
        self.views, self.acts = ([], []), 0
        for home in self.both():
            home.init(ticks="10s")
            home.submit()
            home.first = home.ref
        self.public = [Public(home) for home in self.both()]

    def both(self):
        return self.idle, self.busy

    def tick(self, number):
        for home, public, views in zip(self.both(), self.public, self.views):
            home.set_clock(START + TICK_SECONDS * number)
            home.ok("tick")
            views.append(public.look(number))

    def happen(self, number):
        """What the busy home does before that tick; the idle one does nothing from tick 1 on."""
        home = self.busy
        if number in BURSTS:
            homes.act_tool(home, "Ana", "acts", home.first, BURSTS[number])
            self.acts += BURSTS[number]
        step = {2: "received", 5: "authenticated", 6: "decided", 8: "collected", 12: "noticed", 13: "approved", 14: "released",
                16: "delivered"}.get(number)
        if step:
            home.step(step)
            self.acts += 1
        if number == 20:
            home.submit()
            home.authenticate()
            home.decide("refuse", "--reason", "INST-UNSIGNED")
            self.acts += 3


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    base = tmp_path_factory.mktemp("equal")
    pair = Pair(life.World(base / "world"), base)
    for number in range(WATCHED_TICKS):
        if number:
            pair.happen(number)
        pair.tick(number)
    for home in pair.both():
        homes.act_tool(home, "Ana", "tick", ALL_TICKS - WATCHED_TICKS)
    yield pair
    for home in pair.both():
        home.stop()


def count(home, table):
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_one_is_idle_and_the_other_has_a_thousand_acts(pair):
    assert count(pair.busy, "act") - count(pair.idle, "act") >= pair.acts >= 1000
    assert count(pair.idle, "tick") == 1 and count(pair.busy, "tick") > 10
    assert count(pair.busy, "act") >= 1000
    for home in pair.both():
        home.sound()


def test_the_folders_are_equal_after_every_tick(pair):
    for number, (idle, busy) in enumerate(zip(*pair.views)):
        assert idle == busy, f"after tick {number}"
        assert "checkpoint" in idle and len(idle) >= 4
    # The comparison sees a single tick more, and a single byte.
    assert pair.views[0][-1] != pair.views[1][-2]
    extra = pair.busy.dir / "log" / "checkpoint"
    was = pair.public[1].look(WATCHED_TICKS)
    extra.write_bytes(extra.read_bytes())
    assert pair.public[1].look(WATCHED_TICKS + 1) != was


def test_the_folders_are_equal_at_the_end(pair):
    def files(home):
        return {str(p.relative_to(home.dir)): p.stat().st_size for p in (home.dir / "log").rglob("*") if p.is_file()}
    assert files(pair.idle) == files(pair.busy)
    assert "log/tile/1/000.p/1" in files(pair.idle) and "log/tile/entries/000" in files(pair.idle)
    # checkpoint was rewritten by the test before this one.
    orders = [[name for name in public.order() if name != "checkpoint"] for public in pair.public]
    assert orders[0] == orders[1]


def test_checkpoints_are_equally_long(pair):
    notes = [home.ok("log", "checkpoint") for home in pair.both()]
    assert len(notes[0]) == len(notes[1]) and notes[0] != notes[1]
    assert {note.splitlines()[1] for note in notes} == {str(ALL_TICKS)}


def test_entries_tell_the_same_times(pair):
    def times(home):
        data = b"".join((home.dir / "log/tile/entries" / name).read_bytes() for name in ("000", f"001.p/{ALL_TICKS - 256}"))
        assert len(data) == ALL_TICKS * 43
        return [data[i * 43 + 3:i * 43 + 11] for i in range(ALL_TICKS)]
    assert times(pair.idle) == times(pair.busy)
    assert times(pair.idle)[7] == (START * 1000 + 70000).to_bytes(8, "big")


def proof(home, ref, seq):
    path = home.base / "proof"
    home.ok("log", "prove", ref, "--seq", seq, "--out", path)
    return path.read_bytes()


def test_proofs_are_equally_long(pair):
    """Of the same tick to the byte; of any tick but for the hashes that its index takes."""
    first = proof(pair.idle, pair.idle.first, 1)
    assert len(first) == len(proof(pair.busy, pair.busy.first, 1)) and first != proof(pair.busy, pair.busy.first, 1)
    last = pair.busy.acts(ref=pair.busy.first)[-1]["seq"]
    lengths = collections.defaultdict(set)
    for seq in (1, 2, 3, 250, 501, 502, 503, 510, 600, last - 1, last):
        raw = proof(pair.busy, pair.busy.first, seq)
        extra = next(line for line in raw.decode().splitlines() if line.startswith("extra "))
        assert len(base64.b64decode(extra[6:])) == EXTRA_BYTES
        index = int(next(line for line in raw.decode().splitlines() if line.startswith("index "))[6:])
        hashes = len(re.findall(rb"(?m)^[A-Za-z0-9+/]{43}=$", raw))
        lengths[hashes].add(len(raw) - len(str(index)))
    assert all(len(x) == 1 for x in lengths.values()), lengths
    assert {len(raw) for raw in (proof(pair.busy, pair.busy.first, seq) for seq in range(2, 500, 83))} == \
        {len(proof(pair.busy, pair.busy.first, 2))}, "the 500 acts of one tick"


def test_private_rows_are_equally_long_too(pair):
    """What the home keeps of a path is as long for one act in a tick as for five hundred."""
    for home in pair.both():
        with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db:
            assert db.execute("SELECT DISTINCT length(siblings) FROM proof").fetchall() == [(1024,)]


# ---- places ----

def chi_square_tails(counts, expected, shrink=1.0):
    """(lower, upper) tail of the chi-square of these counts; Wilson and Hilferty's approximation."""
    freedom = len(counts) - 1
    x = sum((n - expected) ** 2 / expected for n in counts) / shrink
    z = ((x / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    upper = 0.5 * math.erfc(z / math.sqrt(2))
    return 1 - upper, upper


def uniform(places, drawn_without_return):
    """No bin of high bits, of low bits or of steps from one to the next is too full, too empty or too even."""
    bins = 256
    # Places of one tick never meet, which makes the counts a little more even.
    shrink = 1 - len(places) / PLACES if drawn_without_return else 1.0
    steps = [(b - a) % PLACES for a, b in zip(places[::2], places[1::2])]
    for what, values, by in (("high", places, shrink), ("low", [p << 8 for p in places], shrink), ("steps", steps, 1.0)):
        counts = [0] * bins
        for value in values:
            counts[value % PLACES * bins // PLACES] += 1
        lower, upper = chi_square_tails(counts, len(values) / bins, by)
        if min(lower, upper) < 1e-6:
            return f"{what}: {lower:.2g} {upper:.2g}"
    return ""


def seal_places(home, count):
    """The seal's own answer to one tick of so many commitments; the home is not told of it."""
    connection = sealclient.Connection(home.dir / "run" / "seal.sock")
    state = connection.ask(sealclient.request("state", order=None, tick=False))[0]
    fd = sealclient.memfd(os.urandom(32 * count))
    answer, files = connection.ask(sealclient.request("tick", size=state["log"]["size"], count=count), [fd])
    os.close(fd)
    connection.close()
    assert answer["ok"], answer
    paths = files[0]
    assert len(paths) % 514 == 0 and len(paths) // 514 >= count
    return [int.from_bytes(paths[i * 514:i * 514 + 2], "big") for i in range(count)]


def test_the_test_of_places_can_fail():
    even = [i * PLACES // 10000 for i in range(10000)]
    assert uniform(even, True), "in order"
    assert uniform([(p * 3) % PLACES // 2 for p in range(10000)], True), "the lower half alone"
    assert not uniform([int.from_bytes(os.urandom(2), "big") for _ in range(10000)], False)


def test_places_of_acts_are_uniform(pair, tmp_path):
    """10,000 commitments in one tick; the same number of places each tick anew; and those of the acts above."""
    home = pair.busy.twin(tmp_path / "twin")
    home.ok("roster", "list")
    first, second = seal_places(home, 10000), seal_places(home, 10000)
    home.stop()
    for places in (first, second):
        assert len(set(places)) == 10000
        assert not uniform(places, True)
    same = sum(a == b for a, b in zip(first, second))
    assert same < 8, "the n-th act of two ticks stands at the same place no more often than by chance"
    with contextlib.closing(sqlite3.connect(pair.busy.dir / "writ.db")) as db:
        kept = [p for p, in db.execute("SELECT place FROM proof")]
    assert len(kept) >= 1000
    lower, upper = chi_square_tails([sum(p * 16 // PLACES == n for p in kept) for n in range(16)], len(kept) / 16)
    assert min(lower, upper) > 1e-6
