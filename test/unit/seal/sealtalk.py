# Talks to writ-seal for tests: founding, connections, documents, signatures by ssh-keygen and age's
# own programs. Knows the protocol page, nothing of the seal's inside.
import array
import base64
import datetime
import hashlib
import json
import os
import socket
import subprocess
import time

NOW = 1795341600  # 2026-11-22T10:00:00Z


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def utc(seconds):
    return datetime.datetime.utcfromtimestamp(seconds).strftime('%Y-%m-%dT%H:%M:%SZ')


def make_key(path, kind='ed25519'):
    subprocess.run(['ssh-keygen', '-q', '-t', kind, '-N', '', '-C', '', '-f', path], check=True)
    with open(path + '.pub') as f:
        return ' '.join(f.read().split()[:2])


def sign(path, namespace, data):
    p = subprocess.run(['ssh-keygen', '-q', '-Y', 'sign', '-n', namespace, '-f', path], input=data,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    return p.stdout.decode()


class Ended(Exception):
    pass


class Connection:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for _ in range(200):
            try:
                self.sock.connect(path)
                return
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.02)
        raise Ended('no seal')

    def send(self, text, files=()):
        fds = []
        head = b't' + text
        if len(text) > 60000:
            fd = os.memfd_create('text')
            os.write(fd, text)
            os.lseek(fd, 0, 0)
            fds.append(fd)
            head = b'f'
        for data in files:
            fd = os.memfd_create('file')
            os.write(fd, data)
            os.lseek(fd, 0, 0)
            fds.append(fd)
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        try:
            self.sock.sendmsg([head], anc)
        except (BrokenPipeError, ConnectionResetError):
            raise Ended()
        finally:
            for fd in fds:
                os.close(fd)

    def receive(self):
        try:
            data, anc, _, _ = self.sock.recvmsg(61000, socket.CMSG_SPACE(9 * 4))
        except ConnectionResetError:
            raise Ended()
        if not data:
            raise Ended()
        files = []
        for _, kind, raw in anc:
            if kind == socket.SCM_RIGHTS:
                a = array.array('i')
                a.frombytes(raw[:len(raw) // 4 * 4])
                for fd in a:
                    with os.fdopen(fd, 'rb') as f:
                        f.seek(0)
                        files.append(f.read())
        text = data[1:] if data[:1] == b't' else files.pop(0)
        return json.loads(text), files

    def raw(self, text, files=()):
        self.send(text, files)
        return self.receive()


class Seal:
    """A founded seal in a folder, with people a, b, c (all rights but as told) and a test clock."""

    def __init__(self, program, folder, may=None, policy=None, env=None):
        self.program, self.dir = program, folder
        self.home = os.path.join(folder, 'seal')
        self.log = os.path.join(folder, 'log')
        self.sock = os.path.join(folder, 's')
        self.clock = os.path.join(folder, 'clock')
        self.env = dict(os.environ, WRIT_TEST_CLOCK=self.clock, **(env or {}))
        self.number = 0
        self.process = None
        os.makedirs(self.log, exist_ok=True)
        self.set_time(NOW)
        self.keys = {}
        may = may or {'ana': ['decide', 'roster', 'halt'], 'ben': ['approve', 'roster', 'halt'],
                      'cleo': ['approve', 'roster'], 'dan': ['decide', 'approve']}
        self.people = []
        for name, rights in may.items():
            self.keys[name] = os.path.join(folder, name)
            self.people.append({'row': 'person', 'name': name, 'unix_user': name, 'may': rights,
                                'key': make_key(self.keys[name]), 'user_verified': False})
        self.input = {'provider': 'Example Mail', 'log_origin': 'example.org/writ', 'people': self.people,
                      'policy': policy or {}}

    def set_time(self, seconds):
        self.now = seconds
        with open(self.clock, 'w') as f:
            f.write('%d\n' % (seconds * 1000))

    def init(self):
        return subprocess.run([self.program, '--init', self.home], input=canonical(self.input),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)

    def signed(self, names, doc=None, namespace='writ-roster@v1'):
        path = os.path.join(self.dir, 'doc')
        doc = doc if doc is not None else self.founding
        with open(path, 'wb') as f:
            f.write(doc)
        sigs = []
        for i, name in enumerate(names):
            sigs.append(os.path.join(self.dir, 'sig%d' % i))
            with open(sigs[-1], 'w') as f:
                f.write(sign(self.keys[name], namespace, doc))
        return subprocess.run([self.program, '--init', self.home, '--signed', path] + sigs,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)

    def found(self):
        p = self.init()
        assert p.returncode == 0, p.stderr
        self.founding = p.stdout
        p = self.signed(['ana', 'ben'])
        assert p.returncode == 0, p.stderr
        return self

    def start(self, env=None):
        # The old seal's socket must not be mistaken for the new one's.
        if os.path.exists(self.sock):
            os.unlink(self.sock)
        self.process = subprocess.Popen([self.program, '--state', self.home, '--log', self.log, '--listen', self.sock],
                                        env=dict(self.env, **(env or {})), stderr=subprocess.PIPE)
        self.connection = None
        return self

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()
            self.process = None

    def ask(self, request, files=(), number=None, **fields):
        if not getattr(self, 'connection', None):
            self.connection = Connection(self.sock)
        if number is None:
            self.number += 1
            number = self.number
        fields.update(version=1, request=request, number=number)
        answer, self.files = self.connection.raw(canonical(fields), files)
        assert answer['version'] == 1 and answer['number'] == number, answer
        return answer

    def sign(self, doc, names):
        kind = json.loads(doc)['kind']
        return [sign(self.keys[n], 'writ-%s@v1' % kind, doc.encode()) for n in names]

    def document(self, kind, **fields):
        doc = {'version': 1, 'kind': kind, 'made_at': utc(self.now)}
        doc.update(fields)
        return canonical(doc).decode()

    def state(self, order=None, tick=False):
        return self.ask('state', order=order, tick=tick)

    def roster(self, action, row, names=('ana', 'ben'), **changes):
        fields = {'action': action, 'row': row, 'roster_version': self.state()['roster_version']}
        fields.update(changes)
        doc = self.document('roster', **fields)
        return self.ask('roster', document=doc, signatures=self.sign(doc, names))

    def agency(self, label='PJ-Paris 2026', ident='pj-paris', **changes):
        p = subprocess.run(['age-keygen'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        secret = p.stdout.decode()
        path = os.path.join(self.dir, 'age-%d' % self.number)
        with open(path, 'w') as f:
            f.write(secret)
        recipient = [w for w in secret.split() if w.startswith('age1')][0]
        row = {'row': 'agency', 'id': ident, 'name': 'Police judiciaire', 'country': 'FR', 'label': label,
               'recipient': recipient, 'checked': 'by call-back', 'from': utc(self.now), 'until': None}
        row.update(changes)
        return row, path

    def scope(self, order='W-7KQF-2M9D', **changes):
        line = {'id': 'd1', 'category': 'CONTENT_COMM', 'target_kind': 'EMAIL', 'target': 'eve@example.org',
                'stores': ['main'], 'folders': ['ALL'], 'date_meaning': 'delivery', 'zone': 'Europe/Paris',
                'from_words': '2026-01-01', 'until_words': '2026-02-01', 'from': 1767222000, 'until': 1769986800,
                'undated': 'list'}
        fields = {'order': order, 'good_until': utc(self.now + 3600), 'paper_sha256': [sha(b'paper')],
                  'agency': 'pj-paris', 'decision': 'comply', 'reasons': [], 'judgement_sha256': None,
                  'overrules': [], 'lines': [line]}
        fields.update(changes)
        return self.document('scope', **fields)

    def ticket(self, scope=None, names=('ana',), replaces=None, **changes):
        self.last_scope = scope = scope or self.scope()
        fields = {'for': 'collect', 'scope': scope, 'signatures': self.sign(scope, names), 'replaces': replaces}
        fields.update(changes)
        return self.ask('ticket', **fields)

    def vault(self, recipients, data=b'what was collected'):
        command = ['age']
        for r in recipients:
            command += ['-r', r]
        blob = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
        end = blob.index(b'\n', blob.index(b'\n--- ') + 1) + 1
        return blob[:end], blob[end:]

    def receipt(self, ticket, header=None, **changes):
        if header is None:
            header, self.payload = self.vault([ticket['recipient']])
        fields = {'ticket': ticket['ticket'], 'manifest_sha256': sha(b'm'), 'tagmanifest_sha256': sha(b't'),
                  'items': 3, 'bytes': 300, 'undated': 1, 'header': base64.b64encode(header).decode(),
                  'payload_bytes': 34 + 16, 'lines': [{'id': 'd1', 'store': 'main', 'account': 'eve@example.org',
                                                       'items': 3, 'bytes': 300}]}
        fields.update(changes)
        return self.ask('receipt', **fields)

    def ret(self, answer, **changes):
        r = json.loads(answer['receipt'])
        scope = {line['id']: line for line in json.loads(self.last_scope)['lines']}
        lines = [dict({k: scope[line['id']][k] for k in ('category', 'date_meaning', 'zone')},
                      **{k: scope[line['id']][k] and utc(scope[line['id']][k]) for k in ('from', 'until')},
                      words='mail', **line) for line in r['lines']]
        fields = {'order': r['order'], 'authority_reference': '26-1001', 'provider': 'Example Mail',
                  'issuer': {'agency': 'pj-paris', 'name': 'Police judiciaire', 'country': 'FR'},
                  'paper_sha256': json.loads(self.last_scope)['paper_sha256'], 'scope_sha256': r['scope_sha256'],
                  'reading': [], 'not_returned': [], 'times': [], 'lines': lines,
                  'notice': {'decision': 'withheld', 'because': 'GAG', 'gag_until': '2027-01-01'},
                  'software': {'name': 'writ', 'version': '0'}, 'members': [],
                  'receipt': answer['receipt'], 'receipt_seal': answer['receipt_seal']}
        for same in ('ticket', 'manifest_sha256', 'tagmanifest_sha256', 'items', 'bytes', 'undated', 'separation'):
            fields[same] = r[same]
        fields.update(changes)
        return self.document('return', **fields)

    def statement(self, answer, recipients=('PJ-Paris 2026',), ret=None, **changes):
        ticket = json.loads(answer['receipt'])['ticket']
        fields = {'ticket': ticket, 'return': ret or self.ret(answer), 'recipients': list(recipients)}
        fields.update(changes)
        return self.ask('statement', **fields)

    def release(self, statement, names=('ben', 'cleo'), **changes):
        fields = {'statement_sha256': sha(statement.encode()), 'signatures': self.sign(statement, names)}
        fields.update(changes)
        return self.ask('release', **fields)

    def tick(self, commitments=(), **changes):
        size = self.state()['log']['size']
        fields = {'size': size, 'count': len(commitments)}
        fields.update(changes)
        return self.ask('tick', files=[b''.join(commitments)] if commitments else [], **fields)
