"""Accounts that were named or built to lead out of their place in the path template: refused with words that say why, and not
one file outside is opened. SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import fake_seal, hand, mailbox, tools  # noqa: E402

if not tools.program("writ-hand"):
    pytest.fail("writ-hand is not built (WRIT_BUILD)", pytrace=False)

NAMES = ("..", ".", "/", "//", "../other", "../../../../etc/passwd", "/etc/passwd", "finch/../other", "finch/", "finch//", "./finch",
         "finch/.", ".finch", "..finch", "...", "%2e%2e", "%2e%2e%2fother", "..%2fother", "finch%00", "%2f", "..%c0%af", "\u2025",
         "\u2024\u2024", "\uff0e\uff0e", "\uff0e\uff0e\u2215other", "\u2215etc", "f\u0456nch", "finch\u200b", "\u202efinch",
         "finch\n", "\nfinch", "finch\r", "finch\t", " finch", "finch ", "fin ch", "\x7f", "\x01", "~", "~root", "$HOME", "{local}",
         "{domain}", "{account}", "a\\..\\b", "*", "?", "[f]inch", "finch;id", "`id`", "a:b", "a,b", "x" * 129, "x" * 255, "x" * 5000)


@pytest.fixture
def home(tmp_path):
    made = fake_seal.make(tmp_path)
    yield made
    made.seal.close()


def fetch(home, target, **how):
    fd = hand.memory()
    try:
        answer, ran = hand.ask(home.job("fetch", home.scope(target=target)), (fd,), home=home.dir, **how)
        assert ran.status == 0, ran.log
        return answer, hand.content(fd)
    finally:
        os.close(fd)


def refused(home, target, *words, error=("NOT_FOUND", "FORMAT")):
    answer, vault = fetch(home, target)
    assert answer["ok"] is False and answer["error"] in error and answer["why"] and answer["next"], answer
    assert vault == b"" and home.seal.asked == [], "nothing was begun"
    assert str(home.mail) not in answer["why"], "no path is told"
    for word in words:
        assert word in answer["why"], answer["why"]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(n)[:30] for n in NAMES])
def test_a_name_that_climbs(home, name):
    for target in (name + "@mail.example", "finch@" + name, name, name + "@" + name):
        refused(home, target)


def test_a_nul_is_no_text(home):
    scope = home.scope(target="finchX@mail.example").replace(b"finchX", b"finch\\u0000x")
    fd = hand.memory()
    answer, _ = hand.ask(home.job("fetch", scope), (fd,), home=home.dir)
    os.close(fd)
    assert answer["ok"] is False and home.seal.asked == []


def test_the_longest_name_is_one(home):
    for who in ("x" * 128, "a.b_c+d=e-f", "F", "-rf", "_"):
        for part in ("cur", "new"):
            (home.account(who) / part).mkdir(parents=True)
        home.deliver(who, mailbox.INSIDE)
        answer, _ = fetch(home, who + "@mail.example")
        assert answer["ok"] is True, answer


@pytest.mark.parametrize("target", ("other", "../mail.example/other", "/etc", ".", "..", "ring", "nowhere"))
def test_an_account_that_is_a_link(home, target):
    os.symlink(target, home.mail / "mail.example" / "ring")
    refused(home, "ring@mail.example", *(() if target == "nowhere" else ("symbolic link",)))


@pytest.mark.parametrize("made", ("domain", "middle", "last", "absolute"))
def test_a_link_in_the_middle(home, tmp_path, made):
    outside = tmp_path / "outside"
    (outside / "eve" / "Maildir" / "cur").mkdir(parents=True)
    (outside / "eve" / "Maildir" / "cur" / "1.M1.h:2,S").write_text("secret")
    if made == "domain":
        os.symlink("../outside", home.mail / "evil.example")
        return refused(home, "eve@evil.example", "symbolic link")
    if made == "middle":
        os.symlink(outside / "eve", home.mail / "mail.example" / "eve")
    else:
        (home.mail / "mail.example" / "eve").mkdir()
        os.symlink("../../../outside/eve/Maildir" if made == "last" else outside / "eve" / "Maildir",
                   home.mail / "mail.example" / "eve" / "Maildir")
    return refused(home, "eve@mail.example", "symbolic link")


def aliases(home, text):
    path = home.dir / "aliases"
    path.write_text(text)
    path.chmod(0o640)
    home.stores(more=f"    aliases: {path}\n")


@pytest.mark.parametrize("to", ("../other@mail.example", "/etc/passwd", "..", "finch@mail.example/../x", ".finch@mail.example", "@",
                                "finch@", "x" * 129, "a b", "%2e%2e@mail.example", "\uff0e\uff0e@mail.example", "finch@mail.example@x"))
def test_an_alias_that_points_outside(home, to):
    aliases(home, f"info@mail.example: {to}\n")
    refused(home, "info@mail.example")


def test_an_alias_is_followed_once(home):
    aliases(home, "info@mail.example: sales@mail.example\nsales@mail.example: finch@mail.example\n")
    refused(home, "info@mail.example", "no such account")
    answer, _ = fetch(home, "sales@mail.example")
    assert answer["ok"] is True, answer


@pytest.mark.parametrize("text", ("info@mail.example finch\n", ":\n", "info@mail.example:\n", ": finch\n",
                                  "info@mail.example: finch@mail.example\ninfo@mail.example: other@mail.example\n"))
def test_an_alias_file_that_is_none(home, text):
    aliases(home, text)
    refused(home, "info@mail.example", "line", error=("FORMAT",))


def test_a_template_that_climbs(home):
    for path in ("/x/../{domain}/{local}", "x/{domain}/{local}", "/x/{domain}/{local}/..", "/x/{other}/{local}", "/x/y", "/x/{domain}"):
        text = (home.dir / "stores.yaml").read_text()
        (home.dir / "stores.yaml").write_text(text.replace(f"{home.mail}/{{domain}}/{{local}}/Maildir", path))
        refused(home, "finch@mail.example", "stores.yaml:", error=("FORMAT",))
        (home.dir / "stores.yaml").write_text(text)


@pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: only root mounts")
def test_another_account_mounted_into_this_one(home):
    """A mount is root's own word, and so the account's; but what lies beneath it is no way on: folders are one level deep."""
    here = home.account("eve")
    here.mkdir(parents=True)
    if subprocess.run(["mount", "--bind", home.account("other"), here], capture_output=True).returncode:
        pytest.skip("SKIPPED: this machine does not let root mount")
    try:
        os.symlink("../../finch", here / "cur" / "up")
        os.utime(here / "cur" / "up", (mailbox.INSIDE, mailbox.INSIDE), follow_symlinks=False)
        answer, vault = fetch(home, "eve@mail.example")
        assert mailbox.check(home, answer, vault, mailbox.Expected(here)) == "listed"
    finally:
        subprocess.run(["umount", here], check=True)


def test_no_name_reaches_another_account(home):
    """The other account's message is not read: its time of access, set to long ago, stays."""
    mail = next((home.account("other") / "cur").iterdir())
    os.utime(mail, (1000, mailbox.INSIDE))
    for name in NAMES:
        fetch(home, name + "@mail.example")
    assert os.stat(mail).st_atime == 1000
    assert fetch(home, "other@mail.example")[0]["ok"] is True
    if os.stat(mail).st_atime == 1000:
        pytest.skip("SKIPPED: this file system keeps no times of access")
