"""What the owners of the rules promise whatever is allowed, each as one Cedar expression in `promises.toml`.

The file is part of what two people approve: a promise that disappears is a change like any other.
"""

import tomllib
from dataclasses import dataclass
from typing import Annotated

import cedarpy
import msgspec
from cedarpy import pst

from policy.errors import RuleSetError
from policy.rule_text import require_shallow

FILE = "promises.toml"

_Line = Annotated[str, msgspec.Meta(pattern=r"^\S(.*\S)?\Z", max_length=300)]


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^B[0-9]{2}-[a-z0-9-]+\Z", max_length=60)]
    titel: _Line
    titel_en: _Line
    geldt: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    promise: tuple[_Written, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Something that is true of every look-up that is allowed.

    Attributes:
        title_nl: The promise as the owners read it.
        holds: The promise as an expression of the rule language.
    """

    promise_id: str
    title_nl: str
    title_en: str
    holds: pst.Expr


def read_promises(text: str, schema: cedarpy.Schema) -> tuple[Promise, ...]:
    """Read the promises.

    Args:
        text: The file.
        schema: The Cedar schema of the same rule set.

    Raises:
        RuleSetError: If the file is not TOML of this shape, names a promise twice, or an expression does not fit the
            schema.
    """
    try:
        written = msgspec.convert(tomllib.loads(text), _File).promise
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleSetError(FILE, str(error)) from error
    ids = [each.id for each in written]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        raise RuleSetError(FILE, f"promised twice: {', '.join(twice)}")
    return tuple(
        Promise(
            promise_id=each.id, title_nl=each.titel, title_en=each.titel_en, holds=_expression(each, schema)
        )
        for each in written
    )


def _expression(written: _Written, schema: cedarpy.Schema) -> pst.Expr:
    require_shallow(FILE, written.geldt)
    rule = f"permit (principal, action, resource) when {{ {written.geldt} }};"
    try:
        parsed = cedarpy.policies_to_pst(rule).static_policies
        fits = cedarpy.validate_policies(rule, schema)
    except ValueError as error:
        raise RuleSetError(FILE, f"{written.id} is not valid Cedar: {error}") from error
    clauses = next(iter(parsed.values())).clauses
    if len(parsed) != 1 or len(clauses) != 1:
        raise RuleSetError(FILE, f"{written.id} must be one expression")
    if not fits.validation_passed:
        problems = "; ".join(str(error.error) for error in fits.errors)
        raise RuleSetError(FILE, f"{written.id} does not fit the schema: {problems}")
    return clauses[0].expr
