"""Builds the records of the audit log; one catalogue says per event which fields it may hold.

Invariants:
1. A record holds the fields its event allows and no others: what is not listed here cannot be recorded.
2. A look's record names what was *allowed* and whether anything was shown; never which flags.
3. The person concerned is the record's subject, which the log keeps outside the hashed part, never a field.

Source: NEN 7513 (who, when, what, why), architecture of the walk in `docs/walk.md`, ADR-0003 and ADR-0005.
"""

from datetime import datetime

from crypto.chain import Pseudonym

from .model import AuditEvent, FieldValue

_ACTOR = frozenset({"actor", "organisation"})

EVENTS: dict[str, frozenset[str]] = {
    # A worker looked. `facts` is what the rules were told; `allowed` the (type, level) pairs the rules allowed.
    "lookup.answered": _ACTOR
    | {"role", "relation", "purpose", "rule_set", "rules", "facts", "allowed", "any_shown", "token"},
    # A worker tried to look. `reason` is for the reviewer; the worker gets the fixed text of her refusal.
    "lookup.refused": _ACTOR | {"relation", "purpose", "reason", "token"},
    # A request was turned away before anybody was known.
    "access.refused": frozenset({"surface", "reason"}),
    "delivery.accepted": frozenset({"publisher", "kind", "sequence", "items", "operations", "digest"}),
    "delivery.refused": frozenset({"publisher", "kind", "sequence", "reason", "rows"}),
    "relation.registered": _ACTOR | {"relation", "publisher", "self_registered"},
    "relation.changed": _ACTOR | {"relation", "publisher", "confirmation_void"},
    "relation.ended": _ACTOR | {"relation", "publisher"},
    "relation.withdrawn": _ACTOR | {"relation", "publisher"},
    "relation.confirmed": _ACTOR | {"relation", "token"},
    "restriction.stored": frozenset({"publisher", "kind", "flags_removed", "relations_ended"}),
    "restriction.revoked": frozenset({"publisher", "kind"}),
    "flags.expired": frozenset({"month", "flags"}),
    "register.imported": frozenset({"actor", "publishers", "publications"}),
    "staff.imported": frozenset({"actor", "members"}),
    "role.granted": frozenset({"actor", "staff", "role"}),
    "role.revoked": frozenset({"actor", "staff", "role"}),
    "caseload.read": _ACTOR | {"token"},
    "relations.listed": _ACTOR,
    "log.read": frozenset({"actor", "limit", "token"}),
}


def event(name: str, at: datetime, *, subject: Pseudonym | None = None, **fields: FieldValue) -> AuditEvent:
    """Build a record.

    Args:
        name: a key of `EVENTS`.
        at: aware UTC.
        subject: the person concerned.
        **fields: only those the event allows.

    Returns:
        The event, ready for `Transaction.audit.append`.

    Raises:
        AssertionError: an unknown event or a field it does not allow; a programming error.
    """
    surplus = fields.keys() - EVENTS[name]
    if surplus:
        raise AssertionError(f"event {name} does not allow {sorted(surplus)}; see signal_index.audit.EVENTS")
    return AuditEvent(name, at, dict(fields), subject)
