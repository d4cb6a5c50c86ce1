"""Papers at the desk, without a browser: pages that were read in a cage, who may see them, and what is no page.
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import desk, life, web  # noqa: E402
from harness.busy import NO_SUCH  # noqa: E402
from harness.paper import is_plain, pdf  # noqa: E402
from harness.refusals import refused, says  # noqa: E402

WORDS = b"Dated 15 November 2019, File No. NSL-19-123456, under 18 U.S.C. 2709 & <b>words</b>"
PAPER, BAD = pdf(WORDS, pages=2), b"hello, no paper"
NO_ORDER, NOT_YOURS, NO_PAPER = says("there is no such order here"), says("this form is not of your session"), says("this order has no such paper")
NO_PICTURE, NO_PAGE = says("the paper has no picture of page"), says("the paper has no page %")
NO_ADDRESS = says("there is no such page", of="src/web/exchange.c")


@pytest.fixture(scope="module")
def home():
    """An order with a paper of two pages and one that is none; an auditor beside the staff."""
    with life.Town() as town:
        made = town.home("founded")
        made.hire("Eva", "audit")
        paths = [made.base / "one.pdf", made.base / "two.pdf"]
        for path, data in zip(paths, (PAPER, BAD)):
            path.write_bytes(data)

        def change(doc):
            doc["facts"]["order"]["document_sha256"] = life.sha(PAPER)
            doc["facts"]["instrument"]["issued_on"] = "2019-11-15"
            doc["facts"]["instrument"]["case_number"] = "NSL-18-000001"
        life.order_file(made.base / "order.yaml", made.world, change=change)
        made.ref = made.ok("order", "submit", made.base / "order.yaml", *[w for p in paths for w in ("--paper", p)], as_="Ana").strip()
        yield made.invent()


@pytest.fixture(scope="module")
def here(home):
    return f"/order/{home.ref}"


def person(server, name):
    one = desk.Person(server)
    assert one.demo(name).location in ("/desk", "/audit")
    return one


@pytest.fixture(scope="module")
def ben(server):
    return person(server, "Ben")


@pytest.fixture(scope="module")
def eva(server, home):
    return person(server, "Eva")


def test_a_paper_without_reading_has_no_pictures(home, ben, here):
    page = ben.get(here)
    assert "Nobody has had this paper read yet" in desk.words(page) and "<img src=\"/order" not in page.text
    for tail in ("/paper/1/page/1", "/paper/2/page/1"):
        got = ben.get(here + tail)
        refused(got, NO_PICTURE)
    assert not (home.dir / "reading").exists() or not list((home.dir / "reading").rglob("page-*"))      # a GET starts nothing


def test_who_may_not_have_it_read(home, server, ben, eva, here):
    fields, _ = ben.form(ben.get(here), f"{here}/read")
    for token in ("", "0" * 64):
        got = ben.post(f"{here}/read", {"token": token})
        refused(got, NOT_YOURS)
    token = {"token": eva.form(eva.get("/audit"), "/sign-out")[0]["token"]}
    for path in (f"{here}/read", f"/order/{NO_SUCH}/read"):
        got = eva.post(path, token)
        refused(got, NO_ORDER, 404)
        refused(eva.get(path), NO_ORDER, 404)
    assert desk.Person(server).post(f"{here}/read", fields).location.startswith("/sign-in?to=")
    refused(ben.post(f"/order/{NO_SUCH}/read", fields), NO_ORDER, 404)
    assert not list((home.dir / "reading").rglob("told.json"))


@pytest.fixture(scope="module")
def read(ben, here):
    """Has it read, by forms alone; the page asks again until it is done."""
    got = ben.send(ben.get(here), f"{here}/read")
    assert got.location == f"{here}/read"

    def done():
        page = ben.get(got.location)
        assert "ended without success" not in page.text, desk.words(page)
        if page.status == 200:
            assert page.headers.get("refresh")
        return page.location == here
    web.wait(done, "the reading")


def test_a_page_beside_the_checklist(read, home, ben, here):
    page = ben.get(here)
    assert f'<img src="{here}/paper/1/page/1"' in page.text and "Page 1 of 2" in desk.words(page)
    assert "&amp; &lt;b&gt;words&lt;/b&gt;" in page.text and "<b>words" not in page.text
    found = desk.words(page)
    assert "date: 2019-11-15 page 1, line 1" in found and "as it stands in the order" in found
    assert "NSL-19-123456 page 1, line 1" in found and "In the order stands: NSL-18-000001" in found
    assert re.search(r"It cites its law order file · perhaps page 1, line 1 ", found) and "named order file · perhaps" not in found      # no authority was found
    link = re.search(r'<a href="([^"]*)" rel="next"', page.text)[1].replace("&amp;", "&")
    second = ben.get(link)
    assert f'<img src="{here}/paper/1/page/2"' in second.text and 'rel="prev"' in second.text and 'rel="next"' not in second.text
    got = ben.get(f"{here}/paper/1/page/2")
    assert got.status == 200 and got.headers["content-type"] == "image/png" and is_plain(got.body)
    assert got.headers["x-content-type-options"] == "nosniff"
    assert ben.get(f"{here}/paper/1").body == PAPER                   # the original is as it was
    assert [a["act"] for a in home.acts()] == ["received"]            # reading is no act


def test_it_is_read_again_at_will(read, home, ben, eva, here):
    token = eva.form(eva.get("/audit"), "/sign-out")[0]["token"]
    told = home.dir / "reading" / life.sha(PAPER) / "told.json"
    whole = told.read_bytes()
    told.write_bytes(whole.replace(b'"pages_read":2', b'"pages_read":1').replace(b'"why":""', b'"why":"1 of 2 pages read: limit of time"'))
    os.utime(told.parents[1])       # as whoever keeps a reading does
    page = ben.get(here)
    assert "limit of time" in desk.words(page) and 'rel="next"' not in page.text
    assert eva.post(f"{here}/read", {"token": token, "again": "1"}).status == 404
    got = ben.send(page, f"{here}/read", again="1")
    assert re.fullmatch(rf"{here}/read\?since=[0-9]+", got.location)
    page = ben.end_of(got, "the second reading")
    assert "Done." in desk.words(page) and "page 2 of 2" in page.text and told.read_bytes() == whole
    assert 'rel="next"' in ben.get(here).text and ben.get(f"{here}/read?since=soon").location == here


def test_an_end_without_a_reading_is_told(read, home, ben, here):
    got = ben.get(f"{here}/read?since={1 << 62}")
    assert got.status == 200 and "ended without success" in desk.words(got) and "Read the papers" in got.text


def test_a_paper_that_cannot_be_read(read, ben, here):
    page = ben.get(f"{here}?paper=2")
    assert "This paper cannot be read here" in desk.words(page) and "no PDF" in page.text and "<img src=\"/order" not in page.text
    refused(ben.get(f"{here}/paper/2/page/1"), NO_PICTURE)
    assert ben.get(f"{here}/paper/2").body == BAD


@pytest.mark.parametrize("tail,why", [
    ("/paper/1/page/0", NO_PAGE), ("/paper/1/page/3", NO_PICTURE), ("/paper/1/page/-1", NO_PAGE), ("/paper/1/page/101", NO_PAGE),
    ("/paper/1/page/x", says("this paper has no such page")), ("/paper/1/page/1.png", says("this paper has no such page")),
    ("/paper/1/page/99999999999999999999", says("this paper has no such page")), ("/paper/0/page/1", says("this paper has no such page")), ("/paper/3/page/1", NO_PAPER),
    ("/paper/-1/page/1", NO_PAPER), ("/paper/x/page/1", NO_PAPER), ("/paper/1/page/..%2fpage-001", NO_ADDRESS), ("/paper/..%2f/page/1", NO_ADDRESS)])
def test_what_is_no_page(read, ben, here, tail, why):
    got = ben.get(here + tail)
    refused(got, why)
    assert got.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("query", ["page=3", "page=0", "page=-1", "page=x", "page=99999999999999999999", "paper=9", "paper=0", "paper=x&page=x", "page=%3Cb%3E"])
def test_an_address_that_names_no_page_shows_the_first(read, ben, here, query):
    page = ben.get(f"{here}?{query}")
    assert page.status == 200 and f'<img src="{here}/paper/1/page/1"' in page.text


def test_pictures_are_for_those_who_may_see_the_order(read, server, eva, here):
    def alike(answer):
        return answer.status, re.sub(r"Reference of this request: \w+", "", desk.words(answer))
    got = eva.get(f"{here}/paper/1/page/1")
    refused(got, NO_ORDER, 404)
    assert alike(got) == alike(eva.get(f"/order/{NO_SUCH}/paper/1/page/1")) == alike(eva.get(f"{here}/paper/1/page/77"))
    assert desk.Person(server).get(f"{here}/paper/1/page/1").location.startswith("/sign-in?to=")


def test_a_picture_that_was_changed_is_not_shown(read, home, ben, here):
    place = home.dir / "reading" / life.sha(PAPER) / "page-002.png"
    good = place.read_bytes()
    for bad in (b"<svg onload=alert(1)>", good[:-1], good + b"x"):
        place.write_bytes(bad)
        got = ben.get(f"{here}/paper/1/page/2")
        assert got.status >= 400 and got.headers["content-type"].startswith("text/html") and b"<svg" not in got.body
    place.write_bytes(good)
    assert ben.get(f"{here}/paper/1/page/2").status == 200


@pytest.mark.parametrize("spoil", [b"", b"{}", b"not json", b'{"version":99}'])
def test_a_reading_that_was_spoiled_is_none(read, home, ben, here, spoil):
    place = home.dir / "reading" / life.sha(PAPER) / "told.json"
    good = place.read_bytes()
    place.write_bytes(spoil)
    os.utime(home.dir / "reading")      # else a page that was kept stands for half a minute
    assert "Nobody has had this paper read yet" in desk.words(ben.get(here))
    place.write_bytes(good)
    os.utime(home.dir / "reading")
    assert f'<img src="{here}/paper/1/page/1"' in ben.get(here).text


# ---- taking over ----

def test_a_suggestion_is_taken_over_by_hand_alone(read, home, ben, here):
    path = f"{here}/secrecy"
    page = ben.get(path)
    fields, _ = ben.form(page, path)
    assert fields["basis"] == fields["until"] == ""                   # nothing fills itself in
    offers = re.findall(r'name="(take-[a-z]+)" value="([^"]*)"', page.text)
    assert sorted(offers) == [("take-basis", "18 USC 2709"), ("take-until", "2019-11-15")]
    own = page.text.index('class="govuk-button"')
    assert own < page.text.index('name="take-')                       # the Enter key presses the form's own button
    got = ben.post(path, fields | {"until": "2027-02-21", "take-basis": "18 USC 2709"})
    again, _ = ben.form(got, path)
    assert got.status == 200 and (again["basis"], again["until"]) == ("18 USC 2709", "2027-02-21") and not home.acts("gagged")
    got = ben.post(path, again | {"take-basis": "<i>&x"})              # whoever sends something else types it, no more
    assert 'value="&lt;i&gt;&amp;x"' in got.text and not home.acts("gagged")


@pytest.mark.parametrize("name", ["take-", "take-seq", "take-token", "take-decision", "take-" + "x" * 50])
def test_what_is_no_field_is_not_taken_over(read, home, ben, here, name):
    path = f"{here}/secrecy"
    fields, _ = ben.form(ben.get(path), path)
    got = ben.post(path, fields | {"basis": "mine", name: "theirs"})
    again, _ = ben.form(got, path)
    assert got.status == 200 and "theirs" not in got.text and again["basis"] == "mine" and again["seq"] == fields["seq"]
    assert not home.acts("gagged")


def test_taking_over_needs_the_same_right(read, server, home, ben, eva, here):
    path = f"{here}/secrecy"
    fields, _ = ben.form(ben.get(path), path)
    refused(ben.post(path, fields | {"token": "0" * 64, "take-basis": "x"}), NOT_YOURS)
    token = eva.form(eva.get("/audit"), "/sign-out")[0]["token"]
    refused(eva.post(path, {"token": token, "take-basis": "x"}), NO_ORDER, 404)


def test_the_paper_beside_the_end_of_an_order(read, ben, server, here):
    ana = person(server, "Ana")
    for tail in ("end", "decide"):
        page = ana.get(f"{here}/{tail}?page=2")
        assert f'<img src="{here}/paper/1/page/2"' in page.text and 'name="take-' not in page.text, tail
        assert ("data-quote-from" in page.text) == (tail == "end"), tail
        refused(ben.get(f"{here}/{tail}"), "your rights do not let you")


def test_other_papers_offer_nothing(read, ben, here):
    page = ben.get(f"{here}/secrecy?paper=2")
    assert 'name="take-' not in page.text and "This paper cannot be read here" in desk.words(page)
