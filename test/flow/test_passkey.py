"""Passkeys beside SSH keys: entered by two, orders approved, released and delivered with them on the command line, both
verifiers over what comes of it; and what must not count, at the command line and in delivered files. What a captured
writ could try at the seal is in harness/cases_passkey.py (test_gate.py).
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import pathlib
import shutil
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST), str(TEST / "harness")]
import makepackage  # noqa: E402
import passkey  # noqa: E402
from harness import life  # noqa: E402
from harness.lifefixtures import no  # noqa: E402
from passkey import BS, ED, UP, UV, Passkey  # noqa: E402
from test_verify import Package, put  # noqa: E402

KEYS = {"Ben": Passkey("es256"), "Chi": Passkey("eddsa", counter=None), "Ana": Passkey("rs256"), "Eve": Passkey()}


def pub(home, line):
    path = home.base / "passkey.pub"
    path.write_text(line + "\n")
    return path


def add(home, name, line, may, *more, **said):
    return home.ok("roster", "add", "--name", name, "--user", life.USER, "--pub", pub(home, line),
                   *(word for one in may.split() for word in ("--may", one)), *more, **said)


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        home = made.frozen["founded"]
        add(home, "Ben", KEYS["Ben"].line, "approve roster halt", "--user-verified", as_="Ana", key=("ana", "chi"))
        add(home, "Chi", KEYS["Chi"].line, "approve roster", as_="Ana", key=("ana", "ben"))
        add(home, "Ana", KEYS["Ana"].line, "decide roster", as_="Ben", key=("ben", "chi"))
        yield made


def signed(home, name, who, *command, key=None, **twist):
    """The document that the command wants signed, and a passkey's signature over it, as files."""
    path = home.base / f"{name}.json"
    home.ok(*command, "--print", path, as_=who)
    return path, by_passkey(path, key or KEYS[who], **twist)


def by_passkey(path, key, **twist):
    beside = path.with_name(path.name + ".sig")
    beside.write_text(key.sign("", path.read_bytes(), **twist))
    return beside


def approve(home, who, **twist):
    _, sig = signed(home, "statement-" + who, who, "approve", home.ref, **twist)
    return home.ok("approve", home.ref, "--signature", sig, as_=who)


def delivered(home):
    home.release()
    out = home.deliver()
    assert home.verify(out).exit == 0
    return home.open(out)


# ---- what must be possible ----

def test_the_roster_names_passkeys(town):
    home = town.home()
    said = home.ok("roster", "list")
    fingerprint = base64.b64encode(hashlib.sha256(KEYS["Ben"].spki).digest()).decode().rstrip("=")
    assert f"passkey SHA256:{fingerprint}" in said and "passkey" in home.ok("doctor") + said
    rows = [r for r in home.json("roster", "list")["rows"] if r["key"].startswith("passkey ")]
    assert {r["key"]: r["user_verified"] for r in rows} == {KEYS[n].line: n == "Ben" for n in ("Ana", "Ben", "Chi")}


def test_one_ssh_key_and_one_passkey(town):
    home = town.home("noticed")
    home.approve("Chi")
    said = approve(home, "Ben")
    assert "approved by Ben: 2 of 2" in said
    kept = json.loads((delivered(home).folder / "approvals.json").read_text())
    assert sorted(s[0] for s in kept["signatures"]) == ["-", "{"]
    assert any(r["key"] == KEYS["Ben"].line for r in kept["rows"])


def test_two_passkeys(town):
    home = town.home("noticed")
    approve(home, "Ben")
    approve(home, "Chi")
    kept = json.loads((delivered(home).folder / "approvals.json").read_text())
    assert [json.loads(s)["key"] for s in kept["signatures"]] == [KEYS["Ben"].line, KEYS["Chi"].line]
    home.sound()


def test_decided_with_a_passkey_and_collected_twice(town):
    home = town.home("authenticated")
    _, sig = signed(home, "scope", "Ana", "decide", home.ref, "comply")
    home.ok("decide", home.ref, "comply", "--signature", sig, as_="Ana")
    home.collect()
    home.collect("--again")
    home.withhold()
    approve(home, "Ben")
    approve(home, "Chi")
    delivered(home)


