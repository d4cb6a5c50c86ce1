#!/usr/bin/python3
"""Makes a complete valid delivered file with throw-away keys from random small mails, without any
program of writ (age, ssh-keygen and Python's cryptography): the reference for both verifiers, and an
independent reading of the formats.  makepackage.py DIR [SEED] leaves REF.writ.tar, identity.txt and
policy.json there.  For tests, twist={name: function} changes one thing just before it is used, so
that everything that depends on it is made consistently and only one check can notice: founding,
founders, chain, items, undated, tags, bag, plain, header, receipt, receipt_seal, return, recipients,
approval, signers, approvals, statement, p7s, release, log, proof, members, mtime, file; NAME_bytes is
a document's text after it was written.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import calendar
import datetime
import hashlib
import hmac
import json
import os
import random
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import pkcs7

REF = "W-7K3M-2Q9D"
START = calendar.timegm((2026, 11, 22, 10, 0, 0))


def sha(b):
    return hashlib.sha256(b).hexdigest()


def canon(o):
    return json.dumps(o, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + seconds))


def b64(b):
    return base64.b64encode(b).decode()


def raw_public(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


# --- SSHSIG ----------------------------------------------------------------------------------------

def wire(b):
    return struct.pack(">I", len(b)) + b


class SshKey:
    """An Ed25519 key that signs as ssh-keygen -Y sign does."""
    kind = b"ssh-ed25519"

    def __init__(self, rng):
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
        self.blob = wire(self.kind) + wire(raw_public(self.key))
        self.line = f"{self.kind.decode()} {b64(self.blob)}"

    def raw_sign(self, data):
        return wire(self.key.sign(data))

    def sign(self, namespace, message):
        message = message.encode() if isinstance(message, str) else message
        digest = wire(b"sha512") + wire(hashlib.sha512(message).digest())
        sig = self.raw_sign(b"SSHSIG" + wire(namespace.encode()) + wire(b"") + digest)
        blob = b"SSHSIG\0\0\0\1" + wire(self.blob) + wire(namespace.encode()) + wire(b"") + wire(b"sha512") + \
            wire(wire(self.kind) + sig)
        text = b64(blob)
        return "-----BEGIN SSH SIGNATURE-----\n" + \
            "".join(text[i:i + 70] + "\n" for i in range(0, len(text), 70)) + "-----END SSH SIGNATURE-----\n"


class HardwareKey(SshKey):
    """What a security key does (OpenSSH PROTOCOL.u2f), in software, with flags of our choice."""
    kind = b"sk-ssh-ed25519@openssh.com"

    def __init__(self, rng, flags):
        super().__init__(rng)
        self.flags = flags
        self.blob += wire(b"ssh:")
        self.line = f"{self.kind.decode()} {b64(self.blob)}"

    def touched(self, data):
        tail = bytes([self.flags]) + struct.pack(">I", 7)
        return hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(data).digest(), tail

    def raw_sign(self, data):
        data, tail = self.touched(data)
        return wire(self.key.sign(data)) + tail


class HardwareEcKey(HardwareKey):
    kind = b"sk-ecdsa-sha2-nistp256@openssh.com"

    def __init__(self, rng, flags):
        super().__init__(rng, flags)
        self.key = ec.derive_private_key(rng.getrandbits(250) + 1, ec.SECP256R1())
        point = self.key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        self.blob = wire(self.kind) + wire(b"nistp256") + wire(point) + wire(b"ssh:")
        self.line = f"{self.kind.decode()} {b64(self.blob)}"

    def raw_sign(self, data):
        data, tail = self.touched(data)
        r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return wire(b"".join(wire(n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in (r, s))) + tail


class SshFileKey:
    """A key of any kind made by ssh-keygen, and its signatures by ssh-keygen itself."""

    def __init__(self, folder, kind, bits=None):
        self.path = os.path.join(folder, f"{kind}-{len(os.listdir(folder))}")
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", self.path] +
                       (["-b", str(bits)] if bits else []), check=True, stdin=subprocess.DEVNULL)
        with open(self.path + ".pub", encoding="ascii") as f:
            self.line = " ".join(f.read().split()[:2])

    def sign(self, namespace, message):
        message = message.encode() if isinstance(message, str) else message
        done = subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-f", self.path, "-n", namespace], input=message,
                              check=True, capture_output=True)
        return done.stdout.decode()


# --- tar -------------------------------------------------------------------------------------------

def tar_file(name, body, mtime):
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(body), mtime, 0o644
    return info.tobuf(tarfile.PAX_FORMAT) + body + bytes(-len(body) % 512)


def tar(members, mtime):
    return b"".join(tar_file(n, b, mtime) for n, b in members) + bytes(1024)


# --- age -------------------------------------------------------------------------------------------

CHARS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(hrp, data):
    bits = "".join(f"{b:08b}" for b in data) + "0" * (-len(data) * 8 % 5)
    five = [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
    poly = 1
    for v in [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp] + five + [0] * 6:
        top = poly >> 25
        poly = (poly & 0x1ffffff) << 5 ^ v
        for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            poly ^= g if (top >> i) & 1 else 0
    poly ^= 1
    return hrp + "1" + "".join(CHARS[v] for v in five + [(poly >> 5 * (5 - i)) & 31 for i in range(6)])


def hkdf(key, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def b64_raw(b):
    return base64.b64encode(b).rstrip(b"=")


class AgeKey:
    def __init__(self, rng):
        self.key = x25519.X25519PrivateKey.from_private_bytes(rng.randbytes(32))
        self.public = raw_public(self.key)
        self.recipient = bech32("age", self.public)
        secret = self.key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
                                        serialization.NoEncryption())
        self.identity = bech32("age-secret-key-", secret).upper()

    def file_key(self, header):
        """The file key in a header made by age for this key alone."""
        line, body = re.match(rb"age-encryption.org/v1\n-> X25519 (\S+)\n(\S+)\n--- ", header).groups()
        share = base64.b64decode(line + b"=")
        wrap = hkdf(self.key.exchange(x25519.X25519PublicKey.from_public_bytes(share)), share + self.public,
                    b"age-encryption.org/v1/X25519")
        return ChaCha20Poly1305(wrap).decrypt(bytes(12), base64.b64decode(body + b"="), None)


def age_header(file_key, recipients, rng):
    head = b"age-encryption.org/v1\n"
    for public in recipients:
        ephemeral = x25519.X25519PrivateKey.from_private_bytes(rng.randbytes(32))
        share = raw_public(ephemeral)
        wrap = hkdf(ephemeral.exchange(x25519.X25519PublicKey.from_public_bytes(public)), share + public,
                    b"age-encryption.org/v1/X25519")
        head += b"-> X25519 " + b64_raw(share) + b"\n" + \
            b64_raw(ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)) + b"\n"
    head += b"---"
    return head + b" " + b64_raw(hmac.digest(hkdf(file_key, b"", b"header"), head, "sha256")) + b"\n"


def age_encrypt(plain, recipient):
    """Header and payload as Debian's age makes them."""
    whole = subprocess.run(["age", "-r", recipient], input=plain, capture_output=True, check=True).stdout
    cut = re.match(rb"age-encryption.org/v1\n(?:-> .*\n.*\n)+--- .*\n", whole).end()
    return whole[:cut], whole[cut:]


