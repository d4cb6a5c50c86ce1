"""A hand in its cage: a prisoner preloaded into the untouched release executable tries one forbidden
act after the cage has closed. Killed by SIGSYS or refused by EPERM, EACCES passes; anything else
fails. The hand with a security key closes its cage only where one is plugged in: libfido2 is told of
a pseudoterminal, so that this is the release executable, too, and not the one with test hooks, which
takes a soft key. SPDX-License-Identifier: Apache-2.0"""
import ctypes
import errno
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tty
import types

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import fake_seal, hand, pause, tools, tsa  # noqa: E402

PRISONER = tools.program("cage_act.so")
HAND = tools.program("writ-hand")
if not HAND or not PRISONER:
    pytest.fail("writ-hand or cage_act.so is not built (WRIT_BUILD)", pytrace=False)

# look: the hand itself when a tool has ended; tool: what pdftotext has in its place.
PROFILES = ("read", "count", "fetch", "send", "draw", "look", "touch", "tool")
# What is no forbidden act in a profile: a fetch writes its vault file (descriptor 4); a count has
# no descriptor 4 of its own to write to; a draw starts threads, as glibc does.
LAWFUL = {
    ("fetch", "write_document"), ("fetch", "write_document_plainly"), ("count", "write_document_plainly"),
    ("draw", "protect_write"), ("draw", "rename_self"),
    # The key is descriptor 4 of a touch: it is written to.
    ("touch", "write_document_plainly"),
    # A tool maps its libraries and, as every program does that is loaded, protects parts of them.
    ("tool", "protect_write"), ("tool", "map_file"),
}
# What is refused so that glibc takes the other call, whose flags a filter sees.
REFUSED_OTHERWISE = {("draw", "clone3_made"): "refused ENOSYS"}
# With the terminal, the key and what else is open where a PIN is typed.
OF_TOUCH = ("type_on_terminal", "take_terminal", "leave_terminal", "control_key", "read_stderr", "read_connection",
            "write_connection")
# Acts that do no harm outside a cage, to show that an act is one.
HARMLESS = ("open_passwd", "open_other_account", "create_in_home", "chmod_mail", "rename_mail", "mkdir_made",
            "symlink_made", "socket_inet", "socket_unix", "exec_true", "fork_made", "clone_made", "clone3_made",
            "kill_parent", "map_exec", "protect_exec", "open_by_openat2", "ptrace_me", "event_fd", "duplicate",
            "other_abi_i386")


def acts():
    out = subprocess.run(["/bin/true"], env={"LD_PRELOAD": str(PRISONER), "CAGE_LIST": "1"}, check=True,
                         capture_output=True, text=True).stdout
    return out.split()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = tsa.Tsa(tmp_path_factory.mktemp("tsa"))
    yield made
    made.stop()


@pytest.fixture
def home(tmp_path, authority):
    made = fake_seal.make(tmp_path)
    (pathlib.Path(made.dir) / "addresses.yaml").write_text(authority.yaml(timeout=5))
    yield made
    made.seal.close()


class Plugged:
    """A security key and a terminal, both pseudoterminals. The key hears one packet and is taken out; heard is called between."""

    def __init__(self, heard=lambda: None):
        (self.key, self.ours), (self.screen, terminal) = pty.openpty(), pty.openpty()
        tty.setraw(self.ours)
        self.env, self.heard, self.terminal = {"CAGE_KEY": os.ttyname(self.ours)}, heard, terminal
        self.thread = threading.Thread(target=self.hear)

    def hear(self):
        with open(self.key, "rb", buffering=0) as key:
            try:
                if key.read(65):
                    self.heard()
            except OSError:
                pass            # the hand ended, and said nothing to it

    def sit(self):
        """In the child, before exec: it runs in that terminal."""
        os.setsid()
        os.close(os.open(os.ttyname(self.terminal), os.O_RDWR))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.close(self.ours)
        self.thread.join()
        os.close(self.terminal)
        os.close(self.screen)


def touch(env=None, before=None, heard=lambda: None):
    with Plugged(heard) as plugged:
        def arrange():
            plugged.sit()
            if before:
                before()
        return hand.ask({"version": 1, "job": "touch", "client_data": "{}", "keys": [{"rp_id": "home.example", "credential": "AAAA"}]},
                        program=tools.program("writ-touch"), env={"LD_PRELOAD": str(PRISONER), **(env or {}), **plugged.env},
                        before=arrange)


