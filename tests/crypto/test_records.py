"""A change, a gap or another order in a writer's audit chain shows, and says where it begins."""

import hashlib
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import records
from crypto.encoding import encode
from crypto.errors import MalformedInput, VerificationFailed
from crypto.records import EMPTY, GENESIS, ChainHead, Places, commitment, link, verify_chain

WRITER = b"writer one"
Entry = tuple[int, bytes, bytes]
Place = tuple[bytes, int]

leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=8, unique=True)
hashes = st.binary(min_size=32, max_size=32)
places = st.tuples(st.sampled_from([b"one", b"two"]), st.integers(1, 6))


def chained(chain_leaves: list[bytes], writer: bytes = WRITER) -> list[Entry]:
    entries: list[Entry] = []
    previous = GENESIS
    for number, entry_leaf in enumerate(chain_leaves, start=1):
        previous = link(previous, writer, number, entry_leaf)
        entries.append((number, entry_leaf, previous))
    return entries


FIVE = chained([commitment(bytes(16), str(n).encode()) for n in range(5)])


class TestCommitmentAndLink:
    def test_the_commitment_is_pinned(self) -> None:
        inner = hashlib.sha256(encode("audit-body", bytes(16), b"body")).digest()
        assert commitment(bytes(16), b"body") == hashlib.sha256(b"\x00" + inner).digest()

    def test_the_link_is_pinned(self) -> None:
        expected = hashlib.sha256(encode("audit-link", GENESIS, WRITER, 1, b"l" * 32)).digest()
        assert link(GENESIS, WRITER, 1, b"l" * 32) == expected

    def test_the_first_link_follows_on_zeros(self) -> None:
        assert bytes(32) == GENESIS
        assert ChainHead(0, GENESIS) == EMPTY

    @given(st.binary(min_size=16, max_size=24), st.binary(max_size=8), st.binary(min_size=16, max_size=24))
    def test_another_salt_hides_an_equal_body(self, salt: bytes, body: bytes, other: bytes) -> None:
        assert (commitment(salt, body) == commitment(other, body)) == (salt == other)

    def test_salt_and_body_do_not_run_into_each_other(self) -> None:
        assert commitment(b"s" * 16 + b"b", b"ody") != commitment(b"s" * 16, b"body")

    def test_a_short_salt_is_refused(self) -> None:
        with pytest.raises(MalformedInput):
            commitment(bytes(15), b"body")

    @pytest.mark.parametrize(
        ("previous", "number", "entry_leaf"),
        [
            (bytes(31), 1, bytes(32)),
            (bytes(32), 0, bytes(32)),
            (bytes(32), -1, bytes(32)),
            (bytes(32), 1, bytes(33)),
        ],
    )
    def test_a_link_of_wrong_parts_is_refused(self, previous: bytes, number: int, entry_leaf: bytes) -> None:
        with pytest.raises(MalformedInput):
            link(previous, WRITER, number, entry_leaf)


class TestEntry:
    def test_the_entry_is_pinned(self) -> None:
        assert records.entry(WRITER, 7, b"c" * 32) == encode("audit-entry", WRITER, 7, b"c" * 32)

    @given(st.binary(min_size=1, max_size=16), st.integers(1, 2**64 - 1), hashes)
    def test_what_was_written_is_read_back(self, writer: bytes, number: int, fixed: bytes) -> None:
        found = records.read_entry(records.entry(writer, number, fixed))
        assert found == records.Entry(writer, number, fixed)

    @pytest.mark.parametrize(
        "parts", [(b"", 1, bytes(32)), (WRITER, 0, bytes(32)), (WRITER, 1, bytes(31)), (WRITER, 1, bytes(33))]
    )
    def test_an_entry_of_wrong_parts_is_neither_written_nor_read(
        self, parts: tuple[bytes, int, bytes]
    ) -> None:
        with pytest.raises(MalformedInput):
            records.entry(*parts)
        with pytest.raises(MalformedInput):
            records.read_entry(encode("audit-entry", *parts))

    @pytest.mark.parametrize("other", [b"", encode("audit-link", WRITER, 1, bytes(32))])
    def test_other_bytes_are_no_entry(self, other: bytes) -> None:
        with pytest.raises(MalformedInput):
            records.read_entry(other)


