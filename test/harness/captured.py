"""Whoever holds the process that serves the desk: its user, its sockets and its home (but for the seal's folder), every
signature and sign-in that ever passed through it, and a passkey, an SSH key and an age identity of its own.

Orders stand ready for it: A was released, V was approved and made void, "late" was approved, B waits for its release with both
approvals at hand, C for its ticket with counsel's signature at hand, D has a ticket, U one that a hand has used.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import random
import subprocess

import makepackage
import sealclient
from harness import hand, life
from passkey import Passkey, canonical

NOON = life.utc("2026-11-22 12:00:00")
SITE, ORIGIN = "localhost", "https://localhost:8443"
RIGHTS = {"Ana": "decide roster", "Ben": "approve roster halt", "Chi": "approve roster"}
OTHERS = {"Ana": ("ben", "chi"), "Ben": ("ana", "chi"), "Chi": ("ana", "ben")}


def edited(text, **values):
    """The document with other members; of a row or a line where it has that."""
    tree = json.loads(text)
    place = tree.get("row") or tree
    for key, value in values.items():
        if key in place:
            place[key] = value
        else:
            assert key in tree["lines"][0], key
            tree["lines"][0][key] = value
    return canonical(tree)


class Order:
    """What the home's own rows tell of an order, as far as it has come."""

    def __init__(self, home):
        self.ref = home.ref
        body = {act["act"]: act["body"] for act in home.acts()}
        self.scope = body.get("decided", {}).get("document")
        self.counsel = body.get("decided", {}).get("signature")
        self.ticket = body.get("collection_begun", {}).get("document")
        self.id = body.get("collection_begun", {}).get("ticket")
        self.receipt = body.get("collected", {}).get("receipt")
        self.receipt_seal = body.get("collected", {}).get("receipt_seal")
        self.statement = body.get("stated", {}).get("statement")
        self.approvals = [a["body"]["signature"] for a in home.acts("approved")]
        if self.statement:
            name = body["stated"]["return_sha256"]
            self.ret = next(p for p in (home.dir / "blob").rglob("*") if p.is_file() and life.sha(p.read_bytes()) == name).read_text()


