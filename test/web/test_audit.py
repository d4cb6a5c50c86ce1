"""The auditor's page: every checkpoint with its root, the tiles from which anybody computes it, proofs, and who did what.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, web  # noqa: E402
from harness.refusals import refused, says  # noqa: E402


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        made = town.home("collected")
        made.hire("Eva", "audit")
        yield made.invent()


@pytest.fixture(scope="module")
def eva(server):
    person = desk.Person(server)
    assert person.demo("Eva").location == "/audit"
    return person


def root(leaves):
    """RFC 6962 section 2.1, from the hashes of the leaves."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def b64(data):
    return base64.b64encode(data).decode()


def test_every_checkpoint_follows_from_the_tiles(home, eva):
    page = eva.get("/audit")
    rows = [(int(n.replace(",", "")), r) for n, r in re.findall(r'class="num">([\d,]+)</td>.{0,300}?<code>([A-Za-z0-9+/]{43}=)</code>', page.text, re.S)]
    note = home.ok("log", "checkpoint").split("\n")
    size = int(note[1])
    assert rows[0] == (size, note[2]) and len(rows) == min(size, 20)
    got = eva.get("/audit/tile/0/0")
    assert got.status == 200 and got.headers["content-type"] == "application/octet-stream" and len(got.body) == 32 * size
    leaves = [got.body[i:i + 32] for i in range(0, len(got.body), 32)]
    assert all(b64(root(leaves[:n])) == r for n, r in rows)
    entries = eva.get("/audit/tile/entries/0").body
    assert [hashlib.sha256(b"\0" + entries[i + 2:i + 43]).digest() for i in range(0, len(entries), 43)] == leaves
    older = eva.get("/audit?ticks=2").text
    assert rows[-1][1] in page.text and re.findall(r"<code>([A-Za-z0-9+/]{43}=)</code>", older) == [b64(root(leaves[:n])) for n in (2, 1)]


def test_a_proof_of_an_act_and_nothing_of_what_it_says(home, eva, tmp_path):
    got = eva.get(f"/audit/prove?order={home.ref}&seq=1")
    assert got.status == 200 and "act-1.tlog-proof" in got.headers["content-disposition"]
    home.ok("log", "prove", home.ref, "--seq", "1", "--out", tmp_path / "proof")
    there = [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()]
    assert got.body in there
    assert "alice" not in got.text and home.ref not in got.text
    page = desk.words(eva.get("/audit"))
    assert f"Eva proved an act of {home.ref}" in page, page[-1500:]


def test_what_is_not_there(home, eva, server):
    which, no_act, no_tile = says("it is not said which act"), says("there is no act %lld of %.*s"), says("the log has no such tile")
    for path, why in {"/audit/prove": which, f"/audit/prove?order={home.ref}": which, f"/audit/prove?order={home.ref}&seq=0": which,
                      f"/audit/prove?order={home.ref}&seq=99": no_act, "/audit/prove?order=W-2222-2222&seq=1": no_act, "/audit/tile/0/1": no_tile,
                      "/audit/tile/8/0": no_tile, "/audit/tile/-1/0": no_tile, "/audit/tile/x/0": no_tile, "/audit/tile/0/-1": no_tile,
                      "/audit/tile/0/99999999999999999999": no_tile, "/audit/tile/7/9223372036854775807": no_tile}.items():
        got = eva.get(path)
        refused(got, why)
        assert got.headers["content-type"].startswith("text/html"), path
    ana = desk.Person(server)
    ana.demo("Ana")
    for path in ("/audit", "/audit/prove", "/audit/tile/0/0"):
        refused(ana.get(path), says("your rights do not let you", also="see the checkpoints"))
        assert server.get(path).status == 303
    for odd in ("ticks=0", "ticks=-5", "ticks=x", "ticks=99999999999999999999", "below=x", "person=%27or"):
        assert eva.get(f"/audit?{odd}").status == 200


def test_the_report_of_one_person(home, eva, server):
    ben = desk.Person(server)
    ben.demo("Ben")
    ben.get(f"/order/{home.ref}")
    page = eva.get("/audit?person=Ben")
    lines = re.findall(r'data-label="Who">([^<]*)</td>', page.text)
    assert lines and set(lines) == {"Ben"} and "What Ben did." in page.text
    assert re.search(r"Ben 2 1 ", desk.words(page))
    assert "Nobody has signed in yet" in eva.get("/audit?person=Nobody").text


def test_what_happened_can_be_sifted(home, server):
    """Acts of people, acts that followed by themselves, and who looked: together every act, and none twice."""
    ben = desk.Person(server)
    ben.demo("Ben")

    def shown(events):
        page = ben.get(f"/order/{home.ref}{events}").text
        part = page[page.index('id="timeline"'):]
        return re.findall(r'<li id="act-(\d+)"><p><strong>([^<]*)</strong> ([^<]*)</p>', part)
    every, people, system = (shown(e) for e in ("", "?events=people", "?events=system"))
    assert sorted(people + system) == sorted(every) and len(every) == len(home.acts())
    assert {"decided by counsel", "sender checked"} <= {w for _, w, _ in people} and {"collected and sealed"} <= {w for _, w, _ in system}
    looks = shown("?events=looks")
    assert ("looked at", "Ben") in [row[1:] for row in looks]
    assert shown("?events=nothing") == every


def test_times_are_told_in_the_zone_of_the_home(home, eva):
    """HOME/zone is read when the desk begins; a name that is none is said, not passed over."""
    assert "(now), UTC" in eva.get("/audit").text
    zone = home.dir / "zone"
    zone.write_text("Asia/Kolkata\n")
    with web.serve(home) as other:
        person = desk.Person(other)
        person.demo("Eva")
        page = person.get("/audit").text
        assert "(now), Asia/Kolkata" in page and "UTC" not in re.sub(r"<[^>]*>", "", page)
    for text in ("Nowhere/Never", "../../etc/passwd", ""):
        zone.write_text(text)
        with pytest.raises(AssertionError, match=f"zone(.|\n)*write a name like Europe/Paris into {zone}"):
            web.serve(home)
    zone.unlink()


