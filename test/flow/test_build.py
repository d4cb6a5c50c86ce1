"""What stands in the executables: the separation of trust is a property of the link. And the checks of
the tree themselves must be able to fail. SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import tools  # noqa: E402

PROGRAMS = ("writ", "writ-seal", "writ-hand", "writ-send", "writ-draw", "writ-look", "writ-touch", "writ-desk", "writ-verify")
# Only writ-seal makes signatures.
SIGNING = re.compile(r"\b(ed25519_sign|sshsig_sign_ed25519|note_sign|cms_sign|cms_make_certificate|EVP_DigestSign\w*|"
                     r"CMS_sign|CMS_final|CMS_add1_signer|CMS_SignerInfo_sign|PKCS7_sign\w*|EVP_PKEY_sign\w*|X509_sign\w*)\b")
# Seams of test builds, and the table of what they crash at.
HOOKS = (b"WRIT_TEST_CLOCK", b"WRIT_TEST_SEED", b"WRIT_CRASH_AT", b"WRIT_FAIL", b"WRIT_TEST_TOOLS", b"WRIT_TEST_KEYS", b"WRIT_LEAVE_OUT", b"SEAL_BEFORE_STATE")
NEEDED = {
    "writ": {"libcrypto", "libjansson", "libsqlite3", "libc"},
    "writ-desk": {"libcrypto", "libjansson", "libsqlite3", "libmicrohttpd", "libgnutls", "libc"},
    "writ-seal": {"libcrypto", "libjansson", "libc"},
    "writ-hand": {"libcrypto", "libjansson", "libyaml", "libseccomp", "libc"},
    "writ-send": {"libcrypto", "libjansson", "libyaml", "libseccomp", "libcurl", "libc"},
    "writ-draw": {"libjansson", "libseccomp", "libfontconfig", "libpango", "libpangocairo", "libcairo", "libgobject", "libglib", "libc"},
    "writ-look": {"libjansson", "libseccomp", "liblept", "libc"},
    "writ-touch": {"libjansson", "libseccomp", "libfido2", "libc"},
    "writ-verify": {"libcrypto", "libjansson", "libc"},
}
NETWORK = re.compile(r"\b(getaddrinfo|gethostbyname\w*|inet_pton|inet_addr|BIO_new_connect|SSL_connect|res_query)\b")


def said(*argv):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True).stdout


@pytest.fixture(params=PROGRAMS)
def program(request):
    path = tools.build() / request.param
    assert path.is_file(), f"the build leaves no {request.param} at its top"
    return path


def symbols(path):
    """Names of functions that are in the program or that it takes from libraries."""
    return {line.split()[-1].split("@")[0] for line in said("nm", path).splitlines()}


def test_only_the_seal_can_sign(program):
    found = {s for s in symbols(program) if SIGNING.fullmatch(s)}
    if program.name == "writ-seal":
        assert {"ed25519_sign", "sshsig_sign_ed25519", "note_sign", "cms_sign"} <= found, "this test would see nothing"
    else:
        assert found == set()


def test_libraries_are_those_of_the_trust(program):
    needed = {re.match(r"[a-z]+[a-z0-9]*?(?=[-.])", so)[0].rstrip("-")
              for so in re.findall(r"\(NEEDED\).*\[(.*)\]", said("readelf", "-d", program))}
    # leptonica's is called liblept in Debian 12 and libleptonica in Debian 13.
    assert {name.replace("leptonica", "lept") for name in needed - {"ld"}} == NEEDED[program.name]


def test_no_program_knows_the_network(program):
    assert not [s for s in symbols(program) if NETWORK.fullmatch(s)]


def test_only_the_hand_that_sends_asks_by_http(program):
    has = {s for s in symbols(program) if s.startswith("curl_")}
    assert bool(has) == (program.name == "writ-send")


def test_only_the_desk_answers_by_http(program):
    has = {s for s in symbols(program) if s.startswith(("MHD_", "gnutls_"))}
    assert bool(has) == (program.name == "writ-desk")
    assert not {s for s in has if re.search(r"post_process|auth|upgrade", s)}, "parsers that are never used"


def test_only_the_hand_that_draws_has_fonts(program):
    has = {s for s in symbols(program) if re.match(r"(pango|cairo|Fc)_?[A-Za-z]", s)}
    assert bool(has) == (program.name == "writ-draw")


def test_only_the_hand_that_is_touched_speaks_with_security_keys(program):
    has = {s for s in symbols(program) if s.startswith(("fido_", "udev_", "cbor_build"))}
    assert bool(has) == (program.name == "writ-touch")


def test_only_the_hand_that_looks_at_papers_decodes_pictures_and_starts_tools(program):
    found = symbols(program)
    assert bool({s for s in found if re.match(r"(pixRead|pixWrite)", s)}) == (program.name == "writ-look")
    assert ("execveat" in found) == (program.name == "writ-look")
    assert not {s for s in found if re.match(r"(poppler|_ZN7poppler|Tess)", s)}


def test_only_writ_and_its_desk_open_the_database(program):
    has = {s for s in symbols(program) if s.startswith("sqlite3_")}
    assert bool(has) == (program.name in ("writ", "writ-desk"))


def test_only_the_hand_reads_yaml(program):
    has = {s for s in symbols(program) if s.startswith("yaml_parser")}
    assert bool(has) == (program.name in ("writ-hand", "writ-send"))


def without_debug(path, folder):
    """What runs: names in the debugger's tables are no code."""
    out = folder / path.name
    said("strip", "--strip-debug", "-o", out, path)
    return out.read_bytes()


