"""Figures over one closed month: how often was looked, for what, by which teams, and whether it was of use.

Invariants:
1. A month is over before it has figures, and there are figures of months only: a quarter beside its months would give
   back by subtraction what a month leaves out.
2. Dimensions are fixed. There is nothing to filter with, so nobody can narrow a figure down to a person.
3. What `suppression` leaves out is left out here; every table adds up to the number of looks, but for the answers to
   "was it of use?", which have a total of their own.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from crypto.encoding import Month
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import NotFound
from signal_index.model import Actor, AuditEntry, StaffMember, dutch_day
from signal_index.model.days import Days
from signal_index.model.log import ANSWERED, REFUSED
from signal_index.model.workplace import Useful
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .looks import recorded_in
from .suppression import SMALLEST_SHOWN, hidden_cells

MONTHS_BACK = 12
USEFUL = "view.useful"
WITH_SIGNAL, WITHOUT_SIGNAL, TURNED_AWAY = "met-signaal", "zonder-signaal", "geweigerd"
THE_REST = "geen-signaal"
OTHER = "overig"
"""What fits no category of today: a purpose the catalogue no longer has, a member of staff without a team."""


@dataclass(frozen=True)
class Cell:
    """One count; None when it is not shown."""

    code: str
    count: int | None


@dataclass(frozen=True)
class Counted:
    """One table of counts; its total is None when that is not shown either."""

    cells: tuple[Cell, ...]
    total: int | None

    @property
    def is_complete(self) -> bool:
        """Whether every count is shown."""
        return all(cell.count is not None for cell in self.cells)


@dataclass(frozen=True)
class Figures:
    """What one month looks like.

    Args:
        purposes: looks and attempts by purpose.
        teams: by the team of who looked, as the staff list has it now.
        outcomes: answered with and without a signal, and refused.
        useful: what workers answered to "was it of use?".
        share: with a signal, and all the rest; for who administers, instead of `outcomes`. She cannot search, so she
            does not know how many were refused, and there are enough looks to show this in nearly every month.
    """

    month: Month
    purposes: Counted
    teams: Counted
    outcomes: Counted
    useful: Counted
    share: Counted

    @property
    def percent_with_signal(self) -> int | None:
        """Of a hundred looks and attempts, in how many something showed; None when the counts are not shown."""
        shown, total = self.share.cells[0].count, self.share.total
        return round(100 * shown / total) if shown is not None and total is not None else None

    @property
    def is_hidden(self) -> bool:
        """Whether there were too few looks, and too few answers, to show any count."""
        return self.purposes.total is None and self.useful.total is None


@dataclass
class _Tallies:
    """Counts while they are made."""

    purposes: Counter[str] = field(default_factory=Counter)
    teams: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    useful: Counter[str] = field(default_factory=Counter)


def closed_months(tx: Transaction, today: date) -> Sequence[Month]:
    """The months there are figures of, newest first: over, not too long ago, and none from before the log began.

    The month that is over last is always among them, so that there is a page to show.
    """
    this, began = Month.of(today), tx.chronicle.moment_at(0)
    newest, *older = (this.plus(-back) for back in range(1, MONTHS_BACK + 1))
    return [newest, *(each for each in older if began is None or days_of(each).last >= dutch_day(began))]


def figures(tx: Transaction, rules: RuleSet, actor: Actor, month: Month, now: datetime) -> Figures:
    """Count one month of the actor's organisation; that she read it is recorded.

    Who oversees and who administers get the same counts of looks: others would give back by subtraction what these
    leave out.

    Args:
        tx: the open transaction.
        rules: the rule sets, for the purposes there are.
        actor: a privacy officer or a functioneel beheerder.
        month: one of `closed_months`.
        now: aware UTC.

    Raises:
        NotPermitted: the actor acts as neither.
        NotFound: `no-such-month`: not over yet, or too long ago.
    """
    administers = Role.FUNCTIONAL_ADMIN in actor.roles
    staff = require_role(actor, Role.FUNCTIONAL_ADMIN if administers else Role.PRIVACY_OFFICER)
    if month not in closed_months(tx, dutch_day(now)):
        raise NotFound("no-such-month", "Van deze maand zijn er geen cijfers. Kies een andere maand.")
    event = "administration.read" if administers else "oversight.read"
    tx.audit.append(audit.act(event, now, actor, page="figures", selection=str(month)))
    entries = recorded_in(tx, (ANSWERED, REFUSED, USEFUL), days_of(month))
    colleagues = {each.staff_id: each for each in tx.staff.all() if each.organisation == staff.organisation}
    purposes = [each.code for each in rules.in_force(dutch_day(now)).catalogue.purposes]
    own = (entry for entry in entries if entry.fields.get("organisation") == staff.organisation)
    return count(own, month, purposes, colleagues)


@dataclass(frozen=True)
class Report:
    """The figures of one month, and of which months there are any.

    Args:
        months: newest first.
    """

    months: Sequence[Month]
    figures: Figures


def report(tx: Transaction, rules: RuleSet, actor: Actor, month: Month | None, now: datetime) -> Report:
    """`figures` of this month, or of the last one that is over; raises as that does."""
    months = closed_months(tx, dutch_day(now))
    return Report(months, figures(tx, rules, actor, month or months[0], now))


def days_of(month: Month) -> Days:
    """The days of a month."""
    after = month.plus(1)
    return Days(date(month.year, month.month, 1), date(after.year, after.month, 1) - timedelta(days=1))


def count(
    entries: Iterable[AuditEntry],
    month: Month,
    purposes: Sequence[str],
    colleagues: Mapping[str, StaffMember],
) -> Figures:
    """Count records in one pass.

    Args:
        entries: looks, attempts to look, and answers to whether it was of use.
        month: they are of.
        purposes: codes, in the order to show them in.
        colleagues: who works here, for their teams.
    """
    tallies = _Tallies()
    for entry in entries:
        _tally(tallies, entry, purposes, colleagues)
    teams = sorted({each.team for each in colleagues.values() if Role.TEAM_MEMBER in each.roles})
    outcomes = _counted(tallies.outcomes, (WITH_SIGNAL, WITHOUT_SIGNAL, TURNED_AWAY), known={TURNED_AWAY})
    return Figures(
        month=month,
        purposes=_counted(tallies.purposes, purposes),
        teams=_counted(tallies.teams, [*teams, *sorted(set(tallies.teams) - {*teams, OTHER})]),
        outcomes=outcomes,
        useful=_counted(tallies.useful, [each.value for each in Useful]),
        share=_shared(outcomes, tallies.outcomes),
    )


def _shared(outcomes: Counted, tally: Counter[str]) -> Counted:
    """With a signal or not, as far as the table of outcomes shows it: beside that one it must not tell more."""
    rest = tally.total() - tally[WITH_SIGNAL]
    counted = _counted(Counter({WITH_SIGNAL: tally[WITH_SIGNAL], THE_REST: rest}), (WITH_SIGNAL, THE_REST))
    if outcomes.cells[0].count is not None:
        return counted
    return replace(counted, cells=tuple(replace(cell, count=None) for cell in counted.cells))


def _tally(
    tallies: _Tallies, entry: AuditEntry, purposes: Sequence[str], colleagues: Mapping[str, StaffMember]
) -> None:
    if entry.event == USEFUL:
        tallies.useful[str(entry.fields["useful"])] += 1
        return
    purpose, worker = entry.fields.get("purpose"), colleagues.get(str(entry.fields.get("actor")))
    tallies.purposes[str(purpose) if purpose in purposes else OTHER] += 1
    tallies.teams[worker.team if worker is not None else OTHER] += 1
    tallies.outcomes[_outcome(entry)] += 1


def _outcome(entry: AuditEntry) -> str:
    if entry.event == REFUSED:
        return TURNED_AWAY
    return WITH_SIGNAL if entry.fields.get("any_shown") else WITHOUT_SIGNAL


def _counted(tally: Counter[str], codes: Sequence[str], known: Collection[str] = ()) -> Counted:
    """A table with these categories, and a last one for the rest when there is any.

    Args:
        tally: of all categories there were.
        codes: of the table, in order.
        known: categories that a search counts as well; leaving such a one out hides nothing, so what stands beside
            them must hide itself.
    """
    shown = [*codes, *([OTHER] if tally[OTHER] else [])]
    counts = [tally[code] for code in shown]
    unknown = [place for place, code in enumerate(shown) if code not in known]
    among_unknown = hidden_cells([counts[place] for place in unknown])
    hidden = hidden_cells(counts) | {unknown[place] for place in among_unknown}
    cells = tuple(Cell(code, None if place in hidden else counts[place]) for place, code in enumerate(shown))
    total = sum(counts)
    return Counted(cells, total if total >= SMALLEST_SHOWN else None)
