# The parts of pages, read by an HTML5 parser that forgives nothing: with and without errors in the
# fields, every field has its label, every id that is named is there, and errors are said where they are.
#   page_parts_test.py PROBE
# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import html5lib


def tree(state):
    page = subprocess.run([sys.argv[1], state], stdout=subprocess.PIPE, check=True).stdout.decode()
    return html5lib.HTMLParser(html5lib.getTreeBuilder('etree'), strict=True, namespaceHTMLElements=False).parse(page)


def words(e):
    return ' '.join(''.join(e.itertext()).split())


def named(root):
    ids = [e.get('id') for e in root.iter() if e.get('id')]
    assert len(ids) == len(set(ids)), f'an id twice: {sorted(ids)}'
    for e in root.iter():
        for attr in ('for', 'aria-describedby', 'aria-labelledby'):
            for one in (e.get(attr) or '').split():
                assert one in ids, f'{e.tag} {attr}: no id {one}'
        if e.tag == 'a' and e.get('href', '').startswith('#'):
            assert e.get('href')[1:] in ids, f'a link to {e.get("href")}'
    return ids


def labels(root):
    known = {e.get('for') for e in root.iter('label')}
    for e in root.iter():
        if e.tag in ('select', 'textarea') or (e.tag == 'input' and e.get('type') != 'hidden'):
            assert e.get('id') in known, f'no label for {e.get("id")}'


def main():
    clean, errors = tree('clean'), tree('errors')
    for root in (clean, errors):
        named(root)
        labels(root)
        assert len([e for e in root.iter('main')]) == 1 and root.find('body')[0].get('href') == '#main'
    said = [words(e) for e in errors.iter() if e.get('class') == 'govuk-error-message']
    assert len(said) == 6 and set(said) == {'Error: It is <wrong>'}, said
    assert not [e for e in clean.iter() if 'error' in (e.get('class') or '')], 'an error where none is'
    assert not [e for e in clean.iter() if e.get('aria-invalid')]
    summary = [e for e in errors.iter() if e.get('class') == 'govuk-error-summary']
    assert len(summary) == 1 and [a.get('href') for a in summary[0].iter('a')] == ['#agency'], 'the summary leads to the field'
    for root in (clean, errors):
        chosen = [e.get('value') for e in root.iter('input') if e.get('type') == 'radio' and 'checked' in e.attrib]
        assert chosen == ['go'], chosen
        tokens = [(f.get('action'), [i.get('value') for i in f.iter('input') if i.get('name') == 'token']) for f in root.iter('form')]
        assert all(t == ['t0ken'] for _, t in tokens) and ('/x', ['t0ken']) in tokens, tokens
        assert [e.get('value') for e in root.iter('input') if e.get('name') == 'from-year'] == ['2026']
    assert [e.get('value') for e in errors.iter('input') if e.get('type') == 'checkbox' and 'checked' in e.attrib] == ['head']
    assert not [e for e in clean.iter('input') if e.get('type') == 'checkbox' and 'checked' in e.attrib]
    assert 'Ana K.' in words(errors) and 'Sign out' in words(errors) and 'Degraded' in words(errors)
    assert not [f for f in clean.iter('form') if f.get('action') == '/sign-out'], 'nobody is signed in'
    assert 'Demonstration' in words(clean) and 'One user' in words(errors)
    assert [e.get('href') for e in errors.iter('a') if e.get('rel')] == ['/?page=1', '/?page=3']


main()
