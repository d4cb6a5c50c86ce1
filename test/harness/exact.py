#!/usr/bin/python3
"""Selection against oracles: nothing missed, nothing extra, whatever cannot be dated listed.

usage: exact.py [--runs 2700] [--messages 20000] [--seed 1] [--corpus DIR]

The first oracle is truth.jsonl of the corpus generator, which knows every date because it chose
it. The second, for real mail, is Python's own reading of the header fields. For mbox files there is
mboxoracle.py besides (exactmbox.py). None shares code with the program. Prints counts only, no mail text; last line "N passed, N failed".
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import datetime as dt
import email.utils
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import figures  # noqa: E402
import tools  # noqa: E402

MEANINGS = {"delivery": "internal", "header": "date", "received": "received"}
ZONES = ("UTC", "America/Los_Angeles", "Asia/Kathmandu")
DAY = 86400


# ---- the program ----

def instant(t, offset_minutes=0):
    zone = dt.timezone(dt.timedelta(minutes=offset_minutes))
    text = dt.datetime.fromtimestamp(t, zone).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


def command(place, label, begin, end, meaning, kind="maildir"):
    """begin, end: (UTC seconds, text for the command line), or None for an open end."""
    writ = tools.program("writ")
    if writ:
        words = [str(writ), "scope", "--store", kind + ":" + str(place), "--account", label]
        words += ["--from", begin[1]] if begin else []
        words += ["--to", end[1]] if end else []
        return words + ["--date", meaning, "--list", "--json"]
    tool = tools.program("selecttool")
    if not tool:
        raise SystemExit("neither writ nor selecttool is built in %s" % tools.build())
    return [str(tool), kind + ":" + str(place), label, str(begin[0]) if begin else "-",
            str(end[0]) if end else "-", meaning]


def run(place, label, begin, end, meaning, zone="UTC", kind="maildir"):
    """Exit status, the lines as objects, what it said."""
    env = dict(os.environ, TZ=zone)
    got = subprocess.run(command(place, label, begin, end, meaning, kind), env=env, capture_output=True)
    return got.returncode, [json.loads(x) for x in got.stdout.splitlines()], got.stderr.decode("utf-8", "replace")


def seconds(text):
    return None if text is None else int(dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


# ---- the oracle ----

Message = collections.namedtuple("Message", "path sha256 bytes internal date received")


def expected(messages, begin, end, key):
    low = begin[0] if begin else float("-inf")
    high = end[0] if end else float("inf")
    dated, undated = {}, {}
    for m in messages:
        when = getattr(m, key)
        if when is None:
            undated[m.path] = m
        elif low <= when < high:
            dated[m.path] = m
    return dated, undated


def differences(lines, dated, undated):
    """What is wrong with the program's lines: a list of sentences."""
    wrong = []
    for name, want, got in (("dated", dated, [x for x in lines if "undated" not in x]),
                            ("undated", undated, [x for x in lines if x.get("undated") is True])):
        paths = [x["path"] for x in got]
        if len(paths) != len(set(paths)):
            wrong.append("%s: an item twice" % name)
        missed, extra = set(want) - set(paths), set(paths) - set(want)
        if missed or extra:
            wrong.append("%s: %d missed, %d extra" % (name, len(missed), len(extra)))
        for x in got:
            m = want.get(x["path"])
            if m and (x["sha256"], x["bytes"], seconds(x["delivery"]), seconds(x["header"]), seconds(x["received"])) != (
                    m.sha256, m.bytes, m.internal, m.date, m.received):
                wrong.append("%s: an item with another hash, length or date" % name)
    if any("undated" in x and x["undated"] is not True for x in lines):
        wrong.append("undated is not true")
    first_undated = next((i for i, x in enumerate(lines) if "undated" in x), len(lines))
    if any("undated" not in x for x in lines[first_undated:]):
        wrong.append("a dated item after an undated one")
    return wrong


# ---- the generated corpus ----

