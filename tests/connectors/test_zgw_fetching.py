"""The look-up of a zaak, against a server on this machine that answers as a Zaken API does."""

import gzip
import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import zgw
from connectors.config import SetupFault
from connectors.formats import Unreachable
from connectors.reading import FileRefused, Observation, Quarantined, Reading
from connectors.zgw.fetching import (
    ANSWER_BYTES_MAX,
    PAGES_MAX,
    ZakenApi,
    zgw_token,
)
from connectors.zgw.following import follow
from connectors.zgw.options import ZgwOptions
from tests.support.messages import RECEIVED, message
from tests.support.zgw import NOTIFICATION, ROLE, SETTINGS, STATUS, ZAAK, ZAAK_ID, role

NOW: Final = datetime(2026, 4, 14, 8, tzinfo=UTC)
ROOT: Final = "/zaken/api/v1/"
PATH: Final = f"{ROOT}zaken/{ZAAK_ID}"
STATUS_PATH: Final = f"{ROOT}statussen/1"

Answer = tuple[int, Mapping[str, str], bytes | Iterable[bytes]]


@dataclass
class Zaken:
    """A Zaken API: what it answers per path, and what it was asked.

    Args:
        answers: status, headers and body, or a function of the query that gives them.
    """

    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.host}{ROOT}{path}"

    def notification(self, **changes: object) -> bytes:
        return json.dumps({**NOTIFICATION, "hoofdObject": self.host + PATH, **changes}).encode()


def answer(document: object, status: int = 200, **headers: str) -> Answer:
    return status, headers, json.dumps(document).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Zaken]:
    zaken = Zaken()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            zaken.asked.append(self.path)
            zaken.headers.append(dict(self.headers))
            found = zaken.answers.get(parts.path, answer({"title": "Niet gevonden.", "status": 404}, 404))
            status, headers, body = found(parse_qs(parts.query)) if callable(found) else found
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                for part in [body] if isinstance(body, bytes) else body:
                    self.wfile.write(part)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is inherited
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    zaken.port = listening.server_port
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield zaken
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def api(server: Zaken) -> Zaken:
    """The server, which has been asked nothing and answers about one zaak."""
    server.asked.clear()
    server.headers.clear()
    server.answers = {
        PATH: answer({**ZAAK, "url": server.host + PATH, "status": server.host + STATUS_PATH}),
        STATUS_PATH: answer(STATUS),
        f"{ROOT}rollen": answer({"count": 1, "next": None, "previous": None, "results": [ROLE]}),
    }
    return server


