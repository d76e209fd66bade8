"""Files, functions, signatures and packages stay small enough to read in one go.

Booleans are keyword-only too; ruff's FBT001 and FBT002 see to that.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

FILE_LINES_SOFT = 300
FILE_LINES_HARD = 500
FUNCTION_LINES_MAX = 60
POSITIONAL_PARAMETERS_MAX = 5
PACKAGE_MODULES_MAX = 12

# Product files over the soft limit, each with the reason why two files would be harder to read than one.
LONG_FILES: dict[str, str] = {
    "signal_index/audit.py": "every event there is, in one list; what is done with them is short",
    "policy/facts.py": "each fact with its register, its words in the rules and in the record; apart they would drift",
    "policy/catalogue.py": "the shapes of one file and what must hold between them",
    "signal_index/usecases/oversight/looks.py": "one look as an officer reads it, from its record to its proof",
    "signal_index/web/api/registry.py": "every route there is, in one list",
    "signal_index/store/audit.py": "one record from writing to erasing: each step leans on how it was written",
    "connectors/publisher/settling.py": "every answer of the index and what it does, in one list of cases",
    "crypto/sheet/__init__.py": "four row formats with one way of checking; apart they would drift",
    "crypto/tokens.py": "one wrapper: what a token must be, read from top to bottom",
    "signal_index/store/provision.py": "one database from making to restoring; each check leans on the one before",
    "signal_index/cli/setup/checks.py": "one check for each answer, in the order of the questions",
    "signal_index/web/provider.py": "one conversation with the identity provider; each step leans on the one before",
    "signal_index/model/__init__.py": "the nouns of the index itself; a split would be by taste",
    "signal_index/ports/__init__.py": "what one transaction offers, in one list; most of it is words",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[tuple[Function, bool]]:
    """Every function, with whether its first parameter is bound by Python (self, cls)."""
    for parent in ast.walk(tree):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, Function):
                names = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
                yield node, isinstance(parent, ast.ClassDef) and "staticmethod" not in names


def lines_without_docstring(function: Function) -> int:
    """Lines from `def` to the end, its own docstring not counted."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def function_faults(source: str) -> list[str]:
    """Functions that are too long, or take too many positional parameters."""
    faults = []
    for function, bound in functions(ast.parse(source)):
        where = f"line {function.lineno}, {function.name}"
        if (lines := lines_without_docstring(function)) > FUNCTION_LINES_MAX:
            faults.append(f"{where}: {lines} lines, at most {FUNCTION_LINES_MAX}; give a step its own name")
        positional = len(function.args.posonlyargs) + len(function.args.args) - bound
        if positional > POSITIONAL_PARAMETERS_MAX:
            faults.append(
                f"{where}: {positional} positional parameters, at most {POSITIONAL_PARAMETERS_MAX}; "
                "put * before the ones a reader can't tell apart, or group them in a frozen dataclass"
            )
    return faults


def length_fault(name: str, lines: int, long_files: dict[str, str]) -> str | None:
    """What is wrong with the length of this file, or None."""
    if lines > FILE_LINES_HARD:
        return f"{name}: {lines} lines, at most {FILE_LINES_HARD}; split it along its layers"
    if lines > FILE_LINES_SOFT and name not in long_files:
        return f"{name}: {lines} lines; split it, or say in LONG_FILES why one long file reads better"
    if lines <= FILE_LINES_SOFT and name in long_files:
        return f"{name}: {lines} lines; take it out of LONG_FILES"
    return None


def crowded(files: Iterable[Path]) -> dict[str, int]:
    """Folders with more modules than one can hold in the head; `__init__` is not counted, nor is what came in turn."""
    counts = Counter(
        str(file.parent) for file in files if file.name != "__init__.py" and file.parent.name != "versions"
    )
    return {folder: count for folder, count in counts.items() if count > PACKAGE_MODULES_MAX}


def line_count(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def test_product_files_stay_within_their_length(project: Path, product_code: list[Path]) -> None:
    lengths = {str(file.relative_to(project)): line_count(file) for file in product_code}
    faults = [fault for name, lines in lengths.items() if (fault := length_fault(name, lines, LONG_FILES))]
    assert not faults, "\n".join(faults)
    assert not LONG_FILES.keys() - lengths.keys(), "LONG_FILES names a file that is gone"


def test_test_files_stay_within_the_hard_limit(tracked: list[Path]) -> None:
    long = {p.name: n for p in tracked if p.suffix == ".py" and (n := line_count(p)) > FILE_LINES_HARD}
    assert not long, f"split these by what they test: {long}"


def test_functions_stay_within_their_size(project: Path, product_code: list[Path]) -> None:
    faults = [
        f"{file.relative_to(project)}, {fault}"
        for file in product_code
        for fault in function_faults(file.read_text(encoding="utf-8"))
    ]
    assert not faults, "\n".join(faults)


def test_packages_stay_within_a_dozen_modules(project: Path, product_code: list[Path]) -> None:
    faults = crowded(file.relative_to(project) for file in product_code)
    assert not faults, f"merge small modules or make a sub-package: {faults}"


def test_a_long_function_is_seen_and_its_docstring_is_free() -> None:
    body = "    x = 1\n" * (FUNCTION_LINES_MAX - 1)
    docstring = '    """' + "words\n" * 30 + '    """\n'
    assert not function_faults("def f():\n" + docstring + body)
    assert function_faults("def f():\n" + docstring + body + "    x = 1\n")


def test_a_sixth_positional_parameter_is_seen() -> None:
    assert not function_faults("def f(a, b, c, d, e, *, g, h): ...")
    assert function_faults("def f(a, b, /, c, d, e, g): ...")
    assert not function_faults("class C:\n    def f(self, a, b, c, d, e): ...")
    assert function_faults("class C:\n    @staticmethod\n    def f(x, a, b, c, d, e): ...")
    assert function_faults("class C:\n    async def f(self, a, b, c, d, e, g): ...")


def test_a_long_file_is_seen() -> None:
    assert length_fault("a.py", FILE_LINES_HARD + 1, {"a.py": "a reason does not lift the hard limit"})
    assert length_fault("a.py", FILE_LINES_SOFT + 1, {})
    assert not length_fault("a.py", FILE_LINES_SOFT + 1, {"a.py": "one table"})
    assert length_fault("a.py", FILE_LINES_SOFT, {"a.py": "no longer true"})


def test_a_crowded_package_is_seen() -> None:
    modules = [Path(f"p/m{n}.py") for n in range(PACKAGE_MODULES_MAX)]
    assert not crowded([*modules, Path("p/__init__.py")])
    assert crowded([*modules, Path("p/one_more.py")]) == {"p": PACKAGE_MODULES_MAX + 1}
