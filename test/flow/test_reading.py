"""Papers that are read: what is kept of them, what is shown, and a writ that believes no word of the
hand. SPDX-License-Identifier: Apache-2.0"""
import json
import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.paper import is_plain, pdf, png  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
WORDS = b"Dated 15 November 2019, File No. NSL-19-123456, under 18 U.S.C. 2709 within ten days"


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture
def home(town):
    return town.home("founded")


def submit(home, *papers):
    """An order with these papers: their paths."""
    paths = []
    for i, data in enumerate(papers):
        path = home.base / f"paper-{i + 1}.pdf"
        path.write_bytes(data)
        paths.append(path)
    file = home.base / "order.yaml"

    def change(doc):
        doc["facts"]["order"]["document_sha256"] = life.sha(papers[0])
    life.order_file(file, home.world, change=change)
    home.ref = home.ok("order", "submit", file, *[w for p in paths for w in ("--paper", p)], as_="Ana").strip()
    return paths


def kept(home, data):
    return home.dir / "reading" / life.sha(data)


def test_a_paper_is_read_once_and_again_at_will(home):
    paper, scan = pdf(WORDS, pages=2), png()
    submit(home, paper, scan, b"hello, no paper")
    out = home.base / "pages"
    told = home.json("paper", "read", home.ref, "--out", out)
    assert told["order"] == home.ref and [p["number"] for p in told["papers"]] == [1, 2, 3]
    first, second, third = (p["reading"] for p in told["papers"])
    assert (first["kind"], first["pages"], first["pages_read"], first["why"]) == ("pdf", 2, 2, "")
    assert [p["from"] for p in first["page"]] == ["text", "text"]
    assert {("instrument.issued_on", "2019-11-15"), ("instrument.case_number", "NSL-19-123456"), ("instrument.provisions", "18 USC 2709"),
            ("instrument.return_by", None)} == {(s["field"], s["value"]) for s in first["suggestions"] if s["page"] == 1}
    assert second["kind"] == "png" and second["page"][0]["words"] == []
    assert third["kind"] is None and "no PDF" in third["why"] and third["page"] == []
    assert sorted(p.name for p in out.iterdir()) == ["01-page-001.png", "01-page-002.png", "02-page-001.png"]
    assert all(is_plain(p.read_bytes()) for p in out.iterdir())
    # Kept; and what is derived is no part of the truth.
    place = kept(home, paper)
    assert {p.name for p in place.iterdir()} == {"reading.json", "told.json", "page-001.json", "page-002.json", "page-001.png", "page-002.png"}
    assert place.stat().st_mode & 0o777 == 0o700 and all(p.stat().st_mode & 0o777 == 0o600 for p in place.iterdir())
    before = (place / "reading.json").stat().st_mtime_ns
    assert home.json("paper", "read", home.ref) == told and (place / "reading.json").stat().st_mtime_ns == before
    assert home.json("paper", "read", home.ref, "--again") == told and (place / "reading.json").stat().st_mtime_ns != before
    shutil.rmtree(home.dir / "reading")
    assert home.json("paper", "read", home.ref) == told
    text = home.ok("paper", "read", home.ref)
    assert "2019-11-15" in text and "page 2 of 2: " in text and "no PDF" in text
    assert home.acts() == [a for a in home.acts() if a["act"] == "received"]
    backup = home.base / "copy.tar"
    home.ok("backup", "--out", backup)
    assert b"reading.json" not in backup.read_bytes()
    home.sound()


@pytest.mark.parametrize("name", ["reading.json", "told.json"])
@pytest.mark.parametrize("spoil", [b"", b"not json", b'{"version":99}'])
def test_what_is_kept_and_spoiled_is_made_again(home, spoil, name):
    paper = pdf(WORDS)
    submit(home, paper)
    told = home.json("paper", "read", home.ref)
    good = (kept(home, paper) / name).read_bytes()
    (kept(home, paper) / name).write_bytes(spoil)
    assert home.json("paper", "read", home.ref) == told and (kept(home, paper) / name).read_bytes() == good


