"""Whole lives of orders that are answered: what leaves is exactly what was ordered and decided, opens
with stock tools, and holds before both verifiers. SPDX-License-Identifier: Apache-2.0"""
import hashlib
import json
import os
import re
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.life import demand  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
ALICE, BOB = "alice@mail.example", "bob@mail.example"
FORTNIGHT = ("2026-10-31 23:00:00", "2026-11-14 23:00:00")      # 1 to 14 November in Paris


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture
def home(town):
    return town.home()


def finish(home, verified=0):
    """From the decision to the opened package."""
    for stage in ("collected", "noticed", "approved", "released"):
        home.step(stage)
    path = home.deliver()
    assert home.verify(path).exit == verified
    home.sound()
    return home.open(path)


def receive(home, *demands, **more):
    home.submit(list(demands), **more)
    home.authenticate()
    return home.ref


def counts(opened):
    return {(x["id"], x["store"], x["account"]): x["items"] for x in opened.ret["lines"]}


# ---- comply ----

def test_an_order_is_answered_from_receipt_to_package(home):
    world, words = home.world, []
    for stage in home.STAGES:
        home.step(stage) if stage != "delivered" else home.deliver()
        words.append(home.state())
    assert words == ["received", "authenticated", "decided", "collected", "collected", "approved", "released", "delivered"]
    out = home.base / "out.tar"
    assert home.verify(out).exit == 0
    opened = home.open(out)
    assert opened.hashes() == world.expect(ALICE, *FORTNIGHT) and len(opened.items) == 18
    assert counts(opened) == {("d1", "main", ALICE): 18}
    assert opened.ret["not_returned"] == [] and opened.undated == []
    assert opened.ret["paper_sha256"] == [life.sha(world.paper.read_bytes())]
    assert opened.ret["notice"] == {"because": "COURT_ORDER", "decision": "withheld", "gag_until": None}
    line = opened.ret["lines"][0]
    assert (line["from"], line["until"]) == ("2026-10-31T23:00:00Z", "2026-11-14T23:00:00Z")
    assert "2026-11-14T23:00:00Z" in opened.ret["reading"][0]
    assert len(home.seal_acts("released")) == 1
    acts = [a["act"] for a in home.acts()]
    assert acts == ["received", "authenticated", "decided", "collection_begun", "collected", "notice_decided", "stated",
                    "approved", "approved", "released", "delivered"]
    home.sound()


def test_writ_verify_is_the_same_program(town):
    home = town.home("released")
    out = home.deliver()
    words = [out, "--identity", home.world.age("paris"), "--policy", home.base / "policy.json"]
    own = subprocess.run([home.bin / "writ-verify", *words], capture_output=True, text=True, check=False)
    assert home.run("verify", *words) == (0, own.stdout, "") and own.returncode == 0
    told = json.loads(home.run("verify", *words, "--json").out)
    assert told == json.loads(subprocess.check_output([home.bin / "writ-verify", "--json", *words]))
    assert home.run("verify", out).exit == 7, "keys not compared, contents not checked"
    assert home.verify(out, identity="stranger").exit == 5


def test_every_name_of_a_reference_is_the_same_order(town):
    home = town.home("received")
    plain = home.ref.replace("-", "")
    for name in (home.ref, home.ref.lower(), home.ref[2:], plain, plain[1:].lower()):
        assert home.json("show", name)["order"] == home.ref


def test_papers_come_back_byte_for_byte(home):
    second = home.base / "annex.bin"
    second.write_bytes(bytes(range(256)) * 40)
    home.submit(papers=[home.world.paper, second])
    home.ok("paper", home.ref, "--out", home.base / "papers")
    kept = sorted((home.base / "papers").iterdir())
    assert [p.name for p in kept] == ["00-order.yaml", "01-order.pdf", "02-annex.bin"]
    assert [p.read_bytes() for p in kept] == [(home.base / "order.yaml").read_bytes(), home.world.paper.read_bytes(),
                                              second.read_bytes()]
    kept[1].write_bytes(b"something else")
    got = home.run("paper", home.ref, "--out", home.base / "papers")
    assert got.exit != 0 and kept[1].read_bytes() == b"something else", "nothing is written over"


