"""Cases: statements with a return.json that lies, recipients, releases.

SPDX-License-Identifier: Apache-2.0
"""
import random

import makepackage
from cases_document import BAD_TEXTS
from gate import DAY, HOUR, in_a_zone, sha, when
from gatecase import (add, approved_by, case, edited, in_line, receipting, releasing, setting, state_edited, stating,
                      without)
from sealclient import canonical

# ---- statement: return.json that lies in one field ----

def lie(expect, name, change, *needs):
    add(expect, "return_" + name, "receipt",
        lambda h, life, other: stating(h, life, edited(canonical(h.return_object(life)), change)), *needs)


for key in ("version", "kind", "made_at", "notice", "issuer", "lines", "paper_sha256"):
    lie("RETURN_FORM", "without_" + key, without(key))
lie("RETURN_FORM", "version_2", setting(version=2))
lie("RETURN_FORM", "kind_receipt", setting(kind="receipt"))
lie("RETURN_FORM", "made_at_words", setting(made_at="yesterday"))
lie("RETURN_FORM", "made_at_in_a_zone", lambda t: t.update(made_at=in_a_zone(t["made_at"])))
lie("RETURN_FORM", "more_fields", setting(approved=True))
lie("RETURN_FORM", "lines_of_texts", setting(lines=["d1"]))
for name, spoil in BAD_TEXTS.items():
    if name != "escaped":
        add("RETURN_FORM", "return_text_" + name, "receipt", lambda h, life, other, spoil=spoil: stating(
            h, life, spoil(canonical(h.return_object(life)))))
lie("RETURN_ORDER", "order", setting(order="W-BBBB-0001"))
lie("RETURN_ORDER", "without_order", without("order"))
lie("RETURN_SCOPE", "scope", setting(scope_sha256=sha("x")))
lie("RETURN_TICKET", "ticket", setting(ticket="0" * 32))
lie("RETURN_MANIFEST", "manifest", setting(manifest_sha256=sha("x")))
lie("RETURN_MANIFEST", "without_manifest", without("manifest_sha256"))
lie("RETURN_TAGMANIFEST", "tagmanifest", setting(tagmanifest_sha256=sha("x")))
lie("RETURN_ITEMS", "items", setting(items=4))
lie("RETURN_ITEMS", "items_text", setting(items="5"))
lie("RETURN_ITEMS", "without_items", without("items"))
lie("RETURN_BYTES", "bytes", setting(bytes=1101))
lie("RETURN_UNDATED", "undated", setting(undated=0))
lie("RETURN_SEPARATION", "separation", lambda t: t.update(separation="users" if t["separation"] != "users" else "single-user"))
lie("RETURN_PROVIDER", "provider", setting(provider="Another Mail"))
lie("RETURN_AGENCY", "issuer_agency", lambda t: t["issuer"].update(agency="bka"))
lie("RETURN_AGENCY", "issuer_name", lambda t: t["issuer"].update(name="PJ LYON"))
lie("RETURN_AGENCY", "issuer_country", lambda t: t["issuer"].update(country="DE"))
lie("RETURN_PAPERS", "papers_other", setting(paper_sha256=[sha("y")]))
lie("RETURN_PAPERS", "papers_none", setting(paper_sha256=[]))
lie("RETURN_PAPERS", "papers_more", lambda t: t["paper_sha256"].append(sha("y")))
for key, value in (("id", "d2"), ("store", "archive"), ("account", "c.d@example.org"), ("items", 2), ("bytes", 901),
                   ("from", "2020-01-01T00:00:00Z"), ("until", None), ("category", "MSG_META"), ("date_meaning", "header"), ("zone", "UTC")):
    lie("RETURN_LINES", "line_" + key, in_line(0, **{key: value}))
lie("RETURN_LINES", "line_from_in_a_zone", lambda t: t["lines"][0].update({"from": in_a_zone(t["lines"][0]["from"])}))
lie("RETURN_LINES", "line_missing", lambda t: t["lines"].pop() and None)
lie("RETURN_LINES", "line_more", lambda t: t["lines"].append(t["lines"][0]))
lie("RETURN_LINES", "lines_in_another_order", lambda t: t["lines"].reverse())
lie("RETURN_RECEIPT", "receipt", lambda t: t.update(receipt=t["receipt"].replace("5", "6", 1)))
lie("RETURN_RECEIPT", "receipt_seal_spoilt", lambda t: t.update(receipt_seal=t["receipt_seal"].replace("A", "B", 1)))
lie("RETURN_RECEIPT", "without_receipt", without("receipt"))


@case("RETURN_RECEIPT", "receipt")
def receipt_seal_forged(h, life, other):
    """Signed by a key of ours with the seal's namespace: the text is the seal's, the signature is not."""
    seal = h.keys.ssh["mallory"].sign("writ-seal@v1", life.receipt)
    return stating(h, life, h.return_object(life, receipt_seal=seal))


