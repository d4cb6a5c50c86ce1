"""The desk without a browser: what forged, stale and foreign forms and sign-ins get, and the life of orders by forms
alone. Every route for every role: test_live.py.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import sqlite3
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, passkey, tools, web  # noqa: E402
from harness.refusals import refused, says  # noqa: E402

# One person for each role: what the roster says of it.
PEOPLE = {"Mia": (), "Noa": ("decide",), "Eva": ("audit",)}
NOT_YOURS = says("this form is not of your session")


@pytest.fixture(scope="module")
def town():
    with life.Town() as made:
        yield made


@pytest.fixture(scope="module")
def home(town):
    """Collected, with a notice decision and one approval; a person for each role; invented."""
    made = town.home("collected")
    made.withhold()
    made.approve("Ben")
    for name, may in PEOPLE.items():
        made.hire(name, *may)
    return made.invent()


@pytest.fixture
def who(server):
    def sign_in(name):
        person = desk.Person(server)
        if name:
            assert person.demo(name).location == ("/audit" if name == "Eva" else "/desk")
        return person
    return sign_in


def test_the_auditor_sees_who_looked(home, who):
    mia, eva = who("Mia"), who("Eva")
    assert mia.get(f"/order/{home.ref}").status == 200
    page = desk.words(eva.get("/audit"))
    assert re.search(rf"Mia looked at {home.ref}", page) and re.search(r"Eva signed in", page)
    before = page.count(f"Mia looked at {home.ref}")
    mia.get(f"/order/{home.ref}")
    assert desk.words(eva.get("/audit")).count(f"Mia looked at {home.ref}") == before       # once in a sitting
    assert "It holds" in desk.words(eva.compared())


# ---- all orders ----

def test_all_orders_page_by_page(town):
    """Older and newer by where one is, so that what comes in meanwhile moves nothing; addresses that name no place lead
    to the beginning."""
    home = town.home("received").invent()
    with sqlite3.connect(home.dir / "writ.db") as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(order_view)")]
        first = dict(zip(columns, db.execute("SELECT * FROM order_view").fetchone()))

        def add(number, age):
            row = first | {"ref": f"W-{number:04}-ABCD".replace("0", "A").replace("1", "B"), "received_at": first["received_at"] - age, "open": 0}
            db.execute(f"INSERT INTO order_view ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
        for number in range(249):
            add(number, 1 + number // 7)
        db.commit()
        with web.serve(home) as server:
            ben = desk.Person(server)
            ben.demo("Ben")

            def page(path):
                got = ben.get(path)
                links = {what: desk.html.unescape(link) for link, what in re.findall(r'href="([^"]*;(older|newer)=[^"]*)"', got.text)}
                return re.findall(r'data-row="([^"]*)"', got.text), links
            begin, links = page("/desk?view=all")
            assert len(begin) == 100 and set(links) == {"older"}
            middle, links = page(links["older"])
            add(999, 0)                                                     # somebody hands in another one
            db.commit()
            last, ends = page(links["older"])
            assert len(last) == 50 and set(ends) == {"newer"} and len({*begin, *middle, *last}) == 250
            back, links = page(ends["newer"])
            assert back == middle and set(links) == {"older", "newer"}
            again, links = page(links["newer"])
            assert again[1:] == begin[1:]
            assert len(page("/desk?view=all")[0]) == 100 and page("/desk?view=all")[0] != begin
            top = page("/desk?view=all")
            for odd in ("older=", "older=x", "newer=9.W-1", "older=99999999999999999999.W-AAAA-ABCD", "newer=1", "older=1.%00"):
                assert page(f"/desk?view=all&{odd}") == top, odd
            found, links = page("/desk?view=all&words=nothing-like-it")
            assert not found and not links
            assert page("/desk?view=all&older=1.W-2222-2222")[0] == []


# ---- forms, cookies, sessions ----

def test_forms_of_another_session_are_refused(home, who):
    ben, other = who("Ben"), who("Ben")
    page = ben.get(f"/order/{home.ref}/secrecy")
    fields, _ = ben.form(page, f"/order/{home.ref}/secrecy")
    theirs, _ = other.form(other.get(f"/order/{home.ref}/secrecy"), f"/order/{home.ref}/secrecy")
    for token in (theirs["token"], "", "0" * 64, fields["token"][:-1]):
        got = ben.post(f"/order/{home.ref}/secrecy", fields | {"token": token, "basis": "x", "until": "2027-02-21"})
        refused(got, NOT_YOURS)
    del fields["token"]
    refused(ben.post(f"/order/{home.ref}/secrecy", fields), NOT_YOURS)
    assert not home.acts("gagged")


def test_a_form_from_another_site_is_refused(server, who):
    ben = who("Ben")
    body = b"token=" + ben.form(ben.get("/desk"), "/sign-out")[0]["token"].encode()
    for origin, why in (("https://evil.example", says("comes from another site")), ("null", says("nothing says from which site")),
                        (server.origin.replace("https", "http"), says("comes from another site"))):
        head = server.head("POST", "/sign-out", f"Origin: {origin}", "Content-Type: application/x-www-form-urlencoded",
                           f"Content-Length: {len(body)}", *ben.headers())
        refused(server.ask(head + body), why)
    assert ben.get("/desk").status == 200


def test_no_fixation(server):
    """What stood in the cookie before the sign-in opens nothing after it, and the sign-in chooses the new one."""
    one = desk.Person(server)
    one.get("/sign-in")
    before = one.cookies["__Host-writ"]
    assert one.demo("Mia").status == 303 and one.cookies["__Host-writ"] != before
    thief = desk.Person(server)
    thief.cookies["__Host-writ"] = before
    assert thief.get("/desk").location == "/sign-in?to=/desk"
    thief.cookies["__Host-writ"] = "a" * 64
    assert thief.get("/desk").status == 303
    again = one.cookies["__Host-writ"]
    one.demo("Mia")
    assert one.cookies["__Host-writ"] != again


def test_sign_out_ends_it(server, who):
    mia = who("Mia")
    kept = dict(mia.cookies)
    assert mia.send(mia.get("/desk"), "/sign-out").location == "/"
    mia.cookies = kept
    assert mia.get("/desk").status == 303


def test_another_kind_of_browser_ends_it(server, who):
    mia = who("Mia")
    mia.agent = "Mozilla/5.0 (X11) Chrome/148.0.0.0 Safari/537.36"
    assert mia.get("/desk").status == 303
    mia.agent = desk.FIREFOX
    assert mia.get("/desk").status == 303


def test_sign_in_leads_to_no_other_place(server):
    for to in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", ""):
        person = desk.Person(server)
        assert person.demo("Mia", to=to).location == "/desk", to
    assert desk.Person(server).demo("Mia", to="/people?x=1").location == "/people?x=1"


def test_nothing_typed_is_lost_when_a_session_ends(home, who):
    ben = who("Ben")
    page = ben.get(f"/order/{home.ref}/secrecy")
    with sqlite3.connect(home.dir / "writ.db") as db:        # hours later
        db.execute("UPDATE sitting SET seen_at_utc = seen_at_utc - 7200 WHERE person = 'Ben'")
    got = ben.send(page, f"/order/{home.ref}/secrecy", basis="order <7> of Tuesday & more", until="2027-02-21")
    assert got.status == 303 and got.location == f"/sign-in?to=/order/{home.ref}/secrecy"
    chi = who("Chi")
    chi.cookies["__Host-draft"] = ben.cookies["__Host-draft"]
    assert "Tuesday" not in chi.get(f"/order/{home.ref}/secrecy").text      # another person's
    assert ben.demo("Ben", to=f"/order/{home.ref}/secrecy").location == f"/order/{home.ref}/secrecy"
    page = ben.get(f"/order/{home.ref}/secrecy")
    assert "order &lt;7&gt; of Tuesday &amp; more" in page.text and "Your session had ended" in page.text
    assert not home.acts("gagged")
    assert "Tuesday" not in ben.get(f"/order/{home.ref}/secrecy").text      # given back once


def test_the_second_to_save_is_told_what_changed(town):
    home = town.home("authenticated").invent()
    path = f"/order/{home.ref}/secrecy"
    with web.serve(home) as server:
        ben = desk.Person(server)
        ben.demo("Ben")
        page = ben.get(path)
        home.ok("preserve", home.ref, "--until", "2027-01-01", as_="Chi")
        got = ben.send(page, path, basis="my basis", until="2027-02-21")
        refused(got, "somebody was faster", 409)
        assert "preservation put on file" in desk.words(got) and 'value="my basis"' in got.text
        assert not home.acts("gagged")
        assert ben.send(got, path, basis="my basis", until="2027-02-21").location == f"/order/{home.ref}"
        assert home.acts("gagged")[0]["actor"]["name"] == "Ben"

@pytest.mark.parametrize("stage,step", [("authenticated", "judge"), ("decided", "collect"), ("noticed", "approve")])
def test_one_click_counts_for_what_was_seen(town, stage, step):
    """A button of the order's page that asks nothing else says which act it was shown after: after another one it does
    nothing, and says so."""
    home = town.home(stage).invent()
    with web.serve(home) as server:
        ben, path = desk.Person(server), f"/order/{home.ref}/{step}"
        ben.demo("Ben")
        fields, _ = ben.form(ben.get(f"/order/{home.ref}"), path)
        assert int(fields["seq"]) == len(home.acts())
        home.ok("preserve", home.ref, "--until", "2027-01-01", as_="Chi")
        before = home.acts()
        got = ben.post(path, fields)
        refused(got, "somebody was faster", 409)
        refused(ben.post(path, fields | {"seq": "x"}), "does not say which state")
        refused(ben.post(path, {"token": fields["token"]}), "does not say which state")
        assert home.acts() == before
        fields, _ = ben.form(ben.get(f"/order/{home.ref}"), path)
        assert ben.post(path, fields).status == 303


NOT_TAKEN = [
    ("Ben", "notice", {}, says("say whether the customer is told")),
    ("Ben", "secrecy", {"until": "2027-02-21"}, says("say by which order or statute")),
    ("Noa", "decide", {}, says("choose what you decide")),
    ("Noa", "decide", {"document": '{"kind":"void"}'}, says("the document decides nothing")),
    ("Noa", "end", {"who": "us"}, says("say who ends it, and why")),
    ("Noa", "end", {"because": "sent twice"}, says("say who ends it, and why")),
]


@pytest.mark.parametrize("name, step, fields, why", NOT_TAKEN)
def test_what_lacks_something_says_what(home, who, name, step, fields, why):
    person, path, before = who(name), f"/order/{home.ref}/{step}", home.acts()
    shown, _ = person.form(person.get(path), path)
    refused(person.post(path, {"token": shown["token"], "seq": shown["seq"]} | fields), why)
    assert home.acts() == before


def test_what_nobody_has_is_not_there(home, who, server):
    refused(who("Mia").get(f"/order/{home.ref}/letter/nothing"), "this order has no such letter")
    person = desk.Person(server)
    fields, _ = person.form(person.get("/sign-in"), "/sign-in/demo")
    refused(person.post("/sign-in/demo", fields | {"name": "Nobody"}), "nobody of that name works here")
    assert person.get("/desk").status == 303


def test_one_click_is_for_invented_homes_alone(town):
    home = town.home()
    with web.serve(home) as server:
        person = desk.Person(server)
        fields, _ = person.form(person.get("/sign-in"), "/sign-in")
        assert "/sign-in/demo" not in person.get("/sign-in").text
        got = person.post("/sign-in/demo", fields | {"name": "Ana", "to": "/desk"})
        refused(got, says("there is no such page", of="src/web/desk/sign_in.c"))
        assert person.get("/desk").status == 303


# ---- passkeys ----

@pytest.fixture(scope="module")
def keyed(town):
    """A home with a passkey of Ana for its desk; not invented."""
    home = town.home("authenticated")
    with web.serve(home) as server:
        key = passkey.Passkey(rp_id="localhost", origin=server.origin)
        (home.base / "ana.passkey").write_text(key.line + "\n")
        home.ok("roster", "add", "--name", "Ana", "--user", life.USER, "--pub", home.base / "ana.passkey", "--may", "decide",
                "--user-verified", as_="Ben", key=("ben", "chi"))
        home.key_of_ana, home.server = key, server
        home.elsewhere = passkey.Passkey(rp_id="localhost", origin="https://localhost:1")
        (home.base / "ana.elsewhere").write_text(home.elsewhere.line + "\n")
        home.ok("roster", "add", "--name", "Ana", "--user", life.USER, "--pub", home.base / "ana.elsewhere", "--may", "decide",
                as_="Ben", key=("ben", "chi"))
        yield home


def test_sign_in_with_a_passkey(keyed):
    ana = desk.Person(keyed.server)
    assert ana.passkey(keyed.key_of_ana, to=f"/order/{keyed.ref}").location == f"/order/{keyed.ref}"
    assert ana.get(f"/order/{keyed.ref}").status == 200


BROWSER = says("the browser signed for another")
NOBODYS, ANOTHERS = says("this passkey is nobody's here"), says(BROWSER, also="document: its challenge is not this one's hash")
USED = says("what was signed was %s", also="used before")
PRESENT, SITE, PURPOSE = says("without anybody being present"), says("signed for another RP id"), says(BROWSER, also="another purpose")
ORIGIN, FRAME, SIGNATURE = says(BROWSER, also="another origin than this passkey's"), says("inside a page of another origin"), says("the signature does not fit the key")

REFUSED = {
    "no user verification": (dict(flags=passkey.UP), says("the passkey did not verify its user", of="src/web/desk/sign_in.c")),
    "no user presence": (dict(flags=passkey.UV), PRESENT),
    "no browser": (dict(native=passkey.honest), says("none signed this")),
    "another site": (dict(rp_id="evil.example"), SITE),
    "another origin": (dict(origin="https://localhost:1"), ORIGIN),
    "a registration": (dict(kind="webauthn.create"), PURPOSE),
    "another frame": (dict(crossOrigin=True), FRAME),
    "a cloned counter": (dict(counter=1), says("the counter of this passkey did not grow")),
    "a changed signature": (dict(change=lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])), SIGNATURE),
}


@pytest.mark.parametrize("what", REFUSED)
def test_sign_ins_that_are_refused(keyed, what):
    good = desk.Person(keyed.server)
    assert good.passkey(keyed.key_of_ana).status == 303
    twist, why = REFUSED[what]
    person = desk.Person(keyed.server)
    refused(person.passkey(keyed.key_of_ana, **twist), why)
    assert person.get("/desk").status == 303


def test_an_assertion_counts_once_and_here(keyed):
    one, two = desk.Person(keyed.server), desk.Person(keyed.server)
    page = one.get("/sign-in")
    fields = one.answer(page, "/sign-in", keyed.key_of_ana)
    stolen = fields | {"token": two.form(two.get("/sign-in"), "/sign-in")[0]["token"]}
    again = desk.Person(keyed.server)
    again.cookies = dict(one.cookies)
    assert one.post("/sign-in", fields).status == 303
    refused(again.post("/sign-in", fields), USED)
    assert again.get("/desk").status == 303
    refused(two.post("/sign-in", stolen), says("what was signed was %s", also="not asked for here, or for another purpose"))
    assert two.get("/desk").status == 303
    third = desk.Person(keyed.server)
    fields = third.answer(third.get("/sign-in"), "/sign-in", keyed.key_of_ana)
    other = desk.Person(keyed.server)
    token = other.form(other.get("/sign-in"), "/sign-in")[0]["token"]
    got = other.post("/sign-in", fields | {"token": token})         # asked for in another browser
    refused(got, says("what was signed was %s", also="in another browser"))


def test_a_flood_of_sign_ins_keeps_nobody_out(keyed):
    """Whoever asks for a challenge, or signs one with nobody's key, makes the server keep nothing; what was asked for
    before counts as before."""
    def waiting():
        with sqlite3.connect(keyed.dir / "writ.db") as db:
            return db.execute("SELECT count(*) FROM challenge").fetchone()[0]
    ana, stranger = desk.Person(keyed.server), passkey.Passkey(rp_id="localhost", origin=keyed.server.origin)
    page, before = ana.get("/sign-in"), waiting()
    head = keyed.server.head("GET", "/sign-in", f"User-Agent: {desk.FIREFOX}")
    with keyed.server.talk() as anybody:
        asked = set()
        for _ in range(200):
            anybody.send(head)
            asked.add(re.search(r'data-challenge="([^"]+)"', anybody.answer().text)[1])
    assert len(asked) == 200
    assert {desk.Person(keyed.server).passkey(stranger).status for _ in range(5)} == {403}
    assert waiting() == before
    assert ana.post("/sign-in", ana.answer(page, "/sign-in", keyed.key_of_ana)).status == 303 and ana.get("/desk").status == 200
    assert waiting() == before + 1


def test_uploads_of_one_person_leave_room_for_others(home, server):
    """Four at a time; whoever begins a fifth is told so before its body, and nobody else notices."""
    def begun(person):
        talk = server.talk()
        talk.send(server.head("POST", "/intake", f"Origin: {server.origin}", "Content-Type: multipart/form-data; boundary=b",
                              "Content-Length: 1000", "Expect: 100-continue", *person.headers()))
        return talk
    mia, ben = desk.Person(server), desk.Person(server)
    assert mia.demo("Mia").status == ben.demo("Ben").status == 303
    four = [begun(mia) for _ in range(4)]
    for talk in four:
        assert talk.answer().status == 100
    with begun(mia) as fifth:
        got = fifth.answer()
        refused(got, says("%u uploads of yours are under way", also="4 uploads"))
    with begun(ben) as other:
        assert other.answer().status == 100
    assert mia.get("/desk").status == 200
    four.pop().close()

    def room():
        with begun(mia) as again:
            return again.answer().status == 100
    web.wait(room, "the end of one of them")
    for talk in four:
        talk.close()


def test_a_strangers_passkey(keyed):
    stranger = passkey.Passkey(rp_id="localhost", origin=keyed.server.origin)
    person = desk.Person(keyed.server)
    refused(person.passkey(stranger), NOBODYS)
    stranger.credential = keyed.key_of_ana.credential
    refused(person.passkey(stranger), SIGNATURE)
    refused(person.post("/sign-in", person.form(person.get("/sign-in"), "/sign-in")[0]), "no passkey has answered")


def test_a_passkey_of_another_desk(keyed):
    refused(desk.Person(keyed.server).passkey(keyed.elsewhere), says("this passkey is for %.*s", also="https://localhost:1"))


def test_the_access_report_tells_how_many_were_refused(keyed):
    """Whoever proved nothing is counted, by the minute; what a known key was refused for is a line each."""
    def lines():
        with sqlite3.connect(keyed.dir / "writ.db") as db:
            return [detail for detail, in db.execute("SELECT detail FROM access WHERE what = 'refused' ORDER BY id")]

    def counted(found):
        return sum(int(n.group(1)) if (n := re.match(r"(\d+) in this minute, the last: ", line)) else 1 for line in found)
    person, stranger = desk.Person(keyed.server), passkey.Passkey(rp_id="localhost", origin=keyed.server.origin)

    def settled():                      # what came in one second is written in the next
        second = int(time.time())
        web.wait(lambda: int(time.time()) > second and person.get("/sign-in"), "the next second")
        return lines()
    before, began = settled(), time.monotonic()
    assert {person.passkey(stranger).status for _ in range(30)} == {403}
    after = settled()
    assert counted(after) == counted(before) + 30
    assert len(after) - len(before) <= 1 + (time.monotonic() - began) // 60 + 1
    assert {person.passkey(keyed.key_of_ana, flags=passkey.UP).status for _ in range(3)} == {422}
    assert len(lines()) == len(after) + 3 and len({*lines()[-3:]}) == 1 and "user" in lines()[-1]


def test_an_assertion_is_good_for_what_it_was_asked_for_alone(keyed):
    """A sign-in signs no decision, a decision no sign-in, and none of another browser's or person's."""
    ana = desk.Person(keyed.server)
    assert ana.passkey(keyed.key_of_ana).status == 303
    path = f"/order/{keyed.ref}/decide"
    page = ana.go(path, decision="comply")
    decision = ana.answer(page, path, keyed.key_of_ana)
    other = desk.Person(keyed.server)
    sign_in = other.answer(other.get("/sign-in"), "/sign-in", keyed.key_of_ana)
    answer = ("credential", "authenticator_data", "client_data", "signature")
    got = ana.post(path, decision | {k: sign_in[k] for k in answer})
    refused(got, ANOTHERS)
    got = other.post("/sign-in", sign_in | {k: decision[k] for k in answer})
    refused(got, ANOTHERS)
    assert other.get("/desk").status == 303
    for twist, why in ((dict(flags=passkey.UP), says("key must verify its user")), (dict(rp_id="evil.example"), SITE), (dict(origin="https://localhost:1"), ORIGIN),
                       (dict(crossOrigin=True), FRAME), (dict(kind="webauthn.create"), PURPOSE), (dict(sign_with=passkey.Passkey()), SIGNATURE)):
        refused(ana.post(path, ana.answer(page, path, keyed.key_of_ana, **twist)), why)
    refused(ana.post(path, decision | {"token": "0" * 64}), NOT_YOURS)
    refused(ana.post(path, ana.form(page, path)[0]), "no passkey has signed")
    refused(ana.post(path, ana.answer(page, path, passkey.Passkey(rp_id="localhost", origin=keyed.server.origin))), "that passkey is not yours")
    assert not keyed.acts("decided")


def test_a_decision_signed_with_a_passkey(keyed):
    """The document that the page showed is what is signed; nothing else is taken under that signature."""
    ana = desk.Person(keyed.server)
    ana.passkey(keyed.key_of_ana)
    path = f"/order/{keyed.ref}/decide"
    page = ana.go(path, decision="comply")
    fields = ana.answer(page, path, keyed.key_of_ana)
    other = fields | {"document": fields["document"].replace('"comply"', '"narrow"')}
    refused(ana.post(path, other), "needs at least one reason")
    assert not keyed.acts("decided")
    assert "Done." in ana.end_of(ana.post(path, fields), "the collection").text
    assert '"kind":"passkey"' in keyed.acts("decided")[0]["body"]["signature"].replace(" ", "")


def test_the_end_of_a_key_ends_its_sittings(town):
    home = town.home()
    with web.serve(home) as server:
        key = passkey.Passkey(rp_id="localhost", origin=server.origin)
        (home.base / "p").write_text(key.line + "\n")
        home.ok("roster", "add", "--name", "Ana", "--user", life.USER, "--pub", home.base / "p", "--may", "decide", as_="Ben",
                key=("ben", "chi"))
        ana = desk.Person(server)
        assert ana.passkey(key).status == 303 and ana.get("/desk").status == 200
        home.ok("roster", "end", "--name", "Ana", "--pub", home.base / "p", as_="Ben", key=("ben", "chi"))
        web.wait(lambda: ana.get("/desk").status == 303, "the end of the sitting")


# ---- enrolment by two ----

def test_a_first_passkey_is_signed_in_by_two(town):
    home = town.home().invent()
    with web.serve(home) as server:
        ana, ben, new = (desk.Person(server) for _ in range(3))
        ana.demo("Ana")
        ben.demo("Ben")
        page = ana.go("/people/invite", name="Zoe", user=life.USER, may=["decide"])
        link = re.search(r"https://localhost:\d+(/enrol/[\w-]{43})", page.text)[1]
        refused(new.get(link[:-1] + ("A" if link[-1] != "A" else "B")), "this invitation is over")
        key = passkey.Passkey(rp_id="localhost", origin=server.origin)
        page = new.get(link)
        fields, data = new.form(page, link)

        def made(**twist):
            attestation, client = key.register(desk.passkey_bytes(data["challenge"]), **twist)
            return fields | {"attestation": passkey.b64url(attestation), "client_data": passkey.b64url(client)}
        refused(new.post(link, fields), "no passkey was made")
        refused(new.post(link, made(flags=passkey.UP | passkey.AT)), says("the passkey did not verify its user", of="src/web/desk/enrol.c"))
        page = new.get(link)
        fields, data = new.form(page, link)
        with sqlite3.connect(home.dir / "writ.db") as db:
            code, = db.execute("SELECT code_sha256 FROM invitation").fetchone()
        refused(ana.get(f"/people/admit/{code}"), "the passkey has not been made yet")
        assert new.post(link, made()).location == link
        said = re.findall(r"<li>([A-Z]+)</li>", new.get(link).text)
        assert len(said) == 6
        refused(new.passkey(key), NOBODYS)                                      # nobody has signed yet
        admit = re.search(r'href="(/people/admit/\w+)"', ana.get("/people").text)[1]
        page = ana.get(admit)
        assert re.findall(r"<li>([A-Z]+)</li>", page.text) == said
        home.hire("Pia")
        web.wait(lambda: "Pia" in ana.get("/people").text, "the row of Pia")
        refused(ana.send(page, admit), "the roster was changed since")
        page = ana.get(admit)
        assert ana.send(page, admit).location == "/people"
        got = ana.send(ana.get(admit), admit)
        refused(got, "you have signed: another person")                         # one is not two
        refused(new.passkey(key), NOBODYS)
        assert ben.send(ben.get(admit), admit).location == "/people"
        assert new.passkey(key).location == "/desk"
        assert new.get("/desk").status == 200 and "Zoe" in ana.get("/people").text
        refused(ana.get(admit), "this invitation is over")
        refused(new.get(link), "this invitation is over")


def test_the_second_signs_the_key_whose_words_are_shown(town):
    """Neither who signs first nor who edits the table puts another key under the words that the second compares."""
    home = town.home()
    home.invent()
    with web.serve(home) as server:
        ana, ben, new = (desk.Person(server) for _ in range(3))
        ana.demo("Ana")
        ben.demo("Ben")
        page = ana.go("/people/invite", name="Zoe", user=life.USER, may=["decide"])
        link = re.search(r"https://localhost:\d+(/enrol/[\w-]{43})", page.text)[1]
        key, mine = (passkey.Passkey(rp_id="localhost", origin=server.origin) for _ in range(2))
        fields, data = new.form(new.get(link), link)
        attestation, client = key.register(desk.passkey_bytes(data["challenge"]))
        assert new.post(link, fields | {"attestation": passkey.b64url(attestation), "client_data": passkey.b64url(client)}).status == 303
        admit = re.search(r'href="(/people/admit/\w+)"', ana.get("/people").text)[1]
        fields, _ = ana.form(ana.get(admit), admit)
        honest = fields["document"]
        assert key.line in honest

        def another(**row):
            tree = json.loads(honest)
            tree["row"] |= row
            return passkey.canonical(tree)
        for what in (another(key=mine.line), another(name="Ana"), another(may=["approve", "decide", "roster"]), another(user_verified=False),
                     another(**{"from": "2020-01-01T00:00:00Z"}), honest.replace('"begin"', '"end"')):
            refused(ana.post(admit, fields | {"document": what}), "not the row of this invitation")
        refused(ana.post(admit, fields | {"document": "{}"}), "not the row of this invitation")
        refused(ana.post(admit, fields | {"document": honest + " "}), "not in its canonical form")

        def edited(column, value):
            with sqlite3.connect(home.dir / "writ.db") as db:
                assert db.execute(f"UPDATE invitation SET {column} = ?", (value,)).rowcount == 1
        said = re.findall(r"<li>([A-Z]+)</li>", new.get(link).text)
        assert ana.post(admit, fields).location == "/people"
        edited("document", another(key=mine.line))
        page = ben.get(admit)
        shown = ben.form(page, admit)[0]["document"]
        assert json.loads(shown)["row"]["key"] == key.line and re.findall(r"<li>([A-Z]+)</li>", page.text) == said
        edited("passkey", mine.line)
        page = ben.get(admit)
        assert json.loads(ben.form(page, admit)[0]["document"])["row"]["key"] == mine.line
        assert re.findall(r"<li>([A-Z]+)</li>", page.text) != said
        edited("passkey", key.line)
        edited("document", honest)
        assert ben.send(ben.get(admit), admit).location == "/people" and new.passkey(key).location == "/desk"


def test_one_signs_out_everywhere(who):
    one, two, other = who("Noa"), who("Noa"), who("Mia")
    assert one.send(one.get("/people"), "/people/sign-out").location == "/"
    assert one.get("/desk").status == two.get("/desk").status == 303 and other.get("/desk").status == 200


# ---- whole lives ----

def test_an_order_from_intake_to_the_file(town):
    """By forms alone, as three people: taken in, sender checked, counted, decided, collected, noticed, approved by
    two, released, delivered, fetched; and the verifier accepts it."""
    home = town.home().invent()
    order = life.order_file(home.base / "order.yaml", home.world)
    with web.serve(home) as server:
        ana, ben, chi = (desk.Person(server) for _ in range(3))
        for person, name in ((ana, "Ana"), (ben, "Ben"), (chi, "Chi")):
            assert person.demo(name).status == 303
        page = ben.get("/intake")
        fields, _ = ben.form(page, "/intake")
        got = ben.upload("/intake", fields, [("order", "order.yaml", order.read_bytes()),
                                             ("paper", "warrant.pdf", home.world.paper.read_bytes())])
        got = ben.taken(got)
        assert got.status == 303, desk.words(got)
        here = got.location
        home.ref = here.rsplit("/", 1)[1]
        assert ben.get(f"{here}/paper/1").body == home.world.paper.read_bytes()
        got = ben.go(f"{here}/authenticate", by="callback", over="+33100000000", found="ministry directory")
        assert ben.end_of(got, "the count").status == 200 and home.acts("judged") and home.acts("counted")
        assert ben.go(f"{here}/judge").location == here

        def work(person, got, done):
            page = person.end_of(got, done)
            assert "Done." in page.text and home.acts(done), desk.words(page)
        page = ana.get(f"{here}/decide")
        doubts = re.findall(r'name="reason" type="checkbox" value="([^"]*)"', page.text)
        assert doubts and "LAWYER" in ben.get(here).text                        # no pack is adopted here
        page = ana.send(page, f"{here}/decide", decision="comply", reason=doubts)
        work(ana, ana.send(page, f"{here}/decide"), "collected")
        assert ana.go(f"{here}/notice", decision="COURT_ORDER").location == here and home.acts("stated")
        refused(ana.get(f"{here}/approve"), "your rights do not let you")      # Ana may not approve
        assert ben.send(ben.get(f"{here}/approve"), f"{here}/approve").location == here
        assert "You have approved it" in ben.get(f"{here}/approve").text
        refused(ben.go(f"{here}/release"), "is not possible now")              # one is not two
        assert chi.send(chi.get(f"{here}/approve"), f"{here}/approve").location == here
        work(ben, ben.go(f"{here}/release"), "released")
        work(chi, chi.go(f"{here}/deliver"), "delivered")
        got = chi.get(f"{here}/download")
        assert got.status == 200 and 'filename="' + home.ref in got.headers["content-disposition"]
        (home.base / "got.tar").write_bytes(got.body)
        home.ok("verify", home.base / "got.tar", "--policy", home.base / "policy.json", "--identity", home.world.age("paris"))
        assert [a["actor"]["name"] for a in home.acts("approved")] == ["Ben", "Chi"]
        assert "delivered" in desk.words(ana.get(here))


def test_an_order_that_is_refused(town):
    home = town.home("received").invent()
    with web.serve(home) as server:
        ana = desk.Person(server)
        ana.demo("Ana")
        here = f"/order/{home.ref}"
        got = ana.go(f"{here}/decide", decision="refuse")                       # without a reason
        refused(got, "needs at least one reason")
        # Every reason that there is can be chosen, in words.
        every = re.findall(r'^X\("([A-Z0-9-]+)"', (tools.ROOT / "src/law/reason.def").read_text(), re.M)
        offered = re.findall(r'name="reason" type="checkbox" value="([^"]*)"', got.text)
        assert offered == every
        assert not home.acts("decided")
        page = ana.go(f"{here}/decide", decision="refuse", reason=["AUTH-UNVERIFIED"])
        assert "AUTH-UNVERIFIED" in page.text or "verified" in desk.words(page)  # the letter, before it goes
        assert ana.send(page, f"{here}/decide").location == here
        assert home.acts("decided")[0]["body"]["decision"] == "refuse"
        assert ana.get(f"{here}/letter/refusal").status == 200
        assert ana.get(here).text.count("/approve") == 0


def test_an_order_that_is_made_void(town):
    home = town.home("authenticated").invent()
    with web.serve(home) as server:
        ana = desk.Person(server)
        ana.demo("Ana")
        here = f"/order/{home.ref}"
        page = ana.go(f"{here}/end", who="us", because="sent twice")
        assert not home.acts("voided")
        assert ana.send(page, f"{here}/end").location == here
        assert home.acts("voided")[0]["body"]["because"] == "sent twice"


def test_what_each_approved_with(town, tmp_path):
    """A browser's passkey, the same kind of key without a browser, and an SSH key are told apart, as the policy tells them."""
    home = town.home("collected")
    home.withhold()
    home.ok("roster", "add", "--policy", "approvals", "--value", "3", as_="Ana", key=("ana", "ben"))
    keys = {"Ben": passkey.Passkey(), "Chi": passkey.Passkey()}
    for name, other in (("Ben", "chi"), ("Chi", "ben")):
        (tmp_path / name).write_text(keys[name].line + "\n")
        home.ok("roster", "add", "--name", name, "--user", life.USER, "--pub", tmp_path / name, "--may", "approve", as_="Ana", key=("ana", other))
    for name, twist in (("Ben", {"native": passkey.honest}), ("Chi", {})):
        home.ok("approve", home.ref, "--print", tmp_path / name, as_=name)
        (tmp_path / f"{name}.sig").write_text(keys[name].sign("", (tmp_path / name).read_bytes(), **twist))
        home.ok("approve", home.ref, "--signature", tmp_path / f"{name}.sig", as_=name)
    home.invent()
    with web.serve(home) as server:
        dan = desk.Person(server)
        dan.demo("Dan")
        page = desk.words(dan.get(f"/order/{home.ref}/approve"))
        assert re.search(r"1 Ben .{0,60} security key, on the command line 2 Chi .{0,60} passkey 3 ", page), page
        home.approve("Dan")
        page = desk.words(dan.get(f"/order/{home.ref}/approve"))
        assert re.search(r"3 Dan .{0,60} SSH key ", page) and "in a security key" not in page
