"""The public JSON of administration: Dutch names outside, English model inside; what a municipality automates.

A member of staff is named in an address by an opaque `kenmerk`; her staff id stands in bodies only.
"""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from signal_index.model import StaffMember
from signal_index.model.administration import Change, Proposal, What, Why
from signal_index.model.workplace import Cover, CoverReason

from . import Wire

StaffId = Annotated[str, Field(max_length=40, description="Waarmee zij zich aanmeldt.")]
Oin = Annotated[str, Field(max_length=20, description="OIN van de organisatie, 20 cijfers.")]
_Team = Annotated[str, Field(max_length=32)]
_Role = Annotated[str, Field(max_length=40)]
_Listed = Annotated[tuple[StaffId, ...], Field(max_length=1000)]


class Gegevens(Wire):
    """What may be changed about a member of staff, apart from her roles."""

    naam: str = Field(default="", max_length=100, description="Leeg laat de naam zoals die is.")
    organisatie: Oin
    team: _Team
    actief: bool
    reden: Why | None = Field(default=None, description="Nodig als er een tweede mens moet beslissen.")

    def to_model(self, staff_id: str) -> StaffMember:
        """The entry in the product's own terms."""
        return StaffMember(staff_id, self.organisatie, self.team, self.actief, name=self.naam)


class NieuweMedewerker(Gegevens):
    """A member of staff who is not on the list yet."""

    medewerker: StaffId


class Medewerker(Wire):
    """One member of staff with her roles."""

    kenmerk: UUID
    medewerker: str
    naam: str
    organisatie: str
    team: str
    actief: bool
    rollen: tuple[str, ...]
    gezien: date | None = Field(description="Dag waarop zij zich het laatst aanmeldde.")
    bevestigd: date | None = Field(description="Dag waarop is bevestigd dat zij in dit team werkt.")

    @classmethod
    def of(cls, member: StaffMember, name: bytes) -> "Medewerker":
        """Map a member, under the name she has in addresses."""
        return cls(
            kenmerk=UUID(bytes=name),
            medewerker=member.staff_id,
            naam=member.name,
            organisatie=member.organisation,
            team=member.team,
            actief=member.active,
            rollen=tuple(sorted(member.roles)),
            gezien=member.seen_on,
            bevestigd=member.confirmed_on,
        )


class Medewerkers(Wire):
    """The list of staff."""

    medewerkers: tuple[Medewerker, ...]


class Rolverzoek(Wire):
    """A role to give."""

    rol: _Role
    reden: Why | None = Field(default=None, description="Nodig als er een tweede mens moet beslissen.")


class Wijziging(Wire):
    """One thing that becomes different about one member of staff."""

    wat: What
    medewerker: str
    rol: str | None
    organisatie: str | None
    team: str | None

    @classmethod
    def of(cls, change: Change) -> "Wijziging":
        """Map a change."""
        return cls(
            wat=change.what,
            medewerker=change.staff_id,
            rol=change.role,
            organisatie=change.organisation,
            team=change.team,
        )


class Uitkomst(Wire):
    """What came of a request: done, but for what waits for a second person."""

    wachtend: tuple[UUID, ...] = Field(description="Voorstellen waarover een ander moet beslissen.")

    @classmethod
    def of(cls, waiting: tuple[Proposal, ...]) -> "Uitkomst":
        """Map what waits."""
        return cls(wachtend=tuple(UUID(bytes=each.proposal_id) for each in waiting))


class Lijst(Wire):
    """Users as an identity provider lists them: SCIM 2.0 (RFC 7643), of which only what we need is read."""

    model_config = ConfigDict(extra="allow", frozen=True)

    Resources: Annotated[tuple[dict[str, Any], ...], Field(max_length=10_000)]
    totalResults: int | None = None  # noqa: N815 - RFC 7644 section 3.4.2

    def to_document(self) -> dict[str, object]:
        """The list as it was sent."""
        counted = {} if self.totalResults is None else {"totalResults": self.totalResults}
        return {"Resources": list(self.Resources), **counted}


class Lijstuitkomst(Wire):
    """What a list changes, or would change."""

    toegevoegd: tuple[str, ...]
    hernoemd: tuple[str, ...]
    gewijzigd: tuple[Wijziging, ...]
    wachtend: tuple[Wijziging, ...]
    ongewijzigd: int


class Voorstel(Wire):
    """A change that waits for a second person, or waited."""

    voorstel: UUID
    wijziging: Wijziging
    reden: Why
    door: str
    op: str
    verloopt: str
    stand: str
    besluiter: str | None

    @classmethod
    def of(cls, proposal: Proposal, state: str) -> "Voorstel":
        """Map a proposal as it stands now."""
        return cls(
            voorstel=UUID(bytes=proposal.proposal_id),
            wijziging=Wijziging.of(proposal.change),
            reden=proposal.why,
            door=proposal.proposed_by,
            op=f"{proposal.proposed_at:%Y-%m-%dT%H:%M:%SZ}",
            verloopt=f"{proposal.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            stand=state,
            besluiter=proposal.decided_by,
        )


class Voorstellen(Wire):
    """Proposals, newest first."""

    voorstellen: tuple[Voorstel, ...]


class Besluit(Wire):
    """What the second person says."""

    akkoord: bool


class Bevestiging(Wire):
    """Who works in a team, and who does not any more; together exactly those on the list."""

    werkend: _Listed
    vertrokken: _Listed = ()


class Teambevestiging(Bevestiging):
    """The same, of a team that no team lead can confirm."""

    organisatie: Oin
    team: _Team


class Teamlid(Wire):
    """One of those somebody has to confirm."""

    medewerker: str
    naam: str
    bevestigd: date | None


class Team(Wire):
    """Whom somebody has to confirm in a team, and by when."""

    organisatie: str
    team: str
    leden: tuple[Teamlid, ...]
    leiders: tuple[str, ...] = ()
    uiterlijk: date | None
    verlopen: bool

    @classmethod
    def of(
        cls,
        of: tuple[str, str],
        members: tuple[StaffMember, ...],
        due: tuple[date | None, bool],
        leads: tuple[StaffMember, ...] = (),
    ) -> "Team":
        """Map a team with those to confirm."""
        return cls(
            organisatie=of[0],
            team=of[1],
            leden=tuple(
                Teamlid(medewerker=each.staff_id, naam=each.name, bevestigd=each.confirmed_on)
                for each in members
            ),
            leiders=tuple(each.staff_id for each in leads),
            uiterlijk=due[0],
            verlopen=due[1],
        )


class Teams(Wire):
    """Every team, overdue first."""

    teams: tuple[Team, ...]


class NieuweVervanging(Wire):
    """A cover for a worker who cannot arrange it herself."""

    afwezig: StaffId
    vervanger: StaffId
    van: date
    tot: date
    reden: CoverReason


class Vervanging(Wire):
    """Who stands in for whom."""

    vervanging: UUID
    afwezig: str
    vervanger: str
    team: str
    van: date
    tot: date
    reden: CoverReason
    gestopt: date | None

    @classmethod
    def of(cls, cover: Cover) -> "Vervanging":
        """Map a cover."""
        return cls(
            vervanging=UUID(bytes=cover.cover_id),
            afwezig=cover.absentee,
            vervanger=cover.delegate,
            team=cover.team,
            van=cover.first_day,
            tot=cover.last_day,
            reden=cover.reason,
            gestopt=cover.ended_on,
        )


class Vervangingen(Wire):
    """Covers that are not over."""

    vervangingen: tuple[Vervanging, ...]
