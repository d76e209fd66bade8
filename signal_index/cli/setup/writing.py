"""Writes the settings file: every setting with what it means above it, in one step or not at all."""

import json
import os
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from signal_index.errors import SetupFault
from signal_index.settings import Settings, load

_MODE: Final = 0o600
_HEAD: Final = """\
# Settings of the index, written by signal-index setup; run it again to change what it asks, or edit this file by hand.
# All settings: docs/settings.md. Nothing here is a secret: of a secret only the file is named.
"""


def atomically(path: Path, text: str) -> None:
    """Write a file for its owner only: whole, or as it was.

    Raises:
        SetupFault: it cannot be written.
    """
    draft = draft_of(path)
    try:
        _write(draft, text)
        draft.replace(path)
        _settle(path.parent)
    except OSError as error:
        raise SetupFault(f"{path} cannot be written: {error.strerror}") from error


def draft_of(path: Path) -> Path:
    """Where a file is written before it takes its name."""
    return path.with_name(f".{path.name}.draft")


def _write(draft: Path, text: str) -> None:
    # A draft that an interrupted run left is of no use to anybody.
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Have the new name on the disk too, before anything is built on it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_settings(config: Path, document: Mapping[str, Any]) -> None:
    """Write the settings file, after reading it as the index will; the one before is kept beside it.

    Raises:
        SetupFault: the index could not use it; nothing has changed.
    """
    tried = config.with_name(f".{config.name}.tried")
    atomically(tried, _HEAD + "\n".join(_lines(Settings, document)) + "\n")
    try:
        load(tried)
        if config.exists():
            before = config.read_text(encoding="utf-8")
            atomically(config.with_name(f"{config.name}.before"), before)
        tried.replace(config)
        _settle(config.parent)
    except OSError as error:
        raise SetupFault(f"{config} cannot be written: {error.strerror}") from error
    finally:
        tried.unlink(missing_ok=True)


def scalar_lines(values: Mapping[str, object]) -> list[str]:
    """One line per setting."""
    return [f"{name} = {_value(value)}" for name, value in values.items()]


def _lines(model: type[BaseModel], document: Mapping[str, Any]) -> Iterator[str]:
    """Plain settings first, then the sections: TOML has no way back from a section."""
    sections = {name: inner for name in model.model_fields if (inner := _section(model, name)) is not None}
    for name, field in model.model_fields.items():
        if name in document and name not in sections:
            yield f"# {field.description}"
            yield from scalar_lines({name: document[name]})
    for name, inner in sections.items():
        stated = document.get(name)
        if stated is None:
            continue
        for each in stated if isinstance(stated, list) else [stated]:
            yield f"\n[[{name}]]" if isinstance(stated, list) else f"\n[{name}]"
            yield from _lines(inner, each)


def _section(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model of a section, or of each in a list of sections; None for a plain setting."""
    annotation = model.model_fields[name].annotation
    for each in (annotation, *typing.get_args(annotation)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _value(value: object) -> str:
    """A value as TOML writes it; texts, numbers, true and false look the same in JSON."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_value(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
