"""The package, end to end: packed by us, opened with age, tar and sha256sum, compared with the generator's truth.
SPDX-License-Identifier: Apache-2.0"""
import hashlib
import json
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import bag  # noqa: E402
import exact  # noqa: E402
import tools  # noqa: E402

pytestmark = pytest.mark.skipif(not shutil.which("age"), reason="SKIPPED: age is not installed")


@pytest.fixture(scope="module")
def corpus():
    with tempfile.TemporaryDirectory() as tmp:
        made = exact.generate(pathlib.Path(tmp) / "corpus", 1000)
        if not made:
            pytest.skip("SKIPPED: bench/gencorpus.py is not here")
        yield made


def source_id(m):
    return m.path.split("/")[-1].split(":2,")[0]


def folder_of(m):
    return m.path.split("/")[0][1:] if m.path.startswith(".") else "INBOX"


def key_of(m):
    return folder_of(m), source_id(m)


def median(messages, key):
    times = sorted(getattr(m, key) for m in messages if getattr(m, key) is not None)
    return times[len(times) // 2]


def test_package(corpus, tmp_path):
    """Five lines over two accounts: by header, by delivery (overlapping), undated delivered, numbers only, nothing."""
    truth = exact.truth(corpus)
    a, b = truth["a00"], truth["a01"]
    cut = median(a, "date")
    lines = [
        bag.line("d1", "a00", date_meaning="header", **{"from": cut}),
        bag.line("d2", "info", date_meaning="delivery", **{"until": cut}),
        bag.line("d3", "a01", date_meaning="header", undated="deliver", **{"until": median(b, "date")}),
        bag.line("d4", "a00", category="MSG_META", folders=["Sent", "INBOX"], date_meaning="received", **{"until": cut}),
        bag.line("d5", "a01", category="MSG_META", **{"from": cut, "until": cut}),
    ]
    aliases = tmp_path / "aliases"
    aliases.write_text("# who reads what\ninfo: a00\n")
    key, recipient = bag.identity(tmp_path)
    status, got, said = bag.pack(tmp_path, [bag.store(corpus / "mail" / "{account}", aliases=str(aliases))], lines, recipient)
    assert status == 0, said
    top = bag.unpack(tmp_path, key)
    assert bag.bagit_problems(top) == []

    # What each line must hold, by the generator's record alone.
    d1 = {key_of(m) for m in a if m.date is not None and m.date >= cut}
    d2 = {key_of(m) for m in a if m.internal < cut}
    d3 = {key_of(m) for m in b if m.date is None or m.date < median(b, "date")}
    d4 = {key_of(m) for m in a if folder_of(m) in ("Sent", "INBOX") and m.received is not None and m.received < cut}
    items = bag.json_lines(top / "items.jsonl")
    held = lambda name, account: {(x["folder"], x["source_id"]) for x in items if x["lines"][0] == name and x["account"] == account}
    assert held("d1", "a00") == d1 and held("d2", "a00") == d2 - d1 and held("d3", "a01") == d3 and held("d4", "a00") == d4
    assert {(x["folder"], x["source_id"]) for x in items if x["lines"] == ["d1", "d2"]} == d1 & d2
    assert len(items) == len(d1 | d2) + len(d3) + len(d4) == got["items"]
    assert all(x["lines"] in (["d1"], ["d2"], ["d3"], ["d4"], ["d1", "d2"]) for x in items)

    # Every item against the record; the files are the messages.
    by_key = {("a00", *key_of(m)): m for m in a} | {("a01", *key_of(m)): m for m in b}
    for x in items:
        m = by_key[x["account"], x["folder"], x["source_id"]]
        data = (top / x["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (x["bytes"], x["sha256"])
        assert (exact.seconds(x["delivery"]), exact.seconds(x["header"]), exact.seconds(x["received"])) == (m.internal, m.date, m.received)
        assert x["store"] == "main"
        parts = x["path"].split("/")
        assert parts[:3] == ["data", x["lines"][0], x["account"]] and parts[3] == x["folder"]
        if x["lines"][0] == "d4":
            meta = json.loads(data)
            assert sorted(meta) == ["bcc", "bytes", "cc", "date", "delivery", "from", "message_id", "received", "to"]
            assert data == json.dumps(meta, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
            assert meta["bytes"] == m.bytes and exact.seconds(meta["date"]) == m.date
        else:
            assert x["sha256"] == m.sha256

    # Numbers run within a folder, dated before undated, by the line's date, then source id.
    order, number = [], {}
    for x in items:
        m = by_key[x["account"], x["folder"], x["source_id"]]
        when = {"d1": m.date, "d2": m.internal, "d3": m.date, "d4": m.received}[x["lines"][0]]
        order.append((x["lines"][0], x["account"], x["folder"], when is None, when or 0, x["source_id"]))
        place = x["path"].rsplit("/", 1)
        number[place[0]] = number.get(place[0], 0) + 1
        assert place[1].split(".")[0] == "%06d" % number[place[0]]
    assert order == sorted(order)
    assert [x["path"] for x in items] == [x.split("  ", 1)[1] for x in (top / "manifest-sha256.txt").read_text().splitlines()]

    # What cannot be dated, under each line's own meaning.
    undated = bag.json_lines(top / "undated.jsonl")
    want = {("d1", *key_of(m)) for m in a if m.date is None} | {("d3", *key_of(m)) for m in b if m.date is None}
    want |= {("d4", *key_of(m)) for m in a if m.received is None and folder_of(m) in ("Sent", "INBOX")}
    assert want and {(x["line"], x["folder"], x["source_id"]) for x in undated} == want and len(undated) == len(want)
    assert all(x["delivered"] == (x["line"] == "d3") for x in undated)
    assert got["undated"] == len(undated)

    # The result says what is in it.
    digest = lambda p: hashlib.sha256(p.read_bytes()).hexdigest()
    assert got["manifest_sha256"] == digest(top / "manifest-sha256.txt")
    assert got["tagmanifest_sha256"] == digest(top / "tagmanifest-sha256.txt")
    assert got["payload_bytes"] == (tmp_path / "out.payload").stat().st_size
    assert [(x["id"], x["account"], x["items"]) for x in got["lines"]] == [
        ("d1", "a00", len(d1)), ("d2", "a00", len(d2 - d1)), ("d3", "a01", len(d3)), ("d4", "a00", len(d4)), ("d5", "a01", 0)]
    assert sum(x["bytes"] for x in got["lines"]) == got["bytes"] == sum(x["bytes"] for x in items)
    check_tar(tmp_path / "bag.tar", items)


def check_tar(path, items):
    with tarfile.open(path) as t:
        members = t.getmembers()
    assert [m.name for m in members] == [bag.ORDER + "/" + n for n in (
        "bagit.txt", *(x["path"] for x in items), "bag-info.txt", "manifest-sha256.txt", "items.jsonl", "undated.jsonl",
        "tagmanifest-sha256.txt")]
    assert {(m.mode, m.uid, m.gid, m.mtime, m.type) for m in members} == {(0o644, 0, 0, bag.MADE_AT, tarfile.REGTYPE)}


def test_same_package_twice_is_never_the_same_file(corpus, tmp_path):
    """A fresh file key and nonce each time: same bag, other bytes."""
    seen = []
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        key, recipient = bag.identity(tmp_path / name)
        status, got, said = bag.pack(tmp_path / name, [bag.store(corpus / "mail" / "{account}")], [bag.line("d1", "a03")], recipient)
        assert status == 0, said
        seen.append((got["manifest_sha256"], (tmp_path / name / "out.payload").read_bytes()))
        bag.unpack(tmp_path / name, key)
    assert seen[0][0] == seen[1][0] and seen[0][1][:16] != seen[1][1][:16]
    assert b"Received:" not in seen[0][1]


def test_awkward_names(tmp_path):
    """Names of any bytes end up as files that unpack anywhere, and none of them climbs out."""
    box = tmp_path / "mail" / "a=b@c.org"
    folders = [b"", b"..a", b"...", b".Sent Items", b".%41", b".x\xff", b".a:b", b".-n", b".N" + b"o" * 200]
    for folder in folders:
        for part in (b"cur", b"new", b"tmp"):
            os.makedirs(os.path.join(os.fsencode(box), folder, part))
        for name in (b"1.x:2,S", b"%F2.\xc3\xa9\xff:2,", b"-rf \"'\\\n"):
            with open(os.path.join(os.fsencode(box), folder, b"cur", name), "wb") as f:
                f.write(b"Subject: " + folder + name + b"\n\n")
    key, recipient = bag.identity(tmp_path)
    status, got, said = bag.pack(tmp_path, [bag.store(tmp_path / "mail" / "{account}")], [bag.line("d1", "a=b@c.org")], recipient)
    assert status == 0, said
    top = bag.unpack(tmp_path, key)
    assert bag.bagit_problems(top) == []
    items = bag.json_lines(top / "items.jsonl")
    assert len(items) == got["items"] == 3 * len(folders)
    assert len({x["path"].lower() for x in items}) == len(items)
    assert {x["path"].split("/")[2] for x in items} == {"a%3Db@c.org"}
    assert {"%2E%2E", "Sent%20Items", "%2541", "x%FF", ".a"} <= {x["path"].split("/")[3] for x in items}
    assert {"..", "Sent Items", "%41", "x%FF"} <= {x["folder"] for x in items}
    assert {"1.x", "%25F2.%C3%A9%FF", "-rf \"'\\\n"} == {x["source_id"] for x in items}


def test_empty_package(corpus, tmp_path):
    key, recipient = bag.identity(tmp_path)
    status, got, said = bag.pack(tmp_path, [bag.store(corpus / "mail" / "{account}")],
                                 [bag.line("d1", "a00", **{"from": 5, "until": 5}), bag.line("d2", "a00", category="SUB_ID", stores=[], folders=[])], recipient)
    assert (status, got["items"], got["bytes"]) == (0, 0, 0), said
    top = bag.unpack(tmp_path, key)
    assert bag.bagit_problems(top) == []


@pytest.mark.parametrize("what", ("pipe", "link", "closed"))
def test_unreadable_is_no_package(tmp_path, what):
    box = tmp_path / "mail" / "a"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    (box / "cur" / "1.x").write_text("\n")
    if what == "pipe":
        os.mkfifo(box / "cur" / "2.x")
    elif what == "link":
        os.symlink("1.x", box / "cur" / "2.x")
    elif os.geteuid() == 0:
        pytest.skip("SKIPPED: nothing is closed to root")
    else:
        (box / "cur" / "2.x").write_text("\n")
        (box / "cur" / "2.x").chmod(0)
    _, recipient = bag.identity(tmp_path)
    status, got, _ = bag.pack(tmp_path, [bag.store(tmp_path / "mail" / "{account}")], [bag.line("d1", "a")], recipient)
    assert status == 7 and [x["source_id"] for x in got["unreadable"]] == ["2.x"]
    assert not (tmp_path / "out.header").exists()


def test_memory_is_bounded(tmp_path):
    """32 MB and 160 bytes an item, whatever the sizes: few items, many, and one that is larger than the bound."""
    _, recipient = bag.identity(tmp_path)
    base, folder, made = 1500000000, tmp_path / "mail" / "a" / "cur", 0
    for part in ("cur", "new", "tmp"):
        (folder.parent / part).mkdir(parents=True)
    for count in (5000, 40000):
        for i in range(made, count):
            fd = os.open(folder / f"{base + i}.M{i:06}P{1000 + i}.mx1,S=20,W=21:2,S", os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, b"Subject: %d\n\n" % i)
            os.close(fd)
        made = count
        if count == 40000:
            with open(folder / "1.large", "wb") as f:
                f.truncate(96 << 20)
            count += 1
        for meaning in ("delivery", "header"):
            status, got, said = bag.pack(tmp_path, [bag.store(tmp_path / "mail" / "{account}")],
                                         [bag.line("d1", "a", date_meaning=meaning, undated="deliver")], recipient)
            assert status == 0 and got["items"] == count, said
            assert got["peak_kib"] * 1024 <= (32 << 20) + 160 * count, (count, meaning)
            (tmp_path / "out.payload").unlink()


@pytest.mark.parametrize("target", ("nobody", "../a00", "a00/../a01", ".", "", "a00\0", "a00@else.org"))
def test_no_other_account(corpus, tmp_path, target):
    """A name that is not exactly an account here reaches nobody's mail."""
    _, recipient = bag.identity(tmp_path)
    stores = [bag.store(corpus / "mail" / "{local}", domain="mail.example")]
    status, got, _ = bag.pack(tmp_path, stores, [bag.line("d1", target)], recipient)
    assert status not in (0, 7) and not got
    status, got, _ = bag.pack(tmp_path, stores, [bag.line("d1", "a00@mail.example")], recipient, only_count=True)
    assert status == 0 and got["items"] == len(exact.truth(corpus)["a00"])
