"""Who connects and asks nothing takes nothing from those who do."""

import socket
from collections.abc import Iterator
from time import monotonic, sleep

import httpx
import pytest

from connectors.service import listening
from connectors.service.listening import ALIVE_PATH, Listening, figures_app

MOST = 8


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(listening, "HEADER_SECONDS_MAX", 0.4)
    monkeypatch.setattr(listening, "CONNECTIONS_MAX", MOST)
    serving = Listening([("127.0.0.1:0", figures_app(str, lambda: True, lambda: None))])
    serving.start()
    yield serving.addresses[0]
    serving.close()


def connect(at: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(at.rpartition(":")[2])), timeout=3)


def is_hung_up_on(end: socket.socket) -> bool:
    try:
        while end.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize("said", [b"", b"GET /v1/lev"])
def test_who_sends_no_whole_head_is_hung_up_on(said: bytes, at: str) -> None:
    with connect(at) as end:
        end.sendall(said)
        begin = monotonic()
        assert is_hung_up_on(end)
        assert monotonic() - begin < 2


def test_a_head_that_drips_in_gets_no_more_time(at: str) -> None:
    def drip() -> None:
        for _ in range(40):
            end.sendall(b"G")
            sleep(0.05)

    with connect(at) as end, pytest.raises(ConnectionError):
        drip()


def test_what_is_asked_behind_an_answer_that_came_is_waited_for_as_long(at: str) -> None:
    with httpx.Client() as http:
        for _ in range(4):
            assert http.get(at + ALIVE_PATH).status_code == 200
            sleep(0.2)
    with connect(at) as end:
        end.sendall(b"GET /v1/levend HTTP/1.1\r\nHost: x\r\n\r\n")
        assert end.recv(65_536).startswith(b"HTTP/1.1 200")
        end.sendall(b"GET /v1")
        assert is_hung_up_on(end)


def test_there_are_only_so_many_connections_at_once(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # So long that a hang-up here is for the number, not for the head that nobody sends.
    monkeypatch.setattr(listening, "HEADER_SECONDS_MAX", 60)
    held = [connect(at) for _ in range(MOST)]
    with connect(at) as one_more:
        assert is_hung_up_on(one_more)
    for end in held:
        end.close()
    sleep(0.1)
    assert httpx.get(at + ALIVE_PATH).status_code == 200
