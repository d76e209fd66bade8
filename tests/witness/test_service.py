"""The real process over real HTTP: the protocol, what strangers send, kills at any moment, and two at once."""

import http.client
import itertools
import json
import random
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from crypto.keyfiles import WitnessSecrets
from crypto.log.checkpoint import Checkpoint
from crypto.log.notes import add_signatures, open_note, sign
from crypto.log.witnessing import REQUEST_BYTES_MAX, AddCheckpoint
from crypto.witness.cli import witness
from crypto.witness.config import tag


def test_the_protocol_as_a_log_sees_it(service: Any, log: Any, own: Any, new_log: Any) -> None:
    service.start()
    before = int(time.time())
    answer = service.add(log.grow(5).request(0))
    assert (answer.status_code, answer.text[:2]) == (200, "— ")
    (found,) = open_note(add_signatures(log.note(), answer.text), [own]).signatures
    assert before <= (found.timestamp or 0) <= time.time()
    conflict = service.add(log.grow(4).request(4))
    assert (conflict.status_code, conflict.text) == (409, "5\n")
    assert conflict.headers["Content-Type"] == "text/x.tlog.size"
    assert service.add(log.request(5)).status_code == 200
    assert service.add(AddCheckpoint(9, (bytes(32),), log.note()).body).status_code == 422
    assert service.add(new_log().grow(1).request(0)).status_code == 403
    assert service.add(new_log("elders").grow(1).request(0)).status_code == 404
    assert service.add(b"old 9\n\n").status_code == 400
    # Old larger than new.
    assert service.add(b"old 10\n\n" + log.note()).status_code == 400
    other = service.add(log.cut(8).grow(1, "x").request(9))
    assert (other.status_code, other.text) == (409, "9\n")
    assert service.add(log.request(9)).json()["code"] == "log-refused"
    shown = service.get(f"/checkpoint/{tag(log.origin)}")
    assert Checkpoint.parse(open_note(shown.content, [own]).text) == log.checkpoint()
    assert service.get("/checkpoint/00").status_code == 404
    assert service.get("/v1/gereed").json() == {"status": "gereed", "getuige": own.name}
    figures = service.get("/metrics").text
    assert f'witness_log_size{{log="{tag(log.origin)}"}} 9\n' in figures
    assert f'witness_alarm_open{{log="{tag(log.origin)}",kind="fork"}} 1\n' in figures
    assert f'witness_alarm_open{{log="{tag(log.origin)}",kind="rollback"}} 0\n' in figures
    assert 'witness_answers_total{outcome="cosigned"} 2\n' in figures
    assert 'witness_answers_total{outcome="conflict"} 2\n' in figures
    assert service.stop() == 0
    lines = [line for line in service.log.read_text().splitlines() if "ready on" not in line]
    assert [json.loads(line)["event"] for line in lines] == ["alarm"]


def test_every_refusal_is_a_problem_document_that_repeats_nothing(service: Any, log: Any) -> None:
    service.start()
    secret = "999900006"
    answers = [
        service.add(f"old {secret}\n".encode()),
        service.add(sign(f"{secret}\n1\n{'A' * 43}=\n", "x", log.key)),
        service.add(b"old 0\n\n" + sign(f"{secret}\n1\n{'A' * 43}=\n", "x", log.key)),
        service.get(f"/checkpoint/{secret}"),
        service.get(f"/{secret}"),
        service.get("/add-checkpoint"),
        service.get("/v1/gereed/"),
        httpx.post(f"{service.address}/v1/gereed", content=secret, trust_env=False),
    ]
    assert [each.status_code for each in answers] == [400, 400, 404, 404, 404, 405, 404, 405]
    for each in answers:
        assert each.headers["Content-Type"] == "application/problem+json"
        assert each.json()["type"] == f"/problemen/{each.json()['code']}"
        assert secret not in each.text + str(each.headers)
    assert answers[5].headers["Allow"] == "POST"
    assert secret not in service.log.read_text()


