"""What the records of one client say: which benefit, from when until when, or why that is not clear.

Invariants:
1. A record whose code is no type of signal is not looked at any further.
2. An element that stands there twice with the same text is clear; with two texts the record is not.
3. A partner, a child, a school or an amount is never asked for: every name that is, stands in `registers`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from connectors.parsing.xml import Element
from connectors.reading import read_municipality

from .days import Possible, read_datum
from .periods import Period
from .registers import Level, Register

_EARLIEST: Final = date(1900, 1, 1)
_IN_SIGHT: Final = timedelta(days=9 * 365)
"""A last day further away is a stand-in for none (99991231) or as good as none; a first day there is an error."""

_PAYER: Final = ("Bron", "CdPartijSuwi")
_ELSEWHERE: Final = "other-municipality"

_Chain = tuple[Element, ...]
"""A record with what it stands in, outermost first."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One period of one benefit, or of two that its code says run together."""

    types: Sequence[str]
    period: Period


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that is not clear.

    Args:
        code: key of `EXPLANATIONS`.
        element: the record.
        types: those of which it leaves open whether one runs.
    """

    code: str
    element: Element
    types: Sequence[str]


class _Unclear(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def records(client: Element, register: Register, day: date) -> Iterator[Spell | SetAside]:
    """Yield what each record of a client says, in the order they stand there; of other income nothing.

    Args:
        client: the ClientSuwi element.
        register: whose answer it is.
        day: of the answer; a record that had ended by then leaves nothing open, however unclear it is.
    """
    for chain in _chains(client, register.levels):
        types: Sequence[str] = tuple(register.types)
        try:
            if register.code:
                types = _types(chain, register, day)
            if types:
                yield _spell(types, chain, register, day)
        except _Unclear as unclear:
            is_settled = unclear.code == _ELSEWHERE or _is_over(chain, register.levels, day)
            yield SetAside(unclear.code, chain[-1], () if is_settled else types)


def _chains(element: Element, levels: Sequence[Level]) -> Iterator[_Chain]:
    """Yield each record with what it stands in; what should hold records and has none comes by itself."""
    for child in element.iterchildren(f"{{*}}{levels[0].name}"):
        is_empty = True
        for chain in _chains(child, levels[1:]) if len(levels) > 1 else ():
            is_empty = False
            yield (child, *chain)
        if is_empty:
            yield (child,)


def _types(chain: _Chain, register: Register, day: date) -> Sequence[str]:
    """Return the types a record is about; none for other income."""
    code = _text(chain[-1], *register.code) if len(chain) == len(register.levels) else ""
    if code:
        return register.types_of(code.upper())
    if not _is_over(chain, register.levels, day):
        raise _Unclear("benefit-unnamed")
    return ()


def _is_over(chain: _Chain, levels: Sequence[Level], day: date) -> bool:
    """Whether even the latest last day it names lies before this day."""
    try:
        ends = _ends(chain, levels)
    except _Unclear:
        return False
    return bool(ends) and max(ends) < day


def _spell(types: Sequence[str], chain: _Chain, register: Register, day: date) -> Spell:
    if register.parties:
        payer = read_municipality(_text(chain[-1], *_PAYER))
        if payer is not None and payer not in register.parties:
            raise _Unclear(_ELSEWHERE)
    period = Period(_start(chain, register.levels, day), _end(chain, register.levels, day))
    if period.start is not None and period.has_ended(period.start):
        raise _Unclear("end-before-start")
    return Spell(types, period)


def _start(chain: _Chain, levels: Sequence[Level], day: date) -> date | None:
    """Return the record's own first day, or when nobody knows it that of what it stands in."""
    is_stated = False
    for element, level in reversed(list(zip(chain, levels, strict=False))):
        begin = _datum(element, level.begin, "start-invalid")
        is_stated = is_stated or begin is not None
        if begin is not None and begin.first is not None:
            if not _EARLIEST <= begin.first <= day + _IN_SIGHT:
                raise _Unclear("date-implausible")
            return begin.first
    if not is_stated:
        raise _Unclear("start-missing")
    return None


def _end(chain: _Chain, levels: Sequence[Level], day: date) -> date | None:
    """Return the last day; a record ends with what it stands in, if not before."""
    return min((end for end in _ends(chain, levels) if end <= day + _IN_SIGHT), default=None)


def _ends(chain: _Chain, levels: Sequence[Level]) -> Sequence[date]:
    """Return every last day that is stated and known."""
    stated = [
        _datum(element, level.end, "end-invalid") for element, level in zip(chain, levels, strict=False)
    ]
    ends = [end.last for end in stated if end is not None and end.last is not None]
    if any(end < _EARLIEST for end in ends):
        raise _Unclear("date-implausible")
    return ends


def _datum(element: Element, name: str, code: str) -> Possible | None:
    """Read a date; None when it is not filled in."""
    text = _text(element, name)
    found = read_datum(text) if text else None
    if text and found is None:
        raise _Unclear(code)
    return found


def _text(element: Element, *path: str) -> str:
    """Return the one text that stands at a path of element names, whatever their namespace; empty when none does."""
    found = [element]
    for name in path:
        found = [child for parent in found for child in parent.iterchildren(f"{{*}}{name}")]
    texts = {(each.text or "").strip() for each in found} - {""}
    if len(texts) > 1:
        raise _Unclear("record-malformed")
    return next(iter(texts), "")
