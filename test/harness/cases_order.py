"""Cases: an order and its tickets, and receipts.

SPDX-License-Identifier: Apache-2.0
"""
import base64
import copy
import json
import random
import re

import makepackage
import pyformats
from gate import DAY, sha, when
from gatecase import (Attack, add, case, destroying, edited, receipting, releasing, restarted, setting,
                      stating, ticketing)
from sealclient import canonical

# ---- the order and its ticket ----

def other_ticket(life, ident):
    twin = copy.copy(life)
    twin.ticket = edited(life.ticket, setting(ticket=ident))
    return twin


for name, ident in (("none", "0" * 32), ("path", "../id/x"), ("upper_case", None), ("empty", "")):
    def unknown(h, life, other, ident=ident, request="receipt"):
        ident = life.id.upper() if ident is None else ident
        ident = "F" * 32 if ident == life.id else ident
        return receipting(h, other_ticket(life, ident)) if request == "receipt" else stating(h, other_ticket(life, ident))
    add("TICKET_KNOWN", "receipt_ticket_" + name, "ticket", unknown)
    add("TICKET_KNOWN", "statement_ticket_" + name, "receipt", lambda h, life, other, f=unknown: f(h, life, other, request="statement"))


@case("TICKET_KNOWN", "ticket")
def receipt_for_a_ticket_of_another_home(h, life, other):
    return receipting(h, other.life)


@case("TICKET_KNOWN", "receipt")
def statement_for_a_collection_of_another_home(h, life, other):
    return Attack("statement", {"ticket": other.life.id, "return": other.life.ret, "recipients": ["PJ-Paris 2026"]})


def count_ticket(h, ref):
    scope = h.scope(ref)
    got = h.must("ticket", **{"for": "count"}, scope=scope, signatures=[], replaces=None)
    return scope, got["ticket"]


@case("TICKET_COLLECTS", "ticket")
def receipt_with_a_ticket_for_counting(h, life, other):
    fields = h.collect(life)
    life.scope, life.ticket = count_ticket(h, life.ref)
    return Attack("receipt", {**fields, "ticket": life.id}, by="hand")


@case("TICKET_COLLECTS", "receipt")
def statement_with_a_ticket_for_counting(h, life, other):
    ret = h.return_object(life)
    _, ticket = count_ticket(h, life.ref)
    return Attack("statement", {"ticket": json.loads(ticket)["ticket"], "return": canonical(ret), "recipients": ["PJ-Paris 2026"]})


def after(step, attack):
    def make(h, life, other):
        step(h, life)
        return attack(h, life)
    return make


def voided(h, life):
    h.void(life.ref)


def destroyed(h, life):
    h.destroy(life.ref)


add("ORDER_VOID", "ticket_when_void", "approved", after(voided, lambda h, life: ticketing(h, h.scope(life.ref, reasons=["NEW"]))))
add("ORDER_VOID", "count_when_void", "approved", after(voided, lambda h, life: ticketing(h, h.scope(life.ref), [], purpose="count")))
add("ORDER_VOID", "receipt_when_void", "ticket", after(voided, receipting))
add("ORDER_VOID", "statement_when_void", "receipt", after(voided, stating))
add("ORDER_VOID", "release_when_void", "approved", after(voided, releasing))
add("ORDER_VOID", "release_when_void_after_a_restart", "approved",
    after(voided, lambda h, life: releasing(restarted(h), life)))
add("ORDER_DESTROYED", "ticket_when_destroyed", "receipt",
    after(destroyed, lambda h, life: ticketing(h, h.scope(life.ref, reasons=["NEW"]))))
add("ORDER_DESTROYED", "same_ticket_when_destroyed", "receipt",
    after(destroyed, lambda h, life: ticketing(h, life.scope, life.scope_signatures)))
add("TICKET_DESTROYED", "receipt_when_destroyed", "ticket", after(destroyed, receipting))
add("TICKET_DESTROYED", "statement_when_destroyed", "receipt", after(destroyed, stating))
add("TICKET_DESTROYED", "release_when_destroyed", "approved", after(destroyed, releasing))
add("TICKET_DESTROYED", "statement_past_keep_until", "receipt",
    after(lambda h, life: h.pass_time(30 * DAY), stating), "clock")
