# The modules of src/web/look in a real browser, on small pages of their own under the policy that
# every page of the desk has. Half of it is what they must not do.
# SPDX-License-Identifier: Apache-2.0
import base64
import hashlib
import json
import os
import pathlib
import sys
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.browser import Browser  # noqa: E402
from harness.pagesite import Site  # noqa: E402

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


def frame(main, body='', keep=''):
    return ('<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Queue</title><link rel="stylesheet" href="/look/desk.css">'
            f'<script type="module" src="/look/desk.js"></script></head><body {body}><main id="main" {keep}><h1>Page</h1>{main}</main></body></html>')


@pytest.fixture(scope='module')
def chromium():
    with Browser() as browser:
        yield browser


@pytest.fixture
def desk(chromium):
    """A fresh site at a fresh port, so with a store of its own; at its end nothing was complained of."""
    with Site() as site:
        site.browser, site.driver = chromium, chromium.driver
        site.pages['/done'] = frame('<p id="done">Done</p>', 'data-person="ana"')
        chromium.complaints()
        yield site
        chromium.go('about:blank')
        said = chromium.complaints()
    assert not [line for line in said if '/favicon.ico' not in line]


def find(desk, css):
    return desk.driver.find_element(By.CSS_SELECTOR, css)


def until(desk, what):
    return WebDriverWait(desk.driver, 30, poll_frequency=0.05).until(lambda _: what())


def go(desk, path):
    desk.browser.go(desk.url + path)
    # Modules ran: the event comes after them.
    until(desk, lambda: desk.driver.execute_script('return document.readyState') == 'complete')


def press(desk, key):
    desk.driver.switch_to.active_element.send_keys(key)


# ---- drafts ----

FORM = ('<form method="post" action="/save" data-draft="decide"><p data-draft-words hidden>Kept</p><textarea name="why" aria-label="why"></textarea>'
        '<input type="checkbox" name="line" value="1" aria-label="1"><input type="checkbox" name="line" value="2" aria-label="2">'
        '<input type="hidden" name="token" value="t"><input type="password" name="secret" aria-label="s">'
        '<button type="button" data-draft-drop>Drop</button><button>Send</button></form>')


def drafts(desk):
    return desk.driver.execute_script('return Object.entries(localStorage).filter(([k]) => k.startsWith("draft:"))')


def typed(desk, person='ana'):
    desk.pages['/form'] = frame(FORM, f'data-person="{person}"')
    go(desk, '/form')
    find(desk, 'textarea').send_keys('because')
    find(desk, 'input[value="2"]').click()
    find(desk, '[name=secret]').send_keys('hush')


def test_what_was_typed_is_there_again(desk):
    typed(desk)
    go(desk, '/form')
    assert find(desk, 'textarea').get_property('value') == 'because'
    assert find(desk, 'input[value="2"]').is_selected() and not find(desk, 'input[value="1"]').is_selected()
    assert find(desk, '[data-draft-words]').is_displayed()
    find(desk, '[data-draft-drop]').click()
    assert find(desk, 'textarea').get_property('value') == '' and not drafts(desk)


def test_no_secret_and_nothing_hidden_is_kept(desk):
    typed(desk)
    (_, kept), = drafts(desk)
    assert set(json.loads(kept)['values']) == {'why', 'line'} and 'hush' not in kept


def test_a_draft_is_gone_once_it_was_taken(desk):
    typed(desk)
    find(desk, 'form button:last-child').click()
    until(desk, lambda: desk.driver.find_elements(By.ID, 'done'))
    until(desk, lambda: not drafts(desk))
    assert desk.posts[0][1]['why'] == ['because']


def test_a_draft_outlives_the_end_of_a_session(desk):
    desk.pages['/sign-in'] = frame('<p id="in">Sign in</p>', keep='data-keep-drafts')
    desk.after = '/sign-in'
    typed(desk)
    find(desk, 'form button:last-child').click()
    until(desk, lambda: desk.driver.find_elements(By.ID, 'in'))
    go(desk, '/form')
    assert find(desk, 'textarea').get_property('value') == 'because'


def test_nobody_sees_the_draft_of_another(desk):
    typed(desk)
    desk.pages['/form'] = frame(FORM, 'data-person="ben"')
    go(desk, '/form')
    assert find(desk, 'textarea').get_property('value') == ''


