"""What the use cases need of the log of processing operations."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from signal_index.model.traces import ProcessingEntry


class ProcessingLog(Protocol):
    """Which personal data was worked with, when, and for which activity; who did it stands in the audit log.

    Nobody writes to it: an event in the audit log that is a processing brings its record along.
    """

    def entries(self, since: datetime, until: datetime) -> Iterable[ProcessingEntry]:
        """Read what began from one moment up to, not including, another; oldest first."""
