"""Accounts that nobody uses, or that nobody stood up for, are blocked by the daily job.

Invariants:
1. The job blocks and never lets anybody in.
2. The last two active holders of a sensitive role in an organisation are never blocked here: they are told of instead.
3. Who holds a sensitive role is never blocked for want of a confirmation: that takes two people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from policy.vocabulary import SENSITIVE_ROLES
from signal_index.model import StaffMember, dutch_day
from signal_index.model.administration import CONFIRM_EVERY, Change, Why
from signal_index.ports import Transaction

from .changes import Hand, carry_out

HOLDERS_LEFT = 2


@dataclass(frozen=True)
class Swept:
    """What the daily job did with accounts.

    Args:
        blocked: staff ids.
        spared: staff ids of who should have been blocked, but must be looked at by people.
    """

    blocked: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()


def note_seen(tx: Transaction, staff: StaffMember | None, now: datetime) -> None:
    """Note that an account is in use; at most one write a day, and none for an account that is blocked."""
    today = dutch_day(now)
    if staff is not None and staff.active and (staff.seen_on is None or staff.seen_on < today):
        tx.staff.seen(staff.staff_id, today)


def start_counting(tx: Transaction, now: datetime) -> int:
    """Let the days of accounts from before anybody counted begin today; how many there were."""
    today = dutch_day(now)
    uncounted = [each for each in tx.staff.all() if each.seen_on is None or each.confirmed_on is None]
    for each in uncounted:
        tx.staff.put(replace(each, seen_on=each.seen_on or today, confirmed_on=each.confirmed_on or today))
    return len(uncounted)


def block_unused(tx: Transaction, unused_days: int, now: datetime) -> Swept:
    """Block who has not signed in for so many days, longest first; each with a record, and signed out.

    Args:
        tx: the open transaction.
        unused_days: without a sign-in; an account is blocked on the day after.
        now: aware UTC.
    """
    before = dutch_day(now) - timedelta(days=unused_days)
    due = [each for each in _active(tx) if each.seen_on is not None and each.seen_on < before]
    due.sort(key=lambda each: (each.seen_on or date.min, each.staff_id))
    return _block(tx, due, Why.UNUSED, now)


def block_unconfirmed(tx: Transaction, grace_days: int, now: datetime) -> Swept:
    """Block who was not confirmed for a quarter and so many days more; each with a record, and signed out.

    Args:
        tx: the open transaction.
        grace_days: after the day the confirmation was due.
        now: aware UTC.
    """
    before = dutch_day(now) - CONFIRM_EVERY - timedelta(days=grace_days)
    due = [each for each in _active(tx) if each.confirmed_on is not None and each.confirmed_on < before]
    sensitive = [each for each in due if each.roles & SENSITIVE_ROLES]
    swept = _block(tx, [each for each in due if each not in sensitive], Why.UNCONFIRMED, now)
    return replace(swept, spared=tuple(each.staff_id for each in sensitive))


def _active(tx: Transaction) -> list[StaffMember]:
    return [member for member in tx.staff.all() if member.active]


def _block(tx: Transaction, due: Sequence[StaffMember], why: Why, now: datetime) -> Swept:
    blocked, spared = [], []
    for member in due:
        if _is_one_of_the_last(tx, member):
            spared.append(member.staff_id)
            continue
        carry_out(tx, Change.block(member.staff_id), Hand(why=why), now)
        blocked.append(member.staff_id)
    return Swept(tuple(blocked), tuple(spared))


def _is_one_of_the_last(tx: Transaction, member: StaffMember) -> bool:
    others = [each for each in _active(tx) if each.organisation == member.organisation]
    return any(
        sum(role in each.roles for each in others) <= HOLDERS_LEFT for role in member.roles & SENSITIVE_ROLES
    )
