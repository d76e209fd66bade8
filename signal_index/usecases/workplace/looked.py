"""What a worker does with a look she made: print it, say whether it helped, tell the resident, find it back.

Invariants:
1. Every sheet is on record before the page to print exists; whether paper came out nobody can know.
2. A sheet is printed of what the view may show at that moment; saying something about a look reads no flag.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from policy.rulesets import RuleSet
from signal_index import audit
from signal_index.enforcement import LOOKING_ROLE
from signal_index.model import Actor, dutch_day
from signal_index.model.workplace import VIEW_KEPT, Sheet, Useful, View
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.look_up import Refused

from .views import Ended, Shown, look_at, own_view


def print_worksheet(
    tx: Transaction, rules: RuleSet, actor: Actor, view_id: bytes, now: datetime
) -> Shown | Ended | Refused:
    """Record that the worker's sheet is about to be printed, if the view may still be shown.

    Returns:
        What to print; or that it ended, or the refusal, which is on record.

    Raises:
        NotPermitted, NotFound: as `look_at`.
    """
    shown = look_at(tx, rules, actor, view_id, now)
    return _printed(tx, actor, shown, Sheet.WORK, now) if isinstance(shown, Shown) else shown


def print_fridge(
    tx: Transaction, rules: RuleSet, actor: Actor, view_id: bytes, now: datetime, *, keys: Collection[str]
) -> Shown | Ended | Refused:
    """Keep which contacts the resident wants on her own sheet, and record that it is about to be printed.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: the worker.
        view_id: the look, still open, in which she sees them.
        now: aware UTC.
        keys: of signals she ticked; any other key counts for nothing.

    Returns:
        As `print_worksheet`.

    Raises:
        NotPermitted, NotFound: as `look_at`.
    """
    shown = look_at(tx, rules, actor, view_id, now)
    if not isinstance(shown, Shown):
        return shown
    known = [each.key for each in shown.signals if each.signal.contact is not None]
    chosen = replace(shown.view, fridge=tuple(key for key in known if key in keys))
    return _printed(tx, actor, replace(shown, view=chosen), Sheet.FRIDGE, now)


def _printed(tx: Transaction, actor: Actor, shown: Shown, sheet: Sheet, now: datetime) -> Shown:
    view = shown.view
    tx.audit.append(
        audit.act(
            "view.printed",
            now,
            actor,
            subject=view.person,
            relation=_relation_text(view),
            purpose=view.purpose,
            sheet=sheet.value,
        )
    )
    printed = replace(view, printed=view.printed | {sheet})
    tx.views.put(printed)
    return replace(shown, view=printed)


def say_useful(tx: Transaction, actor: Actor, view_id: bytes, useful: Useful, now: datetime) -> View:
    """Keep and record the one-tap answer; a later answer replaces it.

    Raises:
        NotFound: `no-view`.
    """
    view = own_view(tx, actor, view_id)
    if view.useful is useful:
        return view
    answered = replace(view, useful=useful)
    tx.views.put(answered)
    tx.audit.append(audit.act("view.useful", now, actor, purpose=view.purpose, useful=useful.value))
    return answered


def say_told(tx: Transaction, actor: Actor, view_id: bytes, now: datetime) -> View:
    """The worker has told the resident; saying it twice changes nothing.

    Raises:
        NotFound: `no-view`.
    """
    view = own_view(tx, actor, view_id)
    if not view.resident_must_be_told:
        return view
    told = replace(view, told_on=dutch_day(now))
    tx.views.put(told)
    tx.audit.append(audit.act("view.told", now, actor, relation=_relation_text(told)))
    return told


def mine(tx: Transaction, actor: Actor, now: datetime) -> Sequence[View]:
    """The worker's own looks of the last three months, newest first; never what they showed.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
    """
    here = require_role(actor, LOOKING_ROLE).organisation
    tx.audit.append(audit.act("looks.listed", now, actor))
    found = (view for view in tx.views.of_worker(actor.staff_id) if view.organisation == here)
    return [view for view in found if view.opened_at > now - VIEW_KEPT]


def _relation_text(view: View) -> str:
    return str(UUID(bytes=view.relation_id))
