"""The disk under torture, from outside: tells disk.c which call is to fail, reads what it wrote down, and
makes from that the images that a loss of power could have left. A file's bytes are safe when fsync of the
file has answered, a name when fsync of its folder has; everything else may be there, be gone, be torn at
512 bytes, or come in another order. What a failed fsync was for is gone, whatever a later one says.
SPDX-License-Identifier: Apache-2.0
"""
import collections
import mmap
import os
import pathlib
import struct

from harness import tools

CREATE, WRITE, SYNC, RENAME, UNLINK, TRUNCATE, MKDIR, ALLOCATE, OPEN, RMDIR = range(1, 11)
WORDS = {CREATE: "create", WRITE: "write", SYNC: "fsync", RENAME: "rename", UNLINK: "unlink", TRUNCATE: "truncate",
         MKDIR: "mkdir", ALLOCATE: "allocate", OPEN: "open", RMDIR: "rmdir"}
ONCE, EVER, SHORT, KILL = 1, 2, 3, 4
PROGRAMS = {"w": "writ", "s": "writ-seal", "h": "writ-hand"}
HEAD = 4096
CONTROL = struct.Struct("=1024sQ4I5Q")
LOCK, FAIL_AT = 1032, 1048      # where the lock stands, and the numbers behind it
RECORD = struct.Struct("=I4B4Q")
SECTOR = 512

Call = collections.namedtuple("Call", "op failed program number ino at length data path to")


def library():
    return tools.program("torture_disk.so")


class Disk:
    """One disk: everything below a folder, as the programs that are started with env() see it."""

    def __init__(self, base, mebibytes=16):
        self.base = pathlib.Path(base)
        self.path = self.base.parent / (self.base.name + ".disk")
        size = mebibytes << 20
        with open(self.path, "wb") as f:
            f.truncate(size)
            f.seek(0)
            f.write(CONTROL.pack(str(self.base).encode(), size, 0, 0, 0, 1, 0, 0, 0, 0, 0))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), size)

    def env(self):
        return {"LD_PRELOAD": str(library()), "TORTURE_DISK": str(self.path)}

    def close(self):
        self.map.close()
        self.path.unlink()

    def _control(self):
        return CONTROL.unpack(self.map[:CONTROL.size])

    @property
    def seen(self):
        return self._control()[7]

    @property
    def failed(self):
        return self._control()[8]

    @property
    def used(self):
        used, lost = self._control()[9:11]
        assert lost == 0, "the tape of the disk is full"
        return used

    def arm(self, how=0, at=0, error=0):
        """The calls are counted from 1 again; how = 0: all go well."""
        self.map[FAIL_AT:FAIL_AT + 24] = struct.pack("=3Q", at, 0, 0)
        self.map[LOCK + 4:LOCK + 12] = struct.pack("=2I", how, error)

    def disarm(self):
        """There is room again. Gives how many calls failed."""
        failed = self.failed
        self.map[LOCK + 4:LOCK + 8] = struct.pack("=I", 0)
        return failed

    def unlock(self):
        """After a kill from outside: whoever held the disk is gone."""
        self.map[LOCK:LOCK + 4] = bytes(4)

    def calls(self, since=0, until=None):
        """What was written down, oldest first; since, until: values of used."""
        at, end, found = HEAD + since, HEAD + (self.used if until is None else until), []
        while at < end:
            size, op, failed, program, _, number, ino, offset, length = RECORD.unpack_from(self.map, at)
            raw = self.map[at + RECORD.size:at + size]
            path = to = None
            if op in (CREATE, OPEN, UNLINK, MKDIR, RMDIR, RENAME):
                path, to = (raw.split(b"\0") + [b""])[:2]
                path, to = path.decode(), to.decode() if op == RENAME else None
                raw = b""
            elif op == WRITE:
                raw = b"" if failed else raw[:length]
            found.append(Call(op, bool(failed), chr(program), number, ino, offset, length, raw, path, to))
            at += size
        return found


