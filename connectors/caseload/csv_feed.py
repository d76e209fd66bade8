"""The feed as CSV, strictly.

The file: UTF-8, with or without a byte order mark; `;` or `,` between fields; the columns of `COLUMNS` in any order.

Source: RFC 4180 for the quoting.
"""

import csv
from collections.abc import Iterator
from io import StringIO

from .feed import COLUMNS, FEED_BYTES_MAX, Feed, FeedRefused, Line


def lines(feed: Feed) -> Iterator[Line]:
    """Every line below the first. See `Feed.read`.

    Raises:
        FeedRefused: see `REFUSALS`.
    """
    text = _text(feed)
    first = text.partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    names: list[str] | None = None
    try:
        for fields in reader:
            if names is None:
                names = _names(fields, feed)
            elif fields:
                values = dict(zip(names, _as_many(fields, names, feed, reader.line_num), strict=True))
                yield Line(f"{feed.name}:{reader.line_num}", values)
    except csv.Error as error:
        code = "too-large" if "limit" in str(error) else "not-csv"
        # Not chained: the cause of a fault may quote the field.
        raise FeedRefused(code, f"{feed.name}:{reader.line_num}") from None
    if names is None:
        raise FeedRefused("columns", f"{feed.name}:1")


def _text(feed: Feed) -> str:
    if len(feed.content) > FEED_BYTES_MAX:
        raise FeedRefused("too-large", feed.name)
    if b"\0" in feed.content:
        before = feed.content.partition(b"\0")[0]
        raise FeedRefused("nul", f"{feed.name}:{_line_number(before)}")
    if feed.complete and not feed.content.endswith((b"\n", b"\r")):
        raise FeedRefused("cut-off", f"{feed.name}:{_line_number(feed.content)}")
    try:
        return feed.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Not chained: the cause carries the whole file.
        raise FeedRefused(
            "bad-encoding", f"{feed.name}:{_line_number(feed.content[: error.start])}"
        ) from None


def _line_number(before: bytes) -> int:
    return before.count(b"\n") + 1


def _names(fields: list[str], feed: Feed) -> list[str]:
    names = [field.strip().lower() for field in fields]
    if sorted(names) != sorted(COLUMNS):
        raise FeedRefused("columns", f"{feed.name}:1")
    return names


def _as_many(fields: list[str], names: list[str], feed: Feed, number: int) -> list[str]:
    if len(fields) != len(names):
        raise FeedRefused("fields", f"{feed.name}:{number}")
    return [field.strip() for field in fields]
