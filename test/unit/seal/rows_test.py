# Every row of check.def is necessary: for each there is a case that this row refuses and that
# passes once the row is left out (WRIT_LEAVE_OUT, test builds only). A row without a case fails.
import base64
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'harness'))
import passkey  # noqa: E402
import people  # noqa: E402
import sealtalk  # noqa: E402
from sealtalk import NOW, Ended, Seal, canonical, sha, sign, utc  # noqa: E402

DAY, HOUR = 86400, 3600
ORDER = 'W-7KQF-2M9D'
cases, founding_cases = {}, {}


def case(*ids):
    def keep(function):
        for one in ids:
            cases[one] = function
        return function
    return keep


def ok(answer):
    assert answer['ok'] is True, answer
    return answer


class Bench(Seal):
    """A seal whose roster has a row for every trouble, and orders as far as a case wants them."""

    def person(self, name, may, key, **more):
        row = {'row': 'person', 'name': name, 'unix_user': name, 'key': key, 'may': may, 'user_verified': False,
               'from': utc(NOW), 'until': None}
        row.update(more)
        return row

    def key(self, name):
        self.keys[name] = os.path.join(self.dir, name)
        return sealtalk.make_key(self.keys[name])

    def furnish(self):
        self.found().start()
        row, self.identity = self.agency()
        self.recipient = row['recipient']
        ok(self.roster('begin', row))
        ok(self.roster('begin', self.agency('later', **{'from': utc(NOW + 10 * DAY)})[0]))
        ok(self.roster('begin', self.agency('brief', until=utc(NOW + 2 * HOUR))[0]))
        ok(self.roster('begin', self.agency('BKA 2026', 'bka')[0]))
        everything = ['decide', 'approve', 'roster', 'halt']
        ok(self.roster('begin', self.person('ben', ['approve'], self.key('ben2')), names=('ana', 'cleo')))
        ok(self.roster('begin', self.person('early', everything, self.key('early'), **{'from': utc(NOW + 9 * DAY)})))
        gone = self.person('gone', everything, self.key('gone'))
        ok(self.roster('begin', gone))
        self.set_time(NOW + 1)
        ok(self.roster('end', gone))
        self.hardware = people.Key('sk-ed25519')
        ok(self.roster('begin', self.person('hana', ['approve'], self.hardware.line, user_verified=True)))
        self.passkey = passkey.Passkey()
        ok(self.roster('begin', self.person('pat', ['halt'], self.passkey.line)))
        self.stop()
        return self

    def twin(self, folder):
        other = object.__new__(Bench)
        other.__dict__.update(self.__dict__)
        other.dir, other.process, other.connection = folder, None, None
        other.home, other.log = os.path.join(folder, 'seal'), os.path.join(folder, 'log')
        other.sock, other.clock = os.path.join(folder, 's'), os.path.join(folder, 'clock')
        shutil.copytree(self.home, other.home)
        os.makedirs(other.log)
        other.env = dict(self.env, WRIT_TEST_CLOCK=other.clock)
        other.set_time(self.now)
        other.key('zoe')
        return other

    def have(self, upto, **scope):
        """ticket, receipt, statement or release of the standard order."""
        self.t = json.loads(ok(self.ticket(self.scope(**scope) if scope else None))['ticket'])
        if upto == 'ticket':
            return self.t
        self.r = ok(self.receipt(self.t))
        if upto == 'receipt':
            return self.r
        self.s = ok(self.statement(self.r))['statement']
        if upto == 'statement':
            return self.s
        self.released = ok(self.release(self.s))
        return self.released

    def issue(self, kind, names, request=None, **fields):
        if kind in ('halt', 'resume'):
            fields.setdefault('halt_epoch', self.state()['halt_epoch'])
        fields.setdefault('because', 'so it is')
        doc = self.document(kind, **fields)
        more = {'ticket': None} if (request or kind) == 'destroy' else {}
        return self.ask(request or kind, document=doc, signatures=self.sign(doc, names), **more)

    def edit(self, path, change):
        """What only a vandal of the seal's own folder could do."""
        self.stop()
        path = os.path.join(self.home, path)
        with open(path, 'rb') as f:
            tree = json.loads(f.read())
        change(tree)
        with open(path, 'wb') as f:
            f.write(canonical(tree))
        self.start(env=self.left_out)

    def policy(self, name, value, names=('ana', 'ben')):
        return self.roster('begin', {'row': 'policy', 'name': name, 'value': value}, names)


