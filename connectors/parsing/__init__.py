"""Opening what comes from outside: XML and JSON, strict about form, bounded in memory, silent about content.

Every format reads through one of the two walkers here, `xml` and `strict_json`, so that a hostile file is refused in
one place. Files of lines have their own, `connectors.lines`, over the same limits.

Invariants:
1. A document that is refused, at its end too, has yielded nothing.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO, Final

from connectors.reading import Message, Reading

CHUNK_BYTES: Final = 65_536
COMPRESSED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
HELD_READINGS: Final = 50_000
"""Kept back until a document proved readable to its end; one with more is read twice."""


def once_whole(
    read: Callable[[BinaryIO], Iterator[Reading]],
    message: Message,
    max_bytes: int,
) -> Iterator[Reading]:
    """Yield what `read` yields, but only after it has come to the end of the stream without a refusal.

    A document that is cut off must publish nothing, and one of 100 MB may not be kept in memory. So readings are
    held back up to a number; a document with more is read a second time for those that were not held.

    Args:
        read: reads the stream from its present position to its end.
        message: whose stream it is.
        max_bytes: kept of a stream that cannot go back, and one more.

    Raises:
        FileRefused: before anything was yielded.
    """
    stream = message.rewindable(max_bytes)
    begin = stream.tell()
    readings = read(stream)
    held = list(islice(readings, HELD_READINGS))
    more = sum(1 for _ in readings)
    yield from held
    if more:
        stream.seek(begin)
        yield from islice(read(stream), len(held), None)
