"""Paper alone in a real browser: a published letter, a typed warrant and a scan of it are taken in, read in a cage, written
out beside their pages, judged, decided, collected from a Maildir, approved with passkeys by two, and released; the scan
without script. A few pages are looked at in every dress.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess
import sys

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))
from harness.paper import letter  # noqa: E402
from harness.workplace import (ASKED, FORTNIGHT, NSL, ana, approve, ben, check_again, check_sender, decide, fetch, home,  # noqa: E402,F401
                               town, withhold, zoe)
from screens import shoot  # noqa: E402

WARRANT = ("Tribunal judiciaire de Paris", "", "SEARCH WARRANT", "", "Case No. 26-1001", "Dated 20 November 2026",
           "under article 99-4 du code de proc\xe9dure p\xe9nale", "",
           "All messages of the account alice@mail.example", "from 1 November 2026 until 14 November 2026", "",
           "The provider answers before 4 December 2026.")
FIELDS = {"issuer-country": "FR", "issuer-authority_kind": "JUDGE_COURT", "agency": "pj-paris", "reference": "26-1001",
          "instrument-served_on": "Example Mail SAS", "instrument-signature": "COURT_SEAL", "d1-category": "CONTENT_COMM",
          "d1-target_kind": "EMAIL", "d1-range": "DATES", "d1-zone": "Europe/Paris", "secrecy-kind": "NONE"}


def scan(paper):
    """The page as a scanner gives it."""
    return subprocess.run(["pdftoppm", "-r", "200", "-gray", "-png", "-"], input=paper, capture_output=True, check=True).stdout


def take_in(home, person, name, data):
    """By upload alone; waits for the reading, which the page does by itself."""
    path = home.base / name
    path.write_bytes(data)
    person.open("/desk")
    person.leave('a[href="/intake"]')
    person.fill("paper", path)
    person.send()
    person.until(lambda: person.path().endswith("/transcribe"), "the reading")
    home.ref = person.path().split("/")[2]
    return f"/order/{home.ref}"


def put(person, name, value):
    """Types into a field or chooses in it, and opens what is closed around it."""
    field = person.one(f'main [name="{name}"]')
    for summary in field.find_elements(By.XPATH, "ancestor::details[not(@open)]/summary"):
        summary.click()
        person.clicks += 1
    if field.tag_name == "select":
        person.click(f'main [name="{name}"] option[value="{value}"]')
    elif field.get_attribute("type") == "checkbox":
        person.choose(name, value)
    else:
        field.clear()
        person.fill(name, value)


def take(person, name, value):
    """Takes over what was found for that field; the page comes again, at the field."""
    person.leave(f'main button[name="take"][value^="{name} "][aria-label*="{value}"]')
    assert person.path().endswith(f"/transcribe#{name}"), person.path()


def value(person, name):
    return person.one(f'main [name="{name}"]').get_property("value")


def write_out(home, person, here, offered, typed):
    for name, what in offered.items():
        assert value(person, name) == "", name          # nothing fills itself in
        take(person, name, what)
    for name, what in typed.items():
        put(person, name, what)
    put(person, "d1-stores", "main")
    person.send(here)
    body = home.acts("transcribed")[-1]["body"]
    assert {row["field"].replace(".", "-").replace("demands[]", "d1") for row in body["taken"]} == set(offered)
    return body


def check(person, here):
    """The sender, by a number that was rung before or looked up; the packs judge and the lines are counted by itself."""
    person.open(here)
    (check_again if person.all(ASKED + 'input[name="by"]') else check_sender)(person, here)


def comply(home, ana, ben, zoe, here):
    """From what was written out to the delivered file, with passkeys; gives the opened file."""
    check(ben, here)
    ana.open(here)
    decide(ana, here, "comply")
    ben.open(here)
    withhold(ben, here)
    words = approve(ben, here, first=True)
    zoe.open(here)
    assert approve(zoe, here) == words and words
    assert [a["actor"]["name"] for a in home.acts("approved")] == ["Ben", "Zoe"]
    assert all('"kind":"passkey"' in a["body"]["signature"].replace(" ", "") for a in home.acts("approved") + home.acts("decided"))
    zoe.work(here, "release", asked=True)
    zoe.work(here, "deliver", asked=True)
    return home.open(fetch(home, zoe, here), f"opened-{home.ref}")


def test_a_typed_warrant(home, ana, ben, zoe):
    here = take_in(home, ben, "warrant.pdf", letter(*WARRANT))
    offered = {"issuer-authority_name": "Tribunal judiciaire de Paris", "instrument-kind": "warrant", "instrument-case_number": "26-1001",
               "instrument-issued_on": "2026-11-20", "instrument-provisions": "CPP 99-4", "instrument-return_by": "2026-12-04",
               "d1-target": "alice@mail.example", "d1-from": "2026-11-01", "d1-until": "2026-11-14"}
    ben.click('main button[name="show"]')
    ben.until(lambda: ben.all("svg .chosen"), "the place on the picture")
    body = write_out(home, ben, here, offered, FIELDS)
    assert body["facts"]["instrument"]["kind"] == "WARRANT" and body["facts"]["demands"][0]["target"] == "alice@mail.example"
    assert "written out from the paper" in ben.text() and "page 1, line" in ben.text()
    opened = comply(home, ana, ben, zoe, here)
    assert opened.hashes() == home.world.expect("alice@mail.example", *FORTNIGHT)
    assert not [line for p in (ana, ben, zoe) for line in p.complaints()]


@pytest.mark.skipif(not NSL, reason="no published orders here")
def test_a_published_letter(home, ana, ben, zoe):
    """What it asks for is blackened: the account is another one's, what stands on the paper is taken from it."""
    here = take_in(home, ben, "letter.pdf", NSL.read_bytes())
    offered = {"issuer-authority_name": "Federal Bureau of Investigation", "instrument-kind": "national security letter",
               "instrument-case_number": "NSL-16-421424", "instrument-issued_on": "2016-03-17", "instrument-provisions": "18 USC 2709"}
    typed = FIELDS | {"issuer-country": "US", "issuer-authority_kind": "POLICE", "d1-category": "MSG_META", "d1-target": "alice@mail.example",
                      "d1-from": "2026-11-01", "d1-until": "2026-11-14", "instrument-signature": "WET", "secrecy-kind": "AGENCY_CERTIFIED"}
    body = write_out(home, ben, here, offered, typed)
    assert body["facts"]["instrument"]["kind"] == "NATIONAL_SECURITY_LETTER"
    ben.open(f"{here}?paper=1&page=2")
    assert ben.all(f'img[src="{here}/paper/1/page/2"]')
    comply(home, ana, ben, zoe, here)