class Bytes:
    """One file: what is safe, and what waits for its fsync."""

    def __init__(self, safe=b""):
        self.safe, self.waiting = bytearray(safe), []

    @staticmethod
    def apply(data, change, keep=None):
        """keep: which sectors of a write are kept, or None for all."""
        what, at, more = change
        if what == "size":
            if at < len(data):
                del data[at:]
            else:
                data.extend(bytes(at - len(data)))
            return
        end = at + len(more)
        if end > len(data):
            data.extend(bytes(end - len(data)))
        if keep is None:
            data[at:end] = more
            return
        for n, here in enumerate(range(at, end, SECTOR)):
            if keep[n % len(keep)]:
                there = min(here + SECTOR, end)
                data[here:there] = more[here - at:there - at]

    def sync(self, failed):
        for change in () if failed else self.waiting:
            self.apply(self.safe, change)
        self.waiting = []

    def image(self, how, random):
        """The bytes after a loss of power."""
        if how == "safe" or not self.waiting:
            return bytes(self.safe)
        data = bytearray(self.safe)
        for change in self.waiting:
            if how == "all" or (how == "some" and random.random() < 0.5):
                self.apply(data, change)
            elif how == "torn" and random.random() < 0.8:
                self.apply(data, change, [random.random() < 0.5 for _ in range(8)])
        return bytes(data)


class Model:
    """What a disk holds for certain and what not, call by call."""

    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.files, self.folders, self.names, self.waiting = {}, {}, {}, []
        for top, folders, files in os.walk(self.base):
            if os.path.basename(top) == "run":
                continue
            self.folder(top, os.stat(top).st_ino)
            for name in files:
                path = os.path.join(top, name)
                if not os.path.isfile(path) or name.endswith("-shm"):
                    continue
                ino = os.stat(path).st_ino
                self.files[ino] = Bytes(pathlib.Path(path).read_bytes())
                self.names[path] = ino

    def folder(self, path, ino):
        self.folders[ino] = path
        self.names[path] = ino

    def take(self, call):
        """One call more has been made."""
        if call.op == SYNC and call.ino in self.folders:
            if not call.failed:
                self.sync_folder(self.folders[call.ino])
        elif call.op == SYNC:
            if call.ino in self.files:
                self.files[call.ino].sync(call.failed)
        elif call.failed:
            return
        elif call.op == WRITE:
            self.files.setdefault(call.ino, Bytes()).waiting.append(("bytes", call.at, call.data))
        elif call.op == TRUNCATE:
            self.files.setdefault(call.ino, Bytes()).waiting.append(("size", call.length, b""))
        elif call.op == ALLOCATE:
            self.files.setdefault(call.ino, Bytes()).waiting.append(("bytes", call.at + call.length, b""))
        elif call.op == OPEN:
            self.names.setdefault(call.path, call.ino)
            self.files.setdefault(call.ino, Bytes())
        elif call.op in (CREATE, MKDIR):
            if call.op == CREATE:
                self.files[call.ino] = Bytes()
            else:
                self.folders[call.ino] = call.path
            self.waiting.append(("set", call.path, call.ino, None))
        elif call.op == RENAME:
            self.waiting.append(("set", call.to, call.ino, call.path))
        elif call.op in (UNLINK, RMDIR):
            self.waiting.append(("drop", call.path, call.ino, None))

    @staticmethod
    def rename(names, change):
        what, path, ino, old = change
        if what == "set":
            names[path] = ino
            if old and names.get(old) == ino:
                del names[old]
        elif names.get(path) == ino:
            del names[path]

    def sync_folder(self, folder):
        left = []
        for change in self.waiting:
            if os.path.dirname(change[1]) == folder:
                self.rename(self.names, change)
            else:
                left.append(change)
        self.waiting = left

    def unsafe(self):
        """How many changes a loss of power could take."""
        return len(self.waiting) + sum(len(f.waiting) for f in self.files.values())

    def image(self, target, names_how, data_how, random):
        """Writes what could be left into the folder target. names_how: safe, all, first, some."""
        names, changes = dict(self.names), self.waiting
        if names_how == "safe":
            changes = []
        elif names_how == "first":
            changes = changes[:random.randint(0, len(changes))]
        elif names_how == "some":
            changes = [c for c in changes if random.random() < 0.5]
        for change in changes:
            self.rename(names, change)
        target = pathlib.Path(target)
        target.mkdir(parents=True)
        have = {str(self.base)}
        for path in sorted(names):
            if path == str(self.base) or os.path.dirname(path) not in have:
                continue
            there = target / os.path.relpath(path, self.base)
            if names[path] in self.folders:
                there.mkdir(mode=0o700)
                have.add(path)
            else:
                there.write_bytes(self.files[names[path]].image(data_how, random))
                there.chmod(0o600)
        (target / "home" / "run").mkdir(mode=0o700, exist_ok=True)
