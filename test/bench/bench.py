#!/usr/bin/python3
"""make bench: what writ takes for an order, beside what this machine could do and what stock tools do.

Prints a table and writes bench.json into the build folder: [{name, value, unit, ratio_limit, ratio_peer, goal,
holds, ...}]. value is the median; ratio_limit = limit's time / ours and ratio_peer = peer's time / ours, medians
of samples that each stand between two of the limit (A-B-A), with their spread: absolute times mean little on a
machine that others use. A goal is met or not by the median alone.

LIMIT is one pass of read + SHA-256 + AES-256-GCM over the messages of the order, warm, in one thread, without any
output (shared bench/limit.c). The peer is what a careful engineer would write with find, openssl, tar and sync.
For commits and ticks the limit is a bare SQLite commit, or an append with fsync.

BENCH_MESSAGES: size of the corpus (200000; 20000 where the disk is short). BENCH_ROUNDS: samples of each (7).
bench.py [NAME...] runs only rows whose name begins so. SPDX-License-Identifier: Apache-2.0
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
from harness import figures, homes, life, tools  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
BUILD = tools.build()
PLACE = BUILD / "bench"
ACCOUNT = "a00"
ORDERS = {"B": ("2024-09-01", "2026-02-28", "2026-03-01"), "N": ("2025-03-01", "2025-03-31", "2025-04-01")}
LARGE, SMALL, LARGE_NEEDS_BYTES = 200000, 20000, 25 << 30
FSYNCS, COMMITS, TICKS, TICK_ACTS = 200, 500, 20, 1000
COMMAND_SECONDS = 900


def run(*argv, **more):
    """(wall, cpu, stdout): a command with all that it waited for."""
    words = tempfile.TemporaryFile()
    began = time.monotonic()
    process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, **more)
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
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
    large = BUILD / "corpus-large"
    if not wanted and not large.exists() and shutil.disk_usage(BUILD).free < LARGE_NEEDS_BYTES:
        wanted = str(SMALL)
        print(f"the disk is short: {SMALL} messages instead of {LARGE}")
    folder = large if not wanted or int(wanted) == LARGE else BUILD / f"corpus-{wanted}"
    if not (folder / "truth.jsonl").exists():
        print(f"making {folder.name}, once ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        run("/usr/bin/python3", generator, folder, "--messages", wanted or LARGE, "--accounts", "50")
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

    def store_yaml(self, name, categories=("CONTENT_COMM",)):
        rows = [f"  - name: {name}", "    kind: maildir", f'    path: "{self.corpus_mail}/{{local}}"', "    domain: mail.example",
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

class Table:
    def __init__(self, wanted):
        self.rows, self.wanted = [], wanted

    def wants(self, name):
        return not self.wanted or any(name.startswith(w) for w in self.wanted)

    def add(self, name, values, unit, limit=(), peer=(), against="", **more):
        row = {"name": name, "value": round(statistics.median(values), 6), "unit": unit,
               "ratio_limit": round(statistics.median(limit), 3) if limit else None,
               "ratio_peer": round(statistics.median(peer), 3) if peer else None, "goal": None, "holds": None,
               "limit": against, "spread": [round(min(limit), 3), round(max(limit), 3)] if limit else None,
               "samples": len(values), **more}
        self.rows.append(row)

        def number(x):
            return "      -" if x is None else f"{x:7.2f}"
        spread = f"[{row['spread'][0]:.2f}..{row['spread'][1]:.2f}]" if limit else ""
        print(f"{name:<34} {row['value']:>10.4g} {unit:<8} {number(row['ratio_limit'])} {spread:<14} {number(row['ratio_peer'])}   "
              f"{against}", flush=True)

    def write(self):
        (BUILD / "bench.json").write_text(json.dumps(self.rows, indent=1) + "\n")
        figures.write("bench", [(row["name"], f"{row['value']:.4g} {row['unit']}" + "".join(
            f"; {row[key]:.2f} x {word}" for key, word in (("ratio_limit", "limit"), ("ratio_peer", "peer"))
            if row[key] is not None)) for row in self.rows])


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
        self.mail, self.peer_wall = folder / "mail", {}
        shutil.rmtree(PLACE / "home", ignore_errors=True)
        self.home = life.Home(World(PLACE / "home" / "world", self.mail), PLACE / "home" / "h")
        self.home.init()

    def decided(self, order, meaning):
        since, until, _ = ORDERS[order]
        self.home.submit(demands=[life.demand(target=f"{ACCOUNT}@mail.example", since=since, until=until)],
                         lines={"d1": {"zone": "UTC", "date_meaning": meaning}})
        self.home.authenticate()
        self.home.decide()

    def writ(self, *words):
        return run(self.home.bin / "writ", *words, env=self.home.env(), cwd=self.home.base)

    def collect(self, order, meaning, limit, peer=None):
        self.decided(order, meaning)
        want = truth(self.corpus, order, {"delivery": "internal", "header": "date"}[meaning])
        name = f"order {order} by {meaning}"
        peers, begun = [], []

        def sample():
            if peer and len(peers) < max(5, ROUNDS - 2):
                peers.append(peer.pack())
            wall, cpu, out = self.writ("collect", self.home.ref, "--as", "Ben", "--json", *(["--again"] if begun else []))
            got = json.loads(out)["items"]
            assert got == want, f"{name}: {got} items instead of {want}"
            begun.append(self.home.ref)
            return wall, cpu
        done = between(ROUNDS, limit.pass_, sample)
        if peers:
            self.peer_wall[order] = statistics.median(peers)
        peer_wall = self.peer_wall.get(order)
        self.table.add(name, [ours[0] for ours, _ in done], "s", [l[0] / ours[0] for ours, l in done],
                       [peer_wall / ours[0] for ours, _ in done] if peer_wall else (), "LIMIT; peer P1 (by delivery)",
                       items=want, bytes=limit.bytes)
        self.table.add(f"{name}, processor", [ours[1] for ours, _ in done], "cpu s", [l[1] / ours[1] for ours, l in done], (),
                       "LIMIT's processor time")
        if peers:
            self.table.add(f"peer P1, order {order}", peers, "s", [statistics.median(l[0] for _, l in done) / p for p in peers], (),
                           "LIMIT")

    def release_and_verify(self, order, limit, peer):
        """Each release is of an order of its own, as the seal releases once."""
        fsyncs, walls, files = [], [], []
        for _ in range(5):
            self.decided(order, "delivery")
            self.home.collect()
            self.home.withhold()
            self.home.approve("Ben")
            self.home.approve("Chi")
            before = fsync_seconds(PLACE)
            walls.append(self.writ("release", self.home.ref, "--as", "Chi")[0])
            fsyncs.append((before + fsync_seconds(PLACE)) / 2)
            files.append(self.home.ref)
            if len(files) > 1:
                self.home.ok("destroy", files[-1], as_="Ana")
        self.table.add(f"release, order {order}", walls, "s", [f / w for f, w in zip(fsyncs, walls)], (),
                       "an append with fsync; the whole command, with its tick")
        path = self.home.base / "out.tar"
        wall = self.writ("deliver", files[0], "--as", "Chi", "--out", path)[0]
        self.table.add(f"deliver, order {order}", [wall], "s", [limit.pass_()[0] / wall], (), "LIMIT, once")

        def verify():
            wall, cpu, _ = run(self.home.bin / "writ-verify", path, "--identity", self.home.world.age("paris"), "--policy",
                                    self.home.base / "policy.json")
            return wall, cpu
        done = between(ROUNDS, limit.pass_, verify)
        peers = [peer.verify() for _ in range(3)]
        self.table.add(f"verify, order {order}", [ours[0] for ours, _ in done], "s", [l[0] / ours[0] for ours, l in done],
                       [statistics.median(peers) / ours[0] for ours, _ in done], "LIMIT; peer: cms, tar, openssl dgst")
        self.table.add(f"verify, order {order}, processor", [ours[1] for ours, _ in done], "cpu s",
                       [l[1] / ours[1] for ours, l in done], (), "LIMIT's processor time")
        path.unlink()

    def intake(self):
        path = life.order_file(self.home.base / "order.yaml", self.home.world)
        done = between(max(ROUNDS, 5), lambda: commit_seconds(PLACE),
                       lambda: self.writ("order", "submit", path, "--paper", self.home.world.paper, "--as", "Ana")[0])
        self.table.add("intake, one order", [ours for ours, _ in done], "s", [c / ours for ours, c in done], (),
                       "a bare SQLite commit; the whole command: hand, papers, seal, tick")
        self.home.submit()
        done = between(max(ROUNDS, 5), lambda: commit_seconds(PLACE),
                       lambda: homes.act_tool(self.home, "Ana", "acts", self.home.ref, COMMITS) / COMMITS)
        self.table.add("acts, each a commit", [1 / ours for ours, _ in done], "1/s", [c / ours for ours, c in done], (),
                       "a bare SQLite commit")

    def ticks(self):
        done = between(max(ROUNDS, 5), lambda: fsync_seconds(PLACE),
                       lambda: homes.act_tool(self.home, "Ana", "tick", TICKS) / TICKS)
        self.table.add("tick, idle", [ours for ours, _ in done], "s", [f / ours for ours, f in done], (), "an append with fsync")

        def full():
            homes.act_tool(self.home, "Ana", "acts", self.home.ref, TICK_ACTS)
            return homes.act_tool(self.home, "Ana", "tick", 1)
        done = between(5, lambda: fsync_seconds(PLACE), full)
        self.table.add(f"tick of {TICK_ACTS} acts", [ours for ours, _ in done], "s", [f / ours for ours, f in done], (),
                       "an append with fsync")
        self.table.add("acts into the log", [TICK_ACTS / ours for ours, _ in done], "1/s")

    def run(self):
        wants = self.table.wants
        if wants("order N"):
            limit = Limit(self.mail, "N")
            self.collect("N", "delivery", limit, Peer(self.mail, "N"))
            limit.close()
        if wants("order B") or wants("release") or wants("verify"):
            limit, peer = Limit(self.mail, "B"), Peer(self.mail, "B")
            peer.pack()
            if wants("order B"):
                self.collect("B", "delivery", limit, peer)
                self.collect("B", "header", limit)
            if wants("release") or wants("verify"):
                self.release_and_verify("B", limit, peer)
            limit.close()
        if wants("intake") or wants("acts"):
            self.intake()
        if wants("tick"):
            self.home.submit()
            self.ticks()
        self.home.sound()
        self.home.stop(signal.SIGTERM)


def main():
    PLACE.mkdir(parents=True, exist_ok=True)
    life.COMMAND_SECONDS = COMMAND_SECONDS
    folder = corpus()
    said = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"{folder.name}, {ROUNDS} rounds, {os.cpu_count()} processors ({said[1] if said else '?'}), load {os.getloadavg()[0]:.1f}")
    print(f"{'':<34} {'median':>10} {'':<8} {'x limit':>7} {'spread':<14} {'x peer':>7}   limit is")
    table = Table(sys.argv[1:])
    bench = Bench(folder, table)
    try:
        bench.run()
    finally:
        bench.home.stop()
        shutil.rmtree(PLACE / "home", ignore_errors=True)
        shutil.rmtree(PLACE / "peer", ignore_errors=True)
    table.write()
    print(f"{len(table.rows)} rows in {BUILD / 'bench.json'}; no goals yet")


if __name__ == "__main__":
    main()
