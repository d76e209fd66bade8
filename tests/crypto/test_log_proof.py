"""A proof and a request to a witness have one text, and a proof holds for its own entry only."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput, VerificationFailed
from crypto.log.checkpoint import Checkpoint
from crypto.log.merkle import consistency_proof, inclusion_proof, leaf_hash, root, verify_consistency
from crypto.log.notes import COSIGNATURE, Verifier, add_signatures, cosign, open_note, sign
from crypto.log.proof import LogProof, check
from crypto.log.tiles import grow, hash_reader
from crypto.log.witnessing import REQUEST_BYTES_MAX, AddCheckpoint

LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
LOG = Verifier.of("log.example/een", LOG_KEY)
WITNESS = Verifier.of("witness.example/w1", WITNESS_KEY, COSIGNATURE)
SIZE = 300
ENTRIES = [b"entry %d" % index for index in range(SIZE)]
TILES = grow(0, [leaf_hash(entry) for entry in ENTRIES], lambda _level, _index: b"")
READ = hash_reader(lambda level, index: TILES[level, index], SIZE)


def signed(size: int) -> bytes:
    checkpoint = Checkpoint(LOG.name, size, root(size, READ))
    line = cosign(checkpoint.text, WITNESS.name, WITNESS_KEY, 1_800_000_000)
    return add_signatures(sign(checkpoint.text, LOG.name, LOG_KEY), line)


def proven(index: int, size: int = SIZE) -> LogProof:
    return LogProof(ENTRIES[index], index, inclusion_proof(index, size, READ), signed(size))


ONE = proven(77)
REQUEST = AddCheckpoint(100, consistency_proof(100, SIZE, READ), signed(SIZE))


class TestProof:
    @given(st.integers(1, SIZE), st.data())
    def test_every_entry_has_a_proof_that_is_read_back_and_holds(
        self, size: int, data: st.DataObject
    ) -> None:
        proof = proven(data.draw(st.integers(0, size - 1)), size)
        assert LogProof.read(proof.text) == proof
        opened = check(proof, LOG, [WITNESS], cosignatures_min=1)
        assert opened.checkpoint.size == size

    def test_the_text_is_that_of_the_specification(self) -> None:
        proof = LogProof(b"e", 5, (b"h" * 32,), b"note")
        hashed = b64encode(b"h" * 32).decode()
        assert proof.text.decode() == f"c2sp.org/tlog-proof@v1\nextra ZQ==\nindex 5\n{hashed}\n\nnote"

    def test_a_proof_for_another_entry_or_index_is_refused(self) -> None:
        for other in (
            LogProof(ENTRIES[78], 77, ONE.hashes, ONE.checkpoint),
            LogProof(ONE.entry, 78, ONE.hashes, ONE.checkpoint),
            LogProof(ONE.entry, 77, ONE.hashes[:-1], ONE.checkpoint),
            LogProof(ONE.entry, 77, ONE.hashes, signed(299)),
        ):
            with pytest.raises(VerificationFailed):
                check(other, LOG, [WITNESS])

    def test_a_proof_without_the_witness_is_refused_when_one_is_asked_for(self) -> None:
        alone = LogProof(ONE.entry, 77, ONE.hashes, signed(SIZE).rpartition("— ".encode())[0])
        check(alone, LOG, [WITNESS])
        with pytest.raises(VerificationFailed):
            check(alone, LOG, [WITNESS], cosignatures_min=1)

    @given(st.integers(0, len(ONE.text) * 8 - 1))
    def test_any_flipped_bit_is_refused(self, bit: int) -> None:
        changed = bytearray(ONE.text)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CryptoError):
            check(LogProof.read(bytes(changed)), LOG, [WITNESS], cosignatures_min=1)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("@v1", "@v2"),
            ("extra ", "extra"),
            ("extra ", "Extra "),
            ("index 77", "index 077"),
            ("index 77", "index -77"),
            ("index 77\n", ""),
            ("\n\nlog", "\n\n\nlog"),
            ("\n\nlog", "\nlog"),
            ("\n\nlog", "\n" + b64encode(bytes(31)).decode() + "\n\nlog"),
            ("\n\nlog", ("\n" + b64encode(bytes(32)).decode()) * 63 + "\n\nlog"),
            ("\nindex", "\r\nindex"),
        ],
    )
    def test_another_form_is_refused(self, old: str, new: str) -> None:
        text = ONE.text.decode()
        assert old in text
        with pytest.raises(CryptoError):
            check(LogProof.read(text.replace(old, new, 1).encode()), LOG)

    def test_a_proof_without_its_entry_is_refused(self) -> None:
        lines = ONE.text.decode().split("\n")
        with pytest.raises(MalformedInput):
            LogProof.read("\n".join(lines[:1] + lines[2:]).encode())

    @pytest.mark.parametrize(
        "wrong",
        [
            (b"", 0, ()),
            (bytes(65_536), 0, ()),
            (b"e", -1, ()),
            (b"e", 0, (b"",)),
            (b"e", 0, (bytes(32),) * 64),
        ],
    )
    def test_what_has_no_text_is_no_proof(self, wrong: tuple[bytes, int, tuple[bytes, ...]]) -> None:
        with pytest.raises(MalformedInput):
            LogProof(*wrong, b"note")


class TestRequest:
    @given(st.integers(0, SIZE), st.integers(0, SIZE))
    def test_a_request_is_read_back_and_proves_growth(self, one: int, other: int) -> None:
        old, new = sorted((one, other))
        request = AddCheckpoint(old, consistency_proof(old, new, READ), signed(new))
        found = AddCheckpoint.read(request.body)
        assert found == request
        state = found.checkpoint
        verify_consistency(old, root(old, READ), state.size, state.root, found.hashes)

    def test_the_body_of_the_specification(self) -> None:
        hashed = b64encode(b"h" * 32).decode()
        body = f"old 5\n{hashed}\n{hashed}\n\n".encode() + signed(7)
        assert AddCheckpoint(5, (b"h" * 32,) * 2, signed(7)).body == body

    @given(st.integers(0, len(REQUEST.body) * 8 - 1))
    def test_any_flipped_bit_is_refused(self, bit: int) -> None:
        changed = bytearray(REQUEST.body)
        changed[bit // 8] ^= 1 << bit % 8

        def check_all() -> None:
            found = AddCheckpoint.read(bytes(changed))
            if len(open_note(found.note, [LOG, WITNESS]).signatures) < 2:
                raise VerificationFailed("a name or key id was changed")
            state = found.checkpoint
            verify_consistency(found.old_size, root(100, READ), state.size, state.root, found.hashes)

        with pytest.raises(CryptoError):
            check_all()

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("old 100", "old 0100"),
            ("old 100", "old  100"),
            ("old 100", "100"),
            ("old 100", "old 301"),
            ("old 100\n", "old 100\n" + (b64encode(bytes(32)).decode() + "\n") * 63),
            ("old 100\n", "old 100\nAAAA\n"),
            ("\n\nlog", "\n\n\nlog"),
            ("\n\nlog", "\nlog"),
            ("\n300\n", "\n0300\n"),
        ],
    )
    def test_another_form_is_refused(self, old: str, new: str) -> None:
        text = REQUEST.body.decode()
        assert old in text
        with pytest.raises(MalformedInput):
            AddCheckpoint.read(text.replace(old, new, 1).encode())

    @pytest.mark.parametrize(
        "body", [b"", b"\n", b"\n\n", b"old 1\n\n", b"\xff\n\n", bytes(REQUEST_BYTES_MAX + 1)]
    )
    def test_other_bytes_are_no_request(self, body: bytes) -> None:
        with pytest.raises(MalformedInput):
            AddCheckpoint.read(body)
