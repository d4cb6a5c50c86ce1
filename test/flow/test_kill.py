"""kill -9 at every numbered point (src/base/crash.def), in every command of a life in which the point
falls: the command is run again and the life goes on. Nothing acknowledged is lost, nothing is released or
delivered twice, the log holds each time. SPDX-License-Identifier: Apache-2.0"""
import contextlib
import ctypes
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, pause, tools, tsa  # noqa: E402

if not tools.program("writ", hooks=True):
    pytest.fail("the build with test hooks is not there (WRIT_BUILD_HOOKS)", pytrace=False)
POINTS = re.findall(r"^X\((\w+)\)", (tools.ROOT / "src" / "base" / "crash.def").read_text(), re.M)
PR_SET_CHILD_SUBREAPER = 36
ALICE, FORTNIGHT = "alice@mail.example", ("2026-10-31 23:00:00", "2026-11-14 23:00:00")


@pytest.fixture(scope="module")
def town():
    # Seals that outlive their command become children of this process, which so sees how they died.
    assert ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    with life.Town(hooks=True) as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = tsa.Tsa(tmp_path_factory.mktemp("tsa"))
    yield made
    made.stop()


def stamped(home, authority):
    """From here on what is released must be stamped."""
    home.ok("roster", "add", "--policy", "timestamp", "--value", "required", as_="Ana", key=("ana", "ben"))
    (home.dir / "addresses.yaml").write_text(authority.yaml())
    home.ok("policy", "export", "--out", home.base / "policy.json")


def dying():
    """Is a child of this process on its way out? It has no words any more, and has not been waited for."""
    for task in pathlib.Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            with contextlib.suppress(FileNotFoundError):
                if not pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                    return True
    return False


def deaths():
    """How the orphans ended that have ended since the last call: numbers of signals, 0 for an exit."""
    seen = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return seen
        if pid:
            seen.append(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
        elif dying():
            time.sleep(0.001)
        else:
            return seen


class Killed:
    """One life in which every command is killed at a point, if it passes it, and run again."""

    def __init__(self, home, point):
        self.home, self.point, self.hits, self.acknowledged = home, point, [], []

    def stop(self):
        self.home.stop(signal.SIGTERM)
        deaths()

    def step(self, state, *words, again=None, **more):
        """state: in which the order is once this command is done, or a function that says whether it is."""
        self.stop()     # so that the next seal is started by this command, and inherits its environment
        got = self.home.run(*words, crash=self.point, **more)
        hit = got.exit == -signal.SIGKILL or signal.SIGKILL in deaths()
        if not hit:     # a seal may end a moment after its connections did: stopped, it says how
            self.home.stop(signal.SIGTERM)
            hit = signal.SIGKILL in deaths()
        self.note(words, got)
        if not hit:
            assert got.exit == 0, (words, got)
            return
        self.hits.append(" ".join(map(str, words)))
        self.stop()
        self.home.sound()
        got = self.home.run(*(again or words), **more)
        self.note(words, got)
        assert got.exit == 0 or (got.exit == 4 and self.home.state() == state), (self.point, words, got)
        self.home.sound()

    def note(self, words, got):
        """A reference that somebody has read is an acknowledged order, whatever came of the command."""
        if words[:2] == ("order", "submit"):
            self.acknowledged += re.findall(r"^W-\S+$", got.out, re.M)
            self.home.ref = self.acknowledged[-1] if self.acknowledged else None
        if got.exit == 0 and words[0] in ("collect", "release", "deliver"):
            assert self.home.state() == {"collect": "collected", "release": "released", "deliver": "delivered"}[words[0]]

    def to_collected(self):
        home = self.home
        path = life.order_file(home.base / "order.yaml", home.world)
        self.step("received", "order", "submit", path, "--paper", home.world.paper, as_="Ana")
        self.step("authenticated", "authenticate", home.ref, "--by", "callback", "--over", "+331", "--found", "directory", as_="Ana")
        self.step("authenticated", "scope", home.ref, as_="Ana")
        self.step("decided", "decide", home.ref, "comply", as_="Ana", key="ana")
        self.step("collected", "collect", home.ref, as_="Ben")

    def end(self):
        """What was acknowledged is there; what is there is sound."""
        listed = {o["order"] for o in self.home.json("order", "list")["orders"]}
        assert set(self.acknowledged) <= listed
        self.home.sound()
        assert self.hits, f"no command of this life passes {self.point}"


def test_the_points_are_read():
    assert len(POINTS) >= 26 and len(set(POINTS)) == len(POINTS)


@pytest.mark.parametrize("point", POINTS)
def test_killed_and_answered(town, authority, point):
    home = town.home()
    if point.startswith("TIMESTAMP"):
        stamped(home, authority)
    k = Killed(home, point)
    k.to_collected()
    k.step("collected", "notify", home.ref, "--withheld", "--because", "COURT_ORDER", as_="Ana")
    k.step("collected", "approve", home.ref, as_="Ben", key="ben")
    k.step("approved", "approve", home.ref, as_="Chi", key="chi")
    k.step("released", "release", home.ref, as_="Chi")
    out = home.base / "out.tar"
    deliver = ("deliver", home.ref, "--out", out)
    k.step("delivered", *deliver, again=(*deliver, "--resume"), as_="Chi")
    assert len(home.seal_acts("released")) == 1 and len(home.acts("released")) == 1
    assert len(home.acts("timestamped")) == point.startswith("TIMESTAMP")
    assert home.verify(out).exit == 0
    opened = home.open(out)
    assert opened.hashes() == home.world.expect(ALICE, *FORTNIGHT)
    assert home.deliver("twice.tar").read_bytes() == out.read_bytes()
    assert len([p for p in (home.dir / "vault").iterdir() if p.suffix != ".head"]) == 1, "no other collection is left"
    k.step("delivered", "destroy", home.ref, as_="Ana")
    assert home.acts("destroyed") and list((home.dir / "seal" / "id").iterdir()) == []
    assert home.state() == "delivered"
    k.end()


# The way that ends with a refusal of what was already collected: its letter, and the end of its key.
REFUSING = [p for p in POINTS if p.startswith(("DECIDE", "SEAL", "LOG"))]


@pytest.mark.parametrize("point", REFUSING)
def test_killed_and_refused(town, point):
    home = town.home("collected")
    k = Killed(home, point)
    k.acknowledged = [home.ref]
    k.step("refused", "decide", home.ref, "refuse", "--reason", "INST-UNSIGNED", as_="Ana", key="ana")
    assert home.state() == "refused" and home.ok("tick")
    assert len([a for a in home.acts("lettered") if a["body"]["template"] == "refusal"]) == 1
    assert "INST-UNSIGNED" in home.ok("letter", home.ref, "refusal")
    assert len(home.acts("destroyed")) == 1 and len(home.seal_acts("destroy")) == 1
    assert list((home.dir / "seal" / "id").iterdir()) == []
    assert list((home.dir / "vault").iterdir()) == []
    assert home.run("release", home.ref, as_="Chi").exit == 4 and home.seal_acts("released") == []
    k.end() if point != "SEAL_AFTER_IDENTITY" else home.sound()


ENDS = {"withdraw": ("withdrawn", "withdrawal"), "void": ("void", None)}


@pytest.mark.parametrize("word", ENDS)
@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(("SEAL_BEFORE_STATE", "SEAL_AFTER", "LOG_BEFORE"))])
def test_killed_and_ended(town, point, word):
    home = town.home("approved")
    k = Killed(home, point)
    k.acknowledged = [home.ref]
    state, letter = ENDS[word]
    k.step(state, word, home.ref, "--because", "case closed", as_="Ana", key="ana")
    assert home.state() == state
    # The command that is run again makes a document of its own time: to the seal that is a second one.
    assert home.ok("tick") and len(home.seal_acts("void")) in (1, 2)
    assert [a["body"]["template"] for a in home.acts("lettered")] == ([letter] if letter else [])
    assert home.run("release", home.ref, as_="Chi").exit == 4 and home.seal_acts("released") == []
    home.sound()


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(("SEAL", "LOG"))])
def test_killed_while_the_roster_changes(town, point):
    home = town.home()
    k = Killed(home, point)
    before = home.json("roster", "list")["roster_version"]
    change = ("roster", "add", "--policy", "statement_hours", "--value", "5")
    k.stop()
    got = home.run(*change, as_="Ana", key=("ana", "ben"), crash=point)
    deaths()
    k.stop()
    home.sound()
    got = home.run(*change, as_="Ana", key=("ana", "ben"))
    assert got.exit == 0, got
    told = home.json("roster", "list")
    assert told["policy"]["statement_hours"] == "5" and before < told["roster_version"] <= before + 2
    assert home.json("tick") and home.sound()
    assert [a["body"]["roster_version"] for a in home.seal_acts("roster")] == list(range(2, told["roster_version"] + 1))


