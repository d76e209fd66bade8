"""What a privacy officer does in the JSON interface, where a colleague of hers left off."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from httpx import Response

from policy.vocabulary import Role
from signal_index.model import StaffMember
from signal_index.model.review import Chosen, LookRef, Reason, Review
from tests.index.conftest import GEMEENTE, World

from .objecting import objecting

COLLEAGUE = "p.tweede"


def overseeing(world: World, ask: Any, relation_id: bytes) -> dict[str, Callable[[dict[str, str]], Response]]:
    """A request per route: two looks, one that waits for a judgement, and one opening of each privacy officer."""
    hire_colleague(world)
    choose(world, newest(world))
    first = look_id(world, newest(world))
    second = look_id(world, made(world, relation_id))
    hers = opening(world, COLLEAGUE, first)
    own = opening(world, "p.officer", second)
    decide(world, COLLEAGUE, own)
    today = str(world.clock.date())
    search = {"reden": "klacht", "dossier": "K-2026-7", "van": today, "tot": today}
    look = f"/v1/vastgelegde-raadplegingen/{first}"
    return {
        "werklijst": ask("GET", "/v1/werklijstregels"),
        "vastgelegde-raadpleging": ask("GET", look),
        "oordeel": ask("POST", f"{look}/oordelen", json={"oordeel": "terecht", "grond": "huisbezoek"}),
        "logbewijs": ask("GET", f"{look}/logbewijs"),
        "zoekopdracht": ask("POST", "/v1/zoekopdrachten", json=search),
        "zaaknummeraanvragen": ask("GET", "/v1/zaaknummeraanvragen"),
        "nieuwe-zaaknummeraanvraag": ask("POST", "/v1/zaaknummeraanvragen", json=wanted(first)),
        "zaaknummeraanvraag": ask("GET", f"/v1/zaaknummeraanvragen/{own}"),
        "zaaknummerbesluit": ask("POST", f"/v1/zaaknummeraanvragen/{hers}/besluit", json={"akkoord": True}),
        "maandcijfers": ask("GET", "/v1/maandcijfers"),
        **objecting(world, ask),
        "logboek": ask("GET", "/v1/logboek"),
        "stuurcijfers": ask("GET", "/v1/stuurcijfers"),
    }


def hire_colleague(world: World) -> None:
    """A second privacy officer, in the same organisation."""

    def job(tx: Any) -> None:
        tx.staff.put(StaffMember(COLLEAGUE, GEMEENTE, "toezicht", active=True))
        tx.staff.grant(COLLEAGUE, Role.PRIVACY_OFFICER.value, "test", world.clock)

    world.database.run(job)


def newest(world: World) -> LookRef:
    """The look that was made last."""
    entry, *_ = world.records("lookup.answered", "lookup.refused")
    return LookRef(entry.writer, entry.number)


def made(world: World, relation_id: bytes, staff_id: str = "w.een") -> LookRef:
    """A look, made now."""
    world.look(relation_id, staff_id)
    return newest(world)


def look_id(world: World, ref: LookRef) -> uuid.UUID:
    """What names a look."""
    return uuid.UUID(bytes=world.database.run(lambda tx: tx.names.of_look(ref.writer, ref.number)))


def choose(world: World, ref: LookRef, *reasons: Reason, due_in: int = 7) -> None:
    """Put a look on the work list, for these reasons or by lot."""
    today = world.clock.date()
    review = Review(
        ref,
        world.clock,
        "w.een",
        None,
        answered=True,
        reasons=reasons,
        chosen=Chosen.STRIKING if reasons else Chosen.SAMPLE,
        chosen_on=today,
        due_on=today + timedelta(days=due_in),
    )
    world.database.run(lambda tx: tx.reviews.put(review))


def wanted(look: uuid.UUID, dossier: str = "K-2026-7") -> dict[str, str]:
    """What to ask an opening with."""
    return {"raadpleging": str(look), "reden": "klacht", "dossier": dossier}


def opening(world: World, staff_id: str, look: uuid.UUID) -> str:
    """An opening that this privacy officer asked for."""
    asked = world.request("POST", "/v1/zaaknummeraanvragen", headers=world.token(staff_id), json=wanted(look))
    assert asked.status_code == 200, asked.text
    found: str = asked.json()["aanvraag"]
    return found


def decide(world: World, staff_id: str, opening_id: str, *, approve: bool = True) -> Response:
    """What another one decides."""
    path = f"/v1/zaaknummeraanvragen/{opening_id}/besluit"
    return world.request("POST", path, headers=world.token(staff_id), json={"akkoord": approve})
