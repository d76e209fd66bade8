"""A good body goes straight to an endpoint that takes nothing else; the caller cannot tell which way it went."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from signal_index.web.api.methods import Methods
from signal_index.web.problems import install
from signal_index.web.strict import StrictRoute
from signal_index.wire import Wire


class Question(Wire):
    """A bit of everything that bodies have."""

    case: UUID
    purpose: str = Field(max_length=8)
    areas: tuple[str, ...] = ()
    day: date | None = None
    sure: bool = False


ROUTES = APIRouter(route_class=StrictRoute)


@ROUTES.post("/straight", name="straight")
async def straight(request: Request, question: Question) -> Response:
    """Takes nothing but a body."""
    return Response(f"{request.method} {question!r}", 201)


@ROUTES.post("/around", name="around")
async def around(request: Request, question: Question, more: str = "") -> Response:
    """Takes something besides, so the framework reads all of it."""
    return Response(f"{request.method} {question!r}{more}", 201)


APP = FastAPI(openapi_url=None)
APP.include_router(ROUTES)
install(APP, Methods(ROUTES.routes))

CASE = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([CASE, "x", "x" * 9, "2026-02-30", "2026-02-03"])
)
MEMBERS = {name: VALUES | st.lists(VALUES, max_size=2) for name in (*Question.model_fields, "other")}


async def _asked(body: bytes, kind: str) -> list[tuple[int, Any]]:
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="https://index.test") as client:
        found = []
        for path in ("/straight", "/around"):
            answer = await client.post(path, content=body, headers={"Content-Type": kind})
            found.append((answer.status_code, answer.text.replace(path, "")))
        return found


def answers(body: bytes, kind: str = "application/json") -> list[tuple[int, Any]]:
    """What comes back from both."""
    return asyncio.run(_asked(body, kind))


@given(st.fixed_dictionaries({}, optional=MEMBERS), st.booleans())
def test_any_members_get_the_same_answer(members: dict[str, object], named: bool) -> None:  # noqa: FBT001 - drawn
    stated = {"case": CASE, "purpose": "bezoek"} | members if named else members
    one, other = answers(json.dumps(stated).encode())
    assert one == other


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"case": 1, "case": 2}', b'{"purpose": "\\ud800"}', b"\xff", b"{", b"NaN"]
)
def test_what_is_no_strict_object_gets_the_same_answer(body: bytes) -> None:
    one, other = answers(body)
    assert one == other
    assert one[0] == 400


def test_another_media_type_gets_the_same_answer() -> None:
    one, other = answers(b"{}", "text/plain")
    assert one == other
    assert one[0] == 415


def test_a_good_body_arrives_with_its_request() -> None:
    one, other = answers(json.dumps({"case": CASE, "purpose": "bezoek", "day": "2026-02-03"}).encode())
    assert one == other
    assert one[0] == 201
    assert "datetime.date(2026, 2, 3)" in one[1]
