"""Whole lives under the policy 'timestamp: required', with an authority on loopback: what is stamped, what
happens while nobody stamps, and what both verifiers say to every other timestamp.
SPDX-License-Identifier: Apache-2.0"""
import datetime as dt
import json
import os
import random
import subprocess
import sys
import tarfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "harness"))
from harness import life, tamper, tools, tsa  # noqa: E402
import pyformats  # noqa: E402
import pyverify  # noqa: E402

NAMES = ["README.txt", "certificate.pdf", "return.json", "approvals.json", "statement.json", "statement.p7s",
         "statement.tsr", "release.json", "statement.tlog-proof", "package.age"]


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = tsa.Tsa(tmp_path_factory.mktemp("tsa"))
    yield made
    made.stop()


def demand(home, authority):
    home.ok("roster", "add", "--policy", "timestamp", "--value", "required", as_="Ana", key=("ana", "ben"))
    if authority:
        (home.dir / "addresses.yaml").write_text(authority.yaml(timeout=2))
    home.ok("policy", "export", "--out", home.base / "policy.json")
    return home


def approved(town, authority):
    home = demand(town.home("collected"), authority)
    home.withhold()
    home.ok("approve", home.ref, as_="Ben", key="ben")
    home.ok("approve", home.ref, as_="Chi", key="chi")
    return home


@pytest.fixture(scope="module")
def delivered(town, authority):
    authority.answer = None
    home = approved(town, authority)
    asked = authority.asked
    said = home.ok("release", home.ref, as_="Chi")
    assert "stamped at" in said and authority.asked == asked + 1
    home.file = home.deliver("out.tar")
    assert authority.asked == asked + 1, "what is stamped is not stamped again"
    return home


