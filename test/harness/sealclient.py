"""Speaks to writ-seal's socket as anybody could (doc/protocol.md section 2): well, badly, as any user.

Imports nothing of writ. A message is canonical JSON in one seqpacket datagram, 't' before the text,
or 'f' with the text as the first descriptor. Waits with a time limit everywhere.
SPDX-License-Identifier: Apache-2.0
"""
import array
import json
import os
import random
import socket
import time

INLINE = 60000
TIMEOUT = 30


class Gone(Exception):
    """The other end has closed the connection."""


class Refused(Exception):
    """An answer that should have been 'ok'."""

    def __init__(self, answer):
        super().__init__("{check} {error}: {why}".format(**answer))
        self.answer = answer


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def memfd(content):
    fd = os.memfd_create("gate", os.MFD_CLOEXEC)
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(TIMEOUT)
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            s.connect(str(path))
            return s
        except BlockingIOError:
            # Too many wait to be accepted.
            if time.monotonic() > end:
                s.close()
                raise
            time.sleep(0.01)
        except OSError:
            s.close()
            raise


def connect_as(path, uid):
    """A connection made by another user: the peer's credentials are those of the moment of connect."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            s = _connect(path)
            socket.send_fds(theirs, [b"+"], [s.fileno()])
            status = 0
        except OSError as e:
            theirs.send(b"-" + str(e).encode())
        finally:
            os._exit(status)
    theirs.close()
    said, fds, _, _ = socket.recv_fds(ours, 512, 1)
    ours.close()
    os.waitpid(pid, 0)
    if not fds:
        raise PermissionError("user %d cannot connect: %s" % (uid, said[1:].decode()))
    s = socket.socket(fileno=fds[0])
    s.settimeout(TIMEOUT)
    return s


class Connection:
    def __init__(self, path, uid=None):
        self.sock = connect_as(path, uid) if uid is not None and uid != os.geteuid() else _connect(path)

    def close(self):
        self.sock.close()

    def datagram(self, raw, fds=()):
        try:
            socket.send_fds(self.sock, [raw], list(fds)) if fds else self.sock.send(raw)
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Gone(str(e)) from e

    def send(self, text, fds=(), in_file=None):
        raw = text if isinstance(text, bytes) else text.encode()
        if in_file or (in_file is None and len(raw) > INLINE):
            fd = memfd(raw)
            try:
                self.datagram(b"f", [fd, *fds])
            finally:
                os.close(fd)
        else:
            self.datagram(b"t" + raw, fds)

    def receive(self):
        """(object, files): files are the contents of the descriptors beside the text."""
        room = array.array("i").itemsize * 16
        try:
            raw, control, flags, _ = self.sock.recvmsg(INLINE + 1, socket.CMSG_SPACE(room))
        except ConnectionResetError as e:
            raise Gone(str(e)) from e
        fds = array.array("i")
        for level, kind, got in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(got[:len(got) - len(got) % fds.itemsize])
        files = []
        for fd in fds:
            with os.fdopen(fd, "rb") as f:
                f.seek(0)
                files.append(f.read())
        if not raw:
            raise Gone("the seal ended the connection")
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or raw[:1] not in (b"t", b"f"):
            raise AssertionError("an answer of unknown form: %r" % raw[:40])
        text = files.pop(0) if raw[:1] == b"f" else raw[1:]
        answer = json.loads(text)
        if canonical(answer).encode() != text:
            raise AssertionError("an answer that is not canonical")
        return answer, files

    def ask(self, asked, fds=(), in_file=None):
        self.send(canonical(asked), fds, in_file)
        return self.receive()


def number():
    return random.getrandbits(52)


def request(name, **fields):
    return {"version": 1, "request": name, "number": number(), **fields}
