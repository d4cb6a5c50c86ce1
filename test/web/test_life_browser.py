"""Whole lives of orders in a real browser with virtual authenticators: a first passkey by two, then orders that are
complied with, refused, narrowed, and worked on without script, where the command line signs. Each person has a browser
of their own, with keys that nobody else has. Half of it is what a browser must not bring about.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import re
import shlex
import sys
import tempfile

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from cryptography.hazmat.primitives import serialization  # noqa: E402
from harness import life, passkey, tools  # noqa: E402
from harness.browser import Browser  # noqa: E402

NSL = tools.shared("corpora", "orders", "nsl", "NSL-16-421424-request-redacted.pdf")
FORTNIGHT = "2026-10-31 23:00:00", "2026-11-14 23:00:00"
MOST = 14           # clicks and keys of everybody, counsel too, from opening an order to its second approval
EMERGENCY = {"claimed": "yes", "kind": "LIFE", "harm_described": "yes", "imminent": "yes", "process_not_possible": "yes", "follow_up_promised": "yes"}
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


def take_in(home, person, name, demands=None, kind=None):
    """An order and its paper by upload; gives its address."""
    paper = home.base / f"{name}.pdf"
    paper.write_bytes(NSL.read_bytes() if name == "published" else b"%PDF-1.4 a warrant on paper: " + name.encode() + b"\n")

    def change(tree):
        tree["facts"]["order"]["document_sha256"] = life.sha(paper.read_bytes())
        tree["facts"]["instrument"]["case_number"] = tree["authority_reference"] = f"26-{name}"
        if kind == "emergency":     # as formats has it: the kind of instrument, and what it claims
            tree["facts"]["instrument"] |= {"kind": "EMERGENCY_REQUEST"}
            tree["facts"]["emergency"] = EMERGENCY
            for demand in tree["facts"]["demands"]:
                demand["related_to_emergency"] = "yes"
    order = life.order_file(home.base / f"{name}.yaml", home.world, demands, change=change)
    person.open("/desk")
    person.leave('a[href="/intake"]')
    person.fill("order", order)
    person.fill("paper", paper)
    person.send()
    person.until(lambda: re.fullmatch(r"/order/W-[0-9A-Z-]+", person.path()), "the intake")
    home.ref = person.path().rsplit("/", 1)[1]
    return person.path()


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
        person.fill("codes", codes)
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


@pytest.fixture(scope="module")
def known(home, ana, ben, zoe):
    """The agency was rung once before, over a number that staff had found."""
    home.submit()
    home.authenticate()
    return home


@pytest.mark.parametrize("paper", ["warrant", "emergency", pytest.param("published", marks=pytest.mark.skipif(not NSL, reason="no published orders here"))])
def test_an_order_is_complied_with(home, ana, ben, zoe, known, paper, record_testsuite_property):
    here = take_in(home, ben, paper, kind=paper)
    people = (ana, ben, zoe)
    for person in people:
        person.open("/desk")
        person.clicks, person.keys, person.did = 0, 0, []
    ben.follow(here)
    check_again(ben, here)
    ana.open("/desk")
    ana.follow(here)
    decide(ana, here, "comply")
    ben.open("/desk")
    ben.follow(here)
    withhold(ben, here)
    words = approve(ben, here, first=True)
    zoe.open("/desk")
    zoe.follow(here)
    assert approve(zoe, here) == words and words
    clicks, keys = sum(p.clicks for p in people), sum(p.keys for p in people)
    print(f"{paper}:", *(f"{p.name}: {'; '.join(p.did)}." for p in people), sep="\n")
    record_testsuite_property(f"from opening an order ({paper}) to its second approval",
                              f"{clicks} clicks and {keys} keys of three people ({MOST} are allowed), {ana.clicks + ana.keys} of them counsel's")
    assert clicks + keys <= MOST, [p.did for p in people]
    assert [a["actor"]["name"] for a in home.acts("approved")] == ["Ben", "Zoe"]
    assert all('"kind":"passkey"' in a["body"]["signature"].replace(" ", "") for a in home.acts("approved") + home.acts("decided"))
    zoe.work(here, "release", asked=True)
    zoe.work(here, "deliver", asked=True)
    opened = home.open(fetch(home, zoe, here), paper)
    assert opened.hashes() == home.world.expect("alice@mail.example", *FORTNIGHT)
    assert not [line for p in (ana, ben, zoe) for line in p.complaints()]


def test_an_order_is_narrowed(home, ana, ben, zoe, known):
    """One of two demands is left out; what leaves holds the other alone."""
    here = take_in(home, ben, "narrow", [life.demand(), life.demand(target="bob@mail.example")])
    ben.open(here)
    check_again(ben, here)
    ana.open(here)
    decide(ana, here, "narrow", "PART-OVERBROAD", drop=["d2"])
    assert [line["id"] for line in json.loads(home.acts("decided")[0]["body"]["document"])["lines"]] == ["d1"]
    ben.open(here)
    withhold(ben, here)
    assert "d1:" in ben.text() and "d2:" not in ben.text()
    ben.send(here)
    ben.follow(f"{here}/approve")
    assert "You have approved it" in ben.text() and not ben.all('main form[method="post"] button')     # one is not two
    zoe.open(here)
    approve(zoe, here)
    ben.open(here)
    ben.work(here, "release", asked=True)
    ben.work(here, "deliver", asked=True)
    opened = home.open(fetch(home, ben, here), "narrowed")
    assert opened.hashes() == opened.hashes("d1") == home.world.expect("alice@mail.example", *FORTNIGHT)


def test_an_order_is_refused(home, ana, ben):
    here = take_in(home, ben, "refuse")
    ana.open(here)
    ana.leave(f'main a[href="{here}/decide"]')
    ana.choose("decision", "refuse")
    ana.send(f"{here}/decide")
    assert ana.all('main [role="alert"]') and not home.acts("decided")      # not without a reason
    ana.fill("codes", "AUTH-UNVERIFIED")
    ana.send(f"{here}/decide")
    assert ana.all("main pre.letter")
    ana.send(here)
    assert home.acts("decided")[0]["body"]["decision"] == "refuse"
    assert ana.all(f'a[href="{here}/letter/refusal"]')
    ben.open(here)
    assert not ben.all(f'a[href="{here}/approve"]') and not ben.all(f'a[href="{here}/collect"]')
    ben.open(f"{here}/approve")
    assert not ben.all('main form[method="post"] input[name="statement"]')


def test_a_key_that_does_not_know_its_user_signs_nothing(home, ana, ben):
    """And once it knows, the same page is signed; nobody without the right gets so far."""
    here = take_in(home, ben, "unverified")
    check_sender(ben, here)
    ana.open(here)
    ana.leave(f'main a[href="{here}/decide"]')
    ana.choose("decision", "ask")
    ana.fill("codes", "AUTH-UNVERIFIED")
    ana.send(f"{here}/decide")
    ana.driver.set_user_verified(False)
    try:
        ana.click('main form[method="post"] .actions button')
        ana.until(lambda: "No key has answered" in ana.text(), "that no key has answered")
        assert ana.path() == f"{here}/decide" and not home.acts("decided")
    finally:
        ana.driver.set_user_verified(True)
    ana.send(here)
    assert home.acts("decided")[0]["body"]["decision"] == "ask"
    ben.open(f"{here}/decide")
    assert "rights do not let you" in ben.text()
    ben.complaints()    # the 403 itself


def test_without_script(home, ana, ben, zoe):
    """Every step is a form; only passkeys need script, and there the command line signs, as the page says."""
    try:
        for person in (ana, ben, zoe):
            person.script(False)
        here = take_in(home, ben, "no-script")
        assert not ben.one("[data-keys-open]").is_displayed()       # no script ran
        check_sender(ben, here)
        ana.open(here)
        reasons = [box.get_attribute("value") for box in ana.all(ASKED + 'input[name="reason"]')]
        for reason in reasons:
            ana.choose("reason", reason)
        answered(ana, "comply")
        ana.send(f"{here}/decide")
        assert "no passkey has signed" in ana.text() and "command line" in ana.text() and not home.acts("decided")
        home.decide("comply", *(word for reason in reasons for word in ("--reason", reason)))
        ben.open(here)
        ben.work(here, "collect")
        ben.open(here)
        withhold(ben, here)
        said = [e.text for e in ben.all("main ol.words li")]
        command = shlex.split(ben.one("main details pre").get_property("textContent"))
        assert command[:3] == ["writ", "approve", home.ref] and command[3:] == ["--key", "SSHKEY"]
        ben.send(f"{here}/approve")
        assert "no passkey has signed" in ben.text() and not home.acts("approved")
        for name in ("Ben", "Chi"):
            assert said and " ".join(said) in home.ok(*command[1:3], as_=name, key=name.lower())
        zoe.open(here)
        zoe.work(here, "release", asked=True)
        zoe.work(here, "deliver", asked=True)
        fetch(home, zoe, here)
    finally:
        for person in (ana, ben, zoe):
            person.script(True)
            person.complaints()
