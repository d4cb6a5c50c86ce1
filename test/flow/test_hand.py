"""The jobs of a hand: whole collections that open with Debian's age, and everything that a hand must
refuse. SPDX-License-Identifier: Apache-2.0"""
import hashlib
import io
import json
import os
import pwd
import random
import resource
import signal
import sys
import tarfile
import time

import pytest
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import fake_seal, hand, tools  # noqa: E402

if not tools.program("writ-hand"):
    pytest.fail("writ-hand is not built (WRIT_BUILD)", pytrace=False)
NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def home(tmp_path):
    made = fake_seal.make(tmp_path)
    yield made
    made.seal.close()


def fetch(home, scope=None, ticket=None, vault=None, **changes):
    """(answer, bytes of the vault file, hand)"""
    scope = scope or home.scope()
    fd = hand.memory() if vault is None else vault
    try:
        answer, ran = hand.ask(home.job("fetch", scope, ticket, **changes), (fd,), home=home.dir)
        return answer, hand.content(fd), ran
    finally:
        os.close(fd)


def count(home, scope=None, ticket=None, **changes):
    answer, _ = hand.ask(home.job("count", scope or home.scope(), ticket, **changes), home=home.dir)
    return answer


def refused(home, got, error, *words):
    """It said no with this error and these words, the seal was asked nothing, the vault is empty."""
    answer, vault, ran = got if isinstance(got, tuple) else (got, b"", None)
    assert answer is not None, ran and ran.log
    assert answer["ok"] is False and answer["error"] == error, answer
    assert answer["next"]
    for word in words:
        assert word in answer["why"], answer["why"]
    assert home.seal.asked == [] and vault == b""
    if ran:
        assert ran.status == 0


def package(home, vault):
    """Members of the bag, opened as an agency would: header, payload, age, tar."""
    plain = home.seal.open(fake_seal.header_of(home.seal.asked[-1]) + vault)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


# ---- what works ----

def test_fetch_gives_exactly_the_scope(home):
    answer, vault, ran = fetch(home)
    assert answer["ok"] is True, answer
    asked = home.seal.asked[0]
    assert len(home.seal.asked) == 1 and json.loads(answer["receipt"])["ticket"] == asked["ticket"]
    assert asked["payload_bytes"] == len(vault) and asked["items"] == 3
    members = package(home, vault)
    mails = {name: data for name, data in members.items() if "/data/" in name}
    stored = [p.read_bytes() for p in home.account("finch").rglob("*.host:2,S")
              if 1793491200 <= os.stat(p).st_mtime < 1796083200]
    assert sorted(mails.values()) == sorted(stored) and len(stored) == 3
    manifest = members["W-TEST-0001/manifest-sha256.txt"]
    assert hashlib.sha256(manifest).hexdigest() == asked["manifest_sha256"]
    assert hashlib.sha256(members["W-TEST-0001/tagmanifest-sha256.txt"]).hexdigest() == asked["tagmanifest_sha256"]
    for line in manifest.decode().splitlines():
        digest, name = line.split("  ", 1)
        assert hashlib.sha256(members["W-TEST-0001/" + name]).hexdigest() == digest
    assert asked["lines"] == [{"id": "d1", "store": "main", "account": "finch@mail.example", "items": 3,
                               "bytes": sum(map(len, stored))}]
    assert ran.status == 0 and ran.progress[-1]["done_items"] == 3


def test_each_fetch_has_a_key_of_its_own(home):
    """The same ticket twice: two payloads, never two under one file key. The seal gives one receipt."""
    given, first, _ = fetch(home)
    again, second, _ = fetch(home)
    assert given["ok"] and again["ok"], (given, again)
    assert first[16:] != second[16:]
    assert home.seal.asked[0]["header"] != home.seal.asked[1]["header"]


def test_no_plaintext_reaches_the_vault(home):
    home.deliver("finch", 1793577700, body=b"From: a@b.example\n\n" + b"the-very-secret-words " * 5000)
    _, vault, _ = fetch(home)
    assert b"very-secret" not in vault and b"b.example" not in vault


def test_count_gives_numbers_and_asks_no_seal(home):
    answer = count(home)
    assert answer["ok"] is True, answer
    assert answer["lines"] == [{"id": "d1", "store": "main", "account": "finch@mail.example", "items": 3,
                                "bytes": answer["lines"][0]["bytes"], "undated": 0, "outside": 2, "first_day": 1,
                                "day_before": 1, "last_day": 1, "day_after": 1, "problem": None}]
    assert set(answer) == {"ok", "lines", "cage"} and home.seal.asked == []


