"""A slow reading of mbox files, made from the words of the contract alone: nothing of writ, nothing of `mailbox`.

Items begin at a line "From " at the start or after an empty line. An item is every byte after that line up to the
empty line before the next one; the empty line at the end of the file is that of the last item. A Content-Length
field, where it is trusted, must end at such a line or at the end of the file.

Why Python's mailbox.mbox is not the oracle: it writes ">From " back, opens the file for writing to lock it, knows
no Content-Length, takes "From " lines for beginnings whether or not an empty line stands before them, and keeps of
a CRLF file half an empty line.  SPDX-License-Identifier: Apache-2.0
"""
import calendar
import collections
import datetime as dt
import email.utils
import re

Item = collections.namedtuple("Item", "at from_line raw")
HEADER_MAX = 256 << 10
FROM_LINE_MAX = 1024
BOM = b"\xef\xbb\xbf"
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def lines_of(data):
    """(offset, line with its end) of each line; only LF ends one."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield at, data[at:end]
        at = end


def is_empty(line):
    return line in (b"\n", b"\r\n")


def beginnings(data):
    """Offsets of all lines at which an item may begin."""
    found, before_is_empty = [], True
    for at, line in lines_of(data):
        if at == 0 and line.startswith(BOM + b"From "):
            found.append(len(BOM))
        if before_is_empty and line.startswith(b"From "):
            found.append(at)
        before_is_empty = is_empty(line)
    return found


def header_block(content):
    """The header block with its empty line, or None where its end is not seen."""
    n = 0
    for _, line in lines_of(content[:HEADER_MAX]):
        n += len(line)
        if is_empty(line):
            return content[:n] if n < HEADER_MAX else None
    return None


def content_length(block):
    """The number of the first Content-Length field, or None."""
    name, body = None, None
    fields = []
    for _, line in lines_of(block):
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1] += line
            continue
        name, colon, body = line.partition(b":")
        fields.append([name.rstrip(b" \t").lower() if colon else b"", body])
    for name, body in fields:
        if name == b"content-length":
            body = body.strip(b" \t\r\n")
            return int(body) if re.fullmatch(rb"0|[1-9][0-9]{0,14}", body) else None
    return None


def trusted_end(data, begin, possible):
    """Where the next item (or the end of the file) is, if the Content-Length of the one at begin is to be trusted."""
    block = header_block(data[begin:])
    n = None if block is None else content_length(block)
    if n is None:
        return None
    end = begin + len(block) + n
    if end > len(data):
        return None
    goals = set(possible) | {len(data)}
    # The field counts the body; the empty line between two items may or may not be in it.
    at_line = data[end - 1:end] == b"\n"
    for gap in (b"", b"\n", b"\r\n"):
        if data[end:end + len(gap)] == gap and end + len(gap) in goals and (at_line or not gap):
            return end + len(gap)
    return None


def without_last_empty_line(content):
    if content in (b"\n", b"\r\n"):
        return b""
    if content.endswith(b"\n\r\n"):
        return content[:-2]
    return content[:-1] if content.endswith(b"\n\n") else content


def split(data, trust_content_length=False):
    """(items, number of bytes before the first one that are no line ends)."""
    possible = beginnings(data)
    first = possible[0] if possible else len(data)
    stray = data[:first]
    if stray == BOM and possible:
        stray = b""
    items, at = [], first
    while at < len(data):
        begin = data.find(b"\n", at) + 1 or len(data)
        end = trusted_end(data, begin, possible) if trust_content_length else None
        if end is None:
            end = min([x for x in possible if x >= begin], default=len(data))
        line = data[at:begin].rstrip(b"\n")
        items.append(Item(at, line[:-1] if line.endswith(b"\r") else line, without_last_empty_line(data[begin:end])))
        at = end
    return items, len(stray) if stray.strip(b"\r\n") else 0


# ---- the date of a From_ line ----

CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
ZONE = r"(?P<zone%d>[+-]\d{4}|[A-Za-z]+(?: +DST)?)"
ASCTIME = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun) +(?P<month>[a-z]{3}) +(?P<day>\d\d?) +" + CLOCK + r"(?: +" + ZONE % 1 + ")?"
    r" +(?P<year>\d{4}|\d\d)(?: +(?!remote\b)" + ZONE % 2 + ")?(?: +remote from .*)?", re.IGNORECASE)
NAMED = {"EDT": -240, "EST": -300, "CDT": -300, "CST": -360, "MDT": -360, "MST": -420, "PDT": -420, "PST": -480}


def zone_seconds(text):
    """None: no zone that can be."""
    if not text or text[0].isalpha():
        word = (text or "").split()[0].upper() if text else ""
        return None if word == "J" else NAMED.get(word, 0) * 60
    minutes = int(text[1:3]) * 60 + int(text[3:])
    return None if int(text[3:]) > 59 else (60 if text[0] == "+" else -60) * minutes


def asctime(text):
    m = ASCTIME.fullmatch(text)
    if not m or (m["zone1"] and m["zone2"]) or m["month"].lower() not in MONTHS:
        return None
    year, second, shift = int(m["year"]), int(m["second"] or 0), zone_seconds(m["zone1"] or m["zone2"])
    if len(m["year"]) == 2:
        year += 2000 if year < 50 else 1900
    if shift is None or second > 60 or year < 1900:
        return None
    try:
        when = dt.datetime(year, MONTHS.index(m["month"].lower()) + 1, int(m["day"]), int(m["hour"]), int(m["minute"]),
                           min(second, 59))
    except ValueError:
        return None
    return calendar.timegm(when.timetuple()) + (second == 60) - shift


RFC5322 = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun), *)?\d\d? +[a-z]{3} +\d{4} +\d\d:\d\d(?::\d\d)? +[+-]\d{4}", re.IGNORECASE)


def header_form(text):
    """The form of header fields with a numeric zone, which some programs put there."""
    if not RFC5322.fullmatch(text):
        return None
    parts = email.utils.parsedate_tz(text)
    zone = zone_seconds(text.split()[-1])
    try:
        dt.datetime(*parts[:5], min(parts[5], 59))
    except (TypeError, ValueError):
        return None
    if parts[5] > 60 or zone is None or parts[0] < 1900:
        return None
    return calendar.timegm(parts[:5] + (min(parts[5], 59), 0, 0, 0)) + (parts[5] == 60) - zone


def from_date(line):
    """UTC seconds, or None. The sender may be anything, so the date is the first word from which on all is a date."""
    if len(line) > FROM_LINE_MAX:
        return None
    text = line.decode("latin-1").strip(" \t")
    for m in re.finditer(r"(?<=[ \t])[^ \t]", text):
        rest = re.sub(r"[ \t]+", " ", text[m.start():])
        when = asctime(rest)
        if when is None:
            when = header_form(rest)
        if when is not None:
            return when
    return None
