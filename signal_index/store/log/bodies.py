"""What a record of the audit log says, as the bytes that are committed to and sealed.

Invariants:
1. A body is canonical JSON: sorted members, no spaces, UTF-8, whole numbers.
2. A look always fits in the smallest of the sizes a body is padded to, whatever was allowed or shown.
3. No member of staff is in the part that is the record of a processing operation; it leaves the index without the rest.

Source: Logboek Dataverwerkingen, the interface of the log; ADR-0005, ADR-0016.
"""

from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any, Final
from uuid import UUID

import msgspec

from signal_index import audit
from signal_index.model import AuditEvent, FieldValue
from signal_index.model.traces import Action, Processing, Status, Trace

BODY_BYTES: Final = (2_500, 3_700, 15_000, 60_000)
"""Sizes a body is padded to. A look always fits in the first; with its row, the second still fits in a page of 4 kB."""

_PLAIN: Final = (str, int, NoneType)
_encode: Final = msgspec.json.Encoder(order="sorted").encode


def write_body(event: AuditEvent, at: datetime, trace: Trace, subject: str | None) -> bytes:
    """Write what a record says.

    Args:
        event: what happened.
        at: the moment it is recorded with; aware UTC.
        trace: of the request or command; the record gets an action of its own in it.
        subject: commitment to the person concerned, if there is one.

    Raises:
        TypeError: a field holds something else than text, a whole number or a list of texts.
    """
    stated: dict[str, object] = {
        "at": at.isoformat(),
        "event": event.event,
        "fields": event.fields,
        "subject": subject,
        "trace": _action_members(trace.action()),
    }
    _check_plain(event)
    activity = audit.activity_of(event)
    if activity is not None:
        stated["processing"] = {
            "activity": activity.reference(event.fields.get("purpose")),
            "name": activity.name,
            "processor": _processor(event, trace),
            "started_at": min(trace.begun_at or at, at).isoformat(),
            "status": audit.status_of(event).value,
        }
    return _encode(stated)


def padded_size(length: int) -> int:
    """The size a body of so many bytes is padded to.

    Raises:
        ValueError: it is larger than any record.
    """
    for size in BODY_BYTES:
        if length <= size - 2:  # the seal keeps the length in two bytes
            return size
    raise ValueError("a record of this size would not be a record any more")


def read_body(data: bytes) -> dict[str, Any]:
    """The members of a body."""
    body: dict[str, Any] = msgspec.json.decode(data)
    return body


def read_action(body: Mapping[str, Any]) -> Action | None:
    """The action a record names; None in one from before there were traces."""
    named = body.get("trace")
    if named is None:
        return None
    parent, transaction = named.get("parent_span_id"), named.get("fsc_transaction_id")
    return Action(
        bytes.fromhex(named["trace_id"]),
        bytes.fromhex(named["span_id"]),
        bytes.fromhex(parent) if parent is not None else None,
        UUID(transaction) if transaction is not None else None,
    )


def read_processing(body: Mapping[str, Any]) -> Processing | None:
    """The record of a processing operation in a body; None when the event worked with nobody's data."""
    stated, action = body.get("processing"), read_action(body)
    if stated is None or action is None:
        return None
    return Processing(
        action=action,
        name=stated["name"],
        activity=stated["activity"],
        status=Status(stated["status"]),
        started_at=datetime.fromisoformat(stated["started_at"]),
        ended_at=datetime.fromisoformat(body["at"]),
        processor=stated["processor"],
    )


def _action_members(action: Action) -> dict[str, str]:
    """How a record names its action; what there is not is left out."""
    named = {"trace_id": action.trace_id.hex(), "span_id": action.span_id.hex()}
    if action.parent_id is not None:
        named["parent_span_id"] = action.parent_id.hex()
    if action.transaction is not None:
        named["fsc_transaction_id"] = str(action.transaction)
    return named


def _processor(event: AuditEvent, trace: Trace) -> str | None:
    """The organisation whose system asked: a publisher's always does, a worker's when it says which trace it is in."""
    publisher = event.fields.get("publisher")
    organisation = event.fields.get("organisation") if trace.parent_id is not None else None
    oin = publisher or organisation
    return f"urn:nld:oin:{oin}" if oin else None


def _check_plain(event: AuditEvent) -> None:
    for name, value in event.fields.items():
        if not (isinstance(value, _PLAIN) or _is_texts(value)):
            raise TypeError(
                f"field {name} of event {event.event} is not text, a whole number or a list of texts"
            )


def _is_texts(value: FieldValue) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
