"""The caseload feed of a regiesysteem: who cares for whom becomes wishes about care relations.

Invariants:
1. A file is taken in as a whole or not at all; a delta that was read before, by name and content, is not read again.
2. A fault is not an ending: a line that cannot be used ends nothing. One that does not even say which relation it is
   about withholds the endings of its case; those of a complete file all, when it does not say which case either.

The file is CSV, JSON or cases of a ZGW case system, one module each; whatever its form, days are written `YYYY-MM-DD`,
months `YYYY-MM`, and one file of one form makes the same relations as the same file of another.
Whoever writes the feed can register care relations for its organisation, all of them visible and reviewed.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from connectors.reading import read_bsn
from connectors.state import Intent, State, Wish
from crypto.batch import BatchClass
from crypto.chain import Bsn
from crypto.sheet import ZorgrelatieRow, decode_row

from .feed import COLUMNS, REASONS, REFUSALS, Feed, FeedRefused, Line, LineFault, WholeCase
from .forms import FORMS, form_of, reader_of
from .rows import ACTIONS, end_row, relation_id, row

__all__ = [
    "COLUMNS",
    "FORMS",
    "REASONS",
    "REFUSALS",
    "CaseloadTaken",
    "Feed",
    "FeedRefused",
    "form_of",
    "reader_of",
    "take_in",
]


MANY_ENDS: Final = 10
"""From so many endings by one complete file on, it is asked whether most of the relations were meant to end."""


def _untold(_done: int, _total: int) -> None: ...


@dataclass
class CaseloadTaken:
    """What one file changed.

    Args:
        repeated: a delta read before; nothing was done.
        to_register: relations that now have to be registered or changed at the index.
        to_end: relations that now have to be ended.
        to_take_back: relations that now have to be taken back as a mistake.
        ends_withheld: something was not ended, because some line does not say which relation it is about.
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


def take_in(
    state: State,
    organisation: str,
    feed: Feed,
    as_of: date,
    today: date,
    *,
    told: Callable[[int, int], None] = _untold,
) -> CaseloadTaken:
    """Take a feed in; sends nothing.

    Args:
        state: locked by the caller.
        organisation: OIN, the only one whose relations are taken in.
        feed: the file.
        as_of: the feed is complete up to and including this day.
        today: for the quarantine.
        told: told (lines done, of how many) after each.

    Raises:
        FeedRefused: the file cannot be read as a whole; nothing changed.
    """
    listed = list(feed.read(feed))
    if feed.complete and not listed:
        raise FeedRefused("empty", feed.name)
    with state.transaction():
        intake = _Intake(state, organisation, feed, as_of)
        if not feed.complete and not state.note_delta(feed.name, hashlib.sha256(feed.content).digest()):
            return CaseloadTaken(repeated=True)
        for number, each in enumerate(listed, start=1):
            if isinstance(each, WholeCase):
                intake.close(each)
            else:
                intake.take(each, today)
            told(number, len(listed))
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
        self._whole: dict[str, date | None] = {}
        self._unsure: set[str] = set()
        self._nameless = False
        self.taken = CaseloadTaken()

    def take(self, line: Line, today: date) -> None:
        """Take one line in, or set it aside."""
        self.taken.lines += 1
        try:
            self._take(line)
        except LineFault as fault:
            place = line.place + (line.names(fault.column) if fault.column else "")
            self._state.quarantine.add(today, fault.code, place, file=self._feed.name)
            self.taken.quarantined[fault.code] += 1

    def close(self, case: WholeCase) -> None:
        """Note that the file says all there is to say about a case."""
        self._whole[case.reference] = case.last_day

    def finish(self) -> None:
        """End what the file no longer lists where it should, and note the day."""
        if self._feed.complete or self._whole:
            over = [(wish, kept) for wish, kept in self._missing() if self._is_over(kept.case_reference)]
            self._check_share(len(over))
            for wish, kept in over:
                self._end(wish, kept)
        self._state.streams.processed(self._stream_id, self._as_of)

    def _check_share(self, over: int) -> None:
        """Refuse a complete file that ends most relations, unless that is meant: an export may have gone wrong."""
        live = len(self._state.wishes.kept(self._stream_id))
        is_most = over >= MANY_ENDS and over * 2 > live
        if self._feed.complete and is_most and not self._feed.may_end_most:
            raise FeedRefused("most-would-end", self._feed.name)

    def _missing(self) -> Iterator[tuple[Wish, ZorgrelatieRow]]:
        """Every relation that is kept and that the file does not name."""
        for key in self._state.wishes.kept(self._stream_id):
            if key not in self._seen:
                wish = self._state.wishes.get(key)
                assert wish is not None
                kept = decode_row(BatchClass.ZORGRELATIE, wish.body)
                assert isinstance(kept, ZorgrelatieRow)
                yield wish, kept

    def _is_over(self, case: str) -> bool:
        """Whether a relation of this case that the file does not name has ended."""
        if case in self._whole and case not in self._unsure:
            return True
        is_withheld = self._nameless or case in self._unsure
        self.taken.ends_withheld |= is_withheld and (self._feed.complete or case in self._whole)
        return self._feed.complete and not is_withheld

    def _take(self, line: Line) -> None:
        key = self._key(line)
        if line.fault:
            raise line.fault
        values = line.values
        if values["organisatie"] != self._organisation:
            raise LineFault("organisation-not-registered", "organisatie")
        intent = ACTIONS.get(values["actie"])
        if intent is None:
            raise LineFault("action-unknown", "actie")
        known = self._state.wishes.get(key)
        person = _person(values["bsn"], known, intent)
        body = row(values, intent, self._as_of).encode()
        if self._state.wishes.put(key, self._stream_id, intent, person, body, unseen=_unseen(known, intent)):
            self.taken.count(intent)

    def _key(self, line: Line) -> bytes:
        """The key of the line's relation; the file has named it now, whatever else is wrong with the line."""
        try:
            key = self._state.wishes.key_of_relation(
                self._stream_id, self._organisation, relation_id(line.values)
            )
        except LineFault as fault:
            if line.case is None:
                self._nameless = True
            else:
                self._unsure.add(line.case)
            raise (line.fault or fault) from None
        self._seen.add(key)
        return key

    def _end(self, wish: Wish, kept: ZorgrelatieRow) -> None:
        last_day = self._whole.get(kept.case_reference) or self._as_of
        ended = end_row(kept.relation_id, kept.organisation, last_day)
        if self._state.wishes.put(wish.key, self._stream_id, Intent.END, wish.person, ended.encode()):
            self.taken.count(Intent.END)


def _person(told: str, known: Wish | None, intent: Intent) -> Bsn:
    """Whom the line is about; what ends a known relation need not say it again."""
    if known is not None and intent is not Intent.KEEP and not told:
        return known.person
    person = read_bsn(told)
    if not isinstance(person, Bsn):
        raise LineFault(person, "bsn")
    if known is not None and known.person != person:
        raise LineFault("person-changed", "bsn")
    return person


def _unseen(known: Wish | None, intent: Intent) -> bool:
    """Whether the index may hold a relation that this state does not know: ended before, or before state was lost."""
    return known is None and intent is not Intent.KEEP
