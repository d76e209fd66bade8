"""The words between the decision point and an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from policy.vocabulary import Level

PRINCIPAL = {"type": "Medewerker", "id": "vrager"}
LOOKUP = {"type": "Raadpleging", "id": "deze"}
TYPE_ENTITY = "Signaaltype"


class Verdict(Enum):
    """An engine's answer to one question, after mistrust."""

    ALLOW = auto()
    DENY = auto()
    FAULT = auto()


@dataclass(frozen=True, slots=True)
class EngineSource:
    """The texts an engine is built from; unlike the engine itself they can be pickled and compared.

    Attributes:
        schema: Cedar schema text.
        policies: Cedar JSON policy set with the rule keys as policy ids.
        entities: Cedar JSON of everything that is the same for every look-up.
    """

    schema: str
    policies: str
    entities: str


@dataclass(frozen=True, slots=True)
class Question:
    """May signals of this type be disclosed at this level?"""

    type_code: str
    level: Level


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict, the rules that determined it, and what failed.

    Attributes:
        reasons: Keys of rules, sorted: the grants of an Allow, every guard that refused of a Deny.
        errors: Codes, sorted: `rule-error:<key>`, and `no-decision` or `no-reason` where the reference gave none.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Engine(Protocol):
    """Decides by one set of rules; immutable and safe to share between threads."""

    def ask(self, lookup: Mapping[str, object], questions: Sequence[Question]) -> list[Answer]:
        """Answer each question, in order, about one look-up.

        Args:
            lookup: The attributes of the entity `Raadpleging`, as Cedar JSON.
            questions: Any number; the caller bounds it.

        Raises:
            EngineError: If the engine refuses the facts, fails, or does not answer what was asked.
        """