class Captured:
    def __init__(self, town):
        self.town, self.home = town, town.home()
        self.keys = {name: Passkey(rp_id=SITE, origin=ORIGIN) for name in RIGHTS}
        self.mine, self.mine_age = Passkey(rp_id=SITE, origin=ORIGIN), makepackage.AgeKey(random.Random(5))
        for name, may in RIGHTS.items():
            self.enrol(name, may)
        self.a = self.order("noticed")
        self.approve(self.a, release=True)
        self.v = self.order("noticed")
        self.approve(self.v)
        self.home.ok("void", self.v.ref, "--because", "a doubt", as_="Ana", key="ana")
        self.late, self.d, self.u = self.order("approved"), self.order("decided"), self.order("decided")
        self.c = self.order("authenticated")
        self.c.scope = self.document("decide", self.c.ref, "comply", as_="Ana")
        self.c.counsel = self.sign("Ana", self.c.scope)
        self.b = self.order("noticed")
        self.b.statement = self.document("approve", self.b.ref, as_="Ben")
        self.b = self.again(self.b)
        self.b.approvals = [self.sign("Ben", self.b.statement), self.sign("Chi", self.b.statement)]
        self.connection = sealclient.Connection(self.home.dir / "run" / "seal.sock")
        for one in (self.d, self.u):
            one.ticket, one.ticket_seal = self.ticket_of(self.must("ticket", self.ticketing(one)))
            one.id = json.loads(one.ticket)["ticket"]
        assert self.fetch(self.u.ticket, self.u.ticket_seal, self.u.scope)["ok"]
        self.count, self.count_seal = self.ticket_of(self.must("ticket", self.ticketing(self.c, signatures=[]) | {"for": "count"}))
        self.zoe = self.row(name="Zoe", key=Passkey(rp_id=SITE, origin=ORIGIN).line, may=["decide"])
        self.bka = self.agency(self.town.world.recipients["stranger"])

    # ---- what the home's people do ----

    def enrol(self, name, may):
        path = self.home.base / "passkey.pub"
        path.write_text(self.keys[name].line + "\n")
        self.home.ok("roster", "add", "--name", name, "--user", life.USER, "--pub", path, "--user-verified",
                     *(word for one in may.split() for word in ("--may", one)), as_=OTHERS[name][0].capitalize(), key=OTHERS[name])

    def order(self, stage):
        self.home.to(stage)
        return Order(self.home)

    def again(self, order):
        self.home.ref = order.ref
        return Order(self.home)

    def document(self, *command, as_):
        """What a command would have signed."""
        path = self.home.base / "printed.json"
        self.home.ok(*command, "--print", path, as_=as_)
        return path.read_text()

    def approve(self, order, release=False):
        self.home.ref = order.ref
        for name in ("Ben", "Chi"):
            text = self.document("approve", order.ref, as_=name)
            (self.home.base / "printed.json.sig").write_text(self.sign(name, text))
            self.home.ok("approve", order.ref, "--signature", self.home.base / "printed.json.sig", as_=name)
        if release:
            self.used = self.keys["Chi"].counter
            self.home.release()
        order.__dict__.update(self.again(order).__dict__)

    # ---- what passed through the desk ----

    def sign(self, name, text, **twist):
        return self.keys[name].sign("", text, **twist)

    def sign_in(self, name):
        """A challenge of the desk's, in the form of a signature."""
        return self.sign(name, "", challenge=os.urandom(32))

    def ssh(self, name, kind, text):
        done = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", self.town.world.key(name), "-n", f"writ-{kind}@v1"],
                              input=text.encode(), capture_output=True, check=True)
        return done.stdout.decode()

    # ---- asking the seal ----

    def ask(self, request, fields, fds=(), number=None):
        asked = sealclient.request(request, **fields)
        if number is not None:
            asked["number"] = number
        return self.connection.ask(asked, fds)[0]

    def must(self, request, fields, fds=()):
        answer = self.ask(request, fields, fds)
        assert answer["ok"], answer
        return answer

    def visible(self):
        """All that a refusal must leave as it was."""
        refs = (None, self.a.ref, self.b.ref, self.c.ref, self.d.ref, self.v.ref)
        return [{k: v for k, v in self.must("state", {"order": ref, "tick": False}).items() if k != "number"} for ref in refs]

    def state(self):
        return self.must("state", {"order": None, "tick": False})

    @staticmethod
    def ticket_of(answer):
        return answer["ticket"], answer["ticket_seal"]

    def ticketing(self, order, scope=None, signatures=None, replaces=None):
        return {"for": "collect", "scope": scope or order.scope, "replaces": replaces,
                "signatures": [order.counsel] if signatures is None else signatures}

    def releasing(self, order, signatures):
        return {"statement_sha256": life.sha(order.statement.encode()), "signatures": signatures}

    def stating(self, ret=None, recipients=("PJ-Paris 2026",), ticket=None):
        return {"ticket": ticket or self.b.id, "return": ret or self.b.ret, "recipients": list(recipients)}

    def receipting(self, order, recipients=None, store="main", payload=b"something else entirely\n"):
        """What a hand says, made up: it was encrypted to whom it pleased."""
        ticket = json.loads(order.ticket)
        words = [w for r in recipients or [ticket["recipient"]] for w in ("-r", r)]
        whole = subprocess.run(["age", *words], input=payload, capture_output=True, check=True).stdout
        cut = whole.index(b"\n--- ") + 1
        cut = whole.index(b"\n", cut) + 1
        return {"ticket": order.id, "manifest_sha256": "1" * 64, "tagmanifest_sha256": "2" * 64, "items": 1, "bytes": 10, "undated": 0,
                "lines": [{"id": "d1", "store": store, "account": "alice@mail.example", "items": 1, "bytes": 10}],
                "header": base64.b64encode(whole[:cut]).decode(), "payload_bytes": len(whole) - cut}

    # ---- rows of the roster ----

    def roster_document(self, row, action="begin"):
        state = self.state()
        return canonical({"version": 1, "kind": "roster", "made_at": "2026-11-22T12:00:00Z", "action": action,
                          "roster_version": state["roster_version"], "row": row})

    def row(self, **more):
        row = {"row": "person", "name": "Mallory", "unix_user": "mallory", "key": self.mine.line, "user_verified": True,
               "may": ["approve", "decide", "halt", "roster"], "from": "2026-11-22T12:00:00Z", "until": None}
        return self.roster_document(row | more)

    def agency(self, recipient, **more):
        row = {"row": "agency", "id": "pj-paris", "name": "Police judiciaire, Paris", "country": "FR", "label": "PJ-Paris 2027",
               "recipient": recipient, "checked": "in person", "from": "2026-11-22T12:00:00Z", "until": None}
        return self.roster_document(row | more)

    def by_two(self, text, *names, **twist):
        return {"document": text, "signatures": [self.sign(name, text, **twist) for name in names or ("Ben", "Chi")]}

    # ---- asking a hand ----

    def fetch(self, ticket, seal, scope, **more):
        """The answer of a real hand of this home, which asks the real seal for its receipt."""
        fd = hand.memory()
        try:
            job = {"version": 1, "job": "fetch", "ticket": ticket, "ticket_seal": seal, "scope": scope} | more
            return hand.ask({k: v for k, v in job.items() if v is not None}, (fd,), home=self.home.dir, hooks=True,
                            env=self.home.env())[0]
        finally:
            os.close(fd)
