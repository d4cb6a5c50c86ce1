# One text in every place of a page, read back by another parser (html5lib, and Python's own for the
# many): it must be exactly what was given, with what no reader sees made visible, and must have
# changed nothing else.   page_places_test.py PROBE SHARED
# SPDX-License-Identifier: Apache-2.0
import html.parser
import json
import os
import random
import struct
import subprocess
import sys
import unicodedata
import urllib.parse

import html5lib

PROBE, SHARED = sys.argv[1], sys.argv[2]

# Format characters that have a form of their own (Unicode's Prepended_Concatenation_Mark, and the
# joints of Egyptian and Kaithi), and characters that count as letters and show nothing.
SEEN = {0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06dd, 0x070f, 0x0890, 0x0891, 0x08e2, 0x110bd, 0x110cd, *range(0x13430, 0x13441)}
UNSEEN = {0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180c, 0x180d, 0x180f, 0x2065, 0x3164, 0xffa0, *range(0xfff0, 0xfffc)}


def decode(raw):
    """UTF-8; a byte that belongs to no character is U+FFFD."""
    out, i = [], 0
    while i < len(raw):
        for n in (1, 2, 3, 4):
            try:
                out.append(raw[i:i + n].decode())
                break
            except UnicodeDecodeError:
                pass
        else:
            out.append('\ufffd')
            n = 1
        i += n
    return ''.join(out)


def is_unseen(text, i):
    x = ord(text[i])
    before = ord(text[i - 1]) if i else 0
    after = ord(text[i + 1]) if i + 1 < len(text) else 0
    if x in (0x200c, 0x200d):
        return any(n < 0x600 or n in (0x200c, 0x200d, 0xfffd) for n in (before, after))
    if 0xe0100 <= x <= 0xe01ef:
        return not 0x3400 <= before < 0xe0000 or before == 0xfffd
    if x & 0xfffe == 0xfffe or 0xfdd0 <= x <= 0xfdef or 0xe0000 <= x <= 0xe0fff or x in UNSEEN:
        return True
    return x not in SEEN and unicodedata.category(text[i]) in ('Cc', 'Cf', 'Zl', 'Zp')


def visible(raw, value=False):
    """In a value it comes back: in brackets that nobody types, which stand for themselves where they could be taken for a mark."""
    text = decode(raw).replace('\r\n', '\n')
    out = []
    for i, ch in enumerate(text):
        x = ord(ch)
        if ch in '\n\t':
            out.append(ch)
        elif x < 0x20 or x == 0x7f:
            out.append(chr(0x2400 + x) if x < 0x20 else '\u2421')
        elif x >= 0x80 and is_unseen(text, i):
            out.append('\u27e6U+%04X\u27e7' % x if value else '[U+%04X]' % x)
        elif value and text.startswith('\u27e6U+', i):
            out.append('\u27e6U+27E6\u27e7')
        else:
            out.append(ch)
    return ''.join(out)


def as_id(raw):
    return ''.join(chr(b) if chr(b).isascii() and (chr(b).isalnum() or chr(b) in '-_') else ':%02x' % b for b in raw)


def as_link(raw):
    own = raw.startswith(b'/') and not raw.startswith(b'//')
    foreign = any(raw.startswith(p) and len(raw) > len(p) for p in (b'https://', b'mailto:', b'tel:'))
    fine = all(0x20 < b < 0x7f and b != 0x5c for b in raw)
    return raw.decode() if (own or foreign) and fine else '#'


