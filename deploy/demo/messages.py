"""The messages the invented organisations send, in the formats they really use.

1. Every message is well formed for its transport; the few that are wrong are wrong inside, as in practice.
2. No BSN, name or birth date reaches a file name.
3. The same municipality gives the same messages, byte for byte.

Source: iWmo and iJw 3.2 (305 and 307), DDAS Uitwisselmodel v1.0; the plain lists are described in
`connectors/lines/layout.py`, the caseload feed in `connectors/caseload`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from pathlib import Path

from deploy.demo.formats import caseload, ddas, istandaarden, lists
from deploy.demo.formats.istandaarden import Product, Report
from deploy.demo.municipality import Municipality, Provision, months_before
from deploy.demo.organisations import ADMINISTRATORS, DEBT_HELP, MUNICIPALITY, WORK_AND_INCOME

FAULTY = {
    MUNICIPALITY: Counter({"bsn-invalid": 1, "start-missing": 1, "status-unknown": 1}),
    DEBT_HELP: Counter({"bsn-missing": 1}),
}
"""What each connector must set aside of the first delivery, and why."""

FIRST_SENT, CHANGED, REMOVED, UNKNOWN_STATUS = "1", "2", "3", "7"


@dataclass(frozen=True)
class SourceMessage:
    """One file: its name below the message folder, and its bytes."""

    name: str
    content: bytes


def first_delivery(place: Municipality) -> tuple[SourceMessage, ...]:
    """Everything the organisations sent up to today, the faulty messages included."""
    reports = [*_history(place), *_faulty(place)]
    return (
        *_numbered("iwmo", reports, 1),
        SourceMessage("ddas/levering-1.json", ddas.write(place)),
        SourceMessage("csv/lopende-trajecten.csv", lists.write_csv(place, WORK_AND_INCOME)),
        SourceMessage("jsonl/bewinden.jsonl", lists.write_jsonl(place, ADMINISTRATORS)),
    )


def second_delivery(place: Municipality) -> tuple[SourceMessage, ...]:
    """What comes in after the first look-ups: a stop, and the restart of help that had paused."""
    return _numbered("iwmo", _later(place), 5001)


def caseload_feed(place: Municipality) -> SourceMessage:
    """The regiesysteem's list of care relations."""
    return SourceMessage("caseload/zorgrelaties.csv", caseload.write(place))


def write(messages: Iterable[SourceMessage], folder: Path) -> tuple[Path, ...]:
    """Write the messages below this folder, in order; their paths."""
    paths = []
    for message in messages:
        path = folder / message.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message.content)
        paths.append(path)
    return tuple(paths)


# What each traject gives rise to, in the order in which it happened.


def _history(place: Municipality) -> Iterator[Report]:
    for provision in place.provisions:
        yield _start(provision, provision.begin, FIRST_SENT)
        if provision.removed:
            yield _start(provision, provision.begin, REMOVED, days=9)
        if provision.corrected:
            yield _start(provision, months_before(provision.begin, 1), CHANGED, days=45)
        if provision.end is not None:
            yield _stop(provision, provision.end, provision.reason)


def _later(place: Municipality) -> Iterator[Report]:
    yesterday = place.today - timedelta(days=1)
    for provision in place.provisions:
        if provision.ends_later:
            yield _stop(provision, yesterday, "19")
        if provision.restarts_later:
            yield _start(provision, yesterday, FIRST_SENT, days=1)


def _start(provision: Provision, begin: date, status: str, days: int = 2) -> Report:
    product = Product(provision.allocation, provision.category, provision.begin, begin, status)
    return Report(begin + timedelta(days=days), provision.provider, provision.resident, product)


def _stop(provision: Provision, end: date, reason: str) -> Report:
    product = Product(
        provision.allocation, provision.category, provision.begin, provision.begin, FIRST_SENT, end, reason
    )
    return Report(end + timedelta(days=1), provision.provider, provision.resident, product)


def _faulty(place: Municipality) -> Iterator[Report]:
    """Three messages that must end in quarantine: a mistyped BSN, no begin date, a status nobody knows."""
    begin = months_before(place.today, 2)
    mistyped, undated, unknown = place.residents[-3:]
    wrong_digit = mistyped.bsn[:-1] + str((int(mistyped.bsn[-1]) + 1) % 10)
    yield Report(begin, "wmo-1", mistyped, Product(790001, "01", begin, begin, FIRST_SENT), bsn=wrong_digit)
    yield Report(begin, "wmo-2", undated, Product(790002, "07", begin, None, FIRST_SENT))
    yield Report(begin, "jeugd-1", unknown, Product(790003, "45", begin, begin, UNKNOWN_STATUS))


def _numbered(folder: str, reports: Iterable[Report], first: int) -> tuple[SourceMessage, ...]:
    in_order = sorted(reports, key=attrgetter("dated"))
    return tuple(
        SourceMessage(f"{folder}/{number:04d}-{report.kind}.xml", istandaarden.write(report, number))
        for number, report in enumerate(in_order, first)
    )