add("TICKET_DESTROYED", "receipt_past_keep_until", "ticket",
    lambda h, life, other: (lambda a: (h.pass_time(30 * DAY), a)[1])(receipting(h, life)), "clock")


def second_of_the_order(h, life, until):
    """Another ticket of the same order, and then the first one destroyed by a document that names it."""
    second = h.new(life.ref)
    second.scope = h.scope(life.ref, reasons=["SECOND"])
    for step in (h.take_ticket, h.take_receipt, h.take_statement, h.approve)[:until]:
        step(second)
    h.must_send(destroying(h, h.ending("destroy", life.ref), ticket=life.id))
    return second


add("ORDER_DESTROYED", "release_when_another_ticket_of_the_order_was_destroyed", "approved",
    lambda h, life, other: releasing(h, second_of_the_order(h, life, 4)))
add("ORDER_DESTROYED", "statement_when_another_ticket_of_the_order_was_destroyed", "approved",
    lambda h, life, other: stating(h, second_of_the_order(h, life, 2)))
add("ORDER_DESTROYED", "receipt_when_another_ticket_of_the_order_was_destroyed", "approved",
    lambda h, life, other: receipting(h, second_of_the_order(h, life, 1)))


@case("TICKET_DESTROYED", "approved")
def release_after_a_refusal(h, life, other):
    text = h.decision(life.ref)
    h.must_send(destroying(h, text, kind="decision"))
    return releasing(h, life)


add("ALREADY_RELEASED", "release_again", "released", lambda h, life, other: releasing(h, life))
add("ALREADY_RELEASED", "release_again_by_three", "released",
    lambda h, life, other: releasing(h, life, life.signatures + h.sign("approval", life.statement, ["dora"])))
add("ALREADY_RELEASED", "statement_again", "released", lambda h, life, other: stating(h, life))
add("ALREADY_RELEASED", "statement_to_another_recipient_after_release", "released",
    lambda h, life, other: stating(h, life, recipients=["PJ-Paris second"]))
add("ALREADY_RELEASED", "ticket_after_release", "released",
    lambda h, life, other: ticketing(h, h.scope(life.ref, reasons=["MORE"])))
add("ALREADY_RELEASED", "collect_again_after_release", "released",
    lambda h, life, other: ticketing(h, life.scope, life.scope_signatures, life.id))


@case("ALREADY_RELEASED", "approved")
def second_scope_of_a_released_order(h, life, other):
    second = h.new(life.ref)
    second.scope = h.scope(life.ref, reasons=["SECOND"])
    for step in (h.take_ticket, h.take_receipt, h.take_statement, h.approve):
        step(second)
    h.take_release(life)
    return releasing(h, second)


def replaced(h, life):
    before = copy.copy(life)
    h.replace(life)
    return before


add("TICKET_REPLACED", "receipt_for_a_replaced_ticket", "ticket",
    lambda h, life, other: (lambda fields: (replaced(h, life), Attack("receipt", fields, by="hand"))[1])(h.collect(life)))
add("TICKET_REPLACED", "second_receipt_for_a_replaced_ticket", "receipt",
    lambda h, life, other: receipting(h, replaced(h, life)))
add("TICKET_REPLACED", "statement_for_a_replaced_ticket", "receipt", lambda h, life, other: stating(h, replaced(h, life)))
add("TICKET_EXPIRED", "receipt_at_expires_at", "ticket",
    lambda h, life, other: (lambda a: (h.pass_time(DAY), a)[1])(receipting(h, life)), "clock")
add("RECEIPT_ONCE", "second_receipt", "receipt", lambda h, life, other: receipting(h, life))
add("RECEIPT_ONCE", "second_receipt_with_another_manifest", "receipt",
    lambda h, life, other: receipting(h, life, {"manifest_sha256": sha("mine")}))
add("RECEIPT_ONCE", "second_receipt_after_approval", "approved", lambda h, life, other: receipting(h, life))


