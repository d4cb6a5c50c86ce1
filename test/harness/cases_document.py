"""Cases: who asks, under which number, while halted; documents and what a release is for.

SPDX-License-Identifier: Apache-2.0
"""
import copy
import re

from gate import DAY, HOUR, in_a_zone, sha, when
from gatecase import (Attack, add, beginning, case, destroying, edited, ending, in_line, receipting,
                      releasing, restarted, rostering, setting, signed, stating,
                      ticketing, without)
from sealclient import canonical

# ---- who asks ----

@case("CALLER", "ticket", "three")
def writ_gives_receipt(h, life, other):
    attack = receipting(h, life)
    attack.by = "writ"
    return attack


@case("CALLER", "approved", "three")
def hand_releases(h, life, other):
    return releasing(h, life, by="hand")


@case("CALLER", "receipt", "three")
def hand_has_statement_made(h, life, other):
    attack = stating(h, life)
    attack.by = "hand"
    return attack


@case("CALLER", "founded", "three")
def hand_has_ticket_made(h, life, other):
    return ticketing(h, h.scope("W-BBBB-0001"), by="hand")


@case("CALLER", "founded", "three")
def hand_changes_roster(h, life, other):
    attack = beginning(h, h.person("helga", "approve"))
    attack.by = "hand"
    return attack


@case("CALLER", "founded", "three")
def hand_ticks(h, life, other):
    return Attack("tick", size=0, count=0, by="hand")


@case("CALLER", "founded", "three")
def hand_has_letter_signed(h, life, other):
    return Attack("sign", {"for": "letter", "order": "W-BBBB-0001", "template": "refusal", "sha256": sha("x")}, by="hand")


# ---- numbers ----

@case("NUMBER_REUSED", "founded")
def number_of_another_ticket(h, life, other):
    first = ticketing(h, h.scope("W-BBBB-0001"), number=77)
    h.must_send(first)
    return ticketing(h, h.scope("W-CCCC-0001"), number=77)


@case("NUMBER_REUSED", "founded")
def number_of_a_roster_change(h, life, other):
    h.must_send(beginning(h, h.person("helga", "approve"), number=78))
    h.version += 1
    return signed(h, "halt", h.halting("halt"), ["emil"], number=78)


@case("NUMBER_REUSED", "approved")
def number_of_a_ticket_for_release(h, life, other):
    h.must_send(ticketing(h, h.scope("W-BBBB-0001"), number=79))
    return releasing(h, life, number=79)


@case("NUMBER_REUSED", "approved")
def number_of_release_with_other_signatures(h, life, other):
    h.must_send(releasing(h, life, number=80))
    return releasing(h, life, life.signatures[::-1], number=80)


@case("NUMBER_REUSED", "founded")
def number_of_the_last_tick(h, life, other):
    h.must_send(Attack("tick", size=h.tree, count=0, number=81))
    return Attack("tick", size=h.tree + 1, count=0, number=81)


@case("NUMBER_REUSED", "founded")
def number_of_the_last_tick_for_a_letter(h, life, other):
    h.must_send(Attack("tick", size=h.tree, count=0, number=82))
    return Attack("sign", {"for": "letter", "order": "W-BBBB-0001", "template": "refusal", "sha256": sha("x")}, number=82)


@case("NUMBER_REUSED", "ticket")
def number_of_a_receipt(h, life, other):
    h.must_send(receipting(h, life, number=83))
    return stating(h, life, canonical({}), number=83)


# ---- halted ----

@case("HALTED", "founded")
def ticket_while_halted(h, life, other):
    h.halt()
    return ticketing(h, h.scope("W-BBBB-0001"))


@case("HALTED", "founded")
def count_while_halted(h, life, other):
    h.halt()
    return ticketing(h, h.scope("W-BBBB-0001"), [], purpose="count")


@case("HALTED", "ticket")
def receipt_while_halted(h, life, other):
    h.halt()
    return receipting(h, life)


@case("HALTED", "receipt")
def statement_while_halted(h, life, other):
    h.halt()
    return stating(h, life)


@case("HALTED", "approved")
def release_while_halted(h, life, other):
    h.halt()
    return releasing(h, life)


@case("HALTED", "approved")
def release_after_a_restart_while_halted(h, life, other):
    h.halt()
    return releasing(restarted(h), life)


# ---- documents ----

for purpose in ("release", "Collect", "", "collect "):
    add("TICKET_FOR", "ticket_for_%s" % (re.sub(r"\W", "_", purpose) or "nothing"), "founded",
        lambda h, life, other, purpose=purpose: ticketing(h, h.scope("W-BBBB-0001"), purpose=purpose))


@case("NOTHING_NAMED", "receipt")
def destroy_nothing(h, life, other):
    return Attack("destroy", document=None, signatures=[], ticket=None)


