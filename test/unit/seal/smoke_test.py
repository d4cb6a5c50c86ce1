# One order through the seal from its founding to the open mail, by stock tools wherever there is
# one; foundings that are refused; kills at every point of a request.
import base64
import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import sealtalk
from sealtalk import Ended, Seal, canonical, sha, utc


def ok(answer):
    assert answer['ok'] is True, answer
    return answer


def no(answer, check):
    assert answer['ok'] is False and answer['check'] == check, (check, answer)


def verify_seal(seal, text, signature):
    """The seal's signature by plain ssh-keygen."""
    key = json.loads(subprocess.run([seal.program, '--show', seal.home], stdout=subprocess.PIPE).stdout)['document_key']
    allowed, sig = os.path.join(seal.dir, 'allowed'), os.path.join(seal.dir, 'seal.sig')
    with open(allowed, 'w') as f:
        f.write('seal ' + key + '\n')
    with open(sig, 'w') as f:
        f.write(signature)
    subprocess.run(['ssh-keygen', '-Y', 'verify', '-f', allowed, '-I', 'seal', '-n', 'writ-seal@v1', '-s', sig],
                   input=text.encode(), stdout=subprocess.DEVNULL, check=True)


def inner_root(commitment, path):
    place = int.from_bytes(path[:2], 'big')
    node = commitment
    for i in range(16):
        sibling = path[2 + 32 * i:34 + 32 * i]
        pair = sibling + node if place >> i & 1 else node + sibling
        node = hashlib.sha256(b'\x01' + pair).digest()
    return node


def check_tick(answer, paths, commitments):
    entry = bytes.fromhex(answer['entry'])
    assert entry[0] == 1 and int.from_bytes(entry[1:9], 'big') == answer['time_ms']
    own = [hashlib.sha256(b'writ/act/v1\0' + bytes.fromhex(a['salt']) + a['act'].encode()).digest() for a in answer['acts']]
    both = list(commitments) + own
    assert len(paths) == 514 * len(both)
    for i, c in enumerate(both):
        assert inner_root(c, paths[514 * i:514 * i + 514]) == entry[9:]


def whole_life(seal):
    seal.found().start()
    state = ok(seal.state())
    assert state['seal_seq'] == 1 and state['separation'] == 'single-user' and state['log']['size'] == 0
    row, identity = seal.agency()
    assert ok(seal.roster('begin', row))['roster_version'] == 2
    answer = ok(seal.ticket())
    verify_seal(seal, answer['ticket'], answer['ticket_seal'])
    ticket = json.loads(answer['ticket'])
    no(seal.ticket(scope=seal.last_scope), 'ONE_TICKET')
    received = ok(seal.receipt(ticket))
    verify_seal(seal, received['receipt'], received['receipt_seal'])
    statement = ok(seal.statement(received))
    verify_seal(seal, statement['statement'], statement['statement_seal'])
    no(seal.release(statement['statement'], names=('ben',)), 'APPROVERS')
    no(seal.release(statement['statement'], names=('ben', 'ana')), 'MAY')
    released = ok(seal.release(statement['statement']))
    # By stock age: the new header before the untouched payload.
    blob = base64.b64decode(released['header']) + seal.payload
    out = subprocess.run(['age', '-d', '-i', identity], input=blob, stdout=subprocess.PIPE, check=True).stdout
    assert out == b'what was collected'
    # By stock openssl, at the time of the release: the seal's clock may have gone on since its certificate.
    at = datetime.datetime.fromisoformat(json.loads(released['statement'])['released_at']).timestamp()
    paths = {}
    for name, data in (('p7s', base64.b64decode(released['p7s'])), ('doc', released['statement'].encode()),
                       ('pem', state['certificate'].encode())):
        paths[name] = os.path.join(seal.dir, 'x.' + name)
        with open(paths[name], 'wb') as f:
            f.write(data)
    subprocess.run(['openssl', 'cms', '-verify', '-binary', '-inform', 'DER', '-in', paths['p7s'], '-content', paths['doc'],
                    '-CAfile', paths['pem'], '-purpose', 'any', '-attime', str(int(at)), '-out', '/dev/null'], stderr=subprocess.DEVNULL, check=True)
    act = json.loads(released['release'])
    assert act['body']['statement_sha256'] == sha(released['statement'].encode())
    assert json.loads(released['statement'])['approvals_sha256'] == sha(released['approvals'].encode())
    no(seal.release(statement['statement']), 'ALREADY_RELEASED')
    listed = seal.state(order='W-7KQF-2M9D')['tickets']
    assert len(listed) == 1 and listed[0]['released'] == released['release']
    ticks(seal)
    ended = ok(seal.ask('destroy', document=None, signatures=[], ticket=ticket['ticket']))
    assert ended['tickets'] == [ticket['ticket']] and not os.listdir(os.path.join(seal.home, 'id'))


