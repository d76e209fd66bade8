"""The JSON of one look for oversight, and of judging it; never what was shown, nor whether anything was.

A resident is an alias that means something within oversight only.
"""

from datetime import date

from pydantic import Field

from policy.catalogue import LegalBasis
from policy.facts import ATTRIBUTE_OF_FACT
from policy.telling.explain import Explanation
from policy.vocabulary import Level
from signal_index.model.review import Chosen, Ground, Judgement, Review
from signal_index.model.rulebook import Doubt
from signal_index.usecases.oversight.chosen import Judged, Judging
from signal_index.usecases.oversight.looks import OneLook, Proof, RuleThen, Tie
from signal_index.usecases.rulebook.replaying import Replay
from signal_index.wire import Moment, Ontvangstbewijs, Wire, moment

from .look_shapes import VastgelegdeRaadpleging


class RegelToen(Wire):
    """A rule that determined the outcome, as it was that day."""

    regel: str
    titel: str | None = Field(description="Leeg als deze regel niet meer in de bestanden staat.")
    uitleg: str | None
    wet: str | None
    artikel: str | None

    @classmethod
    def of(cls, then: RuleThen) -> "RegelToen":
        """Map a rule."""
        return cls(
            regel=then.key,
            titel=then.rule.title if then.rule else None,
            uitleg=then.rule.officer_text if then.rule else None,
            wet=then.basis.law if then.basis else None,
            artikel=then.basis.article if then.basis else None,
        )


class Toegestaan(Wire):
    """How much of one kind of help was allowed; never whether it was there."""

    soort: str
    niveau: Level


class Band(Wire):
    """What ties the worker to the resident, as the index has it now."""

    eigenZaak: bool  # noqa: N815
    begon: date
    eindigde: date | None
    zelfAangemaakt: bool  # noqa: N815
    tweedePersoon: str | None = Field(description="Wie er verder achter staat; leeg als dat niemand is.")  # noqa: N815
    vervangt: str | None = Field(description="De collega voor wie zij keek.")
    vervangtVan: date | None  # noqa: N815
    vervangtTot: date | None  # noqa: N815

    @classmethod
    def of(cls, tie: Tie) -> "Band":
        """Map a tie."""
        return cls(
            eigenZaak=tie.in_own_caseload,
            begon=tie.began_on,
            eindigde=tie.ended_on,
            zelfAangemaakt=tie.self_registered,
            tweedePersoon=tie.second_person,
            vervangt=tie.absentee,
            vervangtVan=tie.cover.first_day if tie.cover else None,
            vervangtTot=tie.cover.last_day if tie.cover else None,
        )


class EerderOordeel(Wire):
    """One judgement that was given."""

    tijdstip: Moment
    door: str
    oordeel: Judgement
    grond: Ground

    @classmethod
    def of(cls, judged: Judged) -> "EerderOordeel":
        """Map a judgement."""
        return cls(tijdstip=moment(judged.at), door=judged.by, oordeel=judged.judgement, grond=judged.ground)


class MogelijkOordeel(Wire):
    """A judgement that can be given now, with the grounds that go with it."""

    oordeel: Judgement
    gronden: tuple[Ground, ...]


class Beoordeling(Wire):
    """How a look stands in review."""

    gekozen: Chosen
    waarom: tuple[str, ...]
    eerder: tuple[EerderOordeel, ...]
    uiterlijk: date | None = Field(description="Leeg als het laatste oordeel is gegeven.")
    verlopen: bool
    vraagVan: str | None = Field(description="De collega die een vraag stelde.")  # noqa: N815
    mogelijk: tuple[MogelijkOordeel, ...]

    @classmethod
    def of(cls, judging: Judging) -> "Beoordeling":
        """Map how it stands."""
        review = judging.review
        assert review.chosen is not None, "what is in review was chosen"
        return cls(
            gekozen=review.chosen,
            waarom=tuple(str(each) for each in judging.why),
            eerder=tuple(EerderOordeel.of(each) for each in judging.before),
            uiterlijk=review.next_due_on if review.is_open else None,
            verlopen=judging.late,
            vraagVan=judging.asked_by,
            mogelijk=tuple(MogelijkOordeel(oordeel=each, gronden=own) for each, own in judging.offered),
        )


class PlaatsInLogboek(Wire):
    """Where the record of a look stands."""

    ontvangstbewijs: Ontvangstbewijs
    plaats: int | None = Field(description="De hoeveelste regel; leeg zolang die er niet in staat.")
    regels: int | None = Field(description="Van het logboek, bij de laatste handtekening.")
    getuigen: tuple[str, ...] = Field(description="Wie bevestigden dat de regel er staat.")

    @classmethod
    def of(cls, proof: Proof) -> "PlaatsInLogboek":
        """Map a place."""
        return cls(
            ontvangstbewijs=Ontvangstbewijs.of(proof.receipt),
            plaats=None if proof.position is None else proof.position + 1,
            regels=proof.size,
            getuigen=proof.witnesses,
        )


