#!/usr/bin/python3
"""Torture: kill -9 at random moments, writes that fail, and loss of power, against the untouched release
executables. Prints what was done by kind, and N passed, N failed; each task makes a town of its own in
memory and takes it away.  run.py [--kills N] [--every N] [--images N] [--seed N]
--every N: only each N-th call of a command fails, 0: none. SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import concurrent.futures
import os
import random
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import figures, life  # noqa: E402
from torture import disk, faults, images, kills  # noqa: E402

KILLS_AT_ONCE = 50


class Result:
    """What a task did and found."""

    def __init__(self):
        self.done, self.wrong = collections.Counter(), []

    def add(self, other):
        self.done += other.done
        self.wrong += other.wrong


def kill(count, seed):
    result = Result()
    with life.Town() as town:
        try:
            run = kills.kills(town, random.Random(seed), count)
            for target, n in run.hits.items():
                result.done["kills", target] += n
            for step, n in run.steps.items():
                result.done["killed in", step] += n
            result.done["orders", "brought to their end"] += len(run.finished)
        except AssertionError as e:
            result.wrong.append(f"kills, seed {seed}: {type(e).__name__} {e}")
    return result


def fault(number, how, every, seed):
    result, scene, stage = Result(), faults.SCENES[number], faults.Stage()
    try:
        count, calls = faults.reference(stage, scene)
        for at in range(1 + seed % every, count + 1, every):
            word = disk.WORDS[calls[at].op] if at in calls else "of SQLite's index"
            try:
                if faults.fault(stage, scene, how, at):
                    result.done["faults", how] += 1
                    result.done["faults in", scene.name] += 1
                    result.done["failed call", word] += 1
            except faults.Wrong as e:
                result.done["faults", how] += 1
                result.wrong.append(f"fault in '{scene.name}': {how}, call {at} of {count} ({word}): {str(e)[:1500]}")
    finally:
        stage.close()
    return result


def power(name, count, whole, seed):
    result, stage, rng = Result(), faults.Stage(), random.Random(seed)
    try:
        tape = images.Tape(stage, name, rng)
        made = images.images(tape, rng, count, whole, stage.town.base, lambda w: result.wrong.append(f"seed {seed}, {w}"))
        for kind, n in made.items():
            result.done["images", kind] += n
        tape.close()
    finally:
        stage.close()
    return result


def tasks(options):
    """(function, arguments) of every task, the longest kinds first."""
    seed = options.seed
    for number, _ in enumerate(faults.SCENES if options.every else ()):
        for k, how in enumerate(faults.HOWS):
            yield fault, (number, how, options.every, seed + 7 * number + 13 * k)
    for n in range(0, options.kills, KILLS_AT_ONCE):
        yield kill, (min(KILLS_AT_ONCE, options.kills - n), seed + n)
    left = options.images
    for n, name in enumerate(images.TAPES):
        share = left // (len(images.TAPES) - n)
        left -= share
        if share:
            yield power, (name, share, options.whole, seed + n)


def guarded(function, arguments):
    """A task that breaks is a failure, not a gap."""
    try:
        return function(*arguments)
    except Exception:  # whatever it is: it is told and counted
        result = Result()
        result.wrong.append(f"{function.__name__}{arguments}: {traceback.format_exc()[-2500:]}")
        return result


def run(options, jobs):
    total = Result()
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(guarded, *task) for task in tasks(options)]):
            one = done.result()
            for words in one.wrong:
                print("WRONG " + words, flush=True)
            total.add(one)
    return total


def sum_of(done, kind):
    return sum(n for (k, _), n in done.items() if k == kind)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--whole", type=int, default=5, help="each n-th image goes on to the end")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 6))
    options = parser.parse_args(argv)
    if disk.library() is None:
        raise SystemExit("torture_disk.so is not built: set WRIT_BUILD")
    print(f"seed {options.seed}", flush=True)
    began = time.monotonic()
    total = run(options, int(os.environ.get("JOBS", "2")))
    for kind, what in sorted(total.done):
        print(f"{kind:12} {what:32} {total.done[kind, what]}")
    done, wrong = total.done, len(total.wrong)
    count = sum_of(done, "kills") + sum_of(done, "faults") + done["images", "images"]
    figures.write("kills", [
        *((f"kills of {target}", done["kills", target]) for target in kills.TARGETS), ("kills", sum_of(done, "kills")),
        ("orders brought to their end among them", sum_of(done, "orders")),
        ("acknowledged and lost, or left twice", sum("kills, seed" in w for w in total.wrong)), ("seed", options.seed)])
    figures.write("faults", [
        *((f"calls with {how}", done["faults", how]) for how in faults.HOWS), ("calls", sum_of(done, "faults")),
        ("wrong outcomes", sum(w.startswith("fault") for w in total.wrong))])
    figures.write("images", [
        ("images of a loss of power", done["images", "images"]), ("whose order was brought to its end", done["images", "to the end"]),
        ("that opened into a wrong state", done["images", "wrong"])])
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{max(count - wrong, 0)} passed, {wrong} failed")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
