"""A careless duty officer and a hostile sender: what writ says, keeps and lets through.

Each test was written from a defect: names and texts that steer terminals or forge letters, papers
handed in twice, two commands on one order, files that stand in the way, orders as large as they
may be.  SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, pause, tools  # noqa: E402
from harness.life import demand  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture
def home(town):
    return town.home()


def no(home, status, *words, says="", **more):
    got = home.run(*words, **more)
    assert got.exit == status and says in got.err, (words, got)
    assert "next: " in got.err
    return got


# ---- texts from outside ----

NASTY = {"escape": "\x1b[31m", "bell": "\x07", "C1": "\x9b31m", "line": "\n", "separator": "\u2028", "turned": "\u202egnp.exe"}


@pytest.mark.parametrize("name", NASTY)
def test_a_text_that_steers_is_refused_and_does_not_reach_the_terminal(home, name):
    path = life.order_file(home.base / "order.yaml", home.world)
    text = path.read_text()
    code = "".join(f"\\u{ord(x):04x}" for x in NASTY[name])
    path.write_text(text.replace("authority_reference: 26-1001", f'authority_reference: "26{code}We pay"'))
    got = home.run("order", "submit", path, "--paper", home.world.paper, as_="Ana")
    assert got.exit == 1 and "order.yaml:" in got.err
    assert not any(x in got.err for x in NASTY[name] if x not in "\n[31mgnp.exe"), ascii(got.err)
    assert home.json("order", "list")["orders"] == []


@pytest.mark.parametrize("name", ["a\nWe will pay.txt", "\x1b[2J.pdf", "x" * 250, "\udcff.pdf", "\u202efdp.exe", ".. .pdf"])
def test_names_of_papers_forge_no_receipt(home, name):
    paper = os.fsencode(home.base) + b"/" + os.fsencode(name)
    with open(paper, "wb") as f:
        f.write(home.world.paper.read_bytes())
    path = life.order_file(home.base / "order.yaml", home.world)
    done = subprocess.run([os.fsencode(home.bin / "writ"), b"order", b"submit", os.fsencode(path), b"--paper", paper, b"--as", b"Ana"],
                          env=home.env(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done
    ref = done.stdout.decode().strip()
    receipt = home.ok("letter", ref, "receipt").splitlines()
    at = receipt.index("Papers (SHA-256)")
    assert receipt[at + 2] == "" and life.sha(home.world.paper.read_bytes()) in receipt[at + 1]
    shown = home.ok("show", ref)
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    home.ok("paper", ref, "--out", home.base / "papers")
    names = sorted(p.name for p in (home.base / "papers").iterdir())
    assert [n[:3] for n in names] == ["00-", "01-"] and all(len(n) <= 123 for n in names)
    assert (home.base / "papers" / names[1]).read_bytes() == home.world.paper.read_bytes()


def test_papers_into_a_folder_that_has_others(town):
    home = town.home("received")
    folder = home.base / "papers"
    home.ok("paper", home.ref, "--out", folder)
    home.ok("paper", home.ref, "--out", folder)
    (folder / "01-order.pdf").write_bytes(b"mine")
    no(home, 4, "paper", home.ref, "--out", folder)
    assert (folder / "01-order.pdf").read_bytes() == b"mine"


def test_more_papers_than_are_taken_are_not_dropped_in_silence(home):
    path = life.order_file(home.base / "order.yaml", home.world)
    papers = []
    for n in range(33):
        one = home.base / f"p{n}"
        one.write_bytes(home.world.paper.read_bytes() if n == 0 else b"%d" % n)
        papers += ["--paper", one]
    no(home, 1, "order", "submit", path, *papers, as_="Ana", says="at most 32 papers")
    ref = home.ok("order", "submit", path, *papers[:64], as_="Ana")
    assert len(home.acts("received", ref)[0]["body"]["papers"]) == 32


def test_a_paper_handed_in_twice_is_told(home):
    first = home.submit()
    path = home.base / "order.yaml"
    again = home.run("order", "submit", path, "--paper", home.world.paper, as_="Ana")
    assert again.exit == 0 and first in again.err and "REUSED_DOCUMENT" in again.err
    second = again.out.strip()
    assert second != first and first in home.ok("show", second)
    assert home.acts("received", second)[0]["body"]["seen_in"] == [first]
    assert home.acts("received", first)[0]["body"]["seen_in"] == []


def test_an_order_file_that_changes_while_it_is_read(home):
    """What is kept is what was read: a pipe, which can be read once, will do."""
    path = life.order_file(home.base / "order.yaml", home.world)
    done = subprocess.run(["/bin/sh", "-c", 'cat "$1" | "$2" order submit /dev/stdin --paper "$3" --as Ana', "sh", path,
                           home.bin / "writ", home.world.paper], env=home.env(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done
    home.ok("paper", done.stdout.strip(), "--out", home.base / "papers")
    assert next((home.base / "papers").glob("00-*")).read_bytes() == path.read_bytes()


# ---- as large as they may be ----

def test_200_lines_and_a_megabyte(home):
    wide = "\u0800" * 300           # 900 bytes
    demands = [demand("alice@mail.example") for _ in range(200)]
    lines = {f"d{n + 1}": {"folders": [f"{wide}{k}" for k in range(5)]} for n in range(200)}
    home.submit(demands, lines)
    assert 900_000 < (home.base / "order.yaml").stat().st_size <= 1 << 20
    assert len(home.ok("show", home.ref)) > 100_000
    home.authenticate()
    home.decide()
    assert home.state() == "decided"
    assert home.run("collect", home.ref, as_="Ben").exit in (1, 3)      # no such folders
    assert home.state() == "decided"


def test_200_demands_of_long_targets_are_received(home):
    home.submit([demand("\u0800" * 390) for _ in range(200)])
    home.ok("show", home.ref)
    home.withhold()
    home.ok("notify", home.ref, "--sent", as_="Ana")
    assert len(home.ok("letter", home.ref, "notice")) > 200 * 390


# ---- two commands, and one that was killed ----

@contextlib.contextmanager
def collecting(home):
    """A collection whose hand waits in the middle of the mail."""
    home.to("decided")
    moment = pause.Pause(home.base, "payload:2")
    with subprocess.Popen([home.bin / "writ", "collect", home.ref, "--as", "Ben"], env=home.env(**moment.env), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as process:
        assert moment.reached(process), process.communicate()
        process.go_on = moment.go_on
        try:
            yield process
        finally:
            moment.go_on()
            if process.poll() is None:
                process.kill()


def test_what_others_put_on_file_meanwhile_loses_no_collection(home):
    with collecting(home) as process:
        home.ok("gag", home.ref, "--basis", "CPP 60-1-2", "--until", "2099-02-21", as_="Ana")
        process.go_on()
        assert process.wait(timeout=120) == 0, process.stderr.read()
    assert home.state() == "collected"
    assert [a["act"] for a in home.acts()][-3:] == ["collection_begun", "gagged", "collected"]
    home.sound()


def test_a_collection_that_runs_is_not_begun_again(home):
    with collecting(home) as process:
        no(home, 6, "collect", home.ref, as_="Ben", says="is running")
        no(home, 6, "decide", home.ref, "comply", as_="Ana", key="ana", says="is running")
        process.go_on()
        assert process.wait(timeout=120) == 0, process.stderr.read()
    assert home.state() == "collected"


def test_voided_while_it_is_collected(home):
    with collecting(home) as process:
        home.ok("void", home.ref, "--because", "mistake", as_="Ana", key="ana")
        assert list((home.dir / "vault").iterdir()) == []
        process.go_on()
        assert process.wait(timeout=120) != 0
        said = process.stderr.read()
    assert "void" in said
    assert home.state() == "void" and list((home.dir / "vault").iterdir()) == []
    home.sound()


def test_a_killed_collection_ends_with_a_new_decision(home):
    with collecting(home) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    end = time.monotonic() + 60
    while home.run("decide", home.ref, "refuse", "--reason", "PART-BULK", as_="Ana", key="ana").exit == 6:
        assert time.monotonic() < end, "the hand ends with its caller"
        time.sleep(0.01)
    assert home.state() == "refused" and list((home.dir / "vault").iterdir()) == []
    home.sound()


# ---- deciding ----

def test_deciding_again_leaves_nothing_of_the_first_collection(town):
    home = town.home("collected")
    home.decide("ask", "--reason", "INST-UNSIGNED")
    assert list((home.dir / "vault").iterdir()) == []
    home.sound()


def test_options_that_would_be_passed_over(town):
    home = town.home("authenticated")
    path = home.base / "s.yaml"
    home.ok("scope", home.ref, "--edit", path)
    for words in (("refuse", "--reason", "PART-BULK", "--line", "d1"), ("comply", "--scope", path),
                  ("ask", "--reason", "PART-BULK", "--scope", path), ("refuse", "--reason", "PART-BULK", "--undated", "deliver"),
                  ("narrow", "--reason", "PART-BULK", "--line", "d1", "--line", "d9")):
        no(home, 2, "decide", home.ref, *words, as_="Ana", key="ana")
    # A second key is of a second person who decides.
    no(home, 4, "decide", home.ref, "comply", "--key", home.world.key("ben"), as_="Ana", key="ana", says="Ben may not decide")
    assert home.state() == "authenticated"


def test_a_folder_of_any_name_is_edited_as_it_is(home):
    """What 'scope --edit' writes, 'decide --scope' reads back as the same names."""
    names = ['say "hi"', "a\\nb", "INBOX"]
    home.submit([demand()], {"d1": {"folders": names}})
    home.authenticate()
    path = home.base / "s.yaml"
    home.ok("scope", home.ref, "--edit", path)
    home.decide("narrow", "--scope", path, "--reason", "PART-BULK")
    assert f"folders {', '.join(names)}" in home.ok("show", home.ref)


def test_a_line_without_dates_is_not_left_out_in_silence(home):
    home.submit([demand(), demand(span="NONE")])
    home.authenticate()
    no(home, 4, "decide", home.ref, "narrow", "--line", "d1", "--line", "d2", "--reason", "PART-NO-RANGE", as_="Ana", key="ana",
       says="line d2")
    home.decide("narrow", "--line", "d1", "--reason", "PART-NO-RANGE")


def test_a_faulty_line_hides_no_other(home):
    home.submit([demand(), demand(until="2026-10-01")])
    home.authenticate()
    assert "d1: messages as stored" in home.ok("show", home.ref)
    got = no(home, 1, "scope", home.ref, as_="Ana", says="before it begins")
    assert "items" in got.out
    home.decide("narrow", "--line", "d1", "--reason", "PART-NO-RANGE")
    assert home.collect()["items"] > 0


def test_a_sender_found_out_after_the_collection_gets_nothing(town):
    home = town.home("approved")
    home.ok("authenticate", home.ref, "--by", "none", "--sign", "REFUSES_CALL_BACK", as_="Ben")
    for words, more in ((("release", home.ref), {"as_": "Chi"}), (("approve", home.ref), {"as_": "Ben", "key": "ben"}),
                        (("collect", home.ref, "--again"), {"as_": "Ben"})):
        no(home, 4, *words, says="not verified", **more)
    home.authenticate()
    home.release()


def test_a_domain_proves_nothing(town):
    home = town.home("received")
    home.ok("authenticate", home.ref, "--by", "domain", as_="Ben")
    assert home.state() == "received"


def test_a_recipient_without_a_key_is_told_at_once(home):
    home.submit(recipients=("PJ-Paris 1999",))
    home.authenticate()
    got = home.run("decide", home.ref, "comply", as_="Ana", key="ana")
    assert got.exit == 0 and "PJ-Paris 1999" in got.err


# ---- secrecy ----

def test_secrecy_is_shortened_by_counsel_alone(town):
    home = town.home("collected")
    home.ok("gag", home.ref, "--basis", "x", "--until", "2099-01-01", as_="Ben")
    no(home, 4, "gag", home.ref, "--basis", "x", "--until", "2027-01-01", as_="Ben", says="may not decide")
    no(home, 4, "gag", home.ref, "--basis", "x", "--until", "2020-01-01", as_="Ben", says="may not decide")
    home.ok("gag", home.ref, "--basis", "x", "--indefinite", as_="Ben")
    no(home, 4, "gag", home.ref, "--basis", "x", "--until", "2099-01-01", as_="Ben", says="may not decide")
    home.ok("gag", home.ref, "--basis", "lifted by the court", "--until", "2020-01-01", as_="Ana")
    home.ok("notify", home.ref, "--sent", as_="Ana")


def test_days_that_are_over(town):
    home = town.home("received")
    no(home, 2, "gag", home.ref, "--basis", "x", "--until", "2020-01-01", as_="Ana", says="is over")
    no(home, 2, "preserve", home.ref, "--until", "2020-01-01", as_="Ana", says="is over")


def test_the_same_notice_twice_costs_no_approval(town):
    home = town.home("approved")
    no(home, 4, "notify", home.ref, "--withheld", "--because", "COURT_ORDER", as_="Ana", says="on file already")
    assert home.state() == "approved"


# ---- release and delivery ----

def test_a_release_whose_answer_was_lost_is_had_again(town):
    """Killed between the seal's release and our act; other acts follow; the release is not lost."""
    if not tools.program("writ", hooks=True):
        pytest.fail("the build with test hooks is not there (WRIT_BUILD_HOOKS)", pytrace=False)
    with life.Town(hooks=True, world=town.world) as crashing:
        home = crashing.home("approved")
        assert home.run("release", home.ref, as_="Chi", crash="RELEASE_AFTER_SEAL").exit != 0
        home.ok("gag", home.ref, "--basis", "x", "--indefinite", as_="Ana")
        home.ok("preserve", home.ref, "--until", "2099-01-01", as_="Ana")
        home.release()
        assert home.verify(home.deliver()).exit == 0
        home.sound()


