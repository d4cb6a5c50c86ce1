"""A security key in software: CTAP2 over the packets of HID, spoken on a Unix socket in the place of /dev/hidraw; and
the person before it, who types PINs on a terminal and touches. Both do wrong what a test wants done wrong.
Knows of writ the line of a key alone; written from the Client to Authenticator Protocol 2.1.
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import hashlib
import hmac
import os
import pathlib
import pty
import secrets
import socket
import struct
import tempfile
import termios
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from passkey import AT, ORIGIN, RP_ID, UP, UV, Passkey, cbor  # noqa: F401

INIT, CBOR, CANCEL, KEEPALIVE, ERROR = 0x06, 0x10, 0x11, 0x3B, 0x3F
MAKE, GET, INFO, PIN = 1, 2, 4, 6
OK, UNKNOWN, CANCELLED, NO_CREDENTIALS, TIMEOUT = 0, 0x01, 0x2D, 0x2E, 0x2F
PIN_INVALID, PIN_BLOCKED, PIN_AUTH_INVALID, PIN_AUTH_BLOCKED, UV_INVALID = 0x31, 0x32, 0x33, 0x34, 0x3F
ASKS = b"PIN of the security key: "


def uncbor(raw, at=0):
    """(value, where it ends) of what libfido2 writes."""
    major, n = raw[at] >> 5, raw[at] & 31
    at += 1
    if n >= 24:
        size = 1 << n - 24
        n, at = int.from_bytes(raw[at:at + size], "big"), at + size
    if major == 0:
        return n, at
    if major == 1:
        return -1 - n, at
    if major in (2, 3):
        return (raw[at:at + n] if major == 2 else raw[at:at + n].decode()), at + n
    if major == 4:
        out = []
        for _ in range(n):
            one, at = uncbor(raw, at)
            out.append(one)
        return out, at
    if major == 5:
        out = {}
        for _ in range(n):
            key, at = uncbor(raw, at)
            out[key], at = uncbor(raw, at)
        return out, at
    return {20: False, 21: True}[n], at


class Raw(bytes):
    """An answer that is sent as it is."""


class SoftKey:
    """keys: the passkeys that it holds. protocol: of the PIN, 1 or 2. Wrongs, by name: see the methods that ask for them."""

    def __init__(self, *keys, pin="1234", protocol=2, finger=None, **wrong):
        self.keys, self.pin, self.protocol, self.finger, self.wrong = list(keys), pin, protocol, finger, wrong
        self.retries, self.in_a_row, self.cancelled, self.asked = 8, 0, threading.Event(), []
        self.waiting = threading.Event()        # for a touch
        self.agreement, self.token = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32)

    # ---- packets ----

    def serve(self, sock):
        with contextlib.suppress(OSError, ValueError):
            while True:
                cmd, cid, data = self.receive(sock)
                if cmd == INIT:
                    self.send(sock, cid, INIT, data[:8] + b"writ" + bytes([2, 1, 0, 0, 0 if self.wrong.get("u2f") else 4]))
                elif cmd == CBOR:
                    self.answer(sock, cid, data)
                elif cmd == CANCEL:
                    self.cancelled.set()

    def receive(self, sock):
        raw = sock.recv(4096)
        if len(raw) != 65:
            raise OSError("closed")
        cid, cmd, n, data = raw[1:5], raw[5] & 0x7F, int.from_bytes(raw[6:8], "big"), raw[8:]
        while len(data) < n:
            data += sock.recv(4096)[6:]
        return cmd, cid, data[:n]

    def send(self, sock, cid, cmd, data):
        sock.send((cid + struct.pack(">BH", 0x80 | cmd, len(data)) + data[:57]).ljust(64, b"\0"))
        for seq, at in enumerate(range(57, len(data), 59)):
            sock.send((cid + bytes([seq & 0x7F]) + data[at:at + 59]).ljust(64, b"\0"))

    def answer(self, sock, cid, data):
        ask = uncbor(data, 1)[0] if len(data) > 1 else {}
        self.asked.append((data[0], ask))
        touched = data[0] == MAKE or (data[0] == GET and ask.get(5, {}).get("up", True))
        if touched:
            self.send(sock, cid, KEEPALIVE, b"\x02")
            self.waiting.set()
        wrong = self.wrong.get({INFO: "info", PIN: "pin_answer", MAKE: "made"}.get(data[0], "signed" if touched else "looked"))
        if callable(wrong):
            wrong(self, sock, cid)
        elif wrong is not None:
            self.send(sock, cid, CBOR, wrong)
        else:
            answers = {INFO: self.info, PIN: self.client_pin, MAKE: self.make, GET: self.get}
            self.put(sock, cid, answers.get(data[0], lambda _: UNKNOWN)(ask))

    def put(self, sock, cid, said):
        status, body = said if isinstance(said, tuple) else (said, None)
        self.send(sock, cid, CBOR, said if isinstance(said, Raw) else bytes([status]) + (cbor(body) if body else b""))

    # ---- what it is asked ----

    def info(self, _):
        options = {"rk": True, "up": True, "clientPin": self.pin is not None}
        if self.protocol == 2:
            options["pinUvAuthToken"] = True
        if self.finger is not None:
            options["uv"] = True
        versions = ["FIDO_2_0", "FIDO_2_1"] if self.protocol == 2 else ["FIDO_2_0"]
        return OK, {1: versions, 3: bytes(16), 4: options, 5: 1200, 6: [self.protocol]}

    def shared(self, cose):
        point = ec.EllipticCurvePublicNumbers(int.from_bytes(cose[-2], "big"), int.from_bytes(cose[-3], "big"), ec.SECP256R1())
        z = self.agreement.exchange(ec.ECDH(), point.public_key())
        if self.protocol == 1:
            return hashlib.sha256(z).digest()
        return HKDF(hashes.SHA256(), 32, bytes(32), b"CTAP2 AES key").derive(z)

    def cipher(self, key, iv):
        return Cipher(algorithms.AES(key), modes.CBC(iv))

    def decrypt(self, key, raw):
        iv, raw = (bytes(16), raw) if self.protocol == 1 else (raw[:16], raw[16:])
        one = self.cipher(key, iv).decryptor()
        return one.update(raw) + one.finalize()

    def encrypt(self, key, raw):
        iv = bytes(16) if self.protocol == 1 else secrets.token_bytes(16)
        one = self.cipher(key, iv).encryptor()
        return (b"" if self.protocol == 1 else iv) + one.update(raw) + one.finalize()

    def client_pin(self, ask):
        if ask[2] == 1:
            return OK, {3: self.retries}
        if ask[2] == 2:
            n = self.agreement.public_key().public_numbers()
            return OK, {1: {1: 2, 3: -25, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}}
        key = self.shared(ask[3])
        if ask[2] == 6:
            return (OK, {2: self.encrypt(key, self.token)}) if self.finger else UV_INVALID
        if self.retries == 0:
            return PIN_BLOCKED
        if self.in_a_row == 3:
            return PIN_AUTH_BLOCKED
        self.retries -= 1
        if self.decrypt(key, ask[6]) != hashlib.sha256(self.pin.encode()).digest()[:16]:
            self.in_a_row += 1
            return PIN_BLOCKED if self.retries == 0 else PIN_AUTH_BLOCKED if self.in_a_row == 3 else PIN_INVALID
        self.retries, self.in_a_row = 8, 0
        return OK, {2: self.encrypt(key, self.token)}

    def verified(self, ask, at):
        """The flag, or None: a token that is not this key's."""
        if at not in ask:
            return 0
        mine = hmac.digest(self.token, ask[1 if at == 8 else 2], "sha256")
        return UV if hmac.compare_digest(mine[:len(ask[at])], ask[at]) else None

    def make(self, ask):
        uv = self.verified(ask, 8)
        if uv is None:
            return PIN_AUTH_INVALID
        kind = {-7: "es256", -8: "eddsa"}[ask[4][0]["alg"]]
        key = Passkey(kind, rp_id=ask[2]["id"], origin=ORIGIN)
        self.keys.append(key)
        data = hashlib.sha256(key.rp_id.encode()).digest() + \
            struct.pack(">BI", self.wrong.get("flags", UP | uv) | AT, key.next_counter()) + bytes(16) + \
            struct.pack(">H", len(key.credential)) + key.credential + cbor(key.cose)
        return OK, {1: "packed", 2: data, 3: {"alg": key.cose[3], "sig": key.raw_sign(data + ask[1])}}

    def get(self, ask):
        uv = self.verified(ask, 6)
        if uv is None:
            return PIN_AUTH_INVALID
        for key in self.keys:
            if key.rp_id == ask[1] and {"id": key.credential, "type": "public-key"} in ask[3]:
                up = UP if ask.get(5, {}).get("up", True) else 0
                counter = self.wrong.get("counter") if up else None
                counter = (key.next_counter() if up else key.counter or 0) if counter is None else counter
                data = hashlib.sha256(self.wrong.get("rp", ask[1]).encode()).digest() + \
                    struct.pack(">BI", self.wrong.get("flags", up | uv) if up else 0, counter)
                signs = self.wrong.get("signs_with", key)
                return OK, {1: {"id": key.credential, "type": "public-key"}, 2: data, 3: signs.raw_sign(data + ask[2])}
        return NO_CREDENTIALS


