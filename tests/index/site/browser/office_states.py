"""Every page of the functioneel beheerder, and of a team lead about names, in every state it can be in."""

from collections.abc import Mapping

from .impeded import IMPEDED
from .states import ENGLISH, OFFICER, STATES, UNKNOWN, State, Tour, Way, at, overseen, then

ADMIN, SECOND, LEAD = "f.beheer", "f.tweede", "t.lead"


def office(name: str, page: str = "") -> Way:
    """To a page of administration, by what it is called at the place."""
    return lambda tour: tour.open(tour.place.administered[name] + page)


def filled(way: Way, fields: Mapping[str, str], press: str) -> Way:
    """A form with these fields, sent with this button; a field is named by its label, an empty value ticks it."""

    def go(tour: Tour) -> None:
        way(tour)
        for label, text in fields.items():
            field = tour.page.get_by_label(label).first
            if text:
                field.fill(text)
            else:
                tour.page.locator("label").filter(has_text=label).first.click()
        tour.press(press)

    return go


_COLUMNS = "medewerker;organisatie;team;actief"
_NEW_LIST = f"{_COLUMNS}\nn.nieuw;00000099000000000001;oost;ja\nw.een;00000099000000000001;oost;ja"
_WRONG_LIST = f"{_COLUMNS}\nn nieuw;1;;misschien"

