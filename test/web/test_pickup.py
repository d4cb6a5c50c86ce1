"""Addresses at which the recipient fetches the delivered file: made by staff and shown once, good for a time and an
amount, ended at will; no cookie, no sign-in, and one answer to everything that is not good.
SPDX-License-Identifier: Apache-2.0
"""
import html
import json
import os
import re
import sqlite3
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, web  # noqa: E402
from harness.refusals import refused, says  # noqa: E402


NOTHING_HERE = says("nothing is to be fetched at this address")


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        made = town.home("released").invent()
        folder = made.dir / "delivered"
        folder.mkdir(mode=0o700, exist_ok=True)
        made.deliver(folder / f"{made.ref}.writ.tar")
        plant(made, folder)
        yield made


# Copies of delivered files that the desk finds when it starts: seconds old, bytes and time left of their address.
FOUND = {"W-2222-2222": (90000, None), "W-2222-2223": (90000, (1, 90000)), "W-2222-2224": (90000, (0, 90000)),
         "W-2222-2225": (90000, (1, -1)), "W-2222-2226": (3600, None)}


def plant(home, folder):
    now = int(time.time())
    for ref, (old, address) in FOUND.items():
        path = folder / f"{ref}.writ.tar"
        path.write_bytes(b"x")
        os.utime(path, (now - old, now - old))
        if address:
            sql(home, "INSERT INTO pickup VALUES (?, ?, 'Chi', ?, ?, ?, 1, NULL)", ref, ref, now - old, now + address[1], address[0])
    other = folder / "other.txt"
    other.write_bytes(b"x")
    os.utime(other, (1, 1))


@pytest.fixture(scope="module")
def chi(server):
    person = desk.Person(server)
    assert person.demo("Chi").status == 303
    return person


@pytest.fixture(scope="module")
def file(home):
    return (home.dir / "delivered" / f"{home.ref}.writ.tar").read_bytes()


def make(chi, home, days="3"):
    page = chi.go(f"/order/{home.ref}/links", days=days)
    assert page.status == 200
    found, = re.findall(rf"{chi.server.origin}(/pickup/[A-Za-z0-9_-]{{43}})", page.text)
    return found


def sql(home, text, *values):
    with sqlite3.connect(home.dir / "writ.db") as db:
        return db.execute(text, values).fetchall()


def alike(answer):
    """What of an answer anybody can tell apart."""
    return answer.status, re.sub(r"Reference of this request: \w+", "", desk.words(answer)), sorted(
        (name, value) for name, value in answer.all if name.lower() not in ("date", "content-length"))


def test_the_recipient_fetches_it_and_the_court_accepts_it(home, server, chi, file, tmp_path):
    path = make(chi, home)
    assert path not in chi.get(f"/order/{home.ref}/links").text     # this once
    page = server.get(path)
    assert page.status == 200 and home.ref in page.text and "writ-verify" in page.text and f'href="{path}/file"' in page.text
    got = server.get(path + "/file")
    assert got.status == 200 and got.body == file and got.headers["content-type"] == "application/x-tar"
    for answer in (page, got):
        assert "set-cookie" not in answer.headers and answer.headers["referrer-policy"] == "no-referrer"
    # Broken off, and gone on with.
    half = server.get(path + "/file", "Range: bytes=0-999")
    rest = server.get(path + "/file", "Range: bytes=1000-", f"If-Range: {half.headers['etag']}")
    assert half.status == rest.status == 206 and half.body + rest.body == file
    (tmp_path / "got.tar").write_bytes(half.body + rest.body)
    assert home.verify(tmp_path / "got.tar").exit == 0
    listed = desk.words(chi.get(f"/order/{home.ref}/links"))
    assert "3 times" in listed
    # Of the code the home keeps nothing but the hash; the access report has each fetch.
    code = path.split("/")[-1].encode()
    assert all(code not in f.read_bytes() for f in home.dir.rglob("writ.db*"))
    assert code.decode() not in server.said()
    assert [row[0] for row in sql(home, "SELECT what FROM access WHERE order_ref = ? AND coalesce(person, '') = '' ORDER BY id", home.ref)] == ["fetched"] * 3