class TestPlaces:
    def test_the_digest_is_pinned(self) -> None:
        one, two = (
            int.from_bytes(hashlib.sha512(encode("erased", WRITER, n)).digest(), "big") for n in (1, 2)
        )
        assert Places.of([(WRITER, 1), (WRITER, 2)]) == Places(2, (one + two) % 2**512)
        assert Places.of([(WRITER, 1)]).digest == hashlib.sha512(encode("erased", WRITER, 1)).hexdigest()
        assert Places().digest == "0" * 128

    @given(st.lists(places, max_size=12), st.randoms(), st.integers(0, 12))
    def test_neither_order_nor_pieces_matter(self, some: list[Place], order: Random, cut: int) -> None:
        mixed = order.sample(some, len(some))
        assert Places.of(mixed) == Places.of(some[:cut]) + Places.of(some[cut:])

    @given(st.frozensets(places, max_size=8), st.frozensets(places, max_size=8))
    def test_any_other_set_gives_another_digest(self, one: set[Place], other: set[Place]) -> None:
        assert (Places.of(one).digest == Places.of(other).digest) == (one == other)

    @given(st.lists(places, max_size=8))
    def test_what_was_written_is_read_back(self, some: list[Place]) -> None:
        found = Places.of(some)
        assert Places.read(found.count, found.digest) == found

    @pytest.mark.parametrize(
        ("count", "digest"),
        [(0, ""), (1, "0" * 127), (1, "0" * 129), (1, "A" * 128), (1, "0" * 128 + "\n"), (-1, "0" * 128)],
    )
    def test_other_text_is_no_digest(self, count: int, digest: str) -> None:
        with pytest.raises(MalformedInput):
            Places.read(count, digest)


class TestVerify:
    @given(leaves)
    def test_a_whole_chain_holds(self, chain_leaves: list[bytes]) -> None:
        entries = chained(chain_leaves)
        assert verify_chain(WRITER, iter(entries)) == ChainHead(len(entries), entries[-1][2])

    def test_an_empty_chain_holds(self) -> None:
        assert verify_chain(WRITER, []) == EMPTY

    @given(leaves, st.data())
    def test_checking_in_pieces_is_checking_the_whole(
        self, chain_leaves: list[bytes], data: st.DataObject
    ) -> None:
        entries = chained(chain_leaves)
        cut = data.draw(st.integers(0, len(entries)))
        middle = verify_chain(WRITER, entries[:cut])
        assert verify_chain(WRITER, entries[cut:], after=middle) == verify_chain(WRITER, entries)

    @given(leaves, hashes, st.sampled_from(["leaf", "link"]), st.data())
    def test_a_changed_entry_is_named(
        self, chain_leaves: list[bytes], other: bytes, part: str, data: st.DataObject
    ) -> None:
        entries = chained(chain_leaves)
        at = data.draw(st.integers(0, len(entries) - 1))
        number, old_leaf, old_link = entries[at]
        changed = (number, other, old_link) if part == "leaf" else (number, old_leaf, other)
        if changed != entries[at]:
            with pytest.raises(VerificationFailed, match=rf"number {at + 1}$"):
                verify_chain(WRITER, [*entries[:at], changed, *entries[at + 1 :]])

    @pytest.mark.parametrize("missing", range(4))
    def test_a_removed_entry_is_named(self, missing: int) -> None:
        with pytest.raises(VerificationFailed, match=rf"number {missing + 1}$"):
            verify_chain(WRITER, FIVE[:missing] + FIVE[missing + 1 :])

    def test_every_other_order_is_refused(self) -> None:
        for order in permutations(FIVE):
            if list(order) != FIVE:
                with pytest.raises(VerificationFailed):
                    verify_chain(WRITER, order)

    @pytest.mark.parametrize("at", range(5))
    def test_a_repeated_entry_is_refused(self, at: int) -> None:
        with pytest.raises(VerificationFailed, match=rf"number {at + 2}$"):
            verify_chain(WRITER, [*FIVE[: at + 1], *FIVE[at:]])

    def test_renumbering_after_a_removal_is_noticed(self) -> None:
        renumbered = [(n, kept[1], kept[2]) for n, kept in enumerate([*FIVE[:2], *FIVE[3:]], start=1)]
        with pytest.raises(VerificationFailed, match=r"number 3$"):
            verify_chain(WRITER, renumbered)

    def test_a_gap_is_noticed_even_when_the_links_were_made_to_fit(self) -> None:
        head = verify_chain(WRITER, FIVE[:2])
        forged = (4, FIVE[3][1], link(head.link, WRITER, 4, FIVE[3][1]))
        with pytest.raises(VerificationFailed, match=r"number 3$"):
            verify_chain(WRITER, [forged], after=head)

    def test_a_chain_of_another_writer_is_refused(self) -> None:
        with pytest.raises(VerificationFailed, match=r"number 1$"):
            verify_chain(b"writer two", FIVE)

    def test_a_chain_rebuilt_from_the_change_on_does_not_fit_a_later_head(self) -> None:
        forged = chained([b"f" * 32, *(entry[1] for entry in FIVE[1:])])
        assert verify_chain(WRITER, forged) != verify_chain(WRITER, FIVE)

    @pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33)])
    def test_hashes_of_another_size_are_refused(self, wrong: bytes) -> None:
        for entry in ((1, wrong, FIVE[0][2]), (1, FIVE[0][1], wrong)):
            with pytest.raises(VerificationFailed, match=r"number 1$"):
                verify_chain(WRITER, [entry])