def test_a_passkey_signs_the_roster_and_its_person_approves(town):
    """The chain in the delivered file holds a document that a passkey signed."""
    home = town.home("collected")
    key = Passkey("rs256")
    path = home.base / "dan.json"
    home.ok("roster", "add", "--name", "Dan", "--user", life.USER, "--pub", pub(home, key.line), "--may", "approve", "--print", path,
            as_="Ana")
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key("ana"), "-n", "writ-roster@v1", path)
    first = path.with_name(path.name + ".sig").rename(home.base / "first.sig")
    second = by_passkey(path, KEYS["Ben"])
    home.ok("roster", "add", "--signature", second, "--signature", first, as_="Ana")
    home.withhold()
    _, sig = signed(home, "statement", "Dan", "approve", home.ref, key=key)
    home.ok("approve", home.ref, "--signature", sig, as_="Dan")
    approve(home, "Ben")
    kept = json.loads((delivered(home).folder / "approvals.json").read_text())
    assert any(s.startswith("{") for link in kept["chain"] for s in link["signatures"])


def test_halt_and_resume(town):
    home = town.home()
    for word in ("halt", "resume"):
        path, sig = signed(home, word, "Ben", word, "--because", "a drill")
        more = []
        if word == "resume":
            more = ["--signature", home.base / "ana.sig"]
            life.call("sh", "-c", 'ssh-keygen -q -Y sign -f "$1" -n writ-resume@v1 < "$2" > "$3"', "sh", home.world.key("ana"), path, more[1])
        home.ok(word, "--signature", sig, *more, as_="Ben")


def test_one_approval_must_be_native(town):
    home = town.home("collected")
    home.ok("roster", "add", "--policy", "native_approvals", "--value", "1", as_="Ana", key=("ana", "ben"))
    home.withhold()
    approve(home, "Ben")
    _, sig = signed(home, "statement", "Chi", "approve", home.ref)
    no(home, 4, "approve", home.ref, "--signature", sig, as_="Chi", says="1 more approvals without a browser")
    home.approve("Chi")
    delivered(home)


def test_passkeys_outlive_a_lost_seal(town):
    """The founding that goes on names them; they sign on under the new seal, and founders do with SSH keys."""
    home = town.home()
    home.stop()
    shutil.rmtree(home.dir / "seal")
    home.ok("init", "--continue")
    founding = home.dir / "founding.json"
    ana = home.base / "ana.sig"
    life.call("sh", "-c", 'ssh-keygen -q -Y sign -f "$1" -n writ-roster@v1 < "$2" > "$3"', "sh", home.world.key("ana"), founding, ana)
    got = home.run("init", "--signature", ana, "--signature", by_passkey(founding, KEYS["Ben"]))
    assert got.exit == 1 and "founders sign with SSH keys" in got.err
    ben = home.base / "ben.sig"
    life.call("sh", "-c", 'ssh-keygen -q -Y sign -f "$1" -n writ-roster@v1 < "$2" > "$3"', "sh", home.world.key("ben"), founding, ben)
    home.ok("init", "--signature", ana, "--signature", ben)
    assert {KEYS[n].line for n in ("Ana", "Ben", "Chi")} <= {r["key"] for r in home.json("roster", "list")["rows"]}
    home.agency_add("pj-paris")
    home.ok("store", "check", as_="Ana")
    home.ok("policy", "export", "--out", home.base / "policy.json")
    home.to("noticed")
    approve(home, "Ben")
    approve(home, "Chi")
    delivered(home)


# ---- what must be refused, on the command line ----

TWISTS = {
    "without_verification": ({"flags": UP}, 4, "verify its user"),
    "untouched": ({"flags": UV}, 5, "without anybody being present"),
    "other_rp": ({"rp_id": "example.org"}, 5, "another RP id"),
    "other_origin": ({"origin": "https://desk.example.org"}, 5, "another origin"),
    "cross_origin": ({"crossOrigin": True}, 5, "inside a page of another origin"),
    "type": ({"kind": "webauthn.create"}, 5, "another purpose"),
    "challenge": ({"challenge": b"x" * 32}, 5, "not this one's hash"),
    "another_credential": ({"sign_with": KEYS["Eve"]}, 5, "does not fit"),
    "trailing_bytes": ({"tail": b"\0"}, 1, "bytes stand behind"),
    "not_rostered": ({"key": KEYS["Eve"]}, 4, "belongs to nobody who may approve"),
    "claims_another": ({"key": KEYS["Eve"], "claims": KEYS["Ben"]}, 5, "does not fit"),
    "moved": ({"key": KEYS["Ben"].twin(origin="https://desk.example.org")}, 4, "belongs to nobody"),
    "who_decided": ({"key": KEYS["Ana"]}, 4, "nobody who may approve"),
}


