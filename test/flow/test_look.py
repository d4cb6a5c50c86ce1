"""The hand that looks at papers: what it refuses, tools that a paper has captured, hostile PDFs and
scans. SPDX-License-Identifier: Apache-2.0"""
import collections
import csv
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import hand, tools  # noqa: E402
from harness.paper import is_plain, pdf, png  # noqa: E402

LOOK = tools.program("writ-look")
HOOKED = tools.program("writ-look", hooks=True)
FAKE = tools.program("cage_tool")
if not LOOK:
    pytest.fail("writ-look is not built (WRIT_BUILD)", pytrace=False)
FULL = os.environ.get("WRIT_FULL")
MIB = 1 << 20


def look(paper, what, files=2, program=LOOK, env=None, before=None, **fields):
    """(answer, result, hand)"""
    fds = [hand.memory(paper), hand.memory(), hand.memory()][:files]
    job = {"version": 1, "job": "look", "what": what, **fields}
    try:
        answer, ran = hand.ask({k: v for k, v in job.items() if v is not None}, fds, program=program, env=env, before=before)
        return answer, hand.content(fds[1]) if files > 1 else b"", ran
    finally:
        for fd in fds:
            os.close(fd)


def seen(paper, what, **how):
    answer, result, ran = look(paper, what, **how)
    assert answer is not None and answer["ok"], (answer, ran.status, ran.log)
    assert answer["bytes"] == len(result) and answer["cage"]["seccomp"] is True and ran.log == ""
    return result if what == "picture" else json.loads(result)


def refused(paper, what, **how):
    answer, result, ran = look(paper, what, **how)
    assert answer is not None and answer["ok"] is False and ran.status == 0 and result == b"", (answer, ran.log)
    assert answer["why"] and answer["next"]
    return answer


# ---- what it does ----

def test_a_pdf():
    paper = pdf(b"Dated 15 November 2019, 18 U.S.C. 2709", pages=3)
    assert seen(paper, "about") == {"kind": "pdf", "pages": 3}
    told = seen(paper, "words", page=2, to=3)
    assert [p["page"] for p in told["pages"]] == [2, 3]
    assert [w["text"] for w in told["pages"][0]["words"]] == ["Dated", "15", "November", "2019,", "18", "U.S.C.", "2709"]
    box = told["pages"][0]["words"][0]["box"]
    assert 600 < box[0] < 700 and 1500 < box[1] < box[3] < 2700
    assert {(s["field"], s["value"], s["page"]) for s in told["suggestions"]} == {
        (f, v, p) for p in (2, 3) for f, v in (("instrument.provisions", "18 USC 2709"),)} | {
        ("instrument.issued_on", "2019-11-15", 2), ("instrument.issued_on", "2019-11-15", 3)}
    picture = seen(paper, "picture", page=1, longest=600)
    assert is_plain(picture) and struct.unpack(">II", picture[16:24]) == (600, 400)


def test_a_scan():
    for kind in (0, 2):
        assert seen(png(kind=kind), "about") == {"kind": "png", "pages": 1}
        picture = seen(png(kind=kind), "picture", longest=20)
        assert is_plain(picture) and struct.unpack(">II", picture[16:24]) == (20, 10)


SCANS = {       # what pdftoppm writes as, and what kind that is
    "jpeg": (["-jpeg"], "jpeg"), "progressive": (["-jpeg", "-jpegopt", "progressive=y"], "jpeg"), "grey": (["-gray", "-jpeg"], "jpeg"),
    "tiff": (["-tiff"], "tiff"), "lzw": (["-tiff", "-tiffcompression", "lzw"], "tiff"), "deflate": (["-tiff", "-tiffcompression", "deflate"], "tiff"),
    "in jpeg": (["-tiff", "-tiffcompression", "jpeg"], "tiff"), "packbits": (["-tiff", "-tiffcompression", "packbits"], "tiff"),
    "two colours": (["-mono", "-tiff"], "tiff"), "two colours png": (["-mono", "-png"], "png"),
}


