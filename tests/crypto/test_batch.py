"""The batch format: what is signed stays whole, what is sealed stays bound, and what a hop did is checked."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.batch import (
    ITEMS_MAX,
    Batch,
    BatchClass,
    Header,
    Hop,
    Person,
    apply_hop,
    compose,
    max_bytes,
    open_batch,
    steps,
    verify_hop,
    verify_origin,
    verify_publisher,
)
from crypto.chain import Bsn, Canary, Pseudonym, close, encrypt, hops, origin
from crypto.chain.hops import PROOF_BYTES
from crypto.encoding import Month, decode, encode
from crypto.errors import BatchRefused, CryptoError, KeyFault, MalformedInput, VerificationFailed
from crypto.group import random_scalar
from crypto.inquiry import Inquiry
from crypto.keyfiles import HpkePublicKey, IndexSecrets, PseudonymiserSecrets, PublisherSecrets
from crypto.sheet import (
    BeperkingOperation,
    BeperkingRow,
    ProefOperation,
    ProefRow,
    SignaalOperation,
    SignaalRow,
    ZorgrelatieOperation,
    ZorgrelatieRow,
)
from tests.support.keys import agreed

TODAY = date(2026, 11, 22)
PEOPLE = [Bsn.parse(digits) for digits in ("999900006", "999990019", "999999990")]
INDEX = IndexSecrets.generate("demo", 1, created=TODAY)
B = PseudonymiserSecrets.generate("B", INDEX.public(), created=TODAY)
A = PseudonymiserSecrets.generate("A", B.public(), created=TODAY)
MANIFEST = agreed(INDEX, B, A)
OTHER_B = PseudonymiserSecrets.generate("B", INDEX.public(), created=TODAY)
OTHER_A = PseudonymiserSecrets.generate("A", OTHER_B.public(), created=TODAY)
PUBLISHER = PublisherSecrets.generate("00000001003214345000", created=TODAY)
HEADER = Header(
    audience="index:demo",
    scope="demo",
    key_epoch=1,
    publisher=PUBLISHER.publisher,
    batch_class=BatchClass.SIGNAAL,
    incarnation=bytes(range(16)),
    sequence=1,
    n=5,
    composed_at=1_795_348_800,
)
FILLER = SignaalRow(SignaalOperation.FILLER).encode()


def asserting(number: int) -> bytes:
    return SignaalRow(
        SignaalOperation.ASSERT, source=f"bron-{number}", type="wmo", since=Month(2026, 4), generation=1
    ).encode()


ITEMS: list[tuple[Person | None, bytes]] = [
    (PEOPLE[0], asserting(0)),
    (PEOPLE[1], asserting(1)),
    (PEOPLE[2], asserting(2)),
    (None, SignaalRow(SignaalOperation.OPEN_SET, source="bron-0", type="wmo", generation=1).encode()),
    (None, FILLER),
]


def composed(items: Sequence[tuple[Person | None, bytes]] = ITEMS, **changes: Any) -> Batch:
    header = replace(HEADER, n=len(items), **changes)
    return compose(header, items, MANIFEST, PUBLISHER.signing)


def sent(batch: Batch) -> Batch:
    """The batch after both hops."""
    return apply_hop(apply_hop(batch, A, MANIFEST), B, MANIFEST)


def by_row(opened: Sequence[tuple[Pseudonym | None, bytes]]) -> dict[bytes, Pseudonym | None]:
    return {row: person for person, row in opened}


def forged(rows: Sequence[tuple[Bsn | None, bytes]], **changes: Any) -> Batch:
    """A batch of a publisher that does not check its own rows, in the order given."""
    header = replace(HEADER, n=len(rows), **changes)
    points = (None if person is None else person.person_point() for person, _ in rows)
    randomness = [random_scalar() for _ in rows]
    made = [encrypt(point, MANIFEST.a.layer, r) for point, r in zip(points, randomness, strict=True)]
    c0 = b"".join(item.encode() for item in made)
    batch = resealed(header, c0, b"".join(row for _, row in rows))
    return replace(batch, origin=origin.prove(hops.column(c0, 0), randomness, batch.digest))


def resealed(header: Header, c0: bytes, rows: bytes) -> Batch:
    sheet = steps._seal_sheet(header, c0, rows, MANIFEST)
    return resigned(header, c0, sheet)


def resigned(header: Header, c0: bytes, sheet: bytes) -> Batch:
    """A batch with these parts, signed; not proven to be the publisher's own making."""
    digest = steps._digest(header, c0, sheet)
    signature = PUBLISHER.signing.sign(steps._publisher_words(digest))
    return Batch(header, c0, sheet, digest, signature, bytes(origin.PROOF_BYTES))


