"""Orders on mbox files, from receipt to a package that both verifiers accept; and files that change, are locked, or
are no mbox. What must be selected comes from test/harness/mboxoracle.py.  SPDX-License-Identifier: Apache-2.0"""
import contextlib
import fcntl
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "harness"))
import bag  # noqa: E402
import exact  # noqa: E402
import exactmbox  # noqa: E402
import mboxoracle  # noqa: E402
from harness import life, pause, tools  # noqa: E402
from harness.life import demand  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
ALICE, BOB = "alice@mail.example", "bob@mail.example"
FORTNIGHT = ("2026-10-31 23:00:00", "2026-11-14 23:00:00")      # 1 to 14 November in Paris
LARGE_BYTES = 8 << 20
MEMORY_BYTES = 96 << 20         # of addresses, libraries included


def asctime(text):
    return time.strftime("%a %b %e %H:%M:%S %Y", time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def message(delivered, body="hello\n", header="same", sender="bob@x.example", more=""):
    """One message with its From_ line and the empty line behind it."""
    if header == "same":
        header = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(life.utc(delivered)))
    date = f"Date: {header}\n" if header else ""
    return (f"From {sender} {asctime(delivered)}\nFrom: {sender}\nSubject: secret subject\n{date}{more}\n{body}\n").encode()


