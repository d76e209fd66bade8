"""Nobody pins parts that do not prove themselves, do not belong together, or were not approved by all three."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crypto.chain import HopSecrets, canary_point, close, encrypt, hop, open_item
from crypto.errors import KeyFault
from crypto.group import Scalar, base_multiply, multiply, random_scalar, sigma
from crypto.keyfiles import (
    Approval,
    IndexPublic,
    IndexSecrets,
    Manifest,
    Parts,
    PseudonymiserPublic,
    PseudonymiserSecrets,
    spelled,
)
from crypto.keyfiles.values import Proof
from tests.support.keys import agreed

TODAY = date(2026, 11, 22)
INDEX = IndexSecrets.generate("demo", 1, created=TODAY)
B = PseudonymiserSecrets.generate("B", INDEX.public(), created=TODAY)
A = PseudonymiserSecrets.generate("A", B.public(), created=TODAY)
MANIFEST = agreed(INDEX, B, A)
PARTS = MANIFEST.parts
ELSEWHERE = base_multiply(random_scalar())


def test_every_part_of_an_honest_chain_proves_itself() -> None:
    PARTS.index.check()
    PARTS.b.check(PARTS.index)
    PARTS.a.check(PARTS.b)


POINTS = ("layer", "factor", "combined", "canary")


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("whose", ["a", "b"])
def test_a_point_that_does_not_belong_to_the_others_is_refused(whose: str, name: str) -> None:
    """Above all the combined point: every hop proof would hold, and every pseudonym would be garbage."""
    changed = replace(getattr(PARTS, whose), **{name: ELSEWHERE})
    with pytest.raises(KeyFault, match="does not prove itself"):
        replace(PARTS, **{whose: changed})


def _proven(secrets: PseudonymiserSecrets, **points: Any) -> PseudonymiserPublic:
    """A part with other points, and the best proof its maker can give for them."""
    public = replace(secrets.public(), **points)
    statement = public._statement(secrets.towards, secrets.canary)
    return replace(public, proof=Proof(sigma.prove(statement, [secrets.hop.factor, secrets.hop.layer])))


@pytest.mark.parametrize("name", POINTS)
def test_its_own_maker_cannot_prove_a_point_that_does_not_belong(name: str) -> None:
    with pytest.raises(KeyFault, match="pseudonymiser A does not prove itself"):
        replace(PARTS, a=_proven(A, **{name: ELSEWHERE}))


def test_factor_and_layer_that_are_exchanged_are_refused() -> None:
    other = replace(A, hop=HopSecrets(A.hop.layer, A.hop.factor))
    with pytest.raises(KeyFault, match="does not prove itself"):
        replace(PARTS, a=replace(A.public(), factor=other.public().factor))
    assert replace(PARTS, a=other.public()).a.factor == other.public().factor


def test_nobody_can_take_over_or_undo_the_layer_of_another() -> None:
    """A copied layer, and one made without knowing its secret, such as another's turned round."""
    for stolen in (PARTS.index.layer, PARTS.b.factor, ELSEWHERE):
        with pytest.raises(KeyFault):
            replace(PARTS, b=replace(PARTS.b, layer=stolen))
    with pytest.raises(KeyFault, match="the index does not prove itself"):
        replace(PARTS, index=replace(PARTS.index, layer=ELSEWHERE))


OTHER_B = PseudonymiserSecrets.generate("B", INDEX.public(), created=TODAY)
BOUND: dict[str, dict[str, Any]] = {
    "another day": {"created": date(2026, 11, 23)},
    "another signing key": {"verify_key": OTHER_B.public().verify_key},
}


@pytest.mark.parametrize("change", BOUND.values(), ids=BOUND)
@pytest.mark.parametrize("whose", ["index", "b", "a"])
def test_a_proof_is_of_one_party_at_one_time(whose: str, change: dict[str, Any]) -> None:
    with pytest.raises(KeyFault, match="does not prove itself"):
        replace(PARTS, **{whose: replace(getattr(PARTS, whose), **change)})


def test_a_proof_is_of_one_scope_and_epoch() -> None:
    for change in ({"scope": "elders"}, {"epoch": 2}):
        moved = {whose: replace(getattr(PARTS, whose), **change) for whose in ("index", "b", "a")}
        with pytest.raises(KeyFault, match="the index does not prove itself"):
            Parts(**moved)


def test_parts_that_were_made_towards_another_chain_are_refused() -> None:
    with pytest.raises(KeyFault, match="A does not prove itself"):
        replace(PARTS, b=OTHER_B.public())
    with pytest.raises(KeyFault, match="B does not prove itself"):
        replace(PARTS, index=IndexSecrets.generate("demo", 1, created=TODAY).public())


def test_parts_of_different_places_or_in_the_wrong_place_are_refused() -> None:
    elsewhere = IndexSecrets.generate("other", 1, created=TODAY).public()
    with pytest.raises(KeyFault, match="one scope and epoch"):
        Parts(elsewhere, PARTS.b, PARTS.a)
    with pytest.raises(KeyFault, match="of B as b and of A as a"):
        Parts(PARTS.index, PARTS.a, PARTS.b)


def test_parties_that_share_a_key_are_refused() -> None:
    for twin in ({"verify_key": PARTS.b.verify_key}, {"layer": PARTS.index.layer}):
        with pytest.raises(KeyFault, match="share a key"):
            replace(PARTS, a=replace(PARTS.a, **twin))