def receive(wire: bytes) -> list[tuple[Pseudonym | None, bytes]]:
    """Everything the index does before it looks at a row."""
    batch = Batch.decode(wire, max_bytes(HEADER.n))
    verify_publisher(batch, PUBLISHER.public().verify_key)
    verify_origin(batch)
    verify_hop(batch, 0, MANIFEST)
    verify_hop(batch, 1, MANIFEST)
    return open_batch(batch, INDEX)


def refused_rows(batch: Batch) -> tuple[str, tuple[tuple[int, str], ...]]:
    with pytest.raises(BatchRefused) as refused:
        open_batch(sent(batch), INDEX)
    return refused.value.reason, refused.value.rows


def test_rows_come_out_with_their_own_persons() -> None:
    first, second = by_row(receive(sent(composed()).encode())), by_row(receive(sent(composed()).encode()))
    assert first == second
    assert set(first) == {row for _, row in ITEMS}
    pseudonyms = [first[row] for person, row in ITEMS if person is not None]
    assert len(set(pseudonyms)) == 3
    assert all(pseudonym is not None for pseudonym in pseudonyms)
    assert [first[row] for person, row in ITEMS if person is None] == [None, None]


def test_no_two_ciphertexts_are_equal_within_or_between_batches_and_hops() -> None:
    several: list[tuple[Bsn | None, bytes]] = [(PEOPLE[0], asserting(0))] * 3 + [(None, FILLER)] * 2
    seen = []
    for batch in (sent(composed(several)), sent(composed(several))):
        for items in (batch.c0, *(hop.items for hop in batch.hops)):
            seen += [items[start : start + 32] for start in range(0, len(items), 32)]
    assert len(set(seen)) == len(seen) == 2 * 3 * 5 * 2


def test_rows_keep_the_order_they_were_given_in() -> None:
    items: list[tuple[Bsn | None, bytes]] = [(PEOPLE[0], asserting(n)) for n in range(32)]
    assert [row for _, row in open_batch(sent(composed(items)), INDEX)] == [row for _, row in items]


def test_every_class_with_rows_passes() -> None:
    relation = ZorgrelatieRow(ZorgrelatieOperation.OPEN_SET, generation=1).encode()
    restriction = BeperkingRow(BeperkingOperation.OPEN_SET, generation=1).encode()
    for batch_class, row in ((BatchClass.ZORGRELATIE, relation), (BatchClass.BEPERKING, restriction)):
        assert open_batch(sent(composed([(None, row)], batch_class=batch_class)), INDEX) == [(None, row)]


def test_a_batch_comes_back_from_its_wire_bytes_at_every_stage() -> None:
    batch = composed()
    for stage in (batch, apply_hop(batch, A, MANIFEST), sent(batch)):
        assert Batch.decode(stage.encode(), max_bytes(5)) == stage


texts = st.text("abcXYZ019._:@-", min_size=1, max_size=64).filter(
    lambda text: ":" not in text and "@" not in text
)
numbers = st.integers(0, 2**63 - 1)


