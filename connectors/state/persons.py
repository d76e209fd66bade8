"""What this publisher says about a person, put together from its own tables: for the right of access at the source.

Invariants:
1. Nothing changes by looking.
2. What was set aside while reading names no person, so it stands in no answer here; what the index refused does.

Source: GDPR article 15; the source is the controller of what it publishes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.trajecten import TrajectRecord
from crypto.batch import BatchClass
from crypto.chain import Bsn
from crypto.encoding import Month
from crypto.sheet import SignaalRow, ZorgrelatieRow, decode_row

from .quarantine import Quarantine, QuarantineEntry
from .streams import Stream, Streams
from .trajecten import Trajecten
from .wishes import Held, Wishes


@dataclass(frozen=True)
class About:
    """What is said about one person in one stream, of which there is one per source and type.

    Args:
        held: what is wished for or withdrawn; None when nothing ever was, or it is gone from the index as well.
        trajecten: what it is counted from; those that are over included.
        refused: what the index did not take of it.
        since: month the flag says; None for a withdrawal.
    """

    person: Bsn
    source: str
    type: str
    held: Held | None
    trajecten: Sequence[TrajectRecord] = ()
    refused: Sequence[QuarantineEntry] = ()

    since: Month | None = None


@dataclass(frozen=True)
class Relation:
    """A care relation as it was fed.

    Args:
        row: what the index is told; of a relation that ends, no more than which and when.
        refused: what the index did not take of it.
    """

    person: Bsn
    held: Held
    row: ZorgrelatieRow
    refused: Sequence[QuarantineEntry] = ()


class Persons:
    """Looks a person up in the tables of one state, or goes through everybody.

    Args:
        streams: of the state, as are the others.
    """

    def __init__(
        self, streams: Streams, trajecten: Trajecten, wishes: Wishes, quarantine: Quarantine
    ) -> None:
        self._streams = streams
        self._trajecten = trajecten
        self._wishes = wishes
        self._quarantine = quarantine

    def about(self, person: Bsn) -> Sequence[About]:
        """What is said about one person, or was: one per (source, type), in the order they came in use."""
        refused = self._refused()
        found = []
        for stream in self._by_person():
            held = self._wishes.held_by(self._wishes.key_of_person(stream.stream_id, person))
            trajecten = self._trajecten.of_person(stream.stream_id, person)
            if held or trajecten:
                found.append(_about(stream, person, held, trajecten, refused))
        return found

    def everything(self) -> Iterator[About]:
        """Everything that is wished for or still to be withdrawn about anybody, without its trajecten."""
        refused = self._refused()
        for stream in self._by_person():
            for held in self._wishes.held(stream.stream_id):
                yield _about(stream, held.wish.person, held, (), refused)

    def _by_person(self) -> Iterator[Stream]:
        """The streams with one wish per person: all but care relations, of which she may have several."""
        return (stream for stream in self._streams.all() if stream.batch_class is not BatchClass.ZORGRELATIE)

    def relations(self, person: Bsn | None = None) -> Iterator[Relation]:
        """Every care relation, or those of one person; their keys do not tell of whom, so all are opened."""
        refused = self._refused()
        for stream in self._streams.all():
            if stream.batch_class is BatchClass.ZORGRELATIE:
                for held in self._wishes.held(stream.stream_id):
                    if person in (None, held.wish.person):
                        yield self._relation(held, refused)

    def _relation(self, held: Held, refused: Mapping[bytes, Sequence[QuarantineEntry]]) -> Relation:
        row = decode_row(BatchClass.ZORGRELATIE, held.wish.body)
        assert isinstance(row, ZorgrelatieRow)
        return Relation(held.wish.person, held, row, refused.get(held.wish.key, ()))

    def _refused(self) -> Mapping[bytes, Sequence[QuarantineEntry]]:
        found: dict[bytes, list[QuarantineEntry]] = {}
        for entry in self._quarantine.entries():
            if entry.wish is not None:
                found.setdefault(entry.wish, []).append(entry)
        return found


def _about(
    stream: Stream,
    person: Bsn,
    held: Held | None,
    trajecten: Sequence[TrajectRecord],
    refused: Mapping[bytes, Sequence[QuarantineEntry]],
) -> About:
    row = decode_row(stream.batch_class, held.wish.body) if held else None
    since = row.since if isinstance(row, SignaalRow) else None
    entries = refused.get(held.wish.key, ()) if held else ()
    return About(person, stream.source, stream.type, held, trajecten, entries, since)
