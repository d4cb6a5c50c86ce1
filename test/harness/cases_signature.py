"""Cases: signatures, keys and the rights of people.

SPDX-License-Identifier: Apache-2.0
"""
import re

import people
from gate import HOUR, sha
from gatecase import (Attack, add, approved_by, beginning, case, destroying, edited, ending, in_line,
                      releasing, setting, signed, ticketing)

# ---- signatures ----

add("COUNT_UNSIGNED", "count_signed", "founded", lambda h, life, other: ticketing(h, h.scope("W-BBBB-0001"), purpose="count"))

SPOILT_SIGNATURES = {
    "empty": lambda s: "", "words": lambda s: "approved, Boris", "pgp": lambda s: s.replace("SSH SIGNATURE", "PGP SIGNATURE"),
    "cut_armour": lambda s: s[:-10], "crlf": lambda s: s.replace("\n", "\r\n"), "text_before": lambda s: "x\n" + s,
    "not_base64": lambda s: s.replace("U1NI", "U1N!", 1), "no_body": lambda s: people.armour(b""),
    "magic": lambda s: people.armour(b"SSHSIX" + people.unarmour(s)[6:]),
    "version_2": lambda s: people.armour(b"SSHSIG\0\0\0\2" + people.unarmour(s)[10:]),
    "cut_blob": lambda s: people.armour(people.unarmour(s)[:40]),
    "long_string": lambda s: people.armour(people.unarmour(s)[:10] + b"\xff\xff\xff\xff" + people.unarmour(s)[14:]),
}
for name, spoil in SPOILT_SIGNATURES.items():
    add("SIGNATURE_FORM", "signature_" + name, "approved", lambda h, life, other, spoil=spoil: releasing(
        h, life, [life.signatures[0], spoil(life.signatures[1])]))
add("SIGNATURE_FORM", "a_third_signature_of_nonsense", "approved",
    lambda h, life, other: releasing(h, life, life.signatures + ["x"]))
add("SIGNATURE_FORM", "scope_signature_of_nonsense", "founded",
    lambda h, life, other: ticketing(h, h.scope("W-BBBB-0001"), ["x"]))
add("SIGNATURE_FORM", "namespace_of_70_letters", "approved",
    lambda h, life, other: approved_by(h, life, "boris", "carla", space="w" * 70))
add("SIGNATURE_FORM", "namespace_with_nul", "approved",
    lambda h, life, other: approved_by(h, life, "boris", "carla", space="writ-approval@v1\0"))


def one_bad(good, bad, **twist):
    """An honest signature beside one with a twist."""
    return lambda h, life, other: releasing(
        h, life, h.sign("approval", life.statement, [good]) + h.sign("approval", life.statement, [bad], **twist))


TWISTED = {
    "hardware_key_untouched": one_bad("boris", "dora", flags=0),
    "hardware_key_verified_but_untouched": one_bad("boris", "dora", flags=people.VERIFIED),
    "rsa_sha1": one_bad("boris", "carla", rsa_hash="sha1"),
    "hash_sha1": one_bad("boris", "carla", hash_name="sha1"),
    "reserved_filled": one_bad("boris", "carla", reserved=b"x"),
    "bytes_behind": one_bad("boris", "carla", tail=b"\0"),
    "raw_bytes_behind": one_bad("boris", "carla", change=lambda raw: raw + b"\0"),
    "raw_flipped": one_bad("boris", "carla", change=lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])),
    "raw_zero": one_bad("carla", "boris2", change=lambda raw: raw[:-64] + bytes(64)),
    "ed25519_other_s": one_bad("carla", "boris2", change=people.malleable),
    "raw_of_another_kind": one_bad("carla", "boris2", change=lambda raw: raw.replace(b"ssh-ed25519", b"ssh-ed25518")),
}
for name, make in TWISTED.items():
    add("SIGNATURE_HOLDS", "signature_" + name, "approved", make)


