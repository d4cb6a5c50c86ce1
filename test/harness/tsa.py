"""A timestamp authority for tests: its certificates, an HTTP or HTTPS server on loopback behind which
'openssl ts' answers, and answers written by hand for everything that 'openssl ts' would not say.
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import datetime as dt
import hashlib
import http.server
import os
import pathlib
import secrets
import ssl
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

UTC = dt.timezone.utc


# ---- DER by hand ----

def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    head = bytes([n]) if n < 128 else bytes([0x80 + len(b := n.to_bytes((n.bit_length() + 7) // 8, "big"))]) + b
    return bytes([tag]) + head + body


def num(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(text):
    a, b, *rest = map(int, text.split("."))
    out = bytes([a * 40 + b])
    for n in rest:
        part = bytes([n & 127])
        while n := n >> 7:
            part = bytes([128 | n & 127]) + part
        out += part
    return der(6, out)


def seq(*parts):
    return der(0x30, *parts)


SHA256, TST, SIGNED = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.7.2"


def read(b):
    """(tag, content, rest)"""
    n, at = b[1], 2
    if n & 128:
        at = 2 + (n & 127)
        n = int.from_bytes(b[2:at], "big")
    return b[0], b[at:at + n], b[at + n:]


def query_parts(query):
    """(imprint, nonce) of a query as writ makes it."""
    body = read(query)[1]
    _, _, body = read(body)
    _, imprint, body = read(body)
    nonce = read(body)[1]
    return read(read(imprint)[2])[1], int.from_bytes(nonce, "big")


def stamp(imprint, key, certificate, nonce=None, when=None, kind=TST, extra=(), unsigned=b""):
    """A TimeStampResp in the one form in which writ keeps it, unless extra certificates are asked for."""
    when = when or dt.datetime.now(UTC)
    info = seq(num(1), oid("1.2.3.4.1"), seq(seq(oid(SHA256), b"\5\0"), der(4, imprint)), num(secrets.randbits(60)),
               der(0x18, when.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()), *([num(nonce)] if nonce else []))
    whole = certificate.public_bytes(serialization.Encoding.DER)
    sid = seq(certificate.issuer.public_bytes(), num(certificate.serial_number))
    ess = seq(seq(seq(der(4, hashlib.sha256(whole).digest()))))
    attributes = sorted([
        seq(oid("1.2.840.113549.1.9.3"), der(0x31, oid(kind))),
        seq(oid("1.2.840.113549.1.9.4"), der(0x31, der(4, hashlib.sha256(info).digest()))),
        seq(oid("1.2.840.113549.1.9.16.2.47"), der(0x31, ess))])
    signed = der(0x31, *attributes)
    if isinstance(key, rsa.RSAPrivateKey):
        scheme, signature = seq(oid("1.2.840.113549.1.1.1"), b"\5\0"), key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        scheme, signature = seq(oid("1.2.840.10045.4.3.2")), key.sign(signed, ec.ECDSA(hashes.SHA256()))
    signer = seq(num(1), sid, seq(oid(SHA256)), b"\xa0" + signed[1:], scheme, der(4, signature), unsigned)
    token = seq(oid(SIGNED), der(0xa0, seq(
        num(3), der(0x31, seq(oid(SHA256))), seq(oid(TST), der(0xa0, der(4, info))),
        der(0xa0, whole, *(c.public_bytes(serialization.Encoding.DER) for c in extra)), der(0x31, signer))))
    return seq(seq(num(0)), token)


def rejection(status=2, text="no"):
    return seq(seq(num(status), seq(der(0x0c, text.encode()))))


# ---- certificates ----

def certificate(key, subject, issuer=None, issuer_key=None, usages=(ExtendedKeyUsageOID.TIME_STAMPING,), critical=True,
                begin=None, days=30, names=()):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    begin = begin or dt.datetime.now(UTC) - dt.timedelta(minutes=5)
    b = x509.CertificateBuilder().subject_name(name).issuer_name(issuer.subject if issuer else name) \
        .public_key(key.public_key()).serial_number(x509.random_serial_number()) \
        .not_valid_before(begin).not_valid_after(begin + dt.timedelta(days=days)) \
        .add_extension(x509.BasicConstraints(ca=issuer is None and not usages, path_length=None), critical=True)
    if usages:
        b = b.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=critical)
    if names:
        b = b.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    return b.sign(issuer_key or key, hashes.SHA256())


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def fingerprint(cert):
    return cert.fingerprint(hashes.SHA256()).hex()


CONFIG = """[tsa]
default_tsa = t
[t]
serial = {dir}/serial
signer_cert = {dir}/tsa.pem
signer_key = {dir}/tsa.key
certs = {dir}/ca.pem
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
signer_digest = sha256
ess_cert_id_alg = sha256
"""


class Tsa:
    """One authority. answer: a function of the handler and the query that sends; None for 'openssl ts'."""

    def __init__(self, folder, tls=False, tls_names=("localhost",)):
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.asked, self.answer, self.closing = 0, None, False
        self.ca_key, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.ca = certificate(self.ca_key, "Test CA", usages=())
        self.certificate = self.issue(self.key)
        (self.dir / "serial").write_text("01\n")
        for name, thing in (("ca.pem", self.ca), ("tsa.pem", self.certificate), ("tsa.key", self.key)):
            (self.dir / name).write_bytes(pem(thing))
        (self.dir / "ts.cnf").write_text(CONFIG.format(dir=self.dir))
        self.tls = tls
        self.port = 0
        self.start(tls_names)

    def issue(self, key, **more):
        return certificate(key, "Test TSA", self.ca, self.ca_key, **more)

    # ---- the server ----

    def start(self, tls_names=("localhost",)):
        tsa = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                query = self.rfile.read(int(self.headers["Content-Length"]))
                tsa.asked += 1
                tsa.query, tsa.headers = query, self.headers
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    (tsa.answer or good)(self, query)

            def log_message(self, *words):
                pass

        def good(handler, query):
            send(handler, tsa.reply(query))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        if self.tls:
            key = ec.generate_private_key(ec.SECP256R1())
            cert = certificate(key, "tls", self.ca, self.ca_key, usages=(ExtendedKeyUsageOID.SERVER_AUTH,), critical=False,
                               names=[x509.DNSName(n) for n in tls_names])
            (self.dir / "tls.pem").write_bytes(pem(cert) + pem(key))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.dir / "tls.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.closing = True
        self.server.shutdown()
        self.server.server_close()

    def reply(self, query):
        path = self.dir / f"{threading.get_ident()}.tsq"
        path.write_bytes(query)
        return subprocess.run(["openssl", "ts", "-reply", "-config", self.dir / "ts.cnf", "-queryfile", path],
                              check=True, capture_output=True).stdout

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}/tsr"

    def yaml(self, certificates=None, url=None, timeout=None, more=""):
        text = f'addresses_version: 1\naddresses:\n  - name: timestamp\n    url: "{url or self.url}"\n'
        text += f"    ca: {self.dir}/ca.pem\n" if self.tls else ""
        text += f"    timeout_seconds: {timeout}\n" if timeout else ""
        text += more + "    certificates:\n"
        return text + "".join(f"      - {c}\n" for c in certificates or [fingerprint(self.certificate)])


def send(handler, body, status=200, headers=()):
    handler.send_response(status)
    handler.send_header("Content-Type", "application/timestamp-reply")
    handler.send_header("Content-Length", str(len(body)))
    for k, v in headers:
        handler.send_header(k, v)
    handler.end_headers()
    handler.wfile.write(body)


# ---- what an authority must not answer: name -> (function of the Tsa that gives an answer function) ----

def with_bytes(make):
    return lambda tsa: lambda handler, query: send(handler, make(tsa, query))


def stamped(tsa, query, imprint=None, nonce=None, key=None, cert=None, **more):
    asked, number = query_parts(query)
    return stamp(imprint or asked, key or tsa.key, cert or tsa.certificate, nonce or number, **more)


def odd(tsa, query, **issue):
    """A good timestamp by the authority's key under another certificate for it, which is then trusted, too."""
    cert = tsa.odd = getattr(tsa, "odd", None) or tsa.issue(tsa.key, **issue)
    return stamped(tsa, query, cert=cert)


