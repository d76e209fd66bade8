"""The public JSON of what keeps workers from looking: Dutch names outside, English model inside.

A case is named by its reference and travels in a body, never in an address.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from signal_index.model.impediments import Impediment, ImpedimentKind, ListedImpediment

from . import Moment, Wire, moment
from .administration import StaffId

Zaak = Annotated[str, Field(max_length=64, description="Zaaknummer. Nooit een BSN.")]


class Dagen(Wire):
    """From when until when."""

    van: date | None = Field(default=None, description="De eerste dag; leeg is vandaag.")
    tot: date | None = Field(default=None, description="De laatste dag; leeg als niemand die nog weet.")


class NieuwBezwaar(Dagen):
    """A resident objects."""

    zaak: Zaak


class NieuweTeambelemmering(Dagen):
    """A worker of the team knows a resident outside her work."""

    zaak: Zaak
    medewerker: StaffId


class Belemmering(Wire):
    """One objection or involvement, without the resident."""

    belemmering: UUID
    soort: ImpedimentKind
    medewerker: str | None = Field(description="Wie niet kijkt; leeg bij een bezwaar, dan kijkt niemand.")
    van: date
    tot: date | None
    vastgelegd: Moment
    door: str

    @classmethod
    def of(cls, impediment: Impediment) -> "Belemmering":
        """Map one."""
        return cls(
            belemmering=UUID(bytes=impediment.impediment_id),
            soort=impediment.kind,
            medewerker=impediment.worker or None,
            van=impediment.first_day,
            tot=impediment.last_day,
            vastgelegd=moment(impediment.registered_at),
            door=impediment.registered_by,
        )


class VermeldeBelemmering(Belemmering):
    """One in a list."""

    inwoner: str | None = Field(
        description="Aanduiding die alleen binnen toezicht iets betekent; leeg voor wie een team leidt."
    )
    zaakreferentie: str | None = Field(
        description="Voor wie een team leidt; leeg als de zaak er niet meer is, en in toezicht altijd."
    )
    magBeeindigen: bool = Field(description="U mag deze beëindigen.")  # noqa: N815 - the wire is camelCase

    @classmethod
    def listed(cls, each: ListedImpediment) -> "VermeldeBelemmering":
        """Map one of a list."""
        return cls(
            **dict(Belemmering.of(each.impediment)),
            inwoner=each.alias,
            zaakreferentie=each.case_reference,
            magBeeindigen=each.may_end,
        )


class Belemmeringen(Wire):
    """Those that are not over, by first day."""

    belemmeringen: tuple[VermeldeBelemmering, ...]


class EigenBelemmering(Wire):
    """What a worker said of herself about one case."""

    belemmering: Belemmering | None = Field(description="Leeg als u hier niets heeft vastgelegd.")