def test_delivered_beside_what_is_there(town):
    home = town.home("released")
    out = home.base / "out.tar"
    out.write_bytes(b"mine")
    no(home, 4, "deliver", home.ref, "--out", out, as_="Chi", says="exists already")
    assert out.read_bytes() == b"mine"
    got = home.run("deliver", home.ref, "--out", home.base / "none" / "out.tar", as_="Chi")
    assert got.exit in (1, 3) and "next: " in got.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="SKIPPED: no /dev/full")
def test_a_full_disk_says_how_to_go_on(town):
    home = town.home("released")
    # By a link of our own: what stood there before a delivery is never removed.
    full_disk = home.base / "full"
    full_disk.symlink_to("/dev/full")
    got = home.run("deliver", home.ref, "--out", full_disk, "--resume", as_="Chi")
    assert got.exit == 1 and "No space left" in got.err and "--resume" in got.err
    assert home.state() == "released" and full_disk.is_symlink()
    for words in (("show", home.ref), ("show", home.ref, "--json"), ("order", "list"), ("letter", home.ref, "receipt")):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([home.bin / "writ", *words], env=home.env(), stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
        assert done.returncode == 1 and b"could not be written" in done.stderr, (words, done)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="SKIPPED: no /dev/full")
def test_a_link_to_a_device_is_not_replaced(town):
    home = town.home("received")
    for words in (("letter", home.ref, "receipt", "--out"), ("policy", "export", "--out"), ("scope", home.ref, "--edit")):
        there = home.base / "there"
        there.symlink_to("/dev/full")
        got = home.run(*words, there)
        assert got.exit == 1 and "No space left" in got.err and there.is_symlink()
        there.unlink()


