"""People with throw-away SSH keys of every kind that writ reads, and signatures good and bad.

Plain kinds are made and may sign by ssh-keygen itself; hardware kinds (sk-) are built here, since
no authenticator is at hand. sign() takes twists, so that a test can make a signature wrong in one
respect alone. Knows nothing of writ beside the name of a namespace.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib
import os
import struct
import subprocess
import tempfile

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ED25519_ORDER = 2 ** 252 + 27742317777372353535851937790883648493
PRESENT, VERIFIED = 1, 4
CURVES = {256: (ec.SECP256R1, hashes.SHA256), 384: (ec.SECP384R1, hashes.SHA384), 521: (ec.SECP521R1, hashes.SHA512)}


def wire(b):
    return struct.pack(">I", len(b)) + b


def mpint(n):
    return wire(n.to_bytes(n.bit_length() // 8 + 1, "big"))


def data(text):
    return text.encode() if isinstance(text, str) else text


def armour(blob):
    text = base64.b64encode(blob).decode()
    lines = "".join(text[i:i + 70] + "\n" for i in range(0, len(text), 70))
    return "-----BEGIN SSH SIGNATURE-----\n" + lines + "-----END SSH SIGNATURE-----\n"


def unarmour(text):
    return base64.b64decode("".join(text.splitlines()[1:-1]))


class Key:
    """One key pair. kind: ed25519, ecdsa256, ecdsa384, ecdsa521, rsa (bits), sk-ed25519, sk-ecdsa."""

    def __init__(self, kind="ed25519", bits=2048, application=b"ssh:"):
        self.kind, self.application, self.path = kind, application, None
        self.hardware = kind.startswith("sk-")
        if kind.endswith("ed25519"):
            self.secret = ed25519.Ed25519PrivateKey.generate()
        elif kind == "rsa":
            self.secret = rsa.generate_private_key(65537, bits)
        else:
            curve, self.hash = CURVES[int(kind[5:]) if not self.hardware else 256]
            self.secret = ec.generate_private_key(curve())
        self.blob = self._blob()
        self.type = self.blob[4:4 + struct.unpack(">I", self.blob[:4])[0]].decode()
        self.line = self.type + " " + base64.b64encode(self.blob).decode()

    def __deepcopy__(self, memo):
        return self

    def _blob(self):
        line = self.secret.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        plain = base64.b64decode(line.split()[1])
        if not self.hardware:
            return plain
        kind = plain[4:4 + struct.unpack(">I", plain[:4])[0]]
        return wire(b"sk-" + kind + b"@openssh.com") + plain[4 + len(kind):] + wire(self.application)

    def _raw(self, signed, flags, counter, rsa_hash):
        """The signature blob over signed."""
        tail = b""
        if self.hardware:
            tail = bytes([flags]) + struct.pack(">I", counter)
            signed = hashlib.sha256(self.application).digest() + tail + hashlib.sha256(signed).digest()
        if self.kind.endswith("ed25519"):
            return wire(self.type.encode()) + wire(self.secret.sign(signed)) + tail
        if self.kind == "rsa":
            name, algorithm = {"sha512": (b"rsa-sha2-512", hashes.SHA512()), "sha256": (b"rsa-sha2-256", hashes.SHA256()),
                               "sha1": (b"ssh-rsa", hashes.SHA1())}[rsa_hash]
            return wire(name) + wire(self.secret.sign(signed, padding.PKCS1v15(), algorithm))
        r, s = utils.decode_dss_signature(self.secret.sign(signed, ec.ECDSA(self.hash())))
        return wire(self.type.encode()) + wire(mpint(r) + mpint(s)) + tail

    def sign(self, namespace, text, *, flags=PRESENT | VERIFIED, counter=7, hash_name="sha512", rsa_hash="sha512",
             version=1, reserved=b"", claims=None, claims_namespace=None, change=lambda raw: raw, tail=b""):
        """An armoured SSHSIG. claims: put another key's blob into it; change: of the raw signature."""
        space = data(namespace)
        digest = hashlib.new(hash_name, data(text)).digest()
        signed = b"SSHSIG" + wire(space) + wire(reserved) + wire(hash_name.encode()) + wire(digest)
        raw = change(self._raw(signed, flags, counter, rsa_hash))
        return armour(b"SSHSIG" + struct.pack(">I", version) + wire(claims.blob if claims else self.blob) +
                      wire(data(claims_namespace) if claims_namespace is not None else space) + wire(reserved) +
                      wire(hash_name.encode()) + wire(raw) + tail)

    def file(self, folder):
        """The private key as ssh-keygen reads it; plain kinds only."""
        if not self.path:
            fd, self.path = tempfile.mkstemp(prefix="key-", dir=folder)
            with os.fdopen(fd, "wb") as f:
                f.write(self.secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH,
                                                  serialization.NoEncryption()))
            with open(self.path + ".pub", "w", encoding="ascii") as f:
                f.write(self.line + "\n")
        return self.path

    def keygen_sign(self, folder, namespace, text):
        """The same by ssh-keygen -Y sign, as people do."""
        done = subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-f", self.file(folder), "-n", namespace],
                              input=data(text), capture_output=True, check=True)
        return done.stdout.decode()


def malleable(raw):
    """The other S of an Ed25519 signature: S + L, which a careless check takes."""
    head, sig = raw[:-64], raw[-64:]
    s = int.from_bytes(sig[32:], "little") + ED25519_ORDER
    return head + sig[:32] + s.to_bytes(32, "little")


def certificate_line(key, ca):
    """An OpenSSH certificate for key, signed by ca: writ takes none."""
    kind = b"ssh-ed25519-cert-v01@openssh.com"
    public = key.blob[-32:]
    body = wire(kind) + wire(b"n" * 32) + wire(public) + struct.pack(">QI", 1, 1) + wire(b"id") + wire(wire(b"anna")) + \
        struct.pack(">QQ", 0, 2 ** 64 - 1) + wire(b"") + wire(b"") + wire(b"") + wire(ca.blob)
    body += wire(wire(b"ssh-ed25519") + wire(ca.secret.sign(body)))
    return kind.decode() + " " + base64.b64encode(body).decode()
