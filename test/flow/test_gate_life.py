"""The honest life of an order at the gate, what is repeated, what is no request.

Every release is opened with every identity there is: it must be exactly what two people signed.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import gate  # noqa: E402
import gatecase  # noqa: E402
import passkey  # noqa: E402
import sealclient  # noqa: E402
import tools  # noqa: E402
from gate import DAY, HOUR, check_release, sha  # noqa: E402
from gatefixtures import approved, bench, bench_of, founded  # noqa: E402, F401
from sealclient import Gone, canonical  # noqa: E402

REF = "W-BBBB-0001"


def released(home, life):
    check_release(home, life, home.take_release(life).release)
    return life


# ---- what is allowed ----

def test_life_with_stock_tools(founded, tmp_path):
    """Scope and approvals signed by ssh-keygen, the vault written by age, the parts opened by age."""
    h, life = founded, founded.new(REF)
    life.scope_signatures = [h.keys.ssh["anna"].keygen_sign(tmp_path, "writ-scope@v1", life.scope)]
    got = h.must("ticket", **{"for": "collect"}, scope=life.scope, signatures=life.scope_signatures, replaces=None)
    life.ticket, life.ticket_seal = got["ticket"], got["ticket_seal"]
    plain = os.urandom(200000)
    header, payload = gate.makepackage.age_encrypt(plain, json.loads(life.ticket)["recipient"])
    got = h.must("receipt", "hand", **h.receipt_fields(life, header, len(payload)))
    life.receipt, life.receipt_seal = got["receipt"], got["receipt_seal"]
    h.take_statement(life)
    life.signatures = [h.keys.ssh[n].keygen_sign(tmp_path, "writ-approval@v1", life.statement) for n in ("boris", "carla")]
    answer = h.take_release(life).release
    check_release(h, life, answer)
    (tmp_path / "identity").write_text(h.keys.age["paris"].identity + "\n")
    opened = gate.subprocess.run(["age", "-d", "-i", tmp_path / "identity"], input=base64.b64decode(answer["header"]) + payload,
                                 capture_output=True, check=True)
    assert opened.stdout == plain
    key = json.loads(h.founding)["document_key"]
    (tmp_path / "allowed").write_text("seal " + key + "\n")
    for text, seal in ((life.ticket, life.ticket_seal), (life.receipt, life.receipt_seal), (life.statement, life.statement_seal)):
        (tmp_path / "sig").write_text(seal)
        gate.subprocess.run(["ssh-keygen", "-Y", "verify", "-q", "-f", tmp_path / "allowed", "-I", "seal", "-n", "writ-seal@v1",
                             "-s", tmp_path / "sig"], input=text.encode(), capture_output=True, check=True)


PAIRS = [("boris", "carla2"), ("boris3", "carla2"), ("carla2", "dora2"), ("carla", "dora", "boris3"), ("boris", "carla"), ("boris2", "dora"), ("carla", "dora"), ("dora", "frida"), ("boris", "carla", "dora")]


@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_any_two_approvers(approved, names):
    released(approved, approved.approve(approved.life, names))


def test_keys_of_every_kind_approve(founded):
    h = founded
    for name in ("gina", "hans"):
        h.roster(h.person(name, "approve"))
    h.roster(h.person("helga", "approve"))
    life = h.live(REF, "statement")
    released(h, h.approve(life, ("gina", "hans", "helga", "boris", "carla", "dora")))


def test_a_passkey_decides_enters_another_and_approves(founded):
    h = founded
    h.roster({**h.person("helga", "approve"), "key": h.keys.ssh["helga2"].line}, by=("anna", "carla2"))
    life = h.new(REF)
    h.take_ticket(life, ("anna",))
    h.take_statement(h.take_receipt(life))
    released(h, h.approve(life, ("boris3", "helga2")))


def test_passkey_that_may_or_may_not_verify(approved):
    """carla2's row does not demand it."""
    life = approved.life
    life.signatures = approved.sign("approval", life.statement, ["boris"]) + \
        approved.sign("approval", life.statement, ["carla2"], flags=passkey.UP)
    released(approved, life)