def ticks(seal):
    commitments = [hashlib.sha256(b'%d' % i).digest() for i in range(5)]
    first = ok(seal.tick(commitments))
    check_tick(first, seal.files[0], commitments)
    sequence = [json.loads(a['act'])['seal_seq'] for a in first['acts']]
    assert sequence == list(range(1, len(sequence) + 1)) and first['count'] == 5 and first['size'] == 1
    last = ok(seal.state(tick=True))['last_tick']
    check_tick(last, seal.files[0], commitments)
    again, number = seal.files[0], seal.number
    no(seal.ask('tick', size=0, count=0), 'TICK_SIZE')
    second = ok(seal.tick())
    assert second['size'] == 2 and second['acts'] == [] and second['time_ms'] > first['time_ms']
    with open(os.path.join(seal.log, 'checkpoint'), 'w') as f:
        f.write(second['checkpoint'])
    assert again and number


def repeats(seal):
    """The same number and bytes give the same answer, over a new start too; other bytes do not."""
    scope = seal.scope(order='W-REPE-AT00')
    fields = {'for': 'collect', 'scope': scope, 'signatures': seal.sign(scope, ['ana']), 'replaces': None}
    first = ok(seal.ask('ticket', number=900001, **fields))
    assert seal.ask('ticket', number=900001, **fields) == first
    seal.stop()
    seal.start()
    assert seal.ask('ticket', number=900001, **fields) == first
    no(seal.ask('ticket', number=900001, **dict(fields, replaces='0' * 32)), 'NUMBER_REUSED')
    no(seal.ask('halt', number=900001, document='', signatures=[]), 'NUMBER_REUSED')
    tick = ok(seal.ask('tick', number=900002, size=2, count=0))
    assert seal.ask('tick', number=900002, size=2, count=0) == tick
    no(seal.ask('tick', number=900002, size=3, count=0), 'NUMBER_REUSED')


def ends(seal, text):
    connection = sealtalk.Connection(seal.sock)
    try:
        connection.raw(text)
    except Ended:
        return
    raise AssertionError('this is no request: %r' % text)


def nonsense(seal):
    for text in (b'', b'{', b'[]', b'null', b'{"version":1}', b'{"number":1,"request":"open","version":1}',
                 b'{"number":1,"order":null,"request":"state","tick":false,"version":2}',
                 b'{"number":-1,"order":null,"request":"state","tick":false,"version":1}',
                 b'{"number":1,"order":"../x","request":"state","tick":false,"version":1}',
                 b'{"number":1,"order":null,"request":"state","secret":1,"tick":false,"version":1}',
                 b' {"number":1,"order":null,"request":"state","tick":false,"version":1}',
                 b'"' + b'x' * (9 << 20) + b'"'):
        ends(seal, text)
    ok(seal.state())


def older_state(seal):
    """A state put back from an old copy is refused where the log shows it."""
    tick = os.path.join(seal.home, 'tick.json')
    with open(tick, 'rb') as f:
        old = f.read()
    note = ok(seal.tick())['checkpoint']
    with open(os.path.join(seal.log, 'checkpoint'), 'w') as f:
        f.write(note)
    seal.stop()
    with open(tick, 'rb') as f:
        new = f.read()
    for text in (old, b'', b'{}', None):
        if text is None:
            os.rename(tick, tick + '.away')
        else:
            with open(tick, 'wb') as f:
                f.write(text)
        p = subprocess.run([seal.program, '--state', seal.home, '--log', seal.log, '--listen', seal.sock], env=seal.env,
                           stderr=subprocess.PIPE, timeout=20)
        assert p.returncode != 0 and p.stderr, text
    with open(tick, 'wb') as f:
        f.write(new)
    seal.start()
    ok(seal.state())


POINTS = ['SEAL_BEFORE_STATE', 'SEAL_AFTER_IDENTITY', 'SEAL_AFTER_JOURNAL', 'SEAL_MID_JOURNAL', 'SEAL_BEFORE_SHRED',
          'SEAL_AFTER_STATE', 'SEAL_AFTER_ANSWER']


def kills(seal):
    """Killed anywhere, a repeated request is done once: one live ticket, one identity, no gap."""
    live = set(os.listdir(os.path.join(seal.home, 'id')))
    for i, point in enumerate(POINTS):
        order, replaced = 'W-KILL-%04d' % i, None
        for round_number in range(2):
            scope = seal.scope(order=order)
            fields = {'for': 'collect', 'scope': scope, 'signatures': seal.sign(scope, ['ana']), 'replaces': replaced}
            number = 800000 + 10 * i + round_number
            before = seal.state()['seal_seq']
            seal.stop()
            seal.start(env={'WRIT_CRASH_AT': point})
            try:
                answer = seal.ask('ticket', number=number, **fields)
                if point != 'SEAL_AFTER_ANSWER' and not (round_number == 0 and point == 'SEAL_BEFORE_SHRED'):
                    raise AssertionError('not killed at ' + point)
            except Ended:
                pass
            seal.stop()
            seal.start()
            answer = ok(seal.ask('ticket', number=number, **fields))
            ticket = json.loads(answer['ticket'])['ticket']
            tickets = seal.state(order=order)['tickets']
            assert len([t for t in tickets if t['destroyed'] is None]) == 1, (point, tickets)
            assert seal.state()['seal_seq'] == before + 1 + round_number, point
            live = (live - {replaced}) | {ticket}
            assert set(os.listdir(os.path.join(seal.home, 'id'))) == live, point
            assert not os.path.exists(os.path.join(seal.home, 'journal.json'))
            replaced = ticket


