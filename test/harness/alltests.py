#!/usr/bin/python3
"""Runs every test and counts: meson's (unit, fuzz, house) in the sanitized and the release build, one after the other
within a build, and each file of test/flow and of test/web (but for browsers' and long ones) in a process of its own. JOBS
of these (2) run side by side, the longest first, so that no processor waits for the last of a kind. Failures are shown
with their output, skips by name and reason. Last line: N passed, N failed.  alltests.py [FILE...]: these of test/flow and
test/web alone, with as much time as the long ones take.
FIGURES_OF names the section of doc/figures.md for what the files record (record_testsuite_property).
SPDX-License-Identifier: Apache-2.0
"""
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as tree

import figures

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOW = ROOT / "test" / "flow"
WEB = ROOT / "test" / "web"
# Of test/web, what needs a browser or takes minutes, and says so: it is run by make web, like all the rest.
LONG_WEB = re.compile(r"^(from harness\.(browser|workplace) import |LONG = True$)", re.M)
BUILD = pathlib.Path(os.environ["WRIT_BUILD"])
RESULTS = BUILD / "results"
TIMES = BUILD / "flow-times.json"
FILE_SECONDS = 3000 if len(sys.argv) > 1 else 420
SHOWN_LINES = 120
MEMORY, ROOM_BYTES = pathlib.Path("/dev/shm"), 4 << 30
DISK = ("test_pack.py", "test_torture.py")       # written past the page cache; what a disk loses
# Where this machine has not run them yet: by how long they take elsewhere.
LONG = ("test_gate", "test_kill", "test_cage", "test_lawprops", "test_edits", "test_gate_start", "test_torture", "test_gate_random",
        "test_doctor", "test_gate_life", "test_hostile", "test_admin", "test_dist", "test_mbox", "test_wrong_input", "test_canary",
        "test_build", "test_law_faults", "test_passkey", "test_life", "test_step", "test_verify", "test_changing", "test_equal_homes")
CMOCKA = re.compile(r"\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)")


Result = collections.namedtuple("Result", "name seconds passed failed skipped output recorded")


@contextlib.contextmanager
def place_for(name):
    """A folder for the homes of tests: in memory, for most would only wait for the disk. On the disk where a test is about
    it, and where the machine has no room in memory, or runs no program there."""
    memory = None
    if name not in DISK and "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK | os.X_OK):
        there = os.statvfs(MEMORY)
        memory = None if there.f_flag & os.ST_NOEXEC or there.f_bavail * there.f_frsize < ROOM_BYTES else MEMORY
    with tempfile.TemporaryDirectory(prefix="writ-t", dir=memory, ignore_cleanup_errors=True) as place:
        os.chmod(place, 0o711)      # other users go through to what is theirs
        yield place


def tail(text):
    lines = text.splitlines()
    return "\n".join("    " + line for line in lines[-SHOWN_LINES:])


def meson(build):
    """A cmocka program counts as its tests, any other program as one."""
    log = build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    began = time.monotonic()
    with place_for(build.name) as place:
        run = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--quiet", "--num-processes", "1"], capture_output=True,
                             text=True, env={**os.environ, "TMPDIR": place})
    if not log.exists():
        return Result(build.name, 0, 0, 1, [], f"FAILED {build.name}: meson ran no test\n{tail(run.stdout + run.stderr)}", {})
    passed, failed, skipped, output = 0, 0, [], ""
    for line in log.read_text().splitlines():
        one = json.loads(line)
        name, said = f"{build.name}: {one['name']}", (one.get("stdout") or "") + (one.get("stderr") or "")
        count = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
        for word, n in CMOCKA.findall(said):
            count[word] += int(n)
        skips = [f"{name}: {line}" for line in said.splitlines() if "SKIPPED:" in line]
        if one["result"] == "OK":
            passed, skipped = passed + max(count["PASSED"], 1), skipped + skips
        elif one["result"] == "SKIP":
            skipped += skips or [name]
        else:
            output += f"FAILED {name} ({one['result']})\n{tail(said)}\n"
            passed, failed, skipped = passed + count["PASSED"], failed + max(count["FAILED"], 1), skipped + skips
    return Result(build.name, time.monotonic() - began, passed, failed, skipped, output, {})


def flow(path):
    report = RESULTS / (path.stem + ".xml")
    began = time.monotonic()
    try:
        with place_for(path.name) as place:
            run = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
                                  f"--basetemp={place}/t", path], cwd=ROOT, env={**os.environ, "TMPDIR": place},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 errors="replace", timeout=FILE_SECONDS)
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
    return Result(path.name, time.monotonic() - began, passed, failed, skipped, f"FAILED {path.name}\n{tail(output)}", recorded)


def short(paths):
    return [path for path in paths if not LONG_WEB.search(path.read_text())]


def run_all(builds, paths):
    """Everything, added up."""
    times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    usual = {f"{name}.py": 1000 - n for n, name in enumerate(LONG)}
    paths = sorted(paths, key=lambda p: -times.get(p.name, usual.get(p.name, p.stat().st_size / 1000)))
    total = Result("all", 0, 0, 0, [], "", {})
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get("JOBS", "2"))) as pool:
        jobs = [pool.submit(meson, build) for build in builds] + [pool.submit(flow, path) for path in paths]
        for done in concurrent.futures.as_completed(jobs):
            one = done.result()
            times[one.name] = round(one.seconds, 1)
            total = total._replace(passed=total.passed + one.passed, failed=total.failed + one.failed,
                                   skipped=total.skipped + one.skipped, recorded={**total.recorded, **one.recorded})
            print(f"{one.name}: {one.passed} passed, {one.failed} failed, {len(one.skipped)} skipped, {one.seconds:.0f} s", flush=True)
            if one.failed:
                print(one.output, flush=True)
    TIMES.write_text(json.dumps(times, indent=1))
    return total


def main():
    began = time.monotonic()
    RESULTS.mkdir(exist_ok=True)
    for old in RESULTS.glob("*.xml"):
        old.unlink()
    os.environ.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    builds = [pathlib.Path(os.environ["WRIT_BUILD_ASAN"]), BUILD] if len(sys.argv) == 1 else []
    named = [next((path for path in (FLOW / name, WEB / name) if path.exists()), FLOW / name)
             for name in (pathlib.Path(a).name for a in sys.argv[1:])]
    total = run_all(builds, named or [*FLOW.glob("test_*.py"), *short(WEB.glob("test_*.py"))])
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