def members(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def repacked(path, change, to):
    """The file with other parts; their time stays."""
    parts = list(members(path).items())
    mtime = tarfile.open(path).getmembers()[0].mtime
    with open(to, "wb") as f:
        for name, body in change(parts):
            f.write(pyformats.tar_head(name.encode(), len(body), mtime) + body + bytes(-len(body) % 512))
        f.write(bytes(1024))
    return to


def said_of(home, path, policy=None):
    """(exit of writ-verify, its broken checks, what the second verifier says)."""
    policy = policy or home.base / "policy.json"
    words = [home.bin / "writ-verify", "--json", path, "--identity", home.world.age("paris"), "--policy", policy]
    done = subprocess.run([str(w) for w in words], capture_output=True, check=False)
    lines = json.loads(done.stdout)["checks"]
    second = pyverify.verify(path.read_bytes(), home.world.age("paris").read_text(), policy.read_text())
    return done.returncode, {x["check"] for x in lines if x["result"] == "failed"}, second


def test_a_whole_life(delivered, authority, tmp_path):
    parts = members(delivered.file)
    assert list(parts) == NAMES and json.loads(parts["statement.json"])["members"] == NAMES
    assert said_of(delivered, delivered.file) == (0, set(), (0, None, "fine"))
    policy = json.loads((delivered.base / "policy.json").read_text())
    assert policy["tsa_certificates"] == [tsa.fingerprint(authority.certificate)]
    assert "timestamp" in delivered.ok("doctor")
    delivered.ok("log", "verify")
    assert len(delivered.acts("timestamped")) == 1
    # As README.txt says, with stock tools.
    subprocess.run(["tar", "-xf", delivered.file, "-C", tmp_path], check=True)
    words = next(x for x in parts["README.txt"].decode().splitlines() if "openssl ts" in x)
    words = words.replace("ISSUERS-OF-THE-TIMESTAMP-AUTHORITY.pem", str(authority.dir / "ca.pem"))
    subprocess.run(words, shell=True, check=True, cwd=tmp_path, capture_output=True)
    assert "{{" not in parts["README.txt"].decode()


def test_without_a_policy_it_is_not_compared(delivered):
    got = subprocess.run([delivered.bin / "writ-verify", delivered.file], capture_output=True, text=True, check=False)
    (hash_,) = json.loads((delivered.base / "policy.json").read_text())["tsa_certificates"]
    assert got.returncode == 7 and hash_ in got.stdout
    got = subprocess.run([delivered.bin / "writ-verify", "--json", delivered.file], capture_output=True, text=True, check=False)
    keys = json.loads(got.stdout)["keys"]
    assert got.returncode == 7 and keys["timestamp_certificate"] == hash_ and keys["compared"] is False


def test_no_timestamp_where_none_is_demanded(town):
    home = town.home("released")
    assert "statement.tsr" not in members(home.deliver("out.tar")) and home.acts("timestamped") == []
    assert "statement.tsr" not in members(home.base / "out.tar")["README.txt"].decode()


def test_nobody_stamps(town, authority):
    """The release stands, delivery waits; the same command, or the delivery, ends it once somebody answers."""
    home = approved(town, authority)
    authority.answer = tsa.WRONG["http error"](authority)
    got = home.run("release", home.ref, as_="Chi")
    assert got.exit == 7 and "timestamp" in got.err and home.state() == "released", got
    out = home.base / "out.tar"
    for _ in range(2):
        got = home.run("deliver", home.ref, "--out", out, as_="Chi")
        assert got.exit == 75 and not out.exists() and home.state() == "released", got
    assert home.run("release", home.ref, as_="Chi").exit == 7
    home.ok("log", "verify")
    authority.answer = None
    home.ok("release", home.ref, as_="Chi")
    assert home.run("release", home.ref, as_="Chi").exit == 4
    assert len(home.acts("timestamped")) == len(home.acts("released")) == len(home.seal_acts("released")) == 1
    assert said_of(home, home.deliver("out.tar"))[0] == 0


def test_the_delivery_asks_where_the_release_could_not(town, authority):
    home = approved(town, None)
    assert "no timestamp authority" in home.run("release", home.ref, as_="Chi").err
    doctor = home.run("doctor")
    assert doctor.exit == 7 and "addresses.yaml names no" in doctor.out
    assert home.run("deliver", home.ref, "--out", home.base / "out.tar", as_="Chi").exit == 3
    (home.dir / "addresses.yaml").write_text(authority.yaml())
    home.ok("policy", "export", "--out", home.base / "policy.json")
    assert said_of(home, home.deliver("out.tar"))[0] == 0 and len(home.acts("timestamped")) == 1


def test_wrong_answers_are_not_kept(town, authority):
    home = approved(town, authority)
    for name in ("wrong imprint", "wrong nonce", "other key", "certificate without usage", "rejected", "garbage"):
        authority.answer = tsa.WRONG[name](authority)
        got = home.run("release", home.ref, as_="Chi")
        assert got.exit == 7 and home.acts("timestamped") == [], (name, got)
    authority.answer = None
    assert home.run("deliver", home.ref, "--out", home.base / "out.tar", as_="Chi").exit == 0


def test_a_policy_that_changes_ends_what_was_approved(town, authority):
    home = town.home("approved")
    demand(home, authority)
    assert home.run("release", home.ref, as_="Chi").exit == 4 and home.state() != "released"


# ---- what the verifiers say ----

def swap(name, body):
    return lambda parts: [(n, body if n == name else b) for n, b in parts]


def without(parts):
    return [p for p in parts if p[0] != "statement.tsr"]


def test_a_missing_or_foreign_timestamp(delivered, town, authority, tmp_path):
    other = approved(town, authority)
    other.ok("release", other.ref, as_="Chi")
    foreign = members(other.deliver("out.tar"))["statement.tsr"]
    for n, change in enumerate((swap("statement.tsr", foreign), without, swap("statement.tsr", b""),
                                swap("statement.tsr", members(delivered.file)["statement.p7s"]))):
        code, broken, second = said_of(delivered, repacked(delivered.file, change, tmp_path / f"{n}.tar"))
        assert code == 5 and second[0] == 5 and broken & {"timestamp", "members"}, (n, broken, second)
    bare = town.home("released")
    plain = bare.deliver("out.tar")
    added = lambda parts: parts[:6] + [("statement.tsr", foreign)] + parts[6:]
    code, broken, second = said_of(bare, repacked(plain, added, tmp_path / "added.tar"))
    assert code == 5 and second[0] == 5 and "members" in broken, (broken, second)


def stamps(delivered, authority):
    p7s = members(delivered.file)["statement.p7s"]
    imprint = life.hashlib.sha256(p7s).digest()
    now = dt.datetime.now(tsa.UTC)
    key, cert = authority.key, authority.certificate
    usage = tsa.ExtendedKeyUsageOID
    good = tsa.stamp(imprint, key, cert)
    return {
        "good": (good, None), "days later": (tsa.stamp(imprint, key, cert, when=now + dt.timedelta(days=3)), None),
        "before the release": (tsa.stamp(imprint, key, cert, when=now - dt.timedelta(minutes=4)), "timestamp"),
        "after the certificate": (tsa.stamp(imprint, key, cert, when=now + dt.timedelta(days=60)), "timestamp"),
        "no usage": (tsa.stamp(imprint, key, authority.issue(key, usages=())), "timestamp"),
        "usage not critical": (tsa.stamp(imprint, key, authority.issue(key, critical=False)), "timestamp"),
        "two usages": (tsa.stamp(imprint, key, authority.issue(key, usages=(usage.TIME_STAMPING, usage.CODE_SIGNING))),
                       "timestamp"),
        "another certificate": (tsa.stamp(imprint, key, authority.issue(key)), "timestamp-certificate"),
        "other imprint": (tsa.stamp(bytes(32), key, cert), "timestamp"),
        "other kind": (tsa.stamp(imprint, key, cert, kind="1.2.840.113549.1.7.1"), "timestamp"),
        "with its chain": (tsa.stamp(imprint, key, cert, extra=[authority.ca]), "timestamp"),
        "unsigned attribute": (tsa.stamp(imprint, key, cert, unsigned=tsa.der(
            0xa1, tsa.seq(tsa.oid("1.2.3"), tsa.der(0x31, tsa.num(1))))), "timestamp"),
        "rejected": (tsa.rejection(), "timestamp"), "with other terms": (
            tsa.seq(tsa.seq(tsa.num(1)), tsa.token_of(good)), "timestamp"),
        "bytes behind it": (good + b"\0", "timestamp"), "a token alone": (tsa.token_of(good), "timestamp"),
    }


def test_timestamps_good_and_bad(delivered, authority, tmp_path):
    for n, (name, (body, check)) in enumerate(stamps(delivered, authority).items()):
        code, broken, second = said_of(delivered, repacked(delivered.file, swap("statement.tsr", body), tmp_path / f"{n}.tar"))
        assert (code, broken, second[:2]) == ((0, set(), (0, None)) if check is None else (5, {check}, (5, check))), (name, second)


def test_every_byte_of_the_timestamp(delivered, tmp_path):
    """Each byte once, by one bit drawn: both verifiers see it."""
    data = delivered.file.read_bytes()
    (_, a, b), = [r for r in tamper.regions(data) if r[0] == "statement.tsr"]
    rng, identity, policy = random.Random(1), delivered.world.age("paris").read_text(), (delivered.base / "policy.json").read_text()
    p7s = members(delivered.file)["statement.p7s"]
    for i in range(a, b):
        changed = bytearray(data[a:b])
        changed[i - a] ^= 1 << rng.randrange(8)
        with pytest.raises(pyformats.Bad):
            pyformats.timestamp(bytes(changed), p7s)
    for i in rng.sample(range(a, b), 60):
        path = tmp_path / "one.tar"
        path.write_bytes(data[:i] + bytes([data[i] ^ 1 << rng.randrange(8)]) + data[i + 1:])
        assert subprocess.run([delivered.bin / "writ-verify", path, "--identity", delivered.world.age("paris"), "--policy",
                               delivered.base / "policy.json"], capture_output=True, check=False).returncode == 5, i - a
    assert pyverify.verify(data, identity, policy)[0] == 0


def test_random_changes_of_a_stamped_file(delivered):
    passed, missed = tamper.tamper(100, 20261122, delivered.file, delivered.world.age("paris"), delivered.base / "policy.json")
    assert (passed, missed) == (100, [])
