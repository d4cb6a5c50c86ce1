"""What an authority is told of a judgement: for each reason its words, the source of the rule, what would cure
it; the lines; the dates; the form of Annex III. The law is an invented country's, with a rule for each reason.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.testland import HEAD  # noqa: E402
from harness.life import demand  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)

ROWS = re.findall(r'^X\("([^"]+)", "([^"]+)",\s+"([^"]+)"\)', (tools.ROOT / "src/law/reason.def").read_text(), re.M)
WORDS = {code: words for code, words, _ in ROWS}
CURES = {code: cure for code, _, cure in ROWS}
CODES = list(WORDS)
OURS = [c for c in CODES if c.startswith("PACK-")]
TOLD = [c for c in CODES if c not in OURS]
CONFLICTS = ["TERR-CONFLICT", "TERR-BLOCKING-LAW"]
PROFILE = """provider_version: 1
name: EX
legal_entity: Example Mail SAS
established_in:
  - FR
eu_addressee_in: IE
eu_addressee: Example Mail Ireland Ltd
"""
CHECKED = ("--by", "callback", "--over", "+33100000000", "--found", "ministry directory", "--sign", "NONE",
           "--fact", "customer.kind=CONSUMER")
BASE = [("recognise", "order", ["issuer.country is FR"], "give: SUFFICIENT\nmode: COMPELLED\nroute: DIRECT"),
        ("competence", "judge", ["issuer.authority_kind is JUDGE_COURT"], "give: SUFFICIENT"),
        ("ceiling", "all", ["issuer.country is FR"], "give: SUFFICIENT"),
        ("territory", "here", ["issuer.country is FR"], "give: SUFFICIENT")]
TABLES = ("recognise", "competence", "ceiling", "particulars", "territory", "conflict", "secrecy", "notice", "deadline")


def cite(n):
    return f"Code of Testland, art. {n} par. 2; Umlautgesetz, § {n}"


def text(n):
    return f"Sentence {n} of that law says so, äöüß."


def cure(n):
    """Every second rule says itself what would cure it."""
    return f"Send the paper of number {n}." if n % 2 else None


def rule(table, name, when, brings, n=0, own_cite=None, own_cure=None):
    lines = [f"  - id: testland.{name}", "    when:", *(f"      - {w}" for w in when)]
    lines += ["    " + line for line in brings.splitlines()]
    lines += ["    from: 2000-01-01", f"    cite: {own_cite or cite(n)}", f"    text: {text(n)}", "    confidence: statute"]
    lines += [f"    cure: {own_cure}"] if own_cure else []
    return table, "\n".join(lines) + "\n"


def reason_rules(codes, give="INSUFFICIENT", when=("demand.category is MSG_META",)):
    return [rule("particulars", f"r{CODES.index(code):02d}", when, f"give: {give}\nreasons:\n  - {code}", CODES.index(code),
                 own_cure=cure(CODES.index(code))) for code in codes]


def pack(rules):
    rules = [rule(*r) for r in BASE] + list(rules)
    return HEAD + "".join(f"\n{table}:\n" + "".join(body for where, body in rules if where == table)
                          for table in TABLES if any(where == table for where, _ in rules))


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


def home_of(town, rules, demands=None, change=None, more=()):
    """A home with one order that these rules have judged."""
    home = town.home()
    (home.dir / "law").mkdir()
    (home.dir / "law" / "testland.yaml").write_text(pack(rules))
    (home.dir / "provider.yaml").write_text(PROFILE)
    home.ok("law", "adopt", "testland", key="ana", as_="Ana")
    home.submit(demands or [demand(category="MSG_META")], change=change or no_secrecy)
    home.ok("authenticate", home.ref, *CHECKED, *more, as_="Ana")
    home.judged = home.json("judge", home.ref, as_="Ben")["decision"]
    return home


def no_secrecy(tree):
    tree["facts"]["secrecy"] = {"kind": "NONE"}


def epoc(tree):
    no_secrecy(tree)
    tree["facts"]["instrument"]["kind"] = "EPOC"


def letter(home, name):
    return home.ok("letter", home.ref, name) + "\n"


def names(home):
    return [a["body"]["template"] for a in home.acts("lettered")]


def blocks(read):
    """Code -> its words, law and cure, as the letter has them: the lines of an item put together again."""
    found, last = {}, None
    for line in read.split("\n\n"):
        for row in line.split("\n"):
            head = re.match(r"  (\d+)\. ([A-Z0-9-]+(?:\([\w.]+\))?): (.*)", row)
            if head:
                last = found[head[2]] = [head[3]]
            elif last is not None and re.match(r" {5}\S", row):
                last.append(row.strip())
            elif last is not None and re.match(r" {7}", row):
                last[-1] += " " + row.strip()
            else:
                last = None
    return found


def check(read, codes, doubt=False):
    got = blocks(read)
    assert set(got) == set(codes), set(codes) ^ set(got)
    for code in codes:
        n = CODES.index(code)
        law = f"Law: {cite(n)}." + ("" if doubt else f" {text(n)}")
        assert got[code] == [WORDS[code] + ".", law, "What would cure it: " + (cure(n) or CURES[code] + ".")], code
    return got


# ---- every reason in every letter ----

@pytest.mark.parametrize("decision, name, codes, give", [
    ("refuse", "refusal", TOLD, "INSUFFICIENT"), ("ask", "clarification", [c for c in TOLD if c not in CONFLICTS], "LAWYER"),
    ("ask", "objection", TOLD, "INSUFFICIENT"), ("redirect", "redirect", ["BIZ-REDIRECT", "BIZ-PROCESSOR"], "LAWYER")])
def test_every_reason_has_its_law_and_its_cure(town, decision, name, codes, give):
    home = home_of(town, reason_rules(codes + [c for c in OURS if c != "PACK-NONE"], give))
    home.decide(decision)
    assert names(home)[-1] == name and "annex3" not in names(home)
    read = letter(home, name)
    check(read, codes, give == "LAWYER")
    assert not [c for c in OURS if c in read], "the state of our packs is no business of others"
    assert max(map(len, read.splitlines())) <= 125
    home.sound()


def test_the_same_in_the_pdf(town):
    if not shutil.which("pdftotext"):
        pytest.skip("poppler-utils is not here: tools/install-deps test")
    home = home_of(town, reason_rules(TOLD))
    home.decide("refuse")
    home.ok("letter", home.ref, "refusal", "--pdf", home.base / "r.pdf")
    read = subprocess.run(["pdftotext", "-raw", home.base / "r.pdf", "-"], capture_output=True, check=True).stdout.decode()
    flat = re.sub(r"\s+", "", re.sub(r"\fExample Mail SAS\n|[^\n]*, refusal Page \d+ of \d+\n|SHA-256 of the text: .*\n", "", read))
    for code, parts in blocks(letter(home, "refusal")).items():
        for part in parts:
            assert re.sub(r"\s+", "", part) in flat, (code, part)


def test_narrowed_line_by_line(town):
    codes = ["CAT-EXCEEDS", "THR-PENALTY", "PART-BULK"]
    rules = reason_rules(codes[:2]) + reason_rules(codes[2:], when=("demand.category is SUB_ID",))
    home = home_of(town, rules, [demand(), demand(category="MSG_META"), demand("bob@mail.example", category="SUB_ID", span="CURRENT")])
    home.decide("narrow")
    read = letter(home, "narrowing")
    got = blocks(read)
    assert list(got) == codes
    assert got["CAT-EXCEEDS"][1] == "It concerns line d2 (alice@mail.example: sender, recipients, dates, sizes and routes of messages)."
    assert got["PART-BULK"][1] == "It concerns line d3 (bob@mail.example: name, address and other particulars of the customer)."
    flat = " ".join(read.split())
    assert "d1: answered: messages as stored of alice@mail.example" in flat and "answered in part" not in flat
    assert "d2: not answered (reasons 1 and 2): alice@mail.example" in flat and "d3: not answered (reason 3): bob@mail" in flat
    home.sound()


def test_narrowed_by_counsel(town):
    home = home_of(town, reason_rules(["PART-OVERBROAD"]), [demand()])
    home.ok("scope", home.ref, "--edit", home.base / "edit.yaml", as_="Ana")
    edited = (home.base / "edit.yaml").read_text()
    assert edited.count("2026-11-01") and edited.count("2026-11-14")
    (home.base / "edit.yaml").write_text(edited.replace("2026-11-01", "2026-11-03").replace("2026-11-14", "2026-11-05"))
    home.decide("narrow", "--scope", home.base / "edit.yaml", "--reason", "PART-OVERBROAD")
    flat = " ".join(letter(home, "narrowing").split())
    assert "d1: answered in part: messages as stored" in flat and "from 2026-11-03 = " in flat
    assert "The order asks for messages as stored" in flat and "from 2026-11-01 = " in flat


def test_two_lines_and_every_line(town):
    rules = reason_rules(["CAT-EXCEEDS"], when=("issuer.country is FR",)) + reason_rules(["PART-BULK"])
    home = home_of(town, rules, [demand(), demand("b@mail.example", category="MSG_META"), demand("c@mail.example", category="MSG_META")])
    home.decide("refuse")
    got = blocks(letter(home, "refusal"))
    assert got["CAT-EXCEEDS"][1] == "It concerns every line of the order."
    assert re.fullmatch(r"It concerns lines d2 \(b@mail\.example: .*\) and d3 \(c@mail\.example: .*\)\.", got["PART-BULK"][1])


def test_an_order_as_long_as_an_order_can_be(town):
    """Two hundred lines of the longest targets, all but one with a dozen reasons."""
    codes = TOLD[:11] + CONFLICTS[:1]
    rules = reason_rules(codes[1:]) + reason_rules(codes[:1], when=("issuer.country is FR",))
    lines = [demand(f"{n:03d}" + "x" * 380, category="MSG_META") for n in range(199)] + [demand("y" * 380)]
    home = home_of(town, rules, lines, change=epoc)
    home.decide("ask")
    got = blocks(letter(home, "objection"))
    assert set(got) == set(codes) and got[codes[0]][1] == "It concerns every line of the order."
    assert got[codes[1]][1] == "It concerns lines " + ", ".join(f"d{n}" for n in range(1, 199)) + " and d199."
    assert letter(home, "annex3").count("     As for d1.") == 198


def test_a_rule_with_two_reasons_is_told_once(town):
    rules = [rule("territory", "abroad", ["issuer.country is FR"],
                  "give: INSUFFICIENT\nreasons:\n  - TERR-DATA-ABROAD\n  - ROUTE-MLAT", 7, own_cure=cure(7))]
    home = home_of(town, rules)
    home.decide("refuse")
    got = blocks(letter(home, "refusal"))
    first, second = got
    assert got[first][1:] == [f"Law: {cite(7)}. {text(7)}", "What would cure it: " + cure(7)]
    assert got[second] == [WORDS[second] + ".", "Law and cure: as under 1."]


# ---- dates and secrecy ----

WATCHED = {"OBJECTION_ART17": "A reasoned objection under Regulation (EU) 2023/1543, art. 17, can be made until the end of {}.",
           "MOTION_2703H": "A motion to modify or quash under 18 USC 2703(h) can be made until the end of {}.",
           "OBJECTION": "An objection can be made until the end of {}.",
           "VALIDATION_EX_POST": "The validation that follows an emergency is due by the end of {}."}


def dated(n, brings):
    return rule("deadline", f"dated{n}", ["issuer.country is FR"], brings, n)


def test_the_dates(town):
    rules = reason_rules(["TERR-CONFLICT"], "LAWYER")
    rules += [dated(1, "due: instrument.issued_on plus 10 days"), dated(2, "hold: instrument.issued_on plus 11 days"),
              dated(3, "preserve: instrument.issued_on plus 60 days")]
    rules += [dated(10 + n, f"watch:\n  - {what} by instrument.issued_on plus {20 + n} days") for n, what in enumerate(WATCHED)]
    rules += [dated(30, "watch:\n  - SECURITY_ALERT\n  - COUNT_1874_BAND")]
    rules += [rule("secrecy", "binds", ["secrecy.kind is COURT_ORDER_DATED"], "give: SUFFICIENT"),
              rule("notice", "gag", ["secrecy.kind is COURT_ORDER_DATED"], "notice: MUST_NOT_UNTIL\nnotice_until: secrecy.until")]

    def change(tree):
        tree["facts"]["secrecy"] = {"kind": "COURT_ORDER_DATED", "until": "2027-03-02"}
    home = home_of(town, rules, change=change)
    home.decide("ask")
    read = letter(home, "objection")
    assert "We object to this order" in read
    dates = [" ".join(x.split()) for x in re.split(r"\n  (?=\S)", read[read.index("\nDates\n"):read.index("Please tell us")])[1:]]
    day = {n: f"{n} December 2026" for n in range(1, 31)}
    assert dates[:4] == ["The answer to the order is due by the end of 30 November 2026.",
                         "Nothing may be handed over before the end of 1 December 2026.",
                         "The data are to be preserved until the end of 19 January 2027.",
                         "The secrecy of the order lasts until the end of 2 March 2027."]
    assert sorted(dates[4:]) == sorted(w.format(day[10 + n]) for n, w in enumerate(WATCHED.values()))
    assert "1874" not in read and "ALERT" not in read


def test_an_instant(town):
    home = home_of(town, reason_rules(["PART-BULK"]) + [dated(1, "due: order.received_at plus 8 hours")])
    home.decide("refuse")
    assert re.search(r"due by \d{1,2} \w+ 20\d\d, \d\d:\d\d UTC\.", letter(home, "refusal"))


def secret(kind):
    def change(tree):
        tree["facts"]["secrecy"] = {"kind": kind}
    return change


SECRECY = [rule("secrecy", "absent", ["secrecy.kind is REQUESTED_ONLY"], "give: INSUFFICIENT\nreasons:\n  - SECR-ABSENT", 3),
           rule("secrecy", "endless", ["secrecy.kind is COURT_ORDER_INDEFINITE"], "give: LAWYER\nreasons:\n  - SECR-INDEFINITE", 4)]


@pytest.mark.parametrize("kind, decision, name, told", [
    ("REQUESTED_ONLY", "refuse", "refusal", "SECR-ABSENT"), ("REQUESTED_ONLY", "ask", "clarification", "SECR-ABSENT"),
    ("COURT_ORDER_INDEFINITE", "ask", "clarification", "SECR-INDEFINITE"), ("COURT_ORDER_INDEFINITE", "refuse", "refusal", None)])
def test_the_secrecy_apart(town, kind, decision, name, told):
    home = home_of(town, reason_rules(["PART-BULK"]) + SECRECY, change=secret(kind))
    home.decide(decision)
    read = letter(home, name)
    assert ("The secrecy that the order asks for" in read) == bool(told) and ("SECR-" in read) == bool(told)
    if told:
        assert blocks(read)[told][-1] == f"What would cure it: {CURES[told]}." and blocks(read)[told][1].startswith("Law: Code of")


def test_counsel_names_the_secrecy(town):
    """Nothing else is wrong, and the reason has its law all the same."""
    home = home_of(town, SECRECY, change=secret("COURT_ORDER_INDEFINITE"))
    home.decide("ask", "--reason", "SECR-INDEFINITE")
    read = letter(home, "clarification")
    assert list(blocks(read)) == ["SECR-INDEFINITE"] and "The secrecy that" not in read
    assert blocks(read)["SECR-INDEFINITE"][1:] == [f"Law: {cite(4)}.", f"What would cure it: {CURES['SECR-INDEFINITE']}."]


# ---- what is not told, and what is not changed ----

def test_without_a_judgement_the_words_alone(town):
    home = town.home("authenticated")
    home.decide("refuse", "--reason", "TERR-CONFLICT", "--reason", "FACT-UNKNOWN(demand.range)")
    read = letter(home, "refusal")
    assert list(blocks(read).values()) == [[WORDS["TERR-CONFLICT"] + "."],
                                           ["a fact that matters is not stated: first and last day, or that no limit in time is meant."]]
    assert "Law:" not in read and "cure it:" not in read and "Dates" not in read


def test_a_reason_of_counsels_own_has_words_and_cure_and_no_law(town):
    home = home_of(town, reason_rules(["PART-BULK"]))
    home.decide("refuse", "--reason", "PRIV-PRESS", "--reason", "PACK-STALE")
    assert blocks(letter(home, "refusal")) == {
        "PRIV-PRESS": [WORDS["PRIV-PRESS"] + ".", f"What would cure it: {CURES['PRIV-PRESS']}."],
        "PACK-STALE": [WORDS["PACK-STALE"] + ".", f"What would cure it: {CURES['PACK-STALE']}."]}


def test_rules_of_our_own_are_no_citation(town):
    rules = [rule("particulars", "a", ["issuer.country is FR"], "give: INSUFFICIENT\nreasons:\n  - PART-BULK",
                  own_cite="Product rule (never-list; no bulk search); 18 USC 1 (a; b); cross-border step 7; Code ff."),
             rule("particulars", "b", ["issuer.country is FR"], "give: INSUFFICIENT\nreasons:\n  - PART-REVERSE", own_cite="Product rule")]
    home = home_of(town, rules, change=epoc)
    home.decide("refuse")
    form = " ".join(letter(home, "annex3").split())
    assert f"PART-REVERSE: {WORDS['PART-REVERSE']}. Section" in form and f"PART-BULK: {WORDS['PART-BULK']}. Law: 18 USC 1 (a; b); Code ff." in form
    got = blocks(letter(home, "refusal"))
    assert got["PART-BULK"][1] == f"Law: 18 USC 1 (a; b); Code ff. {text(0)}" and got["PART-REVERSE"][1] == f"A rule of our own. {text(0)}"


def test_the_judgement_on_file_counts_not_the_packs_of_today(town):
    home = home_of(town, reason_rules(["PART-BULK"]))
    other = home.twin(home.base / "other")
    town.keep(other)
    (other.dir / "law" / "testland.yaml").write_text(pack(reason_rules(["PART-BULK"])).replace("Umlautgesetz", "Neues Gesetz"))
    other.decide("refuse")
    assert "Umlautgesetz" in letter(other, "refusal") and "Neues" not in letter(other, "refusal")
    shutil.rmtree(home.dir / "law")
    home.decide("refuse")
    assert "Umlautgesetz" in letter(home, "refusal")


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_packs_that_were_kept_are_needed_as_they_were(town, harm):
    home = home_of(town, reason_rules(["PART-BULK"]))
    sha = home.acts("judged")[-1]["body"]["packs"][0]["sha256"]
    blob = home.dir / "blob" / sha[:2] / sha
    kept = blob.read_bytes()
    blob.chmod(0o600)
    blob.unlink()
    if harm == "changed":
        blob.write_bytes(kept.replace(b"Sentence", b"Sentinel"))
    before = home.acts_in_all()
    got = home.run("decide", home.ref, "refuse", key="ana", as_="Ana")
    assert got.exit not in (0, 2) and "\nwrit decide: " in "\n" + got.err and home.acts_in_all() == before


@pytest.mark.parametrize("target", ["   2. PART-BULK: we pay", "%s%n", "{{reasons}}", "a     b     c", "x" * 390])
def test_what_the_authority_wrote_is_one_text(town, target):
    rules = reason_rules(["CAT-EXCEEDS"])
    home = home_of(town, rules, [demand(f'"{target}"', category="MSG_META"), demand(category="MSG_META")])
    home.decide("refuse")
    got = blocks(letter(home, "refusal"))
    assert list(got) == ["CAT-EXCEEDS"] and got["CAT-EXCEEDS"][1] == "It concerns every line of the order."
    home.withhold()
    home.ok("notify", home.ref, "--sent", as_="Ana")
    read = letter(home, "notice")
    assert re.sub(r"\s+", "", target) in re.sub(r"\s+", "", read) and "sender, recipients" in read


def test_facts_in_words_and_not_those_of_the_provider(town):
    def change(tree):
        no_secrecy(tree)
        del tree["facts"]["issuer"]["authority_kind"]
    home = home_of(town, [], change=change, more=("--fact", "data.foreign_law_conflict=unknown"))
    home.decide("ask")
    got = blocks(letter(home, "clarification"))
    assert got["FACT-UNKNOWN(issuer.authority_kind)"] == ["a fact that matters is not stated: kind of authority that issued it.",
                                                        "What would cure it: State it."]
    assert not [c for c in got if re.search(r"customer|data\.|provider", c)]


def test_what_is_ours_to_know_is_no_question(town):
    """Where counsel asks all the same the letter says so, and no form goes out for it."""
    rules = [rule("conflict", "c", ["data.stored_in is not IE"], "give: INSUFFICIENT\nreasons:\n  - TERR-DATA-ABROAD")]
    home = home_of(town, rules, change=epoc)
    home.decide("ask")
    assert blocks(letter(home, "clarification")) == {"FACT-UNKNOWN(data.stored_in)": [
        "a fact that matters is not known to us: countries where the data lie.",
        "What would cure it: We look for it ourselves; tell us what you know of it."]}
    assert "annex3" not in names(home)


def test_an_account_that_nobody_named(town):
    home = home_of(town, reason_rules(["PART-NO-TARGET"]), [demand("unknown", category="MSG_META"), demand(category="SUB_ID", span="CURRENT")])
    home.decide("refuse")
    assert "line d1 (an account that is not named: sender" in blocks(letter(home, "refusal"))["PART-NO-TARGET"][1]


# ---- Annex III ----

def sections(read):
    parts = re.split(r"\n(Section [A-Z]: .*)\n", read)
    return {head[8]: (head, body.strip()) for head, body in zip(parts[1::2], parts[2::2])}


def test_the_form_of_annex_iii(town):
    codes = ["INST-UNSIGNED", "THR-PENALTY", "PRIV-PRESS", "PART-NO-TARGET", "TERR-CONFLICT", "RT-OUT-OF-SCOPE", "LAW-SPLIT"]
    rules = reason_rules(codes, "LAWYER") + [dated(1, "watch:\n  - OBJECTION_ART17 by instrument.issued_on plus 10 days"),
                                   dated(2, "preserve: instrument.issued_on plus 60 days")]
    home = home_of(town, rules, [demand(category="MSG_META"), demand("bob@mail.example", category="MSG_META")], change=epoc)
    home.decide("ask")
    assert names(home)[-2:] == ["annex3", "objection"]
    read = letter(home, "annex3")
    got = sections(read)
    assert list(got) == list("DEFGH") and all(body for _, body in got.values())
    assert "European Production Order Certificate (EPOC)" in read and "Issued             20 November 2026" in read
    d = " ".join(got["D"][1].split())
    for line in ("d1: alice@mail.example: sender", "d2: bob@mail.example: sender"):
        assert line in d
    for code, ground in zip(codes, ("Incomplete", "Manifest error", "Immunity or privilege, or freedom of the press",
                                    "Not enough information", "Conflicting obligation", "Impossible in fact", "Other reason")):
        assert d.count(f"{ground}. {code}: {WORDS[code]}. Law: {cite(CODES.index(code))}.") == 1, code
    assert d.endswith("d2: bob@mail.example: sender, recipients, dates, sizes and routes of messages As for d1.")
    e = " ".join(got["E"][1].split())
    assert f"TERR-CONFLICT: {WORDS['TERR-CONFLICT']}. Law: {cite(CODES.index('TERR-CONFLICT'))}." in e and "until 30 November 2026" in e and "THR-PENALTY" not in e
    f = " ".join(got["F"][1].split())
    for code in codes:
        assert f"{code}: {WORDS[code]}. What would cure it: " + (cure(CODES.index(code)) or CURES[code] + ".") in f
    assert "No preservation is on file" in got["G"][1] and "19 January 2027" in got["G"][1]
    assert "Example Mail SAS" in got["H"][1] and "Example Mail Ireland Ltd, IE" in got["H"][1]
    home.sound()


def test_the_form_of_a_refused_preservation(town):
    def change(tree):
        epoc(tree)
        tree["facts"]["instrument"]["kind"] = "EPOC_PR"
    home = home_of(town, reason_rules(["SERV-LANGUAGE"]), change=change)
    home.decide("refuse")
    assert names(home)[-2:] == ["annex3", "refusal"]
    got = sections(letter(home, "annex3"))
    assert got["E"][1] == "No conflicting obligation is claimed." and "No copy of the data is kept" in got["G"][1]
    assert "(EPOC-PR)" in letter(home, "annex3")


def test_a_preservation_on_file_is_told(town):
    home = home_of(town, reason_rules(["SERV-LANGUAGE"]), change=epoc)
    home.ok("preserve", home.ref, "--until", "2027-02-01", as_="Ana")
    home.decide("ask")
    assert sections(letter(home, "annex3"))["G"][1] == "A preservation is on file until the end of 1 February 2027."


@pytest.mark.parametrize("what", ["another instrument", "no judgement", "complied", "claimed by counsel"])
def test_no_form(town, what):
    """Only for what it is made for; nor can a reason alone bring it about."""
    if what == "no judgement":
        home = town.home()
        home.submit(change=epoc)
        home.ok("authenticate", home.ref, *CHECKED, as_="Ana")
        home.decide("refuse", "--reason", "INST-UNSIGNED")
    elif what == "complied":
        home = home_of(town, [], [demand()], change=epoc)
        home.decide()
    else:
        home = home_of(town, reason_rules(["PART-BULK"]))
        home.decide("refuse", *(("--reason", "ROUTE-EEVIDENCE") if what.startswith("claimed") else ()))
    assert "annex3" not in names(home)
    got = home.run("letter", home.ref, "annex3")
    assert got.exit == 3 and "next:" in got.err
