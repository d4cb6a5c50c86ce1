"""The desk by the keyboard alone, in a browser: every page of an order from the sender's check to the release, by Tab,
Enter, Space, arrows and what one types; wherever the focus is, it is seen, whole, and not behind the bar that stays
(WCAG 2.4.7, 2.4.11, 2.4.12); single letters do nothing until they are switched on.
SPDX-License-Identifier: Apache-2.0
"""
import os
import sys

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import web  # noqa: E402
from harness.browser import Browser  # noqa: E402

TABS_MOST = 120     # more than any page has to stop at

# What has the focus: whether it fits the window and is seen whole there, and whether it looks another than without.
FOCUS = """
const e = document.activeElement, mark = e.matches('input[type=radio], input[type=checkbox]') ? e.nextElementSibling : e;
const box = e.getBoundingClientRect(), at = (x, y) => { const f = document.elementFromPoint(x, y); return f && (e.contains(f) || mark.contains(f) || f.contains(e)); };
const rects = mark.matches('a') ? [...e.getClientRects()] : [box];
// Of a field of several lines, and of what is larger than the window, a browser shows a part.
const fits = box.height <= innerHeight * 0.7 && !e.matches('textarea'), part = at(box.left + box.width / 2, Math.min(Math.max(box.top, 0) + 12, innerHeight - 2)), seen = rects.every(q => q.top >= -1 && q.bottom <= innerHeight + 1 && q.left >= -1 && q.right <= innerWidth + 1);
const whole = rects.every(q => [[0.5, 0.5], [0.04, 0.2], [0.96, 0.2], [0.04, 0.8], [0.96, 0.8]].every(([x, y]) => at(q.left + q.width * x, q.top + q.height * y)));
const look = () => [mark, ''].concat(mark === e ? [] : [[mark, '::before']]).map(m => { const s = m === '' ? {} : getComputedStyle(...[m].flat()); return [s.outline, s.boxShadow, s.backgroundColor, s.color, s.borderColor, s.textDecoration].join(); }).join();
const focused = look();
e.blur();
const plain = look();
e.focus({preventScroll: true});
return {what: e.outerHTML.slice(0, 140), body: e === document.body, fits, part, seen, whole, shown: focused !== plain, top: box.top, bottom: box.bottom, high: innerHeight};
"""


class Hands:
    """Nothing but keys."""

    def __init__(self, browser, server):
        self.browser, self.driver, self.server, self.wrong, self.stops = browser, browser.driver, server, [], 0

    def press(self, *keys):
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def matches(self, css):
        return self.driver.execute_script("return document.activeElement.matches(arguments[0])", css)

    def tab(self, back=False):
        """One stop further; what is wrong with how it looks is kept."""
        if back:
            ActionChains(self.driver, duration=0).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
        else:
            self.press(Keys.TAB)
        got = self.driver.execute_script(FOCUS)
        self.stops += 1
        if not got["body"] and not (got["shown"] and (got["seen"] and got["whole"] if got["fits"] else got["part"])):
            self.wrong.append(f"{self.driver.current_url[len(self.server.origin):]}: {got}")
        return got

    def to(self, css):
        """Tab by Tab to it, from wherever the focus is; a group of radio buttons is one stop."""
        for _ in range(TABS_MOST):
            if self.matches(css):
                return
            self.tab()
        raise AssertionError(f"no way by Tab to {css} on {self.driver.current_url}")

    def pick(self, group, one):
        """To the group, which is one stop, and by the arrows to that of it."""
        self.to(group)
        for _ in range(20):
            if self.matches(one):
                self.press(Keys.SPACE)
                assert self.matches(":checked")
                return
            self.press(Keys.ARROW_DOWN)
        raise AssertionError(f"no way by the arrows to {one} of {group}")

    def until(self, what, why):
        def told(_):
            try:
                return what()
            except WebDriverException:      # a page on its way out
                return False
        try:
            WebDriverWait(self.driver, 60, poll_frequency=0.05).until(told)
        except WebDriverException as e:
            raise AssertionError(f"waited in vain for {why}: {self.driver.current_url}\n{self.text()[:1500]}") from e

    def text(self):
        return self.driver.execute_script("return document.querySelector('main').innerText")

    def leave(self, css, key=Keys.ENTER):
        """To it, and with that key to another page, which is waited for."""
        self.to(css)
        self.driver.execute_script("document.documentElement.dataset.old = 1")
        self.press(key)
        self.until(lambda: self.driver.execute_script("return !document.documentElement.dataset.old && document.readyState === 'complete'"), f"what follows {css}")

    def path(self):
        return self.driver.current_url[len(self.server.origin):]

    def sign_in(self, name):
        self.browser.go(self.server.origin + "/sign-in")
        if self.driver.find_elements("css selector", "[data-drafts-clear]"):
            self.leave("[data-drafts-clear] button")
            self.browser.go(self.server.origin + "/sign-in")
        count = self.driver.execute_script("""return [...document.querySelectorAll('form[action="/sign-in/demo"]')].findIndex(f => f.elements.name.value === arguments[0]) + 1""", name)
        assert count
        self.leave(f'tbody tr:nth-of-type({count}) button')
        assert self.driver.execute_script("return document.body.dataset.person") == name


@pytest.fixture(scope="module")
def browser():
    with Browser("--ignore-certificate-errors") as made:
        made.size(1280, 800)
        yield made


@pytest.fixture
def hands(browser, server):
    made = Hands(browser, server)
    yield made
    assert not made.wrong, "\n".join(made.wrong)


