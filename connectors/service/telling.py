"""What the service says about itself: a log, figures for Prometheus, and a note for `connector status`.

Invariants:
1. Labels are inboxes by number, formats, reason codes, and the sources and types of the settings. No person, file name
   or content is in a figure, and no figure counts the people a source has flags for.
2. The log is one JSON object per line, of which every field was chosen beforehand; messages of libraries lose their
   arguments and traces, which may hold anything.
3. What is served is a finished text; the thread that serves it never touches the state.

Source: Prometheus text exposition format 0.0.4.
"""

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

_LOG: Final = logging.getLogger("connectors.service")
_PREFIX: Final = "signal_index_connector_"

_ABOUT: Final[Mapping[str, tuple[str, str]]] = {
    "messages_total": ("counter", "messages taken in or refused, per inbox, format and outcome"),
    "refused_total": ("counter", "messages refused as a whole, per format and reason"),
    "quarantined_total": ("counter", "records set aside, per format and reason"),
    "inbox_faults_total": ("counter", "times an inbox could not be used, per inbox and reason"),
    "deliveries_total": ("counter", "deliveries at the webhook, per outcome"),
    "batches_total": ("counter", "batches the index acknowledged"),
    "index_refused_total": ("counter", "rows the index refused, per reason"),
    "send_faults_total": ("counter", "times sending broke off, per reason"),
    "inbox_waiting": ("gauge", "messages that lie in an inbox and are not taken in"),
    "inbox_refused": ("gauge", "refused messages a person has to look at; until then nothing of it is in sync"),
    "inbox_complete": ("gauge", "1 when everything of the source is known to have come in today"),
    "due_wishes": ("gauge", "changes that have to be sent"),
    "frozen_rows": ("gauge", "changes that were sent and not acknowledged yet"),
    "sending": ("gauge", "1 for the present state: well, waiting (back-off after a fault) or stopped (needs a person)"),
    "send_wait_seconds": ("gauge", "seconds to wait until sending is tried again after a fault"),
    "last_taken_in_timestamp_seconds": ("gauge", "when a message was taken in last, per inbox, since the start"),
    "last_answer_timestamp_seconds": ("gauge", "when the index gave its last signed answer"),
    "in_sync_timestamp_seconds": ("gauge", "begin of the day up to which the index knows it in sync; 0 for never"),
    "started_timestamp_seconds": ("gauge", "when the service started"),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """How sending goes.

    Args:
        state: `well`, `waiting` or `stopped`.
        since: aware.
        why: code of the fault; None when all is well.
        advice: what to do about it.
        wait_seconds: until it is tried again.
    """

    state: str
    since: datetime
    why: str | None = None
    advice: str | None = None
    wait_seconds: float = 0.0


Labels = tuple[tuple[str, str], ...]


@dataclass
class Figures:
    """The counts since the start, and the last look at everything else.

    Args:
        started: aware.
    """

    started: datetime
    text: str = field(default="", init=False)
    _counts: Counter[tuple[str, Labels]] = field(default_factory=Counter, init=False)
    _gauges: dict[tuple[str, Labels], float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Have something to serve from the start."""
        self.set("started_timestamp_seconds", self.started.timestamp())
        self.publish()

    def count(self, name: str, number: int = 1, **labels: str) -> None:
        """Add to a counter; from any thread, a count or two may then be lost and nothing else."""
        self._counts[name, tuple(labels.items())] += number

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._gauges[name, tuple(labels.items())] = value

    def publish(self) -> None:
        """Make the text that is served from now on."""
        numbers = [*self._counts.copy().items(), *self._gauges.items()]
        self.text = "".join(_lines(numbers))


def day_stamp(day: date | None) -> float:
    """Write a day as the Unix time it begins at (UTC); 0 for none."""
    return datetime.combine(day, time(), UTC).timestamp() if day else 0.0


def _lines(numbers: Iterable[tuple[tuple[str, Labels], float]]) -> Iterator[str]:
    by_name: dict[str, list[tuple[Labels, float]]] = {}
    for (name, labels), value in numbers:
        by_name.setdefault(name, []).append((labels, value))
    for name, (kind, about) in _ABOUT.items():
        if name in by_name:
            yield f"# HELP {_PREFIX}{name} {about}\n# TYPE {_PREFIX}{name} {kind}\n"
            for labels, value in sorted(by_name[name]):
                written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
                yield (
                    f"{_PREFIX}{name}{{{written}}} {float(value)!r}\n"
                    if written
                    else f"{_PREFIX}{name} {float(value)!r}\n"
                )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def note_path(state: Path) -> Path:
    """Where the service leaves word for `connector status`."""
    return state.with_name(f"{state.name}.service")


def leave_note(path: Path, standing: Standing, inboxes: Mapping[str, str]) -> None:
    """Leave word how it stands; a disk that is full may keep it out."""
    note = {
        "sending": standing.state,
        "since": standing.since.isoformat(timespec="seconds"),
        "why": standing.why,
        "advice": standing.advice,
        "inboxes": dict(inboxes),
    }
    draft = path.with_name(f"{path.name}.draft")
    with suppress(OSError):
        draft.write_text(json.dumps(note), encoding="utf-8")
        draft.replace(path)


def read_note(path: Path) -> Mapping[str, object] | None:
    """Read what the service left; None when there is nothing."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) else None


class _JsonLines(logging.Formatter):
    """One object per record: its moment, its level and the fields that were chosen for it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        library = {"event": "library", "logger": record.name, "text": str(record.msg)}
        fields = getattr(record, "fields", library)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": at, "level": record.levelname.lower(), **fields})


def to_stderr() -> None:
    """Send the log to standard error; of libraries only what they warn about."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _LOG.setLevel(logging.INFO)


def note(event: str, **fields: object) -> None:
    """Write what happened."""
    _LOG.info(event, extra={"fields": {"event": event, **fields}})


def warn(event: str, **fields: object) -> None:
    """Write what somebody should look at."""
    _LOG.warning(event, extra={"fields": {"event": event, **fields}})