BAD_SCOPES = {
    **{"without_" + k: without(k) for k in ("version", "kind", "order", "made_at", "good_until", "paper_sha256", "agency",
                                            "decision", "reasons", "judgement_sha256", "overrules", "lines")},
    "more_fields": setting(approvals=1), "version_2": setting(version=2), "order_path": setting(order="../../state"),
    "order_empty": setting(order=""), "order_null": setting(order=None), "no_lines": setting(lines=[]),
    "refuses": setting(decision="refuse"), "papers_not_hashes": setting(paper_sha256=["x"]),
    "hash_upper_case": setting(paper_sha256=["A" * 64]), "made_at_local": setting(made_at="2026-11-22 10:00"),
    "day_that_is_none": setting(good_until="2026-02-30T00:00:00Z"),
    "made_at_in_a_zone": lambda t: t.update(made_at=in_a_zone(t["made_at"])),
    "good_until_in_a_zone": lambda t: t.update(good_until=in_a_zone(t["good_until"])), "lines_object": setting(lines={}),
    "ends_before": in_line(0, **{"from": 10, "until": 9}), "meaning": in_line(0, date_meaning="any"),
    "undated": in_line(0, undated="maybe"), "line_more": in_line(0, account="x"), "stores_text": in_line(0, stores="main"),
    "same_line_twice": in_line(1, id="d1"), "line_without_target": lambda t: t["lines"][0].pop("target") and None,
    "overrules_number": setting(overrules=[1]),
}
for name, change in BAD_SCOPES.items():
    add("DOCUMENT_FORM", "scope_" + name, "founded",
        lambda h, life, other, change=change: ticketing(h, edited(h.scope("W-BBBB-0001"), change)))

BAD_TEXTS = {
    "white_space": lambda s: s.replace(",", ", ", 1), "final_newline": lambda s: s + "\n", "bom": lambda s: "\ufeff" + s,
    "key_twice": lambda s: s[:-1] + ',"version":1}', "keys_unsorted": lambda s: '{"version":1,' + s[1:].replace(',"version":1}', "}"),
    "fraction": lambda s: s.replace('"version":1', '"version":1.0'), "large": lambda s: s.replace('"version":1', '"version":9007199254740993'),
    "escaped": lambda s: s.replace("scope", "\\u0073cope", 1), "cut": lambda s: s[:-1], "empty": lambda s: "",
    "not_json": lambda s: "scope", "list": lambda s: "[" + s + "]", "deep": lambda s: "[" * 5000 + "]" * 5000,
}
for name, spoil in BAD_TEXTS.items():
    add("DOCUMENT_FORM", "text_" + name, "founded",
        lambda h, life, other, spoil=spoil: ticketing(h, spoil(h.scope("W-BBBB-0001"))))

for key in ("action", "roster_version", "row", "made_at", "kind"):
    add("DOCUMENT_FORM", "roster_without_" + key, "founded", lambda h, life, other, key=key: rostering(
        h, edited(h.roster_document(h.person("helga", "approve")), without(key))))
for key in ("because", "halt_epoch", "made_at"):
    add("DOCUMENT_FORM", "halt_without_" + key, "founded", lambda h, life, other, key=key: signed(
        h, "halt", edited(h.halting("halt"), without(key)), ["emil"]))
for key in ("because", "order"):
    add("DOCUMENT_FORM", "void_without_" + key, "approved", lambda h, life, other, key=key: signed(
        h, "void", edited(h.ending("void", life.ref), without(key)), ["anna"]))
add("DOCUMENT_FORM", "destroy_more_fields", "approved", lambda h, life, other: destroying(
    h, edited(h.ending("destroy", life.ref), setting(ticket=life.id))))
add("DOCUMENT_FORM", "decision_with_lines", "approved", lambda h, life, other: destroying(
    h, edited(h.decision(life.ref), setting(lines=[])), kind="decision"))


@case("DOCUMENT_KIND", "founded")
def decision_for_a_scope(h, life, other):
    text = h.decision("W-BBBB-0001", "ask")
    return ticketing(h, text, h.sign("scope", text, ["anna"]))


@case("DOCUMENT_KIND", "approved")
def void_for_a_destroy(h, life, other):
    return destroying(h, h.ending("void", life.ref), kind="void")


@case("DOCUMENT_KIND", "approved")
def destroy_for_a_void(h, life, other):
    text = h.ending("destroy", life.ref)
    return Attack("void", document=text, signatures=h.sign("void", text, ["anna"]))


@case("DOCUMENT_KIND", "founded")
def resume_for_a_halt(h, life, other):
    text = h.halting("resume")
    return Attack("halt", document=text, signatures=h.sign("halt", text, ["emil"]))


@case("DOCUMENT_KIND", "founded")
def halt_for_a_resume(h, life, other):
    h.halt()
    text = h.halting("halt")
    return Attack("resume", document=text, signatures=h.sign("resume", text, ["anna", "emil"]))


@case("DOCUMENT_KIND", "founded")
def scope_for_a_roster(h, life, other):
    text = h.scope("W-BBBB-0001")
    return Attack("roster", document=text, signatures=h.sign("roster", text, ["anna", "boris"]))


@case("DOCUMENT_FUTURE", "founded")
def scope_from_the_future(h, life, other):
    return ticketing(h, h.scope("W-BBBB-0001", made=120))


