"""How the logs stand, in words for people and in figures for machines.

Invariants:
1. Nothing is said but origins, sizes, hashes, times and kinds of alarm.
2. A log that shows nothing is an alarm as well: a log that is never shown cannot be caught.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from crypto.witness.config import tag
from crypto.witness.judgement import ALARMS, LASTING, Happening, Standing
from crypto.witness.memory import Memory
from crypto.witness.walk import CLOCK_BACK_SECONDS_MAX, Witness

SENTENCES: Final[Mapping[Happening, str]] = {
    Happening.FORK: "signed two different trees of one size: it rewrote its history, or shows others another one",
    Happening.FORGOTTEN: "holds a cosignature this witness does not remember: its memory is old, or its key stolen",
    Happening.INCONSISTENT: "signed a tree of which it did not show that it grew out of the cosigned one",
    Happening.ROLLBACK: "signed a smaller tree than was cosigned: its end was cut off, or a backup restored",
}


@dataclass(frozen=True)
class LogState:
    """How one log stands at a moment.

    Args:
        latest_at: when it was cosigned last, in seconds since 1970; None for never.
        silent_seconds: since then, or since this memory was made.
        is_quiet: whether that is longer than it should be.
    """

    origin: str
    standing: Standing
    latest_at: int | None
    silent_seconds: int
    is_quiet: bool

    def alarms(self) -> Iterator[str]:
        """Every alarm that is open, in a sentence."""
        for kind in sorted(self.standing.open_alarms):
            end = (
                "cosigning stopped until `witness acknowledge`"
                if kind in LASTING
                else "open until it grows again"
            )
            yield f"{self.origin} {SENTENCES[kind]} ({kind.value}; {end})"
        if self.is_quiet:
            since = "was ever" if self.latest_at is None else "came since " + written(self.latest_at)
            yield f"{self.origin} is quiet: no checkpoint that could be cosigned {since} (quiet)"


def states(memory: Memory, origins: Iterable[str], now: datetime, quiet_after: int) -> list[LogState]:
    """Return how each of these logs stands.

    Args:
        memory: open.
        origins: of the logs in the settings.
        now: aware UTC.
        quiet_after: seconds.
    """
    latest, began = memory.latest(), memory.made_at()
    found = []
    for origin in origins:
        at = latest[origin][0] if origin in latest else None
        silent = int(now.timestamp()) - (began if at is None else at)
        found.append(LogState(origin, memory.standing(origin), at, silent, silent > quiet_after))
    return found


def clock_alarm(memory: Memory, now: datetime) -> str | None:
    """Return a sentence when the clock stands so far back that nothing can be cosigned."""
    latest = max((at for at, _ in memory.latest().values()), default=memory.made_at())
    if int(now.timestamp()) >= latest - CLOCK_BACK_SECONDS_MAX:
        return None
    return f"the clock of this machine stands before the last cosignature, of {written(latest)}: nothing is cosigned"


def written(at: int) -> str:
    """Return a moment as people read it; UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def figures(witness: Witness, quiet_after: int) -> str:
    """Return the figures as Prometheus reads them; a log is named by its tag."""
    now = witness.clock()
    logs = states(witness.memory, witness.place.logs, now, quiet_after)
    lines = ["# TYPE witness_answers_total counter"]
    lines += [
        f'witness_answers_total{{outcome="{outcome}"}} {count}'
        for outcome, count in sorted(witness.answers.items())
    ]
    lines += ["# TYPE witness_log_size gauge"]
    lines += [f'witness_log_size{{log="{tag(each.origin)}"}} {each.standing.tree[0]}' for each in logs]
    lines += ["# TYPE witness_silent_seconds gauge"]
    lines += [f'witness_silent_seconds{{log="{tag(each.origin)}"}} {each.silent_seconds}' for each in logs]
    lines += ["# TYPE witness_alarm_open gauge"]
    for each in logs:
        open_kinds = {kind.value for kind in each.standing.open_alarms} | (
            {"quiet"} if each.is_quiet else set()
        )
        for kind in sorted({*(alarm.value for alarm in ALARMS), "quiet"}):
            lines.append(
                f'witness_alarm_open{{log="{tag(each.origin)}",kind="{kind}"}} {int(kind in open_kinds)}'
            )
    lines += ["# TYPE witness_clock_behind gauge"]
    lines += [f"witness_clock_behind {int(clock_alarm(witness.memory, now) is not None)}"]
    return "\n".join(lines) + "\n"
