"""What flows about the lives of orders share: a town, the same one with a clock, a home of one's own, and how a command says no.
SPDX-License-Identifier: Apache-2.0"""
import json
import re

import pytest

from harness import life, tools

NOON = life.utc("2026-11-22 12:00:00")


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def clocked(town):
    """The same world in the build with a test clock."""
    if not tools.program("writ", hooks=True):
        pytest.fail("the build with test hooks is not there (WRIT_BUILD_HOOKS)", pytrace=False)
    with life.Town(hooks=True, clock=NOON, world=town.world) as made:
        yield made


@pytest.fixture
def home(town):
    return town.home()


def no(home, status, *words, says="", **more):
    """The command says no with that status and those words, and nothing has happened."""
    before = home.acts_in_all()
    got = home.run(*words, **more)
    assert got.exit == status, f"writ {' '.join(map(str, words))}: {got.exit}, not {status}\n{got.out}{got.err}"
    assert re.search(says, got.err), got.err
    assert home.acts_in_all() == before
    home.sound()
    return got


def nothing_left(home):
    """No data: nothing in the vault, and nothing was ever released."""
    assert list((home.dir / "vault").iterdir()) == [] and home.seal_acts("released") == []


def ended(home):
    """No command brings data of this order out any more."""
    for words, more in ((("decide", home.ref, "comply"), {"as_": "Ana", "key": "ana"}), (("collect", home.ref), {"as_": "Ben"}),
                        (("approve", home.ref), {"as_": "Ben", "key": "ben"}), (("release", home.ref), {"as_": "Chi"}),
                        (("deliver", home.ref, "--out", home.base / "never.tar"), {"as_": "Chi"})):
        no(home, 4, *words, **more)
    assert not (home.base / "never.tar").exists() and home.seal_acts("released") == []


def letter(home, name):
    body = [a["body"] for a in home.acts("lettered") if a["body"]["template"] == name]
    assert len(body) == 1
    text = home.ok("letter", home.ref, name) + "\n"
    assert body[0]["sha256"] == life.sha(text.encode()) == json.loads(body[0]["record"])["sha256"]
    return text
