#!/usr/bin/python3
"""Second verifier of a delivered file, written from the formats alone (the contracts for scripts and
courts, and doc/protocol.md): it imports and calls nothing of writ, so that the C verifier is checked
by a reading that is not its own.  pyverify.py FILE [--identity AGEKEYFILE] [--policy FILE]
Exit: 0 all checked and fine, 5 a check failed, 7 no identity or no policy, 2 usage, 3 missing file.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import calendar
import hashlib
import hmac
import json
import re
import struct
import sys
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MEMBERS = ["README.txt", "certificate.pdf", "return.json", "approvals.json", "statement.json", "statement.p7s",
           "release.json", "statement.tlog-proof", "package.age"]
POLICY = {"approvals": "2", "decider_may_approve": "no", "statement_hours": "4", "scope_hours": "72",
          "ticket_hours": "24", "ticket_days": "30", "counts_per_day": "200", "timestamp": "none"}
TICK_TOLERANCE_MS = 60000


class Bad(Exception):
    """A check that failed: its id (src/verify/check.def) and the reason."""

    def __init__(self, check, why):
        super().__init__(f"{check}: {why}")
        self.check = check


def sha(b):
    return hashlib.sha256(b).hexdigest()


# --- text: JSON, base64, times ---------------------------------------------------------------------

def b64(text, check, pad=True):
    text = text.encode() if isinstance(text, str) else text
    try:
        raw = base64.b64decode(text + (b"" if pad else b"=" * (-len(text) % 4)), validate=True)
    except ValueError as e:
        raise Bad(check, "base64") from e
    again = base64.b64encode(raw)
    if (again if pad else again.rstrip(b"=")) != text:
        raise Bad(check, "base64 is not canonical")
    return raw


def canonical(o):
    return json.dumps(o, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def our_json(raw, check):
    def walk(o):
        if isinstance(o, dict):
            return all(re.fullmatch("[a-z0-9_]+", k) and walk(v) for k, v in o.items())
        if isinstance(o, list):
            return all(map(walk, o))
        if isinstance(o, str):
            return "\0" not in o
        return o is None or isinstance(o, bool) or (isinstance(o, int) and abs(o) < 2 ** 53)
    try:
        raw = raw.encode() if isinstance(raw, str) else bytes(raw)
        o = json.loads(raw.decode())
        if not isinstance(o, dict) or not walk(o) or canonical(o) != raw:
            raise Bad(check, "JSON is not in canonical form")
    except (ValueError, RecursionError) as e:
        raise Bad(check, "JSON") from e
    return o


class Doc(dict):
    """A document whose members are demanded by type."""

    def need(self, key, kind, check="documents"):
        v = self.get(key)
        if not isinstance(v, kind) or (kind is int and isinstance(v, bool)):
            raise Bad(check, f"{key} is missing or of another type")
        return v

    def text(self, key):
        return self.need(key, str)

    def num(self, key):
        n = self.need(key, int)
        if n < 0:
            raise Bad("documents", f"{key} is negative")
        return n

    def list(self, key, kind):
        v = self.need(key, list)
        if not all(isinstance(x, kind) for x in v):
            raise Bad("documents", f"{key} holds something else")
        return [Doc(x) for x in v] if kind is dict else v

    def obj(self, key):
        return Doc(self.need(key, dict))

    def when(self, key):
        return utc(self.text(key), "documents")


def document(raw, kind):
    d = Doc(our_json(raw, "documents"))
    if d.get("version") != 1 or isinstance(d.get("version"), bool) or d.get("kind") != kind:
        raise Bad("documents", f"not a {kind} of version 1")
    d.when("made_at")
    return d


def utc(text, check):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text, re.A):
        raise Bad(check, "no time")
    try:
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError as e:
        raise Bad(check, "no time") from e


# --- tar -------------------------------------------------------------------------------------------

def ustar(name, size, mtime, kind=b"0"):
    h = bytearray(512)
    h[0:len(name)] = name
    h[100:124] = (b"0000644" if kind == b"0" else b"0000000") + b"\x000000000\x000000000\x00"
    h[124:148] = b"%011o\x00%011o\x00" % (size, mtime)
    h[148:156] = b"        "
    h[156:157] = kind
    h[257:265] = b"ustar\x0000"
    h[148:156] = b"%06o\x00 " % sum(h)
    return bytes(h)


def pax_record(key, value):
    n = len(key) + len(value) + 3
    while len(b"%d" % n) + len(key) + len(value) + 3 != n:
        n = len(b"%d" % n) + len(key) + len(value) + 3
    return b"%d %s=%s\n" % (n, key, value)


def tar_head(name, size, mtime):
    """The one header of a member: ustar, before it a pax header where name or size need it."""
    records = b""
    if len(name) > 100:
        records += pax_record(b"path", name)
    if size >= 8 ** 11:
        records += pax_record(b"size", b"%d" % size)
    if not records:
        return ustar(name, size, mtime)
    pax = ustar(b"././@PaxHeader", len(records), 0, b"x") + records + bytes(-len(records) % 512)
    return pax + ustar(name[:100], size if size < 8 ** 11 else 0, mtime)


def tar_members(src, check):
    """Yields (name, size, mtime, read) over a strict reader; the end is checked, too."""
    while True:
        block = src(512)
        if block == bytes(512):
            if src(512) != bytes(512) or src(1) != b"":
                raise Bad(check, "two zero blocks do not end the file")
            return
        head, path, size = block, None, None
        if block[156:157] == b"x":
            n = octal(block[124:136], check)
            if n > 8192:
                raise Bad(check, "pax header")
            records = src(n + -n % 512)
            head = block + records + (block := src(512))
            got = dict(re.findall(rb"^\d+ (path|size)=(.*)\n", records, re.M))
            path, size = got.get(b"path"), got.get(b"size")
            if size is not None and not re.fullmatch(rb"[1-9]\d{0,15}", size):
                raise Bad(check, "pax size")
        name = path or block[:100].rstrip(b"\0")
        size = int(size) if size else octal(block[124:136], check)
        mtime = octal(block[136:148], check)
        if tar_head(name, size, mtime) != head:
            raise Bad(check, "a header is not in canonical form")
        left = [size]

        def read(n=None):
            n = left[0] if n is None else min(n, left[0])
            got = src(n)
            if len(got) != n:
                raise Bad(check, "cut short")
            left[0] -= n
            return got
        try:
            yield name.decode(), size, mtime, read
        except UnicodeDecodeError as e:
            raise Bad(check, "a name is not UTF-8") from e
        read()
        if src(-size % 512) != bytes(-size % 512):
            raise Bad(check, "padding is not zero")


def octal(field, check):
    if not re.fullmatch(rb"[0-7]{11}\0", field):
        raise Bad(check, "a number of a header")
    return int(field[:11], 8)


def reader_of(data):
    at = [0]

    def src(n):
        got = bytes(data[at[0]:at[0] + n])
        at[0] += len(got)
        return got
    return src


# --- signatures ------------------------------------------------------------------------------------

def string(b, check):
    if len(b) < 4 or len(b) - 4 < struct.unpack(">I", b[:4])[0]:
        raise Bad(check, "SSH string")
    n = struct.unpack(">I", b[:4])[0]
    return b[4:4 + n], b[4 + n:]


def wire(b):
    return struct.pack(">I", len(b)) + b


def sshsig(armour, namespace, message, check):
    """(key as "type base64", user verified) of a signature that holds, else Bad."""
    raw = armour.encode()
    begin, end = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
    if not raw.startswith(begin) or not raw.endswith(end):
        raise Bad(check, "armour")
    blob = b64(raw[len(begin):-len(end)].replace(b"\n", b""), check)
    text = base64.b64encode(blob)
    if raw != begin + b"".join(text[i:i + 70] + b"\n" for i in range(0, len(text), 70)) + end:
        raise Bad(check, "armour")
    if blob[:10] != b"SSHSIG\0\0\0\1":
        raise Bad(check, "SSHSIG")
    key, rest = string(blob[10:], check)
    ns, rest = string(rest, check)
    reserved, rest = string(rest, check)
    algo, rest = string(rest, check)
    sig, rest = string(rest, check)
    if rest or reserved or ns.decode("latin1") != namespace or algo not in (b"sha256", b"sha512"):
        raise Bad(check, "SSHSIG")
    digest = hashlib.new(algo.decode(), message).digest()
    signed = b"SSHSIG" + wire(ns) + wire(b"") + wire(algo) + wire(digest)
    try:
        return "%s %s" % (string(key, check)[0].decode(), base64.b64encode(key).decode()), \
            check_ssh(key, sig, signed, check)
    except (InvalidSignature, ValueError) as e:
        raise Bad(check, "signature does not hold") from e


def check_ssh(key, sig, signed, check):
    kind, body = string(key, check)
    scheme, rest = string(sig, check)
    raw, rest = string(rest, check)
    verified = False
    public = serialization.load_ssh_public_key(
        b"%s %s" % (kind.replace(b"sk-", b"").replace(b"@openssh.com", b""), base64.b64encode(plain_blob(key, check))))
    if kind.startswith(b"sk-"):
        if len(rest) != 5 or not rest[0] & 1:
            raise Bad(check, "hardware key without user presence")
        application = string(sk_tail(key, check), check)[0]
        signed = hashlib.sha256(application).digest() + rest + hashlib.sha256(signed).digest()
        verified, rest = bool(rest[0] & 4), b""
    if rest:
        raise Bad(check, "signature")
    if isinstance(public, ed25519.Ed25519PublicKey) and scheme == kind:
        public.verify(raw, signed)
    elif isinstance(public, ec.EllipticCurvePublicKey) and scheme == kind:
        r, tail = string(raw, check)
        s, tail = string(tail, check)
        if tail or (kind.startswith(b"sk-") and not kind.startswith(b"sk-ecdsa-sha2-nistp256")):
            raise Bad(check, "signature")
        hash_of = {256: hashes.SHA256, 384: hashes.SHA384, 521: hashes.SHA512}[public.curve.key_size]()
        public.verify(utils.encode_dss_signature(mpint(r, check), mpint(s, check)), signed, ec.ECDSA(hash_of))
    elif isinstance(public, rsa.RSAPublicKey) and scheme in (b"rsa-sha2-256", b"rsa-sha2-512") \
            and kind == b"ssh-rsa" and public.key_size >= 2048:
        hash_of = hashes.SHA256() if scheme.endswith(b"256") else hashes.SHA512()
        public.verify(raw, signed, padding.PKCS1v15(), hash_of)
    else:
        raise Bad(check, "kind of key")
    return verified


def plain_blob(key, check):
    """A hardware key's blob without its application is the blob of the plain kind."""
    kind, body = string(key, check)
    if not kind.startswith(b"sk-"):
        return key
    plain = kind.replace(b"sk-", b"").replace(b"@openssh.com", b"")
    return wire(plain) + body[:len(body) - len(sk_tail(key, check))]