def generate(folder, messages):
    script = tools.shared("bench", "gencorpus.py")
    if not script:
        return None
    accounts = max(4, min(50, messages // 200))
    subprocess.run(["/usr/bin/python3", str(script), str(folder), "--messages", str(messages),
                    "--accounts", str(accounts)], check=True, stdout=subprocess.DEVNULL)
    return folder


def truth(corpus):
    """Messages of each account, by the generator's own record."""
    accounts = collections.defaultdict(list)
    with open(corpus / "truth.jsonl") as f:
        for text in f:
            t = json.loads(text)
            rel = t["path"].split("/", 2)[2]
            accounts[t["account"]].append(
                Message(rel, t["sha256"], t["size"], t["internal"], t["date"], t["received"]))
    return accounts


def end_of(r, messages, key):
    """An end of an interval: open, the very time of an item, one second beside it, a date, any instant."""
    times = [getattr(m, key) for m in messages if getattr(m, key) is not None]
    kind = r.choice(("open", "item", "beside", "date", "instant", "instant"))
    if kind == "open" or not times:
        return None
    t = r.choice(times)
    if kind == "beside":
        t += r.choice((-1, 1))
    if kind == "date":
        return "date", t - t % DAY
    if kind == "instant":
        t = r.randrange(min(times), max(times) + 1)
    t = max(t, 0)
    return "instant", t, instant(t, r.choice((0, 0, 60, -480, 345, 765)))


def interval(r, messages, key):
    a, b = end_of(r, messages, key), end_of(r, messages, key)
    if a and b and a[1] > b[1]:
        a, b = b, a
    text = lambda t: dt.datetime.fromtimestamp(t, dt.timezone.utc).strftime("%Y-%m-%d")
    begin = a and ((a[1], text(a[1])) if a[0] == "date" else a[1:])
    # A date as the end includes that day.
    end = b and ((b[1] + DAY, text(b[1])) if b[0] == "date" else b[1:])
    return begin, end


def check_generated(corpus, runs, seed):
    """Random scopes over the generated corpus: (passed, list of failures)."""
    accounts, r, passed, failures = truth(corpus), random.Random(seed), 0, []
    names = sorted(accounts)
    for i in range(runs):
        name = r.choice(names)
        meaning = list(MEANINGS)[i % 3]
        zone = ZONES[i // 3 % 3]
        begin, end = interval(r, accounts[name], MEANINGS[meaning])
        status, lines, said = run(corpus / "mail" / name, name, begin, end, meaning, zone)
        wrong = differences(lines, *expected(accounts[name], begin, end, MEANINGS[meaning]))
        if status != 0:
            wrong.append("exit status %d: %s" % (status, said.strip()[-200:]))
        if wrong:
            failures.append("run %d, account %s, %s, %s to %s, TZ=%s: %s" % (i, name, meaning, begin, end, zone, "; ".join(wrong)))
        else:
            passed += 1
    return passed, failures


# ---- real mail ----

def header_fields(raw):
    """(name in lower case, body) of the header block; nothing of the program's reading is used."""
    fields, block = [], raw[:256 << 10]
    for line in block.split(b"\n"):
        line = line[:-1] if line.endswith(b"\r") else line
        if line == b"":
            break
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1] += b"\n" + line
            continue
        name, colon, body = line.partition(b":")
        if colon:
            fields.append([name.rstrip(b" \t").lower(), body])
        else:
            fields.append([b"", b""])
    return fields


# RFC 5322 sections 3.3 and 4.3, comments removed: email.utils alone takes much that is no date (an hour of one digit).
GRAMMAR = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun) ?, ?)?\d{1,2} ?[a-z]{3} ?\d{2,} \d{2} ?: ?\d{2}"
                     r"(?: ?: ?\d{2})? ?(?:[+-]\d{4}|[a-z]+)", re.IGNORECASE)


def uncommented(text):
    """Without RFC 5322 comments, nested ones included."""
    out, depth, escaped = [], 0, False
    for x in text:
        if escaped:
            escaped = False
        elif x == "\\" and depth:
            escaped = True
        elif x == "(":
            depth += 1
        elif x == ")" and depth:
            depth -= 1
            if not depth:
                out.append(" ")
            continue
        elif not depth:
            out.append(x)
    return "".join(out)


