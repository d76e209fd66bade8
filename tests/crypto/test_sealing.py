"""Seals hold in one place only, tags are separated by use, and nothing shows a key."""

import hashlib
import hmac
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st

from crypto.chain import Pseudonym
from crypto.encoding import encode
from crypto.errors import KeyFault, MalformedInput, VerificationFailed
from crypto.sealing import (
    SEAL_BYTES,
    RowKeys,
    bucket,
    buckets,
    seal,
    seals,
    tag,
    tags,
    tags_of_each,
    unseal,
    unveil,
    veil,
)

KEYS = RowKeys(3, "regio-noord", b"t" * 32, b"b" * 32, b"d" * 32)
FIELDS = st.lists(st.binary(max_size=6), max_size=4)


class TestSeal:
    @given(st.binary(max_size=200), st.binary(max_size=20))
    def test_it_opens_in_its_place(self, plaintext: bytes, row: bytes) -> None:
        sealed = seal(KEYS, plaintext, table="flag", column="body", row=row)
        assert len(sealed) == len(plaintext) + SEAL_BYTES
        assert unseal(KEYS, sealed, table="flag", column="body", row=row) == plaintext

    def test_the_layout_is_fixed(self) -> None:
        sealed = seal(KEYS, b"content", table="flag", column="body", row=b"key")
        place = encode("row", "regio-noord", 3, "flag", "body", b"key")
        assert AESGCMSIV(b"d" * 32).decrypt(sealed[:12], sealed[12:], place) == b"content"

    def test_two_seals_of_one_content_differ_in_every_part(self) -> None:
        seals = [seal(KEYS, bytes(32), table="flag", column="body", row=b"key") for _ in range(50)]
        assert len({sealed[:12] for sealed in seals}) == len({sealed[12:] for sealed in seals}) == 50

    @pytest.mark.parametrize(
        ("keys", "table", "column", "row"),
        [
            (KEYS, "relation", "body", b"key"),
            (KEYS, "flag", "subject", b"key"),
            (KEYS, "flag", "body", b"kez"),
            (KEYS, "flagb", "ody", b"key"),
            (replace(KEYS, epoch=4), "flag", "body", b"key"),
            (replace(KEYS, scope="regio-zuid"), "flag", "body", b"key"),
            (replace(KEYS, data_key=b"e" * 32), "flag", "body", b"key"),
        ],
    )
    def test_it_opens_nowhere_else(self, keys: RowKeys, table: str, column: str, row: bytes) -> None:
        sealed = seal(KEYS, b"content", table="flag", column="body", row=b"key")
        with pytest.raises(VerificationFailed):
            unseal(keys, sealed, table=table, column=column, row=row)

    def test_the_other_keys_do_not_matter_to_a_seal(self) -> None:
        sealed = seal(KEYS, b"content", table="flag", column="body", row=b"key")
        others = replace(KEYS, tag_key=b"x" * 32, bucket_key=b"y" * 32)
        assert unseal(others, sealed, table="flag", column="body", row=b"key") == b"content"

    def test_swapped_cells_do_not_open(self) -> None:
        rows = [b"row one", b"row two"]
        cells = [seal(KEYS, row, table="flag", column="body", row=row) for row in rows]
        for row, cell in zip(rows, reversed(cells), strict=True):
            with pytest.raises(VerificationFailed):
                unseal(KEYS, cell, table="flag", column="body", row=row)

    @given(st.binary(max_size=40), st.data())
    def test_any_changed_bit_is_noticed(self, plaintext: bytes, data: st.DataObject) -> None:
        sealed = bytearray(seal(KEYS, plaintext, table="flag", column="body", row=b"key"))
        bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
        sealed[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(VerificationFailed):
            unseal(KEYS, bytes(sealed), table="flag", column="body", row=b"key")

    def test_any_cut_is_noticed(self) -> None:
        sealed = seal(KEYS, b"content", table="flag", column="body", row=b"key")
        for length in range(len(sealed)):
            with pytest.raises(VerificationFailed):
                unseal(KEYS, sealed[:length], table="flag", column="body", row=b"key")


class TestPadding:
    @given(st.integers(2, 300), st.data())
    def test_every_content_that_fits_comes_back_and_has_one_length(
        self, size: int, data: st.DataObject
    ) -> None:
        plaintext = data.draw(st.binary(max_size=size - 2))
        sealed = seal(KEYS, plaintext, table="flag", column="body", row=b"key", size=size)
        assert len(sealed) == size + SEAL_BYTES
        assert unseal(KEYS, sealed, table="flag", column="body", row=b"key", size=size) == plaintext

    @pytest.mark.parametrize(("length", "size"), [(0, 1), (0, 0), (7, 8), (63, 64), (64, 64), (10, 65536)])
    def test_content_that_does_not_fit_is_refused(self, length: int, size: int) -> None:
        with pytest.raises(MalformedInput):
            seal(KEYS, bytes(length), table="flag", column="body", row=b"key", size=size)

    @pytest.mark.parametrize("size", [2, 63, 65])
    def test_another_size_is_refused(self, size: int) -> None:
        sealed = seal(KEYS, b"content", table="flag", column="body", row=b"key", size=64)
        with pytest.raises(VerificationFailed):
            unseal(KEYS, sealed, table="flag", column="body", row=b"key", size=size)

    @pytest.mark.parametrize(
        "inner", [b"", b"\x00", b"\x00\x03abcd\x00\x00", b"\x00\x07abcdef", b"\xff\xffabcdef"]
    )
    def test_padding_that_is_not_ours_is_refused(self, inner: bytes) -> None:
        sealed = seal(KEYS, inner, table="flag", column="body", row=b"key")
        with pytest.raises(VerificationFailed):
            unseal(KEYS, sealed, table="flag", column="body", row=b"key", size=8)


class TestTag:
    @given(st.binary(max_size=40), st.lists(st.text(max_size=20), max_size=5))
    def test_many_that_begin_alike_are_the_tags_of_each(self, shared: bytes, lasts: list[str]) -> None:
        assert tags(KEYS, "flags.tag", shared, lasts=lasts) == [
            tag(KEYS, "flags.tag", shared, last) for last in lasts
        ]

    def test_it_is_the_first_half_of_a_keyed_hash(self) -> None:
        message = encode("person", "regio-noord", b"p", 7, "wmo")
        assert (
            tag(KEYS, "person", b"p", 7, "wmo") == hmac.new(b"t" * 32, message, hashlib.sha256).digest()[:16]
        )

    @given(st.tuples(st.text(max_size=5), FIELDS), st.tuples(st.text(max_size=5), FIELDS))
    def test_tags_agree_only_when_label_and_fields_do(
        self, one: tuple[str, list[bytes]], other: tuple[str, list[bytes]]
    ) -> None:
        assert (tag(KEYS, one[0], *one[1]) == tag(KEYS, other[0], *other[1])) == (one == other)

    @given(st.text(max_size=5), FIELDS)
    def test_scopes_cannot_be_linked(self, label: str, fields: list[bytes]) -> None:
        assert tag(KEYS, label, *fields) != tag(replace(KEYS, scope="regio-zuid"), label, *fields)

    def test_a_scope_does_not_run_into_a_field(self) -> None:
        assert tag(replace(KEYS, scope="ab"), "l", "c") != tag(replace(KEYS, scope="a"), "l", "bc")

    def test_it_depends_on_the_tag_key_and_no_other(self) -> None:
        assert tag(KEYS, "l", b"p") != tag(replace(KEYS, tag_key=b"u" * 32), "l", b"p")
        assert tag(KEYS, "l", b"p") == tag(replace(KEYS, bucket_key=b"u" * 32, data_key=b"v" * 32), "l", b"p")


class TestBucket:
    pseudonyms = st.binary(min_size=32, max_size=32).map(Pseudonym)

    @given(pseudonyms, st.integers(0, 32))
    def test_it_lies_in_range_and_is_the_beginning_of_a_longer_one(
        self, person: Pseudonym, bits: int
    ) -> None:
        assert 0 <= bucket(KEYS, person, bits) < 2**bits
        assert bucket(KEYS, person, bits) == bucket(KEYS, person, 32) >> (32 - bits)

    def test_people_spread_over_the_buckets(self) -> None:
        found = {bucket(KEYS, Pseudonym(n.to_bytes(32, "big")), 4) for n in range(400)}
        assert found == set(range(16))

    def test_it_depends_on_the_bucket_key_and_the_scope(self) -> None:
        person = Pseudonym(b"p" * 32)
        here = bucket(KEYS, person, 32)
        assert here != bucket(replace(KEYS, bucket_key=b"c" * 32), person, 32)
        assert here != bucket(replace(KEYS, scope="regio-zuid"), person, 32)
        assert here == bucket(replace(KEYS, tag_key=b"u" * 32), person, 32)

    @pytest.mark.parametrize("bits", [-1, 33])
    def test_another_number_of_bits_is_refused(self, bits: int) -> None:
        with pytest.raises(MalformedInput):
            bucket(KEYS, Pseudonym(b"p" * 32), bits)


class TestRowKeys:
    @pytest.mark.parametrize(
        ("epoch", "scope", "keys"),
        [
            (1, "regio", (b"a" * 31, b"b" * 32, b"c" * 32)),
            (1, "regio", (b"a" * 32, b"b" * 33, b"c" * 32)),
            (1, "regio", (b"a" * 32, b"b" * 32, b"c" * 16)),
            (1, "regio", (b"a" * 32, b"a" * 32, b"c" * 32)),
            (1, "regio", (b"a" * 32, b"b" * 32, b"a" * 32)),
            (-1, "regio", (b"a" * 32, b"b" * 32, b"c" * 32)),
            (1, "", (b"a" * 32, b"b" * 32, b"c" * 32)),
        ],
    )
    def test_keys_that_cannot_be_right_are_refused(
        self, epoch: int, scope: str, keys: tuple[bytes, bytes, bytes]
    ) -> None:
        with pytest.raises(KeyFault):
            RowKeys(epoch, scope, *keys)

    def test_they_show_scope_and_epoch_only(self) -> None:
        shown = f"{KEYS} {KEYS!r}"
        assert "regio-noord" in shown
        assert not any(key in shown for key in ("ttt", "bbb", "ddd", "747474"))


class TestVeil:
    @given(st.binary(min_size=16, max_size=16))
    def test_it_is_undone_under_the_same_keys_and_label_only(self, block: bytes) -> None:
        name = veil(KEYS, "look", block)
        assert unveil(KEYS, "look", name) == block
        assert name != block
        assert unveil(KEYS, "lood", name) != block
        assert unveil(replace(KEYS, tag_key=b"u" * 32), "look", name) != block
        assert unveil(replace(KEYS, scope="regio-zuid"), "look", name) != block

    def test_it_is_one_block_of_aes_under_a_key_of_its_own(self) -> None:
        key = hmac.digest(b"t" * 32, encode("veil", "regio-noord", "look"), hashlib.sha256)
        cipher = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 - what it must be
        assert veil(KEYS, "look", bytes(16)) == cipher.update(bytes(16)) + cipher.finalize()

    @pytest.mark.parametrize("size", [0, 15, 17, 32])
    def test_anything_but_one_block_is_refused(self, size: int) -> None:
        for turn in (veil, unveil):
            with pytest.raises(MalformedInput):
                turn(KEYS, "look", bytes(size))


class TestMany:
    @given(st.lists(st.binary(max_size=40), max_size=5), FIELDS)
    def test_tags_made_together_are_those_made_alone(self, each: list[bytes], rest: list[bytes]) -> None:
        alone = [tag(KEYS, "flag.row", one, *rest) for one in each]
        assert tags_of_each(KEYS, "flag.row", each, *rest) == alone

    @given(st.lists(st.binary(min_size=32, max_size=32).map(Pseudonym), max_size=5), st.integers(0, 32))
    def test_shards_found_together_are_those_found_alone(self, people: list[Pseudonym], bits: int) -> None:
        assert buckets(KEYS, people, bits) == [bucket(KEYS, who, bits) for who in people]

    def test_no_shards_of_more_bits_than_there_are(self) -> None:
        with pytest.raises(MalformedInput):
            buckets(KEYS, [], 33)

    @given(st.lists(st.tuples(st.binary(min_size=9, max_size=9), st.binary(max_size=20)), max_size=5))
    def test_seals_made_together_open_each_in_its_place(self, cells: list[tuple[bytes, bytes]]) -> None:
        made = seals(
            KEYS, [one for one, _ in cells], table="flag", column="body", rows=[row for _, row in cells]
        )
        assert len({sealed[:12] for sealed in made}) == len(cells), "a nonce of its own for each"
        for sealed, (plaintext, row) in zip(made, cells, strict=True):
            assert unseal(KEYS, sealed, table="flag", column="body", row=row) == plaintext

    def test_seals_of_several_lengths_would_tell_and_are_refused(self) -> None:
        with pytest.raises(MalformedInput):
            seals(KEYS, [b"long", b"short"], table="flag", column="body", rows=[b"1", b"2"])