def run(profile, home, env=None, before=None, heard=lambda: None):
    """One job of that profile, started as systemd does, so that the hand logs its cage: (answer, hand)."""
    env = {"LISTEN_FDS": "1", **(env or {})}
    if profile == "read":
        answer, _, ran = hand.read("answers", b"provider: PF\n", env=env, before=before)
        return answer, ran
    if profile == "draw":
        text, result = hand.memory(b"Sender\n\nText.\n"), hand.memory()
        try:
            return hand.ask({"version": 1, "job": "draw", "title": "t", "reference": "r", "sha256_text": "",
                             "made_at": "2026-11-22T10:00:00Z"}, (text, result), program=tools.program("writ-draw"), env=env,
                            before=before)
        finally:
            os.close(text)
            os.close(result)
    if profile in ("look", "tool"):
        paper, result = hand.memory(PAPER), hand.memory()
        try:
            return hand.ask({"version": 1, "job": "look", "what": "words"}, (paper, result), program=tools.program("writ-look"), env=env,
                            before=before)
        finally:
            os.close(paper)
            os.close(result)
    if profile == "touch":
        return touch(env, before, heard)
    if profile == "send":
        return hand.ask({"version": 1, "job": "send", "address": "timestamp", "imprint_sha256": "ab" * 32}, home=home.dir,
                        program=tools.program("writ-send"), env=env, before=before)
    scope = home.scope()
    vault = hand.memory()
    fds = (vault,) if profile == "fetch" else ()
    try:
        return hand.ask(home.job(profile, scope), fds, home=home.dir, env=env, before=before)
    finally:
        os.close(vault)


def imprisoned(profile, act, home, when="after", before=None):
    mail = next((home.account("finch") / "cur").iterdir())
    other = next((home.account("other") / "cur").iterdir())
    env = {"LD_PRELOAD": str(PRISONER), "CAGE_ACT": act, "CAGE_WHEN": when, "CAGE_HOME": str(home.dir),
           "CAGE_STORE": str(home.account("finch")), "CAGE_MAIL": str(mail), "CAGE_OTHER": str(other)}
    if profile == "tool":
        env["CAGE_WHEN"] = "tool"
    answer, ran = run(profile, home, env, before)
    if profile == "tool" and answer is not None and answer.get("error") == "DENIED" and "cage forbids" in answer["why"]:
        return "killed"
    said = re.search(r"^ACT \S+ (\S+) (\d+)$", ran.log, re.M)
    if ran.status == -signal.SIGSYS:
        return "killed"
    if said is None:
        return f"no report, status {ran.status}: {ran.log}"
    return "done" if said[1] == "done" else f"{said[1]} {errno.errorcode.get(int(said[2]), said[2])}"


