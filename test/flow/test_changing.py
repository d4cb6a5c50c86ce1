"""A mailbox that changes while it is collected, at each moment that could matter: the package holds what was there before the
change or after it, or what could not be read is listed; never a mixture. SPDX-License-Identifier: Apache-2.0"""
import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import fake_seal, hand, mailbox, pause, tools  # noqa: E402
from harness.mailbox import INSIDE, OUTSIDE, SIZE, Expected, home, letter, put  # noqa: E402,F401

if not tools.program("writ-hand") or not pause.LIBRARY:
    pytest.fail("writ-hand or cage_pause.so is not built (WRIT_BUILD)", pytrace=False)
FULL = bool(os.environ.get("WRIT_FULL"))


# ---- what changes meanwhile ----

class Paused:
    """A fetch that stops at one exact moment; then change() is done and it goes on."""

    def __init__(self, home, at, tmp_path, meaning="delivery"):
        self.fd = hand.memory()
        self.pause = pause.Pause(tmp_path, at)
        self.hand = hand.Hand(home=home.dir, env=self.pause.env)
        hand.send(self.hand.sock, hand.canonical(home.job("fetch", home.scope(date_meaning=meaning))), (self.fd,))

    def done(self, change):
        """(answer, vault, whether that moment came)"""
        came = self.pause.reached(self.hand.process)
        if came:
            change()
            self.pause.go_on()
        answer = self.hand.end()
        assert self.hand.status == 0, self.hand.log
        vault = hand.content(self.fd)
        os.close(self.fd)
        return answer, vault, came


VICTIM = "5.M5.victim:2,S"


def rewrite(path, data, keep=False):
    st = os.stat(path)
    with open(path, "r+b") as f:
        f.truncate(len(data))
        f.write(data)
    if keep:
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))
    else:
        os.utime(path, (INSIDE + 5, INSIDE + 5))


def swap(path, make):
    make(path + b".tmp")
    os.utime(path + b".tmp", (INSIDE, INSIDE), follow_symlinks=False)
    os.rename(path + b".tmp", path)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def with_folder(path):
    os.unlink(path)
    os.mkdir(path)
    os.utime(path, (INSIDE, INSIDE))


CHANGES = {
    "grow": lambda p: rewrite(p, letter() + b"more"),
    "shrink": lambda p: rewrite(p, letter(size=SIZE - 1)),
    "cut": lambda p: rewrite(p, b""),
    "write": lambda p: rewrite(p, letter(fill=b"y")),
    "replace": lambda p: swap(p, lambda t: write(t, letter(fill=b"z"))),
    "by a link": lambda p: swap(p, lambda t: os.symlink("/etc/passwd", t)),
    "by a fifo": lambda p: swap(p, os.mkfifo),
    "by a folder": with_folder,
    "vanish": os.unlink,
    "flag": lambda p: os.rename(p, p + b"R"),
    "move": lambda p: os.rename(p, p.replace(b"/cur/", b"/new/").replace(b":2,S", b"")),
    "twin": lambda p: os.link(p, p + b"T"),
    "out of time": lambda p: os.utime(p, (OUTSIDE, OUTSIDE)),
}
MOMENTS = ("list:1", "list:2", "list:3", "list:5", f"look:{VICTIM}", f"look:{VICTIM}#2", f"open:{VICTIM}", f"opened:{VICTIM}",
           f"read:{VICTIM}")


