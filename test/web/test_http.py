"""HTTP over TLS as a hostile or clumsy client speaks it, against the serving process alone (webtool): what
two programs could read in two ways is refused and the connection ended, bodies are refused before they are
read, files come whole and hashed or not at all.  SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import web  # noqa: E402
from harness.refusals import refused, says  # noqa: E402

MIB = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with web.tool(tmp_path_factory.mktemp("web")) as made:
        yield made


def request(server, *lines, line="GET / HTTP/1.1", host=True, body=b"", end="\r\n"):
    """A request of these lines, with our Host unless told."""
    all_lines = [line] + ([f"Host: {server.host}"] if host else []) + list(lines)
    return "".join(text + end for text in all_lines).encode("latin-1") + end.encode() + body


def turned_away(server, data, why, silent=False):
    """Refused in these words, and then the connection ends, whatever was sent behind. LIBRARY: by the library itself, before
    we are asked. silent: it may then end without a word, as the library does with a first line that it cannot read."""
    with server.talk() as t:
        t.send(data + server.head("GET", "/tell/smuggled/request"))
        got = t.answer()
        if got is None and silent and why is LIBRARY:
            return
        assert got is not None
        if why is LIBRARY:
            assert got.status in (400, 413, 431, 505), (got.status, got.body)
        else:
            refused(got, why)
        assert got.headers.get("connection", "").lower() == "close"
        # What the library answers by itself it begins twice (0.9.75); nothing else may come.
        rest = got.body + t.rest + b"".join(iter(t.more, b""))
        assert b"smuggled" not in rest and b"HTTP/1.1 2" not in rest


# ---- what could smuggle ----

LIBRARY = None
FORM, TWICE, NAME = says("lines that end in CR LF"), says("came twice"), says("the name of a header is none")
CONTROL, ADDRESS = says("a header has a control character"), says("the address is none")
CODING, LENGTH, TWO_WAYS = says("the transfer coding is unknown"), says("a body needs a Content-Length"), says("given in two ways")
METHOD, VERSION = says("nothing here but GET, HEAD and POST"), says("this is HTTP/1.1")

SMUGGLE = {
    "length and coding": (("POST", "Content-Length: 5", "Transfer-Encoding: chunked"), TWO_WAYS),
    "coding and length": (("POST", "Transfer-Encoding: chunked", "Content-Length: 5"), TWO_WAYS),
    "two lengths that differ": (("POST", "Content-Length: 5", "Content-Length: 6"), TWICE),
    "two equal lengths": (("POST", "Content-Length: 5", "Content-Length: 5"), TWICE),
    "lengths in one header": (("POST", "Content-Length: 5, 5"), LIBRARY),
    "a length with a sign": (("POST", "Content-Length: +5"), LIBRARY),
    "a length in hex": (("POST", "Content-Length: 0x5"), LIBRARY),
    "an empty length": (("POST", "Content-Length: "), LIBRARY),
    "a negative length": (("POST", "Content-Length: -1"), LIBRARY),
    "a length beyond numbers": (("POST", "Content-Length: 99999999999999999999999"), LIBRARY),
    "another coding": (("POST", "Transfer-Encoding: gzip"), CODING),
    "two codings": (("POST", "Transfer-Encoding: gzip, chunked"), CODING),
    "coding twice": (("POST", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), TWICE),
    "coding twice, one hidden": (("POST", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), TWICE),
    "coding with a mark": (("POST", "Transfer-Encoding: \x0bchunked"), CONTROL),
    "coding in quotes": (("POST", 'Transfer-Encoding: "chunked"'), CODING),
    "chunked": (("POST", "Transfer-Encoding: chunked"), LENGTH),
    "chunked in capitals": (("POST", "Transfer-Encoding: CHUNKED"), LENGTH),
    "blank before the colon of a length": (("POST", "Content-Length : 5"), NAME),
    "tab before the colon": (("POST", "Content-Length\t: 5"), NAME),
    "blank before the colon of a coding": (("POST", "Transfer-Encoding : chunked"), NAME),
    "folded line": (("GET", "X-A: b", " c"), FORM),
    "folded line with a tab": (("GET", "X-A: b", "\tc"), FORM),
    "folded length": (("POST", "Content-Length:", " 5"), FORM),
    "a line that begins with a blank": (("GET", " X-A: b"), LIBRARY),
    "a header without colon": (("GET", "X-A"), LIBRARY),
    "a header without name": (("GET", ": x"), FORM),
    "a name that is no token": (("GET", "X(A): b"), NAME),
    "a name in UTF-8": (("GET", "X-\xc3\xa9: b"), NAME),
    "NUL in a value": (("GET", "X-A: b\0c"), FORM),
    "NUL in a length": (("POST", "Content-Length: 5\0"), FORM),
    "NUL in a name": (("GET", "X\0A: b"), LIBRARY),
    "a control in a value": (("GET", "X-A: b\x01"), CONTROL),
    "CR in a value": (("GET", "X-A: b\rc"), CONTROL),
    "two cookies": (("GET", "Cookie: a=b", "Cookie: c=d"), TWICE),
    "two origins": (("POST", "Origin: https://localhost", "Origin: null"), TWICE),
    "two types": (("POST", "Content-Type: a/b", "Content-Type: c/d"), TWICE),
    "another expectation": (("GET", "Expect: the unexpected"), says("nothing but 100-continue")),
}


@pytest.mark.parametrize("what", SMUGGLE)
def test_smuggling_is_refused(server, what):
    (method, *lines), why = SMUGGLE[what]
    turned_away(server, request(server, *lines, line=f"{method} /form HTTP/1.1" if method == "POST" else "GET / HTTP/1.1",
                                body=b"a=bcd" if method == "POST" else b""), why)


LINES = {
    "bare LF everywhere": (lambda s: request(s, "X-A: b", end="\n"), FORM),
    "bare LF behind the request line": (lambda s: f"GET / HTTP/1.1\nHost: {s.host}\r\n\r\n".encode(), FORM),
    "bare LF behind Host": (lambda s: f"GET / HTTP/1.1\r\nHost: {s.host}\nX-A: b\r\n\r\n".encode(), FORM),
    "bare LF behind the last header": (lambda s: f"GET / HTTP/1.1\r\nHost: {s.host}\r\nX-A: b\n\r\n".encode(), FORM),
    "bare LF as the empty line": (lambda s: f"GET / HTTP/1.1\r\nHost: {s.host}\r\nX-A: b\r\n\n".encode(), FORM),
    "two blanks before the target": (lambda s: request(s, line="GET  / HTTP/1.1"), FORM),
    "two blanks before the version": (lambda s: request(s, line="GET /  HTTP/1.1"), LIBRARY),
    "a blank behind the version": (lambda s: request(s, line="GET / HTTP/1.1 "), LIBRARY),
    "a blank in the target": (lambda s: request(s, line="GET /a b HTTP/1.1"), LIBRARY),
    "a tab in the target": (lambda s: request(s, line="GET /a\tb HTTP/1.1"), ADDRESS),
    "no target": (lambda s: request(s, line="GET HTTP/1.1"), LIBRARY),
    "no version": (lambda s: request(s, line="GET /"), LIBRARY),
    "a fragment": (lambda s: request(s, line="GET /#x HTTP/1.1"), ADDRESS),
    "a whole address": (lambda s: request(s, line=f"GET {s.origin}/ HTTP/1.1"), ADDRESS),
    "another's address": (lambda s: request(s, line="GET https://evil.example/ HTTP/1.1"), ADDRESS),
    "a star": (lambda s: request(s, line="OPTIONS * HTTP/1.1"), ADDRESS),
    "UTF-8 in the target": (lambda s: request(s, line="GET /\xc3\xa9 HTTP/1.1"), ADDRESS),
    "CONNECT": (lambda s: request(s, line="CONNECT localhost:1 HTTP/1.1"), ADDRESS),
    "HTTP/1.0": (lambda s: request(s, line="GET / HTTP/1.0"), VERSION),
    "HTTP/2.0": (lambda s: request(s, line="GET / HTTP/2.0"), LIBRARY),
    "HTTP/0.9": (lambda s: b"GET /\r\n\r\n", LIBRARY),
    "no HTTP": (lambda s: b"SSH-2.0-OpenSSH_9.2\r\n\r\n", LIBRARY),
    "PRI": (lambda s: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", LIBRARY),
    "a method in small letters": (lambda s: request(s, line="get / HTTP/1.1"), METHOD),
    "DELETE": (lambda s: request(s, line="DELETE / HTTP/1.1"), METHOD),
    "TRACE": (lambda s: request(s, line="TRACE / HTTP/1.1"), METHOD),
}


@pytest.mark.parametrize("what", LINES)
def test_lines_of_another_form_are_refused(server, what):
    make, why = LINES[what]
    turned_away(server, make(server), why, silent=True)


def test_heads_that_are_too_long(server):
    turned_away(server, request(server, line=f"GET /{'a' * 5000} HTTP/1.1"), says("the address is too long"))
    turned_away(server, request(server, "X-A: " + "a" * 40000), LIBRARY)
    turned_away(server, request(server, *(f"X-{i}: a" for i in range(70))), says("too many headers"))
    with server.talk() as t:        # endless: the answer comes before the end that never does
        t.send(request(server)[:-2])
        got = None
        for _ in range(400):
            try:
                t.send(b"X-A: " + b"a" * 4000 + b"\r\n")
            except OSError:
                break
        got = t.answer()
        assert got is None or got.status == 431


def test_blanks_behind_a_value(server):
    """0.9 of the library leaves them to us. 1.0 cuts them itself, so what ended the line cannot be seen: refused."""
    with server.talk() as t:
        t.send(server.head("GET", "/tell/a/b", "X-Blank: spaced  "))
        got = t.answer()
    assert got.status == 200 or (got.status == 400 and "end in CR LF" in got.text), (got.status, got.text)


@pytest.mark.parametrize("at_once", (1, 7, 100000))
def test_whole_heads_pass_however_they_come(server, at_once):
    """What the guard demands of the library's memory holds for any packet and any size of a head."""
    data = server.head("GET", "/tell/a/b?c=d", *(f"X-{i}: {'v' * (i * 7)}" for i in range(50)), "X-Blank:   spaced", "X-Empty:")
    with server.talk() as t:
        for _ in range(2):
            for i in range(0, len(data), at_once):
                t.send(data[i:i + at_once])
            assert json.loads(t.answer().text)["args"] == ["a", "b"]
        t.send(data * 3)            # pipelined
        assert [t.answer().status for _ in range(3)] == [200] * 3


