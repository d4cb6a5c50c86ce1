# Where each day begins in forty zones, against the standard library's zoneinfo (fold=0; where 00:00
# does not exist, the first instant of the day, found by halving). usage: zone_days_test.py PROBE
# SPDX-License-Identifier: Apache-2.0
import datetime as dt
import os
import subprocess
import sys
import zoneinfo

ZONES = """UTC Europe/Paris Europe/London Europe/Dublin Europe/Lisbon Europe/Moscow Europe/Istanbul Europe/Chisinau
America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage America/St_Johns
America/Havana America/Sao_Paulo America/Santiago America/Asuncion America/Caracas America/Scoresbysund America/Nuuk
Asia/Beirut Asia/Amman Asia/Gaza Asia/Tehran Asia/Kolkata Asia/Kathmandu Asia/Tokyo Asia/Pyongyang Asia/Ulaanbaatar
Africa/Cairo Africa/Casablanca Africa/Windhoek Africa/Juba Australia/Sydney Australia/Lord_Howe Pacific/Auckland
Pacific/Chatham Pacific/Apia Pacific/Fakaofo Pacific/Kiritimati Antarctica/Troll Asia/Damascus Etc/GMT+5""".split()
EPOCH = dt.date(1970, 1, 1)
UTC = dt.timezone.utc


def first_of_day(zone, day, near):
    low, high = near - 93600, near + 93600      # the day has not begun, it has begun
    while high - low > 1:
        mid = (low + high) // 2
        if dt.datetime.fromtimestamp(mid, zone).date() >= day:
            high = mid
        else:
            low = mid
    return high


def expected(zone, day):
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
    at = int(midnight.timestamp())
    if dt.datetime.fromtimestamp(at, zone).replace(tzinfo=None) != midnight.replace(tzinfo=None):
        return first_of_day(zone, day, at), True
    return at, False


def check(probe, names, begin, end):
    first, last = (begin - EPOCH).days, (end - EPOCH).days
    # A zone of the machine that is not UTC must change nothing.
    out = subprocess.run([probe], input="".join("%s %d %d\n" % (n, first, last) for n in names), text=True,
                         capture_output=True, check=True, env={**os.environ, "TZ": "Asia/Tokyo"}).stdout.splitlines()
    assert len(out) == len(names)
    jumps = 0
    for name, line in zip(names, out):
        zone, numbers = zoneinfo.ZoneInfo(name), [int(x) for x in line.split()]
        assert len(numbers) == 2 * (last - first + 1)
        for i in range(last - first + 1):
            day = EPOCH + dt.timedelta(days=first + i)
            at, jump = expected(zone, day)
            jumps += jump
            assert numbers[2 * i] == at, (name, day, numbers[2 * i], at)
            offset = dt.datetime.fromtimestamp(at, zone).utcoffset().total_seconds()
            assert numbers[2 * i + 1] == offset, (name, day, numbers[2 * i + 1], offset)
    return len(names) * (last - first + 1), jumps


def main():
    probe = sys.argv[1]
    missing = [n for n in ZONES if not os.path.exists("/usr/share/zoneinfo/" + n)]
    assert not missing, missing
    days, jumps = check(probe, ZONES, dt.date(2005, 1, 1), dt.date(2030, 12, 31))
    assert jumps > 50, "no day without 00:00 was met"
    # Beyond the last change of the files their rule text goes on.
    more, _ = check(probe, ZONES[:20] + ["Africa/Cairo", "Australia/Sydney"], dt.date(2036, 6, 1), dt.date(2040, 6, 1))
    more += check(probe, ["Europe/Paris", "America/New_York"], dt.date(1880, 1, 1), dt.date(1975, 1, 1))[0]
    print("%d days begin alike, %d of them not at 00:00" % (days + more, jumps))


main()