def test_approvals_that_do_not_count(town):
    home = town.home("noticed")
    for name, (twist, status, says) in TWISTS.items():
        _, sig = signed(home, name, "Ben", "approve", home.ref, **twist)
        no(home, status, "approve", home.ref, "--signature", sig, as_="Ben", says=says)
    path, sig = signed(home, "altered", "Ben", "approve", home.ref)
    text = sig.read_text()
    for at in range(0, len(text), 97):
        sig.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:])
        got = home.run("approve", home.ref, "--signature", sig, as_="Ben")
        assert got.exit in (1, 4, 5), (at, got)
    assert home.state() == "collected"


def test_the_signature_of_another_order(town):
    home = town.home("noticed")
    path, sig = signed(home, "first", "Ben", "approve", home.ref)
    home.to("noticed")
    second = home.base / "second.json"
    home.ok("approve", home.ref, "--print", second, as_="Ben")
    no(home, 4, "approve", home.ref, "--document", path, "--signature", sig, as_="Ben", says="not the live statement")
    no(home, 5, "approve", home.ref, "--document", second, "--signature", sig, as_="Ben", says="not this one's hash")


def test_a_copied_passkey(town):
    """The seal says no at the release: the order cannot leave on a counter that has been there."""
    home = town.home("noticed")
    copy = KEYS["Ben"].twin()
    approve(home, "Ben")
    approve(home, "Chi")
    delivered(home)
    copy.counter -= 1
    text = home.base / "halt.json"
    home.ok("halt", "--because", "a drill", "--print", text, as_="Ben")
    got = home.run("halt", "--signature", by_passkey(text, copy, counter=KEYS["Ben"].counter), as_="Ben")
    assert got.exit == 5 and "there may be a copy of it" in got.err
    home.ok("halt", "--signature", by_passkey(text, KEYS["Ben"]), as_="Ben")


ROWS = {
    "rsa_1024": (lambda: Passkey("rs256", bits=1024).line, 1, "1024 bits"),
    "p384": (lambda: Passkey(curve=ec.SECP384R1).line, 1, "this key is none"),
    "http": (lambda: KEYS["Eve"].line.replace("https", "http"), 1, "RP id"),
    "comment": (lambda: KEYS["Eve"].line + " eve", 1, "base64"),
    "cut": (lambda: KEYS["Eve"].line[:90], 1, ""),
    "another_person": (lambda: KEYS["Ben"].line, 4, "belongs, or once belonged, to another person"),
    "another_person_moved": (lambda: KEYS["Ben"].twin(origin="https://desk.example.org").line, 4, "belongs, or once belonged"),
}


def test_rows_that_are_none(town):
    home = town.home()
    for line, status, says in ROWS.values():
        no(home, status, "roster", "add", "--name", "Dan", "--user", life.USER, "--pub", pub(home, line()), "--may", "approve",
           as_="Ana", key=("ana", "ben"), says=says)


def test_one_person_alone_enters_no_passkey(town):
    home = town.home()
    path, sig = signed(home, "row", "Ben", "roster", "add", "--name", "Dan", "--user", life.USER, "--pub", pub(home, KEYS["Eve"].line),
                       "--may", "approve")
    no(home, 4, "roster", "add", "--signature", sig, as_="Ben", says="two different people")
    life.call("sh", "-c", 'ssh-keygen -q -Y sign -f "$1" -n writ-roster@v1 < "$2" > "$3"', "sh", home.world.key("ben"), path,
              home.base / "ben.sig")
    no(home, 4, "roster", "add", "--signature", sig, "--signature", home.base / "ben.sig", as_="Ben", says="two different people")


