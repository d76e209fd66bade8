"""What waits for the functioneel beheerder at a place, and where each of her pages is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from policy.vocabulary import Role
from signal_index.model import Register
from signal_index.model.administration import Change, Why
from signal_index.usecases.administration import proposals
from signal_index.usecases.sources.overview import entry_id
from signal_index.web.pages.administration.staff.people import opaque_id

from .places import NOORD, PEOPLE, TODAY, Place


def administer(place: Place) -> None:
    """Accounts that are off or soon will be, teams that are late, and a proposal in every state."""
    _days(place)
    for name, proposer, change, decided in (
        ("to decide", "f.tweede", Change.grant("w.niets", Role.PRIVACY_OFFICER), None),
        ("own", "f.beheer", Change.block("p.tweede"), None),
        ("agreed", "f.beheer", Change.move("p.tweede", place.world.GEMEENTE, "zuid"), "p.officer"),
        ("refused", "f.tweede", Change.grant("b.bron", Role.FUNCTIONAL_ADMIN), "f.beheer"),
    ):
        place.administered[name] = _proposed(place, proposer, change, decided)
    _addresses(place)


def _days(place: Place) -> None:
    """Everybody was seen and confirmed a while ago, in her own team; one account is off."""
    day = TODAY.date()

    def job(tx: Any) -> None:
        for number, each in enumerate(PEOPLE):
            member = replace(
                tx.staff.get(each.staff_id),
                seen_on=day - timedelta(days=40 if number % 7 == 1 else 3),
                confirmed_on=day - timedelta(days=100 if each.team == NOORD else 20),
                active=each.staff_id != "w.uit",
            )
            tx.staff.put(member)

    place.run(job)


def _proposed(place: Place, proposer: str, change: Change, decided: str | None) -> str:
    def job(tx: Any) -> bytes:
        role = Role.FUNCTIONAL_ADMIN
        made = proposals.request_change(tx, place.acting(tx, proposer, role), change, TODAY, why=Why.NEW_TASK)
        assert made is not None
        if decided is not None:
            held = next(each.roles[0] for each in PEOPLE if each.staff_id == decided)
            second = place.acting(tx, decided, held)
            proposals.decide(tx, second, made.proposal_id, TODAY, approve=decided == "p.officer")
        return made.proposal_id

    return f"/beheer/voorstellen/{UUID(bytes=place.run(job))}"


def _addresses(place: Place) -> None:
    def job(tx: Any) -> dict[str, str]:
        register = tx.register
        first, supplier, door = register.publications()[0], register.publishers(), register.entrances()[0]
        found = {
            "source": ("bronnen", entry_id("publication", first.source, first.type)),
            "supplier": ("leveranciers", entry_id("publisher", first.publisher)),
            "supplier of cases": ("leveranciers", entry_id("publisher", supplier[-1].oin)),
            "door": ("toegangen", entry_id("entrance", door.issuer)),
        }
        for staff_id in ("w.een", "f.beheer", "w.uit", "w.niets", "w.los"):
            found[staff_id] = ("medewerkers", opaque_id(tx, "staff", staff_id))
            found[f"for {staff_id}"] = ("vervanging", opaque_id(tx, "staff", staff_id))
        for team in (NOORD, "los"):
            found[f"team {team}"] = ("teams", opaque_id(tx, "team", place.world.GEMEENTE, team))
        return {name: f"/beheer/{folder}/{UUID(bytes=value)}" for name, (folder, value) in found.items()}

    place.administered |= place.run(job)


def empty(place: Place) -> None:
    """A municipality on its first day: nobody delivers, nothing was proposed."""
    place.world.clock = TODAY
    place.run(lambda tx: tx.register.replace(Register((), (), ())))
