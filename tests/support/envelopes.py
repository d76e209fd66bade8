"""An envelope of the municipal exchange (StUF-GGk) as it comes in, made from the message in it."""

from base64 import encodebytes
from xml.sax.saxutils import escape

KOPPELVLAK = "http://www.stufstandaarden.nl/koppelvlak/ggk0210"
SECTORMODEL = "http://www.stufstandaarden.nl/sectormodel/ggk/0210"
STUF = "http://www.egem.nl/StUF/StUF0301"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

ROOTS = {"Di01": "envelopHeenbericht-ggk_Di01", "Du01": "envelopRetourbericht-ggk_Du01"}
VERSIONS = "".join(
    f"<g:{name}>{number}</g:{name}>\n"
    for name, number in {
        "applicatieVersie": "0001",
        "applicatieSubversie": "0000",
        "functieVersie": "0003",
        "functieSubversie": "0002",
    }.items()
)
REFERENCE = "0e09a81f-64a0-4793-b946-d6538fb3f37e"


def enveloped(
    content: bytes,
    function: str | None,
    code: str = "Di01",
    *,
    holder: str = "xmlBestand",
    namespace: str = KOPPELVLAK,
    reference: str = REFERENCE,
) -> bytes:
    """Put a message in an envelope.

    Args:
        content: of the message.
        function: what the label says that it is; None leaves it out.
        code: `Di01` or `Du01`.
        holder: the element that gets the base64; `bericht` is how it was before patch 4.
        namespace: of the envelope.
        reference: referentienummer.
    """
    base64 = encodebytes(content).decode().strip()
    if holder == "bericht":
        inner = f'<g:bericht x:contentType="application/xml">{base64}</g:bericht>'
    else:
        name = ' bestandsnaam="aanlevering.csv"' if holder == "tekstBestand" else ""
        inner = f"<g:bericht>\n<g:{holder}{name}>{base64}</g:{holder}>\n</g:bericht>"
    root = ROOTS[code]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<g:{root} xmlns:s="{STUF}" xmlns:g="{namespace}"'
        f' xmlns:x="http://www.w3.org/2005/05/xmlmime">\n'
        f"<g:stuurgegevens>\n{label(code, reference, function)}</g:stuurgegevens>\n"
        f"<g:parameters>\n{VERSIONS}{inner}\n</g:parameters>\n</g:{root}>\n"
    ).encode()


def notice(code: str, *, receiver: str = "98980001", body: str = "", stuf: str = STUF) -> bytes:
    """Write a fault (`Fo01`) or a receipt (`Bv03`)."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:{code}Bericht xmlns:s="{stuf}">\n'
        f"<s:stuurgegevens>\n{label(code, REFERENCE, None, receiver)}</s:stuurgegevens>\n{body}</s:{code}Bericht>\n"
    ).encode()


def in_soap(message: bytes, namespace: str = SOAP, around: str = "e:Body") -> bytes:
    """Put SOAP around a message."""
    content = message.partition(b"?>\n")[2].decode()
    opening = "".join(f"<{name}>" for name in around.split())
    closing = "".join(f"</{name}>" for name in reversed(around.split()))
    return f'<e:Envelope xmlns:e="{namespace}">\n{opening}\n{content}{closing}\n</e:Envelope>'.encode()


def label(code: str, reference: str, function: str | None, receiver: str = "0344") -> str:
    """What stands on the outside."""
    told = f"<s:functie>{escape(function)}</s:functie>\n" if function is not None else ""
    return (
        f"<s:berichtcode>{code}</s:berichtcode>\n"
        "<s:zender><s:organisatie>IB</s:organisatie><s:applicatie>GGKWebservice</s:applicatie></s:zender>\n"
        f"<s:ontvanger><s:organisatie>{receiver}</s:organisatie><s:applicatie>GGk</s:applicatie></s:ontvanger>\n"
        f"<s:referentienummer>{reference}</s:referentienummer>\n"
        f"<s:tijdstipBericht>20260112093000</s:tijdstipBericht>\n{told}"
    )
