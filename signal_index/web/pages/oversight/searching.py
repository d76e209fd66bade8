"""Searching the records of looks: a form that asks why first, and what it found beneath.

Invariant: what is searched for travels in the body of the request and stands in no address; what may be somebody's
number is not sent back.
"""

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from signal_index.errors import Malformed
from signal_index.model import dutch_day
from signal_index.usecases.oversight.searching import Found, Outcome, SearchReason, SearchRequest, search
from signal_index.web.pages.forms import Form, read_day
from signal_index.web.pages.visits import OFFICERS, Page, Visit

from .looks import lines_for
from .phrases import OUTCOMES, SEARCH_REASONS, day_text, typed_back

_FIELDS = ("reden", "dossier", "medewerker", "zaak", "van", "tot", "uitkomst")
_DAYS_AT_FIRST = 30
_DIGITS_OF_A_PAGE = 4


@dataclass(frozen=True)
class _Filled:
    """The form as it was filled in, in text."""

    reason: str = ""
    dossier: str = ""
    worker: str = ""
    case_reference: str = ""
    first_day: str = ""
    last_day: str = ""
    outcome: str = Outcome.ALL.value
    page: int = 1

    @classmethod
    def of(cls, form: Form) -> "_Filled":
        asked = form.one("bladzijde") or ""
        page = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < _DIGITS_OF_A_PAGE else 1
        reason, dossier, worker, case, first, last, outcome = (form.one(name) or "" for name in _FIELDS)
        return cls(reason, dossier, worker, case, first, last, outcome, page=page)

    def request(self) -> SearchRequest:
        """The same, understood as far as it can be."""
        return SearchRequest(
            reason=next((each for each in SearchReason if each == self.reason), None),
            dossier=self.dossier,
            worker=self.worker,
            case_reference=self.case_reference,
            first_day=read_day(self.first_day),
            last_day=read_day(self.last_day),
            page=self.page,
            outcome=next((each for each in Outcome if each == self.outcome), Outcome.ALL),
        )

    def again(self, *, understood: bool) -> dict[str, str]:
        """What to show in the form once more, by the name of the field.

        Args:
            understood: whether it was searched with, so that it is known to be no number of a person.
        """
        values = (self.reason, self.dossier, self.worker, self.case_reference, self.first_day, self.last_day)
        shown = values if understood else tuple(map(typed_back, values))
        return dict(zip(_FIELDS, (*shown, self.request().outcome.value), strict=True))


async def ask_what(visit: Visit) -> Response:
    """The form; nothing has been searched."""
    today = dutch_day(visit.now)
    first = today - timedelta(days=_DAYS_AT_FIRST)
    return _page(visit, _Filled(first_day=day_text(first), last_day=day_text(today)))


async def find(visit: Visit) -> Response:
    """Search, or say what to mend."""
    filled = _Filled.of(visit.form)
    request = filled.request()
    try:
        found = await visit.run_as(lambda tx, actor: search(tx, actor, request, visit.now))
    except Malformed as error:
        return _page(visit, filled, errors=error.violations)
    if found.fault is not None:
        return _page(visit, filled, errors=found.fault.violations)
    return _page(visit, filled, found)


def _page(
    visit: Visit, filled: _Filled, found: Found | None = None, *, errors: tuple[tuple[str, str], ...] = ()
) -> Response:
    return visit.page(
        "oversight/search.html",
        400 if errors else 200,
        errors=errors,
        filled=filled.again(understood=not errors),
        reasons=SEARCH_REASONS,
        outcomes=OUTCOMES,
        found=found,
        lines=lines_for(visit, found.lines) if found is not None else (),
    )


PAGES = (Page("/toezicht/zoeken", "search", roles=OFFICERS, get=ask_what, post=find),)
