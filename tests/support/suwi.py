"""Suwi answers, written as the services write them: only the root has a namespace."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

RESPONSES = {
    "uwv": ("UWVDossierInkomstenGSD/v0200", "UWVPersoonsIkvInfoResponse"),
    "bijstand": ("Bijstandsregelingen/v0500", "BijstandsregelingenInfoResponse"),
    "svb": ("SVBDossierPersoonGSD/v0200", "SVBPersoonsInfoResponse"),
    "duo-persoon": ("DUODossierPersoonGSD/v0300", "DUOPersoonsInfoResponse"),
    "duo-stufi": ("DUODossierStudiefinancieringGSD/v0200", "DUOStudiefinancieringInfoResponse"),
}
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
FAULT = (
    "<e:Fault><faultcode>e:Server</faultcode><faultstring>fout bij 999900018</faultstring><detail/></e:Fault>"
)


def elements(values: Mapping[str, Any]) -> str:
    """Write elements in the order given; a list repeats its element, a mapping nests, text is text."""
    written = []
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            inner = elements(item) if isinstance(item, Mapping) else escape(item)
            written.append(f"<{name}>{inner}</{name}>\n")
    return "".join(written)


def response(service: str, inner: str, *, prefix: str = "smls", namespace: str | None = None) -> str:
    """Write the response element around what stands in it."""
    path, name = RESPONSES[service]
    named = namespace or f"http://bkwi.nl/SuwiML/Diensten/{path}"
    fwi = 'xmlns:fwi="http://bkwi.nl/SuwiML/FWI/v0205"'
    return f'<{prefix}:{name} xmlns:{prefix}="{named}" {fwi}>\n{inner}</{prefix}:{name}>\n'


def client(records: Mapping[str, Any], bsn: str | None = "999900006") -> str:
    """Write the client; without a BSN when there is none."""
    number = {} if bsn is None else {"Burgerservicenr": bsn}
    return elements({"ClientSuwi": {**number, **records}})


def answer(service: str, records: Mapping[str, Any], bsn: str | None = "999900006") -> bytes:
    """Write a bare answer about one person."""
    return response(service, client(records, bsn)).encode()


def enveloped(body: str, *, soap: str = SOAP_11) -> bytes:
    """Write a SOAP envelope with a header as the services sign it."""
    header = "<w:Security xmlns:w='urn:x'><Body><Fault>geen antwoord</Fault></Body></w:Security>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<e:Envelope xmlns:e="{soap}">'
        f"<e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
    ).encode()


def realistic(periods: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """Write a UWV answer with the employers, addresses and amounts that a real one has.

    Args:
        periods: per inkomstenverhouding its code and the months it was paid, as YYYYMM.
    """
    return answer(
        "uwv",
        {
            "Inkomstenverhouding": [
                _income(number, code, months) for number, (code, months) in enumerate(periods)
            ]
        },
    )


def _income(number: int, code: str, months: Sequence[str]) -> Mapping[str, Any]:
    address = {
        "Postcd": "1234AB",
        "Woonplaatsnaam": "Voorbeeldstad",
        "Straatnaam": "Dorpsstraat",
        "Huisnr": "1",
    }
    paid = {"CdMunteenheid": "EUR", "CdPositiefNegatief": "+", "WaardeBedr": "210000"}
    return {
        "VolgnrIkv": str(number + 1),
        "DatBIkv": f"{months[0]}01",
        "AdministratieveEenheid": {
            "NaamAdministratieveEenheid": "VOORBEELD BV",
            "Loonheffingennr": "123456789L01",
            "RechtspersoonAdministratieveEenh": {"FiNr": "123456789", "NaamRechtspersoon": "VOORBEELD BV"},
            "FeitelijkAdresAeh": {"Straatadres": address},
            "CorrespondentieadresAeh": {"Straatadres": address},
        },
        "Inkomstenperiode": [
            {
                "DatBIkp": f"{month}01",
                "DatEIkp": f"{month}00",
                "CdSrtIkv": code,
                "CdTypeArbeidscontract": "B",
                "IndLoonheffingskortingToegepast": "1",
                "CdAardIkv": "12",
            }
            for month in months
        ],
        "Inkomstenopgave": [
            {
                "DatBIko": f"{month}01",
                "DatEIko": f"{month}28",
                "AantVerloondeUrenIko": "160",
                "BedrBrutoloonSv": paid,
                "BedrLoonLbPremieVolksverz": paid,
                "BedrIngehoudenLbPremieVolksverz": paid,
                "BedrVakantietoeslag": paid,
            }
            for month in months
        ],
    }
