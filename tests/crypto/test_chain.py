"""From BSN to pseudonym: equal for one person, unlinkable on the way, closed to every coalition short of all three."""

import json
import traceback
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.chain import Bsn, Ciphertext, HopSecrets, OpeningSecrets, Pseudonym, encrypt, hop, open_item
from crypto.errors import MalformedInput
from crypto.group import (
    Point,
    Scalar,
    add,
    base_multiply,
    hash_to_group,
    multiply,
    random_scalar,
    scalar_multiply,
    subtract,
)

ORDER = 2**252 + 27742317777372353535851937790883648493
VECTORS = json.loads((Path(__file__).parent / "vectors" / "chain_v1.json").read_text(encoding="ascii"))


def passes_eleven_test(digits: str) -> bool:
    a, b, c, d, e, f, g, h, i = map(int, digits)
    return (9 * a + 8 * b + 7 * c + 6 * d + 5 * e + 4 * f + 3 * g + 2 * h - i) % 11 == 0


# The range set apart for testing; nobody has a number in it.
TEST_BSNS = [str(n) for n in range(999900006, 999999991) if passes_eleven_test(str(n))]
test_bsns = st.sampled_from(TEST_BSNS)
positions = st.integers(0, 8)
scalars = st.integers(1, ORDER - 1)


def scalar(value: int) -> Scalar:
    return Scalar((value % ORDER).to_bytes(32, "little"))


@dataclass(frozen=True)
class Parties:
    """The three parties' secrets side by side, as only a test may hold them."""

    a: HopSecrets
    b: HopSecrets
    index: OpeningSecrets

    @property
    def public_index(self) -> Point:
        return base_multiply(self.index.layer)

    @property
    def public_b(self) -> Point:
        return multiply(self.b.layer, self.public_index)

    @property
    def public_a(self) -> Point:
        return multiply(self.a.layer, self.public_b)

    def hops(self, item: Ciphertext) -> tuple[Ciphertext, Ciphertext]:
        after_a = hop(self.a, self.public_b, item, random_scalar())
        return after_a, hop(self.b, self.public_index, after_a, random_scalar())

    def walk(self, person: Point | None) -> Pseudonym | None:
        return open_item(self.index, self.hops(encrypt(person, self.public_a, random_scalar()))[1])


PARTIES = Parties(
    HopSecrets(random_scalar(), random_scalar()),
    HopSecrets(random_scalar(), random_scalar()),
    OpeningSecrets(random_scalar(), random_scalar()),
)


