"""Signing in at a real identity provider in a process of its own, over real HTTP, and everything that goes wrong."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from deploy.demo.processes import Processes, Running, free_ports, wait_until_ready
from signal_index.usecases.workplace.sessions import SignedIn
from signal_index.web.app import Surface, create_app
from signal_index.web.identity import SECOND_FACTOR_ACR
from signal_index.web.provider import Provider, Relying

SUBSTANTIAL = "http://eidas.europa.eu/LoA/substantial"
NOW = int(time.time())
# What the provider says about each of these people; whatever stands here goes into the ID token as it is.
PEOPLE: dict[str, dict[str, Any]] = {
    "w.een": {"acr": SUBSTANTIAL, "name": "Wil Een", "email": "w.een@gemeente.example"},
    "w.twee": {"amr": ["pwd", "mfa"]},
    "t.lead": {"acr": "http://eidas.europa.eu/LoA/low", "amr": ["pwd"]},
    "w.onbekend": {"acr": SUBSTANTIAL},
    "a.audience": {"acr": SUBSTANTIAL, "aud": "another-client"},
    "a.both": {"acr": SUBSTANTIAL, "aud": ["index", "another-client"]},
    "a.party": {"acr": SUBSTANTIAL, "azp": "another-client"},
    "a.issuer": {"acr": SUBSTANTIAL, "iss": "https://another.example"},
    "a.expired": {"acr": SUBSTANTIAL, "exp": NOW - 3600},
    "a.old": {"acr": SUBSTANTIAL, "iat": NOW - 3600},
    "a.future": {"acr": SUBSTANTIAL, "iat": NOW + 3600},
    "a.nonce": {"acr": SUBSTANTIAL, "nonce": "another-sign-in"},
    "a.number": {"acr": SUBSTANTIAL, "nonce": 7},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Running]]:
    """The identity provider: its address and its process."""
    (port,) = free_ports(1)
    claims = [f"--user-claims={json.dumps({'sub': sub, **said})}" for sub, said in PEOPLE.items()]
    command = [str(Path(sys.executable).parent / "oidc-provider-mock"), f"--port={port}", *claims]
    with Processes() as processes:
        running = processes.start("provider", command, tmp_path_factory.mktemp("provider") / "log")
        wait_until_ready(running, f"http://127.0.0.1:{port}/.well-known/openid-configuration")
        yield f"http://127.0.0.1:{port}", running


class Person:
    """Somebody with a browser, at one site with one provider; cookies are kept, `Secure` or not, as on localhost."""

    def __init__(self, origin: str, http: httpx.Client) -> None:
        self.origin = origin
        self.http = http
        self.cookies: dict[str, str] = {}
        self.given: list[str] = []

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """One request; cookies go to the site only."""
        address = url if url.startswith("http") else self.origin + url
        headers = dict(options.pop("headers", {}))
        if address.startswith(self.origin):
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.http.request(method, address, headers=headers, **options)
        self.http.cookies.clear()
        if address.startswith(self.origin):
            self._keep(response)
        return response

    def _keep(self, response: httpx.Response) -> None:
        for line in response.headers.get_list("set-cookie"):
            self.given.append(line)
            name, _, value = line.partition(";")[0].partition("=")
            if "max-age=0" in line.lower() or "01 jan 1970" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def leave(self, path: str = "/inloggen/start") -> str:
        """Go to the provider; its address for this sign-in."""
        response = self.get(path)
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def consent(self, there: str, sub: str) -> str:
        """Sign in at the provider; the address it sends the browser back to."""
        response = self.http.post(there, data={"sub": sub})
        assert response.status_code == 302, response.text
        return str(response.headers["location"])

    def sign_in(self, sub: str, path: str = "/inloggen/start") -> httpx.Response:
        """The whole way."""
        return self.get(self.consent(self.leave(path), sub))


class Serving:
    """One site over HTTP."""

    def __init__(self, world: Any, house: Any, origin: str, http: httpx.Client) -> None:
        self.world = world
        self.house = house
        self.origin = origin
        self.http = http

    def person(self) -> Person:
        """Somebody with a fresh browser."""
        return Person(self.origin, self.http)

    def reasons(self) -> list[str]:
        """Why people did not come in, newest first."""
        return [str(record.fields["reason"]) for record in self.world.records("signin.refused")]


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """What carries requests; made once, since reading root certificates takes long."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def serve(
    world: Any, new_house: Callable[..., Any], provider: tuple[str, Running], http: httpx.Client
) -> Iterator[Callable[..., Serving]]:
    """Serves the site on a port of this machine; the clock is the real one, as the provider's is."""
    world.clock = datetime.now(UTC)
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(issuer: str = provider[0], **changed: Any) -> Serving:
        (port,) = free_ports(1)
        origin = f"http://127.0.0.1:{port}"
        chosen: dict[str, Any] = {
            "issuer": issuer,
            "client_id": "index",
            "client_secret": "geheim",
            "return_to": f"{origin}/inloggen/terug",
            "signed_out": f"{origin}/uitgelogd",
            "subject_claim": "sub",
            "second_factor_acr": SECOND_FACTOR_ACR,
            "second_factor_amr": frozenset({"mfa"}),
        }
        relying = Relying(**{**chosen, **changed})
        house = new_house(origin=origin, provider=Provider(relying, lambda: datetime.now(UTC)))
        app = create_app(world.desk, Surface.WORKERS, house.site)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return Serving(world, house, origin, http)

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def site(serve: Callable[..., Serving]) -> Serving:
    """The site with the provider as it should be."""
    return serve()


