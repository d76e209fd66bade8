"""What one ordered, started or stopped product of iWmo and iJw says about its traject.

Invariants:
1. Of RedenBeeindiging only "temporary" or "final" is kept, of RedenWijziging only "taken back"; the product itself
   ends up in a digest, and only where there is no number.
2. What a removal says beyond its key is not checked (TR063).

Whoever writes a hostile product can at most have that product set aside, or misstate her own provider's traject.

Source: iWmo and iJw 3.2, code lists COD467 (StatusAanlevering), WMO588 (RedenBeeindiging) and WMO002
(RedenWijziging), rules OP033x1, OP275, TR063, TR101 and TR134.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from connectors.parsing.xml import Element, texts_of
from connectors.reading import Kind, read_day, traject_key

_TEMPORARY: Final = "20"
_TAKEN_BACK: Final = "13"
_CHANGED: Final = "2"
_START_KINDS: Final[Mapping[str, Kind]] = {
    "1": Kind.STARTED,
    _CHANGED: Kind.STARTED,
    "3": Kind.START_REMOVED,
    "9": Kind.UNCHANGED,
}
_STOP_KINDS: Final[Mapping[str, Kind]] = {
    "1": Kind.STOPPED,
    _CHANGED: Kind.STOPPED,
    "3": Kind.STOP_REMOVED,
    "9": Kind.UNCHANGED,
}
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")


class Told(NamedTuple):
    """What a product says, once it proved usable; as in `reading.Observation`.

    Args:
        decided: when the municipality decided on the order; None for what is dated by its message.
    """

    traject: str
    kind: Kind
    start: date | None
    end: date | None
    temporary: bool = False
    replaces: bool = False
    decided: datetime | None = None


Tell = Callable[[Element, date], Told | str]
"""Reads one product of a message sent on the date; returns a key of `EXPLANATIONS` when it cannot be used."""


def order(product: Element, sent: date) -> Told | str:
    """Read a ToegewezenProduct; it states the whole order anew, and the one decided on last counts (OP033x1)."""
    texts = texts_of(product)
    start, end = read_day(texts.get("Ingangsdatum", "")), read_day(texts.get("Einddatum", ""))
    if len(texts) != len(product) or not texts.get("ToewijzingNummer"):
        return "record-malformed"
    if start is None:
        return "start-invalid" if texts.get("Ingangsdatum") else "start-missing"
    if end is None and texts.get("Einddatum"):
        return "end-invalid"
    key, decided = _key(texts, product), _decided(texts, sent)
    if texts.get("RedenWijziging") == _TAKEN_BACK:
        return Told(key, Kind.ASSIGNMENT_REMOVED, start, None, decided=decided)
    if end is not None and end < start:
        return "end-before-start"
    return Told(key, Kind.ASSIGNED, start, end, decided=decided)


def start(product: Element, _: date) -> Told | str:
    """Read a StartProduct."""
    texts = texts_of(product)
    status = texts.get("StatusAanlevering", "")
    kind = _START_KINDS.get(status)
    if kind is None or len(texts) != len(product):
        return "status-unknown" if kind is None else "record-malformed"
    first = read_day(texts.get("Begindatum", ""))
    if first is None:
        return "start-invalid" if texts.get("Begindatum") else "start-missing"
    return Told(_key(texts, product), kind, first, None, replaces=status == _CHANGED)


def stop(product: Element, _: date) -> Told | str:
    """Read a StopProduct; one without a first day is about whatever runs under its number."""
    texts = texts_of(product)
    kind = _STOP_KINDS.get(texts.get("StatusAanlevering", ""))
    if kind is None or len(texts) != len(product):
        return "status-unknown" if kind is None else "record-malformed"
    first, last = read_day(texts.get("Begindatum", "")), read_day(texts.get("Einddatum", ""))
    if first is None and texts.get("Begindatum"):
        return "start-invalid"
    if last is None and (kind is Kind.STOPPED or texts.get("Einddatum")):
        return "end-invalid" if texts.get("Einddatum") else "end-missing"
    if kind is Kind.STOPPED and first is not None and last is not None and last < first:
        return "end-before-start"
    is_temporary = texts.get("RedenBeeindiging") == _TEMPORARY
    return Told(_key(texts, product), kind, first, last, temporary=is_temporary)


def _decided(texts: Mapping[str, str], sent: date) -> datetime | None:
    """Return when an order was decided on; None when it does not say, or names a day after it was sent (TR134)."""
    day = read_day(texts.get("Toewijzingsdatum", ""))
    if day is None or day > sent:
        return None
    at = _TIME.fullmatch(texts.get("Toewijzingstijd", ""))
    # A local time without a zone; it is only ever compared with its like.
    return datetime.combine(day, time.fromisoformat(at[0]) if at else time.min, UTC)


def _key(texts: Mapping[str, str], product: Element) -> str:
    """Return the key that all messages about one traject share at one provider for one person.

    A number is unique within a municipality (OP275). The municipality is no part of the key: where municipalities
    merge its code changes while the number stays. Who is paid by task has no number; the product and its first day
    stand in for it.
    """
    number = texts.get("ToewijzingNummer", "")
    if number:
        return traject_key("assignment", number.lstrip("0") or "0")
    codes = (text for part in product.iterchildren("{*}Product") for text in part.itertext())
    return traject_key("product", " ".join(" ".join(codes).split()), texts.get("Begindatum", ""))
