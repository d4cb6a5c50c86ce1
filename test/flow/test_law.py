"""writ law judge: the acceptance orders without their long properties, and what it refuses.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import law, tools  # noqa: E402

WRIT = str(tools.program("writ"))
PACKS = law.PACKS


def test_acceptance_orders():
    line = law.command(False)
    if not line:
        pytest.skip("SKIPPED: the law set is not here")
    ran = subprocess.run(line, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert int(ran.stdout.split()[-4]) >= 100


def writ(*words, cwd=None):
    return subprocess.run([WRIT, "law", "judge", *words], capture_output=True, text=True, cwd=cwd)


def test_refusals(tmp_path):
    facts = tmp_path / "facts.yaml"
    facts.write_text("facts_version: 1\n")
    for words, status, said in (
            ((), 2, "FACTS"), (("nowhere.yaml",), 3, "nowhere.yaml"), ((str(facts), "--packs", PACKS), None, "facts.yaml"),
            ((str(facts), "--what-if", "packs=GOOD"), 2, "ADOPTED"), ((str(facts), "--what-if", "all=DRAFT"), 2, "packs=")):
        ran = writ(*words)
        assert ran.returncode != 0 and ran.stdout == "" and said in ran.stderr, (words, ran)
        assert status is None or ran.returncode == status, (words, ran)


def test_a_broken_pack_is_named_with_its_line(tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "a.yaml").write_text("pack:\n  id: a\n  version: 1\n  title: a\n  status: adopted\n"
                                  "  law_as_of: 2026-01-01\n  next_review: 2027-01-01\n")
    facts = tmp_path / "facts.yaml"
    facts.write_text(whole_facts())
    ran = writ("--packs", str(packs), str(facts))
    assert ran.returncode != 0 and ran.stdout == "" and "a.yaml:2: status is draft or reviewed" in ran.stderr, ran
    (packs / "a.yaml").unlink()
    ran = writ("--packs", str(packs), str(facts))
    assert ran.returncode != 0 and "no rule pack" in ran.stderr, ran


def whole_facts():
    return """facts_version: 1
order:
  id: o-1
  received_at: 2026-11-23T10:00:00Z
issuer:
  country: NO
instrument:
  kind: WARRANT
demands:
  - id: d1
    category: SUB_ID
provider:
  name: P
  legal_entity: P Ltd
"""


def test_unknown_gives_a_lawyer_and_drafts_never_release(tmp_path):
    facts = tmp_path / "facts.yaml"
    facts.write_text(whole_facts())
    ran = writ(str(facts), "--json", "--packs", PACKS)
    assert ran.returncode == 0, ran
    decision = json.loads(ran.stdout)
    assert decision["verdict"] == "LAWYER" and decision["what_if"] is False
    assert {"PACK-NONE", "PACK-UNREVIEWED"} <= set(decision["reasons"])
    assert any(r.startswith("FACT-UNKNOWN(") for r in decision["reasons"])
    assert writ(str(facts), "--json", "--packs", PACKS).stdout == ran.stdout
