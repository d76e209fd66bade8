"""The public JSON of the index: Dutch names outside, English model inside; the one place that maps them.

Source: NL API Design Rules 2.2 (Dutch resource names, camelCase-free single words here, UTC times with Z).
"""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from policy.catalogue import Catalogue
from signal_index.model import (
    Area,
    AuditEntry,
    CareRelation,
    Caseload,
    ContactRoute,
    Covered,
    LookupAnswer,
    LookupRequest,
    Receipt,
    Signal,
    SourceStatus,
)
from signal_index.model.workplace import Informed, View

LOOKUP_TEXT = "Ziet u geen signaal? Dat betekent niet dat er geen hulp is. Vraag het de inwoner zelf."


class Wire(BaseModel):
    """Base of everything on the wire: closed, immutable, by the names below only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, description="In UTC, met Z.")]


def moment(at: datetime) -> str:
    """A moment as it travels."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Raadpleegvraag(Wire):
    """A worker asks: which of her care relations, and for which purpose."""

    zorgrelatie: UUID = Field(description="Kenmerk van de zorgrelatie in uw caseload.")
    doel: str = Field(max_length=64, description="Waarvoor u kijkt, bijvoorbeeld voorbereiding-huisbezoek.")
    leefgebieden: tuple[Annotated[str, Field(max_length=40)], ...] = Field(
        default=(),
        max_length=20,
        description="Kijk alleen naar deze leefgebieden; leeg is alle van het doel.",
    )
    inwoner: Informed | None = Field(default=None, description="Of de inwoner weet dat u kijkt.")

    def to_model(self) -> LookupRequest:
        """The same question in the product's own terms."""
        return LookupRequest(self.zorgrelatie.bytes, self.doel, frozenset(self.leefgebieden), self.inwoner)


class Contact(Wire):
    """Whom to phone."""

    naam: str
    telefoon: str

    @classmethod
    def of(cls, contact: ContactRoute) -> "Contact":
        """Map a contact route."""
        return cls(naam=contact.name, telefoon=contact.phone)


class Signaal(Wire):
    """One signal: that help is running; the fields above the worker's disclosure level are null."""

    soort: str
    tekst: str
    leefgebied: str
    sinds: str = Field(description="Maand, als jjjj-mm.")
    bron: str | None
    bijgewerkt: date | None
    contact: Contact | None

    @classmethod
    def of(cls, signal: Signal, catalogue: Catalogue) -> "Signaal":
        """Map a signal, with the texts of its type."""
        kind = catalogue.signal_type(signal.type)
        assert kind is not None, "a signal's type comes from the catalogue"
        domain = catalogue.life_domain(kind.life_domain)
        assert domain is not None, "the catalogue is checked when it is read"
        return cls(
            soort=signal.type,
            tekst=f"Er is {kind.sentence_nl}.",
            leefgebied=domain.label_nl,
            sinds=str(signal.since),
            bron=signal.source_name,
            bijgewerkt=signal.as_of,
            contact=Contact.of(signal.contact) if signal.contact else None,
        )


class Leefgebied(Wire):
    """One area of life, for a purpose that shows no more than whether help runs in it."""

    naam: str
    signaal: bool
    aangesloten: bool = Field(description="Of er een bron meedoet; zo niet, dan zegt geen signaal niets.")
    actueel: bool

    @classmethod
    def of(cls, area: Area, catalogue: Catalogue) -> "Leefgebied":
        """Map an area."""
        domain = catalogue.life_domain(area.domain)
        assert domain is not None, "an area comes from the catalogue"
        return cls(
            naam=domain.label_nl,
            signaal=area.has_signal,
            aangesloten=area.participating,
            actueel=area.current,
        )


class Bron(Wire):
    """A source that takes part in this purpose, and how current it is; the same for every resident."""

    naam: str
    soort: str
    bijgewerkt: date | None
    actueel: bool

    @classmethod
    def of(cls, status: SourceStatus) -> "Bron":
        """Map a source's status."""
        return cls(
            naam=status.source_name, soort=status.type, bijgewerkt=status.as_of, actueel=status.current
        )


