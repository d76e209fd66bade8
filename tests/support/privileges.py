"""Walks through everything one person can do about who may do what, to see that it gets her nowhere.

Every act one person can make is tried in every state that six acts can lead to, by the real use cases on a real
database; everybody else is honest and does nothing. States are visited breadth first: the way to one is gone again in
a transaction, each act is tried and undone, and nothing of it stays.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, combinations, product
from secrets import token_bytes
from typing import Any

from crypto.batch import BatchClass, Header
from crypto.sheet import ZorgrelatieOperation
from policy.vocabulary import SENSITIVE_ROLES, Role, roles_conflict
from signal_index.errors import SignalIndexError
from signal_index.model import Actor, CareRelation, Delivery, StaffMember, dutch_day
from signal_index.model.administration import Change, ProposalState, Why
from signal_index.model.workplace import CoverReason
from signal_index.usecases import relations
from signal_index.usecases.administration import (
    appointing,
    proposals,
    teams,
)
from signal_index.usecases.administration import (
    covers as covering,
)
from signal_index.usecases.administration import (
    staff as staffing,
)
from signal_index.usecases.administration.acting import SET_UP
from signal_index.usecases.delivery import relations as feed
from signal_index.usecases.delivery.rows import Context, DeliveryRefused, Work
from signal_index.usecases.workplace import covers, sessions

LENGTH = 6
SHE, WORKER, COLLEAGUE, LEAD, OVERSEER, ADMINISTRATOR = (
    "x.zij",
    "w.een",
    "w.twee",
    "t.lead",
    "p.officer",
    "f.beheer",
)
NEWCOMER = "n.nieuw"
HONEST_CASE, WAITING_CASE, OWN_CASE, CASE_FOR_OTHER = (bytes([number]) * 16 for number in range(1, 5))

Act = Callable[[Any, Actor], Any]
State = tuple[Any, ...]
Step = tuple[str, str]  # the act, and the role she made it in


def allowed_sets() -> Iterator[frozenset[Role]]:
    """Every set of roles one person may hold, the empty one included."""
    every = chain.from_iterable(combinations(Role, size) for size in range(len(Role) + 1))
    return (frozenset(each) for each in every if not roles_conflict(each))


class Violation(AssertionError):
    """Somebody got what she should not, and how."""

    def __init__(self, what: str, path: tuple[Step, ...]) -> None:
        super().__init__(f"{what} by {' > '.join(f'{act} as {role}' for act, role in path)}")
        self.what, self.path = what, path


@dataclass(frozen=True)
class Cast:
    """The world she is in, and what she begins with."""

    world: Any
    roles: frozenset[Role]

    @property
    def now(self) -> Any:
        return self.world.clock

    def prepare(self, tx: Any) -> None:
        """The honest beginning: cases, a cover that is hers by right, and proposals of a colleague."""
        tx.staff.put(StaffMember(SHE, self.world.GEMEENTE, "noord", active=True, seen_on=dutch_day(self.now)))
        for role in self.roles:
            tx.staff.grant(SHE, role, ADMINISTRATOR, self.now)
        for case, registrar in ((HONEST_CASE, "i.intake"), (WAITING_CASE, WORKER)):
            self.register(tx, case, WORKER, registrar)
        if Role.TEAM_MEMBER in self.roles:
            request = self.cover_by(SHE)
            covers.arrange(tx, self.actor(tx, WORKER), request, self.now)
        by_colleague = self.actor(tx, ADMINISTRATOR)
        for role in SENSITIVE_ROLES:
            for change in (Change.grant(SHE, role), Change.revoke(SHE, role)):
                try:
                    proposals.request_change(tx, by_colleague, change, self.now, why=Why.NEW_TASK)
                except SignalIndexError:
                    continue

    @staticmethod
    def actor(tx: Any, staff_id: str, role: str | None = None) -> Actor:
        member = tx.staff.get(staff_id)
        if role is None:
            return Actor.in_all_roles(staff_id, member, second_factor=True, token_id="walk")
        return Actor.in_one_role(staff_id, member, role, second_factor=True, token_id="walk")

    def cover_by(self, delegate: str) -> covers.CoverRequest:
        return covers.CoverRequest(delegate, self.world.DAY, self.world.DAY, CoverReason.LEAVE)

    def register(self, tx: Any, case: bytes, worker: str, by: str) -> None:
        """What the regiesysteem delivers when somebody registers a case in it; it says honestly who did."""
        publisher = tx.register.publisher(self.world.REGIE)
        row = replace(self.world.relation(worker=worker), relation_id=case, registered_by=by)
        row = replace(row, operation=ZorgrelatieOperation.REGISTER)
        catalogue = self.world.desk.rules.in_force(self.world.DAY).catalogue
        context = Context(self.now, self.world.DAY, catalogue, self.world.person)
        header = Header(
            audience=f"index:{tx.scope}",
            scope=tx.scope,
            key_epoch=1,
            publisher=publisher.oin,
            batch_class=BatchClass.ZORGRELATIE,
            incarnation=tx.incarnation,
            sequence=1,
            n=1,
            composed_at=int(self.now.timestamp()),
        )
        delivery = Delivery(header, bytes(64), ((self.world.person, row),))
        feed.apply(Work(tx, context, delivery, publisher))

    # --- What she can do --------------------------------------------------------------------------------------------

    def acts(self, tx: Any) -> Iterator[tuple[str, Act]]:
        """Every act there is in this state, hers or not; the use cases say which are."""
        yield from self.changes()
        yield from self.imports()
        yield from self.decisions(tx)
        yield from self.confirmations(tx)
        yield from self.cover_acts(tx)
        yield from self.case_acts(tx)
        yield (
            "appoint herself",
            lambda tx, _: appointing.appoint_first(tx, SETTING_UP, (SHE, WORKER), self.now),
        )

    def changes(self) -> Iterator[tuple[str, Act]]:
        here, there = self.world.GEMEENTE, self.world.ZORG
        wanted = [
            *(Change.grant(SHE, role) for role in Role),
            *(Change.revoke(SHE, role) for role in Role),
            Change.unblock(SHE),
            Change.move(SHE, here, "zuid"),
            *(Change.grant(WORKER, role) for role in Role if role is not Role.SOURCE_ADMIN),
            *(Change.revoke(WORKER, role) for role in (Role.TEAM_MEMBER, Role.TEAM_LEAD)),
            Change.block(WORKER),
            Change.unblock(WORKER),
            Change.move(WORKER, there, "noord"),
            Change.move(WORKER, here, "noord"),
            Change.revoke(OVERSEER, Role.PRIVACY_OFFICER),
            Change.block(OVERSEER),
            Change.move(OVERSEER, there, "noord"),
            Change.revoke(ADMINISTRATOR, Role.FUNCTIONAL_ADMIN),
            Change.block(ADMINISTRATOR),
        ]
        for change in wanted:
            yield (
                f"{change.what} {change.staff_id} {change.role or change.organisation or ''}",
                self.change(change),
            )

    def change(self, change: Change) -> Act:
        return lambda tx, actor: proposals.request_change(tx, actor, change, self.now, why=Why.SECURITY)

    def imports(self) -> Iterator[tuple[str, Act]]:
        here, there = self.world.GEMEENTE, self.world.ZORG
        lists = {
            "herself elsewhere": StaffMember(SHE, there, "noord", active=True),
            "herself blocked": StaffMember(SHE, here, "noord", active=False),
            "herself active with roles": StaffMember(SHE, here, "zuid", active=True, roles=frozenset(Role)),
            "worker blocked": StaffMember(WORKER, here, "noord", active=False),
            "worker active": StaffMember(WORKER, here, "noord", active=True),
            "overseer blocked": StaffMember(OVERSEER, here, "noord", active=False),
            "overseer elsewhere": StaffMember(OVERSEER, there, "noord", active=True),
            "somebody new": StaffMember(NEWCOMER, here, "noord", active=True, roles=frozenset(Role)),
        }
        for name, member in lists.items():
            yield f"import {name}", self.importing(member)

    def importing(self, member: StaffMember) -> Act:
        return lambda tx, actor: staffing.import_staff(tx, actor, [member], self.now)

    def decisions(self, tx: Any) -> Iterator[tuple[str, Act]]:
        for each in tx.proposals.all():
            for approve in (True, False):
                what = f"{each.change.what} {each.change.staff_id} {each.change.role or each.change.team}"
                yield (
                    f"{'approve' if approve else 'refuse'} {what}",
                    self.deciding(each.proposal_id, approve=approve),
                )

    def deciding(self, proposal_id: bytes, *, approve: bool) -> Act:
        return lambda tx, actor: proposals.decide(tx, actor, proposal_id, self.now, approve=approve)

    def confirmations(self, tx: Any) -> Iterator[tuple[str, Act]]:
        working = [each for each in tx.staff.all() if each.active]
        for team in sorted({(each.organisation, each.team) for each in working}):
            members = {each.staff_id for each in working if (each.organisation, each.team) == team}
            for gone in (None, *sorted(members & {WORKER, OVERSEER, SHE})):
                yield f"team {team} without {gone}", self.team(team, gone)
                if SHE in members:
                    yield f"own team without {gone}", self.own_team(gone)

    @staticmethod
    def answer(members: tuple[StaffMember, ...], gone: str | None) -> teams.Answer:
        known = {each.staff_id for each in members}
        left = frozenset({gone}) if gone is not None else frozenset()
        return teams.Answer(frozenset(known) - left, left)

    def own_team(self, gone: str | None) -> Act:
        def act(tx: Any, actor: Actor) -> None:
            roll = teams.own_team(tx, actor, self.now)
            teams.confirm_own_team(tx, actor, self.answer(roll.members, gone), self.now)

        return act

    def team(self, of: tuple[str, str], gone: str | None) -> Act:
        def act(tx: Any, actor: Actor) -> None:
            found = [
                each for each in teams.list_teams(tx, actor, self.now) if (each.organisation, each.team) == of
            ]
            for each in found:
                teams.confirm_for_team(tx, actor, of, self.answer(each.roll.members, gone), self.now)

        return act

    def cover_acts(self, tx: Any) -> Iterator[tuple[str, Act]]:
        for other in (WORKER, COLLEAGUE, SHE):
            yield f"have {other} look for her", self.arranging(other)
        for absentee, delegate in ((WORKER, COLLEAGUE), (WORKER, SHE), (SHE, COLLEAGUE)):
            yield f"let {delegate} look for {absentee}", self.arranging_for(absentee, delegate)
        for each in tx.covers.all_of(self.world.GEMEENTE):
            name = f"of {each.absentee} by {each.delegate}"
            yield f"end cover {name}", self.ending(covers.end_cover, each.cover_id)
            yield f"end, as who administers, cover {name}", self.ending(covering.end_cover, each.cover_id)

    def arranging(self, delegate: str) -> Act:
        return lambda tx, actor: covers.arrange(tx, actor, self.cover_by(delegate), self.now)

    def arranging_for(self, absentee: str, delegate: str) -> Act:
        return lambda tx, actor: covering.arrange_cover(
            tx, actor, absentee, self.cover_by(delegate), self.now
        )

    def ending(self, end: Callable[..., Any], cover_id: bytes) -> Act:
        return lambda tx, actor: end(tx, actor, cover_id, self.now)

    def case_acts(self, tx: Any) -> Iterator[tuple[str, Act]]:
        for name, case, worker in (
            ("a case of her own", OWN_CASE, SHE),
            ("a case for the worker", CASE_FOR_OTHER, WORKER),
            ("the worker's case as hers", WAITING_CASE, SHE),
        ):
            yield f"register {name}", self.registering(case, worker)
        for relation in tx.relations.all_of(self.world.GEMEENTE):
            yield f"confirm case {relation.relation_id[0]}", self.confirming(relation.relation_id)

    def registering(self, case: bytes, worker: str) -> Act:
        """Only who works in a wijkteam can be signed in at the regiesysteem."""

        def act(tx: Any, actor: Actor) -> None:
            if actor.roles & {Role.TEAM_MEMBER, Role.TEAM_LEAD}:
                self.register(tx, case, worker, SHE)

        return act

    def confirming(self, case: bytes) -> Act:
        return lambda tx, actor: relations.confirm(tx, actor, case, self.now)

    def session_acts(self) -> Iterator[tuple[str, Act]]:
        for role in Role:
            if role not in self.roles:
                yield f"switch to {role}", self.switching(role)

    def switching(self, role: str) -> Act:
        """Sign in, and go on in a role; what she could do in one she has is tried everywhere anyway."""

        def act(tx: Any, _: Actor) -> None:
            old, new = token_bytes(32), token_bytes(32)
            sessions.open_session(tx, old, sessions.SignedIn(SHE, second_factor=True), self.now)
            switched = sessions.switch_role(tx, old, new, role, self.now)
            raise Violation(f"acts as {switched.role}", ())

        return act

    # --- What came of it --------------------------------------------------------------------------------------------

    def read(self, tx: Any, before: "Reading | None" = None) -> "Reading":
        """Everything that decides what anybody may do or see, without names and moments that differ each time.

        A table whose rows are those of before, byte for byte, is not opened again.
        """
        driver = self.world.database._session.connection.connection.driver_connection
        rows = [driver.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]  # noqa: S608
        parts = [
            before.state[at] if before is not None and before.rows[at] == rows[at] else self.part(tx, at)
            for at in range(len(READ))
        ]
        return Reading(rows, tuple(parts))

    def part(self, tx: Any, at: int) -> Any:
        return READ[at](self, tx)

    def staff(self, tx: Any) -> Any:
        """Everybody; but for a newcomer without roles, whom no act here is about, and who would double the walk."""
        return tuple(
            (each.staff_id, each.organisation, each.team, each.active, each.roles)
            for each in tx.staff.all()
            if each.staff_id != NEWCOMER or each.roles
        )

    def proposals(self, tx: Any) -> Any:
        found = tx.proposals.all()
        return frozenset(
            (each.change, each.proposed_by, each.state(self.now), each.decided_by) for each in found
        )

    def covers(self, tx: Any) -> Any:
        found = tx.covers.all_of(self.world.GEMEENTE)
        return frozenset(
            (each.absentee, each.delegate) for each in found if not each.is_over(dutch_day(self.now))
        )

    def cases(self, tx: Any) -> Any:
        found = tx.relations.all_of(self.world.GEMEENTE)
        return frozenset(
            (each.relation_id, each.worker, each.registered_by, each.confirmed_by) for each in found
        )

    def sight(self, tx: Any) -> frozenset[bytes]:
        """The cases behind which she may look, in any role she has."""
        actor = self.actor(tx, SHE)
        if actor.staff is None or not actor.staff.active or Role.TEAM_MEMBER not in actor.roles:
            return frozenset()
        every: list[CareRelation] = tx.relations.all_of(self.world.GEMEENTE)
        today = dutch_day(self.now)
        found = [each for each in every if _stands(tx, actor, each, today)]
        return frozenset(each.relation_id for each in found)

    def check(self, tx: Any, start: frozenset[bytes]) -> str | None:
        """What is wrong in this state, if anything."""
        she = tx.staff.get(SHE)
        if self.sight(tx) - start:
            return "sees more"
        if not she.roles <= self.roles:
            return "holds another role"
        if (she.organisation, she.team, she.active) != (self.world.GEMEENTE, "noord", True) and she.active:
            return "changed her own entry"
        for role, holder in ((Role.PRIVACY_OFFICER, OVERSEER), (Role.FUNCTIONAL_ADMIN, ADMINISTRATOR)):
            member = tx.staff.get(holder)
            if not member.active or role not in member.roles or member.organisation != self.world.GEMEENTE:
                return f"ended {holder}"
        about_her = [each for each in tx.proposals.all() if each.change.staff_id == SHE]
        if any(each.state(self.now) is not ProposalState.ASKED for each in about_her):
            return "decided about herself"
        return None


def _stands(tx: Any, actor: Actor, relation: CareRelation, today: Any) -> bool:
    return not isinstance(
        relations.find_standing(tx, actor, relation.relation_id, today), relations.NotStanding
    )


@dataclass(frozen=True)
class Reading:
    """One state, with the rows it was read from."""

    rows: list[list[tuple[Any, ...]]]
    state: State


READ = (Cast.staff, Cast.proposals, Cast.covers, Cast.cases)
TABLES = (
    "staff LEFT JOIN staff_roles USING (staff_id)",
    "proposals",
    "covers",
    "care_relations",
)
SETTING_UP = Actor.in_all_roles(SET_UP, None, second_factor=True, token_id="walk")


@dataclass
class Walk:
    """What was visited."""

    states: int = 0
    tried: int = 0


class _Undo(Exception):
    """Ends the transaction of a walk without a trace."""


def walk(cast: Cast, length: int = LENGTH) -> Walk:
    """Visit every state that so many acts lead to.

    Raises:
        Violation: one of them should not be.
    """
    counted = Walk()

    def job(tx: Any) -> None:
        _explore(cast, tx, length, counted)
        raise _Undo

    with suppress(_Undo):
        cast.world.database.run(job)
    return counted


def _explore(cast: Cast, tx: Any, length: int, counted: Walk) -> None:
    undo = _Savepoints(cast.world, tx)
    cast.prepare(tx)
    start, sight = cast.read(tx).state, cast.sight(tx)
    assert cast.check(tx, sight) is None, "nothing is wrong to begin with"
    layer: dict[State, tuple[Step, ...]] = {start: ()}
    seen = {start}
    # A bronbeheerder makes none of these acts, as the walk of one who is that alone shows; it is no hat of its own.
    opening = cast.roles - {Role.SOURCE_ADMIN}
    hats = [None, *sorted(opening)] if len(opening) > 1 else [None]
    for _ in range(length):
        following: dict[State, tuple[Step, ...]] = {}
        for path in layer.values():
            with undo:
                _go(cast, tx, path)
                here = cast.read(tx)
                acts = [*cast.acts(tx), *([] if path else cast.session_acts())]
                for (name, act), hat in product(acts, hats):
                    counted.tried += 1
                    way = (*path, (name, hat or "whoever she is"))
                    with undo:
                        after = _try(cast, tx, act, way, here)
                        if after is None or after in seen:
                            continue
                        if wrong := cast.check(tx, sight):
                            raise Violation(wrong, way)
                    seen.add(after)
                    following[after] = way
        layer = following
    counted.states = len(seen)


def _try(cast: Cast, tx: Any, act: Act, way: tuple[Step, ...], here: Reading) -> State | None:
    """The state one act leads to; None when it is refused."""
    hat = way[-1][1]
    try:
        act(tx, cast.actor(tx, SHE, hat if hat in cast.roles else None))
    except (SignalIndexError, DeliveryRefused):
        return None
    except Violation as found:
        raise Violation(found.what, way) from found
    return cast.read(tx, here).state


def _go(cast: Cast, tx: Any, path: tuple[Step, ...]) -> None:
    """Make these acts again; names of acts are the same each time, ids are not."""
    for name, hat in path:
        acts = dict(cast.acts(tx))
        acts[name](tx, cast.actor(tx, SHE, hat if hat in cast.roles else None))


class _Savepoints:
    """Undoes what happens inside, in the database and in memory, as the engine does for a job that fails."""

    def __init__(self, world: Any, tx: Any) -> None:
        self._driver, self._tx = world.database._session.connection.connection.driver_connection, tx
        self._marks: list[Any] = []

    def __enter__(self) -> None:
        # The list of staff as it was read: what is undone was never in it, and reading it anew costs more than an act.
        self._marks.append((self._tx.audit.mark(), self._driver.total_changes, self._tx.staff._known))
        self._driver.execute(f"SAVEPOINT walk{len(self._marks)}")

    def __exit__(self, *_: object) -> None:
        mark, changes, staff = self._marks[-1]
        if self._driver.total_changes == changes:
            # Most acts are refused, or only read; what is remembered of small tables is still true.
            self._tx.audit.return_to(mark)
        else:
            self._driver.execute(f"ROLLBACK TO walk{len(self._marks)}")
            self._tx.return_to(mark)
            self._tx.staff._known = staff
        self._driver.execute(f"RELEASE walk{len(self._marks)}")
        self._marks.pop()
