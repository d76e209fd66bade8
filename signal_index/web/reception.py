"""Receives a request for a page: who is it, may she, and what does she see when something goes wrong.

Invariants:
1. What is decided, is decided on the matched page, never on the request's own address.
2. A form reaches its handler only from our own origin, and of a session only with that session's own token in it.
3. Every error becomes a page that says what to do; an unknown one loses its detail.
4. How much waits for somebody is an extra: when it cannot be counted, the page goes on without it.
5. A page that uses something up, such as a ticket, does so for GET and never for HEAD.
"""

import logging
from collections.abc import Mapping
from hmac import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import LimitExceeded, NotAuthenticated, NotPermitted, SignalIndexError, Unavailable
from signal_index.model import Actor, dutch_day
from signal_index.model.workplace import SESSION_IDLE, SESSION_LONGEST, Session
from signal_index.ports import Transaction
from signal_index.usecases.administration.proposals import count_waiting
from signal_index.usecases.administration.teams import asked_by
from signal_index.usecases.rulebook.reading import count_waiting_rules
from signal_index.usecases.workplace import sessions
from signal_index.usecases.workplace.messages import messages_for

from .markup.rendering import Signed
from .markup.words import say
from .pages.forms import read_form
from .pages.visits import NOT_THIS_ROLE, PUBLIC, SESSION_COOKIE, Guest, Page, Site, Visit, admit, take_cookie
from .problems import kind_of, kind_of_status

_log = logging.getLogger(__name__)

WARNING_SECONDS = 120

_STATUS_DETAILS = {
    404: say("Deze pagina bestaat niet. Controleer het adres, of ga terug naar het begin."),
    405: say("Dit kan hier niet. Ga terug naar het begin."),
    413: say("U stuurde te veel tegelijk. Vul minder in en probeer het nog eens."),
    415: say("Dit formulier kunnen wij niet lezen. Probeer het nog eens."),
}
_BROKEN = say("Probeer het later nog eens. Blijft het misgaan? Bel dan uw functioneel beheerder.")
# Where the title of the table is too general for who reads it.
_HEADINGS = {
    "ticket": say("Deze link werkt niet meer"),
    "csrf": say("Het is niet gelukt"),
    "own-relation": say("Dit kunt u niet zelf doen"),
    "no-confirmation-needed": say("Dit is al gedaan"),
    "relation-over": say("Dit kan niet meer"),
    "opening-decided": say("Dit is al gedaan"),
    "own-opening": say("Dit kunt u niet zelf doen"),
    "judged": say("Dit is al gedaan"),
    "own-look": say("Dit kunt u niet zelf doen"),
    "own-proposal": say("Dit kunt u niet zelf doen"),
    "own-role": say("Dit kunt u niet zelf doen"),
    "own-entry": say("Dit kunt u niet zelf doen"),
    "proposal-decided": say("Dit is al gedaan"),
    "proposal-outdated": say("Dit voorstel past niet meer"),
    "nothing-to-change": say("Dit is al zo"),
    "blocked-member": say("Dit account staat uit"),
    "last-holder": say("Dan blijft er niemand over"),
    "conflicting-role": say("Deze rollen gaan niet samen"),
    "team-changed": say("De lijst is veranderd"),
    "own-rules": say("Dit kunt u niet zelf doen"),
    "rules-decided": say("Dit is al gedaan"),
    "rules-damaged": say("Keur deze regels niet goed"),
    "rules-outdated": say("Deze regels passen niet meer"),
    "publisher-in-use": say("Dit kan nu nog niet"),
    "register-removes": say("Bevestig het eerst"),
}
# Errors whose own text names a code or a table, which is for systems, or leaves a person nowhere to go.
_DETAILS = {
    "role": NOT_THIS_ROLE,
    "ticket": say("Open de zaak opnieuw in uw regiesysteem."),
    "not-in-caseload": say(
        "Deze zaak staat niet in uw caseload. Zet de inwoner in uw regiesysteem op uw naam, of vraag uw collega "
        "om u als vervanger te kiezen."
    ),
    "unknown-staff": say("Deze medewerker is niet bekend. Ga terug naar Medewerkers."),
    "own-entry": say("U kunt uw eigen gegevens niet wijzigen. Laat een collega de lijst overnemen."),
    "unknown-role": say("Deze rol bestaat niet. Ga terug naar Medewerkers."),
    "conflicting-role": say(
        "Deze medewerker heeft al een rol die hier niet mee samengaat. Trek die rol eerst in."
    ),
    "damaged-row": say(
        "Er is iets mis met gegevens in de index. Wij laten dan niets zien. Bel uw functioneel beheerder."
    ),
}


