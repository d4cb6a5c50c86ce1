"""Cases: roster, destroying, halting, ticks, records, and a state that somebody changed.

SPDX-License-Identifier: Apache-2.0
"""
import re

import makepackage
import people
import sealclient
from gate import DAY, sha
from gatecase import (Attack, add, beginning, case, destroying, ending, releasing, rostering, signed,
                      state_edited)

# ---- roster ----

add("ROSTER_VERSION", "roster_of_the_last_version", "founded",
    lambda h, life, other: rostering(h, h.roster_document(h.person("helga", "approve"), version=h.version - 1)))
add("ROSTER_VERSION", "roster_of_a_later_version", "founded",
    lambda h, life, other: rostering(h, h.roster_document(h.person("helga", "approve"), version=h.version + 1)))


@case("ROSTER_VERSION", "founded")
def roster_replayed(h, life, other):
    text = h.roster_document(h.agency("bka", "BKA 2027", "spare"))
    h.must_send(rostering(h, text))
    h.version += 1
    return rostering(h, text)


@case("ROSTER_VERSION", "founded")
def two_changes_of_one_version(h, life, other):
    second = h.roster_document(h.person("helga", "approve"))
    h.roster(h.agency("bka", "BKA 2027", "spare"))
    return rostering(h, second)


for action in ("found", "replace", ""):
    add("ROSTER_ACTION", "roster_action_" + (action or "empty"), "founded",
        lambda h, life, other, action=action: rostering(h, h.roster_document(h.person("helga", "approve"), action)))

BAD_ROWS = {
    "empty": {}, "kind": {"row": "group"}, "key_words": {"key": "boris"}, "key_comment": None, "key_certificate": None,
    "may_all": {"may": ["all"]}, "may_twice": {"may": ["approve", "approve"]}, "may_text": {"may": "approve"}, "may_audit_and_more": {"may": ["audit", "approve"]},
    "name_empty": {"name": ""}, "name_control": {"name": "a\nb"}, "verified_text": {"user_verified": "no"},
    "verified_plain_key": {"user_verified": True}, "from_words": {"from": "now"}, "from_in_a_zone": {"from": "2026-01-01T00:00:00+01:00"},
    "until_in_a_zone": {"until": "2100-01-01T00:00:00+00:00"}, "until_before": {"until": "2001-01-01T00:00:00Z"},
    "more": {"admin": True}, "key_small_rsa": None, "key_dsa": {"key": "ssh-dss AAAAB3NzaC1kc3MAAACBAP"},
}


def bad_row(h, life, other, change, name):
    row = h.person("helga", "approve")
    if name == "key_comment":
        change = {"key": row["key"] + " helga@example"}
    if name == "key_certificate":
        change = {"key": people.certificate_line(h.keys.ssh["helga"], h.keys.ssh["mallory"])}
    if name == "key_small_rsa":
        change = {"key": people.Key("rsa", 1024).line}
    row.update(change)
    return beginning(h, row if change else {})


for name, change in BAD_ROWS.items():
    add("ROW_FORM", "row_" + name, "founded",
        lambda h, life, other, change=change, name=name: bad_row(h, life, other, change, name))
for name, change in (("recipient_words", {"recipient": "age1"}), ("recipient_ssh", None), ("label_empty", {"label": ""}),
                     ("checksum", None), ("low_order", {"recipient": makepackage.bech32("age", bytes(32))})):
    def bad_agency(h, life, other, change=change, name=name):
        row = h.agency("bka", "BKA 2027", "spare")
        if name == "recipient_ssh":
            change = {"recipient": h.keys.ssh["helga"].line}
        if name == "checksum":
            change = {"recipient": row["recipient"][:-1] + ("q" if row["recipient"][-1] != "q" else "p")}
        row.update(change)
        return beginning(h, row)
    add("ROW_FORM", "agency_" + name, "founded", bad_agency)

