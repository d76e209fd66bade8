"""Whether the log is whole and watched: its size, its last checkpoint, who cosigned it, and what went wrong lately.

It tells the privacy officer what the index knows of itself. That the index tells the truth about it is what the
export and the verifier are for, which run elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor, AuditEntry
from signal_index.model.log import Cosigned, Refusal, TreeHead
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.rulebook.on_record import standing

INTEGRATED_WITHIN = timedelta(minutes=1)
"""A record is in the tree within a second; after a minute nobody is doing it."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
GAP = "log.gap"
EXPORTED = "log.exported"
CHECKED = "log.checked"
REGISTER = "register.changed"
CHANGES_SHOWN = 20
_REWRITTEN = frozenset({"fork", "proof"})
"""Reasons of a witness that say that the log is another one than before."""


@dataclass(frozen=True)
class Expected:
    """What the settings ask of witnesses.

    Args:
        witnesses: their names.
        within: how old the last cosignature may be; None for an index without witnesses.
    """

    witnesses: tuple[str, ...] = ()
    within: timedelta | None = None


@dataclass(frozen=True)
class WitnessHealth:
    """What one witness did last.

    Args:
        name: as in its key.
        cosigned: None when it never cosigned.
        refusal: why it gives no cosignature now; None when it does.
    """

    name: str
    cosigned: Cosigned | None
    refusal: Refusal | None


@dataclass(frozen=True)
class LogHealth:
    """How the log does.

    Args:
        head: None before the first checkpoint.
        standing_still: whether records wait for the tree for too long.
        witnesses: those of the settings, and any other that signed or refused once.
        is_witnessed: whether a witness cosigned recently enough; if not, nothing is shown to workers.
        within: how old the last cosignature may be; None for an index without witnesses.
        gap: the last record that says that a record is missing; None when there never was one.
        exported: the last record of an export, for a check elsewhere.
        checked: the last record that the log was recomputed by the index itself.
        register: the newest records of what became different in the register, newest first: whom to phone or which
            keys count since.
        rules_planted: whether the database names other rules than the log, or other people who agreed to them.
    """

    head: TreeHead | None
    standing_still: bool
    witnesses: tuple[WitnessHealth, ...]
    is_witnessed: bool
    within: timedelta | None
    gap: AuditEntry | None
    exported: AuditEntry | None
    checked: AuditEntry | None
    register: tuple[AuditEntry, ...]
    rules_planted: bool

    @property
    def is_well(self) -> bool:
        """Whether nobody has to do anything."""
        return (
            self.is_witnessed
            and not self.standing_still
            and self.gap is None
            and not self.rules_planted
            and all(each.cosigned and not each.refusal for each in self.witnesses)
        )

    @property
    def within_minutes(self) -> int | None:
        """How old the last cosignature may be, in minutes; None for an index without witnesses."""
        return int(self.within.total_seconds()) // 60 if self.within else None

    @property
    def is_incident(self) -> bool:
        """Whether a record is missing, a witness says that the log was rewritten, or rules were planted."""
        refused = {each.refusal.reason for each in self.witnesses if each.refusal is not None}
        return self.gap is not None or self.rules_planted or bool(refused & _REWRITTEN)


def health(tx: Transaction, actor: Actor, expected: Expected, now: datetime) -> LogHealth:
    """How the log does now; that the privacy officer looked is recorded.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        expected: what the settings ask of witnesses.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    require_role(actor, Role.PRIVACY_OFFICER)
    found = LogHealth(
        head=tx.log.head(),
        standing_still=_stands_still(tx, now),
        witnesses=_witnesses(expected.witnesses, tx.witnesses.cosigned(), tx.witnesses.refusals()),
        is_witnessed=tx.witnesses.is_witnessed(now),
        within=expected.within,
        gap=_last(tx, GAP),
        exported=_last(tx, EXPORTED),
        checked=_last(tx, CHECKED),
        register=tuple(tx.audit.entries(events=(REGISTER,), limit=CHANGES_SHOWN)),
        rules_planted=not standing(tx).agree,
    )
    tx.audit.append(audit.act("oversight.read", now, actor, page="log_health"))
    return found


def _stands_still(tx: Transaction, now: datetime) -> bool:
    """Whether the newest record that had its time is still not in the tree."""
    waited = next(iter(tx.audit.entries(period=(_BEGINNING, now - INTEGRATED_WITHIN), limit=1)), None)
    return waited is not None and tx.log.find(waited.writer, waited.number) is None


def _witnesses(
    names: Sequence[str], cosigned: Sequence[Cosigned], refusals: Sequence[Refusal]
) -> tuple[WitnessHealth, ...]:
    signed = {each.witness: each for each in cosigned}
    refused = {each.witness: each for each in refusals}
    return tuple(
        WitnessHealth(name, signed.get(name), refused.get(name))
        for name in sorted({*names, *signed, *refused})
    )


def _last(tx: Transaction, event: str) -> AuditEntry | None:
    return next(iter(tx.audit.entries(events=(event,), limit=1)), None)
