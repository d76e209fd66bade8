"""A folder as an inbox: message files are taken when they are whole, in the order they came, and then put away.

Invariants:
1. A file is taken only when its size and time were the same at two looks, and again when it is opened; if it changed
   while it was read it stays, and is taken in once more when it is whole.
2. No symbolic link is followed, and nothing outside the folder is opened, moved or deleted (`shelf`).
3. A file is put away only after it is settled. What cannot be opened or moved stays, and is tried again.
4. As long as a file waits, or lies in `refused`, the inbox is not complete: its sources do not show as current.
5. An empty folder says something only when `done` lies in it: a share that is not mounted is empty too.

Looking again and again, instead of asking the kernel, is what works on a network share too.
Whoever may write in the folder can have messages taken in, as the source itself can; she reaches no other file.
"""

import io
import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from time import monotonic
from typing import Final

from connectors.formats import Unreachable
from connectors.publisher import MessageFile, Taken
from connectors.reading import FileRefused, dutch_day

from .life import Backoff
from .shelf import REASON, Mark, Shelf, opened

UNFINISHED: Final = (".part", ".filepart", ".tmp", REASON)
"""Ends of names that are left alone: writers use them until a file is whole."""

FILES_AT_ONCE: Final = 1000
"""Taken in before the other inboxes and the sending get their turn."""

_FAULT_SECONDS: Final = (15.0, 900.0)
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_STAYS: Final = "unreadable"


@dataclass(frozen=True)
class Place:
    """What the inbox is like; see the settings.

    Args:
        scan_seconds: between two looks.
        written_whole: a name appears only once its file is whole, so one look is enough.
    """

    folder: Path
    format: str
    pattern: str = "*"
    heartbeat: bool = False
    keep_days: int = 0
    scan_seconds: float = 10.0
    written_whole: bool = False


class Folder:
    """One folder.

    Args:
        name: what log and figures call it.
        place: what it is like.
        safe_name: makes a file's name fit to be shown, see `State.safe_name`.
        clock: aware UTC.
    """

    def __init__(
        self,
        name: str,
        place: Place,
        safe_name: Callable[[str], str],
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.format = place.format
        self.next_at = monotonic()
        self.waiting = 0
        self.refused = 0
        self._place = place
        self._safe_name = safe_name
        self._clock = clock
        self._before: dict[str, Mark] = {}
        self._backoff = Backoff(*_FAULT_SECONDS)
        self._is_reached = False
        self._is_ours = False
        self._taken_on: date | None = None
        self._swept_on: date | None = None

    def arrivals(self) -> Generator[MessageFile, None, None]:
        """Yield the files that are whole, the oldest first; each is put away when it is settled.

        Raises:
            OSError: the folder cannot be used.
        """
        self.next_at = monotonic() + self._place.scan_seconds
        self._is_reached = False
        with opened(self._place.folder) as folder:
            shelf, marks = Shelf(folder), {mark.name: mark for mark in self._look(folder)}
            ready = sorted(mark for mark in marks.values() if self._is_whole(mark))
            self._before = marks
            self.waiting = len(marks)
            self.refused = shelf.refused_count()
            self._is_ours = self._place.written_whole or shelf.has_done()
            self._sweep(shelf)
            self._is_reached = True
            if len(ready) > FILES_AT_ONCE:
                self.next_at = monotonic()
            for mark in ready[:FILES_AT_ONCE]:
                yield self._message(folder, shelf, mark)

    def finished(self, taken: Taken) -> None:
        """Note how a round of `arrivals` went.

        Raises:
            Unreachable: a file could not be opened.
        """
        if taken.messages:
            self._taken_on = self._today()
        if any(refusal.code == _STAYS for refusal in taken.refused):
            raise Unreachable(_STAYS)
        self._backoff.worked()

    def failed(self, fault: Unreachable | OSError) -> Unreachable:
        """Note that a round broke off, look less often, and return the fault as it may be shown."""
        shown = fault if isinstance(fault, Unreachable) else Unreachable("folder")
        self.next_at = monotonic() + self._backoff.failed(shown.retry_after_seconds)
        self._is_reached = False
        return shown

    def is_complete(self, today: date) -> bool:
        """Whether everything of the source up to this moment of the day is known to have come in."""
        said = (self._place.heartbeat and self._is_ours) or self._taken_on == today
        return self._is_reached and not self.waiting and not self.refused and said

    def _today(self) -> date:
        return dutch_day(self._clock())

    def _is_whole(self, mark: Mark) -> bool:
        return self._place.written_whole or self._before.get(mark.name) == mark

    def _sweep(self, shelf: Shelf) -> None:
        """Once a day, delete what was kept long enough."""
        if self._swept_on != self._today():
            self._swept_on = self._today()
            shelf.sweep(self._swept_on, self._place.keep_days)

    def _look(self, folder: int) -> Iterator[Mark]:
        with os.scandir(folder) as entries:
            for entry in entries:
                if self._is_wanted(entry.name) and entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):  # gone between the list and the look
                        found = entry.stat(follow_symlinks=False)
                        yield Mark(found.st_mtime_ns, entry.name, found.st_size)

    def _is_wanted(self, name: str) -> bool:
        low, pattern = name.lower(), self._place.pattern.lower()
        return not low.startswith(".") and not low.endswith(UNFINISHED) and fnmatchcase(low, pattern)

    def _message(self, folder: int, shelf: Shelf, mark: Mark) -> MessageFile:
        shown = self._safe_name(_printable(mark.name))
        # A share whose clock runs ahead would date what it brings in the future, and silence what comes after it.
        received = min(datetime.fromtimestamp(mark.changed_ns / 1e9, UTC), self._clock())
        return MessageFile(
            shown,
            received,
            lambda: _open(folder, mark, shown),
            lambda refusal: self._put_away(shelf, mark, refusal),
        )

    def _put_away(self, shelf: Shelf, mark: Mark, refusal: FileRefused | None) -> None:
        if (refusal and refusal.code == _STAYS) or not shelf.still_holds(mark):
            return
        if refusal:
            shelf.refuse(mark.name, refusal)
            self.refused += 1
        else:
            shelf.put_away(mark.name, self._today(), self._place.keep_days)
        self.waiting -= 1


def _open(folder: int, mark: Mark, shown: str) -> io.BufferedReader:
    """Open the file that was looked at, and no other.

    Raises:
        FileRefused: it cannot be opened, or is another one by now.
    """
    try:
        file = os.open(mark.name, _FILE, dir_fd=folder)
    except OSError as error:
        raise FileRefused(_STAYS, shown) from error
    opened = _Share(file, shown)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or (found.st_mtime_ns, found.st_size) != (mark.changed_ns, mark.size):
        opened.close()
        raise FileRefused(_STAYS, shown)
    return io.BufferedReader(opened)


class _Share(io.FileIO):
    """A file that may vanish with its share while it is read; that refuses it for now, and not for good."""

    def __init__(self, file: int, shown: str) -> None:
        super().__init__(file, "rb")
        self._shown = shown

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override] # any buffer, and never None here
        try:
            return super().readinto(buffer) or 0
        except OSError as error:
            raise FileRefused(_STAYS, self._shown) from error

    def readall(self) -> bytes:
        try:
            return super().readall() or b""
        except OSError as error:
            raise FileRefused(_STAYS, self._shown) from error


def _printable(name: str) -> str:
    """Return a name without bytes that are no text and characters that are no letters: it goes into logs."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)