def test_a_sign_out_takes_drafts_along(desk):
    typed(desk)
    desk.pages['/other'] = frame('<form method="post" action="/out" data-drafts-clear><button>Out</button></form>', 'data-person="ana"')
    go(desk, '/other')
    assert drafts(desk)
    find(desk, 'button').click()
    until(desk, lambda: desk.driver.find_elements(By.ID, 'done'))
    assert not drafts(desk)


def test_a_spoiled_draft_harms_nothing(desk):
    typed(desk)
    desk.driver.execute_script('for (const k of Object.keys(localStorage)) localStorage.setItem(k, "{broken")')
    go(desk, '/form')
    assert find(desk, 'textarea').get_property('value') == ''
    desk.driver.execute_script('localStorage.setItem("draft:ana:decide", JSON.stringify({at: 0, values: {why: ["old"]}}))')
    go(desk, '/done')
    assert not drafts(desk)


# ---- keys ----

SHEET = ('<dialog data-keys aria-label="Keys" class="sheet" data-next-row="Next row" data-previous-row="Previous row" data-this-sheet="This sheet">'
         '<label for="on">Keys on</label><input id="on" type="checkbox" data-keys-on><table><tbody data-keys-list></tbody></table>'
         '<button type="button" id="shut" data-keys-shut>Close</button></dialog>')
KEYS = ('<button type="button" data-keys-open hidden>Keys</button><p><a href="/done" data-key="n">Take in</a></p><input id="q" type="search" data-key="/" aria-label="Search">'
        '<table><tbody><tr data-row="A"><th><a id="a" href="#a">A</a></th></tr><tr data-row="B"><th><a id="b" href="#b">B</a></th></tr></tbody></table>' + SHEET)


def switch_on(desk):
    find(desk, '[data-keys-open]').click()
    find(desk, '#on').click()
    find(desk, '#shut').click()


def focused(desk):
    return desk.driver.switch_to.active_element.get_attribute('id')


def test_keys_do_nothing_until_switched_on(desk):
    desk.pages['/keys'] = frame(KEYS)
    go(desk, '/keys')
    for key in 'n/j?':
        press(desk, key)
    assert desk.driver.current_url.endswith('/keys') and not find(desk, 'dialog').is_displayed()


def test_keys(desk):
    desk.pages['/keys'] = frame(KEYS)
    go(desk, '/keys')
    switch_on(desk)
    go(desk, '/keys')   # kept
    press(desk, 'j')
    assert focused(desk) == 'a'
    press(desk, 'j')
    press(desk, 'j')
    assert focused(desk) == 'b'
    press(desk, 'k')
    assert focused(desk) == 'a'
    press(desk, '?')
    assert find(desk, 'dialog').is_displayed()
    assert [e.text for e in desk.driver.find_elements(By.CSS_SELECTOR, '[data-keys-list] th')] == \
        ['Take in', 'Search', 'Next row', 'Previous row', 'This sheet']
    press(desk, Keys.ESCAPE)
    press(desk, '/')
    assert focused(desk) == 'q'
    press(desk, 'n')    # a letter in a field is a letter
    assert find(desk, '#q').get_property('value') == 'n' and desk.driver.current_url.split('#')[0].endswith('/keys')


def test_a_key_is_changed(desk):
    desk.pages['/keys'] = frame(KEYS)
    go(desk, '/keys')
    switch_on(desk)
    press(desk, '?')
    field = find(desk, '[data-keys-list] input')
    field.send_keys(Keys.BACKSPACE)
    field.send_keys('x', Keys.TAB)
    find(desk, '#shut').click()
    press(desk, 'n')
    assert desk.driver.current_url.split('#')[0].endswith('/keys')
    press(desk, 'x')
    until(desk, lambda: desk.driver.find_elements(By.ID, 'done'))


# ---- quotations ----

