"""What takes longer is a process of its own: every page answers while a release waits for its timestamp authority, and
while an order is taken in; and whatever is refused, killed or stopped in between, the order is as it was or released
once, and its person is told so.
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import os
import signal
import sys
import threading

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, tsa, web  # noqa: E402


class Held(tsa.Tsa):
    """An authority whose answer waits until the test lets it go, or that says no."""

    def __init__(self, folder):
        super().__init__(folder)
        self.door, self.refuses = threading.Event(), False
        self.answer = lambda handler, query: self.wait(handler, query)

    def wait(self, handler, query):
        self.door.wait(web.SECONDS)
        if self.refuses:
            tsa.WRONG["http error"](self)(handler, query)
        elif not self.closing:
            tsa.send(handler, self.reply(query))

    def hold(self, refuses=False):
        self.refuses = refuses
        self.door.clear()


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Held(tmp_path_factory.mktemp("tsa"))
    yield made
    made.door.set()
    made.stop()


@pytest.fixture
def home(town, authority):
    """Approved by two, under a policy that demands a timestamp."""
    made = town.home("collected").invent()
    made.ok("roster", "add", "--policy", "timestamp", "--value", "required", as_="Ana", key=("ana", "ben"))
    (made.dir / "addresses.yaml").write_text(authority.yaml(timeout=60))
    made.withhold()
    made.approve("Ben")
    made.approve("Chi")
    authority.hold()
    return made


def sign_in(server, name="Ben"):
    person = desk.Person(server)
    assert person.demo(name).status == 303
    return person


def begin(home, person, authority):
    """Release is begun, and the authority was asked; gives the page that says how it goes."""
    before = authority.asked
    got = person.go(f"/order/{home.ref}/release")
    assert got.status == 303 and got.location.startswith(f"/order/{home.ref}/release?since="), desk.words(got)
    web.wait(lambda: authority.asked > before, "the question to the authority")
    return got.location


def ended(person, where):
    def look():
        page = person.get(where)
        assert page.status == 200, desk.words(page)
        return None if "It is running" in page.text else desk.words(page)
    return web.wait(look, "the end of the release")


def released_once(home, stamps):
    home.ok("tick")             # a seal's own acts come with it
    home.sound()
    assert home.state() == "released"
    assert (len(home.acts("released")), len(home.seal_acts("released")), len(home.acts("timestamped"))) == (1, 1, stamps)


def process_of(home, *words):
    """The command that the desk has started."""
    want = b"\0" + b"\0".join(w.encode() for w in words) + b"\0"
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            line = open(f"/proc/{name}/cmdline", "rb").read() if name.isdigit() else b""
            if want in line and str(home.dir).encode() in line:
                return int(name)
    return None


def test_pages_answer_while_a_release_waits_for_its_timestamp(home, authority):
    with web.serve(home, processes=1) as server:
        ben, chi = sign_in(server), sign_in(server, "Chi")
        stale = ben.get(f"/order/{home.ref}/release")
        where = begin(home, ben, authority)
        assert "It is running" in ben.get(where).text
        for path in ("/desk", "/desk?view=all", f"/order/{home.ref}", "/intake", "/people"):
            assert chi.get(path).status == 200, path
        assert desk.Person(server).get("/sign-in").status == 200
        got = ben.send(stale, f"/order/{home.ref}/release")                 # a second click
        assert got.status == 409 and "somebody was faster" in desk.words(got)
        assert not home.acts("timestamped") and authority.door.is_set() is False
        authority.door.set()
        said = ended(ben, where)
        assert "Done." in said and "is released" in said and "stamped at" in said
        assert "/deliver" in ben.get(where).text
        released_once(home, 1)
        got = ben.go(f"/order/{home.ref}/release")
        assert got.status == 409 and len(home.acts("released")) == 1


def test_an_authority_that_refuses(home, authority):
    with web.serve(home, processes=1) as server:
        ben = sign_in(server)
        where = begin(home, ben, authority)
        authority.refuses = True
        authority.door.set()
        said = ended(ben, where)
        assert "Done." not in said and "the timestamp that the policy demands is missing" in said
        assert "released, but without the timestamp" in said
        released_once(home, 0)
        authority.refuses = False
        again = ben.send(ben.get(where), f"/order/{home.ref}/release")      # the button of that page
        assert "Done." in ended(ben, again.location)
        released_once(home, 1)


def test_a_release_that_is_killed(home, authority):
    with web.serve(home, processes=1) as server:
        ben = sign_in(server)
        where = begin(home, ben, authority)
        os.kill(process_of(home, "release", home.ref), signal.SIGKILL)
        authority.door.set()                                                # its hand ends now, and hands in nothing
        said = ended(ben, where)
        assert "Done." not in said and "the timestamp that the policy demands is missing" in said
        released_once(home, 0)
        chi = sign_in(server, "Chi")                                        # delivering asks for it, too
        assert "Done." in desk.words(chi.end_of(chi.go(f"/order/{home.ref}/deliver"), "the delivery"))
        assert len(home.acts("released")) == len(home.acts("timestamped")) == len(home.acts("delivered")) == 1


def test_a_server_that_stops_in_between(home, authority):
    with web.serve(home, processes=1) as server:
        where = begin(home, sign_in(server), authority)
        assert server.stop() == 0
    assert process_of(home, "release", home.ref)
    authority.door.set()
    web.wait(lambda: home.acts("timestamped"), "the timestamp")
    with web.serve(home, processes=1) as server:
        assert "Done." in ended(sign_in(server), where)
    released_once(home, 1)


def test_a_seal_that_does_not_release(home, authority):
    """Nothing is begun for an order that cannot be released; what the seal says is shown, and nothing has changed."""
    with web.serve(home, processes=1) as server:
        ben = sign_in(server)
        asked = authority.asked
        home.ok("halt", "--because", "a test", as_="Ana", key="ana")
        got = ben.go(f"/order/{home.ref}/release")
        said = ended(ben, got.location)
        assert "without success" in said and "HALTED" in said
        assert home.state() == "approved" and not home.seal_acts("released") and authority.asked == asked
        got = ben.post(f"/order/{home.ref}/release", {"token": ben.form(ben.get("/intake"), "/intake")[0]["token"]})
        assert got.status == 400 and "which state of the order" in desk.words(got)
