"""The report: figures of one month, in bars and in tables, to read and to print."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from crypto.encoding import Month
from signal_index.model import Actor, dutch_day
from signal_index.ports import Transaction
from signal_index.review.policy import POLICY
from signal_index.review.words import NAMES
from signal_index.usecases.oversight.kept import Kept, kept
from signal_index.usecases.oversight.reports import Counted, Figures, closed_months, days_of, figures
from signal_index.usecases.oversight.suppression import SMALLEST_SHOWN
from signal_index.web.markup.charts import Chart, Row, chart
from signal_index.web.markup.words import DUTCH
from signal_index.web.pages.visits import OFFICERS, Page, Visit, month_in

from .phrases import FIGURES


@dataclass(frozen=True)
class Sheet:
    """One table with the words of its rows, in the language of the page."""

    rows: tuple[Row, ...]
    total: int | None
    is_complete: bool

    @property
    def chart(self) -> Chart:
        """The same in bars."""
        return chart(self.rows)


async def show_figures(visit: Visit) -> Response:
    """The month in the address, or the last one that is over."""
    wanted = month_in(visit.request.query_params.get("maand"))

    def read(tx: Transaction, actor: Actor) -> tuple[Sequence[Month], Figures, Kept]:
        months = closed_months(tx, dutch_day(visit.now))
        counted = figures(tx, visit.rules, actor, wanted or months[0], visit.now)
        return months, counted, kept(tx, actor, POLICY, days_of(counted.month), visit.now)

    months, found, reviewed = await visit.run_as(read)
    return visit.page(
        "oversight/figures.html",
        months=months,
        month=found.month,
        hidden=found.is_hidden,
        purposes=sheet_of(visit, found.purposes),
        teams=sheet_of(visit, found.teams),
        outcomes=sheet_of(visit, found.outcomes),
        useful=sheet_of(visit, found.useful),
        kept=reviewed,
        names=NAMES,
        smallest=SMALLEST_SHOWN,
    )


def sheet_of(visit: Visit, counted: Counted) -> Sheet:
    """A table with the words of its rows."""
    rows = tuple((_word(visit, cell.code), cell.count) for cell in counted.cells)
    return Sheet(rows, counted.total, counted.is_complete)


def _word(visit: Visit, code: str) -> str:
    """What a category is called: a purpose by the catalogue, a fixed category by us, a team by its own name."""
    purpose = visit.rules.catalogue.purpose(code)
    if purpose is not None:
        return purpose.label_nl if visit.lang == DUTCH else purpose.label_en
    return visit.site.renderer.text(visit.lang, FIGURES[code]) if code in FIGURES else code


PAGES = (Page("/toezicht/rapportage", "figures", roles=OFFICERS, get=show_figures),)
