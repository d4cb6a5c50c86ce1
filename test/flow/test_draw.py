"""The hand that draws: what it refuses, any text there can be, fonts that are not to be had; and a writ
that believes no answer of it. SPDX-License-Identifier: Apache-2.0"""
import ctypes
import os
import random
import shutil
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import hand, life, tools  # noqa: E402

DRAW = tools.program("writ-draw")
if not DRAW:
    pytest.fail("writ-draw is not built (WRIT_BUILD)", pytrace=False)
JOB = {"version": 1, "job": "draw", "title": "W-1234: receipt", "reference": "W-1234", "sha256_text": "ab" * 32,
       "made_at": "2026-11-22T10:00:00Z"}
TEXT = "Example Mail\n22 November 2026\n\nTo  Court\n\nSubject\n\nWords, and a hash: %s\n" % ("ab" * 32)


def draw(text=TEXT, files=2, **how):
    """(answer, PDF, hand)"""
    data = text.encode() if isinstance(text, str) else text
    job = JOB | {k: how.pop(k) for k in list(how) if k in JOB or k == "surplus"}
    fds = [hand.memory(data), hand.memory(), hand.memory()][:files]
    try:
        answer, ran = hand.ask({k: v for k, v in job.items() if v is not None}, fds, program=DRAW, **how)
        return answer, hand.content(fds[1]) if files > 1 else b"", ran
    finally:
        for fd in fds:
            os.close(fd)


def drawn(*text, **how):
    answer, pdf, ran = draw(*text, **how)
    assert answer is not None and answer["ok"], (answer, ran.status, ran.log)
    assert pdf.startswith(b"%PDF-1.") and pdf.endswith(b"%%EOF\n") and answer["bytes"] == len(pdf) and ran.log == ""
    return answer, pdf


def refused(*text, **how):
    answer, pdf, ran = draw(*text, **how)
    assert answer is not None and answer["ok"] is False and ran.status == 0 and pdf == b"", (answer, ran.log)
    assert answer["why"] and answer["next"]
    return answer


def test_the_same_bytes_whatever_the_environment():
    answer, pdf = drawn()
    assert answer["missing"] == 0 and answer["cage"]["seccomp"] is True
    for env in ({}, {"HOME": "/nowhere", "LANG": "ja_JP.UTF-8", "PANGO_LANGUAGE": "ar", "TZ": "Asia/Tokyo",
                     "FONTCONFIG_FILE": "/nowhere", "XDG_DATA_HOME": "/nowhere", "SOURCE_DATE_EPOCH": "0"}):
        assert drawn(env=env)[1] == pdf
    assert drawn(TEXT + "\nMore.\n")[1] != pdf


@pytest.mark.parametrize("change", [
    {"version": 2}, {"job": "read"}, {"job": "send"}, {"job": "fetch"}, {"title": None}, {"title": 7}, {"reference": None},
    {"sha256_text": None}, {"made_at": None}, {"made_at": "yesterday"}, {"made_at": 0}, {"surplus": "x"}, {"title": "a\0b"},
    {"files": 0}, {"files": 1}, {"files": 3}], ids=str)
def test_jobs_that_are_none(change):
    assert refused(**change)["error"] == "FORMAT"


@pytest.mark.parametrize("text", [b"\xff", b"a\n\xed\xa0\x80\n", b"Sender\n\n\xc3", b"\xf4\x90\x80\x80"])
def test_texts_that_are_none(text):
    assert refused(text)["error"] == "FORMAT"


def test_a_text_that_is_too_long():
    drawn("x\n" * 20000)
    assert refused("x" * ((2 << 20) + 1))["error"] == "LIMIT"


def letters(rng):
    """A text of all scripts, of signs that are in none, and of what nobody writes."""
    planes = ((0x20, 0x250), (0x250, 0x3000), (0x600, 0x1900), (0x3000, 0xd800), (0xe000, 0x10000), (0x10000, 0x20000),
              (0x1f300, 0x1fb00), (0xfff00, 0x110000))

    def line():
        word = "".join(chr(rng.randrange(*rng.choice(planes))) for _ in range(rng.randrange(40)))
        return rng.choice(("", "  ", "Label  ", "x" * 500)) + word + rng.choice(("", " " + "0f" * 32))
    return "\n".join(rng.choice((line(), "")) for _ in range(rng.randrange(1, 30)))