def python_date(body):
    """A date field as Python's email.utils reads it, or None; a field without a zone has no instant."""
    text = " ".join(uncommented(body.decode("latin-1")).split())
    parts = email.utils._parsedate_tz(text)
    if parts is None or not GRAMMAR.fullmatch(text):
        return None
    try:
        when = dt.datetime(*parts[:5], min(parts[5], 59), tzinfo=dt.timezone.utc)
    except ValueError:
        return None
    if parts[5] > 60:
        return None
    return int(when.timestamp()) + (1 if parts[5] == 60 else 0) - (parts[9] or 0)


def read_message(path, rel):
    raw = path.read_bytes()
    fields = header_fields(raw)
    date = next((b for n, b in fields if n == b"date"), None)
    received = next((b for n, b in fields if n == b"received"), None)
    return Message(rel, hashlib.sha256(raw).hexdigest(), len(raw), int(path.stat().st_mtime),
                   None if date is None else python_date(date),
                   None if received is None or b";" not in received else python_date(received.rpartition(b";")[2]))


def real_maildir(source, folder):
    """A Maildir of the real mail files below source, in cur/; the messages as Python reads them."""
    messages = []
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    for n, path in enumerate(sorted(p for p in source.rglob("*") if p.is_file() and p.name != "README")):
        rel = "cur/%d.M%dP1.real:2,S" % (1000000000 + n * 3600, n)
        shutil.copyfile(path, folder / rel)
        os.utime(folder / rel, (1000000000 + n * 3600,) * 2)
        messages.append(read_message(folder / rel, rel))
    return messages


def check_real(source, runs, seed):
    r, passed, failures = random.Random(seed), 0, []
    with tempfile.TemporaryDirectory() as tmp:
        messages = real_maildir(source, pathlib.Path(tmp) / "Maildir")
        for i in range(runs):
            meaning = list(MEANINGS)[i % 3]
            begin, end = interval(r, messages, MEANINGS[meaning]) if i >= 3 else (None, None)
            status, lines, said = run(pathlib.Path(tmp) / "Maildir", "real", begin, end, meaning, ZONES[i // 3 % 3])
            wrong = differences(lines, *expected(messages, begin, end, MEANINGS[meaning]))
            if status != 0:
                wrong.append("exit status %d: %s" % (status, said.strip()[-200:]))
            if wrong:
                failures.append("real mail, run %d, %s, %s to %s: %s" % (i, meaning, begin, end, "; ".join(wrong)))
            else:
                passed += 1
    return passed, failures


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--runs", type=int, default=2700)
    a.add_argument("--messages", type=int, default=20000)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--corpus", type=pathlib.Path)
    o = a.parse_args()
    import exactmbox  # it needs what stands above
    passed, failures = 0, []
    with tempfile.TemporaryDirectory() as tmp:
        corpus = o.corpus or generate(pathlib.Path(tmp) / "corpus", o.messages)
        if corpus:
            passed, failures = check_generated(corpus, o.runs, o.seed)
        else:
            print("SKIPPED: the corpus generator (bench/gencorpus.py) is not here")
        maildir = passed + len(failures)
        for name, done in exactmbox.check_all(corpus, o.runs, o.seed):
            if done is None:
                print("SKIPPED: %s: the shared files are not here" % name)
                continue
            print("%s: %d passed, %d failed" % (name, done[0], len(done[1])))
            passed, failures = passed + done[0], failures + done[1]
        mbox = passed + len(failures) - maildir
    real = tools.shared("corpora", "mail", "notmuch")
    if real:
        more, wrong = check_real(real, 300, o.seed)
        passed, failures = passed + more, failures + wrong
    else:
        print("SKIPPED: the real mail (corpora/mail/notmuch) is not here")
    for text in failures[:20]:
        print(text)
    figures.write("exact", [("selections compared", passed + len(failures)), ("of them from mbox files", mbox), ("selections that differ", len(failures)),
                            ("generated messages", o.messages), ("seed", o.seed)])
    print("%d passed, %d failed" % (passed, len(failures)))
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