def test_a_picture_that_was_changed_is_not_shown(home):
    paper = pdf(WORDS)
    submit(home, paper)
    home.ok("paper", "read", home.ref)
    (kept(home, paper) / "page-001.png").write_bytes(png())       # it has a text chunk
    got = home.run("paper", "read", home.ref, "--out", home.base / "out")
    assert got.exit == 1 and "PNG" in got.err and "next:" in got.err


def test_what_is_no_call(home):
    submit(home, pdf(WORDS))
    assert home.run("paper", "read").exit == 2
    assert home.run("paper", "read", home.ref, "more").exit == 2
    assert home.run("paper", "read", "W-0000-0000").exit == 3
    blob = home.dir / "blob"
    for path in [p for p in blob.rglob("*") if p.name == life.sha(pdf(WORDS))]:
        path.write_bytes(b"other")
    got = home.run("paper", "read", home.ref)
    assert got.exit == 5 and not kept(home, pdf(WORDS)).joinpath("reading.json").exists()


# ---- what writ makes of a hand that lies ----

LIAR = """#!/usr/bin/python3
import json, os, socket, sys
sys.path.insert(0, {path!r})
from harness import hand
sock = socket.socket(fileno=3)
text, fds = hand.receive(sock)
what = json.loads(text)["what"]
answer, result = {answers!r}.get(what, (None, None))
if result is not None:
    os.write(fds[1], result)
if answer is not None:
    hand.send(sock, answer.encode())
"""
OK = '{"ok":true,"cage":null,"bytes":1}'
ABOUT = (OK, b'{"kind":"pdf","pages":1}')
GOOD = (OK, b'{"pages":[],"suggestions":[]}')
PAGE = b'{"pages":[{"height":9,"page":1,"width":9,"words":[{"box":%s,"line":1,"sure":1,"text":%s}]}],"suggestions":[]}'
SUGGESTED = (b'{"pages":[],"suggestions":[{"box":[1,1,2,2],"field":%s,"line":1,"page":1,"quote":"q","sure":1,"value":%s,"what":"w"}]}')
LIES = {
    "no json": {"about": (OK, b"hello")}, "another form": {"about": (OK, b'{"pages": 1, "kind": "pdf"}')}, "no pages": {"about": (OK, b'{"kind":"pdf"}')},
    "words that are none": {"about": ABOUT, "words": (OK, b"[]")},
    "further members": {"about": ABOUT, "words": (OK, b'{"more":1,"pages":[],"suggestions":[]}')},
    "a place outside": {"about": ABOUT, "words": (OK, PAGE % (b"[1,2,3,10001]", b'"x"'))},
    "a place of three": {"about": ABOUT, "words": (OK, PAGE % (b"[1,2,3]", b'"x"'))},
    "a place turned round": {"about": ABOUT, "words": (OK, PAGE % (b"[5,2,3,9]", b'"x"'))},
    "a word that is none": {"about": ABOUT, "words": (OK, PAGE % (b"[1,2,3,4]", b"7"))},
    "a field that is none": {"about": ABOUT, "words": (OK, SUGGESTED % (b'"customer.love"', b"null"))},
    "a value that is none": {"about": ABOUT, "words": (OK, SUGGESTED % (b'"instrument.kind"', b"7"))},
    "no picture": {"about": ABOUT, "words": GOOD, "picture": (OK, b"GIF89a")},
    "a picture with more": {"about": ABOUT, "words": GOOD, "picture": (OK, png())},
    "no tool": {"about": ('{"ok":false,"error":"NOT_FOUND","why":"there is no /usr/bin/pdfinfo","next":"install it"}', None)},
    "no cage": {"about": ('{"ok":false,"error":"FAILED","why":"this kernel has no Landlock","next":"x"}', None)},
}


def other_programs(home, program=None):
    """The home's programs with this one in the place of writ-look; None: with none."""
    folder = home.base / "bin"
    shutil.copytree(home.bin, folder, ignore=lambda d, names: [n for n in names if n not in life.PROGRAMS or n == "writ-look"])
    if program:
        (folder / "writ-look").write_text(program)
        (folder / "writ-look").chmod(0o755)
    home.bin = folder


