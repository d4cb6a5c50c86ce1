"""What must hold of every decision, on two thousand orders made up from the packs; and that a pack
which breaks it is noticed. 'make law' tries a hundred thousand. SPDX-License-Identifier: Apache-2.0"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "harness", "lawprops.py")
PACKS = os.path.join(HERE, "..", "..", "law")


def run(*words):
    return subprocess.run([sys.executable, PROGRAM, *words], capture_output=True, text=True, env={**os.environ, "FIGURES": "0"})


def test_properties():
    # One drawing for everybody; make law draws anew each time.
    ran = run("--orders", "2000", "--seed", "20261122")
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert ran.stdout.splitlines()[-1].endswith(" passed, 0 failed")


def planted(tmp_path, file, old, new):
    packs = str(tmp_path / "law")
    shutil.copytree(PACKS, packs)
    with open(os.path.join(packs, file)) as f:
        text = f.read()
    assert old in text
    with open(os.path.join(packs, file), "w") as f:
        f.write(text.replace(old, new, 1))
    return run("--orders", "500", "--seed", "7", "--tell", "1", "--packs", packs)


def test_a_rule_that_lets_an_unverified_sender_through_is_noticed(tmp_path):
    ran = planted(tmp_path, "common.yaml", "issuer.contact_check is NONE or DOMAIN_ONLY", "issuer.contact_check is DOMAIN_ONLY")
    assert ran.returncode != 0 and "not verified" in ran.stdout, ran.stdout[-2000:] + ran.stderr[-2000:]


def test_a_rule_that_takes_unknown_for_good_is_noticed(tmp_path):
    ran = planted(tmp_path, "de.yaml", "instrument.signature is NONE",
                  "instrument.signature is known\n      - instrument.signature is NONE")
    assert ran.returncode != 0 and "is SUFFICIENT without instrument.signature" in ran.stdout, ran.stdout[-2000:]
