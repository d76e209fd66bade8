"""Messages: what is due for one worker, on her page and, if she wants, as a daily e-mail without names.

Invariants:
1. No message depends on a flag: they come from relations, covers, looks, questions and the sources' freshness.
2. The e-mail holds a number per kind and nothing else; no case, no colleague, no source.
3. Nobody is written to who did not ask for it, or whose account is off.
4. What a source answered reaches who asked only while the case is still hers to ask about.

Whoever controls this module can nag or keep silent; there is nothing in it to learn about a resident.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from crypto.encoding import encode
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed
from signal_index.model import Actor, CareRelation, StaffMember, dutch_day
from signal_index.model.days import day_start
from signal_index.model.workplace import Message, MessageKind, Preferences
from signal_index.ports import Transaction
from signal_index.usecases.administration.teams import asked_by
from signal_index.usecases.authority import require_role
from signal_index.usecases.relations import stands

from .covers import shown_name
from .questions import answered_lately, standing_questions

COVER_ENDS_WITHIN = timedelta(days=7)
RELATION_ENDS_WITHIN = timedelta(days=14)

# What the law asks of her comes first, then what she loses if she waits, then news, then what others must mend.
_BY_URGENCY = (
    MessageKind.TELL_RESIDENT,
    MessageKind.COVER_ENDS,
    MessageKind.RELATION_ENDS,
    MessageKind.TEAM_DUE,
    MessageKind.QUESTION_ANSWERED,
    MessageKind.SOURCE_STALE,
)
# Narrower than RFC 5321 on purpose: no quoting, no comments, nothing that could open a second header or address.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", re.ASCII
)
_ADDRESS_LENGTH_MAX = 254
_NO_SESSION = "digest"  # a digest is for somebody who is not signed in; nothing records this


def messages_for(tx: Transaction, rules: RuleSet, actor: Actor, now: datetime) -> Sequence[Message]:
    """What is due for the actor, most urgent first.

    Args:
        tx: the open transaction.
        rules: the rule sets; they say which sources her purposes need.
        actor: the worker.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
    """
    require_role(actor, Role.TEAM_MEMBER)
    return _messages(tx, rules, actor, dutch_day(now))


def _messages(tx: Transaction, rules: RuleSet, actor: Actor, today: date) -> list[Message]:
    staff = actor.staff
    assert staff is not None, "whoever has messages has been found in the staff table"
    found = [
        *_untold(tx, staff),
        *_ending_covers(tx, staff, today),
        *_ending_relations(tx, staff, today),
        *_due_team(tx, staff, today),
        *_answers(tx, actor, today),
        *_stale_sources(tx, rules, today),
    ]
    return sorted(found, key=lambda each: (_BY_URGENCY.index(each.kind), each.on or date.min, each.about))


def _untold(tx: Transaction, staff: StaffMember) -> Iterator[Message]:
    """Her looks of which the resident does not know yet; nobody is asked to tell somebody who has died."""
    for view in tx.views.of_worker(staff.staff_id):
        if view.organisation != staff.organisation or not view.resident_must_be_told:
            continue
        relation = tx.relations.get(view.organisation, view.relation_id)
        if relation is None or not tx.restrictions.is_deceased(relation.person):
            yield Message(
                MessageKind.TELL_RESIDENT,
                view.case_reference,
                dutch_day(view.opened_at),
                relation_id=view.relation_id,
                view_id=view.view_id,
            )


def _ending_covers(tx: Transaction, staff: StaffMember, today: date) -> Iterator[Message]:
    """Covers that run now and soon will not, named by the other of the two."""
    here, her = staff.organisation, staff.staff_id
    for cover in (*tx.covers.of_absentee(here, her), *tx.covers.by_delegate(here, her)):
        if cover.runs(today) and cover.last_day <= today + COVER_ENDS_WITHIN:
            other = cover.delegate if cover.absentee == her else cover.absentee
            yield Message(MessageKind.COVER_ENDS, shown_name(tx, other), cover.last_day)


def _ending_relations(tx: Transaction, staff: StaffMember, today: date) -> Iterator[Message]:
    for relation in tx.relations.caseload(staff.organisation, staff.staff_id):
        last_day = _last_day(relation)
        if relation.is_live(today) and last_day <= today + RELATION_ENDS_WITHIN and stands(tx, relation):
            yield Message(
                MessageKind.RELATION_ENDS,
                relation.case_reference,
                last_day,
                relation_id=relation.relation_id,
            )


def _due_team(tx: Transaction, staff: StaffMember, today: date) -> Iterator[Message]:
    """A worker who leads a team too is asked to look through it, in her other role."""
    due_on = asked_by(tx, staff, today)
    if due_on is not None:
        yield Message(MessageKind.TEAM_DUE, staff.team, due_on)


def _last_day(relation: CareRelation) -> date:
    if relation.ended_on is None:
        return relation.valid_until
    return min(relation.valid_until, relation.ended_on - timedelta(days=1))


def _answers(tx: Transaction, actor: Actor, today: date) -> Iterator[Message]:
    for each in standing_questions(tx, actor, today):
        if answered_lately(each.question, today):
            yield Message(
                MessageKind.QUESTION_ANSWERED,
                each.question.reference,
                each.question.answered_on,
                verdict=each.question.verdict,
                case_reference=each.case_reference,
            )


def _stale_sources(tx: Transaction, rules: RuleSet, today: date) -> Iterator[Message]:
    """Sources that a worker's purposes need and that have fallen behind: one message each, the oldest day counts."""
    catalogue = rules.in_force(today).catalogue
    purposes = [purpose for purpose in catalogue.purposes if Role.TEAM_MEMBER in purpose.roles]
    needed = {code: catalogue.signal_type(code) for purpose in purposes for code in purpose.types}
    as_of = {(series.source, series.type): series.as_of for series in tx.series.all() if series.is_current}
    behind: dict[str, list[date]] = {}
    for entry in tx.register.publications():
        kind = needed.get(entry.type)
        day = as_of.get((entry.source, entry.type)) or date.min
        if kind is not None and (today - day).days > kind.freshness_days:
            behind.setdefault(entry.source_name, []).append(day)
    for name, days in behind.items():
        oldest = min(days)
        yield Message(MessageKind.SOURCE_STALE, name, None if oldest == date.min else oldest)


