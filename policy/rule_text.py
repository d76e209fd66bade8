"""Reading one rule file: Cedar text with Dutch annotations.

Invariants of every rule that is read:
1. One rule per file, and the file's name is the rule's id followed by its first day.
2. A guard forbids with an open scope and one `unless`, so it covers every question and states one condition.
3. No rule names a group of actions: without a schema a group matches nothing, and a forbid on it vanishes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

import cedarpy
from cedarpy import pst

from policy.engine.compiled import compile_rule
from policy.engine.expressions import THE_LOOKUP
from policy.errors import RuleSetError
from policy.vocabulary import Duty, Level

_NAME = re.compile(
    r"(guards|grants)/(([GT])[0-9]{2}-[a-z0-9]+(?:-[a-z0-9]+)*?)-([0-9]{4}-[0-9]{2}-[0-9]{2})\.cedar"
)
_REQUIRED = ("id", "titel", "grondslag", "uitleg_fg", "uitleg_fg_en", "geldig_van")
_OPTIONAL = ("uitleg_medewerker", "uitleg_medewerker_en", "vervangt", "plicht", "wat_helpt", "wat_helpt_en")
_NESTED_MAX = 100  # the fullest file of ours has some thirty
# Texts and remarks may hold anything, and open nothing.
_UNREAD = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n\r]*', re.DOTALL)
_NESTING = re.compile(r"[(\[{<]|&&|\|\||[-+*.]|\bif\b")
_TEXT_CHARS_MAX = 300
_PURPOSE_ASKED = pst.GetAttr(THE_LOOKUP, "doel")
_LEVEL_ACTIONS = frozenset(level.action for level in Level)


class Kind(Enum):
    """What a rule does; the value is its folder."""

    GUARD = "guards"
    GRANT = "grants"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One version of one rule.

    Attributes:
        key: Id and first day; the name by which decisions and records refer to it.
        rule_id: The id that all versions share.
        legal_basis: A code in the catalogue.
        worker_text: What a worker may read, in Dutch; None where it would tell her something about the resident.
        worker_text_en: The same in English; it is there when, and only when, the Dutch one is.
        officer_text: What the privacy officer reads, in Dutch.
        officer_text_en: The same in English.
        help_text: What the worker herself can do about it, in Dutch; None where nothing she does would help.
        help_text_en: The same in English; it is there when, and only when, the Dutch one is.
        valid_from: The first day it is in force.
        valid_until: The first day it no longer is; derived from its successor, never written in the file.
        replaces: The key of the version it succeeds.
        levels: The levels its scope names, lowest first; the condition may narrow them further.
        purpose: The one purpose to which its condition ties it, whatever the facts; None if it ties it to none.
        policy: The rule as Cedar JSON.
    """

    key: str
    rule_id: str
    kind: Kind
    title: str
    legal_basis: str
    worker_text: str | None
    worker_text_en: str | None
    officer_text: str
    officer_text_en: str
    help_text: str | None
    help_text_en: str | None
    valid_from: date
    valid_until: date | None
    replaces: str | None
    duties: tuple[Duty, ...]
    levels: tuple[Level, ...]
    purpose: str | None
    policy: str

    def reads(self, attribute: str) -> bool:
        """Whether its condition looks at this attribute of a look-up, by its name in the schema."""
        return f'"attr": {json.dumps(attribute)}' in self.policy

    @property
    def file(self) -> str:
        """The name of the file it was read from."""
        return f"{self.kind.value}/{self.key}.cedar"

    def in_force_on(self, day: date) -> bool:
        """Tell whether the rule counts that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


def read_rule(file: str, text: str, schema: cedarpy.Schema) -> Rule:
    """Read one rule file.

    Raises:
        RuleSetError: If the file breaks an invariant of this module, does not fit the schema, uses an operator
            that the second engine does not cover, lacks a required annotation, or has one that is unknown, empty
            or too long.
    """
    name = _NAME.fullmatch(file)
    if name is None:
        raise RuleSetError(file, "name it guards/G.. or grants/T.., id, start date, .cedar")
    folder, rule_id, letter, day = name.groups()
    kind = Kind(folder)
    if letter != ("G" if kind is Kind.GUARD else "T"):
        raise RuleSetError(file, "the id of a guard starts with G and the id of a grant with T")
    policy = _only_policy(file, text)
    notes = _notes(file, policy.annotations)
    if notes["id"] != rule_id or notes["geldig_van"] != day:
        raise RuleSetError(file, "@id and @geldig_van must be what the file name says")
    _check_shape(file, kind, policy)
    _check_schema(file, text, schema)
    compile_rule(file, policy)
    return Rule(
        key=f"{rule_id}-{day}",
        rule_id=rule_id,
        kind=kind,
        title=notes["titel"],
        legal_basis=notes["grondslag"],
        worker_text=notes.get("uitleg_medewerker"),
        worker_text_en=notes.get("uitleg_medewerker_en"),
        officer_text=notes["uitleg_fg"],
        officer_text_en=notes["uitleg_fg_en"],
        help_text=notes.get("wat_helpt"),
        help_text_en=notes.get("wat_helpt_en"),
        valid_from=_day(file, day),
        valid_until=None,
        replaces=notes.get("vervangt"),
        duties=_duties(file, notes.get("plicht")),
        levels=_levels(policy.action),
        purpose=_purpose(policy),
        policy=_as_json(text),
    )


def require_shallow(file: str, text: str) -> None:
    """Keep from Cedar what it does not survive: its reader is native code, and ends the process on a deep nest.

    Brackets nest, and so does a row of operators: in `a && b && c` the second holds the first.

    Raises:
        RuleSetError: If there are so many brackets and operators that hundreds might stand within each other.
    """
    if len(_NESTING.findall(_UNREAD.sub(" ", text))) > _NESTED_MAX:
        raise RuleSetError(file, f"there are more than {_NESTED_MAX} brackets and operators in it")


def _only_policy(file: str, text: str) -> pst.Template:
    require_shallow(file, text)
    try:
        parsed = cedarpy.policies_to_pst(text)
    except ValueError as error:
        raise RuleSetError(file, f"this is not valid Cedar: {error}") from error
    if len(parsed.static_policies) != 1 or parsed.templates:
        raise RuleSetError(file, "a file holds exactly one rule and no template")
    return next(iter(parsed.static_policies.values()))


def _as_json(text: str) -> str:
    policies = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return json.dumps(next(iter(policies.values())), sort_keys=True)


def _notes(file: str, annotations: Mapping[str, str]) -> dict[str, str]:
    missing = [key for key in _REQUIRED if key not in annotations]
    if missing:
        raise RuleSetError(file, f"these annotations are missing: {', '.join(missing)}")
    unknown = sorted(set(annotations) - set(_REQUIRED) - set(_OPTIONAL))
    if unknown:
        raise RuleSetError(file, f"these annotations are unknown: {', '.join(unknown)}")
    if ("uitleg_medewerker" in annotations) != ("uitleg_medewerker_en" in annotations):
        raise RuleSetError(file, "@uitleg_medewerker and @uitleg_medewerker_en go together")
    if ("wat_helpt" in annotations) != ("wat_helpt_en" in annotations):
        raise RuleSetError(file, "@wat_helpt and @wat_helpt_en go together")
    if "wat_helpt" in annotations and "uitleg_medewerker" not in annotations:
        raise RuleSetError(
            file, "@wat_helpt would tell a worker what she may not read: add @uitleg_medewerker"
        )
    for key, value in annotations.items():
        if not value.strip() or len(value) > _TEXT_CHARS_MAX:
            raise RuleSetError(file, f"@{key} must hold 1 to {_TEXT_CHARS_MAX} characters")
    return dict(annotations)


def _day(file: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RuleSetError(file, f"{text} is not a day") from error


def _duties(file: str, text: str | None) -> tuple[Duty, ...]:
    names = [name.strip() for name in text.split(",")] if text else []
    unknown = sorted(set(names) - set(Duty))
    if unknown:
        raise RuleSetError(file, f"these duties are unknown: {', '.join(unknown)}")
    return tuple(sorted({Duty(name) for name in names}))


def _check_shape(file: str, kind: Kind, policy: pst.Template) -> None:
    if policy.effect != ("forbid" if kind is Kind.GUARD else "permit"):
        raise RuleSetError(file, "a guard forbids and a grant permits")
    clauses = [type(clause) for clause in policy.clauses]
    scope = (policy.principal, policy.action, policy.resource)
    if kind is Kind.GUARD and (clauses != [pst.Unless] or scope != (pst.ScopeAny(),) * 3):
        raise RuleSetError(file, "a guard has the scope (principal, action, resource) and one `unless`")
    if kind is Kind.GRANT and (pst.When not in clauses or policy.action == pst.ScopeAny()):
        raise RuleSetError(file, "a grant names its actions and has a `when`")
    named = {uid.id for uid in pst.entity_uids(policy) if uid.type.basename == "Action"}
    if not named <= _LEVEL_ACTIONS:
        raise RuleSetError(file, f"a rule may only name these actions: {', '.join(sorted(_LEVEL_ACTIONS))}")


def _levels(action: pst.ActionConstraint) -> tuple[Level, ...]:
    if isinstance(action, pst.ScopeAny):
        return tuple(Level)
    named = {action.entity.id} if isinstance(action, pst.ActionEq) else {uid.id for uid in action.entities}
    return tuple(level for level in Level if level.action in named)


def _purpose(policy: pst.Template) -> str | None:
    """The purpose in the first `doel == ".."` without which no `when` can hold: it stands alone or beside `&&`."""
    parts: list[pst.Expr] = [clause.expr for clause in policy.clauses if isinstance(clause, pst.When)]
    while parts:
        match parts.pop(0):
            case pst.BinaryOp(op="and", left=left, right=right):
                parts[:0] = [left, right]
            case pst.BinaryOp(op="eq", left=left, right=pst.StringLit(value=code)) if left == _PURPOSE_ASKED:
                return code
    return None


def _check_schema(file: str, text: str, schema: cedarpy.Schema) -> None:
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        problems = "; ".join(str(error.error) for error in result.errors)
        raise RuleSetError(file, f"it does not fit the schema: {problems or 'no reason given'}")
