"""Planted faults: each is made in a copy of the packs, and 'writ law check' must name it with its file and
its line. SPDX-License-Identifier: Apache-2.0"""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import law, tools  # noqa: E402

WRIT = str(tools.program("writ"))
HEAD = """pack:
  id: house
  version: 1
  title: Rules of the house
  kind: {}
  status: draft
  law_as_of: 2026-11-21
  next_review: 2027-02-01
"""
RULE = """
{}:
  - id: house.rule
{}    from: 2020-01-01
    cite: House rules 1
    text: words
    confidence: product
"""


def house(kind, table, lines):
    """A pack of the operator's own, beside the others."""
    return HEAD.format(kind) + RULE.format(table, "".join(f"    {ln}\n" for ln in lines))


def span(text, rule):
    """Begin and end of a rule; of the whole file without one."""
    if not rule:
        return 0, len(text)
    at = text.index(f"  - id: {rule}\n")
    end = re.compile(r"^(  - id: |\S|$)", re.M).search(text, at + 1)
    return at, end.start() if end else len(text)


# name, file, rule (None: anywhere in the file), old, new, what is said, (rule, text[, nth]) of the line named
FAULTS = [
    # ceilings and what holds together
    ("a gap in effective dates", "us-federal.yaml", "us.reach.order_location_before", "until: 2018-06-21", "until: 2018-06-20",
     "has no ceiling", ("us.is.process", "id:")),
    ("an overlap in effective dates", "us-federal.yaml", "us.reach.order_location", "from: 2018-06-22", "from: 2018-06-21",
     "a second ceiling", ("us.reach.order_location", "id:")),
    ("a missing ceiling", "gb.yaml", "gb.reach.connection", "is SEARCH_URL", "is SECRET", "SEARCH_URL by EXEC_AUTHORISATION_NOTICE has no ceiling",
     ("gb.is.notice", "id:")),
    ("two ceilings", "de.yaml", "de.reach.other", "is CONTACTS", "is IDENT_IP or CONTACTS", "IDENT_IP by .*: a second ceiling, de.reach.subscriber",
     ("de.reach.other", "id:")),
    ("a ceiling left out", "br.yaml", "br.reach.secret", "demand.category is SECRET", "demand.category is SUB_ID", "SECRET by .* has no ceiling",
     ("br.is.order", "id:")),
    ("two rules that recognise the same", "us-federal.yaml", "us.is.preservation_foreign", "      - issuer.country is not US\n", "",
     "recognises the same orders", ("us.is.preservation", "id:")),
    ("a contradiction", "us-federal.yaml", "us.who.civil", "    when:\n", "    when:\n      - instrument.kind is WARRANT\n", "contradict each other",
     ("us.who.civil", "id:")),
    ("a rule that is never asked", "fr.yaml", "fr.purpose", "instrument.kind is in FR_REQUISITIONS", "instrument.kind is EPOC",
     "no order that the pack recognises", ("fr.purpose", "id:")),
    ("a rule that is law before its pack recognises anything", "fr.yaml", "fr.purpose", "from: 2022-03-03", "from: 2000-01-01\n    until: 2001-01-01",
     "no order that the pack recognises", ("fr.purpose", "id:")),
    ("a rule that is always defeated", "us-federal.yaml", "us.bound", "    when:\n      - provider.subject_to_us_law is yes\n    give: SUFFICIENT\n",
     "    give: SUFFICIENT\n    defeats:\n      - us.not_bound\n", "us.bound always defeats it", ("us.not_bound", "id:")),
    ("a defeat that never holds", "us-federal.yaml", "us.geofence.warrant", "      - common.target.reverse\n",
     "      - common.target.reverse\n      - us.who.nsl\n", "us.who.nsl, which never holds with it", ("us.geofence.warrant", "id:")),
    ("a defeat of what is not law then", "us-federal.yaml", "us.forbids.content_gb", "    from: 2022-10-03\n",
     "    from: 2022-10-03\n    defeats:\n      - us.forbids.content_gb_before\n", "never law on the same day", ("us.forbids.content_gb", "id:")),
    ("a rule that no test exercises", "fr.yaml", "fr.purpose", "  - id: fr.purpose\n", "  - id: fr.idle\n    when:\n      - instrument.kind is in "
     "FR_REQUISITIONS\n      - demand.category is SYS_LOG\n      - customer.kind is CLERGY\n    give: LAWYER\n    reasons:\n      - LAW-SPLIT\n    from: 2022-03-03\n    cite: CPP 60-1\n"
     "    text: words\n    confidence: background\n  - id: fr.purpose\n", "fr.idle: no test exercises it", (None, "id: fr.idle")),
    # what a rule must say
    ("no citation", "gb.yaml", "gb.cost", "    cite: IPA 2016 s. 249\n", "", "cite is missing", ("gb.cost", "id:")),
    ("an empty citation", "gb.yaml", "gb.cost", "cite: IPA 2016 s. 249", 'cite: ""', "cite is one text", ("gb.cost", "cite:")),
    ("no words", "fr.yaml", "fr.cost", "    text: By tariff.\n", "", "text is missing", ("fr.cost", "id:")),
    ("no id", "fr.yaml", None, "  - id: fr.cost\n    when:", "  - when:", "id is missing", (None, "when:\n      - instrument.kind is in FR_REQUISITIONS\n    cost:")),
    ("no confidence", "gb.yaml", "gb.cost", "    confidence: background\n", "", "confidence is missing", ("gb.cost", "id:")),
    ("an unknown confidence", "gb.yaml", "gb.cost", "confidence: background", "confidence: certain", "confidence is one of", ("gb.cost", "confidence:")),
    ("no beginning", "gb.yaml", "gb.cost", "    from: 2019-02-05\n", "", "from is missing", ("gb.cost", "id:")),
    ("a day that does not exist", "gb.yaml", "gb.cost", "from: 2019-02-05", "from: 2019-02-29", "no day that exists", ("gb.cost", "from:")),
    ("a day in another form", "gb.yaml", "gb.cost", "from: 2019-02-05", "from: 5 Feb 2019", "no day that exists", ("gb.cost", "from:")),
    ("an instant for a day", "gb.yaml", "gb.cost", "from: 2019-02-05", "from: 2019-02-05T00:00:00Z", "no day that exists", ("gb.cost", "from:")),
    ("an end before the beginning", "gb.yaml", "gb.cost", "from: 2019-02-05", "from: 2019-02-05\n    until: 2019-02-04", "ends before it begins",
     ("gb.cost", "until:")),
    ("the same id twice", "gb.yaml", None, "- id: gb.grounds", "- id: gb.purpose", "the rule gb.purpose stands in gb.yaml", (None, "id: gb.purpose", 2)),
    ("the id of another pack's rule", "us-federal.yaml", None, "- id: us.cost", "- id: gb.cost", "gb.cost stands in gb.yaml", (None, "id: gb.cost")),
    ("a key that no rule has", "gb.yaml", "gb.cost", "    cost: CLAIMABLE\n", "    cost: CLAIMABLE\n    hit_policy: FIRST\n", "'hit_policy' is not known here", ("gb.cost", "hit_policy")),
    ("the same key twice", "gb.yaml", "gb.cost", "    cost: CLAIMABLE\n", "    cost: CLAIMABLE\n    cost: CLAIMABLE\n", "the key 'cost' stands here again", ("gb.cost", "cost: CLAIMABLE", 2)),
    ("a list where one text belongs", "gb.yaml", "gb.cost", "cite: IPA 2016 s. 249", "cite:\n      - IPA 2016 s. 249", "cite is one text",
     ("gb.cost", "- IPA")),
    ("one text where a list belongs", "gb.yaml", "gb.purpose", "    reasons:\n      - THR-PURPOSE\n", "    reasons: THR-PURPOSE\n", "reasons is a list",
     ("gb.purpose", "reasons:")),
    # verdicts and what they bring about
    ("a verdict outside the vocabulary", "gb.yaml", "gb.purpose", "give: INSUFFICIENT", "give: PERHAPS", "give: unknown word", ("gb.purpose", "give:")),
    ("a refusal without a reason", "gb.yaml", "gb.purpose", "    reasons:\n      - THR-PURPOSE\n", "", "says the reason", ("gb.purpose", "id:")),
    ("a reason that no letter has words for", "gb.yaml", "gb.purpose", "- THR-PURPOSE", "- THR-MOTIVE", "no reason code that letters have words for",
     ("gb.purpose", "- THR-MOTIVE")),
    ("a reason of the engine's own", "gb.yaml", "gb.purpose", "- THR-PURPOSE", "- FACT-UNKNOWN(purpose.proceeding)", "no reason code",
     ("gb.purpose", "- FACT-UNKNOWN")),
    ("SUFFICIENT where no table asks for it", "gb.yaml", "gb.purpose", "    give: INSUFFICIENT\n", "    give: SUFFICIENT\n", "gives no SUFFICIENT",
     ("gb.purpose", "give:")),
    ("a verdict of a table of effects", "gb.yaml", "gb.cost", "    cost: CLAIMABLE\n", "    give: SUFFICIENT\n", "gives no verdict", ("gb.cost", "give:")),
    ("a recognition without a mode", "gb.yaml", "gb.is.notice", "    mode: COMPELLED\n", "", "says the mode", ("gb.is.notice", "id:")),
    ("an unknown mode", "gb.yaml", "gb.is.notice", "mode: COMPELLED", "mode: FORCED", "mode: unknown word", ("gb.is.notice", "mode:")),
    ("an unknown route", "gb.yaml", "gb.is.notice", "route: DIRECT", "route: POST", "route: unknown word", ("gb.is.notice", "route:")),
    ("an unknown notice", "gb.yaml", "gb.notice.may", "notice: MAY", "notice: WHISPER", "notice: unknown word", ("gb.notice.may", "notice:")),
    ("secrecy until nobody knows when", "gb.yaml", "gb.notice.may", "notice: MAY", "notice: MUST_NOT_UNTIL", "needs notice_until", ("gb.notice.may", "id:")),
    ("nothing to watch", "us-federal.yaml", "us.nsl.band", "- COUNT_1874_BAND", "- THE_SKY", "nothing to watch", ("us.nsl.band", "- THE_SKY")),
    ("a watch without its by", "us-federal.yaml", "us.nsl.band", "- COUNT_1874_BAND", "- COUNT_1874_BAND before order.received_at", "WHAT by PERIOD",
     ("us.nsl.band", "- COUNT_1874_BAND")),
    # sentences
    ("a fact that is none", "fr.yaml", "fr.bound", "provider.established_in is FR", "provider.founded_in is FR", "no fact 'provider.founded_in'",
     ("fr.bound", "- provider")),
    ("a word that the fact has not", "fr.yaml", "fr.purpose", "is CIVIL or", "is CIVILIAN or", "'CIVILIAN' is no word", ("fr.purpose", "- purpose.proceeding")),
    ("a provision that no pack declares", "fr.yaml", "fr.who.flagrance", "is in FR_FLAGRANCE", "is CPP 60-9", "'CPP 60-9' is no word", ("fr.who.flagrance", "- instrument.provisions")),
    ("a set that is not there", "fr.yaml", "fr.who.flagrance", "is in FR_FLAGRANCE", "is in FR_FRAGRANCE", "no set 'FR_FRAGRANCE'", ("fr.who.flagrance", "- instrument.provisions")),
    ("a value twice", "fr.yaml", "fr.purpose", "is CIVIL or", "is CIVIL or CIVIL or", "twice", ("fr.purpose", "- purpose.proceeding")),
    ("no sentence", "fr.yaml", "fr.bound", "provider.established_in is FR", "provider.established_in = FR", "a condition is 'FACT is", ("fr.bound", "- provider")),
    ("a bound of what is no number", "fr.yaml", "fr.purpose", "is CIVIL or", "is at least CIVIL or", "is no number", ("fr.purpose", "- purpose.proceeding")),
    ("two facts that can never be the same", "eu-eevidence.yaml", "eu.addressee", "the same as provider.eu_addressee", "the same as order.received_at",
     "can never be the same", ("eu.addressee", "- instrument.served_on")),
    ("a fact of a line asked for the whole order", "gb.yaml", "gb.notice.may", "    when:\n", "    when:\n      - demand.category is SUB_ID\n",
     "for the whole order", ("gb.notice.may", "- demand")),
    ("a unit that is none", "in.yaml", "in.due.72", "plus 72 hours", "plus 72 moons", "a unit is", ("in.due.72", "due:")),
    ("a period from what is no moment", "in.yaml", "in.due.72", "order.received_at plus", "issuer.country plus", "no day or instant", ("in.due.72", "due:")),
    ("business days without a calendar", "us-california.yaml", "us_ca.warrant.five_days", " on US_FEDERAL", "", "counted on a calendar",
     ("us_ca.warrant.five_days", "due:")),
    ("a calendar that is not there", "us-california.yaml", "us_ca.warrant.five_days", "on US_FEDERAL", "on US_LUNAR", "no calendar 'US_LUNAR'",
     ("us_ca.warrant.five_days", "due:")),
    # defeats
    ("a dangling defeat", "us-federal.yaml", "us.geofence.warrant", "- common.target.reverse", "- common.target.sideways", "which is no other rule",
     ("us.geofence.warrant", "id:")),
    ("a rule that defeats itself", "us-federal.yaml", "us.geofence.warrant", "- common.target.reverse", "- us.geofence.warrant", "which is no other rule",
     ("us.geofence.warrant", "id:")),
    ("a circle of defeats", "us-federal.yaml", "us.reach.civil_content", "    redirect: ASK\n", "    redirect: ASK\n    defeats:\n      - us.reach.civil_public\n",
     "which defeats others itself", ("us.reach.civil_content", "id:")),
    # packs
    ("a table that is none", "gb.yaml", None, "\ncost:\n", "\nfees:\n", "no table 'fees'", (None, "id: gb.cost")),
    ("a hit policy of its own", "gb.yaml", None, "\nceiling:\n", "\nhit: FIRST\nceiling:\n", "no table 'hit'", (None, "hit: FIRST")),
    ("a table that is no list", "in.yaml", None, "\ndeadline:\n", "\ncost: none\ndeadline:\n", "cost is a list of rules", (None, "cost: none")),
    ("a kind of pack that is none", "gb.yaml", None, "kind: law", "kind: custom", "kind: unknown word", (None, "kind: custom")),
    ("a country that is none", "gb.yaml", None, "country: GB", "country: Britain", "two letters", (None, "country: Britain")),
    ("a pack twice", "gb.yaml", None, "  id: gb\n", "  id: fr\n", "the pack fr is fr.yaml already", (None, "id: fr")),
    ("no day of the law", "gb.yaml", None, "  law_as_of: 2026-11-21\n", "", "law_as_of is missing", (None, "id: gb")),
    ("no next review", "gb.yaml", None, "  next_review: 2027-02-01\n", "", "next_review is missing", (None, "id: gb")),
    ("a next review before the law", "fr.yaml", None, "next_review: 2027-02-01", "next_review: 2026-11-21", "next review is not after", (None, "next_review")),
    ("adopted by its own word", "fr.yaml", None, "status: draft", "status: adopted", "adopting a pack is a signed act", (None, "status: adopted")),
    ("reviewed by nobody", "fr.yaml", None, "status: draft", "status: reviewed\n  reviewed_on: 2026-11-22", "reviewer is missing", (None, "id: fr")),
    ("reviewed on no day", "fr.yaml", None, "status: draft", "status: reviewed\n  reviewer: A. Avocat", "reviewed_on is missing", (None, "id: fr")),
    ("reviewed on a day to come", "fr.yaml", None, "status: draft", "status: reviewed\n  reviewer: A. Avocat\n  reviewed_on: 2998-01-01",
     "a day that has not come", (None, "reviewed_on")),
    ("reviewed before its law", "fr.yaml", None, "status: draft", "status: reviewed\n  reviewer: A. Avocat\n  reviewed_on: 2026-11-20",
     "before the day of its law", (None, "reviewed_on")),
    ("a draft that names a reviewer", "fr.yaml", None, "status: draft", "status: draft\n  reviewer: A. Avocat", "a draft has no reviewer", (None, "reviewer:")),
    ("a set in vain", "fr.yaml", None, "\nsets:\n", "\nsets:\n  - id: FR_IDLE\n    of:\n      - SUB_ID\n", "no rule asks for this set", (None, "id: FR_IDLE")),
    ("a set twice", "fr.yaml", None, "- id: FR_FLAGRANCE", "- id: FR_ROGATORY", "declared twice", (None, "id: FR_ROGATORY", 2)),
    ("a calendar in vain", "us-california.yaml", "us_ca.warrant.five_days", "plus 5 business days on US_FEDERAL", "plus 5 days",
     r"calendars.yaml:12: US_FEDERAL: no period counts", None),
    ("a holiday outside its calendar", "calendars.yaml", None, "until: 2027-12-31", "until: 2026-12-30", "of this calendar", (None, "- 2027-01-01")),
    ("a key that no test has", "test/fr.yaml", None, "    of: fr_flagrance\n", "    like: fr_flagrance\n", "'like' is not known here", (None, "like:")),
    ("a test of no such fact", "test/fr.yaml", None, "- instrument.kind is VOLUNTARY_REQUEST", "- instrument.sort is VOLUNTARY_REQUEST", "no such fact",
     (None, "- instrument.sort")),
    # the operator's own, beside the laws
    ("a policy that lets something through", "house.yaml", None, "", house("policy", "ceiling", ["give: SUFFICIENT"]), "can restrict only", ("house.rule", "id:")),
    ("a policy that tells the customer", "house.yaml", None, "", house("policy", "notice", ["notice: MAY"]), "can restrict only", ("house.rule", "id:")),
    ("a policy that ends secrecy", "house.yaml", None, "", house("policy", "secrecy", ["give: INSUFFICIENT", "reasons:", "  - SECR-ABSENT"]),
     "can restrict only", ("house.rule", "id:")),
    ("a policy that claims cost", "house.yaml", None, "", house("policy", "cost", ["cost: CLAIMABLE"]), "can restrict only", ("house.rule", "id:")),
    ("a policy that defeats the law", "house.yaml", None, "", house("policy", "scope", ["defeats:", "  - common.target.bulk"]), "can restrict only", ("house.rule", "id:")),
    ("a policy that recognises", "house.yaml", None, "", house("policy", "recognise", ["give: LAWYER", "reasons:", "  - INST-UNKNOWN"]),
     "only a pack of a law", ("house.rule", "id:")),
]


