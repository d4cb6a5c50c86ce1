"""What a collection from a Maildir must end in, said by Python from the files as they lie there: each item is in the package
with its hash, or listed as unreadable, or out of scope. SPDX-License-Identifier: Apache-2.0"""
import collections
import email.utils
import hashlib
import io
import json
import os
import re
import stat
import tarfile

import pytest

from harness import fake_seal

BEGIN, END = 1793491200, 1796083200     # of fake_seal's scope
INSIDE, OUTSIDE = BEGIN + 86400, END + 86400
LISTED_MAX = 1000
SIZE = 300000       # longer than one read


def text(name):
    """A stored name as package and answer tell it."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return "".join(chr(x) if x < 0x80 and x != 0x25 else f"%{x:02X}" for x in name)


def base(name):
    at = name.find(b":2,", 1)
    return name if at < 0 else name[:at]


def header_date(data):
    """Seconds of a plainly written Date field; None where there is none."""
    found = re.search(rb"^Date: (.*)$", data.split(b"\n\n")[0], re.M)
    return int(email.utils.parsedate_to_datetime(found[1].decode()).timestamp()) if found else None


@pytest.fixture
def home(tmp_path):
    made = fake_seal.make(tmp_path)
    yield made
    made.seal.close()


def cur(home, who="finch"):
    return os.fsencode(home.account(who) / "cur")


def put(home, name, data=b"Date: Mon, 2 Nov 2026 10:00:00 +0000\n\nx\n", at=INSIDE, part="cur"):
    path = os.path.join(os.fsencode(home.account("finch") / part), name if isinstance(name, bytes) else name.encode())
    with open(path, "wb") as f:
        f.write(data)
    os.utime(path, (at, at))
    return path


def letter(day=2, fill=b"x", size=SIZE):
    head = b"Date: Mon, %d Nov 2026 10:00:00 +0000\nSubject: a\n\n" % day
    return head + fill * (size - len(head))


class Expected:
    """items: how often (folder, source id, hash); unreadable: {(folder, name)}; undated: how many."""

    def __init__(self, top, meaning="delivery", denied=()):
        self.items, self.unreadable, self.undated, self.seen = collections.Counter(), set(), 0, set()
        self.meaning, self.denied = meaning, {os.fsencode(d) for d in denied}
        self.top = os.fsencode(top)
        for name in sorted(os.listdir(self.top)):
            path = os.path.join(self.top, name)
            if name[:1] == b"." and os.path.islink(path):
                self.unreadable.add((text(name[1:]), ""))
            elif name[:1] == b"." and os.path.isdir(path):
                self.folder(name[1:] if name != b".INBOX" else name, path)
        self.folder(b"INBOX", self.top)

    def folder(self, name, path):
        for part in (b"new", b"cur"):
            at = os.path.join(path, part)
            if not os.path.lexists(at):
                continue
            if os.path.islink(at) or not os.path.isdir(at) or path in self.denied or at in self.denied:
                self.unreadable.add((text(name), ""))
                continue
            for entry in os.listdir(at):
                if entry[:1] != b".":
                    self.entry(name, os.path.join(at, entry), entry)

    def entry(self, folder, path, name):
        st = os.lstat(path)
        if self.meaning == "delivery" and not BEGIN <= st.st_mtime_ns // 10 ** 9 < END:
            return
        if not stat.S_ISREG(st.st_mode) or path in self.denied:
            # What is known of a file that cannot be opened is its source id; of another thing its name.
            self.unreadable.add((text(folder), text(base(name) if stat.S_ISREG(st.st_mode) else name)))
            return
        if (folder, base(name), st.st_ino) in self.seen:
            return              # one message that is on its way from new to cur
        self.seen.add((folder, base(name), st.st_ino))
        with open(path, "rb") as f:
            data = f.read()
        if self.meaning == "header":
            date = header_date(data)
            self.undated += date is None
            if date is None or not BEGIN <= date < END:
                return
        self.items[text(folder), text(base(name)), hashlib.sha256(data).hexdigest()] += 1


def members(home, vault):
    """The bag, opened as an agency would."""
    plain = home.seal.open(fake_seal.header_of(home.seal.asked[-1]) + vault)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {member.name.split("/", 1)[1]: tar.extractfile(member).read() for member in tar}


def packed(home, vault):
    """How often (folder, source id, hash of the bytes that are there). Hashes and counts of the bag must agree."""
    bag = members(home, vault)
    items = [json.loads(line) for line in bag["items.jsonl"].decode().split("\n")[:-1]]
    manifest = dict(reversed(line.split("  ", 1)) for line in bag["manifest-sha256.txt"].decode().split("\n")[:-1])
    assert sorted(item["path"] for item in items) == sorted(n for n in bag if n.startswith("data/")) == sorted(manifest)
    for item in items:
        data = bag[item["path"]]
        assert hashlib.sha256(data).hexdigest() == item["sha256"] == manifest[item["path"]] and len(data) == item["bytes"]
    assert home.seal.asked[-1]["items"] == len(items)
    return collections.Counter((i["folder"], i["source_id"], i["sha256"]) for i in items)


def account_of(answer):
    """{(folder, source id)} of what an answer lists, and how much it says that there is."""
    listed = {(u["folder"], u["source_id"]) for u in answer["unreadable"]}
    assert len(listed) == len(answer["unreadable"]), "nothing is listed twice"
    for one in answer["unreadable"]:
        assert one["store"] == "main" and one["why"], one
    return listed, int(re.match(r"(\d+) items", answer["why"])[1])


def check(home, answer, vault, *expected):
    """The answer fits one of these."""
    assert answer is not None
    if answer["ok"]:
        got = packed(home, vault)
        assert any(not e.unreadable and e.items == got and e.undated == home.seal.asked[-1]["undated"] for e in expected), \
            [(e.items - got, got - e.items, e.unreadable, e.undated) for e in expected]
        return "packed"
    assert answer["error"] == "DEGRADED" and answer["next"], answer
    assert "receipt" not in answer and home.seal.asked == []
    listed, total = account_of(answer)
    assert total == max(len(listed), total) and len(listed) == min(total, LISTED_MAX)
    assert any(e.unreadable and listed <= e.unreadable and total == len(e.unreadable) for e in expected), \
        (listed, [e.unreadable for e in expected])
    return "listed"
