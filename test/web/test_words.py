"""Each refusal of src/web is demanded by its words in a test of the desk or of src/web, or it stands here with the reason
why no caller can bring it about. What can say so is read from the sources (harness/refusals.py).
SPDX-License-Identifier: Apache-2.0
"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import refusals, tools  # noqa: E402

MACHINE = "the machine fails: no memory, disk, process or randomness"
OURS = "our own mistake: the caller is our code, and it never asks so"
ELSEWHERE = "shown by a test that has no words of it: "
UNREACHED = {
    "the machine gives no randomness": MACHINE, "no randomness": MACHINE, "a file that came cannot be read again": MACHINE,
    "cannot open %s: %s": MACHINE, "the library has no epoll here": MACHINE, "no socket for %.*s: %s": MACHINE,
    "a socket does not know where it listens": MACHINE, "the output could not be written": MACHINE, "no pipe for signals": MACHINE,
    "no memory for the numbers of this server": MACHINE, "no process that serves could be started": MACHINE,
    "a number cannot be written": OURS, "a field has more choices than a page shows": OURS, "more fields than a page shows": OURS,
    "more groups of fields than a page shows": OURS, "the page of this step could not be made": OURS,
    "the question of this order could not be put": OURS, "an answer has too many headers": OURS,
    "the header %s of an answer has a control in it": OURS, "between 1 and %u processes serve": OURS,
    "this is no job for a process that serves": OURS, "'writ serve' starts this by itself": OURS, "nobody may enter here": OURS,
    "a part of the form has no name": "what has no name is no field before that",
    "Content-Length is no number": ELSEWHERE + "the library refuses it first; guard_test", "there is no Host": ELSEWHERE + "the same",
    "this is for the machine itself": ELSEWHERE + "the door, answer_test; no test has a second machine",
    "what the comparison found cannot be read": MACHINE, "the comparison did not come to its end": MACHINE,
    "no comparison has come to its end": "a file of findings is asked for by a link that stands beside them alone",
    "the row of this order is not there: 'writ fsck --rebuild'": "a database that was changed by hand",
    "a statement names a hash that is none": "the seal's own statements",
    "no browser made this passkey": "what no browser made has no challenge of the desk to answer",
    "the demonstration has no key of that name": "the founders of an invented home have names of letters",
    "you have no passkey for this site that could sign the %s": "who is signed in has one; it has ended since, within two seconds",
    "this home has not been founded; 'writ init' does it": "a home without its first act: init makes both or none",
    "writ-seal %s": ELSEWHERE + "the log of the server says it; test_seal.py has the page's words",
    "the certificate of the site: %s": MACHINE,
}


@pytest.fixture(scope="module")
def named():
    """The texts of refusals that tests demand."""
    found = set()
    for path in sorted((tools.ROOT / "test" / "web").glob("test_*.py")):
        found |= {one.text for some, of in refusals.named_in_python(path) for one in refusals.called(some, of)}
    for path in sorted((tools.ROOT / "test" / "unit" / "web").glob("*.c")):
        found |= {one.text for some in refusals.named_in_c(path) for one in of_web() if some in one.text}
    return found


def of_web():
    return [one for one in refusals.every() if one.file.startswith("src/web/")]


def test_every_refusal_is_demanded_in_words(named):
    missing = [f"{one.file}:{one.line}: {one.text}" for one in of_web() if one.text not in named and one.text not in UNREACHED]
    assert not missing, "no test demands these words:\n" + "\n".join(missing)


def test_every_reason_is_still_needed(named):
    there = {one.text for one in of_web()}
    assert set(UNREACHED) <= there and not set(UNREACHED) & named, (set(UNREACHED) - there, set(UNREACHED) & named)


@pytest.mark.parametrize("some", ["", "no such words stand anywhere", "the"])
def test_a_refusal_that_is_none_or_many_is_told(some):
    with pytest.raises(AssertionError):
        refusals.says(some)


class Page:
    def __init__(self, status, text):
        self.status, self.text = status, text


def test_another_refusal_is_not_taken_for_it():
    says = refusals.says("this form is not of your session")
    good = "<html><main><p>this form is not of your session</p><p>go back, load the page again, and send the form from there</p></main>"
    refusals.refused(Page(403, good), says)
    for status, text in ((404, good), (200, good), (403, good.replace("<main>", "").replace("session", "order")), (403, good.replace("go back", "wait")),
                         (403, good.replace("</main>", refusals.ways()["USAGE"][1] + "</main>"))):
        with pytest.raises(AssertionError):
            refusals.refused(Page(status, text), says)