def test_release_has_no_test_hooks(program, tmp_path):
    text = without_debug(program, tmp_path)
    assert not [h for h in HOOKS if h in text]


def test_hooked_build_has_them(tmp_path):
    path = tools.program("writ-seal", hooks=True)
    if not path:
        pytest.skip("there is no build with test hooks")
    text = without_debug(path, tmp_path)
    assert all(h in text for h in HOOKS), "this test would see nothing"


def test_hardening(program):
    headers, dynamic = said("readelf", "-hlW", program), said("readelf", "-d", program)
    assert re.search(r"Type:\s+DYN", headers), "position independent"
    assert "GNU_RELRO" in headers and re.search(r"BIND_NOW|\bNOW\b", dynamic), "full RELRO"
    assert re.search(r"GNU_STACK.* RW ", headers), "no executable stack"
    names = symbols(program)
    assert "__stack_chk_fail" in names and any(n.endswith("_chk") and n != "__stack_chk_fail" for n in names)
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic


# ---- the desk, which 'writ serve' becomes ----

@pytest.mark.parametrize("words", ((), ("--help",), ("--home", "."), ("worker", "--home", "."), ("--home", ".", "more"), ("serve",)))
def test_nobody_runs_the_desk_by_hand(words):
    """With no descriptor 3, or with one that says nothing."""
    for given in (None, "/dev/null"):
        done = subprocess.run(["sh", "-c", f'exec "$@" 3<{given or "&-"}', "sh", tools.build() / "writ-desk", *words],
                              capture_output=True, text=True)
        assert done.returncode == 2 and "'writ serve'" in done.stderr and "next: " in done.stderr, done
        assert done.stdout == ""


