"""The registers that answer through Suwi: where each keeps its periods, and which codes are which type of signal.

Invariants:
1. A record is looked at by these names only; amounts, reasons, schools, partners and children have none here.
2. What a code means is configuration: the code lists are in no schema.

Source: SuwiML UWVDossierInkomstenGSD v0200, Bijstandsregelingen v0500, SVBDossierPersoonGSD v0200,
DUODossierPersoonGSD v0300 and DUODossierStudiefinancieringGSD v0200, BodyReaction; for the defaults of `uwv` the
Belastingdienst's list of codes for soort inkomstenverhouding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NamedTuple, TypeVar

from pydantic import Field, StringConstraints

from connectors.formats import Options

_Municipality = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
_Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=5)]
_Type = TypeVar("_Type", bound=str)
_Uwv = Literal["ww-uitkering", "ziektewet-uitkering", "wia-uitkering", "wao-uitkering", "wajong-uitkering"]
_Svb = Literal["aow-uitkering", "anw-uitkering", "aio-aanvulling"]
_Bijstand = Literal["bijstandsuitkering"]

_UWV_CODES: Final[Mapping[_Uwv, frozenset[str]]] = {
    "ww-uitkering": frozenset({"33", "35"}),
    "ziektewet-uitkering": frozenset({"31"}),
    "wia-uitkering": frozenset({"39", "40"}),  # IVA and WGA
    "wao-uitkering": frozenset({"32", "36", "38"}),  # WAO, WAZ, and either of them with Wajong
    "wajong-uitkering": frozenset({"37", "38"}),
}
_SVB_CODES: Final[Mapping[_Svb, frozenset[str]]] = {
    "aow-uitkering": frozenset({"AOW"}),
    "anw-uitkering": frozenset({"ANW"}),
    "aio-aanvulling": frozenset({"AIO"}),
}
_BIJSTAND_CODES: Final[Mapping[_Bijstand, frozenset[str]]] = {
    "bijstandsuitkering": frozenset({"PW", "WWB", "ABW", "WIJ", "BBZ", "IOAW", "IOAZ"}),
}


class SuwiOptions(Options):
    """What may be told about Suwi answers.

    Args:
        municipality: whose social services answer to Bijstandsregelingen, four digits; the source is then
            `gemeente:` and this code, and what another municipality pays is set aside. Without it the source is
            `suwi:gemeente`, whoever pays.
        parties: codes under which Bron (CdPartijSuwi) names that municipality, besides its own.
        uwv: per type the codes of CdSrtIkv; a type that is left out is never told of.
        bijstand: per type the codes of CdSzWet at municipalities.
        svb: per type the codes of CdSzWet at SVB.
    """

    municipality: _Municipality | None = None
    parties: frozenset[str] = frozenset()
    uwv: Mapping[_Uwv, frozenset[_Code]] = Field(default=_UWV_CODES)
    bijstand: Mapping[_Bijstand, frozenset[_Code]] = Field(default=_BIJSTAND_CODES)
    svb: Mapping[_Svb, frozenset[_Code]] = Field(default=_SVB_CODES)


class Level(NamedTuple):
    """An element that has a first and a last day."""

    name: str
    begin: str
    end: str


@dataclass(frozen=True)
class Register:
    """What answers through one Suwi service.

    Args:
        source: who answers.
        levels: elements within the client, each within the one before; the last is one period of one benefit.
        types: signal types it tells of, each with the codes that are it.
        code: path from a record to its code; empty when every record is of the only type.
        is_always_filled: an answer without any record is not one of this register.
        municipality: whose answers these are; only of municipal services.
        parties: codes of the payer (CdPartijSuwi) that are this source; empty when any is.
    """

    source: str
    levels: Sequence[Level]
    types: Mapping[str, frozenset[str]]
    code: Sequence[str] = ()
    is_always_filled: bool = False
    municipality: str | None = None
    parties: frozenset[str] = frozenset()

    @property
    def only_type(self) -> str | None:
        """Its type when there is just one, for readings about the answer as a whole."""
        return next(iter(self.types)) if len(self.types) == 1 else None

    def types_of(self, code: str) -> tuple[str, ...]:
        """Return the types a code stands for; a code can be two benefits at once, or none."""
        return tuple(name for name, codes in self.types.items() if code in codes)


_NAMESPACE: Final = "http://bkwi.nl/SuwiML/Diensten/"
_BENEFIT: Final = (Level("Uitkeringsverhouding", "DatBUitkeringsverhouding", "DatEUitkeringsverhouding"),)
_INCOME: Final = (
    Level("Inkomstenverhouding", "DatBIkv", "DatEIkv"),
    Level("Inkomstenperiode", "DatBIkp", "DatEIkp"),
)
_ENROLMENT: Final = (Level("Onderwijsovereenkomst", "DatInschrijvingOpleiding", "DatUitschrijvingOpleiding"),)
_STUDENT_FINANCE: Final = (
    Level("Studiefinanciering", "DatBToekenningsperiodeStufi", "DatEToekenningsperiodeStufi"),
)
_LAW: Final = ("SzWet", "CdSzWet")


def known_registers(options: SuwiOptions) -> Mapping[str, Register]:
    """Return the registers by the qualified name of their response element."""
    own = options.municipality
    return {
        f"{{{_NAMESPACE}UWVDossierInkomstenGSD/v0200}}UWVPersoonsIkvInfoResponse": Register(
            "suwi:uwv", _INCOME, _plain(options.uwv), ("CdSrtIkv",)
        ),
        f"{{{_NAMESPACE}Bijstandsregelingen/v0500}}BijstandsregelingenInfoResponse": Register(
            f"gemeente:{own}" if own else "suwi:gemeente",
            _BENEFIT,
            _plain(options.bijstand),
            _LAW,
            municipality=own,
            parties=options.parties | {own} if own else frozenset(),
        ),
        f"{{{_NAMESPACE}SVBDossierPersoonGSD/v0200}}SVBPersoonsInfoResponse": Register(
            "suwi:svb", _BENEFIT, _plain(options.svb), _LAW
        ),
        # The school would tell what kind of school it is, so its BRIN is not the source.
        f"{{{_NAMESPACE}DUODossierPersoonGSD/v0300}}DUOPersoonsInfoResponse": Register(
            "suwi:duo", _ENROLMENT, {"opleiding": frozenset()}
        ),
        f"{{{_NAMESPACE}DUODossierStudiefinancieringGSD/v0200}}DUOStudiefinancieringInfoResponse": Register(
            "suwi:duo", _STUDENT_FINANCE, {"studiefinanciering": frozenset()}, is_always_filled=True
        ),
    }


def _plain(codes: Mapping[_Type, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {str(name): of_type for name, of_type in codes.items()}
