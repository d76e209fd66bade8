"""What the routes of administration share: the answer to what may have to wait."""

from typing import Any

from fastapi import Response

from signal_index.model.administration import Proposal
from signal_index.web.workers import answer
from signal_index.wire.administration import Uitkomst

WAITS: dict[int | str, dict[str, Any]] = {
    202: {"model": Uitkomst, "description": "Gedaan, behalve waarover een tweede mens moet beslissen"}
}


def outcome(waiting: tuple[Proposal, ...]) -> Response:
    """Done, or done but for what waits."""
    return answer(Uitkomst.of(waiting), 202 if waiting else 200)
