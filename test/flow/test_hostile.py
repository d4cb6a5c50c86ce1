"""Mailboxes that somebody made to mislead a collection: odd names, sizes and kinds of files, links, what may not be read, very many
entries (what changes meanwhile: test_changing.py). The collection ends in exactly what lies there, or lists exactly what could not be
read and gives nothing; never in a wrong package. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import pathlib
import pty
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import fake_seal, hand, life, mailbox, tools  # noqa: E402
from harness.mailbox import INSIDE, OUTSIDE, Expected, cur, home, letter, put  # noqa: E402,F401

if not tools.program("writ-hand"):
    pytest.fail("writ-hand is not built (WRIT_BUILD)", pytrace=False)
FULL = bool(os.environ.get("WRIT_FULL"))
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: only root makes devices and files of others")


def fetch(home, meaning="delivery", **how):
    """(answer, bytes of the vault file)"""
    fd = hand.memory()
    try:
        answer, ran = hand.ask(home.job("fetch", home.scope(date_meaning=meaning)), (fd,), home=home.dir, **how)
        assert ran.status == 0, ran.log
        return answer, hand.content(fd)
    finally:
        os.close(fd)


def collected(home, meaning="delivery", **more):
    answer, vault = fetch(home, meaning)
    return mailbox.check(home, answer, vault, Expected(home.account("finch"), meaning, **more))


# ---- names ----

ODD = [b"a\nb:2,S", b"\n", b"a\tb", b"\x1b[2J\x07:2,S", b"\x7f", b"\xff\xfe:2,S", b"\xc3\x28", b"%FF", b"100%:2,S", b"-rf",
       b"--help", b"-", b"~", b"*", b"$(id)", b"`id`", b"a b", b" ", b"a\\b", b'"', b"'", b"\r", "\u202etxt.exe".encode(),
       "\u00e9".encode(), "e\u0301".encode(), "\U0001f4a9".encode(), "\u00a0".encode(), b"x" * 255, b"y" * 251 + b":2,S",
       b"\xff" * 255, b"a:2,", b"a:2,S:2,T", b":2,S", b":2,", b":2,:2,S", b"a:1,b", b"a:2", b"c:2," + b"Z" * 200, b"CON", b"nul.",
       b"data", b"manifest-sha256.txt", b"{", b'{"path":1}', b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xae\xc0\xae"]


def test_names_of_every_kind_are_collected(home):
    for n, name in enumerate(ODD):
        put(home, name, b"Subject: %d\n\n%d\n" % (n, n))
        put(home, b"n" + name[:254], b"new %d\n" % n, part="new")
    assert collected(home) == "packed"


def test_names_of_every_kind_are_listed(home):
    for name in ODD:
        os.mkfifo(os.path.join(cur(home), name))
        os.utime(os.path.join(cur(home), name), (INSIDE, INSIDE))
    assert collected(home) == "listed"


def test_two_files_of_one_base(home):
    for name in (b"1.M1.h:2,S", b"1.M1.h:2,", b"1.M1.h", b"1.M1.h:2,FS"):
        put(home, name, name)
        put(home, name, b"new" + name, part="new")
    assert collected(home) == "packed"


def test_one_file_under_two_names(home):
    one = put(home, b"1.M1.h:2,S")
    os.link(one, os.path.join(cur(home), b"2.M2.h:2,S"))
    os.link(one, os.path.join(os.fsencode(home.account("finch") / "new"), b"1.M1.h"))
    assert collected(home) == "packed"


def test_a_hard_link_to_another_account_is_a_message_of_this_one(home):
    other = next((home.account("other") / "cur").iterdir())
    os.link(other, home.account("finch") / "cur" / "stolen:2,S")
    assert collected(home) == "packed"
    assert b"other@mail.example" not in b"".join(k.encode() for k in mailbox.members(home, fetch(home)[1]))


@pytest.mark.parametrize("name", (b".\n", b".\xff", b".a.b", b"..a", b"...", b".INBOX", b".-rf", b"." + b"z" * 254, b".\x1b[2J",
                                  b".%2e%2e", ".\u202e".encode()))
def test_folders_of_every_name(home, name):
    top = os.path.join(os.fsencode(home.account("finch")), name)
    for part in (b"cur", b"new"):
        os.makedirs(os.path.join(top, part))
    path = os.path.join(top, b"cur", b"1.M1.h:2,S")
    with open(path, "wb") as f:
        f.write(b"x")
    os.utime(path, (INSIDE, INSIDE))
    assert collected(home) == "packed"


# ---- sizes and times ----

def test_sizes(home):
    for n in (0, 1, 511, 512, 513, 4095, 4096, 4097, 65535, 65536, 65537, 262143, 262144, 262145, 1048577):
        put(home, f"size{n}", b"x" * n)
        put(home, f"head{n}", (b"Subject: x\n" * (n // 11 + 1))[:n])
        put(home, f"zero{n}", b"\0" * n)
    assert collected(home) == "packed"
    answer, vault = fetch(home, "header")
    assert mailbox.check(home, answer, vault, Expected(home.account("finch"), "header")) == "packed"


def test_a_file_of_enormous_size_is_counted(home):
    for size in (2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 43):
        try:
            os.truncate(put(home, f"big{size}"), size)
        except OSError:
            pytest.skip("SKIPPED: this file system takes no such file")
        os.utime(put_path(home, f"big{size}"), (INSIDE, INSIDE))
    answer, _ = hand.ask(home.job("count", home.scope()), home=home.dir)
    small = sum(p.stat().st_size for p in (home.account("finch")).rglob("*.host:2,S") if inside(p))
    assert answer["ok"] and answer["lines"][0]["bytes"] == 2 ** 32 + 2 ** 32 + 2 ** 43 + small


def put_path(home, name):
    return os.path.join(cur(home), os.fsencode(name))


def inside(path):
    return mailbox.BEGIN <= path.stat().st_mtime < mailbox.END


@pytest.mark.skipif(not FULL, reason="runs in make cage")
def test_a_file_of_more_than_two_gigabytes(home, tmp_path):
    size = 2 ** 31 + 5
    os.truncate(put(home, "big"), size)
    os.utime(put_path(home, "big"), (INSIDE, INSIDE))
    fd = os.open(tmp_path / "vault", os.O_RDWR | os.O_CREAT)
    answer, _ = hand.ask(home.job("fetch", home.scope()), (fd,), home=home.dir)
    assert answer["ok"] and home.seal.asked[0]["items"] == 4 and home.seal.asked[0]["bytes"] > size
    os.close(fd)


def test_times_of_every_kind(home):
    """Outside of every interval, or beyond every calendar: no order takes them, and none ends by them."""
    for at in (0, -1, -2 ** 31, 2 ** 31, 2 ** 32, 253402300799, 253402300800, 2 ** 40, 2 ** 60, -2 ** 60, 2 ** 63 - 1, -2 ** 63):
        try:
            put(home, f"t{at}", at=at)
        except (OverflowError, OSError):
            pass
    for at in (mailbox.BEGIN - 1, mailbox.BEGIN, mailbox.END - 1, mailbox.END):
        os.utime(put(home, f"n{at}"), ns=(at * 10 ** 9 + 999999999,) * 2)
    assert collected(home) == "packed"
    assert collected(home, "header") == "packed"


def test_times_of_every_kind_in_an_open_interval(tmp_path):
    """On a file system that keeps them: a date that cannot be written is told, not made up."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="writ-", dir="/dev/shm"))
    home = fake_seal.make(place)
    try:
        for at in (0, -1, 253402300800, 2 ** 40, 2 ** 60, -2 ** 60):
            try:
                put(home, f"t{at}", at=at)
            except (OverflowError, OSError):
                pass
        fd = hand.memory()
        answer, ran = hand.ask(home.job("fetch", home.scope(**{"from": None, "until": None})), (fd,), home=home.dir)
        assert ran.status == 0, ran.log
        if answer["ok"]:
            everything = Expected(home.account("finch"), "all")
            assert mailbox.packed(home, hand.content(fd)) == everything.items
            for line in mailbox.members(home, hand.content(fd))["items.jsonl"].decode().splitlines():
                assert re.search(r'"delivery":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', line), line
        else:
            assert answer["error"] == "DEGRADED", answer
        os.close(fd)
    finally:
        home.seal.close()
        shutil.rmtree(place)


