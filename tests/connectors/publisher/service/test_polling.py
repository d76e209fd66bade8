"""A source is asked as it wants to be asked, and nothing but a good answer means anything."""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from connectors.config import Publication
from connectors.formats import Unreachable
from connectors.service import calling
from connectors.service.calling import Caller, transaction_number
from connectors.service.polling import Polling
from connectors.service.settings import OAuth, Poll, Running
from crypto.chain import Bsn

from .source import Authority, SourceServer, respond, write_key

PUBLICATIONS = (Publication(source="agb:99010011", type="wmo-voorziening", format="csv"),)


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def server(private_key: rsa.RSAPrivateKey) -> Iterator[SourceServer]:
    server = SourceServer(public_key=private_key.public_key())
    yield server
    server.close()


@pytest.fixture
def new_poll_desk(new_desk: Any, server: SourceServer, life: Any) -> Callable[..., Any]:
    """A connector that polls the server."""

    def make(**changes: Any) -> Any:
        settings = Poll(**({"url": f"{server.url}/lijst", "format": "csv", "every": 60} | changes))

        def inboxes(source: Any) -> list[Polling]:
            return [Polling("poll-1", settings, Caller(settings, source.clock), life, source.clock)]

        return new_desk(Running(poll=(settings,)), inboxes, publications=PUBLICATIONS)

    return make


@pytest.fixture
def oauth(server: SourceServer, tmp_path: Path, private_key: rsa.RSAPrivateKey) -> OAuth:
    server.needs_token = True
    key = write_key(tmp_path / "token.key", private_key)
    return OAuth(url=f"{server.url}/token", client_id=server.client, key=key, key_id="k1", scope="lezen")


def waits(desk: Any) -> float:
    """How long until the source is asked again."""
    at: float = desk.taking.inboxes[0].next_at
    return at - monotonic()


def test_an_answer_is_taken_in_and_says_the_source_is_in_sync(
    new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk(headers={"Accept": "text/csv"})
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    desk.look()
    assert (desk.wanted(), desk.in_sync()) == (1, desk.today)
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.headers["Accept"]) == ("GET", "/lijst", "text/csv")
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", asked.headers["traceparent"])
    assert 3500 < waits(desk) <= 3600