@pytest.mark.parametrize("moment", ("list:1", "list:4", "payload:1", "payload:3", "payload:12"))
def test_a_killed_hand_leaves_nothing(town, moment):
    """Whenever it is killed while it works: the collection has failed, and begins anew with another key."""
    home = town.home("decided")
    there = pause.Pause(home.base, moment)
    argv = [home.bin / "writ", "collect", home.ref, "--as", "Ben"]
    with subprocess.Popen(argv, env=home.env(**there.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as writ:
        assert there.reached(writ), writ.communicate()
        os.kill(there.pid, signal.SIGKILL)
        said = writ.stderr.read().decode()
    assert writ.returncode == 1 and "the hand ended without a result" in said, (writ.returncode, said)
    assert home.state() == "decided" and list((home.dir / "vault").iterdir()) == []
    home.sound()
    home.collect()
    assert len(list((home.dir / "vault").iterdir())) == 1 and len(list((home.dir / "seal" / "id").iterdir())) == 1
    for stage in ("noticed", "approved", "released"):
        home.step(stage)
    assert home.verify(home.deliver()).exit == 0


def test_a_seal_that_dies_while_it_is_called_again(town):
    """Its socket still takes the second connection, which nobody ever reads; the third call starts a new seal."""
    home = town.home("decided")
    home.stop()
    heard, path = [], home.dir / "run" / "seal.sock"

    def die():
        first = listener.accept()[0]
        heard.append(first.recv(1 << 16))
        first.close()
        assert select.select([listener], [], [], 20)[0]
        listener.close()

    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen()
        dying_seal = threading.Thread(target=die)
        dying_seal.start()
        home.ok("tick")
        dying_seal.join()
    assert heard[0]
    home.sound()
    home.stop()