def test_the_receipt_is_signed_by_the_seal(home):
    home.submit()
    home.ok("letter", home.ref, "receipt", "--out", home.base / "r.txt")
    record = json.loads((home.base / "r.txt.record").read_text())
    assert record["sha256"] == life.sha((home.base / "r.txt").read_bytes()) and record["order"] == home.ref
    signers = home.base / "signers"
    signers.write_text("seal " + (home.dir / "seal.pub").read_text())
    subprocess.run(["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "seal", "-n", "writ-seal@v1", "-s",
                    home.base / "r.txt.record.seal"], input=(home.base / "r.txt.record").read_bytes(), check=True,
                   capture_output=True)


def test_a_scope_is_counted_before_anything_is_collected(home):
    receive(home, demand(), demand(BOB, category="MSG_META"), lines={"d2": {"stores": ["main", "archive"]}})
    told = home.json("scope", home.ref, as_="Ana")
    got = {(c["id"], c["store"], c["account"]): (c["items"], c["undated"]) for c in told["counts"]}
    assert got[("d1", "main", ALICE)] == (18, 0) and got[("d2", "main", BOB)] == (2, 0)
    archive = next(c for c in told["counts"] if c["store"] == "archive")
    assert archive["account"] is None and "no such account" in archive["problem"]
    assert list((home.dir / "vault").iterdir()) == [], "a count writes nothing down"
    assert home.state() == "authenticated" and home.acts("counted")
    words = home.ok("scope", home.ref, as_="Ana")
    assert "2026-10-31T23:00:00Z (in)" in words and "18 items" in words
    assert home.run("scope", home.ref, "--no-count").out.count("items") == 0


# ---- narrow ----

def test_narrowed_by_line(home):
    receive(home, demand(), demand(BOB))
    home.decide("narrow", "--line", "d1", "--reason", "PART-OVERBROAD")
    opened = finish(home)
    assert opened.hashes() == home.world.expect(ALICE, *FORTNIGHT)
    assert opened.ret["not_returned"] == [{"id": "d2", "category": "CONTENT_COMM", "reasons": ["PART-OVERBROAD"],
                                           "words": "not part of the decided scope"}]
    letter = home.ok("letter", home.ref, "narrowing")
    assert "in part" in letter and "PART-OVERBROAD" in letter
    record = home.acts("lettered")[0]["body"]
    assert record["template"] == "narrowing" and json.loads(record["record"])["kind"] == "letter"


def test_narrowed_by_an_edited_scope(home):
    receive(home, demand(), demand(BOB), lines={"d1": {"stores": ["main", "archive"]}})
    path = home.base / "scope.yaml"
    home.ok("scope", home.ref, "--edit", path)
    text = path.read_text()
    d1 = text[:text.index("  - id: d2")]
    assert "from: 2026-11-01" in d1 and "until: 2026-11-14" in d1
    d1 = d1.replace("from: 2026-11-01", "from: 2026-11-03T12:00:00+00:00").replace("until: 2026-11-14", "until: 2026-11-09")
    d1 = d1.replace('      - "archive"\n', "").replace('- "ALL"', '- "Sent"')
    path.write_text(d1)
    home.decide("narrow", "--scope", path, "--reason", "SCOPE-EXCESS")
    opened = finish(home)
    assert opened.hashes() == home.world.expect(ALICE, "2026-11-03 12:00:00", "2026-11-09 23:00:00", folder="Sent")
    assert len(opened.items) == 2, "the first instant is in, and a day that ends is included"
    assert [x["id"] for x in opened.ret["not_returned"]] == ["d2"]
    assert counts(opened) == {("d1", "main", ALICE): 2}


def test_a_decision_is_signed_on_another_machine(town):
    home = town.home("authenticated")
    path = home.base / "scope.json"
    home.ok("decide", home.ref, "comply", "--print", path, as_="Ana")
    assert home.state() == "authenticated"
    life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key("Ana"), "-n", "writ-scope@v1", path)
    home.ok("decide", home.ref, "comply", "--signature", f"{path}.sig", as_="Ana")
    assert home.state() == "decided"
    assert home.acts("decided")[0]["body"]["document"] == path.read_text()


