"""The hand that sends: a timestamp authority on loopback, made here, and every answer that it must not
give; the file that says where it is; what the caged process may do. SPDX-License-Identifier: Apache-2.0"""
import base64
import hashlib
import os
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness import hand, tools, tsa  # noqa: E402

SEND = tools.program("writ-send")
if not SEND:
    pytest.fail("writ-send is not built (WRIT_BUILD)", pytrace=False)
CONTENT = b"the bytes of statement.p7s"
JOB = {"version": 1, "job": "send", "address": "timestamp", "imprint_sha256": hashlib.sha256(CONTENT).hexdigest()}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "single-user").touch()
    return tmp_path / "home"


@pytest.fixture
def authority(tmp_path):
    made = tsa.Tsa(tmp_path / "tsa")
    yield made
    made.stop()


@pytest.fixture
def tls_authority(tmp_path):
    made = tsa.Tsa(tmp_path / "tsa", tls=True)
    yield made
    made.stop()


def ask(home, text=None, job=None, **more):
    if text is not None:
        (home / "addresses.yaml").write_text(text)
    return hand.ask(JOB | (job or {}), home=home, program=SEND, **more)


def refused(home, text=None, job=None, **more):
    answer, ran = ask(home, text, job, **more)
    assert answer is not None and answer["ok"] is False and ran.status == 0, (answer, ran.log)
    assert "tsr" not in answer and answer["why"] and answer["next"]
    return answer


def test_a_timestamp_comes_back_and_stock_tools_read_it(home, authority, tmp_path):
    answer, ran = ask(home, authority.yaml())
    assert answer["ok"] is True and ran.status == 0, (answer, ran.log)
    assert answer["cage"]["seccomp"] is True
    assert answer["certificate_sha256"] == tsa.fingerprint(authority.certificate)
    (tmp_path / "tsr").write_bytes(base64.b64decode(answer["tsr"]))
    (tmp_path / "content").write_bytes(CONTENT)
    subprocess.run(["openssl", "ts", "-verify", "-in", tmp_path / "tsr", "-data", tmp_path / "content", "-CAfile",
                    authority.dir / "ca.pem"], check=True, capture_output=True)
    # Nothing but the query was sent, and nothing that tells whose it is.
    assert tsa.query_parts(authority.query)[0].hex() == JOB["imprint_sha256"]
    assert {k.lower() for k in authority.headers} == {"host", "accept", "content-type", "content-length"}


def test_no_two_queries_are_the_same(home, authority):
    nonces = set()
    for _ in range(3):
        assert ask(home, authority.yaml())[0]["ok"]
        nonces.add(tsa.query_parts(authority.query)[1])
    assert len(nonces) == 3


def test_over_tls(home, tls_authority):
    answer, _ = ask(home, tls_authority.yaml())
    assert answer["ok"] is True, answer


@pytest.mark.parametrize("name", tsa.WRONG)
def test_what_an_authority_must_not_answer(home, authority, name):
    authority.answer = tsa.WRONG[name](authority)
    refused(home, authority.yaml(timeout=2))        # those that never end, too: hand.ask waits a minute
    if hasattr(authority, "odd"):       # that certificate itself being trusted changes nothing
        refused(home, authority.yaml([tsa.fingerprint(authority.odd)], timeout=2))
    assert "/other" not in str(authority.headers) and authority.asked <= 2
    authority.answer = None
    assert ask(home, authority.yaml())[0]["ok"] is True


def test_the_certificate_is_the_one_that_is_listed(home, authority):
    assert "does not list" in refused(home, authority.yaml(["ab" * 32]))["why"]
    assert ask(home, authority.yaml(["ab" * 32, tsa.fingerprint(authority.certificate)]))[0]["ok"] is True


def test_nobody_there(home, authority):
    text = authority.yaml(timeout=2)
    authority.stop()
    assert refused(home, text)["error"] == "AGAIN"


def test_a_host_that_does_not_exist(home, authority):
    assert refused(home, authority.yaml(url="http://nobody.invalid/tsr", timeout=5))["error"] == "AGAIN"


def test_tls_of_somebody_else(home, tls_authority, tmp_path):
    other = tsa.Tsa(tmp_path / "other", tls=True)
    text = tls_authority.yaml(timeout=5)
    answer = refused(home, text.replace(str(tls_authority.dir), str(other.dir)))
    assert answer["error"] == "VERIFY", answer
    other.stop()


def test_tls_under_another_name(home, tmp_path):
    other = tsa.Tsa(tmp_path / "tsa", tls=True, tls_names=("elsewhere.example",))
    assert refused(home, other.yaml(timeout=5))["error"] == "VERIFY"
    other.stop()


def test_tls_where_none_is_spoken(home, authority):
    text = authority.yaml(url=authority.url.replace("http:", "https:"), more=f"    ca: {authority.dir}/ca.pem\n", timeout=5)
    assert refused(home, text)["error"] in ("VERIFY", "AGAIN")


