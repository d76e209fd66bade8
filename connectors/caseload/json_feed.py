"""The feed as JSON: one list of objects, or one object per line, with the names of `COLUMNS` as their members.

Every member holds a text, as in the CSV; null and leaving out stand for empty, and a mark may be true or false.

Invariants:
1. One reading of a file: strict JSON, no member twice, or nothing of it is used.
2. An object with any other member is set aside, whatever stands in it: a name has no business there.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from connectors.parsing.strict_json import Json, Opened, load, walk, written
from connectors.reading import FileRefused

from .feed import COLUMNS, FEED_BYTES_MAX, Feed, FeedRefused, Line, LineFault

_MARKS: Final = frozenset({"afgeschermd", "coordinator"})
_MARK_TEXTS: Final = {True: "ja", False: "nee"}


def lines(feed: Feed) -> Iterator[Line]:
    """Every object. See `Feed.read`.

    Raises:
        FeedRefused: see `REFUSALS`.
    """
    if len(feed.content) > FEED_BYTES_MAX:
        raise FeedRefused("too-large", feed.name)
    starts_list = feed.content.removeprefix(BOM_UTF8).lstrip().startswith(b"[")
    found = _listed(feed) if starts_list else _one_per_line(feed)
    for place, value in found:
        yield line(value, place)


def line(value: Json, place: str) -> Line:
    """Read one object; what is wrong with it as a whole becomes the line's fault."""
    members = value if isinstance(value, dict) else {}
    texts = {column: _text(column, members.get(column)) for column in COLUMNS}
    values = {column: text or "" for column, text in texts.items()}
    fault = None if isinstance(value, dict) else LineFault("members")
    for number, member in enumerate(members, start=1):
        if texts.get(member) is None:
            # By number: the name of a member may itself be somebody's.
            fault = fault or LineFault("members", str(number))
    return Line(place, values, ", member {}".format, fault)


def _text(column: str, value: Json) -> str | None:
    """Return the text of a member; None when it holds none."""
    if value is None:
        return ""
    if isinstance(value, bool) and column in _MARKS:
        return _MARK_TEXTS[value]
    return value.strip() if isinstance(value, str) else None


def _listed(feed: Feed) -> Iterator[tuple[str, Json]]:
    try:
        for place, value in walk(BytesIO(feed.content), feed.name, [()], FEED_BYTES_MAX):
            if not isinstance(value, Opened):
                yield written(feed.name, place), value
    except FileRefused as refusal:
        raise FeedRefused(refusal.code, refusal.position) from None


def _one_per_line(feed: Feed) -> Iterator[tuple[str, Json]]:
    if feed.complete and not feed.content.endswith(b"\n"):
        raise FeedRefused("cut-off", f"{feed.name}:{feed.content.count(bytes([10])) + 1}")
    for number, content in enumerate(feed.content.split(b"\n"), start=1):
        if content.strip():
            place = f"{feed.name}:{number}"
            try:
                value = load(BytesIO(content), place, len(content))
            except FileRefused as refusal:
                raise FeedRefused(refusal.code, place) from None
            yield place, value