def never(key, sock, cid):
    """Nobody touches it: it says so until it is told to stop, and once more."""
    key.receive(sock)
    key.cancelled.set()
    key.send(sock, cid, CBOR, bytes([CANCELLED]))


def endless(key, sock, cid):
    """It goes on and on, in packets that are well formed."""
    while True:
        key.send(sock, cid, KEEPALIVE, b"\x01")


def of_another(key, sock, cid):
    """Packets of a channel that is not ours, for ever."""
    while True:
        key.send(sock, b"else", CBOR, b"\0")


def silent(key, sock, cid):
    key.receive(sock)
    key.cancelled.set()


def gone(key, sock, cid):
    sock.close()


@contextlib.contextmanager
def plugged(*keys):
    """The environment in which these are plugged in."""
    with tempfile.TemporaryDirectory(prefix="writ-key-") as folder, contextlib.ExitStack() as stack:
        paths = []
        for i, key in enumerate(keys):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            paths.append(str(pathlib.Path(folder, str(i))))
            listener.bind(paths[-1])
            listener.listen()
            threading.Thread(target=accept, args=(key, listener), daemon=True).start()
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
        yield {"WRIT_TEST_KEYS": " ".join(paths)}


def accept(key, listener):
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            with sock:
                key.serve(sock)


class Terminal:
    """Who sits before it types these, one at each question; shown is what stood on it. prefix: of a command to run there."""

    def __init__(self, *types):
        self.types, self.shown = list(types), b""
        self.master, self.slave = pty.openpty()
        self.prefix = ("sh", "-c", 'exec setsid -w -c "$@" < "$0"', os.ttyname(self.slave))
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def watch(self):
        seen = 0
        with contextlib.suppress(OSError):
            while True:
                self.shown += os.read(self.master, 4096)
                while self.types and (at := self.shown.find(ASKS, seen)) >= 0:
                    seen = at + len(ASKS)
                    self.type(self.types.pop(0))

    def type(self, text):
        os.write(self.master, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def __exit__(self, *_):
        os.close(self.slave)
        self.thread.join(10)
        os.close(self.master)