# ---- whose host, whose form ----

@pytest.mark.parametrize("host", ("evil.example", "localhost", "localhost:1", "127.0.0.1", "", "localhost:PORT.evil.example", "a@localhost:PORT",
                                  "localhost:PORT, evil.example"))
def test_another_host(server, host):
    turned_away(server, request(server, f"Host: {host.replace('PORT', str(server.port))}", host=False), says("not the place that the request names"))


def test_no_host_and_two(server):
    turned_away(server, request(server, host=False), LIBRARY)
    turned_away(server, request(server, f"Host: {server.host}"), TWICE)
    assert server.ask(request(server, f"host: LocalHost:{server.port}", host=False)).status == 200


def post(server, *headers, path="/form", body=b"a=b"):
    return server.head("POST", path, "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", *headers) + body


OTHERS, NOBODY = says("comes from another site"), says("nothing says from which site")


@pytest.mark.parametrize("headers, why", (
    (["Origin: https://evil.example"], OTHERS), (["Origin: null"], NOBODY), (["Origin: null", "Sec-Fetch-Site: cross-site"], OTHERS), ([], NOBODY),
    (["Sec-Fetch-Site: same-site"], OTHERS), (["Sec-Fetch-Site: none"], OTHERS), (["Sec-Fetch-Site: cross-site"], OTHERS),
    (["Origin: http://localhost:PORT"], OTHERS), (["Origin: https://localhost"], OTHERS), (["Origin: https://localhost:PORT.evil.example"], OTHERS),
    (["Origin: https://evil.example", "Sec-Fetch-Site: same-origin"], OTHERS), (["Origin: https://localhost:PORT", "Sec-Fetch-Site: cross-site"], OTHERS),
    (["Origin: "], OTHERS), (["Sec-Fetch-Site: "], OTHERS)))
