"""writ law judge: the acceptance orders without their long properties, and what it refuses.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import shutil
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


def writ(*words, command="judge"):
    return subprocess.run([WRIT, "law", command, *words], capture_output=True, text=True)


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


def planted(tmp_path, file, old, new):
    """The packs with one change in one of them."""
    packs = tmp_path / "packs"
    shutil.copytree(PACKS, packs)
    text = (packs / file).read_text()
    assert old in text, old
    (packs / file).write_text(text.replace(old, new, 1))
    return str(packs)


def test_the_packs_have_no_fault():
    ran = writ("--packs", PACKS, command="check")
    assert ran.returncode == 0 and ran.stdout == "", ran


FAULTS = (
    ("gap", "us-federal.yaml", "until: 2018-06-21", "until: 2018-06-20", "has no ceiling"),
    ("overlap", "us-federal.yaml", "from: 2018-06-22", "from: 2018-06-21", "a second ceiling"),
    ("category without a ceiling", "gb.yaml", "demand.category is SEARCH_URL", "demand.category is SECRET", "has no ceiling"),
    ("two ceilings", "de.yaml", "demand.category is CONTACTS or SEARCH_URL", "demand.category is IDENT_IP or CONTACTS or SEARCH_URL", "a second ceiling"),
    ("two laws", "us-federal.yaml", "      - issuer.country is not US\n      - provider.subject_to_us_law is yes\n      - instrument.kind is PRESERVATION_REQUEST\n      - instrument.provisions is 18 USC 2703(f)",
     "      - provider.subject_to_us_law is yes\n      - instrument.kind is PRESERVATION_REQUEST", "recognises the same orders"),
    ("contradiction", "us-federal.yaml", "      - instrument.kind is SUBPOENA_CIVIL\n      - issuer.authority_kind", "      - instrument.kind is WARRANT\n      - instrument.kind is SUBPOENA_CIVIL\n      - issuer.authority_kind", "contradict"),
    ("defeat in vain", "us-federal.yaml", "      - common.target.reverse", "      - common.served.group\n      - common.privilege.doctor\n      - us.who.nsl", "never holds with it"),
    ("review before the law", "fr.yaml", "next_review: 2027-02-01", "next_review: 2026-11-21", "next review"),
)


@pytest.mark.parametrize("name,file,old,new,words", FAULTS, ids=[f[0].replace(" ", "-") for f in FAULTS])
def test_check_finds(tmp_path, name, file, old, new, words):
    ran = writ("--packs", planted(tmp_path, file, old, new), command="check")
    assert ran.returncode != 0 and words in ran.stdout and ".yaml:" in ran.stdout, ran


def test_explain():
    ran = writ("us.reach.civil_content", "--packs", PACKS, command="explain")
    assert ran.returncode == 0 and "Suzlon" in ran.stdout and "defeated by  us.reach.civil_public" in ran.stdout, ran
    ran = writ("us.reach.nothing", "--packs", PACKS, command="explain")
    assert ran.returncode == 3 and "no rule" in ran.stderr and ran.stdout == "", ran


def test_a_page_for_a_lawyer(tmp_path):
    facts = tmp_path / "facts.yaml"
    facts.write_text(whole_facts())
    ran = writ(str(facts), "--packs", PACKS)
    for words in ("Order o-1: LAWYER", "d1  SUB_ID of unknown: LAWYER", "PACK-NONE", "this fact matters", "notice"):
        assert words in ran.stdout, ran.stdout
