"""Every column of every table and every file of the log, edited behind writ's back: 'writ log verify' ends
with 5 and names the place; put back, there is nothing to say. Also what 'fsck --rebuild' mends, and
what it must not. SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import random
import re
import shutil
import sqlite3
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import homes, life  # noqa: E402

EDITS_OF_A_COLUMN = 8           # rows of a column that are tried; what differs in kind always is
RANDOM = random.Random(20261122)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    base = tmp_path_factory.mktemp("edits")
    home = life.Home(life.World(base / "world"), base / "h").init()
    home.to("delivered")
    home.first = home.ref
    home.submit()
    home.authenticate()
    home.decide("refuse", "--reason", "INST-UNSIGNED")
    # Full tiles and a hash above them as well as partial ones.
    homes.act_tool(home, "Ana", "tick", 262)
    yield home
    home.stop()


@pytest.fixture(scope="module")
def database(home):
    assert homes.findings(home)[:2] == (0, [])
    return homes.Database(home)


def noticed(home, what, place):
    """log verify ends with 5 and one of the places is it."""
    status, places, said = homes.findings(home)
    assert status == 5, (what, status, places, said)
    if place == PLACE["meta"] and not places:       # a database that does not say what it is does not open
        assert "which schema" in said, (what, said)
        return
    assert any(re.search(place, at) for at, _ in places), (what, place, places)


def other(value, kind):
    """Another value of the same kind, as near as it can be."""
    if value is None:
        return 7 if kind == "INTEGER" else "x"
    if kind == "INTEGER":
        return value + RANDOM.choice((1, -1, 3600))
    if not value:
        return "0"
    at = RANDOM.randrange(len(value))
    new = {"0": "1", "a": "b", "{": "["}.get(value[at]) or ("0" if value[at] != "0" else "1")
    return value[:at] + new + value[at + 1:]


def sample(rows, column):
    """The first row of each kind (by act, table or state), then random ones."""
    chosen, seen = [], set()
    for row in rows:
        kind = row.get("act") or row.get("state"), row[column] is None
        if kind not in seen:
            seen.add(kind)
            chosen.append(row)
    RANDOM.shuffle(chosen)
    chosen = chosen[:EDITS_OF_A_COLUMN]
    rest = [r for r in rows if r not in chosen]
    return chosen + RANDOM.sample(rest, min(len(rest), EDITS_OF_A_COLUMN - len(chosen)))


def rows_of(database, table):
    names = [c[0] for c in database.tables()[table]]
    return [dict(zip(("rowid", *names), row)) for row in database.query(f"SELECT rowid, * FROM {table}")]


# A proof belongs to an act and is told with it; a key that was changed leaves its act without one.
PLACE = {"act": r"^act\[|^proof\[", "seal_act": r"^seal_act\[|^proof\[", "proof": r"proof", "tick": r"^tick\[|\.proof|^act\[.*\.id$|^references$",
         "order_view": r"^order_view\[", "meta": r"^meta\["}


# Who is signed in at the desk, and who looked: no act says it, and no check of the log knows it.
DESK = {"sitting", "challenge", "key_counter", "draft", "access", "invitation", "pickup", "joint"}


def test_every_table_is_edited(database):
    assert set(database.tables()) == set(PLACE) | DESK
    for table in PLACE:
        assert rows_of(database, table), f"{table} is empty: nothing would be tried"


COLUMNS = [("act", c) for c in "id order_ref seq made_at_utc act body salt commitment".split()] + \
    [("seal_act", c) for c in "seal_seq order_ref act body salt commitment".split()] + \
    [("tick", c) for c in "n time_ms entry size until_id".split()] + [("proof", c) for c in "commitment tick place siblings".split()] + \
    [("order_view", c) for c in ("ref state agency authority_reference received_at due_at waiting_for decided open clock_at clock_of turn "
                                   "kind targets flags people decided_by approved_by approvals_needed last_seq").split()] + \
    [("meta", c) for c in "key value".split()]


def test_every_column_is_edited(database):
    assert sorted(COLUMNS) == sorted((t, c[0]) for t, columns in database.tables().items() if t not in DESK for c in columns)


@pytest.mark.parametrize("table,column", COLUMNS, ids=lambda x: x)
def test_a_value_is_edited(home, database, table, column):
    _, kind, may_be_null, _ = next(c for c in database.tables()[table] if c[0] == column)
    for row in sample(rows_of(database, table), column):
        values = [other(row[column], kind)]
        if may_be_null and row[column] is not None:
            values.append(None)
        for value in values:
            with database.edit() as db:
                sql = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
                try:
                    db.execute(sql, (value, row["rowid"]))
                except sqlite3.IntegrityError:       # that number is taken
                    value += 100000
                    db.execute(sql, (value, row["rowid"]))
                noticed(home, (table, column, row["rowid"], value), PLACE[table])


@pytest.mark.parametrize("name", [b"\x1b[2J", b"\xff\xc3", b"\xc2\x9b2J", b"n\ne"], ids=("escape", "no text", "C1", "line"))
@pytest.mark.parametrize("table, column", [("act", "order_ref"), ("proof", "commitment"), ("order_view", "ref"), ("meta", "key")])
def test_a_name_that_somebody_wrote_steers_no_terminal(home, database, table, column, name):
    with database.edit() as db:
        db.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE rowid = (SELECT max(rowid) FROM {table})", (name,))
        got = home.run("log", "verify")
        assert got.exit == 5 and not re.search("[\x1b\x80-\x9f]", got.out + got.err), got
        assert table == "meta" or any(line.startswith("DIFFERENCE") for line in got.out.splitlines()), got
        got = home.run("log", "verify", "--json")
        assert got.exit == 5 and (table == "meta" or json.loads(got.out)["findings"]), got


@pytest.mark.parametrize("table", PLACE)
def test_rows_are_deleted_added_and_swapped(home, database, table):
    rows = rows_of(database, table)
    names = [c[0] for c in database.tables()[table]]
    keys = [c[0] for c in database.tables()[table] if c[3]]
    # The acts of HOME are begun by the founding, which has the log's key.
    for row in [rows[0], rows[-1], *RANDOM.sample(rows, min(len(rows), 8))]:
        with database.edit() as db:
            db.execute(f"DELETE FROM {table} WHERE rowid = ?", (row["rowid"],))
            noticed(home, ("delete", table, row["rowid"]), PLACE[table])
    for row in RANDOM.sample(rows, min(len(rows), 3)):
        copy = {n: row[n] for n in names}
        for n, kind, _, is_key in database.tables()[table]:
            if is_key or (table, n) in (("act", "seq"), ("act", "commitment"), ("seal_act", "commitment")):
                copy[n] = copy[n] + 100000 if kind == "INTEGER" else copy[n][::-1]
        with database.edit() as db:
            db.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", list(copy.values()))
            noticed(home, ("insert", table, copy), PLACE[table] if table != "proof" else r"^proof\[")
    if len(rows) < 2:
        return
    # Two rows change places: everything but the key.
    for _ in range(3):
        a, b = RANDOM.sample(rows, 2)
        rest = [n for n in names if n not in keys and n != "commitment" and a[n] != b[n]]
        if not rest:
            continue
        with database.edit() as db:
            for n in rest:
                unique = table == "act" and n == "seq"
                if unique:
                    db.execute("UPDATE act SET seq = -seq WHERE rowid = ?", (a["rowid"],))
                for to, of in ((b, a), (a, b)) if not unique else ():
                    if not (table == "act" and n == "order_ref"):
                        db.execute(f"UPDATE {table} SET {n} = ? WHERE rowid = ?", (of[n], to["rowid"]))
            noticed(home, ("swap", table, a["rowid"], b["rowid"]), PLACE[table])


def test_two_acts_are_exchanged_with_their_proofs(home, database):
    """Everything that the log knows of them goes along; only their numbers change."""
    a, b = [r for r in rows_of(database, "act") if r["order_ref"] == home.first][1:3]
    with database.edit() as db:
        db.execute("UPDATE act SET seq = 0 WHERE rowid = ?", (a["rowid"],))
        db.execute("UPDATE act SET seq = ? WHERE rowid = ?", (a["seq"], b["rowid"]))
        db.execute("UPDATE act SET seq = ? WHERE rowid = ?", (b["seq"], a["rowid"]))
        noticed(home, "exchange", r"^act\[.*\.seq")


def test_a_founding_act_that_cannot_be_read(home, database):
    for sql in ("UPDATE act SET body = 'no JSON' WHERE id = 1", "UPDATE act SET act = 'found' WHERE id = 1",
                "DELETE FROM act WHERE id = 1", "UPDATE act SET body = NULL WHERE id = 1",
                "UPDATE act SET body = replace(body, 'log_vkey', 'log_wkey') WHERE id = 1",
                "UPDATE act SET order_ref = 'HOMF' WHERE id = 1"):
        with database.edit() as db:
            assert db.execute(sql).rowcount == 1
            noticed(home, sql, r"^act\[HOME 1\]")
            assert home.run("fsck", "--rebuild").exit == 5, sql


# ---- files ----

def log_files(home):
    return sorted(p for p in (home.dir / "log").rglob("*") if p.is_file() and p.name != "lock")


def named(home, path):
    return "^" + re.escape("log/" + str(path.relative_to(home.dir / "log")))


def test_a_byte_of_every_file_is_edited(home, database):
    files = log_files(home)
    assert len(files) == 6, files     # checkpoint; entries and hashes, full and partial; the hash of the full tile
    for path in files:
        was = path.read_bytes()
        # In the checkpoint every third byte, so that each of its fields is hit; else some two dozen.
        step = 3 if path.name == "checkpoint" else max(1, len(was) // 24)
        for at in range(RANDOM.randrange(step), len(was), step):
            flipped = bytearray(was)
            flipped[at] ^= 1 << RANDOM.randrange(8)
            path.write_bytes(flipped)
            noticed(home, (path, at), "^log/" if "tile" in str(path) else named(home, path))
        path.write_bytes(was)
    assert homes.findings(home)[:2] == (0, [])


def test_files_are_removed_cut_lengthened_and_added(home, database):
    for path in log_files(home):
        was = path.read_bytes()
        for edited in (was[:-1], was + b"\0", b"", was + was):
            path.write_bytes(edited)
            noticed(home, (path, len(edited)), "^log/")
        path.unlink()
        noticed(home, (path, "gone"), "^log/")
        path.write_bytes(was)
    for name in ("more", "tile/0/001", "tile/9/000"):
        path = home.dir / "log" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        noticed(home, name, named(home, path))
        path.unlink()
        if name.startswith("tile/9"):
            path.parent.rmdir()
    tiles = [p for p in log_files(home) if p.parent.name == "entries" or "000.p" in str(p)]
    assert tiles
    assert homes.findings(home)[:2] == (0, [])


@pytest.mark.parametrize("ticks", (1, 2, 3))
def test_an_older_home_is_put_back(home, tmp_path, ticks):
    """Database and log of before, whole and well formed; only the seal knows that more happened."""
    kept, newer = tmp_path / "log", tmp_path / "newer"
    shutil.copytree(home.dir / "log", kept)
    old = homes.Database(home)
    for _ in range(ticks):
        home.ok("gag", home.first, "--basis", "court", "--indefinite", as_="Ana")
    new = homes.Database(home)
    (home.dir / "log").rename(newer)
    kept.rename(home.dir / "log")
    old.put_back()
    noticed(home, ticks, "^log/checkpoint$")
    assert home.run("fsck", "--rebuild").exit == 5
    noticed(home, ticks, "^log/checkpoint$")
    shutil.rmtree(home.dir / "log")
    newer.rename(home.dir / "log")
    new.put_back()
    assert homes.findings(home)[:2] == (0, [])


# ---- what fsck mends ----

def test_projections_are_mended(home):
    database = homes.Database(home)
    before = database.query("SELECT * FROM order_view ORDER BY ref")
    for sql in ("DELETE FROM order_view", "UPDATE order_view SET state = 'received'",
                "INSERT INTO order_view SELECT 'W-ZZZZ-ZZZZ'" +
                "".join(", " + name for name, *_ in database.tables()["order_view"][1:]) + " FROM order_view LIMIT 1"):
        with database.edit() as db:
            db.execute(sql)
            noticed(home, sql, "^order_view")
            done = home.run("fsck", "--rebuild")
            assert done.exit == 0 and "was: order_view" in done.err, (done.out, done.err)
            assert database.query("SELECT * FROM order_view ORDER BY ref") == before


def test_an_act_is_not_mended(home):
    database = homes.Database(home)
    with database.edit() as db:
        db.execute("UPDATE act SET body = replace(body, 'ministry', 'monastry') WHERE body LIKE '%ministry%'")
        noticed(home, "act", r"^act\[")
        assert home.run("fsck", "--rebuild").exit == 5
        noticed(home, "act", r"^act\[")


def test_a_checkpoint_is_mended_and_a_tile_above_level_0(home):
    checkpoint = home.dir / "log" / "checkpoint"
    above = next(p for p in log_files(home) if "tile/1/" in str(p))
    for path, damage in ((checkpoint, None), (checkpoint, b"no checkpoint\n"), (above, b"\0" * 32), (above, None)):
        was = path.read_bytes()
        path.unlink()
        if damage:
            path.write_bytes(damage)
        noticed(home, (path, damage), "^log/")
        done = home.run("fsck", "--rebuild")
        assert done.exit == 0 and "was: log/" in done.err, (path, damage, done.out, done.err)
        assert path.read_bytes() == was
        assert homes.findings(home)[:2] == (0, [])


def test_removed_orders_have_no_row(home):
    """Retention took an order's bodies: rebuilding leaves it out, and the log still verifies."""
    ref = home.submit()
    homes.act_tool(home, "Ana", "remove", ref)
    home.ok("tick")
    database = homes.Database(home)
    assert database.query("SELECT count(*) FROM act WHERE order_ref = ? AND body IS NULL", ref) != [(0,)]
    done = home.run("fsck", "--rebuild", "--json")
    assert done.exit == 0 and json.loads(done.out)["differences"] == 0, (done.out, done.err)
    assert database.query("SELECT count(*) FROM order_view WHERE ref = ?", ref) == [(0,)]
    assert homes.findings(home)[:2] == (0, [])
    assert home.run("show", ref).exit != 0