@case("RECEIPT_THERE", "receipt")
def statement_before_the_receipt(h, life, other):
    ret = h.return_object(life)
    second = h.live("W-BBBB-0001", "ticket")
    ret.update(order=second.ref, ticket=second.id, scope_sha256=sha(second.scope), paper_sha256=json.loads(second.scope)["paper_sha256"])
    return stating(h, second, ret)


# ---- ticket ----

add("ONE_TICKET", "second_ticket", "ticket", lambda h, life, other: ticketing(h, life.scope, life.scope_signatures))
add("ONE_TICKET", "second_ticket_after_the_receipt", "receipt", lambda h, life, other: ticketing(h, life.scope, life.scope_signatures))


@case("ONE_TICKET", "ticket")
def second_ticket_beside_a_replaced_one(h, life, other):
    old = replaced(h, life)
    return ticketing(h, life.scope, life.scope_signatures, old.id)


@case("REPLACES_SAME_SCOPE", "ticket")
def replaces_a_ticket_of_another_order(h, life, other):
    return ticketing(h, h.scope("W-BBBB-0001"), replaces=life.id)


@case("REPLACES_SAME_SCOPE", "ticket")
def replaces_a_ticket_of_another_scope(h, life, other):
    return ticketing(h, h.scope(life.ref, reasons=["SECOND"]), replaces=life.id)


@case("REPLACES_SAME_SCOPE", "founded")
def replaces_a_ticket_for_counting(h, life, other):
    scope, ticket = count_ticket(h, "W-BBBB-0001")
    return ticketing(h, scope, replaces=json.loads(ticket)["ticket"])


add("REPLACES_SAME_SCOPE", "replaces_nonsense", "founded",
    lambda h, life, other: ticketing(h, h.scope("W-BBBB-0001"), replaces="none"))
add("REPLACES_SAME_SCOPE", "replaces_a_ticket_of_another_home", "founded",
    lambda h, life, other: ticketing(h, h.scope("W-BBBB-0001"), replaces=other.life.id))


@case("REPLACES_LIVE", "founded", "clock")
def replaces_a_ticket_past_keep_until(h, life, other):
    h.roster({"row": "policy", "name": "ticket_days", "value": "1"})
    first = h.new("W-BBBB-0001")
    first.scope = h.scope(first.ref, good_until=when(h.now() + 2 * DAY))
    h.take_ticket(first)
    h.pass_time(DAY)
    return ticketing(h, first.scope, first.scope_signatures, first.id)


add("COUNT_REPLACES", "count_replaces_a_ticket", "ticket",
    lambda h, life, other: ticketing(h, life.scope, [], life.id, purpose="count"))
add("COUNT_LINES", "count_of_101_lines", "founded", lambda h, life, other: ticketing(
    h, h.scope("W-BBBB-0001", lines=[h.line("d%d" % i) for i in range(101)]), [], purpose="count"))
for limit in (0, 1):
    def counted(h, life, other, limit=limit):
        h.roster({"row": "policy", "name": "counts_per_day", "value": str(limit)})
        for i in range(limit):
            count_ticket(h, "W-BBBB-000%d" % i)
        return ticketing(h, h.scope("W-CCCC-0001"), [], purpose="count")
    add("COUNTS_PER_DAY", "count_beyond_%d" % limit, "founded", counted)


# ---- receipt ----

def header_case(expect, name, make):
    def receipt(h, life, other):
        mine = makepackage.AgeKey(random.Random(5))
        header, payload = makepackage.age_encrypt(b"x" * 100, json.loads(life.ticket)["recipient"])
        made = make(h, life, header, mine, other)
        return receipting(h, life, {"header": made if isinstance(made, str) else base64.b64encode(made).decode()})
    add(expect, "header_" + name, "ticket", receipt)


def wrapped(life, more, rng=None):
    """A header for the ticket's recipient and others."""
    own = pyformats.bech32(json.loads(life.ticket)["recipient"], "recipient")[1]
    rng = rng or random.Random(6)
    return makepackage.age_header(rng.randbytes(16), [own, *more], rng)


