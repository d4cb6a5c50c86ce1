"""Orders made up from the packs themselves: for some rules of each table facts are chosen so that they
hold, the rest is drawn from the closed words, and what stands in the way is changed a few times over,
so that lines of every verdict come about. SPDX-License-Identifier: Apache-2.0"""
import datetime
import glob
import json
import os
import random
import re
import subprocess

import yaml

from harness import tools

TABLES = ("authenticity recognise competence ceiling thresholds particulars territory conflict scope secrecy notice "
          "deadline cost").split()
(GROUP, LINES, VERSION, WORD, YES_NO, TEXT, NAME, CODE, NUMBER, SHA256, COUNTRY, COUNTRY_OR_NONE, REGION, LANGUAGE, DATE,
 INSTANT, DATE_OR_INSTANT) = range(17)
LIST, NEEDED, MANDATORY = 1, 2, 4
LINE = "demands[]."
TIMES = (DATE, INSTANT, DATE_OR_INSTANT)
PERIOD = re.compile(r"^(?P<start>\S+?)(?: plus (?P<n>\d+) (?P<unit>hour|day|business day|month)s?(?: counting the first day)?)?"
                    r"(?: (?:rolling )?on \S+)?$")
DAYS = {"hour": 1 / 24, "day": 1, "business day": 1.4, "month": 30.5, None: 0}


LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def tool():
    return str(tools.program("lawtool"))


class Field:
    def __init__(self, row):
        self.path, self.type, self.list = row["path"], row["type"], bool(row["flags"] & LIST)
        self.mandatory, self.needed = bool(row["flags"] & MANDATORY), bool(row["flags"] & NEEDED)
        self.words = row["words"].split()
        self.of_line = self.path.startswith(LINE)


def day_of(text):
    return datetime.date.fromisoformat(text[:10])


class Cond:
    """One sentence of a rule; positive is false where it stands under unless."""

    def __init__(self, text, sets, positive):
        self.text, self.positive = text, positive
        left, right = text.split(" is ", 1)
        negative = right.startswith("not ")
        right = right[4:] if negative else right
        self.fields = [left]
        self.op, self.values = "is", []
        if right.startswith("before "):
            self.op, self.left, self.right = "before", PERIOD.match(left), PERIOD.match(right[7:])
            self.fields = [m["start"] for m in (self.left, self.right)]
        elif right.startswith("the same as "):
            self.op = "same"
            self.fields.append(right[12:])
        elif right in ("known", "unknown"):
            self.op, negative = "known", right == "unknown"
        elif right == "given":
            self.op = "given"
        elif right.startswith("at least "):
            self.op, self.number = "least", int(right[9:])
        elif right.startswith("below "):
            self.op, self.number, negative = "least", int(right[6:]), True
        else:
            self.values = sets[right[3:]] if right.startswith("in ") else right.split(" or ")
        self.positive ^= negative
        self.fields = [LINE + f[7:] if f.startswith("demand.") else f for f in self.fields]


class Rule:
    def __init__(self, pack, table, doc, sets):
        self.pack, self.table, self.id, self.give = pack, table, doc["id"], doc.get("give")
        self.first = datetime.date.fromisoformat(doc["from"])
        self.last = datetime.date.fromisoformat(doc["until"]) if "until" in doc else datetime.date.max
        self.defeats = doc.get("defeats", [])
        self.conds = [Cond(t, sets, True) for t in doc.get("when", [])] + [Cond(t, sets, False) for t in doc.get("unless", [])]
        self.fields = {f for c in self.conds for f in c.fields}


class World:
    """What the packs of a folder and the table of facts say."""

    def __init__(self, folder):
        rows = subprocess.run([tool(), "--words"], capture_output=True, text=True, check=True).stdout.splitlines()
        self.fields = {f.path: f for f in map(Field, map(json.loads, rows)) if f.type not in (GROUP, LINES)}
        LISTS.update(f.path for f in self.fields.values() if f.list)
        self.docs = {os.path.basename(p): yaml.load(open(p), Loader=LOADER)
                     for p in sorted(glob.glob(os.path.join(folder, "*.yaml")))}
        self.sets, self.words, self.rules, self.countries = {}, {}, {}, {"NO", "JP"}
        for doc in self.docs.values():
            for s in doc.get("sets", []):
                self.sets[s["id"]] = s["of"]
            for w in doc.get("words", []):
                self.words.setdefault(w["field"], []).extend(w["of"])
            self.countries.add(doc["pack"].get("country", "NO"))
        self.countries -= {"EU"}
        for doc in self.docs.values():
            for table in TABLES:
                for r in doc.get(table, []):
                    self.rules[r["id"]] = Rule(doc["pack"]["id"], table, r, self.sets)
        self.countries |= {"SE", "DK", "CH", "CN"}
        self.countries = sorted(self.countries)
        self.edges = sorted({e for r in self.rules.values()
                             for e in (r.first, r.last + datetime.timedelta(1) if r.last != datetime.date.max else r.first)
                             if e.year > 2000})
        self.words = {k: sorted(set(v)) for k, v in self.words.items()}

    def of_table(self, pack, table, give=None):
        return [r for r in self.rules.values() if r.pack == pack and r.table == table and give in (None, r.give)]


