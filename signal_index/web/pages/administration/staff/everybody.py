"""Members of staff: a list to search in, and one member with what may be changed about her.

Invariant: what is searched for travels in the body of the request and stands in no address.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from policy.vocabulary import CONFLICTING_ROLES, SENSITIVE_ROLES, Role
from signal_index.model import Actor, StaffMember
from signal_index.ports import Transaction
from signal_index.usecases.administration.proposals import Shown, list_proposals
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.markup.words import say
from signal_index.web.pages.forms import Form, typed_back
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .people import Person, one_person, people
from .phrases import DONE

PER_PAGE = 50
ANY, ON, OFF = "alle", "aan", "uit"
NO_ROLE = "geen"
STANDINGS = {ANY: say("Alle accounts"), ON: say("Staat aan"), OFF: say("Staat uit")}
_DIGITS_OF_A_PAGE = 4


@dataclass(frozen=True)
class _Wanted:
    """What to show of the list.

    Args:
        text: part of a name, a team or a staff id.
        role: code of a role she has, or `NO_ROLE`; empty for all.
        standing: of the account, of `STANDINGS`.
    """

    text: str = ""
    role: str = ""
    standing: str = ANY
    page: int = 1

    @classmethod
    def of(cls, form: Form) -> "_Wanted":
        role, standing = form.one("rol") or "", form.one("stand") or ANY
        asked = form.one("bladzijde") or ""
        page = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < _DIGITS_OF_A_PAGE else 1
        return cls(
            form.one("zoek") or "",
            role if role in {*Role, NO_ROLE} else "",
            standing if standing in STANDINGS else ANY,
            page,
        )

    def fits(self, member: StaffMember) -> bool:
        """Whether she is to be shown."""
        sought = self.text.casefold()
        named = any(sought in each.casefold() for each in (member.name, member.staff_id, member.team))
        right_standing = self.standing == ANY or member.active == (self.standing == ON)
        right_role = not member.roles if self.role == NO_ROLE else not self.role or self.role in member.roles
        return named and right_standing and right_role


async def show_staff(visit: Visit) -> Response:
    """The list; with a form in the body, the part of it that was asked for."""
    wanted = _Wanted.of(visit.form)
    everybody = await visit.run_as(lambda tx, actor: people(tx, actor, visit.now))
    fitting = [each for each in everybody if wanted.fits(each.member)]
    pages = max(1, -(-len(fitting) // PER_PAGE))
    page = min(max(1, wanted.page), pages)
    return visit.page(
        "administration/staff.html",
        shown=fitting[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(fitting),
        everybody=len(everybody),
        page=page,
        pages=pages,
        wanted=wanted,
        text=typed_back(wanted.text),
        standings=STANDINGS,
        no_role=NO_ROLE,
        roles=ROLE_LABELS,
    )


async def show_member(visit: Visit) -> Response:
    """One member, and what may be changed about her."""
    member_id = visit.param("member")

    def read(tx: Transaction, actor: Actor) -> tuple[Person, Sequence[Shown]]:
        person = one_person(tx, actor, member_id, visit.now)
        about = [
            each
            for each in list_proposals(tx, actor, visit.now)
            if each.proposal.change.staff_id == person.member.staff_id
        ]
        return person, about

    person, about = await visit.run_as(read)
    return visit.page(
        "administration/member.html",
        person=person,
        waiting=[each for each in about if each.state == "wacht"],
        own=person.member.staff_id == visit.actor.staff_id,
        roles=ROLE_LABELS,
        sensitive=SENSITIVE_ROLES,
        grantable=_grantable(person.member),
        done=_done(visit.request.query_params.get("gedaan")),
    )


def _grantable(member: StaffMember) -> list[Role]:
    """The roles she has not and could have."""
    clashing = {role for pair in CONFLICTING_ROLES if pair & member.roles for role in pair - member.roles}
    return [role for role in Role if role not in member.roles and role not in clashing]


def _done(text: str | None) -> str | None:
    return next((said for what, said in DONE.items() if what == text), None)


PAGES = (
    Page("/beheer/medewerkers", "staff", roles=ADMINISTRATORS, get=show_staff, post=show_staff),
    Page(
        "/beheer/medewerkers/{member:uuid}", "member", roles=ADMINISTRATORS, section="staff", get=show_member
    ),
)
