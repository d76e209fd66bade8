"""Hand records of a period to the privacy officer as lines for another log; that she took them is recorded.

Whoever has such a file knows which members of staff looked, or how often somebody without a name was looked for;
never for whom, and never what was shown.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed
from signal_index.model import Actor
from signal_index.model.days import Days
from signal_index.model.log import DECISIONS
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .decisions import decision
from .spans import otlp_line


def export_processings(
    tx: Transaction, actor: Actor, days: Days, register: str, now: datetime
) -> Sequence[dict[str, Any]]:
    """What was done with personal data in these days, oldest first, as spans.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        days: which.
        register: address of the register of processing activities.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        Malformed: `period`: it ends before it begins.
    """
    _check(actor, days)
    since, until = days.period
    found = [
        otlp_line(entry, tx.scope, register.rstrip("/")) for entry in tx.processings.entries(since, until)
    ]
    _record(tx, actor, "processings", days, now, records=len(found))
    return found


def export_decisions(tx: Transaction, actor: Actor, days: Days, now: datetime) -> Sequence[dict[str, Any]]:
    """What was decided on looks of her organisation, and on what systems asked for her colleagues, oldest first.

    Those from before there were traces are left out.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        Malformed: `period`: it ends before it begins.
    """
    own = _check(actor, days)
    entries = list(tx.audit.entries(events=DECISIONS, period=days.period))
    ours = [entry for entry in reversed(entries) if entry.fields.get("organisation") == own]
    found = [each for each in (decision(entry, tx.scope) for entry in ours) if each is not None]
    _record(tx, actor, "decisions", days, now, records=len(found))
    return found


def _check(actor: Actor, days: Days) -> str:
    """Whether she may, and of which organisation she is."""
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    if days.is_backwards:
        raise Malformed("period", "De laatste dag ligt vóór de eerste dag. Kies een latere dag.")
    return staff.organisation


def _record(tx: Transaction, actor: Actor, log: str, days: Days, now: datetime, *, records: int) -> None:
    exported = audit.event(
        "records.exported",
        now,
        actor=actor.staff_id,
        token=actor.token_id,
        log=log,
        since=days.first.isoformat(),
        until=days.last.isoformat(),
        records=records,
    )
    tx.audit.append(exported)
