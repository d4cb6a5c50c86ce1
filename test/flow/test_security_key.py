"""Security keys on the command line: made, entered by two, orders approved and released with them beside a browser's
passkey; and people, keys and wires that are not as they should be. The key is one in software (harness/softkey.py), the
rest is writ, writ-touch in its cage, and libfido2.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST), str(TEST / "harness")]
import passkey  # noqa: E402
import pypasskey  # noqa: E402
import softkey  # noqa: E402
import test_step  # noqa: E402
import tools  # noqa: E402
from harness import life  # noqa: E402
from harness.lifefixtures import no  # noqa: E402
from passkey import UP, UV, Passkey  # noqa: E402
from softkey import SoftKey, Terminal, plugged  # noqa: E402
from test_passkey import add, delivered, pub, signed  # noqa: E402

SITE = ("--site", softkey.ORIGIN, "--rp-id", softkey.RP_ID)
KEYS = {"Ben": Passkey(), "Chi": Passkey("eddsa"), "Ana": Passkey("eddsa"), "Eve": Passkey()}


@pytest.fixture(scope="module")
def town():
    if not tools.program("writ", hooks=True):
        pytest.skip("there is no build with test hooks")
    with life.Town(hooks=True) as made:
        home = made.frozen["founded"]
        add(home, "Ben", KEYS["Ben"].line, "approve roster halt", "--user-verified", as_="Ana", key=("ana", "chi"))
        add(home, "Chi", KEYS["Chi"].line, "approve roster", as_="Ana", key=("ana", "ben"))
        add(home, "Ana", KEYS["Ana"].line, "decide roster", as_="Ben", key=("ben", "chi"))
        home.ok("roster", "add", "--policy", "native_approvals", "--value", "1", as_="Ana", key=("ana", "ben"))
        yield made


def at(terminal, env, ms=None):
    return {"prefix": terminal.prefix, "env": {**env, **({"WRIT_TEST_KEYS_MS": ms} if ms else {})}}


def touched(home, *words, keys, types=("1234\n",), ask=None, **more):
    """The command with these keys plugged in, and what is typed when a PIN is asked for."""
    with plugged(*keys) as env, Terminal(*types) as terminal:
        said = (ask or home.ok)(*words, **at(terminal, env), **more)
        assert b"1234" not in terminal.shown, "a PIN was shown"
    return said


def approve(home, who, *keys, **more):
    return touched(home, "approve", home.ref, "--security-key", keys=keys or [SoftKey(KEYS[who])], as_=who, **more)


def refused(home, status, *keys, says, types=("1234\n",), command=None, ms=None):
    """Nothing is signed, nothing happens, and the next step is told."""
    with plugged(*keys) as env, Terminal(*types) as terminal:
        got = no(home, status, *(command or ("approve", home.ref, "--security-key")), as_="Ben", says=says, **at(terminal, env, ms))
    assert "next:" in got.err and "ended without a result" not in got.err, got.err
    return got


def stated(town):
    """An order whose statement is made, so that nothing more comes of an approval that is refused."""
    home = town.home("noticed")
    home.ok("approve", home.ref, "--print", home.base / "statement.json", as_="Ben")
    return home


# ---- what must be possible ----

@pytest.mark.parametrize("protocol", [1, 2])
def test_a_passkey_is_made_entered_and_used(town, tmp_path, protocol):
    """From the key in the box to a delivered file: natively by Ben's new key, by Chi's in a browser."""
    home, key = town.home("collected"), SoftKey(protocol=protocol)
    line = tmp_path / "ben.passkey"
    said = touched(home, "passkey", "make", *SITE, "--name", "Ben", "--out", line, keys=[key], ask=home.run)
    assert said.exit == 0 and "touch your security key now" in said.err and "writ roster add --pub" in said.err
    assert line.read_text() == key.keys[0].line + "\n"
    assert key.asked[-1][1][2] == {"id": softkey.RP_ID, "name": softkey.RP_ID} and key.asked[-1][1][7] == {"rk": True}
    home.ok("roster", "add", "--name", "Ben", "--user", life.USER, "--pub", line, "--may", "approve", "--user-verified",
            as_="Ana", key=("ana", "chi"))
    home.withhold()
    assert "approved by Ben: 1 of 2" in approve(home, "Ben", key)
    _, sig = signed(home, "statement", "Chi", "approve", home.ref, key=KEYS["Chi"])
    home.ok("approve", home.ref, "--signature", sig, as_="Chi")
    kept = json.loads((delivered(home).folder / "approvals.json").read_text())
    assert [json.loads(s)["key"] for s in kept["signatures"]] == [key.keys[0].line, KEYS["Chi"].line]


def test_the_same_passkey_signs_in_a_browser_and_natively(town):
    """Its row is one; only without a browser it counts as native."""
    home = town.home("noticed")
    _, sig = signed(home, "statement", "Ben", "approve", home.ref, key=KEYS["Ben"])
    home.ok("approve", home.ref, "--signature", sig, as_="Ben")
    _, sig = signed(home, "second", "Chi", "approve", home.ref, key=KEYS["Chi"])
    no(home, 4, "approve", home.ref, "--signature", sig, as_="Chi", says="without a browser\n.*--security-key")
    approve(home, "Chi")
    delivered(home)


def test_what_is_signed_elsewhere(town, tmp_path):
    """Statement and key on the approver's own machine, which has no home: the pinned founding says whose statement it is."""
    home = town.home("noticed")
    paper, line = tmp_path / "statement.json", tmp_path / "ben.passkey"
    home.ok("approve", home.ref, "--print", paper, as_="Ben")
    line.write_text(KEYS["Ben"].line + "\n")
    show = ("approve", "--show", paper, "--security-key", "--pub", line, "--home", tmp_path / "none")
    got = home.run(*show)
    assert got.exit == 7 and not paper.with_name("statement.json.sig").exists(), "signed what nobody vouched for"
    said = touched(home, *show, "--pin", home.dir / "founding.json", keys=[SoftKey(KEYS["Ben"])])
    assert "You approve exactly this" in said and "  code " in said
    home.ok("approve", home.ref, "--signature", paper.with_name("statement.json.sig"), as_="Ben")
    home.approve("Chi")
    delivered(home)