class Simple(html.parser.HTMLParser):
    """Elements in their order: tag, attributes, text up to the next tag."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.inside = [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag == 'bdi':
            return
        assert len(dict(attrs)) == len(attrs), f'an attribute twice in {tag}'
        self.found.append([tag, dict(attrs), ''])
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag == 'bdi'

    def handle_data(self, data):
        if self.inside:
            self.found[-1][2] += data
        else:
            assert not data.strip(), f'text outside: {data!r}'


def by_python(page):
    rows = Simple(page).found
    for row in rows:
        if row[0] in ('pre', 'textarea'):
            assert row[2].startswith('\n')
            row[2] = row[2][1:]
    return rows


def by_html5lib(page):
    tree = html5lib.HTMLParser(html5lib.getTreeBuilder('etree'), strict=True, namespaceHTMLElements=False).parse(page)
    rows = []
    for e in tree.iter():
        if e.tag == 'bdi':
            continue
        text = e.text or ''
        for child in e:
            if child.tag != 'bdi':
                break
            text += (child.text or '') + (child.tail or '')
        rows.append([e.tag, dict(e.attrib), text])
    return rows


def wanted(raw):
    want, value, quoted, own_id = visible(raw), visible(raw, True), urllib.parse.quote(raw, safe=''), 'i-' + as_id(raw)
    whole = quoted if raw not in (b'', b'.', b'..') else '%EF%BF%BD'
    return [
        ['html', {'lang': 'en'}], ['head', {}], ['title', {}, want], ['meta', {'name': 'description', 'content': value}],
        ['body', {}], ['p', {'id': 'text'}, want], ['p', {'id': 'bold'}, ''], ['strong', {}, want], ['pre', {'id': 'pre'}, want],
        ['p', {'id': 'title', 'title': want, 'aria-label': want, 'data-x': value}, ''], ['p', {}, ''], ['span', {'id': own_id}, ''],
        ['p', {'id': 'word'}, f'They say: {want}.'], ['p', {}, ''],
        ['a', {'id': 'path', 'href': f'/p/{whole}/end'}, '1'], ['a', {'id': 'file', 'href': f'/p/x{quoted}.txt'}, '2'],
        ['a', {'id': 'query', 'href': f'/p?a={quoted}&b=2'}, '3'], ['a', {'id': 'fragment', 'href': '#' + own_id}, '4'],
        ['a', {'id': 'link', 'href': as_link(raw)}, '5'], ['form', {'method': 'post', 'action': f'/p?a={quoted}'}, ''],
        ['input', {'type': 'hidden', 'name': 'token', 'value': 't<0>'}, ''], ['input', {'type': 'hidden', 'name': 'h', 'value': value}],
        ['input', {'id': 'field', 'name': 'field', 'type': 'text', 'value': value, 'placeholder': want, 'aria-label': want}],
        ['textarea', {'id': 'area', 'name': 'area', 'rows': '2', 'aria-label': want}, value],
        ['select', {'id': 'select', 'name': 'select', 'aria-label': want}, ''], ['optgroup', {'label': want}, ''],
        ['option', {'value': value}, want], ['table', {}, ''], ['caption', {}, want], ['tbody', {}, ''], ['tr', {}, ''],
        ['th', {'scope': 'row', 'abbr': want}, want], ['td', {'data-label': want}, want], ['p', {}, ''],
        ['img', {'src': f'/i/{whole}', 'alt': want}, ''],
    ]


def check(raw, rows):
    want = wanted(raw)
    assert [r[0] for r in rows] == [w[0] for w in want], f'other elements: {[r[0] for r in rows]}'
    for got, expected in zip(rows, want):
        assert got[1] == expected[1], f'{got[0]}: {got[1]!r} instead of {expected[1]!r}'
        if len(expected) == 3 and got[0] not in ('html', 'head', 'body'):
            text = got[2] if expected[2] else got[2].strip('\n')
            assert text == expected[2], f'{got[0]}: {text!r} instead of {expected[2]!r}'


def ask(strings):
    stdin = b''.join(struct.pack('>I', len(s)) + s for s in strings)
    out = subprocess.run([PROBE, 'places', 'en'], input=stdin, stdout=subprocess.PIPE, check=True).stdout
    at = 0
    while at < len(out):
        n = struct.unpack('>I', out[at:at + 4])[0]
        yield out[at + 4:at + 4 + n].decode()       # a page is UTF-8, whatever came in
        at += 4 + n


def run(what, strings, parsers):
    strings, n = list(strings), 0
    for raw, page in zip(strings, ask(strings)):
        n += 1
        assert not any(c < ' ' and c not in '\n\t' or '\x7f' <= c <= '\x9f' for c in page), f'a control character: {raw!r}'
        for parse in parsers:
            try:
                check(raw, parse(page))
            except Exception as e:
                sys.exit(f'{what}: {raw!r}: {parse.__name__}: {e}')
    assert n == len(strings), f'{what}: {n} pages for {len(strings)} texts'
    print(f'{what}: {n} texts in every place')


def characters():
    """Each character but those of the great blocks of Han and Hangul, between its neighbours."""
    for first, last in ((0, 0x3500), (0xa000, 0xac00), (0xd700, 0xd800), (0xf800, 0x11200), (0x13400, 0x13500), (0x1bc00, 0x1bd00), (0x1d000, 0x1d200), (0x1e800, 0x1f000), (0x1f600, 0x1f640),
                        (0xe0000, 0xe1000), (0xefff0, 0xf0010), (0x10fff0, 0x110000)):
        for x in range(first, last, 256):
            yield ''.join(map(chr, range(x, min(x + 256, last)))).encode()


PIECES = [b'<', b'>', b'&', b'"', b"'", b'&amp;', b'&lt', b'&#x3c;', b'</title>', b'</textarea>', b'</script>', b'<!--', b'-->', b']]>',
          b'javascript:', b'https://', b'mailto:', b'tel:', b'/', b'//', b'\\', b'..', b'.', b'?', b'#', b'%2e', b'%', b'+', b' ', b'\n', b'\r\n',
          b'\r', b'\t', b'\0', b'\x1b[31m', b'\x7f', b'\xc2\x80', b'\xc0\xaf', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xff', b'\xe2\x80', b'\xf0\x9f',
          'é'.encode(), '\u202e'.encode(), '\u2066'.encode(), '\u2069'.encode(), '\u200b'.encode(), '\u200d'.encode(), '\u200c'.encode(),
          'שלום'.encode(), 'عربي'.encode(), 'ی'.encode(), '葛\U000e0100'.encode(), '👩\u200d👧'.encode(), '\ufeff'.encode(), '\U000e0041'.encode(),
          '\u2028'.encode(), '\ufdd0'.encode(), '\u27e6'.encode(), '\u27e7'.encode(), '\u27e6U+202E\u27e7'.encode(), '\u27e6U+'.encode(), b'onclick=', b'`', b'{{ s }}', b'{% end %}', b'<bdi>', b'</bdi>']


def mixed(rng, n):
    for _ in range(n):
        yield b''.join(rng.choice(PIECES) if rng.random() < .7 else bytes([rng.randrange(256)]) for _ in range(rng.randrange(12)))


def main():
    rng = random.Random(20261122)
    both = (by_html5lib, by_python)
    run('pieces', PIECES + [b''], both)
    run('mixed', mixed(rng, 150), both)
    run('mixed', mixed(rng, 600), (by_python,))
    run('characters', characters(), (by_python,))
    blns = os.path.join(SHARED, 'corpora', 'text', 'blns.json')
    if not os.path.exists(blns):
        print(f'SKIPPED: {blns} is not there')
        sys.exit(77)
    with open(blns) as f:
        strings = [s.encode(errors='surrogatepass') for s in json.load(f)]
    with open(blns.replace('.json', '.txt'), 'rb') as f:
        strings += f.read().split(b'\n')
    run('blns', dict.fromkeys(strings), both)


main()
