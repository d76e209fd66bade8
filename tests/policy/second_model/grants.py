"""The grants: each tells whether it says yes, written from the text beside it."""

from collections.abc import Callable

from .question import Predicate, Question, Rule

WMO, WMO_URGENT, YOUTH = "wmo-2015-5-1-1", "wmo-2015-2-3-3", "jeugdwet-7-4-0"
DEBTS, PARTICIPATION, SUWI = "wgs-8", "pw-64", "suwi-62"

GRANTS: list[Rule] = []


def grant(rule_id: str, text: str, *duties: str) -> Callable[[Predicate], Predicate]:
    def note(says_yes: Predicate) -> Predicate:
        GRANTS.append(Rule(rule_id, text, says_yes, duties or ("vastleggen",)))
        return says_yes

    return note


def _member_for(asked: Question, purpose: str, basis: str) -> bool:
    """A team member, for this purpose, of a kind that is shared on this legal basis."""
    return (
        asked.facts["role"] == "wijkteammedewerker"
        and asked.facts["purpose"] == purpose
        and basis in asked.kind_bases
    )


def _age_known(asked: Question) -> bool:
    return bool(asked.facts["age_band"] != "onbekend")


@grant(
    "T01-huisbezoek-wmo",
    "Een wijkteammedewerker mag voor een huisbezoek soorten zien die op grond van de Wmo 2015 gedeeld "
    "worden. Op grond van deze regel mag zij ook de organisatie zien, en wie zij kan bellen.",
)
def visit_wmo(asked: Question) -> bool:
    return _member_for(asked, "voorbereiding-huisbezoek", WMO)


@grant(
    "T02-huisbezoek-jeugdwet",
    "Een wijkteammedewerker mag voor een huisbezoek soorten zien die op grond van de Jeugdwet gedeeld "
    "worden. Op grond van deze regel mag zij ook de organisatie zien, en wie zij kan bellen. Is de "
    "leeftijdsgroep onbekend, dan ziet zij alleen dat er iets loopt.",
)
def visit_youth(asked: Question) -> bool:
    return _member_for(asked, "voorbereiding-huisbezoek", YOUTH) and (
        _age_known(asked) or asked.presence_only
    )


@grant(
    "T03-schuldhulp-wgs",
    "Een wijkteammedewerker mag voor het afstemmen van schuldhulp soorten zien die op grond van de Wgs "
    "gedeeld worden. Op grond van deze regel mag zij ook de organisatie zien, en wie zij kan bellen.",
)
def debt_help(asked: Question) -> bool:
    return _member_for(asked, "schuldhulp-afstemming", DEBTS)


@grant(
    "T04-zelfredzaamheid-wmo",
    "Een wijkteammedewerker mag bij een gesprek over zelfredzaamheid zien dat er iets loopt, bij soorten die op "
    "grond van de Wmo 2015 gedeeld worden. Welke organisatie dat is en wie zij kan bellen, ziet zij bij niemand.",
)
def talk_wmo(asked: Question) -> bool:
    return _member_for(asked, "toets-zelfredzaamheid", WMO) and asked.presence_only


@grant(
    "T05-zelfredzaamheid-jeugdwet",
    "Een wijkteammedewerker mag bij een gesprek over zelfredzaamheid zien dat er iets loopt, bij soorten die op "
    "grond van de Jeugdwet gedeeld worden. Welke organisatie dat is en wie zij kan bellen, ziet zij bij niemand.",
)
def talk_youth(asked: Question) -> bool:
    return _member_for(asked, "toets-zelfredzaamheid", YOUTH) and asked.presence_only


@grant(
    "T06-triage-wmo",
    "Een wijkteammedewerker mag bij het loket zien dat er iets loopt, bij soorten die op grond van de Wmo 2015 "
    "gedeeld worden. Welke organisatie dat is en wie zij kan bellen, ziet zij bij niemand.",
)
def triage_wmo(asked: Question) -> bool:
    return _member_for(asked, "loket-triage", WMO) and asked.presence_only


@grant(
    "T07-triage-jeugdwet",
    "Een wijkteammedewerker mag bij het loket zien dat er iets loopt, bij soorten die op grond van de Jeugdwet "
    "gedeeld worden. Welke organisatie dat is en wie zij kan bellen, ziet zij bij niemand.",
)
def triage_youth(asked: Question) -> bool:
    return _member_for(asked, "loket-triage", YOUTH) and asked.presence_only


@grant(
    "T08-onderzoek-wmo",
    "Een wijkteammedewerker mag voor een onderzoek naar ondersteuning soorten zien die op grond van de "
    "Wmo 2015 gedeeld worden. Op grond van deze regel mag zij ook de organisatie zien, en wie zij kan "
    "bellen.",
)
def inquiry_wmo(asked: Question) -> bool:
    return _member_for(asked, "wmo-onderzoek", WMO)


@grant(
    "T09-toeleiding-jeugdwet",
    "Een wijkteammedewerker mag voor toeleiding naar jeugdhulp soorten zien die op grond van de Jeugdwet "
    "gedeeld worden. Op grond van deze regel mag zij ook de organisatie zien, en wie zij kan bellen. Is "
    "de leeftijdsgroep onbekend, dan ziet zij alleen dat er iets loopt.",
)
def finding_youth_help(asked: Question) -> bool:
    return _member_for(asked, "jeugdhulp-toeleiding", YOUTH) and (_age_known(asked) or asked.presence_only)


@grant(
    "T10-participatie-pw",
    "Een wijkteammedewerker mag voor begeleiding naar werk en inkomen soorten zien die op grond van de "
    "Participatiewet gedeeld worden. Op grond van deze regel mag zij ook de organisatie zien, en wie zij "
    "kan bellen.",
)
def guidance_participation(asked: Question) -> bool:
    return _member_for(asked, "participatie-begeleiding", PARTICIPATION)


@grant(
    "T11-participatie-suwi",
    "Een wijkteammedewerker mag voor begeleiding naar werk en inkomen soorten zien die op grond van de "
    "Wet SUWI gedeeld worden. Op grond van deze regel mag zij ook de organisatie zien, en wie zij kan "
    "bellen.",
)
def guidance_suwi(asked: Question) -> bool:
    return _member_for(asked, "participatie-begeleiding", SUWI)


@grant(
    "T12-nood-wmo",
    "Bij nood mag een wijkteammedewerker zien dat er iets loopt, bij soorten die op grond van artikel 2.3.3 van de "
    "Wmo 2015 gedeeld worden. Een tweede persoon krijgt daarvan meteen bericht.",
    "tweede-persoon-inlichten",
    "vastleggen",
)
def emergency(asked: Question) -> bool:
    # In an emergency: she declared one.
    return (
        _member_for(asked, "noodtoegang", WMO_URGENT)
        and bool(asked.facts["emergency"])
        and asked.presence_only
    )
