"""A home of three users in a temporary folder: writ, the seal and the hands each under a throw-away uid,
staff under their own, through the steps of src/cmd/step.c. What stands for systemd is a thread that
listens as the units say; what stands for sudo is a script that does as much and no more. The whole life,
and what each user must not. (The installed home itself, behind its units: test_installed.py.)
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import json
import os
import pathlib
import select
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import sealclient  # noqa: E402
import test_look  # noqa: E402
from harness import life  # noqa: E402

WRIT, SEAL, HAND = 62001, 62002, 62003
STAFF = {"Ana": 62010, "Ben": 62011, "Chi": 62012, "Dan": 62013}
STRANGER = 62020
CREDENTIAL = "/etc/writ/credential-of-a-store"
SUDO = """#!/bin/sh
# Does what 'sudo -u #UID -C 64 -- COMMAND...' does under dist/sudoers, and refuses all else.
[ "$1" = -u ] && [ "$3" = -C ] && [ "$4" = 64 ] && [ "$5" = -- ] || exit 99
uid=${2#?}; me=$(id -u); shift 5
[ "$uid" = OWNER ] && [ "$1" = PROGRAM ] || exit 98
umask 0077
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all --ambient-caps=-all -- \\
    env -i PATH=/usr/bin:/bin SUDO_UID="$me" SUDO_USER="uid-$me" LANG=C "$@"
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: three users need root (setpriv --reuid)")


class Names:
    """A mount namespace in which the throw-away uids have names, held open by a process of its own."""
    prefix = []

    def __init__(self, base):
        users = {"writ": WRIT, "writ-seal": SEAL, "writ-hand": HAND, **{n.lower(): u for n, u in STAFF.items()}, "stranger": STRANGER}
        for name in ("passwd", "group"):
            kept = [line for line in pathlib.Path("/etc", name).read_text().splitlines() if line.split(":")[0] not in users]
            kept += [f"{n}:x:{u}:" + (f"{u}::/:/bin/sh" if name == "passwd" else "") for n, u in users.items()]
            (base / name).write_text("\n".join(kept) + "\n")
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-ec", f"mount --bind {base}/passwd /etc/passwd\n"
                                        f"mount --bind {base}/group /etc/group\necho\nexec sleep 1000000"], stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == b"\n"
        Names.prefix = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--"]

    def close(self):
        self.holder.kill()
        self.holder.wait()
        Names.prefix = []


def as_user(uid, *argv, sudo=False):
    """Staff may become another user through the sudo of this test, which a script cannot be setuid for."""
    caps = "+setuid,+setgid" if sudo else "-all"
    return [*Names.prefix, "setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", f"--inh-caps={caps}",
            f"--ambient-caps={caps}", "--", *map(str, argv)]


class Systemd:
    """Sockets with the owner, group and mode of the units, and what stands behind them."""

    def __init__(self, home):
        self.home, self.children, self.stopping = home, [], False
        self.seal = self.listen("seal.sock", WRIT, HAND, 0o660)
        self.hand = self.listen("hand.sock", WRIT, WRIT, 0o600)
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.serve_seal, self.serve_hands)]
        for thread in self.threads:
            thread.start()

    def listen(self, name, uid, gid, mode):
        path = self.home.dir / "run" / name
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.bind(str(path))
        os.chown(path, uid, gid)
        path.chmod(mode)
        sock.listen(16)
        return sock

    def start(self, uid, fd, *argv):
        def hand_over():
            os.dup2(fd, 3)
            os.set_inheritable(3, True)
        with open(self.home.base / "journal", "ab") as journal:
            child = subprocess.Popen(as_user(uid, *argv), env={"PATH": "/usr/bin:/bin", "LISTEN_FDS": "1"}, close_fds=False,
                                     stdin=subprocess.DEVNULL, stdout=journal, stderr=journal, preexec_fn=hand_over)
        self.children.append(child)
        return child

    def serve_seal(self):
        while not self.stopping:
            if select.select([self.seal], [], [], 0.1)[0]:
                self.start(SEAL, self.seal.fileno(), self.home.bin / "writ-seal", "--state", self.home.sealed, "--log",
                           self.home.dir / "log").wait()

    def serve_hands(self):
        while not self.stopping:
            if select.select([self.hand], [], [], 0.1)[0]:
                connection, _ = self.hand.accept()
                child = self.start(HAND, connection.fileno(), self.home.bin / "writ-hand", "--home", self.home.dir)
                connection.close()
                threading.Thread(target=child.wait, daemon=True).start()

    def stop(self):
        self.stopping = True
        for child in self.children:
            if child.poll() is None:
                child.kill()
        for thread in self.threads:
            thread.join()
        self.seal.close()
        self.hand.close()


