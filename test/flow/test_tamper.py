"""A few hundred random changes of a delivered file; 'make tamper' makes ten thousand.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import random
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import makepackage  # noqa: E402
import pyverify  # noqa: E402
import tamper  # noqa: E402
import tools  # noqa: E402

SAMPLE = tools.ROOT / "test" / "data" / "sample"


def check(count, *files):
    seed = random.SystemRandom().randrange(10 ** 9)
    print(f"seed {seed}")
    passed, missed = tamper.tamper(count, seed, *files)
    assert missed == [] and passed == count


def test_every_change_is_found():
    check(300)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What the programs themselves deliver: (file, identity, policy) of 'writ demo'."""
    writ = tools.program("writ")
    if writ is None:
        pytest.fail("writ is not built: set WRIT_BUILD")
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run([writ, "demo", "--no-desk"], env={**os.environ, "TMPDIR": str(folder)}, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    file, = (f for f in folder.glob("*/W-*.writ.tar"))
    return file, file.parent / "lutetia.age", file.parent / "policy.json"


def test_the_second_verifier_reads_what_the_programs_make(demo):
    file, identity, policy = (f.read_bytes() for f in demo)
    assert pyverify.verify(file, identity.decode(), policy.decode()) == (0, None, "fine")
    assert pyverify.verify(file, None, policy.decode())[0] == 7


def test_every_change_of_what_the_programs_make_is_found(demo):
    check(100, *demo)


def test_every_change_of_the_sample_is_found():
    found = sorted(SAMPLE.glob("*.writ.tar"))
    if not found:
        pytest.skip("SKIPPED: test/data/sample/ holds no delivered file yet")
    check(100, found[0], SAMPLE / "identity.txt", SAMPLE / "policy.json")


def test_regions_cover_the_file_and_changes_change():
    data = makepackage.Maker(1, items=4).make()
    parts = tamper.regions(data)
    names = [n for n, _, _ in parts]
    assert {"README.txt header", "README.txt", "README.txt padding", "package.age", "end"} <= set(names)
    assert sum(b - a for _, a, b in parts) == len(data)
    drawn = [tamper.draw(s, data, parts) for s in range(2000)]
    assert all(d != data for _, _, d in drawn)
    assert {n for n, _, _ in drawn} == set(names)
    assert {h for _, h, _ in drawn} == {f.__name__ for f in tamper.SMALL + tamper.LARGE + tamper.WHOLE}
    assert tamper.draw(7, data, parts) == tamper.draw(7, data, parts)


def test_a_verifier_that_says_yes_is_noticed(tmp_path):
    makepackage.main([str(tmp_path), "1"])
    data = (tmp_path / f"{makepackage.REF}.writ.tar").read_bytes()
    missed = tamper.one_of("/bin/true", range(5), data, str(tmp_path / "identity.txt"), str(tmp_path / "policy.json"),
                           str(tmp_path))
    assert len(missed) == 5 and "writ-verify 0" in missed[0]
