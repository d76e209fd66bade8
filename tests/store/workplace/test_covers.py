"""Covers are found by either worker and by their team, within one organisation."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from signal_index.model.workplace import Cover
from signal_index.ports import Database, Transaction
from signal_index.store.workplace.covers import SqlCovers

NewCover = Callable[..., Cover]

ORGANISATION, ELSEWHERE = "00000004000000020000", "00000004000000090000"


def put(database: Database, *covers: Cover) -> None:
    def job(tx: Transaction) -> None:
        for cover in covers:
            tx.covers.put(cover)

    database.run(job)


def test_a_cover_is_found_in_its_organisation_only(database: Database, a_cover: NewCover) -> None:
    here, there = a_cover(1), a_cover(1, organisation=ELSEWHERE, delegate="e.elders")
    put(database, here, there)
    assert database.run(lambda tx: tx.covers.get(ORGANISATION, here.cover_id)) == here
    assert database.run(lambda tx: tx.covers.get(ELSEWHERE, here.cover_id)) == there
    assert database.run(lambda tx: tx.covers.get(ORGANISATION, bytes(16))) is None
    assert database.run(lambda tx: tx.covers.of_absentee(ORGANISATION, "w.jansen")) == [here]
    assert database.run(lambda tx: tx.covers.of_team(ELSEWHERE, "wijkteam-noord")) == [there]
    assert database.run(lambda tx: tx.covers.by_delegate(ORGANISATION, "e.elders")) == []


def test_who_is_away_and_who_looks_are_never_mixed_up(database: Database, a_cover: NewCover) -> None:
    there, back = a_cover(1), a_cover(2, absentee="c.collega", delegate="w.jansen")
    put(database, there, back)

    def found(tx: Transaction) -> list[list[Cover]]:
        covers = tx.covers
        return [
            list(find(ORGANISATION, who))
            for find in (covers.of_absentee, covers.by_delegate)
            for who in ("w.jansen", "c.collega")
        ]

    assert database.run(found) == [[there], [back], [back], [there]]
    assert database.run(lambda tx: tx.covers.of_team(ORGANISATION, "c.collega")) == []


def test_covers_come_in_order_of_first_day_and_ended_ones_too(database: Database, a_cover: NewCover) -> None:
    covers = [a_cover(number) for number in (3, 1, 2)]
    ended = replace(covers[1], ended_on=date(2026, 4, 2))
    put(database, *covers, ended)
    expected = [ended, covers[2], covers[0]]
    assert database.run(lambda tx: tx.covers.of_team(ORGANISATION, "wijkteam-noord")) == expected
    assert database.run(lambda tx: tx.covers.of_absentee(ORGANISATION, "w.jansen")) == expected
    assert database.run(lambda tx: tx.covers.by_delegate(ORGANISATION, "c.collega")) == expected


def test_storing_again_replaces_the_whole_and_moves_it_to_another_delegate(
    database: Database, a_cover: NewCover
) -> None:
    before = a_cover()
    after = replace(before, delegate="d.derde", last_day=date(2026, 4, 9), ended_on=date(2026, 4, 3))
    put(database, before, after)
    assert database.run(lambda tx: tx.covers.get(ORGANISATION, before.cover_id)) == after
    assert database.run(lambda tx: tx.covers.by_delegate(ORGANISATION, "c.collega")) == []
    assert database.run(lambda tx: tx.covers.by_delegate(ORGANISATION, "d.derde")) == [after]


def test_old_covers_go_by_their_last_day(database: Database, a_cover: NewCover) -> None:
    put(database, *(a_cover(number) for number in (1, 2, 3)))

    def remove(tx: Transaction) -> int:
        assert isinstance(tx.covers, SqlCovers)
        return tx.covers.remove_older(a_cover(2).last_day)

    assert database.run(remove) == 1
    left = database.run(lambda tx: tx.covers.of_team(ORGANISATION, "wijkteam-noord"))
    assert left == [a_cover(2), a_cover(3)]
