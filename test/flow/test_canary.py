"""No plaintext, and real deletion: planted texts are looked for in everything that is left after collections,
refusals, crashes and kills; and whoever copied the home before an order was refused or destroyed, without
the seal's folder, opens nothing. Each search is shown to find what it looks for, each key to have opened.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import pathlib
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import pyformats  # noqa: E402
from harness import homes, life, pause  # noqa: E402

pytestmark = pytest.mark.skipif(not shutil.which("age"), reason="SKIPPED: age is not installed")

ACCOUNT = "mallory@mail.example"
MESSAGES, BODY_BYTES = 600, 64000
# How a hand is ended, and when: while it plans, at its first message, further on.
KILLS = [(signal.SIGKILL, m) for m in ("list:1", "payload:1", "payload:2", "payload:7", "payload:60", "payload:150", "payload:400")]
KILLS += [(signal.SIGSEGV, m) for m in ("list:1", "payload:1", "payload:100")]
KILLS += [(signal.SIGABRT, "payload:30"), (signal.SIGTERM, "payload:300")]
MBOX_KILLS = [(signal.SIGKILL, "payload:1"), (signal.SIGKILL, "payload:20"), (signal.SIGSEGV, "payload:2"), (signal.SIGABRT, "payload:5")]


class Planted:
    """Random texts: in the body as it is and as base64, in the subject and in an address."""

    def __init__(self):
        self.body, self.coded, self.subject, self.sender = (f"canary-{n}-{secrets.token_hex(12)}" for n in
                                                            ("body", "coded", "subject", "sender"))
        self.all = [self.body, self.coded, self.subject, self.sender]


def mail_with(world, planted):
    """The texts are in every message."""
    top = world.mail / "main" / "mail.example" / "mallory" / "Maildir"
    for part in ("cur", "new", "tmp"):
        (top / part).mkdir(parents=True)
    fill = "\n".join(["x" * 75] * (BODY_BYTES // 76))
    for n in range(MESSAGES):
        at = life.utc("2026-11-05 10:00:00") + n
        coded = base64.encodebytes(b"." * (n % 3) + planted.coded.encode() + b".").decode()
        path = top / "cur" / f"m{n:05d}.M1P1.h:2,S"
        path.write_text(f"From: {planted.sender}@x.example\nTo: {ACCOUNT}\nSubject: {planted.subject}\nMessage-ID: <{n}@x>\n"
                        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(at))}\n\n{planted.body}\n{coded}\n{fill}\n")
        os.utime(path, (at, at))


class Watched(life.Home):
    """A home whose commands may leave core files, have their own TMPDIR, and whose words are all kept."""

    def __init__(self, world, base, **more):
        super().__init__(world, base, **more)
        self.tmp, self.said = self.base / "tmpdir", self.base / "said"
        self.tmp.mkdir()
        self.began, self.seen = time.time() - 1, {}

    def env(self, **more):
        return super().env(TMPDIR=self.tmp, **more)

    def run(self, *words, **more):
        got = super().run(*words, **more)
        with open(self.said, "a", encoding="utf-8") as f:
            f.write(f"{words}\n{got.out}{got.err}\n")
        return got

    def places(self):
        """Where a trace could be: the home, all that lies beside it (core files, words, delivered files), and new files in
        the common folders for such things."""
        new = []
        for top in ("/tmp", "/var/tmp", "/dev/shm"):
            for path in pathlib.Path(top).iterdir():
                try:
                    if path not in self.base.resolve().parents and path.lstat().st_ctime >= self.began and not path.is_symlink():
                        new.append(path)
                except OSError:
                    pass        # somebody else's, and gone
        return [self.base, *(p for p in new if p.is_dir())], [p for p in new if p.is_file()]

    def traces(self, planted):
        folders, files = self.places()
        copied = self.base / "files-of-tmp"
        copied.mkdir(exist_ok=True)
        for path in files:
            try:
                shutil.copy(path, copied)
            except OSError:
                pass
        found = homes.search(folders, planted.all, self.seen)
        shutil.rmtree(copied)
        # The mail itself is not what we look for.
        return [f for f in found if f"{self.world.base}/" not in f[0]]

    def kill_in_collection(self, how, moment):
        """Starts a collection and ends its hand at that moment."""
        argv = [str(self.bin / "writ"), "collect", self.ref, "--as", "Ben"]
        there = pause.Pause(self.base, moment)
        with open(self.said, "ab") as said:
            process = subprocess.Popen(argv, env=self.env(**there.env), stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=self.base)
            assert there.reached(process)
            os.kill(there.pid, how)
            assert process.wait(timeout=60) == 1
        assert not [p for p in self.base.iterdir() if p.name.startswith("core")], how


@pytest.fixture(scope="module")
def planted():
    return Planted()


@pytest.fixture(scope="module")
def cores():
    """Core files are wanted: without them nothing would be proven about them."""
    old = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (old[1], old[1]))
    yield old[1] != 0 and pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip() == "core"
    resource.setrlimit(resource.RLIMIT_CORE, old)


@pytest.fixture(scope="module")
def world(tmp_path_factory, planted):
    world = life.World(tmp_path_factory.mktemp("canary") / "world")
    mail_with(world, planted)
    return world


@pytest.fixture(scope="module")
def home(world, tmp_path_factory, cores):
    home = Watched(world, tmp_path_factory.mktemp("canary-home") / "h", hooks=True)
    home.init()
    yield home
    home.stop()


DEMAND = [life.demand(target=ACCOUNT, span="WHOLE_ACCOUNT"),
          life.demand(target=ACCOUNT, span="WHOLE_ACCOUNT", category="MSG_META")]


def begun(home):
    home.to("decided", demands=DEMAND)


def test_the_search_finds_what_is_there(world, planted, tmp_path):
    found = homes.search([world.mail], planted.all)
    assert {text for _, text in found} == set(planted.all), "in every coding in which it was planted"
    assert len({path for path, _ in found}) == MESSAGES
    for n, code in enumerate(homes.codings(planted.body)):
        (tmp_path / str(n)).write_bytes(b"\0\xff" + code + b"\0")
    assert len(homes.search([tmp_path], [planted.body])) == len(homes.codings(planted.body))


def test_a_core_file_would_be_seen(home, planted, cores):
    if not cores:
        pytest.skip("SKIPPED: this machine writes no core files into the current folder")
    subprocess.run(["/usr/bin/python3", "-c", f"import os\nx = {planted.body!r}\nos.abort()"], cwd=home.base, check=False)
    left = [p for p in home.base.iterdir() if p.name.startswith("core")]
    assert left and home.traces(planted), "a process that holds the text leaves a core"
    for path in left:
        path.unlink()
    assert not home.traces(planted)


@pytest.mark.parametrize("point", ("COLLECT_AFTER_TICKET", "COLLECT_AFTER_BEGUN", "COLLECT_AFTER_HAND", "COLLECT_AFTER_ACT"))
def test_nothing_is_left_by_a_crash(home, planted, point):
    begun(home)
    assert home.run("collect", home.ref, as_="Ben", crash=point).exit == -signal.SIGKILL
    assert not home.traces(planted)
    if point != "COLLECT_AFTER_ACT":
        assert home.collect()["items"] == 2 * MESSAGES
    assert not home.traces(planted)


def test_nothing_is_left_by_a_killed_hand(home, planted, cores):
    begun(home)
    for how, moment in KILLS:
        home.kill_in_collection(how, moment)
    assert not home.traces(planted)
    # And at its end the whole: nothing of what was begun is counted or left.
    assert home.collect()["items"] == 2 * MESSAGES
    assert not home.traces(planted)
    home.withhold()
    home.approve("Ben")
    home.approve("Chi")
    assert home.run("release", home.ref, as_="Chi", crash="RELEASE_AFTER_SEAL").exit == -signal.SIGKILL
    home.release()
    home.deliver("killed.tar")
    assert not home.traces(planted)
    assert home.verify(home.base / "killed.tar").exit == 0


class MboxWorld(life.World):
    """The planted mail once more, as one mbox file of the account."""

    def store_yaml(self, name, categories=("CONTENT_COMM", "MSG_META")):
        rows = [f"  - name: {name}", "    kind: mbox", f'    path: "{self.mail}/{name}/{{local}}.mbox"',
                "    domain: mail.example", "    region: FR", "    law: FR", "    categories:"]
        return "\n".join(rows + [f"      - {c}" for c in categories]) + "\n"


def test_nothing_is_left_of_an_mbox(world, planted, tmp_path_factory, cores):
    top = tmp_path_factory.mktemp("canary-mbox")
    boxes = MboxWorld(top / "world")
    folder = boxes.mail / "main"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "mallory.mbox", "wb") as out:
        for path in sorted((world.mail / "main" / "mail.example" / "mallory" / "Maildir" / "cur").iterdir()):
            when = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(path.stat().st_mtime))
            out.write(f"From x@x.example {when}\n".encode() + path.read_bytes().rstrip(b"\n") + b"\n\n")
    home = Watched(boxes, top / "h", hooks=True)
    try:
        home.init()
        begun(home)
        for how, moment in MBOX_KILLS:
            home.kill_in_collection(how, moment)
        assert not home.traces(planted)
        # The disk is full in the middle of the file.
        full = subprocess.run(["sh", "-c", f"ulimit -f 2000; exec {home.bin / 'writ'} collect {home.ref} --as Ben"],
                              env=home.env(), cwd=home.base, capture_output=True, check=False)
        assert full.returncode == 1 and home.state() == "decided" and not home.traces(planted), full
        assert home.collect()["items"] == 2 * MESSAGES and not home.traces(planted)
    finally:
        home.stop()


def test_nothing_is_left_by_a_seal_that_dies(home, planted, cores):
    begun(home)
    for how in (signal.SIGSEGV, signal.SIGABRT):
        home.stop(how)
        assert not [p for p in home.base.iterdir() if p.name.startswith("core")], how
        home.ok("roster", "list")
    home.collect()
    assert not home.traces(planted)


def test_nothing_is_left_by_counting_and_refusing(home, planted):
    home.submit(demands=DEMAND)
    home.authenticate()
    home.ok("scope", home.ref, as_="Ana")
    home.decide()
    home.collect()
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    assert home.ok("letter", home.ref, "refusal")
    assert not home.traces(planted)


def test_nothing_is_left_by_a_failed_collection(home, world, planted):
    """A message that cannot be read ends the collection, with its name and no more."""
    path = next((world.mail / "main" / "mail.example" / "mallory" / "Maildir" / "cur").iterdir())
    begun(home)
    kept = path.read_bytes()
    path.unlink()
    path.mkdir()
    try:
        got = home.run("collect", home.ref, as_="Ben")
        assert got.exit == 7, got
    finally:
        path.rmdir()
        path.write_bytes(kept)
        os.utime(path, (life.utc("2026-11-05 10:00:00"),) * 2)
    assert not home.traces(planted)


def test_what_was_delivered_has_it(home, planted):
    """The texts did pass through all this: the package has them, once it is opened with the agency's key."""
    found = homes.search([home.open(home.base / "killed.tar", "opened").bag / "data"], planted.all)
    assert {text for _, text in found} == set(planted.all)
    meta = [f for f in found if f[0].endswith(".json")]
    assert {text for _, text in meta} == {planted.sender}, "no subject and nothing of the body in MSG_META"
    shutil.rmtree(home.base / "opened")
    assert not home.traces(planted)


