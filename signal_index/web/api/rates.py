"""How often one caller may do one kind of thing: counted in memory, per process, per caller.

Invariants:
1. Over any stretch of time a caller gets what that many minutes allow, and at most one minute's worth besides.
2. What one caller does costs another nothing.
3. A spell of refusals is news once, so that whoever keeps trying cannot fill the log with it.
4. Of people nobody knows a few refusals a minute are put on record, each with how many there were besides; a refusal
   itself is never held back.

A restart forgets the counts. In production one process serves each surface (ADR-0007), so a limit is a limit; it stops
a run of looks, and whether looks are right is for the review to find out.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from time import monotonic
from typing import Final


class Rate(StrEnum):
    """What is counted together."""

    OPEN = "open"
    """Not counted: the same answer for everybody, so there is nobody to count."""
    DELIVERY = "levering"
    """Not counted here: both pseudonymisers count a publisher's items, and few deliveries are opened at a time."""
    LOOK = "raadpleging"
    """Looks of one worker, by the interface and on the pages together."""
    WORK = "werk"
    """Everything else one member of staff asks of the interface, or a system in her name."""
    STRANGER = "onbekend"
    """Records of refusals of people nobody knows, per reason; not the refusals themselves."""


PER_MINUTE: Final[Mapping[Rate, int]] = {Rate.LOOK: 60, Rate.WORK: 240}
"""Far beyond what a person does; somebody who reads on looks at one or two cases a minute."""

STRANGERS_PER_MINUTE: Final = 10
"""More than people make with mistakes of their own; a flood of a day is 14,400 records per reason, however wide."""

CALLERS_MAX: Final = 10_000
"""Beyond this many, whoever has been quiet for a minute is forgotten; she would have her whole minute again anyway."""

_MINUTE: Final = 60.0


@dataclass(frozen=True)
class Wait:
    """Not now.

    Args:
        seconds: until one more will be let through, rounded up.
        is_news: the caller was let through the last time.
    """

    seconds: int
    is_news: bool


@dataclass
class _Account:
    """What one caller has left; `left` may be a fraction and grows with time."""

    left: float
    at: float
    refused: bool = False


class Limiter:
    """Counts, and says who has to wait. Belongs to one event loop; nothing here blocks.

    Args:
        per_minute: how many of each rate one caller may do; a rate that is not here is not counted.
        clock: seconds that only go up.
    """

    def __init__(
        self, per_minute: Mapping[Rate, int] = PER_MINUTE, clock: Callable[[], float] = monotonic
    ) -> None:
        self.per_minute = dict(per_minute)
        self._clock = clock
        self._accounts: dict[tuple[Rate, str], _Account] = {}

    def take(self, rate: Rate, caller: str) -> Wait | None:
        """Count one more, unless the caller has to wait.

        Args:
            rate: what she does.
            caller: staff id, or a reason of refusal; never of a person the index is about.

        Returns:
            How long to wait, or None: go on.
        """
        if rate not in self.per_minute:
            return None
        account = self._account(rate, caller)
        if account.left < 1:
            seconds = ceil((1 - account.left) * _MINUTE / self.per_minute[rate])
            is_news, account.refused = not account.refused, True
            return Wait(max(seconds, 1), is_news)
        account.left -= 1
        account.refused = account.refused and account.left < self.per_minute[rate] / 2
        return None

    def _account(self, rate: Rate, caller: str) -> _Account:
        now, most = self._clock(), self.per_minute[rate]
        if len(self._accounts) >= CALLERS_MAX:
            self._forget(now)
        account = self._accounts.setdefault((rate, caller), _Account(most, now))
        account.left = min(most, account.left + (now - account.at) * most / _MINUTE)
        account.at = now
        return account

    def _forget(self, now: float) -> None:
        quiet = [key for key, account in self._accounts.items() if now - account.at >= _MINUTE]
        for key in quiet:
            del self._accounts[key]


class Strangers:
    """Which refusals of people nobody knows get a record of their own, and how many are counted with the next one.

    Args:
        clock: seconds that only go up.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._limiter = Limiter({Rate.STRANGER: STRANGERS_PER_MINUTE}, clock)
        self._counted: Counter[str] = Counter()

    def turn_away(self, reason: str) -> int | None:
        """Count one more refusal.

        Args:
            reason: stable code, of which there are few; strangers cannot make one up.

        Returns:
            None when it is only counted; else how many were, with this reason, since the last that got a record.
        """
        if self._limiter.take(Rate.STRANGER, reason) is not None:
            self._counted[reason] += 1
            return None
        return self._counted.pop(reason, 0)
