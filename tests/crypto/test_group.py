"""The group does what RFC 9496, RFC 9380 and RFC 9497 publish, and refuses everything else."""

import ctypes
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import group
from crypto.errors import CryptoError, KeyFault, MalformedInput
from crypto.group import (
    Point,
    Scalar,
    add,
    base_multiply,
    hash_to_group,
    known_answers,
    multiply,
    scalar_multiply,
    subtract,
)
from crypto.group.sodium import LIBRARY, Sodium

VECTORS = Path(__file__).parent / "vectors"
ORDER = 2**252 + 27742317777372353535851937790883648493
GENERATOR = base_multiply(Scalar(b"\x01" + bytes(31)))
SODIUM = Sodium.load()


def published(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="ascii"))


RFC9496 = published("rfc9496_ristretto255.json")
RFC9380 = published("rfc9380_expand_message_xmd_sha512.json")
RFC9497 = published("rfc9497_oprf_ristretto255_sha512.json")
INVALID = [
    pytest.param(bytes.fromhex(encoding), id=f"{why} {encoding[:8]}")
    for why, encodings in RFC9496["invalid"].items()
    for encoding in encodings
]
EVALUATIONS = [(mode, vector) for mode in RFC9497["modes"] for vector in mode["vectors"]]


def scalar(value: int) -> Scalar:
    return Scalar((value % ORDER).to_bytes(32, "little"))


numbers = st.integers(min_value=1, max_value=ORDER - 1)


class TestPublishedVectors:
    def test_all_are_there(self) -> None:
        counts = (len(RFC9496["multiples"]), len(INVALID), len(RFC9496["from_uniform"]))
        assert (*counts, len(RFC9380["vectors"]), len(EVALUATIONS)) == (16, 29, 7, 10, 4)

    @pytest.mark.parametrize("factor", range(1, 16))
    def test_multiples_of_the_generator(self, factor: int) -> None:
        expected = bytes.fromhex(RFC9496["multiples"][factor])
        assert base_multiply(scalar(factor)).encoded == expected
        assert multiply(scalar(factor), GENERATOR).encoded == expected

    def test_adding_the_generator_walks_the_multiples(self) -> None:
        for smaller, larger in zip(RFC9496["multiples"][1:], RFC9496["multiples"][2:], strict=False):
            left, right = Point(bytes.fromhex(smaller)), Point(bytes.fromhex(larger))
            assert add(left, GENERATOR) == right
            assert subtract(right, GENERATOR) == left

    @pytest.mark.parametrize("bad", INVALID)
    def test_an_invalid_encoding_is_refused(self, bad: bytes) -> None:
        with pytest.raises(MalformedInput):
            Point.decode(bad)

    @pytest.mark.parametrize("bad", INVALID)
    def test_an_invalid_encoding_is_refused_by_each_library_call(self, bad: bytes) -> None:
        good, one = GENERATOR.encoded, scalar(1).encoded
        calls: list[Callable[[], bytes]] = [
            lambda: SODIUM.add(bad, good),
            lambda: SODIUM.add(good, bad),
            lambda: SODIUM.subtract(bad, good),
            lambda: SODIUM.subtract(good, bad),
            lambda: SODIUM.multiply(one, bad),
        ]
        assert not SODIUM.is_valid_point(bad)
        for call in calls:
            with pytest.raises(MalformedInput):
                call()

    def test_the_identity_is_not_a_point(self) -> None:
        identity = bytes.fromhex(RFC9496["multiples"][0])
        assert SODIUM.is_valid_point(identity), "libsodium accepts it, so refusing it is our task"
        with pytest.raises(MalformedInput):
            Point.decode(identity)

    @pytest.mark.parametrize("vector", RFC9496["from_uniform"])
    def test_elements_from_uniform_bytes(self, vector: dict[str, str]) -> None:
        assert SODIUM.from_hash(bytes.fromhex(vector["uniform"])).hex() == vector["element"]

    @pytest.mark.parametrize("vector", RFC9380["vectors"])
    def test_message_expansion(self, vector: dict[str, Any]) -> None:
        stretched = group.expand_message_xmd(
            vector["message"].encode("ascii"), RFC9380["dst"].encode("ascii"), vector["length"]
        )
        assert stretched.hex() == vector["uniform"]

    @pytest.mark.parametrize(("mode", "vector"), EVALUATIONS)
    def test_hash_to_group_blind_and_evaluate(self, mode: dict[str, str], vector: dict[str, str]) -> None:
        key = Scalar.decode(bytes.fromhex(mode["secret_key"]))
        hashed = hash_to_group(bytes.fromhex(vector["input"]), bytes.fromhex(mode["dst"]))
        blinded = multiply(Scalar.decode(bytes.fromhex(vector["blind"])), hashed)
        assert blinded.encoded.hex() == vector["blinded_element"]
        assert multiply(key, blinded).encoded.hex() == vector["evaluation_element"]

    def test_the_public_key_of_the_verifiable_mode(self) -> None:
        mode = RFC9497["modes"][1]
        assert base_multiply(Scalar(bytes.fromhex(mode["secret_key"]))).encoded.hex() == mode["public_key"]