def sk_tail(key, check):
    kind, body = string(key, check)
    _, body = string(body, check)
    return body if kind.startswith(b"sk-ssh-ed25519") else string(body, check)[1]


def mpint(b, check):
    if not b or b[0] & 0x80 or (b[0] == 0 and not (len(b) > 1 and b[1] & 0x80)):
        raise Bad(check, "mpint")
    return int.from_bytes(b, "big")


def der(b, check):
    """One strict DER element and what follows: (tag, content, whole, rest), all lengths shortest."""
    if len(b) < 2 or b[0] & 31 == 31:
        raise Bad(check, "DER")
    n, at = b[1], 2
    if n & 0x80:
        k = n & 0x7f
        if not 1 <= k <= 4 or len(b) < 2 + k:
            raise Bad(check, "DER length")
        n, at = int.from_bytes(b[2:2 + k], "big"), 2 + k
        if n < 128 or b[2] == 0:
            raise Bad(check, "DER length is not the shortest")
    if len(b) < at + n:
        raise Bad(check, "DER cut short")
    return b[0], b[at:at + n], b[:at + n], b[at + n:]


def der_list(b, check):
    out = []
    while b:
        tag, content, whole, b = der(b, check)
        if tag & 0x20:
            parts = der_list(content, check)
            if tag == 0x31 and [p[2] for p in parts] != sorted(p[2] for p in parts):
                raise Bad(check, "DER set is not sorted")
        out.append((tag, content, whole))
    return out


