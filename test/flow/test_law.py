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
    assert ran.returncode != 0 and ran.stdout == "" and "a.yaml:5: status is draft or reviewed" in ran.stderr, ran
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


def test_diff_names_what_a_new_pack_decides_in_another_way(tmp_path):
    same = writ(PACKS, PACKS, "--json", command="diff")
    assert same.returncode == 0 and json.loads(same.stdout)["changes"] == [] and json.loads(same.stdout)["compared"] > 10, same
    other = planted(tmp_path, "us-federal.yaml", "      - SUB_PAY\n", "")
    ran = writ(PACKS, other, command="diff")
    assert ran.returncode == 0, ran
    facts = tmp_path / "facts"
    facts.mkdir()
    (facts / "a.yaml").write_text(whole_facts())
    changed = planted(tmp_path / "second", "common.yaml", "issuer.contact_check is NONE or DOMAIN_ONLY", "issuer.country is NO")
    ran = writ(PACKS, changed, "--orders", str(facts), command="diff")
    assert ran.returncode == 0 and "a.yaml: d1: LAWYER" in ran.stdout and "-> INSUFFICIENT" in ran.stdout, ran
    assert "AUTH-UNVERIFIED" in ran.stdout, ran


def test_diff_refuses(tmp_path):
    (tmp_path / "empty").mkdir()
    for words, status in (((PACKS,), 2), ((PACKS, str(tmp_path / "nowhere")), 3), ((PACKS, str(tmp_path / "empty")), 3),
                          ((PACKS, PACKS, "--orders", str(tmp_path / "empty")), 3)):
        ran = writ(*words, command="diff")
        assert ran.returncode == status and ran.stdout == "", (words, ran)
    (tmp_path / "empty" / "a.yaml").write_text("facts_version: 1\n")
    ran = writ(PACKS, PACKS, "--orders", str(tmp_path / "empty"), command="diff")
    assert ran.returncode != 0 and "a.yaml" in ran.stderr and ran.stdout == "", ran


def test_render_shows_every_rule_and_escapes_it(tmp_path):
    packs = planted(tmp_path, "fr.yaml", "  title: ", "  title: <script>alert(1)</script> & \"x\" ")
    out = tmp_path / "html"
    out.mkdir()
    ran = writ("--packs", packs, "--out", str(out), command="render")
    assert ran.returncode == 0 and str(out / "fr.html") in ran.stdout.splitlines(), ran
    text = (out / "fr.html").read_text()
    assert "<script" not in text and "&lt;script&gt;alert(1)&lt;/script&gt; &amp; " in text
    source = open(os.path.join(packs, "fr.yaml")).read()
    ids = [ln.split("id: ")[1] for ln in source.splitlines() if ln.startswith("  - id: ") and "." in ln]
    assert len(ids) > 10 and all(f"<td>{i}</td>" in text for i in ids)
    assert text.count("Source") > 5 and "Signature" in text and text.rstrip().endswith("</html>")
    assert {p.stem for p in out.glob("*.html")} >= {"fr", "gb", "us-federal", "common"}


def test_render_writes_no_file_outside(tmp_path):
    packs = planted(tmp_path, "fr.yaml", "  id: fr\n", "  id: ../fr\n")
    (tmp_path / "html").mkdir()
    ran = writ("--packs", packs, "--out", str(tmp_path / "html"), command="render")
    assert ran.returncode != 0 and "no name of a file" in ran.stderr and not (tmp_path / "fr.html").exists(), ran
    ran = writ("--packs", PACKS, "--out", str(tmp_path / "nowhere"), command="render")
    assert ran.returncode != 0 and ran.stdout == "", ran
