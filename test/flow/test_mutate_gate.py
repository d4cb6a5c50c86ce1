"""Each row of the seal's checks is necessary: without it a case of test_gate.py goes another way (short form).

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import gatecases  # noqa: E402
import gaterun  # noqa: E402
import mutate  # noqa: E402
import tools  # noqa: E402


@pytest.fixture(scope="session")
def bench():
    if not tools.program("writ-seal", hooks=True):
        pytest.fail("writ-seal with test hooks is not in %s" % tools.build(True))
    with gaterun.Bench("one" if gaterun.three_users() else "three") as made:
        yield made


@pytest.mark.parametrize("row", gatecases.rows())
def test_row_is_necessary(bench, row):
    if row == "CALLER" and bench.users == "one":
        pytest.skip(gaterun.three_users())
    m = mutate.mutate(bench, row, short=True)
    assert m.by, m.line()