def test_forms_of_other_sites(server, headers, why):
    turned_away(server, post(server, *(h.replace("PORT", str(server.port)) for h in headers)), why)


@pytest.mark.parametrize("headers", (["Origin: https://localhost:PORT"], ["Origin: null", "Sec-Fetch-Site: same-origin"],
                                     ["Sec-Fetch-Site: same-origin"], ["Origin: https://localhost:PORT", "Sec-Fetch-Site: same-origin"]))
def test_forms_of_our_own_pages(server, headers):
    got = server.ask(post(server, *(h.replace("PORT", str(server.port)) for h in headers)))
    assert got.status == 200 and json.loads(got.text)["form"] == [["a", "b"]]


# ---- addresses, fields, cookies ----

def told(server, path, *headers):
    got = server.get(path, *headers)
    assert got.status == 200, (got.status, got.text)
    return json.loads(got.text)


def test_what_a_handler_sees(server):
    seen = told(server, "/tell/W-7KQF-2M9D/%C3%A9%20%2B+?q=a%26b&q=c+d&e=&=x"[:-3], "Cookie: __Host-session=tok; other=1; bad; x=\"q\"")
    assert seen["args"] == ["W-7KQF-2M9D", "é ++"] and seen["query"] == [["q", "a&b"], ["q", "c d"], ["e", ""]]
    assert seen["cookies"] == [["__Host-session", "tok"], ["other", "1"]]
    assert seen["origin"] == server.origin and seen["tls"] and seen["client"] == ""


NO_PAGE = says("there is no such page", of="src/web/exchange.c")


@pytest.mark.parametrize("path", ("/tell/a", "/tell/a/b/c", "/tell/a/b/", "/tell//b", "//tell/a/b", "/tell/../b", "/tell/%2e%2e/b", "/tell/a%2Fb/c%",
                                  "/tell/a%2Fb/c", "/tell/a%5Cb/c", "/TELL/a/b", "/" + "a/" * 40))
def test_addresses_of_nothing(server, path):
    refused(server.get(path), NO_PAGE)


@pytest.mark.parametrize("path, why", (("/tell/%00/b", says("the address has a control character")), ("/tell/%0a/b", says("the address has a control character")),
                                       ("/tell/%ff/b", says("the address is not UTF-8")), ("/tell/%c0%af/b", says("the address is not UTF-8"))))
def test_addresses_that_cannot_be_read(server, path, why):
    refused(server.get(path), why, 404)


def test_queries_that_are_none(server):
    refused(server.get("/form"), "takes no such request", 405)
    refused(server.get("/tell/a/b?x=%zz"), "not followed by two hex digits")
    refused(server.get("/tell/a/b?x=%ff"), "a field of the form is not UTF-8")
    # The library has memory for fewer: it hangs up (0.9) or refuses (1.0).
    got = server.get("/tell/a/b?" + "a&" * 513)
    if got is not None and got.status != 431:
        refused(got, "a form has more than %u fields")


