"""The formats that a delivered file is made of, read strictly: canonical JSON, canonical tar, SSHSIG, CMS,
age. Part of the second verifier (pyverify.py): nothing of writ is imported or called.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import calendar
import datetime
import hashlib
import hmac
import json
import re
import struct
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


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


# What reading a damaged certificate ends in, be it here or in the library.
BROKEN = (ValueError, IndexError, KeyError, TypeError, StopIteration, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion,
          x509.ExtensionNotFound, x509.DuplicateExtension)


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
    except BROKEN as e:
        raise Bad(no, f"signature does not hold {e!r}") from e
    return sha(cert[2])


TST = {name: bytes.fromhex(h) for name, h in {
    "info": "060b2a864886f70d0109100104", "ess": "060b2a864886f70d010910022f", "sha384": "0609608648016503040202",
    "sha512": "0609608648016503040203", "rsa": "06092a864886f70d010101", "ecdsa256": "06082a8648ce3d040302",
    "ecdsa384": "06082a8648ce3d040303", "ecdsa512": "06082a8648ce3d040304", "ess1": "060b2a864886f70d010910020c"}.items()}


def timestamp(tsr, content):
    """(SHA-256 of the certificate, UTC seconds) of a timestamp over content that holds, in its one form."""
    no = "timestamp"
    try:
        (outer,) = der_list(tsr, no)
        status, token = der_list(outer[1], no)
        oid, body = der_list(token[1], no)
        (signed,) = der_list(body[1], no)
        version, algos, encap, certs, infos = der_list(signed[1], no)
        if status[2] != bytes.fromhex("3003020100") or version[2] != b"\2\1\3" or oid[2] != OID["signed"] or \
                [p[0] for p in (outer, token, body, signed, algos, encap, certs, infos)] != \
                [0x30, 0x30, 0xa0, 0x30, 0x31, 0x30, 0xa0, 0x31]:
            raise Bad(no, "not a timestamp that was granted")
        kind, wrapped = der_list(encap[1], no)
        (octets,) = der_list(wrapped[1], no)
        (cert,) = der_list(certs[1], no)
        (info,) = der_list(infos[1], no)
        one, sid, algo, attrs, scheme, sig = der_list(info[1], no)
        if kind[2] != TST["info"] or (wrapped[0], octets[0], attrs[0], sig[0]) != (0xa0, 4, 0xa0, 4) or \
                {x[0] for x in (info, sid, algo, scheme, cert)} != {0x30} or one[2] != b"\2\1\1":
            raise Bad(no, "its frame")
        hash_of, ecdsa = {OID["sha256"]: (hashes.SHA256, "ecdsa256"), TST["sha384"]: (hashes.SHA384, "ecdsa384"),
                          TST["sha512"]: (hashes.SHA512, "ecdsa512")}[algo[1]]
        if [p[2] for p in der_list(algos[1], no)] != [algo[2]]:
            raise Bad(no, "digests")
        certificate = x509.load_der_x509_certificate(cert[2])
        issuer, serial = der_list(sid[1], no)
        if issuer[2] != certificate.issuer.public_bytes() or serial[0] != 2 or \
                int.from_bytes(serial[1], "big") != certificate.serial_number:
            raise Bad(no, "another certificate signed")
        values = [[p for p in der_list(a[1], no)] for a in der_list(attrs[1], no)]
        got = {v[0][2]: v[1][1] for v in values}
        if got.get(OID["type"]) != TST["info"] or got.get(OID["digest"]) != der_octets(hashlib.new(hash_of.name, octets[1]).digest()):
            raise Bad(no, "it signs something else")
        ids = der_list(der_list(der_list(got[TST["ess"]], no)[0][1], no)[0][1], no)
        (one_id,) = ids
        parts = der_list(one_id[1], no)
        named = hashes.SHA256() if parts[0][0] == 4 else {TST["sha384"]: hashes.SHA384(), TST["sha512"]: hashes.SHA512(),
                                                         OID["sha256"]: hashes.SHA256()}[der_list(parts[0][1], no)[0][2]]
        if next(p[1] for p in parts if p[0] == 4) != hashlib.new(named.name, cert[2]).digest():
            raise Bad(no, "it names another certificate")
        key, signed_bytes = certificate.public_key(), b"\x31" + attrs[2][1:]
        der_list(signed_bytes, no)
        if isinstance(key, rsa.RSAPublicKey) and scheme[1] == TST["rsa"] + b"\5\0" and key.key_size >= 2048:
            key.verify(sig[1], signed_bytes, padding.PKCS1v15(), hash_of())
        elif isinstance(key, ec.EllipticCurvePublicKey) and scheme[1] == TST[ecdsa]:
            key.verify(sig[1], signed_bytes, ec.ECDSA(hash_of()))
        else:
            raise Bad(no, "kind of key")
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if not usage.critical or list(usage.value) != [x509.oid.ExtendedKeyUsageOID.TIME_STAMPING]:
            raise Bad(no, "a certificate for something else")
        (tst,) = der_list(octets[1], no)
        fields = der_list(tst[1], no)
        algorithm, imprint = der_list(fields[2][1], no)
        if der_list(algorithm[1], no)[0][2] != OID["sha256"] or imprint[1] != hashlib.sha256(content).digest():
            raise Bad(no, "it stamps something else")
        when = re.fullmatch(rb"(\d{14})(\.\d*[1-9])?Z", fields[4][1])
        at = datetime.datetime.strptime(when[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc)
        if not certificate.not_valid_before <= at.replace(tzinfo=None) < certificate.not_valid_after:
            raise Bad(no, "the certificate was not valid then")
    except BROKEN as e:
        raise Bad(no, f"does not hold {e!r}") from e
    return sha(cert[2]), int(at.timestamp())


def der_octets(b):
    return b"\x04" + bytes([len(b)]) + b


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