# ---- what is no message ----

def fifo(home, path):
    os.mkfifo(path)


def unix_socket(home, path):
    with socket.socket(socket.AF_UNIX) as s:
        here = os.open(os.path.dirname(path), os.O_RDONLY)
        s.bind(f"/proc/self/fd/{here}/{os.fsdecode(os.path.basename(path))}")
        os.close(here)


def to(target):
    return lambda home, path: os.symlink(target(home) if callable(target) else target, path)


KINDS = {
    "fifo": fifo, "socket": unix_socket, "folder": lambda home, path: os.mkdir(path),
    "link to passwd": to("/etc/passwd"), "link to nothing": to("/nowhere/at/all"), "link to itself": to("wrong:2,S"),
    "link to its folder": to("."), "link to another account": to(lambda home: next((home.account("other") / "cur").iterdir())),
    "link to a message beside it": to(lambda home: next((home.account("finch") / "cur").iterdir())),
}
DEVICES = {
    "null": lambda home, path: os.mknod(path, 0o20666, os.makedev(1, 3)),
    "zero": lambda home, path: os.mknod(path, 0o20666, os.makedev(1, 5)),
    "tty": lambda home, path: os.mknod(path, 0o20666, os.makedev(5, 0)),
    "block": lambda home, path: os.mknod(path, 0o60666, os.makedev(7, 0)),
}


