"""What one zaak says: who its clients are, since when it runs and until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from connectors.parsing.strict_json import Json, Place, written
from connectors.reading import (
    Kind,
    Observation,
    Quarantined,
    Reading,
    dutch_day,
    municipality_of,
    read_bsn,
    read_filled_day,
    read_moment,
    traject_key,
)
from crypto.chain import Bsn

from .options import ZgwOptions, last_segment

_PERSON: Final = "natuurlijk_persoon"
_ON_BEHALF: Final = "gemachtigde"
_EXPAND: Final = "_expand"

ROLE_REMOVED: Final = "rol_verwijderd"
"""Member of a fetched document: somebody was taken off the zaak since, and nothing says who."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One zaak with what came along with it.

    Args:
        zaak: as the API gave it; anything but an object is no zaak.
        roles: a list of roles, or a list answer that holds one; None when they were not asked for.
        status: the last status, or a list of all; None or empty when it was not asked for, or there is none.
        stated_on: aware; when the zaak stood like this.
        name: of the message.
        place: of the zaak in it.
        roles_place: of the roles in it.
    """

    zaak: Json = field(repr=False)
    roles: Json = field(repr=False)
    status: Json = field(repr=False)
    stated_on: datetime
    name: str
    place: Place
    roles_place: Place


class _Told(NamedTuple):
    """What a zaak says about the traject, whoever has it."""

    traject: str
    kind: Kind
    start: date
    end: date | None


class _Client(NamedTuple):
    """Somebody in a part that counts; a code or `invalid` for what cannot be read of her."""

    place: str
    person: Bsn | str
    until: date | str | None


def expanded(zaak: Json, received: datetime, name: str, place: Place) -> Answer:
    """Take a zaak whose roles and status were expanded in it."""
    inside = _object(_object(zaak).get(_EXPAND))
    roles_place = (*place, _EXPAND, "rollen")
    return Answer(zaak, inside.get("rollen"), inside.get("status"), received, name, place, roles_place)


def fetched(members: Mapping[str, Json], received: datetime, name: str) -> Answer:
    """Take a zaak that stands beside its roles and status.

    It stood like this when it was fetched, where that is told: a bundle that is read again later says nothing newer.
    """
    told = members.get("opgehaald")
    moment = read_moment(told) if isinstance(told, str) else None
    stated_on = min(moment, received) if moment else received
    roles, status = members.get("rollen"), members.get("status")
    return Answer(members["zaak"], roles, status, stated_on, name, ("zaak",), ("rollen",))


def readings(answer: Answer, options: ZgwOptions) -> Iterator[Reading]:
    """Yield what a zaak says about each of its clients, in the order of their roles; at least one reading."""
    zaak = _object(answer.zaak)
    type_code = options.signal_type(zaak.get("zaaktype"), _object(zaak.get(_EXPAND)).get("zaaktype"))
    about, place = _About(options.source, type_code), written(answer.name, answer.place)
    if "zaaktype" not in zaak:
        yield about.quarantined("record-malformed", place)
    elif type_code is None:
        yield about.quarantined("zaaktype-unlisted", place)
    else:
        told = _told(zaak, answer.status, options)
        clients = _clients(answer, zaak, options)
        if isinstance(clients, str):
            yield about.quarantined(told if isinstance(told, str) else clients, place)
            return
        for client in clients:
            yield about.reading(client, told, answer.stated_on)


@dataclass(frozen=True, slots=True)
class _About:
    """Whose flag a zaak is about, and of which type; the settings say both."""

    source: str | None
    type: str | None

    @property
    def municipality(self) -> str | None:
        return municipality_of(self.source) if self.source else None

    def quarantined(self, code: str, place: str, person: Bsn | None = None) -> Quarantined:
        return Quarantined(code, place, person, self.source, self.type, self.municipality)

    def reading(self, client: _Client, told: _Told | str, stated_on: datetime) -> Reading:
        period = _narrowed(told, client.until)
        if (
            self.source is None
            or self.type is None
            or isinstance(client.person, str)
            or isinstance(period, str)
        ):
            person = None if isinstance(client.person, str) else client.person
            faults = (None if self.source else "source-unknown", client.person, period)
            return self.quarantined(
                next(code for code in faults if isinstance(code, str)), client.place, person
            )
        return Observation(
            person=client.person,
            source=self.source,
            type=self.type,
            traject=period.traject,
            kind=period.kind,
            start=period.start,
            end=period.end,
            stated_on=stated_on,
            message="",
            municipality=self.municipality,
            position=client.place,
            note="application-only" if period.kind is Kind.NOT_A_TRAJECT else None,
            replaces=True,  # a zaak is one traject, so another first day than before is a correction
        )


def _told(zaak: Mapping[str, Json], statuses: Json, options: ZgwOptions) -> _Told | str:
    """Return what a zaak tells, or the code that says why it cannot be used."""
    own_id = next(iter(_identities(zaak)), None)
    start, end = read_filled_day(zaak.get("startdatum")), read_filled_day(zaak.get("einddatum"))
    if own_id is None:
        return "record-malformed"
    if not isinstance(start, date):
        return "start-invalid" if start else "start-missing"
    key = traject_key("zaak", own_id)
    status = _last(statuses)
    if options.application_statuses:
        if not status and zaak.get("status") is not None:
            return "answer-incomplete"
        if not status or options.is_application(status.get("statustype")):
            return _Told(key, Kind.NOT_A_TRAJECT, start, None)
    end = end or _ended_by(status)
    return "end-invalid" if isinstance(end, str) else _Told(key, Kind.STATE, start, end)


def _narrowed(told: _Told | str, until: date | str | None) -> _Told | str:
    """Return what a zaak tells of somebody whose part in it may have ended before the zaak did."""
    if isinstance(told, str):
        return told
    if isinstance(until, str):
        return "end-invalid"
    end = min((day for day in (told.end, until) if day is not None), default=None)
    return "end-before-start" if end is not None and end < told.start else told._replace(end=end)


def _clients(answer: Answer, zaak: Mapping[str, Json], options: ZgwOptions) -> list[_Client] | str:
    """Return the clients, or the code that says why there are none."""
    roles, place = answer.roles, answer.roles_place
    if isinstance(roles, dict) and "results" in roles:
        roles, place = roles["results"], (*place, "results")
    if roles is None and zaak.get("rollen") == []:
        roles = []
    if not isinstance(roles, list):
        return "answer-incomplete" if roles is None else "record-malformed"
    clients: dict[tuple[Bsn | str, date | str | None], _Client] = {}
    for number, role in enumerate(roles):
        if client := _client(role, zaak, options, written(answer.name, (*place, number))):
            # Somebody in two parts is one client.
            clients.setdefault((client.person, client.until), client)
    return list(clients.values()) or "client-missing"


def is_client(role: Json, options: ZgwOptions) -> bool:
    """Whether a role is that of a client; it is not when staff, an organisation or somebody's proxy has it."""
    if not isinstance(role, dict):
        return False
    kind, part, proxy = (
        _word(role.get(name)) for name in ("betrokkeneType", "omschrijvingGeneriek", "indicatieMachtiging")
    )
    return kind == _PERSON and part in options.roles and proxy != _ON_BEHALF