OID = {name: bytes.fromhex(h) for name, h in {
    "data": "06092a864886f70d010701", "signed": "06092a864886f70d010702", "type": "06092a864886f70d010903",
    "digest": "06092a864886f70d010904", "sha256": "0609608648016503040201", "ecdsa": "06082a8648ce3d040302"}.items()}


def cms(p7s, content):
    """SHA-256 of the one signer's certificate in a detached CMS signature that holds."""
    no = "statement-signature"
    parts = der_list(p7s, no)
    try:
        (outer,) = parts
        oid, body = der_list(outer[1], no)
        (signed,) = der_list(body[1], no)
        version, algos, encap, certs, infos = der_list(signed[1], no)
        if (outer[0], oid[2], body[0], signed[0], certs[0]) != (0x30, OID["signed"], 0xa0, 0x30, 0xa0):
            raise Bad(no, "not signed data")
        if [p[2] for p in der_list(encap[1], no)] != [OID["data"]]:
            raise Bad(no, "not detached")
        (cert,) = der_list(certs[1], no)
        (info,) = der_list(infos[1], no)
        info = der_list(info[1], no)
        attrs = info.pop(3) if info[3][0] == 0xa0 else None
        one, sid, algo, sig_algo, sig = info
        if version[2] != b"\2\1\1" or one[2] != b"\2\1\1" or sig[0] != 4:
            raise Bad(no, "version")
        if der_list(algo[1], no)[0][2] != OID["sha256"] or der_list(sig_algo[1], no)[0][2] != OID["ecdsa"] \
                or [p[2] for p in der_list(algos[1], no)] != [algo[2]]:
            raise Bad(no, "algorithm")
        certificate = x509.load_der_x509_certificate(cert[2])
        issuer, serial = der_list(sid[1], no)
        if issuer[2] != certificate.issuer.public_bytes() or \
                int.from_bytes(serial[1], "big") != certificate.serial_number:
            raise Bad(no, "another certificate signed")
        signed_bytes = content
        if attrs:
            signed_bytes = b"\x31" + attrs[2][1:]
            der_list(signed_bytes, no)
            values = [[p[2] for p in der_list(a[1], no)] for a in der_list(attrs[1], no)]
            if len({v[0] for v in values}) != len(values):
                raise Bad(no, "an attribute twice")
            got = {v[0]: der(v[1], no)[1] for v in values if len(v) == 2}
            if got.get(OID["type"]) != OID["data"] or \
                    got.get(OID["digest"]) != b"\x04\x20" + hashlib.sha256(content).digest():
                raise Bad(no, "it signs something else")
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise Bad(no, "not P-256")
        key.verify(sig[1], signed_bytes, ec.ECDSA(hashes.SHA256()))
    except (ValueError, IndexError, InvalidSignature) as e:
        raise Bad(no, f"signature does not hold {e}") from e
    return sha(cert[2])


