"""Divided flags are the same flags: in pieces on one server, and by what is said to a distributed one."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from signal_index.errors import SetupFault
from signal_index.model import NewFlag, Series, Wish
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, open_database, upgrade
from signal_index.store.places import Layout
from signal_index.store.places.layout import PIECES, statements

People = Callable[[int], Pseudonym]
PEOPLE = 40
# What the extension does, as far as one server can: it keeps a list of what it divided, and divides by a hash.
STAND_IN = """
CREATE TABLE pg_dist_partition (logicalrelid regclass);
CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION create_distributed_table(name regclass, by text, shard_count int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = name AND i.indisprimary AND a.attname = by
  ) THEN
    RAISE EXCEPTION 'the primary key has to hold the column that divides';
  END IF;
  INSERT INTO pg_dist_partition VALUES (name);
END $$;
"""


def stored(tx: Transaction, person: People, allowed: str) -> list[int]:
    """Of whom a flag is found."""
    month = Month.parse("2026-04")
    return [number for number in range(PEOPLE) if tx.flags.find(person(number), {allowed}, 16, month)]


@pytest.fixture
def filled(url: str, keys: IndexSecrets, person: People, a_series: Callable[..., Series]) -> str:
    """A database with a flag for every second person."""

    def fill(tx: Transaction) -> None:
        tx.series.put(a_series())
        since, until = Month.parse("2026-01"), Month.parse("2027-01")
        tx.flags.put([NewFlag(person(each), a_series(), since, until) for each in range(0, PEOPLE, 2)])

    with open_database(url, keys, writer_kind="serve") as database:
        database.run(fill)
    return url


def test_flags_in_pieces_are_found_changed_and_removed_like_whole_ones(
    filled: str, keys: IndexSecrets, person: People, a_series: Callable[..., Series]
) -> None:
    upgrade(filled, Layout.PARTITIONS)
    with psycopg.connect(filled) as reader:
        pieces = reader.execute("SELECT FROM pg_inherits WHERE inhparent = 'flags'::regclass").fetchall()
        used = reader.execute("SELECT DISTINCT tableoid FROM flags").fetchall()
    assert len(pieces) == PIECES
    assert len(used) > 1
    kind = a_series().type

    def cleared(tx: Transaction) -> list[int]:
        return [tx.flags.clear(a_series().series_id, share, limit=PEOPLE) for share in tx.flags.shares()]

    with open_database(filled, keys, writer_kind="serve") as database:
        assert database.run(lambda tx: stored(tx, person, kind)) == list(range(0, PEOPLE, 2))
        assert _together(database, person, kind) == list(range(0, PEOPLE, 2))
        gone = database.run(lambda tx: tx.flags.remove([Wish(person(0), a_series())]))
        assert gone == [a_series().series_id]
        assert sum(database.run(cleared)) == PEOPLE // 2 - 1


def _together(database: SqlDatabase, person: People, kind: str) -> list[int]:
    month = Month.parse("2026-04")

    def shows(who: Pseudonym) -> Callable[[Transaction], bool]:
        return lambda tx: bool(tx.flags.find(who, {kind}, 16, month))

    looks = [database.submit(shows(person(number)), looking=True) for number in range(PEOPLE)]
    return [number for number, found in enumerate(looks) if found.result()]


@pytest.mark.parametrize("layout", [Layout.PARTITIONS, Layout.CITUS])
def test_dividing_twice_changes_nothing_and_going_back_is_refused(
    filled: str, layout: Layout, keys: IndexSecrets, person: People, a_series: Callable[..., Series]
) -> None:
    with psycopg.connect(filled) as connection:
        connection.execute(STAND_IN)
    upgrade(filled, layout)
    upgrade(filled, layout)
    with pytest.raises(SetupFault, match="flag_layout"):
        upgrade(filled)
    with open_database(filled, keys, writer_kind="serve") as database:
        assert database.run(lambda tx: stored(tx, person, a_series().type)) == list(range(0, PEOPLE, 2))


def test_series_are_everywhere_before_the_flags_that_refer_to_them_are_divided() -> None:
    first, second = statements(Layout.CITUS)
    assert "create_reference_table('series')" in first
    assert "create_distributed_table('flags', 'bucket'" in second


def test_a_server_without_the_extension_says_so_and_changes_nothing(filled: str, keys: IndexSecrets) -> None:
    with pytest.raises(SetupFault, match="cannot be changed"):
        upgrade(filled, Layout.CITUS)
    with open_database(filled, keys, writer_kind="serve") as database:
        assert database.run(lambda tx: len(tx.series.all())) == 1


def test_a_file_is_never_divided(path: Path) -> None:
    with pytest.raises(SetupFault, match="needs PostgreSQL"):
        upgrade(path, Layout.PARTITIONS)
