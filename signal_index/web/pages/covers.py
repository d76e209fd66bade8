"""Replacement: who looks for whom and until when, a form that arranges it, and a button that ends it.

Invariant: a colleague is chosen from a list and a day is a day; a number that could be a BSN, typed in the wrong
field, is not sent back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from starlette.responses import Response

from policy.vocabulary import Role
from signal_index.errors import Malformed
from signal_index.model import dutch_day
from signal_index.model.workplace import CoverReason
from signal_index.usecases.workplace import covers
from signal_index.web.markup.words import say

from .forms import Form, read_day
from .visits import Page, Visit

REASONS: Mapping[CoverReason, str] = {
    CoverReason.LEAVE: say("Vrij of verlof"),
    CoverReason.TRAINING: say("Training of opleiding"),
    CoverReason.WORKLOAD: say("Verdeling van het werk"),
    CoverReason.OTHER: say("Andere reden"),
}
_FILL_IN_FIRST = say("Vul de eerste dag in: dag, maand en jaar.")
_FILL_IN_LAST = say("Vul de laatste dag in: dag, maand en jaar.")
_WRITE_FIRST = say("Schrijf de eerste dag zo: 05-05-2026.")
_WRITE_LAST = say("Schrijf de laatste dag zo: 05-05-2026.")
_FIELDS = ("vervanger", "van", "tot", "reden")
_DIGITS_OF_A_DAY = 8
_MORE_THAN_A_YEAR = re.compile(r"\d{5}")
_CHARACTERS_OF_A_DAY = 20

_Errors = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class CoverForm:
    """The form as it was filled in, in text; also of who administers."""

    delegate: str = ""
    first_day: str = ""
    last_day: str = ""
    reason: str = ""

    @classmethod
    def of(cls, form: Form) -> "CoverForm":
        """As it was posted."""
        return cls(*(form.one(name) or "" for name in _FIELDS))

    def errors(self) -> list[tuple[str, str]]:
        """What is missing or cannot be read, before anybody looks at what it means."""
        found = []
        if not self.delegate:
            found.append(("vervanger", say("Kies uw vervanger.")))
        if read_day(self.first_day) is None:
            found.append(("van", _WRITE_FIRST if self.first_day else _FILL_IN_FIRST))
        if read_day(self.last_day) is None:
            found.append(("tot", _WRITE_LAST if self.last_day else _FILL_IN_LAST))
        if self.reason not in tuple(CoverReason):
            found.append(("reden", say("Kies een reden.")))
        return found

    def again(self) -> dict[str, str]:
        """What to show in the form once more, by the name of the field."""
        days = (looks_like_a_day(self.first_day), looks_like_a_day(self.last_day))
        return dict(zip(_FIELDS, (self.delegate, *days, self.reason), strict=True))

    def request(self) -> covers.CoverRequest:
        """The same, understood; only without errors."""
        first_day, last_day = read_day(self.first_day), read_day(self.last_day)
        assert first_day is not None, "errors() has seen to it"
        assert last_day is not None, "errors() has seen to it"
        return covers.CoverRequest(self.delegate, first_day, last_day, CoverReason(self.reason))


async def show_covers(visit: Visit) -> Response:
    """Every cover she and her team have to do with, and for a worker the form."""
    return await _page(visit, CoverForm())


async def _page(visit: Visit, filled: CoverForm, errors: _Errors = (), status: int = 200) -> Response:
    seen = await visit.run_as(lambda tx, actor: covers.overview(tx, actor, visit.now))
    today = dutch_day(visit.now)
    return visit.page(
        "covers.html",
        status,
        errors=errors,
        covers=seen,
        colleagues=[(each.staff_id, each.shown_name) for each in seen.colleagues],
        leads=visit.session.role == Role.TEAM_LEAD,
        reasons=REASONS,
        filled=filled.again(),
        today=today,
        example=f"{today + timedelta(days=1):%d-%m-%Y}",
        arranged=_arranged(visit, seen),
        ended="beeindigd" in visit.request.query_params,
    )


def looks_like_a_day(text: str) -> str:
    """What was typed, to be mended; nothing when it may be somebody's number.

    A day has eight digits at most, and something between day, month and year.
    """
    digits = sum(character.isdigit() for character in text)
    fits = len(text) <= _CHARACTERS_OF_A_DAY and digits <= _DIGITS_OF_A_DAY
    return text if fits and not _MORE_THAN_A_YEAR.search(text) else ""


def _arranged(visit: Visit, seen: covers.CoverOverview) -> object:
    """The cover that was arranged just now: the address names it, the overview must have it."""
    named = visit.request.query_params.get("geregeld")
    return next((each for each in seen.mine if str(UUID(bytes=each.cover_id)) == named), None)


async def arrange_cover(visit: Visit) -> Response:
    """Arrange a cover, or say what to mend."""
    filled = CoverForm.of(visit.form)
    errors = filled.errors()
    if errors:
        return await _page(visit, filled, errors, 400)
    request = filled.request()
    try:
        cover = await visit.run_as(lambda tx, actor: covers.arrange(tx, actor, request, visit.now))
    except Malformed as error:
        return await _page(visit, filled, error.violations, 400)
    return visit.to("covers", geregeld=cover.cover_id)


async def end_cover(visit: Visit) -> Response:
    """End a cover; sending the form again changes nothing."""
    cover_id = visit.param("cover")
    await visit.run_as(lambda tx, actor: covers.end_cover(tx, actor, cover_id, visit.now))
    return visit.to("covers", beeindigd="ja")


_TEAM = frozenset({Role.TEAM_MEMBER, Role.TEAM_LEAD})

PAGES = (
    Page("/vervanging", "covers", roles=_TEAM, get=show_covers, post=arrange_cover),
    Page("/vervanging/{cover:uuid}/beeindigen", "end_cover", roles=_TEAM, section="covers", post=end_cover),
)