@case("SIGNATURE_HOLDS", "approved")
def signature_in_wide_lines(h, life, other):
    text = "".join(life.signatures[1].splitlines()[1:-1])
    wide = "-----BEGIN SSH SIGNATURE-----\n" + text + "\n-----END SSH SIGNATURE-----\n"
    return releasing(h, life, [life.signatures[0], wide])


@case("SIGNATURE_HOLDS", "approved")
def signature_claims_another_key(h, life, other):
    forged = h.sign("approval", life.statement, ["boris"], claims=h.keys.ssh["carla"])
    return releasing(h, life, h.sign("approval", life.statement, ["boris"]) + forged)


@case("SIGNATURE_HOLDS", "approved")
def stranger_claims_to_be_carla(h, life, other):
    forged = h.sign("approval", life.statement, ["mallory"], claims=h.keys.ssh["carla"])
    return releasing(h, life, [life.signatures[0], *forged])


@case("SIGNATURE_HOLDS", "approved")
def namespace_rewritten(h, life, other):
    forged = h.sign("approval", life.statement, ["carla"], space="writ-scope@v1", claims_namespace="writ-approval@v1")
    return releasing(h, life, [life.signatures[0], *forged])


@case("SIGNATURE_HOLDS", "approved")
def approvals_of_another_order(h, life, other):
    second = h.live("W-BBBB-0001", "approved")
    return releasing(h, life, second.signatures)


@case("SIGNATURE_HOLDS", "approved")
def one_approval_of_another_order(h, life, other):
    second = h.live("W-BBBB-0001", "approved")
    return releasing(h, life, [life.signatures[0], second.signatures[1]])


@case("SIGNATURE_HOLDS", "approved")
def approvals_of_the_earlier_statement(h, life, other):
    before = life.signatures
    h.take_statement(life, ["PJ-Paris second"])
    return releasing(h, life, before)


@case("SIGNATURE_HOLDS", "approved")
def approvals_of_another_home(h, life, other):
    return releasing(h, life, other.life.signatures)


@case("SIGNATURE_HOLDS", "approved")
def approvals_of_return_json(h, life, other):
    return releasing(h, life, h.sign("approval", life.ret, ["boris", "carla"]))


@case("SIGNATURE_HOLDS", "approved")
def approvals_of_the_hash(h, life, other):
    return releasing(h, life, h.sign("approval", sha(life.statement), ["boris", "carla"]))


@case("SIGNATURE_HOLDS", "founded")
def scope_altered_after_signing(h, life, other):
    scope = h.scope("W-BBBB-0001")
    wider = edited(scope, in_line(0, target="everybody@example.org"))
    return ticketing(h, wider, h.sign("scope", scope, ["anna"]))


@case("SIGNATURE_HOLDS", "founded")
def scope_of_another_order_signed(h, life, other):
    return ticketing(h, h.scope("W-BBBB-0001"), h.sign("scope", h.scope("W-CCCC-0001"), ["anna"]))


@case("SIGNATURE_HOLDS", "founded")
def scope_overrules_removed_after_signing(h, life, other):
    scope = h.scope("W-BBBB-0001", overrules=["d1"])
    return ticketing(h, edited(scope, setting(overrules=[])), h.sign("scope", scope, ["anna"]))


@case("SIGNATURE_HOLDS", "founded")
def roster_row_altered_after_signing(h, life, other):
    text = h.roster_document(h.person("helga", "approve"))
    mine = edited(text, lambda t: t["row"].update(key=h.keys.ssh["mallory"].line))
    return Attack("roster", document=mine, signatures=h.sign("roster", text, ["anna", "boris"]))


@case("SIGNATURE_HOLDS", "founded")
def agency_key_altered_after_signing(h, life, other):
    text = h.roster_document(h.agency("bka", "BKA 2027", "spare"))
    mine = edited(text, lambda t: t["row"].update(recipient=h.keys.age["mallory"].recipient))
    return Attack("roster", document=mine, signatures=h.sign("roster", text, ["anna", "boris"]))


