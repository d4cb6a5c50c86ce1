#!/usr/bin/python3
"""make bench-web: what the desk takes for a page, an upload and a download, beside nginx and beside Express with
PostgreSQL. Same table, same way of measuring and same rules as bench.py (its text says them).

Each has one process, wrk one thread and 32 connections that are kept alive; wrk and all servers share this machine.
The desk speaks TLS 1.3 and nothing else, so nginx (the limit) does, too; Express (the peer: a page of one order, by
expressapp.js of shared/bench, PostgreSQL with prepared statements behind it) speaks plain HTTP, as its script does, and
in a row of its own TLS 1.3, as the desk does.
The page of the desk is the whole one, of an order with nine acts, asked for with the cookie of a person who has
signed in; the session is checked at each request. "5,000 orders" asks for any of so many, as the peer's does; each is a minute old and was asked for once before, by the same person.
The queue has 10,000 open orders; the duty pages are those of an order among nine. nginx takes an upload into a file
and does not hash it; the desk's server hashes it, too.

PostgreSQL, nginx, node and wrk run on loopback and in folders of their own, PostgreSQL not as root; what npm installs
lies in the build folder. BENCH_ROUNDS: samples of each (7). webbench.py [NAME...]: only the groups whose name begins
so: page peer queue duty body. SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import http.client
import os
import pathlib
import pwd
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import bench  # noqa: E402
from harness import desk, homes, life, tools, web  # noqa: E402

PLACE = tools.build() / "bench-web"
ORDERS, OPEN, NINE = 5000, 10000, 9
WRK_SECONDS, CONNECTIONS = 1, 32
QUEUE_ASKED, DUTY_ASKED = 100, 60
BODY = 100 * 1000 * 1000
MINUTE = 61                 # in its first one the page of an order tells seconds
PEER_PACKAGES = ("express@4", "pg@8")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def await_port(port, process):
    def open_():
        assert process.poll() is None, f"{process.args[0]} ended: {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
    web.wait(open_, f"port {port}")


def ended(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


class Wrk:
    """Requests a second; every answer must be a 200."""

    def __init__(self, url, headers=(), paths=()):
        self.argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{WRK_SECONDS}s"]
        if paths:
            script = PLACE / f"paths-{len(paths)}-{paths[0].strip('/').replace('/', '-')}.lua"
            script.write_text("local paths = {\n" + "".join(f'"{p}",\n' for p in paths) + "}\nmath.randomseed(7)\n"
                              "request = function() return wrk.format('GET', paths[math.random(#paths)]) end\n")
            self.argv += ["-s", str(script)]
        for header in headers:
            self.argv += ["-H", header]
        self.argv.append(url)

    def __call__(self):
        said = subprocess.run(self.argv, capture_output=True, text=True, check=True).stdout
        assert "Non-2xx" not in said and "Socket errors" not in said, said
        return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


# ---- the others ----

class Nginx:
    """One worker; TLS 1.3 with a key of the same kind as the desk's."""

    def __init__(self, page):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="writ-nginx-"))
        self.folder.chmod(0o755)
        self.port, plain = free_port(), free_port()
        bench.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                  self.folder / "key.pem", "-out", self.folder / "certificate.pem", "-subj", "/CN=localhost", "-days", "9",
                  "-addext", "subjectAltName=DNS:localhost")
        (self.folder / "page.html").write_bytes(page)
        bench.run("dd", "if=/dev/urandom", f"of={self.folder}/body", "bs=1000000", f"count={BODY // 1000000}", "status=none")
        temps = "".join(f"{name}_temp_path {self.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        user = "user root;" if os.getuid() == 0 else ""
        config.write_text(f"""
{user} worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/errors; daemon off; events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; open_file_cache max=10; keepalive_requests 100000000; {temps}
  server {{ listen 127.0.0.1:{plain}; location / {{ return 200 "ok"; }} }}
  server {{ listen 127.0.0.1:{self.port} ssl; ssl_protocols TLSv1.3; ssl_certificate {self.folder}/certificate.pem;
    ssl_certificate_key {self.folder}/key.pem; root {self.folder};
    location = /200 {{ return 200 "ok"; }}
    location = /upload {{ client_max_body_size 0; client_body_in_file_only clean; proxy_pass_request_body off;
      proxy_set_header Content-Length ""; proxy_pass http://127.0.0.1:{plain}/; }} }} }}
""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-e", str(self.folder / "errors")])
        await_port(self.port, self.process)

    def url(self, path):
        return f"https://localhost:{self.port}{path}"

    def close(self):
        ended(self.process)
        shutil.rmtree(self.folder)


OVER_TLS = """const fs = require('fs'), https = require('https'), of = process.env.TLS_FOLDER;
require('http').createServer = app => https.createServer({ minVersion: 'TLSv1.3',
  key: fs.readFileSync(of + '/key.pem'), cert: fs.readFileSync(of + '/certificate.pem') }, app);
"""


class Express:
    """expressapp.js as it is, over a table of so many orders; and the same over TLS with that folder's key."""

    def __init__(self, tls_folder):
        app = tools.shared("bench", "expressapp.js")
        if not (PLACE / "node_modules" / "express").exists():
            bench.run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", PLACE, *PEER_PACKAGES)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="writ-pg-"))
        self.as_ = []
        if os.getuid() == 0:    # which PostgreSQL does not run as
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.as_ = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.ask("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "postgres")
        self.pg = subprocess.Popen([*self.as_, str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder),
                                    "-c", "listen_addresses=", "-c", "shared_buffers=1GB"], stderr=subprocess.DEVNULL, cwd=self.folder)
        web.wait(lambda: (self.folder / ".s.PGSQL.5432").exists(), "PostgreSQL")
        web.wait(lambda: subprocess.run(["psql", *self.where(), "-c", "select 1"], capture_output=True, check=False).returncode == 0, "PostgreSQL")
        bench.run("psql", *self.where(), "-c", "create table ord(id bigserial primary key, ref text unique, agency int, state int, "
                  "received timestamptz default now(), due timestamptz, body text)", "-c",
                  "insert into ord(ref,agency,state,due,body) select gen_random_uuid()::text, n % 900, n % 7, now() + interval '30 min', "
                  f"repeat('x',700) from generate_series(1,{ORDERS}) n", "-c", "vacuum analyze ord")
        over_tls = PLACE / "over-tls.js"
        over_tls.write_text(OVER_TLS)
        self.plain = self.serve(app)
        self.tls = self.serve(app, "--require", over_tls, TLS_FOLDER=str(tls_folder))

    def serve(self, app, *words, **more):
        port = free_port()
        env = os.environ | {"PGHOST": str(self.folder), "PGUSER": "postgres", "PGDATABASE": "postgres", "PORT": str(port),
                            "NODE_ENV": "production", "NODE_PATH": str(PLACE / "node_modules")} | more
        node = subprocess.Popen(["node", *words, str(app)], env=env)
        await_port(port, node)
        return node, port

    def where(self):
        return ["-qAt", "-h", str(self.folder), "-U", "postgres", "postgres"]

    def ask(self, program, *words):
        bench.run(*self.as_, self.bin / program, *words, cwd=self.folder)

    def wrk(self, tls):
        origin = f"https://localhost:{self.tls[1]}" if tls else f"http://127.0.0.1:{self.plain[1]}"
        return Wrk(origin, paths=[f"/o/{n}" for n in range(1, ORDERS + 1)])

    def close(self):
        for node, _ in (self.plain, self.tls):
            ended(node)
        ended(self.pg)
        shutil.rmtree(self.folder)


# ---- the desk ----

class Desk:
    """A home in memory with so many open orders, each with the acts of one that waits for its approvals; a person
    has signed in at its desk."""

    def __init__(self, orders, who="Ana"):
        self.town = life.Town()
        self.home = self.town.home("decided")
        self.home.collect()
        self.home.withhold()
        self.home.ok("judge", self.home.ref, as_="Ana")
        self.home.invent()
        if orders > 1:
            homes.act_tool(self.home, "Ana", "orders", self.home.ref, orders - 1)
        self.made = time.monotonic()
        self.server = web.serve(self.home)
        self.person = desk.Person(self.server)
        assert self.person.demo(who).status == 303
        self.headers = self.person.headers()

    def page(self, ref=None):
        got = self.person.get(f"/order/{ref or self.home.ref}")
        assert got.status == 200, got.text
        return got

    def refs(self):
        return sorted({row[0] for row in self.home.acts_in_all()} - {"HOME"})

    def wrk(self, refs):
        return Wrk(self.server.origin, self.headers, [f"/order/{ref}" for ref in refs])

    def times_ms(self, paths, count):
        """Of requests one after the other on one connection."""
        port, took = self.server.port, []
        lines = dict(h.split(": ", 1) for h in self.headers)
        with contextlib.closing(http.client.HTTPSConnection("localhost", port, context=self.server.context)) as c:
            for n in range(count + len(paths)):
                began = time.monotonic()
                c.request("GET", paths[n % len(paths)], headers=lines)
                got = c.getresponse()
                body = got.read()
                if n >= len(paths):     # the first of each makes the machine ready
                    took.append((time.monotonic() - began) * 1000)
                assert got.status == 200, (paths[n % len(paths)], got.status, body[:500])
        return took

    def close(self):
        self.server.drop()
        self.town.close()


# ---- rows ----

def rate(table, name, limit, ours, against, goals, as_peer=False):
    done = bench.between(bench.ROUNDS, limit, ours)
    ratios = [mine / other for mine, other in done]
    table.add(name, [mine for mine, _ in done], "1/s", () if as_peer else ratios, ratios if as_peer else (), against, goals)


def pages(table):
    with contextlib.closing(Desk(ORDERS)) as d:
        page = d.page()
        print(f"the order page: {len(page.body)} bytes, {len(d.home.acts())} acts", flush=True)
        with contextlib.closing(Nginx(page.body)) as nginx:
            one, many = d.wrk([d.home.ref]), d.wrk([r for r in d.refs() if r != d.home.ref] + [d.home.ref])
            if table.wants("page"):
                rate(table, "order page, session checked", Wrk(nginx.url("/200")), one, "nginx return 200, TLS",
                     [("ratio_limit", ">=", 0.40)])
                rate(table, "order page, as long a file", Wrk(nginx.url("/page.html")), one, "nginx, a file of that length, TLS", ())
                rate(table, "health, the least answer", Wrk(nginx.url("/200")), Wrk(d.server.origin + "/health"),
                     "nginx return 200, TLS", ())
            if table.wants("peer"):
                with contextlib.closing(Express(nginx.folder)) as peer:
                    time.sleep(max(0, d.made + MINUTE - time.monotonic()))
                    d.times_ms([f"/order/{ref}" for ref in d.refs()], 0)
                    for name, tls in (("plain HTTP", False), ("TLS", True)):
                        rate(table, f"order page, any of 5,000, to {name}", peer.wrk(tls), many,
                             f"peer: Express and PostgreSQL, {name}", [("ratio_peer", ">=", 8)], True)


def queue(table):
    with contextlib.closing(Desk(OPEN)) as d:
        took = d.times_ms(["/desk"], QUEUE_ASKED)
        table.add("queue of 10,000 open orders", took, "ms", goals=[("value", "<=", 150)])
        table.add("queue of 10,000 open orders, p99", [p99(took)], "ms", goals=[("value", "<=", 150)])


def duty(table):
    with contextlib.closing(Desk(NINE, "Ben")) as d:
        order = f"/order/{d.home.ref}"
        took = d.times_ms(["/desk", order, f"{order}/approve", f"{order}/notice", f"{order}/secrecy", f"{order}/authenticate", "/intake", "/"],
                          8 * DUTY_ASKED)
        table.add("a page of the duty desk", took, "ms")
        table.add("a page of the duty desk, p99", [p99(took)], "ms", goals=[("value", "<=", 50)])


def body(table):
    """curl sends and takes; seconds of each."""
    with contextlib.closing(Nginx(b"")) as nginx, tempfile.TemporaryDirectory(dir=PLACE) as folder:
        folder = pathlib.Path(folder)
        with web.tool(folder) as mine:
            shutil.copy(nginx.folder / "body", folder / "blob" / "file")
            def curl(*words):
                return bench.run("curl", "-sfk", "-o", "/dev/null", "-H", "Expect:", *words)[0]
            up = ("-H", f"Origin: {mine.origin}", "-F", f"paper=@{nginx.folder}/body")
            for name, theirs, ours, against in (
                    ("100 MB up, hashed", lambda: curl(*up, nginx.url("/upload")), lambda: curl(*up, f"{mine.origin}/upload"),
                     "nginx, into a file, TLS"),
                    ("100 MB down", lambda: curl(nginx.url("/body")), lambda: curl(f"{mine.origin}/file/file"), "nginx, TLS")):
                done = bench.between(bench.ROUNDS, theirs, ours)
                table.add(name, [BODY / own / 1e6 for own, _ in done], "MB/s", [other / own for own, other in done], (), against)


def main():
    if not tools.shared("bench", "expressapp.js"):
        sys.exit("SKIPPED: the peer is not here (WRIT_SHARED)")
    PLACE.mkdir(parents=True, exist_ok=True)
    life.COMMAND_SECONDS = bench.COMMAND_SECONDS
    print(f"{bench.ROUNDS} rounds, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    table = bench.Table(sys.argv[1:], "web")
    for groups, run in ((("page", "peer"), pages), (("queue",), queue), (("duty",), duty), (("body",), body)):
        if any(table.wants(group) for group in groups):
            run(table)
    table.write()
    return table.end()


if __name__ == "__main__":
    sys.exit(main())
