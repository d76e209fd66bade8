"""The feed from a ZGW case system: cases with their roles become care relations.

A case of a type the settings name is a care relation of its initiator with every member of staff who handles or
coordinates it. The file is one case, a list of cases, an answer of the API with `results`, or an object with the lists
`zaken` and `rollen`. Roles stand in a case's `_expand.rollen` (asked for with `expand=rollen`), in its own `rollen`, or
in the list beside it.

Which case system it is makes no difference: types and cases are known by the UUID their address ends in.

Invariants:
1. A case tells all its roles or is set aside: another relation of the same case has ended, also in a file that does not
   hold every case.
2. What a case does not tell is not made up: the age is unknown, the person counts as shielded, and whoever registered
   the relation is its own worker, so that a second person has to confirm it, unless the settings say better.
3. Names, descriptions, addresses and any other text of a case are never looked at.

Source: Zaken API 1.5.1 (VNG Realisatie), resources ZAAK and ROL.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from io import BytesIO
from typing import Final
from uuid import UUID

from connectors.config import CaseloadFromCases
from connectors.parsing.strict_json import Json, Opened, Place, walk, written
from connectors.reading import FileRefused, read_day
from connectors.zgw.options import last_segment, names_of
from crypto.encoding import Month

from .feed import COLUMNS, Feed, FeedRefused, Line, LineFault, WholeCase

CASES_BYTES_MAX: Final = 256 * 1024 * 1024
"""A case with its roles takes some six kilobytes: more than any organisation has, and read one by one."""

_WALKED: Final = ((), ("results",), ("zaken",), ("rollen",))
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOTHING: Final[Mapping[str, str]] = dict.fromkeys(COLUMNS, "")
_NAMES: Final = {
    "bsn": "inpBsn",
    "medewerker": "identificatie of the medewerker",
    "team": "identificatie of the organisatorische_eenheid",
    "zaakreferentie": "identificatie",
    "van": "startdatum",
    "tot": "einddatum",
}


@dataclass(frozen=True)
class Relations:
    """What cases of one organisation are made into relations with.

    Args:
        organisation: OIN of the organisation that gives the care.
        as_of: the file is complete up to and including this day.
        identify: 16 bytes for (case, worker), the same each time; a case system gives a relation no id of its own.
    """

    organisation: str
    settings: CaseloadFromCases
    as_of: date
    identify: Callable[[str, str], bytes]


@dataclass(frozen=True)
class _Role:
    """What is used of one ROL: who (`who` is a BSN or a code, empty when not told) plays which part."""

    url: str
    kind: str
    part: str
    who: str


def reader(relations: Relations) -> Callable[[Feed], Iterator[Line | WholeCase]]:
    """Return what reads a file of cases; see `Feed.read`."""
    return partial(_read, relations)


def _read(relations: Relations, feed: Feed) -> Iterator[Line | WholeCase]:
    document = _Document(feed)
    for place, case in document.cases():
        yield from _lines(relations, case, document.roles, written(feed.name, place))


class _Document:
    """One file, gone through once: its cases, and the roles that stand beside them."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._top: dict[str, Json | Opened] = {}
        self._cases: list[tuple[Place, Json]] = []
        self._beside: list[Json] = []
        self._is_list = False
        self.roles: Mapping[str, list[_Role]] | None = None

    def cases(self) -> Iterable[tuple[Place, Json]]:
        """Every case, and where it stands; the roles beside them are known by then."""
        try:
            for place, value in walk(BytesIO(self._feed.content), self._feed.name, _WALKED, CASES_BYTES_MAX):
                self._take(place, value)
        except FileRefused as refusal:
            raise FeedRefused(refusal.code, refusal.position) from None
        if "zaaktype" in self._top:
            return [((), _single(self._top, self._beside))]
        if not self._is_list and not {"results", "zaken"} & self._top.keys():
            raise FeedRefused("not-cases", self._feed.name)
        if self._feed.complete and (self._top.get("next") or self._top.get("previous")):
            raise FeedRefused("page", self._feed.name)
        if "rollen" in self._top:
            self.roles = _by_case(self._beside)
        return self._cases

    def _take(self, place: Place, value: Json | Opened) -> None:
        if place == ():
            self._is_list = value is Opened.LIST
        elif len(place) == 1 and isinstance(place[0], str):
            self._top[place[0]] = value
        elif place[0] == "rollen":
            assert not isinstance(value, Opened)
            self._beside.append(value)
        else:
            assert not isinstance(value, Opened)
            self._cases.append((place, _needed(value)))


def _single(top: Mapping[str, Json | Opened], beside: list[Json]) -> Json:
    """A case that is the whole document; its roles were walked."""
    case: dict[str, Json] = {name: value for name, value in top.items() if not isinstance(value, Opened)}
    return case | ({"rollen": beside} if "rollen" in top else {})


def _needed(case: Json) -> Json:
    """Drop what is not used of a case, so that a large file does not stay in memory."""
    if not isinstance(case, dict):
        return None
    names = ("url", "uuid", "identificatie", "zaaktype", "startdatum", "einddatum", "rollen")
    kept: dict[str, Json] = {name: case[name] for name in names if name in case}
    kept["_expand"] = {member: _expanded(case, member) for member in ("rollen", "zaaktype")}
    return kept


def _by_case(roles: Iterable[Json]) -> Mapping[str, list[_Role]]:
    found: dict[str, list[_Role]] = {}
    for role in roles:
        if isinstance(role, dict):
            found.setdefault(_text(role.get("zaak")), []).append(_role(role))
    return found