def _client(role: Json, zaak: Mapping[str, Json], options: ZgwOptions, place: str) -> _Client | None:
    """Return the client this role makes, if it makes one."""
    if not isinstance(role, dict):
        return _Client(place, "record-malformed", None)
    if not is_client(role, options):
        return None
    # An API that does not know the filter on `zaak` answers with the roles of everybody.
    of_zaak = role.get("zaak")
    if isinstance(of_zaak, str) and last_segment(of_zaak).casefold() not in _identities(zaak):
        return _Client(place, "record-malformed", None)
    person = read_bsn(_object(role.get("betrokkeneIdentificatie")).get("inpBsn"))
    return _Client(place, person, read_filled_day(role.get("eindeGeldigheid")))


def _identities(zaak: Mapping[str, Json]) -> list[str]:
    """Return the ids of a zaak, its UUID first. A host name may change, so a URL counts by its last part."""
    uuid, url = zaak.get("uuid"), zaak.get("url")
    named = (uuid if isinstance(uuid, str) else "", last_segment(url) if isinstance(url, str) else "")
    return [own_id for each in named if (own_id := each.strip().casefold()) and own_id.isprintable()]


def _last(statuses: Json) -> Mapping[str, Json]:
    """Return the status that was set last; empty when none is given."""
    if isinstance(statuses, dict) and "results" in statuses:
        statuses = statuses["results"]
    given = statuses if isinstance(statuses, list) else [statuses]
    standing = (each for each in given if _object(each).get("indicatieLaatstGezetteStatus") is not False)
    return _object(next(standing, None))


def _ended_by(status: Mapping[str, Json]) -> date | str | None:
    """Return the day a final status was set on, `invalid` when it has none; None when the last status is not final.

    The API fills in `einddatum` with that status, so this matters only for an answer caught in between.
    """
    statustype = _object(_object(status.get(_EXPAND)).get("statustype"))
    if statustype.get("isEindstatus") is not True:
        return None
    set_on = status.get("datumStatusGezet")
    moment = read_moment(set_on) if isinstance(set_on, str) else None
    return dutch_day(moment) if moment else read_filled_day(set_on) or "invalid"


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _word(value: Json) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""
