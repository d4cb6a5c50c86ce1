#!/usr/bin/python3
"""Runs every test and counts: meson's (unit, fuzz, house) in the release and the sanitized build, then each
file of test/flow and those of test/web that need no browser in a process of its own, two side by side, the longest first. Failures are shown with
their output, skips by name and reason. Last line: N passed, N failed.  alltests.py [FILE...]: these of test/flow and
test/web alone, with as much time as the long ones take.
FIGURES_OF names the section of doc/figures.md for what the files record (record_testsuite_property).
SPDX-License-Identifier: Apache-2.0
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as tree

import figures

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOW = ROOT / "test" / "flow"
WEB = [ROOT / "test" / "web" / name for name in ("test_http.py", "test_serve.py", "test_desk.py", "test_desk_paper.py", "test_desk_intake.py", "test_live.py", "test_halt.py", "test_pickup.py", "test_audit.py")]      # the rest is a browser's: make web
BUILD = pathlib.Path(os.environ["WRIT_BUILD"])
RESULTS = BUILD / "results"
TIMES = BUILD / "flow-times.json"
FILE_SECONDS = 3000 if len(sys.argv) > 1 else 420
SHOWN_LINES = 120
CMOCKA = re.compile(r"\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)")


class Sum:
    def __init__(self):
        self.passed, self.failed, self.skipped, self.recorded = 0, 0, [], {}

    def add(self, passed, failed, skipped=()):
        self.passed, self.failed = self.passed + passed, self.failed + failed
        self.skipped += skipped


def tail(text):
    lines = text.splitlines()
    return "\n".join("    " + line for line in lines[-SHOWN_LINES:])


def meson(build, total):
    """A cmocka program counts as its tests, any other program as one."""
    log = build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    began = time.monotonic()
    run = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--quiet"], capture_output=True, text=True)
    if not log.exists():
        print(f"FAILED {build.name}: meson ran no test\n{tail(run.stdout + run.stderr)}")
        return total.add(0, 1)
    before = total.passed, total.failed
    for line in log.read_text().splitlines():
        one = json.loads(line)
        name, said = f"{build.name}: {one['name']}", (one.get("stdout") or "") + (one.get("stderr") or "")
        count = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
        for word, n in CMOCKA.findall(said):
            count[word] += int(n)
        skips = [f"{name}: {line}" for line in said.splitlines() if "SKIPPED:" in line]
        if one["result"] == "OK":
            total.add(max(count["PASSED"], 1), 0, skips)
        elif one["result"] == "SKIP":
            total.add(0, 0, skips or [name])
        else:
            print(f"FAILED {name} ({one['result']})\n{tail(said)}")
            total.add(count["PASSED"], max(count["FAILED"], 1), skips)
    print(f"{build.name}: {total.passed - before[0]} passed, {total.failed - before[1]} failed, "
          f"{time.monotonic() - began:.0f} s", flush=True)


def flow(path):
    """(path, seconds, passed, failed, [skips], output, {figure: value})"""
    report = RESULTS / (path.stem + ".xml")
    began = time.monotonic()
    try:
        run = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", path],
                             cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors="replace", timeout=FILE_SECONDS)
        output, status = run.stdout, run.returncode
    except subprocess.TimeoutExpired as e:
        output, status = (e.stdout or b"").decode(errors="replace") + f"\nstopped after {FILE_SECONDS} s", -1
    passed, failed, skipped = 0, 0, []
    cases = tree.parse(report).iter("testcase") if report.exists() else ()
    recorded = {p.get("name"): p.get("value") for p in tree.parse(report).iterfind("*/properties/property")} if report.exists() else {}
    for case in cases:
        what = f"{path.name}::{case.get('name')}"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skip is not None:
            skipped.append(f"{what}: {skip.get('message')}")
        else:
            passed += 1
    # A file that cannot be read, no pytest here, a signal: no result.
    if not report.exists():
        output += f"\nended with {status}, without a report"
    if failed == 0 and (status != 0 or not report.exists()):
        failed = 1
    return path, time.monotonic() - began, passed, failed, skipped, output, recorded


def flows(paths, total):
    times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    paths = sorted(paths, key=lambda p: -times.get(p.name, p.stat().st_size / 100))
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get("JOBS", "2"))) as pool:
        for done in concurrent.futures.as_completed([pool.submit(flow, path) for path in paths]):
            path, seconds, passed, failed, skipped, output, recorded = done.result()
            times[path.name] = round(seconds, 1)
            total.add(passed, failed, skipped)
            total.recorded.update(recorded)
            print(f"{path.name}: {passed} passed, {failed} failed, {len(skipped)} skipped, {seconds:.0f} s", flush=True)
            if failed:
                print(f"FAILED {path.name}\n{tail(output)}", flush=True)
    TIMES.write_text(json.dumps(times, indent=1))


def main():
    total, began = Sum(), time.monotonic()
    RESULTS.mkdir(exist_ok=True)
    for old in RESULTS.glob("*.xml"):
        old.unlink()
    os.environ.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    if len(sys.argv) == 1:
        meson(BUILD, total)
        meson(pathlib.Path(os.environ["WRIT_BUILD_ASAN"]), total)
    named = [next((path for path in (FLOW / name, WEB[0].with_name(name)) if path.exists()), FLOW / name)
             for name in (pathlib.Path(a).name for a in sys.argv[1:])]
    flows(named or [*sorted(FLOW.glob("test_*.py")), *WEB], total)
    if total.skipped:
        print(f"\n!!! {len(total.skipped)} SKIPPED: what these test is NOT tested here")
        for line in total.skipped:
            print("!!! " + line)
    if named:
        print(*(f"{name}: {value}" for name, value in sorted(total.recorded.items())), sep="\n")
    if "FIGURES_OF" in os.environ:
        figures.write(os.environ["FIGURES_OF"], [*sorted(total.recorded.items()), ("tests passed", total.passed),
                                                 ("tests failed", total.failed), ("tests skipped", len(total.skipped))])
    print(f"tests took {time.monotonic() - began:.0f} s")
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