@given(
    st.builds(
        Header,
        audience=texts,
        scope=texts,
        key_epoch=numbers,
        publisher=st.text("0123456789", min_size=20, max_size=20),
        batch_class=st.sampled_from(BatchClass),
        incarnation=st.binary(min_size=16, max_size=16),
        sequence=numbers.filter(bool),
        n=st.integers(1, ITEMS_MAX),
        composed_at=numbers,
    )
)
def test_a_header_comes_back_as_it_was_encoded(header: Header) -> None:
    assert Header.decode(header.encode()) == header


@pytest.mark.parametrize(
    "change",
    [
        {"audience": ""}, {"audience": "a b"}, {"audience": "x" * 129}, {"scope": "a/b"}, {"scope": ""},
        {"key_epoch": -1}, {"key_epoch": 2**63}, {"publisher": "1" * 19}, {"incarnation": bytes(15)},
        {"sequence": 0}, {"sequence": 2**63}, {"n": 0}, {"n": ITEMS_MAX + 1}, {"composed_at": -1},
    ],
    ids=str,
)  # fmt: skip
def test_a_header_field_outside_its_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput, match="header"):
        replace(HEADER, **change)


def test_the_largest_numbers_and_longest_names_still_fit_a_header() -> None:
    edge: dict[str, Any] = {"key_epoch": 2**63 - 1, "sequence": 2**63 - 1, "composed_at": 2**63 - 1}
    header = replace(HEADER, audience="x" * 128, scope="s" * 64, n=ITEMS_MAX, **edge)
    assert Header.decode(header.encode()) == header
    assert replace(HEADER, key_epoch=0, composed_at=0, n=1).n == 1


@pytest.mark.parametrize(
    ("field", "value"), [(0, 1), (0, 3), (2, b"\xff"), (5, b"rekening"), (5, b"\xff"), (8, b"5")]
)
def test_a_header_of_another_version_or_form_is_not_read(field: int, value: int | bytes) -> None:
    fields: list[Any] = list(decode("batch-header", HEADER.encode(), 10))
    fields[field] = value
    with pytest.raises(MalformedInput):
        Header.decode(encode("batch-header", *fields))


def test_a_bit_changed_anywhere_is_refused() -> None:
    wire = sent(composed()).encode()
    assert len(receive(wire)) == HEADER.n
    for position in range(len(wire)):
        changed = bytearray(wire)
        changed[position] ^= 1 << position % 8
        with pytest.raises(CryptoError):
            receive(bytes(changed))


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=64))
def test_bytes_replaced_anywhere_are_refused(position: int, piece: bytes) -> None:
    start = position % len(WIRE)
    changed = (WIRE[:start] + piece + WIRE[start + len(piece) :])[: max(len(WIRE), start + len(piece))]
    if changed != WIRE:
        with pytest.raises(CryptoError):
            receive(changed)


@given(st.integers(0, 10**6))
def test_a_cut_or_lengthened_batch_is_malformed(length: int) -> None:
    for changed in (WIRE[: length % len(WIRE)], WIRE + bytes(1 + length % 9)):
        with pytest.raises(MalformedInput):
            Batch.decode(changed, 2 * len(WIRE))


@given(st.binary(max_size=500))
def test_random_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        Batch.decode(data, 1000)


def test_a_batch_over_the_limit_is_refused_and_every_batch_fits_its_own() -> None:
    with pytest.raises(MalformedInput, match="larger"):
        Batch.decode(WIRE, len(WIRE) - 1)
    assert Batch.decode(WIRE, len(WIRE)) == SENT
    for batch_class, width in (
        (BatchClass.SIGNAAL, 128),
        (BatchClass.ZORGRELATIE, 256),
        (BatchClass.BEPERKING, 64),
    ):
        for n in (1, ITEMS_MAX):
            header = replace(HEADER, batch_class=batch_class, n=n, audience="x" * 128, scope="s" * 64)
            items, signature = bytes(64 * n), bytes(64)
            hop = Hop(items, bytes(PROOF_BYTES), signature)
            batch = Batch(header, items, bytes(1136 + n * width), bytes(64), signature, bytes(64), (hop, hop))
            assert len(batch.encode()) <= max_bytes(n)


