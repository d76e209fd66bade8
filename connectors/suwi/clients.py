"""What an answer says about one person: one statement per type of signal, each replacing what was said before.

Invariants:
1. Every type of the register is stated, also that nothing of it is there, so that an earlier flag goes.
2. A record that is not clear leaves its types open: of these only what certainly runs is stated.
3. The person is the BSN that stands directly in the client; a partner's and a child's stand deeper.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from connectors.parsing.xml import Element, position
from connectors.reading import Kind, Observation, Quarantined, Reading, dutch_day, read_bsn, traject_key
from crypto.chain import Bsn

from .periods import Period, standing
from .records import SetAside, records
from .registers import Register

_NOWHERE = Period(None, None)


def readings(client: Element, register: Register, name: str, received: datetime) -> Iterator[Reading]:
    """Yield what is set aside of a client's records, then one observation per type.

    Args:
        client: the ClientSuwi element.
        register: whose answer it is.
        name: what positions call the document.
        received: when the answer came in, which dates it.
    """
    person = _person(client)
    if isinstance(person, str):
        place = position(name, client)
        yield Quarantined(person, place, None, register.source, register.only_type, register.municipality)
    else:
        yield from _Client(client, person, register, name, received).readings()


def _person(client: Element) -> Bsn | str:
    """Return whom the answer is about, or the code that says why that is not known."""
    numbers = {(child.text or "").strip() for child in client.iterchildren("{*}Burgerservicenr")} - {""}
    return "bsn-ambiguous" if len(numbers) > 1 else read_bsn(next(iter(numbers), None))


@dataclass(frozen=True, slots=True)
class _Client:
    element: Element
    person: Bsn
    register: Register
    name: str
    received: datetime

    def readings(self) -> Iterator[Reading]:
        day = dutch_day(self.received)
        told: dict[str, list[Period]] = {type_code: [] for type_code in self.register.types}
        left_open: set[str] = set()
        is_filled = False
        for record in records(self.element, self.register, day):
            is_filled = True
            if isinstance(record, SetAside):
                left_open.update(record.types)
                yield self._quarantined(record.code, record.element)
            else:
                for type_code in record.types:
                    told[type_code].append(record.period)
        if self.register.is_always_filled and not is_filled:
            yield self._quarantined("record-malformed", self.element)
            return
        for type_code, periods in told.items():
            stated = _stated(periods, day, is_left_open=type_code in left_open)
            if stated:
                yield self._observation(type_code, *stated)

    def _quarantined(self, code: str, element: Element) -> Quarantined:
        place = position(self.name, element)
        register = self.register
        return Quarantined(
            code, place, self.person, register.source, register.only_type, register.municipality
        )

    def _observation(self, type_code: str, kind: Kind, period: Period) -> Observation:
        return Observation(
            person=self.person,
            source=self.register.source,
            type=type_code,
            traject=_traject(type_code),
            kind=kind,
            start=period.start,
            end=period.end,
            stated_on=self.received,
            message="",
            municipality=self.register.municipality,
            position=position(self.name, self.element),
            note="nothing-running" if kind is Kind.NOT_A_TRAJECT else None,
            replaces=True,
        )


@cache
def _traject(type_code: str) -> str:
    """Return one key for all of one type at one source, so that the next answer replaces this one."""
    return traject_key("suwi", type_code)


def _stated(periods: Sequence[Period], day: date, *, is_left_open: bool) -> tuple[Kind, Period] | None:
    """Return what is said about one type; None when a record that is not clear may say otherwise."""
    if not periods:
        return None if is_left_open else (Kind.NOT_A_TRAJECT, _NOWHERE)
    period = standing(periods, day)
    return None if is_left_open and not period.runs(day) else (Kind.STATE, period)