def scope_line(**changes):
    line = {'id': 'd1', 'category': 'CONTENT_COMM', 'target_kind': 'EMAIL', 'target': 'eve@example.org',
            'stores': ['main'], 'folders': ['ALL'], 'date_meaning': 'delivery', 'zone': 'Europe/Paris',
            'from_words': None, 'until_words': None, 'from': None, 'until': None, 'undated': 'list'}
    line.update(changes)
    return line


def count(b, scope=None, **changes):
    fields = {'for': 'count', 'scope': scope or b.scope(order='W-COUNT'), 'signatures': [], 'replaces': None}
    fields.update(changes)
    return b.ask('ticket', **fields)


@case('NUMBER_REUSED')
def _(b):
    ok(b.ask('sign', number=77, order=ORDER, template='t', sha256=sha(b''), **{'for': 'intake'}))
    return b.ask('sign', number=77, order='W-OTHER', template='t', sha256=sha(b''), **{'for': 'intake'})


@case('HALTED')
def _(b):
    ok(b.issue('halt', ['ana']))
    return b.ticket()


@case('TICKET_FOR')
def _(b):
    return b.ticket(**{'for': 'browse'})


@case('NOTHING_NAMED')
def _(b):
    return b.ask('destroy', document=None, signatures=[], ticket=None)


@case('DOCUMENT_FORM')
def _(b):
    return b.ticket(b.scope(extra=1))


@case('DOCUMENT_KIND')
def _(b):
    doc = b.document('destroy', order=ORDER, because='x')
    return b.ask('void', document=doc, signatures=[sign(b.keys['ana'], 'writ-void@v1', doc.encode())])


@case('DOCUMENT_FUTURE')
def _(b):
    return b.ticket(b.scope(made_at=utc(b.now + 61)))


@case('DOCUMENT_EXPIRED')
def _(b):
    return b.ticket(b.scope(good_until=utc(b.now)))


@case('DOCUMENT_TOO_LONG')
def _(b):
    return b.ticket(b.scope(good_until=utc(b.now + 72 * HOUR + 1)))


def decision(b, what):
    doc = b.document('decision', order=ORDER, good_until=utc(b.now + 60), paper_sha256=[], agency='pj-paris', decision=what,
                     reasons=[], judgement_sha256=None, overrules=[])
    return b.ask('destroy', document=doc, signatures=b.sign(doc, ['ana']), ticket=None)


@case('DECISION_REFUSES')
def _(b):
    return decision(b, 'ask')


@case('STATEMENT_KNOWN')
def _(b):
    return b.release(b.document('approval', order=ORDER))


@case('STATEMENT_LIVE')
def _(b):
    old = b.have('statement')
    b.set_time(b.now + 1)
    ok(b.statement(b.r))
    return b.release(old)


@case('COUNT_UNSIGNED')
def _(b):
    scope = b.scope(order='W-COUNT')
    return count(b, scope, signatures=b.sign(scope, ['ana']))


def release_with(b, change):
    text = b.have('statement')
    signatures = b.sign(text, ['ben', 'cleo'])
    return b.release(text, signatures=change(signatures, text))


@case('SIGNATURE_FORM')
def _(b):
    return release_with(b, lambda s, text: s + ['nonsense'])


@case('SIGNATURE_HOLDS')
def _(b):
    return release_with(b, lambda s, text: [s[0], sign(b.keys['cleo'], 'writ-approval@v1', text.encode() + b' ')])


@case('SIGNATURE_NAMESPACE')
def _(b):
    return release_with(b, lambda s, text: [s[0], sign(b.keys['cleo'], 'writ-scope@v1', text.encode())])


