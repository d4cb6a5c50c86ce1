"""'writ serve': the process that looks after those that serve, on a real home.
SPDX-License-Identifier: Apache-2.0
"""
import gzip
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools, web  # noqa: E402
from harness.refusals import refused, says  # noqa: E402


NO_PAGE = says("there is no such page", of="src/web/exchange.c")


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture
def ticking(town):
    """Its log wants a tick every ten seconds."""
    with life.Town(world=town.world, ticks="10s") as made:
        yield made


@pytest.fixture(scope="module")
def home(town):
    return town.home()


@pytest.fixture(scope="module")
def server(home):
    with web.serve(home, processes=2) as made:
        yield made


def test_it_is_alive_and_counts(server):
    got = server.get("/health")
    assert (got.status, got.text) == (200, "ok\n")
    before = server.metrics()
    for _ in range(5):
        assert server.get("/health").status == 200
    refused(server.get("/nowhere"), NO_PAGE)
    server.await_line(status=404)
    after = server.metrics()
    name = 'writ_http_requests_total{route="health",status="2xx"}'
    assert after[name] - before[name] == 5
    assert after['writ_http_requests_total{route="none",status="4xx"}'] >= 1
    assert after['writ_http_request_duration_seconds_bucket{le="+Inf"}'] == after["writ_http_request_duration_seconds_count"] > 5
    assert after["writ_http_process_starts_total"] >= 2


def test_every_figure_is_named_as_operators_expect_and_in_the_manual(server):
    """Help and type for each, base units, _total for what only grows; the manual page names the same, no more and no fewer."""
    got = server.get("/metrics")
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", got.text, re.M))
    assert set(kinds) == set(re.findall(r"^# HELP (\S+) \S.*\.$", got.text, re.M)) and len(kinds) > 8
    for name, kind in kinds.items():
        assert (kind == "counter") == name.endswith("_total") and kind in ("counter", "gauge", "histogram"), name
        assert kind != "histogram" or name.endswith("_seconds")
    sampled = {re.sub(r"_(bucket|sum|count)$", "", n) if re.sub(r"_(bucket|sum|count)$", "", n) in kinds else n
               for n in re.findall(r"^([a-z_]+)[{ ]", got.text, re.M)}
    assert sampled == set(kinds)
    manual = (tools.ROOT / "man" / "writ-desk.8").read_text()
    assert set(re.findall(r"\bwrit_[a-z_]+", manual)) == set(kinds)



def test_the_command_became_the_desk(server):
    """One process from the command on, which the workers are children of (workers() asks for that)."""
    assert len(server.workers()) == 2
    for pid in (server.process.pid, *server.workers()):
        assert os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "writ-desk"


def test_the_look_is_served_to_anybody_for_ever(server):
    """Under the version that the build gave it, as gzip to whom takes that, and under no other."""
    files = (pathlib.Path(os.environ["WRIT_BUILD"]) / "src/web/look/look_files.c").read_text()
    base = "/look/" + re.search(r'look_version\[\] = "([0-9a-f]{16})"', files)[1]
    plain = server.get(base + "/desk.css")
    assert plain.status == 200 and b".queue" in plain.body and plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"] == "text/css; charset=utf-8" and "content-encoding" not in plain.headers
    packed = server.get(base + "/desk.css", "Accept-Encoding: br, gzip;q=0.5")
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) <= 20000
    assert "content-encoding" not in server.get(base + "/desk.css", "Accept-Encoding: gzip;q=0").headers
    font = server.get(base + "/inter-400.woff2", "Accept-Encoding: gzip")
    assert font.body[:4] == b"wOF2" and "content-encoding" not in font.headers
    for path in ("/look/0123456789abcdef/desk.css", base + "/style.scss"):
        refused(server.get(path), "there is no such file of the look")
    for path in (base + "/desk.css/", base, base + "/..%2fdesk.css", base + "/"):
        refused(server.get(path), NO_PAGE)


def test_numbers_are_for_this_machine_alone(server):
    """Not provable from elsewhere on this machine: the door is, in test_http and answer_test; here, that it is closed
    to a page of another name."""
    refused(server.ask(server.head("GET", "/metrics", host="evil.example")), "not the place that the request names")


def test_sessions_go_on_with_another_process(server):
    """The key of the tickets is one for all processes."""
    with server.talk() as t:
        t.send(server.head("GET", "/health"))
        assert t.answer().status == 200
        session = t.tls.session
    for _ in range(12):
        with server.talk(session=session) as t:
            t.send(server.head("GET", "/health"))
            assert t.answer().status == 200 and t.tls.session_reused


def test_a_process_that_dies_is_started_again(server):
    for _ in range(2):
        before = server.workers()
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        web.wait(lambda: len(set(server.workers()) - set(before)) == 1 and len(server.workers()) == 2, "a new process")
        for _ in range(8):
            assert server.get("/health").status == 200


def test_new_processes_take_over_without_a_refused_caller(server):
    before, held = set(server.workers()), [server.talk() for _ in range(6)]
    server.process.send_signal(signal.SIGHUP)
    while set(server.workers()) & before:
        assert server.get("/health").status == 200
    for t in held:
        assert t.closed()
    assert server.metrics()["writ_http_connections"] < 10, "what the old ones end is not the new ones' to count"
    assert len(web.wait(lambda: len(server.workers()) == 2 and server.workers(), "two processes")) == 2
    assert server.get("/health").status == 200


