"""The fixed sentences around the texts of the rules, in Dutch and English.

They say nothing of anybody by themselves, and are the same for every set of rules.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from policy.telling.wording import Language

LINES: Final[Mapping[Language, tuple[str, str, str, str]]] = {
    "nl": ("Besluit", "Waarom", "Grondslag", "Wat kan helpen"),
    "en": ("Decision", "Why", "Legal basis", "What can help"),
}
"""What the four lines are called, in their order."""

_NL: Mapping[str, str] = {
    "one": "er {type} is",
    "several": "dit er is",
    "or": " of ",
    "worker.yes": "U ziet of {it}{list}.",
    "worker.area": "U ziet alleen of er iets loopt op het leefgebied {area}. U ziet niet of {it}{list}.",
    "worker.no": "U ziet niet of {it}{list}.",
    "worker.fault": "U ziet nu niet of {it}{list}.",
    "worker.neutral": "U mag deze gegevens nu niet zien.",
    "worker.undecided": "Wij kunnen nu niet bepalen wat u mag zien.",
    "worker.ask": "Klopt dit volgens u niet? Vraag dan de privacy officer om het na te kijken.",
    "worker.again": "Probeer het later nog eens. Gaat het weer mis? Bel dan uw functioneel beheerder.",
    "officer.aanwezigheid": "De medewerker mocht zien of {it}{list}.",
    "officer.bron": "De medewerker mocht zien of {it}, en bij welke organisatie{list}.",
    "officer.contact": "De medewerker mocht zien of {it}, bij welke organisatie en wie te bellen is{list}.",
    "officer.area": "De medewerker mocht alleen zien of er iets loopt op het leefgebied {area}, niet of {it}{list}.",
    "officer.no": "De medewerker mocht niet zien of {it}{list}.",
    "officer.fault": "Er kon niet worden besloten of de medewerker mocht zien of {it}{list}.",
    "officer.again": "Laat de functioneel beheerder nagaan wat er misging.",
    "officer.help": "De medewerker leest: {text}",
    "nothing.needed": "Er is niets nodig.",
    "rule": "{text} (regel {key}, geldt sinds {day})",
    "missed": "Daarbij telde: {facts}",
    "no.rule": "Geen enkele regel staat dit toe.",
    "nearest": "Het dichtst in de buurt komt: {title} (regel {key}, geldt sinds {day}).",
    "no.more": "Meer mocht niet.",
    "miss.question": "Deze regel gaat hier niet over.",
    "miss.bases": "Dit doel heeft niet de grondslag die de regel vraagt.",
    "one.change": "Met één ander feit mocht het wel: {fact}",
    "no.change": "Met één ander feit mocht het ook niet.",
    "no.basis": "Er is niets besloten, dus ook op geen grondslag.",
    "basis": "{law}, {article}, {url}{bill}{unverified}",
    "bill": " (nog een wetsvoorstel)",
    "unverified": " (niet gecontroleerd door een jurist)",
    "fault.missing-fact": "Niet bekend was: {fact}.",
    "fault.bad-fact": "Onbruikbaar was: {fact}.",
    "fault.late-fact": "Te lang geleden opgezocht was: {fact}.",
    "fault.too-many-types": "Er werden te veel soorten hulp tegelijk gevraagd.",
    "fault.no-rules-in-force": "Op deze dag waren er geen regels van kracht.",
    "fault.engines-disagree": "De twee programma's die de regels uitvoeren, waren het niet eens.",
    "fault.engine-failure": "Het programma dat de regels uitvoert, liep vast.",
    "fault.unknown-type": "De catalogus kent dit soort hulp niet.",
    "fault.rule-error": "Deze regel kon niet worden uitgevoerd: {fact}.",
    "fault.no-decision": "De vraag paste niet bij de regels.",
    "fault.no-reason": "Er kwam een antwoord zonder reden.",
}
_EN: Mapping[str, str] = {
    "one": "there is {type}",
    "several": "this is there",
    "or": " or ",
    "worker.yes": "You see whether {it}{list}.",
    "worker.area": "You only see whether something runs in the area of life {area}. You do not see whether {it}{list}.",
    "worker.no": "You do not see whether {it}{list}.",
    "worker.fault": "You do not see now whether {it}{list}.",
    "worker.neutral": "You may not see these details now.",
    "worker.undecided": "We cannot tell now what you may see.",
    "worker.ask": "Do you think this is not right? Then ask the privacy officer to look into it.",
    "worker.again": "Try again later. Does it go wrong again? Then call your functional administrator.",
    "officer.aanwezigheid": "The worker was allowed to see whether {it}{list}.",
    "officer.bron": "The worker was allowed to see whether {it}, and at which organisation{list}.",
    "officer.contact": "The worker was allowed to see whether {it}, at which organisation and whom to phone{list}.",
    "officer.area": "The worker was only allowed to see whether something runs in the area of life {area}, "
    "not whether {it}{list}.",
    "officer.no": "The worker was not allowed to see whether {it}{list}.",
    "officer.fault": "It could not be decided whether the worker was allowed to see whether {it}{list}.",
    "officer.again": "Let the functional administrator find out what went wrong.",
    "officer.help": "The worker reads: {text}",
    "nothing.needed": "Nothing is needed.",
    "rule": "{text} (rule {key}, in force since {day})",
    "missed": "What counted here: {facts}",
    "no.rule": "No rule allows this.",
    "nearest": "The nearest is: {title} (rule {key}, in force since {day}).",
    "no.more": "More was not allowed.",
    "miss.question": "This rule is not about this.",
    "miss.bases": "This purpose does not have the legal basis that the rule asks for.",
    "one.change": "With one other fact it was allowed: {fact}",
    "no.change": "With one other fact it was not allowed either.",
    "no.basis": "Nothing was decided, so on no legal basis either.",
    "basis": "{law}, {article}, {url}{bill}{unverified}",
    "bill": " (still a bill)",
    "unverified": " (not checked by a lawyer)",
    "fault.missing-fact": "Not known was: {fact}.",
    "fault.bad-fact": "Of no use was: {fact}.",
    "fault.late-fact": "Looked up too long ago was: {fact}.",
    "fault.too-many-types": "Too many kinds of help were asked about at once.",
    "fault.no-rules-in-force": "No rules were in force on this day.",
    "fault.engines-disagree": "The two programs that carry out the rules did not agree.",
    "fault.engine-failure": "The program that carries out the rules broke down.",
    "fault.unknown-type": "The catalogue does not know this kind of help.",
    "fault.rule-error": "This rule could not be carried out: {fact}.",
    "fault.no-decision": "The question did not fit the rules.",
    "fault.no-reason": "An answer came without a reason.",
}
_BY_LANGUAGE: Mapping[Language, Mapping[str, str]] = {"nl": _NL, "en": _EN}


def say(name: str, language: Language, **places: str) -> str:
    """A sentence with its places filled."""
    return _BY_LANGUAGE[language][name].format(**places)


def say_fault(code: str, fact: str, language: Language) -> str:
    """What the code of a fault means; the code itself where nobody wrote words for it."""
    template = _BY_LANGUAGE[language].get(f"fault.{code}")
    return template.format(fact=fact) if template is not None else f"{code} {fact}".strip()


def whether(names: Sequence[tuple[str, str]], language: Language) -> dict[str, str]:
    """The places `it` and `list` of a sentence about one kind of help, or about several.

    Args:
        names: Of each kind the text that follows "there is", and its heading.
        language: Of both.
    """
    if len(names) == 1:
        return {"it": say("one", language, type=names[0][0]), "list": ""}
    return {"it": say("several", language), "list": ": " + ", ".join(heading for _, heading in names)}
