"""The real process: settings it refuses, a clean start and end, and quotas that survive a kill."""

import json
import signal
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from crypto.batch import BatchClass
from crypto.errors import KeyFault
from crypto.keyfiles import PseudonymiserSecrets, PublisherSecrets
from crypto.pseudonymiser.cli import pseudonymiser
from crypto.pseudonymiser.config import Config, Place

N = 4
SIGNED = {"Content-Type": "application/octet-stream"}


def post(service: Any, body: bytes) -> httpx.Response:
    url = f"{service.address}/v1/leveringen"
    return httpx.post(url, content=body, headers=SIGNED, trust_env=False, verify=False, timeout=20)  # noqa: S501 - no TLS here


def test_a_kill_forgets_nothing_and_a_signal_ends_it_cleanly(service: Any, parties: Any) -> None:
    now = int(time.time())
    service.start()
    codes = []
    for number in range(14):
        if number == 8:
            service.stop(signal.SIGKILL)
            service.start()
        response = post(service, parties.batch(sequence=1 + number, composed_at=now).encode())
        codes.append(200 if response.status_code == 200 else response.json()["code"])
    assert codes == [200] * 10 + ["quota-exceeded"] * 4
    assert post(service, parties.batch(sequence=2, composed_at=now).encode()).status_code == 200
    assert service.stop(signal.SIGTERM) == 0
    lines = [line for line in service.log.read_text().splitlines() if "ready on" not in line]
    assert [json.loads(line)["status"] for line in lines] == [200] * 10 + [429] * 4 + [200]


def refused(config: Path, *command: str) -> str:
    result = CliRunner().invoke(pseudonymiser, [*(command or ("serve",)), "--config", str(config)])
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"environment": "production"}, "next_hop must be an https address"),
        ({"environment": None, "next_hop": "https://b.example"}, "manifest_fingerprint is not set"),
        ({"environment": "test"}, "environment: literal_error"),
        ({"party": "C"}, "party: literal_error"),
        ({"party": "B"}, "keys of the other party"),
        ({"next_hop": "ftp://elders"}, "next_hop: value_error"),
        ({"next_hop": "http://user:secret@elders"}, "next_hop: value_error"),
        ({"port": 70000}, "port: less_than_equal"),
        ({"prot": 1}, "prot: extra_forbidden"),
        ({"keys": "absent.json"}, "absent.json does not exist"),
        ({"manifest": "keys.json"}, "keys.json"),
        ({}, "ledger init"),
    ],
)
def test_it_refuses_to_start_and_says_why(
    changes: dict[str, object], said: str, write_service: Callable[..., Path]
) -> None:
    config = write_service("A")
    text = "\n".join(
        line for line in config.read_text().splitlines() if line.partition(" = ")[0] not in changes
    )
    added = [f"{name} = {value!r}" for name, value in changes.items() if value is not None]
    config.write_text("\n".join([*added, text]))
    message = refused(config)
    assert said in message
    assert "secret" not in message


def test_the_ledger_is_made_once_by_command(write_service: Callable[..., Path]) -> None:
    config = write_service("A")
    result = CliRunner().invoke(pseudonymiser, ["ledger", "init", "--config", str(config)])
    assert result.exit_code == 0
    assert "exists already" in refused(config, "ledger", "init")


def test_keys_that_the_manifest_does_not_pin_are_refused(
    write_service: Callable[..., Path], parties: Any, tmp_path: Path
) -> None:
    config = write_service("A")
    (tmp_path / "keys.json").unlink()
    stranger = PseudonymiserSecrets.generate("A", parties.b.public(), created=date(2026, 1, 1))
    stranger.save(tmp_path / "keys.json")
    assert "pins other keys" in refused(config)


def test_key_files_others_can_read_are_refused(write_service: Callable[..., Path], tmp_path: Path) -> None:
    config = write_service("A")
    (tmp_path / "keys.json").chmod(0o644)
    assert "chmod 600" in refused(config)


def test_every_publisher_has_a_few_trials_a_day_and_no_class_it_was_not_granted(
    write_service: Callable[..., Path],
) -> None:
    [publisher] = Place.load(Config.read(write_service("A"))).publishers.values()
    assert publisher.daily_quota == {BatchClass.SIGNAAL: 40, BatchClass.PROEF: 96}


def test_a_publisher_registered_under_another_number_is_refused(write_service: Callable[..., Path]) -> None:
    config = write_service("A")
    config.write_text(
        config.read_text().replace("oin = '00000099000000000731'", "oin = '00000099000000000732'")
    )
    with pytest.raises(KeyFault, match="not the key of publisher"):
        Place.load(Config.read(config))


def test_a_second_key_of_a_publisher_is_read_beside_the_first_and_must_be_its_own(
    write_service: Callable[..., Path], tmp_path: Path
) -> None:
    config = write_service("A")
    [publisher] = Place.load(Config.read(config)).publishers.values()
    assert len(publisher.verify_keys) == 1
    config.write_text(config.read_text() + "next_verify_key = 'next.json'\n")
    for oin in ("00000099000000000731", "00000099000000000732"):
        following = PublisherSecrets.generate(oin, created=date(2026, 3, 3)).public()
        (tmp_path / "next.json").unlink(missing_ok=True)
        following.save(tmp_path / "next.json")
        if oin.endswith("1"):
            [publisher] = Place.load(Config.read(config)).publishers.values()
            assert publisher.verify_keys[1].public_bytes_raw() == following.verify_key.public_bytes_raw()
        else:
            with pytest.raises(KeyFault, match="not the key of publisher"):
                Place.load(Config.read(config))


def test_a_config_that_is_no_toml_is_refused_without_its_content(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("environment = dev 999900006")
    message = refused(config)
    assert "is not TOML" in message
    assert "999900006" not in message