def test_a_certificate_that_is_none_stops_nobody(town):
    """The old ones stay until a new one serves, and what was mended is taken at the next signal."""
    home = town.home()
    with web.serve(home, processes=2) as s:
        path, before = pathlib.Path(home.dir) / "tls" / "certificate.pem", s.workers()
        good = path.read_bytes()
        path.write_bytes(b"nothing\n")
        s.process.send_signal(signal.SIGHUP)
        web.wait(lambda: s.said().count(says("a process that serves ended before it served").found[0].text) == 2, "both refusals")
        web.wait(lambda: s.workers() == before, "the end of those that could not serve")
        assert s.get("/health").status == 200
        path.write_bytes(good)
        s.process.send_signal(signal.SIGHUP)
        web.wait(lambda: len(s.workers()) == 2 and not set(s.workers()) & set(before), "new processes")
        assert s.get("/health").status == 200


def test_all_end_together(home):
    with web.serve(home, processes=3) as s:
        workers = s.workers()
        assert len(workers) == 3 and s.get("/health").status == 200
        idle = s.talk()
        assert s.stop() == 0
        assert idle.closed() and not [p for p in workers if pathlib.Path("/proc", str(p)).exists()]


def test_nobody_is_left_when_the_parent_is_killed(home):
    with web.serve(home, processes=2) as s:
        workers = s.workers()
        os.kill(s.process.pid, signal.SIGKILL)
        s.process.wait(web.SECONDS)
        web.wait(lambda: not [p for p in workers if alive(p)], "the end of the processes")


def alive(pid):
    try:
        return pathlib.Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# ---- where it does not serve ----

@pytest.mark.parametrize("where", ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "10.0.0.1:8443"))
def test_a_single_user_home_is_open_to_this_machine_alone(home, where):
    got = home.run("serve", "--listen", where)
    assert got.exit == 4 and says("open to this machine alone").stands_in(got.err)


ADDRESS, NUMBER, NAME = says("is no address and port"), says("--%s is a number from 1 to"), says("--host is a name in small letters")


@pytest.mark.parametrize("options, why", (
    (("--listen", "localhost"), ADDRESS), (("--listen", "example.org:443"), ADDRESS), (("--listen", "127.0.0.1:70000"), ADDRESS),
    (("--listen", "127.0.0.1.5:0"), ADDRESS), (("--listen", "127.0.0:0"), ADDRESS), (("--listen", "127.0.0.256:0"), ADDRESS),
    (("--processes", "0"), NUMBER), (("--processes", "33"), NUMBER), (("--processes", "x"), NUMBER), (("--connections", "0"), NUMBER),
    (("--host", "a b"), NAME), (("--host", "A.example"), NAME), (("--host", ""), says("--host is a name"))))
def test_wrong_options(home, options, why):
    got = home.run("serve", *options)
    assert got.exit == 2 and why.stands_in(got.err), got
    got = home.run("serve", "more")
    assert got.exit == 2 and "usage" in got.err.lower(), got


def test_files_and_ports_that_are_not_to_be_had(home):
    got = home.run("serve", "--client-authority", "/nonexistent")
    assert got.exit == 3 and says("there is no file %s", also="/nonexistent").stands_in(got.err)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        got = home.run("serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert got.exit == 1 and "cannot listen" in got.err and "port 0 takes any" in got.err
    got = home.run("serve", "worker")
    assert got.exit == 2 and says("too many arguments").stands_in(got.err), got


def test_a_second_server_is_not_mixed_with_the_first(home, server):
    got = home.run("serve", "--listen", f"127.0.0.1:{server.port}")
    assert got.exit == 1 and "cannot listen" in got.err


def test_a_broken_certificate(town):
    home = town.home()
    (pathlib.Path(home.dir) / "tls").mkdir()
    for name in ("key", "certificate"):
        (pathlib.Path(home.dir) / "tls" / f"{name}.pem").write_text("nothing\n")
    got = home.run("serve", "--listen", "127.0.0.1:0")
    assert got.exit == 1 and "cannot begin to serve" in got.err and "HOME/tls" in got.err


def test_json_says_where(home):
    program = life.folder_of_programs() / "writ"
    process = subprocess.Popen([program, "serve", "--home", home.dir, "--listen", "localhost:0", "--processes", "1", "--json"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=home.env(), text=True)
    try:
        line = process.stdout.readline()
        assert re.fullmatch(r'\{"address":"https://localhost:(\d+)/","json_version":1,"port":\1\}\n', line), line
    finally:
        process.terminate()
        assert process.wait(web.SECONDS) == 0
        process.stdout.close()


def test_ticks_are_closed_where_the_home_wants_them(ticking):
    """The first is due within ten seconds of the clock on the wall, so this waits for one only."""
    home = ticking.home()

    def size():
        path = pathlib.Path(home.dir) / "log" / "checkpoint"
        return int(path.read_text().splitlines()[1]) if path.exists() else 0

    before = size()
    with web.serve(home):
        web.wait(lambda: size() > before, "a tick")


def test_nothing_secret_stands_in_the_command_lines(server):
    for pid in (server.process.pid, *server.workers()):
        words = pathlib.Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
        assert not [w for w in words if re.search(rb"[0-9a-f]{32}", w)]