def test_passkeys_with_extensions_and_unknown_client_data(approved):
    h, life = approved, approved.life
    life.signatures = h.sign("approval", life.statement, ["boris"]) + h.sign(
        "approval", life.statement, ["carla2"], flags=passkey.UP | passkey.ED | passkey.BE | passkey.BS,
        tail=passkey.cbor({"credProps": True}), other_keys_can_be_added_here="do not compare clientDataJSON against a template")
    released(h, life)


def test_the_same_passkey_signature_for_a_ticket_that_replaces(founded):
    """One signed scope, two tickets: the second rests on the same assertion."""
    h = founded
    life = h.take_ticket(h.new(REF), ("carla2",))
    again = h.must("ticket", **{"for": "collect"}, scope=life.scope, signatures=life.scope_signatures, replaces=life.id)
    assert again["ticket"] != life.ticket


def test_a_request_with_a_passkey_is_answered_again(approved):
    h, life = approved, approved.life
    asked = gatecase.releasing(h, life, h.sign("approval", life.statement, ["boris", "carla2"]), number=4711)
    first = h.must_send(asked)
    h.start()
    assert h.must_send(asked) == first


def test_passkeys_count_in_any_order_once(founded):
    """Two statements stand, the later signature is released first; the earlier one is no copy."""
    h = founded
    one, two = h.live(REF, "statement"), h.live("W-CCCC-0001", "statement")
    for life in (one, two):
        h.approve(life, ("boris", "carla2"))
    h.pass_time(60)
    released(h, two)
    h.start()
    released(h, one)


@pytest.mark.parametrize("n, names", [(1, ("boris", "carla2")), (1, ("boris3", "carla")), (2, ("boris", "carla", "dora2")),
                                      (1, ("boris", "boris3", "carla2"))], ids=str)
def test_native_approvals(approved, n, names):
    h, life = approved, approved.life
    h.roster({"row": "policy", "name": "native_approvals", "value": str(n)})
    h.take_statement(life)
    released(h, h.approve(life, names))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_native_approvals_with_a_security_key(approved, n):
    """A passkey without a browser counts as native, one with a browser does not."""
    h, life = approved, approved.life
    h.roster({"row": "policy", "name": "native_approvals", "value": str(n)})
    h.take_statement(life)
    second = {} if n < 2 else {"native": passkey.honest}
    life.signatures = h.sign("approval", life.statement, ["boris3"], native=passkey.honest) + \
        h.sign("approval", life.statement, ["carla2"], **second)
    released(h, life)


def test_a_state_whose_policy_knows_no_native_approvals(approved):
    h, life = approved, approved.life
    h.stop()
    h.edit_state(lambda t: t["policy"].pop("native_approvals"))
    h.start()
    h.take_statement(life)
    released(h, h.approve(life, ("boris3", "carla2")))


def test_an_authenticator_that_does_not_count(founded):
    h = founded
    for n in range(3):
        life = h.live("W-BBBB-%04d" % n, "statement")
        released(h, h.approve(life, ("boris3", "carla")))


def test_a_state_from_before_passkeys(approved):
    """state.json of a seal that knew none has no counters."""
    h = approved
    h.stop()
    h.edit_state(lambda t: t.pop("counters"))
    h.start()
    released(h, h.approve(h.life, ("boris", "carla2")))


@pytest.mark.parametrize("counters", [None, [{"key": "00", "counter": 1, "at": 1}], [{"key": "0" * 64, "counter": "1", "at": 1}]], ids=str)
def test_counters_that_cannot_be_read(approved, counters):
    h = approved
    h.stop()
    h.edit_state(lambda t: t.update(counters=counters))
    with pytest.raises(RuntimeError, match="state.json is damaged"):
        h.start()


def test_a_passkey_founds_nothing():
    """Its row may stand in a founding (a lost seal is followed by one); founders sign with SSH keys."""
    with gate.Home("one") as h:
        h.folders()     # the clock by which rows begin
        assert h.init(people=h.founders() + [h.person("carla2", "approve roster")]).returncode == 0
        said = h.found(("anna", "carla2"))
        assert said.returncode and b"founders sign with SSH keys" in said.stderr
        assert h.found(("anna", "carla")).returncode == 0


def test_rsa_with_sha256_and_hash_sha256(approved):
    h, life = approved, approved.life
    life.signatures = h.sign("approval", life.statement, ["boris"], hash_name="sha256") + \
        h.sign("approval", life.statement, ["carla"], rsa_hash="sha256")
    released(h, life)


