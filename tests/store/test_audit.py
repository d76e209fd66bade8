"""The audit log: gap-free, chained, sealed; whatever is changed in it is named."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from crypto import records
from crypto.chain import Pseudonym
from crypto.encoding import encode
from crypto.errors import VerificationFailed
from crypto.keyfiles import IndexSecrets
from crypto.sealing import RowKeys, seal
from signal_index.errors import Unavailable
from signal_index.model import AuditEvent, FieldValue, Receipt
from signal_index.ports import Database, Transaction
from signal_index.store import open_database
from signal_index.store.audit import _NEWEST_FIRST, SqlAuditLog, _of
from signal_index.store.log.bodies import BODY_BYTES

People = Callable[[int], Pseudonym]

RECORDS = 5


@pytest.fixture
def receipts(database: Database, now: datetime, person: People) -> list[Receipt]:
    """Records 1 to 5, of which the even ones concern a person."""

    def job(tx: Transaction) -> list[Receipt]:
        return [
            tx.audit.append(
                AuditEvent(
                    "lookup.answered" if number % 2 == 0 else "log.read",
                    now + timedelta(seconds=number),
                    {"number": number, "allowed": ["schuldhulptraject:source"], "any_shown": True},
                    person(number) if number % 2 == 0 else None,
                )
            )
            for number in range(1, RECORDS + 1)
        ]

    return database.run(job)


def append(database: Database, at: datetime, **fields: FieldValue) -> Receipt:
    return database.run(lambda tx: tx.audit.append(AuditEvent("log.read", at, fields)))


def test_records_come_back_newest_first_with_their_receipts(
    database: Database, receipts: list[Receipt], now: datetime
) -> None:
    entries = list(database.run(lambda tx: tx.audit.entries()))
    assert [entry.number for entry in entries] == [5, 4, 3, 2, 1]
    assert [Receipt(e.writer, e.number, e.leaf) for e in reversed(entries)] == receipts
    assert entries[0].fields == {"number": 5, "allowed": ["schuldhulptraject:source"], "any_shown": True}
    assert (entries[1].event, entries[1].at) == ("lookup.answered", now + timedelta(seconds=4))
    assert database.run(lambda tx: tx.log.check().records) == RECORDS


def test_a_reader_may_ask_for_some_events_or_the_newest_few(
    database: Database, receipts: list[Receipt]
) -> None:
    def numbers(tx: Transaction) -> list[list[int]]:
        asked = [
            tx.audit.entries(events={"lookup.answered"}),
            tx.audit.entries(events={"lookup.answered", "log.read"}, limit=3),
            tx.audit.entries(limit=1),
            tx.audit.entries(events=()),
        ]
        return [[entry.number for entry in entries] for entries in asked]

    assert database.run(numbers) == [[4, 2], [5, 4, 3], [5], []]


def test_a_job_sees_its_own_record_before_the_commit(database: Database, now: datetime) -> None:
    def job(tx: Transaction) -> tuple[int, int]:
        tx.audit.append(AuditEvent("log.read", now))
        seen = len(list(tx.audit.entries()))
        tx.audit.append(AuditEvent("log.read", now))
        return seen, tx.log.check().records

    assert database.run(job) == (1, 2)
    assert database.run(lambda tx: tx.log.check().records) == 2


FIELDS = st.dictionaries(
    st.text(max_size=20),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8"), max_size=40)
    | st.lists(st.text(st.characters(codec="utf-8"), max_size=10), max_size=5),
    max_size=5,
)


class Undo(Exception):
    """Ends a job that is not to leave a trace."""


@given(fields=FIELDS, at=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the bounds are naive by contract
def test_any_plain_fields_come_back_as_they_were(
    shared_database: Database, fields: dict[str, FieldValue], at: datetime
) -> None:
    def job(tx: Transaction) -> None:
        tx.audit.append(AuditEvent("log.read", at, fields))
        (entry,) = tx.audit.entries()
        assert (entry.fields, entry.at) == (fields, at)
        assert tx.log.check().records == 1
        raise Undo

    with pytest.raises(Undo):
        shared_database.run(job)


@pytest.mark.parametrize("value", [0.5, [1], {"a": 1}, b"bytes", [0.5, "text"], ("text",)])
def test_what_is_no_plain_value_is_not_recorded(database: Database, now: datetime, value: object) -> None:
    event = AuditEvent("log.read", now, {"colour": value})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="field colour of event"):
        database.run(lambda tx: tx.audit.append(event))
    assert append(database, now).number == 1


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=2))])
def test_a_time_that_is_not_utc_is_not_recorded(database: Database, zone: timezone | None) -> None:
    at = datetime(2026, 4, 1, tzinfo=zone)
    with pytest.raises(ValueError, match="UTC"):
        append(database, at)


def test_a_record_far_before_the_last_one_means_the_clock_was_moved(
    database: Database, now: datetime
) -> None:
    append(database, now)
    with pytest.raises(Unavailable) as fault:
        append(database, now - timedelta(seconds=11))
    assert fault.value.code == "clock"
    assert append(database, now).number == 2
    assert database.run(lambda tx: tx.log.check().records) == 2


def test_a_record_that_had_to_wait_gets_the_time_of_the_one_before(database: Database, now: datetime) -> None:
    append(database, now)
    append(database, now - timedelta(seconds=3))
    assert [entry.at for entry in database.run(lambda tx: tx.audit.entries())] == [now, now]


def test_a_record_commits_to_the_person_without_naming_her(
    database: Database, path: Path, keys: IndexSecrets, receipts: list[Receipt], person: People
) -> None:
    with closing(sqlite3.connect(path)) as reader:
        rows = reader.execute(
            "SELECT number, salt, commitment, person_tag FROM audit_records ORDER BY number"
        ).fetchall()
    assert [tag is not None for *_, tag in rows] == [False, True, False, True, False]
    body = (
        b'{"at":"2026-04-01T09:30:02+00:00","event":"lookup.answered","fields":{"allowed":'
        b'["schuldhulptraject:source"],"any_shown":true,"number":2},'
        b'"processing":{"activity":"raadplegen/1","name":"Raadplegen welke hulp er loopt","processor":null,'
        b'"started_at":"2026-04-01T09:30:02+00:00","status":"Unset"},"subject":"%s",'
        b'"trace":{"span_id":"%s","trace_id":"%s"}}'
    )
    span = next(iter(database.run(lambda tx: tx.audit.entries(subject=person(2))))).action
    assert span is not None
    named = (span.span_id.hex().encode(), span.trace_id.hex().encode())
    salt = rows[1][1]
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (salt, person(2).encoded))
    label = len(b"audit-subject").to_bytes(4, "big") + b"audit-subject" + (2).to_bytes(4, "big")
    commitment = sha256(label + parts).hexdigest().encode()
    assert records.commitment(salt, body % (commitment, *named)) == rows[1][2]
    assert records.leaf(receipts[1].writer, 2, rows[1][2]) == receipts[1].leaf


def test_all_looks_take_the_same_room(database: Database, path: Path, now: datetime, person: People) -> None:
    def job(tx: Transaction) -> None:
        for allowed in (
            [],
            ["schuldhulptraject:source"],
            [f"type-{n:02}-and-some-more:contact" for n in range(20)],
        ):
            for shown in (True, False):
                fields: dict[str, FieldValue] = {"allowed": allowed, "any_shown": shown, "facts": "f" * 850}
                tx.audit.append(AuditEvent("lookup.answered", now, fields, person(1)))

    database.run(job)
    with closing(sqlite3.connect(path)) as reader:
        sizes = reader.execute(
            "SELECT DISTINCT length(sealed_body), length(sealed_subject) FROM audit_records"
        )
        assert len(sizes.fetchall()) == 1


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("events", "by"),
    [
        (("log.exported",), "event_recorded_at (event=?)"),
        (("lookup.refused", "log.read"), "recorded_at_writer_number"),
        (None, "recorded_at_writer_number"),
    ],
)
def test_the_newest_record_is_found_without_reading_the_log(
    database: Database, events: tuple[str, ...] | None, by: str
) -> None:
    statement = _NEWEST_FIRST if events is None else _NEWEST_FIRST.where(*_of(events))
    text = statement.limit(1).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})

    def plan(tx: Transaction) -> str:
        connection = tx.audit._connection  # type: ignore[attr-defined]
        return " ".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))

    found = database.run(plan)
    assert f"INDEX ix_audit_records_{by}" in found
    assert "TEMP B-TREE FOR ORDER BY" not in found


def test_a_large_record_fits_and_a_larger_one_is_refused(database: Database, now: datetime) -> None:
    append(database, now, text="x" * 50_000)
    with pytest.raises(ValueError, match="record of this size"):
        append(database, now, text="x" * 70_000)
    assert database.run(lambda tx: tx.log.check().records) == 1


COLUMNS = (
    "recorded_at",
    "event",
    "salt",
    "commitment",
    "link",
    "sealed_body",
    "person_tag",
    "sealed_subject",
    "key_epoch",
)


READ = {column: f"SELECT {column} FROM audit_records WHERE number = 2" for column in COLUMNS}  # noqa: S608 - column names
WRITE = {column: f"UPDATE audit_records SET {column} = ? WHERE number = 2" for column in COLUMNS}  # noqa: S608 - as above


def changed(value: object, place: int) -> object:
    """The value with one byte changed: the first, the last or one in the middle."""
    if isinstance(value, int):
        return value ^ (1 << (0, 7, 20)[place])
    data = bytearray(value.encode() if isinstance(value, str) else bytes(value))  # type: ignore[call-overload]
    data[(0, len(data) // 2, len(data) - 1)[place]] ^= 1
    return data.decode() if isinstance(value, str) else bytes(data)


def tamper(path: Path, statement: str, *parameters: object) -> None:
    """Change the log from outside, as the administrator of the database could."""
    with closing(sqlite3.connect(path)) as thief, thief:
        assert thief.execute(statement, parameters).rowcount > 0


def fault_of(database: Database) -> str:
    with pytest.raises(VerificationFailed) as fault:
        database.run(lambda tx: tx.log.check())
    return str(fault.value)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_byte_in_any_column_is_named(
    database: Database, path: Path, receipts: list[Receipt], column: str, place: int
) -> None:
    with closing(sqlite3.connect(path)) as reader:
        (value,) = reader.execute(READ[column]).fetchone()
    tamper(path, WRITE[column], changed(value, place))
    message = fault_of(database)
    assert receipts[0].writer.hex() in message
    assert "record 2" in message or "number 2" in message


OTHER_CHANGES = {
    "a record removed from the middle": ("DELETE FROM audit_records WHERE number = 3", "number 3"),
    "the first record removed": ("DELETE FROM audit_records WHERE number = 1", "number 1"),
    "a record renumbered": ("UPDATE audit_records SET number = 9 WHERE number = 4", "number 4"),
    "two records swapped": (
        "UPDATE audit_records SET number = CASE number WHEN 2 THEN 102 ELSE 2 END WHERE number IN (2, 4)",
        "record 2",
    ),
    "the person taken out": (
        "UPDATE audit_records SET person_tag = NULL, sealed_subject = NULL WHERE number = 2",
        "record 2",
    ),
    "only the seal of the person taken out": (
        "UPDATE audit_records SET sealed_subject = NULL WHERE number = 2",
        "record 2",
    ),
    "a body cut short": ("UPDATE audit_records SET sealed_body = x'00' WHERE number = 4", "record 4"),
    "a time out of this world": (
        "UPDATE audit_records SET recorded_at = 1 << 62 WHERE number = 5",
        "record 5",
    ),
    "all records of a writer removed": ("DELETE FROM audit_records", "lost its records"),
    "a writer struck off": ("DELETE FROM audit_writers", "never registered"),
}


@pytest.mark.parametrize(("statement", "said"), OTHER_CHANGES.values(), ids=OTHER_CHANGES.keys())
def test_what_is_removed_or_moved_is_named(
    database: Database, path: Path, receipts: list[Receipt], statement: str, said: str
) -> None:
    tamper(path, statement)
    assert said in fault_of(database)


def test_a_body_moved_to_another_record_does_not_open(
    database: Database, path: Path, receipts: list[Receipt]
) -> None:
    tamper(
        path,
        "UPDATE audit_records SET sealed_body = (SELECT sealed_body FROM audit_records WHERE number = 2) "
        "WHERE number = 4",
    )
    with pytest.raises(Unavailable):
        database.run(lambda tx: list(tx.audit.entries()))
    assert "record 4" in fault_of(database)


def test_a_body_rewritten_with_the_right_keys_does_not_match_its_commitment(
    database: Database, path: Path, keys: IndexSecrets, receipts: list[Receipt]
) -> None:
    place = encode("audit_records", receipts[0].writer, 1)
    body = b'{"at":"2026-04-01T09:30:01+00:00","event":"log.read","fields":{},"subject":null}'
    resealed = seal(
        keys.audit_keys, body, table="audit_records", column="sealed_body", row=place, size=BODY_BYTES[0]
    )
    tamper(path, "UPDATE audit_records SET sealed_body = ? WHERE number = 1", resealed)
    (entry,) = list(database.run(lambda tx: tx.audit.entries()))[-1:]
    assert entry.fields == {}
    assert "record 1" in fault_of(database)


def test_two_processes_keep_chains_of_their_own(
    database: Database, path: Path, keys: IndexSecrets, now: datetime
) -> None:
    with open_database(path, keys, writer_kind="cli") as other:
        for step in range(3):
            append(database, now + timedelta(seconds=step))
            append(other, now + timedelta(seconds=step, milliseconds=500))
        entries = list(database.run(lambda tx: tx.audit.entries()))
        assert [entry.number for entry in entries] == [3, 3, 2, 2, 1, 1]
        assert len({entry.writer for entry in entries}) == 2
        assert other.run(lambda tx: tx.log.check().records) == 6
    with closing(sqlite3.connect(path)) as reader:
        kinds = reader.execute("SELECT kind FROM audit_writers ORDER BY kind").fetchall()
    assert kinds == [("cli",), ("serve",)]


def test_each_start_is_a_new_writer(path: Path, keys: IndexSecrets, now: datetime) -> None:
    writers = set()
    for _ in range(3):
        with open_database(path, keys, writer_kind="cli") as opened:
            writers.add(append(opened, now).writer)
    assert len(writers) == 3
    assert {len(writer) for writer in writers} == {8}


def test_bodies_open_with_the_audit_keys_alone(
    database: Database, keys: IndexSecrets, receipts: list[Receipt]
) -> None:
    def read_with(audit_keys: RowKeys) -> int:
        def job(tx: Transaction) -> int:
            connection = tx.audit._connection  # type: ignore[attr-defined]
            log = SqlAuditLog(
                connection,
                bytes(8),
                "cli",
                keys=audit_keys,
                person_keys=keys.row_keys,
            )
            return len(log.entries())

        return database.run(job)

    assert read_with(keys.audit_keys) == RECORDS
    with pytest.raises(Unavailable):
        read_with(keys.row_keys)
