"""One person as BRP tells of her: death, guardianship and municipality. Pure: no clock, no file, no network.

BRP leaves out what is false, empty or unknown, so not being there has to be read with care:

- Suspension (`opschortingBijhouding`) comes unasked whenever there is one. Its absence is a statement, that nobody
  registered a death, and takes back an earlier mistake.
- A group with nothing in it still says that there is such a group: `"overlijden": {}` is a death.
- `indicatieCurateleRegister` comes only when it was asked and true. Its absence says "not under guardianship" in an
  answer to the question that asked for it (`question.FIELDS`), and nothing in any other answer.
- What is under investigation (`inOnderzoek`) is read as registered: until the investigation ends, that did not change.

Source: BRP API Personen 2.7.0, features lege-waarden, opschorting-bijhouding and overlijden; Logisch Ontwerp BRP,
groups 08 (death), 33 (guardianship) and 67 (suspension), table 33 (municipalities).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from connectors.parsing.strict_json import Json
from connectors.reading import (
    Kind,
    Observation,
    Quarantined,
    Reading,
    Residence,
    dutch_day,
    read_bsn,
    read_day,
    read_municipality,
    traject_key,
)
from crypto.chain import Bsn

DECEASED: Final = "overleden"
GUARDIANSHIP: Final = "onder-curatele"

PERSON: Final = "burgerservicenummer"
_DEATH: Final = "overlijden"
_SUSPENSION: Final = "opschortingBijhouding"
_GUARDIANSHIP: Final = "indicatieCurateleRegister"
_MUNICIPALITY: Final = "gemeenteVanInschrijving"
_PLACE: Final = "verblijfplaats"

READ: Final = frozenset({PERSON, _DEATH, _SUSPENSION, _GUARDIANSHIP, _MUNICIPALITY, _PLACE})
"""Members of a person that are looked at."""

_UNASKED: Final = frozenset(
    {_SUSPENSION, "geheimhoudingPersoonsgegevens", "inOnderzoek", "rni", "verificatie"}
)
"""Members that come whether they were asked or not."""

_BY_DEATH: Final = "O"
_NO_SUSPENSION: Final = ""
# Emigrated, or a non-resident from the first registration on.
_ABROAD: Final = frozenset({"E", "R"})
# M is by ministerial decision, as for diplomats: alive, but where she lives is not kept up to date.
_ALIVE: Final = _ABROAD | {_NO_SUSPENSION, "M"}
_PLACE_ABROAD: Final = "VerblijfplaatsBuitenland"
_NON_RESIDENTS: Final = "1999"  # what the register of non-residents is called among the municipalities


@dataclass(frozen=True, slots=True)
class Told:
    """Who says it, when and where in the file.

    Args:
        source: as it stands in the readings.
        stated_on: aware.
        position: file and place in it.
    """

    source: str
    stated_on: datetime
    position: str


def readings(record: Mapping[str, Json], told: Told, fields_asked: Collection[str]) -> Iterator[Reading]:
    """Read one person out of an answer.

    Args:
        record: the person, with whatever fields; every member outside `READ` only tells what was asked.
        told: by whom, when, where.
        fields_asked: paths of the fields the question named, see `question.FIELDS`.

    Yields:
        What BRP says of death, of guardianship and of where she lives, as far as it says anything.
    """
    bsn = read_bsn(record.get(PERSON))
    if isinstance(bsn, str):
        yield Quarantined(bsn, told.position, None, told.source)
        return
    person = Person(record, bsn, told)
    yield from person.death()
    yield from person.guardianship(may_be_left_out=_answers(record, fields_asked))
    yield from person.residence()


class Person:
    """One person as BRP tells of her.

    Args:
        record: her members.
        bsn: hers.
        told: by whom, when, where.
    """

    def __init__(self, record: Mapping[str, Json], bsn: Bsn, told: Told) -> None:
        self._record = record
        self._bsn = bsn
        self._told = told
        self._suspended = _suspended(record.get(_SUSPENSION))
        self._code = _member(record.get(_MUNICIPALITY), "code")

    def death(self, *, absence_tells: bool = True) -> Iterator[Reading]:
        """Say that she died, or that she did not; nothing when BRP does not know why her record is suspended.

        Args:
            absence_tells: whether a death would have been told of.
        """
        group, suspension = self._record.get(_DEATH), self._record.get(_SUSPENSION)
        if not (_is_group(group) and _is_group(suspension)):
            yield self._quarantined("record-malformed", DECEASED)
        elif self._is_dead:
            moment = _member(group if group is not None else suspension, "datum")
            day = _first_day(moment)
            yield (
                self._quarantined(day, DECEASED)
                if isinstance(day, str)
                else self._observation(DECEASED, Kind.STATE, day, replaces=True)
            )
        elif absence_tells and self._suspended in _ALIVE:
            yield self._observation(DECEASED, Kind.NOT_A_TRAJECT, note="not-deceased", replaces=True)

    def guardianship(self, *, may_be_left_out: bool) -> Iterator[Reading]:
        """Say whether she is under guardianship.

        Args:
            may_be_left_out: the answer would say so if she were.
        """
        value = self._record.get(_GUARDIANSHIP)
        if value is True:
            # BRP tells no first day, and a flag no more than a month: the month of the earliest answer stands for it.
            # A day would make each later answer a statement to be kept for as long as the guardianship lasts.
            since = dutch_day(self._told.stated_on).replace(day=1)
            yield self._observation(GUARDIANSHIP, Kind.STATE, since)
        elif value is False or (value is None and may_be_left_out):
            yield self._observation(GUARDIANSHIP, Kind.NOT_A_TRAJECT, note="no-guardianship", replaces=True)
        elif value is not None:
            yield self._quarantined("record-malformed", GUARDIANSHIP)

    def residence(self, *, has_left: bool = False) -> Iterator[Reading]:
        """Say where she lives now; nothing when she died, or when BRP does not keep it up to date.

        Args:
            has_left: it is known already that she left the country.
        """
        told = self._told
        place = _member(self._record.get(_PLACE), "type")
        if self._is_dead:
            return
        if has_left or self._suspended in _ABROAD or place == _PLACE_ABROAD or self._code == _NON_RESIDENTS:
            yield Residence(self._bsn, None, told.stated_on, told.position)
        elif self._suspended == _NO_SUSPENSION and self._code is not None:
            yield (
                Residence(self._bsn, self._municipality, told.stated_on, told.position)
                if self._municipality
                else self._quarantined("municipality-unreadable")
            )

    @property
    def _is_dead(self) -> bool:
        return self._record.get(_DEATH) is not None or self._suspended == _BY_DEATH

    @property
    def _municipality(self) -> str | None:
        found = read_municipality(self._code) if isinstance(self._code, str) else None
        return None if found == _NON_RESIDENTS else found

    def _observation(
        self,
        type_code: str,
        kind: Kind,
        start: date | None = None,
        *,
        note: str | None = None,
        replaces: bool = False,
    ) -> Observation:
        return Observation(
            person=self._bsn,
            source=self._told.source,
            type=type_code,
            traject=traject_key(type_code),
            kind=kind,
            start=start,
            end=None,
            stated_on=self._told.stated_on,
            message="",
            municipality=self._municipality,
            position=self._told.position,
            note=note,
            replaces=replaces,
        )

    def _quarantined(self, code: str, type_code: str | None = None) -> Quarantined:
        return Quarantined(code, self._told.position, self._bsn, self._told.source, type_code)


def _answers(record: Mapping[str, Json], fields_asked: Collection[str]) -> bool:
    """Whether it answers the question that named these fields, and that question asked for guardianship.

    An answer that tells more was given to another question, and so was one without a municipality, which everybody
    in BRP has; what they leave out may not have been asked.
    """
    asked = {field.partition(".")[0] for field in fields_asked}
    expected = asked & {_MUNICIPALITY}
    return _GUARDIANSHIP in asked and expected <= record.keys() <= asked | _UNASKED


def _suspended(group: Json) -> str | None:
    """Return why a record is suspended; empty when it is not, None when BRP does not say why."""
    if group is None:
        return _NO_SUSPENSION
    code = _member(_member(group, "reden"), "code")
    return (code.strip().upper() or None) if isinstance(code, str) else None


def _first_day(value: Json) -> date | str | None:
    """Return the first day that a date of BRP can be; None when it is unknown, `start-invalid` when it is no date.

    Source: schema AbstractDatum: Datum, JaarMaandDatum, JaarDatum, DatumOnbekend.
    """
    if value is None or _member(value, "onbekend") is True or _member(value, "type") == "DatumOnbekend":
        return None
    day, year, month = (_member(value, key) for key in ("datum", "jaar", "maand"))
    if isinstance(day, str):
        return read_day(day) or "start-invalid"
    first_month = 1 if month is None else month
    if not (isinstance(year, int) and isinstance(first_month, int)):
        return "start-invalid"
    try:
        return date(year, first_month, 1)
    except (ValueError, OverflowError):
        return "start-invalid"


def _is_group(value: Json) -> bool:
    return value is None or isinstance(value, dict)


def _member(value: Json, key: str) -> Json:
    return value.get(key) if isinstance(value, dict) else None
