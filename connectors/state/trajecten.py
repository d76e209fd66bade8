"""What the messages so far say about each traject, kept sealed at the source."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from connectors.reading import Observation
from connectors.statements import day_text
from connectors.trajecten import TrajectRecord, merge, periods
from crypto.chain import Bsn
from crypto.encoding import decode, encode
from crypto.sealing import RowKeys, seal, tag, unseal

STATEMENTS_MAX: Final = 400
"""Kept of one traject. Each costs time at every later word about it, so without a limit one file of 10 MB that tells of
thirty thousand first days keeps this process busy for hours."""


class ToldTooOften(Exception):
    """A traject holds as many statements as it may; what was known of it stays as it was."""


def person_tag(keys: RowKeys, person: Bsn) -> bytes:
    """The tag a person is found by, over all streams."""
    return tag(keys, "person", person.digits)


class Trajecten:
    """The table of trajecten; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._keys = keys

    def observe(self, stream_id: int, observation: Observation) -> bool:
        """Add one observation to its traject, and mark the person to be counted again.

        Returns:
            False when the observation adds nothing.

        Raises:
            ToldTooOften: it would add to a traject that holds enough.
        """
        person = person_tag(self._keys, observation.person)
        key = tag(self._keys, "traject", stream_id, person, observation.traject)
        row = self._connection.execute("SELECT sealed FROM traject WHERE key = ?", (key,)).fetchone()
        known = self._unseal(key, row[0]) if row else None
        record = merge(known, observation)
        if record == known:
            return False
        if record.size > max(STATEMENTS_MAX, known.size if known else 0):
            raise ToldTooOften
        self._connection.execute(
            "INSERT INTO traject (key, stream, person, sealed, turns_on) VALUES (?, ?, ?, ?, '')"
            " ON CONFLICT DO UPDATE SET sealed = excluded.sealed, turns_on = ''",
            (key, stream_id, person, self._seal(key, record)),
        )
        return True

    def recount(self, person: Bsn) -> None:
        """Mark a person to be counted again in every stream, because of something else than her trajecten."""
        self._connection.execute(
            "UPDATE traject SET turns_on = '' WHERE stream IN (SELECT id FROM stream) AND person = ?",
            (person_tag(self._keys, person),),
        )

    def recount_residents(self) -> None:
        """Mark everybody to be counted again of whom it is known where she lives."""
        self._connection.execute(
            "UPDATE traject SET turns_on = '' WHERE person IN (SELECT person FROM residence)"
        )

    def to_count(self, as_of: date) -> Iterator[tuple[int, Sequence[TrajectRecord]]]:
        """Take everybody whose flag may have changed by this day: by a message, or because time went on.

        Yields:
            Stream and all trajecten in it, one person at a time; marked as counted when the next is asked for.
        """
        while True:
            row = self._connection.execute(
                "SELECT stream, person FROM traject WHERE turns_on <= ? LIMIT 1", (as_of.isoformat(),)
            ).fetchone()
            if row is None:
                return
            stream_id, person = row
            yield stream_id, self._of_person(stream_id, person, as_of)

    def of_person(self, stream_id: int, person: Bsn) -> Sequence[TrajectRecord]:
        """All trajecten of a person in a stream, those that are over included; nothing is marked."""
        return [record for _, record in self._records(stream_id, person_tag(self._keys, person))]

    def _of_person(self, stream_id: int, person: bytes, as_of: date) -> Sequence[TrajectRecord]:
        records = self._records(stream_id, person)
        self._connection.executemany(
            "UPDATE traject SET turns_on = ? WHERE key = ?",
            [(day_text(next_turn(record, as_of)), key) for key, record in records],
        )
        return [record for _, record in records]

    def _records(self, stream_id: int, person: bytes) -> Sequence[tuple[bytes, TrajectRecord]]:
        rows = self._connection.execute(
            "SELECT key, sealed FROM traject WHERE stream = ? AND person = ? ORDER BY key",
            (stream_id, person),
        ).fetchall()
        return [(key, self._unseal(key, sealed)) for key, sealed in rows]

    def _seal(self, key: bytes, record: TrajectRecord) -> bytes:
        content = json.dumps(record.to_dict(), separators=(",", ":"))
        plaintext = encode("traject-record", record.person.digits, content)
        return seal(self._keys, plaintext, table="traject", column="sealed", row=key)

    def _unseal(self, key: bytes, sealed: bytes) -> TrajectRecord:
        opened = unseal(self._keys, sealed, table="traject", column="sealed", row=key)
        digits, content = decode("traject-record", opened, 2)
        return TrajectRecord.from_dict(json.loads(content), person=Bsn.parse(digits.decode("ascii")))


def next_turn(record: TrajectRecord, as_of: date) -> date | None:
    """The first day after this one on which the traject begins or stops running; None when it stays as it is."""
    days: Iterable[date | None] = (
        day for period in periods(record) for day in (period.start, _day_after(period.end))
    )
    return min((day for day in days if day is not None and day > as_of), default=None)


def _day_after(day: date | None) -> date | None:
    return None if day is None or day == date.max else day + timedelta(days=1)
