"""Signatures by passkeys, read strictly from doc/protocol.md section 3 and WebAuthn alone. Part of the
second verifier (pyverify.py): nothing of writ, nor of the authenticator of the tests, is imported.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import json
import re
import struct

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from pyformats import Bad, b64, our_json, sshsig

MEMBERS = {"version", "kind", "key", "authenticator_data", "client_data", "signature"}
UP, UV, BE, BS, AT, ED, RESERVED = 1, 4, 8, 16, 64, 128, 0x22
LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})*")


def signature(text, namespace, message, check):
    """(key line, user verified, made without a browser) of a person's signature of either kind that holds, else Bad."""
    if text.startswith("{"):
        return passkey(text, message, check)
    return *sshsig(text, namespace, message, check), True


def same_key(a, b):
    """A passkey is its public key, wherever it is said to be used."""
    if a.startswith("passkey ") and b.startswith("passkey "):
        return a.split(" ")[3:4] == b.split(" ")[3:4]
    return a == b


def key_parse(line, check):
    """(rp id, origin, public key) of a passkey's line."""
    words = line.split(" ")
    if len(words) != 5 or words[0] != "passkey":
        raise Bad(check, "a passkey's line")
    _, rp_id, origin, spki, credential = words
    site = re.fullmatch("https://([a-z0-9.-]+)(:[1-9][0-9]{0,4})?", origin)
    if not site or not DOMAIN.fullmatch(rp_id) or not DOMAIN.fullmatch(site[1]) or len(rp_id) > 253 or \
            not ("." + site[1]).endswith("." + rp_id) or (site[2] and (int(site[2][1:]) > 65535 or site[2] == ":443")):
        raise Bad(check, "RP id or origin of a passkey")
    raw = base64.urlsafe_b64decode(credential + "=" * (-len(credential) % 4))
    if not 1 <= len(raw) <= 1023 or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != credential:
        raise Bad(check, "id of a passkey")
    der = b64(spki, check)
    key = serialization.load_der_public_key(der)
    if key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo) != der:
        raise Bad(check, "public key of a passkey")
    return rp_id, origin, key


def once(pairs):
    if len({k for k, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def client_says(raw, message, origin, check):
    """Was it made without a browser? There is one form in which it says so."""
    said = json.loads(raw.decode("utf-8"), object_pairs_hook=once)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(message).digest()).rstrip(b"=").decode()
    if raw == b'{"challenge":"%s","origin":"writ:native","type":"webauthn.get"}' % challenge.encode():
        return True
    if not isinstance(said, dict) or said.get("type") != "webauthn.get" or said.get("challenge") != challenge or \
            said.get("origin") != origin or said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise Bad(check, "what the browser signed is something else")
    return False


def cbor_end(raw, at, check, depth=4):
    """Where the item of canonical CBOR at that place ends."""
    if at >= len(raw):
        raise Bad(check, "CBOR")
    major, n = raw[at] >> 5, raw[at] & 31
    at += 1
    if n >= 24:
        size = {24: 1, 25: 2, 26: 4, 27: 8}.get(n)
        if not size or at + size > len(raw) or major == 7:
            raise Bad(check, "CBOR")
        n = int.from_bytes(raw[at:at + size], "big")
        at += size
        if n < (24 if size == 1 else 1 << 4 * size):
            raise Bad(check, "CBOR is not in its shortest form")
    if major in (2, 3):
        if at + n > len(raw):
            raise Bad(check, "CBOR")
        if major == 3:
            raw[at:at + n].decode("utf-8")
        return at + n
    if major in (4, 5):
        before = None
        for _ in range(n):
            begin, at = at, cbor_end(raw, at, check, depth - 1)
            if major == 5:
                if before is not None and raw[begin:at] <= before:
                    raise Bad(check, "CBOR map out of order")
                before, at = raw[begin:at], cbor_end(raw, at, check, depth - 1)
        if depth <= 0:
            raise Bad(check, "CBOR too deep")
        return at
    if major == 6 or (major == 7 and n not in (20, 21, 22)):
        raise Bad(check, "CBOR of another kind")
    return at


def authenticator_says(raw, rp_id, check):
    """Was the user verified?"""
    if len(raw) < 37 or raw[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise Bad(check, "the authenticator signed for another site")
    flags = raw[32]
    if not flags & UP or flags & (AT | RESERVED) or (flags & BS and not flags & BE):
        raise Bad(check, "flags of the authenticator")
    end = 37
    if flags & ED:
        if len(raw) < 38 or raw[37] >> 5 != 5:
            raise Bad(check, "extensions of the authenticator")
        end = cbor_end(raw, 37, check)
    if len(raw) != end:
        raise Bad(check, "bytes behind the data of the authenticator")
    return bool(flags & UV)


def check_raw(key, sig, data, check):
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        key.verify(sig, data, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(sig, data)
    elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        key.verify(sig, data, padding.PKCS1v15(), hashes.SHA256())
    else:
        raise Bad(check, "kind of a passkey")


def passkey(text, message, check):
    d = our_json(text, check)
    if set(d) != MEMBERS or d["version"] != 1 or isinstance(d["version"], bool) or d["kind"] != "passkey" or \
            not all(isinstance(d[k], str) for k in MEMBERS - {"version"}):
        raise Bad(check, "not the signature of a passkey")
    try:
        rp_id, origin, key = key_parse(d["key"], check)
        data, client = b64(d["authenticator_data"], check), b64(d["client_data"], check)
        native = client_says(client, message, origin, check)
        verified = authenticator_says(data, rp_id, check)
        if native and not verified:
            raise Bad(check, "a security key that did not verify its user")
        check_raw(key, b64(d["signature"], check), data + hashlib.sha256(client).digest(), check)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, struct.error) as e:
        raise Bad(check, "the signature of a passkey does not hold") from e
    return d["key"], verified, native
