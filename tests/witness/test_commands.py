"""What a person does: make the key and the memory, look how the logs stand, compare a restored index, end an alarm."""

import signal
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crypto.keyfiles import WitnessSecrets
from crypto.log.notes import Verifier
from crypto.witness.cli import witness
from crypto.witness.config import tag
from crypto.witness.memory import Memory


def run(*arguments: object) -> Result:
    return CliRunner().invoke(witness, [str(each) for each in arguments])


@pytest.fixture
def say(service: Any) -> Callable[..., Result]:
    """Run a command on the settings of the service."""
    return lambda command, *arguments: run(command, *arguments, "--config", service.config)


def test_a_key_is_made_and_its_public_half_said(tmp_path: Path) -> None:
    made = run("keys", "--name", "fg.voorbeeld.example/getuige", "--out", tmp_path / "sleutels")
    assert made.exit_code == 0
    file = tmp_path / "sleutels/witness.key"
    assert file.stat().st_mode & 0o777 == 0o600
    own = Verifier.parse(made.stdout.strip())
    assert (own.name, own.is_cosigner) == ("fg.voorbeeld.example/getuige", True)
    secrets = WitnessSecrets.load(file)
    assert secrets.signing.public_key().public_bytes_raw() == own.encoded
    assert b64encode(secrets.signing.private_bytes_raw()).decode() not in made.output
    assert run("keys", "--name", "x", "--out", tmp_path / "sleutels").exit_code == 2
    assert WitnessSecrets.load(file).signing.private_bytes_raw() == secrets.signing.private_bytes_raw()


def test_a_name_that_cannot_sign_is_refused(tmp_path: Path) -> None:
    for name in ("", "met spatie", "met+plus"):
        assert run("keys", "--name", name, "--out", tmp_path).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_a_memory_is_made_once(write_settings: Callable[..., Path]) -> None:
    config = write_settings()
    assert run("init", "--config", config).exit_code == 0
    assert config.with_name("evidence").stat().st_mode & 0o777 == 0o700
    again = run("init", "--config", config)
    assert (again.exit_code, "never replaced" in again.stderr) == (2, True)
    assert run("status", "--config", config, "--check").exit_code == 0


def test_status_says_how_a_log_stands_while_the_witness_works(
    service: Any, log: Any, own: Any, say: Callable[..., Result]
) -> None:
    service.start()
    assert "cosigned last never" in say("status").stdout
    service.add(log.grow(5).request(0))
    shown = say("status").stdout
    root = b64encode(log.checkpoint().root).decode()
    assert f"size and root 5 {root}" in shown
    assert own.text in shown
    assert "grew last 20" in shown
    assert f"/checkpoint/{tag(log.origin)}" in shown
    quiet = say("status", "--check")
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "nothing is wrong\n")
    service.add(log.grow(5).request(5))
    history = [
        line.split()[1:] for line in say("status", "--history").stdout.splitlines() if "cosigned sig" in line
    ]
    assert [(each[0], each[2]) for each in history] == [("cosigned", "5"), ("cosigned", "10")]


def test_a_fork_stops_the_log_until_it_is_acknowledged(
    service: Any, log: Any, say: Callable[..., Result]
) -> None:
    service.start()
    service.add(log.grow(5).request(0))
    service.add(log.cut(4).grow(1, "x").request(5))
    found = say("status", "--check")
    assert found.exit_code == 1
    assert "ALARM: signaalindex/testregio/0f3a signed two different trees of one size" in found.stdout
    assert service.add(log.grow(1).request(5)).status_code == 403
    assert say("acknowledge", log.origin, "--reason", " ").exit_code == 2
    assert say("acknowledge", log.origin, "--reason", "met\nregel").exit_code == 2
    assert say("acknowledge", "elders", "--reason", "x").exit_code == 2
    assert service.add(log.request(5)).status_code == 403
    done = say("acknowledge", log.origin, "--reason", "sleutel was gelekt")
    assert (done.exit_code, "fork" in done.stdout) == (0, True)
    assert say("acknowledge", log.origin, "--reason", "nog eens").exit_code == 2
    assert service.add(log.request(5)).status_code == 200
    assert say("status", "--check").exit_code == 0
    assert "sleutel was gelekt" in say("status", "--history").stdout
    assert [each.name for each in service.config.with_name("evidence").iterdir()] == ["00000002-fork"]
    service.stop(signal.SIGKILL)
    service.start()
    assert service.add(log.request(6)).status_code == 200