def extra(b, name):
    return release_with(b, lambda s, text: s + [sign(b.keys[name], 'writ-approval@v1', text.encode())])


@case('KEY_ROSTERED')
def _(b):
    return extra(b, 'zoe')


@case('KEY_BEGUN')
def _(b):
    return extra(b, 'early')


@case('KEY_NOT_ENDED')
def _(b):
    return extra(b, 'gone')


@case('USER_VERIFIED')
def _(b):
    return release_with(b, lambda s, text: [s[0], b.hardware.sign('writ-approval@v1', text, flags=people.PRESENT)])


@case('NATIVE_APPROVERS')
def _(b):
    key = passkey.Passkey()
    ok(b.roster('begin', b.person('pam', ['approve'], key.line)))
    ok(b.policy('native_approvals', '2'))
    text = b.have('statement')
    return b.release(text, signatures=[*b.sign(text, ['ben']), key.sign('', text)])


@case('COUNTER')
def _(b):
    doc = b.document('halt', halt_epoch=b.state()['halt_epoch'], because='so it is')
    ok(b.ask('halt', document=doc, signatures=[b.passkey.sign('', doc)]))
    b.set_time(b.now + 2)
    b.passkey.counter = 0
    doc = b.document('resume', halt_epoch=b.state()['halt_epoch'], because='so it is')
    return b.ask('resume', document=doc, signatures=[*b.sign(doc, ['ana']), b.passkey.sign('', doc)])


@case('MAY')
def _(b):
    return b.ticket(names=('ben',))


@case('KEY_TWICE')
def _(b):
    return release_with(b, lambda s, text: s + [s[0]])


@case('SCOPE_SIGNED')
def _(b):
    return b.ticket(names=())


@case('OVERRULE_SECOND')
def _(b):
    return b.ticket(b.scope(overrules=['d1']))


@case('ONE_SIGNER')
def _(b):
    return b.issue('halt', [])


@case('RESUME_TWO')
def _(b):
    ok(b.issue('halt', ['ana']))
    return b.issue('resume', ['ana'])


@case('ROSTER_TWO')
def _(b):
    return b.policy('statement_hours', '5', names=('ana',))


@case('ROSTER_OTHERS')
def _(b):
    return b.roster('begin', b.person('ben', ['halt'], b.key('ben3')), names=('ana', 'ben'))


@case('TICKET_KNOWN')
def _(b):
    b.have('ticket')
    return b.receipt(dict(b.t, ticket='0' * 32))


@case('TICKET_COLLECTS')
def _(b):
    ticket = json.loads(ok(count(b))['ticket'])
    return b.receipt(dict(ticket, recipient=b.recipient))


@case('ORDER_VOID')
def _(b):
    ok(b.issue('void', ['ana'], order=ORDER))
    return b.ticket()


@case('ORDER_DESTROYED')
def _(b):
    ok(b.issue('destroy', ['ana'], order=ORDER))
    return b.ticket()


@case('ALREADY_RELEASED')
def _(b):
    b.have('release')
    return b.release(b.s)


@case('TICKET_REPLACED')
def _(b):
    b.have('ticket')
    ok(b.ticket(b.last_scope, replaces=b.t['ticket']))
    return b.receipt(b.t)


@case('TICKET_DESTROYED')
def _(b):
    b.have('ticket')
    ok(b.issue('destroy', ['ana'], order=ORDER))
    return b.receipt(b.t)


@case('TICKET_EXPIRED')
def _(b):
    b.have('ticket')
    b.set_time(b.now + DAY)
    return b.receipt(b.t)


@case('RECEIPT_ONCE')
def _(b):
    b.have('receipt')
    return b.receipt(b.t)


