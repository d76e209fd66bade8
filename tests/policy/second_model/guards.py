"""The guards: each tells whether its condition is met, written from the text beside it."""

from collections.abc import Callable

from .question import Predicate, Question, Rule

GUARDS: list[Rule] = []


def guard(rule_id: str, text: str) -> Callable[[Predicate], Predicate]:
    def note(is_met: Predicate) -> Predicate:
        GUARDS.append(Rule(rule_id, text, is_met))
        return is_met

    return note


@guard(
    "G01-zorgrelatie",
    "De medewerker heeft op deze dag geen lopende en bevestigde zorgrelatie met deze inwoner. Alleen het doel voor "
    "nood kan zonder, na een verklaring.",
)
def care_relation(asked: Question) -> bool:
    in_emergency = asked.facts["purpose"] == "noodtoegang" and asked.facts["emergency"]
    return bool(in_emergency or (asked.facts["relation_live"] and asked.facts["relation_confirmed"]))


@guard("G02-actief-account", "Het account van de medewerker was op deze dag niet actief.")
def active_account(asked: Question) -> bool:
    return bool(asked.facts["account_active"])


@guard("G03-tweede-factor", "De medewerker was niet ingelogd met een tweede factor.")
def second_factor(asked: Question) -> bool:
    return bool(asked.facts["second_factor"])


@guard("G04-bekend-doel", "Het opgegeven doel staat niet in de catalogus, of het is niet in gebruik.")
def known_purpose(asked: Question) -> bool:
    return asked.purpose_exists


@guard("G05-grondslag-past", "Het doel en het soort signaal hebben op deze dag geen grondslag gemeen.")
def common_basis(asked: Question) -> bool:
    return bool(asked.purpose_bases & asked.kind_bases)


@guard("G06-gemeente", "De zorgrelatie is van een andere organisatie dan die van de medewerker.")
def own_organisation(asked: Question) -> bool:
    return bool(asked.facts["relation_organisation"] == asked.facts["organisation"])


@guard("G07-team", "De zorgrelatie is van een ander team dan dat van de medewerker.")
def own_team(asked: Question) -> bool:
    return bool(asked.facts["relation_team"] == asked.facts["team"])


@guard("G08-minderjarigen", "Bij jeugd, of een onbekende leeftijd, moet het doel op de Jeugdwet rusten.")
def youth_law_for_the_young(asked: Question) -> bool:
    return asked.facts["age_band"] == "18+" or "jeugdwet-7-4-0" in asked.purpose_bases


@guard("G09-afscherming", "De inwoner is afgeschermd: er is alleen te zien dat er iets loopt.")
def presence_of_the_shielded(asked: Question) -> bool:
    return not asked.facts["shielded"] or asked.presence_only


@guard("G10-bezwaar", "De inwoner heeft bezwaar gemaakt, en dat bezwaar geldt op deze dag.")
def no_objection(asked: Question) -> bool:
    return not asked.facts["objection"]


@guard("G11-betrokkenheid", "Op deze dag is vastgelegd dat de medewerker en de inwoner elkaar kennen.")
def not_involved(asked: Question) -> bool:
    return not asked.facts["involved"]


@guard(
    "G12-bijzonder",
    "Dit soort signaal is bijzonder. Te zien is alleen het leefgebied, bij een doel dat leefgebieden laat zien.",
)
def special_as_area(asked: Question) -> bool:
    return not asked.special or (asked.areas_only and asked.presence_only)