# ---- what may stand in an order ----

def test_content_and_metadata_of_the_same_messages(home):
    receive(home, demand(since="2026-11-02", until="2026-11-03"),
            demand(since="2026-11-02", until="2026-11-03", category="MSG_META"))
    home.decide()
    opened = finish(home)
    want = home.world.expect(ALICE, "2026-11-01 23:00:00", "2026-11-03 23:00:00")
    assert opened.hashes("d1") == want and len(want) == 3
    rows = [json.loads(p.read_text()) for p in (opened.bag / "data" / "d2").rglob("*.json")]
    assert len(rows) == 3
    assert all(set(r) == {"bytes", "bcc", "cc", "date", "delivery", "from", "message_id", "received", "to"} for r in rows)
    assert "secret subject" not in json.dumps(rows) and "hello" not in json.dumps(rows)
    assert {r["to"][0] if isinstance(r["to"], list) else r["to"] for r in rows} == {ALICE}


def test_two_stores_and_several_accounts_one_by_its_alias(home):
    receive(home, demand(), demand("info@mail.example", since="2026-11-01", until="2026-11-30"),
            lines={"d1": {"stores": ["main", "archive"]}})
    home.decide()
    opened = finish(home)
    assert counts(opened) == {("d1", "main", ALICE): 18, ("d1", "archive", ALICE): 1, ("d2", "main", BOB): 3}
    assert opened.hashes("d1") == sorted(home.world.expect(ALICE, *FORTNIGHT) +
                                         home.world.expect(ALICE, *FORTNIGHT, store="archive"))
    assert opened.hashes("d2") == home.world.expect(BOB, "2026-10-31 23:00:00", "2026-11-30 23:00:00")
    assert {i["store"] for i in opened.items if i["lines"] == ["d1"]} == {"main", "archive"}


def test_an_account_that_does_not_exist_is_decided_and_listed(home):
    receive(home, demand(), demand("nobody@mail.example"))
    assert any(c["account"] is None for c in home.json("scope", home.ref, as_="Ana")["counts"]), "the count tells it beforehand"
    home.decide()
    got = home.run("collect", home.ref, as_="Ben")
    assert got.exit == 3 and "line d2" in got.err and "no such account" in got.err
    assert home.state() == "decided" and list((home.dir / "vault").iterdir()) == []
    home.decide("narrow", "--line", "d1", "--reason", "PART-NO-TARGET")
    opened = finish(home)
    assert opened.ret["not_returned"][0]["id"] == "d2"
    assert opened.ret["not_returned"][0]["reasons"] == ["PART-NO-TARGET"]
    assert opened.hashes() == home.world.expect(ALICE, *FORTNIGHT)


@pytest.mark.parametrize("with_line", [True, False], ids=["with a line", "without one"])
def test_a_category_that_is_not_held_is_listed(home, with_line):
    def without(tree):
        tree["lines"] = tree["lines"][:1]
    receive(home, demand(), demand(category="SUB_ID", span="CURRENT"), change=None if with_line else without)
    home.decide()
    opened = finish(home)
    assert opened.ret["not_returned"] == [{"id": "d2", "category": "SUB_ID", "reasons": [],
                                           "words": "not held in this store"}]
    assert opened.hashes() == home.world.expect(ALICE, *FORTNIGHT)


def test_the_whole_account(home):
    receive(home, demand(span="WHOLE_ACCOUNT"), lines={"d1": {"stores": ["main", "archive"]}})
    home.decide()
    opened = finish(home)
    assert opened.hashes() == sorted(m["sha256"] for m in home.world.truth if m["account"] == ALICE)
    assert all(x["from"] is None and x["until"] is None for x in opened.ret["lines"])


def test_the_day_of_25_hours(home):
    receive(home, demand(since="2026-10-25", until="2026-10-25"))
    assert "2026-10-24T22:00:00Z (in) until 2026-10-25 = 2026-10-25T23:00:00Z" in home.ok("scope", home.ref, as_="Ana")
    home.decide()
    opened = finish(home)
    assert [i["source_id"] for i in opened.items] == [f"dst{n}.M1P1.h" for n in (1, 2, 3, 4)]
    assert opened.hashes() == home.world.expect(ALICE, "2026-10-24 22:00:00", "2026-10-25 23:00:00")


