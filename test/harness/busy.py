"""A busy desk: one invented home with an order in every state and a person for every role, what the tables of the desk
say of its routes, and its pages as a browser would parse them.
SPDX-License-Identifier: Apache-2.0
"""
import re

import html5lib

from harness import desk, life
from harness.paper import pdf

ROUTES = [dict(zip(("name", "method", "path", "body", "most", "permit", "handler"), row)) for row in desk.table("src/web/route.def", "DESK")]
OTHERS = [dict(zip(("name", "method", "path", "body", "most", "door", "handler"), row)) for row in desk.table("src/web/route.def", "X")]
PERMITS = {row[0]: {"object": row[1], "roles": row[2], "words": row[3]} for row in desk.table("src/web/desk/permit.def", "X")}
STATES = [row[1] for row in desk.table("src/order/state.def", "X")]
# One person for each right of the roster, and one with none; the founders have several.
RIGHTS = {"Mia": (), "Noa": ("decide",), "Abe": ("approve",), "Rob": ("roster",), "Hal": ("halt",), "Eva": ("audit",)}
FOUNDERS = {"Ana": life.STAFF["Ana"], "Ben": life.STAFF["Ben"]}
NO_SUCH = "W-2222-2222"
PAPER = pdf(b"Dated 15 November 2019, File No. NSL-19-123456, under 18 U.S.C. 2709", pages=2)


def roles(rights):
    """What the table calls somebody with these rights; None: who is not signed in."""
    if rights is None:
        return {"EVERYBODY"}
    if "audit" in rights:
        return {"EVERYBODY", "SIGNED_IN", "AUDIT"}
    return {"EVERYBODY", "SIGNED_IN", "DESK"} | {right.upper() for right in rights}


def may(rights, permit):
    return bool(set(PERMITS[permit]["roles"].split("|")) & roles(rights))


def address(path, **slots):
    """Of a route, its slots filled; of one that is not known here something that stands for nothing."""
    return re.sub(r"\{(\w+)\}", lambda m: str(slots.get(m[1], "1")), path)


class Busy(life.Home):
    """refs: the order of each state, and one that came as paper alone."""

    def one(self, case, demands=None, data=PAPER, **more):
        paper = self.base / "paper.pdf"
        paper.write_bytes(data)

        def change(tree):
            tree["facts"]["order"]["document_sha256"] = life.sha(data)
            tree["facts"]["instrument"]["case_number"] = tree["authority_reference"] = f"26-{case}"
        return self.submit(demands, papers=[paper], change=change, **more)

    def fill(self):
        self.refs = {}
        signed = {"as_": "Ana", "key": "ana"}
        begin = {
            "asked": lambda: self.decide("ask", "--reason", "AUTH-UNVERIFIED"),
            "redirected": lambda: self.decide("redirect", "--reason", "BIZ-REDIRECT"),
            "refused": lambda: self.decide("refuse", "--reason", "AUTH-UNVERIFIED"),
            "withdrawn": lambda: self.ok("withdraw", self.ref, "--because", "the case is closed", **signed),
            "void": lambda: self.ok("void", self.ref, "--because", "sent twice", **signed),
            "collecting": lambda: (self.decide(), self.run("collect", self.ref, as_="Ben", crash="COLLECT_AFTER_BEGUN")),
        }
        for state in STATES:
            self.refs[state] = self.one(state, [life.demand(), life.demand("bob@mail.example")] if state == "authenticated" else None,
                                        PAPER + b"\n" if state == "decided" else PAPER)       # that nobody has read
            if state in begin:
                self.authenticate()
                begin[state]()
            elif state != "received":
                self.walk(state)
            assert self.state() == state, state
        alone = self.base / "alone.pdf"
        alone.write_bytes(PAPER + b"\n\n")
        self.refs["paper alone"] = self.ok("order", "submit", "--paper", alone, as_="Ana")
        self.ok("paper", "read", self.refs["paper alone"], as_="Ana")
        self.ref = self.refs["collected"]
        return self

    def walk(self, state):
        stages = ("authenticated", "decided", "collected", "approved", "released", "delivered")
        for stage in stages[:stages.index(state) + 1]:
            if stage == "approved":
                self.step("noticed")
            if stage == "delivered":
                (self.dir / "delivered").mkdir(mode=0o700, exist_ok=True)
                self.deliver(self.dir / "delivered" / f"{self.ref}.writ.tar")
            else:
                self.step(stage)
        if state == "authenticated":
            self.ok("paper", "read", self.ref, as_="Ana")
            self.ok("judge", self.ref, as_="Ana")
            self.ok("scope", self.ref, as_="Ana")
            self.ok("gag", self.ref, "--basis", "18 USC 2709(c)", "--until", "2027-02-21", as_="Ana")
            self.ok("preserve", self.ref, "--until", "2027-01-01", as_="Ana")
        if state == "collected":
            self.step("noticed")
            self.approve("Ben")


