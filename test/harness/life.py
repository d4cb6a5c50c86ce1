"""Whole lives of orders over the real executables: a world of people, agencies and mail, and homes in it.

World: throw-away keys, two age identities, Maildirs of two stores, and the truth about every message.
Home: one single-user home; run() gives (exit, stdout, stderr), ok() insists on success; a home is
frozen at a stage by a copy and thawed as another. Reads nothing of the home behind writ's back but
what a test asks for.  SPDX-License-Identifier: Apache-2.0
"""
import atexit
import calendar
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from harness import tools

Result = collections.namedtuple("Result", "exit out err")
USER = pwd.getpwuid(os.getuid()).pw_name
PROGRAMS = ("writ", "writ-seal", "writ-hand", "writ-send", "writ-draw", "writ-look", "writ-touch", "writ-desk", "writ-verify")
STAFF = {"Ana": ("decide", "roster", "halt"), "Ben": ("approve", "roster", "halt"), "Chi": ("approve", "roster"),
         "Dan": ("approve",)}
AGENCIES = {"pj-paris": ("Police judiciaire, Paris", "FR", "PJ-Paris 2026", "paris"),
            "lka-berlin": ("Landeskriminalamt, Berlin", "DE", "LKA 2026", "berlin")}
COMMAND_SECONDS = 60
_folders = {}


def folder_of_programs(hooks=False):
    """The folder in which all programs stand: they look for each other beside the running one."""
    if hooks not in _folders:
        paths = [tools.program(name, hooks) for name in PROGRAMS]
        missing = [name for name, path in zip(PROGRAMS, paths) if path is None]
        if missing:
            raise FileNotFoundError(f"not built in {tools.build(hooks)}: {', '.join(missing)}")
        if len({path.parent for path in paths}) == 1:
            _folders[hooks] = paths[0].parent
        else:
            _folders[hooks] = pathlib.Path(tempfile.mkdtemp(prefix="writ-bin-"))
            atexit.register(shutil.rmtree, _folders[hooks], ignore_errors=True)
            for path in paths:
                shutil.copy2(path, _folders[hooks])
    return _folders[hooks]


def sha(data):
    return hashlib.sha256(data).hexdigest()


