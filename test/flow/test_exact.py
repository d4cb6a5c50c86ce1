"""Selection: exact against oracles, unharmed by mail that moves meanwhile, honest about what it cannot read.
SPDX-License-Identifier: Apache-2.0"""
import os
import pathlib
import stat
import sys
import tempfile
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import exact  # noqa: E402
import exactmbox  # noqa: E402
import mboxoracle  # noqa: E402
import tools  # noqa: E402

RUNS = int(os.environ.get("WRIT_EXACT_RUNS", "60"))


@pytest.fixture(scope="module")
def corpus():
    with tempfile.TemporaryDirectory() as tmp:
        made = exact.generate(pathlib.Path(tmp) / "corpus", 2000)
        if not made:
            pytest.skip("SKIPPED: bench/gencorpus.py is not here")
        yield made


def test_generated_corpus(corpus):
    passed, failures = exact.check_generated(corpus, RUNS, 1)
    assert not failures
    assert passed == RUNS


def test_real_mail():
    source = tools.shared("corpora", "mail", "notmuch")
    if not source:
        pytest.skip("SKIPPED: corpora/mail/notmuch is not here")
    passed, failures = exact.check_real(source, 30, 1)
    assert not failures
    assert passed == 30


@pytest.mark.parametrize("name", ("random", "real", "mimekit", "generated"))
def test_mbox(name, request):
    """The same from mbox files, as test/harness/mboxoracle.py reads them."""
    if name == "generated":
        done = exactmbox.check_generated(request.getfixturevalue("corpus"), 24, 1)
    else:
        done = {"random": exactmbox.check_random, "real": exactmbox.check_real, "mimekit": exactmbox.check_mimekit}[name](
            {"random": 150, "real": 9, "mimekit": 24}[name], 1)
    if done is None:
        pytest.skip("SKIPPED: corpora/mail or corpora/mime/mimekit is not here")
    passed, failures = done
    assert not failures
    assert passed >= 9


def test_the_mbox_oracle():
    """What the contract says, in small; each of these is refused by a reading that is only nearly right."""
    def items(data, trust=False):
        found, stray = mboxoracle.split(data, trust)
        return [i.raw for i in found], stray
    assert items(b"From a\nx\n\nFrom b\ny\n") == ([b"x\n", b"y\n"], 0)
    assert items(b"From a\nx\nFrom b\ny\n\n") == ([b"x\nFrom b\ny\n"], 0)
    assert items(b"From a\nx\n\n>From b\ny") == ([b"x\n\n>From b\ny"], 0)
    assert items(b"From a\r\nx\r\n\r\nFrom b\r\n\r\n") == ([b"x\r\n", b""], 0)
    assert items(b"x\n\nFrom a\ny") == ([b"y"], 3)
    long = b"From a\nContent-Length: 11\n\n1\n\nFrom b\n\nFrom c\n"
    assert items(long) == ([b"Content-Length: 11\n\n1\n", b"", b""], 0)
    assert items(long, True) == ([b"Content-Length: 11\n\n1\n\nFrom b\n", b""], 0)
    assert items(long.replace(b"11", b"12"), True)[0][1:] == [b"", b""]
    assert mboxoracle.from_date(b"From a Sat Jan  5 09:14:16 2008") == 1199524456
    assert mboxoracle.from_date(b"From a Sat Jan  5 09:14:16 2008 -0800") == 1199553256
    assert mboxoracle.from_date(b"From a Sat Jan 32 09:14:16 2008") is None


def test_the_comparison_of_mbox_files_can_fail(tmp_path):
    """The program's answer about one file is not that about another with one byte moved."""
    data = b"From a Sat Jan  5 09:14:16 2008\nDate: Sat, 5 Jan 2008 09:14:16 +0100\n\nx\n\nFrom b\ny\n"
    messages, _ = exactmbox.messages_of(data)
    for other in (data, data.replace(b"x\n\n", b"x\n\n\n"), data.replace(b"09:14:16 2008", b"09:14:17 2008"),
                  data.replace(b"\n\nFrom b", b"\nFrom b"), data.replace(b"+0100", b"+0200"), data + b"z"):
        (tmp_path / "box").write_bytes(other)
        wrong = exactmbox.check_one(tmp_path / "box", messages, "delivery", None, None, "UTC")
        assert bool(wrong) == (other != data)


def test_the_oracle_can_fail(corpus):
    """A missing, an extra, a doubled, a mislabelled item and a wrong hash are all found."""
    messages = exact.truth(corpus)["a00"]
    status, lines, _ = exact.run(corpus / "mail" / "a00", "a00", None, None, "header")
    want = exact.expected(messages, None, None, "date")
    assert status == 0 and want[1] and not exact.differences(lines, *want)
    dated = [x for x in lines if "undated" not in x]
    undated = [x for x in lines if "undated" in x]
    broken = [
        lines[1:],
        lines[:-1],
        dated[:1] + lines,
        [dict(lines[0], path="cur/other")] + lines,
        [dict(lines[0], sha256="0" * 64)] + lines[1:],
        [dict(lines[0], header=None)] + lines[1:],
        dated + [{k: v for k, v in undated[0].items() if k != "undated"}] + undated[1:],
        undated + dated,
    ]
    for case in broken:
        assert exact.differences(case, *want)


