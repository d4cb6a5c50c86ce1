"""The gate, attacked: every case of harness/gatecases.py against writ-seal's socket, as one user and under three.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import gatecases  # noqa: E402
import gaterun  # noqa: E402
import tools  # noqa: E402


# Under three users every case runs that is not the same for one, as one user those that need no second one.
EVERYWHERE = [(users, case) for users in ("one", "three") for case in gatecases.CASES
              if ("alone" if users == "three" else "three") not in case.needs]


def first_of_each_row():
    """The release build has no clock to turn; it is asked once about every row."""
    kept = {}
    for case in gatecases.CASES:
        if not case.needs:
            kept.setdefault(case.expect, case)
    return list(kept.values())


@pytest.fixture(scope="session")
def bench():
    """bench(users): made when first asked for, kept to the end."""
    made = {}

    def of(users, hooks=True):
        if not tools.program("writ-seal", hooks):
            pytest.fail("writ-seal is not in %s" % tools.build(hooks))
        if users == "three" and gaterun.three_users():
            pytest.skip(gaterun.three_users())
        if (users, hooks) not in made:
            made[users, hooks] = gaterun.made(users, hooks)
        return gaterun.need(made[users, hooks])
    yield of
    gaterun.close(made.values())


def refused(bench, case):
    said, why, unchanged = bench.run(case, look=True)
    assert said == case.expect, "%s: %s" % (case.name, why)
    assert unchanged, "%s was refused and changed something" % case.name


def test_every_row_has_a_case():
    assert gaterun.unknown_rows() == ([], [])
    assert len(gatecases.rows()) >= 100 and len(gatecases.CASES) >= 80


@pytest.mark.parametrize("users, case", EVERYWHERE, ids=lambda x: x if isinstance(x, str) else repr(x))
def test_refused(bench, users, case):
    refused(bench(users), case)


@pytest.mark.parametrize("case", first_of_each_row(), ids=repr)
def test_refused_by_the_release_build(bench, case):
    refused(bench("one", hooks=False), case)


def test_the_release_build_has_no_way_to_leave_out():
    program = tools.program("writ-seal")
    assert program, "writ-seal is not in %s" % tools.build()
    for name in (b"WRIT_LEAVE_OUT", b"WRIT_TEST_CLOCK", b"WRIT_CRASH_AT"):
        assert name not in program.read_bytes()
