"""Why a decision fell, in four fixed lines: what was decided, why, on which ground, and what can help.

Built from the record of the decision and the texts of the rules that decided, so it reads the same in a year.

Invariants:
1. What a worker reads follows from the type, the outcome, the purpose and the rules that have a text for her. Of every
   other reason she reads one fixed sentence: never of shielding, age or an objection, and not how much was allowed.
2. A privacy officer reads every rule that determined the outcome, and where none did, which grant came nearest.

Whoever controls this package can mislead a reader. Nothing is decided here, and nothing is shown by it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from policy.catalogue import LegalBasis
from policy.pdp import TypeOutcome
from policy.telling.changes import Decide
from policy.telling.decided import Decided, Told
from policy.telling.officer import Officer, what_if
from policy.telling.sentences import LINES, say, whether
from policy.telling.wording import Language
from policy.telling.worker import told_worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is said of one type, or of several of which all of it is the same.

    Attributes:
        codes: The types, in the order they were asked.
        decision: What was decided, in one or two sentences.
        why: The reasons, a sentence or two each.
        bases: The legal bases it rests on; empty if nothing was decided.
        helps: What somebody can do about it, or what would have made a difference.
    """

    codes: tuple[str, ...]
    decision: str
    why: tuple[str, ...]
    bases: tuple[LegalBasis, ...]
    helps: tuple[str, ...]
    language: Language

    def lines(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The four lines: what each is called, and what it says."""
        grounds = tuple(basis_text(each, self.language) for each in self.bases)
        texts = ((self.decision,), self.why, grounds or (say("no.basis", self.language),), self.helps)
        yield from zip(LINES[self.language], texts, strict=True)


def for_worker(decided: Decided, language: Language) -> tuple[Explanation, ...]:
    """What the worker may read about a decision, types of which she reads the same together."""
    return _explained(decided, lambda outcome: told_worker(decided, outcome, language), language)


def for_officer(decided: Decided, decide: Decide, language: Language) -> tuple[Explanation, ...]:
    """What the privacy officer reads about a decision, types of which she reads the same together.

    Args:
        decided: The decision, and what it was made from.
        decide: Decides about the same types on other facts, to say what one other fact would have changed.
        language: Of the sentences; the names of laws stay Dutch.
    """
    officer = Officer(decided=decided, changes=what_if(decided, decide, language), language=language)
    return _explained(decided, officer.told, language)


def basis_text(basis: LegalBasis, language: Language) -> str:
    """A legal basis with its article, where to read it, whether it is law yet, and whether a lawyer has checked it."""
    bill = say("bill", language) if basis.bill else ""
    unverified = "" if basis.verified_by_lawyer else say("unverified", language)
    return say(
        "basis",
        language,
        law=basis.law,
        article=basis.article,
        url=basis.source_url,
        bill=bill,
        unverified=unverified,
    )


def _explained(
    decided: Decided, tell: Callable[[TypeOutcome], Told], language: Language
) -> tuple[Explanation, ...]:
    groups: dict[Told, list[str]] = {}
    for outcome in decided.decision.outcomes:
        groups.setdefault(tell(outcome), []).append(outcome.code)
    return tuple(_in_lines(decided, told, codes, language) for told, codes in groups.items())


def _in_lines(decided: Decided, told: Told, codes: list[str], language: Language) -> Explanation:
    names = [_names(decided, code, language) for code in codes]
    return Explanation(
        codes=tuple(codes),
        decision=say(told.sentence, language, area=told.area, **whether(names, language)),
        why=told.why,
        bases=told.bases,
        helps=told.helps,
        language=language,
    )


def _names(decided: Decided, code: str, language: Language) -> tuple[str, str]:
    """What follows "there is" for a type, and its heading; the code for one that the catalogue does not know."""
    kind = decided.rules.catalogue.signal_type(code)
    if kind is None:
        return code, code
    return (kind.sentence_nl, kind.label_nl) if language == "nl" else (kind.sentence_en, kind.label_en)
