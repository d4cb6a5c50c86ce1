# yaml.c against the law set's own reader of the narrow YAML, on orders with random small faults.
# What both read must be equal, and nothing may be read that the law set refuses.
# usage: yaml_oracle_test.py PROBE SHARED
# SPDX-License-Identifier: Apache-2.0
import glob
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile

PROBE, SHARED = sys.argv[1], sys.argv[2]
COPIES, SKIP = 1500, 77
PIECES = [": ", "- ", "#", " #", '"', "\\", "\\n", "'", "&", "*", "!", "|", ">", "[", "]", "{", "}", ",", "?", "? ", " ", "  ",
          "\n", "---\n", "%", "@", "`", ":", "-", "\u00e9", '\\"', "x", "\n\n", "\n# c\n", "\t"]


def reader():
    path = os.path.join(SHARED, "law", "grade.py")
    spec = importlib.util.spec_from_file_location("grade", path)
    module = importlib.util.module_from_spec(spec)
    sys.argv, sys.dont_write_bytecode = [path], True
    spec.loader.exec_module(module)
    return module.read_yaml


def changed(texts):
    r = random.Random(11)
    for _ in range(COPIES):
        lines = r.choice(texts).split("\n")
        at = r.randrange(len(lines) - 1)
        indent = len(lines[at]) - len(lines[at].lstrip(" "))
        piece = [lines[at]]
        for line in lines[at + 1:at + 10]:      # what stands under the same key
            if len(line) - len(line.lstrip(" ")) < indent or not line:
                break
            piece.append(line)
        while piece and piece[-1].endswith(":"):
            piece.pop()
        text = "".join(line[indent:] + "\n" for line in piece) or "a: b\n"
        for _ in range(r.randint(0, 2)):
            p = r.randrange(len(text))
            text = text[:p] + r.choice(PIECES) + text[p + r.choice([0, 0, 1]):]
        yield text


def main():
    orders = sorted(glob.glob(os.path.join(SHARED, "law", "orders", "*.yaml")))
    if not orders:
        print("SKIPPED: %s/law is not here, YAML was not compared with its reader" % SHARED, flush=True)
        return SKIP
    oracle, texts = reader(), []
    for path in orders:
        with open(path, encoding="utf-8") as f:
            texts.append(f.read())
    texts = list(changed(texts))
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, str(i)) for i in range(len(texts))]
        for path, text in zip(paths, texts):
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(text)
        rows = subprocess.run([PROBE], input="\n".join(paths) + "\n", capture_output=True, text=True, check=True,
                              encoding="utf-8").stdout.split("\n")[:-1]
    assert len(rows) == len(texts)
    read = stricter = 0
    for text, row in zip(texts, rows):
        try:
            expected = oracle(text)
        except Exception:
            expected = None
        if not row.startswith("OK "):
            stricter += isinstance(expected, dict)  # a file is never a list
            continue
        assert expected is not None, "the law set refuses this: %r" % text
        assert json.loads(row[3:]) == expected, (text, row)
        read += 1
    assert read > COPIES // 5, "hardly anything was read: %d" % read
    assert stricter < COPIES // 20, "much is refused that the law set reads: %d" % stricter
    print("%d of %d read alike, %d only by the law set" % (read, COPIES, stricter))
    return 0


sys.exit(main())
