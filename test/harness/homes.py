"""Homes that are edited, copied and searched by tests: what somebody with the disk could do or find.

Adds to harness/life.py: the acttool (many acts, many ticks, retention), a database of its own for each
edit, searches for a planted text in any coding, and every age key that a folder holds.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess

from harness import tools

TOOL_SECONDS = 300
AGE_KEY = re.compile(rb"AGE-SECRET-KEY-1[0-9A-Z]{58}")
AGE_HEADER = re.compile(rb"age-encryption\.org/v1\n(?:-> .*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+--- [A-Za-z0-9+/]{43}\n")


def act_tool(home, who, *words):
    """Seconds that it took; home is a life.Home."""
    program = tools.program("acttool", home.hooks)
    assert program, f"acttool is not built in {tools.build(home.hooks)}"
    home.ok("roster", "list")       # the seal is up: the tool has none beside it
    done = subprocess.run([str(w) for w in (program, home.dir, who, *words)], env=home.env(), capture_output=True, text=True,
                          timeout=TOOL_SECONDS, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def findings(home, *words):
    """(exit, places) of 'writ log verify'; places: (place, what) of the differences."""
    done = home.run(*(words or ("log", "verify")), "--json")
    said = json.loads(done.out) if done.out.startswith("{") else {"findings": []}
    return done.exit, [(f["place"], f["what"]) for f in said["findings"] if f["difference"]], done.err


class Database:
    """The home's database while nobody writes: whole in one file, edited without any rule, put back."""

    def __init__(self, home):
        self.path = home.dir / "writ.db"
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.bytes = self.path.read_bytes()

    def put_back(self):
        for end in ("-wal", "-shm"):
            pathlib.Path(f"{self.path}{end}").unlink(missing_ok=True)
        self.path.write_bytes(self.bytes)

    @contextlib.contextmanager
    def edit(self):
        """A connection without foreign keys and other rules; the file is put back at the end."""
        db = sqlite3.connect(self.path, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("PRAGMA ignore_check_constraints = ON")
            yield db
        finally:
            db.close()
            self.put_back()

    def query(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
            return db.execute(sql, values).fetchall()

    def tables(self):
        """{table: [(column, type, may be null, is key)]}"""
        names = [n for n, in self.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        return {n: [(c[1], c[2], not c[3], c[5] > 0) for c in self.query(f"PRAGMA table_info({n})")] for n in names}


# ---- what a thief of the disk looks for ----

def codings(text):
    """A text as it is, and as base64 (each of the three alignments) and hex would show it."""
    raw = text.encode()
    out = {raw, raw.hex().encode(), raw.hex().upper().encode(), raw[::-1], text.encode("utf-16-le")}
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        # The characters that depend on what stands beside the text fall away.
        out.add(whole[(0, 2, 3)[shift]:len(whole) - 4])
    return out


def search(places, texts, seen=None):
    """Which of the texts stand in which file below the places, in any coding; also in names. Files that stand in
    seen, a dictionary, as they were at the last search are not read again."""
    wanted = [(text, code) for text in texts for code in codings(text)]
    found = []
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                path = pathlib.Path(folder, name)
                try:
                    st = path.lstat()
                    state = st.st_ino, st.st_size, st.st_mtime_ns, st.st_ctime_ns
                    if seen is not None and seen.get(path) == state:
                        continue
                    data = os.fsencode(name) + b"\n" + (path.read_bytes() if path.is_file() and not path.is_symlink() else b"")
                except OSError:
                    continue
                here = [(str(path), text) for text, code in wanted if code in data]
                found += here
                if seen is not None and not here:
                    seen[path] = state
    return found


def texts_of(folder):
    """Every file below, and what the database's cells, JSON strings and base64 in them say, as bytes."""
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.read_bytes()
    for path in pathlib.Path(folder).rglob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as db:
            for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in db.execute(f"SELECT * FROM {table}"):
                    yield from (str(cell).encode() for cell in row if cell is not None)


def unfolded(raw):
    """A text and what stands in it: JSON in JSON strings, base64 of anything."""
    yield raw
    if b"\\" in raw:
        yield raw.replace(b'\\"', b'"').replace(b"\\n", b"\n").replace(b"\\\\", b"\\").replace(b'\\"', b'"').replace(b"\\n", b"\n")
    for run in re.findall(rb"[A-Za-z0-9+/]{60,}={0,2}", raw):
        with contextlib.suppress(ValueError):
            yield base64.b64decode(run + b"=" * (-len(run) % 4))


def age_material(folder):
    """(secret keys, headers) that any file below holds in any of these forms."""
    keys, headers = set(), set()
    for raw in texts_of(folder):
        for text in unfolded(raw):
            keys |= set(AGE_KEY.findall(text.upper()))
            headers |= set(AGE_HEADER.findall(text))
    return keys, headers


def raw_keys(folder):
    """Files of 32 bytes, and 32 bytes in hex, as age keys: a seal may keep an identity raw."""
    out = set()
    for raw in texts_of(folder):
        if len(raw) == 32:
            out.add(raw)
        for run in re.findall(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", raw):
            out.add(bytes.fromhex(run.decode()))
    return out


BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def age_key_text(raw):
    """32 bytes as AGE-SECRET-KEY-1... (bech32, BIP 173)."""
    bits = "".join(f"{b:08b}" for b in raw) + "0000"
    values = [int(bits[i:i + 5], 2) for i in range(0, 260, 5)]
    hrp = "age-secret-key-"
    sums = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp] + values + [0] * 6
    check = 1
    for v in sums:
        top = check >> 25
        check = (check & 0x1ffffff) << 5 ^ v
        for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            check ^= g if top >> i & 1 else 0
    check ^= 1
    values += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return (hrp + "1" + "".join(BECH32[v] for v in values)).upper()


def opens(header, payload, key_text, folder):
    """Does Debian's age open header + payload with this key?"""
    identity, sealed = pathlib.Path(folder, "try.key"), pathlib.Path(folder, "try.age")
    identity.write_text(key_text + "\n")
    sealed.write_bytes(header + payload)
    done = subprocess.run(["age", "-d", "-i", str(identity), "-o", "/dev/null", str(sealed)], capture_output=True, check=False)
    return done.returncode == 0
