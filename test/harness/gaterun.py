"""Homes at every stage, frozen once, and the run of one case of gatecases.py against a thawed one.

SPDX-License-Identifier: Apache-2.0
"""
import os
import sys

import gate
import gatecases
from sealclient import Gone

REF = "W-AAAA-0001"


class Bench:
    """Stages of one honest home and another honest home, for one kind of users and one build."""

    def __init__(self, users="one", hooks=True):
        self.users, self.hooks = users, hooks
        self.keys, self.frozen, self.other = gate.Keys(), {}, None

    def make(self):
        home = gate.Home(self.users, self.hooks, self.keys)
        self.other = gate.Home(self.users, self.hooks, gate.Keys(7), "other")
        try:
            self.make_other()
            self.make_stages(home.make())
        except BaseException:
            self.close()
            raise
        finally:
            home.remove()
        return self

    def make_other(self):
        self.other.make()
        self.other.life = self.other.live(REF)
        self.other.old_state = self.other.state(REF)
        self.other.stop()

    def make_stages(self, home):
        self.freeze("founded", home)
        home.life = home.new(REF)
        for stage, step in (("ticket", home.take_ticket), ("receipt", home.take_receipt), ("statement", home.take_statement),
                            ("approved", home.approve), ("released", home.take_release)):
            step(home.life)
            self.freeze(stage, home)

    def freeze(self, stage, home):
        home.stop()
        self.frozen[stage] = home.twin()
        home.start()

    def thaw(self, stage, leave_out=None):
        return self.frozen[stage].twin().start(leave_out)

    def close(self):
        for home in [*self.frozen.values(), *([self.other] if self.other else [])]:
            home.remove()

    def __enter__(self):
        return self.make()

    def __exit__(self, *_):
        self.close()

    def suits(self, case):
        """None, or why this case cannot run here."""
        if "clock" in case.needs and not self.hooks:
            return "a release build has no test clock"
        if "three" in case.needs and self.users != "three":
            return "needs three users"
        return None

    def run(self, case, leave_out=None, look=False):
        """What the seal said to the attack: 'accepted', 'ended', or the row; with look: what it changed."""
        with self.thaw(case.stage, leave_out) as home:
            attack = case.make(home, home.life, self.other)
            refs = [home.life.ref] if home.life else []
            refs += ["W-BBBB-0001"]
            before = home.visible(refs) if look else None
            try:
                answer = home.send(attack)
                said = "accepted" if answer["ok"] else answer["check"]
            except Gone:
                said = "ended"
            for fd in attack.fds:
                os.close(fd)
            if not home.alive():
                return "died", home.errors(), None
            after = home.visible(refs) if look else None
            return said, "" if said in ("accepted", "ended") else answer["why"], before == after


def made(users, hooks=True):
    """A bench, or why there is none: a thousand tests shall not each try again."""
    try:
        return Bench(users, hooks).make()
    except Exception as e:
        return e


def need(bench):
    if isinstance(bench, Exception):
        raise RuntimeError("no bench could be made") from bench
    return bench


def close(benches):
    for one in benches:
        if isinstance(one, Bench):
            one.close()


def three_users():
    """Why the run under three users is skipped, or None."""
    return None if os.geteuid() == 0 else "SKIPPED: three users need root (setpriv --reuid)"


def unknown_rows():
    """Rows without a case and cases without a row: both are failures. Rows of the founding are run elsewhere."""
    rows, expected = set(gatecases.rows()), {c.expect for c in gatecases.CASES}
    return sorted(rows - expected - {"FOUNDING_SAME"}), sorted(expected - rows - {"FAILED", "ended"})


if __name__ == "__main__":
    # One case by name: gaterun.py NAME [LEAVE_OUT] [one|three]
    with Bench(sys.argv[3] if len(sys.argv) > 3 else "one") as bench:
        for one in gatecases.CASES:
            if one.name == sys.argv[1]:
                print(one, bench.run(one, sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] != "-" else None, True))
