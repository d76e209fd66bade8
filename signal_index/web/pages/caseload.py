"""The worker's own two lists, the cases she may look in and the looks she had; and the deep link to a case.

Invariants:
1. Neither list reads a flag: no badge, order or number in it can say that there is help.
2. A case goes by its reference. There is nothing to search with, so nobody can type in a name or a BSN.
3. The list of looks says when, which case and what for; never what was to be seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from starlette.responses import Response

from policy.catalogue import Catalogue, PurposeRule
from signal_index.model import CareRelation, dutch_day
from signal_index.model.workplace import Informed, Useful, View
from signal_index.usecases import relations
from signal_index.usecases.workplace import looked
from signal_index.usecases.workplace.arrivals import arrive

from .visits import WORKERS, Page, Visit


@dataclass(frozen=True)
class CaseLine:
    """One case in the list, without the person it is about.

    Args:
        relation: id of the care relation, 16 bytes.
        until: last day.
        begins: first day, when that is still to come.
        unconfirmed: she registered it herself and nobody has confirmed it yet.
    """

    relation: bytes
    reference: str
    until: date
    begins: date | None
    unconfirmed: bool

    @property
    def opens(self) -> bool:
        """Whether a look can start here today."""
        return self.begins is None and not self.unconfirmed


@dataclass(frozen=True)
class CoveredCases:
    """The cases of one colleague she stands in for, until and including `last_day`."""

    name: str
    last_day: date
    cases: tuple[CaseLine, ...]


@dataclass(frozen=True)
class LookLine:
    """One look in the list; it has no place for what was shown.

    Args:
        purpose: None when the catalogue does not know it any more.
        is_open: whether its page still shows the signals.
    """

    view_id: bytes
    opened_at: datetime
    reference: str
    purpose: PurposeRule | None
    is_open: bool
    informed: Informed
    must_be_told: bool
    told_on: date | None
    useful: Useful | None


async def caseload(visit: Visit) -> Response:
    """The cases she may look in today: her own, then those of colleagues she stands in for."""
    found = await visit.run_as(lambda tx, actor: relations.caseload(tx, actor, visit.now))
    today = dutch_day(visit.now)
    covered = [
        CoveredCases(each.absentee.shown_name, each.cover.last_day, _lines(each.relations, today))
        for each in found.covered
    ]
    return visit.page("caseload.html", own=_lines(found.own, today), covered=covered)


def _lines(found: Iterable[CareRelation], today: date) -> tuple[CaseLine, ...]:
    return tuple(
        CaseLine(
            relation=each.relation_id,
            reference=each.case_reference,
            until=each.valid_until,
            begins=each.valid_from if each.valid_from > today else None,
            unconfirmed=not each.is_confirmed,
        )
        for each in found
    )


async def my_looks(visit: Visit) -> Response:
    """Her own looks of the last three months, per day, newest first."""
    found = await visit.run_as(lambda tx, actor: looked.mine(tx, actor, visit.now))
    lines = (_look_line(view, visit.rules.catalogue, visit.now) for view in found)
    days = [(day, list(each)) for day, each in groupby(lines, key=lambda line: dutch_day(line.opened_at))]
    return visit.page("my_looks.html", days=days)


def _look_line(view: View, catalogue: Catalogue, now: datetime) -> LookLine:
    return LookLine(
        view_id=view.view_id,
        opened_at=view.opened_at,
        reference=view.case_reference,
        purpose=catalogue.purpose(view.purpose),
        is_open=view.is_open(now),
        informed=view.informed,
        must_be_told=view.resident_must_be_told,
        told_on=view.told_on,
        useful=view.useful,
    )


async def open_case(visit: Visit) -> Response:
    """The deep link from a regiesysteem: use its ticket up, and on to the purpose of the look."""
    ticket = visit.request.query_params.get("kaartje", "")
    relation = await visit.run_as(lambda tx, actor: arrive(tx, actor, ticket, visit.now))
    return visit.to("look", relation=relation)


PAGES = (
    Page(
        "/openen",
        "arrive",
        roles=WORKERS,
        get=open_case,
        ticket="kaartje",
        without_session="sign_in_start",
    ),
    Page("/caseload", "caseload", roles=WORKERS, get=caseload),
    Page("/raadplegingen", "my_looks", roles=WORKERS, get=my_looks),
)
