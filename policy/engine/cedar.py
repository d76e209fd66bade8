"""Cedar: the reference, and the only place that asks it anything.

Invariants:
1. Entities are always built with the schema. Without it the engine loses the action hierarchy without a word.
2. Only the literal Allow, with at least one reason and without any error, is an `ALLOW`. Cedar skips a rule
   that errors, a forbid too, so an error beside an Allow means nothing was decided.
3. Whatever goes wrong leaves this module as `EngineError`; its text repeats nothing of the question.

Handles cannot travel between processes. Each process parses them once per set of rule texts.
"""

import json
from collections.abc import Mapping, Sequence

import cedarpy

from policy.engine.questions import (
    LOOKUP,
    PRINCIPAL,
    TYPE_ENTITY,
    Answer,
    EngineSource,
    Question,
    Verdict,
)
from policy.errors import EngineError

NO_DECISION = "no-decision"
"""The error of a question that Cedar refused to take, because it does not fit the schema."""

_CONTEXT = json.dumps({"raadpleging": {"__entity": LOOKUP}})
# What the native code and the reading of its answers are known to raise.
_FAILURES = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)


class CedarEngine:
    """Parsed handles for one set of texts."""

    def __init__(self, source: EngineSource) -> None:
        try:
            self._schema = cedarpy.Schema.from_str(source.schema)
            self._policies = cedarpy.PolicySet.from_json_str(source.policies)
            self._keys = frozenset(json.loads(source.policies)["staticPolicies"])
            self._fixed = cedarpy.Entities.from_json_str(source.entities, self._schema)
        except _FAILURES as error:
            raise EngineError("engine", "the rules, schema or catalogue entities cannot be parsed") from error

    def ask(self, lookup: Mapping[str, object], questions: Sequence[Question]) -> list[Answer]:
        """Answer as `Engine` says; facts that do not fit the schema are refused."""
        requests = [_request(number, question) for number, question in enumerate(questions)]
        try:
            entity = json.dumps([{"uid": LOOKUP, "attrs": dict(lookup), "parents": []}])
            entities = self._fixed.with_added_json_str(entity, self._schema)
            results = cedarpy.is_authorized_batch(requests, self._policies, entities, self._schema)
            return [self._answer(request, result) for request, result in zip(requests, results, strict=True)]
        except _FAILURES as error:
            raise EngineError("engine", "the engine failed while deciding") from error

    def _answer(self, request: Mapping[str, object], result: cedarpy.AuthzResult) -> Answer:
        if result.decision is cedarpy.Decision.NoDecision:
            return Answer(Verdict.FAULT, errors=(NO_DECISION,))
        if result.correlation_id != request["correlation_id"]:
            raise ValueError("answers out of order")
        reasons = tuple(sorted(result.diagnostics.reasons))
        if result.diagnostics.errors:
            return Answer(Verdict.FAULT, reasons, self._rule_errors(result.diagnostics.errors))
        if not self._keys.issuperset(reasons):
            raise ValueError("a reason that is no rule")
        if result.decision is cedarpy.Decision.Allow:
            return Answer(Verdict.ALLOW, reasons) if reasons else Answer(Verdict.FAULT, errors=("no-reason",))
        return Answer(Verdict.DENY, reasons)

    def _rule_errors(self, messages: Sequence[str]) -> tuple[str, ...]:
        # Messages can quote facts, so only the names of the rules in them are kept.
        named = {key for key in self._keys if any(f"`{key}`" in message for message in messages)}
        return tuple(f"rule-error:{key}" for key in sorted(named)) or ("rule-error",)


def _request(number: int, question: Question) -> dict[str, object]:
    return {
        "principal": PRINCIPAL,
        "action": {"type": "Action", "id": question.level.action},
        "resource": {"type": TYPE_ENTITY, "id": question.type_code},
        "context": _CONTEXT,
        "correlation_id": str(number),
    }
