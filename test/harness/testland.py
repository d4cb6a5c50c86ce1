"""The law of an invented country: so that no change of a real one changes the lives of test orders. It answers content with
SUFFICIENT, anything else with INSUFFICIENT (CAT-EXCEEDS).
SPDX-License-Identifier: Apache-2.0
"""
HEAD = """pack:
  id: testland
  version: 1
  title: Testland
  kind: law
  country: FR
  status: draft
  law_as_of: 2026-01-01
  next_review: 2036-01-01

words:
  - field: instrument.provisions
    of:
      - CPP 99-4
"""
END = """    from: 2000-01-01
    cite: Code of Testland, art. {}
    text: What the article says.
    confidence: statute
"""
RULES = (
    ("authenticity", "unverified", ["issuer.contact_check is NONE or DOMAIN_ONLY"], "INSUFFICIENT", ["AUTH-UNVERIFIED"], ""),
    ("authenticity", "signs", ["issuer.impersonation_signs is not NONE"], "INSUFFICIENT", ["AUTH-IMPERSONATION-SIGNS"], ""),
    ("recognise", "order", ["issuer.country is FR", "instrument.kind is COURT_PRODUCTION_ORDER"], "SUFFICIENT", [],
     "    mode: COMPELLED\n    route: DIRECT\n"),
    ("competence", "judge", ["issuer.authority_kind is JUDGE_COURT"], "SUFFICIENT", [], ""),
    ("ceiling", "content", ["demand.category is CONTENT_COMM"], "SUFFICIENT", [], ""),
    ("ceiling", "rest", ["demand.category is not CONTENT_COMM"], "INSUFFICIENT", ["CAT-EXCEEDS"], ""),
    ("territory", "here", ["provider.established_in is FR"], "SUFFICIENT", [], ""),
    ("conflict", "other", ["data.foreign_law_conflict is SHOWN"], "LAWYER", ["TERR-CONFLICT"], ""),
    ("scope", "business", ["customer.kind is ENTERPRISE_TENANT"], "LAWYER", ["BIZ-REDIRECT"], "    redirect: REQUIRE\n"),
    ("scope", "lawyer", ["customer.kind is LAW_FIRM", "demand.category is CONTENT_COMM"], "LAWYER", ["PRIV-LEGAL"], ""),
    ("deadline", "ten_days", ["instrument.kind is COURT_PRODUCTION_ORDER"], "", [], "    due: order.received_at plus 10 days\n"),
)


def pack(rules=RULES, version="1"):
    text, table = HEAD.replace("version: 1", f"version: {version}"), None
    for number, (where, name, when, give, reasons, more) in enumerate(rules):
        text += f"\n{where}:\n" if where != table else ""
        table = where
        text += f"  - id: testland.{name}\n    when:\n" + "".join(f"      - {w}\n" for w in when)
        text += f"    give: {give}\n" if give else ""
        text += "    reasons:\n" + "".join(f"      - {r}\n" for r in reasons) if reasons else ""
        text += more + END.format(number)
    return text


PROFILE = """provider_version: 1
name: EX
legal_entity: Example Mail SAS
established_in:
  - FR
"""


def put(home):
    """Into the home, before anybody judges."""
    (home.dir / "law").mkdir()
    (home.dir / "law" / "testland.yaml").write_text(pack())
    (home.dir / "provider.yaml").write_text(PROFILE)
    return home
