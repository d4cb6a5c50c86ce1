"""tools/figures rewrites one section of the page and nothing else, or changes nothing. SPDX-License-Identifier: Apache-2.0"""
import pathlib
import re
import shutil
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = "# Figures\n\nWhat it is.\n\n## kills\n\nMade by\n`make x`.\n\n## cage\n\nMade by `make y`.\n"
SECTIONS = ["kills", "faults", "images", "fuzz", "tamper", "exact", "cage", "mutate", "rules", "law", "gate", "bench", "web"]


def git(tree, *words):
    return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *words], cwd=tree, check=True,
                          capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "doc").mkdir()
    shutil.copy(ROOT / "tools" / "figures", tmp_path / "tools")
    (tmp_path / "doc" / "figures.md").write_text(PAGE)
    (tmp_path / ".gitignore").write_text("build/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "a")
    return tmp_path


def figures(tree, words, text):
    return subprocess.run([tree / "tools" / "figures", *words], cwd="/", input=text, capture_output=True, text=True)


def page(tree):
    assert sorted(p.name for p in (tree / "doc").iterdir()) == ["figures.md"], "no temporary file is left"
    return (tree / "doc" / "figures.md").read_text()


def written(tree, *rows, mark=""):
    at = f"Commit {git(tree, 'rev-parse', '--short', 'HEAD')}{mark}, {time.strftime('%Y-%m-%d', time.gmtime())}."
    return f"\n{at}\n\n| figure | value |\n| --- | --- |\n" + "".join(f"| {a} | {b} |\n" for a, b in rows)


def test_a_section_is_written_again_and_again(tree):
    first = PAGE.replace("`make x`.\n", "`make x`.\n" + written(tree, ("kills", "1000"), ("lost", "0")))
    for _ in range(2):
        assert figures(tree, ["kills"], "kills\t1000\nlost\t0\n").returncode == 0
        assert page(tree) == first
    assert figures(tree, ["cage"], "a \\ & b\tx | y\n").returncode == 0
    assert page(tree) == first + written(tree, ("a \\ & b", "x \\| y"))
    assert figures(tree, ["cage"], "b\t2\n").returncode == 0
    assert page(tree) == first + written(tree, ("b", "2"))
    assert figures(tree, ["kills"], "kills\t3\n").returncode == 0
    assert page(tree) == PAGE.replace("`make x`.\n", "`make x`.\n" + written(tree, ("kills", "3"))) + written(tree, ("b", "2"))


def test_a_changed_tree_is_told(tree):
    assert figures(tree, ["cage"], "b\t2\n").returncode == 0
    assert figures(tree, ["cage"], "b\t2\n").returncode == 0
    assert "+, " not in page(tree), "the page itself makes no tree another one"
    (tree / "tools" / "new").touch()
    assert figures(tree, ["cage"], "b\t2\n").returncode == 0
    assert page(tree) == PAGE + written(tree, ("b", "2"), mark="+")


def test_without_a_repository_the_commit_is_unknown(tree):
    shutil.rmtree(tree / ".git")
    assert figures(tree, ["cage"], "b\t2\n").returncode == 0
    assert "\nCommit unknown, " in page(tree)


@pytest.mark.parametrize("words,text", (
    ([], "a\t1\n"), (["nothing"], "a\t1\n"), (["cage", "kills"], "a\t1\n"), (["Cage"], "a\t1\n"), (["."], "a\t1\n"),
    (["cage"], ""), (["cage"], "a 1\n"), (["cage"], "a\t1\tb\n"), (["cage"], "\t1\n"), (["cage"], "a\t\n"),
    (["cage"], "a\t1\n\n"), (["cage"], "a\t1\na\t2\n")))
def test_what_is_no_figure_changes_nothing(tree, words, text):
    got = figures(tree, words, text)
    assert got.returncode != 0 and got.stderr.startswith("figures: ")
    assert page(tree) == PAGE


def test_without_a_page_nothing_is_written(tree):
    (tree / "doc" / "figures.md").unlink()
    assert figures(tree, ["cage"], "a\t1\n").returncode != 0
    assert not list((tree / "doc").iterdir())


def test_two_at_a_time_lose_nothing(tree):
    running = [subprocess.Popen([tree / "tools" / "figures", name], stdin=subprocess.PIPE) for name in ("kills", "cage") * 5]
    for i, one in enumerate(running):
        one.communicate(f"a\t{i}\n".encode())
        assert one.returncode == 0
    assert len(re.findall(r"^Commit ", page(tree), re.M)) == 2


def test_the_page_has_its_sections():
    text = (ROOT / "doc" / "figures.md").read_text()
    assert re.findall(r"^## (.*)$", text, re.M) == SECTIONS
    for part in text.split("\n## ")[1:]:
        assert re.match(r"[a-z]+\n\n`make [a-z-]+`: [^\n]+\.\n(\n|\Z)", part), part.split("\n")[0]
