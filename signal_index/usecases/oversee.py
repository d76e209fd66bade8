"""What the privacy officer and the source organisation see: records of looks, and series; never a flag."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from policy.catalogue import Catalogue
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor, AuditEntry, SeriesState
from signal_index.model.log import LOOKS
from signal_index.ports import Transaction

from .authority import require_role


@dataclass(frozen=True)
class LogQuestion:
    """Which records the privacy officer wants to see.

    Args:
        looks_only: leave out everything that is not a look or an attempt to look.
        worker: only what this member of staff did.
        relation: only what was about this care relation.
        limit: how many records at most, the newest first.
    """

    looks_only: bool = True
    worker: str | None = None
    relation: UUID | None = None
    limit: int = 100

    def fits(self, entry: AuditEntry) -> bool:
        """Whether a record is about the worker and relation asked for."""
        by_worker = self.worker is None or entry.fields.get("actor") == self.worker
        return by_worker and (self.relation is None or entry.fields.get("relation") == str(self.relation))


def read_log(tx: Transaction, actor: Actor, question: LogQuestion, now: datetime) -> Sequence[AuditEntry]:
    """The newest records, for the privacy officer; reading them is recorded as well.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        question: what she wants to see.
        now: aware UTC.

    Raises:
        NotPermitted: the actor is not an active privacy officer.
    """
    require_role(actor, Role.PRIVACY_OFFICER)
    events = LOOKS if question.looks_only else None
    open_question = question.worker is None and question.relation is None
    found = tx.audit.entries(events=events, limit=question.limit if open_question else None)
    entries = list(islice(filter(question.fits, found), question.limit))
    read = audit.event(
        "log.read",
        now,
        actor=actor.staff_id,
        token=actor.token_id,
        limit=question.limit,
        worker=question.worker,
        relation=str(question.relation) if question.relation else None,
    )
    tx.audit.append(read)
    return entries


@dataclass(frozen=True)
class Standing:
    """How one (source, type) stands at the index: counts and dates, no persons.

    Args:
        refilling: an open set is being filled beside the current one.
    """

    publisher: str
    source: str
    source_name: str
    type: str
    flag_count: int
    as_of: date | None
    current: bool
    refilling: bool
    next_sequence: int


def source_standing(
    tx: Transaction, catalogue: Catalogue, today: date, publisher: str | None = None
) -> list[Standing]:
    """How every registered (source, type) stands, or those of one publisher."""
    series = tx.series.all()
    standings = []
    for publication in tx.register.publications():
        if publisher is not None and publication.publisher != publisher:
            continue
        own = [s for s in series if (s.source, s.type) == (publication.source, publication.type)]
        as_of = next((s.as_of for s in own if s.is_current), None)
        kind = catalogue.signal_type(publication.type)
        standings.append(
            Standing(
                publisher=publication.publisher,
                source=publication.source,
                source_name=publication.source_name,
                type=publication.type,
                flag_count=sum(s.row_count for s in own),
                as_of=as_of,
                current=kind is not None
                and as_of is not None
                and (today - as_of).days <= kind.freshness_days,
                refilling=any(s.state is SeriesState.FILLING for s in own),
                next_sequence=tx.deliveries.next_sequence(publication.publisher),
            )
        )
    return standings
