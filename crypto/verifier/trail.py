"""Follows the entries of the log in order: whose they are, their numbers, and the records that belong to them.

Invariants:
1. Per writer the numbers are 1, 2, 3 and so on, in the order of the log.
2. Every record that came along opens the commitment of its own entry, and stands in the order of the log.
3. Of the records that came along, the times within a writer never run backwards.

Memory grows with the number of writers, not with that of entries. Nothing of a body leaves this module.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from hmac import compare_digest

from crypto.errors import MalformedInput, VerificationFailed
from crypto.log.export import About, ExportedRecord, read_time
from crypto.records import Entry, commitment

_WRITER_DIGITS_MAX = 32


class Trail:
    """What has been followed so far.

    Args:
        records: In the order of the log; read as far as needed.
        about: With the period that the records should lie in.
    """

    def __init__(self, records: Iterator[ExportedRecord], about: About) -> None:
        self._records = records
        self._about = about
        self._next = next(records, None)
        self._numbers: dict[bytes, int] = {}
        self._times: dict[bytes, datetime] = {}
        self.record_count = 0

    @property
    def writer_count(self) -> int:
        """How many writers there have been."""
        return len(self._numbers)

    def follow(self, entry: Entry) -> None:
        """Take the next entry of the log.

        Raises:
            MalformedInput: A record that came along is none.
            VerificationFailed: Another number than expected, or the record is another, or its time runs back.
        """
        expected = self._numbers.get(entry.writer, 0) + 1
        if entry.number != expected:
            raise VerificationFailed(
                f"{_writer(entry.writer)}: number {expected} should come next, and number {entry.number} does"
            )
        self._numbers[entry.writer] = expected
        record = self._next
        if record is not None and record.number == entry.number and record.writer == entry.writer:
            self._check(record, entry)
            self.record_count += 1
            self._next = next(self._records, None)

    def finish(self) -> None:
        """Take note that the log has ended.

        Raises:
            VerificationFailed: A record is left that belongs to no entry, or stood out of order.
        """
        if self._next is not None:
            raise VerificationFailed(
                f"{_record(self._next)} is not in the log, or not in the order of the log"
            )

    def _check(self, record: ExportedRecord, entry: Entry) -> None:
        if not compare_digest(commitment(record.salt, record.body), entry.commitment):
            raise VerificationFailed(f"{_record(record)} is not what the log committed to")
        at = _time_of(record)
        before = self._times.get(record.writer, at)
        if at < before:
            raise VerificationFailed(f"{_record(record)} is earlier than the one before it")
        self._times[record.writer] = at
        since, until = self._about.since, self._about.until
        if (since is not None and at < since) or (until is not None and at > until):
            raise VerificationFailed(f"{_record(record)} lies outside the period of the export")


def _time_of(record: ExportedRecord) -> datetime:
    try:
        stated = json.loads(record.body)
        return read_time(stated["at"])
    except (ValueError, RecursionError, LookupError, TypeError, MalformedInput):
        # The cause may hold the body.
        raise VerificationFailed(f"{_record(record)} does not say when it was made") from None


def _record(record: ExportedRecord) -> str:
    return f"record {record.number} of {_writer(record.writer)}"


def _writer(writer: bytes) -> str:
    return f"writer {writer.hex()[:_WRITER_DIGITS_MAX]}"
