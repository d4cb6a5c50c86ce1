"""Completion in bash, as a person would meet it: commands, options, references; without side effects.
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import life, tools  # noqa: E402

if not tools.program("writ"):
    pytest.fail("writ is not built (WRIT_BUILD)", pytrace=False)
SCRIPT = tools.build() / "dist" / "writ"
TABLE = [(w, a, [o.rstrip("=*") for o in s.split()]) for w, a, s in re.findall(
    r'^X\("([^"]+)",\s*\w+,\s*"([^"]*)",\s*"([^"]*)"', (tools.ROOT / "src" / "cmd" / "command.def").read_text(), re.M)]


@pytest.fixture(scope="module")
def town():
    if not shutil.which("bash"):
        pytest.skip("bash is not here")
    with life.Town() as made:
        yield made


def complete(line, home=None, cwd=None):
    """What TAB offers at the end of this line."""
    words = line.split(" ")
    program = str(life.folder_of_programs() / "writ")
    script = (f"source {shlex.quote(str(SCRIPT))}\nCOMP_WORDS=({shlex.quote(program)} {' '.join(map(shlex.quote, words))})\n"
              f"COMP_CWORD={len(words)}\n_writ\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n")
    env = home.env() if home else {"PATH": os.environ["PATH"], "WRIT_HOME": "/nonexistent"}
    done = subprocess.run(["bash", "--norc", "-c", script], env=env, capture_output=True, text=True, timeout=30, cwd=cwd,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0 and done.stderr == "", done
    return [w for w in done.stdout.splitlines() if w]


def test_every_command(town):
    assert set(complete("")) == {w.split()[0] for w, _, _ in TABLE}
    assert complete("aut") == ["authenticate"]
    assert set(complete("order ")) == {"list", "new", "submit", "transcribe"} and complete("order s") == ["submit"]
    assert complete("nothing-like-that") == [] and complete("order nothing") == []


@pytest.mark.parametrize("words, options", [(w, o) for w, _, o in TABLE])
def test_every_option(town, words, options):
    assert set(complete(f"{words} --")) == {f"--{o}" for o in [*options, "home", "as", "json", "help"]}


def test_no_option_of_another_command(town):
    assert "--paper" in complete("order submit --pa") and complete("order list --pa") == []


def test_arguments(town, tmp_path):
    assert set(complete("help ")) >= {"reasons", "states", "exit-codes", "order", "decide"}
    assert set(complete("decide W-AAAA-AAAA ")) == {"comply", "narrow", "refuse", "ask", "redirect"}
    (tmp_path / "order one.yaml").write_text("")
    assert complete("order submit ord", cwd=tmp_path) == ["order one.yaml"]
    assert complete("deliver W-AAAA-AAAA --out ord", cwd=tmp_path) == ["order one.yaml"]
    assert complete("show ") == []      # there is no home


def tree(folder):
    return sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_size) for p in folder.rglob("*"))


def test_references_quickly_and_without_a_trace(town):
    home = town.home("received")
    first = home.ref
    second = home.submit()
    home.stop()
    before, used = tree(home.dir), resource.getrusage(resource.RUSAGE_CHILDREN)
    assert sorted(complete("show ", home)) == sorted([first, second])
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime < 1
    assert complete(f"decide {first[:6]}", home) == [first]
    assert sorted(complete(f"show --home {home.dir} ")) == sorted([first, second])
    assert complete(f"decide --line d1 --reason=X {first[:6]}", home) == [first]
    assert complete("show x", home) == [] and complete(f"show {first} ", home) == []
    assert tree(home.dir) == before and home.seals() == []


def test_a_home_that_is_hostile(town):
    home = town.home("received")
    strange = home.base / "$(touch pwned) `touch pwned`;x"
    strange.mkdir()
    assert complete("show ", type("H", (), {"env": lambda self: home.env() | {"WRIT_HOME": str(strange)}})(), cwd=home.base) == []
    assert complete("show $(touch", home, cwd=home.base) == []
    assert not (home.base / "pwned").exists()