def test_two_recipients(founded):
    life = founded.live(REF, "receipt")
    founded.take_statement(life, ["PJ-Paris second", "PJ-Paris 2026"])
    founded.approve(life)
    released(founded, life)


def test_decider_may_approve_where_the_policy_says_so(founded):
    h = founded
    h.roster({"row": "policy", "name": "decider_may_approve", "value": "yes"})
    life = h.take_ticket(h.new(REF), ("carla",))
    h.take_statement(h.take_receipt(life))
    released(h, h.approve(life, ("boris", "carla")))


def test_overruled_by_two(founded):
    life = founded.new(REF)
    life.scope = founded.scope(REF, overrules=["d1"])
    founded.take_ticket(life, ("anna", "frida"))
    founded.take_statement(founded.take_receipt(life))
    released(founded, founded.approve(life))


def test_after_halt_and_resume_a_new_statement(approved):
    h, life = approved, approved.life
    h.halt()
    h.resume()
    h.take_statement(life)
    released(h, h.approve(life))


def test_collected_again_and_released(approved):
    h, life = approved, approved.life
    first = json.loads(life.ticket)["recipient"]
    h.replace(life)
    assert json.loads(life.ticket)["recipient"] != first
    h.take_statement(h.take_receipt(life))
    released(h, h.approve(life))


def test_each_ticket_has_an_identity_of_its_own(founded):
    lives = [founded.live("W-BBBB-%04d" % i, "ticket") for i in range(5)]
    assert len({json.loads(x.ticket)["recipient"] for x in lives}) == 5


def test_one_second_before_each_end(approved):
    h, life = approved, approved.life
    h.pass_time(4 * HOUR - 1)
    released(h, life)


def test_receipt_one_second_before_expires_at(bench):
    with bench.thaw("ticket") as h:
        h.pass_time(DAY - 1)
        h.take_receipt(h.life)


def test_destroyed_after_release_and_nothing_is_left(approved):
    h, life = approved, approved.life
    h.take_release(life)
    assert h.must("destroy", document=None, signatures=[], ticket=life.id)["tickets"] == [life.id]
    assert not list((h.state_dir / "id").iterdir())
    assert h.state(life.ref)["tickets"][0]["destroyed"]


@pytest.mark.parametrize("how", ["void_then_destroy", "destroy", "refuse", "keep_until", "replace"])
def test_an_identity_that_dies_is_gone_from_the_disk(approved, how):
    h, life = approved, approved.life
    identity = h.state_dir / "id" / life.id
    text = identity.read_text().strip()
    assert text.startswith("AGE-SECRET-KEY-1")
    if how == "void_then_destroy":
        h.void(life.ref)
    if how in ("destroy", "void_then_destroy"):
        h.destroy(life.ref)
    elif how == "refuse":
        h.must_send(gatecase.destroying(h, h.decision(life.ref), kind="decision"))
    elif how == "keep_until":
        h.pass_time(30 * DAY)
        h.state()
    else:
        h.replace(life)
    assert not identity.exists()
    assert all(text not in p.read_text(errors="replace") for p in h.state_dir.rglob("*") if p.is_file())


def test_nothing_of_the_state_tells_a_secret(approved):
    """'state' with every order and the tick: no key of the seal, no identity, in no form."""
    h = approved
    h.tick([os.urandom(32)])
    said = canonical(h.visible([h.life.ref])) + canonical({"tick": h.state(h.life.ref, True)["last_tick"]})
    for path in [*(h.state_dir / "key").iterdir(), *(h.state_dir / "id").iterdir()]:
        raw = path.read_bytes()
        for form in (raw.hex(), base64.b64encode(raw).decode(), raw.decode("latin1").strip()):
            assert form not in said, path.name


