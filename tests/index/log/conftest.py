"""An index and its witness, and the end of both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.pairs import Pair


@pytest.fixture
def pair(world: Any, tmp_path: Path) -> Iterator[Pair]:
    made = Pair(world, tmp_path)
    yield made
    made.http.close()
    for party in (made.server, made.witness):
        if hasattr(party, "process") and party.process.poll() is None:
            party.process.kill()
            party.process.wait()