# One page without a word.
PAPER = (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
         b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj trailer<</Root 1 0 R>>\n%%EOF\n")


# The cage of look is that of read, behind a tool that has ended: a third of the acts, but in make cage.
CASES = [(profile, act) for profile in PROFILES for i, act in enumerate(acts())
         if (profile, act) not in LAWFUL and (profile == "touch" or act not in OF_TOUCH)
         and (profile != "look" or os.environ.get("WRIT_FULL") or i % 3 == 0)]


@pytest.mark.parametrize("profile,act", CASES, ids=[f"{p}-{a}" for p, a in CASES])
def test_act_is_forbidden(profile, act, home, record_property):
    outcome = imprisoned(profile, act, home)
    record_property("outcome", outcome)
    # A touch opens no file: its filter kills before Landlock is asked.
    refused = set() if profile == "touch" else {"refused EPERM", "refused EACCES"}
    assert outcome in {REFUSED_OTHERWISE.get((profile, act), "killed"), *refused}


@pytest.mark.parametrize("act", [act for profile, act in CASES if profile == "fetch"])
def test_act_is_forbidden_to_the_second_thread(act, home, record_property):
    """The thread that writes the file: filter and Landlock bind it as they bind the first."""
    outcome = imprisoned("fetch", act, home, when="thread")
    record_property("outcome", outcome)
    assert outcome in {"killed", "refused EPERM", "refused EACCES"}


def test_a_thread_that_landlock_does_not_bind_would_be_seen(home):
    """What seccomp alone allows, reading below any path, is refused to the second thread by Landlock."""
    home.stores("yes")
    assert imprisoned("fetch", "open_passwd", home, when="thread") == "refused EACCES"
    assert imprisoned("fetch", "open_passwd", home, when="thread", before=without_landlock) == "done"


@pytest.mark.parametrize("act", HARMLESS)
def test_the_act_is_real_outside_the_cage(act, home):
    assert imprisoned("fetch", act, home, when="before") in ("done", "no report, status 0: ")


@pytest.mark.parametrize("act", ("set_ulp", "set_congestion", "set_fast_open", "bind_to_device", "send_elsewhere"))
def test_of_its_socket_the_hand_that_sends_sets_one_option(act, home):
    """On the very socket on which libcurl sets that one; and it sends to no other address."""
    assert imprisoned("send", act, home, when="option") == "killed"


MIB = 1 << 20
LIMITS = {
    "read": {"core file size": 0, "processes": 0, "open files": 0, "file size": 64 * MIB, "address space": 2048 * MIB, "cpu time": 60},
    "count": {"core file size": 0, "processes": 0, "file size": 64 * MIB, "address space": 65536 * MIB, "cpu time": 48 * 3600},
    "fetch": {"core file size": 0, "processes": 0, "address space": 65536 * MIB, "cpu time": 48 * 3600},
    "send": {"core file size": 0, "processes": 0, "file size": 64 * MIB, "address space": 2048 * MIB, "cpu time": 60},
    "draw": {"core file size": 0, "file size": 64 * MIB, "address space": 2048 * MIB, "cpu time": 60},
    "touch": {"core file size": 0, "processes": 0, "file size": 64 * MIB, "address space": 2048 * MIB, "cpu time": 60},
}


@pytest.mark.parametrize("profile", LIMITS)
def test_limits(profile, home, authority, tmp_path):
    """As the kernel has them while the hand is at work."""
    found, pid = [], tmp_path / "pid"

    def look():
        text = pathlib.Path(f"/proc/{pid.read_text()}/limits").read_text()
        found.append({name: re.search(rf"^Max {name} +(\d+|unlimited) +(\d+|unlimited) ", text, re.M).groups() for name in LIMITS[profile]})

    def looked(handler, query):
        look()
        tsa.send(handler, authority.reply(query))
    moment = pause.Pause(tmp_path, {"read": "document:1", "draw": "document:1"}.get(profile, "list:1"))
    authority.answer = looked
    heard = profile in ("send", "touch")        # it has somebody to speak with, who looks
    job = threading.Thread(target=run, args=(profile, home, {} if heard else moment.env, lambda: pid.write_text(str(os.getpid())), look))
    job.start()
    if not heard:
        assert moment.reached(types.SimpleNamespace(poll=lambda: None if job.is_alive() else 0))
        look()
        moment.go_on()
    job.join()
    authority.answer = None
    assert found == [{name: (str(n), str(n)) for name, n in LIMITS[profile].items()}]


def test_one_connection_is_one_job(home, tmp_path):
    """A second message that waits beside the first: neither is done."""
    os.mkfifo(tmp_path / "gate")
    late = tmp_path / "late"
    late.write_text(f'#!/bin/sh\nread go < {tmp_path / "gate"}\nexec {HAND} "$@"\n')
    late.chmod(0o755)
    one = hand.Hand(home=home.dir, program=late)
    job = hand.canonical(home.job("count", home.scope()))
    hand.send(one.sock, job)
    hand.send(one.sock, job)
    (tmp_path / "gate").write_text("go\n")
    answer = one.end()
    assert answer["ok"] is False and "more than one message" in answer["why"] and answer["cage"] is None, answer


def test_after_its_job_a_hand_hears_nothing(home, tmp_path):
    """The connection reads like any file in the cage: so it is closed for reading."""
    moment = pause.Pause(tmp_path, "list:1")
    one = hand.Hand(home=home.dir, env=moment.env)
    hand.send(one.sock, hand.canonical(home.job("count", home.scope())))
    assert moment.reached(one.process)
    with pytest.raises(BrokenPipeError):
        hand.send(one.sock, b"{}")
    moment.go_on()
    assert one.end()["ok"] is True


def test_at_least_forty_acts_in_each_profile(record_testsuite_property):
    for profile in PROFILES:
        tried = len([1 for p, _ in CASES if p == profile])
        record_testsuite_property(f"forbidden acts tried, profile {profile}", tried)
        assert tried >= 40


@pytest.mark.parametrize("profile", [p for p in PROFILES if p != "tool"])
def test_answer_and_log_tell_the_cage(profile, home):
    """The release executable has its cage, and says truthfully that it is closed."""
    answer, ran = run(profile, home)
    assert ran.status == 0
    assert answer["cage"]["seccomp"] is True
    assert '"seccomp":true' in ran.log and f'"job":"{profile}"' in ran.log
    assert answer["cage"]["landlock_abi"] == landlock_abi()


@pytest.mark.parametrize("program", ("writ-hand", "writ-touch"))
def test_the_executable_has_a_cage(program):
    """Not compiled out: it imports what closes it."""
    names = subprocess.run(["nm", "-D", str(tools.program(program))], check=True, capture_output=True, text=True).stdout
    for name in ("seccomp_init", "seccomp_load", "prctl", "setrlimit", "clearenv", "close_range"):
        assert name in names


ROOT_LOOKS = pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: only root can look at a process that may not be dumped")


@ROOT_LOOKS
def test_a_touch_holds_its_key_and_its_terminal_alone(tmp_path):
    """No store, no home, no seal: what is open while it speaks with the key, after libfido2 searched the machine."""
    found, pid = {}, tmp_path / "pid"

    def look():
        place = pathlib.Path(f"/proc/{pid.read_text()}")
        found.update({int(fd.name): os.readlink(fd) for fd in (place / "fd").iterdir()})
    answer, ran = touch(before=lambda: pid.write_text(str(os.getpid())), heard=look)
    assert answer["ok"] is False and answer["cage"]["seccomp"] is True, answer
    assert set(found) == {0, 1, 2, 3, 4, 5}, found
    assert found[0] == found[1] == "/dev/null" and found[3].startswith("socket:")
    assert found[4].startswith("/dev/pts/") and found[5] == "/dev/tty"


@ROOT_LOOKS
def test_nothing_of_the_caller_is_left():
    """A hand of another user that waits for its job: no new rights, no files, not dumpable."""
    extra, write_end = os.pipe()
    # Where that user can start it: the source tree may lie in a home that is closed to others.
    program = pathlib.Path(tempfile.mkdtemp(prefix="writ-hand-")) / "writ-hand"
    program.parent.chmod(0o755)
    shutil.copy(HAND, program)

    def arrange():
        os.dup2(extra, 50)
        os.setgid(65534)
        os.setuid(65534)
    waiting = hand.Hand(before=arrange, program=program)
    place = f"/proc/{waiting.process.pid}"
    end = time.monotonic() + 60
    while set(os.listdir(f"{place}/fd")) != {"0", "1", "2", "3"} and time.monotonic() < end:
        time.sleep(0.01)        # until it has closed what it inherited and opened nothing more
    status = open(f"{place}/status").read()
    assert re.search(r"^Uid:\s+65534", status, re.M) and re.search(r"^NoNewPrivs:\s+1", status, re.M)
    assert set(os.listdir(f"{place}/fd")) == {"0", "1", "2", "3"}
    # Who may not be dumped belongs to root: no other process of the same user can trace it.
    assert os.stat(f"{place}/environ").st_uid == 0
    waiting.sock.close()
    assert waiting.process.wait(60) > 0
    os.close(extra)
    os.close(write_end)
    shutil.rmtree(program.parent)


# ---- a kernel without Landlock ----

def landlock_abi():
    abi = ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1)
    return max(abi, 0)


