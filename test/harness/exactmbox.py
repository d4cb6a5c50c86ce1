"""Selection from mbox files against the oracle of mboxoracle.py: real mail, the published summaries of MimeKit, the
generated corpus put into mbox files, and random files of everything that an mbox can be.

Each check gives (passed, list of failures); prints no mail text.  SPDX-License-Identifier: Apache-2.0
"""
import datetime as dt
import hashlib
import json
import pathlib
import random
import tempfile
import time

import exact
import mboxoracle
import tools


def messages_of(data, folder="INBOX", trust=False):
    """(what the program must say of a file, bytes that belong to no message)."""
    items, stray = mboxoracle.split(data, trust)
    return [message_of(i, folder) for i in items], stray


def message_of(item, folder):
    fields = exact.header_fields(item.raw)
    date = next((b for n, b in fields if n == b"date"), None)
    received = next((b for n, b in fields if n == b"received"), None)
    return exact.Message(
        "%s/%012d" % (folder, item.at), hashlib.sha256(item.raw).hexdigest(), len(item.raw),
        mboxoracle.from_date(item.from_line), None if date is None else exact.python_date(date),
        None if received is None or b";" not in received else exact.python_date(received.rpartition(b";")[2]))


def check_one(place, messages, meaning, begin, end, zone, status=0):
    """What is wrong with one run, or nothing."""
    got, lines, said = exact.run(place, "x", begin, end, meaning, zone, "mbox")
    wrong = exact.differences(lines, *exact.expected(messages, begin, end, exact.MEANINGS[meaning]))
    if got != status:
        wrong.append("exit status %d: %s" % (got, said.strip()[-200:]))
    return wrong


