"""What a case against the seal is made of: Attack, Case, and the requests that differ in one thing.

SPDX-License-Identifier: Apache-2.0
"""
import json

import sealclient
from sealclient import canonical

CASES = []
STAGES = ("founded", "ticket", "receipt", "statement", "approved", "released")


class Attack:
    def __init__(self, request, fields=None, by="writ", number=None, fds=(), **more):
        self.request, self.by, self.number, self.fds = request, by, number, fds
        self.fields = {**(fields or {}), **more}

    def text(self):
        asked = sealclient.request(self.request, **self.fields)
        if self.number is not None:
            asked["number"] = self.number
        return canonical(asked)


class Case:
    def __init__(self, name, expect, stage, make, needs):
        self.name, self.expect, self.stage, self.make, self.needs = name, expect, stage, make, frozenset(needs)

    def __repr__(self):
        return "%s-%s" % (self.expect, self.name)


def add(expect, name, stage, make, *needs):
    assert stage in STAGES and not any(c.name == name for c in CASES), name
    CASES.append(Case(name, expect, stage, make, needs))


def case(expect, stage, *needs):
    """needs: clock (test build), three (users), alone (what it is about is the same under three users)."""
    def keep(function):
        add(expect, function.__name__, stage, function, *needs)
        return function
    return keep


# ---- attacks that only differ in one thing ----

def releasing(h, life, signatures=None, **more):
    return Attack("release", h.release_fields(life, signatures), **more)


def approved_by(h, life, *names, **twist):
    return releasing(h, life, h.sign("approval", life.statement, names, **twist))


def ticketing(h, scope, signatures=None, replaces=None, purpose="collect", **more):
    if signatures is None:
        signatures = h.sign("scope", scope, ["anna"])
    return Attack("ticket", {"for": purpose, "scope": scope, "signatures": signatures, "replaces": replaces}, **more)


def receipting(h, life, change=None, **more):
    fields = h.collect(life)
    fields.update(change or {})
    return Attack("receipt", fields, by="hand", **more)


def stating(h, life, ret=None, recipients=("PJ-Paris 2026",), **more):
    text = ret if isinstance(ret, str) else canonical(ret or h.return_object(life))
    return Attack("statement", {"ticket": life.id, "return": text, "recipients": list(recipients)}, **more)


def rostering(h, text, by=("anna", "boris"), **more):
    return Attack("roster", document=text, signatures=h.sign("roster", text, by), **more)


def beginning(h, row, **more):
    return rostering(h, h.roster_document(row), **more)


def ending(h, row, **more):
    return rostering(h, h.roster_document(row, "end"), **more)


def signed(h, request, text, by, **more):
    return Attack(request, document=text, signatures=h.sign(request, text, by), **more)


def destroying(h, text, by=("anna",), ticket=None, kind="destroy", **more):
    return Attack("destroy", document=text, signatures=h.sign(kind, text, by), ticket=ticket, **more)


def edited(text, change):
    tree = json.loads(text)
    got = change(tree)
    return canonical(tree if got is None else got)


def without(key):
    return lambda tree: {k: v for k, v in tree.items() if k != key}


def setting(**values):
    def change(tree):
        tree.update(values)
    return change


def in_line(n, **values):
    def change(tree):
        tree["lines"][n].update(values)
    return change


def restarted(h):
    h.start(h.leave_out)
    return h


def state_edited(h, change, path="state.json"):
    leave_out = h.leave_out
    h.stop()
    h.edit_state(change, path)
    h.start(leave_out)
