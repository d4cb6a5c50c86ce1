"""Every page of a desk with an order in every state, also after an error, in a browser: axe-core finds nothing; at
400 % of 1280 pixels, and with the distances that WCAG 1.4.12 wants, nothing scrolls sideways, is cut off or lies over
something else; the policy forbids nothing that a page wants, and what a page must not do is counted. With a folder in
SCREENS (make screens), pictures in every dress, as printed, and contact sheets are left there, to be looked at.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import re
import sys

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))
import screens  # noqa: E402
from harness import busy, desk, life, passkey  # noqa: E402
from harness.browser import Browser  # noqa: E402

OUT = pathlib.Path(os.environ["SCREENS"]).resolve() if os.environ.get("SCREENS") else None
DRESSES = {("light", 320), ("dark", 320), ("light", 1280), ("dark", 1280), ("forced", 1280)}
WHO = ("Ana", "Ben", "Eva", None)


@pytest.fixture(scope="module")
def browser():
    if OUT:
        OUT.mkdir(parents=True, exist_ok=True)
    with Browser("--ignore-certificate-errors", "--allow-file-access-from-files") as made:
        yield made


@pytest.fixture(scope="module")
def invited(server, sittings):
    """Two invitations: one without a passkey, one with, that two have still to sign. Their addresses."""
    ana, links = sittings["Ana"], []
    for name in ("Zoe", "Max"):
        links.append(re.search(r"https://localhost:\d+(/enrol/[\w-]{43})", ana.go("/people/invite", name=name, user=life.USER, may=["decide"]).text)[1])
    key, new = passkey.Passkey(rp_id="localhost", origin=server.origin), desk.Person(server)
    fields, data = new.form(new.get(links[1]), links[1])
    attestation, client = key.register(desk.passkey_bytes(data["challenge"]))
    assert new.post(links[1], fields | {"attestation": passkey.b64url(attestation), "client_data": passkey.b64url(client)}).status == 303
    return {"enrol": links[0], "enrol-made": links[1], "admit": re.search(r'href="(/people/admit/\w+)"', ana.get("/people").text)[1]}


def has_something(form):
    """One without anything but its token does what it says: there is no error to be made in it."""
    return form.method == "post" and (form.many or bool(set(form.fields) - {"token"} | set(form.texts) | set(form.choices)))


@pytest.fixture(scope="module")
def pages(home, sittings, invited):
    """Of all that links lead to, one page of each make-up: {name: (who, path)}; and each form: {route: (who, path)}."""
    made, found, of_forms = {}, set(), {}
    for who in WHO:
        walked, forms = busy.walk(sittings[who])
        of_forms = {route: place for route, place in of_forms.items() if route not in forms} | {
            route: (who, path, form.action) for route, places in forms.items() for path, form in reversed(places) if has_something(form)}
        for path, tree in walked.items():
            if tree is None:
                continue
            route = busy.find_route("GET", path)
            kind = route, frozenset((e.tag, e.get("class")) for e in tree.iter())
            if kind not in found:
                found.add(kind)
                made[f"{route}-{sum(k.startswith(route) for k in made)}"] = (who, path)
    ref, ready = home.refs["authenticated"], home.refs["collected"]
    made |= {
        "work": ("Ana", f"/order/{ready}/collect?since=0"), "work-failed": ("Ana", f"/order/{ref}/collect?since=0"),
        "nothing-found": ("Ana", "/desk?words=nothing-has-these"), "no-page": ("Ana", "/nowhere"), "no-order": ("Ana", f"/order/{busy.NO_SUCH}"),
        "no-right": ("Ben", f"/order/{ref}/decide"), "approve-by-the-decider": ("Ben", f"/order/{ready}/approve"), "enrol": (None, invited["enrol"]),
        "enrol-made": (None, invited["enrol-made"]), "admit": ("Ana", invited["admit"]), "no-invitation": (None, "/enrol/" + "x" * 43),
    }
    for route in (r for r in busy.ROUTES if r["method"] == "GET" and r["permit"] != "ENROL"):
        for who in WHO:         # what no link leads to is a page all the same
            if not any(k.startswith(route["name"]) for k in made) and busy.may((busy.RIGHTS | busy.FOUNDERS).get(who), route["permit"]):
                answer = sittings[who].get(busy.address(route["path"], ref=ready))
                if answer.status == 200 and answer.headers["content-type"].startswith("text/html"):
                    made[route["name"]] = (who, busy.address(route["path"], ref=ready))
    return made, of_forms


def sign_in(browser, server, sitting):
    """The browser goes on with a sitting that is there: its cookie, and how it calls itself."""
    browser.cdp("Network.clearBrowserCookies")
    browser.cdp("Network.setUserAgentOverride", userAgent=sitting.agent)
    for name, value in sitting.cookies.items():
        done = browser.cdp("Network.setCookie", name=name, value=value, url=server.origin + "/", path="/", secure=True, httpOnly=True, sameSite="Strict")
        assert done["success"]


def look_at(browser, name, url=None):
    """What is wrong with a page, as lines."""
    wrong = screens.shoot(browser, name, url, OUT, DRESSES)
    for spaced in (False, True):
        browser.size(320, 256, 4)
        browser.spaced(spaced)
        wrong += [f"{name} at 400 %{', spaced' if spaced else ''}: {line}" for line in browser.badly_laid()]
        if browser.too_wide() > 0:
            wrong.append(f"{name} at 400 %{', spaced' if spaced else ''}: {browser.too_wide()} pixels too wide")
    browser.spaced(False)
    browser.size(1280, 900)
    return wrong + [f"{name}: {line}" for line in browser.badly_laid()]


@pytest.mark.parametrize("who", WHO, ids=str)
def test_every_page(browser, server, sittings, pages, who):
    sign_in(browser, server, sittings[who])
    mine = {name: path for name, (whose, path) in pages[0].items() if whose == who}
    wrong = [line for name, path in mine.items() for line in look_at(browser, name, server.origin + path)]
    if OUT:
        screens.sheets(browser, list(mine), OUT, f"{who or 'nobody'}-")
    assert mine and not wrong, "\n".join(wrong)


SPOIL = """
const form = [...document.forms].find(f => f.getAttribute('action') === arguments[0] && f.method === 'post');
for (const e of form.elements) {
	if (e.type === 'hidden' && e.name !== 'token') e.value = '0';
	if (e.type === 'text' || e.type === 'textarea') e.value = '';
	if (e.type === 'radio' || e.type === 'checkbox') e.checked = false;
}
HTMLFormElement.prototype.submit.call(form);
"""


@pytest.mark.parametrize("who", WHO, ids=str)
def test_every_page_after_an_error(browser, server, home, sittings, pages, who):
    """Each form once with everything in it spoiled: what it says then is a page, too, and where it lists what is wrong,
    the keyboard goes on there."""
    sign_in(browser, server, sittings[who])
    before, wrong, seen = home.acts_in_all(), [], []
    for route, (whose, path, action) in pages[1].items():
        if whose != who:
            continue
        browser.go(server.origin + path)
        was = browser.driver.find_element(By.TAG_NAME, "html")
        browser.driver.execute_script(SPOIL, action)
        WebDriverWait(browser.driver, 30, poll_frequency=0.05).until(staleness_of(was))
        WebDriverWait(browser.driver, 30, poll_frequency=0.05).until(lambda d: d.execute_script("return document.readyState") == "complete")
        summary = browser.driver.find_elements(By.CSS_SELECTOR, ".govuk-error-summary")
        assert summary or browser.driver.find_elements(By.CSS_SELECTOR, "[role=alert]") or "did not work" in browser.driver.title, (route, browser.driver.title)
        if summary and not browser.driver.execute_script("return document.activeElement === arguments[0]", summary[0]):
            wrong.append(f"error of {route}: the list of what is wrong has not the focus")
        seen.append("error-" + route)
        wrong += look_at(browser, "error-" + route)
    if OUT:
        screens.sheets(browser, seen, OUT, f"{who or 'nobody'}-errors-")
    assert not wrong, "\n".join(wrong)
    assert home.acts_in_all() == before
    assert seen or who == "Eva"


def test_what_is_badly_laid_is_found(browser, server, sittings):
    """A test that cannot fail is a defect."""
    sign_in(browser, server, sittings["Ana"])
    browser.go(server.origin + "/desk")
    browser.size(320, 256, 4)
    assert browser.driver.execute_script("return [innerWidth, devicePixelRatio]") == [320, 4]
    for rule, says in (("main h1 { width: 500px }", "beyond the edge"), ("main h1 { height: 5px; overflow: hidden }", "cut off"),
                       ("main h1 { position: relative; top: 50px }", "one over the other")):
        assert not browser.badly_laid()
        browser.driver.execute_script("const s = new CSSStyleSheet(); s.replaceSync(arguments[0]); document.adoptedStyleSheets = [s]", rule)
        assert any(line.startswith(says) for line in browser.badly_laid()), (rule, browser.badly_laid())
        browser.driver.execute_script("document.adoptedStyleSheets = []")
    browser.size(1280, 900)


FORBIDDEN = {
    "a picture from elsewhere": "const i = new Image(); i.src = 'https://127.0.0.1:9/x.png'; document.body.append(i)",
    "a script in the page": "const s = document.createElement('script'); s.append('1'); document.body.append(s)",
    "a style in the page": "const s = document.createElement('style'); s.append('b {}'); document.body.append(s)",
    "markup from text": "document.querySelector('main').innerHTML = '<b>x</b>'",
    "a frame": "const f = document.createElement('iframe'); f.src = '/'; document.body.append(f)",
    "a form to elsewhere": "const f = document.createElement('form'); f.action = 'https://127.0.0.1:9/'; document.body.append(f); f.submit()",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_the_policy_forbids_is_counted(browser, server, sittings, what):
    """So that none of it is found where it is not planted: each browser counts to its end, and fails if there was one."""
    sign_in(browser, server, sittings["Ana"])
    browser.go(server.origin + "/desk")
    browser.complaints()
    assert not browser.reports
    browser.driver.execute_script("try { " + FORBIDDEN[what] + " } catch { /* as it should */ }")
    WebDriverWait(browser.driver, 30, poll_frequency=0.05).until(lambda _: browser.complaints() and browser.reports)
    browser.reports.clear()
