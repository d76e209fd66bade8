"""What a page can do, the JSON interface can do; a page without a counterpart has a reason here.

A new page fails here until somebody names the routes that do the same, or says why a system needs none.
"""

import pytest

from policy.vocabulary import Role
from signal_index.web.api.registry import ROUTES, Proof
from signal_index.web.pages import oversight
from signal_index.web.pages.administration import steering
from signal_index.web.pages.site import PAGES

_ANOTHER_LIST = {page.name for module in (*oversight.SECTIONS, steering) for page in module.PAGES}
"""Pages of who oversees, and of the figures that both read: `test_overseeing.py` compares them, record by record."""

_ENTRIES = ("source", "supplier", "door")
_REGISTER = ("register", "register-vervangen")
COUNTERPARTS: dict[str, tuple[str, ...]] = {
    "status": ("gereed",),
    "open_rules": ("regels",),
    # A worker
    "arrive": ("zaakopening",),
    "caseload": ("zorgrelaties",),
    "my_looks": ("eigen-raadplegingen",),
    "look": ("doelen",),
    "look post": ("raadplegingen",),
    "view": ("raadpleging",),
    "close_view post": ("einde-raadpleging",),
    "useful post": ("nut",),
    "told post": ("mededeling",),
    "worksheet": ("werkblad",),
    "worksheet post": ("werkblad",),
    "fridge": ("raadpleging",),
    "fridge post": ("koelkastblad",),
    "fridge_sheet": ("koelkastblad",),
    "question": ("raadpleging",),
    "question post": ("nieuwe-vraag",),
    "asked": ("vraag",),
    "covers": ("teamvervangingen",),
    "covers post": ("nieuwe-teamvervanging",),
    "end_cover post": ("einde-teamvervanging",),
    "own_involvement": ("eigen-belemmering",),
    "own_involvement post": ("nieuwe-eigen-belemmering",),
    "messages": ("berichten",),
    "digest post": ("samenvatting",),
    # A team lead
    "team": ("wachtende-zorgrelaties", "teamleden"),
    "confirm post": ("bevestiging",),
    "own_team": ("teamleden",),
    "own_team post": ("teamledenlijst",),
    "involvements": ("teambelemmeringen",),
    "involvements post": ("nieuwe-teambelemmering",),
    "end_involvement post": ("einde-teambelemmering",),
    # A source organisation
    "source_series": ("signaalreeksen",),
    "deliveries": ("geleverd",),
    "contacts": ("contactpunten",),
    "contacts post": ("contactpunt-wijziging",),
    "source_questions": ("meldingen",),
    "source_questions post": ("meldingantwoord",),
    "keys": ("sleutels",),
    "keys post": ("sleutelvoorstel",),
    "usage": ("gebruikscijfers",),
    # A functioneel beheerder
    "administration": ("teams", "sleutelvoorstellen", "register"),
    "staff": ("medewerkers",),
    "staff post": ("nieuwe-medewerker",),
    "staff_list": ("medewerkerslijst",),
    "staff_list post": ("medewerkerslijst",),
    "member": ("medewerker",),
    "change_member": ("medewerker",),
    "change_member post": ("nieuwe-medewerker", "rol-geven", "rol-intrekken"),
    "teams": ("teams",),
    "team_roll": ("medewerkers",),
    "team_roll post": ("teambevestiging",),
    "proposals": ("voorstellen",),
    "proposal": ("voorstellen",),
    "proposal post": ("besluit", "voorstel-intrekken"),
    "stand_ins": ("vervangingen",),
    "stand_ins post": ("nieuwe-vervanging",),
    "stand_in": ("vervangingen",),
    "stand_in post": ("nieuwe-vervanging",),
    "end_stand_in": ("vervangingen",),
    "end_stand_in post": ("einde-vervanging",),
    "key_requests": ("sleutelvoorstellen",),
    "decide_key post": ("sleutelbesluit",),
    "rule_sets": ("regelsets",),
    "rule_set": ("regelsets",),
    "rule_set post": ("regelbesluit",),
    "sources": ("register",),
    "contact": ("register",),
    "contact post": _REGISTER,
    **dict.fromkeys(_ENTRIES, ("register",)),
    **{f"{each} post": _REGISTER for each in _ENTRIES},
    **{f"new_{each}": ("register",) for each in _ENTRIES},
    **{f"new_{each} post": _REGISTER for each in _ENTRIES},
    **{f"remove_{each}": ("register",) for each in _ENTRIES},
    **{f"remove_{each} post": _REGISTER for each in _ENTRIES},
}

TWINS = {"rule_sets": "rules", "rule_set": "rules_to_decide"}
"""A page that stands in the menu of another role as well, under another name; they share their routes."""

_SIGNING_IN = "a system brings a token of the identity provider, which signs people in and out"
_TO_READ = "a text to read, the same for everybody"
_THIS_BROWSER = "concerns one browser and nobody else"
WITHOUT: dict[str, str] = {
    "sign_in": _SIGNING_IN,
    "sign_in_start": _SIGNING_IN,
    "sign_in_return": _SIGNING_IN,
    "sign_out post": _SIGNING_IN,
    "signed_out": _SIGNING_IN,
    "expired": _SIGNING_IN,
    "stay post": "a token ends when it says so",
    "role post": "a token acts in every role its bearer has, and each route names the one that it takes",
    "home": "leads on to the page of her role",
    "language post": _THIS_BROWSER,
    "help": _TO_READ,
    "accessibility": _TO_READ,
    "privacy": _TO_READ,
    "purposes": "what the rules say of every purpose, as in the answer of regels",
}


def acts() -> set[str]:
    """What each page does: shown, and posted."""
    compared = [page for page in PAGES if page.name not in _ANOTHER_LIST]
    reading = {page.name for page in compared if page.get is not None}
    return reading | {f"{page.name} post" for page in compared if page.post is not None}


def test_every_act_of_a_page_has_a_route_or_a_reason() -> None:
    accounted = COUNTERPARTS.keys() | WITHOUT.keys()
    assert acts() - accounted == set(), "name the routes that do the same, or say why there is none"
    assert accounted - acts() == set(), "there is no such page any more"
    assert not COUNTERPARTS.keys() & WITHOUT.keys()


@pytest.mark.parametrize("act", COUNTERPARTS)
def test_a_counterpart_is_a_route_for_whom_the_page_is_for(act: str) -> None:
    roles = set[Role]()
    for page in PAGES:
        if page.name in {act.removesuffix(" post"), TWINS.get(act.removesuffix(" post"))}:
            roles |= page.roles or frozenset()
    for name in COUNTERPARTS[act]:
        assert (ROUTES[name].proof is Proof.TOKEN) is bool(roles), name
        assert not roles or ROUTES[name].roles <= roles, "a route lets nobody in whom the page keeps out"


def test_a_team_s_covers_are_for_both_who_see_the_page() -> None:
    (page,) = [page for page in PAGES if page.name == "covers"]
    assert ROUTES["teamvervangingen"].roles == page.roles


def test_a_system_is_told_why_it_goes_without() -> None:
    assert all(len(reason.split()) >= 5 for reason in WITHOUT.values())