def test_released_and_its_key_gone_it_is_still_delivered(town):
    home = town.home("released")
    home.ok("destroy", home.ref, as_="Ana")
    assert home.acts("destroyed")
    out = home.deliver()
    assert home.verify(out).exit == 0
    # The desk's copies: of this order it goes with what it is made of, of another it stays.
    (home.dir / "delivered").mkdir(mode=0o700, exist_ok=True)
    copy, other = (home.dir / "delivered" / f"{ref}.writ.tar" for ref in (home.ref, "W-2222-2222"))
    for path in (copy, other):
        path.write_bytes(out.read_bytes())
    home.ok("destroy", home.ref, as_="Ana")
    no(home, 4, "deliver", home.ref, "--out", home.base / "b.tar", as_="Chi", says="has been destroyed")
    assert list((home.dir / "vault").iterdir()) == []
    assert not copy.exists() and other.exists()
    home.sound()


def test_a_vault_file_that_was_cut_is_not_delivered(town):
    home = town.home("released")
    (path,) = [p for p in (home.dir / "vault").iterdir() if p.suffix == ""]
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 1)
    no(home, 5, "deliver", home.ref, "--out", home.base / "o.tar", as_="Chi", says="were released")
    assert not (home.base / "o.tar").exists() and home.state() == "released"
    path.unlink()
    no(home, 4, "deliver", home.ref, "--out", home.base / "o.tar", as_="Chi", says="missing from the vault")
    path.write_bytes(whole)
    assert home.verify(home.deliver()).exit == 0


