"""Runs beside a serving process: every half second records go into the tree, and witnesses are asked to cosign it.

Invariants:
1. Asking a witness never holds up the tree, another witness or a look: each has a thread of its own.
2. Only the process that integrates asks witnesses; the others wait until it stops or is silent.
3. Whatever goes wrong in a round, the next one begins; what stays wrong is said once, and recorded.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from crypto.errors import CryptoError
from signal_index import audit
from signal_index.errors import SignalIndexError
from signal_index.model.log import Cosigned, Refusal, TreeHead
from signal_index.ports import Database, Transaction
from signal_index.usecases import log

from .witness import Declined, Knows, Witness

T = TypeVar("T")

ROUND_SECONDS: Final = 0.5
"""A record is in the tree within a second: half a second until a round begins, and the round itself."""
REFRESH: Final = timedelta(seconds=60)
"""How often a witness is asked again when nothing was added, so that its last word stays fresh."""
AFTER_FAULT_SECONDS: Final = (0.5, 1.0, 2.0, 5.0)
"""How long to wait after a first fault, a second in a row, and so on; the last for every next one."""

_log = logging.getLogger(__name__)


class _Faults:
    """Lets a thread outlive whatever goes wrong in a step of it, and says so once until a step goes well again.

    Args:
        what: stands still meanwhile, for the line in the log.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._said: str | None = None

    def of(self, step: Callable[[], T]) -> T | None:
        """Take the step; what it gives, or None when it went wrong."""
        try:
            result = step()
        except SignalIndexError as error:
            self._say(error.code)
        except CryptoError as error:
            self._say(
                str(error)
            )  # a tile or checkpoint that does not fit; it names places in the tree and nobody
        except Exception as error:  # noqa: BLE001 - a thread that ends in silence would be worse than any of them
            self._say(type(error).__name__)
        else:
            self._said = None
            return result
        return None

    def _say(self, fault: str) -> None:
        if fault != self._said:
            _log.error("%s: %s", self._what, fault)
        self._said = fault


class Courier:
    """Brings checkpoints to one witness and keeps what it says.

    Args:
        database: of the index.
        witness: to ask.
        every: how often it is asked at most while the tree grows; it keeps every tree it cosigned, for years.
        now: the clock.
    """

    def __init__(
        self, database: Database, witness: Witness, every: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._witness = witness
        self._every = every
        self._now = now
        self._known: int | None = None  # size of the tree the witness knows; None until we have looked
        self._cosigned_at: datetime | None = None  # by our clock
        self._offer = threading.Condition()
        self._head: TreeHead | None = None
        self._closed = False
        self._faults = _Faults("cosigning waits")
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def offer(self, head: TreeHead) -> None:
        """Say how far the tree is; the newest word counts."""
        with self._offer:
            self._head = head
            self._offer.notify()

    def close(self) -> None:
        """Finish what is under way and stop."""
        with self._offer:
            self._closed = True
            self._offer.notify()
        self._thread.join()

    def _work(self) -> None:
        in_a_row = 0
        while (head := self._offered()) is not None:
            if not self._is_due(head):
                continue
            in_a_row = 0 if self._faults.of(self.bring) else in_a_row + 1
            if in_a_row:
                self._rest(AFTER_FAULT_SECONDS[min(in_a_row, len(AFTER_FAULT_SECONDS)) - 1])

    def _offered(self) -> TreeHead | None:
        with self._offer:
            self._offer.wait_for(lambda: self._head is not None or self._closed)
            head, self._head = self._head, None
            return None if self._closed else head

    def _is_due(self, head: TreeHead) -> bool:
        if self._cosigned_at is None:
            return True
        age = self._now() - self._cosigned_at
        wait = self._every if self._known != head.size else REFRESH
        return not timedelta() <= age < wait

    def _rest(self, seconds: float) -> None:
        with self._offer:
            self._offer.wait_for(lambda: self._closed, seconds)

    def bring(self) -> bool:
        """Have the newest checkpoint cosigned; False when the witness did not."""
        if self._known is None:
            self._known = self._database.run(self._remembered)
        answer = self._ask(self._known)
        if isinstance(answer, Knows) and answer.size > self._known:
            self._known = answer.size
            answer = self._ask(answer.size)
        if isinstance(answer, Cosigned):
            self._keep(answer)
            return True
        self._refused(answer.reason if isinstance(answer, Declined) else self._disagreement(answer))
        return False

    def _disagreement(self, knows: Knows) -> str:
        """Why it says no though we told it a size it had cosigned: it has lost its memory, or knows another tree."""
        return "forgotten" if knows.size < (self._known or 0) else "fork"

    def _remembered(self, tx: Transaction) -> int:
        return next(
            (each.size for each in tx.witnesses.cosigned() if each.witness == self._witness.key.name), 0
        )

    def _ask(self, known: int) -> Cosigned | Knows | Declined:
        submission = self._database.run(lambda tx: log.submission(tx, known))
        return Declined("behind") if submission is None else self._witness.ask(submission)

    def _keep(self, cosigned: Cosigned) -> None:
        now = self._now()
        self._database.run(lambda tx: log.keep_cosignature(tx, cosigned, now))
        self._known, self._cosigned_at = cosigned.size, now

    def _refused(self, reason: str) -> None:
        refusal = Refusal(self._witness.key.name, reason, self._now())
        if self._database.run(lambda tx: log.keep_refusal(tx, refusal)):
            _log.error("witness %s does not cosign: %s", refusal.witness, reason)


class Keeper:
    """Puts records into the tree every half second, and tells the couriers how far it is.

    Args:
        database: of the index.
        couriers: one per witness.
        now: the clock.
    """

    def __init__(self, database: Database, couriers: Sequence[Courier], now: Callable[[], datetime]) -> None:
        self._database = database
        self._couriers = couriers
        self._now = now
        self._gaps: set[tuple[bytes, int]] = set()  # said before
        self._closing = threading.Event()
        self._faults = _Faults("the log waits")
        self._thread = threading.Thread(target=self._work, name="log-keeper", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        for courier in self._couriers:
            courier.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop after the round under way; what is not in the tree yet is taken in by the next process, at once."""
        self._closing.set()
        self._thread.join()
        for courier in self._couriers:
            courier.close()
        self._faults.of(lambda: self._database.run(lambda tx: tx.log.step_aside()))

    def _work(self) -> None:
        while not self._closing.wait(ROUND_SECONDS):
            self._faults.of(self.round)

    def round(self) -> None:
        """Take in everything that waits; nothing when another process does."""
        while True:
            growth = self._database.run(lambda tx: log.integrate(tx, self._now()))
            if growth is None:
                return
            self._say(growth.gaps)
            if not growth.more:
                break
        for courier in self._couriers:
            courier.offer(growth.head)

    def _say(self, gaps: Mapping[bytes, int]) -> None:
        """Report a chain that misses a record, once."""
        for writer, number in set(gaps.items()) - self._gaps:
            self._gaps.add((writer, number))
            _log.error("the chain of writer %s misses record %d", writer.hex(), number)
            gap = audit.event("log.gap", self._now(), writer=writer.hex(), number=number)
            self._database.run(lambda tx: tx.audit.append(gap))  # noqa: B023 - run waits
