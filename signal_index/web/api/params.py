"""What more than one address takes in its query, in closed forms."""

from typing import Annotated, Final

from fastapi import Query

from crypto.encoding import Month

PAGES_MAX: Final = 99_999
Bladzijde = Annotated[int, Query(ge=1, le=PAGES_MAX)]
Maand = Annotated[
    str | None,
    Query(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$", description="Een maand die voorbij is; leeg is de laatste."),
]


def month_of(maand: str | None) -> Month | None:
    """The month that was asked for, if one was."""
    return None if maand is None else Month.parse(maand)
