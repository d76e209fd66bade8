"""The staff list, proposals and confirmations of teams: small tables in the clear, about colleagues, not residents.

The staff list is read as a whole and kept until something may have changed it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from signal_index import ports as all_ports
from signal_index.model import StaffMember
from signal_index.model.administration import Change, Proposal, TeamConfirmation, What, Why
from signal_index.ports import administration as ports

from . import schema
from .sql import AnyRow, upsert

_proposal, _confirmation = schema.proposals.c, schema.team_confirmations.c
_PUT = upsert(schema.proposals)
_GET = select(*schema.proposals.columns).where(_proposal.proposal_id == bindparam("id"))
_ALL = select(*schema.proposals.columns).order_by(_proposal.proposed_at.desc(), _proposal.proposal_id)
_REMOVE_OLDER = delete(schema.proposals).where(_proposal.proposed_at < bindparam("moment"))
_CONFIRM = upsert(schema.team_confirmations)
_CONFIRMED = select(*schema.team_confirmations.columns).order_by(
    _confirmation.confirmed_on.desc(), _confirmation.organisation, _confirmation.team
)
_REMOVE_CONFIRMED = delete(schema.team_confirmations).where(_confirmation.confirmed_on < bindparam("day"))

_STAFF = (
    select(*schema.staff.columns, schema.staff_roles.c.role)
    .outerjoin(schema.staff_roles)
    .order_by(schema.staff.c.staff_id)
)
_PUT_MEMBER = upsert(schema.staff)
_HAS_ROLE = select(schema.staff_roles.c.role).where(
    schema.staff_roles.c.staff_id == bindparam("id"), schema.staff_roles.c.role == bindparam("code")
)
_SEEN = (
    update(schema.staff).where(schema.staff.c.staff_id == bindparam("id")).values(seen_on=bindparam("day"))
)
_GRANT = insert(schema.staff_roles)
_REVOKE = delete(schema.staff_roles).where(
    schema.staff_roles.c.staff_id == bindparam("id"), schema.staff_roles.c.role == bindparam("code")
)


class SqlStaff:
    """The staff list with its roles, see `signal_index.ports.Staff`.

    Args:
        connection: with the transaction that the engine holds open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, StaffMember] | None = None

    def forget(self) -> None:
        """Read the tables anew next time."""
        self._known = None

    def get(self, staff_id: str) -> StaffMember | None:
        """One member with her roles."""
        return self._all().get(staff_id)

    def all(self) -> Sequence[StaffMember]:
        """Everybody, by staff id."""
        return list(self._all().values())

    def _all(self) -> dict[str, StaffMember]:
        if self._known is None:
            rows: dict[str, list[AnyRow]] = {}
            for row in self._connection.execute(_STAFF):
                rows.setdefault(row.staff_id, []).append(row)
            self._known = {staff_id: _member(own) for staff_id, own in rows.items()}
        return self._known

    def put(self, member: StaffMember) -> None:
        """Insert or replace a member; her roles are left as they are."""
        self._connection.execute(
            _PUT_MEMBER,
            {
                "staff_id": member.staff_id,
                "organisation": member.organisation,
                "team": member.team,
                "active": member.active,
                "name": member.name,
                "seen_on": member.seen_on,
                "confirmed_on": member.confirmed_on,
            },
        )
        self.forget()

    def seen(self, staff_id: str, on: date) -> None:
        """Note the day she was last seen; nothing happens when nobody is called so."""
        self._connection.execute(_SEEN, {"id": staff_id, "day": on})
        # The list stays as it was read: this comes with the first look of the day, which has no time to read it anew.
        if self._known is not None and staff_id in self._known:
            self._known[staff_id] = replace(self._known[staff_id], seen_on=on)

    def grant(self, staff_id: str, role: str, granted_by: str, at: datetime) -> None:
        """Give a role; giving it twice changes nothing, and nobody unknown gets one."""
        if self._connection.execute(_HAS_ROLE, {"id": staff_id, "code": role}).first() is not None:
            return
        self._connection.execute(
            _GRANT, {"staff_id": staff_id, "role": role, "granted_by": granted_by, "granted_at": at}
        )
        self.forget()

    def revoke(self, staff_id: str, role: str) -> bool:
        """Take a role away; False when she did not have it."""
        revoked = self._connection.execute(_REVOKE, {"id": staff_id, "code": role}).rowcount > 0
        self.forget()
        return revoked