@pytest.mark.parametrize("name", SCANS)
def test_scans_of_each_kind(name, tmp_path):
    """Decoded by libraries in the narrowest cage: no call of theirs is one that kills, whole or cut."""
    options, kind = SCANS[name]
    (tmp_path / "in.pdf").write_bytes(pdf(b"Dated 15 November 2019"))
    subprocess.run(["pdftoppm", "-q", "-singlefile", "-r", "100", *options, tmp_path / "in.pdf", tmp_path / "out"], check=True, stderr=subprocess.DEVNULL)
    scan = next(p for p in tmp_path.iterdir() if p.stem == "out").read_bytes()
    assert seen(scan, "about") == {"kind": kind, "pages": 1}
    assert is_plain(seen(scan, "picture", longest=300)) and is_plain(seen(scan, "picture", longest=300, grey=True))
    for size in (len(scan) // 3, len(scan) - 9):
        answer, _, ran = look(scan[:size], "picture", longest=300)
        assert answer is not None and (answer["ok"] or answer["error"] == "FORMAT"), (answer, ran.status)


def test_letters_of_a_picture():
    if not os.path.exists("/usr/bin/tesseract"):
        pytest.fail("tesseract is not installed (tools/install-deps test)")
    picture = seen(pdf(b"Dated 15 November 2019"), "picture", longest=1500, grey=True)
    told = seen(picture, "letters", page=7)
    assert told["pages"][0]["page"] == 7
    assert "November" in [w["text"] for w in told["pages"][0]["words"]]
    assert [s["value"] for s in told["suggestions"]] == ["2019-11-15"]


def test_the_same_whatever_the_environment():
    paper = pdf(b"Words")
    first = seen(paper, "picture", longest=300)
    env = {"HOME": "/nowhere", "LANG": "ja_JP.UTF-8", "LD_LIBRARY_PATH": "/nowhere", "FONTCONFIG_FILE": "/nowhere", "TESSDATA_PREFIX": "/nowhere"}
    assert seen(paper, "picture", longest=300, env=env) == first


@pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: only root can become another user")
def test_another_user_whose_fonts_no_cache_knows(tmp_path):
    """fontconfig then tries to write one; the tool goes on without."""
    place = tempfile.mkdtemp(prefix="writ-look-")
    try:
        os.chmod(place, 0o755)
        program = shutil.copy(LOOK, place)
        assert is_plain(seen(pdf(b"Words"), "picture", longest=300, program=program, before=lambda: (os.setgid(65534), os.setuid(65534))))
    finally:
        shutil.rmtree(place)


# ---- what it refuses ----

@pytest.mark.parametrize("change", [
    {"version": 2}, {"job": "read"}, {"job": "draw"}, {"what": None}, {"what": "all"}, {"what": 7}, {"page": 0}, {"page": -1}, {"page": 100001},
    {"longest": 0}, {"longest": 4001}, {"language": ""}, {"language": "../x"}, {"language": "eng;x"}, {"language": "-l"}, {"language": "e" * 61},
    {"surplus": 1}, {"files": 0}, {"files": 1}, {"files": 3}], ids=str)
def test_jobs_that_are_none(change):
    what = change.pop("what", "words") if "what" in change else "words"
    assert refused(pdf(), what, **change)["error"] == "FORMAT"


@pytest.mark.parametrize("paper", [b"", b"hello", b"%PD", b"<?xml?>", b"PK\3\4", b"From a@b Thu\n", b"%!PS-Adobe"], ids=repr)
def test_papers_that_are_none(paper):
    for what in ("about", "words", "picture"):
        assert "no PDF, PNG, JPEG or TIFF" in refused(paper, what)["why"]


@pytest.mark.parametrize("paper", [b"%PDF-", b"%PDF-1.7\n%%EOF\n", pdf()[:60], b"\x89PNG\r\n\x1a\n", png()[:30], b"\xff\xd8\xff", b"II*\0", b"MM\0*"], ids=repr)
def test_papers_that_are_broken(paper):
    for what in ("about", "words", "picture"):
        answer = refused(paper, what)
        assert answer["error"] in ("FORMAT", "LIMIT")


def test_pages_that_there_are_not():
    assert seen(pdf(pages=2), "words", page=2, to=9)["pages"][0]["page"] == 2
    assert refused(pdf(pages=2), "picture", page=3)["error"] == "FORMAT"
    assert refused(png(), "picture", page=2)["error"] == "FORMAT"
    assert refused(png(), "words")["error"] == "FORMAT"


# ---- a tool that a paper has captured ----

needs_fake = pytest.mark.skipif(not HOOKED or not FAKE, reason="SKIPPED: there is no build with test hooks")


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tools")
    for name in ("pdfinfo", "pdftotext", "pdftoppm", "tesseract"):
        shutil.copy(FAKE, folder / name)
    return {"WRIT_TEST_TOOLS": str(folder)}


def captured(what, job, fake, **how):
    return look(b"%PDF-1.4\ndo " + what.encode() + b"\n", job, program=HOOKED, env=fake, **how)


def words_of(what, fake):
    answer, result, ran = captured(what, "words", fake)
    assert answer["ok"], (answer, ran.log)
    return [w["text"] for p in json.loads(result)["pages"] for w in p["words"]]


@needs_fake
def test_a_tool_knows_nothing_of_the_world(fake):
    found = words_of("look", fake)
    assert found[:2] == ["LC_ALL=C.UTF-8", "OMP_THREAD_LIMIT=1"]
    assert [w for w in found if w.startswith("fd=")] == ["fd=0", "fd=1", "fd=2"]
    assert {"passwd=EACCES", "root=EACCES", "proc=EACCES", "write=EACCES", "made=EPERM", "again=EBADF"} <= set(found)


@needs_fake
def test_limits_of_a_tool(fake):
    assert set(words_of("limits", fake)) == {"core=0", "nproc=0", "nofile=64", f"fsize={24 * MIB}", f"as={1536 * MIB}", "cpu=20"}
    assert 500 < int(words_of("hog", fake)[0].removeprefix("mib=")) < 1536


@needs_fake
@pytest.mark.parametrize("job", ("about", "words", "picture"))
@pytest.mark.parametrize("what, error, says", [
    ("fork", "DENIED", "cage forbids"), ("exec", "DENIED", "cage forbids"), ("socket", "DENIED", "cage forbids"),
    ("endless", "LIMIT", "more in it"), ("abort", "FORMAT", "broke"), ("status", "FORMAT", "cannot be read")])
def test_what_a_captured_tool_does(what, error, says, job, fake):
    answer, result, ran = captured(what, job, fake)
    assert answer["ok"] is False and answer["error"] == error and says in answer["why"], answer
    assert result == b"" and ran.status == 0


@needs_fake
def test_a_tool_that_does_not_end_is_ended(fake):
    """Under a narrower limit than its own, so that the test costs a second."""
    answer, _, _ = captured("spin", "words", fake, before=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 2)))
    assert answer["error"] == "LIMIT" and "longer" in answer["why"]
    if FULL:
        for what in ("spin", "sleep"):
            answer, _, _ = captured(what, "words", fake)
            assert answer["error"] == "LIMIT" and "longer" in answer["why"]