header_case("HEADER_FORM", "empty", lambda h, life, header, mine, other: b"")
header_case("HEADER_FORM", "not_base64", lambda h, life, header, mine, other: "%%%")
header_case("HEADER_FORM", "base64_loose", lambda h, life, header, mine, other: base64.b64encode(header).decode() + "\n")
header_case("HEADER_FORM", "cut", lambda h, life, header, mine, other: header[:-1])
header_case("HEADER_FORM", "bytes_behind", lambda h, life, header, mine, other: header + b"x")
header_case("HEADER_FORM", "version_2", lambda h, life, header, mine, other: header.replace(b"/v1", b"/v2", 1))
header_case("HEADER_FORM", "crlf", lambda h, life, header, mine, other: header.replace(b"\n", b"\r\n"))
header_case("HEADER_FORM", "armoured", lambda h, life, header, mine, other: b"-----BEGIN AGE ENCRYPTED FILE-----\n" + header)
header_case("HEADER_ALONE", "with_a_second_recipient", lambda h, life, header, mine, other: wrapped(life, [mine.public]))
header_case("HEADER_ALONE", "with_the_agency_as_well", lambda h, life, header, mine, other: wrapped(life, [h.keys.age["paris"].public]))
header_case("HEADER_ALONE", "with_thirty_recipients", lambda h, life, header, mine, other: wrapped(life, [mine.public] * 30))
header_case("HEADER_OPENS", "for_another_key",
            lambda h, life, header, mine, other: makepackage.age_encrypt(b"x", mine.recipient)[0])
header_case("HEADER_OPENS", "of_another_home",
            lambda h, life, header, mine, other: base64.b64decode(json.loads(other.life.receipt)["header"]))
header_case("HEADER_OPENS", "with_a_broken_mac", lambda h, life, header, mine, other: header[:-10] + (
    b"AAAAAAAA" if header[-10:-2] != b"AAAAAAAA" else b"BBBBBBBB") + header[-2:])
header_case("HEADER_OPENS", "with_a_low_order_share", lambda h, life, header, mine, other: re.sub(
    rb"-> X25519 \S+", b"-> X25519 " + makepackage.b64_raw(bytes(32)), header, count=1))


@case("HEADER_OPENS", "ticket")
def header_of_another_ticket(h, life, other):
    second = h.live("W-BBBB-0001", "ticket")
    return receipting(h, life, {"header": h.collect(second)["header"]})


@case("HEADER_OPENS", "receipt")
def header_of_the_replaced_ticket(h, life, other):
    old = h.collect(life)["header"]
    h.replace(life)
    return receipting(h, life, {"header": old})


for size in (0, 16, 31, 16 + 65552 + 1, 16 + 65552 + 16):
    add("PAYLOAD_LENGTH", "payload_of_%d" % size, "ticket",
        lambda h, life, other, size=size: receipting(h, life, {"payload_bytes": size}))


def lines_case(expect, name, change):
    def receipt(h, life, other):
        fields = h.collect(life)
        fields["lines"] = change(fields["lines"])
        fields.update(items=sum(x["items"] for x in fields["lines"]), bytes=sum(x["bytes"] for x in fields["lines"]))
        return Attack("receipt", fields, by="hand")
    add(expect, "receipt_lines_" + name, "ticket", receipt)


lines_case("RECEIPT_LINES", "of_no_line", lambda x: x + [dict(x[0], id="d9")])
lines_case("RECEIPT_LINES", "of_another_store", lambda x: x + [dict(x[0], store="archive")])
lines_case("RECEIPT_LINES", "of_an_unknown_store", lambda x: [dict(x[0], store="cellar"), *x[1:]])
lines_case("RECEIPT_LINES", "twice", lambda x: x + [x[0]])
lines_case("RECEIPT_COMPLETE", "missing", lambda x: x[1:])
lines_case("RECEIPT_COMPLETE", "none", lambda x: [])
add("RECEIPT_TOTALS", "receipt_items_do_not_add_up", "ticket", lambda h, life, other: receipting(h, life, {"items": 6}))
add("RECEIPT_TOTALS", "receipt_bytes_do_not_add_up", "ticket", lambda h, life, other: receipting(h, life, {"bytes": 1099}))
