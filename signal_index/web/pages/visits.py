"""What a handler of a page works with: a guest's request, or a visit of somebody who is signed in.

Handlers raise the product's errors freely; `signal_index.web.reception` turns them into pages.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from crypto.encoding import Month
from crypto.errors import MalformedInput
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index.errors import NotPermitted
from signal_index.model import Actor
from signal_index.model.workplace import Session
from signal_index.ports import Transaction
from signal_index.usecases.workplace import sessions
from signal_index.web.api.rates import Rate
from signal_index.web.desk import Caller, Desk
from signal_index.web.markup.addresses import Addresses
from signal_index.web.markup.assets import Assets
from signal_index.web.markup.passages import PASSAGES, help_on
from signal_index.web.markup.rendering import Renderer, Signed
from signal_index.web.markup.words import say
from signal_index.web.provider import Provider

from .forms import Form

T = TypeVar("T")

UNUSED_DAYS = 45  # unless the settings say otherwise
PUBLIC = None
SIGNED_IN: frozenset[Role] = frozenset()
WORKERS = frozenset({Role.TEAM_MEMBER})
OFFICERS = frozenset({Role.PRIVACY_OFFICER})
SOURCES = frozenset({Role.SOURCE_ADMIN})
ADMINISTRATORS = frozenset({Role.FUNCTIONAL_ADMIN})

# `__Host-`: only over TLS, for this host alone, for every path, and never set by a neighbour on a sibling host.
SESSION_COOKIE = "__Host-sessie"
SIGN_IN_COOKIE = "__Host-inloggen"
LANGUAGE_COOKIE = "__Host-taal"

NOT_THIS_ROLE = say("Deze pagina hoort niet bij de rol waarin u nu werkt.")

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True)
class Page:
    """One page: where it is, who may see it, and what answers.

    Args:
        path: with Starlette's parameters; identifiers as `{relation:uuid}`.
        name: for links, and the surface in the record of a refusal.
        roles: `PUBLIC`, `SIGNED_IN`, or those of which one must be active.
        section: name of the page in the main menu that this one belongs to; None for that page itself.
        get: answers GET and HEAD; takes a `Guest` when the page is public, else a `Visit`.
        post: answers POST; likewise.
        returnable: whether somebody may be sent back here after signing in.
        ticket: name of a query parameter that must survive signing in.
        without_session: name of the page for whoever comes here without a session.
        rate: what posting is counted under, together with the JSON interface; None where nothing is counted.
        sign_in_memory: whether `request.session` holds what a browser must remember while somebody signs in.
    """

    path: str
    name: str
    roles: frozenset[Role] | None = field(kw_only=True)
    section: str | None = field(default=None, kw_only=True)
    get: Callable[[Any], Awaitable[Response]] | None = field(default=None, kw_only=True)
    post: Callable[[Any], Awaitable[Response]] | None = field(default=None, kw_only=True)
    returnable: bool = field(default=True, kw_only=True)
    ticket: str | None = field(default=None, kw_only=True)
    without_session: str = field(default="sign_in", kw_only=True)
    rate: Rate | None = field(default=None, kw_only=True)
    sign_in_memory: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Site:
    """What all pages share.

    Args:
        desk: runs use cases.
        origin: scheme and host, as in the address bar.
        unused_days: after how many days without a sign-in the daily job blocks an account.
        sign_in_key: signs what a browser remembers while somebody signs in; a restart breaks off sign-ins under way
            and nothing else.
    """

    desk: Desk
    origin: str
    renderer: Renderer
    addresses: Addresses
    assets: Assets
    provider: Provider
    unused_days: int = UNUSED_DAYS
    sign_in_key: str = field(default_factory=lambda: token_urlsafe(32), repr=False)


class Guest:
    """One request by anybody.

    Args:
        site: what all pages share.
        request: the request; its URL is never part of a decision.
        page: the page that matched; None when none did.
        form: what was posted; empty for GET.
        signed: what the frame of the page shows of whoever is signed in, if anybody.
    """

    def __init__(
        self,
        site: Site,
        request: Request,
        page: Page | None,
        *,
        form: Form | None = None,
        signed: Signed | None = None,
    ) -> None:
        self.site = site
        self.request = request
        self.matched = page
        self.form = form or Form()
        self.signed = signed
        self.now = site.desk.now()
        self.lang = site.renderer.language(
            request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")
        )

    @property
    def rules(self) -> RuleSet:
        """The rules, for use cases that take them."""
        return self.site.desk.rules

    @property
    def secret(self) -> bytes | None:
        """What the session cookie holds; None when there is none in the one form we give."""
        value = self.request.cookies.get(SESSION_COOKIE, "")
        return urlsafe_b64decode(f"{value}=") if _SECRET.fullmatch(value) else None

    @property
    def here(self) -> str:
        """Path of this page if somebody can come back to it, else of the home page."""
        if self.matched is None or self.matched.get is None:
            return self.url("home")
        return self.url(self.matched.name, **self.request.path_params)

    async def run(self, job: Callable[[Transaction], T]) -> T:
        """Run a job in one transaction and wait for its commit."""
        return await self.site.desk.run(job)

    def page(self, template: str, status: int = 200, /, **context: Any) -> Response:  # noqa: ANN401 - for templates
        """Render a template in the guest's language.

        Args:
            template: file name in `templates/`.
            status: of the answer.
            **context: for the template; `errors`, if there, is a list of (field id, Dutch text).
        """
        html = self.site.renderer.render(
            template,
            self.lang,
            signed=self.signed,
            here=self.here,
            section=self.matched.section or self.matched.name if self.matched is not None else None,
            addresses=self.site.addresses,
            context={"passage": help_on(self._helped), **context},
        )
        return HTMLResponse(html, status_code=status, headers={"Content-Language": self.lang})

    @property
    def _helped(self) -> str | None:
        """The page whose passage of the help is wanted: this one, or for a form the page it stands on."""
        if self.matched is None:
            return None
        return self.matched.name if self.matched.name in PASSAGES else self.matched.section

    def url(self, name: str, **params: Any) -> str:  # noqa: ANN401 - 16 bytes, UUID, text or number
        """The path of a page; UUIDs may be 16 bytes, and parameters that are not in the path become the query."""
        return self.site.addresses.url(name, **params)

    def to(self, name: str, **params: Any) -> Response:  # noqa: ANN401 - as `url`
        """Send the browser to a page with GET (303)."""
        return RedirectResponse(self.url(name, **params), status_code=303)

    def back(self, wanted: str | None) -> Response:
        """Send the browser back to where it says it was (303), if that is a page of ours; else home."""
        return RedirectResponse(self.site.addresses.way_back(wanted) or self.url("home"), status_code=303)


class Visit(Guest):
    """One request by somebody who is signed in, with her session and who she is as they are now.

    Args:
        guest: the request.
        page: the page that matched.
        session: her session.
        actor: who acts, in the role that is active.
        signed: what the frame of the page shows of her.
    """

    def __init__(self, guest: Guest, page: Page, session: Session, actor: Actor, signed: Signed) -> None:
        super().__init__(guest.site, guest.request, page, form=guest.form, signed=signed)
        self.now = guest.now
        self._page = page
        self.session = session
        self.actor = actor

    @property
    def caller(self) -> Caller:
        """Who makes the request, for the record of a refusal."""
        return Caller(self.actor.staff_id, self.actor.token_id, self._page.name)

    async def run_as(self, job: Callable[[Transaction, Actor], T]) -> T:
        """Run a job for whoever the session stands for at that very moment; a refusal is recorded.

        Raises:
            NotAuthenticated: the session ended in the meantime.
            NotPermitted: the role this page needs is no longer active.
        """

        def resumed(tx: Transaction) -> T:
            session, actor = sessions.resume(tx, self.secret, self.now)
            admit(self._page, session)
            return job(tx, actor)

        return await self.site.desk.run_for(self.caller, resumed)

    def param(self, name: str) -> bytes:
        """An identifier in the path, as 16 bytes."""
        found = self.request.path_params[name]
        assert isinstance(found, UUID)
        return found.bytes


def page_number(text: str | None) -> int:
    """The number of the page somebody asked for in an address; 1 when it is none."""
    return (
        max(1, int(text)) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else 1
    )


def month_in(text: str | None) -> Month | None:
    """The month somebody asked for in an address; None when it is none."""
    try:
        return Month.parse(text) if text else None
    except MalformedInput:
        return None


def admit(page: Page, session: Session) -> None:
    """Let a session on to a page, or not.

    Raises:
        NotPermitted: the role that is active may not see this page.
    """
    if page.roles and session.role not in page.roles:
        raise NotPermitted("role", NOT_THIS_ROLE)


def give_session(response: Response, secret: bytes) -> None:
    """Let the browser keep the cookie of a session, until it closes; the index ends the session itself."""
    value = urlsafe_b64encode(secret).decode("ascii").rstrip("=")
    response.set_cookie(SESSION_COOKIE, value, path="/", secure=True, httponly=True, samesite="lax")


def take_cookie(response: Response, name: str) -> None:
    """Let the browser forget a cookie."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