def check_file(place, messages, runs, r, status=0):
    passed, failures = 0, []
    for i in range(runs):
        meaning, zone = list(exact.MEANINGS)[i % 3], exact.ZONES[i // 3 % 3]
        begin, end = exact.interval(r, messages, exact.MEANINGS[meaning]) if i >= 3 else (None, None)
        wrong = check_one(place, messages, meaning, begin, end, zone, status)
        if wrong:
            failures.append("%s, run %d, %s, %s to %s, TZ=%s: %s" % (
                pathlib.Path(place).name, i, meaning, begin, end, zone, "; ".join(wrong)))
        else:
            passed += 1
    return passed, failures


def add(total, more):
    return total[0] + more[0], total[1] + more[1]


# ---- real mail ----

def from_line(sender, t):
    return b"From %s %s\n" % (sender, time.asctime(time.gmtime(t)).encode())


def real_box(files):
    """Real messages one after another; those that were kept with their From_ line keep it."""
    box = []
    for n, path in enumerate(files):
        raw = path.read_bytes()
        if not raw.startswith(b"From "):
            raw = from_line(b"a@b.example", 1000000000 + n * 3600) + raw
        box.append(raw + (b"\n" if raw.endswith(b"\n") else b"\n\n"))
    return b"".join(box)


def check_real(runs, seed):
    """(passed, failures) over corpora/mail, or None where it is not here."""
    source, r, total = tools.shared("corpora", "mail"), random.Random(seed), (0, [])
    if not source:
        return None
    files = sorted(p for p in (source / "spamassassin-easy-ham").iterdir() if p.is_file())
    threads = sorted(p for p in (source / "notmuch").rglob("*") if p.is_file() and p.name != "README")
    with tempfile.TemporaryDirectory() as tmp:
        for name, data in (("ham", real_box(files)), ("threads", real_box(threads)),
                           ("mbox-short", (source / "mbox" / "mbox-short.txt").read_bytes())):
            place = pathlib.Path(tmp) / name
            place.write_bytes(data)
            messages, stray = messages_of(data)
            if stray or len(messages) < {"ham": len(files), "threads": len(threads), "mbox-short": 27}[name]:
                total[1].append("%s: the oracle finds %d messages" % (name, len(messages)))
            total = add(total, check_file(place, messages, runs // 3, r))
    return total


# ---- MimeKit ----

def check_published(data, published, items):
    """Compares the oracle's items with MimeKit's own account of where its messages are. MimeKit takes every line
    "From " for a beginning; the contract wants an empty line before it. So: each published message that follows on an
    empty line is an item, no other published one is, and where two neighbours are, the bytes between are the same."""
    wrong, lines = [], list(mboxoracle.lines_of(data))
    before = {at: i == 0 or mboxoracle.is_empty(lines[i - 1][1]) for i, (at, _) in enumerate(lines)}
    markers = [m["mboxMarkerOffset"] for m in published]
    ours = {i.at: i for i in items}
    if [m for m in markers if before[m]] != [m for m in markers if m in ours]:
        wrong.append("a published message that follows on an empty line is no item, or the reverse")
    if not set(ours) <= set(markers):
        wrong.append("%d items that are no published message" % len(set(ours) - set(markers)))
    same = 0
    for m, after in zip(published, markers[1:] + [None]):
        if m["mboxMarkerOffset"] not in ours or (after is not None and after not in ours):
            continue
        item, raw = ours[m["mboxMarkerOffset"]], data[m["beginOffset"]:m["endOffset"]]
        # The end that is published may have the empty line before the next message in it.
        if item.raw not in (raw, mboxoracle.without_last_empty_line(raw)):
            wrong.append("other bytes at %d" % item.at)
        same += 1
    return wrong, same


def check_mimekit(runs, seed):
    """(passed, failures), or None where it is not here. The published summaries first, then the program."""
    source, r, total = tools.shared("corpora", "mime", "mimekit", "mbox"), random.Random(seed), (0, [])
    if not source:
        return None
    compared = 0
    for path in sorted(source.glob("*.mbox.txt")):
        data = path.read_bytes()
        messages, stray = messages_of(data)
        offsets = source / path.name.replace(".mbox.txt", ".unix-offsets.json")
        if offsets.exists():
            wrong, same = check_published(data, json.loads(offsets.read_text(encoding="utf-8-sig")), mboxoracle.split(data)[0])
            total = add(total, (not wrong, [path.name + ": " + x for x in wrong]))
            compared += same
        total = add(total, check_file(path, messages, runs // 8, r, 7 if stray else 0))
        with tempfile.TemporaryDirectory() as tmp:  # what its .dos-offsets.json are of
            dos = pathlib.Path(tmp) / path.name
            dos.write_bytes(data.replace(b"\n", b"\r\n"))
            messages, stray = messages_of(dos.read_bytes())
            total = add(total, check_file(dos, messages, runs // 8, r, 7 if stray else 0))
    if compared < 10:
        total[1].append("only %d messages compared with the published summaries" % compared)
    return total


# ---- the generated corpus ----

def boxes_of(corpus, account, folder):
    """The Maildir of an account as one mbox file a folder; what must be selected, by the generator's own record."""
    files, messages = {}, []
    with open(corpus / "truth.jsonl") as f:
        truth = sorted((t for t in map(json.loads, f) if t["account"] == account), key=lambda t: (t["internal"], t["path"]))
    for t in truth:
        rel = pathlib.PurePath(t["path"].split("/", 2)[2])
        name = rel.parts[0].lstrip(".") if rel.parts[0].startswith(".") else "INBOX"
        raw = (corpus / "mail" / account / rel).read_bytes()
        # As mboxrd writes: a body's own From_ lines get a '>', and count with it.
        quoted = b"".join(b">" + x if x.startswith(b"From ") else x for x in raw.splitlines(keepends=True))
        if not quoted.endswith(b"\n"):
            quoted += b"\n"
        box = files.setdefault(name, bytearray())
        messages.append(exact.Message("%s/%012d" % (name, len(box)), hashlib.sha256(quoted).hexdigest(), len(quoted),
                                      t["internal"], t["date"], t["received"]))
        box += from_line(b"-", t["internal"]) + quoted + b"\n"
    folder.mkdir()
    for name, box in files.items():
        (folder / name).write_bytes(box)
    return messages


def check_generated(corpus, runs, seed):
    total, r, names = (0, []), random.Random(seed), sorted(exact.truth(corpus))[:max(1, min(4, runs // 12))]
    with tempfile.TemporaryDirectory() as tmp:
        for name in names:
            folder = pathlib.Path(tmp) / name
            messages = boxes_of(corpus, name, folder)
            # The oracle must find in the files what was put into them.
            found = [m for p in folder.iterdir() for m in messages_of(p.read_bytes(), p.name)[0]]
            same = sorted((m.path, m.sha256, m.internal) for m in found) == sorted((m.path, m.sha256, m.internal) for m in messages)
            total = add(total, (same, [] if same else ["%s: the oracle reads other messages than were written" % name]))
            total = add(total, check_file(folder, messages, runs // len(names), r))
    return total


# ---- random files ----

DATES = ("Sat Jan  5 09:14:16 2008", "Sat Jan  5 09:14 2008", "Sat Jan 5 9:14:16 2008", "Sat Jan  5 09:14:16 PST 2008",
         "Sat Jan  5 09:14:16 2008 +0100", "Sat Jan  5 09:14:16 +0000 2008", "Sat Jan  5 09:14:16 MET DST 2008",
         "Sat Jan  5 09:14:16 2008 remote from host", "sat jan 5 09:14:16 08", "Sat, 5 Jan 2008 09:14:16 +0100",
         "Sat Jan  5 09:14:60 2008", "Sat Jan 32 09:14:16 2008", "Sat Jan  5 24:14:16 2008", "Sat Foo  5 09:14:16 2008",
         "Sat Jan  5 09:14:16", "Sat Feb 29 09:14:16 2007", "Sat Jan  5 09:14:16 2008 J", "Sat Jan  5 09:14:16 2008 +9",
         "Sat Jan  5 09:14:16 2008 and more", "Sat Jan  5 09:14:16 EST 2008 +0100", "2008-01-05", "", " ",
         "Sat Jan  5 09:14:16 2008 remote from", "Sat Jan  5 09:14:16 2008 -0860")
SENDERS = ("a@b.example", "-", "MAILER-DAEMON", "John Doe <j@x.example>", '"a b"@c', "1844347792267117879@xxx", "", "Mon Jan")


def random_date(r):
    if r.random() < .5:
        return r.choice(DATES)
    return time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(r.randrange(10 ** 9, 2 * 10 ** 9)))


def random_message(r, end):
    lines = []
    for _ in range(r.randrange(4)):
        lines.append(r.choice((b"Date: Sat, 5 Jan 2008 09:14:16 +0100", b"Date: rubbish", b"Subject: a", b" folded", b"From b",
                               b"Received: by x; Mon, 7 Jan 2008 10:00:00 -0800", b"no field", b"X: \xff\x00")))
    body = [r.choice((b"", b"", b"text", b"From here on", b">From there", b"From", b"\x00", b"a\rb", b"\r", b" ", b"From \r",
                      b"x" * r.randrange(2000))) for _ in range(r.randrange(8))]
    text = end.join(body) + (end if r.random() < .9 else b"")
    if r.random() < .6:
        n = len(text) + r.choice((0, 0, 0, 0, len(end), 1, -1, 17, 100000, -100000))
        lines.insert(r.randrange(len(lines) + 1), b"Content-Length:%s%d%s" % (r.choice((b" ", b"", b"\t ", b"\n ")), n, r.choice((b"", b"  ", b"x"))))
    head = end.join(lines) + (end if lines else b"")
    return head + (end if r.random() < .9 else b"") + text


def random_box(r):
    """Any sequence of bytes that resembles an mbox."""
    box = bytearray(r.choice((b"", b"", b"", b"", b"", b"\n\n", b"\r\n", b"stray\n\n", b"stray\n", mboxoracle.BOM, mboxoracle.BOM + b"\n")))
    for _ in range(r.randrange(8)):
        end = r.choice((b"\n", b"\n", b"\n", b"\r\n"))
        box += b"From %s %s" % (r.choice(SENDERS).encode(), random_date(r).encode()) + (b"x" * 1500 if r.random() < .05 else b"") + end
        box += random_message(r, end) + r.choice((end, end, end, b"", b"\r"))
    if r.random() < .2:
        del box[r.randrange(len(box) + 1):]
    return bytes(box)


def check_random(runs, seed):
    """Random files, split and dated as the oracle says, under one random interval each."""
    r, passed, failures = random.Random(seed), 0, []
    with tempfile.TemporaryDirectory() as tmp:
        place = pathlib.Path(tmp) / "box"
        for i in range(runs):
            data = random_box(r)
            place.write_bytes(data)
            messages, stray = messages_of(data)
            meaning = list(exact.MEANINGS)[i % 3]
            begin, end = exact.interval(r, messages, exact.MEANINGS[meaning]) if i % 2 else (None, None)
            wrong = check_one(place, messages, meaning, begin, end, exact.ZONES[i // 3 % 3], 7 if stray else 0)
            if wrong:
                failures.append("random mbox %d of seed %d: %s" % (i, seed, "; ".join(wrong)))
            else:
                passed += 1
    return passed, failures


def check_all(corpus, runs, seed):
    """Everything at length: list of (name, (passed, failures) or None)."""
    done = [("mbox, random files", check_random(runs, seed)), ("mbox, real mail", check_real(runs // 3, seed)),
            ("mbox, MimeKit", check_mimekit(runs // 3, seed))]
    if corpus:
        done.append(("mbox, generated corpus", check_generated(corpus, runs // 3, seed)))
    return done