def mangled(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(changed))
        what = chance.randrange(4)
        if what == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            del changed[at : at + chance.randint(1, 40)]
        elif what == 2:
            changed[at:at] = chance.choice([b"\n", b"\0", b"\r\n", b"\xff", b" ", b"old 0\n", "— ".encode()])
        else:
            changed[at:at] = changed[: chance.randint(1, 60)]
        changed = changed or bytearray(b"x")
    return bytes(changed)


def test_hostile_bodies_get_no_cosignature_and_stop_nothing(service: Any, log: Any) -> None:
    service.start()
    assert service.add(log.grow(100).request(0)).status_code == 200
    body = log.grow(37).request(100)
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    hostile = [
        b"", b"\n" * 5000, b"\0" * 100, b"old -1\n\n", b"old 00\n\n", b"old 99999999999999999999\n\n",
        b"old 100\r\n\r\n", b"old 100\n" + b"A" * 43 + b"=\n" * 64 + b"\n" + log.note(), b"\xff" * 2000,
        "— ".encode() * 20_000, b"old 100\n\n" + b"x\n" * 60_000, log.note(), body + b"\n", body[:-1], body + body,
    ]  # fmt: skip
    hostile += [mangled(body, chance) for _ in range(500)]
    good = {body}
    with httpx.Client(trust_env=False) as client:
        for each in hostile:
            if each not in good:
                answer = client.post(f"{service.address}/add-checkpoint", content=each)
                # A signature line of a stranger, or one twice, is no fault: the log's own still holds.
                is_whole = answer.status_code == 200 and _same_checkpoint(each, log)
                assert is_whole or answer.status_code in {400, 403, 404, 409, 422}, (seed, each)
    assert service.add(log.request(int(service.add(log.request(0)).text))).status_code == 200
    assert not list(service.config.with_name("evidence").iterdir()) or _only(service, "inconsistent"), seed


def _same_checkpoint(body: bytes, log: Any) -> bool:
    return bool(AddCheckpoint.read(body).checkpoint == log.checkpoint())


def _only(service: Any, kind: str) -> bool:
    """A mangled proof under a good signature looks like a log that cannot prove itself."""
    return all(each.name.endswith(kind) for each in service.config.with_name("evidence").iterdir())


