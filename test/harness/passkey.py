"""A software authenticator and the browser around it: makes passkeys and signs with them as WebAuthn says.

sign() takes twists, so that a test can make an assertion wrong in one respect alone, each signed well.
Knows of writ the line of a key and the form of a signature document (doc/protocol.md section 3).
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

UP, UV, BE, BS, AT, ED = 1, 4, 8, 16, 64, 128
RP_ID, ORIGIN = "desk.example.org", "https://desk.example.org:8443"


def b64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64(raw):
    return base64.b64encode(raw).decode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def cbor(value):
    """CTAP2's canonical form of what authenticators write."""
    def head(major, n):
        for code, size in ((24, 1), (25, 2), (26, 4)):
            if n < 24:
                return bytes([major << 5 | n])
            if n < 1 << 8 * size:
                return bytes([major << 5 | code]) + n.to_bytes(size, "big")
        raise ValueError(n)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    members = sorted((cbor(k), cbor(v)) for k, v in value.items())
    return head(5, len(members)) + b"".join(k + v for k, v in members)


def native_data(challenge, kind="webauthn.get"):
    return canonical({"challenge": b64url(challenge), "origin": "writ:native", "type": kind}).encode()


def honest(client):
    return client


# Near what is native: no browser's, and none that counts.
NOT_NATIVE = {
    "without_verification": {"native": honest, "flags": UP},
    "untouched": {"native": honest, "flags": UV},
    "other_rp": {"native": honest, "rp_id": "example.org"},
    "other_challenge": {"native": lambda client: native_data(b"x" * 32)},
    "to_make_a_key": {"native": honest, "kind": "webauthn.create"},
    "spaced": {"native": lambda client: client.replace(b":", b": ", 1)},
    "in_a_browsers_order": {"origin": "writ:native"},
    "one_member_more": {"native": lambda client: client[:-1].replace(b"{", b'{"a":1,', 1) + b"}"},
    "trailing": {"native": lambda client: client + b"\n"},
    "a_page_of_that_name": {"native": lambda client: client.replace(b"writ:native", b"https://writ:native")},
}


def number(n, size=None):
    return n.to_bytes(size or (n.bit_length() + 7) // 8, "big")


class Passkey:
    """kind: es256, eddsa, rs256. counter None: an authenticator that has none says 0 for ever."""

    def __init__(self, kind="es256", rp_id=RP_ID, origin=ORIGIN, bits=2048, counter=0, curve=ec.SECP256R1):
        self.kind, self.rp_id, self.origin, self.counter = kind, rp_id, origin, counter
        self.secret = {"es256": lambda: ec.generate_private_key(curve()), "eddsa": ed25519.Ed25519PrivateKey.generate,
                       "rs256": lambda: rsa.generate_private_key(65537, bits)}[kind]()
        self.credential = os.urandom(32)

    def __deepcopy__(self, memo):
        return self

    def twin(self, **other):
        """The same key elsewhere: a clone, or under another site."""
        two = Passkey.__new__(Passkey)
        two.__dict__.update(self.__dict__, **other)
        return two

    @property
    def spki(self):
        return self.secret.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def line(self):
        return "passkey %s %s %s %s" % (self.rp_id, self.origin, b64(self.spki), b64url(self.credential))

    @property
    def cose(self):
        public = self.secret.public_key()
        if self.kind == "eddsa":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {1: 1, 3: -8, -1: 6, -2: raw}
        n = public.public_numbers()
        if self.kind == "rs256":
            return {1: 3, 3: -257, -1: number(n.n), -2: number(n.e)}
        return {1: 2, 3: -7, -1: 1, -2: number(n.x, 32), -3: number(n.y, 32)}

    def raw_sign(self, data):
        if self.kind == "eddsa":
            return self.secret.sign(data)
        if self.kind == "rs256":
            return self.secret.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.secret.sign(data, ec.ECDSA(hashes.SHA256()))

    def next_counter(self):
        if self.counter is None:
            return 0
        self.counter += 1
        return self.counter

    def client_data(self, kind, challenge, origin=None, **more):
        said = {"type": kind, "challenge": b64url(challenge), "origin": origin or self.origin, "crossOrigin": False, **more}
        return json.dumps({k: v for k, v in said.items() if v is not None}, separators=(",", ":")).encode()

    def register(self, challenge, flags=UP | UV | AT, cose=None, fmt="none", change=lambda raw: raw):
        """(attestationObject, clientDataJSON) of navigator.credentials.create."""
        client = self.client_data("webauthn.create", challenge)
        data = hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.next_counter()) + \
            bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + cbor(cose or self.cose)
        data = change(data)
        statement = {}
        if fmt == "packed":
            statement = {"alg": self.cose[3], "sig": self.raw_sign(data + hashlib.sha256(client).digest())}
        return cbor({"fmt": fmt, "attStmt": statement, "authData": data}), client

    def assertion(self, challenge, *, flags=UP | UV, counter=None, rp_id=None, origin=None, kind="webauthn.get", tail=b"",
                  sign_with=None, change=lambda raw: raw, native=None, **more):
        """(authenticatorData, clientDataJSON, signature) of navigator.credentials.get. more: of the client data.
        native: what a security key is given to sign where there is no browser, changed by this function."""
        counter = self.next_counter() if counter is None else counter
        client = native(native_data(challenge, kind)) if native else self.client_data(kind, challenge, origin, **more)
        data = hashlib.sha256((rp_id or self.rp_id).encode()).digest() + struct.pack(">BI", flags, counter) + tail
        signature = (sign_with or self).raw_sign(data + hashlib.sha256(client).digest())
        return data, client, change(signature)

    def sign(self, namespace, text, *, claims=None, challenge=None, **twist):
        """The signature document over text. claims: another passkey whose key it names."""
        raw = text.encode() if isinstance(text, str) else text
        parts = self.assertion(hashlib.sha256(raw).digest() if challenge is None else challenge, **twist)
        return document((claims or self).line, *parts)


def document(line, authenticator_data, client_data, signature):
    return canonical({"version": 1, "kind": "passkey", "key": line, "authenticator_data": b64(authenticator_data),
                      "client_data": b64(client_data), "signature": b64(signature)})
