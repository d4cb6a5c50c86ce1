"""Cases: passkeys as keys of people, and what their authenticators and browsers may say.

carla2 is carla's passkey (ES256), dora2 dora's (RS256, must verify its user), boris3 that of boris (EdDSA, without a
counter); gustav2 is one that has not begun, ines2 one that has ended. Each assertion is signed well unless it says so.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec

import passkey
from gatecase import Attack, add, approved_by, beginning, case, edited, releasing, state_edited, ticketing
from passkey import AT, BS, ED, UP, UV, Passkey

EVIL = "https://desk.example.org.evil.example"


def beside(h, life, *signatures):
    """An honest approval with an SSH key, and these."""
    return releasing(h, life, h.sign("approval", life.statement, ["boris"]) + list(signatures))


def twisted(name="carla2", **twist):
    return lambda h, life, other: beside(h, life, *h.sign("approval", life.statement, [name], **twist))


def changed(change):
    """The document of a good signature, changed as JSON."""
    def make(h, life, other):
        return beside(h, life, edited(h.sign("approval", life.statement, ["carla2"])[0], change))
    return make


def member(key, value):
    return changed(lambda d: d.update({key: value(d[key]) if callable(value) else value}))


def other_line(change):
    def to(line):
        words = line.split(" ")
        change(words)
        return " ".join(words)
    return member("key", to)


def word(at, value):
    return other_line(lambda words: words.__setitem__(at, value(words[at]) if callable(value) else value))


def flip(text, at):
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return base64.b64encode(raw).decode()


FORMS = {
    "no_json": lambda h, life, other: beside(h, life, "{passkey}"),
    "space_behind": lambda h, life, other: beside(h, life, h.sign("approval", life.statement, ["carla2"])[0] + "\n"),
    "version_2": member("version", 2), "kind": member("kind", "sshsig"),
    "more_members": changed(lambda d: d.update(origin=passkey.ORIGIN)),
    "member_missing": changed(lambda d: {k: v for k, v in d.items() if k != "client_data"}),
    "not_base64": member("signature", "*"), "url_base64": member("client_data", lambda t: t.rstrip("=") + "-_"),
    "comment": member("key", lambda line: line + " carla"), "an_ssh_key": member("key", "ssh-ed25519 AAAA"),
    "origin_http": word(2, lambda o: o.replace("https", "http")), "origin_of_another_site": word(2, EVIL),
    "origin_with_path": word(2, lambda o: o + "/"), "port_443": word(2, "https://desk.example.org:443"),
    "rp_above_the_origin": word(1, "sk.example.org"), "credential_empty": word(4, ""),
    "key_cut": word(3, lambda k: base64.b64encode(base64.b64decode(k)[:-1]).decode()),
    "key_and_more": word(3, lambda k: base64.b64encode(base64.b64decode(k) + b"\0").decode()),
}
for name, make in FORMS.items():
    add("SIGNATURE_FORM", "passkey_" + name, "approved", make, "alone")
for name, weak in (("rsa_1024", Passkey("rs256", bits=1024)), ("p384", Passkey(curve=ec.SECP384R1))):
    add("SIGNATURE_FORM", "passkey_" + name, "approved", lambda h, life, other, weak=weak: beside(
        h, life, weak.sign("", life.statement)), "alone")

STRANGER, RSA = Passkey(), Passkey("rs256")
HELD = {
    "other_rp": twisted(rp_id="example.org"), "rp_of_the_origin": twisted(rp_id=passkey.ORIGIN),
    "other_origin": twisted(origin=EVIL), "other_port": twisted(origin="https://desk.example.org"),
    "cross_origin": twisted(crossOrigin=True), "cross_origin_as_text": twisted(crossOrigin="false"),
    "top_origin": twisted(topOrigin="https://example.com"), "type_create": twisted(kind="webauthn.create"),
    "type_missing": twisted(kind=None), "untouched": twisted(flags=UV), "nothing_said": twisted(flags=0),
    "new_key_in_it": twisted(flags=UP | UV | AT), "copied_but_may_not": twisted(flags=UP | UV | BS),
    "reserved_flag": twisted(flags=UP | UV | 2), "extensions_missing": twisted(flags=UP | UV | ED),
    "extensions_no_map": twisted(flags=UP | UV | ED, tail=b"\x01"), "bytes_behind": twisted(tail=b"\0"),
    "bytes_behind_extensions": twisted(flags=UP | UV | ED, tail=b"\xa0\0"),
    "another_credential": twisted(sign_with=STRANGER), "another_algorithm": twisted(sign_with=RSA),
    "rsa_key_ec_signature": twisted("dora2", sign_with=STRANGER), "signature_empty": twisted(change=lambda raw: b""),
    "signature_longer": twisted(change=lambda raw: raw + b"\0"), "signature_flipped": twisted(change=lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])),
    "challenge_is_the_text": lambda h, life, other: beside(h, life, h.keys.ssh["carla2"].sign("", "", challenge=life.statement.encode())),
    "challenge_in_hex": lambda h, life, other: beside(h, life, h.keys.ssh["carla2"].sign(
        "", "", challenge=hashlib.sha256(life.statement.encode()).hexdigest().encode())),
    "challenge_of_return_json": lambda h, life, other: beside(h, life, *h.sign("approval", life.ret, ["carla2"])),
    "challenge_of_the_scope": lambda h, life, other: beside(h, life, *h.sign("approval", life.scope, ["carla2"])),
    "challenge_cut": lambda h, life, other: beside(h, life, h.keys.ssh["carla2"].sign(
        "", "", challenge=hashlib.sha256(life.statement.encode()).digest()[:16])),
    "claims_the_passkey_of_another": lambda h, life, other: beside(h, life, STRANGER.sign(
        "", life.statement, claims=h.keys.ssh["carla2"])),
    "flipped_flags": member("authenticator_data", lambda t: flip(t, 33)),
    "flipped_rp": member("authenticator_data", lambda t: flip(t, 0)),
    "flipped_counter": member("authenticator_data", lambda t: flip(t, 36)),
    "client_data_respelled": member("client_data", lambda t: base64.b64encode(base64.b64decode(t).replace(b",", b", ")).decode()),
    "client_data_twice": member("client_data", lambda t: base64.b64encode(base64.b64decode(t) * 2).decode()),
}
HELD.update({"native_" + name: twisted(**twist) for name, twist in passkey.NOT_NATIVE.items()})
for name, make in HELD.items():
    add("SIGNATURE_HOLDS", "passkey_" + name, "approved", make, "alone")


def key_twice_in_client_data(h, life, other):
    """Two types, signed well: the first says create."""
    key = h.keys.ssh["carla2"].twin()
    honest = key.client_data
    key.client_data = lambda *a, **more: honest(*a, **more).replace(b"{", b'{"type":"webauthn.create",', 1)
    return beside(h, life, key.sign("", life.statement))


add("SIGNATURE_HOLDS", "passkey_type_twice", "approved", key_twice_in_client_data)


@case("SIGNATURE_HOLDS", "approved")
def passkey_approval_of_another_order(h, life, other):
    second = h.live("W-BBBB-0001", "statement")
    return beside(h, life, *h.sign("approval", second.statement, ["carla2"]))


@case("SIGNATURE_HOLDS", "approved")
def passkey_approval_of_the_earlier_statement(h, life, other):
    before = h.sign("approval", life.statement, ["carla2"])
    h.take_statement(life, ["PJ-Paris second"])
    return beside(h, life, *before)


@case("SIGNATURE_HOLDS", "founded")
def passkey_scope_altered_after_signing(h, life, other):
    scope = h.scope("W-BBBB-0001")
    return ticketing(h, edited(scope, lambda s: s["lines"][0].update(target="everybody@example.org")),
                     h.sign("scope", scope, ["carla2"]))


for name, strange in (("a_stranger", Passkey()), ("a_stranger_with_rsa", Passkey("rs256"))):
    add("KEY_ROSTERED", "passkey_of_" + name, "approved", lambda h, life, other, strange=strange: beside(
        h, life, strange.sign("", life.statement)))
for name, change in (("origin", {"origin": "https://desk.example.org"}), ("rp_id", {"rp_id": "example.org"}),
                     ("credential", {"credential": b"x" * 32})):
    add("KEY_ROSTERED", "passkey_under_another_" + name, "approved", lambda h, life, other, change=change: beside(
        h, life, h.keys.ssh["carla2"].twin(**change).sign("", life.statement)))
add("KEY_ROSTERED", "passkey_of_another_home", "approved", lambda h, life, other: beside(
    h, life, *other.sign("approval", life.statement, ["carla2"])))
add("KEY_BEGUN", "passkey_too_early", "approved", lambda h, life, other: approved_by(h, life, "boris", "gustav2"))
add("KEY_NOT_ENDED", "passkey_that_ended", "approved", lambda h, life, other: approved_by(h, life, "boris", "ines2"))
add("USER_VERIFIED", "passkey_without_verification", "approved", twisted("dora2", flags=UP))
add("MAY", "passkey_of_one_who_may_not", "founded", lambda h, life, other: (
    lambda scope: ticketing(h, scope, h.sign("scope", scope, ["dora2"])))(h.scope("W-BBBB-0001")))
add("KEY_TWICE", "the_same_passkey_twice", "approved", lambda h, life, other: approved_by(h, life, "boris", "carla2", "carla2"))
add("APPROVERS", "passkey_and_ssh_key_of_one_person", "approved", lambda h, life, other: approved_by(h, life, "carla", "carla2"))



def native(n):
    """The policy asks for so many approvals without a browser; the statement is made under it."""
    def set_it(h, life):
        h.roster({"row": "policy", "name": "native_approvals", "value": str(n)})
        h.take_statement(life)
    return set_it


@case("NATIVE_APPROVERS", "approved")
def two_passkeys_where_one_must_be_native(h, life, other):
    native(1)(h, life)
    return approved_by(h, life, "boris3", "carla2")


@case("NATIVE_APPROVERS", "approved")
def one_passkey_where_two_must_be_native(h, life, other):
    native(2)(h, life)
    return approved_by(h, life, "boris", "carla2")


@case("NATIVE_APPROVERS", "approved")
def both_keys_of_one_person_are_one_native(h, life, other):
    native(2)(h, life)
    return approved_by(h, life, "boris", "boris2", "carla2")


@case("NATIVE_APPROVERS", "approved")
def both_native_keys_of_one_person_are_one(h, life, other):
    native(2)(h, life)
    return releasing(h, life, h.sign("approval", life.statement, ["boris", "carla2"]) +
                     h.sign("approval", life.statement, ["boris3"], native=passkey.honest))


@case("NATIVE_APPROVERS", "approved")
def native_approvals_that_cannot_be_read(h, life, other):
    state_edited(h, lambda t: t["policy"].update(native_approvals="none"))
    h.take_statement(life)
    return approved_by(h, life, "boris", "carla")


@case("POLICY_VALUE", "founded")
def native_approvals_of_words(h, life, other):
    return beginning(h, {"row": "policy", "name": "native_approvals", "value": "all"})


# ---- counters: the approval of another order has counted before ----


def counted(h, by=("boris", "carla2")):
    """An order that was released; what it needed counts."""
    second = h.live("W-BBBB-0001", "statement")
    h.approve(second, by)
    h.take_release(second)
    return second


def later(h, life, name, **twist):
    """This order again, with a statement that was made after that."""
    h.pass_or_wait(2)
    h.take_statement(life)
    return beside(h, life, *h.sign("approval", life.statement, [name], **twist))


for name, off in (("again", 0), ("lower", -1), ("much_lower", -5)):
    def clone(h, life, other, off=off):
        h.keys.ssh["carla2"].counter += 10
        counted(h)
        return later(h, life, "carla2", counter=h.keys.ssh["carla2"].counter + off)
    add("COUNTER", "passkey_counter_" + name, "approved", clone)


@case("COUNTER", "approved")
def passkey_that_stops_to_count(h, life, other):
    counted(h)
    return later(h, life, "carla2", counter=0)


@case("COUNTER", "approved")
def passkey_counter_twice_though_the_statement_is_older(h, life, other):
    counted(h)
    return beside(h, life, *h.sign("approval", life.statement, ["carla2"], counter=h.keys.ssh["carla2"].counter))


@case("COUNTER", "approved")
def passkey_counter_of_a_scope(h, life, other):
    """One counter for whatever is signed."""
    h.keys.ssh["carla2"].counter += 2
    h.take_ticket(h.new("W-BBBB-0001"), ("carla2",))
    return later(h, life, "carla2", counter=h.keys.ssh["carla2"].counter - 1)


@case("COUNTER", "founded")
def passkey_entered_anew_counts_on(h, life, other):
    """Under another origin it is the same key; its copy does not begin again."""
    key = h.keys.ssh["carla2"]
    text = h.halting("halt")
    key.counter += 5
    h.must("roster", document=(made := h.roster_document(h.person("helga", "approve"))),
           signatures=h.sign("roster", made, ["anna", "carla2"]))
    h.version += 1
    h.end("carla2")
    moved = key.twin(origin="https://desk.example.org")
    h.keys.ssh["carla4"] = moved
    h.roster(h.person("carla4", "decide approve roster halt"))
    h.pass_or_wait(2)
    text = h.halting("halt")
    return Attack("halt", document=text, signatures=[moved.sign("", text, counter=key.counter - 1)])


# ---- rows ----

def row(change, **more):
    def make(h, life, other):
        line = change(h.keys.ssh["helga2"].line)
        return beginning(h, {**h.person("helga", "approve"), "key": line, **more})
    return make


for name, change in (("comment", lambda line: line + " helga"), ("two_words", lambda line: "passkey desk.example.org"),
                     ("http", lambda line: line.replace("https", "http")), ("other_site", lambda line: line.replace("passkey desk", "passkey dusk")),
                     ("upper_case", lambda line: line.replace("desk", "Desk")), ("padded", lambda line: line + "="),
                     ("rsa_1024", lambda line: Passkey("rs256", bits=1024).line), ("p384", lambda line: Passkey(curve=ec.SECP384R1).line)):
    add("ROW_FORM", "row_of_a_passkey_" + name, "founded", row(change), "alone")


@case("KEY_OF_ANOTHER", "founded")
def passkey_of_carla_for_helga(h, life, other):
    return beginning(h, {**h.person("helga", "approve"), "key": h.keys.ssh["carla2"].line})


@case("KEY_OF_ANOTHER", "founded")
def passkey_of_carla_for_helga_at_another_origin(h, life, other):
    """One authenticator would be two people."""
    twin = h.keys.ssh["carla2"].twin(origin="https://desk.example.org", credential=b"another")
    return beginning(h, {**h.person("helga", "approve"), "key": twin.line})


@case("KEY_THERE", "founded")
def passkey_entered_twice(h, life, other):
    return beginning(h, {**h.person("carla2", "approve")})


@case("ROSTER_TWO", "founded")
def passkey_entered_by_one_and_her_own(h, life, other):
    text = h.roster_document({**h.person("helga", "approve"), "key": h.keys.ssh["helga2"].line})
    return Attack("roster", document=text, signatures=h.sign("roster", text, ["carla", "carla2"]))