async def stray(site: Site, request: Request, error: HTTPException) -> Response:
    """The answer for a request that matches no page."""
    guest = Guest(site, request, None)
    await _recognise(guest)
    return _status_page(guest, error)


async def answer(guest: Guest, page: Page) -> Response:
    """One request's answer; whatever goes wrong in it, or in turning somebody away, becomes a page."""
    try:
        try:
            return await _admitted(guest, page)
        except NotAuthenticated as error:
            return await _turned_away(guest, page, error)
    except SignalIndexError as error:
        return _error_page(guest, error)
    except HTTPException as error:
        return _status_page(guest, error)
    except Exception as error:  # noqa: BLE001 - the last place where somebody can still get a page
        # Only the kind of error: its text, or a traceback, may quote what was being handled.
        _log.error("unhandled %s", type(error).__name__)
        return _status_page(guest, HTTPException(500))


async def _admitted(guest: Guest, page: Page) -> Response:
    if guest.request.method == "HEAD" and (page.ticket or page.sign_in_memory):
        raise HTTPException(405, headers={"Allow": "GET"})  # Starlette lets HEAD in wherever GET may come
    if guest.request.method == "POST":
        guest.form = await read_form(guest.request)
    if page.roles is PUBLIC:
        return await _to_guest(guest, page)
    return await _to_visitor(guest, page)


async def _to_guest(guest: Guest, page: Page) -> Response:
    if guest.request.method == "POST":
        _require_own_origin(guest)
        assert page.post is not None
        return await page.post(guest)
    await _recognise(guest)
    assert page.get is not None
    return await page.get(guest)


async def _to_visitor(guest: Guest, page: Page) -> Response:
    posted = guest.request.method == "POST"
    session, actor, signed = await guest.run(lambda tx: _welcome(tx, guest))
    guest.signed = signed  # so that an error page has her menu too
    visit = Visit(guest, page, session, actor, signed)
    try:
        if posted:
            _require_own_origin(guest)
            _require_token(visit)
        admit(page, session)
    except NotPermitted as error:
        caller = visit.caller
        refused = audit.refused_action(
            error, guest.now, actor=caller.actor, token=caller.token, surface=caller.surface
        )
        await guest.site.desk.record(refused)
        raise
    if posted and page.rate is not None:
        await guest.site.desk.admit(visit.caller, page.rate)
    handler = page.post if posted else page.get
    assert handler is not None
    return await handler(visit)


def _require_own_origin(guest: Guest) -> None:
    """A form comes from a page of ours; browsers say so themselves, and no script can say it for them."""
    headers = guest.request.headers
    said = headers.get("sec-fetch-site")
    own = said == "same-origin" if said is not None else headers.get("origin") == guest.site.origin
    if not own:
        raise _strange_form()


def _require_token(visit: Visit) -> None:
    token = visit.form.one("csrf") or ""
    if not compare_digest(token.encode(), visit.session.csrf.encode()):
        raise _strange_form()


def _strange_form() -> NotPermitted:
    return NotPermitted(
        "csrf", "Dit formulier is niet meer geldig. Open de pagina opnieuw en probeer het nog eens."
    )