def test_a_cookie_that_comes_twice_is_none(server):
    assert told(server, "/", "Cookie: __Host-session=a; x=1; __Host-session=b")["cookies"] == [["x", "1"]]
    refused(server.get("/", "Cookie: " + "; ".join(f"c{i}=1" for i in range(20))), "more than %u cookies")


def test_a_form_with_lines_and_controls(server):
    got = server.post("/form", b"note=one%0D%0Atwo%0Dthree%00%0C&na%C3%AFve=%F0%9F%94%92&empty=")
    assert json.loads(got.text)["form"] == [["note", "one\ntwo\nthree\ufffd\ufffd"], ["naïve", "\U0001f512"], ["empty", ""]]


URLENCODED = "application/x-www-form-urlencoded"
NO_NAME, FIELDS, BYTES = says("the name of a field has"), says("a form has more than %u fields"), says("the fields of a form have more than")
NO_UTF8, NO_FORM = says("a field of the form is not UTF-8"), says("the body is no form", of="src/web/body.c")


@pytest.mark.parametrize("body, kind, why, status", (
    (b"a=%ff", URLENCODED, NO_UTF8, 400), (b"a=%", URLENCODED, says("not followed by two hex digits"), 400), (b"=b", URLENCODED, NO_NAME, 400),
    (b"a" * 65 + b"=b", URLENCODED, NO_NAME, 400), (b"a&" * 600, URLENCODED, FIELDS, 413), (b"a=" + b"b" * (2 * MIB + 1), URLENCODED, BYTES, 413),
    (b"{}", "application/json", NO_FORM, 415), (b"a=b", "text/plain", NO_FORM, 415), (b"a=b", "", NO_FORM, 415)), ids=lambda v: str(v)[:20])
def test_bodies_that_are_no_form(server, body, kind, why, status):
    refused(server.post("/form", body, kind=kind), why, status)


def test_no_body_where_none_belongs(server):
    with server.talk() as t:
        t.send(server.head("GET", "/", "Content-Length: 3") + b"abc" + server.head("GET", "/tell/next/one"))
        refused(t.answer(), "this takes at most")
        assert json.loads(t.answer().text)["args"] == ["next", "one"]       # it was read to its end and thrown away


# ---- early answers ----

NOBODY_IN = "nobody is signed in"           # webtool's own words


@pytest.mark.parametrize("path, why, status", (("/upload", says("this takes at most"), 413), ("/person", None, 403), ("/nowhere", NO_PAGE, 404),
                                               ("/file/x", says("takes no such request"), 405)))
def test_much_that_may_not_come_is_refused_before_it_comes(server, path, why, status):
    with server.talk() as t:
        length = 5 << 30 if path == "/upload" else 100 * MIB
        t.send(server.head("POST", path, f"Origin: {server.origin}", "Content-Type: multipart/form-data; boundary=b", f"Content-Length: {length}"))
        got = t.answer()
        if why:
            refused(got, why, status)
        assert got.status == status and (why or NOBODY_IN in got.text)
        assert got.headers["connection"] == "close" and t.closed()


def test_who_asks_first_is_told_before_the_body(server):
    with server.talk() as t:
        t.send(server.head("POST", "/person", f"Origin: {server.origin}", "Content-Length: 10", "Expect: 100-continue"))
        got = t.answer()
        assert got.status == 403 and NOBODY_IN in got.text and t.closed()
    with server.talk() as t:
        t.send(server.head("POST", "/form", f"Origin: {server.origin}", "Content-Length: 3", "Expect: 100-continue",
                           "Content-Type: application/x-www-form-urlencoded"))
        assert t.answer().status == 100
        t.send(b"a=b")
        assert json.loads(t.answer().text)["form"] == [["a", "b"]]


def test_little_that_may_not_come_is_read_and_answered(server):
    """A browser that still sends would else show a broken connection and not the page."""
    with server.talk() as t:
        t.send(server.head("POST", "/person", f"Origin: {server.origin}", f"Content-Length: {MIB}") + b"x" * MIB + server.head("GET", "/"))
        got = t.answer()
        assert got.status == 403 and NOBODY_IN in got.text and t.answer().status == 200


# ---- files ----

def multipart(*parts, boundary="b0undary", end=True):
    """Parts: (head lines, body)."""
    out = b"".join(b"--" + boundary.encode() + b"\r\n" + "".join(h + "\r\n" for h in head).encode() + b"\r\n" + body + b"\r\n"
                   for head, body in parts)
    return out + (b"--" + boundary.encode() + b"--\r\n" if end else b"")


def field(name, value):
    return [f'Content-Disposition: form-data; name="{name}"'], value


def file(name, filename, data, kind="application/pdf"):
    return [f'Content-Disposition: form-data; name="{name}"; filename="{filename}"', f"Content-Type: {kind}"], data


def upload(server, body, boundary="b0undary"):
    return server.post("/upload", body, kind=f"multipart/form-data; boundary={boundary}")


