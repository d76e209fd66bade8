"""What the surfaces share: the database, the rules, the keys and the clock, and how a use case is run.

Invariant: an answer leaves only after the transaction of its use case has been committed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from fastapi import Request

from crypto.keyfiles import IndexSecrets, Manifest
from policy.rulesets import RuleSet
from signal_index import audit
from signal_index.errors import NotAuthenticated
from signal_index.model import Actor, AuditEvent
from signal_index.ports import Database, Transaction

from .identity import Identity, actor_of

T = TypeVar("T")


def utc_now() -> datetime:
    """The one clock of the edge."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """Everything a surface needs to run a use case."""

    database: Database
    rules: RuleSet
    secrets: IndexSecrets
    manifest: Manifest
    identity: Identity
    now: Callable[[], datetime]

    async def run(self, job: Callable[[Transaction], T]) -> T:
        """Run a job and wait for its commit; a caller that goes away does not undo it."""
        return await asyncio.shield(asyncio.wrap_future(self.database.submit(job)))

    async def run_as(self, request: Request, job: Callable[[Transaction, Actor], T]) -> T:
        """Run a job for whoever the request's token stands for; a refusal is recorded, whoever it is about.

        Raises:
            NotAuthenticated: there is no token that verifies.
        """
        surface = request.scope["route"].name
        try:
            claims = self.identity.claims(request)
        except NotAuthenticated as error:
            await self._record(audit.event("access.refused", self.now(), surface=surface, reason=error.code))
            raise
        try:
            return await self.run(lambda tx: job(tx, actor_of(tx, claims)))
        except audit.REFUSALS as error:
            refused = audit.refused_action(
                error, self.now(), actor=claims.subject, token=claims.token_id, surface=surface
            )
            await self._record(refused)
            raise

    async def _record(self, event: AuditEvent) -> None:
        await self.run(lambda tx: tx.audit.append(event))