@case("RETURN_RECEIPT", "receipt")
def receipt_seal_of_another_home(h, life, other):
    return stating(h, life, h.return_object(life, receipt=other.life.receipt, receipt_seal=other.life.receipt_seal))


@case("RETURN_RECEIPT", "receipt")
def receipt_of_another_order(h, life, other):
    second = h.live("W-BBBB-0001", "receipt")
    return stating(h, life, h.return_object(life, receipt=second.receipt, receipt_seal=second.receipt_seal))


@case("RETURN_ORDER", "receipt")
def return_of_another_order(h, life, other):
    second = h.live("W-BBBB-0001", "receipt")
    return stating(h, life, h.return_object(second))


for name, notice in (("none", {}), ("undecided", {"decision": "later", "because": None, "gag_until": None}),
                     ("null", {"decision": None, "because": None, "gag_until": None}),
                     ("withheld_for_nothing", {"decision": "withheld", "because": None, "gag_until": None}),
                     ("without_gag_until", {"decision": "sent", "because": None}),
                     ("gag_until_words", {"decision": "withheld", "because": "GAG", "gag_until": "soon"}),
                     ("gag_until_no_day", {"decision": "withheld", "because": "GAG", "gag_until": "2027-02-30"})):
    lie("NOTICE_DECIDED", "notice_" + name, setting(notice=notice))


def recipients_case(expect, name, labels, *needs, step=None):
    def make(h, life, other):
        if step:
            step(h)
        return stating(h, life, recipients=labels)
    add(expect, "recipients_" + name, "receipt", make, *needs)