def maildir(folder):
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    return folder


def message(path, t, text=None):
    path.write_text("Date: %s\nFrom: a@b.example\n\n%s\n" % (
        time.strftime("%d %b %Y %H:%M:%S +0000", time.gmtime(t)), text or path.name))
    os.utime(path, (t, t))


def test_interval_is_half_open(tmp_path):
    box = maildir(tmp_path / "box")
    for i in range(5):
        message(box / "cur" / ("%d.x:2,S" % i), 1700000000 + i)
    ends = [(t, exact.instant(t)) for t in range(1700000000, 1700000006)]
    for meaning in ("delivery", "header"):
        for a in range(6):
            for b in range(a, 6):
                status, lines, _ = exact.run(box, "x", ends[a], ends[b], meaning)
                assert status == 0
                assert sorted(x["path"] for x in lines) == ["cur/%d.x:2,S" % i for i in range(a, b)]


@pytest.mark.parametrize("meaning", exact.MEANINGS)
def test_names_what_cannot_be_read(tmp_path, meaning):
    """Pipes, links and devices are named, never opened: exit 7, and the rest is listed."""
    box = maildir(tmp_path / "box")
    message(box / "cur" / "1.good:2,S", 1700000000)
    os.mkfifo(box / "cur" / "2.pipe:2,S")
    os.symlink("/etc/passwd", box / "cur" / "3.link:2,S")
    (box / "new" / "4.folder").mkdir()
    names = ["2.pipe", "3.link", "4.folder"]
    if os.geteuid() == 0:
        os.mknod(box / "cur" / "5.device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        names.append("5.device")
    else:
        message(box / "cur" / "6.closed", 1700000000)
        (box / "cur" / "6.closed").chmod(0)
        names.append("6.closed")
    status, lines, said = exact.run(box, "x", None, None, meaning)
    assert status == 7
    assert [x["path"] for x in lines] == ["cur/1.good:2,S"]
    for name in names:
        assert name in said
    # Dated out of the interval by delivery, they do not matter.
    if meaning == "delivery":
        end = (1000000000, exact.instant(1000000000))
        assert exact.run(box, "x", None, end, meaning)[:2] == (0, [])


def test_no_such_place(tmp_path):
    status, lines, said = exact.run(tmp_path / "nowhere", "x", None, None, "delivery")
    assert status not in (0, 7) and not lines and said
    (tmp_path / "empty").mkdir()
    status, lines, said = exact.run(tmp_path / "empty", "x", None, None, "delivery")
    assert status not in (0, 7) and not lines and said


class Reader(threading.Thread):
    """A mail program at work: reads (new to cur), flags, unflags, as fast as it can; optionally delivers."""

    def __init__(self, box, deliver):
        super().__init__(daemon=True)
        self.box, self.deliver, self.stop, self.n = box, deliver, False, 0

    def run(self):
        flags = ["", "S", "RS", "FS"]
        while not self.stop:
            for part in ("new", "cur"):
                for name in os.listdir(self.box / part):
                    self.n += 1
                    to = self.box / "cur" / (name.split(":2,")[0] + ":2," + flags[self.n % 4])
                    os.rename(self.box / part / name, to)
                    if self.stop:
                        return
            if self.deliver:
                path = self.box / "tmp" / ("%d.late" % self.n)
                message(path, 1800000000)
                os.rename(path, self.box / "new" / path.name)


@pytest.mark.parametrize("meaning", ("delivery", "header"))
@pytest.mark.parametrize("count", (1, 400))
def test_mail_in_use(tmp_path, meaning, count):
    """Renames during the run neither lose nor double an item; new mail outside the interval is not in it."""
    box = maildir(tmp_path / "box")
    for i in range(count):
        message(box / ("cur" if i % 2 else "new") / ("%04d.x" % i), 1700000000 + i)
    want = ["%04d.x" % i for i in range(count)]
    end = (1750000000, exact.instant(1750000000))
    reader = Reader(box, deliver=meaning == "delivery")
    reader.start()
    try:
        whole = 0
        for _ in range(25):
            status, lines, said = exact.run(box, "x", None, end, meaning)
            got = sorted(x["path"].split("/")[1].split(":2,")[0] for x in lines)
            assert len(got) == len(set(got)), "an item twice"
            assert set(got) <= set(want), "an item out of the interval"
            assert status in (0, 7), said
            if status == 0:
                assert got == want, "%d missed without a word" % (len(want) - len(got))
                whole += 1
    finally:
        reader.stop = True
        reader.join()
    assert reader.n > 100, "nothing moved"
    assert whole >= 15, "only %d of 25 runs were whole" % whole
