"""Whoever takes the database file finds no person, no source, no type, no worker and no case in it."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from signal_index.model import AuditEvent, CareRelation, Series
from signal_index.ports import Transaction
from signal_index.store import open_database

PEOPLE = 5
FEED = "00000004000000030000"


def forms(pseudonym: Pseudonym) -> set[bytes]:
    """How the bytes of a pseudonym could stand in a file; of base64, the part that is the same wherever it begins."""
    raw = pseudonym.encoded
    shifted = [bytes(shift) + raw for shift in range(3)]
    return {
        raw,
        raw[::-1],
        raw.hex().encode(),
        raw.hex().upper().encode(),
        *(encode(text)[4:-4] for text in shifted for encode in (b64encode, urlsafe_b64encode)),
    }


def fill(
    tx: Transaction, people: list[Pseudonym], series: Series, relation: CareRelation, now: datetime
) -> None:
    """Put everything about people into every table that knows any."""
    month = Month(2026, 4)
    tx.series.put(series)
    for number, someone in enumerate(people):
        tx.flags.put(someone, series, month, month.plus(12))
        tx.flags.hold(someone, series)
        tx.restrictions.put(someone, FEED, 1)
        tx.audit.append(AuditEvent("lookup.answered", now, {"allowed": [f"{series.type}:source"]}, someone))
        if number % 2:
            tx.flags.remove(someone, series.source, series.type)
            tx.restrictions.remove(someone, FEED)
    tx.relations.put(relation)


def bytes_on_disk(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


@pytest.mark.parametrize("moment", ["while it is open", "after it is closed"])
def test_the_files_hold_nothing_that_leads_to_a_person(
    path: Path,
    keys: IndexSecrets,
    now: datetime,
    person: Callable[[int], Pseudonym],
    a_series: Callable[..., Series],
    a_relation: Callable[..., CareRelation],
    moment: str,
) -> None:
    people = [person(number) for number in range(PEOPLE)]
    series, relation = a_series(), a_relation(1, person=person(1), confirmed_by="c.collega")
    with open_database(path, keys, writer_kind="serve") as database:
        database.run(lambda tx: fill(tx, people, series, relation, now))
        files = bytes_on_disk(path)
        assert len(files["index.db-wal"]) > 10_000
    if moment == "after it is closed":
        files = bytes_on_disk(path)
        assert files.keys() == {"index.db"}
    private = {relation.worker, relation.team, relation.case_reference, relation.registered_by, "c.collega"}
    texts = {text.encode() for text in private | {series.source, series.type}}
    pseudonyms = {form for someone in people for form in forms(someone)}
    secrets = {keys.row_keys.tag_key, keys.row_keys.data_key, keys.audit_keys.data_key}
    for name, content in files.items():
        assert not [len(needle) for needle in texts | pseudonyms | secrets if needle in content], name
    everything = b"".join(files.values())
    assert relation.publisher.encode() in everything  # the search does find what is there in the clear
    assert series.series_id in everything


def test_every_form_of_a_planted_pseudonym_would_be_found(person: Callable[[int], Pseudonym]) -> None:
    raw = person(1).encoded
    for before in (b"", b"x", b"xx", b"xxx"):
        planted = [
            raw,
            raw.hex().encode(),
            b64encode(before + raw + b"tail"),
            urlsafe_b64encode(before + raw),
        ]
        assert all(any(form in text for form in forms(person(1))) for text in planted)
