"""A made-up DDAS schuldhulp file of any size, filled in as fully as the exchange format has room for."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from crypto.chain import Bsn
from crypto.errors import MalformedInput

_FIRST: Final = 999_900_006
_LAST: Final = 999_999_990
_DAY: Final = date(2024, 1, 15)

HEADER: Final = {
    "startdatumLevering": "2026-01-01",
    "einddatumLevering": "2026-01-31",
    "aanleverdatumEnTijd": "2026-02-01T12:00:00Z",
    "codeGegevensleverancier": "Voorbeeldpakket 4.1",
}
SENDER: Final = {
    "(Statutaire) Naam": "Schuldhulporganisatie Voorbeeld",
    "KvK-nummer": "90001234",
    "postcode": "3511AB",
    "contactpersonen": [
        {"email": "contact@voorbeeld.example", "functietitel": "Coördinator", "naam": "A. Voorbeeld"}
    ],
}


def people() -> Iterator[str]:
    """Every BSN of the public test range, again and again."""
    numbers = [str(number) for number in range(_FIRST, _LAST + 1) if _is_bsn(str(number))]
    while True:
        yield from numbers


def trajecten(count: int, debts: int = 4) -> Iterator[dict[str, Any]]:
    """Trajecten in every phase: taken in, being solved, guided, and left; one in five of a couple."""
    numbers = people()
    for index in range(count):
        clients = [_client(next(numbers), index) for _ in range(2 if index % 5 == 0 else 1)]
        yield {
            **_phases(index),
            "client": clients,
            "schulden": [_debt(index + each) for each in range(debts)],
        }


def write(path: Path, count: int, debts: int = 4, *, header_first: bool = True) -> None:
    """Write one delivery of so many trajecten, a hundred of them over and over.

    Args:
        header_first: the date and the sender stand before the trajecten, else behind them.
    """
    texts = [json.dumps(traject, indent=2) for traject in trajecten(min(count, 100), debts)]
    header = json.dumps(HEADER)[1:-1]
    sender = json.dumps({"teller": 1, "aanleverende_organisatie": SENDER})[1:-1]
    with path.open("w", encoding="utf-8") as out:
        before = f'{{{header}, "leveringen": [{{{sender}, ' if header_first else '{"leveringen": [{'
        out.write(f'{before}"schuldhulptrajecten": [')
        for index in range(count):
            out.write(",\n" if index else "\n")
            out.write(texts[index % len(texts)])
        out.write("]}]}" if header_first else f"], {sender}}}], {header}}}")


def file(count: int, debts: int = 4) -> bytes:
    """One delivery of so many trajecten, indented as the published examples are."""
    delivery = {
        "teller": 1,
        "aanleverende_organisatie": SENDER,
        "schuldhulptrajecten": list(trajecten(count, debts)),
    }
    return json.dumps({**HEADER, "leveringen": [delivery]}, indent=2).encode()


def _is_bsn(digits: str) -> bool:
    try:
        Bsn(digits)
    except MalformedInput:
        return False
    return True


def _day(index: int, days: int) -> str:
    return (_DAY + timedelta(days=index % 400 + days)).isoformat()


def _phase(index: int, begin: int, end: int | None) -> dict[str, Any]:
    return {"einddatum": None if end is None else _day(index, end), "startdatum": _day(index, begin)}


def _phases(index: int) -> dict[str, Any]:
    has_left = index % 3 == 0
    end = _day(index, 300) if has_left else None
    traject: dict[str, Any] = {
        "einddatum": end,
        "omschrijving": "Traject met lopende begeleiding" if index % 2 else "Traject met oplossing",
        "startdatum": _day(index, 0),
        "toekenningsdatum": _day(index, 20),
        "totaalSchuldbedragBijAanvangSchuld": 8_000 + index,
        "gemeentecode": "GM0344",
        "aanmelding": {"crisisinterventie": index % 7 == 0, **_phase(index, -20, -5)},
        "intake": {
            "beschikkingsdatum": _day(index, 20),
            "beschikkingssoort": "Toelatingsbeschikking",
            **_phase(index, 0, 20),
        },
        "planVanAanpak": {"datumAfronding": _day(index, 30)},
        "stabilisatie": _phase(index, 30, 90),
    }
    if index % 2:
        traject["begeleiding"] = [{**_phase(index, 40, None), "soort": "Budgetcoaching"}]
    else:
        traject["oplossing"] = {**_phase(index, 90, None), "soort": "Schuldbemiddeling", "vtlb": 1_500}
    if has_left:
        traject["uitstroom"] = {"datum": end, "omschrijving": "Hulpvraag opgelost", "reden": "Afgerond"}
    return traject


def _client(number: str, index: int) -> dict[str, Any]:
    return {
        "Burgerservicenummer": number,
        "Geboortedatum": _day(index, -15_000),
        "Geslachtsaanduiding": "Vrouw" if index % 2 else "Man",
        "Postcode": "3511AB",
        "Huisnummer": str(index % 200 + 1),
    }


def _debt(index: int) -> dict[str, Any]:
    return {
        "bedrag": 500 + index,
        "peildatum": _day(index, 0),
        "schuldsoort": ("Zorg", "Publiek", "Nuts", "Overig")[index % 4],
        "zakelijkeSchuld": False,
        "schuldeiser": {"naam": "Voorbeeldschuldeiser", "kvknummer": "90005678", "privepersoon": False},
    }
