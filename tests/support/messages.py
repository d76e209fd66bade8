"""A message as a format gets it, made from bytes."""

import io
from datetime import UTC, datetime
from typing import BinaryIO

from connectors.reading import Message

RECEIVED = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def message(content: bytes | BinaryIO, name: str = "message.xml", received: datetime = RECEIVED) -> Message:
    """Return the message; bytes become a stream that can go back."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return Message(stream, name, received)
