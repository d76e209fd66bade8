"""What the documents point at is there: files, functions, decisions."""

import importlib
import re
from pathlib import Path

import pytest

ADR_LINES_MAX = 60
ADR_SECTIONS = ("Context", "Decision", "Consequences", "Alternatives", "Files that embody it")

# A citation is a path in backticks that starts at one of these, or a relative link.
TOP_LEVEL = r"(?:\.ci|connectors|crypto|deploy|docs|policy|signal_index|tests)"
ROOT_FILES = (
    r"(?:CONTRIBUTING\.md|LICENSE|Makefile|README\.md|SECURITY\.md|\.importlinter|pyproject\.toml|uv\.lock)"
)
CITED = re.compile(rf"`({TOP_LEVEL}/[\w./-]*|{ROOT_FILES})`")
LINKED = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
FUNCTION = re.compile(r"`([a-z_]\w*(?:\.\w+)*):([A-Za-z_]\w*(?:\.\w+)*)`")


def missing_paths(text: str, folder: Path, project: Path) -> list[str]:
    """Cited paths, and links relative to `folder`, that lead nowhere."""
    cited = [name for name in CITED.findall(text) if not (project / name).exists()]
    return cited + [link for link in LINKED.findall(text) if not (folder / link).exists()]


def resolves(module: str, name: str) -> bool:
    """Whether `module` can be imported and holds the dotted `name`."""
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return True


def missing_functions(text: str) -> list[str]:
    """Functions cited as `module:function` that do not exist."""
    return [f"{module}:{name}" for module, name in FUNCTION.findall(text) if not resolves(module, name)]


def adr_faults(name: str, text: str) -> list[str]:
    """What an architecture decision record lacks, or has too much of."""
    lines = text.splitlines()
    faults = [f"{name}: no section '{title}'" for title in ADR_SECTIONS if f"## {title}" not in lines]
    if len(lines) > ADR_LINES_MAX:
        faults.append(f"{name}: {len(lines)} lines, at most {ADR_LINES_MAX}; one decision per record")
    if not lines[0].startswith(f"# ADR-{name[:4]}: "):
        faults.append(f"{name}: the title starts with '# ADR-{name[:4]}: '")
    return faults


def numbering_faults(names: list[str]) -> list[str]:
    """Records whose number is not the next one."""
    return [
        name for number, name in enumerate(sorted(names), start=1) if not name.startswith(f"{number:04}-")
    ]


@pytest.fixture(scope="module")
def documents(project: Path) -> list[Path]:
    found = [*project.glob("*.md"), *project.glob("docs/**/*.md")]
    assert {"README.md", "walk.md", "glossary.md", "errors.md"} <= {document.name for document in found}
    return found


def test_every_cited_file_exists(project: Path, documents: list[Path]) -> None:
    faults = {
        str(document.relative_to(project)): missing
        for document in documents
        if (missing := missing_paths(document.read_text(encoding="utf-8"), document.parent, project))
    }
    assert not faults, f"moved or never written; mend the text in the same commit: {faults}"


def test_every_function_in_the_documents_exists(project: Path, documents: list[Path]) -> None:
    faults = {
        str(document.relative_to(project)): missing
        for document in documents
        if (missing := missing_functions(document.read_text(encoding="utf-8")))
    }
    assert not faults, f"renamed or never written; mend the text in the same commit: {faults}"


def test_the_walk_names_functions(project: Path) -> None:
    assert len(FUNCTION.findall((project / "docs/walk.md").read_text(encoding="utf-8"))) >= 10


def test_decisions_are_numbered_without_gaps(project: Path) -> None:
    faults = numbering_faults([record.name for record in project.glob("docs/adr/*.md")])
    assert not faults, f"give these the next free number: {faults}"


def test_every_decision_has_the_same_short_form(project: Path) -> None:
    records = sorted(project.glob("docs/adr/*.md"))
    faults = [
        fault for record in records for fault in adr_faults(record.name, record.read_text(encoding="utf-8"))
    ]
    assert records
    assert not faults, "\n".join(faults)


def test_a_planted_wrong_path_is_seen(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/walk.md").touch()
    text = "See `docs/walk.md`, [walk](walk.md), `crypto/gone.py`, [gone](gone.md#part), [web](https://a.example)."
    assert missing_paths(text, tmp_path / "docs", tmp_path) == ["crypto/gone.py", "gone.md"]


def test_a_planted_wrong_function_is_seen() -> None:
    text = "`json:loads` `json:JSONDecoder.decode` `json:JSONDecoder.gone` `json.gone:loads` `no: function`"
    assert missing_functions(text) == ["json:JSONDecoder.gone", "json.gone:loads"]


def test_a_planted_bad_decision_is_seen() -> None:
    good = "# ADR-0001: title\n" + "".join(f"## {title}\n" for title in ADR_SECTIONS)
    assert adr_faults("0001-a.md", good) == []
    assert len(adr_faults("0002-a.md", good.replace("## Alternatives\n", "") + "line\n" * ADR_LINES_MAX)) == 3


def test_a_planted_gap_in_the_numbers_is_seen() -> None:
    assert numbering_faults(["0001-a.md", "0002-b.md"]) == []
    assert numbering_faults(["0001-a.md", "0003-c.md"]) == ["0003-c.md"]
    assert numbering_faults(["0001-a.md", "0001-b.md"]) == ["0001-b.md"]