def refused(process, check):
    assert process.returncode != 0 and (check in process.stderr.decode()), (check, process.stderr)
    assert process.stdout == b''


def making(program):
    """Founding documents that are never made."""
    def attempt(check, change):
        with tempfile.TemporaryDirectory() as folder:
            seal = Seal(program, folder)
            change(seal.input)
            refused(seal.init(), check)
            assert not os.path.exists(seal.home)

    def person(i, **fields):
        return lambda given: given['people'][i].update(fields)

    for value in ('0', '1', '-1', '', '2 ', '17', 'two'):
        attempt('APPROVALS_TWO' if value in '01' and value else 'POLICY_VALUE',
                lambda given: given['policy'].update(approvals=value))
    attempt('POLICY_VALUE', lambda given: given['policy'].update(approvals=2))
    attempt('POLICY_NAME', lambda given: given['policy'].update(colour='red'))
    attempt('POLICY_VALUE', lambda given: given['policy'].update(timestamp='perhaps'))
    attempt('KEEPS_ROSTER', lambda given: [p.update(may=['approve']) for p in given['people'][1:]])
    attempt('KEEPS_APPROVERS', lambda given: given['policy'].update(approvals='4'))
    attempt('KEEPS_ROSTER', lambda given: given.update(people=[]))
    attempt('KEY_OF_ANOTHER', lambda given: given['people'][1].update(key=given['people'][0]['key']))
    attempt('KEY_THERE', lambda given: given['people'].append(dict(given['people'][0])))
    attempt('ROW_FORM', person(0, may=['rule']))
    attempt('ROW_FORM', person(0, key='ssh-ed25519 AAAA'))
    attempt('ROW_FORM', person(0, name=''))
    attempt('ROW_FORM', person(0, until='tomorrow'))
    attempt('ROW_FORM', person(0, user_verified=True))
    attempt('not well formed', lambda given: given.pop('people'))
    attempt('not well formed', lambda given: given.update(extra=1))


def signing(program):
    """Signatures that make no seal live; the good ones do, once."""
    with tempfile.TemporaryDirectory() as folder:
        seal = Seal(program, folder)
        for key, owner in (('ana2', 'ana'), ('zoe', None)):
            seal.keys[key] = os.path.join(folder, key)
            line = sealtalk.make_key(seal.keys[key])
            if owner:
                seal.people.append(dict(seal.people[0], key=line))
        made = seal.init()
        assert made.returncode == 0 and not made.stdout.endswith(b'\n'), made.stderr
        seal.founding = made.stdout
        assert canonical(json.loads(seal.founding)) == seal.founding
        refused(seal.init(), 'already')
        p = subprocess.run([program, '--state', seal.home, '--listen', seal.sock], env=seal.env, stderr=subprocess.PIPE, timeout=20)
        assert p.returncode == 3, p.stderr
        refused(seal.signed(['ana']), 'ROSTER_TWO')
        refused(seal.signed(['ana', 'ana']), 'KEY_TWICE')
        refused(seal.signed(['ana', 'ana2']), 'ROSTER_TWO')
        refused(seal.signed(['ana', 'ben', 'ben']), 'KEY_TWICE')
        refused(seal.signed(['ana', 'zoe', 'ben']), 'KEY_ROSTERED')
        refused(seal.signed(['ana', 'dan', 'ben']), 'MAY')
        refused(seal.signed(['ana', 'ben'], namespace='writ-scope@v1'), 'SIGNATURE_NAMESPACE')
        refused(seal.signed(['ana', 'ben'], doc=seal.founding.replace(b'Example Mail', b'Another Mail')), 'FOUNDING_SAME')
        refused(seal.signed(['ana', 'ben'], doc=seal.founding + b'\n'), 'FOUNDING_SAME')
        assert not os.path.exists(os.path.join(seal.home, 'state.json'))
        p = seal.signed(['ana', 'ben'])
        assert p.returncode == 0, p.stderr
        refused(seal.signed(['ana', 'ben']), 'live already')
        refused(seal.init(), 'already')


def one_at_a_time(seal):
    p = subprocess.run([seal.program, '--state', seal.home, '--listen', seal.sock + '2'], env=seal.env,
                       stderr=subprocess.PIPE, timeout=20)
    assert p.returncode == 6, p.stderr


def main():
    plain, hooks = sys.argv[1] == 'plain', sys.argv[1] == 'hooks'
    assert plain or hooks
    making(sys.argv[2])
    signing(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        seal = Seal(sys.argv[2], folder)
        if plain:
            # Without the test clock the documents' times are the real ones.
            seal.set_time(int(__import__('time').time()))
        try:
            whole_life(seal)
            repeats(seal)
            nonsense(seal)
            one_at_a_time(seal)
            older_state(seal)
            if hooks:
                kills(seal)
        finally:
            seal.stop()
    print('ok')


if __name__ == '__main__':
    main()
