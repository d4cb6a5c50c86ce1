"""The serving process under many clients, slow ones, and one that sends three gigabytes: it goes on, and its
memory stays flat. Part of make web, not of make test.  SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import hashlib
import os
import resource
import shutil
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import web  # noqa: E402

LONG = True

MIB = 1 << 20
IDLE = 10000
SLOW = 1000
BIG = 3 << 30
KB_EACH = 50        # of one idle connection: what the library and TLS keep
KB_MOST = 40 * 1024


@pytest.fixture(autouse=True)
def files():
    """As many as we may open; the server does the same."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < IDLE + 1000:
        pytest.skip(f"SKIPPED: only {before[1]} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def source(i):
    return f"127.0.1.{1 + i % 40}"


def await_open(server, count):
    """The server itself has no page for this: its sockets are counted where the kernel lists them."""
    want = f":{server.port:04X}"

    def now():
        rows = [line.split() for line in open("/proc/net/tcp") if want in line]
        return sum(1 for row in rows if row[1].endswith(want) and row[3] == "01") >= count
    web.wait(now, f"{count} connections")


def test_ten_thousand_idle_connections(tmp_path, record_testsuite_property):
    with web.tool(tmp_path) as s:
        assert s.get("/").status == 200
        before, _ = web.resident_kb(s.process.pid)
        held, session = [], None
        for i in range(IDLE):
            t = s.talk(source=source(i), session=session)
            held.append(t)
            if session is None:
                t.send(s.head("GET", "/"))
                assert t.answer().status == 200
                session = t.tls.session
        await_open(s, IDLE)
        for t in held[::1000]:
            t.send(s.head("GET", "/"))
            assert t.answer().status == 200
        began = time.monotonic()
        for _ in range(20):
            assert s.get("/", source="127.0.2.1").status == 200
        record_testsuite_property("new connection and answer beside 10,000 idle ones, ms", round((time.monotonic() - began) * 50, 1))
        after, _ = web.resident_kb(s.process.pid)
        each = (after - before) / IDLE
        record_testsuite_property("memory of one idle TLS connection, kB", round(each, 1))
        assert each < KB_EACH
        for t in held:
            t.close()
        assert s.get("/").status == 200
        assert s.stop() == 0


def test_a_thousand_slow_clients(tmp_path):
    """Heads and bodies that come a byte at a time, all at once: others are served as if they were not there."""
    with web.tool(tmp_path) as s:
        def whole(i):
            if i % 2:
                return s.head("GET", "/", f"X-Slow: {i}")
            return s.head("POST", "/form", f"Origin: {s.origin}", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 40") + b"a=" + b"b" * 38
        slow = [(s.talk(source=source(i)), whole(i)) for i in range(SLOW)]
        sent = [len(data) - 40 for _, data in slow]
        for (t, data), n in zip(slow, sent):
            t.send(data[:n])
        for step in range(40):
            for i, (t, data) in enumerate(slow):
                t.send(data[sent[i] + step:sent[i] + step + 1])
            assert s.get("/", source="127.0.2.1").status == 200
        for t, _ in slow:
            assert t.answer().status == 200
            t.close()
        assert web.resident_kb(s.process.pid)[1] < KB_EACH * SLOW + 3 * KB_MOST
        assert s.stop() == 0


def test_three_gigabytes_in_forty_megabytes(tmp_path, record_testsuite_property):
    if shutil.disk_usage(tmp_path).free < BIG + (1 << 30):
        pytest.skip("SKIPPED: there is no room for an upload of three gigabytes")
    piece, sum_ = os.urandom(MIB), hashlib.sha256()
    head = b'--b\r\nContent-Disposition: form-data; name="paper"; filename="big"\r\nContent-Type: x/y\r\n\r\n'
    with web.tool(tmp_path) as s, s.talk() as t:
        t.send(s.head("POST", "/upload", f"Origin: {s.origin}", "Content-Type: multipart/form-data; boundary=b",
                      f"Content-Length: {len(head) + BIG + len('--b--') + 4}") + head)
        began = time.monotonic()
        for _ in range(BIG // MIB):
            t.send(piece)
            sum_.update(piece)
        t.send(b"\r\n--b--\r\n")
        got = t.answer()
        took = time.monotonic() - began
        assert got.status == 200 and sum_.hexdigest() in got.text and str(BIG) in got.text
        most = web.resident_kb(s.process.pid)[1]
        record_testsuite_property("3 GB upload: peak memory, MB", round(most / 1024, 1))
        record_testsuite_property("3 GB upload: MB/s, the client hashes too", round(BIG / took / 1e6))
        assert most < KB_MOST
        assert list((s.folder / "blob").iterdir()) == []


def test_bodies_that_lie(tmp_path):
    """Hundreds that announce much and send little, or nothing, or something else, and go."""
    with web.tool(tmp_path) as s:
        for i in range(300):
            with s.talk(source=source(i)) as t:
                t.send(s.head("POST", "/upload", f"Origin: {s.origin}", "Content-Type: multipart/form-data; boundary=b",
                              f"Content-Length: {(i % 5) * 1000 * MIB}"))
                t.send(os.urandom(i * 100))
        assert s.get("/").status == 200
        assert web.resident_kb(s.process.pid)[1] < KB_MOST
        web.wait(lambda: not [f for f in os.listdir(f"/proc/{s.process.pid}/fd") if "blob" in link(s.process.pid, f)], "the files to be let go")


def link(pid, fd):
    try:
        return os.readlink(f"/proc/{pid}/fd/{fd}")
    except OSError:
        return ""


def test_who_sends_a_byte_now_and_then_is_cut(tmp_path):
    """The library forgives everybody who sends something within a minute; a head has 75 s altogether."""
    with web.tool(tmp_path) as s, s.talk() as head, s.talk() as idle:
        head.send(b"GET / HTTP/1.1\r\nX-Slow: ")
        began, gone = time.monotonic(), set()
        for t in (head, idle):
            t.tls.settimeout(2)
        while len(gone) < 2:
            for t in {head, idle} - gone:
                try:
                    if t.more() == b"":
                        gone.add(t)
                    elif t is head:
                        t.send(b"x")
                except TimeoutError:
                    with contextlib.suppress(OSError):
                        head.send(b"x")
            assert time.monotonic() - began < 150, "nobody is cut"
        assert s.get("/").status == 200
