"""Which form a file of the feed has: said by whoever runs the command, or clear from its name."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Final

from connectors.config import Caseload, SetupFault
from connectors.state import State

from . import csv_feed, json_feed, zgw
from .feed import Feed, Line, WholeCase

FORMS: Final = ("csv", "json", "zgw")
_CLEAR: Final = {".csv": "csv", ".jsonl": "json", ".ndjson": "json"}


def form_of(suffix: str, caseload: Caseload) -> str:
    """Return the form of a file by the end of its name.

    Args:
        suffix: such as `.csv`.
        caseload: the settings; a `.json` is clear only where no cases are read.

    Raises:
        SetupFault: it is not clear.
    """
    if suffix.lower() == ".json" and caseload.zgw is None:
        return "json"
    if suffix.lower() in _CLEAR:
        return _CLEAR[suffix.lower()]
    raise SetupFault(f"which form the file has is not clear from its name: say --format {' or '.join(FORMS)}")


def reader_of(
    form: str, caseload: Caseload, state: State, as_of: date
) -> Callable[[Feed], Iterator[Line | WholeCase]]:
    """Return what reads a file of this form.

    Args:
        form: of `FORMS`.
        caseload: the settings.
        state: makes the ids of relations that have none of their own.
        as_of: the file is complete up to and including this day.

    Raises:
        SetupFault: the settings do not say how cases become relations.
    """
    if form == "csv":
        return csv_feed.lines
    if form == "json":
        return json_feed.lines
    if caseload.zgw is None:
        raise SetupFault(
            "there is no [caseload.zgw] in the settings that says which cases are care relations"
        )
    identify = partial(state.relation_id, "zgw", caseload.organisation)
    return zgw.reader(zgw.Relations(caseload.organisation, caseload.zgw, as_of, identify))