def test_the_folder_is_the_seals_alone(founded):
    for path in [founded.state_dir, *founded.state_dir.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


# ---- the same number ----

def twice(home, attack):
    one, two = home.send(attack), home.send(attack)
    assert one["ok"] and canonical({**one, "files": None}) == canonical({**two, "files": None})
    assert one["files"] == two["files"]
    return one


def test_each_request_repeated_gives_the_same_answer(founded):
    """A message that is repeated byte for byte: also after a restart, also when the time has passed."""
    h, life = founded, founded.new(REF)
    attacks = [gatecase.ticketing(h, life.scope, number=1)]
    answer = h.must_send(attacks[0])
    life.ticket, life.ticket_seal = answer["ticket"], answer["ticket_seal"]
    attacks.append(gatecase.receipting(h, life, number=2))
    answer = h.must_send(attacks[-1])
    life.receipt, life.receipt_seal = answer["receipt"], answer["receipt_seal"]
    attacks.append(gatecase.stating(h, life, number=3))
    answer = h.must_send(attacks[-1])
    life.statement, life.statement_seal = answer["statement"], answer["statement_seal"]
    life.ret = attacks[-1].fields["return"]
    h.approve(life)
    attacks.append(gatecase.releasing(h, life, number=4))
    answer = h.must_send(attacks[-1])
    check_release(h, life, answer)
    attacks.append(gatecase.Attack("sign", {"for": "letter", "order": REF, "template": "x", "sha256": sha("x")}, number=5))
    attacks.append(gatecase.signed(h, "halt", h.halting("halt"), ["emil"], number=6))
    attacks.append(gatecase.Attack("tick", size=0, count=0, number=7))
    first = [twice(h, a) for a in attacks]
    h.start()
    h.pass_time(10 * DAY)
    for attack, before in zip(attacks, first):
        again = h.send(attack)
        assert {**again, "files": None} == {**before, "files": None} and again["files"] == before["files"]


def test_a_refusal_is_not_kept(approved):
    """The state may have changed: the same request is looked at again."""
    h, life = approved, approved.life
    attack = gatecase.releasing(h, life, number=9)
    h.halt()
    assert h.send(attack)["check"] == "HALTED"
    h.resume()
    assert h.send(attack)["check"] == "EPOCH_SAME"


def test_an_answer_dies_with_the_order(bench):
    with bench.thaw("approved") as h:
        attack = gatecase.releasing(h, h.life, number=11)
        h.must_send(attack)
        h.destroy(h.life.ref)
        again = h.send(attack)
        assert not again["ok"], "the header is still handed out after the order was destroyed"


# ---- no request at all ----

def good(h):
    return canonical(sealclient.request("state", order=None, tick=False)).encode()


NO_REQUESTS = {
    "empty": lambda h: b"", "t_alone": lambda h: b"t", "f_without_file": lambda h: b"f", "form_x": lambda h: b"x" + good(h),
    "no_form": good, "not_json": lambda h: b"t{", "list": lambda h: b"t[]", "null": lambda h: b"tnull", "nul": lambda h: b"t" + good(h) + b"\0",
    "white_space": lambda h: b"t" + good(h).replace(b":", b": ", 1), "newline": lambda h: b"t" + good(h) + b"\n",
    "other_request": lambda h: b"t" + good(h).replace(b"state", b"stats"), "making": lambda h: b"t" + good(h).replace(b"state", b"making"),
    "founding": lambda h: b"t" + good(h).replace(b"state", b"founding"), "version_2": lambda h: b"t" + good(h).replace(b'"version":1', b'"version":2'),
    "number_negative": lambda h: re.sub(rb'"number":', b'"number":-', b"t" + good(h)),
    "number_large": lambda h: re.sub(rb'"number":\d+', b'"number":9007199254740992', b"t" + good(h)),
    "number_text": lambda h: re.sub(rb'"number":(\d+)', rb'"number":"\1"', b"t" + good(h)),
    "more_fields": lambda h: b"t" + good(h)[:-1] + b',"zzz":1}', "without_version": lambda h: b"t" + good(h).replace(b',"version":1', b""),
    "key_twice": lambda h: b"t" + good(h)[:-1] + b',"version":1}', "latin1": lambda h: b"t" + good(h).replace(b"null", b'"\xe9"'),
    "order_path": lambda h: b"t" + good(h).replace(b"null", b'"../x"'), "order_number": lambda h: b"t" + good(h).replace(b"null", b"7"),
    "deep": lambda h: b"t" + b'{"a":' * 9000 + b"1" + b"}" * 9000, "signatures_text": lambda h: b"t" + canonical(
        sealclient.request("release", statement_sha256="0" * 64, signatures="x")).encode(),
    "signature_number": lambda h: b"t" + canonical(sealclient.request("release", statement_sha256=sha(h.life.statement), signatures=[7])).encode(),
    "33_signatures": lambda h: b"t" + canonical(sealclient.request(
        "release", statement_sha256=sha(h.life.statement), signatures=["x"] * 33)).encode(),
    "destroy_nothing_but_signatures": lambda h: b"t" + canonical(sealclient.request(
        "destroy", document=None, signatures=["x"], ticket=None)).encode(),
    "full_datagram": lambda h: b"t" + b"x" * 60000,
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_ends_the_connection(approved, name):
    h = approved
    before = h.visible([h.life.ref])
    raw = NO_REQUESTS[name](h)
    with pytest.raises((Gone, BrokenPipeError)):
        h.connection().datagram(raw)
        h.connection().receive()
    h.drop("writ")
    assert h.alive() and h.visible([h.life.ref]) == before


def test_descriptors_that_are_no_files(approved):
    """Pipes, sockets and folders instead of files: never read for ever, never more than eight."""
    h = approved
    ends = [*os.pipe(), os.open("/", os.O_RDONLY)]
    try:
        for fd in ends:
            for name, fields in (("tick", {"size": 0, "count": 1}), ("state", {"order": None, "tick": False})):
                try:
                    answer = h.ask(name, fds=[fd], **fields)
                    assert answer["ok"] is (name == "state")
                except Gone:
                    pass
            for raw in (b"f", b"t"):
                with pytest.raises(Gone):
                    h.connection().datagram(raw, [fd])
                    h.connection().receive()
                h.drop("writ")
        with pytest.raises((Gone, OSError)):
            h.connection().datagram(b"t" + good(h), [ends[2]] * 12)
            h.connection().receive()
        h.drop("writ")
    finally:
        for fd in ends:
            os.close(fd)
    assert h.alive()
    released(h, h.life)


def test_huge_texts(approved):
    h = approved
    for size in (60001, 1 << 20, 7 << 20, 9 << 20, 65 << 20):
        try:
            answer = h.ask("release", statement_sha256="x" * size, signatures=[])
            assert answer["check"] == "STATEMENT_KNOWN" and size < (8 << 20)
        except Gone:
            assert size > (8 << 20), "%d bytes end the connection" % size
    for size in (60001, 7 << 20):
        answer = h.ask("release", statement_sha256=sha(h.life.statement), signatures=["A" * size])
        assert answer["check"] == "SIGNATURE_FORM"
    assert h.alive()
    released(h, h.life)


def test_text_as_a_file_is_the_same_request(approved):
    h = approved
    answer = h.ask("release", in_file=True, **h.release_fields(h.life))
    assert answer["ok"]
    check_release(h, h.life, answer)


def test_a_client_that_never_reads(approved):
    """It is let go; the others are served."""
    h = approved
    deaf = sealclient.Connection(h.socket, h.uid_of("writ"))
    deaf.sock.setblocking(False)
    try:
        for _ in range(3000):
            deaf.sock.send(b"t" + good(h))
    except OSError:
        pass
    released(h, h.life)
    deaf.close()


def test_a_hundred_connections(approved):
    h = approved
    kept = []
    try:
        for _ in range(100):
            kept.append(sealclient.Connection(h.socket, h.uid_of("writ")))
    except OSError:
        pass
    for one in kept:
        one.close()
    h.connections = {}
    released(h, h.life)


@pytest.mark.parametrize("users, who", [("one", "stranger"), ("three", "stranger"), ("three", "root"), ("three", "seal")])
def test_other_users_are_not_heard(bench_of, users, who):
    if os.geteuid() != 0:
        pytest.skip("SKIPPED: another user needs root")
    with bench_of(users).thaw("approved") as h:
        for path, mode in ((h.dir / "run", 0o777), (h.socket, 0o666)):
            os.chmod(path, mode)
        for attack in (gatecase.releasing(h, h.life), gatecase.Attack("state", order=None, tick=False),
                       gatecase.signed(h, "halt", h.halting("halt"), ["emil"])):
            attack.by = who
            with pytest.raises((Gone, OSError)):
                h.send(attack)
            h.drop(who)
        assert not h.state()["halted"]
        released(h, h.life)


# ---- ticks ----

def recomputed(commitment, path):
    place, node = int.from_bytes(path[:2], "big"), commitment
    for level in range(16):
        other = path[2 + 32 * level:34 + 32 * level]
        pair = (other, node) if place >> level & 1 else (node, other)
        node = hashlib.sha256(b"\1" + pair[0] + pair[1]).digest()
    return node


def tree_root(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:cut]) + tree_root(leaves[cut:])).digest()


