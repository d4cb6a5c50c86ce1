"""Each rule and each condition is necessary to some test of the packs: the short form of 'make mutate', on
one pack. SPDX-License-Identifier: Apache-2.0"""
import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import law, lawmutate  # noqa: E402

PACK = "ie.yaml"


@pytest.fixture
def one(tmp_path):
    """The pack and what holds for every order, and the pack's own tests."""
    (tmp_path / "test").mkdir()
    for name in (PACK, "common.yaml", f"test/{PACK}", "test/alike.txt"):
        shutil.copy(os.path.join(law.PACKS, name), tmp_path / name)
    return tmp_path


def open_changes(folder):
    made, findings = lawmutate.survivors(str(folder), str(folder / "test"))
    why = {k: v for k, v in lawmutate.explained(str(folder / "test")).items() if k[0].startswith("ie.")}
    assert made > 100 and why
    # Whether it takes another country's orders the tests of the other packs ask.
    mine = [f for f in findings if f["file"] == PACK and (".is." not in f["rule"] or "issuer.country" not in f["what"])]
    return lawmutate.judge(mine, why)


def test_every_change_is_noticed_or_explained(one):
    found, idle, alike = open_changes(one)
    assert found == [] and idle == [] and alike


def test_a_condition_that_no_test_needs_is_named_with_its_line(one):
    text = (one / PACK).read_text()
    added = text.replace("  - id: ie.purpose\n    when:\n", "  - id: ie.purpose\n    when:\n      - issuer.country is IE\n", 1)
    assert added != text
    (one / PACK).write_text(added)
    (found,), idle, _ = open_changes(one)
    line = added[:added.index("  - id: ie.purpose\n")].count("\n") + 1
    assert found["rule"] == "ie.purpose" and found["line"] == line and found["what"].endswith(": issuer.country is IE") and idle == []


def test_an_explanation_of_nothing_is_named(one):
    with open(one / "test" / "alike.txt", "a") as f:
        f.write("It is not so.\n  ie.purpose: issuer.country is NO\n")
    found, idle, _ = open_changes(one)
    assert found == [] and idle == [("ie.purpose", "issuer.country is NO")]
