"""What keeps workers from looking, to read: lists of who registers it, and what a worker said herself.

Invariants:
1. Nobody reads here what stops herself, but for what she said herself, about the very case she said it of.
2. A privacy officer reads an alias and no case: a list of cases beside the facts of a look would say whom it was about.

Whoever controls this module can show a team lead case references of her team, and nobody a flag.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor, CareRelation, StaffMember, dutch_day
from signal_index.model.impediments import Impediment, ImpedimentKind, ListedImpediment
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.relations import NotStanding, find_standing

from .covers import colleagues_of, shown_name
from .impediments import may_end, require_keeper

_REMINDED: Final = timedelta(days=30)


@dataclass(frozen=True)
class InTeam:
    """What a team lead sees.

    Args:
        listed: what stands in her team.
        colleagues: who looks in it, but for herself.
    """

    listed: tuple[ListedImpediment, ...]
    colleagues: tuple[StaffMember, ...]


def list_impediments(tx: Transaction, actor: Actor, now: datetime) -> Sequence[ListedImpediment]:
    """Those that are not over, by first day: of her organisation for a privacy officer, of her team for its lead.

    Raises:
        NotPermitted: the actor acts neither as a privacy officer nor as a teamleider.
    """
    staff, today = require_keeper(actor), dutch_day(now)
    tx.audit.append(audit.act("impediments.listed", now, actor))
    return [
        _listed(tx, actor, staff, each)
        for each in tx.impediments.all_of(staff.organisation)
        if not each.is_over(today) and _may_read(actor, staff, each)
    ]


def _may_read(actor: Actor, staff: StaffMember, impediment: Impediment) -> bool:
    oversees = Role.PRIVACY_OFFICER in actor.roles and impediment.worker != actor.staff_id
    return oversees or may_end(actor, staff, impediment)


def _listed(tx: Transaction, actor: Actor, staff: StaffMember, impediment: Impediment) -> ListedImpediment:
    oversees = Role.PRIVACY_OFFICER in actor.roles
    relation = None if oversees else tx.relations.get(impediment.organisation, impediment.relation_id)
    return ListedImpediment(
        impediment=impediment,
        alias=tx.names.of_person(impediment.person) if oversees else None,
        case_reference=relation.case_reference if relation is not None else None,
        worker=shown_name(tx, impediment.worker) if impediment.worker else None,
        registered_by=shown_name(tx, impediment.registered_by),
        may_end=may_end(actor, staff, impediment),
    )


def impediments_in_organisation(tx: Transaction, actor: Actor, now: datetime) -> Sequence[ListedImpediment]:
    """The list of a privacy officer.

    Raises:
        NotPermitted: the actor does not act as one.
    """
    require_role(actor, Role.PRIVACY_OFFICER)
    return list_impediments(tx, actor, now)


def impediments_in_team(tx: Transaction, actor: Actor, now: datetime) -> InTeam:
    """What a team lead registers about her team, with whom she can register it of.

    Raises:
        NotPermitted: the actor does not act as a teamleider.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    return InTeam(tuple(list_impediments(tx, actor, now)), colleagues_of(tx, staff))


@dataclass(frozen=True)
class Restored:
    """A backup was put back.

    Args:
        at: when.
        newest: moment of the newest record in it; what people registered since then is lost. None when nobody knows.
    """

    at: datetime
    newest: datetime | None


def restored_lately(tx: Transaction, now: datetime) -> Restored | None:
    """The last backup that was put back, as long as people may have something to register again."""
    entry = next(iter(tx.audit.entries(events=("index.restored",), limit=1)), None)
    if entry is None or now - entry.at > _REMINDED:
        return None
    newest = entry.fields.get("newest")
    return Restored(entry.at, datetime.fromisoformat(newest) if isinstance(newest, str) else None)


def kept_impediments(tx: Transaction) -> Counter[ImpedimentKind]:
    """How many there are of each kind, of every organisation with staff."""
    organisations = {each.organisation for each in tx.staff.all()}
    return Counter(each.kind for oin in organisations for each in tx.impediments.all_of(oin))


def said_herself(
    tx: Transaction, actor: Actor, relation_id: bytes, now: datetime
) -> tuple[CareRelation, Impediment | None]:
    """A case of hers, and what she registered about herself there; not what somebody else registered.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        NotFound: `not-in-caseload`, whatever the reason.
    """
    require_role(actor, Role.TEAM_MEMBER)
    standing = find_standing(tx, actor, relation_id, dutch_day(now))
    if isinstance(standing, NotStanding):
        raise standing.error
    relation, own = standing.relation, actor.staff_id
    said = [
        each
        for each in tx.impediments.about(relation.organisation, relation.person)
        if (each.worker, each.registered_by, each.relation_id) == (own, own, relation_id)
        and not each.is_over(dutch_day(now))
    ]
    return relation, said[0] if said else None
