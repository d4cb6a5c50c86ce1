"""Letters as PDF: from the same text, the same bytes each time, and nothing that an authority writes does
more than stand there. Read with poppler's tools. SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402
from harness.life import demand  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
A4 = ("595.276", "841.89")


@pytest.fixture(scope="module")
def town():
    if not shutil.which("pdftotext"):
        pytest.skip("poppler-utils is not here: tools/install-deps test")
    with life.Town() as made:
        yield made


def poppler(name, path, *words):
    done = subprocess.run([name, *words, str(path), *(["-"] if name == "pdftotext" else [])], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and "rror" not in done.stderr, done.stderr
    return done.stdout


def info(path):
    return {k: v.strip() for k, _, v in (line.partition(":") for line in poppler("pdfinfo", path).splitlines())}


def pdf(home, name, status=0):
    path = home.base / f"{name}.pdf"
    got = home.run("letter", home.ref, name, "--pdf", path)
    assert got.exit == status and got.out == "", got
    return path


def words(text):
    return re.sub(r"\s+", "", text)


def named(name):
    """An order of an authority of that name."""
    def change(tree):
        tree["facts"]["issuer"]["authority_name"] = f'"{name}"'
    return change


def test_the_same_words_in_both_forms(town):
    home = town.home("authenticated")
    home.decide("refuse", "--reason", "INST-UNSIGNED", "--reason", "PART-BULK")
    path = pdf(home, "refusal")
    text, read = home.ok("letter", home.ref, "refusal") + "\n", poppler("pdftotext", path, "-raw")
    for part in text.split("\n\n"):
        lines = part.splitlines() if part.startswith(("To ", "  ")) else [part]
        for line in lines:
            assert words(line) in words(read), line
    assert life.sha(text.encode()) in words(read) and "Page 1 of 1" in read and home.ref in read
    assert info(path)["Page size"].startswith("%s x %s pts (A4)" % A4)
    assert info(path)["Tagged"] == "yes" and info(path)["JavaScript"] == "no"


def test_the_same_bytes_each_time(town):
    home = town.home("received")
    first = pdf(home, "receipt").read_bytes()
    assert first.startswith(b"%PDF-1.")
    other = home.twin(home.base / "twin")
    town.keep(other)
    assert pdf(other, "receipt").read_bytes() == first
    # And not because every letter is the same: another order's differs.
    home.submit()
    assert pdf(home, "receipt").read_bytes() != first


def test_both_files_at_once_and_the_record(town):
    home = town.home("received")
    home.ok("letter", home.ref, "receipt", "--out", home.base / "r.txt", "--pdf", home.base / "r.pdf")
    assert (home.base / "r.pdf").read_bytes() == pdf(home, "receipt").read_bytes()
    assert life.sha((home.base / "r.txt").read_bytes()) in words(poppler("pdftotext", home.base / "r.pdf"))
    assert (home.base / "r.txt.record.seal").exists()


@pytest.mark.parametrize("name, seen", [
    ("Окружной суд Łódź", "Окружной суд Łódź"), ("Εφετείο Αθηνών", "Εφετείο Αθηνών"), ("東京地方裁判所", "東京地方裁判所"),
    ("บริษัทศาล", None), ("محكمة", None), ("בית משפט", None), ("Հայաստան", "Հայաստան")])
def test_names_in_other_letters(town, name, seen):
    home = town.home()
    home.submit(change=named(name))
    text = poppler("pdftotext", pdf(home, "receipt"))       # exit 0: every character has its font
    assert seen is None or words(seen) in words(text)


def test_letters_that_no_font_has_are_told(town):
    home = town.home()
    home.submit(change=named("Tribunal \U000F0000\U000F0001"))
    got = home.run("letter", home.ref, "receipt", "--pdf", home.base / "r.pdf")
    assert got.exit == 7 and "no font" in got.err and "next:" in got.err
    assert "Tribunal" in poppler("pdftotext", home.base / "r.pdf")


@pytest.mark.parametrize("name", [
    "<b>bold</b> <span size='99999'>x</span> &amp; &lt;", "%s%n%999999d", "{{provider}} {{reasons}}", ") Tj ET /JS (app.alert(1))",
    "https://example.org/ mailto:a@b.example", "Court      of      many      spaces"])
def test_text_is_text(town, name):
    home = town.home()
    home.submit(change=named(name))
    path = pdf(home, "receipt")
    assert words(name) in words(poppler("pdftotext", path, "-raw"))
    raw = path.read_bytes()
    assert not re.search(rb"/(JS|JavaScript|URI|Launch|OpenAction|AA|EmbeddedFile)\b", raw)
    assert info(path)["Pages"] == "1"


def test_a_hundred_lines_go_on_at_the_next_page(town):
    home = town.home()
    home.submit([demand(f"user{n:03d}@mail.example") for n in range(100)])
    home.withhold()
    home.ok("notify", home.ref, "--sent", as_="Ana")
    path = pdf(home, "notice")
    read, pages = poppler("pdftotext", path, "-layout"), int(info(path)["Pages"])
    assert pages >= 2 and re.findall(r"Page (\d+) of (\d+)", read) == [(str(n + 1), str(pages)) for n in range(pages)]
    assert re.findall(r"user(\d{3})@", read) == [f"{n:03d}" for n in range(100)]


def test_words_longer_than_a_line_and_longer_than_a_page(town):
    home = town.home()
    long = "x" * 399
    home.submit([demand(long) for _ in range(40)])
    home.withhold()
    home.ok("notify", home.ref, "--sent", as_="Ana")
    path = pdf(home, "notice")
    # Nothing is cut off at the margin: every letter is there, and inside the page.
    boxes = re.findall(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">', poppler("pdftotext", path, "-bbox"))
    assert boxes and all(60 < float(a) and float(c) < 540 and 30 < float(b) and float(d) < 825 for a, b, c, d in boxes)
    body = re.sub(r"Page \d+ of \d+|SHA-256 of the text: \w+", "", poppler("pdftotext", path, "-raw"))
    assert body.count("x") >= 40 * 399


def test_the_certificate_of_a_delivery(town):
    home = town.home("delivered")
    out = home.open(home.base / "out.tar" if (home.base / "out.tar").exists() else home.deliver())
    read = words(poppler("pdftotext", out.folder / "certificate.pdf", "-raw"))
    for what in ("Certificateofauthenticity", "ExampleMailSAS", home.ref, out.statement["manifest_sha256"],
                 out.statement["scope_sha256"], "Page1of1", f"Items{len(out.items)}"):
        assert what in read, what
    # It names no later hash (doc/delivered-file.md).
    assert set(re.findall(r"[0-9a-f]{64}", read)) == {out.statement["manifest_sha256"], out.statement["scope_sha256"]}


def test_what_is_refused(town):
    home = town.home("received")
    for status, argv in ((3, ("refusal", "--pdf", home.base / "x.pdf")), (2, ("receipt", "--pdf")),
                         (3, ("receipt", "--pdf", home.base / "no" / "folder" / "x.pdf"))):
        got = home.run("letter", home.ref, *argv)
        assert got.exit == status and got.err.startswith("writ letter"), (argv, got)
    assert not (home.base / "x.pdf").exists()
