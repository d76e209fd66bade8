"""The catalogue: which signal types, areas of life, purposes and legal bases exist.

Invariants:
1. Every code that is referred to exists, and every code exists once; otherwise nothing is loaded.
2. Which types belong to a purpose follows from the legal bases and from what it shows, never from a resident: a type
   that is only ever shown as its area of life belongs to no purpose that shows signals one by one.
3. A type names a kind of source that may publish; the others say why not. A purpose out of force exists on no day, and
   no purpose before the first day of the first of its legal bases.
4. Every label, sentence and paragraph for a page is there in Dutch and in English, on one line and not blank.

Whoever controls the catalogue can at most name which types a purpose could reach, for which a grant is still
needed, and name the types in an answer that used to give only their areas of life.
"""

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Annotated, TypeVar

import msgspec

from policy.errors import RuleSetError
from policy.vocabulary import LifeDomain, PurposeCode, Role, Sensitivity, Shows

FILE = "catalogue.toml"

_ONE_LINE = r"^\S(.*\S)?\Z"

Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=40)]
Text = Annotated[str, msgspec.Meta(pattern=_ONE_LINE, max_length=300)]
Address = Annotated[str, msgspec.Meta(pattern=r"^https://[^\s\"'<>]+\Z", max_length=300)]
Label = Annotated[str, msgspec.Meta(pattern=_ONE_LINE, max_length=60)]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """An article of law that the municipality relies on.

    Attributes:
        verified_by_lawyer: False until a lawyer has confirmed that this article carries what we hang on it.
        bill: True as long as the article stands in a bill, so that it is no law yet.
        valid_from: The first day on which the rules may rely on it.
        valid_until: The first day on which they no longer may, if known.
    """

    code: Code
    law: Text
    article: Text
    source_url: Address
    verified_by_lawyer: bool
    valid_from: date
    valid_until: date | None = None
    bill: bool = False

    def holds_on(self, day: date) -> bool:
        """Tell whether the rules may rely on this basis that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeDomainText:
    """How an area of life is shown, and which domains of the self-sufficiency matrix it covers."""

    code: LifeDomain
    label_nl: Label
    label_en: Label
    zrm_2013: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of organisation that knows of help, and whether it may say so here.

    Attributes:
        publishable: False when no law gives a basis; then `reason_nl` and `reason_en` say why, else neither is there.
    """

    code: Code
    label_nl: Label
    label_en: Label
    publishable: bool
    reason_nl: Text | None = None
    reason_en: Text | None = None

    @property
    def is_explained(self) -> bool:
        """Whether there is a reason in both languages exactly when it may not publish."""
        return (self.reason_nl is None, self.reason_en is None) == (self.publishable, self.publishable)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalType:
    """A kind of signal that one kind of source may publish.

    Attributes:
        label_nl: The heading of a card.
        sentence_nl: What follows "Er is": an article and a noun, without a full stop.
        sentence_en: The same in English; it follows "There is".
        source_kind: The one kind of source that publishes this type.
        retention_months: How long a signal stays after its last confirmation.
        freshness_days: After how many days without news the source counts as not current.
        legal_bases: The bases on which this type may be shared.
    """

    code: Code
    label_nl: Label
    sentence_nl: Label
    label_en: Label
    sentence_en: Label
    life_domain: LifeDomain
    source_kind: Code
    retention_months: Annotated[int, msgspec.Meta(ge=1, le=24)]
    freshness_days: Annotated[int, msgspec.Meta(ge=1, le=366)]
    sensitivity: Sensitivity
    legal_bases: Annotated[tuple[Code, ...], msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRule:
    """A reason for which somebody may look.

    Attributes:
        roles: The roles that may choose this purpose.
        in_force: Whether it exists for anybody yet; see `Catalogue.at`.
        shows: What an answer is made of; for `AREAS`, a set with a grant above presence does not load.
        worker_text: What the worker reads before choosing it, in Dutch.
        worker_text_en: The same in English.
        not_shown_nl: Which kinds of help she never sees for this purpose. Fixed, so it says nothing about a resident.
        not_shown_en: The same in English.
        legal_bases: The bases that carry this purpose.
        types: The codes of the types it can reach, in catalogue order; derived, never written in the file.
    """

    code: Code
    label_nl: Label
    label_en: Label
    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)]
    in_force: bool
    shows: Shows
    worker_text: Text
    worker_text_en: Text
    not_shown_nl: Text
    not_shown_en: Text
    legal_bases: Annotated[tuple[Code, ...], msgspec.Meta(min_length=1)]
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The whole catalogue, or the part that holds on one day (see `at`).

    Attributes:
        unpublished_zrm_2013: The matrix domains under which nothing is ever shown.
    """

    types: tuple[SignalType, ...]
    purposes: tuple[PurposeRule, ...]
    legal_bases: tuple[LegalBasis, ...]
    life_domains: tuple[LifeDomainText, ...]
    source_kinds: tuple[SourceKind, ...]
    unpublished_zrm_2013: tuple[str, ...]

    def signal_type(self, code: str) -> SignalType | None:
        """Find a type by its code."""
        return next((each for each in self.types if each.code == code), None)

    def purpose(self, code: PurposeCode | str) -> PurposeRule | None:
        """Find a purpose by its code."""
        return next((each for each in self.purposes if each.code == code), None)

    def legal_basis(self, code: str) -> LegalBasis | None:
        """Find a legal basis by its code."""
        return next((each for each in self.legal_bases if each.code == code), None)

    def life_domain(self, code: LifeDomain | str) -> LifeDomainText | None:
        """Find how an area of life is shown by its code."""
        return next((each for each in self.life_domains if each.code == code), None)

    def domains_of(self, purpose: PurposeRule) -> tuple[LifeDomainText, ...]:
        """The areas of life with at least one type that this purpose reaches, in catalogue order.

        Args:
            purpose: Of this catalogue, so that its types are those of the same day.
        """
        reached = {each.life_domain for each in self.types if each.code in purpose.types}
        return tuple(each for each in self.life_domains if each.code in reached)

    def bases_of(self, purpose: PurposeRule, type_code: str) -> tuple[LegalBasis, ...]:
        """The articles on which this purpose reaches this type; none when it does not."""
        signal_type = self.signal_type(type_code)
        if signal_type is None or type_code not in purpose.types:
            return ()
        shared = set(signal_type.legal_bases) & set(purpose.legal_bases)
        return tuple(each for each in self.legal_bases if each.code in shared)

    def types_within(self, purpose: PurposeRule, domains: Collection[str]) -> tuple[str, ...]:
        """The codes of the types that a purpose reaches in some areas of life; in all of them if none is named.

        Args:
            purpose: Of this catalogue, so that its types are those of the same day.
            domains: Codes of areas of life, known or not.
        """
        if not domains:
            return purpose.types
        return tuple(
            each.code for each in self.types if each.code in purpose.types and each.life_domain in domains
        )

    def at(self, day: date) -> "Catalogue":
        """The catalogue with only what holds that day: legal bases, and begun purposes narrowed to match."""
        bases = tuple(each for each in self.legal_bases if each.holds_on(day))
        codes = {each.code for each in bases}
        types = tuple(replace(each, legal_bases=_within(each.legal_bases, codes)) for each in self.types)
        begun = {each.code for each in self.legal_bases if each.valid_from <= day}
        in_force = (each for each in self.purposes if each.in_force and begun.intersection(each.legal_bases))
        purposes = (replace(each, legal_bases=_within(each.legal_bases, codes)) for each in in_force)
        return replace(self, legal_bases=bases, types=types, purposes=_with_types(purposes, types))


def read_catalogue(text: str) -> Catalogue:
    """Read the catalogue file.

    Raises:
        RuleSetError: If the file is not TOML, has an unknown or missing key, a value outside its range, a
            code twice, or a reference to something it does not define.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleSetError(FILE, f"this is not valid TOML: {error}") from error
    expected = {"type", "purpose", "legal_basis", "life_domain", "source_kind", "unpublished_zrm_2013"}
    if set(tables) != expected:
        raise RuleSetError(FILE, f"it must hold exactly these tables: {', '.join(sorted(expected))}")
    types = _read_all(tables["type"], SignalType, "type")
    catalogue = Catalogue(
        types=types,
        purposes=_with_types(_read_all(tables["purpose"], PurposeRule, "purpose"), types),
        legal_bases=_read_all(tables["legal_basis"], LegalBasis, "legal_basis"),
        life_domains=_read_all(tables["life_domain"], LifeDomainText, "life_domain"),
        source_kinds=_read_all(tables["source_kind"], SourceKind, "source_kind"),
        unpublished_zrm_2013=_convert(tables["unpublished_zrm_2013"], tuple[str, ...], "unpublished"),
    )
    _check_codes(catalogue)
    return catalogue


