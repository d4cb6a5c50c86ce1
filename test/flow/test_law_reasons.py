"""Every reason code of src/law/reason.def comes out of some test: the tests of the packs, the acceptance
orders, or what is set here because no rule gives it. SPDX-License-Identifier: Apache-2.0"""
import collections
import glob
import json
import os
import re
import sys

import pytest
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import law, lawgen, tools  # noqa: E402

CODES = re.findall(r'^X\("([^"]+)"', (tools.ROOT / "src" / "law" / "reason.def").read_text(), re.M)


def set_fact(facts, path, values):
    """One sentence of a test, as src/law/trial.c reads it."""
    head, _, rest = path.partition(".")
    lines = [ln for ln in facts["demands"] if head == "demand" or ln["id"] == head]
    where, names = (lines[0], [rest]) if lines else (facts, path.split("."))
    for name in names[:-1]:
        where = where.setdefault(name, {})
    if values == "not given":
        where.pop(names[-1], None)
        return
    fields = lawgen.LISTS
    listed = (lawgen.LINE + rest if lines else path) in fields
    where[names[-1]] = values.split(" or ") if listed else values


def pack_tests():
    for name in sorted(glob.glob(os.path.join(law.PACKS, "test", "*.yaml"))):
        with open(name) as f:
            doc = yaml.load(f, Loader=lawgen.LOADER)
        bases = {b["id"]: b["facts"] for b in doc["bases"]}
        for test in doc["tests"]:
            facts = json.loads(json.dumps(bases[test["of"]]))
            for change in test.get("set", []):
                set_fact(facts, *change.split(" is ", 1))
            yield facts


def acceptance():
    providers, orders = {}, tools.shared("law", "orders")
    for name in tools.shared("law", "providers").glob("*.yaml"):
        doc = yaml.load(name.read_text(), Loader=lawgen.LOADER)
        providers[doc["name"]] = doc
    for name in sorted(orders.glob("*.yaml")):
        facts = yaml.load(name.read_text(), Loader=lawgen.LOADER)["facts"]
        if isinstance(facts["provider"], str):
            facts["provider"] = providers[facts["provider"]]
        yield facts


def collect(seen, decisions):
    for text in decisions:
        d = json.loads(text)
        assert "error" not in d, d
        seen.update(d["reasons"] + [r for ln in d["demands"] for r in ln["reasons"]])


def test_every_reason_is_given_by_some_order(tmp_path):
    if not tools.shared("law", "orders"):
        pytest.skip("SKIPPED: the law set is not here")
    world = lawgen.World(law.PACKS)
    docs, seen = [*pack_tests(), *acceptance()], collections.Counter()
    assert len(docs) > 100
    collect(seen, lawgen.judge([law.PACKS], docs))
    for state in ("DRAFT", "STALE"):
        collect(seen, lawgen.judge([law.PACKS], docs[:1], state))
    other = json.loads(json.dumps(docs[0]))
    other["issuer"]["country"] = "NO"
    collect(seen, lawgen.judge([law.PACKS], [other]))
    never = [c for c in CODES if c not in seen]
    by_rules = {r for doc in world.docs.values() for table in lawgen.TABLES for rule in doc.get(table, [])
                for r in rule.get("reasons", [])}
    print("given by no order: " + ", ".join(never) + "; of these rules give: " + ", ".join(c for c in never if c in by_rules))
    assert not never, never
    assert any(r.startswith("FACT-UNKNOWN(") for r in seen)
    assert not [r for r in seen if r not in CODES and not r.startswith("FACT-UNKNOWN(")]