def test_a_line_becomes_a_quotation(desk):
    text = HOSTILE.replace('<', '&lt;')
    desk.pages['/quote'] = frame(f'<ol data-quote-from data-page="2" data-quote-as="“{{text}}” (page {{page}}, line {{line}})"><li><span>First {{line}}</span></li><li value="7"><span>{text}</span></li></ol>'
                                 '<textarea id="one" data-quote aria-label="one">x</textarea><textarea id="two" data-quote aria-label="two"></textarea>')
    go(desk, '/quote')
    lines = desk.driver.find_elements(By.CSS_SELECTOR, '[data-quote-from] button')
    lines[0].click()
    assert find(desk, '#one').get_property('value').strip() in ('x “First {line}” (page 2, line 1)', '“First {line}” (page 2, line 1)x')
    find(desk, '#two').click()
    lines[1].click()
    assert find(desk, '#two').get_property('value') == f'“{HOSTILE}” (page 2, line 7)'
    assert desk.driver.title == 'Queue'


# ---- what keeps itself true ----

def queue(*rows):
    cells = ''.join(f'<tr data-row="{r}"><th scope="row"><a href="#{r}">{r}</a></th><td>{state}</td></tr>' for r, state in rows)
    return frame('<p role="status" data-live-words data-one="1 new order" data-many="{n} new orders"></p><a href="/queue" data-live-new hidden>new</a><p data-live-ended hidden>Signed out</p>'
                 f'<p id="line" data-live-part>{len(rows)} open</p><table><tbody data-live-rows>{cells}</tbody></table>', 'data-live="0.2"')


def rows(desk):
    return desk.driver.execute_script('return [...document.querySelectorAll("[data-row]")].map(r => [r.dataset.row, r.cells[1].textContent, r.classList.contains("gone")])')


def asked(desk):
    return sum(1 for path, headers in desk.headers if path == '/queue' and headers.get('Writ-Live') == '1')


def test_rows_change_and_never_move(desk):
    desk.pages['/queue'] = queue(('A', 'judge'), ('B', 'scope'), ('C', 'scope'))
    go(desk, '/queue')
    find(desk, '[data-row=B] a').send_keys('')      # the focus is in B
    desk.pages['/queue'] = queue(('N', 'new'), ('C', 'approve'), ('B', 'approve'))
    until(desk, lambda: rows(desk)[2][1] == 'approve')
    assert rows(desk) == [['A', 'judge', True], ['B', 'scope', False], ['C', 'approve', False]]
    assert desk.driver.title == '(1) Queue' and find(desk, '[role=status]').text == '1 new order'
    assert find(desk, '[data-live-new]').is_displayed()
    desk.driver.execute_script('document.activeElement.blur()')
    until(desk, lambda: rows(desk)[1][1] == 'approve')


def test_what_a_row_says_is_text(desk):
    desk.pages['/queue'] = queue(('A', 'judge'))
    go(desk, '/queue')
    desk.pages['/queue'] = queue(('A', HOSTILE.replace('<', '&lt;')))
    until(desk, lambda: rows(desk)[0][1] == HOSTILE)
    # Even if the server were fooled, what is taken over runs nothing.
    desk.pages['/queue'] = queue(('A', 'end<script>document.title=3</script>'))
    until(desk, lambda: rows(desk)[0][1].startswith('end'))
    assert desk.driver.title == 'Queue'


def test_a_session_that_is_over_is_said_and_asked_no_more(desk):
    desk.pages['/queue'] = queue(('A', 'judge'))
    go(desk, '/queue')
    until(desk, lambda: asked(desk) > 0)
    desk.status['/queue'] = 403
    until(desk, lambda: find(desk, '[data-live-ended]').is_displayed())
    before = asked(desk)
    assert rows(desk) == [['A', 'judge', False]]
    # The next one would have come within a fifth of a second; the browser says when a second is over.
    desk.driver.execute_async_script('setTimeout(arguments[0], 1000)')
    assert asked(desk) == before
    desk.browser.complaints()   # the 403 itself


# ---- passkeys ----

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


CHALLENGE = hashlib.sha256(b'challenge').digest()
CREATE = (f'<form method="post" action="/enrol" data-passkey="create" data-challenge="{b64(CHALLENGE)}" data-rp="localhost" data-rp-name="writ" data-user="{b64(b"ana")}" data-user-name="ana" '
          'data-words-failed="No key answered"><p role="status" data-passkey-words></p><button>Make</button></form>')


