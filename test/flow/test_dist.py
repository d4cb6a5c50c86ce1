"""What 'make install' leaves: programs, units, users and folders, checked by systemd's own tools in a
folder that stands for the root. Nothing of this machine is changed. SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import pwd
import re
import shutil
import stat
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import tools  # noqa: E402

UNITS = ("writ-seal.socket", "writ-seal.service", "writ-hand.socket", "writ-hand@.service",
         "writ-send.socket", "writ-send@.service", "writ-tick.service", "writ-tick.timer", "writ-serve.service")
UNIT_DIR = "usr/lib/systemd/system"
# Every service has these, whatever else it needs.
WALLS = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateNetwork": "yes", "CapabilityBoundingSet": "",
         "RestrictAddressFamilies": "AF_UNIX", "MemoryDenyWriteExecute": "yes", "SystemCallArchitectures": "native",
         "LimitCORE": "0", "RestrictNamespaces": "yes", "PrivateDevices": "yes"}
# The one that sends has a network, and sees no mail.
NETWORK = {"PrivateNetwork": None, "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6", "ProtectHome": "yes"}
# The desk has sockets of the network, and is reached from this machine alone unless its unit is edited.
DESK = {"PrivateNetwork": None, "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6", "IPAddressDeny": "any", "IPAddressAllow": "localhost"}
OWN = {"writ-send@.service": NETWORK, "writ-serve.service": DESK}
MOST_EXPOSED = 1.0      # of 10, as systemd-analyze security counts


def needs(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not path:
        pytest.skip(f"{name} is not here: tools/install-deps test")
    return path


def run(*argv):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    if not (tools.build() / "build.ninja").exists():
        pytest.skip("there is no build to install")
    to = tmp_path_factory.mktemp("root")
    done = subprocess.run(["meson", "install", "-C", tools.build(), "--no-rebuild", "--quiet"],
                          env={**os.environ, "DESTDIR": str(to)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return to


@pytest.fixture(scope="module")
def with_users(root):
    done = run(needs("systemd-sysusers"), f"--root={root}")
    assert done.returncode == 0 and "not a valid" not in done.stderr, done.stderr
    return root


def ids(root):
    users = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines()]
    groups = [line.split(":") for line in (root / "etc/group").read_text().splitlines()]
    return {u[0]: int(u[2]) for u in users}, {g[0]: int(g[2]) for g in groups}


def unit(root, name):
    """{key: [values]} of a unit, sections not told apart."""
    out = {}
    for line in (root / UNIT_DIR / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            out.setdefault(key, []).append(value)
    return out


def test_everything_is_in_its_place(root):
    for path in ("usr/bin/writ", "usr/bin/writ-verify", "usr/lib/writ/writ-seal", "usr/lib/writ/writ-hand",
                 "usr/lib/writ/writ-send", "usr/lib/writ/writ-draw", "usr/lib/writ/writ-look", "usr/lib/writ/writ-touch",
                 "usr/lib/writ/writ-desk"):
        mode = (root / path).stat().st_mode
        assert stat.S_ISREG(mode) and mode & 0o7777 == 0o755, path
    for path in [f"{UNIT_DIR}/{u}" for u in UNITS] + ["usr/lib/sysusers.d/writ.conf", "usr/lib/tmpfiles.d/writ.conf",
                                                      "usr/share/doc/writ/LICENSE", "usr/share/doc/writ/restore.md",
                                                      "usr/share/bash-completion/completions/writ", "etc/sudoers.d/writ"]:
        assert (root / path).is_file(), path
    assert (root / "etc/sudoers.d/writ").stat().st_mode & 0o7777 == 0o440


def test_nothing_of_tests_is_installed(root):
    names = {p.name for p in root.rglob("*") if p.is_file()}
    assert not [n for n in names if "test" in n or "tool" in n or "fuzz" in n or n.endswith((".a", ".so"))]
    programs = {p.name for p in root.rglob("*") if p.is_file() and p.stat().st_mode & 0o111}
    assert programs == {"writ", "writ-seal", "writ-hand", "writ-send", "writ-draw", "writ-look", "writ-touch", "writ-desk", "writ-verify"}


def test_no_program_has_more_rights_than_its_caller(root):
    for path in root.rglob("*"):
        assert path.is_dir() or not path.lstat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH), path


def test_users_are_three_and_cannot_log_in(with_users):
    lines = {line.split(":")[0]: line.split(":") for line in (with_users / "etc/passwd").read_text().splitlines()}
    assert set(lines) == {"writ", "writ-seal", "writ-hand"}
    assert all(line[6].endswith("nologin") for line in lines.values())
    groups = {line.split(":")[0]: line.split(":")[3] for line in (with_users / "etc/group").read_text().splitlines()}
    assert set(groups) == {"writ", "writ-seal", "writ-hand", "writ-staff"}
    assert not any(groups.values()), "no user is in another one's group"


def test_folders_belong_to_whom_they_should(with_users):
    tmpfiles = needs("systemd-tmpfiles")
    if os.geteuid() != 0:
        pytest.skip("only root can give folders to others")
    done = run(tmpfiles, f"--root={with_users}", "--create")
    assert done.returncode == 0, done.stderr
    users, groups = ids(with_users)
    users["root"] = groups["root"] = 0
    for path, user, group, mode in (
            ("run/writ", "root", "root", 0o755), ("run/writ/work", "writ", "writ", 0o700), ("etc/writ", "root", "writ-hand", 0o2751),
            ("var/lib/writ", "writ", "writ", 0o751), ("var/lib/writ/blob", "writ", "writ", 0o700),
            ("var/lib/writ/vault", "writ", "writ", 0o700), ("var/lib/writ/delivered", "writ", "writ", 0o700), ("var/lib/writ/log", "writ", "writ", 0o755),
            ("var/lib/writ-seal", "writ-seal", "writ-seal", 0o700)):
        st = (with_users / path).stat()
        assert (st.st_uid, st.st_gid, st.st_mode & 0o7777) == (users[user], groups[group], mode), path


@pytest.mark.parametrize("name", UNITS)
def test_units_are_well_formed(root, tmp_path, name):
    analyze = needs("systemd-analyze")
    whole = tmp_path / "root"
    shutil.copytree(root, whole, symlinks=True)
    # The targets that our units name are systemd's.
    shutil.copytree("/usr/lib/systemd/system", whole / UNIT_DIR, symlinks=True, dirs_exist_ok=True)
    done = run(analyze, "verify", "--man=no", f"--root={whole}", name)
    assert done.returncode == 0 and "writ" not in done.stderr, done.stderr
    # And the tool sees what is wrong: this test can fail.
    (whole / UNIT_DIR / name).write_text((root / UNIT_DIR / name).read_text().replace("ExecStart=/usr", "ExecStart=/nowhere"))
    if name.endswith(".service"):
        assert run(analyze, "verify", "--man=no", f"--root={whole}", name).returncode != 0


@pytest.mark.parametrize("name", [u for u in UNITS if u.endswith(".service")])
def test_services_stand_behind_walls(root, name):
    analyze = needs("systemd-analyze")
    has = unit(root, name)
    for key, value in (WALLS | OWN.get(name, {})).items():
        assert has.get(key) == ([value] if value is not None else None), f"{name}: {key}"
    done = run(analyze, "security", "--offline=yes", f"--root={root}", "--no-pager", name)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level and float(level[1]) <= MOST_EXPOSED + (name in OWN), done.stdout + done.stderr


def test_who_sees_what(root):
    seal, hand, tick, serve = (unit(root, f"writ-{n}.service") for n in ("seal", "hand@", "tick", "serve"))
    assert serve["User"] == ["writ"] and serve["InaccessiblePaths"] == ["-/var/lib/writ-seal"] and serve["KillMode"] == ["process"]
    assert (seal["User"], hand["User"], tick["User"]) == (["writ-seal"], ["writ-hand"], ["writ"])
    # The seal sees the public log of the home and nothing else of it; hands see none of it.
    assert seal["TemporaryFileSystem"] == hand["TemporaryFileSystem"] == ["/var/lib/writ:ro"]
    assert seal["BindReadOnlyPaths"] == ["-/var/lib/writ/log"] and "BindReadOnlyPaths" not in hand
    assert "-/var/lib/writ-seal" in hand["InaccessiblePaths"] and "-/etc/writ" in seal["InaccessiblePaths"]
    assert seal["ReadWritePaths"] == ["/var/lib/writ-seal"] and "ReadWritePaths" not in hand
    assert set(tick["InaccessiblePaths"][0].split()) == {"-/var/lib/writ-seal", "-/etc/writ"}


def test_doors(root):
    seal, hand = unit(root, "writ-seal.socket"), unit(root, "writ-hand.socket")
    # doc/protocol.md section 1; writ and hands reach the seal, writ alone reaches hands.
    assert seal["ListenSequentialPacket"] == ["/run/writ/seal.sock"]
    assert (seal["SocketUser"], seal["SocketGroup"], seal["SocketMode"]) == (["writ"], ["writ-hand"], ["0660"])
    assert hand["ListenSequentialPacket"] == ["/run/writ/hand.sock"] and hand["Accept"] == ["yes"]
    assert (hand["SocketUser"], hand["SocketMode"]) == (["writ"], ["0600"])
    send = unit(root, "writ-send.socket")
    assert send["ListenSequentialPacket"] == ["/run/writ/send.sock"] and send["Accept"] == ["yes"]
    assert (send["SocketUser"], send["SocketMode"]) == (["writ"], ["0600"])


def test_staff_may_run_writ_as_writ_and_no_more(root):
    rule = root / "etc/sudoers.d/writ"
    done = run(needs("visudo"), "-c", "-f", rule)
    if os.geteuid() == 0:
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        assert "syntax error" not in done.stderr + done.stdout
    grants = [line for line in rule.read_text().splitlines() if line.startswith("%")]
    assert grants == ["%writ-staff ALL = (writ) NOPASSWD: WRIT"]
    assert "Cmnd_Alias WRIT = /usr/bin/writ\n" in rule.read_text()


def test_man_pages(root):
    mandoc = needs("mandoc")
    pages = sorted(p for p in (root / "usr/share/man").rglob("*") if p.is_file())
    assert {p.name.removesuffix(".gz") for p in pages} == {
        "writ.1", "writ-verify.1", "writ-order.5", "writ-stores.5", "writ-seal.8", "writ-hand.8",
        "writ-send.8", "writ-draw.8", "writ-look.8", "writ-touch.8", "writ-desk.8", "writ-addresses.5"}
    for page in pages:
        done = run(mandoc, "-Tlint", "-Wwarning", page)
        assert done.returncode == 0, done.stdout


SIGNED = {"key", "security-key", "print", "document", "signature"}


def documented(page, commands):
    """{command: options} of the section COMMANDS."""
    out = {}
    for entry in re.split(r"^\.It ", page[page.index(".Sh COMMANDS"):page.index(".Sh INIT")], flags=re.M)[1:]:
        entry = re.sub(r"^Xo\n\.", "", entry)
        named = re.match(r"Cm ((?:[a-z]+ ?)+)", entry)
        words = [w for w in commands if named and (named[1] + " ").startswith(w + " ")]
        assert words, f"a command that there is none: {entry[:60]}"
        options = out.setdefault(max(words, key=len), set())
        # The synopsis of the entry, and what its words name as its own.
        options |= set(re.findall(r"Fl -([a-z-]+)", entry)) | (SIGNED if "(signed)" in entry else set())
        options -= {"json", "home", "as", "help"}       # known to all, and to be named where it helps
    return out


def test_the_page_of_writ_is_the_table_and_the_table_is_the_page():
    page = (tools.ROOT / "man" / "writ.1").read_text()
    rows = re.findall(r'^X\("([^"]+)",\s*\w+,\s*"[^"]*",\s*"([^"]*)"',
                      (tools.ROOT / "src" / "cmd" / "command.def").read_text(), re.M)
    table = {words: {o.rstrip("=*") for o in options.split()} for words, options in rows}
    assert len(table) > 30
    on_page = documented(page, table)
    assert on_page == table
    for section in ("EXAMPLES", "EXIT STATUS", "FILES", "ENVIRONMENT", "SIGNING"):
        assert f".Sh {section}\n" in page
    # And it can fail, either way.
    assert documented(page.replace(".It Cm tick\n", ".It Cm tick Fl -surprise\n"), table)["tick"] == {"surprise"}
    assert "fsck" not in documented(page.replace(".It Cm fsck ", ".It Cm tick "), table)


@pytest.mark.parametrize("source, page", [("seal/main.c", "writ-seal.8"), ("hand/main.c", "writ-hand.8"), ("hand/main.c", "writ-send.8"),
                                          ("hand/main.c", "writ-draw.8"), ("hand/main.c", "writ-look.8"), ("hand/main.c", "writ-touch.8"), ("web/main.c", "writ-desk.8"), ("verify/main.c", "writ-verify.1"), ("verify/command.c", "writ-verify.1")])
def test_the_pages_of_the_others_name_their_options(source, page):
    text = (tools.ROOT / "src" / source).read_text()
    options = set(re.findall(r'\{ "([a-z-]+)", (?:required|no)_argument', text)) or set(re.findall(r'"--([a-z-]+)"', text))
    assert options and options <= set(re.findall(r"Fl -([a-z-]+)", (tools.ROOT / "man" / page).read_text()))


@pytest.mark.parametrize("name", ("writ", "writ-seal", "writ-hand", "writ-send", "writ-draw", "writ-look", "writ-touch", "writ-desk", "writ-verify"))
def test_every_program_tells_its_version(name):
    done = run(tools.program(name), "--version")
    assert done.returncode == 0 and re.fullmatch(rf"{name} \d+\.\d+\.\d+\n", done.stdout), done


def test_help_knows_every_command(root):
    writ = root / "usr/bin/writ"
    said = run(writ, "help").stdout
    for words in re.findall(r'^X\("([^"]+)"', (tools.ROOT / "src" / "cmd" / "command.def").read_text(), re.M):
        assert f"writ {words} " in said
        one = run(writ, "help", *words.split())
        assert one.returncode == 0 and one.stdout.startswith(f"writ {words}"), one
        assert run(writ, *words.split(), "--help").stdout == one.stdout
    assert run(writ, "help", "surprise").returncode == 2


# ---- the Debian package ----

@pytest.fixture(scope="module")
def deb(root, tmp_path_factory):
    needs("dpkg-deb"), needs("dpkg-shlibdeps")
    out = tmp_path_factory.mktemp("deb")
    done = run(tools.ROOT / "tools" / "deb", tools.build(), out)
    assert done.returncode == 0, done.stdout + done.stderr
    path = pathlib.Path(done.stdout.strip())
    assert path.parent == out and path.is_file()
    return path


def field(deb, name):
    return run("dpkg-deb", "-f", deb, name).stdout.strip()


def test_the_package_is_what_is_installed(root, deb, tmp_path):
    assert run("dpkg-deb", "-x", deb, tmp_path).returncode == 0
    installed = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()} - {"etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"}
    installed = {p for p in installed if not p.startswith(("run/", "var/", "etc/.", "etc/writ"))}
    packed = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    pages = {p for p in installed if p.startswith("usr/share/man/")}
    assert packed == installed - pages - {"usr/share/doc/writ/LICENSE"} | {f"{p.removesuffix('.gz')}.gz" for p in pages} | {
        "usr/share/doc/writ/copyright", "usr/share/doc/writ/changelog.gz"}
    said = run(tmp_path / "usr/bin/writ", "--version").stdout
    assert said == f"writ {field(deb, 'Version')}\n"
    for name in ("libc6", "libssl3", "libsqlite3-0", "libseccomp2", "libpango-1.0-0", "sudo", "systemd", "openssh-client", "fonts-noto-core"):
        assert re.search(rf"\b{re.escape(name)}(t64)?\b", field(deb, "Depends")), name
    # People and modes come out of the archive, not of who built it.
    listing = run("dpkg-deb", "-c", deb).stdout.splitlines()
    assert listing and all(line.split()[1] == "root/root" for line in listing)
    assert [line[:10] for line in listing if line.endswith("./etc/sudoers.d/writ")] == ["-r--r-----"]


def test_the_package_keeps_what_an_engineer_changes(deb, tmp_path):
    assert run("dpkg-deb", "-e", deb, tmp_path).returncode == 0
    assert (tmp_path / "conffiles").read_text() == "/etc/sudoers.d/writ\n"
    for name in ("postinst", "prerm", "postrm"):
        script = tmp_path / name
        assert script.stat().st_mode & 0o777 == 0o755 and run("sh", "-n", script).returncode == 0
        # Orders are evidence, and nobody has the seal's keys twice: no script deletes anything.
        assert not re.search(r"\b(rm|userdel|deluser|find)\b.*(/|var|writ)", re.sub(r"^#.*", "", script.read_text(), flags=re.M))


def test_the_same_build_gives_the_same_package(deb, tmp_path):
    done = run(tools.ROOT / "tools" / "deb", tools.build(), tmp_path)
    assert done.returncode == 0 and pathlib.Path(done.stdout.strip()).read_bytes() == deb.read_bytes()


def test_lintian_has_nothing_to_say(deb):
    needs("lintian")
    # The units are not started by the package, so there is nothing for deb-systemd-invoke to do.
    done = run("lintian", "--allow-root", "--suppress-tags", "maintainer-script-calls-systemctl", deb)
    assert not [line for line in done.stdout.splitlines() if line.startswith(("E:", "W:"))], done.stdout


def test_it_installs_into_an_empty_root_and_goes_again(deb, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("dpkg gives files to their users as root only")
    for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("status", "available"):
        (tmp_path / "var/lib/dpkg" / name).write_text("")
    dpkg = ["dpkg", f"--root={tmp_path}", "--force-depends", "--force-script-chrootless", f"--log={tmp_path}/log"]
    done = run(*dpkg, "-i", deb)
    assert done.returncode == 0, done.stdout + done.stderr
    users, groups = ids(tmp_path)
    assert {"writ", "writ-seal", "writ-hand"} <= set(users) and "writ-staff" in groups
    st = (tmp_path / "var/lib/writ-seal").stat()
    assert (st.st_uid, st.st_mode & 0o777) == (users["writ-seal"], 0o700)
    (tmp_path / "var/lib/writ/writ.db").write_text("orders")
    (tmp_path / "etc/sudoers.d/writ").chmod(0o640)
    (tmp_path / "etc/sudoers.d/writ").write_text("# ours\n")
    assert run(*dpkg, "-i", deb).returncode == 0 and (tmp_path / "etc/sudoers.d/writ").read_text() == "# ours\n"
    for action in ("-r", "-P"):
        done = run(*dpkg, action, "writ")
        assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "usr/bin/writ").exists() and (tmp_path / "var/lib/writ/writ.db").read_text() == "orders"
    assert (tmp_path / "var/lib/writ-seal").is_dir()


def test_an_installed_home_is_not_this_machines(root):
    """Nothing above has made a user or a folder outside the folder that stands for the root."""
    made = {u.pw_name for u in pwd.getpwall()} & {"writ", "writ-seal", "writ-hand"}
    if made:
        pytest.skip("this machine has a writ of its own")
    assert not pathlib.Path("/run/writ").exists()
