"""The JSON of a worker's and a team lead's own pages beside the look: cases, covers and messages.

Source: NL API Design Rules 2.2 (Dutch names).
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from pydantic import Field

from policy.catalogue import Catalogue, LifeDomainText, PurposeRule
from signal_index.model import StaffMember
from signal_index.model.workplace import Cover, CoverReason, Message, MessageKind, Verdict
from signal_index.usecases.relations import Awaiting
from signal_index.usecases.workplace.covers import CoverOverview
from signal_index.usecases.workplace.impeded import InTeam
from signal_index.usecases.workplace.inbox import Inbox
from signal_index.usecases.workplace.questions import OwnQuestion
from signal_index.usecases.workplace.views import Start
from signal_index.wire import Wire, Zorgrelatie
from signal_index.wire.administration import StaffId, Vervanging
from signal_index.wire.impediments import VermeldeBelemmering

# --- To a look ----------------------------------------------------------------------------------------------------


class Kaartje(Wire):
    """The ticket of a regiesysteem, for one worker and one case."""

    kaartje: str = Field(
        max_length=8192, description="Zoals het regiesysteem het maakte; geldt twee minuten."
    )


class GevondenZaak(Wire):
    """The case a ticket opens."""

    zorgrelatie: UUID


class Keuze(Wire):
    """An area of life to narrow a look to."""

    code: str
    naam: str

    @classmethod
    def of(cls, domain: LifeDomainText) -> "Keuze":
        """Map an area of life."""
        return cls(code=domain.code, naam=domain.label_nl)


class Doel(Wire):
    """One purpose to choose."""

    code: str
    naam: str
    uitleg: str
    leefgebieden: tuple[Keuze, ...] = Field(description="Waartoe u de raadpleging kunt beperken.")

    @classmethod
    def of(cls, purpose: PurposeRule, catalogue: Catalogue) -> "Doel":
        """Map a purpose."""
        return cls(
            code=purpose.code,
            naam=purpose.label_nl,
            uitleg=purpose.worker_text,
            leefgebieden=tuple(Keuze.of(each) for each in catalogue.domains_of(purpose)),
        )


class Doelen(Wire):
    """What a worker chooses from before she looks in one case."""

    zaakreferentie: str
    vervangtNaam: str | None = Field(description="De collega die u vervangt; leeg bij uw eigen zaak.")  # noqa: N815 - the wire is camelCase
    doelen: tuple[Doel, ...]

    @classmethod
    def of(cls, start: Start) -> "Doelen":
        """Map the step before a look."""
        return cls(
            zaakreferentie=start.relation.case_reference,
            vervangtNaam=None if start.absentee is None else start.absentee.shown_name,
            doelen=tuple(Doel.of(each, start.catalogue) for each in start.purposes),
        )


class WachtendeZorgrelatie(Zorgrelatie):
    """A case that waits for a team lead."""

    medewerker: str
    naam: str = Field(description="Hoe de medewerker heet.")

    @classmethod
    def awaiting(cls, waiting: Awaiting) -> "WachtendeZorgrelatie":
        """Map what waits."""
        relation, worker = waiting.relation, waiting.worker
        name = relation.worker if worker is None else worker.shown_name
        return cls(**dict(Zorgrelatie.of(relation)), medewerker=relation.worker, naam=name)


class WachtendeZorgrelaties(Wire):
    """Every case that waits in her team."""

    zorgrelaties: tuple[WachtendeZorgrelatie, ...]


# --- Covers -------------------------------------------------------------------------------------------------------


class NieuweTeamvervanging(Wire):
    """A colleague who is to look for the worker."""

    vervanger: StaffId
    van: date
    tot: date
    reden: CoverReason


class Teamvervanging(Vervanging):
    """Who stands in for whom, by name."""

    afwezigNaam: str  # noqa: N815
    vervangerNaam: str  # noqa: N815

    @classmethod
    def by_name(cls, cover: Cover, names: Mapping[str, str]) -> "Teamvervanging":
        """Map a cover, with how its people are called."""
        return cls(
            **dict(Vervanging.of(cover)),
            afwezigNaam=names[cover.absentee],
            vervangerNaam=names[cover.delegate],
        )


class Collega(Wire):
    """A colleague a worker may ask."""

    medewerker: str
    naam: str

    @classmethod
    def of(cls, member: StaffMember) -> "Collega":
        """Map a member of staff."""
        return cls(medewerker=member.staff_id, naam=member.shown_name)


class Teamvervangingen(Wire):
    """The covers somebody has to do with; none of them is over."""

    eigen: tuple[Teamvervanging, ...] = Field(description="Wie u vervangt als u er niet bent.")
    voorAnderen: tuple[Teamvervanging, ...] = Field(description="Wie u zelf vervangt.")  # noqa: N815
    team: tuple[Teamvervanging, ...] = Field(description="Van iedereen in uw team, uzelf erbij.")
    collegas: tuple[Collega, ...] = Field(description="Wie u kunt vragen om voor u te kijken.")

    @classmethod
    def of(cls, seen: CoverOverview) -> "Teamvervangingen":
        """Map the overview."""

        def told(covers: tuple[Cover, ...]) -> tuple[Teamvervanging, ...]:
            return tuple(Teamvervanging.by_name(each, seen.names) for each in covers)

        return cls(
            eigen=told(seen.mine),
            voorAnderen=told(seen.for_others),
            team=told(seen.team),
            collegas=tuple(Collega.of(each) for each in seen.colleagues),
        )


# --- Who knows a resident ------------------------------------------------------------------------------------------


class Teambelemmeringen(Wire):
    """Who in the team does not look in which case, and of whom that can be registered."""

    belemmeringen: tuple[VermeldeBelemmering, ...]
    collegas: tuple[Collega, ...] = Field(description="Van wie u het kunt vastleggen.")

    @classmethod
    def of(cls, found: InTeam) -> "Teambelemmeringen":
        """Map what a lead sees."""
        return cls(
            belemmeringen=tuple(VermeldeBelemmering.listed(each) for each in found.listed),
            collegas=tuple(Collega.of(each) for each in found.colleagues),
        )


# --- Messages -----------------------------------------------------------------------------------------------------


class Bericht(Wire):
    """One thing that is due."""

    soort: MessageKind
    over: str = Field(description="Een zaak, collega, bron, team of vraag; dat hangt af van de soort.")
    op: date | None
    zorgrelatie: UUID | None
    raadpleging: UUID | None
    antwoord: Verdict | None
    zaakreferentie: str | None = Field(description="Van een vraag die is beantwoord.")

    @classmethod
    def of(cls, message: Message) -> "Bericht":
        """Map a message."""
        return cls(
            soort=message.kind,
            over=message.about,
            op=message.on,
            zorgrelatie=_uuid(message.relation_id),
            raadpleging=_uuid(message.view_id),
            antwoord=message.verdict,
            zaakreferentie=message.case_reference,
        )


def _uuid(found: bytes | None) -> UUID | None:
    return None if found is None else UUID(bytes=found)


class OpenVraag(Wire):
    """A question that waits for its source; which signal it is about stands elsewhere, beside an open look."""

    kenmerk: str
    zaakreferentie: str
    gesteld: date
    uiterlijk: date

    @classmethod
    def of(cls, own: OwnQuestion) -> "OpenVraag":
        """Map a question."""
        question = own.question
        return cls(
            kenmerk=question.reference,
            zaakreferentie=own.case_reference,
            gesteld=question.asked_on,
            uiterlijk=question.due_on,
        )


class Samenvattingkeuze(Wire):
    """Whether the daily e-mail is to come."""

    gewenst: bool


class Samenvatting(Wire):
    """The daily e-mail."""

    naar: str | None = Field(description="Het adres waar hij heen gaat; leeg als hij uit staat.")


class Berichten(Wire):
    """What waits for one worker."""

    berichten: tuple[Bericht, ...] = Field(description="Wat het eerst moet, staat bovenaan.")
    vragen: tuple[OpenVraag, ...]
    samenvatting: Samenvatting

    @classmethod
    def of(cls, found: Inbox) -> "Berichten":
        """Map what waits."""
        return cls(
            berichten=tuple(Bericht.of(each) for each in found.messages),
            vragen=tuple(OpenVraag.of(each) for each in found.waiting),
            samenvatting=Samenvatting(naar=found.preferences.digest_to),
        )
