"""The units that systemd starts are sound and shut off, and what the README shows are settings."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crypto.witness.config import Config

DEPLOY = Path(__file__).resolve().parents[2] / "deploy/witness"
INSTALLED = "/opt/signal-index/bin/signal-index"
EXPOSURE_MAX = 13
"""Tenths, of a hundred; a service without any hardening has 96."""
UNITS = ("signal-index-witness.service", "signal-index-witness-check.service")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with the units, starting the command that is installed here."""
    for name in (*UNITS, "signal-index-witness-check.timer"):
        text = (DEPLOY / name).read_text()
        assert name.endswith(".timer") or INSTALLED in text
        here = str(Path(sys.executable).with_name("signal-index"))
        (tmp_path / name).write_text(text.replace(INSTALLED, here))
    return tmp_path


def analyse(*arguments: object) -> subprocess.CompletedProcess[str]:
    assert shutil.which("systemd-analyze"), "install Debian's systemd, or run make test, which does"
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_finds_nothing_wrong_with_the_units(units: Path) -> None:
    result = analyse("verify", "--man=no", *units.iterdir())
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_systemd_would_say_so(units: Path) -> None:
    unit = units / UNITS[0]
    unit.write_text(unit.read_text().replace("NoNewPrivileges", "NoNewPrivilege"))
    assert "NoNewPrivilege" in analyse("verify", "--man=no", unit).stderr


@pytest.mark.parametrize("name", UNITS)
def test_the_units_leave_little_within_reach(units: Path, name: str) -> None:
    unit = units / name
    assert analyse("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit).returncode == 0
    bare = [line for line in unit.read_text().splitlines() if re.match(r"\[|Exec|Description|Type", line)]
    unit.write_text("\n".join(bare))
    assert analyse("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit).returncode != 0


def test_the_settings_of_the_readme_are_settings() -> None:
    (block,) = re.findall(
        r"^ *```toml\n(.*?)^ *```$", (DEPLOY / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    config = Config.model_validate(tomllib.loads(block))
    state = Path("/var/lib/signal-index-witness")
    assert {config.memory.parent, config.evidence.parent} == {state}
    assert "StateDirectory=signal-index-witness\n" in (DEPLOY / UNITS[0]).read_text()


@pytest.mark.parametrize("name", UNITS[1:])
def test_what_runs_beside_the_service_runs_as_it_does(name: str) -> None:
    of = re.compile(r"^((?:LoadCredential|DynamicUser|User|StateDirectory|UMask)=.*)$", re.MULTILINE)
    shared = of.findall((DEPLOY / UNITS[0]).read_text())
    assert len(shared) == 6
    assert of.findall((DEPLOY / name).read_text()) == shared
    by_hand = (DEPLOY / "by-hand.sh").read_text().replace("$settings", "/etc/signal-index/witness")
    assert not [line for line in shared if f"-p {line}" not in by_hand]
