"""From rule files to the rules in force on a day.

Invariants of every set that loads:
1. Each file is understood completely: an unknown file, key, annotation, duty, action or code stops loading.
2. At most one version of a rule counts on any day, and from its first version on there is always one. A
   successor names the version it replaces; the end date follows from that and is written nowhere.
3. Every guard has been seen to refuse, and no grant opens more than presence where only areas of life are shown
   (`policy.selftest`), on each stretch of days on its own.
4. The digest covers everything that decides and what is promised of it: schema, catalogue, canaries, promises,
   words, guards and grants.

Whoever controls the files can at most grant what the catalogue lists, and changes the digest in every record.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from itertools import pairwise

import cedarpy

from policy import catalogue as catalogue_file
from policy import selftest
from policy.catalogue import Catalogue, read_catalogue
from policy.errors import RuleSetError
from policy.in_force import InForce, build_source, nothing_in_force
from policy.rule_text import Rule, read_rule, require_shallow
from policy.selftest import prove, read_canaries
from policy.telling import wording
from policy.telling.wording import NO_WORDS, Words, read_words
from policy.upkeep import promises as promise_file
from policy.upkeep.promises import Promise, read_promises

SCHEMA_FILE = "schema.cedarschema"

_SINGLE_FILES = (SCHEMA_FILE, catalogue_file.FILE, selftest.FILE, promise_file.FILE, wording.FILE)
NO_DIGEST = "0" * 64
"""Stands where a digest should be while an index has no rules."""

_RULE_FOLDERS = ("guards/", "grants/")
CASES_FOLDER = "cases/"
_CHARACTERS_MAX = 1_000_000  # ours have 93,000
_STRETCHES_MAX = 60  # each is tried out by itself, which takes about a second


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All versions of all rules.

    Attributes:
        digest: SHA-256 over the deciding files, 64 lower-case hex digits.
        catalogue: The catalogue as written, whatever the day; decisions and lists use that of `in_force`.
        promises: What is true of everything these rules allow; held against them by `policy.proving`.
        words: How facts are said to people.
        epochs: One per stretch of days without a change, oldest first; the last one has no end.
    """

    digest: str
    catalogue: Catalogue
    promises: tuple[Promise, ...]
    words: Words
    epochs: tuple[InForce, ...]

    @property
    def versions(self) -> tuple[Rule, ...]:
        """Every version of every rule once, the newest first."""
        found = {rule.key: rule for epoch in self.epochs for rule in epoch.rules}
        return tuple(sorted(found.values(), key=lambda rule: (-rule.valid_from.toordinal(), rule.key)))

    def in_force(self, on: date) -> InForce:
        """The rules of that day. On a day that has none the result covers nothing: every decision is a fault."""
        index = bisect_right(self.epochs, on, key=lambda epoch: epoch.starts)
        return self.epochs[index - 1] if index else nothing_in_force(self.digest, on)


def no_rules() -> RuleSet:
    """A set in which nothing is in force on any day: every decision by it is a fault."""
    nothing = nothing_in_force(NO_DIGEST, date.min)
    return RuleSet(digest=NO_DIGEST, catalogue=nothing.catalogue, promises=(), words=NO_WORDS, epochs=())


def load(files: Mapping[str, str]) -> RuleSet:
    """Read, check and try out a set of rules.

    Args:
        files: The text of each file by its name relative to the rules folder, with forward slashes. Case files
            are accepted and left alone: they say what the rules do, they are no part of them.

    Raises:
        RuleSetError: If anything at all is wrong; there is no such thing as a partly usable set.
    """
    try:
        return _loaded(_deciding(files))
    except RecursionError as error:
        raise RuleSetError("rules", "a file nests deeper than can be read") from error


def digest_of(files: Mapping[str, str]) -> str:
    """The digest that a set of these files has; nothing in them is parsed.

    Raises:
        RuleSetError: If a file is missing or has no place in a set.
    """
    return _digest(_deciding(files))


def _loaded(texts: Mapping[str, str]) -> RuleSet:
    catalogue = read_catalogue(texts[catalogue_file.FILE])
    canaries = read_canaries(texts[selftest.FILE])
    schema = _schema(texts[SCHEMA_FILE])
    promises = read_promises(texts[promise_file.FILE], schema)
    words = read_words(texts[wording.FILE])
    rules = _with_ends([read_rule(name, texts[name], schema) for name in texts if name not in _SINGLE_FILES])
    _check_references(rules, catalogue, canaries)
    digest = _digest(texts)
    epochs = tuple(
        _epoch(digest, texts[SCHEMA_FILE], rules, catalogue, stretch)
        for stretch in _stretches(rules, catalogue)
    )
    for epoch in epochs:
        prove(epoch, canaries)
    return RuleSet(digest=digest, catalogue=catalogue, promises=promises, words=words, epochs=epochs)


def bundled() -> Mapping[str, str]:
    """The files of the rules that come with this package, ready for `load`, cases included."""
    return found_in(package_files("policy") / "rules")


