"""A folder gives whole files in the order they came, and nothing a writer does makes it touch anything else."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.config import Publication
from connectors.reading import FileRefused
from connectors.service.folder import Folder, Place
from connectors.service.settings import Folder as FolderSettings
from connectors.service.settings import Running
from connectors.service.shelf import Shelf, opened
from crypto.chain import Bsn

PUBLICATIONS = (Publication(source="agb:99010011", type="wmo-voorziening", format="csv"),)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def new_folder_desk(new_desk: Any, inbox: Path) -> Callable[..., Any]:
    """A connector that watches one folder."""

    def make(**changes: Any) -> Any:
        place = Place(inbox, "csv", **({"keep_days": 7} | changes))
        running = Running(inbox=(FolderSettings(kind="folder", folder=inbox, format="csv"),))
        return new_desk(
            running,
            lambda source: [Folder("inbox-1", place, source.state.safe_name, source.clock)],
            publications=PUBLICATIONS,
        )

    return make


def taken(inbox: Path) -> list[str]:
    return sorted(path.name for path in inbox.glob("done/*/*"))


def refused(inbox: Path) -> list[str]:
    return sorted(path.name for path in inbox.glob("refused/*"))


def test_a_file_that_is_still_being_written_is_left_alone(
    new_folder_desk: Any, inbox: Path, lines: Any, people: list[Bsn]
) -> None:
    desk = new_folder_desk()
    whole = lines(*((person, "t", "2026-01-01", "") for person in people[:3]))
    file = inbox / "slow.csv"
    for end in (10, 60, 90, len(whole)):
        file.write_bytes(whole[:end])
        desk.look()
        assert (desk.wanted(), taken(inbox)) == (0, []), "it changed since the last look"
    desk.look()
    assert (desk.wanted(), taken(inbox)) == (3, ["slow.csv"])


def test_a_file_that_changes_between_the_look_and_the_reading_stays(
    new_folder_desk: Any, inbox: Path, lines: Any, people: list[Bsn]
) -> None:
    desk = new_folder_desk()
    (inbox / "a.csv").write_bytes(lines((people[0], "t", "2026-01-01", "")))
    (inbox / "b.csv").write_bytes(lines((people[1], "t", "2026-01-01", "")))
    desk.look()
    folder = desk.taking.inboxes[0]
    arrivals = folder.arrivals()
    first, second = next(arrivals), next(arrivals)
    with first.open() as stream:
        stream.read()
    for name in ("a.csv", "b.csv"):
        with (inbox / name).open("ab") as more:
            more.write(b"\n")
    first.settled(None)
    with pytest.raises(Exception, match="unreadable"):
        second.open()
    arrivals.close()
    assert taken(inbox) == [], "what was written after it was read is not put away unread"
    desk.look()
    desk.look()
    assert (desk.wanted(), taken(inbox)) == (2, ["a.csv", "b.csv"])


@given(order=st.permutations(range(6)))
def test_files_come_in_the_order_of_their_time(
    order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    inbox = tmp_path_factory.mktemp("in")
    for moment, name in enumerate(order):
        (inbox / f"{name}.csv").write_bytes(b"x")
        os.utime(inbox / f"{name}.csv", ns=(0, 10**18 + moment))
    folder = Folder("inbox-1", Place(inbox, "csv", written_whole=True), str, _noon)
    assert [file.name for file in folder.arrivals()] == [f"{name}.csv" for name in order]


def _noon() -> datetime:
    return datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_refused_file_gets_its_reason_and_is_counted_until_somebody_looks(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk(heartbeat=True)
    (inbox / f"van {people[0].digits}.csv").write_text(f"naam;{people[0].digits}\n")
    (inbox / "good.csv").write_bytes(lines((people[1], "t", "2026-01-01", "")))
    desk.look()
    desk.look()
    assert taken(inbox) == ["good.csv"]
    reason = (inbox / "refused" / f"van {people[0].digits}.csv.reason").read_text()
    assert reason.splitlines()[0] == "code: columns-wrong"
    assert people[0].digits not in reason + desk.shown()
    desk.look()
    assert desk.in_sync() is None
    (inbox / "refused" / f"van {people[0].digits}.csv").unlink()
    desk.look()
    assert desk.in_sync() == desk.today


def test_without_a_heartbeat_only_a_file_says_the_source_was_heard(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk()
    desk.look()
    assert desk.in_sync() is None
    (inbox / "a.csv").write_bytes(lines((people[0], "t", "2026-01-01", "")))
    desk.look()
    assert desk.in_sync() is None, "it is not taken in yet"
    desk.look()
    assert desk.in_sync() == desk.today


def test_a_share_that_is_not_mounted_is_no_empty_folder(new_folder_desk: Any, inbox: Path) -> None:
    desk = new_folder_desk(heartbeat=True)
    desk.look()
    assert desk.in_sync() is None
    (inbox / "done").mkdir()
    desk.look()
    assert desk.in_sync() == desk.today


def test_a_fault_of_a_record_keeps_nothing_else_out(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk(heartbeat=True)
    content = (
        lines((people[0], "t", "2026-01-01", "")) + b"t2;123456789;agb:99010011;wmo-voorziening;2026-01-01;\n"
    )
    (inbox / "a.csv").write_bytes(content)
    desk.look()
    desk.look()
    assert desk.wanted() == 1
    assert 'quarantined_total{format="csv",reason="bsn-invalid"} 1.0' in desk.shown()


def test_links_folders_and_unfinished_names_are_not_taken(
    new_folder_desk: Any, inbox: Path, tmp_path: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk(heartbeat=True)
    secret = tmp_path / "secret.csv"
    secret.write_bytes(lines((people[0], "t", "2026-01-01", "")))
    (inbox / "link.csv").symlink_to(secret)
    (inbox / "sub").mkdir()
    (inbox / "sub" / "deep.csv").write_bytes(secret.read_bytes())
    os.mkfifo(inbox / "pipe.csv")
    for name in (".hidden.csv", "a.csv.part", "b.csv.TMP", "c.filepart", "d.csv.reason"):
        (inbox / name).write_bytes(secret.read_bytes())
    for _ in range(3):
        desk.look()
    assert (desk.wanted(), taken(inbox), secret.exists()) == (0, [], True)


@pytest.mark.parametrize("name", ["done", "refused"])
def test_a_link_in_the_place_of_our_own_folders_is_not_followed(
    name: str, new_folder_desk: Any, inbox: Path, tmp_path: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (inbox / name).symlink_to(elsewhere)
    (inbox / "a.csv").write_bytes(lines((people[0], "t", "2026-01-01", "")) if name == "done" else b"no")
    for _ in range(3):
        desk.look()
    assert not list(elsewhere.iterdir())
    assert (inbox / "a.csv").exists(), "it waits until a person has looked"
    assert 'inbox_faults_total{inbox="inbox-1",reason="folder"}' in desk.shown()


def test_a_file_that_was_swapped_for_a_link_is_not_opened(
    new_folder_desk: Any, inbox: Path, tmp_path: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk()
    secret = tmp_path / "secret"
    secret.write_bytes(lines((people[0], "t", "2026-01-01", "")))
    file = inbox / "a.csv"
    file.write_bytes(secret.read_bytes())
    desk.look()
    arrivals = desk.taking.inboxes[0].arrivals()
    message = next(arrivals)
    file.unlink()
    file.symlink_to(secret)
    with pytest.raises(Exception, match="unreadable"):
        message.open()
    arrivals.close()


def test_nothing_that_was_put_away_is_overwritten(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk()
    for person in people[:3]:
        (inbox / "daily.csv").write_bytes(lines((person, "t", "2026-01-01", "")))
        desk.look()
        desk.look()
    assert taken(inbox) == ["daily.csv", "daily.csv~2", "daily.csv~3"]
    for _ in range(2):
        (inbox / "bad.csv").write_bytes(b"no")
        desk.look()
        desk.look()
    assert refused(inbox) == ["bad.csv", "bad.csv.reason", "bad.csv~2", "bad.csv~2.reason"]


def test_files_are_deleted_when_they_were_kept_long_enough(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk(keep_days=2)
    (inbox / "a.csv").write_bytes(lines((people[0], "t", "2026-01-01", "")))
    desk.look()
    desk.look()
    mine = inbox / "done" / "not-a-day"
    mine.mkdir()
    for days, kept in ((1, True), (2, True), (3, False)):
        desk.source.clock.now += timedelta(days=1)
        desk.look()
        assert bool(taken(inbox)) is kept, days
    assert mine.exists()


def test_without_days_a_file_is_deleted_once_it_is_taken_in(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk(keep_days=0)
    (inbox / "a.csv").write_bytes(lines((people[0], "t", "2026-01-01", "")))
    desk.look()
    desk.look()
    assert (desk.wanted(), list(inbox.iterdir())) == (1, [])


def test_a_folder_that_is_gone_is_waited_for(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk(heartbeat=True)
    desk.look()
    away = inbox.rename(inbox.with_name("away"))
    desk.source.clock.now += timedelta(days=1)
    desk.look()
    assert 'inbox_faults_total{inbox="inbox-1",reason="folder"} 1.0' in desk.shown()
    assert not desk.taking.inboxes[0].is_complete(desk.today)
    away.rename(inbox)
    (inbox / "a.csv").write_bytes(lines((people[0], "t", "2026-01-01", "")))
    desk.look()
    desk.look()
    assert desk.wanted() == 1


def test_a_file_dated_in_the_future_counts_as_of_now(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk()
    early = inbox / "early.csv"
    early.write_bytes(lines((people[0], "t", "2026-01-01", "")))
    future = desk.source.clock.now + timedelta(days=400)
    os.utime(early, (future.timestamp(), future.timestamp()))
    desk.look()
    desk.look()
    desk.source.clock.now += timedelta(days=1)
    (inbox / "late.csv").write_bytes(lines((people[0], "t", "2026-01-01", "2026-02-01")))
    os.utime(inbox / "late.csv", (desk.source.clock.now.timestamp(),) * 2)
    desk.look()
    desk.look()
    assert desk.wanted() == 0, "what came in later still counts"


def test_a_name_that_is_no_text_is_taken_all_the_same(
    new_folder_desk: Any, inbox: Path, people: list[Bsn], lines: Any
) -> None:
    desk = new_folder_desk()
    name = b"\xff\n" + people[0].digits.encode() + b".csv"
    Path(os.fsdecode(bytes(inbox) + b"/" + name)).write_bytes(
        b"traject;bsn;bron;soort;begin;einde\nt;1;x;y;z;\n"
    )
    desk.look()
    desk.look()
    assert len(taken(inbox)) == 1
    (entry,) = desk.source.state.quarantine.entries()
    assert entry.place.startswith("\ufffd?#########.csv")


def test_a_long_name_still_gets_its_reason(inbox: Path) -> None:
    name = "é" * 120 + ".csv"
    for _ in range(2):
        (inbox / name).write_bytes(b"x")
        with opened(inbox) as folder:
            Shelf(folder).refuse(name, FileRefused("empty", "x"))
    names = refused(inbox)
    assert len(names) == 4
    assert {f"{each}.reason" for each in names if not each.endswith(".reason")} < set(names)
