"""What the surfaces share: the database, the rules, the keys and the clock, and how a use case is run.

Invariant: an answer leaves only after the transaction of its use case has been committed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

from fastapi import Request

from crypto.chain.crew import Crew
from crypto.keyfiles import IndexSecrets, Manifest
from policy.rulesets import RuleSet
from signal_index import audit
from signal_index.errors import LimitExceeded, NotAuthenticated
from signal_index.model import Actor, AuditEvent
from signal_index.ports import Database, Transaction
from signal_index.usecases.administration.accounts import note_seen
from signal_index.usecases.oversight.health import Expected
from signal_index.usecases.rulebook.in_use import Rules
from signal_index.usecases.sourcing.usage import Counted

from .api.rates import Limiter, Rate, Strangers
from .api.registry import ROUTES
from .frame import trace_of_request
from .identity import Identity, actor_of
from .replies import Replies

T = TypeVar("T")

_LOOKING = frozenset({"GET", "HEAD"})


def utc_now() -> datetime:
    """The one clock of the edge."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Caller:
    """Who makes a request, for the record of a refusal.

    Args:
        actor: staff id.
        token: the token's or session's id.
        surface: name of the route.
    """

    actor: str
    token: str
    surface: str


@dataclass(frozen=True)
class Desk:
    """Everything a surface needs to run a use case.

    Args:
        expected: which witnesses are to cosign the log, and how often.
        decision_clients: systems that may ask the decision point; without any it is not there.
    """

    database: Database
    rulebook: Rules
    secrets: IndexSecrets
    manifest: Manifest
    identity: Identity
    now: Callable[[], datetime]
    crew: Crew
    limiter: Limiter = field(default_factory=Limiter)
    strangers: Strangers = field(default_factory=Strangers)
    counted: Counted = field(default_factory=Counted)
    expected: Expected = field(default_factory=Expected)
    decision_clients: frozenset[str] = frozenset()
    _awaited: WeakKeyDictionary[asyncio.AbstractEventLoop, Replies] = field(
        default_factory=WeakKeyDictionary, init=False, repr=False, compare=False
    )

    @property
    def rules(self) -> RuleSet:
        """The rules that count now."""
        return self.rulebook.current

    async def run(self, job: Callable[[Transaction], T], *, looking: bool = False) -> T:
        """Run a job and wait for its commit; a caller that goes away does not undo it.

        What it records belongs to the trace of the request, and begins now.

        Args:
            job: what to do.
            looking: whether it writes nothing but records, as far as anybody can tell beforehand.
        """
        trace = trace_of_request()
        begun = replace(trace, begun_at=self.now()) if trace is not None else None
        reply = self._replies().expect()
        self.database.hand_over(job, reply, begun, looking=looking)
        answered: T = await reply.future
        return answered

    def _replies(self) -> Replies:
        loop = asyncio.get_running_loop()
        return self._awaited.get(loop) or self._awaited.setdefault(loop, Replies(loop))

    async def run_as(
        self, request: Request, job: Callable[[Transaction, Actor], T], *, looking: bool = False
    ) -> T:
        """Run a job for whoever the request's token stands for; a refusal is recorded, whoever it is about.

        Args:
            request: with her token.
            job: what to do.
            looking: as for `run`; a GET always is.

        Raises:
            NotAuthenticated: there is no token that verifies.
            LimitExceeded: she does this too often; see `admit`.
        """
        surface = request.scope["route"].name
        try:
            claims = self.identity.claims(request)
        except NotAuthenticated as error:
            await self.turn_away("access.refused", surface, error.code)
            raise
        caller = Caller(claims.subject, claims.token_id, surface)
        await self.admit(caller, ROUTES[surface].rate)

        def acting(tx: Transaction) -> T:
            actor = actor_of(tx, claims)
            done = job(tx, actor)
            note_seen(tx, actor.staff, self.now())
            return done

        return await self.run_for(caller, acting, looking=looking or request.method in _LOOKING)

    async def admit(self, caller: Caller, rate: Rate) -> None:
        """Count one more request of this caller; the first one too many of a spell is recorded.

        Raises:
            LimitExceeded: she has to wait.
        """
        wait = self.limiter.take(rate, caller.actor)
        if wait is None:
            return
        error = LimitExceeded(
            "rate", "U doet dit te vaak achter elkaar. Wacht even en probeer het dan nog eens.", wait.seconds
        )
        if wait.is_news:
            await self.record(
                audit.refused_action(
                    error, self.now(), actor=caller.actor, token=caller.token, surface=caller.surface
                )
            )
        raise error

    async def turn_away(self, event: str, surface: str, reason: str) -> None:
        """Record the refusal of somebody nobody knows, or count it with the next one; see `Strangers`.

        Args:
            event: `access.refused` or `signin.refused`.
            surface: name of the route.
            reason: stable code.
        """
        besides = self.strangers.turn_away(reason)
        if besides is not None:
            refused = audit.event(event, self.now(), surface=surface, reason=reason, besides=besides or None)
            await self.record(refused)

    async def run_for(self, caller: Caller, job: Callable[[Transaction], T], *, looking: bool = False) -> T:
        """Run a job for somebody known; her refusal is recorded after the attempt itself was undone."""
        try:
            return await self.run(job, looking=looking)
        except audit.REFUSALS as error:
            refused = audit.refused_action(
                error, self.now(), actor=caller.actor, token=caller.token, surface=caller.surface
            )
            await self.record(refused)
            raise

    async def record(self, event: AuditEvent) -> None:
        """Append one record on its own."""
        await self.run(lambda tx: tx.audit.append(event))
