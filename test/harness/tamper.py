#!/usr/bin/python3
"""Random changes of a delivered file, each of which both verifiers must find with identity and policy
at hand: a byte changed, inserted or deleted, two bytes exchanged, blocks, chunks or members deleted,
doubled or exchanged; drawn equally per member of the file, header and padding of each being members
of their own.  tamper.py [N] [SEED] [--file F --identity I --policy P]; without a file one is made by
makepackage.py. Two processes side by side; last line: N passed, N failed.
SPDX-License-Identifier: Apache-2.0
"""
import concurrent.futures
import os
import random
import subprocess
import sys
import tempfile

import figures
import makepackage
import pyverify
import tools

BLOCK, CHUNK = 512, 65536 + 16


def regions(data):
    """[(name, from, to)] that cover the file: header, content and padding of each member, and the end."""
    out, at = [], 0
    for name, size, _, read in pyverify.tar_members(pyverify.reader_of(data), "tamper"):
        read()
        head = at
        while data[head + 156:head + 157] == b"x":
            head += 1024
        head += BLOCK
        out += [(name + " header", at, head), (name, head, head + size)]
        at = head + size
        if size % BLOCK:
            out.append((name + " padding", at, at + -size % BLOCK))
            at += -size % BLOCK
    out.append(("end", at, len(data)))
    assert b"".join(data[a:b] for _, a, b in out) == data
    return out


def change_byte(rng, d, a, b):
    i = rng.randrange(a, b)
    return d[:i] + bytes([d[i] ^ rng.randrange(1, 256)]) + d[i + 1:]


def flip_bit(rng, d, a, b):
    i = rng.randrange(a, b)
    return d[:i] + bytes([d[i] ^ 1 << rng.randrange(8)]) + d[i + 1:]


def delete_byte(rng, d, a, b):
    i = rng.randrange(a, b)
    return d[:i] + d[i + 1:]


def insert_byte(rng, d, a, b):
    i = rng.randrange(a, b + 1)
    return d[:i] + bytes([rng.randrange(256)]) + d[i:]


def swap_bytes(rng, d, a, b):
    i, k = sorted((rng.randrange(a, b), rng.randrange(a, b)))
    out = bytearray(d)
    out[i], out[k] = out[k], out[i]
    return bytes(out)


def swap_neighbours(rng, d, a, b):
    i = rng.randrange(a, b)
    return d[:i] + d[i:i + 2][::-1] + d[i + 2:]


def pieces(rng, a, b):
    """Two pieces of that region (cut into blocks, chunks or bits of a few bytes), in order."""
    size = rng.choice([n for n in (2, 16, BLOCK, CHUNK) if n * 2 <= b - a] or [1])
    count = (b - a) // size
    i, k = sorted((rng.randrange(count), rng.randrange(count)))
    return a + i * size, a + k * size, size


def swap_pieces(rng, d, a, b):
    i, k, n = pieces(rng, a, b)
    if k < i + n:
        return d
    return d[:i] + d[k:k + n] + d[i + n:k] + d[i:i + n] + d[k + n:]


def delete_piece(rng, d, a, b):
    i, _, n = pieces(rng, a, b)
    return d[:i] + d[i + n:]


def double_piece(rng, d, a, b):
    i, _, n = pieces(rng, a, b)
    return d[:i + n] + d[i:]


def copy_piece(rng, d, a, b):
    i, k, n = pieces(rng, a, b)
    return d[:k] + d[i:i + n] + d[k + n:]


def cut_tail(rng, d, a, b):
    return d[:rng.randrange(a, b)]


def swap_members(rng, d, a, b, parts):
    """The member at hand, with header and padding, changes places with another one."""
    whole = members(parts)
    mine = next(m for m in whole if m[0] <= a < m[1])
    other = rng.choice(whole)
    (i, j), (k, m) = sorted((mine, other))
    if i == k:
        return d
    return d[:i] + d[k:m] + d[j:k] + d[i:j] + d[m:]


def delete_member(rng, d, a, b, parts):
    i, j = next(m for m in members(parts) if m[0] <= a < m[1])
    return d[:i] + d[j:]


def members(parts):
    starts = [a for n, a, _ in parts if n.endswith(" header") or n == "end"]
    return list(zip(starts, starts[1:] + [parts[-1][2]]))


SMALL = [change_byte, flip_bit, delete_byte, insert_byte, swap_bytes, swap_neighbours]
LARGE = [swap_pieces, delete_piece, double_piece, copy_piece, cut_tail]
WHOLE = [swap_members, delete_member]


def draw(seed, data, parts):
    """(name of the region, name of the change, the changed file), never the file itself."""
    rng = random.Random(seed)
    while True:
        name, a, b = rng.choice(parts)
        how = rng.choice(rng.choice([SMALL, SMALL, SMALL, LARGE, WHOLE]))
        got = how(rng, data, a, b, parts) if how in WHOLE else how(rng, data, a, b)
        if got != data:
            return name, how.__name__, got


def one_of(exe, seeds, data, identity, policy, folder):
    """The changes of these seeds: list of what somebody did not find."""
    missed, parts = [], regions(data)
    path = os.path.join(folder, f"{os.getpid()}.tar")
    with open(identity, encoding="utf-8") as f, open(policy, encoding="utf-8") as g:
        texts = f.read(), g.read()
    for seed in seeds:
        where, how, got = draw(seed, data, parts)
        with open(path, "wb") as f:
            f.write(got)
        code = subprocess.run([exe, path, "--identity", identity, "--policy", policy], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode
        try:
            second = pyverify.verify(got, *texts)[0]
        except Exception as e:  # a verifier that breaks has found nothing
            second = repr(e)
        if (code, second) != (5, 5):
            missed.append(f"seed {seed}: {how} in {where}: writ-verify {code}, second verifier {second}")
    return missed


def tamper(count, seed, file=None, identity=None, policy=None):
    """(passed, list of failures) of count changes, drawn from seed on."""
    exe = tools.program("writ-verify")
    if exe is None:
        raise SystemExit("writ-verify is not built: set WRIT_BUILD")
    shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=shm) as folder:
        if file is None:
            makepackage.main([folder, str(seed)])
            file, identity, policy = (os.path.join(folder, n)
                                      for n in (makepackage.REF + ".writ.tar", "identity.txt", "policy.json"))
        with open(file, "rb") as f:
            data = f.read()
        good = subprocess.run([exe, file, "--identity", identity, "--policy", policy], stdout=subprocess.DEVNULL,
                              check=False).returncode
        if good != 0:
            return 0, [f"the file itself is not found good: {good}"]
        seeds = [list(range(seed + i, seed + count, 2)) for i in (0, 1)]
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            done = [pool.submit(one_of, exe, s, data, identity, policy, folder) for s in seeds]
            missed = [m for d in done for m in d.result()]
    return count - len(missed), missed


def main(argv):
    opts = {"--file": None, "--identity": None, "--policy": None}
    numbers = []
    it = iter(argv)
    for a in it:
        if a in opts:
            opts[a] = next(it)
        else:
            numbers.append(int(a))
    count = numbers[0] if numbers else 10000
    seed = numbers[1] if len(numbers) > 1 else random.SystemRandom().randrange(10 ** 9)
    print(f"{count} changes, seeds from {seed} on")
    passed, missed = tamper(count, seed, opts["--file"], opts["--identity"], opts["--policy"])
    for line in missed:
        print(line)
    figures.write("tamper", [("changes", count), ("found by both verifiers", passed), ("not found", len(missed)), ("first seed", seed)])
    print(f"{passed} passed, {len(missed)} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
