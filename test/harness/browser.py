# Debian's Chromium, driven through chromedriver: a fresh profile for each, nothing but loopback and
# files; pictures at a width, in light, dark, forced colours and as printed; axe-core's verdict.
# It decides nothing: tests say what must hold.
# SPDX-License-Identifier: Apache-2.0
import base64
import json
import pathlib
import shutil
import subprocess
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


LAID = """
const wrong = [], say = (e) => e.outerHTML.slice(0, 90), wide = document.documentElement.clientWidth;
const scrolls = (e) => { for (; e; e = e.parentElement) if (['auto', 'scroll'].includes(getComputedStyle(e).overflowX)) return true; return false; };
const unseen = (e) => e.closest('.govuk-visually-hidden, [aria-hidden=true], thead') || e.closest('.govuk-skip-link');
const shown = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility({visibilityProperty: true}) && !unseen(e));
const over = (a, b) => [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
for (const e of shown) {
	const r = e.getBoundingClientRect(), s = getComputedStyle(e);
	if (r.width < 1 || r.height < 1) continue;
	if ((r.right > wide + 1 || r.left < -1) && !scrolls(e)) wrong.push('beyond the edge: ' + say(e));
	const hides = [s.overflowX, s.overflowY].some(o => o === 'hidden' || o === 'clip');
	if (hides && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)) wrong.push('cut off: ' + say(e));
}
const controls = shown.filter(e => e.matches('a[href], button, input:not([type=hidden]), select, textarea, summary')).flatMap(e => [...e.getClientRects()].map(r => [e, r]));
const texts = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let n; (n = walk.nextNode());) {
	const e = n.parentElement;
	if (!n.data.trim() || !e.checkVisibility({visibilityProperty: true}) || unseen(e)) continue;
	const range = document.createRange();
	range.selectNodeContents(n);
	for (const r of range.getClientRects()) if (r.width > 1 && r.height > 1) texts.push([n, r]);
}
for (const [list, part] of [[controls, 0.1], [texts, 0.4]])
	for (let i = 0; i < list.length; i++)
		for (let k = i + 1; k < list.length; k++) {
			const [a, p] = list[i], [b, q] = list[k];
			if (a === b || a.contains(b) || b.contains(a)) continue;
			const [x, y] = over(p, q);
			if (x > 2 && y > part * Math.min(p.height, q.height)) wrong.push('one over the other: ' + say(a.parentElement) + ' and ' + say(b.parentElement));
		}
return wrong.slice(0, 12);
"""
SPACED = """
const own = document.spaced ??= new CSSStyleSheet();
own.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }');
document.adoptedStyleSheets = arguments[0] ? [own] : [];
"""


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
        self.reports = []       # what the policy of a page forbade, since the beginning
        self.driver = webdriver.Chrome(service=Service(shutil.which('chromedriver') or 'chromedriver'), options=o)

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        try:
            self.complaints()
        finally:
            self.driver.quit()
            shutil.rmtree(self.profile, ignore_errors=True)
        assert failed or not self.reports, self.reports

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def go(self, url):
        self.driver.get(url)

    def size(self, width, height, zoom=1):
        """In CSS pixels; zoom 4 shows 320 of them where there were 1280."""
        self.cdp('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=zoom, mobile=False)

    def look(self, name):
        media, features = LOOKS[name]
        self.cdp('Emulation.setEmulatedMedia', media=media, features=[{'name': n, 'value': v} for n, v in features.items()])

    def picture(self, path):
        """The whole page, not only what a window shows."""
        size = self.cdp('Page.getLayoutMetrics')['cssContentSize']
        clip = {'x': 0, 'y': 0, 'width': size['width'], 'height': min(size['height'], 12000), 'scale': 1}
        shot = self.cdp('Page.captureScreenshot', format='png', captureBeyondViewport=True, clip=clip)
        pathlib.Path(path).write_bytes(base64.b64decode(shot['data']))

    def printed(self, path):
        """As it is printed: PATH.pdf, and a picture of each sheet, PATH-1.png; how many sheets there are."""
        self.look('print')
        made = self.cdp('Page.printToPDF', preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)
        self.look('light')
        pdf = pathlib.Path(f'{path}.pdf')
        pdf.write_bytes(base64.b64decode(made['data']))
        subprocess.run(['pdftoppm', '-png', '-r', '80', '-sep', '-', '-forcenum', pdf, path], check=True, timeout=60)
        return len(list(pdf.parent.glob(f'{pdf.stem}-*.png')))

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
        said = [e['message'] for e in self.driver.get_log('browser') if e['level'] in ('SEVERE', 'WARNING')]
        self.reports += [line for line in said if 'Content Security Policy' in line or 'Trusted' in line]
        return said

    def badly_laid(self):
        """What is beyond the edge, cut off, or lies over something else: lines. What scrolls by itself may be wide."""
        return self.driver.execute_script(LAID)

    def spaced(self, on):
        """The distances between letters, words and lines that a reader may want (WCAG 1.4.12)."""
        self.driver.execute_script(SPACED, on)
