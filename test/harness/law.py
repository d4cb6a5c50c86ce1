"""make law: the acceptance orders of the law set, judged by writ law judge and graded by the set's own
program, with its properties. SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import tools  # noqa: E402

PACKS = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "law"))


def command(properties, extra=()):
    """The grader's command line, or None where the law set is not here."""
    grader = tools.shared("law", "grade.py")
    if not grader:
        return None
    return [sys.executable, str(grader), *(["--properties"] if properties else []), *extra, "--",
            str(tools.program("writ")), "law", "judge", "--packs", PACKS,
            "{facts}", "--json", "--what-if", "packs={packs}"]


if __name__ == "__main__":
    line = command(True, sys.argv[1:])
    if not line:
        print("SKIPPED: the law set is not here")
        sys.exit("0 passed, 1 failed")
    sys.exit(subprocess.run(line).returncode)