@pytest.mark.parametrize("kind", [*KINDS, *(pytest.param(k, marks=as_root) for k in DEVICES)])
def test_what_is_no_message_is_listed(home, kind):
    path = os.path.join(os.fsencode(home.account("finch") / ".Sent" / "new"), b"wrong:2,S")
    try:
        {**KINDS, **DEVICES}[kind](home, path)
    except PermissionError:
        pytest.skip("SKIPPED: this machine lets root make no devices")
    os.utime(path, (INSIDE, INSIDE), follow_symlinks=False)
    assert collected(home) == "listed"
    assert collected(home, "header") == "listed"
    os.utime(path, (OUTSIDE, OUTSIDE), follow_symlinks=False)
    assert collected(home) == "packed", "it was delivered at another time"
    home.seal.asked.clear()
    assert collected(home, "header") == "listed", "a date within it cannot be known"


def test_more_than_can_be_listed_is_counted(home):
    for n in range(mailbox.LISTED_MAX + 200):
        path = os.path.join(cur(home), b"%d" % n)
        os.mkfifo(path)
        os.utime(path, (INSIDE, INSIDE))
    assert collected(home) == "listed"
    answer, _ = fetch(home)
    assert "first 1000" in answer["why"]


# ---- folders ----

def empty(home):
    shutil.rmtree(home.account("finch"))
    home.account("finch").mkdir()


def test_an_account_that_is_no_maildir_is_refused(home):
    empty(home)
    answer, vault = fetch(home)
    assert answer["error"] == "NOT_FOUND" and "neither cur nor new" in answer["why"] and vault == b"" and home.seal.asked == []
    home.account("finch").rmdir()
    home.account("finch").write_text("a file")
    answer, vault = fetch(home)
    assert answer["error"] == "NOT_FOUND" and vault == b"" and home.seal.asked == []


@pytest.mark.parametrize("parts", (["new"], ["cur"], ["new", "tmp"]))
def test_a_part_that_is_missing_has_no_messages(home, parts):
    empty(home)
    for part in parts:
        (home.account("finch") / part).mkdir()
        put(home, "1", part=part)
    assert collected(home) == "packed"


@pytest.mark.parametrize("made", ("file", "fifo", "link", "loop", "elsewhere"))
@pytest.mark.parametrize("part", ("cur", ".Sent/new"))
def test_what_stands_in_place_of_a_part_is_listed(home, part, made):
    path = home.account("finch") / part
    shutil.rmtree(path)
    {"file": lambda: path.write_text("x"), "fifo": lambda: os.mkfifo(path), "link": lambda: path.symlink_to("tmp"),
     "loop": lambda: path.symlink_to(path.name), "elsewhere": lambda: path.symlink_to(home.account("other") / "cur")}[made]()
    assert collected(home) == "listed"


@pytest.mark.parametrize("target", (".", "..", ".Sent", "/etc", "../../other/Maildir", ".Loop"))
def test_a_folder_that_is_a_link_is_listed(home, target):
    os.symlink(target, home.account("finch") / ".Loop")
    assert collected(home) == "listed"