def test_nothing_to_destroy(town):
    home = town.home("received")
    no(home, 4, "destroy", home.ref, as_="Ana", says="nothing was collected")
    home.ok("destroy", home.ref, "--because", "x", as_="Ana", key="ana")
    assert home.acts("destroyed")[0]["body"]["tickets"] == [] and home.acts("destroyed")[0]["body"]["signature"]


# ---- a captured database ----

def test_rows_of_a_captured_home_steer_no_terminal(town):
    home = town.home("received")
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db:
        db.execute("UPDATE order_view SET state = 'x' || char(27) || '[2J', agency = char(155), waiting_for = char(27) || 'c'")
        db.commit()
    out = home.ok("order", "list")
    assert not set(out) & {"\x1b", "\x9b"}


def test_a_ticket_in_a_captured_database_names_no_file(town):
    home = town.home("collected")
    victim = home.base / "victim"
    victim.write_text("mine")
    with contextlib.closing(sqlite3.connect(home.dir / "writ.db")) as db:
        rows = db.execute("SELECT id, body FROM act WHERE act = 'collection_begun'").fetchall()
        for id_, body in rows:
            act = json.loads(body)
            act["body"]["ticket"] = "../../victim"
            db.execute("UPDATE act SET body = ? WHERE id = ?", (json.dumps(act, sort_keys=True, separators=(",", ":")), id_))
        db.commit()
    home.run("decide", home.ref, "ask", "--reason", "INST-UNSIGNED", as_="Ana", key="ana")
    assert victim.read_text() == "mine"


# ---- usage ----

@pytest.mark.parametrize("words, says", [(("order", "list", "--state", "lost"), "no state 'lost'"),
                                         (("order", "list", "--state", "asked", "--state", "void"), "given twice")])
def test_usage(home, words, says):
    no(home, 2, *words, says=says)


def test_more_orders_than_are_listed(home):
    for _ in range(3):
        home.submit()
    got = home.run("order", "list", "--limit", "2")
    assert got.exit == 0 and "--limit NUMBER shows more" in got.err
