"""The index's signed words: what is read is what the index said, about one batch."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.answers import (
    ANSWER_BYTES_MAX,
    REFUSAL_REASONS,
    Acknowledgement,
    Answer,
    Refusal,
    sign,
    verify,
)
from crypto.encoding import decode, encode
from crypto.errors import CryptoError, MalformedInput, VerificationFailed

VECTORS = json.loads((Path(__file__).parent / "vectors" / "answers_v1.json").read_text(encoding="utf-8"))
INDEX = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"index").digest())
OTHER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"other").digest())
OIN = "00000001003214345000"

names: dict[str, Any] = {
    "incarnation": st.binary(min_size=16, max_size=16),
    "scope": st.text("abc0-.", max_size=20),
    "publisher": st.just(OIN),
    "sequence": st.integers(0, 2**63 - 1),
    "digest": st.binary(min_size=64, max_size=64),
}
codes = st.sampled_from(sorted(REFUSAL_REASONS))
answers = st.one_of(
    st.builds(Acknowledgement, n=st.integers(0, 4096), **names),
    st.builds(
        Refusal,
        reason=codes,
        rows=st.lists(st.tuples(st.integers(0, 4095), codes), max_size=5).map(tuple),
        next_sequence=st.integers(0, 2**63 - 1),
        **names,
    ),
)

ACKNOWLEDGEMENT = Acknowledgement(
    incarnation=bytes(range(16)), scope="demo", publisher=OIN, sequence=7, n=64, digest=bytes(64)
)
REFUSAL = Refusal(
    incarnation=bytes(range(16)),
    scope="demo",
    publisher=OIN,
    sequence=7,
    digest=bytes(64),
    reason="identity-mismatch",
    rows=((3, "identity-mismatch"), (9, "malformed-row")),
    next_sequence=7,
)


@given(answers)
def test_an_answer_comes_back_as_it_was_signed(answer: Answer) -> None:
    assert verify(sign(answer, INDEX), INDEX.public_key()) == answer


@given(answers)
def test_an_answer_of_another_key_is_refused(answer: Answer) -> None:
    with pytest.raises(VerificationFailed):
        verify(sign(answer, OTHER), INDEX.public_key())


@pytest.mark.parametrize("answer", [ACKNOWLEDGEMENT, REFUSAL], ids=["acknowledgement", "refusal"])
def test_every_changed_bit_is_refused(answer: Answer) -> None:
    wire = sign(answer, INDEX)
    for position in range(8 * len(wire)):
        changed = bytearray(wire)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(CryptoError):
            verify(bytes(changed), INDEX.public_key())


@pytest.mark.parametrize("answer", [ACKNOWLEDGEMENT, REFUSAL], ids=["acknowledgement", "refusal"])
def test_a_cut_or_lengthened_answer_is_refused(answer: Answer) -> None:
    wire = sign(answer, INDEX)
    for changed in (*(wire[:length] for length in range(len(wire))), wire + b"\0", wire * 2):
        with pytest.raises(MalformedInput):
            verify(changed, INDEX.public_key())


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_as_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        verify(data, INDEX.public_key())


def test_an_answer_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(MalformedInput, match="larger"):
        verify(bytes(ANSWER_BYTES_MAX + 1), INDEX.public_key())


def test_the_longest_refusal_fits() -> None:
    longest = max(REFUSAL_REASONS, key=len)
    refusal = replace(REFUSAL, rows=tuple((position, longest) for position in range(4096)))
    wire = sign(refusal, INDEX)
    assert len(wire) < ANSWER_BYTES_MAX
    assert verify(wire, INDEX.public_key()) == refusal


@pytest.mark.parametrize("kind", ["refusal", "other"])
def test_an_acknowledgement_cannot_be_relabelled(kind: str) -> None:
    _, body, signature = decode("answer", sign(ACKNOWLEDGEMENT, INDEX), 3)
    with pytest.raises(VerificationFailed):
        verify(encode("answer", kind, body, signature), INDEX.public_key())


def acknowledging(*fields: bytes | int | str) -> tuple[str, bytes]:
    return "acknowledgement", encode("acknowledgement", *fields)


def refusing(reason: str, count: int, *rows: bytes | int | str) -> tuple[str, bytes]:
    words = encode("refused-rows", *rows)
    return "refusal", encode("refusal", bytes(16), "demo", OIN, 1, bytes(64), reason, count, words, 1)


UNKNOWN_WORDS: list[tuple[str, bytes]] = [
    ("praise", b""),
    ("acknowledgement", b""),
    acknowledging(bytes(16), "demo", OIN, 1, bytes(64)),
    acknowledging(bytes(15), "demo", OIN, 1, bytes(64), 1),
    acknowledging(bytes(16), "demo", OIN, 1, bytes(63), 1),
    acknowledging(bytes(16), "\N{KELVIN SIGN}", OIN, 1, bytes(64), 1),
    acknowledging(bytes(16), "demo", OIN, b"1", bytes(64), 1),
    refusing("no-such-code", 0),
    refusing("clock", 1),
    refusing("clock", 0, 1, "clock"),
    refusing("clock", 2**63),
    refusing("clock", 1, 1, "no-such-code"),
    refusing("clock", 1, b"1", "clock"),
]


@pytest.mark.parametrize(("kind", "body"), UNKNOWN_WORDS)
def test_words_the_index_signed_but_this_version_does_not_know_are_malformed(kind: str, body: bytes) -> None:
    signature = INDEX.sign(encode("answer-signature", kind, body))
    with pytest.raises(MalformedInput):
        verify(encode("answer", kind, body, signature), INDEX.public_key())


def test_an_answer_without_a_sound_name_or_code_cannot_be_made() -> None:
    with pytest.raises(MalformedInput, match="code"):
        replace(REFUSAL, reason="because")
    with pytest.raises(MalformedInput, match="code"):
        replace(REFUSAL, rows=((0, "because"),))
    with pytest.raises(MalformedInput, match="incarnation"):
        replace(REFUSAL, incarnation=bytes(15))
    with pytest.raises(MalformedInput, match="digest"):
        replace(ACKNOWLEDGEMENT, digest=bytes(65))


@pytest.mark.parametrize("vector", VECTORS["answers"], ids=lambda vector: vector["name"])
def test_frozen_answers_read_and_write_as_they_always_did(vector: dict[str, str]) -> None:
    signing = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["signing_seed"]))
    wire = bytes.fromhex(vector["wire"])
    answer = {"acknowledgement": ACKNOWLEDGEMENT, "refusal": REFUSAL}[vector["name"]]
    assert verify(wire, signing.public_key()) == answer
    assert sign(answer, signing) == wire
