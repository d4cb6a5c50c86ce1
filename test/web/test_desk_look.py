"""A paper beside the work, and what was typed and is there again, in a browser. With a folder in SCREENS, pictures are
left there. Every other page of the desk: test_live_look.py.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import sys

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))
import screens  # noqa: E402
from harness import life  # noqa: E402
from harness.browser import Browser  # noqa: E402
from harness.paper import pdf  # noqa: E402

OUT = pathlib.Path(os.environ["SCREENS"]).resolve() if os.environ.get("SCREENS") else None


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def home(town):
    return town.home().invent()


@pytest.fixture(scope="module")
def browser():
    if OUT:
        OUT.mkdir(parents=True, exist_ok=True)
    with Browser("--ignore-certificate-errors", "--allow-file-access-from-files") as made:
        yield made


def sign_in(browser, server, name, to):
    browser.driver.delete_all_cookies()
    browser.go(server.origin + "/sign-in?to=" + to)
    browser.size(1280, 900)
    for form in browser.driver.find_elements(By.CSS_SELECTOR, 'form[action="/sign-in/demo"]'):
        button = form.find_element(By.TAG_NAME, "button")
        if form.find_element(By.NAME, "name").get_attribute("value") == name:
            button.click()
            WebDriverWait(browser.driver, 30, poll_frequency=0.05).until(lambda d: d.find_elements(By.CSS_SELECTOR, "body[data-person]:not([data-person=''])"))
            return
    raise AssertionError(f"no one-click sign-in for {name}")


def look_at(browser, server, pages):
    wrong = [line for name, path in pages.items() for line in screens.shoot(browser, name, server.origin + path, OUT)]
    if OUT:
        screens.sheets(browser, list(pages), OUT)
    assert not wrong, "\n".join(wrong)


def submit(home, data):
    """An order with that paper, which was read: its address."""
    (home.base / "paper.pdf").write_bytes(data)

    def change(doc):
        doc["facts"]["order"]["document_sha256"] = life.sha(data)
    life.order_file(home.base / "read.yaml", home.world, change=change)
    ref = home.ok("order", "submit", home.base / "read.yaml", "--paper", home.base / "paper.pdf", as_="Ana").strip()
    home.ok("paper", "read", ref, as_="Ana")
    return f"/order/{ref}"


def test_a_paper_beside_the_work(browser, server, home):
    here = submit(home, pdf(b"Dated 15 November 2019, under 18 U.S.C. 2709", pages=2))
    sign_in(browser, server, "Ana", "/desk")
    look_at(browser, server, {"order-read": f"{here}?page=2", "secrecy-read": f"{here}/secrecy", "decide-read": f"{here}/decide"})
    browser.go(server.origin + f"{here}/secrecy")

    def field(name):
        return browser.driver.find_element(By.NAME, name)

    def take(name):
        was = field(name)
        browser.driver.find_element(By.NAME, "take-" + name).click()
        WebDriverWait(browser.driver, 30, poll_frequency=0.05).until(staleness_of(was))
    assert browser.driver.execute_script("const i = document.querySelector('.paper img'); return i.complete && i.naturalWidth > 0")
    assert field("basis").get_property("value") == field("until").get_property("value") == ""
    field("basis").send_keys("mine, ")
    browser.driver.find_element(By.CSS_SELECTOR, "[data-quote-from] button").click()
    quoted = "mine, “Dated 15 November 2019, under 18 U.S.C. 2709” (page 1, line 1)"
    assert field("basis").get_property("value") == quoted
    take("until")
    assert (field("basis").get_property("value"), field("until").get_property("value")) == (quoted, "2019-11-15")
    take("basis")
    assert (field("basis").get_property("value"), field("until").get_property("value")) == ("18 USC 2709", "2019-11-15")
    assert not home.acts("gagged", here.rsplit("/", 1)[1])


def test_what_was_typed_is_there_again_and_gone_with_a_sign_out(browser, server):
    sign_in(browser, server, "Ana", "/desk")

    def field():
        browser.go(server.origin + "/intake")
        return browser.driver.find_element(By.CSS_SELECTOR, "main input[type=text]")
    field().send_keys("W-2222-2222")
    assert field().get_property("value") == "W-2222-2222"
    assert browser.driver.find_element(By.CSS_SELECTOR, "[data-draft-words]").is_displayed()
    browser.driver.find_element(By.CSS_SELECTOR, "[data-drafts-clear] button").click()
    WebDriverWait(browser.driver, 30, poll_frequency=0.05).until(lambda d: not d.find_elements(By.CSS_SELECTOR, "[data-drafts-clear]"))
    sign_in(browser, server, "Ana", "/desk")
    assert field().get_property("value") == ""