# --- mails and bag ---------------------------------------------------------------------------------

def quoted(text):
    return "".join(c if re.fullmatch("[A-Za-z0-9._@+-]", c) else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def mail(rng, account, instant):
    body = "\r\n".join("".join(rng.choices("abcdefghij klmnop qrstu vwxyz", k=60)) for _ in range(rng.randint(1, 12)))
    date = time.strftime("%d %b %Y %H:%M:%S +0000", time.gmtime(instant))
    return (f"Received: from a by b; {date}\r\nDate: {date}\r\nFrom: someone@example.net\r\nTo: {account}\r\n"
            f"Message-ID: <{rng.randrange(10 ** 9)}@example.net>\r\nSubject: {rng.randrange(10 ** 6)}\r\n\r\n{body}\r\n"
            ).encode()


def text_or_null(instant):
    return None if instant is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))


FOLDERS = (("INBOX", "INBOX"), ("Entwürfe 2026/alt " + "x" * 60, "Entw%C3%BCrfe%202026%2Falt%20" + "x" * 60))


def random_items(rng, count, folders):
    """Two lines: d1 the messages of an account by delivery, d2 the details of another by header date."""
    lines = [{"id": "d1", "category": "CONTENT_COMM", "words": "messages of November as they arrived", "from": when(-20 * 86400),
              "until": when(-86400), "date_meaning": "delivery", "zone": "Europe/Paris", "store": "main",
              "account": "a.b+c@example.org"},
             {"id": "d2", "category": "MSG_META", "words": "details of messages", "from": None, "until": when(0),
              "date_meaning": "header", "zone": "UTC", "store": "main", "account": "zoé@example.org"}]
    items = []
    for line in lines:
        for folder, folder_path in folders:
            part = []
            for i in range(max(1, count // 4)):
                at = START - 86400 * 15 + rng.randrange(86400 * 10)
                body = mail(rng, line["account"], at)
                undated = line["id"] == "d2" and i == 0
                one = {"store": line["store"], "account": line["account"], "folder": folder,
                       "source_id": f"{at}.M{rng.randrange(10 ** 6)}.host", "delivery": text_or_null(at),
                       "header": None if undated else text_or_null(at), "received": text_or_null(at),
                       "further_dates": False, "lines": ["d1"] if line["id"] == "d1" else ["d2"], "mail_bytes": len(body)}
                if line["category"] == "MSG_META":
                    body = canon({"bytes": len(body), "bcc": None, "cc": None, "date": one["header"], "delivery": one["delivery"],
                                  "from": "someone@example.net", "message_id": "<x@example.net>",
                                  "received": one["received"], "to": line["account"]}) + b"\n"
                part.append((one[line["date_meaning"]] is None, one[line["date_meaning"]] or "", one["source_id"], one, body))
            ext = "eml" if line["category"] == "CONTENT_COMM" else "json"
            for n, (_, _, _, one, body) in enumerate(sorted(part, key=lambda x: x[:3]), 1):
                path = f"data/{line['id']}/{quoted(line['account'])}/{folder_path}/{n:06d}.{ext}"
                items.append(({"path": path, "sha256": sha(body), "bytes": len(body), **one}, body))
    return lines, items


# --- the whole -------------------------------------------------------------------------------------

class Maker:
    def __init__(self, seed=1, items=12, twist=None, kinds=None, folders=FOLDERS):
        self.rng = random.Random(seed)
        self.twist, self.count, self.folders = twist or {}, items, folders
        self.folder = tempfile.TemporaryDirectory() if kinds else None
        self.people = {n: SshKey(self.rng) for n in ("anna", "boris", "carla", "dora", "stranger")}
        for name, (kind, how) in (kinds or {}).items():
            self.people[name] = kind(self.rng, how) if isinstance(kind, type) else SshFileKey(self.folder.name, kind, how)
        self.seal, self.vault, self.agency = SshKey(self.rng), AgeKey(self.rng), AgeKey(self.rng)
        self.log = ed25519.Ed25519PrivateKey.from_private_bytes(self.rng.randbytes(32))
        self.log_name = "log.example.org"
        self.p256 = ec.derive_private_key(self.rng.getrandbits(250) + 1, ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example Mail seal")])
        self.cert = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.p256.public_key()) \
            .serial_number(self.rng.getrandbits(64) + 1).not_valid_before(datetime.datetime(2026, 1, 1)) \
            .not_valid_after(datetime.datetime(2036, 1, 1)).sign(self.p256, hashes.SHA256())

    def turn(self, name, value):
        """Applies the twist of that name, twist(value) or twist(value, maker): it changes value or
        gives another one."""
        if name in self.twist:
            twist = self.twist[name]
            got = twist(value, self) if twist.__code__.co_argcount == 2 else twist(value)
            value = value if got is None else got
        return value

    def write(self, name, document):
        return self.turn(name + "_bytes", canon(document))

    def vkey(self):
        typed = b"\1" + raw_public(self.log)
        ident = hashlib.sha256(self.log_name.encode() + b"\n" + typed).digest()[:4]
        return f"{self.log_name}+{ident.hex()}+{b64(typed)}"

    def person(self, name, may, at=0):
        return {"row": "person", "name": name, "unix_user": name, "key": self.people[name].line, "may": may,
                "user_verified": False, "from": when(at - 86400 * 30), "until": None}

    def make_roster(self):
        self.founding = self.turn("founding", {
            "version": 1, "kind": "roster", "made_at": when(-86400 * 30), "action": "found", "roster_version": 1,
            "provider": "Example Mail", "people": [self.person("anna", ["decide", "approve", "roster"]),
                                                  self.person("boris", ["roster", "halt"]),
                                                  self.person("dora", ["decide"])],
            "policy": {"approvals": "2", "decider_may_approve": "no", "statement_hours": "4", "scope_hours": "72",
                       "ticket_hours": "24", "ticket_days": "30", "counts_per_day": "200", "timestamp": "none"},
            "log_vkey": self.vkey(), "document_key": self.seal.line,
            "certificate_sha256": sha(self.cert.public_bytes(serialization.Encoding.DER))})
        begin = {"version": 1, "kind": "roster", "made_at": when(-86400 * 20), "action": "begin", "roster_version": 1,
                 "row": self.person("carla", ["approve"])}
        hours = {"version": 1, "kind": "roster", "made_at": when(-86400 * 10), "action": "begin", "roster_version": 3,
                 "row": {"row": "policy", "name": "statement_hours", "value": "8"}}
        chain = self.turn("chain", [[begin, ["anna", "boris"]], [hours, ["boris", "anna"]]])
        self.chain = [{"document": canon(d).decode(), "signatures": [self.people[n].sign("writ-roster@v1", canon(d)) for n in who]}
                      for d, who in chain]
        self.policy = dict(self.founding["policy"])
        for d, _ in chain:
            if d["row"]["row"] == "policy":
                self.policy[d["row"]["name"]] = d["row"]["value"]
        self.carla = begin["row"]

    def make_bag(self):
        self.lines, items = random_items(self.rng, self.count, self.folders)
        items = self.turn("items", items)
        undated = [{"line": "d2", "date_meaning": "header", "delivered": True, "bytes": r["mail_bytes"],
                    **{k: r[k] for k in ("store", "account", "folder", "source_id")}}
                   for r, _ in items if r["header"] is None]
        undated.append({"line": "d1", "date_meaning": "delivery", "delivered": False, "bytes": 99, "store": "main",
                        "account": "a.b+c@example.org", "folder": "INBOX", "source_id": "no date"})
        undated = self.turn("undated", undated)
        for line in self.lines:
            mine = [r for r, _ in items if r["lines"][0] == line["id"]]
            line["items"], line["bytes"] = len(mine), sum(r["bytes"] for r in mine)
        self.undated = len(undated)
        self.items, self.bytes = len(items), sum(r["bytes"] for r, _ in items)
        rows = b"".join(canon({k: v for k, v in r.items() if k != "mail_bytes"}) + b"\n" for r, _ in items)
        files = [["bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"]]
        files += [[r["path"], body] for r, body in items]
        manifest = "".join(f"{r['sha256']}  {r['path']}\n" for r, _ in items).encode()
        info = f"Bag-Software-Agent: writ 0\nBagging-Date: 2026-11-22\nExternal-Identifier: {REF}\n" \
               f"Payload-Oxum: {self.bytes}.{self.items}\n"
        files += [["bag-info.txt", info.encode()], ["manifest-sha256.txt", manifest], ["items.jsonl", rows],
                  ["undated.jsonl", b"".join(canon(u) + b"\n" for u in undated)]]
        files = self.turn("tags", files)
        tags = {n: b for n, b in files if not n.startswith("data/")}
        covered = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "items.jsonl", "undated.jsonl")
        files.append(["tagmanifest-sha256.txt", "".join(f"{sha(tags[n])}  {n}\n" for n in covered if n in tags).encode()])
        self.manifest_sha256 = sha(tags["manifest-sha256.txt"])
        self.tagmanifest_sha256 = sha(files[-1][1])
        files = self.turn("bag", files)
        plain = self.turn("plain", tar([(REF + "/" + n, b) for n, b in files], START - 7200))
        header, self.payload = age_encrypt(plain, self.agency.recipient)
        file_key = self.agency.file_key(header)
        self.vault_header = age_header(file_key, [self.vault.public], self.rng)
        self.header = self.turn("header", age_header(file_key, [self.agency.public], self.rng))

    def common(self, kind, at, **more):
        return {"version": 1, "kind": kind, "made_at": when(at), "order": REF, **more}

    def make_return(self):
        counts = {"manifest_sha256": self.manifest_sha256, "tagmanifest_sha256": self.tagmanifest_sha256,
                  "items": self.items, "bytes": self.bytes, "undated": self.undated, "scope_sha256": sha(b"scope"),
                  "ticket": "0123456789abcdef0123456789abcdef"}
        short = [{k: x[k] for k in ("id", "store", "account", "items", "bytes")} for x in self.lines]
        receipt = self.turn("receipt", self.common("receipt", -3600, **counts, lines=short, header=b64(self.vault_header),
                                                   payload_bytes=len(self.payload), separation="single-user"))
        self.receipt = self.write("receipt", receipt)
        self.readme = f"This file answers order {REF}. tar xf, age -d, sha256sum -c.\n".encode()
        self.certificate = b"%PDF-1.4\n" + self.rng.randbytes(700) + b"\n%%EOF\n"
        self.ret = self.write("return", self.turn("return", self.common(
            "return", -3000, **counts, authority_reference="26-1001", provider="Example Mail",
            issuer={"agency": "pj-paris", "name": "Police judiciaire", "country": "FR"}, paper_sha256=[sha(b"paper")],
            reading=["All messages that arrived in the days named."], lines=self.lines, not_returned=[
                {"id": "d3", "category": "BILLING", "reasons": ["NOT_HELD"], "words": "not held in this store"}],
            times=[{"act": "received", "at": when(-9000)}], notice={"decision": "withheld", "because": "GAG", "gag_until": "2027-05-22"},
            separation="single-user", software={"name": "writ", "version": "0"}, receipt=self.receipt.decode(),
            receipt_seal=self.turn("receipt_seal", self.seal.sign("writ-seal@v1", self.receipt)),
            members=[{"name": n, "sha256": sha(b), "bytes": len(b)}
                     for n, b in (("README.txt", self.readme), ("certificate.pdf", self.certificate))])))
        self.recipients = self.turn("recipients", [
            {"agency": "pj-paris", "label": "PJ-Paris 2026", "key_sha256": sha(self.agency.public), "registered_on": "2026-10-01"}])
        self.approval = self.turn("approval", self.common(
            "approval", -2000, **counts, agency="pj-paris", return_sha256=sha(self.ret), lines=receipt["lines"],
            recipients=self.recipients, notice="withheld", gag_until="2027-05-22", roster_version=4,
            policy_sha256=sha(canon(self.policy)), halt_epoch=0, last_tick=70, expires_at=when(3600)))

    def make_p7s(self, content):
        options = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoCapabilities]
        return pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(self.cert, self.p256, hashes.SHA256()) \
            .sign(serialization.Encoding.DER, options)

    def make_release(self):
        text = self.write("approval", self.approval)
        signers = self.turn("signers", ["anna", "carla"])
        rows = {"carla": self.carla, "stranger": self.person("stranger", ["approve"]),
                **{r["name"]: r for r in self.founding["people"]}}
        founding = self.write("founding", self.founding)
        founders = self.turn("founders", ["anna", "boris"])
        self.approvals = self.write("approvals", self.turn("approvals", self.common(
            "approvals", 0, statement=text.decode(), statement_seal=self.seal.sign("writ-seal@v1", text),
            signatures=[self.people[n].sign("writ-approval@v1", text) for n in signers], founding=founding.decode(),
            founding_signatures=[self.people[n].sign("writ-roster@v1", founding) for n in founders],
            chain=self.chain, rows=[dict(rows[n]) for n in dict.fromkeys(signers) if n in rows])))
        short = {k: self.approval[k] for k in ("scope_sha256", "manifest_sha256", "tagmanifest_sha256", "recipients")}
        self.statement = self.write("statement", self.turn("statement", self.common(
            "statement", 0, **short, return_sha256=sha(self.ret), approvals_sha256=sha(self.approvals),
            header_sha256=sha(self.header), header_bytes=len(self.header), payload_bytes=len(self.payload), released_at=when(0),
            members=["README.txt", "certificate.pdf", "return.json", "approvals.json", "statement.json", "statement.p7s",
                     "release.json", "statement.tlog-proof", "package.age"])))
        self.p7s = self.turn("p7s", self.make_p7s(self.statement))
        self.release = self.write("release", self.turn("release", self.common(
            "act", 0, act="released", actor="seal", seal_seq=12, body={
                "ticket": self.approval["ticket"], "statement_sha256": sha(self.statement), "p7s_sha256": sha(self.p7s),
                "roster_version": 4, "last_tick": 77})))

    def make_proof(self):
        """The log of 83 ticks, of which number 77 holds the release."""
        plan = self.turn("log", {"key": self.log, "name": self.log_name, "index": 77, "size": 83,
                                 "millis": START * 1000 + 4321, "act": self.release})
        salt, place = self.rng.randbytes(32), self.rng.randrange(65536)
        siblings = [self.rng.randbytes(32) for _ in range(16)]
        node = hashlib.sha256(b"writ/act/v1\0" + salt + plan["act"]).digest()
        for level, other in enumerate(siblings):
            node = hashlib.sha256(b"\1" + (other + node if place >> level & 1 else node + other)).digest()
        entry = b"\1" + struct.pack(">Q", plan["millis"]) + node
        leaves = [self.rng.randbytes(32) for _ in range(plan["size"])]
        leaves[plan["index"]] = hashlib.sha256(b"\0" + entry).digest()

        def root(part):
            if len(part) == 1:
                return part[0]
            k = 1 << (len(part) - 1).bit_length() - 1
            return hashlib.sha256(b"\1" + root(part[:k]) + root(part[k:])).digest()

        def path(m, part):
            if len(part) == 1:
                return []
            k = 1 << (len(part) - 1).bit_length() - 1
            return path(m, part[:k]) + [root(part[k:])] if m < k else path(m - k, part[k:]) + [root(part[:k])]
        body = f"{plan['name']}\n{plan['size']}\n{b64(root(leaves))}\n"
        key = raw_public(plan["key"])
        ident = hashlib.sha256(plan["name"].encode() + b"\n\1" + key).digest()[:4]
        note = f"{body}\n\u2014 {plan['name']} {b64(ident + plan['key'].sign(body.encode()))}\n"
        extra = b"\1" + struct.pack(">QH", plan["millis"], place) + b"".join(siblings) + salt
        hashes_of = "".join(b64(h) + "\n" for h in path(plan["index"], leaves))
        self.proof = self.turn("proof", f"c2sp.org/tlog-proof@v1\nextra {b64(extra)}\nindex {plan['index']}\n{hashes_of}\n{note}"
                               .encode())

    def make(self):
        """The delivered file's bytes."""
        self.make_roster()
        self.make_bag()
        self.make_return()
        self.make_release()
        self.make_proof()
        members = self.turn("members", [
            ["README.txt", self.readme], ["certificate.pdf", self.certificate], ["return.json", self.ret],
            ["approvals.json", self.approvals], ["statement.json", self.statement], ["statement.p7s", self.p7s],
            ["release.json", self.release], ["statement.tlog-proof", self.proof], ["package.age", self.header + self.payload]])
        return self.turn("file", tar(members, self.turn("mtime", START)))

    def identity_text(self):
        return f"# throw-away key of a test\n{self.agency.identity}\n"

    def policy_text(self):
        return canon({"policy_version": 1, "provider": "Example Mail",
                      "seal_certificates": [sha(self.cert.public_bytes(serialization.Encoding.DER))],
                      "document_key": self.seal.line, "founding_sha256": sha(canon(self.founding)), "tsa_certificates": [],
                      "tlog_policy": f"log {self.vkey()}\nquorum none\n"}).decode()


def main(argv):
    if len(argv) not in (1, 2):
        print("usage: makepackage.py DIR [SEED]", file=sys.stderr)
        return 2
    kinds = {"boris": ("rsa", 3072), "carla": ("ecdsa", 256)}
    m = Maker(int(argv[1]) if len(argv) > 1 else 1, kinds=kinds)
    os.makedirs(argv[0], exist_ok=True)
    for name, body in ((REF + ".writ.tar", m.make()), ("identity.txt", m.identity_text().encode()),
                       ("policy.json", m.policy_text().encode())):
        with open(os.path.join(argv[0], name), "wb") as f:
            f.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
