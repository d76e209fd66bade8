"""A ticket of the regiesysteem opens a case once; whatever is wrong with one, the worker reads the same sentence."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.tokens import decode_base64url, encode_base64url, issue
from signal_index.errors import NotPermitted
from signal_index.model.workplace import Entrance
from signal_index.usecases.workplace.arrivals import TICKET_TYPE, arrive, ticket_key_id

CASE = UUID("6f1c0f52-9a54-4c7e-9d2e-0a3b5c7d9e1f")
TEXT = "Deze link werkt niet (meer). Open de zaak opnieuw in uw regiesysteem."
AGB = "https://regie.gemeente.example"


@dataclass
class Door:
    """A regiesysteem: its key, and how it signs."""

    organisation: str
    issuer: str = AGB
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def entrance(self) -> Entrance:
        return Entrance(self.issuer, "Regiesysteem", self.organisation, self._public)

    @property
    def _public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, claims: dict[str, Any], **options: Any) -> str:
        key_id = options.pop("key_id", ticket_key_id(self._public))
        return issue(self.key, key_id, "EdDSA", claims, **{"token_type": TICKET_TYPE, **options})


@pytest.fixture
def door(office: Any) -> Door:
    """The regiesysteem of the municipality, registered after that of somebody else."""
    own, elsewhere = Door(office.world.GEMEENTE), Door(office.world.ZORG, "https://regie.elders.example")
    office.open_doors(elsewhere.entrance, own.entrance)
    return own


def _claims(office: Any, **changed: Any) -> dict[str, Any]:
    issued = int(office.world.clock.timestamp())
    good = {
        "iss": AGB,
        "aud": "index:regio-test",
        "sub": "w.een",
        "jti": "kaartje-1",
        "iat": issued,
        "exp": issued + 120,
        "zorgrelatie": str(CASE),
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def _arrive(office: Any, ticket: str, staff_id: str = "w.een") -> bytes:
    opened: bytes = office.act(staff_id, lambda tx, actor: arrive(tx, actor, ticket, office.world.clock))
    return opened


def _refused(office: Any, ticket: str, staff_id: str = "w.een", role: str | None = None) -> Any:
    error, record = office.refused(
        staff_id, lambda tx, actor: arrive(tx, actor, ticket, office.world.clock), role
    )
    assert isinstance(error, NotPermitted)
    assert not office.world.records("case.opened")
    return error, record.fields["reason"]


def test_a_good_ticket_says_which_case_to_open_and_is_recorded(office: Any, door: Door) -> None:
    assert _arrive(office, door.sign(_claims(office))) == CASE.bytes
    assert office.world.records("case.opened")[0].fields == {
        "actor": "w.een",
        "organisation": office.world.GEMEENTE,
        "token": "test",
        "relation": str(CASE),
        "entrance": AGB,
    }


def test_a_ticket_needs_no_key_id(office: Any, door: Door) -> None:
    header, payload, _ = door.sign(_claims(office)).split(".")
    bare = json.loads(decode_base64url(header))
    del bare["kid"]
    signed = f"{encode_base64url(json.dumps(bare).encode())}.{payload}"
    ticket = f"{signed}.{encode_base64url(door.key.sign(signed.encode()))}"
    assert _arrive(office, ticket) == CASE.bytes


def test_a_ticket_reads_no_relation_so_it_cannot_tell_whether_there_is_one(office: Any, door: Door) -> None:
    real = office.relation()
    statements: list[str] = []
    office.world.watch(statements)
    seen = []
    _arrive(office, door.sign(_claims(office)))  # register and staff are read once and then known
    for number, case in enumerate((CASE, UUID(bytes=real.relation_id))):
        statements.clear()
        claims = _claims(office, jti=f"volgend-{number}", zorgrelatie=str(case))
        assert _arrive(office, door.sign(claims)) == case.bytes
        seen.append([statement.split(" VALUES")[0] for statement in statements])
    assert seen[0] == seen[1]
    assert not [statement for statement in seen[0] if "relation" in statement.lower()]


# --- Tickets that do not work -------------------------------------------------------------------------------------

_Spoil = Callable[[Any, Door], str]


def _with(**changed: Any) -> _Spoil:
    return lambda office, door: door.sign(_claims(office, **changed))


def _lasting(seconds: int, begun: int = 0) -> _Spoil:
    def spoil(office: Any, door: Door) -> str:
        issued = int(office.world.clock.timestamp()) + begun
        return door.sign(_claims(office, iat=issued, exp=issued + seconds))

    return spoil


def _of_another_kind(office: Any, door: Door) -> str:
    return door.sign(_claims(office), token_type="at+jwt")


def _under_another_key_id(office: Any, door: Door) -> str:
    return door.sign(_claims(office), key_id="another")


def _by_a_stranger_in_its_name(office: Any, door: Door) -> str:
    return Door(door.organisation).sign(_claims(office))


def _changed_on_the_way(office: Any, door: Door) -> str:
    header, _, signature = door.sign(_claims(office)).split(".")
    other = json.dumps(_claims(office, zorgrelatie=str(UUID(int=1)))).encode()
    return f"{header}.{encode_base64url(other)}.{signature}"


def _without_a_signature(office: Any, door: Door) -> str:
    return door.sign(_claims(office)).rpartition(".")[0] + "."


def _with_no_algorithm(office: Any, door: Door) -> str:
    header = encode_base64url(json.dumps({"alg": "none", "typ": TICKET_TYPE}).encode())
    return f"{header}.{encode_base64url(json.dumps(_claims(office)).encode())}."


REFUSED: list[tuple[str, _Spoil, str]] = [
    ("nothing", lambda _o, _d: "", "token-malformed"),
    ("noise", lambda _o, _d: "kaartje", "token-malformed"),
    ("not even ASCII", lambda _o, _d: "é.é.é", "token-malformed"),
    ("far too long", lambda _o, _d: "a" * 10_000, "token-too-large"),
    ("of another kind", _of_another_kind, "token-type"),
    ("under another key id", _under_another_key_id, "token-key"),
    ("signed by a stranger", _by_a_stranger_in_its_name, "token-key"),
    ("changed on the way", _changed_on_the_way, "token-signature"),
    ("not signed", _without_a_signature, "token-signature"),
    ("with no algorithm", _with_no_algorithm, "token-algorithm"),
    ("of an unknown issuer", _with(iss="https://elders.example"), "token-issuer"),
    ("for another index", _with(aud="index:elders"), "token-audience"),
    ("for two indexes", _with(aud=["index:regio-test", "index:elders"]), "token-audience"),
    ("for a colleague", _with(sub="w.twee"), "other-worker"),
    ("for nobody", _with(sub=None), "token-claims"),
    ("without a number", _with(jti=None), "token-claims"),
    ("without an end", _with(exp=None), "token-claims"),
    ("valid for too long", _lasting(121), "token-lifetime"),
    ("over before it began", _lasting(-1), "token-lifetime"),
    ("expired", _lasting(120, begun=-150), "token-expired"),
    ("from the future", _lasting(120, begun=31), "token-not-yet-valid"),
    ("without a case", _with(zorgrelatie=None), "token-claims"),
    ("with a number for a case", _with(zorgrelatie=7), "token-claims"),
    ("with a case that is none", _with(zorgrelatie="WT-2026-0001"), "token-claims"),
    ("with a second spelling of a case", _with(zorgrelatie=str(CASE).upper()), "token-claims"),
    ("with a case in braces", _with(zorgrelatie=f"{{{CASE}}}"), "token-claims"),
]


@pytest.mark.parametrize(("_what", "spoil", "reason"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_ticket_that_does_not_work_is_one_sentence_and_the_record_says_why(
    office: Any, door: Door, _what: str, spoil: _Spoil, reason: str
) -> None:
    error, recorded = _refused(office, spoil(office, door))
    assert (error.code, error.detail) == ("ticket", TEXT)
    assert recorded == reason
    assert reason not in str(error)
    assert _arrive(office, door.sign(_claims(office))) == CASE.bytes, "a refusal used the good one up"


def test_a_ticket_works_once_for_as_long_as_it_could_be_accepted(office: Any, door: Door) -> None:
    ticket = door.sign(_claims(office))
    _arrive(office, ticket)
    for seconds in (0, 120, 29):  # the last two with the tickets that expired swept out
        office.world.clock += timedelta(seconds=seconds)
        office.run(lambda tx: tx.tickets.remove_expired(office.world.clock))
        _, record = office.refused("w.een", lambda tx, actor: arrive(tx, actor, ticket, office.world.clock))
        assert record.fields["reason"] == "used"
    office.world.clock += timedelta(seconds=1)
    assert office.run(lambda tx: tx.tickets.remove_expired(office.world.clock)) == 1
    _, record = office.refused("w.een", lambda tx, actor: arrive(tx, actor, ticket, office.world.clock))
    assert record.fields["reason"] == "token-expired"
    assert len(office.world.records("case.opened")) == 1


def test_two_entrances_may_number_their_tickets_alike(office: Any, door: Door) -> None:
    second = Door(office.world.GEMEENTE, "https://tweede.example")
    office.open_doors(door.entrance, second.entrance)
    _arrive(office, door.sign(_claims(office)))
    _arrive(office, second.sign(_claims(office, iss=second.issuer)))


def test_an_entrance_opens_cases_of_its_own_organisation_only(office: Any, door: Door) -> None:
    elsewhere = Door(office.world.ZORG, "https://regie.elders.example")
    office.open_doors(elsewhere.entrance, door.entrance)
    ticket = elsewhere.sign(_claims(office, iss=elsewhere.issuer))
    error, reason = _refused(office, ticket)
    assert (error.detail, reason) == (TEXT, "other-organisation")


def test_an_entrance_that_left_the_register_opens_nothing(office: Any, door: Door) -> None:
    ticket = door.sign(_claims(office))
    office.open_doors()
    error, reason = _refused(office, ticket)
    assert (error.detail, reason) == (TEXT, "no-entrance")


def test_an_entrance_with_a_key_nobody_can_own_closes_no_other(office: Any, door: Door) -> None:
    forged = replace(door.entrance, issuer="https://kapot.example", verify_key=bytes(32))
    office.open_doors(forged, door.entrance)
    assert _arrive(office, door.sign(_claims(office))) == CASE.bytes


@pytest.mark.parametrize(("staff_id", "role"), [("t.lead", None), ("p.officer", None), ("w.een", "")])
def test_only_who_looks_arrives_at_a_case(office: Any, door: Door, staff_id: str, role: str | None) -> None:
    error, reason = _refused(office, door.sign(_claims(office, sub=staff_id)), staff_id, role)
    assert (error.code, reason) == ("role", "role")
