"""The JSON of the source organisation: series, deliveries, contact routes, questions, keys and figures; no person.

Source: NL API Design Rules 2.2 (Dutch names, UTC times with Z).
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from signal_index.model import ContactRoute, Publication
from signal_index.model.workplace import Question, Verdict
from signal_index.usecases.sourcing.delivered import Delivered, DeliveredPage
from signal_index.usecases.sourcing.keys import OwnKey, OwnKeys, Proposed
from signal_index.usecases.sourcing.renewals import KEY_BYTES_MAX, OVERLAPS_DAYS
from signal_index.usecases.sourcing.series import OwnSeries
from signal_index.usecases.sourcing.usage import Usage
from signal_index.wire import Contact, Wire, moment


class Signaalreeks(Wire):
    """What stands of one source and type."""

    bron: str
    bronnaam: str
    soort: str
    aantal: int | None = Field(description="Signalen die er staan; leeg bij minder dan 10.")
    bijgewerkt: date | None
    actueel: bool
    actueelTotEnMet: date | None  # noqa: N815 - the wire is camelCase
    completeSetOnderweg: bool  # noqa: N815
    completeSet: int | None = Field(description="Nummer van de complete set.")  # noqa: N815
    volgnummer: int | None = Field(description="Van de laatste levering die is aangenomen.")
    aangenomen: str | None

    @classmethod
    def of(cls, series: OwnSeries) -> "Signaalreeks":
        """Map a series."""
        return cls(
            bron=series.source,
            bronnaam=series.source_name,
            soort=series.type,
            aantal=series.flag_count,
            bijgewerkt=series.as_of,
            actueel=series.current,
            actueelTotEnMet=series.fresh_until,
            completeSetOnderweg=series.refilling,
            completeSet=series.generation,
            volgnummer=series.last_sequence,
            aangenomen=None if series.accepted_at is None else moment(series.accepted_at),
        )


class Signaalreeksen(Wire):
    """Every source and type of the organisation."""

    signaalreeksen: tuple[Signaalreeks, ...]


class Levering(Wire):
    """One delivery and the answer to it."""

    tijdstip: str
    klasse: str
    volgnummer: int
    aangenomen: bool
    reden: str | None = Field(description="Waarom geweigerd, als code; zie docs/errors.md, Signed refusals.")
    grootte: int | None = Field(
        description="Regels, met de lege regels mee; leeg als er niets is opgeslagen."
    )
    ontvangstnummer: str

    @classmethod
    def of(cls, delivered: Delivered) -> "Levering":
        """Map a delivery."""
        return cls(
            tijdstip=moment(delivered.at),
            klasse=delivered.kind,
            volgnummer=delivered.sequence,
            aangenomen=delivered.reason is None,
            reden=delivered.reason,
            grootte=delivered.item_count,
            ontvangstnummer=delivered.receipt,
        )


class Leveringen(Wire):
    """Deliveries of the last thirty days, newest first, one page of them."""

    leveringen: tuple[Levering, ...]
    bladzijde: int
    volgende: int | None = Field(description="Nummer van de bladzijde met oudere leveringen.")

    @classmethod
    def of(cls, page: DeliveredPage) -> "Leveringen":
        """Map a page."""
        found = tuple(Levering.of(each) for each in page.deliveries)
        return cls(
            leveringen=found, bladzijde=page.number, volgende=page.number + 1 if page.has_older else None
        )


class Contactpunt(Wire):
    """Whom workers phone about one source and type."""

    bron: str
    bronnaam: str
    soort: str
    contact: Contact
    gewijzigd: date | None = Field(
        description="Wanneer de bron dit zelf wijzigde; leeg als het register het zegt."
    )

    @classmethod
    def of(cls, publication: Publication) -> "Contactpunt":
        """Map a publication."""
        return cls(
            bron=publication.source,
            bronnaam=publication.source_name,
            soort=publication.type,
            contact=Contact.of(publication.contact),
            gewijzigd=publication.contact_changed_on,
        )


class Contactpunten(Wire):
    """Every contact route of the organisation."""

    contactpunten: tuple[Contactpunt, ...]


class NieuwContact(Wire):
    """A contact route as the source wants it."""

    naam: str = Field(max_length=200)
    telefoon: str = Field(max_length=40)

    def to_model(self) -> ContactRoute:
        """The same in the product's own terms."""
        return ContactRoute(self.naam.strip(), self.telefoon.strip())


