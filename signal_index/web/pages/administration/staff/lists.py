"""A list of the employer, pasted as text: first what it would change, then the change itself."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from types import MappingProxyType

from starlette.responses import Response

from signal_index.errors import Malformed
from signal_index.model import Actor, StaffMember
from signal_index.ports import Transaction
from signal_index.usecases.administration.entries import entry_faults, read_scim
from signal_index.usecases.administration.staff import (
    ELSEWHERE,
    TWICE,
    ImportPlan,
    compare_staff,
    import_staff,
)
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.markup.words import say
from signal_index.web.pages.forms import typed_back
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

COLUMNS = ("medewerker", "organisatie", "team", "actief")
NAMED = (*COLUMNS, "naam")
FAULTS_SHOWN = 10

_STAFF_ID = say("het nummer van de medewerker: hoogstens 40 letters, cijfers en . _ : @ -")
_OIN = say("de organisatie: een OIN van 20 cijfers")
_TEAM = say("het team: hoogstens 32 letters, cijfers en . _ : @ -")
_NAME = say("de naam: hoogstens 100 tekens, zonder spatie ervoor of erachter")
_ACTIVE = say("of het account aan staat: ja of nee")
# What only shows when the whole list is there, by what the use case says of it.
_OF_THE_WHOLE: Mapping[str, str] = {
    TWICE: say("iemand staat er twee keer in"),
    ELSEWHERE: say("iemand hoort bij een organisatie die u niet beheert"),
}
_NOT_READ = say("dit deel kunnen wij niet lezen")
# What must stand there, by the field of the list or of the identity provider.
EXPECTED: Mapping[str, str] = {
    "medewerker": _STAFF_ID,
    "userName": _STAFF_ID,
    "organisatie": _OIN,
    "organization": _OIN,
    "team": _TEAM,
    "department": _TEAM,
    "naam": _NAME,
    "displayName": _NAME,
    "actief": _ACTIVE,
    "active": say("of het account aan staat: true of false"),
    "totalResults": say("de lijst is niet heel: plak alle medewerkers in één keer"),
}

Place = tuple[str, str]  # where in the list, and what must stand there


class _Unreadable(Exception):
    """The pasted text is no list; places say where and what."""

    def __init__(self, *places: Place) -> None:
        super().__init__("unreadable")
        self.places = places


async def ask_list(visit: Visit) -> Response:
    """The empty form."""
    return _page(visit)


def _page(
    visit: Visit,
    *,
    plan: ImportPlan | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    done: bool = False,
    places: Sequence[Place] = (),
) -> Response:
    said = say("Verbeter wat er staat bij: Dit klopt niet in de lijst.")
    return visit.page(
        "administration/list.html",
        400 if places else 200,
        errors=[("lijst", said)] if places else [],
        places=places[:FAULTS_SHOWN],
        more=max(0, len(places) - FAULTS_SHOWN),
        plan=plan,
        done=done,
        names=names,
        roles=ROLE_LABELS,
        columns=NAMED,
        text="" if done else typed_back(visit.form.one("lijst")),
    )


async def take_list(visit: Visit) -> Response:
    """Compare, or take over what was compared."""
    sure = visit.form.one("wat") == "overnemen"
    act = import_staff if sure else compare_staff

    def run(tx: Transaction, actor: Actor) -> tuple[ImportPlan, Mapping[str, str]]:
        names = {each.staff_id: each.shown_name for each in tx.staff.all()}
        return act(tx, actor, members, visit.now), names

    try:
        members = read_list(visit.form.one("lijst") or "")
        plan, names = await visit.run_as(run)
    except _Unreadable as error:
        return _page(visit, places=error.places)
    except Malformed as error:  # what only shows when the whole list is there
        return _page(visit, places=[(place, _OF_THE_WHOLE[text]) for place, text in error.violations])
    return _page(visit, plan=plan, names=names, done=sure)


def read_list(text: str) -> Sequence[StaffMember]:
    """Read a list: JSON as an identity provider gives it (SCIM), or CSV with semicolons.

    Raises:
        _Unreadable: with every place that is wrong, and what must stand there.
    """
    if text.startswith(("{", "[")):
        return _from_json(text)
    lines = list(_lines(text))
    members = [_member(line) for _, line in lines]
    places = [
        (f"{number}", EXPECTED[field])
        for (number, line), member in zip(lines, members, strict=True)
        for field in _wrong_fields(line, member)
    ]
    if places:
        raise _Unreadable(*places)
    return members


def _from_json(text: str) -> Sequence[StaffMember]:
    try:
        return read_scim(json.loads(text))
    except (ValueError, RecursionError):
        raise _Unreadable(("", _NOT_READ)) from None
    except Malformed as error:
        raise _Unreadable(
            *((place, EXPECTED.get(place.rpartition(".")[2], _NOT_READ)) for place, _ in error.violations)
        ) from None


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        if tuple(reader.fieldnames or ()) not in {COLUMNS, NAMED}:
            raise _Unreadable(("1", say("de eerste regel moet de namen van de kolommen bevatten")))
        found = [(reader.line_num, line) for line in reader]
    except csv.Error:
        raise _Unreadable(("", _NOT_READ)) from None
    if not found:
        raise _Unreadable(("2", say("er staat niemand in de lijst")))
    yield from found


def _member(line: Mapping[str, str]) -> StaffMember:
    return StaffMember(
        staff_id=line.get("medewerker") or "",
        organisation=line.get("organisatie") or "",
        team=line.get("team") or "",
        active=line.get("actief") == "ja",
        name=line.get("naam") or "",
    )


def _wrong_fields(line: Mapping[str, str], member: StaffMember) -> Iterator[str]:
    yield from (field for field, _ in entry_faults(member))
    if line.get("actief") not in {"ja", "nee"} or None in line:
        yield "actief"


PAGES = (
    Page(
        "/beheer/medewerkers/lijst",
        "staff_list",
        roles=ADMINISTRATORS,
        section="staff",
        get=ask_list,
        post=take_list,
    ),
)
