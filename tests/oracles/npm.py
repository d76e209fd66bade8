"""Installs implementations by others from npm, below build/, and puts questions to them.

Where Node.js is absent or the packages cannot be had, the test that asks is skipped, with the reason.
"""

import fcntl
import filecmp
import json
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PLACE = "build/oracles"
INSTALLED = HERE.parents[1] / PLACE
FILES = (".npmrc", "package.json", "package-lock.json", "noble.mjs", "libpep.mjs")
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
INSTALL_SECONDS = 180
ANSWER_SECONDS = 900


def ask(oracle: str, questions: Iterable[tuple[str, Any]]) -> list[Any]:
    """Put questions, each a kind and its content, to `noble` or `libpep`; one process answers all.

    Neither questions nor answers are ever shown: they hold BSNs and pseudonyms.
    """
    if obstacle := _obstacle():
        pytest.skip(obstacle)
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    command = ("node", f"{oracle}.mjs")
    said = subprocess.run(
        command,
        cwd=INSTALLED,
        input=lines.encode(),
        stdout=subprocess.PIPE,
        timeout=ANSWER_SECONDS,
        check=False,
    )
    if said.returncode:
        pytest.fail(f"{oracle}.mjs stopped; why stands on standard error", pytrace=False)
    return [json.loads(line) for line in said.stdout.splitlines()]


@cache
def _obstacle() -> str | None:
    """Install what is not there yet; return why it cannot be, and what to do about it."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        return f"no {' and no '.join(missing)} here: install Node.js 20.19 or newer to ask the oracles"
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        # Until this block ends: a second test process waits for the first, and then finds all there.
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            _install_what_changed()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return f"npm cannot install the oracles: run `{' '.join(INSTALL)}` in {PLACE} to see why"
    return None


def _install_what_changed() -> None:
    # What did not change may be in use by another test process.
    for name in FILES:
        if not _same(HERE / name, INSTALLED / name):
            shutil.copyfile(HERE / name, INSTALLED / name)
    wanted, present = INSTALLED / "package-lock.json", INSTALLED / "node_modules" / "installed-from.json"
    if not _same(wanted, present):
        # npm removes all of node_modules first, so what fails half-way leaves no mark of success.
        subprocess.run(INSTALL, cwd=INSTALLED, capture_output=True, timeout=INSTALL_SECONDS, check=True)
        shutil.copyfile(wanted, present)


def _same(one: Path, other: Path) -> bool:
    return other.exists() and filecmp.cmp(one, other, shallow=False)
