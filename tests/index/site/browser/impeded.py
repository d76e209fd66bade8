"""What keeps workers from looking, at a place and on its pages; and a look that would be decided otherwise by now.

Days lie ahead, so that nobody at the place is stopped.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import AuditEvent
from signal_index.usecases.workplace.impediments import ImpedimentRequest, involve, involve_self, object_to

from .places import TODAY, Place
from .states import ENGLISH, OFFICER, State, Tour, Way, at, overseen, then

LEAD = "t.lead"
_AHEAD = TODAY.date() + timedelta(days=30)


def impede(place: Place) -> None:
    """Objections and involvements in every state, some by who knows the resident herself; a backup was put back."""

    def wanted(case: str, last: date | None = None) -> ImpedimentRequest:
        return ImpedimentRequest(place.cases[case].bytes, _AHEAD, last)

    def job(tx: Any) -> None:
        worker, lead, officer = (
            place.acting(tx, who, role)
            for who, role in (
                ("w.een", Role.TEAM_MEMBER),
                (LEAD, Role.TEAM_LEAD),
                (OFFICER, Role.PRIVACY_OFFICER),
            )
        )
        involve_self(tx, worker, wanted("WT-2026-0153"), TODAY)
        involve(tx, lead, "w.twee", wanted("WT-2026-0154", _AHEAD + timedelta(days=90)), TODAY)
        object_to(tx, officer, wanted("WT-2026-0147"), TODAY)
        object_to(tx, officer, wanted("WT-2026-0150", _AHEAD + timedelta(days=90)), TODAY)
        newest = (TODAY - timedelta(days=2)).isoformat()
        restored = audit.event("index.restored", TODAY, actor="operator", token="t", newest=newest)
        tx.audit.append(restored)

    place.run(job)


def forge(place: Place) -> None:
    """The first look once more, with an outcome that its rules and facts do not give."""
    name = place.overseen["answered"].rpartition("/")[2]

    def job(tx: Any) -> bytes:
        entry, person = tx.audit.one(*tx.names.look(UUID(name).bytes))
        tx.audit.append(AuditEvent(entry.event, TODAY, {**entry.fields, "allowed": []}, person))
        forged = next(iter(tx.audit.entries(events=(entry.event,), limit=1)))
        found: bytes = tx.names.of_look(forged.writer, forged.number)
        return found

    place.overseen["decided otherwise"] = f"/toezicht/raadplegingen/{UUID(bytes=place.run(job))}"


def private(case: str) -> Way:
    """To where a worker says that she knows the resident of a case."""
    return lambda tour: tour.open(f"/caseload/{tour.place.cases[case]}/prive")


def unknown_case(tour: Tour) -> None:
    """An objection for a case nobody has."""
    tour.open("/toezicht/bezwaren")
    tour.page.get_by_label("Zaaknummer").fill("WT-2026-9999")
    tour.press("Leg het bezwaar vast")


IMPEDED: tuple[State, ...] = (
    State("she knows the resident", "own_involvement", private("WT-2026-0147")),
    State(
        "she knows the resident, not sure",
        "own_involvement",
        then(private("WT-2026-0147"), "Leg dit vast"),
        status=400,
    ),
    State("she knows the resident, said", "own_involvement", private("WT-2026-0153")),
    State("who knows a resident", "involvements", at("/team/prive"), who=LEAD),
    State(
        "who knows a resident, nothing filled in",
        "involvements",
        then(at("/team/prive"), "Leg dit vast"),
        who=LEAD,
        status=400,
    ),
    State("who knows a resident, nobody", "involvements", at("/team/prive"), who="t.stil", place="quiet"),
    State("objections", "objections", at("/toezicht/bezwaren"), who=OFFICER),
    State("objections, unknown case", "objections", unknown_case, who=OFFICER, status=400),
    State("objections, none", "objections", at("/toezicht/bezwaren"), who=OFFICER, place="quiet"),
    State("objections in English", "objections", at("/toezicht/bezwaren"), who=OFFICER, options=ENGLISH),
    State("one look, decided otherwise", "one_look", overseen("decided otherwise"), who=OFFICER),
)