class Ontvangstbewijs(Wire):
    """Proof that this look was recorded before it was answered."""

    schrijver: str = Field(pattern=r"^[0-9a-f]{16}$", description="Het proces dat uw raadpleging vastlegde.")
    # Not every reader of JSON holds larger whole numbers exactly (RFC 8259 §6), and no process ever gets that far.
    nummer: int = Field(ge=1, lt=2**53, description="De hoeveelste regel van dat proces het is.")
    blad: str = Field(pattern=r"^[0-9a-f]{64}$", description="Het kenmerk van die regel in het logboek.")

    @classmethod
    def of(cls, receipt: Receipt) -> "Ontvangstbewijs":
        """Map a receipt."""
        return cls(schrijver=receipt.writer.hex(), nummer=receipt.number, blad=receipt.leaf.hex())

    def to_model(self) -> Receipt:
        """The same receipt in the product's own terms."""
        return Receipt(bytes.fromhex(self.schrijver), self.nummer, bytes.fromhex(self.blad))


class Logbewijs(Wire):
    """The proof behind a receipt, which anybody can check without the index."""

    bewijs: str = Field(description="Tekst in de vorm tlog-proof van C2SP; zie docs/verifying-the-log.md.")


class Raadpleging(Wire):
    """The answer to one look."""

    raadpleging: UUID | None = Field(
        description="Kenmerk waarmee u deze raadpleging een half uur terugziet; leeg als u niet zei of de inwoner weet "
        "dat u kijkt."
    )
    signalen: tuple[Signaal, ...]
    leefgebieden: tuple[Leefgebied, ...]
    bronnen: tuple[Bron, ...]
    uitleg: str
    ontvangstbewijs: Ontvangstbewijs

    @classmethod
    def of(
        cls, answer: LookupAnswer, receipt: Receipt, catalogue: Catalogue, *, view: View | None
    ) -> "Raadpleging":
        """Map an answer; everything besides the signals and the receipt depends on role, purpose and day only."""
        return cls(
            raadpleging=None if view is None else UUID(bytes=view.view_id),
            signalen=tuple(Signaal.of(signal, catalogue) for signal in answer.signals),
            leefgebieden=tuple(Leefgebied.of(area, catalogue) for area in answer.areas),
            bronnen=tuple(Bron.of(status) for status in answer.sources),
            uitleg=LOOKUP_TEXT,
            ontvangstbewijs=Ontvangstbewijs.of(receipt),
        )


class Zorgrelatie(Wire):
    """One care relation as its own worker or team leader sees it: a reference, never a name."""

    zorgrelatie: UUID
    zaakreferentie: str
    team: str
    van: date
    tot: date
    bevestigd: bool
    vervangt: str | None = Field(
        default=None, description="De collega die u vervangt; leeg bij uw eigen zaak."
    )
    vervangtNaam: str | None = Field(default=None, description="Haar naam.")  # noqa: N815 - the wire is camelCase
    vervangtTot: date | None = Field(default=None, description="Laatste dag dat u haar vervangt.")  # noqa: N815

    @classmethod
    def of(cls, relation: CareRelation, covered: Covered | None = None) -> "Zorgrelatie":
        """Map a relation, of a colleague if she is covered."""
        return cls(
            zorgrelatie=UUID(bytes=relation.relation_id),
            zaakreferentie=relation.case_reference,
            team=relation.team,
            van=relation.valid_from,
            tot=relation.valid_until,
            bevestigd=relation.is_confirmed,
            vervangt=None if covered is None else covered.absentee.staff_id,
            vervangtNaam=None if covered is None else covered.absentee.shown_name,
            vervangtTot=None if covered is None else covered.cover.last_day,
        )


class Zorgrelaties(Wire):
    """A worker's caseload."""

    zorgrelaties: tuple[Zorgrelatie, ...]

    @classmethod
    def of(cls, caseload: Caseload) -> "Zorgrelaties":
        """Map a caseload: her own cases first."""
        own = [Zorgrelatie.of(relation) for relation in caseload.own]
        covered = [Zorgrelatie.of(relation, each) for each in caseload.covered for relation in each.relations]
        return cls(zorgrelaties=(*own, *covered))


class Logregel(Wire):
    """One record of the audit log, for the privacy officer."""

    schrijver: str
    nummer: int
    tijdstip: Moment
    gebeurtenis: str
    velden: dict[str, str | int | bool | list[str] | None]

    @classmethod
    def of(cls, entry: AuditEntry) -> "Logregel":
        """Map a record; the fields keep the names of the catalogue of events.

        Whether a look showed anything is on record for counting, and is told of no single look.
        """
        return cls(
            schrijver=entry.writer.hex(),
            nummer=entry.number,
            tijdstip=moment(entry.at),
            gebeurtenis=entry.event,
            velden={name: value for name, value in entry.fields.items() if name != "any_shown"},
        )


class Logregels(Wire):
    """Records, newest first."""

    logregels: tuple[Logregel, ...]
