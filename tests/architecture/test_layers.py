"""Imports follow the layers of `.importlinter`, and each of its contracts is shown to be able to fail."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

# A project in miniature that keeps every contract: frameworks at the edge, and arrows that point down.
SKELETON = {
    "connectors/iwmo.py": "import signal_index.model, signal_index.errors, crypto.chain",
    "signal_index/cli/__init__.py": "import click, signal_index.wiring, crypto.verifier.cli",
    "signal_index/cli/issuer.py": "import signal_index.insecure_issuer",
    "signal_index/wiring.py": "import signal_index.web, signal_index.store, signal_index.settings, httpx",
    "signal_index/web/__init__.py": "",
    "signal_index/web/pages/__init__.py": "",
    "signal_index/web/pages/administration.py": "import starlette, signal_index.usecases.sources",
    "signal_index/usecases/sources.py": "import signal_index.ports",
    "signal_index/usecases/reading.py": "import signal_index.ports",
    "signal_index/usecases/relations.py": "import signal_index.ports",
    "signal_index/usecases/delivery.py": "import signal_index.ports",
    "signal_index/web/api.py": "import fastapi, signal_index.usecases.look_up, signal_index.wire",
    "signal_index/store/__init__.py": "",
    "signal_index/store/tables.py": "import sqlalchemy, signal_index.ports",
    "signal_index/settings.py": "import pydantic",
    "signal_index/insecure_issuer.py": "import crypto.chain, pathlib",
    "signal_index/usecases/__init__.py": "",
    "signal_index/usecases/look_up.py": "import signal_index.enforcement, signal_index.audit, crypto.chain",
    "signal_index/usecases/administration.py": "import signal_index.audit, signal_index.ports",
    "signal_index/enforcement.py": "import policy.pdp, signal_index.ports",
    "signal_index/audit.py": "import signal_index.ports",
    "signal_index/ports.py": "import signal_index.model",
    "signal_index/model.py": "import crypto.chain, policy.vocabulary",
    "signal_index/wire.py": "import pydantic, signal_index.model",
    "signal_index/errors.py": "",
    "policy/pdp.py": "import policy.vocabulary, cedarpy",
    "policy/telling/__init__.py": "",
    "policy/telling/explain.py": "import policy.pdp",
    "policy/upkeep/__init__.py": "",
    "policy/upkeep/cases.py": "import policy.pdp",
    "policy/proving/__init__.py": "import policy.vocabulary",
    "signal_index/cli/rules/__init__.py": "import policy.upkeep.cases, policy.proving",
    "policy/vocabulary.py": "",
    "crypto/answers.py": "",
    "crypto/batch.py": "",
    "crypto/group.py": "",
    "crypto/inquiry.py": "",
    "crypto/sealing.py": "",
    "crypto/sheet.py": "",
    "crypto/tokens.py": "",
    "crypto/log.py": "import hashlib",
    "crypto/verifier/__init__.py": "",
    "crypto/verifier/cli.py": "import click, pathlib, zipfile, crypto.log",
    "crypto/chain.py": "import ctypes, hashlib",
    "crypto/keyfiles/__init__.py": "",
    "crypto/keyfiles/document.py": "import pathlib, crypto.chain",
    "crypto/pseudonymiser/__init__.py": "",
    "crypto/pseudonymiser/app.py": "import starlette, sqlite3, logging, os, crypto.keyfiles",
    "crypto/witness/__init__.py": "",
    "crypto/witness/app.py": "import starlette, sqlite3, logging, os, crypto.keyfiles",
}

# One wrong line per row: (module that gets it, the line, what the linter must say).
PLANTED = [
    ("signal_index/usecases/a.py", "import connectors.iwmo", "signal_index.usecases.a -> connectors.iwmo"),
    ("crypto/a.py", "import policy.vocabulary", "crypto.a -> policy.vocabulary"),
    ("policy/a.py", "import crypto.chain", "policy.a -> crypto.chain"),
    ("policy/b.py", "import signal_index.model", "policy.b -> signal_index.model"),
    (
        "signal_index/store/a.py",
        "import signal_index.usecases.look_up",
        "signal_index.store.a -> signal_index.usecases.look_up",
    ),
    (
        "signal_index/web/a.py",
        "import signal_index.store.tables",
        "signal_index.web.a -> signal_index.store.tables",
    ),
    (
        "signal_index/audit/a.py",
        "import signal_index.enforcement",
        "signal_index.audit.a -> signal_index.enforcement",
    ),
    ("signal_index/odds_and_ends.py", "", "- signal_index.odds_and_ends"),
    ("crypto/b.py", "import os", "crypto.b -> os"),
    ("crypto/c.py", "import logging", "crypto.c -> logging"),
    ("crypto/d.py", "import crypto.pseudonymiser.app", "crypto.d -> crypto.pseudonymiser.app"),
    (
        "signal_index/cli/a.py",
        "import crypto.pseudonymiser.app",
        "signal_index.cli.a -> crypto.pseudonymiser.app",
    ),
    ("crypto/e.py", "import crypto.witness.app", "crypto.e -> crypto.witness.app"),
    (
        "crypto/pseudonymiser/a.py",
        "import crypto.witness.app",
        "crypto.pseudonymiser.a -> crypto.witness.app",
    ),
    (
        "signal_index/usecases/e.py",
        "import crypto.verifier.cli",
        "signal_index.usecases.e -> crypto.verifier.cli",
    ),
    ("crypto/verifier/a.py", "import crypto.tokens", "crypto.verifier.a -> crypto.tokens"),
    ("policy/c.py", "import hmac", "policy.c -> hmac"),
    ("policy/d.py", "import jwt", "policy.d -> jwt"),
    ("policy/e.py", "import policy.pdp", "policy.e -> policy.pdp"),
    ("policy/f.py", "import policy.proving", "policy.f -> policy.proving"),
    (
        "signal_index/usecases/f.py",
        "import policy.upkeep.cases",
        "signal_index.usecases.f -> policy.upkeep.cases",
    ),
    ("signal_index/usecases/b.py", "import policy.pdp", "signal_index.usecases.b -> policy.pdp"),
    ("signal_index/usecases/c.py", "import fastapi", "signal_index.usecases.c -> fastapi"),
    ("signal_index/usecases/d.py", "import sqlalchemy", "signal_index.usecases.d -> sqlalchemy"),
    ("signal_index/web/b.py", "import sqlalchemy", "signal_index.web.b -> sqlalchemy"),
    ("signal_index/store/b.py", "import starlette", "signal_index.store.b -> starlette"),
    ("signal_index/model/a.py", "import signal_index.wire", "signal_index.model.a -> signal_index.wire"),
    ("signal_index/ports/a.py", "import pydantic", "signal_index.ports.a -> pydantic"),
    (
        "signal_index/usecases/administration/a.py",
        "import signal_index.usecases.reading",
        "signal_index.usecases.administration.a -> signal_index.usecases.reading",
    ),
    ("connectors/a.py", "import signal_index.store.tables", "connectors.a -> signal_index.store.tables"),
    (
        "connectors/b.py",
        "import signal_index.usecases.look_up",
        "connectors.b -> signal_index.usecases.look_up",
    ),
    (
        "signal_index/web/pages/administration/a.py",
        "import signal_index.usecases.reading",
        "signal_index.web.pages.administration.a -> signal_index.usecases.reading",
    ),
    ("connectors/c.py", "import policy.vocabulary", "connectors.c -> policy.vocabulary"),
]

DECISION_TYPES = {"Decision", "TypeOutcome"}


def lint(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter as `make lint` does, on the packages in this folder."""
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("lint-imports")),
            "--no-logo",
            "--no-cache",
            "--config",
            str(config),
        ],
        cwd=folder,
        env=os.environ | {"COLUMNS": "400", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, files: dict[str, str]) -> Path:
    """Lay out packages; a module that gets children becomes a package with the same content."""
    for name in files:
        if (parent := name.rpartition("/")[0] + ".py") in files:
            files = {parent.replace(".py", "/__init__.py") if k == parent else k: v for k, v in files.items()}
    for package in ("signal_index", "connectors", "policy", "crypto"):
        files = files | {f"{package}/__init__.py": ""}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return folder


