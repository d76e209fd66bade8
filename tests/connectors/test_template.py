"""The template of a format works as it stands: its own tests pass, and the command finds it once it is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[2] / "deploy" / "template"
LIST = (
    '{"opgesteld": "2026-04-14T08:00:00+02:00", "trajecten": '
    '[{"nummer": "P-17", "burgerservicenummer": "999900006", "gestart": "2026-01-08", "gestopt": null}]}'
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the template with the metadata an installer would write; no build tool is needed for that."""
    folder = tmp_path / "voorbeeldbron"
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = folder / "signal_index_voorbeeldbron-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: signal-index-voorbeeldbron\nVersion: 0.1.0\n"
    )
    (metadata / "entry_points.txt").write_text("[signal_index.flags]\nvoorbeeldbron = voorbeeldbron:FORMAT\n")
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tests_of_the_template_pass(installed: Path) -> None:
    ran = run(installed, "pytest", "-q", "-p", "no:cacheprovider", ".")
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


def test_the_command_finds_a_format_that_is_installed_beside_it(installed: Path) -> None:
    (installed / "lijst.json").write_text(LIST)
    command = "from connectors.cli import connector; connector()"
    ran = subprocess.run(
        [sys.executable, "-c", command, "read", "voorbeeldbron", "lijst.json", "--as-of", "2026-04-15"],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert '"outcome": "assert", "type": "participatie-traject", "since": "2026-01"' in ran.stdout
