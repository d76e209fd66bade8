"""What an alarm rests on, laid in a folder that anybody can read without this program.

One folder per alarm: `about.json` says which and when, `presented` is the request as it came, with the note the log
signed, and `cosigned` is the signed note it does not agree with. Of a fork the two notes are the whole proof.

Invariants:
1. A folder is there whole or not at all, and is never changed afterwards.
2. The memory has it all too; a folder that could not be written is made at the next start.
"""

import json
import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from crypto.errors import KeyFault
from crypto.witness.memory.file import Entry
from crypto.witness.memory.turns import Memory

_FORMAT: Final = "signal-index witness evidence 1"


def make_folder(path: Path) -> None:
    """Make the folder, for its owner only.

    Raises:
        KeyFault: it cannot be made, or is something else than a folder.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyFault(f"{path} cannot be made: {error.strerror}") from error


def lay_down(folder: Path, alarm: Entry, memory: Memory) -> None:
    """Write the folder of one alarm, durably; nothing happens when it is there.

    Raises:
        OSError: it cannot be written.
    """
    name = f"{alarm.n:08d}-{alarm.what.value}"
    if (folder / name).is_dir():
        return
    draft = folder / f".{name}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    for file, text in _files(alarm, memory.contradicted_by(alarm)):
        _write(draft / file, text)
    _sync(draft)
    draft.rename(folder / name)
    _sync(folder)


def lay_down_missing(folder: Path, memory: Memory) -> int:
    """Write the folders of all alarms in the memory that are not there.

    Returns:
        How many alarms there are.

    Raises:
        OSError: one cannot be written.
    """
    alarms = memory.alarms()
    for alarm in alarms:
        lay_down(folder, alarm, memory)
    return len(alarms)


def _files(alarm: Entry, cosigned: str | None) -> Iterable[tuple[str, str]]:
    about = {
        "format": _FORMAT,
        "number": alarm.n,
        "kind": alarm.what.value,
        "origin": alarm.origin,
        "at": datetime.fromtimestamp(alarm.at, UTC).isoformat(),
        "presented_size": alarm.tree[0],
    }
    yield "presented", alarm.said
    if cosigned is not None:
        yield "cosigned", cosigned
    yield "about.json", json.dumps(about, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