def checked_tick(h, commitments):
    answer = h.tick(commitments)
    entry, paths = h.entries[-1], answer["files"][0]
    acts = [hashlib.sha256(b"writ/act/v1\0" + bytes.fromhex(a["salt"]) + a["act"].encode()).digest() for a in answer["acts"]]
    every = [*commitments, *acts]
    assert len(paths) == 514 * len(every) and len(entry) == 41 and entry[:1] == b"\1"
    assert int.from_bytes(entry[1:9], "big") == answer["time_ms"]
    for i, one in enumerate(every):
        assert recomputed(one, paths[514 * i:514 * i + 514]) == entry[9:]
    origin, size, root = answer["checkpoint"].split("\n")[:3]
    assert int(size) == len(h.entries) == answer["size"] and base64.b64decode(root) == tree_root(h.entries)
    body, note = answer["checkpoint"].rsplit("\n\n", 1)
    vkey = h.state()["log"]["vkey"]
    assert vkey == json.loads(h.founding)["log_vkey"] and vkey.split("+")[0] == origin
    key = gate.makepackage.ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(vkey.split("+", 2)[2])[1:])
    key.verify(base64.b64decode(note.strip().split(" ")[-1])[4:], (body + "\n").encode())
    return [json.loads(a["act"]) for a in answer["acts"]]