def without_landlock():
    """In the child, before exec: a filter under which the kernel has no Landlock."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    allow, enosys = 0x7fff0000, 0x00050000 | errno.ENOSYS
    rules = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(allow)))
    for call in (444, 445, 446):
        lib.seccomp_rule_add(rules, ctypes.c_uint32(enosys), call, 0)
    if lib.seccomp_load(rules) != 0:
        os._exit(99)


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def failing(why, *calls, filters=False):
    """In the child, before exec: these calls fail so; filters: so does loading a filter, in both ways there are."""
    def arrange():
        lib = ctypes.CDLL("libseccomp.so.2")
        lib.seccomp_init.restype = ctypes.c_void_p
        action = ctypes.c_uint32(0x00050000 | why)
        rules = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(0x7fff0000)))
        for call in calls + ((317,) if filters else ()):
            lib.seccomp_rule_add(rules, action, call, 0)
        if filters:             # prctl(PR_SET_SECCOMP)
            lib.seccomp_rule_add_array(rules, action, 157, 1, ctypes.byref(Compare(0, 4, 22, 0)))
        if lib.seccomp_load(rules) != 0:
            os._exit(99)
    return arrange


@pytest.mark.parametrize("profile", ("count", "fetch"))
@pytest.mark.parametrize("calls", ((444, 445, 446), (445,), (446,)), ids=("all", "rule", "restrict"))
def test_landlock_that_is_switched_off_or_fails(profile, calls, home):
    """Built in and not started (EOPNOTSUPP), or failing halfway: shut; what fails halfway no home can accept."""
    for accepted in ("no", "yes"):
        home.stores(accepted)
        answer, _ = run(profile, home, before=failing(errno.EOPNOTSUPP, *calls))
        if accepted == "yes" and 444 in calls:
            assert answer["ok"] is True and answer["cage"] == {"seccomp": True, "landlock_abi": 0}, answer
            continue
        assert answer["ok"] is False and answer["next"] and ("Landlock" in answer["why"] or "cage" in answer["why"]), answer
        assert home.seal.asked == []


@pytest.mark.parametrize("profile", ("read", "count", "fetch", "draw", "look", "touch"))
@pytest.mark.parametrize("why", (errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.ENOMEM))
def test_without_its_filter_a_hand_does_nothing(profile, why, home):
    """Whatever the home accepts."""
    home.stores("yes")
    answer, ran = run(profile, home, before=failing(why, filters=True))
    assert answer is None or (answer["ok"] is False and "seccomp" in answer["why"] and answer["cage"] is None), answer
    assert answer is not None or ran.status not in (0, None)
    assert home.seal.asked == []


@pytest.mark.parametrize("profile", ("count", "fetch"))
def test_without_landlock_stores_stay_shut(profile, home):
    answer, ran = run(profile, home, before=without_landlock)
    assert answer["ok"] is False and answer["error"] == "DENIED" and "Landlock" in answer["why"]
    assert "accept_no_landlock" in answer["next"]
    assert home.seal.asked == []


def test_without_landlock_no_tool_is_started(home):
    answer, _ = run("look", home, before=without_landlock)
    assert answer["ok"] is False and answer["error"] == "FAILED" and "Landlock" in answer["why"], answer


@pytest.mark.parametrize("profile", ("count", "fetch"))
def test_without_landlock_where_the_home_accepts_it(profile, home):
    home.stores("yes")
    answer, ran = run(profile, home, before=without_landlock)
    assert answer["cage"] == {"seccomp": True, "landlock_abi": 0}
    assert answer["ok"] is True, answer
    home.stores("no")
    answer, ran = run(profile, home, before=without_landlock)
    assert answer["error"] == "DENIED"
    home.stores("perhaps")
    answer, ran = run(profile, home, before=without_landlock)
    assert answer["error"] == "FORMAT" and "stores.yaml:2:" in answer["why"]


WRITING = ("create_in_home", "create_in_tmp", "create_in_store", "create_read_only", "create_unnamed", "write_mail",
           "append_mail", "truncate_by_open", "open_self_mem", "open_dev_null", "open_by_openat2", "socket_unix")


@pytest.mark.parametrize("profile", ("count", "fetch"))
@pytest.mark.parametrize("act", WRITING)
def test_without_landlock_seccomp_alone_forbids_writing(profile, act, home):
    home.stores("yes")
    assert imprisoned(profile, act, home, before=without_landlock) == "killed"


@pytest.mark.parametrize("act", WRITING)
def test_without_landlock_who_draws_writes_nothing(act, home):
    assert imprisoned("draw", act, home, before=without_landlock) == "killed"


@pytest.mark.parametrize("profile", ("read", "draw"))
def test_without_landlock_documents_are_still_read_and_drawn(profile, home):
    answer, _ = run(profile, home, before=without_landlock)
    assert answer["ok"] is True and answer["cage"] == {"seccomp": True, "landlock_abi": 0}