# --- age -------------------------------------------------------------------------------------------

BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(text, check):
    hrp, _, data = text.lower().rpartition("1")
    if text not in (text.lower(), text.upper()) or any(c not in BECH32 for c in data):
        raise Bad(check, "bech32")
    five, poly = [BECH32.index(c) for c in data], 1
    for v in [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp] + five:
        top, poly = poly >> 25, (poly & 0x1ffffff) << 5 ^ v
        for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            poly ^= g if top >> i & 1 else 0
    bits = "".join(f"{v:05b}" for v in five[:-6])
    if poly != 1 or len(bits) != 260 or "1" in bits[256:]:
        raise Bad(check, "bech32")
    return hrp, int(bits[:256], 2).to_bytes(32, "big")


def identities(text):
    lines = [x.strip() for x in text.splitlines() if x.strip() and not x.startswith("#")]
    keys = [bech32(x, "usage") for x in lines]
    if not keys or any(hrp != "age-secret-key-" for hrp, _ in keys):
        raise Bad("usage", "no age identity")
    return [k for _, k in keys]


def hkdf(key, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def age_header(data, check="header"):
    """(length, MAC'd part, MAC, stanzas) of the header that data begins with."""
    m = re.match(rb"age-encryption\.org/v1\n((?:-> X25519 [^\n]+\n[^\n]{43}\n)+)---( )([^\n]+)\n", data)
    if not m:
        raise Bad(check, "no age header with X25519 stanzas alone")
    stanzas = [(b64(a, check, False), b64(b, check, False))
               for a, b in re.findall(rb"-> X25519 ([^\n]+)\n([^\n]+)\n", m[1])]
    if any(len(a) != 32 or len(b) != 32 for a, b in stanzas) or len(mac := b64(m[3], check, False)) != 32:
        raise Bad(check, "stanza")
    return m.end(), data[:m.start(2)], mac, stanzas


def age_open(header, secret, check="opens"):
    _, head, mac, stanzas = age_header(header, check)
    own = x25519.X25519PrivateKey.from_private_bytes(secret)
    public = own.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    for share, body in stanzas:
        shared = own.exchange(x25519.X25519PublicKey.from_public_bytes(share))
        wrap = hkdf(shared, share + public, b"age-encryption.org/v1/X25519")
        try:
            file_key = ChaCha20Poly1305(wrap).decrypt(bytes(12), body, None)
        except InvalidTag:
            continue
        if not hmac.compare_digest(hmac.new(hkdf(file_key, b"", b"header"), head, "sha256").digest(), mac):
            raise Bad(check, "MAC of the header")
        return file_key, sha(public)
    raise Bad(check, "no stanza is for this identity")


def age_payload(file_key, payload):
    """A reader of the plaintext, chunk by chunk."""
    key = ChaCha20Poly1305(hkdf(file_key, bytes(payload[:16]), b"payload"))
    state = {"at": 16, "n": 0, "buf": b"", "last": False}

    def chunk():
        part = bytes(payload[state["at"]:state["at"] + 65552])
        state["at"] += len(part)
        state["last"] = state["at"] >= len(payload)
        try:
            plain = key.decrypt(state["n"].to_bytes(11, "big") + bytes([state["last"]]), part, None)
        except (InvalidTag, ValueError) as e:
            raise Bad("payload-opens", "a chunk does not open") from e
        if not plain and state["n"]:
            raise Bad("payload-opens", "an empty chunk")
        state["n"] += 1
        return plain

    def src(n):
        while len(state["buf"]) < n and not state["last"]:
            state["buf"] += chunk()
        got, state["buf"] = state["buf"][:n], state["buf"][n:]
        return got
    return src


# --- approvals -------------------------------------------------------------------------------------

class Roster:
    """People and policy as the founding document and the chain make them."""

    def __init__(self, approvals, released):
        self.released = released
        f = document(approvals.text("founding"), "roster")
        self.founding = f
        self.people = f.list("people", dict)
        self.policy = dict(f.obj("policy"))
        if f.get("action") != "found" or f.get("roster_version") != 1 or set(self.policy) != set(POLICY):
            raise Bad("founding-signatures", "not a founding document")
        if len(self.signers(approvals.text("founding"), approvals.list("founding_signatures", str), "roster",
                            "founding-signatures")) < 2:
            raise Bad("founding-signatures", "fewer than two people")
        self.version = 1
        for link in approvals.list("chain", dict):
            self.follow(link.text("document"), link.list("signatures", str))

    def person(self, key, check, since, until):
        """The last row of that key, rather one that is live then."""
        rows = [r for r in self.people if r.get("key") == key]
        if not rows:
            raise Bad(check, "signed by a key that no row names")
        return ([r for r in rows if since is None or live(r, since, until)] or rows)[-1]

    def signers(self, text, signatures, kind, check, may=None, since=None, until=None, entitled=None):
        """{name: row} of who signed; they must have been on the list at some time from since to until."""
        names = {}
        for s in signatures:
            key, verified = sshsig(s, f"writ-{kind}@v1", text.encode(), check)
            row = self.person(key, check, since, until)
            if may and (may not in row.list("may", str) or not live(row, since, until)):
                raise Bad(entitled or check, f"{row.get('name')} may not {may} at that time")
            if row.get("user_verified") is True and not verified:
                raise Bad(check, "the key did not verify its user")
            names[row.text("name")] = row
        return names

    def follow(self, text, signatures):
        no = "roster-chain"
        d = document(text, "roster")
        row, version = d.obj("row"), d.num("roster_version")
        if d.get("action") not in ("begin", "end") or version < self.version:
            raise Bad(no, "order of versions")
        self.version = version + 1
        if len(self.signers(text, signatures, "roster", no, "roster", d.when("made_at"), self.released)) < 2:
            raise Bad(no, "fewer than two people with roster")
        if row.get("row") == "policy":
            if row.get("name") not in POLICY:
                raise Bad(no, "no such policy")
            self.policy[row["name"]] = row.text("value") if d["action"] == "begin" else POLICY[row["name"]]
        elif row.get("row") == "person" and d["action"] == "begin":
            if any(r.get("key") == row.text("key") and r.get("name") != row.text("name") for r in self.people):
                raise Bad(no, "a key that is another person's")
            self.people.append(row)
        elif row.get("row") == "person":
            for r in self.people:
                if r == row:
                    r["until"] = d["made_at"]


def live(row, since, until):
    return row.when("from") <= until and (row.get("until") is None or since < row.when("until"))


def check_approvals(p, policy):
    a, ret, stm = p["approvals"], p["return"], p["statement"]
    released = stm.when("released_at")
    roster = Roster(a, released)
    text = a.text("statement")
    s = document(text, "approval")
    if sha(canonical(roster.policy)) != s.text("policy_sha256"):
        raise Bad("policy-values", "the policy is not the one of founding document and chain")
    if roster.policy.get("timestamp") != "none":
        raise Bad("policy-values", "a timestamp is required and there is none")
    if roster.version > s.num("roster_version"):
        raise Bad("roster-chain", "a later roster than the approval statement's")
    document_key = (policy or roster.founding).get("document_key")
    if roster.founding.get("document_key") != document_key:
        raise Bad("document-key", "not the policy's")
    if sshsig(a.text("statement_seal"), "writ-seal@v1", text.encode(), "approval-seal")[0] != document_key:
        raise Bad("approval-seal", "by another key")
    names = roster.signers(text, a.list("signatures", str), "approval", "approval-signatures", "approve", released,
                           released, "approval-people")
    try:
        needed = max(2, int(roster.policy["approvals"]))
    except (ValueError, TypeError) as e:
        raise Bad("policy-values", "approvals") from e
    if len(names) < needed:
        raise Bad("approval-people", "too few different people")
    rows = a.list("rows", dict)
    if any(r not in roster.people for r in rows) or any(r not in rows for r in names.values()):
        raise Bad("approval-people", "rows of the signers")
    if not s.when("made_at") <= released < s.when("expires_at"):
        raise Bad("approval-time", "released outside the statement's time")
    p["approval"], p["founding"] = s, roster.founding
    receipt = p["receipt"] = document(ret.text("receipt"), "receipt")
    if sshsig(ret.text("receipt_seal"), "writ-seal@v1", ret["receipt"].encode(), "receipt-seal")[0] != document_key:
        raise Bad("receipt-seal", "by another key")
    if receipt.when("made_at") > s.when("made_at"):
        raise Bad("receipt-seal", "made after the approval statement")
    age_header(b64(receipt.text("header"), "receipt-seal"), "receipt-seal")
    check_numbers(ret, receipt, s, stm, a, p["release"])
    if (policy or roster.founding).get("provider") != roster.founding.text("provider") or \
            ret.text("provider") != roster.founding["provider"]:
        raise Bad("numbers", "provider")


def check_numbers(ret, receipt, s, stm, a, release):
    no = "numbers"

    def same(key, *docs):
        if any(k.get(key) != docs[0].get(key) or k.get(key) is None for k in docs):
            raise Bad(no, key)
    same("order", ret, receipt, s, stm, a, release)
    for key in ("scope_sha256", "manifest_sha256", "tagmanifest_sha256"):
        same(key, ret, receipt, s, stm)
        if not re.fullmatch("[0-9a-f]{64}", ret.text(key)):
            raise Bad(no, key)
    same("ticket", ret, receipt, s, release.obj("body"))
    for key in ("items", "bytes", "undated"):
        same(key, ret, receipt, s)
        ret.num(key)
    same("payload_bytes", receipt, stm)
    same("separation", ret, receipt)
    same("return_sha256", s, stm)
    lines = receipt.list("lines", dict)
    short = [{k: x.get(k) for k in ("id", "store", "account", "items", "bytes")} for x in ret.list("lines", dict)]
    if s.get("lines") != lines or short != lines:
        raise Bad(no, "lines")
    if sum(x.num("items") for x in lines) != receipt["items"] or sum(x.num("bytes") for x in lines) != receipt["bytes"]:
        raise Bad(no, "the lines do not add up")
    to = stm.list("recipients", dict)
    if not to or to != s.get("recipients") or ret.obj("issuer").get("agency") != s.text("agency") or \
            any(x.get("agency") != s["agency"] for x in to):
        raise Bad("recipients", "differ")
    notice = ret.obj("notice")
    if s.get("notice") not in ("sent", "withheld") or notice.get("decision") != s["notice"] or \
            notice.get("gag_until") != s.get("gag_until"):
        raise Bad("notice", "differs")


# --- the log ---------------------------------------------------------------------------------------

def vkey_parse(text, check):
    name, ident, key = (text.split("+", 2) + ["", ""])[:3]
    raw = b64(key, check)
    if len(raw) != 33 or raw[0] != 1 or not name or \
            hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != ident:
        raise Bad(check, "verifier key")
    return name, raw[1:]


def check_proof(p, raw, vkey):
    no = "log-proof"
    name, key = vkey_parse(vkey, no)
    try:
        head, text, sigs = raw.decode().split("\n\n")
        lines = head.split("\n")
        first, extra, index = lines[0], lines[1], lines[2]
        origin, size, root = text.split("\n")
        if first != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or origin != name or \
                not re.fullmatch("index (0|[1-9][0-9]*)", index) or not re.fullmatch("0|[1-9][0-9]*", size):
            raise Bad(no, "form")
        sig = re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", sigs)
        blob = b64(sig[2], no) if sig else b""
        ident = hashlib.sha256(name.encode() + b"\n\1" + key).digest()[:4]
        if not sig or sig[1] != name or blob[:4] != ident:
            raise Bad(no, "signed by another log, or by more than the log")
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], (text + "\n").encode())
    except (ValueError, IndexError, InvalidSignature) as e:
        raise Bad(no, "form or signature") from e
    extra, index, size = b64(extra[6:], no), int(index[6:]), int(size)
    if len(extra) != 555 or extra[0] != 1:
        raise Bad(no, "extra")
    millis, place = struct.unpack(">QH", extra[1:11])
    node = hashlib.sha256(b"writ/act/v1\0" + extra[523:] + p["release_raw"]).digest()
    for level in range(16):
        sibling = extra[11 + 32 * level:43 + 32 * level]
        pair = sibling + node if place >> level & 1 else node + sibling
        node = hashlib.sha256(b"\1" + pair).digest()
    node = hashlib.sha256(b"\0\1" + extra[1:9] + node).digest()
    fn, sn = index, size - 1
    for h in [b64(x, no) for x in lines[3:]]:
        if sn == 0 or len(h) != 32:
            raise Bad(no, "inclusion proof")
        if fn & 1 or fn == sn:
            node = hashlib.sha256(b"\1" + h + node).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hashlib.sha256(b"\1" + node + h).digest()
        fn, sn = fn >> 1, sn >> 1
    if sn or index >= size or node != b64(root, no):
        raise Bad(no, "the act is not in the log")
    body = p["release"].obj("body")
    if not p["approval"].num("last_tick") <= body.num("last_tick") <= index:
        raise Bad("log-time", "order of ticks")
    if millis < p["statement"].when("released_at") * 1000 - TICK_TOLERANCE_MS:
        raise Bad("log-time", "logged before it was released")


