"""Builds the records of the audit log; one catalogue says per event which fields it may hold.

Invariants:
1. A record holds the fields its event allows and no others: what is not listed here cannot be recorded.
2. A look's record names what was *allowed* and whether anything was shown; never which flags.
3. The person concerned is the record's subject, which the log keeps outside the hashed part, never a field.

Source: NEN 7513 (who, when, what, why), architecture of the walk in `docs/walk.md`, ADR-0003 and ADR-0005.
"""

from datetime import datetime

from crypto.chain import Pseudonym

from .errors import Conflict, NotFound, NotPermitted, SignalIndexError
from .model import Actor, AuditEvent, FieldValue

# What somebody known gets to hear when she tries what she may not do; recorded wherever it is raised.
REFUSALS = (NotPermitted, NotFound, Conflict)

# `token` is the id of the token, or the account of the operating system that used the command line.
_ACTOR = frozenset({"actor", "organisation", "token"})
_ADMINISTRATOR = frozenset({"actor", "token"})

EVENTS: dict[str, frozenset[str]] = {
    # A worker looked. `facts` is what the rules were told; `allowed` the (type, level) pairs the rules allowed.
    "lookup.answered": _ACTOR
    | {"role", "relation", "purpose", "rule_set", "rules", "facts", "allowed", "any_shown"}
    # what she narrowed to, whether the resident knew, and the cover under which she looked for a colleague
    | {"domains", "informed", "cover"},
    # A worker tried to look. `reason` is for the reviewer; the worker gets the fixed text of her refusal.
    "lookup.refused": _ACTOR | {"relation", "purpose", "reason"},
    # A request was turned away before anybody was known.
    "access.refused": frozenset({"surface", "reason"}),
    "signin.refused": frozenset({"surface", "reason"}),
    # Somebody known tried what she may not do.
    "action.refused": _ADMINISTRATOR | {"surface", "reason"},
    "delivery.accepted": frozenset({"publisher", "kind", "sequence", "items", "operations", "digest"}),
    "delivery.refused": frozenset({"publisher", "kind", "sequence", "reason", "rows"}),
    # A publisher sent far more than usual, or about people nobody knows: what a scan looks like.
    "chain.alarm": frozenset({"publisher", "kind", "alarm", "persons", "misses"}),
    "relation.registered": _ACTOR | {"relation", "publisher", "self_registered"},
    "relation.changed": _ACTOR | {"relation", "publisher", "confirmation_void"},
    "relation.ended": _ACTOR | {"relation", "publisher"},
    "relation.withdrawn": _ACTOR | {"relation", "publisher"},
    "relation.confirmed": _ACTOR | {"relation"},
    "restriction.stored": frozenset({"publisher", "kind", "flags_removed"}),
    "restriction.revoked": frozenset({"publisher", "kind"}),
    "flags.expired": frozenset({"month", "flags"}),
    # The operator put a backup back; everything sources had said is asked for again. `size` and `root` are of the
    # tree as the backup had it, for witnesses to compare with what they cosigned.
    "index.restored": _ADMINISTRATOR | {"size", "root"},
    "register.imported": _ADMINISTRATOR | {"publishers", "publications", "entrances"},
    "staff.imported": _ADMINISTRATOR | {"members"},
    "role.granted": _ADMINISTRATOR | {"staff", "role"},
    "role.revoked": _ADMINISTRATOR | {"staff", "role"},
    "caseload.read": _ACTOR,
    "relations.listed": _ACTOR,
    "relations.awaiting": _ACTOR,
    # The workplace. A session's id stands in `token`.
    "session.opened": _ACTOR | {"role"},
    "session.closed": _ADMINISTRATOR,
    "role.switched": _ACTOR | {"role"},
    "case.opened": _ACTOR | {"relation", "entrance"},
    "cover.arranged": _ACTOR | {"cover", "delegate", "absentee", "first_day", "last_day", "reason"},
    "cover.ended": _ACTOR | {"cover"},
    # A question names no source and no type: that would say which flag there is.
    "question.asked": _ACTOR | {"relation", "question"},
    "question.answered": _ACTOR | {"question", "verdict"},
    "view.printed": _ACTOR | {"relation", "sheet"},
    "view.useful": _ACTOR | {"purpose", "useful"},
    "view.told": _ACTOR | {"relation"},
    "looks.listed": _ACTOR,
    "digest.changed": _ADMINISTRATOR | {"wanted"},
    "digest.sent": frozenset({"day", "messages"}),
    # A resident asked, through a gateway, who looked; `looks` is how many were told.
    "inzage.answered": frozenset({"publisher", "looks"}),
    # A chain misses a record: somebody with the database removed it.
    "log.gap": frozenset({"writer", "number"}),
    "witness.refused": frozenset({"witness", "reason"}),
    "witness.resumed": frozenset({"witness", "size"}),
    # Somebody had a receipt redeemed for a proof; a receipt tells nothing of the look.
    "receipt.redeemed": _ACTOR | {"writer", "number"},
    # The proofs of the whole log left, and what the records of these days say; no days, no records.
    "log.exported": _ADMINISTRATOR | {"size", "first_day", "last_day"},
    # Records whose time had passed; what they said is gone, their places in the tree stay.
    "records.erased": frozenset({"kind", "records", "before"}),
    "log.read": _ADMINISTRATOR | {"limit", "worker", "relation"},
    # The privacy officer's pages. `page` is its name; of a search, `reason` and `dossier` say why she searched.
    "oversight.read": _ACTOR | {"page", "selection"},
    "look.read": _ACTOR | {"look"},
    "looks.searched": _ACTOR
    | {"reason", "dossier", "workers", "relations", "first_day", "last_day", "outcome", "page", "found"},
    # Which case stands behind a look: asked by one privacy officer, decided by another, and each showing.
    "opening.asked": _ACTOR | {"opening", "look", "reason", "dossier"},
    "opening.approved": _ACTOR | {"opening", "look"},
    "opening.refused": _ACTOR | {"opening", "look"},
    "opening.read": _ACTOR | {"opening", "look"},
    # Review. A look is named by the place of its own record.
    "worklist.read": _ADMINISTRATOR | {"items"},
    "look.reviewed": _ADMINISTRATOR | {"writer", "number"},
    "review.judged": _ADMINISTRATOR | {"writer", "number", "verdict", "ground"},
    "review.reported": _ADMINISTRATOR | {"first_day", "last_day"},
    # The work list of a week was made, of so many looks; nobody chooses by hand.
    "review.chosen": frozenset({"monday", "looks", "listed", "sampled"}),
    "review.mailed": frozenset({"day", "messages"}),
    "watch.put": _ADMINISTRATOR | {"what", "worker", "relation", "until"},
    "watch.lifted": _ADMINISTRATOR | {"what", "worker", "relation"},
    "watches.read": _ADMINISTRATOR,
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


def act(
    name: str, at: datetime, actor: Actor, *, subject: Pseudonym | None = None, **fields: FieldValue
) -> AuditEvent:
    """Build the record of what a member of staff did: `event`, with who she is filled in."""
    who: dict[str, FieldValue] = {
        "actor": actor.staff_id,
        "organisation": actor.staff.organisation if actor.staff is not None else None,
        "token": actor.token_id,
    }
    return event(name, at, subject=subject, **who, **fields)


def refused_action(
    error: SignalIndexError, at: datetime, *, actor: str, token: str, surface: str
) -> AuditEvent:
    """The record of an attempt by somebody known, to be appended after the attempt itself was undone."""
    return event("action.refused", at, actor=actor, token=token, surface=surface, reason=error.reason)
