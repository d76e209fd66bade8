"""The whole walk over real processes: publisher, pseudonymisers A and B, and the index double behind HTTP."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from connectors.cli import commands, connector
from connectors.publisher import ChainFault, FirstHop
from crypto.batch import Batch, BatchClass, max_bytes
from crypto.chain import Bsn
from crypto.keyfiles import IndexSecrets

N = 8
KILLS = 15
OIN = "00000099000000000731"


@pytest.fixture
def hop(live_chain: Any, parties: Any) -> Iterator[FirstHop]:
    with FirstHop(live_chain.address, parties.manifest.index.verify_key) as opened:
        yield opened


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def in_the_middle(address: str, change: Callable[[Any, bytes], bytes], live_chain: Any) -> Iterator[str]:
    """A man in the middle between publisher and A, who changes what he passes on."""
    outer = type(live_chain.index)(live_chain.index.index)

    def answer(body: bytes) -> tuple[int, str, bytes]:
        changed = change(Batch.decode(body, max_bytes(N)), body)
        passed = httpx.post(
            f"{address}/v1/leveringen",
            content=changed,
            headers={"Content-Type": "application/octet-stream"},
            trust_env=False,
            verify=False,  # noqa: S501 - no TLS here
        )
        return passed.status_code, passed.headers["Content-Type"], passed.content

    outer.answer_with = answer
    yield f"http://127.0.0.1:{outer.port}"
    outer.close()


def test_flags_travel_through_both_hops_and_are_acknowledged(
    source: Any, hop: FirstHop, live_chain: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(*(observe(person) for person in people[:20]))
    sent = source.publisher.send(hop)
    assert set(live_chain.index.index.flags) == {
        (parties.pseudonym(person), "agb:99010011", "wmo-voorziening") for person in people[:20]
    }
    assert sent.last_sequence == live_chain.index.index.next_sequence - 1


def test_a_refused_row_is_named_through_both_hops(
    source: Any, hop: FirstHop, live_chain: Any, observe: Any, people: list[Bsn]
) -> None:
    live_chain.index.index.refuses = lambda row: (
        "malformed-row" if str(getattr(row, "since", "")) == "2026-04" else None
    )
    source.ingest(observe(people[0]), observe(people[1], "2026-04-01"))
    assert source.publisher.send(hop).quarantined == {"malformed-row": 1}
    assert len(live_chain.index.index.flags) == 1


@pytest.mark.parametrize("lost", ["index", "answer"])
def test_what_could_not_be_delivered_goes_later(
    lost: str, source: Any, hop: FirstHop, live_chain: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(hop)
    source.ingest(observe(people[1]))
    index = live_chain.index

    def fail(body: bytes) -> tuple[int, str, bytes]:
        if lost == "answer":
            index.index.deliver(Batch.decode(body, max_bytes(N)))
        return 500, "text/plain", b"out of order"

    index.answer_with = fail
    with pytest.raises(ChainFault, match="next-hop-unavailable"):
        source.publisher.send(hop)
    index.answer_with = None
    source.publisher.send(hop)
    assert len(index.index.flags) == 2
    sequences = [sequence for _, sequence, _ in index.index.applied]
    assert sequences == list(range(1, len(sequences) + 1))


@pytest.mark.parametrize(
    "answer",
    [
        (200, "application/octet-stream", b"garbage"),
        (409, "application/octet-stream", b""),
        (200, "text/html", b"<html>maintenance</html>"),
        (302, "text/plain", b""),
        (400, "application/problem+json", b'{"code": "malformed"}'),
        (403, "application/problem+json", b"[" * 5000),
        (200, "application/octet-stream", bytes(2_000_000)),
    ],
    ids=["garbage", "empty", "page", "redirect", "problem", "nested", "huge"],
)
def test_an_answer_the_index_did_not_sign_changes_nothing(
    answer: tuple[int, str, bytes],
    source: Any,
    hop: FirstHop,
    live_chain: Any,
    observe: Any,
    people: list[Bsn],
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(hop)
    source.ingest(observe(people[1]))
    live_chain.index.answer_with = lambda _: answer
    standing = source.state.standing()
    with pytest.raises(ChainFault):
        source.publisher.send(hop)
    assert source.state.standing() == standing
    assert len(source.state.spool.frozen().rows) == 1
    live_chain.index.answer_with = None
    source.publisher.send(hop)
    assert len(live_chain.index.index.flags) == 2


def test_an_acknowledgement_signed_with_another_key_is_not_accepted(
    source: Any, live_chain: Any, observe: Any, people: list[Bsn]
) -> None:
    stranger = IndexSecrets.generate("testregio", 1, created=date(2026, 1, 1))
    source.ingest(observe(people[0]))
    with (
        FirstHop(live_chain.address, stranger.public().verify_key) as hop,
        pytest.raises(ChainFault, match="answer-unverifiable"),
    ):
        source.publisher.send(hop)
    assert not source.state.standing().is_introduced


def test_a_hop_that_is_down_is_told_apart_and_nothing_is_lost(
    source: Any, hop: FirstHop, live_chain: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(hop)
    source.ingest(observe(people[1]))
    with (
        FirstHop(f"http://127.0.0.1:{free_port()}", parties.manifest.index.verify_key) as nowhere,
        pytest.raises(ChainFault, match="no-connection"),
    ):
        source.publisher.send(nowhere)
    live_chain.b.stop(signal.SIGKILL)
    try:
        with pytest.raises(ChainFault, match=r"next-hop-unavailable \(said by A\)"):
            source.publisher.send(hop)
    finally:
        live_chain.b.start()
    source.publisher.send(hop)
    assert len(live_chain.index.index.flags) == 2


@pytest.mark.parametrize("part", ["c0", "sheet", "header", "signature"])
def test_a_change_on_the_way_is_refused_and_nothing_is_applied(
    part: str, source: Any, live_chain: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    def change(batch: Batch, body: bytes) -> bytes:
        where = {
            "c0": body.index(batch.c0) + 3,
            "sheet": body.index(batch.sheet) + 1000,
            "header": body.index(batch.header.scope.encode() + b"\0") - 1,
            "signature": body.index(batch.signature) + 1,
        }[part]
        return body[:where] + bytes([body[where] ^ 1]) + body[where + 1 :]

    source.ingest(observe(people[0]))
    with (
        in_the_middle(live_chain.address, change, live_chain) as address,
        FirstHop(address, parties.manifest.index.verify_key) as hop,
        pytest.raises(ChainFault, match=r"signature|malformed"),
    ):
        source.publisher.send(hop)
    assert not live_chain.index.index.applied


def test_a_recording_played_again_gets_the_stored_answer_and_is_applied_once(
    source: Any, hop: FirstHop, live_chain: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    recorded: list[Batch] = []

    class Recorder:
        def deliver(self, batch: Batch) -> Any:
            recorded.append(batch)
            return hop.deliver(batch)

    source.ingest(observe(people[0]))
    source.publisher.send(Recorder())
    applied = list(live_chain.index.index.applied)
    for batch in recorded:
        if batch.header.batch_class is BatchClass.PROEF:
            with pytest.raises(ChainFault, match="replayed"):
                hop.deliver(batch)
        else:
            assert hop.deliver(batch).digest == batch.digest
    assert live_chain.index.index.applied == applied


# Commands


def run(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_publish_prints_counts_and_only_counts(
    live_chain: Any, people: list[Bsn], tmp_path: Path, write_iwmo: Any, write_config: Any
) -> None:
    config = write_config(tmp_path, live_chain.address)
    product = {"ToewijzingNummer": "1", "Begindatum": "2026-01-05", "StatusAanlevering": "1"}
    clients = [(person.digits, [product]) for person in people[:3]] + [("123456789", [product])]
    file = tmp_path / f"start-{people[0].digits}.xml"
    file.write_bytes(write_iwmo("wmo305", clients))
    assert run(commands.init, config).exit_code == 0
    assert run(commands.init, config).exit_code == 2
    result = run(commands.publish, config, "iwmo", file, "--as-of", "2026-11-20")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:4] == [
        "messages: 1 read, 0 refused",
        "trajecten: 3",
        "flags: 3 to assert, 0 to withdraw",
        "quarantined: 1 (bsn-invalid 1)",
    ]
    assert len(live_chain.index.index.flags) == 3
    listed = run(connector, "quarantine", "list", config)
    assert "bsn-invalid  start-#########.xml" in listed.stdout
    status = json.loads(run(connector, "status", config, "--json").stdout)
    assert status["streams"][0]["live"] == 3
    everything = result.output + listed.output + run(connector, "status", config).output
    assert not any(person.digits in everything for person in people)


def test_a_refused_file_ends_with_two_and_a_silent_chain_with_three(
    live_chain: Any, people: list[Bsn], tmp_path: Path, write_iwmo: Any, write_config: Any
) -> None:
    config = write_config(tmp_path, live_chain.address)
    run(commands.init, config)
    broken = tmp_path / "broken.xml"
    broken.write_bytes(write_iwmo("wmo305", [])[:-20])
    assert run(commands.publish, config, "iwmo", broken).exit_code == 2
    assert run(commands.publish, config, "iwmo", tmp_path / "absent.xml").exit_code == 2
    config.write_text(config.read_text().replace(live_chain.address, f"http://127.0.0.1:{free_port()}"))
    result = run(commands.publish, config, "iwmo")
    assert result.exit_code == 3
    assert "run `connector send` again" in result.stderr
    config.write_text(re.sub("first_hop = .*", f'first_hop = "{live_chain.address}"', config.read_text()))
    assert run(commands.send, config).exit_code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("dev", "production"), "first_hop must be an https address"),
        (('state = "state.sqlite"', 'state = "elsewhere.sqlite"'), "connector init"),
        (("items_per_batch = 8", "items_per_batch = 0"), "items_per_batch: greater_than_equal"),
        (
            ("items_per_batch = 8", "items_per_batch = 8\nitem_per_batch = 8"),
            "item_per_batch: there is no such setting",
        ),
        ((OIN, "00000099000000000999"), "another publisher"),
        (("http://", "file:///"), "first_hop: value_error"),
    ],
    ids=["production", "no state", "number", "unknown", "publisher", "address"],
)
def test_a_wrong_setting_says_what_is_wrong(
    change: tuple[str, str], said: str, tmp_path: Path, write_config: Any
) -> None:
    config = write_config(tmp_path, "http://127.0.0.1:9")
    config.write_text(config.read_text().replace(*change))
    result = run(commands.send, config)
    assert result.exit_code == 2
    assert said in result.stderr


def test_in_production_nothing_is_sent_with_a_manifest_nobody_pinned(
    tmp_path: Path, write_config: Any
) -> None:
    config = write_config(tmp_path, "https://a.example")
    config.write_text(config.read_text().replace('"dev"', '"production"'))
    result = run(commands.send, config)
    assert (result.exit_code, "manifest_fingerprint is not set" in result.stderr) == (2, True)
    config.write_text(f'manifest_fingerprint = "{"00" * 32}"\n' + config.read_text())
    assert "not the pinned manifest" in run(commands.send, config).stderr


def test_a_day_in_the_future_is_refused(tmp_path: Path, write_config: Any) -> None:
    config = write_config(tmp_path, "http://127.0.0.1:9")
    assert "future" in run(commands.publish, config, "iwmo", "--as-of", "2099-01-01").stderr


# Killing


def wait_for_deliveries(index: Any, count: int, child: int) -> None:
    """Wait until this many more batches have reached the index, or the child has ended."""
    until, deadline = index.delivered + count, time.monotonic() + 10
    while index.delivered < until and time.monotonic() < deadline and Path(f"/proc/{child}").exists():
        time.sleep(0.001)


@pytest.mark.parametrize("seed", [20261122])
def test_a_publisher_killed_while_sending_loses_and_doubles_nothing(
    seed: int,
    live_chain: Any,
    parties: Any,
    observe: Any,
    people: list[Bsn],
    tmp_path: Path,
    new_source: Any,
    write_config: Any,
) -> None:
    folder = tmp_path / "killed"
    source = new_source(folder, first_hop=live_chain.address)
    config = write_config(folder, live_chain.address)
    config.write_text(
        config.read_text().replace("agb:98980001", "agb:99010011") + "[[publications]]\n"
        'source = "kvk:99030055"\ntype = "schuldhulptraject"\n'
    )
    chance = random.Random(seed)
    forker = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("forker.py")), str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert forker.stdin is not None
    assert forker.stdout is not None
    index = live_chain.index.index
    expected = set()
    endings = []
    try:
        for turn in range(KILLS):
            begin = 8 * turn
            source.ingest(*(observe(person) for person in people[begin : begin + 8]))
            if turn:
                source.ingest(
                    *(
                        observe(p, end="2026-11-01", stated="2026-11-02")
                        for p in people[begin - 8 : begin - 5]
                    )
                )
            source.state.close()
            expected |= set(people[begin : begin + 8])
            expected -= set(people[begin - 8 : begin - 5]) if turn else set()
            forker.stdin.write("go\n")
            forker.stdin.flush()
            child = int(forker.stdout.readline())
            wait_for_deliveries(index, chance.randrange(5), child)
            time.sleep(chance.uniform(0, 0.015))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            endings.append(int(forker.stdout.readline()))
            source = source.reopen()
        source.state.close()
        deliveries = index.delivered
        forker.stdin.write("go\n")
        forker.stdin.flush()
        forker.stdout.readline()
        assert forker.stdout.readline() == "0\n"
    finally:
        forker.communicate(timeout=10)
    assert {key[0] for key in index.flags} == {parties.pseudonym(person) for person in expected}
    assert [sequence for _, sequence, _ in index.applied] == list(range(1, len(index.applied) + 1))
    assert endings.count(-signal.SIGKILL) >= KILLS // 2, endings
    assert deliveries >= KILLS, "it was killed while it was getting somewhere"
    stored = b"".join(path.read_bytes() for path in folder.glob("state.sqlite*"))
    assert not any(person.digits.encode() in stored for person in people)


def test_the_logs_of_both_hops_name_no_person_and_no_item(
    source: Any, hop: FirstHop, live_chain: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(*(observe(person) for person in people[:8]))
    source.publisher.send(hop)
    for service in (live_chain.a, live_chain.b):
        text = service.log.read_text()
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        assert any(
            line.get("publisher") == OIN and line["items"] == N and line["status"] == 200 for line in lines
        )
        assert not [person for person in people if person.digits in text]
        assert {key for line in lines for key in line} <= {
            "at", "level", "event", "party", "instance", "publisher", "class", "items", "status", "code",
            "milliseconds", "kind", "logger", "text", "counting_against",
        }  # fmt: skip


def test_a_quota_that_is_used_up_stops_the_publisher_and_a_retry_costs_nothing(
    live_chain: Any,
    parties: Any,
    observe: Any,
    people: list[Bsn],
    tmp_path: Path,
    new_source: Any,
    small: Any,
) -> None:
    index = live_chain.index.index
    index.parties = replace(parties, publisher=small.secrets)
    source = new_source(tmp_path / "small", secrets=small.secrets)
    source.ingest(*(observe(person) for person in people[:40]))
    with FirstHop(live_chain.address, parties.manifest.index.verify_key) as hop:
        for _ in range(3):
            with pytest.raises(ChainFault, match=r"quota-exceeded \(said by A\).*tomorrow"):
                source.publisher.send(hop)
    assert len(index.applied) == 3, "three batches fit"
    assert len(source.state.spool.frozen().rows) == N
    source.state.close()


def test_a_batch_size_that_was_not_agreed_says_so(
    source: Any,
    live_chain: Any,
    parties: Any,
    observe: Any,
    people: list[Bsn],
    new_source: Any,
    tmp_path: Path,
) -> None:
    other = new_source(tmp_path / "other", items_per_batch=N // 2)
    other.ingest(observe(people[0]))
    with (
        FirstHop(live_chain.address, parties.manifest.index.verify_key) as hop,
        pytest.raises(ChainFault, match="items_per_batch"),
    ):
        other.publisher.send(hop)
    other.state.close()
