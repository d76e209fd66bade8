"""The plain lists of sources without a message standard: who has which help since when, as CSV and as JSON Lines.

Source: the layout `connectors/lines/layout.py` reads.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping

from deploy.demo.municipality import Municipality
from deploy.demo.organisations import ORGANISATIONS, PublisherOrganisation, signal_type

COLUMNS = ("traject", "bsn", "bron", "soort", "begin", "einde")


def write_csv(place: Municipality, publisher: PublisherOrganisation) -> bytes:
    """Write everything this publisher lists, as a spreadsheet exports it: Dutch days and semicolons."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_lines(place, publisher, "%d-%m-%Y"))
    return out.getvalue().encode("utf-8-sig")


def write_jsonl(place: Municipality, publisher: PublisherOrganisation) -> bytes:
    """Write everything this publisher lists, as a program exports it: one JSON object per line."""
    lines = (json.dumps(line) + "\n" for line in _lines(place, publisher, "%Y-%m-%d"))
    return "".join(lines).encode()


def _lines(place: Municipality, publisher: PublisherOrganisation, day: str) -> Iterator[Mapping[str, str]]:
    for entry in place.entries:
        organisation = ORGANISATIONS[entry.provider]
        if organisation.publisher == publisher.oin:
            values = (
                entry.number,
                entry.resident.bsn,
                organisation.source,
                signal_type(entry.provider),
                entry.begin.strftime(day),
                entry.end.strftime(day) if entry.end else "",
            )
            yield dict(zip(COLUMNS, values, strict=True))
