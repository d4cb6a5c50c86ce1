# The four pictures of README: a demonstration is made and its desk is looked at, so nothing in them is anybody's.
#   pictures.py [FOLDER]        doc/pictures by default
# SPDX-License-Identifier: Apache-2.0
import base64
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import tools  # noqa: E402
from harness.browser import Browser  # noqa: E402

WIDTH, HEIGHT, MOST = 1280, 860, 150_000


def sign_in(browser, url, name):
    browser.driver.delete_all_cookies()
    browser.go(url + '/sign-in?to=/people')
    for form in browser.driver.find_elements(By.CSS_SELECTOR, 'form[action="/sign-in/demo"]'):
        if form.find_element(By.NAME, 'name').get_attribute('value') == name:
            form.find_element(By.TAG_NAME, 'button').click()
            break
    WebDriverWait(browser.driver, 30).until(lambda d: d.find_elements(By.CSS_SELECTOR, f'body[data-person="{name}"]'))


def row(browser, what):
    """The order in whose row of the queue all of that stands."""
    for tr in browser.driver.find_elements(By.CSS_SELECTOR, 'tr[data-row]'):
        if all(w in tr.text for w in what):
            return tr.get_attribute('data-row')
    raise SystemExit(f'no order of the demonstration has {what}')


def take(browser, url, path):
    """What a window shows, in at most 256 colours."""
    browser.go(url)
    # Every image is there, or the picture would have a hole.
    WebDriverWait(browser.driver, 30).until(lambda d: d.execute_script('return document.readyState == "complete" && [...document.images].every(i => i.complete && i.naturalWidth)'))
    shot = browser.cdp('Page.captureScreenshot', format='png')
    made = subprocess.run(['pngquant', '--nofs', '--strip', '--speed', '1', '256', '-'], input=base64.b64decode(shot['data']), capture_output=True, check=True).stdout
    if len(made) > MOST:
        raise SystemExit(f'{path} has {len(made)} bytes, more than {MOST}')
    path.write_bytes(made)
    print(f'{path}  {len(made)} bytes')


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tools.ROOT / 'doc' / 'pictures')
    out.mkdir(parents=True, exist_ok=True)
    folder, writ = tempfile.mkdtemp(prefix='p'), tools.program('writ')
    env = {**os.environ, 'TMPDIR': folder}
    try:
        said = subprocess.run([writ, 'demo'], env=env, capture_output=True, text=True, check=True).stdout
        url = re.search(r'(https://localhost:\d+)/$', said, re.M)[1]
        with Browser('--ignore-certificate-errors') as browser:
            browser.size(WIDTH, HEIGHT)
            browser.look('light')
            sign_in(browser, url, 'Ana')
            browser.go(url + '/desk')
            emergency, second = row(browser, ['emergency']), row(browser, ['collected 1/2', 'secret'])
            take(browser, url + '/desk', out / 'queue.png')
            take(browser, f'{url}/order/{emergency}', out / 'order.png')
            sign_in(browser, url, 'Chi')
            take(browser, f'{url}/order/{second}/approve', out / 'approve.png')
            sign_in(browser, url, 'Eva')
            browser.go(url + '/audit?verify=1')
            WebDriverWait(browser.driver, 60).until(lambda d: d.find_elements(By.CSS_SELECTOR, 'p.yes, p.no'))
            take(browser, url + '/audit?verify=shown', out / 'audit.png')
    finally:
        subprocess.run([writ, 'demo', '--stop'], env=env, capture_output=True, check=False)
        shutil.rmtree(folder)


if __name__ == '__main__':
    main()
