"""Who is said to be in sync, given what came in, what did not, and what answered with a fault."""

import sqlite3
from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.config import Publication, Restrictions
from connectors.formats import Format, Options, Unreachable
from connectors.publisher import MessageFile, Taken
from connectors.reading import (
    FileRefused,
    Message,
    Nothing,
    Observation,
    Reading,
    SourceUnavailable,
)
from connectors.service.life import Life, Stopping, Systemd
from connectors.service.settings import Folder, Running
from connectors.service.taking import Heard, _followed
from crypto.chain import Bsn

TODAY = date(2026, 11, 22)
FORMATS = ("csv", "jsonl")
PUBLICATIONS = (
    Publication(source="a", type="x", format="csv"),
    Publication(source="a", type="y", format="jsonl"),
    Publication(source="b", type="x"),
)
SPEAKS_FOR = {(each.source, each.type): each for each in PUBLICATIONS}


class Tray:
    """An inbox that holds what it is given."""

    def __init__(self, format_name: str = "csv", *, complete: bool = True) -> None:
        self.name = format_name
        self.format = format_name
        self.next_at = 0.0
        self.waiting = self.refused = 0
        self.complete = complete
        self.holds: list[MessageFile | Exception] = []
        self.faults: list[str] = []

    def put(self, content: bytes) -> None:
        self.holds.append(MessageFile("m", datetime(2026, 11, 22, tzinfo=UTC), lambda: BytesIO(content)))

    def arrivals(self) -> Generator[MessageFile, None, None]:
        while self.holds:
            first = self.holds.pop(0)
            if isinstance(first, Exception):
                raise first
            yield first

    def finished(self, taken: Taken) -> None: ...

    def failed(self, fault: Unreachable | OSError) -> Unreachable:
        self.faults.append(str(fault))
        return Unreachable("fault")

    def is_complete(self, _: date) -> bool:
        return self.complete


@given(complete=st.lists(st.tuples(st.sampled_from(FORMATS), st.booleans()), max_size=5))
def test_a_source_is_in_sync_when_every_inbox_that_feeds_it_is_complete(
    complete: list[tuple[str, bool]],
) -> None:
    trays = [Tray(name, complete=whole) for name, whole in complete]
    said = set(Heard(SPEAKS_FOR).in_sync(trays, TODAY))
    for each in PUBLICATIONS:
        feeding = [tray for tray in trays if each.format in (None, tray.format)]
        wanted = bool(feeding) and all(tray.complete for tray in feeding)
        assert ((each.source, each.type) in said) is wanted


FAULTS = st.builds(
    lambda source, kind: SourceUnavailable("m:1", source, kind),
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["x", "y", None]),
)
WORDS = st.builds(
    lambda source, kind: Nothing("nothing-found", "m:1", source, kind),
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["x", "y", None]),
)


@given(
    messages=st.lists(st.tuples(st.sampled_from(FORMATS), st.lists(FAULTS | WORDS, max_size=3)), max_size=6)
)
def test_who_answered_with_a_fault_stays_out_until_a_later_message_speaks_without_one(
    messages: list[tuple[str, list[Reading]]],
) -> None:
    heard, life = Heard(SPEAKS_FOR), Life(Systemd(None, None))
    silent: set[tuple[str, str, bool]] = set()  # with whether the fault named its source
    for format_name, readings in messages:
        reader = heard.listening(lambda _, said=readings: iter(said), format_name, life)  # type: ignore[misc] # mypy knows no lambda with a default
        assert list(reader(Message(BytesIO(), "m", datetime.now(UTC)))) == readings
        for each in PUBLICATIONS:
            about = {
                (type(reading), reading.source is not None)
                for reading in readings
                if isinstance(reading, SourceUnavailable | Nothing)
                and each.format in (None, format_name)
                and reading.source in (None, each.source)
                and reading.type in (None, each.type)
            }
            for is_named in (True, False):
                if (SourceUnavailable, is_named) in about:
                    silent.add((each.source, each.type, is_named))
                elif about & {(Nothing, True), (Nothing, is_named)}:
                    silent.discard((each.source, each.type, is_named))
    said = set(heard.in_sync([Tray(name) for name in FORMATS], TODAY))
    assert said == {(each.source, each.type) for each in PUBLICATIONS} - {each[:2] for each in silent}