def drip(tsa):
    def run(handler, query):
        handler.send_response(200)
        handler.send_header("Content-Length", "4000")
        handler.end_headers()
        for _ in range(4000):
            if tsa.closing:
                return
            handler.wfile.write(b"0")
            handler.wfile.flush()
            time.sleep(0.2)
    return run


def silence(tsa):
    def run(handler, query):
        while not tsa.closing:
            time.sleep(0.05)
    return run


def many_headers(tsa):
    def run(handler, query):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"b" * 1000 + b"\r\n")
        for _ in range(2000):
            handler.wfile.write(b"X-A: " + b"b" * 1000 + b"\r\n")
    return run


def endless(tsa):
    def run(handler, query):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        for _ in range(1 << 16):
            handler.wfile.write(os.urandom(1 << 12))
    return run


WRONG = {
    "rejected": with_bytes(lambda tsa, q: rejection(2, "not today")),
    "granted with other terms": with_bytes(lambda tsa, q: seq(seq(num(1)), token_of(stamped(tsa, q)))),
    "granted without a timestamp": with_bytes(lambda tsa, q: seq(seq(num(0)))),
    "wrong imprint": with_bytes(lambda tsa, q: stamped(tsa, q, imprint=bytes(32))),
    "wrong nonce": with_bytes(lambda tsa, q: stamped(tsa, q, nonce=4711)),
    "no nonce": with_bytes(lambda tsa, q: stamp(query_parts(q)[0], tsa.key, tsa.certificate)),
    "other key": with_bytes(lambda tsa, q: stamped(tsa, q, key=ec.generate_private_key(ec.SECP256R1()))),
    "no timestamp's content": with_bytes(lambda tsa, q: stamped(tsa, q, kind="1.2.840.113549.1.7.1")),
    "certificate without usage": with_bytes(lambda tsa, q: odd(tsa, q, usages=())),
    "usage not critical": with_bytes(lambda tsa, q: odd(tsa, q, critical=False)),
    "two usages": with_bytes(lambda tsa, q: odd(tsa, q, usages=(ExtendedKeyUsageOID.TIME_STAMPING,
                                                               ExtendedKeyUsageOID.CODE_SIGNING))),
    "expired certificate": with_bytes(lambda tsa, q: odd(tsa, q, begin=dt.datetime(2020, 1, 1, tzinfo=UTC))),
    "long ago": with_bytes(lambda tsa, q: stamped(tsa, q, when=dt.datetime.now(UTC) - dt.timedelta(minutes=3))),
    "in the future": with_bytes(lambda tsa, q: stamped(tsa, q, when=dt.datetime.now(UTC) + dt.timedelta(minutes=3))),
    "garbage": with_bytes(lambda tsa, q: bytes(range(256)) * 8),
    "nothing": with_bytes(lambda tsa, q: b""),
    "cut": with_bytes(lambda tsa, q: tsa.reply(q)[:-1]),
    "lengthened": with_bytes(lambda tsa, q: tsa.reply(q) + b"\0"),
    "ten megabytes": with_bytes(lambda tsa, q: tsa.reply(q) + bytes(10 << 20)),
    "endless": endless,
    "endless headers": many_headers,
    "http error": lambda tsa: lambda handler, q: send(handler, tsa.reply(q), 503),
    "redirect": lambda tsa: lambda handler, q: send(handler, b"", 307, [("Location", tsa.url + "/other")]),
    "redirect to a file": lambda tsa: lambda handler, q: send(handler, b"", 302, [("Location", "file:///etc/passwd")]),
    "not http": lambda tsa: lambda handler, q: handler.wfile.write(tsa.reply(q)),
    "cut connection": lambda tsa: lambda handler, q: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
    "slow drip": drip,
    "silence": silence,
}


def token_of(tsr):
    return read(read(tsr)[1])[2]