# --- the bag ---------------------------------------------------------------------------------------

def quoted(text, keep=b""):
    """Percent-encoded; keep: as it stands for a name that is in the list percent-encoded already."""
    plain = b"" if text.strip(".") == "" else keep + b"A-Za-z0-9._@+-"
    return "".join(chr(b) if plain and re.match(b"[" + plain + b"]", bytes([b])) else f"%{b:02X}" for b in text.encode())


def check_bag(p, src):
    order, receipt = p["return"]["order"], p["receipt"]
    files, items, mtimes = {}, [], set()
    for name, size, mtime, read in tar_members(src, "bag-form"):
        mtimes.add(mtime)
        if not name.startswith(order + "/"):
            raise Bad("bag-form", "a name outside the top folder")
        path = name[len(order) + 1:]
        if path in files or len(mtimes) > 1 or (not files and path != "bagit.txt"):
            raise Bad("bag-form", "order, repeated name or mixed times")
        if path.startswith("data/"):
            if len(files) != 1 + len(items):
                raise Bad("bag-form", "payload after the tag files")
            body = read()
            items.append((path, sha(body), size))
            files[path] = None
            if path.endswith(".json"):
                check_meta(body)
        else:
            files[path] = read()
    tags = ["bag-info.txt", "manifest-sha256.txt", "items.jsonl", "undated.jsonl", "tagmanifest-sha256.txt"]
    if [f for f in files if not f.startswith("data/")] != ["bagit.txt"] + tags:
        raise Bad("bag-form", "not the files of a bag")
    if mtimes.pop() > receipt.when("made_at"):
        raise Bad("bag-form", "made after the receipt")
    if files["bagit.txt"] != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        raise Bad("bag-form", "bagit.txt")
    if files["manifest-sha256.txt"] != "".join(f"{h}  {n}\n" for n, h, _ in items).encode():
        raise Bad("bag-items", "an item is not what the manifest says")
    if sha(files["manifest-sha256.txt"]) != receipt["manifest_sha256"]:
        raise Bad("bag-manifest", "not the signed manifest")
    covered = ["bagit.txt"] + tags[:-1]
    if files[tags[-1]] != "".join(f"{sha(files[n])}  {n}\n" for n in covered).encode() or \
            sha(files[tags[-1]]) != receipt["tagmanifest_sha256"]:
        raise Bad("bag-tagmanifest", "tag files")
    oxum = f"{sum(n for _, _, n in items)}.{len(items)}"
    if not re.fullmatch(r"Bag-Software-Agent: writ [^\n]+\nBagging-Date: \d{4}-\d\d-\d\d\n"
                        rf"External-Identifier: {re.escape(order)}\nPayload-Oxum: {re.escape(oxum)}\n",
                        info := files["bag-info.txt"].decode("utf-8", "replace"), re.A) or \
            not utc(info.split("\n")[1][14:] + "T00:00:00Z", "bag-info"):
        raise Bad("bag-info", "bag-info.txt")
    check_items(p, items, files)