SHAPES: list[tuple[str, Callable[[Batch], dict[str, Any]]]] = [
    ("an item missing", lambda b: {"c0": b.c0[64:]}),
    ("an item too many", lambda b: {"c0": b.c0 + b.c0[:64]}),
    ("half an item", lambda b: {"c0": b.c0[32:]}),
    ("n of another number", lambda b: {"header": replace(b.header, n=4)}),
    ("sheet a byte short", lambda b: {"sheet": b.sheet[1:]}),
    ("sheet a row too long", lambda b: {"sheet": b.sheet + bytes(128)}),
    ("sheet of another class", lambda b: {"header": replace(b.header, batch_class=BatchClass.BEPERKING)}),
    ("digest too short", lambda b: {"digest": b.digest[1:]}),
    ("signature too long", lambda b: {"signature": b.signature + b"\0"}),
    ("hop with an item missing", lambda b: {"hops": (replace(b.hops[0], items=b.c0[64:]), b.hops[1])}),
    ("hop signature too short", lambda b: {"hops": (replace(b.hops[0], signature=b""), b.hops[1])}),
    ("a proof before there are any", lambda b: {"hops": (replace(b.hops[0], proof=b"\0"), b.hops[1])}),
    ("a third hop", lambda b: {"hops": (*b.hops, b.hops[1])}),
]