@pytest.mark.parametrize(
    ("shown", "words"),
    [("rollback", "signed a smaller tree"), ("inconsistent", "did not show that it grew out of")],
)
def test_other_alarms_are_said_until_the_log_goes_on(
    shown: str, words: str, service: Any, log: Any, say: Callable[..., Result]
) -> None:
    service.start()
    service.add(log.grow(5).request(0))
    bad = {"rollback": log.cut(3).request(0), "inconsistent": log.cut(3).grow(9, "x").request(5)}
    service.add(bad[shown])
    found = say("status", "--check")
    assert (found.exit_code, words in found.stdout) == (1, True)
    service.add(log.grow(1).request(5))
    assert say("status", "--check").exit_code == 0


def quiet_service(service: Any, seconds: int) -> None:
    text = service.config.read_text()
    service.config.write_text(f"quiet_after_seconds = {seconds}\n{text}")


def test_a_log_that_shows_nothing_is_an_alarm(
    service: Any, log: Any, secrets: Any, say: Callable[..., Result]
) -> None:
    quiet_service(service, 60)
    path = service.config.with_name("memory.sqlite")
    path.unlink()
    Memory.create(path, secrets, int(time.time()) - 100)
    never = say("status", "--check")
    assert (never.exit_code, "no checkpoint that could be cosigned was ever" in never.stdout) == (1, True)
    service.start()
    service.add(log.grow(1).request(0))
    assert say("status", "--check").exit_code == 0
    assert 'kind="quiet"} 0' in service.get("/metrics").text


def test_a_log_that_falls_silent_is_an_alarm(desk: Any, log: Any) -> None:
    from crypto.witness.state import states  # noqa: PLC0415 - only here

    walk = desk.open(log.verifier)
    desk.clock.at += 5000
    walk.add_checkpoint(log.grow(1).request(0))
    for later, is_quiet in ((900, False), (901, True)):
        desk.clock.at += later
        (state,) = states(walk.memory, [log.origin], desk.clock(), 900)
        assert (state.is_quiet, state.silent_seconds, len(list(state.alarms()))) == (
            is_quiet,
            later,
            is_quiet,
        )
        desk.clock.at -= later


def test_a_clock_behind_is_an_alarm(service: Any, secrets: Any, say: Callable[..., Result]) -> None:
    path = service.config.with_name("memory.sqlite")
    path.unlink()
    Memory.create(path, secrets, int(time.time()) + 1000)
    found = say("status", "--check")
    assert (found.exit_code, "the clock of this machine" in found.stdout) == (1, True)


def test_a_restored_index_is_compared_with_what_was_cosigned(
    service: Any, log: Any, say: Callable[..., Result]
) -> None:
    def compare(tree: Any) -> tuple[int, str]:
        said = say("compare", log.origin, tree.size, b64encode(tree.root).decode())
        return said.exit_code, said.stdout

    service.start()
    assert compare(log.checkpoint()) == (1, f"nothing was ever cosigned for {log.origin}\n")
    for old in (0, 5, 10):
        service.add(log.grow(5).request(old))
    code, words = compare(log.checkpoint(10))
    assert (code, "5 later records are not in this tree" in words) == (0, True)
    assert compare(log.checkpoint())[0] == 0
    code, words = compare(log.cut(9).grow(1, "x").checkpoint())
    assert (code, "not the log as it was" in words) == (1, True)
    code, words = compare(log.checkpoint(12))
    assert (code, f" 10 {b64encode(log.checkpoint(10).root).decode()}\n" in words) == (1, True)
    assert say("compare", log.origin, 5, "x").exit_code == 2


def test_evidence_that_is_gone_from_the_folder_comes_back(
    service: Any, log: Any, say: Callable[..., Result]
) -> None:
    service.start()
    service.add(log.grow(5).request(0))
    service.add(log.cut(3).request(0))
    service.add(log.grow(1).request(5))
    (folder,) = service.config.with_name("evidence").iterdir()
    folder.rename(folder.with_name(f".{folder.name}"))
    assert say("status", "--check").exit_code == 0
    assert (folder / "presented").read_bytes() == log.cut(3).request(0)
    service.stop()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    service.start()
    assert (folder / "about.json").exists()
    service.config.with_name("evidence").rename(service.config.with_name("elders"))
    service.config.with_name("evidence").write_text("x")
    assert "evidence cannot be written" in say("status", "--check").stdout
