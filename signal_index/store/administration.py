"""Proposals and confirmations of teams: small tables in the clear, about colleagues, not residents."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, select

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


_proposals_conform: type[ports.Proposals] = SqlProposals
_confirmations_conform: type[ports.TeamConfirmations] = SqlTeamConfirmations
