"""Apply the rows of a `signaal` delivery: flags asserted and withdrawn, complete sets opened and sealed.

A complete set replaces what a source said before: it is opened under a higher generation, filled while the old one
still answers look-ups, and sealed with the number of wishes the source believes it sent. Only a seal whose number
agrees with the index ends what the new set did not repeat, so a lost message can never read as "ended". What has ended
answers nothing from then on; the daily job removes it, as it may be a million flags.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from secrets import token_bytes

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.model import NewFlag, Series, SeriesState, Wish
from signal_index.ports import Transaction

from .rows import RowFault, Work, refuse_faults, refuse_row

_ON_PERSON = (SignaalOperation.ASSERT, SignaalOperation.WITHDRAW)
_Key = tuple[str, str]  # source, type


@dataclass
class _Counts:
    """Changes to the counts of series, written once per delivery instead of once per row."""

    rows: Counter[bytes] = field(default_factory=Counter)
    accepted: Counter[bytes] = field(default_factory=Counter)

    def write(self, tx: Transaction) -> None:
        for series_id in self.rows.keys() | self.accepted.keys():
            tx.series.adjust(series_id, rows=self.rows[series_id], accepted=self.accepted[series_id])
        self.rows.clear()
        self.accepted.clear()


def apply(work: Work) -> int:
    """Apply all rows: those on persons first, together, and control rows last.

    No two rows are about the same person, source and type, so in which order they are applied changes nothing.

    Returns:
        How many withdrawals there were of what was not there.

    Raises:
        DeliveryRefused: naming every faulty row that could be found.
    """
    refuse_faults(_faults(work))
    asserted, withdrawn = _wishes(work)
    counts = _Counts()
    _assert(work.tx, counts, asserted)
    misses = _withdraw(work.tx, counts, withdrawn)
    counts.write(work.tx)
    for position, _, row in work.rows(SignaalRow):
        if row.operation not in _ON_PERSON:
            _control(work.tx, position, row)
    return misses


def _wishes(work: Work) -> tuple[list[NewFlag], list[Wish]]:
    """What is asserted and what is withdrawn; a delivery is about few series, so each is looked up once."""
    asserted: list[NewFlag] = []
    withdrawn: list[Wish] = []
    spoken: dict[tuple[str, str, int], tuple[Series, Month]] = {}
    for position, person, row in work.rows(SignaalRow):
        if row.operation not in _ON_PERSON:
            continue
        assert person is not None
        place = (row.source, row.type, row.generation)
        if place not in spoken:
            spoken[place] = (_series_for(work.tx, position, row), _expires(work, row))
        series, expires = spoken[place]
        if row.operation is SignaalOperation.ASSERT:
            assert row.since is not None
            asserted.append(NewFlag(person, series, row.since, expires))
        else:
            withdrawn.append(Wish(person, series))
    return asserted, withdrawn


def _expires(work: Work, row: SignaalRow) -> Month:
    kind = work.context.catalogue.signal_type(row.type)
    assert kind is not None
    return Month.of(work.context.today).plus(kind.retention_months)


def _faults(work: Work) -> list[RowFault]:
    """What is wrong with each row on its own, before anything is stored."""
    this_month = Month.of(work.context.today)
    seen: set[tuple[bytes, str, str]] = set()
    found: dict[_Key, str | None] = {}
    faults: list[RowFault] = []
    for position, person, row in work.rows(SignaalRow):
        code = None
        if row.operation is not SignaalOperation.FILLER:
            code = _registration_fault(work, found, row)
        if code is None and person is not None:
            code = _person_fault(this_month, seen, person, row)
        if code is not None:
            faults.append((position, code))
    return faults


def _registration_fault(work: Work, found: dict[_Key, str | None], row: SignaalRow) -> str | None:
    key = (row.source, row.type)
    if key not in found:
        publication = work.tx.register.publication(*key)
        if work.context.catalogue.signal_type(row.type) is None:
            found[key] = "unknown-code"
        elif publication is None or publication.publisher != work.publisher.oin:
            found[key] = "not-registered"
        else:
            found[key] = None
    return found[key]


def _person_fault(
    this_month: Month, seen: set[tuple[bytes, str, str]], person: Pseudonym, row: SignaalRow
) -> str | None:
    key = (person.encoded, row.source, row.type)
    if key in seen:
        return "duplicate-row"
    seen.add(key)
    if row.since is not None and row.since > this_month:
        return "malformed-row"
    return None


def _series_for(tx: Transaction, position: int, row: SignaalRow) -> Series:
    """The series a row on a person speaks under: the current one or the open set."""
    series = tx.series.get(row.source, row.type, row.generation)
    if series is None or series.state is SeriesState.ABANDONED:
        raise refuse_row(position, "generation")
    return series


def _assert(tx: Transaction, counts: _Counts, asserted: Sequence[NewFlag]) -> None:
    """Store flags, but of whoever is known to have died only count them for an open set.

    The source cannot tell, and no flag returns.
    """
    deceased = tx.restrictions.deceased([flag.person for flag in asserted])
    _hold(tx, counts, [Wish(flag.person, flag.series) for flag in asserted if flag.person in deceased])
    living = [flag for flag in asserted if flag.person not in deceased] if deceased else asserted
    moved: list[Wish] = []
    for flag, previous in zip(living, tx.flags.put(living), strict=True):
        if previous != flag.series.series_id:
            moved.append(Wish(flag.person, flag.series))
            if previous is not None:
                counts.rows[previous] -= 1
    # A wish that was held while the person was thought to have died has been counted already.
    for wish, counted in zip(moved, tx.flags.release(moved), strict=True):
        counts.rows[wish.series.series_id] += 1
        counts.accepted[wish.series.series_id] += not counted


def _hold(tx: Transaction, counts: _Counts, wishes: Sequence[Wish]) -> None:
    filling = [wish for wish in wishes if wish.series.state is SeriesState.FILLING]
    for wish, is_new in zip(filling, tx.flags.hold(filling), strict=True):
        counts.accepted[wish.series.series_id] += is_new


def _withdraw(tx: Transaction, counts: _Counts, withdrawn: Sequence[Wish]) -> int:
    """Remove flags, or what is held of them; of how many there was nothing."""
    replaced = {series.series_id for series in tx.series.replaced()}
    elsewhere: list[tuple[Wish, bool]] = []
    for wish, stood_in in zip(withdrawn, tx.flags.remove(withdrawn), strict=True):
        if stood_in is not None:
            counts.rows[stood_in] -= 1
        if stood_in == wish.series.series_id:
            counts.accepted[stood_in] -= 1
        else:
            elsewhere.append((wish, stood_in is not None and stood_in not in replaced))
    misses = 0
    held = tx.flags.release([wish for wish, _ in elsewhere])
    for (wish, was_there), was_held in zip(elsewhere, held, strict=True):
        counts.accepted[wish.series.series_id] -= was_held
        misses += not was_held and not was_there
    return misses


def _control(tx: Transaction, position: int, row: SignaalRow) -> None:
    match row.operation:
        case SignaalOperation.OPEN_SET:
            _open_set(tx, position, row)
        case SignaalOperation.SEAL_SET:
            _seal_set(tx, position, row)
        case SignaalOperation.IN_SYNC:
            _in_sync(tx, position, row)
        case _:
            pass


def _open_set(tx: Transaction, position: int, row: SignaalRow) -> None:
    known = [series for series in tx.series.all() if (series.source, series.type) == (row.source, row.type)]
    if any(series.generation >= row.generation for series in known):
        raise refuse_row(position, "generation")
    for series in known:
        if series.state is SeriesState.FILLING:
            # The source starts over. What it had sent keeps answering until the new set is sealed.
            tx.series.put(replace(series, state=SeriesState.ABANDONED))
    tx.series.put(Series(token_bytes(16), row.source, row.type, row.generation, SeriesState.FILLING))


def _seal_set(tx: Transaction, position: int, row: SignaalRow) -> None:
    sealed = tx.series.filling(row.source, row.type)
    if sealed is None or sealed.generation != row.generation:
        raise refuse_row(position, "generation")
    if sealed.accepted_count != row.count:
        raise refuse_row(position, "set-count")
    for series in tx.series.all():
        if (series.source, series.type) == (row.source, row.type) and series.series_id != sealed.series_id:
            # From now on its flags answer nothing. There may be a million, so they are removed by and by.
            tx.flags.release_all(series.series_id)
            tx.series.put(replace(series, state=SeriesState.ABANDONED))
    tx.flags.release_all(sealed.series_id)
    tx.series.put(replace(sealed, state=SeriesState.CURRENT, as_of=row.as_of))


def _in_sync(tx: Transaction, position: int, row: SignaalRow) -> None:
    current = tx.series.current(row.source, row.type)
    if current is None or current.generation != row.generation:
        raise refuse_row(position, "generation")
    if row.as_of is not None and (current.as_of is None or row.as_of > current.as_of):
        tx.series.put(replace(current, as_of=row.as_of))