class Melding(Wire):
    """A question about a signal of the organisation; about whom is said on the phone."""

    kenmerk: str
    bron: str
    soort: str
    gevraagd: date
    uiterlijk: date

    @classmethod
    def of(cls, question: Question) -> "Melding":
        """Map a question; person, relation and asker stay behind."""
        return cls(
            kenmerk=question.reference,
            bron=question.source,
            soort=question.type,
            gevraagd=question.asked_on,
            uiterlijk=question.due_on,
        )


class Meldingen(Wire):
    """Questions that wait, oldest first."""

    meldingen: tuple[Melding, ...]


class Meldingantwoord(Wire):
    """What the source says about a signal that is doubted."""

    antwoord: Verdict


class Sleutel(Wire):
    """A key the organisation signs with."""

    vingerafdruk: str
    geldigVanaf: date | None  # noqa: N815
    geldigTotEnMet: date | None  # noqa: N815
    geldig: bool

    @classmethod
    def of(cls, own: OwnKey) -> "Sleutel":
        """Map a key."""
        return cls(
            vingerafdruk=own.fingerprint,
            geldigVanaf=own.key.valid_from,
            geldigTotEnMet=own.key.valid_until,
            geldig=own.in_force,
        )


class Sleutelvoorstel(Wire):
    """A key that was proposed."""

    voorstel: UUID = Field(description="Kenmerk van het voorstel.")
    afzender: str
    vingerafdruk: str
    voorgesteld: str
    verloopt: str
    overlap: int = Field(description="Dagen dat de oude sleutel na het besluit nog geldt.")
    stand: str

    @classmethod
    def of(cls, proposed: Proposed) -> "Sleutelvoorstel":
        """Map a proposal."""
        proposal = proposed.proposal
        return cls(
            voorstel=UUID(bytes=proposal.proposal_id),
            afzender=proposal.publisher,
            vingerafdruk=proposed.fingerprint,
            voorgesteld=moment(proposal.proposed_at),
            verloopt=moment(proposal.expires_at),
            overlap=proposal.overlap_days,
            stand=proposed.state.value,
        )


class Sleutels(Wire):
    """The keys of the organisation, newest first."""

    sleutels: tuple[Sleutel, ...]
    dagenGeldig: int | None = Field(description="Tot de laatste sleutel stopt; leeg zonder einddatum.")  # noqa: N815
    waarschuwing: int | None = Field(
        description="60, 30 of 7 dagen; 0 als er geen sleutel geldt; anders leeg."
    )
    voorstellen: tuple[Sleutelvoorstel, ...]

    @classmethod
    def of(cls, own: OwnKeys) -> "Sleutels":
        """Map them."""
        return cls(
            sleutels=tuple(Sleutel.of(each) for each in own.keys),
            dagenGeldig=own.days_left,
            waarschuwing=own.warning,
            voorstellen=tuple(Sleutelvoorstel.of(each) for each in own.proposals),
        )


class Sleutelvoorstellen(Wire):
    """Every proposed key, newest first."""

    sleutelvoorstellen: tuple[Sleutelvoorstel, ...]


class NieuweSleutel(Wire):
    """A new key, as the public key file says it."""

    sleutel: str = Field(max_length=KEY_BYTES_MAX, description="De hele tekst van publisher.public.json.")
    overlap: int = Field(
        description=f"Dagen dat de oude sleutel nog geldt: {', '.join(map(str, OVERLAPS_DAYS))}."
    )


class Gebruikscijfer(Wire):
    """How often one type was allowed to be looked at."""

    soort: str
    raadplegingen: int | None = Field(
        description="Naar beneden afgerond op tientallen; leeg bij minder dan 10."
    )


class Gebruikscijfers(Wire):
    """One month that is over."""

    maand: str
    maanden: tuple[Annotated[str, Field(description="Maanden waarvan er cijfers zijn.")], ...]
    gebruikscijfers: tuple[Gebruikscijfer, ...]

    @classmethod
    def of(cls, usage: Usage) -> "Gebruikscijfers":
        """Map a month."""
        return cls(
            maand=str(usage.month),
            maanden=tuple(str(each) for each in usage.months),
            gebruikscijfers=tuple(
                Gebruikscijfer(soort=cell.code, raadplegingen=cell.count) for cell in usage.cells
            ),
        )