@pytest.mark.parametrize("change", [s[1] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_parts_that_cannot_belong_together_are_malformed(change: Callable[[Batch], dict[str, Any]]) -> None:
    with pytest.raises(MalformedInput):
        replace(SENT, **change(SENT))


def test_a_hop_of_b_without_one_of_a_is_malformed() -> None:
    parts = list(decode("batch", WIRE, 8))
    parts[6] = b""
    with pytest.raises(MalformedInput, match="A's is not"):
        Batch.decode(encode("batch", *parts), len(WIRE))


@pytest.mark.parametrize("part", ["header", "c0", "sheet", "digest", "signature"])
def test_the_publishers_signature_covers_every_part(part: str) -> None:
    other = composed(sequence=2)
    verify_publisher(SENT, PUBLISHER.public().verify_key)
    verify_publisher(other, PUBLISHER.public().verify_key)
    with pytest.raises(VerificationFailed):
        verify_publisher(replace(SENT, **{part: getattr(other, part)}), PUBLISHER.public().verify_key)


def test_a_sheet_cannot_move_to_other_ciphertexts_or_another_header() -> None:
    other = composed()
    for header, c0 in ((HEADER, other.c0), (replace(HEADER, sequence=2), SENT.c0)):
        moved = resigned(header, c0, SENT.sheet)
        verify_publisher(moved, PUBLISHER.public().verify_key)
        with pytest.raises(VerificationFailed, match="sheet"):
            open_batch(sent(moved), INDEX)


def test_a_batch_of_another_publisher_index_or_pseudonymiser_is_refused() -> None:
    stranger = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(VerificationFailed):
        verify_publisher(SENT, stranger)
    another_a = PseudonymiserSecrets.generate("A", B.public(), created=TODAY)
    for index, strange in ((0, agreed(INDEX, B, another_a)), (1, agreed(INDEX, OTHER_B, OTHER_A))):
        with pytest.raises(VerificationFailed, match="signature"):
            verify_hop(SENT, index, strange)
    with pytest.raises(VerificationFailed, match="sheet"):
        open_batch(SENT, IndexSecrets.generate("demo", 1, created=TODAY))


def test_a_hop_cannot_move_to_another_batch() -> None:
    other = sent(composed())
    for index in (0, 1):
        verify_hop(other, index, MANIFEST)
        with pytest.raises(VerificationFailed):
            verify_hop(replace(SENT, hops=other.hops), index, MANIFEST)


def test_a_hop_that_was_not_made_does_not_verify() -> None:
    for batch, index in ((composed(), 0), (apply_hop(composed(), A, MANIFEST), 1), (SENT, 2), (SENT, -1)):
        with pytest.raises(VerificationFailed, match="did not pass"):
            verify_hop(batch, index, MANIFEST)


def test_a_batch_opens_only_after_both_hops() -> None:
    for batch in (composed(), apply_hop(composed(), A, MANIFEST)):
        with pytest.raises(VerificationFailed, match="both hops"):
            open_batch(batch, INDEX)


def test_hops_go_through_a_then_b_and_nowhere_else() -> None:
    fresh = composed()
    with pytest.raises(MalformedInput, match="first through A"):
        apply_hop(fresh, B, MANIFEST)
    once = apply_hop(fresh, A, MANIFEST)
    for batch, party in ((once, A), (SENT, A), (SENT, B)):
        with pytest.raises(MalformedInput, match="first through A"):
            apply_hop(batch, party, MANIFEST)


def test_a_hop_towards_another_layer_is_refused_instead_of_making_garbage() -> None:
    with pytest.raises(KeyFault, match="manifest"):
        apply_hop(composed(), A, agreed(INDEX, OTHER_B, OTHER_A))


@pytest.mark.parametrize("change", [{"scope": "elsewhere"}, {"key_epoch": 2}], ids=str)
def test_another_scope_or_epoch_is_refused_by_everyone(change: dict[str, Any]) -> None:
    header = replace(HEADER, **change)
    with pytest.raises(KeyFault, match="scope and key epoch"):
        compose(header, ITEMS, MANIFEST, PUBLISHER.signing)
    with pytest.raises(VerificationFailed, match="scope or key epoch"):
        apply_hop(resigned(header, SENT.c0, SENT.sheet), A, MANIFEST)
    with pytest.raises(VerificationFailed, match="scope or key epoch"):
        open_batch(replace(SENT, header=header), INDEX)


IDENTITY = bytes(32)
NOT_CANONICAL = b"\xed" + b"\xff" * 30 + b"\x7f"  # the field prime itself: a second spelling of zero


@pytest.mark.parametrize(
    "bad", [IDENTITY, NOT_CANONICAL, b"\xff" * 32], ids=["identity", "not canonical", "no point"]
)
@pytest.mark.parametrize("component", [0, 32])
def test_a_component_that_is_no_usable_point_is_refused_when_it_is_used(bad: bytes, component: int) -> None:
    def spoiled(items: bytes) -> bytes:
        return items[: 64 + component] + bad + items[96 + component :]

    first = resigned(HEADER, spoiled(SENT.c0), SENT.sheet)
    verify_publisher(first, PUBLISHER.public().verify_key)
    with pytest.raises(MalformedInput):
        apply_hop(first, A, MANIFEST)
    made_by_a = replace(SENT.hops[0], items=spoiled(SENT.hops[0].items))
    with pytest.raises(MalformedInput):
        apply_hop(replace(SENT, hops=(made_by_a,)), B, MANIFEST)
    made_by_b = replace(SENT.hops[1], items=spoiled(SENT.hops[1].items))
    with pytest.raises(MalformedInput):
        open_batch(replace(SENT, hops=(SENT.hops[0], made_by_b)), INDEX)


def test_a_row_on_the_wrong_kind_of_item_refuses_the_batch_and_is_named() -> None:
    good, on_nobody, on_somebody = (PEOPLE[0], asserting(0)), (None, asserting(1)), (PEOPLE[1], FILLER)
    assert refused_rows(forged([good, on_nobody, (None, FILLER), on_somebody])) == (
        "identity-mismatch",
        ((1, "identity-mismatch"), (3, "identity-mismatch")),
    )


def test_rows_that_do_not_decode_refuse_the_batch_and_are_named() -> None:
    unknown, padded = b"\x07" + bytes(127), asserting(1)[:-1] + b"\1"
    rows = [(PEOPLE[0], asserting(0)), (PEOPLE[1], unknown), (PEOPLE[2], padded), (None, asserting(2))]
    faults = ((1, "unknown-code"), (2, "malformed-row"), (3, "identity-mismatch"))
    assert refused_rows(forged(rows)) == ("unknown-code", faults)


def test_a_request_travels_as_one_item_about_one_person() -> None:
    row = Inquiry.new().row.encode()
    request = sent(composed([(PEOPLE[0], row)], batch_class=BatchClass.INZAGE))
    [(person, opened)] = receive(request.encode())
    assert (person is not None, opened) == (True, row)
    with pytest.raises(MalformedInput, match="every other row has one"):
        composed([(None, row)], batch_class=BatchClass.INZAGE)
    for size in (-1, 1, 128):
        with pytest.raises(MalformedInput, match="sheet"):
            replace(request, sheet=bytes(len(request.sheet) + size))


WRONG_ITEMS: list[tuple[str, list[tuple[Person | None, bytes]], str]] = [
    ("too few", ITEMS[1:], "number of items"),
    ("too many", [*ITEMS, (None, FILLER)], "number of items"),
    ("a row of another width", [*ITEMS[:4], (None, FILLER + b"\0")], "row 4: .*128 bytes"),
    ("a row of another class", [*ITEMS[:4], (None, bytes([5]) + bytes(63))], "row 4: .*128 bytes"),
    ("a filler on a person", [*ITEMS[:4], (PEOPLE[0], FILLER)], "row 4: .*no person"),
    ("an assert on nobody", [(None, asserting(0)), *ITEMS[1:]], "row 0: .*no person"),
]


@pytest.mark.parametrize(("items", "words"), [w[1:] for w in WRONG_ITEMS], ids=[w[0] for w in WRONG_ITEMS])
def test_a_publisher_cannot_compose_what_the_index_would_refuse(
    items: list[tuple[Person | None, bytes]], words: str
) -> None:
    with pytest.raises(MalformedInput, match=words) as refused:
        compose(HEADER, items, MANIFEST, PUBLISHER.signing)
    assert not any(person.digits in str(refused.value) for person in PEOPLE)


def test_an_hpke_key_that_cannot_be_sealed_to_is_a_fault_of_the_manifest() -> None:
    low_order = HpkePublicKey(INDEX.public().hpke_public.encoded[:1184] + bytes(32))
    # No manifest holds it, as the index's proof covers its HPKE key; so take one apart.
    manifest = copy(MANIFEST)
    object.__setattr__(manifest, "index", replace(MANIFEST.index, hpke_public=low_order))
    with pytest.raises(KeyFault, match="HPKE"):
        compose(HEADER, ITEMS, manifest, PUBLISHER.signing)


def test_hops_keep_the_order_of_the_items() -> None:
    rows = [(person, asserting(number)) for number, person in enumerate(PEOPLE)]
    opened = open_batch(sent(forged(rows)), INDEX)
    assert [row for _, row in opened] == [row for _, row in rows]
    again = by_row(open_batch(sent(composed(rows)), INDEX))
    assert [person for person, _ in opened] == [again[row] for _, row in rows]


def test_a_canary_goes_the_way_of_persons_and_comes_out_as_the_manifest_says() -> None:
    row = ProefRow(ProefOperation.CANARY).encode()
    trial = sent(composed([(Canary(), row)], batch_class=BatchClass.PROEF))
    assert receive(trial.encode()) == [(close(INDEX.opening, MANIFEST.canary), row)]
    with pytest.raises(MalformedInput, match="every other row has one"):
        composed([(None, row)], batch_class=BatchClass.PROEF)


SENT = sent(composed())
WIRE = SENT.encode()