def test_a_source_that_has_nothing_new_is_asked_with_its_own_marks_and_stays_in_sync(
    new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk()
    server.etag, server.answer = '"v1"', lines((people[0], "t", "2026-01-01", ""))
    server.headers = {"Last-Modified": "Sun, 22 Nov 2026 07:00:00 GMT"}
    desk.look()
    desk.look()
    assert server.asked[1].headers["If-None-Match"] == '"v1"'
    assert server.asked[1].headers["If-Modified-Since"] == "Sun, 22 Nov 2026 07:00:00 GMT"
    assert 'messages_total{inbox="poll-1",format="csv",outcome="taken-in"} 1.0' in desk.shown()
    assert desk.taking.inboxes[0].is_complete(desk.today)


def test_marks_of_an_answer_that_could_not_be_read_are_forgotten(
    new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk()
    server.etag, server.answer = '"cut off"', lines((people[0], "t", "2026-01-01", ""))[:20]
    desk.look()
    assert (desk.wanted(), desk.in_sync()) == (0, None)
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    desk.look()
    assert "If-None-Match" not in server.asked[1].headers
    assert (desk.wanted(), desk.in_sync()) == (1, desk.today)


def test_with_a_watermark_it_asks_from_the_last_good_answer(
    new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk(url=f"{server.url}/lijst?vanaf=2020-01-01T00:00:00Z&soort=x", since="vanaf")
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    server.headers, server.etag = {"Date": "Sun, 22 Nov 2026 11:58:00 GMT"}, '"v1"'
    server.misbehave = lambda server, http: len(server.asked) == 2 and respond(http, 500, b"")
    for _ in range(3):
        desk.look()
    server.headers = {}
    for _ in range(2):
        desk.look()
    asked = [question.query["vanaf"] for question in server.asked]
    # The server's own clock counts, or else ours; five minutes are asked for twice, and a fault moves nothing.
    theirs, ours = ["2026-11-22T11:53:00Z"], ["2026-11-22T11:55:00Z"]
    assert asked == [["2020-01-01T00:00:00Z"], theirs, theirs, theirs, ours]
    assert all(question.query["soort"] == ["x"] for question in server.asked)
    assert not any("If-None-Match" in question.headers for question in server.asked)


def test_a_clock_at_the_source_that_runs_ahead_skips_nothing(
    new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk(since="vanaf")
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    for said in ("Fri, 01 Jan 2100 00:00:00 GMT", "Sun, 22 Nov 2026 13:00:00 +0200"):
        server.headers = {"Date": said}
        desk.look()
    desk.look()
    assert [each.query.get("vanaf") for each in server.asked] == [
        None,
        ["2026-11-22T11:55:00Z"],
        ["2026-11-22T10:55:00Z"],
    ]


@pytest.mark.parametrize("header", ["ETag", "Last-Modified", "Date"])
@pytest.mark.parametrize("said", ['"\xe9"', "Fri, 01 Jan 99999999999999999999 00:00:00 GMT", "x" * 5000])
def test_no_header_of_a_source_ends_the_service(
    header: str, said: str, new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk(since="vanaf" if header == "Date" else None)
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    server.headers = {header: said}
    desk.look()
    desk.look()
    assert len(server.asked) == 2
    assert desk.in_sync() == desk.today


@pytest.mark.parametrize("text", ["caf\xe9", "a\r\nb"])
def test_a_header_that_cannot_be_sent_is_refused_with_the_settings(text: str) -> None:
    with pytest.raises(ValidationError):
        Poll(url="https://bron.example", format="csv", every=60, headers={"Accept": text})


@pytest.mark.parametrize(
    ("misbehave", "code"),
    [
        (lambda _, http: respond(http, 500, b"Jansen 999900006"), "status-500"),
        (lambda _, http: respond(http, 404, b""), "status-404"),
        (lambda _, http: respond(http, 403, b""), "status-403"),
        (lambda _, http: respond(http, 401, b""), "status-401"),
        (lambda _, http: respond(http, 206, b"half"), "status-206"),
        (lambda _, http: respond(http, 304, b""), "status-304"),
        (lambda _, http: respond(http, 302, b"", {"Location": "http://127.0.0.1:9/"}), "redirect"),
        (lambda _, http: respond(http, 200, b"x" * 3000), "too-large"),
        (lambda _, http: respond(http, 200, b"x", {"Content-Encoding": "gzip"}), "compressed"),
        (lambda _, http: respond(http, 200, b"short", {"Content-Length": "2000"}), "no-answer"),
        (lambda _, http: http.wfile.write(b"garbage\r\n\r\n"), "no-answer"),
        (lambda _, http: http.connection.close(), "no-answer"),
        (lambda _, http: respond(http, 200, b"<html>storing</html>"), "columns-wrong"),
        (lambda _, http: respond(http, 200, b""), "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_but_a_good_answer_withdraws_nothing_and_shows_as_not_current(
    misbehave: Any, code: str, new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk(bytes_max=2000)
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    desk.look()
    server.misbehave = lambda server, http: (misbehave(server, http), True)[1]
    desk.look()
    assert desk.wanted() == 1
    assert not desk.taking.inboxes[0].is_complete(desk.today)
    assert f'inbox_faults_total{{inbox="poll-1",reason="{code}"}} 1.0' in desk.shown()
    assert 14 <= waits(desk) <= 30, "it is asked again soon"
    server.misbehave = lambda *_: False
    desk.look()
    assert desk.taking.inboxes[0].is_complete(desk.today)


def test_a_head_that_drips_in_is_broken_off(
    new_poll_desk: Any, server: SourceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(_: SourceServer, http: Any) -> bool:
        http.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        with suppress(OSError):
            for _second in range(400):
                http.wfile.write(b"a")
                sleep(0.05)
        return True

    monkeypatch.setattr(calling, "CALL_SECONDS_MAX", 0.5)
    server.misbehave = drip
    desk = new_poll_desk()
    begin = monotonic()
    desk.look()
    assert monotonic() - begin < 5
    assert 'reason="no-answer"} 1.0' in desk.shown()


def test_an_address_where_nobody_answers_is_a_fault_like_any_other(
    new_poll_desk: Any, server: SourceServer
) -> None:
    server.close()
    desk = new_poll_desk()
    desk.look()
    assert 'reason="no-connection"} 1.0' in desk.shown()
    assert desk.in_sync() is None


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("7200", 7200, 7920),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400, 95_040),  # patience, not oblivion
        ("soon", 15, 30),
        ("Fri, 01 Jan 99999999999999999999 00:00:00 GMT", 15, 30),
        ("-1", 15, 30),
    ],
)
def test_a_source_that_asks_for_patience_gets_it(
    said: str, least: float, most: float, new_poll_desk: Any, server: SourceServer
) -> None:
    desk = new_poll_desk(every=1)
    server.misbehave = lambda _, http: respond(http, 503, b"", {"Retry-After": said})
    desk.look()
    assert least - 1 <= waits(desk) <= most


# Who asks


def test_it_proves_who_it_is_with_an_assertion_that_is_used_once(
    new_poll_desk: Any, server: SourceServer, oauth: OAuth, lines: Any, people: list[Bsn]
) -> None:
    desk = new_poll_desk(token=oauth)
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    desk.source.clock.now = polling_now()
    desk.look()
    desk.look()
    assert len(server.assertions) == 1, "a token is used until it ends"
    server.tokens.clear()
    desk.look()
    assert len(server.assertions) == 2, "one the source no longer takes is renewed at once"
    assert 'outcome="taken-in"} 3.0' in desk.shown()
    server.token_seconds = 0
    server.tokens.clear()
    desk.look()
    desk.look()
    assert len({claims["jti"] for claims in server.assertions}) == 4


def polling_now() -> datetime:
    return datetime.now(UTC)


def test_an_assertion_of_another_key_gets_no_token_and_is_a_fault(
    new_poll_desk: Any, server: SourceServer, oauth: OAuth
) -> None:
    server.public_key = rsa.generate_private_key(65537, 2048).public_key()
    desk = new_poll_desk(token=oauth)
    desk.source.clock.now = polling_now()
    desk.look()
    assert 'reason="status-400"} 1.0' in desk.shown()
    assert not server.asked


def test_a_party_that_knows_it_by_certificate_gets_the_chain(
    oauth: OAuth, server: SourceServer, tmp_path: Path
) -> None:
    certificate, _ = Authority(tmp_path).issue("client")
    changed = oauth.model_copy(update={"certificate": certificate, "algorithm": "RS256"})
    seen: list[str] = []

    def claims(form: dict[str, str]) -> dict[str, Any]:
        seen.append(form["client_assertion"])
        return {"jti": ""}

    server._claims = claims  # type: ignore[method-assign] # this test looks for itself
    settings = Poll(url=server.url, format="csv", every=1, token=changed)
    Caller(settings, polling_now).ask({}, {}, transaction_number(polling_now()))
    header = jwt.get_unverified_header(seen[0])
    assert (header["alg"], header["kid"], len(header["x5c"])) == ("RS256", "k1", 1)


@pytest.mark.parametrize("broken", ["key", "missing", "body", "trust"])
def test_a_file_that_cannot_be_used_is_told_at_the_start(
    broken: str, oauth: OAuth, server: SourceServer, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("no PEM")
    all_changes: dict[str, dict[str, Any]] = {
        "key": {"token": oauth.model_copy(update={"key": wrong})},
        "missing": {"token": oauth.model_copy(update={"key": tmp_path / "gone"})},
        "body": {"method": "POST", "body": tmp_path / "gone"},
        "trust": {"trust": wrong},
    }
    settings = Poll(url=server.url, format="csv", every=1, **all_changes[broken])
    with pytest.raises(Unreachable):
        Caller(settings, polling_now).check()


def test_a_question_may_be_posted_and_go_through_an_outway(
    new_poll_desk: Any, server: SourceServer, tmp_path: Path, lines: Any, people: list[Bsn]
) -> None:
    (tmp_path / "vraag.xml").write_bytes(b"<vraag/>")
    desk = new_poll_desk(
        method="POST",
        body=tmp_path / "vraag.xml",
        headers={"Content-Type": "text/xml", "SOAPAction": '"vraag"'},
        fsc_grant_hash="$1$4$grant",
    )
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    desk.look()
    desk.look()
    first, second = server.asked
    assert (first.method, first.body, first.headers["SOAPAction"]) == ("POST", b"<vraag/>", '"vraag"')
    assert first.headers["Fsc-Grant-Hash"] == "$1$4$grant"
    numbers = [UUID(asked.headers["Fsc-Transaction-Id"]) for asked in (first, second)]
    assert [number.version for number in numbers] == [7, 7]
    assert numbers[0] != numbers[1]


def test_a_transaction_number_holds_its_moment() -> None:
    now = polling_now()
    number = transaction_number(now)
    assert (number.version, number.variant) == (7, UUID(int=0x2 << 62).variant)
    assert number.int >> 80 == int(now.timestamp() * 1000)


def test_both_sides_show_a_certificate_or_nothing_is_said(
    lines: Any, people: list[Bsn], tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(*authority.issue("server"))
    trust.load_verify_locations(tmp_path / "ca.pem")
    trust.verify_mode = ssl.CERT_REQUIRED
    certificate, key = authority.issue("client")
    server = SourceServer(trust=trust, answer=b"x")
    number = transaction_number(polling_now())

    def ask(**changes: Any) -> bytes:
        settings = Poll(url=server.url, format="csv", every=1, **changes)
        return Caller(settings, polling_now).ask({}, {}, number).body

    try:
        assert ask(certificate=certificate, key=key, trust=tmp_path / "ca.pem") == b"x"
        for changes in ({"trust": tmp_path / "ca.pem"}, {"certificate": certificate, "key": key}):
            with pytest.raises(Unreachable, match=r"no-connection|no-answer"):
                ask(**changes)
    finally:
        server.close()


def test_no_proxy_is_taken_from_the_environment(
    new_poll_desk: Any, server: SourceServer, lines: Any, people: list[Bsn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server.answer = lines((people[0], "t", "2026-01-01", ""))
    desk = new_poll_desk()
    desk.look()
    assert desk.wanted() == 1
