"""A worker wants the daily digest or not; the address is one we can write to, and no record holds it."""

from typing import Any

import pytest

from signal_index.errors import Malformed
from signal_index.usecases.workplace import messages


def _wish(office: Any, email: str | None, staff_id: str = "w.een") -> Any:
    return office.act(
        staff_id,
        lambda tx, actor: messages.set_digest(tx, actor, email, office.world.clock, wanted=email is not None),
    )


def _chosen(office: Any, staff_id: str = "w.een") -> str | None:
    kept = office.act(staff_id, messages.preferences)
    assert kept.staff_id == staff_id
    address: str | None = kept.digest_to
    return address


def test_she_chooses_the_digest_and_changes_her_mind_and_the_record_holds_no_address(office: Any) -> None:
    assert _chosen(office) is None
    for email in ("wil@gemeente.example", None):
        assert _wish(office, email).digest_to == email
        assert _chosen(office) == email
    assert _chosen(office, "w.twee") is None
    recorded = [record.fields for record in office.world.records("digest.changed")]
    assert recorded == [
        {"actor": "w.een", "token": "test", "wanted": False},
        {"actor": "w.een", "token": "test", "wanted": True},
    ]


GOOD_ADDRESSES = ["a@b.nl", "w.de.vries+index@sub.gemeente.example", f"{'w' * 64}@{'g' * 60}.example"]
BAD_ADDRESSES = [
    "",
    "wil",
    "wil@",
    "@gemeente.example",
    "wil@gemeente",
    "wil@gemeente..example",
    "wil @gemeente.example",
    "wil@gemeente.example\r\nBcc: x@elders.example",
    "wil@gemeente.example\n",
    "wil@gemeente.example, x@elders.example",
    "Wil <wil@gemeente.example>",
    "wïl@gemeente.example",
    f"{'w' * 65}@gemeente.example",
    "w@" + ".".join(["g" * 60] * 5),
]


@pytest.mark.parametrize("email", GOOD_ADDRESSES)
def test_an_address_we_can_write_to_is_kept(office: Any, email: str) -> None:
    assert _wish(office, email).digest_to == email


@pytest.mark.parametrize("email", BAD_ADDRESSES)
def test_an_address_we_cannot_write_to_changes_nothing(office: Any, email: str) -> None:
    _wish(office, "wil@gemeente.example")
    with pytest.raises(Malformed) as refused:
        _wish(office, email)
    assert [field for field, _ in refused.value.violations] == ["email"]
    assert _chosen(office) == "wil@gemeente.example"
    assert len(office.world.records("digest.changed")) == 1


@pytest.mark.parametrize(("staff_id", "role"), [("t.lead", None), ("w.een", "")])
def test_only_who_looks_chooses_a_digest(office: Any, staff_id: str, role: str | None) -> None:
    error, _ = office.refused(
        staff_id,
        lambda tx, actor: messages.set_digest(tx, actor, "a@b.nl", office.world.clock, wanted=True),
        role,
    )
    assert error.code == "role"
