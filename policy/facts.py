"""The facts one look-up is decided on, and where each of them comes from.

Invariants:
1. A fact that is not known is None, never a guess; `faults` reports it and the decision point then denies.
2. A fact counts for as long as its register says (`COUNTS_FOR`); after that it is a fault, as if nobody knew it.
3. No field can hold who the resident or the worker is.

Whoever controls these facts controls the decision, so only the index's own registers may fill them, never the
request itself (except for the purpose, which a person chooses).
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from policy.vocabulary import AgeBand, PurposeCode, Role


class Register(StrEnum):
    """What knows a fact."""

    STAFF = "medewerkers"
    SESSION = "sessie"
    RELATIONS = "zorgrelaties"
    IMPEDIMENTS = "belemmeringen"
    CHOICE = "keuze"
    CLOCK = "klok"


COUNTS_FOR: Mapping[Register, timedelta] = {
    # The longest a session stays open without a request.
    Register.SESSION: timedelta(minutes=15),
    # Read in the transaction of the look-up itself; whoever keeps a reading for the next one is found out.
    Register.STAFF: timedelta(minutes=1),
    Register.RELATIONS: timedelta(minutes=1),
    Register.IMPEDIMENTS: timedelta(minutes=1),
    Register.CHOICE: timedelta(minutes=1),
    Register.CLOCK: timedelta(minutes=1),
}
"""How old a reading of each register may be at the moment of the look-up."""

REGISTER_OF_FACT: Mapping[str, Register] = {
    "role": Register.STAFF,
    "account_active": Register.STAFF,
    "organisation": Register.STAFF,
    "team": Register.STAFF,
    "second_factor": Register.SESSION,
    "purpose": Register.CHOICE,
    "relation_live": Register.RELATIONS,
    "relation_confirmed": Register.RELATIONS,
    "relation_organisation": Register.RELATIONS,
    "relation_team": Register.RELATIONS,
    "age_band": Register.RELATIONS,
    "shielded": Register.RELATIONS,
    "coordinator": Register.RELATIONS,
    "objection": Register.IMPEDIMENTS,
    "involved": Register.IMPEDIMENTS,
    "emergency": Register.CHOICE,
    "on": Register.CLOCK,
}
"""The one register that may fill each fact."""

ATTRIBUTE_OF_FACT: Mapping[str, str] = {
    "role": "rol",
    "account_active": "account_actief",
    "second_factor": "tweede_factor",
    "purpose": "doel",
    "relation_live": "relatie_loopt",
    "relation_confirmed": "relatie_bevestigd",
    "relation_organisation": "organisatie_relatie",
    "relation_team": "team_relatie",
    "age_band": "leeftijdsgroep",
    "shielded": "afgeschermd",
    "coordinator": "coordinator",
    "organisation": "organisatie",
    "team": "team",
    "objection": "bezwaar",
    "involved": "betrokken",
    "emergency": "noodsituatie",
    "on": "op",
}
"""The Dutch name under which each fact appears in the rule files."""

_write = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_STATED = (*ATTRIBUTE_OF_FACT, "asked_at", "origins")
_FACTS: Callable[["LookupFacts"], tuple[object, ...]] = attrgetter(*ATTRIBUTE_OF_FACT)
_STATED_KEPT = 2048  # a municipality has some hundreds of distinct look-ups a day
_NO_TIME, _MICROSECOND = timedelta(0), timedelta(microseconds=1)
_NOON = time(12, tzinfo=UTC)
_YES_OR_NO = (
    "account_active",
    "second_factor",
    "relation_live",
    "relation_confirmed",
    "shielded",
    "coordinator",
    "objection",
    "involved",
    "emergency",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """One reading of one register.

    Attributes:
        version: What it was read as, in the register's own words; never a person.
        known_at: Aware moment of the reading.
    """

    register: Register
    version: str
    known_at: datetime


def read_at(moment: datetime, versions: Mapping[Register, str]) -> tuple[Origin, ...]:
    """The origins of facts that were all read at one moment; a register without a version is one nobody read."""
    return tuple(
        Origin(register, versions[register], moment) for register in Register if register in versions
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
        relation_organisation: The organisation that the care relation belongs to.
        relation_team: The team that the care relation belongs to.
        age_band: The resident's age group on `on`.
        shielded: Whether the resident's details are shielded.
        coordinator: Whether the worker coordinates this case.
        organisation: The organisation the worker acts for.
        team: The team the worker works in.
        objection: Whether an objection of the resident (AVG art. 21) is registered.
        involved: Whether it is registered that worker and resident know each other outside the work.
        emergency: Whether the worker declared an emergency for this look-up.
        on: The day of the look-up by the index's own clock.
        asked_at: The moment of the look-up by the same clock; no rule sees it, it says which facts are late.
        origins: One reading per register.
    """

    role: Role | None
    account_active: bool | None
    second_factor: bool | None
    purpose: PurposeCode | None
    relation_live: bool | None
    relation_confirmed: bool | None
    relation_organisation: str | None
    relation_team: str | None
    age_band: AgeBand | None
    shielded: bool | None
    coordinator: bool | None
    organisation: str | None
    team: str | None
    objection: bool | None
    involved: bool | None
    emergency: bool | None
    on: date | None
    asked_at: datetime | None
    origins: tuple[Origin, ...] | None

    def faults(self) -> tuple[str, ...]:
        """Name each fact that cannot be relied on.

        Returns:
            `missing-fact:<name>` for one that nobody knows or of which no register is named, `bad-fact:<name>` for
            one that is not of its kind, `late-fact:<name>` for one whose reading is too old, or of the future.
        """
        origins = self._origins()
        stale = {} if origins is None else self._stale(origins)
        wrong = {name: stale[register] for name, register in REGISTER_OF_FACT.items() if register in stale}
        wrong |= _misstated(_FACTS(self))
        if origins is None:
            wrong["origins"] = "missing-fact" if self.origins is None else "bad-fact"
        if self.asked_at is None or not _is_moment(self.asked_at):
            wrong["asked_at"] = "missing-fact" if self.asked_at is None else "bad-fact"
        return tuple(f"{wrong[name]}:{name}" for name in _STATED if name in wrong) if wrong else ()

    def origin_of(self, fact: str) -> Origin | None:
        """Where a fact comes from; None when its register was not read."""
        return (self._origins() or {}).get(REGISTER_OF_FACT[fact])

    def canonical(self) -> bytes:
        """The same bytes for the same facts: JSON with sorted keys, for the record and for replay.

        Each reading stands there as its version and how old it was, in microseconds, or None if that cannot be said.
        """
        stated = dict(zip(ATTRIBUTE_OF_FACT, _all_plain(_FACTS(self)), strict=True))
        stated["asked_at"] = _plain(self.asked_at)
        origins = self._origins() or {}
        ages = self._ages(origins)
        stated["origins"] = {
            register: [origin.version, None if ages is None else ages[register] // _MICROSECOND]
            for register, origin in origins.items()
        }
        return _write(stated).encode()

    @classmethod
    def recorded(cls, canonical: str) -> "LookupFacts":
        """The facts that `canonical` wrote down; one that is not in it was not known then.

        Raises:
            ValueError: If it is no such text, or states a fact that this program does not know.
        """
        stated = json.loads(canonical)
        if not isinstance(stated, dict) or not stated.keys() <= {*ATTRIBUTE_OF_FACT, "asked_at", "origins"}:
            raise ValueError("these are no facts of a look-up")
        facts: dict[str, Any] = {name: _read(name, stated.get(name)) for name in ATTRIBUTE_OF_FACT}
        asked_at = _read("asked_at", stated.get("asked_at"))
        return cls(**facts, asked_at=asked_at, origins=_read_origins(stated.get("origins"), asked_at))

    def attributes(self, legal_bases: Collection[str]) -> dict[str, object]:
        """The attributes of the Cedar entity `Raadpleging`; call only when `faults` found nothing.

        Args:
            legal_bases: The bases of the purpose on that day; empty for a purpose nobody knows.
        """
        stated = dict(zip(ATTRIBUTE_OF_FACT.values(), _all_plain(_FACTS(self)), strict=True))
        return stated | {"grondslagen": sorted(legal_bases), "op": cedar_day(self.on)}

    def _origins(self) -> dict[Register, Origin] | None:
        """By register; None while they cannot be relied on, which is a fault of its own."""
        if self.origins is None or not _are_origins(self.origins):
            return None
        return {origin.register: origin for origin in self.origins}

    def _stale(self, origins: Mapping[Register, Origin]) -> dict[Register, str]:
        """The registers that no fact can be relied on from, and why not."""
        found = dict.fromkeys(COUNTS_FOR.keys() - origins.keys(), "missing-fact")
        ages = self._ages(origins) or {}
        late = (register for register, age in ages.items() if not _NO_TIME <= age <= COUNTS_FOR[register])
        return found | dict.fromkeys(late, "late-fact")

    def _ages(self, origins: Mapping[Register, Origin]) -> dict[Register, timedelta] | None:
        """How old each reading was when the look-up was made; None without a moment to count from."""
        asked_at = self.asked_at
        if asked_at is None or not _is_moment(asked_at):
            return None
        return {register: asked_at - origin.known_at for register, origin in origins.items()}


def as_stated(stated: Mapping[str, object]) -> LookupFacts:
    """The facts of an example, by their Dutch names, as if every register was read at noon of its day.

    Args:
        stated: Every attribute of `ATTRIBUTE_OF_FACT`; None for one that is not known.
    """
    day = stated["op"]
    noon = datetime.combine(day, _NOON) if isinstance(day, date) else None
    versions = dict.fromkeys(Register, "voorbeeld")
    facts: dict[str, Any] = {name: stated[attribute] for name, attribute in ATTRIBUTE_OF_FACT.items()}
    return LookupFacts(**facts, asked_at=noon, origins=read_at(noon, versions) if noon else None)


_READERS: Mapping[str, Callable[[str], object]] = {
    "role": Role,
    "age_band": AgeBand,
    "on": date.fromisoformat,
    "asked_at": datetime.fromisoformat,
}


def _read_origins(stated: object, asked_at: object) -> tuple[Origin, ...] | None:
    """The readings as `canonical` wrote them, each by how old it was; None when that cannot be told."""
    if not isinstance(stated, dict) or not isinstance(asked_at, datetime):
        return None
    try:
        return tuple(
            Origin(Register(register), version, asked_at - age * _MICROSECOND)
            for register, (version, age) in stated.items()
        )
    except (ValueError, TypeError) as error:
        raise ValueError("these are no facts of a look-up") from error


def _read(name: str, value: object) -> Any:  # noqa: ANN401 - whatever kind the fact has; `faults` says if it is another
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
    return _KINDS[name](value) if name in _KINDS else isinstance(value, str) and value != ""


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_moment(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


_REGISTERS, _ROLES, _AGE_BANDS = frozenset(Register), frozenset(Role), frozenset(AgeBand)


def _are_origins(value: object) -> bool:
    """One reading per register at most, each with a version and an aware moment."""
    if not isinstance(value, tuple):
        return False
    for each in value:
        if not isinstance(each, Origin) or each.register not in _REGISTERS or not _is_moment(each.known_at):
            return False
        version: object = each.version  # whatever the type says
        if not isinstance(version, str) or version == "":
            return False
    return len(value) == len({each.register for each in value})


_PLAIN_ALREADY = frozenset({str, bool})
# A word is compared as text first: what cannot be hashed is in no set.
_KINDS: Mapping[str, Callable[[object], bool]] = {
    "role": lambda value: isinstance(value, str) and value in _ROLES,
    "age_band": lambda value: isinstance(value, str) and value in _AGE_BANDS,
    "on": _is_day,
}


def _misstated(values: tuple[object, ...]) -> Mapping[str, str]:
    """Which facts nobody knows or are not of their kind, in the order of `ATTRIBUTE_OF_FACT`, and which of the two."""
    try:
        return _misstated_once(*values)
    except TypeError:  # something that cannot be hashed is no fact either
        return _misstated_once.__wrapped__(*values)


@lru_cache(maxsize=_STATED_KEPT, typed=True)  # typed, so that 1 is not taken for true, nor a text for a role
def _misstated_once(*values: object) -> Mapping[str, str]:
    found = {}
    for name, value in zip(ATTRIBUTE_OF_FACT, values, strict=True):
        if value is None:
            found[name] = "missing-fact"
        elif not _is_of_its_kind(name, value):
            found[name] = "bad-fact"
    return MappingProxyType(found)


def _all_plain(values: tuple[object, ...]) -> list[object]:
    return [value if type(value) in _PLAIN_ALREADY else _plain(value) for value in values]


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