def test_no_text_leaves_the_cage_or_falls_out_of_it():
    """Each script has its fonts found and opened inside: none of it is a call that kills."""
    rng = random.Random(2026)
    for _ in range(25):
        drawn(letters(rng))


class Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int)]


def without_fonts():
    """In the child, before exec: what it starts can read anything but what lies in folders of fonts."""
    libc, read_file, execute = ctypes.CDLL(None), 4, 1
    handled = ctypes.c_uint64(read_file)
    ruleset = libc.syscall(444, ctypes.byref(handled), 8, 0)
    for path in ("/etc", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/dev", "/proc", "/var/cache", "/usr/share/fontconfig",
                 "/usr/share/xml", str(DRAW.parent)):
        if os.path.exists(path):
            rule = Beneath(read_file, os.open(path, os.O_PATH))
            if libc.syscall(445, ruleset, 1, ctypes.byref(rule), 0) != 0:
                os._exit(98)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.syscall(446, ruleset, 0) != 0:
        os._exit(99)


def test_fonts_that_cannot_be_read_are_an_error_and_no_ugly_letter():
    if ctypes.CDLL(None).syscall(444, None, 0, 1) < 1:
        pytest.skip("SKIPPED: this kernel has no Landlock, by which the test takes fonts away")
    answer = refused(before=without_fonts)
    assert answer["error"] in ("FAILED", "NOT_FOUND") and "font" in answer["why"] + answer["next"]


# ---- what writ makes of it ----

ANSWER = '{"ok":true,"cage":null,"bytes":%d,"missing":0}'
PDF = b"%PDF-1.5\n%%EOF\n"
# The answer, what stands in the file, and a word of what writ says.
LIES = {
    "no PDF": (ANSWER % 5, b"hello", "no PDF"), "nothing": (ANSWER % 0, b"", "no PDF"),
    "a beginning without an end": (ANSWER % 9, PDF[:9], "no PDF"), "an end without a beginning": (ANSWER % 6, PDF[9:], "no PDF"),
    "another length": (ANSWER % 99, PDF, "no PDF"), "no length": ('{"ok":true,"cage":null,"missing":0}', PDF, "bytes"),
    "no count": ('{"ok":true,"cage":null,"bytes":15}', PDF, "missing"), "more than there may be": (ANSWER % (1 << 27), None, "limit"),
    "no answer": (None, PDF, "without a result"), "words": ("love", PDF, "the hand"),
    "its own refusal": ('{"ok":false,"error":"LIMIT","why":"the pages are too many","next":"x"}', PDF, "pages are too many"),
}
LIAR = """#!/usr/bin/python3
import os, sys
sys.path.insert(0, {path!r})
from harness import hand
import socket
sock = socket.socket(fileno=3)
_, fds = hand.receive(sock)
data, answer = {data!r}, {answer!r}
os.truncate(fds[1], 1 << 27) if data is None else os.write(fds[1], data)
if answer is not None:
    hand.send(sock, answer.encode())
"""


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


def other_programs(home, program=None):
    """The home's programs with this one in the place of writ-draw; None: with none."""
    folder = home.base / "bin"
    shutil.copytree(home.bin, folder, ignore=lambda d, names: [n for n in names if n not in life.PROGRAMS or n == "writ-draw"])
    if program:
        (folder / "writ-draw").write_text(program)
        (folder / "writ-draw").chmod(0o755)
    home.bin = folder


@pytest.mark.parametrize("name", LIES)
def test_what_writ_does_not_believe(town, name):
    answer, data, says = LIES[name]
    home = town.home("received")
    other_programs(home, LIAR.format(path=str(tools.ROOT / "test"), data=data, answer=answer))
    got = home.run("letter", home.ref, "receipt", "--pdf", home.base / "r.pdf")
    assert got.exit not in (0, 7) and says in got.err and "next:" in got.err and not (home.base / "r.pdf").exists(), got


def test_without_the_program_letters_stay_texts(town):
    home = town.home("received")
    other_programs(home)
    got = home.run("letter", home.ref, "receipt", "--pdf", home.base / "r.pdf")
    assert got.exit not in (0, 7) and "writ-draw" in got.err and not (home.base / "r.pdf").exists()
    home.ok("letter", home.ref, "receipt")
    got = home.run("doctor")
    assert got.exit == 7 and "letters" in got.out and "writ-draw" in got.out