class TestArithmetic:
    @given(numbers, numbers)
    def test_agrees_with_whole_numbers_modulo_the_order(self, a: int, b: int) -> None:
        left, right = base_multiply(scalar(a)), base_multiply(scalar(b))
        assert scalar_multiply(scalar(a), scalar(b)) == scalar(a * b)
        assert multiply(scalar(a), right) == base_multiply(scalar(a * b))
        assert add(left, right) == (base_multiply(scalar(a + b)) if (a + b) % ORDER else None)
        assert subtract(left, right) == (base_multiply(scalar(a - b)) if a != b else None)

    @given(numbers)
    def test_a_sum_that_is_the_identity_is_none(self, a: int) -> None:
        assert add(base_multiply(scalar(a)), base_multiply(scalar(-a))) is None

    @given(numbers)
    def test_a_difference_that_is_the_identity_is_none(self, a: int) -> None:
        assert subtract(base_multiply(scalar(a)), base_multiply(scalar(a))) is None

    def test_random_scalars_are_canonical_and_differ(self) -> None:
        drawn = {Scalar.decode(group.random_scalar().encoded).encoded for _ in range(100)}
        assert len(drawn) == 100

    @given(st.binary(max_size=40), st.binary(max_size=40))
    def test_hashing_separates_messages(self, one: bytes, other: bytes) -> None:
        assert (hash_to_group(one, b"tag") == hash_to_group(other, b"tag")) == (one == other)

    @given(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40))
    def test_hashing_separates_uses(self, one: bytes, other: bytes) -> None:
        assert (hash_to_group(b"message", one) == hash_to_group(b"message", other)) == (one == other)

    @pytest.mark.parametrize("dst", [b"", bytes(256)])
    def test_hashing_refuses_a_tag_out_of_range(self, dst: bytes) -> None:
        with pytest.raises(MalformedInput):
            hash_to_group(b"message", dst)

    @pytest.mark.parametrize("length", [-1, 0, 255 * 64 + 1])
    def test_expanding_refuses_a_length_out_of_range(self, length: int) -> None:
        with pytest.raises(MalformedInput):
            group.expand_message_xmd(b"message", b"tag", length)


class TestForm:
    @pytest.mark.parametrize("size", [0, 1, 31, 33, 63, 64])
    def test_another_size_is_refused(self, size: int) -> None:
        for kind in (Point, Scalar):
            with pytest.raises(MalformedInput):
                kind.decode(b"\x02" * size)

    @pytest.mark.parametrize("wrong", [bytearray(GENERATOR.encoded), memoryview(GENERATOR.encoded), "0" * 32])
    def test_another_type_than_bytes_is_refused(self, wrong: Any) -> None:
        for kind in (Point, Scalar):
            with pytest.raises(MalformedInput):
                kind.decode(wrong)

    @pytest.mark.parametrize("value", [0, ORDER, ORDER + 1, 2 * ORDER, 2**255, 2**256 - 1])
    def test_zero_and_unreduced_scalars_are_refused(self, value: int) -> None:
        with pytest.raises(MalformedInput):
            Scalar.decode(value.to_bytes(32, "little"))

    @pytest.mark.parametrize("value", [1, 2, ORDER - 1])
    def test_the_outermost_scalars_are_accepted(self, value: int) -> None:
        assert Scalar.decode(value.to_bytes(32, "little")).encoded == value.to_bytes(32, "little")

    @given(st.binary(min_size=32, max_size=32))
    def test_what_decodes_is_exactly_what_was_given(self, data: bytes) -> None:
        for kind in (Point, Scalar):
            try:
                decoded = kind.decode(data)
            except MalformedInput:
                continue
            assert decoded.encoded == data

    @given(numbers)
    def test_a_point_made_here_decodes_again(self, a: int) -> None:
        point = base_multiply(scalar(a))
        assert Point.decode(point.encoded) == point

    @pytest.mark.parametrize("secret", [GENERATOR, scalar(ORDER - 2)])
    def test_nothing_is_shown(self, secret: Point | Scalar) -> None:
        for shown in (repr(secret), str(secret), f"{secret}", repr([secret])):
            assert "redacted" in shown
            assert secret.encoded.hex() not in shown
            assert str(secret.encoded)[2:12] not in shown

    def test_a_scalar_cannot_be_hashed_into_a_table(self) -> None:
        with pytest.raises(TypeError):
            hash(scalar(5))
        assert scalar(5) == scalar(5)
        assert scalar(5) != scalar(6)
        assert scalar(5) != scalar(5).encoded

    def test_points_survive_the_road_to_a_worker_process(self) -> None:
        assert pickle.loads(pickle.dumps(GENERATOR)) == GENERATOR  # noqa: S301 - our own bytes


