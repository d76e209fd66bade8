"""The rules of the index and the one function that decides by them.

This package only offers its words here. The decision point is `policy.pdp`, which one module of the product
may import; a re-export would let any other module reach it unseen.
"""

from policy.vocabulary import (
    CONFLICTING_ROLES,
    AgeBand,
    Duty,
    Level,
    LifeDomain,
    Outcome,
    PurposeCode,
    Role,
    Sensitivity,
    Shows,
    roles_conflict,
)

__all__ = [
    "CONFLICTING_ROLES",
    "AgeBand",
    "Duty",
    "Level",
    "LifeDomain",
    "Outcome",
    "PurposeCode",
    "Role",
    "Sensitivity",
    "Shows",
    "roles_conflict",
]
