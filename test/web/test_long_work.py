"""What takes longer is a process of its own: every page answers while a release waits for its timestamp authority, and
while an order is taken in; and whatever is refused, killed or stopped in between, the order is as it was or released
once, and its person is told so.
SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import struct
import sys
import threading

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, tsa, web  # noqa: E402
from harness.paper import pdf  # noqa: E402


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


def commands():
    """What runs on this machine: the number of each process, and its words."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found[int(name)] = pathlib.Path("/proc", name, "cmdline").read_bytes()
    return found


def process_of(home, *words):
    """The command that the desk has started."""
    want = b"\0" + b"\0".join(w.encode() for w in words) + b"\0"
    return next((pid for pid, line in commands().items() if want in line and str(home.dir).encode() in line), None)


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


# ---- reading ----

@contextlib.contextmanager
def others_read(home, first, count):
    """Other papers that are being read: they hold places of the line (order/line.h)."""
    folder = home.dir / "run" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "reading.line", "a+b") as line:
        fcntl.fcntl(line, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, first, count, 0))
        yield


def test_readings_wait_for_their_turn(empty):
    """A paper waits for those that are read, and says how many come first; whatever else is asked is answered."""
    with web.serve(empty, processes=1) as server:
        ben = sign_in(server)
        with others_read(empty, 1, 2):
            token = ben.form(ben.get("/intake"), "/intake")[0]["token"]
            got = ben.taken(ben.upload("/intake", {"token": token}, [("paper", "a.pdf", pdf(b"some words", pages=1))]))
            assert got.location.endswith("/read")
            page = web.wait(lambda: p if "2 of other papers are read first" in (p := ben.get(got.location)).text else None, "its place in the line")
            assert "It is running" in page.text and ben.get("/desk").status == 200
            assert not any((empty.dir / "reading").glob("*/told.json"))
        assert ben.end_of_reading(got).location.endswith("/transcribe")


def test_a_line_that_is_full(empty):
    with web.serve(empty, processes=1) as server:
        ben = sign_in(server)
        token = ben.form(ben.get("/intake"), "/intake")[0]["token"]
        with others_read(empty, 1, 66):
            got = ben.taken(ben.upload("/intake", {"token": token}, [("paper", "a.pdf", pdf(b"some words", pages=1))]))
            page = ben.end_of_reading(got)
            said = desk.words(page)
            assert "without success" in said and "64 wait already" in said and "in a few minutes" in said
            assert len(orders(empty)) == 1                                  # it is received all the same
        again = ben.send(page, got.location)
        assert ben.end_of_reading(again).location.endswith("/transcribe")


# ---- taking in ----

class Gate:
    """The programs, with a hand that begins its work once the test lets it."""

    def __init__(self, folder):
        self.dir, self.gate = folder, folder / "gate"
        for name in life.PROGRAMS:
            shutil.copy(life.folder_of_programs() / name, folder)
        (folder / "writ-hand").rename(folder / "true-hand")
        (folder / "writ-hand").write_text(f'#!/bin/sh\n: < "{self.gate}"\nexec "{folder}/true-hand" "$@"\n')
        (folder / "writ-hand").chmod(0o755)
        os.mkfifo(self.gate)

    def hands(self):
        return sum(f"{self.dir}/writ-hand".encode() in line for line in commands().values())

    def open(self):
        """One hand goes on; whoever opens the other end of a FIFO waits for it."""
        os.close(os.open(self.gate, os.O_WRONLY))

    def serve(self, home):
        return web.Server([self.dir / "writ", "serve", "--home", home.dir, "--listen", "127.0.0.1:0", "--processes", 1], home.dir, home.env())


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


@pytest.fixture
def empty(town):
    return town.home("founded").invent()


def send_in(home, person, name="order.yaml", text=None):
    order = life.order_file(home.base / "order.yaml", home.world)
    fields, _ = person.form(person.get("/intake"), "/intake")
    return person.upload("/intake", fields, [("order", name, text or order.read_bytes()), ("paper", "warrant.pdf", home.world.paper.read_bytes())])


def orders(home):
    return [o["order"] for o in home.json("order", "list")["orders"]]


def test_pages_answer_while_an_order_is_read(empty, gate):
    with gate.serve(empty) as server:
        ben, chi = sign_in(server), sign_in(server, "Chi")
        got = send_in(empty, ben)
        assert got.status == 303 and got.location.startswith("/intake?work=")
        web.wait(gate.hands, "the hand")
        page = ben.get(got.location)
        assert page.status == 200 and "It is running" in page.text and page.headers["refresh"] == "1"
        for path in ("/desk", "/intake", "/people"):
            assert chi.get(path).status == 200, path
        assert "It is running" not in chi.get(got.location).text            # another's work is nobody's
        assert not orders(empty)
        gate.open()
        taken = ben.taken(got)
        (ref,) = orders(empty)
        assert taken.status == 303 and taken.location == f"/order/{ref}"
        assert ben.get(got.location).location == f"/order/{ref}"            # whoever looks again
        (act,) = empty.acts("received", ref)
        assert act["actor"]["name"] == "Ben" and act["body"]["papers"][0]["name"] == "warrant.pdf"


def test_an_intake_goes_on_without_its_server(empty, gate):
    with gate.serve(empty) as server:
        got = send_in(empty, sign_in(server))
        web.wait(gate.hands, "the hand")
        assert server.stop() == 0
    assert not orders(empty)
    gate.open()
    (ref,) = web.wait(lambda: orders(empty), "the order")
    with gate.serve(empty) as server:
        assert sign_in(server).taken(got).location == f"/order/{ref}"


def test_an_intake_that_is_killed(empty, gate):
    with gate.serve(empty) as server:
        ben = sign_in(server)
        got = send_in(empty, ben)
        web.wait(gate.hands, "the hand")
        os.kill(process_of(empty, "order", "submit"), signal.SIGKILL)
        gate.open()                                                         # its hand ends now, and nobody hears it
        page = ben.taken(got)
        assert page.status == 503 and "without saying what came of it" in desk.words(page) and not orders(empty)
        got = send_in(empty, ben)                                           # the form is there; once more
        web.wait(gate.hands, "the hand")
        gate.open()
        assert ben.taken(got).location == f"/order/{orders(empty)[0]}"


@pytest.mark.parametrize("text, status, says", [
    (b"order_version: 1\nfacts: [", 400, "order.yaml"),
    (b"order_version: &a 1\n", 400, "order.yaml"),
    (b"writ order submit: done\nW-2222-3333\n", 400, "order.yaml"),
])
def test_an_order_file_that_is_refused(empty, text, status, says):
    with web.serve(empty, processes=1) as server:
        ben = sign_in(server)
        page = ben.taken(send_in(empty, ben, text=text))
        assert page.status == status and says in desk.words(page) and not orders(empty), desk.words(page)
        fields, _ = ben.form(page, "/intake")
        assert fields["resubmits"] == ""
        odd = "fd:3:x --as=Chi\n"                                           # a name is a name
        page = ben.taken(send_in(empty, ben, name=odd.strip()))
        (ref,) = orders(empty)
        assert page.location == f"/order/{ref}"
        (act,) = empty.acts("received", ref)
        assert act["actor"]["name"] == "Ben" and act["body"]["order_file"]["name"] == odd.strip()