@case("DOCUMENT_FUTURE", "founded")
def roster_from_the_future(h, life, other):
    return rostering(h, edited(h.roster_document(h.person("helga", "approve")), setting(made_at=when(h.now() + 3600))))


@case("DOCUMENT_FUTURE", "founded")
def halt_from_the_future(h, life, other):
    return signed(h, "halt", h.halting("halt", made=3600), ["emil"])


@case("DOCUMENT_FUTURE", "approved")
def void_from_the_future(h, life, other):
    return signed(h, "void", h.ending("void", life.ref, made=3600), ["anna"])


@case("DOCUMENT_FUTURE", "receipt")
def return_from_the_future(h, life, other):
    return stating(h, life, h.return_object(life, made_at=when(h.now() + 3600)))


@case("DOCUMENT_FUTURE", "founded", "clock")
def scope_with_the_clock_back(h, life, other):
    scope = h.scope("W-BBBB-0001")
    h.pass_time(-HOUR)
    return ticketing(h, scope)


@case("DOCUMENT_EXPIRED", "founded")
def scope_past_good_until(h, life, other):
    return ticketing(h, h.scope("W-BBBB-0001", made=-2 * DAY, good_until=when(h.now() - 1)))


@case("DOCUMENT_EXPIRED", "founded", "clock")
def scope_at_good_until(h, life, other):
    scope = h.scope("W-BBBB-0001")
    h.pass_time(DAY)
    return ticketing(h, scope)


@case("DOCUMENT_EXPIRED", "receipt", "clock")
def collect_again_past_good_until(h, life, other):
    h.pass_time(DAY + 1)
    return ticketing(h, life.scope, life.scope_signatures, life.id)


@case("DOCUMENT_EXPIRED", "receipt")
def refusal_past_good_until(h, life, other):
    return destroying(h, h.decision(life.ref, made=-2 * DAY, good_until=when(h.now() - 1)), kind="decision")


@case("DOCUMENT_TOO_LONG", "founded")
def scope_good_for_long(h, life, other):
    return ticketing(h, h.scope("W-BBBB-0001", good_until=when(h.now() + 72 * HOUR + 1)))


@case("DOCUMENT_TOO_LONG", "founded")
def scope_good_for_years(h, life, other):
    return ticketing(h, h.scope("W-BBBB-0001", good_until="9999-12-31T23:59:59Z"))


@case("DOCUMENT_TOO_LONG", "receipt")
def refusal_good_for_long(h, life, other):
    return destroying(h, h.decision(life.ref, good_until=when(h.now() + 80 * HOUR)), kind="decision")


for word in ("ask", "redirect"):
    add("DECISION_REFUSES", "destroy_by_" + word, "receipt", lambda h, life, other, word=word: destroying(
        h, h.decision(life.ref, word), kind="decision"))


# ---- the statement that is released ----

add("STATEMENT_KNOWN", "release_of_nothing", "approved",
    lambda h, life, other: Attack("release", statement_sha256="0" * 64, signatures=life.signatures))
add("STATEMENT_KNOWN", "release_of_a_path", "approved",
    lambda h, life, other: Attack("release", statement_sha256="../s" + sha(life.statement), signatures=life.signatures))
add("STATEMENT_KNOWN", "release_by_upper_case", "approved",
    lambda h, life, other: Attack("release", statement_sha256=sha(life.statement).upper(), signatures=life.signatures))
for what in ("scope", "ticket", "receipt", "ret"):
    add("STATEMENT_KNOWN", "release_of_the_" + what, "approved", lambda h, life, other, what=what: Attack(
        "release", statement_sha256=sha(getattr(life, what)), signatures=h.sign("approval", getattr(life, what), ["boris", "carla"])))


@case("STATEMENT_KNOWN", "approved")
def release_of_an_altered_statement(h, life, other):
    text = edited(life.statement, lambda t: t["recipients"][0].update(key_sha256=sha("x")))
    return Attack("release", statement_sha256=sha(text), signatures=h.sign("approval", text, ["boris", "carla"]))


@case("STATEMENT_KNOWN", "approved")
def release_of_another_home(h, life, other):
    return Attack("release", statement_sha256=sha(other.life.statement), signatures=other.life.signatures)


@case("STATEMENT_KNOWN", "approved")
def release_of_another_home_signed_here(h, life, other):
    text = other.life.statement
    return Attack("release", statement_sha256=sha(text), signatures=h.sign("approval", text, ["boris", "carla"]))


@case("STATEMENT_KNOWN", "approved")
def release_of_a_replaced_collection(h, life, other):
    before = copy.copy(life)
    h.replace(life)
    return releasing(h, before)


@case("STATEMENT_LIVE", "approved")
def release_of_an_earlier_statement(h, life, other):
    before = copy.copy(life)
    h.take_statement(life, ret=h.return_object(life, reading=["Read again."]))
    return releasing(h, before)


@case("STATEMENT_LIVE", "approved")
def release_to_the_earlier_recipients(h, life, other):
    before = copy.copy(life)
    h.take_statement(life, ["PJ-Paris second"])
    return releasing(h, before)
