"""The JSON of a look a worker had, and of what she asked about it; as the pages of that look show it.

Source: NL API Design Rules 2.2 (Dutch names, UTC times with Z).
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from signal_index.model.workplace import Informed, Useful, Verdict, View
from signal_index.usecases.workplace.asked import Asked, Doubted
from signal_index.usecases.workplace.views import Shown
from signal_index.web.markup import signals
from signal_index.wire import LOOKUP_TEXT, Bron, Contact, Leefgebied, Signaal, Wire, moment

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, description="In UTC, met Z.")]

# --- A look she had -----------------------------------------------------------------------------------------------


class EigenRaadpleging(Wire):
    """One of her own looks: when, which case and what for; never what was to be seen."""

    raadpleging: UUID
    zorgrelatie: UUID
    zaakreferentie: str
    doel: str
    leefgebieden: tuple[str, ...] = Field(description="Waartoe u de raadpleging beperkte; leeg is alle.")
    geopend: Moment
    sluit: Moment
    open: bool = Field(description="Of u nu nog kunt zien wat de raadpleging laat zien.")
    inwoner: Informed
    verteld: date | None = Field(description="Wanneer u het de inwoner achteraf vertelde.")
    nut: Useful | None

    @classmethod
    def of(cls, view: View, now: datetime) -> "EigenRaadpleging":
        """Map a view."""
        return cls(
            raadpleging=UUID(bytes=view.view_id),
            zorgrelatie=UUID(bytes=view.relation_id),
            zaakreferentie=view.case_reference,
            doel=view.purpose,
            leefgebieden=tuple(sorted(view.domains)),
            geopend=moment(view.opened_at),
            sluit=moment(view.ends_at),
            open=view.is_open(now),
            inwoner=view.informed,
            verteld=view.told_on,
            nut=view.useful,
        )


class EigenRaadplegingen(Wire):
    """Her looks of the last three months, newest first."""

    raadplegingen: tuple[EigenRaadpleging, ...]


class GetoondSignaal(Wire):
    """One signal of an open look."""

    kenmerk: str = Field(
        description="Hoe u dit signaal noemt bij deze raadpleging; ergens anders zegt het niets."
    )
    signaal: Signaal
    bronActueel: bool | None = Field(description="Leeg als u de bron niet ziet.")  # noqa: N815 - the wire is camelCase
    wordtNagekeken: bool = Field(description="Of iemand de bron vroeg dit na te kijken.")  # noqa: N815
    vraag: str | None = Field(description="Kenmerk van die vraag, als uw eigen organisatie vroeg.")

    @classmethod
    def of(cls, card: signals.Card, shown: Shown) -> "GetoondSignaal":
        """Map a card."""
        each = card.shown
        own = signals.own_question(shown, each)
        return cls(
            kenmerk=each.key,
            signaal=Signaal.of(each.signal, shown.catalogue),
            bronActueel=None if each.signal.source_name is None else not card.stale,
            wordtNagekeken=each.question is not None,
            vraag=None if own is None else own.reference,
        )


class OpenRaadpleging(Wire):
    """What an open look shows now, in the order of its page."""

    raadpleging: EigenRaadpleging
    signalen: tuple[GetoondSignaal, ...]
    leefgebieden: tuple[Leefgebied, ...]
    bronnen: tuple[Bron, ...]
    nietAangesloten: tuple[str, ...] = Field(description="Soorten waarvoor nog geen bron meedoet.")  # noqa: N815
    nietZichtbaar: str = Field(description="Wat u bij dit doel nooit ziet; voor elke inwoner gelijk.")  # noqa: N815
    uitleg: str

    @classmethod
    def of(cls, shown: Shown, now: datetime) -> "OpenRaadpleging":
        """Map what a view shows."""
        groups = signals.groups(shown)
        return cls(
            raadpleging=EigenRaadpleging.of(shown.view, now),
            signalen=tuple(GetoondSignaal.of(card, shown) for group in groups for card in group.cards),
            leefgebieden=_areas(shown, groups),
            bronnen=tuple(Bron.of(each) for each in shown.sources),
            nietAangesloten=tuple(each.code for each in signals.unconnected(shown)),
            nietZichtbaar=shown.purpose.not_shown_nl,
            uitleg=LOOKUP_TEXT,
        )


def _areas(shown: Shown, groups: tuple[signals.Group, ...]) -> tuple[Leefgebied, ...]:
    """The areas of life as a purpose that shows no more gives them, or as the signals fill them."""
    if shown.areas:
        return tuple(Leefgebied.of(area, shown.catalogue) for _, area in signals.areas(shown))
    return tuple(
        Leefgebied(
            naam=each.domain.label_nl,
            signaal=bool(each.cards),
            aangesloten=each.participating,
            actueel=each.current,
        )
        for each in groups
    )


class Nut(Wire):
    """Whether a look was of use."""

    nut: Useful


_Key = Annotated[
    str, Field(pattern=r"^[0-9a-f]{16}$", description="Kenmerk van een signaal van deze raadpleging.")
]


class NieuwKoelkastblad(Wire):
    """Whose numbers the resident wants on the sheet at home."""

    signalen: tuple[_Key, ...] = Field(max_length=200, description="Van welke signalen het nummer erop komt.")


class Koelkastblad(Wire):
    """What stands on the sheet at home, and nothing else."""

    contacten: tuple[Contact, ...]

    @classmethod
    def of(cls, shown: Shown) -> "Koelkastblad":
        """Map the contacts the resident chose."""
        return cls(contacten=tuple(Contact.of(each) for each in signals.on_the_fridge(shown)))


# --- Questions ----------------------------------------------------------------------------------------------------


class NieuweVraag(Wire):
    """Which signal is doubted."""

    signaal: _Key


class BetwijfeldSignaal(Wire):
    """The signal a question is about, as an open look shows it."""

    raadpleging: UUID
    tekst: str
    bron: str | None
    contact: Contact | None

    @classmethod
    def of(cls, doubted: Doubted) -> "BetwijfeldSignaal":
        """Map a signal in view."""
        contact = doubted.signal.contact
        return cls(
            raadpleging=UUID(bytes=doubted.view.view_id),
            tekst=f"Er is {doubted.kind.sentence_nl}.",
            bron=doubted.signal.source_name,
            contact=None if contact is None else Contact.of(contact),
        )


class Vraag(Wire):
    """A question to a source."""

    kenmerk: str = Field(description="Noem dit als u de bron belt.")
    zorgrelatie: UUID
    zaakreferentie: str
    gesteld: date
    uiterlijk: date
    open: bool = Field(description="Of de bron nog moet antwoorden.")
    antwoord: Verdict | None
    beantwoord: date | None
    signaal: BetwijfeldSignaal | None = Field(
        description="Leeg als geen open raadpleging van u het signaal laat zien."
    )

    @classmethod
    def of(cls, found: Asked, today: date) -> "Vraag":
        """Map a question as its page shows it."""
        question = found.question
        return cls(
            kenmerk=question.reference,
            zorgrelatie=UUID(bytes=found.relation_id),
            zaakreferentie=found.case_reference,
            gesteld=question.asked_on,
            uiterlijk=question.due_on,
            open=question.is_open(today),
            antwoord=question.verdict,
            beantwoord=question.answered_on,
            signaal=None if found.doubted is None else BetwijfeldSignaal.of(found.doubted),
        )