@case("SIGNATURE_HOLDS", "founded")
def resume_of_another_epoch_signed(h, life, other):
    h.halt()
    text = h.halting("resume")
    old = edited(text, setting(halt_epoch=0))
    return Attack("resume", document=text, signatures=h.sign("resume", old, ["anna", "emil"]))


for space in ("writ-scope@v1", "writ-approval@v2", "writ-approval", "WRIT-APPROVAL@v1", "file", "git", "writ-seal@v1", "writ-release@v1"):
    add("SIGNATURE_NAMESPACE", "approved_as_" + re.sub(r"\W", "_", space), "approved",
        lambda h, life, other, space=space: approved_by(h, life, "boris", "carla", space=space))
for request, space in (("halt", "writ-resume@v1"), ("void", "writ-destroy@v1"), ("roster", "writ-approval@v1"), ("ticket", "writ-decision@v1")):
    def made(h, life, other, request=request, space=space):
        text = {"halt": lambda: h.halting("halt"), "void": lambda: h.ending("void", life.ref), "ticket": lambda: h.scope("W-BBBB-0001"),
                "roster": lambda: h.roster_document(h.person("helga", "approve"))}[request]()
        names = {"halt": ["emil"], "void": ["anna"], "roster": ["anna", "boris"], "ticket": ["anna"]}[request]
        signatures = h.sign("x", text, names, space)
        return ticketing(h, text, signatures) if request == "ticket" else Attack(request, document=text, signatures=signatures)
    add("SIGNATURE_NAMESPACE", request + "_signed_as_" + re.sub(r"\W", "_", space), "approved", made)


# ---- keys and rights ----

add("KEY_ROSTERED", "approval_by_an_outsider", "approved", lambda h, life, other: approved_by(h, life, "boris", "outsider"))
add("KEY_ROSTERED", "approval_by_two_outsiders", "approved", lambda h, life, other: approved_by(h, life, "mallory", "outsider"))
add("KEY_ROSTERED", "outsider_as_a_third", "approved", lambda h, life, other: approved_by(h, life, "boris", "carla", "outsider"))
add("KEY_ROSTERED", "scope_by_an_outsider", "founded", lambda h, life, other: ticketing(
    h, h.scope("W-BBBB-0001"), h.sign("scope", h.scope("W-BBBB-0001"), ["outsider"])))
add("KEY_ROSTERED", "roster_by_outsiders", "founded",
    lambda h, life, other: beginning(h, h.person("mallory", "approve"), by=("mallory", "outsider")))
add("KEY_ROSTERED", "halt_by_an_outsider", "founded", lambda h, life, other: signed(h, "halt", h.halting("halt"), ["outsider"]))
add("KEY_ROSTERED", "void_by_an_outsider", "approved",
    lambda h, life, other: signed(h, "void", h.ending("void", life.ref), ["outsider"]))


@case("KEY_ROSTERED", "approved")
def approval_by_people_of_another_home(h, life, other):
    return releasing(h, life, other.sign("approval", life.statement, ["boris", "carla"]))


@case("KEY_ROSTERED", "approved")
def one_approval_by_another_home(h, life, other):
    return releasing(h, life, [life.signatures[0], *other.sign("approval", life.statement, ["carla"])])


@case("KEY_ROSTERED", "founded")
def scope_by_another_home(h, life, other):
    return ticketing(h, other.life.scope, other.life.scope_signatures)


@case("KEY_ROSTERED", "founded")
def roster_by_another_home(h, life, other):
    text = h.roster_document(h.person("mallory", "approve"))
    return Attack("roster", document=text, signatures=other.sign("roster", text, ["anna", "boris"]))


@case("KEY_ROSTERED", "founded")
def resume_by_another_home(h, life, other):
    h.halt()
    text = h.halting("resume")
    return Attack("resume", document=text, signatures=other.sign("resume", text, ["anna", "emil"]))


@case("KEY_ROSTERED", "founded")
def roster_replayed_from_another_home(h, life, other):
    one = other.old_state["roster_documents"][0]
    return Attack("roster", document=one["document"], signatures=one["signatures"])


