"""The unit that systemd starts is sound and shut off, and what its README shows are settings."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connectors.config import Config

DEPLOY = Path(__file__).resolve().parents[4] / "deploy/connector"
INSTALLED = "/opt/signal-index/bin/signal-index"
EXPOSURE_MAX = 15
"""Tenths, of a hundred; a service without any hardening has 96."""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, starting the command that is installed here."""
    copy = tmp_path / "signal-index-connector.service"
    text = (DEPLOY / copy.name).read_text()
    assert INSTALLED in text
    copy.write_text(text.replace(INSTALLED, str(Path(sys.executable).with_name("signal-index"))))
    return copy


def analyse(*arguments: object) -> subprocess.CompletedProcess[str]:
    assert shutil.which("systemd-analyze"), "install Debian's systemd, or run make test, which does"
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    result = analyse("verify", "--man=no", unit)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_systemd_would_say_so(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("NoNewPrivileges", "NoNewPrivilege"))
    assert "NoNewPrivilege" in analyse("verify", "--man=no", unit).stderr


def test_the_unit_leaves_little_within_reach(unit: Path) -> None:
    assert analyse("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit).returncode == 0
    bare = [line for line in unit.read_text().splitlines() if re.match(r"\[|Exec|Description|Type", line)]
    unit.write_text("\n".join(bare))
    assert analyse("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit).returncode != 0


def test_the_settings_of_the_readme_are_settings() -> None:
    (block,) = re.findall(
        r"^```toml\n(.*?)^```$", (DEPLOY / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    config = Config.model_validate(tomllib.loads(block), context={"folder": Path("/run/credentials/x")})
    assert config.running.formats == ("iwmo", "ddas")
    assert list(config.running.unsafe()) == []
    assert config.poll[0].token is not None
    assert config.poll[0].token.key == Path("/run/credentials/x/token.key")


def test_what_is_done_by_hand_runs_as_the_service_does(unit: Path) -> None:
    by_hand = (DEPLOY / "by-hand.sh").read_text()
    shared = re.findall(
        r"^((?:LoadCredential|DynamicUser|User|StateDirectory|UMask)=.*)$", unit.read_text(), re.MULTILINE
    )
    said = by_hand.replace("$settings", "/etc/signal-index/connector")
    assert len(shared) == 7
    assert not [line for line in shared if f"-p {line}" not in said]
