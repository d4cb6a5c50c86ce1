"""A person at the desk, for tests: a browser's cookies and forms over plain HTTP, without script; and a software
passkey where one is asked for.
SPDX-License-Identifier: Apache-2.0
"""
import html
import re
import urllib.parse

from harness import passkey, tools, web

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def table(path, macro):
    """The rows of a .def as lists of texts."""
    text = re.sub(r"/\*.*?\*/", "", (tools.ROOT / path).read_text(), flags=re.S)
    return [[v.strip().strip('"') for v in re.split(r",\s*(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", row)]
            for row in re.findall(rf"^{macro}\((.*)\)$", text, re.M)]


class Person:
    """One browser. Every page is an Answer with .status, .text, .location."""

    def __init__(self, server, agent=FIREFOX):
        self.server, self.agent, self.cookies = server, agent, {}

    def headers(self):
        lines = [f"User-Agent: {self.agent}"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        return lines

    def take(self, answer):
        for name, value in answer.all:
            if name.lower() != "set-cookie":
                continue
            first, *rest = value.split("; ")
            key, value = first.split("=", 1)
            assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(rest), answer.all
            self.cookies[key] = value
            if "Max-Age=0" in rest:
                del self.cookies[key]
        answer.location = answer.headers.get("location")
        return answer

    def get(self, path, *more):
        return self.take(self.server.get(path, *self.headers(), *more))

    def post(self, path, fields, *more):
        return self.take(self.server.post(path, urllib.parse.urlencode(fields, doseq=True).encode(), *self.headers(), *more))

    def upload(self, path, fields, files):
        """files: list of (field, name, bytes)."""
        edge, parts = "edge7f3a", []
        for name, value in fields.items():
            parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
        for field, name, data in files:
            parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                         "Content-Type: application/octet-stream\r\n\r\n".encode() + data + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        return self.take(self.server.post(path, body, *self.headers(), kind=f"multipart/form-data; boundary={edge}"))

    def form(self, page, action=None):
        """The fields of the form that posts there, as the page has them."""
        for attrs, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page.text, re.S):
            if 'method="post"' not in attrs or (action and f'action="{action}"' not in attrs):
                continue
            if not action and 'action="/sign-out"' in attrs:
                continue
            fields = {}
            for tag in re.findall(r"<input[^>]*>", inside):
                at = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
                if at.get("type") in ("radio", "checkbox") and not re.search(r"\bchecked\b", tag):
                    continue
                if at.get("type") == "checkbox" and html.unescape(at["name"]) in fields:
                    had = fields[at["name"]]
                    fields[at["name"]] = [*(had if isinstance(had, list) else [had]), html.unescape(at["value"])]
                elif at.get("type") != "file":
                    fields[at["name"]] = html.unescape(at.get("value", ""))
            for name, text in re.findall(r'<textarea[^>]*\bname="([^"]*)"[^>]*>(.*?)</textarea>', inside, re.S):
                fields[name] = html.unescape(text.removeprefix("\n"))
            for name, options in re.findall(r'<select[^>]*\bname="([^"]*)"[^>]*>(.*?)</select>', inside, re.S):
                chosen = re.search(r'<option value="([^"]*)"[^>]*\bselected\b', options) or re.search(r'<option value="([^"]*)"', options)
                fields[name] = html.unescape(chosen[1])
            data = {k: html.unescape(v) for k, v in re.findall(r'data-([a-z]+)="([^"]*)"', attrs)}
            return fields, data
        raise AssertionError("no such form:\n" + page.text[:3000])

    def send(self, page, path, **more):
        """Fills and sends the form of that page."""
        fields, _ = self.form(page, path)
        return self.post(path, fields | more)

    def go(self, path, **more):
        """Opens a page with a form, fills it and sends it."""
        return self.send(self.get(path), path, **more)

    def taken(self, answer):
        """Where the intake leads once it has ended; what was refused at once, or in the end, is that page."""
        def look():
            page = self.get(answer.location)
            return None if page.status == 200 and "It is running" in page.text else page
        if answer.status != 303 or not answer.location.startswith("/intake?work="):
            return answer
        return web.wait(look, "the intake")

    def end_of_reading(self, answer):
        """The page of a reading once it has ended: where it leads, or why not."""
        def look():
            page = self.get(answer.location)
            return None if "It is running" in page.text else page
        return web.wait(look, "the reading")

    def end_of(self, answer, what):
        """The page to which something that takes longer leads, once it has ended."""
        assert answer.status == 303 and "?since=" in answer.location, words(answer)

        def look():
            page = self.get(answer.location)
            return None if "It is running" in page.text else page
        page = web.wait(look, what)
        return self.get(page.location) if page.status == 303 else page

    # ---- signing in ----

    def compared(self):
        """The auditor's page when everything was compared with everything."""
        got = self.get("/audit?verify=1")
        assert got.status == 303 and got.location == "/audit?verify=shown", words(got)

        def look():
            page = self.get(got.location)
            assert page.status == 200, words(page)
            return None if "refresh" in page.headers else page
        return web.wait(look, "the comparison")

    def demo(self, name, to=""):
        page = self.get("/sign-in")
        fields, _ = self.form(page, "/sign-in/demo")
        return self.post("/sign-in/demo", fields | {"name": name, "to": to})

    def answer(self, page, path, key, **twist):
        """The form of that page with the answer of a passkey; twist as in Passkey.assertion."""
        fields, data = self.form(page, path)
        auth, client, signature = key.assertion(passkey_bytes(data["challenge"]), **twist)
        return fields | {"credential": passkey.b64url(key.credential), "authenticator_data": passkey.b64url(auth),
                         "client_data": passkey.b64url(client), "signature": passkey.b64url(signature)}

    def passkey(self, key, to="/desk", **twist):
        page = self.get(f"/sign-in?to={to}")
        return self.post("/sign-in", self.answer(page, "/sign-in", key, **twist))


class Desk:
    """A home with a running desk; each of its people is signed in once."""

    def __init__(self, home, server):
        self.home, self.server, self.seats = home, server, {}

    def sit(self, name):
        if name not in self.seats:
            self.seats[name] = Person(self.server)
            assert self.seats[name].demo(name).status == 303
        return self.seats[name]


def passkey_bytes(text):
    import base64
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def words(page):
    """A page as one reads it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.text)))