def test_proxies_of_the_environment_are_not_asked(home, authority):
    env = {"http_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
    assert ask(home, authority.yaml(), env=env)[0]["ok"] is True


FILES = {
    "no file": (None, "NOT_FOUND"),
    "empty": ("", "FORMAT"),
    "no version": ("addresses:\n", "FORMAT"),
    "version 2": (lambda t: t.yaml().replace("addresses_version: 1", "addresses_version: 2"), "FORMAT"),
    "no row": ("addresses_version: 1\n", "NOT_FOUND"),
    "other key": (lambda t: t.yaml(more="    proxy: x\n"), "FORMAT"),
    "other key above": (lambda t: t.yaml() + "proxy: x\n", "FORMAT"),
    "other name": (lambda t: t.yaml().replace("name: timestamp", "name: relay"), "FORMAT"),
    "no certificates": (lambda t: t.yaml().split("    certificates")[0], "FORMAT"),
    "certificate that is none": (lambda t: t.yaml(["ab"]), "FORMAT"),
    "certificate in capitals": (lambda t: t.yaml([tsa.fingerprint(t.certificate).upper()]), None),
    "file url": (lambda t: t.yaml(url="file:///etc/passwd"), "FORMAT"),
    "ftp url": (lambda t: t.yaml(url="ftp://127.0.0.1/x"), "FORMAT"),
    "no url": (lambda t: t.yaml().replace("    url:", "    ca:"), "FORMAT"),
    "half a url": (lambda t: t.yaml(url="http://"), "FORMAT"),
    "user in url": (lambda t: t.yaml(url=t.url.replace("127", "me:pw@127")), "FORMAT"),
    "blank in url": (lambda t: t.yaml(url=t.url + " x"), "FORMAT"),
    "https without ca": (lambda t: t.yaml(url="https://localhost/"), "FORMAT"),
    "http with ca": (lambda t: t.yaml(more="    ca: /x\n"), "FORMAT"),
    "ca that is not there": (lambda t: t.yaml(url="https://localhost/", more="    ca: /nowhere\n"), "NOT_FOUND"),
    "no seconds": (lambda t: t.yaml(timeout="0"), None),
    "endless seconds": (lambda t: t.yaml(timeout="100000"), "FORMAT"),
    "twice": (lambda t: t.yaml() + t.yaml().split("addresses:\n")[1], "FORMAT"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_say_nothing_clear(home, authority, name):
    text, error = FILES[name]
    answer = refused(home, text(authority) if callable(text) else text)
    assert answer["error"] == (error or "FORMAT") and authority.asked == 0, answer


def test_a_file_that_others_could_write(home, authority):
    (home / "addresses.yaml").write_text(authority.yaml())
    (home / "addresses.yaml").chmod(0o666)
    assert refused(home)["error"] == "DENIED"
    (home / "addresses.yaml").rename(home / "elsewhere")
    (home / "addresses.yaml").symlink_to(home / "elsewhere")
    refused(home)
    assert authority.asked == 0


JOBS = {"address": [{"address": "relay"}, {"address": "http://127.0.0.1/"}, {"address": 1}],
        "imprint": [{"imprint_sha256": "ab"}, {"imprint_sha256": "x" * 64}, {"imprint_sha256": None}],
        "more": [{"url": "http://127.0.0.1/"}, {"certificates": []}],
        "other jobs": [{"job": "read"}, {"job": "fetch"}, {"job": "describe"}]}


@pytest.mark.parametrize("name", JOBS)
def test_jobs_that_it_does_not_do(home, authority, name):
    for job in JOBS[name]:
        refused(home, authority.yaml(), job)
    assert authority.asked == 0


def test_the_other_hand_does_not_send(home, authority):
    (home / "addresses.yaml").write_text(authority.yaml())
    answer, _ = hand.ask(JOB, home=home)
    assert answer["ok"] is False and answer["error"] == "FORMAT" and authority.asked == 0


def test_describe_tells_the_certificates_and_never_the_place(home, authority):
    (home / "stores.yaml").write_text("stores_version: 1\n")
    describe = {"version": 1, "job": "describe"}
    assert hand.ask(describe, home=home)[0]["addresses"] == []
    (home / "addresses.yaml").write_text(authority.yaml())
    answer, _ = hand.ask(describe, home=home)
    assert answer["addresses"] == [{"name": "timestamp", "problem": None,
                                    "certificates": [tsa.fingerprint(authority.certificate)]}]
    assert "127.0.0.1" not in str(answer)
    (home / "addresses.yaml").write_text(authority.yaml(["x"]))
    (row,) = hand.ask(describe, home=home)[0]["addresses"]
    assert "addresses.yaml:" in row["problem"] and row["certificates"] == []


def test_the_host_is_found_by_name_before_the_cage_closes(home, authority):
    answer, _ = ask(home, authority.yaml(url=authority.url.replace("127.0.0.1", "localhost")))
    assert answer["ok"] is True, answer


def test_there_is_no_second_connection(home, authority):
    """Of two addresses of one name the second is not tried inside the cage: nothing there can connect."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        authority.answer = lambda handler, query: (seen.append(1), tsa.send(
            handler, b"", 307, [("Location", f"http://127.0.0.1:{port}/")]))
        refused(home, authority.yaml(timeout=2))
        other.settimeout(0.2)
        with pytest.raises(TimeoutError):
            other.accept()
    assert seen == [1]