@needs_fake
def test_what_it_says_is_not_believed(fake):
    assert words_of("lie", fake) == []
    assert captured("lie", "about", fake)[0]["error"] == "FORMAT"
    assert captured("lie", "picture", fake)[0]["error"] == "FORMAT"


@pytest.mark.skipif(not HOOKED, reason="SKIPPED: there is no build with test hooks")
def test_a_tool_that_is_no_program(tmp_path):
    (tmp_path / "pdftotext").write_text("#!/bin/sh\necho no\n")
    (tmp_path / "pdftotext").chmod(0o755)
    answer, _, _ = look(pdf(), "words", program=HOOKED, env={"WRIT_TEST_TOOLS": str(tmp_path)})
    assert answer["ok"] is False and "not started" in answer["why"]


# ---- hostile papers of others ----

def hostile():
    folder = tools.shared("corpora", "pdf")
    return sorted(p for p in folder.rglob("*") if p.suffix in (".pdf", ".fuzz")) if folder else []


CLEAR = {"FORMAT", "LIMIT"}


def take(path):
    """What became of it: a word for each look."""
    out = []
    for what, fields in (("about", {}), ("words", {"to": 5}), ("picture", {"longest": 800})):
        answer, result, ran = look(path.read_bytes(), what, **fields)
        assert answer is not None and ran.status == 0, (path.name, what, ran.status, ran.log)
        assert answer["ok"] or (answer["error"] in CLEAR and answer["why"] and not result), (path.name, what, answer)
        assert not answer["ok"] or what != "picture" or is_plain(result), path.name
        assert answer["cage"] is None or answer["cage"]["seccomp"] is True
        out.append("read" if answer["ok"] else answer["why"])
    return out


