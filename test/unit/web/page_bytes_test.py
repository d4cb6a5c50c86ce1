# Every construct of a template, as bytes: page_bytes_test.py PROBE FOLDER. What is expected stands in
# every.expected (English) and every.pl.expected; lines end as they do in the page.
# SPDX-License-Identifier: Apache-2.0
import difflib
import pathlib
import subprocess
import sys

probe, here = sys.argv[1], pathlib.Path(sys.argv[2])
bad = 0
for language, name in (('en', 'every.expected'), ('pl', 'every.pl.expected')):
    out = subprocess.run([probe, 'every', language], stdout=subprocess.PIPE, check=True).stdout.decode()
    want = (here / name).read_text()
    if out != want:
        bad += 1
        sys.stdout.writelines(difflib.unified_diff(want.splitlines(True), out.splitlines(True), name, 'made'))
sys.exit(bad != 0)