_STATES: tuple[tuple[str, str, Way, str, str, int], ...] = (
    # --- The beginning
    ("begin", "administration", at("/beheer"), ADMIN, "full", 200),
    ("begin, nothing waits", "administration", at("/beheer"), ADMIN, "quiet", 200),
    ("begin, first day", "administration", at("/beheer"), ADMIN, "bare", 200),
    ("begin, not for this role", "administration", at("/beheer"), OFFICER, "full", 403),
    # --- Staff
    ("staff", "staff", at("/beheer/medewerkers"), ADMIN, "full", 200),
    (
        "staff, found",
        "staff",
        filled(at("/beheer/medewerkers"), {"Zoek op naam": "noord"}, "Zoek"),
        ADMIN,
        "full",
        200,
    ),
    (
        "staff, nobody",
        "staff",
        filled(at("/beheer/medewerkers"), {"Zoek op naam": "zzz"}, "Zoek"),
        ADMIN,
        "full",
        200,
    ),
    ("member", "member", office("w.een"), ADMIN, "full", 200),
    ("member, without a role", "member", office("w.niets"), ADMIN, "full", 200),
    ("member, herself", "member", office("f.beheer"), ADMIN, "full", 200),
    ("member, off", "member", office("w.uit"), ADMIN, "full", 200),
    ("member, unknown", "member", at(f"/beheer/medewerkers/{UNKNOWN}"), ADMIN, "full", 404),
    ("change, at once", "change_member", then(office("w.een"), "Zet het account uit"), ADMIN, "full", 200),
    (
        "change, by two",
        "change_member",
        then(office("w.niets"), "Geef de rol privacy officer"),
        ADMIN,
        "full",
        200,
    ),
    (
        "change, without a reason",
        "change_member",
        then(office("w.niets"), "Geef de rol functioneel beheerder", "Doe het voorstel"),
        ADMIN,
        "full",
        400,
    ),
    ("change, another team", "change_member", then(office("w.een"), "Ander team"), ADMIN, "full", 200),
    (
        "change, no team",
        "change_member",
        then(office("w.een"), "Ander team", "Voer het door"),
        ADMIN,
        "full",
        400,
    ),
    ("list", "staff_list", at("/beheer/medewerkers/lijst"), ADMIN, "full", 200),
    (
        "list, compared",
        "staff_list",
        filled(at("/beheer/medewerkers/lijst"), {"De lijst": _NEW_LIST}, "Bekijk wat er verandert"),
        ADMIN,
        "full",
        200,
    ),
    (
        "list, not right",
        "staff_list",
        filled(at("/beheer/medewerkers/lijst"), {"De lijst": _WRONG_LIST}, "Bekijk wat er verandert"),
        ADMIN,
        "full",
        400,
    ),
    (
        "list, taken over",
        "staff_list",
        then(
            filled(at("/beheer/medewerkers/lijst"), {"De lijst": _NEW_LIST}, "Bekijk wat er verandert"),
            "Neem de lijst over",
        ),
        ADMIN,
        "bare",
        200,
    ),
    # --- Proposals
    ("proposals", "proposals", at("/beheer/voorstellen"), ADMIN, "full", 200),
    ("proposals, none", "proposals", at("/beheer/voorstellen"), ADMIN, "bare", 200),
    ("proposals of an officer", "proposals", at("/beheer/voorstellen"), OFFICER, "full", 200),
    ("proposal, to decide", "proposal", office("to decide"), ADMIN, "full", 200),
    ("proposal, her own", "proposal", office("own"), ADMIN, "full", 200),
    ("proposal, about her", "proposal", office("own"), "p.tweede", "full", 200),
    ("proposal, agreed", "proposal", office("agreed"), ADMIN, "full", 200),
    ("proposal, refused", "proposal", office("refused"), ADMIN, "full", 200),
    # --- Teams
    ("teams", "teams", at("/beheer/teams"), ADMIN, "full", 200),
    ("team, with a lead", "team_roll", office("team noord"), ADMIN, "full", 200),
    ("team, to confirm", "team_roll", office("team los"), ADMIN, "full", 200),
    ("team, not looked at", "team_roll", then(office("team los"), "Bevestig de lijst"), ADMIN, "full", 400),
    ("names of a team", "own_team", at("/team/namen"), LEAD, "full", 200),
    ("names, not looked at", "own_team", then(at("/team/namen"), "Bevestig de lijst"), LEAD, "full", 400),
    (
        "names, somebody left",
        "own_team",
        filled(at("/team/namen"), {"Joost van der Meer": "", "Ik heb alle namen": ""}, "Bevestig de lijst"),
        LEAD,
        "full",
        200,
    ),
    ("names, nobody", "own_team", at("/team/namen"), "l.alleen", "full", 200),
    ("a team that is due", "team", at("/team"), LEAD, "full", 200),
    # --- Covers
    ("all covers", "stand_ins", at("/beheer/vervanging"), ADMIN, "full", 200),
    ("all covers, none", "stand_ins", at("/beheer/vervanging"), ADMIN, "bare", 200),
    ("all covers, nobody chosen", "stand_ins", then(at("/beheer/vervanging"), "Verder"), ADMIN, "full", 400),
    ("end of a cover", "end_stand_in", then(at("/beheer/vervanging"), "Beëindig"), ADMIN, "full", 200),
    ("cover for another", "stand_in", office("for w.een"), ADMIN, "full", 200),
    (
        "cover for another, empty",
        "stand_in",
        then(office("for w.een"), "Regel vervanging"),
        ADMIN,
        "full",
        400,
    ),
    ("cover for another, no colleague", "stand_in", office("for w.los"), ADMIN, "full", 200),
    # --- The register
    ("sources", "sources", at("/beheer/bronnen"), ADMIN, "full", 200),
    ("sources, none", "sources", at("/beheer/bronnen"), ADMIN, "bare", 200),
    ("new source", "new_source", at("/beheer/bronnen/nieuw"), ADMIN, "full", 200),
    ("new source, empty", "new_source", then(at("/beheer/bronnen/nieuw"), "Voeg toe"), ADMIN, "full", 400),
    ("source", "source", office("source"), ADMIN, "full", 200),
    (
        "source, no name",
        "source",
        filled(office("source"), {"Telefoonnummer": "nul"}, "Bewaar"),
        ADMIN,
        "full",
        400,
    ),
    ("contact", "contact", office("source", "/contact"), ADMIN, "full", 200),
    (
        "contact, no number",
        "contact",
        filled(office("source", "/contact"), {"Telefoonnummer": "nul"}, "Bewaar"),
        ADMIN,
        "full",
        400,
    ),
    ("new supplier", "new_supplier", at("/beheer/leveranciers/nieuw"), ADMIN, "full", 200),
    (
        "new supplier, no key",
        "new_supplier",
        then(at("/beheer/leveranciers/nieuw"), "Voeg toe"),
        ADMIN,
        "full",
        400,
    ),
    ("supplier", "supplier", office("supplier"), ADMIN, "full", 200),
    (
        "supplier, wrong",
        "supplier",
        filled(office("supplier"), {"Aantal regels": "nul"}, "Bewaar"),
        ADMIN,
        "full",
        400,
    ),
    ("new system", "new_door", at("/beheer/toegangen/nieuw"), ADMIN, "full", 200),
    ("new system, empty", "new_door", then(at("/beheer/toegangen/nieuw"), "Voeg toe"), ADMIN, "full", 400),
    ("system", "door", office("door"), ADMIN, "full", 200),
    ("system, empty", "door", then(office("door"), "Bewaar"), ADMIN, "full", 400),
    ("remove a source", "remove_source", office("source", "/verwijderen"), ADMIN, "full", 200),
    ("remove a supplier", "remove_supplier", office("supplier of cases", "/verwijderen"), ADMIN, "full", 200),
    ("remove a supplier, not yet", "remove_supplier", office("supplier", "/verwijderen"), ADMIN, "full", 200),
    ("remove a system", "remove_door", office("door", "/verwijderen"), ADMIN, "full", 200),
    ("purposes", "purposes", at("/beheer/doelen"), ADMIN, "full", 200),
    ("purposes, no rules", "purposes", at("/beheer/doelen"), ADMIN, "dark", 200),
    ("rule sets", "rule_sets", at("/beheer/regels"), ADMIN, "full", 200),
    ("rule sets, hers", "rule_sets", at("/beheer/regels"), SECOND, "full", 200),
    ("rule sets, none", "rule_sets", at("/beheer/regels"), ADMIN, "quiet", 200),
    ("rule sets, none in force", "rule_sets", at("/beheer/regels"), ADMIN, "dark", 200),
    ("rule set", "rule_set", office("rules to decide"), ADMIN, "full", 200),
    ("rule set, hers", "rule_set", office("rules to decide"), SECOND, "full", 200),
    ("rule set, not read", "rule_set", then(office("rules to decide"), "Keur goed"), ADMIN, "full", 400),
    ("rule set, refused", "rule_set", office("refused rules"), ADMIN, "full", 200),
    ("rule set, changed", "rule_set", office("changed rules"), ADMIN, "full", 200),
    ("rules to decide", "rules_to_decide", overseen("agreed rules"), OFFICER, "full", 200),
    ("begin, no rules", "administration", at("/beheer"), ADMIN, "dark", 200),
    ("steering", "steering", at("/beheer/stuurinformatie"), ADMIN, "full", 200),
    ("steering, nothing yet", "steering", at("/beheer/stuurinformatie"), ADMIN, "bare", 200),
)

ADMINISTRATION: tuple[State, ...] = (
    *(
        State(f"office: {name}", page, way, who=who, place=place, status=status)
        for name, page, way, who, place, status in _STATES
    ),
    State("office: rule set in English", "rule_set", office("rules to decide"), who=ADMIN, options=ENGLISH),
    State("office: begin in English", "administration", at("/beheer"), who=ADMIN, options=ENGLISH),
)
EVERYWHERE: tuple[State, ...] = (*STATES, *ADMINISTRATION, *IMPEDED)