class Home(life.Home):
    """The life of life.Home, each person as their own user."""

    def __init__(self, world, base):
        super().__init__(world, base)
        self.sealed, self.path = self.dir / "seal", self.base / "bin"
        self.path.mkdir()
        for name in life.PROGRAMS:
            shutil.copy2(self.bin / name, self.path)
        self.bin = self.path
        (self.base / "sudo-bin").mkdir()
        sudo = self.base / "sudo-bin" / "sudo"
        sudo.write_text(SUDO.replace("OWNER", str(WRIT)).replace("PROGRAM", str(self.bin / "writ")))
        sudo.chmod(0o755)
        for name, uid in {**STAFF, "stranger": STRANGER}.items():
            (self.base / name).mkdir(mode=0o700)
            os.chown(self.base / name, uid, uid)
        for name, uid in STAFF.items():
            for end in ("", ".pub"):
                shutil.copy(f"{world.key(name)}{end}", self.base / name / f"key{end}")
                os.chown(self.base / name / f"key{end}", uid, uid)

    def mine(self, who, path):
        """A copy of the file that only this person can read."""
        to = self.base / who / pathlib.Path(path).name
        shutil.copy(path, to)
        os.chown(to, STAFF[who], STAFF[who])
        to.chmod(0o600)
        return to

    def run(self, *words, as_="Ana", key=(), env=None, uid=None, **_):
        words = [self.mine(as_, w) if isinstance(w, pathlib.Path) and w.is_file() else w for w in words]
        for one in [key] if isinstance(key, str) else key:
            words += ["--key", self.base / one.capitalize() / "key"]
        more = {"PATH": f"{self.base}/sudo-bin:/usr/bin:/bin", "WRIT_HOME": str(self.dir), "HOME": str(self.base / as_),
                "NO_COLOR": "1"}
        done = subprocess.run(as_user(uid or STAFF[as_], self.bin / "writ", *words, sudo=True), env={**more, **(env or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        return life.Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def two_sign(self, *words, kind="roster"):
        """Ana prints, Ana and Ben sign each with their own key, Ana hands in."""
        document = self.base / "Ana" / "document.json"
        self.ok(*words, "--print", str(document))
        signatures = []
        for who in ("Ana", "Ben"):
            own = document if who == "Ana" else self.mine(who, document)
            life.call(*as_user(STAFF[who], "ssh-keygen", "-q", "-Y", "sign", "-f", self.base / who / "key", "-n",
                               f"writ-{kind}@v1", own))
            kept = self.base / "Ana" / f"{who}.sig"
            pathlib.Path(f"{own}.sig").rename(kept)
            os.chown(kept, STAFF["Ana"], STAFF["Ana"])
            signatures.append(kept)
        return document, signatures

    def init(self, **_):
        """What tmpfiles makes, then root's 'writ init'."""
        answers = self.world.answers(self.base / "answers.yaml")
        text = pathlib.Path(answers).read_text()
        for name in STAFF:
            text = text.replace(f"name: {name}\n    unix_user: {life.USER}", f"name: {name}\n    unix_user: {name.lower()}")
        pathlib.Path(answers).write_text(text.replace("    region: FR", f"    credential: {CREDENTIAL}\n    region: FR"))
        for name, uid, mode in (("", WRIT, 0o751), ("blob", WRIT, 0o700), ("vault", WRIT, 0o700), ("log", WRIT, 0o755),
                                ("seal", SEAL, 0o700), ("run", 0, 0o755), ("run/work", WRIT, 0o700)):
            path = self.dir / name
            path.mkdir()
            os.chown(path, uid, uid)
            path.chmod(mode)
        self.systemd = Systemd(self)
        life.call(*Names.prefix, self.bin / "writ", "init", "--home", self.dir, "--answers", answers)
        for who in ("ana", "ben"):
            shutil.copy(self.dir / "founding.json", self.base / who)
            life.call("ssh-keygen", "-q", "-Y", "sign", "-f", self.world.key(who), "-n", "writ-roster@v1", self.base / who)
        life.call(*Names.prefix, self.bin / "writ", "init", "--home", self.dir, "--signature", self.base / "ana.sig",
                  "--signature", self.base / "ben.sig")
        stores = self.dir / "stores.yaml"
        stores.write_text(stores.read_text() + "accept_no_landlock: yes\n")
        os.chown(stores, 0, HAND)
        for id_ in life.AGENCIES:
            self.agency_add(id_)
        self.ok("store", "check")
        self.ok("policy", "export", "--out", self.base / "Ana" / "policy.json")
        shutil.copy(self.base / "Ana" / "policy.json", self.base)
        return self

    def agency_add(self, id_, **_):
        name, country, label, identity = life.AGENCIES[id_]
        document, signatures = self.two_sign(
            "agency", "add", "--id", id_, "--name", name, "--country", country, "--label", label, "--recipient",
            self.world.recipients[identity], "--checked", "in person")
        words = [w for s in signatures for w in ("--signature", str(s))]
        self.ok("agency", "add", "--document", str(document), *words)

    def deliver(self, name="out.tar"):
        path = self.base / "Chi" / name
        self.ok("deliver", self.ref, "--out", str(path), as_="Chi")
        return path

    def seal_as(self, uid, name, **fields):
        connection = sealclient.Connection(self.dir / "run" / "seal.sock", uid)
        try:
            return connection.ask(sealclient.request(name, **fields))[0]
        finally:
            connection.close()


@pytest.fixture(scope="module")
def home():
    if subprocess.run(["unshare", "--mount", "mount", "--bind", "/etc/passwd", "/etc/group"], capture_output=True, check=False).returncode:
        pytest.skip("SKIPPED: nothing can be mounted here, so the three users cannot have names")
    base = pathlib.Path(tempfile.mkdtemp(prefix="writ-three-"))
    base.chmod(0o711)
    world = life.World(base / "world")
    names, home = Names(base), None
    try:
        # The mail is the hands' to read, and nobody else's.
        for path in [world.mail, *world.mail.rglob("*")]:
            os.chown(path, 0, HAND)
            path.chmod(0o750 if path.is_dir() else 0o640)
        (base / "world" / "aliases").chmod(0o644)
        home = Home(world, base / "h")
        home.init()
        yield home
    finally:
        if home and hasattr(home, "systemd"):
            home.systemd.stop()
        names.close()
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def delivered(home):
    home.submit()
    home.first = home.ref
    for stage in life.Home.STAGES[1:-1]:
        home.step(stage)
    return home.deliver()


def may(uid, *argv):
    """Did it succeed as that user?"""
    return subprocess.run(as_user(uid, *argv), capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


# ---- the life ----

def test_the_whole_life_verifies(home, delivered):
    shutil.copy(delivered, home.base / "court.tar")
    assert home.verify(home.base / "court.tar").exit == 0
    opened = home.open(home.base / "court.tar")
    assert opened.hashes() == home.world.expect("alice@mail.example", "2026-10-31 23:00:00", "2026-11-14 23:00:00")
    assert opened.ret["separation"] == "users"
    assert json.loads(opened.ret["receipt"])["separation"] == "users"
    assert {a["actor"]["unix_user"] for a in home.acts(ref=home.first) if a["actor"]["unix_user"]} <= \
        {name.lower() for name in STAFF}
    home.sound()


def test_the_delivered_file_belongs_to_who_asked(delivered):
    st = delivered.stat()
    assert (st.st_uid, st.st_mode & 0o077) == (STAFF["Chi"], 0)


def test_each_act_has_its_own_person(home, delivered):
    by = {(a["act"], a["actor"]["name"]) for a in home.acts(ref=home.first)}
    assert {("received", "Ana"), ("decided", "Ana"), ("approved", "Ben"), ("approved", "Chi"), ("released", "Chi")} <= by


def test_a_refused_order_ends_with_its_letter(home):
    home.submit()
    home.authenticate()
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    assert home.ok("letter", home.ref, "refusal")
    assert home.state() == "refused"
    home.sound()


def test_what_was_collected_is_destroyed_under_the_seals_user(home):
    home.submit()
    for stage in ("authenticated", "decided", "collected"):
        home.step(stage)
    kept = len(list((home.sealed / "id").iterdir()))
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    assert len(list((home.sealed / "id").iterdir())) == kept - 1


# ---- who sees what ----

def test_writ_sees_no_key_no_credential_and_no_mail(home, delivered):
    mail = next(p for p in home.world.mail.rglob("*") if p.is_file())
    assert CREDENTIAL in (home.dir / "stores.yaml").read_text()
    for path in (home.sealed / "state.json", next((home.sealed / "key").iterdir()), home.dir / "stores.yaml", mail):
        assert path.is_file() and not may(WRIT, "cat", path), path
    assert not may(WRIT, "ls", home.sealed) and not may(WRIT, "ls", home.world.mail)
    assert may(HAND, "cat", mail) and may(SEAL, "cat", home.sealed / "state.json"), "the test would see nothing"
    assert home.sealed.stat().st_mode & 0o7777 == 0o700


def test_nothing_of_a_credential_or_path_reaches_the_home(home, delivered):
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db:
        whole = "".join(db.iterdump())
    assert CREDENTIAL not in whole and str(home.world.mail) not in whole and "Police judiciaire" in whole


def test_staff_seal_and_hands_do_not_read_the_home(home, delivered):
    vault = next(p for p in (home.dir / "vault").iterdir())
    for uid in (SEAL, HAND, STRANGER, *STAFF.values()):
        for path in (home.dir / "writ.db", vault):
            assert not may(uid, "cat", path), (uid, path)
        assert not may(uid, "ls", home.dir) and not may(uid, "ls", home.dir / "blob")
        assert not may(uid, "touch", home.dir / "x") and not may(uid, "touch", home.dir / "run" / "x")
    assert may(WRIT, "cat", vault), "the test would see nothing"


def test_nobody_else_owns_or_may_write_what_the_home_has(home, delivered):
    for path in (home.dir, *home.dir.rglob("*")):
        st = path.lstat()
        want = {SEAL} if path == home.sealed or home.sealed in path.parents else {WRIT, 0}
        assert st.st_uid in want and (path.is_socket() or not st.st_mode & 0o022), (path, st.st_uid, oct(st.st_mode))


# ---- who may ask whom ----

RECEIPT = {"ticket": "0" * 32, "manifest_sha256": "0" * 64, "tagmanifest_sha256": "0" * 64, "items": 0, "bytes": 0, "undated": 0,
           "lines": [], "header": "", "payload_bytes": 0}


def test_a_receipt_from_writ_is_refused(home, delivered):
    """Even writ's own ticket of a moment ago: only the hands' user gives receipts."""
    answer = home.seal_as(WRIT, "receipt", **RECEIPT)
    assert (answer["ok"], answer["check"]) == (False, "CALLER"), answer
    answer = home.seal_as(HAND, "receipt", **RECEIPT)
    assert answer["ok"] is False and answer["check"] != "CALLER", "the same from a hand gets further"


@pytest.mark.parametrize("name,fields", [
    ("ticket", {"for": "collect", "scope": "{}", "signatures": [], "replaces": None}),
    ("ticket", {"for": "count", "scope": "{}", "signatures": [], "replaces": None}),
    ("statement", {"ticket": "0" * 32, "return": "{}", "recipients": []}),
    ("release", {"statement_sha256": "0" * 64, "signatures": []}), ("tick", {"size": 0, "count": 0}),
    ("roster", {"document": "{}", "signatures": []}), ("void", {"document": "{}", "signatures": []}),
    ("destroy", {"document": "{}", "signatures": [], "ticket": None}), ("halt", {"document": "{}", "signatures": []}),
    ("resume", {"document": "{}", "signatures": []}),
    ("sign", {"for": "letter", "order": "W-AAAA-0001", "template": "x", "sha256": "0" * 64})], ids=lambda x: str(x)[:12])
def test_a_hand_may_ask_for_nothing_but_receipts(home, delivered, name, fields):
    answer = home.seal_as(HAND, name, **fields)
    assert (answer["ok"], answer["check"]) == (False, "CALLER"), answer
    assert home.seal_as(WRIT, name, **fields).get("check") != "CALLER", "the same from writ gets further"


@pytest.mark.parametrize("uid", (SEAL, STRANGER, *STAFF.values()))
def test_nobody_else_reaches_the_sockets(home, uid):
    for name in ("seal.sock", "hand.sock"):
        with pytest.raises(PermissionError):
            sealclient.connect_as(home.dir / "run" / name, uid)


def test_the_socket_is_not_what_keeps_others_out(home):
    """With a door left open the seal still ends the conversation with a user that it does not know."""
    path = home.dir / "run" / "seal.sock"
    path.chmod(0o666)
    try:
        for uid in (STRANGER, STAFF["Ana"]):
            with pytest.raises(sealclient.Gone):
                home.seal_as(uid, "state", order=None, tick=False)
        assert home.seal_as(HAND, "state", order=None, tick=False)["separation"] == "users"
    finally:
        path.chmod(0o660)


def test_hands_do_not_take_a_store_from_writ(home, delivered):
    """writ owns the folder, so it may put other files there; the hand takes none that is not root's."""
    for name in ("stores.yaml", "seal.pub"):
        path, aside = home.dir / name, home.dir / (name + ".aside")
        path.rename(aside)
        shutil.copy(aside, path)
        os.chown(path, WRIT, HAND)
        try:
            home.submit()
            home.authenticate()
            home.decide()
            got = home.run("collect", home.ref, as_="Ben")
            assert got.exit not in (0, 7) and name in got.err, got
            assert home.state() in ("decided", "collecting")
        finally:
            aside.rename(path)
    home.sound()


# ---- who acts ----

def test_nobody_acts_as_somebody_else(home):
    home.submit()
    home.authenticate()
    # The signature may be anybody's; the act is by who called.
    assert home.run("decide", home.ref, "comply", key="ana", as_="Ana", uid=STAFF["Ben"]).exit == 4
    assert home.run("decide", home.ref, "comply", "--as", "Ana", as_="Ben", key="ben").exit == 4
    assert home.run("decide", home.ref, "comply", as_="Ben", key="ben", env={"SUDO_UID": str(STAFF["Ana"])}).exit == 4
    assert home.run("gag", home.ref, "--basis", "x", "--indefinite", uid=STRANGER).exit == 4
    assert home.state() == "authenticated"


def test_the_homes_own_user_says_for_whom_it_acts(home):
    """As the desk does for who is signed in there; nobody who came through sudo does, and it signs for nobody."""
    home.submit()
    words = ("gag", home.ref, "--basis", "x", "--until", "2099-01-01")
    assert home.run(*words, uid=WRIT).exit == 4                                     # itself is nobody
    assert home.run(*words, "--as", "Nobody", uid=WRIT).exit == 4
    assert home.run(*words, "--as", "Ben", uid=WRIT, env={"SUDO_UID": str(STAFF["Ana"])}).exit == 4
    assert home.run(*words, "--as", "Ben", as_="Ana").exit == 4
    assert home.run(*words, "--as", "Ben", uid=WRIT).exit == 0
    assert home.acts("gagged")[-1]["actor"]["name"] == "Ben"


def test_one_approver_is_not_two(home):
    home.submit()
    for stage in ("authenticated", "decided", "collected", "noticed"):
        home.step(stage)
    home.approve("Ben")
    assert home.run("approve", home.ref, as_="Ana", key="ana").exit == 4
    assert home.run("release", home.ref, as_="Ben").exit == 4
    home.approve("Chi")
    home.release()


def test_without_sudo_nothing_happens(home):
    """A person that dist/sudoers does not name has only the programs."""
    def alone(uid, *words):
        return subprocess.run(as_user(uid, "/usr/bin/env", "PATH=/nowhere", home.bin / "writ", *words, "--home", home.dir),
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
    for uid in (STAFF["Ana"], STRANGER):
        for words in (("order", "list"), ("log", "verify"), ("show", "W-AAAA-0001")):
            got = alone(uid, *words)
            assert got.returncode == 3 and b"sudo is not installed" in got.stderr, got


def test_the_seal_comes_back_as_it_was(home, delivered):
    """Killed at rest, and started again by the next connection."""
    for child in home.systemd.children:
        if child.poll() is None and "writ-seal" in " ".join(map(str, child.args)):
            child.kill()
            child.wait()
    home.sound()


def test_files_beside_a_file_and_papers_in_a_folder(home, delivered):
    """Files of the caller, in the caller's folder, with the caller's rights alone."""
    mine = home.base / "Ana"
    home.ok("letter", home.first, "receipt", "--out", str(mine / "receipt.txt"))
    assert json.loads((mine / "receipt.txt.record").read_text())["kind"] == "intake"
    assert "SIGNATURE" in (mine / "receipt.txt.record.seal").read_text()
    home.ok("log", "prove", home.first, "--seq", "1", "--out", str(mine / "proof"))
    assert json.loads((mine / "proof.act").read_text())["act"] == "received"
    folder = mine / "papers"
    home.ok("paper", home.first, "--out", str(folder))
    home.ok("paper", home.first, "--out", str(folder))
    assert [p.name[:3] for p in sorted(folder.iterdir())] == ["00-", "01-"]
    assert sorted(folder.iterdir())[1].read_bytes() == home.world.paper.read_bytes()
    assert {p.stat().st_uid for p in folder.iterdir()} == {STAFF["Ana"]}
    (folder / sorted(folder.iterdir())[1].name).write_bytes(b"another")
    assert home.run("paper", home.first, "--out", str(folder)).exit != 0


def test_papers_are_read_by_the_homes_user_and_shown_in_the_callers_folder(home):
    """writ-look is writ's own process; the caller gets the pictures with the caller's rights alone."""
    mine = home.base / "Ana"
    paper = home.base / "warrant.pdf"
    paper.write_bytes(test_look.pdf(b"Dated 15 November 2019", pages=3))
    home.submit(papers=[home.world.paper, paper])
    told = json.loads(home.ok("paper", "read", home.ref, "--out", str(mine / "pages"), "--json"))["papers"]
    assert [p["reading"]["pages_read"] for p in told] == [0, 3]
    assert "2019-11-15" in [s["value"] for s in told[1]["reading"]["suggestions"]]
    pictures = sorted((mine / "pages").iterdir())
    assert [p.name for p in pictures] == [f"02-page-00{n}.png" for n in (1, 2, 3)]
    assert {p.stat().st_uid for p in pictures} == {STAFF["Ana"]} and all(test_look.is_plain(p.read_bytes()) for p in pictures)
    assert {p.stat().st_uid for p in (home.dir / "reading").rglob("*")} == {home.dir.stat().st_uid}


def test_a_printed_statement_is_checked_where_it_is_signed(home):
    home.submit()
    for stage in ("authenticated", "decided", "collected", "noticed"):
        home.step(stage)
    path = home.base / "Ben" / "st.json"
    home.ok("approve", home.ref, "--print", str(path), as_="Ben")
    shown = home.run("approve", "--show", str(path), as_="Ben")
    assert shown.exit in (0, 7) and home.ref in shown.out


def test_a_step_that_fails_leaves_no_empty_file(home, delivered):
    home.submit()
    path = home.base / "Chi" / "none.tar"
    for _ in range(2):
        got = home.run("deliver", home.ref, "--out", str(path), as_="Chi")
        assert got.exit == 4 and "whose turn it is" in got.err and not path.exists()
    got = home.run("deliver", home.first, "--out", str(delivered), as_="Chi")
    assert got.exit == 4 and "exists already" in got.err
    whole = delivered.read_bytes()
    path.write_bytes(whole[:20000])
    os.chown(path, STAFF["Chi"], STAFF["Chi"])
    home.ok("deliver", home.first, "--out", str(path), "--resume", as_="Chi")
    assert path.read_bytes() == whole
