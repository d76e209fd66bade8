"""The units of the index's daily jobs are sound and shut off, and start commands that exist."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from signal_index.cli import main
from signal_index.settings import MailSettings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy/index"
INSTALLED = "/opt/signal-index/bin/signal-index"
EXPOSURE_MAX = 20
"""Tenths, of a hundred; a service without any hardening has 96."""
JOBS = {"review": "review run", "review-mail": "review mail", "expire": "expire"}
WITH_NETWORK = {"review-mail"}


def service(job: str) -> str:
    return (DEPLOY / f"signal-index-{job}.service").read_text()


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with the units, starting the command that is installed here."""
    here = str(Path(sys.executable).with_name("signal-index"))
    for source in DEPLOY.glob("signal-index-*"):
        (tmp_path / source.name).write_text(source.read_text().replace(INSTALLED, here))
    return tmp_path


def analyse(*arguments: object) -> subprocess.CompletedProcess[str]:
    assert shutil.which("systemd-analyze"), "install Debian's systemd, or run make test, which does"
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_finds_nothing_wrong_with_the_units(units: Path) -> None:
    result = analyse("verify", "--man=no", *units.iterdir())
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize("job", JOBS)
def test_the_units_leave_little_within_reach(units: Path, job: str) -> None:
    unit = units / f"signal-index-{job}.service"
    assert analyse("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit).returncode == 0
    bare = [line for line in unit.read_text().splitlines() if re.match(r"\[|Exec|Description|Type", line)]
    unit.write_text("\n".join(bare))
    assert analyse("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit).returncode != 0


@pytest.mark.parametrize("job", JOBS)
def test_each_service_has_a_timer_and_starts_a_command_that_takes_these_words(job: str) -> None:
    (started,) = re.findall(rf"^ExecStart={INSTALLED} (.*)$", service(job), re.MULTILINE)
    words, _, config = started.partition(" --config ")
    assert (words, config) == (JOBS[job], "${CREDENTIALS_DIRECTORY}/index.toml")
    told = CliRunner().invoke(main, [*words.split(), "--help"])
    assert (told.exit_code, "--config" in told.output) == (0, True)
    timer = (DEPLOY / f"signal-index-{job}.timer").read_text()
    assert re.search(r"^OnCalendar=\*-\*-\* \d\d:\d\d ", timer, re.MULTILINE)
    assert "Persistent=true" in timer


def test_only_the_mail_reaches_the_network_and_the_rest_is_the_same() -> None:
    shut = {job: re.findall(r"^PrivateNetwork=yes$", service(job), re.MULTILINE) for job in JOBS}
    assert {job for job, found in shut.items() if not found} == WITH_NETWORK
    own = re.compile(
        r"^(#|\[|$|Description=|Exec|After=|Wants=|PrivateNetwork=|IPAddressDeny=|RestrictAddress)"
    )
    alike = {tuple(line for line in service(job).splitlines() if not own.match(line)) for job in JOBS}
    assert len(alike) == 1


def test_the_readme_shows_settings_that_exist() -> None:
    text = (DEPLOY / "README.md").read_text()
    blocks = [
        tomllib.loads(block)
        for block in re.findall(r"^ *```toml\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    ]
    stated = {name: value for block in blocks for name, value in block.items()}
    MailSettings.model_validate({"host": "h", "sender": "a@b.example", **stated.pop("mail")})
    credentials = re.findall(r"^LoadCredential=([^:]+):", service("review"), re.MULTILINE)
    assert {stated["keys"], stated["manifest"], "index.toml"} == set(credentials)
    assert Path(stated["database"]).parent == Path("/var/lib/signal-index")
