"""What the privacy officer and the source organisation see: records of looks, and series; never a flag."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from policy.catalogue import Catalogue
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor, AuditEntry, SeriesState
from signal_index.model.log import LOOKS
from signal_index.ports import Transaction

from .authority import require_role


def read_log(
    tx: Transaction, actor: Actor, now: datetime, *, looks_only: bool, limit: int
) -> Sequence[AuditEntry]:
    """The newest records of her organisation and of the index itself; reading them is recorded as well.

    Whoever looks for one worker or one case says why: `signal_index.usecases.oversight.searching`.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        now: aware UTC.
        looks_only: leave out everything that is not a look or an attempt to look.
        limit: how many records are read at most, the newest first; those of other organisations count along.

    Raises:
        NotPermitted: the actor is not an active privacy officer.
    """
    own = require_role(actor, Role.PRIVACY_OFFICER).organisation
    found = tx.audit.entries(events=LOOKS if looks_only else None, limit=limit)
    entries = [entry for entry in found if entry.fields.get("organisation") in {None, own}]
    tx.audit.append(audit.event("log.read", now, actor=actor.staff_id, token=actor.token_id, limit=limit))
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
    replaced = tx.series.replaced()
    series = [each for each in tx.series.all() if each not in replaced]
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
