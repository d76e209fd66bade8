"""How long each kind of record is kept; after that what it says is erased, and its place in the log stays.

Every event is of one kind. The defaults are what the law asks for or allows at most; a municipality may choose other
terms in its settings.

Source: NEN 7513 and Besluit elektronische gegevensverwerking door zorgaanbieders art. 5 (a log of access to care data:
five years at least), Archiefwet selection lists of municipalities (seven years for who had which authority), AVG
art. 5(1)(e) for the rest. Not verified by a lawyer.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class RecordKind(StrEnum):
    """What a record is about, as far as it decides how long it is kept."""

    LOOK = "raadpleging"  # who looked, and what came of it
    DELIVERY = "levering"  # what came in from sources and case systems
    ACCESS = "toegang"  # who signed in, and what she opened besides looks
    ADMINISTRATION = "beheer"  # who may do what, and what holds
    LOG = "logboek"  # about the log itself, and what the index goes by; kept for as long as the log is


KIND_OF: Mapping[str, RecordKind] = {
    "lookup.answered": RecordKind.LOOK,
    "lookup.refused": RecordKind.LOOK,
    "access.evaluated": RecordKind.LOOK,
    "case.opened": RecordKind.LOOK,
    "cover.arranged": RecordKind.LOOK,
    "cover.ended": RecordKind.LOOK,
    "impediment.registered": RecordKind.LOOK,
    "impediment.ended": RecordKind.LOOK,
    "impediments.listed": RecordKind.ACCESS,
    "question.asked": RecordKind.LOOK,
    "question.answered": RecordKind.LOOK,
    "view.printed": RecordKind.LOOK,
    "view.useful": RecordKind.LOOK,
    "view.told": RecordKind.LOOK,
    "inzage.answered": RecordKind.LOOK,
    "log.read": RecordKind.LOOK,
    "worklist.read": RecordKind.LOOK,
    "review.judged": RecordKind.LOOK,
    "review.reported": RecordKind.LOOK,
    "review.chosen": RecordKind.LOOK,
    "review.mailed": RecordKind.LOOK,
    "watch.put": RecordKind.LOOK,
    "watch.lifted": RecordKind.LOOK,
    "watches.read": RecordKind.LOOK,
    "log.exported": RecordKind.LOOK,
    "oversight.read": RecordKind.LOOK,
    "look.read": RecordKind.LOOK,
    "looks.searched": RecordKind.LOOK,
    "opening.asked": RecordKind.LOOK,
    "opening.approved": RecordKind.LOOK,
    "opening.refused": RecordKind.LOOK,
    "opening.read": RecordKind.LOOK,
    "records.exported": RecordKind.LOOK,
    "receipt.redeemed": RecordKind.LOOK,
    "relation.registered": RecordKind.LOOK,
    "relation.changed": RecordKind.LOOK,
    "relation.ended": RecordKind.LOOK,
    "relation.withdrawn": RecordKind.LOOK,
    "relation.confirmed": RecordKind.LOOK,
    "delivery.accepted": RecordKind.DELIVERY,
    "delivery.refused": RecordKind.DELIVERY,
    "chain.alarm": RecordKind.DELIVERY,
    "restriction.stored": RecordKind.DELIVERY,
    "restriction.revoked": RecordKind.DELIVERY,
    "flags.expired": RecordKind.DELIVERY,
    "access.refused": RecordKind.ACCESS,
    "signin.refused": RecordKind.ACCESS,
    "action.refused": RecordKind.ACCESS,
    "caseload.read": RecordKind.ACCESS,
    "relations.listed": RecordKind.ACCESS,
    "relations.awaiting": RecordKind.ACCESS,
    "questions.listed": RecordKind.ACCESS,
    "staff.listed": RecordKind.ACCESS,
    "administration.read": RecordKind.ACCESS,
    "staff.compared": RecordKind.ACCESS,
    "register.read": RecordKind.ACCESS,
    "proposals.listed": RecordKind.ACCESS,
    "team.read": RecordKind.ACCESS,
    "teams.listed": RecordKind.ACCESS,
    "covers.listed": RecordKind.ACCESS,
    "log.checked": RecordKind.ACCESS,
    "source.read": RecordKind.ACCESS,
    "keys.listed": RecordKind.ACCESS,
    "session.opened": RecordKind.ACCESS,
    "session.closed": RecordKind.ACCESS,
    "role.switched": RecordKind.ACCESS,
    "looks.listed": RecordKind.ACCESS,
    "digest.changed": RecordKind.ACCESS,
    "digest.sent": RecordKind.ACCESS,
    "register.imported": RecordKind.ADMINISTRATION,
    "register.changed": RecordKind.ADMINISTRATION,
    "staff.imported": RecordKind.ADMINISTRATION,
    "staff.added": RecordKind.ADMINISTRATION,
    "staff.renamed": RecordKind.ADMINISTRATION,
    "staff.moved": RecordKind.ADMINISTRATION,
    "staff.blocked": RecordKind.ADMINISTRATION,
    "staff.unblocked": RecordKind.ADMINISTRATION,
    "proposal.made": RecordKind.ADMINISTRATION,
    "proposal.approved": RecordKind.ADMINISTRATION,
    "proposal.refused": RecordKind.ADMINISTRATION,
    "proposal.withdrawn": RecordKind.ADMINISTRATION,
    "team.confirmed": RecordKind.ADMINISTRATION,
    "contact.changed": RecordKind.ADMINISTRATION,
    "key.proposed": RecordKind.ADMINISTRATION,
    "key.approved": RecordKind.ADMINISTRATION,
    "key.refused": RecordKind.ADMINISTRATION,
    "role.granted": RecordKind.ADMINISTRATION,
    "role.revoked": RecordKind.ADMINISTRATION,
    # A set counts for as long as these are there (`usecases.rulebook.on_record`), and no term is long enough for that.
    "rules.proposed": RecordKind.LOG,
    "rules.approved": RecordKind.LOG,
    "rules.adopted": RecordKind.LOG,
    "rules.refused": RecordKind.LOG,
    "rules.contradicted": RecordKind.LOG,
    "index.initialised": RecordKind.LOG,
    "index.started": RecordKind.LOG,
    "index.restored": RecordKind.LOG,
    "log.gap": RecordKind.LOG,
    "records.erased": RecordKind.LOG,
    "witness.refused": RecordKind.LOG,
    "witness.resumed": RecordKind.LOG,
}

TERMS: Mapping[RecordKind, timedelta] = {
    RecordKind.LOOK: timedelta(days=1_826),
    RecordKind.DELIVERY: timedelta(days=731),
    RecordKind.ACCESS: timedelta(days=366),
    RecordKind.ADMINISTRATION: timedelta(days=2_557),
}
"""How long a kind is kept unless the settings say otherwise; one that is not here is never erased."""


def events_of(kind: RecordKind) -> frozenset[str]:
    """The events of one kind."""
    return frozenset(event for event, own in KIND_OF.items() if own is kind)
