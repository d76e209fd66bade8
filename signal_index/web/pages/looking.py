"""The look itself: choose a purpose, see the signals, say that you are done.

Invariants:
1. Posting the purpose step makes one record and redirects; showing the page again makes none.
2. A form that is not complete reads no flag and records no look.
3. Beside its cards a page depends on role, purpose, narrowing and day, and on what the worker herself answered;
   never on a flag. So every link, button and text stands there whether there are cards or not.

Whoever controls this module can show wrong words around signals, never a signal that `look_at` did not give.
"""

from collections.abc import Callable
from typing import TypeVar

from starlette.responses import Response

from policy.catalogue import LifeDomainText
from policy.vocabulary import Shows
from signal_index.model import LookupRequest
from signal_index.model.workplace import VIEW_LASTS, Informed, Useful, View
from signal_index.usecases.look_up import Refused
from signal_index.usecases.workplace import looked, views
from signal_index.usecases.workplace.views import Ended, Shown, Start
from signal_index.web.api.rates import Rate
from signal_index.web.markup import signals
from signal_index.web.markup.words import say

from .forms import Form
from .visits import WORKERS, Page, Visit

_FIELDS = (PURPOSE, DOMAIN, INFORMED) = ("doel", "leefgebied", "inwoner")
_CHOOSE_PURPOSE = say("Kies één doel.")
_CHOOSE_INFORMED = say("Kies of de inwoner weet dat u kijkt.")
_NO_SUCH_DOMAIN = say(
    "Bij dit doel horen deze leefgebieden niet. Kies andere, of kies er geen om alles te zien."
)

Errors = list[tuple[str, str]]
T = TypeVar("T")


# --- The purpose step ---------------------------------------------------------------------------------------------


async def look(visit: Visit) -> Response:
    """Ask what she looks for, and whether the resident knows."""
    return _ask(visit, await _start(visit))


async def open_look(visit: Visit) -> Response:
    """Record the look and go to its page, or say which answer is missing."""
    start = await _start(visit)
    request, errors = _read(visit.form, start)
    if request is None:
        return _ask(visit, start, errors)
    outcome = await visit.run_as(
        lambda tx, actor: views.open_view(tx, visit.rules, actor, request, visit.now)
    )
    if isinstance(outcome, Refused):
        raise outcome.error
    return visit.to("view", view=outcome.view_id)


async def _start(visit: Visit) -> Start:
    relation_id = visit.param("relation")
    return await visit.run_as(lambda tx, actor: views.start(tx, visit.rules, actor, relation_id, visit.now))


def _read(form: Form, start: Start) -> tuple[LookupRequest | None, Errors]:
    """The posted answers; None with what is wrong, in the order of the page."""
    purpose = next((each for each in start.purposes if each.code == form.one(PURPOSE)), None)
    informed = next((each for each in Informed if each == form.one(INFORMED)), None)
    ticked = frozenset(form.many(DOMAIN))
    asked = frozenset[str]() if purpose is None else ticked & {*_codes(start.catalogue.domains_of(purpose))}
    errors: Errors = []
    if purpose is None:
        errors.append((f"{PURPOSE}-{start.purposes[0].code}", _CHOOSE_PURPOSE))
    if not ticked <= {*_codes(_areas_offered(start))} or (purpose is not None and ticked and not asked):
        errors.append((f"{DOMAIN}-{_areas_offered(start)[0].code}", _NO_SUCH_DOMAIN))
    if informed is None:
        errors.append((f"{INFORMED}-{Informed.TOLD}", _CHOOSE_INFORMED))
    if purpose is None or informed is None or errors:
        return None, errors
    return LookupRequest(start.relation.relation_id, purpose.code, asked, informed), []


def _codes(domains: tuple[LifeDomainText, ...]) -> tuple[str, ...]:
    return tuple(str(each.code) for each in domains)


def _areas_offered(start: Start) -> tuple[LifeDomainText, ...]:
    """The areas of life of all purposes together; which of them fit is known once a purpose is chosen."""
    offered = {each.code for purpose in start.purposes for each in start.catalogue.domains_of(purpose)}
    return tuple(each for each in start.catalogue.life_domains if each.code in offered)


def _ask(visit: Visit, start: Start, errors: Errors | None = None) -> Response:
    """The form; what she chose before stays chosen, and nothing else ever is."""
    return visit.page(
        "look.html",
        400 if errors else 200,
        errors=errors or [],
        relation_id=start.relation.relation_id,
        reference=start.relation.case_reference,
        absentee=start.absentee.shown_name if start.absentee is not None else None,
        purposes=start.purposes,
        areas=_areas_offered(start),
        chosen={name: frozenset(visit.form.many(name)) for name in _FIELDS},
    )


