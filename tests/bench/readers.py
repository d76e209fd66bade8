"""The figures of the readers: each against parsing the same message and doing nothing with it."""

from io import BytesIO

from lxml import etree

from connectors import suwi as suwi_format
from tests.bench.figures import Figure
from tests.support.messages import message as as_message
from tests.support.suwi import realistic


def suwi() -> Figure:
    """A UWV answer with two jobs and two benefits over three years, a period for each month."""
    months = [f"{year}{month:02}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    answer = realistic([("15", months), ("15", months[6:]), ("33", months[12:20]), ("31", months[20:])])

    def parse() -> int:
        elements = etree.iterparse(BytesIO(answer), resolve_entities=False, no_network=True)
        return sum(1 for _ in elements)

    return Figure(
        "connector.suwi",
        "CPU microseconds per message",
        lambda: [list(suwi_format.read(as_message(answer))) for _ in range(10)],
        "parsing the same message alone",
        lambda: [parse() for _ in range(10)],
        10,
    )