def found_in(folder: Traversable) -> Mapping[str, str]:
    """The files of the rules in a folder, ready for `load`, cases included and pages to read left out.

    Raises:
        RuleSetError: If the folder or a file in it cannot be read.
    """
    found: dict[str, str] = {}
    try:
        _collect(folder, "", found)
    except (OSError, UnicodeDecodeError) as error:
        raise RuleSetError(str(folder), f"this folder cannot be read as text files: {error}") from error
    return {name: text for name, text in sorted(found.items()) if not name.endswith(".md")}


def _collect(folder: Traversable, prefix: str, found: dict[str, str]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", found)
        else:
            found[prefix + entry.name] = entry.read_text(encoding="utf-8")


def _deciding(files: Mapping[str, str]) -> dict[str, str]:
    """The files that decide, sorted by name, with the line ends of every platform made the same."""
    missing = [name for name in _SINGLE_FILES if name not in files]
    if missing:
        raise RuleSetError(missing[0], "this file is missing")
    if sum(len(name) + len(text) for name, text in files.items()) > _CHARACTERS_MAX:
        raise RuleSetError("rules", f"together these files have more than {_CHARACTERS_MAX} characters")
    for name in files:
        if name not in _SINGLE_FILES and not name.startswith((*_RULE_FOLDERS, CASES_FOLDER)):
            raise RuleSetError(name, "this file has no place in a rule set")
    deciding = sorted(name for name in files if not name.startswith(CASES_FOLDER))
    return {name: files[name].replace("\r\n", "\n") for name in deciding}


def _schema(text: str) -> cedarpy.Schema:
    require_shallow(SCHEMA_FILE, text)
    try:
        return cedarpy.Schema.from_str(text)
    except ValueError as error:
        raise RuleSetError(SCHEMA_FILE, f"this is not a valid schema: {error}") from error


def _digest(texts: Mapping[str, str]) -> str:
    # Each part is preceded by its length, so no two different sets give the same bytes.
    total = hashlib.sha256()
    for name, text in sorted(texts.items()):
        for part in (name.encode(), text.encode()):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def _with_ends(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Chain the versions of each rule and derive when each one ends."""
    keys = {rule.key for rule in rules}
    versions: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: (rule.rule_id, rule.valid_from)):
        versions.setdefault(rule.rule_id, []).append(rule)
    numbers = [rule_id.split("-")[0] for rule_id in versions]
    for number, chain in zip(numbers, versions.values(), strict=True):
        if numbers.count(number) > 1:
            raise RuleSetError(chain[0].file, f"the number {number} is used by two rules")
    ended: list[Rule] = []
    for chain in versions.values():
        if chain[0].replaces is not None:
            known = "is not its own earlier version" if chain[0].replaces in keys else "does not exist"
            raise RuleSetError(chain[0].file, f"it replaces {chain[0].replaces}, which {known}")
        for earlier, later in pairwise(chain):
            _check_succession(earlier, later)
            ended.append(replace(earlier, valid_until=later.valid_from))
        ended.append(chain[-1])
    return tuple(sorted(ended, key=lambda rule: rule.key))


def _check_succession(earlier: Rule, later: Rule) -> None:
    if later.kind is not earlier.kind or later.valid_from == earlier.valid_from:
        raise RuleSetError(later.file, f"the id {later.rule_id} is used twice")
    if later.replaces is None:
        raise RuleSetError(later.file, f'it overlaps {earlier.key}; say @vervangt("{earlier.key}")')
    if later.replaces != earlier.key:
        raise RuleSetError(later.file, f"it must replace {earlier.key}, not {later.replaces}")


def _check_references(rules: Sequence[Rule], catalogue: Catalogue, canaries: selftest.Canaries) -> None:
    for rule in rules:
        if catalogue.legal_basis(rule.legal_basis) is None:
            raise RuleSetError(rule.file, f"@grondslag {rule.legal_basis} is not in the catalogue")
    ids = {rule.rule_id for rule in rules}
    for canary in canaries.canary:
        if canary.guard not in ids:
            raise RuleSetError(selftest.FILE, f"there is no guard {canary.guard}")


def _stretches(rules: Sequence[Rule], catalogue: Catalogue) -> list[tuple[date, date | None]]:
    """Cut time at every day on which a rule or a legal basis starts or ends, from the first rule on."""
    if not rules:
        return []
    first = min(rule.valid_from for rule in rules)
    days = {rule.valid_from for rule in rules}
    for basis in catalogue.legal_bases:
        days |= {basis.valid_from, basis.valid_until or first}
    cuts = sorted(day for day in days if day >= first)
    if len(cuts) > _STRETCHES_MAX:
        raise RuleSetError("rules", f"rules and legal bases change on more than {_STRETCHES_MAX} days")
    return list(zip(cuts, [*cuts[1:], None], strict=True))


def _epoch(
    digest: str,
    schema: str,
    rules: Sequence[Rule],
    catalogue: Catalogue,
    stretch: tuple[date, date | None],
) -> InForce:
    starts, ends = stretch
    narrowed = catalogue.at(starts)
    off = {each.code for each in catalogue.purposes} - {each.code for each in narrowed.purposes}
    current = tuple(rule for rule in rules if rule.in_force_on(starts) and rule.purpose not in off)
    return InForce(
        digest=digest,
        starts=starts,
        ends=ends,
        rules=current,
        catalogue=narrowed,
        source=build_source(schema, current, narrowed),
    )
