"""What came of jobs reaches whoever waits for it on the event loop, and wakes the loop no more than it must."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest

from signal_index.web.replies import Awaited, Replies


class Counting(asyncio.SelectorEventLoop):
    """A loop that counts how often another thread woke it."""

    woken = 0

    def _write_to_self(self) -> None:
        self.woken += 1
        super()._write_to_self()  # type: ignore[misc]  # the loop's own


def on_another_thread(*told: Callable[[], None]) -> None:
    def tell() -> None:
        for each in told:
            each()

    thread = threading.Thread(target=tell)
    thread.start()
    thread.join()


def test_replies_brought_together_wake_the_loop_once_and_keep_their_order() -> None:
    async def ask() -> list[object]:
        replies = Replies(asyncio.get_running_loop())
        awaited = [replies.expect() for _ in range(50)]
        done: list[object] = []
        for each in awaited:
            each.future.add_done_callback(lambda future: done.append(future.result()))
        on_another_thread(*(partial(each.set_result, number) for number, each in enumerate(awaited)))
        assert await asyncio.gather(*(each.future for each in awaited)) == list(range(50))
        return done

    loop = Counting()
    try:
        assert loop.run_until_complete(ask()) == list(range(50))
        assert loop.woken <= 2
    finally:
        loop.close()


@pytest.mark.asyncio
async def test_an_error_reaches_only_whom_it_is_for() -> None:
    replies = Replies(asyncio.get_running_loop())
    good, bad = replies.expect(), replies.expect()
    on_another_thread(partial(bad.set_exception, LookupError("no")), partial(good.set_result, "yes"))
    assert await good.future == "yes"
    with pytest.raises(LookupError):
        await bad.future


@pytest.mark.asyncio
async def test_whoever_went_away_keeps_nobody_else_waiting() -> None:
    replies = Replies(asyncio.get_running_loop())
    gone, there = replies.expect(), replies.expect()
    gone.future.cancel()
    on_another_thread(partial(gone.set_result, 1), partial(there.set_result, 2))
    assert await there.future == 2


@pytest.mark.asyncio
async def test_replies_brought_by_many_threads_all_arrive() -> None:
    replies = Replies(asyncio.get_running_loop())
    awaited = [replies.expect() for _ in range(2000)]

    def bring(part: int) -> None:
        for each in awaited[part::4]:
            each.set_result(part)

    threads = [threading.Thread(target=bring, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    assert await asyncio.wait_for(asyncio.gather(*(each.future for each in awaited)), 30) == [
        number % 4 for number in range(2000)
    ]


def test_a_reply_for_a_loop_that_is_gone_is_nobodys() -> None:
    async def expect() -> Awaited:
        return Replies(asyncio.get_running_loop()).expect()

    asyncio.run(expect()).set_result("late")
