#!/usr/bin/python3
"""Changes the rule packs one way at a time (each rule left out, each verdict turned round, each condition
left out and turned round) and tells which change no test of the packs notices.

usage: lawmutate.py [--packs DIR] [--tests DIR]

'writ law test --mutate' does it. What law/test/alike.txt explains may go unnoticed; an explanation of what
a test does notice, or of no rule at all, is a failure like any other. Last line: N passed, N failed.   SPDX-License-Identifier: Apache-2.0"""
import argparse
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import figures, law, tools  # noqa: E402

WITHOUT = re.compile(r"without its condition \d+, and no test noticed: (.*)$")


def explained(tests):
    """{(rule, condition): why} of alike.txt: a why on a line of its own, below it what it explains."""
    out, why = {}, None
    with open(os.path.join(tests, "alike.txt")) as f:
        for line in f.read().splitlines():
            if line.startswith("  "):
                rule, condition = line.strip().split(": ", 1)
                assert why and (rule, condition) not in out, line
                out[rule, condition] = why
            elif line and not line.startswith("#"):
                why = line
    return out


def survivors(packs, tests):
    """How many changes were made, and the findings of those that no test noticed."""
    ran = subprocess.run([str(tools.program("writ")), "law", "test", "--mutate", "--json", "--packs", packs, "--tests", tests],
                         capture_output=True, text=True)
    made = re.search(r"^(\d+) changes, ", ran.stderr, re.M)
    assert made and ran.returncode in (0, 5), ran.stderr
    return int(made[1]), json.loads(ran.stdout)["findings"]


def judge(findings, why):
    """Findings that nothing explains, and explanations of nothing."""
    told = {}
    for f in findings:
        condition = WITHOUT.match(f["what"])
        told[f["rule"], condition[1] if condition else f["what"]] = f
    return [f for key, f in told.items() if key not in why], sorted(set(why) - set(told)), sorted(set(why) & set(told))


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--packs", default=law.PACKS)
    parser.add_argument("--tests")
    args = parser.parse_args(argv)
    tests = args.tests or os.path.join(args.packs, "test")
    why = explained(tests)
    made, findings = survivors(args.packs, tests)
    open_, idle, alike = judge(findings, why)
    for f in open_:
        print(f"{f['file']}:{f['line']}: {f['rule']}: {f['what']}")
    for rule, condition in idle:
        print(f"alike.txt: {rule}: {condition}: a test notices it, or there is no such rule")
    for rule, condition in alike:
        print(f"{rule}: {condition}: makes no difference: {why[rule, condition]}")
    failed = len(open_) + len(idle)
    print(f"{made} changes of the rule packs, {len(findings)} noticed by no test, of these {len(alike)} explained")
    figures.write("rules", [("changes of the rule packs", made), ("noticed by a test", made - len(findings)),
                            ("explained: they make no difference", len(alike)), ("not noticed", len(open_))])
    print(f"{made - failed} passed, {failed} failed")
    return 1 if failed or not made else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
