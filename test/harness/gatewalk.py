#!/usr/bin/python3
"""A random walk at the gate: people, orders and attacks in any order, the seal against the model.

usage: gatewalk.py [--steps 2000] [--seed 1] [--users one|three]

Each step asks the seal something and asks gatemodel.py whether it may; both must say the same.
Whatever is released is opened with every identity and compared with what two people signed.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import copy
import json
import random
import sys

import gate
import gatecase
import gatemodel
import gaterun
import makepackage
import people
import pyformats
from gate import DAY, HOUR, sha, when
from sealclient import canonical

AGENCY = "pj-paris"
NAMES = ["anna", "anna2", "boris", "boris2", "carla", "dora", "emil", "frida", "gustav", "helga", "ines", "mallory", "outsider"]
LABELS = ["PJ-Paris 2026", "PJ-Paris second", "PJ-Paris early", "PJ-Paris ending", "BKA 2026", "PJ-Lyon", "none"]


class Walk:
    def __init__(self, home, seed):
        self.h, self.rng, self.seed = home, random.Random(seed), seed
        self.m = gatemodel.Model([], {}, 0)
        self.m.text, self.m.seconds = when, gate.seconds
        said = home.state()
        self.m.rows = [gatemodel.Row(r, gate.seconds(r["from"]), None if r["until"] is None else gate.seconds(r["until"]))
                       for r in said["roster"]]
        self.m.policy, self.m.version, self.m.tree = said["policy"], said["roster_version"], said["log"]["size"]
        self.lives = []         # (Life, Order, Ticket) of every ticket ever made
        self.statements = []    # (Life with that statement, Statement)
        self.done = []          # attacks that were accepted and the answers
        self.refs = ["W-%s-%04d" % (x * 4, i) for i, x in enumerate("ABCDEFGH")]
        self.counted = collections.Counter()

    # ---- dice ----

    def chance(self, p):
        return self.rng.random() < p

    def able(self, may, count):
        """Keys of that many different people who may, as far as there are so many."""
        by_person = {}
        for name in self.rng.sample(NAMES, len(NAMES)):
            row = self.m.row_of(self.h.keys.ssh[name].line)
            if row and row.live(self.m.now) and set(row.row["may"]) & set(may):
                by_person.setdefault(row.row["name"], name)
        return list(by_person.values())[:count]

    def signatures(self, kind, text, may, count, most=4):
        """Armoured signatures with what the model must know: (key, good, verified)."""
        names = self.able(may, count) if self.chance(0.8) else self.rng.choices(NAMES, k=self.rng.randint(0, most))
        made, known = [], []
        for name in names:
            key, good, flags = self.h.keys.ssh[name], True, people.PRESENT | people.VERIFIED
            what, space, twist = text, "writ-%s@v1" % kind, self.rng.random()
            if twist < 0.02:
                what, good = text + " ", False
            elif twist < 0.04:
                space, good = "writ-other@v1", False
            elif twist < 0.08 and key.hardware:
                flags = people.PRESENT
            elif twist < 0.10 and key.hardware:
                flags, good = people.VERIFIED, False
            made.append(key.sign(space, what, flags=flags))
            known.append((key.line, good, key.hardware and bool(flags & people.VERIFIED)))
        return made, known

    def ask(self, attack, may):
        """Both must agree. The answer, or None."""
        attack.number = self.rng.randrange(1 << 50)
        answer = self.h.send(attack)
        told = "%s: the seal says %s, the model %s" % (attack.request, answer if not answer["ok"] else "yes", may)
        assert answer["ok"] == may, told
        self.counted["%s %s" % (attack.request, "done" if may else answer["check"])] += 1
        if may:
            self.done.append((attack, answer))
        return answer if may else None

    # ---- steps ----

    def ticket(self):
        h, ref = self.h, self.rng.choice(self.refs)
        old = [x for x in self.lives if x[0].ref == ref]
        overrules = ["d1"] if self.chance(0.2) else []
        hours = self.rng.choice((24, 24, 24, 72, 73, 0))
        scope = h.scope(ref, overrules=overrules, good_until=when(h.now() + hours * HOUR), reasons=["R%d" % self.rng.randrange(10 ** 6)])
        good_for, until = hours * HOUR, h.now() + hours * HOUR
        if old and self.chance(0.5):
            scope = self.rng.choice(old)[0].scope
            tree = json.loads(scope)
            overrules, until = tree["overrules"], gate.seconds(tree["good_until"])
            good_for = until - gate.seconds(tree["made_at"])
        replaces = self.rng.choice(self.lives)[0].id if self.lives and self.chance(0.3) else None
        if old and self.chance(0.3):
            replaces = old[-1][0].id
        made, known = self.signatures("scope", scope, ["decide"], 2 if overrules or self.chance(0.2) else 1)
        may = self.m.may_ticket(ref, sha(scope), known, overrules, good_for, replaces) and h.now() < until
        answer = self.ask(gatecase.ticketing(h, scope, made, replaces), may)
        if answer:
            life = gate.Life(ref)
            life.scope, life.scope_signatures, life.ticket, life.ticket_seal = scope, made, answer["ticket"], answer["ticket_seal"]
            self.m.did_ticket(ref, life.id, sha(scope), self.m.signers(known, ["decide"]), replaces)
            self.lives.append((life, self.m.order(ref), self.m.order(ref).tickets[-1]))

    def count(self):
        h, ref, lines = self.h, self.rng.choice(self.refs), self.rng.choice((1, 1, 2, 101))
        scope = h.scope(ref, lines=[h.line("d%d" % i) for i in range(lines)])
        if self.ask(gatecase.ticketing(h, scope, [], purpose="count"), self.m.may_count(ref, lines)):
            self.m.did_count()

    def receipt(self):
        if not self.lives:
            return
        life, order, t = self.lives[-1] if self.chance(0.7) else self.rng.choice(self.lives)
        right = self.chance(0.9)
        to = json.loads((life if right else self.rng.choice(self.lives)[0]).ticket)["recipient"]
        right = to == json.loads(life.ticket)["recipient"]
        header = makepackage.age_header(self.rng.randbytes(16), [pyformats.bech32(to, "to")[1]], self.rng)
        fields = self.h.receipt_fields(life, header, 1000)
        answer = self.ask(gatecase.Attack("receipt", fields, by="hand"), self.m.may_receipt(order, t, right))
        if answer:
            life.receipt, life.receipt_seal, t.receipt = answer["receipt"], answer["receipt_seal"], True

    def statement(self):
        collected = [x for x in self.lives if x[0].receipt]
        if not collected:
            return
        life, order, t = collected[-1] if self.chance(0.7) else self.rng.choice(collected)
        labels = [self.rng.choice(LABELS[:2])] if self.chance(0.75) else self.rng.choices(LABELS, k=self.rng.randint(0, 3))
        ret = self.h.return_object(life, reading=["Read %d." % self.rng.randrange(10 ** 6)])
        answer = self.ask(gatecase.stating(self.h, life, ret, labels), self.m.may_statement(order, t, AGENCY, labels))
        if answer:
            life = copy.copy(life)
            life.ret, life.statement, life.statement_seal = canonical(ret), answer["statement"], answer["statement_seal"]
            self.statements.append((life, self.m.did_statement(order, t, labels)))

    def release(self):
        if not self.statements:
            return
        life, s = self.statements[-1] if self.chance(0.7) else self.rng.choice(self.statements)
        about = life if self.chance(0.95) else self.rng.choice(self.statements)[0]
        made, known = self.signatures("approval", about.statement, ["approve"], self.rng.choice((2, 2, 2, 3, 1)))
        if about.statement != life.statement:
            known = [(k, False, v) for k, _, v in known]
        may = self.m.may_release(s, known, AGENCY)
        answer = self.ask(gatecase.releasing(self.h, life, made), may)
        if answer:
            gate.check_release(self.h, life, answer)
            self.m.did_release(s)

    def halting(self):
        resume = self.m.halted if self.chance(0.9) else not self.m.halted
        kind, epoch = "resume" if resume else "halt", self.m.epoch if self.chance(0.9) else self.rng.randint(0, self.m.epoch + 1)
        text = self.h.halting(kind, halt_epoch=epoch)
        made, known = self.signatures(kind, text, ["halt"], 2 if resume else 1)
        if self.ask(gatecase.Attack(kind, document=text, signatures=made), self.m.may_halt(known, epoch, resume)):
            self.m.did_halt(resume)

    def void(self):
        ref = self.rng.choice(self.refs)
        text = self.h.ending("void", ref)
        made, known = self.signatures("void", text, ["halt"], 1)
        if self.ask(gatecase.Attack("void", document=text, signatures=made), self.m.may_end_order(known, ["decide", "approve", "halt"])):
            self.m.order(ref).void = True
            self.fresh(ref)

    def destroy(self):
        ref = self.rng.choice(self.refs)
        text = self.h.ending("destroy", ref)
        made, known = self.signatures("destroy", text, ["decide"], 1)
        attack = gatecase.Attack("destroy", document=text, signatures=made, ticket=None)
        if self.ask(attack, self.m.may_end_order(known, ["decide", "approve"])):
            self.m.did_destroy(ref)
            self.fresh(ref)

    def fresh(self, ref):
        """An order that is over makes room for another one most of the time."""
        if self.chance(0.8):
            self.refs[self.refs.index(ref)] = "W-NEWX-%04d" % self.rng.randrange(10000)

    def roster(self):
        h, m = self.h, self.m
        action = "end" if self.chance(0.25) else "begin"
        if action == "end":
            row = copy.copy(self.rng.choice(m.rows).row)
        else:
            name = self.rng.choice(NAMES)
            may = " ".join(x for x in ("decide", "approve", "roster", "halt") if self.chance(0.6))
            key = self.rng.choice(NAMES) if self.chance(0.2) else name
            row = self.rng.choice((
                h.person(name, may, key, until=when(h.now() + self.rng.randint(1, 30) * HOUR) if self.chance(0.2) else None),
                h.agency(self.rng.choice((AGENCY, "bka")), self.rng.choice(LABELS), self.rng.choice(list(h.keys.age))),
                {"row": "policy", "name": "approvals", "value": self.rng.choice(("2", "2", "3", "1", "0", "9"))},
                {"row": "policy", "name": "decider_may_approve", "value": self.rng.choice(("yes", "no"))},
                {"row": "policy", "name": "statement_hours", "value": self.rng.choice(("4", "8", "0"))},
                {"row": "policy", "name": "counts_per_day", "value": self.rng.choice(("200", "3"))}))
        version = m.version if self.chance(0.95) else m.version - 1
        text = h.roster_document(row, action, version)
        made, known = self.signatures("roster", text, ["roster"], self.rng.choice((2, 2, 3)))
        if self.ask(gatecase.Attack("roster", document=text, signatures=made), m.may_roster(row, action, version, known)):
            m.did_roster(row, action)

    def tick(self):
        size = self.m.tree if self.chance(0.8) else self.rng.randint(0, self.m.tree + 2)
        if self.ask(gatecase.Attack("tick", size=size, count=0), size == self.m.tree):
            self.m.tree += 1

    def pass_time(self):
        self.h.pass_time(self.rng.choice((1, 60, HOUR, 2 * HOUR, 5 * HOUR, DAY, 12 * DAY) if self.chance(0.3) else (1, 60, 600)))

    def restart(self):
        self.h.stop(gate.signal.SIGKILL if self.chance(0.5) else gate.signal.SIGTERM)
        self.h.start()

    def replay(self):
        """What was accepted lately gets the same answer; with one more byte of content it gets none."""
        if not self.done:
            return
        attack, answer = self.done[-1]
        again = self.h.send(attack)
        assert again == answer, "another answer to the same request"
        other = copy.copy(attack)
        other.fields = dict(attack.fields, **({"signatures": []} if attack.fields.get("signatures") else {"size": 10 ** 9}
                                               if attack.request == "tick" else {}))
        if other.fields != attack.fields:
            assert self.h.send(other)["check"] == "NUMBER_REUSED"
        self.counted["replay"] += 1

    STEPS = {"ticket": 14, "receipt": 16, "statement": 18, "release": 26, "count": 2, "halting": 3, "void": 1, "destroy": 1,
             "roster": 5, "tick": 3, "pass_time": 8, "restart": 1, "replay": 4}

    def look(self):
        """The state that the seal tells is the model's."""
        m, said = self.m, self.h.state()
        m.tick_clock(self.h.now())
        assert (said["roster_version"], said["halted"], said["halt_epoch"], said["policy"]) == (m.version, m.halted, m.epoch, m.policy)
        assert said["roster"] == [r.row for r in m.rows] and said["log"]["size"] == m.tree
        for ref, order in m.orders.items():
            told = {json.loads(t["ticket"])["ticket"]: t for t in self.h.state(ref)["tickets"]
                    if json.loads(t["ticket"])["for"] == "collect"}
            assert set(told) == {t.id for t in order.tickets}
            for t in order.tickets:
                assert bool(told[t.id]["destroyed"]) == t.gone and bool(told[t.id]["receipt"]) == t.receipt
                assert bool(told[t.id]["statement"]) == (t.statement is not None)
            assert any(t["released"] for t in told.values()) == order.released
        assert {p.name for p in (self.h.state_dir / "id").iterdir()} == \
            {t.id for o in m.orders.values() for t in o.tickets if not t.gone}

    def step(self, n):
        name = self.rng.choices(list(self.STEPS), self.STEPS.values())[0]
        self.m.tick_clock(self.h.now())
        if self.m.halted and self.chance(0.15):
            name = "halting"
        try:
            getattr(self, name)()
            if n % 50 == 49:
                self.look()
        except AssertionError as e:
            raise AssertionError("seed %d, step %d (%s): %s" % (self.seed, n, name, e)) from e
        for ref, order in self.m.orders.items():
            if order.released and ref in self.refs:
                self.fresh(ref)


EPISODE = 250


def walk(bench, steps, seed):
    """Episodes, each from a fresh home: a roster that only shrinks would soon let nobody do anything."""
    counted = collections.Counter()
    for first in range(0, steps, EPISODE):
        with bench.thaw("founded") as home:
            w = Walk(home, seed * 1000 + first // EPISODE)
            for n in range(min(EPISODE, steps - first)):
                w.step(n)
            w.look()
            counted += w.counted
    return counted


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", choices=("one", "three"), default="one")
    args = parser.parse_args(argv)
    with gaterun.Bench(args.users) as bench:
        counted = walk(bench, args.steps, args.seed)
    for what, n in sorted(counted.items()):
        print("%6d %s" % (n, what))
    print("%d releases, each what two people signed" % counted["release done"])
    print("%d passed, 0 failed" % args.steps)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
