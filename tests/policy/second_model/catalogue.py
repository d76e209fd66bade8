"""The catalogue, read from its file anew: what the second model knows of kinds of signals, purposes and legal bases."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache


@dataclass(frozen=True)
class Purpose:
    bases: frozenset[str]
    areas_only: bool
    in_force: bool


@dataclass(frozen=True)
class Kind:
    bases: frozenset[str]
    special: bool


@dataclass(frozen=True)
class Basis:
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True)
class Catalogue:
    purposes: Mapping[str, Purpose]
    kinds: Mapping[str, Kind]
    bases: Mapping[str, Basis]

    def holding(self, day: date) -> frozenset[str]:
        """The legal bases that the rules may rely on that day; the day on which one ends is the first without it."""
        return frozenset(
            code
            for code, basis in self.bases.items()
            if basis.valid_from <= day and (basis.valid_until is None or day < basis.valid_until)
        )

    def exists(self, purpose: Purpose, day: date) -> bool:
        """Whether a purpose is there on a day: it is in use, and the first of its legal bases has begun."""
        return purpose.in_force and any(self.bases[code].valid_from <= day for code in purpose.bases)

    def reached(self, day: date) -> dict[str, set[str]]:
        """The kinds that share a legal basis with each purpose in force; special ones only where areas are shown."""
        holding = self.holding(day)
        return {
            code: {
                name
                for name, kind in self.kinds.items()
                if kind.bases & purpose.bases & holding and (purpose.areas_only or not kind.special)
            }
            for code, purpose in self.purposes.items()
            if self.exists(purpose, day)
        }


@lru_cache
def read(text: str) -> Catalogue:
    tables = tomllib.loads(text)
    return Catalogue(
        purposes={
            row["code"]: Purpose(
                bases=frozenset(row["legal_bases"]),
                areas_only=row["shows"] == "leefgebieden",
                in_force=row["in_force"],
            )
            for row in tables["purpose"]
        },
        kinds={
            row["code"]: Kind(frozenset(row["legal_bases"]), special=row["sensitivity"] == "bijzonder")
            for row in tables["type"]
        },
        bases={
            row["code"]: Basis(row["valid_from"], row.get("valid_until")) for row in tables["legal_basis"]
        },
    )
