"""Waiting, waking, stopping; and how long to wait after a fault."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.service.life import Backoff, Life, Stopping, Systemd


@pytest.fixture
def minded(life: Life) -> Iterator[Life]:
    """A life that minds signals; what the test runner does with them comes back afterwards."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    life.mind_signals()
    yield life
    for number, handler in kept.items():
        signal.signal(number, handler)


@given(
    asked=st.none() | st.floats(0, 10**7),
    faults=st.integers(1, 200),
    chance=st.floats(0, 1),
)
def test_waiting_grows_to_its_most_and_is_never_shorter_than_asked(
    asked: float | None, faults: int, chance: float
) -> None:
    backoff = Backoff(2, 900, lambda low, high: low + (high - low) * chance)
    for number in range(faults):
        usual = min(900, 2 * 2.0 ** min(number, 30))
        wanted = min(asked or 0, 86_400)
        seconds = backoff.failed(asked)
        assert max(usual / 2, wanted) <= seconds <= max(usual, wanted * 1.1) + 1e-6
    backoff.worked()
    assert backoff.failed() <= 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_rest_at_the_next_look(number: signal.Signals, minded: Life) -> None:
    threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
    with pytest.raises(Stopping):
        minded.rest(time.monotonic() + 60)
    with pytest.raises(Stopping):
        minded.beat()
    assert signal.getsignal(number) is signal.SIG_DFL, "a second one ends it on the spot"


def test_a_signal_does_not_wait_for_the_network(minded: Life) -> None:
    never = threading.Event()
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
    with pytest.raises(Stopping):
        minded.patiently(never.wait)
    never.set()


def test_who_is_woken_looks_at_once_and_only_once(life: Life) -> None:
    life.wake()
    life.wake()
    life.rest(time.monotonic() + 60)
    begin = time.monotonic()
    life.rest(begin + 0.05)
    assert time.monotonic() >= begin + 0.05


def test_what_a_patient_call_gives_or_raises_comes_back(life: Life) -> None:
    assert life.patiently(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        life.patiently(lambda: 1 // 0)


def test_a_call_that_never_ends_is_left_to_itself(life: Life) -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError):
        life.patiently(never.wait, 0.3)
    never.set()


@pytest.mark.parametrize("address", ["notify", "@signal-index-test-notify"])
def test_systemd_is_told_through_its_socket(address: str, tmp_path: Path) -> None:
    name = str(tmp_path / address) if address[0] != "@" else f"{address}-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name.replace("@", "\0"))
        heard.settimeout(5)
        systemd = Systemd(name, watchdog_seconds=1e-9)
        systemd.say("READY=1")
        systemd.show("busy")
        systemd.show("busy")
        systemd.works()
        assert [heard.recv(100) for _ in range(3)] == [b"READY=1", b"STATUS=busy", b"WATCHDOG=1"]


def test_without_systemd_or_with_a_dead_one_nothing_happens(tmp_path: Path) -> None:
    for address in (None, str(tmp_path / "gone")):
        Systemd(address, 1.0).say("READY=1")


def test_a_watchdog_of_another_process_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert Systemd.from_environment()._watchdog_seconds is None
    monkeypatch.delenv("WATCHDOG_PID")
    assert Systemd.from_environment()._watchdog_seconds == 1.0
