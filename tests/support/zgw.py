"""A zaak as a Zaken API answers it, made up."""

from collections.abc import Mapping
from typing import Any, Final

API: Final = "https://zaken.example/zaken/api/v1"
CATALOGUE: Final = "https://catalogi.example/catalogi/api/v1"
ZAAK_ID: Final = "d7a22000-0000-4000-8000-000000000001"
ZAAKTYPE: Final = f"{CATALOGUE}/zaaktypen/00000000-0000-4000-8000-000000000007"
SETTINGS: Final[Mapping[str, Any]] = {
    "zaaktypen": {"00000000-0000-4000-8000-000000000007": "schuldhulptraject"},
    "source": "gemeente:0344",
}

# The RSINs of the organisations pass the eleven-test too: they must never be taken for a person.
ZAAK: Final[Mapping[str, Any]] = {
    "url": f"{API}/zaken/{ZAAK_ID}",
    "uuid": ZAAK_ID,
    "identificatie": "ZAAK-2026-0000000001",
    "bronorganisatie": "999990342",
    "omschrijving": "Schulden na echtscheiding",
    "toelichting": "Mevrouw Voorbeeldstra",
    "zaaktype": ZAAKTYPE,
    "registratiedatum": "2026-01-07",
    "verantwoordelijkeOrganisatie": "999990342",
    "startdatum": "2026-01-08",
    "einddatum": None,
    "vertrouwelijkheidaanduiding": "zeer_geheim",
    "zaakgeometrie": {"type": "Point", "coordinates": [4.91, 52.37]},
    "opschorting": {"indicatie": False, "reden": ""},
    "rollen": [f"{API}/rollen/00000000-0000-4000-8000-000000000002"],
    "status": f"{API}/statussen/00000000-0000-4000-8000-000000000003",
    "resultaat": None,
    "kenmerken": [{"kenmerk": "999990342", "bron": "suite"}],
}
ROLE: Final[Mapping[str, Any]] = {
    "url": f"{API}/rollen/00000000-0000-4000-8000-000000000002",
    "zaak": f"{API}/zaken/{ZAAK_ID}",
    "betrokkene": "",
    "betrokkeneType": "natuurlijk_persoon",
    "afwijkendeNaamBetrokkene": "A. Voorbeeldstra",
    "roltype": f"{CATALOGUE}/roltypen/1",
    "omschrijving": "Aanvrager",
    "omschrijvingGeneriek": "initiator",
    "roltoelichting": "belt altijd zelf",
    "indicatieMachtiging": "",
    "betrokkeneIdentificatie": {
        "inpBsn": "999900006",
        "geslachtsnaam": "Voorbeeldstra",
        "geboortedatum": "1980-01-01",
        "verblijfsadres": {"aoaPostcode": "1234AB", "aoaHuisnummer": 1},
    },
}
STATUS: Final[Mapping[str, Any]] = {
    "url": f"{API}/statussen/00000000-0000-4000-8000-000000000003",
    "zaak": f"{API}/zaken/{ZAAK_ID}",
    "statustype": f"{CATALOGUE}/statustypen/00000000-0000-4000-8000-00000000000a",
    "datumStatusGezet": "2026-01-09T10:00:00Z",
    "statustoelichting": "crisis",
    "indicatieLaatstGezetteStatus": True,
}
NOTIFICATION: Final[Mapping[str, Any]] = {
    "kanaal": "zaken",
    "hoofdObject": f"{API}/zaken/{ZAAK_ID}",
    "resource": "status",
    "resourceUrl": f"{API}/statussen/00000000-0000-4000-8000-000000000003",
    "actie": "create",
    "aanmaakdatum": "2026-04-01T12:00:00.833664Z",
    "kenmerken": {
        "bronorganisatie": "999990342",
        "zaaktype": ZAAKTYPE,
        "vertrouwelijkheidaanduiding": "zeer_geheim",
    },
}


def overlaid(whole: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The whole with changes laid over; ABSENT leaves a member out."""
    return {name: value for name, value in {**whole, **(changes or {})}.items() if value != "ABSENT"}


def role(changes: Mapping[str, Any] | None = None, *, bsn: str | None = None) -> dict[str, Any]:
    """A role, of the person with this BSN."""
    made = overlaid(ROLE, changes)
    return {**made, "betrokkeneIdentificatie": {"inpBsn": bsn}} if bsn else made


def expanded(
    changes: Mapping[str, Any] | None = None, *, roles: Any = (ROLE,), status: Any = STATUS
) -> dict[str, Any]:
    """A zaak with its roles and status expanded, and whatever the changes expand; None leaves one out."""
    zaak = overlaid(ZAAK, changes)
    inside = {"rollen": list(roles) if isinstance(roles, tuple) else roles, "status": status}
    given = {name: value for name, value in inside.items() if value is not None}
    return {**zaak, "_expand": {**given, **zaak.get("_expand", {})}}
