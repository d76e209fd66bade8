"""What goes into the next batch: wishes become rows of the sheet, and complete sets are opened, sealed, kept in sync.

Invariants:
1. What takes something back goes first, over all streams of the class.
2. A set is sealed only in a batch of its own rows' absence: everything in it has been acknowledged before, so the
   count it states is the count the index has.
3. "In sync" is said only when nothing of the stream is left to send after this batch.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from connectors.state import Accepted, Change, Intent, Phase, State, Stream, Wish
from crypto.batch import BatchClass
from crypto.chain import Canary
from crypto.encoding import Month
from crypto.sheet import (
    BeperkingKind,
    BeperkingOperation,
    BeperkingRow,
    ProefOperation,
    ProefRow,
    SetRow,
    SignaalOperation,
    SignaalRow,
    ZorgrelatieOperation,
    ZorgrelatieRow,
    decode_row,
)


@dataclass(frozen=True)
class Trial:
    """That a canary has to go before anything else."""

    batch_class: BatchClass
    item: tuple[Canary, bytes]


TRIAL: Final = Trial(BatchClass.PROEF, (Canary(), ProefRow(ProefOperation.CANARY).encode()))

CLASSES: Final = (BatchClass.BEPERKING, BatchClass.SIGNAAL, BatchClass.ZORGRELATIE)
"""In the order of haste: while it is unknown who died, the index answers nobody."""

_FILLERS: Final[Mapping[BatchClass, SetRow]] = {
    BatchClass.BEPERKING: BeperkingRow(BeperkingOperation.FILLER),
    BatchClass.SIGNAAL: SignaalRow(SignaalOperation.FILLER),
    BatchClass.ZORGRELATIE: ZorgrelatieRow(ZorgrelatieOperation.FILLER),
}

_ANY_GENERATION: Final = 1
"""A wish's body is a whole row of the sheet, so that it is checked when it is made; the generation in it is
replaced when it is frozen."""


@dataclass(frozen=True)
class Choice:
    """What the next batch carries."""

    batch_class: BatchClass
    changes: tuple[Change, ...]


def flag_body(source: str, type_code: str, since: Month) -> bytes:
    """Return the body of a wish to keep a flag."""
    row = SignaalRow(
        SignaalOperation.ASSERT, source=source, type=type_code, since=since, generation=_ANY_GENERATION
    )
    return row.encode()


def flag_end_body(source: str, type_code: str) -> bytes:
    """Return the body of a wish to withdraw a flag."""
    row = SignaalRow(SignaalOperation.WITHDRAW, source=source, type=type_code, generation=_ANY_GENERATION)
    return row.encode()


def death_body() -> bytes:
    """Return the body of a wish that says that somebody died."""
    return _death_row(BeperkingOperation.ASSERT).encode()


def death_end_body() -> bytes:
    """Return the body of a wish to take that back."""
    return _death_row(BeperkingOperation.REVOKE).encode()


def _death_row(operation: BeperkingOperation) -> BeperkingRow:
    return BeperkingRow(operation, kind=BeperkingKind.OVERLEDEN, generation=_ANY_GENERATION)


def filler(batch_class: BatchClass) -> bytes:
    """Return a row that says nothing."""
    return _FILLERS[batch_class].encode()


def choose(state: State, streams: Sequence[Stream], n: int) -> Choice | None:
    """Choose what the next batch carries, at most n rows of one class; None when there is nothing to say.

    Args:
        state: its wishes.
        streams: those this publisher may speak for now.
        n: rows in a batch.
    """
    for batch_class in CLASSES:
        mine = [stream for stream in streams if stream.batch_class is batch_class]
        changes = _wish_changes(state, mine, n)
        changes += _control_changes(state, mine, changes)[: n - len(changes)]
        if changes:
            return Choice(batch_class, tuple(changes))
    return None


def _wish_changes(state: State, streams: Sequence[Stream], n: int) -> list[Change]:
    speaking = {stream.stream_id: stream for stream in streams if stream.accepts_rows}
    wishes = state.wishes.due(tuple(speaking), n)
    return [Change(wish.stream_id, wish, _row_of(speaking[wish.stream_id], wish).encode()) for wish in wishes]


def _row_of(stream: Stream, wish: Wish) -> SetRow:
    row = decode_row(stream.batch_class, wish.body)
    assert isinstance(row, SetRow), "nobody wishes for a trial"
    if isinstance(row, ZorgrelatieRow) and wish.intent is Intent.KEEP and wish.accepted is Accepted.LIVE:
        row = replace(row, operation=ZorgrelatieOperation.CHANGE)
    return replace(row, generation=stream.generation)


def _control_changes(state: State, streams: Sequence[Stream], chosen: Sequence[Change]) -> list[Change]:
    picked = Counter(change.stream_id for change in chosen)
    changes = []
    for stream in streams:
        left = state.wishes.due_count(stream.stream_id) - picked[stream.stream_id]
        row = _control(state, stream, picked=picked[stream.stream_id], left=left)
        if row is not None:
            changes.append(Change(stream.stream_id, None, row.encode()))
    return changes


def _control(state: State, stream: Stream, *, picked: int, left: int) -> SetRow | None:
    """The control row a stream needs now, if any."""
    match stream.phase:
        case Phase.CLOSED if left or stream.as_of is not None:
            return _open_set(stream)
        case Phase.OPEN if not picked and not left and stream.as_of is not None:
            return _seal_set(stream, stream.as_of, state.wishes.live_count(stream.stream_id))
        case Phase.SEALED if not left and stream.has_news and stream.batch_class is BatchClass.SIGNAAL:
            return SignaalRow(
                SignaalOperation.IN_SYNC,
                source=stream.source,
                type=stream.type,
                generation=stream.generation,
                as_of=stream.as_of,
            )
        case _:
            return None


def _open_set(stream: Stream) -> SetRow:
    generation = stream.generation + 1
    if stream.batch_class is BatchClass.BEPERKING:
        return BeperkingRow(BeperkingOperation.OPEN_SET, generation=generation)
    if stream.batch_class is BatchClass.ZORGRELATIE:
        return ZorgrelatieRow(ZorgrelatieOperation.OPEN_SET, generation=generation)
    return SignaalRow(
        SignaalOperation.OPEN_SET, source=stream.source, type=stream.type, generation=generation
    )


def _seal_set(stream: Stream, as_of: date, count: int) -> SetRow:
    if stream.batch_class is BatchClass.BEPERKING:
        return BeperkingRow(BeperkingOperation.SEAL_SET, generation=stream.generation, count=count)
    if stream.batch_class is BatchClass.ZORGRELATIE:
        return ZorgrelatieRow(ZorgrelatieOperation.SEAL_SET, generation=stream.generation, count=count)
    return SignaalRow(
        SignaalOperation.SEAL_SET,
        source=stream.source,
        type=stream.type,
        generation=stream.generation,
        count=count,
        as_of=as_of,
    )
