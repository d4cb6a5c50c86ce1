"""kill -9 of the serving processes and of the one that looks after them, at random moments, while people at the desk
take orders in, save forms and sign: what they were told is done is there, nothing is there twice, the log holds.
KILL_SEED, KILLS: which, and how many. SPDX-License-Identifier: Apache-2.0
"""
import os
import random
import re
import select
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, web  # noqa: E402

LONG = True

KILLS, CLIENTS, PROCESSES, SUPERVISOR_EACH = int(os.environ.get("KILLS", "24")), 3, 2, 4
PAUSE_S = 0.06              # the longest pause between what is awaited and the kill


class Lost(Exception):
    """No answer came: what became of the request the client cannot know."""


class Place:
    """Where the desk is now, and what its people were told."""

    def __init__(self, home):
        self.home, self.server, self.over = home, web.serve(home, processes=PROCESSES), threading.Event()
        self.lock, self.told, self.tried, self.lost, self.problems = threading.Condition(), {}, set(), 0, []

    def acknowledged(self, what, ref):
        with self.lock:
            assert what not in self.told
            self.told[what] = ref
            self.lock.notify_all()

    def await_told(self, count):
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.told) >= count or self.problems, web.SECONDS), "nothing is done any more"
            assert not self.problems, self.problems


class Client(threading.Thread):
    """Takes an order in, makes it secret, refuses it: each by a form, each again until it was acknowledged."""

    def __init__(self, place, number):
        super().__init__(daemon=True)
        self.place, self.number, self.count = place, number, 0
        self.ben, self.ana = desk.Person(place.server), desk.Person(place.server)

    def ask(self, call, *words, **more):
        """An answer of the desk that is there now."""
        call.__self__.server = self.place.server
        try:
            got = call(*words, **more)
        except (OSError, AttributeError) as e:      # refused, or cut before an answer
            with self.place.lock:
                self.place.lost += 1
            raise Lost from e
        return got

    def form(self, person, name, path):
        page = self.ask(person.get, path)
        if page.status == 303 and "/sign-in" in page.location:
            self.sign_in(person, name)
            page = self.ask(person.get, path)
        return page

    def sign_in(self, person, name):
        page = self.ask(person.get, "/sign-in")
        fields, _ = person.form(page, "/sign-in/demo")
        self.ask(person.post, "/sign-in/demo", fields | {"name": name, "to": ""})

    def until_told(self, kind, attempt):
        while not self.place.over.is_set():
            self.count += 1
            what = f"{kind}-{self.number}-{self.count}"
            try:
                got = attempt(what)
            except Lost:
                continue
            if got is not None:
                self.place.acknowledged(what, got)
                return got
        return None

    def take_in(self, what):
        path = life.order_file(self.place.home.base / f"{what}.yaml", self.place.home.world,
                               change=lambda tree: tree.update(authority_reference=what))
        page = self.form(self.ben, "Ben", "/intake")
        fields, _ = self.ben.form(page, "/intake")
        self.place.tried.add(what)
        got = self.ask(self.ben.upload, "/intake", fields, [("order", "order.yaml", path.read_bytes()),
                                                            ("paper", "warrant.pdf", self.place.home.world.paper.read_bytes())])
        while got.status == 303 and got.location.startswith("/intake?work=") or got.status == 200 and "It is running" in got.text:
            where = got.location or where
            got = self.ask(self.ben.get, where)
        return re.match(r"/order/([^/]+)", got.location)[1] if got.status == 303 and "/order/" in got.location else None

    def make_secret(self, ref, what):
        path = f"/order/{ref}/secrecy"
        page = self.form(self.ben, "Ben", path)
        if page.status != 200:
            return None
        fields, _ = self.ben.form(page, path)
        self.place.tried.add(what)
        got = self.ask(self.ben.post, path, fields | {"basis": what, "until": "2027-02-21"})
        return ref if got.status == 303 and got.location == f"/order/{ref}" else None

    def refuse(self, ref, what):
        path = f"/order/{ref}/decide"
        page = self.form(self.ana, "Ana", path)
        if page.status != 200:      # it was done, and nobody was told
            return ref if "<p>refused: " in self.ask(self.ana.get, f"/order/{ref}").text else None
        fields, _ = self.ana.form(page, path)
        page = self.ask(self.ana.post, path, fields | {"decision": "refuse", "reason": "AUTH-UNVERIFIED"})
        if page.status != 200:
            return None
        fields, _ = self.ana.form(page, path)
        self.place.tried.add(what)
        got = self.ask(self.ana.post, path, fields)
        return ref if got.status == 303 and got.location == f"/order/{ref}" else None

    def run(self):
        try:
            while not self.place.over.is_set():
                ref = self.until_told("taken", self.take_in)
                if ref and self.until_told("secret", lambda what, ref=ref: self.make_secret(ref, what)):
                    self.until_told("refused", lambda what, ref=ref: self.refuse(ref, what))
        except Exception as e:      # pylint: disable=broad-except
            with self.place.lock:
                self.place.problems.append(repr(e))
                self.place.lock.notify_all()


