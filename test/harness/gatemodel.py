"""What the seal may do, told a second time: a model written from the contracts, without its tables.

The walk (gatewalk.py) asks the seal and the model the same random questions. The model keeps people,
orders and tickets as plain Python; may_*() answer yes or no and did_*() follow what was done.
SPDX-License-Identifier: Apache-2.0
"""
import copy

HOUR, DAY = 3600, 86400
NUMBERS = {"approvals": (0, 16), "statement_hours": (1, 168), "scope_hours": (1, 720), "ticket_hours": (1, 720),
           "ticket_days": (1, 366), "counts_per_day": (0, 100000), "native_approvals": (0, 16)}


class Row:
    """A person's key or an agency's key in the roster."""

    def __init__(self, row, start, end):
        self.row, self.start, self.end = row, start, end

    def live(self, now):
        return self.start <= now and (self.end is None or now < self.end)

    def over(self, now):
        return self.end is not None and now >= self.end


class Ticket:
    def __init__(self, ident, scope, deciders, expires, keep):
        self.id, self.scope, self.deciders, self.expires, self.keep = ident, scope, deciders, expires, keep
        self.gone = self.replaced = self.receipt = False
        self.statement = None           # the one that counts

    def live(self):
        return not self.gone


class Order:
    def __init__(self):
        self.void = self.destroyed = self.released = False
        self.tickets = []


class Statement:
    def __init__(self, order, ticket, labels, version, policy, epoch, made, expires):
        self.order, self.ticket, self.labels, self.version = order, ticket, labels, version
        self.policy, self.epoch, self.made, self.expires = policy, epoch, made, expires


