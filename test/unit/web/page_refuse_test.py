# Templates and words that must not compile, each with what the tool says; then real templates with
# random changes: it may refuse them or not, but never fails otherwise.
#   page_refuse_test.py TOOL SOURCE_ROOT
# SPDX-License-Identifier: Apache-2.0
import pathlib
import random
import re
import subprocess
import sys
import tempfile

TOOL, ROOT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])

FRAME = '''{% shape view text person %}
{% shape row text key, int n %}
{% part w %}<!DOCTYPE html><html><head><title>1</title></head><body>{% body %}</body></html>{% end %}
{% part one text a, int b = 1 %}{{ a }}{% end %}
{% part go text to %}<p><a href="/{{ to }}">1</a></p>{% end %}
'''
WORDS = 'language English\nplural one: n = 1\nhello = Hello\nmany by n =\n\tone: {n:int} thing\n\tother: {n:int} things\nto = To {who}\n'
# The page's own words are used here, so that no other error hides the one that is looked for.
USES = '{{ @hello }}{{ @many(n=1) }}{{ @to(who="5") }}'


def body(inner, slots='text s, int n, bool b, time t, link l, row[] rows, row r'):
    """A page whose third line is what is tried, from its first column on."""
    return '{% page ' + slots + ' %}\n{% wrap w %}\n' + inner + '\n{% end %}\n'