add("ROW_STANDS", "end_of_nobody", "founded", lambda h, life, other: ending(h, h.person("helga", "approve")))
add("ROW_STANDS", "end_of_another_row", "founded", lambda h, life, other: ending(h, dict(h.row_of("dora"), may=["approve", "halt"])))
add("ROW_STANDS", "end_of_one_who_left", "founded", lambda h, life, other: ending(h, h.row_of("ines")))
add("ROW_STANDS", "end_of_a_policy_that_is_not", "founded",
    lambda h, life, other: ending(h, {"row": "policy", "name": "ticket_days", "value": "31"}))
add("KEY_OF_ANOTHER", "key_of_boris_for_helga", "founded", lambda h, life, other: beginning(h, h.person("helga", "approve", "boris")))
add("KEY_OF_ANOTHER", "key_of_one_who_left_for_helga", "founded", lambda h, life, other: beginning(h, h.person("helga", "approve", "ines")))
add("KEY_OF_ANOTHER", "key_of_one_who_comes_for_helga", "founded", lambda h, life, other: beginning(h, h.person("helga", "approve", "gustav")))
add("KEY_THERE", "key_of_boris_again", "founded", lambda h, life, other: beginning(h, h.person("boris", "approve decide"), by=("anna", "carla")))
add("LABEL_THERE", "label_again", "founded", lambda h, life, other: beginning(h, h.agency("pj-paris", "PJ-Paris 2026", "spare")))
add("LABEL_THERE", "label_of_a_key_to_come", "founded", lambda h, life, other: beginning(h, h.agency("pj-paris", "PJ-Paris early", "spare")))
add("AGENCY_KEY_THERE", "key_of_another_agency", "founded", lambda h, life, other: beginning(h, h.agency("pj-paris", "PJ-Paris x", "bka")))
add("AGENCY_KEY_THERE", "key_under_another_label", "founded", lambda h, life, other: beginning(h, h.agency("bka", "BKA 2027", "bka")))


def policy(name, value):
    return lambda h, life, other: beginning(h, {"row": "policy", "name": name, "value": value})


add("POLICY_NAME", "policy_unknown", "founded", policy("colour", "2"))
add("POLICY_NAME", "policy_upper_case", "founded", policy("Approvals", "2"))
add("POLICY_NAME", "policy_version", "founded", policy("roster_version", "2"))
for name, value in (("decider_may_approve", "maybe"), ("statement_hours", "0"), ("statement_hours", "1000"), ("scope_hours", "words"),
                    ("ticket_hours", "-1"), ("ticket_days", "99999999999999999999"), ("approvals", "17"), ("approvals", "two"),
                    ("counts_per_day", "1.5"), ("ticket_days", " 3"), ("decider_may_approve", "yes no")):
    add("POLICY_VALUE", "policy_%s_%s" % (name, re.sub(r"\W", "_", value)), "founded", policy(name, value))
add("APPROVALS_TWO", "policy_one_approval", "founded", policy("approvals", "1"))
add("APPROVALS_TWO", "policy_zero_approvals", "founded", policy("approvals", "0"))
add("POLICY_VALUE", "policy_timestamp_perhaps", "founded", policy("timestamp", "perhaps"))


@case("KEEPS_ROSTER", "founded")
def end_of_the_last_but_one_with_roster(h, life, other):
    h.roster(h.person("helga", "approve"))
    for name in ("frida", "boris2", "boris3"):
        h.end(name, ("anna", "carla"))
    h.end("carla2", ("anna", "boris"))
    h.end("boris", ("anna", "carla"))
    return ending(h, h.row_of("carla"), by=("anna", "carla"))


@case("KEEPS_APPROVERS", "founded")
def end_of_an_approver_who_is_needed(h, life, other):
    h.roster({"row": "policy", "name": "approvals", "value": "4"})
    h.end("dora2")
    return ending(h, h.row_of("dora"))


add("KEEPS_APPROVERS", "policy_of_more_than_there_are", "founded", policy("approvals", "5"))


# ---- destroy, halt, resume ----

