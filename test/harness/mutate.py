#!/usr/bin/python3
"""Removes the checks of the seal one by one and tells which case notices.

usage: mutate.py [--short] [--users one|three] [ROW...]

For each row of src/seal/check.def the test-hook seal is started with WRIT_LEAVE_OUT=ROW and the
cases that expect this row are run: at least one must go another way. A case that then is accepted
shows that only this row stood before it; one that another row or a failure stops is named too.
--short stops at the first case that notices. Last line: N passed, N failed.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import sys

import figures
import gate
import gatecases
import gaterun

FOUNDING = {"FOUNDING_SAME"}


def founding_same(leave_out):
    """The one row that no request reaches: another founding document, signed by two."""
    with gate.Home("one") as home:
        home.init()
        home.leave_out = leave_out
        text = home.founding.replace('"decider_may_approve":"no"', '"decider_may_approve":"yes"')
        assert text != home.founding
        done = home.found(text=text)
        return "accepted" if done.returncode == 0 else done.stderr.decode().strip().rsplit("(", 1)[-1].split(")")[0]


def cases_of(row, users):
    return [c for c in gatecases.CASES if c.expect == row and (users == "three" or "three" not in c.needs)]


class Mutation:
    def __init__(self, row):
        self.row, self.said, self.by = row, collections.Counter(), None

    def take(self, name, said):
        """said: what happened without the row."""
        self.said[said if said != self.row else "still refused"] += 1
        if said != self.row and (self.by is None or said == "accepted" != self.by[1]):
            self.by = name, said

    def line(self):
        told = ", ".join("%d %s" % (n, what) for what, n in sorted(self.said.items()))
        if not self.by:
            return "%-20s NOT NOTICED: %s" % (self.row, told or "no case")
        word = {"accepted": "accepted", "ended": "the connection ended"}.get(self.by[1], "refused by " + self.by[1])
        return "%-20s %s: %s (%s)" % (self.row, self.by[0], word, told)


def mutate(bench, row, short):
    m = Mutation(row)
    if row in FOUNDING:
        m.take("founding_of_another_text", founding_same(row))
        return m
    for case in cases_of(row, bench.users):
        try:
            said, _, _ = bench.run(case, leave_out=row)
        except Exception as e:  # the way to the attack went another way already
            said = "another way: " + type(e).__name__
        m.take(case.name, said)
        if short and said == "accepted":
            break
    return m


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--users", choices=("one", "three"))
    parser.add_argument("rows", nargs="*")
    args = parser.parse_args(argv)
    users = args.users or ("three" if not gaterun.three_users() else "one")
    if users == "one" and not args.users:
        print(gaterun.three_users() + ": rows that need a second user are NOT tested")
    passed = failed = alone = 0
    with gaterun.Bench(users) as bench:
        for row in args.rows or gatecases.rows():
            if users == "one" and row == "CALLER":
                print("%-20s SKIPPED: needs three users" % row)
                continue
            m = mutate(bench, row, args.short)
            passed, failed = passed + bool(m.by), failed + (not m.by)
            alone += bool(m.by) and m.by[1] == "accepted"
            print(m.line(), flush=True)
    print("of these %d let the attack through, %d stop it elsewhere" % (alone, passed - alone))
    figures.write("mutate", [("rows left out", passed + failed), ("noticed", passed), ("not noticed", failed),
                             ("of the noticed, the attack went through", alone)])
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
