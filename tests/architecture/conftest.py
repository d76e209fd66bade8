"""What the architecture tests share: where the project is and which files belong to it."""

import subprocess
from pathlib import Path

import pytest

PRODUCT_FOLDERS = ("signal_index", "connectors", "policy", "crypto", "deploy")


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder with pyproject.toml."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tracked(project: Path) -> list[Path]:
    """Every file that is, or without more ado would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:  # an unpacked source archive has no git
        hidden = {".venv", "build", "dist", "__pycache__"}
        return [
            p for p in project.rglob("*") if p.is_file() and not hidden & set(p.relative_to(project).parts)
        ]
    return [path for name in listed.stdout.split("\0") if name and (path := project / name).is_file()]


@pytest.fixture(scope="session")
def product_code(project: Path, tracked: list[Path]) -> list[Path]:
    """The Python files that run outside the tests."""
    return [p for p in tracked if p.suffix == ".py" and p.relative_to(project).parts[0] in PRODUCT_FOLDERS]
