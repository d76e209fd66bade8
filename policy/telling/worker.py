"""What a worker reads of a decision: only what follows from herself, her role and her purpose.

Invariant: of a rule that goes by what was registered to keep somebody from looking she reads nothing, whatever text it
has for her. A colleague may have registered it because the resident asked, and that is the resident's to tell.
"""

from collections.abc import Iterable

from policy.catalogue import SignalType
from policy.facts import ATTRIBUTE_OF_FACT, REGISTER_OF_FACT, Register
from policy.pdp import TypeOutcome
from policy.rule_text import Rule
from policy.telling.decided import Decided, Told
from policy.telling.sentences import say
from policy.telling.wording import Language
from policy.vocabulary import Outcome, Shows

_KEPT_FROM_HER = tuple(
    ATTRIBUTE_OF_FACT[fact] for fact, own in REGISTER_OF_FACT.items() if own is Register.IMPEDIMENTS
)


def told_worker(decided: Decided, outcome: TypeOutcome, language: Language) -> Told:
    """What she reads of one type."""
    if outcome.outcome is Outcome.FAULT:
        # Nothing of what failed: a fact that is missing may be one about the resident.
        texts = say("worker.undecided", language), say("worker.again", language)
        return Told(sentence="worker.fault", why=texts[:1], bases=(), helps=texts[1:])
    if outcome.outcome is Outcome.ALLOWED:
        return _allowed(decided, outcome, language)
    return _refused(decided, decided.determining(outcome), language)


def refusal_texts(rules: Iterable[Rule], language: Language) -> tuple[str, ...]:
    """What a worker reads of a refusal by these rules: what each says to her, or the one sentence for all others."""
    told = filter(_tells_her, rules)
    texts = (rule.worker_text if language == "nl" else rule.worker_text_en for rule in told)
    return tuple(dict.fromkeys(text for text in texts if text)) or (say("worker.neutral", language),)


def _tells_her(rule: Rule) -> bool:
    return rule.worker_text is not None and not any(map(rule.reads, _KEPT_FROM_HER))


def _allowed(decided: Decided, outcome: TypeOutcome, language: Language) -> Told:
    """Neither the level nor the grant: both may depend on the resident."""
    purpose, kind = decided.purpose, decided.rules.catalogue.signal_type(outcome.code)
    assert purpose is not None, "nothing is allowed for a purpose nobody knows"
    assert kind is not None, "nothing is allowed of a type nobody knows"
    areas_only = purpose.shows is Shows.AREAS
    return Told(
        sentence="worker.area" if areas_only else "worker.yes",
        area=area_of(decided, kind, language) if areas_only else "",
        why=(purpose.worker_text if language == "nl" else purpose.worker_text_en,),
        bases=decided.rules.catalogue.bases_of(purpose, outcome.code),
        helps=(say("nothing.needed", language),),
    )


def _refused(decided: Decided, rules: Iterable[Rule], language: Language) -> Told:
    readable = list(filter(_tells_her, rules))
    codes = [rule.legal_basis for rule in readable]
    if not readable and decided.purpose is not None:
        codes = list(decided.purpose.legal_bases)
    helps = (rule.help_text if language == "nl" else rule.help_text_en for rule in readable)
    return Told(
        sentence="worker.no",
        why=refusal_texts(readable, language),
        bases=decided.bases(codes),
        helps=tuple(text for text in helps if text) or (say("worker.ask", language),),
    )


def area_of(decided: Decided, kind: SignalType, language: Language) -> str:
    """The area of life that a type is in."""
    area = decided.rules.catalogue.life_domain(kind.life_domain)
    assert area is not None, "a catalogue has words for every area of life"
    return area.label_nl if language == "nl" else area.label_en
