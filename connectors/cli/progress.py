"""How far a long run is: a bar on a terminal, a line now and then where there is none; always on stderr.

Invariants:
1. What is shown are counts; a short run shows nothing.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from io import BufferedReader, FileIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, TextIO

import click

from connectors.reading import Message, MessageReader, Reading

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LINE_SECONDS: Final = 2.0
"""Between two lines where there is no terminal."""

BAR_AFTER_SECONDS: Final = 0.5
"""A run that is over by then shows no bar."""

DRAW_SECONDS: Final = 0.1
"""Between two drawings of a bar: a run tells of every record."""

_UNITS: Final = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


Says = Callable[[int, int], str]
"""Writes (done, total) for people."""


def batches_sent(done: int, total: int) -> str:
    """Say how far sending is; how many batches are left is an estimate."""
    return f"{done} of about {total} batches sent"


def bytes_read(done: int, total: int) -> str:
    """Say how far reading is."""
    size, unit = next(((size, unit) for size, unit in _UNITS if total >= size), (1, "bytes"))
    return f"{done // size} of {total // size} {unit} read"


def lines_taken(done: int, total: int) -> str:
    """Say how far taking a feed in is."""
    return f"{done} of {total} lines taken in"


class Progress:
    """Told how far a run is, shows it; use as a context manager, so that a bar is closed.

    Args:
        says: what to write.
        stream: stderr, unless a test says otherwise.
        clock: seconds that only go up.
    """

    def __init__(
        self,
        says: Says,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._says = says
        self._stream = stream or sys.stderr
        self._clock = clock
        self._on_terminal = self._stream.isatty()
        self._next = clock() + (BAR_AFTER_SECONDS if self._on_terminal else LINE_SECONDS)
        self._open = ExitStack()
        self._bar: Any = None
        self._told = (0, 0)

    def __enter__(self) -> Self:
        """Start counting the time."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar where the run got, and go to the next line."""
        if self._bar is not None:
            self._draw(*self._told)
        self._open.close()

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is, when it is time again.

        Args:
            done: never less than before.
            total: may be corrected on the way.
        """
        self._told = (done, total)
        if self._clock() < self._next:
            return
        if self._on_terminal:
            self._draw(done, total)
            self._next = self._clock() + DRAW_SECONDS
        else:
            click.echo(self._says(done, total), file=self._stream)
            self._next = self._clock() + LINE_SECONDS

    def _draw(self, done: int, total: int) -> None:
        if self._bar is None:
            bar = click.progressbar(length=total, file=self._stream, item_show_func=lambda said: said)
            self._bar = self._open.enter_context(bar)
        self._bar.length = total
        self._bar.update(done - self._bar.pos, self._says(done, total))
        self._bar.render_progress()  # also when only the words changed: the bytes may be through before the records


class Silent(Progress):
    """Shows nothing."""

    def __call__(self, done: int, total: int) -> None:
        """Keep it."""


class Files:
    """Files that are read one after another, with how far that is; use as a context manager.

    A reader may go through a file twice, once to see that it is whole, so bytes count once and records tell the rest.

    Args:
        paths: all of them; one that is no file counts for nothing.
        shown: makes what shows it; a test may bring its own.
    """

    def __init__(self, paths: Iterable[Path], shown: Callable[[Says], Progress] = Progress) -> None:
        self._total = sum(path.stat().st_size for path in paths if path.is_file())
        self._bytes = self._records = 0
        self._progress = shown(self._says)

    def __enter__(self) -> Self:
        """Start counting the time."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave what is shown as it stands."""
        self._progress.__exit__(kind, error, trace)

    def open(self, path: Path) -> BinaryIO:
        """Open one of the files for reading; OSError when it cannot be."""
        return BufferedReader(_Watched(path, self.read)) if path.is_file() else path.open("rb")

    def counted(self, reader: MessageReader) -> MessageReader:
        """Return a reader that tells of each record it reads."""

        def read(message: Message) -> Iterator[Reading]:
            for reading in reader(message):
                self._records += 1
                self._progress(self._bytes, self._total)
                yield reading

        return read

    def read(self, count: int) -> None:
        """Note that this many more bytes have been read."""
        self._bytes += count
        self._progress(self._bytes, self._total)

    def _says(self, done: int, total: int) -> str:
        return f"{bytes_read(done, total)}, {self._records} records taken in"


class _Watched(FileIO):
    """A file that tells how much further it has been read than ever before."""

    def __init__(self, path: Path, told: Callable[[int], None]) -> None:
        super().__init__(path)
        self._told = told
        self._furthest = 0

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read, and tell."""
        count = super().readinto(buffer)
        further = self.tell() - self._furthest
        if further > 0:
            self._furthest += further
            self._told(further)
        return count
