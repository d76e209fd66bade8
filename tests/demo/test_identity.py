"""The demonstration's identity provider names its people, vouches for a second factor, and needs no other host."""

import json
import re
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.demo.identity.accounts import FILE, SUGGESTIONS, write_accounts
from deploy.demo.organisations import NOOR, STAFF
from deploy.demo.processes import Processes, free_ports, wait_until_ready
from deploy.demo.setting_up import IDENTITY_PROVIDER

ASKED = {
    "response_type": "code",
    "client_id": "signaalindex",
    "redirect_uri": "http://127.0.0.1:1/inloggen/terug",
    "scope": "openid profile email",
    "state": "s",
    "nonce": "n",
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The provider as a process of its own."""
    folder = tmp_path_factory.mktemp("provider")
    write_accounts(folder)
    (port,) = free_ports(1)
    with Processes() as processes:
        command = [sys.executable, str(IDENTITY_PROVIDER), str(port), str(folder / FILE)]
        running = processes.start("provider", command, folder / "service.log")
        wait_until_ready(running, f"http://127.0.0.1:{port}/.well-known/openid-configuration")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client


def claims_of(token: str) -> dict[str, object]:
    """What an ID token says; its signature is the product's to check."""
    payload = token.split(".")[1]
    found: dict[str, object] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def test_everybody_is_there_by_name_and_the_suggestions_come_first(provider: httpx.Client) -> None:
    page = provider.get("/oauth2/authorize", params=ASKED).text
    shown = re.findall(r"<strong>([^<]+)</strong>", page)
    assert sorted(shown) == sorted(employee.name for employee in STAFF)
    assert shown[: len(SUGGESTIONS)] == [each.employee.name for each in SUGGESTIONS]
    assert "Dit is een demonstratie" in page


def test_it_speaks_english_to_who_reads_that(provider: httpx.Client) -> None:
    page = provider.get("/oauth2/authorize", params=ASKED, headers={"Accept-Language": "en-GB"}).text
    assert '<html lang="en">' in page
    assert all(each.note_en in page for each in SUGGESTIONS)


@pytest.mark.parametrize(
    "path", ["/", "/oauth2/authorize", "/oauth2/end_session", "/oauth2/authorize?client_id=x"]
)
def test_no_page_asks_anything_of_another_host(provider: httpx.Client, path: str) -> None:
    page = provider.get(path, params=ASKED if path.endswith("authorize") else None).text
    assert "<h1>" in page
    assert not re.findall(r"(?:src|href|action)=.?(?:https?:)?//", page)


def test_it_vouches_for_a_second_factor_and_a_name(provider: httpx.Client) -> None:
    chosen = provider.post("/oauth2/authorize", params=ASKED, data={"sub": NOOR.staff_id})
    (code,) = parse_qs(urlsplit(chosen.headers["location"]).query)["code"]
    token = provider.post(
        "/oauth2/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": ASKED["redirect_uri"]},
        auth=(ASKED["client_id"], "any"),
    ).json()
    claims = claims_of(token["id_token"])
    assert claims["sub"] == NOOR.staff_id
    assert claims["name"] == NOOR.name
    assert str(claims["email"]).endswith(".invalid")
    assert claims["acr"] == "http://eidas.europa.eu/LoA/substantial"
    assert claims["amr"] == ["pwd", "mfa"]


def test_it_listens_on_the_one_address_nobody_else_can_reach(provider: httpx.Client) -> None:
    with pytest.raises(httpx.ConnectError):  # also this machine, but only for who listens on every address
        httpx.get(str(provider.base_url).replace("127.0.0.1", "127.0.0.2"), trust_env=False)
