"""Where settled files of an inbox go: `done`, by day, for as long as was said; `refused`, until a person looks.

Invariants:
1. Every name is used relative to a folder that is open, and no symbolic link is followed: what somebody puts in an
   inbox cannot make this process touch a file elsewhere.
2. Nothing is overwritten.
3. A file in `refused` has a reason beside it: a code, a place and a fixed sentence, nothing of its content.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from connectors.reading import FileRefused

DONE: Final = "done"
REFUSED: Final = "refused"
REASON: Final = ".reason"

_NAME_BYTES_MAX: Final = 240
"""A file system takes 255; the end of a reason's name fits in the rest."""

_NUMBER_BYTES: Final = 10
"""For `~` and a number."""

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, order=True)
class Mark:
    """How a file looked, in the order files are taken.

    Args:
        changed_ns: its time, in nanoseconds since 1970.
    """

    changed_ns: int
    name: str
    size: int


class Shelf:
    """The settled files of one inbox.

    Args:
        folder: descriptor of the open inbox; stays the caller's.
    """

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def still_holds(self, mark: Mark) -> bool:
        """Whether the file still looks as it did."""
        return _mark(self._folder, mark.name) == mark

    def put_away(self, name: str, today: date, keep_days: int) -> None:
        """Move a file that was taken in to `done`, or delete it when it is not kept."""
        if keep_days == 0:
            os.unlink(name, dir_fd=self._folder)
            return
        with _made(self._folder, DONE) as done, _made(done, today.isoformat()) as day:
            os.rename(name, _free(day, name), src_dir_fd=self._folder, dst_dir_fd=day)

    def refuse(self, name: str, refusal: FileRefused) -> None:
        """Write the reason, then move the file beside it."""
        text = f"code: {refusal.code}\nplace: {refusal.position}\nmeaning: {refusal.explanation}\n"
        with _made(self._folder, REFUSED) as refused:
            kept = _free(refused, name)
            file = os.open(kept + REASON, _NEW_FILE, 0o600, dir_fd=refused)
            with os.fdopen(file, "w", encoding="utf-8") as reason:
                reason.write(text)
            os.rename(name, kept, src_dir_fd=self._folder, dst_dir_fd=refused)

    def has_done(self) -> bool:
        """Whether this folder is known to be the inbox, and not the place where it should have been mounted."""
        try:
            return stat.S_ISDIR(os.stat(DONE, dir_fd=self._folder, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            return False

    def refused_count(self) -> int:
        """How many refused files nobody has taken out yet."""
        try:
            with opened(REFUSED, self._folder) as refused:
                return sum(not name.endswith(REASON) for name in _names(refused))
        except FileNotFoundError:
            return 0

    def sweep(self, today: date, keep_days: int) -> None:
        """Delete what was kept for as long as was said."""
        first_kept = (today - timedelta(days=max(1, keep_days))).isoformat()
        with suppress(OSError), opened(DONE, self._folder) as done:
            for name in _names(done):
                if _is_day(name) and name < first_kept:
                    _delete_day(done, name)


@contextmanager
def opened(name: str | Path, within: int | None = None) -> Iterator[int]:
    """Open a folder, and give its descriptor.

    Args:
        name: of the folder.
        within: what the name is relative to; without it a link is followed, as the settings name the place.

    Raises:
        OSError: it is not there, or is no folder.
    """
    folder = os.open(name, _DIRECTORY | (0 if within is None else os.O_NOFOLLOW), dir_fd=within)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _made(within: int, name: str) -> Iterator[int]:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=within)
    with opened(name, within) as folder:
        yield folder


def _names(folder: int) -> Sequence[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _mark(folder: int, name: str) -> Mark | None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Mark(found.st_mtime_ns, name, found.st_size)


def _free(folder: int, name: str) -> str:
    """Return the name, or when that is taken or leaves no room for what is added to it, a shorter one with a number."""
    number, free = 1, name
    while len(os.fsencode(free)) > _NAME_BYTES_MAX or _mark(folder, free) is not None:
        number += 1
        free = f"{_cut(name)}~{number}"
    return free


def _cut(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[: _NAME_BYTES_MAX - _NUMBER_BYTES])


def _delete_day(done: int, name: str) -> None:
    with opened(name, done) as day:
        for file in _names(day):
            os.unlink(file, dir_fd=day)
    os.rmdir(name, dir_fd=done)


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
