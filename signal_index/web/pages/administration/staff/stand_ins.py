"""Vervanging for a worker who fell ill: choose who is away, then who looks for her and until when; or end one."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from starlette.responses import Response

from signal_index.errors import Malformed, NotFound
from signal_index.model import Actor, StaffMember, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases.administration import covers
from signal_index.usecases.administration.covers import Covers
from signal_index.web.markup.words import say
from signal_index.web.pages.covers import REASONS, CoverForm
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .people import opaque_id

_CHOOSE = say("Kies een vervanger.")
# What the use case tells a worker about herself, said about a colleague; and what her own form says.
_ABOUT_ANOTHER: Mapping[str, str] = {
    "Kies uw vervanger.": _CHOOSE,
    "Kies een collega uit uw eigen team.": say("Kies een collega uit hetzelfde team."),
    "Voor deze dagen heeft u al een vervanger. Kies andere dagen.": say(
        "Voor deze dagen is er al een vervanger. Kies andere dagen."
    ),
}
_Errors = Sequence[tuple[str, str]]


async def show_covers(visit: Visit) -> Response:
    """Every cover that is not over, and the list of who may be away."""
    return await _list(visit)


async def _list(visit: Visit, errors: _Errors = ()) -> Response:
    def read(tx: Transaction, actor: Actor) -> tuple[Covers, list[tuple[str, str]]]:
        found = covers.list_covers(tx, actor, visit.now)
        return found, [
            (str(UUID(bytes=opaque_id(tx, "staff", each.staff_id))), _named(each)) for each in found.workers
        ]

    found, workers = await visit.run_as(read)
    return visit.page(
        "administration/stand_ins.html",
        400 if errors else 200,
        errors=errors,
        covers=found,
        workers=workers,
        reasons=REASONS,
        today=dutch_day(visit.now),
        arranged="geregeld" in visit.request.query_params,
        ended="beeindigd" in visit.request.query_params,
    )


def _named(member: StaffMember) -> str:
    return f"{member.shown_name} ({member.team})"


async def choose_absentee(visit: Visit) -> Response:
    """On to the form about her."""
    chosen = visit.form.one("afwezige") or ""
    found = await visit.run_as(lambda tx, actor: _workers(tx, actor, visit))
    named = next((each for each in found if str(UUID(bytes=each)) == chosen), None)
    if named is None:
        return await _list(visit, [("afwezige", say("Kies wie er niet is."))])
    return visit.to("stand_in", member=named)


def _workers(tx: Transaction, actor: Actor, visit: Visit) -> Mapping[bytes, StaffMember]:
    found = covers.list_covers(tx, actor, visit.now).workers
    return {opaque_id(tx, "staff", each.staff_id): each for each in found}


async def show_form(visit: Visit) -> Response:
    """Who looks for her, and until when."""
    return await _form(visit, CoverForm())


async def _form(visit: Visit, filled: CoverForm, errors: _Errors = ()) -> Response:
    workers = await visit.run_as(lambda tx, actor: _workers(tx, actor, visit))
    absentee = _absentee(workers, visit)
    colleagues = [
        (each.staff_id, each.shown_name)
        for each in workers.values()
        if each.team == absentee.team and each != absentee
    ]
    today = dutch_day(visit.now)
    return visit.page(
        "administration/stand_in.html",
        400 if errors else 200,
        errors=[(field, _ABOUT_ANOTHER.get(text, text)) for field, text in errors],
        absentee=absentee,
        colleagues=colleagues,
        reasons=REASONS,
        filled=filled.again(),
        example=f"{today + timedelta(days=1):%d-%m-%Y}",
    )


def _absentee(workers: Mapping[bytes, StaffMember], visit: Visit) -> StaffMember:
    found = workers.get(visit.param("member"))
    if found is None:
        raise NotFound("unknown-staff", "Deze medewerker is niet bekend of werkt hier niet in een wijkteam.")
    return found


async def arrange(visit: Visit) -> Response:
    """Arrange it, or say what to mend."""
    filled = CoverForm.of(visit.form)
    errors = filled.errors()
    if errors:
        return await _form(visit, filled, errors)

    def run(tx: Transaction, actor: Actor) -> None:
        absentee = _absentee(_workers(tx, actor, visit), visit)
        covers.arrange_cover(tx, actor, absentee.staff_id, filled.request(), visit.now)

    try:
        await visit.run_as(run)
    except Malformed as error:
        return await _form(visit, filled, error.violations)
    return visit.to("stand_ins", geregeld="ja")


async def ask_end(visit: Visit) -> Response:
    """What ending one does."""
    cover_id = visit.param("cover")
    found = await visit.run_as(lambda tx, actor: covers.list_covers(tx, actor, visit.now))
    cover = next((each for each in found.standing if each.cover_id == cover_id), None)
    if cover is None:
        raise NotFound("no-cover", "Deze vervanging is niet gevonden.")
    return visit.page(
        "administration/end_stand_in.html",
        cover=cover,
        name=found.names[cover.delegate],
        absentee=found.names[cover.absentee],
    )


async def end(visit: Visit) -> Response:
    """End one; sending the form again changes nothing."""
    cover_id = visit.param("cover")
    await visit.run_as(lambda tx, actor: covers.end_cover(tx, actor, cover_id, visit.now))
    return visit.to("stand_ins", beeindigd="ja")


PAGES = (
    Page("/beheer/vervanging", "stand_ins", roles=ADMINISTRATORS, get=show_covers, post=choose_absentee),
    Page(
        "/beheer/vervanging/{member:uuid}",
        "stand_in",
        roles=ADMINISTRATORS,
        section="stand_ins",
        get=show_form,
        post=arrange,
    ),
    Page(
        "/beheer/vervanging/{cover:uuid}/beeindigen",
        "end_stand_in",
        roles=ADMINISTRATORS,
        section="stand_ins",
        get=ask_end,
        post=end,
    ),
)
