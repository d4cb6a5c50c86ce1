# Debian's Chromium, driven through chromedriver: a fresh profile for each, nothing but loopback and
# files; pictures at a width, in light, dark, forced colours and as printed; axe-core's verdict.
# It decides nothing: tests say what must hold.
# SPDX-License-Identifier: Apache-2.0
import base64
import json
import pathlib
import shutil
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXE = ROOT / 'src/web/look/node_modules/axe-core/axe.min.js'

FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--hide-scrollbars', '--force-color-profile=srgb']

# name -> media type and media features, as CDP's Emulation.setEmulatedMedia takes them
LOOKS = {
    'light': ('screen', {'prefers-color-scheme': 'light'}),
    'dark': ('screen', {'prefers-color-scheme': 'dark'}),
    'forced': ('screen', {'prefers-color-scheme': 'dark', 'forced-colors': 'active'}),
    'print': ('print', {'prefers-color-scheme': 'light'}),
}


class Browser:
    def __init__(self, *more, script=True):
        self.profile = tempfile.mkdtemp(prefix='writ-browser-')
        o = Options()
        o.binary_location = shutil.which('chromium') or 'chromium'
        for flag in (*FLAGS, *more, '--user-data-dir=' + self.profile):
            o.add_argument(flag)
        o.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        if not script:
            o.add_experimental_option('prefs', {'profile.managed_default_content_settings.javascript': 2})
        self.driver = webdriver.Chrome(service=Service(shutil.which('chromedriver') or 'chromedriver'), options=o)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def go(self, url):
        self.driver.get(url)

    def size(self, width, height):
        self.cdp('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)

    def look(self, name):
        media, features = LOOKS[name]
        self.cdp('Emulation.setEmulatedMedia', media=media, features=[{'name': n, 'value': v} for n, v in features.items()])

    def picture(self, path):
        """The whole page, not only what a window shows."""
        size = self.cdp('Page.getLayoutMetrics')['cssContentSize']
        clip = {'x': 0, 'y': 0, 'width': size['width'], 'height': min(size['height'], 12000), 'scale': 1}
        shot = self.cdp('Page.captureScreenshot', format='png', captureBeyondViewport=True, clip=clip)
        pathlib.Path(path).write_bytes(base64.b64decode(shot['data']))

    def too_wide(self):
        """How many pixels the page is wider than its window: 0 where nothing scrolls sideways."""
        return self.driver.execute_script('return document.documentElement.scrollWidth - document.documentElement.clientWidth')

    def axe(self, but=()):
        """axe-core's violations: [(rule, what it says, [selectors])]. Injected from outside of the page, so its CSP may be as strict as it is."""
        self.cdp('Runtime.evaluate', expression=AXE.read_text())
        rules = json.dumps({rule: {'enabled': False} for rule in but})
        answer = self.cdp('Runtime.evaluate', expression='axe.run(document, {resultTypes: ["violations"], rules: ' + rules + '}).then(r => JSON.stringify(r.violations.map('
                          'v => [v.id, v.help, v.nodes.map(n => n.target.join(" "))])))', awaitPromise=True)
        return json.loads(answer['result']['value'])

    def complaints(self):
        """What the browser wrote to its console since the last time: errors of script and of the CSP."""
        return [e['message'] for e in self.driver.get_log('browser') if e['level'] in ('SEVERE', 'WARNING')]
