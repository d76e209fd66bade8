"""A decision as the Authorization Decision Log has it: who asked what, by which rules, with which outcome.

Invariants:
1. No resident is in it, and nothing tells whether anything was shown: a decision is made before the index is read.
2. Facts about a resident, such as her age band, stay in the audit log; the decision names the record that holds them.
3. A denial is an outcome like any other. `Error` is for a question that no decision came out of.

Source: Authorization Decision Log, Interface; AuthZEN Authorization API 1.0 §5 and §6.
"""

from datetime import UTC, datetime
from typing import Any, Final

from signal_index.audit import UNDECIDED
from signal_index.model import AuditEntry
from signal_index.model.log import EVALUATED, REFUSED
from signal_index.model.traces import Status

from . import evaluations

EVENT_NAME: Final = "adl.access_evaluation"
ACTION: Final = "raadplegen"
SOURCE: Final = "signal-index"
"""Names the one source of rules, and the one of facts, in a decision."""


def decision(entry: AuditEntry, scope: str) -> dict[str, Any] | None:
    """The decision behind one look, or behind what a worker's system asked.

    Args:
        entry: of one of `signal_index.model.log.DECISIONS`.
        scope: the region of this index, to say whose decision it is.

    Returns:
        Members in the order of the standard; None for a record from before there were traces.
    """
    action = entry.action
    if action is None:
        return None
    error = entry.fields.get("reason") in UNDECIDED
    return {
        "trace_id": action.trace_id.hex(),
        "span_id": action.span_id.hex(),
        **({"parent_span_id": action.parent_id.hex()} if action.parent_id is not None else {}),
        "event_name": evaluations.EVENT_NAME_OF_SEVERAL if evaluations.is_several(entry) else EVENT_NAME,
        "timestamp": _milliseconds(entry.at),
        "status": (Status.ERROR if error else Status.UNSET).value,
        "attributes": _attributes(entry),
        "resource": {"service.name": SOURCE, "service.namespace": scope},
        "body": {
            "adl.core.request": _request(entry),
            **({} if error else {"adl.core.response": _response(entry)}),
        },
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)


def _attributes(entry: AuditEntry) -> dict[str, Any]:
    """References: to the version of the rules, and to the audit record that holds the facts they were told."""
    fields = entry.fields
    found: dict[str, Any] = {}
    if "rule_set" in fields:
        found["adl.core.policies"] = {SOURCE: {"version": fields["rule_set"], "rules": fields["rules"]}}
    found["adl.core.information"] = {
        SOURCE: {"writer": entry.writer.hex(), "number": entry.number, "leaf": entry.leaf.hex()}
    }
    if entry.action is not None and entry.action.transaction is not None:
        found["adl.fsc.transaction_id"] = str(entry.action.transaction)
    return found


def _request(entry: AuditEntry) -> dict[str, Any]:
    """The question as an AuthZEN access evaluation would put it."""
    fields = entry.fields
    who = {"organisation": fields.get("organisation"), "role": fields.get("role")}
    context = {
        "time": entry.at.isoformat(),
        "purpose": fields.get("purpose"),
        "domains": fields.get("domains"),
        "informed": fields.get("informed"),
        "cover": fields.get("cover"),
    }
    return {
        "subject": {"type": "medewerker", "id": fields["actor"], "properties": _stated(who)},
        **(evaluations.asked(entry) if entry.event == EVALUATED else _looked(entry)),
        "context": _stated(context),
    }


def _looked(entry: AuditEntry) -> dict[str, Any]:
    return {
        "action": {"name": ACTION},
        "resource": {"type": "zorgrelatie", "id": entry.fields["relation"]},
    }


def _stated(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _response(entry: AuditEntry) -> dict[str, Any]:
    """What was decided: a list of what may be read, which may be empty, or a refusal."""
    if entry.event == EVALUATED:
        return evaluations.answered(entry)
    if entry.event == REFUSED:
        return {"decision": False, "context": {"reason": entry.fields["reason"]}}
    allowed = entry.fields["allowed"]
    return {"decision": bool(allowed), "context": {"allowed": allowed}}
