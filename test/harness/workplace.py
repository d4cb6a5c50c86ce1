"""A desk at work in real browsers: people with virtual authenticators, each with a browser of their own and keys that nobody
else has, and the steps of an order as they take them.
SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import tempfile

import pytest
from cryptography.hazmat.primitives import serialization
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions
from selenium.webdriver.support.ui import WebDriverWait

from harness import life, passkey, tools
from harness.browser import Browser

NSL = tools.shared("corpora", "orders", "nsl", "NSL-16-421424-request-redacted.pdf")
FORTNIGHT = "2026-10-31 23:00:00", "2026-11-14 23:00:00"
ASKED = 'main section[aria-labelledby="ask"] '      # the question that the order waits for, on its own page


class Person(Browser):
    """A browser with an authenticator. Counts what its person does: clicks, and keys in fields of text."""

    def __init__(self, server, name, key=None):
        super().__init__("--ignore-certificate-errors")
        self.server, self.name, self.clicks, self.keys, self.did = server, name, 0, 0, []
        self.size(1280, 900)
        options = VirtualAuthenticatorOptions()
        options.transport = VirtualAuthenticatorOptions.Transport.INTERNAL
        options.has_resident_key = options.has_user_verification = options.is_user_verified = True
        self.driver.add_virtual_authenticator(options)
        if key:
            secret = key.secret.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            self.driver.add_credential(Credential.create_resident_credential(key.credential, "localhost", name.encode(), secret, 0))
        self.into = tempfile.mkdtemp(prefix="writ-downloads-", dir=self.profile)
        self.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=self.into)

    # ---- looking ----

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        found = self.all(css)
        assert found, f"{self.name}: no {css} in {self.driver.current_url}\n{self.text()[:2000]}"
        return found[0]

    def text(self):
        return re.sub(r"\s+", " ", self.one("main").get_property("textContent"))

    def path(self):
        return self.driver.current_url[len(self.server.origin):]

    def until(self, what, why):
        def told(_):
            try:
                return what()
            except (WebDriverException, AssertionError, IndexError):     # a page on its way out
                return False
        try:
            return WebDriverWait(self.driver, 60, poll_frequency=0.05).until(told)
        except WebDriverException as e:
            raise AssertionError(f"{self.name} waited in vain for {why}: {self.path()}\n{self.text()[:2000]}\n{self.complaints()}") from e

    # ---- doing ----

    def open(self, path):
        self.go(self.server.origin + path)
        self.until(lambda: self.driver.execute_script("return document.readyState") == "complete", path)

    def script(self, on):
        self.cdp("Emulation.setScriptExecutionDisabled", value=not on)

    def click(self, css):
        shut = self.one(css).find_elements(By.XPATH, "ancestor::details[not(@open)]/summary")
        for summary in shut:
            summary.click()
        self.clicks += len(shut)
        it = self.one(css)
        self.did.append(re.sub(r"\s+", " ", it.text or it.get_attribute("value") or css).strip())
        # As for the focus: not below the bar that stays in view.
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'nearest'})", it)
        it.click()
        self.clicks += 1

    def leave(self, css):
        """A click that leads to another page, which is waited for."""
        before = self.one("html").id
        self.click(css)
        self.until(lambda: self.all("html")[0].id != before and self.all("main") and
                   self.driver.execute_script("return document.readyState") == "complete", f"what follows {css}")

    def follow(self, path):
        self.leave(f'a[href="{path}"]')

    def fill(self, name, value):
        self.one(f'main [name="{name}"]').send_keys(str(value))
        self.keys += len(str(value))

    def choose(self, name, value):
        field = self.one(f'main input[name="{name}"][value="{value}"]')
        if not field.is_selected():
            self.click(f'main label[for="{field.get_attribute("id")}"]')

    def send(self, to=None):
        """The form of this page, and where it leads."""
        self.leave('main form[method="post"] .actions button[type="submit"]')
        if to is not None:
            assert self.path() == to, (self.name, self.path(), to, self.text()[:2000])

    def sign_in(self, to="/desk"):
        self.open("/sign-in?to=" + to)
        self.leave('form[action="/sign-in"] button')
        assert self.path() == to and self.one("body").get_attribute("data-person") == self.name, (self.path(), self.text()[:1000])

    def at_once(self, here, what):
        """A step that asks nothing: one click where the steps of the order stand."""
        self.leave(f'main nav form[action="{here}/{what}"] button')

    def work(self, here, what, asked=False):
        """Something that takes longer, to the page that says how it ended and what comes next."""
        if asked:
            self.follow(f"{here}/{what}")
            self.send()
        else:
            self.at_once(here, what)
        self.until(lambda: self.all("main p.yes") or self.all("main p.no"), f"the end of {what}")
        assert "Done." in self.text(), self.text()


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def home(town):
    return town.home()


def founder(home, server, name, *may):
    """A person whose first passkey came by the command line: somebody has to be the first."""
    key = passkey.Passkey(rp_id="localhost", origin=server.origin)
    line = home.base / f"{name}.passkey"
    line.write_text(key.line + "\n")
    words = [w for m in may for w in ("--may", m)]
    home.ok("roster", "add", "--name", name, "--user", life.USER, "--pub", line, *words, "--user-verified", as_="Chi",
            key=[k for k in ("ana", "ben", "chi") if k != name.lower()][:2])
    return Person(server, name, key)


@pytest.fixture(scope="module")
def ana(home, server):
    with founder(home, server, "Ana", "decide", "roster") as made:
        made.sign_in()
        yield made


@pytest.fixture(scope="module")
def ben(home, server):
    with founder(home, server, "Ben", "approve", "roster") as made:
        made.sign_in()
        yield made


@pytest.fixture(scope="module")
def zoe(home, server, ana, ben):
    """Enrolled by two: Ana invites, Zoe makes a passkey in her browser, Ana and Ben sign with theirs."""
    with Person(server, "Zoe") as new:
        ana.open("/people")
        ana.follow("/people/invite")
        ana.fill("name", "Zoe")
        ana.fill("user", life.USER)
        ana.choose("may", "approve")
        ana.send()
        link = re.search(r"https://localhost:\d+(/enrol/[\w-]{43})", ana.text())[1]
        new.open(link)
        new.send(link)
        said = [e.text for e in new.all("main ol.words li")]
        assert len(said) == 6
        new.open("/sign-in")
        new.leave('form[action="/sign-in"] button')
        assert new.path() == "/sign-in" and "nobody" in new.text()      # nobody has signed yet
        assert all("403" in line for line in new.complaints())
        for person in (ana, ben):
            person.open("/people")
            person.leave('main a[href^="/people/admit/"]')
            assert [e.text for e in person.all("main ol.words li")] == said
            person.send("/people")
        new.sign_in()
        yield new


def answered(person, value=None):
    """Answers the question of the order's own page."""
    person.leave(ASKED + (f'button[value="{value}"]' if value else "button"))


