"""Views are their worker's alone, and nobody can tell somebody else's from one that never was."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from secrets import token_bytes

import pytest

from policy.vocabulary import Level
from signal_index.model.workplace import Useful, View
from signal_index.ports import Database, Transaction

NewView = Callable[..., View]


def put(database: Database, *views: View) -> None:
    def job(tx: Transaction) -> None:
        for view in views:
            tx.views.put(view)

    database.run(job)


def test_a_view_is_its_workers_alone(database: Database, a_view: NewView) -> None:
    mine, hers = a_view(1), a_view(2, worker="s.ander")
    put(database, mine, hers)
    asked = [
        ("w.jansen", mine.view_id),
        ("s.ander", mine.view_id),
        ("w.jansen", hers.view_id),
        ("w.jansen", bytes(16)),
    ]
    found = [database.run(lambda tx, key=key: tx.views.get(*key)) for key in asked]  # type: ignore[misc]
    assert found == [mine, None, None, None]
    assert database.run(lambda tx: tx.views.of_worker("s.ander")) == [hers]


@pytest.mark.usefixtures("path")
def test_somebody_elses_and_an_unknown_view_take_the_same_steps(database: Database, a_view: NewView) -> None:
    put(database, *(a_view(number, view_id=token_bytes(16)) for number in range(1, 40)))
    known = database.run(lambda tx: tx.views.of_worker("w.jansen"))[17].view_id

    def steps(tx: Transaction, worker: str, view_id: bytes) -> int:
        """Count the instructions SQLite's machine takes."""
        driver = tx.views._connection.connection.driver_connection  # type: ignore[attr-defined]
        count = 0

        def tick() -> int:
            nonlocal count
            count += 1
            return 0

        driver.set_progress_handler(tick, 1)
        tx.views.get(worker, view_id)
        driver.set_progress_handler(None, 1)
        return count

    database.run(lambda tx: steps(tx, "w.jansen", known))  # the statement is prepared once
    others = database.run(lambda tx: steps(tx, "s.ander", known))
    unknown = database.run(lambda tx: steps(tx, "s.ander", bytes(16)))
    own = database.run(lambda tx: steps(tx, "w.jansen", known))
    assert others == unknown > 0
    assert own > others, "the count does see a difference where there is one"


def test_views_come_newest_first(database: Database, a_view: NewView) -> None:
    views = [a_view(number) for number in (3, 1, 4, 2)]
    put(database, *views, a_view(9, worker="s.ander"))
    found = database.run(lambda tx: tx.views.of_worker("w.jansen"))
    assert [view.view_id[-1] for view in found] == [4, 3, 2, 1]
    assert database.run(lambda tx: tx.views.of_worker("nobody")) == []


def test_storing_again_replaces_the_whole(database: Database, a_view: NewView) -> None:
    before = a_view()
    after = replace(
        before,
        ends_at=before.opened_at + timedelta(minutes=3),
        useful=Useful.UNSURE,
        told_on=date(2026, 4, 2),
        fridge=("0123456789abcdef",),
    )
    put(database, before, after)
    assert database.run(lambda tx: tx.views.of_worker(before.worker)) == [after]


def test_a_view_with_the_id_of_somebody_elses_does_not_replace_hers(
    database: Database, a_view: NewView
) -> None:
    mine, hers = a_view(1), a_view(1, worker="s.ander")
    put(database, mine, hers)
    assert database.run(lambda tx: tx.views.get("w.jansen", mine.view_id)) == mine
    assert database.run(lambda tx: tx.views.get("s.ander", mine.view_id)) == hers


def test_old_views_go_by_the_moment_they_were_opened(database: Database, a_view: NewView) -> None:
    put(database, *(a_view(number) for number in (1, 2, 3)), a_view(1, worker="s.ander"))
    opened = a_view(2).opened_at
    assert database.run(lambda tx: tx.views.remove_older(opened)) == 2
    assert [view.view_id[-1] for view in database.run(lambda tx: tx.views.of_worker("w.jansen"))] == [3, 2]
    assert database.run(lambda tx: tx.views.of_worker("s.ander")) == []
    later = opened + timedelta(microseconds=1)
    assert database.run(lambda tx: tx.views.remove_older(later)) == 1


SPLIT = [
    {"domains": frozenset({"een twee"})},
    {"fridge": ("a", "")},
    {"allowed": {"een\ttwee": Level.SOURCE}},
]


@pytest.mark.parametrize("changes", SPLIT)
def test_a_code_that_would_be_read_as_two_is_refused(
    database: Database, a_view: NewView, changes: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="spaces"):
        put(database, a_view(**changes))


def test_a_view_takes_one_page_of_the_file(database: Database, path: Path, a_view: NewView) -> None:
    views = 200

    def pages() -> int:
        with closing(sqlite3.connect(path)) as reader:
            return int(reader.execute("PRAGMA page_count").fetchone()[0])

    before = pages()
    put(database, *(a_view(number, view_id=token_bytes(16)) for number in range(views)))
    # Each a page, and some for the inner nodes and the two indexes.
    assert views <= pages() - before < views * 1.15
