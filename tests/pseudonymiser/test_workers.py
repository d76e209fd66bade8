"""Large batches go to worker processes: with the same outcome, and with nothing left behind when somebody dies."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from crypto.batch import Batch, max_bytes, verify_hop
from crypto.pseudonymiser.ledger import Ledger

N = 70


@pytest.fixture
def service(write_service: Callable[..., Path], new_process: Callable[[Path], Any]) -> Iterator[Any]:
    """Party A with two workers and large batches."""
    config = write_service("A", workers=2)
    text = config.read_text().replace("items_per_batch = 4", f"items_per_batch = {N}")
    config.write_text(text.replace("signaal = 40", f"signaal = {20 * N}"))
    Ledger.create(config.with_name("ledger.sqlite"), "A", datetime.now(UTC))
    made = new_process(config)
    made.start()
    yield made
    if made.process.poll() is None:
        made.stop(signal.SIGKILL)


def deliver(service: Any, parties: Any, sequence: int) -> httpx.Response:
    batch = parties.batch(n=N, sequence=sequence, composed_at=int(time.time()))
    headers = {"Content-Type": "application/octet-stream"}
    return httpx.post(
        f"{service.address}/v1/leveringen",
        content=batch.encode(),
        headers=headers,
        timeout=60,
        trust_env=False,
    )


def workers(service: Any) -> list[int]:
    """The multiplying processes, not the one that Python keeps beside them to clean up."""
    children = Path(f"/proc/{service.process.pid}/task").glob("*/children")
    listed = [int(pid) for each in children for pid in each.read_text(encoding="ascii").split()]
    return [pid for pid in listed if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_make_a_hop_that_verifies_and_end_with_their_service(
    service: Any, parties: Any, next_hop: Any
) -> None:
    assert deliver(service, parties, 1).status_code == 200
    verify_hop(Batch.decode(next_hop.got[0], max_bytes(N)), 0, parties.manifest)
    started = workers(service)
    assert len(started) == 2
    assert service.stop(signal.SIGTERM) == 0
    wait_until(lambda: not any(map(_runs, started)))


def test_workers_do_not_outlive_a_service_that_is_killed(service: Any, parties: Any) -> None:
    deliver(service, parties, 1)
    started = workers(service)
    assert started
    service.stop(signal.SIGKILL)
    wait_until(lambda: not any(map(_runs, started)))


def test_a_worker_that_dies_costs_nothing_but_another_try(service: Any, parties: Any, next_hop: Any) -> None:
    deliver(service, parties, 1)
    for worker in workers(service):
        os.kill(worker, signal.SIGKILL)
    response = deliver(service, parties, 2)
    if response.status_code != 200:
        assert (response.status_code, response.json()["code"]) == (503, "busy")
        response = deliver(service, parties, 2)
    assert response.status_code == 200
    verify_hop(Batch.decode(next_hop.got[-1], max_bytes(N)), 0, parties.manifest)


def _runs(pid: int) -> bool:
    """Whether a process is there and has not ended already."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
