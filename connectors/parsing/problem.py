"""Recognising an answer that is a fault: what an HTTP API says instead of what was asked. Its words are never kept.

Source: RFC 9457 (problem details), of which RFC 7807 is the earlier text.
"""

import re
from collections.abc import Mapping
from typing import Final

from .strict_json import Json

FAULT: Final = "source-fault"
NOT_ENTITLED: Final = "not-entitled"

MEMBERS: Final = frozenset({"status", "title", "detail", "instance"})
"""Members of a problem document beside `type`, which other documents have too."""

_NOT_ENTITLED: Final = frozenset({401, 403})
_HTTP_STATUSES: Final = range(100, 600)
_THREE_DIGITS: Final = re.compile(r"[0-9]{3}")


def fault_in(document: Mapping[str, Json]) -> str | None:
    """Return the code for a problem document, `source-fault` or `not-entitled`; None when it is none."""
    status = _http_status(document.get("status"))
    if status is None and not {"title", "detail"} <= document.keys():
        return None
    return NOT_ENTITLED if status in _NOT_ENTITLED else FAULT


def _http_status(value: Json) -> int | None:
    """Return a status that stands there as a number or as its digits; None when it is none."""
    if isinstance(value, str) and _THREE_DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if value in _HTTP_STATUSES else None