def test_a_worker_signs_in_and_stands_at_her_caseload(site: Serving) -> None:
    person = site.person()
    response = person.sign_in("w.een")
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert person.get("/").headers["location"] == "/caseload"
    page = person.get("/caseload")
    assert page.status_code == 200
    assert "Wil Een" in page.text
    opened = site.world.records("session.opened")
    assert [record.fields["actor"] for record in opened] == ["w.een"]


def test_the_way_to_the_provider_has_pkce_state_and_nonce_new_every_time(site: Serving) -> None:
    asked = [parse_qs(urlsplit(site.person().leave()).query) for _ in range(2)]
    assert asked[0]["response_type"] == ["code"]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["redirect_uri"] == [f"{site.origin}/inloggen/terug"]
    assert "openid" in asked[0]["scope"][0].split()
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name][0]) >= 43
        assert asked[0][name] != asked[1][name]


def test_the_cookies_are_locked_to_the_host_and_the_one_of_the_sign_in_goes_away(site: Serving) -> None:
    person = site.person()
    person.sign_in("w.een")
    assert set(person.cookies) == {"__Host-sessie"}
    for line in person.given:
        flags = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= flags, line
        assert not any(flag.startswith("domain") for flag in flags)
    kept = next(line for line in person.given if line.startswith("__Host-sessie"))
    assert "max-age" not in kept.lower()  # gone when the browser closes; the index ends the session itself


def test_a_second_factor_may_be_named_by_method_as_well(site: Serving) -> None:
    assert site.person().sign_in("w.twee").status_code == 303


def test_without_a_second_factor_nobody_comes_in_and_the_page_says_what_to_do(site: Serving) -> None:
    person = site.person()
    response = person.sign_in("t.lead")
    assert response.status_code == 403
    assert "tweede stap" in response.text
    assert "Opnieuw inloggen" in response.text
    assert person.cookies == {}
    assert site.reasons() == ["second-factor"]


def test_a_value_that_the_municipality_names_stands_for_a_second_factor(
    serve: Callable[..., Serving],
) -> None:
    site = serve(second_factor_amr=frozenset({"pwd"}))
    assert site.person().sign_in("t.lead").status_code == 303


def test_whoever_is_not_in_the_staff_table_does_not_come_in(site: Serving) -> None:
    response = site.person().sign_in("w.onbekend")
    assert response.status_code == 403
    assert "functioneel beheerder" in response.text
    assert site.reasons() == ["account"]
    assert site.world.records("session.opened") == []


def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(site: Serving) -> None:
    reasons = {
        sub: "id-token-old" if sub == "a.old" else "id-token" for sub in PEOPLE if sub.startswith("a.")
    }
    for sub in reasons:
        site.house.hire(sub, [])
        person = site.person()
        response = person.sign_in(sub)
        assert response.status_code == 403, sub
        assert person.cookies == {}
        # The page does not help whoever forged it.
        assert "token" not in response.text.lower()
    assert site.reasons() == list(reversed(reasons.values()))
    assert site.world.records("session.opened") == []


def test_a_return_with_another_state_lets_nobody_in(site: Serving) -> None:
    victim, attacker = site.person(), site.person()
    attackers_return = attacker.consent(attacker.leave(), "w.twee")
    victim.leave()
    response = victim.get(attackers_return)
    assert response.status_code == 403
    assert site.reasons() == []  # nobody proved that a sign-in began here
    assert site.world.records("session.opened") == []