def counted(person, here):
    """The check is recorded, the packs have judged, and the count has come to its end."""
    person.until(lambda: person.path() == f"{here}/scope" and person.all("main form"), "the counts")
    assert "Not counted yet" not in person.text() and "Counted by" in person.text(), person.text()[:2000]


def check_sender(person, here):
    """A number that was looked up for this order."""
    person.leave(f'main a[href="{here}/authenticate"]')
    person.choose("by", "callback")
    person.fill("over", "+33100000000")
    person.fill("found", "ministry directory")
    person.send()
    counted(person, here)


def check_again(person, here):
    """A number by which this agency was rung before: one says that one has rung it now. Nothing is ticked before."""
    assert not person.all("main input:checked") and person.all(ASKED + 'input[name="by"]')
    person.click(ASKED + 'label[for^="by-again"]')
    answered(person)
    counted(person, here)


def collected(person, here):
    person.until(lambda: person.path().startswith(f"{here}/collect") and (person.all("main p.yes") or person.all("main p.no")), "the collection")
    assert "Done." in person.text(), person.text()


def decide(person, here, what, codes="", drop=()):
    """Counsel's decision, signed with a passkey over what the second page shows; what was decided is collected. Of a line
    that is in doubt at least one doubt is named (in_view.c); all orders here have one, and none is ticked before."""
    doubts = person.all(ASKED + 'input[name="reason"]')
    assert not person.all(ASKED + "input:checked")
    for box in doubts[:1]:
        person.choose("reason", box.get_attribute("value"))
    answered(person, what)
    for line in drop:
        person.click(f'main label[for="{person.one(f"""main input[name="line"][value="{line}"]""").get_attribute("id")}"]')
    if codes:
        person.click("main details:has([name=reason]) summary")
        person.choose("reason", codes)
    if codes or drop:
        person.send(f"{here}/decide")
    assert len(person.all("main ol.words li")) == 6, person.text()[:2000]
    person.send()
    collected(person, here)


def withhold(person, here):
    """Leads who may approve to what would leave."""
    assert not person.all(ASKED + "input:checked")
    person.click(ASKED + 'label[for="decision-COURT_ORDER"]')
    answered(person)


def approve(person, here, first=False):
    if not first:
        person.follow(f"{here}/approve")
    said = [e.text for e in person.all("main ol.words li")]
    assert person.path() == f"{here}/approve"
    person.send(here)
    return said


def fetch(home, person, here):
    """Downloads through the browser; both verifiers accept it."""
    name = f"{home.ref}.writ.tar"
    person.click(f'a[href="{here}/download"]')
    got = pathlib.Path(person.into) / name
    person.until(got.exists, "the downloaded file")     # until it is whole it has another name
    done = home.verify(got)
    assert done.exit == 0, done
    return got
