"""Key files: one party each, never overwritten, read as a whole or refused, and no secret in any fault."""

import json
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, KeyFault, MalformedInput
from crypto.group import base_multiply, multiply
from crypto.keyfiles import (
    FILE_FORMAT,
    Approval,
    HpkePrivateKey,
    HpkePublicKey,
    IndexPublic,
    IndexSecrets,
    Manifest,
    PseudonymiserSecrets,
    PublisherPublic,
    PublisherSecrets,
)
from crypto.tokens import TrustedKey, encode_base64url
from crypto.verify_keys import LOW_ORDER_KEYS, decode_verify_key
from tests.support.keys import agreed

TODAY = date(2026, 11, 22)
OIN = "00000001003214345000"

INDEX = IndexSecrets.generate("demo", 1, created=TODAY)
B = PseudonymiserSecrets.generate("B", INDEX.public(), created=TODAY)
A = PseudonymiserSecrets.generate("A", B.public(), created=TODAY)
PUBLISHER = PublisherSecrets.generate(OIN, created=TODAY)
MANIFEST = agreed(INDEX, B, A)

SECRET_PARTS: list[Any] = [INDEX, B, A, PUBLISHER]
APPROVAL = MANIFEST.parts.approve(B)
PUBLIC_PARTS: list[Any] = [INDEX.public(), B.public(), A.public(), PUBLISHER.public(), APPROVAL, MANIFEST]
PARTS: list[Any] = SECRET_PARTS + PUBLIC_PARTS
BYTES_MEMBERS = {
    "layer", "hpke_public", "verify_key", "opening", "row_keys", "audit_keys", "hpke_private", "signing", "hop",
    "towards", "local", "factor", "combined", "canary", "proof", "signature", "index_approval", "b_approval",
    "a_approval",
}  # fmt: skip


def name(part: object) -> str:
    return type(part).__name__


def all_texts(document: Any) -> set[str]:
    """Every text in a document that carries key bytes."""
    return {
        text
        for member, value in document.items()
        for text in (
            all_texts(value) if isinstance(value, dict) else {value} if member in BYTES_MEMBERS else set()
        )
    }


def saved(part: Any, folder: Path) -> Path:
    path = folder / "party.json"
    part.save(path)
    return path


def rewritten(part: Any, folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    path = saved(part, folder)
    document = json.loads(path.read_text(encoding="utf-8"))
    changed = change(document)
    path.write_text(json.dumps(document if changed is None else changed), encoding="utf-8")
    return path


def fault_of(part: Any, path: Path) -> str:
    with pytest.raises(KeyFault) as refused:
        type(part).load(path)
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(text in shown for text in all_texts(part.to_document()))
    assert str(path) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_a_part_comes_back_as_it_was_saved(part: Any, tmp_path: Path) -> None:
    loaded = type(part).load(saved(part, tmp_path))
    assert loaded.to_document() == part.to_document()


@pytest.mark.parametrize("part", PUBLIC_PARTS, ids=name)
def test_public_parts_are_equal_when_their_keys_are(part: Any, tmp_path: Path) -> None:
    assert type(part).load(saved(part, tmp_path)) == part


@pytest.mark.parametrize("part", SECRET_PARTS, ids=name)
def test_loaded_secrets_have_the_same_public_part(part: Any, tmp_path: Path) -> None:
    assert type(part).load(saved(part, tmp_path)).public() == part.public()


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_a_file_says_what_it_is_and_of_which_day(part: Any, tmp_path: Path) -> None:
    document = json.loads(saved(part, tmp_path).read_text(encoding="utf-8"))
    assert document["format"] == FILE_FORMAT
    assert isinstance(document["kind"], str)
    parts = (document["index"], document["b"], document["a"]) if "index" in document else (document,)
    # An approval is of a fingerprint, which covers the days.
    for dated in () if isinstance(part, Approval) else parts:
        assert dated["created"] == "2026-11-22"


def test_every_kind_of_file_has_its_own_name() -> None:
    kinds = [part.KIND for part in {type(part): part for part in PARTS}.values()]
    assert len(set(kinds)) == len(kinds) == 8


def test_layers_nest_in_the_order_index_b_a() -> None:
    assert INDEX.public().layer == base_multiply(INDEX.opening.layer)
    assert B.public().layer == multiply(B.hop.layer, INDEX.public().layer)
    assert A.public().layer == multiply(A.hop.layer, B.public().layer)


def test_keys_are_only_made_in_the_order_index_b_a() -> None:
    for party, towards in (("A", INDEX.public()), ("B", B.public()), ("A", A.public()), ("B", A.public())):
        with pytest.raises(KeyFault, match="order index, B, A"):
            PseudonymiserSecrets.generate(party, towards, created=TODAY)  # type: ignore[arg-type] # a loop over both


def test_every_generation_is_fresh() -> None:
    again = IndexSecrets.generate("demo", 1, created=TODAY)
    assert not all_texts(again.to_document()) & all_texts(INDEX.to_document())
    keys = [
        key
        for row_keys in (INDEX.row_keys, INDEX.audit_keys)
        for key in (row_keys.tag_key, row_keys.bucket_key, row_keys.data_key)
    ]
    assert len(set(keys)) == 6


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_no_key_shows_when_a_part_is_printed(part: Any) -> None:
    inner = [
        getattr(part, field)
        for field in ("hpke_private", "hpke_public", "row_keys", "opening", "hop")
        if hasattr(part, field)
    ]
    shown = "".join(f"{value!r} {value}" for value in (part, *inner))
    for text in all_texts(part.to_document()):
        assert text not in shown
    for value in inner:
        encoded = getattr(value, "encoded", b"")
        assert not encoded or (repr(encoded)[2:-1] not in shown and encoded.hex() not in shown)


@pytest.mark.parametrize("part", SECRET_PARTS, ids=name)
def test_a_secret_is_written_for_its_owner_only(part: Any, tmp_path: Path) -> None:
    assert saved(part, tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777])
