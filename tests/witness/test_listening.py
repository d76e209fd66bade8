"""Who connects and asks nothing takes nothing from those who do; and there is only so much in hand at once."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from crypto.witness import app, listening
from crypto.witness.app import create_app

MOST = 8


@pytest.fixture
def at(desk: Any, log: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(listening, "HEADER_SECONDS_MAX", 0.4)
    monkeypatch.setattr(listening, "CONNECTIONS_MAX", MOST)
    bound = listening.bound("127.0.0.1", 0)
    server = listening.server_for(create_app(desk.open(log.verifier), 900))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])), daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    bound.close()


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


@pytest.mark.parametrize("said", [b"", b"POST /add-ch"])
def test_who_sends_no_whole_head_is_hung_up_on(said: bytes, at: str) -> None:
    with connect(at) as end:
        end.sendall(said)
        begin = monotonic()
        assert is_hung_up_on(end)
        assert monotonic() - begin < 2


def test_a_head_that_drips_in_gets_no_more_time(at: str) -> None:
    def drip() -> None:
        for _ in range(40):
            end.sendall(b"P")
            sleep(0.05)

    with connect(at) as end, pytest.raises(ConnectionError):
        drip()


def test_there_are_only_so_many_connections_at_once(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # So long that a hang-up here is for the number, not for the head that nobody sends.
    monkeypatch.setattr(listening, "HEADER_SECONDS_MAX", 60)
    held = [connect(at) for _ in range(MOST)]
    with connect(at) as one_more:
        assert is_hung_up_on(one_more)
    for end in held:
        end.close()
    sleep(0.1)
    assert httpx.get(f"{at}/v1/gereed", trust_env=False).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "BODY_SECONDS_MAX", 0.3)
    with connect(at) as end:
        end.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nold")
        assert end.recv(65_536).startswith(b"HTTP/1.1 408")


def test_more_than_it_can_have_in_hand_is_sent_away(
    at: str, desk: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "WAITING_MAX", 2)
    log.grow(1)
    with ThreadPoolExecutor(4) as pool:
        # The memory is held, so whoever asks now waits.
        with desk.walk.memory.turn():
            asked = [
                pool.submit(
                    httpx.post, f"{at}/add-checkpoint", content=log.request(0), trust_env=False, timeout=20
                )
                for _ in range(4)
            ]
            while sum(each.done() for each in asked) < 2:
                sleep(0.02)
        answers = sorted(each.result().status_code for each in asked)
    assert answers == [200, 409, 503, 503]


def test_an_answer_leaves_at_once(at: str) -> None:
    """Without the protocol's name on the socket, every answer after the first on a connection takes 40 ms."""
    bound = listening.bound("127.0.0.1", 0)
    assert bound.proto == socket.IPPROTO_TCP
    bound.close()
    with httpx.Client(trust_env=False) as client:
        taken = []
        for _ in range(15):
            begin = monotonic()
            client.get(f"{at}/checkpoint/00")
            taken.append(monotonic() - begin)
    assert sorted(taken)[7] < 0.03