def check_meta(body):
    if not body.endswith(b"\n"):
        raise Bad("bag-items", "a line of details without its end")
    if set(our_json(body[:-1], "bag-items")) != {"bytes", "bcc", "cc", "date", "delivery", "from", "message_id",
                                                 "received", "to"}:
        raise Bad("bag-items", "details hold more or less than they may")


def json_lines(raw, check):
    if raw and not raw.endswith(b"\n"):
        raise Bad(check, "last line")
    return [Doc(our_json(x, check)) for x in raw.split(b"\n")[:-1]]


def check_items(p, items, files):
    rows, undated = json_lines(files["items.jsonl"], "bag-list"), json_lines(files["undated.jsonl"], "bag-undated")
    if [(r.get("path"), r.get("sha256"), r.get("bytes")) for r in rows] != items:
        raise Bad("bag-list", "items.jsonl is not the payload")
    lines = p["return"].list("lines", dict)
    first = {}
    for x in lines:
        first.setdefault(x["id"], x)
    counts, free, folder, seen, last = {}, [], None, set(), None
    for r in rows:
        ids = r.list("lines", str)
        if not ids or any(i not in first for i in ids) or len(set(ids)) != len(ids):
            raise Bad("bag-list", "lines of an item")
        line = first[ids[0]]
        ext = {"CONTENT_COMM": "eml", "MSG_META": "json"}.get(line.text("category"))
        top = f"data/{quoted(ids[0])}/{quoted(r.text('account'))}/"
        where = top + quoted(r.text("folder")) + "/"
        if not r.text("path").startswith(where):
            where = top + quoted(r["folder"], b"%") + "/"  # a stored name that is no UTF-8
        if where != folder:
            if where in seen or any(x in ("", ".", "..") for x in where[:-1].split("/")):
                raise Bad("bag-list", "a folder twice, or no name")
            folder, number, last = where, 0, None
            seen.add(where)
        number += 1
        if ext is None or r["path"] != f"{where}{number:06d}.{ext}":
            raise Bad("bag-list", "path or number of an item")
        key = (ids[0], r.text("store"), r["account"])
        n, size = counts.get(key, (0, 0))
        counts[key] = (n + 1, size + r["bytes"])
        for i in ids:
            when = r.get(first[i].text("date_meaning"))
            if when is None:
                free.append((i, r["store"], r["account"], r["folder"], r.text("source_id")))
                continue
            when = utc(when if isinstance(when, str) else "", "bag-dates")
            begin, end = (first[i].when(k) if first[i].get(k) is not None else None for k in ("from", "until"))
            if (begin is not None and when < begin) or (end is not None and when >= end):
                raise Bad("bag-dates", "an item outside its line's time")
        mine = r.get(line["date_meaning"])
        rank = (mine is None, mine or "", b"" if "%" in r.text("source_id") else r["source_id"].encode())
        if last and (last if rank[2] and last[2] else last[:2]) > (rank if rank[2] and last[2] else rank[:2]):
            raise Bad("bag-dates", "order of the items")
        last = rank
    want = {(x["id"], x["store"], x["account"]): (x["items"], x["bytes"]) for x in lines if x["items"]}
    if counts != want:
        raise Bad("bag-counts", "counts per line")
    delivered = [tuple(u.text(k) for k in ("line", "store", "account", "folder", "source_id"))
                 for u in undated if u.need("delivered", bool, "bag-undated")]
    if any(u.get("line") not in first or u.get("date_meaning") != first[u["line"]]["date_meaning"] for u in undated) \
            or len(undated) != p["receipt"]["undated"] or sorted(delivered) != sorted(free):
        raise Bad("bag-undated", "undated.jsonl is not consistent with the items")


