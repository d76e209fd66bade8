"""Pages that belong to no task: the beginning, language, role, staying signed in, and what to read."""

from collections.abc import Mapping
from secrets import token_bytes

from starlette.responses import Response

from policy.catalogue import PurposeRule
from policy.vocabulary import Level, Role, Shows
from signal_index.errors import Unavailable
from signal_index.model import dutch_day
from signal_index.usecases.readiness import hindered
from signal_index.usecases.rulebook.in_use import require_in_force
from signal_index.usecases.rulebook.published import published
from signal_index.usecases.workplace import sessions
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.markup.words import LANGUAGES, say

from .visits import LANGUAGE_COOKIE, PUBLIC, SIGNED_IN, Guest, Page, Visit, give_session

YEAR_SECONDS = 365 * 24 * 60 * 60
_BEGINNINGS = {
    Role.TEAM_MEMBER.value: "caseload",
    Role.TEAM_LEAD.value: "team",
    Role.PRIVACY_OFFICER.value: "work_list",
    Role.FUNCTIONAL_ADMIN.value: "administration",
    Role.SOURCE_ADMIN.value: "source_series",
}

_NOTHING = say("Niets")
_AREAS_ONLY = say("Alleen of er iets is")
_LEVELS: Mapping[Level, str] = {
    Level.PRESENCE: say("Welke hulp er is"),
    Level.SOURCE: say("Welke hulp er is, en van welke bron"),
    Level.CONTACT: say("Welke hulp er is, van welke bron, en wie te bellen"),
}


async def home(visit: Visit) -> Response:
    """To where her role begins; a page that says so for roles that have no screens on this surface, or none yet."""
    beginning = _BEGINNINGS.get(visit.session.role or "")
    if beginning is not None and beginning in visit.site.addresses:
        return visit.to(beginning)
    return visit.page("home.html", elsewhere=beginning is not None)


async def choose_language(guest: Guest) -> Response:
    """Remember the language for a year."""
    response = guest.back(guest.form.one("terug"))
    language = guest.form.one("taal")
    if language in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=YEAR_SECONDS,
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
    return response


async def stay(visit: Visit) -> Response:
    """Stay signed in: the request itself did that."""
    if "application/json" in visit.request.headers.get("accept", ""):
        return Response(status_code=204)
    return visit.back(visit.form.one("terug"))


async def switch_role(visit: Visit) -> Response:
    """Go on in another role, under a new secret."""
    role, secret, new_secret = visit.form.one("rol") or "", visit.secret, token_bytes(32)
    assert secret is not None
    await visit.run_as(lambda tx, _: sessions.switch_role(tx, secret, new_secret, role, visit.now))
    response = visit.to("home")
    give_session(response, new_secret)
    return response


async def signed_out(guest: Guest) -> Response:
    """Nobody is signed in any more."""
    return guest.page("signed_out.html", way_out=None)


async def expired(guest: Guest) -> Response:
    """The session is over; sign in again and go on where she was."""
    way = guest.site.addresses.way_back(guest.request.query_params.get("terug"))
    return guest.page("expired.html", start=guest.url("sign_in_start", terug=way))


async def status(guest: Guest) -> Response:
    """Whether the index can answer now; the same for everybody and about nobody."""
    reason, connected, works = None, True, False
    try:
        hindrance = await guest.run(lambda tx: hindered(tx, guest.now))
        connected = await guest.run(lambda tx: bool(tx.register.publications()))
        # Rules first: without them no source can deliver what the index would wait for.
        reason = _without_rules(guest) or (hindrance[1].detail if hindrance is not None else None)
        works = reason is None
    except Unavailable:
        works = False
    return guest.page(
        "status.html", 200 if works else 503, works=works, connected=connected, reason=reason, at=guest.now
    )


def _without_rules(guest: Guest) -> str | None:
    """What to say when no rules count; None when some do."""
    try:
        require_in_force(guest.rules, dutch_day(guest.now))
    except Unavailable as error:
        return error.detail
    return None


async def open_rules(guest: Guest) -> Response:
    """The rules of today, for everybody; see `signal_index.usecases.rulebook.published`."""
    book = published(guest.rules, dutch_day(guest.now))
    return guest.page("rules.html", book=book, words_of=_words_of, roles=ROLE_LABELS)


def _words_of(purpose: PurposeRule, level: Level | None) -> str:
    """What a purpose shows of an area of life, in words."""
    if level is None:
        return _NOTHING
    return _AREAS_ONLY if purpose.shows is Shows.AREAS else _LEVELS[level]


def _reading(template: str) -> Page:
    """A page to read, for everybody."""

    async def read(guest: Guest) -> Response:
        return guest.page(f"{template}.html")

    paths = {"help": "/hulp", "accessibility": "/toegankelijkheid", "privacy": "/privacy"}
    return Page(paths[template], template, roles=PUBLIC, get=read)


PAGES = (
    Page("/", "home", roles=SIGNED_IN, get=home),
    Page("/taal", "language", roles=PUBLIC, post=choose_language),
    Page("/sessie", "stay", roles=SIGNED_IN, post=stay),
    Page("/rol", "role", roles=SIGNED_IN, post=switch_role),
    Page("/uitgelogd", "signed_out", roles=PUBLIC, get=signed_out, returnable=False),
    Page("/verlopen", "expired", roles=PUBLIC, get=expired, returnable=False),
    Page("/status", "status", roles=PUBLIC, get=status),
    Page("/regels", "open_rules", roles=PUBLIC, get=open_rules),
    _reading("help"),
    _reading("accessibility"),
    _reading("privacy"),
)
