# Pictures of pages in every dress, a contact sheet of each dress, and axe-core's verdict on each page:
#   screens.py OUT                     the gallery (test/unit/web/gallery.c): pages with invented data
#   screens.py OUT FOLDER              the *.html of a folder
#   screens.py OUT URL...              pages of a running desk that need no sign-in
# It ends with 1 if a page has a violation, scrolls sideways, or the browser complained.
# A flow that is signed in calls shoot() with its own browser.
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.browser import LOOKS, Browser  # noqa: E402
from harness.pagesite import Site  # noqa: E402

WIDTHS = {320: 800, 1280: 900, 1920: 1080}


def dresses():
    for look in LOOKS:
        for width, height in WIDTHS.items():
            if look != 'print':
                yield look, width, height


def gallery(site):
    """Has the gallery's pages served by the site: {name: url}."""
    with tempfile.TemporaryDirectory(prefix='writ-gallery-') as folder:
        subprocess.run([pathlib.Path(os.environ['WRIT_BUILD']) / 'test/unit/web/gallery', folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for page in sorted(pathlib.Path(folder).glob('*.html')):
            site.pages['/' + page.stem] = page.read_text()
    return {path[1:]: site.url + path for path in site.pages}


def shoot(browser, name, url, out=None, within=None):
    """All pictures of one page, also as it is printed, or none without a folder for them; what is wrong with it, as
    lines. within: axe-core is asked in these dresses (look, width) alone; without a url the page that is there."""
    wrong = []
    if url:
        browser.go(url)
    url = browser.driver.current_url
    for look, width, height in dresses():
        asked = not within or (look, width) in within
        if not asked and not out:
            continue
        browser.size(width, height)
        browser.look(look)
        if out:
            browser.picture(out / f'{name}-{look}-{width}.png')
        if not asked:
            continue
        if browser.too_wide() > 0:
            wrong.append(f'{name} {look} {width}: {browser.too_wide()} pixels too wide')
        # Forced colours are the person's own; axe reckons with those that the page would have had.
        for rule, what, where in browser.axe(('color-contrast',) if look == 'forced' else ()):
            wrong.append(f'{name} {look} {width}: {rule}: {what}: {", ".join(where[:4])}')
    browser.look('light')
    if out:
        browser.printed(out / f'{name}-print')
    # A page that says 404 is a page, too; what it fetches besides has to be there.
    own = url + ' - Failed to load resource: the server responded with a status of 4'
    return wrong + [f'{name}: {line}' for line in browser.complaints() if not line.startswith(own)]


def sheets(browser, names, out, of=''):
    """One picture for each dress with all pages side by side, reduced; of: what they are pages of."""
    for dress in [f'{look}-{width}' for look, width, _ in dresses()] + ['print-1']:
        shown = 150 if dress.endswith('-320') else 460
        cells = ''.join(f'<figure><img src="{n}-{dress}.png" width="{shown}"><figcaption>{n}</figcaption></figure>' for n in names)
        page = out / f'sheet-{of}{dress}.html'
        page.write_text('<!doctype html><style>body{background:#888;display:flex;flex-wrap:wrap;gap:12px;align-items:start;margin:12px}'
                        'figure{margin:0}figcaption{font:12px sans-serif}</style>' + cells)
        browser.size(1440, 900)
        browser.go(page.as_uri())
        browser.picture(page.with_suffix('.png'))
        page.unlink()


def show(out, pages):
    wrong = []
    with Browser('--ignore-certificate-errors', '--allow-file-access-from-files') as browser:
        for name, url in pages.items():
            wrong += shoot(browser, name, url, out)
        sheets(browser, list(pages), out)
    print(*wrong, sep='\n')
    print(f'{len(pages)} pages, {len(wrong)} things wrong')
    return 1 if wrong else 0


def main():
    if len(sys.argv) < 2:
        sys.exit('usage: screens.py OUT [FOLDER|URL...]')
    out = pathlib.Path(sys.argv[1]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) == 2:
        with Site() as site:
            return show(out, gallery(site))
    if pathlib.Path(sys.argv[2]).is_dir():
        return show(out, {p.stem: p.resolve().as_uri() for p in sorted(pathlib.Path(sys.argv[2]).glob('*.html'))})
    return show(out, {u.rstrip('/').rsplit('/', 1)[-1] or 'start': u for u in sys.argv[2:]})


if __name__ == '__main__':
    sys.exit(main())
