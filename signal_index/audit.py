"""Builds the records of the audit log; one catalogue says per event which fields it may hold.

Invariants:
1. A record holds the fields its event allows and no others: what is not listed here cannot be recorded.
2. A look's record names what was *allowed* and whether anything was shown; never which flags.
3. The person concerned is the record's subject, which the log keeps outside the hashed part, never a field.
4. Which events work with personal data, and for which entry of the register of processing activities, is said here too.

Source: NEN 7513 (who, when, what, why), architecture of the walk in `docs/walk.md`, ADR-0003, ADR-0005 and ADR-0016.
"""

from dataclasses import dataclass
from datetime import datetime

from crypto.chain import Pseudonym

from .errors import Conflict, NotFound, NotPermitted, SignalIndexError
from .model import Actor, AuditEvent, FieldValue
from .model.log import EVALUATED, REFUSED
from .model.traces import Status

# What somebody known gets to hear when she tries what she may not do; recorded wherever it is raised.
REFUSALS = (NotPermitted, NotFound, Conflict)

# `token` is the id of the token, or the account of the operating system that used the command line.
_ACTOR = frozenset({"actor", "organisation", "token"})
_ADMINISTRATOR = frozenset({"actor", "token"})
# Of an act about a member of staff, a proposal or a team, `organisation` is theirs.
_CHANGE = _ACTOR | {"staff", "why", "proposal"}
_IMPEDIMENT = _ACTOR | {"impediment", "kind", "worker", "relation", "first_day", "last_day"}