def _role(role: Mapping[str, Json]) -> _Role:
    told = role.get("betrokkeneIdentificatie")
    told = told if isinstance(told, dict) else {}
    kind = _text(role.get("betrokkeneType"))
    who = _text(told.get("inpBsn" if kind == "natuurlijk_persoon" else "identificatie"))
    return _Role(_text(role.get("url")), kind, _text(role.get("omschrijvingGeneriek")).lower(), who)


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else ""


def _lines(
    relations: Relations, case: Json, beside: Mapping[str, list[_Role]] | None, place: str
) -> Iterator[Line | WholeCase]:
    """What one case comes to: a line per worker, and that it is whole."""
    case = case if isinstance(case, dict) else {}
    case_type = _type(case)
    if case_type and case_type.isdisjoint(_listed(relations.settings)):
        return
    reference = _text(case.get("identificatie"))
    last_day = read_day(_text(case.get("einddatum")))
    case_id = _case_id(case)
    roles = _roles(case, beside)
    if not case_type or case_id is None:
        yield Line(place, _NOTHING, fault=LineFault("case-malformed"))
    elif last_day is not None and last_day < relations.as_of:
        yield WholeCase(reference, last_day)
    elif roles is None:
        yield Line(place, _NOTHING, fault=LineFault("roles-missing"), case=reference or None)
    else:
        yield from _workers(relations, case, case_id, roles, place)
        yield WholeCase(reference)


def _type(case: Mapping[str, Json]) -> frozenset[str]:
    """All that the type of a case may be called; empty when it has none."""
    return frozenset(
        name for told in (case.get("zaaktype"), _expanded(case, "zaaktype")) for name in names_of(told)
    )


def _listed(settings: CaseloadFromCases) -> frozenset[str]:
    return frozenset(name for listed in settings.zaaktypen for name in names_of(listed))


def _expanded(case: Mapping[str, Json], member: str) -> Json:
    """What an answer with `expand` holds of a member; None when it holds nothing."""
    expanded = case.get("_expand")
    return expanded.get(member) if isinstance(expanded, dict) else None


def _case_id(case: Mapping[str, Json]) -> str | None:
    """The UUID of a case, also when only its address holds it: the address changes when a system moves."""
    told = _text(case.get("uuid")) or last_segment(_text(case.get("url")))
    return told.lower() if _UUID.fullmatch(told) else None


def _roles(case: Mapping[str, Json], beside: Mapping[str, list[_Role]] | None) -> list[_Role] | None:
    """Return every role of a case; None when the file does not hold them all."""
    listed, expanded = case.get("rollen"), _expanded(case, "rollen")
    inside = listed if expanded is None else expanded
    objects = [_role(each) for each in inside if isinstance(each, dict)] if isinstance(inside, list) else []
    found = objects + (beside or {}).get(_text(case.get("url")), [])
    named = {each for each in listed if isinstance(each, str)} if isinstance(listed, list) else set()
    is_told = isinstance(inside, list) or beside is not None
    return found if is_told and named <= {role.url for role in found} else None


def _workers(
    relations: Relations, case: Mapping[str, Json], case_id: str, roles: list[_Role], place: str
) -> Iterator[Line]:
    """A line per member of staff who handles or coordinates a case."""
    staff = [role for role in roles if role.kind == "medewerker"]
    coordinators = {role.who for role in staff if role.part == "zaakcoordinator"}
    shared, fault = _shared(relations, case, roles)
    for worker in dict.fromkeys(
        role.who for role in staff if role.part in {"behandelaar", "zaakcoordinator"}
    ):
        identified = UUID(bytes=relations.identify(case_id, worker)) if worker else ""
        values = shared | {
            "relatie_id": str(identified),
            "medewerker": worker,
            "geregistreerd_door": relations.settings.registered_by or worker,
            "coordinator": "ja" if worker in coordinators else "nee",
        }
        wrong = fault if worker else LineFault("worker-missing", "medewerker")
        yield Line(place, values, _called, wrong, case=shared["zaakreferentie"] or None)


def _shared(
    relations: Relations, case: Mapping[str, Json], roles: list[_Role]
) -> tuple[dict[str, str], LineFault | None]:
    """What all lines of a case say, and what is wrong with all of them."""
    persons = {
        role.who
        for role in roles
        if role.kind == "natuurlijk_persoon" and role.part == "initiator" and role.who
    }
    units = {
        role.who for role in roles if role.kind == "organisatorische_eenheid" and role.part == "behandelaar"
    }
    fault = LineFault("bsn-ambiguous", "bsn") if len(persons) > 1 else None
    fault = LineFault("team-ambiguous", "team") if len(units) > 1 else fault
    values = {
        **_NOTHING,
        "actie": "registreren",
        "bsn": min(persons, default=""),
        "organisatie": relations.organisation,
        "team": min(units, default=relations.settings.team or ""),
        "zaakreferentie": _text(case.get("identificatie")),
        "van": _text(case.get("startdatum")),
        "tot": _until(relations, case),
        "afgeschermd": "ja" if relations.settings.shielded else "nee",
    }
    return values, fault


def _until(relations: Relations, case: Mapping[str, Json]) -> str:
    """Return the last day as the case tells it; otherwise the end of a month that moves on with each file."""
    if case.get("einddatum") is not None:
        return _text(case["einddatum"])
    begins = read_day(_text(case.get("startdatum"))) or relations.as_of
    after = Month.of(max(begins, relations.as_of)).plus(relations.settings.months_ahead + 1)
    return (date(after.year, after.month, 1) - timedelta(days=1)).isoformat()


def _called(column: str) -> str:
    return f", {_NAMES.get(column, column)}"
