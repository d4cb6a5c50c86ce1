#!/usr/bin/python3
"""make bench: what writ takes for an order, beside what this machine could do and what stock tools do.

Prints a table and writes bench.json into the build folder: [{name, value, unit, ratio_limit, ratio_peer, goal,
holds, ...}]. value is the median; ratio_limit = limit's time / ours and ratio_peer = peer's time / ours, medians
of samples that each stand between two of the limit (A-B-A), with their spread: absolute times mean little on a
machine that others use. A goal is met or missed by the median alone, as it was measured and not as it is printed.
Last line: N passed, N failed, goals being what is counted.

LIMIT is one pass of read + SHA-256 + AES-256-GCM over the messages of the order, warm, in one thread, without any
output (shared bench/limit.c). P1 is what a careful engineer would write with find, openssl, tar and sync; P2, by
header date, is Python's parser and then P1's packaging: it takes half a minute and is measured once.
For commits and ticks the limit is a bare SQLite commit, or an append with fsync.

BENCH_MESSAGES: size of the corpus (200000; 20000 where the disk is short). BENCH_ROUNDS: samples of each (7).
Corpora are kept in $XDG_CACHE_HOME/writ-bench (~/.cache/writ-bench). bench.py [NAME...]: only the groups whose name
begins so: order-n order-b verify release memory intake acts tick year law. SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import figures, homes, lawgen, life, tools  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
BUILD = tools.build()
PLACE = BUILD / "bench"
ACCOUNT = "a00"
ORDERS = {"B": ("2024-09-01", "2026-02-28", "2026-03-01"), "N": ("2025-03-01", "2025-03-31", "2025-04-01")}
LARGE, SMALL, LARGE_NEEDS_BYTES, WHOLE_NEEDS_BYTES = 200000, 20000, 12 << 30, 15 << 30
FSYNCS, COMMITS, TICKS, TICK_ACTS = 200, 500, 20, 1000
# A ticker closes one tick every ten seconds; ext4 without a journal passes over inodes that were freed in the last five.
TICK_PAUSE_SECONDS = 6
YEAR_TICKS = 3153600            # one every ten seconds
LAW_ORDERS, LAW_AGAIN = 1000, 100000
COMMAND_SECONDS = 900
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "writ-bench"
GIGABYTE = 1 << 30


def run(*argv, **more):
    """(wall, cpu, stdout): a command with all that it waited for; run.peak_bytes: the largest process among them."""
    words = tempfile.TemporaryFile()
    began = time.monotonic()
    process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, **more)
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    run.peak_bytes = used.ru_maxrss * 1024
    if process.returncode:
        words.seek(0)
        raise RuntimeError(f"{' '.join(map(str, argv))}: {process.returncode}\n{words.read().decode(errors='replace')}")
    words.close()
    return wall, used.ru_utime + used.ru_stime, out


def shell(text, folder):
    return run("sh", "-ec", text, cwd=folder)[0]


# ---- the corpus ----

def corpus():
    wanted = os.environ.get("BENCH_MESSAGES")
    generator = tools.shared("bench", "gencorpus.py")
    if not generator:
        sys.exit("SKIPPED: the corpus generator is not here (WRIT_SHARED)")
    if not wanted:
        short = not (CACHE / f"corpus-{LARGE}").exists() and shutil.disk_usage(BUILD).free < LARGE_NEEDS_BYTES + WHOLE_NEEDS_BYTES
        wanted = SMALL if short else LARGE
        if short:
            print(f"the disk is short: {SMALL} messages instead of {LARGE}")
    folder = CACHE / f"corpus-{wanted}"
    if not (folder / "truth.jsonl").exists():
        print(f"making {folder}, once ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        run("/usr/bin/python3", generator, folder, "--messages", wanted, "--accounts", "50")
    return folder


def truth(folder, order, by):
    """How many messages of the account the generator dated so."""
    since, _, until = (life.utc(day + " 00:00:00") for day in ORDERS[order])
    n = 0
    with open(folder / "truth.jsonl", encoding="utf-8") as f:
        for line in f:
            m = json.loads(line)
            n += m["account"] == ACCOUNT and m[by] is not None and since <= m[by] < until
    return n


class World(life.World):
    """The corpus as the mail of a provider."""

    def __init__(self, base, mail):
        self.corpus_mail = mail
        super().__init__(base)

    def make_mail(self):
        (self.base / "aliases").write_text("")

    def make_huge(self, name, messages, bytes_each):
        """An account of a few huge messages; all but their heads is a hole, so it takes no time and no room."""
        folder = self.base / "huge" / name / "cur"
        folder.mkdir(parents=True)
        for n in range(messages):
            path = folder / f"{n}.M1P1.h:2,S"
            path.write_bytes(b"From: bob@x.example\nDate: Sat, 01 Mar 2025 10:00:00 +0000\n\n")
            os.truncate(path, bytes_each)
            os.utime(path, (life.utc("2025-03-01 10:00:00"),) * 2)

    def store_yaml(self, name, categories=("CONTENT_COMM",)):
        mail = {"main": self.corpus_mail, "archive": self.base / "huge"}[name]
        rows = [f"  - name: {name}", "    kind: maildir", f'    path: "{mail}/{{local}}"', "    domain: mail.example",
                "    region: FR", "    law: FR", "    categories:"]
        return "\n".join(rows + [f"      - {c}" for c in categories]) + "\n"


# ---- limits and peers ----

class Limit:
    """LIMIT over the messages of an order, a pass at a time."""

    def __init__(self, mail, order):
        source = tools.shared("bench", "limit.c")
        program = PLACE / "limitpass"
        if not program.exists():
            run("cc", "-O2", "-march=native", f'-DLIMIT_C="{source}"', "-o", program,
                pathlib.Path(__file__).parent / "limitpass.c", "-lcrypto")
        since, _, until = (life.utc(day + " 00:00:00") for day in ORDERS[order])
        self.process = subprocess.Popen([program, mail / ACCOUNT, str(since), str(until)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.messages, self.bytes = map(int, self.process.stdout.readline().split())
        self.pass_()                # the first reads what is not in memory yet

    def pass_(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return tuple(map(float, self.process.stdout.readline().split()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


PYTHON_PEER = """
import email, email.utils, glob, shutil, sys
src, out, since, until = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for path in glob.glob(src + "/**/[cn][ue][rw]/*", recursive=True, include_hidden=True):
    with open(path, "rb") as f:
        message = email.message_from_binary_file(f)
    try:
        at = email.utils.parsedate_to_datetime(message["Date"]).timestamp()
    except Exception:
        continue
    if since <= at < until:
        shutil.copy2(path, out)
