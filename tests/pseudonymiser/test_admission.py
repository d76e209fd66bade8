"""What each check refuses, and with which code; at A and at B."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.batch import Batch, BatchClass, Hop, apply_hop, compose
from crypto.chain import Bsn
from crypto.chain.crew import Alone
from crypto.chain.hops import PROOF_BYTES
from crypto.encoding import encode
from crypto.inquiry import Inquiry
from crypto.pseudonymiser.admission import admit, body_bytes_max
from crypto.pseudonymiser.problems import Refused

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OIN = "00000099000000000731"
N = 4


def told(body: bytes, place: Any, now: datetime = NOW) -> str:
    """The code of the refusal, or `admitted`."""
    try:
        admit(body, place, now, lambda *_: None, Alone())
    except Refused as refused:
        return refused.code
    return "admitted"


@pytest.mark.parametrize("party", ["A", "B"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "admitted"),
        ({"publisher": "00000099000000000999"}, "unknown-publisher"),
        ({"audience": "index:elders"}, "wrong-audience"),
        ({"scope": "elders"}, "wrong-scope"),
        ({"key_epoch": 0}, "epoch-retired"),
        ({"key_epoch": 2}, "epoch-retired"),
        ({"n": N - 1}, "wrong-count"),
        ({"n": N + 1}, "too-large or wrong-count"),
        ({"composed_at": int(NOW.timestamp()) + 300}, "admitted"),
        ({"composed_at": int(NOW.timestamp()) + 301}, "clock"),
        ({"composed_at": int(NOW.timestamp()) - 7 * 86400}, "admitted"),
        ({"composed_at": int(NOW.timestamp()) - 7 * 86400 - 1}, "clock"),
        ({"composed_at": 2**63 - 1}, "clock"),
        ({"composed_at": 0}, "clock"),
    ],
)
def test_a_signed_header_that_says_something_else_is_refused(
    party: str, changes: dict[str, Any], code: str, parties: Any
) -> None:
    batch = parties.batch(**changes)
    if party == "B":
        # A hop somebody made up: the header is refused before it is looked at.
        batch = replace(batch, hops=(Hop(batch.c0, bytes(PROOF_BYTES), bytes(64)),))
        code = "hop-proof" if code == "admitted" else code
    assert told(batch.encode(), parties.place(party)) in code


@pytest.mark.parametrize(
    ("ago", "code"), [(0, "admitted"), (60, "admitted"), (61, "clock"), (-5, "admitted"), (-6, "clock")]
)
def test_a_request_lives_for_a_minute_where_a_batch_lives_for_days(ago: int, code: str, parties: Any) -> None:
    row = Inquiry.new().row.encode()
    header = parties.header(batch_class=BatchClass.INZAGE, n=1, composed_at=int(NOW.timestamp()) - ago)
    request = compose(header, [(Bsn("999900006"), row)], parties.manifest, parties.publisher.signing)
    place = parties.place("A")
    granted = {**place.publishers[OIN].daily_quota, BatchClass.INZAGE: 10}
    place = replace(place, publishers={OIN: replace(place.publishers[OIN], daily_quota=granted)})
    assert told(request.encode(), place) == code
    assert told(request.encode(), parties.place("A")) == "class-not-granted"


@pytest.mark.parametrize("party", ["A", "B"])
def test_a_batch_signed_by_another_than_it_names_is_refused(party: str, parties: Any, arriving: Any) -> None:
    other = replace(parties, publisher=replace(parties.publisher, signing=Ed25519PrivateKey.generate()))
    assert told(arriving(party, other.batch()), parties.place(party)) == "signature"


@pytest.mark.parametrize("party", ["A", "B"])
def test_while_a_publisher_renews_its_key_both_count_and_no_third(
    party: str, parties: Any, arriving: Any
) -> None:
    renewed, third = (
        replace(parties, publisher=replace(parties.publisher, signing=Ed25519PrivateKey.generate()))
        for _ in range(2)
    )
    place = parties.place(party)
    following = renewed.publisher.signing.public_key()
    both = replace(place, publishers={OIN: replace(place.publishers[OIN], next_verify_key=following)})
    assert told(arriving(party, parties.batch()), both) == "admitted"
    assert told(arriving(party, renewed.batch()), both) == "admitted"
    assert told(arriving(party, renewed.batch()), place) == "signature"
    assert told(arriving(party, third.batch()), both) == "signature"


def test_b_refuses_a_hop_that_another_than_a_signed(parties: Any) -> None:
    impostor = replace(parties.a, signing=Ed25519PrivateKey.generate())
    hopped = apply_hop(parties.batch(), impostor, parties.manifest)
    assert told(hopped.encode(), parties.place("B")) == "hop-proof"


def test_b_refuses_items_that_a_did_not_sign(parties: Any, arriving: Any) -> None:
    batch = Batch.decode(arriving("B", parties.batch()), body_bytes_max(parties.place("B")))
    swapped = replace(batch.hops[0], items=batch.hops[0].items[64:] + batch.hops[0].items[:64])
    assert told(replace(batch, hops=(swapped,)).encode(), parties.place("B")) == "hop-proof"


def test_each_party_takes_only_what_has_passed_the_parties_before_it(parties: Any, arriving: Any) -> None:
    assert told(arriving("A", parties.batch()), parties.place("B")) == "malformed"
    assert told(arriving("B", parties.batch()), parties.place("A")) == "malformed"


IDENTITY = bytes(32)
NOT_CANONICAL = bytes([0xED]) + bytes([0xFF]) * 30 + bytes([0x7F])
ALL_ONES = bytes([0xFF]) * 32


@pytest.mark.parametrize("point", [IDENTITY, NOT_CANONICAL, ALL_ONES], ids=["identity", "canonical", "ones"])
@pytest.mark.parametrize("place_of_point", [0, 32, 64 * (N - 1) + 32])
def test_an_item_that_is_no_usable_point_is_refused_though_signed(
    point: bytes, place_of_point: int, parties: Any
) -> None:
    """A publisher that leaves out its randomness would make A hand a person on in the clear."""
    batch = parties.batch()
    c0 = batch.c0[:place_of_point] + point + batch.c0[place_of_point + 32 :]
    assert told(resigned(parties, batch, c0).encode(), parties.place("A")) == "identity"


def resigned(parties: Any, batch: Batch, c0: bytes) -> Batch:
    """The batch with other items, signed by the publisher itself."""
    digest = hashlib.sha512(batch.header.encode() + c0 + batch.sheet).digest()
    signature = parties.publisher.signing.sign(encode("batch-signature", digest))
    return replace(batch, c0=c0, digest=digest, signature=signature)


@given(data=st.data())
def test_no_changed_byte_is_admitted(data: st.DataObject, parties: Any) -> None:
    body = bytearray(parties.batch().encode())
    where = data.draw(st.integers(0, len(body) - 1))
    body[where] ^= data.draw(st.integers(1, 255))
    assert told(bytes(body), parties.place("A")) != "admitted"


@given(cut=st.integers(1, 400), junk=st.binary(max_size=40))
def test_no_cut_or_lengthened_body_is_admitted(cut: int, junk: bytes, parties: Any) -> None:
    body = parties.batch().encode()
    assert told(body[:-cut], parties.place("A")) in {"malformed", "signature"}
    assert told(junk, parties.place("A")) == "malformed"
    assert told(body + b"\0", parties.place("A")) in {"malformed", "too-large"}


def test_the_age_of_a_batch_is_measured_in_utc(parties: Any) -> None:
    zone = NOW.astimezone().tzinfo
    assert told(parties.batch().encode(), parties.place("A"), NOW.astimezone(zone)) == "admitted"
    assert told(parties.batch().encode(), parties.place("A"), NOW + timedelta(days=8)) == "clock"
