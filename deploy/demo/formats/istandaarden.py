"""Messages of Wmo and jeugd providers to the municipality: start (305) and stop (307) of help.

Source: iWmo 3.2 and iJw 3.2, Zorginstituut Nederland.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from lxml import etree

from deploy.demo.municipality import Resident
from deploy.demo.organisations import CODE, ORGANISATIONS

START_CODES = {"wmo": "418", "jw": "438"}
STOP_CODES = {"wmo": "420", "jw": "440"}
STANDARDS = {"wmo": "iwmo", "jw": "ijw"}


@dataclass(frozen=True)
class Product:
    """What one StartProduct or StopProduct says; a None field is left out of the message."""

    allocation: int
    category: str
    allocated: date
    begin: date | None
    status: str
    end: date | None = None
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """One 305 or 307 message before it is written; `bsn` overrides the resident's, for a mistyped one."""

    dated: date
    provider: str
    resident: Resident
    product: Product
    bsn: str = ""

    @property
    def sector(self) -> str:
        """`wmo` or `jw`, from the kind of provider."""
        return "wmo" if self.provider.startswith("wmo") else "jw"

    @property
    def kind(self) -> str:
        """`wmo305`, `wmo307`, `jw305` or `jw307`."""
        return f"{self.sector}{'305' if self.product.end is None else '307'}"


def write(report: Report, number: int) -> bytes:
    """Write the message; `number` identifies it at its sender."""
    kind, standard = report.kind, STANDARDS[report.sector]
    spaces = {
        standard: f"http://www.istandaarden.nl/{standard}/3_2/basisschema/schema",
        kind: f"http://www.istandaarden.nl/{standard}/3_2/{kind}/schema",
    }
    root = etree.Element(f"{{{spaces[kind]}}}Bericht", nsmap=spaces)
    tree = {"Header": _header(report, number), "Client": _client(report)}
    _append(root, tree, spaces[kind], spaces[standard])
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _append(parent: Any, tree: dict[str, Any], own: str, shared: str) -> None:  # noqa: ANN401 - lxml has no types
    """Add children; a name starting with `+` is an element of the shared basic schema."""
    for name, value in tree.items():
        space = shared if name.startswith("+") else own
        child = etree.SubElement(parent, f"{{{space}}}{name.removeprefix('+')}")
        if isinstance(value, dict):
            _append(child, value, own, shared)
        else:
            child.text = str(value)


def _header(report: Report, number: int) -> dict[str, Any]:
    codes = START_CODES if report.product.end is None else STOP_CODES
    return {
        "BerichtCode": codes[report.sector],
        "BerichtVersie": 3,
        "BerichtSubversie": 2,
        "Afzender": ORGANISATIONS[report.provider].number,
        "Ontvanger": CODE,
        "BerichtIdentificatie": {"+Identificatie": f"VM{number:010d}", "+Dagtekening": report.dated},
        "XsdVersie": {"+BasisschemaXsdVersie": "1.0.0", "+BerichtXsdVersie": "1.0.0"},
    }


def _client(report: Report) -> dict[str, Any]:
    who = report.resident
    stops = report.product.end is not None
    products = {"StopProduct" if stops else "StartProduct": _product(report.product)}
    return {
        "Bsn": report.bsn or who.bsn,
        "Geboortedatum": {"+Datum": who.born},
        "Geslacht": who.gender,
        "Naam": {
            "+Geslachtsnaam": {"+Achternaam": who.surname}
            | ({"+Voorvoegsel": who.prefix} if who.prefix else {}),
            "+Voornamen": who.given_name,
            "+Voorletters": who.given_name[0],
        },
        "StopProducten" if stops else "StartProducten": products,
    }


def _product(product: Product) -> dict[str, Any]:
    stop = {"RedenBeeindiging": product.reason, "Einddatum": product.end} if product.end else {}
    return {
        "ToewijzingNummer": product.allocation,
        "Product": {
            "+Categorie": product.category,
            "+Code": f"{product.category}A{product.allocation % 90 + 10}",
        },
        "ToewijzingIngangsdatum": product.allocated,
        **({"Begindatum": product.begin} if product.begin else {}),
        **stop,
        "StatusAanlevering": product.status,
    }
