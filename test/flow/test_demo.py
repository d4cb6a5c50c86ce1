"""'writ demo' ends with a running desk: its orders are there, anybody signs in with one click, it holds nothing of the
caller's, and it ends when it is told to or when its folder is gone. In the folders of others nothing is ended.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, tools, web  # noqa: E402


class Found(web.Server):
    """A desk that was started by somebody else."""

    def __init__(self, folder, address):
        self.folder, self.host = pathlib.Path(folder), re.fullmatch(r"https://(localhost:\d+)/", address)[1]
        self.port, self.origin = int(self.host.split(":")[1]), f"https://{self.host}"
        self.context = self.trust()


def writ(*words, folder, **more):
    program = tools.program("writ")
    assert program, "writ is not built: set WRIT_BUILD"
    return subprocess.run([program, "demo", *words], env={**os.environ, "TMPDIR": str(folder)}, capture_output=True, text=True,
                          check=False, timeout=300, **more)


def desks(folder):
    """Processes of a desk in that folder: the one that watches, and those that serve."""
    found = []
    for name in os.listdir("/proc"):
        try:
            line = pathlib.Path("/proc", name, "cmdline").read_bytes() if name.isdigit() else b""
        except OSError:
            continue
        if f"{folder}/".encode() in line and (b"demo.sh\0desk" in line or b"writ-desk\0" in line):
            found.append(int(name))
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("d")
    # The pipes end with the program, though its desk goes on: else this would wait for eight hours.
    got = writ(folder=folder)
    try:
        assert got.returncode == 0, got.stdout[-2000:] + got.stderr
        dir, = folder.glob("writ-demo-*")
        yield dir, got.stdout
    finally:
        shutil.rmtree(folder)
        life.end(lambda: desks(folder))
        life.end(lambda: life.seals(f"{folder}/"))


@pytest.fixture(scope="module")
def server(made):
    return Found(made[0] / "home", (made[0] / "desk.address").read_text().strip())


def test_its_last_lines_say_where_who_and_how_it_ends(made, server):
    said = made[1].split("\n\n")[-1]
    assert f"{server.origin}/" in said.splitlines()[0]
    for word in ("Ana", "Ben", "Chi", "Eva", "writ demo --stop", f"rm -rf {made[0]}", "eight hours"):
        assert word in said, word
    assert server.get("/health").text == "ok\n"


def test_the_desk_has_forty_orders_in_every_state(made, server):
    ana = desk.Person(server)
    assert ana.demo("Ana").location == "/desk"
    page = ana.get("/desk").text
    rows = re.findall(r'<tr data-row="(W-[^"]*)">(.*?)</tr>', page, re.S)
    assert len(rows) == 29 and "Demonstration." in page
    text = {ref: re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)) for ref, row in rows}
    for what in ("late", "EPOC", "emergency", "received", "authenticated", "decided", "collected 1/2", "approved 2/2", "released 2/2", "asked",
                 "redirected", "secret", "signs", "unverified"):
        assert any(what in t for t in text.values()), what
    listed = subprocess.run([tools.program("writ"), "order", "list", "--limit", "100", "--home", made[0] / "home"], capture_output=True, text=True, check=True)
    states = [line.split()[1] for line in listed.stdout.splitlines()[1:]]
    assert len(states) == 40 and states.count("refused") == 6 and states.count("delivered") == 4 and states.count("withdrawn") == 1
    # What was delivered can be fetched at the desk, but for the first: that went elsewhere, by the command line.
    delivered = [line.split()[0] for line in listed.stdout.splitlines() if line.split()[1] == "delivered"]
    assert sorted(ana.get(f"/order/{ref}/download").status for ref in delivered) == [200, 200, 200, 404]
    # An emergency: eight hours by the law, its paper read.
    epoc, = (ref for ref, t in text.items() if "EPOC" in t and "emergency" in t)
    page = ana.get(f"/order/{epoc}").text
    assert re.search(r"0[67]:\d\d", text[epoc]) and "SUFFICIENT" in page and f"/order/{epoc}/paper/1/page/1" in page
    assert desk.Person(server).demo("Eva").location == "/audit"


def test_a_name_that_is_nobodys_signs_nobody_in(server):
    one = desk.Person(server)
    page = one.get("/sign-in")
    fields, _ = one.form(page, "/sign-in/demo")
    assert one.post("/sign-in/demo", fields | {"name": "Mallory"}).status == 404
    assert one.get("/desk").location.startswith("/sign-in")


def test_folders_that_are_none_of_this_user_are_left_alone(tmp_path):
    other, elsewhere = tmp_path / "writ-demo-other", tmp_path / "elsewhere"
    for folder in (other, elsewhere):
        folder.mkdir()
        (folder / "desk.runs").touch()
    (tmp_path / "writ-demo-link").symlink_to(elsewhere)
    if os.geteuid() == 0:
        os.chown(other, 65534, 65534)
    else:
        (other / "desk.runs").unlink()
    got = writ("--stop", folder=tmp_path)
    assert got.returncode == 3 and "no desk of a demonstration runs" in got.stderr
    assert (elsewhere / "desk.runs").exists()
    assert os.geteuid() != 0 or (other / "desk.runs").exists()
    got = writ("--stop", "--keep", tmp_path / "none", folder=tmp_path)
    assert got.returncode == 3 and str(tmp_path / "none") in got.stderr


def start(dir):
    """The desk alone, as the script starts it; its address."""
    (dir / "desk.address").unlink(missing_ok=True)
    (dir / "desk.runs").touch()
    one = subprocess.Popen(["sh", dir / "demo.sh", "desk"], env={**os.environ, "DEMO": str(dir), "PATH": f"{tools.program('writ').parent}:{os.environ['PATH']}"},
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    web.wait(lambda: one.poll() is not None or (dir / "desk.address").exists() and (dir / "desk.address").read_text().endswith("\n"), "the desk")
    return one


def test_it_ends_when_it_is_told_to_and_when_its_folder_is_gone(made, server):
    dir = made[0]
    # One desk for one folder.
    assert start(dir).wait(web.SECONDS) == 1
    (dir / "desk.address").write_text(f"{server.origin}/\n")
    got = writ("--stop", folder=dir.parent)
    assert got.returncode == 0 and str(dir) in got.stdout
    assert desks(dir) == [] and not (dir / "desk.runs").exists() and (dir / "home").exists()
    with pytest.raises(ConnectionRefusedError):
        server.get("/health")
    assert writ("--stop", folder=dir.parent).returncode == 3
    again = start(dir)
    assert Found(dir / "home", (dir / "desk.address").read_text().strip()).get("/health").text == "ok\n"
    shutil.move(dir, dir.parent / "gone")
    assert again.wait(web.SECONDS) == 0 and desks(dir) == []
