#!/usr/bin/python3
"""What must hold of every decision, tried on orders that are made up (lawgen.py).

usage: lawprops.py [--orders N] [--seed N] [--jobs N] [--tell N] [--packs DIR]

Each order is judged, and judged again after changes that must not improve it, or not change it. A
violation is cut down to the facts that it needs and printed. Last line: N passed, N failed.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import concurrent.futures
import datetime
import functools
import json
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import figures, lawgen  # noqa: E402

PACKS = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "law"))
RANK = {"INSUFFICIENT": 0, "LAWYER": 1, "SUFFICIENT": 2}
REDIRECT = {"NO": 0, "ASK": 1, "REQUIRE": 2}
TELLS = {"MUST", "MAY"}
# What may be left out: a paper that names no such day has none, and the day of judgement is then that of receipt.
SILENT = {"instrument.valid_from", "instrument.valid_until", "evaluate_at"}
BATCH = 500
DAY = datetime.timedelta(1)
LATER = ("months", "month", "business")


# ---- packs in another order, and policies at random ----

def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def emit(node, indent=0):
    """The strict YAML of packs."""
    pad, out = " " * indent, []
    if isinstance(node, list):
        for item in node:
            if isinstance(item, str):
                out.append(pad + "- " + quoted(item))
            else:
                inner = emit(item, indent + 2)
                out.append(pad + "- " + inner[indent + 2:])
    else:
        for key, value in node.items():
            out.append(pad + key + ": " + quoted(value) if isinstance(value, str)
                       else pad + key + ":\n" + emit(value, indent + 2))
    return "\n".join(out)


def write_pack(folder, name, doc):
    with open(os.path.join(folder, name), "w") as f:
        f.write(emit(doc) + "\n")


def permuted(world, folder, rng):
    """The same packs: rules, tables and names of files in another order."""
    for doc in world.docs.values():
        doc = json.loads(json.dumps(doc))
        for table in lawgen.TABLES:
            rng.shuffle(doc.get(table, []))
        keys = list(doc)
        rng.shuffle(keys)
        write_pack(folder, "%08x.yaml" % rng.getrandbits(32), {k: doc[k] for k in keys})


def policy_rule(world, rng, n):
    """A rule that restricts, on sentences that stand in the packs."""
    model = rng.choice([r for r in world.rules.values() if r.conds and r.table != "recognise"])
    when = [c.text for c in model.conds if rng.random() < 0.6] or [model.conds[0].text]
    effect = model.table in ("notice", "deadline", "cost")
    rule = {"id": "policy.%d" % n, "when": when, "from": "2000-01-01", "cite": "policy", "text": "words", "confidence": "product"}
    give = rng.choice(("LAWYER", "INSUFFICIENT", None))
    if give and not effect:
        rule.update(give=give, reasons=[rng.choice(("PART-OVERBROAD", "LAW-PENDING", "SERV-LATE"))])
    for key, values in (("redirect", ("ASK", "REQUIRE")), ("notice", ("HOLD", "MUST_NOT", "MAY")),
                        ("hold", ("order.received_at plus 5 days",)), ("due", ("order.received_at plus 3 days",)),
                        ("preserve", ("order.received_at plus 90 days",)), ("cost", ("CLAIMABLE", "NOT_CLAIMABLE")),
                        ("watch", (["SECURITY_ALERT"],))):
        if rng.random() < 0.25:
            rule[key] = rng.choice(values)
    return model.table, rule


def policy(world, folder, rng):
    """Random policies; a rule that the loader refuses as too much is no policy."""
    head = {"id": "house", "version": "1", "title": "Policy", "kind": "policy", "status": "draft",
            "law_as_of": "2026-01-01", "next_review": "2099-01-01"}
    tables = collections.defaultdict(list)
    for n in range(12):
        table, rule = policy_rule(world, rng, n)
        try:
            write_pack(folder, "house.yaml", {"pack": head, table: [rule]})
            lawgen.judge([PACKS, folder], [])
        except AssertionError:
            continue
        tables[table].append(rule)
    write_pack(folder, "house.yaml", {"pack": head, **tables})
    return len(tables)


# ---- comparing ----

def lines(d):
    return {ln["id"]: ln for ln in d["demands"]}


def improved(before, after):
    a, b = lines(before), lines(after)
    return ["%s: %s became %s" % (i, a[i]["verdict"], b[i]["verdict"])
            for i in a if i in b and RANK[b[i]["verdict"]] > RANK[a[i]["verdict"]]]


def plain(d):
    """Without the hashes of the packs."""
    return {**d, "packs": [{k: v for k, v in p.items() if k != "sha256"} for p in d["packs"]]}


def core(d):
    """Verdicts and reasons."""
    return ([(ln["verdict"], ln["mode"], ln["reasons"]) for ln in d["demands"]], d["verdict"], d["reasons"],
            d["secrecy"]["verdict"], d["secrecy"]["reasons"], d["notice"]["rule"], d["redirect"], d["route"], d["cost"])


class Trial:
    """A changed order: where it is judged, and what must hold of the two decisions."""

    def __init__(self, name, order, test, change, where="packs"):
        self.name, self.order, self.test, self.change, self.where = name, order, test, change, where


# ---- the properties: each gives trials of one order ----

def known_paths(world, order):
    for path, field in sorted(world.fields.items()):
        if field.needed or path in SILENT:
            continue
        for line in range(len(order.lines)) if field.of_line else (0,):
            value = order.get(path, line)
            if value is not None and value not in ("unknown", ["unknown"]):
                yield path, line


def edit(path, value, line=0):
    def change(o):
        o.set(path, value, line)
    return change


def no_sufficient_by_unknown(path, line):
    def test(world, before, after, order):
        got = []
        for n, (a, b) in enumerate(zip(before["demands"], after["demands"])):
            mine = not path.startswith(lawgen.LINE) or n == line
            if b["verdict"] == "SUFFICIENT" and (a["verdict"] != "SUFFICIENT" or (mine and world.fields[path].mandatory)):
                got.append("%s is SUFFICIENT without %s" % (b["id"], path))
        if after["notice"]["rule"] in TELLS and before["notice"]["rule"] not in TELLS:
            got.append("notice %s became %s without %s" % (before["notice"]["rule"], after["notice"]["rule"], path))
        return got
    return test


def unknown(world, order, rng):
    paths = list(known_paths(world, order))
    for path, line in rng.sample(paths, min(4, len(paths))):
        yield Trial("unknown", order, no_sufficient_by_unknown(path, line), edit(path, "unknown", line))


def whole(world, before, order):
    """A SUFFICIENT line lacks no mandatory fact, and nobody is SUFFICIENT unverified."""
    got = []
    for n, ln in enumerate(before["demands"]):
        if ln["verdict"] != "SUFFICIENT":
            continue
        got += ["%s is SUFFICIENT without %s" % (ln["id"], p) for p, f in world.fields.items()
                if f.mandatory and order.get(p, n) in (None, "unknown", ["unknown"])]
        if order.get("issuer.contact_check") in ("NONE", "DOMAIN_ONLY"):
            got.append("%s is SUFFICIENT for a sender who is not verified" % ln["id"])
        if not ln["rules"] or not ln["citations"]:
            got.append("%s is SUFFICIENT without a rule" % ln["id"])
    return got


def never_better(world, before, after, order):
    return improved(before, after)


def verified(world, before, after, order):
    return improved(before, after) + ["%s is SUFFICIENT for a sender who is not verified" % ln["id"]
                                      for ln in after["demands"] if ln["verdict"] == "SUFFICIENT"]


def taken_away(world, order, rng):
    """Signature, validation, check of the sender: without it nothing is better, nor where it is not known."""
    paths = ("instrument.signature", "issuer.validated_by", "issuer.contact_check")
    for path in paths:
        if (order.get(path) or "unknown") != "unknown":
            yield Trial("taken away", order, verified if path == paths[2] else never_better, edit(path, "NONE"))
    path = rng.choice(paths)
    without = order.copy()
    without.set(path, "NONE")
    yield Trial("taken away", without, no_sufficient_by_unknown(path, 0), edit(path, "unknown"))


def more_lines(world, order, rng):
    def test(world, before, after, order):
        a, b = lines(before), lines(after)
        return ["%s changed" % i for i in a if a[i] != b[i]]

    source = rng.choice(order.lines)
    line = {**source, "id": "zz", "category": rng.choice(world.fields["demands[].category"].words),
            "shape": rng.choice(world.fields["demands[].shape"].words)}
    yield Trial("line added", order, test, lambda o: o.lines.append(line))
    if len(order.lines) > 1:
        yield Trial("lines turned round", order, test, lambda o: o.lines.reverse())


def repeated(world, order, rng):
    def same(world, before, after, order):
        return [] if before == after else ["the decisions differ"]

    yield Trial("again", order, same, lambda o: None, "again")
    yield Trial("permuted", order, lambda w, a, b, o: [] if plain(a) == plain(b) else ["the decisions differ"], lambda o: None,
                "permuted")


def narrower(world, before, after, order):
    got = improved(before, after)
    for a, b in zip(before["demands"], after["demands"]):
        if a["mode"] != b["mode"] and b["mode"] != "NO_POWER":
            got.append("%s: mode %s became %s" % (a["id"], a["mode"], b["mode"]))
    if REDIRECT[after["redirect"]] < REDIRECT[before["redirect"]]:
        got.append("redirect %s became %s" % (before["redirect"], after["redirect"]))
    if after["notice"]["rule"] in TELLS and before["notice"]["rule"] not in TELLS:
        got.append("notice %s became %s" % (before["notice"]["rule"], after["notice"]["rule"]))
    if before["secrecy"]["verdict"] in ("SUFFICIENT", "LAWYER") and after["secrecy"]["verdict"] == "INSUFFICIENT":
        got.append("secrecy %s became INSUFFICIENT" % before["secrecy"]["verdict"])
    if before["secrecy"]["verdict"] in ("INSUFFICIENT", "LAWYER") and after["secrecy"]["verdict"] == "SUFFICIENT":
        got.append("secrecy %s became SUFFICIENT" % before["secrecy"]["verdict"])
    same = [ln["verdict"] for ln in before["demands"]] == [ln["verdict"] for ln in after["demands"]]
    if same and before["hold_until"] and day(after["hold_until"]) < day(before["hold_until"]):
        got.append("hold_until came nearer")
    return got


def policies(world, order, rng):
    yield Trial("policy", order, narrower, lambda o: None, "policy")


# ---- dates ----

def day(text):
    return datetime.date.fromisoformat(text[:10])


@functools.cache
def edge_rules(world, a, b):
    """Rules that are in force on one of the two days alone."""
    return {r.id for r in world.rules.values() if (r.first <= a <= r.last) != (r.first <= b <= r.last)}


def rules_of(d):
    return [set(ln["rules"]) for ln in d["demands"]] + [set(d["secrecy"]["rules"])]


def only_edge(path):
    def test(world, before, after, order):
        return differing(world, before, after, edge_rules(world, *order.moved), lambda r: path in r.fields)
    return test


def differing(world, before, after, edge, asks):
    """Rules that count in one decision alone, and have no part in the change."""
    moved = edge | {r.id for r in world.rules.values() if asks(r)}
    moved |= {x for r in moved for x in world.rules[r].defeats}
    other_law = {world.rules[r].pack for r in moved if world.rules[r].table == "recognise"}
    got = []
    for a, b in zip(rules_of(before), rules_of(after)):
        got += ["the rule %s" % r for r in sorted(a ^ b) if r not in moved and not (
            other_law and world.rules[r].pack in {world.rules[x].pack for x in a | b if world.rules[x].table == "recognise"}
            | other_law)]
        if a == b and not got and a is not None and before["verdict"] != after["verdict"] and rules_of(before) == rules_of(after) \
                and not edge:
            got.append("the verdict, by the same rules")
    return got


def over_an_edge(world, order, rng):
    issued = order.get("instrument.issued_on")
    edge = rng.choice(world.edges)
    for path, form in (("evaluate_at", "%sT12:00:00Z"), ("instrument.issued_on", "%s")):
        if path == "instrument.issued_on" and (not issued or issued == "unknown"):
            continue
        first = order.copy()
        first.set(path, form % (edge - DAY).isoformat())
        first.moved = (edge - DAY, edge)
        yield Trial("over an edge", first, only_edge(path), edit(path, form % edge.isoformat()))


def dates_of(world, order):
    for path, field in sorted(world.fields.items()):
        if field.type in lawgen.TIMES:
            for line in range(len(order.lines)) if field.of_line else (0,):
                value = order.get(path, line)
                if value and value != "unknown":
                    yield path, line, value


def looked_up(order):
    at = [order.get(p) for p in ("evaluate_at", "order.received_at")]
    return [day(x) for x in (next((x for x in at if x and x != "unknown"), None), order.get("instrument.issued_on"))
            if x and x != "unknown"]


def counts(rule):
    """Whether a sentence counts months or business days, or names a day: then a shift can matter."""
    return any(c.op == "before" and (any(w in c.text for w in LATER) or any(f[0].isdigit() for f in c.fields))
               for c in rule.conds)


def renamed(world, order, rng):
    """All names, ids, targets and numbers drawn anew, the same name staying the same."""
    names = {}

    def new(path, value):
        if isinstance(value, list):
            return [new(path, v) for v in value]
        if value in ("NONE", "unknown") or value in world.words.get(path, ()):
            return value
        return names.setdefault(value, "N%x \u00e9" % rng.getrandbits(40))

    def change(o):
        for path, field in world.fields.items():
            for line in range(len(o.lines)) if field.of_line else (0,):
                if field.type == lawgen.TEXT and o.get(path, line) is not None:
                    o.set(path, new(path, o.get(path, line)), line)
        o.set("order.document_sha256", "%064x" % rng.getrandbits(256) if o.get("order.document_sha256") not in (None, "unknown")
              else o.get("order.document_sha256"))
        for n, ln in enumerate(o.lines):
            ln["id"] = "n%d" % (n + 7)

    # Drawn once, so that cutting the order down changes nothing else.
    copy = order.copy()
    change(copy)
    drawn = dict(copy.at), [dict(x) for x in copy.lines]

    def again(o):
        o.at = {k: drawn[0].get(k, v) for k, v in o.at.items()}
        o.lines = [{k: drawn[1][n].get(k, v) for k, v in ln.items()} for n, ln in enumerate(o.lines)]

    yield Trial("renamed", order, lambda w, a, b, o: [] if core(a) == core(b) else ["the decisions differ"], again)


def shifted(world, order, rng):
    """All dates moved by the same number of weeks while the same rules are in force."""
    before = looked_up(order)
    for _ in range(6):
        by = datetime.timedelta(7 * rng.choice([n for n in range(-60, 61) if n]))
        if all(not edge_rules(world, d, d + by) for d in before):
            break
    else:
        return

    def change(o):
        for path, line, value in list(dates_of(world, o)):
            o.set(path, (day(value) + by).isoformat() + value[10:], line)

    def test(world, a, b, order):
        if core(a) == core(b):
            return []
        got = differing(world, a, b, set(), counts)
        return got or ([] if rules_of(a) != rules_of(b) else ["the decisions differ by the same rules"])
    yield Trial("shifted", order, test, change)


PROPERTIES = (unknown, taken_away, more_lines, repeated, policies, over_an_edge, renamed, shifted)


# ---- running ----

@functools.cache
def world_of(packs):
    return lawgen.World(packs)


class Bench:
    """One batch: its orders, the folders they are judged by, and what was wrong."""

    def __init__(self, seed, count):
        self.rng = random.Random(seed)
        self.world = world_of(PACKS)
        self.orders = lawgen.orders(self.world, [PACKS], seed, count)

    def folders(self, where, tmp):
        if where in ("packs", "again"):
            return [PACKS]
        folder = os.path.join(tmp, where)
        if not os.path.isdir(folder):
            os.mkdir(folder)
            permuted(self.world, folder, self.rng) if where == "permuted" else policy(self.world, folder, self.rng)
        return [folder] if where == "permuted" else [PACKS, folder]

    def decide(self, orders, where, tmp):
        return [json.loads(x) for x in lawgen.judge(self.folders(where, tmp), [o.doc() for o in orders])]

    def run(self, tmp):
        trials = [t for o in self.orders for p in PROPERTIES for t in p(self.world, o, self.rng)]
        changed = []
        for t in trials:
            o = t.order.copy()
            t.change(o)
            changed.append(o)
        bases = {id(t.order): t.order for t in trials} | {id(o): o for o in self.orders}
        before = dict(zip(bases, self.decide(list(bases.values()), "packs", tmp)))
        after = [None] * len(trials)
        for where in sorted({t.where for t in trials}):
            mine = [n for n, t in enumerate(trials) if t.where == where]
            for n, d in zip(mine, self.decide([changed[n] for n in mine], where, tmp)):
                after[n] = d
        return self.weigh(trials, before, after, tmp)

    def weigh(self, trials, before, after, tmp):
        wrong, count = [], collections.Counter(t.name for t in trials)
        for o in self.orders:
            d = before[id(o)]
            assert "error" not in d, (d, o.doc())
            count["order " + d["verdict"]] += 1
            count.update("line " + ln["verdict"] for ln in d["demands"])
            bad = whole(self.world, d, o)
            if bad:
                wrong.append(("whole", bad, o.doc(), ""))
        for t, d in zip(trials, after):
            assert "error" not in d, (t.name, d)
            bad = t.test(self.world, before[id(t.order)], d, t.order)
            if bad:
                wrong.append((t.name, bad, self.cut_down(t, bad, tmp) if not wrong else t.order.doc(),
                              self.extra(t, tmp)))
        return count, wrong

    def extra(self, t, tmp):
        path = os.path.join(tmp, "policy", "house.yaml")
        return open(path).read() if t.where == "policy" and os.path.isfile(path) else ""

    def fails(self, t, order, tmp):
        order.moved = getattr(t.order, "moved", None)
        changed = order.copy()
        try:
            t.change(changed)
        except (KeyError, IndexError):
            return []
        a = self.decide([order], "packs", tmp)[0]
        b = self.decide([changed], t.where, tmp)[0]
        return [] if "error" in a or "error" in b else t.test(self.world, a, b, order)

    def cut_down(self, t, bad, tmp):
        """Facts left out one by one as long as it stays wrong."""
        order = t.order.copy()
        for path in sorted(p for p in self.world.fields if not self.world.fields[p].needed):
            for line in range(len(order.lines)) if path.startswith(lawgen.LINE) else (0,):
                smaller = order.copy()
                smaller.set(path, None, line)
                if order.get(path, line) is not None and self.fails(t, smaller, tmp):
                    order = smaller
        changed = order.copy()
        t.change(changed)
        return {"facts": order.doc(), "changed": {k: v for k, v in changed.doc().items() if v != order.doc().get(k)},
                "before": self.decide([order], "packs", tmp)[0], "after": self.decide([changed], t.where, tmp)[0]}


def batch(job):
    tmp = tempfile.mkdtemp(prefix="lawprops")
    try:
        return Bench(*job).run(tmp)
    finally:
        shutil.rmtree(tmp)


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 9))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tell", type=int, default=5)
    parser.add_argument("--packs", default=PACKS)
    args = parser.parse_args(argv)
    globals()["PACKS"] = args.packs  # the workers are forked
    print("seed %d" % args.seed, flush=True)
    jobs = [(args.seed + n, min(BATCH, args.orders - n * BATCH)) for n in range((args.orders + BATCH - 1) // BATCH)]
    total, wrong = collections.Counter(), []
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        for count, bad in pool.map(batch, jobs):
            total += count
            wrong += bad
    seen = collections.Counter()
    for name, bad, doc, extra in wrong:
        seen[name] += 1
        if seen[name] <= args.tell:
            print("%s: %s\n%s\n%s" % (name, "; ".join(bad), json.dumps(doc, indent=1, sort_keys=True), extra))
    trials = {k: v for k, v in total.items() if k.split()[0] not in ("order", "line") or k.startswith(("line added", "lines"))}
    for k, v in sorted(total.items()):
        print("%s: %d, %d wrong" % (k, v, seen[k]) if k in trials else "%s: %d" % (k, v))
    figures.write("law", [("orders made up", args.orders), ("lines SUFFICIENT among them", total["line SUFFICIENT"]),
                          ("decisions compared", sum(trials.values())), ("properties broken", len(wrong))])
    print("%d passed, %d failed" % (args.orders + sum(trials.values()) - len(wrong), len(wrong)))
    return 1 if wrong or not total["line SUFFICIENT"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