@pytest.mark.parametrize("width, height", [(1280, 800), (320, 512)])
def test_an_order_by_the_keyboard_alone(home, browser, server, hands, width, height):
    ref = home.one(f"keys-{width}")
    here = f"/order/{ref}"
    browser.size(width, height)

    asked = 'section[aria-labelledby="ask"] '

    def act(path, key=Keys.ENTER):
        hands.leave(f'main a[href="{here}/{path}"], main form[action="{here}/{path}"] button', key)

    def submit():
        hands.leave('main form .actions button[type=submit]')

    def done(path, says):
        hands.until(lambda: hands.path().startswith(f"{here}/{path}") and says in hands.text(), f"the end of {path}")
    hands.sign_in("Ben")
    hands.leave(f'a[href="{here}"]')
    act("authenticate")
    hands.pick("input[name=by]", "[value=callback]")
    hands.to("input[name=over]")
    hands.press("+33100000000")
    hands.to("input[name=found]")
    hands.press("ministry directory", Keys.ENTER)       # Enter in a field is the form's own button
    done("scope", "Counted by")                         # what asks nothing follows by itself
    assert {"authenticated", "judged", "counted"} <= {a["act"] for a in home.acts(ref=ref)}
    hands.sign_in("Ana")
    hands.leave(f'a[href="{here}"]')
    act("decide")
    submit()
    assert hands.matches(".govuk-error-summary") and not home.acts("decided", ref)      # there the keyboard goes on
    hands.pick("input[name=decision]", "[value=comply]")
    for reason in hands.driver.execute_script("return [...document.querySelectorAll('main input[name=reason]')].map(e => e.value)"):
        hands.to(f'input[name=reason][value="{reason}"]')
        hands.press(Keys.SPACE)
    submit()
    submit()
    done("collect", "Done.")
    assert home.acts("decided", ref)
    hands.sign_in("Ben")
    hands.leave(f'a[href="{here}"]')
    hands.pick(asked + "input[type=radio]", "#decision-COURT_ORDER")
    hands.leave(asked + "button")
    assert hands.path() == f"{here}/approve"
    submit()
    hands.sign_in("Chi")
    hands.leave(f'a[href="{here}"]')
    act("approve")
    submit()
    assert [a["actor"]["name"] for a in home.acts("approved", ref)] == ["Ben", "Chi"]
    act("release")
    submit()
    web.wait(lambda: home.state(ref) == "released", "the release")


@pytest.mark.parametrize("width, height", [(1280, 600), (320, 256)])
def test_every_stop_of_every_page_is_seen(home, server, browser, hands, width, height):
    """There and back: what stays at the top hides no stop, whichever way one comes."""
    browser.size(width, height)
    hands.sign_in("Ana")
    paths = ["/desk?view=all", "/intake", "/people", "/people/invite"] + [f"/order/{home.refs[state]}" for state in ("authenticated", "collected", "delivered")]
    paths += [f"/order/{home.refs['authenticated']}/{tail}" for tail in ("decide", "secrecy", "authenticate", "end", "scope")]
    for path in paths:
        browser.go(server.origin + path)
        stops = hands.stops
        while not hands.tab()["body"]:
            assert hands.stops - stops < TABS_MOST, f"no end of {path}"
        assert hands.stops - stops > 5
        while not hands.tab(back=True)["body"]:
            pass


def test_a_stop_that_is_not_seen_is_found(home, server, browser, hands):
    """A test that cannot fail is a defect."""
    hands.sign_in("Ana")
    for rule in (":focus { outline: none !important; box-shadow: none !important; background: none !important; color: red !important; border-color: red !important; text-decoration: none !important } a, button { color: red !important; box-shadow: none !important; background: none !important; text-decoration: none !important; border-color: red !important; outline: none !important }",
                 "html { scroll-padding: 0 !important } header { position: fixed; z-index: 9; left: 0; right: 0; top: 0; height: 300px }"):
        browser.go(server.origin + f"/order/{home.refs['collected']}")
        browser.driver.execute_script("const s = new CSSStyleSheet(); s.replaceSync(arguments[0]); document.adoptedStyleSheets = [s]", rule)
        while not hands.tab()["body"]:
            pass
        while not hands.tab(back=True)["body"]:
            pass
        assert hands.wrong, rule
        hands.wrong.clear()


# ---- single keys ----

def test_letters_do_nothing_until_they_are_switched_on(home, server, browser, hands):
    browser.size(1280, 800)
    hands.sign_in("Ben")

    def is_open():
        return browser.driver.execute_script("return document.querySelector('dialog[data-keys]').open")
    hands.press("?", "j", "/")
    assert not is_open() and browser.driver.execute_script("return document.activeElement === document.body")
    hands.to("[data-keys-open]")
    hands.press(Keys.ENTER)
    assert is_open() and browser.driver.execute_script("return document.querySelector('dialog[data-keys]').contains(document.activeElement)")
    hands.to("[data-keys-on]")
    hands.press(Keys.SPACE, Keys.ESCAPE)
    assert not is_open() and hands.matches("[data-keys-open]")      # back where one came from
    hands.press("j")
    assert hands.matches("[data-row] a")
    hands.press("?")
    assert is_open()
    hands.press(Keys.ESCAPE)
    hands.press("/")
    assert hands.matches("input[type=search]")
    hands.press("j?/")
    assert browser.driver.execute_script("return document.activeElement.value") == "j?/" and not is_open()