def test_count_of_what_is_not_there_is_an_answer(home):
    for changes, word in (({"target": "nobody@mail.example"}, "account"), ({"stores": ["old"]}, "store"),
                          ({"folders": ["Nothing"]}, "folder")):
        answer = count(home, home.scope(**changes))
        assert answer["ok"] is True, answer
        assert word in answer["lines"][0]["problem"] and answer["lines"][0]["items"] == 0


def test_what_is_not_held_is_no_obstacle(home):
    """Ordered and not held in this store: told to the seal without an account; the other line is collected."""
    value = json.loads(home.scope())
    value["lines"].append({**value["lines"][0], "id": "d2", "category": "SUB_ID"})
    answer, _, _ = fetch(home, hand.canonical(value))
    assert answer["ok"] is True, answer
    told = home.seal.asked[0]["lines"]
    assert [(line["id"], line["account"]) for line in told] == [("d1", "finch@mail.example"), ("d2", None)]
    assert told[1]["items"] == told[1]["bytes"] == 0


def test_describe_names_no_path(home):
    answer, _ = hand.ask({"version": 1, "job": "describe"}, home=home.dir)
    assert answer["ok"] is True and answer["stores"][0]["name"] == "main"
    assert str(home.mail) not in json.dumps(answer) and "finch" not in json.dumps(answer)


def test_a_long_answer_travels_as_a_file(home):
    """More than 60,000 bytes: hundreds of messages that cannot be read, each named."""
    for i in range(900):
        os.symlink("/etc/passwd", home.account("finch") / "cur" / f"{1793577600 + i}.{'x' * 60}.host:2,S")
    answer, _, ran = fetch(home)
    assert ran.status == 0
    assert answer["ok"] is False and answer["error"] == "DEGRADED" and len(answer["unreadable"]) == 900
    assert set(answer["unreadable"][0]) == {"store", "account", "folder", "source_id", "why"}
    assert "receipt" not in answer and home.seal.asked == []