def get_form(allow=''):
    return (f'<form method="post" action="/sign" data-passkey="get" data-challenge="{b64(CHALLENGE)}" data-rp="localhost" data-allow="{allow}" data-words-failed="No key answered">'
            '<p role="status" data-passkey-words></p><button name="as" value="approve">Sign</button><button data-without-passkey name="as" value="refuse">Refuse</button></form>')


@pytest.fixture
def key(desk):
    desk.browser.cdp('WebAuthn.enable')
    made = desk.browser.cdp('WebAuthn.addVirtualAuthenticator', options={
        'protocol': 'ctap2', 'transport': 'internal', 'hasResidentKey': True, 'hasUserVerification': True, 'isUserVerified': True})['authenticatorId']
    yield made
    desk.browser.cdp('WebAuthn.disable')


def posted(desk):
    until(desk, lambda: desk.posts)
    path, form = desk.posts.pop()
    return path, {name: value[0] for name, value in form.items()}


def credential(desk, key):
    pair = ec.generate_private_key(ec.SECP256R1())
    der = pair.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    name = os.urandom(16)
    desk.browser.cdp('WebAuthn.addCredential', authenticatorId=key, credential={
        'credentialId': base64.b64encode(name).decode(), 'isResidentCredential': True, 'rpId': 'localhost', 'userHandle': base64.b64encode(b'ana').decode(),
        'privateKey': base64.b64encode(der).decode(), 'signCount': 1})
    return name, pair.public_key()


def test_a_passkey_is_made(desk, key):
    desk.pages['/enrol'] = frame(CREATE)
    go(desk, '/enrol')
    find(desk, 'button').click()
    path, form = posted(desk)
    said = json.loads(unb64(form['client_data']))
    assert path == '/enrol' and said['type'] == 'webauthn.create' and unb64(said['challenge']) == CHALLENGE and said['origin'] == desk.url
    assert unb64(form['credential']) in unb64(form['attestation'])


def test_a_passkey_signs(desk, key):
    name, public = credential(desk, key)
    desk.pages['/sign'] = frame(get_form(b64(name)))
    go(desk, '/sign')
    find(desk, 'button').click()
    path, form = posted(desk)
    client, data = unb64(form['client_data']), unb64(form['authenticator_data'])
    assert path == '/sign' and form['as'] == 'approve' and unb64(form['credential']) == name
    assert unb64(json.loads(client)['challenge']) == CHALLENGE and data[32] & 0x05 == 0x05
    public.verify(unb64(form['signature']), data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))


def test_without_an_answer_nothing_is_sent(desk, key):
    credential(desk, key)
    desk.browser.cdp('WebAuthn.setUserVerified', authenticatorId=key, isUserVerified=False)
    desk.pages['/sign'] = frame(get_form())
    go(desk, '/sign')
    find(desk, 'button').click()
    until(desk, lambda: find(desk, '[role=status]').text == 'No key answered')
    assert not desk.posts


def test_what_needs_no_passkey_goes_without(desk):
    desk.pages['/sign'] = frame(get_form())
    go(desk, '/sign')
    find(desk, '[data-without-passkey]').click()
    assert posted(desk) == ('/sign', {'as': 'refuse'})


def test_a_policy_that_is_broken_is_noticed(desk):
    """The ground on which all others stand: a complaint of the browser's fails its test."""
    desk.pages['/bad'] = frame('<p style="color:red">x</p>')
    go(desk, '/bad')
    until(desk, lambda: any('style-src' in line for line in desk.browser.complaints()))
    desk.browser.reports.clear()        # it was planted; any other still fails the whole run


def test_without_script_all_is_there():
    with Site() as site, Browser(script=False) as browser:
        site.pages['/form'] = frame(FORM, 'data-person="ana"')
        browser.go(site.url + '/form')
        browser.driver.find_element(By.CSS_SELECTOR, 'textarea').send_keys('because')
        browser.driver.find_element(By.CSS_SELECTOR, 'form button:last-child').click()
        end = time.monotonic() + 30
        while not site.posts and time.monotonic() < end:
            browser.driver.current_url  # asks the browser, which gives it time
        assert site.posts[0][1]['why'] == ['because'] and site.posts[0][1]['token'] == ['t']
        assert not [p for p, _ in site.headers if p.endswith('.js')]