def test_a_factor_of_one_is_refused_though_it_proves_itself() -> None:
    one = Scalar(b"\1" + bytes(31))
    idle = replace(B, hop=HopSecrets(one, B.hop.layer))
    idle.public().check(PARTS.index)
    with pytest.raises(KeyFault, match="factor is one"):
        Parts(
            PARTS.index,
            idle.public(),
            PseudonymiserSecrets.generate("A", idle.public(), created=TODAY).public(),
        )


# --- Approvals and the manifest ------------------------------------------------------------------------------------


APPROVALS = [PARTS.approve(secrets) for secrets in (INDEX, B, A)]


def test_a_manifest_needs_one_approval_of_each() -> None:
    assert Manifest.agreed(PARTS, APPROVALS[::-1]) == Manifest.agreed(PARTS, APPROVALS)
    for approvals in (APPROVALS[:2], [*APPROVALS, APPROVALS[0]], [APPROVALS[0]] * 3, []):
        with pytest.raises(KeyFault, match="one approval of the index, one of B and one of A"):
            Manifest.agreed(PARTS, approvals)


def test_an_approval_of_other_parts_is_refused() -> None:
    # The same keys with a fresh proof are other parts: what is approved is what lies on the table, byte for byte.
    others = Parts(INDEX.public(), PARTS.b, PARTS.a)
    with pytest.raises(KeyFault, match="index approved other parts"):
        Manifest.agreed(PARTS, [others.approve(INDEX), *APPROVALS[1:]])


def test_an_approval_that_another_signed_is_refused() -> None:
    for holder, number in (("B", 1), ("A", 2)):
        forged = replace(APPROVALS[number], signature=APPROVALS[0].signature)
        approvals = [forged if each.holder == holder else each for each in APPROVALS]
        with pytest.raises(KeyFault, match=f"approval of {holder} is not of these parts"):
            Manifest.agreed(PARTS, approvals)


def test_nobody_approves_parts_that_hold_other_keys_of_its_own() -> None:
    for stranger in (OTHER_B, IndexSecrets.generate("demo", 1, created=TODAY)):
        with pytest.raises(KeyFault, match="do not approve them"):
            PARTS.approve(stranger)


def test_a_manifest_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    MANIFEST.save(path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("2026-11-22", "2026-11-21"), encoding="utf-8")
    with pytest.raises(KeyFault, match="does not prove itself"):
        Manifest.load(path)


def test_a_fingerprint_is_of_every_member_of_every_part() -> None:
    assert MANIFEST.fingerprint == PARTS.fingerprint == APPROVALS[0].fingerprint
    fresh = Parts(INDEX.public(), B.public(), A.public())
    assert fresh == PARTS
    assert fresh.fingerprint != PARTS.fingerprint
    assert spelled(PARTS.fingerprint).replace(" ", "") == PARTS.fingerprint.hex()


class TestPinned:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "manifest.json"
        MANIFEST.save(path)
        return path

    @pytest.mark.parametrize("write", [bytes.hex, spelled, lambda each: each.hex().upper()])
    def test_the_pinned_one_is_read_however_the_pin_is_written(self, path: Path, write: Any) -> None:
        pin = write(MANIFEST.fingerprint)
        assert Manifest.load_pinned(path, pin, required=True) == MANIFEST

    def test_another_one_is_refused_also_where_no_pin_is_asked_for(self, path: Path) -> None:
        other = agreed(INDEX, B, A).fingerprint.hex()
        for pin in (other, "", "no fingerprint \N{LATIN SMALL LETTER E WITH ACUTE}"):
            with pytest.raises(KeyFault, match="not the pinned manifest"):
                Manifest.load_pinned(path, pin, required=False)

    def test_without_a_pin_only_a_trial_goes_on(self, path: Path) -> None:
        assert Manifest.load_pinned(path, None, required=False) == MANIFEST
        with pytest.raises(KeyFault, match="manifest_fingerprint is not set"):
            Manifest.load_pinned(path, None, required=True)


# --- What the proofs are for --------------------------------------------------------------------------------------


def test_the_canary_in_the_manifest_is_what_the_chain_makes_of_it() -> None:
    item = encrypt(canary_point(), PARTS.a.layer, random_scalar())
    for secrets in (A, B):
        item = hop(secrets.hop, secrets.towards, item, random_scalar())
    assert open_item(INDEX.opening, item) == close(INDEX.opening, MANIFEST.canary)


def test_a_canary_is_nobody_and_differs_from_chain_to_chain() -> None:
    assert multiply(B.hop.factor, canary_point()) == PARTS.b.canary
    other = PseudonymiserSecrets.generate("A", PARTS.b, created=TODAY)
    assert other.public().canary != PARTS.a.canary


def test_files_round_trip(tmp_path: Path) -> None:
    for number, part in enumerate((PARTS.index, PARTS.b, APPROVALS[1], MANIFEST)):
        path = tmp_path / f"{number}.json"
        part.save(path)
        read: Any = type(part).load(path)
        assert read == part
        assert read.to_document() == part.to_document()
    assert {type(PARTS.index), type(APPROVALS[0])} == {IndexPublic, Approval}