class Moment:
    """The mailbox before and after one change, and what came of it."""

    def __init__(self, home, tmp_path, moment, change, meaning="delivery"):
        for n in range(8):
            put(home, f"{n}.M{n}.more:2,S", letter(fill=b"%d" % n, size=2000), at=INSIDE + n)
        path = put(home, VICTIM, letter(), at=INSIDE + 4)
        before = Expected(home.account("finch"), meaning)
        self.after = None

        def now():
            CHANGES[change](path)
            self.after = Expected(home.account("finch"), meaning)
        answer, vault, self.came = Paused(home, moment, tmp_path, meaning).done(now)
        self.answer = answer
        if answer["ok"] or self.after is None or self.after.unreadable:
            states = [before] + [self.after] * bool(self.after)
            if answer["ok"]:
                self.how = mailbox.check(home, answer, vault, *states)
                return
        # Listed: the victim, and nothing else, for it was well before.
        assert answer["error"] == "DEGRADED" and answer["next"] and home.seal.asked == [] and "receipt" not in answer, answer
        listed, total = mailbox.account_of(answer)
        assert total == 1 and {(f, mailbox.base(i.encode()).decode()) for f, i in listed} == {("INBOX", "5.M5.victim")}, answer
        self.how = "listed"


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_at_any_moment(tmp_path, change):
    came, how = 0, set()
    for n, moment in enumerate(MOMENTS):
        for meaning in ("delivery", "header") if FULL else ("delivery",):
            home = fake_seal.make(tmp_path / f"{n}{meaning}")
            got = Moment(home, tmp_path / f"{n}{meaning}", moment, change, meaning)
            home.seal.close()
            came += got.came
            how.add(got.how)
            if change in ("flag", "move", "twin"):
                assert got.how == "packed", (moment, meaning, got.answer)
    assert came >= len(MOMENTS) - 3, "the moments came"
    assert "packed" in how
    if change in ("grow", "shrink", "cut", "write", "by a link", "by a fifo", "by a folder"):
        assert "listed" in how


@pytest.mark.parametrize("moment", (f"open:{VICTIM}#2", f"opened:{VICTIM}#2", f"open:{VICTIM}", f"read:{VICTIM}"))
def test_a_date_that_changes_after_it_was_looked_at(home, tmp_path, moment):
    """Same file, same length, same time of writing; but it is no longer a message of those days."""
    path = put(home, VICTIM, letter())

    def change():
        data = letter().replace(b"Nov 2026", b"Nov 2020", 1)
        rewrite(path, data, keep=True)
    before = Expected(home.account("finch"), "header")
    answer, vault, came = Paused(home, moment, tmp_path, "header").done(change)
    assert came
    if answer["ok"]:
        got = mailbox.packed(home, vault)
        after = Expected(home.account("finch"), "header")
        assert got in (before.items, after.items)
    else:
        assert mailbox.account_of(answer)[0] == {("INBOX", "5.M5.victim")} and home.seal.asked == []


@pytest.mark.parametrize("moment", ("list:1", "list:2", "list:3", "list:4", "list:6", "list:8"))
@pytest.mark.parametrize("change", ("folder goes", "part goes", "folder comes", "message comes", "message goes", "folder renamed"))
def test_folders_that_come_and_go(home, tmp_path, moment, change):
    top = home.account("finch")
    before = Expected(top)
    old = [p for p in (top / ".Sent").rglob("*") if p.is_file()]

    def now():
        if change == "folder goes":
            shutil.rmtree(top / ".Sent")
        elif change == "part goes":
            shutil.rmtree(top / ".Sent" / "cur")
        elif change == "folder renamed":
            os.rename(top / ".Sent", top / ".Old")
        elif change == "folder comes":
            (top / ".New" / "cur").mkdir(parents=True)
            put(home, "comes", part=".New/cur")
        elif change == "message comes":
            put(home, "comes", part=".Sent/new")
        else:
            for path in old:
                path.unlink()
    answer, vault, came = Paused(home, moment, tmp_path).done(now)
    if not answer["ok"]:
        assert change in ("folder goes", "part goes", "message goes")
        listed, total = mailbox.account_of(answer)
        assert {f for f, _ in listed} == {"Sent"} and total >= 1 and home.seal.asked == []
        return
    got = mailbox.packed(home, vault)
    after = Expected(top).items if change not in ("folder comes", "folder renamed") else before.items
    assert got in (before.items, after), (came, got)
