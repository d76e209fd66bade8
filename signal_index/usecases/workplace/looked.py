"""What a worker does with a look she made: print it, say whether it helped, tell the resident, find it back.

Invariants:
1. Every sheet is on record before the page to print exists; whether paper came out nobody can know.
2. Nothing here reads a flag, but the choice of contacts for the resident's own sheet, which shows the view again.
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

from .views import ended, own_view, show


def print_sheet(tx: Transaction, actor: Actor, view_id: bytes, sheet: Sheet, now: datetime) -> View:
    """Record that a sheet is about to be printed; whether paper came out nobody can know.

    Raises:
        NotFound: `no-view`.
        Conflict: `view-ended`.
    """
    view = _open_view_of(tx, actor, view_id, now)
    tx.audit.append(audit.act("view.printed", now, actor, relation=_relation_text(view), sheet=sheet.value))
    return view


def choose_fridge(
    tx: Transaction, rules: RuleSet, actor: Actor, view_id: bytes, now: datetime, *, keys: Collection[str]
) -> View:
    """Keep which contacts the resident wants on her own sheet, for as long as the view lasts.

    Raises:
        NotFound: `no-view`.
        Conflict: `view-ended`.
    """
    shown = show(tx, rules, actor, view_id, now)
    known = [each.key for each in shown.signals if each.signal.contact is not None]
    chosen = replace(shown.view, fridge=tuple(key for key in known if key in keys))
    tx.views.put(chosen)
    return chosen


def _open_view_of(tx: Transaction, actor: Actor, view_id: bytes, now: datetime) -> View:
    view = own_view(tx, actor, view_id)
    if not view.is_open(now):
        raise ended()
    return view


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
    require_role(actor, LOOKING_ROLE)
    tx.audit.append(audit.act("looks.listed", now, actor))
    return [view for view in tx.views.of_worker(actor.staff_id) if view.opened_at > now - VIEW_KEPT]


def _relation_text(view: View) -> str:
    return str(UUID(bytes=view.relation_id))