def test_ticks_continue_one_tree_and_hold_every_act_of_the_seal(approved):
    h = approved
    acts = checked_tick(h, [os.urandom(32) for _ in range(5)])
    h.take_release(h.life)
    for n in (0, 1, 300):
        acts += checked_tick(h, [os.urandom(32) for _ in range(n)])
        h.halt()
        h.resume()
    acts += checked_tick(h, [])
    assert [a["seal_seq"] for a in acts] == list(range(1, len(acts) + 1))
    assert acts[0]["act"] == "founding" and acts[0]["body"]["founding_sha256"] == sha(h.founding)
    kinds = [a["act"] for a in acts]
    assert kinds.count("released") == 1 and kinds.count("halt") == 3 and {"ticket", "receipt", "roster"} <= set(kinds)


def test_a_full_tick(founded):
    h = founded
    commitments = [hashlib.sha256(b"%d" % i).digest() for i in range(65536)]
    answer = h.tick(commitments)
    assert answer["acts"] == [] and len(answer["files"][0]) == 514 * 65536
    assert len({answer["files"][0][514 * i:514 * i + 2] for i in range(65536)}) == 65536
    for i in range(0, 65536, 4099):
        assert recomputed(commitments[i], answer["files"][0][514 * i:514 * i + 514]) == h.entries[-1][9:]
    assert h.state(tick=True)["files"] == answer["files"]
    assert h.tick()["acts"], "acts that found no place wait for the next tick"


def test_the_time_of_ticks_never_goes_back(founded):
    h = founded
    first = h.tick()["time_ms"]
    h.pass_time(-HOUR)
    assert h.tick()["time_ms"] == first + 1


# ---- what another home knows ----

def test_a_second_home_has_keys_of_its_own(bench):
    with bench.thaw("founded") as h:
        mine, other = h.state(), json.loads(bench.other.founding)
        assert mine["document_key"] != other["document_key"] and mine["log"]["vkey"] != other["log_vkey"]
        assert mine["certificate_sha256"] != other["certificate_sha256"]


def test_the_release_of_another_home_opens_nothing_here(bench):
    """With every identity of the other home, this home's release stays shut; and the other way round."""
    with bench.thaw("approved") as h:
        answer = h.take_release(h.life).release
        check_release(h, h.life, answer)
        wanted = {x["key_sha256"] for x in json.loads(h.life.statement)["recipients"]}
        gate.opens_for(base64.b64decode(answer["header"]), wanted, gate.identities(h, bench.other))


# ---- the release build, once ----

def test_the_release_build_does_the_same():
    if not tools.program("writ-seal"):
        pytest.fail("writ-seal is not in %s" % tools.build())
    with gate.Home("one", hooks=False) as h:
        h.make()
        life = released(h, h.live(REF, "approved"))
        checked_tick(h, [os.urandom(32)])
        h.start()
        assert h.state(life.ref)["tickets"][0]["released"]