def test_an_ended_passkey(town):
    home = town.home("noticed")
    home.ok("roster", "end", "--name", "Ben", "--pub", pub(home, KEYS["Ben"].line), as_="Ana", key=("ana", "chi"))
    _, sig = signed(home, "statement", "Ben", "approve", home.ref)
    no(home, 4, "approve", home.ref, "--signature", sig, as_="Ben", says="belongs to nobody who may approve")


# ---- delivered files that were made without the seal: both verifiers ----

class Desk(Passkey):
    """A passkey as makepackage.py wants its people: the twists of every signature with it."""

    def __init__(self, rng, twist):
        super().__init__(twist.get("of", "es256"), **twist.get("key", {}))
        self.twist = {k: v for k, v in twist.items() if k not in ("of", "key")}

    def sign(self, namespace, text, **more):
        return super().sign(namespace, text, **{**self.twist, **more})


GOOD = {"es256": {}, "eddsa": {"of": "eddsa"}, "rs256": {"of": "rs256"}, "unverified": {"flags": UP}, "backed_up": {"flags": 0x1D},
        "extensions": {"flags": UP | UV | ED, "tail": passkey.cbor({"credProps": True})}, "more_said": {"other": [1, {"Any": None}]},
        "not_counting": {"counter": 0}, "no_cross_origin": {"crossOrigin": None}, "native": {"native": passkey.honest},
        "native_eddsa": {"of": "eddsa", "native": passkey.honest}}
BAD = {"untouched": {"flags": UV}, "other_rp": {"rp_id": "example.org"}, "other_origin": {"origin": "https://desk.example.org"},
       "cross_origin": {"crossOrigin": True}, "cross_origin_text": {"crossOrigin": "false"}, "cross_origin_zero": {"crossOrigin": 0},
       "top_origin": {"topOrigin": "https://example.com"}, "type": {"kind": "webauthn.create"}, "no_type": {"kind": None},
       "challenge": {"challenge": b"x" * 32}, "stranger": {"sign_with": KEYS["Eve"]}, "copied_but_may_not": {"flags": UP | UV | BS},
       "new_key": {"flags": UP | UV | 64}, "reserved": {"flags": UP | UV | 32}, "extensions_missing": {"flags": UP | UV | ED},
       "extensions_long_form": {"flags": UP | UV | ED, "tail": b"\xb8\x00"}, "extensions_out_of_order": {
           "flags": UP | UV | ED, "tail": b"\xa2\x61b\xf5\x61a\xf5"}, "extensions_and_more": {"flags": UP | UV | ED, "tail": b"\xa0\xa0"},
       "extensions_list": {"flags": UP | UV | ED, "tail": b"\x80"}, "extensions_deep": {
           "flags": UP | UV | ED, "tail": b"\xa1\x61a\x81\x81\x81\x81\x00"}, "trailing": {"tail": b"\0"},
       "signature_longer": {"change": lambda raw: raw + b"\0"}, "signature_empty": {"change": lambda raw: b""},
       **{"native_" + name: twist for name, twist in passkey.NOT_NATIVE.items()},
       "rsa_1024": {"of": "rs256", "key": {"bits": 1024}}, "p384": {"key": {"curve": ec.SECP384R1}},
       "http": {"key": {"origin": "http://desk.example.org"}}, "rp_of_another": {"key": {"rp_id": "other.example"}},
       "rp_in_upper_case": {"key": {"rp_id": "Desk.example.org"}}, "port_443": {"key": {"origin": "https://desk.example.org:443"}},
       "port_too_high": {"key": {"origin": "https://desk.example.org:65536"}}}


def approved_by_carla(tmp_path, passkey_twist, **more):
    return Package(tmp_path, kinds={"carla": (Desk, dict(passkey_twist))}, **more)


@pytest.mark.parametrize("twist", GOOD.values(), ids=GOOD)
def test_both_take(tmp_path, twist):
    assert approved_by_carla(tmp_path, twist).both() == (0, [], 0, None)


@pytest.mark.parametrize("twist", BAD.values(), ids=BAD)
def test_both_refuse(tmp_path, twist):
    assert approved_by_carla(tmp_path, twist).both() == (5, ["approval-signatures"], 5, "approval-signatures")