class Grondslagverwijzing(Wire):
    """A legal basis that a decision rests on."""

    wet: str
    artikel: str
    bron: str = Field(description="Waar de tekst staat.")
    nagekeken: bool = Field(description="Een jurist bevestigde dat dit artikel de regel draagt.")

    @classmethod
    def of(cls, basis: LegalBasis) -> "Grondslagverwijzing":
        """Map a legal basis; names of laws stay Dutch."""
        return cls(
            wet=basis.law, artikel=basis.article, bron=basis.source_url, nagekeken=basis.verified_by_lawyer
        )


class Uitleg(Wire):
    """What was decided on one or more kinds of help, in the four lines of the page."""

    soorten: tuple[str, ...]
    besluit: str
    waarom: tuple[str, ...]
    grondslag: tuple[Grondslagverwijzing, ...] = Field(description="Leeg als er niets is besloten.")
    watKanHelpen: tuple[str, ...]  # noqa: N815 - the wire is camelCase

    @classmethod
    def of(cls, told: Explanation) -> "Uitleg":
        """Map an explanation."""
        return cls(
            soorten=told.codes,
            besluit=told.decision,
            waarom=told.why,
            grondslag=tuple(Grondslagverwijzing.of(each) for each in told.bases),
            watKanHelpen=told.helps,
        )


class Toelichting(Wire):
    """A look, decided again by the rules and on the facts of its own record."""

    klopt: bool = Field(description="Zo niet, vertrouw dan niet op wat hier staat en meld het.")
    twijfel: Doubt | None = Field(description="Waarom niet; leeg als alles is zoals vastgelegd.")
    nl: tuple[Uitleg, ...]
    en: tuple[Uitleg, ...]

    @classmethod
    def of(cls, again: Replay) -> "Toelichting":
        """Map a replay; decides some tens of times over what one other fact would have changed."""
        return cls(
            klopt=again.doubt is None,
            twijfel=again.doubt,
            nl=tuple(Uitleg.of(each) for each in again.for_officer("nl")),
            en=tuple(Uitleg.of(each) for each in again.for_officer("en")),
        )


class HeleRaadpleging(Wire):
    """Everything oversight sees of one look."""

    raadpleging: VastgelegdeRaadpleging
    account: str
    inwoner: str | None = Field(
        description="Aanduiding die alleen binnen toezicht iets betekent; leeg als er niets is opgezocht."
    )
    leefgebieden: tuple[str, ...] = Field(
        description="Alleen hiernaar is gekeken; leeg is alle van het doel."
    )
    inwonerWist: str | None = Field(description="Leeg als het systeem dat niet zei.")  # noqa: N815 - camelCase
    regels: tuple[RegelToen, ...] = Field(description="De regels die beslisten.")
    regelsGewijzigd: bool = Field(description="De regels zijn sindsdien veranderd.")  # noqa: N815
    toegestaan: tuple[Toegestaan, ...] = Field(description="Wat te zien mocht zijn, niet wat er was.")
    feiten: dict[str, str | int | bool | None] = Field(
        description="Wat de regels wisten, met hun eigen namen."
    )
    toelichting: Toelichting | None = Field(
        description="Wat er is besloten en waarom; leeg als geen regel iets is gevraagd."
    )
    band: Band | None = Field(description="Leeg als er is geweigerd of de zaak er niet meer is.")
    logboek: PlaatsInLogboek
    beoordeling: Beoordeling | None = Field(description="Leeg als deze raadpleging niet is gekozen.")

    @classmethod
    def of(cls, look: OneLook, again: Replay | None, judging: Judging | None) -> "HeleRaadpleging":
        """Map a look, and how it stands in review."""
        return cls(
            raadpleging=VastgelegdeRaadpleging.of(look.line),
            account=look.actor,
            inwoner=look.alias,
            leefgebieden=look.domains,
            inwonerWist=look.informed,
            regels=tuple(RegelToen.of(each) for each in look.rules),
            regelsGewijzigd=look.rules_changed,
            toegestaan=tuple(Toegestaan(soort=kind.code, niveau=level) for kind, level in look.allowed),
            feiten={name: value for name, value in look.facts.items() if name in ATTRIBUTE_OF_FACT},
            toelichting=Toelichting.of(again) if again else None,
            band=Band.of(look.tie) if look.tie else None,
            logboek=PlaatsInLogboek.of(look.proof),
            beoordeling=Beoordeling.of(judging) if judging else None,
        )


class NieuwOordeel(Wire):
    """What the privacy officer concludes."""

    oordeel: Judgement
    grond: Ground = Field(description="Een grond die bij het oordeel hoort.")


class Oordeel(NieuwOordeel):
    """A judgement as it was kept."""

    uiterlijk: date | None = Field(description="Voor het eindoordeel, na een vraag; anders leeg.")

    @classmethod
    def of(cls, review: Review) -> "Oordeel":
        """Map a look that was judged."""
        assert review.judgement is not None, "it was judged just now"
        assert review.ground is not None, "with a ground"
        return cls(
            oordeel=review.judgement,
            grond=review.ground,
            uiterlijk=review.next_due_on if review.is_open else None,
        )
