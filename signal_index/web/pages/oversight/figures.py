"""The report: figures of one month, in bars and in tables, to read and to print."""

from dataclasses import dataclass

from starlette.responses import Response

from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.review.policy import POLICY
from signal_index.review.words import NAMES
from signal_index.usecases.oversight.kept import Kept, kept
from signal_index.usecases.oversight.reports import Counted, Report, days_of, report
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

    def read(tx: Transaction, actor: Actor) -> tuple[Report, Kept]:
        counted = report(tx, visit.rules, actor, wanted, visit.now)
        return counted, kept(tx, actor, POLICY, days_of(counted.figures.month), visit.now)

    counted, reviewed = await visit.run_as(read)
    found = counted.figures
    return visit.page(
        "oversight/figures.html",
        months=counted.months,
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
