"""Whoever takes the database file finds no person, no source, no type and no case in it, and no worker at work.

Who works here stands in the staff list, in the clear; that she looked, for whom she covers or what she doubts does not.
"""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from signal_index.model import AuditEvent, CareRelation, NewFlag, Series, StaffMember, Wish
from signal_index.model.openings import Opening, OpeningReason
from signal_index.model.workplace import (
    Cover,
    CoverReason,
    Informed,
    Preferences,
    Question,
    Session,
    Useful,
    Verdict,
    View,
)
from signal_index.ports import Transaction
from signal_index.store import open_database
from signal_index.store.places import place_of
from signal_index.store.schema import metadata

PEOPLE = 5
FEED = "00000004000000030000"
COOKIE, TICKET = b"\x81the-secret-in-the-cookie\xf3-32byt", "ticket-of-the-regiesysteem"
VIEW_KEY = "0123456789abcdef"
ADDRESS = "digest@gemeente.example"
ASKED = Opening(
    opening_id=b"\x01" * 16,
    organisation="00000004000000020000",
    writer=b"\x9awriter\xf3",
    number=12,
    reason=OpeningReason.INVESTIGATION,
    dossier="PO-2026-014",
    asked_by="p.vraagt",
    asked_at=datetime(2026, 4, 1, 9, tzinfo=UTC),
)
OPENINGS = (
    ASKED,
    replace(ASKED, opening_id=b"\x02" * 16, decided_by="p.beslist", decided_at=ASKED.asked_at, approved=True),
)


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
        tx.flags.put([NewFlag(someone, series, month, month.plus(12))])
        tx.flags.hold([Wish(someone, series)])
        tx.restrictions.put(someone, FEED, 1)
        tx.audit.append(AuditEvent("lookup.answered", now, {"allowed": [f"{series.type}:source"]}, someone))
        if number % 2:
            tx.flags.remove([Wish(someone, series)])
            tx.restrictions.remove(someone, FEED)
    tx.relations.put(relation)


@pytest.fixture
def fill_workplace(
    a_session: Callable[..., Session],
    a_view: Callable[..., View],
    a_cover: Callable[..., Cover],
    a_question: Callable[..., Question],
) -> Callable[[Transaction], None]:
    """Puts two rows into every table of the workplace: one with every field filled in, one as bare as it can be."""
    full = a_view(1, useful=Useful.YES, told_on=date(2026, 4, 2), fridge=(VIEW_KEY,))
    bare = a_view(2, domains=frozenset(), allowed={}, any_shown=False)
    ended = a_cover(1, reason=CoverReason.WORKLOAD, ended_on=date(2026, 4, 9))
    answered = a_question(1, verdict=Verdict.MENDED, answered_on=date(2026, 4, 9))

    def fill(tx: Transaction) -> None:
        tx.sessions.put(COOKIE, a_session())
        tx.sessions.put(COOKIE[::-1], a_session(role=None, name=None, email=None, csrf=""))
        for view in (full, bare):
            tx.views.put(view)
        for cover in (ended, a_cover(2, delegate="d")):
            tx.covers.put(cover)
        for question in (answered, a_question(2, source="s", type="t")):
            tx.questions.put(question)
        tx.tickets.use(TICKET, full.ends_at)
        # Her own entry of the staff list stays out, since a staff id may stand there and nowhere else.
        tx.staff.put(StaffMember("b.digest", full.organisation, "noord", active=True, name="Bo Digest"))
        tx.preferences.put(Preferences("b.digest", ADDRESS))
        for opening in OPENINGS:
            tx.openings.put(opening)

    return fill


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
    fill_workplace: Callable[[Transaction], None],
    moment: str,
) -> None:
    people = [person(number) for number in range(PEOPLE)]
    series, relation = a_series(), a_relation(1, person=person(1), confirmed_by="c.collega")
    with open_database(path, keys, writer_kind="serve") as database:
        database.run(lambda tx: fill(tx, people, series, relation, now))
        database.run(fill_workplace)
        files = bytes_on_disk(path)
        assert len(files["index.db-wal"]) > 10_000
    if moment == "after it is closed":
        files = bytes_on_disk(path)
        assert files.keys() == {"index.db"}
    private = {relation.worker, relation.team, relation.case_reference, relation.registered_by, "c.collega"}
    private |= {"Wil Jansen", "w.jansen@", "form-token", "voorbereiding-huisbezoek", "financien", "wmo-voor"}
    private |= {OpeningReason.INVESTIGATION.value, ASKED.dossier, ASKED.asked_by, "p.beslist"}
    private |= {TICKET, VIEW_KEY, Informed.TOLD.value, CoverReason.WORKLOAD.value, Verdict.MENDED.value}
    texts = {text.encode() for text in private | {series.source, series.type, COOKIE.hex()}}
    texts |= {COOKIE[:16], COOKIE[16:]}
    pseudonyms = {form for someone in people for form in forms(someone)}
    secrets = {keys.row_keys.tag_key, keys.row_keys.data_key, keys.audit_keys.data_key}
    for name, content in files.items():
        assert not [len(needle) for needle in texts | pseudonyms | secrets if needle in content], name
    everything = b"".join(files.values())
    assert relation.publisher.encode() in everything  # the search does find what is there in the clear
    assert series.series_id in everything
    assert {text for text in (b"b.digest", ADDRESS.encode(), b"V-7K2M-0001") if text in everything} == {
        b"b.digest",  # the staff list
        ADDRESS.encode(),  # the preferences, the one place where an address may stand
        b"V-7K2M-0001",  # a question's reference, which says nothing
    }


SEALED = [
    column
    for table in ("sessions", "views", "covers", "questions", "openings")
    for column in metadata.tables[table].columns
    if column.name.startswith("sealed")
]


def test_sealed_cells_of_one_column_are_equally_long(
    path: Path, keys: IndexSecrets, fill_workplace: Callable[[Transaction], None]
) -> None:
    with open_database(path, keys, writer_kind="serve") as database:
        database.run(fill_workplace)
    assert len(SEALED) == 6
    with place_of(path).engine().connect() as thief:
        for column in SEALED:
            cells = thief.execute(select(column)).scalars().all()
            assert len(cells) == len(set(cells)) == 2
            assert len(set(map(len, cells))) == 1, str(column)


def test_no_tag_of_one_column_stands_in_another(
    path: Path,
    keys: IndexSecrets,
    now: datetime,
    person: Callable[[int], Pseudonym],
    a_series: Callable[..., Series],
    a_relation: Callable[..., CareRelation],
    fill_workplace: Callable[[Transaction], None],
) -> None:
    series, relation = a_series(), a_relation(1, person=person(1))
    with open_database(path, keys, writer_kind="serve") as database:
        database.run(lambda tx: fill(tx, [person(1)], series, relation, now))
        database.run(fill_workplace)
    columns = [c for table in metadata.tables.values() for c in table.columns if c.name.endswith("tag")]
    with place_of(path).engine().connect() as thief:
        tags = {str(column): set(thief.execute(select(column)).scalars()) for column in columns}
    assert len(tags) >= 16
    pairs = [(one, two) for one, two in product(tags, tags) if one < two]
    assert not [(one, two) for one, two in pairs if tags[one] & tags[two] - {None}]


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
