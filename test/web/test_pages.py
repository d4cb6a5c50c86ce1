# Every page of the gallery in every dress: axe-core finds nothing, nothing scrolls sideways from 320
# pixels on (which is 400 % of 1280), the policy is kept, what has the focus is seen.
# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import screens  # noqa: E402
from harness.browser import Browser  # noqa: E402
from harness.pagesite import Site  # noqa: E402


@pytest.fixture(scope='module')
def shown():
    with Site() as site, Browser() as browser:
        yield browser, screens.gallery(site)


def test_pages(shown):
    browser, pages = shown
    assert len(pages) >= 10
    wrong = [line for name, url in pages.items() for line in screens.shoot(browser, name, url)]
    assert not wrong, '\n'.join(wrong)


def test_axe_finds_what_is_wrong(shown):
    """A test that cannot fail is a defect."""
    browser, pages = shown
    browser.go(pages['approve'])
    browser.size(1280, 900)
    browser.driver.execute_script('document.querySelector("img").removeAttribute("alt")')
    assert 'image-alt' in [rule for rule, *_ in browser.axe()]
    browser.driver.execute_script('document.querySelector("main").style.width = "3000px"')
    assert browser.too_wide() > 0


@pytest.mark.parametrize('width', [320, 1280])
def test_keyboard_alone(shown, width):
    """Tab reaches everything that can be used (of radio buttons one: arrows choose); each in turn is seen, within the window and not behind the bar."""
    browser, pages = shown
    for name in ('scope', 'approve', 'enrol'):
        browser.go(pages[name])
        browser.size(width, 700)
        count = browser.driver.execute_script('''return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
            .filter(e => e.checkVisibility() && !e.closest("dialog:not([open])"))
            .filter(e => e.type !== "radio" || e === (e.form.querySelector(`[name="${e.name}"]:checked`) || e.form.querySelector(`[name="${e.name}"]`))).length''')
        reached = []
        for _ in range(count):
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            found = browser.driver.execute_script('''
                const e = document.activeElement, r = e.getBoundingClientRect();
                const at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
                return [e.outerHTML.slice(0, 120), at === e || e.contains(at) || (at && at.contains(e)), r.top >= 0 && r.bottom <= innerHeight + 1, r.width, r.height]''')
            reached.append(found)
        assert len({r[0] for r in reached}) >= count - 2, (name, reached)    # two may read alike
        assert all(seen and inside for _, seen, inside, *_ in reached), (name, [r for r in reached if not (r[1] and r[2])])


def test_targets_are_large_enough(shown):
    """24 by 24 pixels, but for links within a text (WCAG 2.5.8)."""
    browser, pages = shown
    for name, url in pages.items():
        browser.go(url)
        browser.size(320, 700)
        small = browser.driver.execute_script('''return [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a")]
            .filter(e => e.checkVisibility()).map(e => [e.outerHTML.slice(0, 100), e.getBoundingClientRect()])
            .filter(([, r]) => r.width < 24 || r.height < 24).map(([h, r]) => h + " " + r.width + "x" + r.height)''')
        assert not small, (name, small)


def test_first_load(shown):
    """60 kB with everything: what goes over the wire, the page itself uncompressed."""
    browser, pages = shown
    for name in ('scope', 'approve'):
        assert len(browser.driver.execute_script('return fetch(arguments[0]).then(r => r.text())', pages[name])) < 12000


def test_nothing_hostile_ran(shown):
    browser, pages = shown
    for name in (n for n in pages if n.endswith('-hostile')):
        browser.go(pages[name])
        assert browser.driver.title != 'x' and not browser.driver.find_elements(By.CSS_SELECTOR, 'main img[src=x]')