# --- The open view ------------------------------------------------------------------------------------------------


async def view(visit: Visit) -> Response:
    """The signals, or for some purposes only in which areas of life there are any."""

    def answer(shown: Shown) -> Response:
        folded = shown.purpose.shows is Shows.AREAS
        return shown_page(visit, shown, "checklist.html" if folded else "view.html")

    return await while_open(visit, answer)


async def while_open(visit: Visit, answer: Callable[[Shown], Response]) -> Response:
    """Answer with what the view in this page's address shows now, or say that it has ended.

    Args:
        visit: of a page with `{view:uuid}` in its path.
        answer: makes the page while the view is open.

    Returns:
        Its page, or status 410 once the view is over.

    Raises:
        NotFound: `no-view`, or the case is not in her caseload any more.
        NotPermitted: the actor may not look.
    """
    view_id = visit.param("view")
    outcome = await visit.run_as(lambda tx, actor: views.look_at(tx, visit.rules, actor, view_id, visit.now))
    return unless_over(visit, outcome, answer)


def unless_over(visit: Visit, outcome: T | Ended | Refused, answer: Callable[[T], Response]) -> Response:
    """Answer with what came out of a step on an open view; one that ended meanwhile shows its own ended page.

    Raises:
        SignalIndexError: the refusal; it is on record.
    """
    if isinstance(outcome, Refused):
        raise outcome.error
    if isinstance(outcome, Ended):
        posted = visit.request.method == "POST"
        return visit.to("view", view=outcome.view.view_id) if posted else ended_page(visit, outcome.view)
    return answer(outcome)


def page_of_view(visit: Visit, shown: Shown, template: str, **context: object) -> Response:
    """A page about an open view; its templates take it off the screen when the view ends."""
    together = shown.view.informed is Informed.TOGETHER
    return visit.page(template, view=shown.view, served_at=visit.now, calm=together, **context)


def shown_page(visit: Visit, shown: Shown, template: str) -> Response:
    """A page with everything the view shows."""
    return page_of_view(
        visit,
        shown,
        template,
        purpose=shown.purpose,
        narrowed=signals.domains(shown) if shown.view.domains else (),
        groups=signals.groups(shown),
        areas=signals.areas(shown),
        sources=signals.source_lines(shown),
        unconnected=signals.unconnected(shown),
    )


def ended_page(visit: Visit, over: View) -> Response:
    """A look that is over: shows no signal, asks what is still to be asked. Status 410."""
    return visit.page(
        "ended.html",
        410,
        view=over,
        calm=over.informed is Informed.TOGETHER,
        closed=over.ends_at < over.opened_at + VIEW_LASTS,
    )


# --- What she says about it ---------------------------------------------------------------------------------------


async def close_view(visit: Visit) -> Response:
    """She is done; the page that follows says so, and shows no other case while the resident looks along."""
    view_id = visit.param("view")
    await visit.run_as(lambda tx, actor: views.close_view(tx, actor, view_id, visit.now))
    return visit.to("view", view=view_id)


async def useful(visit: Visit) -> Response:
    """Keep whether it was of use; an answer that is none of ours changes nothing."""
    view_id = visit.param("view")
    said = next((each for each in Useful if each == visit.form.one("nut")), None)
    if said is not None:
        await visit.run_as(lambda tx, actor: looked.say_useful(tx, actor, view_id, said, visit.now))
    return visit.to("view", view=view_id)


async def told(visit: Visit) -> Response:
    """Keep that she told the resident; back to the list in which the button stood, if it did."""
    view_id = visit.param("view")
    await visit.run_as(lambda tx, actor: looked.say_told(tx, actor, view_id, visit.now))
    list_to_return_to = {"lijst": "my_looks", "berichten": "messages"}.get(visit.form.one("terug") or "")
    return visit.to(list_to_return_to) if list_to_return_to else visit.to("view", view=view_id)


PAGES = (
    Page(
        "/caseload/{relation:uuid}/raadplegen",
        "look",
        roles=WORKERS,
        section="caseload",
        get=look,
        post=open_look,
        rate=Rate.LOOK,
    ),
    Page("/raadplegingen/{view:uuid}", "view", roles=WORKERS, section="caseload", get=view),
    Page(
        "/raadplegingen/{view:uuid}/klaar", "close_view", roles=WORKERS, section="caseload", post=close_view
    ),
    Page("/raadplegingen/{view:uuid}/nut", "useful", roles=WORKERS, section="caseload", post=useful),
    Page("/raadplegingen/{view:uuid}/verteld", "told", roles=WORKERS, section="caseload", post=told),
)
