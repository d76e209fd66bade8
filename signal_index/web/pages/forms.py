"""Reads posted forms strictly: one encoding, few fields, proper UTF-8, so that nobody else reads another form.

Invariant: nothing here echoes what was posted.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from crypto.chain import Bsn
from crypto.errors import MalformedInput
from signal_index.errors import Malformed

URLENCODED = "application/x-www-form-urlencoded"
FORM_BYTES_MAX = 64 * 1024
FORM_FIELDS_MAX = 200

_DUTCH_DAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ .-](?=\d)", re.ASCII)
_NINE_DIGITS = re.compile(r"(?<!\d)\d{9}(?!\d)", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


class Form:
    """The fields of one posted form; also what a page without one works with, empty.

    Args:
        fields: by name, values in the order in which they were sent.
    """

    def __init__(self, fields: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
        self._fields = fields

    def one(self, name: str) -> str | None:
        """The value of a field that stands in the form once, without spaces around it.

        Returns:
            None when it is absent, empty, or there more than once.
        """
        values = self._fields.get(name, ())
        return (values[0].strip() or None) if len(values) == 1 else None

    def many(self, name: str) -> list[str]:
        """The values of a field that may stand there more often; empty ones are left out."""
        return [value for each in self._fields.get(name, ()) if (value := each.strip())]


async def read_form(request: Request) -> Form:
    """Read the body as one form.

    Raises:
        HTTPException: 413 for a body that is too large, 415 for another media type.
        Malformed: it is not a form we read.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != URLENCODED:
        raise HTTPException(415)
    body = await request.body()
    if len(body) > FORM_BYTES_MAX:
        raise HTTPException(413)
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX, separator="&"
        )
    except ValueError as error:  # also UnicodeDecodeError: a browser sends ASCII with %-escapes of UTF-8
        raise Malformed("malformed", "Dit formulier kunnen wij niet lezen. Probeer het nog eens.") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        if "\0" in value:
            raise Malformed("malformed", "Dit formulier kunnen wij niet lezen. Probeer het nog eens.")
        fields.setdefault(name, []).append(value)
    return Form(fields)


def read_day(text: str | None) -> date | None:
    """Read a day as people write it: 1-2-2026, 01-02-2026 or 2026-02-01; None when it is no such day."""
    stated = (text or "").strip()
    if match := _DUTCH_DAY.fullmatch(stated):
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO_DAY.fullmatch(stated):
        year, month, day = (int(part) for part in match.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def typed_back(text: str | None) -> str:
    """What somebody typed, to be mended; nothing when a citizen service number may stand in it."""
    stated = text or ""
    return "" if any(map(_is_bsn, _NINE_DIGITS.findall(_BETWEEN_DIGITS.sub("", stated)))) else stated


def _is_bsn(digits: str) -> bool:
    try:
        Bsn.parse(digits)
    except MalformedInput:
        return False
    return True
