"""What each route of the JSON interface is for: who calls it, whether she says why, what it records, how often it may.

Invariants:
1. A route that is not in this table keeps the process from starting.
2. Every route records something, or says here why not.

The table describes and does not decide: roles are checked by the use cases, in the transaction that does the work.
Tests call every route in every role and compare what happens, and what is recorded, with this table; the API document
is made from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.routing import BaseRoute, Route

from policy.vocabulary import Role

from .rates import Rate


class Proof(StrEnum):
    """How a route knows who calls."""

    NOTHING = "niets"
    """It need not know."""
    TOKEN = "token"  # noqa: S105 - a word for a kind of proof
    """A bearer token of the identity provider, for a member of staff in the index's own table."""
    SIGNATURE = "handtekening"
    """A publisher's signature under the body, with proofs of both pseudonymisers."""


class Part(StrEnum):
    """The part of the interface a route belongs to; a tag in the API document."""

    SOURCES = "bronnen"
    WORKERS = "wijkteam"
    OVERSIGHT = "toezicht"
    ADMINISTRATION = "beheer"
    GENERAL = "algemeen"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One row of the registry.

    Args:
        part: which part of the interface.
        proof: how the caller is known.
        roles: of which she must have one; empty for every active member of staff, or where nobody signs in.
        asks_purpose: whether the request says what it is for.
        records: the event that it records when it does what it is for; None with `silent`.
        silent: why nothing is recorded.
        rate: what it is counted under.
        statuses: problems it can give beyond those that follow from the rest, such as 404 and 409.
        reads_database: whether a database that does not answer is a 503 here.
        standard: the standard of others that says what the route takes and gives; empty for a route of our own, which
            the API document describes.
    """

    part: Part
    proof: Proof
    roles: frozenset[Role] = frozenset()
    asks_purpose: bool = False
    records: str | None = None
    silent: str = ""
    rate: Rate
    statuses: frozenset[int] = frozenset()
    reads_database: bool = True
    standard: str = ""

    def __post_init__(self) -> None:
        """Refuse a row that leaves open whether anything is recorded, or names roles nobody could check."""
        if (self.records is None) == (not self.silent):
            raise ValueError("a route records one event, or says why it records nothing")
        if self.roles and self.proof is not Proof.TOKEN:
            raise ValueError("only a token leads to somebody with roles")


_AUTHZEN: Final = "OpenID AuthZEN Authorization API 1.0"
_EVALUATION: Final = Declared(
    part=Part.WORKERS,
    proof=Proof.TOKEN,
    roles=frozenset({Role.TEAM_MEMBER}),
    asks_purpose=True,
    records="access.evaluated",
    rate=Rate.LOOK,
    standard=_AUTHZEN,
)
_NOBODY: Final = "the same for everybody, and about nobody"


def _of_a_source(records: str, *statuses: int) -> Declared:
    """A row for the bronbeheerder of a source organisation."""
    return Declared(
        part=Part.SOURCES,
        proof=Proof.TOKEN,
        roles=frozenset({Role.SOURCE_ADMIN}),
        records=records,
        rate=Rate.WORK,
        statuses=frozenset(statuses),
    )


def _overseeing(records: str, *statuses: int) -> Declared:
    """A row for the privacy officer."""
    return Declared(
        part=Part.OVERSIGHT,
        proof=Proof.TOKEN,
        roles=frozenset({Role.PRIVACY_OFFICER}),
        records=records,
        rate=Rate.WORK,
        statuses=frozenset(statuses),
    )


def _administering(records: str, *statuses: int, also: Role | None = None) -> Declared:
    """A row for who administers, and maybe for another role as well."""
    roles = frozenset({Role.FUNCTIONAL_ADMIN} if also is None else {Role.FUNCTIONAL_ADMIN, also})
    return Declared(
        part=Part.ADMINISTRATION,
        proof=Proof.TOKEN,
        roles=roles,
        records=records,
        rate=Rate.WORK,
        statuses=frozenset(statuses),
    )


_WORKER: Final = frozenset({Role.TEAM_MEMBER})
_LEAD: Final = frozenset({Role.TEAM_LEAD})
_SHOWS_AGAIN: Final = "shows a look that is on record again, and no more than that; a refusal is recorded"
_OWN_WORK: Final = "shows what she arranged or asked herself, and no signal"


def _at_work(
    records: str | None, *statuses: int, roles: frozenset[Role] = _WORKER, silent: str = ""
) -> Declared:
    """A row for a worker beside the look itself, or for her team lead."""
    return Declared(
        part=Part.WORKERS,
        proof=Proof.TOKEN,
        roles=roles,
        records=records,
        silent=silent,
        rate=Rate.WORK,
        statuses=frozenset(statuses),
    )


ROUTES: Final[Mapping[str, Declared]] = {
    "openapi": Declared(
        part=Part.GENERAL,
        proof=Proof.NOTHING,
        silent=_NOBODY,
        rate=Rate.OPEN,
        reads_database=False,
    ),
    "gereed": Declared(part=Part.GENERAL, proof=Proof.NOTHING, silent=_NOBODY, rate=Rate.OPEN),
    "regels": Declared(
        part=Part.GENERAL,
        proof=Proof.NOTHING,
        silent=_NOBODY,
        rate=Rate.OPEN,
        reads_database=False,
    ),
    "leveringen": Declared(
        part=Part.SOURCES,
        proof=Proof.SIGNATURE,
        records="delivery.accepted",
        rate=Rate.DELIVERY,
        statuses=frozenset({403, 409}),
    ),
    "signaalreeksen": _of_a_source("source.read"),
    "geleverd": _of_a_source("source.read"),
    "contactpunten": _of_a_source("source.read"),
    "contactpunt-wijziging": _of_a_source("contact.changed", 404),
    "meldingen": _of_a_source("questions.listed"),
    "meldingantwoord": _of_a_source("question.answered", 404, 409),
    "sleutels": _of_a_source("source.read"),
    "sleutelvoorstel": _of_a_source("key.proposed", 404, 409),
    "gebruikscijfers": _of_a_source("source.read", 404),
    "raadplegingen": Declared(
        part=Part.WORKERS,
        proof=Proof.TOKEN,
        roles=frozenset({Role.TEAM_MEMBER}),
        asks_purpose=True,
        records="lookup.answered",
        rate=Rate.LOOK,
        statuses=frozenset({404}),
    ),
    "toegangsvraag": _EVALUATION,
    "toegangsvragen": _EVALUATION,
    "beslispunt": Declared(
        part=Part.GENERAL,
        proof=Proof.NOTHING,
        silent=_NOBODY,
        rate=Rate.OPEN,
        reads_database=False,
        standard=_AUTHZEN,
    ),
    "zorgrelaties": Declared(
        part=Part.WORKERS,
        proof=Proof.TOKEN,
        roles=frozenset({Role.TEAM_MEMBER}),
        records="caseload.read",
        rate=Rate.WORK,
    ),
    "bevestiging": Declared(
        part=Part.WORKERS,
        proof=Proof.TOKEN,
        roles=frozenset({Role.TEAM_LEAD}),
        records="relation.confirmed",
        rate=Rate.WORK,
        statuses=frozenset({404, 409}),
    ),
    "logbewijzen": Declared(
        part=Part.WORKERS,
        proof=Proof.TOKEN,
        records="receipt.redeemed",
        rate=Rate.WORK,
        statuses=frozenset({404}),
    ),
    "logregels": _overseeing("log.read"),
    "teamleden": Declared(
        part=Part.WORKERS,
        proof=Proof.TOKEN,
        roles=frozenset({Role.TEAM_LEAD}),
        records="team.read",
        rate=Rate.WORK,
    ),
    "teamledenlijst": Declared(
        part=Part.WORKERS,
        proof=Proof.TOKEN,
        roles=frozenset({Role.TEAM_LEAD}),
        records="team.confirmed",
        rate=Rate.WORK,
        statuses=frozenset({409}),
    ),
    "zaakopening": _at_work("case.opened"),
    "doelen": _at_work(None, 404, silent="asks for a purpose, and names a case that the caseload has named"),
    "wachtende-zorgrelaties": _at_work("relations.awaiting", roles=_LEAD),
    "eigen-raadplegingen": _at_work("looks.listed"),
    "raadpleging": _at_work(None, 404, 409, silent=_SHOWS_AGAIN),
    "einde-raadpleging": _at_work(None, 404, silent="ends a look before its time, and shows nothing"),
    "nut": _at_work("view.useful", 404),
    "mededeling": _at_work("view.told", 404),
    "werkblad": _at_work("view.printed", 404, 409),
    "koelkastblad": _at_work("view.printed", 404, 409),
    "nieuwe-vraag": _at_work("question.asked", 404, 409),
    "vraag": _at_work(None, 404, silent=_SHOWS_AGAIN),
    "teamvervangingen": _at_work(None, roles=_WORKER | _LEAD, silent=_OWN_WORK),
    "nieuwe-teamvervanging": _at_work("cover.arranged"),
    "einde-teamvervanging": _at_work("cover.ended", 404, roles=_WORKER | _LEAD),
    "eigen-belemmering": _at_work(None, 404, silent=_OWN_WORK),
    "nieuwe-eigen-belemmering": _at_work("impediment.registered", 404),
    "teambelemmeringen": _at_work("impediments.listed", roles=_LEAD),
    "nieuwe-teambelemmering": _at_work("impediment.registered", 404, 409, roles=_LEAD),
    "einde-teambelemmering": _at_work("impediment.ended", 404, roles=_LEAD),
    "berichten": _at_work(None, silent=_OWN_WORK),
    "samenvatting": _at_work("digest.changed"),
    "medewerkers": _administering("staff.listed"),
    "nieuwe-medewerker": _administering("staff.imported", 409),
    "medewerker": _administering("staff.moved", 404, 409),
    "medewerkerslijst": _administering("staff.imported", 409),
    "rol-geven": _administering("role.granted", 404, 409),
    "rol-intrekken": _administering("role.revoked", 404, 409),
    "voorstellen": _administering("proposals.listed", also=Role.PRIVACY_OFFICER),
    "besluit": _administering("proposal.approved", 404, 409, also=Role.PRIVACY_OFFICER),
    "voorstel-intrekken": _administering("proposal.withdrawn", 404, 409),
    "teams": _administering("teams.listed"),
    "teambevestiging": _administering("team.confirmed", 404, 409),
    "vervangingen": _administering("covers.listed"),
    "nieuwe-vervanging": _administering("cover.arranged", 404, 409),
    "einde-vervanging": _administering("cover.ended", 404, 409),
    "sleutelvoorstellen": _administering("keys.listed"),
    "sleutelbesluit": _administering("key.approved", 404, 409),
    "regelsets": Declared(
        part=Part.ADMINISTRATION,
        proof=Proof.TOKEN,
        roles=frozenset({Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER}),
        silent="rules, and who put them in force; neither is about a resident",
        rate=Rate.WORK,
    ),
    "regelbesluit": _administering("rules.approved", 404, 409, also=Role.PRIVACY_OFFICER),
    "register": _administering("register.read"),
    "register-vervangen": _administering("register.imported", 409),
    "werklijst": _overseeing("worklist.read"),
    "vastgelegde-raadpleging": _overseeing("look.read", 404),
    "oordeel": _overseeing("review.judged", 404, 409),
    "logbewijs": _overseeing("receipt.redeemed", 404),
    "zoekopdracht": _overseeing("looks.searched"),
    "zaaknummeraanvragen": _overseeing("oversight.read"),
    "nieuwe-zaaknummeraanvraag": _overseeing("opening.asked", 404),
    "zaaknummeraanvraag": _overseeing("opening.read", 404),
    "zaaknummerbesluit": _overseeing("opening.approved", 404, 409),
    "belemmeringen": _overseeing("impediments.listed"),
    "nieuw-bezwaar": _overseeing("impediment.registered", 404, 409),
    "einde-bezwaar": _overseeing("impediment.ended", 404),
    "maandcijfers": _overseeing("review.reported", 404),
    "logboek": _overseeing("oversight.read"),
    "stuurcijfers": _administering("administration.read", 404),
}


def require_declared(routes: Iterable[BaseRoute]) -> None:
    """Refuse to go on with a route that nobody declared, or with one name for two.

    Raises:
        ValueError: there is one; it says which. Nothing starts.
    """
    names = [route.name for route in routes if isinstance(route, Route)]
    undeclared = sorted({*names} - ROUTES.keys())
    if undeclared:
        raise ValueError(f"routes without a row in signal_index/web/api/registry.py: {undeclared}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two routes with one name: {twice}")