# ---- who has nothing but the address and stock tools ----

def shell(folder, text):
    done = subprocess.run(["sh", "-ec", text], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
    return done.returncode, done.stdout


def test_the_recipient_opens_and_checks_it_as_it_is_told(server, chi, home, file, tmp_path):
    """What page and README.txt say, word for word, in a folder with the fetched file and the key."""
    somebody = desk.Person(server)
    page = somebody.get(make(chi, home))
    got = somebody.get(re.search(r'href="(/pickup/[^"]*/file)"', page.text)[1])
    name = re.search(r'filename="([^"]+)"', got.headers["content-disposition"])[1]
    assert got.body == file and name == f"{home.ref}.writ.tar"
    key = home.world.age("paris")
    commands = html.unescape(re.findall(r"<pre>(.*?)</pre>", page.text, re.S)[1])
    by_page, by_readme = tmp_path / "page", tmp_path / "readme"
    for folder in (by_page, by_readme):
        folder.mkdir()
        (folder / name).write_bytes(got.body)
    assert shell(by_page, commands.replace("KEY.txt", str(key)))[0] == 0
    readme = (by_page / "README.txt").read_text()
    lines = [line.strip().replace("YOUR-IDENTITY", str(key)) for line in readme.split("With writ-verify")[0].splitlines() if line.startswith("  ")]
    assert len(lines) == 6 and "{{" not in readme
    said = [shell(by_readme, line) for line in lines]
    assert [status for status, _ in said] == [0] * 6, said
    statement = json.loads((by_readme / "statement.json").read_text())
    sums = [line.split()[0] for line in said[3][1].splitlines()]
    assert sums == [statement[f"{what}_sha256"] for what in ("manifest", "tagmanifest", "return", "approvals")]
    certificate = said[5][1].split()[0]
    home.ok("policy", "export", "--out", tmp_path / "policy.json")
    assert json.loads((tmp_path / "policy.json").read_text())["seal_certificates"] == [certificate]
    assert certificate in somebody.get("/").text                    # the public page has it as well
    # One byte of an item, of the signed statement, of the payload: each is noticed by one of these lines.
    item, = list((by_readme / home.ref / "data").rglob("*"))[-1:]
    item.write_bytes(item.read_bytes()[:-1] + b"?")
    assert shell(by_readme, lines[2])[0] != 0
    (by_readme / "statement.json").write_text((by_readme / "statement.json").read_text().replace(home.ref, "W-2222-2222"))
    assert shell(by_readme, lines[4])[0] != 0
    bad = bytearray((by_readme / "package.age").read_bytes())
    bad[-1] ^= 1
    (by_readme / "package.age").write_bytes(bad)
    assert shell(by_readme, f"age -d -i {key} package.age >/dev/null")[0] != 0


def test_copies_that_nobody_may_fetch_go(home, chi):
    """Old and without an address that is open: delivered again they are the same. What else lies there stays."""
    kept = {path.name for path in (home.dir / "delivered").iterdir()}
    assert kept == {f"{home.ref}.writ.tar", "W-2222-2223.writ.tar", "W-2222-2226.writ.tar", "other.txt"}


def test_what_cannot_be_swept_keeps_nobody_out():
    with life.Town() as town:
        home = town.home("received").invent()
        (home.dir / "delivered").write_text("no folder")
        with web.serve(home) as server:
            assert desk.Person(server).demo("Chi").status == 303
            assert "writ serve: cannot open " in server.said()


def test_who_guesses_shuts_nobody_out(home, server, chi, file):
    """However many addresses are tried that were never given out, the one that was is good."""
    path = make(chi, home)
    with server.talk() as t:
        for i in range(120):
            t.send(server.head("GET", f"/pickup/{i:043}"))
            assert t.answer().status == 404
        t.send(server.head("GET", path))
        assert t.answer().status == 200


def test_whatever_is_wrong_is_one_answer(home, server, chi, file):
    good = make(chi, home)
    ended, over, used = (make(chi, home) for _ in range(3))
    guessed = "/pickup/" + "A" * 43
    ids = {p: life.sha(p.split("/")[-1].encode()) for p in (ended, over, used)}
    assert chi.go(f"/order/{home.ref}/links", end=ids[ended]).status == 200
    sql(home, "UPDATE pickup SET ends_at_utc = 1000 WHERE code_sha256 = ?", ids[over])
    for _ in range(5):
        assert server.get(used + "/file").status == 200
    for tail in ("", "/file"):
        answers = [server.get(p + tail) for p in (guessed, ended, over, used, "/pickup/x", "/pickup/" + ids[used])]
        refused(answers[0], NOTHING_HERE)
        assert all(alike(a) == alike(answers[0]) for a in answers), answers
    assert server.get(good).status == 200
    # The file gone: the same, and staff are told what to do.
    path = home.dir / "delivered" / f"{home.ref}.writ.tar"
    path.rename(path.with_suffix(".away"))
    gone, staff, page = server.get(good), chi.get(f"/order/{home.ref}/links"), chi.get(f"/order/{home.ref}?paper=1").text
    path.with_suffix(".away").rename(path)
    assert alike(gone)[:2] == alike(server.get(guessed))[:2]
    refused(staff, says("the delivered file is not here", of="src/web/desk/pickup.c"))
    assert f"/order/{home.ref}/links" not in page and f"/order/{home.ref}/download" not in page and f"/order/{home.ref}/deliver" in page
    assert f"/order/{home.ref}/links" in chi.get(f"/order/{home.ref}?paper=1").text


def test_five_times_the_file_and_no_byte_more(home, server, chi, file):
    path = make(chi, home, days="1")
    for _ in range(4):
        assert server.get(path + "/file").status == 200
    assert server.get(path + "/file", "Range: bytes=1-").status == 206
    refused(server.get(path + "/file", "Range: bytes=0-1"), NOTHING_HERE)
    assert server.get(path + "/file", "Range: bytes=0-0").status == 206
    refused(server.get(path + "/file", "Range: bytes=0-0"), NOTHING_HERE)
    refused(server.get(path), NOTHING_HERE)


def test_what_sends_no_byte_costs_none(home, server, chi, file):
    """A HEAD and a file that the caller has already: of what may be fetched nothing is taken, and no line says so."""
    path = make(chi, home)
    left = "SELECT bytes_left, fetches FROM pickup WHERE code_sha256 = ?"
    before, lines = sql(home, left, life.sha(path.split("/")[-1].encode())), sql(home, "SELECT count(*) FROM access")
    with server.talk() as t:
        t.send(server.head("HEAD", path + "/file"))
        head = t.answer(head_only=True)
        assert head.status == 200 and head.headers["content-length"] == str(len(file)) and head.body == b""
    assert server.get(path + "/file", f"If-None-Match: {head.headers['etag']}").status == 304
    assert sql(home, left, life.sha(path.split("/")[-1].encode())) == before and sql(home, "SELECT count(*) FROM access") == lines
    assert server.get(path + "/file").body == file
    assert sql(home, left, life.sha(path.split("/")[-1].encode())) == [(before[0][0] - len(file), 1)]


def test_who_may_make_and_end_them(home, server, chi):
    link = f"/order/{home.ref}/links"
    assert server.get(link).status == 303
    for days in ("0", "15", "-1", "x", ""):
        got = chi.go(link, days=days)
        refused(got, "an address is good for 1 to")
        assert "/pickup/" not in got.text, days
    # Another order's page ends none of this one.
    mine, ref = make(chi, home), home.ref
    other, home.ref = home.submit(), ref
    token = chi.form(chi.get("/desk"), "/sign-out")[0]["token"]
    refused(chi.post(f"/order/{other}/links", {"token": token, "end": life.sha(mine.split("/")[-1].encode())}), "this order has not been delivered")
    refused(chi.get(f"/order/{other}/links"), "this order has not been delivered")
    assert server.get(mine).status == 200
    sql(home, "DELETE FROM pickup")
    for _ in range(10):
        make(chi, home)
    got = chi.go(link, days="1")
    refused(got, "addresses already")
