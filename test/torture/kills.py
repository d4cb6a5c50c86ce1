"""kill -9 at random moments. Several processes take several orders through the real commands at once; at a
random moment of each round one of them is killed, or the seal, or a hand, or all at once. Then nobody looks
away: what was acknowledged must be there, the log and the acts must hold, nothing may have left twice; and
the commands are given again as a person would, until every order has come to its end.
SPDX-License-Identifier: Apache-2.0
"""
import collections
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

from harness import life
from torture.faults import FORTNIGHT, Wrong, need, sound

TARGETS = ("writ", "seal", "hand", "group", "all")
ACTS = {"authenticate": "authenticated", "decide": "decided", "collect": "collected", "notify": "notice_decided",
        "release": "released", "deliver": "delivered", "withdraw": "withdrawn", "void": "voided", "destroy": "destroyed"}
CHANGED = ("has changed since the statement was made", "two people: approve", "a later statement has taken the place")
# The lives of orders: by what a command makes true, one after the other.
ROADS = {
    "answered": ("submit", "authenticate", "scope", "comply", "collect", "notify", "approve Ben", "approve Chi", "release",
                 "deliver", "destroy"),
    "twice collected": ("submit", "authenticate", "comply", "collect", "again", "notify", "approve Ben", "approve Chi",
                        "release", "deliver"),
    "refused": ("submit", "authenticate", "refuse"),
    "refused late": ("submit", "authenticate", "comply", "collect", "refuse"),
    "void": ("submit", "authenticate", "comply", "collect", "notify", "approve Ben", "void"),
    "withdrawn": ("submit", "authenticate", "comply", "collect", "withdraw"),
}


