"""The law engine in the life of an order: judged, adopted, decided with the judgement in view, repeated.
The law is that of an invented country's pack, so that no change of a real one changes these lives.
SPDX-License-Identifier: Apache-2.0"""
import json
import os
import re
import shutil
import sqlite3
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.life import demand  # noqa: E402
from harness.testland import PROFILE, RULES, pack  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)

CHECKED = ("--by", "callback", "--over", "+33100000000", "--found", "ministry directory")
KNOWN = ("--sign", "NONE", "--fact", "customer.kind=CONSUMER", "--fact", "data.foreign_law_conflict=NONE")
TWO_DECIDE = {"Ana": ("decide", "roster", "halt"), "Ben": ("approve", "roster", "halt"), "Chi": ("approve", "roster", "decide"),
              "Dan": ("approve",)}


@pytest.fixture(scope="module")
def town():
    with life.Town(people=TWO_DECIDE) as made:
        yield made


@pytest.fixture(scope="module")
def clocked(town):
    if not tools.program("writ", hooks=True):
        pytest.fail("the build with test hooks is not there (WRIT_BUILD_HOOKS)", pytrace=False)
    with life.Town(hooks=True, clock=life.utc("2026-11-22 12:00:00"), world=town.world, people=TWO_DECIDE) as made:
        yield made


@pytest.fixture
def home(town):
    made = town.home()
    (made.dir / "law").mkdir()
    (made.dir / "law" / "testland.yaml").write_text(pack())
    (made.dir / "provider.yaml").write_text(PROFILE)
    return made


def no(home, status, *words, says="", **more):
    """The command says no with that status and those words, and nothing has happened."""
    before = home.acts_in_all()
    got = home.run(*words, **more)
    assert got.exit == status, f"writ {' '.join(map(str, words))}: {got.exit}, not {status}\n{got.out}{got.err}"
    assert re.search(says, got.err), got.err
    assert home.acts_in_all() == before
    return got


def plain(tree):
    tree["facts"]["secrecy"] = {"kind": "NONE"}


def judge(home):
    return home.json("judge", home.ref, as_="Ben")


def known(home, *words):
    home.ok("authenticate", home.ref, *CHECKED, *(words or KNOWN), as_="Ana")


# ---- judging ----