# ---- deletion ----

class Copy:
    """A copy of the whole home at one moment, with and without the seal."""

    def __init__(self, home, base):
        home.stop(signal.SIGTERM)
        self.whole, self.rest, self.base = base / "whole", base / "rest", base
        shutil.copytree(home.dir, self.whole, ignore=shutil.ignore_patterns("run"))
        shutil.copytree(self.whole, self.rest, ignore=shutil.ignore_patterns("seal"))

    def vault(self, ticket):
        return (self.whole / "vault" / ticket).read_bytes()

    def opened_by(self, folder, ticket):
        """Keys of the folder that open the ticket's payload with any header of the folder, tried with Debian's age."""
        keys, headers = homes.age_material(folder)
        payload = self.vault(ticket)
        got = {key for key in keys for header in headers if homes.opens(header, payload, key.decode(), self.base)}
        for raw in homes.raw_keys(folder):
            for header in headers:
                try:
                    pyformats.age_open(header, raw)
                    got.add(homes.age_key_text(raw))
                except pyformats.Bad:
                    pass
        return got, keys, headers


def ticket_of(home):
    return home.acts("collected")[-1]["body"]["ticket"]


@pytest.fixture
def small(world, tmp_path):
    """A home with little mail in its order, so that every key can be tried."""
    home = life.Home(world, tmp_path / "s")
    home.init()
    yield home
    home.stop()