def test_a_return_in_a_browser_that_never_left_lets_nobody_in(site: Serving) -> None:
    attacker = site.person()
    response = site.person().get(attacker.consent(attacker.leave(), "w.twee"))
    assert response.status_code == 403
    assert site.reasons() == []


def test_a_code_works_once_even_with_a_copy_of_the_cookie(site: Serving) -> None:
    person, thief = site.person(), site.person()
    there = person.leave()
    thief.cookies = dict(person.cookies)
    back = person.consent(there, "w.een")
    assert person.get(back).status_code == 303
    assert person.get(back).status_code == 403
    assert thief.get(back).status_code == 403
    assert site.reasons() == ["code"]
    assert len(site.world.records("session.opened")) == 1


def test_a_departure_brings_in_once_even_if_the_provider_would_take_its_code_twice(site: Serving) -> None:
    async def always(*_: object) -> SignedIn:
        return SignedIn("w.een", second_factor=True)

    person, thief = site.person(), site.person()
    back = person.consent(person.leave(), "w.een")
    thief.cookies = dict(person.cookies)
    site.house.site.provider.identify = always
    assert person.get(back).status_code == 303
    assert thief.get(back).status_code == 403
    assert site.reasons() == ["used-before"]


def test_a_changed_cookie_of_the_sign_in_counts_as_none(site: Serving) -> None:
    person = site.person()
    back = person.consent(person.leave(), "w.een")
    value = person.cookies["__Host-inloggen"]
    person.cookies["__Host-inloggen"] = ("A" if value[0] != "A" else "B") + value[1:]
    assert person.get(back).status_code == 403
    assert site.reasons() == []


def test_who_says_no_at_the_provider_hears_that(site: Serving) -> None:
    person = site.person()
    state = parse_qs(urlsplit(person.leave()).query)["state"][0]
    response = person.get(f"/inloggen/terug?error=access_denied&state={state}")
    assert response.status_code == 403
    assert "afgebroken" in response.text
    assert site.reasons() == ["denied"]


def test_who_comes_back_from_another_provider_than_she_left_for_does_not_come_in(site: Serving) -> None:
    person = site.person()
    back = person.consent(person.leave(), "w.een")
    assert person.get(f"{back}&iss=https://another.example").status_code == 403
    assert site.reasons() == ["another-provider"]


def test_a_provider_that_is_down_gives_a_page_that_says_to_try_again(serve: Callable[..., Serving]) -> None:
    (nobody,) = free_ports(1)
    site = serve(issuer=f"http://127.0.0.1:{nobody}")
    response = site.person().get("/inloggen/start?terug=/vervanging")
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert "de inlogdienst antwoordt niet" in response.text
    assert 'href="/inloggen/start?terug=%2Fvervanging"' in response.text


def test_a_provider_that_goes_down_while_she_is_there_lets_her_begin_again(
    serve: Callable[..., Serving], provider: tuple[str, Running]
) -> None:
    def goes_down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down", request=request)

    site = serve()
    person = site.person()
    back = person.consent(person.leave("/inloggen/start?terug=/vervanging"), "w.een")
    known = site.house.site.provider
    known._http = lambda: httpx.AsyncClient(transport=httpx.MockTransport(goes_down))
    response = person.get(back)
    assert response.status_code == 503
    assert 'href="/inloggen/start?terug=%2Fvervanging"' in response.text
    assert site.reasons() == ["sign-in-provider"]
    assert person.cookies == {}


def test_a_provider_that_calls_itself_otherwise_is_not_believed(
    serve: Callable[..., Serving], provider: tuple[str, Running]
) -> None:
    site = serve(issuer=provider[0].replace("127.0.0.1", "localhost") + "/")
    assert site.person().get("/inloggen/start").status_code == 503


def test_nothing_is_asked_of_the_provider_before_somebody_signs_in(serve: Callable[..., Serving]) -> None:
    (nobody,) = free_ports(1)
    site = serve(issuer=f"http://127.0.0.1:{nobody}")
    assert site.person().get("/inloggen").status_code == 200
    assert site.person().get("/caseload").status_code == 303