def children(parent, name):
    """Pids of the children of that process that run that program."""
    found = []
    for pid in os.listdir("/proc"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                after = f.read().rsplit(")", 1)[1].split()
            if after[1] == str(parent) and after[0] != "Z" and \
                    os.path.basename(os.readlink(f"/proc/{pid}/exe")) == name:
                found.append(int(pid))
    return found


class Task:
    """One order on its road, or the home's own chores."""

    def __init__(self, world, road, number):
        self.world, self.road, self.number, self.at, self.ref = world, road, number, 0, None
        self.owed, self.refs, self.out, self.tries = set(), [], None, 0

    @property
    def step(self):
        return self.road[self.at] if self.at < len(self.road) else None

    def words(self, home):
        """(arguments, who, keys) of the next command."""
        ref, step = self.ref, self.step
        if step == "submit":
            path = life.order_file(home.base / f"order{self.number}.yaml", home.world,
                                   change=lambda tree: tree.update(authority_reference=f"26-{self.number}"))
            return ("order", "submit", path, "--paper", home.world.paper), "Ana", ()
        if step == "authenticate":
            return ("authenticate", ref, "--by", "callback", "--over", "+331", "--found", "directory"), "Ana", ()
        if step == "deliver":
            self.out = home.base / f"{ref}.tar"
            return ("deliver", ref, "--out", self.out, *(["--resume"] if self.out.exists() else [])), "Chi", ()
        if step.startswith("approve"):
            return ("approve", ref), step[8:], (step[8:].lower(),)
        return {
            "scope": (("scope", ref), "Ana", ()),
            "comply": (("decide", ref, "comply"), "Ana", ("ana",)),
            "refuse": (("decide", ref, "refuse", "--reason", "INST-UNSIGNED"), "Ana", ("ana",)),
            "collect": (("collect", ref), "Ben", ()),
            "again": (("collect", ref, "--again"), "Ben", ()),
            "notify": (("notify", ref, "--withheld", "--because", "COURT_ORDER"), "Ana", ()),
            "release": (("release", ref), "Chi", ()),
            "void": (("void", ref, "--because", "case closed"), "Ana", ("ana",)),
            "withdraw": (("withdraw", ref, "--because", "case closed"), "Ana", ("ana",)),
            "destroy": (("destroy", ref), "Ana", ()),
            "tick": (("tick",), None, ()),
            "policy": (("roster", "add", "--policy", "statement_hours", "--value", str(self.number)), "Ana", ("ana", "ben")),
        }[step]

    def done(self, acts, step=None):
        """Is what the step makes true so, by these acts of the order? step: was it ever so?"""
        ever, step, words = step, step or self.step, [a["act"] for a in acts]
        if step.startswith("approve"):
            last = 0 if ever else max((a["seq"] for a in acts if a["act"] == "stated"), default=0)
            return any(a["act"] == "approved" and a["actor"]["name"] == step[8:] and a["seq"] > last for a in acts)
        if step == "again":
            return words.count("collected") >= 2
        if step == "refuse":
            # The letter and the end of the key belong to it.
            return "lettered" in words and ("collected" not in words or "destroyed" in words) and words.count("decided") >= \
                (2 if "comply" in self.road else 1)
        word = {"comply": "decide"}.get(step, step)
        return ACTS.get(word) in words


class Round:
    """Commands that run side by side, and what becomes of them."""

    def __init__(self, home, tasks):
        self.home, self.running = home, []
        for task in tasks:
            words, who, keys = task.words(home)
            argv = [home.bin / "writ", *words, *(["--as", who] if who else [])]
            for key in keys:
                argv += ["--key", home.world.key(key)]
            process = subprocess.Popen([str(a) for a in argv], env=home.env(), cwd=home.base, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
            self.running.append((task, process))

    def kill(self, target, random):
        """One process, or several. Gives whether anything was alive to be killed."""
        alive = [p for _, p in self.running if p.poll() is None]
        hit = False
        if target == "hand":
            end = time.monotonic() + 0.05
            while time.monotonic() < end and alive:
                hands = [pid for p in alive for pid in children(p.pid, "writ-hand")]
                if hands:
                    time.sleep(random.random() * 0.004)
                    return self.strike([random.choice(hands)])
                alive = [p for _, p in self.running if p.poll() is None]
            return False
        if target in ("seal", "all"):
            hit = self.strike(self.home.seals())
        if target in ("writ", "group") and alive:
            one = random.choice(alive)
            hands = children(one.pid, "writ-hand") if target == "group" else []
            hit = self.strike([one.pid, *hands])
        if target == "all":
            hands = [pid for p in alive for pid in children(p.pid, "writ-hand")]
            hit = self.strike([p.pid for p in alive] + hands) or hit
        return hit

    @staticmethod
    def strike(pids):
        hit = False
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                hit = True
        return hit

    def end(self):
        """(task, exit, stdout, stderr) of each."""
        results = []
        for task, process in self.running:
            try:
                out, err = process.communicate(timeout=life.COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise Wrong("a command does not end:", process.args) from None
            results.append((task, process.returncode, out.decode(errors="replace"), err.decode(errors="replace")))
        return results


class Run:
    """One home, some tasks, and kills until there are enough."""

    def __init__(self, town, random, kills, at_once=3):
        self.home, self.random, self.left, self.at_once = town.home(), random, kills, at_once
        self.hits, self.steps, self.busy, self.finished = collections.Counter(), collections.Counter(), 0, []
        self.tasks, self.number, self.missed = [], 0, 0

    def more(self):
        """Keeps that many orders on their way; a fourth does the home's chores."""
        while len(self.tasks) < self.at_once:
            self.number += 1
            road = self.random.choices(list(ROADS), weights=(5, 2, 1, 1, 1, 1))[0]
            self.tasks.append(Task(self.home.world, ROADS[road], self.number))

    def chore(self):
        self.number += 1
        return Task(self.home.world, (self.random.choice(("tick", "tick", "policy")),), self.number % 90 + 2)

    def acts(self):
        found = collections.defaultdict(list)
        with contextlib.closing(life.sqlite3.connect(f"file:{self.home.dir}/writ.db?mode=ro", uri=True)) as db:
            for ref, body in db.execute("SELECT order_ref, body FROM act ORDER BY id"):
                found[ref].append(json.loads(body))
        return found

    def round(self):
        self.more()
        tasks = [t for t in self.tasks] + ([self.chore()] if self.random.random() < 0.3 else [])
        target = self.random.choices(TARGETS, weights=(4, 3, 3, 2, 2))[0]
        running = Round(self.home, tasks)
        if target != "hand":
            time.sleep(self.random.random() * 0.11)
        hit = running.kill(target, self.random)
        results = running.end()
        for task, status, out, _ in results:
            self.acknowledge(task, status, out)
        sound(self.home)
        acts = self.acts()
        self.check(acts)
        if hit:
            self.hits[target] += 1
            for task, status, _, _ in results:
                if status == -signal.SIGKILL:
                    self.steps[task.step.split()[0]] += 1
        self.missed = 0 if hit else self.missed + 1
        need(self.missed < 200, "no kill hits anything any more")
        for task, status, out, err in results:
            self.go_on(task, status, out, err, acts, hit)
        return hit

    def acknowledge(self, task, status, out):
        """What somebody was told: a printed reference, an exit with 0 (done) or 7 (done, not yet in the log)."""
        if task.step == "submit":
            task.refs += [r for r in re.findall(r"^W-\S+$", out, re.M) if r not in task.refs]
        elif task.ref and status in (0, 7) and task.step != "scope":
            task.owed.add(task.step)
        elif task.step == "policy" and status in (0, 7):
            task.owed.add(task.step)

    def check(self, acts):
        for task in self.tasks + self.finished[-6:]:
            for ref in task.refs:
                need(ref in acts, "an acknowledged order is lost:", ref)
            for step in task.owed:
                need(task.done(acts[task.ref], step), "acknowledged and lost:", step, task.ref,
                     [(a["act"], a["actor"]["name"]) for a in acts[task.ref]])
        for ref, list_ in acts.items():
            words = collections.Counter(a["act"] for a in list_)
            need(words["released"] <= 1 and words["delivered"] <= 1, "twice:", ref, words)
            need([a["seq"] for a in list_] == list(range(1, len(list_) + 1)), "a gap in the acts of", ref)
        released = collections.Counter(a["order"] for a in self.home.seal_acts_whole("released"))
        need(all(n == 1 for n in released.values()), "the seal has released twice:", released)

    def go_on(self, task, status, out, err, acts, hit):
        """To the next step, or the same command once more."""
        if task.step in ("tick", "policy"):
            need(status == 0 or hit or status in (6, 7, 75) or self.stale(err), "a chore:", status, out, err)
            return
        if task.step == "release" and status == 4 and any(words in err for words in CHANGED):
            # What is advised: a new statement, signed anew by both.
            task.at = task.road.index("approve Ben")
            return
        if task.step == "submit":
            if task.refs:
                task.ref = task.refs[0]
                need(len(task.refs) == 1, "one order, two references:", task.refs)
            done = bool(task.ref)
        elif task.step == "scope":
            done = status in (0, 7)
        else:
            done = task.done(acts[task.ref])
        if status in (0, 7):
            need(done, "it says that it is done, and it is not:", task.step, task.ref, status, err)
        elif not hit:
            # Without a kill only the others may have been in the way.
            task.tries += 1
            need(task.tries < 60, "does not get through:", task.step, task.ref, status, out, err)
            need(status in (6, 75) or done or self.stale(err), "fails without a kill:", task.step, task.ref, status, out, err)
        if done:
            task.at, task.tries = task.at + 1, 0
        if task.step is None:
            self.arrive(task, acts)

    @staticmethod
    def stale(err):
        """What the others did meanwhile is a reason to say no, and to ask again."""
        return any(words in err for words in ("meanwhile", "the roster is", "has changed since", "another writ-seal"))

    def arrive(self, task, acts):
        self.tasks.remove(task)
        self.finished.append(task)
        words = collections.Counter(a["act"] for a in acts[task.ref])
        letters = collections.Counter(a["body"]["template"] for a in acts[task.ref] if a["act"] == "lettered")
        need(all(n == 1 for n in letters.values()), "a letter twice:", task.ref, letters)
        if "deliver" not in task.road:
            need(words["released"] == 0, "released and", task.road[-1])
            got = self.home.run("release", task.ref, as_="Chi")
            need(got.exit == 4, "it would be released:", task.ref, got)
            return
        need(words["released"] == 1 and words["delivered"] == 1, "not once:", task.ref, words)
        need(self.home.verify(task.out).exit == 0, "does not verify:", task.ref)
        folder = f"opened-{task.ref}"
        opened = self.home.open(task.out, folder)
        need(opened.hashes() == self.home.world.expect("alice@mail.example", *FORTNIGHT), "other mails than ordered:", task.ref)
        shutil.rmtree(self.home.base / folder)
        task.out.unlink()

    def run(self):
        while self.left > 0:
            self.left -= self.round()
        self.missed = 0
        self.finish()

    def finish(self):
        """Without further kills every order comes to its end."""
        for _ in range(400):
            if not self.tasks:
                break
            results = Round(self.home, self.tasks).end()
            for task, status, out, _ in results:
                self.acknowledge(task, status, out)
            acts = self.acts()
            self.check(acts)
            for task, status, out, err in results:
                self.go_on(task, status, out, err, acts, False)
        need(not self.tasks, "orders do not come to their end")
        sound(self.home)
        known = {a["order"] for a in self.home.json("order", "list", "--limit", "1000")["orders"]}
        need({t.ref for t in self.finished} <= known, "an order is not listed")


def seal_acts_whole(home):
    """The seal's acts of that kind with the order that each is of."""
    def read(word):
        with contextlib.closing(life.sqlite3.connect(f"file:{home.dir}/writ.db?mode=ro", uri=True)) as db:
            return [json.loads(body) for (body,) in db.execute("SELECT body FROM seal_act WHERE act = ?", (word,))]
    return read


def kills(town, random, count):
    """So many kills in one home. Gives the run, which tells what was hit."""
    run = Run(town, random, count)
    run.home.seal_acts_whole = seal_acts_whole(run.home)
    try:
        run.run()
    finally:
        run.home.stop()
    shutil.rmtree(run.home.base)
    return run
