"""Rules over the JSON interface: which there are, and two people who agree."""

from typing import Any

import pytest

from policy.rulesets import bundled, load
from tests.support.rulebook import Book


def get(book: Book, staff_id: str) -> Any:
    answer = book.world.request("GET", "/v1/regelsets", headers=book.world.token(staff_id))
    assert answer.status_code == 200
    return answer.json()["regelsets"]


def decide(book: Book, staff_id: str, digest: str, *, approve: bool) -> Any:
    path = f"/v1/regelsets/{digest}/besluit"
    return book.world.request("POST", path, headers=book.world.token(staff_id), json={"akkoord": approve})


def test_two_people_agree_and_the_list_says_how_far_it_is(book: Book) -> None:
    digest = book.propose("f.beheer")
    waits, counts = get(book, "p.officer")
    assert (waits["kenmerk"], waits["stand"], waits["voorgesteldDoor"]) == (digest, "wacht", "f.beheer")
    assert waits["ontbreekt"] == ["functioneel-beheerder", "privacy-officer"]
    assert (counts["kenmerk"], counts["stand"], counts["ontbreekt"]) == (load(bundled()).digest, "geldt", [])
    assert decide(book, "f.beheer", digest, approve=True).json()["code"] == "own-rules"
    first = decide(book, "p.officer", digest, approve=True).json()
    assert (first["stand"], first["ontbreekt"]) == ("wacht", ["functioneel-beheerder"])
    assert decide(book, "p.tweede", digest, approve=True).json()["code"] == "rules-decided"
    second = decide(book, "f.tweede", digest, approve=True).json()
    assert second["stand"] == "geldt"
    assert [(each["door"], each["rol"]) for each in second["akkoord"]] == [
        ("p.officer", "privacy-officer"), ("f.tweede", "functioneel-beheerder"),
    ]  # fmt: skip
    assert [each["stand"] for each in get(book, "f.beheer")] == ["geldt", "gold"]


def test_one_refusal_ends_it(book: Book) -> None:
    digest = book.propose("f.beheer")
    answer = decide(book, "p.officer", digest, approve=False)
    assert (answer.json()["stand"], answer.json()["geweigerdDoor"]) == ("geweigerd", "p.officer")
    assert decide(book, "f.tweede", digest, approve=True).status_code == 409


@pytest.mark.parametrize(
    ("digest", "status"), [("0" * 64, 404), ("x", 400), ("0" * 63, 400), ("A" * 64, 400)]
)
def test_what_is_no_digest_is_bad_input_and_what_is_none_of_ours_is_not_found(
    book: Book, digest: str, status: int
) -> None:
    assert decide(book, "p.officer", digest, approve=True).status_code == status