# What is tried (in line 3), where it is refused, and with which words.
BODIES = [
    # markup that is not whole
    ('<p>{{ s }}', '3:1', '<p> is not closed where it should be'),
    ('<p><strong>{{ s }}</p></strong>', '3:19', '</p> closes <strong> of line 3'),
    ('</p>', '3:1', 'a closing tag within {% wrap %} of line 2'),
    ('<p>1</p></section>', '3:9', 'a closing tag within {% wrap %} of line 2'),
    ('<p class=a>1</p>', '3:10', 'the value of class is not quoted'),
    ("<p class='a'>1</p>", '3:10', 'the value of class is not quoted'),
    ('<p class={{ s }}>1</p>', '3:10', 'the value of class is not quoted'),
    ('<p {{ s }}>1</p>', '3:4', 'a slot between attributes'),
    ('<p class="a"id="b">1</p>', '3:13', 'no blank before the name of an attribute'),
    ('<br/>', '3:4', "'/>': HTML does not know it"),
    ('<P>1</P>', '3:2', 'a capital letter'),
    ('<p>1 < 2</p>', '3:7', "'<' that begins no element"),
    ('<!-- 1 -->', '3:1', 'an HTML comment would be sent to everybody'),
    ('<p>&nbsp;</p>', '3:4', 'an entity: write the character itself'),
    ('<p title="&#x22;">1</p>', '3:11', 'an entity: write the character itself'),
    ('<p>1\x012</p>', '3:5', 'a control character'),
    ('<p>}}</p>', '3:4', "'}}' ends nothing here"),
    ('<p class="a', '4:1', 'the value of an attribute ends with it'),
    # what HTML does not have there
    ('<blink>1</blink>', '3:1', 'unknown element <blink>'),
    ('<iframe></iframe>', '3:1', 'unknown element <iframe>'),
    ('<math></math>', '3:1', 'unknown element <math>'),
    ('<svg viewbox="0 0 1 1" aria-hidden="true"><path></path></svg>', '3:43', 'unknown element <path>'),
    ('<svg viewbox="0 0 1 1" aria-hidden="true"><p></p></svg>', '3:43', '<p> in <svg>'),
    ('<base></base>', '3:1', 'unknown element <base>'),
    ('<p><div>1</div></p>', '3:4', '<div> in <p>, which holds words, no blocks'),
    ('<li>1</li>', '3:1', '<li> in <body>: it stands in ul ol only'),
    ('<ul>1</ul>', '3:5', 'text directly in <ul>'),
    ('<ul><p>1</p></ul>', '3:5', '<p> in <ul>, which holds certain elements only'),
    ('<table><tr><td>1</td></tr></table>', '3:8', '<tr> in <table>: it stands in thead tbody tfoot only'),
    ('<title>1</title>', '3:1', '<title> in <body>: it stands in head only'),
    ('<a href="/"><a href="/">1</a></a>', '3:13', '<a> within <a>'),
    ('<form method="get"><div><form method="get"></form></div></form>', '3:25', '<form> within <form>'),
    ('<button type="button"><a href="/">1</a></button>', '3:23', '<a> within <button>'),
    ('<html></html>', '3:1', '<html> in <body>: it stands in nothing only'),
    # attributes
    ('<p style="color:red">1</p>', '3:4', 'a style attribute'),
    ('<p onclick="x()">1</p>', '3:4', 'onclick: code in a page is forbidden'),
    ('<p onmouseover="{{ s }}">1</p>', '3:4', 'onmouseover: code in a page is forbidden'),
    ('<p colour="red">1</p>', '3:4', "<p> has no attribute 'colour' that is known here"),
    ('<p href="/">1</p>', '3:4', "<p> has no attribute 'href'"),
    ('<a href="/" target="_blank">1</a>', '3:13', "<a> has no attribute 'target'"),
    ('<form method="get" action="/" target="x"></form>', '3:31', "<form> has no attribute 'target'"),
    ('<p class="a" class="b">1</p>', '3:4', 'class is there twice'),
    ('<p class="a"{% if b %} class="b"{% end %}>1</p>', '3:24', 'class is there twice'),
    ('<p id>1</p>', '3:4', 'id has no value'),
    ('<p id="">1</p>', '3:4', 'id is empty'),
    ('<p dir="up">1</p>', '3:4', 'dir="up" of <p>: only ltr rtl auto are known'),
    ('<p class="{{ s }}">1</p>', '3:11', 'a slot in class'),
    ('<p role="{{ s }}">1</p>', '3:10', 'a slot in role: its value is written out'),
    ('<p role="{% if b %}a{% end %}">1</p>', '3:10', '{% if %} in role: put it around the whole attribute'),
    ('<p tabindex="3">1</p>', '3:4', 'only 0 -1 are known'),
    ('<p hidden="x">1</p>', '3:4', 'hidden is there or not there'),
    ('<img src="/a">', '3:1', '<img> lacks alt'),
    ('<table><tbody><tr><th>1</th></tr></tbody></table>', '3:19', '<th> lacks scope'),
    ('<nav>1</nav>', '3:1', '<nav> lacks aria-label'),
    # code and style
    ('<script>alert(1)</script>', '3:1', '<script> lacks src'),
    ('<script type="module" src="/a.js">1</script>', '3:35', 'code in a page is forbidden'),
    ('<script type="module" src="/a.js">{{ s }}</script>', '3:35', 'code in a page is forbidden'),
    ('<script type="text/javascript" src="/a.js"></script>', '3:9', 'only module is known'),
    ('<style>p{}</style>', '3:1', '<style>: the policy of the page forbids it'),
    ('<style>{{ s }}</style>', '3:1', '<style>: the policy of the page forbids it'),
    # addresses
    ('<a href="{{ s }}">1</a>', '3:10', 'an address that begins with a slot'),
    ('<a href="javascript:alert(1)">1</a>', '3:10', "an address begins with '/'"),
    ('<a href="http://example.org/">1</a>', '3:10', "an address begins with '/'"),
    ('<a href="//example.org/">1</a>', '3:10', 'the address of another place'),
    ('<a href="/a//b">1</a>', '3:10', "'//' in a path"),
    ('{% include go to="/example.org" %}', '3:19', "'//' in a path"),
    ('<a href="order">1</a>', '3:10', "an address begins with '/'"),
    ('<a href="https://{{ s }}/">1</a>', '3:18', 'a slot in the address of another place'),
    ('<a href="/{{ s }}{{ s }}">1</a>', '3:18', 'two slots without anything between them'),
    ('<a href="/{{ s }}a{{ s }}">1</a>', '3:19', 'a second slot in one segment'),
    ('<a href="/.{{ s }}">1</a>', '3:4', "together they could become '..'"),
    ('<a href="/a/{{ s }}./b">1</a>', '3:20', "together they could become '..'"),
    ('<a href="/?{{ s }}">1</a>', '3:12', "a slot in a query stands behind '=' only"),
    ('<a href="/?{{ s }}=1">1</a>', '3:12', "a slot in a query stands behind '=' only"),
    ('<a href="/a{% if b %}/b{% end %}">1</a>', '3:12', "{% if %} in an address: only behind '?'"),
    ('<a href="/{{ @hello }}">1</a>', '3:14', 'only a text or an int can be part of an address'),
    ('<a href="/{{ t }}">1</a>', '3:11', 'only a text or an int can be part of an address'),
    ('<a href="/a b">1</a>', '3:10', 'a character that no address has'),
    ('<a href="/\\example.org">1</a>', '3:10', 'a character that no address has'),
    ('<a href="">1</a>', '3:4', 'href is empty'),
    ('<a href="/{{ l }}">1</a>', '3:11', 'only a text or an int can be part of an address'),
    ('<p>{{ l }}</p>', '3:4', 'a link can only be a whole href'),
    ('<p title="{{ l }}">1</p>', '3:11', 'a link can only be a whole href'),
    ('<form method="post" action="https://example.org/"></form>', '3:29', "an address begins with '/' or '?'"),
    ('<img alt="" src="https://example.org/">', '3:18', "an address begins with '/' or '?'"),
    ('<img alt="" src="{{ s }}">', '3:18', 'an address that begins with a slot'),
    # forms
    ('<form action="/"></form>', '3:1', '<form> lacks method'),
    ('<form method="{{ s }}"></form>', '3:15', 'a slot in method'),
    ('<form method="put"></form>', '3:7', 'only get post are known'),
    ('<form method="post"><input type="hidden" name="token" value="1"></form>', '3:21', "a field of the name 'token'"),
    ('<button type="submit">1</button>', '3:1', 'a button that submits, outside of any form'),
    ('<form method="get"><button>1</button></form>', '3:20', '<button> lacks type'),
    ('<form method="get"><button type="submit" formmethod="post">1</button></form>', '3:42', "no attribute 'formmethod'"),
    ('<form method="get"><input type="text" name="a"></form>', '3:20', '<input> has no id, so no label can be for it'),
    ('<form method="get"><input type="text" id="a" name="a"></form>', '3:39', 'field "a" has no <label for="a">'),
    ('<form method="get"><textarea id="a" name="a" rows="1"></textarea></form>', '3:30', 'field "a" has no <label for="a">'),
    ('<form method="get"><input type="text" id="a"></form>', '3:20', '<input> lacks name'),
    ('<p><label for="a">1</label></p>', '3:11', 'a label for "a", which is no id of this page'),
    ('<form method="post"><label for="a">1</label><input type="file" id="a" name="a"></form>', '3:45', 'a form without enctype'),
    ('<form method="get"><input type="password" name="a"></form>', '3:27', 'type="password" of <input>'),
    ('<form {% if b %}method="post"{% else %}method="get"{% end %}></form>', '3:1', 'method of <form> in an {% if %}'),
    ('<form method="get"><input {% if b %}type="hidden"{% else %}type="text"{% end %} name="a" value="1"></form>', '3:20', 'type of <input> in an {% if %}'),
    # ids
    ('<p aria-describedby="a">1</p>', '3:4', '"a" is no id of this page'),
    ('<p id="a" aria-labelledby="a b">1</p>', '3:11', '"b" is no id of this page'),
    ('<a href="#a">1</a>', '3:4', '"a" is no id of this page'),
    ('{% each x in rows %}<p {% if b %}aria-describedby="a-{{ x.key }}"{% end %}>1</p>{% end %}', '3:34', '"a-{r1->key}" is no id of this page'),
    ('<p id="a">1</p><p id="a">2</p>', '3:19', 'id "a" is there already, at'),
    ('{% each x in rows %}<p id="a">1</p>{% end %}', '3:24', 'does not depend on its row'),
    ('{% each x, i in rows %}{% each y in rows %}<p id="a-{{ i }}">1</p>{% end %}{% end %}', '3:47', 'does not depend on its row'),
    ('<p id="a{% if b %}b{% end %}">1</p>', '3:9', '{% if %} in an id'),
    ('<p id="{{ @hello }}">1</p>', '3:11', 'only a text or an int can be part of id'),
    # statements
    ('{% if b %}<p>1</p>', '5:1', '{% wrap %} of line 2:1 is not ended'),
    ('{% if b %}<p>{% end %}1</p>', '3:11', '<p> is not closed where it should be'),
    ('<p>{% if b %}</p>{% end %}', '3:14', 'a closing tag within {% if %} of line 3'),
    ('{% unless b %}1{% end %}', '3:1', "unknown statement 'unless'"),
    ('<p {% each x in rows %}class="a"{% end %}>1</p>', '3:4', '{% each %} within a tag'),
    ('{% each x in s %}1{% end %}', '3:1', "{% each %} over 's', which is no list"),
    ('{% each x of rows %}1{% end %}', '3:13', "'in' is missing"),
    ('{% if r %}1{% end %}', '3:7', 'a shape is neither true nor false'),
    ('{% if s == 1 %}1{% end %}', '3:7', 'this cannot be compared'),
    ('{% if n == "1" %}1{% end %}', '3:7', 'this cannot be compared'),
    ('{% if s < "a" %}1{% end %}', '3:7', 'texts are compared by == and !='),
    ('{% if b and n or s %}1{% end %}', '3:15', "'and' beside 'or'"),
    ('{% if %}1{% end %}', '3:7', 'no value here'),
    ('{# 1', '3:1', 'a comment that does not end'),
    ('{% body %}', '3:1', '{% body %} stands in parts only'),
    # slots
    ('{{ x }}', '3:4', "unknown name 'x': no slot of this page"),
    ('{{ r.x }}', '3:4', "shape 'row' has no slot 'x'"),
    ('{{ s.x }}', '3:4', "what stands before '.x' has no slots"),
    ('{{ view.x }}', '3:4', "shape 'view' has no slot 'x'"),
    ('{{ r }}', '3:1', 'a shape cannot be shown'),
    ('{{ rows }}', '3:1', 'a list cannot be shown'),
    ('{{ b }}', '3:1', 'a bool cannot be shown'),
    ('{{ not b }}', '3:1', 'a condition cannot be shown'),
    ('{{ s', '4:1', "'}}' is missing"),
    ('{{{ s }}}', '3:3', 'no value here'),
    ('{{ s|raw }}', '3:5', "'}}' is missing before '|'"),
    ('{{ s | safe }}', '3:6', "'}}' is missing before '|'"),
    # words
    ('<p>Hello</p>', '3:4', '"Hello": words for people stand in the catalogue'),
    ('<p title="Hello">1</p>', '3:11', 'words for people stand in the catalogue'),
    ('<p>É</p>', '3:4', 'words for people stand in the catalogue'),
    ('{{ @nothing }}', '3:4', "unknown word '@nothing'"),
    ('{{ @to }}', '3:4', '@to lacks its argument who'),
    ('{{ @to(whom=s) }}', '3:4', '@to lacks its argument who'),
    ('{{ @to(who=s whom=s) }}', '3:4', '@to has no argument whom'),
    ('{{ @to(who=n) }}', '3:4', '@to: argument who must be a single text'),
    ('{{ @many(n=s) }}', '3:4', '@many: argument n must be a single int'),
    ('{{ @to(who="1 {{ s }}") }}', '3:4', '@to: argument who must be a single text'),
    # parts
    ('{% include nothing %}', '3:1', "unknown part 'nothing'"),
    ('{% include one %}', '3:1', "part 'one' lacks its parameter 'a'"),
    ('{% include one a="1" z="2" %}', '3:22', "part 'one' has no parameter 'z'"),
    ('{% include one a="1" a="2" %}', '3:22', "'a' is given twice"),
    ('{% include one a="1" b="2" %}', '3:22', "parameter 'b' takes a int"),
    ('{% include one a=b %}', '3:16', "parameter 'a' takes a text"),
    ('{% include w %}', '3:1', 'this part has a {% body %}'),
    ('{% wrap one a="1" %}1{% end %}', '3:1', "part 'one' has no {% body %}"),
    ('{% include one a="Hello" %}', '3:19', '"Hello": words for people stand in the catalogue'),
]