def test_by_finger_and_by_pin_when_it_is_not_known(town):
    home = town.home("noticed")
    home.approve("Chi")
    approve(home, "Ben", SoftKey(KEYS["Ben"], finger=True), types=())
    home = town.home("noticed")
    got = approve(home, "Ben", SoftKey(KEYS["Ben"], finger=False), ask=home.run)
    assert got.exit == 0 and "did not know your finger" in got.err


def test_decided_scoped_halted_and_resumed(town):
    home = town.home("authenticated")
    touched(home, "decide", home.ref, "comply", "--security-key", keys=[SoftKey(KEYS["Ana"])], as_="Ana")
    home.collect()
    touched(home, "halt", "--because", "a drill", "--security-key", keys=[SoftKey(KEYS["Ben"])], as_="Ben")
    touched(home, "resume", "--because", "over", "--security-key", keys=[SoftKey(KEYS["Ben"])], as_="Ben", key="ana")


def test_two_people_with_two_keys(town):
    """One after the other, both plugged in: the second signature is not asked of who has signed."""
    home = town.home()
    said = touched(home, "roster", "add", "--name", "Dan", "--user", life.USER, "--pub", pub(home, KEYS["Eve"].line), "--may", "approve",
                   "--security-key", "--security-key", keys=[SoftKey(KEYS["Ben"]), SoftKey(KEYS["Chi"], pin="4321")],
                   types=("1234\n", "4321\n"), as_="Ana", ask=home.run)
    assert said.exit == 0 and "security key 2 of 2" in said.err