# --- the whole -------------------------------------------------------------------------------------

def verify(data, identity=None, policy=None):
    """(exit code, id of the failed check or None, words). data: bytes-like; identity, policy: text."""
    keys = identities(identity) if identity is not None else None
    pol = Doc(json.loads(policy)) if policy is not None else None
    try:
        check_all(data, keys, pol)
    except Bad as e:
        return 5, e.check, str(e)
    if keys is None or pol is None:
        return 7, None, "not everything was compared"
    return 0, None, "fine"


def check_all(data, keys, pol):
    p, raw, names, mtimes = {}, {}, [], set()
    for name, _, mtime, read in tar_members(reader_of(data), "form"):
        names.append(name)
        mtimes.add(mtime)
        if name not in MEMBERS:
            raise Bad("members", f"{name} does not belong there")
        raw[name] = read()
    if names != MEMBERS:
        raise Bad("members", "another order, or a part is missing")
    p["release_raw"] = raw["release.json"]
    for key, kind in (("return", "return"), ("approvals", "approvals"), ("statement", "statement"), ("release", "act")):
        p[key] = document(raw[key + ".json"], kind)
    ret, stm, release = p["return"], p["statement"], p["release"]
    if stm.get("members") != names:
        raise Bad("members", "not those of the statement")
    if mtimes != {stm.when("released_at")}:
        raise Bad("form", "another time than released_at")
    certificate = cms(raw["statement.p7s"], raw["statement.json"])
    for name in ("return", "approvals"):
        if sha(raw[name + ".json"]) != stm.get(name + "_sha256"):
            raise Bad(name + "-hash", "other bytes than signed")
    told = [(m.get("name"), m.get("sha256"), m.get("bytes")) for m in ret.list("members", dict)]
    if told != [(n, sha(raw[n]), len(raw[n])) for n in MEMBERS[:2]]:
        raise Bad("papers", "other bytes than signed")
    package = raw["package.age"]
    n, _, _, stanzas = age_header(bytes(package[:16384]))
    if n != stm.num("header_bytes") or sha(bytes(package[:n])) != stm.get("header_sha256"):
        raise Bad("header", "other bytes than signed")
    if len(package) - n != stm.num("payload_bytes"):
        raise Bad("payload-length", "other length than signed")
    check_approvals(p, pol)
    founding = p["founding"]
    if certificate not in (pol.list("seal_certificates", str) if pol else [founding.get("certificate_sha256")]):
        raise Bad("certificate", "not the provider's")
    if pol and sha(p["approvals"]["founding"].encode()) != pol.text("founding_sha256"):
        raise Bad("founding", "not the policy's")
    if len(stanzas) != len(stm["recipients"]):
        raise Bad("recipients", "number of stanzas")
    body = release.obj("body")
    if (release.get("act"), release.get("actor"), release.get("made_at"), body.get("roster_version")) != \
            ("released", "seal", stm["released_at"], p["approval"]["roster_version"]) or \
            body.get("statement_sha256") != sha(raw["statement.json"]) or \
            body.get("p7s_sha256") != sha(raw["statement.p7s"]) or release.num("seal_seq") < 1:
        raise Bad("release-act", "speaks of another release")
    vkey = founding.text("log_vkey")
    if pol:
        m = re.fullmatch(r"log ([^\n]+)\nquorum none\n", pol.text("tlog_policy"))
        if not m or m[1] != vkey:
            raise Bad("log-key", "not the policy's")
    check_proof(p, raw["statement.tlog-proof"], vkey)
    if keys is None:
        return
    file_key, key_hash = None, None
    for k in keys:
        try:
            file_key, key_hash = age_open(bytes(package[:n]), k)
            break
        except Bad:
            continue
    if file_key is None:
        raise Bad("opens", "no identity opens it")
    if key_hash not in [r.get("key_sha256") for r in stm["recipients"]]:
        raise Bad("opens", "the identity is not a recipient's")
    check_bag(p, age_payload(file_key, package[n:]))


def main(argv):
    opts, files = {}, []
    it = iter(argv)
    for a in it:
        if a in ("--identity", "--policy"):
            opts[a] = next(it, None)
        else:
            files.append(a)
    if len(files) != 1 or None in opts.values() or files[0].startswith("-"):
        print("usage: pyverify.py FILE [--identity AGEKEYFILE] [--policy FILE]", file=sys.stderr)
        return 2
    try:
        data = open(files[0], "rb").read()
        texts = {k: open(v, encoding="utf-8").read() for k, v in opts.items()}
    except FileNotFoundError as e:
        print(e, file=sys.stderr)
        return 3
    try:
        code, _, words = verify(data, texts.get("--identity"), texts.get("--policy"))
    except (Bad, ValueError) as e:
        print(e, file=sys.stderr)
        return 2
    print(words)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