# Whole files: what, files, where, which words.
FILES = [
    ('a page without a layout', {'t.html': '{% page %}<p>1</p>'}, 't.html:1:11', '<p> outside of <html>'),
    ('no page', {'t.html': '<p>1</p>'}, 't.html:1:1', 'a file begins with {% page'),
    ('text before the page', {'t.html': 'x {% page %}'}, 't.html:1:1', 'a file begins with {% page'),
    ('no DOCTYPE', {'t.html': '{% page %}<html><head><title>1</title></head><body></body></html>'}, 't.html:1:11', 'begins with <!DOCTYPE html>'),
    ('lang by hand', {'t.html': '{% page %}<!DOCTYPE html><html lang="en"><head><title>1</title></head><body></body></html>'}, 't.html:1:32', 'lang of <html>'),
    ('a slot that nothing shows', {'t.html': body('<p>1</p>', 'text s')}, 't.html:1:14', "slot 's' is declared, and nothing shows it"),
    ('a slot twice', {'t.html': body('{{ s }}', 'text s, int s')}, 't.html:1:21', "slot 's' is declared twice"),
    ('an unknown type', {'t.html': body('{{ s }}', 'html s')}, 't.html:1:14', "unknown type 'html'"),
    ('a raw type', {'t.html': body('{{ s }}', 'raw s')}, 't.html:1:13', "unknown type 'raw'"),
    ('a list of texts', {'t.html': body('{{ s }}', 'text[] s')}, 't.html:1:16', 'a list has rows of a shape'),
    ('a word of C', {'t.html': body('{{ case }}', 'text case')}, 't.html:1:14', 'is a word of the language'),
    ('a value for a page', {'t.html': body('{{ s }}', 'text s = "1"')}, 't.html:1:17', 'only slots of a part'),
    ('no comma', {'t.html': body('{{ s }}', 'text s text r')}, 't.html:1:16', 'slots stand between commas'),
    ('a shape that holds itself', {'u.html': '{% shape a b x %}{% shape b a y %}', 't.html': body('<p>1</p>', '')}, 'u.html:1:1', "'a' holds itself"),
    ('a part that holds itself', {'u.html': '{% part a %}{% include a %}{% end %}', 't.html': body('{% include a %}', '')}, 'u.html:1:13', 'one holds itself?'),
    ('a part twice', {'u.html': '{% part w %}{% end %}', 't.html': body('<p>1</p>', '')}, 'u.html:1:1', "'w' is there already"),
    ('a file name', {'T-1.html': body('<p>1</p>', '')}, 'T-1.html:1:1', 'the name of this file'),
    ('no UTF-8', {'t.html': b'{% page %}\xff'}, 't.html:1:1', 'this file is not UTF-8'),
    ('an error in a part tells both places', {'u.html': '{% part a text x %}\n<p class="{{ x }}">1</p>{% end %}', 't.html': body('{% include a x=s %}', 'text s')},
     'u.html:2:11', 't.html:3:1)'),
    ('too deep', {'t.html': body('<div>' * 200 + '</div>' * 200, '')}, 't.html:3:', 'levels within each other'),
    ('too deep a condition', {'t.html': body('{% if ' + '(' * 500 + ' %}', '')}, 't.html:3:', 'levels within each other'),
    ('too deep a word', {'t.html': body('{{ ' + '@to(who=' * 500, '')}, 't.html:3:', 'levels within each other'),
    ('an unused word', {'en.txt': WORDS + 'bye = Bye\n'}, 'en.txt:8:1', "nobody uses the word 'bye'"),
    ('a word twice', {'en.txt': WORDS + 'hello = Bye\n'}, 'en.txt:8:1', "'hello' is there already"),
    ('no text', {'en.txt': WORDS + 'bye =\n'}, 'en.txt:8:1', "'bye' has no text"),
    ('no sign', {'en.txt': WORDS + 'bye Bye\n'}, 'en.txt:8:5', "'=' is missing"),
    ('a form too little', {'en.txt': WORDS + 'bye by n =\n\tother: {n:int}\n'}, 'en.txt:8:1', "'bye' lacks the form 'one'"),
    ('a form too much', {'en.txt': WORDS + 'bye by n =\n\tfew: {n:int}\n'}, 'en.txt:9:5', "this language has no form 'few'"),
    ('forms of nothing', {'en.txt': WORDS + 'bye by n =\n\tone: 1\n\tother: {m:int}\n'}, 'en.txt:8:1', 'no form has {n:int}'),
    ('forms of a text', {'en.txt': WORDS + 'bye by n =\n\tone: {n}\n\tother: {n}\n'}, 'en.txt:8:1', 'no form has {n:int}'),
    ('a brace', {'en.txt': WORDS + 'bye = Bye {who\n'}, 'en.txt:8:', 'a brace that is no pair'),
    ('a closing brace', {'en.txt': WORDS + 'bye = Bye who}\n'}, 'en.txt:8:', 'a brace that is no pair'),
    ('an unknown type of an argument', {'en.txt': WORDS + 'bye = {n:number}\n'}, 'en.txt:8:', "unknown type 'number'"),
    ('two types', {'en.txt': WORDS + 'bye = {n:int} {n:time}\n'}, 'en.txt:8:', "argument 'n' has two types"),
    ('an argument that cannot be said', {'en.txt': WORDS + 'bye = {n:bool}\n'}, 'en.txt:8:', 'cannot be said'),
    ('an argument of C', {'en.txt': WORDS + 'bye = {for}\n'}, 'en.txt:8:', 'is a word of C'),
    ('no name of the language', {'en.txt': WORDS.replace('language English\n', '')}, 'en.txt:1:1', "no line 'language NAME'"),
    ('a bad plural', {'en.txt': WORDS.replace('n = 1', 'n is 1')}, 'en.txt:2:', 'a rule compares n'),
    ('a language that lacks a word', {'fr.txt': 'language français\nplural one: n = 0..1\nhello = Bonjour\n'}, 'fr.txt:1:1', "this language lacks the word 'many'"),
    ('a language with a word of its own', {'fr.txt': WORDS + 'bye = Adieu\n'}, 'en.txt:1:1', "this language lacks the word 'bye'"),
    ('a language with another argument', {'fr.txt': WORDS.replace('{who}', '{whom}')}, 'fr.txt:7:1', "'to' has no argument {who:text}"),
    ('a language with another type', {'fr.txt': WORDS.replace('{who}', '{who:int}')}, 'fr.txt:7:1', "'to' has no argument {who:text}"),
    ('a language without forms', {'fr.txt': WORDS.replace('many by n =\n\tone: {n:int} thing\n\tother: {n:int} things', 'many = {n:int}')}, 'fr.txt:4:1', 'takes its form from another argument'),
    ('a file that is no language', {'french.txt': WORDS}, 'french.txt:1:1', 'two letters of the language'),
]