def call(*argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, check=False, timeout=COMMAND_SECONDS,
                          stdin=subprocess.DEVNULL, **more)
    assert done.returncode == 0, (argv, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def utc(text):
    """Seconds of "2026-11-03 10:00:00"."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def seals(state):
    """Pids of the seals whose state folder begins so."""
    want, found = b"\0--state\0" + str(state).encode(), []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and want in pathlib.Path("/proc", name, "cmdline").read_bytes():
                found.append(int(name))
        except OSError:
            pass
    return found


def end(pids, how=signal.SIGKILL):
    """Ends processes until there are none; pids() gives them."""
    for wait in range(500):
        left = pids()
        if not left:
            return
        for pid in left if wait == 0 else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        time.sleep(0.01)
    raise TimeoutError("a seal does not end")


class World:
    """People, agencies, papers and mail that homes share."""

    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.mail, self.truth = self.base / "mail", []
        for name in ("k", "mail", "user"):
            (self.base / name).mkdir(parents=True)
        for person in ("ana", "ben", "chi", "dan", "eve"):
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", self.key(person))
        self.recipients = {}
        for name in ("paris", "berlin", "stranger"):
            self.recipients[name] = self.make_age(name)
        self.paper = self.base / "order.pdf"
        self.paper.write_bytes(b"%PDF-1.4 the order on paper\n")
        self.make_mail()

    def key(self, person):
        return self.base / "k" / person.lower()

    def age(self, name):
        return self.base / "k" / f"{name}.age"

    def make_age(self, name):
        call("age-keygen", "-o", self.age(name))
        text = self.age(name).read_text()
        return next(line.split()[-1] for line in text.splitlines() if "public key" in line)

    def message(self, store, account, folder, name, delivered, header="same", body="hello", new=False):
        """One message; delivered in UTC; header: its Date field, 'same' as delivered, or None for no date."""
        local, domain = account.split("@")
        top = self.mail / store / domain / local / "Maildir"
        top = top if folder == "INBOX" else top / ("." + folder)
        for part in ("cur", "new", "tmp"):
            (top / part).mkdir(parents=True, exist_ok=True)
        at = utc(delivered)
        if header == "same":
            header = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(at))
        lines = ["From: bob@x.example", f"To: {account}", f"Message-ID: <{name}@x.example>", "Subject: secret subject"]
        lines += [f"Date: {header}"] if header else []
        data = ("\n".join(lines) + f"\n\n{body} {name}\n").encode()
        path = top / "new" / name if new else top / "cur" / f"{name}:2,S"
        path.write_bytes(data)
        os.utime(path, (at, at))
        self.truth.append({"store": store, "account": account, "folder": folder, "id": name, "delivery": at,
                           "header": header, "sha256": sha(data), "bytes": len(data), "path": path})

    def make_mail(self):
        alice, bob = "alice@mail.example", "bob@mail.example"
        for day in range(1, 21):
            self.message("main", alice, "INBOX", f"in{day:02d}.M1P1.h", f"2026-11-{day:02d} 10:00:00", new=day % 5 == 0)
        for day in (3, 9, 15):
            self.message("main", alice, "Sent", f"out{day:02d}.M1P1.h", f"2026-11-{day:02d} 12:00:00", body="sent " * 400)
        # The day of 25 hours: Europe/Paris leaves summer time on 2026-10-25 at 01:00 UTC.
        for n, at in enumerate(("24 21:59:59", "24 22:00:00", "25 00:30:00", "25 01:30:00", "25 22:59:59", "25 23:00:00")):
            self.message("main", alice, "INBOX", f"dst{n}.M1P1.h", "2026-10-" + at)
        self.message("main", alice, "INBOX", "nodate.M1P1.h", "2026-11-05 11:00:00", header=None)
        self.message("main", alice, "INBOX", "baddate.M1P1.h", "2026-11-06 11:00:00", header="Fri, 32 Foo 2026 10:00:00 +0100")
        for day in (2, 4, 30):
            self.message("main", bob, "INBOX", f"b{day:02d}.M1P1.h", f"2026-11-{day:02d} 08:00:00")
        self.message("archive", alice, "INBOX", "old1.M1P1.h", "2026-11-07 08:00:00")
        self.message("archive", alice, "INBOX", "old2.M1P1.h", "2019-01-07 08:00:00")
        (self.base / "aliases").write_text(f"# alias: account\ninfo@mail.example: {bob}\n")

    def expect(self, account, since, until, store="main", folder=None, by="delivery"):
        """Hashes of the messages delivered in [since, until) (UTC text)."""
        assert by == "delivery"
        return sorted(m["sha256"] for m in self.truth if m["account"] == account and m["store"] == store and
                      folder in (None, m["folder"]) and utc(since) <= m["delivery"] < utc(until))

    def store_yaml(self, name, categories=("CONTENT_COMM", "MSG_META")):
        rows = [f"  - name: {name}", "    kind: maildir", f'    path: "{self.mail}/{name}/{{domain}}/{{local}}/Maildir"',
                "    region: FR", "    law: FR", f"    aliases: {self.base}/aliases", "    categories:"]
        return "\n".join(rows + [f"      - {c}" for c in categories]) + "\n"

    def answers(self, path, ticks="on-demand", people=None, policy=""):
        text = "provider: Example Mail SAS\ndomain: mail.example\ncountry: FR\nfounders:\n"
        for name, may in (people or STAFF).items():
            text += f"  - name: {name}\n    unix_user: {USER}\n    key: {self.key(name)}.pub\n    may:\n"
            text += "".join(f"      - {m}\n" for m in may)
        text += "agencies:\n  - pj-paris\nstores:\n" + self.store_yaml("main") + self.store_yaml("archive")
        text += f'ticks: {ticks}\nretention: "90"\nnotice: "7"\n' + policy
        pathlib.Path(path).write_text(text)
        return path


def demand(target="alice@mail.example", since="2026-11-01", until="2026-11-14", category="CONTENT_COMM", span="DATES", **more):
    d = {"category": category, "shape": "TARGETED", "target_kind": "EMAIL", "target": target, "range": span}
    if span == "DATES":
        d |= {"from": since, "until": until}
    return d | more


def _yaml(value, indent):
    pad = " " * indent
    if isinstance(value, dict):
        text = ""
        for k, v in value.items():
            text += f"{pad}{k}: {v}\n" if isinstance(v, str) else f"{pad}{k}:\n{_yaml(v, indent + 2)}"
        return text
    text = ""
    for v in value:
        text += f"{pad}- {v}\n" if isinstance(v, str) else pad + "- " + _yaml(v, indent + 2).lstrip(" ")
    return text


def order_file(path, world, demands=None, lines=None, agency="pj-paris", recipients=("PJ-Paris 2026",), change=None):
    """An order file; lines: what differs from the usual line of each demand, by id; change: of the whole tree."""
    demands = [{"id": f"d{i + 1}"} | d for i, d in enumerate(demands or [demand()])]
    usual = {"date_meaning": "delivery", "zone": "Europe/Paris", "stores": ["main"], "folders": ["ALL"]}
    tree = {
        "order_version": "1",
        "facts": {
            "facts_version": "1",
            "order": {"received_via": "EMAIL", "language": "en", "document_sha256": sha(world.paper.read_bytes())},
            "issuer": {"country": "FR", "authority_kind": "JUDGE_COURT", "authority_name": "Tribunal judiciaire de Paris"},
            "instrument": {"kind": "COURT_PRODUCTION_ORDER", "provisions": ["CPP 99-4"], "issued_on": "2026-11-20",
                           "return_by": "2026-12-04", "served_on": "Example Mail SAS", "signature": "COURT_SEAL",
                           "case_number": "26-1001"},
            "purpose": {"proceeding": "CRIMINAL_INVESTIGATION", "offence": "fraud"},
            "demands": demands,
        },
        "authority_reference": "26-1001",
        "agency": agency,
        "recipients": list(recipients),
        "lines": [{"id": d["id"]} | usual | (lines or {}).get(d["id"], {}) for d in demands],
    }
    if change:
        change(tree)
    pathlib.Path(path).write_text(_yaml(tree, 0))
    return path


class Home:
    """One single-user home. Keys are named by their person: key="ana"."""

    def __init__(self, world, base, hooks=False, clock=None):
        self.world, self.base, self.hooks = world, pathlib.Path(base), hooks
        self.dir = self.base / "home"
        self.base.mkdir(parents=True, exist_ok=True)
        self.bin = folder_of_programs(hooks)
        self.clock = self.base / "clock" if clock else None
        if clock:
            self.set_clock(clock)

    # ---- running ----

    def env(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("WRIT_", "SUDO_"))}
        env |= {"WRIT_HOME": str(self.dir), "HOME": str(self.world.base / "user"), "NO_COLOR": "1"}
        if self.clock:
            env["WRIT_TEST_CLOCK"] = str(self.clock)
        return env | {k: str(v) for k, v in more.items()}

    def run(self, *words, as_=None, key=(), crash=None, prefix=(), env=None):
        argv = [*prefix, self.bin / "writ", *words, *(["--as", as_] if as_ else [])]
        for one in [key] if isinstance(key, str) else key:
            argv += ["--key", self.world.key(one)]
        more = {"WRIT_CRASH_AT": crash} if crash else {}
        done = subprocess.run([str(a) for a in argv], env=self.env(**more, **(env or {})), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=COMMAND_SECONDS, check=False, cwd=self.base)
        return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def ok(self, *words, **more):
        got = self.run(*words, **more)
        assert got.exit == 0, f"writ {' '.join(map(str, words))}: {got.exit}\n{got.out}{got.err}"
        return got.out.strip()

    def json(self, *words, **more):
        got = json.loads(self.ok(*words, "--json", **more))
        assert got["json_version"] == 1
        return got

    def seals(self):
        return seals(f"{self.dir}/seal\0")

    def stop(self, how=signal.SIGKILL):
        end(self.seals, how)

    def set_clock(self, seconds):
        self.now = int(seconds)
        self.clock.write_text(f"{self.now * 1000}\n")

    def wait(self, seconds):
        self.set_clock(self.now + seconds)

    # ---- making, freezing, thawing ----

    def init(self, agencies=AGENCIES, **more):
        answers = self.world.answers(self.base / "answers.yaml", **more)
        self.ok("init", "--single-user", "--answers", answers, key=("ana", "ben"))
        for id_ in agencies:
            self.agency_add(id_)
        self.ok("store", "check", as_="Ana")
        self.ok("policy", "export", "--out", self.base / "policy.json")
        return self

    def agency_add(self, id_, key=("ana", "ben"), as_="Ana"):
        name, country, label, identity = AGENCIES[id_]
        return self.ok("agency", "add", "--id", id_, "--name", name, "--country", country, "--label", label, "--recipient",
                       self.world.recipients[identity], "--checked", "in person", as_=as_, key=key)

    def invent(self):
        """Makes an invented home of it: one click signs in, and the founders' keys lie where the desk looks for them."""
        keys = self.base / "keys"
        keys.mkdir(exist_ok=True)
        for name in STAFF:
            if not (keys / f"{name.lower()}.key").exists():
                (keys / f"{name.lower()}.key").symlink_to(self.world.key(name))
        (self.dir / "demo").write_text(f"{keys}\n")
        return self

    def hire(self, name, *may):
        """Somebody more on the roster, whose key lies there, too."""
        key = self.base / "keys" / f"{name.lower()}.key"
        key.parent.mkdir(exist_ok=True)
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        self.ok("roster", "add", "--name", name, "--user", USER, "--pub", f"{key}.pub", *(w for m in may for w in ("--may", m)),
                as_="Ana", key=("ana", "ben"))

    def twin(self, base):
        """A copy of this home at another place; a seal is stopped first, so that both begin from the disk."""
        self.stop(signal.SIGTERM)
        other = Home(self.world, base, self.hooks, self.now if self.clock else None)
        shutil.copytree(self.dir, other.dir, ignore=shutil.ignore_patterns("run"), symlinks=True)
        (other.dir / "run").mkdir(mode=0o700)
        shutil.copy(self.base / "policy.json", other.base)
        other.ref = getattr(self, "ref", None)
        return other

    # ---- the life of an order ----

    def submit(self, demands=None, lines=None, papers=None, **more):
        path = order_file(self.base / "order.yaml", self.world, demands, lines, **more)
        words = [w for p in papers or [self.world.paper] for w in ("--paper", p)]
        self.ref = self.ok("order", "submit", path, *words, as_="Ana")
        return self.ref

    def authenticate(self, ref=None):
        return self.ok("authenticate", ref or self.ref, "--by", "callback", "--over", "+33100000000", "--found",
                       "ministry directory", as_="Ana")

    def decide(self, *what, ref=None, key="ana", as_="Ana"):
        return self.ok("decide", ref or self.ref, *(what or ("comply",)), as_=as_, key=key)

    def collect(self, *words):
        return self.json("collect", self.ref, *words, as_="Ben")

    def withhold(self):
        return self.ok("notify", self.ref, "--withheld", "--because", "COURT_ORDER", as_="Ana")

    def approve(self, who):
        return self.ok("approve", self.ref, as_=who, key=who.lower())

    def release(self):
        return self.ok("release", self.ref, as_="Chi")

    def deliver(self, name="out.tar"):
        self.ok("deliver", self.ref, "--out", self.base / name, as_="Chi")
        return self.base / name

    STAGES = ("received", "authenticated", "decided", "collected", "noticed", "approved", "released", "delivered")

    def to(self, stage, *decision, **order):
        """Goes on from 'received' (which submit makes) to that stage."""
        for step in self.STAGES[:self.STAGES.index(stage) + 1]:
            self.step(step, *decision, **order)
        return self.ref

    def step(self, stage, *decision, **order):
        if stage == "approved":
            self.approve("Ben")
            self.approve("Chi")
        else:
            {"received": lambda: self.submit(**order), "authenticated": self.authenticate,
             "decided": lambda: self.decide(*decision), "collected": self.collect, "noticed": self.withhold,
             "released": self.release, "delivered": self.deliver}[stage]()

    # ---- looking ----

    def show(self, ref=None):
        return self.json("show", ref or self.ref)

    def state(self, ref=None):
        return self.show(ref)["state"]

    def acts(self, word=None, ref=None):
        return [a for a in self.show(ref)["acts"] if word in (None, a["act"])]

    def sound(self):
        """The log, the acts and the files agree."""
        found = json.loads(self.run("log", "verify", "--json").out)
        assert found["differences"] == 0, found["findings"]
        return found

    def acts_in_all(self):
        """Every act of the home, by its database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.dir}/writ.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT order_ref, seq, act FROM act ORDER BY id").fetchall()

    def seal_acts(self, word):
        """The seal's own acts of that kind that the home keeps, by its database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.dir}/writ.db?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT body FROM seal_act WHERE act = ? ORDER BY seal_seq", (word,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def verify(self, path, identity="paris", policy=True):
        """Both verifiers over a delivered file; they must agree. Gives the exit status and both outputs."""
        words = [path, "--identity", self.world.age(identity), *(["--policy", self.base / "policy.json"] if policy else [])]
        ours = subprocess.run([str(w) for w in (self.bin / "writ-verify", *words)], capture_output=True, text=True,
                              timeout=COMMAND_SECONDS, check=False)
        second = subprocess.run(["/usr/bin/python3", tools.ROOT / "test" / "harness" / "pyverify.py", *words],
                                capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
        assert ours.returncode == second.returncode, (ours.stdout, ours.stderr, second.stdout, second.stderr)
        return Result(ours.returncode, ours.stdout, second.stdout)

    def open(self, path, into="opened", identity="paris"):
        """Opens a delivered file with stock tools alone; gives the folder with the members and the bag."""
        folder = self.base / into
        folder.mkdir()
        call("tar", "-xf", path, "-C", folder)
        call("sh", "-c", 'age -d -i "$1" package.age | tar -x', "sh", self.world.age(identity), cwd=folder)
        bag = next(p for p in folder.iterdir() if p.is_dir())
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            if (bag / manifest).stat().st_size:
                call("sha256sum", "--strict", "-c", manifest, cwd=bag)
        call("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "statement.p7s", "-content", "statement.json",
             "-noverify", "-out", "/dev/null", cwd=folder)
        statement = json.loads((folder / "statement.json").read_text())
        assert statement["manifest_sha256"] == sha((bag / "manifest-sha256.txt").read_bytes())
        assert statement["tagmanifest_sha256"] == sha((bag / "tagmanifest-sha256.txt").read_bytes())
        return Opened(folder, bag)


class Opened:
    """A package that stock tools have opened."""

    def __init__(self, folder, bag):
        self.folder, self.bag = folder, bag
        self.ret = json.loads((folder / "return.json").read_text())
        self.statement = json.loads((folder / "statement.json").read_text())
        self.items = [json.loads(x) for x in (bag / "items.jsonl").read_text().splitlines()]
        self.undated = [json.loads(x) for x in (bag / "undated.jsonl").read_text().splitlines()]

    def hashes(self, line=None, end=".eml"):
        """Of the payload files, as they lie on the disk."""
        below = self.bag / "data" / line if line else self.bag / "data"
        return sorted(sha(p.read_bytes()) for p in below.rglob("*" + end) if p.is_file())

    def paths(self):
        return sorted(str(p.relative_to(self.bag)) for p in (self.bag / "data").rglob("*") if p.is_file())


class Town:
    """One world, and its first home frozen at every stage of an order that a test asks for. All of it lies in
    memory: every act waits for the disk several times, and what is tested here is not the disk."""

    def __init__(self, hooks=False, clock=None, world=None, **init):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.base, self.count, self.homes = pathlib.Path(tempfile.mkdtemp(prefix="writ-town-", dir=memory)), 0, []
        self.world = world or World(self.base / "world")
        self.frozen = {"founded": Home(self.world, self.base / "founded", hooks, clock)}
        self.homes.append(self.frozen["founded"].init(**init))

    def home(self, stage="founded"):
        """A home of its own at that stage."""
        stages = ("founded", *Home.STAGES)
        for before, after in zip(stages, stages[1:stages.index(stage) + 1]):
            if after not in self.frozen:
                self.frozen[after] = self.keep(self.frozen[before].twin(self.base / after))
                self.frozen[after].step(after)
        self.count += 1
        return self.keep(self.frozen[stage].twin(self.base / f"h{self.count}"))

    def keep(self, home):
        self.homes.append(home)
        return home

    def close(self):
        end(lambda: seals(f"{self.base}/"))
        shutil.rmtree(self.base)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
