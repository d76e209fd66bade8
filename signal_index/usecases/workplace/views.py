"""Open a look as a page: what a worker does from choosing a purpose to saying whether it was of use.

Invariants:
1. Opening records the look; showing it again records nothing, and shows no more than the record says (`look_again`).
2. A view is found for the worker who opened it only; somebody else's and unknown are one answer.
3. Nothing here but the signals themselves depends on a flag: not the purposes offered, not the end, not a text.

Whoever controls this module can keep a page open for longer, never widen what it shows.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes

from crypto.chain import Pseudonym
from crypto.encoding import encode
from policy.catalogue import Catalogue, PurposeRule
from policy.rulesets import RuleSet
from signal_index.enforcement import LOOKING_ROLE, Standing
from signal_index.errors import Conflict, NotFound, Unavailable
from signal_index.model import (
    Actor,
    Area,
    CareRelation,
    LookupRequest,
    Signal,
    SourceStatus,
    StaffMember,
    dutch_day,
)
from signal_index.model.workplace import VIEW_LASTS, Informed, Question, View
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.look_up import Answered, Before, Refused, look_again, look_up
from signal_index.usecases.relations import find_standing

_VIEW_ID_BYTES = 16
_KEY_CHARACTERS = 16


@dataclass(frozen=True)
class Start:
    """What the worker chooses from before she looks; depends on her role and the day, and names the case only.

    Args:
        absentee: the colleague whose case it is, if she covers for one.
    """

    relation: CareRelation
    purposes: tuple[PurposeRule, ...]
    catalogue: Catalogue
    absentee: StaffMember | None


@dataclass(frozen=True)
class Opened:
    """A look that was answered.

    Args:
        view: what keeps it open; None for a system that does not say whether the resident knows.
    """

    answered: Answered
    view: View | None


@dataclass(frozen=True)
class ShownSignal:
    """One signal on the page.

    Args:
        key: 16 hex characters, meaningless outside this view.
        question: an open question about it, if somebody asked one.
    """

    key: str
    signal: Signal
    question: Question | None


@dataclass(frozen=True)
class Shown:
    """What an open view shows now."""

    view: View
    purpose: PurposeRule
    catalogue: Catalogue
    signals: tuple[ShownSignal, ...]
    areas: tuple[Area, ...]
    sources: tuple[SourceStatus, ...]


@dataclass(frozen=True)
class Ended:
    """A view whose time is over."""

    view: View

    @property
    def error(self) -> Conflict:
        """What a system gets; a page has a page of its own for it."""
        return Conflict("view-over", "Deze raadpleging is voorbij. Kijk opnieuw als dat nodig is.")


def start(tx: Transaction, rules: RuleSet, actor: Actor, relation_id: bytes, now: datetime) -> Start:
    """The step before the look: which purposes there are to choose from.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        NotFound: `not-in-caseload`, whatever the reason.
        Unavailable: `no-rules`: there is no purpose to choose today.
    """
    require_role(actor, LOOKING_ROLE)
    today = dutch_day(now)
    standing = find_standing(tx, actor, relation_id, today)
    if not isinstance(standing, Standing):
        raise standing.error
    catalogue = rules.in_force(today).catalogue
    purposes = tuple(each for each in catalogue.purposes if LOOKING_ROLE in each.roles and each.types)
    if not purposes:
        raise Unavailable("no-rules", "Er zijn nu geen regels van kracht. Probeer het later nog eens.")
    absentee = tx.staff.get(standing.cover.absentee) if standing.cover is not None else None
    return Start(standing.relation, purposes, catalogue, absentee)


def open_view(
    tx: Transaction, rules: RuleSet, actor: Actor, request: LookupRequest, now: datetime
) -> View | Refused:
    """Look, and keep the look open as a page.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: the worker.
        request: relation, purpose, areas of life, and whether the resident knows.
        now: aware UTC.

    Returns:
        The view, or the refusal; both are on record.

    Raises:
        ValueError: the request does not say whether the resident knows; a page always asks.
    """
    if request.informed is None:
        raise ValueError("a page asks whether the resident knows")
    outcome = open_look(tx, rules, actor, request, now)
    if isinstance(outcome, Refused):
        return outcome
    assert outcome.view is not None, "the request says whether the resident knows"
    return outcome.view


def open_look(
    tx: Transaction, rules: RuleSet, actor: Actor, request: LookupRequest, now: datetime
) -> Opened | Refused:
    """Look, and keep the look open if the request says whether the resident knows.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: the worker.
        request: relation, purpose, areas of life, and maybe whether the resident knows.
        now: aware UTC.

    Returns:
        The answer with its view, or the refusal; both are on record.
    """
    outcome = look_up(tx, rules, actor, request, now)
    if isinstance(outcome, Refused):
        return outcome
    if request.informed is None:
        return Opened(outcome, None)
    view = _view(actor, request, outcome, request.informed, now)
    tx.views.put(view)
    return Opened(outcome, view)


def _view(actor: Actor, request: LookupRequest, outcome: Answered, informed: Informed, now: datetime) -> View:
    relation = outcome.ground.standing.relation
    return View(
        view_id=token_bytes(_VIEW_ID_BYTES),
        organisation=relation.organisation,
        worker=actor.staff_id,
        relation_id=relation.relation_id,
        person=relation.person,
        case_reference=relation.case_reference,
        purpose=request.purpose,
        domains=request.domains,
        informed=informed,
        allowed=outcome.ground.permit.allowed,
        any_shown=outcome.answer.shows_something,
        opened_at=now,
        ends_at=now + VIEW_LASTS,
    )


def look_at(
    tx: Transaction, rules: RuleSet, actor: Actor, view_id: bytes, now: datetime
) -> Shown | Ended | Refused:
    """What the view shows now; every check of a look is made again.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        NotFound: `no-view`: unknown, or somebody else's.
    """
    view = own_view(tx, actor, view_id)
    if not view.is_open(now):
        return Ended(view)
    request = LookupRequest(view.relation_id, view.purpose, view.domains, view.informed)
    before = Before(view.person, view.allowed, view.any_shown)
    again = look_again(tx, rules, actor, request, now, before=before)
    if isinstance(again, Refused):
        return again
    person = again.ground.standing.relation.person
    signals = tuple(
        ShownSignal(_key(view, signal), signal, _open_question(tx, person, signal, now))
        for signal in again.answer.signals
    )
    answer, ground = again.answer, again.ground
    return Shown(view, ground.purpose, ground.catalogue, signals, answer.areas, answer.sources)


def own_view(tx: Transaction, actor: Actor, view_id: bytes) -> View:
    """A view of the actor's own, over or not.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        NotFound: `no-view`: unknown, or somebody else's.
    """
    require_role(actor, LOOKING_ROLE)
    view = tx.views.get(actor.staff_id, view_id)
    if view is None:
        raise NotFound("no-view", "Deze raadpleging is niet gevonden. Kijk bij Mijn raadplegingen.")
    return view


def _key(view: View, signal: Signal) -> str:
    """A name for one signal on one page; tells nothing about the signal and nothing on another page."""
    named = encode("shown-signal", view.view_id, signal.type, signal.source or "")
    return sha256(named).hexdigest()[:_KEY_CHARACTERS]


def _open_question(tx: Transaction, person: Pseudonym, signal: Signal, now: datetime) -> Question | None:
    if signal.source is None:  # presence only: which source is doubted must not show either
        return None
    today = dutch_day(now)
    asked = tx.questions.about(person, signal.source, signal.type)
    return next((question for question in asked if question.is_open(today)), None)


def close_view(tx: Transaction, actor: Actor, view_id: bytes, now: datetime) -> None:
    """The worker is done: the view ends now. Closing one that has ended changes nothing.

    Raises:
        NotFound: `no-view`.
    """
    view = own_view(tx, actor, view_id)
    if view.is_open(now):
        tx.views.put(replace(view, ends_at=now, fridge=()))