"""


class Peer:
    """find | openssl dgst, sign the manifest, tar | openssl cms GCM, sync; and how its receiver checks it."""

    def __init__(self, mail, order):
        self.work = PLACE / "peer"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for name in ("authority", "provider"):
            run("openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt",
                "-subj", f"/CN={name}", "-days", "30", cwd=self.work)
        since, _, until = ORDERS[order]
        self.chain = f"""
rm -rf out opened manifest manifest.p7s
(cd {mail / ACCOUNT} && find . -type f -path '*/[cn][ue][rw]/*' -newermt '{since} UTC -1 sec' ! -newermt '{until} UTC -1 sec' \\
    -print0 | sort -z >{self.work}/names && xargs -0 openssl dgst -sha256 -r <{self.work}/names >{self.work}/manifest)
openssl cms -sign -binary -in manifest -signer provider.crt -inkey provider.key -outform DER -out manifest.p7s
tar c --null -C {mail / ACCOUNT} -T names -C {self.work} manifest manifest.p7s |
    openssl cms -encrypt -binary -stream -aes-256-gcm -outform DER -out out authority.crt
sync out"""
        self.check = """
mkdir opened
openssl cms -decrypt -binary -inform DER -in out -recip authority.crt -inkey authority.key | tar x -C opened
openssl cms -verify -binary -inform DER -in opened/manifest.p7s -content opened/manifest -CAfile provider.crt -purpose any -out /dev/null
(cd opened && xargs -0 openssl dgst -sha256 -r <../names | cmp - manifest)"""

    def pack(self):
        return shell(self.chain, self.work)

    def select_by_python(self, mail, order):
        """Python's own parser over every message, and a copy of what is in scope: seconds."""
        since, _, until = (life.utc(day + " 00:00:00") for day in ORDERS[order])
        out = self.work / "selected"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        wall = run("/usr/bin/python3", "-c", PYTHON_PEER, mail / ACCOUNT, out, str(since), str(until))[0]
        shutil.rmtree(out)
        return wall

    def verify(self):
        shutil.rmtree(self.work / "opened", ignore_errors=True)
        return run("sh", "-ec", self.check, cwd=self.work)[0]


