"""The JSON of the rules: what is in force, every version, and which purpose reaches which area of life."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from pydantic import Field

from policy.catalogue import LegalBasis, LifeDomainText
from policy.rule_text import Kind, Rule
from policy.vocabulary import Level, LifeDomain, Role, Shows
from signal_index.usecases.rulebook.published import PublishedRules, Reach, RuleLine
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
    uitleg: str = Field(description="Wat een privacy officer leest.")
    uitlegEn: str  # noqa: N815 - the wire is camelCase
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
            uitlegEn=rule.officer_text_en,
            grondslag=rule.legal_basis,
            wet=basis.law if basis else None,
            artikel=basis.article if basis else None,
            nagekeken=basis is not None and basis.verified_by_lawyer,
            vanaf=rule.valid_from,
            bestand=rule.file,
        )


class Grondslag(Wire):
    """An article that rules or purposes of today rest on."""

    code: str
    wet: str
    artikel: str
    bron: str = Field(description="Waar de tekst staat.")
    vanaf: date
    nagekeken: bool = Field(description="Een jurist bevestigde dat dit artikel draagt wat erop rust.")

    @classmethod
    def of(cls, basis: LegalBasis) -> "Grondslag":
        """Map a legal basis."""
        return cls(
            code=basis.code,
            wet=basis.law,
            artikel=basis.article,
            bron=basis.source_url,
            vanaf=basis.valid_from,
            nagekeken=basis.verified_by_lawyer,
        )


class Leefgebiedbereik(Wire):
    """The most that one purpose shows of one area of life."""

    leefgebied: LifeDomain
    niveau: Level | None = Field(description="Het meeste van een signaal; leeg als er niets mag.")


class Doelbereik(Wire):
    """What one purpose shows, of which areas of life: one row of the matrix."""

    doel: str
    naam: str
    naamEn: str  # noqa: N815
    toont: Shows
    rollen: tuple[Role, ...] = Field(description="Wie voor dit doel mag kijken.")
    grondslagen: tuple[str, ...] = Field(description="Waar dit doel vandaag op rust.")
    leefgebieden: tuple[Leefgebiedbereik, ...] = Field(description="Elk leefgebied, steeds in deze volgorde.")

    @classmethod
    def of(cls, reach: Reach, areas: Iterable[LifeDomainText]) -> "Doelbereik":
        """Map what a purpose reaches, by area of life."""
        cells = zip(areas, reach.cells, strict=True)
        return cls(
            doel=reach.purpose.code,
            naam=reach.purpose.label_nl,
            naamEn=reach.purpose.label_en,
            toont=reach.purpose.shows,
            rollen=reach.purpose.roles,
            grondslagen=tuple(each.code for each in reach.bases),
            leefgebieden=tuple(Leefgebiedbereik(leefgebied=area.code, niveau=most) for area, most in cells),
        )


class Regels(Wire):
    """The rules of today, and every version there is."""

    vanKracht: bool = Field(description="Zo niet, dan ziet niemand iets.")  # noqa: N815 - the wire is camelCase
    vanaf: date | None
    tot: date | None = Field(description="De eerste dag waarop dit niet meer geldt; leeg zonder opvolger.")
    kenmerk: str = Field(description="Dit kenmerk staat bij elke raadpleging.")
    doelen: tuple[Doelbereik, ...]
    grondslagen: tuple[Grondslag, ...]
    regels: tuple[Regel, ...]
    versies: tuple[Regelversie, ...] = Field(description="De nieuwste eerst.")

    @classmethod
    def of(cls, today: PublishedRules, history: Iterable[Rule]) -> "Regels":
        """Map the rules of today, with every version of every rule."""
        return cls(
            vanKracht=today.covered,
            vanaf=today.now.starts if today.covered else None,
            tot=today.now.ends,
            kenmerk=today.now.digest,
            doelen=tuple(Doelbereik.of(each, today.areas) for each in today.reaches),
            grondslagen=tuple(Grondslag.of(each) for each in today.bases),
            regels=tuple(Regel.of(each) for each in (*today.guards, *today.grants)),
            versies=tuple(Regelversie.of(each) for each in history),
        )