LISTS = set()  # the facts that are lists; a World fills it


class Order:
    """Facts as flat paths: order.at for the order, order.lines for each demand line."""

    def __init__(self):
        self.at, self.lines = {}, []

    def place(self, path, line):
        return (self.lines[line], path[len(LINE):]) if path.startswith(LINE) else (self.at, path)

    def get(self, path, line=0):
        where, key = self.place(path, line)
        return where.get(key)

    def set(self, path, value, line=0):
        where, key = self.place(path, line)
        if value == "unknown" and path in LISTS:
            value = ["unknown"]
        if value is None:
            where.pop(key, None)
        else:
            where[key] = value

    def copy(self):
        other = Order()
        other.at, other.lines = dict(self.at), [dict(ln) for ln in self.lines]
        return other

    def doc(self):
        out = {"order": {}, "issuer": {}, "instrument": {}, "provider": {}}
        for path, value in self.at.items():
            inner, *names = out, *path.split(".")
            for name in names[:-1]:
                inner = inner.setdefault(name, {})
            inner[names[-1]] = value
        out["demands"] = self.lines
        return out


class Maker:
    """Draws facts for one order after the other from a seed."""

    def __init__(self, world, seed):
        self.world, self.rng = world, random.Random(seed)

    # ---- single values ----
    def near(self, day, spread=3):
        return day + datetime.timedelta(self.rng.randint(-spread, spread))

    def time(self, field, day):
        exact = field.type == INSTANT or (field.type == DATE_OR_INSTANT and self.rng.random() < 0.2)
        return day.isoformat() + ("T%02d:%02d:00Z" % (self.rng.randrange(24), self.rng.randrange(60)) if exact else "")

    def draw_one(self, field, order):
        rng, words = self.rng, self.world.words.get(field.path)
        if field.type == WORD:
            return rng.choice(field.words)
        if field.type == YES_NO:
            return rng.choice(("yes", "no"))
        if field.type == NUMBER:
            return str(rng.choice((0, 1, 5, 6, 11, 12, 24, 36, 48, 60, 120)))
        if field.type in (COUNTRY, COUNTRY_OR_NONE):
            return rng.choice(self.world.countries)
        if field.type in TIMES:
            base = order.get("instrument.issued_on")
            base = day_of(base) if base and base != "unknown" else datetime.date(2026, 9, 1)
            return self.time(field, rng.choice((base, self.near(base, 40), rng.choice(self.world.edges), self.near(base, 400))))
        if field.type == SHA256:
            return "%064x" % rng.getrandbits(256)
        if field.type == LANGUAGE:
            return rng.choice(("en", "fr", "de", "nl", "pt"))
        if field.type == REGION:
            return rng.choice(("US-CA", "US-NY", "DE-BY", "GB-SCT"))
        if words and (field.type == CODE or rng.random() < 0.95):
            return rng.choice(words)
        return "X_CODE" if field.type == CODE else "text %d" % rng.randrange(10 ** 6)

    def draw(self, path, order):
        field = self.world.fields[path]
        one = self.draw_one(field, order)
        if not field.list:
            return one
        more = self.draw_one(field, order)
        return sorted({one, more}) if self.rng.random() < 0.2 and "NONE" not in (one, more) else [one]

    def other_than(self, path, values, order):
        for _ in range(20):
            value = self.draw(path, order)
            if not set(value if isinstance(value, list) else [value]) & set(values):
                return value
        return None

    # ---- facts by which a sentence holds, or does not ----
    def satisfy(self, order, cond, line=0, turned=False):
        positive, f = cond.positive != turned, cond.fields[0]
        if any(x not in self.world.fields for x in cond.fields if cond.op != "before"):
            return
        if cond.op == "is":
            value = self.rng.choice(cond.values) if positive else self.other_than(f, cond.values, order)
            if positive and self.world.fields[f].list:
                value = [value]
            order.set(f, value, line)
        elif cond.op == "known":
            order.set(f, self.draw(f, order) if positive else "unknown", line)
        elif cond.op == "given":
            order.set(f, self.draw(f, order) if positive else None, line)
        elif cond.op == "least":
            order.set(f, str(cond.number + self.rng.choice((0, 0, 1, 60)) if positive
                             else max(0, cond.number - self.rng.choice((1, 1, 6)))), line)
        elif cond.op == "same":
            self.satisfy_same(order, cond, line, positive)
        else:
            self.satisfy_before(order, cond, line, positive)

    def satisfy_same(self, order, cond, line, positive):
        a, b = (self.world.fields[x] for x in cond.fields)
        value = order.get(b.path, line)
        one = value[0] if isinstance(value, list) else value
        if not one or one in ("unknown", "NONE"):
            one = self.draw_one(b, order)
            order.set(b.path, [one] if b.list else one, line)
        if not positive:
            one = self.other_than(a.path, [one], order)
            order.set(a.path, one, line)
        else:
            order.set(a.path, [one] if a.list else one, line)

    def satisfy_before(self, order, cond, line, positive):
        def reach(m):
            return int(m["n"] or 0) * DAYS[m["unit"]]

        gap = self.rng.choice((1, 1, 2, 10)) if positive else -self.rng.choice((0, 0, 1, 5))
        left, right = cond.left["start"], cond.right["start"]
        lpath, rpath = cond.fields
        if rpath in self.world.fields:
            known = day_of(left) if left[0].isdigit() else self.day(order, lpath, line)
            self.put_day(order, rpath, known + datetime.timedelta(round(reach(cond.left) - reach(cond.right)) + gap), line)
        elif lpath in self.world.fields:
            self.put_day(order, lpath, day_of(right) + datetime.timedelta(round(reach(cond.right) - reach(cond.left)) - gap), line)

    def day(self, order, path, line):
        value = order.get(path, line)
        if not value or value == "unknown":
            value = self.draw_one(self.world.fields[path], order)
            order.set(path, value, line)
        return day_of(value)

    def put_day(self, order, path, day, line):
        order.set(path, self.time(self.world.fields[path], day), line)

    # ---- an order ----
    BENIGN = {
        "issuer.contact_check": ("CALL_BACK", "CERTIFICATE", "OFFICIAL_CHANNEL"), "issuer.court_competent": ("yes",),
        "instrument.signature": ("WET", "COURT_SEAL", "ELECTRONIC_QUALIFIED"), "instrument.grounds_stated": ("yes",),
        "purpose.proceeding": ("CRIMINAL_INVESTIGATION",), "purpose.offence_max_penalty_months": ("120", "60", "36"),
        "purpose.by_network": ("yes", "no"), "customer.kind": ("CONSUMER",), "data.provider_acts_as": ("CONTROLLER",),
        "data.provider_has_control": ("yes",), "data.foreign_law_conflict": ("NONE",), "emergency.claimed": ("no",),
        "emergency.kind": ("LIFE",), "secrecy.kind": ("NONE", "NONE", "COURT_ORDER_DATED"), "demands[].shape": ("TARGETED",),
        "demands[].target_kind": ("ACCOUNT_ID", "EMAIL"), "demands[].range": ("DATES",), "order.language": ("en",),
        "provider.policy.tell_customers": ("yes", "no"), "provider.policy.redirect_businesses": ("yes", "no"),
    }

    def frame(self):
        rng, o = self.rng, Order()
        issued = self.near(rng.choice(self.world.edges)) if rng.random() < 0.4 else (
            datetime.date(2026, 8, 20) + datetime.timedelta(rng.randrange(90)))
        received = max(issued, issued + datetime.timedelta(rng.choice((0, 0, 1, 2, 3, 7, 14, 40))))
        o.lines = [{"id": "d%d" % (i + 1)} for i in range(rng.choice((1, 1, 1, 2, 3)))]
        o.at = {"facts_version": "1", "order.id": "o-%d" % rng.randrange(10 ** 6), "provider.name": "P",
                "order.received_at": received.isoformat() + "T10:00:00Z", "order.document_sha256": "%064x" % rng.getrandbits(256),
                "issuer.authority_name": "An authority", "issuer.impersonation_signs": ["NONE"],
                "instrument.issued_on": issued.isoformat(), "instrument.served_on": "One Ltd", "provider.legal_entity": "One Ltd",
                "provider.group_entities": ["Two GmbH"], "provider.eu_addressee": "One Ltd", "provider.accepted_languages": ["en"],
                "instrument.case_number": "No. %d" % rng.randrange(10 ** 6), "instrument.certificates": ["NONE"],
                "purpose.offence": "fraud", "provider.established_in": [rng.choice(self.world.countries)]}
        for path, values in self.BENIGN.items():
            if path in self.world.fields:
                for line in range(len(o.lines) if path.startswith(LINE) else 1):
                    o.set(path, rng.choice([v for v in values if self.good(path, v)] or [None]), line)
        for line, one in enumerate(o.lines):
            one["target"] = "user%d" % rng.randrange(1000)
            start = issued - datetime.timedelta(rng.choice((10, 30, 100)))
            o.set("demands[].from", start.isoformat(), line)
            o.set("demands[].until", (start + datetime.timedelta(rng.choice((1, 5, 9)))).isoformat(), line)
        return o

    def good(self, path, value):
        field = self.world.fields[path]
        return field.type != WORD or value in field.words

    def rows(self, pack):
        """A chain of rules that together give SUFFICIENT, with sometimes one rule of any kind more."""
        chain = []
        for table in ("recognise", "competence", "ceiling", "territory"):
            of = self.world.of_table(pack, table, "SUFFICIENT") or self.world.of_table("common", table, "SUFFICIENT")
            chain += [(self.rng.choice(of), True)] if of else []
        if self.rng.random() < 0.6:
            chain.append((self.rng.choice(list(self.world.rules.values())), True))
        return chain

    def order(self):
        laws = [d["pack"]["id"] for d in self.world.docs.values() if d["pack"].get("kind", "law") == "law"]
        o = self.frame()
        chain = self.rows(self.rng.choice(laws))
        for line in range(len(o.lines)):
            for rule, _ in chain:
                for cond in rule.conds:
                    if not line or any(f.startswith(LINE) for f in cond.fields):
                        self.satisfy(o, cond, line)
        if "issuer.validated_by" not in o.at and self.rng.random() < 0.5:
            self.fill(o, "issuer.validated_by")
        return o

    def fill(self, order, path, line=0):
        order.set(path, self.draw(path, order), line)

    def repair(self, order, decision):
        """Changes one fact for each thing that stands in the way of some line."""
        chain = {r for ln in decision["demands"] for r in ln["rules"] if self.world.rules[r].give == "SUFFICIENT"}
        pinned = {f for r in chain for f in self.world.rules[r].fields}
        for line, got in enumerate(decision["demands"]):
            for reason in got["reasons"]:
                if reason.startswith("FACT-UNKNOWN("):
                    path = reason[13:-1].replace("demand.", LINE)
                    self.fill(order, path, line)
            for r in got["rules"]:
                rule = self.world.rules[r]
                conds = [c for c in rule.conds if not set(c.fields) & pinned] or rule.conds
                if rule.give in ("LAWYER", "INSUFFICIENT") and conds:
                    self.satisfy(order, self.rng.choice(conds), line, turned=True)
        return order

    def disturb(self, order):
        """A few facts drawn anew or forgotten, mostly those that rules ask for."""
        o, rng = order.copy(), self.rng
        o.set("order.id", "o-%d" % rng.randrange(10 ** 9))
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 5))):
            if rng.random() < 0.5:
                rule = rng.choice(list(self.world.rules.values()))
                for cond in rule.conds:
                    if rng.random() < 0.5:
                        self.satisfy(o, cond, rng.randrange(len(o.lines)), rng.random() < 0.3)
                continue
            path = rng.choice(sorted(p for p in self.world.fields if not self.world.fields[p].needed))
            line = rng.randrange(len(o.lines))
            o.set(path, rng.choice((None, "unknown", *(self.draw(path, o) for _ in range(3)))), line)
        return o


def judge(folders, docs, state="ADOPTED"):
    """The decisions on these documents, as bytes each."""
    text = b"".join(json.dumps(d, separators=(",", ":")).encode() + b"\n" for d in docs)
    ran = subprocess.run([tool(), "--state", state, *folders], input=text, capture_output=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    lines = ran.stdout.split(b"\n")[:-1]
    assert len(lines) == len(docs), (len(lines), len(docs))
    return lines


def orders(world, folders, seed, count, rounds=5, each=20):
    """count orders: seeds that were mended until most lines pass, and disturbed ones of them."""
    m = Maker(world, seed)
    base = [m.order() for _ in range(max(1, count // each))]
    for _ in range(rounds):
        got = [json.loads(x) for x in judge(folders, [o.doc() for o in base])]
        for o, d in zip(base, got):
            assert "error" not in d, (d, o.doc())
            if d["verdict"] != "SUFFICIENT" and m.rng.random() < 0.9:
                m.repair(o, d)
    return [m.disturb(m.rng.choice(base)) for _ in range(count)]
