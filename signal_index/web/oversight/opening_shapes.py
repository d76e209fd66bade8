"""The JSON of openings: what was asked, what was decided, and for who asked the case while it lasts."""

from uuid import UUID

from pydantic import Field

from signal_index.model.openings import OpeningReason, OpeningState
from signal_index.usecases.oversight.openings import OpenedCase, Shown
from signal_index.wire import Moment, Wire, moment


class NieuweZaaknummeraanvraag(Wire):
    """Which look, why, and for which file."""

    raadpleging: UUID = Field(description="Kenmerk van de raadpleging.")
    reden: OpeningReason
    dossier: str = Field(max_length=64, description="Nummer van wat u uitzoekt. Nooit een BSN.")


class GeopendeZaak(Wire):
    """The case behind a look: its reference and whose it is, and nothing else."""

    zaakreferentie: str
    organisatie: str
    organisatienaam: str | None

    @classmethod
    def of(cls, case: OpenedCase) -> "GeopendeZaak":
        """Map a case."""
        return cls(
            zaakreferentie=case.case_reference,
            organisatie=case.organisation,
            organisatienaam=case.organisation_name,
        )


class Zaaknummeraanvraag(Wire):
    """One request to know which case is behind a look."""

    aanvraag: UUID = Field(description="Kenmerk van de aanvraag.")
    raadpleging: UUID
    inwoner: str = Field(description="Aanduiding die alleen binnen toezicht iets betekent.")
    reden: OpeningReason
    dossier: str
    stand: OpeningState
    gevraagd: Moment
    door: str
    besloten: Moment | None
    besluiter: str | None
    eindigt: Moment = Field(description="Dan vervalt de aanvraag, of is het zaaknummer niet meer te zien.")
    eigen: bool
    teBeslissen: bool = Field(description="U mag hierover beslissen.")  # noqa: N815 - the wire is camelCase
    zaak: GeopendeZaak | None = Field(
        description="Voor wie het vroeg, zolang het open is; leeg als de zaak er niet meer is."
    )

    @classmethod
    def of(cls, shown: Shown) -> "Zaaknummeraanvraag":
        """Map an opening as this privacy officer sees it."""
        opening = shown.opening
        return cls(
            aanvraag=UUID(bytes=opening.opening_id),
            raadpleging=UUID(bytes=shown.look_id),
            inwoner=shown.alias,
            reden=opening.reason,
            dossier=opening.dossier,
            stand=shown.state,
            gevraagd=moment(opening.asked_at),
            door=shown.asked_by,
            besloten=moment(opening.decided_at) if opening.decided_at else None,
            besluiter=shown.decided_by,
            eindigt=moment(opening.ends_at),
            eigen=shown.is_own,
            teBeslissen=shown.waits_for_her,
            zaak=GeopendeZaak.of(shown.case) if shown.case else None,
        )


class Zaaknummeraanvragen(Wire):
    """Every opening of the organisation, newest first."""

    zaaknummeraanvragen: tuple[Zaaknummeraanvraag, ...]