@case('RECEIPT_THERE')
def _(b):
    b.have('receipt')
    ret = b.ret(b.r)
    b.t = json.loads(ok(b.ticket(b.scope(order='W-2')))['ticket'])
    return b.ask('statement', ticket=b.t['ticket'], recipients=['PJ-Paris 2026'], **{'return': b.document(
        'return', **dict({k: v for k, v in json.loads(ret).items() if k not in ('version', 'kind', 'made_at')},
                         order='W-2', ticket=b.t['ticket'], scope_sha256=b.t['scope_sha256']))})


@case('ONE_TICKET')
def _(b):
    b.have('ticket')
    return b.ticket(b.last_scope)


@case('REPLACES_SAME_SCOPE')
def _(b):
    b.have('ticket')
    return b.ticket(b.scope(reasons=['other']), replaces=b.t['ticket'])


@case('REPLACES_LIVE')
def _(b):
    first = b.have('ticket')
    scope = b.last_scope
    second = json.loads(ok(b.ticket(scope, replaces=first['ticket']))['ticket'])
    b.ask('destroy', document=None, signatures=[], ticket=second['ticket'])
    b.edit('order/%s.json' % ORDER, lambda o: o['tickets'][1].update(destroyed='x'))
    return b.ticket(scope, replaces=first['ticket'])


@case('COUNT_REPLACES')
def _(b):
    return count(b, replaces='0' * 32)


@case('COUNT_LINES')
def _(b):
    return count(b, b.scope(order='W-COUNT', lines=[scope_line(id='d%d' % i) for i in range(101)]))


@case('COUNTS_PER_DAY')
def _(b):
    ok(b.policy('counts_per_day', '1'))
    ok(count(b))
    return count(b)


@case('HEADER_FORM')
def _(b):
    b.have('ticket')
    return b.receipt(b.t, b.vault([b.t['recipient']])[0] + b'x')


@case('HEADER_ALONE')
def _(b):
    b.have('ticket')
    return b.receipt(b.t, b.vault([b.t['recipient'], b.recipient])[0])


@case('HEADER_OPENS')
def _(b):
    b.have('ticket')
    return b.receipt(b.t, b.vault([b.recipient])[0])


@case('PAYLOAD_LENGTH')
def _(b):
    b.have('ticket')
    return b.receipt(b.t, payload_bytes=31)


def receipt_line(**changes):
    line = {'id': 'd1', 'store': 'main', 'account': 'eve@example.org', 'items': 3, 'bytes': 300}
    line.update(changes)
    return line


@case('RECEIPT_LINES')
def _(b):
    b.have('ticket')
    return b.receipt(b.t, lines=[receipt_line(), receipt_line(store='other', items=0, bytes=0)])


@case('RECEIPT_COMPLETE')
def _(b):
    b.have('ticket', lines=[scope_line(), scope_line(id='d2')])
    return b.receipt(b.t)


@case('RECEIPT_TOTALS')
def _(b):
    b.have('ticket')
    return b.receipt(b.t, items=4)


def return_with(b, **changes):
    b.have('receipt')
    return b.statement(b.r, ret=b.ret(b.r, **changes))


def returns(ident, **changes):
    cases[ident] = lambda b: return_with(b, **changes)


returns('RETURN_FORM', extra=1)
returns('RETURN_ORDER', order='W-OTHER')
returns('RETURN_SCOPE', scope_sha256=sha(b'other'))
returns('RETURN_TICKET', ticket='0' * 32)
returns('RETURN_MANIFEST', manifest_sha256=sha(b'other'))
returns('RETURN_TAGMANIFEST', tagmanifest_sha256=sha(b'other'))
returns('RETURN_ITEMS', items=2)
returns('RETURN_BYTES', bytes=299)
returns('RETURN_UNDATED', undated=0)
returns('RETURN_LINES', lines=[receipt_line(account='adam@example.org')])
returns('RETURN_RECEIPT', receipt_seal='none')
returns('RETURN_PROVIDER', provider='Other Mail')
returns('RETURN_AGENCY', issuer={'agency': 'bka', 'name': 'BKA', 'country': 'DE'})
returns('RETURN_SEPARATION', separation='users')
returns('RETURN_PAPERS', paper_sha256=[])
returns('NOTICE_DECIDED', notice={'decision': 'withheld', 'because': None, 'gag_until': None})


