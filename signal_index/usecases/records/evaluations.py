"""What a worker's system asked, and what it was answered, as its record has it and in the shape in which it was asked.

Source: AuthZEN Authorization API 1.0, evaluation and evaluations APIs.
"""

from typing import Any, Final

from policy.vocabulary import Level
from signal_index.audit import UNREADABLE
from signal_index.model import AuditEntry

EVENT_NAME_OF_SEVERAL: Final = "adl.access_evaluations"


def is_several(entry: AuditEntry) -> bool:
    """Whether it was a request with a list of evaluations."""
    return entry.fields.get("semantic") is not None


def asked(entry: AuditEntry) -> dict[str, Any]:
    """The members of the request besides subject and context."""
    questions = [_question(entry, each) for each in _listed(entry, "asked")]
    if not is_several(entry):
        return questions[0]
    return {"options": {"evaluations_semantic": entry.fields["semantic"]}, "evaluations": questions}


def answered(entry: AuditEntry) -> dict[str, Any]:
    """The answer; of each item whether it was allowed, and for all of them why there was nothing to decide on."""
    reason = entry.fields.get("reason")
    extra = {} if reason is None else {"context": {"reason": reason}}
    allowed = _listed(entry, "allowed")
    decisions = [{"decision": each in allowed, **extra} for each in _listed(entry, "asked")]
    return {"evaluations": decisions} if is_several(entry) else decisions[0]


def _listed(entry: AuditEntry, name: str) -> list[str]:
    found = entry.fields[name]
    assert isinstance(found, list), "the record was written by evaluate"
    return found


def _question(entry: AuditEntry, asked_about: str) -> dict[str, Any]:
    """One evaluation; nothing of one that could not be read."""
    if asked_about == UNREADABLE:
        return {}
    type_code, _, level = asked_about.rpartition(":")
    resource = {"type": type_code, "id": entry.fields["relation"]}
    return {"action": {"name": Level(level).action}, "resource": resource}