def make(town):
    """The town is of the build with test hooks: one collection is killed halfway."""
    home = town.home()
    home.__class__ = Busy
    for name, rights in RIGHTS.items():
        home.hire(name, *rights)
    return home.invent().fill()


# ---- pages as a browser would parse them ----

def parse(text):
    """(tree, what a strict parser has to say of the page)"""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return parser.parse(text), parser.errors


def skeleton(tree):
    """Elements and the names of their attributes, in their order: no text of anybody may change it."""
    return [(e.tag, *sorted(e.attrib)) if isinstance(e.tag, str) else ("a comment", e.text) for e in tree.iter()]


def words(element):
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def links(tree):
    return [e.get("href") for e in tree.iter("a") if e.get("href")]


def fields(tree):
    return [e for e in tree.iter() if e.tag in ("input", "textarea", "select", "button")]


class Form:
    """fields: as it would be sent without a touch; texts: the names of what one types."""

    def __init__(self, element):
        self.method, self.action = element.get("method", "get"), element.get("action")
        self.many, self.fields, self.texts, self.choices, self.buttons = element.get("enctype") == "multipart/form-data", {}, [], {}, []
        for e in fields(element):
            kind, name = e.get("type", "text") if e.tag == "input" else e.tag, e.get("name")
            if e.tag == "button":
                if e.get("type", "submit") == "submit":
                    self.buttons.append((name, e.get("value"), words(e)))
            elif kind in ("radio", "checkbox"):
                self.choices.setdefault(name, []).append(e.get("value"))
                if e.get("checked") is not None:
                    self.fields.setdefault(name, []).append(e.get("value"))
            elif kind != "file" and name:
                if kind in ("text", "search", "textarea"):
                    self.texts.append(name)
                self.fields[name] = "".join(e.itertext()) if e.tag == "textarea" else e.get("value", "")


def forms(tree):
    return [Form(e) for e in tree.iter("form")]


def value_of(tree, name):
    """What stands in that field."""
    for e in fields(tree):
        if e.tag in ("input", "textarea") and e.get("name") == name and e.get("type") not in ("hidden", "radio", "checkbox"):
            return "".join(e.itertext()) if e.tag == "textarea" else e.get("value", "")
    return None


# ---- who asks for them ----

class Sitting(desk.Person):
    """Somebody signed in, with the token of that sitting's forms."""

    def __init__(self, server, name):
        super().__init__(server)
        self.name = name
        if name:
            assert self.demo(name).status == 303
        self.token = self.form(self.get("/sign-in"), "/sign-in")[0]["token"]

    def ask(self, route, path, token=None):
        fields = {"token": self.token if token is None else token}
        if route["method"] == "GET":
            return self.get(path)
        return self.post(path, fields) if route["body"] == "FORM" else self.upload(path, fields, [])


class Sittings(dict):
    """One for each of them, made when it is first asked for."""

    def __init__(self, server):
        super().__init__()
        self.server = server

    def __missing__(self, name):
        self[name] = Sitting(self.server, name)
        return self[name]


# ---- everything that links and buttons lead to ----

def find_route(method, path):
    for route in (r for r in ROUTES + OTHERS if r["method"] == method):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route["path"]), path.split("?")[0].split("#")[0]):
            return route["name"]
    return None


def walk(person):
    """Pages by path, as links lead to them from the first one; and the forms of all of them."""
    pages, todo, found = {}, ["/"], {}
    while todo:
        path = todo.pop().split("#")[0]
        if path in pages:
            continue
        answer = person.get(path)
        assert answer.status in (200, 303), (person.name, path, answer.status, answer.body[:3000])
        if answer.status == 200 and not answer.headers["content-type"].startswith("text/html"):
            pages[path] = None      # a paper, a picture, a file
            continue
        if answer.status == 303:
            todo.append(answer.location)
            pages[path] = None
            continue
        tree, wrong = parse(answer.text)
        assert not wrong, (path, wrong)
        pages[path] = tree
        todo += [href for href in links(tree) if href.startswith("/") and href not in pages]
        for form in forms(tree):
            if form.method == "post":
                assert form.buttons and "token" in form.fields, (path, form.action)
            found.setdefault(find_route(form.method.upper(), form.action), []).append((path, form))
    return pages, found
