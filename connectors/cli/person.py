"""The commands `connector person` and `connector persons`: what this publisher says about whom, at the source only.

They are for the source's own privacy officer, who answers residents (GDPR article 15) and looks after what is right.

Invariants:
1. A person's number is asked for or read from standard input, never an argument, and never printed.
2. The list of everybody goes to a new file that only its owner can read; never to a terminal or through a pipe, where
   it would stay behind in a scroll buffer, a log or a history.

Whoever has the settings, the key file and the state can have this list; it is what the source itself knows.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, TextIO
from uuid import UUID

import click

from connectors.config import Setup
from connectors.state import About, Accepted, Held, Intent, QuarantineEntry, Relation, State
from connectors.trajecten import TrajectRecord, periods

from .report import Report, stream_name
from .running import CONFIG, JSON, Unusable, ask_bsn, ending, looking, private_file

COLUMNS: Final = (
    "bsn", "kind", "source", "type", "wanted", "since", "at_index", "last_asserted", "to_send", "refused",
    "relation_id", "case_reference", "team", "worker", "from", "until",
)  # fmt: skip
"""Of the list of everybody. The first ten are of flags, restrictions and relations alike, the others of relations."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_WANTED: Final[Mapping[Intent, str]] = {
    Intent.KEEP: "asserted",
    Intent.END: "not asserted",
    Intent.MISTAKE: "taken back as a mistake",
}

_AT_INDEX: Final[Mapping[Accepted, str]] = {
    Accepted.NONE: "not at the index",
    Accepted.UNKNOWN: "whether the index has it is not known",
    Accepted.LIVE: "at the index",
    Accepted.ENDED: "ended at the index",
}


@click.command()
@CONFIG
@JSON
def person(config_path: Path, *, as_json: bool) -> None:
    """Show what this publisher says about one person: which flags, from which trajecten, and what the index holds.

    The number is asked for, or read from standard input: no list of processes and no history shows it.
    """
    run = Report(as_json=as_json)
    with ending(run):
        setup = Setup.read(config_path)
        asked = ask_bsn()
        with looking(setup) as state:
            flags = state.persons.about(asked)
            relations = list(state.persons.relations(asked))
            nameless = sum(entry.wish is None for entry in state.quarantine.entries())
        for flag in flags:
            say_flag(run, flag)
        for relation in relations:
            _say_relation(run, relation)
        if not flags and not relations:
            run.say("this publisher says nothing about this person, and never did since its state was made")
        if nameless:
            run.say(f"{nameless} set aside while reading name nobody; see `connector quarantine list`")
        run.say(
            f"{len(flags)} flags, {len(relations)} care relations",
            flags=[flag_figures(flag) for flag in flags],
            relations=[_relation_figures(relation) for relation in relations],
            set_aside_without_a_person=nameless,
        )


@click.command()
@CONFIG
@click.option(
    "--export",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="A file that does not exist yet; only you will be able to read it. Delete it when you are done.",
)
@JSON
def persons(config_path: Path, path: Path, *, as_json: bool) -> None:
    """Write what this publisher says about everybody to a new CSV file, with their numbers."""
    run = Report(as_json=as_json)
    with ending(run), looking(Setup.read(config_path)) as state:
        try:
            with private_file(path) as file:
                count = _write(state, file)
        except FileExistsError:
            raise Unusable(f"{path} exists already; name a new file") from None
        except OSError as error:
            raise Unusable(f"{path} cannot be written: {error.strerror}") from error
        run.say(
            f"{count} lines in {path}; it holds citizen service numbers, so delete it when you are done",
            lines=count,
        )


def _write(state: State, file: TextIO) -> int:
    writer = csv.DictWriter(file, COLUMNS, restval="", delimiter=";")
    writer.writeheader()
    count = 0
    for row in _rows(state):
        writer.writerow({column: _cell(str(value)) for column, value in row.items()})
        count += 1
    return count


