"""What holds when the database fails half-way, a row is damaged, a provider is dead or a robot asks first."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from crypto.tokens import issue
from policy.vocabulary import Role
from signal_index.errors import Unavailable
from signal_index.model import LookupRequest, Register
from signal_index.model.workplace import Entrance, Informed, View
from signal_index.usecases.workplace import sessions, views
from signal_index.usecases.workplace.arrivals import TICKET_TYPE, ticket_key_id
from signal_index.web.provider import LEFT_ALONE_SECONDS, Departure, Provider, Relying, SignInRefused

REGIE = "https://regie.gemeente.example"
ISSUER = "https://idp.example"
KEY = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
}
RELYING = Relying(
    issuer=ISSUER,
    client_id="index",
    client_secret="geheim",
    return_to="https://index.test/inloggen/terug",
    signed_out="https://index.test/uitgelogd",
    subject_claim="email",
    second_factor_acr=frozenset({"high"}),
    second_factor_amr=frozenset(),
)


# --- The database -------------------------------------------------------------------------------------------------


def test_a_database_that_fails_while_somebody_is_turned_away_gives_a_page(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    browser = house.browser("w.een")
    house.world.clock += timedelta(hours=9)
    monkeypatch.setattr(sessions, "close_session", fails)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(house.app, raise_app_exceptions=True)
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with httpx.AsyncClient(transport=transport, base_url=house.ORIGIN) as client:
            return await client.get("/caseload", headers={"Cookie": cookies})

    response = asyncio.run(ask())
    assert response.status_code == 503
    assert response.headers["content-type"].startswith("text/html")
    assert "<h1" in response.text
    assert "disk" not in response.text


@pytest.fixture
def damaged(house: Any) -> Any:
    """A house in which worker w.leidt has one look, and its row in the table is damaged."""
    world = house.world
    row = world.relation(worker="w.leidt")
    world.register_relations((world.PEOPLE[0], row))
    request = LookupRequest(row.relation_id, "voorbereiding-huisbezoek", frozenset(), Informed.NOT_YET)

    def look(tx: Any) -> None:
        _, actor = sessions.resume(tx, secret, world.clock)
        assert isinstance(views.open_view(tx, world.desk.rules, actor, request, world.clock), View)

    secret = bytes(32)
    who = sessions.SignedIn("w.leidt", second_factor=True)
    world.database.run(lambda tx: sessions.open_session(tx, secret, who, world.clock))
    world.database.run(look)
    browser = house.browser("w.leidt")
    with closing(sqlite3.connect(world.path)) as connection, connection:
        assert (
            connection.execute("UPDATE views SET sealed_body = randomblob(length(sealed_body))").rowcount == 1
        )
    assert browser.get("/berichten").status_code == 503, "the row itself is damaged"
    return house


def test_a_damaged_look_blocks_no_page_that_does_not_show_it(damaged: Any) -> None:
    browser = damaged.browser("w.leidt")
    for path in ("/caseload", "/hulp", "/vervanging"):
        response = browser.get(path)
        assert response.status_code == 200, path
        assert "Uitloggen" in response.text, path


def test_with_a_damaged_look_she_can_still_sign_out_and_is_out(damaged: Any) -> None:
    browser = damaged.browser("w.leidt")
    kept = dict(browser.cookies)
    assert browser.post("/uitloggen").status_code == 303
    assert browser.cookies == {}
    browser.cookies = kept
    response = browser.get("/caseload")
    assert (response.status_code, response.headers["location"].partition("?")[0]) == (303, "/inloggen")


def test_with_a_damaged_look_she_can_still_go_on_in_another_role(damaged: Any) -> None:
    browser = damaged.browser("w.leidt")
    assert browser.post("/rol", {"rol": Role.TEAM_LEAD.value}).status_code == 303
    assert browser.get("/team").status_code == 200


# --- What a robot asks for ----------------------------------------------------------------------------------------


def test_a_robot_that_only_asks_for_headers_uses_no_ticket_up(house: Any) -> None:
    world = house.world
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    case = world.relation()
    world.register_relations((world.PEOPLE[0], case))

    def open_door(tx: Any) -> None:
        door = Entrance(REGIE, "Regiesysteem", world.GEMEENTE, public)
        known = Register(tuple(tx.register.publishers()), tuple(tx.register.publications()), (door,))
        tx.register.replace(known)

    world.database.run(open_door)
    issued = int(world.clock.timestamp())
    claims = {
        "iss": REGIE, "aud": "index:regio-test", "sub": "w.een", "jti": "kaartje-1",
        "iat": issued, "exp": issued + 120, "zorgrelatie": str(UUID(bytes=case.relation_id)),
    }  # fmt: skip
    ticket = issue(key, ticket_key_id(public), "EdDSA", claims, token_type=TICKET_TYPE)
    browser = house.browser("w.een")
    for _ in range(2):
        peeked = browser.request("HEAD", f"/openen?kaartje={ticket}")
        assert (peeked.status_code, peeked.headers["allow"]) == (405, "GET")
    assert world.records("case.opened") == []
    assert browser.get(f"/openen?kaartje={ticket}").status_code == 303
    assert len(world.records("case.opened")) == 1
    assert browser.get(f"/openen?kaartje={ticket}").status_code == 403


def test_a_robot_begins_and_ends_no_sign_in(house: Any) -> None:
    for path in ("/inloggen/start", "/inloggen/terug?code=x&state=y"):
        response = house.browser().request("HEAD", path)
        assert response.status_code == 405, path
        assert "set-cookie" not in response.headers


def test_returns_of_nobody_who_left_fill_no_record(house: Any) -> None:
    before = len(house.world.records("signin.refused"))
    for number in range(5):
        response = house.browser().get(f"/inloggen/terug?code=x&state={number}")
        assert response.status_code == 403
        assert "Opnieuw inloggen" in response.text
    assert len(house.world.records("signin.refused")) == before == 0


# --- The provider -------------------------------------------------------------------------------------------------


class Idp:
    """A provider in this process: what it says, whether it works, and how often it was asked who it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **claims: Any) -> None:
        self.claims = claims
        self.works = True
        self.asked = 0
        self.now = datetime.now(UTC)
        self.provider = Provider(RELYING, lambda: self.now)
        transport = httpx.MockTransport(self.answer)
        monkeypatch.setattr(self.provider, "_http", lambda: httpx.AsyncClient(transport=transport))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One request to the provider."""
        if request.url.path.endswith("openid-configuration"):
            self.asked += 1
            return httpx.Response(200, json=METADATA) if self.works else httpx.Response(500)
        if request.url.path == "/jwks":
            return httpx.Response(200, json=KeySet([KEY]).as_dict(private=False))
        return httpx.Response(
            200, json={"access_token": "x", "token_type": "Bearer", "id_token": self.token()}
        )

    def token(self) -> str:
        """An ID token for this sign-in with whatever else is claimed."""
        issued = int(self.now.timestamp())
        claims = {
            "iss": ISSUER, "aud": "index", "sub": "7f3a", "iat": issued, "exp": issued + 300, "nonce": "nonce",
            "acr": "high", **self.claims,
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, KEY, algorithms=["RS256"])

    def identify(self) -> sessions.SignedIn:
        """Who came back."""
        return asyncio.run(self.provider.identify("code", Departure("", "state", "nonce", "v" * 64)))


@pytest.mark.parametrize(
    "said", [{}, {"email_verified": False}, {"email_verified": "true"}, {"email_verified": 1}]
)
def test_an_address_the_provider_did_not_verify_is_nobody(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    idp = Idp(monkeypatch, email="w.een@gemeente.example", **said)
    with pytest.raises(SignInRefused) as refused:
        idp.identify()
    assert refused.value.reason == "no-subject"


def test_an_address_the_provider_did_verify_may_be_who_she_is(monkeypatch: pytest.MonkeyPatch) -> None:
    idp = Idp(monkeypatch, email="w.een@gemeente.example", email_verified=True)
    assert idp.identify().staff_id == "w.een@gemeente.example"


def test_a_dead_provider_is_left_alone_for_a_few_seconds_and_then_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("signal_index.web.provider.time.monotonic", lambda: clock[0])
    idp = Idp(monkeypatch)
    idp.works = False
    for _ in range(5):
        with pytest.raises(Unavailable):
            _depart(idp)
    assert idp.asked == 1
    idp.works = True
    clock[0] += LEFT_ALONE_SECONDS + 1
    assert _depart(idp).startswith(f"{ISSUER}/authorize?")
    assert _depart(idp).startswith(f"{ISSUER}/authorize?")
    assert idp.asked == 2


def _depart(idp: Idp) -> str:
    async def leave() -> str:
        return (await idp.provider.depart()).url

    # A clock that stands still would stop an event loop that waits; this one never waits.
    return asyncio.run(leave())