def test_files_come_whole_and_hashed(server):
    tricky = b"\r\n--b0undar\r\n--b0undarx\r\n--b0undary".replace(b"\r\n--b0undary", b"\r\n-") * 50 + b"\r\n--b0undar\r"
    big = os.urandom(3 * MIB)
    got = upload(server, multipart(field("note", "é\r\nx".encode()), file("paper", "Ordre é.pdf", big), file("paper", "C:\\a\\b.txt", tricky, "text/plain"),
                                   file("other", "", b""), file("other", "empty.pdf", b"")))
    seen = json.loads(got.text)
    assert seen["form"] == [["note", "é\nx"]]
    assert [(f["name"], f["bytes"], f["on_disk"], f["sha256"], f["type"]) for f in seen["files"]] == [
        ("Ordre é.pdf", len(big), len(big), hashlib.sha256(big).hexdigest(), "application/pdf"),
        ("b.txt", len(tricky), len(tricky), hashlib.sha256(tricky).hexdigest(), "text/plain"),
        ("empty.pdf", 0, 0, hashlib.sha256(b"").hexdigest(), "application/pdf")]
    assert list((server.folder / "blob").iterdir()) == []


CUT, NO_BEGIN, HEAD = says("the form was cut off"), says("does not begin with its boundary"), says("the head of a part cannot be read")
NO_FIELD, NO_DISPOSITION = says("a part of the form is no field"), says("has no Content-Disposition")