class World(life.World):
    """Alice's mail is a folder of files, Bob's one file; the archive trusts Content-Length."""

    def box(self, store, account, folder=None):
        path = self.mail / store / account.split("@")[0]
        return path / folder if folder else path

    def make_mail(self):
        inbox = b"".join(message(f"2026-11-{day:02d} 10:00:00", f"hello {day}\n\n>From there\n") for day in range(1, 21))
        inbox += message("2026-11-05 11:00:00", header=None) + message("2026-11-06 11:00:00", header="Fri, 32 Foo 2026 10:00:00 +0100")
        inbox += b"From here on nothing is dated\nSubject: x\n\nbody\n\n"
        boxes = {
            ("main", ALICE, "INBOX"): inbox,
            ("main", ALICE, "Sent"): b"".join(message(f"2026-11-{day:02d} 12:00:00", "sent " * 400 + "\n") for day in (3, 9, 15)),
            ("main", ALICE, "work/2020"): message("2026-11-07 10:00:00").replace(b"\n", b"\r\n"),
            ("main", ALICE, "Empty"): b"",
            ("main", BOB, None): b"".join(message(f"2026-11-{day:02d} 08:00:00") for day in (2, 4, 30)),
            ("archive", ALICE, None): message("2026-11-07 08:00:00", "one\n\nFrom inside\n\ntwo\n", more="Content-Length: 23\n")
            + message("2026-11-08 08:00:00", more="Content-Length: 100000\n") + message("2019-01-07 08:00:00"),
        }
        for (store, account, folder), data in boxes.items():
            path = self.box(store, account, folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (self.base / "aliases").write_text(f"info@mail.example: {BOB}\n")

    def store_yaml(self, name, categories=("CONTENT_COMM", "MSG_META")):
        rows = [f"  - name: {name}", "    kind: mbox", f'    path: "{self.mail}/{name}/{{local}}"', "    domain: mail.example",
                "    region: FR", "    law: FR", f"    aliases: {self.base}/aliases"]
        rows += ["    content-length: \"yes\""] if name == "archive" else []
        return "\n".join(rows + ["    categories:"] + [f"      - {c}" for c in categories]) + "\n"

    def items(self, store, account, folders=(None,)):
        """(folder, item) of the oracle."""
        found = []
        for folder in folders:
            items, stray = mboxoracle.split(self.box(store, account, folder).read_bytes(), store == "archive")
            assert not stray
            found += [(folder or "INBOX", i) for i in items]
        return found

    def expect(self, account, since, until, store="main", folders=("INBOX", "Sent", "work/2020")):
        return sorted(life.sha(i.raw) for _, i in self.items(store, account, folders)
                      if mboxoracle.from_date(i.from_line) is not None
                      and life.utc(since) <= mboxoracle.from_date(i.from_line) < life.utc(until))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    base = tmp_path_factory.mktemp("mbox")
    with life.Town(world=World(base / "world")) as made:
        yield made


@pytest.fixture
def home(town):
    return town.home()


@contextlib.contextmanager
def box_with(home, name, data):
    """An account of its own in the store 'main'."""
    path = home.world.box("main", name)
    path.write_bytes(data)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        pathlib.Path(f"{path}.lock").unlink(missing_ok=True)


def decided(home, *demands, how=(), **more):
    home.submit(list(demands), **more)
    home.authenticate()
    home.decide(*(how or ("comply",)))
    return home


def finish(home):
    for stage in ("collected", "noticed", "approved", "released"):
        home.step(stage)
    path = home.deliver()
    assert home.verify(path).exit == 0
    home.sound()
    return home.open(path)


def nothing_left(home, status, got, says):
    """No package, a clear account of it, and the order goes on."""
    assert got.exit == status and re.search(says, got.err), (got, says)
    assert home.state() in ("decided", "collected") and len(list((home.dir / "vault").iterdir())) == (home.state() == "collected")
    home.sound()


# ---- whole orders ----

def test_an_order_on_mbox_files_is_answered(home):
    decided(home, demand())
    opened = finish(home)
    want = home.world.expect(ALICE, *FORTNIGHT)
    assert opened.hashes() == want and len(want) == 19
    assert opened.ret["lines"][0]["items"] == 19
    lines = {life.sha(i.raw): i.from_line.decode() for _, i in home.world.items("main", ALICE, ("INBOX", "Sent", "work/2020"))}
    for item in opened.items:
        assert item["from_line"] == lines[item["sha256"]]
        assert life.utc(item["delivery"].replace("T", " ").rstrip("Z")) == mboxoracle.from_date(item["from_line"].encode())
    assert {i["folder"] for i in opened.items} == {"INBOX", "Sent", "work/2020"}
    assert any("/work%2F2020/000001.eml" in p for p in opened.paths())
    # The one without a date in its From_ line is listed, not delivered.
    assert [(u["folder"], u["delivered"]) for u in opened.undated] == [("INBOX", False)]


def test_content_length_is_trusted_where_the_store_says_so(home):
    decided(home, demand(since="2026-11-01", until="2026-11-30"), lines={"d1": {"stores": ["archive"]}})
    opened = finish(home)
    want = home.world.expect(ALICE, "2026-10-31 23:00:00", "2026-11-30 23:00:00", "archive", (None,))
    assert opened.hashes() == want and len(want) == 2
    assert any(b"From inside" in p.read_bytes() for p in (opened.bag / "data").rglob("*.eml"))


def test_details_alone_by_header_date_and_by_an_alias(home):
    decided(home, demand(category="MSG_META"), demand("info@mail.example", since="2026-11-01", until="2026-11-30"),
            lines={"d1": {"date_meaning": "header"}}, how=("comply", "--undated", "deliver"))
    opened = finish(home)
    rows = [json.loads(p.read_text()) for p in (opened.bag / "data" / "d1").rglob("*.json")]
    assert len(rows) == 17 + 3 and "secret subject" not in json.dumps(rows) and "hello" not in json.dumps(rows)
    assert sum(r["date"] is None for r in rows) == 3 and sum(r["delivery"] is None for r in rows) == 1
    assert opened.hashes("d2") == home.world.expect(BOB, "2026-10-31 23:00:00", "2026-11-30 23:00:00", folders=(None,))
    assert all(u["delivered"] for u in opened.undated) and len(opened.undated) == 3


def test_counted_narrowed_to_a_folder_and_collected(home):
    home.submit([demand()])
    home.authenticate()
    told = home.json("scope", home.ref, as_="Ana")["counts"][0]
    assert (told["items"], told["undated"], told["problem"]) == (19, 1, None)
    path = home.base / "scope.yaml"
    home.ok("scope", home.ref, "--edit", path)
    path.write_text(path.read_text().replace('- "ALL"', '- "work/2020"'))
    home.decide("narrow", "--scope", path, "--reason", "SCOPE-EXCESS")
    assert finish(home).hashes() == home.world.expect(ALICE, *FORTNIGHT, folders=("work/2020",))


def test_two_lines_that_name_the_same_messages(home):
    decided(home, demand(), demand(since="2026-11-10", until="2026-11-20"))
    opened = finish(home)
    both = [i for i in opened.items if i["lines"] == ["d1", "d2"]]
    assert len(both) == 5 and len({i["sha256"] for i in opened.items}) == len(opened.items)


def as_text(line):
    """A From_ line as items.jsonl has it: its beginning; what is no text is percent-encoded."""
    line = line[:230]
    with contextlib.suppress(UnicodeDecodeError):
        if b"\0" not in line:
            return line.decode()
    return "".join("%%%02X" % x if x in (0, 0x25) or x > 0x7f else chr(x) for x in line)


@pytest.mark.parametrize("trust", [False, True], ids=["by the lines", "by Content-Length"])
def test_random_files_as_folders_of_an_account(tmp_path, trust):
    """400 random files in one package, item for item as the oracle has them."""
    r, want, lied = random.Random(7), [], 0
    (tmp_path / "alice").mkdir()
    for n in range(400):
        data = exactmbox.random_box(r)
        items, stray = mboxoracle.split(data, trust)
        if stray:
            continue
        lied += mboxoracle.split(data, not trust)[0] != items
        (tmp_path / "alice" / f"f{n}").write_bytes(data)
        for i in items:
            date = mboxoracle.from_date(i.from_line)
            want.append((f"f{n}", "%012d" % i.at, life.sha(i.raw), len(i.raw), as_text(i.from_line),
                         None if date is None else exact.instant(date)))
    assert len(want) > 500 and lied > 10, "the field makes no difference"
    key, recipient = bag.identity(tmp_path)
    store = bag.store(str(tmp_path / "{account}"), kind="mbox", **({"content_length": "yes"} if trust else {}))
    status, _, said = bag.pack(tmp_path, [store], [bag.line("d1", "alice", undated="deliver")], recipient)
    assert status == 0, said
    top = bag.unpack(tmp_path, key)
    assert not bag.bagit_problems(top)
    got = [tuple(i[k] for k in ("folder", "source_id", "sha256", "bytes", "from_line", "delivery")) for i in bag.json_lines(top / "items.jsonl")]
    assert sorted(got, key=str) == sorted(want, key=str)


# ---- what is no place of mail ----

@pytest.mark.parametrize("target,folders,says", [
    ("nobody@mail.example", ["ALL"], "no such account"), (ALICE, ["Trash"], "no folder Trash"), (ALICE, ["../bob"], "no folder"),
    (BOB, ["Sent"], "no folder Sent"), (ALICE, ["work/../Sent"], "no folder"), ("bob@other.example", ["ALL"], "another domain")])
def test_no_such_account_or_folder(home, target, folders, says):
    decided(home, demand(target), lines={"d1": {"folders": folders}})
    nothing_left(home, 3, home.run("collect", home.ref, as_="Ben"), says)


def test_a_file_that_is_no_mbox_is_named(home):
    with box_with(home, "odd", b"this is\nno mbox\n\n" + message("2026-11-02 10:00:00")):
        decided(home, demand("odd@mail.example"))
        nothing_left(home, 7, home.run("collect", home.ref, as_="Ben"), "odd@mail.example, folder INBOX.*first 17 bytes")
        assert home.json("scope", home.ref, as_="Ana")["counts"][0]["problem"]


def test_content_length_is_for_mbox_stores(town, home):
    path = home.dir / "stores.yaml"
    was = path.read_text()
    for text, says in ((was.replace('"mbox"', '"maildir"'), "content-length"), (was.replace('"yes"', '"maybe"'), "yes or no"),
                       (was.replace('"mbox"', '"mbx"'), "no connector")):
        path.write_text(text)
        got = home.run("store", "check", as_="Ana")
        assert got.exit != 0 and says in got.err, got
    path.write_text(was)
    home.ok("store", "check", as_="Ana")


# ---- a store in use ----

def test_a_locked_file_is_named_and_later_collected(home):
    with box_with(home, "busy", message("2026-11-02 10:00:00")) as path:
        decided(home, demand("busy@mail.example"))
        lock = pathlib.Path(f"{path}.lock")
        lock.touch()
        nothing_left(home, 7, home.run("collect", home.ref, as_="Ben"), "folder INBOX.*locked.*try again")
        lock.unlink()
        with open(path, "r+b") as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            nothing_left(home, 7, home.run("collect", home.ref, as_="Ben"), "locked")
        assert home.collect()["items"] == 1
        assert not lock.exists()


def change_append(path, rest):
    with open(path, "ab") as f:
        f.write(message("2026-11-03 10:00:00"))


def change_shrink(path, rest):
    os.truncate(path, 200)


def change_rewrite(path, rest):
    times = os.stat(path)
    with open(path, "r+b") as f:
        f.seek(-10, os.SEEK_END)
        f.write(b"X")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def change_replace(path, rest):
    other = path.with_suffix(".new")
    other.write_bytes(rest)
    os.replace(other, path)


def change_expunge(path, rest):
    """As mail programs do it: the second message less, in the same file, then new mail."""
    with open(path, "r+b") as f:
        f.seek(-len(rest), os.SEEK_END)
        f.write(rest[:len(rest) * 2 // 3])
        f.truncate()
        f.write(message("2026-11-03 10:00:00") * 10)


@pytest.mark.parametrize("change,status,says", [
    (change_append, 0, ""), (change_shrink, 7, "shrank"), (change_rewrite, 7, "rewritten"), (change_replace, 7, "taken its place"),
    (change_expunge, 7, "rewritten|shrank")], ids=lambda x: x.__name__[7:] if callable(x) else "")
def test_a_file_that_changes_while_it_is_collected(home, change, status, says):
    """The hand is stopped while it reads a large first message; what is in the file then is not what was planned."""
    first, rest = message("2026-11-01 10:00:00")[:-1], message("2026-11-02 10:00:00") * 3
    with box_with(home, "slow", first) as path:
        os.truncate(path, LARGE_BYTES)
        with open(path, "ab") as f:
            f.write(b"\n\n" + rest)
        decided(home, demand("slow@mail.example"))
        moment = pause.Pause(home.base, "payload:2")
        with subprocess.Popen([home.bin / "writ", "collect", home.ref, "--as", "Ben", "--json"], env=home.env(**moment.env), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
            assert moment.reached(process), process.communicate()
            assert 0 < read_so_far(moment.pid, path) < LARGE_BYTES
            change(path, rest)
            moment.go_on()
            out, err = process.communicate(timeout=120)
        got = life.Result(process.returncode, out, err)
        if status:
            nothing_left(home, status, got, says)
        else:
            assert got.exit == 0 and json.loads(got.out)["items"] == 4, got
    home.sound()


def read_so_far(pid, path):
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        if os.readlink(fd) == str(path):
            return int(pathlib.Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text().split()[1])
    return 0


class Delivering(threading.Thread):
    """A mail system at work: takes the lock, appends in two pieces, gives the lock back."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.stop, self.n, self.turn = path, False, 0, threading.Lock()

    def run(self):
        while not self.stop:
            data = message("2026-11-03 10:00:00", "new mail\n" * 50)
            with self.turn, open(self.path, "ab") as f:
                fcntl.lockf(f, fcntl.LOCK_EX)
                os.write(f.fileno(), data[:300])
                time.sleep(0.001)
                os.write(f.fileno(), data[300:])
            self.n += 1
            time.sleep(0.002)


def test_mail_that_is_delivered_meanwhile(tmp_path):
    """Each run sees whole messages only: a part of what is there in the end, from its beginning."""
    path, runs = tmp_path / "box", []
    path.write_bytes(message("2026-11-02 10:00:00") * 2000)
    delivering = Delivering(path)
    delivering.start()
    try:
        while len(runs) < 25 or delivering.n <= 50:
            status, lines, said = exact.run(path, "x", None, None, "delivery", "UTC", "mbox")
            if status == 7:     # locked each time it looked: then once more, between two deliveries
                assert "locked" in said
                with delivering.turn:
                    status, lines, said = exact.run(path, "x", None, None, "delivery", "UTC", "mbox")
            assert status == 0, said
            runs.append([x["sha256"] for x in sorted(lines, key=lambda x: x["path"])])
    finally:
        delivering.stop = True
        delivering.join()
    whole = [life.sha(i.raw) for i in mboxoracle.split(path.read_bytes())[0]]
    assert len(whole) == 2000 + delivering.n
    assert all(len(got) >= 2000 and got == whole[:len(got)] for got in runs)
    assert len(runs[-1]) > 2000


# ---- without an order ----

def test_of_any_size_in_bounded_memory(tmp_path):
    """A line of 512 MiB, as From_ line and in a body, and many items: neither is ever in memory."""
    path = tmp_path / "box"
    with open(path, "wb") as f:
        f.write(b"From a")
        f.seek(256 << 20, os.SEEK_CUR)
        f.write(b"\nbody\n\n" + message("2026-11-02 10:00:00")[:-2])
        f.seek(256 << 20, os.SEEK_CUR)
        f.write(b"\nFrom no\n\n" + message("2026-11-03 10:00:00") * 1000)
    got = subprocess.run(["prlimit", f"--as={MEMORY_BYTES}", *exact.command(path, "x", None, None, "header", "mbox")],
                         capture_output=True, check=False)
    lines = [json.loads(x) for x in got.stdout.splitlines()]
    assert got.returncode == 0 and len(lines) == 1002, got.stderr
    assert lines[0]["bytes"] > 256 << 20 and lines[-1]["undated"] and lines[-1]["bytes"] == 5


@pytest.mark.parametrize("name,data,status,count", [
    ("empty", b"", 0, 0), ("line ends", b"\n\r\n\n", 0, 0), ("one From_ line", b"From a", 0, 1), ("NULs", b"\0" * 5000, 7, 0),
    ("no From_ line", b"Subject: x\n\nFrom\n", 7, 0), ("cut short", message("2026-11-02 10:00:00")[:-20], 0, 1),
    ("CRLF", message("2026-11-02 10:00:00").replace(b"\n", b"\r\n") * 2, 0, 2), ("lone CR", message("2026-11-02 10:00:00").replace(b"\n", b"\r"), 0, 1),
    ("mark", mboxoracle.BOM + message("2026-11-02 10:00:00"), 0, 1)])
def test_odd_files(tmp_path, name, data, status, count):
    (tmp_path / "box").write_bytes(data)
    for meaning in exact.MEANINGS:
        got, lines, said = exact.run(tmp_path / "box", "x", None, None, meaning, "UTC", "mbox")
        assert (got, len(lines)) == (status, count), said
        assert sorted(x["sha256"] for x in lines) == sorted(life.sha(i.raw) for i in mboxoracle.split(data)[0])


def test_no_files_at_all(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder", "nowhere"):
        status, lines, said = exact.run(tmp_path / name, "x", None, None, "delivery", "UTC", "mbox")
        assert status not in (0, 7) and not lines and said
    status, lines, said = exact.run(tmp_path, "x", None, None, "delivery", "UTC", "mbox")
    assert status == 7 and not lines and "named pipe" in said and "symbolic link" in said


def test_the_demonstration_takes_an_mbox_file(tmp_path):
    path = tmp_path / "own.mbox"
    path.write_bytes(message("2026-11-02 10:00:00") * 3)
    writ = tools.program("writ")
    (tmp_path / "no.mbox").write_bytes(b"no mail")
    got = subprocess.run([writ, "demo", "--mail", tmp_path / "no.mbox"], capture_output=True, text=True, check=False)
    assert got.returncode == 2 and "From_ line" in got.stderr
    got = subprocess.run([writ, "demo", "--no-desk", "--mail", path, "--keep", tmp_path / "d"], capture_output=True, text=True, check=False,
                         stdin=subprocess.DEVNULL, timeout=120)
    life.end(lambda: life.seals(f"{tmp_path}/"))
    assert got.returncode == 0, got.stdout[-2000:] + got.stderr
    assert "3 items" in got.stdout