@case("TICKET_OF_ORDER", "receipt")
def destroy_a_ticket_of_another_order(h, life, other):
    h.live("W-BBBB-0001", "ticket")
    return destroying(h, h.ending("destroy", "W-BBBB-0001"), ticket=life.id)


add("TICKET_OF_ORDER", "destroy_a_ticket_that_is_not", "receipt",
    lambda h, life, other: Attack("destroy", document=None, signatures=[], ticket="0" * 32))
add("TICKET_OF_ORDER", "destroy_a_path", "receipt",
    lambda h, life, other: Attack("destroy", document=None, signatures=[], ticket="../../../etc"))
add("DESTROY_IN_TIME", "destroy_without_document", "receipt",
    lambda h, life, other: Attack("destroy", document=None, signatures=[], ticket=life.id))
add("DESTROY_IN_TIME", "destroy_before_keep_until", "receipt", lambda h, life, other: (
    h.pass_time(30 * DAY - 2), Attack("destroy", document=None, signatures=[], ticket=life.id))[1], "clock")
add("HALT_EPOCH", "halt_of_another_epoch", "founded", lambda h, life, other: signed(h, "halt", h.halting("halt", halt_epoch=1), ["emil"]))


@case("HALT_EPOCH", "founded")
def resume_of_another_epoch(h, life, other):
    h.halt()
    return signed(h, "resume", h.halting("resume", halt_epoch=0), ["anna", "emil"])


@case("HALT_EPOCH", "founded")
def resume_replayed(h, life, other):
    h.halt()
    text = h.halting("resume")
    h.must_send(signed(h, "resume", text, ["anna", "emil"]))
    h.epoch += 1
    h.halt()
    return signed(h, "resume", text, ["anna", "emil"])


@case("HALTED_ALREADY", "founded")
def halt_twice(h, life, other):
    h.halt()
    return signed(h, "halt", h.halting("halt"), ["emil"])


add("NOT_HALTED", "resume_without_halt", "founded", lambda h, life, other: signed(h, "resume", h.halting("resume"), ["anna", "emil"]))


# ---- tick, sign ----

add("TICK_SIZE", "tick_of_a_larger_tree", "founded", lambda h, life, other: Attack("tick", size=h.tree + 1, count=0))


@case("TICK_SIZE", "founded")
def tick_of_the_tree_before(h, life, other):
    h.tick()
    h.tick()
    return Attack("tick", size=h.tree - 1, count=0)


@case("TICK_SIZE", "founded")
def tick_of_an_empty_tree_again(h, life, other):
    h.tick()
    return Attack("tick", size=0, count=0)


add("TICK_COUNT", "tick_without_its_file", "founded", lambda h, life, other: Attack("tick", size=h.tree, count=1))
add("TICK_COUNT", "tick_with_less", "founded",
    lambda h, life, other: Attack("tick", size=h.tree, count=2, fds=[sealclient.memfd(bytes(63))]))
add("TICK_COUNT", "tick_with_more", "founded",
    lambda h, life, other: Attack("tick", size=h.tree, count=1, fds=[sealclient.memfd(bytes(64))]))
add("TICK_MOST", "tick_of_65537", "founded",
    lambda h, life, other: Attack("tick", size=h.tree, count=65537, fds=[sealclient.memfd(bytes(32 * 65537))]))
for what in ("approval", "ticket", "receipt", "statement", "act", ""):
    add("SIGN_FOR", "sign_for_" + (what or "nothing"), "founded", lambda h, life, other, what=what: Attack(
        "sign", {"for": what, "order": "W-BBBB-0001", "template": "x", "sha256": sha("x")}))


# ---- what is refused without a row: a state that somebody changed ----

@case("FAILED", "approved")
def agency_key_swapped_in_the_state(h, life, other):
    state_edited(h, lambda t: [e["row"].update(recipient=h.keys.age["mallory"].recipient) for e in t["rows"]
                               if e["row"].get("label") == "PJ-Paris 2026"])
    return releasing(h, life)