SECRET: Final = "een-geheim-van-minstens-32-tekens-lang"


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("secret") / "zgw.secret"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def bundle(api: Zaken, secret: Path) -> Callable[..., bytes]:
    """Follow a notification; by default the one about the zaak of this API."""
    asked = {"root": api.host + ROOT, "client_id": "connector", "secret": str(secret)}

    def run(notification: bytes | None = None, **settings: object) -> bytes:
        options = ZgwOptions.model_validate({**SETTINGS, "api": asked, **settings})
        return follow(message(notification or api.notification(), "bericht"), options).stream.read()

    return run


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client that asks nothing."""
    with httpx.Client(verify=False) as client:  # noqa: S501 - as it asks nothing
        yield client


Bundle = Callable[..., bytes]


def read(content: bytes, **settings: object) -> list[Reading]:
    return list(zgw.read(message(content, "bundle"), ZgwOptions.model_validate({**SETTINGS, **settings})))


def people(content: bytes) -> list[str]:
    readings = read(content)
    assert all(isinstance(seen, Observation) for seen in readings)
    return [seen.person.digits for seen in readings if isinstance(seen, Observation)]


def test_what_is_fetched_reads_as_the_zaak_it_is(bundle: Bundle, api: Zaken) -> None:
    (seen,) = read(bundle())
    assert isinstance(seen, Observation)
    assert (seen.type, seen.source, str(seen.start), seen.end) == (
        *("schuldhulptraject", "gemeente:0344", "2026-01-08", None),
    )
    assert seen.stated_on == RECEIVED  # fetched later, and never dated later than the notification
    assert [urlsplit(asked).path for asked in api.asked] == [PATH, f"{ROOT}rollen", STATUS_PATH]
    assert parse_qs(urlsplit(api.asked[1]).query) == {"zaak": [api.host + PATH]}


def test_what_the_standard_asks_of_a_request_is_on_every_one(bundle: Bundle, api: Zaken) -> None:
    bundle()
    assert {sent["Accept-Crs"] for sent in api.headers} == {"EPSG:4326"}
    (token,) = {sent["Authorization"].removeprefix("Bearer ") for sent in api.headers}
    assert jwt.decode(token, SECRET, ["HS256"])["client_id"] == "connector"


def test_nothing_is_kept_but_what_the_reader_reads(bundle: Bundle, api: Zaken) -> None:
    roles = [
        ROLE,
        role({"omschrijvingGeneriek": "behandelaar"}, bsn="999900018"),
        {"betrokkeneType": "medewerker"},
    ]
    api.answers[f"{ROOT}rollen"] = answer({"next": None, "results": roles})
    kept = bundle().decode()
    for secret in (
        "Voorbeeldstra",
        "echtscheiding",
        "999990342",
        "999900018",
        "1234AB",
        "crisis",
        "zeer_geheim",
    ):
        assert secret not in kept
    assert people(kept.encode()) == ["999900006"]


def test_the_roles_of_a_zaak_that_is_not_listed_are_not_asked_for(bundle: Bundle, api: Zaken) -> None:
    other = {"https://catalogi.example/zaaktypen/9": "jeugdhulp"}
    content = bundle(api.notification(kenmerken={}), zaaktypen=other)
    assert [urlsplit(asked).path for asked in api.asked] == [PATH]
    (seen,) = read(content, zaaktypen=other)
    assert isinstance(seen, Quarantined)
    assert seen.code == "zaaktype-unlisted"


def test_a_zaaktype_is_expanded_where_the_settings_name_one_by_its_identificatie(
    bundle: Bundle, api: Zaken
) -> None:
    def zaak(query: Mapping[str, list[str]]) -> Answer:
        inside = {"zaaktype": {"identificatie": "B0765", "omschrijving": "Schulden"}}
        return answer(
            {**ZAAK, "status": None, "_expand": inside if query == {"expand": ["zaaktype"]} else {}}
        )

    api.answers[PATH] = zaak
    settings = {"zaaktypen": {"B0765": "schuldhulptraject"}}
    content = bundle(**settings)
    assert [type(seen) for seen in read(content, **settings)] == [Observation]
    assert b"Schulden" not in content


def test_every_page_of_roles_is_read(bundle: Bundle, api: Zaken) -> None:
    def rollen(query: Mapping[str, list[str]]) -> Answer:
        page = int(query.get("page", ["1"])[0])
        following = api.url(f"rollen?page={page + 1}&zaak={query['zaak'][0]}")
        bsn = ("999900006", "999900018", "999990342")[page - 1]
        return answer({"next": following if page < 3 else None, "results": [role(bsn=bsn)]})

    api.answers[f"{ROOT}rollen"] = rollen
    assert people(bundle()) == ["999900006", "999900018", "999990342"]


def test_roles_without_end_are_a_fault(bundle: Bundle, api: Zaken) -> None:
    api.answers[f"{ROOT}rollen"] = answer({"next": api.url("rollen?page=2"), "results": [ROLE]})
    with pytest.raises(Unreachable):
        bundle()
    assert len(api.asked) == 1 + PAGES_MAX


def test_an_api_that_answers_with_the_roles_of_everybody_makes_nobody_a_client(
    bundle: Bundle, api: Zaken
) -> None:
    stranger = role({"zaak": api.url("zaken/00000000-0000-4000-8000-000000000099")}, bsn="999900018")
    api.answers[f"{ROOT}rollen"] = answer({"next": None, "results": [stranger, ROLE]})
    assert [getattr(seen, "code", None) for seen in read(bundle())] == ["record-malformed", None]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://169.254.169.254/zaken/api/v1/zaken/1",
        "https://127.0.0.1/zaken/api/v1/zaken/1",
        "//evil.example/zaken/api/v1/zaken/1",
        "{host}@evil.example/zaken/api/v1/zaken/1",
        "{host}.evil.example/zaken/api/v1/zaken/1",
        "{host}/zaken/api/v1/zaken/1/../../rollen",
        "{host}/zaken/api/v1/zaken/..%2f..%2fadmin",
        "{host}/zaken/api/v1/zaken/1?expand=rollen",
        "{host}/zaken/api/v1/zaken/1#x",
        "{host}/zaken/api/v1/zaken/",
        "{host}/zaken/api/v1/rollen/1",
        "{host}/zaken/api/v1",
        "{host}/zaken/api/v11/zaken/1",
        "{host}/catalogi/api/v1/zaken/1",
        "file:///etc/passwd",
        "http://[",
        "zaken/1\r\nX-Injected: 1",
    ],
)
def test_an_address_outside_the_api_is_not_asked(elsewhere: str, bundle: Bundle, api: Zaken) -> None:
    with pytest.raises(FileRefused):
        bundle(api.notification(hoofdObject=elsewhere.format(host=api.host)))
    assert api.asked == []


@given(text=st.text(st.characters()) | st.text("/.:@%?#\\zaken[]1", max_size=12), after_root=st.booleans())
def test_whatever_a_reference_is_only_a_zaak_under_the_root_is_asked(text: str, *, after_root: bool) -> None:
    root = "https://zaken.example/zaken/api/v1/"
    with httpx.Client(verify=False) as unused:  # noqa: S501 - it asks nothing
        api = ZakenApi(root, unused)
    try:
        path = api.path(
            f"{root}zaken/{text}" if after_root else text, re.compile(r"zaken/[A-Za-z0-9-]{1,64}")
        )
    except FileRefused:
        return
    assert re.fullmatch(r"zaken/[A-Za-z0-9-]+", path)


def test_half_a_character_in_an_answer_is_passed_on_as_it_is(bundle: Bundle, api: Zaken) -> None:
    api.answers[PATH] = (200, {}, json.dumps({**ZAAK, "status": None, "startdatum": "\ud800"}).encode())
    (seen,) = read(bundle())
    assert isinstance(seen, Quarantined)
    assert seen.code == "start-invalid"


def test_an_answer_that_points_elsewhere_is_not_followed(bundle: Bundle, api: Zaken) -> None:
    for path, document in (
        (PATH, {**ZAAK, "status": "http://169.254.169.254/zaken/api/v1/statussen/1"}),
        (f"{ROOT}rollen", {"next": "http://169.254.169.254/zaken/api/v1/rollen?page=2", "results": []}),
        (f"{ROOT}rollen", {"next": api.url("zaken?page=2"), "results": []}),
    ):
        before = api.answers[path]
        api.answers[path] = answer(document)
        with pytest.raises(FileRefused) as refused:
            bundle()
        assert refused.value.code == "fetch-outside"
        api.answers[path] = before


@pytest.mark.parametrize("path", [PATH, f"{ROOT}rollen", STATUS_PATH])
@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 412, 429, 500, 503, 204])
def test_a_fault_is_another_try_and_no_redirect_is_followed(
    path: str, status: int, bundle: Bundle, api: Zaken
) -> None:
    api.answers[path] = answer({"title": "x"}, status, Location=api.url("elders"), **{"Retry-After": "120"})
    with pytest.raises(Unreachable) as later:
        bundle()
    assert (later.value.code, later.value.retry_after_seconds) == ("source-fault", 120)
    assert not [asked for asked in api.asked if asked.endswith("elders")]


@pytest.mark.parametrize("after", ["", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "9" * 30])
def test_an_unreadable_wait_is_none(after: str, bundle: Bundle, api: Zaken) -> None:
    api.answers[PATH] = answer({}, 503, **{"Retry-After": after})
    with pytest.raises(Unreachable) as later:
        bundle()
    assert later.value.retry_after_seconds is None


@pytest.mark.parametrize("status", [404, 410])
def test_a_zaak_that_is_gone_is_for_a_person_to_look_at(status: int, bundle: Bundle, api: Zaken) -> None:
    api.answers[PATH] = answer({}, status)
    (seen,) = read(bundle())
    assert isinstance(seen, Quarantined)
    assert seen.code == "zaak-destroyed"


@pytest.mark.parametrize("path", [f"{ROOT}rollen", STATUS_PATH])
def test_that_the_rest_is_not_found_is_a_fault(path: str, bundle: Bundle, api: Zaken) -> None:
    api.answers[path] = answer({}, 404)
    with pytest.raises(Unreachable):
        bundle()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"<html>", b"\xff"),
        b'{"a": "' + b"x" * ANSWER_BYTES_MAX + b'"}',
    ],
)
def test_an_answer_that_is_no_bounded_strict_json_is_a_fault(body: bytes, bundle: Bundle, api: Zaken) -> None:
    for path in (PATH, f"{ROOT}rollen", STATUS_PATH):
        before = api.answers[path]
        api.answers[path] = (200, {}, body)
        with pytest.raises(Unreachable):
            bundle()
        api.answers[path] = before


def test_an_answer_without_end_is_not_waited_for(bundle: Bundle, api: Zaken) -> None:
    """It would go on for a gigabyte; what the network holds on the way is a few megabytes."""
    parts = iter([b" " * 65_536] * 16_384)
    api.answers[PATH] = (200, {}, parts)
    with pytest.raises(Unreachable):
        bundle()
    assert sum(1 for _ in parts) > 15_000


def test_an_answer_that_grows_when_it_is_unpacked_is_not_unpacked(bundle: Bundle, api: Zaken) -> None:
    packed = gzip.compress(b'{"a": "' + b"x" * 50_000_000 + b'"}')
    api.answers[PATH] = (200, {"Content-Encoding": "gzip"}, packed)
    with pytest.raises(Unreachable):
        bundle()
    assert {sent["Accept-Encoding"] for sent in api.headers} == {"identity"}


def test_an_api_that_does_not_answer_is_another_try(bundle: Bundle) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{unused.getsockname()[1]}{ROOT}"
        told = json.dumps({**NOTIFICATION, "hoofdObject": f"{root}zaken/1"}).encode()
        with pytest.raises(Unreachable) as later:
            bundle(told, api={"root": root})
    assert later.value.retry_after_seconds is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"resource": "zaak", "actie": "destroy"}, "zaak-destroyed"),
        ({"kanaal": "documenten"}, "another-subject"),
        ({"resource": "zaakobject"}, "another-subject"),
        ({"hoofdObject": None}, "look-up-needed"),
    ],
)
def test_a_notification_that_asks_for_no_look_up_asks_nothing(
    changes: Mapping[str, object], code: str, bundle: Bundle, api: Zaken
) -> None:
    told = api.notification(**changes)
    assert bundle(told) == told
    assert [getattr(seen, "code", None) for seen in read(told)] == [code]
    assert api.asked == []


@pytest.mark.parametrize("content", [b"[]", b"{}", b"{", b"x" * 100_000, json.dumps(ZAAK).encode()])
def test_what_is_no_notification_comes_back_as_it_went_in(content: bytes, bundle: Bundle, api: Zaken) -> None:
    assert bundle(content) == content
    assert api.asked == []


def test_a_secret_is_named_relative_to_the_settings_file(api: Zaken, secret: Path) -> None:
    settings = {**SETTINGS, "api": {"root": api.host + ROOT, "client_id": "c", "secret": secret.name}}
    follows = zgw.FORMAT.follower(settings, secret.parent)
    assert follows is not None
    assert people(follows(message(api.notification())).stream.read()) == ["999900006"]


def test_without_an_api_in_the_settings_nothing_is_asked(bundle: Bundle, api: Zaken) -> None:
    assert bundle(api=None) == api.notification()
    assert api.asked == []


@pytest.mark.parametrize("content", ["kort", None])
def test_a_secret_that_is_no_use_lets_the_notification_wait(
    content: str | None, bundle: Bundle, api: Zaken, tmp_path: Path
) -> None:
    if content:
        (tmp_path / "secret").write_text(content)
    asked = {"root": api.host + ROOT, "client_id": "c", "secret": str(tmp_path / "secret")}
    with pytest.raises(Unreachable, match="api-settings"):
        bundle(api=asked)
    assert api.asked == []


def test_a_role_that_was_taken_away_is_looked_up(bundle: Bundle, api: Zaken) -> None:
    first, *others = read(bundle(api.notification(resource="rol", actie="destroy")))
    assert isinstance(first, Quarantined)
    assert first.code == "role-removed"
    assert [type(seen) for seen in others] == [Observation]


def test_an_event_of_open_zaak_points_relative_to_its_api(bundle: Bundle) -> None:
    told = {"specversion": "1.0", "type": "nl.overheid.zaken.zaak-gemuteerd", "dataref": PATH, "data": {}}
    assert people(bundle(json.dumps(told).encode())) == ["999900006"]


@pytest.mark.parametrize(
    "root",
    [
        "http://openzaak.example/zaken/api/v1/",
        "https://user:secret@openzaak.example/",
        "https://openzaak.example/?x=1",
        "https:///zaken/",
        "openzaak.example",
        "ftp://127.0.0.1/",
    ],
)
def test_a_root_without_tls_or_with_more_than_a_path_is_refused(root: str, http: httpx.Client) -> None:
    with pytest.raises(SetupFault):
        ZakenApi(root, http)


def test_a_root_is_written_one_way(http: httpx.Client) -> None:
    written = {
        ZakenApi(root, http).root for root in ("https://Zaken.example:443/api", "https://zaken.example/api/")
    }
    assert written == {"https://zaken.example/api/"}


def test_a_token_says_which_system_asks_and_when() -> None:
    secret = "een-geheim-van-meer-dan-tweeendertig-bytes"
    token = zgw_token("signal-index", secret, NOW + timedelta(microseconds=1))
    claims = jwt.decode(token, secret, ["HS256"], options={"verify_iat": False})
    assert claims == {
        "iss": "signal-index",
        "iat": int(NOW.timestamp()),
        "client_id": "signal-index",
        "user_id": "signal-index",
        "user_representation": "signal-index",
    }


def test_a_secret_that_can_be_guessed_signs_nothing() -> None:
    with pytest.raises(SetupFault):
        zgw_token("signal-index", "geheim", NOW)
