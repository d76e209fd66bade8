"""Complete sets of care relations and restrictions: one per publisher and class, opened, filled and sealed.

Until every publisher registered for a class has sealed a set, the index cannot know that a relation or restriction
is *not* there, so it answers no look-up at all.
"""

from collections.abc import Sequence
from dataclasses import replace

from crypto.batch import BatchClass
from signal_index.model import SeriesState, SetProgress
from signal_index.ports import Transaction

from .rows import Work, refuse_row


def _known(work: Work) -> Sequence[SetProgress]:
    """The publisher's sets of the class this delivery is about."""
    return work.tx.deliveries.set_progress(work.publisher.oin, work.delivery.header.batch_class)


def _put(work: Work, progress: SetProgress) -> None:
    work.tx.deliveries.put_set(work.publisher.oin, work.delivery.header.batch_class, progress)


def open_set(work: Work, position: int, generation: int) -> None:
    """Open a set under a generation higher than any before; one already open is started over.

    Raises:
        DeliveryRefused: `generation`.
    """
    if any(progress.generation >= generation for progress in _known(work)):
        raise refuse_row(position, "generation")
    _put(work, SetProgress(generation, SeriesState.FILLING))


def speaks_under(work: Work, generation: int) -> bool:
    """Whether rows may be sent under this generation: the current set or the open one."""
    return any(progress.generation == generation for progress in _known(work))


def count(work: Work, generation: int, delta: int) -> None:
    """Add to the number of live items accepted under a generation."""
    for progress in _known(work):
        if progress.generation == generation and delta:
            _put(work, replace(progress, accepted_count=progress.accepted_count + delta))


def seal_set(work: Work, position: int, generation: int, stated_count: int) -> None:
    """Make the open set the current one, if it holds as many items as the publisher says.

    Raises:
        DeliveryRefused: `generation` or `set-count`.
    """
    known = _known(work)
    filling = next((each for each in known if each.state is SeriesState.FILLING), None)
    if filling is None or filling.generation != generation:
        raise refuse_row(position, "generation")
    if filling.accepted_count != stated_count:
        raise refuse_row(position, "set-count")
    for progress in known:
        work.tx.deliveries.remove_set(
            work.publisher.oin, work.delivery.header.batch_class, progress.generation
        )
    _put(work, replace(filling, state=SeriesState.CURRENT))


def is_complete(tx: Transaction, batch_class: BatchClass) -> bool:
    """Whether every publisher registered for this class has sealed a set; nobody registered is complete."""
    return all(
        any(
            each.state is SeriesState.CURRENT
            for each in tx.deliveries.set_progress(publisher.oin, batch_class)
        )
        for publisher in tx.register.publishers()
        if batch_class in publisher.classes
    )
