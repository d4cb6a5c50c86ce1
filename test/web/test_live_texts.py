"""Every text of a list that breaks forms, logs and pages, in every field of text that the desk has and in every text of
an order file: shown as the text it is, or refused in words; no element, attribute or address comes of it, and a browser
runs nothing of it.
SPDX-License-Identifier: Apache-2.0
"""
import html.parser
import json
import html
import os
import re
import sys
import urllib.parse

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))
from harness import busy, desk, life, tools  # noqa: E402
from harness.browser import Browser  # noqa: E402
from test_live_look import sign_in  # noqa: E402

LIST = tools.shared("corpora", "text", "blns.json")
TEXTS = json.loads(LIST.read_text()) if LIST else []
pytestmark = pytest.mark.skipif(not TEXTS, reason="the list of texts is not here")
TEXT_MOST = int(re.search(r"#define FACTS_TEXT_MAX\s+(\d+)", (tools.ROOT / "src/format/facts.h").read_text())[1])
STEERS = re.compile("[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]")


class Seen(html.parser.HTMLParser):
    """Elements with the names of their attributes, addresses, what stands in the fields, and the text of it all."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.kinds, self.addresses, self.values, self.text, self.scripts, self.field = set(), [], {}, "", 0, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        self.kinds.add((tag, *sorted(at)))
        self.scripts += tag == "script"
        self.addresses += [at[name] for name in ("href", "src", "action", "formaction") if name in at]
        if tag == "input" and at.get("type") in ("text", "search"):
            self.values[at["name"]] = at.get("value", "")
        self.field = at["name"] if tag == "textarea" else None
        if self.field:
            self.values[self.field] = ""

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.values[self.field] = self.values[self.field].removeprefix("\n")       # as a browser reads it
            self.field = None

    def handle_data(self, data):
        self.text += data
        if self.field:
            self.values[self.field] += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment came of it: {data!r}")

    handle_pi = unknown_decl = handle_comment


def read_back(shown):
    """What nobody would see is shown by its number."""
    return re.sub(r"\[U\+([0-9A-F]{4,6})\]|\u27e6U\+([0-9A-F]{4,6})\u27e7", lambda m: chr(int(m[1] or m[2], 16)), shown)


def as_sent(text):
    """As a form takes it: a control has no place in a line, and is shown that it was there."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f]", "\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


@pytest.fixture(scope="module")
def walked(sittings):
    return {who: busy.walk(sittings[who]) for who in ("Ana", "Ben", "Eva", None)}


@pytest.fixture(scope="module")
def harmless(server, sittings, walked):
    """Checks one answer: nothing in it that no page of the desk has by itself."""
    known = {("bdi",), ("bdo",)}
    for pages, _ in walked.values():
        for tree in pages.values():
            for e in tree.iter() if tree is not None else ():
                known.add((e.tag, *sorted(e.attrib)))
    for who, path in (("Ana", "/nowhere"), ("Ana", "/order/W-2222-2222"), ("Ana", "/desk?words=nothing-has-these")):
        known |= Seen(sittings[who].get(path).text).kinds
    benign = set()

    def look(answer, text, learn=False):
        seen = Seen(answer.text)
        if learn:
            benign.update(seen.kinds)
        assert seen.kinds <= known | benign, (text, seen.kinds - known - benign)
        assert seen.scripts == 1, text
        assert all(re.match(r"/(?!/)|#|https://localhost:|mailto:|tel:", address) for address in seen.addresses), (text, seen.addresses)
        assert "script-src 'self'" in answer.headers["content-security-policy"] and answer.headers["content-type"] == "text/html; charset=utf-8"
        return seen
    return look


def spoiled(form):
    """As it stands, but for what is hidden: so that nothing is done, and what was typed is shown again."""
    return {name: value if name in ("token", *form.texts) or isinstance(value, list) else "0" for name, value in form.fields.items()}


