"""Lets jobs that only look run side by side, so that what they ask at the same moment is asked at once.

A job runs until it asks the database something, and waits there until all others ask something too or are done. Then
each distinct query is asked once, for everybody who waits for it. So a hundred looks take as many round trips as one.

Invariants:
1. A job gets exactly the rows it would get alone: the same query, over the same snapshot.
2. What a job does after its first record it does alone, in the order in which the jobs came.
3. A job that raises ends alone.

Source: greenlet documentation; the pattern is that of a data loader.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, cast

from greenlet import getcurrent, greenlet
from sqlalchemy import Connection

from signal_index.store.queries import ASKED_THROUGH, Query

_MY_TURN: Final = object()

Parameters = Mapping[str, object]
Rows = Sequence[Sequence[Any]]


@dataclass
class _Runner:
    """One job under way: what it asks now, and whether it waits to make its record."""

    run: greenlet
    before: Callable[[], None]
    asks: tuple[Query, Sequence[Parameters]] | None = None
    waits: bool = False


@dataclass
class Gathering:
    """The jobs of one transaction.

    Args:
        connection: with the transaction.
    """

    connection: Connection
    _runners: list[_Runner] = field(default_factory=list)

    def add(self, job: Callable[[], None], before: Callable[[], None]) -> None:
        """Take part.

        Args:
            job: raises nothing.
            before: is called whenever the job goes on, as other jobs have run meanwhile.
        """
        self._runners.append(_Runner(greenlet(job), before))

    def run(self) -> None:
        """Run all of them, each to its end."""
        self.connection.info[ASKED_THROUGH] = self
        try:
            for runner in self._runners:
                self._go_on(runner)
            while asking := [runner for runner in self._runners if runner.asks is not None]:
                self._answer(asking)
        finally:
            del self.connection.info[ASKED_THROUGH]
        for runner in self._runners:
            if runner.waits:
                self._go_on(runner)

    def ask(self, query: Query, asked: Sequence[Parameters]) -> Sequence[Rows]:
        """Wait for the rows for each of these, together with whoever asks at this moment; called by a job."""
        return cast("Sequence[Rows]", self._leave((query, asked)))

    def take_turn(self) -> None:
        """Wait until it is this job's turn to make its record; called by a job."""
        self._leave(_MY_TURN)

    def _leave(self, said: object) -> object:
        hub = getcurrent().parent
        assert hub is not None, "only a job asks"
        answer: object = hub.switch(said)
        return answer

    def _go_on(self, runner: _Runner, *answer: object) -> None:
        runner.before()
        said = runner.run.switch(*answer)
        runner.waits = said is _MY_TURN
        runner.asks = said if isinstance(said, tuple) and not runner.run.dead else None

    def _answer(self, asking: Sequence[_Runner]) -> None:
        by_query: dict[Query, list[tuple[_Runner, Sequence[Parameters]]]] = {}
        for runner in asking:
            assert runner.asks is not None
            query, asked = runner.asks
            by_query.setdefault(query, []).append((runner, asked))
        for query, askers in by_query.items():
            answers = iter(
                query.rows_for_each(self.connection, [each for _, asked in askers for each in asked])
            )
            for runner, asked in askers:
                self._go_on(runner, list(islice(answers, len(asked))))

    def abandon(self) -> None:
        """End the jobs that have not ended, after a fault of the database."""
        for runner in self._runners:
            with suppress(BaseException):
                if not runner.run.dead:
                    runner.run.throw()