def recipients(ident, *labels):
    def run(b):
        b.have('receipt')
        return b.statement(b.r, recipients=labels)
    cases[ident] = run


recipients('RECIPIENTS_SOME')
recipients('RECIPIENT_TWICE', 'PJ-Paris 2026', 'PJ-Paris 2026')
recipients('RECIPIENT_ROSTERED', 'PJ-Paris 2026', 'nobody')
recipients('RECIPIENT_AGENCY', 'BKA 2026')
recipients('RECIPIENT_BEGUN', 'later')


@case('RECIPIENTS_MOST')
def _(b):
    for i in range(33):
        ok(b.roster('begin', b.agency('key %d' % i)[0]))
    b.have('receipt')
    return b.statement(b.r, recipients=['key %d' % i for i in range(33)])


@case('RECIPIENT_NOT_ENDED')
def _(b):
    b.have('receipt')
    b.s = ok(b.statement(b.r, recipients=['brief']))['statement']
    b.set_time(NOW + 2 * HOUR)
    return b.release(b.s)


@case('CLOCK_BACK')
def _(b):
    b.have('statement')
    b.set_time(b.now - 1)
    return b.release(b.s)


@case('STATEMENT_EXPIRED')
def _(b):
    b.have('statement')
    b.set_time(b.now + 4 * HOUR)
    return b.release(b.s)


@case('EPOCH_SAME')
def _(b):
    b.have('statement')
    ok(b.issue('halt', ['ana']))
    ok(b.issue('resume', ['ana', 'ben']))
    return b.release(b.s)


@case('POLICY_SAME')
def _(b):
    b.have('statement')
    b.edit('state.json', lambda s: s['policy'].update(ticket_days='31'))
    return b.release(b.s)


@case('ROSTER_SAME')
def _(b):
    b.have('statement')
    ok(b.roster('begin', b.agency('one more')[0]))
    return b.release(b.s)


@case('APPROVALS_POLICY')
def _(b):
    b.edit('state.json', lambda s: s['policy'].update(approvals='0'))
    b.have('statement')
    return b.release(b.s)


@case('APPROVERS')
def _(b):
    b.have('statement')
    return b.release(b.s, names=('ben', 'ben2'))


@case('DECIDER_APPROVES')
def _(b):
    b.t = json.loads(ok(b.ticket(names=('dan',)))['ticket'])
    b.r = ok(b.receipt(b.t))
    b.s = ok(b.statement(b.r))['statement']
    return b.release(b.s, names=('ben', 'dan'))


@case('ROSTER_VERSION')
def _(b):
    return b.roster('begin', {'row': 'policy', 'name': 'ticket_days', 'value': '31'}, roster_version=1)


@case('ROSTER_ACTION')
def _(b):
    return b.roster('change', {'row': 'policy', 'name': 'ticket_days', 'value': '31'})


@case('ROW_FORM')
def _(b):
    return b.roster('begin', {'row': 'person', 'name': 'x'})


@case('ROW_STANDS')
def _(b):
    return b.roster('end', b.person('gone', ['halt'], b.key('nobody')))


@case('KEY_OF_ANOTHER')
def _(b):
    with open(b.keys['gone'] + '.pub') as f:
        return b.roster('begin', b.person('hugo', ['halt'], ' '.join(f.read().split()[:2])))


@case('KEY_THERE')
def _(b):
    with open(b.keys['dan'] + '.pub') as f:
        return b.roster('begin', b.person('dan', ['halt'], ' '.join(f.read().split()[:2])))


@case('LABEL_THERE')
def _(b):
    return b.roster('begin', b.agency('later')[0])


@case('AGENCY_KEY_THERE')
def _(b):
    return b.roster('begin', b.agency('copy', 'bka', recipient=b.recipient)[0])


@case('POLICY_NAME')
def _(b):
    return b.policy('colour', 'red')


@case('POLICY_VALUE')
def _(b):
    return b.policy('ticket_days', '0')


