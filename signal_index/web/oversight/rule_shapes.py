"""The JSON of the rules: what is in force, every version, and which purpose reaches which area of life."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from pydantic import Field

from policy.catalogue import LifeDomainText
from policy.rule_text import Kind, Rule
from policy.vocabulary import Level, LifeDomain, Shows
from signal_index.review.policy import Sentence
from signal_index.usecases.rulebook.overview import Rulebook
from signal_index.usecases.rulebook.published import Reach, RuleLine
from signal_index.wire import Wire


class Regelsoort(StrEnum):
    """What a rule does."""

    WAARBORG = "waarborg"
    TOESTEMMING = "toestemming"


_KINDS: Mapping[Kind, Regelsoort] = {Kind.GUARD: Regelsoort.WAARBORG, Kind.GRANT: Regelsoort.TOESTEMMING}


class Regelversie(Wire):
    """One version of a rule."""

    regel: str
    vanaf: date
    tot: date | None = Field(description="De eerste dag waarop deze versie niet meer geldt.")
    vervangt: str | None

    @classmethod
    def of(cls, rule: Rule) -> "Regelversie":
        """Map a version."""
        return cls(regel=rule.key, vanaf=rule.valid_from, tot=rule.valid_until, vervangt=rule.replaces)


class Regel(Wire):
    """One rule of today."""

    regel: str
    soort: Regelsoort
    titel: str
    uitleg: str
    grondslag: str
    wet: str | None
    artikel: str | None
    nagekeken: bool = Field(description="Een jurist bevestigde dat dit artikel de regel draagt.")
    vanaf: date
    bestand: str

    @classmethod
    def of(cls, line: RuleLine) -> "Regel":
        """Map a rule with the article it rests on."""
        rule, basis = line.rule, line.basis
        return cls(
            regel=rule.key,
            soort=_KINDS[rule.kind],
            titel=rule.title,
            uitleg=rule.officer_text,
            grondslag=rule.legal_basis,
            wet=basis.law if basis else None,
            artikel=basis.article if basis else None,
            nagekeken=basis is not None and basis.verified_by_lawyer,
            vanaf=rule.valid_from,
            bestand=rule.file,
        )


class Doelbereik(Wire):
    """What one purpose shows, of which areas of life."""

    doel: str
    toont: Shows
    leefgebieden: tuple[LifeDomain, ...]
    niveau: Level | None = Field(description="Het meeste van een signaal; leeg als er niets mag.")

    @classmethod
    def of(cls, reach: Reach, areas: Iterable[LifeDomainText]) -> "Doelbereik":
        """Map what a purpose reaches, by area of life."""
        shown = [(area.code, most) for area, most in zip(areas, reach.cells, strict=True) if most is not None]
        return cls(
            doel=reach.purpose.code,
            toont=reach.purpose.shows,
            leefgebieden=tuple(code for code, _ in shown),
            niveau=max((most for _, most in shown), default=None),
        )


class Regels(Wire):
    """The rules of today, and every version there is."""

    vanKracht: bool = Field(description="Zo niet, dan ziet niemand iets.")  # noqa: N815 - the wire is camelCase
    vanaf: date | None
    tot: date | None = Field(description="De eerste dag waarop dit niet meer geldt; leeg zonder opvolger.")
    kenmerk: str = Field(description="Dit kenmerk staat bij elke raadpleging.")
    regels: tuple[Regel, ...]
    versies: tuple[Regelversie, ...] = Field(description="De nieuwste eerst.")
    doelen: tuple[Doelbereik, ...]
    afspraken: tuple[str, ...] = Field(description="Hoe raadplegingen worden gekozen en beoordeeld.")

    @classmethod
    def of(cls, book: Rulebook, policy: Iterable[Sentence]) -> "Regels":
        """Map the rules, and how looks are reviewed."""
        today = book.today
        return cls(
            vanKracht=today.covered,
            vanaf=today.now.starts if today.covered else None,
            tot=today.now.ends,
            kenmerk=today.now.digest,
            regels=tuple(Regel.of(each) for each in (*today.guards, *today.grants)),
            versies=tuple(Regelversie.of(each) for each in book.history),
            doelen=tuple(Doelbereik.of(each, today.areas) for each in today.reaches),
            afspraken=tuple(str(each) for each in policy),
        )