class TestBsn:
    @given(test_bsns)
    def test_an_official_test_number_is_accepted(self, digits: str) -> None:
        assert Bsn.parse(digits).digits == digits

    @given(test_bsns, positions, st.integers(1, 9))
    def test_one_wrong_digit_is_always_refused(self, digits: str, position: int, change: int) -> None:
        changed = str((int(digits[position]) + change) % 10)
        with pytest.raises(MalformedInput):
            Bsn.parse(digits[:position] + changed + digits[position + 1 :])

    @given(test_bsns, st.integers(0, 7))
    def test_two_swapped_neighbours_are_always_refused(self, digits: str, position: int) -> None:
        one, other = digits[position], digits[position + 1]
        if one != other and position != 7:
            with pytest.raises(MalformedInput):
                Bsn.parse(digits[:position] + other + one + digits[position + 2 :])

    @given(test_bsns)
    def test_other_ways_of_writing_it_are_refused(self, digits: str) -> None:
        arabic = digits.translate({ord("0") + n: 0x660 + n for n in range(10)})
        full_width = digits.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
        superscript = digits[:-1] + "\u00b2"
        spaced = [
            f" {digits}",
            f"{digits} ",
            f"{digits}\n",
            f"{digits[:4]} {digits[4:]}",
            f"{digits[:3]}.{digits[3:]}",
        ]
        longer = [
            f"0{digits}",
            f"{digits}0",
            f"+{digits}",
            f"{digits[:8]}_",
            f"-{digits[1:]}",
            digits[1:],
            digits[:-1],
        ]
        for text in ["", arabic, full_width, superscript, *spaced, *longer]:
            with pytest.raises(MalformedInput):
                Bsn.parse(text)

    def test_eight_digits_are_not_padded(self) -> None:
        lowest = next(n for n in range(10_000_000, 10_000_100) if passes_eleven_test(f"{n:09d}"))
        assert Bsn.parse(f"{lowest:09d}").digits.startswith("0")
        with pytest.raises(MalformedInput):
            Bsn.parse(str(lowest))

    def test_numbers_of_seven_digits_and_less_are_not_given_out(self) -> None:
        below = [f"{n:09d}" for n in (0, *range(9_999_900, 10_000_000)) if passes_eleven_test(f"{n:09d}")]
        assert len(below) > 5
        for digits in below:
            with pytest.raises(MalformedInput):
                Bsn.parse(digits)

    @given(test_bsns, positions)
    def test_a_refusal_never_repeats_the_input(self, digits: str, position: int) -> None:
        changed = digits[:position] + str((int(digits[position]) + 1) % 10) + digits[position + 1 :]
        with pytest.raises(MalformedInput) as caught:
            Bsn.parse(changed)
        told = "".join(traceback.format_exception(caught.value))
        assert changed not in told
        assert changed not in repr(caught.value.args)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    @given(test_bsns)
    def test_it_never_shows_its_digits(self, digits: str) -> None:
        bsn = Bsn.parse(digits)
        for shown in (
            repr(bsn),
            str(bsn),
            f"{bsn}",
            f"{bsn!s:>30}",
            repr({"bsn": [bsn]}),
            repr(bsn.person_point()),
        ):
            assert not any(part in shown for part in (digits, digits[:5], digits[4:]))

    @given(test_bsns, test_bsns)
    def test_equality_and_hash_follow_the_digits(self, one: str, other: str) -> None:
        assert (Bsn.parse(one) == Bsn.parse(other)) == (one == other)
        assert len({Bsn.parse(one), Bsn.parse(one), Bsn.parse(other)}) == (1 if one == other else 2)

    def test_the_point_of_a_person_is_pinned(self) -> None:
        for digits, expected in VECTORS["person_points"].items():
            assert Bsn.parse(digits).person_point().encoded.hex() == expected

    def test_the_point_of_a_person_is_the_hash_of_the_labelled_number(self) -> None:
        suite = b"SIGNAL-INDEX-V01-CS01-with-ristretto255_XMD:SHA-512_R255MAP_RO_"
        assert Bsn.parse("999990019").person_point() == hash_to_group(b"nl-bsn:999990019", suite)


class TestIndependentComputation:
    """Another implementation of the group walked the same steps with the same numbers."""

    keys = {name: Scalar(bytes.fromhex(encoded)) for name, encoded in VECTORS["scalars"].items()}  # noqa: RUF012
    parties = Parties(
        HopSecrets(keys["factor_a"], keys["layer_a"]),
        HopSecrets(keys["factor_b"], keys["layer_b"]),
        OpeningSecrets(keys["layer_index"], keys["closing"]),
    )

    def test_public_keys(self) -> None:
        found = {"index": self.parties.public_index, "b": self.parties.public_b, "a": self.parties.public_a}
        assert {name: key.encoded.hex() for name, key in found.items()} == VECTORS["public"]

    @pytest.mark.parametrize("walk", VECTORS["walks"])
    def test_every_step(self, walk: dict[str, Any]) -> None:
        person = Bsn.parse(walk["bsn"]).person_point() if walk["bsn"] else None
        parties, keys = self.parties, self.keys
        encrypted = encrypt(person, parties.public_a, keys["randomness_publisher"])
        after_a = hop(parties.a, parties.public_b, encrypted, keys["randomness_a"])
        after_b = hop(parties.b, parties.public_index, after_a, keys["randomness_b"])
        pseudonym = open_item(parties.index, after_b)
        assert encrypted.encode().hex() == walk["encrypted"]
        assert after_a.encode().hex() == walk["after_a"]
        assert after_b.encode().hex() == walk["after_b"]
        assert (pseudonym.encoded.hex() if pseudonym else None) == walk["pseudonym"]


