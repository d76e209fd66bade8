"""What makes a whole look-up a fault: a fact that nobody knows, that cannot be, or that was read too long ago."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

REGISTERS = {
    "medewerkers": ("role", "account_active", "organisation", "team"),
    "sessie": ("second_factor",),
    "zorgrelaties": (
        "relation_live",
        "relation_confirmed",
        "relation_organisation",
        "relation_team",
        "age_band",
        "shielded",
        "coordinator",
    ),
    "belemmeringen": ("objection", "involved"),
    "keuze": ("purpose", "emergency"),
    "klok": ("on",),
}
COUNTS_FOR = {register: timedelta(minutes=15 if register == "sessie" else 1) for register in REGISTERS}
WORDS: Mapping[str, tuple[str, ...]] = {
    "role": (
        "wijkteammedewerker",
        "teamleider",
        "privacy-officer",
        "functioneel-beheerder",
        "bronbeheerder",
    ),
    "age_band": ("0-11", "12-15", "16-17", "18+", "onbekend"),
}
TEXTS = ("purpose", "relation_organisation", "relation_team", "organisation", "team")
YES_OR_NO = tuple(
    name for names in REGISTERS.values() for name in names if name not in {"on", *WORDS, *TEXTS}
)


def faults_of(
    facts: Mapping[str, Any], read_ago: Mapping[str, timedelta] | None, *, knows_when: bool
) -> Iterator[str]:
    for register, names in REGISTERS.items():
        for name in names:
            fault = _of_value(name, facts[name]) or _of_reading(register, read_ago, knows_when=knows_when)
            if fault:
                yield f"{fault}:{name}"
    if not knows_when:
        yield "missing-fact:asked_at"
    if read_ago is None:
        yield "missing-fact:origins"


def _of_value(name: str, value: object) -> str | None:
    if value is None:
        return "missing-fact"
    return None if _is_of_its_kind(name, value) else "bad-fact"


def _of_reading(register: str, read_ago: Mapping[str, timedelta] | None, *, knows_when: bool) -> str | None:
    """One of the future is no better than one that is too old."""
    if read_ago is None:
        return None
    if register not in read_ago:
        return "missing-fact"
    in_time = timedelta(0) <= read_ago[register] <= COUNTS_FOR[register]
    return None if in_time or not knows_when else "late-fact"


def _is_of_its_kind(name: str, value: object) -> bool:
    if name == "on":
        return type(value) is date
    if name in WORDS:
        return value in WORDS[name]
    return isinstance(value, str) and value != "" if name in TEXTS else isinstance(value, bool)
