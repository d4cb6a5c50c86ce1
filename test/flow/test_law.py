"""writ law judge: the acceptance orders without their long properties, and what it refuses.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

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
    (packs / "a b.yaml").write_text("pack:\n")     # is not passed over in silence
    ran = writ("--packs", str(packs), str(facts))
    assert ran.returncode == 1 and "a b.yaml: the name of a rule pack holds no space" in ran.stderr, ran
    ran = writ("--packs", str(facts), str(facts))
    assert ran.returncode == 3 and "Not a directory" in ran.stderr, ran


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


def few(tmp_path, *change):
    """Three packs are enough, and quicker to draw."""
    packs = tmp_path / "few"
    packs.mkdir()
    for name in ("calendars.yaml", "common.yaml", "us-federal.yaml"):
        text = open(os.path.join(PACKS, name)).read()
        assert name != "us-federal.yaml" or not change or change[0] in text
        (packs / name).write_text(text.replace(*change, 1) if change else text)
    return packs


def test_render_as_pages_to_sign(tmp_path):
    if not shutil.which("pdftotext"):
        pytest.skip("poppler-utils is not here: tools/install-deps test")
    packs = few(tmp_path)
    (tmp_path / "out").mkdir()
    ran = writ("--packs", str(packs), "--out", str(tmp_path / "out"), "--pdf", command="render")
    assert ran.returncode == 0 and str(tmp_path / "out" / "us-federal.pdf") in ran.stdout.splitlines(), ran
    read = subprocess.run(["pdftotext", "-layout", tmp_path / "out" / "us-federal.pdf", "-"], capture_output=True, text=True).stdout
    pages = read.split("\f")[:-1]
    doc = yaml.safe_load((packs / "us-federal.yaml").read_text())
    rules = [rule for table in doc.values() if isinstance(table, list) for rule in table if "cite" in rule and "give" in rule]
    assert len(rules) > 50 and len(pages) > 10
    # Label and value stand on one line of one page, whatever page that is.
    shown = [ln.split()[1] for ln in read.splitlines() if re.match(r" *Rule  ", ln)]
    assert len(shown) == len(set(shown)) and {r["id"] for r in rules} <= set(shown)
    flat = re.sub(r"\s+", "", re.sub(r"(?m)^ *(Rule pack us-federal|SHA-256 \w+|United States, federal law$).*$", "", read))
    for rule in rules:
        assert re.sub(r"\s+", "", "Source" + rule["cite"]) in flat and re.sub(r"\s+", "", rule["text"]) in flat, rule["id"]
    sha, = set(re.findall(r"[0-9a-f]{64}", read))
    assert all(f"SHA-256 {sha}" in page for page in pages) and sha in (tmp_path / "out" / "us-federal.html").read_text()
    assert [w in pages[-1] for w in ("Rules excepted", "Name", "Bar number", "Place, date", "Signature")] == [True] * 5
    again = tmp_path / "again"
    again.mkdir()
    assert writ("--packs", str(packs), "--out", str(again), "--pdf", command="render").returncode == 0
    assert (again / "us-federal.pdf").read_bytes() == (tmp_path / "out" / "us-federal.pdf").read_bytes()


def test_render_draws_text_as_text(tmp_path):
    packs = few(tmp_path, "  title: United States, federal law", '  title: "{{x}} %s   <b>y</b> ) Tj /JS (alert)"')
    (tmp_path / "out").mkdir()
    ran = writ("--packs", str(packs), "--out", str(tmp_path / "out"), "--pdf", command="render")
    assert ran.returncode == 0, ran
    assert not re.search(rb"/(JS|JavaScript|URI|Launch|OpenAction|AA|EmbeddedFile)\b", (tmp_path / "out" / "us-federal.pdf").read_bytes())


def test_render_without_pdf_draws_none(tmp_path):
    packs, out = few(tmp_path), tmp_path / "out"
    out.mkdir()
    assert writ("--packs", str(packs), "--out", str(out), command="render").returncode == 0
    assert sorted(p.name for p in out.iterdir()) == ["calendars.html", "common.html", "us-federal.html"]
    ran = writ("--packs", str(packs), "--out", str(out), "--pdf", "x", command="render")
    assert ran.returncode == 2 and "too many arguments" in ran.stderr, ran
    (out / "calendars.pdf").mkdir()
    ran = writ("--packs", str(packs), "--out", str(out), "--pdf", command="render")
    assert ran.returncode != 0 and "calendars.pdf" in ran.stderr, ran


def test_render_writes_no_file_outside(tmp_path):
    packs = planted(tmp_path, "fr.yaml", "  id: fr\n", "  id: ../fr\n")
    (tmp_path / "html").mkdir()
    ran = writ("--packs", packs, "--out", str(tmp_path / "html"), command="render")
    assert ran.returncode != 0 and "no name of a file" in ran.stderr and not (tmp_path / "fr.html").exists(), ran
    ran = writ("--packs", PACKS, "--out", str(tmp_path / "nowhere"), command="render")
    assert ran.returncode != 0 and ran.stdout == "", ran
