"""The caseload feed of a regiesysteem: who cares for whom becomes wishes about care relations.

Invariants:
1. A file is taken in as a whole or not at all; a delta that was read before, by name and content, is not read again.
2. A fault is not an ending: a line that cannot be used ends nothing, and a complete file in which any line does not
   even say which relation it is about ends nothing at all.

The file: UTF-8, with or without a byte order mark; `;` or `,` between fields; the columns of `COLUMNS` in any order;
days as `YYYY-MM-DD`, months as `YYYY-MM`, marks as `ja` or `nee`.
Whoever writes the feed can register care relations for its organisation, all of them visible and reviewed.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from connectors.reading import read_bsn
from connectors.state import Intent, State, Wish
from crypto.batch import BatchClass
from crypto.chain import Bsn
from crypto.sheet import ZorgrelatieRow, decode_row

from .feed import (
    ACTIONS,
    COLUMNS,
    REASONS,
    REFUSALS,
    Feed,
    FeedRefused,
    LineFault,
    end_row,
    lines,
    relation_id,
    row,
)

__all__ = ["COLUMNS", "REASONS", "REFUSALS", "CaseloadTaken", "Feed", "FeedRefused", "take_in"]


@dataclass
class CaseloadTaken:
    """What one file changed.

    Args:
        repeated: a delta read before; nothing was done.
        to_register: relations that now have to be registered or changed at the index.
        to_end: relations that now have to be ended.
        to_take_back: relations that now have to be taken back as a mistake.
        ends_withheld: a complete file ended nothing, because some line does not say which relation it is about.
    """

    lines: int = 0
    repeated: bool = False
    to_register: int = 0
    to_end: int = 0
    to_take_back: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    ends_withheld: bool = False

    def count(self, intent: Intent) -> None:
        """Count a wish that changed."""
        match intent:
            case Intent.KEEP:
                self.to_register += 1
            case Intent.END:
                self.to_end += 1
            case Intent.MISTAKE:
                self.to_take_back += 1


def take_in(state: State, organisation: str, feed: Feed, as_of: date, today: date) -> CaseloadTaken:
    """Take a feed in; sends nothing.

    Args:
        state: locked by the caller.
        organisation: OIN, the only one whose relations are taken in.
        feed: the file.
        as_of: the feed is complete up to and including this day.
        today: for the quarantine.

    Raises:
        FeedRefused: the file cannot be read as a whole; nothing changed.
    """
    listed = list(lines(feed))
    if feed.complete and not listed:
        raise FeedRefused("empty", feed.name)
    with state.transaction():
        intake = _Intake(state, organisation, feed, as_of)
        if not feed.complete and not state.note_delta(feed.name, hashlib.sha256(feed.content).digest()):
            return CaseloadTaken(repeated=True)
        for number, line in listed:
            intake.take(number, line, today)
        intake.finish()
    return intake.taken


class _Intake:
    """One file being taken in, inside a transaction."""

    def __init__(self, state: State, organisation: str, feed: Feed, as_of: date) -> None:
        self._state = state
        self._organisation = organisation
        self._feed = feed
        self._as_of = as_of
        self._stream_id = state.streams.ensure(BatchClass.ZORGRELATIE).stream_id
        self._seen: set[bytes] = set()
        self._nameless = False
        self.taken = CaseloadTaken()

    def take(self, number: int, line: Mapping[str, str], today: date) -> None:
        """Take one line in, or set it aside."""
        self.taken.lines += 1
        try:
            self._take(line)
        except LineFault as fault:
            place = f"{self._feed.name}:{number}" + (f", column {fault.column}" if fault.column else "")
            self._state.quarantine.add(today, fault.code, place)
            self.taken.quarantined[fault.code] += 1

    def finish(self) -> None:
        """End what a complete file no longer lists, and note the day."""
        if self._feed.complete:
            missing = [key for key in self._state.wishes.kept(self._stream_id) if key not in self._seen]
            self.taken.ends_withheld = bool(missing) and self._nameless
            for key in missing if not self._nameless else ():
                self._end_missing(key)
        self._state.streams.processed(self._stream_id, self._as_of)

    def _take(self, line: Mapping[str, str]) -> None:
        key = self._key(line)
        if line["organisatie"] != self._organisation:
            raise LineFault("organisation-not-registered", "organisatie")
        intent = ACTIONS.get(line["actie"])
        if intent is None:
            raise LineFault("action-unknown", "actie")
        known = self._state.wishes.get(key)
        person = _person(line, known, intent)
        body = row(line, intent, self._as_of).encode()
        if self._state.wishes.put(key, self._stream_id, intent, person, body, unseen=_unseen(known, intent)):
            self.taken.count(intent)

    def _key(self, line: Mapping[str, str]) -> bytes:
        """The key of the line's relation; a complete file has named it now, whatever else is wrong with the line."""
        try:
            key = self._state.wishes.key_of_relation(self._stream_id, self._organisation, relation_id(line))
        except LineFault:
            self._nameless = True
            raise
        self._seen.add(key)
        return key

    def _end_missing(self, key: bytes) -> None:
        wish = self._state.wishes.get(key)
        assert wish is not None
        kept = decode_row(BatchClass.ZORGRELATIE, wish.body)
        assert isinstance(kept, ZorgrelatieRow)
        ended = end_row(kept.relation_id, kept.organisation, self._as_of)
        if self._state.wishes.put(key, self._stream_id, Intent.END, wish.person, ended.encode()):
            self.taken.count(Intent.END)


def _person(line: Mapping[str, str], known: Wish | None, intent: Intent) -> Bsn:
    """Whom the line is about; what ends a known relation need not say it again."""
    if known is not None and intent is not Intent.KEEP and not line["bsn"]:
        return known.person
    person = read_bsn(line["bsn"])
    if not isinstance(person, Bsn):
        raise LineFault(person, "bsn")
    if known is not None and known.person != person:
        raise LineFault("person-changed", "bsn")
    return person


def _unseen(known: Wish | None, intent: Intent) -> bool:
    """Whether the index may hold a relation that this state does not know: ended before, or before state was lost."""
    return known is None and intent is not Intent.KEEP