def test_a_desk_that_is_missing_is_told(tmp_path):
    if pathlib.Path("/usr/lib/writ/writ-desk").exists():
        pytest.skip("this machine has a writ of its own")
    shutil.copy2(tools.build() / "writ", tmp_path)
    done = subprocess.run([tmp_path / "writ", "serve", "--home", tmp_path], capture_output=True, text=True)
    assert done.returncode == 3 and "writ-desk is neither beside this program nor" in done.stderr and "next: " in done.stderr
    (tmp_path / "writ-desk").write_text("no program\n")
    (tmp_path / "writ-desk").chmod(0o755)
    done = subprocess.run([tmp_path / "writ", "serve", "--home", tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and "cannot run" in done.stderr and "writ-desk" in done.stderr, done


# ---- the checks of the tree ----

def tree(tmp_path, **files):
    """A small tree; names have __ for / and _dot_ for a dot."""
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for folder in ("src", "test/unit", "test/fuzz", "test/cage", "test/harness"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    return tmp_path


def check(name, root):
    return subprocess.run([tools.ROOT / "tools" / name, root], capture_output=True, text=True)


HEAD = "/*\n * What it answers for.\n * SPDX-License-Identifier: Apache-2.0\n */\n"
BAD_SOURCES = {
    "a lower layer includes a higher one": ("src/format/x.c", '#include "store/store.h"\n', "may include base"),
    "the seal sees the database": ("src/seal/x.c", '#include "store/store.h"\n', "not store/store.h"),
    "a hand sees an order": ("src/hand/x.c", '#include "order/order.h"\n', "not order/order.h"),
    "the log sees an order": ("src/log/x.c", '#include "order/order.h"\n', "not order/order.h"),
    "a command sees the web": ("src/cmd/x.c", '#include "web/serve.h"\n', "not web/serve.h"),
    "a stage sees a later one": ("src/order/3_judge/x.c", '#include "order/5_approve/approve.h"\n', "comes before"),
    "a stage sees inside another": ("src/order/5_approve/x.c", '#include "order/3_judge/part.h"\n', "no public header"),
    "a library out of its place": ("src/order/x.c", "#include <sqlite3.h>\n", "<sqlite3.h>"),
    "jansson outside json": ("src/format/tar.c", "#include <jansson.h>\n", "<jansson.h>"),
    "an unknown library": ("src/base/x.c", "#include <zmq.h>\n", "does not know"),
    "the network": ("src/seal/x.c", "#include <netinet/in.h>\n", "<netinet/in.h>"),
    "a folder without a layer": ("src/extra/x.c", "\n", "without a layer"),
    "malloc": ("src/store/x.c", "void *f(void) { return malloc(3); }\n", "malloc"),
    "goto": ("src/store/x.c", "\tgoto out;\n", "goto"),
    "strcpy": ("src/store/x.c", "\tstrcpy (a, b);\n", "strcpy"),
    "setjmp": ("src/store/x.c", "\tif (setjmp(env))\n", "setjmp"),
    "system": ("src/cmd/x.c", '\tsystem("ls");\n', "system"),
    "the clock past the seam": ("src/order/x.c", "\tt = time(NULL);\n", "time"),
    "a process past the seam": ("src/order/x.c", "\tpid = fork();\n", "fork"),
    "a call after a string with a comment in it": ("src/order/x.c", '\tsay("/*"); free(p);\n', "free"),
    "a call after a comment": ("src/order/x.c", "\t/* a */ free(p); /* b */\n", "free"),
    "a long line": ("src/order/x.c", "\tx = " + "1 + " * 40 + "1;\n", "columns"),
    "a long function": ("src/order/x.c", "int f(void)\n{\n" + "\tx();\n" * 90 + "}\n", "lines, more than"),
    "a long file": ("src/order/x.c", "int x;\n" * 700, "longer than 600 lines"),
    "deep nesting": ("src/order/x.c", "int f(void)\n{\n" + "\t" * 7 + "if (x)\n}\n", "deeply"),
    "a blank at the end": ("src/order/x.c", "int x; \n", "blanks"),
}
GOOD = HEAD + """#include "base/span.h"
#include <string.h>

/* malloc(3), goto, time(NULL): words in comments and "free(x)" in strings are no calls. */
static const char *words = "goto malloc(3) // free(p)";

int f(struct seam *seam)
{
	return seam->free(words) + runtime(1);
}
"""


@pytest.mark.parametrize("what", BAD_SOURCES)
def test_layers_are_checked(tmp_path, what):
    path, text, complaint = BAD_SOURCES[what]
    root = tree(tmp_path)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(HEAD + text)
    done = check("check-layers", root)
    assert done.returncode != 0 and complaint in done.stdout, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1, done.stdout


def test_layers_let_good_files_pass(tmp_path):
    done = check("check-layers", tree(tmp_path, src__order__x_dot_c=GOOD))
    assert (done.returncode, done.stdout) == (0, "")


def test_a_file_says_what_it_is_for(tmp_path):
    done = check("check-layers", tree(tmp_path, src__base__x_dot_c="int x;\n"))
    assert done.returncode != 0 and "SPDX" in done.stdout and "answers for" in done.stdout


BAD_WORDS = ("x TO" + "DO x", "FIX" + "ME: x", "as it is for" + " now", "see /wo" + "rk/main/x", "a st" + "ub",
             "open /ro" + "ot/.ssh", "a blank at the end ")


@pytest.mark.parametrize("words", BAD_WORDS)
def test_words_are_checked(tmp_path, words):
    root = tree(tmp_path, src__base__x_dot_c=HEAD + f"/* {words}\n */\n")
    assert check("check-words", root).returncode != 0


def test_words_let_good_files_pass(tmp_path):
    done = check("check-words", tree(tmp_path, src__base__x_dot_c=GOOD))
    assert done.returncode == 0, done.stdout


def test_the_packs_encode_no_acceptance_order(tmp_path):
    """A pack that names an order's id, or a company that was invented for the orders, is told."""
    orders = tools.shared("law", "orders")
    if not orders:
        pytest.skip("SKIPPED: the law set is not here")
    order = sorted(orders.glob("*.yaml"))[0]
    entity = re.search(r"served_on: (.*)", order.read_text())[1]
    for words in (order.stem, entity, re.search(r"document_sha256: (.*)", order.read_text())[1]):
        root = tree(tmp_path, src__law__x_dot_c=f"/* as in {words}, */\n")
        done = check("check-law", root)
        assert done.returncode == 1 and "acceptance set" in done.stdout, (words, done.stdout)
    assert check("check-law", tree(tmp_path, src__law__x_dot_c=GOOD)).returncode == 0
    hidden = subprocess.run([tools.ROOT / "tools" / "check-law", tools.ROOT], capture_output=True, text=True,
                            env={**os.environ, "WRIT_SHARED": str(tmp_path)})
    assert hidden.returncode == 0 and "SKIPPED" in hidden.stdout


def test_this_tree_is_clean():
    for name in ("check-layers", "check-words", "check-law"):
        done = check(name, tools.ROOT)
        assert done.returncode == 0, done.stdout


# ---- what is installed ----

def test_packages_are_debians():
    """install-deps takes the levels that are documented, and names only packages that Debian knows."""
    done = subprocess.run([tools.ROOT / "tools" / "install-deps", "nonsense"], capture_output=True, text=True)
    assert done.returncode == 2 and "build|demo|test|web|bench|fuzz" in done.stderr
    script = (tools.ROOT / "tools" / "install-deps").read_text()
    names = re.findall(r"^([a-z0-9][a-z0-9.+-]+) {2,}\S", script, re.M)
    assert {"meson", "age", "python3-pytest", "clang"} <= set(names)
    if not shutil.which("apt-cache"):
        pytest.skip("this is no Debian")
    known = subprocess.run(["apt-cache", "show", *names], capture_output=True, text=True).stdout
    if not known:
        pytest.skip("there are no lists of packages here: apt-get update")
    assert not [n for n in names if f"Package: {n}\n" not in known]


# Stand-ins: nothing is installed, and apt knows packages once it was updated. Each notes its call.
FAKES = {
    "dpkg-query": "exit 1",
    "id": 'echo "$FAKE_UID"',
    "sudo": 'echo "sudo $*" >>"$FAKE/calls"\nFAKE_ROOT=1 exec "$@"',
    "apt-get": '''case " $* " in
*" -s "*) [ -e "$FAKE/lists" ] || { echo "E: Unable to locate package" >&2; exit 100; }; exit 0 ;;
esac
[ "$FAKE_UID" = 0 ] || [ -n "$FAKE_ROOT" ] || { echo "E: are you root?" >&2; exit 100; }
echo "$*" >>"$FAKE/calls"
case $1 in
update) [ ! -e "$FAKE/no-network" ] && touch "$FAKE/lists" "$FAKE/fresh" ;;
install) [ -e "$FAKE/fresh" ] || { echo "E: 404 Not Found" >&2; exit 100; } ;;
esac''',
    # What npm fetches is there already, unless "no-look" is; who takes turns and who copies is not asked.
    "npm": 'echo "npm $*" >>"$FAKE/calls"\n[ ! -e "$FAKE/no-registry" ]',
    "cmp": '[ ! -e "$FAKE/no-look" ]',
    "flock": "exit 0",
    "cp": 'echo "cp $*" >>"$FAKE/calls"',
}


def install_deps(folder, uid, *there, fakes=FAKES):
    """(status, what apt-get and sudo were asked for, what was said), with these files there before."""
    (folder / "bin").mkdir()
    for name in ("sh", "printf", "cat", "env", "touch", "dirname"):
        (folder / "bin" / name).symlink_to(shutil.which(name))
    for name, text in fakes.items():
        (folder / "bin" / name).write_text("#!/bin/sh\n" + text + "\n")
        (folder / "bin" / name).chmod(0o755)
    for name in there:
        (folder / name).touch()
    done = subprocess.run([tools.ROOT / "tools" / "install-deps", "demo"], capture_output=True, text=True,
                          env={"PATH": str(folder / "bin"), "FAKE": str(folder), "FAKE_UID": str(uid)})
    assert done.stdout == ""
    calls = folder / "calls"
    return done.returncode, calls.read_text().splitlines() if calls.exists() else [], done.stderr


def test_packages_on_a_fresh_system(tmp_path):
    """Lists of packages come first where there are none, without a page of errors."""
    status, calls, said = install_deps(tmp_path, 0)
    assert status == 0 and [c.split()[0] for c in calls] == ["update", "install"]
    assert {"meson", "age"} <= set(calls[1].split()) and "E:" not in said
    assert re.search(r"^  meson +\S", said, re.M) and "sudo" not in said


def test_packages_that_apt_knows_need_no_update(tmp_path):
    status, calls, _ = install_deps(tmp_path, 0, "lists", "fresh")
    assert status == 0 and [c.split()[0] for c in calls] == ["install"]


def test_packages_of_old_lists(tmp_path):
    status, calls, _ = install_deps(tmp_path, 0, "lists")
    assert status == 0 and [c.split()[0] for c in calls] == ["install", "update", "install"]


def test_packages_that_cannot_be_had_fail(tmp_path):
    status, calls, said = install_deps(tmp_path, 0, "no-network")
    assert status == 1 and [c.split()[0] for c in calls] == ["update"]
    assert said.splitlines()[-1].startswith("  apt-get update && apt-get install ")


def test_npm_is_asked_for_alone_and_only_if_missing(tmp_path):
    """A machine with another node than Debian's would lose it to Debian's npm in one line with the rest."""
    status, calls, _ = install_deps(tmp_path, 0, "lists", "fresh", fakes={n: f for n, f in FAKES.items() if n != "npm"})
    assert status == 0 and [c.split()[0] for c in calls] == ["install", "install"]
    assert "npm" not in calls[0].split() and calls[1].split()[-1] == "npm"


def test_the_look_is_fetched_once(tmp_path):
    status, calls, said = install_deps(tmp_path, 0, "lists", "fresh", "no-look")
    assert status == 0 and calls[1].startswith("npm ci") and calls[2] == "cp package-lock.json node_modules/.lock"
    assert "govuk-frontend" in said


def test_the_look_cannot_be_fetched(tmp_path):
    status, calls, said = install_deps(tmp_path, 0, "lists", "fresh", "no-look", "no-registry")
    assert status == 1 and not [c for c in calls if c.startswith("cp")]
    assert "npm could not fetch them" in said and "node_modules" in said.splitlines()[-1]


def test_packages_for_a_user_who_may_not(tmp_path):
    status, calls, said = install_deps(tmp_path, 1000, "lists", "fresh", fakes={**FAKES, "sudo": "exit 1"})
    assert status == 1 and not calls
    assert said.splitlines()[-1].startswith("  apt-get update && apt-get install ")


def test_packages_for_an_ordinary_user(tmp_path):
    """Every call as root is told before it is made, with its reason."""
    status, calls, said = install_deps(tmp_path, 1000)
    assert status == 0
    asked = [c for c in calls if c.startswith("sudo ")]
    assert len(asked) == 2 and "apt-get update" in asked[0] and "apt-get install" in asked[1]
    assert "sudo may ask for your password" in said
    assert "\n  sudo apt-get update\n" in said and "\n  sudo apt-get install " in said


def test_packages_without_sudo_are_named(tmp_path):
    status, calls, said = install_deps(tmp_path, 1000, fakes={n: t for n, t in FAKES.items() if n != "sudo"})
    assert status != 0 and not calls
    assert "apt-get update && apt-get install" in said and " meson " in said and re.search(r"^  meson +\S", said, re.M)


# ---- the run of all tests ----

@pytest.mark.parametrize("end,says", [("os._exit(1)", "ended with 1"), ("os._exit(0)", "ended with 0"),
                                      ("os.kill(os.getpid(), 15)", "ended with -15")])
def test_a_file_that_ends_early_has_failed(tmp_path, end, says):
    """Whatever its exit status says: without a report of pytest nothing has passed."""
    file = tmp_path / "test_early.py"
    file.write_text(f"import os\ndef test_one():\n    pass\ndef test_two():\n    {end}\n")
    (tmp_path / "results").mkdir()
    code = ("import alltests, pathlib, sys\n_, _, passed, failed, _, output, _ = alltests.flow(pathlib.Path(sys.argv[1]))\n"
            "print(passed, failed, output.splitlines()[-1].strip())")
    done = subprocess.run(
        [sys.executable, "-c", code, file], check=True, capture_output=True, text=True,
        env={**os.environ, "WRIT_BUILD": str(tmp_path), "PYTHONPATH": str(tools.ROOT / "test" / "harness")}).stdout
    assert done == f"0 1 {says}, without a report\n"
