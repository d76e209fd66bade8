"""Notifications about zaken: which zaak one is about, and what happened to it; they never hold a person.

Invariants:
1. What a notification says of a zaak is an address; whether that may be asked is for `fetching` to say.

Three forms are read: the notification of the standard, the same in the CloudEvents envelope that Open Notificaties puts
around it, and the CloudEvents that Open Zaak sends of its own accord.

Source: Notificaties API 1.0.0, Notificatie; the documentation of Open Notificaties and Open Zaak on cloud events.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from connectors.parsing.json_text import VALUE_CHARACTERS_MAX
from connectors.parsing.strict_json import Json, load
from connectors.reading import FileRefused

_CHANNEL: Final = "zaken"
_TELLING: Final = frozenset({"zaak", "status", "rol"})
"""Resources whose change can change who has a traject, since when or until when."""

_WRAPPED: Final = re.compile(r"nl\.vng\.zgw\.(?P<kanaal>[a-z]+)\.(?P<resource>[a-z]+)\.(?P<actie>[a-z]+)")
_OWN: Final = re.compile(r"nl\.overheid\.zaken\.(?P<name>[a-z-]+)")
_OWN_TELLING: Final = frozenset(
    f"zaak-{change}"
    for change in ("geregistreerd", "gemuteerd", "bijgewerkt", "opgeschort", "verlengd", "afgesloten")
)
_OWN_DESTROYED: Final = "zaak-verwijderd"


class Change(Enum):
    """What a notification asks of whoever holds the flags."""

    LOOK_UP = auto()
    ROLE_REMOVED = auto()  # somebody may no longer be the client
    ZAAK_DESTROYED = auto()
    ANOTHER_SUBJECT = auto()


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification says.

    Args:
        change: what happened.
        zaak: URL of the zaak, or a reference relative to its API; None when it names none.
        zaaktype: its URL; None when it is not told.
    """

    change: Change
    zaak: str | None = field(repr=False)
    zaaktype: str | None = field(repr=False)


def notice(document: Mapping[str, Json]) -> Notice | None:
    """Read a notification; None when the document is something else."""
    if "specversion" in document:
        return _event(document)
    if "kanaal" in document and "actie" in document:
        return _notification(document)
    return None


def _notification(members: Mapping[str, Json]) -> Notice:
    kanaal, resource, action = (_word(members.get(name)) for name in ("kanaal", "resource", "actie"))
    characteristics = members.get("kenmerken")
    zaaktype = characteristics.get("zaaktype") if isinstance(characteristics, dict) else None
    return Notice(
        _change(kanaal, resource, action), _reference(members.get("hoofdObject")), _reference(zaaktype)
    )


def _change(kanaal: str, resource: str, action: str) -> Change:
    if kanaal != _CHANNEL or resource not in _TELLING:
        return Change.ANOTHER_SUBJECT
    removed = {"zaak": Change.ZAAK_DESTROYED, "rol": Change.ROLE_REMOVED}
    return removed.get(resource, Change.LOOK_UP) if action == "destroy" else Change.LOOK_UP


def _event(event: Mapping[str, Json]) -> Notice:
    type_name, data = _word(event.get("type")), _inside(event.get("data"))
    wrapped = _WRAPPED.fullmatch(type_name)
    if wrapped is not None:
        return _notification({**data, **wrapped.groupdict()})
    own = _OWN.fullmatch(type_name)
    name = own["name"] if own else ""
    change = Change.LOOK_UP if name in _OWN_TELLING else Change.ANOTHER_SUBJECT
    return Notice(
        Change.ZAAK_DESTROYED if name == _OWN_DESTROYED else change,
        _reference(event.get("dataref")),
        _reference(data.get("zaaktype")),
    )


def _inside(data: Json) -> Mapping[str, Json]:
    """Return the data of an event; Open Notificaties writes it as a text that holds JSON."""
    if isinstance(data, str):
        try:
            data = load(io.BytesIO(data.encode("utf-8", "replace")), "", VALUE_CHARACTERS_MAX)
        except FileRefused:
            return {}
    return data if isinstance(data, dict) else {}


def _word(value: Json) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _reference(value: Json) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None
