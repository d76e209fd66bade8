"""A row that was changed from outside is a fault, never a guess: not a longer session, not another delegate."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crypto.encoding import encode
from crypto.keyfiles import IndexSecrets
from signal_index.errors import Unavailable
from signal_index.ports import Database, Transaction
from signal_index.store.cells import Cells
from signal_index.store.workplace import covers, questions, sessions, views

COOKIES = (b"1" * 32, b"2" * 32)


@pytest.fixture
def filled(database: Database, a_session: Any, a_view: Any, a_cover: Any, a_question: Any) -> Database:
    """Two of everything, of different people and moments."""
    later = timedelta(minutes=1)

    def job(tx: Transaction) -> None:
        session = a_session()
        tx.sessions.put(COOKIES[0], session)
        tx.sessions.put(COOKIES[1], replace(session, staff_id="s.ander", seen_at=session.seen_at + later))
        tx.views.put(a_view(1))
        tx.views.put(a_view(2, worker="s.ander"))
        tx.covers.put(a_cover(1))
        tx.covers.put(a_cover(2, absentee="s.ander", delegate="d.derde", team="zuid"))
        tx.questions.put(a_question(1))
        tx.questions.put(a_question(2, asked_by="s.ander", source="elders", type="anders"))

    database.run(job)
    return database


def other(table: str, column: str, order: str) -> str:
    """Give the first row what the second has in this column."""
    return (
        f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} ORDER BY {order} DESC LIMIT 1) "  # noqa: S608
        f"WHERE rowid = (SELECT rowid FROM {table} ORDER BY {order} LIMIT 1)"
    )


TAMPERING: dict[str, tuple[str, str]] = {
    "a session that was seen later": ("sessions", "UPDATE sessions SET seen_at = seen_at + 3600000000"),
    "a session seen at no time": ("sessions", "UPDATE sessions SET seen_at = 9223372036854775807"),
    "a session of somebody else": ("sessions", other("sessions", "staff_tag", "seen_at")),
    "the body of another session": ("sessions", other("sessions", "sealed_body", "seen_at")),
    "a session cut short": ("sessions", "UPDATE sessions SET sealed_body = substr(sealed_body, 1, 500)"),
    "a view that was opened later": ("views", "UPDATE views SET opened_at = opened_at + 1"),
    "the body of somebody else's view": ("views", other("views", "sealed_body", "opened_at")),
    "a view handed to somebody else": ("views", "UPDATE views SET worker_tag = :tag WHERE worker_tag <> :tag"),
    "a view under another id": ("views", "UPDATE views SET view_id = :id"),
    "a cover that lasts longer": ("covers", "UPDATE covers SET last_day = '2026-12-31'"),
    "a cover until no day": ("covers", "UPDATE covers SET last_day = 'ever'"),
    "a cover with another delegate": ("covers", other("covers", "delegate_tag", "last_day")),
    "a cover of another absentee": ("covers", other("covers", "absentee_tag", "last_day")),
    "a cover of another team": ("covers", other("covers", "team_tag", "last_day")),
    "the body of another cover": ("covers", other("covers", "sealed_body", "last_day")),
    "a cover of another organisation": ("covers", "UPDATE covers SET organisation = '00000004000000090000'"),
    "a cover under another id": ("covers", "UPDATE covers SET cover_id = :id WHERE last_day = '2026-05-01'"),
    "a question that is due later": ("questions", "UPDATE questions SET due_on = '2026-12-31'"),
    "a question about another flag": ("questions", other("questions", "flag_tag", "due_on")),
    "a question of another asker": ("questions", other("questions", "asker_tag", "due_on")),
    "a question to another source": ("questions", other("questions", "source_tag", "due_on")),
    "a question about another person": ("questions", other("questions", "sealed_person", "due_on")),
    "the body in the place of the person": ("questions", "UPDATE questions SET sealed_person = sealed_body"),
    "the body of another question": ("questions", other("questions", "sealed_body", "due_on")),
    "a question under another reference": ("questions", "UPDATE questions SET reference = 'X' || reference"),
}  # fmt: skip


def read_all(path: Path, database: Database, table: str) -> None:
    """Read what there is, by whichever road each row can still be found."""
    with closing(sqlite3.connect(path)) as reader:
        if table == "questions":
            keys = [row[0] for row in reader.execute("SELECT reference FROM questions")]
        else:
            keys = reader.execute("SELECT organisation, cover_id FROM covers").fetchall()

    def job(tx: Transaction) -> None:
        if table == "sessions":
            assert all(tx.sessions.get(cookie) for cookie in COOKIES)
        elif table == "views":
            assert all(tx.views.of_worker(worker) for worker in ("w.jansen", "s.ander"))
        elif table == "covers":
            assert all(tx.covers.get(*key) for key in keys)
        else:
            assert all(tx.questions.get(key) for key in keys)

    database.run(job)


@pytest.mark.parametrize(("table", "change"), TAMPERING.values(), ids=TAMPERING.keys())
def test_a_row_that_was_changed_from_outside_is_a_fault(
    filled: Database, path: Path, keys: IndexSecrets, table: str, change: str
) -> None:
    read_all(path, filled, table)
    tag = Cells(keys.row_keys, "views").tag("worker_tag", "w.jansen")
    with closing(sqlite3.connect(path)) as thief, thief:
        if "UPDATE views SET view_id" in change:
            thief.execute("DELETE FROM views WHERE worker_tag <> :tag", {"tag": tag})
        assert thief.execute(change, {"tag": tag, "id": b"x" * 16}).rowcount > 0
    with pytest.raises(Unavailable) as fault:
        read_all(path, filled, table)
    assert fault.value.code == "damaged-row"
    assert table in fault.value.detail


RowKey = Callable[[sqlite3.Row], bytes]
BODIES: dict[str, tuple[str, int, RowKey]] = {
    "sessions": ("session", sessions.BODY_BYTES, lambda row: encode("sessions", row["session_tag"])),
    "views": ("view", views.BODY_BYTES, lambda row: encode("views", row["worker_tag"], row["view_id"])),
    "covers": (
        "cover",
        covers.BODY_BYTES,
        lambda row: encode("covers", row["organisation"], row["cover_id"]),
    ),
    "questions": ("question", questions.BODY_BYTES, lambda row: encode("questions", row["reference"])),
}


def fields_of(body: bytes, label: str) -> list[bytes]:
    """Take a body apart, however many fields it has."""
    offset = 4 + len(label) + 4
    fields = []
    while offset < len(body):
        size = int.from_bytes(body[offset : offset + 4], "big")
        fields.append(body[offset + 4 : offset + 4 + size])
        offset += 4 + size
    return fields


# Bodies that only a newer or faulty program could have sealed: (table, field, what it says).
STRANGE: dict[str, tuple[str, int, bytes]] = {
    "a second factor that is neither": ("sessions", 2, b"2"),
    "a second factor written another way": ("sessions", 2, b"01"),
    "a role without its mark": ("sessions", 3, b"wijkteammedewerker"),
    "a moment that is no number": ("sessions", 5, b"now"),
    "a moment beyond every calendar": ("sessions", 5, b"\xff" * 8),
    "a name that is no text": ("sessions", 7, b"=\xff"),
    "an unknown way of informing": ("views", 7, b"misschien"),
    "a level's types out of order": ("views", 15, b"b a"),
    "an area of life twice": ("views", 6, b"wonen wonen"),
    "an unknown answer": ("views", 11, b"=heel erg"),
    "an answer of nothing": ("views", 11, b"="),
    "a day that is none": ("views", 12, b"2026-02-30"),
    "a day written another way": ("views", 12, b"20260228"),
    "an unknown sheet": ("views", 13, b"behang"),
    "an unknown reason": ("covers", 5, b"ziek"),
    "no first day": ("covers", 3, b""),
    "an unknown verdict": ("questions", 7, b"=onzin"),
    "a verdict without its mark": ("questions", 7, b"klopt"),
}


@pytest.mark.parametrize(("table", "field", "said"), STRANGE.values(), ids=STRANGE.keys())
def test_a_body_that_says_something_unknown_is_a_fault_and_not_a_guess(
    filled: Database, path: Path, keys: IndexSecrets, table: str, field: int, said: bytes
) -> None:
    label, size, row_of = BODIES[table]
    cells = Cells(keys.row_keys, table)
    with closing(sqlite3.connect(path)) as programmer, programmer:
        programmer.row_factory = sqlite3.Row
        stored = programmer.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid").fetchone()  # noqa: S608
        body = cells.unseal("sealed_body", row_of(stored), stored["sealed_body"], size)
        fields = fields_of(body, label)
        assert encode(label, *fields) == body, "this test takes bodies apart as they are"
        fields[field] = said
        changed = cells.seal("sealed_body", row_of(stored), encode(label, *fields), size)
        put_back = f"UPDATE {table} SET sealed_body = ? WHERE rowid = ?"  # noqa: S608
        programmer.execute(put_back, (changed, stored["rowid"]))
    with pytest.raises(Unavailable) as fault:
        read_all(path, filled, table)
    assert fault.value.code == "damaged-row"