def _cell(text: str) -> str:
    """Return a text that a spreadsheet takes for a text: a code of a worker may begin with `@`."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(state: State) -> Iterator[Mapping[str, object]]:
    for flag in state.persons.everything():
        assert flag.held is not None
        yield {
            "bsn": flag.person.digits,
            # A restriction is of no one source: it holds for every flag.
            "kind": "flag" if flag.source else "restriction",
            "source": flag.source,
            "type": flag.type,
            "since": flag.since or "",
            **_standing(flag.held),
            "refused": _numbers(flag.refused),
        }
    for relation in state.persons.relations():
        row = relation.row
        yield {
            "bsn": relation.person.digits,
            "kind": "relation",
            **_standing(relation.held),
            "refused": _numbers(relation.refused),
            "relation_id": UUID(bytes=row.relation_id),
            "case_reference": row.case_reference,
            "team": row.team,
            "worker": row.worker,
            "from": row.valid_from or "",
            "until": row.valid_until or "",
        }


def _standing(held: Held) -> Mapping[str, object]:
    return {
        "wanted": _WANTED[held.wish.intent],
        "at_index": held.wish.accepted.value,
        "last_asserted": str(held.asserted) if held.asserted else "",
        "to_send": "yes" if held.due else "no",
    }


def _numbers(refused: Sequence[QuarantineEntry]) -> str:
    return " ".join(str(entry.number) for entry in refused)


def say_flag(run: Report, flag: About) -> None:
    """Tell what is said of a person in one stream, and from which trajecten."""
    run.say(f"{stream_name(flag.source, flag.type)}: {_flag_words(flag)}")
    for traject in flag.trajecten:
        run.say(f"  traject {_days(traject)}")
    for entry in flag.refused:
        run.say(f"  refused by the index ({entry.reason}); see `connector quarantine show` {entry.number}")


def _flag_words(flag: About) -> str:
    if flag.held is None:
        return "not asserted"
    since = f" since {flag.since}" if flag.since else ""
    return f"{_WANTED[flag.held.wish.intent]}{since}; {_index_words(flag.held)}"


def _index_words(held: Held) -> str:
    month = f", last asserted in {held.asserted}" if held.asserted else ""
    waits = "; still to be sent" if held.due else ""
    return f"{_AT_INDEX[held.wish.accepted]}{month}{waits}"


def _days(traject: TrajectRecord) -> str:
    told = [
        f"{period.start or 'from an unknown day'} to {period.end or 'now'}" for period in periods(traject)
    ]
    return " and ".join(told) or "taken back by its source"


def _say_relation(run: Report, relation: Relation) -> None:
    row = relation.row
    case = f"case {row.case_reference}, team {row.team}, worker {row.worker}, " if row.case_reference else ""
    begins = f"{row.valid_from} " if row.valid_from else ""
    run.say(f"care relation {UUID(bytes=row.relation_id)}: {case}{begins}to {row.valid_until or 'never'}")
    run.say(f"  {_WANTED[relation.held.wish.intent]}; {_index_words(relation.held)}")
    for entry in relation.refused:
        run.say(f"  refused by the index ({entry.reason}); see `connector quarantine show` {entry.number}")


def flag_figures(flag: About) -> Mapping[str, object]:
    """The same for one JSON object."""
    return {
        "source": flag.source or None,
        "type": flag.type,
        "asserted": flag.held is not None and flag.held.wish.intent is Intent.KEEP,
        "since": str(flag.since) if flag.since else None,
        "at_index": _index_figures(flag.held) if flag.held else None,
        "trajecten": [
            [{"from": _iso(period.start), "until": _iso(period.end)} for period in periods(traject)]
            for traject in flag.trajecten
        ],
        "refused": [entry.number for entry in flag.refused],
    }


def _relation_figures(relation: Relation) -> Mapping[str, object]:
    row = relation.row
    return {
        "relation_id": str(UUID(bytes=row.relation_id)),
        "case_reference": row.case_reference or None,
        "team": row.team or None,
        "worker": row.worker or None,
        "from": _iso(row.valid_from),
        "until": _iso(row.valid_until),
        "asserted": relation.held.wish.intent is Intent.KEEP,
        "at_index": _index_figures(relation.held),
        "refused": [entry.number for entry in relation.refused],
    }


def _index_figures(held: Held) -> Mapping[str, object]:
    return {
        "holds": held.wish.accepted.value,
        "last_asserted": str(held.asserted) if held.asserted else None,
        "to_send": held.due,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