def test_an_account_of_many_folders_is_collected(home):
    """More folders than the usual limit of 1,024 descriptors holds."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < 4096:
        pytest.skip("SKIPPED: this machine allows too few descriptors")
    for i in range(900):
        for part in ("cur", "new", "tmp"):
            (home.account("finch") / f".F{i:03}" / part).mkdir(parents=True)
    home.deliver("finch", 1793577600, ".F899")
    scope, fd = home.scope(), hand.memory()
    answer, _ = hand.ask(home.job("fetch", scope), (fd,), home=home.dir,
                         before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, most)))
    os.close(fd)
    assert answer["ok"] is True, answer
    assert home.seal.asked[0]["items"] == 4


# ---- tickets ----

def test_a_ticket_by_another_key_is_refused(home, tmp_path):
    forger = fake_seal.Seal(tmp_path / "forger")
    scope = home.scope()
    refused(home, fetch(home, scope, forger.ticket(scope)), "VERIFY", "another key")
    refused(home, count(home, scope, forger.ticket(scope, "count")), "VERIFY", "another key")


def test_a_ticket_changed_after_signing_is_refused(home):
    scope = home.scope()
    ticket, signature = home.seal.ticket(scope)
    mine = fake_seal.run("age-keygen").stderr.decode().split()[-1]
    for old, new in ((home.seal.recipient, mine), ("W-TEST-0001", "W-TEST-0002"), ("collect", "count")):
        refused(home, fetch(home, scope, (ticket.replace(old, new), signature)), "VERIFY")
    refused(home, fetch(home, scope, (ticket + " ", signature)), "VERIFY")
    refused(home, fetch(home, scope, (ticket, "")), "FORMAT")
    refused(home, fetch(home, scope, (ticket, signature.replace("\n", "\r\n"))), "FORMAT")


def test_a_signature_for_another_use_is_refused(home):
    scope = home.scope()
    ticket, _ = home.seal.ticket(scope)
    refused(home, fetch(home, scope, (ticket, home.seal.sign(ticket.encode(), "writ-scope@v1"))), "VERIFY")


def test_another_document_of_the_seal_is_no_ticket(home):
    scope = home.scope()
    for changes in ({"kind": "receipt"}, {"version": 2}, {"kind": "approval"}):
        refused(home, fetch(home, scope, home.seal.ticket(scope, **changes)), "VERIFY", "ticket of version 1")
    refused(home, fetch(home, scope, home.seal.ticket(scope, more="x")), "FORMAT", "more")


def test_a_ticket_is_for_one_use(home):
    scope = home.scope()
    refused(home, fetch(home, scope, home.seal.ticket(scope, "count")), "VERIFY", "for count")
    refused(home, count(home, scope, home.seal.ticket(scope, "collect")), "VERIFY", "for collect")


def test_an_expired_ticket_is_refused(home):
    scope = home.scope()
    old = home.seal.ticket(scope, expires_at=fake_seal.instant(time.time() - 1))
    refused(home, fetch(home, scope, old), "VERIFY", "expired")
    refused(home, fetch(home, scope, home.seal.ticket(scope, expires_at="tomorrow")), "FORMAT", "expires_at")


def test_a_ticket_without_a_key_to_encrypt_to_is_refused(home):
    scope = home.scope()
    refused(home, fetch(home, scope, home.seal.ticket(scope, recipient=None)), "FORMAT", "recipient")
    refused(home, fetch(home, scope, home.seal.ticket(scope, recipient=home.seal.recipient[:-1] + "b")), "FORMAT")


def test_a_ticket_of_another_scope_is_refused(home):
    ticket = home.seal.ticket(home.scope())
    wider = home.scope(until=None)
    other = home.scope(target="other@mail.example")
    for scope in (wider, other, home.scope() + b"\n", home.scope()[:-1]):
        refused(home, fetch(home, scope, ticket), "VERIFY", "another scope")


def test_a_scope_of_another_order_is_refused(home):
    scope = home.scope(scope={"order": "W-TEST-0002"})
    refused(home, fetch(home, scope), "VERIFY", "two orders")


def test_a_scope_that_is_none_is_refused(home):
    for scope in (home.scope(scope={"kind": "decision"}), home.scope(scope={"version": 2}),
                  home.scope(scope={"more": 1}), b"[]", b"{}", b"nonsense",
                  home.scope().replace(b'"kind":"scope"', b'"kind": "scope"')):
        answer, vault, ran = fetch(home, scope)
        assert answer["ok"] is False and answer["error"] in ("FORMAT", "VERIFY"), answer
        assert vault == b"" and home.seal.asked == [] and ran.status == 0


# ---- what the scope names ----

CLIMBING = ("../other@mail.example", "finch/../other@mail.example", "finch@../vmail/mail.example", ".finch@mail.example",
            "..@mail.example", "finch@.", "finch@mail.example/../../x", "/etc@mail.example", "finch\\@mail.example",
            "finch@mail.example\nother", "@mail.example", "finch@", "x" * 129 + "@mail.example")


@pytest.mark.parametrize("target", CLIMBING)
def test_an_account_that_climbs_out_is_refused(home, target):
    answer, vault, ran = fetch(home, home.scope(target=target))
    assert answer["ok"] is False and answer["error"] in ("NOT_FOUND", "FORMAT"), answer
    assert vault == b"" and home.seal.asked == [] and ran.status == 0


def test_an_account_behind_a_link_is_refused(home):
    os.symlink(home.mail / "mail.example" / "other", home.mail / "mail.example" / "alias")
    got = fetch(home, home.scope(target="alias@mail.example"))
    refused(home, got, "NOT_FOUND")


def test_an_unknown_store_account_or_folder_is_refused(home):
    got = fetch(home, home.scope(stores=["main", "old"]))
    refused(home, got, "NOT_FOUND", "old")
    assert got[0]["cage"] is None       # before anything of a store was read
    refused(home, fetch(home, home.scope(target="nobody@mail.example")), "NOT_FOUND", "d1")
    refused(home, fetch(home, home.scope(folders=["Nothing"])), "NOT_FOUND", "Nothing")


# ---- messages ----

@pytest.mark.parametrize("job", (
    {"version": 1, "job": "send"}, {"version": 1, "job": ""}, {"version": 2, "job": "describe"}, {"job": "describe"},
    {"version": 1}, {"version": 1, "job": "describe", "more": 1}, {"version": 1, "job": ["describe"]}, [], {},
    {"version": 1, "job": "fetch"}, {"version": 1, "job": "count"}, {"version": 1, "job": "read"}))
def test_an_unknown_or_half_job_is_refused(home, job):
    answer, ran = hand.ask(job, home=home.dir)
    assert answer["ok"] is False and answer["error"] == "FORMAT" and ran.status == 0


@pytest.mark.parametrize("text", (b"", b"{", b"\x00", b"\xff" * 100, b"[" * 50000, b'{"version":1,"job":"\xff"}',
                                  b"9" * 59000, b" " * 70000))
def test_what_is_no_message_is_refused(home, text):
    answer, ran = hand.ask(text, home=home.dir)
    assert answer["ok"] is False and answer["error"] == "FORMAT" and ran.status == 0


def test_a_message_of_unknown_form_ends_the_hand(home):
    one = hand.Hand(home=home.dir)
    one.sock.sendmsg([b"x{}"])
    assert one.end() is None and one.status not in (0, None) and one.status > 0


def test_a_connection_without_a_job_ends_the_hand(home):
    one = hand.Hand(home=home.dir)
    one.sock.close()
    assert one.process.wait(60) > 0


def test_a_job_comes_with_its_files(home):
    scope = home.scope()
    answer, ran = hand.ask(home.job("fetch", scope), home=home.dir)
    assert answer["error"] == "FORMAT" and "files" in answer["why"]
    a, b = hand.memory(), hand.memory()
    answer, _ = hand.ask(home.job("fetch", scope), (a, b), home=home.dir)
    assert answer["error"] == "FORMAT" and home.seal.asked == []
    answer, _ = hand.ask({"version": 1, "job": "read", "what": "answers", "name": "a"}, (a,))
    assert answer["error"] == "FORMAT"
    os.close(a)
    os.close(b)


def test_the_vault_file_is_new(home, tmp_path):
    fd = hand.memory(b"old")
    answer, _ = hand.ask(home.job("fetch", home.scope()), (fd,), home=home.dir)
    assert answer["error"] == "FORMAT" and hand.content(fd) == b"old" and home.seal.asked == []
    for other in (os.open(tmp_path, os.O_RDONLY), os.open("/dev/null", os.O_RDWR)):
        answer, _ = hand.ask(home.job("fetch", home.scope()), (other,), home=home.dir)
        assert answer["error"] == "FORMAT" and home.seal.asked == []
        os.close(other)
    os.close(fd)


# ---- the seal ----

def test_without_a_seal_nothing_is_collected(home):
    os.unlink(home.dir / "run" / "seal.sock")
    refused(home, fetch(home), "AGAIN", "seal")


def test_a_refusal_by_the_seal_is_passed_on(home):
    home.seal.refuse = {"error": "STATE", "why": "the ticket has a receipt already", "next": "collect again"}
    answer, _, _ = fetch(home)
    assert answer["error"] == "STATE" and "receipt already" in answer["why"] and answer["next"] == "collect again"
    assert "receipt" not in answer


def test_a_receipt_by_another_key_is_refused(home, tmp_path):
    scope = home.scope()
    ticket = home.seal.ticket(scope)
    home.seal.key = fake_seal.Seal(tmp_path / "forger").key
    answer, _, _ = fetch(home, scope, ticket)
    assert answer["ok"] is False and answer["error"] == "VERIFY" and "receipt" in answer["why"]


def test_when_writ_has_gone_there_is_no_receipt(home):
    scope = home.scope()
    fd = hand.memory()
    one = hand.Hand(home=home.dir)
    one.process.send_signal(signal.SIGSTOP)
    hand.send(one.sock, hand.canonical(home.job("fetch", scope)), (fd,))
    one.sock.close()
    one.process.send_signal(signal.SIGCONT)
    assert one.process.wait(60) != 0
    assert home.seal.asked == []
    os.close(fd)


# ---- the home's own files ----

@pytest.mark.parametrize("name", ("seal.pub", "stores.yaml"))
def test_a_file_that_others_can_change_is_not_believed(home, name):
    path = home.dir / name
    mode = os.stat(path).st_mode
    for bits in (0o020, 0o002):
        os.chmod(path, mode | bits)
        refused(home, fetch(home), "DENIED", name)
    os.chmod(path, mode)
    os.rename(path, home.dir / "elsewhere")
    os.symlink(home.dir / "elsewhere", path)
    refused(home, fetch(home), "IO", name)
    os.unlink(path)
    refused(home, fetch(home), "NOT_FOUND", name)


@pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: only root can give a file away")
@pytest.mark.parametrize("name", ("seal.pub", "stores.yaml"))
def test_a_file_of_another_user_is_not_believed(home, name):
    os.chown(home.dir / name, NOBODY, -1)
    refused(home, fetch(home), "DENIED", name)


def test_hostile_stores_are_refused_with_their_line(home):
    for more, words in (("  - name: main\n", "stores.yaml:"), ("    colour: red\n", "colour"),
                        ("    path: /x\n", "stores.yaml:"), ("\tx: y\n", "tab"), ("stores: &a\n", "stores.yaml:")):
        home.stores(more=more)
        refused(home, fetch(home), "FORMAT", words)


# ---- documents from outside ----

def order_text(facts):
    return ("order_version: 1\nfacts:\n" + facts + "authority_reference: 26-1001\nagency: pj-paris\n"
            "recipients:\n  - PJ-Paris 2026\nlines:\n  - id: d1\n    date_meaning: delivery\n    zone: Europe/Paris\n"
            "    stores:\n      - main\n    folders:\n      - ALL\n")


SMALL = order_text("""  facts_version: 1
  order:
    language: fr
  issuer:
    country: FR
  instrument:
    kind: WARRANT
  demands:
    - id: d1
      category: CONTENT_COMM
    - id: d2
      category: SUB_ID
