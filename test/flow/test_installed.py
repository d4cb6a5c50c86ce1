"""An installed home under its three users, from root's init to the court's check; see harness/installed.py.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import tools  # noqa: E402

SCRIPT = tools.ROOT / "test" / "harness" / "installed.py"
APART = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]


def test_life_under_three_users(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("three users need root")
    for name in ("setpriv", "unshare", "sudo", "setfacl", "age-keygen", "systemd-sysusers", "systemd-tmpfiles"):
        if not shutil.which(name):
            pytest.skip(f"{name} is not here: tools/install-deps test")
    if subprocess.run([*APART, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine gives no namespace for mounts and processes")
    root = tmp_path / "root"
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != pathlib.Path("/"):
            folder.chmod(folder.stat().st_mode | 0o111)     # the others' way to the root
    shutil.copytree("/etc", root / "etc", symlinks=True, ignore=shutil.ignore_patterns("sysusers.d", "tmpfiles.d", "writ"))
    done = subprocess.run(["meson", "install", "-C", tools.build(), "--no-rebuild", "--quiet"],
                          env={**os.environ, "DESTDIR": str(root)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([*APART, "/usr/bin/python3", SCRIPT, root], capture_output=True, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0 and done.stdout.endswith("all holds\n"), done.stdout + done.stderr
    assert done.stdout.count("\nok ") >= 40
