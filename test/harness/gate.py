"""A home with a real writ-seal, the people of its roster, and the honest life of an order.

The client plays writ and the hand against the seal's socket. Homes are made once for each kind of
users, frozen as a folder with the documents beside it, and thawed for each case, so that cases
cannot touch each other. What a release must be is checked here from what two people signed, by
opening its header with every identity that anybody in the tests holds.
SPDX-License-Identifier: Apache-2.0
"""
import atexit
import base64
import copy
import functools
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import makepackage
import passkey
import people
import pyformats
import pypasskey
import pyverify
import sealclient
import tools
from sealclient import Connection, Gone, Refused, canonical, request

START = 1795341600              # 2026-11-22T10:00:00Z
HOUR, DAY = 3600, 86400
SEAL_UID, WRIT_UID, HAND_UID, STRANGER_UID = 61001, 61002, 61003, 61009
POLICY = dict(pyverify.POLICY)
# Further keys of people: name of the key, kind, and a counter where it has none.
PASSKEYS = [("boris3", "eddsa", passkey.RP_ID, passkey.ORIGIN, 0, None), ("carla2", "es256"), ("dora2", "rs256"), ("gustav2", "es256"),
            ("helga2", "es256"), ("ines2", "es256")]


def sha(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def in_a_zone(text):
    """The same instant as no document may write it."""
    return text[:-1] + "+00:00"


def seconds(text):
    return pyformats.utc(text, "time")


def scratch():
    """A short path for sockets, on memory where there is some: the seal syncs every step."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    folder = tempfile.mkdtemp(prefix="wg%d-" % os.getpid(), dir=place)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o711)
    return pathlib.Path(folder)


@functools.lru_cache
def within_reach(program):
    """A copy where another user may run it: the build may lie in somebody's own folder."""
    folder = tempfile.mkdtemp(prefix="writ-gate-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    copied = shutil.copy(program, folder)
    os.chmod(copied, 0o755)
    return copied


class Keys:
    """Every key of the tests, made once: those of the people, of agencies, of nobody."""

    def __init__(self, seed=20261122):
        rng = random.Random(seed)
        kinds = {"boris": "ecdsa256", "boris2": "ed25519", "carla": "rsa", "dora": "sk-ed25519", "emil": "sk-ecdsa",
                 "gina": "ecdsa384", "hans": "ecdsa521"}
        names = "anna anna2 boris boris2 carla dora emil frida gustav helga ines gina hans mallory outsider".split()
        self.ssh = {n: people.Key(kinds.get(n, "ed25519")) for n in names}
        self.ssh.update({n: passkey.Passkey(*more) for n, *more in PASSKEYS})
        self.age = {n: makepackage.AgeKey(rng) for n in
                    ("paris", "paris2", "early", "ending", "bka", "namesake", "mallory", "spare")}

    def __deepcopy__(self, memo):
        return self


class Life:
    """One order as far as it has come. Texts only."""

    def __init__(self, ref):
        self.ref = ref
        self.scope = self.scope_signatures = self.ticket = self.ticket_seal = self.receipt = self.receipt_seal = None
        self.ret = self.statement = self.statement_seal = self.signatures = self.release = None
        self.file_key = None

    @property
    def id(self):
        return json.loads(self.ticket)["ticket"]


class Home:
    def __init__(self, users="one", hooks=True, keys=None, name="main"):
        self.users, self.hooks, self.name = users, hooks, name
        self.keys = keys or Keys()
        self.dir = self.process = self.leave_out = None
        self.lines, self.sizes = {}, {}
        self.founding = self.founding_signatures = None
        self.version, self.epoch, self.tree = 1, 0, 0
        self.rows = []          # as begun
        self.entries, self.life = [], None
        self.connections = {}
        self.provider = "Example Mail %s" % name

    # ---- the process ----

    @property
    def state_dir(self):
        return self.dir / "seal"

    @property
    def socket(self):
        return self.dir / "run" / "s"

    @property
    def log(self):
        return self.dir / "log"

    def uid_of(self, who):
        if self.users == "one":
            return {"stranger": STRANGER_UID}.get(who)
        return {"writ": WRIT_UID, "hand": HAND_UID, "seal": SEAL_UID, "stranger": STRANGER_UID, "root": 0}[who]

    def as_seal(self):
        """How a seal is run: it dies with us, and under three users as its own."""
        if self.users == "one":
            return ["setpriv", "--pdeathsig=KILL"]
        uid = str(SEAL_UID)
        return ["setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups", "--pdeathsig=KILL"]

    def own(self, path):
        if self.users == "three":
            for at in [path, *path.rglob("*")]:
                os.chown(at, SEAL_UID, SEAL_UID, follow_symlinks=False)

    def folders(self):
        self.dir = scratch()
        for one in ("run", "log"):
            (self.dir / one).mkdir()
        os.chmod(self.dir / "run", 0o777 if self.users == "three" else 0o700)
        if self.hooks:
            self.set_clock(START)

    def set_clock(self, at):
        path = self.dir / "clock"
        with open(path, "r+b" if path.exists() else "wb") as f:
            f.write(b"%013d" % int(at * 1000))
        os.chmod(path, 0o644)

    def now(self):
        return int((self.dir / "clock").read_text()) // 1000 if self.hooks else int(time.time())

    def pass_time(self, by):
        """Test builds only: cases that need it say so."""
        self.set_clock(self.now() + by)

    def environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("WRIT_")}
        if self.hooks:
            env["WRIT_TEST_CLOCK"] = str(self.dir / "clock")
            if self.leave_out:
                env["WRIT_LEAVE_OUT"] = self.leave_out
        return env

    def program(self):
        path = tools.program("writ-seal", self.hooks)
        if not path:
            raise FileNotFoundError("writ-seal is not in %s" % tools.build(self.hooks))
        return within_reach(str(path)) if self.users == "three" else str(path)

    def run_seal(self, *words, stdin=b""):
        return subprocess.run([*self.as_seal(), self.program(), *map(str, words)], input=stdin, capture_output=True,
                              env=self.environment(), cwd=self.dir, timeout=60)

    def start(self, leave_out=None, wait=True):
        self.leave_out = leave_out
        self.stop()
        self.process = subprocess.Popen(
            [*self.as_seal(), self.program(), "--state", str(self.state_dir), "--log", str(self.log), "--listen",
             str(self.socket)], env=self.environment(), cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=open(self.dir / "seal.err", "ab"))
        return self.wait_ready() if wait else self

    def wait_ready(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("writ-seal did not start: " + self.errors())
            try:
                Connection(self.socket).close()
                break
            except OSError:
                time.sleep(0.002)
        if self.users == "three":
            os.chmod(self.socket, 0o666)
        return self

    def errors(self):
        path = self.dir / "seal.err"
        return path.read_text(errors="replace") if path.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, how=signal.SIGTERM):
        for one in self.connections.values():
            one.close()
        self.connections = {}
        if self.process:
            if self.process.poll() is None:
                self.process.send_signal(how)
            self.process.wait(20)
            self.process = None
        if self.dir and self.socket.exists():
            self.socket.unlink()

    def remove(self):
        self.stop()
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    # ---- frozen and thawed ----

    def twin(self):
        """The same home in a folder of its own; the seal is not started."""
        connections, process = self.connections, self.process
        self.connections, self.process = {}, None
        other = copy.deepcopy(self)
        self.connections, self.process = connections, process
        other.dir = scratch()
        for one in ("seal", "log"):
            shutil.copytree(self.dir / one, other.dir / one, symlinks=True)
        (other.dir / "run").mkdir()
        os.chmod(other.dir / "run", 0o777 if self.users == "three" else 0o700)
        if self.hooks:
            other.set_clock(self.now())
        os.chmod(other.state_dir, 0o700)
        other.own(other.state_dir)
        other.own(other.log)
        return other

    # ---- asking ----

    def connection(self, who="writ"):
        if who not in self.connections:
            self.connections[who] = Connection(self.socket, self.uid_of(who))
        return self.connections[who]

    def drop(self, who):
        if who in self.connections:
            self.connections.pop(who).close()

    def ask(self, name, by="writ", fds=(), in_file=None, **fields):
        """The answer, whatever it is, and its files under 'files'."""
        try:
            answer, files = self.connection(by).ask(request(name, **fields), fds, in_file)
        except Gone:
            self.drop(by)
            raise
        answer["files"] = files
        return answer

    def send(self, attack):
        """A request as a case made it, by whom it says."""
        try:
            connection = self.connection(attack.by)
            connection.send(attack.text(), attack.fds)
            answer, files = connection.receive()
        except Gone:
            self.drop(attack.by)
            raise
        answer["files"] = files
        return answer

    def must_send(self, attack):
        answer = self.send(attack)
        if not answer["ok"]:
            raise Refused(answer)
        return answer

    def must(self, name, by="writ", **fields):
        answer = self.ask(name, by, **fields)
        if not answer["ok"]:
            raise Refused(answer)
        return answer

    def state(self, ref=None, tick=False):
        return self.must("state", order=ref, tick=tick)

    # ---- documents ----

    def document(self, doc_kind, made=0, **fields):
        return {"version": 1, "kind": doc_kind, "made_at": when(self.now() + made), **fields}

    def sign(self, doc_kind, text, names, space=None, **twist):
        return [self.keys.ssh[n].sign(space or "writ-%s@v1" % doc_kind, text, **twist) for n in names]

    def person(self, name, may, key=None, **more):
        key = self.keys.ssh[key or name]
        return {"row": "person", "name": name.rstrip("0123456789"), "unix_user": name, "key": key.line, "may": may.split(),
                "user_verified": more.pop("user_verified", False), "from": when(self.now() + more.pop("from_", -30 * DAY)),
                "until": None, **more}

    def agency(self, ident, label, key, from_=-20 * DAY, until=None, **more):
        return {"row": "agency", "id": ident, "name": more.pop("name", ident.upper()), "country": "FR", "label": label,
                "recipient": self.keys.age[key].recipient, "checked": "by telephone, number from the directory",
                "from": when(self.now() + from_), "until": None if until is None else when(self.now() + until), **more}

    def roster_document(self, row, action="begin", version=None, **more):
        return canonical(self.document("roster", action=action, roster_version=self.version if version is None else version,
                                       row=row, **more))

    def roster(self, row, action="begin", by=("anna", "boris")):
        text = self.roster_document(row, action)
        answer = self.must("roster", document=text, signatures=self.sign("roster", text, by))
        self.version = answer["roster_version"]
        return row

    def line(self, ident="d1", **more):
        return {"id": ident, "category": "CONTENT_COMM", "target_kind": "account", "target": "a.b@example.org",
                "stores": ["main"], "folders": ["ALL"], "date_meaning": "delivery", "zone": "Europe/Paris",
                "from_words": "2026-11-01", "until_words": "2026-11-20", "from": START - 21 * DAY, "until": START - DAY,
                "undated": "list", **more}

    def scope(self, ref, **more):
        fields = dict(order=ref, good_until=when(self.now() + DAY), paper_sha256=[sha("paper " + ref)], agency="pj-paris",
                      decision="comply", reasons=[], judgement_sha256=None, overrules=[],
                      lines=[self.line("d1"), self.line("d2", category="MSG_META", stores=["main", "archive"])])
        fields.update(more)
        return canonical(self.document("scope", fields.pop("made", 0), **fields))

    def decision(self, ref, decision="refuse", **more):
        fields = dict(order=ref, good_until=when(self.now() + DAY), paper_sha256=[sha("paper " + ref)], agency="pj-paris",
                      decision=decision, reasons=["FORM"], judgement_sha256=None, overrules=[])
        fields.update(more)
        return canonical(self.document("decision", fields.pop("made", 0), **fields))

    def ending(self, doc_kind, ref, **more):
        return canonical(self.document(doc_kind, more.pop("made", 0), order=ref, because="asked for", **more))

    def halting(self, doc_kind, **more):
        fields = dict(halt_epoch=self.epoch, because="a doubt")
        fields.update(more)
        return canonical(self.document(doc_kind, fields.pop("made", 0), **fields))

    # ---- founding ----

    def founders(self):
        return [self.person("anna", "decide roster halt"), self.person("anna", "decide roster halt", "anna2"),
                self.person("boris", "approve roster halt"), self.person("boris", "approve roster halt", "boris2"),
                self.person("carla", "decide approve roster"),
                self.person("dora", "approve", user_verified=True), self.person("emil", "halt")]

    def init(self, **change):
        """writ-seal --init: the founding document, not signed yet."""
        self.folders()
        self.own(self.dir / "log")
        os.chmod(self.dir, 0o777 if self.users == "three" else 0o711)
        given = {"provider": self.provider, "people": self.founders(), "policy": POLICY, **change}
        words = ["--init", self.state_dir]
        if self.users == "three":
            words += ["--writ-user", WRIT_UID, "--hand-user", HAND_UID]
        done = self.run_seal(*words, stdin=canonical(given).encode())
        self.founding = done.stdout.decode().rstrip("\n")
        return done

    def found(self, by=("anna", "carla"), text=None, signatures=None):
        """writ-seal --init DIR --signed DOC A.sig B.sig."""
        text = text or self.founding
        self.founding_signatures = signatures if signatures is not None else self.sign("roster", text, by)
        files = [self.dir / "founding.json"] + [self.dir / ("%d.sig" % i) for i in range(len(self.founding_signatures))]
        for path, content in zip(files, [text, *self.founding_signatures]):
            path.write_text(content)
            os.chmod(path, 0o644)
        return self.run_seal("--init", self.state_dir, "--signed", *files)

    def make(self):
        """A live home whose roster has agencies; the seal runs."""
        done = self.init()
        if done.returncode:
            raise RuntimeError("--init: " + done.stderr.decode())
        done = self.found()
        if done.returncode:
            raise RuntimeError("--signed: " + done.stderr.decode())
        self.start()
        for row in (self.agency("pj-paris", "PJ-Paris 2026", "paris"), self.agency("pj-paris", "PJ-Paris second", "paris2"),
                    self.agency("pj-paris", "PJ-Paris early", "early", from_=9 * DAY),
                    self.agency("pj-paris", "PJ-Paris ending", "ending", until=2 * HOUR),
                    self.agency("bka", "BKA 2026", "bka"), self.agency("pj-lyon", "PJ-Lyon", "namesake", name="PJ-PARIS"),
                    self.person("frida", "approve decide roster halt", until=when(self.now() + 2 * HOUR)),
                    self.person("gustav", "approve decide roster halt", from_=9 * DAY),
                    self.person("ines", "decide approve roster halt"),
                    self.person("carla2", "decide approve roster"),
                    self.person("dora2", "approve", user_verified=True),
                    self.person("gustav2", "approve decide roster halt", from_=9 * DAY),
                    self.person("ines2", "decide approve roster halt")):
            self.roster(row)
        self.roster(self.person("boris3", "approve roster halt"), by=("anna", "carla"))
        self.end("ines")
        self.end("ines2")
        return self

    def row_of(self, name):
        return next(r for r in self.state()["roster"] if r.get("key") == self.keys.ssh[name].line)

    def agency_row(self, label):
        return next(r for r in self.state()["roster"] if r.get("label") == label and r["until"] is None)

    def pass_or_wait(self, by):
        """A second passes: by the test clock, or in truth."""
        self.pass_time(by) if self.hooks else time.sleep(by)

    def end(self, name, by=("anna", "boris")):
        return self.roster(self.row_of(name), "end", by)

    # ---- the life of an order ----

    def new(self, ref):
        life = Life(ref)
        life.scope = self.scope(ref)
        return life

    def take_ticket(self, life, by=("anna",), replaces=None):
        life.scope_signatures = self.sign("scope", life.scope, by)
        got = self.must("ticket", **{"for": "collect"}, scope=life.scope, signatures=life.scope_signatures, replaces=replaces)
        life.ticket, life.ticket_seal = got["ticket"], got["ticket_seal"]
        return life

    def collect(self, life):
        """What a hand would write for this ticket: a real age file; the fields of its receipt."""
        plain = b"what was collected for %s\n" % life.ref.encode() * 40
        header, payload = makepackage.age_encrypt(plain, json.loads(life.ticket)["recipient"])
        return self.receipt_fields(life, header, len(payload))

    def receipt_fields(self, life, header, payload_bytes):
        lines = [{"id": "d1", "store": "main", "account": "a.b@example.org", "items": 3, "bytes": 900},
                 {"id": "d2", "store": "main", "account": "a.b@example.org", "items": 2, "bytes": 200},
                 {"id": "d2", "store": "archive", "account": None, "items": 0, "bytes": 0}]
        return dict(ticket=life.id, manifest_sha256=sha("manifest " + life.id), tagmanifest_sha256=sha("tag " + life.id),
                    items=5, bytes=1100, undated=1, lines=lines, header=base64.b64encode(header).decode(),
                    payload_bytes=payload_bytes)

    def take_receipt(self, life):
        got = self.must("receipt", "hand", **self.collect(life))
        life.receipt, life.receipt_seal = got["receipt"], got["receipt_seal"]
        return life

    def return_object(self, life, **more):
        scope, receipt = json.loads(life.scope), json.loads(life.receipt)
        words = {x["id"]: x for x in scope["lines"]}
        lines = [{**x, "category": words[x["id"]]["category"], "words": "as ordered", "from": when(words[x["id"]]["from"]),
                  "until": when(words[x["id"]]["until"]), "date_meaning": words[x["id"]]["date_meaning"],
                  "zone": words[x["id"]]["zone"]} for x in receipt["lines"]]
        made = self.document("return", order=life.ref, authority_reference="26-1001", provider=self.provider,
                             issuer={"agency": scope["agency"], "name": "PJ-PARIS", "country": "FR"},
                             paper_sha256=scope["paper_sha256"], scope_sha256=sha(life.scope), ticket=life.id,
                             reading=["The order was read as it stands."], lines=lines, not_returned=[],
                             times=[{"act": "received", "at": when(self.now())}],
                             notice={"decision": "withheld", "because": "GAG", "gag_until": "2027-02-01"},
                             separation=receipt["separation"], software={"name": "writ", "version": "0.1.0"},
                             receipt=life.receipt, receipt_seal=life.receipt_seal,
                             members=[{"name": "README.txt", "sha256": sha("r"), "bytes": 1},
                                      {"name": "certificate.pdf", "sha256": sha("c"), "bytes": 1}],
                             **{k: receipt[k] for k in ("manifest_sha256", "tagmanifest_sha256", "items", "bytes", "undated")})
        made.update(more)
        return made

    def take_statement(self, life, recipients=("PJ-Paris 2026",), ret=None):
        life.ret = canonical(ret or self.return_object(life))
        got = self.must("statement", ticket=life.id, **{"return": life.ret}, recipients=list(recipients))
        life.statement, life.statement_seal = got["statement"], got["statement_seal"]
        life.signatures = None
        return life

    def approve(self, life, by=("boris", "carla")):
        life.signatures = self.sign("approval", life.statement, by)
        return life

    def release_fields(self, life, signatures=None):
        return dict(statement_sha256=sha(life.statement), signatures=life.signatures if signatures is None else signatures)

    def take_release(self, life):
        life.release = self.must("release", **self.release_fields(life))
        return life

    def live(self, ref, until="released"):
        """A fresh order, driven as far as that."""
        life = self.new(ref)
        steps = [("ticket", self.take_ticket), ("receipt", self.take_receipt), ("statement", self.take_statement),
                 ("approved", self.approve), ("released", self.take_release)]
        for name, step in steps:
            step(life)
            if name == until:
                break
        return life

    def halt(self):
        text = self.halting("halt")
        self.epoch = self.must("halt", document=text, signatures=self.sign("halt", text, ["emil"]))["halt_epoch"]

    def resume(self):
        text = self.halting("resume")
        self.epoch = self.must("resume", document=text, signatures=self.sign("resume", text, ["anna", "emil"]))["halt_epoch"]

    def void(self, ref):
        text = self.ending("void", ref)
        self.must("void", document=text, signatures=self.sign("void", text, ["anna"]))

    def destroy(self, ref):
        text = self.ending("destroy", ref)
        self.must("destroy", document=text, signatures=self.sign("destroy", text, ["anna"]), ticket=None)

    def replace(self, life):
        return self.take_ticket(life, replaces=life.id)

    def tick(self, commitments=(), size=None, write=True):
        content = b"".join(commitments)
        fd = sealclient.memfd(content)
        try:
            answer = self.must("tick", fds=[fd], size=self.tree if size is None else size, count=len(commitments))
        finally:
            os.close(fd)
        self.tree = answer["size"]
        self.entries.append(bytes.fromhex(answer["entry"]))
        if write:
            (self.log / "checkpoint").write_text(answer["checkpoint"])
        return answer

    # ---- what may have happened ----

    def edit_state(self, change, path="state.json"):
        """Another state than the seal left: a backup, a vandal. The seal must be stopped."""
        at = self.state_dir / path
        tree = json.loads(at.read_text())
        change(tree)
        at.write_text(canonical(tree))

    def visible(self, refs=()):
        """All that a refused request must leave as it was."""
        seen = {}
        for ref in (None, *refs):
            answer = self.state(ref)
            seen[ref or "home"] = {k: v for k, v in answer.items() if k not in ("number", "files")}
        return seen


def identities(*homes):
    """Every identity that anybody holds, by public key: agencies, strangers, old recipients."""
    return {pyformats.sha(k.public): k for home in homes for k in home.keys.age.values()}


def check_release(home, life, answer):
    """The answer is exactly what two people of the roster signed, for those recipients and nobody else."""
    approvals, statement = json.loads(answer["approvals"]), json.loads(answer["statement"])
    signed = approvals["statement"]
    assert signed == life.statement, "another statement than the one that was made"
    facts = json.loads(signed)
    document_key = json.loads(home.founding)["document_key"]
    assert pyformats.sshsig(approvals["statement_seal"], "writ-seal@v1", signed.encode(), "seal")[0] == document_key
    rows = {r["key"]: r for r in home.state()["roster"] if r["row"] == "person"}
    names = set()
    for one in approvals["signatures"]:
        key, verified, _ = pypasskey.signature(one, "writ-approval@v1", signed.encode(), "signature")
        row = rows[key]
        assert "approve" in row["may"] and (verified or not row["user_verified"])
        assert seconds(row["from"]) <= home.now() and (row["until"] is None or seconds(row["until"]) > home.now())
        names.add(row["name"])
    assert len(names) >= 2, "fewer than two people"
    assert seconds(facts["expires_at"]) > seconds(statement["released_at"]) >= seconds(facts["made_at"])
    header = base64.b64decode(answer["header"])
    for key in ("manifest_sha256", "tagmanifest_sha256", "scope_sha256", "return_sha256", "recipients"):
        assert statement[key] == facts[key], key
    assert statement["header_sha256"] == sha(header) and statement["header_bytes"] == len(header)
    assert statement["approvals_sha256"] == sha(answer["approvals"])
    receipt = json.loads(life.receipt)
    assert facts["return_sha256"] == sha(life.ret) and statement["payload_bytes"] == receipt["payload_bytes"]
    opens_for(header, {r["key_sha256"] for r in facts["recipients"]}, identities(home))
    pyformats.cms(base64.b64decode(answer["p7s"]), answer["statement"].encode())
    act = json.loads(answer["release"])
    assert act["act"] == "released" and act["order"] == life.ref and act["body"]["ticket"] == life.id
    assert act["body"]["statement_sha256"] == sha(answer["statement"])
    assert act["body"]["p7s_sha256"] == sha(base64.b64decode(answer["p7s"]))
    return facts


def opens_for(header, wanted, known):
    """Each known identity is tried: those wanted open it, to the same key, the others do not."""
    length, _, _, stanzas = pyformats.age_header(header)
    assert length == len(header) and len(stanzas) == len(wanted), "stanzas for somebody else"
    keys = set()
    for public, identity in known.items():
        secret = pyformats.bech32(identity.identity, "identity")[1]
        try:
            keys.add(pyformats.age_open(header, secret)[0])
            opened = True
        except pyformats.Bad:
            opened = False
        assert opened == (public in wanted), "%s opens: %s" % (public[:8], opened)
    assert wanted <= set(known) and len(keys) == 1
    return keys.pop()
