"""Writes the settings and registers of the demonstration as TOML; the standard library only reads it."""

import json
from pathlib import Path
from typing import Any

TomlTable = dict[str, Any]


def write_toml(path: Path, **document: object) -> None:
    """Write a TOML file of plain settings, tables and arrays of tables, the plain settings first."""
    plain = [_line(name, value) for name, value in document.items() if not _is_nested(value)]
    tables = [_table(name, value) for name, value in document.items() if _is_nested(value)]
    path.write_text("\n".join([*plain, *tables]) + "\n", encoding="utf-8")


def _is_nested(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value))


def _table(name: str, value: object) -> str:
    if isinstance(value, dict):
        return "\n".join([f"\n[{name}]", *(_line(key, each) for key, each in value.items())])
    assert isinstance(value, list)
    return "\n".join(_table(f"[{name}]", entry) for entry in value)


def _line(name: str, value: object) -> str:
    return (
        f"{name} = {json.dumps(value, ensure_ascii=False)}"  # texts, numbers and lists look the same in TOML
    )
