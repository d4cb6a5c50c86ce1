"""Papers of strangers, broken and hostile ones among them: every file of the shared PDF corpora is taken in at a live desk.
Each ends in a page that says what came of it; the desk goes on, nothing is left behind, nothing is written elsewhere.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import select
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, tools, web  # noqa: E402
from harness.paper import is_plain  # noqa: E402

LONG = True

PDFS = tools.shared("corpora", "pdf")
FILES = sorted(p for p in PDFS.rglob("*") if p.is_file()) if PDFS else []
PARTS = 12
READING_S = 700         # what one paper may take (order/reading.h), and some more
GROWTH_KB = 24 << 10    # of a serving process, over all papers of a part

pytestmark = pytest.mark.skipif(not FILES, reason="no shared corpora here: papers of strangers are not taken in")


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        yield town.home("founded").invent()


@pytest.fixture(scope="module")
def elsewhere(home):
    """Where a program that writes beside the home would write."""
    folder = home.base / "tmp"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def server(home, elsewhere):
    argv = [home.bin / "writ", "serve", "--home", home.dir, "--listen", "127.0.0.1:0", "--processes", 1]
    with web.Server(argv, home.dir, home.env(TMPDIR=elsewhere)) as made:
        yield made


@pytest.fixture(scope="module")
def ben(server):
    one = desk.Person(server)
    assert one.demo("Ben").location == "/desk"
    return one


def around(home):
    """Everything beside the home: name, size and time of each file."""
    found = {}
    for path in pathlib.Path(home.base).parent.rglob("*"):
        if home.dir not in path.parents and path != home.dir and path.is_file():
            found[path] = (path.stat().st_size, path.stat().st_mtime_ns)
    return found


def family(home, server):
    """What runs for this home but the seal: {pid: words of its command line}, the desk's own processes and the others."""
    mark, own, others = b"WRIT_HOME=" + str(home.dir).encode() + b"\0", {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path("/proc", name, "cmdline").read_bytes().split(b"\0")
            ours = mark in pathlib.Path("/proc", name, "environ").read_bytes() + b"\0" or os.getsid(int(name)) == server.process.pid
        except OSError:
            continue
        if ours and words[0] and not words[0].endswith(b"/writ-seal"):
            (own if int(name) == server.process.pid or words[0].endswith(b"/writ-desk") else others)[int(name)] = words
    return own, others


def resident(home, server):
    """kB of the desk's processes together."""
    return sum(web.resident_kb(pid)[0] for pid in family(home, server)[0])


def read(ben, got):
    """Asks the page that says how the reading goes until it leads on."""
    assert got.status == 303 and got.location.endswith("/read"), desk.words(got)
    ends = time.monotonic() + READING_S
    while time.monotonic() < ends:
        page = ben.get(got.location)
        assert page.status in (200, 303) and "without success" not in page.text, desk.words(page)
        if page.location:
            return page.location
        select.select([], [], [], 0.05)
    raise AssertionError("the reading does not end")


def take_in(ben, path):
    token = ben.form(ben.get("/intake"), "/intake")[0]["token"]
    return ben.taken(ben.upload("/intake", {"token": token}, [("paper", path.name, path.read_bytes())]))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_paper_is_taken_in_without_harm(home, server, ben, elsewhere, part, record_testsuite_property):
    before, at_first, desks = around(home), resident(home, server), set(family(home, server)[0])
    shown = refused = 0
    for path in FILES[part::PARTS]:
        got = take_in(ben, path)
        if not path.stat().st_size:
            assert got.status == 400 and f"{path.name} is empty" in desk.words(got), path
            refused += 1
            continue
        here = read(ben, got)
        page = ben.get(here)
        order = here.rsplit("/", 1)[0]
        assert here.endswith("/transcribe") and page.status == 200, (path, page.status)
        if "This paper cannot be read here" in page.text:
            refused += 1
            assert "<img src=\"/order" not in page.text, path
        else:
            shown += 1
            got = ben.get(f"{order}/paper/1/page/1")
            assert got.status in (200, 404) and (got.status == 404 or is_plain(got.body)), path
        assert ben.get(f"{order}/paper/1").body == path.read_bytes(), path
        assert server.get("/health").status == 200 and server.process.poll() is None, path
    web.wait(lambda: not family(home, server)[1], "the end of what reads")
    assert set(family(home, server)[0]) == desks        # none of them died and was started again
    assert around(home) == before and not list(elsewhere.iterdir())
    grown = resident(home, server) - at_first
    record_testsuite_property(f"papers of strangers, part {part + 1}", f"{shown} shown, {refused} refused in words; the desk grew by {max(grown, 0)} kB")
    assert grown < GROWTH_KB


def test_the_home_is_sound_afterwards(home, ben):
    assert home.run("log", "verify").exit == 0 and home.run("fsck").exit == 0
    assert ben.get("/desk").status == 200