def _member(rows: Sequence[AnyRow]) -> StaffMember:
    """Map the rows of one member, one per role or one without."""
    roles = frozenset(row.role for row in rows if row.role is not None)
    first = rows[0]
    return StaffMember(
        staff_id=first.staff_id,
        organisation=first.organisation,
        team=first.team,
        active=bool(first.active),
        roles=roles,
        name=first.name,
        seen_on=first.seen_on,
        confirmed_on=first.confirmed_on,
    )


class SqlProposals:
    """The table of proposals, see `signal_index.ports.administration.Proposals`.

    Args:
        connection: with the transaction that the engine holds open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, proposal: Proposal) -> None:
        """Insert or replace a proposal as a whole."""
        change = proposal.change
        self._connection.execute(
            _PUT,
            {
                "proposal_id": proposal.proposal_id,
                "what": change.what.value,
                "staff_id": change.staff_id,
                "role": change.role,
                "organisation": change.organisation,
                "team": change.team,
                "why": proposal.why.value,
                "entry": proposal.entry,
                "proposed_by": proposal.proposed_by,
                "proposed_at": proposal.proposed_at,
                "decided_by": proposal.decided_by,
                "decided_at": proposal.decided_at,
                "approved": proposal.approved,
            },
        )

    def get(self, proposal_id: bytes) -> Proposal | None:
        """One proposal."""
        row = self._connection.execute(_GET, {"id": proposal_id}).first()
        return _read(row) if row is not None else None

    def all(self) -> Sequence[Proposal]:
        """Every proposal, newest first."""
        return [_read(row) for row in self._connection.execute(_ALL)]

    def remove_older(self, proposed_before: datetime) -> int:
        """Remove proposals that were made before this moment; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"moment": proposed_before}).rowcount


def _read(row: AnyRow) -> Proposal:
    return Proposal(
        proposal_id=row.proposal_id,
        change=Change(What(row.what), row.staff_id, row.role, row.organisation, row.team),
        why=Why(row.why),
        entry=row.entry,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        approved=None if row.approved is None else bool(row.approved),
    )


class SqlTeamConfirmations:
    """The table of confirmations, see `signal_index.ports.administration.TeamConfirmations`.

    Args:
        connection: with the transaction that the engine holds open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, confirmation: TeamConfirmation) -> None:
        """Insert a confirmation; another one by the same person on the same day replaces it."""
        self._connection.execute(
            _CONFIRM,
            {
                "organisation": confirmation.organisation,
                "team": confirmation.team,
                "confirmed_on": confirmation.confirmed_on,
                "confirmed_by": confirmation.confirmed_by,
                "members": " ".join(sorted(confirmation.members)),
            },
        )

    def all(self) -> Sequence[TeamConfirmation]:
        """Every confirmation, newest first."""
        return [
            TeamConfirmation(
                organisation=row.organisation,
                team=row.team,
                confirmed_on=row.confirmed_on,
                confirmed_by=row.confirmed_by,
                members=tuple(row.members.split()),
            )
            for row in self._connection.execute(_CONFIRMED)
        ]

    def remove_older(self, confirmed_before: date) -> int:
        """Remove confirmations of before this day; how many there were."""
        return self._connection.execute(_REMOVE_CONFIRMED, {"day": confirmed_before}).rowcount


_staff_conforms: type[all_ports.Staff] = SqlStaff
_proposals_conform: type[ports.Proposals] = SqlProposals
_confirmations_conform: type[ports.TeamConfirmations] = SqlTeamConfirmations