class Model:
    def __init__(self, rows, policy, version):
        self.rows, self.policy, self.version = rows, dict(policy), version
        self.halted, self.epoch, self.tree, self.now = False, 0, 0, 0
        self.orders, self.counts = {}, {}

    def order(self, ref):
        return self.orders.setdefault(ref, Order())

    def number(self, name):
        return int(self.policy[name])

    def tick_clock(self, now):
        """Identities die at keep_until, whatever is asked next."""
        self.now = now
        for order in self.orders.values():
            for t in order.tickets:
                if t.keep <= now:
                    t.gone = True

    # ---- people ----

    def people_rows(self):
        return [r for r in self.rows if r.row["row"] == "person"]

    def row_of(self, key):
        mine = [r for r in self.people_rows() if r.row["key"] == key]
        return next((r for r in mine if r.live(self.now)), mine[-1] if mine else None)

    def signers(self, signatures, may):
        """The names, or None where one signature does not count. signatures: (key, good, verified)"""
        names, keys = [], [k for k, _, _ in signatures]
        if len(set(keys)) != len(keys):
            return None
        for key, good, verified in signatures:
            r = self.row_of(key)
            if not good or not r or not r.live(self.now) or not set(r.row["may"]) & set(may):
                return None
            if r.row["user_verified"] and not verified:
                return None
            names.append(r.row["name"])
        return set(names)

    def holders(self, may, rows=None):
        rows = self.people_rows() if rows is None else [r for r in rows if r.row["row"] == "person"]
        return {r.row["name"] for r in rows if r.live(self.now) and may in r.row["may"]}

    # ---- orders ----

    def may_ticket(self, ref, scope, signatures, overrules, good_for, replaces):
        order, names = self.order(ref), self.signers(signatures, ["decide"])
        if self.halted or not names or (overrules and len(names) < 2) or not 0 < good_for <= self.number("scope_hours") * HOUR:
            return False
        if order.void or order.destroyed or order.released:
            return False
        same = [t for t in order.tickets if t.scope == scope and t.live()]
        if replaces is None:
            return not same
        return [t.id for t in same] == [replaces]

    def did_ticket(self, ref, ident, scope, names, replaces):
        order = self.order(ref)
        for t in order.tickets:
            if t.id == replaces:
                t.gone = t.replaced = True
                t.statement, t.receipt = None, False
        order.tickets.append(Ticket(ident, scope, names, self.now + self.number("ticket_hours") * HOUR,
                                    self.now + self.number("ticket_days") * DAY))

    def may_count(self, ref, lines):
        order = self.order(ref)
        return not (self.halted or order.void or order.destroyed or order.released) and lines <= 100 and \
            self.counts.get(self.now // DAY, 0) < self.number("counts_per_day")

    def did_count(self):
        self.counts[self.now // DAY] = self.counts.get(self.now // DAY, 0) + 1

    def open_ticket(self, order, t):
        return not self.halted and not order.void and t.live()

    def may_receipt(self, order, t, header_right):
        return self.open_ticket(order, t) and not t.receipt and self.now < t.expires and header_right

    def labels_live(self, agency, labels):
        found = {}
        for r in self.rows:
            if r.row["row"] == "agency" and r.row["id"] == agency and r.live(self.now):
                found[r.row["label"]] = r
        return 0 < len(labels) <= 32 and len(set(labels)) == len(labels) and all(x in found for x in labels)

    def may_statement(self, order, t, agency, labels):
        return self.open_ticket(order, t) and not order.released and t.receipt and self.labels_live(agency, labels)

    def did_statement(self, order, t, labels):
        t.statement = Statement(order, t, labels, self.version, dict(self.policy), self.epoch, self.now,
                                self.now + self.number("statement_hours") * HOUR)
        return t.statement

    def may_release(self, s, signatures, agency):
        names = self.signers(signatures, ["approve"])
        if s is None or names is None or s.ticket.statement is not s or not self.open_ticket(s.order, s.ticket):
            return False
        if s.order.released or not s.made <= self.now < s.expires:
            return False
        if (s.version, s.policy, s.epoch) != (self.version, self.policy, self.epoch):
            return False
        if len(names) < max(2, self.number("approvals")) or not self.labels_live(agency, s.labels):
            return False
        return self.policy["decider_may_approve"] == "yes" or not names & s.ticket.deciders

    def did_release(self, s):
        s.order.released = True

    def may_end_order(self, signatures, may):
        names = self.signers(signatures, may)
        return bool(names)

    def did_destroy(self, ref):
        order = self.order(ref)
        order.destroyed = True
        for t in order.tickets:
            t.gone = True

    # ---- halt ----

    def may_halt(self, signatures, epoch, resume):
        names = self.signers(signatures, ["halt"])
        return names is not None and len(names) >= (2 if resume else 1) and epoch == self.epoch and self.halted == resume

    def did_halt(self, resume):
        self.halted, self.epoch = not resume, self.epoch + 1

    # ---- roster ----

    def changed(self, row, action):
        """Rows and policy as they would be, or None."""
        rows, policy = copy.copy(self.rows), dict(self.policy)
        if row["row"] == "policy":
            if action == "end":
                return None
            low, high = NUMBERS.get(row["name"], (0, -1))
            value = row["value"]
            good = value in ("yes", "no") if row["name"] == "decider_may_approve" else value.isdigit() and low <= int(value) <= high
            if not good or (row["name"] == "approvals" and int(value) < 2):
                return None
            policy[row["name"]] = value
            return rows, policy
        if action == "end":
            for i, r in enumerate(rows):
                if r.row == row and not r.over(self.now):
                    ended = dict(row, until=self.text(self.now))
                    rows[i] = Row(ended, r.start, self.now)
                    return rows, policy
            return None
        for r in self.rows:
            if row["row"] == "person" == r.row["row"] and r.row["key"] == row["key"]:
                if r.row["name"] != row["name"] or not r.over(self.now):
                    return None
            if row["row"] == "agency" == r.row["row"] and not r.over(self.now):
                if (r.row["id"], r.row["label"]) == (row["id"], row["label"]) or r.row["recipient"] == row["recipient"]:
                    return None
        rows.append(Row(row, self.seconds(row["from"]), None if row["until"] is None else self.seconds(row["until"])))
        return rows, policy

    def may_roster(self, row, action, version, signatures):
        names = self.signers(signatures, ["roster"])
        if names is None or len(names) < 2 or version != self.version:
            return False
        if row["row"] == "person":
            others = self.holders("roster") - {row["name"]}
            if len(others) >= 2 and len(names - {row["name"]}) < 2:
                return False
        after = self.changed(row, action)
        if not after:
            return False
        rows, policy = after
        return len(self.holders("roster", rows)) >= 2 and len(self.holders("approve", rows)) >= int(policy["approvals"])

    def did_roster(self, row, action):
        self.rows, self.policy = self.changed(row, action)
        self.version += 1