def test_what_is_too_large_or_packed_is_not_read(service: Any, log: Any) -> None:
    service.start()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.putrequest("POST", "/add-checkpoint")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()
    connection.send(b"x" * (REQUEST_BYTES_MAX + 1))
    assert connection.getresponse().status == 413
    connection.close()
    compressed = httpx.post(
        f"{service.address}/add-checkpoint",
        content=log.grow(1).request(0),
        headers={"Content-Encoding": "gzip"},
        trust_env=False,
    )
    assert compressed.status_code == 400


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.long)])
def test_kills_at_any_moment_make_it_contradict_nothing_it_said(
    service: Any, log: Any, own: Any, kills: int
) -> None:
    """Every cosignature that left is kept here; after each kill a rewritten log is tried against all of them."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    given: list[tuple[int, bytes, int]] = []
    state = {"known": 0, "sent": 0}
    done = threading.Event()

    def show_growing() -> None:
        while not done.is_set():
            log.grow(chance.randint(0, 4))
            try:
                answer = service.add(log.request(state["known"]))
            except (httpx.HTTPError, ValueError):
                time.sleep(0.01)
                continue
            state["sent"] += 1
            if answer.status_code == 409:
                state["known"] = int(answer.text)
                continue
            assert answer.status_code == 200, answer.text
            (signature,) = open_note(add_signatures(log.note(), answer.text), [own]).signatures
            given.append((log.size, log.checkpoint().root, signature.timestamp or 0))
            state["known"] = log.size

    service.start()
    with ThreadPoolExecutor(1) as pool:
        growing = pool.submit(show_growing)
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 0.5))
            assert not growing.done(), growing.exception()
            service.stop(signal.SIGKILL)
            service.start()
        deadline = time.monotonic() + 60 + 5 * kills
        while state["sent"] < 40 * kills and not growing.done() and time.monotonic() < deadline:
            time.sleep(0.05)
        done.set()
        growing.result()
    assert len(given) > 20 * kills, seed
    for (size, _, at), (later, _, later_at) in itertools.pairwise(given):
        assert (size, at) <= (later, later_at), seed
    known = int(service.add(log.grow(1).request(0)).text)
    # At least all that was said; one more may have been written, its answer lost with the process.
    assert known >= given[-1][0], seed
    for size, root, _ in given:
        assert log.checkpoint(size).root == root
    # A log rewritten below what was said is refused in every way it can be shown.
    rewritten = log.cut(given[-1][0] - 1).grow(known, "x")
    for old, size in (
        (known, rewritten.size),
        (given[-1][0], rewritten.size),
        (known, known),
        (0, given[-1][0]),
    ):
        assert service.add(rewritten.request(min(old, size), size)).status_code in {403, 409, 422}
    assert {each.name.partition("-")[2] for each in service.config.with_name("evidence").iterdir()} >= {
        "fork"
    }


def test_of_two_trees_of_one_size_at_once_at_most_one_is_cosigned(service: Any, log: Any) -> None:
    service.start()
    log.grow(3)
    assert service.add(log.request(0)).status_code == 200
    others = [log.cut(3).grow(4, f"{n}-") for n in range(12)]
    barrier = threading.Barrier(len(others))

    def show(other: Any) -> int:
        barrier.wait()
        return int(service.add(other.request(3)).status_code)

    with ThreadPoolExecutor(len(others)) as pool:
        statuses = list(pool.map(show, others))
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 403, 409, 503}
    shown = service.get(f"/checkpoint/{tag(log.origin)}").content
    winner = others[statuses.index(200)]
    assert open_note(shown, [log.verifier]).text == winner.checkpoint().text


def test_two_views_are_caught_whoever_is_first(service: Any, log: Any) -> None:
    """The operator shows one tree to the witness and keeps another for somebody else: it gets one cosignature."""
    service.start()
    log.grow(10)
    other = log.cut(6).grow(9, "x")
    assert service.add(log.request(0)).status_code == 200
    assert service.add(other.request(10)).status_code == 422
    assert service.add(other.request(10, 10)).status_code == 409
    assert service.add(other.request(0)).status_code == 403


def refused(config: Path, *command: str) -> str:
    result = CliRunner().invoke(witness, [*(command or ("serve",)), "--config", str(config)])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "elders"}, "key of another witness than elders"),
        ({"name": ""}, "name: string_too_short"),
        ({"port": 70000}, "port: less_than_equal"),
        ({"prot": 1}, "prot: extra_forbidden"),
        ({"quiet_after_seconds": 0}, "quiet_after_seconds: greater_than_equal"),
        ({"keys": "absent.json"}, "absent.json does not exist"),
        ({"evidence": "witness.key"}, "cannot be made"),
        ({}, "witness init"),
    ],
)
def test_it_refuses_to_start_and_says_why(
    changes: dict[str, object], said: str, write_settings: Callable[..., Path]
) -> None:
    assert said in refused(write_settings(**changes))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("x", "name+id+base64"),
        ("witness", "a witness's and not a log's"),
        ("other", "of another log"),
        ("own", "has the key of this witness"),
        ("twice", "stands in the settings once"),
    ],
)
def test_keys_that_contradict_are_refused(
    key: str,
    said: str,
    write_settings: Callable[..., Path],
    log: Any,
    new_log: Any,
    secrets: WitnessSecrets,
    own: Any,
) -> None:
    config = write_settings()
    text = config.read_text()
    keys = {
        "x": "x",
        "witness": own.text,
        "other": new_log("elders").verifier.text,
        "own": new_log(log.origin, secrets.signing).verifier.text,
        "twice": log.verifier.text,
    }
    if key == "twice":
        text += text[text.index("[[logs]]") :]
    config.write_text(text.replace(log.verifier.text, keys[key]))
    assert said in refused(config)


def test_an_open_key_file_is_refused(write_settings: Callable[..., Path], tmp_path: Path) -> None:
    config = write_settings()
    (tmp_path / "witness.key").chmod(0o644)
    assert "chmod 600" in refused(config)


def test_an_address_that_is_taken_ends_the_start(service: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = service.config.read_text()
        service.config.write_text(text.replace("port = 0", f"port = {taken.getsockname()[1]}"))
        with pytest.raises(AssertionError):
            service.start()
        assert service.process.wait(15) == 2
