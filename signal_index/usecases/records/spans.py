"""A processing record as a span of the OpenTelemetry protocol, which the standard recommends for handing it over.

Source: Logboek Dataverwerkingen, the interface of the log; OTLP 1.x, JSON Protobuf encoding: ids are hexadecimal,
64-bit numbers are text, and each line is what a collector takes as one export.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from signal_index.model.traces import ProcessingEntry, Status

SERVICE: Final = "signal-index"
_CODES: Final = {Status.UNSET: 0, Status.ERROR: 2}  # 1 is Ok, which is never used
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MILLISECOND: Final = timedelta(milliseconds=1)
_KIND_INTERNAL: Final = 1


def otlp_line(entry: ProcessingEntry, scope: str, register: str) -> dict[str, Any]:
    """One record as a whole export request.

    Args:
        entry: as the log gives it.
        scope: the region of this index.
        register: address of the municipality's register of processing activities, without a slash at its end.
    """
    resource = {"service.name": SERVICE, "service.namespace": scope}
    scope_spans = {"scope": {"name": "logboek-dataverwerkingen"}, "spans": [_span(entry, scope, register)]}
    return {
        "resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope_spans]}]
    }


def _span(entry: ProcessingEntry, scope: str, register: str) -> dict[str, Any]:
    done = entry.processing
    action = done.action
    stated = {"dpl.core.processing_activity_id": f"{register}/{done.activity}"}
    if entry.subject is not None:
        stated["dpl.core.data_subject_id"] = entry.subject.hex()
        stated["dpl.core.data_subject_id_type"] = f"urn:{SERVICE}:{scope}:alias:{entry.epoch}"
    if done.processor is not None:
        stated["dpl.core.foreign_operation.processor"] = done.processor
    return {
        "traceId": action.trace_id.hex(),
        "spanId": action.span_id.hex(),
        **({"parentSpanId": action.parent_id.hex()} if action.parent_id is not None else {}),
        "name": done.name,
        "kind": _KIND_INTERNAL,
        "startTimeUnixNano": _nanoseconds(done.started_at),
        "endTimeUnixNano": _nanoseconds(done.ended_at),
        "attributes": _attributes(stated),
        "status": {"code": _CODES[done.status]},
    }


def _nanoseconds(moment: datetime) -> str:
    """Whole milliseconds, as the standard counts, in the unit of the protocol."""
    return str((moment - _EPOCH) // _MILLISECOND * 1_000_000)


def _attributes(stated: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in stated.items()]
