"""The same look-up with one fact changed: yes and no turned round, and every other value of a closed list."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import get_args, get_type_hints

from policy.catalogue import Catalogue
from policy.facts import ATTRIBUTE_OF_FACT, LookupFacts
from policy.pdp import Decision
from policy.vocabulary import PurposeCode

Decide = Callable[[LookupFacts], Decision]
"""Decides about the same types by the same rules, on other facts. Only an answer to "what if", never a permission."""


def single_changes(facts: LookupFacts, catalogue: Catalogue) -> Iterator[tuple[str, LookupFacts, object]]:
    """The same look-up with one fact changed: the Dutch name of that fact, all facts, and what it is now.

    A fact without a closed list, such as the day, is left alone, and so is one that is not known.
    """
    hints = get_type_hints(LookupFacts)
    for name, attribute in ATTRIBUTE_OF_FACT.items():
        for other in _others(hints[name], getattr(facts, name), catalogue):
            yield attribute, replace(facts, **{name: other}), other  # type: ignore[arg-type]  # a value of its own closed list


def _others(hint: object, value: object, catalogue: Catalogue) -> Iterator[object]:
    kinds = get_args(hint)
    if value is None:
        return
    if bool in kinds:
        yield not value
    elif PurposeCode in kinds:
        yield from (PurposeCode(each.code) for each in catalogue.purposes if each.code != value)
    else:
        closed = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, StrEnum))
        yield from (each for kind in closed for each in kind if each != value)
