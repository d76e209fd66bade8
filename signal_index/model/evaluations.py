"""Nouns of questions that other systems ask about what a worker may see; none of them shows anything.

An **evaluation** asks whether signals of one type may be disclosed at one level. Several of them in one request are
answered in their order, until the one that ends it.

Source: OpenID AuthZEN Authorization API 1.0, evaluations semantics.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from policy.vocabulary import Duty, Level

from . import LookupRequest

T = TypeVar("T")

EVALUATIONS_MAX: Final = 64
"""The most evaluations in one request: about twenty types at three levels."""


class Semantic(StrEnum):
    """Which answer ends the answering of several evaluations."""

    ALL = "execute_all"
    FIRST_DENY = "deny_on_first_deny"
    FIRST_PERMIT = "permit_on_first_permit"

    def ends_with(self, *, allowed: bool) -> bool:
        """Whether nothing is answered after such an answer."""
        return self is (Semantic.FIRST_PERMIT if allowed else Semantic.FIRST_DENY)

    def answered(self, answers: Iterable[T], is_yes: Callable[[T], bool]) -> tuple[T, ...]:
        """The answers that are given, in their order; those after the end are not even asked for."""
        given = []
        for answer in answers:
            given.append(answer)
            if self.ends_with(allowed=is_yes(answer)):
                break
        return tuple(given)


@dataclass(frozen=True)
class Evaluation:
    """May signals of this type be disclosed at this level?

    Args:
        type_code: as the caller wrote it; the catalogue may not know it.
    """

    type_code: str
    level: Level


@dataclass(frozen=True)
class Evaluations:
    """What one request asks: all of it about one case and one purpose, as a look is.

    Args:
        look: which relation and which purpose; None when nothing readable was asked.
        wanted: in the order asked; None where a question could not be read.
        semantic: None for a single evaluation.
    """

    look: LookupRequest | None
    wanted: tuple[Evaluation | None, ...]
    semantic: Semantic | None = None


@dataclass(frozen=True)
class Verdict:
    """The answer to one evaluation.

    Args:
        allowed: whether a look for this case and purpose would disclose this much of this type.
        known: whether the question could be read, and the catalogue knows the type.
        texts: what the worker may read about a no, for people.
        duties: what has to be done before anything of it is shown.
        areas_only: a look for this purpose shows the area of life, never the signal.
    """

    allowed: bool
    known: bool = True
    texts: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()
    areas_only: bool = False
