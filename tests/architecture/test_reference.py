"""The tables in the documents say what the code does: problem types, error codes, settings, dependencies."""

import ast
import re
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from connectors import config as connector
from connectors.service import webhook
from crypto.answers import REFUSAL_REASONS
from crypto.pseudonymiser import config as pseudonymiser
from crypto.pseudonymiser import problems as pseudonymiser_problems
from crypto.witness import config as witness
from crypto.witness import problems as witness_problems
from signal_index import errors, settings
from signal_index.web import problems

ERRORS = {name for name, found in vars(errors).items() if isinstance(found, type)} - {"SetupFault"}
ERRORS |= {"TokenRefused"}
TYPE_ROW = re.compile(r"^\| `/problemen/([a-z-]+)` \| (\d{3}) \|", re.MULTILINE)
CODE_ROW = re.compile(r"^\| `([a-z-]+)` \| \d{3} \|", re.MULTILINE)
REASON_ROW = re.compile(r"^\| `([a-z-]+)` \|", re.MULTILINE)
FIELD_ROW = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)
DISTRIBUTION = re.compile(r"[a-z0-9][a-z0-9-]*")


def section(document: Path, title: str) -> str:
    """The text under one heading."""
    found = re.search(
        rf"^## {title}$(.*?)(?=^## |\Z)", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found, f"{document.name} has no section {title}"
    return found[1]


def raised_codes(source: str) -> set[str]:
    """The code of every error for callers that is built in this source, where it stands there literally."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ERRORS
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def field_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every field of a settings model, those of sections and lists of sections as `section.field`."""
    for name, field in model.model_fields.items():
        candidates = (field.annotation, *typing.get_args(field.annotation))
        inner = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if inner:
            yield from field_names(inner[0], f"{prefix}{name}.")
        else:
            yield prefix + name


def dependencies(pyproject: dict[str, Any]) -> set[str]:
    """Names of the distributions the project asks for itself."""
    wanted = [*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]]
    return {match[0] for line in wanted if (match := DISTRIBUTION.match(line))}


def test_the_problem_types_of_the_index_are_documented(project: Path) -> None:
    documented = set(TYPE_ROW.findall(section(project / "docs/errors.md", "Types")))
    assert documented == {(kind.name, str(kind.status)) for kind in problems.KINDS}


def test_the_problem_types_of_a_pseudonymiser_are_documented(project: Path) -> None:
    documented = set(TYPE_ROW.findall(section(project / "docs/errors.md", "At a pseudonymiser")))
    assert documented == {(name, str(kind.status)) for name, kind in pseudonymiser_problems.KINDS.items()}


def test_the_problem_types_of_a_witness_are_documented(project: Path) -> None:
    documented = set(TYPE_ROW.findall(section(project / "docs/errors.md", "At a witness")))
    assert documented == {(name, str(kind.status)) for name, kind in witness_problems.KINDS.items()}


def test_the_problem_types_of_a_connector_are_documented(project: Path) -> None:
    documented = set(TYPE_ROW.findall(section(project / "docs/errors.md", "At a connector")))
    assert documented == {(name, str(kind.status)) for name, kind in webhook.KINDS.items()}


def test_the_reasons_of_a_signed_refusal_are_documented(project: Path) -> None:
    documented = REASON_ROW.findall(section(project / "docs/errors.md", "Signed refusals"))
    assert sorted(documented) == sorted(REFUSAL_REASONS)


def test_every_error_code_is_documented(project: Path, product_code: list[Path]) -> None:
    raised: set[str] = set()
    for file in product_code:
        raised |= raised_codes(file.read_text(encoding="utf-8"))
    documented = set(CODE_ROW.findall(section(project / "docs/errors.md", "Codes")))
    assert raised == documented, "mend docs/errors.md, Codes"


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("Index", settings.Settings),
        ("Pseudonymiser", pseudonymiser.Config),
        ("Witness", witness.Config),
        ("Connector", connector.Config),
    ],
)
def test_every_settings_field_is_documented(project: Path, title: str, model: type[BaseModel]) -> None:
    documented = FIELD_ROW.findall(section(project / "docs/settings.md", title))
    assert sorted(documented) == sorted(field_names(model)), "mend docs/settings.md"


def test_every_dependency_has_its_reason(project: Path) -> None:
    reasons = (project / "docs/adr/0008-dependencies.md").read_text(encoding="utf-8")
    asked = dependencies(tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")))
    assert asked
    assert not {name for name in asked if f"`{name}`" not in reasons}, "a new package is a line in ADR-0008"


def test_a_planted_code_is_seen() -> None:
    source = (
        "raise NotFound('no-such-thing', 'Een zin.')\nerrors.Conflict('taken', 'Een zin.')\nraise Other('x')"
    )
    assert raised_codes(source) == {"no-such-thing", "taken"}


def test_a_planted_field_is_seen() -> None:
    class Section(BaseModel):
        inner: str

    class Planted(BaseModel):
        one: int
        section: Section
        several: tuple[Section, ...] = ()

    assert list(field_names(Planted)) == ["one", "section.inner", "several.inner"]


def test_a_planted_dependency_is_seen() -> None:
    pyproject = {"project": {"dependencies": ["left-pad>=1"]}, "dependency-groups": {"dev": ["ruff"]}}
    assert dependencies(pyproject) == {"left-pad", "ruff"}