@pytest.mark.skipif(not hostile(), reason="SKIPPED: corpora/pdf is not here")
def test_hostile_papers(record_testsuite_property):
    """Each is read, or refused in words; none harms the hand or makes a tool try its cage. All of them in make cage."""
    papers = hostile()
    if not FULL:
        papers = [p for p in papers if p.stat().st_size < 200000][::12]
    outcome = [take(p) for p in papers]
    assert len(outcome) >= 10 and any(o == ["read"] * 3 for o in outcome) and any("read" not in o for o in outcome)
    record_testsuite_property("papers of corpora/pdf taken", len(papers))
    record_testsuite_property("of these read as pages", sum(o[2] == "read" for o in outcome))


if FULL and tools.shared("corpora", "orders", "nsl-truth"):
    def test_what_real_letters_suggest(record_testsuite_property):
        """The day and the number that a second reader found in each, against those suggested from its first page, a scan."""
        truth = csv.DictReader((tools.shared("corpora", "orders", "nsl-truth") / "nsl_letters_google.csv").open())
        letters = {p.name.lower(): p for p in tools.shared("corpora", "orders", "nsl").glob("*.pdf")}
        days, numbers = collections.Counter(), collections.Counter()
        for row in truth:
            for name, path in letters.items():
                if row["file number"] not in name:
                    continue
                day = row["release date" if "release" in name else "issue date"]
                picture = seen(path.read_bytes(), "picture", longest=3300, grey=True)
                told = seen(picture, "letters")["suggestions"]
                issued = [s["value"] for s in told if s["field"] == "instrument.issued_on"]
                cases = [s["value"] for s in told if s["field"] == "instrument.case_number"]
                days.update(letters=1, found=day in issued, offered=len(issued), right=issued.count(day))
                right = [c for c in cases if c.endswith("-" + row["file number"])]
                numbers.update(found=bool(right), offered=len(cases), right=len(right))
        record_testsuite_property("letters of corpora/orders/nsl read from their pictures", days["letters"])
        for what, n in (("day of issue", days), ("file number", numbers)):
            record_testsuite_property(f"{what} suggested, of these letters", n["found"])
            record_testsuite_property(f"{what}: suggestions that were right", f"{n['right']} of {n['offered']}")
        assert days["letters"] >= 40 and days["found"] >= 0.85 * days["letters"] and numbers["found"] >= 0.85 * days["letters"]


@pytest.mark.skipif(not hostile(), reason="SKIPPED: corpora/pdf is not here")
def test_an_encrypted_paper_says_so():
    papers = [p for p in hostile() if "encrypt" in p.name or "aes256" in p.name]
    assert any("encrypted" in take(p)[0] for p in papers)
