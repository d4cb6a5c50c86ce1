# date.c against the truth of a generated mail corpus and, on foreign mail, against the standard
# library. usage: date_corpus_test.py PROBE SHARED
# SPDX-License-Identifier: Apache-2.0
import email.utils
import json
import os
import re
import subprocess
import sys
import tempfile

PROBE, SHARED = sys.argv[1], sys.argv[2]
SKIP = 77


def ask(paths):
    out = subprocess.run([PROBE], input="\n".join(paths) + "\n", capture_output=True, text=True, check=True)
    rows = [tuple(None if x == "null" else int(x) for x in line.split()) for line in out.stdout.splitlines()]
    assert len(rows) == len(paths), "one answer per file"
    return rows


def generated(folder):
    tool = os.path.join(SHARED, "bench", "gencorpus.py")
    subprocess.run(["/usr/bin/python3", tool, folder, "--messages", "600", "--seed", "7"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "truth.jsonl")) as f:
        truth = [json.loads(line) for line in f if line.strip()]
    kinds = {}
    for t, (header, received, further) in zip(truth, ask([os.path.join(folder, t["path"]) for t in truth])):
        assert header == t["date"], (t["kind"], t["path"], header, t["date"])
        assert received == t["received"], (t["kind"], t["path"], received, t["received"])
        assert further == (t["kind"] == "two-dates"), (t["kind"], t["path"])
        kinds[t["kind"]] = kinds.get(t["kind"], 0) + 1
    assert len(truth) == 600 and kinds["ok"] < 600, kinds
    return len(truth)


# The first Date field as the standard library dates it; None where its reading is not to be trusted.
def oracle(raw):
    head = re.split(rb"\n\r?\n", raw[:262144])[0].replace(b"\r\n", b"\n")
    found = re.search(rb"(?im)^date[ \t]*:(.*(?:\n[ \t].*)*)", head)
    if not found:
        return None
    text = found.group(1).decode("latin-1").replace("\n", " ").strip()
    # The clear majority: what the grammar without its obsolete part allows.
    if not re.fullmatch(r"([A-Z][a-z]{2}, +)?\d{1,2} +[A-Z][a-z]{2} +\d{4} +\d\d:\d\d(:\d\d)? +[+-]\d{4}( +\([^()]*\))?", text):
        return None
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp())
    except ValueError:
        return None


def foreign():
    paths = []
    for top, folders, names in os.walk(os.path.join(SHARED, "corpora", "mail")):
        folders.sort()
        paths += [os.path.join(top, n) for n in sorted(names)]
    known = 0
    for path, (header, _, _) in zip(paths, ask(paths)):
        with open(path, "rb") as f:
            expected = oracle(f.read())
        if expected is not None:
            known += 1
            assert header == expected, (path, header, expected)
    assert known > 100, "the foreign mail is not there"
    return known


def main():
    if not os.path.exists(os.path.join(SHARED, "bench", "gencorpus.py")):
        print("SKIPPED: %s is not here, dates were not compared with any corpus" % SHARED, flush=True)
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        made = generated(folder)
    print("%d generated and %d foreign messages dated alike" % (made, foreign()))
    return 0


sys.exit(main())
