"""Names say what a thing is, and texts for people never call anyone a risk."""

import ast
import re
from pathlib import Path

VAGUE_IN_CLASSES = {"Service", "Manager", "Handler", "Helper", "Base", "Impl"}
VAGUE_MODULES = {"utils", "util", "common", "misc", "helpers", "helper"}
# The index tells that help is running. These words would turn it into an instrument of suspicion.
SUSPICION = re.compile(r"risico|verdacht|fraud[eu]", re.IGNORECASE)
TEXTS_FOR_PEOPLE = ("signal_index/web/", "policy/rules/")

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+")


def vague_classes(source: str) -> list[str]:
    """Classes with a word in their name that any class could bear."""
    classes = [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return [name for name in classes if VAGUE_IN_CLASSES & set(WORD.findall(name))]


def vague_parts(name: str) -> set[str]:
    """Parts of a path that say nothing about what is inside."""
    return VAGUE_MODULES & set(Path(name).with_suffix("").parts)


def suspicious_lines(text: str) -> list[int]:
    """Numbers of the lines with a word of suspicion."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if SUSPICION.search(line)]


def test_class_names_say_what_the_class_is(project: Path, tracked: list[Path]) -> None:
    faults = [
        f"{file.relative_to(project)}: {name}"
        for file in tracked
        if file.suffix == ".py"
        for name in vague_classes(file.read_text(encoding="utf-8"))
    ]
    assert not faults, f"name the thing, not its rank: {faults}"


def test_no_module_is_a_junk_drawer(project: Path, tracked: list[Path]) -> None:
    names = [str(file.relative_to(project)) for file in tracked if file.suffix == ".py"]
    faults = [name for name in names if vague_parts(name)]
    assert not faults, f"move each function to the module whose word it speaks: {faults}"


def test_texts_for_people_hold_no_word_of_suspicion(project: Path, tracked: list[Path]) -> None:
    faults = []
    for file in tracked:
        name = str(file.relative_to(project))
        if name.startswith(TEXTS_FOR_PEOPLE):
            text = file.read_text(encoding="utf-8", errors="replace")
            faults += [f"{name}:{line}" for line in suspicious_lines(text)]
    assert not faults, f"say which help there is, not what one might think of it: {faults}"


def test_a_planted_class_is_seen() -> None:
    source = "class KeyManager: ...\nclass BaseStore: ...\nclass HTTPHandler: ...\nclass Baseline: ...\n"
    assert vague_classes(source) == ["KeyManager", "BaseStore", "HTTPHandler"]


def test_a_planted_module_is_seen() -> None:
    assert vague_parts("signal_index/utils.py") == {"utils"}
    assert vague_parts("signal_index/common/dates.py") == {"common"}
    assert not vague_parts("signal_index/commonwealth.py")


def test_a_planted_word_is_seen() -> None:
    assert suspicious_lines("Er is hulp.\nVerdachte situatie\nhoog risico, fraudesignaal") == [2, 3]
