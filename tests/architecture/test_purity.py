"""Below the edge no code takes the time, opens a file or prints: what it needs is handed to it."""

import ast
from pathlib import Path

import pytest

# Folders and modules that may: they stand at the edge, where the world comes in.
EDGE = (
    "connectors/",
    "deploy/",
    "crypto/pseudonymiser/",
    "crypto/witness/",
    "crypto/verifier/",
    "signal_index/cli",
    "signal_index/insecure_issuer",
    "signal_index/settings",
    "signal_index/store/",
    "signal_index/web/",
    "signal_index/wiring",
)
# These may touch files and nothing else: key files (ADR-0009), and the rules that travel inside the package.
FILES_ONLY = {"crypto/keyfiles/document.py", "policy/rulesets.py"}

CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
CLOCK_OWNERS = {"datetime", "date", "time"}
OUTSIDE = {"open", "print", "input"}
FILE_METHODS = {"read_text", "read_bytes", "write_text", "write_bytes", "touch", "unlink", "mkdir", "rename"}


def taken_from_the_world(source: str) -> list[str]:
    """Calls that read a clock or touch files and terminals, as `line: call`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        takes_time = name in CLOCKS and owner.rpartition(".")[2] in CLOCK_OWNERS
        if takes_time or called in OUTSIDE:
            found.append(f"{node.lineno}: {called}()")
        elif (owner and name in FILE_METHODS) or called.endswith("path.open"):
            found.append(f"{node.lineno}: file {called}()")
    return found


def test_no_code_below_the_edge_takes_anything_from_the_world(
    project: Path, product_code: list[Path]
) -> None:
    faults = {}
    for file in product_code:
        name = str(file.relative_to(project))
        if not name.startswith(EDGE):
            found = taken_from_the_world(file.read_text(encoding="utf-8"))
            faults[name] = [call for call in found if name not in FILES_ONLY or ": file " not in call]
    assert not any(faults.values()), (
        f"pass it in (`now: datetime`, bytes): { {k: v for k, v in faults.items() if v} }"
    )


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "open('f')",
        "path.read_text()",
        "path.open('rb')",
        "Path('f').write_bytes(b'')",
        "print(1)",
    ],
)
def test_a_planted_call_is_seen(line: str) -> None:
    assert taken_from_the_world(f"def f():\n    return {line}\n")


@pytest.mark.parametrize(
    "line", ["decide(now)", "lookup.now()", "store.open()", "datetime.fromtimestamp(0, UTC)"]
)
def test_an_innocent_call_is_not(line: str) -> None:
    assert not taken_from_the_world(line)