BROKEN = {
    "no body": (b"", CUT),
    "no boundary in it": (b"hello", NO_BEGIN),
    "text before the first": (b"hello\r\n" + multipart(field("a", b"b")), NO_BEGIN),
    "text behind the last": (multipart(field("a", b"b")) + b"hello", says("more behind the end of the form")),
    "no end": (multipart(field("a", b"b"), end=False), CUT),
    "cut in a file": (multipart(file("p", "a.pdf", b"x" * 1000))[:500], CUT),
    "cut in a head": (multipart(field("a", b"b"))[:30], CUT),
    "another boundary": (multipart(field("a", b"b"), boundary="other"), NO_BEGIN),
    "a boundary in a line": (b"--b0undary \r\n" + multipart(field("a", b"b")), says("a boundary does not end its line")),
    "no name": (multipart((["Content-Disposition: form-data"], b"x")), NO_FIELD),
    "an empty name": (multipart(field("", b"x")), NO_NAME),
    "a long name": (multipart(field("n" * 65, b"x")), NO_NAME),
    "no disposition": (multipart((["Content-Type: text/plain"], b"x")), NO_DISPOSITION),
    "no head": (multipart(([], b"x")), NO_DISPOSITION),
    "two dispositions": (multipart((field("a", b"")[0] + field("b", b"")[0], b"x")), says("a part of the form has two names")),
    "two names": (multipart((['Content-Disposition: form-data; name="a"; name="b"'], b"x")), says("a parameter that none has")),
    "filename*": (multipart((["Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''x"], b"x")), HEAD),
    "an attachment": (multipart((['Content-Disposition: attachment; name="a"'], b"x")), NO_FIELD),
    "no quotes": (multipart((["Content-Disposition: form-data; name=a"], b"x")), HEAD),
    "a folded head": (multipart((["Content-Disposition: form-data;", ' name="a"'], b"x")), HEAD),
    "a head without end": (b"--b0undary\r\n" + b"X: y\r\n" * 1000, says("the head of a part has more than")),
    "a name that is no UTF-8": (multipart(field("a", b"x")).replace(b'"a"', b'"\xff"'), NO_UTF8),
    "a value that is no UTF-8": (multipart(field("a", b"\xff")), NO_UTF8),
    "two types": (multipart(([*field("a", b"")[0], "Content-Type: a/b", "Content-Type: c/d"], b"x")), says("a part of the form has two types")),
    "a header without a colon": (multipart(([*field("a", b"")[0], "X"], b"x")), says("a header of a part has no colon")),
    "NUL in a head": (multipart(field("a\0b", b"x")), says("a header of a part is no line")),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_uploads(server, what):
    body, why = BROKEN[what]
    refused(upload(server, body), why)
    assert list((server.folder / "blob").iterdir()) == [] and server.get("/").status == 200


def test_more_than_a_form_may_hold(server):
    refused(upload(server, multipart(*[field(f"f{i}", b"") for i in range(513)])), FIELDS)
    refused(upload(server, multipart(*[file("p", "a", b"x") for _ in range(65)])), "a form has more than %u files")
    refused(upload(server, multipart(field("a", b"x" * (2 * MIB + 1)))), BYTES)
    refused(upload(server, multipart(file("p", "n" * 256, b"x"))), "the name of a file has more than")
    for boundary in ("", "a" * 71, "a b", 'a"', "é"):
        refused(upload(server, multipart(field("a", b"b")), boundary=boundary), "needs one boundary, and nothing else", 415)


def test_an_upload_that_ends_early_leaves_nothing(server):
    with server.talk() as t:
        t.send(server.head("POST", "/upload", f"Origin: {server.origin}", "Content-Type: multipart/form-data; boundary=b",
                           f"Content-Length: {50 * MIB}", "Expect: 100-continue"))
        assert t.answer().status == 100         # it waits for the body
        t.send(b'--b\r\nContent-Disposition: form-data; name="p"; filename="a"\r\n\r\n' + b"x" * MIB)
    line = server.await_line(route="upload", ended="cut")
    assert line["status"] == 0 and line["in"] <= MIB + 100
    assert list((server.folder / "blob").iterdir()) == []


# ---- answers ----

DATA = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def resumable(server):
    (server.folder / "blob" / "f").write_bytes(DATA)
    yield "/file/f"
    (server.folder / "blob" / "f").unlink()


RANGES = {
    "bytes=0-0": (206, 0, 1), "bytes=5-9": (206, 5, 10), "bytes=10000-": (206, 10000, None), "bytes=-5": (206, len(DATA) - 5, None),
    "bytes=0-999999": (206, 0, None), "bytes=-999999": (206, 0, None), "BYTES=1-2": (206, 1, 3),
    f"bytes={len(DATA)}-": (416, 0, 0), "bytes=999999-": (416, 0, 0), "bytes=-0": (416, 0, 0),
    "bytes=9-5": (200, 0, None), "bytes=0-1,4-5": (200, 0, None), "bytes=a-b": (200, 0, None), "bytes=": (200, 0, None), "bytes=-": (200, 0, None),
    "items=0-1": (200, 0, None), "bytes=99999999999999999999-": (200, 0, None), "bytes= 0 - 5": (200, 0, None), "bytes=--5": (200, 0, None),
}


@pytest.mark.parametrize("value", RANGES)
def test_ranges(server, resumable, value):
    status, since, until = RANGES[value]
    want = DATA[since:until]
    got = server.get(resumable, f"Range: {value}")
    assert (got.status, got.body) == (status, want), got.headers
    if status == 206:
        assert got.headers["content-range"] == f"bytes {since}-{since + len(want) - 1}/{len(DATA)}"
    if status == 416:
        assert got.headers["content-range"] == f"bytes */{len(DATA)}"


def test_going_on_only_with_the_same_file(server, resumable):
    for etag, status in (('"0123abcd"', 206), ('"other"', 200), ('W/"0123abcd"', 200), ("0123abcd", 200), ("Sun, 22 Nov 2026 10:00:00 GMT", 200)):
        got = server.get(resumable, "Range: bytes=5-", f"If-Range: {etag}")
        assert got.status == status and got.body == (DATA[5:] if status == 206 else DATA)
    for etag, status in (('"0123abcd"', 304), ('W/"0123abcd"', 304), ('"x", "0123abcd"', 304), ("*", 304), ('"x"', 200)):
        assert server.get(resumable, f"If-None-Match: {etag}").status == status


def test_a_head_has_no_body(server, resumable):
    with server.talk() as t:
        t.send(server.head("HEAD", resumable))
        got = t.answer(head_only=True)
        assert got.status == 200 and got.headers["content-length"] == str(len(DATA))
        t.send(server.head("GET", "/"))
        assert t.answer().status == 200


def test_names_of_downloads(server, resumable):
    got = server.get(resumable + "?as=W-7KQF.tar")
    assert got.headers["content-disposition"] == "attachment; filename=\"W-7KQF.tar\"; filename*=UTF-8''W-7KQF.tar"
    got = server.get(resumable + "?as=%22;%20x=%C3%A9%25/..")
    assert got.headers["content-disposition"] == "attachment; filename=\"_;_x=____..\"; filename*=UTF-8''%22%3B%20x%3D%C3%A9%25%2F.."
    assert server.get(resumable + "?as=a%0d%0aSet-Cookie:x").headers.get("set-cookie") is None


ALWAYS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
          "cross-origin-resource-policy": "same-origin", "cross-origin-embedder-policy": "require-corp"}