def send(person, form, fields):
    if form.method == "get":
        return person.get(form.action + "?" + urllib.parse.urlencode(fields))
    return person.upload(form.action, fields, []) if form.many else person.post(form.action, fields)


def test_every_text_in_every_field_of_every_form(home, server, sittings, walked, harmless, record_testsuite_property):
    before, found, tried, shown, wrong = home.acts_in_all(), {}, 0, 0, []
    link = re.search(r"https://localhost:\d+(/enrol/[\w-]{43})", sittings["Ana"].go("/people/invite", name="Zoe", user=life.USER, may=["decide"]).text)[1]
    enrol = busy.parse(sittings[None].get(link).text)[0]
    for who, forms in [(who, forms) for who, (_, forms) in walked.items()] + [(None, {"enrol-do": [(link, f) for f in busy.forms(enrol)]})]:
        for route, places in forms.items():
            for _, form in places:
                if form.texts:
                    found.setdefault(route, (who, form))
    fields = {(route, name) for route, (_, form) in found.items() for name in form.texts}
    assert {("secrecy-do", "basis"), ("authenticate-do", "found"), ("queue", "words"), ("intake-do", "resubmits"), ("invite-do", "name")} <= fields
    for route, (who, form) in found.items():
        for benign in ("", "x", "2026-11-20", "W-2222-2222", "x" * 300):
            harmless(send(sittings[who], form, spoiled(form) | {name: benign for name in form.texts}), benign, learn=True)
        for text in TEXTS:
            answer = send(sittings[who], form, spoiled(form) | {name: text for name in form.texts})
            assert answer.status in (200, 400, 403, 404, 409, 413, 414, 422), (route, text, answer.status)
            seen = harmless(answer, (route, text))
            tried += len(form.texts)
            for name in set(form.texts) & set(seen.values):
                # Blanks around it may have gone; it is never another.
                if read_back(seen.values[name]).strip() != as_sent(text).strip():
                    wrong.append((route, name, text, seen.values[name]))
                shown += 1
    assert not wrong, (len(wrong), [next(w for w in wrong if w[:2] == key) for key in {w[:2] for w in wrong}])
    assert home.acts_in_all() == before
    assert shown > len(TEXTS) * len(fields) * 0.8, (shown, len(TEXTS), fields)
    record_testsuite_property("texts in fields of forms", f"{len(TEXTS)} in each of {len(fields)}: {tried}, of which {shown} stood in their field again as they were")


