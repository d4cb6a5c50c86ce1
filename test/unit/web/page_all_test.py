# Hostile texts in every slot of every page that there is: elements and attributes are those that a
# harmless text gives, no address leads to code, and no character steers.   page_all_test.py PROBE SHARED
# SPDX-License-Identifier: Apache-2.0
import collections
import html.parser
import json
import os
import struct
import subprocess
import sys

PROBE, SHARED = sys.argv[1], sys.argv[2]
PIECES = ['</title><script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onclick='alert(1)", '</textarea><b>', '<!-- ', ']]>',
          'javascript:alert(1)', ' javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,<script>', '//example.org', '/\\example.org',
          'https:javascript', '{{ s }}', '&lt;script&gt;', '\0', '\x1b[2J', '\u202eevil', '\u2028', '\ufeff', '<', '&', '"', '..', '.', '%2e%2e', ' ', '\r\n\r\n<p>']


class Shape(html.parser.HTMLParser):
    """Tags and the names of their attributes in their order; addresses apart."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.addresses = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag == 'bdi':
            return
        self.found.append((tag, *(name for name, _ in attrs)))
        self.addresses += [value for name, value in attrs if name in ('href', 'src', 'action', 'formaction')]

    def handle_endtag(self, tag):
        if tag != 'bdi':
            self.found.append(('/' + tag,))

    def handle_comment(self, data):
        self.found.append(('a comment', data))

    def handle_decl(self, decl):
        self.found.append((decl,))

    handle_pi = unknown_decl = handle_comment


def ask(texts):
    stdin = b''.join(struct.pack('>I', len(t)) + t for t in texts)
    out = subprocess.run([PROBE, 'all'], input=stdin, stdout=subprocess.PIPE, check=True).stdout
    at, parts = 0, []
    while at < len(out):
        n = struct.unpack('>I', out[at:at + 4])[0]
        parts.append(out[at + 4:at + 4 + n].decode())
        at += 4 + n
    pairs = list(zip(parts[::2], parts[1::2]))
    each = len(pairs) // len(texts)
    for i, text in enumerate(texts):
        yield text, pairs[i * each:(i + 1) * each]


def main():
    (_, harmless), = ask([b'harmless'])
    names = collections.Counter(name for name, _ in harmless)
    assert names and set(names.values()) == {2}, names
    want = [Shape(page).found for _, page in harmless]
    texts = [t.encode() for t in PIECES]
    blns = os.path.join(SHARED, 'corpora', 'text', 'blns.json')
    if os.path.exists(blns):
        with open(blns) as f:
            strings = [s for s in json.load(f) if s]
        # Several at once: where a text stands decides nothing here, that is the business of page_places.
        texts += ['\n'.join(strings[i:i + 60]).encode() for i in range(0, len(strings), 60)]
    count = 0
    for text, pages in ask(texts):
        # The long texts only in the pages that show everything.
        for (name, page), shape in list(zip(pages, want))[1 if len(text) > 500 else 0::2 if len(text) > 500 else 1]:
            count += 1
            seen = Shape(page)
            assert seen.found == shape, f'{name}: {text[:60]!r} changes what the page is made of'
            for address in seen.addresses:
                ok = address == '#' or address.startswith(('#', '/', '?', 'https://', 'mailto:', 'tel:')) and not address.startswith(('//', '/\\'))
                assert ok, f'{name}: {text[:60]!r} leads to {address!r}'
            assert not any(c < ' ' and c not in '\n\t' or '\x7f' <= c <= '\x9f' or c in '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f'
                           for c in page), f'{name}: {text[:60]!r} steers'
    print(f'{len(names)} pages, {len(texts)} texts, {count} times the same elements')
    if not os.path.exists(blns):
        print(f'SKIPPED: {blns} is not there')
        sys.exit(77)


main()
