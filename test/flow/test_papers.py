"""Papers, letters and the parts of a delivered file behind writ's back: log verify names each that is
altered or gone. SPDX-License-Identifier: Apache-2.0"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)


@pytest.fixture(scope="module")
def home():
    with life.Town() as town:
        yield town.home("released")


def blobs(home):
    return sorted(p for p in (home.dir / "blob").rglob("*") if p.is_file())


def test_there_is_something_to_alter(home):
    assert len(blobs(home)) >= 11
    home.sound()


def test_each_altered_or_missing_file_is_named(home):
    for path in blobs(home):
        before = path.read_bytes()
        for after in (before[:-1] + bytes([before[-1] ^ 1]), before + b"x", before[:-1], None):
            path.chmod(0o600)
            path.unlink() if after is None else path.write_bytes(after)
            got = home.run("log", "verify")
            assert got.exit == 5 and f"blob {path.name}" in got.out, (path.name, got)
            path.write_bytes(before)
    home.sound()