def _welcome(tx: Transaction, guest: Guest) -> tuple[Session, Actor, Signed]:
    """Whose request this is, and what the frame of every page shows of her."""
    session, actor = sessions.resume(tx, guest.secret, guest.now)
    assert actor.staff is not None
    left = min(session.seen_at + SESSION_IDLE, session.opened_at + SESSION_LONGEST) - guest.now
    return (
        session,
        actor,
        Signed(
            name=session.name or actor.staff.shown_name,
            team=actor.staff.team,
            role=session.role,
            held=[role.value for role in Role if role in actor.staff.roles],
            csrf=session.csrf,
            idle_seconds=int(left.total_seconds()),
            warning_seconds=WARNING_SECONDS,
            waiting=_waiting(tx, guest, session, actor),
        ),
    )


def _waiting(tx: Transaction, guest: Guest, session: Session, actor: Actor) -> Mapping[str, int]:
    """How many messages, proposals or rules wait for her, or whether her team does; nothing when nobody can tell.

    Also for a form: whether it leads elsewhere, or to a page with this number on it, shows when it is handled.
    """
    assert actor.staff is not None
    try:
        if session.role == Role.TEAM_MEMBER:
            return {"messages": len(messages_for(tx, guest.rules, actor, guest.now))}
        if session.role == Role.TEAM_LEAD:
            return {"own_team": int(asked_by(tx, actor.staff, dutch_day(guest.now)) is not None)}
        if session.role not in {Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER}:
            return {}
        page = "rules" if session.role == Role.PRIVACY_OFFICER else "rule_sets"
        rules = count_waiting_rules(tx, actor)
        return {"proposals": count_waiting(tx, actor.staff, guest.now), page: rules}
    except Unavailable:
        return {}


async def _recognise(guest: Guest) -> None:
    """Let a page that needs nobody still show who is signed in, if somebody is."""
    if guest.secret is None:
        return
    try:
        _, _, guest.signed = await guest.run(lambda tx: _welcome(tx, guest))
    except (NotAuthenticated, Unavailable):
        guest.signed = None


# --- When it does not work out ------------------------------------------------------------------------------------


async def _turned_away(guest: Guest, page: Page, error: NotAuthenticated) -> Response:
    """Nobody is signed in, or not any more: to the page for that, and back here afterwards."""
    secret = guest.secret
    ended = error.code != "no-session"
    if ended and secret is not None:
        await guest.run(lambda tx: sessions.close_session(tx, secret, guest.now))
    if guest.request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        response = Response(status_code=401)
    elif error.code == "account":
        response = _error_page(guest, error)
    else:
        way = guest.site.addresses.way_back(
            f"{guest.here}?{guest.request.scope['query_string'].decode('latin-1')}"
        )
        response = guest.to("expired" if ended else page.without_session, terug=None if way == "/" else way)
    if secret is not None:
        take_cookie(response, SESSION_COOKIE)
    return response


def _error_page(guest: Guest, error: SignalIndexError) -> Response:
    kind = kind_of(error)
    response = _problem_page(
        guest,
        kind.status,
        _HEADINGS.get(error.code, kind.title),
        _DETAILS.get(error.code, error.detail),
        urgent=error.code == "not-in-caseload",
    )
    if isinstance(error, (Unavailable, LimitExceeded)):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _status_page(guest: Guest, error: HTTPException) -> Response:
    kind = kind_of_status(error.status_code)
    response = _problem_page(guest, kind.status, kind.title, _STATUS_DETAILS.get(kind.status, _BROKEN))
    response.headers.update(error.headers or {})
    return response


def _problem_page(guest: Guest, status: int, heading: str, detail: str, *, urgent: bool = False) -> Response:
    """What is the matter and what to do; `urgent` adds whom to phone when somebody is in danger."""
    text = guest.site.renderer.text
    return guest.page(
        "error.html",
        status,
        heading=text(guest.lang, heading),
        detail=text(guest.lang, detail),
        retry=guest.here if status >= 500 else None,
        urgent=urgent,
    )