def check_dead(home, copy, ticket):
    """Before: only the seal's folder opens it. After: nothing does, with today's seal as well."""
    got, keys, headers = copy.opened_by(copy.whole, ticket)
    assert len(got) == 1 and headers, (got, keys, len(headers))
    got, keys, headers = copy.opened_by(copy.rest, ticket)
    assert not got and not keys, (got, keys)
    assert headers, "the copy holds the header: it was tried"
    home.stop(signal.SIGTERM)
    now = copy.base / "now"
    shutil.copytree(copy.rest, now)
    shutil.copytree(home.dir / "seal", now / "seal", dirs_exist_ok=True)
    got, _, _ = copy.opened_by(now, ticket)
    assert not got, "today's seal opens yesterday's copy"
    home.sound()


def test_a_copy_from_before_a_refusal_opens_nothing(small, tmp_path):
    small.to("collected")
    ticket = ticket_of(small)
    copy = Copy(small, tmp_path)
    small.decide("refuse", "--reason", "INST-UNSIGNED")
    check_dead(small, copy, ticket)


def test_a_copy_from_before_a_destruction_opens_nothing(small, tmp_path):
    small.to("noticed")
    small.approve("Ben")
    ticket = ticket_of(small)
    copy = Copy(small, tmp_path)
    small.ok("destroy", small.ref, "--because", "the court said so", as_="Ana", key="ana")
    check_dead(small, copy, ticket)