def fsync_seconds(folder):
    """One append of 4 KiB made durable."""
    path = folder / "fsync.tmp"
    with open(path, "wb", buffering=0) as f:
        began = time.monotonic()
        for _ in range(FSYNCS):
            f.write(b"x" * 4096)
            os.fsync(f.fileno())
        wall = time.monotonic() - began
    path.unlink()
    return wall / FSYNCS


def commit_seconds(folder):
    """One row of 700 bytes committed alone by SQLite, as writ sets it: WAL, synchronous FULL."""
    path = folder / "commit.db"
    for end in ("", "-wal", "-shm"):
        pathlib.Path(f"{path}{end}").unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE o (id INTEGER PRIMARY KEY, ref TEXT UNIQUE, at INTEGER, body TEXT)")
        db.execute("CREATE INDEX o_at ON o (at)")
        began = time.monotonic()
        for n in range(COMMITS):
            db.execute("INSERT INTO o (ref, at, body) VALUES (?, ?, ?)", (f"W-{n}", n * 7919 % COMMITS, "x" * 700))
        return (time.monotonic() - began) / COMMITS


# ---- the table ----

WAYS = {"<=": lambda x, y: x <= y, "<": lambda x, y: x < y, ">=": lambda x, y: x >= y}


class Table:
    def __init__(self, wanted, section="bench"):
        self.rows, self.wanted, self.missed = [], wanted, []
        self.passed, self.section = 0, section

    def wants(self, group):
        return not self.wanted or any(group.startswith(w) for w in self.wanted)

    def add(self, name, values, unit, limit=(), peer=(), against="", goals=(), **more):
        """goals: (what, way, number), what being value, ratio_limit, ratio_peer or a name in more."""
        exact = {"value": statistics.median(values), "ratio_limit": statistics.median(limit) if limit else None,
                 "ratio_peer": statistics.median(peer) if peer else None, **more}
        holds = [WAYS[way](exact[what], number) for what, way, number in goals if exact[what] is not None]
        row = {"name": name, "value": exact["value"], "unit": unit, "ratio_limit": exact["ratio_limit"],
               "ratio_peer": exact["ratio_peer"], "goal": "; ".join(f"{w} {way} {n}" for w, way, n in goals) or None,
               "holds": all(holds) if holds else None, "limit": against,
               "spread": [min(limit), max(limit)] if limit else [min(values), max(values)], "samples": len(values), **more}
        self.rows.append(row)
        self.passed += sum(holds)
        self.missed += [name] * holds.count(False)

        def number(x):
            return "      -" if x is None else f"{x:7.3f}"
        of = "x" if limit else ""
        spread = f"[{row['spread'][0]:.3g}..{row['spread'][1]:.3g}]{of}"
        verdict = {True: "ok    ", False: "MISSED", None: "      "}[row["holds"]]
        print(f"{name:<32} {row['value']:>10.5g} {unit:<6} {number(row['ratio_limit'])} {spread:<19} {number(row['ratio_peer'])} "
              f"{verdict} {row['goal'] or '':<36} {against}", flush=True)
        return exact

    def write(self):
        (BUILD / f"{self.section}.json").write_text(json.dumps(self.rows, indent=1) + "\n")
        figures.write(self.section, [(row["name"], self.said(row)) for row in self.rows])

    def end(self):
        """Says what was missed; the exit status."""
        print(f"{len(self.rows)} rows in {BUILD}/{self.section}.json; missed: {', '.join(self.missed) or 'none'}")
        print(f"{self.passed} passed, {len(self.missed)} failed")
        return 1 if self.missed else 0

    @staticmethod
    def said(row):
        text = f"{row['value']:.4g} {row['unit']}"
        for key, word in (("ratio_limit", "limit"), ("ratio_peer", "peer")):
            if row[key] is not None:
                text += f"; {row[key]:.3f} x {word}"
        text += f"; goal {row['goal']}" if row["goal"] else ""
        return text + {True: ": met", False: ": missed", None: ""}[row["holds"]]


