"""The JSON of looks in lists: the work list, and what a search asks for and finds."""

from datetime import date
from uuid import UUID

from pydantic import Field

from signal_index.usecases.oversight.chosen import ListPage, ToReview
from signal_index.usecases.oversight.looks import LookLine
from signal_index.usecases.oversight.searching import PAGES_MAX, Found, Outcome, SearchReason, SearchRequest
from signal_index.wire import Moment, Wire, moment


class VastgelegdeRaadpleging(Wire):
    """One look in a list."""

    raadpleging: UUID = Field(description="Kenmerk van de raadpleging.")
    tijdstip: Moment
    medewerker: str = Field(description="Naam van wie keek.")
    team: str
    doel: str | None = Field(description="Leeg als er geen doel was dat bestaat.")
    geweigerd: str | None = Field(
        description="Waarom er niets te zien was, als code; leeg als er antwoord was."
    )

    @classmethod
    def of(cls, line: LookLine) -> "VastgelegdeRaadpleging":
        """Map a line."""
        return cls(
            raadpleging=UUID(bytes=line.look_id),
            tijdstip=moment(line.at),
            medewerker=line.worker,
            team=line.team,
            doel=line.purpose,
            geweigerd=line.refused,
        )


class Werklijstregel(Wire):
    """One look that waits for a judgement."""

    raadpleging: VastgelegdeRaadpleging
    soort: str = Field(description="Waar de zwaarste reden over gaat, of steekproef.")
    waarom: tuple[str, ...] = Field(description="Een zin per reden, de zwaarste eerst.")
    vraagGesteld: bool = Field(description="Wacht op een eindoordeel.")  # noqa: N815 - the wire is camelCase
    uiterlijk: date
    verlopen: bool

    @classmethod
    def of(cls, each: ToReview) -> "Werklijstregel":
        """Map a look to review."""
        return cls(
            raadpleging=VastgelegdeRaadpleging.of(each.line),
            soort=each.kind,
            waarom=tuple(str(why) for why in each.item.why),
            vraagGesteld=each.item.asked,
            uiterlijk=each.item.due_on,
            verlopen=each.item.late,
        )


class Soortaantal(Wire):
    """How many looks wait for one kind of reason."""

    soort: str
    aantal: int


class Werklijst(Wire):
    """Looks that wait for a judgement, the earliest due first, one page of them."""

    werklijstregels: tuple[Werklijstregel, ...]
    bladzijde: int
    volgende: int | None = Field(description="Nummer van de bladzijde met wat later moet.")
    totaal: int = Field(description="Alles wat wacht, ook op andere bladzijden en om andere redenen.")
    verlopen: int
    soorten: tuple[Soortaantal, ...]
    laatsteLijst: date | None = Field(  # noqa: N815
        description="Maandag van de week waar de nieuwste lijst over gaat; leeg als er nooit een lijst was."
    )
    lijstOntbreekt: bool = Field(description="Er had een nieuwere lijst moeten zijn.")  # noqa: N815
    afspraken: tuple[str, ...] = Field(description="Hoe een raadpleging op deze lijst komt.")

    @classmethod
    def of(cls, page: ListPage) -> "Werklijst":
        """Map a page of the list."""
        return cls(
            werklijstregels=tuple(Werklijstregel.of(each) for each in page.looks),
            bladzijde=page.number,
            volgende=page.number + 1 if page.has_later else None,
            totaal=page.total,
            verlopen=page.late,
            soorten=tuple(Soortaantal(soort=kind, aantal=count) for kind, count in page.kinds),
            laatsteLijst=page.newest.monday,
            lijstOntbreekt=page.newest.overdue,
            afspraken=tuple(str(each) for each in page.policy),
        )


class Zoekopdracht(Wire):
    """Why somebody searches, and for what; it stands in a body and never in an address."""

    reden: SearchReason
    dossier: str = Field(max_length=64, description="Nummer van wat u uitzoekt. Nooit een BSN.")
    medewerker: str = Field(
        default="", max_length=100, description="Account of deel van een naam; leeg is iedereen."
    )
    zaak: str = Field(default="", max_length=64, description="Zaaknummer; leeg is alle zaken. Nooit een BSN.")
    van: date
    tot: date = Field(description="Deze dag telt mee. Samen hoogstens 31 dagen.")
    uitkomst: Outcome = Outcome.ALL
    bladzijde: int = Field(default=1, ge=1, le=PAGES_MAX)

    def to_model(self) -> SearchRequest:
        """The same in the product's own terms."""
        return SearchRequest(
            reason=self.reden,
            dossier=self.dossier,
            worker=self.medewerker,
            case_reference=self.zaak,
            first_day=self.van,
            last_day=self.tot,
            outcome=self.uitkomst,
            page=self.bladzijde,
        )


class Zoekresultaat(Wire):
    """What a search found, newest first, one page of it."""

    raadplegingen: tuple[VastgelegdeRaadpleging, ...]
    bladzijde: int
    volgende: int | None = Field(description="Nummer van de bladzijde met oudere raadplegingen.")

    @classmethod
    def of(cls, found: Found) -> "Zoekresultaat":
        """Map what was found."""
        return cls(
            raadplegingen=tuple(VastgelegdeRaadpleging.of(line) for line in found.lines),
            bladzijde=found.page,
            volgende=found.page + 1 if found.more else None,
        )