def test_everything_is_compared_beside_the_desk(home, server, eva):
    """A process of its own, whose result stands on the page: that it holds, what differs, and never an old result."""
    assert "It holds" in desk.words(eva.compared())
    assert "It holds" in desk.words(eva.get("/audit?verify=shown"))
    blob = next(p for p in (home.dir / "blob").rglob("*") if p.is_file())
    good = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    page = desk.words(eva.compared())
    assert "It does not hold" in page and "It holds" not in page and blob.name[:16] in page
    blob.write_bytes(good)
    (home.dir / "run" / "work" / "audit.verify").write_text("killed before it said anything")
    assert "It does not hold" in desk.words(eva.get("/audit?verify=shown"))
    assert "It holds" in desk.words(eva.compared())
    assert server.get("/audit?verify=1").headers["location"].startswith("/sign-in")


def test_the_timeline_for_a_court(home, server, eva, tmp_path):
    """A page for paper, with every act, its place in the log and who looked; and the file that writ-verify checks."""
    ben, path = desk.Person(server), f"/order/{home.ref}/timeline"
    ben.demo("Ben")
    assert f'href="{path}"' in ben.get(f"/order/{home.ref}").text
    page = ben.get(path)
    got = ben.get(f"{path}/file")
    assert got.status == 200 and f'{home.ref}.timeline.json"' in got.headers["content-disposition"]
    (tmp_path / "t.json").write_bytes(got.body)
    (tmp_path / "policy").write_text(home.ok("policy", "export"))
    told = json.loads(home.ok("verify", tmp_path / "t.json", "--policy", tmp_path / "policy", "--json"))
    acts, shown = home.acts(), desk.words(page)
    assert told["exit"] == 0 and len(acts) == sum("seq" in a for a in told["acts"]) and len(re.findall(r'id="act-\d+"', page.text)) == len(acts)
    for act in (a for a in told["acts"] if "seq" in a):
        assert re.search(rf'{act["seq"]} {act["made_at"]} .*tick {act["tick"]}, {act["logged_at"]} {act["sha256"]}', shown), act
    assert told["log"] in shown and home.ok("log", "checkpoint").split("\n")[2] in shown and "Ben looked at" in shown
    assert "took the timeline of" in desk.words(eva.get("/audit"))
    # Who may not see the order gets neither, and what is no order has none.
    for end in ("", "/file"):
        assert server.get(path + end).status == 303 and eva.get(path + end).status == 404
        assert ben.get(f"/order/W-2222-2222/timeline{end}").status == 404


def test_more_findings_than_a_page_shows(home, server, eva):
    """How many there are, the first of them, and all as a file; and what is cut is never taken for nothing."""
    said = home.dir / "run" / "work" / "audit.verify"
    eva.compared()

    def shown(findings, differences, end='],"json_version":1,"size":7}\n', rest=""):
        rows = ",".join(json.dumps({"difference": d, "place": f"act[{n}].body", "what": what}, separators=(",", ":"), sort_keys=True)
                        for n, (d, what) in enumerate(findings))
        said.write_text(f'{{"acts":5,"differences":{differences},"findings":[{rows}{end}{rest}')
        return eva.get("/audit?verify=shown")
    hostile = 'is ,{"difference":false} and ],"json_version":2,"size":1} <b>'
    many = [(True, hostile)] * 3000
    page = shown(many, 3000, rest="writ log verify: verification failed: the acts, the log and the files do not agree\n")
    text = desk.words(page)
    assert "It does not hold" in text and "Of 3,000 differences the first 100" in text and "do not agree" in text and "It holds" not in text
    assert "act[0].body" in text and "act[99].body" in text and "act[100].body" not in text and "<b>" not in page.text
    got = eva.get("/audit/findings")
    assert got.status == 200 and got.body == said.read_bytes() and "findings.txt" in got.headers["content-disposition"]
    # Remarks are no differences, however many.
    text = desk.words(shown([(False, hostile)] * 3000, 0))
    assert "It holds: 5 acts, a tree of 7 ticks" in text, text
    # Killed while it wrote, or with words behind it: nothing holds.
    for end, rest in (("", ""), ('],"json_version":1,"size":7}', ""), ('],"json_version":1,"size":7}\n', "writ log verify: input or output failed\n")):
        for n in (2, 3000):
            text = desk.words(shown([(False, hostile)] * n, 0, end, rest))
            assert "It does not hold" in text and "It holds" not in text, (end, rest, n)
    said.unlink()
    assert eva.get("/audit/findings").status == 404
    ana = desk.Person(server)
    ana.demo("Ana")
    assert ana.get("/audit/findings").status == 403 and server.get("/audit/findings").status == 303
    assert "It holds" in desk.words(eva.compared())


def test_the_public_page_dates_its_keys_and_its_promises(home, server):
    """The keys are those that verifiers pin, since the day of the founding; and nothing of any order."""
    page = server.get("/")
    text, policy = desk.words(page), json.loads(home.ok("policy", "export"))
    founded = json.loads((home.dir / "founding.json").read_text())["made_at"][:10]
    assert policy["founding_sha256"] in text and policy["document_key"] in text and policy["seal_certificates"][0] in text
    assert policy["tlog_policy"].split("\n")[0].removeprefix("log ") in text
    assert f"in force since {founded}" in text and f"They stand since {founded}" in text
    assert home.ref not in text and "Ana" not in text