class OtherLibrary:
    """The real library with some functions replaced or gone; an honest stand-in for a wrong installation."""

    def __init__(self, **replaced: Any) -> None:
        self._real = ctypes.CDLL(LIBRARY)
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        if name not in self._replaced:
            return getattr(self._real, name)
        if self._replaced[name] is None:
            raise AttributeError(name)
        return ctypes.CFUNCTYPE(ctypes.c_int)(lambda: self._replaced[name])


class TestLibrary:
    def test_the_self_test_passes_here(self) -> None:
        known_answers.self_test()

    @pytest.mark.parametrize("path", ["libsodium-that-is-absent.so", "/dev/null"])
    def test_an_absent_library_says_what_to_install(self, path: str) -> None:
        with pytest.raises(KeyFault, match="apt-get install libsodium23"):
            Sodium.load(path)

    def test_another_library_is_refused(self) -> None:
        with pytest.raises(KeyFault, match=r"1\.0\.18"):
            Sodium.load("libc.so.6")

    @pytest.mark.parametrize(
        ("replaced", "said"),
        [
            ({"sodium_init": -1}, "initialise"),
            ({"sodium_library_version_major": 9}, "older"),
            ({"sodium_library_version_minor": 2}, "older"),
            ({"crypto_core_ristretto255_bytes": 31}, "sizes"),
            ({"crypto_scalarmult_ristretto255_scalarbytes": 64}, "sizes"),
            ({"crypto_core_ristretto255_from_hash": None}, "from_hash"),
        ],
    )
    def test_a_library_that_does_not_fit_is_refused(self, replaced: dict[str, Any], said: str) -> None:
        with pytest.raises(KeyFault, match=said):
            Sodium(cast("ctypes.CDLL", OtherLibrary(**replaced)))

    def test_the_stand_in_without_replacements_is_accepted(self) -> None:
        assert Sodium(cast("ctypes.CDLL", OtherLibrary())).is_valid_point(GENERATOR.encoded)

    @pytest.mark.parametrize(
        "call",
        [
            lambda: SODIUM.is_valid_point(bytes(31)),
            lambda: SODIUM.from_hash(bytes(63)),
            lambda: SODIUM.add(bytes(33), GENERATOR.encoded),
            lambda: SODIUM.add(GENERATOR.encoded, bytes(33)),
            lambda: SODIUM.subtract(bytes(31), GENERATOR.encoded),
            lambda: SODIUM.subtract(GENERATOR.encoded, bytes(31)),
            lambda: SODIUM.multiply(bytes(31), GENERATOR.encoded),
            lambda: SODIUM.multiply(scalar(1).encoded, bytes(31)),
            lambda: SODIUM.base_multiply(bytes(33)),
            lambda: SODIUM.scalar_multiply(bytes(31), bytes(32)),
            lambda: SODIUM.scalar_multiply(bytes(32), bytes(31)),
            lambda: SODIUM.scalar_reduce(bytes(32)),
        ],
    )
    def test_every_argument_is_measured(self, call: Callable[[], object]) -> None:
        with pytest.raises(MalformedInput, match="exactly"):
            call()

    def test_a_product_that_is_the_identity_is_refused(self) -> None:
        calls: list[Callable[[], bytes]] = [
            lambda: SODIUM.base_multiply(bytes(32)),
            lambda: SODIUM.multiply(bytes(32), GENERATOR.encoded),
            lambda: SODIUM.multiply(scalar(1).encoded, bytes(32)),
        ]
        for call in calls:
            with pytest.raises(MalformedInput, match="refused"):
                call()

    def test_every_error_has_the_one_root(self) -> None:
        assert issubclass(MalformedInput, CryptoError)
        assert issubclass(KeyFault, CryptoError)