def test_every_text_that_is_kept(home, sittings, harmless):
    """Put on file, and shown wherever the order is shown."""
    ben, refs = sittings["Ben"], list(home.refs.values())
    for at in range(0, len(TEXTS), 60):
        ref, kept = refs[at // 60], [text for text in TEXTS[at:at + 60] if text]
        for text in kept:
            got = ben.go(f"/order/{ref}/secrecy", basis=text, until="2027-02-21")
            assert got.status == 303, (text, desk.words(got)[:400])
        answer = ben.get(f"/order/{ref}")
        _, wrong = busy.parse(answer.text)
        seen = harmless(answer, ref)
        assert not wrong, wrong[:3]
        for text in kept:
            assert as_sent(text) in read_back(seen.text), text
        assert [a["body"]["basis"] for a in home.acts("gagged", ref)][-len(kept):] == [as_sent(text) for text in kept]


def test_every_text_in_an_order_file(home, sittings, harmless, record_testsuite_property):
    """And as the name of a file: taken in and shown, or refused in words and not kept."""
    ben, taken, refused = sittings["Ben"], [], []
    token = ben.form(ben.get("/intake"), "/intake")[0]["token"]

    def change(tree):
        for group, name in (("issuer", "authority_name"), ("instrument", "case_number"), ("instrument", "served_on"), ("purpose", "offence")):
            tree["facts"][group][name] = "HERE"
        tree["facts"]["instrument"]["provisions"] = ["HERE"]
        tree["facts"]["order"]["document_sha256"] = life.sha(busy.PAPER)
        tree["authority_reference"] = "HERE"
    form = life.order_file(home.base / "here.yaml", home.world, change=change).read_text()
    for text in TEXTS:
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        name = text[:60].replace("\\", "/").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A") or "x"
        before = len(home.acts_in_all())
        answer = ben.upload("/intake", {"token": token, "resubmits": ""},
                            [("order", "order.yaml", form.replace("HERE", quoted).encode()), ("paper", name, busy.PAPER)])
        answer = ben.taken(answer)
        if answer.status != 303:
            harmless(answer, text)
            assert answer.status in (400, 409, 413, 422) and re.search("There is a problem|did not work", answer.text) and len(home.acts_in_all()) == before, (text, answer.status)
            refused.append(text)
            continue
        seen = harmless(ben.get(answer.location), text)
        assert read_back(seen.text).count(text) >= 2, (text, answer.location)
        receipt = harmless(ben.get(answer.location + "/letter/receipt"), text)
        assert text in read_back(receipt.text), text
        harmless(ben.get(answer.location + "/decide" if answer.location.endswith("0") else answer.location + "/authenticate"), text)
        taken.append((text, answer.location))
    # What is refused steers, is nothing, or is longer than a text of the FACTS may be.
    odd = [text for text in refused if text and not STEERS.search(text) and len(text) <= TEXT_MOST]
    assert not odd, odd[:5]
    assert len(taken) > len(TEXTS) * 0.9
    page, pages = "/desk?view=all", 0
    while page:
        got, pages = ben.get(page), pages + 1
        harmless(got, page)
        behind = re.search(r'href="([^"]*;older=[^"]*)"', got.text)
        page = behind and html.unescape(behind[1])
    assert pages > len(taken) // 100
    record_testsuite_property("texts in an order file", f"{len(taken)} shown as they were, {len(refused)} refused in words")


def test_every_text_in_an_address(server, sittings, harmless):
    ana, eva = sittings["Ana"], sittings["Eva"]
    for text in TEXTS:
        part = urllib.parse.quote(text, safe="")
        for person, path in ((ana, f"/order/{part}"), (ana, f"/{part}"), (eva, f"/audit?below={part}"), (ana, f"/desk?view={part}&page={part}"), (ana, f"/sign-in?to={part}"), (ana, f"/enrol/{part}")):
            got = person.get(path)
            assert got.status in (200, 303, 400, 404, 414), (path, got.status)
            if got.status != 303 and got.headers["content-type"].startswith("text/html"):
                harmless(got, path)
    # The log of who asked what is one JSON text a line, whatever they asked.
    assert all(line.startswith("{") for line in server.said().splitlines()) and len(server.lines()) > len(TEXTS)


def test_a_browser_runs_nothing_of_it(home, server, sittings):
    """The pages on which most of them stand."""
    made = [home.refs[state] for state in list(home.refs)[:9]]
    with Browser("--ignore-certificate-errors") as browser:
        sign_in(browser, server, sittings["Ana"])
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="for (const n of ['alert', 'confirm', 'prompt', 'print']) window[n] = () => { document.documentElement.dataset.ran = 1 }")
        browser.complaints()
        for path in (*(f"/order/{ref}" for ref in made), "/people", "/desk?view=all", "/desk?words=" + urllib.parse.quote(TEXTS[-1]),
                     *(f"/desk?words={urllib.parse.quote(text)}" for text in [text for text in TEXTS if "script" in text][::12])):
            browser.go(server.origin + path)
            assert not browser.driver.execute_script("return document.documentElement.dataset.ran"), path
            assert browser.driver.execute_script("return performance.getEntriesByType('resource').every(e => new URL(e.name).origin === location.origin)"), path
            assert browser.driver.execute_script("return document.scripts.length") == 1 and " · " in browser.driver.title, path
        assert not browser.complaints()