def test_a_receipt_for_nobody_in_particular_does_not_make_up_for_a_fault(life: Any) -> None:
    heard = Heard({("agb:99010011", "wmo-voorziening"): PUBLICATIONS[2]})
    fault = SourceUnavailable("m:1", "agb:99010011", code="not-delivered")
    for said in (fault, Nothing("acknowledged", "m:1")):
        read = heard.listening(lambda _, said=said: iter([said]), "ggk", life)  # type: ignore[misc] # as above
        list(read(Message(BytesIO(), "m", datetime.now(UTC))))
        assert not heard.in_sync([Tray("ggk")], TODAY)


def test_a_restart_does_not_make_up_for_a_fault(source: Any, life: Any) -> None:
    about = {("agb:99010011", "wmo-voorziening"): PUBLICATIONS[2]}
    silences = source.state.silences

    def started() -> Heard:
        return Heard(about, silences.all(), silences.keep)

    def hear(heard: Heard, said: Reading) -> None:
        with source.state.transaction():
            list(
                heard.listening(lambda _: iter([said]), "ggk", life)(
                    Message(BytesIO(), "m", datetime.now(UTC))
                )
            )

    hear(started(), SourceUnavailable("m:1", "agb:99010011"))
    assert not started().in_sync([Tray("ggk")], TODAY)
    hear(started(), Nothing("nothing-found", "m:1", "agb:99010011"))
    assert started().in_sync([Tray("ggk")], TODAY)


@pytest.fixture
def trays() -> list[Tray]:
    return [Tray("csv"), Tray("jsonl")]


@pytest.fixture
def desk(new_desk: Any, trays: list[Tray], tmp_path: Any) -> Any:
    running = Running(inbox=tuple(Folder(kind="folder", folder=tmp_path, format=name) for name in FORMATS))
    publication = Publication(source="agb:99010011", type="wmo-voorziening")
    return new_desk(running, lambda _: trays, publications=(publication,))


def test_an_inbox_that_fails_holds_up_no_other_and_keeps_what_came_before(
    desk: Any, trays: list[Tray], lines: Any, people: list[Bsn]
) -> None:
    trays[0].put(lines((people[0], "t", "2026-01-01", "")))
    trays[0].holds += [Unreachable("no-answer")]
    trays[1].put(b"")
    trays[1].holds += [OSError("gone")]
    assert desk.look() is True
    assert desk.wanted() == 1
    assert [tray.faults for tray in trays] == [["no-answer"], ["gone"]]


def test_a_day_is_counted_once_and_then_again_when_it_is_over(
    desk: Any, trays: list[Tray], lines: Any, people: list[Bsn]
) -> None:
    trays[0].put(lines((people[0], "t", "2026-01-01", "2026-11-22")))
    assert desk.look() is True
    assert desk.wanted() == 1
    assert desk.look() is False, "nothing is new"
    with desk.source.state.lock():
        assert desk.taking.look(desk.today + timedelta(days=1)) is True
    assert desk.wanted() == 0, "its last day is over, though nothing came in"


def test_who_becomes_complete_later_in_the_day_is_said_then(desk: Any, trays: list[Tray]) -> None:
    trays[1].complete = False
    assert desk.look() is True, "the day itself is new"
    assert desk.in_sync() is None
    trays[1].complete = True
    assert desk.look() is True
    assert desk.in_sync() == desk.today
    trays[1].complete = False
    assert desk.look() is False, "what was said of the day is not taken back"


def test_a_stop_within_a_file_leaves_it_untaken(
    desk: Any, trays: list[Tray], lines: Any, people: list[Bsn], life: Any
) -> None:
    content = lines(*((person, "t", "2026-01-01", "") for person in people))

    class Stopper(BytesIO):
        def read(self, *size: int) -> bytes:  # type: ignore[override] # any size will do
            life.is_over = True
            return super().read(*size)

    trays[0].holds.append(MessageFile("m", datetime(2026, 11, 22, tzinfo=UTC), lambda: Stopper(content)))
    with pytest.raises(Stopping):
        desk.look()
    assert desk.wanted() == 0
    life.is_over = False
    trays[0].put(content)
    desk.look()
    assert desk.wanted() == len(people)