def taken_from_the_decision_point(source: str) -> set[str]:
    """What a module of policy takes from policy.pdp, and so could hand on without the linter noticing."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name == "policy.pdp"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == "pdp":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names if alias.name == "pdp"}
    return names


@pytest.fixture(scope="module")
def planted_report(project: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    files = SKELETON | {name: line for name, line, _ in PLANTED}
    broken = lint(write(tmp_path_factory.mktemp("planted"), files), project / ".importlinter")
    assert broken.returncode == 1
    return broken.stdout


def test_the_imports_of_this_project_keep_every_contract(project: Path) -> None:
    result = lint(project, project / ".importlinter")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_project_that_respects_the_layers_passes(project: Path, tmp_path: Path) -> None:
    result = lint(write(tmp_path, SKELETON), project / ".importlinter")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "line", "said"), PLANTED, ids=[f"{name}: {line}" for name, line, _ in PLANTED]
)
def test_a_planted_violation_is_reported(planted_report: str, name: str, line: str, said: str) -> None:
    assert said in planted_report, f"{line!r} in {name} went unnoticed; see .importlinter"


def test_every_contract_is_broken_by_a_planted_violation(planted_report: str) -> None:
    assert "Contracts: 0 kept, 16 broken." in planted_report


def test_the_rest_of_policy_takes_only_types_from_the_decision_point(project: Path) -> None:
    # The examples that come with the rules are decided by whoever keeps them; see the contract on policy.upkeep.cases.
    asking = {project / "policy" / "upkeep" / "cases.py"}
    for file in {*(project / "policy").rglob("*.py")} - asking:
        taken = taken_from_the_decision_point(file.read_text(encoding="utf-8"))
        assert taken <= DECISION_TYPES, f"{file.name} takes {taken}: only signal_index.enforcement may decide"


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("from .pdp import decide", {"decide"}),
        ("from policy.pdp import Decision, decide", {"Decision", "decide"}),
        ("from . import pdp", {"pdp"}),
        ("import policy.pdp", {"policy.pdp"}),
        ("from .vocabulary import Level", set()),
    ],
)
def test_a_planted_re_export_is_seen(line: str, taken: set[str]) -> None:
    assert taken_from_the_decision_point(line) == taken