@case('APPROVALS_TWO')
def _(b):
    return b.policy('approvals', '1')


def rows_of(b, name):
    return [r for r in b.state()['roster'] if r.get('name') == name and r['until'] is None]


@case('KEEPS_ROSTER')
def _(b):
    ok(b.roster('end', rows_of(b, 'cleo')[0]))
    return b.roster('end', rows_of(b, 'ben')[0])


@case('KEEPS_APPROVERS')
def _(b):
    return b.policy('approvals', '5')


@case('TICKET_OF_ORDER')
def _(b):
    b.have('ticket')
    doc = b.document('destroy', order='W-OTHER', because='x')
    return b.ask('destroy', document=doc, signatures=b.sign(doc, ['ana']), ticket=b.t['ticket'])


@case('DESTROY_IN_TIME')
def _(b):
    b.have('receipt')
    return b.ask('destroy', document=None, signatures=[], ticket=b.t['ticket'])


@case('HALT_EPOCH')
def _(b):
    return b.issue('halt', ['ana'], halt_epoch=5)


@case('HALTED_ALREADY')
def _(b):
    ok(b.issue('halt', ['ana']))
    return b.issue('halt', ['ana'])


@case('NOT_HALTED')
def _(b):
    return b.issue('resume', ['ana', 'ben'])


@case('TICK_SIZE')
def _(b):
    return b.ask('tick', size=1, count=0)


@case('TICK_COUNT')
def _(b):
    return b.ask('tick', files=[b'x' * 96], size=0, count=2)


@case('TICK_MOST')
def _(b):
    return b.ask('tick', files=[b'x' * 32 * 65537], size=0, count=65537)


@case('SIGN_FOR')
def _(b):
    return b.ask('sign', order=ORDER, template='t', sha256=sha(b''), **{'for': 'approval'})


# Without the row there is nothing that the request could be done with: that is no refusal any
# more, but a failure, or the end of the connection.
NOTHING_TO_DO = {'NOTHING_NAMED', 'DOCUMENT_FORM', 'STATEMENT_KNOWN', 'TICKET_KNOWN', 'RECEIPT_THERE', 'RETURN_FORM',
                 'RECIPIENT_ROSTERED', 'ROSTER_ACTION', 'ROW_FORM', 'TICK_MOST', 'HEADER_OPENS'}
# Seen between users only (test_gate_users.py), or at the founding.
ELSEWHERE = {'CALLER', 'FOUNDING_SAME'}


def run(base, ident, left_out):
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.path.isdir('/dev/shm') else None) as folder:
        b = base.twin(folder)
        b.left_out = {'WRIT_LEAVE_OUT': ident} if left_out else {}
        try:
            b.start(env=b.left_out)
            return cases[ident](b)
        except AssertionError as e:
            return {'ok': False, 'check': 'case broken', 'why': str(e)}
        except Ended:
            return {'ok': False, 'check': 'FAILED'}
        finally:
            b.stop()


def rows(check_def):
    with open(check_def) as f:
        return re.findall(r'^X\((\w+),', f.read(), re.M)


def main():
    program, check_def = sys.argv[1], sys.argv[2]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        base = Bench(program, folder).furnish()
        for ident in rows(check_def):
            if ident in ELSEWHERE or (len(sys.argv) > 3 and ident not in sys.argv[3:]):
                continue
            if ident not in cases:
                print('%s: no case' % ident)
                bad += 1
                continue
            with_row, without = run(base, ident, False), run(base, ident, True)
            if with_row['ok'] or with_row['check'] != ident:
                print('%s: answered %s' % (ident, with_row))
                bad += 1
            wanted = without['ok'] or (ident in NOTHING_TO_DO and without['check'] == 'FAILED')
            if not wanted:
                print('%s: left out, %s refuses: %s' % (ident, without['check'], without.get('why')))
                bad += 1
    for ident in set(cases) - set(rows(check_def)):
        print('%s: a case without a row' % ident)
        bad += 1
    print('%d cases, %d bad' % (len(cases), bad))
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
