"""Arrive from the regiesysteem: a signed ticket, good once and for two minutes, opens a case at the purpose step.

Invariants:
1. A ticket shows nothing: it names a case, and every check of a look follows as if she had chosen it from her list.
2. Used, expired, somebody else's and not signed by a registered entrance are one answer; the record has the reason.
3. No relation is read here, so the answer cannot depend on whether there is one.

Whoever holds an entrance's key can make a worker of that organisation arrive at a case of his choice, no more.
Source: RFC 7519 (JWT), RFC 8725 (best practice), RFC 7638 and RFC 8037 (the key's id).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from crypto.encoding import encode
from crypto.errors import CryptoError, TokenRefused
from crypto.tokens import Claims, TokenRules, TrustedKey, encode_base64url, verify
from crypto.verify_keys import decode_verify_key
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import NotPermitted
from signal_index.model import Actor
from signal_index.model.workplace import Entrance
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

TICKET_TYPE: Final = "openen+jwt"
TICKET_SECONDS_MAX: Final = 120
RELATION_CLAIM: Final = "zorgrelatie"

_LEEWAY_SECONDS: Final = 30
# How far a ticket gets with an entrance that did not sign it, in this order; any other reason says more.
_STRANGER: Final = ("token-key", "token-signature", "token-issuer")


def _refused(reason: str) -> NotPermitted:
    """The ticket does not work: one text, whatever the reason, which is for the record."""
    text = "Deze link werkt niet (meer). Open de zaak opnieuw in uw regiesysteem."
    return NotPermitted("ticket", text, reason=reason)


def arrive(tx: Transaction, actor: Actor, ticket: str, now: datetime) -> bytes:
    """Use a ticket up and say which case it opens.

    Args:
        tx: the open transaction.
        actor: the worker, signed in here.
        ticket: signed by an entrance for her.
        now: aware UTC.

    Returns:
        The id of the care relation, 16 bytes; whether there is one, and whether it is hers, the next step finds out.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker, or `ticket`: it does not work.
    """
    staff = require_role(actor, Role.TEAM_MEMBER)
    entrance, claims = _verified(tx, ticket, now)
    if entrance.organisation != staff.organisation:
        raise _refused("other-organisation")
    if claims.subject != staff.staff_id:
        raise _refused("other-worker")
    relation = _relation(claims)
    _use_up(tx, entrance, claims)
    tx.audit.append(audit.act("case.opened", now, actor, relation=str(relation), entrance=entrance.issuer))
    return relation.bytes


def _verified(tx: Transaction, ticket: str, now: datetime) -> tuple[Entrance, Claims]:
    """The first entrance that stands behind this ticket, and what it says."""
    reasons = []
    for entrance in tx.register.entrances():
        try:
            return entrance, verify(ticket, _rules(entrance, tx.scope), now)
        except TokenRefused as refused:
            reasons.append(refused.reason)
        except CryptoError:  # a registered key nobody can own closes its own entrance, and no other
            reasons.append("token-key")
    raise _refused(_telling(reasons))


def _telling(reasons: Sequence[str]) -> str:
    """The reason of the entrance with which the ticket got furthest."""
    by_progress = [*(each for each in reasons if each not in _STRANGER), *reversed(_STRANGER)]
    return next((each for each in by_progress if each in reasons), "no-entrance")


def _rules(entrance: Entrance, scope: str) -> TokenRules:
    key = TrustedKey(ticket_key_id(entrance.verify_key), "EdDSA", decode_verify_key(entrance.verify_key))
    return TokenRules(
        issuer=entrance.issuer,
        audience=f"index:{scope}",
        keys=(key,),
        type=TICKET_TYPE,
        max_lifetime_seconds=TICKET_SECONDS_MAX,
        leeway_seconds=_LEEWAY_SECONDS,
    )


def ticket_key_id(verify_key: bytes) -> str:
    """The `kid` a ticket of this key has, if it has one: the JWK thumbprint of the key.

    Args:
        verify_key: Ed25519 public key, 32 bytes.
    """
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{encode_base64url(verify_key)}"}}'
    return encode_base64url(sha256(jwk.encode()).digest())


def _relation(claims: Claims) -> UUID:
    """The case the ticket names, in the one spelling of its id."""
    stated = claims.raw.get(RELATION_CLAIM)
    try:
        relation = UUID(stated) if isinstance(stated, str) else None
    except ValueError:
        relation = None
    if relation is None or str(relation) != stated:
        raise _refused("token-claims")
    return relation


def _use_up(tx: Transaction, entrance: Entrance, claims: Claims) -> None:
    """Remember the ticket for as long as it could be accepted."""
    ticket = sha256(encode("entrance-ticket", entrance.issuer, claims.token_id)).hexdigest()
    if not tx.tickets.use(ticket, datetime.fromtimestamp(claims.expires_at + _LEEWAY_SECONDS, UTC)):
        raise _refused("used")