def altered(change):
    def in_approvals(a, m):
        a["signatures"][1] = passkey.canonical(change(json.loads(a["signatures"][1])))
        return a
    return in_approvals


def member(key, change):
    return altered(lambda d: {**d, key: change(d[key])})


def flipped(at):
    return lambda t: base64.b64encode(bytes(b ^ (i == at) for i, b in enumerate(base64.b64decode(t)))).decode()


DOCUMENTS = {
    "version": member("version", lambda v: 2), "version_true": member("version", lambda v: True), "kind": member("kind", lambda k: "ssh"),
    "more": altered(lambda d: {**d, "made_at": "2026-11-22T10:00:00Z"}), "less": altered(lambda d: {k: d[k] for k in d if k != "kind"}),
    "rp_hash": member("authenticator_data", flipped(3)), "flags": member("authenticator_data", flipped(32)),
    "counter": member("authenticator_data", flipped(36)), "client": member("client_data", flipped(30)),
    "signature": member("signature", flipped(9)), "url_base64": member("client_data", lambda t: t.rstrip("=") + "__"),
    "spaces": lambda a, m: {**a, "signatures": [a["signatures"][0], a["signatures"][1] + " "]},
    "key_with_comment": member("key", lambda k: k + " carla"), "key_of_another": lambda a, m: altered(
        lambda d: {**d, "key": KEYS["Eve"].line})(a, m), "origin_moved": member("key", lambda k: k.replace(":8443", "")),
}


@pytest.mark.parametrize("change", DOCUMENTS.values(), ids=DOCUMENTS)
def test_both_refuse_a_document(tmp_path, change):
    package = approved_by_carla(tmp_path, {}, twist={"approvals": change})
    assert package.both() == (5, ["approval-signatures"], 5, "approval-signatures")


@pytest.mark.parametrize("flags,demanded,check", [(UP, True, True), (UP | UV, True, False), (UP, False, False)])
def test_both_ask_for_verification(tmp_path, flags, demanded, check):
    package = approved_by_carla(tmp_path, {"flags": flags}, twist={"chain": put("0.0.row.user_verified", demanded)})
    assert package.both() == ((5, ["approval-signatures"], 5, "approval-signatures") if check else (0, [], 0, None))


@pytest.mark.parametrize("n,passkey_twist,check", [("0", {}, False), ("1", {}, False), ("2", {}, True),
                                                   ("2", {"native": passkey.honest}, False), ("3", {"native": passkey.honest}, True)])
def test_both_count_native_approvals(tmp_path, n, passkey_twist, check):
    """anna signs with an SSH key, carla with a passkey; the founding document does not know the rule."""
    rule = {"version": 1, "kind": "roster", "made_at": makepackage.when(-86400 * 15), "action": "begin", "roster_version": 2,
            "row": {"row": "policy", "name": "native_approvals", "value": n}}
    package = approved_by_carla(tmp_path, passkey_twist, twist={"chain": lambda c: [c[0], [rule, ["anna", "boris"]], c[1]]})
    assert package.both() == ((5, ["approval-people"], 5, "approval-people") if check else (0, [], 0, None))


def test_both_know_native_approvals_of_the_founding(tmp_path):
    package = approved_by_carla(tmp_path, {}, twist={"founding": put("policy.native_approvals", "2")})
    assert package.both() == (5, ["approval-people"], 5, "approval-people")
    (tmp_path / "two").mkdir()
    package = approved_by_carla(tmp_path / "two", {}, twist={"founding": put("policy.native_approvals", "many")})
    assert package.both() == (5, ["policy-values"], 5, "policy-values")


def test_both_know_a_passkey_that_moved_to_another_person(tmp_path):
    """carla's public key under another origin, for dora: one authenticator would be two people."""
    def chain(c, m):
        moved = {**c[0][0]["row"], "name": "dora", "key": m.people["carla"].twin(origin="https://desk.example.org").line}
        return [c[0], [{**c[0][0], "row": moved, "roster_version": 2}, c[0][1]], c[1]]
    package = approved_by_carla(tmp_path, {}, twist={"chain": chain})
    assert package.both() == (5, ["roster-chain"], 5, "roster-chain")