def test_a_scan_without_script(home, ana, ben, zoe):
    """Read by its letters; wrong first, and nothing typed is lost; steps by the keyboard alone where it counts."""
    ben.script(False)
    try:
        here = take_in(home, ben, "scan.png", scan(letter(*WARRANT)))
        assert not ben.one("[data-keys-open]").is_displayed()       # no script ran
        assert "Read from a picture" in ben.text()
        for name, what in (("instrument-case_number", "26-1001"), ("instrument-issued_on", "2026-11-20")):
            take(ben, name, what)
        for name, what in (FIELDS | {"d1-target": "alice@mail.example", "d1-from": "2026-11-01", "d1-until": "14.11.2026", "instrument-kind": "WARRANT"}).items():
            put(ben, name, what)
        put(ben, "d1-stores", "main")
        ben.one('main [name="instrument-case_number"]').send_keys(Keys.ENTER)       # saves, and takes nothing over
        ben.until(lambda: ben.all('main [role="alert"] a[href="#d1-until"]'), "what is wrong")
        assert not home.acts("transcribed") and ben.all("#d1-until-error") and value(ben, "d1-target") == "alice@mail.example"
        assert value(ben, "instrument-kind") == "WARRANT" and "Taken from page 1, line" in ben.text()
        ben.leave('main button[name="more"]')
        assert ben.all('main [name="d2-target"]') and value(ben, "d1-zone") == "Europe/Paris"
        put(ben, "d1-until", "2026-11-14")
        ben.send(here)
        assert [d["id"] for d in home.acts("transcribed")[0]["body"]["facts"]["demands"]] == ["d1"]
        check(ben, here)
        assert home.acts("judged")[0]["body"]["facts"]["demands"][0]["target"] == "alice@mail.example"
        ben.open(f"{here}/facts")
        put(ben, "customer-kind", "CONSUMER")
        ben.send(here)
        assert home.acts("established")[0]["body"]["facts"] == [{"path": "customer.kind", "value": "CONSUMER"}]
    finally:
        ben.script(True)
        ben.complaints()        # a page that says 400 is one


def test_the_second_tab_loses_nothing(home, ben):
    here = take_in(home, ben, "tabs.pdf", letter(*WARRANT))
    put(ben, "issuer-authority_name", "typed in this tab")
    first = ben.driver.current_window_handle
    ben.driver.switch_to.new_window("tab")
    ben.open(f"{here}/transcribe")
    ben.send(here)
    ben.driver.close()
    ben.driver.switch_to.window(first)
    ben.send()
    assert "somebody was faster" in ben.text() and value(ben, "issuer-authority_name") == "typed in this tab"
    assert len(home.acts("transcribed")) == 1
    put(ben, "because", "read again in another tab")
    ben.send(here)
    assert home.acts("transcribed")[1]["body"]["facts"]["issuer"]["authority_name"] == "typed in this tab"
    ben.complaints()


def test_the_pages_in_every_dress(home, ben):
    out = os.environ.get("WRIT_PICTURES")
    here = take_in(home, ben, "dress.pdf", NSL.read_bytes() if NSL else letter(*WARRANT))
    wrong = []
    for name in ("transcribe", "facts"):
        wrong += shoot(ben, f"intake-{name}", f"{ben.server.origin}{here}/{name}", pathlib.Path(out) if out else None)
    assert not wrong, "\n".join(wrong)
