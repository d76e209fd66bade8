"""The keys a source organisation signs with, as people see them: fingerprints, days, and when to renew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from crypto.keyfiles import PublisherPublic, spelled
from crypto.verify_keys import decode_verify_key
from policy.vocabulary import Role
from signal_index.model import Actor, Publisher, dutch_day
from signal_index.model.administration import ProposalState
from signal_index.model.sourcing import KeyProposal, SigningKey
from signal_index.ports import Transaction

from .own import own_publisher, reading

WARN_DAYS: Final = (60, 30, 7)
"""How many days before the end of the last key a warning is given, each more urgent than the one before."""


@dataclass(frozen=True)
class OwnKey:
    """One key as people see it.

    Args:
        fingerprint: in groups of four digits, to be read aloud.
        in_force: whether it counts today.
        is_over: whether its last day has passed.
    """

    key: SigningKey
    fingerprint: str
    in_force: bool
    is_over: bool


@dataclass(frozen=True)
class Proposed:
    """One proposal as people see it.

    Args:
        publisher_name: for people.
        fingerprint: in groups of four digits, to be read aloud.
        state: how far it is.
        proposer: her name.
        may_decide: whether the actor is a second person who can decide on it now.
    """

    proposal: KeyProposal
    publisher_name: str
    fingerprint: str
    state: ProposalState
    proposer: str
    may_decide: bool


@dataclass(frozen=True)
class OwnKeys:
    """The keys of one organisation.

    Args:
        publisher: None when the organisation has none in the register.
        keys: the newest first.
        days_left: until the last key in force ends; None when it does not end by itself, or there is none.
        warning: the smallest of `WARN_DAYS` that this is within; 0 when no key is in force; None when all is well.
        proposals: the newest first.
    """

    publisher: Publisher | None
    keys: Sequence[OwnKey]
    days_left: int | None
    warning: int | None
    proposals: Sequence[Proposed]


def fingerprint_of(oin: str, verify_key: bytes) -> str:
    """What people compare, the same as `signal-index keys show` gives.

    Args:
        oin: of the publisher.
        verify_key: 32 bytes that were checked when they came in.
    """
    public = PublisherPublic(oin, decode_verify_key(verify_key), date.min)
    return spelled(public.fingerprint)


def own_keys(tx: Transaction, actor: Actor, now: datetime) -> OwnKeys:
    """The keys of the actor's organisation and how long they last.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
    """
    staff, today = reading(tx, actor, "keys", now), dutch_day(now)
    publisher = own_publisher(tx, staff)
    if publisher is None:
        return OwnKeys(None, (), None, None, ())
    keys = [
        OwnKey(
            each, fingerprint_of(publisher.oin, each.verify_key), each.is_in_force(today), each.is_over(today)
        )
        for each in reversed(publisher.keys)
    ]
    left = days_left(publisher, today)
    proposals = [
        shown(tx, each, actor, now) for each in tx.key_proposals.all() if each.publisher == publisher.oin
    ]
    return OwnKeys(publisher, keys, left, warning(publisher, today), proposals)


def days_left(publisher: Publisher, today: date) -> int | None:
    """Days until nothing this publisher signs counts any more; None when that day is not set, or has come."""
    ends = [each.days_left(today) for each in publisher.keys if not each.is_over(today)]
    known = [each for each in ends if each is not None]
    return max(known) if known and len(known) == len(ends) else None


def warning(publisher: Publisher, today: date) -> int | None:
    """How near that day is, see `OwnKeys.warning`."""
    if not publisher.keys_in_force(today):
        return 0
    left = days_left(publisher, today)
    return None if left is None else min((each for each in WARN_DAYS if left <= each), default=None)


def shown(tx: Transaction, proposal: KeyProposal, actor: Actor, now: datetime) -> Proposed:
    """A proposal as people see it.

    Args:
        tx: the open transaction.
        proposal: of the actor's own organisation, or any for a functioneel beheerder.
        actor: who sees it.
        now: aware UTC.
    """
    publisher, proposer = tx.register.publisher(proposal.publisher), tx.staff.get(proposal.proposed_by)
    state = proposal.state(now)
    return Proposed(
        proposal=proposal,
        publisher_name=publisher.name if publisher is not None else proposal.publisher,
        fingerprint=fingerprint_of(proposal.publisher, proposal.verify_key),
        state=state,
        proposer=proposer.shown_name if proposer is not None else proposal.proposed_by,
        may_decide=state is ProposalState.ASKED
        and Role.FUNCTIONAL_ADMIN in actor.roles
        and actor.staff_id != proposal.proposed_by,
    )