@pytest.mark.parametrize("path", ("/", "/nowhere", "/fail", "/nothing", "/keep", "/file/f", "/file/missing", "/person", "/tell/a/b?x=%zz", "/fail?plain"))
def test_every_answer_is_guarded(server, resumable, path):
    got = server.get(path)
    policy = dict(p.split(" ", 1) for p in got.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'" and policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in got.headers["content-security-policy"] and "camera=()" in got.headers["permissions-policy"]
    assert ALWAYS.items() <= got.headers.items() and "server" not in got.headers
    assert got.headers["cache-control"] == ("public, max-age=31536000, immutable" if path == "/keep" else "no-store")
    assert "strict-transport-security" not in got.headers, "localhost is everybody's"


def test_refusals_are_guarded_too(server):
    got = server.ask(request(server, "Host: x"))
    refused(got, TWICE)
    assert ALWAYS.items() <= got.headers.items()


def test_another_name_binds_its_browsers_to_tls(tmp_path):
    with web.tool(tmp_path, "--host", "desk.example:8443") as s:
        got = s.ask(s.head("GET", "/", host="desk.example:8443"))
        assert got.status == 200 and got.headers["strict-transport-security"] == "max-age=31536000"
        assert json.loads(got.text)["origin"] == "https://desk.example:8443"
        refused(s.ask(s.head("GET", "/", host="other.example:8443")), "not the place that the request names")


def test_failures_say_what_to_do(server):
    got = server.get("/fail")
    assert got.status == 409 and got.text == "page: STATE|this went wrong|do another thing"
    got = server.get("/fail?plain")
    assert got.status == 409 and "this went wrong" in got.text      # the page for it fails as well
    assert server.get("/nothing").status == 500
    assert server.await_line(route="nothing")["where"].endswith("http.c:" + server.await_line(route="nothing")["where"].rsplit(":", 1)[1])


def test_who_is_not_signed_in(server):
    got = server.get("/person")
    assert (got.status, got.headers["location"], got.body) == (303, "/sign-in", b"")
    assert server.get("/person", "Cookie: session=token").status == 303
    assert server.get("/person", "Cookie: __Host-session=token").status == 200


def test_a_cookie_and_where_to_go(server):
    got = server.post("/sign-in", b"next=%2Forder%2FW-7KQF")
    assert (got.status, got.headers["location"], got.headers["refresh"]) == (303, "/order/W-7KQF", "2")
    assert got.headers["set-cookie"] == "__Host-session=token; Path=/; Secure; HttpOnly; SameSite=Strict"
    for away in (b"//evil.example", b"https://evil.example", b"/%5Cevil", b"%0D%0ALocation:x", b""):
        got = server.post("/sign-in", b"next=" + away)
        refused(got, "that address is no page of this site")
        assert "location" not in got.headers


def test_what_is_kept_and_what_is_packed(server):
    got = server.get("/keep", "Accept-Encoding: br, gzip;q=0.8")
    assert got.headers["content-encoding"] == "gzip" and got.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in server.get("/keep", "Accept-Encoding: br, gzip;q=0").headers
    assert server.get("/keep", 'If-None-Match: "v1"').status == 304


# ---- TLS ----

def test_only_tls_1_3(server):
    old = server.trust(maximum_version=ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ssl.SSLError):
        server.talk(context=old)
    with server.talk() as t:
        assert t.tls.version() == "TLSv1.3"


def test_plain_http_is_nothing(server):
    with socket.create_connection(("127.0.0.1", server.port), web.SECONDS) as raw:
        raw.sendall(server.head("GET", "/"))
        assert b"HTTP/1.1" not in raw.makefile("rb").read()


def test_tickets_resume(server):
    with server.talk() as t:
        t.send(server.head("GET", "/"))
        assert t.answer().status == 200
        session = t.tls.session
        assert session.has_ticket and not t.tls.session_reused
    for _ in range(3):
        with server.talk(session=session) as t:
            t.send(server.head("GET", "/"))
            assert t.answer().status == 200 and t.tls.session_reused
            session = t.tls.session


def test_the_certificate_is_kept_and_nobody_elses(server, tmp_path):
    key, certificate = server.folder / "tls" / "key.pem", server.folder / "tls" / "certificate.pem"
    assert key.stat().st_mode & 0o777 == certificate.stat().st_mode & 0o777 == 0o600
    before = certificate.read_bytes()
    with web.tool(server.folder) as again:
        assert again.get("/").status == 200 and certificate.read_bytes() == before
    with web.tool(tmp_path) as other:
        assert (tmp_path / "tls" / "certificate.pem").read_bytes() != before
        with pytest.raises(ssl.SSLCertVerificationError):
            other.talk(context=server.context)
    (tmp_path / "tls" / "key.pem").write_bytes(key.read_bytes())
    with web.tool(tmp_path) as mixed:
        assert mixed.process.wait(web.SECONDS) == 1 and says("the server cannot begin to serve") in mixed.said()


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def test_a_certificate_of_our_own_is_made_anew_for_its_key(tmp_path):
    """Near its end; one of somebody else is left alone."""
    for name, renewed in (("writ development certificate", True), ("example.org", False)):
        tls = tmp_path / name / "tls"
        tls.mkdir(parents=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj", f"/CN={name}",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", tls / "key.pem", "-out", tls / "certificate.pem")
        key, certificate = (tls / "key.pem").read_bytes(), (tls / "certificate.pem").read_bytes()
        with web.tool(tmp_path / name) as s:
            assert s.get("/").status == 200 and (tls / "key.pem").read_bytes() == key
            assert ((tls / "certificate.pem").read_bytes() != certificate) == renewed, name


def test_client_certificates_are_verified(tmp_path):
    """To ask for one is not enough: the library believes what any client shows."""
    for who in ("authority", "stranger"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj", f"/CN={who}",
                "-keyout", tmp_path / f"{who}.key", "-out", tmp_path / f"{who}.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=machine", "-keyout", tmp_path / "good.key",
            "-out", tmp_path / "good.csr")
    openssl("x509", "-req", "-in", tmp_path / "good.csr", "-CA", tmp_path / "authority.pem", "-CAkey", tmp_path / "authority.key", "-days", 2,
            "-out", tmp_path / "good.pem")
    with web.tool(tmp_path / "home", "--clients", tmp_path / "authority.pem") as s:
        for who in (None, "stranger"):
            context = s.trust()
            if who:
                context.load_cert_chain(tmp_path / f"{who}.pem", tmp_path / f"{who}.key")
            try:
                assert s.ask(s.head("GET", "/"), context=context) is None
            except OSError:
                pass
        context = s.trust()
        context.load_cert_chain(tmp_path / "good.pem", tmp_path / "good.key")
        assert json.loads(s.ask(s.head("GET", "/"), context=context).text)["client"] == "CN=machine"
        s.await_line(status=200)
        assert [line["status"] for line in s.lines()] == [200]


# ---- many, slow, stopped ----

def test_one_address_has_only_so_many(tmp_path):
    with web.tool(tmp_path, "--per-address", 3) as s:
        held = [s.talk() for _ in range(3)]
        with pytest.raises(OSError):
            s.talk()
        with s.talk(source="127.0.0.2") as t:
            t.send(s.head("GET", "/"))
            assert t.answer().status == 200
        held.pop().close()
        web.wait(lambda: try_talk(s), "a free place")
        for t in held:
            t.close()


def try_talk(server):
    try:
        with server.talk() as t:
            t.send(server.head("GET", "/"))
            return t.answer()
    except OSError:
        return None


def test_slow_clients_keep_nobody_waiting(server):
    slow = [server.talk() for _ in range(30)]
    for i, t in enumerate(slow):
        t.send((server.head("GET", "/") if i % 2 else post(server, f"Origin: {server.origin}", body=b"a=bc"))[:-2])
    for _ in range(10):
        assert server.get("/").status == 200
    for t in slow:
        t.send(b"\r\n" if slow.index(t) % 2 else b"bc")
        assert t.answer().status == 200
        t.close()


# ---- an answer that fits in one record of TLS is one ----

def long(server):
    """Its answer tells it back."""
    return post(server, f"Origin: {server.origin}", body=b"a=" + b"x" * 9000)


@pytest.mark.parametrize("path, status", [("/", 200), (None, 200), ("/fail", 409), ("/person", 303)], ids=("short", "long", "refusal", "no body"))
def test_head_and_body_are_one_record(server, path, status):
    with server.talk() as t:
        for _ in range(3):
            t.send(server.head("GET", path) if path else long(server))
            head, _, body = t.more().partition(web.END)
            assert int(head.split(b" ")[1]) == status
            assert len(body) == int(re.search(rb"content-length: (\d+)", head, re.I)[1])


def test_long_and_short_answers_in_turn_wait_for_nothing(server):
    """The library leaves the socket corked after a short one: each would then take 200 ms (tcp(7))."""
    began = time.monotonic()
    with server.talk() as t:
        for _ in range(60):
            for data in (long(server), server.head("GET", "/person"), server.head("GET", "/")):
                t.send(data)
                assert t.answer().whole
    assert time.monotonic() - began < 20


def test_who_asks_on_and_never_reads_is_cut(tmp_path):
    with web.tool(tmp_path) as s, s.talk() as greedy:
        asked = 3000
        with contextlib.suppress(OSError):
            for _ in range(asked):
                greedy.send(long(s))
        assert s.get("/").status == 200
        answers = []
        while (got := greedy.answer()) and got.whole:
            answers.append(got)
        assert 0 < len(answers) < asked and {a.status for a in answers} == {200} and len({len(a.body) for a in answers}) == 1
        assert s.ask(long(s)).whole


def test_who_reads_slowly_has_it_whole(server):
    with server.talk() as t:
        t.tls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        for _ in range(5):
            t.send(long(server))
            assert t.answer().whole


def test_the_log_tells_no_secrets(server):
    server.get("/tell/W-7KQF-2M9D/x?token=querysecret", "Cookie: __Host-session=cookiesecret")
    server.post("/form", b"note=bodysecret")
    server.await_line(route="form")
    for secret in ("7KQF", "querysecret", "cookiesecret", "bodysecret", "/tell"):
        assert secret not in server.said()
    line = server.await_line(route="tell", status=200)
    assert set(line) == {"at", "id", "remote", "method", "route", "status", "ms", "in", "out", "ended"}
    assert line["remote"] == "127.0.0.1" and line["method"] == "GET" and line["ended"] == "done"


def test_stopping_finishes_what_is_under_way(tmp_path):
    with web.tool(tmp_path) as s:
        idle = s.talk()
        idle.send(s.head("GET", "/"))
        assert idle.answer().status == 200
        body = s.talk()
        body.send(post(s, f"Origin: {s.origin}", body=b"a=bc")[:-2])
        busy = s.talk()
        busy.send(s.head("GET", "/slow"))
        web.wait(lambda: "slow began" in s.said(), "the slow page")
        s.process.terminate()
        (tmp_path / "go").touch()
        got = busy.answer()
        assert got.status == 200 and got.text == "slow" and idle.closed()
        body.send(b"bc")
        got = body.answer()
        assert got.status == 200 and got.headers["connection"] == "close" and body.closed()
        assert s.process.wait(web.SECONDS) == 0
        with pytest.raises(ConnectionRefusedError):
            s.talk()
