"""The JSON of figures of one month; what would tell too much about few people is left empty, as on the pages."""

from datetime import date

from pydantic import Field

from signal_index.model.review import Indicator
from signal_index.usecases.oversight.kept import Kept
from signal_index.usecases.oversight.reports import Counted, Report
from signal_index.usecases.sources.steering import Steering
from signal_index.wire import Wire


class Telling(Wire):
    """One count."""

    code: str
    aantal: int | None = Field(description="Leeg bij minder dan 10, en waar dat mee uit te rekenen is.")


class Tabel(Wire):
    """Counts that add up to their total."""

    tellingen: tuple[Telling, ...]
    totaal: int | None = Field(description="Leeg bij minder dan 10.")

    @classmethod
    def of(cls, counted: Counted) -> "Tabel":
        """Map a table."""
        cells = tuple(Telling(code=each.code, aantal=each.count) for each in counted.cells)
        return cls(tellingen=cells, totaal=counted.total)


class Redentelling(Wire):
    """How many looks were listed for one reason."""

    reden: Indicator
    aantal: int | None = Field(description="Leeg bij minder dan 10.")
    onterecht: int | None = Field(description="Leeg bij minder dan 10.")


class Beoordeeld(Wire):
    """Whether looks were judged in time; about the judging itself, so always there."""

    lijsten: int
    wekenZonderLijst: tuple[date, ...] = Field(description="De maandag van elke week.")  # noqa: N815 - camelCase
    opvallend: int
    steekproef: int
    opTijd: int  # noqa: N815
    verlopen: int
    open: int
    redenen: tuple[Redentelling, ...]

    @classmethod
    def of(cls, kept: Kept) -> "Beoordeeld":
        """Map how review went; what the report does not show stays behind."""
        return cls(
            lijsten=kept.weeks,
            wekenZonderLijst=kept.missing,
            opvallend=kept.listed,
            steekproef=kept.sampled,
            opTijd=kept.in_time,
            verlopen=kept.late,
            open=kept.open,
            redenen=tuple(
                Redentelling(reden=each.indicator, aantal=each.listed, onterecht=each.wrong)
                for each in kept.by_indicator
            ),
        )


class _Maand(Wire):
    """What both say of a month."""

    maand: str = Field(description="Als jjjj-mm.")
    maanden: tuple[str, ...] = Field(description="Maanden waarvan er cijfers zijn, de nieuwste eerst.")
    doelen: Tabel
    nut: Tabel = Field(description="Wat medewerkers antwoordden op de vraag of het nut had.")


class Maandcijfers(_Maand):
    """One month for the privacy officer."""

    teams: Tabel
    uitkomsten: Tabel
    beoordeeld: Beoordeeld

    @classmethod
    def of(cls, report: Report, kept: Kept) -> "Maandcijfers":
        """Map a report, without the table that is not hers."""
        found = report.figures
        return cls(
            maand=str(found.month),
            maanden=tuple(str(each) for each in report.months),
            doelen=Tabel.of(found.purposes),
            nut=Tabel.of(found.useful),
            teams=Tabel.of(found.teams),
            uitkomsten=Tabel.of(found.outcomes),
            beoordeeld=Beoordeeld.of(kept),
        )


class Stuurcijfers(_Maand):
    """One month for the functioneel beheerder, and the sources as they are today."""

    metSignaal: Tabel = Field(description="Met een signaal, en al het andere.")  # noqa: N815
    procentMetSignaal: int | None = Field(description="Leeg als de aantallen leeg zijn.")  # noqa: N815
    bronnen: int
    bronnenActueel: int  # noqa: N815
    soortenZonderBron: int  # noqa: N815

    @classmethod
    def of(cls, steering: Steering) -> "Stuurcijfers":
        """Map figures, without the tables that are not hers."""
        found, register = steering.report.figures, steering.register
        return cls(
            maand=str(found.month),
            maanden=tuple(str(each) for each in steering.report.months),
            doelen=Tabel.of(found.purposes),
            nut=Tabel.of(found.useful),
            metSignaal=Tabel.of(found.share),
            procentMetSignaal=found.percent_with_signal,
            bronnen=len(register.sources),
            bronnenActueel=len(register.sources) - len(register.behind),
            soortenZonderBron=len(register.unpublished),
        )
