"""An index does not begin to serve by a clock that stands before its own records."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from signal_index import audit
from tests.support.serving import Server


@pytest.mark.parametrize(("ahead", "serves"), [(timedelta(minutes=4), True), (timedelta(minutes=7), False)])
def test_a_clock_far_before_the_newest_record_of_any_writer_keeps_the_index_from_serving(
    world: Any, ahead: timedelta, *, serves: bool
) -> None:
    def record(tx: Any) -> None:
        at = datetime.now(UTC) + ahead
        tx.audit.append(audit.event("access.refused", at, surface="test", reason="test"))

    world.database.run(record)
    world.database.close()
    server = Server(world)
    if serves:
        server.start()
        try:
            assert httpx.get(f"{server.url}/v1/gereed", trust_env=False).status_code == 200
        finally:
            server.stop()
    else:
        refused = server.command("serve")
        assert refused.returncode != 0
        assert "put the clock right" in refused.stderr
