"""One change about one member of staff: first what it does and whether it takes two people, then a button."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from policy.vocabulary import Role
from signal_index.errors import Malformed, NotFound
from signal_index.model import Actor, StaffMember
from signal_index.model.administration import GIVEN_BY_PEOPLE, Change, Proposal, What
from signal_index.ports import Transaction
from signal_index.usecases.administration.changes import needs_two
from signal_index.usecases.administration.entries import entry_faults
from signal_index.usecases.administration.proposals import request_change
from signal_index.usecases.sources.checks import Fault
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.markup.words import say
from signal_index.web.pages.forms import typed_back
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .people import Person, one_person, people
from .phrases import EFFECTS, WHYS, WHYS_FOR


async def ask_change(visit: Visit) -> Response:
    """What it does."""
    return await _page(visit)


async def _page(visit: Visit, errors: Sequence[Fault] = ()) -> Response:
    member_id = visit.param("member")

    def read(tx: Transaction, actor: Actor) -> tuple[Person, list[str]]:
        person = one_person(tx, actor, member_id, visit.now)
        own = person.member.organisation
        teams = {each.member.team for each in people(tx, actor, visit.now) if each.member.organisation == own}
        return person, sorted(teams - {person.member.team})

    person, teams = await visit.run_as(read)
    change = _change(visit, person.member)
    return visit.page(
        "administration/change.html",
        400 if errors else 200,
        errors=errors,
        person=person,
        change=change,
        takes_two=needs_two(person.member, change),
        effect=EFFECTS[change.what],
        roles=ROLE_LABELS,
        teams=teams,
        team=typed_back(visit.form.one("team")),
        whys=[(why, WHYS[why]) for why in WHYS_FOR[change.what]],
        why=visit.form.one("reden") or "",
    )


def _change(visit: Visit, member: StaffMember) -> Change:
    """The change that is asked for in the address, or in the form that was made from it."""

    def said(name: str) -> str | None:
        return visit.form.one(name) or visit.request.query_params.get(name)

    what = next((each for each in What if each == said("wat")), None)
    role = next((each.value for each in Role if each == said("rol")), None)
    if what is None or (role is None and what in {What.GRANT, What.REVOKE}):
        raise NotFound("no-such-change", "Dit kunt u hier niet wijzigen. Ga terug naar Medewerkers.")
    if what is What.MOVE:
        return Change.move(member.staff_id, member.organisation, said("team") or "")
    return Change(what, member.staff_id, role=role if what in {What.GRANT, What.REVOKE} else None)


async def change_member(visit: Visit) -> Response:
    """Do it, or put it before a second person."""
    member_id = visit.param("member")
    why = next((each for each in GIVEN_BY_PEOPLE if each == visit.form.one("reden")), None)

    def run(tx: Transaction, actor: Actor) -> tuple[Change, Proposal | None]:
        member = one_person(tx, actor, member_id, visit.now).member
        change = _change(visit, member)
        if change.what is What.MOVE and _is_no_team(member, change.team or ""):
            text = say("Vul een team in, zonder spaties. Letters, cijfers en deze tekens mogen: . _ : @ -")
            raise Malformed("staff", text, (("team", text),))
        return change, request_change(tx, actor, change, visit.now, why=why)

    try:
        change, proposal = await visit.run_as(run)
    except Malformed as error:
        return await _page(visit, error.violations)
    if proposal is not None:
        return visit.to("proposal", proposal=proposal.proposal_id)
    return visit.to("member", member=member_id, gedaan=change.what.value)


def _is_no_team(member: StaffMember, team: str) -> bool:
    return any(field == "team" for field, _ in entry_faults(replace(member, team=team)))


PAGES = (
    Page(
        "/beheer/medewerkers/{member:uuid}/wijzigen",
        "change_member",
        roles=ADMINISTRATORS,
        section="staff",
        get=ask_change,
        post=change_member,
    ),
)