def compile_in(folder, files, source='src'):
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    names = sorted(files, key=lambda n: (n != 'en.txt', n != 'frame.html', n))
    return subprocess.run([TOOL, '.', 'd', *names, source], cwd=folder, capture_output=True, text=True, errors='replace', timeout=60)


def refused(what, files, where, words):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'src').mkdir()
        done = compile_in(folder, files)
        left = sorted(p.name for p in folder.glob('*.[ch]'))
    said = done.stderr.splitlines()
    assert done.returncode == 1, f'{what}: ended with {done.returncode}: {done.stderr}'
    assert any(line.startswith(where) and words in line for line in said), f'{what}: said {said}, not {where} ... {words}'
    assert 'pages.h' not in left, f'{what}: pages were made all the same'


def complete(files):
    more = {'en.txt': WORDS, 'frame.html': FRAME, 'uses.html': '{% page %}{% wrap w %}<p>' + USES + '</p>{% end %}'}
    return {**more, **files}


def accepted():
    """What the refused ones stand in compiles, so that each is refused for its own reason alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'src').mkdir()
        done = compile_in(folder, complete({'t.html': body('<p>{{ s }}{{ n }}{{ t }}{% if b %}1{% end %}</p><a href="{{ l }}">1</a>{% each x in rows %}<p>{{ x.key }}{{ r.n }}</p>{% end %}')}))
        assert done.returncode == 0, done.stderr


def changed(rng, text):
    out = bytearray(text)
    for _ in range(rng.randrange(1, 5)):
        at, what = rng.randrange(len(out) + 1), rng.randrange(5)
        if what == 0:
            del out[at:at + rng.randrange(1, 30)]
        elif what == 1:
            out[at:at] = rng.choice([b'{{', b'}}', b'{%', b'%}', b'{#', b'"', b'<', b'</', b'>', b'{% end %}', b'{% if ', b'@', b'(', b'=', b'\xff', b'\0', b'.', b'{', b'}'])
        elif what == 2 and at < len(out):
            out[at] = rng.randrange(256)
        elif what == 3:
            piece = out[at:at + rng.randrange(1, 60)]
            out[at:at] = piece
        else:
            del out[at:]
        out = out or bytearray(b' ')
    return bytes(out)


def survives(times):
    """Real files with a few changes: 0 or 1, and an error has its place."""
    rng = random.Random(5)
    web = ROOT / 'src/web'
    files = {p.name: p.read_bytes() for p in [*web.glob('page/*.html'), web / 'words/en.txt']}
    files |= {'part_' + p.name: p.read_bytes() for p in web.glob('page/part/*.html')}
    seen = {0: 0, 1: 0}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = compile_in(folder, files, web)
        assert done.returncode == 0, done.stderr
        for _ in range(times):
            which = rng.choice(sorted(files))
            text = changed(rng, files[which])
            done = compile_in(folder, {**files, which: text}, web)
            assert done.returncode in seen, f'{which}: ended with {done.returncode}: {done.stderr[-500:]}\n{text!r}'
            seen[done.returncode] += 1
            if done.returncode:
                assert re.match(r'[A-Za-z0-9_.-]+:\d+:\d+: .', done.stderr), f'no place: {done.stderr}'
    assert seen[1] > times / 2, f'refused and not: {seen}'     # unchanged they compile, as above
    print(f'{times} changed files: {seen[1]} refused')


def main():
    accepted()
    for inner, where, words in BODIES:
        refused(inner[:60], complete({'t.html': body(inner)}), f't.html:{where}: ', words)
    for what, files, where, words in FILES:
        refused(what, complete(files), where, words)
    print(f'{len(BODIES) + len(FILES)} were refused')
    survives(200)


main()