@pytest.mark.parametrize("name", LIES)
def test_what_writ_does_not_believe(town, name):
    home = town.home("founded")
    submit(home, pdf(WORDS))
    other_programs(home, LIAR.format(path=str(tools.ROOT / "test"), answers=LIES[name]))
    got = home.run("paper", "read", home.ref)
    assert got.exit not in (0, 7) and "next:" in got.err, got
    assert not (kept(home, pdf(WORDS)) / "reading.json").exists()


def test_a_worse_reading_takes_nothing_away(home):
    paper = pdf(WORDS, pages=2)
    submit(home, paper)
    told = home.json("paper", "read", home.ref)
    files = {p.name: p.read_bytes() for p in kept(home, paper).iterdir()}
    programs, plain = home.bin, png()[:33] + png()[png().index(b"IDAT") - 4:]
    for answers, end, says in (({}, 0, "the earlier one stays"), (LIES["no picture"], 5, "PNG"), (LIES["words that are none"], 5, ""),
                               ({"about": ABOUT, "words": GOOD, "picture": (OK, plain), "letters": GOOD}, 0, "the earlier one stays")):
        home.bin = programs
        shutil.rmtree(home.base / "bin", ignore_errors=True)
        other_programs(home, LIAR.format(path=str(tools.ROOT / "test"), answers=answers))
        got = home.run("paper", "read", home.ref, "--again", "--json")
        assert (got.exit == 0) == (end == 0) and says in got.err, got
        assert end or json.loads(got.out) == told
        assert home.json("paper", "read", home.ref) == told
        here = {p.name: p.read_bytes() for p in kept(home, paper).iterdir()}
        assert {name: here[name] for name in files} == files and (end or here.keys() == files.keys())
    home.bin = programs
    assert home.json("paper", "read", home.ref, "--again") == told
    assert {p.name for p in kept(home, paper).iterdir()} == files.keys()


@pytest.mark.parametrize("answers, says", [
    ({}, "ended without a result"), ({"about": ('{"ok":false,"error":"LIMIT","why":"it is too much","next":"x"}', None)}, "too much"),
    ({"about": ('{"ok":false,"error":"FORMAT","why":"cannot be read: encrypted","next":"x"}', None)}, "encrypted")], ids=("nothing", "limit", "encrypted"))
def test_a_paper_that_cannot_be_read_is_a_result(town, answers, says):
    home = town.home("founded")
    submit(home, pdf(WORDS))
    other_programs(home, LIAR.format(path=str(tools.ROOT / "test"), answers=answers))
    told = home.json("paper", "read", home.ref)["papers"][0]["reading"]
    assert told["kind"] is None and says in told["why"] and told["pages_read"] == 0 and told["page"] == []


if os.environ.get("WRIT_FULL"):        # a hundred hands and more: in make cage
    def test_more_pages_than_are_read(town):
        home = town.home("founded")
        submit(home, pdf(WORDS))
        plain = png()[:33] + png()[png().index(b"IDAT") - 4:]
        other_programs(home, LIAR.format(path=str(tools.ROOT / "test"), answers={
            "about": (OK, b'{"kind":"pdf","pages":900}'), "words": GOOD, "picture": (OK, plain), "letters": GOOD}))
        told = home.json("paper", "read", home.ref)["papers"][0]["reading"]
        assert told["why"] == "100 of 900 pages read: limit of pages" and told["pages_read"] == 100
        assert len(list(kept(home, pdf(WORDS)).glob("page-*.png"))) == 100


def test_without_the_program_papers_stay_unread(town):
    home = town.home("founded")
    submit(home, pdf(WORDS))
    other_programs(home)
    got = home.run("paper", "read", home.ref)
    assert got.exit == 3 and "writ-look" in got.err
    home.ok("paper", home.ref, "--out", home.base / "papers")
    assert "writ-look" in home.run("doctor").out