""")


def read_order(text, **how):
    return hand.read("order", text if isinstance(text, bytes) else text.encode(), "order.yaml", **how)


def test_an_order_becomes_checked_json():
    answer, order, ran = read_order(SMALL)
    assert answer["ok"] is True, answer
    assert order == yaml.load(SMALL, Loader=yaml.BaseLoader) and ran.status == 0
    assert answer["bytes"] == len(hand.canonical(order))


def test_every_order_of_the_law_set_is_read():
    folder = tools.shared("law", "orders")
    if not folder:
        pytest.skip("SKIPPED: law/orders is not here")
    files = sorted(folder.glob("*.yaml"))
    assert len(files) >= 80
    for path in files:
        facts = path.read_text().split("\nfacts:\n")[1]
        lines = []
        for line in facts.splitlines(keepends=True):
            if line[:1] not in (" ", "\n", "#"):
                break
            lines.append(line)
        text = "".join(lines)
        text = text.replace(f"    id: {path.stem}\n", "", 1).split("  provider:")[0]
        answer, order, _ = read_order(order_text(text))
        assert answer["ok"] is True, (path.name, answer)
        assert order["facts"] == yaml.load("facts:\n" + text, Loader=yaml.BaseLoader)["facts"]


FAULTS = (
    ("order_version: 1\n", "order_version: 2\n", "order.yaml:1: order_version"),
    ("order_version: 1\n", "", "lacks the field order_version"),
    ("agency: pj-paris\n", "", "lacks the field agency"),
    ("agency: pj-paris\n", "agency: pj-paris\ncolour: red\n", "no field 'colour'"),
    ("agency: pj-paris\n", "agency: PJ Paris\n", "agency must be"),
    ("    language: fr\n", "    language: fr\n    id: W-1\n", "order.id does not stand here"),
    ("  issuer:\n", "  provider: PF\n  issuer:\n", "provider does not stand here"),
    ("    country: FR\n", "    country: fr\n", "order.yaml:7: issuer.country"),
    ("  - id: d1\n    date", "  - id: d9\n    date", "no demand of the facts has the id d9"),
    ("date_meaning: delivery", "date_meaning: arrival", "date_meaning must be"),
    ("zone: Europe/Paris", "zone: ../../etc/passwd", "zone must be"),
    ("      - main\n", "      - main\n      - main\n", "names 'main' twice"),
    ("      - ALL\n", "      - ALL\n      - Sent\n", "ALL stands alone"),
    ("      - main\n", "      - ../main\n", "stores must be"),
    ("    - id: d2\n", "    - id: d1\n", "two demands have the id d1"),
    ("recipients:\n  - PJ-Paris 2026\n", "recipients: PJ-Paris 2026\n", "recipients is a list"),
    ("      - ALL\n", "      - ALL\n  - id: d1\n    date_meaning: header\n    zone: UTC\n    stores:\n      - main\n"
     "    folders:\n      - ALL\n", "two lines have the id d1"),
)


@pytest.mark.parametrize("old,new,words", FAULTS, ids=[f[2] for f in FAULTS])
def test_a_fault_of_an_order_is_named(old, new, words):
    assert old in SMALL
    answer, order, ran = read_order(SMALL.replace(old, new, 1))
    assert answer["ok"] is False and answer["error"] == "FORMAT" and order is None
    assert words in answer["why"] and answer["why"].startswith("order.yaml:"), answer["why"]
    assert ran.status == 0


HOSTILE = {
    "nothing": b"", "only space": b"\n\n", "nul": b"a: b\0\n", "latin-1": b"a: \xe9\n", "tab": b"a:\tb\n",
    "anchor": b"a: &x b\nc: *x\n", "tag": b"a: !!python/object:os.system x\n", "flow": b"a: {b: c}\n",
    "two documents": b"a: b\n---\nc: d\n", "twice": b"a: b\na: c\n", "merge": b"a:\n  <<: b\n", "folded": b"a: >\n  b\n",
    "bom": b"\xef\xbb\xbfa: b\n", "utf-16": "a: b\n".encode("utf-16"), "deep": b"".join(b" " * i + b"a:\n" for i in range(600)),
    "laughs": b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "key": b"A B: c\n", "capitals": b"Key: c\n",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "long": b"a: " + b"x" * (1 << 20), "many": b"a:\n" + b"  - b\n" * 30000,
    "escape": b'a: "\\x41"\n', "cut": b'a: "b\n',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("what", ("order", "answers", "stores"))
def test_hostile_yaml_is_refused(what, name):
    answer, result, ran = hand.read(what, HOSTILE[name], "x.yaml")
    assert answer is not None and answer["ok"] is False and result is None, (answer, ran.log)
    assert answer["error"] in ("FORMAT", "LIMIT") and "x.yaml" in answer["why"] and ran.status == 0


def test_refused_files_of_the_law_set_never_become_orders():
    folder = tools.shared("law", "reject")
    if not folder:
        pytest.skip("SKIPPED: law/reject is not here")
    files = sorted(folder.glob("*.yaml"))
    assert len(files) >= 28
    for path in files:
        answer, order, ran = read_order(path.read_bytes())
        assert answer["ok"] is False and order is None and ran.status == 0


def test_an_oversize_document_is_not_looked_at():
    answer, result, ran = read_order(b"#" * ((1 << 20) + 1))
    assert answer["error"] == "LIMIT" and answer["cage"] is None and result is None
    assert ran.log == "" and ran.status == 0


def test_a_document_that_is_no_file_is_refused():
    read_end, write_end = os.pipe()
    result = hand.memory()
    job = {"version": 1, "job": "read", "what": "order", "name": "x"}
    answer, _ = hand.ask(job, (read_end, result))
    assert answer["error"] == "FORMAT"
    document, full = hand.memory(SMALL.encode()), hand.memory(b"full")
    answer, _ = hand.ask(job, (document, full))
    assert answer["error"] == "FORMAT" and hand.content(full) == b"full"
    for bad in ({"what": "pdf"}, {"name": ""}, {"name": "x" * 201}, {"name": "a\nb"}):
        answer, _ = hand.ask({**job, **bad}, (document, result))
        assert answer["error"] == "FORMAT" and hand.content(result) == b""
    for fd in (read_end, write_end, result, document, full):
        os.close(fd)


def test_damaged_orders_never_break_the_hand():
    """Random damage: the hand always answers, ends by itself and never gives back what is no order."""
    rng = random.Random(26)
    for _ in range(150):
        data = bytearray(SMALL.encode())
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            how = rng.randrange(3)
            if how == 0:
                data[at] = rng.randrange(256)
            elif how == 1:
                del data[at:at + rng.randint(1, 30)]
            else:
                data[at:at] = bytes(rng.choice(b" \n:-\"'#&*!{}[]|>\t\x00\xff") for _ in range(rng.randint(1, 4)))
        answer, order, ran = read_order(bytes(data))
        assert answer is not None and ran.status == 0, bytes(data)
        if answer["ok"]:
            assert order == yaml.load(bytes(data).decode(), Loader=yaml.BaseLoader)
