"""Foundings and starts of the seal: who may found a home, and which state is not believed.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import gate  # noqa: E402
import gatecase  # noqa: E402
import gaterun  # noqa: E402
from gatefixtures import approved, bench, bench_of, founded  # noqa: E402, F401
from sealclient import canonical  # noqa: E402

REF = "W-BBBB-0001"


def released(home, life):
    gate.check_release(home, life, home.take_release(life).release)


# ---- founding ----

@pytest.fixture(params=["one", "three"])
def young(request):
    if request.param == "three" and gaterun.three_users():
        pytest.skip(gaterun.three_users())
    with gate.Home(request.param) as home:
        yield home


FOUNDINGS = {
    "nobody": (lambda h: [], None), "one": (lambda h: h.sign("roster", h.founding, ["anna"]), "ROSTER_TWO"),
    "one_with_two_keys": (lambda h: h.sign("roster", h.founding, ["anna", "anna2"]), "ROSTER_TWO"),
    "one_twice": (lambda h: h.sign("roster", h.founding, ["anna", "anna"]), "KEY_TWICE"),
    "outsider": (lambda h: h.sign("roster", h.founding, ["anna", "mallory"]), "KEY_ROSTERED"),
    "without_the_right": (lambda h: h.sign("roster", h.founding, ["anna", "dora"]), "MAY"),
    "namespace": (lambda h: h.sign("roster", h.founding, ["anna", "boris"], "writ-approval@v1"), "SIGNATURE_NAMESPACE"),
    "other_text": (lambda h: h.sign("roster", h.founding + " ", ["anna", "boris"]), "SIGNATURE_HOLDS"),
    "nonsense": (lambda h: h.sign("roster", h.founding, ["anna", "boris"]) + ["x"], "SIGNATURE_FORM"),
}


@pytest.mark.parametrize("name", FOUNDINGS)
def test_founding_that_is_refused(young, name):
    h = young
    make, row = FOUNDINGS[name]
    assert h.init().returncode == 0
    done = h.found(signatures=make(h))
    assert done.returncode != 0 and not (h.state_dir / "state.json").exists()
    assert row is None or row.encode() in done.stderr, done.stderr.decode()
    with pytest.raises(RuntimeError):
        h.start()
    assert h.found().returncode == 0


def test_founding_document_of_somebody_else(young):
    """Another text, signed by two: a policy made weaker, a key exchanged."""
    h = young
    assert h.init().returncode == 0
    for change in (lambda t: t["policy"].update(approvals="1"), lambda t: t.update(document_key=h.keys.ssh["mallory"].line),
                   lambda t: t["people"][0].update(key=h.keys.ssh["mallory"].line)):
        text = gatecase.edited(h.founding, change)
        done = h.found(text=text)
        assert done.returncode != 0 and b"FOUNDING_SAME" in done.stderr, done.stderr.decode()
    assert not (h.state_dir / "state.json").exists()


def test_founded_once(young):
    h = young
    h.make()
    h.stop()
    founding = h.founding
    assert h.found(text=founding, by=("anna", "boris")).returncode != 0
    again = h.run_seal("--init", h.state_dir, stdin=canonical({"provider": "x", "people": [], "policy": {}}).encode())
    assert again.returncode != 0 and b"already" in again.stderr
    h.start()
    assert h.state()["founding"] == founding


BAD_FOUNDERS = {
    "nobody": (lambda t: t.update(people=[]), "KEEPS_ROSTER"),
    "one_person": (lambda t: t.update(people=t["people"][:2]), "KEEPS_ROSTER"),
    "one_with_approve": (lambda t: t.update(people=[p for p in t["people"] if p["name"] not in ("carla", "dora")] +
                                            [dict(t["people"][4], may=["roster"])]), "KEEPS_APPROVERS"),
    "key_of_another": (lambda t: t["people"][2].update(key=t["people"][0]["key"]), "KEY_OF_ANOTHER"),
    "key_twice": (lambda t: t["people"][1].update(key=t["people"][0]["key"]), "KEY_THERE"),
    "approvals_1": (lambda t: t["policy"].update(approvals="1"), "APPROVALS_TWO"),
    "approvals_0": (lambda t: t["policy"].update(approvals="0"), "APPROVALS_TWO"),
    "approvals_9": (lambda t: t["policy"].update(approvals="9"), "KEEPS_APPROVERS"),
    "policy_name": (lambda t: t["policy"].update(colour="2"), "POLICY_NAME"),
    "policy_value": (lambda t: t["policy"].update(ticket_days="0"), "POLICY_VALUE"),
    "timestamp": (lambda t: t["policy"].update(timestamp="perhaps"), "POLICY_VALUE"),
    "person_form": (lambda t: t["people"][0].update(may=["everything"]), "ROW_FORM"),
    "plain_key_verified": (lambda t: t["people"][0].update(user_verified=True), "ROW_FORM"),
}


@pytest.mark.parametrize("name", BAD_FOUNDERS)
def test_founders_that_are_refused(young, name):
    h = young
    change, row = BAD_FOUNDERS[name]
    given = {"people": [], "policy": dict(gate.POLICY)}
    h.folders()
    given["people"] = h.founders()
    change(given)
    shutil.rmtree(h.dir)
    done = h.init(**given)
    assert done.returncode != 0 and row.encode() in done.stderr, done.stderr.decode()
    assert not (h.state_dir / "founding.json").exists()


# ---- start ----

def refuses_to_start(h, words):
    with pytest.raises(RuntimeError) as e:
        h.start()
    assert words in str(e.value), str(e.value)


def test_a_state_older_than_the_log_does_not_start(founded):
    h = founded
    h.tick()
    h.stop()
    shutil.copytree(h.state_dir, h.dir / "backup")
    h.start()
    h.tick()
    h.stop()
    shutil.rmtree(h.state_dir)
    (h.dir / "backup").rename(h.state_dir)
    h.own(h.state_dir)
    refuses_to_start(h, "put back")


def test_a_released_order_cannot_be_released_again_from_a_backup(approved):
    """The backup knows of no release; the log does."""
    h = approved
    h.tick()
    h.stop()
    shutil.copytree(h.state_dir, h.dir / "backup")
    h.start()
    released(h, h.life)
    h.tick()
    h.stop()
    shutil.rmtree(h.state_dir)
    (h.dir / "backup").rename(h.state_dir)
    h.own(h.state_dir)
    refuses_to_start(h, "put back")


def test_another_tree_of_the_same_size_does_not_start(founded):
    h = founded
    h.tick([b"a" * 32])
    h.stop()
    shutil.copytree(h.state_dir, h.dir / "fork")
    h.start()
    h.tick([b"b" * 32])
    mine = (h.log / "checkpoint").read_text()
    h.stop()
    shutil.rmtree(h.state_dir)
    (h.dir / "fork").rename(h.state_dir)
    h.own(h.state_dir)
    (h.log / "checkpoint").unlink()
    h.tree, h.entries = 1, h.entries[:1]
    h.start()
    h.tick([b"c" * 32], write=False)
    h.stop()
    (h.log / "checkpoint").write_text(mine)
    refuses_to_start(h, "put back")


def test_the_checkpoint_of_another_home_is_no_proof(bench):
    with bench.thaw("founded") as h, bench.other.twin().start() as other:
        for _ in range(5):
            other.tick()
        h.stop()
        shutil.copy(other.log / "checkpoint", h.log / "checkpoint")
        h.start()
        released(h, h.live(REF, "approved"))


# One field more in founding.json, which the seal alone writes, changes nothing.
DAMAGES = [(name, how) for name in ("state.json", "tick.json", "founding.json")
           for how in ("empty", "cut", "other", "gone", "more") if (name, how) != ("founding.json", "more")]


@pytest.mark.parametrize("name, how", DAMAGES)
def test_a_damaged_state_does_not_start(founded, name, how):
    h = founded
    h.stop()
    at = h.state_dir / name
    text = at.read_text()
    at.write_text({"empty": "", "cut": text[:-9], "other": "{}", "gone": "", "more": text[:-1] + ',"zzz":1}'}[how])
    if how == "gone":
        at.unlink()
    with pytest.raises(RuntimeError):
        h.start()


def test_two_seals_on_one_state(founded):
    h = founded
    done = h.run_seal("--state", h.state_dir, "--listen", h.dir / "run" / "t")
    assert done.returncode == 6, done.stderr.decode()
    h.state()


def hidden(pid):
    """Not dumpable: what /proc shows of it belongs to root, whoever runs it; and there is no core file."""
    place = pathlib.Path("/proc/%d" % pid)
    return (place / "mem").stat().st_uid == 0 and (place / "environ").stat().st_uid == 0 and \
        re.search(r"Max core file size\s+0\s+0", (place / "limits").read_text()) is not None


def test_no_other_process_of_its_user_looks_into_it(founded):
    assert hidden(founded.process.pid)
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):
            pathlib.Path("/proc/%d/environ" % founded.process.pid).read_bytes()


def test_nor_into_the_one_that_makes_the_keys(young):
    """It waits for its input, and must have hidden itself by then."""
    h = young
    h.folders()
    with subprocess.Popen([*h.as_seal(), h.program(), "--init", h.state_dir], env=h.environment(), cwd=h.dir,
                          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as seal:
        end = time.monotonic() + 10
        while not hidden(seal.pid) and time.monotonic() < end:
            time.sleep(0.01)
        assert hidden(seal.pid) and seal.poll() is None
        seal.stdin.close()
        assert seal.wait(20) != 0