EVENTS: dict[str, frozenset[str]] = {
    # A worker looked. `facts` is what the rules were told; `allowed` the (type, level) pairs the rules allowed.
    "lookup.answered": _ACTOR
    | {"role", "relation", "purpose", "rule_set", "rules", "facts", "allowed", "any_shown"}
    # what she narrowed to, whether the resident knew, and the cover under which she looked for a colleague
    | {"domains", "informed", "cover"},
    # A worker tried to look. `reason` is for the reviewer; the worker gets the fixed text of her refusal.
    # Where the rules were asked and came to no decision, also what they were asked.
    "lookup.refused": _ACTOR | {"relation", "purpose", "reason", "rule_set", "rules", "facts", "domains"},
    # A worker's system asked what she may see; nothing was shown. `asked` has each answered question in order, as type
    # and level, or `UNREADABLE`; `allowed` those that may be shown; `semantic` what ends it, if there were several.
    "access.evaluated": _ACTOR
    | {"role", "relation", "purpose", "rule_set", "rules", "facts", "asked", "allowed", "semantic", "cover"}
    # why there was nothing to decide on; for the reviewer
    | {"reason"},
    # A request was turned away before anybody was known; `besides` is how many more, with the same reason, since the
    # record before this one.
    "access.refused": frozenset({"surface", "reason", "besides"}),
    "signin.refused": frozenset({"surface", "reason", "besides"}),
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
    # Tied to its keys, and started: under which rules, keys and program the records of this writer were made.
    "index.initialised": _ADMINISTRATOR | {"incarnation", "key_epoch"},
    "index.started": frozenset(
        {"surface", "version", "rule_set", "manifest", "key_epoch", "schema", "log_origin"}
    ),
    # The operator put a backup back; everything sources had said is asked for again. `size` and `root` are of the
    # tree as the backup had it, for witnesses to compare with what they cosigned.
    "index.restored": _ADMINISTRATOR | {"size", "root", "newest"},
    "register.imported": _ADMINISTRATOR | {"publishers", "publications", "entrances"},
    # The functioneel beheerder opened a page; `page` is its name, `selection` the month or the like she chose.
    "administration.read": _ACTOR | {"page", "selection"},
    # One entry of the register was added, changed or removed by hand; `key` names it: an OIN, a source and a type, or
    # an issuer; `stands` is whom to phone or which keys count since then.
    "register.changed": _ADMINISTRATOR | {"entry", "key", "change", "stands"},
    "register.read": _ADMINISTRATOR,
    # A list of the employer: how many it named, and what came of it; each change has a record of its own beside it.
    "staff.imported": _ACTOR | {"members", "added", "changed", "waiting"},
    "staff.compared": _ACTOR | {"members"},
    "staff.listed": _ACTOR,
    # What became different about one colleague; `actor` is missing when the daily job did it, `proposal` is there
    # when two people did.
    "staff.added": _ACTOR | {"staff"},
    "staff.renamed": _ACTOR | {"staff"},
    "staff.moved": _CHANGE | {"to_organisation", "to_team"},
    "staff.blocked": _CHANGE,
    "staff.unblocked": _CHANGE,
    "role.granted": _CHANGE | {"role"},
    "role.revoked": _CHANGE | {"role"},
    "proposal.made": _CHANGE | {"what", "role", "to_organisation", "to_team"},
    "proposal.approved": _CHANGE | {"what", "role", "to_organisation", "to_team"},
    "proposal.refused": _CHANGE | {"what", "role", "to_organisation", "to_team"},
    "proposal.withdrawn": _CHANGE | {"what", "role", "to_organisation", "to_team"},
    "proposals.listed": _ACTOR,
    "team.confirmed": _ACTOR | {"team", "members", "gone"},
    "team.read": _ACTOR,
    "teams.listed": _ACTOR,
    "covers.listed": _ACTOR,
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
    # What keeps workers from looking at a resident: her own objection, or a worker who knows her.
    "impediment.registered": _IMPEDIMENT,
    "impediment.ended": _IMPEDIMENT,
    "impediments.listed": _ACTOR,
    # A question names no source and no type: that would say which flag there is.
    "question.asked": _ACTOR | {"relation", "question"},
    "question.answered": _ACTOR | {"question", "verdict"},
    "questions.listed": _ACTOR,
    "view.printed": _ACTOR | {"relation", "purpose", "sheet"},
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
    # Records whose time had passed; what they said is gone, their places in the tree stay. `places` is a digest of
    # those, so that nothing else can be gone under the same count.
    "records.erased": frozenset({"kind", "records", "places", "before"}),
    "log.read": _ADMINISTRATOR | {"limit"},
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
    # The source organisation's pages. `page` is its name, `selection` what of it; nothing there is about a person.
    "source.read": _ACTOR | {"page", "selection"},
    # Whom to phone about a source's signals is said by the source itself; a wrong number leads away from it.
    "contact.changed": _ACTOR | {"source", "type", "contact_name", "contact_phone"},
    # A new key of a publisher: proposed by one person, put in force or refused by another.
    "key.proposed": _ACTOR | {"publisher", "fingerprint", "overlap_days"},
    "key.approved": _ACTOR | {"publisher", "fingerprint", "overlap_days"},
    "key.refused": _ACTOR | {"publisher", "fingerprint", "overlap_days"},
    "keys.listed": _ACTOR,
    # A set of rules, by its digest: proposed by one person, put in force by two others; `role` is in which she agreed.
    "rules.proposed": _ACTOR | {"rule_set"},
    "rules.approved": _ACTOR | {"rule_set", "role"},
    "rules.adopted": _ACTOR | {"rule_set"},
    "rules.refused": _ACTOR | {"rule_set"},
    # The rulebook names another set, or other people, than these records: somebody wrote in the database.
    "rules.contradicted": frozenset({"rule_set", "on_record"}),
    # Review. A look is named by the place of its own record.
    "worklist.read": _ADMINISTRATOR | {"items"},
    "review.judged": _ADMINISTRATOR | {"writer", "number", "verdict", "ground"},
    "review.reported": _ADMINISTRATOR | {"first_day", "last_day"},
    # The work list of a week was made, of so many looks; nobody chooses by hand.
    "review.chosen": frozenset({"monday", "looks", "listed", "sampled"}),
    "review.mailed": frozenset({"day", "messages"}),
    "watch.put": _ADMINISTRATOR | {"what", "worker", "relation", "until", "dossier"},
    "watch.lifted": _ADMINISTRATOR | {"what", "worker", "relation"},
    "watches.read": _ADMINISTRATOR,
    # Records left this index as a file; `log` says of which kind, `records` how many.
    "records.exported": _ADMINISTRATOR | {"log", "since", "until", "records"},
    "log.checked": _ADMINISTRATOR | {"records"},
}


