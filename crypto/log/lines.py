"""The pieces that the line formats of the log share: base64, decimal numbers and lists of hashes, in one spelling.

Invariants:
1. A value has one text; every other text is refused.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Final

from crypto.errors import MalformedInput

HASH_BYTES: Final = 32
NUMBER_MAX: Final = 2**63 - 1
"""The largest size, index or time; what a signed 64-bit number holds, in every other implementation too."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def write_base64(data: bytes) -> str:
    """Return the data as padded base64 (RFC 4648 §4)."""
    return b64encode(data).decode("ascii")


def read_base64(text: str) -> bytes:
    """Read padded base64 in its only spelling.

    Raises:
        MalformedInput: Other characters, missing padding, or bits set where no byte takes them.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise MalformedInput("not base64") from None
    if write_base64(data) != text:
        raise MalformedInput("not the one base64 text of its bytes")
    return data


def read_number(text: str) -> int:
    """Read a decimal number without sign or leading zeros.

    Raises:
        MalformedInput: Any other form, or above `NUMBER_MAX`.
    """
    if not _NUMBER.fullmatch(text) or int(text) > NUMBER_MAX:
        raise MalformedInput("not a decimal number in its shortest form")
    return int(text)


def read_hash(text: str) -> bytes:
    """Read one hash in base64.

    Raises:
        MalformedInput: Not base64, or not of 32 bytes.
    """
    data = read_base64(text)
    if len(data) != HASH_BYTES:
        raise MalformedInput("a hash is 32 bytes")
    return data


def read_text(data: bytes, size_max: int) -> str:
    """Read UTF-8 text of limited size that holds no control characters but newlines.

    Raises:
        MalformedInput: Too long, not UTF-8, or with other control characters.
    """
    if len(data) > size_max:
        raise MalformedInput("the text is too long")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedInput("not UTF-8 text") from None
    if any(character < " " and character != "\n" for character in text):
        raise MalformedInput("the text holds control characters")
    return text


def as_utf8(text: str) -> bytes:
    """Return the text as UTF-8.

    Raises:
        MalformedInput: It holds half a surrogate pair.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedInput("the text has no UTF-8 form") from None


def as_lines(lines: Iterable[str]) -> str:
    """Return the lines as text, each with its newline."""
    return "".join(f"{line}\n" for line in lines)


def above_note(text: str) -> tuple[list[str], str]:
    """Split a text into the lines above its first empty line, and the note below it.

    Raises:
        MalformedInput: No empty line.
    """
    head, gap, note = text.partition("\n\n")
    if not gap:
        raise MalformedInput("no empty line before the note")
    return head.split("\n"), note
