"""Addresses and forms: what a way back can lead to, and what a posted field can hold."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from signal_index.errors import Malformed
from signal_index.web.markup.addresses import Address, Addresses
from signal_index.web.pages.forms import Form, read_day, read_form

ADDRESSES = Addresses(
    {
        "home": Address("/", returnable=True),
        "case": Address("/zaak/{relation:uuid}/kijken", returnable=True),
        "question": Address("/vragen/{reference}", returnable=True),
        "open": Address("/openen", returnable=True, ticket="kaartje"),
        "leave": Address("/uitloggen"),
    }
)
OURS = ("/", "/zaak/", "/vragen/", "/openen")
HOSTILE = [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "javascript:alert(1)", "/uitloggen", "/zaak/../uitloggen", "/zaak/x/kijken", "/%2f%2fevil.example", "", "openen",
    "/openen/", " /", "/\n", "/vragen/", "/vragen/a/b",
]  # fmt: skip


def test_sixteen_bytes_are_an_identifier_in_a_path() -> None:
    relation = uuid4()
    for given_as in (relation, relation.bytes, str(relation)):
        assert ADDRESSES.url("case", relation=given_as) == f"/zaak/{relation}/kijken"


def test_what_is_not_in_the_path_becomes_the_query_and_nothing_escapes_its_place() -> None:
    assert ADDRESSES.url("home", terug="/a b?c=d&e", leeg=None) == "/?terug=%2Fa+b%3Fc%3Dd%26e"
    assert ADDRESSES.url("question", reference="../x?y#z") == "/vragen/..%2Fx%3Fy%23z"
    with pytest.raises(KeyError):
        ADDRESSES.url("case")


def test_a_page_of_ours_is_a_way_back_and_its_query_is_not() -> None:
    relation = UUID("6a0e6d3c-3f0a-4f5e-9c55-0c7f9d1d2b11")
    assert ADDRESSES.way_back("/") == "/"
    assert ADDRESSES.way_back(f"/zaak/{relation}/kijken?x=1") == f"/zaak/{relation}/kijken"
    assert ADDRESSES.way_back(f"/zaak/{relation.hex}/kijken") == f"/zaak/{relation}/kijken"
    assert ADDRESSES.way_back("/openen?kaartje=a.b-c_d&x=1") == "/openen?kaartje=a.b-c_d"


@pytest.mark.parametrize(
    "query", ["kaartje=a&kaartje=b", "kaartje=<b>", "kaartje=", f"kaartje={'a' * 2001}", "x=1"]
)
def test_a_ticket_in_another_form_does_not_survive(query: str) -> None:
    assert ADDRESSES.way_back(f"/openen?{query}") == "/openen"


@pytest.mark.parametrize("wanted", [*HOSTILE, None, "/" + "a" * 5000])
def test_anything_else_is_no_way_back(wanted: str | None) -> None:
    assert ADDRESSES.way_back(wanted) is None


@given(
    st.one_of(st.text(), st.sampled_from(HOSTILE), st.from_regex(r"/[a-z/\\.%?#@:]{0,30}", fullmatch=True))
)
def test_a_way_back_never_leaves_the_site(wanted: str) -> None:
    way = ADDRESSES.way_back(wanted)
    if way is not None:
        assert way.startswith(OURS)
        assert not way.startswith(("//", "/\\"))
        assert way.isascii()
        assert way.isprintable()


def form_of(body: bytes) -> Form:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return asyncio.run(read_form(Request(scope, receive)))


def test_a_field_is_read_once_and_a_list_as_a_list() -> None:
    form = form_of(b"doel=+wmo+&leeg=&twee=a&twee=b&gebied=wonen&gebied=&gebied=+werk&naam=Zo%C3%AB")
    assert form.one("doel") == "wmo"
    assert form.one("leeg") is None
    assert form.one("twee") is None
    assert form.one("weg") is None
    assert form.one("naam") == "Zoë"
    assert form.many("gebied") == ["wonen", "werk"]
    assert form.many("weg") == []


@given(st.binary(max_size=400))
def test_any_bytes_are_a_form_or_are_refused(body: bytes) -> None:
    try:
        form = form_of(body)
    except Malformed:
        return
    assert form.one("a") is None or "\0" not in (form.one("a") or "")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1-2-2026", date(2026, 2, 1)), ("01-02-2026", date(2026, 2, 1)), (" 1/2/2026 ", date(2026, 2, 1)),
        ("1.2.2026", date(2026, 2, 1)), ("2026-02-01", date(2026, 2, 1)), ("29-2-2028", date(2028, 2, 29)),
        ("29-2-2026", None), ("31-4-2026", None), ("0-1-2026", None), ("1-2-26", None), ("2026-2-1", None),
        ("1-2-2026x", None), ("\uff11-2-2026", None), ("1-2-0000", None), ("", None), (None, None), ("morgen", None),
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it(text: str | None, day: date | None) -> None:
    assert read_day(text) == day
