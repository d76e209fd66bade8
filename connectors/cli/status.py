"""The command `connector status`: how fresh each stream is, what waits, and what needs a person.

Invariants:
1. What is printed are sources, types, counts and days.
2. What needs a person is told by a code and a sentence that says what to do; `--check` makes it the exit status.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from connectors.config import Setup
from connectors.reading import dutch_day
from connectors.service.telling import note_path, read_note
from connectors.state import Phase, State, Stream
from crypto.batch import BatchClass
from crypto.encoding import Month

from .report import EXIT_ATTENTION, Report, stream_name, tally
from .running import CONFIG, JSON, ending, looking, now, today

STALE_DAYS: Final = 35
"""Messages come in at least once a month, and a few days late; the index calls most types stale after as long."""

SILENCE_MAX: Final = timedelta(days=1)
"""How long something may wait while the index is not heard."""

_NEVER: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Attention:
    """Something that needs a person.

    Args:
        code: for a monitoring system.
        sentence: what is wrong and what to do.
    """

    code: str
    sentence: str


@dataclass(frozen=True)
class Standing:
    """Where one stream stands.

    Args:
        about: source and type, or that it is about care relations.
        in_settings: whether this publisher may speak for it now.
        live: what the index holds.
        due: what waits to be sent.
        reassert: month in which the flags that waited longest are asserted again; None when nothing is live.
    """

    stream: Stream
    about: str
    in_settings: bool
    live: int
    due: int
    reassert: Month | None


@click.command()
@CONFIG
@click.option(
    "--check", is_flag=True, help="Exit with 4 when something needs a person, for a monitoring system."
)
@click.option(
    "--stale-after",
    type=click.IntRange(min=1),
    metavar="DAYS",
    default=STALE_DAYS,
    show_default=True,
    help="How many days a source may go without messages.",
)
@JSON
def status(config_path: Path, stale_after: int, *, check: bool, as_json: bool) -> None:
    """Show where this publisher stands with the index, and what needs a person."""
    run = Report(as_json=as_json)
    with ending(run):
        setup = Setup.read(config_path)
        with looking(setup) as state:
            standings = list(standings_of(setup, state))
            _say_publisher(run, setup, state)
            _say_service(run, setup)
            for standing in standings:
                run.say(words(standing, today()))
            run.say(f"{len(standings)} streams", streams=[_figures(standing) for standing in standings])
            counts = dict(state.quarantine.counts())
            run.say(f"quarantined: {tally(counts)}", quarantined=counts)
            found = list(attention(state, standings, stale_after, now()))
        for each in found:
            run.say(f"needs a person: {each.code}: {each.sentence}")
        run.say(
            f"{len(found) or 'nothing'} to look into",
            attention=[{"code": each.code, "sentence": each.sentence} for each in found],
        )
        if check and found:
            run.status = EXIT_ATTENTION


def standings_of(setup: Setup, state: State) -> Iterator[Standing]:
    """Where each stream stands: those of the settings, also before their first message, and those of the state."""
    months = {(each.source, each.type): each.reassert_months for each in setup.publications}
    streams = state.streams.all()
    unheard = months.keys() - {(stream.source, stream.type) for stream in streams}
    for stream in (*streams, *(_unheard(*pair) for pair in sorted(unheard))):
        after = months.get((stream.source, stream.type))
        oldest = state.wishes.oldest_assert(stream.stream_id)
        yield Standing(
            stream,
            stream_name(stream.source, stream.type),
            _is_in_settings(stream, setup, publishes=after is not None),
            state.wishes.live_count(stream.stream_id),
            state.wishes.due_count(stream.stream_id),
            oldest.plus(after) if oldest and after else None,
        )


def _is_in_settings(stream: Stream, setup: Setup, *, publishes: bool) -> bool:
    match stream.batch_class:
        case BatchClass.ZORGRELATIE:
            return setup.caseload is not None
        case BatchClass.BEPERKING:
            return setup.restrictions is not None
        case _:
            return publishes


def attention(state: State, standings: list[Standing], stale_days: int, at: datetime) -> Iterator[Attention]:
    """Yield what needs a person.

    Args:
        state: of the publisher.
        standings: of its streams.
        stale_days: how many days a source may go without messages.
        at: now, aware.
    """
    aside = sum(state.quarantine.counts().values())
    if aside:
        yield Attention("quarantine", f"{aside} set aside; see `connector quarantine list`")
    frozen = state.spool.frozen()
    waiting = sum(standing.due for standing in standings if standing.in_settings)
    if (frozen or waiting) and at - state.heard_at() > SILENCE_MAX:
        yield Attention(
            "not-sent",
            "something waits and the index was not heard for a day; run `connector send` and read why",
        )
    for standing in standings:
        yield from _about_stream(standing, stale_days, dutch_day(at))


def _about_stream(standing: Standing, stale_days: int, day: date) -> Iterator[Attention]:
    about, as_of = standing.about, standing.stream.as_of
    if not standing.in_settings:
        if standing.live or standing.due:
            yield Attention(
                "not-in-settings",
                f"{about}: not in the settings any more; what the index holds stays until it expires",
            )
        return
    if as_of is None:
        yield Attention(
            "never-read", f"{about}: no messages were ever taken in; the index calls it not current"
        )
    elif (day - as_of).days > stale_days:
        yield Attention(
            "stale", f"{about}: no messages for {(day - as_of).days} days; see why they stay away"
        )
    if standing.reassert is not None and standing.reassert < Month.of(day):
        yield Attention(
            "not-reasserted", f"{about}: flags should have been asserted again; run `connector send`"
        )


def _unheard(source: str, type_code: str) -> Stream:
    """A stream of the settings that no run has used yet."""
    return Stream(0, BatchClass.SIGNAAL, source, type_code, 0, Phase.CLOSED, None, None)


def _say_publisher(run: Report, setup: Setup, state: State) -> None:
    standing, frozen, heard = state.standing(), state.spool.frozen(), state.heard_at()
    waiting = f"; {len(frozen.rows)} changes frozen and not acknowledged yet" if frozen else ""
    known = "" if standing.is_introduced else "; not introduced to the index yet"
    run.say(
        f"publisher {setup.secrets.publisher} in {setup.manifest.scope}: next sequence {standing.sequence}"
        f"{known}{waiting}",
        publisher=setup.secrets.publisher,
        scope=setup.manifest.scope,
        next_sequence=standing.sequence,
        introduced=standing.is_introduced,
        frozen=len(frozen.rows) if frozen else None,
    )
    moment = None if heard == _NEVER else heard.isoformat(timespec="minutes")
    run.say(f"the index was last heard: {moment or 'never'}", heard_at=moment)


def _say_service(run: Report, setup: Setup) -> None:
    """Tell what the service left word of, when it runs or was cut off."""
    if (note := read_note(note_path(setup.state_path))) is None:
        return
    why = f" ({note.get('why')})" if note.get("why") else ""
    run.say(f"service: sending {note.get('sending')}{why} since {note.get('since')}", service=note)
    if note.get("advice"):
        run.say(f"service: {note.get('advice')}")
    inboxes = note.get("inboxes")
    for name, stands in inboxes.items() if isinstance(inboxes, dict) else ():
        run.say(f"service: {name} {stands}")


def words(standing: Standing, day: date) -> str:
    """Say where a stream stands."""
    stream = standing.stream
    parts = [f"{standing.live} at the index", f"{standing.due} to send", _freshness(stream, day)]
    if standing.reassert:
        parts.append(f"to be asserted again from {standing.reassert}")
    if not standing.in_settings:
        parts.append("not in the settings")
    return f"{standing.about}: {', '.join(parts)}"


def _freshness(stream: Stream, day: date) -> str:
    if stream.as_of is None:
        return "no messages taken in yet"
    days = (day - stream.as_of).days
    ago = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
    told = stream.told_as_of
    known = "" if stream.batch_class is not BatchClass.SIGNAAL or told == stream.as_of else _known(told)
    return f"up to date to {stream.as_of} ({ago}){known}"


def _known(told: date | None) -> str:
    return f", the index knows up to {told}" if told else ", which the index does not know yet"


def _figures(standing: Standing) -> Mapping[str, object]:
    stream = standing.stream
    return {
        "class": stream.batch_class.value,
        "source": stream.source or None,
        "type": stream.type or None,
        "in_settings": standing.in_settings,
        "phase": stream.phase.value,
        "generation": stream.generation,
        "live": standing.live,
        "due": standing.due,
        "as_of": stream.as_of.isoformat() if stream.as_of else None,
        "told_as_of": stream.told_as_of.isoformat() if stream.told_as_of else None,
        "reassert_from": str(standing.reassert) if standing.reassert else None,
    }