def _read_all(tables: object, shape: type[_T], table: str) -> tuple[_T, ...]:
    rows = _convert(tables, list[dict[str, object]], table)
    return tuple(_read_one(row, shape, f"{table} number {n}") for n, row in enumerate(rows, start=1))


def _read_one(row: dict[str, object], shape: type[_T], place: str) -> _T:
    # msgspec overlooks unknown keys of a dataclass; here a misspelt key could switch a limit off.
    names = {field.name for field in fields(shape)} - ({"types"} if shape is PurposeRule else set())  # type: ignore[arg-type]  # every shape is one of the dataclasses above
    unknown = sorted(set(row) - names)
    if unknown:
        raise RuleSetError(FILE, f"{place} has unknown keys: {', '.join(unknown)}")
    return _convert(row, shape, place)


def _convert(value: object, shape: type[_T], place: str) -> _T:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise RuleSetError(FILE, f"{place}: {error}") from error


def _check_codes(catalogue: Catalogue) -> None:
    bases = {each.code for each in catalogue.legal_bases}
    for codes in (
        [each.code for each in catalogue.types],
        [each.code for each in catalogue.purposes],
        [each.code for each in catalogue.legal_bases],
        [each.code.value for each in catalogue.life_domains],
        [each.code for each in catalogue.source_kinds],
    ):
        _refuse([code for code, count in Counter(codes).items() if count > 1], "defined twice")
    _refuse(set(LifeDomain) - {each.code for each in catalogue.life_domains}, "areas of life without a label")
    unexplained = (each.code for each in catalogue.source_kinds if not each.is_explained)
    _refuse(unexplained, "kinds of source with a reason too many or too few")
    publishing = {each.code for each in catalogue.source_kinds if each.publishable}
    _refuse(
        {each.source_kind for each in catalogue.types} - publishing, "kinds of source that cannot publish"
    )
    used = [(each.code, each.legal_bases) for each in catalogue.types]
    used += [(each.code, each.legal_bases) for each in catalogue.purposes]
    for code, named in used:
        _refuse(set(named) - bases, f"legal bases of {code} that are not defined")
    for basis in catalogue.legal_bases:
        if basis.valid_until is not None and basis.valid_until <= basis.valid_from:
            raise RuleSetError(FILE, f"legal basis {basis.code} ends before it starts")


def _refuse(codes: Iterable[str], problem: str) -> None:
    found = sorted(codes)
    if found:
        raise RuleSetError(FILE, f"{problem}: {', '.join(found)}")


def _with_types(purposes: Iterable[PurposeRule], types: Sequence[SignalType]) -> tuple[PurposeRule, ...]:
    return tuple(
        replace(purpose, types=tuple(each.code for each in types if _reaches(purpose, each)))
        for purpose in purposes
    )


def _reaches(purpose: PurposeRule, signal_type: SignalType) -> bool:
    if signal_type.sensitivity is Sensitivity.SPECIAL and purpose.shows is not Shows.AREAS:
        return False
    return bool(set(signal_type.legal_bases) & set(purpose.legal_bases))


def _within(codes: Iterable[str], allowed: set[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code in allowed)
