"""An address as an inbox: it is asked every so often, and what it answers is taken in like a file.

Invariants:
1. What was learned from an answer (`ETag`, the moment to ask from) counts only after its content is taken in durably.
   It is kept in memory alone: after a start, or with another state, the source is asked for everything, which changes
   nothing that is known already.
2. No answer, or one that cannot be read as a whole, means nothing about anybody: the inbox is not complete, and that is
   all.

Source: RFC 9110 §13 (conditional requests).
"""

import re
from collections.abc import Callable, Generator, Mapping
from datetime import date, datetime, timedelta
from io import BytesIO
from time import monotonic
from typing import Final
from uuid import UUID

from connectors.formats import Unreachable
from connectors.publisher import MessageFile, Taken
from connectors.reading import dutch_day

from .calling import Answer, Caller, transaction_number
from .life import Backoff, Life
from .settings import Poll

OVERLAP: Final = timedelta(minutes=5)
"""Asked for twice, so that what a source wrote down late is not missed."""

_VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,1000}")
"""Of what a source may send, what can be sent back."""

_FAULT_SECONDS: Final = (30.0, 3600.0)


class Polling:
    """One address.

    Args:
        name: what log and figures call it.
        settings: of the poll.
        caller: asks it.
        life: to wait in.
        clock: aware UTC.
    """

    def __init__(
        self, name: str, settings: Poll, caller: Caller, life: Life, clock: Callable[[], datetime]
    ) -> None:
        self.name = name
        self.format = settings.format
        self.next_at = monotonic()
        self.waiting = 0
        self.refused = 0
        self.transaction: UUID | None = None
        self._settings = settings
        self._caller = caller
        self._life = life
        self._clock = clock
        self._backoff = Backoff(*_FAULT_SECONDS)
        self._validators: Mapping[str, str] = {}
        self._since: datetime | None = None
        self._asked: tuple[datetime, Answer] | None = None
        self._complete_on: date | None = None

    def arrivals(self) -> Generator[MessageFile, None, None]:
        """Ask, and yield the answer if it brings anything.

        Raises:
            Unreachable: there is no answer.
        """
        self.next_at = monotonic() + 60 * self._settings.every
        now = self._clock()
        self.transaction = number = transaction_number(now)
        parameters, conditions = self._parameters(), self._validators
        try:
            answer = self._life.patiently(lambda: self._caller.ask(parameters, conditions, number))
        except TimeoutError:
            raise Unreachable("too-slow") from None
        if answer.is_unchanged and not conditions:
            raise Unreachable("status-304")
        self._asked = (now, answer)
        if answer.has_content:
            # The same name each time, so that what is set aside from every answer is set aside once.
            yield MessageFile(self.name, now, lambda: BytesIO(answer.body))

    def finished(self, taken: Taken) -> None:
        """Note how a round of `arrivals` went.

        Raises:
            Unreachable: the answer could not be read.
        """
        if taken.refused:
            raise Unreachable(taken.refused[0].code)
        self._backoff.worked()
        assert self._asked is not None, "arrivals comes first"
        now, answer = self._asked
        self._asked = None
        self._complete_on = dutch_day(now)
        # A fault inside the answer is asked about again from where the last good answer left off.
        if answer.has_content and not taken.unavailable:
            self._remember(now, answer)

    def failed(self, fault: Unreachable | OSError) -> Unreachable:
        """Note that a round broke off, ask less often, and return the fault as it may be shown."""
        shown = fault if isinstance(fault, Unreachable) else Unreachable("no-answer")
        self.next_at = monotonic() + self._backoff.failed(shown.retry_after_seconds)
        self._complete_on = None
        return shown

    def is_complete(self, today: date) -> bool:
        """Whether the source answered today, and did the last time it was asked."""
        return self._complete_on == today

    def _parameters(self) -> Mapping[str, str]:
        if self._settings.since is None or self._since is None:
            return {}
        return {self._settings.since: self._since.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def _remember(self, asked_at: datetime, answer: Answer) -> None:
        # A clock that runs ahead would have the next question skip what the source has yet to write down.
        self._since = min(answer.dated or asked_at, asked_at) - OVERLAP
        # With `since` every question is another one, so what was said about the last one does not hold for it.
        if self._settings.method == "GET" and self._settings.since is None:
            names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
            self._validators = {
                asks: told
                for says, asks in names.items()
                if _VALIDATOR.fullmatch(told := answer.headers.get(says, ""))
            }