def test_a_wrong_pin_is_told_and_asked_for_again(town):
    home, key = town.home("noticed"), SoftKey(KEYS["Ben"])
    got = approve(home, "Ben", key, types=("0000\n", "1234\n"), ask=home.run)
    assert got.exit == 0 and "wrong PIN; tries left: 7" in got.err and key.retries == 8


def test_a_key_of_no_use_hides_no_other(town):
    home = town.home("noticed")
    approve(home, "Ben", SoftKey(info=b"\0\xff"), SoftKey(KEYS["Eve"]), SoftKey(KEYS["Ben"]))


def test_where_the_home_is_of_another_user(tmp_path):
    """The person's own process signs; the captured home can name passkeys as it likes, and has nothing of it."""
    if os.geteuid() != 0:
        pytest.skip("SKIPPED: a home of somebody else needs root")
    desk, bank = test_step.Desk(tmp_path), Passkey(rp_id="bank.example", origin="https://bank.example")

    def ask(document, *lines, key=None):
        with plugged(key or SoftKey(KEYS["Ben"], bank)) as env, Terminal("1234\n") as terminal:
            status, _ = desk.ask(document, "approve", test_step.REF, "--security-key", key=False, keys=passkey.canonical(list(lines)),
                                 run=(tools.program("writ", hooks=True), terminal.prefix, env))
        signed = desk.bin / "signed"
        return status, json.loads(signed.read_text()) if signed.exists() else None
    own = test_step.approval()
    status, signed = ask(own, KEYS["Chi"].line, KEYS["Ben"].line)
    assert status == 0 and signed["key"] == KEYS["Ben"].line, desk.said
    assert pypasskey.signature(passkey.canonical(signed), "", passkey.canonical(own).encode(), "")[1:] == (True, True)
    assert ask(test_step.approval(order="W-CCCC-DDDD"), KEYS["Ben"].line) == (5, None)
    status, signed = ask(own, bank.line)
    assert status == 0 and b'"origin":"writ:native"' in base64.b64decode(signed["client_data"]), "of use elsewhere"
    for lines in (), ("no passkey",), ("ssh-ed25519 AAAA",), (KEYS["Eve"].line,):
        assert ask(own, *lines)[0] in (1, 3) and not (desk.bin / "signed").exists() and "next: " in desk.said, desk.said


# ---- people, and what they plug in ----

def test_pins(town):
    home = stated(town)
    key = SoftKey(KEYS["Ben"])
    got = refused(home, 4, key, types=("0000\n",) * 3, says="too many were wrong in a row")
    assert "tries left: 7" in got.err and "tries left: 6" in got.err and key.retries == 5
    refused(home, 4, key, says="too many were wrong in a row")
    key.in_a_row, key.retries = 0, 1
    refused(home, 4, key, types=("0000\n",), says="is blocked")
    for typed, status, says in (("\n", 4, "no PIN was typed"), ("123\n", 1, "at least 4"), ("1" * 64 + "\n", 1, "at most 63")):
        refused(home, status, SoftKey(KEYS["Ben"]), types=(typed,), says=says)
    refused(home, 4, SoftKey(KEYS["Ben"], pin=None), types=(), says="has no PIN")


def test_without_a_terminal(town):
    home = stated(town)
    with plugged(SoftKey(KEYS["Ben"])) as env:
        no(home, 4, "approve", home.ref, "--security-key", as_="Ben", says="no terminal", prefix=("setsid", "-w"), env=env)


def test_stopped(town):
    """Ctrl-C at the question, and while the key blinks: the key is told, the terminal speaks again."""
    home = stated(town)
    refused(home, 4, SoftKey(KEYS["Ben"]), types=("\x03",), says="you stopped it")

    def stopped(key, sock, cid):
        terminal.type("\x03")
        softkey.never(key, sock, cid)
    key = SoftKey(KEYS["Ben"], signed=stopped)
    with plugged(key) as env, Terminal("1234\n") as terminal:
        no(home, 4, "approve", home.ref, "--security-key", as_="Ben", says="you stopped it", **at(terminal, env))
        assert terminal.echoes(), "the terminal stays silent"
    assert key.cancelled.wait(10)


