"""A stand-in for writ-seal: signs tickets with ssh-keygen and answers a receipt, nothing else. It
checks little; it only lets a hand be tested apart from the seal. SPDX-License-Identifier: Apache-2.0"""
import base64
import hashlib
import os
import secrets
import socket
import subprocess
import threading
import time

from harness import hand


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def run(*argv, **how):
    return subprocess.run(argv, check=True, capture_output=True, **how)


class Seal:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.key = folder / "document"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(self.key))
        self.public = " ".join((folder / "document.pub").read_text().split()[:2]) + "\n"
        made = run("age-keygen", "-o", str(folder / "identity")).stderr.decode()
        self.recipient = made.split()[-1]
        self.asked = []
        self.refuse = None

    def sign(self, data, namespace="writ-seal@v1", key=None):
        name = self.folder / secrets.token_hex(8)
        name.write_bytes(data)
        run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key or self.key), str(name))
        return (self.folder / (name.name + ".sig")).read_text()

    def ticket(self, scope, use="collect", **changes):
        """(ticket, ticket_seal) for these bytes of a scope; changes replace fields."""
        now = int(time.time())
        value = {
            "version": 1, "kind": "ticket", "order": "W-TEST-0001", "made_at": instant(now),
            "ticket": secrets.token_hex(16), "for": use, "scope_sha256": hashlib.sha256(scope).hexdigest(),
            "recipient": self.recipient if use == "collect" else None,
            "expires_at": instant(now + 86400), "keep_until": instant(now + 30 * 86400),
        }
        value.update(changes)
        data = hand.canonical(value)
        return data.decode(), self.sign(data)

    def open(self, data):
        """What Debian's age makes of it."""
        return subprocess.run(["age", "-d", "-i", str(self.folder / "identity")], input=data, check=True,
                              capture_output=True).stdout

    def answer(self, ask):
        self.asked.append(ask)
        if self.refuse:
            return {"version": 1, "number": ask["number"], "ok": False, "check": "TEST", **self.refuse}
        fields = ("ticket", "manifest_sha256", "tagmanifest_sha256", "items", "bytes", "undated", "lines", "header",
                  "payload_bytes")
        document = {"version": 1, "kind": "receipt", "order": "W-TEST-0001", "made_at": instant(time.time()),
                    "scope_sha256": "", "separation": "single-user", **{name: ask[name] for name in fields}}
        data = hand.canonical(document)
        return {"version": 1, "number": ask["number"], "ok": True, "receipt": data.decode(),
                "receipt_seal": self.sign(data)}

    def serve(self, path):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        import json
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                while True:
                    try:
                        message = hand.receive(connection)
                    except OSError:
                        break
                    if message is None:
                        break
                    hand.send(connection, hand.canonical(self.answer(json.loads(message[0]))))

    def close(self):
        # A thread that still waits in accept would take the connections of the next listener of this number.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def header_of(ask):
    return base64.b64decode(ask["header"], validate=True)


MAIL = """Return-Path: <a@b.example>
Date: {date}
From: a@b.example
To: {to}
Subject: message {number}
Message-ID: <{number}@b.example>

Body {number}
"""


class Home:
    """A single-user home with one Maildir store of the accounts finch and other."""

    def __init__(self, folder, seal, accept=None):
        self.dir = folder / "home"
        self.seal = seal
        (self.dir / "run").mkdir(parents=True)
        (self.dir / "single-user").touch()
        (self.dir / "seal.pub").write_text(seal.public)
        self.mail = folder / "vmail"
        for who in ("finch", "other"):
            for part in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
                (self.account(who) / part).mkdir(parents=True)
        self.stores(accept)
        self.count = 0

    def stores(self, accept=None, more=""):
        (self.dir / "stores.yaml").write_text(
            "stores_version: 1\n" + (f"accept_no_landlock: {accept}\n" if accept else "") +
            "stores:\n  - name: main\n    kind: maildir\n"
            f"    path: \"{self.mail}/{{domain}}/{{local}}/Maildir\"\n"
            "    region: FR\n    law: FR\n    categories:\n      - CONTENT_COMM\n      - MSG_META\n" + more)
        os.chmod(self.dir / "stores.yaml", 0o640)

    def account(self, who):
        return self.mail / "mail.example" / who / "Maildir"

    def deliver(self, who, when, folder="", date="Mon, 2 Nov 2026 10:00:00 +0000", body=None):
        """A message delivered at that second; returns its path."""
        self.count += 1
        place = self.account(who) / folder / "cur" / f"{int(when)}.M{self.count}.host:2,S"
        place.write_bytes(body or MAIL.format(date=date, to=f"{who}@mail.example", number=self.count).encode())
        os.utime(place, (when, when))
        return place

    def scope(self, **changes):
        """Bytes of a scope with one line; changes are the line's, "scope" those of the document."""
        of_scope = changes.pop("scope", {})
        line = {
            "id": "d1", "category": "CONTENT_COMM", "target_kind": "EMAIL", "target": "finch@mail.example",
            "stores": ["main"], "folders": ["ALL"], "date_meaning": "delivery", "zone": "UTC",
            "from_words": "2026-11-01", "until_words": "2026-11-30", "from": 1793491200, "until": 1796083200,
            "undated": "list",
        }
        line.update(changes)
        value = {
            "version": 1, "kind": "scope", "order": "W-TEST-0001", "made_at": "2026-11-22T10:00:00Z",
            "good_until": "2026-11-25T10:00:00Z", "paper_sha256": ["0" * 64], "agency": "pj-paris",
            "decision": "comply", "reasons": [], "judgement_sha256": None, "overrules": [], "lines": [line],
        }
        value.update(of_scope)
        return hand.canonical(value)

    def job(self, name, scope, ticket=None, **changes):
        document, signature = ticket or self.seal.ticket(scope, "count" if name == "count" else "collect")
        return {"version": 1, "job": name, "ticket": document, "ticket_seal": signature, "scope": scope.decode(),
                **changes}


def make(folder, **how):
    """A home with a running stand-in for the seal and five messages, three of them in November."""
    home = Home(folder, Seal(folder / "seal"), **how)
    home.seal.serve(home.dir / "run" / "seal.sock")
    for i, when in enumerate((1793404800, 1793491200, 1793577600, 1796083199, 1796083200)):
        home.deliver("finch", when, ".Sent" if i == 2 else "")
    home.deliver("other", 1793577600)
    return home
