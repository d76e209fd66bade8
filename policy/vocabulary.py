"""The words that rules, facts and decisions are written in; each is defined here and nowhere else.

The values are the Dutch words found in rule files, records and answers. Purposes and signal types are not
listed: they are data in the catalogue, so that a new one needs no new code.
"""

from collections.abc import Collection
from enum import Enum, StrEnum
from functools import total_ordering
from typing import NewType

PurposeCode = NewType("PurposeCode", str)
"""The code of a purpose. Holding one does not mean that the catalogue knows it."""


@total_ordering
class Level(Enum):
    """How much of a signal is disclosed; a higher level includes every lower one."""

    PRESENCE = "aanwezigheid"
    SOURCE = "bron"
    CONTACT = "contact"

    @property
    def action(self) -> str:
        """The name of the Cedar action that discloses this level."""
        return f"toon_{self.value}"

    def __lt__(self, other: object) -> bool:
        """Compare by how much is disclosed."""
        if not isinstance(other, Level):
            return NotImplemented
        order = list(Level)
        return order.index(self) < order.index(other)


class Outcome(StrEnum):
    """What the decision point concluded. Only `ALLOWED` discloses anything."""

    ALLOWED = "toegestaan"
    REFUSED = "geweigerd"
    NO_RULE = "geen regel"
    FAULT = "fout"


class Role(StrEnum):
    """The role in which somebody acts."""

    TEAM_MEMBER = "wijkteammedewerker"
    TEAM_LEAD = "teamleider"
    PRIVACY_OFFICER = "privacy-officer"
    FUNCTIONAL_ADMIN = "functioneel-beheerder"
    SOURCE_ADMIN = "bronbeheerder"


CONFLICTING_ROLES: frozenset[frozenset[Role]] = frozenset(
    {
        frozenset({Role.FUNCTIONAL_ADMIN, Role.TEAM_MEMBER}),
        frozenset({Role.PRIVACY_OFFICER, Role.TEAM_MEMBER}),
        frozenset({Role.PRIVACY_OFFICER, Role.FUNCTIONAL_ADMIN}),
        frozenset({Role.FUNCTIONAL_ADMIN, Role.TEAM_LEAD}),
    }
)
"""Pairs that one person may never hold: whoever administers or oversees the index does not look in it,
nobody oversees her own administration, and whoever hands out roles does not confirm care relations."""


SENSITIVE_ROLES: frozenset[Role] = frozenset({Role.PRIVACY_OFFICER, Role.FUNCTIONAL_ADMIN})
"""Roles that hand out access or watch over it: one person alone neither gives nor takes them."""


def roles_conflict(roles: Collection[Role]) -> bool:
    """Tell whether these roles may not be held by one person."""
    held = frozenset(roles)
    return any(pair <= held for pair in CONFLICTING_ROLES)


class AgeBand(StrEnum):
    """The age group of a resident. `UNKNOWN` is a stated fact and never shows more than a known group."""

    UNDER_12 = "0-11"
    FROM_12_TO_15 = "12-15"
    FROM_16_TO_17 = "16-17"
    ADULT = "18+"
    UNKNOWN = "onbekend"


class LifeDomain(StrEnum):
    """The areas of life under which signals may be shown.

    Coarser than the self-sufficiency matrix on purpose: mental health, addiction and justice have no member,
    so no signal can be filed under them.
    """

    FINANCES = "financien"
    WORK_AND_EDUCATION = "werk-en-opleiding"
    HOUSING = "wonen"
    SUPPORT = "ondersteuning"
    YOUTH_AND_FAMILY = "jeugd-en-gezin"


class Sensitivity(StrEnum):
    """What the mere existence of a signal says.

    `SENSITIVE` says something about health, youth care or legal capacity. `SPECIAL` would say which: it is never shown
    as itself, only as its area of life.
    """

    ORDINARY = "gewoon"
    SENSITIVE = "gevoelig"
    SPECIAL = "bijzonder"


class Shows(StrEnum):
    """What an answer for a purpose is made of: the signals one by one, or only the areas of life they are in."""

    SIGNALS = "signalen"
    AREAS = "leefgebieden"


class Duty(StrEnum):
    """What the caller must do before it acts on an allowance; if it cannot, the allowance is void."""

    RECORD = "vastleggen"
    INFORM = "tweede-persoon-inlichten"