@case("KEY_ROSTERED", "approved")
def approval_by_the_same_key_for_another_application(h, life, other):
    """A hardware key's blob holds its application: the same secret for another one is another key."""
    dora = h.keys.ssh["dora"]
    twin = people.Key.__new__(people.Key)
    twin.__dict__.update(dora.__dict__, application=b"ssh:other")
    twin.blob = twin._blob()
    return releasing(h, life, [life.signatures[0], twin.sign("writ-approval@v1", life.statement)])


add("KEY_BEGUN", "approval_too_early", "approved", lambda h, life, other: approved_by(h, life, "boris", "gustav"))
add("KEY_BEGUN", "early_as_a_third", "approved", lambda h, life, other: approved_by(h, life, "boris", "carla", "gustav"))
add("KEY_BEGUN", "scope_too_early", "founded", lambda h, life, other: (
    lambda scope: ticketing(h, scope, h.sign("scope", scope, ["gustav"])))(h.scope("W-BBBB-0001")))
add("KEY_BEGUN", "halt_too_early", "founded", lambda h, life, other: signed(h, "halt", h.halting("halt"), ["gustav"]))
add("KEY_BEGUN", "roster_too_early", "founded",
    lambda h, life, other: beginning(h, h.person("helga", "approve"), by=("anna", "gustav")))

add("KEY_NOT_ENDED", "approval_by_a_person_who_left", "approved", lambda h, life, other: approved_by(h, life, "boris", "ines"))
add("KEY_NOT_ENDED", "left_as_a_third", "approved", lambda h, life, other: approved_by(h, life, "boris", "carla", "ines"))
add("KEY_NOT_ENDED", "scope_by_a_person_who_left", "founded", lambda h, life, other: (
    lambda scope: ticketing(h, scope, h.sign("scope", scope, ["ines"])))(h.scope("W-BBBB-0001")))
add("KEY_NOT_ENDED", "roster_by_a_person_who_left", "founded",
    lambda h, life, other: beginning(h, h.person("helga", "approve"), by=("anna", "ines")))
add("KEY_NOT_ENDED", "halt_by_a_person_who_left", "founded", lambda h, life, other: signed(h, "halt", h.halting("halt"), ["ines"]))


@case("KEY_NOT_ENDED", "approved", "clock")
def approval_at_the_end_of_a_key(h, life, other):
    h.approve(life, ("boris", "frida"))
    h.pass_time(2 * HOUR)
    return releasing(h, life)


@case("KEY_NOT_ENDED", "approved")
def approver_ended_between_approval_and_release(h, life, other):
    h.end("carla")
    return releasing(h, life)


@case("KEY_NOT_ENDED", "approved")
def deleted_user_approves_a_new_statement(h, life, other):
    h.end("carla")
    h.take_statement(life)
    return approved_by(h, life, "boris", "carla")


@case("USER_VERIFIED", "approved")
def approval_without_pin(h, life, other):
    return releasing(h, life, [life.signatures[0], *h.sign("approval", life.statement, ["dora"], flags=people.PRESENT)])


@case("USER_VERIFIED", "approved")
def third_approval_without_pin(h, life, other):
    return releasing(h, life, life.signatures + h.sign("approval", life.statement, ["dora"], flags=people.PRESENT))


add("MAY", "approval_by_a_decider", "approved", lambda h, life, other: approved_by(h, life, "boris", "anna"))
add("MAY", "approval_by_a_halter", "approved", lambda h, life, other: approved_by(h, life, "boris", "emil"))
add("MAY", "approval_by_a_third_who_may_not", "approved", lambda h, life, other: approved_by(h, life, "boris", "carla", "emil"))
add("MAY", "roster_by_an_approver", "founded",
    lambda h, life, other: beginning(h, h.person("helga", "approve"), by=("anna", "dora")))