def test_nothing_is_plugged_in(town):
    home = stated(town)
    refused(home, 3, says="no security key is plugged in")
    refused(home, 3, command=("passkey", "make", *SITE, "--name", "Ben"), says="no security key is plugged in")


def test_a_release_build_knows_no_soft_keys(town, tmp_path):
    """The socket is there and nobody asks it: the machine's own keys alone count."""
    key = SoftKey()
    with plugged(key) as env:
        done = subprocess.run([tools.program("writ"), "passkey", "make", *SITE, "--name", "Ben"], env={**os.environ, **env},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode and not key.asked


def test_the_wrong_key(town):
    home = stated(town)
    refused(home, 3, SoftKey(KEYS["Eve"]), says="holds none of the passkeys")
    refused(home, 3, SoftKey(KEYS["Eve"]), SoftKey(), says="none of the 2")
    refused(home, 3, SoftKey(KEYS["Ben"].twin(rp_id="example.org")), says="holds none of the passkeys")
    refused(home, 4, SoftKey(KEYS["Ana"]), says="belongs to nobody who may approve")
    refused(home, 4, SoftKey(KEYS["Ben"], u2f=True), says="FIDO U2F")
    # One person's key is one signature, however often it is asked.
    refused(home, 3, SoftKey(KEYS["Ben"]), types=("1234\n", "1234\n"), says="holds none of the passkeys",
            command=("roster", "add", "--name", "Dan", "--user", life.USER, "--pub", pub(home, KEYS["Eve"].line), "--may", "approve",
                     "--security-key", "--security-key"))


def test_not_touched_in_time(town):
    home = stated(town)
    key = SoftKey(KEYS["Ben"], signed=softkey.never)
    refused(home, 75, key, says="not answered in time", ms=1500)
    assert key.cancelled.wait(10), "it blinks on"
    refused(home, 75, SoftKey(KEYS["Ben"], signed=bytes([softkey.TIMEOUT])), says="not touched in time")
    refused(home, 4, SoftKey(KEYS["Ben"], signed=b"\x27"), says="said no")


# ---- keys that lie ----

LIES = {
    "user_not_verified": ({"flags": UP}, 5, "without verifying its user"),
    "nobody_present": ({"flags": UV}, 5, "without anybody being present"),
    "reserved_flag": ({"flags": UP | UV | 2}, 1, "flag that has no meaning"),
    "another_site": ({"rp": "example.org"}, 5, "another RP id"),
    "another_key": ({"signs_with": KEYS["Eve"]}, 5, "does not fit"),
    "another_algorithm": ({"signs_with": KEYS["Chi"]}, 5, "does not fit"),
}


def test_lies(town):
    home = stated(town)
    for wrong, status, says in LIES.values():
        refused(home, status, SoftKey(KEYS["Ben"], **wrong), says=says)


def test_a_counter_that_went_back(town):
    """The seal says no: a copy of the key would count so."""
    home = town.home("noticed")
    home.approve("Chi")
    approve(home, "Ben")
    delivered(home)
    back = SoftKey(KEYS["Ben"], counter=KEYS["Ben"].counter)
    refused(home, 5, back, command=("halt", "--because", "a drill", "--security-key"), says="there may be a copy of it")


def frames(*raw):
    """These packets, as they are."""
    def say(key, sock, cid):
        for one in raw:
            sock.send(one.replace(b"CHAN", cid).ljust(64, b"\0"))
        key.receive(sock)
    return say


HOSTILE = {
    "nothing_in_it": b"", "status_alone": b"\0", "no_map": b"\0\x01", "cut_map": b"\0\xa3\x01", "deep": b"\0" + b"\xa1\x01" * 400,
    "endless_text": b"\0\xa1\x02\x7f" + b"\x61a" * 300, "huge_bytes": b"\0\xa1\x02\x5b" + b"\xff" * 8, "huge_map": b"\0\xbb" + b"\xff" * 8,
    "unknown_status": b"\xe7", "more_than_there_may_be": bytes(7000), "half_a_million": softkey.cbor({1: bytes(60000)})[:7600],
    "authdata_no_bytes": b"\0\xa3\x01\xa0\x02\x00\x03\x40", "two_signatures": b"\0\xa1\x05\x18\xff", "none": b"\0\xa1\x05\x00",
    "longer_than_said": frames(b"CHAN\x90\xff\xff" + b"x" * 57), "order_of_packets": frames(
        b"CHAN\x90\0\xc8" + b"x" * 57, b"CHAN\x05" + b"x" * 59), "another_command": frames(b"CHAN\x86\0\x11" + b"x" * 17),
    "an_error": frames(b"CHAN\xbf\0\x01\x06"), "short_packet": lambda key, sock, cid: sock.send(b"x") and key.receive(sock),
    "long_packet": lambda key, sock, cid: sock.send(b"x" * 4000) and key.receive(sock),
    "pulled_out": softkey.gone,
}
ENDLESS = {"goes_on": softkey.endless, "speaks_to_others": softkey.of_another, "silent": softkey.silent}


@pytest.fixture(scope="module")
def elsewhere(town, tmp_path_factory):
    """(home, the command that signs a statement with Ben's key where there is no home)"""
    home, folder = town.home("noticed"), tmp_path_factory.mktemp("elsewhere")
    home.ok("approve", home.ref, "--print", folder / "statement.json", as_="Ben")
    (folder / "ben.passkey").write_text(KEYS["Ben"].line + "\n")
    return home, ("approve", "--show", folder / "statement.json", "--security-key", "--pub", folder / "ben.passkey",
                  "--pin", home.dir / "founding.json", "--home", folder)


def hostile(home, command, key, ms=None):
    with plugged(key) as env, Terminal("1234\n") as terminal:
        got = home.run(*command, **at(terminal, env, ms))
    assert "ended without a result" not in got.err, got
    return got


@pytest.mark.parametrize("place", ["info", "looked", "pin_answer", "signed", "made"])
def test_hostile_keys(elsewhere, place):
    home, sign = elsewhere
    command = ("passkey", "make", *SITE, "--name", "Eve") if place == "made" else sign
    signature = sign[2].with_name("statement.json.sig")
    for name, wrong in HOSTILE.items():
        got = hostile(home, command, SoftKey(KEYS["Ben"], **{place: wrong}), ms=1000)
        # Who only lied about holding it has signed well afterwards: writ has checked that.
        if got.exit == 0 and place == "looked":
            signature.unlink()
            continue
        assert got.exit in (1, 4, 75) and "next:" in got.err and not signature.exists(), (name, got)


def test_keys_that_never_end(town):
    home = stated(town)
    for name, wrong in ENDLESS.items():
        refused(home, 75, SoftKey(KEYS["Ben"], signed=wrong), says="not answered in time", ms=1000)


class Flips(SoftKey):
    """One bit of its signed answer is another; dice says which."""

    def __init__(self, dice):
        super().__init__(KEYS["Ben"])
        self.dice = dice

    def get(self, ask):
        said = super().get(ask)
        if not ask.get(5, {}).get("up", True):
            return said
        raw = bytearray(softkey.cbor(said[1]))
        raw[self.dice.randrange(56, len(raw))] ^= 1 << self.dice.randrange(8)
        return softkey.Raw(bytes([softkey.OK]) + bytes(raw))


def test_answers_with_a_bit_changed(elsewhere):
    """What a key says is held together by its signature; the id of the passkey before it (56 bytes) says nothing."""
    home, sign = elsewhere
    dice = random.Random(1)
    for _ in range(20):
        got = hostile(home, sign, Flips(dice))
        assert got.exit in (1, 5) and "next:" in got.err, got