def test_judged_and_kept(home):
    home.submit([demand(), demand(category="MSG_META")])
    body = judge(home)
    # Nobody has checked the sender, nobody has said what the customer is: unknown, and a draft besides.
    assert body["decision"]["verdict"] == "LAWYER" and body["decision"]["what_if"] is False
    assert {"PACK-UNREVIEWED", "FACT-UNKNOWN(issuer.contact_check)", "FACT-UNKNOWN(customer.kind)"} <= set(body["decision"]["reasons"])
    act = home.acts("judged")[0]
    assert act["body"] == {k: v for k, v in body.items() if k not in ("seq", "json_version")} and act["actor"]["name"] == "Ben"
    assert body["facts"]["order"]["id"] == home.ref == body["decision"]["order_id"]
    assert body["facts"]["provider"] == {"name": "EX", "legal_entity": "Example Mail SAS", "established_in": ["FR"]}
    canonical = json.dumps(body["decision"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert body["decision_sha256"] == life.sha(canonical.encode())
    assert [p["state"] for p in body["packs"]] == ["DRAFT"] and body["packs"][0]["id"] == "testland"
    kept = home.dir / "blob" / body["packs"][0]["sha256"][:2] / body["packs"][0]["sha256"]
    assert life.sha(kept.read_bytes()) == body["packs"][0]["sha256"]
    shown = home.ok("show", home.ref)
    assert "judged by the rule packs: LAWYER" in shown and body["decision_sha256"] in shown and "again" not in shown
    known(home)
    assert "facts have changed since" in home.ok("show", home.ref)
    page = home.ok("judge", home.ref, as_="Ben")
    assert "testland.rest" in page or "PACK-UNREVIEWED" in page
    assert len(home.acts("judged")) == 2
    home.sound()


def test_what_the_sender_says_of_itself_is_unknown(home):
    def change(tree):
        tree["facts"]["customer"] = {"kind": "CONSUMER"}
        tree["facts"]["issuer"] |= {"contact_check": "CERTIFICATE", "impersonation_signs": ["NONE"]}
        tree["facts"]["order"]["received_at"] = "2020-01-01T00:00:00Z"
        tree["facts"]["evaluate_at"] = "2020-01-01T00:00:00Z"
    home.submit(change=change)
    facts = judge(home)["facts"]
    assert "customer" not in facts and "contact_check" not in facts["issuer"] and "impersonation_signs" not in facts["issuer"]
    assert "evaluate_at" not in facts and facts["order"]["received_at"] > "2026" and "received_via" not in facts["order"]
    home.ok("authenticate", home.ref, "--by", "domain", "--fact", "data.stored_in=FR", "--fact", "data.stored_in=DE", as_="Ana")
    facts = judge(home)["facts"]
    assert facts["issuer"]["contact_check"] == "DOMAIN_ONLY" and facts["data"]["stored_in"] == ["FR", "DE"]
    known(home, *KNOWN, "--fact", "data.stored_in=IE")
    facts = judge(home)["facts"]
    assert facts["issuer"]["contact_check"] == "CALL_BACK" and facts["data"]["stored_in"] == ["IE"]
    assert facts["issuer"]["impersonation_signs"] == ["NONE"] and facts["customer"]["kind"] == "CONSUMER"
    # Who looks again and finds a sign, or does not say: the last word counts.
    home.ok("authenticate", home.ref, *CHECKED, "--sign", "ODD_HOUR", as_="Ana")
    assert judge(home)["facts"]["issuer"]["impersonation_signs"] == ["ODD_HOUR"]
    home.ok("authenticate", home.ref, *CHECKED, as_="Ana")
    assert "impersonation_signs" not in judge(home)["facts"]["issuer"]


def test_without_a_profile_the_provider_is_unknown(home):
    (home.dir / "provider.yaml").unlink()
    home.submit()
    known(home)
    body = judge(home)
    assert body["facts"]["provider"] == {"name": "Example Mail SAS", "legal_entity": "unknown"}
    assert "FACT-UNKNOWN(provider.established_in)" in body["decision"]["reasons"]


def test_the_legal_limit_is_the_clock(home):
    home.submit()
    due = judge(home)["decision"]["due_at"]
    assert due and due[:10] != "2026-12-04"
    with sqlite3.connect(f"file:{home.dir}/writ.db?mode=ro", uri=True) as db:
        kept, = db.execute("SELECT due_at FROM order_view WHERE ref = ?", (home.ref,)).fetchone()
    # A day means its end.
    assert kept == life.utc(due + " 00:00:00") + 86400
    home.ok("fsck", "--rebuild")
    home.sound()


PROFILES = (("provider_version: 2\n" + PROFILE.split("\n", 1)[1], "provider_version"),
            (PROFILE.split("\n", 1)[1], "provider_version"), (PROFILE + "colour: red\n", r"provider.yaml:6.*colour"),
            (PROFILE.replace("legal_entity", "service"), "provider.service"), (PROFILE.replace("- FR", "- France"), "yaml:5"),
            ("provider_version: 1\nname: EX\n", "legal_entity is missing"), ("- a\n", "provider.yaml:1"), ("", ""),
            (PROFILE + "policy: yes\n", "policy"))


@pytest.mark.parametrize("text,says", PROFILES, ids=range(len(PROFILES)))
def test_a_profile_that_is_none(home, text, says):
    home.submit()
    (home.dir / "provider.yaml").write_text(text)
    no(home, 1, "judge", home.ref, as_="Ben", says=says)


def test_not_judged(home):
    home.submit()
    no(home, 2, "judge", home.ref, "--what-if", "packs=ADOPTED", as_="Ben", says="what-if")
    no(home, 2, "judge", home.ref, "--seq", "2", as_="Ben", says="--replay")
    no(home, 3, "judge", home.ref, "--replay", says="has not been judged")
    no(home, 3, "judge", home.ref, "--replay", "--seq", "1", says="act 1 of .* is no judgement")
    no(home, 2, "judge", home.ref, "--replay", "--seq", "x", says="number of an act")
    no(home, 3, "judge", "W-2222-2222", as_="Ben", says="no order")
    no(home, 4, "judge", home.ref, as_="Eve", says="not rostered")
    for text, says in (("pack:\n  id: x\n", "testland.yaml:2"), ("nothing: at all\n", "testland.yaml")):
        (home.dir / "law" / "testland.yaml").write_text(text)
        no(home, 1, "judge", home.ref, as_="Ben", says=says)
    (home.dir / "law" / "testland.yaml").unlink()
    no(home, 3, "judge", home.ref, as_="Ben", says="holds no rule pack")
    home.ok("void", home.ref, "--because", "a test", as_="Ana", key="ana")
    no(home, 4, "judge", home.ref, as_="Ben", says="not possible now")


# ---- repeating ----

def test_repeated_when_the_packs_have_changed(home):
    home.submit([demand(), demand(category="MSG_META")])
    known(home)
    first = judge(home)
    (home.dir / "law" / "testland.yaml").write_text(pack(RULES[:5] + RULES[6:], version="2"))
    second = judge(home)
    assert first["decision"] != second["decision"] and first["packs"][0]["sha256"] != second["packs"][0]["sha256"]
    shutil.rmtree(home.dir / "law")
    (home.dir / "provider.yaml").unlink()
    before = home.acts_in_all()
    for body in (first, second):
        got = home.run("judge", home.ref, "--replay", "--seq", str(body["seq"]), "--json")
        assert got.exit == 0 and "the same bytes: " + body["decision_sha256"] in got.err, got
        assert json.loads(got.out) == body
    assert home.run("judge", home.ref, "--replay").err.count(second["decision_sha256"]) == 1
    assert home.acts_in_all() == before
    # A pack that is gone or altered is no pack of that day.
    blob = home.dir / "blob" / first["packs"][0]["sha256"][:2] / first["packs"][0]["sha256"]
    data = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(data.replace(b"art. 5", b"art. 6"))
    no(home, 5, "judge", home.ref, "--replay", "--seq", str(first["seq"]))
    found = home.run("log", "verify")
    assert found.exit == 5 and first["packs"][0]["sha256"] in found.out
    blob.unlink()
    no(home, 3, "judge", home.ref, "--replay", "--seq", str(first["seq"]))


def test_a_judgement_that_was_touched_says_so(home):
    home.submit()
    seq = judge(home)["seq"]
    with sqlite3.connect(home.dir / "writ.db") as db:
        body, = db.execute("SELECT body FROM act WHERE order_ref = ? AND seq = ?", (home.ref, seq)).fetchone()
        db.execute("UPDATE act SET body = ? WHERE order_ref = ? AND seq = ?",
                   (body.replace('"verdict":"LAWYER"', '"verdict":"SUFFICIENT"'), home.ref, seq))
    got = no(home, 5, "judge", home.ref, "--replay", says="gives [0-9a-f]{64}")
    assert "verdict comes out otherwise" in got.err and "demands comes out otherwise" in got.err


# ---- adoption ----

def adopt(home, *more, key="ana", as_="Ana"):
    return home.ok("law", "adopt", "testland", *more, key=key, as_=as_)


def state(home):
    row, = home.json("law", "list")["packs"]
    return row["state"], row["adopted_by"]


def sign(home, who, kind, path):
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key(who), "-n", f"writ-{kind}@v1", path)
    made = path.with_name(path.name + ".sig")
    kept = path.with_name(f"{path.name}.{who}.sig")
    made.rename(kept)
    return kept


def test_adopted_by_signature(home):
    home.submit(change=plain)
    known(home)
    assert judge(home)["decision"]["demands"][0]["reasons"] == ["PACK-UNREVIEWED"] and state(home) == ("DRAFT", None)
    assert "is adopted: " in adopt(home)
    assert state(home) == ("ADOPTED", "Ana") and "by Ana" in home.ok("law", "list")
    body = judge(home)
    line, = body["decision"]["demands"]
    assert (line["verdict"], line["mode"], line["reasons"]) == ("SUFFICIENT", "COMPELLED", []) and body["decision"]["verdict"] == "SUFFICIENT"
    assert [p["state"] for p in body["packs"]] == ["ADOPTED"]
    # What was adopted is these bytes: a blank or a remark is not a word of it, a changed word is another pack.
    law = home.dir / "law" / "testland.yaml"
    law.write_text("# a remark\n" + pack())
    assert state(home) == ("ADOPTED", "Ana")
    for other in (pack(version="2"), pack().replace("What the article says.", "What the article said."), pack(RULES[1:])):
        law.write_text(other)
        assert state(home) == ("DRAFT", None) and "PACK-UNREVIEWED" in judge(home)["decision"]["reasons"]
    # Chi adopts the new one; the old one stays adopted until somebody ends that.
    law.write_text(pack(version="2"))
    adopt(home, key="chi", as_="Chi")
    assert state(home) == ("ADOPTED", "Chi")
    law.write_text(pack())
    assert state(home) == ("ADOPTED", "Ana")
    assert "no longer" in adopt(home, "--end") and state(home) == ("ADOPTED", "Ana")   # the one adopted last: version 2
    assert "no longer" in adopt(home, "--end") and state(home) == ("DRAFT", None)
    assert "PACK-UNREVIEWED" in judge(home)["decision"]["reasons"]
    no(home, 3, "law", "adopt", "testland", "--end", key="ana", as_="Ana", says="not adopted")
    # What was judged while it was adopted comes out as then.
    assert home.run("judge", home.ref, "--replay", "--seq", str(body["seq"])).exit == 0
    home.sound()


def test_adopted_on_another_machine(home):
    path = home.base / "adopt.json"
    home.ok("law", "adopt", "testland", "--print", path, as_="Ana")
    document = json.loads(path.read_text())
    kept, = home.json("law", "list")["packs"]
    assert document == {"version": 1, "kind": "adoption", "made_at": document["made_at"], "action": "begin", "pack": "testland",
                        "pack_version": "1", "sha256": kept["sha256"]}
    here = ("law", "adopt", "testland", "--document", path, "--signature")
    no(home, 4, *here, sign(home, "ben", "adoption", path), as_="Ana", says="Ben may not decide")
    no(home, 4, *here, sign(home, "eve", "adoption", path), as_="Ana", says="not rostered")
    no(home, 5, *here, sign(home, "ana", "scope", path), as_="Ana")
    good = sign(home, "ana", "adoption", path)
    no(home, 4, *here, good, as_="Ben", says="Ben may not decide")
    no(home, 2, "law", "adopt", "other", "--document", path, "--signature", good, as_="Ana", says="about the rule pack 'testland'")
    law = home.dir / "law" / "testland.yaml"
    law.write_text(pack(version="2"))
    no(home, 4, *here, good, as_="Ana", says="another one than was signed")
    law.write_text(pack())
    home.ok(*here, good, as_="Chi")
    assert state(home) == ("ADOPTED", "Ana")
    no(home, 4, *here, good, as_="Ana", says="taken in already")
    no(home, 4, "law", "adopt", "testland", key="ana", as_="Ana", says="adopted already")
    adopt(home, "--end")
    no(home, 4, *here, good, as_="Ana", says="taken in already")
    assert state(home) == ("DRAFT", None)


def edited(**change):
    return lambda d: d.update(change)


FORGED = (("kind", edited(kind="scope"), 1), ("version", edited(version=2), 1), ("action", edited(action="keep"), 1),
          ("hash", edited(sha256="00"), 1), ("other hash", edited(sha256="0" * 64), 4), ("member", edited(order="HOME"), 1),
          ("time", edited(made_at="2099-01-01T00:00:00Z"), 4), ("no time", edited(made_at="soon"), 4),
          ("version of the pack", edited(pack_version="9"), 4), ("end of nothing", edited(action="end"), 3),
          ("no hash", lambda d: d.pop("sha256"), 1))


@pytest.mark.parametrize("change,status", [f[1:] for f in FORGED], ids=[f[0] for f in FORGED])
def test_documents_that_adopt_nothing(home, change, status):
    path = home.base / "adopt.json"
    home.ok("law", "adopt", "testland", "--print", path, as_="Ana")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    no(home, status, "law", "adopt", "testland", "--document", path, "--signature", sign(home, "ana", "adoption", path), as_="Ana")
    assert state(home) == ("DRAFT", None)


def test_an_order_waits_until_the_reading_is_stale(clocked):
    """What counts is the day on which the packs are relied on; the judgement of before comes out as then."""
    home = clocked.home()
    (home.dir / "law").mkdir()
    (home.dir / "law" / "testland.yaml").write_text(pack().replace("2036-01-01", "2026-11-30"))
    (home.dir / "provider.yaml").write_text(PROFILE)
    adopt(home)
    home.submit()
    known(home)
    assert "PACK-STALE" not in judge(home)["decision"]["reasons"]
    first = home.acts("judged")[0]
    home.wait(9 * 86400)
    assert home.run("judge", home.ref, "--replay", "--seq", str(first["seq"])).exit == 0
    assert "PACK-STALE" in judge(home)["decision"]["reasons"]
    assert home.run("judge", home.ref, "--replay").exit == 0
    found = [f for f in json.loads(home.run("doctor", "--json").out)["findings"] if f["what"] == "packs"]
    assert [f["grade"] for f in found] == ["remark"] and "testland" in found[0]["words"] and "next review" in found[0]["words"]


def test_what_staff_set_is_shown_with_who_did(home):
    home.submit()
    known(home)
    assert "customer.kind is CONSUMER, by Ana" in home.ok("show", home.ref)
    act = home.acts("established")[0]
    assert act["actor"]["name"] == "Ana" and {"path": "customer.kind", "value": "CONSUMER"} in act["body"]["facts"]


def test_not_adopted(home):
    no(home, 2, "law", "adopt", "testland", as_="Ana", says="signature")
    no(home, 3, "law", "adopt", "nowhere", key="ana", as_="Ana", says="no rule pack 'nowhere'")
    no(home, 4, "law", "adopt", "testland", key="ben", as_="Ben", says="Ben may not decide")
    no(home, 4, "law", "adopt", "testland", key="ben", as_="Ana", says="Ben may not decide")
    # What a program finds wrong nobody adopts: a category without a ceiling.
    (home.dir / "law" / "testland.yaml").write_text(pack(RULES[:5] + RULES[6:]))
    no(home, 1, "law", "adopt", "testland", key="ana", as_="Ana", says="has a fault, testland.yaml:")
    assert state(home) == ("DRAFT", None)
    # An adopted pack whose review is due is stale.
    (home.dir / "law" / "testland.yaml").write_text(pack().replace("2036-01-01", "2026-02-01"))
    adopt(home)
    home.submit()
    known(home)
    assert "PACK-STALE" in judge(home)["decision"]["reasons"]


# ---- deciding with the judgement in view ----

TWO_LINES = (demand(), demand(category="MSG_META"))


@pytest.fixture(scope="module")
def ready(town):
    """An order of two lines, its sender verified, under an adopted pack: d1 SUFFICIENT, d2 INSUFFICIENT."""
    made = town.home()
    (made.dir / "law").mkdir()
    (made.dir / "law" / "testland.yaml").write_text(pack())
    (made.dir / "provider.yaml").write_text(PROFILE)
    adopt(made)
    made.submit(list(TWO_LINES), change=plain)
    known(made)
    return made


@pytest.fixture
def judged(ready, tmp_path_factory):
    made = ready.twin(tmp_path_factory.mktemp("judged"))
    made.decision = judge(made)
    verdicts = {d["id"]: d["verdict"] for d in made.decision["decision"]["demands"]}
    assert verdicts == {"d1": "SUFFICIENT", "d2": "INSUFFICIENT"} and made.decision["decision"]["verdict"] == "PARTIAL"
    yield made
    made.stop()


def scope(home):
    return json.loads(home.acts("decided")[-1]["body"]["document"])


def letter_text(home, name):
    return home.ok("letter", home.ref, name)


def test_narrowed_by_default(judged):
    judged.decide("narrow")
    document = scope(judged)
    assert [x["id"] for x in document["lines"]] == ["d1"] and document["overrules"] == []
    assert document["reasons"] == ["CAT-EXCEEDS"] and document["judgement_sha256"] == judged.decision["decision_sha256"]
    text = letter_text(judged, "narrowing")
    assert "1. CAT-EXCEEDS" in text and "It concerns line d2 (alice" in text and "d2: not answered (reason 1)" in text
    assert "d1: answered: " in text and "Law: Code of Testland, art. 5." in text
    judged.collect()
    judged.withhold()
    for who in ("Ben", "Chi"):
        judged.approve(who)
    judged.release()
    judged.deliver()
    judged.sound()


def test_complied_where_all_is_sufficient(home):
    adopt(home)
    home.submit(change=plain)
    known(home)
    body = judge(home)
    home.decide("comply")
    assert scope(home)["judgement_sha256"] == body["decision_sha256"] and scope(home)["reasons"] == []
    home.collect()
    home.sound()


def test_not_judged_is_null(home):
    home.submit([demand(), demand(category="MSG_META")])
    known(home)
    home.decide("comply")
    assert scope(home)["judgement_sha256"] is None and scope(home)["overrules"] == []
    home.collect()


def test_overruled_by_two(judged):
    no(judged, 4, "decide", judged.ref, "comply", key="ana", as_="Ana", says="line d2 INSUFFICIENT: CAT-EXCEEDS")
    no(judged, 4, "decide", judged.ref, "comply", "--reason", "CAT-EXCEEDS", key="ana", as_="Ana", says="two people")
    no(judged, 4, "decide", judged.ref, "comply", "--reason", "CAT-EXCEEDS", key=("ana", "ana"), as_="Ana", says="Ana has signed twice")
    no(judged, 4, "decide", judged.ref, "comply", "--reason", "CAT-EXCEEDS", key=("ana", "ben"), as_="Ana", says="Ben may not decide")
    judged.decide("comply", "--reason", "CAT-EXCEEDS", key=("ana", "chi"))
    assert scope(judged)["overrules"] == ["d2"] and scope(judged)["decision"] == "comply"
    body = judged.acts("decided")[-1]["body"]
    assert body["name"] == "Ana" and body["names"] == ["Ana", "Chi"] and len(body["signatures"]) == 2
    judged.collect()
    judged.sound()


def test_neither_of_the_two_who_overruled_approves(judged):
    """Taken in, the second one's approval would stand first and no release could ever follow."""
    judged.decide("comply", "--reason", "CAT-EXCEEDS", key=("ana", "chi"))
    judged.collect()
    judged.withhold()
    judged.ok("approve", judged.ref, "--print", judged.base / "statement.json", as_="Chi")
    no(judged, 4, "approve", judged.ref, as_="Chi", key="chi", says="Chi decided this order and may not approve it")
    for who in ("Ben", "Dan"):
        judged.approve(who)
    judged.release()
    judged.sound()


def test_a_line_that_is_named_is_overruled_too(judged):
    no(judged, 4, "decide", judged.ref, "narrow", "--line", "d2", "--reason", "CAT-EXCEEDS", key="ana", as_="Ana", says="two people")
    path = judged.base / "scope.json"
    judged.ok("decide", judged.ref, "narrow", "--line", "d2", "--reason", "CAT-EXCEEDS", "--print", path, as_="Ana")
    first, second = sign(judged, "ana", "scope", path), sign(judged, "chi", "scope", path)
    here = ("decide", judged.ref, "narrow", "--document", path, "--signature")
    no(judged, 4, *here, first, as_="Ana", says="two people")
    judged.ok(*here, first, "--signature", second, as_="Ana")
    assert scope(judged)["overrules"] == ["d2"]
    judged.collect()


def forged(judged, change, *words):
    path = judged.base / "scope.json"
    judged.ok("decide", judged.ref, *words, "--print", path, as_="Ana")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    return ("decide", judged.ref, words[0], "--document", path, "--signature", sign(judged, "ana", "scope", path),
            "--signature", sign(judged, "chi", "scope", path))


FORGED_SCOPES = (
    ("nothing overruled", edited(overrules=[]), "overrules other lines"), ("another line", edited(overrules=["d1"]), "overrules other lines"),
    ("both", edited(overrules=["d2", "d1"]), "overrules other lines"), ("no judgement", edited(judgement_sha256=None), "last judgement"),
    ("another judgement", edited(judgement_sha256="0" * 64), "last judgement"), ("no reason", edited(reasons=[]), "line d2 INSUFFICIENT"),
    ("another reason", edited(reasons=["PART-BULK"]), "line d2 INSUFFICIENT"))


@pytest.mark.parametrize("change,says", [f[1:] for f in FORGED_SCOPES], ids=[f[0] for f in FORGED_SCOPES])
def test_a_document_that_hides_the_judgement(judged, change, says):
    no(judged, 4, *forged(judged, change, "comply", "--reason", "CAT-EXCEEDS"), as_="Ana", says=says)


def test_the_seal_wants_the_second_signature_by_itself(judged):
    """Whoever writes the database: without the second person's signature there is no ticket."""
    judged.decide("comply", "--reason", "CAT-EXCEEDS", key=("ana", "chi"))
    seq = judged.acts("decided")[-1]["seq"]
    with sqlite3.connect(judged.dir / "writ.db") as db:
        text, = db.execute("SELECT body FROM act WHERE order_ref = ? AND seq = ?", (judged.ref, seq)).fetchone()
        act = json.loads(text)
        del act["body"]["signatures"], act["body"]["names"]
        db.execute("UPDATE act SET body = ? WHERE order_ref = ? AND seq = ?",
                   (json.dumps(act, sort_keys=True, separators=(",", ":")), judged.ref, seq))
    no(judged, 4, "collect", judged.ref, as_="Ben", says="overrules the rule packs, which takes two people")


def test_facts_that_change_want_a_new_judgement(judged):
    known(judged, "--sign", "NONE", "--fact", "customer.kind=LAW_FIRM")
    for words in (("narrow",), ("comply", "--reason", "CAT-EXCEEDS")):
        no(judged, 4, "decide", judged.ref, *words, key=("ana", "chi"), as_="Ana", says="have changed since it was judged")
    first, second = judge(judged)["decision"]["demands"]
    assert first["verdict"] == "LAWYER" and first["reasons"] == ["PRIV-LEGAL"] and second["verdict"] == "INSUFFICIENT"
    # A doubt is counsel's alone, and counsel says that it was seen.
    no(judged, 4, "decide", judged.ref, "narrow", key="ana", as_="Ana", says="line d1 LAWYER: PRIV-LEGAL")
    no(judged, 4, "decide", judged.ref, "narrow", "--reason", "PART-BULK", key="ana", as_="Ana", says="line d1 LAWYER")
    judged.decide("narrow", "--reason", "PRIV-LEGAL")
    assert scope(judged)["reasons"] == ["PRIV-LEGAL", "CAT-EXCEEDS"] and scope(judged)["overrules"] == []
    # What counsel decided over is not told as a reason for what is left out.
    assert "PRIV-LEGAL" not in letter_text(judged, "narrowing") and "CAT-EXCEEDS" in letter_text(judged, "narrowing")
    judged.collect()


def test_judged_again_after_the_decision(judged):
    judged.decide("narrow")
    known(judged, "--sign", "NONE", "--fact", "data.foreign_law_conflict=SHOWN")
    no(judged, 4, "collect", judged.ref, as_="Ben", says="have changed since it was judged")
    judge(judged)
    no(judged, 4, "collect", judged.ref, as_="Ben", says="another law is said to forbid")
    no(judged, 4, "decide", judged.ref, "narrow", key="ana", as_="Ana", says="another law")
    judged.decide("narrow", "--reason", "TERR-CONFLICT")
    judged.collect()


def test_packs_that_change_between(judged):
    path = judged.base / "scope.json"
    judged.ok("decide", judged.ref, "narrow", "--print", path, as_="Ana")
    signed = sign(judged, "ana", "scope", path)
    harder = list(RULES)
    harder[4] = ("ceiling", "content", ["demand.category is CONTENT_COMM"], "INSUFFICIENT", ["CAT-NEEDS-WARRANT"], "")
    (judged.dir / "law" / "testland.yaml").write_text(pack(harder, version="2"))
    adopt(judged)
    assert judge(judged)["decision"]["verdict"] == "INSUFFICIENT"
    no(judged, 4, "decide", judged.ref, "narrow", "--document", path, "--signature", signed, as_="Ana", says="last judgement")
    no(judged, 2, "decide", judged.ref, "narrow", key="ana", as_="Ana", says="every line INSUFFICIENT")
    judged.decide("refuse")
    assert scope(judged)["reasons"] == ["CAT-NEEDS-WARRANT", "CAT-EXCEEDS"]
    text = letter_text(judged, "refusal")
    assert re.search(r"1\. CAT-NEEDS-WARRANT: .*\n +It concerns line d1", text) and re.search(r"2\. CAT-EXCEEDS: .*\n +It concerns line d2", text)
    judged.sound()


def test_a_business_is_asked_first(home):
    adopt(home)
    home.submit(change=plain)
    known(home, "--sign", "NONE", "--fact", "customer.kind=ENTERPRISE_TENANT", "--fact", "data.foreign_law_conflict=NONE")
    assert judge(home)["decision"]["redirect"] == "REQUIRE"
    no(home, 4, "decide", home.ref, "comply", key="ana", as_="Ana", says="line d1 LAWYER: BIZ-REDIRECT")
    other = home.twin(home.base / "other")
    home.decide("redirect")
    assert scope(home)["reasons"] == ["BIZ-REDIRECT"] and "1. BIZ-REDIRECT: " in letter_text(home, "redirect")
    other.decide("comply", "--reason", "BIZ-REDIRECT")
    other.collect()
    other.stop()


def test_asked_about_what_is_not_known(home):
    home.submit(change=lambda tree: (plain(tree), tree["facts"]["issuer"].pop("authority_kind")))
    known(home)
    assert "FACT-UNKNOWN(issuer.authority_kind)" in judge(home)["decision"]["demands"][0]["reasons"]
    home.decide("ask")
    assert "FACT-UNKNOWN(issuer.authority_kind)" in scope(home)["reasons"] and "PACK-UNREVIEWED" not in scope(home)["reasons"]
    assert "PACK-" not in letter_text(home, "clarification")


def test_drafts_bind_nobody_and_let_nothing_through(home):
    home.submit([demand(), demand(category="MSG_META")], change=plain)
    known(home)
    assert {d["verdict"] for d in judge(home)["decision"]["demands"]} == {"LAWYER"}
    no(home, 4, "decide", home.ref, "comply", key="ana", as_="Ana", says="LAWYER: .*PACK-UNREVIEWED")
    home.decide("comply", "--reason", "PACK-UNREVIEWED")
    assert scope(home)["overrules"] == []
    home.collect()