def test_a_copy_from_before_a_delivery_is_closed_by_destroy(small, tmp_path):
    small.to("released")
    ticket = ticket_of(small)
    copy = Copy(small, tmp_path)
    small.ok("destroy", small.ref, as_="Ana")
    # What was released was wrapped to the agency: its key opens it, and nobody else's.
    check_dead(small, copy, ticket)


def test_a_replaced_collection_is_dead(small, tmp_path):
    """Collected again: the first key is gone with its file."""
    small.to("collected")
    first = ticket_of(small)
    copy = Copy(small, tmp_path)
    small.decide()
    small.collect()
    assert ticket_of(small) != first
    small.decide("refuse", "--reason", "INST-UNSIGNED")
    check_dead(small, copy, first)


def test_a_key_that_is_needed_is_not_destroyed(small):
    """Without a document only what was released, or is past its time; and the order goes on."""
    small.submit()
    got = small.run("destroy", small.ref, as_="Ana")
    assert got.exit == 4 and "nothing was collected" in got.err, got
    for stage in ("authenticated", "decided", "collected"):
        small.step(stage)
    got = small.run("destroy", small.ref, as_="Ana")
    assert got.exit == 4 and "DESTROY_IN_TIME" in got.err, got
    for stage in ("noticed", "approved", "released", "delivered"):
        small.step(stage)
    assert small.run("destroy", small.ref, as_="Ana").exit == 0
    assert small.run("destroy", small.ref, as_="Ana").exit == 0, "asked again it is gone already"
    small.sound()
