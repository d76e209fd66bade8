"""Requests that do what the routes of a worker and a team lead are for, beside the look itself."""

import uuid
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.tokens import issue
from signal_index.model import Register
from signal_index.model.workplace import Entrance
from signal_index.usecases.workplace.arrivals import RELATION_CLAIM, TICKET_TYPE, ticket_key_id
from tests.index.conftest import GEMEENTE, World

from .objecting import impeding

PURPOSE = "voorbereiding-huisbezoek"
DOOR = "https://regie.gemeente.example"


def help_runs(world: World) -> None:
    """Two sources help the first person, so that one signal is doubted and another can be."""
    for source in ("agb:00000001", "agb:00000002"):
        world.publish(GEMEENTE, source, "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})


def look(world: World, case: str, informed: str = "nog-niet", purpose: str = PURPOSE) -> dict[str, Any]:
    """A look that stays open, as the worker gets it."""
    question = {"zorgrelatie": case, "doel": purpose, "inwoner": informed}
    opened = world.request("POST", "/v1/raadplegingen", headers=world.token(), json=question)
    assert opened.status_code == 200, opened.text
    found: dict[str, Any] = opened.json()
    return found


def seen(world: World, look_id: str) -> dict[str, Any]:
    """What an open look shows now."""
    shown = world.request("GET", f"/v1/raadplegingen/{look_id}", headers=world.token())
    assert shown.status_code == 200, shown.text
    found: dict[str, Any] = shown.json()
    return found


def ticket(world: World, case: str, worker: str = "w.een") -> str:
    """A ticket of a regiesysteem that is registered for it."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()

    def register(tx: Any) -> None:
        entrance = Entrance(DOOR, "Regiesysteem", GEMEENTE, public)
        tx.register.replace(
            Register(tuple(tx.register.publishers()), tuple(tx.register.publications()), (entrance,))
        )

    world.database.run(register)
    issued = int(world.clock.timestamp())
    claims = {
        "iss": DOOR,
        "aud": f"index:{world.secrets.scope}",
        "sub": worker,
        "iat": issued,
        "exp": issued + 60,
        "jti": uuid.uuid4().hex,
        RELATION_CLAIM: case,
    }
    return issue(key, ticket_key_id(public), "EdDSA", claims, token_type=TICKET_TYPE)


def at_work(world: World, ask: Any, case: str) -> dict[str, Any]:
    """By route.

    Args:
        world: in which `help_runs`, and every source is heard.
        ask: makes a request of whoever is named later.
        case: the worker's own.
    """
    look_id = look(world, case)["raadpleging"]
    own, (signal, doubted) = f"/v1/raadplegingen/{look_id}", seen(world, look_id)["signalen"]
    asked = world.request(
        "POST", f"{own}/vragen", headers=world.token(), json={"signaal": doubted["kenmerk"]}
    ).json()["kenmerk"]
    days = {"van": str(world.DAY + timedelta(days=10)), "tot": str(world.DAY + timedelta(days=12))}
    cover = {"vervanger": "w.twee", "reden": "training"} | days
    arranged = world.request(
        "POST", "/v1/teamvervangingen", headers=world.token("w.twee"), json=cover | {"vervanger": "w.een"}
    ).json()["vervanging"]
    return {
        "zaakopening": ask("POST", "/v1/zaakopeningen", json={"kaartje": ticket(world, case)}),
        "doelen": ask("GET", f"/v1/zorgrelaties/{case}/doelen"),
        "wachtende-zorgrelaties": ask("GET", "/v1/wachtende-zorgrelaties"),
        "eigen-raadplegingen": ask("GET", "/v1/raadplegingen"),
        "raadpleging": ask("GET", own),
        "einde-raadpleging": ask("POST", f"{own}/einde"),
        "nut": ask("PUT", f"{own}/nut", json={"nut": "ja"}),
        "mededeling": ask("POST", f"{own}/mededeling"),
        "werkblad": ask("POST", f"{own}/werkbladen"),
        "koelkastblad": ask("POST", f"{own}/koelkastbladen", json={"signalen": [signal["kenmerk"]]}),
        "nieuwe-vraag": ask("POST", f"{own}/vragen", json={"signaal": signal["kenmerk"]}),
        "vraag": ask("GET", f"/v1/vragen/{asked}"),
        "teamvervangingen": ask("GET", "/v1/teamvervangingen"),
        "nieuwe-teamvervanging": ask("POST", "/v1/teamvervangingen", json=cover),
        "einde-teamvervanging": ask("POST", f"/v1/teamvervangingen/{arranged}/einde"),
        **impeding(world, ask, case),
        "berichten": ask("GET", "/v1/berichten"),
        "samenvatting": ask("PUT", "/v1/samenvatting", json={"gewenst": False}),
    }
