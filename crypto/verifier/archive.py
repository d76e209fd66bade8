"""An export as a zip file, of which nothing is believed.

Invariants:
1. Every member has a name that an export can have, once, and a size that fits its kind.
2. No member is unpacked to disk, and none is read beyond its size.

Whoever makes a zip file can make this module read as many bytes as the sizes of its members allow, and no more.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from crypto.errors import MalformedInput, VerificationFailed
from crypto.log.export import ABOUT, ABOUT_BYTES_MAX, CHECKPOINT, RECORD_LINE_BYTES_MAX, RECORDS
from crypto.log.merkle import HASH_BYTES
from crypto.log.notes import NOTE_BYTES_MAX
from crypto.log.tiles import Piece, parse_path

ENTRY_BYTES_MAX: Final = 1024
"""An audit entry is about a hundred bytes; the format of a bundle would allow 64 kB, which only a bomb would use."""

_LENGTH_BYTES: Final = 2
_ENCRYPTED: Final = 1
_FIXED: Final = {CHECKPOINT: NOTE_BYTES_MAX, ABOUT: ABOUT_BYTES_MAX, RECORDS: None}
# What zipfile raises on damaged or hostile files; RuntimeError and NotImplementedError for what it cannot unpack.
_BROKEN: Final = (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)


class Archive:
    """The members of an export.

    Args:
        file: A zip file, seekable; whoever opened it closes it.

    Raises:
        MalformedInput: Not a zip file, or with members that no export has.
    """

    def __init__(self, file: BinaryIO) -> None:
        with _readable():
            self._zip = ZipFile(file)
        self._members: dict[str, ZipInfo] = {}
        for member in self._zip.infolist():
            name = _checked(member)
            if name in self._members:
                raise MalformedInput(f"{name} is in the zip file twice")
            self._members[name] = member
        for name in _FIXED:
            if name not in self._members:
                raise MalformedInput(f"the zip file is no export: it has no {name}")

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open an export by its path.

        Raises:
            MalformedInput: No such file, or no export.
        """
        try:
            file = path.open("rb")
        except OSError as fault:
            raise MalformedInput(f"{path}: {fault.strerror}") from fault
        with file:
            yield cls(file)

    @property
    def piece_count(self) -> int:
        """How many tiles and bundles there are."""
        return len(self._members) - len(_FIXED)

    def read(self, name: str) -> bytes:
        """Return the whole of `checkpoint` or `about.json`.

        Raises:
            MalformedInput: The zip file is damaged.
        """
        with _readable():
            return self._zip.read(self._members[name])

    def read_piece(self, piece: Piece) -> bytes:
        """Return a tile or a bundle.

        Raises:
            MalformedInput: The zip file is damaged.
            VerificationFailed: It is not in the export.
        """
        if piece.path not in self._members:
            raise VerificationFailed(f"{piece.path} is missing")
        return self.read(piece.path)

    def record_lines(self) -> Iterator[bytes]:
        """Read the lines of `records.jsonl` one by one.

        Raises:
            MalformedInput: A line is too long or the last one not ended, or the zip file is damaged.
        """
        with _readable(), self._zip.open(self._members[RECORDS]) as lines:
            while line := lines.readline(RECORD_LINE_BYTES_MAX):
                if not line.endswith(b"\n"):
                    raise MalformedInput(f"a line of {RECORDS} is too long or has no end")
                yield line


def _checked(member: ZipInfo) -> str:
    """The name of a member that an export can have."""
    # `filename` has been tidied up by then; what stands in the file must need no tidying.
    name = member.orig_filename
    size_max = _FIXED[name] if name in _FIXED else _piece_bytes_max(name)
    if size_max is not None and member.file_size > size_max:
        raise MalformedInput(f"{name} is too large for what it is")
    if member.flag_bits & _ENCRYPTED or member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise MalformedInput(f"{name} is encrypted or packed in another way than an export is")
    return name


def _piece_bytes_max(name: str) -> int:
    try:
        piece = parse_path(name)
    except MalformedInput:
        raise MalformedInput("the zip file holds something that is no part of an export") from None
    each = _LENGTH_BYTES + ENTRY_BYTES_MAX if piece.level is None else HASH_BYTES
    return piece.width * each


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _BROKEN as fault:
        raise MalformedInput("the file is no zip file, or a damaged one") from fault
