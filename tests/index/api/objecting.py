"""Requests for what keeps workers from looking: of a privacy officer, a team lead, and a worker about herself.

Days lie ahead, so that nobody is stopped who still has to look.
"""

from datetime import timedelta
from typing import Any

from tests.index.conftest import World

CASE = "WT-2026-0001"


def days(world: World, ahead: int) -> dict[str, str]:
    """From so many days ahead on."""
    return {"van": str(world.DAY + timedelta(days=ahead))}


def registered(world: World, staff_id: str, path: str, body: dict[str, str]) -> str:
    """What names the one that somebody registered."""
    made = world.request("POST", f"/v1{path}", headers=world.token(staff_id), json=body)
    assert made.status_code == 201, made.text
    name: str = made.json()["belemmering"]
    return name


def objecting(world: World, ask: Any) -> dict[str, Any]:
    """By route of a privacy officer, in a world with the case of a worker."""
    wanted = {"zaak": CASE}
    made = registered(world, "p.officer", "/belemmeringen", wanted | days(world, 30))
    return {
        "belemmeringen": ask("GET", "/v1/belemmeringen"),
        "nieuw-bezwaar": ask("POST", "/v1/belemmeringen", json=wanted | days(world, 31)),
        "einde-bezwaar": ask("POST", f"/v1/belemmeringen/{made}/einde"),
    }


def impeding(world: World, ask: Any, case: str) -> dict[str, Any]:
    """By route of a worker about her own case, and of her team lead."""
    own, team = f"/v1/zorgrelaties/{case}/belemmering", "/teambelemmeringen"
    wanted = {"zaak": CASE, "medewerker": "w.twee"}
    made = registered(world, "t.lead", team, wanted | days(world, 30))
    return {
        "eigen-belemmering": ask("GET", own),
        "nieuwe-eigen-belemmering": ask("POST", own, json=days(world, 30)),
        "teambelemmeringen": ask("GET", f"/v1{team}"),
        "nieuwe-teambelemmering": ask("POST", f"/v1{team}", json=wanted | days(world, 31)),
        "einde-teambelemmering": ask("POST", f"/v1{team}/{made}/einde"),
    }
