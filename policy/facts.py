"""The facts one look-up is decided on.

Invariants:
1. A fact that is not known is None, never a guess; `faults` reports it and the decision point then denies.
2. No field can hold who the resident or the worker is.

Whoever controls these facts controls the decision, so only the index's own registers may fill them, never the
request itself (except for the purpose, which a person chooses).
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime

from policy.vocabulary import AgeBand, PurposeCode, Role

ATTRIBUTE_OF_FACT = {
    "role": "rol",
    "account_active": "account_actief",
    "second_factor": "tweede_factor",
    "purpose": "doel",
    "relation_live": "relatie_loopt",
    "relation_confirmed": "relatie_bevestigd",
    "age_band": "leeftijdsgroep",
    "shielded": "afgeschermd",
    "coordinator": "coordinator",
    "organisation": "organisatie",
    "on": "op",
}
"""The Dutch name under which each fact appears in the rule files."""

_YES_OR_NO = (
    "account_active",
    "second_factor",
    "relation_live",
    "relation_confirmed",
    "shielded",
    "coordinator",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFacts:
    """Everything the rules may know about one look-up; None means "not known" and denies.

    Attributes:
        role: The one role in which the worker asks.
        account_active: Whether the worker's account may be used today.
        second_factor: Whether this session was started with a second factor.
        purpose: The purpose the worker chose, known to the catalogue or not.
        relation_live: Whether worker and resident have a care relation (or delegation) that runs on `on`.
        relation_confirmed: False only while a relation the worker registered herself awaits confirmation.
        age_band: The resident's age group on `on`.
        shielded: Whether the resident's details are shielded.
        coordinator: Whether the worker coordinates this case.
        organisation: The organisation the worker acts for.
        on: The day of the look-up by the index's own clock.
    """

    role: Role | None
    account_active: bool | None
    second_factor: bool | None
    purpose: PurposeCode | None
    relation_live: bool | None
    relation_confirmed: bool | None
    age_band: AgeBand | None
    shielded: bool | None
    coordinator: bool | None
    organisation: str | None
    on: date | None

    def faults(self) -> tuple[str, ...]:
        """Name each fact that is missing (`missing-fact:<name>`) or not of its kind (`bad-fact:<name>`)."""
        found = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                found.append(f"missing-fact:{field.name}")
            elif not _is_of_its_kind(field.name, value):
                found.append(f"bad-fact:{field.name}")
        return tuple(found)

    def canonical(self) -> bytes:
        """The same bytes for the same facts: JSON with sorted keys, for the record and for replay."""
        stated = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def recorded(cls, canonical: str) -> "LookupFacts":
        """The facts that `canonical` wrote down; one that is not in it was not known then.

        Raises:
            ValueError: If it is no such text, or states a fact that this program does not know.
        """
        stated = json.loads(canonical)
        names = {field.name for field in fields(cls)}
        if not isinstance(stated, dict) or not stated.keys() <= names:
            raise ValueError("these are no facts of a look-up")
        return cls(**{name: _read(name, stated.get(name)) for name in names})  # type: ignore[arg-type]  # `faults` says what is not of its kind

    def attributes(self, legal_bases: Collection[str]) -> dict[str, object]:
        """The attributes of the Cedar entity `Raadpleging`; call only when `faults` found nothing.

        Args:
            legal_bases: The bases of the purpose on that day; empty for a purpose nobody knows.
        """
        stated = {
            attribute: _plain(getattr(self, name))
            for name, attribute in ATTRIBUTE_OF_FACT.items()
            if name != "on"
        }
        return stated | {"grondslagen": sorted(legal_bases), "op": cedar_day(self.on)}


_READERS: Mapping[str, Callable[[str], object]] = {
    "role": Role,
    "age_band": AgeBand,
    "on": date.fromisoformat,
}


def _read(name: str, value: object) -> object:
    """A value as `_plain` wrote it; as it stands there if it was not of its kind."""
    reader = _READERS.get(name)
    try:
        return reader(value) if reader is not None and isinstance(value, str) else value
    except ValueError:
        return value


def cedar_day(day: date | None) -> dict[str, object]:
    """Write a day as Cedar reads it, never with a zone: one with a colon makes a rule fail at run time."""
    return {"__extn": {"fn": "datetime", "arg": _plain(day)}}


def _is_of_its_kind(name: str, value: object) -> bool:
    if name in _YES_OR_NO:
        return isinstance(value, bool)
    if name == "on":
        return isinstance(value, date) and not isinstance(value, datetime)
    if not isinstance(value, str):
        return False
    if name == "role":
        return value in set(Role)
    return value in set(AgeBand) if name == "age_band" else value != ""


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
