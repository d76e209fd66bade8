"""Codes of records in words for the privacy officer; the words are Dutch and translated where they are shown.

Invariant: a code nobody wrote words for is shown as the code itself, never left out: a reviewer must not miss it.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from policy.vocabulary import AgeBand, Level, Role
from signal_index.model.openings import OpeningReason, OpeningState
from signal_index.model.review import Ground, Judgement
from signal_index.usecases.oversight.reports import OTHER, THE_REST, TURNED_AWAY, WITH_SIGNAL, WITHOUT_SIGNAL
from signal_index.usecases.oversight.searching import Outcome, SearchReason
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.markup.words import say

Phrase = tuple[str, Mapping[str, object]]  # a Dutch text, and the values of its places

REFUSALS: Mapping[str, str] = {
    "account": say("Het account stond uit"),
    "second-factor": say("Er was niet ingelogd met een tweede stap"),
    "role": say("De rol mag niet kijken"),
    "role-for-purpose": say("De rol mag voor dit doel niet kijken"),
    "unknown-purpose": say("Het doel bestaat niet"),
    "domains": say("Het leefgebied hoort niet bij het doel"),
    "no-relation": say("Poging buiten de eigen caseload"),
    "relation-not-live": say("De zorgrelatie liep niet, of was niet bevestigd"),
    "other-team": say("De zaak was van een ander team"),
    "other-person": say("De zaak was van een andere inwoner geworden"),
    "decision-fault": say("Er kon niet worden beslist"),
    "no-rules-in-force": say("Er waren geen regels van kracht"),
    "incomplete-zorgrelatie": say("De zorgrelaties waren nog niet compleet"),
    "incomplete-beperking": say("De overlijdens waren nog niet compleet"),
}
SEARCH_REASONS: Mapping[SearchReason, str] = {
    SearchReason.RESIDENT: say("Een inwoner vroeg wie er keek"),
    SearchReason.COMPLAINT: say("Een klacht"),
    SearchReason.WORKER: say("Een melding van een medewerker"),
    SearchReason.BREACH: say("Een datalek"),
    SearchReason.CHECK: say("Een controle die wij zelf doen"),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ALL: say("Alles"),
    Outcome.ANSWERED: say("Raadplegingen met antwoord"),
    Outcome.REFUSED: say("Pogingen die zijn geweigerd"),
}
OPENING_REASONS: Mapping[OpeningReason, str] = {
    OpeningReason.RESIDENT: say("Een vraag van de inwoner"),
    OpeningReason.COMPLAINT: say("Een klacht"),
    OpeningReason.INVESTIGATION: say("Een onderzoek naar een medewerker"),
    OpeningReason.BREACH: say("Een datalek"),
}
OPENING_STATES: Mapping[OpeningState, str] = {
    OpeningState.ASKED: say("Wacht op besluit"),
    OpeningState.OPEN: say("Geopend"),
    OpeningState.REFUSED: say("Geweigerd"),
    OpeningState.OVER: say("Voorbij"),
}
LEVELS: Mapping[Level, str] = {
    Level.PRESENCE: say("Alleen of het er is"),
    Level.SOURCE: say("Ook welke bron"),
    Level.CONTACT: say("Ook welke bron, en wie te bellen"),
}
INFORMED: Mapping[str, str] = {
    "verteld": say("Ja, vooraf verteld"),
    "samen": say("Ja, zij keken samen"),
    "nog-niet": say("Nog niet op dat moment"),
}
JUDGEMENTS: Mapping[Judgement, str] = {
    Judgement.RIGHT: say("Terecht"),
    Judgement.QUESTION: say("Ik stel eerst een vraag"),
    Judgement.WRONG: say("Onterecht"),
}
GROUND_TEXTS: Mapping[Ground, str] = {
    Ground.VISIT: say("Er was een huisbezoek"),
    Ground.NEW_CASE: say("Het was een nieuwe zaak"),
    Ground.ON_CALL: say("Er was een crisis of een avonddienst"),
    Ground.STANDING_IN: say("De medewerker verving een collega"),
    Ground.CASE_REVIEW: say("De caseload werd besproken"),
    Ground.OTHER_WORK: say("Het hoorde bij ander werk"),
    Ground.ASKED_WORKER: say("Gevraagd aan de medewerker"),
    Ground.ASKED_LEAD: say("Gevraagd aan de teamleider"),
    Ground.NO_TASK: say("Er was geen taak bij deze inwoner"),
    Ground.CURIOSITY: say("Het was uit eigen belang"),
    Ground.MISTAKE: say("Het was een vergissing"),
}
FIGURES: Mapping[str, str] = {
    OTHER: say("Overig"),
    WITH_SIGNAL: say("Beantwoord, met een signaal"),
    WITHOUT_SIGNAL: say("Beantwoord, zonder signaal"),
    TURNED_AWAY: say("Geweigerd"),
    THE_REST: say("Zonder signaal, of geweigerd"),
    "ja": say("Ja"),
    "nee": say("Nee"),
    "weet-niet": say("Weet ik niet"),
}
_AGES: Mapping[str, str] = {
    AgeBand.UNDER_12: say("De inwoner was jonger dan 12 jaar."),
    AgeBand.FROM_12_TO_15: say("De inwoner was 12 tot en met 15 jaar."),
    AgeBand.FROM_16_TO_17: say("De inwoner was 16 of 17 jaar."),
    AgeBand.ADULT: say("De inwoner was 18 jaar of ouder."),
    AgeBand.UNKNOWN: say("De leeftijdsgroep van de inwoner was niet bekend."),
}
# By fact: what is said when it was so, and when it was not.
_YES_OR_NO: Mapping[str, tuple[str, str]] = {
    "account_active": (say("Het account stond aan."), say("Het account stond uit.")),
    "second_factor": (
        say("De medewerker was ingelogd met een tweede stap."),
        say("De medewerker was niet ingelogd met een tweede stap."),
    ),
    "relation_live": (
        say("Er liep een zorgrelatie, van de medewerker zelf of van wie zij verving."),
        say("Er liep geen zorgrelatie."),
    ),
    "relation_confirmed": (
        say("Achter de zorgrelatie stond een tweede persoon."),
        say("Achter de zorgrelatie stond nog geen tweede persoon."),
    ),
    "shielded": (
        say("De gegevens van de inwoner waren afgeschermd."),
        say("De gegevens van de inwoner waren niet afgeschermd."),
    ),
    "coordinator": (
        say("De medewerker was coördinator van de zaak."),
        say("De medewerker was geen coördinator van de zaak."),
    ),
    "objection": (
        say("Er was een bezwaar van de inwoner vastgelegd."),
        say("Er was geen bezwaar van de inwoner vastgelegd."),
    ),
    "involved": (
        say("Er was vastgelegd dat de medewerker en de inwoner elkaar kennen."),
        say("Er was niet vastgelegd dat de medewerker en de inwoner elkaar kennen."),
    ),
    "emergency": (
        say("De medewerker verklaarde dat er nood was."),
        say("De medewerker verklaarde niet dat er nood was."),
    ),
}
# These stand on the page already, or are for whoever replays the decision.
_KNOWN_ELSEWHERE = frozenset({"purpose", "on", "organisation", "asked_at", "origins"})
_NAMES: Mapping[str, str] = {
    "team": say("De medewerker werkte in team %(name)s."),
    "relation_team": say("De zaak was van team %(name)s."),
    "relation_organisation": say("De zaak was van organisatie %(name)s."),
}


def refusal(code: str) -> str:
    """Why a look was refused."""
    return REFUSALS.get(code, code)


def facts(known: Mapping[str, object]) -> Iterator[Phrase]:
    """What the rules were told, as sentences."""
    for name, value in known.items():
        if name in _KNOWN_ELSEWHERE:
            continue
        if name == "role":
            yield say("De rol was %(role)s."), {"role": ROLE_LABELS.get(Role(str(value)), str(value)).lower()}
        elif name == "age_band":
            yield _AGES.get(str(value), str(value)), {}
        elif name in _YES_OR_NO and isinstance(value, bool):
            yes, no = _YES_OR_NO[name]
            yield yes if value else no, {}
        elif name in _NAMES:
            yield _NAMES[name], {"name": value}
        else:
            yield f"{name}: {value}", {}


def typed_back(text: str) -> str:
    """What somebody typed, to be mended; nothing when it may hold somebody's number."""
    return text if sum(character.isdigit() for character in text) < _DIGITS_OF_A_NUMBER else ""


_DIGITS_OF_A_NUMBER = 9


def day_text(day: date) -> str:
    """A day as a form shows it."""
    return f"{day:%d-%m-%Y}"