def between(rounds, limit, sample):
    """[(our sample, mean of the limits beside it)]: limit, ours, limit, ours, ... limit."""
    out, before = [], limit()
    for _ in range(rounds):
        ours = sample()
        after = limit()
        both = [(x + y) / 2 for x, y in zip(before, after)] if isinstance(before, tuple) else (before + after) / 2
        out.append((ours, both))
        before = after
    return out


# ---- rows ----

class Bench:
    def __init__(self, folder, table):
        self.corpus, self.table = folder, table
        self.mail, self.p1_wall, self.delivery_wall = folder / "mail", {}, None
        shutil.rmtree(PLACE / "home", ignore_errors=True)
        self.home = life.Home(World(PLACE / "home" / "world", self.mail), PLACE / "home" / "h")
        (self.home.world.base / "huge").mkdir()
        self.home.init()

    def decided(self, order, meaning, target=ACCOUNT, store="main"):
        since, until, _ = ORDERS[order]
        self.home.submit(demands=[life.demand(target=f"{target}@mail.example", since=since, until=until)],
                         lines={"d1": {"zone": "UTC", "date_meaning": meaning, "stores": [store]}})
        self.home.authenticate()
        self.home.decide()

    def gone(self):
        """The order's file in the vault goes; its room is needed."""
        self.home.ok("destroy", self.home.ref, "--because", "bench", as_="Ana", key="ana")

    def writ(self, *words, home=None):
        home = home or self.home
        return run(home.bin / "writ", *words, env=home.env(), cwd=home.base)

    def collect(self, order, meaning, limit, goals, peer=None):
        """Each sample is an order of its own that was never collected."""
        want = truth(self.corpus, order, {"delivery": "internal", "header": "date"}[meaning])
        name, peers, peaks = f"order {order} by {meaning}", [], []

        def sample():
            self.decided(order, meaning)
            before = limit.pass_()
            wall, cpu, out = self.writ("collect", self.home.ref, "--as", "Ben", "--json")
            after = limit.pass_()
            peaks.append(run.peak_bytes)
            got = json.loads(out)["items"]
            assert got == want, f"{name}: {got} items instead of {want}"
            if peer:
                peers.append(peer.pack())
            self.gone()
            return wall, cpu, (before[0] + after[0]) / 2, (before[1] + after[1]) / 2
        done = [sample() for _ in range(ROUNDS)]
        walls = [d[0] for d in done]
        if peers:
            self.p1_wall[order] = statistics.median(peers)
            beside = [p / w for p, w in zip(peers, walls)]
        else:
            p2 = self.p1_wall[order] + self.select_by_python(order)
            beside = [p2 / w for w in walls]
        more = {}
        if meaning == "delivery" and order == "B":
            self.delivery_wall = statistics.median(walls)
        elif order == "B":
            more["x_delivery"] = statistics.median(walls) / self.delivery_wall
        self.table.add(name, walls, "s", [d[2] / d[0] for d in done], beside, "LIMIT; peer P1" if peers else "LIMIT; peer P2, once",
                       goals, items=want, bytes=limit.bytes, **more)
        self.table.add(f"{name}, processor", [d[1] for d in done], "cpu s", [d[3] / d[1] for d in done], (), "LIMIT's processor time")
        self.table.add(f"{name}, memory", [p / 1e6 for p in peaks], "MB", (), (), "the largest process, hand or writ",
                       [("value", "<=", (32 * (1 << 20) + 160 * want) / 1e6)])
        if peers:
            self.table.add(f"peer P1, order {order}", peers, "s", [d[2] / p for d, p in zip(done, peers)], (), "LIMIT")

    def select_by_python(self, order):
        return Peer(self.mail, order).select_by_python(self.mail, order)

    def whole(self):
        """All accounts as one order: what a hand needs for many items."""
        if shutil.disk_usage(PLACE).free < WHOLE_NEEDS_BYTES:
            print("SKIPPED: memory for the whole corpus (the disk is short)")
            return
        demands, lines = [], {}
        for n in range(50):
            demands.append(life.demand(target=f"a{n:02d}@mail.example", since="2020-01-01", until="2027-01-01"))
            lines[f"d{n + 1}"] = {"zone": "UTC", "date_meaning": "delivery"}
        self.home.submit(demands=demands, lines=lines)
        self.home.authenticate()
        self.home.decide()
        wall, _, out = self.writ("collect", self.home.ref, "--as", "Ben", "--json")
        items, peak = json.loads(out)["items"], run.peak_bytes
        self.gone()
        self.table.add("all accounts, memory", [peak / 1e6], "MB", (), (), "the largest process, once",
                       [("value", "<=", (32 * (1 << 20) + 160 * items) / 1e6)], items=items, seconds=wall)

    def twin(self, n):
        """A copy of the home, the vault's files by a second name: they are not written any more."""
        home = self.home
        home.stop(signal.SIGTERM)
        other = life.Home(home.world, PLACE / "home" / f"twin{n}")

        def put(source, to):
            (os.link if "/vault/" in source else shutil.copy2)(source, to)
        shutil.copytree(home.dir, other.dir, ignore=shutil.ignore_patterns("run"), symlinks=True, copy_function=put)
        (other.dir / "run").mkdir(mode=0o700)
        other.ok("roster", "list")      # its seal is up
        return other

    def release(self, name):
        """From the second approval on: the order that the home holds, released in one copy of the home after another."""
        for who in ("Ben", "Chi"):
            self.home.approve(who)
        fsyncs, walls, parts = [], [], []
        for n in range(ROUNDS):
            other = self.twin(n)
            before = fsync_seconds(PLACE)
            walls.append(self.writ("release", self.home.ref, "--as", "Chi", home=other)[0])
            fsyncs.append((before + fsync_seconds(PLACE)) / 2)
            parts.append(other.state(self.home.ref))
            other.stop()
            shutil.rmtree(other.base)
        assert set(parts) == {"released"}, parts
        self.table.add(f"release, {name}", walls, "s", [f / w for f, w in zip(fsyncs, walls)], (),
                       "an append with fsync; the whole command, with its tick", [("value", "<=", 2.0)])

    def releases(self):
        self.decided("B", "delivery")
        self.home.collect()
        self.home.withhold()
        self.release("order B")
        self.gone()
        for name, messages in (("1 GB", 16), ("4 GB", 64)):
            self.home.world.make_huge(f"g{messages}", messages, GIGABYTE // 16)
            self.decided("N", "delivery", target=f"g{messages}", store="archive")
            got = self.home.collect()
            assert got["bytes"] == messages * GIGABYTE // 16, got
            self.home.withhold()
            self.release(f"package of {name}")
            self.gone()

    def verify(self, limit, peer):
        self.decided("B", "delivery")
        for step in ("collected", "noticed", "approved", "released"):
            self.home.step(step)
        path = self.home.base / "out.tar"
        wall = self.writ("deliver", self.home.ref, "--as", "Chi", "--out", path)[0]
        self.table.add("deliver, order B", [wall], "s", [limit.pass_()[0] / wall], (), "LIMIT, once")

        def verify():
            wall, cpu, _ = run(self.home.bin / "writ-verify", path, "--identity", self.home.world.age("paris"), "--policy",
                               self.home.base / "policy.json")
            return wall, cpu
        done = between(ROUNDS, limit.pass_, verify)
        peers = [peer.verify() for _ in range(3)]
        self.table.add("verify, order B", [ours[0] for ours, _ in done], "s", [l[0] / ours[0] for ours, l in done],
                       [statistics.median(peers) / ours[0] for ours, _ in done], "LIMIT; peer: cms, tar, openssl dgst",
                       [("ratio_limit", ">=", 0.70)])
        self.table.add("verify, order B, processor", [ours[1] for ours, _ in done], "cpu s",
                       [l[1] / ours[1] for ours, l in done], (), "LIMIT's processor time")
        path.unlink()
        self.gone()

    def intake(self):
        path = life.order_file(self.home.base / "order.yaml", self.home.world)
        done = between(ROUNDS, lambda: commit_seconds(PLACE),
                       lambda: self.writ("order", "submit", path, "--paper", self.home.world.paper, "--as", "Ana")[0])
        self.table.add("intake, one order", [ours for ours, _ in done], "s", [c / ours for ours, c in done], (),
                       "a bare SQLite commit; the whole command: hand, papers, seal, tick")

    def acts(self):
        self.home.submit()
        done = between(2 * ROUNDS + 1, lambda: commit_seconds(PLACE),
                       lambda: homes.act_tool(self.home, "Ana", "acts", self.home.ref, COMMITS) / COMMITS)
        self.table.add("acts, each a commit", [1 / ours for ours, _ in done], "1/s", [c / ours for ours, c in done], (),
                       "a bare SQLite commit", [("ratio_limit", ">=", 0.75)])

    def ticks(self):
        def idle():
            time.sleep(TICK_PAUSE_SECONDS)
            return homes.act_tool(self.home, "Ana", "tick", TICKS) / TICKS

        def full():
            homes.act_tool(self.home, "Ana", "acts", self.home.ref, TICK_ACTS)
            return homes.act_tool(self.home, "Ana", "tick", 1)
        done = between(ROUNDS, lambda: fsync_seconds(PLACE), idle)
        self.table.add("tick, idle", [ours * 1000 for ours, _ in done], "ms", [f / ours for ours, f in done], (),
                       "an append with fsync", [("value", "<=", 2)])
        done = between(ROUNDS, lambda: fsync_seconds(PLACE), full)
        self.table.add(f"tick of {TICK_ACTS} acts", [ours * 1000 for ours, _ in done], "ms", [f / ours for ours, f in done], (),
                       "an append with fsync", [("value", "<=", 20)])
        self.table.add("acts into the log", [TICK_ACTS / ours for ours, _ in done], "1/s")
        done = between(ROUNDS, lambda: fsync_seconds(PLACE), lambda: self.writ("tick")[0])
        self.table.add("the command 'writ tick', idle", [ours * 1000 for ours, _ in done], "ms", [f / ours for ours, f in done], (),
                       "an append with fsync; process start, database, seal")

    def year(self):
        """A log as long as a year of ticks; all but its first and its last were idle."""
        other = self.twin("year")
        other.stop(signal.SIGTERM)
        run(tools.program("growlog"), other.dir, YEAR_TICKS - 1)
        other.ok("tick")
        walls = []
        for _ in range(ROUNDS):
            wall, _, out = self.writ("log", "verify", "--json", home=other)
            said = json.loads(out)
            assert said["size"] == YEAR_TICKS and said["differences"] == 0, said
            walls.append(wall)
        self.table.add("a year of ticks verified", walls, "s", goals=[("value", "<=", 10)], ticks=YEAR_TICKS)
        # A verification that finds nothing would be quick as well: one bit of one entry in the middle.
        path = sorted(other.dir.glob("log/tile/entries/x006/*"))[77]
        data = bytearray(path.read_bytes())
        data[1000] ^= 1
        path.write_bytes(data)
        exit_, places, _ = homes.findings(other)
        assert exit_ == 5 and any(str(path.relative_to(other.dir)) in place for place, _ in places), (exit_, places)
        other.stop()
        shutil.rmtree(other.base)

    def law(self):
        """Orders made up from the packs, judged with all packs loaded; reading the facts is part of it."""
        packs = tools.ROOT / "law"
        made = lawgen.orders(lawgen.World(packs), [str(packs)], 1, LAW_ORDERS)
        text = "".join(json.dumps(o.doc()) + "\n" for o in made).encode()
        walls = []
        for _ in range(ROUNDS):
            said = subprocess.run([lawgen.tool(), "--bench", str(LAW_AGAIN // LAW_ORDERS), str(packs)], input=text,
                                  stdout=subprocess.PIPE, check=True).stdout.decode()
            count, wall = re.match(r"(\d+) decisions, ([\d.]+) s", said).groups()
            assert int(count) == LAW_AGAIN, said
            walls.append(float(wall))
        self.table.add("a decision, all packs", [w * 1000 / LAW_AGAIN for w in walls], "ms", goals=[("value", "<", 1)])
        self.table.add(f"{LAW_AGAIN} orders judged again", walls, "s", goals=[("value", "<=", 60)])

    def run(self):
        wants = self.table.wants
        if wants("order-n"):
            limit = Limit(self.mail, "N")
            self.collect("N", "delivery", limit, [("ratio_peer", ">=", 1.7)], Peer(self.mail, "N"))
            limit.close()
        if wants("order-b") or wants("verify"):
            limit, peer = Limit(self.mail, "B"), Peer(self.mail, "B")
            peer.pack()
            if wants("order-b"):
                self.collect("B", "delivery", limit, [("ratio_limit", ">=", 0.80), ("ratio_peer", ">=", 2.5)], peer)
                self.collect("B", "header", limit, [("x_delivery", "<=", 1.15), ("ratio_peer", ">=", 15)])
                peer = Peer(self.mail, "B")
                peer.pack()
            if wants("verify"):
                self.verify(limit, peer)
            limit.close()
        for group in ("release", "memory", "intake", "acts", "tick", "year", "law"):
            if wants(group):
                {"release": self.releases, "memory": self.whole, "intake": self.intake, "acts": self.acts,
                 "tick": lambda: (self.home.submit(), self.ticks()), "year": self.year, "law": self.law}[group]()
        self.home.sound()
        self.home.stop(signal.SIGTERM)


def main():
    PLACE.mkdir(parents=True, exist_ok=True)
    life.COMMAND_SECONDS = COMMAND_SECONDS
    folder = corpus()
    said = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"{folder.name}, {ROUNDS} rounds, {os.cpu_count()} processors ({said[1] if said else '?'}), load {os.getloadavg()[0]:.1f}")
    print(f"{'':<32} {'median':>10} {'':<6} {'x limit':>7} {'spread':<19} {'x peer':>7}        {'goal':<36} limit is")
    table = Table(sys.argv[1:])
    bench = Bench(folder, table)
    try:
        bench.run()
    finally:
        bench.home.stop()
        life.end(lambda: life.seals(f"{PLACE}/"))
        shutil.rmtree(PLACE / "home", ignore_errors=True)
        shutil.rmtree(PLACE / "peer", ignore_errors=True)
    table.write()
    return table.end()


if __name__ == "__main__":
    sys.exit(main())