def kill_worker(place, rng):
    server = place.server
    gone = rng.choice(web.wait(lambda: len(server.workers()) == PROCESSES and server.workers(), "all that serve"))
    os.kill(gone, signal.SIGKILL)
    web.wait(lambda: gone not in server.workers() and len(server.workers()) == PROCESSES, "another one by itself")
    assert server.process.poll() is None


def kill_all(place):
    """The one that looks after them: they end by themselves, and the next start goes on."""
    old = place.server
    workers = old.workers()
    old.process.kill()
    old.process.wait()
    web.wait(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), "the end of those that served")
    place.server = web.serve(place.home, processes=PROCESSES)
    old.drop()


def test_killed_under_load(record_testsuite_property):
    seed = int(os.environ.get("KILL_SEED") or random.randrange(1 << 30))
    rng = random.Random(seed)
    print("seed", seed)
    with life.Town() as town:
        home = town.home("founded").invent()
        place = Place(home)
        clients = [Client(place, n) for n in range(CLIENTS)]
        try:
            for client in clients:
                client.start()
            for n in range(KILLS):
                place.await_told(len(place.told) + rng.randint(1, 4))
                select.select([], [], [], rng.random() * PAUSE_S)       # at any moment, not when something is done
                if n % SUPERVISOR_EACH == SUPERVISOR_EACH - 1:
                    kill_all(place)
                else:
                    kill_worker(place, rng)
            place.await_told(len(place.told) + CLIENTS)
        finally:
            place.over.set()
            for client in clients:
                client.join(web.SECONDS)
            ended = place.server.stop()
            place.server.drop()
        assert not place.problems, (seed, place.problems)
        assert ended == 0
        look(home, place, seed)
        record_testsuite_property("acknowledged at the desk while it was killed", len(place.told))
        record_testsuite_property("kills at the desk", KILLS)
        record_testsuite_property("requests without an answer then", place.lost)


def look(home, place, seed):
    """Every act of every order, against what was told."""
    home.sound()
    orders = {ref: home.show(ref) for ref in {ref for ref, _, _ in home.acts_in_all() if ref != "HOME"}}
    taken, secret = {}, {}
    for ref, shown in orders.items():
        for act in shown["acts"]:
            body = act.get("body", {})
            if act["act"] == "received":
                taken.setdefault(body["authority_reference"], []).append(ref)
            if act["act"] == "gagged":
                secret.setdefault(body["basis"], []).append(ref)
        assert [a["act"] for a in shown["acts"]].count("decided") <= 1, (seed, ref)
    for what, ref in place.told.items():
        if what.startswith("taken"):
            assert taken.get(what) == [ref], (seed, what, ref, taken.get(what))
        elif what.startswith("secret"):
            assert secret.get(what) == [ref], (seed, what, ref, secret.get(what))
        else:
            assert orders[ref]["state"] == "refused", (seed, what, ref)
    for found in (taken, secret):
        assert all(len(refs) == 1 for refs in found.values()), (seed, "twice", found)
        assert set(found) <= place.tried, (seed, "nobody sent that", set(found) - place.tried)
    assert len(place.told) > KILLS