add("MAY", "halt_by_an_approver", "founded", lambda h, life, other: signed(h, "halt", h.halting("halt"), ["dora"]))
add("MAY", "destroy_by_a_halter", "receipt", lambda h, life, other: destroying(h, h.ending("destroy", life.ref), ["emil"]))
add("MAY", "refusal_by_an_approver", "receipt",
    lambda h, life, other: destroying(h, h.decision(life.ref), ["boris"], kind="decision"))
add("MAY", "scope_by_an_approver", "founded", lambda h, life, other: (
    lambda scope: ticketing(h, scope, h.sign("scope", scope, ["boris"])))(h.scope("W-BBBB-0001")))


@case("MAY", "founded")
def resume_by_an_approver(h, life, other):
    h.halt()
    text = h.halting("resume")
    return signed(h, "resume", text, ["anna", "dora"])


@case("MAY", "founded")
def void_by_a_keeper_of_the_roster_alone(h, life, other):
    h.roster(h.person("helga", "roster"))
    return signed(h, "void", h.ending("void", "W-BBBB-0001"), ["helga"])


add("KEY_TWICE", "approval_thrice_by_two", "approved", lambda h, life, other: approved_by(h, life, "boris", "carla", "boris"))
add("KEY_TWICE", "the_same_signature_twice", "approved",
    lambda h, life, other: releasing(h, life, [life.signatures[0], life.signatures[0]]))
add("KEY_TWICE", "scope_twice_by_one", "founded", lambda h, life, other: (
    lambda scope: ticketing(h, scope, h.sign("scope", scope, ["anna", "anna"])))(h.scope("W-BBBB-0001")))
add("KEY_TWICE", "roster_thrice_by_two", "founded",
    lambda h, life, other: beginning(h, h.person("helga", "approve"), by=("anna", "boris", "anna")))

add("SCOPE_SIGNED", "scope_unsigned", "founded", lambda h, life, other: ticketing(h, h.scope("W-BBBB-0001"), []))
for name, names in (("one", ["anna"]), ("one_with_two_keys", ["anna", "anna2"])):
    add("OVERRULE_SECOND", "overruled_by_" + name, "founded", lambda h, life, other, names=names: (
        lambda scope: ticketing(h, scope, h.sign("scope", scope, names)))(h.scope("W-BBBB-0001", overrules=["d1"])))
add("ONE_SIGNER", "void_unsigned", "approved", lambda h, life, other: signed(h, "void", h.ending("void", life.ref), []))
add("ONE_SIGNER", "destroy_unsigned", "approved", lambda h, life, other: destroying(h, h.ending("destroy", life.ref), []))
add("ONE_SIGNER", "refusal_unsigned", "approved", lambda h, life, other: destroying(h, h.decision(life.ref), [], kind="decision"))
add("ONE_SIGNER", "halt_unsigned", "founded", lambda h, life, other: signed(h, "halt", h.halting("halt"), []))
for name, names in (("nobody", []), ("one", ["emil"]), ("one_with_two_keys", ["anna", "anna2"])):
    def resumed(h, life, other, names=names):
        h.halt()
        return signed(h, "resume", h.halting("resume"), names)
    add("RESUME_TWO", "resumed_by_" + name, "founded", resumed)
for name, names in (("nobody", ()), ("one", ("anna",)), ("one_with_two_keys", ("anna", "anna2"))):
    add("ROSTER_TWO", "roster_by_" + name, "founded",
        lambda h, life, other, names=names: beginning(h, h.agency("bka", "BKA 2027", "spare"), by=names))
add("ROSTER_OTHERS", "new_key_by_its_person", "founded",
    lambda h, life, other: beginning(h, h.person("anna", "decide approve roster halt", "outsider"), by=("anna", "boris")))
add("ROSTER_OTHERS", "end_by_its_person", "founded", lambda h, life, other: ending(h, h.row_of("carla"), by=("anna", "carla")))
add("ROSTER_OTHERS", "new_key_by_its_person_with_the_second_key", "founded",
    lambda h, life, other: beginning(h, h.person("boris", "roster", "outsider"), by=("boris2", "carla")))