@as_root
def test_what_may_not_be_read_is_listed(home):
    """A hand of another user, as an installed home has it: files, parts, folders without rights."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="writ-"))
    place.chmod(0o755)
    program = place / "writ-hand"
    shutil.copy(tools.program("writ-hand"), program)
    home = fake_seal.make(place / "all")
    try:
        for path in (place / "all", *(place / "all").rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        top = home.account("finch")
        for name in ("cur/secret:2,S", ".Sent/cur/secret"):
            (top / name).write_text("x")
        for name in (".A/cur", ".B/cur", ".B/new", ".C/cur"):
            (top / name).mkdir(parents=True)
            (top / name / "1").write_text("x")
        for path in top.rglob("*"):
            if path.is_file() and "host" not in path.name:
                os.utime(path, (INSIDE, INSIDE))
                os.chown(path, NOBODY, NOBODY)
        denied = [top / "cur/secret:2,S", top / ".A/cur", top / ".B"]
        for path in denied:
            os.chown(path, 0, 0)
            path.chmod(0)
        (top / ".C" / "cur").chmod(0o444)       # may be listed, and nothing in it looked at

        def other():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        answer, vault = fetch(home, before=other, program=program)
        assert vault == b"" and home.seal.asked == []
        listed, total = mailbox.account_of(answer)
        assert answer["error"] == "DEGRADED" and total == len(listed)
        assert listed == {("A", ""), ("B", ""), ("C", "1"), ("INBOX", "secret")}, "all of it at once"
        for path in (top / ".A", top / ".B", top / ".C"):
            shutil.rmtree(path)
        answer, vault = fetch(home, before=other, program=program)
        assert mailbox.check(home, answer, vault, Expected(top, denied=denied)) == "listed"
        (top / "cur/secret:2,S").unlink()
        answer, vault = fetch(home, before=other, program=program)
        assert mailbox.check(home, answer, vault, Expected(top)) == "packed"
        top.chmod(0)
        os.chown(top, 0, 0)
        home.seal.asked.clear()
        answer, vault = fetch(home, before=other, program=program)
        assert answer["error"] == "NOT_FOUND" and "cannot be opened" in answer["why"] and home.seal.asked == []
    finally:
        home.seal.close()
        shutil.rmtree(place)


# ---- very many ----

def peak_kib(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def many(count, meaning, place):
    """A folder of that many names of sixteen files, collected: seconds, peak in KiB, number of members."""
    home = fake_seal.make(place)
    peak = []
    try:
        files = [put(home, f"{n}.first", letter(day=n % 9 + 1, size=200)) for n in range(16)]
        at = cur(home)
        for n in range(16, count):
            os.link(files[n % 16], b"%s/%d.M%dP1.host:2,S" % (at, INSIDE + n, n))
        vault = os.open(place / "vault", os.O_RDWR | os.O_CREAT, 0o600)
        job = home.job("fetch", home.scope(date_meaning=meaning, folders=["INBOX"]))
        answering = home.seal.answer
        one = hand.Hand(home=home.dir)
        one.sock.settimeout(600)
        home.seal.answer = lambda ask: (peak.append(peak_kib(one.process.pid)), answering(ask))[1]
        began = time.monotonic()
        answer = one.ask(job, (vault,))
        seconds = time.monotonic() - began
        assert answer["ok"], answer
        with open(place / "package.age", "wb") as out, open(place / "vault", "rb") as payload:
            out.write(fake_seal.header_of(home.seal.asked[0]))
            shutil.copyfileobj(payload, out)
        os.close(vault)
        os.unlink(place / "vault")
        return home, seconds, peak[0], home.seal.asked[0]["items"]
    finally:
        home.seal.close()


def names_in(home, package):
    import subprocess
    with subprocess.Popen(["age", "-d", "-i", home.seal.folder / "identity", package], stdout=subprocess.PIPE) as age:
        with tarfile.open(fileobj=age.stdout, mode="r|") as tar:
            for member in tar:
                if member.name.endswith("/items.jsonl"):
                    ids = {re.search(rb'"source_id":"([^"]*)"', line)[1] for line in tar.extractfile(member)}
    assert age.returncode == 0
    return ids


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="SKIPPED: no file system in memory here")
@pytest.mark.parametrize("meaning", ("delivery", "header"))
def test_a_folder_of_very_many_entries(meaning, record_testsuite_property):
    count = 1000000 if FULL else 50000
    place = pathlib.Path(tempfile.mkdtemp(prefix="writ-", dir="/dev/shm"))
    try:
        home, seconds, peak, items = many(count, meaning, place)
        there = sorted(mailbox.base(n) for n in os.listdir(cur(home))
                       if meaning == "header" or inside(pathlib.Path(os.fsdecode(os.path.join(cur(home), n)))))
        assert items == len(there) >= count
        assert sorted(names_in(home, place / "package.age")) == there
        record_testsuite_property(f"entries of one folder, by {meaning}", items)
        record_testsuite_property(f"- seconds, by {meaning}", f"{seconds:.1f}")
        record_testsuite_property(f"- peak memory in MiB, by {meaning}", peak // 1024)
        assert seconds < count / 5000 + 10
        assert peak * 1024 <= (64 << 20) + 400 * count
    finally:
        shutil.rmtree(place)


# ---- through the command ----

def test_the_command_ends_with_7_and_tells_all(tmp_path):
    """What it says is complete and steers no terminal; the order stays where it was, and is collected when all can be read."""
    home = life.Home(life.World(tmp_path / "world"), tmp_path / "h")
    home.init()
    at = os.fsencode(home.world.mail / "main" / "mail.example" / "alice" / "Maildir" / "cur")
    bad = [b"\x1b[2Jescape", b"new\nline", b"\xff\xfe", b"--help"]
    try:
        home.to("decided")
        for name in bad:
            os.mkfifo(os.path.join(at, name))
            os.utime(os.path.join(at, name), (life.utc("2026-11-05 10:00:00"),) * 2)
        got = home.run("collect", home.ref, as_="Ben")
        assert got.exit == 7, got
        said = [line for line in got.err.splitlines() if "cannot be read: store main" in line]
        assert len(said) == len(bad) and all("a named pipe" in line for line in said), got.err
        assert "\x1b" not in got.out + got.err and "4 items" in got.err
        assert not home.acts("collected") and not list((home.dir / "vault").iterdir())
        for name in bad:
            os.unlink(os.path.join(at, name))
        assert home.collect()["items"] > 0
        home.sound()
    finally:
        home.stop()


def test_a_scope_of_a_store_steers_no_terminal(tmp_path):
    """It runs with the caller's rights, in the caller's terminal."""
    cur = tmp_path / "Maildir" / "cur"
    cur.mkdir(parents=True)
    (tmp_path / "Maildir" / "new").mkdir()
    for name in (b"\x1b[2Jescape", b"\xc2\x9bcsi"):
        os.mkfifo(os.path.join(os.fsencode(cur), name))
    got = subprocess.run([tools.program("writ"), "scope", "--store", f"maildir:{tmp_path}/Maildir", "--account", "x", "--list"],
                         capture_output=True, timeout=60, check=False)
    assert got.returncode == 7 and got.stderr.count(b"cannot be read") == 2, got
    assert b"\x1b" not in got.stdout + got.stderr and b"\xc2\x9b" not in got.stdout + got.stderr


BOASTER = """#!/usr/bin/python3
import json, socket, sys, time
sock = socket.socket(fileno=3)
sock.recv(1 << 16)
time.sleep(0.15)        # a bar is drawn ten times a second
for progress in json.load(open(sys.argv[0] + ".says")):
    sock.send(b"t" + json.dumps({"progress": progress}).encode())
    time.sleep(0.15)