def plant(base, file, rule, old, new):
    """The packs, those not changed by links, and the text of the changed one."""
    for path in pathlib.Path(law.PACKS).rglob("*.yaml"):
        to = base / path.relative_to(law.PACKS)
        to.parent.mkdir(parents=True, exist_ok=True)
        if str(to.relative_to(base)) != file:
            to.symlink_to(path)
    source = pathlib.Path(law.PACKS, file)
    text = source.read_text() if source.exists() else ""
    begin, end = span(text, rule)
    part = text[begin:end]
    assert old in part, (old, part)
    text = text[:begin] + part.replace(old, new, 1) + text[end:]
    (base / file).write_text(text)
    return text


def line_of(text, at):
    rule, words, nth = (*at, 1)[:3]
    begin, end = span(text, rule)
    found = [m.start() for m in re.finditer(re.escape(words), text[begin:end])]
    assert len(found) >= nth, words
    return text.count("\n", 0, begin + found[nth - 1]) + 1


def check(base):
    return subprocess.run([WRIT, "law", "check", "--packs", str(base)], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name,file,rule,old,new,says,at", FAULTS, ids=[f[0].replace(" ", "-") for f in FAULTS])
def test_check_finds(tmp_path, name, file, rule, old, new, says, at):
    text = plant(tmp_path, file, rule, old, new)
    ran = check(tmp_path)
    said = [ln for ln in (ran.stdout + ran.stderr).splitlines() if re.search(says, ln)]
    assert ran.returncode == 1 and said, ran
    where = f"{os.path.basename(file)}:{line_of(text, at)}: " if at else says
    assert any(where in ln for ln in said), (where, said)


def test_the_list_is_long_and_the_packs_have_none_of_it(tmp_path):
    assert len(FAULTS) >= 25 and len({f[0] for f in FAULTS}) == len(FAULTS)
    plant(tmp_path, "house.yaml", None, "", house("policy", "scope", ["when:", "  - customer.kind is SOLE_TRADER", "redirect: ASK"]))
    ran = check(tmp_path)
    assert "house.rule: no test exercises it" in ran.stdout and len(ran.stdout.splitlines()) == 1, ran
    (tmp_path / "house.yaml").unlink()
    ran = check(tmp_path)
    assert ran.returncode == 0 and ran.stdout == "", ran
