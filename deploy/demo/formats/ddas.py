"""The delivery of the schuldhulp organisation: every schuldhulptraject it runs, has ended or has turned down.

Amounts, creditors and addresses stand in it as in a real delivery; nothing of them may leave the connector.

Source: DDAS Uitwisselmodel schuldhulpverlening v1.0, VNG Realisatie.
"""

import json
from datetime import timedelta
from typing import Any

from deploy.demo.municipality import DebtHelp, Municipality, Resident
from deploy.demo.organisations import CODE, ORGANISATIONS

CREDITOR = "Energie Bedacht"
POSTCODE = "9950AB"


def write(place: Municipality) -> bytes:
    """Write the delivery of one organisation with all its trajecten."""
    year = place.today.year
    organisation = ORGANISATIONS["schuldhulp"]
    delivery = {
        "startdatumLevering": f"{year}-01-01",
        "einddatumLevering": place.today.isoformat(),
        "aanleverdatumEnTijd": f"{place.today.isoformat()}T06:00:00Z",
        "codeGegevensleverancier": "GL995801",
        "leveringen": [
            {
                "teller": 1,
                "aanleverende_organisatie": {
                    "(Statutaire) Naam": organisation.name,
                    "KvK-nummer": organisation.number,
                    "postcode": POSTCODE,
                    "contactpersonen": [
                        {"naam": organisation.contact_name, "telefoonnummer": organisation.contact_phone}
                    ],
                },
                "schuldhulptrajecten": [
                    *(_debt_traject(debt, number) for number, debt in enumerate(place.debts, 1)),
                    _nameless_traject(place.debts[0]),
                ],
            }
        ],
    }
    return json.dumps(delivery, indent=2, ensure_ascii=False).encode()


def _debt_traject(debt: DebtHelp, number: int) -> dict[str, Any]:
    asked = (debt.begin - timedelta(days=21)).isoformat()
    begin = debt.begin.isoformat()
    decision = "Afwijzingsbeschikking" if debt.refused else "Toelatingsbeschikking"
    traject: dict[str, Any] = {
        "gemeentecode": f"GM{CODE}",
        "startdatum": begin,
        "aanmelding": {"startdatum": asked, "einddatum": begin, "crisisinterventie": False},
        "intake": {"startdatum": asked, "beschikkingsdatum": begin, "beschikkingssoort": decision},
        "client": [_debt_client(client, number) for client in debt.clients],
        "totaalSchuldbedragBijAanvangSchuld": 4_250 * number,
        "schulden": [{"bedrag": 4_250 * number, "schuldsoort": "Nuts", "schuldeiser": {"naam": CREDITOR}}],
    }
    if not debt.refused:
        traject |= {
            "toekenningsdatum": begin,
            "begeleiding": [{"soort": "Budgetcoaching", "startdatum": begin}],
        }
    if debt.end is not None:
        traject |= {
            "einddatum": debt.end.isoformat(),
            "uitstroom": {"datum": debt.end.isoformat(), "reden": "Afgerond"},
        }
    return traject


def _nameless_traject(like: DebtHelp) -> dict[str, Any]:
    """A traject whose client has no BSN, as the schema allows: it must end in quarantine."""
    traject = _debt_traject(like, 1)
    traject["client"] = [{"Geslachtsaanduiding": "Onbekend", "Postcode": POSTCODE}]
    return traject


def _debt_client(client: Resident, number: int) -> dict[str, str]:
    return {
        "Burgerservicenummer": client.bsn,
        "Geboortedatum": client.born.isoformat(),
        "Geslachtsaanduiding": "Man" if client.gender == 1 else "Vrouw",
        "Postcode": POSTCODE,
        "Huisnummer": str(number),
    }