@dataclass(frozen=True)
class Activity:
    """One entry of the register of processing activities (AVG art. 30), as the municipality keeps it.

    Args:
        code: names it in an address; for a look, the purpose follows behind it.
        version: of the entry; raise it when what the entry says changes.
        name: what is done, for people.
    """

    code: str
    version: int
    name: str

    def reference(self, purpose: FieldValue) -> str:
        """The entry and its version, relative to the address of the register."""
        return f"{self.code}-{purpose}/{self.version}" if purpose else f"{self.code}/{self.version}"


_LOOKING = Activity("raadplegen", 1, "Raadplegen welke hulp er loopt")
_CARING = Activity("zorgrelaties", 1, "Een zorgrelatie bijhouden")
_LISTING = Activity("zorgrelaties", 1, "Zorgrelaties tonen")
_MOURNING = Activity("overlijden", 1, "Verwerken dat iemand is overleden")
_DOUBTING = Activity("nakijken", 1, "Een signaal laten nakijken")
_IMPEDING = Activity("belemmeringen", 1, "Vastleggen wie niet kijkt")
_OVERSEEING = Activity("toezicht", 1, "Vastleggingen inzien")
_OPENING = Activity("toezicht", 1, "Een zaaknummer opvragen")

PROCESSINGS: dict[str, Activity] = {
    "lookup.answered": _LOOKING,
    "lookup.refused": _LOOKING,
    "access.evaluated": Activity("raadplegen", 1, "Beslissen wat een medewerker mag zien"),
    "view.printed": Activity("raadplegen", 1, "Een blad van een raadpleging afdrukken"),
    "flags.expired": Activity("signalen", 1, "Verlopen signalen verwijderen"),
    "relation.registered": _CARING,
    "relation.changed": _CARING,
    "relation.ended": _CARING,
    "relation.withdrawn": _CARING,
    "relation.confirmed": _CARING,
    "caseload.read": _LISTING,
    "relations.listed": _LISTING,
    "relations.awaiting": _LISTING,
    "looks.listed": Activity("raadplegen", 1, "Eigen raadplegingen terugzien"),
    "restriction.stored": _MOURNING,
    "restriction.revoked": _MOURNING,
    "impediment.registered": _IMPEDING,
    "impediment.ended": _IMPEDING,
    "impediments.listed": _IMPEDING,
    "question.asked": _DOUBTING,
    "question.answered": _DOUBTING,
    "inzage.answered": Activity("inzage", 1, "Een inwoner inzage geven"),
    "log.read": _OVERSEEING,
    "look.read": _OVERSEEING,
    "opening.asked": _OPENING,
    "opening.approved": _OPENING,
    "opening.refused": _OPENING,
    "opening.read": _OPENING,
    "log.exported": Activity("toezicht", 1, "Het hele logboek uitleveren"),
    "records.exported": Activity("toezicht", 1, "Vastleggingen uitleveren"),
}

# Deliveries, accepted or refused, by class; one record for all persons in it: see ADR-0016 for why not one for each.
RECEIVINGS: dict[str, Activity] = {
    "signaal": Activity("signalen", 1, "Signalen van een bron ontvangen"),
    "zorgrelatie": Activity("zorgrelaties", 1, "Zorgrelaties ontvangen"),
    "beperking": Activity("overlijden", 1, "Ontvangen wie is overleden"),
    "inzage": Activity("inzage", 1, "Een vraag om inzage ontvangen"),
}
_DELIVERIES = frozenset({"delivery.accepted", "delivery.refused"})

UNREADABLE = "onleesbaar"
"""Stands for a question that could not be read: what the caller wrote there could be anything."""

# Reasons of a refusal that are no answer to the question: the index could not come to a decision.
UNDECIDED = frozenset(
    {"decision-fault", "no-rules-in-force", "not-witnessed", "incomplete-zorgrelatie", "incomplete-beperking"}
)


def activity_of(event: AuditEvent) -> Activity | None:
    """For which activity an event works with personal data; None when it works with nobody's."""
    if event.event in _DELIVERIES:
        return RECEIVINGS.get(str(event.fields["kind"]))
    return PROCESSINGS.get(event.event)


def status_of(event: AuditEvent) -> Status:
    """How the action went; a refusal and an empty answer are results like any other."""
    undecided = event.event in {REFUSED, EVALUATED} and event.fields.get("reason") in UNDECIDED
    return Status.ERROR if undecided else Status.UNSET


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