class TestWalk:
    @given(test_bsns)
    def test_one_person_has_one_pseudonym_whoever_publishes(self, digits: str) -> None:
        person = Bsn.parse(digits).person_point()
        factor = scalar_multiply(scalar_multiply(PARTIES.a.factor, PARTIES.b.factor), PARTIES.index.closing)
        expected = Pseudonym(multiply(factor, person).encoded)
        assert PARTIES.walk(person) == PARTIES.walk(person) == expected

    @given(scalars, scalars, scalars, scalars, scalars, scalars, scalars)
    @settings(max_examples=50)
    def test_the_pseudonym_is_the_product_of_the_three_factors(
        self, person: int, s_a: int, s_b: int, closing: int, t_a: int, t_b: int, t_i: int
    ) -> None:
        parties = Parties(
            HopSecrets(scalar(s_a), scalar(t_a)),
            HopSecrets(scalar(s_b), scalar(t_b)),
            OpeningSecrets(scalar(t_i), scalar(closing)),
        )
        expected = Pseudonym(base_multiply(scalar(person * s_a * s_b * closing)).encoded)
        assert parties.walk(base_multiply(scalar(person))) == expected

    @given(test_bsns, test_bsns)
    def test_two_persons_have_two_pseudonyms(self, one: str, other: str) -> None:
        pseudonyms = [PARTIES.walk(Bsn.parse(digits).person_point()) for digits in (one, other)]
        assert (pseudonyms[0] == pseudonyms[1]) == (one == other)

    @given(test_bsns | st.none())
    def test_everything_that_travels_is_fresh_in_both_components(self, digits: str | None) -> None:
        person = Bsn.parse(digits).person_point() if digits else None
        seen = []
        for _ in range(2):
            item = encrypt(person, PARTIES.public_a, random_scalar())
            seen += [item, *PARTIES.hops(item), *PARTIES.hops(item)]
        components = [part.encoded for item in seen for part in (item.b, item.c)]
        assert len(set(components)) == len(components) == 20

    def test_the_identity_element_comes_out_as_none(self) -> None:
        assert [PARTIES.walk(None) for _ in range(20)] == [None] * 20

    @given(test_bsns)
    def test_only_all_three_layers_together_open_what_a_publisher_sent(self, digits: str) -> None:
        person = Bsn.parse(digits).person_point()
        item = encrypt(person, PARTIES.public_a, random_scalar())
        layers = (PARTIES.a.layer, PARTIES.b.layer, PARTIES.index.layer)
        for size in range(1, 4):
            for coalition in combinations(layers, size):
                assert (strip(item, *coalition) == person) == (size == 3)
        assert item.c != person

    @given(test_bsns)
    def test_b_and_the_index_together_see_only_what_a_has_multiplied(self, digits: str) -> None:
        person = Bsn.parse(digits).person_point()
        after_a, after_b = PARTIES.hops(encrypt(person, PARTIES.public_a, random_scalar()))
        seen = strip(after_a, PARTIES.b.layer, PARTIES.index.layer)
        assert seen == multiply(PARTIES.a.factor, person) != person
        assert strip(after_a, PARTIES.b.layer) != seen
        assert strip(after_b, PARTIES.index.layer) not in (seen, person)

    @given(test_bsns)
    def test_a_and_b_together_see_no_pseudonym(self, digits: str) -> None:
        person = Bsn.parse(digits).person_point()
        pseudonym = PARTIES.walk(person)
        both = multiply(scalar_multiply(PARTIES.a.factor, PARTIES.b.factor), person)
        assert pseudonym is not None
        assert pseudonym.encoded != both.encoded

    @given(test_bsns)
    def test_hops_in_the_wrong_order_or_left_out_give_another_result(self, digits: str) -> None:
        person = Bsn.parse(digits).person_point()
        right = PARTIES.walk(person)
        item = encrypt(person, PARTIES.public_a, random_scalar())
        skipped = open_item(PARTIES.index, hop(PARTIES.b, PARTIES.public_index, item, random_scalar()))
        through_b = hop(PARTIES.b, PARTIES.public_b, item, random_scalar())
        turned = hop(PARTIES.a, PARTIES.public_index, through_b, random_scalar())
        assert right not in (skipped, open_item(PARTIES.index, turned))


