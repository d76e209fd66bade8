"""Sign in at the municipality's identity provider, come back, and leave again.

Invariants:
1. Whoever comes back without the memory of having left from this browser does not come in.
2. Each departure brings somebody in once at most.
3. Nobody comes in under a secret that existed before; an earlier session of the same browser ends.
4. A failure is recorded with its reason; the page tells her what to do, not what was wrong with the token. Only a
   return that shows no sign-in begun in this browser leaves no record: anybody could fill the log with those.
"""

from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes
from typing import Any

from starlette.responses import RedirectResponse, Response

from signal_index.errors import NotPermitted, Unavailable
from signal_index.model.workplace import Session
from signal_index.ports import Transaction
from signal_index.usecases.workplace import sessions
from signal_index.usecases.workplace.sessions import SignedIn
from signal_index.web.markup.words import say
from signal_index.web.provider import PROVIDER_DOWN, Departure, SignInRefused

from .visits import (
    PUBLIC,
    SESSION_COOKIE,
    SIGN_IN_COOKIE,
    SIGNED_IN,
    Guest,
    Page,
    Visit,
    give_session,
    take_cookie,
)

SURFACE = "sign_in"
DEPARTURE_LASTS = timedelta(minutes=10)

_MEMORY = "vertrek"
_NOBODY_LEFT = frozenset({"no-departure", "state"})
_AGAIN = say("Het inloggen is niet gelukt. Probeer het nog eens.")
_TEXTS = {
    "account": say("Uw account is hier niet bekend of staat uit. Vraag uw functioneel beheerder om hulp."),
    "second-factor": say(
        "Log in met een tweede stap, zoals een code op uw telefoon. Zonder die stap gaat het niet."
    ),
    "denied": say("U heeft het inloggen afgebroken. Probeer het nog eens als u verder wilt."),
    "no-departure": say("Het inloggen duurde te lang, of begon in een ander venster. Probeer het nog eens."),
}


async def show(guest: Guest) -> Response:
    """Where to begin; straight on for who is signed in already."""
    wanted = guest.request.query_params.get("terug")
    if guest.signed is not None:
        return guest.back(wanted)
    return guest.page(
        "sign_in.html", start=guest.url("sign_in_start", terug=_way(guest, wanted)), problem=None
    )


async def start(guest: Guest) -> Response:
    """Leave for the identity provider."""
    way = _way(guest, guest.request.query_params.get("terug"))
    try:
        departure = await guest.site.provider.depart()
    except Unavailable as error:
        return _not_now(guest, error, way)
    memory: dict[str, Any] = guest.request.session
    memory.clear()
    memory[_MEMORY] = {
        "state": departure.state,
        "nonce": departure.nonce,
        "verifier": departure.verifier,
        "way": way,
    }
    return RedirectResponse(departure.url, status_code=303)


def _way(guest: Guest, wanted: str | None) -> str | None:
    return guest.site.addresses.way_back(wanted)


async def come_back(guest: Guest) -> Response:
    """Come back from the identity provider, and in."""
    memory = guest.request.session.get(_MEMORY)
    guest.request.session.clear()
    way = memory["way"] if memory else None
    try:
        departure = _departure(guest, memory)
        who = await guest.site.provider.identify(_code(guest), departure)
        secret = token_bytes(32)
        await guest.run(lambda tx: _let_in(tx, guest, secret, who, departure))
    except (SignInRefused, NotPermitted) as error:
        return await _refused(guest, error.reason, way)
    except Unavailable as error:
        if error.code != PROVIDER_DOWN:
            raise
        await _record_refused(guest, PROVIDER_DOWN)
        return _not_now(guest, error, way)
    response = guest.back(way)
    give_session(response, secret)
    return response


def _departure(guest: Guest, memory: Any) -> Departure:  # noqa: ANN401 - what our own signed cookie held, or None
    """The departure this is the return of.

    Raises:
        SignInRefused: there was none in this browser, or another one.
    """
    if memory is None:
        raise SignInRefused("no-departure")
    state = guest.request.query_params.get("state", "")
    if not compare_digest(state.encode(), memory["state"].encode()):
        raise SignInRefused("state")
    return Departure("", memory["state"], memory["nonce"], memory["verifier"])


def _code(guest: Guest) -> str:
    params = guest.request.query_params
    if params.get("iss", guest.site.provider.issuer) != guest.site.provider.issuer:
        raise SignInRefused("another-provider")
    if "error" in params:
        raise SignInRefused("denied" if params["error"] == "access_denied" else "provider-refused")
    if not params.get("code"):
        raise SignInRefused("no-code")
    return params["code"]


def _let_in(tx: Transaction, guest: Guest, secret: bytes, who: SignedIn, departure: Departure) -> Session:
    """Use the departure up and open the session, or neither."""
    used = sha256(f"inloggen:{departure.state}".encode()).hexdigest()
    if not tx.tickets.use(used, guest.now + DEPARTURE_LASTS):
        raise SignInRefused("used-before")
    if guest.secret is not None:
        sessions.close_session(tx, guest.secret, guest.now)
    return sessions.open_session(tx, secret, who, guest.now)


async def _refused(guest: Guest, reason: str, way: str | None) -> Response:
    if reason not in _NOBODY_LEFT:
        await _record_refused(guest, reason)
    return _not_in(guest, 403, _TEXTS.get(reason, _AGAIN), way)


async def _record_refused(guest: Guest, reason: str) -> None:
    await guest.site.desk.turn_away("signin.refused", SURFACE, reason)


def _not_now(guest: Guest, error: Unavailable, way: str | None) -> Response:
    """The provider does not answer; trying again begins anew, since a code works once."""
    response = _not_in(guest, 503, error.detail, way)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _not_in(guest: Guest, status: int, text: str, way: str | None) -> Response:
    return guest.page(
        "sign_in.html",
        status,
        start=guest.url("sign_in_start", terug=way),
        problem=guest.site.renderer.text(guest.lang, text),
    )


async def leave(visit: Visit) -> Response:
    """End the session here, clear the browser, and go on to sign out at the provider if it has a place for that.

    That place is on another host. A form may not lead there, so the browser gets a page that moves on by itself.
    """
    secret = visit.secret
    assert secret is not None
    await visit.run(lambda tx: sessions.close_session(tx, secret, visit.now))
    visit.signed = None
    way_out = await visit.site.provider.way_out()
    response = visit.page("signed_out.html", way_out=way_out) if way_out else visit.to("signed_out")
    if way_out:
        response.headers["Refresh"] = f"0; url={way_out}"
    for cookie in (SESSION_COOKIE, SIGN_IN_COOKIE):
        take_cookie(response, cookie)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


PAGES = (
    Page("/inloggen", "sign_in", roles=PUBLIC, get=show, returnable=False),
    Page("/inloggen/start", "sign_in_start", roles=PUBLIC, get=start, returnable=False, sign_in_memory=True),
    Page(
        "/inloggen/terug",
        "sign_in_return",
        roles=PUBLIC,
        get=come_back,
        returnable=False,
        sign_in_memory=True,
    ),
    Page("/uitloggen", "sign_out", roles=SIGNED_IN, post=leave, without_session="signed_out"),
)
