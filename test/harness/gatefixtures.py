"""Fixtures of the tests of the gate: homes that are made once and thawed for each test.

SPDX-License-Identifier: Apache-2.0
"""
import pytest

import gaterun
import tools


@pytest.fixture(scope="session")
def bench_of():
    """bench_of(users): made when first asked for, kept to the end."""
    made = {}

    def of(users):
        if not tools.program("writ-seal", hooks=True):
            pytest.fail("writ-seal with test hooks is not in %s" % tools.build(True))
        if users == "three" and gaterun.three_users():
            pytest.skip(gaterun.three_users())
        if users not in made:
            made[users] = gaterun.made(users)
        return gaterun.need(made[users])
    yield of
    gaterun.close(made.values())


@pytest.fixture(params=["one", "three"])
def bench(request, bench_of):
    return bench_of(request.param)


@pytest.fixture
def founded(bench):
    with bench.thaw("founded") as home:
        yield home


@pytest.fixture
def approved(bench):
    with bench.thaw("approved") as home:
        yield home
