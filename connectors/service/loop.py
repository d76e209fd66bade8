"""The loop: take in what has come, send what follows, tell how it stands, rest; for as long as nobody stops it.

Invariants:
1. The state is locked only while something is done with it, so that `connector caseload` finds it free in between.
2. A fault of the local state (a full disk, a damaged file) is waited out like any other; nothing is sent without it.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Final

from connectors.config import Setup
from connectors.publisher import Publisher
from connectors.reading import dutch_day
from connectors.state import State, StateFault
from crypto.batch import BatchClass
from crypto.errors import CryptoError

from .dispatch import Dispatch
from .life import Backoff, Life
from .taking import Inbox, Taking
from .telling import Figures, Standing, day_stamp, leave_note, note_path, warn

ALIVE_SECONDS_MAX: Final = 600.0
"""Without a sign of life for this long the main thread hangs; the longest step is one answer of the chain."""

_REST_SECONDS_MAX: Final = 60.0
_BUSY_SECONDS: Final = 1.0
_STATE_SECONDS: Final = (5.0, 900.0)


class Loop:
    """The service at work.

    Args:
        setup: the settings.
        state: open, not locked.
        inboxes: where messages come from.
        life: how long.
        figures: where it is told how it goes.
        clock: aware UTC.

    Raises:
        FormatFault: a format is not there, or its settings are wrong.
    """

    def __init__(
        self,
        setup: Setup,
        state: State,
        inboxes: Sequence[Inbox],
        *,
        life: Life,
        figures: Figures,
        clock: Callable[[], datetime],
    ) -> None:
        publisher = Publisher(setup, state, clock)
        self._setup = setup
        self._state = state
        self._life = life
        self._figures = figures
        self._clock = clock
        self._taking = Taking(setup, inboxes, publisher, life, figures)
        self._dispatch = Dispatch(setup, state, publisher, life=life, figures=figures, clock=clock)
        self._backoff = Backoff(*_STATE_SECONDS)
        self._not_before = monotonic()
        self._fault: Standing | None = None
        self._noted: object = None

    def run(self, is_sound: Callable[[], bool]) -> None:
        """Work until it is over.

        Args:
            is_sound: whether everything else of the process works.

        Raises:
            Stopping: it is over.
            RuntimeError: something else stopped working.
        """
        try:
            while is_sound():
                self.step()
                self._life.rest(self._next_at())
            raise RuntimeError("what listens has ended")
        finally:
            note_path(self._setup.state_path).unlink(missing_ok=True)

    def step(self) -> None:
        """Do everything that is due."""
        if self._next_at() > monotonic():
            return
        try:
            self._work()
        except (sqlite3.Error, CryptoError) as fault:
            seconds = self._backoff.failed()
            self._not_before = monotonic() + seconds
            advice = f"the local state cannot be used ({type(fault).__name__}); see whether the disk is full"
            self._fault = Standing("waiting", self._clock(), "local-state", advice)
            warn("sending", state="waiting", code="local-state", advice=advice, again_in=round(seconds))
            self._tell(self._fault)

    def is_alive(self) -> bool:
        """Whether the main thread works; from any thread."""
        return monotonic() - self._life.beaten_at < ALIVE_SECONDS_MAX

    def ready(self) -> str | None:
        """Why it does not take in and send as it should, in one word; from any thread."""
        standing = self._standing()
        return None if standing.state == "well" else standing.why

    def _standing(self) -> Standing:
        return self._fault or self._dispatch.standing

    def _next_at(self) -> float:
        looks = (inbox.next_at for inbox in self._taking.inboxes)
        soonest = min(*looks, self._dispatch.next_at(), monotonic() + _REST_SECONDS_MAX)
        return max(soonest, self._not_before)

    def _work(self) -> None:
        try:
            with self._state.lock():
                if self._taking.look(dutch_day(self._clock())):
                    self._dispatch.changed()
                self._dispatch.send_if_due()
        except StateFault:  # another command is at work with the state, for a moment
            self._not_before = monotonic() + _BUSY_SECONDS
            return
        self._backoff.worked()
        self._fault = None
        self._measure()
        self._tell(self._standing())

    def _measure(self) -> None:
        """Look at what the state holds."""
        figures, state = self._figures, self._state
        frozen = state.spool.frozen()
        figures.set("due_wishes", self._dispatch.due_count())
        figures.set("frozen_rows", len(frozen.rows) if frozen else 0)
        figures.set("last_answer_timestamp_seconds", state.heard_at().timestamp())
        for stream in state.streams.all():
            if stream.batch_class is BatchClass.SIGNAAL:
                told = day_stamp(stream.told_as_of)
                figures.set("in_sync_timestamp_seconds", told, source=stream.source, type=stream.type)

    def _tell(self, standing: Standing) -> None:
        """Make figures and notes of how it stands."""
        today, figures = dutch_day(self._clock()), self._figures
        shown = {}
        for inbox in self._taking.inboxes:
            is_complete = inbox.is_complete(today)
            figures.set("inbox_waiting", inbox.waiting, inbox=inbox.name)
            figures.set("inbox_refused", inbox.refused, inbox=inbox.name)
            figures.set("inbox_complete", is_complete, inbox=inbox.name)
            refused = f", {inbox.refused} refused" if inbox.refused else ""
            shown[inbox.name] = ("complete today" if is_complete else "not complete today") + refused
        for state in ("well", "waiting", "stopped"):
            figures.set("sending", state == standing.state, state=state)
        figures.set("send_wait_seconds", round(self._dispatch.wait_seconds()))
        figures.publish()
        self._life.systemd.show(f"Sending: {standing.state}" + (f" ({standing.why})" if standing.why else ""))
        if (standing, shown) != self._noted:
            self._noted = (standing, shown)
            leave_note(note_path(self._setup.state_path), standing, shown)