recipients_case("RECIPIENTS_SOME", "none", [])
recipients_case("RECIPIENTS_MOST", "33_unknown", ["PJ-Paris %d" % i for i in range(33)])
recipients_case("RECIPIENT_TWICE", "twice", ["PJ-Paris 2026", "PJ-Paris second", "PJ-Paris 2026"])
recipients_case("RECIPIENT_ROSTERED", "unknown", ["PJ-Paris 2027"])
recipients_case("RECIPIENT_ROSTERED", "empty", [""])
recipients_case("RECIPIENT_ROSTERED", "agency_id", ["pj-paris"])
recipients_case("RECIPIENT_ROSTERED", "key_itself", ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"])
recipients_case("RECIPIENT_ROSTERED", "lower_case", ["pj-paris 2026"])
recipients_case("RECIPIENT_ROSTERED", "one_good_one_unknown", ["PJ-Paris 2026", "PJ-Paris 2027"])
recipients_case("RECIPIENT_AGENCY", "of_another_agency", ["BKA 2026"])
recipients_case("RECIPIENT_AGENCY", "one_of_another_agency", ["PJ-Paris 2026", "BKA 2026"])
recipients_case("RECIPIENT_AGENCY", "of_an_agency_of_the_same_name", ["PJ-Lyon"])
recipients_case("RECIPIENT_BEGUN", "too_early", ["PJ-Paris early"])
recipients_case("RECIPIENT_NOT_ENDED", "at_its_end", ["PJ-Paris ending"], "clock", step=lambda h: h.pass_time(2 * HOUR))
recipients_case("RECIPIENT_NOT_ENDED", "ended", ["PJ-Paris 2026"], step=lambda h: h.roster(h.agency_row("PJ-Paris 2026"), "end"))


@case("RECIPIENTS_MOST", "receipt")
def recipients_33_registered(h, life, other):
    rng = random.Random(33)
    for i in range(33):
        row = h.agency("pj-paris", "PJ-Paris %d" % i, "spare")
        row["recipient"] = makepackage.AgeKey(rng).recipient
        h.roster(row)
    return stating(h, life, recipients=["PJ-Paris %d" % i for i in range(33)])


@case("RECIPIENT_NOT_ENDED", "receipt", "clock")
def recipient_expired_before_release(h, life, other):
    h.take_statement(life, ["PJ-Paris ending"])
    h.approve(life)
    h.pass_time(2 * HOUR)
    return releasing(h, life)


@case("RECIPIENT_NOT_ENDED", "approved")
def recipient_ended_between_approval_and_release(h, life, other):
    h.roster(h.agency_row("PJ-Paris 2026"), "end")
    return releasing(h, life)


@case("RECIPIENT_BEGUN", "founded", "clock")
def recipient_not_begun_when_the_clock_went_back(h, life, other):
    """The statement is of now; only the row's own time is amiss."""
    life = h.live("W-BBBB-0001", "receipt")
    state_edited(h, lambda t: [e["row"].update({"from": when(h.now() - 5)}) for e in t["rows"]
                               if e["row"].get("label") == "PJ-Paris early"])
    h.take_statement(life, ["PJ-Paris early"])
    h.approve(life)
    h.pass_time(-20)
    return releasing(h, life)


# ---- each after what it rests on ----

def put_back(request, by):
    def make(h, life, other):
        h.pass_time(-by)
        return request(h, life)
    return make


def stating_afresh(h, life):
    """A return.json of the time that it now seems to be."""
    return stating(h, life, h.return_object(life, made_at=when(h.now())))


for stage, request in (("ticket", receipting), ("receipt", stating_afresh), ("approved", releasing)):
    for name, by in (("a_second", 1), ("a_minute", 60), ("an_hour", HOUR)):
        add("CLOCK_BACK", "clock_back_by_%s_after_%s" % (name, stage), stage, put_back(request, by), "clock")


# ---- release ----

@case("STATEMENT_EXPIRED", "approved", "clock")
def release_at_expires_at(h, life, other):
    h.pass_time(4 * HOUR)
    return releasing(h, life)


@case("STATEMENT_EXPIRED", "approved", "clock")
def release_days_later(h, life, other):
    h.pass_time(3 * DAY)
    return releasing(h, life)


@case("EPOCH_SAME", "approved")
def release_after_halt_and_resume(h, life, other):
    h.halt()
    h.resume()
    return releasing(h, life)


@case("POLICY_SAME", "approved")
def release_under_another_policy(h, life, other):
    state_edited(h, lambda t: t["policy"].update(ticket_days="31"))
    return releasing(h, life)


@case("ROSTER_SAME", "approved")
def release_after_a_roster_change(h, life, other):
    h.roster(h.person("helga", "halt"))
    return releasing(h, life)


@case("ROSTER_SAME", "approved")
def release_after_another_agency_came(h, life, other):
    h.roster(h.agency("bka", "BKA 2027", "spare"))
    return releasing(h, life)


@case("ROSTER_SAME", "approved")
def release_after_the_recipients_key_was_exchanged(h, life, other):
    row = h.agency_row("PJ-Paris 2026")
    h.roster(row, "end")
    h.pass_or_wait(1)
    h.roster(h.agency("pj-paris", "PJ-Paris 2026", "spare"))
    return releasing(h, life)


for value in ("0", "1", "", "-2", "two", None):
    def weakened(h, life, other, value=value):
        state_edited(h, lambda t: t["policy"].pop("approvals") if value is None else t["policy"].update(approvals=value))
        h.take_statement(life)
        return approved_by(h, life, "boris", "carla") if value else releasing(h, life, [])
    add("APPROVALS_POLICY", "policy_of_%s_approvals" % {"": "empty", None: "no", "-2": "minus_two"}.get(value, value), "receipt", weakened)

add("APPROVERS", "released_by_nobody", "approved", lambda h, life, other: releasing(h, life, []))
add("APPROVERS", "released_by_one", "approved", lambda h, life, other: approved_by(h, life, "boris"))
add("APPROVERS", "released_by_one_with_two_keys", "approved", lambda h, life, other: approved_by(h, life, "boris", "boris2"))
add("APPROVERS", "released_by_one_hardware_key", "approved", lambda h, life, other: approved_by(h, life, "dora"))


@case("APPROVERS", "receipt")
def released_by_two_where_three_are_asked(h, life, other):
    h.roster({"row": "policy", "name": "approvals", "value": "3"})
    h.take_statement(life)
    return approved_by(h, life, "boris", "carla")


@case("DECIDER_APPROVES", "founded")
def decider_approves(h, life, other):
    life = h.new("W-BBBB-0001")
    h.take_ticket(life, ("carla",))
    h.take_receipt(life)
    h.take_statement(life)
    return approved_by(h, life, "boris", "carla")


@case("DECIDER_APPROVES", "founded")
def second_decider_approves(h, life, other):
    life = h.new("W-BBBB-0001")
    life.scope = h.scope(life.ref, overrules=["d1"])
    h.take_ticket(life, ("anna", "carla"))
    h.take_receipt(life)
    h.take_statement(life)
    return approved_by(h, life, "boris", "carla")


@case("DECIDER_APPROVES", "founded")
def decider_as_a_third(h, life, other):
    life = h.new("W-BBBB-0001")
    h.take_ticket(life, ("carla",))
    h.take_receipt(life)
    h.take_statement(life)
    return approved_by(h, life, "boris", "dora", "carla")


@case("DECIDER_APPROVES", "founded")
def decider_approves_with_another_key(h, life, other):
    h.roster(h.person("carla", "approve", "outsider"))
    life = h.new("W-BBBB-0001")
    h.take_ticket(life, ("carla",))
    h.take_receipt(life)
    h.take_statement(life)
    return approved_by(h, life, "boris", "outsider")


@case("DECIDER_APPROVES", "founded")
def decider_approves_after_collecting_again(h, life, other):
    life = h.new("W-BBBB-0001")
    h.take_ticket(life, ("carla",))
    h.take_ticket(life, ("carla",), life.id)
    h.take_receipt(life)
    h.take_statement(life)
    return approved_by(h, life, "boris", "carla")
