"""The JSON of how the log does: its tree, its witnesses, and the last checks."""

from pydantic import Field

from signal_index.usecases.oversight.health import LogHealth, WitnessHealth
from signal_index.wire import Moment, Wire, moment


class Getuige(Wire):
    """What one witness did last."""

    naam: str
    bevestigd: Moment | None = Field(description="Van de laatste bevestiging; leeg als die er nooit was.")
    regels: int | None = Field(description="Hoeveel regels het logboek toen had.")
    weigert: str | None = Field(description="Waarom de getuige nu niet bevestigt, als code.")
    weigertSinds: Moment | None  # noqa: N815 - the wire is camelCase

    @classmethod
    def of(cls, found: WitnessHealth) -> "Getuige":
        """Map a witness."""
        return cls(
            naam=found.name,
            bevestigd=moment(found.cosigned.at) if found.cosigned else None,
            regels=found.cosigned.size if found.cosigned else None,
            weigert=found.refusal.reason if found.refusal else None,
            weigertSinds=moment(found.refusal.since) if found.refusal else None,
        )


class Logboek(Wire):
    """How the log does now."""

    inOrde: bool = Field(description="Niemand hoeft iets te doen.")  # noqa: N815
    incident: bool = Field(
        description="Er ontbreekt een regel, het logboek is herschreven, of de database noemt andere toegangsregels."
    )
    regels: int | None = Field(description="Leeg als er nog niets is ondertekend.")
    ondertekend: Moment | None = Field(description="Van de laatste handtekening van de index.")
    staatStil: bool = Field(description="Nieuwe regels komen er niet bij.")  # noqa: N815
    bevestigd: bool = Field(description="Een getuige bevestigde op tijd; zo niet, dan ziet niemand iets.")
    hooguitMinuten: int | None = Field(  # noqa: N815
        description="Zo oud mag een bevestiging zijn; leeg zonder getuigen."
    )
    getuigen: tuple[Getuige, ...]
    verdwenen: Moment | None = Field(description="Wanneer het laatst bleek dat er een regel ontbreekt.")
    toegangsregelsVreemd: bool = Field(  # noqa: N815
        description="De database noemt andere toegangsregels dan het logboek. Zolang dat zo is, gelden er geen."
    )
    uitgevoerd: Moment | None = Field(description="Van de laatste uitvoer voor een controle elders.")
    nagerekend: Moment | None = Field(description="Wanneer de index het logboek het laatst zelf narekende.")

    @classmethod
    def of(cls, found: LogHealth) -> "Logboek":
        """Map the health of the log."""
        return cls(
            inOrde=found.is_well,
            incident=found.is_incident,
            regels=found.head.size if found.head else None,
            ondertekend=moment(found.head.signed_at) if found.head else None,
            staatStil=found.standing_still,
            bevestigd=found.is_witnessed,
            hooguitMinuten=found.within_minutes,
            getuigen=tuple(Getuige.of(each) for each in found.witnesses),
            verdwenen=moment(found.gap.at) if found.gap else None,
            toegangsregelsVreemd=found.rules_planted,
            uitgevoerd=moment(found.exported.at) if found.exported else None,
            nagerekend=moment(found.checked.at) if found.checked else None,
        )
