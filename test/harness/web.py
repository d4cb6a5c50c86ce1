"""A running 'writ serve' for tests, and HTTP by hand over TLS: raw bytes, so that nothing is made right on
the way. Waits for states, never for durations; ports are the kernel's.
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from harness import life, tools

SECONDS = 60        # nothing that a test waits for may take so long
END = b"\r\n\r\n"


class Answer:
    """Status, headers (lower-case names, a list of all) and body of one answer."""

    def __init__(self, head, body, whole):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/1.1 ") else 0
        self.all = [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line]
        self.headers = {name.lower(): value for name, value in self.all}
        self.body, self.whole = body, whole

    @property
    def text(self):
        return self.body.decode()


class Talk:
    """One TLS connection."""

    def __init__(self, server, source=None, context=None, session=None, family=socket.AF_INET):
        self.raw = socket.socket(family)
        self.raw.settimeout(SECONDS)
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)      # as every browser does
        if source:
            self.raw.bind((source, 0))
        self.raw.connect(("127.0.0.1", server.port))
        self.tls = (context or server.context).wrap_socket(self.raw, server_hostname="localhost", session=session)
        self.rest = b""

    def send(self, data):
        self.tls.sendall(data)

    def more(self):
        """Bytes, or b"" when the other side has closed, however it did."""
        try:
            return self.tls.recv(65536)
        except (ConnectionError, ssl.SSLError, OSError) as e:
            if isinstance(e, TimeoutError):
                raise
            return b""

    def answer(self, head_only=False):
        """The next answer; None where the connection ends without one."""
        data = self.rest
        while END not in data:
            got = self.more()
            if not got:
                return None
            data += got
        head, _, body = data.partition(END)
        found = re.search(rb"\r\ncontent-length: (\d+)", head, re.I)
        length = 0 if head_only or not found else int(found[1])
        while len(body) < length:
            got = self.more()
            if not got:
                break
            body += got
        self.rest = body[length:]
        return Answer(head, body[:length], len(body) >= length)

    def closed(self):
        """Nothing more comes: the server ends the connection."""
        return self.rest == b"" and self.more() == b""

    def close(self):
        self.tls.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


class Server:
    """A process that serves; its access log and exit status can be looked at."""

    def __init__(self, argv, folder, env=None):
        self.folder, self.log = pathlib.Path(folder), pathlib.Path(tempfile.mkdtemp(prefix="writ-web-"))
        self.errors = open(self.log / "err", "wb")
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=env, start_new_session=True)
        line = self.process.stdout.readline().decode()
        found = re.match(r"https://localhost:(\d+)/\n", line)
        if not found:
            self.stop()
            raise AssertionError(f"no address: {line!r} {self.said()}")
        self.port = int(found[1])
        self.host = f"localhost:{self.port}"
        self.origin = f"https://{self.host}"
        self.context = self.trust()

    def trust(self, **more):
        context = ssl.create_default_context(cafile=str(self.folder / "tls" / "certificate.pem"))
        for name, value in more.items():
            setattr(context, name, value)
        return context

    def said(self):
        return (self.log / "err").read_text(errors="replace")

    def lines(self):
        """The access log as far as it is written."""
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def await_line(self, **want):
        return wait(lambda: next((line for line in self.lines() if all(line[k] == v for k, v in want.items())), None),
                    f"a line of the log with {want}")

    def talk(self, **more):
        return Talk(self, **more)

    def head(self, method, path, *headers, host=None):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or self.host}", *headers]
        return "\r\n".join(lines).encode() + END

    def ask(self, data, **more):
        """The answer to raw bytes on a connection of its own."""
        with self.talk(**more) as t:
            t.send(data)
            return t.answer()

    def get(self, path, *headers, **more):
        return self.ask(self.head("GET", path, *headers), **more)

    def post(self, path, body, *headers, kind="application/x-www-form-urlencoded"):
        head = self.head("POST", path, f"Origin: {self.origin}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers)
        return self.ask(head + body)

    def workers(self):
        """Pids of the processes that serve."""
        mine = self.process.pid
        found = []
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and int(pathlib.Path("/proc", name, "stat").read_text().rsplit(")", 1)[1].split()[1]) == mine:
                    if b"\0worker\0" in pathlib.Path("/proc", name, "cmdline").read_bytes():
                        found.append(int(name))
        return sorted(found)

    def metrics(self):
        rows = [line.rsplit(" ", 1) for line in self.get("/metrics").text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in rows}

    def stop(self, how=signal.SIGTERM):
        """Exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(SECONDS)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.errors.close()

    def drop(self):
        self.stop()
        shutil.rmtree(self.log, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.drop()


def serve(home, *options, processes=1):
    """'writ serve' of a life.Home."""
    program = life.folder_of_programs(home.hooks) / "writ"
    return Server([program, "serve", "--home", home.dir, "--listen", "127.0.0.1:0", "--processes", processes, *options],
                  home.dir, home.env())


def tool(folder, *options):
    """The serving process alone, with pages that tell what they were given (test/harness/webtool.c)."""
    program = tools.program("webtool")
    assert program, f"webtool is not built in {tools.build()}"
    return Server([program, folder, *options], folder)


def wait(until, what):
    """The first truth of until()."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        got = until()
        if got:
            return got
        select.select([], [], [], 0.02)
    raise AssertionError(f"waited in vain for {what}")


def resident_kb(pid):
    """(now, most) in kB."""
    text = pathlib.Path("/proc", str(pid), "status").read_text()
    return tuple(int(re.search(rf"{name}:\s+(\d+)", text)[1]) for name in ("VmRSS", "VmHWM"))