def strip(item: Ciphertext, *layers: Scalar) -> Point | None:
    mask = item.b
    for layer in layers:
        mask = multiply(layer, mask)
    return subtract(item.c, mask)


class TestCiphertext:
    def test_it_survives_its_encoding(self) -> None:
        item = encrypt(None, PARTIES.public_a, random_scalar())
        assert len(item.encode()) == 64
        assert Ciphertext.decode(item.encode()) == item

    @pytest.mark.parametrize("size", [0, 32, 63, 65, 128])
    def test_another_size_is_refused(self, size: int) -> None:
        with pytest.raises(MalformedInput):
            Ciphertext.decode((encrypt(None, PARTIES.public_a, random_scalar()).encode() * 2)[:size])

    def test_a_sender_without_randomness_is_refused(self) -> None:
        person = Bsn.parse("999990019").person_point()
        for data in (bytes(32) + person.encoded, person.encoded + bytes(32), bytes(64)):
            with pytest.raises(MalformedInput):
                Ciphertext.decode(data)

    def test_a_component_that_is_not_canonical_is_refused(self) -> None:
        good = PARTIES.public_a.encoded
        bad = bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
        for data in (bad + good, good + bad):
            with pytest.raises(MalformedInput):
                Ciphertext.decode(data)

    @given(scalars, scalars, scalars, scalars)
    def test_a_hop_never_passes_on_an_identity_component(self, s: int, t: int, x: int, y: int) -> None:
        secrets, generator = HopSecrets(scalar(s), scalar(t)), base_multiply(scalar(1))
        item = Ciphertext(base_multiply(scalar(x)), base_multiply(scalar(y)))
        for cancelling in (-s * t * x, -s * y):
            with pytest.raises(MalformedInput):
                hop(secrets, generator, item, scalar(cancelling))

    @given(scalars, scalars)
    def test_encrypting_never_makes_an_identity_component(self, key: int, randomness: int) -> None:
        person = base_multiply(scalar(-key * randomness))
        with pytest.raises(MalformedInput):
            encrypt(person, base_multiply(scalar(key)), scalar(randomness))

    def test_nothing_secret_or_personal_is_shown(self) -> None:
        pseudonym = PARTIES.walk(Bsn.parse("999990019").person_point())
        assert pseudonym is not None
        hidden = [
            pseudonym.encoded,
            PARTIES.a.factor.encoded,
            PARTIES.a.layer.encoded,
            PARTIES.a.combined.encoded,
        ]
        hidden += [PARTIES.index.layer.encoded, PARTIES.index.closing.encoded]
        item = encrypt(None, PARTIES.public_a, random_scalar())
        shown = f"{pseudonym} {pseudonym!r} {PARTIES.a} {PARTIES.index!r} {item}"
        for secret in hidden:
            assert secret.hex() not in shown
            assert repr(secret) not in shown

    @pytest.mark.parametrize("size", [0, 31, 33])
    def test_a_pseudonym_has_one_size(self, size: int) -> None:
        with pytest.raises(MalformedInput):
            Pseudonym(bytes(size))

    def test_secrets_of_a_hop_hold_the_product(self) -> None:
        secrets = HopSecrets(scalar(6), scalar(7))
        assert secrets.combined == scalar(42)
        assert secrets == HopSecrets(scalar(6), scalar(7))
        assert add(base_multiply(secrets.factor), base_multiply(secrets.layer)) == base_multiply(scalar(13))