def test_a_secret_others_can_reach_is_not_read(mode: int, tmp_path: Path) -> None:
    path = saved(PUBLISHER, tmp_path)
    path.chmod(mode)
    assert f"chmod 600 {path}" in fault_of(PUBLISHER, path)
    path.chmod(0o600)
    PublisherSecrets.load(path)


def test_a_public_part_may_be_read_by_all(tmp_path: Path) -> None:
    path = saved(MANIFEST, tmp_path)
    path.chmod(0o644)
    assert Manifest.load(path) == MANIFEST


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_an_existing_file_is_never_overwritten(part: Any, tmp_path: Path) -> None:
    path = tmp_path / "party.json"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(KeyFault, match="never overwritten"):
        part.save(path)
    assert path.read_text(encoding="utf-8") == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_dangling_link_counts_as_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "party.json"
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(KeyFault, match="never overwritten"):
        PUBLISHER.save(path)
    assert not (tmp_path / "elsewhere.json").exists()


def test_saving_leaves_one_file_and_a_missing_folder_is_named(tmp_path: Path) -> None:
    saved(INDEX, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["party.json"]
    with pytest.raises(KeyFault, match="cannot be written: No such file"):
        INDEX.save(tmp_path / "nowhere" / "index.json")
    with pytest.raises(KeyFault, match="cannot be written: Not a directory"):
        INDEX.save(tmp_path / "party.json" / "index.json")


def test_a_missing_file_or_folder_in_its_place_is_named(tmp_path: Path) -> None:
    assert "does not exist" in fault_of(INDEX, tmp_path / "index.json")
    tmp_path.chmod(0o700)
    assert "cannot be read" in fault_of(INDEX, tmp_path)


def test_a_file_far_too_large_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(b" " * (64 * 1024 + 1))
    assert "too large" in fault_of(MANIFEST, path)
    path.write_bytes(b" " * 64 * 1024)
    assert "JSON" in fault_of(MANIFEST, path)


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_a_missing_member_is_a_fault_that_names_it(part: Any, tmp_path: Path) -> None:
    for number, member in enumerate(part.to_document()):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = rewritten(part, folder, lambda document, member=member: document.pop(member) and None)  # type: ignore[misc] # a default binds the loop variable
        assert f"member {member!r}" in fault_of(part, path)


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_a_value_of_another_type_is_a_fault_that_names_its_member(part: Any, tmp_path: Path) -> None:
    others: tuple[object, ...] = (None, True, 1.0, [], "!", "")
    for number, member in enumerate(part.to_document()):
        for other in others:
            folder = tmp_path / f"{number}-{other!r}"
            folder.mkdir()
            path = rewritten(part, folder, lambda document, m=member, o=other: document.update({m: o}))  # type: ignore[misc] # as above
            fault = fault_of(part, path)
            assert (
                f"member {member!r}" in fault
                or (member == "kind" and "of the kind" in fault)
                or (member in {"scope", "publisher"} and f"{member} must match" in fault)
            )


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_an_unknown_member_is_a_fault_that_does_not_repeat_it(part: Any, tmp_path: Path) -> None:
    path = rewritten(part, tmp_path, lambda document: document.update(hunter2=1))
    assert "hunter2" not in fault_of(part, path)


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_a_member_that_stands_there_twice_is_a_fault(part: Any, tmp_path: Path) -> None:
    path = saved(part, tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"format": 2,', '"format": 2, "format": 2,', 1), encoding="utf-8")
    assert "JSON" in fault_of(part, path)


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_a_file_of_another_kind_or_format_is_a_fault(part: Any, tmp_path: Path) -> None:
    path = saved(part, tmp_path)
    path.chmod(0o600)
    for other in {type(other): other for other in PARTS}.values():
        if type(other) is not type(part):
            assert "of the kind" in fault_of(other, path)
    for number, form in enumerate((1, 3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = rewritten(part, folder, lambda document, form=form: document.update(format=form))  # type: ignore[misc] # as above
        assert "format 2" in fault_of(part, path)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_key_file_are_refused(data: bytes) -> None:
    for part in (IndexSecrets, Manifest):
        with pytest.raises(CryptoError):
            part.from_document({"kind": part.KIND, "format": 2, "scope": data.decode("latin-1")})


@pytest.mark.parametrize("part", PARTS, ids=name)
def test_every_cut_of_a_file_is_refused(part: Any, tmp_path: Path) -> None:
    path = saved(part, tmp_path)
    whole = path.read_bytes().rstrip()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        fault_of(part, path)


BAD_VALUES: list[tuple[str, Any, str, bytes | str | int]] = [
    ("layer of the index is the identity", INDEX.public(), "layer", bytes(32)),
    ("layer is not canonical", INDEX.public(), "layer", b"\xff" * 32),
    ("layer is too long", B.public(), "layer", bytes(33)),
    ("verify key of low order", A.public(), "verify_key", bytes(32)),
    ("verify key not canonical", PUBLISHER.public(), "verify_key", b"\xff" * 32),
    ("verify key too short", PUBLISHER.public(), "verify_key", bytes(31)),
    ("HPKE key too short", INDEX.public(), "hpke_public", bytes(1215)),
    ("HPKE key no ML-KEM key", INDEX.public(), "hpke_public", b"\xff" * 1216),
    ("HPKE private key too long", INDEX, "hpke_private", bytes(97)),
    ("closing key zero", INDEX, "opening", INDEX.opening.layer.encoded + bytes(32)),
    ("opening layer not reduced", INDEX, "opening", b"\xff" * 64),
    ("hop factor zero", B, "hop", bytes(32) + B.hop.layer.encoded),
    ("hop too short", B, "hop", B.hop.layer.encoded),
    ("row keys all the same", INDEX, "row_keys", bytes(96)),
    ("signing key too short", INDEX, "signing", bytes(31)),
    ("local key too short", PUBLISHER, "local", bytes(31)),
    ("party C", B.public(), "party", "C"),
    ("epoch negative", INDEX.public(), "epoch", -1),
    ("epoch huge", INDEX.public(), "epoch", 10**12),
    ("scope with a slash", INDEX.public(), "scope", "a/b"),
    ("scope too long", B, "scope", "a" * 65),
    ("publisher of 19 digits", PUBLISHER, "publisher", OIN[:-1]),
    ("day without hyphens", PUBLISHER, "created", "20261122"),
    ("day that does not exist", PUBLISHER, "created", "2026-02-30"),
    ("padded base64url", PUBLISHER, "local", encode_base64url(PUBLISHER.local) + "="),
]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "member", "value"), [b[1:] for b in BAD_VALUES], ids=[b[0] for b in BAD_VALUES]
)
def test_a_value_that_cannot_be_is_a_fault_that_names_its_member(
    part: Any, member: str, value: bytes | str | int, tmp_path: Path
) -> None:
    text = encode_base64url(value) if isinstance(value, bytes) else value
    path = rewritten(part, tmp_path, lambda document: document.update({member: text}))
    fault = fault_of(part, path)
    assert member in fault
    assert str(text) not in fault or isinstance(value, int)


def test_row_keys_of_another_place_or_shared_with_the_audit_are_refused(tmp_path: Path) -> None:
    other = IndexSecrets.generate("demo", 2, created=TODAY).to_document()
    assert "another scope or epoch" in fault_of(
        INDEX, rewritten(INDEX, tmp_path, lambda document: document.update(row_keys=other["row_keys"]))
    )
    shared = tmp_path / "shared"
    shared.mkdir()
    assert "share a key" in fault_of(
        INDEX, rewritten(INDEX, shared, lambda document: document.update(audit_keys=document["row_keys"]))
    )


@pytest.mark.parametrize("scope", ["", "a b", "a" * 65, "gr\N{LATIN SMALL LETTER E WITH ACUTE}", "a\n"])
def test_keys_are_not_made_for_a_scope_that_cannot_be(scope: str) -> None:
    with pytest.raises(KeyFault, match="scope"):
        IndexSecrets.generate(scope, 1, created=TODAY)


def test_a_publisher_is_named_by_twenty_digits() -> None:
    for publisher in ("", "demo", OIN + "0", "\N{ARABIC-INDIC DIGIT ONE}" * 20):
        with pytest.raises(KeyFault, match="publisher"):
            PublisherSecrets.generate(publisher, created=TODAY)


def test_an_hpke_key_pair_belongs_together() -> None:
    private = HpkePrivateKey.generate()
    assert HpkePrivateKey(private.encoded).public == private.public
    assert HpkePublicKey(private.public.encoded) == private.public
    assert len(private.public.encoded) == 1216
    for length in (1184, 1215, 1217):
        with pytest.raises(KeyFault, match="1216 bytes"):
            HpkePublicKey(private.public.encoded.ljust(1217, b"\0")[:length])
    for length in (64, 95, 97):
        with pytest.raises(KeyFault, match="96 bytes"):
            HpkePrivateKey(private.encoded.ljust(97, b"\0")[:length])


# Curve arithmetic of RFC 8032 §5.1, in Python numbers: only to recompute the list of low-order points.
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Affine = tuple[int, int]


def add_points(left: Affine, right: Affine) -> Affine:
    (x1, y1), (x2, y2) = left, right
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def decompress(data: bytes) -> Affine | None:
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    if x * x % P != square or y >= P:
        return None
    return (x if x % 2 == sign else P - x), y


def compress(point: Affine) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def test_the_list_of_low_order_keys_is_the_whole_8_torsion() -> None:
    torsion = set()
    for data in LOW_ORDER_KEYS:
        point = decompress(data)
        assert point is not None
        doubled = add_points(point, point)
        fourfold = add_points(doubled, doubled)
        assert add_points(fourfold, fourfold) == (0, 1)
        torsion.add(point)
    assert len(torsion) == len(LOW_ORDER_KEYS) == 8
    assert {compress(add_points(left, right)) for left in torsion for right in torsion} == LOW_ORDER_KEYS


def other_spellings() -> list[bytes]:
    """Encodings of curve points that are not canonical: y not reduced, or a sign on x = 0."""
    unreduced = [(y + P) | sign << 255 for y in range(19) for sign in (0, 1)]
    signed_zeros = [1 | 1 << 255, (P - 1) | 1 << 255]
    return [number.to_bytes(32, "little") for number in unreduced + signed_zeros]


@pytest.mark.parametrize("data", [*sorted(LOW_ORDER_KEYS), *other_spellings()], ids=bytes.hex)
def test_a_key_nobody_can_own_is_refused_everywhere(data: bytes) -> None:
    with pytest.raises(KeyFault, match="low order"):
        decode_verify_key(data)
    document = PUBLISHER.public().to_document() | {"verify_key": encode_base64url(data)}
    with pytest.raises(KeyFault, match="low order"):
        PublisherPublic.from_document(document)


def test_a_low_order_key_would_accept_what_nobody_signed() -> None:
    identity = bytes.fromhex("01" + "00" * 31)
    forged = identity + bytes(32)
    Ed25519PublicKey.from_public_bytes(identity).verify(forged, b"any message at all")
    with pytest.raises(KeyFault, match="low order"):
        TrustedKey("k1", "EdDSA", Ed25519PublicKey.from_public_bytes(identity))
    with pytest.raises(InvalidSignature):
        Ed25519PrivateKey.generate().public_key().verify(forged, b"any message at all")


@given(st.binary(min_size=32, max_size=32))
def test_keys_somebody_made_are_accepted(seed: bytes) -> None:
    data = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert decode_verify_key(data).public_bytes_raw() == data


def test_documents_that_are_no_mapping_of_members_are_malformed() -> None:
    with pytest.raises(MalformedInput):
        IndexPublic.from_document({})