def test_after_signing_in_she_is_where_she_wanted_to_be(site: Serving) -> None:
    person = site.person()
    asked = person.get("/vervanging")
    assert asked.headers["location"] == "/inloggen?terug=%2Fvervanging"
    page = person.get(asked.headers["location"])
    start = page.text.partition('href="/inloggen/start')[2].partition('"')[0]
    assert person.sign_in("w.een", f"/inloggen/start{start}").headers["location"] == "/vervanging"


def test_a_deep_link_survives_the_sign_in_with_its_ticket(site: Serving) -> None:
    person = site.person()
    asked = person.get("/openen?kaartje=aaa.bbb.ccc&nog=iets")
    assert asked.headers["location"] == "/inloggen/start?terug=%2Fopenen%3Fkaartje%3Daaa.bbb.ccc"
    response = person.sign_in("w.een", asked.headers["location"])
    assert response.headers["location"] == "/openen?kaartje=aaa.bbb.ccc"
    assert person.get(response.headers["location"]).status_code == 403  # no entrance signed it


def test_a_way_back_that_is_not_ours_leads_to_the_beginning(site: Serving) -> None:
    person = site.person()
    there = person.leave("/inloggen/start?terug=//evil.example/caseload")
    assert person.get(person.consent(there, "w.een")).headers["location"] == "/"


def test_an_earlier_session_of_the_same_browser_ends_when_she_signs_in_again(site: Serving) -> None:
    person, old = site.person(), site.person()
    person.sign_in("w.een")
    old.cookies = dict(person.cookies)
    assert old.get("/caseload").status_code == 200
    person.sign_in("w.twee")
    assert person.cookies["__Host-sessie"] != old.cookies["__Host-sessie"]
    assert old.get("/caseload").status_code == 303


def test_a_secret_planted_before_the_sign_in_is_worth_nothing_after_it(site: Serving) -> None:
    planted = "A" * 43
    person, attacker = site.person(), site.person()
    person.cookies["__Host-sessie"] = attacker.cookies["__Host-sessie"] = planted
    person.sign_in("w.een")
    assert person.cookies["__Host-sessie"] != planted
    assert attacker.get("/caseload").status_code == 303


def test_signing_out_ends_the_session_clears_the_browser_and_goes_on_to_the_provider(
    site: Serving, provider: tuple[str, Running]
) -> None:
    person, copy = site.person(), site.person()
    person.sign_in("w.een")
    copy.cookies = dict(person.cookies)
    csrf = person.get("/caseload").text.partition('name="csrf" value="')[2].partition('"')[0]
    response = person.request(
        "POST", "/uitloggen", data={"csrf": csrf}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert response.status_code == 200
    assert response.headers["clear-site-data"] == '"cache", "storage"'
    assert person.cookies == {}
    assert copy.get("/caseload").status_code == 303
    way_out = response.headers["refresh"].removeprefix("0; url=")
    assert way_out.startswith(f"{provider[0]}/oauth2/end_session?")
    assert parse_qs(urlsplit(way_out).query)["post_logout_redirect_uri"] == [f"{site.origin}/uitgelogd"]
    assert person.http.get(way_out).status_code == 200
    assert len(site.world.records("session.closed")) == 1
    assert person.get("/uitgelogd").status_code == 200


def test_a_session_ends_by_itself_and_the_way_back_is_kept(site: Serving) -> None:
    person = site.person()
    person.sign_in("w.een")
    site.world.clock += timedelta(minutes=14)
    assert person.get("/caseload").status_code == 200
    site.world.clock += timedelta(minutes=16)
    response = person.get("/berichten")
    assert (response.status_code, response.headers["location"]) == (303, "/verlopen?terug=%2Fberichten")
    assert person.cookies == {}
    page = person.get(response.headers["location"])
    assert "/inloggen/start?terug=%2Fberichten" in page.text
    assert [record.fields["actor"] for record in site.world.records("session.closed")] == ["w.een"]


def test_a_session_ends_after_a_working_day_however_busy_she_is(site: Serving) -> None:
    person = site.person()
    person.sign_in("w.een")
    for _ in range(47):
        site.world.clock += timedelta(minutes=10)
        assert person.get("/caseload").status_code == 200
    site.world.clock += timedelta(minutes=10)
    assert person.get("/caseload").headers["location"].startswith("/verlopen")


def test_who_is_blocked_is_out_at_her_next_request(site: Serving) -> None:
    person = site.person()
    person.sign_in("w.een")
    site.house.block("w.een")
    response = person.get("/caseload")
    assert response.status_code == 401
    assert "account" in response.text
    assert person.cookies == {}
