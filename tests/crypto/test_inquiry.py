"""An answer opens for the request it was made for and for no other, and its length tells blocks."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import MalformedInput, VerificationFailed
from crypto.inquiry import BLOCK_BYTES, Inquiry, seal_answer
from crypto.sheet import BatchClass, InzageOperation, InzageRow, decode_row

DIGEST = bytes(range(64))


@settings(max_examples=15)
@given(st.binary(max_size=2 * BLOCK_BYTES))
def test_what_is_sealed_opens_to_the_same(content: bytes) -> None:
    inquiry = Inquiry.new()
    sealed = seal_answer(inquiry.row, DIGEST, content)
    assert inquiry.open(sealed, DIGEST) == content


def test_answers_of_one_block_are_equally_long() -> None:
    row = Inquiry.new().row
    sizes = {len(seal_answer(row, DIGEST, bytes(size))) for size in (0, 1, 500, BLOCK_BYTES - 4)}
    assert len(sizes) == 1
    assert len(seal_answer(row, DIGEST, bytes(BLOCK_BYTES - 3))) == sizes.pop() + BLOCK_BYTES


def test_an_answer_to_another_request_or_digest_does_not_open() -> None:
    inquiry, other = Inquiry.new(), Inquiry.new()
    sealed = seal_answer(inquiry.row, DIGEST, b"looks")
    renamed = replace(inquiry, row=replace(inquiry.row, request_id=other.row.request_id))
    for asker, digest in ((other, DIGEST), (inquiry, bytes(64)), (renamed, DIGEST)):
        with pytest.raises(VerificationFailed, match="does not open"):
            asker.open(sealed, digest)
    for broken in (b"", sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(VerificationFailed):
            inquiry.open(broken, DIGEST)


def test_every_request_has_its_own_number_id_and_key() -> None:
    made = [Inquiry.new() for _ in range(20)]
    for values in (
        {each.number for each in made},
        {each.row.request_id for each in made},
        {each.row.response_key for each in made},
    ):
        assert len(values) == 20
    assert all(1 <= each.number < 2**63 for each in made)


def test_a_request_travels_as_a_row_and_needs_both_its_fields() -> None:
    row = Inquiry.new().row
    assert decode_row(BatchClass.INZAGE, row.encode()) == row
    with pytest.raises(MalformedInput, match="needs request_id"):
        replace(row, request_id=bytes(16))
    with pytest.raises(MalformedInput, match="needs response_key"):
        replace(row, response_key=bytes(1216))


def test_a_key_that_cannot_be_sealed_to_is_the_requests_fault() -> None:
    for key in (b"\xff" * 1216, Inquiry.new().row.response_key[:1184] + bytes(32)):
        row = InzageRow(InzageOperation.ASK, request_id=b"\1" * 16, response_key=key)
        with pytest.raises(MalformedInput, match="cannot be sealed to"):
            seal_answer(row, DIGEST, b"")


def test_what_opens_the_answer_is_not_shown() -> None:
    assert "private" not in repr(Inquiry.new())
