"""What all kinds of delivery share: the work in hand, and how faulty rows are collected."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from crypto.chain import Pseudonym
from crypto.sheet import Row
from policy.catalogue import Catalogue
from signal_index.model import Delivery, Publisher
from signal_index.ports import Transaction

RowFault = tuple[int, str]  # position in the batch, refusal code
R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Context:
    """The moment of applying, and the catalogue of signal types in force then.

    Args:
        now: aware UTC.
        today: the same moment as a Dutch calendar day.
        catalogue: of that day.
        canary: the pseudonym that a trial must come out as.
    """

    now: datetime
    today: date
    catalogue: Catalogue
    canary: Pseudonym


@dataclass(frozen=True)
class Work:
    """One delivery being applied in one transaction."""

    tx: Transaction
    context: Context
    delivery: Delivery
    publisher: Publisher

    def rows(self, kind: type[R]) -> Iterator[tuple[int, Pseudonym | None, R]]:
        """Position, person and row of every row; opening has made sure they are all of this kind."""
        for position, (person, row) in enumerate(self.delivery.rows):
            assert isinstance(row, kind)
            yield position, person, row


class DeliveryRefused(Exception):
    """Some rows cannot be applied, so everything the delivery did must be undone.

    Args:
        reason: refusal code of the first fault.
        rows: every faulty row.
    """

    def __init__(self, reason: str, rows: Iterable[RowFault]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rows = tuple(rows)


def refuse_row(position: int, code: str) -> DeliveryRefused:
    """The refusal of a delivery for one row."""
    return DeliveryRefused(code, [(position, code)])


def refuse_faults(faults: list[RowFault]) -> None:
    """Refuse the delivery when there is any fault, naming all of them.

    Raises:
        DeliveryRefused: with the first fault's code as the reason.
    """
    if faults:
        raise DeliveryRefused(faults[0][1], faults)
