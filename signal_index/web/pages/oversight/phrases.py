"""Codes of records in words for the privacy officer; the words are Dutch and translated where they are shown.

Invariant: a code nobody wrote words for is shown as the code itself, never left out: a reviewer must not miss it.
"""

from collections.abc import Mapping
from datetime import date

from signal_index.model.openings import OpeningReason, OpeningState
from signal_index.model.review import Ground, Judgement
from signal_index.model.rulebook import Doubt
from signal_index.usecases.oversight.reports import OTHER, THE_REST, TURNED_AWAY, WITH_SIGNAL, WITHOUT_SIGNAL
from signal_index.usecases.oversight.searching import Outcome, SearchReason
from signal_index.web.markup.words import say

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
DOUBTS: Mapping[Doubt, str] = {
    Doubt.RULES_UNKNOWN: say("De regels die hier staan vastgelegd, heeft deze index nooit gehad."),
    Doubt.RULES_DAMAGED: say(
        "De bewaarde regels zijn niet meer de regels die toen golden. Er is iets aan veranderd."
    ),
    Doubt.FACTS: say("De feiten die hier staan vastgelegd, zijn niet te lezen."),
    Doubt.OUTCOME: say("Met dezelfde regels en feiten is de uitkomst nu anders dan hier staat vastgelegd."),
}


def refusal(code: str) -> str:
    """Why a look was refused."""
    return REFUSALS.get(code, code)


def typed_back(text: str) -> str:
    """What somebody typed, to be mended; nothing when it may hold somebody's number."""
    return text if sum(character.isdigit() for character in text) < _DIGITS_OF_A_NUMBER else ""


_DIGITS_OF_A_NUMBER = 9


def day_text(day: date) -> str:
    """A day as a form shows it."""
    return f"{day:%d-%m-%Y}"