def test_who_died_is_told_completely_as_everything_else_is(new_desk: Any, tmp_path: Any) -> None:
    tray = Tray("brp")
    running = Running(inbox=(Folder(kind="folder", folder=tmp_path, format="brp"),))
    desk = new_desk(running, lambda _: [tray], publications=(), restrictions=Restrictions())
    tray.complete = False
    desk.look()
    assert desk.in_sync() is None
    tray.complete = True
    desk.look()
    assert desk.in_sync() == desk.today


# What only points at something


def fetching(message: Message, options: Options) -> Message:
    """Follow `at:CONTENT` to CONTENT."""
    said = message.stream.read(options.max_bytes)
    if said == b"down":
        raise Unreachable("no-answer")
    if not said.startswith(b"at:"):
        raise FileRefused("record-malformed", message.name)
    return Message(BytesIO(said[3:]), message.name, message.received)


def nothing(message: Message, _: Options) -> Iterator[Reading]:
    yield Nothing("nothing-found", f"{message.name}:{message.stream.read().decode()}")


def test_a_format_that_follows_is_read_where_it_points(tmp_path: Any) -> None:
    pointing = Format(nothing, "points", follow=fetching)
    follow = pointing.follower({"max_bytes": 100})
    assert follow is not None
    file = _followed(MessageFile("m", datetime.now(UTC), lambda: BytesIO(b"at:there")), follow)
    with file.open() as stream:
        assert list(pointing.reader()(Message(stream, file.name, file.received))) == [
            Nothing("nothing-found", "m:there")
        ]
    assert Format(nothing, "tells itself").follower() is None


def test_a_fault_in_what_follows_refuses_the_message_and_quotes_nothing() -> None:
    """A message that ends the service would end it again at every start."""

    def broken(message: Message, _: Options) -> Message:
        raise KeyError(message.stream.read().decode())

    follow = Format(nothing, "points", follow=broken).follower()
    assert follow is not None
    with pytest.raises(FileRefused) as refused:
        follow(Message(BytesIO(b"999900006"), "melding.json", datetime.now(UTC)))
    assert refused.value.code == "format-fault"
    assert refused.value.__context__ is None
    assert "999900006" not in str(refused.value)


@pytest.mark.parametrize(("content", "fault"), [(b"down", Unreachable), (b"no", FileRefused)])
def test_what_cannot_be_followed_waits_or_is_refused_before_anything_is_locked(
    content: bytes, fault: type[Exception], desk: Any
) -> None:
    follow = Format(nothing, "points", follow=fetching).follower()
    assert follow is not None
    told: list[FileRefused | None] = []
    file = MessageFile("m", datetime.now(UTC), lambda: BytesIO(content), told.append)

    def opened() -> Any:
        with sqlite3.connect(desk.source.setup.state_path, timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
        return _followed(file, follow).open()

    watched = MessageFile(file.name, file.received, opened, file.settled)

    def take() -> Taken:
        taken: Taken = desk.source.publisher.take_in(lambda _: iter(()), [watched], TODAY)
        return taken

    if fault is Unreachable:
        with pytest.raises(Unreachable):
            take()
        assert told == [], "it is neither taken in nor refused, so it stays where it is"
    else:
        assert [refusal.code for refusal in take().refused] == ["record-malformed"]
        assert len(told) == 1


def test_what_takes_too_long_to_follow_waits(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def patiently(_: Any) -> Any:
        raise TimeoutError

    monkeypatch.setattr(desk.taking._life, "patiently", patiently)
    with pytest.raises(Unreachable):
        desk.taking._patient(fetching)(Message(BytesIO(b"there"), "m", datetime.now(UTC)))


def test_an_observation_says_that_its_source_was_heard(observe: Any, people: list[Bsn], life: Any) -> None:
    heard = Heard(
        {("agb:99010011", "wmo-voorziening"): Publication(source="agb:99010011", type="wmo-voorziening")}
    )
    readings: list[Reading] = [SourceUnavailable("m:1")]

    def read(_: Message) -> Iterator[Reading]:
        return iter(readings)

    listen = heard.listening(read, "csv", life)
    message = Message(BytesIO(), "m", datetime.now(UTC))
    list(listen(message))
    assert not heard.in_sync([Tray()], TODAY)
    said = observe(people[0])
    assert isinstance(said, Observation)
    readings[:] = [said]
    list(listen(message))
    assert heard.in_sync([Tray()], TODAY)
