"""Starting a writ-hand and talking to it, as writ does. SPDX-License-Identifier: Apache-2.0"""
import array
import fcntl
import json
import os
import socket
import subprocess
import tempfile

from harness import tools

INLINE_MAX = 60000


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def send(sock, data, fds=()):
    fds = list(fds)
    if len(data) > INLINE_MAX:
        text = os.memfd_create("message")
        os.write(text, data)
        os.lseek(text, 0, os.SEEK_SET)
        fds, data, mark = [text] + fds, b"", b"f"
    else:
        mark = b"t"
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([mark + data], control)


def receive(sock):
    """(text, descriptors), or None at the end."""
    data, control, _, _ = sock.recvmsg(INLINE_MAX + 1, socket.CMSG_SPACE(9 * 4))
    if not data:
        return None
    fds = array.array("i")
    for _, _, raw in control:
        fds.frombytes(raw[:len(raw) - len(raw) % fds.itemsize])
    fds = list(fds)
    if data[:1] == b"f":
        with os.fdopen(fds.pop(0), "rb") as text:
            text.seek(0)
            return text.read(), fds
    return data[1:], fds


class Hand:
    """One hand. status is its exit status (negative: the signal that ended it), log its stderr."""

    def __init__(self, home=None, env=None, hooks=False, before=None, program=None):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        high = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD, 100)
        argv = [str(program or tools.program("writ-hand", hooks))]
        if home:
            argv += ["--home", str(home)]

        def arrange():
            os.dup2(high, 3)
            if before:
                before()
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(argv, pass_fds=(3, high), preexec_fn=arrange, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self.stderr, env=env)
        os.close(high)
        theirs.close()
        self.sock = ours
        self.sock.settimeout(180)   # longer than the longest job, a tool that sleeps for a minute
        self.progress = []
        self.status = None

    def answer(self):
        """The final message (progress is put aside), or None if the hand ended without one."""
        while True:
            try:
                message = receive(self.sock)
            except ConnectionResetError:
                message = None
            if message is None:
                return None
            value = json.loads(message[0])
            if "progress" not in value:
                return value
            self.progress.append(value["progress"])

    def ask(self, job, fds=()):
        try:
            send(self.sock, job if isinstance(job, bytes) else canonical(job), fds)
        except BrokenPipeError:
            pass                # it has ended already; its status says how
        return self.end()

    def end(self):
        answer = self.answer()
        self.status = self.process.wait(60)
        return answer

    @property
    def log(self):
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")


def ask(job, fds=(), **how):
    """One job of one hand: (answer, hand)."""
    hand = Hand(**how)
    return hand.ask(job, fds), hand


def memory(data=b""):
    fd = os.memfd_create("file")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def content(fd):
    size = os.fstat(fd).st_size
    return os.pread(fd, size, 0)


def read(what, document, name="document.yaml", **how):
    """A read job over these bytes: (answer, result or None, hand)."""
    source, result = memory(document), memory()
    try:
        answer, hand = ask({"version": 1, "job": "read", "what": what, "name": name}, (source, result), **how)
        data = content(result)
        return answer, json.loads(data) if data and answer and answer["ok"] else None, hand
    finally:
        os.close(source)
        os.close(result)
