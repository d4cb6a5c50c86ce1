"""What files of this folder share: a desk that serves the home of the file, and the busy home for those that have no
other. SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import busy, desk, life, web  # noqa: E402


@pytest.fixture(scope="module")
def home():
    with life.Town(hooks=True) as town:
        yield busy.make(town)


@pytest.fixture(scope="module")
def server(home):
    with web.serve(home) as made:
        yield made


@pytest.fixture(scope="module")
def who(home, server):
    return desk.Desk(home, server).sit


@pytest.fixture(scope="module")
def sittings(server):
    return busy.Sittings(server)
