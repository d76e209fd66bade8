"""Who is asking: the bearer token, verified; roles and team come from the index's own tables, never from a token.

Whoever controls the identity provider can impersonate staff, visibly in the log, within the roles staff have here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request

from crypto.errors import TokenRefused
from crypto.tokens import Claims, TokenRules, VerifiedTokens
from signal_index.errors import NotAuthenticated
from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.administration.acting import SET_UP

# eIDAS levels of assurance that stand for a second factor. Source: NL GOV OIDC profile; (EU) 2015/1502.
SECOND_FACTOR_ACR = frozenset(
    {"http://eidas.europa.eu/LoA/substantial", "http://eidas.europa.eu/LoA/high"},
)


@dataclass(frozen=True)
class Identity:
    """Reads the token of a request.

    Args:
        rules: issuer, audience and pinned keys.
        now: the clock; aware UTC.
    """

    rules: TokenRules
    now: Callable[[], datetime]
    _verified: VerifiedTokens = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember only what these rules accepted."""
        object.__setattr__(self, "_verified", VerifiedTokens(self.rules))

    def claims(self, request: Request) -> Claims:
        """The verified claims of this request's token.

        Raises:
            NotAuthenticated: no token, more than one, or one that does not verify.
        """
        headers = request.headers.getlist("authorization")
        if len(headers) != 1 or not headers[0].startswith("Bearer "):
            raise NotAuthenticated("no-token", "Log in en stuur uw token mee in de header Authorization.")
        try:
            return self._verified.verify(headers[0].removeprefix("Bearer "), self.now())
        except TokenRefused as refused:
            raise NotAuthenticated(refused.reason, "Log opnieuw in; dit token is niet geldig.") from refused

    def address(self, request: Request) -> str | None:
        """The e-mail address of whoever asks, as the identity provider gives it; None when it gives none.

        Raises:
            NotAuthenticated: as `claims`.
        """
        stated = self.claims(request).raw.get("email")
        return stated if isinstance(stated, str) else None

    def client(self, request: Request) -> str | None:
        """The system that the token was given to; None when the provider does not say, or says it in two ways.

        Source: RFC 9068 section 2.2 (`client_id`); OpenID Connect Core section 2 (`azp`).

        Raises:
            NotAuthenticated: as `claims`.
        """
        raw = self.claims(request).raw
        stated = {raw[name] for name in ("client_id", "azp") if isinstance(raw.get(name), str)}
        return str(stated.pop()) if len(stated) == 1 else None


def actor_of(tx: Transaction, claims: Claims) -> Actor:
    """The actor behind verified claims, with her entry in the staff table as it is in this transaction.

    Raises:
        NotAuthenticated: the token is of somebody who calls herself the set-up, which only a command can be.
    """
    if claims.subject == SET_UP:
        raise NotAuthenticated("account", "Met deze naam kan niemand inloggen.")
    return Actor.in_all_roles(
        staff_id=claims.subject,
        staff=tx.staff.get(claims.subject),
        second_factor=claims.acr in SECOND_FACTOR_ACR,
        token_id=claims.token_id,
    )
