"""Text files with one record per line: what the readers `csv_lines` and `json_lines` share, with `layout` for a record.

Invariants:
1. One encoding, UTF-8, with or without a byte order mark in front; anything else is refused, never guessed.
2. Constant memory: one line is held at a time, and what is longer than the limit is passed over, not kept.
3. A line ends at LF, CR LF or CR and nowhere else, so the numbers are those an editor shows.

Whoever writes a hostile file can at most have it refused, or her own lines set aside.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from pydantic import Field

from connectors.formats import Options
from connectors.parsing import CHUNK_BYTES, COMPRESSED
from connectors.reading import FileRefused, Message

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class LineOptions(Options):
    """How much one file of lines may ask for.

    Args:
        max_line_bytes: of one line, its end not counted; a record of this layout needs a few hundred.
    """

    max_line_bytes: int = Field(default=64 * 1024, ge=1_024)


class Line(NamedTuple):
    """One line as it stands in the file.

    Args:
        number: counts from 1, blank lines included.
        text: without its end; None when the line is longer than the limit.
    """

    number: int
    text: str | None

    @property
    def is_blank(self) -> bool:
        """Whether nothing but spaces stands in it."""
        return self.text is not None and not self.text.strip()


class Lines:
    """The lines of one file, from its first line again at every iteration; one iteration at a time.

    Args:
        message: the file; kept in memory only when it cannot be read twice.
    """

    def __init__(self, message: Message, options: LineOptions) -> None:
        self._stream = message.rewindable(options.max_bytes)
        self._begin = self._stream.tell()
        self._name = message.name
        self._options = options

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines.

        Raises:
            FileRefused: compressed, too large, or not UTF-8.
        """
        self._stream.seek(self._begin)
        for number, raw in enumerate(self._raw(), start=1):
            yield Line(number, None if raw is None else self._text(raw, number))

    def _raw(self) -> Iterator[bytes | None]:
        """Yield each line's bytes; None for a line that is too long."""
        longest = self._options.max_line_bytes
        held, is_too_long = b"", False
        for chunk in self._chunks():
            held += chunk
            undecided = b"\r" if held.endswith(b"\r") else b""  # half of CR LF, perhaps
            *ended, held = _LINE_END.split(held.removesuffix(undecided))
            for raw in ended:
                yield None if is_too_long or len(raw) > longest else raw
                is_too_long = False
            if len(held) > longest:
                held, is_too_long = b"", True
            held += undecided
        if held or is_too_long:
            yield None if is_too_long else held.removesuffix(b"\r")

    def _chunks(self) -> Iterator[bytes]:
        size = 0
        while chunk := self._stream.read(CHUNK_BYTES):
            if not size and chunk.startswith(COMPRESSED):
                raise FileRefused("compressed", self._name)
            size += len(chunk)
            if size > self._options.max_bytes:
                raise FileRefused("too-large", self._name)
            yield chunk

    def _text(self, raw: bytes, number: int) -> str:
        # The refusal is raised outside the `except`: the decoder's error holds the line.
        with suppress(UnicodeDecodeError):
            return (raw.removeprefix(BOM_UTF8) if number == 1 else raw).decode("utf-8")
        raise FileRefused("bad-encoding", f"{self._name}:{number}")
