"""Zaken of the ZGW standard, as Open Zaak and its peers answer: for whom a zaak of a listed type runs.

One document is a zaak with its roles and status expanded, a list of such zaken, a zaak with its roles and status beside
it (what `fetching` writes), or a notification. A zaak says how it stands when it is read, so the answer that came in
last counts; a list that leaves one out says nothing about it.

**Which zaaktypen to list.** Many a zaaktype is the handling of an application: it runs while nothing was granted, and
ends when help begins. List only zaaktypen that run for as long as the help does. Where one zaak is both, name the
statuses before the decision in `application_statuses`: under those it is no traject yet.

Invariants:
1. Without settings nothing is published: a zaaktype that is not listed is set aside before its roles are looked at.
2. Of a zaak only zaaktype, first and last day are read; of a status whether it is the last and which; of a role who,
   and in which part. Description, result, suspension, confidentiality and place are never looked at.
3. The organisations of a zaak are RSINs, which can be somebody's BSN; the source is what the settings say.
4. A deleted zaak and a role taken back end nothing, as nobody is named: they are set aside, for a person to look at.

Whoever answers for the zaken can at most misstate that something runs at the one source in the settings.

Source: Zaken API 1.5.1 (VNG-Realisatie), components Zaak, Rol, Status; Notificaties API 1.0, channel `zaken`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import BinaryIO, Final

from connectors.formats import Format
from connectors.parsing import once_whole
from connectors.parsing.problem import MEMBERS, fault_in
from connectors.parsing.strict_json import Json, Opened, walk
from connectors.reading import FileRefused, Message, Nothing, Quarantined, Reading, SourceUnavailable

from .following import follow
from .notifications import Change, Notice, notice
from .options import ZgwOptions
from .zaken import ROLE_REMOVED, expanded, fetched, readings

_OPENED: Final = ((), ("results",))
_KEPT: Final = MEMBERS | frozenset(
    {
        *("url", "uuid", "zaaktype", "startdatum", "einddatum", "rollen", "status", "_expand"),  # a zaak
        *("zaak", "opgehaald", ROLE_REMOVED),  # with its roles and status beside it
        *("kanaal", "hoofdObject", "resource", "resourceUrl", "actie", "kenmerken"),  # a notification
        *("specversion", "type", "dataref", "data"),  # the same in a CloudEvents envelope
    }
)
"""Members of a document that are looked at; the others are passed over as they are walked."""


def read(
    message: Message,
    options: ZgwOptions = ZgwOptions(),  # noqa: B008 - frozen
) -> Iterator[Reading]:
    """Read one document of the Zaken API or the Notificaties API. See `reading.MessageReader`.

    Yields:
        One reading per person of each zaak, in the order they stand in the document.

    Raises:
        FileRefused: not strict JSON, too large, or nothing of this standard.
    """
    return once_whole(
        lambda stream: _read(stream, message.name, message.received, options), message, options.max_bytes
    )


FORMAT: Final = Format(
    read, "Zaken of the ZGW standard (Zaken API 1.5) and their notifications", ZgwOptions, follow
)


def _read(stream: BinaryIO, name: str, received: datetime, options: ZgwOptions) -> Iterator[Reading]:
    members: dict[str, Json] = {}
    is_list = False
    for place, value in walk(stream, name, _OPENED, options.max_bytes):
        match place, value:
            case ((() | ("results",)), Opened() as opened):
                is_list = is_list or opened is Opened.LIST
            case (((int(),) | ("results", int())), zaak) if not isinstance(zaak, Opened):
                yield from readings(expanded(zaak, received, name, place), options)
            case (str() as key,), member if key in _KEPT and not isinstance(member, Opened):
                members[key] = member
    if not is_list:
        yield from _document(members, name, received, options)


def _document(
    members: Mapping[str, Json], name: str, received: datetime, options: ZgwOptions
) -> Iterator[Reading]:
    """Read a document that is one object, by what stands in it."""
    told = notice(members)
    if told is not None:
        yield from _notified(told, name, options)
    elif isinstance(members.get("zaak"), dict):
        if members.get(ROLE_REMOVED) is True:
            yield Quarantined("role-removed", name, None, options.source)
        yield from readings(fetched(members, received, name), options)
    elif "zaaktype" in members:
        yield from readings(expanded(dict(members), received, name, ()), options)
    elif fault := fault_in(members):
        yield SourceUnavailable(name, options.source, code=fault)
    else:
        raise FileRefused("not-zgw", name)


def _notified(told: Notice, name: str, options: ZgwOptions) -> Iterator[Reading]:
    type_code = options.signal_type(told.zaaktype)
    is_unlisted = told.zaaktype is not None and type_code is None and options.knows_by_reference
    if told.change is Change.ANOTHER_SUBJECT or is_unlisted:
        yield Nothing("another-subject", name, options.source)
        return
    if told.change is Change.ZAAK_DESTROYED:
        yield Quarantined("zaak-destroyed", name, None, options.source, type_code)
        return
    if told.change is Change.ROLE_REMOVED:
        yield Quarantined("role-removed", name, None, options.source, type_code)
    yield Nothing("look-up-needed", name, options.source, type_code)