sock.send(b"t" + json.dumps({"ok": False, "error": "FAILED", "why": "it was a boast", "next": "", "cage": None}).encode())
"""


def test_a_hand_that_boasts_draws_no_bar_beyond_its_end(tmp_path):
    """The numbers of the progress are the hand's, who read what came from outside."""
    home = life.Home(life.World(tmp_path / "world"), tmp_path / "h")
    home.init()
    try:
        home.to("decided")
        folder = tmp_path / "bin"
        shutil.copytree(home.bin, folder, ignore=lambda _, names: [n for n in names if n not in life.PROGRAMS])
        (folder / "writ-hand").write_text(BOASTER)
        (folder / "writ-hand.says").write_text(json.dumps([
            {"done_items": d, "items": 1, "done_bytes": d, "bytes": n}
            for d, n in ((-1, 1), (-10 ** 15, 1), (10 ** 15, 1), (2 ** 53 - 1, 2), (5, -1), (5, 0), (5, 10))]))
        ours, theirs = pty.openpty()
        got = subprocess.run([folder / "writ", "collect", home.ref, "--as", "Ben"], env=home.env(), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=theirs, timeout=60, check=False, cwd=tmp_path)
        os.close(theirs)
        said = os.read(ours, 1 << 16)
        os.close(ours)
        assert got.returncode == 1 and b"it was a boast" in said and b"collect [" in said, (got, said)
        assert all(0 <= int(n) <= 100 for n in re.findall(rb"] (-?[0-9]+) %", said)), said
    finally:
        home.stop()