def preferences(tx: Transaction, actor: Actor) -> Preferences:
    """What the actor chose for herself.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
    """
    return tx.preferences.get(require_role(actor, Role.TEAM_MEMBER).staff_id)


def set_digest(
    tx: Transaction, actor: Actor, email: str | None, now: datetime, *, wanted: bool
) -> Preferences:
    """Ask for the daily e-mail, or say that it need not come any more; the record does not hold the address.

    Args:
        tx: the open transaction.
        actor: the worker.
        email: her work address, as the identity provider gave it; None when it gave none.
        now: aware UTC.
        wanted: whether it is to come.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        Malformed: `email`: it is to come, and there is no address, or not one we can write to.
    """
    staff = require_role(actor, Role.TEAM_MEMBER)
    if wanted:
        _require_address(email)
    chosen = replace(tx.preferences.get(staff.staff_id), digest_to=email if wanted else None)
    tx.preferences.put(chosen)
    tx.audit.append(
        audit.event("digest.changed", now, actor=actor.staff_id, token=actor.token_id, wanted=wanted)
    )
    return chosen


def _require_address(email: str | None) -> None:
    if email is None:
        raise _no_address()
    if not _is_address(email):
        text = "Naar dit e-mailadres kunnen wij niet mailen. Vraag uw functioneel beheerder om hulp."
        raise Malformed("email", text, (("email", text),))


def _no_address() -> Malformed:
    text = "Wij kennen uw e-mailadres niet. Daarom kan dit nog niet aan."
    return Malformed("email", text, (("email", text),))


def _is_address(text: str) -> bool:
    return len(text) <= _ADDRESS_LENGTH_MAX and _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True)
class Digest:
    """One e-mail to be.

    Args:
        staff_id: whose it is; not part of the e-mail.
        address: where to.
        counts: how many messages of each kind that there is something of, most urgent first.
    """

    staff_id: str
    address: str
    counts: Mapping[MessageKind, int]


def digests(tx: Transaction, rules: RuleSet, now: datetime) -> Sequence[Digest]:
    """The digest of everybody who asked for one, may still look and has something to read today, by staff id.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        now: aware UTC.
    """
    found = []
    for wish in tx.preferences.wanting_digest():
        staff = tx.staff.get(wish.staff_id)
        if staff is None or wish.digest_to is None or not _still_looks(staff):
            continue
        reader = Actor.in_one_role(
            staff.staff_id, staff, Role.TEAM_MEMBER, second_factor=False, token_id=_NO_SESSION
        )
        counts = Counter(message.kind for message in _messages(tx, rules, reader, dutch_day(now)))
        if counts:
            found.append(Digest(staff.staff_id, wish.digest_to, counts))
    return sorted(found, key=lambda digest: digest.staff_id)


def _still_looks(staff: StaffMember) -> bool:
    return staff.active and Role.TEAM_MEMBER in staff.roles


def claim_digest(tx: Transaction, digest: Digest, now: datetime) -> bool:
    """Take this digest up for today, before it is sent; False when it was taken up before.

    A run that stops half-way can be run again: who was written to, or may have been, is left in peace until tomorrow.
    """
    today = dutch_day(now)
    claim = sha256(encode("digest", today.isoformat(), digest.staff_id)).hexdigest()
    return tx.tickets.use(claim, day_start(today + timedelta(days=1)))


def record_sent(tx: Transaction, sent: int, now: datetime) -> None:
    """Record how many digests one run sent; nothing when it sent none."""
    if sent:
        tx.audit.append(audit.event("digest.sent", now, day=dutch_day(now).isoformat(), messages=sent))