def test_the_machines_zone_does_not_matter(town):
    home = town.home("authenticated")
    home.decide()
    told = [re.sub(r"\(.*ago\)|[0-9]+ \w+ ago", "", home.ok("show", home.ref, env={"TZ": zone}))
            for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles")]
    assert len(set(told)) == 1


@pytest.mark.parametrize("deliver", [False, True], ids=["list", "deliver"])
def test_items_without_a_usable_date(home, deliver):
    receive(home, demand(), lines={"d1": {"date_meaning": "header"}})
    home.decide("comply", *(["--undated", "deliver"] if deliver else []))
    opened = finish(home)
    undated = {m["id"]: m["sha256"] for m in home.world.truth if m["id"] in ("nodate.M1P1.h", "baddate.M1P1.h")}
    dated = [h for h in home.world.expect(ALICE, *FORTNIGHT) if h not in undated.values()]
    assert sorted(u["source_id"] for u in opened.undated) == sorted(undated)
    assert all(u["delivered"] is deliver for u in opened.undated)
    assert opened.hashes() == sorted(dated + (list(undated.values()) if deliver else []))
    assert opened.ret["undated"] == 2


def test_two_keys_of_one_agency(home):
    home.ok("agency", "add", "--id", "pj-paris", "--name", "Police judiciaire, Paris", "--country", "FR", "--label", "second",
            "--recipient", home.world.recipients["stranger"], "--checked", "in person", as_="Ana", key=("ana", "ben"))
    receive(home, demand(), recipients=("PJ-Paris 2026", "second"))
    home.decide()
    opened = finish(home)
    assert [r["label"] for r in opened.statement["recipients"]] == ["PJ-Paris 2026", "second"]
    assert home.open(home.base / "out.tar", "again", "stranger").hashes() == opened.hashes()
    assert home.verify(home.base / "out.tar", identity="berlin").exit == 5


def test_a_corrected_order_is_a_new_one(home):
    receive(home, demand())
    home.decide("ask", "--reason", "PART-NO-RANGE")
    first = home.ref
    assert home.state() == "asked"
    receive(home, demand(until="2026-11-02"))
    assert home.ref != first
    home.decide()
    opened = finish(home)
    assert opened.hashes() == home.world.expect(ALICE, "2026-10-31 23:00:00", "2026-11-02 23:00:00")
    assert home.state(first) == "asked"
    listed = {o["order"]: o["state"] for o in home.json("order", "list")["orders"]}
    assert listed == {first: "asked", home.ref: "delivered"}


def test_after_asking_counsel_decides_again(home):
    receive(home, demand())
    home.decide("ask", "--reason", "INST-UNSIGNED")
    home.decide()
    assert finish(home).hashes() == home.world.expect(ALICE, *FORTNIGHT)


def test_collected_again_before_release(town):
    home = town.home("approved")
    before = [p.name for p in (home.dir / "vault").iterdir()]
    no = home.run("collect", home.ref, as_="Ben")
    assert no.exit == 4 and "--again" in no.err and home.state() == "approved", "not by mistake"
    home.ok("collect", home.ref, "--again", as_="Ben")
    after = [p.name for p in (home.dir / "vault").iterdir()]
    assert len(before) == len(after) == 1 and before != after, "a fresh key, and the old file is gone"
    assert home.state() == "collected", "what was approved was the other collection"
    assert home.run("release", home.ref, as_="Chi").exit == 4
    home.step("approved")
    home.release()
    assert home.open(home.deliver()).hashes() == home.world.expect(ALICE, *FORTNIGHT)


def test_the_customer_is_told(town):
    home = town.home("collected")
    home.ok("notify", home.ref, "--sent", as_="Ana")
    assert "demanded data of your account" in home.ok("letter", home.ref, "notice")
    home.step("approved")
    home.release()
    out = home.deliver()
    assert home.verify(out).exit == 0
    assert home.open(out).ret["notice"] == {"because": None, "decision": "sent", "gag_until": None}


def test_a_gag_with_its_end_stands_in_the_package(town):
    home = town.home("collected")
    home.ok("gag", home.ref, "--basis", "CPP 60-1-2", "--until", "2099-02-21", as_="Ana")
    home.withhold()
    home.step("approved")
    home.release()
    out = home.deliver()
    assert home.verify(out).exit == 0
    assert home.open(out).ret["notice"]["gag_until"] == "2099-02-21"


# ---- approval ----

def words(text):
    """Six words of RFC 1751 for the first 66 bits of the SHA-256."""
    listed = re.findall('"([A-Z]+)"', (tools.ROOT / "src/format/words.def").read_text())
    bits = int.from_bytes(hashlib.sha256(text).digest(), "big") >> 256 - 66
    return " ".join(listed[bits >> 55 - 11 * i & 2047] for i in range(6))


def test_approved_on_the_approvers_own_machine(town):
    home = town.home("noticed")
    for who in ("ben", "chi"):
        path = home.base / f"{who}.json"
        printed = home.ok("approve", home.ref, "--print", path, as_=who.capitalize())
        pinned = home.dir / "founding.json"
        shown = home.run("approve", "--show", path, "--pin", pinned)
        assert shown.exit == 0 and "release 18 items" in shown.out and "the seal that you pinned" in shown.out
        assert f"  code      {words(path.read_bytes())} (" in shown.out and words(path.read_bytes()) in printed
        unpinned = home.run("approve", "--show", path)
        assert unpinned.exit == 7 and "not compared" in unpinned.err
        life.call("ssh-keygen", "-q", "-Y", "sign", "-f", home.world.key(who), "-n", "writ-approval@v1", path)
        home.ok("approve", home.ref, "--signature", f"{path}.sig", as_=who.capitalize())
    assert (home.base / "ben.json").read_bytes() == (home.base / "chi.json").read_bytes(), "one statement, signed by both"
    home.release()
    assert home.verify(home.deliver()).exit == 0


def test_a_statement_is_not_shown_under_another_seal(town):
    home = town.home("noticed")
    other = town.keep(life.Home(home.world, town.base / "another").init(agencies=()))
    path = home.base / "st.json"
    home.ok("approve", home.ref, "--print", path, as_="Ben")
    got = home.run("approve", "--show", path, "--pin", other.dir / "founding.json")
    assert got.exit == 5 and "not signed by the seal that you pinned" in got.err and "release" not in got.out
    path.write_text(path.read_text().replace('"items":18', '"items":17'))
    got = home.run("approve", "--show", path, "--pin", home.dir / "founding.json")
    assert got.exit == 5 and "release" not in got.out
    # Pinned where people keep such files: found without being named.
    kept = home.world.base / "user" / ".config" / "writ"
    kept.mkdir(parents=True)
    try:
        (kept / "founding.json").write_bytes((home.dir / "founding.json").read_bytes())
        home.ok("approve", home.ref, "--print", path, as_="Ben")
        assert home.run("approve", "--show", path).exit == 0
        (kept / "founding.json").write_bytes((other.dir / "founding.json").read_bytes())
        assert home.run("approve", "--show", path).exit == 5
    finally:
        (kept / "founding.json").unlink()


# ---- twice, and cut off ----

def test_delivered_twice_is_one_file(town):
    home = town.home("released")
    first, second = home.deliver("a.tar"), home.deliver("b.tar")
    assert first.read_bytes() == second.read_bytes()
    got = home.run("release", home.ref, as_="Chi")
    assert got.exit == 4 and "delivered" in got.err
    assert home.deliver("c.tar").read_bytes() == first.read_bytes()
    assert len(home.seal_acts("released")) == 1 and len(home.acts("delivered")) == 3
    got = home.run("deliver", home.ref, "--out", first, as_="Chi")
    assert got.exit == 4 and first.read_bytes() == second.read_bytes(), "nothing is written over"
    home.sound()


def test_a_second_life_of_the_same_release_is_byte_equal(town):
    """The same home copied after the release delivers the same bytes: the head is no accident of a run."""
    one, two = town.home("released"), town.home("released")
    assert one.deliver().read_bytes() == two.deliver().read_bytes()


def test_delivery_goes_on_after_a_cut(town):
    home = town.home("released")
    whole = home.deliver("whole.tar").read_bytes()
    for cut in (0, 1, 511, 10000, len(whole) - 8000, len(whole) - 1024, len(whole) - 1, len(whole)):
        path = home.base / f"cut{cut}.tar"
        path.write_bytes(whole[:cut])
        home.ok("deliver", home.ref, "--out", path, "--resume", as_="Chi")
        assert path.read_bytes() == whole, cut
    home.sound()


def test_a_file_that_is_no_beginning_is_not_gone_on_with(town):
    home = town.home("released")
    whole = home.deliver("whole.tar").read_bytes()
    for name, content in (("other", b"x" * 5000), ("longer", whole + b"x"), ("altered", whole[:600] + b"!" + whole[601:9000])):
        path = home.base / name
        path.write_bytes(content)
        got = home.run("deliver", home.ref, "--out", path, "--resume", as_="Chi")
        assert got.exit != 0 and path.read_bytes() == content, name


# ---- machines ----

def test_json_of_every_command_that_has_it(home):
    order = life.order_file(home.base / "order.yaml", home.world)
    got = home.json("order", "submit", order, "--paper", home.world.paper, as_="Ana")
    home.ref = got["order"]
    assert set(got) == {"json_version", "order", "receipt", "record", "record_seal", "resubmits", "seen_in"}
    home.authenticate()
    assert set(home.json("scope", home.ref, as_="Ana")) == {"json_version", "lines", "open", "counts"}
    home.decide()
    assert home.json("collect", home.ref, as_="Ben")["items"] == 18
    for words, keys in ((("order", "list"), {"orders"}), (("roster", "list"), {"rows", "policy", "roster_version"}),
                        (("agency", "list"), {"rows", "policy", "roster_version"}), (("doctor",), {"findings", "missing", "ready"}),
                        (("tick",), {"size", "time_ms", "acts", "waiting"}),
                        (("show", home.ref), {"order", "state", "waiting_for", "resubmits", "resubmitted_as", "acts"}),
                        (("log", "verify"), {"findings", "differences", "acts", "size"}),
                        (("fsck",), {"findings", "differences", "acts", "size"})):
        assert set(home.json(*words)) == keys | {"json_version"}, words
    assert home.json("store", "check", as_="Ana")["stores"][0]["name"] == "main"
    json.loads(home.ok("policy", "export"))


def test_lists_are_filtered(home):
    first = home.submit()
    home.authenticate()
    second = home.submit([demand(BOB)])
    def listed(*words):
        return [o["order"] for o in home.json("order", "list", *words)["orders"]]
    assert listed() == [second, first] or {first, second} == set(listed())
    assert listed("--state", "received") == [second] and listed("--state", "authenticated") == [first]
    assert listed("--agency", "lka-berlin") == [] and len(listed("--limit", "1")) == 1


def test_the_example_order_is_an_order(home):
    text = home.ok("order", "new").replace("document_sha256: unknown", "document_sha256: " + life.sha(home.world.paper.read_bytes()))
    (home.base / "o.yaml").write_text(text + "\n")
    home.ref = home.ok("order", "submit", home.base / "o.yaml", "--paper", home.world.paper, as_="Ana")
    assert re.fullmatch("W-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", home.ref)
    home.authenticate()
    home.decide()
    assert finish(home).hashes() == home.world.expect(ALICE, *FORTNIGHT)


def test_a_command_that_starts_the_seal_lets_go_of_its_callers_output(home):
    home.stop()
    begun = time.monotonic()
    assert home.submit() and home.seals()
    assert time.monotonic() - begun < 30, "the caller waits as long as the seal idles"


def test_no_plaintext_in_the_home(town):
    """What was collected stands nowhere in a home but encrypted."""
    home = town.home("delivered")
    needle = b"hello in03.M1P1.h"
    assert any(needle in m["path"].read_bytes() for m in home.world.truth)
    for path in home.dir.rglob("*"):
        if path.is_file():
            assert needle not in path.read_bytes(), path
