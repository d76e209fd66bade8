"""How often the organisation's types could be looked at, in bars and in a table, per month that is over."""

from starlette.responses import Response

from signal_index.usecases.sourcing.usage import ask
from signal_index.web.markup.charts import Row, chart
from signal_index.web.markup.words import DUTCH
from signal_index.web.pages.visits import SOURCES, Page, Visit, month_in
from signal_index.web.sourcing.counting import count_month


async def show_usage(visit: Visit) -> Response:
    """The month in the address, or the last one that is over."""
    wanted = month_in(visit.request.query_params.get("maand"))
    asked = await visit.run_as(lambda tx, actor: ask(tx, actor, wanted, visit.now))
    found = await count_month(visit.site.desk, asked)
    rows: list[Row] = [(_word(visit, cell.code), cell.count) for cell in found.cells]
    return visit.page(
        "sourcing/usage.html", months=found.months, month=found.month, rows=rows, chart=chart(rows)
    )


def _word(visit: Visit, code: str) -> str:
    """What a type is called in the catalogue; its code when it is not in it any more."""
    kind = visit.rules.catalogue.signal_type(code)
    if kind is None:
        return code
    return kind.label_nl if visit.lang == DUTCH else kind.label_en


PAGES = (Page("/bron/gebruik", "usage", roles=SOURCES, get=show_usage),)
